"""What is in a fit folder? It is made and read here; each stage of a fit works from its files, so an interrupted stage can be repeated.

A fit folder holds ``manifest.json`` (settings and model version), ``targets.toml``, ``bank/`` and ``population-K/`` (study
folders, see :mod:`experiments.studies.plan`), ``population-K.npz`` (the proposal that the K-th population was drawn from), ``predictive/`` (draws run again with
new seeds, as they are and with mechanisms switched off), ``fit.json``, ``check.json`` and ``posterior/`` (what ships). Everything but the runs' times is a
function of the manifest and the targets, for any number of workers and of interruptions.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from abm.errors import shorten
from abm.reading import Listed, Name, OpenEntries, check, parse_json, read_bytes, read_text
from agents.core.declare import OUTPUTS
from calibration.conclude import DRAWN
from calibration.infer import Proposal
from calibration.likelihood import Likelihood
from calibration.priors import Prior
from calibration.runs import Runs
from calibration.targets import Targets
from experiments.files import write_json
from experiments.fits.asked import Asked, FitError, ShortName, prior_of
from experiments.options import is_there
from experiments.runs.identity import commit, model_version
from experiments.studies import plan
from experiments.studies.collect import collect
from experiments.studies.study import Study, Varied

KIND = "lintas fit"
FORMAT = 1
#: Modules that have no part in ``fit.json`` and ``check.json``.
NOT_INFERENCE = ("__init__.py", "adopt.py", "confirm.py", "cost.py", "files.py", "obtainable.py", "point.py", "worth.py")


class Manifest(OpenEntries):
    """What the manifest of a fit folder must hold."""

    model_version: ShortName
    asked: Asked
    region_hash: ShortName
    targets_hash: ShortName
    parameters: Annotated[tuple[ShortName, ...], Listed] = ()
    #: of a retarget: the folder of the fit whose runs were reweighted, and its own, as they were typed
    retargeted_from: Name | None = None
    folder: Name | None = None


def make(folder: Path, asked: Asked, targets: str | Path | None, command_line: list[str]) -> dict[str, Any]:
    """Plan a fit: the folder with its manifest, its targets and the plan of its prior runs. FitError for a folder that is not empty."""
    from importlib import resources

    from abm import Region
    from experiments.files import whole_folder
    from experiments.runs.folder import check_folder

    if is_there(folder / "manifest.json"):
        raise FitError(f"'{shorten(folder)}' is a fit already; continue it with 'lintas calibrate bank {folder}', or name a new folder")
    read = Targets.load(targets)
    if not read.fit:
        raise FitError("no target has the role fit: there is nothing to fit")
    for t in (*read.fit, *(other for _, other in read.readings)):
        last = max(r.last for r in (t.of, t.against) if r is not None)
        if last > int(asked.end[:4]):
            raise FitError(
                f"target '{t.id}' reads the year {last}, but the runs end in {asked.end}; use a later --end, or give the target another role"
            )
    prior = prior_of(asked)
    text = (
        resources.files("calibration").joinpath("data/targets.toml").read_text("utf-8")
        if targets is None
        else read_text(targets, "the target file", error=FitError)
    )
    check_folder(folder)
    manifest = {
        "kind": KIND, "format": FORMAT, "model_version": model_version(), "asked": asked.to_dict(),
        "region_hash": Region.load(asked.region).hash, "targets_hash": read.hash, "parameters": list(prior.names), "command_line": command_line,
        "commit": commit(), "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    with whole_folder(folder) as draft:
        (draft / "targets.toml").write_text(text, "utf-8")
        plan.make(bank_study(asked, prior), draft / "bank", command_line)
        write_json(draft / "manifest.json", manifest)
    return manifest


def bank_study(asked: Asked, prior: Prior) -> Study:
    """Runs spread evenly over the whole prior (a scrambled Sobol sequence), each with a seed of its own."""
    vary = tuple(
        Varied(n, float(low), float(high), "log" if shape == "log-uniform" else "linear")
        for n, low, high, shape in zip(prior.names, prior.low, prior.high, prior.shape, strict=True)
    )
    if "triangular" in prior.shape:  # no study design has this shape
        raise FitError("prior runs with a triangular prior are not possible yet: declare it uniform or log-uniform")
    return Study(
        name="bank", design="sobol", points=asked.points, seed=asked.seed, regions=(asked.region,), households=(asked.households,), end=asked.end,
        vary=vary, without=asked.without, record="yearly", fitted=False, common_draws=False, widen=asked.widen,
    )  # fmt: skip


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a fit folder, checked; FitError where it cannot be used."""
    file = folder / "manifest.json"
    if not os.path.lexists(file):
        raise FitError(
            f"'{shorten(folder)}' is no fit folder (no manifest.json); make one with 'lintas calibrate plan -o {shorten(folder)}'"
        )
    name = f"the manifest '{shorten(file)}'"
    said = parse_json(read_text(file, "the manifest", error=FitError), name, error=FitError)
    if not isinstance(said, dict) or said.get("kind") != KIND or said.get("format") != FORMAT:
        raise FitError(f"'{shorten(folder)}' is no fit folder of this lintas; make one with 'lintas calibrate plan'")
    check(Manifest, said, name, error=FitError, hint="; it was changed by hand, or lintas did not write it: make a new fit")
    return said


def is_retarget(manifest: Mapping[str, Any]) -> bool:
    """Whether a fit folder holds the reweighted runs of another fit and none of its own."""
    return manifest.get("retargeted_from") is not None


@dataclass
class Fit:
    """A fit folder, read."""

    folder: Path
    manifest: dict[str, Any]
    asked: Asked
    targets: Targets
    prior: Prior

    @classmethod
    def open(cls, folder: Path, *, any_model: bool = False) -> Fit:
        """Read the folder; FitError for runs of another model than this one (unless ``any_model``), other data, or changed targets."""
        from abm import Region

        manifest = read_manifest(folder)
        said = check(Manifest, manifest, "the manifest", error=FitError)
        asked = said.asked
        if is_retarget(manifest):
            raise FitError(
                f"'{shorten(folder)}' holds the runs of another fit, reweighted for other targets, and none of its own; 'lintas calibrate report' works "
                f"there, all other commands on the fit itself ({shorten(said.retargeted_from)})"
            )
        if not any_model:
            if said.model_version != model_version():
                raise FitError(
                    f"the prior runs in '{shorten(folder)}' belong to model {shorten(said.model_version)}, this is {model_version()}: they say nothing about "
                    f"this model; make a new fit with 'lintas calibrate plan -o FOLDER'"
                )
            if said.region_hash != Region.load(asked.region).hash:
                raise FitError(
                    f"the data of region '{shorten(asked.region)}' have changed since the fit in '{shorten(folder)}' was planned; make a new fit"
                )
        targets = Targets.load(folder / "targets.toml")
        if targets.hash != said.targets_hash:
            raise FitError(
                f"'{shorten(folder / 'targets.toml')}' was changed after the fit was planned; "
                f"use 'lintas calibrate retarget {shorten(folder)} --targets FILE -o NEW' to reweight the same runs for other targets"
            )
        prior = prior_of(asked)
        if said.parameters and said.parameters != prior.names:
            raise FitError(
                f"the manifest '{shorten(folder / 'manifest.json')}': its parameters do not match its settings; it was changed by hand, or lintas did "
                f"not write it: make a new fit"
            )
        return cls(folder, manifest, asked, targets, prior)

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood of the fitted targets."""
        return Likelihood(self.targets.fit)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs that targets read or figures show."""
        return tuple(dict.fromkeys((*self.targets.outputs, *(o for o in DRAWN if o in OUTPUTS))))

    def populations(self) -> list[Path]:
        """Study folders of the populations after the first, in order."""
        found: list[Path] = []
        while (self.folder / f"population-{len(found) + 1}.npz").exists():
            found.append(self.folder / f"population-{len(found) + 1}")
        return found

    def runs_of(self, folder: Path) -> Runs:
        """The runs of one study folder."""
        return Runs.read(collect(folder), self.prior, self.outputs)

    def proposal(self, number: int) -> Proposal:
        """The proposal of a population (counted from 1)."""
        file = self.folder / f"population-{number}.npz"
        try:
            # without pickles: the file may hold arrays of numbers only
            with np.load(io.BytesIO(read_bytes(file, "the proposal", error=FitError)), allow_pickle=False) as packed:
                arrays = dict(packed)
            found = Proposal.unpack(arrays, len(self.prior), len(self.targets.fit))
        except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
            raise FitError(
                f"the proposal '{shorten(file)}' is damaged ({shorten(error)}); the prior runs can still be used: remove population-* there and continue with "
                f"'lintas calibrate fit {shorten(self.folder)}'"
            ) from None
        told, now = arrays.get("probe"), found.log_density(self.likelihood, probe(len(self.prior)))
        if told is None or told.shape != now.shape or told.dtype.kind != "f" or not np.allclose(told, now, rtol=1e-6, atol=1e-6):
            raise FitError(
                f"population {number} of '{shorten(self.folder)}' was drawn by another version of the inference, so its weights would be "
                f"wrong; the prior runs can still be used: remove population-* there and continue with 'lintas calibrate fit {shorten(self.folder)}'"
            )
        return found


def probe(d: int) -> np.ndarray:
    """Points at which a proposal's density is stored when it is made, and compared when it is read, shape (64, d)."""
    return np.random.default_rng(0).random((64, d))


def inference_version() -> str:
    """Hash of the code that computes the posterior from runs: a result of other code is computed again."""
    from importlib import resources

    digest = hashlib.sha256()
    for package, pattern in (("abm.claims", "statistic.py"), ("calibration", "*.py"), ("experiments.fits", "*.py")):
        for path in sorted(Path(str(resources.files(package))).glob(pattern)):
            if path.name not in NOT_INFERENCE:
                digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]
