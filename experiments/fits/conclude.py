"""What did a fit find? ``fit.json`` and the posterior that ships are written from the existing runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from abm.writing import whole_file
from calibration import conclude as conclusions
from calibration.likelihood import Likelihood
from calibration.populations import Populations
from experiments.files import write_json
from experiments.fits.files import inference_of
from experiments.fits.fit import Fit, inference_version
from experiments.fits.populations import populations, single_threaded
from experiments.studies import plan


def conclude(fit: Fit) -> dict[str, Any]:
    """The posterior and all results that need no new runs; written to ``fit.json`` and ``posterior/``.

    Existing checks belong to the earlier result, so they are made again.
    """
    (fit.folder / "check.json").unlink(missing_ok=True)
    with single_threaded():
        have = populations(fit)
        found, active = result_of(fit, have, fit.likelihood)
        write_posterior(fit, have, active, found)
    write_json(fit.folder / "fit.json", found)
    return found


def result_of(fit: Fit, have: Populations, designed_for: Likelihood) -> tuple[dict[str, Any], np.ndarray]:
    """What ``fit.json`` holds, and the positions of the parameters that move a target.

    Arguments as of :func:`calibration.conclude.conclude`; the positions have shape (n,).
    """
    about = {
        "kind": "lintas fit result", "model_version": fit.manifest["model_version"], "inference": inference_version(), "region": fit.asked.region,
        "targets_hash": fit.targets.hash, "households": fit.asked.households, "without": list(fit.asked.without),
    }  # fmt: skip
    found, active = conclusions.conclude(fit.targets, have, designed_for, plan.seed_of(fit.asked.seed, 2000) % 2**32)
    return about | found, active


def is_concluded(fit: Fit) -> bool:
    """Whether ``fit.json`` exists and was made by this version of the inference."""
    return is_of_this_inference(fit.folder / "fit.json")


def is_checked(fit: Fit) -> bool:
    """Whether ``check.json`` exists and was made by this version of the inference."""
    return is_of_this_inference(fit.folder / "check.json")


def is_of_this_inference(path: Path) -> bool:
    """Whether a result exists and was made by this version of the inference."""
    return inference_of(path) == inference_version()


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
