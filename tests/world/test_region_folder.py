"""The shipped region folder holds what its sources and assumptions say."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from abm.claims.level_file import LEVELS
from abm.data.regions.build_region import build
from abm.region import FITTED, Region, class_in, month_number, regions
from abm.region.contract import TABLES, parse_steps
from tests.world.damaged_region import FOLDER, NAME

ROOT = Path(__file__).resolve().parents[2]


def test_loads_by_name_and_by_path(region: Region) -> None:
    assert NAME in regions()
    assert region.id == NAME
    assert Region.load(FOLDER).hash == region.hash
    assert re.fullmatch(r"[0-9a-f]{64}", region.hash)


def test_border_places_and_people(region: Region) -> None:
    people = region.border_places.groupby("side")["population"].agg(["size", "sum"])
    assert people.loc["id", "size"] == 16
    assert people.loc["my", "size"] == 10
    assert people.loc["id", "sum"] == pytest.approx(167_000, rel=0.02)
    assert people.loc["my", "sum"] == pytest.approx(217_000, rel=0.02)


def test_parts_add_up_to_the_facts(region: Region) -> None:
    people = region.places.set_index("place")["population"]
    sums = {
        ("Temajuk", "Liku", "Sajingan Besar"): 31150,
        ("Jagoi Babang", "Siding"): 12111,
        ("Entikong", "Suruh Tembawang"): 13514,
        ("Senaning", "Nanga Merakai"): 44647,
        ("Lundu", "Sematan", "Biawak", "Telok Melano"): 32568,
        ("Bau", "Serikin"): 52760,
        ("Serian", "Tebedu"): 89078,
    }
    for places, total in sums.items():
        assert people[list(places)].sum() == total
    districts = region.districts
    assert (districts.groupby("side")["border_km"].sum() == region.meta["border_km"]).all()
    for row in districts.to_dict("records"):
        own = region.border_places[region.border_places["district"] == row["district"]]
        assert own["population"].sum() == row["population"]
        assert set(own["side"]) == {row["side"]}


def test_rebuild_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path, FOLDER / "raw")
    built = sorted(p.name for p in tmp_path.iterdir())
    assert built == sorted(
        p.name for p in FOLDER.iterdir() if p.is_file() and p.name not in (FITTED, LEVELS)
    )  # a calibration writes the one, people the other
    for name in built:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_every_assumption_has_a_reason_and_a_place(region: Region) -> None:
    for row in region.assumptions.to_dict("records"):
        assert len(row["reason"]) > 3, row
        file = row["where"].split()[0]
        assert file in TABLES, row
        assert row["where"].split()[1].rstrip(",") in TABLES[file], row
        if row["low"] and re.fullmatch(r"[\d.]+", row["low"]):
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row


def test_every_assumed_cell_is_declared(region: Region) -> None:
    declared = set(region.assumptions["id"])
    for row in region.border_places.to_dict("records"):
        assert row["population_basis"] == "fact" or f"population.{row['place']}" in declared
    for name, basis in zip(region.facilities["facility"], region.facilities["basis"], strict=True):
        assert basis == "fact" or {f"opened.{name}", f"quality.{name}"} <= declared
    for row in region.fees.to_dict("records"):
        assert row["basis"] == "fact" or f"fee.{row['side']}.{row['tier']}.{row['patient']}.{row['from']}" in declared
    tables = {"pay": region.pay, "employment": region.employment, "estate_area": region.estates, "logs": region.logs,
              "participation": region.labour}  # fmt: skip
    for name, table in tables.items():
        assert (table["basis"] == "assumption").any() and len(table) > 5, name
        for row in table.to_dict("records"):
            key = ".".join(str(part) for part in (name, row["side"], row.get("sector", ""), row["year"]) if part != "")
            assert (row["basis"] == "fact") == (key not in declared), key
    for year in (1983, 1986, 1997, 1998):
        assert {f"idr.{year}-{month:02d}" for month in range(1, 13)} <= declared
    for good in region.goods["good"]:
        assert {f"markup.{good}.id", f"markup.{good}.my", f"duty.{good}.id", f"basket.{good}.my", f"transport.{good}"} <= declared


def test_named_facts_exist(region: Region) -> None:
    facts, sources = set(region.facts["id"]), set(region.sources["source_id"])
    text = "\n".join((FOLDER / f).read_text(encoding="utf-8") for f in TABLES if f not in ("facts.csv", "sources.csv"))
    text += (FOLDER / "region.toml").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:SEED|GEO|CROSS|TRADE|HEALTH|ECON|RULE|HH|WAGE|EMP|OILP|TIMB|POV|PRC|TRD|COOP|ELEC|PHONE)\d+\b", text))
    assert named - facts == set()
    for ids in region.facts["source_ids"]:
        assert set(ids.split(";")) - {""} <= sources


def test_facts_are_weighed_one_by_one(region: Region) -> None:
    """Every fact of the region has a use in `calibration/data/facts.csv`, with the same words and figures."""
    with (ROOT / "calibration" / "data" / "facts.csv").open(encoding="utf-8", newline="") as file:
        weighed = {row["id"]: row for row in csv.DictReader(file)}
    assert set(weighed) == set(region.facts["id"])
    for row in region.facts.to_dict("records"):
        for column in ("quantity", "value", "unit", "year", "place", "source_ids"):
            assert weighed[row["id"]][column] == row[column], (row["id"], column)


def test_a_second_reading_is_said_in_the_note(region: Region) -> None:
    facts = region.facts.set_index("id")
    read_again = facts.index[facts["note"].str.contains("second reading")]
    assert {"HEALTH15", "HEALTH33", "ECON19", "GEO22", "GEO24", "GEO32"} <= set(read_again)
    assert facts.loc["GEO32", "year"] == "1976" and "Perigi-Sidas 64" in facts.loc["GEO32", "value"]
    assert "Perigi" not in facts.loc["GEO24", "value"]
    assert facts.loc["HEALTH20", "confidence"] == facts.loc["HEALTH32", "confidence"] == "low"
    assert not facts.index.str.startswith("NK-").any()
    recalled = facts[facts["source_ids"] == "R"]
    assert (recalled["recalled_unverified"] != "").all()


def test_health_centres_of_every_kecamatan_by_2005(region: Region) -> None:
    primary = region.facilities[region.facilities["tier"] == "primary"]
    open_at = {place: year for place, year in zip(primary["place"], primary["opened"], strict=True) if year <= 2005}
    own = region.border_places[region.border_places["side"] == "id"]
    for kecamatan in sorted(set(own["kecamatan"])):
        assert set(own.loc[own["kecamatan"] == kecamatan, "place"]) & set(open_at), kecamatan
    centres = primary[(primary["side"] == "id") & primary["place"].isin(own["place"]) & (primary["kind"] == "centre")]
    # the first of the national programme, and Puring Kencana, which had none before about 2012 by one source and one by 2006 by another
    assert (centres["opened_low"].min(), centres["opened_high"].max()) == (1976, 2012)


def test_monthly_means_are_the_yearly_values(region: Region) -> None:
    means = region.monthly.groupby("year").mean(numeric_only=True)
    annual = region.annual.set_index("year")
    for monthly, yearly, scale in (
        ("idr_per_usd", "idr_per_usd", 1),
        ("myr_per_usd", "myr_per_usd_fed", 1),
        ("rubber_usd_kg", "rubber_rss3_usd_kg", 1),
        ("rice_usd_kg", "rice_thai5_usd_t", 1000),
        ("palm_oil_usd_kg", "palm_oil_usd_t", 1000),
        ("log_usd_m3", "logs_malaysian_usd_m3", 1),
    ):
        assert (means[monthly] * scale / annual[yearly] - 1).abs().max() < 0.001, monthly
    for column, inflation in (("cpi_id", "inflation_idn_pct"), ("cpi_my", "inflation_mys_pct")):
        assert means.loc[2005, column] == pytest.approx(100, rel=1e-4)
        assert (means[column].pct_change() * 100 - annual[inflation]).abs().max() < 0.02


def test_crisis_months(region: Region) -> None:
    monthly = region.monthly.set_index(["year", "month"])
    rate, prices = monthly["idr_per_usd"], monthly["cpi_id"]
    assert rate[1998, 1] > 2 * rate[1997, 12]
    assert rate[1998, 6] == rate.loc[1998].max() == pytest.approx(14000, rel=0.01)
    assert rate[1997, 6] < 2500
    assert prices.pct_change().min() > -0.01
    assert prices[1998, 12] / prices[1997, 12] == pytest.approx(1.78, rel=0.03)


def test_prices_across_match_the_reports(region: Region) -> None:
    goods = region.goods.set_index("good")
    ratio = goods["my_markup"] / goods["id_markup"]
    assert 0.6 <= ratio["sugar"] <= 0.8
    assert ratio["cooking_oil"] == pytest.approx(0.75, abs=0.03)
    assert ratio["rice"] > 1
    assert ratio["rubber"] > 1


def test_posts_open_when_the_events_say(region: Region) -> None:
    posts = region.crossings[region.crossings["kind"] == "post"]
    events = dict(zip(region.events["target"], region.events["month"], strict=True))
    for name, opened in zip(posts["crossing"], posts["opened"], strict=True):
        assert events[f"crossing.{name}.open"] == opened


def test_every_post_has_an_unofficial_way_beside_it(region: Region) -> None:
    links = region.links.assign(hours=region.link_hours(2012)).set_index("crossing")
    ends = region.crossings.set_index("crossing")
    for name in ends.index[ends["kind"] == "post"]:
        beside = ends[
            (ends["kind"] == "path") & (ends["id_place"] == ends.loc[name, "id_place"]) & (ends["my_place"] == ends.loc[name, "my_place"])
        ]
        assert len(beside) == 1, name
        assert links.loc[beside.index[0], "hours"] >= 2 * links.loc[name, "hours"]


def test_months_and_classes() -> None:
    assert month_number("1980-01") == 0
    assert month_number("2015-12") == 431
    assert parse_steps("1989:gravel;1991:paved") == [(1989, "gravel"), (1991, "paved")]
    assert [class_in("track", "1989:gravel;1991:paved", y) for y in (1988, 1989, 1990, 1991)] == ["track", "gravel", "gravel", "paved"]


def test_importing_the_module_loads_no_tables() -> None:
    code = "import sys, abm.region; print([m for m in ('pandas', 'networkx', 'numba') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
