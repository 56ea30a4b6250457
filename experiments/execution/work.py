"""How does a worker run a chunk? One run after another in one process, with errors caught, then one part with all rows.

A run that raises an error gives a ``failed`` row with its cause, a run that passes its deadline a ``timeout`` row. Deadlines are checked
between months; a run that hangs inside a month is ended by a watch thread, which stores the rows of the chunk and ends the worker.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from numbers import Real
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from abm.reading import read_bytes
from abm.sharing import NOTHING_SHARED, Shared
from experiments.runs.identity import model_version
from experiments.runs.tables import TABLES
from experiments.studies.drift import allowed_measure, allowed_region, fitted_in, hash_of_bytes
from experiments.studies.manifest import study_of
from experiments.studies.parts import indicators
from experiments.studies.plan import Row
from experiments.studies.plan_files import plan_schema, read_study_manifest
from experiments.studies.store import write_part
from experiments.studies.study import Study
from experiments.studies.study_file import RESERVED
from experiments.studies.tables import write_tables

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from abm import Region, Scenario

#: Seconds that a run may take where the study sets no limit: at least, and for each household.
DEADLINE = (600.0, 0.05)
#: A run that takes this many times its deadline counts as hanging inside a month.
HANGS = 1.5
#: Exit code of a worker ended because of a hanging run.
EXIT_HUNG = 76
#: What the user may do where a file of a study changed while it ran.
AGAIN = "start again with --allow-drift (it is recorded)"


class DriftError(UserError):
    """A worker has another model than the study was planned with."""


class OverdueError(RuntimeError):
    """A run passed its deadline."""


@dataclass(frozen=True)
class Outcome:
    """The row of one run before its years: how it ended, and its table (a year and side per line) or its numbers."""

    row: Row
    status: str
    cause: str
    seconds: float
    scenario_hash: str
    columns: Mapping[str, Sequence[Any]]  #: year, side and indicators; or summaries in one row
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)  #: all tables of the run, where the study keeps them


@dataclass(frozen=True)
class Task:
    """What all runs of a study share, read once in a process."""

    folder: Path
    study: Study
    names: tuple[str, ...]
    scenarios: Mapping[str, Scenario]
    regions: Mapping[str, Region]
    fitted: Mapping[str, Mapping[str, float]]  #: those of the plan, even if the region's file has changed
    version: str
    measure: Callable[[Any], Mapping[str, float]] | None
    shared: Shared = NOTHING_SHARED  #: what the runs of a chunk have in common

    def scenario_of(self, row: Row) -> Scenario:
        """The scenario of a planned run."""
        return row.apply(self.scenarios[row.scenario], as_fitted=self.study.as_fitted)

    def fitted_of(self, row: Row) -> dict[str, float]:
        """The fitted values of a planned run: the region's, replaced by its point's where these are used like fitted values."""
        return {**self.fitted[row.region], **(row.numbers() if self.study.as_fitted else {})}


@lru_cache(maxsize=4)
def _task(folder: str, stamp: int, version: str) -> Task:
    from abm import Region, Scenario

    manifest = read_study_manifest(Path(folder))
    study = study_of(manifest["study"])
    scenarios = {n: Scenario.from_dict(s["scenario"]) for n, s in manifest["scenarios"].items()}
    _warm_up()
    regions = {n: Region.load(n) for n in study.regions}
    for name, region in regions.items():
        if region.hash not in allowed_region(manifest, name):
            raise DriftError(
                f"the data of region '{shorten(name)}' changed while the study ran: no run was made with them; put them back, or {AGAIN}"
            )
    measure = load_measure(study.measure, allowed_measure(manifest))
    return Task(
        Path(folder), study, tuple(manifest["names"]), scenarios, regions, {n: fitted_in(manifest, n) for n in study.regions}, version, measure
    )  # fmt: skip


def task_of(folder: str | Path) -> Task:
    """The study of a folder, read once in a process; DriftError when this process has another model than the study allows."""
    path = Path(folder) / "manifest.json"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0
    manifest = read_study_manifest(Path(folder))
    allowed = {manifest["model_version"], *(d["model_version"] for d in manifest["drift"])}
    if model_version() not in allowed:
        raise DriftError(
            f"a worker runs model {model_version()}, the study was planned with {manifest['model_version']}: install the same version everywhere"
        )
    return _task(str(folder), stamp, model_version())


def _warm_up() -> None:
    """Load the compiled rules with a tiny run, so that the first run takes as long as any other."""
    from abm import Simulation

    with contextlib.suppress(Exception):  # errors are reported by the runs themselves
        Simulation(households=60, rng=0).step()


def load_measure(said: str | None, allowed: Collection[str | None]) -> Callable[[Any], Mapping[str, float]] | None:
    """The user's own function of the finished model, ``said`` as ``FILE.py:FUNCTION``; raises UserError where it cannot be loaded.

    Only a file with one of the hashes ``allowed`` is run, those that the study was planned with or the user agreed to: not a file changed
    meanwhile, and not a compiled file beside it; none is written.
    """
    if said is None:
        return None
    file, _, name = said.rpartition(":")
    text = read_bytes(file, "the file of measure")
    if hash_of_bytes(text) not in allowed:
        raise DriftError(f"measure: '{shorten(file)}' changed while the study ran, and was not run again; put it back, or {AGAIN}")
    module = ModuleType(f"lintas_measure_{hashlib.sha256(file.encode()).hexdigest()[:8]}")
    module.__file__ = file
    sys.modules[module.__name__] = module  # data classes need their module there
    try:
        exec(compile(text, file, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        raise UserError(f"measure: '{shorten(file)}' cannot be loaded: {type(error).__name__}: {shorten(error)}") from None
    if not hasattr(module, name):
        raise UserError(f"measure: '{shorten(file)}' has no function '{name}'")
    return getattr(module, name)


def work(folder: str, rows: Sequence[Mapping[str, Any]], attempts: Sequence[int] | None = None) -> list[tuple[str, str, float]]:
    """Run a chunk of planned rows and store them as one part; returns run id, status and seconds of each."""
    # anew for each chunk, which lasts much longer than making it: nothing is held while a worker waits
    task = replace(task_of(folder), shared=Shared(spare=1))
    done: list[Outcome] = []
    planned = [Row.read(r) for r in rows]
    tries = list(attempts or [0] * len(planned))
    for number, row in enumerate(planned):
        hung = _watch(task, row, done, tries, number) if _may_exit() else contextlib.nullcontext()
        with hung:
            outcome = run_row(task, row)
            if outcome.tables:
                write_tables(task.folder, row.run_id, outcome.tables)
            done.append(replace(outcome, tables={}))
    write_part(task.folder, as_table(task, done, tries))
    return [(o.row.run_id, o.status, o.seconds) for o in done]


def deadline_of(study: Study, households: int) -> float:
    """Seconds that a run may take."""
    return study.deadline or max(DEADLINE[0], DEADLINE[1] * households)


def run_row(task: Task, row: Row) -> Outcome:
    """One run of the plan; an error in it becomes its status and cause."""
    start = time.perf_counter()
    limit = deadline_of(task.study, row.households)
    found: list[str] = [""]

    def ended(status: str, cause: str, columns: Mapping[str, Sequence[Any]], tables: Mapping[str, pd.DataFrame] | None = None) -> Outcome:
        return Outcome(row, status, cause, time.perf_counter() - start, found[0], columns, tables or {})

    try:
        return ended("ok", "", *_run(task, row, start, limit, found))
    except OverdueError as error:
        return ended("timeout", str(error), {})
    except (Exception, SystemExit) as error:  # a measure may call exit
        return ended("failed", _cause(error), {})


def _run(
    task: Task, row: Row, start: float, limit: float, found: list[str]
) -> tuple[Mapping[str, Sequence[Any]], Mapping[str, pd.DataFrame]]:
    """The numbers of a run, and its tables where the study keeps them."""
    import abm
    from abm.many import Member, run_member

    def look(month: int, months: int) -> None:
        if time.perf_counter() - start > limit:
            raise OverdueError(f"more than {limit:g} s, in month {month} of {months}")

    scenario = task.scenario_of(row)
    found[0] = scenario.hash
    member = Member(scenario, row.seed, task.fitted_of(row))
    kind = abm.Simulation if task.measure is None else abm.BorderModel  # a user's measure may ask for what only Mesa's model has
    return run_member(
        member, task.shared, lambda model: _read(task, model), region=task.regions[row.region], households=row.households, progress=look,
        kind=kind,
    )  # fmt: skip


def _read(task: Task, model: Any) -> tuple[Mapping[str, Sequence[Any]], Mapping[str, pd.DataFrame]]:
    """What the study keeps of a finished run, see :func:`_run`."""
    yearly = model.results.yearly
    extra = _measured(task, model)
    if task.study.record == "summaries":
        return {s.name: [s.of(yearly)] for s in task.study.summaries} | {n: [v] for n, v in extra.items()}, {}
    names = ("year", "side", *task.study.yearly_outputs())
    columns = {n: yearly[n].to_numpy() for n in names} | {s.name: [s.of(yearly)] * len(yearly) for s in task.study.summaries}
    tables = {n: getattr(model.results, n) for n in TABLES} if task.study.record == "tables" else {}
    return columns | {n: [v] * len(yearly) for n, v in extra.items()}, tables


def _measured(task: Task, model: Any) -> dict[str, float]:
    if task.measure is None:
        return {}
    said = task.measure(model)
    if not isinstance(said, Mapping) or not all(isinstance(n, str) and isinstance(v, Real) for n, v in said.items()):
        raise UserError("measure did not return a dictionary of names and numbers")
    taken = {*RESERVED, *task.names, *task.study.yearly_outputs(), *(s.name for s in task.study.summaries)} & set(said)
    if taken:
        raise UserError(f"measure gave '{min(taken)}', the name of another column")
    return {n: float(v) for n, v in said.items()}


def _cause(error: BaseException) -> str:
    """What went wrong and where, in a line."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return shorten(f"{type(error).__name__}: {error}{where}", 300)


def as_table(task: Task, outcomes: Sequence[Outcome], attempts: Sequence[int]) -> pa.Table:
    """The rows of a part: the planned columns, how each run ended, then its years and indicators (empty where it did not end well)."""
    import pyarrow as pa

    plan = plan_schema(list(task.names))
    tables = []
    for outcome, attempt in zip(outcomes, attempts, strict=False):
        n = len(next(iter(outcome.columns.values()))) if outcome.columns else 1
        row, values = outcome.row, outcome.row.values
        said = [getattr(row, f.name) if f.name not in values else values[f.name] for f in plan]
        columns = {f.name: pa.array([v] * n, f.type) for f, v in zip(plan, said, strict=True)}
        columns |= {
            "status": pa.array([outcome.status] * n), "cause": pa.array([outcome.cause] * n), "version": pa.array([task.version] * n),
            "scenario_hash": pa.array([outcome.scenario_hash] * n), "attempt": pa.array([attempt] * n, pa.int16()),
            "seconds": pa.array([outcome.seconds] * n, pa.float32()),
            "year": pa.array(outcome.columns.get("year", [None] * n), pa.int32()), "side": pa.array(outcome.columns.get("side", [None] * n), pa.string()),
        }  # fmt: skip
        for name, numbers in outcome.columns.items():
            if name not in ("year", "side"):
                columns[name] = pa.array([float(v) for v in numbers], pa.float64())
        tables.append(pa.table(columns))
    table = pa.concat_tables(tables, promote_options="default")
    missing = [n for n in indicators(task.study) if n not in table.column_names]
    for name in missing:  # no run of the chunk ended well
        table = table.append_column(name, pa.nulls(table.num_rows, pa.float64()))
    return table


def killed(folder: Path, row: Row, attempt: int, cause: str) -> None:
    """Store the row of a run that ended its worker (the driver does it, since the worker is gone)."""
    task = task_of(folder)
    scenario = task.scenario_of(row)
    write_part(task.folder, as_table(task, [Outcome(row, "killed", cause, 0.0, scenario.hash, {})], [attempt]))


# --- runs that hang --------------------------------------------------------------------------------------------------


def _may_exit() -> bool:
    """Whether this process is a worker, which is restarted when it ends."""
    if "distributed" not in sys.modules:
        return False
    from dask.context import thread_state

    return getattr(thread_state, "execution_state", None) is not None and os.environ.get("LINTAS_WORKER") == "1"


class _watch:
    """Ends this process when the run inside takes far longer than its deadline, after storing what the chunk has."""

    def __init__(self, task: Task, row: Row, done: list[Outcome], attempts: list[int], number: int) -> None:
        limit = HANGS * deadline_of(task.study, row.households) + 2.0
        self._timer = threading.Timer(limit, self._end, (task, row, list(done), attempts[: number + 1], limit))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    @staticmethod
    def _end(task: Task, row: Row, done: list[Outcome], attempts: list[int], limit: float) -> None:
        try:
            cause = f"hung inside a month for more than {limit:g} s; its worker was ended"
            done.append(Outcome(row, "timeout", cause, limit, task.scenario_of(row).hash, {}))
            write_part(task.folder, as_table(task, done, attempts))
        finally:
            os._exit(EXIT_HUNG)
