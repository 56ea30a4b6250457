"""What are the results of the checks of a fit? The parts of ``check.json`` that are computed from runs, and which of them raise alarms."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from calibration import infer
from calibration.conclude import QUANTILES, bands, in_its_unit, quantiles_of
from calibration.emulator import Emulator, fit_emulator
from calibration.infer import Pool, Weighted, weighted_quantile
from calibration.likelihood import Likelihood
from calibration.populations import Populations
from calibration.runs import Runs
from calibration.targets import Targets

#: Limits of the checks, set before any fit: largest error of the mean coverage of intervals, and that of each parameter (one in twenty may miss),
#: mean error of informed parameters in sd of the prior, distance of a simulated truth in sd of its posterior.
COVERAGE_90, COVERAGE_50, EACH_90 = 0.03, 0.05, 0.05
MOST_ERROR, MOST_OFF = 0.75, 2.0


def middle(numbers: np.ndarray, may: np.ndarray | None = None) -> int:
    """The draw nearest to the middle of all: the medoid in outcomes and effects of mechanisms, each in units of its own spread over the draws.

    ``numbers`` (draws, statistics) may hold numbers that are not finite, which count as the middle; a statistic that hardly differs is left out. ``may`` (draws,) says
    which draws may be chosen, all when left out. Of equal draws the first.
    """
    finite = np.isfinite(numbers)
    known = finite.any(axis=0)
    allowed = np.ones(len(numbers), dtype=bool) if may is None else np.asarray(may, dtype=bool)
    if not known.any():
        return int(np.argmax(allowed))
    filled = np.where(finite, numbers, np.nan)[:, known]
    low, at, high = np.nanquantile(filled, [0.16, 0.5, 0.84], axis=0)
    spread = 0.5 * (high - low)
    used = spread > 1e-9 * np.maximum(np.abs(at), 1.0)
    off = np.where(np.isnan(filled), at, filled)[:, used]
    # beyond three spreads a draw is no farther, so that one odd statistic does not decide
    off = np.clip((off - at[used]) / spread[used], -3.0, 3.0)
    far = (off * off).mean(axis=1) if off.shape[1] else np.zeros(len(numbers))
    return int(np.argmin(np.where(allowed, far, np.inf)))


def check_alarms(found: Mapping[str, Any], informed: Collection[str]) -> list[dict[str, Any]]:
    """The limits of the checks that are exceeded, each with its figure; ``informed`` names the informed parameters of the fit."""
    return [*(alarm for row in found["sbc"] for alarm in _alarms_of_a_method(row, informed)), *_alarms_of_truths(found["simulated_truths"])]


def _alarms_of_a_method(row: Mapping[str, Any], informed: Collection[str]) -> list[dict[str, Any]]:
    alarms: list[dict[str, Any]] = []
    name = {"method": row["method"]}
    chance = 1.0 / math.sqrt(row["n"])  # limits are for 256 truths; with fewer, chance alone exceeds them more often
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
    return alarms


def _alarms_of_truths(truths: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = sum(known == "informed" for row in truths for known in row["known"])
    far = max(MOST_OFF, float(norm.isf(0.025 / max(rows, 1))))  # among many rows, one is beyond two spreads by chance
    return [
        {"what": "simulated_truths", "value": off, "parameter": name, "number": number}
        for number, row in enumerate(truths, 1)
        for name, off, known in zip(row["parameters"], row["off"], row["known"], strict=True)
        if known == "informed" and off > far
    ]


def plausible(likelihood: Likelihood, z: np.ndarray, n: int = 3) -> list[int]:
    """Runs to use as simulated truths: positions of ``n`` of them, from the 10th to the 90th percentile by the first target.

    ``z`` holds the statistics, shape (runs, targets). Only runs are used that agree with every fact reported as a yes or no: in a run without a
    majority across, a report of one would mean something else.
    """
    good = np.isfinite(z).all(axis=1)
    for i, t in enumerate(likelihood.targets):
        if t.kind in ("threshold", "trend"):
            good &= z[:, i] > t.mark
    at = np.flatnonzero(good if good.sum() >= n else np.isfinite(z).all(axis=1))
    order = at[np.argsort(z[at, 0], kind="stable")]
    return [int(order[round(q * (len(order) - 1))]) for q in np.linspace(0.1, 0.9, n)]


def predicted(targets: Targets, runs: Runs) -> dict[str, Any]:
    """Each target in new runs: QUANTILES in the reader's unit and the share that agrees, None where no run has a number."""
    rows = {}
    for t in targets:
        z = t.statistic(runs)
        good = z[np.isfinite(z)]
        rows[t.id] = {
            "quantiles": quantiles_of(t, runs, np.ones(len(runs))) if len(good) else None,
            "pass": float(t.passes(good).mean()) if len(good) else None,
        }
    equal = Weighted(runs.unit, np.full(len(runs), 1.0 / len(runs)))
    return {"runs": len(runs), "targets": rows, "years": bands(runs, equal)}


def other_priors(have: Populations, likelihood: Likelihood, seed: int) -> list[dict[str, Any]]:
    """The posterior if the declared ranges had been narrower (the middle 60 %), by emulator: shows what depends on the width of the priors."""
    prior = have.runs.prior
    emulator: Emulator = fit_emulator(have.runs.unit, have.statistics)
    active = emulator.active
    rows = []
    for share in (1.0, 0.6):
        unit = np.random.default_rng(seed).random((infer.POOL, len(prior)))
        unit = 0.5 + share * (unit - 0.5)
        posterior = Pool(unit, emulator(unit), emulator.spread).posterior(likelihood)
        rows.append({
            "share": share, "ess": posterior.ess,
            "parameters": [{"parameter": prior.names[p], "mean": float(posterior.mean()[p]), "sd": float(posterior.sd()[p])} for p in active],
            "targets": [
                {"target": t.id, "quantiles": [in_its_unit(t, q) for q in weighted_quantile(pool_z, posterior.weights, QUANTILES)]}
                for t, pool_z in zip(likelihood.targets, emulator(unit).T, strict=True)
            ],
        })  # fmt: skip
    return rows


def sensitivity(have: Populations, likelihood: Likelihood, seed: int) -> list[dict[str, Any]]:
    """Total-order indices of each fitted target over the prior, from its emulator (SALib)."""
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    prior = have.runs.prior
    emulator = fit_emulator(have.runs.unit[: have.sizes[0]], have.statistics[: have.sizes[0]])
    rows = []
    for t, polynomial in zip(likelihood.targets, emulator.each, strict=True):
        k = len(polynomial.active)
        if k < 2:
            continue
        problem = {"num_vars": k, "names": [prior.names[a] for a in polynomial.active], "bounds": [[0.0, 1.0]] * k}
        points = sample.sample(problem, 1024, calc_second_order=False, seed=seed % 2**31)
        unit = np.full((len(points), len(prior)), 0.5)
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
