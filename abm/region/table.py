"""How is a table of a region read? Cell by cell by the kind of its column; a refusal names file, line, column, value and what is allowed.

The bounds of a kind are wide: they hold any border of the years since 1900, and keep out typing errors (a price of 1e300) that a run
would notice only after its last month.
"""

from __future__ import annotations

import csv
import io
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from abm.errors import UserError, shorten
from abm.region.contract import KEYS, MAY_BE_EMPTY, MAY_LACK_COLUMNS, SIDES, parse_steps
from agents.core.declare import near

if TYPE_CHECKING:
    import pandas as pd

#: Letters of the longest cell.
MOST_LETTERS = 20_000


class RegionError(UserError):
    """A region that cannot be used; the message says what was wrong, what was found and what to do."""


class Kind(NamedTuple):
    """What the cells of a column may hold: a type that pydantic reads from text, and its words."""

    type: Any
    allowed: str


def _plain_number(text: str) -> str:
    """A number as people write one: no inf, no nan, no underscores."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        raise ValueError
    return text


def _number(low: float, high: float, words: str) -> Kind:
    """A number in a range."""
    kind = Annotated[float, BeforeValidator(_plain_number), Field(ge=low, le=high, allow_inf_nan=False)]
    return Kind(kind, f"{words}, from {low:,g} to {high:,g}")


def _whole(low: int, high: int, words: str) -> Kind:
    kind = Annotated[int, BeforeValidator(_plain_number), Field(ge=low, le=high)]
    return Kind(kind, words)


def _text(pattern: str, words: str) -> Kind:
    return Kind(Annotated[str, Field(pattern=pattern, max_length=MOST_LETTERS)], words)


def _steps(text: str) -> str:
    parse_steps(text)
    return text


_LINE = r"^[^\x00-\x1f\x7f]*$"
_NAME = r"^[^\x00-\x1f\x7f]+$"

KINDS: dict[str, Kind] = {
    "text": Kind(Annotated[str, Field(max_length=MOST_LETTERS)], f"a text of at most {MOST_LETTERS:,} letters"),
    "name": _text(_NAME, "a text of one line that is not blank"),
    "place": _text(_NAME, "a place of places.csv"),
    "number": _number(-1e6, 1e6, "a number"),
    "share": _number(0, 1, "a number"),
    "people": _number(0, 1e8, "a number of people"),
    "millions": _number(1e-3, 1e4, "people in millions"),
    "staff": _number(0, 1e5, "a number of people or beds"),
    "officers": _number(0, 1e5, "a number of officers"),
    "ratio": _number(1e-3, 1e3, "a ratio"),
    "km": _number(1e-2, 1e4, "kilometres"),
    "km or none": _number(0, 1e4, "kilometres"),
    "speed": _number(0.1, 300, "kilometres an hour"),
    "income": _number(1, 1e6, "US dollars a year"),
    "exchange rate": _number(1e-3, 1e6, "units of the currency for a US dollar"),
    "index": _number(1e-3, 1e6, "a price index"),
    "price": _number(1e-4, 1e4, "US dollars"),
    "wage": _number(1e-2, 1e5, "ringgit a day"),
    "pay": _number(1e-2, 1e9, "pay of a month in the currency of the side"),
    "children": _number(0, 20, "children born to a woman"),
    "per thousand": _number(0, 1000, "a number for each thousand"),
    "hectares": _number(0, 1e8, "hectares"),
    "cubic metres": _number(0, 1e7, "thousand cubic metres"),
    "season": _number(0, 100, "a factor"),
    "duty": _number(0, 10, "a share of the price"),
    "fee": _number(0, 1e8, "an amount"),
    "percent": _number(-99, 1e5, "a yearly change in per cent"),
    "latitude": _number(-90, 90, "degrees"),
    "longitude": _number(-180, 180, "degrees"),
    "year": _whole(1900, 2100, "a year from 1900 to 2100, for example 1989"),
    "month of year": _whole(1, 12, "a month from 1 to 12"),
    "month": _text(r"^\d{4}-(0[1-9]|1[0-2])$", "a month as YYYY-MM, for example 1989-10"),
    "steps": Kind(
        Annotated[str, AfterValidator(_steps)], "classes from a year on in order of time, for example 1989:gravel;1991:paved, or a blank"
    ),
}


@cache
def kind_of(said: str) -> tuple[TypeAdapter[Any], str, Any]:
    """How a column of a kind is read, what it allows, and the value of a blank (None: a blank is not allowed)."""
    optional = said.endswith("?")
    name = said.removesuffix("?")
    if name == "side":
        name = "|".join(SIDES)
    blank = None if not optional else "" if name == "month" or "|" in name else math.nan
    if "|" in name:
        choices = tuple(name.split("|"))
        kind = Kind(Literal[choices], "one of " + ", ".join(choices))  # type: ignore[valid-type]
    else:
        kind = KINDS[name]
    cells: Any = list
    return TypeAdapter(cells[kind.type]), kind.allowed, blank


def decode(file: str, data: bytes) -> str:
    """The text of a file of a region."""
    try:
        return data.decode("utf-8-sig")  # a spreadsheet may add the mark
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise RegionError(f"{file}, line {line} is not UTF-8 text; save it as UTF-8.") from None


def read_table(file: str, data: bytes, contract: dict[str, str]) -> tuple[pd.DataFrame, list[int]]:
    """The table, typed by its contract, and the line of the file on which each row ends."""
    import pandas as pd

    header, rows, lines = _cells(file, decode(file, data))
    for column in MAY_LACK_COLUMNS.get(file, ()):
        if column not in header:
            header.append(column)
            for row in rows:
                row.append("")
    for column in contract:
        if column not in header:
            found = shorten(", ".join(header) or "none")
            raise RegionError(f"{file} lacks the column {column} (columns found: {found}); {near(column, header)}")
    if len(set(header)) < len(header):
        twice = next(c for c in header if header.count(c) > 1)
        raise RegionError(f"{file}, line 1: the column {shorten(twice)!r} is listed twice; keep one of them.")
    if not rows and file not in MAY_BE_EMPTY:
        raise RegionError(f"{file} holds no row below its header; give at least one, or copy the table from a shipped region.")
    columns: dict[str, list[Any]] = {}
    for at, column in enumerate(header):
        cells = [row[at].strip() for row in rows]
        columns[column] = _column(file, column, contract[column], cells, lines) if column in contract else _free_column(cells)
    seen: dict[tuple[str, ...], int] = {}
    for line, key in zip(lines, zip(*(columns[c] for c in KEYS[file]), strict=True), strict=True):
        if key in seen:
            shown = shorten(", ".join(str(k) for k in key if k != ""))
            raise RegionError(
                f"{file}, line {line}: {' + '.join(KEYS[file])} {shown!r} is a duplicate of line {seen[key]}; keep one of them."
            )
        seen[key] = line
    return pd.DataFrame(columns), lines


def no_rows(contract: dict[str, str]) -> pd.DataFrame:
    """A table that a region lacks: the columns of its contract, without rows."""
    import pandas as pd

    return pd.DataFrame({column: [] for column in contract})


def _cells(file: str, text: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows, and the line on which each row ends."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise RegionError(
                    f"{file}, line {reader.line_num}: {len(row)} cells found where the header has {len(header)}; check commas and quotes."
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as wrong:
        raise RegionError(f"{file}, line {reader.line_num}: {shorten(wrong)}; check commas and quotes.") from None
    return header, rows, lines


def _column(file: str, column: str, kind: str, cells: list[str], lines: list[int]) -> list[Any]:
    """The cells of a column as its kind has them."""
    reader, allowed, blank = kind_of(kind)
    filled = cells if blank is None else [cell for cell in cells if cell]
    try:
        read = reader.validate_python(filled)
    except ValidationError as wrong:
        place = wrong.errors(include_url=False)[0]["loc"][0]
        at = int(place) if blank is None else [k for k, cell in enumerate(cells) if cell][int(place)]
        found = f"{shorten(cells[at])!r}" if cells[at] else "a blank"
        raise RegionError(f"{file}, line {lines[at]}, column {column}: found {found}, allowed is {allowed}.") from None
    if blank is None:
        return read
    given = iter(read)
    return [next(given) if cell else blank for cell in cells]


def _free_column(cells: list[str]) -> list[Any]:
    """A column outside the contract: numbers where every cell is one (a blank is not a number), else text."""
    try:
        return [float(_plain_number(cell)) if cell else math.nan for cell in cells] if any(cells) else list(cells)
    except ValueError:
        return list(cells)
