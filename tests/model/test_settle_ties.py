"""In the conditions of January 1980 ties stay as they are; with a cause they move to where it pushes them."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Scenario, Simulation, year
from abm.month import MONTH
from abm.settle_ties import good_visits, usual_opinions

SEEDS = (1, 2, 3)
#: So far may the mean strength of ties across move in ten years without a cause, as a part of it, over three seeds of 2,000 households: chance (a
#: standard deviation of about 0.01 a seed) and what three years of trips say too little of. It was a half before ties were settled with trips.
BOUND = 0.03


def means(run: Simulation) -> np.ndarray:
    """Mean strength of kin ties across and of all ties across."""
    c = run.kin.columns
    source, at = run.kin.ends()
    over = at >= c["first_across"][source]
    return np.array([c["strength"][over & (c["is_kin"] > 0)].mean(), c["strength"][over].mean()])


def ten_years(run: Simulation, nearer: float = 1.0) -> np.ndarray:
    """Part by which the means have changed after ten years in which nothing but the agents acts, all ways ``nearer`` times as long."""
    before = means(run)
    run.world.hours_between = run.world.hours_between * nearer
    run.world.village["hours_care"][:, 3:] *= nearer
    year.renew_ties(run)
    for month in range(120):
        if month % 12 == 0 and month > 0:
            year.meet_across(run, month, year.pull_now(run))
        for step in MONTH:
            if step.rule is not None:
                run.month = 0 if step.name.startswith("world.set") else month
                run.run_rule(step.rule)
    return means(run) / before - 1.0


def at_start(seed: int) -> Simulation:
    return Simulation(Scenario.load("history", end="1990-12"), households=2000, rng=seed)


def test_ties_across_stay_where_nothing_changes() -> None:
    drift = np.mean([ten_years(at_start(seed)) for seed in SEEDS], axis=0)
    assert np.abs(drift).max() < BOUND, drift


def test_ties_across_grow_where_the_ways_get_shorter_and_fade_where_they_get_longer() -> None:
    same, nearer, farther = (ten_years(at_start(4), by)[0] for by in (1.0, 0.5, 2.0))
    assert nearer > same + 0.05 and farther < same - 0.05


def test_without_kinship_nobody_becomes_acquainted() -> None:
    run = Simulation(Scenario(end="1982-12", switches={"kinship": False}), households=300)
    assert run.kin.columns["is_on"].tolist() == [0.0]
    run.run()
    c, (source, at) = run.kin.columns, run.kin.ends()
    assert (c["is_kin"][at >= c["first_across"][source]] == 1).all() and not run.frames["household"]["support_across"].any()


def test_opinions_of_a_month_by_hand() -> None:
    visits = np.array([(1, 0, 1, 0, 0), (0, 0, 0, 1, 0), (0, 0, 0, 0, 0), (0, 3, 0, 1, 0)], dtype=np.int8)
    quality = np.array([(0.4, 0.9, 0.8, 0.5, 0.9), (9.0,) * 5, (0.9, 0.4, 0.9, 0.6, 0.8)])
    good = good_visits(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2]), visits, quality, 2)
    # place 0: good at home (0.4 + 0.8) / 2, across 0.5; place 1: 3 * 0.4 / 4 and 0.6 / 4
    assert good == pytest.approx(np.array([[0.6, 0.3], [0.5, 0.15], [2, 1]]))
    # both of one side: its means are 0.3 and 0.65 / 3, which count once more in each place
    opinions = usual_opinions(good, np.array([0, 0]))
    assert opinions.tolist() == [
        pytest.approx([(0.6 + 0.3) / 3, (0.3 + 0.3) / 2]),
        pytest.approx([(0.5 + 0.65 / 3) / 3, (0.15 + 0.65 / 3) / 2]),
    ]
    assert not usual_opinions(np.zeros((3, 2)), np.array([0, 1])).any(), "nobody went anywhere"
