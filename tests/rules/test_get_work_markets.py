"""Jobs of a market of several communities: whose jobs count, who is dismissed, and what is free after that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.get_work import LAST, Parameters
from agents.surroundings import ESTATE, LOOKING, PERMIT, TIMBER
from tests.rules.jobs import LEAVE, NONE, columns_of_jobs, month_of_jobs, of_rule
from tests.rules.tools import both_forms, run_rule

#: Nobody leaves of itself.
STAY = Parameters(ends=0.0, ends_public=0.0)


def market(place: Any, weight: Any, now: Any, asks: Any, kind: int, slots: Any) -> dict[str, np.ndarray]:
    """Households with one adult of the labour force; ``slots`` are the jobs of a kind in each community, all of one side."""
    six = lambda x: np.column_stack([np.broadcast_to(x, len(place)), np.full((len(place), 5), NONE)])  # noqa: E731
    jobs = np.zeros((len(slots), 8))
    jobs[:, kind] = slots
    values = {"household.place": place, "household.n_workers": 1, "household.weight": weight, "household.activity": six(now), "household.work_sought": six(asks),
              "place.job_slots": jobs}  # fmt: skip
    return columns_of_jobs({"household": len(place), "place": len(slots)}, values)


@both_forms
def test_jobs_of_who_is_closed_out_are_free_for_others_at_once(form: str) -> None:
    done = month_of_jobs(market((0, 1), 3.0, (PERMIT, LOOKING), (NONE, PERMIT), PERMIT, (0.0, 3.0)), form, p=STAY)
    assert done["household.activity"][:, 0].tolist() == [LOOKING, PERMIT]
    assert done["place.job_offer"][:, PERMIT].tolist() == [1.0, 1.0]


@both_forms
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(("large", "kept"), [(5.0, True), (3.0, True), (2.5, False)])
def test_the_largest_weight_is_that_of_the_whole_market(form: str, large: float, kept: bool, is_first: bool) -> None:
    # four of weight 1 hold one job of their community, a household of another has its own: three are too many
    places, weights, slots = [0, 1, 1, 1, 1], [large, 1.0, 1.0, 1.0, 1.0], [large, 1.0]
    if not is_first:
        places, weights, slots = [0, 0, 0, 0, 1], weights[::-1], slots[::-1]
    done = month_of_jobs(market(places, weights, TIMBER, NONE, TIMBER, slots), form, p=STAY)
    assert bool((done["household.activity"][:, 0] == TIMBER).all()) == kept


@both_forms
def test_what_is_left_after_dismissals_is_free(form: str) -> None:
    # 21 jobs for 15 of weight 2: ten keep theirs, or eleven; with ten there is room for one of weight 0.25
    weights, now, asks = [2.0] * 15 + [0.25], [ESTATE] * 15 + [LOOKING], [NONE] * 15 + [ESTATE]
    seen = set()
    for seed in range(8):
        done = month_of_jobs(market([0] * 16, weights, now, asks, ESTATE, (21.0,)), form, p=STAY, seed=seed, month=5)
        works = done["household.activity"][:, 0] == ESTATE
        kept = 10 + int(uniform(seed, LAST, 5, 1, ESTATE) < 0.5)
        assert works[:15].sum() == kept and works[15] == (kept == 10)
        assert done["place.job_holders"][0, ESTATE] == np.array(weights)[works].sum()
        seen.add(kept)
    assert seen == {10, 11}


@both_forms
@pytest.mark.parametrize("where", [0, 1, 2])
def test_holders_and_seekers_are_counted_anew_in_each_part_of_the_households(form: str, where: int) -> None:
    columns = market((0, 1, 2), 3.0, TIMBER, ESTATE, TIMBER, (9.0, 9.0, 9.0))
    columns["place.job_holders"][:], columns["place.job_seekers"][:] = 77.0, 55.0
    done = run_rule(LEAVE, of_rule(LEAVE, columns), form, start=where, stop=where + 1, q=STAY)
    for name, kind, old in (("job_holders", TIMBER, 77.0), ("job_seekers", ESTATE, 55.0)):
        expected = np.full((3, 8), old)
        expected[where] = 0.0
        expected[where, kind] = 3.0
        assert done[f"place.{name}"].tolist() == expected.tolist()
