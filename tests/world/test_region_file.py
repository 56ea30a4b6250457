"""A region.toml with a mistake, and a region or side that is not there, are refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.region import Region, RegionError
from tests.world.damaged_region import copy, refusal


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('id = "west', 'name = "west', ("region.toml", "the key id is missing")),
        ('capital = "Kuching"', 'capital = "Kucing"', ("region.toml", "Kucing", "did you mean Kuching")),
        ('currency = "MYR"\n', "", ("sides.my", "currency")),
        ('data_end = "2015-12"', 'data_end = "2015"', ("region.toml", "data_end", "2015")),
        ('data_end = "2015-12"', 'data_end = "2016-12"', ("annual.csv", "year 2016 is missing")),
        ("border_km = 966", "border_km = ", ("region.toml is not readable TOML", "line 5")),
        ('groups = ["bidayuh", ', "groups = [1, ", ("region.toml", "groups")),
        ('start = "Entikong"', 'start = "Entikon"', ("region.toml", "Entikon", "did you mean Entikong")),
        ('fact = "GEO15"\n', "", ("region.toml", "measured_ways", "fact")),
        ('id = "west-kalimantan-sarawak"', "id = 5", ("region.toml", "id = 5", "quotation marks")),
        ('capital = "Kuching"', "capital = 3", ("region.toml", "sides.my.capital = 3", "quotation marks")),
        ('capital = "Pontianak"', 'capital = ["Pontianak"]', ("region.toml", "sides.id.capital = ['Pontianak']", "quotation marks")),
        ('start = "Entikong"', "start = 7", ("region.toml", "measured_ways[1].start = 7", "quotation marks")),
        ('end = "Pontianak"', 'end = ["Pontianak"]', ("region.toml", "measured_ways[1].end = ['Pontianak']")),
        ("low = 6.5", 'low = "long"', ("region.toml", "measured_ways[1].low = 'long'", "a number")),
        ("year = 2010", 'year = "2010"', ("region.toml", "measured_ways[1].year = '2010'", "whole number")),
        ('data_end = "2015-12"', 'data_end = "1999-12"', ("data_end is 1999-12", "2005-12 or later")),
        ('from = "1997-07"', 'from = "1997-13"', ("without_crisis", "found '1997-13'", "YYYY-MM")),
        ('from = "1997-07"', "from = 1997", ("without_crisis.from = 1997", "a text")),
        ('from = "1997-07"', 'from = ["1997-07"]', ("without_crisis.from = ['1997-07']", "a text")),
        ('from = "1997-07"', 'from = "1980-01"', ("without_crisis", "from is 1980-01", "1980-02 to 2015-12")),
        ('to = "2001-12"', 'to = "2016-01"', ("without_crisis", "to is 2016-01", "1980-02 to 2015-12")),
        ('to = "2001-12"', 'to = "1997-06"', ("without_crisis", "from is 1997-07", "after to, 1997-06")),
        ("rate_id = 0.105", 'rate_id = "4 %"', ("without_crisis.rate_id = '4 %'", "not a number")),
        ("rate_id = 0.105", "rate_id = nan", ("without_crisis.rate_id = nan", "finite")),
        ("rate_id = 0.105", "rate_id = true", ("without_crisis.rate_id = True", "not a number")),
        ("prices_id = 0.08", "prices_id = 1.01", ("without_crisis.prices_id = 1.01", "at most 1")),
        ("national_product_usd = 0.06", "national_product_usd = -1", ("without_crisis.national_product_usd = -1", "at least -0.5")),
    ],
)
def test_region_file(tmp_path: Path, old: str, new: str, parts: tuple[str, ...]) -> None:
    folder = copy(tmp_path)
    path = folder / "region.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    message = refusal(folder)
    for part in parts:
        assert part in message, message


def test_unknown_region(tmp_path: Path) -> None:
    with pytest.raises(RegionError, match="did you mean west-kalimantan-sarawak"):
        Region.load("west-kalimantan-sarawk")
    with pytest.raises(RegionError, match="was not found"):
        Region.load(tmp_path / "nowhere")
    with pytest.raises(RegionError, match=r"region\.toml is missing"):
        Region.load(tmp_path)


@pytest.mark.parametrize("given", [5, None, ["a"], b"west"])
def test_a_region_is_named_by_a_text_or_a_path(given: object) -> None:
    with pytest.raises(RegionError, match="named by a text or a path"):
        Region.load(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["a" * 300, "folder/" + "a" * 300, Path("a" * 300), Path("/" + "a/" * 4000)])
def test_a_very_long_name_is_refused(given: str | Path) -> None:
    with pytest.raises(RegionError) as caught:
        Region.load(given)
    assert "aaa" in str(caught.value) or "a/a/a" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_unknown_side(region: Region) -> None:
    with pytest.raises(RegionError, match="Side 'sarawak' is unknown"):
        region.travel_graph(1990, "sarawak")
