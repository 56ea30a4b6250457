"""How are the tables of a region written, and where are its assumptions collected?"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def show(cell: object) -> str:
    """A cell as text: a number with at most ten digits, nothing for None."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.10g}"
    return str(cell)


class TableWriter:
    """Reads raw files and writes tables; `assumptions` collects every figure that no source backs, a row of assumptions.csv each."""

    def __init__(self, folder: Path, raw: Path) -> None:
        self.folder = folder
        self.raw = raw
        self.assumptions: list[tuple[object, ...]] = []

    def raw_rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a raw file, by column."""
        with (self.raw / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, header: str, rows: Iterable[Sequence[object]]) -> None:
        """Write a table; `header` names its columns, separated by commas."""
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header.split(","))
            for row in rows:
                writer.writerow([show(cell) for cell in row])

    def assume(self, key: str, quantity: str, value: object, low: object, high: object, unit: str, reason: str, where: str) -> None:
        """Declare a figure that no source backs, with its range and reason; `where` names the file and its columns."""
        self.assumptions.append((key, quantity, value, low, high, unit, reason, where))
