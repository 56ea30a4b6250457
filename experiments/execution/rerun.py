"""Can a row of a study be reproduced? One run is repeated from the study's plan and manifest and compared bit for bit."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.errors import shorten
from experiments.execution.children import environment, python
from experiments.execution.work import HANGS, Outcome, Task, as_table, deadline_of, run_row, task_of
from experiments.runs.tables import digest, first_difference
from experiments.studies import store
from experiments.studies import trust as trusts
from experiments.studies.drift import check_drift
from experiments.studies.plan import Row
from experiments.studies.plan_files import ids_as_numbers, plan_batches, read_study_manifest
from experiments.studies.study import StudyError
from experiments.studies.tables import read_run

if TYPE_CHECKING:
    import pyarrow as pa

#: Statuses of runs that might end this process.
DANGEROUS = ("killed", "timeout")
#: Seconds that a separate process may take to start.
START_SECONDS = 120.0


@dataclass(frozen=True)
class Again:
    """The result of running a row again."""

    status: str
    stored: str | None  #: status of the row in the parts, None where there is none
    differs: str  #: where the two first differ; empty when they are equal
    cause: str = ""  #: why it did not end well


def row_of(folder: Path, run_id: str) -> Row:
    """The planned run of this id; StudyError where there is none."""
    text = run_id.strip().lower()
    if len(text) != 16 or any(c not in "0123456789abcdef" for c in text):
        raise StudyError(f"'{shorten(run_id)}' is not a run id: it has 16 digits and letters from a to f, as in the column run_id")
    for batch in plan_batches(folder):
        at = np.flatnonzero(ids_as_numbers(batch.column(0)) == int(text, 16))
        if len(at):
            return Row.read(batch.slice(int(at[0]), 1).to_pylist()[0])
    raise StudyError(f"the study '{shorten(folder)}' has no run {text}; run ids are in the column run_id of the collected table")


def rerun_of_study(folder: Path, run_id: str, *, trust: bool = False) -> Again:
    """Repeat a planned run; refuses when model or data are not those of the plan.

    ``trust`` agrees to run the Python file that the study names as its measure.
    """
    folder = Path(folder)
    manifest = check_drift(folder, read_study_manifest(folder), allowed=False)
    trusts.check(manifest["study"].get("measure"), trust)
    row = row_of(folder, run_id)
    task = task_of(folder)
    found = store.stored_rows(folder)
    number = np.array([int(row.run_id, 16)], dtype=np.uint64)
    at = int(found.of(number)[0])
    then = store.select(found.table(int(found.part[at])), number) if at >= 0 else None
    stored = None if then is None else str(then.column("status")[0].as_py())
    outcome = None if stored in DANGEROUS else run_row(task, row)
    now = _apart(task, row) if outcome is None else as_table(task, [outcome], [0])
    status, cause = (str(now.column(n)[0].as_py()) for n in ("status", "cause"))
    if then is None:
        return Again(status, None, "", cause)
    if status in DANGEROUS or stored in DANGEROUS:  # at which month such a run is stopped differs from time to time
        why = f" ({cause})" if cause else ""
        return Again(status, stored, "" if status == stored else f"status: stored {stored}, now {status}{why}", cause)
    return Again(status, stored, _rows_differ(then, now) or _tables_differ(folder, row, outcome))


def _rows_differ(then: pa.Table, now: pa.Table) -> str:
    """Where a stored row and the new one first differ, bit for bit; empty when they are equal."""
    for name in now.column_names:
        if name in ("seconds", "attempt"):
            continue
        if name not in then.column_names:
            return f"the stored row has no column {name}"
        a, b = then.column(name).combine_chunks(), now.column(name).combine_chunks()
        if a.null_count == len(a) and b.null_count == len(b):
            continue
        if len(a) != len(b):
            return f"{len(a)} lines stored, {len(b)} now"
        x, y = a.to_numpy(zero_copy_only=False), b.to_numpy(zero_copy_only=False)
        same = x.tobytes() == y.tobytes() if x.dtype.kind in "fiu" else (x == y).all()
        if not same:
            k = next((i for i in range(len(x)) if x[i] != y[i] and not (x[i] != x[i] and y[i] != y[i])), 0)
            year, side = (then.column(c)[k].as_py() for c in ("year", "side"))
            where = "" if year is None else f" in {year}, {side}"
            return f"{name}{where}: stored {x[k]}, now {y[k]}"
    return ""


def _tables_differ(folder: Path, row: Row, outcome: Outcome | None) -> str:
    """Where the tables that the study keeps of a run and the new ones first differ; empty when they are equal or there are none."""
    if outcome is None or not outcome.tables:
        return ""
    then = read_run(folder, row.run_id)
    other = next((n for n, now in outcome.tables.items() if digest(then[n]) != digest(now)), None)
    return "" if other is None else f"table {other}, {first_difference(then[other], outcome.tables[other])}"


def _apart(task: Task, row: Row) -> pa.Table:
    """The row from a separate process, which may die or hang."""
    limit = HANGS * deadline_of(task.study, row.households) + START_SECONDS
    with tempfile.TemporaryDirectory(prefix="lintas-") as place:
        file = Path(place) / "row.parquet"
        words = python("experiments.execution.rerun", "child", str(task.folder.absolute()), row.run_id, str(file))
        status, cause = "killed", ""
        try:
            done = subprocess.run(
                words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=limit, check=False
            )  # fmt: skip
            cause = (
                f"its process died of signal {-done.returncode}" if done.returncode < 0 else f"its process left with code {done.returncode}"
            )
        except subprocess.TimeoutExpired:
            status, cause = "timeout", f"hung for more than {limit:g} s; its process was ended"
        if file.exists():
            return store.read_part(file)
    scenario = task.scenario_of(row)
    return as_table(task, [Outcome(row, status, cause, 0.0, scenario.hash, {})], [0])


def child(folder: str, run_id: str, file: str) -> None:
    """What the process of :func:`_apart` does: one run, and its row in a file."""
    task = task_of(folder)
    now = as_table(task, [run_row(task, row_of(Path(folder), run_id))], [0])
    store.write_table(now, Path(file))
