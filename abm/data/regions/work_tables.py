"""What is paid, who holds the wage jobs, how large are the estates, how many seek work? Tables pay, employment, estates and labour."""

from __future__ import annotations

from abm.data.regions.table_writer import TableWriter

# Days of a month of full work: Indonesia (judgement), Malaysia (26: WAGE16, ECON13).
DAYS_ID, DAYS_ID_RANGE = 22, (18, 26)
DAYS_MY = 26
# Pay of timber work relative to farm work, Indonesia, and of a middling civil servant with allowances relative to the lowest basic pay.
TIMBER_ID, TIMBER_ID_RANGE = 1.2, (1.0, 1.7)
PUBLIC_ID, PUBLIC_ID_RANGE = 2.2, (1.6, 3.0)
# A new scale of civil service pay in 1985 is not in the source (WAGE20), so its pay until 1992 is a lower bound only.
PUBLIC_UNKNOWN = range(1985, 1993)

Anchor = tuple[str, str, int, float, str, str, float | None, float | None]  # side, sector, year, pay, basis, source, low, high

# Malaysian pay that is no yearly series of raw/wages_annual.csv: sector, year, RM a month, basis, source, low, high.
_DAY = f"a day times {DAYS_MY}"
# fmt: off
PAY_MY: list[tuple[str, int, float, str, str, float | None, float | None]] = [
    ("estate", 1980, 7.5 * DAYS_MY, "assumption", f"RM7.5 {_DAY}: no figure before 2002; trial value", 5.5 * DAYS_MY, 9.5 * DAYS_MY),
    ("estate", 2002, 9 * DAYS_MY, "assumption",
        f"RM9 {_DAY}: a new worker had RM8 in Sabah (ECON30), Sarawak paid somewhat more", 8 * DAYS_MY, 13 * DAYS_MY),
    ("estate", 2009, 16 * DAYS_MY, "assumption",
        f"RM16 {_DAY}: least pay set by the consulate before 2010 (ECON12); paid: 14-18 (WAGE12)", 14 * DAYS_MY, 18 * DAYS_MY),
    ("estate", 2010, 16 * DAYS_MY, "assumption",
        f"RM16 {_DAY}: middle of the 14-18 paid in April (WAGE12); the 19 that the consulate set (ECON12) were asked for, not yet paid",
        14 * DAYS_MY, 19 * DAYS_MY),
    ("estate", 2012, 18 * DAYS_MY, "fact", f"WAGE16: RM18 basic {_DAY}, before the minimum wage", None, None),
    ("estate", 2013, 31 * DAYS_MY, "fact", f"WAGE16: RM31 basic {_DAY}, with the minimum wage", None, None),
    ("estate", 2015, 31 * DAYS_MY, "assumption", "minimum wage unchanged until July 2016 (WAGE18, WAGE19)", 30 * DAYS_MY, 36 * DAYS_MY),
    ("timber", 1990, 10 * DAYS_MY, "assumption",
        f"RM10 {_DAY} in mills of 2010, said to be unchanged for 10 to 20 years (WAGE14)", 8 * DAYS_MY, 13 * DAYS_MY),
    ("timber", 2000, 10 * DAYS_MY, "assumption",
        f"RM10 {_DAY} in mills of 2010, said to be unchanged for 10 to 20 years (WAGE14)", 9 * DAYS_MY, 13 * DAYS_MY),
    ("timber", 2010, 10 * DAYS_MY, "assumption", f"RM10 {_DAY}, asked to rise to 12 (WAGE14); the days are those of estates (WAGE16)",
        10 * DAYS_MY, 12 * DAYS_MY),
    ("timber", 2013, 800, "assumption", "minimum wage (WAGE18), which was far above the pay of mills: taken as paid", 700, 900),
    ("timber", 2015, 800, "assumption", "minimum wage unchanged until July 2016 (WAGE18, WAGE19)", 750, 950),
    ("public", 2006, 1609, "assumption",
        "lowest pay with allowances before the rise of July 2007, RM805.85 (WAGE21), times 2.0: the median of 2010 (WAGE4) is 2.0 times the "
        "lowest of 2007 to 2010; range: the rise was 7.5 to 35 percent (WAGE21)", 1515, 1902),
]
# fmt: on
#: Recalled years of the minimum wage lie this near (a share), and 2009 may be the 645,000 that ECON35 gives.
MINIMUM_WAGE_ERROR = 0.05


def pay_table(out: TableWriter) -> None:
    """Write pay.csv: pay of a month of full work by side and sector, only in the years in which something is known."""
    anchors = sorted([*pay_of_indonesia(out), *pay_of_malaysia(out)], key=lambda row: (row[0], SECTORS.index(row[1]), row[2]))
    for side, sector, year, pay, basis, source, low, high in anchors:
        if basis == "assumption":
            assert low is not None and high is not None
            key, unit = f"pay.{side}.{sector}.{year}", "Rp a month" if side == "id" else "RM a month"
            out.assume(key, f"pay in {sector}, side {side}, {year}", pay, round(low, 2), round(high, 2), unit, source, "pay.csv pay")
    out.write("pay.csv", "side,sector,year,pay,basis,source", (row[:6] for row in anchors))


SECTORS = ("estate", "timber", "services", "public")


def pay_of_indonesia(out: TableWriter) -> list[Anchor]:
    """Farm labour and timber work of Indonesia, the minimum wage and public pay."""
    anchors: list[Anchor] = []
    for row in out.raw_rows("wages_annual.csv"):
        year = int(row["year"])
        if row["farm_day_wage_idn_rp"]:
            day = int(row["farm_day_wage_idn_rp"])
            said = f"farm labourers of Indonesia, Rp {day:,} a day (WAGE9), times {DAYS_ID} days a month"
            low, high = (day * days for days in DAYS_ID_RANGE)
            anchors.append(("id", "estate", year, day * DAYS_ID, "assumption", said, low, high))
            said = (
                f"{TIMBER_ID} times the pay of farm labour ({said}); no figure for timber: building labour had 1.7 times in 2016 (WAGE10)"
            )
            low, high = low * TIMBER_ID_RANGE[0], high * TIMBER_ID_RANGE[1]
            anchors.append(("id", "timber", year, round(day * DAYS_ID * TIMBER_ID), "assumption", said, low, high))
        if row["ump_kalbar_rp_month"]:
            anchors.append(minimum_wage(year, int(row["ump_kalbar_rp_month"]), bool(row["ump_recalled"])))
        if year not in PUBLIC_UNKNOWN:
            lowest = int(row["civil_servant_lowest_basic_idn_rp_month"])
            said = f"lowest basic pay of civil servants, Rp {lowest:,} (WAGE20), times {PUBLIC_ID} for a middling grade with allowances"
            low, high = (lowest * times for times in PUBLIC_ID_RANGE)
            anchors.append(("id", "public", year, round(lowest * PUBLIC_ID), "assumption", said, low, high))
    return anchors


def minimum_wage(year: int, pay: int, recalled: bool) -> Anchor:
    """The least pay of West Kalimantan in a year; 2010 stands in ECON35 as recalled."""
    if not recalled and year != 2010:
        return "id", "services", year, pay, "fact", "minimum wage of West Kalimantan (WAGE6)", None, None
    low, high = pay * (1 - MINIMUM_WAGE_ERROR), pay * (1 + MINIMUM_WAGE_ERROR)
    said = "minimum wage of West Kalimantan, recalled (WAGE7)"
    if year == 2009:
        low, said = 645_000, f"{said}; ECON35 has 645,000"
    if year == 2010:
        said = "minimum wage of West Kalimantan (ECON35, recalled)"
    return "id", "services", year, pay, "assumption", said, low, high


def pay_of_malaysia(out: TableWriter) -> list[Anchor]:
    """Estates and mills of Sarawak by what is reported of them, medians of the wage survey for services and public work."""
    anchors: list[Anchor] = [("my", sector, year, pay, basis, source, low, high) for sector, year, pay, basis, source, low, high in PAY_MY]
    for row in out.raw_rows("wages_annual.csv"):
        year = int(row["year"])
        if row["wage_median_sarawak_rm_month"]:
            pay = int(row["wage_median_sarawak_rm_month"])
            anchors.append(("my", "services", year, pay, "fact", "median wage of the citizens of Sarawak (WAGE1)", None, None))
        if row["wage_median_mys_public_admin_rm_month"]:
            pay = int(row["wage_median_mys_public_admin_rm_month"])
            anchors.append(("my", "public", year, pay, "fact", "median wage in public administration of Malaysia (WAGE4)", None, None))
    return anchors


# Work outside farms and estates that residents hold, in services also on their own account, for each person in the labour force: side, sector, year, share, low, high, source.
_TIMBER_ID = (
    "judgement: logging concessions along the line to about 2004 (TIMB4, RULE11), at their widest after the ban on log exports of 1985; "
    "no count (TIMB6)"
)
_SERVICES_ID = (
    "work outside farming by census and Sakernas (ECON37, EMP8), 0.6 of the province's on the line (Sanggau 74.67 percent in farming, EMP8), "
    "for wages and, about as often (EMP11), on one's own account, less public and timber work"
)
_PUBLIC_ID = (
    "services hold 11.36 percent of the employed of West Kalimantan in 2014 (EMP8), 0.6 of it on the line (Sanggau is more agrarian), "
    "two thirds of it public; schools and health centres were built from 1974 on, so fewer before"
)
_TIMBER_MY = (
    "4 jobs of residents for 1,000 m3 of logs a year (TIMB3, TIMB1), of a labour force of 0.44 of the people of the state (EMP1, census); "
    "jobs of foreigners come on top (ECON14)"
)
_SERVICES_MY = (
    "wage earners for each person in the labour force of Sarawak, 0.55 in 2010 (WAGE5, EMP1), taken as 0.41 in the districts along the "
    "line, which have no city, less public, timber and estate work, and a third more on their own account in trade and services (judgement); fewer before"
)
_PUBLIC_MY = "1.0 million public servants among 10.9 million in the labour force of Malaysia in 2007, 0.09 (WAGE21); fewer before"
# fmt: off
EMPLOYMENT: list[tuple[str, str, int, float, float, float, str]] = [
    ("id", "timber", 1980, 0.03, 0.01, 0.06, _TIMBER_ID),
    ("id", "timber", 1990, 0.04, 0.015, 0.08, _TIMBER_ID),
    ("id", "timber", 2000, 0.035, 0.015, 0.08, _TIMBER_ID),
    ("id", "timber", 2004, 0.03, 0.01, 0.07, _TIMBER_ID),
    ("id", "timber", 2006, 0.008, 0.002, 0.02, _TIMBER_ID),
    ("id", "timber", 2015, 0.003, 0.0, 0.01, _TIMBER_ID),
    ("id", "services", 1980, 0.071, 0.04, 0.11, _SERVICES_ID),
    ("id", "services", 1990, 0.105, 0.07, 0.15, _SERVICES_ID),
    ("id", "services", 2000, 0.129, 0.09, 0.18, _SERVICES_ID),
    ("id", "services", 2010, 0.179, 0.13, 0.24, _SERVICES_ID),
    ("id", "services", 2015, 0.204, 0.15, 0.27, _SERVICES_ID),
    ("id", "public", 1980, 0.025, 0.015, 0.04, _PUBLIC_ID),
    ("id", "public", 1990, 0.035, 0.02, 0.05, _PUBLIC_ID),
    ("id", "public", 2000, 0.04, 0.025, 0.055, _PUBLIC_ID),
    ("id", "public", 2010, 0.045, 0.03, 0.06, _PUBLIC_ID),
    ("id", "public", 2015, 0.046, 0.03, 0.06, _PUBLIC_ID),
    ("my", "timber", 1980, 0.06, 0.03, 0.11, _TIMBER_MY),
    ("my", "timber", 1985, 0.08, 0.04, 0.14, _TIMBER_MY),
    ("my", "timber", 1990, 0.105, 0.05, 0.18, _TIMBER_MY),
    ("my", "timber", 1995, 0.083, 0.04, 0.15, _TIMBER_MY),
    ("my", "timber", 2000, 0.065, 0.03, 0.115, _TIMBER_MY),
    ("my", "timber", 2005, 0.05, 0.025, 0.09, _TIMBER_MY),
    ("my", "timber", 2010, 0.036, 0.018, 0.065, _TIMBER_MY),
    ("my", "timber", 2015, 0.03, 0.015, 0.055, _TIMBER_MY),
    ("my", "services", 1980, 0.16, 0.1, 0.24, _SERVICES_MY),
    ("my", "services", 1990, 0.23, 0.15, 0.32, _SERVICES_MY),
    ("my", "services", 2000, 0.29, 0.2, 0.39, _SERVICES_MY),
    ("my", "services", 2010, 0.35, 0.25, 0.45, _SERVICES_MY),
    ("my", "services", 2015, 0.37, 0.27, 0.47, _SERVICES_MY),
    ("my", "public", 1980, 0.07, 0.045, 0.1, _PUBLIC_MY),
    ("my", "public", 1990, 0.08, 0.055, 0.11, _PUBLIC_MY),
    ("my", "public", 2000, 0.085, 0.06, 0.115, _PUBLIC_MY),
    ("my", "public", 2010, 0.09, 0.065, 0.12, _PUBLIC_MY),
    ("my", "public", 2015, 0.09, 0.065, 0.12, _PUBLIC_MY),
]
# fmt: on


def employment_table(out: TableWriter) -> None:
    """Write employment.csv: work outside farms and estates held by residents, for each person in the labour force."""
    for side, sector, year, share, low, high, reason in EMPLOYMENT:
        said = f"work in {sector} for each person in the labour force, side {side}, {year}"
        out.assume(f"employment.{side}.{sector}.{year}", said, share, low, high, "share", reason, "employment.csv share")
    rows = [(side, sector, year, share, "assumption", reason) for side, sector, year, share, _low, _high, reason in EMPLOYMENT]
    out.write("employment.csv", "side,sector,year,share,basis,source", rows)


# West Kalimantan before its first count of 2007 (OILP4), and 2015: year, ha, low, high, source.
_FIRST_ID = (
    "no area before 2007 (OILP4): the state company planted from the early 1980s, two mills ran by 1992 (OILP5), then grew to the 451,400 ha "
    "of 2007; its rubber estates are left out"
)
# fmt: off
ESTATES_ID: list[tuple[int, float, float, float, str]] = [
    (1980, 500, 0, 5000, _FIRST_ID),
    (1985, 12_000, 4000, 30_000, _FIRST_ID),
    (1990, 40_000, 17_000, 80_000, _FIRST_ID),
    (1995, 120_000, 50_000, 200_000, _FIRST_ID),
    (2000, 290_000, 180_000, 370_000, _FIRST_ID),
    (2015, 1_332_000, 1_200_000, 1_480_000, "geometric mean of 2014 and 2016 (OILP4)"),
]
# fmt: on
# Sourced points of Sarawak, which win over the recalled series (OILP2).
ESTATES_MY = {2009: (840_000, "OILP1: June"), 2010: (920_000, "OILP1: June; ECON32 rounds to 1.0 million"), 2015: (1_400_000, "ECON32")}
#: A recalled area lies this near (a share): the series agrees with its sourced points within a few per cent.
AREA_ERROR = 0.1


def estates_table(out: TableWriter) -> None:
    """Write estates.csv: planted oil palm of the whole province and state, in the years in which it is known or declared."""
    rows: list[tuple[str, int, float, str, str]] = []
    ranges: dict[tuple[str, int], tuple[float, float]] = {}
    for year, area, low, high, said in ESTATES_ID:
        rows.append(("id", year, area, "assumption", said))
        ranges["id", year] = (low, high)
    for row in out.raw_rows("oilpalm_area.csv"):
        year = int(row["year"])
        if row["kalbar_ha"]:
            rows.append(("id", year, int(row["kalbar_ha"]), "fact", "OILP4"))
        if year in ESTATES_MY:
            area, said = ESTATES_MY[year]
            rows.append(("my", year, area, "fact", said))
        elif row["sarawak_ha_mpob"]:
            area = int(row["sarawak_ha_mpob"])
            rows.append(("my", year, area, "assumption", "area table of the palm oil board as recalled (OILP2)"))
            ranges["my", year] = (round(area * (1 - AREA_ERROR)), round(area * (1 + AREA_ERROR)))
    rows.sort()
    for side, year, area, basis, said in rows:
        if basis == "assumption":
            key, quantity = f"estate_area.{side}.{year}", f"planted oil palm, side {side}, {year}"
            out.assume(key, quantity, area, *ranges[side, year], "ha", said, "estates.csv area_ha")
    out.write("estates.csv", "side,year,area_ha,basis,source", rows)


# Logs cut in Sarawak, thousand cubic metres a year: year, logs, basis, source. Recalled figures lie this near (a share).
LOGS_MY = [
    *((year, logs, "assumption", "recalled (TIMB3)") for year, logs in (
        (1980, 8400), (1985, 12_200), (1990, 18_800), (1991, 19_400), (1995, 16_300), (2000, 14_300), (2005, 12_000))),
    (2011, 9610, "fact", "TIMB1"),
    (2012, 9459, "fact", "TIMB1"),
]  # fmt: skip
LOGS_ERROR = 0.15


def logs_table(out: TableWriter) -> None:
    """Write logs.csv: logs cut in Sarawak, which employs loggers and mill workers."""
    for year, logs, basis, said in LOGS_MY:
        if basis == "assumption":
            low, high = round(logs * (1 - LOGS_ERROR)), round(logs * (1 + LOGS_ERROR))
            out.assume(f"logs.my.{year}", f"logs cut in Sarawak, {year}", logs, low, high, "thousand m3", said, "logs.csv logs_thousand_m3")
    out.write("logs.csv", "side,year,logs_thousand_m3,basis,source", [("my", *row) for row in LOGS_MY])


# Share of the people of 15 and over in the labour force: side, year, share, low, high, basis, source.
_EARLY_ID = "no figure before 2013: participation of a farming province, near that of 2013 (EMP9)"
_EARLY_MY = "participation of Malaysia at 15 to 64 (E05), taken for Sarawak, which had 66.5 percent in 2010 where Malaysia had 63.7"
PARTICIPATION_ID = [
    (1980, 0.68, 0.6, 0.75, "assumption", _EARLY_ID),
    (1990, 0.69, 0.62, 0.75, "assumption", _EARLY_ID),
    (2000, 0.7, 0.64, 0.75, "assumption", _EARLY_ID),
    (2013, 0.6975, None, None, "fact", "EMP9"),
    (2014, 0.6993, None, None, "fact", "EMP9"),
    (2015, 0.7, 0.67, 0.73, "assumption", "as in 2014 (EMP9)"),
]
PARTICIPATION_MY = {2010: (0.665, "EMP1")}
PARTICIPATION_MY_YEARS = (1982, 1985, 1990, 1995, 2000, 2005, 2010, 2015)
PARTICIPATION_ERROR = 0.04


def labour_table(out: TableWriter) -> None:
    """Write labour.csv: the share of the people of 15 and over who are in the labour force."""
    rows: list[tuple[str, int, float, float | None, float | None, str, str]] = [("id", *row) for row in PARTICIPATION_ID]
    of_year = {int(row["year"]): row["malaysia_participation_pct"] for row in out.raw_rows("labour_annual.csv")}
    for year in (1980, *PARTICIPATION_MY_YEARS):
        if year in PARTICIPATION_MY:
            share, said = PARTICIPATION_MY[year]
            rows.append(("my", year, share, None, None, "fact", said))
            continue
        share = round(float(of_year[max(year, 1982)]) / 100, 4)
        said = f"{_EARLY_MY}; that of 1982" if year < 1982 else _EARLY_MY
        rows.append(("my", year, share, share - PARTICIPATION_ERROR, share + PARTICIPATION_ERROR, "assumption", said))
    for side, year, share, low, high, basis, said in rows:
        if basis == "assumption":
            assert low is not None and high is not None
            key, quantity = f"participation.{side}.{year}", f"share of the people of 15 and over in the labour force, side {side}, {year}"
            out.assume(key, quantity, share, round(low, 4), round(high, 4), "share", said, "labour.csv participation")
    out.write("labour.csv", "side,year,participation,basis,source", ((*row[:3], *row[5:]) for row in rows))
