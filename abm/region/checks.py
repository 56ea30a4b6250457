"""Do the tables of a region fit each other? What a column alone may hold is checked where the table is read.

A refusal (RegionError) names the file, the line and the column, what was found, and what is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from abm.errors import shorten
from abm.region.border import Border
from abm.region.contract import DATED, EVENT_TARGETS, EVENT_VALUES, FIRST_YEAR, JOB_SECTORS, PAY_SECTORS, SIDES, TABLES, parse_steps
from abm.region.refuse import Lines
from abm.region.refuse import bad as _bad
from abm.region.refuse import rows_of as _rows
from abm.region.table import RegionError
from abm.region.village_checks import check_villages
from agents.core.declare import near
from agents.surroundings import GOODS

#: Border places of a region: each tie keeps the pair of its places as a number of 16 bits.
MOST_BORDER_PLACES = 256


def check_tables(region: Border, lines: Lines) -> None:
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
    _check_people(region, lines)
    _check_dated(region, lines)
    _check_jobs(region)
    _check_goods_and_events(region, lines)
    _check_fees(region)
    _check_roads(region, lines)
    check_villages(region, lines, side_of)


def _check_places(region: Border, lines: Lines) -> None:
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
    count = int((region.places["kind"] == "border").sum())
    if count > MOST_BORDER_PLACES:
        raise _bad(
            "places.csv", None, "kind", f"found {count} border places, at most {MOST_BORDER_PLACES} can be simulated; join small ones."
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


def _check_links(region: Border, lines: Lines, side_of: dict[str, str]) -> None:
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


def _check_crossings(region: Border, lines: Lines) -> None:
    for line, row in _rows(region, lines, "crossings.csv"):
        if row["opened"] and row["kind"] != "post":
            raise _bad(
                "crossings.csv",
                line,
                "opened",
                f"{shorten(row['crossing'])!r} is of kind {row['kind']}, and only a post opens; leave it blank.",
            )


def _check_sides(region: Border, lines: Lines, side_of: dict[str, str]) -> None:
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


def _check_series(region: Border) -> None:
    last = int(region.meta["data_end"][:4])
    years = list(range(FIRST_YEAR, last + 1))
    for file in ("annual.csv", "real_income.csv"):
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


def _check_dated(region: Border, lines: Lines) -> None:
    """Each side, sector or place has rows in order of time; those from which the years between are taken reach over the whole data."""
    last = int(region.meta["data_end"][:4])
    wanted: dict[str, list[tuple[str, ...]]] = {
        "population.csv": [(place,) for place in region.border_places["place"]],
        "pay.csv": [(side, sector) for side in SIDES for sector in PAY_SECTORS],
        "employment.csv": [(side, sector) for side in SIDES for sector in JOB_SECTORS],
    }
    for file, (columns, whole) in DATED.items():
        years: dict[tuple[str, ...], list[int]] = {}
        for line, row in _rows(region, lines, file):
            of_what = years.setdefault(tuple(row[column] for column in columns), [])
            if of_what and row["year"] < of_what[-1]:
                raise _bad(file, line, "year", f"{row['year']} stands after {of_what[-1]}; put the years in order.")
            if not whole and not FIRST_YEAR <= row["year"] <= last:
                raise _bad(file, line, "year", f"found {row['year']}, but prices and product are known from {FIRST_YEAR} to {last} only.")
            of_what.append(row["year"])
        for what in wanted.get(file, [(side,) for side in SIDES]):
            given = years.get(what, [])
            if not given:
                raise _bad(file, None, columns[-1], f"there is no row for {shorten(', '.join(what))}; add one.")
            if whole and not given[0] <= FIRST_YEAR <= last <= given[-1]:
                problem = f"the rows of {shorten(', '.join(what))} reach from {given[0]} to {given[-1]}"
                raise _bad(file, None, "year", f"{problem}; give rows from {FIRST_YEAR} to {last}.")


def _check_people(region: Border, lines: Lines) -> None:
    """People live at border places only, and in the year of places.csv there are as many as it says."""
    kind = dict(zip(region.places["place"], region.places["kind"], strict=True))
    of_places = {
        (place, year): people
        for place, year, people in zip(*(region.places[c] for c in ("place", "population_year", "population")), strict=True)
        if not math.isnan(year)
    }
    for line, row in _rows(region, lines, "population.csv"):
        place, people = row["place"], row["people"]
        if kind[place] != "border":
            raise _bad("population.csv", line, "place", f"{shorten(place)!r} is no border place, and households live at those only.")
        if not people > 0:
            raise _bad("population.csv", line, "people", f"the border place {shorten(place)!r} has no people; give a number above 0.")
        said = of_places.get((place, row["year"]), people)
        if said != people:
            problem = f"{shorten(place)!r} has {people:g} people in {row['year']}, but {said:g} in places.csv; correct one of them."
            raise _bad("population.csv", line, "people", problem)


def _check_jobs(region: Border) -> None:
    """In no year are there more wage jobs than people in the labour force."""
    table = region.employment
    for side in SIDES:
        own = table[table["side"] == side]
        for year in sorted(set(own["year"])):
            held = 0.0
            for sector in JOB_SECTORS:
                rows = own[own["sector"] == sector]
                held += _between(rows["year"].tolist(), rows["share"].tolist(), year)
            if held > 1:
                problem = f"the shares of side {side} in {year} add up to {held:.3g}; they are parts of the labour force, at most 1 in all."
                raise _bad("employment.csv", None, "share", problem)


def _between(years: list[int], values: list[float], year: int) -> float:
    """The value of a year on straight lines between given years; before the first and after the last, that of the nearest."""
    for (before, low), (after, high) in pairwise(zip(years, values, strict=True)):
        if before <= year <= after:
            return low + (high - low) * (year - before) / (after - before)
    return values[0] if year < years[0] else values[-1]


def _check_goods_and_events(region: Border, lines: Lines) -> None:
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


def _check_fees(region: Border) -> None:
    """There is a fee from the first month on for every side, tier and patient."""
    start = f"{FIRST_YEAR}-01"
    first: dict[tuple[str, ...], str] = {}
    for *whose, month in zip(*(region.fees[column] for column in ("side", "tier", "patient", "from")), strict=True):
        first[tuple(whose)] = min(month, first.get(tuple(whose), month))
    for side in SIDES:
        for tier in ("primary", "hospital"):
            for patient in ("citizen", "foreigner"):
                if first.get((side, tier, patient), "9999-12") > start:
                    problem = f"there is no {tier} fee of a {patient} on side {side} in {start}; add a row that starts then."
                    raise _bad("fees.csv", None, "from", problem)


def _check_roads(region: Border, lines: Lines) -> None:
    """Every border place has a way of its own side, and reaches a health centre of its side by the end of the data."""
    last = int(region.meta["data_end"][:4])
    primary = region.facilities[(region.facilities["tier"] == "primary") & (region.facilities["opened"] <= last)]
    for side in SIDES:
        ways = region.links[region.links["scope"] == side]
        joined = parts(zip(ways["from"], ways["to"], strict=True))
        with_centre = {joined[place] for place in primary.loc[primary["side"] == side, "place"] if place in joined}
        for line, row in _rows(region, lines, "places.csv"):
            place = row["place"]
            if row["kind"] != "border" or row["side"] != side:
                continue
            if place not in joined:
                raise _bad(
                    "places.csv",
                    line,
                    "place",
                    f"the border place {shorten(place)!r} has no road; add a link with scope {side} to links.csv.",
                )
            if joined[place] not in with_centre:
                problem = f"the border place {shorten(place)!r} reaches no primary facility of side {side} by {last} without crossing; "
                raise _bad("places.csv", line, "place", problem + "add a link to links.csv or a facility to facilities.csv.")


def parts(ways: Iterable[tuple[str, str]]) -> dict[str, str]:
    """For each place with a way, one place that stands for all that can be reached from it over ways in either direction."""
    members: dict[str, list[str]] = {}
    part: dict[str, str] = {}
    for ends in ways:
        for place in ends:
            if place not in part:
                part[place], members[place] = place, [place]
        one, other = (part[place] for place in ends)
        if one != other:
            for place in members[other]:
                part[place] = one
            members[one] += members.pop(other)
    return part
