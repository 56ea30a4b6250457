"""Which facility, workplace and market does a place reach, and how long does it take?

Settled every January, and whenever a crossing opens or closes or the scenario changes: roads, facilities and posts stay as they are in between.
Of the facilities of a tier a place reaches the one whose value is highest by the rule of care itself
(:func:`agents.household.seek_care.value_of_facility`), so that another rule of care changes both the facility and the choice of each household.

Not modelled: households of one place that go to different facilities of a tier; a second market to sell at.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from abm.world.columns import World
from abm.world.kinship import draw
from abm.world.travel import hours_across
from abm.world.villages import (
    Net,
    add_up,
    all_walked,
    fill_chosen,
    fill_hours,
    fill_ways,
    from_nodes,
    from_seats,
    mark_reached,
    mark_walked,
)
from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.draws import stream
from agents.household.seek_care import value_of_facility
from agents.surroundings import CENTRE, DISPENSARY, FARM, HOSPITAL, N_WORK, PASS, PERMIT, UNDOCUMENTED, VILLAGE_CARE

OPENED = stream("world.facility_opened")


class Ways(NamedTuple):
    """Hours from border places to nodes across (places, nodes), and the crossing used there (-1: none), by the crossings that may be used."""

    hours: np.ndarray
    used: np.ndarray


@compiled
def choose_facilities(hours: Column, is_reached: Column, quality: Column, is_primary: bool, is_across: bool, p: Any, best: Column) -> None:
    """Fill ``best`` (places,) with the facility of highest value to each place's people, the first of equal ones; -1 where none is reached.

    ``hours`` of travel one way, as households are told them, and ``is_reached``, both (places, facilities); ``quality`` (facilities,) [index];
    ``p`` are the parameters of household.seek_care. The value is that for the illness that the tier is there for (a minor one, or one that
    needs a hospital). What differs between households or is the same for all facilities is left out: cost, kin, what kin tell, the post.
    """
    severity, kind = (1, 1) if is_primary else (3, 2)
    for place in range(hours.shape[0]):
        best[place] = -1
        most = -math.inf
        for f in range(hours.shape[1]):
            if is_reached[place, f]:
                value = value_of_facility(quality[f], severity, hours[place, f], 0.0, kind, is_across, 0.0, 0.0, 0.0, p)
                if value > most:
                    most = value
                    best[place] = f


def set_progress(world: World, start: dict[str, np.ndarray]) -> None:
    """Part of the way to full staff and drugs that each facility has made up since 1980: as much as its district's stock has of the way to 1.

    ``start`` holds the stocks ``clinic`` and ``hospital`` by district as they were in January 1980. A facility of no district has the mean of its side's.
    """
    at = world.node_district[world.facility_node]
    for stock, is_tier in (("clinic", world.facility["is_primary"] != 0), ("hospital", world.facility["is_primary"] == 0)):
        then = start[stock]
        made_up = (world.district[stock] - then) / np.maximum(1.0 - then, 1e-9)
        mean = np.array([made_up[world.district["side"] == s].mean() for s in (0, 1)])
        progress = np.where(at >= 0, made_up[at], mean[world.facility_side])
        world.facility["progress"][is_tier] = progress[is_tier]


def opening_years(world: World, seed: int) -> np.ndarray:
    """Year in which each facility opens, (facilities,): within its bounds, by a draw that belongs to the run's seed and the facility's name, each alike.

    No list tells the years. So they are a part of chance, not of the parameters: a comparison of two scenarios of one seed has one calendar, and many seeds have many.
    """
    low, high = world.facility_earliest, world.facility_latest
    return low + draw(seed, OPENED, world.facility_uid)[:, 0] * (high - low)


def facilities_in(world: World, year: float, seed: int, programme: bool, until: float = math.inf) -> np.ndarray:
    """Which facilities are open in a year, (facilities,): those that have opened, but for what another has taken the place of.

    Without the ``programme`` no primary facility of Indonesian border places opens from 1980 on, with ``until`` [year] none later than that. A facility whose place another
    would have taken goes on where the other does not open.
    """
    opened = opening_years(world, seed)
    is_built = opened <= year
    is_puskesmas = (world.facility["is_primary"] == 1) & (world.facility_side == 0) & (world.facility_node < world.n_places)
    is_built &= ~(is_puskesmas & (opened > until))
    if not programme:
        is_built &= ~(is_puskesmas & (opened >= 1980.0))
    after = world.facility_after
    return is_built & ~((after >= 0) & is_built[after])


def settle_access(
    world: World,
    year: int,
    p: Any,
    care: Any,
    is_built: np.ndarray,
    open_now: np.ndarray,
    may_care_across: bool,
    choose: Callable[..., Any] = choose_facilities,
) -> None:
    """Where each place's people can go for care, work and trade in a year, and how long it takes.

    ``p`` are the parameters of world.travel, ``care`` those of household.seek_care; ``is_built`` (facilities,) and ``open_now`` (crossings,) say
    which facilities are open and which crossings let people pass with papers; ``choose`` is :func:`choose_facilities`, or a copy of it with a user's own rule of care.
    """
    is_path = world.crossing["is_path"] > 0
    anyhow, legal, path = (Ways(*hours_across(world, np.flatnonzero(rows))) for rows in (open_now | is_path, open_now & ~is_path, is_path))
    nets, from_seat = nets_of(world, year, p, anyhow)
    _reach_care(world, p.local_access, care, is_built, may_care_across, anyhow, from_seat, choose)
    reach_from_villages(world, p.village_access, care, is_built, may_care_across, nets, choose)
    place, link, sides = world.place, world.trade_link, (world.place["side"], world.node_side)
    reach_work(*anyhow, *legal, *sides, p.local_access, p.pass_hours, place["hours_work"], place["crossing_work"],
               place["place_work"])  # fmt: skip
    for way, ways in enumerate((legal, path)):
        reach_market(way, *ways, *sides, p.local_access, link["partner"], link["hours"], link["crossing"])
    reach_centre(world.home_hours, *sides, place["hours_centre"])
    any_across = world.place["side"][:, None] != world.node_side[None, : world.n_places]
    world.hours_between = np.where(any_across, anyhow.hours[:, : world.n_places], world.home_hours[: world.n_places, : world.n_places])
    world.place["road"][:] = world.district["road"][world.place["district"]]


def _reach_care(
    world: World,
    local: float,
    care: Any,
    is_built: np.ndarray,
    may_across: bool,
    anyhow: Ways,
    from_seat: np.ndarray,
    choose: Callable[..., Any],
) -> None:
    """The facility of each tier at home and across, where people may go there for care."""
    place, facility = world.place, world.facility
    hours = np.empty((world.n_places, len(is_built)))
    is_reached, best = np.empty(hours.shape, dtype=np.bool_), np.empty(world.n_places, dtype=np.int64)
    for k in range(4):
        is_primary, is_over = k % 2 == 0, k >= 2
        ways = anyhow.hours if is_over else world.home_hours
        reach(ways, world.facility_node, from_seat, world.facility_side, facility["is_primary"], is_built, place["side"], is_primary, is_over,
              may_across or not is_over, local, hours, is_reached)  # fmt: skip
        choose(hours, is_reached, facility["standard"], is_primary, is_over, care, best)
        take_facility(k, best, hours, anyhow.used, world.facility_node, facility["standard"], is_over, place["facility_care"],
                      place["hours_care"], place["quality_care"], place["crossing_care"])  # fmt: skip


def nets_of(world: World, year: int, p: Any, anyhow: Ways) -> tuple[list[Net], np.ndarray]:
    """What ways from villages are found from in a year, by season, and hours from the seat of its place to each facility in the usual one.

    ``p`` are the parameters of world.travel.
    """
    w, place, condition = world.village_ways, world.village["place"], world.district["road"]
    now = [c for c in w.classes if c.since <= year][-1]
    mean = np.array([condition[world.district["side"] == s].mean() for s in (0, 1)])
    way_hours, made, seats, side = np.empty(len(w.km)), [], [], world.place["side"][place]
    for slowed, foot in zip(now.slowed, w.foot, strict=True):
        gate_hours, direct_hours, from_seat = (np.empty(n) for n in (len(w.gate_node), len(w.direct_facility), len(world.facility_node)))
        fill_ways(w.km, w.district, w.side, now.speed, now.is_road, slowed, condition, mean, way_hours)
        add_up(w.gate_ways, way_hours, gate_hours)
        add_up(w.direct_ways, way_hours, direct_hours)
        from_seats(place, w.facility_way, w.facility_village, way_hours, w.gate_first, w.gate_node, gate_hours, from_seat)
        from_node, node_used = (
            np.empty((len(world.node_side), len(from_seat))),
            np.empty((len(world.node_side), len(from_seat)), dtype=np.int64),
        )
        from_nodes(
            world.facility_node,
            world.facility_side,
            world.node_side,
            from_seat,
            world.home_hours,
            anyhow.hours,
            anyhow.used,
            from_node,
            node_used,
        )
        walk, usual = (p.path_detour / np.maximum(speed, 1e-9) for speed in (foot, w.foot[0]))
        made.append(Net(
            side, w.path_crossing, world.facility_side, w.facility_village, w.gate_first, w.gate_node, gate_hours, w.direct_first, w.direct_facility,
            direct_hours, all_walked(w.gate_ways, now.is_walked), all_walked(w.direct_ways, now.is_walked), w.straight, walk, usual, p.day_walk, from_node, node_used,
        ))  # fmt: skip
        seats.append(from_seat)
    return made, seats[0]


def reach_from_villages(
    world: World, local: float, care: Any, is_built: np.ndarray, may_across: bool, nets: list[Net], choose: Callable[..., Any]
) -> None:
    """The facility of each option of :data:`agents.surroundings.VILLAGE_CARE` that the people of each village reach, the way there and the crossing on it.

    It is the one of highest value by the hours of the usual season, the first of ``nets``; ``local`` is the way from a house to the middle of its village.
    """
    village, kind, n = world.village, world.facility["kind"], len(VILLAGE_CARE)
    hours, used = np.empty((len(village["place"]), len(kind))), np.empty((len(village["place"]), len(kind)), dtype=np.int64)
    fill_hours(nets[0], hours, used)
    is_reached, best, rows = np.empty(hours.shape, dtype=np.bool_), np.empty(len(hours), dtype=np.int64), np.arange(len(hours))
    ridden = np.empty(len(hours))
    told = hours + local
    for k, (low, high) in enumerate(
        ((DISPENSARY, DISPENSARY), (CENTRE, CENTRE), (HOSPITAL, HOSPITAL), (DISPENSARY, CENTRE), (HOSPITAL, HOSPITAL))
    ):
        mark_reached(hours, is_built, kind, world.facility_side, nets[0].side, may_across, k >= 3, low, high, is_reached)
        choose(told, is_reached, world.facility["standard"], high < HOSPITAL, k >= 3, care, best)
        village["facility_care"][:, k] = best
        village["crossing_care"][:, k] = np.where(best >= 0, used[rows, best], -1)
        mark_walked(nets[0], world.facility_node, best, hours, ridden)
        village["ridden_care"][:, k] = ridden
    for s, net in enumerate(nets):
        fill_chosen(net, village["facility_care"], local, s * n, village["hours_by_season"])
    village["hours_care"][:] = village["hours_by_season"][:, :n]


@compiled
def reach(
    ways: Column, node: Column, from_seat: Column, facility_side: Column, tier: Column, is_built: Column, side: Column, is_primary: bool, is_over: bool,
    may_go: bool, local: float, hours: Column, is_reached: Column,
) -> None:  # fmt: skip
    """Fill ``hours`` one way and ``is_reached``, both (places, facilities), for one tier at home or across.

    ``ways`` are hours between nodes, ``from_seat`` hours from a facility's node to it, ``node``, ``facility_side``, ``tier`` (1 primary) and ``is_built`` are by facility, ``side`` is by place.
    """
    for q in range(hours.shape[0]):
        for f in range(hours.shape[1]):
            way = ways[q, node[f]] + from_seat[f]
            hours[q, f] = way + local
            is_reached[q, f] = (
                may_go and is_built[f] and (tier[f] == 1) == is_primary and (facility_side[f] != side[q]) == is_over and way < 1.0e6
            )


@compiled
def take_facility(
    k: int, best: Column, hours: Column, used: Column, node: Column, quality: Column, is_over: bool, facility_care: Column, hours_care: Column, quality_care: Column, crossing_care: Column,
) -> None:  # fmt: skip
    """Write the ``best`` facility of each place (-1: none) into option ``k`` of the places' columns; ``hours`` (places, facilities) are those to it, ``used`` the crossings on the ways across."""
    for q in range(best.shape[0]):
        f = best[q]
        facility_care[q, k] = f
        hours_care[q, k] = hours[q, f] if f >= 0 else 0.0
        quality_care[q, k] = quality[f] if f >= 0 else 0.0
        crossing_care[q, k] = used[q, node[f]] if f >= 0 and is_over else -1


@compiled
def nearest(hours: Column, side: Column, node_side: Column, first: int, last: int, is_across: bool, q: int) -> int:
    """The nearest to place ``q`` of the nodes ``first`` up to but not including ``last`` on its own side or across; the first of equal ones, -1 for none.

    ``hours`` are (places, nodes); 1e6 and more is no way.
    """
    best, least = -1, 1.0e6
    for b in range(first, last):
        if (node_side[b] != side[q]) == is_across and hours[q, b] < least:
            best, least = b, hours[q, b]
    return best


@compiled
def reach_work(
    anyhow: Column, anyhow_used: Column, legal: Column, legal_used: Column, side: Column, node_side: Column, local: float, pass_hours: float,
    hours_work: Column, crossing_work: Column, place_work: Column,
) -> None:  # fmt: skip
    """Hours to each activity and the crossing on the way: day work on a pass in the nearest border place, other work across in the nearest place.

    With a permit the way leads over a crossing that lets people pass with papers, without them over any.
    """
    n, n_nodes = place_work.shape[0], node_side.shape[0]
    for q in range(n):
        by_pass = nearest(legal, side, node_side, 0, n, True, q)
        by_permit = nearest(legal, side, node_side, 0, n_nodes, True, q)
        without = nearest(anyhow, side, node_side, 0, n_nodes, True, q)
        for k in range(N_WORK):
            hours_work[q, k] = local if k > FARM else 0.0
            crossing_work[q, k] = -1
        place_work[q] = -1
        hours_work[q, PASS] = legal[q, by_pass] + local if by_pass >= 0 else 1.0e6
        hours_work[q, PERMIT] = legal[q, by_permit] + local if by_permit >= 0 else 1.0e6
        hours_work[q, UNDOCUMENTED] = anyhow[q, without] + local if without >= 0 else 1.0e6
        if by_pass >= 0 and legal[q, by_pass] + local <= pass_hours:
            crossing_work[q, PASS] = legal_used[q, by_pass]
            place_work[q] = by_pass
        if by_permit >= 0:
            crossing_work[q, PERMIT] = legal_used[q, by_permit]
        if without >= 0:
            crossing_work[q, UNDOCUMENTED] = anyhow_used[q, without]


@compiled
def reach_market(
    way: int,
    hours: Column,
    used: Column,
    side: Column,
    node_side: Column,
    local: float,
    partner: Column,
    hours_link: Column,
    crossing: Column,
) -> None:
    """The nearest border place across by one way (0 legal, 1 path): its hours and the crossing used."""
    n = side.shape[0]
    for q in range(n):
        to = nearest(hours, side, node_side, 0, n, True, q)
        partner[q, way] = to
        hours_link[q, way] = hours[q, to] + local if to >= 0 else 0.0
        crossing[q, way] = used[q, to] if to >= 0 else -1


@compiled
def reach_centre(home_hours: Column, side: Column, node_side: Column, hours_centre: Column) -> None:
    """Hours to the nearest service town at home, 1e6 where there is none."""
    n = side.shape[0]
    for q in range(n):
        to = nearest(home_hours, side, node_side, n, node_side.shape[0], False, q)
        hours_centre[q] = home_hours[q, to] if to >= 0 else 1.0e6
