"""A table of a region with a mistake is refused in one sentence with its file, line and column."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from abm.region import Region
from abm.region.contract import MAY_BE_EMPTY, MAY_LACK, TABLES
from tests.world.damaged_region import copy, drop, drop_column, edit, event, put, refusal, where

# file, change, parts the message must hold
DAMAGE: dict[str, tuple[str, Callable[[list[dict[str, str]]], object], tuple[str, ...]]] = {
    "missing column": ("places.csv", drop_column("population"), ("places.csv", "population", "columns found", "population_year")),
    "not a number": ("places.csv", put("lat", "north"), ("places.csv", "line 2", "column lat", "'north'", "-90 to 90")),
    "people beyond any border": (
        "places.csv",
        put("population", "1e308"),
        ("places.csv", "line 2", "column population", "'1e308'", "1e+08"),
    ),
    "price beyond any": ("monthly.csv", put("rice_usd_kg", "1e300"), ("monthly.csv", "line 2", "column rice_usd_kg", "'1e300'", "10,000")),
    "price of nothing": ("monthly.csv", put("rice_usd_kg", "1e-300"), ("monthly.csv", "line 2", "column rice_usd_kg", "0.0001")),
    "rate of nothing": ("annual.csv", put("idr_per_usd", "1e-300"), ("annual.csv", "line 2", "column idr_per_usd", "0.001")),
    "number in another script": ("links.csv", put("km", "٣"), ("links.csv", "line 2", "column km")),
    "number with underscores": ("links.csv", put("km", "1_0"), ("links.csv", "line 2", "column km")),
    "no finite number": ("links.csv", put("km", "inf"), ("links.csv", "line 2", "column km", "'inf'")),
    "cell of 200,000 letters": ("places.csv", put("note", "x" * 200_000), ("places.csv", "line 2", "field limit")),
    "cell of 30,000 letters": ("places.csv", put("note", "x" * 30_000), ("places.csv", "line 2", "column note", "20,000 letters")),
    "name with a control letter": ("goods.csv", put("label", "\x1b[31m"), ("goods.csv", "line 2", "column label", "\\x1b")),
    "blank": ("links.csv", put("km", ""), ("links.csv", "line 2", "column km", "a blank", "from 0.01 to 10,000")),
    "negative km": ("links.csv", put("km", "-3"), ("links.csv", "line 2", "column km", "'-3'", "from 0.01 to 10,000")),
    "negative people": ("places.csv", put("population", "-1"), ("places.csv", "line 2", "column population", "'-1'", "people, from 0 to")),
    "infinite": ("annual.csv", put("idr_per_usd", "inf", 3), ("annual.csv", "line 5", "column idr_per_usd", "'inf'")),
    "no people": ("places.csv", put("population", ""), ("places.csv", "line 2", "column population", "Temajuk", "no people")),
    "side": ("places.csv", put("side", "ID"), ("places.csv", "line 2", "column side", "'ID'", "one of id, my")),
    "kind": ("places.csv", put("kind", "town"), ("places.csv", "line 2", "column kind", "border, service")),
    "group": ("places.csv", put("group", "ibann"), ("places.csv", "line 2", "column group", "did you mean iban")),
    "district": ("places.csv", put("district", "Sambass"), ("places.csv", "line 2", "column district", "did you mean Sambas")),
    "duplicate place": ("places.csv", put("place", "Liku"), ("places.csv", "line 3", "Liku", "duplicate of line 2")),
    "place of a link": ("links.csv", put("to", "Sangau"), ("links.csv", "line 2", "column to", "'Sangau'", "did you mean Sanggau")),
    "place of a crossing": (
        "crossings.csv",
        put("my_place", "Tebeddu"),
        ("crossings.csv", "line 2", "column my_place", "did you mean Tebedu"),
    ),
    "place of a facility": ("facilities.csv", put("place", "Atlantis"), ("facilities.csv", "line 2", "column place", "'Atlantis'")),
    "centre of a district": ("districts.csv", put("centre", "Kuching"), ("districts.csv", "line 2", "column side", "Kuching", "side my")),
    "side of a facility": ("facilities.csv", put("side", "my"), ("facilities.csv", "line 2", "column side", "Pontianak", "side id")),
    "years of a facility": ("facilities.csv", put("opened_high", "1970"), ("facilities.csv", "line 2", "column opened", "1979", "1970")),
    "quality": ("facilities.csv", put("quality_1980", "1.2"), ("facilities.csv", "line 2", "column quality_1980", "0 to 1")),
    "scope": ("links.csv", put("scope", "my"), ("links.csv", "line 2", "column scope", "'my'", "use id")),
    "class": ("links.csv", put("class_1980", "gravle"), ("links.csv", "line 2", "column class_1980", "did you mean gravel")),
    "later class": ("links.csv", put("later_classes", "1990:pavd"), ("links.csv", "line 2", "column later_classes", "did you mean paved")),
    "later classes": (
        "links.csv",
        put("later_classes", "1990-paved"),
        ("links.csv", "line 2", "column later_classes", "1989:gravel;1991:paved"),
    ),
    "order of classes": (
        "links.csv",
        put("later_classes", "1991:paved;1989:gravel"),
        ("links.csv", "line 2", "later_classes", "in order of time"),
    ),
    "crossing at home": ("links.csv", put("crossing", "Entikong-Tebedu"), ("links.csv", "line 2", "column crossing", "leave it blank")),
    "unknown crossing": (
        "links.csv",
        lambda rows: where(rows, "crossing", "Entikong-Tebedu").update(crossing="Entikong-Tebed"),
        ("links.csv", "line 5", "column crossing", "did you mean Entikong-Tebedu"),
    ),
    "other crossing": (
        "links.csv",
        lambda rows: where(rows, "crossing", "Aruk-Biawak").update(crossing="Aruk-Biawak", **{"from": "Entikong"}),
        ("links.csv", "column crossing", "joins Sajingan Besar and Biawak"),
    ),
    "crossing the wrong way": (
        "links.csv",
        lambda rows: where(rows, "crossing", "Aruk-Biawak").update({"from": "Biawak", "to": "Sajingan Besar"}),
        ("links.csv", "column scope", "found my to id"),
    ),
    "crossing without a way": (
        "links.csv",
        drop(lambda r: r["crossing"] != "Aruk paths"),
        ("crossings.csv", "column crossing", "'Aruk paths'", "no way"),
    ),
    "path that opens": ("crossings.csv", put("opened", "1990-01", -1), ("crossings.csv", "line 15", "column opened", "only a post opens")),
    "month": ("crossings.csv", put("opened", "1989-13"), ("crossings.csv", "line 2", "column opened", "'1989-13'", "YYYY-MM")),
    "event target": (
        "events.csv",
        lambda rows: where(rows, "name", "aruk-opens").update(target="crossing.Aruk-Biawac.open"),
        ("events.csv", "column target", "did you mean Aruk-Biawak"),
    ),
    "no road": (
        "links.csv",
        drop(lambda r: "Temajuk" not in (r["from"], r["to"]) or r["scope"] == "cross"),
        ("places.csv", "line 2", "'Temajuk'", "no road", "scope id"),
    ),
    "clinics gone": (
        "facilities.csv",
        drop(lambda r: r["side"] != "my" or r["tier"] != "primary"),
        ("places.csv", "'Telok Melano'", "reaches no primary facility of side my"),
    ),
    "month missing": ("monthly.csv", drop(lambda r: (r["year"], r["month"]) != ("1990", "4")), ("monthly.csv", "month 1990-04 is missing")),
    "months out of order": ("monthly.csv", lambda rows: rows.reverse(), ("monthly.csv", "out of order")),
    "year missing": ("annual.csv", drop(lambda r: r["year"] != "1997"), ("annual.csv", "column year", "year 1997 is missing")),
    "month twice": ("monthly.csv", put("month", "1", 1), ("monthly.csv", "line 3", "duplicate of line 2")),
    "world series": (
        "goods.csv",
        put("world_series", "rice_usd"),
        ("goods.csv", "line 2", "column world_series", "did you mean rice_usd_kg"),
    ),
    "fee from the start": (
        "fees.csv",
        put("from", "1981-01"),
        ("fees.csv", "column from", "primary fee of a citizen on side id", "1980-01"),
    ),
    "event target near": ("events.csv", event("farm.dry", target="farm.dri"), ("line 7", "column target", "'farm.dri'", "farm.dry")),
    "event target unknown": ("events.csv", event("farm.dry", target="zzz"), ("column target", "'zzz'", "known are budget.decentralised")),
    "event of a crossing": (
        "events.csv",
        event("crossing.Aruk-Biawak.open", target="crossing.Aruk-Biawak.opne"),
        ("column target", "did you mean crossing.Aruk-Biawak.open"),
    ),
    "event without a size": (
        "events.csv",
        event("official.doctrine", value=""),
        ("column value", "a blank", "official.doctrine", "-1 to 1"),
    ),
    "event of no number": ("events.csv", event("official.doctrine", value="nan"), ("column value", "'nan'")),
    "doctrine too large": ("events.csv", event("official.doctrine", value="1.5"), ("line 5", "column value", "1.5", "-1 to 1")),
    "drought without a size": ("events.csv", event("farm.dry", value=""), ("column value", "a blank", "farm.dry", "0 to 1")),
    "drought below 0": ("events.csv", event("farm.dry", value="-0.1"), ("column value", "-0.1", "farm.dry", "0 to 1")),
    "drought above 1": ("events.csv", event("farm.dry", value="2"), ("column value", "found 2", "0 to 1")),
    "drought of no side": ("events.csv", event("farm.dry", side=""), ("column side", "a blank", "id, my, both")),
    "event before the start": ("events.csv", event("farm.dry", month="1979-12"), ("column month", "1979-12", "1980-01", "rule.note")),
    "good missing": ("goods.csv", drop(lambda r: r["good"] != "sugar"), ("goods.csv", "column good", "no row for sugar", "rice, sugar")),
    "good unknown": ("goods.csv", put("good", "ruber", 3), ("goods.csv", "line 5", "column good", "'ruber'", "did you mean rubber")),
    "good added": (
        "goods.csv",
        lambda rows: rows.append(rows[0] | {"good": "tea"}),
        ("goods.csv", "line 6", "column good", "'tea'", "no good of the model"),
    ),
    "series of text": ("goods.csv", put("world_series", "idr_basis"), ("line 2", "column world_series", "no column of numbers")),
    "more border places than a tie can tell apart": (
        "places.csv",
        lambda rows: rows.extend(rows[0] | {"place": f"Hamlet {k}"} for k in range(257 - sum(r["kind"] == "border" for r in rows))),
        ("places.csv", "column kind", "found 257 border places", "at most 256"),
    ),
    "no border place on a side": (
        "places.csv",
        lambda rows: [row.update(kind="service") for row in rows if row["side"] == "my" and row["kind"] == "border"],
        ("places.csv", "column side", "no border place on side my"),
    ),
    "pay of a sector that is none": (
        "pay.csv",
        put("sector", "farm"),
        ("pay.csv", "line 2", "column sector", "estate, timber, services, public"),
    ),
    "jobs of an estate": (
        "employment.csv",
        put("sector", "estate"),
        ("employment.csv", "line 2", "column sector", "timber, services, public"),
    ),
    "side of pay": ("pay.csv", put("side", "sg"), ("pay.csv", "line 2", "column side", "id, my")),
    "pay of nothing": ("pay.csv", put("pay", "0"), ("pay.csv", "line 2", "column pay", "'0'", "0.01")),
    "share above 1": ("employment.csv", put("share", "1.01"), ("employment.csv", "line 2", "column share", "0 to 1")),
    "area below 0": ("estates.csv", put("area_ha", "-1"), ("estates.csv", "line 2", "column area_ha", "hectares")),
    "participation": ("labour.csv", put("participation", "69"), ("labour.csv", "line 2", "column participation", "0 to 1")),
    "children": ("rates.csv", put("births_per_woman", "21"), ("rates.csv", "line 2", "column births_per_woman", "0 to 20")),
    "place of people": ("population.csv", put("place", "Temajok"), ("population.csv", "line 2", "column place", "did you mean Temajuk")),
    "people of a town": ("population.csv", put("place", "Kuching", -1), ("population.csv", "column place", "'Kuching'", "no border place")),
    "nobody": ("population.csv", put("people", "0"), ("population.csv", "line 2", "column people", "Temajuk", "no people")),
    "people unlike places.csv": (
        "population.csv",
        put("people", "1999", 3),
        ("population.csv", "line 5", "column people", "1999 people in 2010", "2000 in places.csv"),
    ),
    "year of people twice": ("population.csv", put("year", "1980", 1), ("population.csv", "line 3", "duplicate of line 2")),
    "years of people out of order": (
        "population.csv",
        lambda rows: rows.insert(0, rows.pop(1)),
        ("population.csv", "line 3", "column year", "1980 stands after 1990"),
    ),
    "people from too late": (
        "population.csv",
        lambda rows: rows.pop(0),
        ("population.csv", "column year", "Temajuk", "1990 to 2015", "from 1980"),
    ),
    "people until too early": (
        "population.csv",
        lambda rows: rows.pop(4),
        ("population.csv", "column year", "Temajuk", "1980 to 2010", "to 2015"),
    ),
    "place without people": (
        "population.csv",
        drop(lambda r: r["place"] != "Tebedu"),
        ("population.csv", "column place", "no row for Tebedu"),
    ),
    "side without rates": ("rates.csv", drop(lambda r: r["side"] != "my"), ("rates.csv", "column side", "no row for my")),
    "rates until too early": (
        "rates.csv",
        drop(lambda r: r["side"] != "id" or r["year"] != "2015"),
        ("rates.csv", "column year", "1980 to 2010"),
    ),
    "sector without pay": (
        "pay.csv",
        drop(lambda r: (r["side"], r["sector"]) != ("my", "timber")),
        ("pay.csv", "column sector", "no row for my, timber"),
    ),
    "sector without jobs": (
        "employment.csv",
        drop(lambda r: (r["side"], r["sector"]) != ("id", "public")),
        ("employment.csv", "column sector", "no row for id, public"),
    ),
    "pay before the start": ("pay.csv", put("year", "1979"), ("pay.csv", "line 2", "column year", "found 1979", "1980 to 2015")),
    "pay after the end": ("pay.csv", put("year", "2016", 4), ("pay.csv", "line 6", "column year", "found 2016", "1980 to 2015")),
    "pay out of order": ("pay.csv", put("year", "2014"), ("pay.csv", "line 3", "column year", "2010 stands after 2014")),
    "more jobs than people": (
        "employment.csv",
        lambda rows: [r.update(share="0.4") for r in rows if (r["side"], r["year"]) == ("my", "2010")],
        ("employment.csv", "column share", "side my in 2010", "1.2"),
    ),
    "more jobs than people in a year between": (
        "employment.csv",
        lambda rows: (
            [r.update(share="0.45") for r in rows if (r["side"], r["sector"]) == ("my", "services") or r["year"] == "1985"]
            + [r.update(share="0.45") for r in rows if (r["side"], r["sector"]) == ("my", "public")]
        ),
        ("employment.csv", "column share", "side my in 1985", "1.35"),
    ),
    "level of a district": ("districts.csv", put("pay_level", "0"), ("districts.csv", "line 2", "column pay_level")),
    "assumption without a reason": ("assumptions.csv", put("reason", ""), ("assumptions.csv", "line 2", "column reason", "a blank")),
}


@pytest.mark.parametrize("name", list(DAMAGE))
def test_damage_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    file, change, parts = DAMAGE[name]
    folder = copy(tmp_path)
    edit(folder, file, change)
    message = refusal(folder)
    for part in parts:
        assert part in message, message


def _jobs(**share: str) -> Callable[[list[dict[str, str]]], object]:
    """Jobs of side my, the same in every year, by sector."""
    return lambda rows: [row.update(share=share[row["sector"]]) for row in rows if row["side"] == "my"]


def test_everybody_may_hold_a_job(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, "employment.csv", _jobs(timber="0.25", services="0.5", public="0.25"))
    Region.load(folder)
    edit(folder, "employment.csv", _jobs(timber="0.25", services="0.5", public="0.251"))
    assert "side my in 1980 add up to 1" in refusal(folder)


def test_rows_may_begin_earlier_and_end_later(tmp_path: Path) -> None:
    """Between rows a share lies on a straight line, beyond them it is that of the nearest row."""
    folder = copy(tmp_path)
    edit(folder, "population.csv", lambda rows: rows.insert(0, rows[0] | {"year": "1970"}))
    edit(folder, "population.csv", lambda rows: rows.append(rows[-1] | {"year": "2020"}))
    edit(folder, "employment.csv", _jobs(timber="0.1", services="0.4", public="0.1"))
    last = lambda rows: next(i for i, row in enumerate(rows) if (row["side"], row["sector"], row["year"]) == ("my", "timber", "2015"))  # noqa: E731
    edit(folder, "employment.csv", lambda rows: rows.insert(last(rows) + 1, rows[last(rows)] | {"year": "2030", "share": "0.5"}))
    assert Region.load(folder).population["year"].iloc[0] == 1970
    edit(folder, "employment.csv", lambda rows: where(rows, "year", "2030").update(share="0.51"))
    assert "side my in 2030 add up to 1.01" in refusal(folder)
    edit(folder, "employment.csv", lambda rows: where(rows, "year", "2030").update(year="1975", share="0.51"))
    assert "1975 stands after 2015" in refusal(folder)


def test_only_the_last_row_counts_after_the_end_and_the_first_before_the_start(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, "employment.csv", _jobs(timber="0.1", services="0.1", public="0.1"))
    of = lambda rows, sector: [row for row in rows if (row["side"], row["sector"]) == ("my", sector)]  # noqa: E731
    edit(folder, "employment.csv", lambda rows: of(rows, "services")[-1].update(share="0.3"))
    edit(folder, "employment.csv", lambda rows: of(rows, "timber")[-1].update(year="2020", share="0.7"))
    assert "side my in 2020 add up to 1.1" in refusal(folder), "services of 2015 are those of 2020"
    edit(folder, "employment.csv", lambda rows: of(rows, "services")[-1].update(share="0.1"))
    Region.load(folder)
    edit(folder, "employment.csv", lambda rows: of(rows, "services")[0].update(share="0.3"))
    edit(folder, "employment.csv", lambda rows: of(rows, "timber")[0].update(year="1971", share="0.7"))
    assert "side my in 1971 add up to 1.1" in refusal(folder), "services of 1980 are those of 1971"


def test_place_that_reaches_no_health_centre(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, "links.csv", drop(lambda r: (r["from"], r["to"]) != ("Liku", "Sambas")))
    Region.load(folder)  # Liku has a health centre of its own
    edit(folder, "facilities.csv", drop(lambda r: r["place"] not in ("Liku", "Temajuk")))
    message = refusal(folder)
    assert "'Temajuk' reaches no primary facility of side id by 2015" in message
    assert "links.csv" in message


@pytest.mark.parametrize("file", list(TABLES))
def test_table_without_rows(tmp_path: Path, file: str) -> None:
    folder = copy(tmp_path)
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    if file in MAY_BE_EMPTY:
        assert getattr(Region.load(folder), file.removesuffix(".csv")).empty
    else:
        message = refusal(folder)
        assert file in message
        assert "no row" in message


def test_a_note_may_lie_before_the_start(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, "events.csv", event("rule.note", month="1967-05"))
    assert Region.load(folder).events["month"].iloc[0] == "1967-05"


@pytest.mark.parametrize("file", [file for file in TABLES if file not in MAY_LACK])
def test_missing_file(tmp_path: Path, file: str) -> None:
    folder = copy(tmp_path)
    (folder / file).unlink()
    message = refusal(folder)
    assert file in message
    assert "missing" in message


def test_row_of_the_wrong_length(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    with (folder / "goods.csv").open("a", encoding="utf-8") as handle:
        handle.write("tea,Tea\n")
    message = refusal(folder)
    assert "goods.csv, line 6: 2 cells" in message


def test_a_pipe_in_place_of_a_table_holds_nothing_up(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    for name in ("goods.csv", "map.geojson", "region.toml"):
        kept = (folder / name).read_bytes()
        (folder / name).unlink()
        os.mkfifo(folder / name)
        said = refusal(folder)
        assert name in said
        (folder / name).unlink()
        (folder / name).write_bytes(kept)


def test_not_utf8(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "goods.csv").write_bytes("good,é".encode("latin-1"))
    assert "goods.csv, line 1 is not UTF-8" in refusal(folder)


def test_a_mark_and_blank_lines_are_allowed(tmp_path: Path, region: Region) -> None:
    folder = copy(tmp_path)
    path = folder / "goods.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n")
    loaded = Region.load(folder)
    assert loaded.goods.equals(region.goods)
    assert loaded.hash != region.hash


def test_a_column_of_ones_own_is_kept(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, "places.csv", lambda rows: [row.update(height="12.5", nick="x") for row in rows])
    places = Region.load(folder).places
    assert places["height"].iloc[0] == 12.5
    assert places["nick"].iloc[0] == "x"
