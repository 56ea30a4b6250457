"""How many people does each place have in a year, and how many are born and die? What the region's tables say, and between their years."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from abm.region import SIDES, Region
from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.exact import exp, log


class PeoplePath(NamedTuple):
    """People by place and census year, and rates by side and year."""

    #: Years of each place in order, at least two, and its people in them, (places, years); infinite beyond the last year.
    years: np.ndarray
    people: np.ndarray
    #: For each side: years, births per woman and infant deaths per 1,000 births, (years, 3).
    rates: tuple[np.ndarray, np.ndarray]
    #: For each side: years and share of people in the labour force, (years, 2).
    working: tuple[np.ndarray, np.ndarray]

    def people_in(self, year: float) -> np.ndarray:
        """People of each place, (places,): equal growth a year between two censuses; before the first and after the last as between the two nearest."""
        found = np.empty(len(self.years))
        _people_in(float(year), self.years, self.people, found)
        return found

    def rates_in(self, year: float) -> list[tuple[float, float]]:
        """Births per woman and infant deaths per 1,000 of each side: between years of the table in proportion, beyond them as at its end."""
        return [(float(np.interp(year, t[:, 0], t[:, 1])), float(np.interp(year, t[:, 0], t[:, 2]))) for t in self.rates]

    def working_in(self, year: float) -> np.ndarray:
        """Share of the people of working age of each side who are in the labour force, (sides,)."""
        return np.array([np.interp(year, t[:, 0], t[:, 1]) for t in self.working])


@compiled
def _people_in(year: float, years: Column, people: Column, found: Column) -> None:
    """Fill ``found`` (places,), see :meth:`PeoplePath.people_in`."""
    for q in range(years.shape[0]):
        known = begun = 0
        for k in range(years.shape[1]):
            known += years[q, k] < math.inf
            begun += years[q, k] <= year
        k = min(max(begun - 1, 0), known - 2)
        start, stop, before, after = years[q, k], years[q, k + 1], people[q, k], people[q, k + 1]
        found[q] = after if year == stop else before * exp((year - start) / (stop - start) * log(after / before))


def read_path(region: Region, place_names: list[str]) -> PeoplePath:
    """The path of a region, for its border places in this order."""
    table = region.population.sort_values("year")
    named, both = table["place"].to_numpy(object), table[["year", "people"]].to_numpy(float)
    of_place = [both[named == place] for place in place_names]
    years, people = np.full((2, len(of_place), max(map(len, of_place))), np.inf)
    for k, rows in enumerate(of_place):
        years[k, : len(rows)], people[k, : len(rows)] = rows.T
    rates = _by_side(region.rates, ["year", "births_per_woman", "infant_deaths"])
    return PeoplePath(years, people, rates, _by_side(region.labour, ["year", "participation"]))


def _by_side(table: Any, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Columns of a table for each side, in order of years."""
    rows = table.sort_values("year")
    found = [rows.loc[rows["side"] == side, columns].to_numpy(float) for side in SIDES]
    return found[0], found[1]
