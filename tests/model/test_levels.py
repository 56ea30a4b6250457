"""Levels of work do not depend on how many households are simulated: jobs are filled by weight, whatever each sampled adult stands for."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Scenario, Simulation

#: Years after the start has settled, with estates and logging.
YEARS = (1985, 1995)
SEEDS = range(100, 106)


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


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Difference of two means in standard errors over seeds."""
    return float(abs(a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


@pytest.fixture(scope="module")
def by_size() -> dict[int, dict[str, np.ndarray]]:
    return {n: levels(n) for n in (300, 600, 2000)}


@pytest.mark.parametrize("side", ["id", "my"])
def test_unemployment_is_of_one_size(by_size: dict[int, dict[str, np.ndarray]], side: str) -> None:
    """Where the last job was drawn anew every month, it was four times as high with 300 households as with 2,000."""
    large = by_size[2000][f"unemployment_rate_{side}"].mean()
    for n in (300, 600):
        assert by_size[n][f"unemployment_rate_{side}"].mean() == pytest.approx(large, rel=0.35), n


def test_day_work_across_is_of_one_size(by_size: dict[int, dict[str, np.ndarray]]) -> None:
    for n in (300, 600):
        assert apart(by_size[n]["adults_pass_id"], by_size[2000]["adults_pass_id"]) < 3.0, n


@pytest.mark.parametrize("name", ["workers_across_id", "adults_wage_my"])
def test_jobs_are_filled_in_samples_of_any_size(by_size: dict[int, dict[str, np.ndarray]], name: str) -> None:
    """Not quite: with few households a free job is found later, as nobody expects any between two that are free (docs/odd.md, 5)."""
    large = by_size[2000][name].mean()
    for n, tolerance in ((300, 0.3), (600, 0.15)):
        assert by_size[n][name].mean() == pytest.approx(large, rel=tolerance), n


@pytest.mark.slow
def test_levels_of_a_large_sample(by_size: dict[int, dict[str, np.ndarray]]) -> None:
    large = levels(8000)
    for name in ("unemployment_rate_id", "unemployment_rate_my"):
        assert by_size[2000][name].mean() == pytest.approx(large[name].mean(), rel=0.2), name
    for name in ("workers_across_id", "adults_wage_my", "adults_pass_id"):
        assert by_size[2000][name].mean() == pytest.approx(large[name].mean(), rel=0.1), name
