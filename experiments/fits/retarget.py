"""What does the posterior become with other targets? The runs of a fit are reweighted, without a new run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from abm.errors import shorten
from calibration.likelihood import Likelihood
from calibration.populations import Populations
from calibration.targets import Targets
from experiments.files import write_json
from experiments.fits.asked import FitError
from experiments.fits.conclude import result_of, write_posterior
from experiments.fits.fit import Fit
from experiments.fits.populations import populations, single_threaded
from experiments.studies import plan_files
from experiments.studies.manifest import study_of


def retarget(fit: Fit, targets: Targets, text: str, out: Path) -> dict[str, Any]:
    """Reweight the runs of a fit for other targets, without a new run; writes a separate fit result to ``out``.

    ``text`` is that of the file of ``targets``. FitError where ``out`` holds something, or the runs do not hold what the targets need.
    """
    from experiments.files import whole_folder
    from experiments.runs.folder import check_folder

    if not targets.fit:
        raise FitError("no target has the role fit: there is nothing to fit")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FitError(f"'{shorten(out)}' holds something already; name a new folder for the posterior under other targets")
    missing = [o for o in targets.outputs if o not in fit.runs_of(fit.folder / "bank").outputs and o not in _recorded(fit)]
    if missing:
        raise FitError(f"the prior runs did not record {missing[0]}; make a new fit for these targets")
    check_folder(out)
    wanted = replace(fit, targets=targets)
    with single_threaded():
        have = populations(fit)
        parts = [wanted.runs_of(fit.folder / "bank"), *(wanted.runs_of(f) for f in fit.populations()[: len(have.proposals)])]
        again = Populations.of(parts, have.proposals, Likelihood(targets.fit), fit.likelihood, [])
        result, active = result_of(wanted, again, fit.likelihood)
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
    return study_of(plan_files.read_study_manifest(fit.folder / "bank")["study"]).yearly_outputs()
