"""How many people a place has in a year, and how many are born: between the years of the region's tables, worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm import Region
from abm.world.people_path import PeoplePath, read_path


@pytest.fixture
def path() -> PeoplePath:
    class Tables:
        population = pd.DataFrame(
            {"place": ["B", "A", "A", "A", "B"], "year": [1980, 2000, 1980, 1990, 2010], "people": [100.0, 800.0, 200.0, 400.0, 50.0]}
        )
        rates = pd.DataFrame(
            {
                "side": ["my", "id", "my", "id"],
                "year": [1980, 2000, 1990, 1980],
                "births_per_woman": [4.0, 3.0, 3.0, 5.0],
                "infant_deaths": [30.0, 60.0, 20.0, 120.0],
            }
        )
        labour = pd.DataFrame({"side": ["id", "my", "my"], "year": [1980, 1980, 1990], "participation": [0.7, 0.6, 0.65]})

    tables: Any = Tables()
    return read_path(tables, ["B", "A"])


@pytest.mark.parametrize(
    ("year", "people"),
    [
        (1980, (100.0, 200.0)),
        (1990, (100 * 0.5 ** (1 / 3), 400.0)),
        (1995, (100 * 0.5 ** (1 / 2), 400 * math.sqrt(2))),
        (2000, (100 * 0.5 ** (2 / 3), 800.0)),
        (2010, (50.0, 1600.0)),  # a place goes on as between its last two censuses
        (2040, (25.0, 12800.0)),
        (1970, (100 * 2 ** (1 / 3), 100.0)),  # and back as between its first two
    ],
)
def test_equal_growth_between_censuses(path: PeoplePath, year: int, people: tuple[float, float]) -> None:
    assert path.people_in(year) == pytest.approx(people, rel=1e-14)


def test_a_census_is_met_to_the_last_bit(path: PeoplePath, region: Region) -> None:
    assert path.people_in(1990)[1] == 400.0 and path.people_in(2000)[1] == 800.0 and path.people_in(2010)[0] == 50.0
    names = list(region.border_places["place"])
    real = read_path(region, names)
    known = region.population
    assert sorted(set(known["place"])) == sorted(names)
    for place, year, people in zip(known["place"], known["year"], known["people"], strict=True):
        assert real.people_in(float(year))[names.index(place)] == people


def test_rates_lie_on_straight_lines(path: PeoplePath) -> None:
    assert path.rates_in(1980) == [(5.0, 120.0), (4.0, 30.0)] and path.rates_in(1985) == [(4.5, 105.0), (3.5, 25.0)]
    assert path.rates_in(1995) == [(3.5, 75.0), (3.0, 20.0)], "beyond the last year as there"
    assert path.working_in(1985).tolist() == pytest.approx([0.7, 0.625]) and path.working_in(2015).tolist() == [0.7, 0.65]
    assert np.all(path.working_in(1950) == [0.7, 0.6])
