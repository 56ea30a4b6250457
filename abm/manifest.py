"""What was run? All that is needed to run it again, written down and read back."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from typing import Any

from abm.errors import ManifestError, UserError, shorten
from abm.reading import Name, OpenEntries, check
from abm.region import REGIONS, Region, regions
from abm.running import Run
from abm.scenario import Scenario
from abm.state import State

#: Packages whose versions a manifest names.
PACKAGES = ("lintas", "mesa", "numpy", "pandas", "networkx", "numba")


class RegionSaid(OpenEntries):
    """Which region a run was of."""

    id: Name
    hash: str
    where: str | None = None


class FittedSaid(OpenEntries):
    """The fitted values of a run, and the posterior they came from."""

    posterior: str | None = None
    parameters: dict[str, float] = {}  # noqa: RUF012


class RunManifest(OpenEntries):
    """The manifest of a run, as far as running it again needs it."""

    format: int = 1
    lintas: str
    scenario: dict[str, Any]
    region: RegionSaid
    fitted: FittedSaid = FittedSaid()
    households: int
    seed: int
    threads: int = 1
    rules_swapped: list[str] = []  # noqa: RUF012

    @classmethod
    def read(cls, said: Any) -> RunManifest:
        """The manifest, checked; ManifestError with one sentence on what is wrong."""
        if isinstance(said, Mapping) and isinstance(said.get("format", 1), int) and said.get("format", 1) != 1:
            raise ManifestError(f"the manifest has format {shorten(repr(said['format']))}; this lintas reads format 1 only")
        hint = ": it was changed by hand or cut off, or lintas did not write it"
        return check(cls, said, "the manifest", error=ManifestError, hint=hint)


def region_name(region: Region) -> str:
    """How to find a region again: its name where it ships, its folder otherwise."""
    return region.id if region.id in regions() and REGIONS / region.id == region.folder else str(region.folder)


def fitted_said(state: State) -> dict[str, Any]:
    """The fitted values of a run as plain data."""
    return {"posterior": state.fitted_from, "parameters": dict(state.fitted)}


@cache
def processor() -> dict[str, Any]:
    """The processor of this machine, as compilers name its kind, and which optional instructions it has (sorted).

    The last digit of an exponential or logarithm can depend on them, as numpy and the C library choose their code by them.
    """
    from llvmlite import binding

    features = sorted(name for name, has in binding.get_host_cpu_features().items() if has)
    return {"name": binding.get_host_cpu_name(), "features": features}


def write_manifest(run: Run) -> dict[str, Any]:
    """All that is needed to run this again, and what it was run with, as plain data."""
    scenario, region = run.own_scenario, run.region
    return {
        "format": 1,
        "lintas": metadata.version("lintas"),
        "scenario": scenario.to_dict(),
        "scenario_hash": scenario.hash,
        "region": {"id": region.id, "hash": region.hash, "where": region_name(region)},
        "fitted": fitted_said(run),
        "households": run.n_households,
        "seed": run.seed_of_run,
        "threads": run.threads,
        "rules_swapped": run.swapped,
        "switched_off": sorted(n for n, on in run.settings.on.items() if not on),
        "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
        "platform": platform.platform(),
        "processor": processor(),
    }


def run_again[R: Run](make: Callable[..., R], said: Mapping[str, Any], allow_other: bool) -> R:
    """The run that a manifest describes, before its first month; ManifestError for another version or other data unless ``allow_other``.

    ``make`` makes a run from what :class:`abm.simulation.Simulation` takes.
    """
    read = RunManifest.read(said)
    if read.rules_swapped:
        raise ManifestError(
            f"this run used rules of its own ({shorten(', '.join(read.rules_swapped))}): run it from the script that holds them"
        )
    here = metadata.version("lintas")
    if read.lintas != here and not allow_other:
        raise ManifestError(
            f"the manifest was written by lintas {shorten(read.lintas, 20)}, this is {here}: install that version to reproduce it"
        )
    try:
        region = Region.load(read.region.id if read.region.where is None else read.region.where)
    except UserError as exc:
        raise ManifestError(f"the manifest's region cannot be used: {exc}") from exc
    if read.region.hash != region.hash and not allow_other:
        raise ManifestError(
            f"the data of region '{region.id}' have changed since the manifest was written: the numbers would not be the same"
        )
    try:
        run = make(
            Scenario.from_dict(read.scenario),
            region=region,
            households=read.households,
            rng=read.seed,
            threads=read.threads,
            fitted=read.fitted.parameters,
        )
        run.fitted_from = read.fitted.posterior  # which the region may no longer name
        return run
    except UserError as exc:
        raise ManifestError(f"the manifest cannot be run again: {exc}") from exc
