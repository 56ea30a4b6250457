"""What are the results of a study? Its status at any moment, and its rows as one table in the plan's order.

Both are made from the plan and the parts only, so they work while the study runs and after it was interrupted.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import UserError, shorten
from abm.reading import is_ordinary
from abm.writing import whole_file
from experiments.files import FORMULA, as_text
from experiments.studies import store
from experiments.studies.lock import driver_of
from experiments.studies.manifest import study_of
from experiments.studies.parts import indicators
from experiments.studies.plan_files import ids_as_numbers, plan_batches, plan_ids, plan_schema, read_study_manifest
from experiments.studies.store import STATUSES, StoreError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Parts kept in memory while collecting: runs of a chunk are close to each other in the plan.
KEPT_PARTS = 64
#: Number of runs from which the rate is computed, newest parts first.
RATE_PARTS = 50


@dataclass
class Status:
    """How far a study is, from the parts only."""

    total: int
    counts: dict[str, int]
    missing: int
    damaged: list[tuple[Path, str]]
    versions: set[str]
    rate: float | None  #: runs a second, by the file server's clock
    eta: float | None
    parts: int
    failures: list[tuple[str, str, str]] = field(default_factory=list)  #: run id, status, cause
    driver: str | None = None
    outside: int = 0  #: runs in the parts that the plan does not have

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "total": self.total, **self.counts, "missing": self.missing, "damaged_parts": [p.name for p, _ in self.damaged],
            "damage": [{"part": p.name, "cause": c} for p, c in self.damaged],
            "versions": sorted(self.versions), "rate": self.rate, "eta_seconds": self.eta, "parts": self.parts, "driver": self.driver,
            "failures": [{"run_id": i, "status": s, "cause": c} for i, s, c in self.failures], "outside_plan": self.outside,
        }  # fmt: skip


def status(folder: Path, failures: int = 20) -> Status:
    """Counts, rate and the first failures with their causes."""
    folder = Path(folder)
    read_study_manifest(folder)
    ids = plan_ids(folder)
    found = store.stored_rows(folder)
    at = found.of(ids)
    mine = found.status[at[at >= 0]]
    counts = {name: int((mine == k).sum()) for k, name in enumerate(STATUSES)}
    missing = int((at < 0).sum())
    rate = _rate(found)
    driver = driver_of(folder)
    return Status(
        len(ids), counts, missing, found.damaged, found.versions, rate, missing / rate if rate and missing and driver else None, len(found.parts),
        _failures(found, at, failures), driver, int(len(found.ids) - (at >= 0).sum()),
    )  # fmt: skip


def _rate(found: store.StoredRows) -> float | None:
    """Runs a second over the newest parts. Times of files all come from one clock, that of the disk, so they can be compared."""
    times = []
    for number, path in enumerate(found.parts):
        try:
            times.append((os.stat(path).st_mtime, number))
        except OSError:
            continue
    times = sorted(times)[-RATE_PARTS:]
    gaps = np.diff([t for t, _ in times])
    if len(gaps):  # pauses between drivers do not count
        pauses = np.flatnonzero(gaps > max(60.0, 20.0 * float(np.median(gaps))))
        times = times[int(pauses[-1]) + 1 :] if len(pauses) else times
    if len(times) < 3:
        return None
    span = times[-1][0] - times[0][0]
    newer = {n for _, n in times[1:]}
    count = int(np.isin(found.part, list(newer)).sum())
    return count / span if span > 0 else None


def _failures(found: store.StoredRows, at: np.ndarray, most: int) -> list[tuple[str, str, str]]:
    """Run id, status and cause of rows that did not end well, in the plan's order."""
    bad = at[(at >= 0)]
    bad = bad[found.status[bad] > 0][:most]
    causes: dict[int, str] = {}
    for part in np.unique(found.part[bad]):
        try:
            table = found.table(int(part))
        except (StoreError, FileNotFoundError):
            continue
        numbers = ids_as_numbers(table.column("run_id").combine_chunks())
        wanted = set(found.ids[bad[found.part[bad] == part]].tolist())
        causes |= {int(i): c for i, c in zip(numbers.tolist(), table.column("cause").to_pylist(), strict=True) if i in wanted}
    return [(f"{int(found.ids[k]):016x}", STATUSES[found.status[k]], causes.get(int(found.ids[k]), "")) for k in bad]


def collect(folder: Path, *, mixed: bool = False) -> pd.DataFrame:
    """The rows of a study as one table, in the plan's order (all in memory; :func:`write_collected` needs less)."""
    import pandas as pd
    import pyarrow as pa

    tables = list(collected(folder, mixed=mixed))
    if not tables:
        manifest = read_study_manifest(Path(folder))
        return pd.DataFrame(columns=columns_of(manifest))
    table = pa.concat_tables(tables)
    frame = table.to_pandas()
    if "year" in frame.columns:
        frame["year"] = frame["year"].astype("Int32")
    return frame


def columns_of(manifest: Mapping[str, Any]) -> list[str]:
    """Columns of the collected table, in order (those of the user's own function come after)."""
    study = study_of(manifest["study"])
    yearly = [] if study.record == "summaries" else ["year", "side"]
    return [
        "run_id", "status", "cause", "scenario", "region", "households", "replicate", "seed", "point", "version", "scenario_hash", *manifest["names"],
        *yearly, *indicators(study),
    ]  # fmt: skip


def collected(folder: Path, *, mixed: bool = False) -> Iterator[pa.Table]:
    """The rows some thousands of runs at a time; refuses rows of several model versions unless ``mixed``."""
    import pyarrow as pa

    folder = Path(folder)
    manifest = read_study_manifest(folder)
    found = store.stored_rows(folder)
    if len(found.versions) > 1 and not mixed:
        raise StoreError(
            f"the study holds rows of {len(found.versions)} model versions ({', '.join(sorted(found.versions))}), whose numbers should not be mixed; "
            f"to collect them all the same, add --mixed (the column version distinguishes them)"
        )
    names = columns_of(manifest)
    extra = sorted(found.extra - set(names)) if manifest["study"].get("measure") else []
    fixed = [*plan_schema([]).names, *manifest["names"]]
    kept: dict[int, pa.Table] = {}
    schema: pa.Schema | None = None
    for batch in plan_batches(folder, fixed):
        ids = ids_as_numbers(batch.column(0))
        rank = {int(i): k for k, i in enumerate(ids.tolist())}
        try:
            tables = _tables_of(found, ids, kept)
        except FileNotFoundError:  # parts were merged meanwhile: their rows are in another
            found = store.stored_rows(folder)
            kept.clear()
            tables = _tables_of(found, ids, kept)
        if not tables:
            continue
        table = pa.concat_tables(tables, promote_options="default")
        table = _as_planned(table, batch)
        order = np.array([rank[i] for i in ids_as_numbers(table.column("run_id").combine_chunks()).tolist()], dtype=int)
        table = table.take(pa.array(np.argsort(order, kind="stable")))
        for name in [*names, *extra]:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(table.num_rows, pa.float64()))
        table = table.select([*names, *extra]).replace_schema_metadata(None)
        schema = schema or table.schema
        yield table.cast(schema)


def _tables_of(found: store.StoredRows, ids: np.ndarray, kept: dict[int, pa.Table]) -> list[pa.Table]:
    """The rows of some runs, part by part; parts that were read are kept in ``kept`` for the next call."""
    at, tables = found.of(ids), []
    for part in np.unique(found.part[at[at >= 0]]).tolist():
        if part not in kept:
            if len(kept) >= KEPT_PARTS:
                kept.pop(next(iter(kept)))
            try:
                kept[part] = store.select(found.table(part), found.ids[found.part == part])
            except StoreError:
                continue  # damaged or unexpected in a column that a status does not read: 'lintas batch' repeats its runs
        tables.append(store.select(kept[part], np.sort(ids)))
    return tables


def _as_planned(table: pa.Table, planned: pa.RecordBatch) -> pa.Table:
    """The rows without those of runs whose values differ from the plan: 'lintas batch' repeats these."""
    import pyarrow as pa

    ids = ids_as_numbers(planned.column(0))
    order = np.argsort(ids, kind="stable")
    at = order[np.searchsorted(ids[order], ids_as_numbers(table.column("run_id").combine_chunks()))]
    said = planned.take(pa.array(at))
    same = np.ones(table.num_rows, dtype=bool)
    for name in said.schema.names:
        here, there = table.column(name).combine_chunks(), said.column(name)
        if not here.equals(there):
            same &= here.to_numpy(zero_copy_only=False) == there.to_numpy(zero_copy_only=False)
    return table if same.all() else table.filter(pa.array(same))


def check_out(path: Path, folder: Path, *, overwrite: bool = False) -> None:
    """Refuse, before any part is read, a file that cannot be written, that belongs to the study itself, or that exists already.

    A table that was collected from the same study may be replaced, any other file only with ``overwrite``. UserError where it is refused.
    """
    try:
        is_folder, whole, study = stat.S_ISDIR(os.stat(path).st_mode), path.resolve(), folder.resolve()
    except FileNotFoundError:
        is_folder, whole, study = False, path.resolve(), folder.resolve()
    except (OSError, ValueError) as error:  # not a possible file name
        raise UserError(f"cannot write '{shorten(path, 60)}': {getattr(error, 'strerror', None) or error}") from None
    if is_folder:
        raise UserError(f"'{shorten(path)}' is a folder; name a file such as out.parquet or out.csv")
    if path.suffix not in (".parquet", ".csv"):
        raise UserError(f"'{shorten(path.name)}': write a .parquet or .csv file")
    if study / "results" in whole.parents or (whole.parent == study and (whole.name == "plan.parquet" or whole.match("plan-*.parquet"))):
        raise UserError(f"'{shorten(path)}' is part of the study itself: name a file elsewhere")
    if os.path.lexists(path) and not overwrite and not _is_of(path, folder):
        raise UserError(
            f"'{shorten(path)}' exists and is not a table that was collected from this study; name another file, or replace it with --overwrite"
        )


def _is_of(path: Path, folder: Path) -> bool:
    """Whether a file is a collected table of this study, by its columns and its run ids."""
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    manifest = read_study_manifest(folder)
    wanted, may_have_more = columns_of(manifest), manifest["study"].get("measure") is not None
    if not is_ordinary(path):
        return False
    try:
        if path.suffix == ".csv":
            text = {n: pa.string() for n in wanted}
            table = pc.read_csv(path, convert_options=pc.ConvertOptions(column_types=text))
            names, ids = table.column_names, table.column("run_id")
            wanted = [as_text(n) for n in wanted]
        else:
            with pq.ParquetFile(path) as file:
                names, ids = file.schema_arrow.names, file.read(columns=["run_id"]).column("run_id")
        numbers = ids_as_numbers(ids.combine_chunks())
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return False
    if names[: len(wanted)] != wanted or (len(names) > len(wanted) and not may_have_more):
        return False
    return bool(np.isin(np.unique(numbers), plan_ids(folder)).all())


def no_formulas(table: pa.Table) -> pa.Table:
    """The table as CSV has it: text (headers too) that a spreadsheet would read as a formula gets an apostrophe in front."""
    import pyarrow as pa
    from pyarrow.compute import replace_substring_regex as replaced  # pyright: ignore[reportAttributeAccessIssue]

    for k, kind in enumerate(table.schema):
        if pa.types.is_string(kind.type):
            table = table.set_column(k, kind, replaced(table.column(k), FORMULA, r"'\1"))
    return table.rename_columns([as_text(n) for n in table.column_names])


def write_collected(folder: Path, path: Path, *, mixed: bool = False, overwrite: bool = False) -> tuple[int, Counter[str]]:
    """Write the collected table (Parquet, or CSV by its name), whole or not at all; returns lines, and runs by status.

    ``mixed`` allows rows of several model versions, ``overwrite`` replaces a file that is not a table of this study (see :func:`check_out`).
    Equal rows give equal bytes, for any engine, number of workers, size of chunks and interruptions.
    """
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    folder = Path(folder)
    check_out(path, folder, overwrite=overwrite)
    lines, counts = 0, Counter()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer: Any = None
        with whole_file(path) as out:
            for table in collected(folder, mixed=mixed):
                if path.suffix == ".csv":
                    table = no_formulas(table)
                if writer is None:
                    writer = (
                        pc.CSVWriter(out, table.schema)
                        if path.suffix == ".csv"
                        else pq.ParquetWriter(out, table.schema, compression="zstd", write_statistics=False)
                    )
                writer.write_table(table)
                lines += table.num_rows
                ids, first = np.unique(table.column("run_id").to_numpy(zero_copy_only=False), return_index=True)
                counts.update(table.column("status").take(pa.array(first)).to_pylist())
                del ids
            if writer is None:
                raise UserError(f"'{shorten(folder)}' has no row yet: run it with 'lintas batch {shorten(folder)}'")
            writer.close()
    except OSError as error:
        raise UserError(f"cannot write '{shorten(path)}': {error.strerror or error}") from None
    return lines, counts
