"""How long is the way from each village to each facility?

The least of three: on foot straight to it, within a day's walk; along a way of the village to the seat of a place, from there as all people of that place go
(:mod:`abm.world.travel`), and from the seat at the other end to the facility; and a way that leads to the facility itself. What leads over the line past all
crossings counts as the unofficial path nearest to the village.

Seasons slow ways down: months with the same factors are one season, the usual one first.

Not modelled: ways from a village to a facility of another village on the other's ways, seasons on the ways between places, boats hired straight to a facility.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from abm.region import SIDES, Region, class_in
from abm.region.contract import MOST_SEASONS, NO_WAY, parse_steps
from agents.core.compiled import compiled, inlined
from agents.core.declare import Column

FAR = 1.0e6
#: Scope of a way that leads over the line; those of one side have its number.
ACROSS = 2
EARTH_KM, _RADIAN = 6371.0, 0.017453292519943295


class WayClasses(NamedTuple):
    """What the ways are from a year on: speed [km/hour], 0 for one that is not there yet; whether vehicles use them, or people on foot; factors by season, (seasons, ways)."""

    since: int
    speed: np.ndarray
    is_road: np.ndarray
    is_walked: np.ndarray
    slowed: np.ndarray


class VillageWays(NamedTuple):
    """The ways of villages and facilities of a region, as columns."""

    #: Length [km], district whose roads they are (-1: none) and side of each way, (ways,).
    km: np.ndarray
    district: np.ndarray
    side: np.ndarray
    #: By the years in which a way gets another class, the earliest first.
    classes: list[WayClasses]
    #: Ways of village v to nodes are rows gate_first[v] to gate_first[v + 1]: the node, and one way or two after each other (-1: none), (gates, 2).
    gate_first: np.ndarray
    gate_node: np.ndarray
    gate_ways: np.ndarray
    #: The same for ways that lead to a facility itself.
    direct_first: np.ndarray
    direct_facility: np.ndarray
    direct_ways: np.ndarray
    #: Own way of each facility to its node, its village (-1: none), (facilities,).
    facility_way: np.ndarray
    facility_village: np.ndarray
    #: Straight line from villages to facilities [km], -1 where no path is taken, (villages, facilities).
    straight: np.ndarray
    #: Crossing as which a path over the line counts, -1 where there is none, (villages,).
    path_crossing: np.ndarray
    #: Walking speed [km/hour] by season and scope, (seasons, 3).
    foot: np.ndarray


class _Listed(NamedTuple):
    """Ways as they are read: length, scope, side and district, class in 1980 and later ones."""

    km: float
    scope: int
    side: int
    district: int
    first: str
    later: str


def straight_km(lat: Any, lon: Any, lat2: Any, lon2: Any) -> np.ndarray:
    """Kilometres between points [degrees], of shapes that fit each other, on a map that is flat around them: a thousandth off over a few hundred kilometres.

    Only sums, products and roots, which are the same on every machine.
    """
    lat, lon, lat2, lon2 = (np.asarray(x, dtype=np.float64) for x in (lat, lon, lat2, lon2))
    middle = 0.5 * (lat + lat2) * _RADIAN
    x = middle * middle
    cosine = 1.0 - x / 2.0 * (1.0 - x / 12.0 * (1.0 - x / 30.0 * (1.0 - x / 56.0)))
    north, east = (lat2 - lat) * _RADIAN, (lon2 - lon) * _RADIAN * cosine
    return EARTH_KM * np.sqrt(north * north + east * east)


def read_ways(region: Region, names: list[str], node: dict[str, int], district: np.ndarray) -> VillageWays:
    """The ways of a region. ``names`` are its villages in order; ``node`` and ``district`` are those of places (:class:`abm.world.columns.World`)."""
    side_of = dict(zip(region.places["place"], (SIDES.index(s) for s in region.places["side"]), strict=True))
    place_of = dict(zip(region.villages["village"], region.villages["place"], strict=True))
    at = {name: k for k, name in enumerate(names)}
    facility = {name: k for k, name in enumerate(region.facilities["facility"])}
    listed: list[_Listed] = []
    gates: list[list[tuple[int, int, int]]] = [[] for _ in names]
    direct: list[list[tuple[int, int, int]]] = [[] for _ in names]
    stands_in: dict[str, list[int]] = {}
    for f, village in enumerate(region.facilities["village"]):
        stands_in.setdefault(village, []).append(f)
    rows = region.village_ways.to_dict("records")
    to_village = [(row, len(listed) + k) for k, row in enumerate(rows) if row["to_kind"] == "village"]
    for way, row in enumerate(rows):
        v, place = at[row["village"]], place_of[row["village"]]
        scope = side = side_of[place]
        if row["to_kind"] == "facility" and SIDES.index(region.facilities["side"].iloc[facility[row["to"]]]) != side:
            scope = ACROSS
        listed.append(_Listed(row["km"], scope, side, int(district[node[place]]), row["class_1980"], row["later_classes"]))
        if row["to_kind"] == "place":
            gates[v].append((node[row["to"]], way, -1))
        elif row["to_kind"] == "facility":
            direct[v].append((facility[row["to"]], way, -1))
    own_gates, own_direct = [list(g) for g in gates], [list(d) for d in direct]
    for row, way in to_village:  # one way after the other
        v, u = at[row["village"]], at[row["to"]]
        gates[v] += [(q, way, on) for q, on, _ in own_gates[u]]
        direct[v] += [(f, way, on) for f, on, _ in own_direct[u]] + [(f, way, -1) for f in stands_in.get(row["to"], [])]
    for k, name in enumerate(names):
        if name not in place_of:  # a place without villages is one: at its seat
            gates[k].append((node[name], -1, -1))
    facility_way = np.full(len(facility), -1)
    for f, row in enumerate(region.facilities.to_dict("records")):
        if row["km"] > 0:  # a blank is not
            facility_way[f] = len(listed)
            side = SIDES.index(row["side"])
            listed.append(_Listed(row["km"], side, side, int(district[node[row["place"]]]), row["class_1980"], row["later_classes"]))
    factors = region.seasons_of_ways()[1]
    first, flat = _flat(gates)
    first_direct, flat_direct = _flat(direct)
    village_of = np.array([at.get(v, -1) if v else -1 for v in region.facilities["village"]])
    foot = _foot(region, factors)
    return VillageWays(
        np.array([w.km for w in listed], dtype=float), np.array([w.district for w in listed], dtype=np.int64), np.array([w.side for w in listed], dtype=np.int64),
        _classes(region, listed, factors), first, flat[:, 0].copy(), flat[:, 1:].copy(), first_direct, flat_direct[:, 0].copy(), flat_direct[:, 1:].copy(),
        facility_way, village_of, _straight(region, names, foot), _path_crossings(region, names), foot,
    )  # fmt: skip


def _flat(of_each: list[list[tuple[int, int, int]]]) -> tuple[np.ndarray, np.ndarray]:
    """Where the rows of each begin and end in one table, and that table, (rows, 3)."""
    first = np.concatenate([[0], np.cumsum([len(rows) for rows in of_each])]).astype(np.int64)
    return first, np.array([row for rows in of_each for row in rows], dtype=np.int64).reshape(-1, 3)


def _classes(region: Region, listed: list[_Listed], factors: list[dict[str, float]]) -> list[WayClasses]:
    speeds = [region.speeds(scope) | {NO_WAY: 0.0} for scope in (*SIDES, "cross")]
    vehicle, walked = (set(region.road_classes.loc[region.road_classes["mode"] == mode, "class"]) for mode in ("vehicle", "foot"))
    made = []
    for since in (0, *sorted({year for w in listed for year, _ in parse_steps(w.later)})):
        now = [class_in(w.first, w.later, since) for w in listed]
        speed = np.array([speeds[w.scope][name] for w, name in zip(listed, now, strict=True)], dtype=float)
        slowed = np.array([[f.get(name, 1.0) for name in now] for f in factors], dtype=float)
        is_road, is_walked = (np.array([name in those for name in now], dtype=bool) for those in (vehicle, walked))
        made.append(WayClasses(since, speed, is_road, is_walked, slowed))
    return made


def _foot(region: Region, factors: list[dict[str, float]]) -> np.ndarray:
    """Walking speed by season and scope; 0 in a region that has no class of ways for people on foot."""
    on_foot = region.road_classes.loc[region.road_classes["mode"] == "foot", "class"].tolist()
    if not on_foot:
        return np.zeros((MOST_SEASONS, 3))
    return np.array([[region.speeds(scope)[on_foot[0]] * f.get(on_foot[0], 1.0) for scope in (*SIDES, "cross")] for f in factors])


def _points(region: Region, names: list[str]) -> dict[str, tuple[float, float, bool]]:
    """Latitude, longitude, and whether they are a village's own; a place without villages has none of its own."""
    of_place = dict(zip(region.places["place"], zip(region.places["lat"], region.places["lon"], strict=True), strict=True))
    v = region.villages
    own = {
        name: (float(lat), float(lon), confidence != "none")
        for name, lat, lon, confidence in zip(v["village"], v["lat"], v["lon"], v["coord_confidence"], strict=True)
    }
    return {name: own[name] if name in own else (*of_place[name], False) for name in names}


def _straight(region: Region, names: list[str], foot: np.ndarray) -> np.ndarray:
    """Straight lines, for villages whose own point is known; a facility without a point lies at the seat of its place."""
    found = np.full((len(names), len(region.facilities)), -1.0)
    at_seat = region.places.set_index("place").loc[region.facilities["place"], ["lat", "lon"]].to_numpy(float)
    own = region.facilities[["lat", "lon"]].to_numpy(float)
    point = np.where(np.isnan(own), at_seat, own)
    for k, (lat, lon, is_own) in enumerate(_points(region, names).values()):
        if is_own and foot.any():
            found[k] = straight_km(lat, lon, point[:, 0], point[:, 1])
    return found


def _path_crossings(region: Region, names: list[str]) -> np.ndarray:
    """The unofficial path nearest to each village, by the points of crossings.csv."""
    numbers = np.flatnonzero(region.crossings["kind"] == "path")
    if not len(numbers):
        return np.full(len(names), -1)
    points = region.crossings[["lat", "lon"]].to_numpy(float)[numbers]
    found = [numbers[np.argmin(straight_km(lat, lon, points[:, 0], points[:, 1]))] for lat, lon, _ in _points(region, names).values()]
    return np.array(found)


@compiled
def fill_ways(
    km: Column, district: Column, side: Column, speed: Column, is_road: Column, slowed: Column, condition: Column, mean: Column, hours: Column
) -> None:  # fmt: skip
    """Hours of each way in a season, 1e6 where it is not there; arguments as in :class:`VillageWays` and :class:`WayClasses`, ``slowed`` (ways,).

    Roads in poor ``condition`` (districts,), or in the ``mean`` one of a side for what lies in no district, are slower.
    """
    for w in range(km.shape[0]):
        pace = speed[w] * slowed[w]
        if is_road[w]:
            pace *= 0.5 + 0.5 * (condition[district[w]] if district[w] >= 0 else mean[side[w]])
        hours[w] = km[w] / pace if pace > 0.0 else FAR


@compiled
def add_up(ways: Column, way_hours: Column, hours: Column) -> None:
    """Fill ``hours`` (rows,) along one way or two after each other, ``ways`` (rows, 2), -1 for none."""
    for r in range(hours.shape[0]):
        hours[r] = 0.0
        for k in range(2):
            if ways[r, k] >= 0:
                hours[r] += way_hours[ways[r, k]]


@compiled
def from_seats(
    place: Column, way: Column, village: Column, way_hours: Column, gate_first: Column, gate_node: Column, gate_hours: Column, hours: Column
) -> None:  # fmt: skip
    """Fill ``hours`` (facilities,) from the seat of a facility's place to it: along its own way, or the shortest of its village; 0 at the seat, 1e6 without a way."""
    for f in range(hours.shape[0]):
        hours[f] = way_hours[way[f]] if way[f] >= 0 else 0.0
        v = village[f]
        if v >= 0:
            hours[f] = 1.0e6
            for g in range(gate_first[v], gate_first[v + 1]):
                if gate_node[g] == place[v]:
                    hours[f] = min(hours[f], gate_hours[g])


class Net(NamedTuple):
    """What the shortest way from a village to a facility is found from, in a season; see :class:`VillageWays`."""

    #: By village: side, and the unofficial path nearest to it.
    side: np.ndarray
    path_crossing: np.ndarray
    facility_side: np.ndarray
    facility_village: np.ndarray
    gate_first: np.ndarray
    gate_node: np.ndarray
    gate_hours: np.ndarray
    direct_first: np.ndarray
    direct_facility: np.ndarray
    direct_hours: np.ndarray
    #: Whether ways to nodes and to facilities are walked, all of them.
    gate_walked: np.ndarray
    direct_walked: np.ndarray
    #: Straight lines [km], and hours on foot for a kilometre of them, in the season and usually, by scope.
    straight: np.ndarray
    walk: np.ndarray
    usual_walk: np.ndarray
    #: Longest walk [hour].
    day: float
    #: Hours from nodes to facilities, and the crossing used, (nodes, facilities).
    from_node: np.ndarray
    node_used: np.ndarray


@inlined
def on_foot(straight: float, is_here: bool, is_barred: bool, walk: float, usual_walk: float, day: float) -> float:
    """Hours on foot straight to a facility, 1e6 where nobody walks.

    straight [km]: the line, below 0 where it is not known
    is_here [1]: whether the facility is in the village
    is_barred [1]: whether it lies over a line with no unofficial path
    walk [hour]: for a kilometre of the line in the season
    usual_walk [hour]: the same usually
    day [hour]: longest usual walk
    returns [hour]
    """
    if is_here:
        return 0.0
    if straight < 0.0 or is_barred or straight * usual_walk > day:
        return 1.0e6
    return straight * walk


@compiled
def fill_hours(net: Net, hours: Column, used: Column) -> None:
    """Fill ``hours`` from each village to each facility (1e6: no way) and the crossing ``used`` (-1: none), both (villages, facilities).

    Of equal ways the first counts: on foot, by a place, a way that leads to the facility.
    """
    for v in range(hours.shape[0]):
        s, path = net.side[v], net.path_crossing[v]
        for f in range(hours.shape[1]):
            is_over = net.facility_side[f] != s
            scope = 2 if is_over else s
            hours[v, f] = on_foot(
                net.straight[v, f], net.facility_village[f] == v, is_over and path < 0, net.walk[scope], net.usual_walk[scope], net.day
            )  # fmt: skip
            used[v, f] = path if is_over and hours[v, f] < 1.0e6 else -1
        for g in range(net.gate_first[v], net.gate_first[v + 1]):
            q, to_node = net.gate_node[g], net.gate_hours[g]
            for f in range(hours.shape[1]):
                took = to_node + net.from_node[q, f]
                if took < hours[v, f]:
                    hours[v, f], used[v, f] = took, net.node_used[q, f]
        for e in range(net.direct_first[v], net.direct_first[v + 1]):
            f = net.direct_facility[e]
            is_over = net.facility_side[f] != s
            if net.direct_hours[e] < hours[v, f] and not (is_over and path < 0):
                hours[v, f], used[v, f] = net.direct_hours[e], (path if is_over else -1)


@compiled
def mark_walked(net: Net, facility_node: Column, chosen: Column, hours: Column, ridden: Column) -> None:
    """Fill ``ridden`` (villages,) with 0 where the shortest way to the ``chosen`` facility (-1: none) is walked, and 1 where a fare is paid on it.

    ``hours`` are those of :func:`fill_hours`, ``facility_node`` is by facility. A way is walked that leads on foot straight to the facility, along footpaths to it, or along
    footpaths to the seat of the place where it stands.
    """
    for v in range(chosen.shape[0]):
        f = chosen[v]
        ridden[v] = 1.0
        if f < 0:
            continue
        is_over = net.facility_side[f] != net.side[v]
        scope, is_barred = (2 if is_over else net.side[v]), is_over and net.path_crossing[v] < 0
        least = on_foot(net.straight[v, f], net.facility_village[f] == v, is_barred, net.walk[scope], net.usual_walk[scope], net.day)
        for g in range(net.gate_first[v], net.gate_first[v + 1]):
            if net.gate_walked[g] and net.gate_node[g] == facility_node[f]:
                least = min(least, net.gate_hours[g] + net.from_node[net.gate_node[g], f])
        for e in range(net.direct_first[v], net.direct_first[v + 1]):
            if net.direct_walked[e] and net.direct_facility[e] == f and not is_barred:
                least = min(least, net.direct_hours[e])
        if least <= hours[v, f]:
            ridden[v] = 0.0


def all_walked(ways: np.ndarray, is_walked: np.ndarray) -> np.ndarray:
    """Whether each row of one way or two after each other (-1: none), (rows, 2), is walked throughout; ``is_walked`` (ways,). A row without a way is."""
    return ((ways < 0) | np.append(is_walked, True)[ways]).all(axis=1)


@inlined
def shortest_way(v: int, f: int, net: Net) -> float:
    """Hours from one village to one facility as :func:`fill_hours` finds them."""
    is_over = net.facility_side[f] != net.side[v]
    scope, is_barred = (2 if is_over else net.side[v]), is_over and net.path_crossing[v] < 0
    best = on_foot(net.straight[v, f], net.facility_village[f] == v, is_barred, net.walk[scope], net.usual_walk[scope], net.day)
    for g in range(net.gate_first[v], net.gate_first[v + 1]):
        best = min(best, net.gate_hours[g] + net.from_node[net.gate_node[g], f])
    for e in range(net.direct_first[v], net.direct_first[v + 1]):
        if net.direct_facility[e] == f and not is_barred:
            best = min(best, net.direct_hours[e])
    return best


@compiled
def fill_chosen(net: Net, chosen: Column, local: float, first: int, hours: Column) -> None:
    """Fill ``hours`` of the season whose columns begin at ``first`` for the ``chosen`` facilities (villages, options), -1 for none: 0; ``local`` is added."""
    for v in range(chosen.shape[0]):
        for k in range(chosen.shape[1]):
            hours[v, first + k] = shortest_way(v, chosen[v, k], net) + local if chosen[v, k] >= 0 else 0.0


@compiled
def from_nodes(
    node: Column, side: Column, node_side: Column, from_seat: Column, home: Column, over: Column, over_used: Column, hours: Column, used: Column
) -> None:  # fmt: skip
    """Fill ``hours`` from nodes to facilities and the crossing ``used`` (-1: none), both (nodes, facilities), 1e6 and more where there is no way.

    ``node`` and ``side`` are those of facilities, ``from_seat`` (facilities,) hours from a facility's node to it; ``home`` (nodes, nodes), ``over`` and
    ``over_used`` (places, nodes) are the ways of places at home and across, and the crossings on these.
    """
    for q in range(hours.shape[0]):
        for f in range(hours.shape[1]):
            hours[q, f], used[q, f] = 1.0e6, -1
            if side[f] == node_side[q]:
                hours[q, f] = home[q, node[f]] + from_seat[f]
            elif q < over.shape[0]:
                hours[q, f], used[q, f] = over[q, node[f]] + from_seat[f], over_used[q, node[f]]


@compiled
def mark_reached(
    hours: Column, is_built: Column, kind: Column, facility_side: Column, side: Column, may_across: bool, is_across: bool, low: int, high: int, is_reached: Column
) -> None:  # fmt: skip
    """Fill ``is_reached`` (villages, facilities): open, of a kind from ``low`` to ``high``, on the side asked for, with a way."""
    for v in range(is_reached.shape[0]):
        for f in range(is_reached.shape[1]):
            is_over = facility_side[f] != side[v]
            is_reached[v, f] = (
                is_over == is_across and is_built[f] and low <= kind[f] <= high and hours[v, f] < 1.0e6 and (may_across or not is_over)
            )
