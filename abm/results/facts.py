"""What must the tables know of a run beside its record? How many months it has run, its exchange rates, and the geography of its region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class RecordedRun(Protocol):
    """What the tables need of a model, so that this package does not import the model."""

    savings_at_start: list[float]
    carried: np.ndarray
    world: Any

    @property
    def months_run(self) -> int: ...

    def series_of_run(self) -> dict[str, np.ndarray]: ...


@dataclass(frozen=True)
class Facts:
    """Rates and national product by month, places, crossings and districts; sides are 0 (Indonesian) and 1 (Malaysian)."""

    #: Months simulated so far.
    n_months: int
    #: Own currency for a US dollar (months, sides).
    rate: np.ndarray
    #: National product of the Indonesian side at yearly rates (months,), US dollar.
    national_usd: np.ndarray
    #: Side of each place, its name and coordinates.
    side: np.ndarray
    place_names: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray
    #: Name of each crossing, and its kind (``path`` has no officers).
    crossing_names: tuple[str, ...]
    crossing_kinds: tuple[str, ...]
    #: Side of each district, and the people of its border places by the region's table of places.
    district_side: np.ndarray
    district_people: np.ndarray
    #: Savings of each side's households before the first month, own currency.
    savings_at_start: tuple[float, float]
    #: Savings that newcomers brought in (0) and that who left took out (1), (months, sides, 2), own currency.
    carried: np.ndarray

    @classmethod
    def of(cls, run: RecordedRun) -> Facts:
        """The facts of a run, for the months simulated so far."""
        world, series = run.world, run.series_of_run()
        kinds = dict(zip(world.region.crossings["crossing"], world.region.crossings["kind"], strict=True))
        return cls(
            n_months=run.months_run,
            rate=np.stack([series["idr_per_usd"], series["myr_per_usd"]], axis=1),
            national_usd=series["national_usd"],
            side=world.place["side"],
            place_names=tuple(world.place_names),
            lat=world.border["lat"].to_numpy(float),
            lon=world.border["lon"].to_numpy(float),
            crossing_names=tuple(world.crossing_names),
            crossing_kinds=tuple(kinds[name] for name in world.crossing_names),
            district_side=world.district["side"],
            district_people=np.bincount(world.place["district"], world.population, len(world.district_names)),
            savings_at_start=(run.savings_at_start[0], run.savings_at_start[1]),
            carried=run.carried[: run.months_run].copy(),
        )
