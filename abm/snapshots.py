"""How does a run go on from an earlier January without being run again? Its state is kept in memory, and another run takes it up.

The state is that of :mod:`abm.saving`, without a file: the arrays are copied, those of the record are not. The record's months before a
January do not change any more, so a branch copies them from the run when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from abm import saving
from abm.errors import UserError, shorten
from abm.parameters import month_index, month_text
from abm.running import Run
from abm.scenario import Scenario
from abm.sharing import NOTHING_SHARED, Shared, bytes_of


class Snapshot(NamedTuple):
    """The state of a run before a January: values in force, and every array but the record's."""

    then: saving.Then
    arrays: dict[str, np.ndarray]


class Snapshots:
    """The Januaries that a run keeps, by month (January 1980 is 0)."""

    def __init__(self) -> None:
        self._wanted: set[int] = set()
        self._kept: dict[int, Snapshot] = {}

    @property
    def months(self) -> tuple[str, ...]:
        """The Januaries that are kept now, as ``YYYY-MM``, in order."""
        return tuple(month_text(month) for month in sorted(self._kept))

    @property
    def nbytes(self) -> int:
        """Bytes of all of them; the ties, which all have in common, count once."""
        arrays = {id(values): values for one in self._kept.values() for values in one.arrays.values()}
        return bytes_of(list(arrays.values()))

    def want(self, run: Run, months: Iterable[str] | None) -> None:
        """Say which Januaries to keep from now on, in place of those said before: all that are to come for None.

        UserError for what is no January of the run, or one that has passed and is not kept.
        """
        if months is not None and (isinstance(months, str) or not isinstance(months, Iterable)):
            raise UserError(f'months = {shorten(repr(months))} is not a list of Januaries: write ["1990-01"]')
        wanted = set(range(-(-run.month // 12) * 12, run.n_months, 12)) if months is None else {self._month(run, m) for m in months}
        for month in sorted(wanted):
            if month < run.month and month not in self._kept:
                raise UserError(f"{month_text(month)} cannot be kept: the run has come to {month_text(run.month)}; say so before it runs")
        self._wanted = wanted
        self._kept = {month: one for month, one in self._kept.items() if month in wanted}
        if wanted and run.shared is NOTHING_SHARED:
            run.shared = Shared()  # branches have their region and series in common
        self.look(run)  # it may be the January before which the run stands

    @staticmethod
    def _month(run: Run, said: str) -> int:
        month = month_index(said)
        if month % 12:
            raise UserError(f"{said} is not a January: only the state before a January can be kept, for example {said[:4]}-01")
        if month >= run.n_months:
            raise UserError(f"{said} cannot be kept: the run ends in {run.own_scenario.end}")
        return month

    def look(self, run: Run) -> None:
        """Called before each month: keep the state if it is wanted."""
        if run.month in self._wanted and run.month not in self._kept:
            arrays = {name: values.copy() for name, values in saving.arrays_of(run, with_record=False).items()}
            for other in reversed(self._kept.values()):  # as long as nobody comes or goes all have the same ties
                if np.array_equal(other.arrays["kin/ties"], arrays["kin/ties"]):
                    arrays["kin/ties"] = other.arrays["kin/ties"]
                    break
            self._kept[run.month] = Snapshot(saving.then_of(run), arrays)

    def branch[R: Run](self, run: Run, make: Callable[..., R], month: str, scenario: Scenario | str | None) -> R:
        """A run that goes on from a kept January; the rest as of :meth:`abm.simulation.Simulation.branch`.

        ``make`` makes a run from what :class:`abm.simulation.Simulation` takes, and ``_begin``, which puts it into its first state.
        """
        at = self._month(run, month)
        if at not in self._kept:
            raise UserError(f"{shorten(month)} was not kept: kept are {', '.join(self.months) or 'none'}; call keep_at before the run")
        then, arrays = self._kept[at]
        chosen = run.own_scenario if scenario is None else scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
        saving.check_end(chosen, at, f"the snapshot of {month}")

        def begin(made: Run) -> None:
            saving.check_start(made, then.values, f"the snapshot of {month}")
            past = {f"record/{name}": _before(getattr(run.record, name), at, run.n_months) for name in vars(made.record)}
            made.swapped, made.loops, made.choose_facilities, made.demography = (
                run.swapped,
                run.loops,
                run.choose_facilities,
                run.demography,
            )
            made.stock_start = run.stock_start
            saving.restore(made, then, arrays | past, keeps_scenario=scenario is None)

        branch = make(
            chosen, region=run.region, households=run.n_households, rng=run.seed_of_run, threads=run.threads, fitted=run.fitted,
            shared=run.shared, _begin=begin,
        )  # fmt: skip
        branch.fitted_from = run.fitted_from
        return branch


def _before(values: np.ndarray, month: int, n_months: int) -> np.ndarray:
    """The part of an array of the record, which has a row for each month or year of the run, that lies before a January."""
    return values[: month if len(values) == n_months else month // 12]
