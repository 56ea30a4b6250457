"""Levels of work do not depend on how many households are simulated: jobs are filled by weight and market, whatever each sampled adult stands for."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Scenario, Simulation

#: Years after the start has settled, with estates and logging.
YEARS = (1985, 1995)
SEEDS = range(100, 112)


def levels(households: int, end: str = "1995-12", **settings: float) -> dict[str, np.ndarray]:
    """Means of the years by indicator and side, one for each seed."""
    found: dict[str, list[float]] = {}
    for seed in SEEDS:
        run = Simulation(Scenario.load("history", end=end, set=settings), households=households, rng=seed).run()
        yearly = run.results.yearly
        rows = yearly[(yearly["year"] >= YEARS[0]) & (yearly["year"] <= YEARS[1])]
        for side in ("id", "my"):
            here = rows[rows["side"] == side]
            for name in ("unemployment_rate", "workers_across", "adults_wage", "adults_pass"):
                found.setdefault(f"{name}_{side}", []).append(float(here[name].mean()))
    return {name: np.array(values) for name, values in found.items()}


#: A difference of rates that is of no use to anybody, a twentieth of a percentage point: with enough seeds any difference is more than two standard errors.
NO_MATTER = 0.0005


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Difference of two means in standard errors over seeds."""
    return float(abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


@pytest.fixture(scope="module")
def by_size() -> dict[int, dict[str, np.ndarray]]:
    return {n: levels(n) for n in (300, 600, 2000)}


#: Day work across of the Malaysian side is left out: some ten jobs of two places, less than a household stands for where few are simulated.
AGREE = ("workers_across_id", "adults_wage_id", "adults_wage_my", "unemployment_rate_id", "unemployment_rate_my", "adults_pass_id")


@pytest.mark.parametrize("name", AGREE)
@pytest.mark.parametrize("households", [300, 600])
def test_levels_agree_within_two_standard_errors(by_size: dict[int, dict[str, np.ndarray]], households: int, name: str) -> None:
    """Where jobs were given community by community, work across was a quarter lower with 300 households than with 2,000."""
    few, many = by_size[households][name], by_size[2000][name]
    assert apart(few, many) < 2.0 or abs(few.mean() - many.mean()) < NO_MATTER


@pytest.mark.slow
@pytest.mark.parametrize("name", AGREE)
def test_levels_of_a_large_sample(by_size: dict[int, dict[str, np.ndarray]], large: dict[str, np.ndarray], name: str) -> None:
    assert apart(by_size[2000][name], large[name]) < 2.0 or abs(by_size[2000][name].mean() - large[name].mean()) < NO_MATTER


@pytest.fixture(scope="module")
def large() -> dict[str, np.ndarray]:
    return levels(8000)
