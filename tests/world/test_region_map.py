"""A map that cannot be drawn is refused with the rest of the region folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.region import Region
from tests.world.damaged_region import copy, refusal

AREA = '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"kind": "land"}, "geometry": %s}]}'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", ("map.geojson is damaged", "line 1")),
        ("[]", ("map.geojson: [] is not a table",)),
        ("[" * 100_000, ("map.geojson", "too deep")),
        ('{"type": "FeatureCollection"}', ("map.geojson: the key features is missing",)),
        ('{"type": "FeatureCollection", "features": {}}', ("features = {} is not a list",)),
        ('{"type": "FeatureCollection", "features": [3]}', ("features[1] = 3",)),
        (AREA % '{"type": "LineString", "coordinates": [["a", null], [1, 2]]}', ("features[1].geometry", "'a' is not a number")),
        (AREA % '{"type": "LineString", "coordinates": [[181, 2], [1, 2]]}', ("features[1].geometry", "181", "at most 180")),
        (AREA % '{"type": "LineString", "coordinates": [[NaN, 2], [1, 2]]}', ("features[1].geometry", "nan")),
        (AREA % '{"type": "LineString", "coordinates": [[1], [1, 2]]}', ("features[1].geometry", "longitude and latitude")),
        (AREA % '{"type": "LineString", "coordinates": []}', ("features[1].geometry", "too short")),
        (AREA % '{"type": "Polygom", "coordinates": []}', ("features[1].geometry", "Polygon")),
        (AREA % "null", ("features[1].geometry",)),
        (AREA % '{"type": "MultiPolygon", "coordinates": [[[1, 2]]]}', ("features[1].geometry",)),
    ],
)
def test_a_map_that_cannot_be_drawn(tmp_path: Path, content: str, words: tuple[str, ...]) -> None:
    """Refused with the rest of the folder, before the first month, not by the report after the last one."""
    folder = copy(tmp_path)
    (folder / "map.geojson").write_text(content)
    said = refusal(folder)
    for word in words:
        assert word in said


def test_a_map_of_every_shape_is_taken(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    line = "[[1, 2], [3, 4, 5]]"
    for kind, points in (("LineString", line), ("Polygon", f"[{line}]"), ("MultiLineString", f"[{line}]"), ("MultiPolygon", f"[[{line}]]")):
        (folder / "map.geojson").write_text(AREA % f'{{"type": "{kind}", "coordinates": {points}}}')
        Region.load(folder)
    (folder / "map.geojson").unlink()
    Region.load(folder)
