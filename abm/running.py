"""How is a rule run? Over all rows of its entity, with the columns that it declares, in blocks on threads where that was asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from abm import tracing
from abm.own_rules import POPULATION, names_of, own_rules, swap
from abm.region import Region
from abm.scenario import Scenario
from abm.sharing import Shared
from abm.state import State
from abm.world.access import choose_facilities
from agents.core.compiled import PLAIN, entry
from agents.core.declare import CALL_ARGUMENTS, RULES, Rule, argument_names

#: Blocks of rows for each thread.
BLOCKS = 4
#: Where the month stands among CALL_ARGUMENTS.
_MONTH = CALL_ARGUMENTS.index("month")


class Bound(NamedTuple):
    """What a rule is called with, as it stays while no agent comes or goes: found once, not every month."""

    stamp: tuple[Any, ...]
    columns: list[np.ndarray]
    n: int
    #: Which of ``columns`` are rows of the record, so others every month, and their names.
    monthly: tuple[tuple[int, str], ...]
    #: Which of CALL_ARGUMENTS the loop takes before the columns.
    lead: tuple[int, ...]


@cache
def side_by_side(rules: tuple[Rule, ...]) -> list[tuple[Rule, ...]]:
    """Groups of rules to run one after the other; within a group no rule writes a column that another one reads or writes.

    Each rule is in the first group after those of the earlier rules with which it shares a column that one of them writes.
    """
    level: list[int] = []
    for k, rule in enumerate(rules):
        touched, written = {*rule.reads, *rule.writes}, set(rule.writes)
        after = [level[j] + 1 for j in range(k) if not touched.isdisjoint(rules[j].writes) or not written.isdisjoint(rules[j].reads)]
        level.append(max(after, default=0))
    return [tuple(rule for rule, at in zip(rules, level, strict=True) if at == k) for k in range(max(level, default=-1) + 1)]


class Run(State):
    """A state, and the rules that change it: the shipped ones, or the user's own in their place."""

    def __init__(
        self,
        scenario: Scenario,
        region: Region | str | Path,
        households: int,
        seed: int,
        fitted: Mapping[str, float] | None = None,
        threads: int = 1,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        shared: Shared | None = None,
    ) -> None:
        """``rules`` as :class:`abm.simulation.Simulation` takes them; the rest as :class:`State`."""
        super().__init__(scenario, region, households, seed, fitted, shared)
        self.threads = threads
        own = own_rules(rules)
        #: How the user named what own rules replace.
        self.swapped = names_of(own)
        demography = own.pop(POPULATION, None)
        #: A demography: called with the run in every January but the first, before budgets (see :mod:`abm.world.population`).
        self.demography: Callable[[Any], None] | None = None if demography is None else demography[POPULATION].function
        self.loops = {name: swap(RULES[name].loop, functions) for name, functions in own.items()}
        #: Chooses the facility that a place reaches, by the rule of care in force.
        self.choose_facilities = swap(choose_facilities, own.get("household.seek_care", {}))
        #: The month whose draws the rules use where that is not the month of the run (None).
        self.draws_of: int | None = None
        self.follow: list[int] = []
        #: What followed households saw and chose, call by call.
        self.traces: list[dict[str, Any]] = []
        self._bound: dict[str, Bound] = {}
        self._entries: dict[str, Callable[..., Any]] = {}
        #: What is called to run several months, with the columns as they are (:class:`abm.quiet_months.Ready`).
        self.ready_months: Any = None
        #: How many threads there are beside this one, and they.
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._cuts: dict[str, tuple[tuple[int, int], list[tuple[int, int]]]] = {}

    def run_rules(self, rules: Sequence[Rule]) -> None:
        """Run rules as if one after the other; on threads, those of which none writes what another reads or writes run at the same time.

        The results are the same bytes, whatever the number of threads. With followed households they run one after the other.
        """
        if self.threads == 1 or self.follow:
            for rule in rules:
                self.run_rule(rule)
            return
        for some in side_by_side(tuple(rules)):
            self._on_threads(some)

    def run_rule(self, rule: Rule) -> None:
        """Run one rule over all its agents, in blocks on threads where that was asked for."""
        if self.threads > 1:
            self._on_threads((rule,))
            return
        call, bound, given = self._made_ready(rule)
        call(*(given[k] for k in bound.lead), *bound.columns)

    def in_month(self, rules: Sequence[Rule]) -> Callable[[int], None]:
        """What runs rules with the draws of the month it is given, one after the other: columns are found once, and must stay where they are."""
        if self.threads > 1:
            return partial(self._run_in_month, rules)
        ready = [self._made_ready(rule) for rule in rules]
        calls = [
            (call, bound.columns, [given[k] for k in bound.lead], bound.lead.index(_MONTH) if _MONTH in bound.lead else -1)
            for call, bound, given in ready
        ]

        def run(month: int) -> None:
            for call, columns, lead, at in calls:
                if at >= 0:
                    lead[at] = month
                call(*lead, *columns)

        return run

    def _run_in_month(self, rules: Sequence[Rule], month: int) -> None:
        before, self.draws_of = self.draws_of, month
        for rule in rules:
            self.run_rule(rule)
        self.draws_of = before

    def _made_ready(self, rule: Rule) -> tuple[Callable[..., Any], Bound, tuple[Any, ...]]:
        """The rule's machine code, its columns, and values in the order of CALL_ARGUMENTS; what followed households see is noted."""
        bound = self._bind(rule)
        columns = bound.columns
        loop = self.loops.get(rule.name, rule.loop)
        if self.follow and self.draws_of is None and rule.rows == "household" and rule.decide:
            self.traces += tracing.trace(self, rule, loop, columns, self.follow)
        month = self.month if self.draws_of is None else self.draws_of
        p = self.settings.of(rule.parameters) if rule.parameters else None
        q = self.settings.of(rule.other_parameters) if rule.other_parameters else None
        given = (0, bound.n, self.seed_of_run, month, p, q)
        call = self._entries.get(rule.name)
        if call is None:
            call = self._entries[rule.name] = entry(loop, (*[given[k] for k in bound.lead], *columns))
        return call, bound, given

    def _on_threads(self, rules: Sequence[Rule]) -> None:
        """Run rules at the same time, those that can be divided in blocks of rows; this thread takes its share of the work."""
        work: list[Callable[[], Any]] = []
        for rule in sorted(rules, key=lambda rule: rule.rows == "household"):  # what cannot be divided first
            call, bound, given = self._made_ready(rule)
            for a, b in self._blocks(rule, bound.n):
                work.append(partial(call, *((a, b, *given[2:])[k] for k in bound.lead), *bound.columns))
        left = iter(work)  # all threads take from it

        def take() -> None:
            for one in left:
                one()

        # rules that are not divided are over before another thread wakes up
        helpers = min(self.threads, len(work)) - 1 if len(work) > len(rules) else 0
        if self._pool is None or self._pool[0] < helpers:
            self._pool = self.threads, ThreadPoolExecutor(self.threads)
        others = [self._pool[1].submit(take) for _ in range(helpers)]
        try:
            take()
        finally:
            begun = [other for other in others if not other.cancel()]  # who comes too late finds nothing left
            wait(begun)
        for other in begun:
            other.result()

    def _blocks(self, rule: Rule, n: int) -> list[tuple[int, int]]:
        """The rows of a rule in blocks, the largest first: several for each thread, as some communities have more to do than others.

        They are cut between communities, so that each community's sums have one writer. A rule of traders or of the surroundings is
        divided only where it writes nothing but its own rows.
        """
        if rule.rows not in ("household", "trader") or (rule.rows == "trader" and not all(w.startswith("trader.") for w in rule.writes)):
            return [(0, n)]
        frame, count = self.frames[rule.rows], BLOCKS * self.threads
        known = self._cuts.get(rule.rows)
        if known is None or known[0] != (frame.version, count):
            bounds = frame.bounds(self.world.n_places)
            cuts = sorted({0, n, *(int(bounds[np.abs(bounds - n * k // count).argmin()]) for k in range(1, count))})
            blocks = sorted(((a, b) for a, b in itertools.pairwise(cuts) if b > a), key=lambda ab: ab[0] - ab[1])
            known = self._cuts[rule.rows] = (frame.version, count), blocks
        return known[1]

    @property
    def stamp(self) -> tuple[Any, ...]:
        """What changes when columns are made anew: agents came or went, ties began or ended, or other series are in force."""
        frames = self.frames
        return (
            frames["household"].version,
            frames["trader"].version,
            frames["official"].version,
            self.kin.version if "kin" in self.__dict__ else -1,  # the first jobs are given before there are ties
            self.settings.on["crisis"],
        )

    def _bind(self, rule: Rule) -> Bound:
        """Columns in the order of the loop's arguments (what is only read cannot be written), and the number of rows."""
        stamp = self.stamp
        bound = self._bound.get(rule.name)
        if bound is not None and bound.stamp == stamp:
            for at, name in bound.monthly:
                bound.columns[at] = self.column(name)
            return bound
        columns = []
        for name in rule.reads:
            view = self.column(name)
            if PLAIN:  # a write to what is only read is then refused; compiled loops take arrays that may be written
                view = view.view()
                view.flags.writeable = False
            columns.append(view)
        columns += [self.column(name) for name in rule.writes]
        monthly = tuple((at, name) for at, name in enumerate((*rule.reads, *rule.writes)) if name.startswith("record."))
        lead = tuple(CALL_ARGUMENTS.index(a) for a in argument_names(rule.loop) if a in CALL_ARGUMENTS)
        if bound is None or any(a.dtype != b.dtype or a.ndim != b.ndim for a, b in zip(bound.columns, columns, strict=True)):
            self._entries.pop(rule.name, None)  # machine code is looked up anew only for columns of another type
        bound = self._bound[rule.name] = Bound(stamp, columns, self.rows_of(rule.rows), monthly, lead)
        return bound

    def unbind(self) -> None:
        """Forget the columns that rules are called with, how rows are divided, and machine code: the columns have been made anew."""
        self._bound.clear()
        self._cuts.clear()
        self._entries.clear()
        self.ready_months = None
