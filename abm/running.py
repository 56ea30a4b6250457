"""How is a rule run? Over all rows of its entity, with the columns that it declares, in blocks on threads where that was asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from abm import tracing
from abm.own_rules import names_of, own_rules, swap
from abm.region import Region
from abm.scenario import Scenario
from abm.state import State
from abm.world.access import choose_facilities
from agents.core.compiled import PLAIN, entry
from agents.core.declare import CALL_ARGUMENTS, RULES, Rule, argument_names


class Bound(NamedTuple):
    """What a rule is called with, as it stays while no agent comes or goes: found once, not every month."""

    stamp: tuple[Any, ...]
    columns: list[np.ndarray]
    n: int
    #: Which of ``columns`` are rows of the record, so others every month, and their names.
    monthly: tuple[tuple[int, str], ...]
    #: Which of CALL_ARGUMENTS the loop takes before the columns.
    lead: tuple[int, ...]


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
    ) -> None:
        """``rules`` as :class:`abm.simulation.Simulation` takes them; the rest as :class:`State`."""
        super().__init__(scenario, region, households, seed, fitted)
        self.threads = threads
        own = own_rules(rules)
        #: How the user named what own rules replace.
        self.swapped = names_of(own)
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
        self._pool: ThreadPoolExecutor | None = None

    def run_rule(self, rule: Rule) -> None:
        """Run one rule over all its agents, in blocks on threads where that was asked for."""
        bound = self._bind(rule)
        columns = bound.columns
        loop = self.loops.get(rule.name, rule.loop)
        if self.follow and self.draws_of is None and rule.rows == "household" and rule.decide:
            self.traces += tracing.trace(self, rule, loop, columns, self.follow)
        month = self.month if self.draws_of is None else self.draws_of
        p = self.settings.of(rule.parameters) if rule.parameters else None
        q = self.settings.of(rule.other_parameters) if rule.other_parameters else None
        given = (0, bound.n, self.seed_of_run, month, p, q)  # in the order of CALL_ARGUMENTS
        arguments = (*[given[k] for k in bound.lead], *columns)
        call = self._entries.get(rule.name)
        if call is None:
            call = self._entries[rule.name] = entry(loop, arguments)
        if rule.rows == "household" and self.threads > 1:
            self._on_threads(call, bound, given)
        else:
            call(*arguments)

    def _on_threads(self, call: Callable[..., Any], bound: Bound, given: tuple[Any, ...]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads)
        work = [self._pool.submit(call, *((a, b, *given[2:])[k] for k in bound.lead), *bound.columns) for a, b in self._blocks()]
        for one in work:
            one.result()

    def _blocks(self) -> list[tuple[int, int]]:
        """Rows in as many blocks as threads, cut between communities so that each community's sums have one writer."""
        bounds = self.frames["household"].bounds(self.world.n_places)
        n = int(bounds[-1])
        cuts = sorted({0, n, *(int(bounds[np.abs(bounds - n * k // self.threads).argmin()]) for k in range(1, self.threads))})
        return [(a, b) for a, b in itertools.pairwise(cuts) if b > a]

    def _bind(self, rule: Rule) -> Bound:
        """Columns in the order of the loop's arguments (what is only read cannot be written), and the number of rows."""
        frames = self.frames
        stamp = (frames["household"].version, frames["trader"].version, frames["official"].version, self.settings.on["crisis"])
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
        self._entries.pop(rule.name, None)  # columns made anew may be of another type
        bound = self._bound[rule.name] = Bound(stamp, columns, self.rows_of(rule.rows), monthly, lead)
        return bound

    def unbind(self) -> None:
        """Forget the columns that rules are called with: they have been made anew."""
        self._bound.clear()
