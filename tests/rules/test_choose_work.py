"""Who wants to work where."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.choose_work import (
    CHOOSE_WORK,
    THINK_AGAIN,
    TOGETHER,
    Parameters,
    added_by_one_more,
    believed_pay,
    choose_work,
    net_without_papers,
    skilled_pay,
    think_again,
    value_of_work,
)
from agents.surroundings import ESTATE, FARM, LOOKING, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, draws, run_rule, take, traced

RULE = "household.choose_work"
MISSING = -1.0e9
NONE = -1


@both_forms
def test_think_again(form: str) -> None:
    f, p = take(think_again, form), Parameters(think_again=0.15)
    assert f(0.1499, p) and not f(0.15, p)


# income * ((n + 1)/n) ** share - income
@both_forms
@pytest.mark.parametrize(
    ("income", "n", "share", "expected"),
    [
        (100.0, 1.0, 1.0, 100.0),
        (100.0, 1.0, 0.5, 41.42135623730951),
        (100.0, 4.0, 0.5, 11.803398874989484),
        (100.0, 0.5, 1.0, 200.0),
        (0.0, 2.0, 0.6, 0.0),
    ],
)
def test_one_more_adult_on_the_farm(form: str, income: float, n: float, share: float, expected: float) -> None:
    assert take(added_by_one_more, form)(income, n, share) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize(
    ("net", "gross", "burden", "scale", "expected"),
    [
        (100.0, 100.0, 1.0, 0.5, (math.log(100.0) - 1.0) / 0.5),
        (0.0, 100.0, 0.0, 1.0, math.log(2.0)),  # no less than 2 % of gross
        (-50.0, 100.0, 0.0, 1.0, math.log(2.0)),
        (0.0, 0.0, 0.0, 1.0, math.log(1e-9)),  # and never the logarithm of nothing
        (math.e, 1.0, -1.0, 0.25, 8.0),  # (1 + 1)/0.25
    ],
)
def test_value_by_hand(form: str, net: float, gross: float, burden: float, scale: float, expected: float) -> None:
    assert take(value_of_work, form)(net, gross, burden, scale) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize(
    ("pay", "ability", "schooling", "more", "asked", "expected"),
    [
        (100.0, 1.0, 9.0, 0.05, 9.0, 100.0),  # the pay is that of somebody with this schooling
        (100.0, 1.5, 9.0, 0.05, 9.0, 150.0),
        (100.0, 1.0, 11.0, 0.05, 9.0, 100.0 * math.exp(0.1)),
        (100.0, 2.0, 4.0, 0.1, 9.0, 200.0 * math.exp(-0.5)),
        (100.0, 1.0, 15.0, 0.0, 9.0, 100.0),
        (0.0, 1.0, 15.0, 0.1, 9.0, 0.0),
    ],
)
def test_pay_by_schooling(form: str, pay: float, ability: float, schooling: float, more: float, asked: float, expected: float) -> None:
    assert take(skilled_pay, form)(pay, ability, schooling, more, asked) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize(
    ("motive", "gap", "expected"),
    [(0.0, 4.0, 100.0), (1.0, 4.0, 400.0), (0.5, 4.0, 200.0), (1.0, 0.25, 25.0), (0.3, 1.0, 100.0), (0.0, 1e-6, 100.0)],
)
def test_pay_as_people_take_it_to_be(form: str, motive: float, gap: float, expected: float) -> None:
    assert take(believed_pay, form)(100.0, gap, motive) == pytest.approx(expected)
    if motive == 0.0:
        assert take(believed_pay, form)(100.0, gap, motive) == 100.0, "to the last digit"


@both_forms
@pytest.mark.parametrize(
    ("pay", "living", "chance", "loss", "expected"),
    [
        (100.0, 0.4, 0.0, 3.0, 60.0),
        (100.0, 0.4, 0.1, 3.0, 42.0),  # three tenths of a month's pay are lost
        (100.0, 0.4, 0.5, 3.0, 0.0),  # nothing less than nothing
        (100.0, 0.0, 2.0, 0.5, 50.0),  # no more than surely
        (100.0, 1.0, 0.1, 3.0, 0.0),
        (100.0, 0.4, 0.2, 0.0, 60.0),
    ],
)
def test_a_month_without_papers(form: str, pay: float, living: float, chance: float, loss: float, expected: float) -> None:
    assert take(net_without_papers, form)(pay, living, chance, loss) == pytest.approx(expected)


# ---- the logit ----------------------------------------------------------------------------------------------------------------

VALUES = (0.4, -0.2, 1.1, 0.0, 0.7, -1.0, 0.2, 0.9)


def test_shares_are_those_of_a_logit() -> None:
    found = np.bincount([choose_work(u, *VALUES) for u in draws(MANY)], minlength=N_WORK)
    expected = np.exp(VALUES) / np.exp(VALUES).sum()
    for k in range(N_WORK):
        assert_share(found[k], MANY, expected[k])


@both_forms
def test_equal_values_give_eighths_exactly(form: str) -> None:
    f = take(choose_work, form)
    assert [f((k + 0.5) / 800, *[3.0] * 8) for k in range(800)] == [k // 100 for k in range(800)]


@both_forms
def test_bounds_between_activities_belong_to_the_next(form: str) -> None:
    f = take(choose_work, form)
    assert [f(k / 8, *[2.0] * 8) for k in range(8)] == list(range(8))
    # beyond the last option: the last that is open
    for last in range(8):
        assert f(1.0, 2.0, *[2.0 if k <= last else MISSING for k in range(1, 8)]) == last
        assert f(1.0, 2.0, *[2.0 if k == last else MISSING for k in range(1, 8)]) == last


@both_forms
def test_what_is_not_open_is_never_chosen(form: str) -> None:
    f = take(choose_work, form)
    for there in itertools.product((False, True), repeat=7):
        values = [0.3 if is_open else MISSING for is_open in there]
        for u in (2.0**-53, 0.3, 0.7, 1 - 2.0**-53):
            k = f(u, 0.1, *values)
            assert k == 0 or there[k - 1], (u, k)


@both_forms
@pytest.mark.parametrize("best", range(8))
def test_a_value_beyond_all_measure_is_chosen(form: str, best: int) -> None:
    values = [2000.0 if k == best else -10.0 * k for k in range(8)]
    assert [take(choose_work, form)(u, *values) for u in (2.0**-53, 0.5, 1 - 2.0**-53)] == [best] * 3


# ---- what a household's adults ask for ------------------------------------------------------------------------------------------

WAGE = (0.0, 60.0, 80.0, 90.0, 95.0, 70.0, 420.0, 430.0)
HOURS = (0.0, 0.5, 0.5, 0.5, 0.5, 2.0, 6.0, 5.0)


def with_k(values: tuple[float, ...], k: int, value: float) -> tuple[float, ...]:
    return tuple(value if j == k else v for j, v in enumerate(values))


def want(form: str = "compiled", n: int = MANY // 2, p: Parameters | None = None, **said: Any) -> dict[str, np.ndarray]:
    """``n`` like households of two adults on the farm, everything open."""
    values = {
        "household.n_workers": 2, "household.land": 2.0, "household.ability": 1.0, "household.schooling": 10.0, "household.activity": (0, 0, -1, -1, -1, -1),
        "place.wage": WAGE, "place.hours_work": HOURS, "place.may_work": 1.0, "place.job_chance": 0.5, "place.caught_away": 0.02,
        "place.income_over_pay": 2.0, "place.technique": 1.0, "place.farm_gate": (1.0, 2.0), "place.yields": (20.0, 10.0),
        "place.schooling_return": 0.05, "place.schooling_of_pay": (7.0, 11.0),
    } | {k.replace("__", ".", 1): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1}, values), form, stop=n, p=p)


def sought(**said: Any) -> np.ndarray:
    """How many adults ask for each activity."""
    asked = want(**said)["household.work_sought"]
    return np.bincount(asked[asked >= 0], minlength=N_WORK)


P = Parameters(think_again=1.0)
HOME, ACROSS, AWAY = (ESTATE, TIMBER, SERVICES, PUBLIC), (PASS, PERMIT, UNDOCUMENTED), (PERMIT, UNDOCUMENTED)
CHANGES: list[tuple[dict[str, Any], tuple[int, ...], int]] = [
    *(({"place__wage": with_k(WAGE, k, 2.0 * WAGE[k])}, (k,), 1) for k in range(1, 8)),
    *(({"place__job_chance": with_k((0.5,) * 8, k, 0.2)}, (k,), -1) for k in range(1, 8)),
    *(({"place__hours_work": with_k(HOURS, k, HOURS[k] + 8.0)}, (k,), -1) for k in range(1, 8)),
    ({"place__caught_away": 0.2}, (UNDOCUMENTED,), -1),
    ({"household__fear": 1.0}, (UNDOCUMENTED,), -1),
    ({"p": P._replace(loss_when_caught=20.0)}, (UNDOCUMENTED,), -1),
    ({"household__fear": 1.0, "p": P._replace(fear=0.3)}, (UNDOCUMENTED,), -1),
    ({"household__support_across": 1.0}, AWAY, 1),
    ({"household__heard_work": 1.0}, ACROSS, 1),
    ({"p": P._replace(away=2.2)}, AWAY, -1),
    ({"p": P._replace(living_cost=0.5)}, AWAY, -1),
    ({"p": P._replace(permit_cost=0.4)}, (PERMIT,), -1),
    ({"p": P._replace(income_motive=1.0)}, ACROSS, 1),
    ({"p": P._replace(income_motive=1.0), "place__income_over_pay": 0.5}, ACROSS, -1),
    ({"place__technique": 3.0}, tuple(range(1, 8)), -1),
    ({"household__land": 20.0}, tuple(range(1, 8)), -1),
    ({"place__farm_gate": (0.1, 0.2)}, tuple(range(1, 8)), 1),
    ({"household__schooling": 14.0}, (SERVICES, PUBLIC), 1),
    ({"household__schooling": 15.0, "place__schooling_return": 0.2}, (ESTATE, TIMBER), -1),  # others pay more now, these do not
    ({"place__schooling_of_pay": (9.0, 11.0)}, (SERVICES,), -1),
    ({"place__schooling_of_pay": (7.0, 14.0)}, (PUBLIC,), -1),
    ({"p": P._replace(public_schooling=12.0)}, (PUBLIC,), -1),
    ({"p": P._replace(public_schooling=12.0, missing_schooling=1.0)}, (PUBLIC,), -1),
    ({"household__ability": 3.0}, ACROSS, -1),  # pay across does not go by it
]


@pytest.mark.parametrize(("change", "activities", "sign"), CHANGES)
def test_demand_changes_the_right_way(change: dict[str, Any], activities: tuple[int, ...], sign: int) -> None:
    moved = (sought(**({"p": P} | change)) - sought(p=P)) * sign
    assert (moved[list(activities)] > 0).all()


@pytest.mark.parametrize("change", [{"place__income_over_pay": 9.0}, {"household__fear": 1.0, "p": P._replace(fear=0.0)}])
def test_what_changes_nothing(change: dict[str, Any]) -> None:
    # incomes where people go by pay; a memory without fear
    assert np.array_equal(want(**({"p": P} | change))["household.work_sought"], want(p=P)["household.work_sought"])


def test_judged_by_incomes_work_across_is_worth_what_the_gap_in_incomes_says() -> None:
    # pay across 3 times as high and incomes 2 times as far apart as pay: the same as pay across 6 times as high
    by_incomes = want(p=P._replace(income_motive=1.0), place__income_over_pay=2.0)
    twice = tuple(w * (2.0 if k >= PASS else 1.0) for k, w in enumerate(WAGE))
    assert np.array_equal(by_incomes["household.work_sought"], want(p=P, place__wage=twice)["household.work_sought"])


@both_forms
@pytest.mark.parametrize("closed", range(1, 8))
def test_nobody_asks_for_what_is_closed(form: str, closed: int) -> None:
    n = MANY // 2 if form == "compiled" else 200
    asked = want(form, n, P, place__may_work=with_k((1.0,) * 8, closed, 0.0))["household.work_sought"]
    assert not (asked == closed).any() and len(np.unique(asked[:, :2])) >= 6


@pytest.mark.parametrize(
    ("schooling", "asked", "burden"),
    [
        (8.999, 9.0, 0.0005),
        (9.0, 9.0, 0.0),
        (15.0, 9.0, 0.0),  # more than is asked for is no gain here: it counts in the pay
        (0.0, 9.0, 4.5),
        (6.0, 12.0, 3.0),
    ],
)
def test_missing_schooling_is_a_burden_of_public_jobs_alone(schooling: float, asked: float, burden: float) -> None:
    p = P._replace(public_schooling=asked, missing_schooling=0.5, hour_daily=0.2)
    columns = columns_of(RULE, {"household": 1, "place": 1}, {
        "household.n_workers": 1, "household.land": 2.0, "household.schooling": schooling, "household.activity": (LOOKING, -1, -1, -1, -1, -1),
        "place.wage": WAGE, "place.hours_work": HOURS, "place.may_work": 1.0, "place.yields": 20.0, "place.farm_gate": 1.0, "place.technique": 1.0,
        "place.schooling_return": 0.05, "place.schooling_of_pay": (7.0, 11.0), "place.income_over_pay": 1.0})  # fmt: skip
    calls = traced(RULE, columns, "value_of_work", stop=1, p=p)["value_of_work"]
    daily = [said[2] - 0.2 * HOURS[k] for k, said in enumerate(calls[:4], start=1)]
    assert daily == pytest.approx([0.0, 0.0, 0.0, burden], abs=1e-6)  # the column has single precision


@pytest.mark.parametrize("years", [9.0, 6.0, 3.0])
def test_public_jobs_ask_for_schooling(years: float) -> None:
    """Three years fewer, at half a logarithm of income each and with the return to schooling, divide the odds by a fixed factor."""
    p = P._replace(public_schooling=9.0, missing_schooling=0.5, scale=0.5, hour_daily=0.0)
    only = (1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
    done = want(
        p=p,
        household__schooling=years,
        place__may_work=only,
        place__schooling_of_pay=(years, years),
        household__activity=(LOOKING,) * 2 + (-1,) * 4,
    )
    asked = done["household.work_sought"][:, :2]
    n, public = int((asked > FARM).sum()), int((asked == PUBLIC).sum())
    # pay of 95 and 90 and chances alike, so that the odds are (95 / 90 * exp(-0.5 * missing)) ** (1 / 0.5)
    odds = (95.0 / 90.0 * math.exp(-0.5 * (9.0 - years))) ** 2
    assert_share(public, n, odds / (1.0 + odds))


@both_forms
def test_who_lacks_schooling_may_still_ask_for_a_public_job(form: str) -> None:
    asked = want(form, 400, P._replace(public_schooling=9.0, missing_schooling=0.2), household__schooling=8.0)["household.work_sought"]
    assert (asked == PUBLIC).any() and (asked == SERVICES).any()


@both_forms
def test_who_does_not_think_again_stays_but_who_has_no_work_always_looks(form: str) -> None:
    done = want(form, 60, P._replace(think_again=0.0), household__activity=(ESTATE, LOOKING, -1, -1, -1, -1))
    assert (done["household.work_sought"][:, [0, 2, 3, 4, 5]] == NONE).all() and (done["household.work_sought"][:, 1] >= 0).all()


@both_forms
def test_who_asked_goes_on_asking_until_thinking_again(form: str) -> None:
    before = (SERVICES, PERMIT, NONE, TIMBER, PASS, PUBLIC)
    stays = {"household__n_workers": 4, "household__activity": (ESTATE, FARM, PASS, LOOKING, -1, -1), "household__work_sought": before}
    done = want(form, 300, P._replace(think_again=0.0), **stays)["household.work_sought"]
    assert (done[:, [0, 1, 2, 4, 5]] == np.array(before)[[0, 1, 2, 4, 5]]).all() and len(np.unique(done[:, 3])) > 2
    # who thinks again asks for what he wants now, or for nothing where that is what he does
    again = want(form, 300, P, **stays)["household.work_sought"]
    assert all(len(np.unique(again[:, a])) > 2 and not (again[:, a] == stays["household__activity"][a]).any() for a in range(4))
    assert (again[:, :3] == NONE).any(axis=0).all() and (again[:, 4:] == before[4:]).all()


@both_forms
def test_nobody_asks_for_what_one_does(form: str) -> None:
    for now in range(8):
        asked = want(form, 150, P, household__activity=(now, now, -1, -1, -1, -1))["household.work_sought"]
        assert not (asked == now).any() and (asked[:, :2] == NONE).any() and (asked[:, 2:] == NONE).all()


def test_the_loop_gives_the_shares_of_its_functions() -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, kin_relief=0.4, kin_word=0.6, living_cost=0.2, permit_cost=0.1, away=1.0,
                   hour_away=0.05, hour_daily=0.2, loss_when_caught=5.0, fear=0.04, income_motive=0.5)  # fmt: skip
    done = want(p=p, household__fear=0.5, household__support_across=0.5, household__heard_work=0.25)
    # two adults on two hectares make 2 units, each 20*1 + 10*2 = 40; one more adds 80 * (sqrt(1.5) - 1)
    values = [math.log(80.0 * (math.sqrt(1.5) - 1.0))]
    values += [math.log(0.5 * w) - 0.1 for w in (60.0, 80.0, 90.0 * math.exp(0.05 * 3), 95.0 * math.exp(0.05 * -1))]
    far = math.sqrt(2.0)  # half the way from the gap in pay to that in incomes
    values.append(math.log(0.5 * 70.0 * far) - 0.2 * 2.0 + 0.15)
    burden = 1.0 * (1.0 - 0.2) - 0.15
    values.append(math.log(0.5 * 420.0 * far * 0.7) - burden - 0.05 * 6.0)
    values.append(math.log(0.5 * 430.0 * far * 0.8 * (1.0 - 0.04 * 5.0)) - burden - 0.05 * 5.0)
    weights = np.exp(np.array(values) / 0.5)
    for k in range(1, 8):
        assert_share((done["household.work_sought"] == k).sum(), MANY // 2 * 2, weights[k] / weights.sum())


@both_forms
def test_who_left_the_farm_values_it_by_half_an_adult(form: str) -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, hour_daily=0.2)
    n = MANY // 2 if form == "compiled" else 400
    done = want(form, n, p, household__activity=(ESTATE, ESTATE, -1, -1, -1, -1), place__may_work=(1.0, 1.0, 0, 0, 0, 0, 0, 0))
    # nobody on two hectares: half an adult would make sqrt(2 * 0.5) = 1 unit, worth 40; the job is worth 60 * 0.5, half an hour off
    weights = np.exp([math.log(40.0) / 0.5, (math.log(30.0) - 0.2 * 0.5) / 0.5])
    assert_share((done["household.work_sought"] == FARM).sum(), 2 * n, weights[0] / weights.sum())


OPEN = [(1.0,) * 8, (1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0), (1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (1.0, 0, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize("open_to", OPEN)
def test_what_each_adult_compares(open_to: tuple[float, ...]) -> None:
    """Three households of two places, with all that the loop hands to the functions of one adult, worked by hand."""
    p = Parameters(think_again=0.6, labour_share=0.5, scale=0.5, kin_relief=0.4, kin_word=0.8, living_cost=0.2, permit_cost=0.15, away=1.0,
                   hour_away=0.05, hour_daily=0.2, loss_when_caught=2.0, fear=0.1, income_motive=1.0, public_schooling=8.0, missing_schooling=0.3)  # fmt: skip
    before = np.arange(18).reshape(3, 6) % 9 - 1
    now = [(0, 0, 0, -1, -1, -1), (1, 7, 8, 0, -1, -1), (3, 8, -1, -1, -1, -1)]
    wage = [(9.0, 100.0, 110.0, 120.0, 130.0, 90.0, 150.0, 140.0), (9.0, 200.0, 210.0, 220.0, 230.0, 80.0, 250.0, 240.0)]
    hours = [(9.0, 0.5, 0.6, 0.7, 0.8, 2.0, 6.0, 5.0), (9.0, 1.0, 1.1, 1.2, 1.3, 3.0, 8.0, 7.0)]
    found = [(0.9, 0.5, 0.4, 0.3, 0.2, 0.35, 0.45, 0.55), (0.9, 0.6, 0.7, 0.8, 0.1, 0.65, 0.75, 0.85)]
    more, asked, gap, caught = (0.05, 0.1), [(6.0, 10.0), (7.0, 11.0)], (2.0, 3.0), (0.05, 0.2)
    values = {
        "household.place": (1, 0, 1), "household.n_workers": (3, 4, 2), "household.land": (4.0, 9.0, 1.0), "household.fear": (0.0, 0.5, 1.0),
        "household.ability": (1.0, 2.0, 0.5), "household.schooling": (6.0, 8.0, 4.0), "household.support_across": (0.0, 0.5, 1.0),
        "household.heard_work": (0.0, 0.25, 0.5), "household.activity": now, "household.work_sought": before, "place.wage": wage,
        "place.hours_work": hours, "place.may_work": open_to, "place.job_chance": found, "place.caught_away": caught, "place.income_over_pay": gap,
        "place.technique": (2.0, 0.5), "place.farm_gate": [(1.0, 2.0), (3.0, 4.0)], "place.yields": [(20.0, 10.0), (30.0, 5.0)],
        "place.schooling_return": more, "place.schooling_of_pay": asked,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "place": 2}, values)
    n_workers, place = (3, 4, 2), (1, 0, 1)
    calls = traced(RULE, columns, "uniform", "value_of_work", "choose_work", "added_by_one_more", stop=3, seed=10, month=33, p=p)
    without = [[now[i][a] == LOOKING for a in range(n_workers[i])] for i in range(3)]
    thinks = [[without[i][a] or uniform(10, THINK_AGAIN, 33, 1000 + i, a) < 0.6 for a in range(n_workers[i])] for i in range(3)]
    assert not all(map(all, thinks)) and all(map(any, thinks)), (
        "in each household one reconsiders, and somebody does not, or the test says less"
    )
    keys = []
    for i, n in enumerate(n_workers):
        for a in range(n):
            keys += [] if without[i][a] else [(10, THINK_AGAIN, 33, 1000 + i, a)]
            keys += [(10, CHOOSE_WORK, 33, 1000 + i, a)] if thinks[i][a] else []
    assert calls["uniform"] == keys
    # farm income: technique * ability * sqrt(land * adults) * (rice + rubber at the gate); nobody on the farm counts as half an adult
    farm = [0.5 * 1.0 * math.sqrt(4.0 * 3.0) * 110, 2.0 * 2.0 * math.sqrt(9.0 * 1.0) * 40, 0.5 * 0.5 * math.sqrt(0.5) * 110]
    assert calls["added_by_one_more"] == [(pytest.approx(farm[0]), 3.0, 0.5)] * sum(thinks[0]) + [(pytest.approx(farm[1]), 1.0, 0.5)] * sum(
        thinks[1]
    )
    gain = [farm[0] * (math.sqrt(4 / 3) - 1), farm[1] * (math.sqrt(2.0) - 1), farm[2]]
    said: list[list[tuple[float, ...] | None]] = []
    for i in range(3):
        w, skill, years = place[i], (1.0, 2.0, 0.5)[i], (6.0, 8.0, 4.0)[i]
        kin, word, afraid = (0.0, 0.5, 1.0)[i], 0.8 * (0.0, 0.25, 0.5)[i], (0.0, 0.5, 1.0)[i]
        pay = [
            0.0,
            wage[w][1] * skill,
            wage[w][2] * skill,
            *(wage[w][3 + k] * skill * math.exp(more[w] * (years - asked[w][k])) for k in (0, 1)),
        ]
        one: list[tuple[float, ...] | None] = [(gain[i], gain[i], 0.0)]
        lacks = 0.3 * (2.0, 0.0, 4.0)[i]  # of eight years of schooling that a public job asks for
        one += [(pay[k] * found[w][k], pay[k], 0.2 * hours[w][k] + (lacks if k == PUBLIC else 0.0)) for k in HOME]
        across = [wage[w][k] * gap[w] for k in ACROSS]
        away = 1.0 * (1.0 - 0.4 * kin) - word
        left = max(1.0 - (caught[w] + 0.1 * afraid) * 2.0, 0.0)
        one.append((across[0] * found[w][PASS], across[0], 0.2 * hours[w][PASS] - word))
        one.append((across[1] * 0.65 * found[w][PERMIT], across[1], away + 0.05 * hours[w][PERMIT]))
        one.append((across[2] * 0.8 * left * found[w][UNDOCUMENTED], across[2], away + 0.05 * hours[w][UNDOCUMENTED]))
        said.append([v if open_to[k] or k == 0 else None for k, v in enumerate(one)])
    # community by community, activity by activity, the adults who reconsider; the farms at last
    near = lambda one: (*(pytest.approx(x) for x in one), 0.5)  # noqa: E731
    asked_for = [near(said[i][k]) for i in range(3) for k in range(1, 8) if said[i][k] is not None for _ in range(sum(thinks[i]))]
    farms = [near(said[i][0]) for i in range(3) for _ in range(sum(thinks[i]))]
    assert calls["value_of_work"] == asked_for + farms
    chosen = iter(calls["choose_work"])
    for i in range(3):
        for a in range(n_workers[i]):
            if not thinks[i][a]:
                assert columns["household.work_sought"][i, a] == before[i, a]
                continue
            u, *compared = next(chosen)
            expected = [MISSING if one is None else value_of_work(*one, 0.5) for one in said[i]]
            assert u == uniform(10, CHOOSE_WORK, 33, 1000 + i, a) and compared == pytest.approx(expected)
            wanted = choose_work(u, *compared)
            assert columns["household.work_sought"][i, a] == (wanted if wanted != now[i][a] else NONE)
    assert next(chosen, None) is None and all(
        (columns["household.work_sought"][i, n:] == before[i, n:]).all() for i, n in enumerate(n_workers)
    )


def test_who_does_not_think_is_not_asked_what_work_is_worth() -> None:
    columns = columns_of(
        RULE, {"household": 2, "place": 1}, {"household.n_workers": 1, "household.land": 1.0, "household.activity": (0, -1, -1, -1, -1, -1)}
    )
    none = traced(RULE, columns, "value_of_work", stop=2, p=Parameters(think_again=0.0))
    assert none["value_of_work"] == []


@pytest.mark.parametrize("per_place", [1, 5, 64, 65, 200])
def test_many_are_worked_out_together_as_each_alone(per_place: int) -> None:
    """Communities of any size, some without anybody of the labour force: the same choices as household by household."""
    dice, n = np.random.default_rng(per_place), 3 * TOGETHER + 11
    place = np.arange(n) // per_place
    places = int(place[-1]) + 1
    values = {"household.place": place, "household.n_workers": dice.integers(0, 7, n), "household.land": dice.uniform(0.5, 5.0, n),
              "household.ability": dice.uniform(0.5, 2.0, n), "household.schooling": dice.uniform(0.0, 15.0, n), "household.fear": dice.random(n),
              "household.support_across": dice.random(n), "household.heard_work": dice.random(n), "household.activity": dice.integers(0, 9, (n, 6)),
              "place.wage": dice.uniform(50.0, 300.0, (places, 8)), "place.hours_work": dice.uniform(0.2, 9.0, (places, 8)),
              "place.may_work": dice.integers(0, 2, (places, 8)), "place.job_chance": dice.random((places, 8)), "place.caught_away": 0.02,
              "place.income_over_pay": 2.0, "place.technique": dice.uniform(0.5, 2.0, places), "place.farm_gate": (1.0, 2.0), "place.yields": (20.0, 10.0),
              "place.schooling_return": 0.05, "place.schooling_of_pay": (7.0, 11.0)}  # fmt: skip
    together = run_rule(RULE, columns_of(RULE, {"household": n, "place": places}, values), stop=n, p=P._replace(think_again=0.5))
    alone = columns_of(RULE, {"household": n, "place": places}, values)
    for i in range(n):
        run_rule(RULE, alone, start=i, stop=i + 1, p=P._replace(think_again=0.5))
    assert np.array_equal(together["household.work_sought"], alone["household.work_sought"])
    assert per_place > 5 or len(np.unique(together["household.work_sought"])) == 9
