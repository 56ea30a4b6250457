"""What does the posterior give in new runs? Its draws again with new seeds, with and without mechanisms, and candidates for the central draw."""

from __future__ import annotations

import shutil
from pathlib import Path

from abm.errors import UserError
from abm.writing import whole_file
from calibration.check_file import CENTRAL_RUNS, candidates, nearest
from calibration.populations import Populations
from calibration.priors import Prior
from calibration.runs import Runs
from experiments.execution.drive import drive
from experiments.fits.asked import SWITCHED_OFF
from experiments.fits.fit import Fit
from experiments.fits.populations import EngineOf, Tell, populations, single_threaded
from experiments.runs.identity import command_line
from experiments.studies import drift, plan, plan_files
from experiments.studies.collect import collect
from experiments.studies.study import Study


def run_predictive(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> list[Path]:
    """Draws of the posterior run again with new seeds, as they are and with one mechanism after another switched off; and the candidates for the central draw."""
    made = [run_central(fit, engine, tell)]
    draws = drift.hash_of(fit.folder / "posterior" / "draws.parquet")
    for name in ("", *(s for s in SWITCHED_OFF if s not in fit.asked.without)):
        folder = fit.folder / "predictive" / (name or "all")
        folder.parent.mkdir(exist_ok=True)
        if _table_of(folder) != draws:  # not planned yet, or planned for the draws of another posterior
            shutil.rmtree(folder, ignore_errors=True)
            plan.make(_predictive_study(fit, name), folder, command_line())
        drive(folder, engine(folder), progress=tell)
        made.append(folder)
    return made


def _table_of(folder: Path) -> str:
    """Hash of the table that a study folder was planned from, empty where there is none."""
    try:
        return str(plan_files.read_study_manifest(folder).get("table_hash", ""))
    except UserError:
        return ""


def _predictive_study(fit: Fit, without: str) -> Study:
    return Study(
        name="predictive", design="posterior", points=fit.asked.draws, seed=plan.seed_of(fit.asked.seed, 3000) % 2**31, regions=(fit.asked.region,),
        households=(fit.asked.households,), end=fit.asked.end, without=(*fit.asked.without, *([without] if without else [])), record="yearly",
        table=str((fit.folder / "posterior" / "draws.parquet").absolute()), fitted=False, common_draws=False, widen=fit.asked.widen,
    )  # fmt: skip


def run_central(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> Path:
    """Run the candidates for the central draw, with every parameter that the facts do not move at its declared value, as a single run has it."""
    import pandas as pd

    folder, table = fit.folder / "predictive" / "central", fit.folder / "central.parquet"
    folder.parent.mkdir(exist_ok=True)
    with single_threaded():
        names, values = candidates(populations(fit), fit.likelihood)
    with whole_file(table) as out:
        pd.DataFrame(values, columns=names).to_parquet(out)
    if _table_of(folder) != drift.hash_of(table):  # not planned yet, or for the candidates of another posterior
        shutil.rmtree(folder, ignore_errors=True)
        study = Study(
            name="central", design="list", points=len(values), replicates=CENTRAL_RUNS, seed=plan.seed_of(fit.asked.seed, 3500) % 2**31,
            regions=(fit.asked.region,), households=(fit.asked.households,), end=fit.asked.end, without=fit.asked.without, record="yearly",
            table=str(table.absolute()), fitted=False, widen=fit.asked.widen,
        )  # fmt: skip
        plan.make(study, folder, command_line())
    drive(folder, engine(folder), progress=tell)
    return folder


def central(fit: Fit, have: Populations) -> dict[str, float]:
    """The candidate whose runs come nearest to the posterior's medians of the fitted targets (in tolerances)."""
    import pandas as pd

    drawn = pd.read_parquet(fit.folder / "central.parquet")
    names, values = list(drawn.columns), drawn.to_numpy(float)
    table = collect(fit.folder / "predictive" / "central")
    runs = Runs.read(table, Prior.of(names), fit.outputs) if not fit.asked.widen else None
    if runs is None or len(runs) != len(values) * CENTRAL_RUNS:
        return dict(zip(names, values[0].tolist(), strict=True))
    return dict(zip(names, values[nearest(have, fit.likelihood, runs)].tolist(), strict=True))
