"""What each kind of column of a region's tables allows: its limits, and how a number is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from abm.region import Region, RegionError
from abm.region.folder import find
from abm.region.table import decode, kind_of
from tests.world.damaged_region import FOLDER, NAME

#: Lowest and highest number of each kind.
LIMITS = {
    "number": (-1e6, 1e6), "share": (0, 1), "people": (0, 1e8), "millions": (0.001, 10_000), "officers": (0, 100_000), "ratio": (0.001, 1000),
    "km": (0.01, 10_000), "km or none": (0, 10_000), "speed": (0.1, 300), "income": (1, 1e6), "exchange rate": (0.001, 1e6), "index": (0.001, 1e6),
    "price": (0.0001, 10_000), "wage": (0.01, 100_000), "pay": (0.01, 1e9), "children": (0, 20), "per thousand": (0, 1000), "hectares": (0, 1e8), "season": (0, 100), "duty": (0, 10), "fee": (0, 1e8), "percent": (-99, 100_000),
    "latitude": (-90, 90), "longitude": (-180, 180), "year": (1900, 2100), "month of year": (1, 12),
}  # fmt: skip


def takes(kind: str, text: str) -> bool:
    try:
        kind_of(kind)[0].validate_python([text])
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", list(LIMITS))
def test_limits(kind: str) -> None:
    low, high = LIMITS[kind]
    assert takes(kind, f"{low:.12g}") and takes(kind, f"{high:.12g}")
    step = 1 if kind in ("year", "month of year") else 1e-4 * max(abs(low), 1e-3)
    assert not takes(kind, f"{low - step:.12g}")
    assert not takes(kind, f"{high + (1 if kind in ('year', 'month of year') else 1e-4 * high):.12g}")


@pytest.mark.parametrize("text", ["5", "+5", "-5", "5.", ".5", "5.25", "1e3", "1E-3", "1e+002"])
def test_numbers_as_people_write_them(text: str) -> None:
    assert takes("number", text)
    assert kind_of("number")[0].validate_python([text]) == [float(text)]


@pytest.mark.parametrize("text", ["", ".", "e3", "1e", "1e1234", "inf", "nan", "1_0", "0x10", "1,5", " 5", "5 ", "٣"])
def test_what_is_no_number(text: str) -> None:
    assert not takes("number", text)


def test_lines_are_counted_from_one() -> None:
    for before, line in (("", 1), ("a\n", 2), ("\na\n", 3)):
        with pytest.raises(RegionError, match=f"file, line {line} is not UTF-8"):
            decode("file", before.encode() + b"\xff\n")


def test_a_name_is_a_text_and_a_path_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of one part means a folder here, not a region that ships."""
    monkeypatch.chdir(tmp_path)
    assert find(NAME) == FOLDER
    with pytest.raises(RegionError):
        find(Path(NAME))
    (tmp_path / NAME).mkdir()
    assert find(Path(NAME)) == Path(NAME) and find(NAME) == FOLDER
    with pytest.raises(RegionError, match="named by a text or a path"):
        find(5)  # type: ignore[arg-type]
    assert Region.load(NAME).id == NAME
