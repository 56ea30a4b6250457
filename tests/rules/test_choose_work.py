"""Who wants to work where."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.choose_work import CHOOSE_WORK, THINK_AGAIN, Parameters, added_by_one_more, choose_work, think_again, value_of_work
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
    found = np.bincount([choose_work(u, *VALUES) for u in draws(MANY)], minlength=4)
    expected = np.exp(VALUES) / np.exp(VALUES).sum()
    for k in range(4):
        assert_share(found[k], MANY, expected[k])


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


def want(form: str = "compiled", n: int = MANY // 2, p: Parameters | None = None, **said: Any) -> dict[str, np.ndarray]:
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
def test_demand_changes_the_right_way(change: dict[str, Any], activity: int, sign: int) -> None:
    assert (sought(**change)[activity] - sought()[activity]) * sign > 0


@pytest.mark.parametrize("closed", [1, 2, 3])
def test_nobody_asks_for_what_is_closed(closed: int) -> None:
    may = [1.0] * 4
    may[closed] = 0.0
    assert sought(place__may_work=may)[closed] == 0.0


@both_forms
def test_holders_and_seekers_are_counted_once(form: str) -> None:
    done = want(form, 150, Parameters(think_again=0.3), household__activity=(1, 3, -1, -1, -1, -1))
    asked = done["household.work_sought"]
    assert (asked[:, 2:] == -1).all()  # no such adults
    for slot, now in ((0, 1), (1, 3)):
        assert not (asked[:, slot] == now).any()
        stays = (asked[:, slot] != 0).sum()  # all but those who go back to the farm keep the job until they have another
        assert done["place.job_holders"][0, now] == pytest.approx(2.0 * stays)
    for k in (1, 2, 3):
        assert done["place.job_seekers"][0, k] == pytest.approx(2.0 * (asked == k).sum())


@both_forms
def test_who_does_not_think_again_stays(form: str) -> None:
    done = want(form, 60, Parameters(think_again=0.0), household__activity=(1, 3, -1, -1, -1, -1))
    assert (done["household.work_sought"] == -1).all()
    assert done["place.job_holders"][0].tolist() == [0.0, 120.0, 0.0, 120.0]


def test_the_loop_gives_the_shares_of_its_functions() -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, kin_relief=0.4, living_cost=0.2, away=1.0, hour_away=0.05, hour_daily=0.2)
    done = want(n=MANY // 2, p=p)
    # two adults on two hectares make 2 units, each 20*1 + 10*2 = 40; one more adds 80 * (sqrt(1.5) - 1)
    farm = math.log(80.0 * (math.sqrt(1.5) - 1.0)) / 0.5
    wage = (math.log(50.0) - 0.2 * 0.5) / 0.5
    day = (math.log(45.0) - 0.2 * 2.0) / 0.5
    away = (math.log(150.0 * 0.8 * 0.98 * 0.5) - 1.0 - 0.05 * 6.0) / 0.5
    weights = np.exp([farm, wage, day, away])
    for k in (1, 2, 3):
        assert_share((done["household.work_sought"] == k).sum(), MANY, weights[k] / weights.sum())


@both_forms
def test_who_left_the_farm_values_it_by_half_a_hand(form: str) -> None:
    p = Parameters(think_again=1.0, labour_share=0.5, scale=0.5, hour_daily=0.2)
    n = MANY // 2 if form == "compiled" else 400
    done = want(form, n, p, household__activity=(1, 1, -1, -1, -1, -1), place__may_work=(1.0, 1.0, 0.0, 0.0))
    # nobody on two hectares: half an adult would make sqrt(2 * 0.5) = 1 unit, worth 40; the job is worth 100 * 0.5, half an hour off
    weights = np.exp([math.log(40.0) / 0.5, (math.log(50.0) - 0.2 * 0.5) / 0.5])
    assert_share((done["household.work_sought"] == 0).sum(), 2 * n, weights[0] / weights.sum())


@both_forms
def test_bounds_between_activities_belong_to_the_next(form: str) -> None:
    f = take(choose_work, form)
    assert [f(u, 2.0, 2.0, 2.0, 2.0) for u in (0.0, 0.25, 0.5, 0.75)] == [0, 1, 2, 3]
    # beyond the last option: the last that is open
    assert [f(1.0, 2.0, a, b, c) for a, b, c in ((2.0, 2.0, 2.0), (2.0, 2.0, MISSING), (2.0, MISSING, MISSING))] == [3, 1, 1]


@pytest.mark.parametrize("open_to", [(1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 0.0, 1.0), (1.0, 0.0, 1.0, 0.0)])
def test_what_each_adult_compares(open_to: tuple[float, ...]) -> None:
    """Three households of two places, with all that the loop hands to the functions of one adult, worked by hand."""
    p = Parameters(
        think_again=0.6,
        labour_share=0.5,
        scale=0.5,
        kin_relief=0.4,
        kin_word=0.8,
        living_cost=0.2,
        away=1.0,
        hour_away=0.05,
        hour_daily=0.2,
    )
    now = [(0, 0, 0, -1, -1, -1), (1, 3, 2, 0, -1, -1), (3, 2, -1, -1, -1, -1)]
    values = {
        "household.place": (1, 0, 1), "household.weight": (2.0, 3.0, 5.0), "household.n_adults": (3, 4, 2), "household.land": (4.0, 9.0, 1.0),
        "household.ability": (1.0, 2.0, 0.5), "household.schooling": (6.0, 8.0, 4.0), "household.support_across": (0.0, 0.5, 1.0),
        "household.heard_work": (0.0, 0.25, 0.5), "household.activity": now, "household.work_sought": 3,
        "place.wage": [(9.0, 100.0, 90.0, 150.0), (9.0, 200.0, 80.0, 250.0)], "place.hours_work": [(9.0, 0.5, 2.0, 6.0), (9.0, 1.0, 3.0, 8.0)],
        "place.may_work": open_to, "place.job_chance": [(0.9, 0.5, 0.4, 0.3), (0.9, 0.6, 0.7, 0.8)], "place.caught_away": (0.1, 0.2),
        "place.technique": (2.0, 0.5), "place.farm_gate": [(1.0, 2.0), (3.0, 4.0)], "place.yields": [(20.0, 10.0), (30.0, 5.0)],
        "place.schooling_return": (0.05, 0.1), "place.job_holders": 0.5, "place.job_seekers": 0.25,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "place": 2}, values)
    n_adults, weight, place = (3, 4, 2), (2.0, 3.0, 5.0), (1, 0, 1)
    calls = traced(RULE, columns, "uniform", "value_of_work", "choose_work", "added_by_one_more", stop=3, seed=10, month=33, p=p)
    thinks = [[uniform(10, THINK_AGAIN, 33, 1000 + i, a) < 0.6 for a in range(n_adults[i])] for i in range(3)]
    assert all(any(t) and not all(t) for t in thinks), "in each household one reconsiders and one does not, or the test says less"
    keys = []
    for i, n in enumerate(n_adults):
        for a in range(n):
            keys += [(10, THINK_AGAIN, 33, 1000 + i, a)] + ([(10, CHOOSE_WORK, 33, 1000 + i, a)] if thinks[i][a] else [])
    assert calls["uniform"] == keys
    # farm income: technique * ability * sqrt(land * hands) * (rice + rubber at the gate); nobody on the farm counts as half an adult
    farm = [
        0.5 * 1.0 * math.sqrt(4.0 * 3.0) * (30 * 3 + 5 * 4),
        2.0 * 2.0 * math.sqrt(9.0 * 1.0) * (20 * 1 + 10 * 2),
        0.5 * 0.5 * math.sqrt(0.5) * 110,
    ]
    more_hands = [(pytest.approx(farm[0]), 3.0, 0.5)] * sum(thinks[0]) + [(pytest.approx(farm[1]), 1.0, 0.5)] * sum(thinks[1])
    assert calls["added_by_one_more"] == more_hands
    more = [farm[0] * (math.sqrt(4 / 3) - 1), farm[1] * (math.sqrt(2.0) - 1), farm[2]]
    pay = [200.0, 100.0 * 2.0 * math.exp(0.05 * 2), 200.0 * 0.5 * math.exp(-0.1 * 2)]
    compared = []
    for i in range(3):
        w, kin, word = place[i], (0.0, 0.5, 1.0)[i], 0.8 * (0.0, 0.25, 0.5)[i]
        chance, hours, wage = (values[f"place.{k}"][w] for k in ("job_chance", "hours_work", "wage"))
        one = [(more[i], more[i], 0.0)]
        if open_to[1]:
            one.append((pay[i] * chance[1], pay[i], 0.2 * hours[1]))
        if open_to[2]:
            one.append((wage[2] * chance[2], wage[2], 0.2 * hours[2] - word))
        if open_to[3]:
            net = wage[3] * 0.8 * (1 - values["place.caught_away"][w]) * chance[3]
            one.append((net, wage[3], 1.0 * (1 - 0.4 * kin) + 0.05 * hours[3] - word))
        compared.append(one)
    # the jobs that are open, community by community, then the farms: for the adults who reconsider, household by household
    said_of = [[(*(pytest.approx(x) for x in said), 0.5) for said in one for _ in range(sum(thinks[i]))] for i, one in enumerate(compared)]
    farms = [said for i, one in enumerate(said_of) for said in one[: sum(thinks[i])]]
    assert calls["value_of_work"] == [said for i, one in enumerate(said_of) for said in one[sum(thinks[i]) :]] + farms
    chosen, at, at_farm = [], 0, len(calls["value_of_work"]) - len(farms)
    for i in range(3):
        n = sum(thinks[i])
        jobs = calls["value_of_work"][at : at + n * (len(compared[i]) - 1) : n]
        v = iter([value_of_work(*said) for said in (calls["value_of_work"][at_farm], *jobs)])
        at, at_farm = at + n * len(jobs), at_farm + n
        options = [next(v), *(next(v) if open_to[k] else MISSING for k in (1, 2, 3))]
        chosen += [(uniform(10, CHOOSE_WORK, 33, 1000 + i, a), *options) for a in range(n_adults[i]) if thinks[i][a]]
    assert calls["choose_work"] == chosen
    wanted = iter([choose_work(*said) for said in chosen])
    holders, seekers = np.full((2, 4), 0.5), np.full((2, 4), 0.25)
    for i in range(3):
        for a in range(n_adults[i]):
            here, want_now = now[i][a], next(wanted) if thinks[i][a] else None
            asks = want_now is not None and want_now != here
            assert columns["household.work_sought"][i, a] == (want_now if asks else -1)
            if asks and want_now > 0:
                seekers[place[i], want_now] += weight[i]
            if here > 0 and want_now != 0:
                holders[place[i], here] += weight[i]
    assert columns["place.job_holders"].tolist() == holders.tolist() and columns["place.job_seekers"].tolist() == seekers.tolist()
    assert (columns["household.work_sought"][2, 2:] == 3).all()  # no such adults: untouched


def test_who_does_not_think_is_not_asked_what_work_is_worth() -> None:
    columns = columns_of(
        RULE, {"household": 2, "place": 1}, {"household.n_adults": 1, "household.land": 1.0, "household.activity": (0, -1, -1, -1, -1, -1)}
    )
    none = traced(RULE, columns, "value_of_work", stop=2, p=Parameters(think_again=0.0))
    assert none["value_of_work"] == []


@both_forms
@pytest.mark.parametrize("best", range(4))
def test_a_value_beyond_all_measure_is_chosen(form: str, best: int) -> None:
    values = [2000.0 if k == best else -10.0 * k for k in range(4)]
    assert [take(choose_work, form)(u, *values) for u in (2.0**-53, 0.5, 1 - 2.0**-53)] == [best] * 3
