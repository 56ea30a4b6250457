"""A region as data: the folder of tables that holds a border, its loader and its checks.

A region folder holds `region.toml` and the tables of `TABLES`. `Region.load` reads them, refuses anything that does not fit
with one sentence that names file, line, column and value, and returns a frozen `Region`. Adding a region needs no code.

A region may also hold `fitted.toml`: values of uncertain parameters that were fitted to its facts. They are no facts of the
border, so they are no part of `Region.hash`.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.errors import shorten
from abm.reading import check, parse_toml, read_bytes
from abm.region_contract import EVENT_TARGETS, EVENT_VALUES, FIRST_YEAR, SIDES, TABLES, parse_steps
from abm.region_files import FittedFile, Meta, check_outline
from abm.region_table import RegionError, decode, read_table
from agents.core.declare import near

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

REGIONS = Path(__file__).parent / "data" / "regions"
#: The file of fitted values.
FITTED = "fitted.toml"
#: Bytes of the largest file of a region folder.
MOST_BYTES = 50_000_000
Lines = dict[str, list[int]]  # line numbers of a file's rows


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


class Fitted(NamedTuple):
    """Values fitted to a region's facts, by parameter, and the posterior they come from; empty and None where there are none."""

    fitted: Mapping[str, float]
    fitted_from: str | None


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


def regions() -> list[str]:
    """Names of the regions that ship."""
    return sorted(p.name for p in REGIONS.iterdir() if (p / "region.toml").is_file())


# ---- the region --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Region:
    """One border as tables (pandas), with its travel graphs."""

    id: str
    title: str
    folder: Path
    meta: dict[str, Any]
    places: pd.DataFrame
    districts: pd.DataFrame
    links: pd.DataFrame
    road_classes: pd.DataFrame
    crossings: pd.DataFrame
    facilities: pd.DataFrame
    annual: pd.DataFrame
    monthly: pd.DataFrame
    real_income: pd.DataFrame
    wages: pd.DataFrame
    seasons: pd.DataFrame
    goods: pd.DataFrame
    events: pd.DataFrame
    fees: pd.DataFrame
    assumptions: pd.DataFrame
    facts: pd.DataFrame
    sources: pd.DataFrame
    hash: str = field(default="")
    #: Values of uncertain parameters fitted to this region's facts, by name; empty where nothing was fitted.
    fitted: Mapping[str, float] = field(default_factory=dict)
    #: The posterior they were taken from.
    fitted_from: str | None = None

    @classmethod
    def load(cls, name_or_path: str | Path = "west-kalimantan-sarawak") -> Region:
        """Read and check a region: a shipped name, or the path of a folder."""
        folder = _find(name_or_path)
        meta = _read_meta(folder)
        digest = hashlib.sha256()
        digest.update(_bytes(folder / "region.toml"))
        tables: dict[str, pd.DataFrame] = {}
        lines: dict[str, list[int]] = {}
        for file, contract in TABLES.items():
            path = folder / file
            if not path.is_file():
                found = ", ".join(sorted(p.name for p in folder.glob("*.csv"))) or "no table at all"
                raise RegionError(
                    f"Region {folder.name}: the file {file} is missing ({found} found); add it or copy it from a shipped region."
                )
            data = _bytes(path)
            digest.update(file.encode() + b"\0" + data)
            tables[file], lines[file] = read_table(file, data, contract)
        fitted = read_fitted(folder)
        region = cls(
            id=meta["id"],
            title=meta["title"],
            folder=folder,
            meta=meta,
            hash=digest.hexdigest(),
            fitted=fitted.fitted,
            fitted_from=fitted.fitted_from,
            **{file.removesuffix(".csv"): table for file, table in tables.items()},
        )
        _check(region, lines)
        if region.map_path.exists():
            check_outline(decode("map.geojson", _bytes(region.map_path)))
        return region

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


# ---- loading -----------------------------------------------------------------------------------------------------------------


def _find(name_or_path: str | Path) -> Path:
    if not isinstance(name_or_path, str | Path):
        raise RegionError(
            f"A region is named by a text or a path, found {shorten(name_or_path)!r}; give one of {', '.join(regions())} or a folder."
        )
    path = Path(name_or_path)
    try:
        if isinstance(name_or_path, str) and len(path.parts) == 1 and (REGIONS / name_or_path / "region.toml").is_file():
            return REGIONS / name_or_path
        if path.is_dir():
            return path
    except (OSError, ValueError) as error:  # a name too long, a folder that may not be entered, a null character
        raise RegionError(
            f"Region {shorten(name_or_path)!r} cannot be looked up: {getattr(error, 'strerror', None) or error}; "
            f"give the path of a folder with region.toml, or a name ({', '.join(regions())})."
        ) from None
    if len(path.parts) > 1 or path.is_absolute():
        raise RegionError(
            f"Region folder {shorten(path)} was not found; give the path of a folder with region.toml, or a name ({', '.join(regions())})."
        )
    raise RegionError(f"Region {shorten(name_or_path)!r} is unknown; {near(str(name_or_path), regions())}")


def _bytes(path: Path) -> bytes:
    return read_bytes(path, f"{path.name} of region folder {shorten(path.parent.name)}", error=RegionError, most=MOST_BYTES)


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "region.toml"
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that may not be entered
        raise RegionError(f"Region folder {shorten(folder)} cannot be read: {error.strerror}; check its permissions.") from None
    if not is_there:
        raise RegionError(f"Region folder {folder}: the file region.toml is missing; add it or copy it from a shipped region.")
    meta = parse_toml(decode("region.toml", _bytes(path)), "region.toml", error=RegionError)
    check(Meta, meta, "region.toml", error=RegionError)
    return meta


def fitted_of(name_or_path: str | Path) -> Fitted:
    """The fitted values of a region (a shipped name or a folder), without reading its tables."""
    return read_fitted(_find(name_or_path))


def read_fitted(folder: Path) -> Fitted:
    """The fitted values that a region folder holds; a folder need not hold any. RegionError where the file is wrong."""
    path = folder / FITTED
    if not path.is_file():
        return Fitted({}, None)
    where = f"{FITTED} of region {shorten(folder.name)}"
    said = parse_toml(decode(where, _bytes(path)), where, error=RegionError)
    check(FittedFile, said, where, error=RegionError)
    from abm.parameters import ScenarioError, check_fitted, check_table, flat_table  # only here: they load every rule

    try:
        return Fitted(check_fitted(flat_table(check_table("parameters", said["parameters"]))), said["posterior"])
    except ScenarioError as error:
        raise RegionError(f"{where}: {error}") from None


def _bad(file: str, line: int | None, column: str, problem: str) -> RegionError:
    place = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
    return RegionError(f"{place}: {problem}")


def _rows(region: Region, lines: Lines, file: str) -> Iterator[tuple[int, Any]]:
    """Line number and row (a mapping of column to cell) of a table."""
    table = getattr(region, file.removesuffix(".csv"))
    return zip(lines[file], table.to_dict("records"), strict=True)


def _check(region: Region, lines: Lines) -> None:
    """What one table says of another."""
    side_of = dict(zip(region.places["place"], region.places["side"], strict=True))
    for file, contract in TABLES.items():
        for column in (c for c, kind in contract.items() if kind == "place"):
            for line, row in _rows(region, lines, file):
                if row[column] not in side_of:
                    raise _bad(file, line, column, f"the place {shorten(row[column])!r} is not in places.csv; {near(row[column], side_of)}")
    for way in region.measured_ways():
        for place in (way.start, way.end):
            if place not in side_of:
                raise RegionError(f"region.toml, measured_ways: the place {shorten(place)!r} is not in places.csv; {near(place, side_of)}")
    _check_places(region, lines)
    _check_links(region, lines, side_of)
    _check_crossings(region, lines)
    _check_sides(region, lines, side_of)
    _check_series(region)
    _check_goods_and_events(region, lines)
    _check_fees(region)
    _check_roads(region, lines)


def _check_places(region: Region, lines: Lines) -> None:
    districts = set(region.districts["district"])
    for line, row in _rows(region, lines, "places.csv"):
        if row["group"] not in region.groups:
            problem = f"found {shorten(row['group'])!r}, allowed are the groups of region.toml; {near(row['group'], region.groups)}"
            raise _bad("places.csv", line, "group", problem)
        if row["kind"] != "border":
            continue
        if not row["population"] > 0:
            raise _bad(
                "places.csv", line, "population", f"the border place {shorten(row['place'])!r} has no people; give a number above 0."
            )
        if row["district"] not in districts:
            raise _bad(
                "places.csv",
                line,
                "district",
                f"{shorten(row['district'])!r} is not in districts.csv; {near(row['district'], sorted(districts))}",
            )
    for side in SIDES:
        own = region.places[region.places["side"] == side]
        if not (own["kind"] == "border").any():
            raise _bad("places.csv", None, "side", f"no border place on side {side} was found; a region needs border places on both sides.")
        capital = region.meta["sides"][side]["capital"]
        if capital not in set(own["place"]):
            raise RegionError(
                f"region.toml, sides.{side}: the capital {shorten(capital)!r} is no place of that side; {near(capital, own['place'])}"
            )


def _check_links(region: Region, lines: Lines, side_of: dict[str, str]) -> None:
    file = "links.csv"
    classes = list(region.road_classes["class"])
    ends_of = {row["crossing"]: (row["id_place"], row["my_place"]) for row in region.crossings.to_dict("records")}
    used: set[str] = set()
    for line, row in _rows(region, lines, file):
        a, b, scope, crossing = row["from"], row["to"], row["scope"], row["crossing"]
        for column, name in (
            ("class_1980", row["class_1980"]),
            *(("later_classes", name) for _, name in parse_steps(row["later_classes"])),
        ):
            if name not in classes:
                raise _bad(file, line, column, f"the class {shorten(name)!r} is not in road_classes.csv; {near(name, classes)}")
        sides = (side_of[a], side_of[b])
        if scope != "cross":
            if sides != (scope, scope):
                use = sides[0] if sides[0] == sides[1] else "cross"
                raise _bad(
                    file, line, "scope", f"found {shorten(scope)!r}, but {a} lies on side {sides[0]} and {b} on side {sides[1]}; use {use}."
                )
            if crossing:
                raise _bad(file, line, "crossing", f"found {shorten(crossing)!r} on a way that stays on one side; leave it blank.")
            continue
        if sides != ("id", "my"):
            raise _bad(file, line, "scope", f"a way across goes from side id to side my, found {sides[0]} to {sides[1]}; correct it.")
        if crossing not in ends_of:
            raise _bad(file, line, "crossing", f"{shorten(crossing)!r} is not in crossings.csv; {near(crossing, ends_of)}")
        if ends_of[crossing] != (a, b):
            joins = " and ".join(ends_of[crossing])
            raise _bad(
                file, line, "crossing", f"{shorten(crossing)!r} joins {joins} in crossings.csv, not {a} and {b}; correct one of them."
            )
        if crossing in used:
            raise _bad(file, line, "crossing", f"{shorten(crossing)!r} already has a way; give each crossing one way.")
        used.add(crossing)
    for line, row in _rows(region, lines, "crossings.csv"):
        if row["crossing"] not in used:
            raise _bad(
                "crossings.csv", line, "crossing", f"{shorten(row['crossing'])!r} has no way in links.csv; add a link with scope cross."
            )


def _check_crossings(region: Region, lines: Lines) -> None:
    for line, row in _rows(region, lines, "crossings.csv"):
        if row["opened"] and row["kind"] != "post":
            raise _bad(
                "crossings.csv",
                line,
                "opened",
                f"{shorten(row['crossing'])!r} is of kind {row['kind']}, and only a post opens; leave it blank.",
            )


def _check_sides(region: Region, lines: Lines, side_of: dict[str, str]) -> None:
    """The side written beside a place is the side of that place."""
    for file, column, name in (("districts.csv", "centre", "district"), ("facilities.csv", "place", "facility")):
        for line, row in _rows(region, lines, file):
            found = side_of[row[column]]
            if found != row["side"]:
                problem = f"{shorten(row[name])!r} is on side {row['side']}, but {row[column]} lies on side {found}; correct one of them."
                raise _bad(file, line, "side", problem)
    for line, row in _rows(region, lines, "facilities.csv"):
        low, high = row["opened_low"], row["opened_high"]
        if not low <= row["opened"] <= high:
            raise _bad(
                "facilities.csv", line, "opened", f"{row['opened']} lies outside opened_low to opened_high ({low} to {high}); widen them."
            )


def _check_series(region: Region) -> None:
    last = int(region.meta["data_end"][:4])
    years = list(range(FIRST_YEAR, last + 1))
    for file in ("annual.csv", "real_income.csv", "wages.csv"):
        found = list(getattr(region, file.removesuffix(".csv"))["year"])
        if found != years:
            gaps = sorted(set(years) - set(found))
            problem = f"year {gaps[0]} is missing" if gaps else "the years are out of order or beyond the end"
            raise _bad(file, None, "year", f"{problem}; give each year from {FIRST_YEAR} to {last} once, in order.")
    months = [(year, month) for year in years for month in range(1, 13)]
    found_months = list(zip(region.monthly["year"], region.monthly["month"], strict=True))
    if found_months != months:
        gaps = sorted(set(months) - set(found_months))
        problem = f"month {gaps[0][0]}-{gaps[0][1]:02d} is missing" if gaps else "the months are out of order or beyond the end"
        raise _bad("monthly.csv", None, "month", f"{problem}; give each month from {FIRST_YEAR}-01 to {last}-12 once, in order.")


def _check_goods_and_events(region: Region, lines: Lines) -> None:
    from agents.surroundings import GOODS  # only here: the loader stays light to import

    series = [c for c in region.monthly.select_dtypes("number").columns if c not in ("year", "month")]
    for line, row in _rows(region, lines, "goods.csv"):
        if row["good"] not in GOODS:
            raise _bad("goods.csv", line, "good", f"{shorten(row['good'])!r} is no good of the model; {near(row['good'], GOODS)}")
        name = row["world_series"]
        if name not in series:
            raise _bad("goods.csv", line, "world_series", f"{shorten(name)!r} is no column of numbers of monthly.csv; {near(name, series)}")
        if not (region.monthly[name] > 0).all():  # a column of one's own may have blanks
            raise _bad("goods.csv", line, "world_series", f"{shorten(name)!r} of monthly.csv is not above 0 in every month; fill its gaps.")
    lacking = [good for good in GOODS if good not in set(region.goods["good"])]
    if lacking:
        raise _bad("goods.csv", None, "good", f"no row for {', '.join(lacking)}; give each of {', '.join(GOODS)} one row.")
    if list(region.seasons["month"]) != list(range(1, 13)):
        raise _bad("seasons.csv", None, "month", "give each calendar month from 1 to 12 once, in order.")
    for line, row in _rows(region, lines, "events.csv"):
        _check_event(line, row, list(region.crossings["crossing"]))


def _check_event(line: int, row: Any, crossings: list[str]) -> None:
    """An event has a known target, and where it acts on the run a size and a side to act on."""
    file, target = "events.csv", row["target"]
    openings = [f"crossing.{name}.open" for name in crossings]
    if target not in EVENT_TARGETS and target not in openings:
        name = target.removeprefix("crossing.").removesuffix(".open")
        if target == f"crossing.{name}.open":
            raise _bad(file, line, "target", f"the crossing {shorten(name)!r} is not in crossings.csv; {near(name, crossings)}")
        raise _bad(file, line, "target", f"{shorten(target)!r} is no known target; {near(target, [*EVENT_TARGETS, *openings])}")
    start = f"{FIRST_YEAR}-01"
    if row["month"] < start and target != "rule.note":
        raise _bad(file, line, "month", f"found {row['month']}, but a run starts in {start}; only a rule.note may lie before.")
    if target in EVENT_VALUES:
        low, high = EVENT_VALUES[target]
        if not low <= row["value"] <= high:  # a blank is not a number
            found = "a blank" if math.isnan(row["value"]) else f"{row['value']:g}"
            raise _bad(file, line, "value", f"found {found}, but {target} needs a number from {low:g} to {high:g}.")
        if not row["side"]:
            raise _bad(file, line, "side", f"found a blank, but {target} acts on a side; give one of id, my, both.")


def _check_fees(region: Region) -> None:
    """A fee stands from the first month on for every side, tier and patient."""
    start = f"{FIRST_YEAR}-01"
    first = region.fees.groupby(["side", "tier", "patient"])["from"].min().to_dict()
    for side in SIDES:
        for tier in ("primary", "hospital"):
            for patient in ("citizen", "foreigner"):
                if first.get((side, tier, patient), "9999-12") > start:
                    problem = f"no {tier} fee of a {patient} on side {side} stands in {start}; add a row that starts then."
                    raise _bad("fees.csv", None, "from", problem)


def _check_roads(region: Region, lines: Lines) -> None:
    """Every border place has a way of its own side, and reaches a health centre of its side by the end of the data."""
    import networkx as nx

    last = int(region.meta["data_end"][:4])
    primary = region.facilities[(region.facilities["tier"] == "primary") & (region.facilities["opened"] <= last)]
    for side in SIDES:
        graph = region.travel_graph(last, side)
        centres = set(primary.loc[primary["side"] == side, "place"])
        for line, row in _rows(region, lines, "places.csv"):
            place = row["place"]
            if row["kind"] != "border" or row["side"] != side:
                continue
            if graph.degree(place) == 0:
                raise _bad(
                    "places.csv",
                    line,
                    "place",
                    f"the border place {shorten(place)!r} has no road; add a link with scope {side} to links.csv.",
                )
            if not centres & (nx.descendants(graph, place) | {place}):
                problem = f"the border place {shorten(place)!r} reaches no primary facility of side {side} by {last} without crossing; "
                raise _bad("places.csv", line, "place", problem + "add a link to links.csv or a facility to facilities.csv.")
