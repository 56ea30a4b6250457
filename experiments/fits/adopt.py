"""How does a fit become the shipped one? Its posterior is copied into the package, its central draw becomes the region's fitted values."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from abm.errors import shorten
from calibration.infer import ENOUGH_ESS
from calibration.posterior import Posterior
from experiments.files import whole_folder, write_file
from experiments.fits.asked import Asked, FitError
from experiments.fits.confirm import write_numbers
from experiments.fits.files import CHECK, FIT, check_against, read_result
from experiments.fits.fit import Fit

#: What of a fit folder is shipped beside the posterior.
SHIPPED = ("fit.json", "check.json", "targets.toml")
MOST_BYTES = 7_000_000


def adopt(fit: Fit, region: Path | None = None, posteriors: Path | None = None) -> list[Path]:
    """Copy the posterior into ``calibration/posteriors/<region>`` and write the region's ``fitted.toml``; returns what was written.

    FitError for a fit that is incomplete (no checks, no report, no central draw), that differs in its settings from the shipped one (without a
    mechanism, other priors, other targets, other years), that has too few effective draws, or that is too large to ship.
    """
    from abm import Region
    from calibration.targets import Targets

    if fit.asked.without or fit.asked.widen or fit.asked.names or fit.asked.ranges or fit.targets.hash != Targets.load().hash:
        raise FitError(
            "only a fit of the whole model with the declared priors and the shipped targets can be adopted; this one has other settings"
        )
    if fit.asked.end != Asked().end:
        raise FitError(f"the fit ends in {fit.asked.end}; one that is adopted covers the whole history, to {Asked().end}")
    missing = [n for n in SHIPPED if not (fit.folder / n).exists()] + ([] if (fit.folder / "report").is_dir() else ["report/"])
    if missing:
        raise FitError(f"the fit in '{shorten(fit.folder)}' has no {missing[0]} yet; run 'lintas calibrate report {fit.folder}' first")
    results = {"fit.json": read_result(fit.folder / "fit.json", FIT), "check.json": read_result(fit.folder / "check.json", CHECK)}
    check_against(results["fit.json"], fit.targets, fit.folder / "fit.json")
    found = Posterior.load(fit.folder / "posterior")
    manifest = found.manifest
    if not manifest.get("central"):
        raise FitError(f"the fit in '{shorten(fit.folder)}' has no central draw yet; run 'lintas calibrate check {fit.folder}' first")
    central = found.central()
    if not manifest.get("ess", 0.0) >= ENOUGH_ESS:
        raise FitError(f"the effective sample size is {manifest.get('ess', 0.0):.0f}; a posterior that ships has at least {ENOUGH_ESS:.0f}")
    name = Region.load(fit.asked.region).id
    here = Path(str(resources.files("abm"))) / "data" / "regions" / name if region is None else region
    if not here.is_dir():
        raise FitError(f"there is no region folder '{shorten(here)}' for the central draw; name one with --into")
    there = (Path(str(resources.files("calibration"))) / "posteriors" if posteriors is None else posteriors) / name
    if there.exists() and not (there / "draws.parquet").exists():
        raise FitError(f"'{shorten(there)}' holds something other than a posterior, so it is not replaced")
    with whole_folder(there, keep=False, hint="") as draft:
        _copy(fit.folder, draft, results)
    posterior = Posterior.load(there)
    lines = [
        "# Values fitted to the region's facts: the central draw of the posterior named below, for the parameters that the facts move.",
        "# Written by 'lintas calibrate adopt'; the draws, the report and what cannot be known are in calibration/posteriors.",
        f'posterior = "{posterior.id}"',
        f'model_version = "{posterior.model_version}"',
        "",
        "[parameters]",
        *(f'"{name}" = {value!r}' for name, value in central.items()),
    ]
    write_file(here / "fitted.toml", ("\n".join(lines) + "\n").encode())
    return [there, here / "fitted.toml"]


def _copy(folder: Path, draft: Path, results: Mapping[str, Any]) -> None:
    """Copy the files of a fit folder that ship into an empty folder; FitError where they are too large."""
    source = [folder / "posterior" / n for n in ("draws.parquet", "manifest.json")] + [folder / n for n in SHIPPED]
    for path in [*source, *sorted((folder / "report").glob("report*.html"))]:
        if path.name in results:  # six digits are enough to read, and a fifth of the size
            (draft / path.name).write_text(json.dumps(_short(results[path.name]), separators=(",", ":")) + "\n", "utf-8")
        else:
            shutil.copyfile(path, draft / path.name)
    write_numbers(draft)
    size = sum(p.stat().st_size for p in draft.iterdir())
    if size > MOST_BYTES:
        raise FitError(f"the posterior with its report is {size / 1e6:.1f} MB, more than the {MOST_BYTES / 1e6:.0f} MB that may ship")


def _short(said: Any) -> Any:
    """The same data with numbers rounded to six digits."""
    if isinstance(said, float):
        return float(f"{said:.6g}")
    if isinstance(said, dict):
        return {k: _short(v) for k, v in said.items()}
    return [_short(v) for v in said] if isinstance(said, list) else said
