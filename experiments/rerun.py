"""Does a row of a study come out again? One run, from the study's plan and manifest, compared bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abm.errors import shorten
from experiments import store
from experiments.plan import Row, check_drift, ids_as_numbers, plan_batches, read_study_manifest
from experiments.study import StudyError
from experiments.work import as_table, run_row, task_of


@dataclass(frozen=True)
class Again:
    """A row run again."""

    status: str
    stored: str | None  #: status of the row in the parts, None where there is none
    differs: str  #: where the two part first; empty when they are equal


def row_of(folder: Path, run_id: str) -> Row:
    """The planned run of this id."""
    text = run_id.strip().lower()
    if len(text) != 16 or any(c not in "0123456789abcdef" for c in text):
        raise StudyError(f"'{shorten(run_id)}' is no run id: it has 16 digits and letters from a to f, as in the column run_id")
    for batch in plan_batches(folder):
        at = np.flatnonzero(ids_as_numbers(batch.column(0)) == int(text, 16))
        if len(at):
            return Row.read(batch.slice(int(at[0]), 1).to_pylist()[0])
    raise StudyError(f"the study '{shorten(folder)}' has no run {text}; run ids stand in the column run_id of the collected table")


def rerun_of_study(folder: Path, run_id: str) -> Again:
    """Run a planned run again; refuses when model or data are not those of the plan."""
    folder = Path(folder)
    check_drift(folder, read_study_manifest(folder), allowed=False)
    row = row_of(folder, run_id)
    task = task_of(folder)
    outcome = run_row(task, row)
    now = as_table(task, [outcome], [0])
    found = store.standing(folder)
    number = np.array([int(row.run_id, 16)], dtype=np.uint64)
    at = int(found.of(number)[0])
    if at < 0:
        return Again(outcome.status, None, "")
    then = store.select(store.read_part(found.parts[found.part[at]]), number)
    stored = then.column("status")[0].as_py()
    for name in now.column_names:
        if name in ("seconds", "attempt"):
            continue
        if name not in then.column_names:
            return Again(outcome.status, stored, f"the stored row has no column {name}")
        a, b = then.column(name).combine_chunks(), now.column(name).combine_chunks()
        if a.null_count == len(a) and b.null_count == len(b):
            continue
        if len(a) != len(b):
            return Again(outcome.status, stored, f"{len(a)} lines stored, {len(b)} now")
        x, y = a.to_numpy(zero_copy_only=False), b.to_numpy(zero_copy_only=False)
        same = x.tobytes() == y.tobytes() if x.dtype.kind in "fiu" else (x == y).all()
        if not same:
            k = next((i for i in range(len(x)) if x[i] != y[i] and not (x[i] != x[i] and y[i] != y[i])), 0)
            year, side = (then.column(c)[k].as_py() for c in ("year", "side"))
            where = "" if year is None else f" in {year}, {side}"
            return Again(outcome.status, stored, f"{name}{where}: stored {x[k]}, now {y[k]}")
    return Again(outcome.status, stored, "")
