"""In which part of a study's ranges does an outcome occur? Scenario discovery by PRIM, of the EMA workbench, for any design."""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import shorten
from agents.core.declare import near
from experiments.studies.manifest import study_of
from experiments.studies.outcomes import (
    CONSTANT,
    FEW_BLOCKS,
    FEWEST_TO_DISCOVER,
    FINE,
    Base,
    StudyOutcomes,
    arm_cells,
    fields_of,
    parameter_label,
    plain,
    too_few,
)
from experiments.studies.study import SWITCH
from experiments.studies.target_names import SensitivityError
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DIRECTIONS = ("above", "below")
#: A limit of a box that chance would give more often than this is dropped.
QUASI_P = 0.05


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
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies between the lowest (0) and the highest (1) of the study, on the scale that its points were drawn on."""
        low, high, at = (math.log(v) if self.is_log else v for v in (*self.range, value))
        return (at - low) / (high - low)


@dataclass(frozen=True)
class Box(Base):
    """A box in which an outcome occurs more often than elsewhere."""

    threshold: float = math.nan
    direction: str = "above"
    interesting: int = 0  #: points with the outcome
    coverage: float = math.nan
    density: float = math.nan
    mass: float = math.nan
    limits: tuple[Limit, ...] = ()
    path: tuple[tuple[float, float, int], ...] = ()  #: coverage, density and restricted names along the peeling


@dataclass(frozen=True)
class Discovery:
    """Boxes of a study, arm by arm."""

    study: str
    design: str
    parts: tuple[Box, ...]

    def table(self) -> pd.DataFrame:
        """A row for each restricted name of each box."""
        import pandas as pd

        rows = []
        for part in self.parts:
            for limit in part.limits:
                rows.append(
                    (*arm_cells(part), part.direction, part.threshold, part.coverage, part.density, part.mass, limit.name,
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
        """A row for each arm: the points that the box is made from."""
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
            said = {n: plain(v) for n, v in p.entry().items()} | {
                "threshold": p.threshold,
                "direction": p.direction,
                "interesting": p.interesting,
            }
            said |= {"coverage": plain(p.coverage), "density": plain(p.density), "mass": plain(p.mass), "limits": limits}
            parts.append(said | {"sentence": box_sentence(p, lang)})
        return {"kind": "lintas discovery", "study": self.study, "design": self.design, "targets": parts}


# --- finding a box ---------------------------------------------------------------------------------------------------


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
    from experiments.studies.plan_files import read_study_manifest

    folder = Path(study_folder)
    study = study_of(read_study_manifest(folder)["study"])
    record = StudyOutcomes.read(folder, study, None if target is None else [target], mixed=mixed)
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
        raise SensitivityError(too_few(folder, most, FEWEST_TO_DISCOVER, len(record.points)))
    if not any(0 < p.interesting < p.blocks for p in parts if p.status == FINE):
        lows, highs = min(p.low for p in parts if math.isfinite(p.low)), max(p.high for p in parts if math.isfinite(p.high))
        raise SensitivityError(
            f"{direction} {threshold:g} lie all or none of the points: '{outcome.key}' goes from {lows:.6g} to {highs:.6g}; "
            f"choose a threshold in between"
        )
    return Discovery(study.name, study.design, tuple(parts))


def _prim() -> Any:
    """PRIM of the EMA workbench, which is an extra."""
    from experiments.own_matplotlib import matplotlib

    matplotlib()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis.prim import Prim
    except ImportError:
        raise SensitivityError(
            'scenario discovery needs the EMA workbench, which is not installed: pip install "lintas[discovery]"'
        ) from None
    return Prim


def _found(base: Base, record: StudyOutcomes, x: np.ndarray, y: np.ndarray, threshold: float, direction: str, prim: Any) -> Box:
    import numpy as np
    import pandas as pd

    is_wanted = y > threshold if direction == "above" else y < threshold
    said = fields_of(base) | {"threshold": threshold, "direction": direction, "interesting": int(is_wanted.sum()), "blocks": len(y)}
    if base.status != FINE or not 0 < is_wanted.sum() < len(y):
        return Box(**said)
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
    logs = {v.name for v in record.study.vary if v.scale == "log"}
    whole, lims = box.box_lims[0], box.box_lims[at]
    limits = []
    for name, p in sorted(box.p_values[at].items(), key=lambda item: (_smallest(item[1]), item[0])):
        if name.startswith(SWITCH):
            limits.append(Limit(name, None, None, _p(p[0]), None, (0.0, 1.0), tuple(sorted(lims[name].iloc[0]))))
            continue
        (low, high), (lowest, highest) = lims[name].astype(float).tolist(), whole[name].astype(float).tolist()
        ends = low if low > lowest else None, high if high < highest else None
        limits.append(Limit(name, *ends, _p(p[0]), _p(p[1]), (float(lowest), float(highest)), is_log=name in logs))
    return Box(
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


def box_sentence(found: Box, lang: str = "en") -> str:
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


def condition(limit: Limit, _: Translate, n: Numbers, most: int | None = None) -> str:
    """A side of a box in words; its name in at most so many letters."""
    label = parameter_label(limit.name, _)
    name = f"“{label if most is None else textwrap.shorten(label, most, placeholder='…')}”"
    if limit.states:
        return _("{name} is on").format(name=name) if limit.states == ("on",) else _("{name} is off").format(name=name)
    if limit.high is None and limit.low is not None:
        return _("{name} is above {value}").format(name=name, value=n.short(limit.low))
    if limit.low is None and limit.high is not None:
        return _("{name} is below {value}").format(name=name, value=n.short(limit.high))
    return _("{name} is {low} to {high}").format(name=name, low=n.short(limit.low or 0.0), high=n.short(limit.high or 0.0))
