"""What a month brings in, and what of it is spent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.household.choose_work import Parameters as ChooseWork
from agents.household.earn import Parameters, farm_output, spend
from tests.rules.tools import both_forms, columns_of, run_rule, take

RULE = "household.earn"
P = Parameters(inputs=0.1, own_rice=10.0, memory=0.1, spend_from_savings=0.05, adults_per_ha=1.0, days_worked=26.0)
Q = ChooseWork(labour_share=0.5, living_cost=0.4)


# technique * ability * land**0.5 * labour**0.5
@both_forms
@pytest.mark.parametrize(
    ("technique", "ability", "land", "labour", "expected"),
    [
        (1.0, 1.0, 4.0, 9.0, 6.0),
        (2.0, 0.5, 4.0, 9.0, 6.0),
        (1.0, 1.0, 1.0, 1.0, 1.0),
        (1.0, 1.0, 4.0, 0.0, 0.0),
        (1.0, 1.0, 4.0, -1.0, 0.0),
    ],
)
def test_farm_output_by_hand(form: str, technique: float, ability: float, land: float, labour: float, expected: float) -> None:
    assert take(farm_output, form)(technique, ability, land, labour, 0.5) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize("share", [0.4, 0.6, 0.7])
def test_cobb_douglas(form: str, share: float) -> None:
    f = take(farm_output, form)
    base = f(1.3, 0.8, 2.5, 1.7, share)
    assert f(1.3, 0.8, 5.0, 3.4, share) == pytest.approx(2.0 * base)  # constant returns to scale
    assert f(1.3, 0.8, 2.5, 1.7 * 1.01, share) == pytest.approx(base * 1.01**share)  # elasticity of labour
    assert f(1.3, 0.8, 2.5 * 1.01, 1.7, share) == pytest.approx(base * 1.01 ** (1 - share))  # elasticity of land


# usual income 90, 5 % of what savings hold above it
@both_forms
@pytest.mark.parametrize(
    ("cash", "savings", "expected"),
    [
        (90.0, 90.0, 90.0),  # the usual month
        (90.0, 290.0, 100.0),  # 90 + 0.05 * 200
        (20.0, 40.0, 60.0),  # no more than there is
        (0.0, 10.0, 30.0),  # but a third of the usual month
        (0.0, -500.0, 30.0),  # in debt, too
        (1000.0, 0.0, 90.0),  # a harvest does not change consumption at once
    ],
)
def test_spend_by_hand(form: str, cash: float, savings: float, expected: float) -> None:
    assert take(spend, form)(90.0, cash, savings, 0.05) == pytest.approx(expected)


def month(form: str = "compiled", n: int = 1, **said: Any) -> dict[str, np.ndarray]:
    """A household of three adults (farm, wage, across without papers) and one child, with a trader who made 25."""
    values = {
        "household.n_adults": 3, "household.n_children": 1, "household.schooling": 6.0, "household.land": 4.0, "household.ability": 1.0,
        "household.activity": (0, 1, 3, -1, -1, -1), "household.trader": 0, "household.savings": 100.0, "household.income_mean": 500.0,
        "place.wage": (0.0, 200.0, 150.0, 300.0), "place.technique": 1.0, "place.harvest": (1.0, 0.5), "place.yields": (30.0, 40.0),
        "place.farm_gate": (2.0, 3.0), "place.schooling_return": 0.05, "trader.profit": 25.0,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1, "trader": 1}, values), form, stop=n, p=P, q=Q)


@both_forms
def test_a_month_by_hand(form: str) -> None:
    # units sqrt(4)*sqrt(1) = 2; rice 2*30 = 60 kg, rubber 2*40*0.5 = 40 kg; worth 60*2 + 40*3 = 240, inputs 24
    # own use: 10 kg for 4 people = 40 kg at 2 = 80; wage 200; across 300 * 0.6 = 180; trade 25
    # income 240-24+200+180+25 = 621; cash 541; usual spending 500-80 = 420 out of 100+541
    done = {k: v[0] for k, v in month(form).items() if k.startswith("household.")}
    expected = {"income": 621.0, "income_farm": 216.0, "income_wage": 200.0, "income_across": 180.0, "income_trade": 25.0, "own_use": 80.0,
                "spending": 420.0, "savings": 100.0 + 541.0 - 420.0, "income_mean": 500.0 + 0.1 * 121.0, "idle": 0.0}  # fmt: skip
    for name, value in expected.items():
        assert done[f"household.{name}"] == pytest.approx(value), name


@both_forms
def test_savings_change_by_money_alone(form: str) -> None:
    for change in (
        {},
        {"household__care_cost": 30.0},
        {"household__savings": -900.0},
        {"household__days_lost": 20.0},
        {"trader__profit": -400.0},
    ):
        before = change.get("household__savings", 100.0)
        d = month(form, **change)
        cash = d["household.income"] - d["household.own_use"] - d["household.care_cost"]
        assert d["household.savings"][0] == pytest.approx((before + cash - d["household.spending"])[0])
        parts = sum(d[f"household.income_{k}"][0] for k in ("farm", "wage", "across", "trade"))
        assert d["household.income"][0] == pytest.approx(parts)


@both_forms
def test_illness_takes_the_days_it_takes(form: str) -> None:
    # 39 of 3*26 = 78 days: half the work, so half the pay and sqrt(1/2) of the farm
    half = month(form, household__days_lost=39.0)
    assert half["household.income_wage"][0] == pytest.approx(100.0)
    assert half["household.income_across"][0] == pytest.approx(90.0)
    assert half["household.income_farm"][0] == pytest.approx(216.0 * 0.5**0.5)
    # more days than there are: nothing is earned, nothing less than nothing
    none = month(form, household__days_lost=500.0)
    assert none["household.income"][0] == pytest.approx(25.0)


@both_forms
def test_hands_without_land_are_idle(form: str) -> None:
    # three on a farm of one hectare, which keeps one busy: two of three are idle
    done = month(form, household__activity=(0, 0, 0, -1, -1, -1), household__land=1.0)
    assert done["household.idle"][0] == pytest.approx(2 / 3)


def test_memory_converges_to_a_steady_income() -> None:
    columns = month(household__income_mean=100.0)
    income = columns["household.income"][0]
    for _ in range(19):
        run_rule(RULE, columns, stop=1, p=P, q=Q)
    assert columns["household.income_mean"][0] == pytest.approx(income + (100.0 - income) * 0.9**20)


def two_places(form: str) -> dict[str, np.ndarray]:
    """Four households of two places in all activities: with a trader at a loss, in debt, all ill, with more rice than it eats."""
    values = {
        "household.place": (1, 0, 1, 0), "household.n_adults": (4, 3, 2, 1), "household.n_children": (2, 0, 1, 3),
        "household.schooling": (8.0, 4.0, 6.0, 10.0), "household.land": (4.0, 1.0, 9.0, 2.25), "household.ability": (2.0, 1.0, 0.5, 1.5),
        "household.activity": [(0, 1, 2, 3, 1, 1), (1, 1, 2, 0, 0, 0), (0, 0, 3, 3, 3, 3), (0, 1, 1, 1, 1, 1)],
        "household.days_lost": (26.0, 0.0, 500.0, 0.0), "household.care_cost": (15.0, 5.0, 0.0, 0.0), "household.trader": (1, -1, 0, -1),
        "household.savings": (1000.0, -50.0, 20.0, 400.0), "household.income_mean": (300.0, 150.0, 90.0, 60.0),
        "place.wage": [(7.0, 200.0, 150.0, 300.0), (7.0, 100.0, 80.0, 250.0)], "place.technique": (1.0, 2.0), "place.harvest": [(1.0, 0.5), (0.25, 2.0)],
        "place.yields": [(30.0, 40.0), (20.0, 10.0)], "place.farm_gate": [(2.0, 3.0), (4.0, 5.0)], "place.schooling_return": (0.05, 0.1),
        "trader.profit": (-400.0, 25.0),
    }  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": 4, "place": 2, "trader": 2}, values), form, stop=4, p=P, q=Q)


@both_forms
def test_four_households_by_hand(form: str) -> None:
    done = {k.split(".")[1]: v for k, v in two_places(form).items() if k.startswith("household.")}
    # first: 26 of 4 * 26 days lost, 3/4 at work. Units 2*2*sqrt(4 * 0.75); rice units*20*0.25, rubber units*10*2 at 4 and 5
    # second: nobody on the farm; two wages at 1*exp(0.05 * -2), one pass. Third: all ill. Fourth: one farmer with 4 mouths
    units = [4 * np.sqrt(3.0), 0.0, 0.0, 1.5 * 1.5]
    rice, rubber = [units[0] * 5, 0, 0, units[3] * 30], [units[0] * 20, 0, 0, units[3] * 20]
    value = [rice[0] * 4 + rubber[0] * 5, 0, 0, rice[3] * 2 + rubber[3] * 3]
    farm = [0.9 * v for v in value]
    wage = [0.75 * 1 * 100 * 2 * np.exp(0.1 * 2), 2 * 200 * np.exp(0.05 * -2), 0.0, 0.0]
    across = [0.75 * (80 + 250 * 0.6), 150.0, 0.0, 0.0]
    trade = [25.0, 0.0, -400.0, 0.0]
    eaten = [min(rice[0], 60.0) * 4, 0.0, 0.0, min(rice[3], 40.0) * 2]
    assert rice[0] < 60.0 and rice[3] > 40.0  # the first eats all it grows, the fourth sells some
    for i in range(4):
        total = farm[i] + wage[i] + across[i] + trade[i]
        cash = total - eaten[i] - (15.0, 5.0, 0.0, 0.0)[i]
        usual, savings = (300.0, 150.0, 90.0, 60.0)[i], (1000.0, -50.0, 20.0, 400.0)[i]
        # out of savings: the usual month's money, a twentieth of what lies above it, no more than there is, a third of it at least
        table = max(usual - eaten[i], 0.0)
        spent = max(min(table + 0.05 * max(savings - table, 0.0), savings + cash), table / 3)
        expected = {"income": total, "income_farm": farm[i], "income_wage": wage[i], "income_across": across[i], "income_trade": trade[i],
                    "own_use": eaten[i], "spending": spent, "savings": savings + cash - spent,
                    "income_mean": usual + 0.1 * (max(total, 0.0) - usual), "idle": 0.0}  # fmt: skip
        for name, said in expected.items():
            assert done[name][i] == pytest.approx(said), (i, name)


@both_forms
def test_a_loss_is_not_remembered_as_less_than_no_income(form: str) -> None:
    done = month(form, household__activity=(0, -1, -1, -1, -1, -1), household__n_adults=1, place__technique=0.0, trader__profit=-5000.0)
    assert done["household.income"][0] == pytest.approx(-5000.0)
    assert done["household.income_mean"][0] == pytest.approx(500.0 * 0.9)


@both_forms
def test_who_eats_more_than_a_usual_month_brings_spends_from_savings_only(form: str) -> None:
    # usual income 50, own use 80: nothing is left of the usual month, so a twentieth of the savings of 100
    done = month(form, household__income_mean=50.0)
    assert done["household.spending"][0] == pytest.approx(5.0)


@both_forms
def test_no_idle_hands_where_land_is_enough(form: str) -> None:
    few = month(form, household__activity=(0, 0, 1, -1, -1, -1), household__land=1.5)
    assert few["household.idle"][0] == pytest.approx(0.5 / 3)


@both_forms
def test_each_earner_counts(form: str) -> None:
    # two wages, two passes and two without papers: 200 and 150 each, 300 less two fifths each
    done = month(form, household__n_adults=6, household__activity=(1, 1, 2, 2, 3, 3))
    assert done["household.income_wage"][0] == pytest.approx(400.0)
    assert done["household.income_across"][0] == pytest.approx(2 * 150.0 + 2 * 180.0)


@both_forms
def test_a_household_of_one_and_a_household_of_none(form: str) -> None:
    # half of the only adult's 26 days are lost
    one = month(form, household__n_adults=1, household__activity=(1, -1, -1, -1, -1, -1), household__days_lost=13.0)
    assert one["household.income_wage"][0] == pytest.approx(100.0)
    idle = month(form, household__n_adults=1, household__activity=(0, -1, -1, -1, -1, -1), household__land=0.25)
    assert idle["household.idle"][0] == pytest.approx(0.75)
    # nobody of working age: what the trader brings, and no division by nothing
    none = month(form, household__n_adults=0, household__activity=-1)
    assert none["household.income"][0] == pytest.approx(25.0) and none["household.idle"][0] == 0.0


@both_forms
def test_idle_hands_of_several_places(form: str) -> None:
    values = {"household.place": (1, 0), "household.n_adults": (2, 4), "household.activity": (0, 0, 0, 0, -1, -1), "household.land": (0.5, 0.5),
              "household.ability": 1.0, "household.idle": 9.0}  # fmt: skip
    columns = columns_of(RULE, {"household": 2, "place": 2, "trader": 1}, values)
    done = run_rule(RULE, columns, form, stop=2, p=P._replace(adults_per_ha=2.0), q=Q)
    # half a hectare keeps one busy: one of two, and three of four are idle
    assert done["household.idle"].tolist() == pytest.approx([0.5, 0.75])
    few = run_rule(RULE, columns, form, stop=2, p=P._replace(adults_per_ha=0.5), q=Q)
    assert few["household.idle"].tolist() == pytest.approx([1.75 / 2, 3.75 / 4])
