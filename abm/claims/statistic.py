"""What is one number of a run? A yearly output of one side over some years, alone or set against another such number.

Targets of the calibration, summaries of studies and patterns of the claims all mean this when they say
``{ output = …, side = …, first = …, last = …, take = … }``. Values come as arrays with the years on their last axis, so that the same
definition serves one run and thousands of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

import abm.declarations  # noqa: F401  (fills the registries)
from abm.parameters import FIRST_YEAR, LAST_MONTH
from abm.reading import Entries, known_name
from agents.core.declare import OUTPUTS

#: What is taken of the years.
Take = Literal["mean", "sum", "min", "max", "first", "last"]
#: How two numbers are compared: one ÷ other, one − other, one ÷ other − 1.
How = Literal["ratio", "difference", "change"]
#: A line needs at least so many years.
LEAST_FOR_A_LINE = 3

_TAKEN = {"mean": np.mean, "sum": np.sum, "min": np.min, "max": np.max}


@dataclass(frozen=True)
class Statistic:
    """One number of a run: an output of one side over the years ``first`` to ``last``, both counted."""

    output: str
    side: str
    first: int
    last: int
    take: Take = "mean"

    def of(self, years: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The number from yearly values, shape (…, years) to shape (…); ``nan`` where not all of its years were reached.

        ``years`` (ascending) says which years the last axis of ``values`` holds. A year without a number makes it ``nan``.
        """
        found = self._whole(years, values)
        return np.full(values.shape[:-1], np.nan) if found is None else taken(found, self.take)

    def reached(self, years: np.ndarray, values: np.ndarray) -> np.ndarray:
        """One run's values, shape (years,), in those of its years that the run has and that hold a number."""
        return values[(years >= self.first) & (years <= self.last) & ~np.isnan(values)]

    def of_reached(self, years: np.ndarray, values: np.ndarray) -> float:
        """The number of one run, shape (years,), from the years that were reached; ``nan`` without any."""
        kept = self.reached(years, values)
        return float(taken(kept, self.take)) if len(kept) else float("nan")

    def slope(self, years: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Change a year of the least-squares line through the years, shape (…, years) to shape (…); ``nan`` as in :meth:`of`."""
        found = self._whole(years, values)
        if found is None or found.shape[-1] < LEAST_FOR_A_LINE:
            return np.full(values.shape[:-1], np.nan)
        return slope(np.arange(self.first, self.last + 1), found)

    def _whole(self, years: np.ndarray, values: np.ndarray) -> np.ndarray | None:
        within = (years >= self.first) & (years <= self.last)
        return values[..., within] if within.sum() == self.last - self.first + 1 else None


def taken(values: np.ndarray, take: Take) -> np.ndarray:
    """One number of several years' values, shape (…, years) with at least one year, to shape (…).

    The years of one run alone, shape (years,), are added by Python's ``sum``, which keeps what rounding drops; many runs' by numpy. The
    two may differ in the last bit.
    """
    if take in ("first", "last"):
        return values[..., 0 if take == "first" else -1]
    if values.ndim == 1 and take in ("mean", "sum"):
        total = sum(values.tolist())
        return np.array(total / len(values) if take == "mean" else total)
    return _TAKEN[take](values, axis=-1)


def slope(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Rise of the least-squares line for each unit of ``at``, shape (n,), through values of shape (…, n), to shape (…)."""
    t = at - at.mean()
    return ((values - values.mean(axis=-1, keepdims=True)) * t).sum(axis=-1) / (t * t).sum()


def set_against(one: np.ndarray, other: np.ndarray, how: How) -> np.ndarray:
    """A number set against another one; not finite where it is divided by 0."""
    if how == "difference":
        return one - other
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = one / other
    return quotient if how == "ratio" else quotient - 1


# --- as files write it ------------------------------------------------------------------------------------------------


def _yearly() -> list[str]:
    return [name for name, output in OUTPUTS.items() if "yearly" in output.tables]


#: The name of an output of the yearly table.
YearlyOutput = Annotated[str, known_name(_yearly, "yearly output")]
#: What a year of a run can be.
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_MONTH[0])]


class StatisticEntries(Entries):
    """``{ output = …, side = …, first = …, last = …, take = … }``."""

    output: YearlyOutput
    side: Literal["id", "my"]
    first: Year
    last: Year
    take: Take = "mean"

    def statistic(self) -> Statistic:
        """The number itself."""
        return Statistic(self.output, self.side, self.first, self.last, self.take)
