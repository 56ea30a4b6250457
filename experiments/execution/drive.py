"""How is a plan carried out? Chunks of runs go to an engine, each death of a worker is counted, until every run has its row.

The driver keeps no results of its own: it starts from the parts, hands out the runs that they lack, and reads them again at the end.
A worker's death is counted for the runs of its chunk: after the first the chunk is repeated, after the second its
runs go one by one, and a run that ends its worker twice while alone in its chunk gets a row that says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from abm.errors import UserError
from experiments.execution import waits
from experiments.execution.chunks import Chunk, SecondsOfRuns
from experiments.execution.engine import Engine, EngineLost
from experiments.execution.progress import Report, StudyProgress, teller
from experiments.execution.waits import Note, Waits, spoken
from experiments.execution.work import killed
from experiments.files import add_line
from experiments.studies import store
from experiments.studies import trust as trusts
from experiments.studies.drift import check_drift
from experiments.studies.lock import Hold
from experiments.studies.plan import Row, settle
from experiments.studies.plan_files import ids_as_numbers, plan_batches, plan_ids, read_study_manifest
from experiments.studies.store import STATUSES, StoredRows, StoreError
from experiments.studies.tables import have_tables

#: Seconds that a chunk should last: much longer than the overhead of a task, yet short, since it is repeated when a worker dies.
CHUNK_SECONDS = 7.0
#: Chunks handed out ahead for each slot.
LOOK_AHEAD = 4
#: Most runs in a chunk.
MOST_RUNS = 5_000
#: Deaths of workers with one run alone in the chunk, after which the run counts as their cause: a single one may have come from outside.
DEATHS = 2
#: Seconds between looks at the engine and at the progress.
LOOK_SECONDS = 1.0
KEEP_SECONDS = 5.0
#: Seconds without the end of a run, after which that is reported (later where runs are expected to take longer).
QUIET_SECONDS = 60.0
#: Seconds that a driver on another machine is watched before it counts as ended.
PATIENCE = 12.0


def drive(
    folder: Path,
    engine: Engine | Callable[[], Engine],
    *,
    again: Sequence[str] = (),
    allow_drift: bool = False,
    progress: Callable[[StudyProgress], None] | None = None,
    chunk_seconds: float = CHUNK_SECONDS,
    most_runs: int = MOST_RUNS,
    before: Callable[[], None] | None = None,
    most: int | None = None,
    trust: bool = False,
    hold: Hold | None = None,
) -> Report:
    """Make the planned runs that have no row yet (and repeat rows of the statuses ``again``); returns how it ended.

    ``engine`` may be a function that makes it, called only if there is something to do; ``before`` is called once this is the
    study's one driver; ``hold`` is given by a caller that is it already. ``trust`` agrees to run the Python file that the study names as its
    measure (one that this process planned, or that the user agreed to before, needs no agreement). Raises TrustError, EngineLost, StoreError,
    KeyboardInterrupt; all stored rows are kept.
    """
    folder = Path(folder)
    read_study_manifest(folder)
    store.check_writable(folder)
    with holding(folder, progress) if hold is None else contextlib.nullcontext(hold) as mine:
        settle(folder)
        manifest = check_drift(folder, read_study_manifest(folder), allow_drift)
        trusts.check(manifest["study"].get("measure"), trust)
        if before is not None:
            with spoken(teller(progress), waits.STARTING):
                before()
        return _Drive(folder, manifest, engine, tuple(again), progress, chunk_seconds, most_runs, most, mine).run()


@contextlib.contextmanager
def holding(folder: Path, progress: Callable[[StudyProgress], None] | None) -> Iterator[Hold]:
    """Hold a study as its one driver; a driver of another machine that has to be watched first is reported."""

    def watching(where: str) -> None:
        teller(progress)(Note(waits.WATCHED, {"where": where, "limit": PATIENCE}))

    with store.only_driver(folder, watching=watching) as hold:
        yield hold


class _Drive:
    def __init__(
        self, folder: Path, manifest: Mapping[str, Any], engine: Any, again: tuple[str, ...], progress: Any, chunk_seconds: float, most_runs: int,
        most: int | None, hold: Hold,
    ) -> None:  # fmt: skip
        self.folder, self.again, self.tell, self.chunk_seconds, self.most_runs = folder, again, progress, chunk_seconds, most_runs
        self.make_engine, self.most, self.hold = engine, most, hold
        self.progress = StudyProgress(0, Counter())
        self.waits = Waits()
        self.allowed = {manifest["model_version"], *(d["model_version"] for d in manifest["drift"])}
        self.record = manifest["study"]["record"]
        self.cost = SecondsOfRuns()
        self.deaths: Counter[str] = Counter()
        self.deaths_alone: Counter[str] = Counter()
        self.all_deaths = 0
        self.waiting: list[Chunk] = []  # chunks to repeat, before anything new
        self.finished: queue.SimpleQueue[tuple[Chunk, Any]] = queue.SimpleQueue()
        self.going = 0
        self.ran, self.busy = 0, 0.0
        self.lately: list[tuple[float, int]] = []

    # ---- what is left to run

    def run(self) -> Report:
        begun = time.monotonic()
        self.stored = store.stored_rows(self.folder, whole=True)
        self.known = {p: _stamp(p) for p in self.stored.parts}
        aside = [reason for _, reason in self.stored.damaged]
        if aside:
            store.set_aside(self.folder, self.stored.damaged)
            self._log("set aside", begun, causes=aside)
        ids = plan_ids(self.folder)
        at = self.stored.of(ids)
        status = np.where(at >= 0, self.stored.status[at] if len(self.stored.ids) else 0, -1)
        if self.record == "tables":  # a row without its tables counts as missing
            status = np.where((status == 0) & ~have_tables(self.folder, ids), -1, status)
        redo = np.isin(status, [STATUSES.index(s) for s in self.again])
        self.todo = (status < 0) | redo
        self.attempt = np.where(redo, (self.stored.attempt[at] if len(self.stored.ids) else 0) + 1, 0).astype(np.int16)
        if self.most is not None:
            self._thin(self.most)
        counts = Counter({STATUSES[s]: int(n) for s, n in zip(*np.unique(status[(status >= 0) & ~redo], return_counts=True), strict=True)})
        self.progress = StudyProgress(len(ids), counts)
        self.left = int(self.todo.sum())
        if self.left == 0:
            return self._report(ids, 0.0, 0, aside, None)
        with spoken(self._say, waits.STARTING):
            engine = cast(Engine, self.make_engine() if callable(self.make_engine) else self.make_engine)

        def leave(*error: Any) -> None:
            with spoken(self._say, waits.ENDING):
                engine.__exit__(*error)

        with contextlib.ExitStack() as ending:
            self.engine: Engine = engine.__enter__()
            ending.push(leave)
            first = time.monotonic()
            try:
                self._loop(begun)
            except BaseException as error:
                self._log("interrupted" if isinstance(error, KeyboardInterrupt) else "lost", begun)
                raise
            slots, wall = engine.slots, time.monotonic() - first
        busy = self.busy / (wall * slots) if wall > 0 else None
        self._log("done", begun)
        return self._report(ids, time.monotonic() - begun, slots, aside, busy)

    def _thin(self, most: int) -> None:
        """Keep so many of the rows to run, spread evenly over the plan: a pilot must include every arm."""
        at = np.flatnonzero(self.todo)
        if len(at) > most:
            self.todo[:] = False
            self.todo[at[np.linspace(0, len(at) - 1, most).round().astype(int)]] = True

    def _report(self, ids: np.ndarray, seconds: float, slots: int, aside: list[str], busy: float | None) -> Report:
        found = store.stored_rows(self.folder)
        at = found.of(ids)
        status = found.status[at[at >= 0]]
        counts = {name: int((status == k).sum()) for k, name in enumerate(STATUSES)}
        return Report(len(ids), counts, self.ran, seconds, slots, self.all_deaths, len(aside), aside, busy)

    def _say(self, note: Note) -> None:
        """Show a note at once."""
        if self.tell is not None:
            teller(self.tell, self.progress)(note)

    def _log(self, how: str, begun: float, **more: Any) -> None:
        """Write a line of the driver's log, for later questions about what happened."""
        said = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"), "host": socket.gethostname(), "process": os.getpid(), "how": how, "ran": self.ran,
            "seconds": round(time.monotonic() - begun, 2), "busy_seconds": round(self.busy, 2), "deaths": self.all_deaths, **more,
        }  # fmt: skip
        with contextlib.suppress(OSError):
            add_line(self.folder / "logs" / "driver.jsonl", json.dumps(said))

    def _rows(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Planned rows still to be run, in the plan's order, read as they are needed."""
        start = 0
        for batch in plan_batches(self.folder):
            mine = np.flatnonzero(self.todo[start : start + batch.num_rows])
            if len(mine):
                for k, row in zip(mine, batch.take(mine).to_pylist(), strict=True):
                    yield row, int(self.attempt[start + k])
            start += batch.num_rows

    def _chunks(self) -> Iterator[Chunk]:
        rows = self._rows()
        held: list[tuple[dict[str, Any], int]] = []
        while True:
            cost, size, limit = 0.0, 0, self._limit()
            chunk = Chunk([], [])
            while size < limit:
                if not held:
                    held += [r for r in [next(rows, None)] if r is not None]
                    if not held:
                        break
                row, attempt = held.pop()
                one = self.cost.of(row["households"])
                if size and (one is None or cost + one > self._target()):
                    held.append((row, attempt))
                    break
                chunk.rows.append(row)
                chunk.attempts.append(attempt)
                size, cost = size + 1, cost + (one or 0.0)
            if not chunk.rows:
                return
            yield chunk

    def _target(self) -> float:
        """Seconds for the next chunk: shorter when little is left, so that no worker is idle while another has a long one."""
        mean = float(np.mean(list(self.cost.known.values()))) if self.cost.known else self.chunk_seconds
        return min(self.chunk_seconds, max(mean, mean * self.left / (2.0 * max(self.engine.slots, 1))))

    def _limit(self) -> int:
        return self.most_runs if self.cost.known else 1  # no run has ended yet: one run each

    # ---- the loop

    def _loop(self, begun: float) -> None:
        chunks = self._chunks()
        kept = looked = time.monotonic()
        more = True
        while more or self.going or self.waiting:
            most = self.engine.slots * (LOOK_AHEAD if self.cost.known else 1) + 1
            while self.waiting or (more and self.going < most):
                chunk = self.waiting.pop(0) if self.waiting else next(chunks, None)
                if chunk is None:
                    more = False
                    break
                self._submit(chunk)
            if self.going:
                with contextlib.suppress(queue.Empty):
                    self._take(*self.finished.get(timeout=LOOK_SECONDS))
                    while True:
                        self._take(*self.finished.get_nowait())
            now = time.monotonic()
            if now - kept > KEEP_SECONDS:
                self.hold.check()
                for note in self.engine.keep() or ():
                    self._say(note)
                kept = now
            self._watch()
            if self.tell is not None and now - looked > 0.2:
                self._tell(now, begun)
                looked = now
        if self.tell is not None:
            self._tell(time.monotonic(), begun)

    def _watch(self) -> None:
        """Report when no run has ended for longer than chunks are expected to last."""
        if not self.going:
            self.waits.over("run")
            return
        expected = max([self.chunk_seconds, *self.cost.known.values()])
        if self.waits.is_due("run", max(QUIET_SECONDS, 4.0 * expected)):
            self._say(Note(waits.NO_RUN, {"time": self.waits.seconds("run"), "n": self.going}))

    def _submit(self, chunk: Chunk) -> None:
        future = self.engine.submit(str(self.folder), chunk.rows, chunk.attempts)
        self.going += 1
        future.add_done_callback(lambda done, chunk=chunk: self.finished.put((chunk, done)))

    def _take(self, chunk: Chunk, future: Any) -> None:
        self.going -= 1
        self.waits.over("run")
        ended: Sequence[tuple[str, str, float]] = ()
        try:
            error = future.exception()
            if error is None:
                ended = future.result()  # (raises where the worker died before it reported how the runs of the chunk ended)
        except BaseException as raised:  # a cancelled future raises
            error = raised if isinstance(raised, Exception) or type(raised).__name__ == "CancelledError" else None
            if error is None:
                raise
        if error is None:
            self._count(chunk, ended)
        elif self.engine.is_death(error):
            self._died(chunk)
        elif isinstance(error, UserError):  # the disk, another model, a measure that cannot be loaded
            raise error
        elif isinstance(error, (MemoryError, OSError)):
            raise StoreError(f"a worker could not go on: {type(error).__name__}: {error}; what was stored is safe") from error
        else:
            raise EngineLost(f"{type(error).__name__}: {error}") from error

    def _count(self, chunk: Chunk, ended: Sequence[tuple[str, str, float]]) -> None:
        by_id = {r["run_id"]: r for r in chunk.rows}
        for run_id, status, seconds in ended:
            self.progress.counts[status] += 1
            self.ran += 1
            self.left -= 1
            self.busy += seconds
            if status == "ok":
                self.cost.learn(by_id[run_id]["households"], seconds)
        self.lately.append((time.monotonic(), len(ended)))

    def _died(self, chunk: Chunk) -> None:
        """A worker died during this chunk: read what it stored, and hand out the rest in smaller chunks."""
        self.all_deaths += 1
        self.progress.deaths += 1
        stored = StoredRows(shape=self.stored.shape)
        stored.merge(p for p in store.parts(self.folder) if p not in self.known or self.known[p] != _stamp(p))
        at = stored.of(ids_of(chunk.rows))
        if len(stored.ids):  # rows of an earlier attempt do not count
            at = np.where(stored.attempt[at] >= chunk.attempts, at, -1)
        ended = [
            (r["run_id"], STATUSES[stored.status[k]], float(stored.seconds[k])) for r, k in zip(chunk.rows, at, strict=True)
            if k >= 0
        ]  # fmt: skip
        self._count(chunk, ended)
        rest = [(r, a) for r, a, k in zip(chunk.rows, chunk.attempts, at, strict=True) if k < 0]
        for row, _ in rest:
            self.deaths[row["run_id"]] += 1
            self.deaths_alone[row["run_id"]] += chunk.alone
        if chunk.alone and rest and self.deaths_alone[rest[0][0]["run_id"]] >= DEATHS:
            row, attempt = rest[0]
            cause = f"ended its worker {self.deaths[row['run_id']]} times, {self.deaths_alone[row['run_id']]} of them alone"
            killed(self.folder, Row.read(row), attempt, cause)
            self._count(chunk, [(row["run_id"], "killed", 0.0)])
            return
        if any(self.deaths[r["run_id"]] >= 2 for r, _ in rest) or chunk.alone:
            self.waiting += [Chunk([r], [a], alone=True) for r, a in rest]
        elif rest:
            self.waiting.append(Chunk([r for r, _ in rest], [a for _, a in rest]))

    def _tell(self, now: float, begun: float) -> None:
        self.lately = [(t, n) for t, n in self.lately if now - t < 60.0] or self.lately[-1:]
        span = now - (self.lately[0][0] if len(self.lately) > 3 else begun)
        count = sum(n for _, n in self.lately[1:]) if len(self.lately) > 3 else self.ran
        p = self.progress
        p.seconds, p.slots, p.rate = now - begun, self.engine.slots, count / span if span > 0 else 0.0
        if self.tell is not None:
            self.tell(p)


def _stamp(path: Path) -> int:
    """When a part was written, by the disk's clock (only ever compared with itself)."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def ids_of(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Run ids of some rows as whole numbers, shape (rows,)."""
    import pyarrow as pa

    return ids_as_numbers(pa.array([r["run_id"] for r in rows], pa.string()))
