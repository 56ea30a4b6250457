"""Which points does a study have? Its design is made in blocks of rows, so a plan of a million runs needs no more memory than a small one.

Sampling is left to SciPy (Latin hypercube, Sobol) and SALib (the layouts of Saltelli, Morris and Shapley). Everything
is drawn from the study's seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.studies.design_table import read_table
from experiments.studies.study import Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

#: Points made at a time.
BLOCK = 16_384
#: Levels of a Morris screening, as in Campolongo et al. (2007).
MORRIS_LEVELS = 4
#: Length of a step of its trajectories as a share of the range.
MORRIS_STEP = MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))
#: Dimensions for which SciPy's Sobol sequence has direction numbers.
MOST_SOBOL = 21_201


def names_of(study: Study) -> list[str]:
    """Names of what varies, in the order of the columns."""
    if study.rows:
        return sorted(study.rows[0])
    if study.table is not None:
        return [c for c in read_table(study).columns if not (study.design == "posterior" and c in ("weight", "draw"))]
    return [v.name for v in study.vary]


def n_points(study: Study) -> int:
    """How many points the design has."""
    d = len(study.vary)
    match study.design:
        case "factorial":
            return math.prod(len(v.levels) for v in study.vary)
        case "saltelli":
            return study.points * (d + 2)
        case "morris" | "shapley":
            return study.points * (d + 1)
        case "list":
            return len(study.rows) or (len(read_table(study)) if study.table else 1)
        case _:
            return study.points


def problem_of(study: Study) -> dict[str, Any]:
    """The problem in SALib's form, each dimension from 0 to 1."""
    return {"num_vars": len(study.vary), "names": [v.name for v in study.vary], "bounds": [[0.0, 1.0]] * len(study.vary)}


def unit_points_of(study: Study) -> np.ndarray:
    """The whole design between 0 and 1, shape (points, dimensions); StudyError for designs that are not over ranges."""
    return np.concatenate(list(_unit_blocks(study)))


def points_of(study: Study) -> pd.DataFrame:
    """The whole design as values, one column for each varied name (switches as 0 and 1)."""
    import pandas as pd

    parts = list(blocks(study))
    return pd.DataFrame(np.concatenate(parts), columns=names_of(study))


def blocks(study: Study) -> Iterator[np.ndarray]:
    """Values (points, names) of the design, some thousands of points at a time."""
    if study.design in ("list", "posterior"):
        yield from _listed(study)
    elif study.design == "factorial":
        shape, n = [len(v.levels) for v in study.vary], n_points(study)
        for start in range(0, n, BLOCK):
            index = np.unravel_index(np.arange(start, min(start + BLOCK, n)), shape)
            yield np.stack([np.asarray(v.levels)[i] for v, i in zip(study.vary, index, strict=True)], axis=1)
    else:
        for unit in _unit_blocks(study):
            yield np.stack([v.at(unit[:, k]) for k, v in enumerate(study.vary)], axis=1)


def _unit_blocks(study: Study) -> Iterator[np.ndarray]:
    d, n = len(study.vary), study.points
    if study.design in ("sobol", "saltelli") and d > MOST_SOBOL // 2:
        raise StudyError(f'design = "{study.design}" goes up to {MOST_SOBOL // 2} dimensions, found {d}')
    match study.design:
        case "lhs":
            from scipy.stats import qmc

            yield qmc.LatinHypercube(d, rng=_rng(study)).random(n)
        case "sobol":
            from scipy.stats import qmc

            sequence = qmc.Sobol(d, rng=_rng(study))
            for start in range(0, n, BLOCK):
                yield sequence.random(min(BLOCK, n - start))
        case "saltelli":
            from SALib.sample import sobol

            yield sobol.sample(problem_of(study), n, calc_second_order=False, seed=_rng(study))
        case "morris":
            from SALib.sample import morris

            yield morris.sample(problem_of(study), n, num_levels=MORRIS_LEVELS, seed=_rng(study))
        case "shapley":
            from SALib.sample import shapley

            yield shapley.sample(problem_of(study), n, seed=_rng(study))
        case _:
            raise StudyError(f'design = "{study.design}" has no points between 0 and 1')


def _listed(study: Study) -> Iterator[np.ndarray]:
    names = names_of(study)
    if study.rows:
        yield np.array([[row[n] for n in names] for row in study.rows], dtype=float)
    elif study.table is None:
        yield np.zeros((1, 0))  # one point: the arms without changes
    else:
        table = read_table(study)
        values = table[names].to_numpy(float)
        if study.design == "posterior":
            values = values[_resample(study, table)]
        yield values


def _resample(study: Study, table: pd.DataFrame) -> np.ndarray:
    """Rows of a posterior's draws by systematic resampling on their weights (equal where there is no column ``weight``)."""
    weight = table["weight"].to_numpy(float) if "weight" in table.columns else np.ones(len(table))
    if not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() <= 0:
        raise StudyError("the column weight holds negative or no weights; weights are numbers from 0 up")
    from calibration.infer import systematic

    return systematic(weight, study.points, _rng(study).random())


def _rng(study: Study) -> np.random.Generator:
    return np.random.default_rng(study.seed)
