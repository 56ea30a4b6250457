"""What the scenarios that keep buildings, money, roads, fees and the border apart change, over pairs of one seed; before the change nothing.

Each runs with five seeds by default and with twenty under ``-m slow``.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.statistics.ensemble import FEW, MANY, many

SEEDS = [pytest.param(FEW, id="5 seeds"), pytest.param(MANY, id="20 seeds", marks=pytest.mark.slow)]
over_seeds = pytest.mark.parametrize("seeds", SEEDS)
FROM_1990 = ("frozen-puskesmas", "centres-without-money", "money-without-centres", "roads-instead", "full-cost", "closed-border")


@over_seeds
@pytest.mark.parametrize("name", FROM_1990)
def test_nothing_differs_before_1990(seeds, name):
    for output in (
        "visits_across_per_1000",
        "untreated_share",
        "contacts_per_1000",
        "income_per_capita",
        "crossings",
        "infrastructure_roads",
    ):
        usual, other = (many(s, seeds, output, "id", 1980, 1989) for s in ("history", name))
        assert (usual == other).all(), output
    later = [many(s, seeds, "visits_across_per_1000", "id", 1991, 1999) for s in ("history", name)]
    assert (later[0] != later[1]).all(), "and it does differ afterwards"


@over_seeds
@pytest.mark.parametrize("name", ["frozen-puskesmas", "centres-without-money", "money-without-centres", "roads-instead"])
def test_without_all_of_the_programme_more_goes_untreated_and_more_go_across(seeds, name):
    for output in ("untreated_share", "visits_across_per_1000", "people_across_per_1000", "care_share_across"):
        usual, other = (many(s, seeds, output, "id", 2004, 2006) for s in ("history", name))
        assert other.mean() > usual.mean(), output
    usual, other = (many(s, seeds, "contacts_per_1000", "id", 2004, 2006) for s in ("history", name))
    assert other.mean() < usual.mean()


@over_seeds
def test_each_part_of_the_programme_alone_does_less_than_both(seeds):
    none, buildings, money, both = (
        many(s, seeds, "untreated_share", "id", 2004, 2006).mean()
        for s in ("frozen-puskesmas", "centres-without-money", "money-without-centres", "history")
    )
    assert none > max(buildings, money) and min(buildings, money) > both


@over_seeds
def test_money_goes_where_a_scenario_sends_it(seeds):
    clinics, roads = (
        {
            s: many(s, seeds, f"infrastructure_{what}", "id", 2004, 2006)
            for s in ("history", "frozen-puskesmas", "centres-without-money", "money-without-centres", "roads-instead")
        }
        for what in ("clinics", "roads")
    )
    for name in ("frozen-puskesmas", "centres-without-money", "roads-instead"):
        assert (clinics[name] < clinics["history"]).all(), name
    assert (clinics["money-without-centres"] == clinics["history"]).all() and (roads["frozen-puskesmas"] == roads["history"]).all()
    assert (roads["roads-instead"] > roads["history"]).all()


@over_seeds
@pytest.mark.parametrize("name", ["full-cost", "closed-border"])
def test_a_dearer_or_closed_way_across_is_used_less(seeds, name):
    for output in ("visits_across_per_1000", "people_across_per_1000"):
        usual, other = (many(s, seeds, output, "id", 1991, 1999) for s in ("history", name))
        assert other.mean() < usual.mean(), output
    usual, other = (many(s, seeds, "infrastructure_clinics", "id", 1991, 1999) for s in ("history", name))
    assert np.array_equal(usual, other)
