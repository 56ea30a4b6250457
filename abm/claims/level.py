"""What does a run give for the numbers that a source reports and nobody fitted, and is it as near as the report allows?

>>> for found in compare_levels(levels_of(region), yearly, places):  # doctest: +SKIP
...     print(found.row.id, found.years, found.median, found.reported, found.verdict)

Of one run there is one value, of the draws of a posterior one for each, and their median is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from abm.claims.level_file import ReportedLevel, years_of

if TYPE_CHECKING:
    import pandas as pd

LevelVerdict = Literal["holds", "fails", "outside"]
#: The interval shown of several draws: the middle 90 %.
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class LevelFound:
    """One reported number or order beside what the runs gave."""

    row: ReportedLevel
    #: ``"1998"`` or ``"1997-1998"``.
    years: str
    #: Of each run, shape (runs,); of an order that of each group, shape (runs, groups), groups as the row lists them. nan: not reached.
    values: np.ndarray

    @property
    def reported(self) -> float | tuple[str, ...]:
        """What the source says, in the row's unit; of an order the groups, the highest first."""
        return self.row.reported[self.years]

    @property
    def covered(self) -> np.ndarray:
        """Which runs reached these years and have a number there, shape (runs,)."""
        return np.isfinite(self.values) if self.values.ndim == 1 else np.isfinite(self.values).all(axis=1)

    def quantile(self, share: float) -> float:
        """A quantile over the runs that have a number; nan without any, and of an order."""
        kept = self.values[self.covered]
        return float(np.quantile(kept, share)) if len(kept) and kept.ndim == 1 else float("nan")

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def order(self) -> tuple[str, ...]:
        """Groups by the median of their values, the highest first; none where there is no number."""
        kept = self.values[self.covered]
        if self.values.ndim == 1 or not len(kept):
            return ()
        return _order(list(self.row.groups), np.median(kept, axis=0))

    @property
    def share(self) -> float:
        """Share of the runs with a number that are as near as the report allows; nan without any."""
        kept = self.values[self.covered]
        return sum(self._is_near(one) for one in kept) / len(kept) if len(kept) else float("nan")

    @property
    def verdict(self) -> LevelVerdict:
        """Whether the median (the order of the medians) is as near as the report allows."""
        kept = self.values[self.covered]
        if not len(kept):
            return "outside"
        return "holds" if self._is_near(np.median(kept, axis=0)) else "fails"

    def _is_near(self, one: np.ndarray) -> bool:
        if isinstance(self.reported, tuple):
            return _order(list(self.row.groups), one) == self.reported
        assert self.row.within is not None
        return self.row.within.holds(float(one), self.reported)


def _order(names: list[str], values: np.ndarray) -> tuple[str, ...]:
    """Names by value, the highest first; equal ones as they are listed."""
    return tuple(names[k] for k in np.argsort(-values, kind="stable"))


def compare_levels(rows: Iterable[ReportedLevel], yearly: pd.DataFrame, places: pd.DataFrame) -> list[LevelFound]:
    """Every reported number beside the runs', in the order of the rows and their years.

    ``yearly`` and ``places`` are the tables of a run, or those of several with a column ``draw``. A number whose years are not all in the
    tables, or whose outputs they lack, is nan.
    """
    if "draw" not in yearly:
        runs = [(yearly, places)]
    else:
        by_draw = dict(iter(places.groupby("draw")))
        runs = [(mine, by_draw[draw]) for draw, mine in yearly.groupby("draw") if draw in by_draw]
    wanted = [(row, years) for row in rows for years in row.reported]
    given: list[list[float | list[float]]] = [[] for _ in wanted]
    for yearly_of, places_of in runs:
        sides = {str(side): mine.set_index("year") for side, mine in yearly_of.groupby("side")}
        places_by_year = {int(str(year)): mine.set_index("place") for year, mine in places_of.groupby("year")}
        for k, (row, years) in enumerate(wanted):
            if row.kind == "rank":
                given[k].append([_over_years(row, years, places_by_year, group) for group in row.groups.values()])
            elif row.kind == "places":
                given[k].append(_over_years(row, years, places_by_year, row.places))
            else:
                given[k].append(_of_side(row, years, sides.get(row.side)))
    return [LevelFound(row, years, np.array(values, dtype=float)) for (row, years), values in zip(wanted, given, strict=True)]


def _of_side(row: ReportedLevel, years: str, table: pd.DataFrame | None) -> float:
    """The number of a row for one side, from its yearly table by year."""
    if table is None or not {*row.outputs, *row.over} <= set(table.columns):
        return float("nan")
    first, last = years_of(years)
    if not set(range(first, last + 1)) <= set(table.index):
        return float("nan")
    of = {name: table[name].loc[first:last].to_numpy(float) for name in (*row.outputs, *row.over)}
    return _taken(row, sum((of[n] for n in row.outputs), np.zeros(())), sum((of[n] for n in row.over), np.zeros(())))


def _over_years(row: ReportedLevel, years: str, by_year: dict[int, pd.DataFrame], places: tuple[str, ...]) -> float:
    """The number of a row for some places together, from the table by place of each year."""
    first, last = years_of(years)
    needed = {"population", *row.outputs, *row.over}
    upper, lower = [], []
    for year in range(first, last + 1):
        table = by_year.get(year)
        if table is None or not set(places) <= set(table.index) or not needed <= set(table.columns):
            return float("nan")
        mine = table.loc[list(places)]
        people = mine["population"].to_numpy(float)
        weight = people / people.sum() if row.combine == "mean" else np.ones(len(people))
        upper.append(sum(float((mine[name].to_numpy(float) * weight).sum()) for name in row.outputs))
        lower.append(sum(float((mine[name].to_numpy(float) * weight).sum()) for name in row.over))
    return _taken(row, np.array(upper), np.array(lower))


def _taken(row: ReportedLevel, upper: np.ndarray, lower: np.ndarray) -> float:
    """The number from the sums of the outputs by year, shape (years,), and of those that they are divided by (used where the row has any)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = (upper / lower if row.over else upper) * row.times
        taken = values[-1] / values[0] if row.change else values.mean()
    return float(taken) if np.isfinite(taken) else float("nan")
