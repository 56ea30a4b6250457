"""The places and the ways between them: columns of places, crossings, facilities and districts, and travel hours.

Two graphs (see :mod:`abm.region`, which exports them to networkx): home travel uses home ways only; travel across is
home side + one crossing + other side. The compiled version here is what runs; a test holds it to networkx.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from abm.region import SIDES, Region, class_in, month_number
from agents.core.compiled import compiled
from agents.core.declare import FIELDS, judgement, parameter, parameters
from agents.surroundings import GOODS

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


def allocate(entity: str, n: int, without: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Arrays for every declared column of an entity, ``n`` rows, at their initial values."""
    made = {}
    for name, field in FIELDS[entity].items():
        if name not in without:
            made[name] = np.full((n,) if field.width == 1 else (n, field.width), field.initial, dtype=field.dtype)
    return made


@compiled
def shortest(hours):
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
def nearest_across(home, over, ends, crossings, side, best, used):
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


class World:
    """What the region's folder says, as arrays, and what the model's rules write into them."""

    def __init__(self, region: Region, n_months: int) -> None:
        self.region = region
        places, crossings, districts = region.places, region.crossings, region.districts
        border = region.border_places
        order = np.argsort([SIDES.index(s) for s in border["side"]], kind="stable")
        self.border = border.iloc[order].reset_index(drop=True)
        self.place_names: list[str] = list(self.border["place"])
        self.n_places = len(self.place_names)
        services = places.loc[places["kind"] == "service", "place"]
        self.node_names: list[str] = [*self.place_names, *services]
        self.node = {name: i for i, name in enumerate(self.node_names)}
        side_of = dict(zip(places["place"], places["side"], strict=True))
        self.node_side = np.array([SIDES.index(side_of[n]) for n in self.node_names])
        district_of = dict(zip(places["place"], places["district"], strict=True))
        self.district_names: list[str] = list(districts["district"])
        self.node_district = np.array(
            [self.district_names.index(district_of[n]) if district_of[n] in self.district_names else -1 for n in self.node_names]
        )
        self.population = self.border["population"].to_numpy(float)
        self.groups = [region.groups.index(g) for g in self.border["group"]]
        n = self.n_places
        self.place, self.trade_link = allocate("place", n), allocate("trade_link", n)
        self.crossing, self.facility = allocate("crossing", len(crossings)), allocate("facility", len(region.facilities))
        self.district = allocate("district", len(districts))
        self.policy = {"turn": np.zeros(2), "real_income": np.ones(2), "may_trade": np.ones(3), "may_cross": np.ones(2)}
        self.policy |= {k: np.ones(1) for k in ("enforced", "invests", "has_programme", "prices_move")}
        self.place["side"][:] = self.node_side[:n]
        self.place["district"][:] = self.node_district[:n]
        self.district["side"][:] = [SIDES.index(s) for s in districts["side"]]
        self.district["population"][:] = np.bincount(self.place["district"], self.population, len(districts))
        self.district["line_km"][:] = districts["border_km"]
        self.crossing_names: list[str] = list(crossings["crossing"])
        self.crossing["is_path"][:] = (crossings["kind"] == "path").astype(float)
        ends = [(self.node[a], self.node[b]) for a, b in zip(crossings["id_place"], crossings["my_place"], strict=True)]
        self.crossing_ends = np.array(ends)
        self.crossing["district_id"][:] = self.node_district[self.crossing_ends[:, 0]]
        self.crossing["district_my"][:] = self.node_district[self.crossing_ends[:, 1]]
        self.opened = np.array([month_number(m) if m else 10**6 for m in crossings["opened"].fillna("").astype(str)])
        self.is_post_kind = (crossings["kind"] == "post").to_numpy()
        f = region.facilities
        self.facility_node = np.array([self.node[p] for p in f["place"]])
        self.facility_side = np.array([SIDES.index(s) for s in f["side"]])
        self.facility["is_primary"][:] = (f["tier"] == "primary").astype(int)
        # a clinic is built for its place's people, one in a small or service place for a few thousand from around
        at_border = self.facility_node < n
        own = self.population[np.minimum(self.facility_node, n - 1)]
        self.facility["catchment"][:] = np.where(at_border, np.maximum(own, 4000.0), 30000.0)
        self.facility_opened = f["opened"].to_numpy(float)
        self.facility_latest = f["opened_high"].to_numpy(float)
        self.facility_earliest = f["opened_low"].to_numpy(float)
        self.facility_start = f["quality_1980"].to_numpy(float)
        goods = region.goods.set_index("good").loc[list(GOODS)]
        duty = np.stack([goods["duty_id"], goods["duty_my"]]).astype(float)
        side = self.place["side"]
        self.trade_link["duty_in"][:] = duty[side]
        self.trade_link["duty_out"][:] = duty[1 - side]
        self.trade_link["transport"][:] = goods["transport_share_per_hour"].to_numpy(float)
        self._read_links()
        self._road_year = -1

    def _read_links(self) -> None:
        links = self.region.links
        speeds = {scope: self.region.speeds(scope) for scope in (*SIDES, "cross")}
        classes = self.region.road_classes
        self.vehicle_classes = set(classes.loc[classes["mode"] == "vehicle", "class"])
        self._links = []
        for a, b, scope, km, first, later, crossing in zip(
            links["from"],
            links["to"],
            links["scope"],
            links["km"],
            links["class_1980"],
            links["later_classes"],
            links["crossing"],
            strict=True,
        ):
            self._links.append((self.node[a], self.node[b], scope, float(km), first, later, speeds[scope], crossing))

    def link_hours(self, year: int, condition: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hours between neighbouring places (places, places) and over each crossing, given road condition by district."""
        n = len(self.node_names)
        hours = np.full((n, n), FAR)
        np.fill_diagonal(hours, 0.0)
        over = np.full(len(self.crossing_names), FAR)
        mean = [float(condition[self.district["side"] == s].mean()) for s in (0, 1)]
        condition, node_district, node_side = condition.tolist(), self.node_district.tolist(), self.node_side.tolist()
        for a, b, scope, km, first, later, speeds, crossing in self._links:
            ends = [condition[d] if (d := node_district[e]) >= 0 else mean[node_side[e]] for e in (a, b)]
            way = class_in(first, later, year)
            # a district's road money keeps up roads; a footpath or a river stays what it is
            took = km / (speeds[way] * (0.5 + 0.25 * (ends[0] + ends[1]) if way in self.vehicle_classes else 1.0))
            if scope == "cross":
                at = self.crossing_names.index(crossing)
                over[at] = min(over[at], took)
            else:
                hours[a, b] = hours[b, a] = min(hours[a, b], took)
        return hours, over

    def travel(self, year: int, condition: np.ndarray) -> None:
        """Work out the year's hours: home (places, places), and over each crossing."""
        self.home_hours, self.over_hours = self.link_hours(year, condition)
        shortest(self.home_hours)

    def across(self, crossings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hours from every border place to every place of the other side by one of these crossings, and the crossing used (-1: none)."""
        best = np.full((self.n_places, len(self.node_names)), FAR)
        used = np.full(best.shape, -1)
        nearest_across(
            self.home_hours, self.over_hours, self.crossing_ends, np.asarray(crossings, dtype=np.int64), self.node_side, best, used
        )
        return best, used

    def set_quality(self, start: dict[str, np.ndarray]) -> None:
        """Quality of each facility: it makes up the way from its start to 1 as its district's stock does."""
        at, q0 = self.node_district[self.facility_node], self.facility_start
        for stock, is_tier in (("clinic", self.facility["is_primary"] != 0), ("hospital", self.facility["is_primary"] == 0)):
            then = start[stock]
            made_up = (self.district[stock] - then) / np.maximum(1.0 - then, 1e-9)
            mean = np.array([made_up[self.district["side"] == s].mean() for s in (0, 1)])
            progress = np.where(at >= 0, made_up[at], mean[self.facility_side])
            quality = np.minimum(np.maximum(q0 + (1.0 - q0) * progress, 0.05), 1.0)
            self.facility["quality"][is_tier] = quality[is_tier]

    def facility_open(self, year: float, delay: float, programme: bool) -> np.ndarray:
        """Which facilities stand in a year. The delay moves Indonesian primary clinics that were not there by 1979, within their bounds."""
        moved = np.clip(self.facility_opened + delay, self.facility_earliest, self.facility_latest)
        is_puskesmas = (self.facility["is_primary"] == 1) & (self.facility_side == 0) & (self.facility_node < self.n_places)
        opened = np.where(is_puskesmas, moved, self.facility_opened)
        standing = opened <= year
        if not programme:
            standing &= ~(is_puskesmas & (opened > 1979))
        return standing

    def settle_access(self, p: Any, care: Any, standing: np.ndarray, open_now: np.ndarray, may_care_across: bool) -> None:
        """Where each place's people can go for care, work and trade, and how long it takes.

        Of the facilities of a tier the one that suits best counts: quality weighed against hours as the rule of care weighs them.
        """
        n = self.n_places
        rows = np.arange(n)
        is_path = self.crossing["is_path"] > 0
        legal = np.flatnonzero(open_now & ~is_path)
        hours_any, used_any = self.across(np.flatnonzero(open_now | is_path))
        hours_legal, used_legal = self.across(legal)
        hours_path, used_path = self.across(np.flatnonzero(is_path))
        local = p.local_access
        elsewhere = self.facility_side[None, :] != self.place["side"][:, None]
        for k in range(4):
            primary, over = k % 2 == 0, k >= 2
            mine = standing & ((self.facility["is_primary"] == 1) == primary)
            per_hour, severity = (care.hour_primary, 1.0) if primary else (care.hour_hospital, care.severity_hospital)
            table = hours_any if over else self.home_hours[:n]
            hours = table[:, self.facility_node]
            ok = mine & (elsewhere if over else ~elsewhere) & (hours < FAR)
            value = np.where(ok, 0.6 * care.weight_quality * self.facility["quality"] * severity - per_hour * hours, -np.inf)
            best = value.argmax(axis=1)
            found = np.isfinite(value[rows, best]) & (may_care_across or not over)
            self.place["facility_care"][:, k] = np.where(found, best, -1)
            node = self.facility_node[best]
            self.place["hours_care"][:, k] = np.where(found, table[rows, node] + local, 0.0)
            self.place["quality_care"][:, k] = np.where(found, self.facility["quality"][best], 0.0)
            self.place["crossing_care"][:, k] = np.where(found & over, used_any[rows, node], -1)
        border_across = np.zeros((n, len(self.node_names)), bool)
        border_across[:, :n] = self.place["side"][:, None] != self.place["side"][None, :]
        any_across = self.place["side"][:, None] != self.node_side[None, :]
        nearest_legal = np.where(border_across, hours_legal, FAR).argmin(axis=1)
        nearest_path = np.where(border_across, hours_path, FAR).argmin(axis=1)
        nearest_any = np.where(any_across, hours_any, FAR).argmin(axis=1)
        self.place["hours_work"][:, 0] = 0.0
        self.place["hours_work"][:, 1] = local
        h2, h3 = hours_legal[rows, nearest_legal], hours_any[rows, nearest_any]
        self.place["hours_work"][:, 2] = np.where(h2 < FAR, h2 + local, FAR)
        self.place["hours_work"][:, 3] = np.where(h3 < FAR, h3 + local, FAR)
        self.place["crossing_work"][:, :2] = -1
        self.place["crossing_work"][:, 2] = np.where(h2 + local <= p.pass_hours, used_legal[rows, nearest_legal], -1)
        self.place["crossing_work"][:, 3] = np.where(h3 < FAR, used_any[rows, nearest_any], -1)
        for way, (table, used, to) in enumerate(((hours_legal, used_legal, nearest_legal), (hours_path, used_path, nearest_path))):
            found = table[rows, to] < FAR
            self.trade_link["partner"][:, way] = np.where(found, to, -1)
            self.trade_link["hours"][:, way] = np.where(found, table[rows, to] + local, 0.0)
            self.trade_link["crossing"][:, way] = np.where(found, used[rows, to], -1)
        centre = np.where(
            (self.node_side[None, :] == self.place["side"][:, None]) & (np.arange(len(self.node_names)) >= n)[None, :],
            self.home_hours[:n],
            FAR,
        )
        self.place["hours_centre"][:] = centre.min(axis=1)
        self.hours_between = np.where(any_across[:, :n], hours_any[:, :n], self.home_hours[:n, :n])
        self.place["road"][:] = self.district["road"][self.place["district"]]
