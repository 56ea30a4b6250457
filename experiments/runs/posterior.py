"""May a posterior's draws be run with this model and these data, and which run do tables over its draws belong to?"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from calibration.posterior import Posterior, PosteriorError
from experiments.runs.identity import model_version

if TYPE_CHECKING:
    from abm import Region, Scenario

KIND = "lintas posterior results"
FORMAT = 1
#: Draws that may be asked for: the tables of all their runs are put together in memory.
MOST_DRAWS = 10_000


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


def run_said(posterior: Posterior, scenario: Scenario, region: Region, *, draws: int, households: int, seed: int) -> dict[str, Any]:
    """What the tables over the draws depend on, as the manifest says it."""
    return {
        "kind": KIND, "lintas": metadata.version("lintas"), "model_version": model_version(),
        "posterior": {k: posterior.manifest[k] for k in ("id", "model_version", "region", "region_hash", "households")},
        "scenario_hash": scenario.hash, "region": {"id": region.id, "hash": region.hash}, "households": households, "seed": seed, "draws": draws,
    }  # fmt: skip
