"""The tables of people, births and deaths, pay, jobs, estates and the labour force: figures worked by hand, sums that must hold, and what is declared."""

from __future__ import annotations

import csv
import itertools
import math

import pandas as pd
import pytest

from abm.data.regions.people_tables import (
    CENSUS_YEARS,
    SARAWAK_SPLIT,
    Settled,
    along_district,
    entikong,
    kalimantan_path,
    parts_of,
)
from abm.data.regions.work_tables import minimum_wage
from abm.region import Region
from abm.region.contract import JOB_SECTORS, PAY_SECTORS, SIDES
from tests.world.damaged_region import FOLDER


def raw(name: str) -> list[dict[str, str]]:
    with (FOLDER / "raw" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def people(region: Region) -> dict[tuple[str, int], float]:
    table = region.population
    return dict(zip(zip(table["place"], table["year"], strict=True), table["people"], strict=True))


def cells(table: pd.DataFrame, *columns: str) -> dict[tuple[object, ...], dict[str, object]]:
    """Rows of a table by some of its columns."""
    return {tuple(row[c] for c in columns): row for row in table.to_dict("records")}


# --- people ----------------------------------------------------------------------------------------------------------


def test_every_border_place_has_people_in_the_years_of_a_census(region: Region) -> None:
    known = people(region)
    for place, side in zip(region.border_places["place"], region.border_places["side"], strict=True):
        for year in (1980, 1990 if side == "id" else 1991, 2000, 2010, 2015):
            assert known[place, year] > 0, (place, year)


def test_parts_of_a_sarawak_district_add_up_to_its_census(region: Region) -> None:
    known = people(region)
    census = {
        (row["district"], int(row["year"])): row["population_total"] for row in raw("census_my_districts.csv") if row["state"] == "Sarawak"
    }
    for district, places in SARAWAK_SPLIT.items():
        for year in CENSUS_YEARS:
            found = sum(known[place, year] for place in places)
            if district == "Sri Aman":  # a part of it: 15,000 of 64,500 people of 2010
                assert found == round(float(census[district, year]) * 15_000 / 64_500), year
            else:
                assert found == float(census[district, year]), (district, year)


def test_2015_in_sarawak_lies_between_two_censuses_by_hand(region: Region) -> None:
    known = people(region)
    assert known["Bau", 2015] + known["Serikin", 2015] == round(math.sqrt(52_760 * 52_643))
    assert known["Serian", 2015] + known["Tebedu", 2015] == round(math.sqrt(89_078 * (85_345 + 25_232))), "Tebedu was cut out by 2020"
    assert known["Lubok Antu", 2015] == round(math.sqrt(27_363 * 24_573))


def test_a_part_of_a_district_by_hand() -> None:
    small = Settled("Small", "my", 300, 2010, "assumption", 200, 500, "a village")
    rest = Settled("Rest", "my", 700, 2010, "fact", 700, 700, "less the village")
    census = {"Here": {1980: 455.0, 2010: 1000.0, 2015: 1111.0}}
    first = parts_of("Here", 1980, 455.0, [small, rest], census)
    assert first["Small"][:2] == (136, "assumption")  # 136.5 to the even number
    assert first["Rest"][0] == 455 - 136, "what rounding leaves"
    assert parts_of("Here", 2010, 1000.0, [small, rest], census)["Rest"] == (700, "fact", "less the village")
    assert parts_of("Here", 2015, 1111.0, [small, rest], census)["Small"][1] == "assumption"


def test_growth_of_kalimantan_places_by_hand() -> None:
    path = kalimantan_path()
    assert path[2010] == 1.0
    assert path[2015] == pytest.approx(395_172 / 368_538)  # five years as in 2004-2009
    assert path[2009] * path[2011] == pytest.approx(1.0)
    assert path[1980] == 0.62
    # 1990 is two fifths of the way from 1988 to 1993, and 2003 lies seven years before 2010
    of_2003 = (368_538 / 395_172) ** (7 / 5)
    assert path[1990] == pytest.approx(of_2003 * 415_514 ** (3 / 5) * 458_438 ** (2 / 5) / 529_473)
    assert path[2000] == pytest.approx(of_2003 * 506_876 ** (3 / 4) * 529_473 ** (1 / 4) / 529_473)
    years = sorted(path)
    assert all(path[a] < path[b] for a, b in itertools.pairwise(years))


def test_a_kalimantan_place_by_hand() -> None:
    path = kalimantan_path()
    place = Settled("There", "id", 1000, 2010, "assumption", 800, 1200, "a guess")
    made = {year: (count, basis, allowed) for year, count, basis, _, allowed in along_district(place, path)}
    assert made[1980] == (620, "assumption", pytest.approx((400, 900)))
    assert made[2010] == (1000, "assumption", (800, 1200))
    assert made[2015][0] == 1072
    of_2011 = Settled("There", "id", 1000, 2011, "fact", 1000, 1000, "counted")
    later = {year: (count, basis) for year, count, basis, _, _ in along_district(of_2011, path)}
    assert later[2011] == (1000, "fact")
    assert later[2010] == (round(1000 * (368_538 / 395_172) ** 0.2), "assumption")
    assert later[1980] == (round(0.62 * 1000 * (368_538 / 395_172) ** 0.2), "assumption")


def test_entikong_grows_as_reported_about_2005(region: Region) -> None:
    known = people(region)
    assert known["Entikong", 2005] / known["Entikong", 2000] == pytest.approx(1.0951**5, rel=1e-3)  # GEO9
    assert known["Entikong", 2009] == 11_014
    other = known["Balai Karangan", 1980] / known["Balai Karangan", 2009]
    assert known["Entikong", 1980] / known["Entikong", 2009] < 0.6 * other, "the boom came after the post"
    district = known["Balai Karangan", 1990] / known["Balai Karangan", 1980]
    assert known["Entikong", 1990] / known["Entikong", 1980] == pytest.approx(district, rel=1e-3), "with its district before"
    between = (known["Entikong", 2000] / known["Entikong", 1990]) ** 0.1
    assert between == pytest.approx((1.0951 + (kalimantan_path()[2000] / kalimantan_path()[1990]) ** 0.1) / 2, rel=1e-4)


def test_ranges_of_entikong_hold_growth_without_a_boom_and_a_boom_from_the_start() -> None:
    path = kalimantan_path()
    place = Settled("Entikong", "id", 11_014, 2009, "assumption", 10_500, 11_500, "a fact less a guess")
    made = {year: (count, allowed) for year, count, _, _, allowed in entikong(place, path)}
    for count, (low, high) in made.values():
        assert low <= count <= high
    assert made[1990][1][1] == pytest.approx(11_014 * path[1990] / path[2009])
    assert made[1990][1][0] == pytest.approx(made[2005][0] / 1.0951**15, rel=1e-3)


def test_people_of_places_and_districts_agree(region: Region) -> None:
    known = people(region)
    for row in region.border_places.to_dict("records"):
        assert known[row["place"], row["population_year"]] == row["population"]
    for row in region.districts.to_dict("records"):
        own = region.border_places.loc[region.border_places["district"] == row["district"], "place"]
        ratio = sum(known[p, 1980] for p in own) / sum(known[p, 2010] for p in own)
        assert row["population_1980_ratio"] == pytest.approx(ratio, abs=5e-4)
        assert sum(known[p, 2010] for p in own) == pytest.approx(row["population"], rel=0.02)


# --- births and deaths -----------------------------------------------------------------------------------------------


def test_rates_are_those_recalled(region: Region) -> None:
    rates = cells(region.rates, "side", "year")
    for year, births, infants, crude, deaths in (
        (1980, 5.5, 119, 42, 14),
        (1990, 4.4, 81, 33, 10),
        (2000, 3.0, 57, 25, 8),
        (2010, 2.6, 30, 22, 7),
    ):
        row = rates["id", year]
        assert (row["births_per_woman"], row["infant_deaths"], row["crude_births"], row["crude_deaths"]) == (births, infants, crude, deaths)
    for year, crude in ((1980, 31), (1991, 28), (2000, 22), (2010, 16)):
        assert rates["my", year]["crude_births"] == crude
        here = rates["id", 1990 if year == 1991 else year]
        told = crude * float(here["births_per_woman"]) / float(here["crude_births"])  # type: ignore[arg-type]
        assert rates["my", year]["births_per_woman"] == pytest.approx(told, abs=0.06)
    assert set(region.rates["basis"]) == {"assumption"}, "recalled figures are no facts"


def test_rates_fall_and_births_exceed_deaths(region: Region) -> None:
    for side in SIDES:
        own = region.rates[region.rates["side"] == side]
        for column in ("births_per_woman", "infant_deaths", "crude_births", "crude_deaths"):
            assert own[column].is_monotonic_decreasing, (side, column)
        assert (own["crude_births"] > 2 * own["crude_deaths"]).all()


# --- pay -------------------------------------------------------------------------------------------------------------


def test_pay_by_hand(region: Region) -> None:
    pay = {key: row["pay"] for key, row in cells(region.pay, "side", "sector", "year").items()}
    assert pay["id", "estate", 2010] == 38_041 * 22
    assert pay["id", "timber", 2010] == round(38_041 * 22 * 1.2)
    assert pay["id", "services", 2004] == 420_000
    assert pay["id", "services", 2013] == 1_060_000
    assert pay["id", "public", 1980] == pytest.approx(12_000 * 2.2)
    assert pay["id", "public", 2015] == pytest.approx(1_486_500 * 2.2)
    assert pay["my", "estate", 1980] == 7.5 * 26
    assert pay["my", "estate", 2010] == 16 * 26, "what was paid, not the 19 that the consulate asked for"
    assert pay["my", "estate", 2013] == 31 * 26
    assert pay["my", "timber", 1990] == pay["my", "timber", 2010] == 260
    assert pay["my", "services", 2010] == 1100
    assert pay["my", "public", 2014] == 2800
    assert 2045 / 1.35 <= pay["my", "public", 2006] <= 2045 / 1.075, "the rise of 2007 was 7.5 to 35 percent"  # type: ignore[operator]


def test_pay_is_given_only_where_something_is_known(region: Region) -> None:
    years = {key: set(rows["year"]) for key, rows in region.pay.groupby(["side", "sector"])}
    assert set(years) == {(side, sector) for side in SIDES for sector in PAY_SECTORS}
    assert years["id", "estate"] == years["id", "timber"] == set(range(2009, 2014))
    assert years["id", "services"] == set(range(1999, 2016))
    assert years["id", "public"] == {*range(1980, 1985), *range(1993, 2016)}, "1985-1992 is a lower bound only"
    assert years["my", "estate"] == {1980, 2002, 2009, 2010, 2012, 2013, 2015}
    assert years["my", "services"] == set(range(2010, 2016))


def test_pay_across_over_pay_at_home_is_that_of_the_reports(region: Region) -> None:
    """WAGE23: a day on a Sarawak estate over one of farm labour at home."""
    pay = {key: float(row["pay"]) for key, row in cells(region.pay, "side", "sector", "year").items()}  # type: ignore[arg-type]
    rate = {
        year: idr / myr
        for year, idr, myr in zip(region.annual["year"], region.annual["idr_per_usd"], region.annual["myr_per_usd"], strict=True)
    }
    for year, ratio in ((2010, 1.2), (2013, 2.5)):
        day_there, day_home = pay["my", "estate", year] / 26 * rate[year], pay["id", "estate", year] / 22
        assert day_there / day_home == pytest.approx(ratio, abs=0.06), year


def test_minimum_wages_recalled_are_assumptions(region: Region) -> None:
    basis = {
        year: row["basis"]
        for (side, sector, year), row in cells(region.pay, "side", "sector", "year").items()
        if (side, sector) == ("id", "services")
    }
    assert {year for year, said in basis.items() if said == "fact"} == {2004, 2013, 2014, 2015}
    assert minimum_wage(2009, 705_000, True)[6:] == (645_000, pytest.approx(740_250))
    assert minimum_wage(2010, 741_000, False)[4] == "assumption" and "ECON35" in minimum_wage(2010, 741_000, False)[5]
    assert minimum_wage(2013, 1_060_000, False)[4] == "fact"
    assert minimum_wage(2008, 100, True)[6:] == (95, 105)


# --- jobs, estates, labour force -------------------------------------------------------------------------------------


def test_jobs_are_part_of_the_labour_force(region: Region) -> None:
    share = {key: float(row["share"]) for key, row in cells(region.employment, "side", "sector", "year").items()}  # type: ignore[arg-type]
    assert {key[:2] for key in share} == {(side, sector) for side in SIDES for sector in JOB_SECTORS}
    for year in (1980, 2015):
        home, there = (sum(share[side, sector, year] for sector in JOB_SECTORS) for side in ("id", "my"))
        assert 0 < home < there < 1
    # EMP8: a quarter works outside farming on the line (100 - 74.67 in Sanggau; 0.6 of the province's 42.24); trade and services hold those too
    # who work on their own account, so all of the quarter is in the table
    assert sum(share["id", sector, 2015] for sector in JOB_SECTORS) == pytest.approx(0.2533, abs=0.005)
    # EMP11: half of it for wages, public and timber work among them
    assert share["id", "public", 2015] + share["id", "timber", 2015] < 0.2533 * 31.26 / 57 < share["id", "services", 2015]
    # WAGE5 / EMP1 times three quarters bounds those who work for wages in Sarawak: a fourth of trade and services is on one's own account
    assert share["my", "public", 2010] + share["my", "timber", 2010] + 0.75 * share["my", "services", 2010] < 0.75 * 579.0 / 1057.1
    assert share["my", "timber", 1990] == max(share["my", "timber", year] for year in (1980, 1985, 1990, 1995, 2000, 2005, 2010, 2015))
    assert share["id", "timber", 2006] < share["id", "timber", 2004] / 3, "the log bans"


def test_timber_jobs_of_sarawak_follow_the_logs_cut(region: Region) -> None:
    share = {key: float(row["share"]) for key, row in cells(region.employment, "side", "sector", "year").items()}  # type: ignore[arg-type]
    for year, million_m3, million_people in ((1980, 8.4, 1.2356), (1990, 18.8, 1.60), (2000, 14.3, 2.0099)):
        assert share["my", "timber", year] == pytest.approx(4 * million_m3 / 1000 / (0.44 * million_people), abs=0.003), year


def test_sourced_areas_win_over_the_recalled(region: Region) -> None:
    area = {key: (row["area_ha"], row["basis"]) for key, row in cells(region.estates, "side", "year").items()}
    assert area["my", 2009] == (840_000, "fact") and area["my", 2010] == (920_000, "fact") and area["my", 2015] == (1_400_000, "fact")
    assert area["my", 2014] == (1_263_391, "assumption")
    assert area["id", 2007] == (451_400, "fact") and area["id", 2014] == (1_200_000, "fact")
    assert area["id", 2015][0] == pytest.approx(math.sqrt(1_200_000 * 1_478_879), rel=1e-3)
    for side in SIDES:
        assert region.estates.loc[region.estates["side"] == side, "area_ha"].is_monotonic_increasing


def test_participation(region: Region) -> None:
    share = {key: (row["participation"], row["basis"]) for key, row in cells(region.labour, "side", "year").items()}
    assert share["my", 2010] == (0.665, "fact") and share["id", 2013] == (0.6975, "fact") and share["id", 2014] == (0.6993, "fact")
    assert share["my", 1980] == share["my", 1982] == (0.648, "assumption")
    assert share["my", 2000] == (0.654, "assumption")


def test_product_of_districts_by_hand(region: Region) -> None:
    level = dict(zip(region.districts["district"], region.districts["pay_level"], strict=True))
    mean = (1.99 + 1.75 + 1.26) / 3
    assert level["Sambas"] == level["Bengkayang"] == pytest.approx(1.99 / mean, abs=5e-4)
    assert level["Sanggau"] == pytest.approx(1.75 / mean, abs=5e-4)
    assert level["Sintang"] == pytest.approx(1.26 / mean, abs=5e-4)
    assert {level[d] for d in ("Kapuas Hulu", "Kuching", "Serian", "Sri Aman")} == {1.0}
    basis = dict(zip(region.districts["district"], region.districts["pay_level_basis"], strict=True))
    assert {d for d, said in basis.items() if said == "fact"} == {"Sambas", "Sanggau", "Sintang"}


# --- product ---------------------------------------------------------------------------------------------------------


def test_real_product_is_that_of_the_national_accounts(region: Region) -> None:
    real = region.real_income.set_index("year")
    assert real.loc[2005].tolist() == [1, 1]
    assert real.loc[2011, "real_gdp_pc_id"] == pytest.approx((2_070_277 / 249.47) / (1_475_089.5 / 230.872), abs=1e-5)
    assert real.loc[2015, "real_gdp_pc_my"] == pytest.approx((679_926.25 / 31.233) / (421_686.25 / 25.836), abs=1e-5)
    assert real.loc[1998, "real_gdp_pc_id"] / real.loc[1997, "real_gdp_pc_id"] - 1 == pytest.approx(-0.145, abs=0.001)
    assert real.loc[2011, "real_gdp_pc_id"] < 1.35, "no gains from the terms of trade, which made it 2.12"
    chained = region.annual.set_index("year")["rgdpe_pc_idn_ppp2017usd"]
    assert chained[2011] / chained[2005] > 2


# --- what is declared ------------------------------------------------------------------------------------------------


def test_every_assumed_figure_is_declared_with_a_range(region: Region) -> None:
    declared = {row["id"]: row for row in region.assumptions.to_dict("records")}
    found: set[str] = set()

    def check(key: str, value: float, basis: str) -> None:
        assert (key in declared) == (basis == "assumption"), key
        if basis == "assumption":
            row = declared[key]
            assert float(row["value"]) == pytest.approx(value), key
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), key
            assert float(row["low"]) < float(row["high"]), key
            found.add(key)

    for row in region.population.to_dict("records"):
        check(f"people.{row['place']}.{row['year']}", row["people"], row["basis"])
    for row in region.rates.to_dict("records"):
        for column in ("births_per_woman", "infant_deaths", "crude_births", "crude_deaths"):
            check(f"rates.{row['side']}.{row['year']}.{column}", row[column], row["basis"])
    for row in region.pay.to_dict("records"):
        check(f"pay.{row['side']}.{row['sector']}.{row['year']}", row["pay"], row["basis"])
    for row in region.employment.to_dict("records"):
        check(f"employment.{row['side']}.{row['sector']}.{row['year']}", row["share"], row["basis"])
    for row in region.estates.to_dict("records"):
        check(f"estate_area.{row['side']}.{row['year']}", row["area_ha"], row["basis"])
    for row in region.logs.to_dict("records"):
        check(f"logs.{row['side']}.{row['year']}", row["logs_thousand_m3"], row["basis"])
    for row in region.labour.to_dict("records"):
        check(f"participation.{row['side']}.{row['year']}", row["participation"], row["basis"])
    for row in region.districts.to_dict("records"):
        check(f"pay_level.{row['district']}", row["pay_level"], row["pay_level_basis"])
        check(f"population_1980_ratio.{row['district']}", row["population_1980_ratio"], row["population_1980_basis"])
    prefixes = (
        "people.",
        "rates.",
        "pay.",
        "employment.",
        "estate_area.",
        "logs.",
        "participation.",
        "pay_level.",
        "population_1980_ratio.",
    )
    assert {key for key in declared if key.startswith(prefixes)} == found, "nothing is declared that no table holds"


def test_facts_are_named_by_figures_that_are_no_assumption(region: Region) -> None:
    for table in (region.pay, region.employment, region.estates, region.labour):
        for row in table[table["basis"] == "fact"].to_dict("records"):
            assert any(row["source"].find(fact) >= 0 for fact in region.facts["id"]), row
