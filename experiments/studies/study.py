"""What is a study? A design over parameters, switches, scenarios, regions and numbers of households.

Nothing here names a parameter, an output or a switch: what may be varied and recorded is read from the declarations. Studies are written as
TOML files (:mod:`experiments.studies.study_file`), made in Python, or read from the manifest of a study folder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import abm.declarations  # noqa: F401  (fills the registries)
from abm.claims.statistic import Statistic, Take, taken
from abm.errors import UserError
from agents.core.declare import OUTPUTS
from experiments.options import DEFAULT_REGION

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario

Design = Literal["factorial", "lhs", "sobol", "saltelli", "morris", "shapley", "list", "posterior"]
#: What is kept of a run: its years, declared numbers only, or its years and every table as ``lintas run`` writes them.
Record = Literal["yearly", "summaries", "tables"]
SWITCH = "switch."
SIDES = ("id", "my")
#: Designs whose analysis needs all rows of a block: SALib lays them out.
BLOCK_DESIGNS = ("saltelli", "morris", "shapley")
#: Designs that take any number of points.
SAMPLED = ("lhs", "sobol", *BLOCK_DESIGNS)
#: Most runs of a study; more are taken for a mistake.
MOST_RUNS = 50_000_000


class StudyError(UserError):
    """A study that cannot be planned."""


@dataclass(frozen=True)
class Varied:
    """One dimension of a design: a parameter between two values, or a switch (``switch.NAME``, 0 off and 1 on)."""

    name: str
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    levels: tuple[float, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether this is a mechanism that is on or off."""
        return self.name.startswith(SWITCH)

    def at(self, unit: Any) -> Any:
        """The value at a place between 0 (low) and 1 (high); for a switch off below one half."""
        import numpy as np

        unit = np.asarray(unit, dtype=float)
        if self.is_switch:
            return (unit >= 0.5).astype(float)
        if self.scale == "log":
            value = np.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + unit * (self.high - self.low)
        return np.clip(value, self.low, self.high)


@dataclass(frozen=True)
class Summary:
    """One number of a run: an output on one side over some years."""

    name: str
    output: str
    side: str
    first: int
    last: int
    take: Take = "mean"

    def of(self, yearly: pd.DataFrame) -> float:
        """The number, from a run's yearly table (``nan`` where the years were not reached or hold no number)."""
        mine = yearly[yearly["side"] == self.side].sort_values("year")
        statistic = Statistic(self.output, self.side, self.first, self.last, self.take)
        kept = statistic.reached(mine["year"].to_numpy(), mine[self.output].to_numpy(float))
        # as a row of many: numpy sums a single array in another order, and existing tables depend on the last bit
        return float(taken(kept[None], self.take)[0]) if len(kept) else math.nan


@dataclass(frozen=True)
class Study:
    """A design, checked. Arms (scenarios × regions × numbers of households) and replicates are crossed with its points."""

    name: str
    design: Design = "list"
    points: int = 1
    replicates: int = 1
    seed: int = 1
    scenarios: tuple[str, ...] = ("history",)
    regions: tuple[str, ...] = (DEFAULT_REGION,)
    households: tuple[int, ...] = (2000,)
    end: str | None = None
    vary: tuple[Varied, ...] = ()
    set: Mapping[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    record: Record = "yearly"
    outputs: tuple[str, ...] = ()
    summaries: tuple[Summary, ...] = ()
    deadline: float | None = None
    measure: str | None = None
    table: str | None = None
    #: Rows of a ``list`` design given in the file itself (names and values).
    rows: tuple[Mapping[str, float], ...] = ()
    #: Whether what is neither varied nor set has the values fitted to the region, or its declared starting values.
    fitted: bool = True
    #: Parameters may lie outside their declared range by this share of its width.
    widen: float = 0.0
    #: Whether all points share the seeds of the replicates (so that points differ by their values only), or each point has its own.
    common_draws: bool = True
    #: Whether a point's values are used like fitted values (a scenario's own values override them), or override the scenario's.
    as_fitted: bool = False
    #: Whether replicate r of point k has the seed of number k × replicates + r, so that no two points share one; such a study cannot be extended.
    seeds_in_order: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The study as plain data."""
        return asdict(self) | {"set": dict(self.set), "rows": [dict(r) for r in self.rows]}

    def yearly_outputs(self) -> tuple[str, ...]:
        """The outputs that the yearly record keeps."""
        return self.outputs or tuple(n for n, o in OUTPUTS.items() if "yearly" in o.tables)

    def arms(self) -> list[tuple[str, str, int]]:
        """Scenario, region and households of each arm."""
        return [(s, r, h) for s in self.scenarios for r in self.regions for h in self.households]

    def scenario(self, name: str) -> Scenario:
        """The scenario of an arm with what the study sets in it, before the point's own values."""
        from abm import Scenario

        return Scenario.load(name, set=self.set, without=self.without, end=self.end, widen=self.widen)


def power_of_two(number: int) -> bool:
    """Whether a number is 1, 2, 4, 8 …"""
    return number > 0 and number & (number - 1) == 0


def power_near(number: int, up: int) -> int:
    return 2 ** (number.bit_length() - 1 + up)
