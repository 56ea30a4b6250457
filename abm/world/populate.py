"""Make the households, traders and officials of the start.

Households are a sample: half on each side, by population within a side, at least twelve in each community; each represents
as many real households as its community has people for. Everything about a household follows from its origin
(community and number there), so a larger sample holds the smaller one. Land and ability come from low-discrepancy
sequences, which spreads a small sample evenly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from abm.world.columns import World
from abm.world.kinship import draw
from agents.core.declare import judgement, parameter, parameters
from agents.core.draws import origin_uid, origin_uids, stream
from agents.core.exact import exps
from agents.core.frame import AgentFrame
from agents.core.normal import normal_quantiles
from agents.household.fields import MAX_ADULTS

COMPOSITION = stream("populate.composition")
SHIFT = stream("populate.shift")
TRADER = stream("populate.trader")
TRADES = stream("populate.trades")
OFFICIAL = stream("populate.official")
FIRST_JOB = stream("populate.first_job")
LEAST = 12


@parameters("world.populate")
class Parameters(NamedTuple):
    """What households and officials are like at the start."""

    land_median_id: float = parameter(
        "Median land, Indonesian side",
        unit="ha",
        default=2.0,
        low=1.0,
        high=4.0,
        source=judgement("upland rice rotation and a rubber garden"),
    )
    land_median_my: float = parameter(
        "Median land, Malaysian side", unit="ha", default=2.0, low=1.0, high=4.0, source=judgement("pepper and rubber smallholdings")
    )
    land_spread: float = parameter(
        "Spread of land, in logarithms", unit="log", default=0.8, low=0.5, high=1.1, source=judgement("trial Gini was too low with less")
    )
    ability_spread: float = parameter(
        "Spread of earnings among equals, in logarithms", unit="log", default=0.55, low=0.4, high=0.7,
        source=judgement("sd of log pay 0.5-0.7 after schooling"),
    )  # fmt: skip
    schooling_id: float = parameter(
        "Mean schooling of adults, Indonesian side",
        unit="year",
        default=4.0,
        low=2.5,
        high=6.0,
        source=judgement("paper lines 1508-1522: low"),
    )
    schooling_my: float = parameter(
        "Mean schooling of adults, Malaysian side",
        unit="year",
        default=6.0,
        low=4.5,
        high=8.0,
        source=judgement("rural Sarawak, census years"),
    )
    schooling_spread: float = parameter(
        "Spread of schooling on a side", unit="year", default=3.0, low=2.0, high=4.0, source=judgement("from none to secondary school")
    )
    share_trading: float = parameter(
        "Households that trade across", unit="share", default=0.1, low=0.03, high=0.2,
        source=judgement("no survey share found (HH10)"),
    )  # fmt: skip
    trader_capital_spread: float = parameter(
        "Spread of traders' capital, in logarithms",
        unit="log",
        default=0.6,
        low=0.3,
        high=1.0,
        source=judgement("petty and larger traders"),
    )
    doctrine_spread: float = parameter(
        "Spread of officials' own doctrine around their side's", unit="index", default=0.1, low=0.0, high=0.25,
        source=judgement("orders leave some discretion"),
    )  # fmt: skip
    trader_capital_id: float = parameter(
        "Goods that a middling trader of the Indonesian side can pay for at a time", unit="months of product", default=0.4, low=0.15, high=3.0,
        source=judgement("a motorcycle load; gives trade of the order of the US$3 million recorded at Entikong in 2005 (TRADE1)"),
    )  # fmt: skip
    trader_capital_my: float = parameter(
        "Goods that a middling trader of the Malaysian side can pay for at a time", unit="months of product", default=0.08, low=0.03, high=1.0,
        source=judgement("about the same load in money: pay there is five times higher"),
    )  # fmt: skip
    honest: float = parameter(
        "Mean chance that an officer takes no money",
        unit="probability",
        default=0.5,
        low=0.1,
        high=0.9,
        source=judgement("no local figure"),
    )


_PHI = (0.7548776662466927, 0.5698402909980532)  # the R2 sequence: powers of the plastic number (Roberts 2018)


def sample_sizes(population: np.ndarray, side: np.ndarray, households: int) -> np.ndarray:
    """Households in each community: half on each side, by population, no fewer than twelve where the sample allows."""
    sizes = np.zeros(len(population), dtype=np.int64)
    for s in (0, 1):
        rows = np.flatnonzero(side == s)
        share = households // 2 + (households % 2 if s == 0 else 0)
        least = min(LEAST, max(share // len(rows), 1))
        free = max(share - least * len(rows), 0)
        exact = population[rows] / population[rows].sum() * free
        base = np.floor(exact).astype(np.int64)
        rest = free - base.sum()
        order = np.argsort(-(exact - base), kind="stable")
        base[order[:rest]] += 1
        sizes[rows] = base + least
    return sizes


def household_columns(seed: int, world: World, place: int, numbers: np.ndarray, p: Any) -> dict[str, np.ndarray]:
    """Columns of the households with these numbers in one community, all but weight and ties."""
    side = int(world.place["side"][place])
    uid = origin_uids(seed, 1, place, last=numbers)
    u = draw(seed, COMPOSITION, uid, 4)
    shift = draw(seed, SHIFT, np.array([place]), 2)[0]
    quantile = [(shift[j] + (numbers + 1) * _PHI[j]) % 1.0 for j in (0, 1)]
    z_land, z_ability = (normal_quantiles(np.clip(q, 1e-6, 1 - 1e-6)) for q in quantile)
    n_adults = np.searchsorted(np.array([0.06, 0.52, 0.80, 0.93, 0.98]), u[:, 0], side="right") + 1
    n_children = np.searchsorted(np.array([0.14, 0.35, 0.65, 0.85, 0.95]), u[:, 1], side="right")
    mean = (p.schooling_id, p.schooling_my)[side]
    schooling = np.clip(mean + p.schooling_spread * normal_quantiles(u[:, 2]), 0.0, 15.0)
    land = (p.land_median_id, p.land_median_my)[side] * exps(p.land_spread * z_land)
    ability = exps(p.ability_spread * z_ability - 0.5 * p.ability_spread * p.ability_spread)
    count = len(numbers)
    return {
        "uid": uid, "place": np.full(count, place), "side": np.full(count, side), "group": np.full(count, world.groups[place]),
        "n_adults": n_adults, "n_workers": n_adults, "n_children": n_children, "schooling": schooling, "land": np.maximum(land, 0.1), "ability": ability,
        "activity": np.where(np.arange(MAX_ADULTS)[None, :] < n_adults[:, None], 0, -1).astype(np.int8),
    }  # fmt: skip


def make_households(seed: int, world: World, households: int, p: Any) -> AgentFrame:
    """The households of the start, with weights that add up to each community's people."""
    sizes = sample_sizes(world.population, world.place["side"], households)
    parts = []
    for place, size in enumerate(sizes):
        columns = household_columns(seed, world, place, np.arange(size), p)
        people = (columns["n_adults"] + columns["n_children"]).sum()
        columns["weight"] = np.full(size, world.population[place] / people)
        parts.append(columns)
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return AgentFrame("household", merged)


def make_traders(seed: int, world: World, households: AgentFrame, p: Any) -> AgentFrame:
    """A trader for the part of households that trade, by the household's own draw."""
    place = households["place"].astype(np.int64)
    rows = np.flatnonzero(draw(seed, TRADES, households["uid"])[:, 0] < p.share_trading)
    owner = households["uid"][rows]
    uid = origin_uids(seed, 2, last=owner)
    u = draw(seed, TRADER, uid, 3)
    frame = AgentFrame(
        "trader",
        {
            "uid": uid, "place": place[rows], "side": households["side"][rows], "weight": households["weight"][rows],
            "capital": np.where(households["side"][rows] == 0, p.trader_capital_id, p.trader_capital_my) * exps(p.trader_capital_spread * normal_quantiles(u[:, 0])), "cards": 1 + np.floor(5 * u[:, 1] * u[:, 1]), "skill": 0.9 * u[:, 2],
        },
    )  # fmt: skip
    frame["household"][:] = rows[np.argsort(uid)][np.searchsorted(np.sort(uid), frame["uid"])]
    households["trader"][:] = -1
    households["trader"][frame["household"]] = np.arange(len(frame))
    return frame


def make_officials(seed: int, world: World, p: Any) -> AgentFrame:
    """Two officers on each side of every crossing that has any; a patrol leader, a planner and a health officer in each district."""
    rows: list[tuple[int, int, int, int, int, int]] = []
    for c, path in enumerate(world.crossing["is_path"]):
        for side in (0, 1):
            if path == 0:
                end = int(world.crossing_ends[c][side])
                rows += [(end, side, 0, c, int(world.place["district"][end]), k) for k in range(2)]
    for d, side in enumerate(world.district["side"]):
        place = int(np.flatnonzero(world.place["district"] == d)[0])
        rows += [(place, int(side), kind, -1, d, 0) for kind in (1, 2, 3)]
    table = np.array(rows)
    uid = np.array([origin_uid(seed, 3, *map(int, (r[3], r[1], r[2], r[4], r[5]))) for r in rows], dtype=np.int64)
    u = draw(seed, OFFICIAL, uid, 2)
    return AgentFrame(
        "official",
        {
            "uid": uid, "place": table[:, 0], "side": table[:, 1], "kind": table[:, 2], "crossing": table[:, 3], "district": table[:, 4],
            "deviation": p.doctrine_spread * normal_quantiles(u[:, 0]), "honesty": np.clip(p.honest + 0.4 * (u[:, 1] - 0.5), 0.0, 1.0),
        },
    )  # fmt: skip
