"""What each activity is worth to an adult, and who thinks again at all."""

from __future__ import annotations

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
    choose_work,
    value_of_work,
)
from agents.surroundings import ESTATE, FARM, LOOKING, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, traced

RULE = "household.choose_work"
MISSING = -1.0e9
NONE = -1


WAGE = (0.0, 60.0, 80.0, 90.0, 95.0, 70.0, 420.0, 430.0)
HOURS = (0.0, 0.5, 0.5, 0.5, 0.5, 2.0, 6.0, 5.0)


def want(form: str = "compiled", n: int = MANY // 2, p: Parameters | None = None, **said: Any) -> dict[str, np.ndarray]:
    """``n`` like households of two adults on the farm, everything open."""
    values = {
        "household.n_workers": 2, "household.land": 2.0, "household.ability": 1.0, "household.schooling": 10.0, "household.activity": (0, 0, -1, -1, -1, -1),
        "place.wage": WAGE, "place.hours_work": HOURS, "place.may_work": 1.0, "place.job_chance": 0.5, "place.caught_away": 0.02,
        "place.income_over_pay": 2.0, "place.technique": 1.0, "place.farm_gate": (1.0, 2.0), "place.yields": (20.0, 10.0),
        "place.schooling_return": 0.05, "place.schooling_of_pay": (7.0, 11.0),
    } | {k.replace("__", ".", 1): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1}, values), form, stop=n, p=p)


P = Parameters(think_again=1.0)
HOME, ACROSS, AWAY = (ESTATE, TIMBER, SERVICES, PUBLIC), (PASS, PERMIT, UNDOCUMENTED), (PERMIT, UNDOCUMENTED)


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
