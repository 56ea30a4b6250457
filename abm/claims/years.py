"""What did a run give in each year? Its yearly outputs by name and side, as the claims and the figures ask for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from abm.claims.statistic import Statistic

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("id", "my")
#: Both sides together: amounts are added, anything else is averaged by weights.
BOTH = "both"


class Years:
    """The yearly outputs of one run. A year in which an output is not a finite number counts as a year without it."""

    first: int
    last: int

    def __init__(self, yearly: pd.DataFrame):
        """``yearly`` is the run's yearly table: a row for each year and side."""
        self._values: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
        for side, rows in yearly.groupby("side"):
            years = rows["year"].to_numpy()
            self._values |= {
                (str(name), str(side)): (years, rows[name].to_numpy()) for name in rows.columns if name not in ("year", "side")
            }
        self._set_period(yearly["year"].to_numpy())

    @classmethod
    def of_arrays(cls, years: np.ndarray, values: Mapping[tuple[str, str], np.ndarray]) -> Self:
        """The same from arrays: ``years``, shape (years,), and of each output and side its values in these years, shape (years,).

        A column of another shape raises ``ValueError``.
        """
        run = cls.__new__(cls)
        years = np.asarray(years)
        run._values = {key: (years, np.asarray(column)) for key, column in values.items()}
        for (name, side), (_, column) in run._values.items():
            if column.shape != years.shape:
                raise ValueError(f"{name} of {side} has the shape {column.shape}, its years {years.shape}")
        run._set_period(years)
        return run

    def _set_period(self, years: np.ndarray) -> None:
        self.first, self.last = (int(min(years)), int(max(years))) if len(years) else (0, -1)

    def of(self, name: str, side: str = "id", weighted_by: Sequence[str] = ()) -> dict[int, float]:
        """An output by year, ascending; empty where the run has no such output or side.

        ``side`` "both" adds the two sides up, over years that both have; with ``weighted_by`` (outputs) it is their mean, each side counting as
        much as those outputs together, over years in which that is more than 0.
        """
        if side == BOTH:
            return self._weighted(name, weighted_by) if weighted_by else self._added(name)
        if (name, side) not in self._values:
            return {}
        years, values = self._values[name, side]
        found = {int(year): float(value) for year, value in zip(years.tolist(), values.tolist(), strict=True) if math.isfinite(value)}
        return dict(sorted(found.items()))

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
        return {year: part[year] / total[year] for year in sorted(total) if total[year] > 0}


def arrays(series: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Years (ascending) and values of a series, shape (years,) each."""
    years = sorted(series)
    return np.array(years, dtype=int), np.array([series[year] for year in years], dtype=float)
