"""What drives the differences between the runs of a study? Sensitivity indices, and the corner where an outcome is met.

A study's design says which analysis suits it: ``morris`` a screening by elementary effects, ``saltelli`` first and total
order indices, ``shapley`` shares of variance, ``lhs`` and ``sobol`` first-order indices from given points (RBD-FAST: it
takes any space-filling sample, its indices read like the first order of ``saltelli``, and it needs no density estimate). All
are SALib's. The outcome of a point is its mean over replicates, which share their seeds, so that two points differ by
what is varied and by chance that the variation stirred up. How much of that chance is left is always reported.

Everything is made from the plan and the parts, so it works while the study runs: blocks of a design that are not complete
are left out and counted.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from abm.errors import UserError, shorten
from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES, near
from experiments.languages import Numbers, Translate, check_language, mark, translator
from experiments.study import SIDES, SWITCH, Study, Summary, Take

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Which designs a method can be used with.
METHODS: dict[str, tuple[str, ...]] = {"morris": ("morris",), "sobol": ("saltelli",), "shapley": ("shapley",), "rbd_fast": ("lhs", "sobol")}
#: What each method measures; parameters are ranked by the first.
MEASURES: dict[str, dict[str, str]] = {
    "morris": {"mu_star": mark("mean size of the effect"), "sigma": mark("spread of the effect"), "mu": mark("mean effect")},
    "sobol": {"ST": mark("total order"), "S1": mark("first order")},
    "shapley": {"share": mark("Shapley share")},
    "rbd_fast": {"S1": mark("first order")},
}
TAKES: dict[str, str] = {
    "mean": mark("mean"), "sum": mark("sum"), "min": mark("lowest"), "max": mark("highest"),
    "first": mark("first year"), "last": mark("last year"),
}  # fmt: skip
DIRECTIONS = ("above", "below")
#: Blocks (trajectories, groups, points) below which nothing can be said.
FEWEST = {"morris": 4, "sobol": 4, "shapley": 4, "rbd_fast": 64}
FEWEST_TO_DISCOVER = 40
LEVEL = 0.95
Z = 1.959963984540054
RESAMPLES = 1000
#: Resamples that call SALib's estimator as a whole (over trajectories of Morris, over replicates).
WHOLE_RESAMPLES = 200
#: A limit of a box that chance would give as well more often than this is dropped.
QUASI_P = 0.05
FEW_BLOCKS, CONSTANT, FINE = "too few complete blocks", "does not vary", "ok"


class SensitivityError(UserError):
    """A study that cannot be analysed, or not in the way asked for."""


@dataclass(frozen=True)
class Target:
    """An outcome: a column of the collected table, or a summary taken from the yearly record."""

    key: str
    summary: Summary | None = None
    is_column: bool = False

    def label(self, _: Translate, region: str) -> str:
        """The outcome in words."""
        if self.summary is None:
            return self.key
        s = self.summary
        what = _(OUTPUTS[s.output].label) if s.output in OUTPUTS else s.output
        years = str(s.first) if s.first == s.last else _("{first}–{last}").format(first=s.first, last=s.last)
        side = side_name(region, s.side)
        if s.take == "mean":
            return _("{what}, {side}, {years}").format(what=what, side=_(side), years=years)
        return _("{what}, {side}, {years} ({take})").format(what=what, side=_(side), years=years, take=_(TAKES[s.take]))


@dataclass(frozen=True)
class Arm:
    """Scenario, region and size of world that an analysis is about."""

    scenario: str
    region: str
    households: int

    def words(self, _: Translate) -> str:
        """The arm in words."""
        return _("{scenario}, {region}, {n} households").format(
            scenario=_short(self.scenario), region=_short(self.region), n=self.households
        )


@dataclass(frozen=True)
class Base:
    """What an analysis of one arm and outcome rests on."""

    arm: Arm
    target: Target
    method: str
    status: str = FINE
    blocks: int = 0
    left_out: int = 0  #: blocks not complete: runs missing, failed, or without a number
    replicates: tuple[int, ...] = ()  #: those used
    mean: float = math.nan
    low: float = math.nan  #: lowest mean of a point
    high: float = math.nan
    noise: float = math.nan  #: share of the variance of single runs that differs between replicates of a point
    noise_left: float = math.nan  #: share of the variance of the points' means that is chance

    def entry(self) -> dict[str, Any]:
        """As a row."""
        return {
            "scenario": self.arm.scenario, "region": self.arm.region, "households": self.arm.households, "target": self.target.key,
            "method": self.method, "status": self.status, "blocks": self.blocks, "left_out": self.left_out,
            "replicates": len(self.replicates), "mean": self.mean, "lowest": self.low, "highest": self.high,
            "noise_share": self.noise, "noise_left": self.noise_left,
        }  # fmt: skip


@dataclass(frozen=True)
class Part(Base):
    """The indices of one arm and outcome: for each measure estimate, low and high end, in the order of ``names``."""

    names: tuple[str, ...] = ()
    floor: float = math.nan  #: what chance alone would give to the first measure of a parameter without effect
    indices: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict)

    @property
    def measure(self) -> str:
        """What parameters are ranked by."""
        return next(iter(MEASURES[self.method]))

    def stands_out(self, k: int) -> bool:
        """Whether the interval of a parameter lies above what chance alone would give."""
        return bool(self.indices[self.measure][1][k] > (self.floor if math.isfinite(self.floor) else 0.0))

    def entry(self) -> dict[str, Any]:
        """As a row."""
        return super().entry() | {"floor": self.floor}

    def ranked(self) -> list[int]:
        """Positions of the parameters, most influential first."""
        estimate = self.indices[self.measure][0].tolist()
        return sorted(range(len(self.names)), key=lambda k: (-_or_lowest(estimate[k]), k))


@dataclass(frozen=True)
class Limit:
    """One side of a box: a parameter between two values (None: not restricted there), or the states of a mechanism."""

    name: str
    low: float | None
    high: float | None
    p_low: float | None
    p_high: float | None
    range: tuple[float, float]
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found(Base):
    """A box in which an outcome is met more often than elsewhere."""

    threshold: float = math.nan
    direction: str = "above"
    interesting: int = 0  #: points with the outcome
    coverage: float = math.nan
    density: float = math.nan
    mass: float = math.nan
    limits: tuple[Limit, ...] = ()
    path: tuple[tuple[float, float, int], ...] = ()  #: coverage, density and restricted names along the peeling


@dataclass(frozen=True)
class Analysis:
    """The sensitivity of a study's outcomes, arm by arm."""

    study: str
    design: str
    method: str
    parts: tuple[Part, ...]

    def table(self) -> pd.DataFrame:
        """A row for each arm, outcome, parameter and measure."""
        import pandas as pd

        rows = []
        for part in self.parts:
            for rank, k in enumerate(part.ranked() if part.indices else (), 1):
                for measure, (estimate, low, high) in part.indices.items():
                    rows.append(
                        (*_arm_cells(part), part.method, rank, part.names[k], parameter_label(part.names[k], str), measure,
                         float(estimate[k]), float(low[k]), float(high[k]))
                    )  # fmt: skip
        columns = [
            "scenario",
            "region",
            "households",
            "target",
            "method",
            "rank",
            "parameter",
            "label",
            "measure",
            "estimate",
            "low",
            "high",
        ]
        return pd.DataFrame(rows, columns=columns)

    def targets(self) -> pd.DataFrame:
        """A row for each arm and outcome: what the analysis rests on."""
        import pandas as pd

        return pd.DataFrame([p.entry() for p in self.parts])

    def sentences(self, lang: str = "en") -> list[str]:
        """What was found, in words, a text for each arm and outcome."""
        return [sentence(p, lang) for p in self.parts]

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """As JSON."""
        parts = []
        for part in self.parts:
            measured = {
                part.names[k]: {
                    m: {"estimate": _plain(e[k]), "low": _plain(a[k]), "high": _plain(b[k])} for m, (e, a, b) in part.indices.items()
                }
                for k in (part.ranked() if part.indices else ())
            }
            parts.append({n: _plain(v) for n, v in part.entry().items()} | {"parameters": measured, "sentence": sentence(part, lang)})
        said = {"kind": "lintas sensitivity", "study": self.study, "design": self.design, "method": self.method, "level": LEVEL}
        return said | {"interval": covers(self.parts, lang), "targets": parts}


@dataclass(frozen=True)
class Discovery:
    """Boxes of a study, arm by arm."""

    study: str
    design: str
    parts: tuple[Found, ...]

    def table(self) -> pd.DataFrame:
        """A row for each restricted name of each box."""
        import pandas as pd

        rows = []
        for part in self.parts:
            for limit in part.limits:
                rows.append(
                    (*_arm_cells(part), part.direction, part.threshold, part.coverage, part.density, part.mass, limit.name,
                     parameter_label(limit.name, str), limit.low, limit.high, limit.p_low, limit.p_high, " ".join(limit.states))
                )  # fmt: skip
        columns = [
            "scenario", "region", "households", "target", "direction", "threshold", "coverage", "density", "mass",
            "parameter", "label", "low", "high", "quasi_p_low", "quasi_p_high", "states",
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=columns)
        numbers = ["low", "high", "quasi_p_low", "quasi_p_high"]
        table[numbers] = table[numbers].astype(float)
        return table

    def targets(self) -> pd.DataFrame:
        """A row for each arm: what the box rests on."""
        import pandas as pd

        return pd.DataFrame([p.entry() | {"interesting": p.interesting} for p in self.parts])

    def sentences(self, lang: str = "en") -> list[str]:
        """What was found, in words."""
        return [box_sentence(p, lang) for p in self.parts]

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """As JSON."""
        parts = []
        for p in self.parts:
            limits = [
                {
                    "parameter": x.name,
                    "low": x.low,
                    "high": x.high,
                    "quasi_p_low": x.p_low,
                    "quasi_p_high": x.p_high,
                    "states": list(x.states),
                }
                for x in p.limits
            ]
            said = {n: _plain(v) for n, v in p.entry().items()} | {
                "threshold": p.threshold,
                "direction": p.direction,
                "interesting": p.interesting,
            }
            said |= {"coverage": _plain(p.coverage), "density": _plain(p.density), "mass": _plain(p.mass), "limits": limits}
            parts.append(said | {"sentence": box_sentence(p, lang)})
        return {"kind": "lintas discovery", "study": self.study, "design": self.design, "targets": parts}


# --- analysing -------------------------------------------------------------------------------------------------------


def analyse(study_folder: str | Path, targets: Sequence[str] | None = None, method: str | None = None, *, mixed: bool = False) -> Analysis:
    """Sensitivity of each outcome to each varied name, for each arm.

    Args:
        study_folder: A study, finished or running.
        targets: Names of declared summaries, or ``OUTPUT:SIDE:FIRST-LAST[:TAKE]``; all declared summaries if left out.
        method: Left out, the one that the design was made for.
        mixed: Take rows of several model versions together.
    """
    from experiments import design
    from experiments.plan import read_study_manifest

    folder = Path(study_folder)
    study = Study.from_dict(read_study_manifest(folder)["study"])
    chosen = method_of(study, method)
    record = Record.read(folder, study, targets, mixed=mixed)
    unit = design.unit_points_of(study)
    size = block_size(study)
    parts = []
    for arm in record.arms:
        for target in record.targets:
            base, cube, kept = record.complete(arm, target, size, chosen)
            x = unit.reshape(-1, size, unit.shape[1])[kept]
            if base.status == FINE and chosen == "sobol" and not _varies(cube[:, [0, -1]].mean(axis=2)):
                base = _with(base, status=CONSTANT)  # indices are relative to the variance of the base points
            if base.status != FINE:
                parts.append(Part(**_fields(base), names=record.names))
                continue
            indices = _indices(chosen, lambda: design.problem_of(study), x, cube, 1 + study.seed % (2**31 - 1))
            parts.append(Part(**_fields(base), names=record.names, floor=_floor(base, cube), indices=indices))
    if all(p.status == FEW_BLOCKS for p in parts):
        most = max(parts, key=lambda p: p.blocks)
        raise SensitivityError(_too_few(folder, most, FEWEST[chosen], len(unit) // size))
    return Analysis(study.name, study.design, chosen, tuple(parts))


def method_of(study: Study, method: str | None) -> str:
    """The method for a study's design, or a refusal of one that does not suit it."""
    if method is not None and method not in METHODS:
        raise SensitivityError(f"there is no method '{shorten(method)}'; {near(method, METHODS)}")
    suits = [m for m, designs in METHODS.items() if study.design in designs]
    known = ", ".join(f'"{d}"' for designs in METHODS.values() for d in designs)
    if not suits:
        raise SensitivityError(
            f'the study has design = "{study.design}", whose points do not fill a space of independent ranges: '
            f"sensitivity needs one of {known}; --discover works with any"
        )
    if method is not None and method not in suits:
        raise SensitivityError(
            f'the method \'{method}\' needs design = "{METHODS[method][0]}", the study has "{study.design}": '
            f"leave the method out for '{suits[0]}'"
        )
    return suits[0]


def block_size(study: Study) -> int:
    """Points that the analysis of a design needs together."""
    d = len(study.vary)
    return {"saltelli": d + 2, "morris": d + 1, "shapley": d + 1}.get(study.design, 1)


def _indices(
    method: str, problem: Callable[[], dict[str, Any]], x: np.ndarray, cube: np.ndarray, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Each measure with its interval, from blocks of points (blocks, points, names) and outcomes (blocks, points, replicates).

    The width adds SALib's interval (which points were drawn) and the spread over resampled replicates (which seeds were), as
    independent errors add. Chance that differs from point to point is in both, so the interval is rather wide than narrow.
    """
    import numpy as np

    flat, n_replicates = x.reshape(-1, x.shape[2]), cube.shape[2]
    mean = cube.mean(axis=2)
    estimates, widths = _salib(method, problem(), flat, mean.ravel(), RESAMPLES, seed)
    rng = np.random.default_rng(seed)
    if method == "morris":  # SALib has an interval for mu_star alone
        drawn = [
            _salib(method, problem(), x[pick].reshape(-1, x.shape[2]), mean[pick].ravel(), 2, seed)[0]
            for pick in rng.integers(len(x), size=(WHOLE_RESAMPLES, len(x)))
        ]
        widths |= {m: Z * _spread([d[m] for d in drawn]) for m in ("mu", "sigma")}
    if n_replicates > 1:
        shares = rng.multinomial(n_replicates, [1 / n_replicates] * n_replicates, size=WHOLE_RESAMPLES) / n_replicates
        drawn = [d for d in (_salib_or_none(method, problem(), flat, (cube @ share).ravel(), seed) for share in shares) if d is not None]
        # resampling a few replicates understates their spread by this factor
        few = math.sqrt(n_replicates / (n_replicates - 1))
        widths = {m: np.hypot(w, Z * few * _spread([d[m] for d in drawn])) for m, w in widths.items()}
    return {m: (estimates[m], estimates[m] - widths[m], estimates[m] + widths[m]) for m in MEASURES[method]}


def _floor(base: Base, cube: np.ndarray) -> float:
    """What the first measure of a parameter without effect comes to by the chance that is left in the means.

    Independent chance of variance v adds v to half the mean square of a step, so its whole share goes into each total order;
    Shapley's walk gives it to whichever step is first; the mean size of an elementary effect of chance alone is that
    of the difference of two normal numbers. Given-data estimates count it to no parameter.
    """
    from experiments.design import MORRIS_LEVELS

    match base.method:
        case "sobol":
            return base.noise_left
        case "shapley":
            return base.noise_left / (cube.shape[1] - 1)
        case "morris":
            step = MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))
            return 2 * math.sqrt(base.noise_left * float(cube.mean(axis=2).var(ddof=1)) / math.pi) / step
        case _:
            return 0.0


def _salib_or_none(method: str, problem: dict[str, Any], x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, np.ndarray] | None:
    return _salib(method, problem, x, y, 2, seed)[0] if _varies(y) else None


def _salib(
    method: str, problem: dict[str, Any], x: np.ndarray, y: np.ndarray, resamples: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Estimates and half widths of SALib, by measure."""
    import numpy as np

    from experiments.design import MORRIS_LEVELS

    number = lambda values: np.asarray(values, dtype=float)  # noqa: E731
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        match method:
            case "morris":
                from SALib.analyze import morris

                said = morris.analyze(problem, x, y, num_resamples=resamples, conf_level=LEVEL, num_levels=MORRIS_LEVELS, seed=seed)
                return {m: number(said[m]) for m in MEASURES[method]}, {"mu_star": number(said["mu_star_conf"])}
            case "sobol":
                from SALib.analyze import sobol

                said = sobol.analyze(problem, y, calc_second_order=False, num_resamples=resamples, conf_level=LEVEL, seed=seed)
                return {m: number(said[m]) for m in MEASURES[method]}, {m: number(said[f"{m}_conf"]) for m in MEASURES[method]}
            case "shapley":
                from SALib.analyze import shapley

                said = shapley.analyze(problem, x, y, conf_level=LEVEL)
                return {"share": number(said["shapley_normalized"])}, {"share": number(said["shapley_normalized_conf"])}
            case _:
                from SALib.analyze import rbd_fast

                harmonics = min(10, max(4, len(y) // 40))
                said = rbd_fast.analyze(problem, x, y, M=harmonics, num_resamples=min(resamples, 200), conf_level=LEVEL, seed=seed)
                return {"S1": number(said["S1"])}, {"S1": number(said["S1_conf"])}


# --- the outcomes of a study ---------------------------------------------------------------------------------------------


@dataclass
class Record:
    """The outcomes of a study: for each a number by arm, point and replicate (nan where there is none)."""

    study: Study
    names: tuple[str, ...]
    arms: tuple[Arm, ...]
    targets: tuple[Target, ...]
    values: dict[str, np.ndarray]
    points: np.ndarray  #: (points, names), values as planned
    same: np.ndarray  #: for each point the first with the same values, under which its runs are planned
    arm_rows: tuple[int, ...]  #: for each arm the first one with the same scenario and data

    @classmethod
    def read(cls, folder: Path, study: Study, wanted: Sequence[str] | None, *, mixed: bool = False) -> Record:
        """Read a study's parts, some thousands of runs at a time."""
        import numpy as np

        import abm.model  # noqa: F401  (registers every declaration: labels and outputs)
        from experiments import collect, design
        from experiments.plan import plan_batches, read_study_manifest

        manifest = read_study_manifest(folder)
        names = tuple(design.names_of(study))
        arms = tuple(Arm(*a) for a in study.arms())
        points = design.points_of(study).to_numpy(float)
        n_replicates = max((int(np.max(b.column(0).to_numpy())) + 1 for b in plan_batches(folder, ["replicate"]) if b.num_rows), default=0)
        record = cls(study, names, arms, (), {}, points, _first_same(points), _same_arms(manifest, arms))
        if wanted is not None:
            for said in wanted:  # before anything is read: mistakes are told even where there is no row yet
                target_of(said, study, manifest, None if study.measure else ())
        for table in collect.collected(folder, mixed=mixed):
            if not record.values:
                extra = [c for c in table.column_names if c not in collect.columns_of(manifest)]
                record.targets = _targets(wanted, study, manifest, extra)
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
        arm = np.array([arm_of[key] for key in zip(runs["scenario"], runs["region"], runs["households"].astype(int), strict=True)])
        at = (arm, point, runs["replicate"].to_numpy(int))
        for target in self.targets:
            found = runs.set_index("run_id")[target.key] if target.is_column or target.summary is None else _taken(frame, target.summary)
            self.values[target.key][at] = found.reindex(runs["run_id"]).to_numpy(float)

    def complete(self, arm: Arm, target: Target, size: int, method: str) -> tuple[Base, np.ndarray, np.ndarray]:
        """Complete blocks of an arm and outcome (blocks, points, replicates), which they are, and what they rest on.

        Points are compared on the same replicates, since those share their seeds. While replicates are being added, or where
        some failed, those are used that leave the most runs in.
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
            return _with(base, status=FEW_BLOCKS), cube, kept
        means = cube.mean(axis=2)
        noise, left = noise_shares(cube.reshape(-1, n))
        base = _with(base, mean=float(means.mean()), low=float(means.min()), high=float(means.max()), noise=noise, noise_left=left)
        return base if _varies(means) else _with(base, status=CONSTANT), cube, kept


def noise_shares(values: np.ndarray) -> tuple[float, float]:
    """Share of variance that is chance, of single runs and of the points' means, from (points, replicates).

    What a seed adds at all points alike makes single runs differ, but no two points, and so is taken out of the second.
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


def _taken(frame: pd.DataFrame, summary: Summary) -> pd.Series:
    """A summary of every run at once (as ``Summary.of`` takes it of one)."""
    mine = frame[(frame["side"] == summary.side) & (frame["year"] >= summary.first) & (frame["year"] <= summary.last)]
    mine = mine[["run_id", "year", summary.output]].dropna().sort_values(["run_id", "year"], kind="stable")
    return mine.groupby("run_id")[summary.output].agg(summary.take)


def _targets(wanted: Sequence[str] | None, study: Study, manifest: Mapping[str, Any], extra: Sequence[str]) -> tuple[Target, ...]:
    if wanted is not None and len(wanted):
        found = [target_of(said, study, manifest, extra) for said in dict.fromkeys(wanted)]
        return tuple(t for t in found if t is not None)
    declared = [Target(s.name, s, is_column=True) for s in study.summaries]
    own = [Target(name, is_column=True) for name in extra]
    if not declared and not own:
        raise SensitivityError(
            "the study declares no [summaries]: name an outcome as OUTPUT:SIDE:FIRST-LAST, "
            f"such as --target {study.yearly_outputs()[0]}:id:1985-1989"
        )
    return (*declared, *own)


def target_of(said: str, study: Study, manifest: Mapping[str, Any], extra: Sequence[str] | None) -> Target | None:
    """The outcome that was named; ``extra`` are columns of the study's own measure, None while they are not known."""
    declared = {s.name: s for s in study.summaries}
    if said in declared:
        return Target(said, declared[said], is_column=True)
    if extra is not None and said in extra:
        return Target(said, is_column=True)
    outputs = study.yearly_outputs() if study.record == "yearly" else ()
    if ":" not in said:
        if said in outputs:
            raise SensitivityError(f"target '{shorten(said)}' needs a side and years: write {said}:id:1985-1989")
        if extra is None:
            return None
        raise SensitivityError(f"there is no target '{shorten(said)}' in this study; {near(said, [*declared, *extra, *outputs])}")
    if study.record != "yearly":
        raise SensitivityError(
            f"target '{shorten(said)}' needs yearly numbers, but the study keeps summaries only; "
            f"its targets are {', '.join([*declared, *(extra or ())])}"
        )
    output, side, years, take = (*said.split(":"), "mean")[:4] if said.count(":") in (2, 3) else (said.split(":")[0], "", "", "")
    if output not in outputs:
        raise SensitivityError(f"target '{shorten(said)}': the study records no output '{shorten(output)}'; {near(output, outputs)}")
    span = re.fullmatch(r"(\d{4})(?:[-–](\d{4}))?", years)
    if span is None:
        raise SensitivityError(f"target '{shorten(said)}' is not of the form OUTPUT:SIDE:FIRST-LAST; write {output}:id:1985-1989")
    if side not in SIDES:
        raise SensitivityError(f"target '{shorten(said)}': the side '{shorten(side)}' is neither id nor my")
    if take not in get_args(Take):
        raise SensitivityError(f"target '{shorten(said)}': '{shorten(take)}' is unknown; {near(take, get_args(Take))}")
    first, last = int(span[1]), int(span[2] or span[1])
    if first > last:
        raise SensitivityError(f"target '{shorten(said)}': {first} comes after {last}")
    ends = [str(s["scenario"].get("end")) for s in manifest["scenarios"].values() if s["scenario"].get("end")]
    if ends and first > max(int(e[:4]) for e in ends):
        raise SensitivityError(f"target '{shorten(said)}' starts in {first}, but the runs end in {max(ends)}")
    return Target(said, Summary(said, output, side, first, last, take))  # type: ignore[arg-type]


def _first_same(points: np.ndarray) -> np.ndarray:
    """For each point the first one with the same values: a plan holds equal runs once."""
    import numpy as np

    if not points.size:
        return np.arange(len(points)) * 0
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    return first[inverse.ravel()]


def _same_arms(manifest: Mapping[str, Any], arms: Sequence[Arm]) -> tuple[int, ...]:
    """For each arm the first with the same scenario and data under another name: a plan holds their runs once."""
    from experiments.plan import fitted_in

    keys = [
        (manifest["scenarios"][a.scenario]["hash"], manifest["regions"][a.region]["hash"], fitted_in(manifest, a.region), a.households)
        for a in arms
    ]
    return tuple(keys.index(k) for k in keys)


def _varies(values: np.ndarray) -> bool:
    """Whether numbers differ by more than rounding."""
    import numpy as np

    return bool(np.ptp(values) > 1e-12 * max(float(np.abs(values).max()), 1e-300))


# --- scenario discovery ----------------------------------------------------------------------------------------------


def discover(study_folder: str | Path, target: str | None, threshold: float, direction: str = "above", *, mixed: bool = False) -> Discovery:
    """The box of varied values in which an outcome lies above (or below) a threshold most often, for each arm (PRIM).

    Of the boxes along the peeling the one is taken whose coverage and density have the highest harmonic mean; limits that
    chance would give as well (quasi-p above 5 %) are then dropped one by one.
    """
    if direction not in DIRECTIONS:
        raise SensitivityError(f"direction '{shorten(direction)}' is unknown; {near(direction, DIRECTIONS)}")
    if not math.isfinite(threshold):
        raise SensitivityError(f"threshold = {threshold} is not a finite number")
    prim = _prim()
    from experiments.plan import read_study_manifest

    folder = Path(study_folder)
    study = Study.from_dict(read_study_manifest(folder)["study"])
    record = Record.read(folder, study, None if target is None else [target], mixed=mixed)
    outcome = record.targets[0]
    if target is None and len(record.targets) > 1:
        raise SensitivityError(
            f"the study has {len(record.targets)} targets: name one of {', '.join(t.key for t in record.targets)} with --target"
        )
    if not record.names:
        raise SensitivityError("the study varies nothing: there is no box to find; vary parameters in [vary]")
    import numpy as np

    is_first = record.same == np.arange(len(record.same))
    parts = []
    for arm in record.arms:
        base, cube, kept = record.complete(arm, outcome, 1, "prim")
        y = cube.mean(axis=2).ravel() if len(kept) else np.zeros(0)
        own = is_first[kept]
        parts.append(_found(base, record, record.points[kept][own], y[own], threshold, direction, prim))
    if all(p.status == FEW_BLOCKS for p in parts):
        most = max(parts, key=lambda p: p.blocks)
        raise SensitivityError(_too_few(folder, most, FEWEST_TO_DISCOVER, len(record.points)))
    if not any(0 < p.interesting < p.blocks for p in parts if p.status == FINE):
        lows, highs = min(p.low for p in parts if math.isfinite(p.low)), max(p.high for p in parts if math.isfinite(p.high))
        raise SensitivityError(
            f"{direction} {threshold:g} lie all or none of the points: '{outcome.key}' goes from {lows:.6g} to {highs:.6g}; "
            f"choose a threshold in between"
        )
    return Discovery(study.name, study.design, tuple(parts))


def _prim() -> Any:
    """PRIM of the EMA workbench, which is an extra."""
    import matplotlib

    matplotlib.use("Agg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis.prim import Prim
    except ImportError:
        raise SensitivityError(
            'scenario discovery needs the EMA workbench, which is not installed: pip install "lintas[discovery]"'
        ) from None
    return Prim


def _found(base: Base, record: Record, x: np.ndarray, y: np.ndarray, threshold: float, direction: str, prim: Any) -> Found:
    import numpy as np
    import pandas as pd

    is_wanted = y > threshold if direction == "above" else y < threshold
    said = _fields(base) | {"threshold": threshold, "direction": direction, "interesting": int(is_wanted.sum()), "blocks": len(y)}
    if base.status != FINE or not 0 < is_wanted.sum() < len(y):
        return Found(**said)
    columns = {}
    for k, name in enumerate(record.names):
        if np.ptp(x[:, k]) > 0:
            columns[name] = np.where(x[:, k] > 0, "on", "off").astype(object) if name.startswith(SWITCH) else x[:, k]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        box = prim(pd.DataFrame(columns), is_wanted.astype(int)).find_box()
        steps = box.peeling_trajectory[["coverage", "density", "res_dim"]].to_numpy(float).tolist()
        path = tuple((c, d, int(n)) for c, d, n in steps)
        at = max(range(len(path)), key=lambda k: (_harmonic(*path[k][:2]), -path[k][2], -k))
        while doubtful := _doubtful(box, at):
            name, side = max(doubtful, key=lambda limit: (doubtful[limit], limit))
            _widen(box, at, name, side)
            at = len(box.box_lims) - 1
    row = box.peeling_trajectory.loc[at]
    whole, lims = box.box_lims[0], box.box_lims[at]
    limits = []
    for name, p in sorted(box.p_values[at].items(), key=lambda item: (_smallest(item[1]), item[0])):
        if name.startswith(SWITCH):
            limits.append(Limit(name, None, None, _p(p[0]), None, (0.0, 1.0), tuple(sorted(lims[name].iloc[0]))))
            continue
        (low, high), (lowest, highest) = lims[name].astype(float).tolist(), whole[name].astype(float).tolist()
        limits.append(
            Limit(
                name, low if low > lowest else None, high if high < highest else None, _p(p[0]), _p(p[1]), (float(lowest), float(highest))
            )
        )
    return Found(
        **said, coverage=float(row["coverage"]), density=float(row["density"]), mass=float(row["mass"]), limits=tuple(limits), path=path
    )


def _harmonic(coverage: float, density: float) -> float:
    return 2 * coverage * density / (coverage + density) if coverage + density > 0 else 0.0


def _doubtful(box: Any, at: int) -> dict[tuple[str, int], float]:
    """Limits of a box (name, lower 0 or upper 1) that chance would give as well, with their quasi-p."""
    return {(name, side): float(p) for name, both in box.p_values[at].items() for side, p in enumerate(both) if p > QUASI_P}


def _widen(box: Any, at: int, name: str, side: int) -> None:
    """Add to the workbench's boxes the one without a limit."""
    import numpy as np

    lims, x = box.box_lims[at].copy(), box.prim.x.loc[box.prim.yi_remaining]
    if isinstance(lims[name].iloc[0], set):
        lims[name] = box.box_lims[0][name]
    else:
        lims.loc[side, name] = box.box_lims[0].loc[side, name]
    inside = np.ones(len(x), dtype=bool)
    for column in x.columns:
        low, high = lims[column]
        inside &= x[column].isin(low).to_numpy() if isinstance(low, set) else x[column].between(low, high).to_numpy()
    box.update(lims, box.prim.yi_remaining[inside])


def _smallest(values: Iterable[float]) -> float:
    return min((float(v) for v in values if v >= 0), default=1.0)


def _p(value: float) -> float | None:
    return float(value) if value >= 0 else None


# --- in words --------------------------------------------------------------------------------------------------------


def parameter_label(name: str, _: Translate) -> str:
    """A varied name as a person reads it."""
    if name.startswith(SWITCH):
        said = SWITCHES.get(name[len(SWITCH) :])
        return _("switch: {what}").format(what=_(said)) if said else name
    return _(PARAMETERS[name].label) if name in PARAMETERS else name


@lru_cache(maxsize=16)
def side_name(region: str, side: str) -> str:
    """What a region calls a side, or its code where the region cannot be read any more."""
    from abm import Region

    try:
        return str(Region.load(region).meta["sides"][side]["name"])
    except (UserError, KeyError):
        return side


def heading(part: Base, _: Translate) -> str:
    """Outcome and arm; a declared summary with its own name."""
    words = part.target.label(_, part.arm.region)
    named = [part.target.key] if part.target.is_column and part.target.key != words else []
    return " · ".join([*named, words, part.arm.words(_)])


def sentence(part: Part, lang: str = "en") -> str:
    """What the indices of an outcome say."""
    _, n = translator(lang), Numbers(lang)
    what = part.target.label(_, part.arm.region)
    if part.status == CONSTANT:
        return _("{what} does not vary over the points: there is nothing to explain.").format(what=what)
    if part.status == FEW_BLOCKS:
        return _("{what}: too few points are complete to say anything yet.").format(what=what)
    ranked, is_share = part.ranked(), part.method != "morris"
    estimate, low, high = part.indices[part.measure]

    def said(k: int) -> str:
        show = (lambda v: n.number(v, 2)) if is_share else n.short
        return _("{value} [{low}–{high}]").format(value=show(estimate[k]), low=show(low[k]), high=show(high[k]))

    top = ranked[0]
    name = f"“{parameter_label(part.names[top], _)}”"
    if not part.stands_out(top):
        text = _("No parameter stands out from chance in {what}; the first would be {name} ({value}).")
        return " ".join([text.format(what=what, name=name, value=said(top)), *_noise_words(part, _, n)])
    match part.method:
        case "morris":
            text = _("{what} responds most to {name}: going through the whole range changes it by {value} on average.")
        case "sobol" if estimate[top] > 0.5:
            text = _("Most of the differences in {what} come from {name} (total order {value}).")
        case "sobol":
            text = _("The largest share of the differences in {what} comes from {name} (total order {value}).")
        case "shapley":
            text = _("The largest share of the variance of {what} is that of {name} (Shapley share {value}).")
        case _:
            text = _("Taken alone, {name} explains the largest share of the variance of {what} (first order {value}).")
    sentences = [text.format(what=what, name=name, value=said(top))]
    following = [k for k in ranked[1:3] if part.stands_out(k)]
    if following:
        names = ", ".join(f"“{parameter_label(part.names[k], _)}” ({said(k)})" for k in following)
        sentences.append(_("Then come {names}.").format(names=names))
        if high[following[0]] > low[top]:
            sentences.append(_("The intervals of the first two overlap: their order is not certain."))
    if part.method in ("sobol", "rbd_fast"):
        alone = max(float(part.indices["S1"][0].sum()), 0.0)
        if alone < 0.9:
            text = _("Parameters one by one explain {share}; the rest acts in combination, or is chance.")
            sentences.append(text.format(share=n.percent(alone)))
    if part.method == "morris" and part.indices["sigma"][0][top] > estimate[top]:
        sentences.append(_("How much it changes depends strongly on where the parameters stand."))
    return " ".join([*sentences, *_noise_words(part, _, n)])


def _noise_words(base: Base, _: Translate, n: Numbers) -> list[str]:
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


def box_sentence(found: Found, lang: str = "en") -> str:
    """What the box of an outcome says."""
    _, n = translator(lang), Numbers(lang)
    what = found.target.label(_, found.arm.region)
    if found.status == CONSTANT:
        return _("{what} does not vary over the points: there is nothing to explain.").format(what=what)
    if found.status == FEW_BLOCKS:
        return _("{what}: too few points are complete to say anything yet.").format(what=what)
    if found.direction == "above":
        case = _("{what} above {threshold}").format(what=what, threshold=n.short(found.threshold))
    else:
        case = _("{what} below {threshold}").format(what=what, threshold=n.short(found.threshold))
    if not 0 < found.interesting < found.blocks:
        return _("{case}: {n} of {total} points, so there is nothing to tell apart.").format(
            case=case, n=found.interesting, total=found.blocks
        )
    if not found.limits:
        return _("{case}: no range of the parameters sets these points apart from the others.").format(case=case)
    return _("{case}: {coverage} of these points lie where {conditions}; there {density} of the points are such, over all {base}.").format(
        case=case,
        coverage=n.percent(found.coverage),
        conditions=", ".join(condition(x, _, n) for x in found.limits),
        density=n.percent(found.density),
        base=n.percent(found.interesting / found.blocks),
    )


def condition(limit: Limit, _: Translate, n: Numbers) -> str:
    """A side of a box in words."""
    name = f"“{parameter_label(limit.name, _)}”"
    if limit.states:
        return _("{name} is on").format(name=name) if limit.states == ("on",) else _("{name} is off").format(name=name)
    if limit.high is None and limit.low is not None:
        return _("{name} is above {value}").format(name=name, value=n.short(limit.low))
    if limit.low is None and limit.high is not None:
        return _("{name} is below {value}").format(name=name, value=n.short(limit.high))
    return _("{name} is {low} to {high}").format(name=name, low=n.short(limit.low or 0.0), high=n.short(limit.high or 0.0))


def covers(parts: Sequence[Base], lang: str = "en") -> str:
    """What the intervals cover."""
    _ = translator(lang)
    most = max((len(p.replicates) for p in parts), default=0)
    if most < 2:
        return _("Intervals of 95 % cover which points were drawn (bootstrap over them), not which seeds: there is one replicate.")
    return _("Intervals of 95 % cover which points and which seeds were drawn (bootstraps over points and over {n} replicates).").format(
        n=most
    )


def _too_few(folder: Path, part: Base, fewest: int, total: int) -> str:
    return (
        f"only {part.blocks} of {total} blocks of points are complete for '{part.target.key}', an analysis needs {fewest}: go on with "
        f"'lintas batch {shorten(folder)}' (or 'lintas retry'), or plan more points"
    )


# --- small parts -----------------------------------------------------------------------------------------------------


def _fields(base: Base) -> dict[str, Any]:
    return {name: getattr(base, name) for name in Base.__dataclass_fields__}


def _with(base: Base, **changes: Any) -> Base:
    return Base(**(_fields(base) | changes))


def _arm_cells(part: Base) -> tuple[str, str, int, str]:
    return part.arm.scenario, part.arm.region, part.arm.households, part.target.key


def _spread(draws: Sequence[np.ndarray]) -> np.ndarray | float:
    import numpy as np

    return np.nanstd(np.stack(draws), axis=0, ddof=1) if len(draws) > 1 else 0.0


def _or_lowest(value: float) -> float:
    return value if math.isfinite(value) else -math.inf


def _plain(value: Any) -> Any:
    """A value as JSON takes it: no nan."""
    if isinstance(value, str | int | bool) or value is None:
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def _short(name: str) -> str:
    """A shipped name as it is, a path by its last part."""
    return Path(name).stem if "/" in name or "\\" in name else name


# --- tables, figures, command ----------------------------------------------------------------------------------------


def write(result: Analysis | Discovery, folder: Path, lang: str = "en") -> list[Path]:
    """Tables, figures and the whole as JSON, each file whole or not at all; the same results give the same bytes."""
    from experiments.sensitivity_figures import picture

    stem = "sensitivity" if isinstance(result, Analysis) else "discovery"
    table, targets = result.table(), result.targets()
    files: dict[str, bytes] = {
        f"{stem}.csv": table.to_csv(index=False, lineterminator="\n").encode(),
        f"{stem}.parquet": _parquet(table),
        f"{stem}-targets.csv": targets.to_csv(index=False, lineterminator="\n").encode(),
        f"{stem}.json": (_as_json(result.to_dict(lang)) + "\n").encode(),
    }
    for number, part in enumerate(result.parts, 1):
        drawn = picture(part, lang)
        if drawn is not None:
            slug = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{_short(part.arm.scenario)}-{part.target.key}").strip("-.")[:80]
            files[f"{stem}-{number:02d}-{slug}.svg"] = drawn.svg
    for name, content in files.items():
        _write(folder / name, content)
    return [folder / name for name in files]


def _parquet(table: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None), out, compression="zstd")
    return out.getvalue()


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise SensitivityError(f"cannot write '{shorten(path)}': {error.strerror or error}; name another folder with --out") from None


def sensitivity_command(
    folder: str | Path, target: Sequence[str] | str | None = None, method: str | None = None, discover: str | None = None,
    threshold: float | None = None, out: str | Path | None = None, json: bool = False, lang: str = "en", *, mixed: bool = False,
) -> int:  # fmt: skip
    """``lintas sensitivity STUDY``: analyse (or find a box), write tables and figures, show what was found.

    ``discover`` is ``above`` or ``below`` and goes with ``threshold``; files go to ``STUDY/sensitivity`` unless ``out`` says otherwise.
    """
    check_language(lang)
    folder, targets = Path(folder), [target] if isinstance(target, str) else list(target or []) or None
    if discover is None and threshold is not None:
        raise SensitivityError("--threshold goes with --discover above or --discover below")
    if discover is not None:
        if threshold is None:
            raise SensitivityError(f"--discover {shorten(discover)} needs --threshold, the value that the target lies {shorten(discover)}")
        if method is not None:
            raise SensitivityError("--method does not go with --discover; leave one of them out")
        if targets is not None and len(targets) > 1:
            raise SensitivityError(f"--discover takes one target, found {len(targets)}")
    result = _result(folder, targets, method, discover, threshold, mixed)
    place = Path(out) if out is not None else folder / "sensitivity"
    written = write(result, place, lang)
    if json:
        print(_as_json(result.to_dict(lang) | {"files": [str(p) for p in written]}))
    else:
        _show(result, place, lang)
    return 0


def _result(
    folder: Path, targets: list[str] | None, method: str | None, direction: str | None, threshold: float | None, mixed: bool
) -> Analysis | Discovery:
    if direction is None or threshold is None:
        return analyse(folder, targets, method, mixed=mixed)
    return discover(folder, targets[0] if targets else None, threshold, direction, mixed=mixed)


def _as_json(said: Mapping[str, Any]) -> str:
    import json

    return json.dumps(said, indent=2, ensure_ascii=False)


def _show(result: Analysis | Discovery, place: Path, lang: str) -> None:
    from rich.console import Console

    _ = translator(lang)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    for part in result.parts:
        console.print(heading(part, _), style="bold")
        if part.left_out:
            console.print(
                _("{n} of {total} blocks of points were left out: runs are missing, did not end well or gave no number.").format(
                    n=part.left_out, total=part.left_out + part.blocks
                )
            )
        if isinstance(part, Part) and part.indices:
            console.print(_index_table(part, lang))
        elif isinstance(part, Found) and part.limits:
            console.print(_limit_table(part, lang))
        console.print(sentence(part, lang) if isinstance(part, Part) else box_sentence(part, lang))  # type: ignore[arg-type]
        console.print()
    if isinstance(result, Analysis):
        console.print(covers(result.parts, lang))
    console.print(_("Tables and figures: {folder}").format(folder=place), soft_wrap=True)


def _index_table(part: Part, lang: str) -> Any:
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (_("parameter"), _("name"), *(_(w) for w in MEASURES[part.method].values())):
        table.add_column(heading)
    show = n.short if part.method == "morris" else lambda v: n.number(v, 2)
    for k in part.ranked():
        cells = [f"{show(e[k])} [{show(low[k])}–{show(high[k])}]" for e, low, high in part.indices.values()]
        table.add_row(parameter_label(part.names[k], _), part.names[k], *cells)
    return table


def _limit_table(found: Found, lang: str) -> Any:
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (_("parameter"), _("name"), _("from"), _("to"), _("quasi-p"), _("range of the study")):
        table.add_column(heading)
    for x in found.limits:
        p = ", ".join("< " + n.number(0.001, 3) if v < 0.001 else n.number(v, 3) for v in (x.p_low, x.p_high) if v is not None)
        label = parameter_label(x.name, _)
        if x.states:
            table.add_row(label, x.name, *(_("on") if x.states == ("on",) else _("off"),) * 2, p, "–")
        else:
            show = [n.short(v) if v is not None else "–" for v in (x.low, x.high)]
            table.add_row(label, x.name, *show, p, f"{n.short(x.range[0])}–{n.short(x.range[1])}")
    return table
