"""What does the posterior give in new runs? Its draws again with new seeds, with and without mechanisms, and which of them is the central one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from abm.errors import UserError
from calibration.check_file import middle
from calibration.runs import Runs
from experiments.execution.drive import drive
from experiments.fits.asked import SWITCHED_OFF
from experiments.fits.fit import Fit
from experiments.fits.populations import EngineOf, Tell
from experiments.runs.identity import command_line
from experiments.studies import drift, plan, plan_files
from experiments.studies.study import Study

#: Outputs whose effects of mechanisms the central draw is to stand in the middle of, where the fit keeps them.
EFFECTS = (
    "visits_across_per_1000",
    "workers_across",
    "income_per_capita",
    "product_per_capita",
    "trade_out_usd",
    "untreated_share",
    "poverty_rate",
)


def run_predictive(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> list[Path]:
    """Draws of the posterior run again with new seeds, as they are and with one mechanism after another switched off."""
    made: list[Path] = []
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


def central(fit: Fit, moved: Sequence[str]) -> dict[str, float]:
    """The draw of the predictive runs in the middle of them in outcomes and in effects of mechanisms, with its values of the parameters ``moved`` by the facts.

    It is one of the draws that agree with most of the checks of levels, which no fit has seen. Parameters that the facts do not move are left at their declared
    values, the middle of what is known of them.
    """
    folder = fit.folder / "predictive"
    runs = fit.runs_of(folder / "all")
    agree = np.sum(
        [t.passes(t.statistic(runs)) for t in fit.targets if t.role == "check" and t.kind in ("value", "ratio")] or [np.zeros(len(runs))],
        axis=0,
    )
    numbers = [t.statistic(runs) for t in fit.targets]
    for name in SWITCHED_OFF:
        without = folder / name
        if without.exists():
            other = fit.runs_of(without)
            if len(other) == len(runs):  # a run that failed leaves no pairs
                numbers += [effect(runs, other, output) for output in EFFECTS if output in runs.outputs]
    values = dict(
        zip(runs.prior.names, runs.prior.values(runs.unit)[middle(np.stack(numbers, axis=1), agree == agree.max())].tolist(), strict=True)
    )
    return {name: value for name, value in values.items() if name in set(moved)}


def effect(runs: Runs, without: Runs, output: str) -> np.ndarray:
    """Logarithm of an output of the Indonesian side with a mechanism over that without it, mean of all years, by draw, (draws,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        both = [np.log(np.nanmean(one.outputs[output][:, :, 0], axis=1)) for one in (runs, without)]
        return both[0] - both[1]
