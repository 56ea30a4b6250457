"""How is a fit carried out? Bank of runs, populations of proposals, posterior, checks: each stage from files, so each can be killed.

A fit folder holds ``manifest.json`` (what was asked for, and of which model), ``targets.toml``, ``bank/`` and ``population-K/`` (study
folders, see :mod:`experiments.studies.plan`), ``population-K.npz`` (the proposal that the K-th population was drawn from), ``predictive/`` (draws run again with
new seeds, mechanisms switched off beside), ``fit.json``, ``check.json`` and ``posterior/`` (what ships). Everything but the runs' times is a
function of the manifest and the targets, whatever the number of workers and however often a stage was interrupted.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

from abm.errors import UserError, shorten
from abm.model import MOST_HOUSEHOLDS
from abm.reading import Entries, Listed, Name, OpenEntries, check, parse_json, read_bytes, read_text
from agents.core.declare import OUTPUTS, PARAMETERS, near
from calibration import infer
from calibration.infer import Proposal, Weighted
from calibration.likelihood import Likelihood, statistics
from calibration.priors import Prior
from calibration.runs import Runs
from calibration.targets import Targets
from experiments.execution.drive import Report, StudyProgress, drive
from experiments.execution.engine import Engine
from experiments.files import whole_file, write_json
from experiments.options import DEFAULT_REGION, is_there
from experiments.runs.identity import command_line, commit, model_version
from experiments.studies import plan
from experiments.studies.collect import collect
from experiments.studies.study import Study, Varied

KIND = "lintas fit"
FORMAT = 1
#: Limits of what may be asked: runs of a bank or a population, populations, seed, truths of the checks, draws run again.
MOST_POINTS, MOST_POPULATIONS, MOST_SEED, MOST_TESTS, MOST_DRAWS = 2**20, 100, 2**62, 100_000, 1_000_000
#: Tolerances of the incomes at which results are published beside the declared one.
TOLERANCES = (0.05, 0.10, 0.20)
#: Outputs that the report draws, whatever the targets read.
DRAWN = (
    "income_per_capita", "income_ratio", "care_share_across", "care_share_across_near", "visits_across_per_1000", "visits_primary_across",
    "visits_hospital_across", "visits_primary_home", "visits_hospital_home", "untreated_share", "poverty_rate", "workers_across",
)  # fmt: skip
#: Modules that have no part in ``fit.json`` and ``check.json``.
NOT_INFERENCE = ("__init__.py", "adopt.py", "confirm.py", "cost.py", "files.py", "point.py")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Mechanisms that predictive runs are repeated without.
SWITCHED_OFF = ("puskesmas_programme", "kinship", "cross_border_work", "cross_border_care", "infrastructure_investment", "crisis")


class FitError(UserError):
    """A fit that cannot be made or continued."""


def _month(text: str) -> str:
    from abm.parameters import month_index

    month_index(text, "the month")
    if not text.endswith("-12"):
        raise ValueError(f"{text}: yearly numbers need whole years, so end a fit in a December")
    return text


def _power_of_two(n: int) -> int:
    if n & (n - 1):
        raise ValueError(
            f"{n}: a Sobol sequence is balanced at powers of two only; use {2 ** (n.bit_length() - 1)} or {2 ** n.bit_length()}"
        )
    return n


def _once[T](said: tuple[T, ...]) -> tuple[T, ...]:
    names = [s[0] if isinstance(s, tuple) else s for s in said]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"'{shorten(name)}' stands there twice; keep one")
    return said


def _range(said: tuple[str, float, float]) -> tuple[str, float, float]:
    name, low, high = said
    if not low < high:
        raise ValueError(
            f"the prior of '{shorten(name)}' has no width ({low:g} to {high:g}): nothing can be learned about it; write LOW:HIGH, the lower first"
        )
    return said


_Name = Annotated[Name, Field(max_length=200)]
_Once = AfterValidator(_once)


class Asked(Entries):
    """What a fit was asked to be; everything that its numbers depend on besides model, data and targets."""

    region: Name = DEFAULT_REGION
    points: Annotated[int, Field(ge=64, le=MOST_POINTS), AfterValidator(_power_of_two)] = 2048
    population: Annotated[int, Field(ge=32, le=MOST_POINTS)] = 1024
    most_populations: Annotated[int, Field(ge=0, le=MOST_POPULATIONS)] = 6
    households: Annotated[int, Field(ge=60, le=MOST_HOUSEHOLDS)] = 2000
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] = 1
    end: Annotated[Name, AfterValidator(_month)] = "2015-12"
    without: Annotated[tuple[_Name, ...], Listed, _Once] = ()
    names: Annotated[tuple[_Name, ...], Listed, _Once] = ()  #: parameters that vary; all uncertain ones when empty
    #: priors other than the declared ones
    ranges: Annotated[tuple[Annotated[tuple[_Name, float, float], Listed, AfterValidator(_range)], ...], Listed, _Once] = ()
    widen: Annotated[float, Field(ge=0, le=1)] = 0.0
    tests: Annotated[int, Field(ge=20, le=MOST_TESTS)] = 256
    draws: Annotated[int, Field(ge=10, le=MOST_DRAWS)] = 200

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json")


class Manifest(OpenEntries):
    """What the manifest of a fit folder must hold."""

    model_version: _Name
    asked: Asked
    region_hash: _Name
    targets_hash: _Name
    parameters: Annotated[tuple[_Name, ...], Listed] = ()
    #: of a retarget: the folder of the fit whose runs were weighed, and its own, as they were typed
    retargeted_from: Name | None = None
    folder: Name | None = None


# --- the fit folder ---------------------------------------------------------------------------------------------------------------


def make(folder: Path, asked: Asked, targets: str | Path | None, command_line: list[str]) -> dict[str, Any]:
    """Plan a fit: the folder with its manifest, its targets and the plan of its bank. Refuses a folder that holds anything."""
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
                f"target '{t.id}' reads the year {last}, but the runs end in {asked.end}; use a later --end, or another role for it"
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


def prior_of(asked: Asked) -> Prior:
    """The priors of what varies, as declared or widened."""
    prior = Prior.of(asked.names or None)
    wide = {n: PARAMETERS[n].widened(asked.widen) for n in prior.names}
    for name, low, high in asked.ranges:
        if name not in prior.names:
            raise FitError(f"the prior of '{shorten(name)}' is given, but it is not fitted; {near(name, prior.names)}")
        if not wide[name][0] <= low < high <= wide[name][1]:
            raise FitError(
                f"the prior of '{name}' ({low:g} to {high:g}) leaves its declared range {wide[name][0]:g} to {wide[name][1]:g}; see --widen"
            )
        wide[name] = (low, high)
    return Prior.of(prior.names, wide)


def bank_study(asked: Asked, prior: Prior) -> Study:
    """Runs spread evenly over the whole prior (a scrambled Sobol sequence), each with a seed of its own."""
    vary = tuple(
        Varied(n, float(low), float(high), "log" if shape == "log-uniform" else "linear")
        for n, low, high, shape in zip(prior.names, prior.low, prior.high, prior.shape, strict=True)
    )
    if "triangular" in prior.shape:  # no study design knows this shape
        raise FitError("a triangular prior cannot be put into a bank yet: declare it uniform or log-uniform")
    return Study(
        name="bank", design="sobol", points=asked.points, seed=asked.seed, regions=(asked.region,), households=(asked.households,), end=asked.end,
        vary=vary, without=asked.without, record="yearly", fitted=False, common_draws=False, widen=asked.widen,
    )  # fmt: skip


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a fit folder, each entry of the kind that it has there."""
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
    """Whether a fit folder holds the runs of another fit weighed by other targets, and none of its own."""
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
        """Read the folder; refuses runs of another model than this one, whose numbers would not belong to it."""
        from abm import Region

        manifest = read_manifest(folder)
        said = check(Manifest, manifest, "the manifest", error=FitError)
        asked = said.asked
        if is_retarget(manifest):
            raise FitError(
                f"'{shorten(folder)}' holds the runs of another fit weighed by other targets and has none of its own; 'lintas calibrate report' works "
                f"there, all else on the fit itself ({shorten(said.retargeted_from)})"
            )
        if not any_model:
            if said.model_version != model_version():
                raise FitError(
                    f"the bank in '{shorten(folder)}' belongs to model {shorten(said.model_version)}, this is {model_version()}: its runs say nothing of "
                    f"this model; make a new fit with 'lintas calibrate plan -o FOLDER'"
                )
            if said.region_hash != Region.load(asked.region).hash:
                raise FitError(
                    f"the data of region '{shorten(asked.region)}' have changed since the bank in '{shorten(folder)}' was planned; make a new fit"
                )
        targets = Targets.load(folder / "targets.toml")
        if targets.hash != said.targets_hash:
            raise FitError(
                f"'{shorten(folder / 'targets.toml')}' was changed after the fit was planned; "
                f"use 'lintas calibrate retarget {shorten(folder)} --targets FILE -o NEW' to weigh the same runs by other targets"
            )
        prior = prior_of(asked)
        if said.parameters and said.parameters != prior.names:
            raise FitError(
                f"the manifest '{shorten(folder / 'manifest.json')}': its parameters are not those that it asks for; it was changed by hand, or lintas did "
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
            # without pickles: what a file of arrays may hold is numbers
            with np.load(io.BytesIO(read_bytes(file, "the proposal", error=FitError)), allow_pickle=False) as packed:
                arrays = dict(packed)
            found = Proposal.unpack(arrays, len(self.prior), len(self.targets.fit))
        except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
            raise FitError(
                f"the proposal '{shorten(file)}' is damaged ({shorten(error)}); the bank stays good: remove population-* there and continue with "
                f"'lintas calibrate fit {shorten(self.folder)}'"
            ) from None
        told, now = arrays.get("probe"), found.log_density(self.likelihood, probe(len(self.prior)))
        if told is None or told.shape != now.shape or told.dtype.kind != "f" or not np.allclose(told, now, rtol=1e-6, atol=1e-6):
            raise FitError(
                f"population {number} of '{shorten(self.folder)}' was drawn by another way of inference than this lintas has, so its weights would be "
                f"wrong; the bank stays good: remove population-* there and continue with 'lintas calibrate fit {shorten(self.folder)}'"
            )
        return found


def probe(d: int) -> np.ndarray:
    """Places at which a proposal's density is written down when it is made, and compared when it is read, shape (64, d)."""
    return np.random.default_rng(0).random((64, d))


def inference_version() -> str:
    """Identity of the code that turns runs into what is known of the parameters: a result of other code is concluded again."""
    from importlib import resources

    digest = hashlib.sha256()
    for package, pattern in (("abm.claims", "statistic.py"), ("calibration", "*.py"), ("experiments.fits", "*.py")):
        for path in sorted(Path(str(resources.files(package))).glob(pattern)):
            if path.name not in NOT_INFERENCE:
                digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]


# --- stages ------------------------------------------------------------------------------------------------------------------------

EngineOf = Callable[[Path], Callable[[], Engine]]
Tell = Callable[[StudyProgress], None]


def run_bank(fit: Fit, engine: EngineOf, tell: Tell | None = None) -> Report:
    """Run what the bank lacks."""
    return drive(fit.folder / "bank", engine(fit.folder / "bank"), progress=tell)


@dataclass
class Populations:
    """All runs so far with their exact weights."""

    runs: Runs
    statistics: np.ndarray  #: of the fitted targets
    posterior: Weighted
    log_evidence: float
    sizes: list[int]
    proposals: list[Proposal]
    history: list[dict[str, Any]]

    def weigh(self, likelihood: Likelihood, designed_for: Likelihood, statistics_: np.ndarray) -> tuple[Weighted, float]:
        """The posterior under another likelihood, from the same runs."""
        return infer.mixture_weights(self.runs.unit, likelihood(statistics_), self.sizes, self.proposals, designed_for)


def populations(fit: Fit) -> Populations:
    """Read all populations that are complete and weigh them."""
    likelihood, bank = fit.likelihood, fit.runs_of(fit.folder / "bank")
    parts, proposals = [bank], []
    have = _weigh(likelihood, parts, proposals, [])
    for number, folder in enumerate(fit.populations(), 1):
        if not (folder / "manifest.json").exists() or _missing(folder):
            break
        parts.append(fit.runs_of(folder))
        proposals.append(fit.proposal(number))
        have = _weigh(likelihood, parts, proposals, have.history)
    return have


def _weigh(likelihood: Likelihood, parts: list[Runs], proposals: list[Proposal], history: list[dict[str, Any]]) -> Populations:
    runs, sizes = Runs.join(parts), [len(p) for p in parts]
    z = statistics(likelihood.targets, runs)
    posterior, evidence = infer.mixture_weights(runs.unit, likelihood(z), sizes, proposals, likelihood)
    step = {"runs": len(runs), "ess": posterior.ess, "largest_weight": float(posterior.weights.max()), "log_evidence": evidence}
    return Populations(runs, z, posterior, evidence, sizes, list(proposals), [*history, step])


def _missing(folder: Path) -> int:
    from experiments.studies.collect import status

    return status(folder).missing


def is_enough(posterior: Weighted) -> bool:
    """Whether the draws will do."""
    return posterior.ess >= infer.ENOUGH_ESS and float(posterior.weights.max()) <= infer.MOST_WEIGHT


def run_populations(
    fit: Fit, engine: EngineOf, tell: Tell | None = None, told: Callable[[dict[str, Any]], None] | None = None
) -> Populations:
    """Population after population until the draws will do."""
    have = populations(fit)
    if told is not None:
        told(have.history[-1])
    while not is_enough(have.posterior) and len(have.proposals) < fit.asked.most_populations:
        number = len(have.proposals) + 1
        _plan_population(fit, have, number)
        folder = fit.folder / f"population-{number}"
        drive(folder, engine(folder), progress=tell)
        have = populations(fit)
        if len(have.proposals) < number:
            raise FitError(f"population {number} is not complete: 'lintas status {folder}' shows what is missing")
        if told is not None:
            told(have.history[-1])
    return have


def _plan_population(fit: Fit, have: Populations, number: int) -> None:
    """Write the proposal and the plan of the next population, unless they are there."""
    import pandas as pd

    npz, folder = fit.folder / f"population-{number}.npz", fit.folder / f"population-{number}"
    if npz.exists() and (folder / "manifest.json").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    with single_threaded():
        seed = plan.seed_of(fit.asked.seed, 1000 + number)
        proposal, _ = infer.next_proposal(have.runs.unit, have.statistics, fit.likelihood, seed % 2**32)
        unit = proposal.draw(fit.likelihood, fit.asked.population, len(fit.prior), (seed + 1) % 2**32)
    density = proposal.log_density(fit.likelihood, probe(len(fit.prior)))
    table = fit.folder / f"population-{number}.parquet"
    with whole_file(table) as out:
        pd.DataFrame(fit.prior.values(unit), columns=list(fit.prior.names)).to_parquet(out)
    study = replace(
        bank_study(fit.asked, fit.prior),
        name=f"population-{number}",
        design="list",
        points=1,
        vary=(),
        table=str(table.absolute()),
        seed=seed % 2**31,
    )
    plan.make(study, folder, command_line())
    with whole_file(npz) as out:
        np.savez(out, probe=density, **proposal.pack())  # type: ignore[arg-type]


def single_threaded() -> Any:
    """Sums in one order, whatever the number of cores."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
