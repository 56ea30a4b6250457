"""Which runs are needed to run scenarios over the draws of a posterior? Those of a study with ``design = "posterior"``, beside the results.

The study is the folder ``study`` of the results folder, from the first run on, so that the same command continues an interrupted one. A draw's
values are used like fitted values: they override the declared starting values, and what a scenario sets overrides them. Replicate r of draw k has the
same seed in every scenario; seeds of different draws differ.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import UserError, shorten
from experiments.files import folder_beside
from experiments.runs.folder import kind_of
from experiments.runs.identity import command_line, model_version
from experiments.studies.design_table import read_table
from experiments.studies.lock import only_driver
from experiments.studies.manifest import study_of
from experiments.studies.plan import check_size, make, table_in
from experiments.studies.plan_files import KIND, read_study_manifest
from experiments.studies.study import Record, Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior

#: The folder of the study inside the results folder.
FOLDER = "study"


@dataclass(frozen=True)
class OverDraws:
    """Scenarios that are run over draws of a posterior, with the same seeds in each."""

    posterior: Posterior
    scenarios: tuple[Scenario, ...]  #: of different names
    region: str  #: name of a shipped region, or a region folder
    draws: int
    replicates: int
    households: int
    seed: int
    record: Record = "yearly"

    def study(self, folder: Path) -> Study:
        """The study, with its paths in ``folder``."""
        return Study(
            name="draws", design="posterior", points=self.draws, replicates=self.replicates, seed=self.seed,
            scenarios=tuple(s.name for s in self.scenarios), regions=(whole_name(self.region),), households=(self.households,),
            record=self.record, table=str(table_in(folder)), fitted=False, as_fitted=True, widen=self.posterior.widen, seeds_in_order=True,
        )  # fmt: skip

    def arms(self) -> dict[str, Scenario]:
        """The scenarios by name, each with the widening of the posterior's priors."""
        return {s.name: replace(s, widen=max(s.widen, self.posterior.widen)) for s in self.scenarios}


def whole_name(region: str) -> str:
    """A region folder by its whole path, since workers may have another current folder; a shipped region by its name."""
    return str(Path(region).absolute()) if len(Path(region).parts) > 1 or os.path.isdir(region) else region


def prepare(folder: Path, asked: OverDraws, *, overwrite: bool = False) -> None:
    """Plan the study in ``folder``, unless the same study is there already; its rows are then kept.

    Refuses a folder that holds other runs, which ``overwrite`` removes if they are a study without a driver (StudyError).
    """
    prepare_study(folder, asked.study(folder), asked.arms(), asked.posterior.draws, overwrite=overwrite)


def prepare_study(folder: Path, study: Study, arms: Mapping[str, Scenario], table: pd.DataFrame, *, overwrite: bool = False) -> None:
    """The same for a study with its arms' scenarios by name and the table of its points (a column ``draw`` is left out of comparisons)."""
    check_size(study)
    if os.path.lexists(folder):
        if _is_same(folder, study, arms, table, overwrite):
            return
        if not overwrite or kind_of(folder) != KIND:
            raise StudyError(
                f"'{shorten(folder)}' holds the runs of another command; name another folder with --out, or replace it with --overwrite"
            )
        _remove(folder)
    make(study, folder, command_line(), arms, table=table)


def _is_same(folder: Path, study: Study, arms: Mapping[str, Scenario], table: pd.DataFrame, overwrite: bool) -> bool:
    """Whether a folder holds the same study: the same runs of the same model, data and draws; StudyError where it is damaged, unless ``overwrite``."""
    from abm import Region

    try:
        manifest = read_study_manifest(folder)
        there = study_of(manifest["study"])
        draws = read_table(there)
    except UserError as error:
        kind = kind_of(folder)
        if overwrite or not (kind == KIND or (kind is None and (folder / "manifest.json").exists())):
            return False
        # it is damaged: which runs it holds cannot be said
        raise StudyError(
            f"the study in '{shorten(folder)}' cannot be read ({error}); remove it, or name another folder with --out"
        ) from None
    wanted = table.drop(columns="draw", errors="ignore").astype(float)
    return (
        manifest["model_version"] == model_version()
        and json.dumps(replace(there, table=None).to_dict()) == json.dumps(replace(study, table=None).to_dict())
        and {n: s["hash"] for n, s in manifest["scenarios"].items()} == {n: s.hash for n, s in arms.items()}
        and [r["hash"] for r in manifest["regions"].values()] == [Region.load(name).hash for name in study.regions]
        and list(draws.columns) == list(wanted.columns)
        and bool((draws.to_numpy(float) == wanted.to_numpy()).all() if draws.shape == wanted.shape else False)
    )


def _remove(folder: Path) -> None:
    """Remove a study, unless it has a driver."""
    with only_driver(folder):
        pass
    aside = folder_beside(folder, "draft")  # if this process dies, the rest is removed with the next study here
    try:
        os.rename(folder, aside)
    except OSError as error:
        raise StudyError(f"cannot remove '{shorten(folder)}': {error.strerror or error}; name another folder with --out") from None
    shutil.rmtree(aside, ignore_errors=True)
