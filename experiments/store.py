"""Where do the rows of a study lie? In Parquet parts that workers write themselves, whole or not at all.

What is done is known from the folder of parts alone, never from the memory of a driver or an engine. A part is written
beside its place, flushed and renamed; its name is a hash of its run ids, so running a chunk again overwrites its part. A
run that stands in two parts counts once: a good row before any other, then the latest attempt. Readers take no lock, ignore drafts and
report what they cannot read; only :func:`set_aside` and :func:`compact` move files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import UserError, shorten
from experiments.plan import ids_as_numbers

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = b"1"
SCHEMA_KEY = b"lintas.part"
#: Hash of a part's columns and number of lines: pages carry checksums of their own, the list of them at a file's end does not.
SUM_KEY = b"lintas.sum"
STATUSES = ("ok", "failed", "killed", "timeout")
#: A draft older than this (by the file server's own clock) belongs to a process that is gone.
STALE_SECONDS = 3600.0
#: Rows (runs × years × sides) that a compacted part may hold.
COMPACT_ROWS = 500_000


class StoreError(UserError):
    """Results cannot be written or read."""


def results_of(folder: Path) -> Path:
    """The folder of parts."""
    return folder / "results"


def parts(folder: Path) -> list[Path]:
    """The parts there are now, by name."""
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
    """Refuse, before any run, a folder of parts that cannot be written."""
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
    """Write a part and return its place; afterwards its rows survive the death of everything but the disk."""
    import pyarrow as pa

    ids = "\n".join(sorted(set(table.column("run_id").to_pylist())))
    path = results_of(folder) / f"part-{hashlib.blake2b(ids.encode(), digest_size=12).hexdigest()}.parquet"
    draft = path.with_name(f".{path.stem}.{socket.gethostname()}-{os.getpid()}-{time.monotonic_ns()}.draft")
    try:
        write_table(table, draft)
        os.replace(draft, path)
        flush_folder(path.parent)
    except (OSError, pa.ArrowException) as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or shorten(error)
        raise StoreError(f"cannot write results into '{shorten(path.parent)}': {reason}; what was stored before is safe") from None
    return path


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as a part has it, and flush it."""
    import pyarrow.parquet as pq

    with open(path, "wb") as out:
        pq.write_table(
            table.replace_schema_metadata({SCHEMA_KEY: SCHEMA, SUM_KEY: _sum(table.schema, table.num_rows)}),
            out,
            compression="zstd",
            write_page_checksum=True,
            write_statistics=True,
        )
        out.flush()
        os.fsync(out.fileno())


def _sum(schema: pa.Schema, lines: int) -> bytes:
    said = [[f.name, str(f.type)] for f in schema] + [lines]
    return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest().encode()


def flush_folder(folder: Path) -> None:
    """Ask the system to remember the names in a folder (where it can)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass
class Standing:
    """What the parts say: for each run known to them its best row, and what could not be read."""

    ids: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))  #: sorted
    status: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))  #: index into STATUSES
    attempt: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    seconds: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    part: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int32))  #: index into parts
    parts: list[Path] = field(default_factory=list)
    damaged: list[tuple[Path, str]] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)

    def of(self, ids: np.ndarray) -> np.ndarray:
        """Position of each run in the arrays, -1 where the parts do not hold it."""
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        return np.where(self.ids[at] == ids, at, -1) if len(self.ids) else np.full(len(ids), -1)

    def add(self, path: Path) -> None:
        """Take in one more part."""
        self.merge([path])

    def merge(self, paths: Iterable[Path], whole: bool = False) -> None:
        """Take in more parts; what cannot be read is noted, and its runs count as not done.

        With ``whole`` every column is read, so that damage in any of them shows.
        """
        columns: list[list[np.ndarray]] = [[self.ids], [self.status], [self.attempt], [self.seconds], [self.part]]
        for path in paths:
            try:
                table = read_part(path, None if whole else ["run_id", "status", "attempt", "seconds", "version"])
            except FileNotFoundError:
                continue  # compacted away in between: its rows are in another part
            except StoreError as error:
                self.damaged.append((path, str(error)))
                continue
            ids = ids_as_numbers(table.column("run_id").combine_chunks())
            first = np.unique(ids, return_index=True)[1]
            status = table.column("status").to_pylist()
            self.versions.update(table.column("version").unique().to_pylist())
            columns[0].append(ids[first])
            columns[1].append(np.array([STATUSES.index(status[k]) for k in first], dtype=np.int8))
            columns[2].append(table.column("attempt").to_numpy()[first].astype(np.int16))
            columns[3].append(table.column("seconds").to_numpy()[first].astype(np.float32))
            columns[4].append(np.full(len(first), len(self.parts), dtype=np.int32))
            self.parts.append(path)
        ids, status, attempt, seconds, part = (np.concatenate(c) for c in columns)
        order = np.lexsort((part, -attempt, status != 0, ids))  # a good row first, then the latest attempt
        keep = order[np.concatenate([[True], ids[order][1:] != ids[order][:-1]])] if len(order) else order
        self.ids, self.status, self.attempt, self.seconds, self.part = ids[keep], status[keep], attempt[keep], seconds[keep], part[keep]


def standing(folder: Path, whole: bool = False) -> Standing:
    """What the parts of a study say now (with ``whole`` every column is looked at for damage)."""
    found = Standing()
    for _ in range(5):  # a part that vanishes while we read was compacted: read again, so that no run seems lost
        found = Standing()
        listed = parts(folder)
        found.merge(listed, whole)
        if len(found.parts) + len(found.damaged) == len(listed):
            break
    return found


def read_part(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A part's table; raises StoreError with the reason where it is damaged or of another schema."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            said = file.schema_arrow.metadata or {}
            if said.get(SCHEMA_KEY) != SCHEMA:
                raise StoreError(
                    f"'{path.name}' has part schema {shorten(repr(said.get(SCHEMA_KEY)))}, this lintas reads {SCHEMA.decode()}"
                )
            sum_now = _sum(file.schema_arrow, file.metadata.num_rows)
            if said.get(SUM_KEY, sum_now) != sum_now:
                raise StoreError(f"'{path.name}' is damaged (its list of columns)")
            table = file.read(columns=list(columns) if columns is not None else None)
            if table.num_rows != file.metadata.num_rows:
                raise StoreError(f"'{path.name}' is damaged (its number of lines)")
            return table
    except (FileNotFoundError, StoreError):
        raise
    except Exception as error:  # what a reader stumbles over in a damaged file may be anything
        raise StoreError(f"'{path.name}' is damaged ({shorten(error, 60)})") from None


def read_columns(path: Path) -> list[str]:
    """Names of a part's columns (none where it cannot be read)."""
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except Exception:
        return []


def set_aside(folder: Path, damaged: Iterable[tuple[Path, str]]) -> int:
    """Move parts that cannot be read into ``results/damaged/``, so that their runs are run again."""
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
    """Rows of the wanted runs (sorted ids)."""
    import pyarrow as pa

    return table.filter(pa.array(np.isin(ids_as_numbers(table.column("run_id").combine_chunks()), wanted)))


# --- tidying ---------------------------------------------------------------------------------------------------------


def compact(folder: Path, rows: int = COMPACT_ROWS) -> tuple[int, int]:
    """Merge small parts into large ones and sweep stale drafts; returns parts before and after.

    A merged part stands complete before the first of its sources goes, so a reader meets each run at least once, whenever this dies.
    """
    check_writable(folder)
    with only_driver(folder):  # a part that a worker writes anew while it is merged would be lost
        sweep(folder)
        return _merge(folder, rows)


def _merge(folder: Path, rows: int) -> tuple[int, int]:
    import pyarrow as pa

    found = standing(folder, whole=True)
    before = len(found.parts)

    def finish(group: list[tuple[Path, pa.Table]]) -> None:
        tables = [t for _, t in group if t.num_rows]
        written = write_part(folder, pa.concat_tables(tables, promote_options="default")) if tables else None
        for path, _ in group:
            if path != written:
                path.unlink(missing_ok=True)

    group: list[tuple[Path, pa.Table]] = []
    for number, path in enumerate(found.parts):
        try:
            table = read_part(path)
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
    """Remove drafts that dead processes left behind, judged by the file server's clock alone."""
    place = results_of(folder)
    probe = place / f".probe-{socket.gethostname()}-{os.getpid()}"
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink()
    count = 0
    for path in [*place.glob(".*.draft"), *place.glob(".probe-*")]:
        with contextlib.suppress(OSError):
            if _is_orphan(path) or now - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
                count += 1
    return count


def _is_orphan(path: Path) -> bool:
    """A draft of a process of this machine that is gone."""
    import psutil

    rest = path.name.removesuffix(".draft").partition(".")[2].partition(".")[2]  # .part-HASH.HOST-PROCESS-WHEN.draft
    host, _, number = rest.rpartition("-")[0].rpartition("-")  # (the name of a host may hold dots and dashes itself)
    return host == socket.gethostname() and number.isdigit() and not psutil.pid_exists(int(number))


# --- one driver at a time --------------------------------------------------------------------------------------------


@contextlib.contextmanager
def only_driver(folder: Path, patience: float = 12.0, beat: float = 3.0) -> Iterator[None]:
    """Hold a study as its one driver; refuses when another is at work.

    A driver on this machine is asked for by its process; one elsewhere by whether its counter moves while we watch, so
    clocks that disagree do no harm. (Two drivers would do no harm to the rows either: they would only work twice.)
    """
    import json
    import threading

    import psutil

    path = folder / "driver.json"
    me = {"host": socket.gethostname(), "process": os.getpid(), "started": psutil.Process().create_time(), "beat": 0}

    def read() -> dict[str, Any]:
        try:
            said = json.loads(path.read_text("utf-8"))
            return said if isinstance(said, dict) else {}
        except (OSError, ValueError):
            return {}

    def write(create: bool) -> bool:
        draft = path.with_name(f".driver-{me['host']}-{me['process']}")
        try:
            draft.write_text(json.dumps(me), "utf-8")
            if create:
                try:
                    os.link(draft, path)  # fails where another stands, also on network disks
                except FileExistsError:
                    return False
                finally:
                    draft.unlink(missing_ok=True)
            else:
                os.replace(draft, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"cannot write '{shorten(path)}': {error.strerror or error}") from None
        return True

    def is_mine(said: dict[str, Any]) -> bool:
        return all(said.get(k) == me[k] for k in ("host", "process", "started"))

    while not write(create=True):
        other = read()
        where = f"process {other.get('process')} on {other.get('host')}"
        if other.get("host") == me["host"]:
            alive = False
            with contextlib.suppress(psutil.Error, TypeError, ValueError):
                alive = abs(psutil.Process(int(other["process"])).create_time() - float(other["started"])) < 1.0
        else:
            until = time.monotonic() + patience
            alive = False
            while other and time.monotonic() < until and not alive:
                time.sleep(0.5)
                now = read()
                alive = bool(now) and now != other
        if alive:
            raise StoreError(
                f"another driver is at work on '{shorten(folder)}' ({where}): wait for it or stop it; 'lintas status' works meanwhile"
            )
        gone = path.with_name(f".driver-gone-{time.monotonic_ns()}")
        with contextlib.suppress(OSError):  # of two that want to take over, one moves it away
            if read() == other:
                os.rename(path, gone)
                gone.unlink(missing_ok=True)
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(beat):
            me["beat"] += 1
            with contextlib.suppress(StoreError):
                if is_mine(read()):
                    write(create=False)

    thread = threading.Thread(target=tick, daemon=True, name="driver-beat")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(beat + 5.0)
        if is_mine(read()):
            path.unlink(missing_ok=True)
