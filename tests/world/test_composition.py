"""Who lives in a household of January 1980: worked out again member by member, and the shares of the census."""

from __future__ import annotations

import math

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm.world import composition
from abm.world.composition import members
from abm.world.populate import Parameters
from agents.core.draws import uniform
from agents.household.live import KEEPS, WORKS, births_by_age, life_table, order_workers
from agents.surroundings import LOOKING

P = Parameters()
N = 4000


def uids(n: int = N) -> np.ndarray:
    return np.arange(n, dtype=np.int64) * 7919 + 11


@pytest.fixture(scope="module")
def both() -> list[dict[str, np.ndarray]]:
    return [members(5, uids(), side, P, 0.7, 0.75) for side in (0, 1)]


def test_members_by_their_draws() -> None:
    p = P._replace(births_before_my=5.0, infant_deaths_before_my=40.0, with_partner=0.8, with_parent=0.3, grown_stay=0.9)
    found, table = members(5, uids(300), 1, p, 0.65, 0.8), life_table(40.0, 0.0)
    births, alive = 2 * births_by_age(5.0), np.cumprod(table.survive)
    full = 0
    for k, uid in enumerate(uids(300).tolist()):
        u = [uniform(5, composition.COMPOSITION, 0, uid, j) for j in range(43)]
        shares, ages = (0.0, 0.08, 0.38, 0.65, 0.83, 0.94, 1.0), (18, 25, 35, 45, 55, 65, 80)
        at = sum(u[0] >= s for s in shares[1:])
        head = math.floor(ages[at] + (u[0] - shares[at]) / (shares[at + 1] - shares[at]) * (ages[at + 1] - ages[at]))
        adults = [head]
        woman = head
        if u[3] < (0.8 if head < 65 else 0.48):
            woman = max(head - 8 + math.floor(10 * u[4]), 16)
            adults.append(woman)
        if u[5] < 0.3 and head < 55:
            adults.append(head + 20 + math.floor(15 * u[6]))
        children = []
        own: list[int] = []
        keeps = uniform(5, KEEPS, 0, uid, 0)
        least = 2 if keeps < 0.4 else 1 if keeps < 0.8 else 0
        for age in range(35):
            at_birth = woman - age
            stays = 1.0 if len(own) < least else 0.9 ** max(age - 17, 0)
            if at_birth >= 0 and u[8 + age] < births[at_birth] * alive[age] * stays:
                (children if age < 15 else adults).append(age)
                own.append(age)
        full += len(adults) > 6
        n, row = min(len(adults), 6), np.array((adults + [-1] * 6)[:6], np.int8)
        activity = np.full(6, -1, np.int8)
        workers = order_workers(n, 0.65, uniform(5, WORKS, 0, uid, 0), row, activity)
        assert found["adult_age"][k].tolist() == row.tolist() and found["activity"][k].tolist() == activity.tolist()
        assert (found["n_adults"][k], found["n_workers"][k], found["n_children"][k]) == (n, workers, min(len(children), 8))
        assert found["child_age"][k].tolist() == (children + [-1] * 8)[:8]
    assert full > 0


def test_shares_of_the_census_of_1980(both: list[dict[str, np.ndarray]]) -> None:
    """HH21: 40 to 47 % were below 15; HH22: 3.1 to 4.3 % were 65 and over; households of about five (census of 1991)."""
    for found in both:
        people = found["n_adults"].astype(int).sum() + found["n_children"].astype(int).sum()
        assert 0.40 < found["n_children"].astype(int).sum() / people < 0.47
        assert 0.028 < (found["adult_age"] >= 65).sum() / people < 0.043
        assert 4.5 < people / N < 5.2


def test_ages_fit_each_other(both: list[dict[str, np.ndarray]]) -> None:
    for found in both:
        slots = np.arange(8)
        assert np.array_equal(found["adult_age"] >= 15, slots[:6] < found["n_adults"][:, None]) and found["adult_age"].max() <= 100
        assert np.array_equal(found["child_age"] >= 0, slots < found["n_children"][:, None]) and found["child_age"].max() < 15
        # who is in the labour force looks for work until January 1980 gives him some (abm/start.py)
        assert np.array_equal(found["activity"], np.where(slots[:6] < found["n_workers"][:, None], LOOKING, -1))
        of_age = ((found["adult_age"] >= 15) & (found["adult_age"] < 65)).sum(axis=1)
        assert (found["n_workers"] >= np.minimum(of_age, 1)).all() and (found["n_workers"] <= of_age).all()
        assert found["n_workers"].sum() / of_age.sum() == pytest.approx(0.7, abs=0.02)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    small, large = members(5, uids(50), 0, P, 0.7, 0.75), members(5, uids(90), 0, P, 0.7, 0.75)
    assert all(np.array_equal(values, large[name][:50]) for name, values in small.items())


def test_more_births_before_mean_more_children() -> None:
    fewer, more = (members(5, uids(), 0, P._replace(births_before_id=b), 0.7, 0.75)["n_children"].mean() for b in (5.5, 6.8))
    assert more > 1.1 * fewer
    few, usual = (members(5, uids(), 0, P._replace(with_parent=w), 0.7, 0.75)["n_adults"].mean() for w in (0.0, 0.2))
    assert few < usual


def test_houses_that_keep_a_child_have_the_youngest_at_any_age() -> None:
    p = P._replace(grown_stay=0.0)
    nobody, kept = members(5, uids(), 0, p, 0.7, 0.0), members(5, uids(), 0, p, 0.7, 1.0)
    u = np.array([uniform(5, KEEPS, 0, int(uid), 0) for uid in uids()])
    old = nobody["adult_age"].max(axis=1) >= 40
    more = kept["n_adults"].astype(int) - nobody["n_adults"]
    assert (more >= 0).all() and np.array_equal(kept["child_age"], nobody["child_age"])
    at_home = nobody["n_children"] + ((nobody["adult_age"] >= 15) & (nobody["adult_age"] < 18)).sum(axis=1)
    least = np.where(u < 0.5, 2, 1)
    assert (more <= np.maximum(least - at_home, 0)).all() and (more[old & (at_home == 0)] > 0).mean() > 0.5
    assert more[(least == 2) & (at_home == 1)].max() == 1 and more[(least == 1) & (at_home == 1)].max() == 0
