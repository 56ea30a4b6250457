"""A simulator of the model's shape with a known truth: eight parameters, two incomes, a share, visits, chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from abm.claims.statistic import Statistic
from calibration.priors import Prior
from calibration.runs import Runs
from calibration.target import Target

YEARS = np.arange(1980, 2016)
PARAMETERS = (
    "world.set_month.farm_id", "world.set_month.farm_my", "world.set_work.pay_id", "world.set_work.pay_my",
    "household.seek_care.weight_quality", "household.seek_care.hour_primary", "household.keep_ties.gain", "household.keep_ties.decay",
)  # fmt: skip


def simulate(unit: np.ndarray, seed: int = 1, noise: float = 0.03) -> Runs:
    """Runs at places of shape (n, 8)."""
    rng = np.random.default_rng(seed)
    n, x = len(unit), 2.0 * unit - 1.0
    chance = rng.standard_normal((n, len(YEARS), 2)) * noise
    t = (YEARS - 1980) / 35.0
    income = np.empty((n, len(YEARS), 2))
    income[:, :, 0] = np.exp(
        6.6 + 0.7 * x[:, [0]] + 0.25 * x[:, [2]] + 0.1 * x[:, [0]] * x[:, [2]] + 0.6 * (t - 0.7)[None, :] + chance[:, :, 0]
    )
    income[:, :, 1] = np.exp(8.2 + 0.5 * x[:, [1]] + 0.3 * x[:, [3]] + 0.6 * (t - 0.7)[None, :] + chance[:, :, 1])
    score = 1.0 + 1.5 * x[:, [4]] - 1.0 * x[:, [5]] - (3.5 + x[:, [4]]) * t[None, :] + 5 * chance[:, :, 0]
    share = 1.0 / (1.0 + np.exp(-score))
    visits = 200.0 * share * np.exp(0.3 * t)[None, :]
    both = lambda a: np.stack([a, np.full_like(a, np.nan)], axis=2)  # noqa: E731
    prior = Prior.of(PARAMETERS)
    outputs = {"income_per_capita": income, "care_share_across": both(share), "visits_across_per_1000": both(visits)}
    return Runs(prior, unit, YEARS, outputs)


def targets() -> tuple[Target, ...]:
    """Four reports of the shapes that the paper makes."""
    base = Target(
        "", "", "value", "fit", Statistic("income_per_capita", "id", 2005, 2007), "toy", "toy", tolerance_reason="toy", quote="toy"
    )
    share = Statistic("care_share_across", "id", 1980, 1989)
    before, after = (Statistic("visits_across_per_1000", "id", *y) for y in ((1980, 1989), (2004, 2006)))
    return (
        replace(base, id="income_id", value=700.0, tolerance=0.1, group="incomes", correlation=0.5),
        replace(base, id="income_my", of=replace(base.of, side="my"), value=4000.0, tolerance=0.1, group="incomes", correlation=0.5),
        replace(base, id="majority", kind="threshold", of=share, threshold=0.5, width=0.5, flat_above=0.75),
        replace(base, id="fall", kind="trend", of=before, against=after, threshold=0.15, width=0.15),
    )
