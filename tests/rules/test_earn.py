"""What a month brings in, and what of it is spent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.declare import RULES
from agents.household.choose_work import Parameters as ChooseWork
from agents.household.earn import Parameters, farm_output, product_of, spend, under_employed_of
from agents.surroundings import ESTATE, FARM, LOOKING, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import both_forms, columns_of, run_rule, take

RULE = "household.earn"
P = Parameters(inputs=0.1, own_rice=10.0, memory=0.1, spend_from_savings=0.05, adults_per_ha=1.0, days_worked=26.0, share_estate=0.5,
               share_timber=0.4, share_public=0.5, share_services_id=0.8, share_services_my=0.25)  # fmt: skip
Q = ChooseWork(labour_share=0.5, living_cost=0.4, permit_cost=0.1)
NONE = -1


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


# 35 of 48 hours: land for 0.729 adults and more is enough for one
@both_forms
@pytest.mark.parametrize(
    ("n_farm", "land", "per_ha", "expected"),
    [
        (0, 1.0, 1.0, 0),
        (0, 0.0, 1.0, 0),
        (1, 0.72, 1.0, 1),
        (1, 0.73, 1.0, 0),
        (1, 1.46, 0.5, 0),
        (3, 2.18, 1.0, 3),  # all of them, as they share the work
        (3, 2.19, 1.0, 0),
        (2, 0.1, 1.0, 2),
        (35, 48.0, 35.0 / 48.0, 0),
    ],
)
def test_under_employed_by_hand(form: str, n_farm: int, land: float, per_ha: float, expected: int) -> None:
    assert take(under_employed_of, form)(n_farm, land, per_ha) == expected


@both_forms
def test_product_by_hand(form: str) -> None:
    f = take(product_of, form)
    assert f(0, 216.0, -25.0, 50.0, 40.0, 80.0, 30.0, P) == pytest.approx(216.0 - 25.0 + 100.0 + 100.0 + 100.0 + 60.0)
    assert f(1, 216.0, -25.0, 50.0, 40.0, 80.0, 30.0, P) == pytest.approx(216.0 - 25.0 + 100.0 + 100.0 + 320.0 + 60.0)
    # each sector by its own share, services by that of the side: wages of 1 make 2, 2.5, 1.25 or 4, and 2
    for side, services in ((0, 1.25), (1, 4.0)):
        assert f(side, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, P) == 0.0
        assert [f(side, 0.0, 0.0, *[float(j == k) for j in range(4)], P) for k in range(4)] == pytest.approx([2.0, 2.5, services, 2.0])


WAGE = (0.0, 100.0, 120.0, 200.0, 250.0, 150.0, 400.0, 300.0)


def does(*activities: int) -> tuple[int, ...]:
    return (*activities, *[NONE] * (6 - len(activities)))


def month(form: str = "compiled", n: int = 1, **said: Any) -> dict[str, np.ndarray]:
    """A household of three adults (farm, trade, across without papers) and one child, with a trader who made 25."""
    values = {
        "household.n_adults": 3, "household.n_workers": 3, "household.n_children": 1, "household.schooling": 6.0, "household.land": 4.0,
        "household.ability": 1.0, "household.activity": does(FARM, SERVICES, UNDOCUMENTED), "household.trader": 0, "household.savings": 100.0,
        "household.income_mean": 500.0, "place.wage": WAGE, "place.technique": 1.0, "place.harvest": (1.0, 0.5), "place.yields": (30.0, 40.0),
        "place.farm_gate": (2.0, 3.0), "place.schooling_return": 0.05, "place.schooling_of_pay": (6.0, 10.0), "trader.profit": 25.0,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1, "trader": 1}, values), form, stop=n, p=P, q=Q)


@both_forms
def test_a_month_by_hand(form: str) -> None:
    # units sqrt(4)*sqrt(1) = 2; rice 2*30 = 60 kg, rubber 2*40*0.5 = 40 kg; worth 60*2 + 40*3 = 240, inputs 24
    # own use: 10 kg for 4 people = 40 kg at 2 = 80; wage 200; across 300 * 0.6 = 180; trade 25
    # income 240-24+200+180+25 = 621; cash 541; usual spending 500-80 = 420 out of 100+541; made here 216 + 200/0.8 + 25, by farming 216
    done = {k: v[0] for k, v in month(form).items() if k.startswith("household.")}
    expected = {"income": 621.0, "income_farm": 216.0, "income_wage": 200.0, "income_across": 180.0, "income_trade": 25.0, "own_use": 80.0,
                "product": 491.0, "product_farming": 216.0, "spending": 420.0, "savings": 100.0 + 541.0 - 420.0, "income_mean": 500.0 + 0.1 * 121.0,
                "under_employed": 0}  # fmt: skip
    for name, value in expected.items():
        assert done[f"household.{name}"] == pytest.approx(value), name


@both_forms
@pytest.mark.parametrize(
    ("activity", "wage", "across", "product"),
    [
        (ESTATE, 100.0 * 2.0, 0.0, 200.0 / 0.5),
        (TIMBER, 120.0 * 2.0, 0.0, 240.0 / 0.4),  # schooling counts for nothing in these two
        (SERVICES, 200.0 * 2.0 * np.exp(0.1), 0.0, 400.0 * np.exp(0.1) / 0.8),
        (PUBLIC, 250.0 * 2.0 * np.exp(-0.1), 0.0, 500.0 * np.exp(-0.1) / 0.5),
        (PASS, 0.0, 150.0, 0.0),  # across neither ability nor schooling counts
        (PERMIT, 0.0, 400.0 * 0.5, 0.0),  # living there and papers
        (UNDOCUMENTED, 0.0, 300.0 * 0.6, 0.0),
        (LOOKING, 0.0, 0.0, 0.0),
    ],
)
def test_what_each_activity_brings(form: str, activity: int, wage: float, across: float, product: float) -> None:
    for n in (1, 2, 6):
        done = month(form, household__n_adults=6, household__n_workers=n, household__activity=does(*[activity] * n), household__ability=2.0,
                     household__schooling=8.0, household__trader=-1)  # fmt: skip
        found = [done[f"household.{k}"][0] for k in ("income_wage", "income_across", "product", "income", "income_farm")]
        assert found == pytest.approx([n * wage, n * across, n * product, n * (wage + across), 0.0])
        # of farming are farms and estates, wherever their people live
        assert done["household.product_farming"][0] == pytest.approx(n * product if activity == ESTATE else 0.0)


@both_forms
def test_services_make_more_of_a_wage_on_the_other_side(form: str) -> None:
    # by the side of the household: 200 / 0.8 or 200 / 0.25 besides the farm's 216 and the trader's 25; all else is alike
    here, there = (month(form, household__side=side) for side in (0, 1))
    assert here["household.product"][0] == pytest.approx(216.0 + 250.0 + 25.0)
    assert there["household.product"][0] == pytest.approx(216.0 + 800.0 + 25.0)
    assert all(np.array_equal(here[k], there[k]) for k in here if k not in ("household.product", "household.side"))


@both_forms
def test_farming_is_the_farm_and_the_estates(form: str) -> None:
    # 216 of the farm and wages of 100 on an estate, of which half of its value added are wages; trade is no farming
    done = month(form, household__activity=does(FARM, ESTATE, SERVICES))
    assert done["household.product_farming"][0] == pytest.approx(216.0 + 100.0 / 0.5)
    ill = month(form, household__activity=does(FARM, ESTATE, SERVICES), household__days_lost=39.0)
    assert ill["household.product_farming"][0] == pytest.approx(216.0 * 0.5**0.5 + 100.0)


@both_forms
def test_only_those_of_the_labour_force_earn(form: str) -> None:
    # the third adult keeps house: what stands in its column is no activity
    done = month(form, household__n_workers=2, household__activity=does(FARM, SERVICES, UNDOCUMENTED))
    assert done["household.income_across"][0] == 0.0 and done["household.income_wage"][0] == 200.0
    none = month(form, household__n_workers=0, household__activity=NONE)
    assert none["household.income"][0] == pytest.approx(25.0) == none["household.product"][0] and none["household.under_employed"][0] == 0


@both_forms
def test_savings_change_by_money_alone(form: str) -> None:
    for change in (
        {},
        {"household__care_cost": 30.0},
        {"household__savings": -900.0},
        {"household__days_lost": 20.0},
        {"trader__profit": -400.0},
        {"household__activity": does(ESTATE, PERMIT, PASS)},
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
    assert half["household.product"][0] == pytest.approx(216.0 * 0.5**0.5 + 125.0 + 25.0)
    # days are lost by all adults, also by those outside the labour force
    fewer = month(form, household__days_lost=39.0, household__n_workers=2)
    assert fewer["household.income_wage"][0] == pytest.approx(100.0)
    # more days than there are: nothing is earned, nothing less than nothing
    none = month(form, household__days_lost=500.0)
    assert none["household.income"][0] == pytest.approx(25.0)
    for k in range(1, LOOKING):
        whole, part = (month(form, household__activity=does(k, k), household__days_lost=d, household__trader=-1) for d in (0.0, 19.5))
        assert part["household.income"][0] == pytest.approx(0.75 * whole["household.income"][0])


@both_forms
def test_adults_without_land_are_under_employed(form: str) -> None:
    # three on a farm of one hectare, which keeps one busy; with another job for one, and one who looks for work
    done = month(form, household__activity=does(FARM, FARM, FARM), household__land=1.0)
    assert done["household.under_employed"][0] == 3
    done = month(form, household__activity=does(FARM, SERVICES, LOOKING), household__land=1.0)
    assert done["household.under_employed"][0] == 0


def test_memory_converges_to_a_steady_income() -> None:
    columns = month(household__income_mean=100.0)
    income = columns["household.income"][0]
    for _ in range(19):
        run_rule(RULE, columns, stop=1, p=P, q=Q)
    assert columns["household.income_mean"][0] == pytest.approx(income + (100.0 - income) * 0.9**20)


def two_places(form: str) -> dict[str, np.ndarray]:
    """Four households of two places in all activities: with a trader at a loss, in debt, all ill, with more rice than it eats."""
    values = {
        "household.place": (1, 0, 1, 0), "household.side": (0, 1, 0, 1), "household.n_adults": (4, 3, 2, 1), "household.n_workers": (4, 3, 2, 1),
        "household.n_children": (2, 0, 1, 3), "household.schooling": (8.0, 4.0, 6.0, 10.0), "household.land": (4.0, 1.0, 9.0, 2.25),
        "household.ability": (2.0, 1.0, 0.5, 1.5),
        "household.activity": [(0, 3, 5, 7, 1, 1), (4, 2, 6, 0, 0, 0), (0, 0, 3, 3, 3, 3), (0, 1, 1, 1, 1, 1)],
        "household.product_farming": 9.0,
        "household.days_lost": (26.0, 0.0, 500.0, 0.0), "household.care_cost": (15.0, 5.0, 0.0, 0.0), "household.trader": (1, -1, 0, -1),
        "household.savings": (1000.0, -50.0, 20.0, 400.0), "household.income_mean": (300.0, 150.0, 90.0, 60.0), "household.under_employed": 5,
        "place.wage": [(7.0, 100.0, 120.0, 200.0, 220.0, 150.0, 400.0, 300.0), (7.0, 50.0, 60.0, 100.0, 110.0, 80.0, 350.0, 250.0)],
        "place.technique": (1.0, 2.0), "place.harvest": [(1.0, 0.5), (0.25, 2.0)], "place.yields": [(30.0, 40.0), (20.0, 10.0)],
        "place.farm_gate": [(2.0, 3.0), (4.0, 5.0)], "place.schooling_return": (0.05, 0.1), "place.schooling_of_pay": [(7.0, 11.0), (6.0, 12.0)],
        "trader.profit": (-400.0, 25.0),
    }  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": 4, "place": 2, "trader": 2}, values), form, stop=4, p=P, q=Q)


@both_forms
def test_four_households_by_hand(form: str) -> None:
    done = {k.split(".")[1]: v for k, v in two_places(form).items() if k.startswith("household.")}
    # first: 26 of 4 * 26 days lost, 3/4 at work. Units 2*2*sqrt(4 * 0.75); rice units*20*0.25, rubber units*10*2 at 4 and 5
    # second: nobody on the farm; public job, timber, permit. Third: all ill. Fourth: one on the farm, four to eat
    units = [4 * np.sqrt(3.0), 0.0, 0.0, 1.5 * 1.5]
    rice, rubber = [units[0] * 5, 0, 0, units[3] * 30], [units[0] * 20, 0, 0, units[3] * 20]
    value = [rice[0] * 4 + rubber[0] * 5, 0, 0, rice[3] * 2 + rubber[3] * 3]
    farm = [0.9 * v for v in value]
    services, timber, public = 0.75 * 100 * 2 * np.exp(0.1 * 2), 120.0, 220 * np.exp(0.05 * -7)
    wage = [services, timber + public, 0.0, 0.0]
    across = [0.75 * (80 + 250 * 0.6), 400 * 0.5, 0.0, 0.0]
    trade = [25.0, 0.0, -400.0, 0.0]
    product = [farm[0] + services / 0.8 + 25.0, timber / 0.4 + public / 0.5, -400.0, farm[3]]
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
                    "own_use": eaten[i], "product": product[i], "product_farming": farm[i], "spending": spent, "savings": savings + cash - spent,
                    "income_mean": usual + 0.1 * (max(total, 0.0) - usual), "under_employed": 0}  # fmt: skip
        for name, said in expected.items():
            assert done[name][i] == pytest.approx(said), (i, name)


@both_forms
def test_a_loss_is_not_remembered_as_less_than_no_income(form: str) -> None:
    done = month(
        form, household__activity=does(FARM), household__n_workers=1, household__n_adults=1, place__technique=0.0, trader__profit=-5000.0
    )
    assert done["household.income"][0] == pytest.approx(-5000.0)
    assert done["household.income_mean"][0] == pytest.approx(500.0 * 0.9)


@both_forms
def test_who_eats_more_than_a_usual_month_brings_spends_from_savings_only(form: str) -> None:
    # usual income 50, own use 80: nothing is left of the usual month, so a twentieth of the savings of 100
    done = month(form, household__income_mean=50.0)
    assert done["household.spending"][0] == pytest.approx(5.0)


@both_forms
def test_a_household_of_one_and_a_household_of_none(form: str) -> None:
    # half of the only adult's 26 days are lost
    one = month(form, household__n_adults=1, household__n_workers=1, household__activity=does(SERVICES), household__days_lost=13.0)
    assert one["household.income_wage"][0] == pytest.approx(100.0)
    # nobody of working age: what the trader brings, and no division by nothing
    none = month(form, household__n_adults=0, household__n_workers=0, household__activity=NONE)
    assert none["household.income"][0] == pytest.approx(25.0) and none["household.under_employed"][0] == 0


@both_forms
def test_households_are_taken_some_at_a_time(form: str) -> None:
    """Each of many, beyond what is looked at together, as it is alone."""
    dice, n = np.random.default_rng(3), 150
    values = {
        "household.place": np.arange(n) // 40, "household.side": np.arange(n) // 80, "household.n_adults": 6, "household.n_workers": dice.integers(0, 7, n), "household.n_children": 2,
        "household.schooling": dice.uniform(0, 15, n), "household.land": dice.uniform(0.2, 5.0, n), "household.ability": dice.uniform(0.5, 2.0, n),
        "household.activity": dice.integers(0, 9, (n, 6)), "household.days_lost": dice.uniform(0.0, 60.0, n), "household.income_mean": 300.0,
        "place.wage": dice.uniform(50, 300, (4, 8)), "place.technique": dice.uniform(0.5, 2.0, 4), "place.harvest": (1.0, 0.5),
        "place.yields": (30.0, 40.0), "place.farm_gate": (2.0, 3.0), "place.schooling_return": (0.05, 0.06, 0.07, 0.08),
        "place.schooling_of_pay": dice.uniform(6, 12, (4, 2)),
    }  # fmt: skip
    together = run_rule(RULE, columns_of(RULE, {"household": n, "place": 4}, values), form, stop=n, p=P, q=Q)
    alone = columns_of(RULE, {"household": n, "place": 4}, values)
    for i in range(n):
        run_rule(RULE, alone, form, start=i, stop=i + 1, p=P, q=Q)
    for name in RULES[RULE].writes:
        assert np.array_equal(together[name], alone[name]), name
    assert (together["household.under_employed"] > 0).any() and (together["household.income"] == 0).any()
