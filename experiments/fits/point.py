"""Why does a point fit mislead? Several searches meet all targets, at different points.

The optimisers search the emulator of a fit's runs, so a search takes seconds; each answer is then run in the model itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration.emulator import fit_emulator
from calibration.likelihood import statistics
from calibration.runs import Runs
from experiments.fits.asked import FitError
from experiments.fits.fit import Fit
from experiments.fits.populations import populations, single_threaded
from experiments.studies import plan

#: Runs of the model, with seeds of their own, that an answer's statistics are the mean of.
CONFIRM = 4
#: Two searches ended at one point when no parameter differs by more than this share of its prior range.
SAME = 0.03


@dataclass(frozen=True)
class Answer:
    """The point where one search ended, in the prior's unit cube, and the fitted targets there."""

    unit: np.ndarray
    emulated: np.ndarray
    confirmed: np.ndarray


def point_fits(fit: Fit, starts: int, confirm: int = CONFIRM) -> list[Answer]:
    """Search from several random starts for the point that agrees best, and run the model at each answer (``confirm`` runs). FitError for fewer than two starts."""
    from scipy.optimize import minimize

    if starts < 2:
        raise FitError("one search has nothing to be compared with: give --starts 2 or more")
    with single_threaded():
        have = populations(fit)
        emulator = fit_emulator(have.runs.unit, have.statistics)
        likelihood = fit.likelihood
        rng = np.random.default_rng(plan.seed_of(fit.asked.seed, 5000) % 2**32)
        active = emulator.active
        if not len(active):
            raise FitError("no parameter moves a fitted target in these runs, so there is nothing to search for; check the targets")

        def miss(inner: np.ndarray, base: np.ndarray) -> float:
            unit = base.copy()
            unit[active] = inner
            return -float(likelihood(emulator(unit[None]))[0])

        found = []
        for _ in range(starts):
            base = rng.random(len(fit.prior))
            best = minimize(miss, base[active], args=(base,), method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(active))
            unit = base.copy()
            unit[active] = best.x
            found.append(unit)
    return [
        Answer(unit, emulator(unit[None])[0], _confirmed(fit, unit, confirm, k))
        for k, unit in enumerate(found)
    ]  # fmt: skip


def _confirmed(fit: Fit, unit: np.ndarray, n: int, k: int) -> np.ndarray:
    """The statistics of the model itself at a point ``unit``, shape (d,), as means over ``n`` runs, shape (targets,)."""
    from abm import Scenario, Simulation

    values = dict(zip(fit.prior.names, fit.prior.values(unit)[0].tolist(), strict=True))
    scenario = Scenario.load("history", set=values, without=fit.asked.without, end=fit.asked.end, widen=fit.asked.widen)
    rows = []
    for replicate in range(n):
        model = Simulation(
            scenario,
            region=fit.asked.region,
            households=fit.asked.households,
            rng=plan.seed_of(fit.asked.seed, 6000 + replicate, k),
            fitted={},
        )
        model.run()
        yearly = model.results.yearly
        years = np.unique(yearly["year"].to_numpy())
        outputs = {o: yearly[o].to_numpy(float).reshape(1, len(years), 2) for o in fit.outputs}
        rows.append(statistics(fit.targets.fit, Runs(fit.prior, unit[None], years, outputs))[0])
    return np.mean(rows, axis=0)


def apart(answers: list[Answer], active: np.ndarray) -> tuple[float, int]:
    """The largest distance between two answers in one parameter, as a share of its prior range, and that parameter's position; ``active`` are positions, shape (n,)."""
    places = np.stack([a.unit for a in answers])[:, active]
    width = places.max(axis=0) - places.min(axis=0)
    return float(width.max()), int(active[int(width.argmax())])


def at_one_point(answers: list[Answer], active: np.ndarray) -> list[list[int]]:
    """Numbers (from 1) of the searches that ended at one point, group by group: none of the parameters differs by more than ``SAME``."""
    groups: list[list[int]] = []
    for number, answer in enumerate(answers, 1):
        for group in groups:
            if np.abs(answer.unit[active] - answers[group[0] - 1].unit[active]).max(initial=0.0) <= SAME:
                group.append(number)
                break
        else:
            groups.append([number])
    return [g for g in groups if len(g) > 1]


def to_dict(fit: Fit, answers: list[Answer]) -> dict[str, Any]:
    """As JSON."""
    targets = fit.targets.fit
    active = _active(fit)
    distance, where = apart(answers, active)
    return {
        "apart": distance, "parameter": fit.prior.names[where], "same": at_one_point(answers, active),
        "answers": [
            {
                "parameters": {fit.prior.names[p]: float(fit.prior.values(a.unit)[0, p]) for p in active},
                "targets": {
                    t.id: {"emulated": float(t.shown(np.array(a.emulated[i]))), "model": float(t.shown(np.array(a.confirmed[i])))}
                    for i, t in enumerate(targets)
                },
            }
            for a in answers
        ],
    }  # fmt: skip


def _active(fit: Fit) -> np.ndarray:
    with single_threaded():
        have = populations(fit)
        return fit_emulator(have.runs.unit, have.statistics).active
