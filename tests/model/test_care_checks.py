"""Four checks of the rules of care together, in pairs of worlds with the same seed: what a health centre, a better hospital at home and a dearer ringgit do.

They say which way the rules lead, not how much the border had: visits across for each person grow over the years in both worlds of the first check.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.parameters import Change
from abm.results.record import S

SEEDS = (1, 2)
EARLY, LATE = slice(0, 60), slice(300, 432)
#: Month from which the state pays twice as much for Indonesian hospitals.
BETTER_FROM = 120
WORLDS = {
    "history": Scenario(),
    "no programme": Scenario(switches={"puskesmas_programme": False}),
    "better hospitals": Scenario(events=(Change(BETTER_FROM, "official.spend_budget.hospitals_id", 0.12),)),
    "ringgit +20 %": Scenario(parameters={"world.set_care.foreigners_my": 1.2}),
    "ringgit x2": Scenario(parameters={"world.set_care.foreigners_my": 2.0}),
}
Sums = Mapping[str, list[np.ndarray]]


@pytest.fixture(scope="module")
def sums() -> Sums:
    """Monthly sums of the places of the Indonesian side, (months, places, sums), by world and seed."""
    found: dict[str, list[np.ndarray]] = {}
    for name, world in WORLDS.items():
        for seed in SEEDS:
            run = BorderModel(world, households=600, rng=seed).run()
            found.setdefault(name, []).append(run.record.sums[:, run.world.place["side"] == 0])
    return found


def visits(sums: Sums, world: str, years: slice, *options: str) -> float:
    """Visits a year for each 1,000 people, mean of the seeds."""
    of_seed = [
        sum(float(s[years][:, :, S[f"visits_{k}"]].sum()) for k in options) / float(s[years][:, :, S["persons"]].sum()) * 12_000
        for s in sums[world]
    ]
    return float(np.mean(of_seed))


def test_health_centres_bring_primary_care_home_and_hospital_care_little(sums: Sums) -> None:
    kept = {k: visits(sums, "history", LATE, k) / visits(sums, "no programme", LATE, k) for k in ("pa", "ha")}
    assert kept["pa"] < 0.4, "most primary care across comes home"
    assert 0.5 < kept["ha"] < 1.0, "most hospital care across goes on"
    assert visits(sums, "history", LATE, "dh", "ph") > 1.5 * visits(sums, "no programme", LATE, "dh", "ph")


def test_visits_across_fall_by_the_programme_while_hospital_visits_grow(sums: Sums) -> None:
    assert visits(sums, "history", LATE, "pa", "ha") < 0.6 * visits(sums, "no programme", LATE, "pa", "ha")
    assert visits(sums, "history", LATE, "ha") > 1.5 * visits(sums, "history", EARLY, "ha")
    line = [
        np.mean([s[years][:, :, S["line_visits_across"]].sum() / s[years][:, :, S["line_visits"]].sum() for s in sums["history"]])
        for years in (EARLY, LATE)
    ]
    assert line[1] < 0.6 * line[0], "of all visits of villages at the line fewer are across"


def test_better_hospitals_at_home_cut_hospital_visits_across_only(sums: Sums) -> None:
    for one, other in zip(sums["history"], sums["better hospitals"], strict=True):
        assert one[:BETTER_FROM].tobytes() == other[:BETTER_FROM].tobytes(), "worlds part when the hospitals get better"
    assert visits(sums, "better hospitals", LATE, "ha") < 0.97 * visits(sums, "history", LATE, "ha")
    assert visits(sums, "better hospitals", LATE, "hh") > 1.1 * visits(sums, "history", LATE, "hh")
    assert visits(sums, "better hospitals", LATE, "pa") == pytest.approx(visits(sums, "history", LATE, "pa"), rel=0.05)


def test_a_dearer_ringgit_cuts_both_tiers_across(sums: Sums) -> None:
    # fares are paid in rupiah, so the ringgit acts by the fees of foreigners alone
    everything = slice(0, 432)
    for tier in ("pa", "ha"):
        at = [visits(sums, world, everything, tier) for world in ("history", "ringgit +20 %", "ringgit x2")]
        assert at[0] > at[1] > at[2], tier
    # home care takes some of them in
    assert visits(sums, "ringgit x2", everything, "hh") > visits(sums, "history", everything, "hh")
