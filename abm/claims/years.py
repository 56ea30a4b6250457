"""What did a run give in each year? Its yearly outputs by name and side, as the claims and the figures ask for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.claims.statistic import Statistic

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("id", "my")
#: Both sides together: amounts are added, anything else is averaged by weights.
BOTH = "both"


class Years:
    """The yearly table of one run. A year in which an output is not a finite number counts as a year without it."""

    def __init__(self, yearly: pd.DataFrame):
        self._by_side = {side: rows.set_index("year").sort_index() for side, rows in yearly.groupby("side")}
        years = [int(year) for year in yearly["year"]]
        self.first, self.last = (min(years), max(years)) if years else (0, -1)

    def of(self, name: str, side: str = "id", weighted_by: Sequence[str] = ()) -> dict[int, float]:
        """An output by year, ascending; empty where the table has no such column or side.

        ``side`` "both" adds the two sides up, over years that both have; with ``weighted_by`` (outputs) it is their mean, each side counting as
        much as those outputs together, over years in which that is more than 0.
        """
        if side == BOTH:
            return self._weighted(name, weighted_by) if weighted_by else self._added(name)
        rows = self._by_side.get(side)
        if rows is None or name not in rows.columns:
            return {}
        return {int(year): float(value) for year, value in rows[name].items() if math.isfinite(value)}  # type: ignore[arg-type]

    def mean(self, name: str, first: int, last: int, side: str = "id") -> float:
        """The mean of an output over years, both counted; ``nan`` unless the run has every one of them."""
        return float(Statistic(name, side, first, last).of(*arrays(self.of(name, side))))

    def _added(self, name: str) -> dict[int, float]:
        own, across = (self.of(name, side) for side in SIDES)
        return {year: own[year] + across[year] for year in own if year in across}

    def _weighted(self, name: str, weighted_by: Sequence[str]) -> dict[int, float]:
        total: dict[int, float] = {}
        part: dict[int, float] = {}
        for side in SIDES:
            values = self.of(name, side)
            first, *others = (self.of(output, side) for output in weighted_by)
            for year, weight in first.items():
                weight = weight + sum(other.get(year, 0.0) for other in others)
                total[year] = total.get(year, 0.0) + weight
                part[year] = part.get(year, 0.0) + weight * values.get(year, 0.0)
        return {year: part[year] / total[year] for year in total if total[year] > 0}


def arrays(series: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Years (ascending) and values of a series, shape (years,) each."""
    years = sorted(series)
    return np.array(years, dtype=int), np.array([series[year] for year in years], dtype=float)
