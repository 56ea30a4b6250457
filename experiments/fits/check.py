"""Can the posterior of a fit be trusted? ``check.json`` is written from the existing runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calibration import check as checks
from calibration.check_file import check_alarms, other_priors, plausible, predicted, sensitivity
from calibration.emulator import fit_emulator
from calibration.posterior import read_posterior_manifest
from calibration.priors import UNIT_SD
from experiments.files import write_json
from experiments.fits.asked import SWITCHED_OFF
from experiments.fits.fit import Fit, inference_version
from experiments.fits.populations import populations, single_threaded
from experiments.fits.predictive import central
from experiments.studies import plan


def check(fit: Fit, told: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Make ``check.json`` and return what it holds; the predictive runs must exist. ``told`` is called before each part that takes long."""
    with single_threaded():
        found = _check(fit, told or (lambda _: None))
    file = fit.folder / "posterior" / "manifest.json"
    write_json(file, read_posterior_manifest(file) | {"central": found["central"]})
    write_json(fit.folder / "check.json", found)  # last: where this file exists, everything before it does
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
    told("simulated truths")
    result["simulated_truths"] = [
        {
            "truth": [float(p.truth[q]) for q in p.positions], "parameters": [fit.prior.names[q] for q in p.positions], "mean": p.mean.tolist(),
            "sd": p.sd.tolist(), "off": p.off.tolist(), "known": [checks.label(float(sd / UNIT_SD)) for sd in p.sd],
        }
        for p in checks.simulated_truths(unit, z, likelihood, plausible(likelihood, z), seed)
    ]  # fmt: skip
    told("predictive")
    result["predictive"] = {
        name: predicted(fit.targets, fit.runs_of(fit.folder / "predictive" / name))
        for name in ("all", *SWITCHED_OFF)
        if (fit.folder / "predictive" / name).exists()
    }
    result["central"] = central(fit, [fit.prior.names[p] for p in positions])
    result["priors"] = other_priors(have, likelihood, seed)
    told("sensitivity")
    result["sensitivity"] = sensitivity(have, likelihood, seed)
    informed = {fit.prior.names[p] for p in positions if have.posterior.sd()[p] / UNIT_SD < checks.INFORMED}
    result["alarms"] = check_alarms(result, informed)
    return result
