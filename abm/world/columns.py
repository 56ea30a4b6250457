"""What are the places, crossings, facilities and districts of a region? Their columns as arrays, which the rules read and write.

Border places (communities with households) come first, side by side; service towns follow them as further nodes of the ways.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from abm.region import SIDES, Region, class_in, month_number
from abm.region.contract import parse_steps
from abm.world.facilities import pools, set_staff
from abm.world.people_path import read_path
from abm.world.villages import read_ways
from agents.core.compiled import PLAIN, compiled
from agents.core.declare import FIELDS, Column
from agents.surroundings import CENTRE, DISPENSARY, FACILITY_KINDS, GOODS, HOSPITAL

#: The entities of a world, each a table of columns that rules write.
ENTITIES = ("place", "village", "trade_link", "crossing", "facility", "district", "policy")


class Links(NamedTuple):
    """Ways between two neighbouring nodes, or over a crossing, as columns (links,)."""

    start: np.ndarray
    end: np.ndarray
    #: Length [km].
    km: np.ndarray
    #: The crossing that each leads over, -1 for a way that stays on one side.
    crossing: np.ndarray


class Classes(NamedTuple):
    """What class each link has, from a year on: its speed [km/hour], and whether vehicles use it, so that the state of its roads matters."""

    since: int
    speed: np.ndarray
    is_road: np.ndarray


def weighted_sums(place: np.ndarray, weight: np.ndarray, values: np.ndarray, n_places: int) -> np.ndarray:
    """Sums of ``weight`` times ``values`` by place, (n_places,), added in the order of rows; ``place`` (rows,) holds numbers below ``n_places``.

    ValueError for columns of several lengths.
    """
    if not len(place) == len(weight) == len(values):
        raise ValueError(f"place, weight and values have {len(place)}, {len(weight)} and {len(values)} rows: give columns of one length")
    if PLAIN:
        return np.bincount(place, weight * values, n_places)
    sums = np.zeros(n_places)
    _add_by_place(place, weight, np.ascontiguousarray(values, dtype=np.float64), sums)
    return sums


@compiled
def _add_by_place(place: Column, weight: Column, values: Column, sums: Column) -> None:
    for i in range(place.shape[0]):
        sums[place[i]] += weight[i] * values[i]


def allocate(entity: str, n: int) -> dict[str, np.ndarray]:
    """Arrays for every declared column of an entity, ``n`` rows, at their initial values."""
    made = {}
    for name, field in FIELDS[entity].items():
        made[name] = np.full((n,) if field.width == 1 else (n, field.width), field.initial, dtype=field.dtype)
    return made


def summed_in_places(place: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Shares of the villages of a place added up from its first one, of their sum, (villages,); the last of each place is 1.

    ``place`` and ``share`` are by village, those of one place side by side.
    """
    upto = np.empty(len(share))
    for q in np.unique(place):
        rows = np.flatnonzero(place == q)
        upto[rows] = np.cumsum(share[rows]) / share[rows].sum()
        upto[rows[-1]] = 1.0
    return upto


def number_of(name: str) -> int:
    """A number that belongs to a name, 0 to 2^62."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 2


class World:
    """What the region's folder says, as arrays, and what the model's rules write into them."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.policy = {"turn": np.zeros(2), "real_income": np.ones(2), "may_trade": np.ones(3), "may_cross": np.ones(2)}
        self.policy |= {k: np.ones(1) for k in ("enforced", "invests", "has_programme", "prices_move", "may_help")}
        self._read_places()
        self._read_villages()
        self._read_crossings()
        self._read_facilities()
        self._read_goods()
        self._read_links()
        #: Hours of the year's ways: between nodes of a side (nodes, nodes), over each crossing, between border places (places, places).
        self.home_hours, self.over_hours, self.hours_between = np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0))

    def copy(self) -> World:
        """A world with columns of its own; what the region's folder says, which no rule writes, is shared."""
        made = World.__new__(World)
        made.__dict__.update(self.__dict__)
        for entity in ENTITIES:
            setattr(made, entity, {name: values.copy() for name, values in getattr(self, entity).items()})
        return made

    def _read_places(self) -> None:
        region, places, districts = self.region, self.region.places, self.region.districts
        border = region.border_places
        order = np.argsort([SIDES.index(s) for s in border["side"]], kind="stable")
        self.border = border.iloc[order].reset_index(drop=True)
        self.place_names: list[str] = list(self.border["place"])
        self.n_places = n = len(self.place_names)
        services = places.loc[places["kind"] == "service", "place"]
        self.node_names: list[str] = [*self.place_names, *services]
        self.node = {name: i for i, name in enumerate(self.node_names)}
        side_of = dict(zip(places["place"], places["side"], strict=True))
        self.node_side = np.array([SIDES.index(side_of[name]) for name in self.node_names])
        district_of = dict(zip(places["place"], places["district"], strict=True))
        self.district_names: list[str] = list(districts["district"])
        self.node_district = np.array(
            [self.district_names.index(district_of[name]) if district_of[name] in self.district_names else -1 for name in self.node_names]
        )
        self.population = self.border["population"].to_numpy(float)
        self.people_path = read_path(region, self.place_names)
        self.groups = [region.groups.index(g) for g in self.border["group"]]
        self.place, self.trade_link, self.district = allocate("place", n), allocate("trade_link", n), allocate("district", len(districts))
        self.place["side"][:] = self.node_side[:n]
        self.place["district"][:] = self.node_district[:n]
        self.place["pay_level"][:] = districts["pay_level"].to_numpy(float)[self.place["district"]]
        self.district["side"][:] = [SIDES.index(s) for s in districts["side"]]
        self.district["population"][:] = np.bincount(self.place["district"], self.population, len(districts))
        self.district["line_km"][:] = districts["border_km"]

    def _read_villages(self) -> None:
        """Villages in the order of their places and of the table; a place without any is one village."""
        table = self.region.villages
        rows = [(q, name, line == "yes", share) for q, name, line, share in zip(
            (self.node[p] for p in table["place"]), table["village"], table["is_line"], table["share"], strict=True)]  # fmt: skip
        rows += [(q, name, False, 1.0) for q, name in enumerate(self.place_names) if q not in {row[0] for row in rows}]
        rows.sort(key=lambda row: row[0])
        self.village_names: list[str] = [row[1] for row in rows]
        self.village = allocate("village", len(rows))
        self.village["place"][:], self.village["is_line"][:] = [row[0] for row in rows], [row[2] for row in rows]
        self.village["share"][:] = [row[3] for row in rows]
        #: Ways of villages and facilities, see :mod:`abm.world.villages`.
        self.village_ways = read_ways(self.region, self.village_names, self.node, self.node_district)
        #: For draws: the people of the villages of a place up to each one, as a share, and the last village of each place.
        self.village_upto = summed_in_places(self.village["place"], self.village["share"])
        self.village_last = np.searchsorted(self.village["place"], np.arange(self.n_places), side="right") - 1

    def villages_of(self, place: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Villages of households of these places, by a draw or quantile each from 0 up to 1, in proportion to the villages' people; both (households,)."""
        found = np.searchsorted(self.village["place"] + self.village_upto, place + u, side="right")
        return np.minimum(found, self.village_last[place])

    def _read_crossings(self) -> None:
        crossings = self.region.crossings
        self.crossing = allocate("crossing", len(crossings))
        self.crossing_names: list[str] = list(crossings["crossing"])
        self.crossing["is_path"][:] = (crossings["kind"] == "path").astype(float)
        ends = [(self.node[a], self.node[b]) for a, b in zip(crossings["id_place"], crossings["my_place"], strict=True)]
        self.crossing_ends = np.array(ends)
        self.crossing["district_id"][:] = self.node_district[self.crossing_ends[:, 0]]
        self.crossing["district_my"][:] = self.node_district[self.crossing_ends[:, 1]]
        self.opened = np.array([month_number(m) if m else 10**6 for m in crossings["opened"].fillna("").astype(str)])
        self.is_post_kind = (crossings["kind"] == "post").to_numpy()

    def _read_facilities(self) -> None:
        f = self.region.facilities
        self.facility = allocate("facility", len(f))
        self.facility_node = np.array([self.node[p] for p in f["place"]])
        self.facility_side = np.array([SIDES.index(s) for s in f["side"]])
        self.facility["is_primary"][:] = (f["tier"] == "primary").astype(int)
        self.facility["side"][:] = self.facility_side
        usual = np.where(self.facility["is_primary"] == 1, CENTRE, HOSPITAL)
        self.facility["kind"][:] = [FACILITY_KINDS.index(kind) if kind else k for kind, k in zip(f["kind"], usual, strict=True)]
        village = self.village_ways.facility_village
        in_village, kind = (self.facility["kind"] == DISPENSARY) & (village >= 0), self.facility["kind"]
        shared = [
            np.count_nonzero((kind == k) & (self.facility_node == q) & ~in_village) for k, q in zip(kind, self.facility_node, strict=True)
        ]
        #: Part of a place's people for whom each facility is there, and the least people.
        self.catchment_part = np.where(in_village, self.village["share"][np.maximum(village, 0)], 1.0 / np.maximum(shared, 1))
        self.catchment_least = np.where(in_village, 500.0, 4000.0)
        self.facility["pool"][:] = pools(self.facility_node, self.facility["kind"])
        set_staff(self.facility, f)
        self.set_catchment(self.population)
        #: Years between which each opened; numbers that belong to their names, for draws.
        self.facility_latest = f["opened_high"].to_numpy(float)
        self.facility_earliest = f["opened_low"].to_numpy(float)
        self.facility_uid = np.array([number_of(name) for name in f["facility"]])
        names = list(f["facility"])
        #: The facility that takes the place of each when it opens, -1 for none.
        self.facility_after = np.array([names.index(after) if after else -1 for after in f["replaced_by"]])

    def set_catchment(self, people: np.ndarray) -> None:
        """A clinic is there for its place's ``people`` (places,), one in a small or service place for a few thousand from around.

        Several of a place share its people; a dispensary in a village is there for that village.
        """
        own = people[np.minimum(self.facility_node, self.n_places - 1)] * self.catchment_part
        self.facility["catchment"][:] = np.where(self.facility_node < self.n_places, np.maximum(own, self.catchment_least), 30000.0)

    def _read_goods(self) -> None:
        goods = self.region.goods.set_index("good").loc[list(GOODS)]
        duty = np.stack([goods["duty_id"], goods["duty_my"]]).astype(float)
        side = self.place["side"]
        self.trade_link["duty_in"][:] = duty[side]
        self.trade_link["duty_out"][:] = duty[1 - side]
        self.trade_link["transport"][:] = goods["transport_share_per_hour"].to_numpy(float)

    def _read_links(self) -> None:
        region, links = self.region, self.region.links
        crossings = [
            self.crossing_names.index(c) if scope == "cross" else -1 for c, scope in zip(links["crossing"], links["scope"], strict=True)
        ]
        self.links = Links(
            np.array([self.node[a] for a in links["from"]]), np.array([self.node[b] for b in links["to"]]), links["km"].to_numpy(float).copy(),
            np.array(crossings),
        )  # fmt: skip
        speeds = {scope: region.speeds(scope) for scope in (*SIDES, "cross")}
        classes = region.road_classes
        vehicle = set(classes.loc[classes["mode"] == "vehicle", "class"])
        named = list(zip(links["scope"], links["class_1980"], links["later_classes"], strict=True))
        changes = sorted({year for _, _, later in named for year, _ in parse_steps(later)})
        #: By the years in which a way gets another class, the earliest first.
        self.classes: list[Classes] = []
        for since in (0, *changes):
            now = [(scope, class_in(first, later, since)) for scope, first, later in named]
            self.classes.append(Classes(since, np.array([speeds[s][c] for s, c in now]), np.array([c in vehicle for _, c in now])))
