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
from abm.world.travel import FAR, hours_across
from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.household.seek_care import value_of_facility


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
    severity = 1 if is_primary else 3
    for place in range(hours.shape[0]):
        best[place] = -1
        most = -math.inf
        for f in range(hours.shape[1]):
            if is_reached[place, f]:
                value = value_of_facility(quality[f], severity, hours[place, f], 0.0, is_primary, is_across, 0.0, 0.0, 0.0, p)
                if value > most:
                    most = value
                    best[place] = f


def set_quality(world: World, start: dict[str, np.ndarray]) -> None:
    """Quality of each facility: it makes up the way from its start to 1 as its district's stock does.

    ``start`` holds the stocks ``clinic`` and ``hospital`` by district as they were in January 1980.
    """
    at, q0 = world.node_district[world.facility_node], world.facility_start
    for stock, is_tier in (("clinic", world.facility["is_primary"] != 0), ("hospital", world.facility["is_primary"] == 0)):
        then = start[stock]
        made_up = (world.district[stock] - then) / np.maximum(1.0 - then, 1e-9)
        mean = np.array([made_up[world.district["side"] == s].mean() for s in (0, 1)])
        progress = np.where(at >= 0, made_up[at], mean[world.facility_side])
        quality = np.minimum(np.maximum(q0 + (1.0 - q0) * progress, 0.05), 1.0)
        world.facility["quality"][is_tier] = quality[is_tier]


def facilities_in(world: World, year: float, delay: float, programme: bool) -> np.ndarray:
    """Which facilities are open in a year. The delay moves Indonesian primary clinics that were not there by 1979, within their bounds."""
    moved = np.clip(world.facility_opened + delay, world.facility_earliest, world.facility_latest)
    is_puskesmas = (world.facility["is_primary"] == 1) & (world.facility_side == 0) & (world.facility_node < world.n_places)
    opened = np.where(is_puskesmas, moved, world.facility_opened)
    is_built = opened <= year
    if not programme:
        is_built &= ~(is_puskesmas & (opened > 1979))
    return is_built


def settle_access(
    world: World,
    p: Any,
    care: Any,
    is_built: np.ndarray,
    open_now: np.ndarray,
    may_care_across: bool,
    choose: Callable[..., Any] = choose_facilities,
) -> None:
    """Where each place's people can go for care, work and trade, and how long it takes.

    ``p`` are the parameters of world.travel, ``care`` those of household.seek_care; ``is_built`` (facilities,) and ``open_now`` (crossings,) say
    which facilities are open and which crossings let people pass with papers; ``choose`` is :func:`choose_facilities`, or a copy of it with a user's own rule of care.
    """
    is_path = world.crossing["is_path"] > 0
    anyhow, legal, path = (Ways(*hours_across(world, np.flatnonzero(rows))) for rows in (open_now | is_path, open_now & ~is_path, is_path))
    _reach_care(world, p.local_access, care, is_built, may_care_across, anyhow, choose)
    _reach_work(world, p, anyhow, legal)
    _reach_markets(world, p.local_access, legal, path)
    any_across = world.place["side"][:, None] != world.node_side[None, : world.n_places]
    world.hours_between = np.where(any_across, anyhow.hours[:, : world.n_places], world.home_hours[: world.n_places, : world.n_places])
    world.place["road"][:] = world.district["road"][world.place["district"]]


def _reach_care(
    world: World, local: float, care: Any, is_built: np.ndarray, may_across: bool, anyhow: Ways, choose: Callable[..., Any]
) -> None:
    """The facility of each tier at home and across, where people may go there for care."""
    n, place, facility = world.n_places, world.place, world.facility
    at_home = Ways(world.home_hours[:n], np.full((n, len(world.node_names)), -1))
    is_elsewhere = world.facility_side[None, :] != place["side"][:, None]
    rows, best = np.arange(n), np.empty(n, dtype=np.int64)
    for k in range(4):
        is_primary, is_over = k % 2 == 0, k >= 2
        ways = anyhow if is_over else at_home
        hours = ways.hours[:, world.facility_node]
        is_reached = (is_built & ((facility["is_primary"] == 1) == is_primary)) & (is_elsewhere == is_over) & (hours < FAR)
        if is_over and not may_across:
            is_reached[:] = False
        choose(hours + local, is_reached, facility["quality"], is_primary, is_over, care, best)
        found, node = best >= 0, world.facility_node[best]
        place["facility_care"][:, k] = best
        place["hours_care"][:, k] = np.where(found, ways.hours[rows, node] + local, 0.0)
        place["quality_care"][:, k] = np.where(found, facility["quality"][best], 0.0)
        place["crossing_care"][:, k] = np.where(found, ways.used[rows, node], -1)


def _reach_work(world: World, p: Any, anyhow: Ways, legal: Ways) -> None:
    """Hours to each activity and the crossing on the way: day work with a pass in the nearest border place, other work in the nearest place."""
    n, place, local = world.n_places, world.place, p.local_access
    rows = np.arange(n)
    is_across = place["side"][:, None] != world.node_side[None, :]
    is_border = is_across & (np.arange(len(world.node_names)) < n)[None, :]
    by_pass = np.where(is_border, legal.hours, FAR).argmin(axis=1)
    without = np.where(is_across, anyhow.hours, FAR).argmin(axis=1)
    h2, h3 = legal.hours[rows, by_pass], anyhow.hours[rows, without]
    place["hours_work"][:, 0] = 0.0
    place["hours_work"][:, 1] = local
    place["hours_work"][:, 2] = np.where(h2 < FAR, h2 + local, FAR)
    place["hours_work"][:, 3] = np.where(h3 < FAR, h3 + local, FAR)
    place["crossing_work"][:, :2] = -1
    place["crossing_work"][:, 2] = np.where(h2 + local <= p.pass_hours, legal.used[rows, by_pass], -1)
    place["crossing_work"][:, 3] = np.where(h3 < FAR, anyhow.used[rows, without], -1)


def _reach_markets(world: World, local: float, legal: Ways, path: Ways) -> None:
    """The nearest border place across by the legal way and by path, and the nearest service town at home."""
    n = world.n_places
    rows, is_service = np.arange(n), np.arange(len(world.node_names)) >= n
    is_across = world.place["side"][:, None] != world.node_side[None, :]
    for way, (hours, used) in enumerate((legal, path)):
        to = np.where(is_across & ~is_service[None, :], hours, FAR).argmin(axis=1)
        found = hours[rows, to] < FAR
        world.trade_link["partner"][:, way] = np.where(found, to, -1)
        world.trade_link["hours"][:, way] = np.where(found, hours[rows, to] + local, 0.0)
        world.trade_link["crossing"][:, way] = np.where(found, used[rows, to], -1)
    world.place["hours_centre"][:] = np.where(~is_across & is_service[None, :], world.home_hours[:n], FAR).min(axis=1)
