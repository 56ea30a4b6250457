"""Which points does a table hold? A CSV or Parquet file with a column for each varied name and a row for each point."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import shorten
from abm.reading import read_bytes
from agents.core.declare import PARAMETERS
from experiments.studies.study import SWITCH, Study, StudyError
from experiments.studies.values import check_name, finite_number, value_of

if TYPE_CHECKING:
    import pandas as pd


#: Bytes of the largest table of a design.
MOST_TABLE_BYTES = 2_000_000_000


def read_table(study: Study) -> pd.DataFrame:
    """The table of a ``list`` or ``posterior`` design: one column for each varied name, one row for each point."""
    return table_of(study.table or "", study.design, study.widen)


def table_of(file: str, design: str, widen: float = 0.0) -> pd.DataFrame:
    """A file as the table of a design, each column and value checked."""
    import pandas as pd

    path = Path(file)
    table = _frame_of(path)
    names = [str(c).strip() for c in table.columns]
    table.columns = names
    if len(set(names)) < len(names):
        raise StudyError(f"the table {shorten(path.name)} has a column twice")
    keep = [n for n in names if not (design == "posterior" and n in ("weight", "draw"))]
    for name in keep:
        check_name(name)
    if not len(table):
        raise StudyError("the table has no rows: the study would have no run")
    if not keep:
        raise StudyError(f"the table {shorten(path.name)} has no column that names a parameter or switch")
    return pd.DataFrame({name: _column(path.name, name, table[name].tolist(), widen) for name in names if name != "draw" or name in keep})


def _frame_of(path: Path) -> pd.DataFrame:
    """The contents of a CSV or Parquet file; StudyError where it cannot be read."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not os.path.lexists(path):
        raise StudyError(f"there is no table '{shorten(path)}'")
    raw = io.BytesIO(read_bytes(path, "the table", error=StudyError, most=MOST_TABLE_BYTES))
    try:
        if path.suffix != ".parquet":
            return pd.read_csv(raw)
        table = pq.read_table(raw)
        kept = [n for n in table.column_names if not n.startswith("__index_level_")]  # pandas stores row numbers in this column
        return table.select(kept).to_pandas(ignore_metadata=True) if len(set(kept)) == len(kept) else pd.DataFrame(columns=pd.Index(kept))
    except (ValueError, OverflowError, MemoryError, OSError, pa.ArrowException) as error:
        raise StudyError(f"cannot read the table '{shorten(path)}': {shorten(error)}; give a CSV or Parquet file") from None


def _column(file: str, name: str, values: list[Any], widen: float) -> list[float]:
    """A column of a table as numbers, each checked; StudyError with the row of the first wrong value."""
    found = []
    for row, value in enumerate(values, 1):
        try:
            found.append(
                value_of(name, value, widen) if name in PARAMETERS or name.startswith(SWITCH) else finite_number(f"'{name}'", value)
            )
        except StudyError as error:
            raise StudyError(f"{shorten(file)}, row {row}: {error}") from None
    return found
