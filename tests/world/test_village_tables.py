"""What the shipped tables of villages hold, and what a mistake in them is told as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from abm.region import Region
from abm.world.villages import straight_km
from tests.world.damaged_region import FOLDER, copy, edit, put, refusal, where

Rows = list[dict[str, str]]
ID_PLACES = 16


def of(column: str, value: str, **cells: str) -> Callable[[Rows], object]:
    """A change of the first row with this cell."""
    return lambda rows: where(rows, column, value).update(cells)


def without(column: str, value: str) -> Callable[[Rows], object]:
    return lambda rows: rows.remove(where(rows, column, value))


DAMAGE: dict[str, tuple[str, Callable[[Rows], object], tuple[str, ...]]] = {
    "place of a village": ("villages.csv", put("place", "Likuu"), ("villages.csv", "line 2", "column place", "did you mean Liku")),
    "village of a town": ("villages.csv", put("place", "Sambas"), ("villages.csv", "line 2", "column place", "'Sambas' is no border place")),
    "parent": ("villages.csv", of("village", "Merbau", parent="Temajuk"), ("villages.csv", "column parent", "'Temajuk' is no village of 'Liku'")),
    "shares": ("villages.csv", of("village", "Malek", share="0.5"), ("villages.csv", "column share", "'Liku'", "must add up to 1")),
    "village twice": ("villages.csv", of("village", "Malek", village="Merbau"), ("villages.csv", "duplicate")),
    "line": ("villages.csv", put("is_line", "true"), ("villages.csv", "line 2", "column is_line", "one of yes, no")),
    "village of a way": ("village_ways.csv", put("village", "Nowhere"), ("village_ways.csv", "line 2", "column village", "'Nowhere' is not in villages.csv")),
    "end of a way": ("village_ways.csv", put("to", "Nowhere"), ("village_ways.csv", "line 2", "column to", "'Nowhere' is no place of this region")),
    "class of a way": ("village_ways.csv", put("class_1980", "trackk"), ("village_ways.csv", "line 2", "column class_1980", "did you mean track")),
    "later class": ("village_ways.csv", put("later_classes", "1990:trackk"), ("village_ways.csv", "line 2", "column later_classes", "'trackk'")),
    "way to a place across": ("village_ways.csv", of("village", "Malek", to="Lundu"), ("village_ways.csv", "column to", "'Lundu' lies across the line")),
    "way to a village across": (
        "village_ways.csv", of("village", "Tawang", to="Biawak"), ("village_ways.csv", "column to", "'Biawak' lies across the line")
    ),
    "no way": ("village_ways.csv", without("village", "Malek"), ("villages.csv", "column village", "'Malek' has no way to a place")),
    "no way in 1980": ("village_ways.csv", of("village", "Malek", class_1980="none"), ("villages.csv", "'Malek' has no way to a place from 1980 on")),
    "way to a village without one": ("village_ways.csv", without("village", "Tamong"), ("villages.csv", "has no way to a place")),
    "kind and tier": ("facilities.csv", of("facility", "Hospital Sambas", kind="centre"), ("facilities.csv", "column kind", "a centre of the tier hospital")),
    "tier and kind": ("facilities.csv", of("facility", "Pustu Merbau", kind="hospital"), ("facilities.csv", "column kind", "a hospital of the tier primary")),
    "village of a facility": (
        "facilities.csv", of("facility", "Pustu Merbau", village="Temajuk"), ("facilities.csv", "column village", "'Temajuk' is no village of 'Liku'")
    ),
    "kilometres in a village": ("facilities.csv", of("facility", "Pustu Merbau", km="3"), ("facilities.csv", "column km", "'Merbau'", "blank or 0")),
    "class of a facility's way": (
        "facilities.csv", of("facility", "Hospital Serukam", class_1980="none"), ("facilities.csv", "column class_1980", "'none' is not in road_classes.csv")
    ),
    "replaced by nothing known": (
        "facilities.csv", of("facility", "Pustu Entikong", replaced_by="Puskesmas Entikon"), ("facilities.csv", "column replaced_by", "did you mean Puskesmas Entikong")
    ),
    "replaced by itself": ("facilities.csv", of("facility", "Pustu Entikong", replaced_by="Pustu Entikong"), ("facilities.csv", "is no other facility")),
    "replaced across": ("facilities.csv", of("facility", "Pustu Entikong", replaced_by="Clinic Bau"), ("facilities.csv", "no other facility of side id")),
    "drugs": ("facilities.csv", put("drugs", "1.5"), ("facilities.csv", "line 2", "column drugs", "from 0 to 1")),
    "class of a season": ("way_seasons.csv", put("class", "canoe"), ("way_seasons.csv", "line 2", "column class", "'canoe' is not in road_classes.csv")),
    "month twice": ("way_seasons.csv", put("month", "2"), ("way_seasons.csv", "duplicate")),
    "four seasons": ("way_seasons.csv", put("factor", "0.33"), ("way_seasons.csv", "4 sets of factors", "at most 3")),
}  # fmt: skip


@pytest.mark.parametrize("name", list(DAMAGE))
def test_a_mistake_is_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    file, change, words = DAMAGE[name]
    folder = copy(tmp_path)
    edit(folder, file, change)
    message = refusal(folder)
    assert all(word in message for word in words), message


def test_every_settlement_of_the_raw_file_is_a_village_or_was_left_out_for_a_reason(region: Region) -> None:
    v = region.villages
    assert (v["kind"] == "desa").sum() == 141 and v["village"].is_unique
    assert set(v.loc[v["kind"] == "dusun", "parent"]) <= set(v.loc[v["kind"] == "desa", "village"])
    assert (v["kind"] == "kampung").sum() == 14 + 18, (
        "13 of 27 have no coordinates or lie in no border place; 18 others are those of a clinic"
    )
    assert v.groupby("place")["share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-5) and (v["share"] >= 0).all()
    lines = v[v["is_line"] == "yes"]
    assert 60 < len(lines) < 90 and {"Temajuk", "Sebunga", "Suruh Tembawang", "Gun Tembawang", "Segumon", "Badau"} <= set(lines["village"])


def test_shares_by_hand(region: Region) -> None:
    share = region.villages.set_index("village")["share"]
    total = 7366 + 2761 + 1981 + 3261 + 4265 + 1722 + 2038  # all desa of Paloh but Temajuk were counted
    assert share["Malek"] == pytest.approx(1981 / total, abs=1e-6)
    sebubus = [name for name, parent in zip(region.villages["village"], region.villages["parent"], strict=True) if parent == "Sebubus"]
    assert share["Sebubus"] + share[sebubus].sum() == pytest.approx(7366 / total, abs=1e-5) and len(sebubus) >= 3
    # 6,275 people of Badau, 2,675 of them counted: the others share what is left in equal parts
    assert share["Badau"] == pytest.approx(2675 / 6275, abs=1e-5) and share["Janting"] == pytest.approx((1 - 2675 / 6275) / 8, abs=1e-5)
    # an uncounted seat has two parts: ten desa of Sekayam
    whole = share["Lubuk Sabuk"] + share["Segumon"]
    assert share["Balai Karangan"] == pytest.approx(2 / 11, abs=1e-5) and whole == pytest.approx(1 / 11, abs=1e-5) == share["Sotok"]
    assert share["Gun Tembawang"] == pytest.approx(170 / 3000, abs=1e-4)


def test_people_of_sarawak_live_around_its_clinics(region: Region) -> None:
    v, f = region.villages.set_index("village"), region.facilities
    sarawak = f[(f["side"] == "my") & (f["tier"] == "primary") & f["place"].isin(["Serian", "Bau", "Lundu"]) & (f["kind"] == "centre")]
    rural = sarawak[sarawak["village"] != ""]
    assert len(rural) == 12 and set(sarawak[sarawak["village"] == ""]["facility"]) == {
        "Clinic Serian", "Clinic Bau", "Clinic Lundu", "Klinik Kesihatan Pangkalan Amo"
    }  # fmt: skip
    # Serian: six clinics and two parts at the seat, half of each in farther villages
    for name in ("Tarat", "Kedup", "Tebakang", "Beyond Tarat"):
        assert v.loc[name, "share"] == pytest.approx(1 / 8 / 2, abs=1e-5)
    assert v.loc[["Serian and around", "Beyond Serian"], "share"].tolist() == pytest.approx([1 / 8, 1 / 8], abs=1e-5)
    largest = region.villages.merge(region.places, on="place").query("side == 'my'")
    assert (largest["share"] * largest["population"]).max() < 13_000, "no village of Sarawak holds a whole district"
    ways = region.village_ways.set_index("village")
    beyond = region.villages[region.villages["village"].str.startswith("Beyond ")]
    assert len(beyond) == 32 and set(ways.loc[beyond["village"], "km"]) == {7.0}
    assert (ways.loc[beyond["village"], "to"].to_numpy() == beyond["parent"].to_numpy()).all()


def test_what_is_assumed_of_villages_is_declared(region: Region) -> None:
    declared = region.assumptions.set_index("id")
    for row in region.villages.to_dict("records"):
        assert (row["share_basis"] == "fact") == (f"share.{row['village']}" not in declared.index), row["village"]
    for row in region.village_ways.to_dict("records"):
        key = f"village_way.{row['village']}-{row['to']}"
        for step in filter(None, row["later_classes"].split(";")):
            year, name = step.split(":")
            assert declared.loc[f"{key}.{name}", "value"] == year, row
        assert row["basis"] == "fact" or key in declared.index or row["km"] == 0
    for row in region.facilities.to_dict("records"):
        assert {f"staff.{row['kind']}.{row['side']}.{c}" for c in ("doctors", "nurses", "beds", "drugs")} <= set(declared.index)
        assert row["opened_low"] <= row["opened"] <= row["opened_high"] and f"quality.{row['facility']}" in declared.index


def test_ways_fit_their_villages(region: Region) -> None:
    v, places = region.villages.set_index("village"), region.places.set_index("place")
    for row in region.village_ways.to_dict("records"):
        if row["km_basis"] == "line" and row["to_kind"] == "place" and row["basis"] == "assumption":
            here, there = v.loc[row["village"]], places.loc[row["to"]]
            line = float(straight_km(here["lat"], here["lon"], there["lat"], there["lon"]))
            assert row["km"] == pytest.approx(1.4 * line, abs=0.1) or (row["km"] == 0 and line < 0.5)


def test_facilities_stand_where_their_villages_do(region: Region) -> None:
    v, f = region.villages.set_index("village"), region.facilities
    for row in f[f["village"] != ""].to_dict("records"):
        assert float(straight_km(row["lat"], row["lon"], *v.loc[row["village"], ["lat", "lon"]])) < 3.0, row["facility"]
    by_kind = f.groupby(["side", "kind"]).size()
    assert (
        by_kind["id", "centre"] == 20
        and by_kind["id", "hospital"] == 8
        and by_kind["my", "centre"] > 35
        and by_kind["id", "dispensary"] > 40
    )
    dated = f.set_index("facility")
    assert (dated.loc["Hospital Lundu", "opened_low"], dated.loc["Hospital Lundu", "opened_high"]) == (1965, 1965)
    assert (dated.loc["Puskesmas Paloh", "opened_low"], dated.loc["Puskesmas Paloh", "opened_high"]) == (1976, 1985)
    growing = dated[(dated["side"] == "my") & (dated["opened_low"] == 1955) & (dated["opened_high"] == 2010)]
    # drawn evenly, as many have opened by 1963 as of 560 of 2010 there were: 85
    assert len(growing) > 20 and pytest.approx(85 / 560, abs=0.01) == (1963 - 1955) / (2010 - 1955)


def test_places_have_the_better_points(region: Region) -> None:
    places = region.places.set_index("place")
    for name, lat, lon in (
        ("Benua Martinus", 1.089876, 112.41185),
        ("Lanjak", 0.984549, 112.233795),
        ("Liku", 1.74292, 109.32155),
        ("Temajuk", 2.00929, 109.61028),
    ):
        assert (places.loc[name, "lat"], places.loc[name, "lon"]) == (lat, lon)
    assert (places.loc["Entikong", "lat"], places.loc["Entikong", "lon"]) == (0.97, 110.36), "the gate; the town is a village"
    assert (FOLDER / "raw" / "places_fixes.csv").is_file()
