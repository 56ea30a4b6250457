"""What did a fit find? ``fit.json``, ``check.json`` and the posterior that ships, from the runs there are."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from abm.errors import UserError, shorten
from agents.core.declare import PARAMETERS
from calibration import check as checks
from calibration import infer
from calibration.emulator import Emulator, active_parameters, fit_emulator
from calibration.infer import Pool, Weighted, weighted_quantile
from calibration.likelihood import Likelihood, statistics
from calibration.posterior import read_posterior_manifest
from calibration.priors import UNIT_SD, Prior
from calibration.runs import Runs
from calibration.target import Target
from calibration.targets import Targets
from experiments.execution.drive import drive
from experiments.files import whole_file, write_json
from experiments.fits.files import inference_of
from experiments.fits.fit import (
    DRAWN,
    QUANTILES,
    SWITCHED_OFF,
    TOLERANCES,
    EngineOf,
    Fit,
    FitError,
    Populations,
    Tell,
    inference_version,
    populations,
    single_threaded,
)  # fmt: skip
from experiments.runs.identity import command_line
from experiments.studies import plan
from experiments.studies.collect import collect
from experiments.studies.manifest import study_of
from experiments.studies.study import Study

#: A target of the fit must lie inside this part of what the prior gives.
PRIOR_RANGE = (0.01, 0.99)
#: A parameter leans on its bound when so much more of the posterior than of the prior lies in an outer twentieth of its range.
LEANING = 3.0
#: The two approximate posteriors may differ by so many sd.
MOST_DISAGREEMENT = 0.3
#: Targets that the report of a fit misses are those with a smaller tail share.
SURPRISED = 0.05
MEDIAN_WITHIN = 0.05
#: Bars of the checks, set before any fit: how far off the mean coverage of intervals may be, and that of each parameter (one in twenty may miss),
#: mean error of informed parameters in sd of the prior, distance of a planted truth in sd of its posterior.
COVERAGE_90, COVERAGE_50, EACH_90 = 0.03, 0.05, 0.05
MOST_ERROR, MOST_OFF = 0.75, 2.0
#: Draws that might become the central one, and the runs that each is judged by.
CENTRAL, CENTRAL_RUNS = 16, 4


def prior_predictive(fit: Fit, bank: Runs) -> list[dict[str, Any]]:
    """For each target the prior's range; a fitted one outside it has no mechanism that could reach it, and a flat one has nothing to move it."""
    rows = []
    for t in fit.targets:
        z = t.statistic(bank)
        good = z[np.isfinite(z)]
        if len(good) < len(z) / 2:
            if t.role == "fit":
                raise FitError(
                    f"target '{t.id}' has no number in {len(z) - len(good)} of {len(z)} runs: its years may lie after the runs' end"
                )
            rows.append({"target": t.id, "inside": None, "quantiles": None, "pass": None})
            continue
        low, high = np.quantile(good, PRIOR_RANGE)
        seen = t.observed if t.kind in ("value", "ratio") else t.mark if t.kind in ("threshold", "trend") else math.nan
        inside = bool(low <= seen <= high) if math.isfinite(seen) else None
        if t.kind in ("threshold", "trend"):  # a one-sided report: the prior must reach its far side
            inside = bool(high > seen)
        if t.role == "fit":
            if float(good.std()) < 1e-9 or not len(active_parameters(bank.unit[np.isfinite(z)], good)):
                raise FitError(
                    f"target '{t.id}' does not follow any parameter: no parameter moves it, so nothing can be learned from it; give it another role"
                )
            if inside is False:
                raise FitError(
                    f"target '{t.id}' was reported as {_natural(t, seen):.4g}, but 98 % of the prior's runs give {_natural(t, low):.4g} to {_natural(t, high):.4g}: "
                    f"a mechanism is missing, or a prior is too narrow; widen the prior with a reason, or make the target held-out"
                )
        rows.append({
            "target": t.id, "inside": inside, "quantiles": _quantiles(t, bank, np.ones(len(bank))),
            "pass": float(t.passes(good).mean()),
        })  # fmt: skip
    return rows


def _quantiles(t: Target, runs: Runs, weights: np.ndarray) -> list[float] | None:
    """Quantiles of a target's statistic in the reader's unit, not cut where the report cannot tell further; None where no run has a number."""
    found = weighted_quantile(t.natural(runs), weights, QUANTILES)
    return [float(q) for q in found] if np.isfinite(found).all() else None


def _natural(t: Target, statistic: float) -> float:
    return float(t.shown(np.array(float(statistic))))


def conclude(fit: Fit) -> dict[str, Any]:
    """The posterior and all that can be said of it without new runs; written to ``fit.json`` and ``posterior/``.

    Checks that there are belong to what was concluded before, so they are made again.
    """
    (fit.folder / "check.json").unlink(missing_ok=True)
    with single_threaded():
        have = populations(fit)
        found, active = _conclude(fit, have, fit.likelihood)
        write_posterior(fit, have, active, found)
    write_json(fit.folder / "fit.json", found)
    return found


def is_concluded(fit: Fit) -> bool:
    """Whether ``fit.json`` stands and was made by this way of inference."""
    return is_of_this_inference(fit.folder / "fit.json")


def is_checked(fit: Fit) -> bool:
    """Whether ``check.json`` stands and was made by this way of inference."""
    return is_of_this_inference(fit.folder / "check.json")


def is_of_this_inference(path: Path) -> bool:
    """Whether a result stands and was made by the inference of this lintas."""
    return inference_of(path) == inference_version()


def _conclude(fit: Fit, have: Populations, designed_for: Likelihood) -> tuple[dict[str, Any], np.ndarray]:
    """All that ``fit.json`` says, and the positions of the parameters that move a target.

    ``designed_for`` is the likelihood that the populations were drawn for, which is not the fit's when the runs are weighed by other targets.
    """
    bank = have.runs.take(np.arange(have.sizes[0]))
    before = prior_predictive(fit, bank)
    likelihood, posterior = fit.likelihood, have.posterior
    _check_ess(posterior)
    emulator = fit_emulator(have.runs.unit, have.statistics)
    active = emulator.active
    seed = plan.seed_of(fit.asked.seed, 2000) % 2**32
    pool = Pool.of(emulator, len(fit.prior), seed)
    emulated = pool.posterior(likelihood)
    z_bank = have.statistics[: have.sizes[0]]
    abc = infer.abc_posterior(likelihood, bank.unit, z_bank, seed + 1)
    apart = checks.disagreement(emulated, abc, active)
    apart_pmc = checks.disagreement(emulated, posterior, active)
    result: dict[str, Any] = {
        "kind": "lintas fit result", "model_version": fit.manifest["model_version"], "inference": inference_version(), "region": fit.asked.region,
        "targets_hash": fit.targets.hash, "households": fit.asked.households, "without": list(fit.asked.without), "runs": len(have.runs), "populations": have.history,
        "ess": posterior.ess, "largest_weight": float(posterior.weights.max()), "log_evidence": have.log_evidence,
        "active": [fit.prior.names[p] for p in active],
        "emulators": [
            {"target": t.id, "r2": p.r2, "spread": p.spread, "active": [fit.prior.names[a] for a in p.active], "tail": float(np.mean(np.abs(p.noise) > 3))}
            for t, p in zip(likelihood.targets, emulator.each, strict=True)
        ],
        "not_ruled_out": _not_ruled_out(pool, likelihood),
        "parameters": _parameters(fit.prior, posterior, emulated, abc),
        "targets": _targets(fit, before, have.runs, posterior),
        "tolerances": _tolerances(fit, have, designed_for),
        "readings": _readings(fit, have, designed_for, active),
        "leave_one_out": _named(checks.leave_one_out(posterior, have.statistics, likelihood, active), fit.prior),
        "directions": [
            {"ratio": d.ratio, "parameters": [fit.prior.names[p] for p in d.positions], "loadings": list(d.loadings)}
            for d in checks.directions(posterior, active)
        ],
        "pairs": [
            {"a": fit.prior.names[a], "b": fit.prior.names[b], "correlation": r} for a, b, r in checks.sloppy_pairs(posterior, active)[:12]
        ],
        "disagreement": {
            "emulated_abc": [{"parameter": fit.prior.names[p], "sd": float(s)} for p, s in zip(active, apart, strict=True)],
            "emulated_population": [{"parameter": fit.prior.names[p], "sd": float(s)} for p, s in zip(active, apart_pmc, strict=True)],
            "largest": float(apart.max()), "largest_population": float(apart_pmc.max()),
        },
        "years": _years(have.runs, posterior),
    }  # fmt: skip
    result["alarms"] = _alarms(result)
    return result, active


def _check_ess(posterior: Weighted) -> None:
    if posterior.ess < infer.LEAST_ESS:
        raise FitError(
            f"the effective sample size is {posterior.ess:.0f}, below {infer.LEAST_ESS:.0f}: the draws say too little; "
            f"allow more populations, or look at the targets (contradictory ones leave no run a weight)"
        )


def _not_ruled_out(pool: Pool, likelihood: Likelihood) -> float:
    """Share of the prior where every measured target lies within three sd (tolerance and emulator) of its report (history matching)."""
    kept = np.ones(len(pool.unit), dtype=bool)
    for i, t in enumerate(likelihood.targets):
        if t.kind in ("value", "ratio"):
            kept &= np.abs(pool.statistics[:, i] - t.observed) <= 3.0 * math.hypot(t.tolerance, float(pool.spread[i]))
        else:
            kept &= pool.statistics[:, i] > t.mark - 3.0 * math.hypot(t.width, float(pool.spread[i]))
    return float(kept.mean())


def _parameters(prior: Prior, posterior: Weighted, emulated: Weighted | None, abc: Weighted | None) -> list[dict[str, Any]]:
    """One row for each parameter: what is known of it, prior and posterior, and the two other ways beside."""
    mean, sd, quantiles = posterior.mean(), posterior.sd(), posterior.quantiles(QUANTILES)
    shown = prior.values(quantiles)
    edges = np.linspace(0.0, 1.0, 21)
    rows = []
    for j, name in enumerate(prior.names):
        declared = PARAMETERS[name]
        density = np.histogram(posterior.unit[:, j], edges, weights=posterior.weights)[0]
        ratio = float(sd[j] / UNIT_SD)
        leans = "low" if density[0] * 20 > LEANING else "high" if density[-1] * 20 > LEANING else ""
        rows.append({
            "parameter": name, "label": declared.label, "unit": declared.unit, "low": float(prior.low[j]), "high": float(prior.high[j]),
            "default": declared.default, "known": checks.label(ratio), "ratio": ratio, "mean": float(prior.values(mean)[0, j]),
            "quantiles": shown[:, j].tolist(), "density": density.tolist(), "leans": leans, "prior_basis": declared.source.basis,
            "emulated": _beside(emulated, j), "abc": _beside(abc, j), "unit_mean": float(mean[j]),
        })  # fmt: skip
    return rows


def _beside(other: Weighted | None, j: int) -> dict[str, float] | None:
    """Mean and remaining spread of a coordinate by another way (None where it was not asked)."""
    return None if other is None else {"mean": float(other.mean()[j]), "ratio": float(other.sd()[j] / UNIT_SD)}


def _targets(fit: Fit, before: list[dict[str, Any]], runs: Runs, posterior: Weighted) -> list[dict[str, Any]]:
    rows = []
    w = posterior.weights
    for t, prior in zip(fit.targets, before, strict=True):
        z = t.statistic(runs)
        quantiles = _quantiles(t, runs, w)
        passes = _passes(t, z, w)
        seen = t.value if t.kind in ("value", "ratio") else None
        median = quantiles[2] if quantiles else None
        rows.append({
            "id": t.id, "title": t.title, "kind": t.kind, "role": t.role, "observed": seen, "unit": t.unit, "scale": t.scale,
            "tolerance": None if math.isnan(t.tolerance) else t.tolerance, "tolerance_reason": t.tolerance_reason, "width": None if math.isnan(t.width) else t.width,
            "threshold": None if math.isnan(t.threshold) else t.threshold, "direction": t.direction, "reason": t.reason, "quote": t.quote, "lines": t.lines,
            "source": t.source, "facts": list(t.facts), "claims": list(t.claims), "built_in": t.built_in, "group": t.group,
            "prior": prior, "quantiles": quantiles, "pass": passes,
            "surprise": checks.surprise(t, z, w) if t.kind not in ("sign", "monotone") else None,
            "off": None if median is None or not seen else median / seen - 1.0,
        })  # fmt: skip
    return rows


def _passes(t: Target, z: np.ndarray, weights: np.ndarray) -> float | None:
    """Chance that a run agrees, among the runs that have a number."""
    good = np.isfinite(z) & (weights > 0)
    return float(weights[good] @ t.passes(z[good]) / weights[good].sum()) if good.any() else None


def _tolerances(fit: Fit, have: Populations, designed_for: Likelihood) -> list[dict[str, Any]]:
    """The two incomes and their ratio at other tolerances, from the same runs; nothing where no pair of incomes is fitted."""
    rows = []
    for tolerance in TOLERANCES:
        targets = fit.targets.with_tolerance("incomes", tolerance)
        likelihood = Likelihood(targets.fit)
        posterior, _ = have.weigh(likelihood, designed_for, have.statistics)
        row: dict[str, Any] = {"tolerance": tolerance, "ess": posterior.ess}
        incomes = [t for t in targets.fit if t.group == "incomes"]
        if len(incomes) != 2:
            return []
        poorer, richer = (t.natural(have.runs) for t in incomes)
        row["income_id"] = weighted_quantile(poorer, posterior.weights, QUANTILES).tolist()
        row["income_my"] = weighted_quantile(richer, posterior.weights, QUANTILES).tolist()
        row["ratio"] = weighted_quantile(richer / poorer, posterior.weights, QUANTILES).tolist()
        rows.append(row)
    return rows


def _readings(fit: Fit, have: Populations, designed_for: Likelihood, active: np.ndarray) -> list[dict[str, Any]]:
    """The same runs weighed as if a report had meant another number: what then holds, in the one reading and in the other."""
    rows = []
    for fitted, other in fit.targets.readings:
        likelihood = fit.targets.read_as(other.id)
        z = statistics(likelihood.targets, have.runs)
        posterior, evidence = have.weigh(likelihood, designed_for, z)
        if not posterior.ess > 0:  # no run agrees with it at all, or none has a number
            both = {fitted.id: None, other.id: None}
            rows.append(
                {"target": fitted.id, "reading": other.id, "ess": 0.0, "log_evidence": None, "pass": both, "quantiles": both, "moves": []}
            )
            continue
        w, shift = posterior.weights, (posterior.mean() - have.posterior.mean()) / UNIT_SD
        z_other = other.statistic(have.runs)
        good = np.isfinite(z_other)
        might = {int(p) for p in (*active, *active_parameters(have.runs.unit[good], z_other[good]))}
        clear = max(0.2, 2.5 / math.sqrt(posterior.ess))  # what chance in so many draws might do does not count
        moved = sorted((p for p in might if abs(shift[p]) >= clear), key=lambda p: -abs(shift[p]))
        rows.append({
            "target": fitted.id, "reading": other.id, "ess": posterior.ess, "log_evidence": evidence,
            "pass": {t.id: _passes(t, t.statistic(have.runs), w) for t in (fitted, other)},
            "quantiles": {t.id: _quantiles(t, have.runs, w) for t in (fitted, other)},
            "moves": [{"parameter": fit.prior.names[p], "shift": float(shift[p])} for p in moved[:6]],
        })  # fmt: skip
    return rows


def _named(rows: list[dict[str, Any]], prior: Prior) -> list[dict[str, Any]]:
    return [
        r | {"moves": [{"parameter": prior.names[m["position"]], "shift": m["shift"], "width": m["width"]} for m in r["moves"]]}
        for r in rows
    ]


def _years(runs: Runs, posterior: Weighted) -> dict[str, Any]:
    """Bands of what the report draws, by year and side, prior and posterior."""
    found: dict[str, Any] = {"years": runs.years.tolist()}
    for name in DRAWN:
        if name not in runs.outputs:
            continue
        values = runs.outputs[name]
        found[name] = {
            side: [
                [float(x) for x in weighted_quantile(values[:, y, s], posterior.weights, (0.05, 0.5, 0.95))] for y in range(len(runs.years))
            ]
            for s, side in enumerate(("id", "my"))
            if np.isfinite(values[:, :, s]).any()
        }
    return found


def _alarms(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a reader must be warned of, each with the figures that say so."""
    found: list[dict[str, Any]] = []
    if result["ess"] < infer.ENOUGH_ESS:
        found.append({"what": "ess", "value": result["ess"]})
    if result["largest_weight"] > infer.MOST_WEIGHT:
        found.append({"what": "weight", "value": result["largest_weight"]})
    if result["disagreement"]["largest"] > MOST_DISAGREEMENT:
        worst = max(result["disagreement"]["emulated_abc"], key=lambda r: r["sd"])
        found.append({"what": "disagreement", "value": worst["sd"], "parameter": worst["parameter"]})
    for row in result["emulators"]:
        if row["r2"] < 0.5:
            found.append({"what": "emulator", "value": row["r2"], "target": row["target"]})
    for row in result["targets"]:
        if row["role"] == "fit" and row["surprise"] is not None and row["surprise"] < SURPRISED:
            found.append({"what": "missed", "value": row["surprise"], "target": row["id"]})
        if row["role"] == "fit" and row["off"] is not None and row["id"].startswith("income") and abs(row["off"]) > MEDIAN_WITHIN:
            found.append({"what": "median", "value": row["off"], "target": row["id"]})
    for row in result["parameters"]:
        if row["leans"]:
            found.append({"what": "leans", "value": row["leans"], "parameter": row["parameter"]})
    for row in result["readings"]:
        if row["ess"] < infer.LEAST_ESS:
            found.append({"what": "reading", "value": row["ess"], "target": row["reading"]})
    for row in result["leave_one_out"]:
        if not row["observed_inside"]:
            found.append({"what": "conflict", "target": row["target"], "value": row["ess"]})
    return found


# --- the posterior that ships ---------------------------------------------------------------------------------------------------


def write_posterior(fit: Fit, have: Populations, active: np.ndarray, result: Mapping[str, Any]) -> Path:
    """``posterior/``: draws with weights and a manifest that says which model, data and targets they belong to."""
    import hashlib

    import pandas as pd

    from abm import Region

    folder = fit.folder / "posterior"
    folder.mkdir(exist_ok=True)
    order = np.argsort(-have.posterior.weights, kind="stable")
    enough = int(np.searchsorted(np.cumsum(have.posterior.weights[order]), 0.999)) + 1
    kept = np.sort(order[:enough])
    weights = have.posterior.weights[kept] / have.posterior.weights[kept].sum()
    values = fit.prior.values(have.runs.unit[kept])
    table = pd.DataFrame({"draw": np.arange(len(kept)), "weight": weights, **{n: values[:, j] for j, n in enumerate(fit.prior.names)}})
    with whole_file(folder / "draws.parquet") as out:
        table.to_parquet(out, index=False, compression="zstd")
    digest = hashlib.sha256(table.to_numpy(float).tobytes()).hexdigest()[:12]
    manifest = {
        "kind": "lintas posterior", "format": 1, "id": f"{Region.load(fit.asked.region).id}-{digest}", "model_version": fit.manifest["model_version"],
        "region": Region.load(fit.asked.region).id, "region_hash": fit.manifest["region_hash"], "households": fit.asked.households, "end": fit.asked.end,
        "without": list(fit.asked.without), "parameters": list(fit.prior.names), "active": [fit.prior.names[p] for p in active],
        "targets_hash": fit.targets.hash, "runs": len(have.runs), "ess": have.posterior.ess, "draws": len(kept), "widen": fit.asked.widen,
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest)
    return folder


# --- checks -----------------------------------------------------------------------------------------------------------------------


def run_predictive(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> list[Path]:
    """Draws of the posterior run again with new seeds, as they are and with one mechanism after another switched off; and the central ones."""
    made = [run_central(fit, engine, tell)]
    draws = plan.hash_of(fit.folder / "posterior" / "draws.parquet")
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
        return str(plan.read_study_manifest(folder).get("table_hash", ""))
    except UserError:
        return ""


def _predictive_study(fit: Fit, without: str) -> Study:
    return Study(
        name="predictive", design="posterior", points=fit.asked.draws, seed=plan.seed_of(fit.asked.seed, 3000) % 2**31, regions=(fit.asked.region,),
        households=(fit.asked.households,), end=fit.asked.end, without=(*fit.asked.without, *([without] if without else [])), record="yearly",
        table=str((fit.folder / "posterior" / "draws.parquet").absolute()), fitted=False, common_draws=False, widen=fit.asked.widen,
    )  # fmt: skip


def run_central(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> Path:
    """The draws that might stand for all, run with everything that the facts do not move at its declared value (the way one run is made)."""
    import pandas as pd

    folder, table = fit.folder / "predictive" / "central", fit.folder / "central.parquet"
    folder.parent.mkdir(exist_ok=True)
    with single_threaded():
        names, values = _candidates(fit)
    with whole_file(table) as out:
        pd.DataFrame(values, columns=names).to_parquet(out)
    if _table_of(folder) != plan.hash_of(table):  # not planned yet, or for the candidates of another posterior
        shutil.rmtree(folder, ignore_errors=True)
        study = Study(
            name="central", design="list", points=len(values), replicates=CENTRAL_RUNS, seed=plan.seed_of(fit.asked.seed, 3500) % 2**31,
            regions=(fit.asked.region,), households=(fit.asked.households,), end=fit.asked.end, without=fit.asked.without, record="yearly",
            table=str(table.absolute()), fitted=False, widen=fit.asked.widen,
        )  # fmt: skip
        plan.make(study, folder, command_line())
    drive(folder, engine(folder), progress=tell)
    return folder


def _candidates(fit: Fit) -> tuple[list[str], np.ndarray]:
    """Names of the parameters that the facts move, and the draws that lie in the middle of the posterior both by targets and by parameters."""
    have = populations(fit)
    emulator = fit_emulator(have.runs.unit, have.statistics)
    active, w = emulator.active, have.posterior.weights
    told = emulator(have.runs.unit)
    scale = np.array([t.tolerance if t.kind in ("value", "ratio") else t.width for t in fit.likelihood.targets])
    middle = np.array([weighted_quantile(have.statistics[:, i], w, [0.5])[0] for i in range(told.shape[1])])
    by_targets = np.sqrt((((told - middle) / scale) ** 2).mean(axis=1))
    places = have.runs.unit[:, active]
    by_parameters = np.sqrt(((places - w @ places) ** 2).mean(axis=1))
    drawn = np.flatnonzero(w > np.median(w[w > 0]))
    near = drawn[np.argsort(by_targets[drawn], kind="stable")[: max(len(drawn) // 10, CENTRAL)]]
    chosen = near[np.argsort(by_parameters[near], kind="stable")[:CENTRAL]]
    return [fit.prior.names[p] for p in active], fit.prior.values(have.runs.unit)[chosen][:, active]


def central(fit: Fit) -> dict[str, float]:
    """The candidate whose runs come nearest to the posterior's medians of the fitted targets (in tolerances)."""
    import pandas as pd

    candidates = pd.read_parquet(fit.folder / "central.parquet")
    names, values = list(candidates.columns), candidates.to_numpy(float)
    have = populations(fit)
    table = collect(fit.folder / "predictive" / "central")
    runs = Runs.read(table, Prior.of(names), fit.outputs) if not fit.asked.widen else None
    if runs is None or len(runs) != len(values) * CENTRAL_RUNS:
        return dict(zip(names, values[0].tolist(), strict=True))
    targets = fit.likelihood.targets
    z = statistics(targets, runs).reshape(len(values), CENTRAL_RUNS, len(targets)).mean(axis=1)
    scale = np.array([t.tolerance if t.kind in ("value", "ratio") else t.width for t in targets])
    middle = np.array([weighted_quantile(have.statistics[:, i], have.posterior.weights, [0.5])[0] for i in range(len(targets))])
    best = int(np.argmin((((z - middle) / scale) ** 2).mean(axis=1)))
    return dict(zip(names, values[best].tolist(), strict=True))


def check(fit: Fit, told: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Everything that ``check.json`` holds; the predictive runs must be there."""
    with single_threaded():
        found = _check(fit, told or (lambda _: None))
    file = fit.folder / "posterior" / "manifest.json"
    write_json(file, read_posterior_manifest(file) | {"central": found["central"]})
    write_json(fit.folder / "check.json", found)  # last: where it stands, everything before it does
    return found


def _check(fit: Fit, told: Callable[[str], None]) -> dict[str, Any]:
    have = populations(fit)
    n0 = have.sizes[0]
    unit, z = have.runs.unit[:n0], have.statistics[:n0]
    likelihood = fit.likelihood
    seed = plan.seed_of(fit.asked.seed, 4000) % 2**32
    tests = min(fit.asked.tests, n0 // 4)
    positions = fit_emulator(have.runs.unit, have.statistics).active
    result: dict[str, Any] = {
        "kind": "lintas fit checks", "model_version": fit.manifest["model_version"], "inference": inference_version(), "sbc": [],
    }  # fmt: skip
    for method in ("emulated", "abc", "prior"):
        told(f"sbc {method}")
        found = checks.sbc(unit, z, likelihood, method=method, tests=tests, seed=seed, positions=positions)  # type: ignore[arg-type]
        result["sbc"].append(found.to_dict(fit.prior.names))
    told("planted")
    result["planted"] = [
        {
            "truth": [float(p.truth[q]) for q in p.positions], "parameters": [fit.prior.names[q] for q in p.positions], "mean": p.mean.tolist(),
            "sd": p.sd.tolist(), "off": p.off.tolist(), "known": [checks.label(float(sd / UNIT_SD)) for sd in p.sd],
        }
        for p in checks.planted(unit, z, likelihood, plausible(likelihood, z), seed)
    ]  # fmt: skip
    told("predictive")
    result["predictive"] = {
        name or "all": _predictive(fit, name) for name in ("", *SWITCHED_OFF) if (fit.folder / "predictive" / (name or "all")).exists()
    }
    result["central"] = central(fit)
    result["priors"] = _other_priors(fit, have, seed)
    told("sensitivity")
    result["sensitivity"] = _sensitivity(fit, have, seed)
    informed = {fit.prior.names[p] for p in positions if have.posterior.sd()[p] / UNIT_SD < checks.INFORMED}
    result["alarms"] = check_alarms(result, informed)
    return result


def check_alarms(found: Mapping[str, Any], informed: Collection[str]) -> list[dict[str, Any]]:
    """Which bars of the checks are not kept, each with its figure; ``informed`` names the parameters that the fit informs."""
    alarms: list[dict[str, Any]] = []
    for row in found["sbc"]:
        name = {"method": row["method"]}
        chance = 1.0 / math.sqrt(row["n"])  # bars are those for 256 truths; with fewer, chance alone passes them more often
        for promised, bar in ((0.9, COVERAGE_90), (0.5, COVERAGE_50)):
            value = row[f"coverage_{promised * 100:.0f}"]
            if abs(value - promised) > max(bar, 1.6 * math.sqrt(promised * (1.0 - promised)) * chance):
                alarms.append({"what": "coverage", "value": value, "promised": promised, **name})
        outside = [p for p in row["parameters"] if abs(p["coverage_90"] - 0.9) > max(EACH_90, 2.6 * 0.3 * chance)]
        if len(outside) > len(row["parameters"]) / 20:
            worst = max(outside, key=lambda p: abs(p["coverage_90"] - 0.9))
            alarms.append({"what": "coverage of one", "value": worst["coverage_90"], "parameter": worst["parameter"], **name})
        if row["smallest_p"] <= row["needed_p"]:
            worst = min(row["parameters"], key=lambda p: p["p_value"])
            alarms.append({"what": "ranks", "value": row["smallest_p"], "parameter": worst["parameter"], **name})
        if row["method"] != "prior":
            alarms += [
                {"what": "error", "value": p["error"], "parameter": p["parameter"], **name}
                for p in row["parameters"]
                if p["parameter"] in informed and p["error"] > MOST_ERROR
            ]
    rows = sum(known == "informed" for row in found["planted"] for known in row["known"])
    far = max(MOST_OFF, float(norm.isf(0.025 / max(rows, 1))))  # of many rows one lies beyond two spreads by chance
    for number, row in enumerate(found["planted"], 1):
        alarms += [
            {"what": "planted", "value": off, "parameter": name, "number": number}
            for name, off, known in zip(row["parameters"], row["off"], row["known"], strict=True)
            if known == "informed" and off > far
        ]
    return alarms


def plausible(likelihood: Likelihood, z: np.ndarray, n: int = 3) -> list[int]:
    """Runs to be planted as truths: spread from the 10th to the 90th percentile by the first target, among runs in which all that was reported
    as so is so (in a world without a majority across, a report of one would teach another lesson)."""
    good = np.isfinite(z).all(axis=1)
    for i, t in enumerate(likelihood.targets):
        if t.kind in ("threshold", "trend"):
            good &= z[:, i] > t.mark
    at = np.flatnonzero(good if good.sum() >= n else np.isfinite(z).all(axis=1))
    order = at[np.argsort(z[at, 0], kind="stable")]
    return [int(order[round(q * (len(order) - 1))]) for q in np.linspace(0.1, 0.9, n)]


def _predictive(fit: Fit, name: str) -> dict[str, Any]:
    runs = fit.runs_of(fit.folder / "predictive" / (name or "all"))
    rows = {}
    for t in fit.targets:
        z = t.statistic(runs)
        good = z[np.isfinite(z)]
        rows[t.id] = {
            "quantiles": _quantiles(t, runs, np.ones(len(runs))) if len(good) else None,
            "pass": float(t.passes(good).mean()) if len(good) else None,
        }
    equal = Weighted(runs.unit, np.full(len(runs), 1.0 / len(runs)))
    return {"runs": len(runs), "targets": rows, "years": _years(runs, equal)}


def _other_priors(fit: Fit, have: Populations, seed: int) -> list[dict[str, Any]]:
    """The posterior if the declared ranges had been narrower (the middle 60 %), by emulator: what hangs on the width of the priors."""
    emulator: Emulator = fit_emulator(have.runs.unit, have.statistics)
    active = emulator.active
    rows = []
    for share in (1.0, 0.6):
        unit = np.random.default_rng(seed).random((infer.POOL, len(fit.prior)))
        unit = 0.5 + share * (unit - 0.5)
        posterior = Pool(unit, emulator(unit), emulator.spread).posterior(fit.likelihood)
        rows.append({
            "share": share, "ess": posterior.ess,
            "parameters": [{"parameter": fit.prior.names[p], "mean": float(posterior.mean()[p]), "sd": float(posterior.sd()[p])} for p in active],
            "targets": [
                {"target": t.id, "quantiles": [_natural(t, q) for q in weighted_quantile(pool_z, posterior.weights, QUANTILES)]}
                for t, pool_z in zip(fit.likelihood.targets, emulator(unit).T, strict=True)
            ],
        })  # fmt: skip
    return rows


def _sensitivity(fit: Fit, have: Populations, seed: int) -> list[dict[str, Any]]:
    """Total-order indices of each fitted target over the prior, from its emulator (SALib)."""
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    emulator = fit_emulator(have.runs.unit[: have.sizes[0]], have.statistics[: have.sizes[0]])
    rows = []
    for t, polynomial in zip(fit.likelihood.targets, emulator.each, strict=True):
        k = len(polynomial.active)
        if k < 2:
            continue
        problem = {"num_vars": k, "names": [fit.prior.names[a] for a in polynomial.active], "bounds": [[0.0, 1.0]] * k}
        points = sample.sample(problem, 1024, calc_second_order=False, seed=seed % 2**31)
        unit = np.full((len(points), len(fit.prior)), 0.5)
        unit[:, polynomial.active] = points
        found = analyze.analyze(problem, polynomial(unit), calc_second_order=False, seed=seed % 2**31)
        rows.append({
            "target": t.id, "r2": polynomial.r2,
            "indices": [
                {"parameter": n, "total": float(st), "half_width": float(c)}
                for n, st, c in sorted(zip(problem["names"], found["ST"], found["ST_conf"], strict=True), key=lambda r: -r[1])
            ],
        })  # fmt: skip
    return rows


# --- other targets, the same runs ---------------------------------------------------------------------------------------------------


def retarget(fit: Fit, targets: Targets, text: str, out: Path) -> dict[str, Any]:
    """Weigh the runs there are by other targets; no new run. Written as a fit result of its own into ``out``."""
    from experiments.files import whole_folder
    from experiments.runs.folder import check_folder

    if not targets.fit:
        raise FitError("no target has the role fit: there is nothing to fit")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FitError(f"'{shorten(out)}' holds something already; name a new folder for the posterior under other targets")
    missing = [o for o in targets.outputs if o not in fit.runs_of(fit.folder / "bank").outputs and o not in _recorded(fit)]
    if missing:
        raise FitError(f"the bank did not record {missing[0]}; make a new fit for these targets")
    check_folder(out)
    wanted = replace(fit, targets=targets)
    with single_threaded():
        have = populations(fit)
        parts = [wanted.runs_of(fit.folder / "bank"), *(wanted.runs_of(f) for f in fit.populations()[: len(have.proposals)])]
        runs = Runs.join(parts)
        z = statistics(targets.fit, runs)
        log_likelihood = Likelihood(targets.fit)(z)
        posterior, evidence = infer.mixture_weights(runs.unit, log_likelihood, have.sizes, have.proposals, fit.likelihood)
        step = {"runs": len(runs), "ess": posterior.ess, "largest_weight": float(posterior.weights.max()), "log_evidence": evidence}
        again = Populations(runs, z, posterior, evidence, have.sizes, have.proposals, [step])
        result, active = _conclude(wanted, again, fit.likelihood)
        result["retargeted_from"] = fit.targets.hash
    manifest = fit.manifest | {"targets_hash": targets.hash, "retargeted_from": str(fit.folder), "folder": str(out)}
    with whole_folder(out) as draft:
        (draft / "targets.toml").write_text(text, "utf-8")
        shutil.copyfile(fit.folder / "targets.toml", draft / "targets-of-the-fit.toml")
        write_json(draft / "fit.json", result)
        write_json(draft / "manifest.json", manifest)
        write_posterior(replace(wanted, folder=draft), again, active, result)
    return result


def _recorded(fit: Fit) -> Sequence[str]:
    return study_of(plan.read_study_manifest(fit.folder / "bank")["study"]).yearly_outputs()
