"""Which villages does each place have, how many of its people live in each, and which ways lead from them? Tables villages.csv and village_ways.csv.

Desa, dusun and kampung of the raw file `villages.csv`. A dusun is a village of its own where its point is known and lies well away from its desa's, or where
a way of its own was reported; its people are taken from its desa. Kampung without coordinates, and those of no border place, are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from abm.data.regions.table_writer import TableWriter

DETOUR = 1.4
#: Kecamatan: its border place; two desa are places of their own.
PLACE_OF_KECAMATAN = {
    "Paloh": "Liku", "Sajingan Besar": "Sajingan Besar", "Jagoi Babang": "Jagoi Babang", "Siding": "Siding", "Sekayam": "Balai Karangan",
    "Entikong": "Entikong", "Ketungau Hulu": "Senaning", "Ketungau Tengah": "Nanga Merakai", "Puring Kencana": "Puring Kencana",
    "Empanang": "Empanang", "Badau": "Nanga Badau", "Batang Lupar": "Lanjak", "Embaloh Hulu": "Benua Martinus",
}  # fmt: skip
PLACE_OF_DESA = {"Temajuk": "Temajuk", "Suruh Tembawang": "Suruh Tembawang"}
#: Kampung: the border place whose people they are part of.
PLACE_OF_KAMPUNG = {
    "Telok Melano": "Telok Melano", "Sematan": "Sematan", "Biawak": "Biawak", "Serikin": "Serikin", "Serasot": "Serikin", "Krokong": "Bau",
    "Tebedu": "Tebedu", "Bunan Gega": "Tebedu", "Tebakang": "Serian", "Batu Lintang": "Batu Lintang", "Lubok Antu": "Lubok Antu",
    "Batang Ai": "Lubok Antu", "Merindun": "Lubok Antu", "Nanga Delok": "Lubok Antu",
}  # fmt: skip
#: People of a kampung whose people were not counted: assumed, lowest, highest.
KAMPUNG_PEOPLE = (800, 300, 2000)
#: Kampung and longhouses around government clinics of Sarawak (raw village_facilities.csv), by the place whose people they are part of: nobody counted them, and
#: a clinic stands where people live around it. Those that are kampung of the raw file have their point from there.
CLINICS_OF_PLACE = {
    "Lundu": ("Sampadi", "Stoh Rambungan"), "Bau": ("Krokong", "Singai", "Siniawan", "Stungkor"),
    "Serian": ("Balai Ringin", "Ensengei", "Kedup", "Tarat", "Tebakang", "Triboh"), "Batu Lintang": ("Pantu",),
    "Lubok Antu": ("Batang Ai", "Merindun", "Nanga Delok", "Engkilili", "Nanga Entalau", "Nanga Kesit", "Nanga Mujau", "Nanga Patoh", "Nanga Stamang", "Skrang"),
}  # fmt: skip
#: Of the people around a clinic or a seat, those who live in farther villages, and their way [km]: assumed, lowest, highest.
FARTHER_PART = (0.5, 0.3, 0.7)
FARTHER_KM = (7.0, 4.0, 12.0)
_FARTHER = "no count by kampung: people lie around a clinic in clusters and beyond"
_FARTHER_KM = "mean way in the land of one clinic: Serian, 1,749 km2 (census 2010) with ten clinics (HEALTH29): two thirds of the radius of a disc times 1.4"
#: The desa of a place's seat and how many times the people of another uncounted desa it has: 1.0 at Sajingan Besar, 0.8 at Paloh, 6 at Badau (HH3).
SEATS = {
    "Liku": "Nibung", "Sajingan Besar": "Kaliau'", "Jagoi Babang": "Jagoi", "Siding": "Siding", "Entikong": "Entikong", "Balai Karangan": "Balai Karangan",
    "Senaning": "Senaning", "Nanga Merakai": "Senangan Kecil", "Puring Kencana": "Kantuk Asam", "Empanang": "Nanga Kantuk", "Nanga Badau": "Badau",
    "Lanjak": "Lanjak Deras", "Benua Martinus": "Banua Martinus", "Temajuk": "Temajuk", "Suruh Tembawang": "Suruh Tembawang",
}  # fmt: skip
SEAT_FACTOR = 2.0
SHARE_RANGE = (0.4, 2.5)
COUNTED = {"Badau": (2675, 2011, "HH3")}
#: A dusun's point lies at least so far from its desa's [km] for it to be a village of its own.
DUSUN_APART = 2.0

#: Ways to the seat that no source tells: class in 1980, later classes with lowest and highest year of each step; by km on the straight line.
NEAR_KM = 15.0
NEAR = ("footpath", [(1995, "track", 1985, 2008)])
FAR = ("footpath", [(2005, "track", 1992, 2018)])
BY_RIVER = ("boat", [(2005, "track", 1992, 2018)])
BOAT_NAMES = ("Nanga", "Landau", "Pulau", "Melemba")
STAYS_FOOT = ("Sungkung I", "Sungkung II", "Sungkung III", "Tawang", "Menua Sadap")
_IN_GENERAL = "no source: motorcycles reach desa near the seat first, places named after a river mouth were reached by boat"
MY_WAY = ("track", [(1990, "gravel", 1980, 2000), (2005, "paved", 1995, 2015)])
MY_BOAT = ("boat", [(2005, "track", 1990, 2015)])


class OwnWay(NamedTuple):
    """A way of which something was reported."""

    village: str
    to_kind: str
    to: str
    km: float
    km_basis: str
    first: str
    #: Year, class, lowest and highest year of the step.
    steps: list[tuple[int, str, int, int]]
    source: str
    note: str


_BADAU = "distances between the nine desa of Badau, thesis on 2009 data (V26)"
OWN_WAYS = [
    *[OwnWay(village, "place", "Nanga Badau", km, "measured", *NEAR, "V26", _BADAU)
      for village, km in (("Janting", 1.5), ("Sebindang", 2.0), ("Semuntik", 6.0), ("Kekurak", 12.0), ("Seriang", 16.0), ("Tinting Seligi", 18.0), ("Tajum", 20.0))],
    OwnWay("Pulau Majang", "place", "Nanga Badau", 35.0, "measured", "boat", [], "V26", f"{_BADAU}; by land, then by water"),
    OwnWay("Semunying Jaya", "place", "Seluas", 20.0, "hours", "boat", [], "V08", "2 h by a boat of 15 hp about 2010"),
    OwnWay("Siding", "place", "Jagoi Babang", 24.0, "hours", "footpath", [(1995, "track", 1985, 2005)], "V16",
           "2 h by motorcycle on an old logging road in 2005; the kilometres are those hours at the speed of a track"),
    OwnWay("Tamong", "place", "Siding", 15.3, "line", "footpath", [(2012, "track", 2005, 2018)], "V22", "end of the motor road in 2018"),
    OwnWay("Tawang", "village", "Tamong", 15.0, "hours", "footpath", [], "V22", "4-6 h on foot for residents (2018)"),
    OwnWay("Sungkung III", "village", "Suruh Tembawang", 12.0, "hours", "footpath", [], "V23", "4 h on foot (2025)"),
    OwnWay("Pala Pasang", "place", "Entikong", 18.0, "hours", "boat", [(2012, "track", 2005, 2018)], "V28",
           "1.5 h by car to its dusun Mangkau (2018); by river before, as the way to Suruh Tembawang"),
    OwnWay("Suruh Tembawang", "facility", "Klinik Kesihatan Padawan", 23.4, "hours", "none", [(2012, "track", 2000, 2016)], "V10;V43",
           "under 1 h on foot to Sapit (V10), from there about 12 km by motorcycle once the path was paved (2010s, V43); before that the walk of the straight line"),
    OwnWay("Gun Tembawang", "place", "Entikong", 60.0, "hours", "boat", [(2016, "track", 2013, 2018)], "V30;V28", "6 h by speedboat (2013), about 4 h in 2018"),
    OwnWay("Gun Tembawang", "facility", "Klinik Kesihatan Padawan", 18.6, "hours", "footpath", [(2012, "track", 2000, 2016)], "V28;V43",
           "6 km to Sapit, then about 12 km; the dusun lives on school, goods and care from there"),
    OwnWay("Gun Jemak", "village", "Gun Tembawang", 12.0, "hours", "footpath", [], "V30", "4 h on foot (2013)"),
    OwnWay("Badat Lama", "village", "Gun Tembawang", 18.0, "hours", "footpath", [], "V30", "about 6 h on foot (2013)"),
    OwnWay("Badat Baru", "place", "Entikong", 57.0, "measured", "footpath", [(2016, "track", 2010, 2020)], "V31", "57 km by the parallel road (2022)"),
    OwnWay("Segumon", "place", "Balai Karangan", 22.5, "line", *NEAR, "V18", "as its desa, Lubuk Sabuk"),
    OwnWay("Segumon", "facility", "Klinik Kesihatan Bunan Gega", 14.4, "line", "footpath", [(2005, "track", 1990, 2015)], "V18",
           "10-15 min by motorcycle from the army post to the line (2023); the rest by the straight line"),
    OwnWay("Sei Beruang", "place", "Balai Karangan", 44.3, "line", *FAR, "V33", "as its desa, Sungai Tekam"),
    OwnWay("Sungai Kelik", "facility", "Klinik Kesihatan Pantu", 43.0, "hours", "none", [(1995, "track", 1980, 2005)], "V19",
           "2 h on foot to Kuare for weekly shopping, from there about 19 km by the road"),
    OwnWay("Kantuk Asam", "facility", "Klinik Kesihatan Lubok Antu", 24.0, "hours", "none", [(1995, "track", 1985, 2012)], "V21",
           "1.5 h on foot to Malaysian territory, then by road; people went to Lubok Antu for care (2012)"),
    OwnWay("Batu Lintang (Sri Aman)", "place", "Sri Aman", 36.9, "line", *MY_WAY, "V05", "the road to the town"),
]  # fmt: skip
#: Shorter names.
RENAME = {
    "Sei Beruang (Sungai Empelas)": "Sei Beruang",
    "Temajuk, southern settlement (SDN 16)": "Temajuk south",
    "Cermai (Ceremai ferry)": "Cermai",
}
#: Line villages by a reported way across, though the rule of the raw file (5 km) gives another answer.
ALSO_LINE = ("Gun Tembawang",)

Point = tuple[float, float]


class Village(NamedTuple):
    """A row of villages.csv, and what its ways need."""

    name: str
    place: str
    kind: str
    parent: str
    is_line: bool
    point: Point
    confidence: str
    share: float
    basis: str
    people: int | None
    year: int | None
    source: str
    note: str


def straight_km(a: Point, b: Point) -> float:
    """Great-circle distance of two (latitude, longitude) points."""
    (lat1, lon1), (lat2, lon2) = a, b
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def village_tables(out: TableWriter, point: dict[str, Point], people: dict[str, int]) -> list[Village]:
    """Write villages.csv and village_ways.csv; the villages are returned.

    ``point`` and ``people`` are of the places of places.csv, by name.
    """
    villages = [*_kalimantan(out), *_sarawak(out, point, people)]
    out.write(
        "villages.csv",
        "village,place,kind,parent,is_line,lat,lon,coord_confidence,share,share_basis,people,people_year,source,note",
        [
            (v.name, v.place, v.kind, v.parent, "yes" if v.is_line else "no", *v.point, v.confidence, v.share, v.basis, v.people, v.year, v.source, v.note)
            for v in villages
        ],
    )  # fmt: skip
    _ways(out, villages, point)
    return villages


def _raw(out: TableWriter) -> list[dict[str, str]]:
    """Rows of the raw file with a place, names made unique."""
    rows = [row for row in out.raw_rows("villages.csv") if row["lat"]]
    names = Counter(RENAME.get(row["name"], row["name"]) for row in rows)
    for row in rows:
        name = RENAME.get(row["name"], row["name"])
        row["village"] = name if names[name] == 1 else f"{name} ({row['kecamatan_or_mukim'] or row['district']})"
    return rows


def _point(row: dict[str, str]) -> Point:
    return float(row["lat"]), float(row["lon"])


def _kalimantan(out: TableWriter) -> list[Village]:
    """Desa with the people that they have in the place, and the dusun that are villages of their own."""
    rows = [row for row in _raw(out) if row["side"] == "ID"]
    desa = {row["name"] + "/" + row["kecamatan_or_mukim"]: row for row in rows if row["level"] == "desa"}
    reported = {way.village for way in OWN_WAYS}
    dusun: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["level"] == "dusun":
            parent = row["parent_desa"] + "/" + row["kecamatan_or_mukim"]
            apart = straight_km(_point(row), _point(desa[parent])) >= DUSUN_APART and row["coordinate_confidence"] == "high"
            if apart or row["village"] in (*reported, "Temajuk south"):
                dusun.setdefault(parent, []).append(row)
    shares = _desa_shares(desa)
    made = []
    for key, row in desa.items():
        share, basis = shares[key]
        place = PLACE_OF_DESA.get(row["name"], PLACE_OF_KECAMATAN[row["kecamatan_or_mukim"]])
        own = dusun.get(key, [])
        parts = {part["village"]: _dusun_part(row, part, len(own)) for part in own}
        rest = round(share - sum(round(share * part, 6) for part in parts.values()), 6)
        counted = COUNTED.get(row["name"], (int(row["population"] or 0), int(row["population_year"] or 0), ""))
        made.append(_village(row, place, "desa", "", rest, "assumption" if own else basis, counted))
        if own or basis == "assumption":
            low, high = (round(rest * f, 6) for f in SHARE_RANGE)
            reason = f"no count: equal parts of the people left, {SEAT_FACTOR:g} parts at the seat (0.8 to 6 where all desa were counted)"
            out.assume(f"share.{row['village']}", f"part of the people of {place} in {row['village']}", rest, low, min(high, 1.0), "share",
                       "its people are counted, those of its dusun are not" if basis == "fact" else reason, "villages.csv share")  # fmt: skip
        for part in own:
            is_counted = bool(part["population"])
            value = round(share * parts[part["village"]], 6)
            out.assume(f"share.{part['village']}", f"part of the people of {place} in {part['village']}", value, round(0.4 * value, 6), round(min(share, 2.0 * value), 6), "share",
                       "its own count, relative to that of its desa" if is_counted else f"equal parts of {row['name']} for it and each other dusun", "villages.csv share")  # fmt: skip
            made.append(
                _village(
                    part,
                    place,
                    "dusun",
                    row["village"],
                    value,
                    "assumption",
                    (int(part["population"] or 0), int(part["population_year"] or 0), ""),
                )
            )
    return made


def _village(row: dict[str, str], place: str, kind: str, parent: str, share: float, basis: str, counted: tuple[int, int, str]) -> Village:
    """A village from its row of the raw file."""
    is_line, people, year = row["kind"] == "line_village" or row["village"] in ALSO_LINE, *counted[:2]
    confidence = row["coordinate_confidence"]
    if kind == "dusun" and confidence == "low":
        confidence = "none"  # the point of its desa stands in
    source = ";".join(part for part in (row["source_ids"], counted[2]) if part)
    return Village(
        row["village"],
        place,
        kind,
        parent,
        is_line,
        _point(row),
        confidence,
        share,
        basis,
        people or None,
        year or None,
        source,
        row["note"],
    )


def _dusun_part(desa: dict[str, str], dusun: dict[str, str], count: int) -> float:
    """Part of a desa's people in one of its dusun: by its count, else an equal part for the desa's own centre and each dusun."""
    if dusun["population"] and desa["population"]:
        return int(dusun["population"]) / int(desa["population"])
    named = 10 if desa["name"] == "Suruh Tembawang" else count + 1  # ten dusun (V10)
    return 1.0 / named


def _desa_shares(desa: dict[str, dict[str, str]]) -> dict[str, tuple[float, str]]:
    """Part of the people of its place in each desa, and its basis; they add up to 1 in each place."""
    of_place: dict[str, list[str]] = {}
    for key, row in desa.items():
        of_place.setdefault(PLACE_OF_DESA.get(row["name"], PLACE_OF_KECAMATAN[row["kecamatan_or_mukim"]]), []).append(key)
    found: dict[str, tuple[float, str]] = {}
    for place, keys in of_place.items():
        known = {k: COUNTED.get(desa[k]["name"], (int(desa[k]["population"] or 0),))[0] for k in keys}
        total = PLACE_PEOPLE[place] if any(v == 0 for v in known.values()) else sum(known.values())
        weights = {k: (SEAT_FACTOR if desa[k]["name"] == SEATS[place] else 1.0) for k in keys if not known[k]}
        left = 1.0 - sum(known.values()) / total
        shares = {k: known[k] / total if known[k] else left * weights[k] / sum(weights.values()) for k in keys}
        rounded = {k: round(share, 6) for k, share in shares.items()}
        largest = max(keys, key=lambda k: rounded[k])
        rounded[largest] = round(1.0 - sum(rounded[k] for k in keys if k != largest), 6)
        for k in keys:
            basis = "fact" if known[k] else "assumption"
            found[k] = rounded[k], basis
    return found


#: People of the places whose desa are not all counted, in the year nearest to the counts (places.csv).
PLACE_PEOPLE = {
    "Jagoi Babang": 7000, "Siding": 5111, "Entikong": 11014, "Suruh Tembawang": 3000, "Balai Karangan": 27853, "Senaning": 19000, "Nanga Merakai": 25647,
    "Puring Kencana": 2500, "Empanang": 3000, "Nanga Badau": 6275, "Lanjak": 5400, "Benua Martinus": 5100,
}  # fmt: skip


def _sarawak(out: TableWriter, point: dict[str, Point], people: dict[str, int]) -> list[Village]:
    """Kampung whose points are known, the people around each clinic, and for each of their places those around the seat."""
    rows = {row["name"]: row for row in _raw(out) if row["side"] == "MY" and row["name"] in PLACE_OF_KAMPUNG}
    if set(rows) != set(PLACE_OF_KAMPUNG):
        raise SystemExit(f"raw/villages.csv lacks {sorted(set(PLACE_OF_KAMPUNG) - set(rows))}")
    clinics = {row["name"].split(") ")[-1]: row for row in out.raw_rows("village_facilities.csv") if row["side"] == "MY"}
    made = []
    for place in dict.fromkeys((*PLACE_OF_KAMPUNG.values(), *CLINICS_OF_PLACE)):
        around = CLINICS_OF_PLACE.get(place, ())
        own = [rows[name] for name, of in PLACE_OF_KAMPUNG.items() if of == place and name not in around]
        alone = len(own) == 1 and people[place] < KAMPUNG_PEOPLE[1] * 2
        left = 1.0
        for row in own:
            share, low, high = (round(min(p / people[place], 1.0), 6) for p in KAMPUNG_PEOPLE)
            share = 1.0 if alone else share
            left -= share
            if not alone:
                out.assume(f"share.{row['village']}", f"part of the people of {place} in {row['village']}", share, low, high, "share",
                           f"no count: {KAMPUNG_PEOPLE[0]} people (Mongkos 1,049, Stass 2,000, Telok Melano 300)", "villages.csv share")  # fmt: skip
            made.append(_village(row, place, "kampung", "", share, "fact" if alone else "assumption", (0, 0, "")))
        if alone:
            continue
        part = left / (len(around) + SEAT_FACTOR)
        for name in around:
            row = rows.get(name)
            at, confidence, source = (_point(row), row["coordinate_confidence"], row["source_ids"]) if row else (_point(clinics[name]), "high", "V05")
            is_line = row is not None and row["kind"] == "line_village"
            near = Village(name, place, "kampung", "", is_line, at, confidence, 0.0, "assumption", None, None, source, "kampung around the clinic")
            made += _near_and_farther(out, near, round(part, 6))
        rest = round(1.0 - sum(v.share for v in made if v.place == place), 6)
        made += _near_and_farther(out, Village(f"{place} and around", place, "rest", "", False, point[place], "place", 0.0, "assumption", None, None, "",
                                               "kampung without coordinates are counted here"), rest)  # fmt: skip
    return made


def _near_and_farther(out: TableWriter, near: Village, share: float) -> tuple[Village, Village]:
    """The people around a clinic or a seat, of whom a part lives in farther villages; ``share`` is that of both in the people of the place."""
    farther = round(share * FARTHER_PART[0], 6)
    beyond = near._replace(
        name=f"Beyond {near.name.removesuffix(' and around')}", kind="rest", parent=near.name, is_line=False, confidence="none", share=farther,
        note=f"at the point of {near.name}, {FARTHER_KM[0]:g} km of way from it",
    )  # fmt: skip
    reason = f"{_FARTHER}; two parts at the seat, one at each other clinic of the place"
    low, high = (round(f * share, 6) for f in FARTHER_PART[1:])
    for village, value, least, most in ((near, round(share - farther, 6), round(share - high, 6), round(share - low, 6)), (beyond, farther, low, high)):
        out.assume(f"share.{village.name}", f"part of the people of {near.place} in {village.name}", value, least, most, "share", reason, "villages.csv share")
    return near._replace(share=round(share - farther, 6)), beyond


def _ways(out: TableWriter, villages: list[Village], point: dict[str, Point]) -> None:
    """Write village_ways.csv: the ways that were reported, and for each village that has none to its place one by the straight line."""
    of_name = {v.name: v for v in villages}
    if lacking := {w.village for w in OWN_WAYS} | {w.to for w in OWN_WAYS if w.to_kind == "village"}:
        lacking -= set(of_name)
    if lacking:
        raise SystemExit(f"village_tables.py names ways of {sorted(lacking)}, which are no villages")
    to_own = {way.village for way in OWN_WAYS if (way.to_kind == "place" and way.to == of_name[way.village].place)}
    rows = []
    out.assume("way.farther villages", "way from farther villages of Sarawak to their clinic or seat", *FARTHER_KM, "km", _FARTHER_KM, "village_ways.csv km")
    for v in villages:
        if v.kind == "rest" and v.parent:
            first, steps = _usual_way(of_name[v.parent], 0.0)
            rows.append(_row(out, OwnWay(v.name, "village", v.parent, FARTHER_KM[0], "line", first, steps, "", _FARTHER_KM), "assumption"))
            continue
        if v.name in to_own or (v.confidence == "none" and any(w.village == v.name for w in OWN_WAYS)):
            continue
        km = straight_km(v.point, point[v.place])
        first, steps = _usual_way(v, km)
        if km < 0.5:
            rows.append((v.name, "place", v.place, 0.0, "line", first, "", "assumption", v.source, "at the seat"))
            continue
        rows.append(
            _row(
                out, OwnWay(v.name, "place", v.place, km * DETOUR, "line", first, steps, v.source, "straight line times 1.4"), "assumption"
            )
        )
    rows += [_row(out, way, "fact") for way in OWN_WAYS]
    out.write("village_ways.csv", "village,to_kind,to,km,km_basis,class_1980,later_classes,basis,source,note", rows)


def _usual_way(v: Village, km: float) -> tuple[str, list[tuple[int, str, int, int]]]:
    """Class in 1980 and later ones of a way that nobody described."""
    if v.kind in ("kampung", "rest"):
        return MY_BOAT if v.name.startswith("Nanga") else MY_WAY
    if v.name in STAYS_FOOT:
        return "footpath", []
    if v.name.startswith(BOAT_NAMES) and km >= 3.0:
        return BY_RIVER
    return NEAR if km <= NEAR_KM else FAR


def _row(out: TableWriter, way: OwnWay, basis: str) -> tuple[object, ...]:
    """A row of village_ways.csv; the years of its steps and a class that nobody told are declared."""
    key = f"village_way.{way.village}-{way.to}"
    for year, name, low, high in way.steps:
        out.assume(f"{key}.{name}", f"year from which the way {way.village}-{way.to} is {name}", year, low, high, "year",
                   way.note if basis == "fact" else _IN_GENERAL, "village_ways.csv later_classes")  # fmt: skip
    if basis == "assumption":
        out.assume(key, f"class in 1980 and length of the way {way.village}-{way.to}", f"{way.km:.1f} km {way.first}", "", "", "km and class", _IN_GENERAL,
                   "village_ways.csv km, class_1980")  # fmt: skip
    later = ";".join(f"{year}:{name}" for year, name, _, _ in way.steps)
    return way.village, way.to_kind, way.to, round(way.km, 1), way.km_basis, way.first, later, basis, way.source, way.note
