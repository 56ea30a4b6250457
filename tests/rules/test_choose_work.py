"""Who wants to work where."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.household.choose_work import Parameters, added_by_one_more, choose_work, think_again, value_of_work
from tests.rules.tools import assert_share, both_forms, columns_of, draws, run_rule, take

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
def test_one_more_pair_of_hands(form: str, income: float, n: float, share: float, expected: float) -> None:
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


VALUES = (0.4, -0.2, 1.1, 0.0)


def test_shares_are_those_of_a_logit() -> None:
    found = np.bincount([choose_work(u, *VALUES) for u in draws(20_000)], minlength=4)
    expected = np.exp(VALUES) / np.exp(VALUES).sum()
    for k in range(4):
        assert_share(found[k], 20_000, expected[k])


@both_forms
def test_equal_values_give_quarters_exactly(form: str) -> None:
    f = take(choose_work, form)
    assert [f((k + 0.5) / 400, 3.0, 3.0, 3.0, 3.0) for k in range(400)] == [k // 100 for k in range(400)]


@both_forms
@pytest.mark.parametrize("there", range(8))
def test_what_is_not_open_is_never_chosen(form: str, there: int) -> None:
    f = take(choose_work, form)
    values = [0.3 if there >> k & 1 else MISSING for k in range(3)]
    for u in (2.0**-53, 0.2, 0.4, 0.6, 0.8, 1 - 2.0**-53):
        k = f(u, 0.1, *values)
        assert k == 0 or there >> (k - 1) & 1, (u, k)


def want(form: str = "compiled", n: int = 3000, p: Parameters | None = None, **said: Any) -> dict[str, np.ndarray]:
    """``n`` like households of two adults on the farm, everything open."""
    values = {
        "household.weight": 2.0, "household.n_adults": 2, "household.land": 2.0, "household.ability": 1.0, "household.schooling": 6.0,
        "household.activity": (0, 0, -1, -1, -1, -1), "place.wage": (0.0, 100.0, 90.0, 150.0), "place.hours_work": (0.0, 0.5, 2.0, 6.0),
        "place.may_work": 1.0, "place.job_chance": 0.5, "place.caught_away": 0.02, "place.technique": 1.0, "place.farm_gate": (1.0, 2.0),
        "place.yields": (20.0, 10.0), "place.schooling_return": 0.05,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1}, values), form, stop=n, p=p)


def sought(**said: Any) -> np.ndarray:
    """How many seek a job of each activity (2 people to each adult)."""
    return want(**said)["place.job_seekers"][0]


BASE = {"place__wage": (0.0, 100.0, 90.0, 150.0)}


@pytest.mark.parametrize(
    ("change", "activity", "sign"),
    [
        ({"place__wage": (0.0, 200.0, 90.0, 150.0)}, 1, 1),
        ({"place__wage": (0.0, 100.0, 90.0, 300.0)}, 3, 1),
        ({"place__hours_work": (0.0, 3.0, 2.0, 6.0)}, 1, -1),
        ({"place__hours_work": (0.0, 0.5, 2.0, 30.0)}, 3, -1),
        ({"place__job_chance": (0.5, 0.1, 0.5, 0.5)}, 1, -1),
        ({"place__caught_away": 0.5}, 3, -1),
        ({"household__support_across": 1.0}, 3, 1),
        ({"household__heard_work": 1.0}, 2, 1),
        ({"household__heard_work": 1.0}, 3, 1),
        ({"household__schooling": 12.0}, 1, 1),
        ({"place__technique": 3.0}, 1, -1),
        ({"p": Parameters(away=2.2)}, 3, -1),
        ({"p": Parameters(living_cost=0.2)}, 3, 1),
    ],
)
def test_wishes_move_the_right_way(change: dict[str, Any], activity: int, sign: int) -> None:
    assert (sought(**change)[activity] - sought()[activity]) * sign > 0


@pytest.mark.parametrize("closed", [1, 2, 3])
def test_nobody_asks_for_what_is_closed(closed: int) -> None:
    may = [1.0] * 4
    may[closed] = 0.0
    assert sought(place__may_work=may)[closed] == 0.0


@both_forms
def test_holders_and_seekers_are_counted_once(form: str) -> None:
    done = want(form, 150, Parameters(think_again=0.3), household__activity=(1, 3, -1, -1, -1, -1))
    wished = done["household.work_sought"]
    assert (wished[:, 2:] == -1).all()  # no such adults
    for slot, now in ((0, 1), (1, 3)):
        assert not (wished[:, slot] == now).any()
        stays = (wished[:, slot] != 0).sum()  # all but those who go back to the farm keep the job until they have another
        assert done["place.job_holders"][0, now] == pytest.approx(2.0 * stays)
    for k in (1, 2, 3):
        assert done["place.job_seekers"][0, k] == pytest.approx(2.0 * (wished == k).sum())


@both_forms
def test_who_does_not_think_again_stays(form: str) -> None:
    done = want(form, 60, Parameters(think_again=0.0), household__activity=(1, 3, -1, -1, -1, -1))
    assert (done["household.work_sought"] == -1).all()
    assert done["place.job_holders"][0].tolist() == [0.0, 120.0, 0.0, 120.0]


def test_the_loop_gives_the_shares_of_its_functions() -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, kin_relief=0.4, living_cost=0.2, away=1.0, hour_away=0.05, hour_daily=0.2)
    done = want(n=10_000, p=p)
    # two hands on two hectares make 2 units, each 20*1 + 10*2 = 40; one more adds 80 * (sqrt(1.5) - 1)
    farm = math.log(80.0 * (math.sqrt(1.5) - 1.0)) / 0.5
    wage = (math.log(50.0) - 0.2 * 0.5) / 0.5
    day = (math.log(45.0) - 0.2 * 2.0) / 0.5
    away = (math.log(150.0 * 0.8 * 0.98 * 0.5) - 1.0 - 0.05 * 6.0) / 0.5
    weights = np.exp([farm, wage, day, away])
    for k in (1, 2, 3):
        assert_share((done["household.work_sought"] == k).sum(), 20_000, weights[k] / weights.sum())


@both_forms
def test_who_left_the_farm_values_it_by_half_a_hand(form: str) -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, hour_daily=0.2)
    n = 10_000 if form == "compiled" else 400
    done = want(form, n, p, household__activity=(1, 1, -1, -1, -1, -1), place__may_work=(1.0, 1.0, 0.0, 0.0))
    # nobody on two hectares: half a hand would make sqrt(2 * 0.5) = 1 unit, worth 40; the job is worth 100 * 0.5, half an hour off
    weights = np.exp([math.log(40.0) / 0.5, (math.log(50.0) - 0.2 * 0.5) / 0.5])
    assert_share((done["household.work_sought"] == 0).sum(), 2 * n, weights[0] / weights.sum())
