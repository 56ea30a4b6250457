"""What does a fit find? All parts of ``fit.json`` that are computed from its runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.core.declare import PARAMETERS
from calibration import check as checks
from calibration import infer
from calibration.emulator import active_parameters, fit_emulator
from calibration.infer import Pool, Weighted, weighted_quantile
from calibration.likelihood import Likelihood, statistics
from calibration.populations import Populations
from calibration.priors import UNIT_SD, Prior
from calibration.runs import Runs, RunsError
from calibration.target import Target
from calibration.targets import Targets

#: Further tolerances of the incomes at which results are published.
TOLERANCES = (0.05, 0.10, 0.20)
#: Outputs that the report draws, whatever the targets read.
DRAWN = (
    "income_per_capita", "income_ratio", "care_share_across", "care_share_across_near", "visits_across_per_1000", "visits_primary_across",
    "visits_hospital_across", "visits_primary_home", "visits_hospital_home", "untreated_share", "poverty_rate", "workers_across",
)  # fmt: skip
#: Quantiles by which a distribution is described.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: A fitted target must be inside this range of quantiles of the prior runs.
PRIOR_RANGE = (0.01, 0.99)
#: A parameter piles up at its bound when the outer twentieth of its range holds so many times more of the posterior than of the prior.
PILED_UP = 3.0
#: The means of the two approximate posteriors may differ by so many sd.
MOST_DISAGREEMENT = 0.3
#: Targets that the report of a fit misses are those with a smaller tail share.
SURPRISED = 0.05
MEDIAN_WITHIN = 0.05


def prior_predictive(targets: Targets, bank: Runs) -> list[dict[str, Any]]:
    """The prior predictive distribution of each target, from ``bank``, the prior runs.

    RunsError where a fitted target has no number in most runs, is moved by no parameter, or was reported outside the range of the prior runs.
    """
    rows = []
    for t in targets:
        z = t.statistic(bank)
        good = z[np.isfinite(z)]
        if len(good) < len(z) / 2:
            if t.role == "fit":
                raise RunsError(
                    f"target '{t.id}' has no number in {len(z) - len(good)} of {len(z)} runs: its years may lie after the runs' end"
                )
            rows.append({"target": t.id, "inside": None, "quantiles": None, "pass": None})
            continue
        low, high = np.quantile(good, PRIOR_RANGE)
        seen = t.observed if t.kind in ("value", "ratio") else t.mark if t.kind in ("threshold", "trend") else math.nan
        inside = bool(low <= seen <= high) if math.isfinite(seen) else None
        if t.kind in ("threshold", "trend"):  # a one-sided report: some prior runs must agree with it
            inside = bool(high > seen)
        if t.role == "fit":
            if float(good.std()) < 1e-9 or not len(active_parameters(bank.unit[np.isfinite(z)], good)):
                raise RunsError(f"target '{t.id}' is moved by no parameter, so it cannot be fitted; give it another role")
            if inside is False:
                raise RunsError(
                    f"target '{t.id}' was reported as {in_its_unit(t, seen):.4g}, but 98 % of the prior runs give {in_its_unit(t, low):.4g} to {in_its_unit(t, high):.4g}: "
                    f"a mechanism is missing, or a prior is too narrow; widen the prior with a reason, or make the target held-out"
                )
        rows.append({
            "target": t.id, "inside": inside, "quantiles": quantiles_of(t, bank, np.ones(len(bank))),
            "pass": float(t.passes(good).mean()),
        })  # fmt: skip
    return rows


def quantiles_of(t: Target, runs: Runs, weights: np.ndarray) -> list[float] | None:
    """QUANTILES of a target's statistic in the reader's unit, not cut at the cap of the report; ``weights`` has shape (runs,). None where no run has a number."""
    found = weighted_quantile(t.natural(runs), weights, QUANTILES)
    return [float(q) for q in found] if np.isfinite(found).all() else None


def in_its_unit(t: Target, statistic: float) -> float:
    """One statistic of a target in the reader's unit."""
    return float(t.shown(np.array(float(statistic))))


def conclude(targets: Targets, have: Populations, designed_for: Likelihood, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """The parts of ``fit.json`` that are computed from the runs, and the positions of the parameters that move a target.

    ``have`` holds the runs with the statistics and weights of the fitted rows of ``targets``. ``designed_for`` is the likelihood that the
    populations were drawn for: that of other targets when the runs of a fit are reweighted. RunsError where the effective sample size is too small.
    """
    bank, prior = have.runs.take(np.arange(have.sizes[0])), have.runs.prior
    before = prior_predictive(targets, bank)
    likelihood, posterior = Likelihood(targets.fit), have.posterior
    _check_ess(posterior)
    emulator = fit_emulator(have.runs.unit, have.statistics)
    active = emulator.active
    pool = Pool.of(emulator, len(prior), seed)
    emulated = pool.posterior(likelihood)
    z_bank = have.statistics[: have.sizes[0]]
    abc = infer.abc_posterior(likelihood, bank.unit, z_bank, seed + 1)
    apart = checks.disagreement(emulated, abc, active)
    apart_pmc = checks.disagreement(emulated, posterior, active)
    result: dict[str, Any] = {
        "runs": len(have.runs), "populations": have.history,
        "ess": posterior.ess, "largest_weight": float(posterior.weights.max()), "log_evidence": have.log_evidence,
        "active": [prior.names[p] for p in active],
        "emulators": [
            {"target": t.id, "r2": p.r2, "spread": p.spread, "active": [prior.names[a] for a in p.active], "tail": float(np.mean(np.abs(p.noise) > 3))}
            for t, p in zip(likelihood.targets, emulator.each, strict=True)
        ],
        "not_ruled_out": _not_ruled_out(pool, likelihood),
        "parameters": _parameters(prior, posterior, emulated, abc),
        "targets": _targets(targets, before, have.runs, posterior),
        "tolerances": _tolerances(targets, have, designed_for),
        "readings": _readings(targets, have, designed_for, active),
        "leave_one_out": _named(checks.leave_one_out(posterior, have.statistics, likelihood, active), prior),
        "directions": [
            {"ratio": d.ratio, "parameters": [prior.names[p] for p in d.positions], "loadings": list(d.loadings)}
            for d in checks.directions(posterior, active)
        ],
        "pairs": [
            {"a": prior.names[a], "b": prior.names[b], "correlation": r} for a, b, r in checks.sloppy_pairs(posterior, active)[:12]
        ],
        "disagreement": {
            "emulated_abc": [{"parameter": prior.names[p], "sd": float(s)} for p, s in zip(active, apart, strict=True)],
            "emulated_population": [{"parameter": prior.names[p], "sd": float(s)} for p, s in zip(active, apart_pmc, strict=True)],
            "largest": float(apart.max()), "largest_population": float(apart_pmc.max()),
        },
        "years": bands(have.runs, posterior),
    }  # fmt: skip
    result["alarms"] = _alarms(result)
    return result, active


def _check_ess(posterior: Weighted) -> None:
    if posterior.ess < infer.LEAST_ESS:
        raise RunsError(
            f"the effective sample size is {posterior.ess:.0f}, below {infer.LEAST_ESS:.0f}: there are too few effective draws; "
            f"allow more populations, or check the targets (contradictory ones leave no run with a weight)"
        )


def _not_ruled_out(pool: Pool, likelihood: Likelihood) -> float:
    """Share of the prior where every measured target is within three sd (tolerance and emulator) of its report (history matching)."""
    kept = np.ones(len(pool.unit), dtype=bool)
    for i, t in enumerate(likelihood.targets):
        if t.kind in ("value", "ratio"):
            kept &= np.abs(pool.statistics[:, i] - t.observed) <= 3.0 * math.hypot(t.tolerance, float(pool.spread[i]))
        else:
            kept &= pool.statistics[:, i] > t.mark - 3.0 * math.hypot(t.width, float(pool.spread[i]))
    return float(kept.mean())


def _parameters(prior: Prior, posterior: Weighted, emulated: Weighted | None, abc: Weighted | None) -> list[dict[str, Any]]:
    """One row for each parameter: its label, prior and posterior, and the results of the two other methods."""
    mean, sd, quantiles = posterior.mean(), posterior.sd(), posterior.quantiles(QUANTILES)
    shown = prior.values(quantiles)
    edges = np.linspace(0.0, 1.0, 21)
    rows = []
    for j, name in enumerate(prior.names):
        declared = PARAMETERS[name]
        density = np.histogram(posterior.unit[:, j], edges, weights=posterior.weights)[0]
        ratio = float(sd[j] / UNIT_SD)
        piles_up = "low" if density[0] * 20 > PILED_UP else "high" if density[-1] * 20 > PILED_UP else ""
        rows.append({
            "parameter": name, "label": declared.label, "unit": declared.unit, "low": float(prior.low[j]), "high": float(prior.high[j]),
            "default": declared.default, "known": checks.label(ratio), "ratio": ratio, "mean": float(prior.values(mean)[0, j]),
            "quantiles": shown[:, j].tolist(), "density": density.tolist(), "piles_up": piles_up, "prior_basis": declared.source.basis,
            "emulated": _beside(emulated, j), "abc": _beside(abc, j), "unit_mean": float(mean[j]),
        })  # fmt: skip
    return rows


def _beside(other: Weighted | None, j: int) -> dict[str, float] | None:
    """Mean and remaining spread of coordinate ``j`` by another method (None without it)."""
    return None if other is None else {"mean": float(other.mean()[j]), "ratio": float(other.sd()[j] / UNIT_SD)}


def _targets(targets: Targets, before: list[dict[str, Any]], runs: Runs, posterior: Weighted) -> list[dict[str, Any]]:
    rows = []
    w = posterior.weights
    for t, prior in zip(targets, before, strict=True):
        z = t.statistic(runs)
        quantiles = quantiles_of(t, runs, w)
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


def _tolerances(targets: Targets, have: Populations, designed_for: Likelihood) -> list[dict[str, Any]]:
    """The two incomes and their ratio at other tolerances, from the same runs; empty where the two incomes are not fitted."""
    rows = []
    for tolerance in TOLERANCES:
        other = targets.with_tolerance("incomes", tolerance)
        likelihood = Likelihood(other.fit)
        posterior, _ = have.under(likelihood, designed_for, have.statistics)
        row: dict[str, Any] = {"tolerance": tolerance, "ess": posterior.ess}
        incomes = [t for t in other.fit if t.group == "incomes"]
        if len(incomes) != 2:
            return []
        poorer, richer = (t.natural(have.runs) for t in incomes)
        row["income_id"] = weighted_quantile(poorer, posterior.weights, QUANTILES).tolist()
        row["income_my"] = weighted_quantile(richer, posterior.weights, QUANTILES).tolist()
        row["ratio"] = weighted_quantile(richer / poorer, posterior.weights, QUANTILES).tolist()
        rows.append(row)
    return rows


def _readings(targets: Targets, have: Populations, designed_for: Likelihood, active: np.ndarray) -> list[dict[str, Any]]:
    """The chances of both readings if a report had meant another number, from the same runs."""
    rows = []
    for fitted, other in targets.readings:
        likelihood = targets.read_as(other.id)
        z = statistics(likelihood.targets, have.runs)
        posterior, evidence = have.under(likelihood, designed_for, z)
        if not posterior.ess > 0:  # no run agrees with it, or no run has a number
            both = {fitted.id: None, other.id: None}
            rows.append(
                {"target": fitted.id, "reading": other.id, "ess": 0.0, "log_evidence": None, "pass": both, "quantiles": both, "moves": []}
            )
            continue
        w, shift = posterior.weights, (posterior.mean() - have.posterior.mean()) / UNIT_SD
        z_other = other.statistic(have.runs)
        good = np.isfinite(z_other)
        might = {int(p) for p in (*active, *active_parameters(have.runs.unit[good], z_other[good]))}
        clear = max(0.2, 2.5 / math.sqrt(posterior.ess))  # shifts that may be due to chance in so many draws are left out
        moved = sorted((p for p in might if abs(shift[p]) >= clear), key=lambda p: -abs(shift[p]))
        rows.append({
            "target": fitted.id, "reading": other.id, "ess": posterior.ess, "log_evidence": evidence,
            "pass": {t.id: _passes(t, t.statistic(have.runs), w) for t in (fitted, other)},
            "quantiles": {t.id: quantiles_of(t, have.runs, w) for t in (fitted, other)},
            "moves": [{"parameter": have.runs.prior.names[p], "shift": float(shift[p])} for p in moved[:6]],
        })  # fmt: skip
    return rows


def _named(rows: list[dict[str, Any]], prior: Prior) -> list[dict[str, Any]]:
    return [
        r | {"moves": [{"parameter": prior.names[m["position"]], "shift": m["shift"], "width": m["width"]} for m in r["moves"]]}
        for r in rows
    ]


def bands(runs: Runs, posterior: Weighted) -> dict[str, Any]:
    """Bands of the outputs that the report draws, by year and side, for prior and posterior."""
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
    """The alarms of a fit, each with its figures."""
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
        if row["piles_up"]:
            found.append({"what": "piles_up", "value": row["piles_up"], "parameter": row["parameter"]})
    for row in result["readings"]:
        if row["ess"] < infer.LEAST_ESS:
            found.append({"what": "reading", "value": row["ess"], "target": row["reading"]})
    for row in result["leave_one_out"]:
        if not row["observed_inside"]:
            found.append({"what": "conflict", "target": row["target"], "value": row["ess"]})
    return found
