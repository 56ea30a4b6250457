"""What is the outcome at each point of a study? Outcomes by arm, point and replicate, and how much of their differences is random.

The outcome of a point is its mean over replicates, which share their seeds, so that two points differ by what is varied and by random
differences that follow from it. Everything is read from the plan and the parts, so it works while the study runs: blocks of a design that are
not complete are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import shorten
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.studies.study import SWITCH, Study
from experiments.studies.target_names import SensitivityError, StudyTarget, target_of, targets_of
from experiments.words.languages import Numbers, Translate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Fewest blocks (trajectories, groups, points) for an analysis.
FEWEST = {"morris": 4, "sobol": 4, "shapley": 4, "rbd_fast": 64}
FEWEST_TO_DISCOVER = 40
FEW_BLOCKS, CONSTANT, FINE = "too few complete blocks", "does not vary", "ok"


@dataclass(frozen=True)
class Arm:
    """Scenario, region and number of households that an analysis is about."""

    scenario: str
    region: str
    households: int

    def words(self, _: Translate) -> str:
        """The arm in words."""
        return _("{scenario}, {region}, {n} households").format(
            scenario=short_name(self.scenario), region=short_name(self.region), n=self.households
        )


@dataclass(frozen=True)
class Base:
    """The data behind an analysis of one arm and outcome."""

    arm: Arm
    target: StudyTarget
    method: str
    status: str = FINE
    blocks: int = 0
    left_out: int = 0  #: blocks not complete: runs missing, failed, or without a number
    replicates: tuple[int, ...] = ()  #: those used
    mean: float = math.nan
    low: float = math.nan  #: lowest mean of a point
    high: float = math.nan
    noise: float = math.nan  #: share of the variance of single runs that differs between replicates of a point
    noise_left: float = math.nan  #: share of the variance of the points' means that is random

    def entry(self) -> dict[str, Any]:
        """As a row."""
        return {
            "scenario": self.arm.scenario, "region": self.arm.region, "households": self.arm.households, "target": self.target.key,
            "method": self.method, "status": self.status, "blocks": self.blocks, "left_out": self.left_out,
            "replicates": len(self.replicates), "mean": self.mean, "lowest": self.low, "highest": self.high,
            "noise_share": self.noise, "noise_left": self.noise_left,
        }  # fmt: skip


@dataclass
class StudyOutcomes:
    """The outcomes of a study: for each a number by arm, point and replicate (nan where there is none)."""

    study: Study
    names: tuple[str, ...]
    arms: tuple[Arm, ...]
    targets: tuple[StudyTarget, ...]
    values: dict[str, np.ndarray]
    points: np.ndarray  #: (points, names), values as planned
    same: np.ndarray  #: for each point the first with the same values, under which its runs are planned
    arm_rows: tuple[int, ...]  #: for each arm the first one with the same scenario and data
    n_replicates: int  #: replicates that the plan has

    @classmethod
    def read(cls, folder: Path, study: Study, wanted: Sequence[str] | None, *, mixed: bool = False) -> StudyOutcomes:
        """Read a study's parts, some thousands of runs at a time."""
        import numpy as np

        import abm.simulation  # noqa: F401  (registers every declaration: labels and outputs)
        from experiments.studies import collect, design
        from experiments.studies.drift import check_table
        from experiments.studies.plan_files import plan_batches, read_study_manifest

        manifest = read_study_manifest(folder)
        check_table(manifest)
        names = tuple(manifest["names"])
        arms = tuple(Arm(*a) for a in study.arms())
        points = design.points_of(study).to_numpy(float)
        n_replicates = max((int(np.max(b.column(0).to_numpy())) + 1 for b in plan_batches(folder, ["replicate"]) if b.num_rows), default=0)
        record = cls(study, names, arms, (), {}, points, _first_same(points), same_arms(manifest, study.arms()), n_replicates)
        if wanted is not None:
            for said in wanted:  # before anything is read: mistakes are reported even where there is no row yet
                target_of(said, study, manifest, None if study.measure else ())
        for table in collect.collected(folder, mixed=mixed):
            if not record.values:
                extra = [c for c in table.column_names if c not in collect.columns_of(manifest)]
                record.targets = targets_of(wanted, study, manifest, extra)
                record.values = {t.key: np.full((len(arms), len(points), n_replicates), np.nan) for t in record.targets}
            record._take(table)
        if not record.values:
            raise SensitivityError(f"'{shorten(folder)}' has no row yet: run it with 'lintas batch {shorten(folder)}'")
        return record

    def _take(self, table: Any) -> None:
        import numpy as np

        needed = ["run_id", "status", "scenario", "region", "households", "replicate", "point", *self.names]
        needed += [c for c in ("year", "side") if c in table.column_names]
        needed += sorted({t.key if t.is_column or t.summary is None else t.summary.output for t in self.targets} - set(needed))
        frame = table.select(needed).to_pandas()
        frame = frame[frame["status"] == "ok"]
        runs = frame.drop_duplicates("run_id")
        if runs.empty:
            return
        point = runs["point"].to_numpy(int)
        is_planned = (point >= 0) & (point < len(self.points))
        if not is_planned.all() or not np.allclose(self.points[point], runs[list(self.names)].to_numpy(float), rtol=1e-9, atol=1e-12):
            raise SensitivityError(
                "the points that this installation makes of the study's design are not those in its plan "
                "(another version of SciPy or SALib made them): analyse it with the versions in its manifest"
            )
        arm_of = {(a.scenario, a.region, a.households): k for k, a in enumerate(self.arms)}
        keys = list(zip(runs["scenario"], runs["region"], runs["households"].astype(int), strict=True))
        replicate = runs["replicate"].to_numpy(int)
        other = next((k for k in keys if k not in arm_of), None)
        if other is not None or (len(replicate) and not 0 <= replicate.min() <= replicate.max() < self.n_replicates):
            said = f"({shorten(', '.join(map(str, other)))}) " if other is not None else ""
            raise SensitivityError(f"the results hold runs {said}that the study does not have: they belong to another study")
        at = (np.array([arm_of[key] for key in keys]), point, replicate)
        for target in self.targets:
            self.values[target.key][at] = values_of(frame, target).reindex(runs["run_id"]).to_numpy(float)

    def complete(self, arm: Arm, target: StudyTarget, size: int, method: str) -> tuple[Base, np.ndarray, np.ndarray]:
        """Complete blocks of an arm and outcome, shape (blocks, points, replicates), their positions, and the data behind them.

        Points are compared on the same replicates, since those share their seeds. While replicates are being added, or where
        some failed, the replicates are used that keep the most runs.
        """
        import numpy as np

        values = self.values[target.key][self.arm_rows[self.arms.index(arm)]][self.same]
        cube = values.reshape(-1, size, values.shape[1])
        is_whole = np.isfinite(cube).all(axis=1)
        order = np.argsort(-is_whole.sum(axis=0), kind="stable")
        together = np.logical_and.accumulate(is_whole[:, order], axis=1).sum(axis=0)
        used = together * np.arange(1, len(order) + 1)
        n = int(np.argmax(used)) + 1 if len(order) else 0
        replicates = np.sort(order[:n])
        kept = np.flatnonzero(is_whole[:, replicates].all(axis=1))
        cube = cube[kept][:, :, replicates]
        fewest = FEWEST_TO_DISCOVER if method == "prim" else FEWEST[method]
        base = Base(arm, target, method, FINE, len(kept), len(values) // size - len(kept), tuple(replicates.tolist()))
        if len(kept) < fewest:
            return changed(base, status=FEW_BLOCKS), cube, kept
        means = cube.mean(axis=2)
        noise, left = noise_shares(cube.reshape(-1, n))
        base = changed(base, mean=float(means.mean()), low=float(means.min()), high=float(means.max()), noise=noise, noise_left=left)
        return base if varies(means) else changed(base, status=CONSTANT), cube, kept


def noise_shares(values: np.ndarray) -> tuple[float, float]:
    """Share of variance that is random, of single runs and of the points' means, from values of shape (points, replicates).

    What a seed adds equally at all points makes single runs differ, but not points, so it is removed from the second share.
    """
    import numpy as np

    n, r = values.shape
    if r < 2 or n < 2:
        return math.nan, math.nan
    means = values.mean(axis=1)
    within = float(values.var(axis=1, ddof=1).mean())
    rest = values - means[:, None] - values.mean(axis=0) + values.mean()
    chance = float((rest**2).sum()) / ((n - 1) * (r - 1)) / r
    between = float(means.var(ddof=1))
    effect = max(between - chance, 0.0)
    one = within / (within + effect) if within + effect > 0 else math.nan
    return one, float(np.clip(chance / between, 0.0, 1.0)) if between > 0 else math.nan


def values_of(frame: pd.DataFrame, target: StudyTarget) -> pd.Series:
    """The outcome of every run, by run id (as ``Summary.of`` takes it of one); runs without a number may be missing."""
    summary = target.summary
    if target.is_column or summary is None:
        return frame.drop_duplicates("run_id").set_index("run_id")[target.key]
    mine = frame[(frame["side"] == summary.side) & (frame["year"] >= summary.first) & (frame["year"] <= summary.last)]
    mine = mine[["run_id", "year", summary.output]].dropna().sort_values(["run_id", "year"], kind="stable")
    return mine.groupby("run_id")[summary.output].agg(summary.take)


def _first_same(points: np.ndarray) -> np.ndarray:
    """For each point the first one with the same values: a plan holds equal runs once."""
    import numpy as np

    if not points.size:
        return np.arange(len(points)) * 0
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    return first[inverse.ravel()]


def same_arms(manifest: Mapping[str, Any], arms: Sequence[tuple[str, str, int]]) -> tuple[int, ...]:
    """For each arm the first with the same scenario and data under another name: a plan holds their runs once."""
    from experiments.studies.drift import fitted_in

    keys = [(manifest["scenarios"][s]["hash"], manifest["regions"][r]["hash"], fitted_in(manifest, r), h) for s, r, h in arms]
    return tuple(keys.index(k) for k in keys)


def varies(values: np.ndarray) -> bool:
    """Whether numbers differ by more than rounding."""
    import numpy as np

    return bool(np.ptp(values) > 1e-12 * max(float(np.abs(values).max()), 1e-300))


def parameter_label(name: str, _: Translate) -> str:
    """The label of a varied name for display."""
    if name.startswith(SWITCH):
        said = SWITCHES.get(name[len(SWITCH) :])
        return _("switch: {what}").format(what=_(said)) if said else name
    return _(PARAMETERS[name].label) if name in PARAMETERS else name


def heading(part: Base, _: Translate) -> str:
    """Outcome and arm; a declared summary with its own name."""
    words = part.target.label(_, part.arm.region)
    named = [part.target.key] if part.target.is_column and part.target.key != words else []
    return " · ".join([*named, words, part.arm.words(_)])


def noise_words(base: Base, _: Translate, n: Numbers) -> list[str]:
    if len(base.replicates) < 2:
        return [_("With one replicate, chance cannot be told from effect.")]
    if not math.isfinite(base.noise):
        return []
    return [
        _("{share} of the variance of single runs is chance; in the means of {n} replicates {left} is left.").format(
            share=n.percent(base.noise),
            n=len(base.replicates),
            left=n.percent(base.noise_left),
        )
    ]


def too_few(folder: Path, part: Base, fewest: int, total: int) -> str:
    return (
        f"only {part.blocks} of {total} blocks of points are complete for '{part.target.key}', an analysis needs {fewest}: go on with "
        f"'lintas batch {shorten(folder)}' (or 'lintas retry'), or plan more points"
    )


def fields_of(base: Base) -> dict[str, Any]:
    return {name: getattr(base, name) for name in Base.__dataclass_fields__}


def changed(base: Base, **changes: Any) -> Base:
    return Base(**(fields_of(base) | changes))


def arm_cells(part: Base) -> tuple[str, str, int, str]:
    return part.arm.scenario, part.arm.region, part.arm.households, part.target.key


def plain(value: Any) -> Any:
    """A value for JSON, which has no nan."""
    if isinstance(value, str | int | bool) or value is None:
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def short_name(name: str) -> str:
    """A shipped name unchanged, a path by its last part."""
    return Path(name).stem if "/" in name or "\\" in name else name
