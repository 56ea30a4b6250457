"""Do villages, their ways and the facilities in them fit the other tables? Refusals are those of :mod:`abm.region.checks`."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.errors import shorten
from abm.region.border import Border
from abm.region.contract import MOST_SEASONS, NO_WAY, parse_steps
from abm.region.refuse import Lines, bad, rows_of
from agents.core.declare import near

#: Villages of a region: a household keeps its village as a number of 16 bits.
MOST_VILLAGES = 30_000
#: The shares of a place's villages add up to 1 within this.
SHARES_OFF = 1e-4


def check_villages(region: Border, lines: Lines, side_of: dict[str, str]) -> None:
    """What the tables of villages say of each other and of places and facilities; ``side_of`` is the side of each place."""
    kind = dict(zip(region.places["place"], region.places["kind"], strict=True))
    place_of: dict[str, str] = dict(zip(region.villages["village"], region.villages["place"], strict=True))
    if len(place_of) > MOST_VILLAGES:
        raise bad("villages.csv", None, "", f"found {len(place_of)} villages, at most {MOST_VILLAGES} can be simulated; join small ones.")
    shares: dict[str, float] = {}
    for line, row in rows_of(region, lines, "villages.csv"):
        place, parent = row["place"], row["parent"]
        if kind[place] != "border":
            raise bad("villages.csv", line, "place", f"{shorten(place)!r} is no border place, and households live at those only.")
        if parent and place_of.get(parent) != place:
            known = [v for v, of in place_of.items() if of == place]
            raise bad("villages.csv", line, "parent", f"{shorten(parent)!r} is no village of {shorten(place)!r}; {near(parent, known)}")
        shares[place] = shares.get(place, 0.0) + row["share"]
    for place, total in shares.items():
        if abs(total - 1.0) > SHARES_OFF:
            raise bad(
                "villages.csv",
                None,
                "share",
                f"the shares of the villages of {shorten(place)!r} add up to {total:.6g}; they must add up to 1.",
            )
    _check_ways(region, lines, side_of, place_of)
    _check_facilities(region, lines, place_of)
    _check_seasons(region, lines)


def _check_class(region: Border, file: str, line: int, row: Any, allowed: tuple[str, ...] = ()) -> None:
    """The classes of a way are those of road_classes.csv, or are ``allowed`` besides."""
    classes = [*region.road_classes["class"], *allowed]
    for column, name in (("class_1980", row["class_1980"]), *(("later_classes", name) for _, name in parse_steps(row["later_classes"]))):
        if name not in classes:
            raise bad(file, line, column, f"the class {shorten(name)!r} is not in road_classes.csv; {near(name, classes)}")


def _check_ways(region: Border, lines: Lines, side_of: dict[str, str], place_of: dict[str, str]) -> None:
    """Ways lead to what there is; every village reaches its own place, by a way or by that of a village to which it has a way."""
    file, targets = "village_ways.csv", {"place": set(side_of), "village": set(place_of), "facility": set(region.facilities["facility"])}
    to_place: dict[str, set[str]] = {v: set() for v in place_of}
    to_village: dict[str, set[str]] = {v: set() for v in place_of}
    for line, row in rows_of(region, lines, file):
        village, to, kind = row["village"], row["to"], row["to_kind"]
        if village not in place_of:
            raise bad(file, line, "village", f"{shorten(village)!r} is not in villages.csv; {near(village, place_of)}")
        if to not in targets[kind]:
            raise bad(file, line, "to", f"{shorten(to)!r} is no {kind} of this region; {near(to, sorted(targets[kind]))}")
        _check_class(region, file, line, row, (NO_WAY,))
        if kind != "facility":
            side = side_of[to] if kind == "place" else side_of[place_of[to]]
            if side != side_of[place_of[village]]:
                raise bad(file, line, "to", f"{shorten(to)!r} lies across the line; only a way to a facility may lead there.")
        if kind == "place" and row["class_1980"] != NO_WAY:
            to_place[village].add(to)
        elif kind == "village":
            to_village[village].add(to)
    for line, row in rows_of(region, lines, "villages.csv"):
        village = row["village"]
        if not (to_place[village] or any(to_place[other] for other in to_village[village])):
            raise bad(
                "villages.csv", line, "village", f"{shorten(village)!r} has no way to a place from 1980 on; add one to village_ways.csv."
            )


def _check_facilities(region: Border, lines: Lines, place_of: dict[str, str]) -> None:
    """A facility is of the kind of its tier, stands in a village of its place, and is replaced by another of its side."""
    file, side_of = "facilities.csv", dict(zip(region.facilities["facility"], region.facilities["side"], strict=True))
    for line, row in rows_of(region, lines, file):
        name, village, follows = row["facility"], row["village"], row["replaced_by"]
        if row["kind"] and (row["kind"] == "hospital") != (row["tier"] == "hospital"):
            raise bad(file, line, "kind", f"{shorten(name)!r} is a {row['kind']} of the tier {row['tier']}; correct one of them.")
        if village and place_of.get(village) != row["place"]:
            known = [v for v, of in place_of.items() if of == row["place"]]
            raise bad(file, line, "village", f"{shorten(village)!r} is no village of {shorten(row['place'])!r}; {near(village, known)}")
        if not np.isnan(row["km"]) and row["km"] > 0:
            if village:
                raise bad(
                    file, line, "km", f"{shorten(name)!r} lies in {shorten(village)!r}, whose ways it has; leave the kilometres blank or 0."
                )
            _check_class(region, file, line, row)
        if follows and (follows == name or side_of.get(follows) != row["side"]):
            known = [f for f, side in side_of.items() if side == row["side"] and f != name]
            raise bad(file, line, "replaced_by", f"{shorten(follows)!r} is no other facility of side {row['side']}; {near(follows, known)}")


def _check_seasons(region: Border, lines: Lines) -> None:
    """Factors belong to classes of ways, and months with the same factors are one season, of which there are few."""
    classes, months = list(region.road_classes["class"]), {month: [] for month in range(1, 13)}
    for line, row in rows_of(region, lines, "way_seasons.csv"):
        if row["class"] not in classes:
            raise bad(
                "way_seasons.csv",
                line,
                "class",
                f"the class {shorten(row['class'])!r} is not in road_classes.csv; {near(row['class'], classes)}",
            )
        months[row["month"]].append((row["class"], row["factor"]))
    kinds = {tuple(sorted((name, factor) for name, factor in said if factor != 1.0)) for said in months.values()} | {()}
    if len(kinds) > MOST_SEASONS:
        raise bad("way_seasons.csv", None, "factor",
                  f"the months have {len(kinds)} sets of factors, with the usual one (1 for all); at most {MOST_SEASONS} are told apart.")  # fmt: skip
