"""Travel: the compiled shortest ways are those of networkx, at home and across, year by year."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from abm.region import SIDES, Region, class_in
from abm.world.columns import World, weighted_sums
from abm.world.travel import FAR, hours_across, link_hours, set_hours, shortest
from agents.core.compiled import plain

YEARS = (1980, 1985, 1991, 1998, 2006, 2015)


@pytest.fixture(scope="module")
def region() -> Region:
    return Region.load()


@pytest.fixture(scope="module")
def world(region) -> World:
    return World(region)


def travelled(world: World, year: int) -> World:
    """Ways of the year on roads in full condition."""
    set_hours(world, year, np.ones(len(world.district_names)))
    return world


@pytest.mark.parametrize("year", YEARS)
def test_home_ways_are_those_of_networkx(region, world, year):
    travelled(world, year)
    for side in SIDES:
        expected = region.home_hours(year, side, 1.0)
        names = [n for n, s in zip(world.node_names, world.node_side, strict=True) if SIDES[s] == side]
        for a in names:
            for b in names:
                hours = world.home_hours[world.node[a], world.node[b]]
                if b in expected[a]:
                    assert hours == pytest.approx(expected[a][b], rel=1e-12), f"{a} to {b} in {year}"
                else:
                    assert hours >= FAR, f"there is no way from {a} to {b} in {year}"


@pytest.mark.parametrize("year", YEARS)
def test_no_home_way_runs_through_the_other_side(world, year):
    travelled(world, year)
    apart = world.node_side[:, None] != world.node_side[None, :]
    assert (world.home_hours[apart] >= FAR).all()


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("kinds", [("post", "traditional", "path"), ("post", "traditional"), ("path",)])
def test_ways_across_are_those_of_networkx(region, world, year, kinds):
    travelled(world, year)
    table = region.across_hours(year, 1.0, kinds)
    kind = dict(zip(region.crossings["crossing"], region.crossings["kind"], strict=True))
    rows = np.array([i for i, c in enumerate(world.crossing_names) if kind[c] in kinds])
    hours, used = hours_across(world, rows)
    expected = {}
    for row in table.to_dict("records"):
        if np.isfinite(row["hours"]):
            expected[row["from"], row["to"]] = row["hours"]
    compared = 0
    for i, a in enumerate(world.place_names):
        for j, b in enumerate(world.node_names):
            if world.node_side[i] == world.node_side[j]:
                assert hours[i, j] >= FAR and used[i, j] == -1
            elif (a, b) in expected:
                assert hours[i, j] == pytest.approx(expected[a, b], rel=1e-12), f"{a} to {b} in {year} by {kinds}"
                compared += 1
            elif b in world.place_names:
                assert hours[i, j] >= FAR
    assert compared > 0


@pytest.mark.parametrize("year", YEARS)
def test_across_is_home_side_one_crossing_other_side(world, year):
    travelled(world, year)
    everything = np.arange(len(world.crossing_names))
    hours, used = hours_across(world, everything)
    for i in range(world.n_places):
        for j in range(len(world.node_names)):
            if world.node_side[i] == world.node_side[j] or hours[i, j] >= FAR:
                continue
            c = used[i, j]
            ends = world.crossing_ends[c] if world.node_side[i] == 0 else world.crossing_ends[c][::-1]
            by_this = world.home_hours[i, ends[0]] + world.over_hours[c] + world.home_hours[ends[1], j]
            assert hours[i, j] == by_this
            for other in everything:
                e = world.crossing_ends[other] if world.node_side[i] == 0 else world.crossing_ends[other][::-1]
                assert hours[i, j] <= world.home_hours[i, e[0]] + world.over_hours[other] + world.home_hours[e[1], j]


def test_shortest_on_random_graphs():
    rng = np.random.default_rng(3)
    for n in (1, 2, 7, 20):
        graph = nx.gnp_random_graph(n, 0.25, seed=int(rng.integers(1000)))
        hours = np.full((n, n), FAR)
        np.fill_diagonal(hours, 0.0)
        for a, b in graph.edges:
            graph[a][b]["hours"] = hours[a, b] = hours[b, a] = float(rng.uniform(0.1, 9.0))
        expected = dict(nx.all_pairs_dijkstra_path_length(graph, weight="hours"))
        compiled, python = hours.copy(), hours.copy()
        shortest(compiled)
        plain(shortest)(python)
        assert compiled.tobytes() == python.tobytes()
        for a in range(n):
            for b in range(n):
                assert compiled[a, b] == pytest.approx(expected[a][b]) if b in expected[a] else compiled[a, b] >= FAR


def test_worse_roads_take_longer_and_paths_as_long(world):
    good, over_good = link_hours(world, 2006, np.ones(len(world.district_names)))
    bad, over_bad = link_hours(world, 2006, np.full(len(world.district_names), 0.2))
    linked = (good < FAR) & (good > 0)
    assert (bad[linked] >= good[linked]).all() and (bad[linked] > good[linked]).any()
    assert (over_bad >= over_good).all()


def test_closed_posts_leave_paths(region):
    from abm import BorderModel, Scenario

    model = BorderModel(Scenario.load("closed-border", end="1990-02"), households=120, rng=2).run()
    link, world = model.world.trade_link, model.world
    assert (link["partner"][:, 0] == -1).all(), "no legal way is left"
    reached = link["crossing"][link["partner"][:, 1] >= 0, 1]
    assert len(reached) and (world.crossing["is_path"][reached] > 0).all()


def test_the_state_of_roads_counts_at_both_ends_and_outside_districts_as_the_mean(region):
    """From the hours of a link on perfect roads and on others its two ends can be told; a footpath does not change."""
    world = World(region)
    n = len(world.district_names)
    condition = np.linspace(0.1, 0.9, n)
    best, over_best = link_hours(world, 2006, np.ones(n))
    now, over_now = link_hours(world, 2006, condition)
    mean = [condition[world.district["side"] == s].mean() for s in (0, 1)]
    at = np.array([condition[d] if d >= 0 else mean[s] for d, s in zip(world.node_district, world.node_side, strict=True)])
    is_road = [c for c in world.classes if c.since <= 2006][-1].is_road
    assert (world.node_district < 0).any() and is_road.any() and not is_road.all()
    for k in range(len(world.links.km)):
        a, b, c = world.links.start[k], world.links.end[k], world.links.crossing[k]
        slower = (0.5 + 0.25 * (at[a] + at[b])) if is_road[k] else 1.0
        was, found = (over_best[c], over_now[c]) if c >= 0 else (best[a, b], now[a, b])
        assert found == pytest.approx(was / slower)


def test_classes_of_ways_change_in_their_year(region):
    world = World(region)
    links, speeds = region.links, {s: region.speeds(s) for s in ("id", "my", "cross")}
    vehicle = set(region.road_classes.loc[region.road_classes["mode"] == "vehicle", "class"])
    for year in range(1980, 2016):
        now = [c for c in world.classes if c.since <= year][-1]
        named = [class_in(a, b, year) for a, b in zip(links["class_1980"], links["later_classes"], strict=True)]
        assert now.speed.tolist() == [speeds[s][c] for s, c in zip(links["scope"], named, strict=True)]
        assert now.is_road.tolist() == [c in vehicle for c in named]


def test_weighted_sums_by_place() -> None:
    place, weight = np.array([0, 0, 2, 2, 2], dtype=np.int16), np.array([1.0, 2.0, 0.5, 0.0, 4.0])
    for values in (np.array([3, 4, 5, 6, -7]), np.array([3, 4, 5, 6, -7], dtype=np.int8), np.array([3.0, 4.0, 5.0, 6.0, -7.0])):
        assert weighted_sums(place, weight, values, 4).tolist() == [11.0, 0.0, -25.5, 0.0]
    assert weighted_sums(place, weight, np.array([True, False, True, True, True]), 3).tolist() == [1.0, 0.0, 4.5]
    assert weighted_sums(place, weight, np.arange(10.0)[::2], 3).tolist() == [4.0, 0.0, 34.0]
    assert weighted_sums(place[:0], weight[:0], np.zeros(0), 2).tolist() == [0.0, 0.0]


def test_weighted_sums_are_added_in_the_order_of_rows() -> None:
    rng = np.random.default_rng(3)
    place = np.sort(rng.integers(0, 7, 500))
    weight, values = rng.random(500), rng.normal(size=500) * 10.0 ** rng.integers(-8, 8, 500)
    assert weighted_sums(place, weight, values, 7).tobytes() == np.bincount(place, weight * values, 7).tobytes()


@pytest.mark.parametrize("lengths", [(3, 4, 4), (4, 3, 4), (4, 4, 3)])
def test_columns_of_other_lengths_are_not_summed(lengths: tuple[int, int, int]) -> None:
    place, weight, values = np.zeros(lengths[0], dtype=np.int16), np.ones(lengths[1]), np.ones(lengths[2])
    with pytest.raises(ValueError, match="of one length"):
        weighted_sums(place, weight, values, 2)
