"""What drives the differences between the runs of a study? Sensitivity indices with intervals, and what they say in words.

A study's design says which analysis suits it: ``morris`` a screening by elementary effects, ``saltelli`` first and total
order indices, ``shapley`` shares of variance, ``lhs`` and ``sobol`` first-order indices from given points (RBD-FAST: it
takes any space-filling sample, its indices read like the first order of ``saltelli``, and it needs no density estimate). All
are SALib's. How much of the differences is chance is always reported.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import shorten
from agents.core.declare import near
from experiments.studies.manifest import study_of
from experiments.studies.outcomes import (
    CONSTANT,
    FEW_BLOCKS,
    FEWEST,
    FINE,
    Base,
    StudyOutcomes,
    arm_cells,
    changed,
    fields_of,
    noise_words,
    parameter_label,
    plain,
    too_few,
    varies,
)
from experiments.studies.study import SWITCH, Study
from experiments.studies.target_names import SensitivityError
from experiments.words.languages import Numbers, mark, translator

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
LEVEL = 0.95
Z = 1.959963984540054
RESAMPLES = 1000
#: Resamples that call SALib's estimator as a whole (over trajectories of Morris, over replicates).
WHOLE_RESAMPLES = 200


@dataclass(frozen=True)
class Indices(Base):
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
        floor = self.floor * (_whole_range(self.names)[k] if self.method == "morris" else 1.0)
        return bool(self.indices[self.measure][1][k] > (floor if math.isfinite(floor) else 0.0))

    def entry(self) -> dict[str, Any]:
        """As a row."""
        return super().entry() | {"floor": self.floor}

    def ranked(self) -> list[int]:
        """Positions of the parameters, most influential first."""
        estimate = self.indices[self.measure][0].tolist()
        return sorted(range(len(self.names)), key=lambda k: (-_or_lowest(estimate[k]), k))


@dataclass(frozen=True)
class Analysis:
    """The sensitivity of a study's outcomes, arm by arm."""

    study: str
    design: str
    method: str
    parts: tuple[Indices, ...]

    def table(self) -> pd.DataFrame:
        """A row for each arm, outcome, parameter and measure."""
        import pandas as pd

        rows = []
        for part in self.parts:
            for rank, k in enumerate(part.ranked() if part.indices else (), 1):
                for measure, (estimate, low, high) in part.indices.items():
                    rows.append(
                        (*arm_cells(part), part.method, rank, part.names[k], parameter_label(part.names[k], str), measure,
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
        """A row for each arm and outcome: the points and runs of the analysis."""
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
                    m: {"estimate": plain(e[k]), "low": plain(a[k]), "high": plain(b[k])} for m, (e, a, b) in part.indices.items()
                }
                for k in (part.ranked() if part.indices else ())
            }
            parts.append({n: plain(v) for n, v in part.entry().items()} | {"parameters": measured, "sentence": sentence(part, lang)})
        said = {"kind": "lintas sensitivity", "study": self.study, "design": self.design, "method": self.method, "level": LEVEL}
        return said | {"interval": covers(self.parts, lang), "targets": parts}


# --- analysing -------------------------------------------------------------------------------------------------------


def analyse(study_folder: str | Path, targets: Sequence[str] | None = None, method: str | None = None, *, mixed: bool = False) -> Analysis:
    """Sensitivity of each outcome to each varied name, for each arm.

    Args:
        study_folder: A study, finished or running.
        targets: Names of declared summaries, or ``OUTPUT:SIDE:FIRST-LAST[:TAKE]``; all declared summaries if left out.
        method: Left out, the one that the design was made for.
        mixed: Take rows of several model versions together.
    """
    from experiments.studies import design
    from experiments.studies.plan_files import read_study_manifest

    folder = Path(study_folder)
    study = study_of(read_study_manifest(folder)["study"])
    chosen = method_of(study, method)
    record = StudyOutcomes.read(folder, study, targets, mixed=mixed)
    unit = design.unit_points_of(study)
    size = block_size(study)
    parts = []
    for arm in record.arms:
        for target in record.targets:
            base, cube, kept = record.complete(arm, target, size, chosen)
            x = unit.reshape(-1, size, unit.shape[1])[kept]
            if base.status == FINE and chosen == "sobol" and not varies(cube[:, [0, -1]].mean(axis=2)):
                base = changed(base, status=CONSTANT)  # indices are relative to the variance of the base points
            if base.status != FINE:
                parts.append(Indices(**fields_of(base), names=record.names))
                continue
            indices = _indices(chosen, lambda: design.problem_of(study), x, cube, 1 + study.seed % (2**31 - 1))
            parts.append(Indices(**fields_of(base), names=record.names, floor=_floor(base, cube), indices=indices))
    if all(p.status == FEW_BLOCKS for p in parts):
        most = max(parts, key=lambda p: p.blocks)
        raise SensitivityError(too_few(folder, most, FEWEST[chosen], len(unit) // size))
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
    in Shapley's permutations it goes to the step that comes first; the mean size of an elementary effect of chance alone is that
    of the difference of two normal numbers. Given-data estimates count it to no parameter.
    """
    from experiments.studies.design import MORRIS_STEP

    match base.method:
        case "sobol":
            return base.noise_left
        case "shapley":
            return base.noise_left / (cube.shape[1] - 1)
        case "morris":
            return 2 * math.sqrt(base.noise_left * float(cube.mean(axis=2).var(ddof=1)) / math.pi) / MORRIS_STEP
        case _:
            return 0.0


def _whole_range(names: Sequence[str]) -> list[float]:
    """Factors that turn SALib's elementary effects into those of going through the whole range.

    SALib divides a change by the length of its step. A switch goes all the way from off to on in a step, whatever its length.
    """
    from experiments.studies.design import MORRIS_STEP

    return [MORRIS_STEP if n.startswith(SWITCH) else 1.0 for n in names]


def _salib_or_none(method: str, problem: dict[str, Any], x: np.ndarray, y: np.ndarray, seed: int) -> dict[str, np.ndarray] | None:
    return _salib(method, problem, x, y, 2, seed)[0] if varies(y) else None


def _salib(
    method: str, problem: dict[str, Any], x: np.ndarray, y: np.ndarray, resamples: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Estimates and half widths of SALib, by measure."""
    import numpy as np

    from experiments.studies.design import MORRIS_LEVELS

    number = lambda values: np.asarray(values, dtype=float)  # noqa: E731
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        match method:
            case "morris":
                from SALib.analyze import morris

                said = morris.analyze(problem, x, y, num_resamples=resamples, conf_level=LEVEL, num_levels=MORRIS_LEVELS, seed=seed)
                whole = np.array(_whole_range(problem["names"]))
                return {m: number(said[m]) * whole for m in MEASURES[method]}, {"mu_star": number(said["mu_star_conf"]) * whole}
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


def _spread(draws: Sequence[np.ndarray]) -> np.ndarray | float:
    import numpy as np

    return np.nanstd(np.stack(draws), axis=0, ddof=1) if len(draws) > 1 else 0.0


def _or_lowest(value: float) -> float:
    return value if math.isfinite(value) else -math.inf


# --- in words --------------------------------------------------------------------------------------------------------


def sentence(part: Indices, lang: str = "en") -> str:
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
        text = _("No parameter has a larger effect than chance in {what}; the first would be {name} ({value}).")
        return " ".join([text.format(what=what, name=name, value=said(top)), *noise_words(part, _, n)])
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
        sentences.append(_("How much it changes depends strongly on the values of the other parameters."))
    return " ".join([*sentences, *noise_words(part, _, n)])


def covers(parts: Sequence[Base], lang: str = "en") -> str:
    """What the intervals cover."""
    _ = translator(lang)
    most = max((len(p.replicates) for p in parts), default=0)
    if most < 2:
        return _("Intervals of 95 % cover which points were drawn (bootstrap over them), not which seeds: there is one replicate.")
    return _("Intervals of 95 % cover which points and which seeds were drawn (bootstraps over points and over {n} replicates).").format(
        n=most
    )
