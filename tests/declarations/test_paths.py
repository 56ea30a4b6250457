"""A file of the project that a source or a table of facts names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agents", "abm", "calibration", "experiments")
NAMED = re.compile(r"\b(?:agents|abm|calibration|experiments)/[\w/]+\.(?:py|toml|csv)\b")
FILES = [p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py"))] + [ROOT / "calibration" / "data" / "facts.csv"]


@pytest.mark.parametrize("file", [str(p.relative_to(ROOT)) for p in FILES if NAMED.search(p.read_text("utf-8"))])
def test_named_files_are_there(file: str) -> None:
    named = set(NAMED.findall((ROOT / file).read_text("utf-8")))
    assert not [name for name in sorted(named) if not (ROOT / name).exists()], file


def test_paths_are_found_where_they_are_named() -> None:
    assert NAMED.findall("drawn (abm/world/populate.py), see calibration/data/facts.csv.") == [
        "abm/world/populate.py",
        "calibration/data/facts.csv",
    ]
