"""How many people live where and when, and how many children are born and people die? Tables population.csv and rates.csv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from abm.data.regions.table_writer import TableWriter

# People of the district Sanggau (GEO8); Sekadau left it in 2004.
SANGGAU = {1985: 389_944, 1988: 415_514, 1993: 458_438, 1999: 506_876, 2003: 529_473}
SANGGAU_REST = {2004: 368_538, 2009: 395_172}
# People of a Kalimantan border place relative to 2010: lowest and highest of each year. 1980 itself is a judgement, see RATIO_1980.
KALIMANTAN_RANGE = {1980: (0.5, 0.75), 1990: (0.66, 0.85), 2000: (0.82, 0.95), 2010: (0.98, 1.02), 2015: (1.03, 1.12)}
RATIO_1980 = 0.62
# Entikong grew faster than its district after the post opened in 1989: by 9.51 percent a year about 2005 (GEO9).
BOOM = 1.0951
SARAWAK_SPLIT = {  # census district: the border places that are parts of it; the last one takes what rounding leaves
    "Lundu": ("Telok Melano", "Sematan", "Biawak", "Lundu"),
    "Bau": ("Serikin", "Bau"),
    "Serian": ("Tebedu", "Serian"),
    "Sri Aman": ("Batu Lintang",),
    "Lubok Antu": ("Lubok Antu",),
}
IN_PART = ("Sri Aman",)  # only a part of the district lies along the line
CENSUS_YEARS = (1980, 1991, 2000, 2010)
CUT_OUT_BY_2020 = {"Serian": "Tebedu"}  # a district of 2020 that was part of the older one
PART_CHANGES = 0.1  # a place's part of its district may have been this much smaller or larger in another year than 2010


class Settled(NamedTuple):
    """What places.csv says of a border place: people in one year with their range."""

    place: str
    side: str
    people: int
    year: int
    basis: str
    low: int
    high: int
    reason: str


Row = tuple[str, int, int, str, str]  # place, year, people, basis, source
Range = tuple[float, float]


def population_table(out: TableWriter, places: Sequence[Settled]) -> dict[tuple[str, int], int]:
    """Write population.csv: for each border place its people in 1980, 1990 (1991 in Sarawak), 2000, 2010 and 2015, and in years of facts.

    The people by place and year are returned.
    """
    path = kalimantan_path()
    census = sarawak_census(out)
    rows: list[Row] = []
    ranges: dict[tuple[str, int], Range] = {}
    of_name = {place.place: place for place in places}
    split: dict[tuple[str, int], tuple[int, str, str]] = {}
    for district, parts in SARAWAK_SPLIT.items():
        for year, people in census[district].items():
            split |= {(name, year): cell for name, cell in parts_of(district, year, people, [of_name[p] for p in parts], census).items()}
    for place in places:
        if place.side == "id":
            made = entikong(place, path) if place.place == "Entikong" else along_district(place, path)
            for year, people, basis, source, allowed in made:
                rows.append((place.place, year, people, basis, source))
                ranges[place.place, year] = allowed
        else:
            for year in (*CENSUS_YEARS, 2015):
                people, basis, source = split[place.place, year]
                rows.append((place.place, year, people, basis, source))
                wide = 0.0 if year == place.year else PART_CHANGES
                low, high = people * place.low / place.people * (1 - wide), people * place.high / place.people * (1 + wide)
                ranges[place.place, year] = (low, high)
    for name, year, people, basis, source in rows:
        if basis == "assumption":
            low, high = (round(bound) for bound in ranges[name, year])
            out.assume(
                f"people.{name}.{year}", f"people of {name} in {year}", people, low, high, "persons", source, "population.csv people"
            )
    out.write("population.csv", "place,year,people,basis,source", rows)
    return {(name, year): people for name, year, people, _basis, _source in rows}


def kalimantan_path() -> dict[int, float]:
    """People of a Kalimantan border place relative to 2010, by year: as the district Sanggau grew (GEO8), with 1980 a judgement."""
    a_year = (SANGGAU_REST[2009] / SANGGAU_REST[2004]) ** (1 / 5)
    of_2003 = SANGGAU_REST[2004] / SANGGAU_REST[2009] / a_year / a_year  # 2009 is one year before 2010

    def whole(before: int, year: int, after: int) -> float:
        part = (year - before) / (after - before)
        return of_2003 * SANGGAU[before] ** (1 - part) * SANGGAU[after] ** part / SANGGAU[2003]

    return {
        1980: RATIO_1980,
        1990: whole(1988, 1990, 1993),
        2000: whole(1999, 2000, 2003),
        2005: a_year**-5,
        2009: 1 / a_year,
        2010: 1.0,
        2011: a_year,
        2015: a_year**5,
    }


Made = list[tuple[int, int, str, str, Range]]  # year, people, basis, source, lowest and highest


def along_district(place: Settled, path: dict[int, float]) -> Made:
    """A Kalimantan place that grew as the district Sanggau did."""
    of_2010 = place.people / path[place.year]
    made: Made = []
    for year in sorted({1980, 1990, 2000, 2010, 2015, place.year}):
        if year == place.year:
            made.append((year, place.people, place.basis, place.reason, (place.low, place.high)))
            continue
        low, high = KALIMANTAN_RANGE[year]
        said = f"those of {place.year} carried by the growth of the district Sanggau (GEO8)"
        if year == 1980:
            said = f"{RATIO_1980} of 2010: growth of 1.6 percent a year; the district Sanggau grew by 1.7 in 1985-2003 (GEO8)"
        scale = of_2010 / place.people
        allowed = (place.low * scale * min(low, path[year]), place.high * scale * max(high, path[year]))
        made.append((year, round(of_2010 * path[year]), "assumption", said, allowed))
    return made


def entikong(place: Settled, path: dict[int, float]) -> Made:
    """Entikong: with its district to 1990, 2005-2009 and after; faster in between, by 9.51 percent a year from 2000 to 2005 (GEO9)."""
    of_2005 = place.people * path[2005] / path[place.year]
    of_2000 = of_2005 / BOOM**5
    district = (path[2000] / path[1990]) ** (1 / 10)
    of_1990 = of_2000 / ((district + BOOM) / 2) ** 10
    of_1980 = of_1990 * path[1980] / path[1990]
    after = f"those of {place.year} carried by the growth of the district Sanggau (GEO8)"
    boom = "9.51 percent a year is known for about 2005 only (GEO9): taken for 2000-2005"
    slow = {year: place.people * path[year] / path[place.year] for year in path}  # no boom at all
    fast = of_2005 / BOOM**15  # the boom since 1990
    made: Made = [
        (1980, round(of_1980), "assumption", f"{boom}, half way to the district's growth for 1990-2000, the district's before the post",
         (fast * path[1980] / path[1990], slow[1980])),
        (1990, round(of_1990), "assumption", f"{boom}, half way to the district's growth for 1990-2000", (fast, slow[1990])),
        (2000, round(of_2000), "assumption", boom, (of_2000 * 0.9, slow[2000])),
        (2005, round(of_2005), "assumption", after, (of_2005 * 0.9, of_2005 * 1.1)),
        (place.year, place.people, place.basis, place.reason, (place.low, place.high)),
        (2010, round(slow[2010]), "assumption", after, (place.low, place.high * 1.05)),
        (2015, round(slow[2015]), "assumption", after, (slow[2015] * 0.95, slow[2015] * 1.15)),
    ]  # fmt: skip
    return made


def sarawak_census(out: TableWriter) -> dict[str, dict[int, float]]:
    """People of the census districts along the line in the census years, and in 2015 half way to the census of 2020."""
    counted = {
        (row["district"], int(row["year"])): int(row["population_total"])
        for row in out.raw_rows("census_my_districts.csv")
        if row["state"] == "Sarawak" and row["population_total"]
    }
    census: dict[str, dict[int, float]] = {}
    for district in SARAWAK_SPLIT:
        of_2020 = counted[district, 2020] + (counted[CUT_OUT_BY_2020[district], 2020] if district in CUT_OUT_BY_2020 else 0)
        of_2015 = round((counted[district, 2010] * of_2020) ** 0.5)
        census[district] = {2015: float(of_2015)} | {year: float(counted[district, year]) for year in CENSUS_YEARS}
    return census


def parts_of(
    district: str, year: int, people: float, parts: Sequence[Settled], census: dict[str, dict[int, float]]
) -> dict[str, tuple[int, str, str]]:
    """People, basis and source of the places of a census district in a year: each its part of 2010; their sum is the census."""
    said = f"census of {year}" if year in CENSUS_YEARS else "geometric mean of the censuses of 2010 and 2020"
    made: dict[str, tuple[int, str, str]] = {}
    for place in parts:
        if year == place.year:
            made[place.place] = (place.people, place.basis, place.reason)
        elif place.place == district == "Lubok Antu":
            made[place.place] = (round(people), "fact" if year in CENSUS_YEARS else "assumption", f"{said}, district {district}")
        else:
            part = place.people / census[district][2010]
            made[place.place] = (round(people * part), "assumption", f"{said}, district {district}, in the parts of 2010")
    if district not in IN_PART and year != parts[-1].year:
        _, basis, source = made[parts[-1].place]
        rest = round(people) - sum(made[place.place][0] for place in parts[:-1])
        made[parts[-1].place] = (rest, basis, source)
    return made


# side, year: births per woman, infant deaths per 1000 births, births and deaths per 1000 people, each with its lowest and highest; reason.
_ID = "recalled census estimates (HH17, HH18, HH19); no source opened"
_MY = (
    "births and deaths per 1000 from HH20 (recalled; deaths are under-registered inland). Births per woman: the series of Malaysia (HH39), from "
    "which Sarawak differed by 2 percent in 2001 (2.76, HH38) and in 1970; up to a quarter more as the line has no city (judgement). Infant deaths: registered rates of "
    "Malaysia as recalled, about 24, 13, 7 and 7, raised for an inland people whose deaths are not all registered"
)
_LATER = "carried on from 2010 at the pace of the years before; no census between"
# fmt: off
RATES: list[tuple[str, int, tuple[float, float, float], tuple[float, float, float], tuple[float, float, float],
                  tuple[float, float, float], str]] = [
    ("id", 1980, (5.5, 5.2, 5.8), (119, 107, 131), (42, 39, 45), (14, 12, 16), _ID),
    ("id", 1990, (4.4, 4.1, 4.7), (81, 73, 89), (33, 30, 36), (10, 8, 12), _ID),
    ("id", 2000, (3.0, 2.7, 3.3), (57, 51, 63), (25, 22, 28), (8, 6, 10), _ID),
    ("id", 2010, (2.6, 2.3, 3.1), (30, 27, 38), (22, 19, 25), (7, 5, 9), _ID),
    ("id", 2015, (2.5, 2.2, 3.0), (26, 20, 34), (21, 18, 24), (7, 5, 9), _LATER),
    ("my", 1980, (4.1, 3.9, 5.1), (30, 20, 55), (31, 29, 34), (6.5, 4.5, 9), _MY),
    ("my", 1991, (3.5, 3.3, 4.4), (20, 12, 35), (28, 26, 31), (5.5, 4.5, 8), _MY),
    ("my", 2000, (2.8, 2.6, 3.5), (12, 6, 22), (22, 20, 25), (5, 4, 7), _MY),
    ("my", 2010, (2.15, 2.0, 2.7), (8, 5, 15), (16, 15, 19), (5, 4, 7), _MY),
    ("my", 2015, (2.06, 1.9, 2.6), (7, 4, 13), (15, 13, 18), (5, 4, 7), f"{_LATER}; births per woman as in the years before (HH39)"),
]
# fmt: on
RATE_COLUMNS = (
    ("births_per_woman", "births per woman", "births"),
    ("infant_deaths", "infant deaths", "per 1000 births"),
    ("crude_births", "births", "per 1000 people a year"),
    ("crude_deaths", "deaths", "per 1000 people a year"),
)


def rates_table(out: TableWriter) -> None:
    """Write rates.csv: births and deaths of the two sides in census years, all of them assumptions (recalled)."""
    rows = []
    for side, year, *figures, reason in RATES:
        for (column, label, unit), (value, low, high) in zip(RATE_COLUMNS, figures, strict=True):
            said = f"{label}, side {side}, {year}"
            out.assume(f"rates.{side}.{year}.{column}", said, value, low, high, unit, reason, f"rates.csv {column}")
        rows.append((side, year, *(figure[0] for figure in figures), "assumption", reason))
    out.write("rates.csv", "side,year,births_per_woman,infant_deaths,crude_births,crude_deaths,basis,source", rows)
