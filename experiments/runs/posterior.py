"""How sure is a result, given what the facts left open? One scenario, or two, run over draws of a posterior.

A draw's values stand where fitted values stand: over the declared starting values and under what a scenario sets. Each run has its
own seed, so bands over draws hold what the posterior leaves open and what chance does together; :mod:`experiments.analysis.compare` parts them.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import shorten
from calibration.posterior import Posterior, PosteriorError
from experiments.execution.drive import Progress
from experiments.execution.engine import cores
from experiments.files import files_in, whole_folder
from experiments.runs.folder import check_folder
from experiments.runs.identity import command_line, commit, model_version
from experiments.runs.tables import TABLES, digest, write_table
from experiments.studies.plan import seed_of
from experiments.words.languages import Numbers, translator

if TYPE_CHECKING:
    import pandas as pd

    from abm import Region, Scenario

KIND = "lintas posterior results"
FORMAT = 1
#: Draws that may be asked for: each is a run whose tables are kept in memory until all are done.
MOST_DRAWS = 10_000
#: Quantiles of a band and what their columns are called.
QUANTILES = {"median": 0.5, "p05": 0.05, "p25": 0.25, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class Job:
    """One run: a scenario with one draw's values and a seed."""

    draw: int
    replicate: int
    scenario: Scenario
    region: Region
    households: int
    seed: int
    fitted: Mapping[str, float]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """How a run ended, and its tables by name (none where it did not end well)."""

    job: Job
    status: str  #: "ok" or "failed"
    cause: str
    tables: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class DrawnRuns:
    """One scenario over the draws of a posterior."""

    posterior: Posterior
    scenario: Scenario
    region: Region
    households: int
    seed: int
    #: A row for each run: ``draw`` (0 …), ``posterior_draw``, ``seed``, ``status``, ``cause``, then the parameters.
    draws: pd.DataFrame
    #: The usual tables, each with a leading column ``draw``.
    tables: Mapping[str, pd.DataFrame]
    #: ``year``, ``side``, ``indicator``, quantiles over draws, ``n`` draws that have a number.
    bands: pd.DataFrame


def check_posterior(posterior: Posterior, region: Region, allow_drift: bool = False) -> list[str]:
    """What has changed since the posterior was made, a sentence for each; refuses it unless allowed, and another region always."""
    if posterior.region != region.id:
        raise PosteriorError(f"posterior '{posterior.id}' was made for region '{posterior.region}', this is '{region.id}': name another")
    drift = []
    if model_version() not in posterior.model_versions:
        drift.append(f"posterior '{posterior.id}' was made with model {posterior.model_version}, this is {model_version()}")
    if posterior.region_hash != region.hash:
        drift.append(f"the data of region '{region.id}' have changed since posterior '{posterior.id}' was made")
    without = posterior.manifest.get("without") or []
    if without:
        drift.append(f"posterior '{posterior.id}' was fitted without {', '.join(without)}, which these runs have")
    if drift and not allow_drift:
        raise PosteriorError(f"{'; '.join(drift)}: make a new posterior, or allow it with --allow-drift (it is recorded)")
    return drift


def run_one(job: Job, stop: threading.Event | None = None) -> Done:
    """One run, whatever becomes of it (except that ``stop`` ends it)."""
    from abm import BorderModel
    from abm.model import StoppedError

    try:
        model = BorderModel(job.scenario, region=job.region, households=job.households, rng=job.seed, fitted=job.fitted)
        results = model.run(stop=stop).results
        return Done(job, "ok", "", {name: getattr(results, name) for name in job.tables})
    except StoppedError:
        raise
    except Exception as error:
        return Done(job, "failed", shorten(f"{type(error).__name__}: {error}", 300), {})


def run_jobs(jobs: Sequence[Job], executor: Executor | None = None, progress: Callable[[Progress], None] | None = None) -> list[Done]:
    """Run all, on threads of this process or on an executor of ``concurrent.futures``; in the order of ``jobs`` whatever ran first."""
    begun, counts, stop = time.monotonic(), Counter(), threading.Event()
    pool = executor or ThreadPoolExecutor(cores(), thread_name_prefix="lintas")
    # an event cannot be sent to another process
    futures = [pool.submit(run_one, job, stop) if executor is None else pool.submit(run_one, job) for job in jobs]
    try:
        for future in as_completed(futures):
            counts[future.result().status] += 1
            seconds = time.monotonic() - begun
            if progress is not None:
                progress(Progress(len(jobs), Counter(counts), seconds, sum(counts.values()) / max(seconds, 1e-9), cores()))
        return [future.result() for future in futures]
    except BaseException:
        stop.set()
        for future in futures:
            future.cancel()
        raise
    finally:
        if executor is None:
            pool.shutdown(wait=True, cancel_futures=True)


def jobs_of(
    scenarios: Sequence[Scenario], posterior: Posterior, region: Region, *, draws: int, replicates: int, households: int, seed: int,
    tables: tuple[str, ...],
) -> tuple[list[Job], pd.DataFrame]:  # fmt: skip
    """The runs of all scenarios over ``draws`` draws, and the draws (draw, posterior_draw, parameters).

    Replicate r of draw k has the same seed in every scenario, and no other draw has it.
    """
    drawn = posterior.sample(draws, seed)
    names = posterior.parameters
    jobs = []
    for k, values in enumerate(drawn[names].to_numpy(float).tolist()):
        fitted = dict(zip(names, values, strict=True))
        for r in range(replicates):
            for scenario in scenarios:
                wide = replace(scenario, widen=max(scenario.widen, posterior.widen))
                jobs.append(Job(k, r, wide, region, households, seed_of(seed, k * replicates + r), fitted, tables))
    drawn = drawn.rename(columns={"draw": "posterior_draw"})
    drawn.insert(0, "draw", np.arange(len(drawn)))
    return jobs, drawn


def run_draws(
    posterior: Posterior, scenario: Scenario, region: Region, *, draws: int = 50, households: int = 2000, seed: int = 7,
    executor: Executor | None = None, progress: Callable[[Progress], None] | None = None,
) -> DrawnRuns:  # fmt: skip
    """Run a scenario once for each draw, each with its own seed made from ``seed``; a run that fails is recorded and left out.

    PosteriorError when none ends well.
    """
    import pandas as pd

    if not 1 <= draws <= MOST_DRAWS:
        raise PosteriorError(f"draws is {draws}; it must be 1 to {MOST_DRAWS:,}")
    jobs, drawn = jobs_of([scenario], posterior, region, draws=draws, replicates=1, households=households, seed=seed, tables=TABLES)
    done = run_jobs(jobs, executor, progress)
    well = [d for d in done if d.status == "ok"]
    if not well:
        raise PosteriorError(f"no run ended well: {shorten(done[0].cause, 200)}")
    tables = {}
    for name in TABLES:
        parts = []
        for one in well:
            part = one.tables[name].copy()
            part.insert(0, "draw", one.job.draw)
            parts.append(part)
        tables[name] = pd.concat(parts, ignore_index=True)
    drawn.insert(2, "seed", [d.job.seed for d in done])
    drawn.insert(3, "status", [d.status for d in done])
    drawn.insert(4, "cause", [d.cause for d in done])
    return DrawnRuns(posterior, scenario, region, households, seed, drawn, tables, bands_of(tables["yearly"]))


def bands_of(yearly: pd.DataFrame) -> pd.DataFrame:
    """Quantiles over draws of each indicator, by year and side (see :class:`DrawnRuns`)."""
    import pandas as pd

    indicators = [c for c in yearly.columns if c not in ("draw", "year", "side")]
    long = yearly.melt(["draw", "year", "side"], indicators, "indicator", "value")
    groups = long.groupby(["year", "side", "indicator"], sort=False)["value"]
    found = pd.DataFrame({name: groups.quantile(q) for name, q in QUANTILES.items()} | {"n": groups.count()}).reset_index()
    order = {name: k for k, name in enumerate(indicators)}
    return found.sort_values(["year", "side", "indicator"], key=lambda c: c.map(order) if c.name == "indicator" else c, ignore_index=True)


def run_said(posterior: Posterior, scenario: Scenario, region: Region, *, draws: int, households: int, seed: int) -> dict[str, Any]:
    """What the tables over the draws depend on, as the manifest says it."""
    from importlib import metadata

    return {
        "kind": KIND, "lintas": metadata.version("lintas"), "model_version": model_version(),
        "posterior": {k: posterior.manifest[k] for k in ("id", "model_version", "region", "region_hash", "households")},
        "scenario_hash": scenario.hash, "region": {"id": region.id, "hash": region.hash}, "households": households, "seed": seed, "draws": draws,
    }  # fmt: skip


def write_draws(runs: DrawnRuns, folder: Path, *, drift: Sequence[str] = (), language: str = "en", overwrite: bool = False) -> Path:
    """Write tables, bands, draws and a manifest: all or nothing; refuses a folder of another run unless ``overwrite``."""
    run = run_said(runs.posterior, runs.scenario, runs.region, draws=len(runs.draws), households=runs.households, seed=runs.seed)
    check_folder(folder, KIND, run=run, overwrite=overwrite)
    everything = {**runs.tables, "bands": runs.bands, "draws": runs.draws}
    manifest = {
        **run, "format": FORMAT, "language": language, "drift": list(drift), "scenario": runs.scenario.to_dict(),
        "region": run["region"] | {"where": str(runs.region.folder)},
        "tables": {name: digest(table) for name, table in everything.items()}, "commit": commit(), "command_line": command_line(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    with whole_folder(folder) as draft:
        for name, table in everything.items():
            write_table(table, draft / f"{name}.parquet")
        manifest["files"] = files_in(draft)
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


# --- what the draws say beside the paper ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DrawnReading:
    """One claim over all draws: the number it is read from, and in which share of draws it reads as near or holding."""

    claim: str
    lines: str
    says: str
    median: float
    low: float  #: 5 % quantile
    high: float  #: 95 % quantile
    share: float


def drawn_readings(yearly: pd.DataFrame, language: str = "en") -> list[DrawnReading]:
    """Every claim that a run can be held beside by a number, over the draws of a yearly table that has them."""
    from experiments.reports.paper import readings

    found: dict[tuple[str, str], list[Any]] = {}
    for _draw, mine in yearly.groupby("draw"):
        for reading in readings(mine.drop(columns="draw"), language):
            if reading.values and reading.verdict not in ("pair", "outside"):
                found.setdefault((reading.claim, reading.says), []).append(reading)
    rows = []
    for (claim, says), all_of_it in found.items():
        numbers = np.array([next(iter(r.values.values())) for r in all_of_it])
        median, low, high = (float(np.quantile(numbers, q)) for q in (0.5, 0.05, 0.95))
        share = sum(r.verdict in ("near", "holds") for r in all_of_it) / len(all_of_it)
        rows.append(DrawnReading(claim, all_of_it[0].lines, says, median, low, high, share))
    return rows


def show_draws(runs: DrawnRuns, folder: Path, language: str) -> None:
    """The readings with their intervals, and where the results stand."""
    from rich.console import Console
    from rich.table import Table

    _, n = translator(language), Numbers(language)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    rows = drawn_readings(runs.tables["yearly"], language)
    if rows:
        table = Table(show_edge=False, pad_edge=False, header_style="bold")
        headings = (_("the paper says"), _("claim and lines"), _("median"), _("90 % interval"), _("near or holds in"))
        for heading, ratio in zip(headings, (5, 3, 2, 3, 2), strict=True):
            table.add_column(heading, ratio=ratio)
        for row in rows:
            spread = f"{n.short(row.low)} … {n.short(row.high)}"
            table.add_row(row.says, f"{row.claim} · {row.lines}", n.short(row.median), spread, n.percent(row.share))
        console.print(table)
    else:
        console.print(_("These runs do not cover the years of any claim."), soft_wrap=True)
    console.print()
    bad = int((runs.draws["status"] != "ok").sum())
    if bad:
        console.print(_("{n} runs did not end well and were left out; draws.parquet says why.").format(n=bad), soft_wrap=True)
    said = _("{n} draws of posterior {id}, each with its own seed: the intervals hold what the facts leave open and what chance does.")
    console.print(said.format(n=len(runs.draws) - bad, id=runs.posterior.id), soft_wrap=True)
    console.print(_("Results: {folder}").format(folder=folder), soft_wrap=True)
