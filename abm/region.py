"""A region as data: the folder of tables that holds a border, its loader and its checks.

A region folder holds `region.toml` and the tables of `TABLES`. `Region.load` reads them, refuses anything that does not fit
with one sentence that names file, line, column and value, and returns a frozen `Region`. Adding a region needs no code.

A region may also hold `fitted.toml`: values of uncertain parameters that were fitted to its facts. They are no facts of the
border, so they are no part of `Region.hash`.
"""

from __future__ import annotations

import csv
import difflib
import functools
import hashlib
import io
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.errors import UserError, shorten

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

REGIONS = Path(__file__).parent / "data" / "regions"
SIDES = ("id", "my")
FIRST_YEAR = 1980
MODES = ("road", "river", "sea", "path")

# The column contract. A kind is a name of `_KINDS`, or `a|b|c` for a closed list; `?` at the end allows a blank cell.
TABLES: dict[str, dict[str, str]] = {
    "places.csv": {
        "place": "name",
        "side": "side",
        "kind": "border|service",
        "district": "name",
        "kecamatan": "text",
        "province": "text",
        "lat": "latitude",
        "lon": "longitude",
        "population": "not negative?",
        "population_year": "year?",
        "population_basis": "fact|assumption?",
        "group": "name",
        "coord_source": "text",
        "coord_confidence": "text",
        "population_source": "text",
        "hours_to_capital_basis": "text",
        "note": "text",
    },
    "districts.csv": {
        "district": "name",
        "side": "side",
        "province": "text",
        "population": "not negative",
        "population_1980_ratio": "positive",
        "hours_class": "near|middle|far",
        "centre": "place",
        "border_km": "not negative",
        "population_1980_basis": "fact|assumption",
        "note": "text",
    },
    "links.csv": {
        "from": "place",
        "to": "place",
        "mode": "|".join(MODES),
        "scope": "id|my|cross",
        "km": "positive",
        "km_basis": "measured|line",
        "class_1980": "name",
        "later_classes": "steps",
        "crossing": "text",
        "basis": "text",
        "note": "text",
    },
    "road_classes.csv": {
        "class": "name",
        "mode": "vehicle|foot|boat",
        "speed_id_kmh": "positive",
        "speed_my_kmh": "positive",
        "basis": "fact|assumption",
        "source": "text",
    },
    "crossings.csv": {
        "crossing": "name",
        "id_place": "place",
        "my_place": "place",
        "kind": "post|traditional|path",
        "opened": "month?",
        "officers_1980": "not negative",
        "officers_full": "not negative",
        "officers_basis": "fact|assumption",
        "lat": "latitude",
        "lon": "longitude",
        "note": "text",
    },
    "facilities.csv": {
        "facility": "name",
        "place": "place",
        "side": "side",
        "tier": "primary|hospital",
        "opened": "year",
        "opened_low": "year",
        "opened_high": "year",
        "quality_1980": "share",
        "basis": "fact|assumption",
        "reason": "text",
    },
    "annual.csv": {
        "year": "year",
        "gdp_pc_idn_usd": "positive",
        "gdp_pc_mys_usd": "positive",
        "idr_per_usd": "positive",
        "myr_per_usd": "positive",
        "myr_per_usd_fed": "positive",
        "inflation_idn_pct": "number",
        "inflation_mys_pct": "number",
        "pop_idn_m": "positive",
        "pop_mys_m": "positive",
        "rgdpe_pc_idn_ppp2017usd": "positive",
        "rgdpe_pc_mys_ppp2017usd": "positive",
    },
    "monthly.csv": {
        "year": "year",
        "month": "month of year",
        "idr_per_usd": "positive",
        "idr_basis": "measured|assumption",
        "myr_per_usd": "positive",
        "cpi_id": "positive",
        "cpi_my": "positive",
        "rubber_usd_kg": "positive",
        "rice_usd_kg": "positive",
        "palm_oil_usd_kg": "positive",
        "sugar_usd_kg": "positive",
        "log_usd_m3": "positive",
    },
    "real_income.csv": {"year": "year", "real_gdp_pc_id": "positive", "real_gdp_pc_my": "positive"},
    "wages.csv": {"year": "year", "plantation_my_myr_day": "positive", "basis": "fact|assumption", "source": "text"},
    "seasons.csv": {
        "month": "month of year",
        "rice": "not negative",
        "rubber": "not negative",
        "basis": "fact|assumption",
        "source": "text",
    },
    "goods.csv": {
        "good": "name",
        "label": "name",
        "unit": "name",
        "kind": "food|shop|cash_crop",
        "world_series": "name",
        "id_markup": "positive",
        "my_markup": "positive",
        "basket_share_id": "share",
        "basket_share_my": "share",
        "duty_id": "not negative",
        "duty_my": "not negative",
        "transport_share_per_hour": "not negative",
        "basis": "fact|assumption",
        "reason": "text",
        "source": "text",
    },
    "events.csv": {
        "month": "month",
        "name": "name",
        "side": "id|my|both?",
        "target": "name",
        "value": "number?",
        "label_en": "name",
        "source": "text",
        "claims": "text",
    },
    "fees.csv": {
        "side": "side",
        "tier": "primary|hospital",
        "patient": "citizen|foreigner",
        "from": "month",
        "fee": "not negative",
        "currency": "IDR|MYR",
        "basis": "fact|assumption",
        "source": "text",
    },
    "assumptions.csv": {
        "id": "name",
        "quantity": "name",
        "value": "name",
        "low": "text",
        "high": "text",
        "unit": "name",
        "reason": "name",
        "where": "name",
    },
    "facts.csv": {
        "id": "name",
        "quantity": "name",
        "value": "text",
        "unit": "text",
        "year": "text",
        "place": "text",
        "role": "input|target",
        "source_ids": "text",
    },
    "sources.csv": {"source_id": "name", "reference": "name", "stored_page_address": "text"},
}
# Tables whose first column (or columns) must not repeat.
KEYS: dict[str, tuple[str, ...]] = {
    "places.csv": ("place",),
    "districts.csv": ("district",),
    "links.csv": ("from", "to", "crossing"),
    "road_classes.csv": ("class",),
    "crossings.csv": ("crossing",),
    "facilities.csv": ("facility",),
    "annual.csv": ("year",),
    "monthly.csv": ("year", "month"),
    "real_income.csv": ("year",),
    "wages.csv": ("year",),
    "seasons.csv": ("month",),
    "goods.csv": ("good",),
    "events.csv": ("name",),
    "fees.csv": ("side", "tier", "patient", "from"),
    "assumptions.csv": ("id",),
    "facts.csv": ("id",),
    "sources.csv": ("source_id",),
}


# Tables that a region may leave at their header; every other one needs rows.
MAY_BE_EMPTY = ("events.csv", "assumptions.csv", "facts.csv", "sources.csv")

#: The file of fitted values, and what it must say.
FITTED = "fitted.toml"
FITTED_KEYS = ("posterior", "model_version", "parameters")

# Targets of events.csv besides crossing.NAME.open. Those of EVENT_VALUES act on the run, so their value is bounded; the others
# date what fees.csv, crossings.csv and the rules hold already, for the marks in figures.
EVENT_VALUES: dict[str, tuple[float, float]] = {"official.doctrine": (-1.0, 1.0), "farm.dry": (0.0, 1.0)}
EVENT_TARGETS = (
    *EVENT_VALUES,
    "rule.log_ban",
    "rule.import_stop",
    "rule.note",
    "committee.founded",
    "committee.layers",
    "budget.decentralised",
    "care.foreign_fee_level",
)

#: Prices and product are stated relative to this year, so the series must reach it.
BASE_YEAR = 2005

#: Yearly changes of [without_crisis] are shares in this range.
CRISIS_RATES = (-0.5, 1.0)

#: Keys of the section [without_crisis]: its months, and yearly changes by side.
WITHOUT_CRISIS = (
    "from",
    "to",
    "rate_id",
    "rate_my",
    "prices_id",
    "prices_my",
    "real_product_id",
    "real_product_my",
    "national_product_usd",
)

Lines = dict[str, list[int]]  # line numbers of a file's rows


class RegionError(UserError):
    """A region that cannot be used; the message says what was wrong, what was found and what to do."""


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


# ---- reading cells -----------------------------------------------------------------------------------------------------------


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _bounded(low: float, high: float, *, open_low: bool = False) -> Any:
    def read(text: str) -> float:
        value = _number(text)
        if value > high or value < low or (open_low and value == low):
            raise ValueError
        return value

    return read


def _whole(low: int, high: int) -> Any:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return read


def _name(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ValueError
    return text


def _steps(text: str) -> str:
    parse_steps(text)
    return text


# kind: (reader, what is allowed)
_KINDS: dict[str, tuple[Any, str]] = {
    "text": (str, "any text"),
    "name": (_name, "a text that is not blank"),
    "place": (_name, "a place of places.csv"),
    "number": (_number, "a number"),
    "not negative": (_bounded(0, math.inf), "a number of 0 or more"),
    "positive": (_bounded(0, math.inf, open_low=True), "a number above 0"),
    "share": (_bounded(0, 1), "a number from 0 to 1"),
    "latitude": (_bounded(-90, 90), "degrees from -90 to 90"),
    "longitude": (_bounded(-180, 180), "degrees from -180 to 180"),
    "year": (_whole(1900, 2100), "a year, for example 1989"),
    "month of year": (_whole(1, 12), "a month from 1 to 12"),
    "month": (_month, "a month as YYYY-MM, for example 1989-10"),
    "steps": (_steps, "classes from a year on in order of time, for example 1989:gravel;1991:paved, or a blank"),
}


def _reader(kind: str) -> tuple[Any, str, Any]:
    """The reader of a kind, what it allows, and what a blank stands for (None: a blank is not allowed)."""
    optional = kind.endswith("?")
    kind = kind.removesuffix("?")
    if kind == "side":
        kind = "|".join(SIDES)
    blank = None if not optional else "" if kind == "month" or "|" in kind else math.nan
    if "|" in kind:
        choices = kind.split("|")

        def choose(text: str) -> str:
            if text not in choices:
                raise ValueError
            return text

        return choose, "one of " + ", ".join(choices), blank
    read, allowed = _KINDS[kind]
    return read, allowed, blank


def parse_steps(text: str) -> list[tuple[int, str]]:
    """`1989:gravel;1991:paved` as [(1989, "gravel"), (1991, "paved")]."""
    steps = []
    for part in text.split(";") if text else []:
        match = re.fullmatch(r"(\d{4}):([a-z_]+)", part)
        if not match:
            raise ValueError(part)
        steps.append((int(match[1]), match[2]))
    if [year for year, _ in steps] != sorted({year for year, _ in steps}):
        raise ValueError(text)
    return steps


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


def near(word: str, known: Iterable[str]) -> str:
    """A clause that names the nearest known words, or all of them where none is near."""
    known = list(known)
    matches = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    if matches:
        return "did you mean " + " or ".join(matches) + "?"
    shown = ", ".join(known[:20])
    return f"known: {shown}" + (" …" if len(known) > 20 else "")


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
            tables[file], lines[file] = _read_table(file, data, contract)
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
            raise RegionError(f"Side {side!r} is unknown; {near(side, SIDES)}")
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
        raise RegionError(f"A region is named by a text or a path, found {name_or_path!r}; give one of {', '.join(regions())} or a folder.")
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
    try:
        return path.read_bytes()
    except OSError as error:
        raise RegionError(f"{path.name} of region folder {path.parent} cannot be read: {error.strerror}; check the file.") from None


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "region.toml"
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that may not be entered
        raise RegionError(f"Region folder {shorten(folder)} cannot be read: {error.strerror}; check its permissions.") from None
    if not is_there:
        raise RegionError(f"Region folder {folder}: the file region.toml is missing; add it or copy it from a shipped region.")
    try:
        meta = tomllib.loads(_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegionError(f"region.toml cannot be read: {error}; correct that line.") from None
    for key in ("id", "title", "sides", "data_end", "groups", "without_crisis"):
        if key not in meta:
            raise RegionError(f"region.toml lacks the key {key} (found: {', '.join(meta)}); add it.")
    for key in ("id", "title"):
        _check_text("region.toml", key, meta[key])
    for side in SIDES:
        section = meta["sides"].get(side) if isinstance(meta["sides"], dict) else None
        for key in ("name", "currency", "capital"):
            if not isinstance(section, dict) or key not in section:
                raise RegionError(f"region.toml: section [sides.{side}] lacks the key {key}; add it.")
            _check_text(f"region.toml, sides.{side}", key, section[key])
    if not (isinstance(meta["groups"], list) and meta["groups"] and all(isinstance(g, str) for g in meta["groups"])):
        raise RegionError(f"region.toml: groups is {meta['groups']!r}; give the list of main groups that places.csv may name.")
    if not isinstance(meta["data_end"], str) or not re.fullmatch(r"[0-9]{4}-12", meta["data_end"]):
        raise RegionError(
            f'region.toml: data_end is {meta["data_end"]!r}; give the December in which the series end, for example "2015-12".'
        )
    if int(meta["data_end"][:4]) < BASE_YEAR:
        raise RegionError(
            f"region.toml: data_end is {meta['data_end']}, but prices are stated relative to {BASE_YEAR}; "
            f"give series that end in {BASE_YEAR}-12 or later."
        )
    _check_without_crisis(meta["without_crisis"], meta["data_end"])
    _check_ways(meta.get("measured_ways", []))
    return meta


def fitted_of(name_or_path: str | Path) -> Fitted:
    """The fitted values of a region (a shipped name or a folder), without reading its tables."""
    return read_fitted(_find(name_or_path))


def read_fitted(folder: Path) -> Fitted:
    """The fitted values that a region folder holds; a folder need not hold any. RegionError where the file is wrong."""
    path = folder / FITTED
    if not path.is_file():
        return Fitted({}, None)
    try:
        said = tomllib.loads(_bytes(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RegionError(
            f"{FITTED} of region {folder.name} is not readable TOML: {shorten(error)}; write it again or remove it."
        ) from None
    for key in said:
        if key not in FITTED_KEYS:
            raise RegionError(f"{FITTED} of region {folder.name}: unknown key '{shorten(key)}'; {near(key, FITTED_KEYS)}")
    for key in FITTED_KEYS:
        if key not in said:
            raise RegionError(f"{FITTED} of region {folder.name} lacks the key {key} (found: {', '.join(said) or 'none'}); add it.")
    for key in ("posterior", "model_version"):
        _check_text(f"{FITTED} of region {folder.name}", key, said[key])
    from abm.parameters import ScenarioError, check_fitted, check_table, flat_table  # only here: they load every rule

    try:
        return Fitted(check_fitted(flat_table(check_table("parameters", said["parameters"]))), said["posterior"])
    except ScenarioError as error:
        raise RegionError(f"{FITTED} of region {folder.name}: {error}") from None


def _check_text(where: str, key: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise RegionError(f"{where}: {key} is {value!r}; give a text in quotes.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check_without_crisis(said: Any, data_end: str) -> None:
    """Its months lie within the data, after a first month to start from, and its changes are shares a year."""
    where = "region.toml, without_crisis"
    for key in WITHOUT_CRISIS:
        if not isinstance(said, dict) or key not in said:
            raise RegionError(f"region.toml: section [without_crisis] lacks the key {key}; give {', '.join(WITHOUT_CRISIS)}.")
    first = f"{FIRST_YEAR}-02"  # the changes start from the level of the month before
    for key in ("from", "to"):
        month = said[key]
        try:
            fits = first <= _month(month) <= data_end
        except (TypeError, ValueError):
            raise RegionError(f'{where}: {key} is {month!r}; give a month as YYYY-MM in quotes, for example "1997-07".') from None
        if not fits:
            raise RegionError(f"{where}: {key} is {month}; give a month from {first} to {data_end}.")
    if said["from"] > said["to"]:
        raise RegionError(f"{where}: from is {said['from']}, which lies after to, {said['to']}; put them in order.")
    low, high = CRISIS_RATES
    for key in WITHOUT_CRISIS[2:]:
        if not _is_number(said[key]) or not low <= said[key] <= high:
            raise RegionError(f"{where}: {key} is {said[key]!r}; give a yearly change as a number from {low:g} to {high:g}.")


def _check_ways(ways: Any) -> None:
    """The reported journeys: every key, and a value of its kind."""
    if not isinstance(ways, list) or not all(isinstance(way, dict) for way in ways):
        raise RegionError("region.toml: measured_ways is no list of sections; write each journey as a section [[measured_ways]].")
    for number, way in enumerate(ways, 1):
        if set(way) != set(Way._fields):
            raise RegionError(f"region.toml: a section [[measured_ways]] has the keys {', '.join(way)}; give {', '.join(Way._fields)}.")
        where = f"region.toml, measured_ways number {number}"
        for key in ("start", "end", "fact"):
            _check_text(where, key, way[key])
        if not isinstance(way["note"], str):
            raise RegionError(f"{where}: note is {way['note']!r}; give a text in quotes.")
        if not isinstance(way["year"], int) or isinstance(way["year"], bool):
            raise RegionError(f"{where}: year is {way['year']!r}; give a year, for example 2010.")
        for key in ("low", "high", "within"):
            if not _is_number(way[key]) or way[key] <= 0:
                raise RegionError(f"{where}: {key} is {way[key]!r}; give a number above 0.")


def _read_table(file: str, data: bytes, contract: dict[str, str]) -> tuple[pd.DataFrame, list[int]]:
    """The table, typed by its contract, and the line of the file on which each row ends."""
    import pandas as pd

    try:
        text = data.decode("utf-8-sig")  # a spreadsheet may add the mark
    except UnicodeDecodeError:
        raise RegionError(f"{file} is not UTF-8 text; save it as UTF-8.") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    for column in contract:
        if column not in header:
            raise RegionError(f"{file} lacks the column {column} (columns found: {', '.join(header) or 'none'}); {near(column, header)}")
    rows: list[list[str]] = []
    numbers: list[int] = []
    for row in reader:
        if not row:
            continue
        if len(row) != len(header):
            raise RegionError(
                f"{file}, line {reader.line_num}: {len(row)} cells found where the header has {len(header)}; check commas and quotes."
            )
        rows.append(row)
        numbers.append(reader.line_num)
    if not rows and file not in MAY_BE_EMPTY:
        raise RegionError(f"{file} holds no row below its header; give at least one, or copy the table from a shipped region.")
    columns: dict[str, list[Any]] = {}
    for at, column in enumerate(header):
        if column not in contract:
            columns[column] = _free_column([row[at].strip() for row in rows])
            continue
        read, allowed, blank = _reader(contract[column])
        cells: list[Any] = []
        for row, number in zip(rows, numbers, strict=True):
            cell = row[at].strip()
            if not cell and blank is not None:
                cells.append(blank)
                continue
            try:
                cells.append(read(cell))
            except ValueError:
                found = f"{cell!r}" if cell else "a blank"
                raise RegionError(f"{file}, line {number}, column {column}: found {found}, allowed is {allowed}.") from None
        columns[column] = cells
    seen: dict[tuple[str, ...], int] = {}
    for number, key in zip(numbers, zip(*(columns[c] for c in KEYS[file]), strict=True), strict=True):
        if key in seen:
            shown = ", ".join(str(k) for k in key if k != "")
            raise RegionError(
                f"{file}, line {number}: {' + '.join(KEYS[file])} {shown!r} is a duplicate of line {seen[key]}; keep one of them."
            )
        seen[key] = number
    return pd.DataFrame(columns), numbers


def _free_column(cells: list[str]) -> list[Any]:
    """A column outside the contract: numbers where every cell is one (a blank is not a number), else text."""
    try:
        return [_number(cell) if cell else math.nan for cell in cells] if any(cells) else list(cells)
    except ValueError:
        return list(cells)


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
                    raise _bad(file, line, column, f"the place {row[column]!r} is not in places.csv; {near(row[column], side_of)}")
    for way in region.measured_ways():
        for place in (way.start, way.end):
            if place not in side_of:
                raise RegionError(f"region.toml, measured_ways: the place {place!r} is not in places.csv; {near(place, side_of)}")
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
            problem = f"found {row['group']!r}, allowed are the groups of region.toml; {near(row['group'], region.groups)}"
            raise _bad("places.csv", line, "group", problem)
        if row["kind"] != "border":
            continue
        if not row["population"] > 0:
            raise _bad("places.csv", line, "population", f"the border place {row['place']!r} has no people; give a number above 0.")
        if row["district"] not in districts:
            raise _bad(
                "places.csv", line, "district", f"{row['district']!r} is not in districts.csv; {near(row['district'], sorted(districts))}"
            )
    for side in SIDES:
        own = region.places[region.places["side"] == side]
        if not (own["kind"] == "border").any():
            raise _bad("places.csv", None, "side", f"no border place on side {side} was found; a region needs border places on both sides.")
        capital = region.meta["sides"][side]["capital"]
        if capital not in set(own["place"]):
            raise RegionError(f"region.toml, sides.{side}: the capital {capital!r} is no place of that side; {near(capital, own['place'])}")


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
                raise _bad(file, line, column, f"the class {name!r} is not in road_classes.csv; {near(name, classes)}")
        sides = (side_of[a], side_of[b])
        if scope != "cross":
            if sides != (scope, scope):
                use = sides[0] if sides[0] == sides[1] else "cross"
                raise _bad(file, line, "scope", f"found {scope!r}, but {a} lies on side {sides[0]} and {b} on side {sides[1]}; use {use}.")
            if crossing:
                raise _bad(file, line, "crossing", f"found {crossing!r} on a way that stays on one side; leave it blank.")
            continue
        if sides != ("id", "my"):
            raise _bad(file, line, "scope", f"a way across goes from side id to side my, found {sides[0]} to {sides[1]}; correct it.")
        if crossing not in ends_of:
            raise _bad(file, line, "crossing", f"{crossing!r} is not in crossings.csv; {near(crossing, ends_of)}")
        if ends_of[crossing] != (a, b):
            joins = " and ".join(ends_of[crossing])
            raise _bad(file, line, "crossing", f"{crossing!r} joins {joins} in crossings.csv, not {a} and {b}; correct one of them.")
        if crossing in used:
            raise _bad(file, line, "crossing", f"{crossing!r} already has a way; give each crossing one way.")
        used.add(crossing)
    for line, row in _rows(region, lines, "crossings.csv"):
        if row["crossing"] not in used:
            raise _bad("crossings.csv", line, "crossing", f"{row['crossing']!r} has no way in links.csv; add a link with scope cross.")


def _check_crossings(region: Region, lines: Lines) -> None:
    for line, row in _rows(region, lines, "crossings.csv"):
        if row["opened"] and row["kind"] != "post":
            raise _bad(
                "crossings.csv", line, "opened", f"{row['crossing']!r} is of kind {row['kind']}, and only a post opens; leave it blank."
            )


def _check_sides(region: Region, lines: Lines, side_of: dict[str, str]) -> None:
    """The side written beside a place is the side of that place."""
    for file, column, name in (("districts.csv", "centre", "district"), ("facilities.csv", "place", "facility")):
        for line, row in _rows(region, lines, file):
            found = side_of[row[column]]
            if found != row["side"]:
                problem = f"{row[name]!r} is on side {row['side']}, but {row[column]} lies on side {found}; correct one of them."
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
            raise _bad("goods.csv", line, "good", f"{row['good']!r} is no good of the model; {near(row['good'], GOODS)}")
        name = row["world_series"]
        if name not in series:
            raise _bad("goods.csv", line, "world_series", f"{name!r} is no column of numbers of monthly.csv; {near(name, series)}")
        if not (region.monthly[name] > 0).all():  # a column of one's own may have blanks
            raise _bad("goods.csv", line, "world_series", f"{name!r} of monthly.csv is not above 0 in every month; fill its gaps.")
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
            raise _bad(file, line, "target", f"the crossing {name!r} is not in crossings.csv; {near(name, crossings)}")
        raise _bad(file, line, "target", f"{target!r} is no known target; {near(target, [*EVENT_TARGETS, *openings])}")
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
                    "places.csv", line, "place", f"the border place {place!r} has no road; add a link with scope {side} to links.csv."
                )
            if not centres & (nx.descendants(graph, place) | {place}):
                problem = f"the border place {place!r} reaches no primary facility of side {side} by {last} without crossing; "
                raise _bad("places.csv", line, "place", problem + "add a link to links.csv or a facility to facilities.csv.")
