"""Which health facilities are there, of what kind, where, since when and with which staff? Table facilities.csv, and way_seasons.csv.

Facilities with a village have its ways; others lie so many kilometres from the seat of their place. Opening years are ranges: a run draws each
facility's year from its range (:func:`abm.world.access.facilities_in`), so no cell says more than is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from abm.data.regions.table_writer import TableWriter
from abm.data.regions.village_tables import CLINICS_OF_PLACE, DETOUR, PLACE_OF_KECAMATAN, Point, Village, straight_km


class Facility(NamedTuple):
    """What is said of a facility that stands in this script; points are those of its place or village unless the raw file has one."""

    name: str
    kind: str
    place: str
    side: str
    low: int
    high: int
    quality: float
    reason: str
    village: str = ""
    km: float = 0.0
    staff: tuple[float, float, float, float] | None = None
    replaced_by: str = ""


#: Doctors, nurses and midwives, beds, drugs (part of what is needed) by kind and side: value, lowest, highest.
STAFF: dict[tuple[str, str], tuple[tuple[float, float, float], ...]] = {
    ("dispensary", "id"): ((0, 0, 0), (1, 1, 2), (0, 0, 2), (0.3, 0.1, 0.6)),
    ("centre", "id"): ((0.5, 0, 2), (5, 3, 10), (4, 0, 10), (0.5, 0.25, 0.8)),
    ("hospital", "id"): ((4, 1, 12), (40, 15, 90), (80, 30, 150), (0.55, 0.3, 0.8)),
    ("dispensary", "my"): ((0, 0, 0), (2, 1, 4), (0, 0, 2), (0.75, 0.5, 0.95)),
    ("centre", "my"): ((0.3, 0, 2), (6, 3, 12), (2, 0, 8), (0.85, 0.6, 1.0)),
    ("hospital", "my"): ((4, 1, 12), (50, 20, 120), (60, 30, 120), (0.9, 0.7, 1.0)),
}
STAFF_COLUMNS = ("doctors", "nurses", "beds", "drugs")
_STAFF_REASON = {
    "dispensary": "a nurse or a midwife (HEALTH18: a dispensary of 1970 with nurse and midwife); beds none",
    "centre": "no doctor in 1974-77, then a doctor and ten staff (HEALTH18); two doctors, 10 beds in 2013 (HEALTH7); 6 or 7 beds (HEALTH17, HEALTH25); a doctor not "
    "reached everywhere in 2017 (HEALTH27); Sarawak: hospital assistants and nurses, a doctor who travels (recalled)",
    "hospital": "Lundu 46 beds (HEALTH28), Serian 84 (HEALTH29), 3,499 beds in 21 hospitals of Sarawak in 2001 (HEALTH30); Indonesia 0.6 beds for 1,000 (HEALTH23)",
}

_BEFORE = (
    "seat of a district: most likely there before the period; health centres began in 1968-69 (recalled), money for them in 1974 (HEALTH21)"
)
_OLD = "HEALTH20, widened by its second reading: kecamatan that existed in 1976-80 got a centre in 1976-90 (programme from 1974: HEALTH21; dated ones 1976-78: HEALTH17, HEALTH18)"
_NEW = "HEALTH20: a kecamatan of 1996 (HEALTH24) had a dispensary or sub-centre first, a centre in 1990-2000"
_BEFORE_CENTRE = "both dated centres took the place of an older dispensary (HEALTH17; HEALTH18: 1970, with nurse and midwife)"
_SUB = "HEALTH20: dispensary or sub-centre of a later kecamatan from 1978-90"
_PUSTU = "in a map layer or report of 2022-24; two village dispensaries of an accessible kecamatan by 1978 (HEALTH18); built until 2005 (assumed)"
_POLINDES = "in a map layer or report of 2017-22; village midwives from 1989 on (recalled)"
_POSKESDES = "in a map layer of 2022; village health posts from 2006 on (recalled)"
_PERIOD = "taken as standing before the period"
_EARLY = "most likely there before the period; Lundu 1965 (HEALTH28), Sri Aman 1954 or 1964, Serukam about 1966 are the dated ones"
_MY_SEAT = "HEALTH11, HEALTH43: wooden clinics of about 40 years in 2022-23; the clinic of a sub-district's seat taken as early"
_MY_CLINIC = "HEALTH11: 85 government facilities in 1963, about 560 in 2010; a year drawn evenly from 1955-2010 gives that growth"
# fmt: off
FACILITIES = [
    Facility("Hospital Pontianak", "hospital", "Pontianak", "id", 1979, 1979, 0.4, "provincial hospital, before the period", staff=(20, 150, 300, 0.6)),
    Facility("Hospital Sambas", "hospital", "Sambas", "id", 1950, 1982, 0.22, f"hospital of the old Sambas district, {_EARLY}"),
    Facility("Hospital Bengkayang", "hospital", "Bengkayang", "id", 2000, 2008, 0.2, "after the district was made in 1999 (RULE16)"),
    Facility("Hospital Serukam", "hospital", "Bengkayang", "id", 1964, 1968, 0.45, "mission hospital of about 1966, 90 beds (V47); about 30 km from Bengkayang (recalled)", km=30.0, staff=(4, 60, 90, 0.8)),
    Facility("Hospital Sanggau", "hospital", "Sanggau", "id", 1950, 1982, 0.25, f"district hospital, {_EARLY}"),
    Facility("Hospital Sintang", "hospital", "Sintang", "id", 1950, 1982, 0.28, f"district hospital, {_EARLY}"),
    Facility("Hospital Putussibau", "hospital", "Putussibau", "id", 1960, 1990, 0.2, f"district hospital, small, remote, {_EARLY}"),
    Facility("Hospital Badau (mobile)", "hospital", "Nanga Badau", "id", 2010, 2015, 0.2, "10 beds in April 2015 (V48); lower bound recalled", staff=(1, 8, 10, 0.5)),
    Facility("Hospital Kuching", "hospital", "Kuching", "my", 1979, 1979, 0.75, "state general hospital, before the period", staff=(60, 500, 700, 0.95)),
    Facility("Hospital Serian", "hospital", "Serian", "my", 1950, 1982, 0.5, f"places.csv notes a hospital, 84 beds (HEALTH29); {_EARLY}", staff=(4, 70, 84, 0.9)),
    Facility("Hospital Sri Aman", "hospital", "Sri Aman", "my", 1954, 1964, 0.52, "built 1954 (V50) or in operation since 1964 (V51)", staff=(5, 90, 100, 0.9)),
    Facility("Hospital Bau", "hospital", "Bau", "my", 1950, 1982, 0.42, f"small district hospital, {_EARLY}", staff=(2, 40, 50, 0.9)),
    Facility("Hospital Lundu", "hospital", "Lundu", "my", 1965, 1965, 0.42, "hospital since 1965, 46 beds (HEALTH28)", staff=(2, 40, 46, 0.9)),
    Facility("Puskesmas Pontianak", "centre", "Pontianak", "id", 1979, 1979, 0.35, _BEFORE),
    Facility("Puskesmas Sambas", "centre", "Sambas", "id", 1969, 1981, 0.28, _BEFORE),
    Facility("Puskesmas Bengkayang", "centre", "Bengkayang", "id", 1969, 1983, 0.25, _BEFORE),
    Facility("Puskesmas Sanggau", "centre", "Sanggau", "id", 1969, 1981, 0.28, _BEFORE),
    Facility("Puskesmas Sintang", "centre", "Sintang", "id", 1969, 1981, 0.28, _BEFORE),
    Facility("Puskesmas Putussibau", "centre", "Putussibau", "id", 1969, 1983, 0.25, _BEFORE),
    Facility("Puskesmas Sekayam", "centre", "Balai Karangan", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Ketungau Tengah", "centre", "Nanga Merakai", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Paloh", "centre", "Liku", "id", 1976, 1985, 0.2, f"{_OLD}; a doctor served Paloh about 1985 (HEALTH19)"),
    Facility("Puskesmas Ketungau Hulu", "centre", "Senaning", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Seluas", "centre", "Seluas", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Badau", "centre", "Nanga Badau", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Batang Lupar", "centre", "Lanjak", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Embaloh Hulu", "centre", "Benua Martinus", "id", 1976, 1990, 0.2, _OLD),
    Facility("Puskesmas Empanang", "centre", "Empanang", "id", 1976, 1990, 0.2, _OLD),
    Facility("Dispensary Sekayam", "dispensary", "Balai Karangan", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Sekayam"),
    Facility("Dispensary Ketungau Tengah", "dispensary", "Nanga Merakai", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Ketungau Tengah"),
    Facility("Dispensary Paloh", "dispensary", "Liku", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Paloh"),
    Facility("Dispensary Ketungau Hulu", "dispensary", "Senaning", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Ketungau Hulu"),
    Facility("Dispensary Seluas", "dispensary", "Seluas", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Seluas"),
    Facility("Dispensary Badau", "dispensary", "Nanga Badau", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Badau"),
    Facility("Dispensary Batang Lupar", "dispensary", "Lanjak", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Batang Lupar"),
    Facility("Dispensary Embaloh Hulu", "dispensary", "Benua Martinus", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Embaloh Hulu"),
    Facility("Dispensary Empanang", "dispensary", "Empanang", "id", 1960, 1980, 0.12, _BEFORE_CENTRE, replaced_by="Puskesmas Empanang"),
    Facility("Puskesmas Entikong", "centre", "Entikong", "id", 1990, 2000, 0.2, _NEW, village="Entikong"),
    Facility("Puskesmas Jagoi Babang", "centre", "Jagoi Babang", "id", 1990, 2000, 0.2, _NEW, village="Jagoi"),
    Facility("Puskesmas Sajingan Besar", "centre", "Sajingan Besar", "id", 1990, 2000, 0.2, _NEW, village="Kaliau'"),
    Facility("Puskesmas Siding", "centre", "Siding", "id", 2000, 2010, 0.2, "the kecamatan split after 1996 (V02, V04); one in every kecamatan by 2006 (SEED4), none of its own before 2003 by its code", village="Siding"),
    Facility("Puskesmas Puring Kencana", "centre", "Puring Kencana", "id", 2005, 2012, 0.2, "first one soon to open in April 2012 (V21); every kecamatan had one by 2006 (SEED4)", village="Kantuk Asam"),
    Facility("Pustu Entikong", "dispensary", "Entikong", "id", 1978, 1990, 0.15, _SUB, village="Entikong", replaced_by="Puskesmas Entikong"),
    Facility("Pustu Jagoi Babang", "dispensary", "Jagoi Babang", "id", 1978, 1990, 0.15, _SUB, village="Jagoi", replaced_by="Puskesmas Jagoi Babang"),
    Facility("Pustu Sajingan Besar", "dispensary", "Sajingan Besar", "id", 1978, 1990, 0.15, _SUB, village="Kaliau'", replaced_by="Puskesmas Sajingan Besar"),
    Facility("Pustu Siding", "dispensary", "Siding", "id", 1978, 1990, 0.15, _SUB, village="Siding", replaced_by="Puskesmas Siding"),
    Facility("Pustu Puring Kencana", "dispensary", "Puring Kencana", "id", 1985, 2005, 0.12, "people went to Putussibau or Lubok Antu before the centre (V21): late", village="Kantuk Asam", replaced_by="Puskesmas Puring Kencana"),
    Facility("Pustu Temajuk", "dispensary", "Temajuk", "id", 1988, 1990, 0.12, "a midwife at Temajuk since 1990 (HEALTH19, second reading)", village="Temajuk"),
    Facility("Pustu Sebubus", "dispensary", "Liku", "id", 1975, 2005, 0.12, _PUSTU, village="Sebubus"),
    Facility("Pustu Merbau", "dispensary", "Liku", "id", 1975, 2005, 0.12, _PUSTU, village="Merbau"),
    Facility("Polindes Cermai", "dispensary", "Liku", "id", 1989, 2010, 0.12, _POLINDES, village="Cermai"),
    Facility("Poskesdes Setinggak", "dispensary", "Liku", "id", 2006, 2015, 0.12, _POSKESDES, village="Setingga"),
    Facility("Poskesdes Sungai Dungun", "dispensary", "Liku", "id", 2006, 2015, 0.12, _POSKESDES, village="Sungai Dungun"),
    Facility("Poskesdes Malek", "dispensary", "Liku", "id", 2006, 2015, 0.12, _POSKESDES, village="Malek"),
    Facility("Pustu Aruk", "dispensary", "Sajingan Besar", "id", 1975, 2005, 0.12, _PUSTU, village="Sebunga"),
    Facility("Pustu Sungai Bening", "dispensary", "Sajingan Besar", "id", 1975, 2005, 0.12, _PUSTU, village="Sungai Bening"),
    Facility("Poskesdes Kaliau", "dispensary", "Sajingan Besar", "id", 2006, 2015, 0.12, _POSKESDES, village="Kaliau'"),
    Facility("Poskesdes Sawah", "dispensary", "Sajingan Besar", "id", 2006, 2015, 0.12, _POSKESDES, village="Sanatab"),
    Facility("Pustu Sebujit", "dispensary", "Siding", "id", 1975, 2005, 0.12, _PUSTU, village="Hli Buei"),
    Facility("Pustu Sungkung", "dispensary", "Siding", "id", 1985, 2015, 0.1, "present in July 2022 (V24), no road to it", village="Sungkung III"),
    Facility("Polindes Suruh Tembawang", "dispensary", "Suruh Tembawang", "id", 1989, 2010, 0.1, f"{_POLINDES}; unused since 2017 (V10)", village="Suruh Tembawang"),
    Facility("Army post Segumon", "dispensary", "Balai Karangan", "id", 2000, 2012, 0.08, "post in a report of 2023 (V18); care at 33 posts in 2012-13 (HEALTH38)", village="Segumon", staff=(0, 1, 0, 0.2)),
    Facility("Army post Sei Beruang", "dispensary", "Balai Karangan", "id", 2000, 2012, 0.08, "post in a report of 2022 (V33); care at 33 posts in 2012-13 (HEALTH38)", village="Sei Beruang", staff=(0, 1, 0, 0.2)),
    Facility("Clinic Kuching", "centre", "Kuching", "my", 1979, 1979, 0.65, f"outpatient clinics of the capital, {_PERIOD}", staff=(6, 40, 0, 0.95)),
    Facility("Clinic Bau", "centre", "Bau", "my", 1955, 1980, 0.6, f"outpatient clinic of the town; {_MY_SEAT}"),
    Facility("Clinic Lundu", "centre", "Lundu", "my", 1954, 1954, 0.6, "clinic of 1954, at the hospital since 1965 (HEALTH28)"),
    Facility("Clinic Serian", "centre", "Serian", "my", 1950, 1982, 0.6, "outpatient department of the hospital, which saw more than 130,000 in 2013 (HEALTH29): 54 staff at 200 visits a month each by then; a third of them at the start, as posts do not grow; opened with the hospital", staff=(1, 18, 0, 0.9)),
]
# fmt: on
#: Government clinics of Sarawak in the raw file: node in the model (else that of their district).
NODE_OF_DISTRICT = {
    "Lundu": "Lundu",
    "Bau": "Bau",
    "Serian": "Serian",
    "Tebedu": "Tebedu",
    "Kuching": "Kuching",
    "Sri Aman": "Sri Aman",
    "Lubok Antu": "Lubok Antu",
}
NODE_OF_CLINIC = {"Biawak": "Biawak", "Sematan": "Sematan", "Serasot": "Serikin", "Batu Lintang": "Batu Lintang", "Pantu": "Batu Lintang"}
#: Those in a village of the model.
VILLAGE_OF_CLINIC = {
    "Biawak": "Biawak", "Serasot": "Serasot", "Tebedu": "Tebedu", "Bunan Gega": "Bunan Gega", "Batu Lintang": "Batu Lintang (Sri Aman)",
    "Lubok Antu": "Lubok Antu", "Sematan": "Sematan",
} | {name: name for names in CLINICS_OF_PLACE.values() for name in names}  # fmt: skip
#: Clinics at the seat of a sub-district, and what is known of single ones: lowest, highest year, reason.
SEAT_CLINICS = ("Tebedu", "Sematan", "Lubok Antu", "Sri Aman", "Pangkalan Amo", "Engkilili")
KNOWN_CLINICS = {
    "Biawak": (1955, 1973, "in an old house for more than 50 years in November 2023 (V52)"),
    "Lubok Antu": (1955, 1980, f"{_MY_SEAT}; too small about 2010 (V54)"),
}
#: Special hospitals and their clinics, mother-and-child clinics beside a general one, and districts far from the line.
LEFT_OUT = ("KKIA", "hospital")
_COMMUNITY = "community clinic, the 1Malaysia type of 2010 or later (recalled)"
MY_CLASS = ("track", "1990:gravel;2005:paved")
MY_BOAT = ("boat", "2005:track")
_MY_WAY = "no source: tracks of the 1980s, then roads; clinics of the Batang Ai lake and its rivers by boat"

#: Sub-centres of kecamatan whose list was not found: one for so many desa (HEALTH6: 9 for 65 in Krayan, one for 7; Paloh and Sajingan Besar: 5 for 13).
DESA_A_PUSTU = 4
LISTED = ("Paloh", "Sajingan Besar", "Siding", "Entikong")
_ASSUMED = f"no list of the kecamatan: one for {DESA_A_PUSTU} desa (1 for 2.6 in Paloh and Sajingan Besar, 1 for 7 in Krayan: HEALTH6), where most people are near; from the mid-1970s (HEALTH18) to 2005 (assumed)"

#: Class: factor on speed in the wet months, in those of low rivers; lowest and highest; reason.
WET_MONTHS, LOW_MONTHS = (11, 12, 1, 2), (7, 8, 9)
SEASONS = {
    "track": (0.6, 1.0, 0.4, 0.9, "mud: a ride of 4 h becomes a day"),
    "footpath": (0.8, 1.0, 0.6, 1.0, "streams to ford and slippery slopes"),
    "boat": (1.0, 0.7, 0.5, 1.0, "low rivers: boats are pushed over shallows"),
}


def facilities_table(out: TableWriter, point: dict[str, Point], villages: list[Village]) -> None:
    """Write facilities.csv. ``point`` are places by name."""
    of_village = {v.name: v for v in villages}
    listed = {f.name for f in FACILITIES}
    rows = [
        _row(out, f, of_village[f.village].point if f.village else point[f.place], ("track", "") if f.km else ("", "")) for f in FACILITIES
    ]
    for f in _assumed_pustu(villages):
        if f.name in listed:
            raise SystemExit(f"facilities.csv has {f.name} twice")
        rows.append(_row(out, f, of_village[f.village].point, ("", "")))
    rows += list(_sarawak(out, point))
    for (kind, side), staff in STAFF.items():
        for column, (value, low, high) in zip(STAFF_COLUMNS, staff, strict=True):
            out.assume(f"staff.{kind}.{side}.{column}", f"{column} of a {kind} at the start, side {side}", value, low, high, "persons, beds or part of need",
                       _STAFF_REASON[kind], f"facilities.csv {column}")  # fmt: skip
    header = "facility,place,side,tier,kind,village,lat,lon,km,class_1980,later_classes,opened,opened_low,opened_high,quality_1980,doctors,nurses,beds,drugs,staff_basis,replaced_by,basis,reason"
    out.write("facilities.csv", header, rows)


def _assumed_pustu(villages: list[Village]) -> Iterable[Facility]:
    """Sub-centres of kecamatan without a list: one after the other in the desa that brings most people nearest to a facility (greedy p-median)."""
    for kecamatan, place in PLACE_OF_KECAMATAN.items():
        own = [v for v in villages if v.place == place]
        seat = next((f.village for f in FACILITIES if f.place == place and f.village and f.kind == "centre"), "")
        if kecamatan in LISTED:
            continue
        desa = [v for v in own if v.kind == "desa"]
        sites = [v.point for v in own if v.name == seat] or [max(own, key=lambda v: v.share).point]
        for _ in range(max(len(desa) // DESA_A_PUSTU, 1)):
            free = [v for v in desa if v.point not in sites]
            if not free:
                return
            best = min(free, key=lambda v: sum(w.share * min(straight_km(w.point, s) for s in (*sites, v.point)) for w in own))
            sites.append(best.point)
            yield Facility(f"Pustu {best.name}", "dispensary", place, "id", 1975, 2005, 0.12, _ASSUMED, village=best.name)


def _sarawak(out: TableWriter, point: dict[str, Point]) -> Iterable[tuple[object, ...]]:
    """Government clinics of the border districts in the ministry's list of 2024."""
    for raw in out.raw_rows("village_facilities.csv"):
        if raw["side"] != "MY" or raw["district"] not in NODE_OF_DISTRICT or raw["facility_type"] in LEFT_OUT:
            continue
        short = raw["name"].split(") ")[1]
        place = NODE_OF_CLINIC.get(short, NODE_OF_DISTRICT[raw["district"]])
        kind, type_name = (
            ("centre", "Klinik Kesihatan")
            if raw["facility_type"] == "KK"
            else ("dispensary", "Klinik Desa" if raw["facility_type"] == "KD" else "Klinik Komuniti")
        )
        low, high, reason = (1955, 1980, _MY_SEAT) if short in SEAT_CLINICS else (1955, 2010, _MY_CLINIC)
        low, high, reason = (2010, 2013, _COMMUNITY) if raw["facility_type"] == "KKom" else KNOWN_CLINICS.get(short, (low, high, reason))
        at, village = (float(raw["lat"]), float(raw["lon"])), VILLAGE_OF_CLINIC.get(short, "")
        km = 0.0 if village else straight_km(at, point[place]) * DETOUR
        way = ("", "")
        if km >= 1.0:
            way = MY_BOAT if short.startswith("Nanga") else MY_CLASS
            out.assume(f"way.{type_name} {short}", f"way from {place} to {type_name} {short}", f"{km:.1f} km, {way[0]};{way[1]}", "", "", "km and class", _MY_WAY,
                       "facilities.csv class_1980, later_classes")  # fmt: skip
        quality = 0.55 if kind == "centre" else 0.4
        yield _row(
            out,
            Facility(f"{type_name} {short}", kind, place, "my", low, high, quality, reason, village=village, km=km if km >= 1.0 else 0.0),
            at,
            way,
        )


def _row(out: TableWriter, f: Facility, at: Point, way: tuple[str, str]) -> tuple[object, ...]:
    """A row of facilities.csv, with its range of opening and its quality declared."""
    opened = (f.low + f.high + 1) // 2
    basis = "fact" if f.low == f.high and f.low != 1979 else "assumption"
    if basis == "assumption":
        out.assume(
            f"opened.{f.name}",
            f"opening year of {f.name} (1979 = 1979 or before)",
            opened,
            f.low,
            f.high,
            "year",
            f.reason,
            "facilities.csv opened",
        )
    out.assume(f"quality.{f.name}", f"quality of {f.name} in 1980 or when it opens", f.quality, round(max(0.0, f.quality - 0.1), 2), round(min(1.0, f.quality + 0.1), 2),
               "index 0-1", "no survey of facilities: staff, drugs and beds judged against a state hospital of today", "facilities.csv quality_1980")  # fmt: skip
    staff = f.staff or tuple(value for value, _, _ in STAFF[f.kind, f.side])
    if f.staff:
        out.assume(f"staff.{f.name}", f"doctors, nurses, beds and drugs of {f.name}", " ".join(f"{s:g}" for s in staff), "", "", "persons, beds or part of need",
                   f"beds as in its row where told, the rest by size: half to twice; {f.reason}", "facilities.csv doctors, nurses, beds, drugs")  # fmt: skip
    tier = "hospital" if f.kind == "hospital" else "primary"
    return (
        f.name,
        f.place,
        f.side,
        tier,
        f.kind,
        f.village,
        *at,
        round(f.km, 1),
        *way,
        opened,
        f.low,
        f.high,
        f.quality,
        *staff,
        "assumption",
        f.replaced_by,
        basis,
        f.reason,
    )


def seasons_table(out: TableWriter) -> None:
    """Write way_seasons.csv: what the wet months and those of low rivers do to the speed of each class of way."""
    rows = []
    for name, (wet, low_water, low, high, reason) in SEASONS.items():
        for months, factor in ((WET_MONTHS, wet), (LOW_MONTHS, low_water)):
            if factor != 1.0:
                out.assume(f"season.{name}", f"speed on a {name} in months {', '.join(map(str, months))} relative to the other months", factor, low, high, "ratio",
                           reason, "way_seasons.csv factor")  # fmt: skip
        for month in range(1, 13):
            factor = wet if month in WET_MONTHS else low_water if month in LOW_MONTHS else 1.0
            rows.append((name, month, factor, "assumption", reason))
    out.write("way_seasons.csv", "class,month,factor,basis,source", rows)
