"""How is a table of a run stored, read again and compared with another? Equal tables give equal bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from abm.errors import UserError, shorten
from abm.reading import is_ordinary, read_bytes

if TYPE_CHECKING:
    import pandas as pd

#: The tables of a run.
TABLES = ("yearly", "monthly", "places", "flows")


def write_table(frame: pd.DataFrame, path: Path | BinaryIO) -> None:
    """Write a table so that equal tables give equal bytes (no library versions, no moment of writing)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", use_dictionary=True, write_statistics=False)


def read_table(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not is_ordinary(path):
        read_bytes(path, "the table")  # says what it is instead
    try:
        with pq.ParquetFile(path) as file:
            return file.read().to_pandas(ignore_metadata=True)
    except (ValueError, OverflowError, MemoryError, OSError, pa.ArrowException) as error:
        raise UserError(f"cannot read '{shorten(path)}': it is no Parquet file or is damaged ({type(error).__name__})") from None


def digest(frame: pd.DataFrame) -> str:
    """A hash of a table's names and values, the same before and after it is stored."""
    import numpy as np

    total = hashlib.sha256()
    for name in frame.columns:
        values = frame[name].to_numpy()
        if values.dtype.kind in "biu":
            kind, content = b"whole", np.ascontiguousarray(values, dtype=np.int64).tobytes()
        elif values.dtype.kind == "f":
            numbers = np.array(values, dtype=np.float64)
            numbers[np.isnan(numbers)] = np.nan  # one bit pattern for "no number"
            kind, content = b"real", numbers.tobytes()
        else:
            kind, content = b"text", "\x1f".join("" if v is None or v != v else str(v) for v in values).encode()
        for part in (str(name).encode(), kind, content):
            total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


def other_kind(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """What makes a stored table another kind of table than the run's, in words; empty where both hold the same columns of the same kinds."""
    if list(then.columns) != list(now.columns):
        gone, new = [c for c in then.columns if c not in now.columns], [c for c in now.columns if c not in then.columns]
        return f"other columns (gone: {shorten(', '.join(gone)) or 'none'}; new: {', '.join(new) or 'none'})"
    for name in now.columns:
        if _values_of(then[name]) != _values_of(now[name]):
            return f"{name} holds {_values_of(then[name])}, not {_values_of(now[name])}"
    return ""


def _values_of(column: pd.Series) -> str:
    """The kind of a column's values, as a person would say it."""
    kind = column.to_numpy().dtype.kind
    if kind in "biu":
        return "whole numbers"
    if kind == "f":
        return "numbers"
    return "texts" if all(v is None or v != v or isinstance(v, str) for v in column) else "values that are neither numbers nor texts"


def first_difference(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """Where two tables first differ, in words."""
    if other := other_kind(then, now):
        return other
    if len(then) != len(now):
        return f"{len(then)} rows then, {len(now)} now"
    best: tuple[int, str] | None = None
    for name in then.columns:
        a, b = then[name].to_numpy(), now[name].to_numpy()
        for row in range(len(a)):
            if not (a[row] == b[row] or (a[row] != a[row] and b[row] != b[row])):
                if best is None or row < best[0]:
                    best = (row, name)
                break
    if best is None:
        return "other kinds of numbers"
    row, name = best
    keys = [k for k in ("year", "month", "side", "place", "crossing") if k in then.columns]
    where = shorten(", ".join(f"{k} {then[k].iloc[row]}" for k in keys))
    return f"first at {where}: {name} was {shorten(then[name].iloc[row])}, is {now[name].iloc[row]}"
