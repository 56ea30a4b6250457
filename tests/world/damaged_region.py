"""Copies of the shipped region with a change in a table, and what the loader says of them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from abm.errors import UserError
from abm.region import REGIONS, Region, RegionError

NAME = "west-kalimantan-sarawak"
FOLDER = REGIONS / NAME


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("raw"))
    return folder


def edit(folder: Path, file: str, change: Callable[[list[dict[str, str]]], object]) -> None:
    """Rewrite a table after a change of its rows."""
    with (folder / file).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    change(rows)
    with (folder / file).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def put(column: str, value: str, at: int = 0) -> Callable[[list[dict[str, str]]], object]:
    return lambda rows: rows[at].__setitem__(column, value)


def where(rows: list[dict[str, str]], column: str, value: str) -> dict[str, str]:
    return next(row for row in rows if row[column] == value)


def drop_column(column: str) -> Callable[[list[dict[str, str]]], object]:
    return lambda rows: [row.pop(column) for row in rows]


def drop(keep: Callable[[dict[str, str]], bool]) -> Callable[[list[dict[str, str]]], object]:
    def change(rows: list[dict[str, str]]) -> None:
        rows[:] = [row for row in rows if keep(row)]

    return change


def refusal(folder: Path) -> str:
    with pytest.raises(RegionError) as caught:
        Region.load(folder)
    assert isinstance(caught.value, UserError)
    message = str(caught.value)
    assert "\n" not in message
    return message


def event(of: str, **cells: str) -> Callable[[list[dict[str, str]]], object]:
    """A change of the first event with this target."""
    return lambda rows: where(rows, "target", of).update(cells)
