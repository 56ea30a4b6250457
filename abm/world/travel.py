"""How long is the way from place to place, at home and across?

Two graphs (:mod:`abm.region.border` has them for networkx, a test compares the two): home travel uses ways of one side only; travel
across is home side, one crossing, other side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from abm.world.columns import World
from agents.core.compiled import compiled
from agents.core.declare import Column, judgement, parameter, parameters

FAR = 1.0e6  # hours where there is no way


@parameters("world.travel")
class Parameters(NamedTuple):
    """How people travel and what they can reach."""

    local_access: float = parameter(
        "Way from the hamlet to the seat or the clinic", unit="hour", default=0.5, low=0.25, high=1.0,
        source=judgement("kecamatan reach 1.5-35 km around their seat (GEO21)"),
    )  # fmt: skip
    pass_hours: float = parameter(
        "Farthest place across that a border pass lets people work at", unit="hour", default=3.5, low=1.0, high=6.0,
        source=judgement("the pass holds within a district (RULE7: Bau only)"),
    )  # fmt: skip
    village_access: float = parameter(
        "Way from a house to the middle of its village", unit="hour", default=0.25, low=0.1, high=0.5,
        source=judgement("a desa's houses lie along a road or river of a few kilometres; 20 to 200 km2 of land around them"),
    )  # fmt: skip
    path_detour: float = parameter(
        "Length of a path on foot over the straight line", unit="1", default=1.4, low=1.2, high=1.8,
        source=judgement("measured ways between places give 1.2 to 1.54; hills (Siding, Suruh Tembawang, the Kelingkang range) make it longer"),
    )  # fmt: skip
    day_walk: float = parameter(
        "Longest walk to care that people set out on", unit="hour", default=10.0, low=6.0, high=12.0, role="fixed",
        source=judgement("a day; walks of 4 to 12 h are reported (villages of Siding and Entikong)"),
    )  # fmt: skip
    near_hours: float = parameter(
        "Hours to a Malaysian clinic within which a place counts as near it", unit="hour", default=7.0, low=5.0, high=8.0, role="fixed",
        source=judgement("evidence E02 is reported for places within 7 hours too"),
    )  # fmt: skip
    openings_until: float = parameter(
        "Year after which no primary facility opens in Indonesian border places", unit="year", default=2031.0, low=1980.0, high=2031.0, role="lever",
        source=judgement("2031: each opens in its year; an earlier year keeps buildings apart from the money for staff and drugs"),
    )  # fmt: skip


@compiled
def shortest(hours: Column) -> None:
    """All shortest ways (Floyd and Warshall) in place; ``hours`` is (places, places), 1e6 where there is no link."""
    n = hours.shape[0]
    for k in range(n):
        for i in range(n):
            through = hours[i, k]
            if through >= 1.0e6:
                continue
            for j in range(n):
                if through + hours[k, j] < hours[i, j]:
                    hours[i, j] = through + hours[k, j]


@compiled
def nearest_across(home: Column, over: Column, ends: Column, crossings: Column, side: Column, best: Column, used: Column) -> None:
    """Fill ``best`` hours and the crossing ``used`` from border places (rows) to places of the other side (columns).

    Ways lead over one of ``crossings``; where two take as long, the one listed first counts.
    """
    for c in crossings:
        for e in range(2):
            near_end, far_end = ends[c, e], ends[c, 1 - e]
            for i in range(best.shape[0]):
                if side[i] != side[near_end] or home[i, near_end] >= 1.0e6:
                    continue
                for j in range(best.shape[1]):
                    if side[j] != side[far_end]:
                        continue
                    hours = home[i, near_end] + over[c] + home[far_end, j]
                    if hours < best[i, j]:
                        best[i, j] = hours
                        used[i, j] = c


@compiled
def fill_hours(
    start: Column, end: Column, km: Column, crossing: Column, speed: Column, is_road: Column, condition: Column, mean: Column,
    district: Column, side: Column, hours: Column, over: Column,
) -> None:  # fmt: skip
    """Fill ``hours`` between neighbouring nodes (nodes, nodes) and ``over`` each crossing with those of the links, the fastest where there are several.

    ``start``, ``end``, ``km``, ``crossing``, ``speed`` and ``is_road`` are by link (:class:`abm.world.columns.Links`, ``Classes``);
    ``condition`` of roads is by district and its ``mean`` by side, for nodes in no district; ``district`` and ``side`` are by node.
    """
    for a in range(hours.shape[0]):
        for b in range(hours.shape[1]):
            hours[a, b] = 0.0 if a == b else 1.0e6
    for c in range(over.shape[0]):
        over[c] = 1.0e6
    for k in range(km.shape[0]):
        a, b = start[k], end[k]
        pace = speed[k]
        if is_road[k]:  # a district's road money keeps up roads; a footpath or a river stays what it is
            at_a = condition[district[a]] if district[a] >= 0 else mean[side[a]]
            at_b = condition[district[b]] if district[b] >= 0 else mean[side[b]]
            pace = speed[k] * (0.5 + 0.25 * (at_a + at_b))
        took = km[k] / pace
        if crossing[k] >= 0:
            over[crossing[k]] = min(over[crossing[k]], took)
        else:
            hours[a, b] = hours[b, a] = min(hours[a, b], took)


def link_hours(world: World, year: int, condition: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hours between neighbouring nodes of a side (nodes, nodes) and over each crossing; ``condition`` of roads by district [index]."""
    n = len(world.node_names)
    hours, over = np.empty((n, n)), np.empty(len(world.crossing_names))
    mean = np.array([condition[world.district["side"] == s].mean() for s in (0, 1)])
    now = [c for c in world.classes if c.since <= year][-1]
    fill_hours(
        *world.links, now.speed, now.is_road, np.asarray(condition, dtype=float), mean, world.node_district, world.node_side, hours, over
    )
    return hours, over


def set_hours(world: World, year: int, condition: np.ndarray) -> None:
    """Work out the year's ways: ``home_hours`` (nodes, nodes), and ``over_hours`` over each crossing."""
    world.home_hours, world.over_hours = link_hours(world, year, condition)
    shortest(world.home_hours)


def hours_across(world: World, crossings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hours from every border place to every node of the other side by one of these crossings, and the crossing used (-1: none)."""
    best = np.full((world.n_places, len(world.node_names)), FAR)
    used = np.full(best.shape, -1)
    nearest_across(
        world.home_hours, world.over_hours, world.crossing_ends, np.asarray(crossings, dtype=np.int64), world.node_side, best, used
    )
    return best, used
