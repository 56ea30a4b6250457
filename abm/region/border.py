"""What does a region say of its border? Tables, and the graphs of its ways, made from them by networkx.

Two graphs: home travel uses ways of one side only; travel across is home side, one crossing, other side. The model's own compiled
version of both is :mod:`abm.world.travel`; a test compares the two.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.errors import shorten
from abm.region.contract import FIRST_YEAR, MOST_SEASONS, SIDES, parse_steps
from abm.region.table import RegionError
from agents.core.declare import near

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


class Way(NamedTuple):
    """A journey whose hours were reported, to check the graph; `within` is the factor the graph is allowed to be off."""

    start: str
    end: str
    year: int
    low: float
    high: float
    within: float
    fact: str
    note: str


def month_number(month: str) -> int:
    """Months since January 1980 of a text such as 1989-10."""
    return (int(month[:4]) - FIRST_YEAR) * 12 + int(month[5:7]) - 1


@functools.cache
def _steps_read(later: str) -> tuple[tuple[int, str], ...]:
    """The steps of a text, read once: every year of every run asks for them again."""
    return tuple(parse_steps(later))


def class_in(first: str, later: str, year: int) -> str:
    """The class of a way in a year: the last step whose year has come."""
    current = first
    for start, name in _steps_read(later):
        if year >= start:
            current = name
    return current


@dataclass(frozen=True, eq=False)
class Border:
    """The tables of a border (pandas), and its travel graphs."""

    id: str
    title: str
    folder: Path
    meta: dict[str, Any]
    places: pd.DataFrame
    districts: pd.DataFrame
    population: pd.DataFrame
    rates: pd.DataFrame
    links: pd.DataFrame
    road_classes: pd.DataFrame
    crossings: pd.DataFrame
    villages: pd.DataFrame
    village_ways: pd.DataFrame
    way_seasons: pd.DataFrame
    facilities: pd.DataFrame
    annual: pd.DataFrame
    monthly: pd.DataFrame
    real_income: pd.DataFrame
    pay: pd.DataFrame
    employment: pd.DataFrame
    estates: pd.DataFrame
    logs: pd.DataFrame
    labour: pd.DataFrame
    seasons: pd.DataFrame
    goods: pd.DataFrame
    events: pd.DataFrame
    fees: pd.DataFrame
    assumptions: pd.DataFrame
    facts: pd.DataFrame
    sources: pd.DataFrame

    @property
    def border_places(self) -> pd.DataFrame:
        """The places where households live."""
        return self.places[self.places["kind"] == "border"].reset_index(drop=True)

    @property
    def groups(self) -> tuple[str, ...]:
        """The main groups that places may name; a group's code is its position."""
        return tuple(self.meta["groups"])

    @property
    def map_path(self) -> Path:
        """Outline of land, borders and rivers (GeoJSON); a region may lack it."""
        return self.folder / "map.geojson"

    def speeds(self, side: str) -> dict[str, float]:
        """Speed of each class of way on a side, km/h; a way across the line takes the slower of both."""
        table = self.road_classes
        if side == "cross":
            return {c: min(a, b) for c, a, b in zip(table["class"], table["speed_id_kmh"], table["speed_my_kmh"], strict=True)}
        return dict(zip(table["class"], table[f"speed_{side}_kmh"], strict=True))

    def seasons_of_ways(self) -> tuple[list[int], list[dict[str, float]]]:
        """Season of each calendar month, 0 the usual one, and by season the factors on the speed of classes of ways that are not 1.

        Months with the same factors are one season; there are as many seasons as there may be, some without a month.
        """
        of_month: list[dict[str, float]] = [{} for _ in range(12)]
        for name, month, factor in zip(*(self.way_seasons[c] for c in ("class", "month", "factor")), strict=True):
            if factor != 1.0:
                of_month[month - 1][name] = float(factor)
        kinds: list[dict[str, float]] = [{}]
        kinds += [factors for k, factors in enumerate(of_month) if factors and factors not in of_month[:k]]
        return [kinds.index(factors) for factors in of_month], kinds + [{} for _ in range(MOST_SEASONS - len(kinds))]

    def link_hours(self, year: int, condition: float = 1.0) -> list[float]:
        """Hours over each row of `links` in a year; a poor condition (0) halves the speed of the class."""
        speeds = {scope: self.speeds(scope) for scope in (*SIDES, "cross")}
        factor = 0.5 + 0.5 * condition
        links = self.links
        return [
            km / (speeds[scope][class_in(first, later, year)] * factor)
            for km, scope, first, later in zip(links["km"], links["scope"], links["class_1980"], links["later_classes"], strict=True)
        ]

    def travel_graph(self, year: int, side: str, condition: float = 1.0) -> nx.Graph:
        """The home graph of one side: every place of the side, and only the ways that stay on it, with `hours`."""
        import networkx as nx

        if side not in SIDES:
            raise RegionError(f"Side {shorten(side)!r} is unknown; {near(side, SIDES)}")
        graph = nx.Graph(side=side, year=year)
        graph.add_nodes_from(self.places.loc[self.places["side"] == side, "place"])
        links = self.links
        for a, b, scope, km, hours in zip(
            links["from"], links["to"], links["scope"], links["km"], self.link_hours(year, condition), strict=True
        ):
            if scope == side and (not graph.has_edge(a, b) or hours < graph[a][b]["hours"]):
                graph.add_edge(a, b, hours=hours, km=km)
        return graph

    def home_hours(self, year: int, side: str, condition: float = 1.0) -> dict[str, dict[str, float]]:
        """Hours between the places of a side over its home graph; pairs without a way are absent."""
        import networkx as nx

        return {a: dict(b) for a, b in nx.all_pairs_dijkstra_path_length(self.travel_graph(year, side, condition), weight="hours")}

    def across_hours(self, year: int, condition: float = 1.0, kinds: Iterable[str] = ("post", "traditional", "path")) -> pd.DataFrame:
        """Hours from each border place to each place of the other side: home side, one crossing, other side.

        Columns: from, to, hours, crossing (the one used). Ties go to the crossing listed first.
        """
        import pandas as pd

        kinds = set(kinds)
        home = {side: self.home_hours(year, side, condition) for side in SIDES}
        kind_of = dict(zip(self.crossings["crossing"], self.crossings["kind"], strict=True))
        links = self.links
        gates = [
            (crossing, {"id": a, "my": b}, hours)
            for a, b, scope, crossing, hours in zip(
                links["from"], links["to"], links["scope"], links["crossing"], self.link_hours(year, condition), strict=True
            )
            if scope == "cross" and kind_of[crossing] in kinds
        ]
        rows = []
        for start, side, kind in zip(self.places["place"], self.places["side"], self.places["kind"], strict=True):
            if kind != "border":
                continue
            other = "my" if side == "id" else "id"
            for end in self.places.loc[self.places["side"] == other, "place"]:
                best, used = math.inf, ""
                for crossing, ends, hours in gates:
                    total = home[side][start].get(ends[side], math.inf) + hours + home[other][ends[other]].get(end, math.inf)
                    if total < best:
                        best, used = total, crossing
                rows.append((start, end, best, used))
        return pd.DataFrame(rows, columns=["from", "to", "hours", "crossing"])

    def measured_ways(self) -> list[Way]:
        """Reported journeys of `region.toml`, to set beside the graph."""
        return [Way(**way) for way in self.meta.get("measured_ways", [])]

    def compare_ways(self) -> pd.DataFrame:
        """Each reported journey beside the hours of the graph; `factor` is how far outside the report the graph lies."""
        import pandas as pd

        side_of = dict(zip(self.places["place"], self.places["side"], strict=True))
        rows = []
        for way in self.measured_ways():
            side = side_of[way.start]
            if side == side_of[way.end]:
                hours = self.home_hours(way.year, side)[way.start].get(way.end, math.inf)
            else:
                across = self.across_hours(way.year)
                hours = float(across.loc[(across["from"] == way.start) & (across["to"] == way.end), "hours"].iloc[0])
            factor = max(1.0, hours / way.high, way.low / hours)
            rows.append(
                (way.start, way.end, way.year, way.low, way.high, round(hours, 2), round(factor, 2), way.within, way.fact, way.note)
            )
        return pd.DataFrame(rows, columns=["start", "end", "year", "low", "high", "graph_hours", "factor", "within", "fact", "note"])
