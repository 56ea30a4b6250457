"""How long is the way from place to place, at home and across?

Two graphs (:mod:`abm.region.border` has them for networkx, a test compares the two): home travel uses ways of one side only; travel
across is home side, one crossing, other side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from abm.region import class_in
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
    puskesmas_delay: float = parameter(
        "Years after the guessed calendar at which puskesmas open", unit="year", default=9.0, low=-4.0, high=10.0,
        source=judgement("HEALTH12 is missing: the calendar is a guess with a wide range, and decides E02"),
    )  # fmt: skip
    near_hours: float = parameter(
        "Hours to a Malaysian clinic within which a place counts as near it", unit="hour", default=7.0, low=5.0, high=8.0, role="fixed",
        source=judgement("evidence E02 is reported for places within 7 hours too"),
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


def link_hours(world: World, year: int, condition: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hours between neighbouring nodes of a side (nodes, nodes) and over each crossing; ``condition`` of roads by district [index]."""
    n = len(world.node_names)
    hours = np.full((n, n), FAR)
    np.fill_diagonal(hours, 0.0)
    over = np.full(len(world.crossing_names), FAR)
    mean = [float(condition[world.district["side"] == s].mean()) for s in (0, 1)]
    condition, node_district, node_side = condition.tolist(), world.node_district.tolist(), world.node_side.tolist()
    for link in world.links:
        a, b = link.start, link.end
        ends = [condition[d] if (d := node_district[e]) >= 0 else mean[node_side[e]] for e in (a, b)]
        way = class_in(link.first, link.later, year)
        # a district's road money keeps up roads; a footpath or a river stays what it is
        took = link.km / (link.speeds[way] * (0.5 + 0.25 * (ends[0] + ends[1]) if way in world.vehicle_classes else 1.0))
        if link.crossing >= 0:
            over[link.crossing] = min(over[link.crossing], took)
        else:
            hours[a, b] = hours[b, a] = min(hours[a, b], took)
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
