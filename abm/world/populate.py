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
from abm.world.composition import members
from abm.world.kinship import draw
from agents.core.declare import Source, judgement, parameter, parameters
from agents.core.draws import origin_uid, origin_uids, stream
from agents.core.exact import exps
from agents.core.frame import AgentFrame
from agents.core.normal import normal_quantiles

SCHOOLING = stream("populate.schooling")
SHIFT = stream("populate.shift")
TRADER = stream("populate.trader")
TRADES = stream("populate.trades")
OFFICIAL = stream("populate.official")
FIRST_JOB = stream("populate.first_job")
LEAST = 12
SHARE_ID = (
    "536 people of Entikong and Sekayam asked for a border shopping card in a month of 2016 (TRD19), of some 12,500 households there (their 41,000 people "
    "of 2009, grown since, 4 in a household): 4 %; 1 % where two cards serve one trader and half of the cards are for a household's own shopping; "
    "10 % where more than half go by one of about 100 paths (TRD20) and ask for none. No survey share was found (HH10)"
)
SHARE_MY = (
    "three traders of ten at Serikin are not from West Kalimantan (TRD11), so 0.43 for each Indonesian one, among 1.3 times as many households as there "
    "(census of the districts): a third of that side's 4 %; a market held in Sarawak shows too many of its own side's traders, and buyers of rubber and rice have no stalls: 0.1 to 1.2 times that side's"
)


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
        "Spread of earnings among equals, in logarithms", unit="log", default=0.55, low=0.3, high=0.7,
        source=judgement("sd of log pay of a person 0.5-0.7 after schooling; a quarter of its variance passes or is measured wrongly, and two workers of a household are alike by 0.3: 0.35-0.5 of a household"),
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
    share_trading_id: float = parameter(
        "Households that trade across, Indonesian side", unit="share", default=0.04, low=0.01, high=0.1,
        source=Source(SHARE_ID, "derived"),
    )  # fmt: skip
    share_trading_my: float = parameter(
        "Households that trade across, Malaysian side", unit="share", default=0.013, low=0.004, high=0.05,
        source=Source(SHARE_MY, "derived"),
    )  # fmt: skip
    trader_load_spread: float = parameter(
        "Spread of traders' loads, in logarithms", unit="log", default=0.8, low=0.5, high=1.0,
        source=judgement("a porter's load lies one sd below the middle, a small boat or van of up to a ton three above"),
    )  # fmt: skip
    doctrine_spread: float = parameter(
        "Spread of officials' own doctrine around their side's", unit="index", default=0.1, low=0.0, high=0.25,
        source=judgement("orders leave some discretion"),
    )  # fmt: skip
    trader_load_id: float = parameter(
        "Goods that a middling trader of the Indonesian side can carry at a time", unit="kg", default=60.0, low=30.0, high=150.0,
        source=judgement("between a porter's 20 to 40 kg and a motorcycle's 100 to 150; at the prices of 2005 60 kg cost US$25 to 45, about a month's product per head"),
    )  # fmt: skip
    trader_load_my: float = parameter(
        "Goods that a middling trader of the Malaysian side can carry at a time", unit="kg", default=100.0, low=40.0, high=300.0,
        source=judgement("a motorcycle's 100 to 150 kg; more of them have a van, fewer carry on foot"),
    )  # fmt: skip
    births_before_id: float = parameter(
        "Births per woman in the years before 1980, Indonesian side", unit="1", default=6.2, low=5.5, high=6.8,
        source=judgement("6.3 in 1971, 5.5 in 1980 (HH17, recalled)"),
    )  # fmt: skip
    births_before_my: float = parameter(
        "Births per woman in the years before 1980, Malaysian side", unit="1", default=6.1, low=5.0, high=6.8,
        source=judgement("40 to 47 % of the people of border districts were under 15 in 1980 (HH21)"),
    )  # fmt: skip
    infant_deaths_before_id: float = parameter(
        "Infant deaths per 1,000 births in the years before 1980, Indonesian side", unit="1", default=130.0, low=110.0, high=150.0,
        source=judgement("144 in 1971, 119 in 1980 (HH18, recalled)"),
    )  # fmt: skip
    infant_deaths_before_my: float = parameter(
        "Infant deaths per 1,000 births in the years before 1980, Malaysian side", unit="1", default=50.0, low=30.0, high=80.0,
        source=judgement("registered deaths were few and incomplete inland (HH20, recalled)"),
    )  # fmt: skip
    with_partner: float = parameter(
        "Heads below 65 who live with a partner in January 1980", unit="share", default=0.88, low=0.75, high=0.95,
        source=judgement("widowed, divorced and men working away are the rest"),
    )  # fmt: skip
    with_parent: float = parameter(
        "Heads below 55 with an old parent in the house in January 1980", unit="share", default=0.2, low=0.05, high=0.3,
        source=judgement("3 to 4 % of the people of border districts were 65 and over in 1980 (HH22)"),
    )  # fmt: skip
    grown_stay: float = parameter(
        "Grown children of 18 and over who stay in the parents' house from one year to the next, before 1980", unit="share", default=0.84,
        low=0.75, high=0.92, source=judgement("as household.live.leave_18 to leave_25 let them leave"),
    )  # fmt: skip
    honest: float = parameter(
        "Mean chance that an officer takes no money",
        unit="probability",
        default=0.5,
        low=0.1,
        high=0.9,
        source=judgement("no local figure"),
    )


_GOLDEN = 0.6180339887498949  # for the village
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


def household_columns(
    seed: int, world: World, place: int, numbers: np.ndarray, p: Any, share_working: np.ndarray, one_stays: float
) -> dict[str, np.ndarray]:  # fmt: skip
    """Columns of the households with these numbers in one community, all but weight and ties.

    ``share_working`` of the people of 15 to 64 of each side are in the labour force, ``one_stays`` of the houses keep a child.
    """
    columns, side = _columns_of_place(seed, world, place, numbers, p), int(world.place["side"][place])
    return columns | members(seed, columns["uid"], side, p, share_working[side], one_stays)


def _columns_of_place(seed: int, world: World, place: int, numbers: np.ndarray, p: Any) -> dict[str, np.ndarray]:
    """The same without the members."""
    side = int(world.place["side"][place])
    uid = origin_uids(seed, 1, place, last=numbers)
    u = draw(seed, SCHOOLING, uid)[:, 0]
    shift = draw(seed, SHIFT, np.array([place]), 3)[0]
    quantile = [(shift[j] + (numbers + 1) * step) % 1.0 for j, step in enumerate((*_PHI, _GOLDEN))]
    z_land, z_ability = (normal_quantiles(np.clip(q, 1e-6, 1 - 1e-6)) for q in quantile[:2])
    mean = (p.schooling_id, p.schooling_my)[side]
    schooling = np.clip(mean + p.schooling_spread * normal_quantiles(u), 0.0, 15.0)
    land = (p.land_median_id, p.land_median_my)[side] * exps(p.land_spread * z_land)
    ability = exps(p.ability_spread * z_ability - 0.5 * p.ability_spread * p.ability_spread)
    count, at = len(numbers), np.full(len(numbers), place)
    return {
        "uid": uid, "place": at, "village": world.villages_of(at, quantile[2]), "side": np.full(count, side), "group": np.full(count, world.groups[place]),
        "schooling": schooling, "land": np.maximum(land, 0.1), "ability": ability,
    }  # fmt: skip


def make_households(
    seed: int, world: World, households: int, p: Any, share_working: np.ndarray, one_stays: float, people: np.ndarray | None = None
) -> AgentFrame:
    """The households of the start, with weights that add up to ``people`` of each community (places,); of the region's table when left out.

    ``share_working`` (sides,) and ``one_stays`` are those of :func:`household_columns`.
    How many are drawn of a community depends on the region's table alone, so that a run of another year's people has the same households.
    """
    wanted = world.population if people is None else people
    sizes = sample_sizes(world.population, world.place["side"], households)
    parts = [_columns_of_place(seed, world, place, np.arange(size), p) for place, size in enumerate(sizes)]
    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    sides = [
        members(seed, merged["uid"][merged["side"] == side], side, p, share_working[side], one_stays) for side in (0, 1)
    ]  # places of a side lie together
    merged |= {name: np.concatenate([of_side[name] for of_side in sides]) for name in sides[0]}
    persons = np.bincount(merged["place"], merged["n_adults"].astype(np.int64) + merged["n_children"], len(sizes))
    merged["weight"] = (wanted / np.maximum(persons, 1.0))[merged["place"]]
    return AgentFrame("household", merged)


def trader_columns(seed: int, owner: np.ndarray, side: np.ndarray, p: Any) -> dict[str, np.ndarray]:
    """``uid``, load, cards and skill of the traders of these households, (traders,) each, by the household's uid ``owner`` and ``side``."""
    uid = origin_uids(seed, 2, last=owner)
    u = draw(seed, TRADER, uid, 3)
    load = np.where(side == 0, p.trader_load_id, p.trader_load_my) * exps(p.trader_load_spread * normal_quantiles(u[:, 0]))
    return {"uid": uid, "load": load, "cards": 1 + np.floor(5 * u[:, 1] * u[:, 1]), "skill": 0.9 * u[:, 2]}


def trades(seed: int, uid: np.ndarray, side: np.ndarray, p: Any) -> np.ndarray:
    """Whether each household has a trader, by its own draw and its side's share, (households,)."""
    return draw(seed, TRADES, uid)[:, 0] < np.where(side == 0, p.share_trading_id, p.share_trading_my)


def make_traders(seed: int, world: World, households: AgentFrame, p: Any) -> AgentFrame:
    """A trader for the part of households that trade, by the household's own draw."""
    place = households["place"].astype(np.int64)
    rows = np.flatnonzero(trades(seed, households["uid"], households["side"], p))
    owner = households["uid"][rows]
    of_household = {"place": place[rows], "side": households["side"][rows], "weight": households["weight"][rows]}
    frame = AgentFrame("trader", made := of_household | trader_columns(seed, owner, households["side"][rows], p))
    uid = made["uid"]
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
