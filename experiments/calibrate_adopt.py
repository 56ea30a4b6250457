"""Make a fit the shipped one: the posterior goes into the package, its central draw becomes the region's fitted values."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from abm.errors import shorten
from calibration.posterior import Posterior
from experiments.calibrate import Fit, FitError, _write

#: What of a fit folder is shipped beside the posterior.
SHIPPED = ("fit.json", "check.json", "targets.toml")
MOST_BYTES = 5_000_000


def adopt(fit: Fit, region: Path | None = None, posteriors: Path | None = None) -> list[Path]:
    """Copy the posterior into ``calibration/posteriors/<region>`` and write the region's ``fitted.toml``; returns what was written.

    Refuses a fit that is not whole (no checks, no report), one without a mechanism or with widened priors, and one too large to ship.
    """
    if fit.asked.without or fit.asked.widen or fit.asked.names:
        raise FitError(
            "only a fit of the whole model with the declared priors can be adopted; this one leaves a mechanism out or changes the priors"
        )
    missing = [n for n in SHIPPED if not (fit.folder / n).exists()] + ([] if (fit.folder / "report").is_dir() else ["report/"])
    if missing:
        raise FitError(f"the fit in '{shorten(fit.folder)}' has no {missing[0]} yet; run 'lintas calibrate report {fit.folder}' first")
    source = [*(fit.folder / "posterior").iterdir(), *(fit.folder / n for n in SHIPPED), *(fit.folder / "report").iterdir()]
    here = Path(str(resources.files("abm"))) / "data" / "regions" / fit.asked.region if region is None else region
    if not here.is_dir():
        raise FitError(f"there is no region folder '{shorten(here)}' that could take the central draw; name one with --into")
    there = (Path(str(resources.files("calibration"))) / "posteriors" if posteriors is None else posteriors) / fit.asked.region
    draft = there.with_name(f".{there.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for path in source:
        if path.name in ("fit.json", "check.json"):  # six digits are enough to read, and a fifth of the size
            (draft / path.name).write_text(json.dumps(_short(json.loads(path.read_text("utf-8"))), separators=(",", ":")) + "\n", "utf-8")
        else:
            shutil.copyfile(path, draft / path.name)
    size = sum(p.stat().st_size for p in draft.iterdir())
    if size > MOST_BYTES:
        shutil.rmtree(draft)
        raise FitError(f"the posterior with its report is {size / 1e6:.1f} MB, more than the {MOST_BYTES / 1e6:.0f} MB that may ship")
    shutil.rmtree(there, ignore_errors=True)
    draft.rename(there)
    posterior = Posterior.load(there)
    lines = [
        "# Values fitted to the region's facts: the central draw of the posterior named below, for the parameters that the facts move.",
        "# Written by 'lintas calibrate adopt'; the draws, the report and what cannot be known stand in calibration/posteriors.",
        f'posterior = "{posterior.id}"',
        f'model_version = "{posterior.model_version}"',
        "",
        "[parameters]",
        *(f'"{name}" = {value!r}' for name, value in posterior.central().items()),
    ]
    _write(here / "fitted.toml", lambda path: path.write_text("\n".join(lines) + "\n", "utf-8"))
    return [there, here / "fitted.toml"]


def _short(said: Any) -> Any:
    """The same with numbers of six digits."""
    if isinstance(said, float):
        return float(f"{said:.6g}")
    if isinstance(said, dict):
        return {k: _short(v) for k, v in said.items()}
    return [_short(v) for v in said] if isinstance(said, list) else said
