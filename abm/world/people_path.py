"""How many people does each place have in a year, and how many are born and die? What the region's tables say, and between their years."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.core.exact import exp, log


class PeoplePath(NamedTuple):
    """People by place and census year, and rates by side and year."""

    #: For each place: years, at least two, and people, (years, 2).
    people: tuple[np.ndarray, ...]
    #: For each side: years, births per woman and infant deaths per 1,000 births, (years, 3).
    rates: tuple[np.ndarray, np.ndarray]

    def people_in(self, year: float) -> np.ndarray:
        """People of each place, (places,): equal growth a year between two censuses; before the first and after the last as between the two nearest."""
        return np.array([_between(table, year) for table in self.people])

    def rates_in(self, year: float) -> list[tuple[float, float]]:
        """Births per woman and infant deaths per 1,000 of each side: between years of the table in proportion, beyond them as at its end."""
        return [(float(np.interp(year, t[:, 0], t[:, 1])), float(np.interp(year, t[:, 0], t[:, 2]))) for t in self.rates]


def _between(table: np.ndarray, year: float) -> float:
    """People in a year by ``table`` (years, 2): those of the table in its years."""
    years, people = table[:, 0], table[:, 1]
    k = int(np.clip(np.searchsorted(years, year, side="right") - 1, 0, len(years) - 2))
    if year == years[k + 1]:
        return float(people[k + 1])
    share = (year - years[k]) / (years[k + 1] - years[k])
    return float(people[k]) * exp(float(share) * log(float(people[k + 1] / people[k])))


def read_path(region: Any, place_names: list[str]) -> PeoplePath:
    """The path of a region, for its border places in this order."""
    table = getattr(region, "population", None)
    if table is None:
        return _interim(region, place_names)
    table, rates = table.sort_values("year"), region.rates.sort_values("year")
    people = tuple(table.loc[table["place"] == place, ["year", "people"]].to_numpy(float) for place in place_names)
    of_side = [rates.loc[rates["side"] == s, ["year", "births_per_woman", "infant_deaths"]].to_numpy(float) for s in ("id", "my")]
    return PeoplePath(people, (of_side[0], of_side[1]))


def _interim(region: Any, place_names: list[str]) -> PeoplePath:
    """Until the region has the two tables."""
    ratio = dict(zip(region.districts["district"], region.districts["population_1980_ratio"], strict=True))
    border = region.border_places.set_index("place").loc[place_names]
    now = border["population"].to_numpy(float)
    then = now * np.array([ratio[d] for d in border["district"]])
    rates = (
        np.array([[1971, 6.3, 144], [1980, 5.5, 119], [1990, 4.4, 81], [2000, 3.0, 57], [2010, 2.6, 30]], float),
        np.array([[1970, 6.0, 45], [1980, 4.6, 31], [1991, 3.6, 15], [2000, 3.0, 9], [2010, 2.2, 7]], float),
    )
    return PeoplePath(tuple(np.array([[1980.0, a], [2010.0, b]]) for a, b in zip(then, now, strict=True)), rates)
