"""What seekers learn of free jobs, what ends an ask, fear that fades, and communities that are settled apart."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.get_work import DISMISSED, FOUND, LAST, LEFT, Parameters, who_leaves
from agents.surroundings import ESTATE, FARM, LOOKING, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED, WORK
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, traced

RULE = "household.get_work"
#: Nobody leaves of itself.
STAY = Parameters(ends=0.0, ends_public=0.0)
NONE = -1


def people(n: int, now: Any, asks: Any = NONE, **said: Any) -> dict[str, np.ndarray]:
    """``n`` households with one adult of the labour force in one community."""
    six = lambda x: np.column_stack([np.broadcast_to(x, n), np.full((n, 5), NONE)])  # noqa: E731
    values = {"household.n_workers": 1, "household.weight": 2.0, "household.activity": six(now), "household.work_sought": six(asks),
              "place.job_slots": 1.0e6} | {k.replace("__", ".", 1): v for k, v in said.items()}  # fmt: skip
    return columns_of(RULE, {"household": n, "place": 1}, values)


def slots_of(**jobs: float) -> np.ndarray:
    """Jobs by activity, none where nothing is said."""
    return np.array([jobs.get(name, 0.0) for name in WORK])


@both_forms
@pytest.mark.parametrize(("slots", "expected"), [(0.0, 0.0), (8.0, 0.0), (1e6, 1.0)])
def test_what_seekers_could_expect_where_nobody_asks(form: str, slots: float, expected: float) -> None:
    done = run_rule(RULE, people(4, ESTATE, place__job_slots=slots, place__job_chance=0.5), form, stop=4, p=STAY._replace(learning=0.5))
    # a free job is known of; where none is free and nobody asks, people learn nothing
    assert done["place.job_offer"][0, ESTATE] == expected and done["place.job_chance"][0, ESTATE] == (1.0 if expected else 0.5)
    assert done["place.jobs_found"][0, ESTATE] == done["place.jobs_asked"][0, ESTATE] == (1.0 if expected else 0.0), (
        "half of a household's weight"
    )
    # farm work needs no job: nothing is expected of it
    assert done["place.job_chance"][0, FARM] == 0.5


def test_a_free_part_of_a_weight_is_expected_by_chance() -> None:
    # nobody asks; three quarters of the mean weight (2) are free in each of many communities
    n = MANY // 10
    values = {
        "household.place": np.repeat(np.arange(n), 3),
        "household.n_workers": 0,
        "household.weight": np.tile((1.0, 2.0, 3.0), n),
        "place.job_slots": 1.5,
    }
    done = run_rule(RULE, columns_of(RULE, {"household": 3 * n, "place": n}, values), stop=3 * n, p=STAY)
    assert_share(int(done["place.job_offer"][:, ESTATE].sum()), n, 0.75)


def test_expectations_converge_to_what_seekers_find() -> None:
    """As many ask each month, so that the share found comes nearer by the same part of the gap."""
    columns = people(
        40,
        LOOKING,
        SERVICES,
        place__job_slots=slots_of(services=20.0),
        place__job_chance=0.9,
        place__jobs_found=72.0,
        place__jobs_asked=80.0,
    )
    for _ in range(10):
        columns["household.activity"][:, 0], columns["household.work_sought"][:, 0] = LOOKING, SERVICES
        run_rule(RULE, columns, stop=40, p=STAY._replace(learning=0.2))
    # the gap of 0.9 - 0.25 shrinks by the factor 0.8 a month
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx(0.25 + 0.65 * 0.8**10)


def test_months_count_by_how_many_ask() -> None:
    """One who finds a job counts for less than forty who find none: the share is of all jobs remembered, not the mean of shares."""
    columns = people(40, LOOKING, SERVICES, place__job_slots=0.0, place__jobs_found=1.0, place__jobs_asked=2.0)
    run_rule(RULE, columns, stop=40, p=STAY._replace(learning=0.25))  # 80 ask, none is found
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx(0.75 / 21.5)
    columns["household.work_sought"][1:, 0] = NONE
    columns["place.job_slots"][:] = 1e6
    run_rule(RULE, columns, stop=40, p=STAY._replace(learning=0.25))  # one of weight 2 asks and finds
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx((0.75 * 0.75 + 0.5) / (0.75 * 21.5 + 0.5))


@both_forms
def test_who_found_nothing_goes_on_asking_and_who_found_asks_no_more(form: str) -> None:
    # all ask for services, in which there are jobs for two of five
    columns = people(5, [FARM, LOOKING, TIMBER, FARM, LOOKING], SERVICES, place__job_slots=slots_of(services=4.0, timber=10.0))
    done = run_rule(RULE, columns, form, stop=5, p=STAY)
    has = done["household.activity"][:, 0] == SERVICES
    assert has.sum() == 2 and done["household.work_sought"][:, 0].tolist() == np.where(has, NONE, SERVICES).tolist()
    assert (done["household.work_sought"][:, 1:] == NONE).all()
    # nobody thinks again: the others ask in the next month too
    done["place.job_slots"][0, SERVICES] = 1e6
    run_rule(RULE, done, form, stop=5, p=STAY, month=1)
    assert done["place.job_seekers"][0, SERVICES] == 6.0 and (done["household.activity"][:, 0] == SERVICES).all()
    assert (done["household.work_sought"] == NONE).all()


@both_forms
@pytest.mark.parametrize(
    ("now", "asks", "p", "left"),
    [
        (ESTATE, SERVICES, Parameters(ends=1.0), SERVICES),  # whose job ends still asks for the other one
        (UNDOCUMENTED, SERVICES, Parameters(ends=0.0), NONE),  # who is sent home asks for nothing that month
        (ESTATE, FARM, STAY, NONE),  # who is on the farm has what he asked for
        (UNDOCUMENTED, FARM, Parameters(ends=0.0), NONE),
    ],
)
def test_what_ends_an_ask(form: str, now: int, asks: int, p: Parameters, left: int) -> None:
    done = run_rule(RULE, people(3, now, asks, place__job_slots=0.0, place__caught_away=1.0), form, stop=3, p=p)
    assert (done["household.work_sought"][:, 0] == left).all()


@both_forms
def test_fear_fades_and_comes_back(form: str) -> None:
    values = {"household.n_workers": (1, 1, 0), "household.activity": [(UNDOCUMENTED, *[NONE] * 5), (FARM, *[NONE] * 5), [NONE] * 6],
              "household.fear": (0.5, 0.5, 1.0), "household.weight": 1.0, "place.caught_away": 1.0, "place.job_slots": 1e6}  # fmt: skip
    done = run_rule(RULE, columns_of(RULE, {"household": 3, "place": 1}, values), form, stop=3, p=Parameters(forget=0.2))
    assert done["household.fear"].tolist() == pytest.approx([1.0, 0.4, 0.8])
    assert done["household.n_deported"].tolist() == [1, 0, 0]


@both_forms
def test_all_of_a_household_are_counted(form: str) -> None:
    values = {"household.n_workers": 5, "household.weight": 3.0, "place.caught_away": 1.0, "place.job_slots": 0.0,
              "household.work_sought": (-1, -1, -1, PASS, PERMIT, SERVICES), "household.activity": (UNDOCUMENTED, UNDOCUMENTED, UNDOCUMENTED, 0, 0, -1)}  # fmt: skip
    done = run_rule(RULE, columns_of(RULE, {"household": 1, "place": 1}, values), form, stop=1, p=STAY)
    assert done["household.n_deported"][0] == 3 and done["household.activity"].tolist() == [[LOOKING] * 3 + [FARM, FARM, -1]]
    assert done["place.job_seekers"][0].tolist() == [0, 0, 0, 0, 0, 3.0, 3.0, 0], "the sixth is no adult of the labour force"


@both_forms
def test_communities_are_settled_apart(form: str) -> None:
    """Three communities, one of them without people; rows outside those asked for stay."""
    now = np.full((6, 6), NONE)
    now[:, 0] = ESTATE
    values = {"household.place": (0, 0, 2, 2, 2, 2), "household.n_workers": 1, "household.weight": (1.0, 1.0, 3.0, 3.0, 3.0, 3.0),
              "household.activity": now, "place.job_slots": [(9,) * 8, (7,) * 8, (0, 6.0, 0, 0, 0, 0, 0, 0)], "place.job_holders": 0.125,
              "place.job_chance": 0.5, "household.fear": 0.5}  # fmt: skip
    columns = columns_of(RULE, {"household": 6, "place": 3}, values)
    done = run_rule(RULE, columns, form, start=2, stop=6, p=STAY._replace(forget=0.5))
    assert (done["household.activity"][:2, 0] == ESTATE).all() and sorted(done["household.activity"][2:, 0]) == [
        ESTATE,
        ESTATE,
        LOOKING,
        LOOKING,
    ]
    assert done["place.job_holders"][2, ESTATE] == 6.0 and (done["place.job_holders"][:2] == 0.125).all()
    assert (done["place.job_chance"][:2] == 0.5).all() and done["household.fear"].tolist() == [0.5] * 2 + [0.25] * 4


@both_forms
def test_the_order_of_households_does_not_matter(form: str) -> None:
    n, dice = 60, np.random.default_rng(4)
    uid, weight = 1000 + np.arange(n), 1.0 + np.arange(n) % 5
    now, asks = dice.integers(0, 9, n), dice.integers(-1, 8, n)
    asks = np.where(asks == now, NONE, asks)
    slots = np.array([0, 20.0, 15.5, 9.0, 30.0, 3.0, 0.0, 12.25])

    def after(order: np.ndarray) -> dict[int, int]:
        columns = people(n, now[order], asks[order], place__job_slots=slots, place__caught_away=0.2)
        columns["household.uid"][:], columns["household.weight"][:] = uid[order], weight[order]
        done = run_rule(RULE, columns, form, stop=n, month=14)
        result = dict(zip(done["household.uid"].tolist(), done["household.activity"][:, 0].tolist(), strict=True))

        held = [columns["household.weight"][columns["household.activity"][:, 0] == k].sum() for k in range(1, N_WORK)]
        assert done["place.job_holders"][0, 1:].tolist() == held
        return result

    one = after(np.arange(n))
    assert one == after(np.arange(n)[::-1]) == after(dice.permutation(n)) and len(set(one.values())) > 6


def test_what_is_drawn() -> None:
    """A draw for each who may leave, is one too many or asks; one for the last of each community and kind of job."""
    now = [(ESTATE, UNDOCUMENTED, FARM, -1, -1, -1), (ESTATE, LOOKING, -1, -1, -1, -1), (PUBLIC, PASS, -1, -1, -1, -1)]
    asks = [(-1, ESTATE, ESTATE, -1, -1, -1), (FARM, PASS, -1, -1, -1, -1), (-1, -1, -1, -1, -1, -1)]
    values = {"household.n_workers": (3, 2, 2), "household.weight": 1.0, "household.activity": now, "household.work_sought": asks,
              "household.place": 1, "place.caught_away": (0.0, 0.125), "place.job_slots": [(9,) * 8, (0, 3, 0, 0, 0, 0.5, 0, 9)]}  # fmt: skip
    calls = traced(RULE, columns_of(RULE, {"household": 3, "place": 2}, values), "uniform", "who_leaves", "_take_turns", stop=3, seed=8, month=21,
                   p=Parameters(ends=0.01, ends_public=0.002))  # fmt: skip
    holders = [(0, 0, 0.0, 0.01), (0, 1, 0.125, 0.01), (1, 0, 0.0, 0.01), (2, 0, 0.0, 0.002), (2, 1, 0.0, 0.01)]
    assert calls["who_leaves"] == [(uniform(8, LEFT, 21, 1000 + i, a), caught, ends) for i, a, caught, ends in holders]
    assert not any(who_leaves(*said) for said in calls["who_leaves"]), "for this seed nobody leaves, or what follows says less"
    assert [d for d in calls["uniform"] if d[1] == LEFT] == [(8, LEFT, 21, 1000 + i, a) for i, a, _, _ in holders]
    assert {d for d in calls["uniform"] if d[1] != LEFT} == {(8, LAST, 0, 1, k) for k in range(1, LOOKING)}
    # no public job and half a job on a pass for one holder each; two estate jobs are free for two who ask, and what is left on a pass for one
    turns = [(said[0], said[1], said[2:4], said[8]) for said in calls["_take_turns"]]
    held = float(uniform(8, LAST, 0, 1, PASS) < 0.5)
    assert turns == [(DISMISSED, 0.0, (8, 21), 1), (DISMISSED, 0.5, (8, 21), 1), (FOUND, 2.0, (8, 21), 2), (FOUND, 0.5 - held, (8, 21), 1)]


# ---- over months and communities ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 30.0, 300.0])
def test_in_a_steady_state_nobody_is_dismissed_and_all_jobs_are_filled_on_average(weight: float) -> None:
    """Where seekers abound, as many hold jobs as there are, whatever each stands for; and the last ones do not come and go."""
    n_places, each = 400, 12
    n = n_places * each
    slots = 0.37 * each * weight
    values = {"household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
              "household.activity": (FARM, *[NONE] * 5), "household.work_sought": (SERVICES, *[NONE] * 5), "place.job_slots": slots}  # fmt: skip
    columns, before = columns_of(RULE, {"household": n, "place": n_places}, values), None
    for month in range(12):
        columns["household.work_sought"][:, 0] = np.where(columns["household.activity"][:, 0] == SERVICES, NONE, SERVICES)
        run_rule(RULE, columns, stop=n, month=month, p=STAY)
        now = columns["household.activity"][:, 0].copy()
        held = weight * np.bincount(columns["household.place"], now == SERVICES, n_places)
        assert np.allclose(held, columns["place.job_holders"][:, SERVICES]) and np.abs(held - slots).max() < weight
        assert before is None or np.array_equal(now, before), "nobody comes or goes"
        before = now
    assert not (before == LOOKING).any()
    # a community has 4 or 5 with a job, by chance: 0.44 of them one more
    assert_share(int((held / weight > 4.5).sum()), n_places, 0.37 * each % 1.0)


@pytest.mark.parametrize("weight", [1.0, 60.0])
def test_turnover_leaves_as_many_jobs_filled(weight: float) -> None:
    """With jobs that end, all are filled again the same month where seekers abound: the mean over communities and months is that of the jobs."""
    n_places, each = 300, 12
    n = n_places * each
    slots, p = 0.37 * each * weight, Parameters(ends=0.1)
    values = {"household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
              "household.activity": (FARM, *[NONE] * 5), "household.work_sought": (SERVICES, *[NONE] * 5), "place.job_slots": slots}  # fmt: skip
    columns, filled = columns_of(RULE, {"household": n, "place": n_places}, values), []
    for month in range(24):
        columns["household.work_sought"][:, 0] = np.where(columns["household.activity"][:, 0] == SERVICES, NONE, SERVICES)
        run_rule(RULE, columns, stop=n, month=month, p=p)
        filled.append(columns["place.job_holders"][:, SERVICES] / slots)
    means = np.mean(filled, axis=0)
    assert abs(means.mean() - 1.0) < 4.0 * means.std(ddof=1) / np.sqrt(n_places) + 1e-9


def test_fewer_jobs_dismiss_as_many_as_there_are_too_many() -> None:
    n_places, each, weight = 500, 12, 50.0
    n = n_places * each
    columns = columns_of(RULE, {"household": n, "place": n_places}, {
        "household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
        "household.activity": (TIMBER, *[NONE] * 5), "place.job_slots": 137.0})  # fmt: skip
    run_rule(RULE, columns, stop=n, p=STAY)
    held = weight * np.bincount(columns["household.place"], columns["household.activity"][:, 0] == TIMBER, n_places)
    assert set(held.tolist()) == {100.0, 150.0}
    assert_share(int((held == 150.0).sum()), n_places, 37.0 / 50.0)


def test_every_pair_of_activities_is_left_as_one_of_them_or_looking() -> None:
    for now, asks in itertools.product(range(9), range(-1, 8)):
        if now == asks:
            continue
        done = run_rule(RULE, people(1, now, asks, place__job_slots=1.0, place__caught_away=0.5), "plain", stop=1, p=Parameters(ends=0.4))
        assert done["household.activity"][0, 0] in {now, asks, LOOKING} - {NONE}
        assert (done["household.activity"][0, 1:] == NONE).all()
