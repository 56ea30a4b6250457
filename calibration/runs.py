"""What does the inference know of a run? Its point in the prior, and its yearly outputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from abm.errors import UserError
from calibration.priors import Prior

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("id", "my")


class RunsError(UserError):
    """Runs that cannot be used for a fit."""


@dataclass(frozen=True)
class Runs:
    """``unit`` has shape (n, d), points of the prior's unit cube; each output has shape (n, years, 2 sides)."""

    prior: Prior
    unit: np.ndarray
    years: np.ndarray
    outputs: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, at: np.ndarray) -> Runs:
        """Some of the runs, by position or mask."""
        return Runs(self.prior, self.unit[at], self.years, {n: v[at] for n, v in self.outputs.items()})

    @classmethod
    def read(cls, table: pd.DataFrame, prior: Prior, outputs: Iterable[str]) -> Runs:
        """Read a collected table: a line for each run, year and side; runs that did not end well are left out.

        Lines must be in the order run, year, side (the order in which studies are collected).
        """
        good = table[table["status"] == "ok"]
        if len(good) == 0:
            raise RunsError("no prior run ended well: run 'lintas calibrate bank' first (or see 'lintas status')")
        missing = [n for n in (*prior.names, *outputs) if n not in good.columns]
        if missing:
            raise RunsError(
                f"the prior runs do not hold {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}: they were made for another fit"
            )
        years = np.array(sorted(good["year"].unique()), dtype=int)
        lines = len(years) * 2
        n, rest = divmod(len(good), lines)
        first = good["run_id"].to_numpy()[::lines]
        if (
            rest
            or not (np.repeat(first, lines) == good["run_id"].to_numpy()).all()
            or not (np.tile(SIDES, n * len(years)) == good["side"]).all()
        ):
            raise RunsError("the prior runs do not all have the same years: they cannot be compared")
        values = good.loc[:, list(prior.names)].to_numpy(float)[::lines]
        return cls(prior, prior.unit(values), years, {o: good[o].to_numpy(float).reshape(n, len(years), 2) for o in outputs})

    @classmethod
    def join(cls, parts: list[Runs]) -> Runs:
        """Several sets of runs one after the other; RunsError where they are of different fits."""
        first = parts[0]
        for p in parts[1:]:
            if p.prior.names != first.prior.names or not np.array_equal(p.years, first.years):
                raise RunsError("runs of different fits cannot be put together")
        return cls(
            first.prior, np.concatenate([p.unit for p in parts]), first.years,
            {o: np.concatenate([p.outputs[o] for p in parts]) for o in first.outputs},
        )  # fmt: skip
