"""Who wants to work where."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from agents.household.choose_work import (
    Parameters,
    added_by_one_more,
    believed_pay,
    choose_work,
    net_without_papers,
    skilled_pay,
    think_again,
    value_of_work,
)
from agents.surroundings import ESTATE, LOOKING, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, draws, run_rule, take, traced

RULE = "household.choose_work"
MISSING = -1.0e9


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
