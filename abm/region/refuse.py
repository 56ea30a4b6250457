"""How is a row of a table refused? With the file, the line and the column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from abm.region.border import Border
from abm.region.table import RegionError

Lines = dict[str, list[int]]  # line numbers of a file's rows


def bad(file: str, line: int | None, column: str, problem: str) -> RegionError:
    """The refusal of a cell, of a column (without a line), or of a file (without both)."""
    place = file + (f", line {line}" if line else "") + (f", column {column}" if column else "")
    return RegionError(f"{place}: {problem}")


def rows_of(region: Border, lines: Lines, file: str) -> Iterator[tuple[int, Any]]:
    """Line number and row (a mapping of column to cell) of a table."""
    table = getattr(region, file.removesuffix(".csv"))
    cells = [table[column].tolist() for column in table.columns]
    for line, *row in zip(lines[file], *cells, strict=True):
        yield line, dict(zip(table.columns, row, strict=True))
