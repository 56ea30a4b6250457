"""A run of the border from January 1980 to the scenario's end: state in frames, the month's list of rules, results. It does not need Mesa.

:class:`abm.model.BorderModel` is the same run as a Mesa model; importing Mesa takes longer than a short run, so what only needs results uses this.

>>> from abm import Scenario, Simulation
>>> simulation = Simulation(Scenario.load("no-puskesmas"), households=300, rng=7)  # doctest: +SKIP
>>> simulation.run().results.yearly  # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from abm import changes, manifest, saving, start, tracing, year
from abm.advance import advance
from abm.errors import UserError, shorten
from abm.region import Region
from abm.results import Facts, Results
from abm.running import Run
from abm.scenario import Scenario
from abm.sharing import Shared
from abm.snapshots import Snapshots

MOST_HOUSEHOLDS = 5_000_000
#: Fewest and most households of a run.
HOUSEHOLDS = (60, MOST_HOUSEHOLDS)
#: So many months of a household are run in one call, up to the end of a year: about 30 ms, so that a run can be stopped soon.
AT_ONCE = 60_000


class StoppedError(RuntimeError):
    """The run was asked to stop before its end."""


class Simulation(Run):
    """Households, traders and officials on both sides of the border, month by month.

    Parameters
    ----------
    scenario : Scenario, name or path of one; the history when left out.
    region : Region, or its name or folder.
    households : number of simulated households, both sides together.
    rng : seed (a non-negative integer); everything random is a function of it.
    threads : run household loops on so many threads; the results are the same bytes.
    rules : own one-agent functions in place of shipped ones, by rule name, e.g. ``{"household.fall_ill": my_severity}``
        (the first function of the rule) or ``{"household.seek_care.choose_care": …}``. ``{"population": my_demography}`` adds who comes and goes:
        a function of the run, called in every January but the first (see :mod:`abm.world.population`).
    follow : uids of households whose decisions are traced (see :attr:`traces`). One that leaves is followed no longer; its last entry says
        ``has_left``.
    fitted : values in place of the declared starting values of uncertain parameters, by name; the region's when left out,
        ``{}`` for the declared ones. What the scenario sets overrides them.
    shared : what this run has in common with other runs, so that it is made once (:class:`abm.sharing.Shared`); the results are the
        same bytes.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path | None = None,
        *,
        region: Region | str | Path = "west-kalimantan-sarawak",
        households: int = 2000,
        rng: int | None = 7,
        threads: int = 1,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        follow: Iterable[int] = (),
        fitted: Mapping[str, float] | None = None,
        shared: Shared | None = None,
        _begin: Callable[[Run], None] = start.begin,
    ) -> None:
        seed = check_seed(rng)
        households = whole_number("households", households, *HOUSEHOLDS)
        threads = whole_number("threads", threads, 1, 256)
        Run.__init__(
            self,
            scenario if isinstance(scenario, Scenario) else Scenario.load(scenario or "history"),
            region,
            households,
            seed,
            fitted,
            threads,
            rules,
            shared,
        )
        #: Whether months are left.
        self.running = True
        self._is_branched = False
        self._snapshots = Snapshots()
        _begin(self)
        self.follow = tracing.check_uids(self.frames["household"], follow)  # nobody is followed before January 1980

    # ---- the month ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one month."""
        if self.month >= self.n_months:
            self.running = False
            return
        self._snapshots.look(self)
        advance(self, self.month + 1)
        self.running = self.month < self.n_months

    def run(self, progress: Callable[[int, int], None] | None = None, stop: threading.Event | None = None) -> Self:
        """Run to the scenario's end; ``progress(months_done, months)`` for each month; raises StoppedError on ``stop``.

        Up to 60,000 months of a household are run in one call, at most to the end of the year, and told month by month after it; then ``stop`` is
        looked at: with 2,000 households once a year, with 20,000 every three months, from 60,000 on every month.
        """
        while self.month < self.n_months:
            if stop is not None and stop.is_set():
                raise StoppedError("the run was stopped before its end")
            before = self.month
            together = max(AT_ONCE // max(len(self.frames["household"]), 1), 1)
            self.go_on(min(before + together, before + 12 - before % 12))
            if progress is not None:
                for done in range(before + 1, self.month + 1):
                    progress(done, self.n_months)
        return self

    def go_on(self, until: int) -> None:
        """Simulate the months up to but not including ``until`` (January 1980 is 0), at most to the scenario's end, in as few calls as possible."""
        until = min(until, self.n_months)
        # a class that does more than this one in a month is asked in every month
        monthly = any(getattr(type(self), name) is not getattr(Simulation, name) for name in ("take_over_events", "renew_year"))
        while self.month < until:
            self._snapshots.look(self)
            advance(self, self.month + 1 if monthly else min(until, self.month + 12 - self.month % 12))
        self.running = self.month < self.n_months

    def take_over_events(self) -> None:
        """Apply the scenario's changes of this month, the region's dated events, and openings of crossings."""
        changes.take_over(self, again=self._is_branched)
        self._is_branched = False

    def renew_year(self) -> None:
        """In January: budgets and stocks, then access. Otherwise access again when a crossing or the scenario changed."""
        year.renew(self)

    # ---- results, and the run written down -----------------------------------------------------------------------------

    @property
    def results(self) -> Results:
        """Tables of the months run so far."""
        known = self.__dict__.get("_results")
        if known is None or known.n_months != self.month:
            known = self.__dict__["_results"] = Results(self.record, Facts.of(self))
        return known

    def manifest(self) -> dict[str, Any]:
        """All that is needed to run this again, and what it was run with."""
        return manifest.write_manifest(self)

    @classmethod
    def from_manifest(cls, said: Mapping[str, Any], allow_other: bool = False) -> Self:
        """The run that a manifest describes, before its first month; refuses another version or other data."""
        return manifest.run_again(cls, said, allow_other)

    def save(self, path: str | Path) -> None:
        """Write the whole state to a file (temp file, then renamed), to be continued with :meth:`load`."""
        saving.save(self, path)

    @classmethod
    def load(cls, path: str | Path, scenario: Scenario | str | None = None, rules: Mapping[str, Callable[..., Any]] | None = None) -> Self:
        """Continue a saved run, under its own scenario or another one from here on (a branch).

        A run with rules of its own is continued with the same ``rules``: functions are not saved.
        """
        run = saving.take_up(cls, path, scenario, rules)
        run._take_up(is_branched=scenario is not None)
        return run

    def keep_at(self, months: Iterable[str] | None = None) -> Self:
        """Keep the state before these Januaries in memory while the run goes on, so that :meth:`branch` can go on from them.

        ``months`` are Januaries as ``YYYY-01``, in place of those named before; every January that is to come when left out, ``()`` for none.
        To be called before the run comes to them. Each takes about 0.5 MB with 2,000 households and grows with their number
        (:attr:`bytes_kept`); the record is not copied. UserError for what is no January of the run, or has passed. Returns the run itself.
        """
        self._snapshots.want(self, months)
        return self

    @property
    def kept(self) -> tuple[str, ...]:
        """The Januaries whose state is kept now, as ``YYYY-01``, in order."""
        return self._snapshots.months

    @property
    def bytes_kept(self) -> int:
        """Bytes of all states that are kept."""
        return self._snapshots.nbytes

    def branch(self, month: str, scenario: Scenario | str | None = None) -> Self:
        """A run that goes on from a January that was kept (:meth:`keep_at`), under this run's scenario or another one from there on.

        ``month`` is that January as ``YYYY-01``. What follows depends on ``scenario`` alone, so where it has the same values as this run's
        before ``month``, the branch has the numbers of a whole run of ``scenario``, byte for byte, in every table. The tables begin in January
        1980 as in a whole run. Region, seed, households, fitted values, rules and threads are this run's. The two share nothing that is
        written into. UserError for a January that was not kept, a scenario that ends before it, or one that changes what only shapes January 1980.
        """
        branch = self._snapshots.branch(self, type(self), month, scenario)
        branch._take_up(is_branched=scenario is not None)
        return branch

    def _take_up(self, is_branched: bool) -> None:
        """Go on from a state that was put in: with another scenario from here on (``is_branched``) or with the same."""
        # another scenario may reach other facilities and crossings: work access out again before its first month
        self._is_branched = is_branched

    @property
    def scenario(self) -> Any:
        """The scenario of this run."""
        return self.own_scenario

    def kinship_graph(self) -> Any:
        """The ties of this month as a networkx graph (nodes are uids with place and side; edges carry strength and ``across``)."""
        return self.kin.graph(self.frames["household"], self.world.place_names)


def check_seed(rng: Any) -> int:
    """The seed of a run, 7 for None; UserError where it is no whole number from 0 to 2**62."""
    return whole_number("seed", 7 if rng is None else rng, 0, 2**62)


def whole_number(what: str, value: Any, low: int, high: int) -> int:
    """A whole number of a user, within its bounds (UserError)."""
    try:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{what} = {shorten(repr(value))} is not a whole number") from None
    if not low <= number <= high:
        shown = number if abs(number) < 10**20 else "a number of more than twenty digits"
        raise UserError(f"{what} = {shown} cannot be simulated: give a whole number from {low} to {high}")
    return number
