"""A region as data: the folder of tables that holds a border, read and checked.

:meth:`Region.load` reads `region.toml` and the tables, refuses anything that does not fit with one sentence that names file, line, column
and value, and returns a frozen :class:`Region`. Adding a region needs no code.

A region may also hold `fitted.toml`: values of uncertain parameters that were fitted to its facts. They are no facts of the
border, so they are no part of `Region.hash`; :func:`abm.fitted.fitted_of` gives them, checked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abm.region.border import Border
from abm.region.checks import check_tables
from abm.region.contract import TABLES
from abm.region.files import FittedFile, check_outline
from abm.region.folder import find, read_file, read_fitted, read_meta
from abm.region.table import RegionError, decode, read_table

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
        """Read and check a region: a shipped name, or the path of a folder."""
        folder = find(name_or_path)
        meta = read_meta(folder)
        digest = hashlib.sha256()
        digest.update(read_file(folder / "region.toml"))
        tables: dict[str, pd.DataFrame] = {}
        lines: dict[str, list[int]] = {}
        for file, contract in TABLES.items():
            path = folder / file
            if not path.is_file():
                found = ", ".join(sorted(p.name for p in folder.glob("*.csv"))) or "no table at all"
                raise RegionError(
                    f"Region {folder.name}: the file {file} is missing ({found} found); add it or copy it from a shipped region."
                )
            data = read_file(path)
            digest.update(file.encode() + b"\0" + data)
            tables[file], lines[file] = read_table(file, data, contract)
        region = cls(
            id=meta["id"],
            title=meta["title"],
            folder=folder,
            meta=meta,
            hash=digest.hexdigest(),
            fitted_file=read_fitted(folder),
            **{file.removesuffix(".csv"): table for file, table in tables.items()},
        )
        check_tables(region, lines)
        if region.map_path.exists():
            check_outline(decode("map.geojson", read_file(region.map_path)))
        return region
