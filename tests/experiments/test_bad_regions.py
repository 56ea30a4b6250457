"""A region with a mistake is neither run nor described, and one clear sentence says why."""

from __future__ import annotations

import pytest

from tests.experiments.refusals import damaged_region, refused

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


def test_a_region_that_is_broken_is_not_described(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat,", "latitude,")
    for command in (["parameters"], ["parameters", "--json"], ["describe"], ["describe", "Entikong"], ["describe", "household.seek_care"]):
        sentence = refused(capsys, *command, "--region", str(folder))
        assert "places.csv" in sentence and "lat" in sentence


def test_a_region_without_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat,", "latitude,")
    sentence = refused(capsys, "run", "--quiet", "--region", str(folder))
    assert "places.csv" in sentence and "lat" in sentence


def test_a_region_with_a_place_without_a_road(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat", "lat")
    path = folder / "links.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not (",id," in line and "Nanga Badau" in line.split(",")[:2])]
    assert len(kept) < len(lines)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert "Nanga Badau" in refused(capsys, "run", "--quiet", "--region", str(folder))
