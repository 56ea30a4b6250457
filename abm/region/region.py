"""A region as data: the folder of tables that holds a border, read and checked.

:meth:`Region.load` reads `region.toml` and the tables, refuses anything that does not fit with one sentence that names file, line, column
and value, and returns a frozen :class:`Region`. Adding a region needs no code.

A region may also hold `fitted.toml`: values of uncertain parameters that were fitted to its facts. They are no facts of the
border, so they are no part of `Region.hash`; :func:`abm.fitted.fitted_of` gives them, checked.
"""

from __future__ import annotations

import copy
import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abm.region.border import Border
from abm.region.checks import check_tables
from abm.region.contract import FITTED, TABLES
from abm.region.files import FittedFile, check_outline
from abm.region.folder import OUTLINE, find, fitted_file_of, meta_of, read_files
from abm.region.table import decode, no_rows, read_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Region(Border):
    """A border with what its folder says besides the tables."""

    #: SHA-256 of `region.toml` and the tables (64 hex digits).
    hash: str = ""
    #: What `fitted.toml` says; None where nothing was fitted.
    fitted_file: FittedFile | None = None

    @classmethod
    def load(cls, name_or_path: str | Path = "west-kalimantan-sarawak") -> Region:
        """Read and check a region: a shipped name, or the path of a folder. RegionError where something does not fit.

        A region whose files have the same bytes as when this process last read them is not checked again. Every call gives tables of its own:
        nobody who changes them changes those of the next.
        """
        folder = find(name_or_path)
        return copy.deepcopy(_checked(folder, tuple(read_files(folder, TABLES).items())))


@functools.lru_cache(maxsize=4)
def _checked(folder: Path, files: tuple[tuple[str, bytes], ...]) -> Region:
    """The region that the files of a folder give (their names and bytes), checked; it is kept, so callers take a copy."""
    data = dict(files)
    meta = meta_of(data["region.toml"])
    digest = hashlib.sha256(data["region.toml"])
    tables: dict[str, pd.DataFrame] = {}
    lines: dict[str, list[int]] = {}
    for file, contract in TABLES.items():
        if file not in data:
            tables[file], lines[file] = no_rows(contract), []
            continue
        digest.update(file.encode() + b"\0" + data[file])
        tables[file], lines[file] = read_table(file, data[file], contract)
    region = Region(
        id=meta["id"],
        title=meta["title"],
        folder=folder,
        meta=meta,
        hash=digest.hexdigest(),
        fitted_file=fitted_file_of(folder, data[FITTED]) if FITTED in data else None,
        **{file.removesuffix(".csv"): table for file, table in tables.items()},
    )
    check_tables(region, lines)
    if OUTLINE in data:
        check_outline(decode(OUTLINE, data[OUTLINE]))
    return region
