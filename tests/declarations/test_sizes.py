"""Files stay short enough to be read at once; a longer one says why. (ruff checks how complex a function is.)"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
FOLDERS = ("agents", "abm", "calibration", "experiments", "tests")
FILES = sorted(p.relative_to(ROOT).as_posix() for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
LONG = ["abm/data/regions/build_region.py", "agents/core/declare.py"]


def lines_of(file: str) -> list[str]:
    return (ROOT / file).read_text("utf-8").splitlines()


def test_only_these_files_are_long() -> None:
    assert len(FILES) > 150
    assert [file for file in FILES if len(lines_of(file)) > MOST_LINES] == LONG


@pytest.mark.parametrize("file", LONG)
def test_a_long_file_says_why(file: str) -> None:
    assert any("one long file because" in line for line in lines_of(file)[:15])
