"""How are complete tables of a study's runs stored? In ``tables/``, a file for each run and table, in a study with ``record = "tables"``.

They are the same as those of ``lintas run``, for runs that ended well. A worker writes them before the part with the run's row, so a run
that has its row has its tables; a run whose tables were removed is repeated.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.errors import shorten
from abm.writing import whole_file
from experiments.runs.tables import TABLES, read_table, write_table
from experiments.studies.lock import StoreError

if TYPE_CHECKING:
    import pandas as pd

_NAME = re.compile(rf"([0-9a-f]{{16}})-({'|'.join(TABLES)})\.parquet")


def tables_of(folder: Path) -> Path:
    """The folder of tables."""
    return folder / "tables"


def file_of(folder: Path, run_id: str, table: str) -> Path:
    """The path of a table of a run."""
    return tables_of(folder) / f"{run_id}-{table}.parquet"


def write_tables(folder: Path, run_id: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write the tables of a run, each complete or not at all; StoreError where they cannot be written."""
    try:
        tables_of(folder).mkdir(exist_ok=True)
        for name, table in tables.items():
            with whole_file(file_of(folder, run_id, name), sweep=False) as out:
                write_table(table, out)
    except OSError as error:
        raise StoreError(
            f"cannot write tables into '{shorten(tables_of(folder))}': {error.strerror or error}; what was stored before is safe"
        ) from None


def read_run(folder: Path, run_id: str) -> dict[str, pd.DataFrame]:
    """The tables of a run by name; UserError where one is missing or damaged."""
    return {name: read_table(file_of(folder, run_id, name)) for name in TABLES}


def have_tables(folder: Path, ids: np.ndarray) -> np.ndarray:
    """Whether each run (``ids`` as whole numbers, shape (runs,)) has all its tables, shape (runs,)."""
    try:
        found = [m[1] for e in os.scandir(tables_of(folder)) if (m := _NAME.fullmatch(e.name))]
    except FileNotFoundError:
        return np.zeros(len(ids), dtype=bool)
    whole = [int(run_id, 16) for run_id, n in Counter(found).items() if n == len(TABLES)]
    return np.isin(ids, np.array(whole, dtype=np.uint64))
