"""What seekers learn of free jobs, what ends an ask, fear that fades, and communities that are settled apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.get_work import FOUND, LAST, Parameters
from agents.household.leave_work import LEFT, who_leaves
from agents.surroundings import ESTATE, FARM, LOOKING, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.jobs import GET, LEAVE, NONE, columns_of_jobs, month_of_jobs, of_rule, people, slots_of
from tests.rules.tools import MANY, assert_share, both_forms, traced

#: Nobody leaves of itself.
STAY = Parameters(ends=0.0, ends_public=0.0)


@both_forms
@pytest.mark.parametrize(("slots", "expected"), [(0.0, 0.0), (8.0, 0.0), (1e6, 1.0)])
def test_what_seekers_could_expect_where_nobody_asks(form: str, slots: float, expected: float) -> None:
    done = month_of_jobs(people(4, ESTATE, place__job_slots=slots, place__job_chance=0.5), form, p=STAY._replace(learning=0.5))
    # a free job is known of; where none is free and nobody asks, people learn nothing
    assert done["place.job_offer"][0, ESTATE] == expected and done["place.job_chance"][0, ESTATE] == (1.0 if expected else 0.5)
    assert done["place.jobs_found"][0, ESTATE] == done["place.jobs_asked"][0, ESTATE] == (0.5 * (slots - 8.0) if expected else 0.0), (
        "half of what is left free"
    )
    # farm work needs no job: nothing is expected of it
    assert done["place.job_chance"][0, FARM] == 0.5


@both_forms
def test_what_is_left_free_counts_as_asked_for_and_found(form: str) -> None:
    # one of weight 2 asks for one of five jobs: three are left
    columns = people(1, LOOKING, SERVICES, place__job_slots=slots_of(services=5.0), place__jobs_asked=10.0)
    done = month_of_jobs(columns, form, p=STAY._replace(learning=0.5))
    assert done["place.jobs_found"][0, SERVICES] == 2.5 and done["place.jobs_asked"][0, SERVICES] == 7.5
    # somebody is refused, as less than a whole weight is free: nothing is left for others
    columns = people(2, LOOKING, SERVICES, place__job_slots=slots_of(services=2.0), place__jobs_asked=10.0)
    done = month_of_jobs(columns, form, p=STAY._replace(learning=0.5))
    assert done["place.jobs_found"][0, SERVICES] == 1.0 and done["place.jobs_asked"][0, SERVICES] == 7.0


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
        month_of_jobs(columns, p=STAY._replace(learning=0.2))
    # the gap of 0.9 - 0.25 shrinks by the factor 0.8 a month
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx(0.25 + 0.65 * 0.8**10)


def test_months_count_by_how_many_ask() -> None:
    """One who finds a job counts for less than forty who find none: the share is of all jobs remembered, not the mean of shares."""
    columns = people(40, LOOKING, SERVICES, place__job_slots=1e-9, place__jobs_found=1.0, place__jobs_asked=2.0)
    month_of_jobs(columns, p=STAY._replace(learning=0.25))  # 80 ask, none is found
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx(0.75 / 21.5)
    columns["household.work_sought"][1:, 0] = NONE
    columns["place.job_slots"][:] = 2.0
    month_of_jobs(columns, p=STAY._replace(learning=0.25))  # one of weight 2 asks and finds
    assert columns["place.job_chance"][0, SERVICES] == pytest.approx((0.75 * 0.75 + 0.5) / (0.75 * 21.5 + 0.5))


@both_forms
def test_who_found_nothing_goes_on_asking_and_who_found_asks_no_more(form: str) -> None:
    # all ask for services, in which there are jobs for two of five
    columns = people(5, [FARM, LOOKING, TIMBER, FARM, LOOKING], SERVICES, place__job_slots=slots_of(services=4.0, timber=10.0))
    done = month_of_jobs(columns, form, p=STAY)
    has = done["household.activity"][:, 0] == SERVICES
    assert has.sum() == 2 and done["household.work_sought"][:, 0].tolist() == np.where(has, NONE, SERVICES).tolist()
    assert (done["household.work_sought"][:, 1:] == NONE).all()
    # nobody thinks again: the others ask in the next month too
    done["place.job_slots"][0, SERVICES] = 1e6
    month_of_jobs(done, form, p=STAY, month=1)
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
    done = month_of_jobs(people(3, now, asks, place__job_slots=0.0, place__caught_away=1.0), form, p=p)
    assert (done["household.work_sought"][:, 0] == left).all()


@both_forms
def test_fear_fades_and_comes_back(form: str) -> None:
    values = {"household.n_workers": (1, 1, 0), "household.activity": [(UNDOCUMENTED, *[NONE] * 5), (FARM, *[NONE] * 5), [NONE] * 6],
              "household.fear": (0.5, 0.5, 1.0), "household.weight": 1.0, "place.caught_away": 1.0, "place.job_slots": 1e6}  # fmt: skip
    done = month_of_jobs(columns_of_jobs({"household": 3, "place": 1}, values), form, p=Parameters(forget=0.2))
    assert done["household.fear"].tolist() == pytest.approx([1.0, 0.4, 0.8])
    assert done["household.n_deported"].tolist() == [1, 0, 0]


@both_forms
def test_all_of_a_household_are_counted(form: str) -> None:
    values = {"household.n_workers": 5, "household.weight": 3.0, "place.caught_away": 1.0, "place.job_slots": 0.0,
              "household.work_sought": (-1, -1, -1, PASS, PERMIT, SERVICES), "household.activity": (UNDOCUMENTED, UNDOCUMENTED, UNDOCUMENTED, 0, 0, -1)}  # fmt: skip
    done = month_of_jobs(columns_of_jobs({"household": 1, "place": 1}, values), form, p=STAY)
    assert done["household.n_deported"][0] == 3 and done["household.activity"].tolist() == [[LOOKING] * 3 + [FARM, FARM, -1]]
    assert done["place.job_seekers"][0].tolist() == [0, 0, 0, 0, 0, 3.0, 3.0, 0], "the sixth is no adult of the labour force"


@both_forms
def test_a_side_is_one_market_and_a_place_across_another(form: str) -> None:
    """Four communities, the last on the other side: a seeker gets the vacancy of another community, but not of another market."""
    now, asks = np.full((4, 6), NONE), np.full((4, 6), NONE)
    now[:, 0], asks[:, 0] = LOOKING, (SERVICES, PASS, PASS, SERVICES)
    slots = np.zeros((4, 8))
    slots[:, SERVICES], slots[:, PASS] = (0.5, 2.5, 0.0, 0.0), (2.0, 0.1, 0.1, 0.0)
    values = {"household.place": np.arange(4), "household.n_workers": 1, "household.weight": 3.0, "household.activity": now, "household.work_sought": asks,
              "place.side": (0, 0, 0, 1), "place.place_work": (5, 5, 6, -1), "place.job_slots": slots, "place.job_chance": 0.5}  # fmt: skip
    for month in range(40):  # the pass market of the second place has a job for a thirtieth of the weight
        columns = columns_of_jobs({"household": 4, "place": 4}, values | {"place.place_work": (1, 1, 2, -1)})
        done = month_of_jobs(columns, form, p=STAY, month=month, seed=3)
        last = uniform(3, LAST, month // 12, 2, PASS)
        assert done["household.activity"][:, 0].tolist() == [SERVICES, PASS if 3.0 * last < 2.1 else LOOKING,
                                                            PASS if 3.0 * uniform(3, LAST, month // 12, 3, PASS) < 0.1 else LOOKING, LOOKING]  # fmt: skip
        assert done["place.job_holders"][:, SERVICES].tolist() == [3.0, 0.0, 0.0, 0.0]
        assert done["place.jobs_found"][:3, SERVICES].tolist() == [pytest.approx(0.6)] * 3 and done["place.job_chance"][3, SERVICES] == 0.5


@both_forms
def test_where_no_job_is_open_nobody_of_the_community_holds_or_gets_one(form: str) -> None:
    """Whatever is free in the rest of the market; and who is closed out does not count as asking."""
    now, asks = np.full((3, 6), NONE), np.full((3, 6), NONE)
    now[:, 0], asks[:, 0] = (PERMIT, LOOKING, LOOKING), (NONE, PERMIT, PERMIT)
    slots = np.zeros((2, 8))
    slots[1, PERMIT] = 50.0
    values = {"household.place": (0, 0, 1), "household.n_workers": 1, "household.weight": 3.0, "household.activity": now, "household.work_sought": asks,
              "place.job_slots": slots}  # fmt: skip
    done = month_of_jobs(columns_of_jobs({"household": 3, "place": 2}, values), form, p=STAY._replace(learning=0.5))
    assert done["household.activity"][:, 0].tolist() == [LOOKING, LOOKING, PERMIT]
    assert done["place.job_holders"][:, PERMIT].tolist() == [0.0, 3.0] and done["place.jobs_asked"][:, PERMIT].tolist() == [25.0, 25.0]


def test_a_community_is_served_first_the_more_of_its_own_jobs_are_vacant() -> None:
    """One job of two communities with a seeker each, of which one has three times the vacancies: it gets it three times as often."""
    slots, n, first = np.zeros((2, 8)), MANY // 4, 0
    slots[:, PERMIT] = (0.75, 0.25)
    asks = np.full((2, 6), NONE)
    asks[:, 0] = PERMIT
    values = {"household.place": (0, 1), "household.n_workers": 1, "household.weight": 1.0, "household.activity": (LOOKING, *[NONE] * 5),
              "household.work_sought": asks, "place.job_slots": slots}  # fmt: skip
    for month in range(n):
        done = month_of_jobs(columns_of_jobs({"household": 2, "place": 2}, values), month=month, p=STAY)
        assert (done["household.activity"][:, 0] == PERMIT).sum() == 1
        first += done["household.activity"][0, 0] == PERMIT
    assert_share(int(first), n, 0.75)


@both_forms
@pytest.mark.parametrize(("slots", "kept"), [(8.0, 5), (8.01, 5), (7.99, 3), (4.0, 2)])
def test_nobody_is_dismissed_where_no_more_than_one_weight_is_too_many(form: str, slots: float, kept: int) -> None:
    done = month_of_jobs(people(5, TIMBER, place__job_slots=slots_of(timber=slots)), form, p=STAY, seed=3)
    held = int((done["household.activity"][:, 0] == TIMBER).sum())
    assert held in ({kept, kept + 1} if slots == 7.99 else {kept}) and done["place.job_holders"][0, TIMBER] == 2.0 * held


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
        done = month_of_jobs(columns, form, month=14)
        result = dict(zip(done["household.uid"].tolist(), done["household.activity"][:, 0].tolist(), strict=True))

        held = [columns["household.weight"][columns["household.activity"][:, 0] == k].sum() for k in range(1, N_WORK)]
        assert done["place.job_holders"][0, 1:].tolist() == held
        return result

    one = after(np.arange(n))
    assert one == after(np.arange(n)[::-1]) == after(dice.permutation(n)) and len(set(one.values())) > 6


def test_what_is_drawn() -> None:
    """A draw for each who may leave or asks; one for the last of each market and kind of job, of the month, or of the year for day work."""
    now = [(ESTATE, UNDOCUMENTED, FARM, -1, -1, -1), (ESTATE, LOOKING, -1, -1, -1, -1), (PUBLIC, PASS, -1, -1, -1, -1)]
    asks = [(-1, ESTATE, ESTATE, -1, -1, -1), (FARM, PASS, -1, -1, -1, -1), (-1, -1, -1, -1, -1, -1)]
    values = {"household.n_workers": (3, 2, 2), "household.weight": 1.0, "household.activity": now, "household.work_sought": asks, "household.place": 1,
              "place.side": (0, 1), "place.place_work": (-1, 0), "place.caught_away": (0.0, 0.125), "place.job_slots": 9.0}  # fmt: skip
    columns = columns_of_jobs({"household": 3, "place": 2}, values)
    calls = traced(
        LEAVE, of_rule(LEAVE, columns), "uniform", "who_leaves", stop=3, seed=8, month=21, q=Parameters(ends=0.01, ends_public=0.002)
    )
    holders = [(0, 0, 0.0, 0.01), (0, 1, 0.125, 0.01), (1, 0, 0.0, 0.01), (2, 0, 0.0, 0.002), (2, 1, 0.0, 0.01)]
    assert calls["who_leaves"] == [(uniform(8, LEFT, 21, 1000 + i, a), caught, ends) for i, a, caught, ends in holders]
    assert not any(who_leaves(*said) for said in calls["who_leaves"]), "for this seed nobody leaves, or what follows says less"
    assert calls["uniform"] == [(8, LEFT, 21, 1000 + i, a) for i, a, _, _ in holders]
    calls = traced(GET, of_rule(GET, columns), "uniform", "turn", stop=2, seed=8, month=21)
    of_markets = {(8, LAST, 1 if k == PASS else 21, market, k) for k in range(1, LOOKING) for market in ((0, 1) if k == PASS else (1, 2))}
    assert {d for d in calls["uniform"] if d[1] == LAST} == of_markets
    askers = [(8, FOUND, 21, 1000, 1), (8, FOUND, 21, 1000, 2), (8, FOUND, 21, 1001, 1)]
    assert [d for d in calls["uniform"] if d[1] != LAST] == askers
    assert calls["turn"] == [
        (uniform(*d), 1.0, 9.0 - held, asked) for d, held, asked in zip(askers, (1.0, 1.0, 1.0), (2.0, 2.0, 1.0), strict=True)
    ]


# ---- over months and communities ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 30.0, 300.0])
def test_in_a_steady_state_nobody_is_dismissed_and_all_jobs_are_filled_on_average(weight: float) -> None:
    """Where seekers abound, as many hold jobs as there are, whatever each stands for; and the last ones do not come and go."""
    n_places, each = 400, 12
    n = n_places * each
    slots = 0.37 * each * weight
    values = {"household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
              "household.activity": (FARM, *[NONE] * 5), "household.work_sought": (SERVICES, *[NONE] * 5), "place.job_slots": slots}  # fmt: skip
    columns, before = columns_of_jobs({"household": n, "place": n_places}, values), None
    for month in range(12):
        columns["household.work_sought"][:, 0] = np.where(columns["household.activity"][:, 0] == SERVICES, NONE, SERVICES)
        month_of_jobs(columns, month=month, p=STAY)
        now = columns["household.activity"][:, 0].copy()
        held = weight * np.bincount(columns["household.place"], now == SERVICES, n_places)
        assert np.allclose(held, columns["place.job_holders"][:, SERVICES]) and abs(held.sum() - n_places * slots) <= weight
        assert before is None or (now != before).sum() <= 1, "nobody comes or goes, but one gets the part that was left"
        before = now
    assert not (before == LOOKING).any()
    assert abs(held.mean() - slots) <= weight / n_places


@pytest.mark.parametrize("weight", [1.0, 60.0])
def test_turnover_leaves_as_many_jobs_filled(weight: float) -> None:
    """With jobs that end, all are filled again the same month where seekers abound: the mean over communities and months is that of the jobs."""
    n_places, each = 300, 12
    n = n_places * each
    slots, p = 0.37 * each * weight, Parameters(ends=0.1)
    values = {"household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
              "household.activity": (FARM, *[NONE] * 5), "household.work_sought": (SERVICES, *[NONE] * 5), "place.job_slots": slots}  # fmt: skip
    columns, filled = columns_of_jobs({"household": n, "place": n_places}, values), []
    for month in range(24):
        columns["household.work_sought"][:, 0] = np.where(columns["household.activity"][:, 0] == SERVICES, NONE, SERVICES)
        month_of_jobs(columns, month=month, p=p)
        filled.append(columns["place.job_holders"][:, SERVICES] / slots)
    means = np.mean(filled, axis=0)
    assert abs(means.mean() - 1.0) < 4.0 * means.std(ddof=1) / np.sqrt(n_places) + 1e-9


def test_fewer_jobs_dismiss_as_many_as_there_are_too_many() -> None:
    n_places, each, weight = 500, 12, 50.0
    n = n_places * each
    columns = columns_of_jobs({"household": n, "place": n_places}, {
        "household.place": np.repeat(np.arange(n_places), each), "household.n_workers": 1, "household.weight": weight,
        "household.activity": (TIMBER, *[NONE] * 5), "place.job_slots": 137.0})  # fmt: skip
    month_of_jobs(columns, p=STAY)
    held = weight * np.bincount(columns["household.place"], columns["household.activity"][:, 0] == TIMBER, n_places)
    assert abs(held.sum() - 137.0 * n_places) < weight


def test_every_pair_of_activities_is_left_as_one_of_them_or_looking() -> None:
    for now, asks in itertools.product(range(9), range(-1, 8)):
        if now == asks:
            continue
        done = month_of_jobs(people(1, now, asks, place__job_slots=1.0, place__caught_away=0.5), "plain", p=Parameters(ends=0.4))
        assert done["household.activity"][0, 0] in {now, asks, LOOKING} - {NONE}
        assert (done["household.activity"][0, 1:] == NONE).all()
