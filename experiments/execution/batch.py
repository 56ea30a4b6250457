"""How does Python code run many scenarios? It does the same as the commands.

>>> from experiments.execution.batch import RunConfiguration, run_scenarios
>>> table = run_scenarios(["history", "no-puskesmas"], RunConfiguration(replicates=4, households=400))  # doctest: +SKIP
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import UserError, shorten
from experiments.execution.drive import CHUNK_SECONDS, drive, holding
from experiments.execution.engine import DaskEngine, Engine, ExecutorEngine, LocalEngine, ThreadsEngine, cores
from experiments.execution.progress import Report, StudyProgress
from experiments.options import DEFAULT_REGION
from experiments.studies import plan, plan_files
from experiments.studies.collect import collect, columns_of
from experiments.studies.lock import Hold
from experiments.studies.manifest import study_of
from experiments.studies.outcomes import values_of
from experiments.studies.plan_files import plan_batches, plan_ids, read_study_manifest
from experiments.studies.store import STATUSES, stored_rows
from experiments.studies.study import MOST_RUNS, Study, StudyError, Summary
from experiments.studies.target_names import target_of

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario

#: Household-months that threads of this process do before workers of their own have started.
TINY = 20_000_000
#: The same with one or two threads, which hardly wait for each other: two worker processes take six seconds of processor time to start, which
#: is less than 5 % of more work than this.
TINY_WITH_TWO = 80_000_000
#: Replicates that an extension to a precision stops at.
MOST_REPLICATES = 1_000


@dataclass(frozen=True)
class RunConfiguration:
    """What all runs have in common."""

    replicates: int = 1
    seed: int = 1
    households: int | tuple[int, ...] = 2000
    regions: tuple[str, ...] = (DEFAULT_REGION,)
    end: str | None = None
    record: str = "yearly"
    outputs: tuple[str, ...] = ()
    summaries: tuple[Summary, ...] = ()
    deadline: float | None = None
    #: Whether runs have the values fitted to the region where a scenario sets none; else the declared starting values.
    fitted: bool = True


def run_scenarios(
    scenarios: Study | Iterable[Scenario | str],
    run_configuration: RunConfiguration | None = None,
    *,
    executor: Executor | Engine | Any | None = None,
    store: str | Path | None = None,
    progress: Callable[[StudyProgress], None] | None = None,
) -> pd.DataFrame:
    """Run scenarios (or a whole study) and return the collected table; the row of a run that failed says why.

    ``executor`` is an engine, an executor of ``concurrent.futures``, or a Dask client; this machine when left out. ``store`` is the study
    folder, which may exist already: what it holds is not run again. When left out, nothing is kept after the call. StudyError for a study without a run,
    scenarios with the same name, or a store that holds another study.
    """
    study, given = _study(scenarios, run_configuration or RunConfiguration())
    if store is None:
        with tempfile.TemporaryDirectory(prefix="lintas-") as place:
            return _run_in(Path(place) / "study", study, given, executor, progress)
    return _run_in(Path(store), study, given, executor, progress)


def _study(scenarios: Any, said: RunConfiguration) -> tuple[Study, dict[str, Scenario]]:
    from dataclasses import replace

    from abm import Scenario

    if isinstance(scenarios, Study):
        return scenarios, {n: scenarios.scenario(n) for n in scenarios.scenarios}
    chosen = [
        s if isinstance(s, Scenario) else Scenario.load(s) for s in ([scenarios] if isinstance(scenarios, (str, Scenario)) else scenarios)
    ]
    if said.end is not None:
        chosen = [replace(s, end=said.end) for s in chosen]
    names = [s.name for s in chosen]
    if not names:
        raise StudyError("no scenario was given: the study would have no run")
    if len(set(names)) < len(names):
        raise StudyError("two scenarios have the same name; give each its own with replace(scenario, name=…)")
    if said.replicates < 1:
        raise StudyError(f"replicates = {said.replicates}: the study would have no run; give 1 or more")
    sizes = (said.households,) if isinstance(said.households, int) else tuple(said.households)
    study = Study(
        name="scenarios", scenarios=tuple(names), replicates=said.replicates, seed=said.seed, households=sizes, regions=tuple(said.regions),
        record=said.record, outputs=tuple(said.outputs), summaries=tuple(said.summaries), deadline=said.deadline,  # type: ignore[arg-type]
        fitted=said.fitted,
    )  # fmt: skip
    return study, dict(zip(names, chosen, strict=True))


def _run_in(folder: Path, study: Study, scenarios: dict[str, Scenario], executor: Any, progress: Any) -> pd.DataFrame:
    if os.path.exists(folder / "manifest.json"):
        there, wanted = read_study_manifest(folder), json.loads(json.dumps(plan.make_manifest(study, [], scenarios)))
        there["study"] = json.loads(json.dumps(study_of(there["study"]).to_dict()))  # with the defaults of keys that were added later
        for key in ("study", "scenarios", "regions"):
            if there[key] != wanted[key]:
                raise StudyError(f"'{shorten(folder)}' holds another study ({key} differ); give another store")
    else:
        plan.make(study, folder, scenarios=scenarios)
    drive(folder, engine_of(executor, folder), progress=progress, trust=True)  # the caller's own code passed the study
    return collect(folder)


def engine_of(executor: Any, folder: Path) -> Engine | Callable[[], Engine]:
    """The engine for what the caller passed: an engine, an executor or a Dask client; StudyError for anything else."""
    if executor is None:
        return lambda: local_engine(folder)
    if isinstance(executor, Executor):
        return ExecutorEngine(executor)
    if hasattr(executor, "scheduler_info"):  # a Dask client
        return DaskEngine(executor)
    if hasattr(executor, "is_death"):
        return executor
    raise UserError(
        f"executor = {type(executor).__name__} cannot run anything: give an executor of concurrent.futures, a Dask client or an engine"
    )


def local_engine(folder: Path, workers: int | None = None) -> Engine:
    """Threads of this process for a study of seconds, else a worker process for each core (or as many as asked for).

    A function of the user's may crash its process, so a study with one always has worker processes.
    """
    n, measure = workers or cores(), read_study_manifest(folder)["study"].get("measure")
    most = TINY_WITH_TWO if n <= 2 else TINY
    return ThreadsEngine(n) if workers is None and measure is None and work_left(folder) < most else LocalEngine(n)


def work_left(folder: Path) -> float:
    """Household-months still to be run."""
    from abm.parameters import month_index

    manifest = read_study_manifest(folder)
    months = {n: month_index(s["scenario"]["end"]) + 1 for n, s in manifest["scenarios"].items()}
    found, total = stored_rows(folder), 0.0
    for batch in plan_batches(folder, ["run_id", "scenario", "households"], 65_536):
        left = found.of(plan_files.ids_as_numbers(batch.column(0))) < 0
        lengths = np.array([months[s] for s in batch.column(1).to_pylist()])
        total += float((lengths * batch.column(2).to_numpy())[left].sum())
    return total


# --- how long will it take -------------------------------------------------------------------------------------------


@dataclass
class Estimate:
    """What a study will cost, from a pilot whose rows are kept."""

    total: int
    left: int
    pilot: int
    seconds: float  #: a run, mean over what is left
    low: float  #: 95 % interval of that mean
    high: float
    efficiency: float  #: share of workers' time spent in runs
    start_up: float  #: seconds until workers take their first chunk
    chunk: int  #: runs in a chunk
    bytes_a_run: float
    pilot_workers: int
    walls: dict[int, float] = field(default_factory=dict)

    @property
    def cpu_hours(self) -> float:
        """Core-hours of what is left."""
        return self.left * self.seconds / 3600.0

    def wall(self, workers: int) -> float:
        """Seconds until the end with so many workers."""
        waves = max(self.left * self.seconds / workers, self.seconds * math.ceil(self.left / workers) if self.left < 4 * workers else 0.0)
        return self.start_up + waves / self.efficiency if self.left else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        known = {
            k: getattr(self, k)
            for k in ("total", "left", "pilot", "seconds", "low", "high", "efficiency", "start_up", "chunk", "bytes_a_run")
        }
        hours = {"cpu_hours": self.cpu_hours, "cpu_hours_low": self.left * self.low / 3600, "cpu_hours_high": self.left * self.high / 3600}
        return known | hours | {"pilot_workers": self.pilot_workers, "wall_seconds": {str(w): self.wall(w) for w in sorted(self.walls)}}


def estimate(
    folder: Path,
    *,
    workers: int | None = None,
    pilot: int = 24,
    progress: Callable[[StudyProgress], None] | None = None,
    trust: bool = False,
) -> Estimate:
    """Run a pilot spread over the plan (its rows count as done) and estimate what the rest will cost.

    The pilot keeps as many workers busy as the study will on this machine, since cores that share memory slow each other down. ``trust``
    is that of :func:`~experiments.execution.drive.drive`.
    """
    import time

    folder = Path(folder)
    ids = plan_ids(folder)
    n = min(workers or cores(), cores())
    begun = time.monotonic()
    first: list[float] = []

    def told(p: StudyProgress) -> None:
        if p.done and not first:
            first.append(time.monotonic() - begun)
        if progress is not None:
            progress(p)

    report = drive(folder, lambda: LocalEngine(n), progress=told, chunk_seconds=2.0, most=max(pilot, 4 * n), trust=trust)
    found = stored_rows(folder)
    at = found.of(ids)
    done = at >= 0
    sizes = np.concatenate([b.column(0).to_numpy() for b in plan_batches(folder, ["households"], 65_536)])
    seconds = np.where(done, found.seconds[at] if len(found.ids) else 0.0, np.nan)
    good = done & (np.where(done, found.status[at], 1) == 0)
    if not good.any():
        causes = sorted({STATUSES[s] for s in found.status[at[done]]})
        raise StudyError(f"no run of the pilot ended well ({', '.join(causes)}): 'lintas status' shows the causes")
    left = ~done
    mean, half = 0.0, 0.0
    for size in np.unique(sizes[left]) if left.any() else np.unique(sizes):
        share = float((sizes[left] == size).mean()) if left.any() else float((sizes == size).mean())
        mine = seconds[good & (sizes == size)]
        if len(mine) == 0:  # no run of that size in the pilot: the nearest size, in proportion
            nearest = min(np.unique(sizes[good]), key=lambda s: abs(s - size))
            mine = seconds[good & (sizes == nearest)] * size / nearest
        mean += share * float(mine.mean())
        half += share * _half_width(mine)
    size_on_disk = sum(p.stat().st_size for p in found.parts if p.exists()) / max(int(done.sum()), 1)
    start = first[0] - float(np.nanmean(seconds[good])) if first else 0.0
    guess = Estimate(
        len(ids), int(left.sum()), report.ran, mean, max(mean - half, 0.0), mean + half, 0.97, max(start, 0.0),
        max(1, round(CHUNK_SECONDS / mean)) if mean else 1, size_on_disk, n,
    )  # fmt: skip
    guess.walls = {w: guess.wall(w) for w in sorted({1, n, workers or n, 8, 64})}
    return guess


def _half_width(values: np.ndarray) -> float:
    """Half the width of the 95 % interval of the mean of values, shape (n,); with one value its spread is unknown, so the value itself."""
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)) if n > 1 else float(values.mean())


# --- more replicates until an interval is narrow enough -----------------------------------------------------------------


@dataclass(frozen=True)
class Precision:
    """The widest interval over all arms and points of one target."""

    target: str
    wanted: float
    half_width: float
    replicates_needed: int


def check_extension(folder: Path, replicates: int | None, wanted: Mapping[str, float], most: int | None) -> dict[str, Any]:
    """Refuse an impossible extension before anything is written or run; returns the study's manifest.

    ``replicates`` is their number after the extension (None: as many as needed), ``wanted`` half a width above 0 for each target, ``most``
    the number to stop at (None: not given). Raises StudyError for an impossible number, an unknown target, or more runs than a plan can hold.
    """
    manifest = read_study_manifest(folder)
    study = plan.check_extension(manifest, replicates or 0)
    for name, half in wanted.items():
        if not (math.isfinite(half) and half > 0):
            raise StudyError(f"--precision {shorten(name, 60)} = {half:g}: give half the width of the interval, a number above 0")
    if wanted:
        # columns of the study's own function are known after the first part is stored
        extra = sorted(stored_rows(folder).extra) if study.measure else []
        for name in wanted:
            target_of(name, study, manifest, extra or (None if study.measure else ()), may_be_short=True)
        one = _runs_of_a_replicate(study)
        if most is not None and one * most > MOST_RUNS and most > study.replicates:
            raise StudyError(
                f"--most {most:,} with {one:,} runs for each replicate is {one * most:,} runs; a plan holds at most {MOST_RUNS:,}: "
                f"give --most {max(MOST_RUNS // one, 1):,} or less"
            )
    return manifest


def _runs_of_a_replicate(study: Study) -> int:
    return max(plan.n_runs(study) // max(study.replicates, 1), 1)


def precision_of(folder: Path, wanted: Mapping[str, float]) -> list[Precision]:
    """For each target the widest half width of the 95 % interval of its mean over replicates, and the replicates needed for it."""
    from scipy.stats import t

    manifest = read_study_manifest(folder)
    study = study_of(manifest["study"])
    frame = collect(folder)
    extra = [c for c in frame.columns if c not in columns_of(manifest)]
    frame = frame[frame["status"] == "ok"]
    runs = frame.drop_duplicates("run_id").set_index("run_id")
    found = []
    for name, half in wanted.items():
        target = target_of(name, study, manifest, extra, may_be_short=True)
        assert target is not None  # (the names of measured columns are known)
        values = runs.assign(value=values_of(frame, target).reindex(runs.index).astype(float))
        if len(values) and values["value"].isna().all():
            raise StudyError(f"'{name}' has no number in any run: name another target or other years")
        groups = values.groupby(["scenario", "region", "households", "point"])["value"]
        sd, n = groups.std(ddof=1), groups.count()
        if int(n.min() if len(n) else 0) < 2:
            raise StudyError(
                "each arm and point needs at least 2 replicates before its interval is known: extend with --replicates 4 first"
            )
        widths = sd * t.ppf(0.975, n - 1) / np.sqrt(n)
        worst = float(sd.max())
        needed = int(n.max())
        while needed < MOST_REPLICATES and worst * t.ppf(0.975, needed - 1) / math.sqrt(needed) > half:
            needed += 1
        found.append(Precision(name, half, float(widths.max()), needed))
    return found


def extend_to(
    folder: Path,
    wanted: Mapping[str, float],
    engine: Callable[[], Engine],
    *,
    most: int = MOST_REPLICATES,
    progress: Callable[[StudyProgress], None] | None = None,
    told: Callable[[list[Precision], int], None] | None = None,
    hold: Hold | None = None,
) -> tuple[list[Precision], Report | None]:
    """Add replicates until the widest interval of every target is narrow enough, or there are ``most``.

    ``hold`` is given by a caller that is the study's one driver already. Raises what :func:`check_extension` and
    :func:`experiments.execution.drive.drive` raise.
    """
    check_extension(folder, None, wanted, None)
    with holding(folder, progress) if hold is None else contextlib.nullcontext(hold) as mine:
        return _extend_to(folder, wanted, engine, most, progress, told, mine)


def _extend_to(
    folder: Path, wanted: Mapping[str, float], engine: Callable[[], Engine], most: int, progress: Callable[[StudyProgress], None] | None,
    told: Callable[[list[Precision], int], None] | None, hold: Hold,
) -> tuple[list[Precision], Report | None]:  # fmt: skip
    report = None
    while True:
        found = precision_of(folder, wanted)
        study = study_of(read_study_manifest(folder)["study"])
        most = min(most, MOST_RUNS // _runs_of_a_replicate(study))  # a plan holds no more
        need = max((p.replicates_needed for p in found if p.half_width > p.wanted), default=0)
        if need == 0 or study.replicates >= most:
            return found, report
        # at most doubled at a time: the spread seen in a few replicates is a rough guide
        plan.extend(folder, min(max(need, study.replicates + 1), 2 * study.replicates, most))
        if told is not None:
            told(found, study_of(read_study_manifest(folder)["study"]).replicates)
        report = drive(folder, engine, progress=progress, hold=hold)
