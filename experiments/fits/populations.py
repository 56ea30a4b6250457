"""How are the runs of a fit made? Prior runs first, then one population after another until there are enough effective draws."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from abm.writing import whole_file
from calibration import infer
from calibration.infer import Weighted
from calibration.populations import Populations
from experiments.execution.drive import drive
from experiments.execution.engine import Engine
from experiments.execution.progress import Report, StudyProgress
from experiments.fits.asked import FitError
from experiments.fits.fit import Fit, bank_study, probe
from experiments.runs.identity import command_line
from experiments.studies import plan

EngineOf = Callable[[Path], Callable[[], Engine]]
Tell = Callable[[StudyProgress], None]


def run_bank(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> Report:
    """Make the missing prior runs."""
    return drive(fit.folder / "bank", engine(fit.folder / "bank"), progress=tell)


def populations(fit: Fit) -> Populations:
    """All populations that are complete, with the weights of their runs."""
    likelihood, bank = fit.likelihood, fit.runs_of(fit.folder / "bank")
    parts, proposals = [bank], []
    have = Populations.of(parts, proposals, likelihood, likelihood, [])
    for number, folder in enumerate(fit.populations(), 1):
        if not (folder / "manifest.json").exists() or _missing(folder):
            break
        parts.append(fit.runs_of(folder))
        proposals.append(fit.proposal(number))
        have = Populations.of(parts, proposals, likelihood, likelihood, have.history)
    return have


def _missing(folder: Path) -> int:
    from experiments.studies.collect import status

    return status(folder).missing


def is_enough(posterior: Weighted) -> bool:
    """Whether there are enough effective draws, none of them with too large a weight."""
    return posterior.ess >= infer.ENOUGH_ESS and float(posterior.weights.max()) <= infer.MOST_WEIGHT


def run_populations(
    fit: Fit, engine: EngineOf, tell: Tell | None = None, told: Callable[[dict[str, Any]], None] | None = None
) -> Populations:
    """Make one population after another until there are enough effective draws; ``told`` is called with the figures of each.

    FitError where a population remains incomplete.
    """
    have = populations(fit)
    if told is not None:
        told(have.history[-1])
    while not is_enough(have.posterior) and len(have.proposals) < fit.asked.most_populations:
        number = len(have.proposals) + 1
        _plan_population(fit, have, number)
        folder = fit.folder / f"population-{number}"
        drive(folder, engine(folder), progress=tell)
        have = populations(fit)
        if len(have.proposals) < number:
            raise FitError(f"population {number} is not complete: 'lintas status {folder}' shows what is missing")
        if told is not None:
            told(have.history[-1])
    return have


def _plan_population(fit: Fit, have: Populations, number: int) -> None:
    """Write the proposal and the plan of the next population, unless they exist."""
    import pandas as pd

    npz, folder = fit.folder / f"population-{number}.npz", fit.folder / f"population-{number}"
    if npz.exists() and (folder / "manifest.json").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    with single_threaded():
        seed = plan.seed_of(fit.asked.seed, 1000 + number)
        proposal, _ = infer.next_proposal(have.runs.unit, have.statistics, fit.likelihood, seed % 2**32)
        unit = proposal.draw(fit.likelihood, fit.asked.population, len(fit.prior), (seed + 1) % 2**32)
    density = proposal.log_density(fit.likelihood, probe(len(fit.prior)))
    table = fit.folder / f"population-{number}.parquet"
    with whole_file(table) as out:
        pd.DataFrame(fit.prior.values(unit), columns=list(fit.prior.names)).to_parquet(out)
    study = replace(
        bank_study(fit.asked, fit.prior),
        name=f"population-{number}",
        design="list",
        points=1,
        vary=(),
        table=str(table.absolute()),
        seed=seed % 2**31,
    )
    plan.make(study, folder, command_line())
    with whole_file(npz) as out:
        np.savez(out, probe=density, **proposal.pack())  # type: ignore[arg-type]


def single_threaded() -> Any:
    """Limit libraries to one thread, so that sums have the same order on any number of cores."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
