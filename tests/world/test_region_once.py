"""A region is read and checked once while its files stay as they are, and nobody changes that of the next."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from abm.region import REGIONS, Region, RegionError
from abm.region.contract import TABLES

FOLDER = REGIONS / "west-kalimantan-sarawak"


def copy_of_region(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "region", ignore=shutil.ignore_patterns("raw")))


def test_a_region_is_checked_once_while_its_files_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, calls = copy_of_region(tmp_path), []
    monkeypatch.setattr("abm.region.region.check_tables", lambda region, lines: calls.append(region.hash))
    first = Region.load(folder)
    assert Region.load(folder).hash == first.hash and Region.load(str(folder)).hash == first.hash
    assert len(calls) == 1
    path = folder / "fees.csv"
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")  # another byte, the same times would not matter
    assert Region.load(folder).hash != first.hash
    assert len(calls) == 2


@pytest.mark.parametrize("file", [*TABLES, "region.toml", "fitted.toml", "map.geojson"])
def test_a_changed_file_is_noticed(file: str, tmp_path: Path) -> None:
    """Also one that keeps its size and its time."""
    folder = copy_of_region(tmp_path)
    Region.load(folder)
    path = folder / file
    data, times = path.read_bytes(), path.stat()
    path.write_bytes(b"\xff" + data[1:])  # no text
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(RegionError, match=re.escape(file)):
        Region.load(folder)
    path.write_bytes(data)
    Region.load(folder)


def test_a_file_that_comes_or_goes_is_noticed(tmp_path: Path) -> None:
    folder = copy_of_region(tmp_path)
    assert Region.load(folder).fitted_file is not None
    (folder / "fitted.toml").unlink()
    assert Region.load(folder).fitted_file is None
    (folder / "fees.csv").unlink()
    with pytest.raises(RegionError, match=r"fees\.csv is missing"):
        Region.load(folder)


def test_nobody_changes_the_region_of_the_next() -> None:
    first = Region.load()
    first.places.loc[0, "population"] = -1
    first.annual.iloc[0, 1] = -1.0
    first.meta["sides"]["id"]["name"] = "elsewhere"
    first.meta["groups"].clear()
    assert first.fitted_file is not None
    first.fitted_file.parameters.clear()
    again = Region.load()
    assert again.places.loc[0, "population"] > 0 and again.annual.iloc[0, 1] != -1.0
    assert again.meta["sides"]["id"]["name"] != "elsewhere" and again.groups and again.fitted_file.parameters
    for name, table in vars(again).items():
        if hasattr(table, "columns"):
            assert not any(np.shares_memory(table[c].to_numpy(), getattr(first, name)[c].to_numpy()) for c in table.select_dtypes("number"))
