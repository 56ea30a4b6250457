"""Who lives at the border in January 1980: worked out again from the draws, household by household, trader by trader, officer by officer."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (declares the columns of traders)
from abm import Region
from abm.world import populate
from abm.world.columns import World
from abm.world.composition import members
from abm.world.populate import Parameters, household_columns, make_households, make_officials, make_traders, sample_sizes
from agents.core.draws import origin_uid, uniform
from agents.core.frame import AgentFrame

SEED = 5
P = Parameters(
    schooling_id=5.0, schooling_my=7.5, schooling_spread=2.5, land_median_id=1.8, land_median_my=2.6, land_spread=0.7, ability_spread=0.4,
    share_trading_id=0.2, share_trading_my=0.1, trader_load_spread=0.5, trader_load_id=50.0, trader_load_my=90.0, doctrine_spread=0.15, honest=0.45,
)  # fmt: skip
#: People of 15 to 64 of each side who are in the labour force.
WORKING = np.array([0.7, 0.65])


def quantile(u: float) -> float:
    return NormalDist().inv_cdf(u)


@pytest.fixture(scope="module")
def world(region: Region) -> World:
    return World(region)


@pytest.fixture(scope="module")
def people(world: World) -> tuple[AgentFrame, AgentFrame]:
    households = make_households(SEED, world, 900, P, WORKING, 0.75)
    return households, make_traders(SEED, world, households, P)


@pytest.mark.parametrize(
    ("population", "side", "households", "sizes"),
    [
        (
            [100, 300, 500],
            [0, 0, 1],
            100,
            [19, 31, 50],
        ),  # twelve each, then 26 by population: 6.5 and 19.5, the first of equal rests gets the last
        ([100, 300, 500], [0, 0, 1], 101, [19, 32, 50]),  # the odd household is of the first side
        ([1, 1, 2, 2], [0, 0, 0, 1], 12, [2, 2, 2, 6]),  # too few for twelve each
        ([10, 10], [0, 1], 1, [1, 1]),  # one at least
        ([90, 10, 5], [0, 0, 1], 50, [13, 12, 25]),
    ],
)
def test_sizes_of_the_sample(population: list[int], side: list[int], households: int, sizes: list[int]) -> None:
    assert sample_sizes(np.array(population, float), np.array(side), households).tolist() == sizes


@pytest.mark.parametrize("place", [0, 25])
def test_columns_of_households(world: World, place: int) -> None:
    numbers = np.arange(40)
    found, side = household_columns(SEED, world, place, numbers, P, WORKING, 0.75), int(world.place["side"][place])
    assert side == (0 if place == 0 else 1)
    shift = [uniform(SEED, populate.SHIFT, 0, place, k) for k in (0, 1)]
    for k in numbers.tolist():
        uid = origin_uid(SEED, 1, place, k)
        u = uniform(SEED, populate.SCHOOLING, 0, uid, 0)
        # low-discrepancy numbers spread land and ability evenly over a community
        land, ability = (quantile((shift[j] + (k + 1) * phi) % 1.0) for j, phi in enumerate((0.7548776662466927, 0.5698402909980532)))
        assert (
            found["uid"][k] == uid and found["place"][k] == place and found["side"][k] == side and found["group"][k] == world.groups[place]
        )
        assert found["schooling"][k] == pytest.approx(min(max((5.0, 7.5)[side] + 2.5 * quantile(u), 0.0), 15.0))
        assert found["land"][k] == pytest.approx(max((1.8, 2.6)[side] * math.exp(0.7 * land), 0.1))
        assert found["ability"][k] == pytest.approx(math.exp(0.4 * ability - 0.08))
    own = members(SEED, found["uid"], side, P, (0.7, 0.65)[side], 0.75)
    assert len(own) == 6 and all(np.array_equal(found[name], values) for name, values in own.items())


def test_limits_of_schooling_and_land(world: World) -> None:
    wide = household_columns(SEED, world, 0, np.arange(300), P._replace(schooling_spread=30.0, land_spread=6.0), WORKING, 0.75)
    assert wide["schooling"].min() == 0.0 and wide["schooling"].max() == 15.0 and wide["land"].min() == 0.1


def test_weights_add_up_to_the_people_of_each_place(world: World, people: tuple[AgentFrame, AgentFrame]) -> None:
    h, _ = people
    persons = h["n_adults"].astype(int) + h["n_children"]
    assert len(h) == 900 and np.bincount(h["side"]).tolist() == [450, 450]
    assert np.bincount(h["place"], h["weight"] * persons) == pytest.approx(world.population)
    for q in range(world.n_places):
        assert len(set(h["weight"][h["place"] == q])) == 1
    assert np.bincount(h["place"]).tolist() == sample_sizes(world.population, world.place["side"], 900).tolist()


def test_weights_of_another_years_people(world: World, people: tuple[AgentFrame, AgentFrame]) -> None:
    wanted = world.people_path.people_in(1980)
    other = make_households(SEED, world, 900, P, WORKING, 0.75, wanted)
    assert np.array_equal(other["uid"], people[0]["uid"]), "the same households"
    persons = other["n_adults"].astype(int) + other["n_children"]
    assert np.bincount(other["place"], other["weight"] * persons) == pytest.approx(wanted) and wanted.sum() < world.population.sum()


def test_traders(people: tuple[AgentFrame, AgentFrame]) -> None:
    h, t = people
    trades = [i for i in range(900) if uniform(SEED, populate.TRADES, 0, int(h["uid"][i]), 0) < (0.2, 0.1)[int(h["side"][i])]]
    assert len(t) == len(trades) and sorted(t["household"]) == trades
    assert (h["trader"] >= 0).sum() == len(t) and (h["trader"][np.setdiff1d(np.arange(900), trades)] == -1).all()
    for row in range(len(t)):
        owner = int(t["household"][row])
        uid = origin_uid(SEED, 2, int(h["uid"][owner]))
        u = [uniform(SEED, populate.TRADER, 0, uid, k) for k in range(3)]
        assert t["uid"][row] == uid and h["trader"][owner] == row
        assert [t[n][row] for n in ("place", "side", "weight")] == [h[n][owner] for n in ("place", "side", "weight")]
        assert t["load"][row] == pytest.approx((50.0, 90.0)[int(t["side"][row])] * math.exp(0.5 * quantile(u[0])))
        assert t["cards"][row] == 1 + math.floor(5 * u[1] * u[1]) and t["skill"][row] == pytest.approx(0.9 * u[2])


def test_officials(world: World) -> None:
    officials = make_officials(SEED, world, P)
    expected = set()
    for c in np.flatnonzero(world.crossing["is_path"] == 0):
        for side in (0, 1):
            end = int(world.crossing_ends[c][side])
            expected |= {(end, side, 0, int(c), int(world.place["district"][end]), k) for k in (0, 1)}
    for d in range(len(world.district_names)):
        place = min(q for q in range(world.n_places) if world.place["district"][q] == d)
        expected |= {(place, int(world.district["side"][d]), kind, -1, d, 0) for kind in (1, 2, 3)}
    assert len(officials) == len(expected)
    by_uid = {origin_uid(SEED, 3, c, side, kind, d, k): (place, side, kind, c, d) for place, side, kind, c, d, k in expected}
    assert len(by_uid) == len(expected)
    for row in range(len(officials)):
        uid = int(officials["uid"][row])
        assert tuple(int(officials[n][row]) for n in ("place", "side", "kind", "crossing", "district")) == by_uid[uid]
        u = [uniform(SEED, populate.OFFICIAL, 0, uid, k) for k in (0, 1)]
        assert officials["deviation"][row] == pytest.approx(0.15 * quantile(u[0]))
        assert officials["honesty"][row] == pytest.approx(min(max(0.45 + 0.4 * (u[1] - 0.5), 0.0), 1.0))
