"""Jobs that are free, and who gets, keeps or loses one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.get_work import DISMISSED, FOUND, LAST, Parameters, fits, market_of, serve, share_that_fits, turn
from agents.household.leave_work import who_leaves
from agents.surroundings import ESTATE, FARM, LOOKING, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.jobs import NONE, month_of_jobs, people, slots_of
from tests.rules.tools import MANY, assert_share, both_forms, draws, take

#: Nobody leaves of itself.
STAY = Parameters(ends=0.0, ends_public=0.0)


@both_forms
@pytest.mark.parametrize(
    ("slots", "people", "expected"),
    [
        (50.0, 100.0, 0.5),
        (100.0, 50.0, 1.0),
        (0.0, 10.0, 0.0),
        (-5.0, 10.0, 0.0),
        (10.0, 0.0, 1.0),
        (0.0, 0.0, 0.0),
        (-1.0, 0.0, 0.0),
        (0.25, 0.5, 0.5),
        (0.5, 0.0, 1.0),
    ],
)
def test_share_that_fits(form: str, slots: float, people: float, expected: float) -> None:
    assert take(share_that_fits, form)(slots, people) == expected


# sent home with 0.2, of the others a quarter lose the job: 0.2 to 0.2 + 0.8 * 0.25 = 0.4
@both_forms
@pytest.mark.parametrize(
    ("u", "caught", "ends", "expected"),
    [
        (0.0, 0.2, 0.25, 2),
        (0.1999, 0.2, 0.25, 2),
        (0.2, 0.2, 0.25, 1),  # the bound belongs to the next
        (0.3999, 0.2, 0.25, 1),
        (0.4001, 0.2, 0.25, 0),
        (0.1, 0.0, 0.25, 1),
        (0.25, 0.0, 0.25, 0),
        (0.0, 0.0, 0.0, 0),
        (0.999, 1.0, 0.5, 2),
        (0.999, 0.0, 1.0, 1),
    ],
)
def test_who_leaves_by_hand(form: str, u: float, caught: float, ends: float, expected: int) -> None:
    assert take(who_leaves, form)(u, caught, ends) == expected


# ---- giving jobs ------------------------------------------------------------------------------------------------------------


@both_forms
@pytest.mark.parametrize(
    ("given", "weight", "jobs", "u", "expected"),
    [
        (0.0, 10.0, 10.0, 0.999, True),  # the whole weight fits
        (0.0, 10.0, 4.0, 0.39, True),  # four tenths of it
        (0.0, 10.0, 4.0, 0.4, False),
        (8.0, 10.0, 12.0, 0.39, True),
        (8.0, 10.0, 12.0, 0.41, False),
        (12.0, 10.0, 12.0, 0.0, False),  # nothing is left
        (13.0, 10.0, 12.0, 0.0, False),
        (0.0, 10.0, -3.0, 0.0, False),
    ],
)
def test_fits_by_hand(form: str, given: float, weight: float, jobs: float, u: float, expected: bool) -> None:
    assert take(fits, form)(given, weight, jobs, u) == expected


def given(form: str, jobs: float, u: Any, weights: Any, last: float, n: int | None = None) -> tuple[float, list[bool]]:
    """Weight given, and who has a job; the array of those is filled with the opposite before."""
    u, weights, total, refused = np.asarray(u, float), np.asarray(weights, float), np.full(1, 55.0), np.ones(1, np.bool_)
    has, n = np.ones(len(u), np.bool_), len(u) if n is None else n
    take(serve, form)(n, u, weights, np.zeros(len(u), np.int64), np.array([jobs]), np.array([last]), total, refused, has)
    assert refused[0] == (not has[:n].all())
    return float(total[0]), has.tolist()


@both_forms
def test_markets_are_filled_apart_in_one_order(form: str) -> None:
    # in the order: 2 (market 1), 0 (market 0), 3 (market 1, which is full), 1 (market 0: a half of it fits)
    order, weights, groups = np.array((0.2, 0.9, 0.1, 0.5)), np.array((3.0, 4.0, 5.0, 1.0)), np.array((0, 0, 1, 1))
    for last, second in ((0.49, True), (0.51, False)):
        total, refused, has = np.zeros(3), np.ones(3, np.bool_), np.zeros(4, np.bool_)
        take(serve, form)(4, order, weights, groups, np.array((5.0, 5.0, 9.0)), np.array((last, 0.0, 0.0)), total, refused, has)
        assert has.tolist() == [True, second, True, False] and refused.tolist() == [not second, True, False]
        assert total.tolist() == [7.0 if second else 3.0, 5.0, 0.0]


@both_forms
def test_turn_by_hand(form: str) -> None:
    of = take(turn, form)
    # 6 of 12 who ask could have one: a weight of 4 comes at -log(u) / 2
    assert of(0.5, 4.0, 6.0, 12.0) == pytest.approx(np.log(2.0) / 2.0)
    assert of(0.25, 4.0, 6.0, 12.0) == pytest.approx(np.log(4.0) / 2.0)
    for vacant in (0.0, -3.0):
        assert of(0.25, 4.0, vacant, 12.0) == 1.25e30
    assert of(1e-9, 1.0, 1e-300, 1.0) <= 1e30 < of(1e-9, 1.0, 0.0, 1.0)
    assert of(0.5, 1.0, 1.0, 1.0) > of(0.5, 1.0, 2.0, 1.0) and of(0.5, 1.0, 1.0, 1.0) < of(0.5, 1.0, 1.0, 2.0) > of(0.5, 2.0, 1.0, 2.0)


@both_forms
def test_market_of(form: str) -> None:
    of = take(market_of, form)
    assert [of(k, 1, 22) for k in range(1, 8)] == [1, 1, 1, 1, 22, 1, 1] and of(PASS, 0, -1) == -1 and of(PERMIT, 0, -1) == 0


@both_forms
def test_jobs_go_in_the_order_of_the_draws(form: str) -> None:
    # in the order of the draws: the third (weight 5), the first (3), the fourth (10), the second (2)
    u, weights = (0.3, 0.9, 0.1, 0.5), (3.0, 2.0, 5.0, 10.0)
    assert given(form, 20.0, u, weights, 0.999) == (20.0, [True] * 4)
    assert given(form, 50.0, u, weights, 0.999) == (20.0, [True] * 4)
    assert given(form, 8.0, u, weights, 0.0) == (8.0, [True, False, True, False])
    # nine: 8 for two of them, and a tenth of the weight of the next
    assert given(form, 9.0, u, weights, 0.09) == (18.0, [True, False, True, True])
    assert given(form, 9.0, u, weights, 0.11) == (8.0, [True, False, True, False])
    # 19: the last has half of its weight; who comes after the one that does not fit gets none, however small
    assert given(form, 19.0, u, weights, 0.49) == (20.0, [True] * 4)
    assert given(form, 17.0, u, weights, 0.95) == (8.0, [True, False, True, False])
    # three: three fifths of the first in the order
    assert given(form, 3.0, u, weights, 0.59) == (5.0, [False, False, True, False])
    assert given(form, 3.0, u, weights, 0.61) == (0.0, [False] * 4)
    for none in (0.0, -4.0):
        assert given(form, none, u, weights, 0.0) == (0.0, [False] * 4)


@both_forms
def test_only_those_who_ask_count(form: str) -> None:
    # the last two of the arrays are left from another community
    total, has = given(form, 4.0, (0.5, 0.2, 0.0, 0.1), (2.0, 2.0, 9.0, 9.0), 0.5, n=2)
    assert total == 4.0 and has[:2] == [True, True]
    assert given(form, 7.0, (0.5,), (2.0,), 0.5, n=0)[0] == 0.0


@both_forms
@pytest.mark.parametrize("jobs", [0.0, 1.0, 2.5, 6.0, 7.9])
def test_equal_weights_fill_all_jobs_up_to_one_weight(form: str, jobs: float) -> None:
    for last in (0.001, 0.3, 0.6, 0.999):
        total, has = given(form, jobs, draws(8), np.full(8, 1.0), last)
        assert total == sum(has) and abs(total - jobs) < 1.0
        # whole jobs go to whole weights; of a part of one, by the draw
        assert total == int(jobs) + (last < jobs % 1.0)


def test_one_whose_weight_is_larger_than_the_jobs_gets_one_with_their_part_of_it() -> None:
    u = draws(MANY, 5)
    got = sum(given("compiled", 30.0, (0.5,), (120.0,), last)[0] > 0.0 for last in u)
    assert_share(got, MANY, 0.25)


@pytest.mark.parametrize("jobs", [5.0, 33.0, 61.5, 99.0])
def test_mixed_weights_get_as_many_jobs_as_there_are_on_average(jobs: float) -> None:
    weights = np.array([1.0, 40.0, 3.0, 17.0, 25.0, 8.0, 6.0])
    n = MANY // 4
    u, last = draws(n * 7, 6).reshape(n, 7), draws(n, 7)
    found = np.array([given("compiled", jobs, u[k], weights, last[k])[0] for k in range(n)])
    assert np.abs(found - jobs).max() < weights.max()
    assert abs(found.mean() - jobs) < 4.0 * found.std(ddof=1) / np.sqrt(n)


# ---- a community's month ------------------------------------------------------------------------------------------------------


@both_forms
def test_limits(form: str) -> None:
    def left(now: int, asks: int, slots: float, caught: float = 0.0, p: Parameters = STAY) -> dict[str, np.ndarray]:
        return month_of_jobs(people(40, now, asks, place__job_slots=slots, place__caught_away=caught), form, p=p)

    first = lambda *a, **k: set(left(*a, **k)["household.activity"][:, 0].tolist())  # noqa: E731
    assert first(ESTATE, NONE, 80.0) == {ESTATE}
    assert first(ESTATE, NONE, 0.0) == {LOOKING}
    assert first(LOOKING, NONE, 1e6) == {LOOKING}  # who asks for nothing gets nothing
    assert first(FARM, NONE, 0.0) == {FARM}  # the farm needs no job
    assert first(LOOKING, SERVICES, 80.0) == {SERVICES}
    assert first(LOOKING, SERVICES, 0.0) == {LOOKING}
    assert first(FARM, SERVICES, 0.0) == {FARM}  # stays on the farm meanwhile
    assert first(LOOKING, FARM, 0.0) == {FARM} and first(PUBLIC, FARM, 80.0) == {FARM}  # the farm at once
    assert first(TIMBER, PERMIT, 1e6) == {PERMIT}  # moves from job to job
    assert first(FARM, NONE, 1e6, 1.0) == {FARM} and first(PERMIT, NONE, 1e6, 1.0) == {PERMIT} and first(PASS, NONE, 1e6, 1.0) == {PASS}
    for asks in (NONE, FARM, ESTATE):  # who is sent home gets no other job in that month
        done = left(UNDOCUMENTED, asks, 1e6, 1.0)
        assert (done["household.activity"][:, 0] == LOOKING).all() and (done["household.n_deported"] == 1).all()
        assert (done["household.work_sought"] == NONE).all() and (done["household.fear"] == 1.0).all()
        assert (done["household.activity"][:, 1:] == NONE).all()
    for k in range(1, LOOKING):  # every job ends, and nobody is sent home where nobody is caught
        done = left(k, NONE, 1e6, 0.0, Parameters(ends=1.0, ends_public=1.0))
        assert (
            (done["household.activity"][:, 0] == LOOKING).all()
            and not done["household.n_deported"].any()
            and not done["household.fear"].any()
        )


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_shares_that_leave(share: float) -> None:
    n, p = MANY, Parameters(ends=share, ends_public=0.003)
    stays = lambda k, **said: (month_of_jobs(people(n, k, **said), p=p)["household.activity"][:, 0] == k).sum()  # noqa: E731
    for k in (ESTATE, TIMBER, SERVICES, PASS, PERMIT, UNDOCUMENTED):
        assert_share(stays(k), n, 1.0 - share)
    assert_share(stays(PUBLIC), n, 1.0 - 0.003)
    done = month_of_jobs(people(n, UNDOCUMENTED, place__caught_away=0.3), p=p)
    assert_share(done["household.n_deported"].sum(), n, 0.3)
    assert_share((done["household.activity"][:, 0] == UNDOCUMENTED).sum(), n, 0.7 * (1.0 - share))


@both_forms
def test_a_dismissed_adult_may_find_another_job_in_that_month(form: str) -> None:
    asks = np.array([SERVICES, NONE, SERVICES, NONE])
    done = month_of_jobs(people(4, ESTATE, asks, place__job_slots=slots_of(services=1e6)), form, p=STAY)
    assert done["household.activity"][:, 0].tolist() == [SERVICES, LOOKING, SERVICES, LOOKING]
    ended = month_of_jobs(people(4, ESTATE, asks, place__job_slots=slots_of(services=1e6)), form, p=Parameters(ends=1.0))
    assert ended["household.activity"][:, 0].tolist() == [SERVICES, LOOKING, SERVICES, LOOKING]


@both_forms
def test_who_found_nothing_better_keeps_the_job(form: str) -> None:
    done = month_of_jobs(people(30, ESTATE, PERMIT, place__job_slots=slots_of(estate=60.0)), form, p=STAY)
    assert (done["household.activity"][:, 0] == ESTATE).all()
    assert done["place.job_seekers"][0].tolist() == [0, 0, 0, 0, 0, 0, 60.0, 0] and done["place.job_holders"][0].tolist() == [
        0,
        60.0,
        0,
        0,
        0,
        0,
        0,
        0,
    ]


@both_forms
def test_a_job_that_is_left_for_another_is_free_next_month(form: str) -> None:
    # ten on estates, five of them ask for services; five others ask for estates, of which there are ten
    now, asks = [ESTATE] * 10 + [LOOKING] * 5, [SERVICES] * 5 + [NONE] * 5 + [ESTATE] * 5
    columns = people(15, now, asks, place__job_slots=slots_of(estate=20.0, services=1e6))
    done = month_of_jobs(columns, form, p=STAY)
    assert done["household.activity"][:, 0].tolist() == [SERVICES] * 5 + [ESTATE] * 5 + [LOOKING] * 5
    assert done["place.job_holders"][0].tolist() == [0, 10.0, 0, 10.0, 0, 0, 0, 0] and done["place.job_offer"][0, ESTATE] == 0.0
    columns["household.work_sought"][:, 0] = [NONE] * 10 + [ESTATE] * 5
    done = month_of_jobs(columns, form, p=STAY)
    assert done["household.activity"][:, 0].tolist() == [SERVICES] * 5 + [ESTATE] * 10 and done["place.job_holders"][0, ESTATE] == 20.0


@both_forms
def test_who_is_dismissed_goes_by_the_draws_of_each(form: str) -> None:
    # 21 jobs on estates for 15 of weight 2; a half of the eleventh fits
    columns = people(15, ESTATE, place__job_slots=slots_of(estate=21.0))
    done = month_of_jobs(columns, form, p=STAY, seed=3, month=5)
    order = sorted(range(15), key=lambda i: uniform(3, DISMISSED, 5, 1000 + i, 0))
    kept = 10 + (uniform(3, LAST, 5, 1, ESTATE) < 0.5)
    assert {i for i in range(15) if done["household.activity"][i, 0] == ESTATE} == set(order[:kept])
    assert done["place.job_holders"][0, ESTATE] == 2.0 * kept


@both_forms
def test_who_finds_a_job_goes_by_the_draws_of_each(form: str) -> None:
    # two hold one of 15 jobs in services; 11 are free for ten who ask, of weight 2
    now, asks = [SERVICES] * 2 + [FARM] * 5 + [LOOKING] * 5, [NONE] * 2 + [SERVICES] * 10
    columns = people(
        12, now, asks, place__job_slots=slots_of(services=15.0), place__job_chance=0.5, place__jobs_found=3.0, place__jobs_asked=12.0
    )
    done = month_of_jobs(columns, form, p=STAY._replace(learning=0.2), seed=3, month=9)
    order = sorted(range(2, 12), key=lambda i: -uniform(3, FOUND, 9, 1000 + i, 0))
    found = 5 + (uniform(3, LAST, 9, 1, SERVICES) < 0.5)
    assert {i for i in range(12) if done["household.activity"][i, 0] == SERVICES} == {0, 1, *order[:found]}
    assert done["place.job_holders"][0, SERVICES] == 4.0 + 2.0 * found and done["place.job_seekers"][0, SERVICES] == 20.0
    assert done["place.job_offer"][0, SERVICES] == pytest.approx(found / 10)
    # jobs found and asked for are remembered apart, each to four fifths
    assert done["place.jobs_found"][0, SERVICES] == pytest.approx(0.8 * 3.0 + 0.2 * 2.0 * found)
    assert done["place.jobs_asked"][0, SERVICES] == pytest.approx(0.8 * 12.0 + 0.2 * 20.0)
    assert done["place.job_chance"][0, SERVICES] == pytest.approx((2.4 + 0.4 * found) / 13.6)
    assert (done["place.job_chance"][0, [FARM, ESTATE, PUBLIC]] == 0.5).all(), (
        "of jobs that are not there and that nobody asks for nothing is learned"
    )
    assert done["place.jobs_found"][0, [FARM, PUBLIC]].tolist() == pytest.approx([3.0, 2.4]) and done["place.jobs_asked"][
        0, PUBLIC
    ] == pytest.approx(9.6)
