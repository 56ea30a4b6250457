"""How are the rows of a study stored? In Parquet parts that workers write themselves, complete or not at all.

The folder of parts alone decides which runs are done, never the memory of a driver or an engine. A part is written
beside its place, flushed and renamed; its name is a hash of its run ids, so running a chunk again overwrites its part. A
run that is in two parts counts once: a good row before any other, then the latest attempt. Readers take no lock, ignore drafts and
report what they cannot read; only :func:`set_aside` and :func:`compact` move files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.errors import shorten
from abm.reading import is_ordinary
from abm.writing import is_orphan, whole_file
from experiments.studies.lock import Hold
from experiments.studies.lock import StoreError as StoreError
from experiments.studies.lock import only_driver as only_driver
from experiments.studies.parts import LIGHT, Odd, Planned, RunsOfPart, Shape, odd
from experiments.studies.parts import STATUSES as STATUSES
from experiments.studies.plan_files import ids_as_numbers, read_study_manifest
from experiments.studies.tables import tables_of

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = b"1"
SCHEMA_KEY = b"lintas.part"
#: Hash of a part's columns and number of lines: pages of a Parquet file have checksums, its footer has none.
SUM_KEY = b"lintas.sum"
#: A draft older than this (by the file server's own clock) belongs to a process that has ended.
STALE_SECONDS = 3600.0
#: Rows (runs × years × sides) that a compacted part may hold.
COMPACT_ROWS = 500_000


def results_of(folder: Path) -> Path:
    """The folder of parts."""
    return folder / "results"


def parts(folder: Path) -> list[Path]:
    """The existing parts, by name; StoreError where there is no folder of parts."""
    try:
        names = [e.name for e in os.scandir(results_of(folder)) if e.name.startswith("part-") and e.name.endswith(".parquet")]
    except FileNotFoundError:
        raise StoreError(
            f"the study folder '{shorten(folder)}' has no folder results/ (any more): put it back, or make an empty one to start over"
        ) from None
    except OSError as error:
        raise StoreError(f"cannot read '{shorten(results_of(folder))}': {error.strerror or error}") from None
    return [results_of(folder) / n for n in sorted(names)]


def check_writable(folder: Path) -> None:
    """StoreError, before any run, for a folder of parts that cannot be written."""
    probe = results_of(folder) / f".probe-{socket.gethostname()}-{os.getpid()}"
    parts(folder)
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"cannot write into '{shorten(results_of(folder))}': {error.strerror or error}; status and collect still work, "
            f"to go on make it writable or copy the study folder"
        ) from None


# --- writing ---------------------------------------------------------------------------------------------------------


def write_part(folder: Path, table: pa.Table) -> Path:
    """Write a part, flush it to disk and return its path; StoreError where it cannot be written."""
    import pyarrow as pa

    ids = "\n".join(sorted(set(table.column("run_id").to_pylist())))
    path = results_of(folder) / f"part-{hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()}.parquet"
    try:
        write_table(table, path)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or shorten(error)
        raise StoreError(f"cannot write results into '{shorten(path.parent)}': {reason}; what was stored before is safe") from None
    return path


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table in the format of a part, complete or not at all."""
    import pyarrow.parquet as pq

    said = {SCHEMA_KEY: SCHEMA, SUM_KEY: _sum(table.schema, table.num_rows)}
    with whole_file(path, sweep=False) as out:
        pq.write_table(table.replace_schema_metadata(said), out, compression="zstd", write_page_checksum=True, write_statistics=True)


def _sum(schema: pa.Schema, lines: int) -> bytes:
    said = [[f.name, str(f.type)] for f in schema] + [lines]
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest().encode()


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass
class StoredRows:
    """What the parts say: for each run known to them its best row, and what could not be read."""

    ids: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))  #: sorted
    status: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))  #: index into STATUSES
    attempt: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    part: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))  #: index into parts
    parts: list[Path] = field(default_factory=list)
    damaged: list[tuple[Path, str]] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)  #: columns of numbers that not every part has
    shape: Shape | None = None  #: columns and values that parts must have
    planned: Planned | None = None  #: planned values of the runs

    def of(self, ids: np.ndarray) -> np.ndarray:
        """Position of each run in the arrays, shape (ids,), -1 where the parts do not hold it."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        return np.where(self.ids[at] == ids, at, -1) if len(self.ids) else np.full(len(ids), -1)

    def merge(self, paths: Iterable[Path], whole: bool = False) -> None:
        """Add parts; one that cannot be read or does not belong to this study is noted, and its runs count as missing.

        With ``whole`` every column is read, so that damage in any of them is found.
        """
        columns: list[list[np.ndarray]] = [[self.ids], [self.status], [self.attempt], [self.seconds], [self.part]]
        for path in paths:
            try:
                lines, _ = self._read(path, None if whole else LIGHT)
            except FileNotFoundError:
                continue  # compacted meanwhile: its rows are in another part
            except StoreError as error:
                self.damaged.append((path, str(error)))
                continue
            self.versions.update(lines.versions)
            for column, values in zip(columns, (lines.ids, lines.status, lines.attempt, lines.seconds), strict=False):
                column.append(values)
            columns[4].append(np.full(len(lines.ids), len(self.parts), dtype=np.int32))
            self.parts.append(path)
        ids, status, attempt, seconds, part = (np.concatenate(c) for c in columns)
        order = np.lexsort((part, -attempt, status != 0, ids))  # a good row first, then the latest attempt
        keep = order[np.concatenate([[True], ids[order][1:] != ids[order][:-1]])] if len(order) else order
        self.ids, self.status, self.attempt, self.seconds, self.part = ids[keep], status[keep], attempt[keep], seconds[keep], part[keep]

    def table(self, part: int) -> pa.Table:
        """All columns of a part, checked; StoreError where it is damaged or does not belong to this study."""
        return self._read(self.parts[part], None)[1]

    def _read(self, path: Path, columns: Sequence[str] | None) -> tuple[RunsOfPart, pa.Table]:
        shape = self.shape
        seen: list[pa.Schema] = []
        assert shape is not None

        def look(schema: pa.Schema) -> None:
            shape.check_columns(schema)
            seen.append(schema)

        try:
            table = read_part(path, columns, look)
            lines = shape.read(table)
            self.extra.update(shape.check_numbers(seen[0], lines.versions))
            if self.planned is not None:
                self.planned.check(table)
        except Odd as error:
            raise odd(path, error) from None
        return lines, table


def stored_rows(folder: Path, whole: bool = False) -> StoredRows:
    """What the parts of a study say now (with ``whole`` every column is looked at for damage)."""
    shape, planned = Shape.of(folder), Planned(folder) if whole else None
    found = StoredRows(shape=shape)
    for _ in range(5):  # a part removed while we read was compacted: read again, so that no run seems lost
        found = StoredRows(shape=shape, planned=planned)
        listed = parts(folder)
        found.merge(listed, whole)
        if len(found.parts) + len(found.damaged) == len(listed):
            break
    return found


def read_part(path: Path, columns: Sequence[str] | None = None, look: Callable[[pa.Schema], None] = lambda schema: None) -> pa.Table:
    """A part's table; raises StoreError with the reason where it is damaged or of another schema. ``look`` is called with its schema before it is read."""
    import pyarrow.parquet as pq

    if not is_ordinary(path) and os.path.lexists(path):  # opening a pipe would wait
        raise StoreError(f"'{path.name}' is not an ordinary file")
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            said = schema.metadata or {}
            if said.get(SCHEMA_KEY) != SCHEMA:
                raise StoreError(
                    f"'{path.name}' has part schema {shorten(repr(said.get(SCHEMA_KEY)))}, this lintas reads {SCHEMA.decode()}"
                )
            sum_now = _sum(schema, file.metadata.num_rows)
            if said.get(SUM_KEY, sum_now) != sum_now:
                raise StoreError(f"'{path.name}' is damaged (its list of columns)")
            look(schema)
            table = file.read(columns=list(columns) if columns is not None else None)
            if table.num_rows != file.metadata.num_rows:
                raise StoreError(f"'{path.name}' is damaged (its number of lines)")
            return table
    except (FileNotFoundError, StoreError, Odd):
        raise
    except Exception as error:  # reading a damaged file may raise any error
        raise StoreError(f"'{path.name}' is damaged ({shorten(error, 60)})") from None


def set_aside(folder: Path, damaged: Iterable[tuple[Path, str]]) -> int:
    """Move parts that cannot be read into ``results/damaged/``, so that their runs are repeated; returns how many."""
    count = 0
    for path, _ in damaged:
        place = results_of(folder) / "damaged"
        try:
            place.mkdir(exist_ok=True)
            os.replace(path, place / f"{path.stem}-{time.time_ns()}.parquet")
            count += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"cannot move the damaged part '{path.name}' aside: {error.strerror or error}") from None
    return count


def select(table: pa.Table, wanted: np.ndarray) -> pa.Table:
    """Rows of the wanted runs (``wanted``: sorted ids, shape (n,))."""
    import pyarrow as pa

    return table.filter(pa.array(np.isin(ids_as_numbers(table.column("run_id").combine_chunks()), wanted)))


# --- tidying ---------------------------------------------------------------------------------------------------------


def compact(folder: Path, rows: int = COMPACT_ROWS, watching: Callable[[str], None] = lambda where: None) -> tuple[int, int]:
    """Merge small parts into large ones and remove old drafts; returns parts before and after.

    A merged part is complete before the first of its sources is removed, so a reader finds each run at least once even if this process dies.
    ``watching`` is called when another machine's driver has to be watched first.
    """
    read_study_manifest(folder)
    check_writable(folder)
    with only_driver(folder, watching=watching) as hold:  # a part that a worker rewrites while it is merged would be lost
        try:
            sweep(folder)
            return _merge(folder, rows, hold)
        except OSError as error:
            raise StoreError(f"cannot merge parts in '{shorten(results_of(folder))}': {error.strerror or error}; no row is lost") from None


def _merge(folder: Path, rows: int, hold: Hold) -> tuple[int, int]:
    import pyarrow as pa

    found = stored_rows(folder, whole=True)
    before = len(found.parts) + len(found.damaged)

    def finish(group: list[tuple[Path, pa.Table]]) -> None:
        hold.check()
        tables = [t for _, t in group if t.num_rows]
        written = write_part(folder, pa.concat_tables(tables, promote_options="default")) if tables else None
        hold.check()
        for path, _ in group:
            if path != written:
                path.unlink(missing_ok=True)

    group: list[tuple[Path, pa.Table]] = []
    for number, path in enumerate(found.parts):
        try:
            table = found.table(number)
        except FileNotFoundError:
            continue
        mine = select(table, found.ids[found.part == number])
        if mine.num_rows == table.num_rows and table.num_rows >= rows:
            continue  # large enough already
        group.append((path, mine))
        if sum(t.num_rows for _, t in group) >= rows:
            finish(group)
            group = []
    if len(group) > 1 or any(t.num_rows == 0 for _, t in group):
        finish(group)
    return before, len(parts(folder))


def sweep(folder: Path) -> int:
    """Remove drafts of processes that died, by the file server's clock; returns how many."""
    place = results_of(folder)
    probe = place / f".probe-{socket.gethostname()}-{os.getpid()}"
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink()
    count = 0
    for path in [*place.glob(".*.draft"), *place.glob(".probe-*"), *tables_of(folder).glob(".*.draft")]:
        with contextlib.suppress(OSError):
            if is_orphan(path) or now - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
                count += 1
    return count
