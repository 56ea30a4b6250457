"""Who helps whom in a community, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.declare import RULES
from agents.household.help_kin import Parameters, lacking, part_made_good, part_paid
from tests.rules.tools import both_forms, columns_of, run_rule, take

RULE = "household.help_kin"
P = Parameters(enough=0.5, made_good=0.2, made_good_without_workers=0.6, most=0.1)


@both_forms
@pytest.mark.parametrize(
    ("income", "persons", "line", "expected"), [(100.0, 4.0, 50.0, 100.0), (200.0, 4.0, 50.0, 0.0), (900.0, 3.0, 100.0, -600.0), (0.0, 1.0, 70.0, 70.0)]
)  # fmt: skip
def test_what_is_lacking_by_hand(form: str, income: float, persons: float, line: float, expected: float) -> None:
    assert take(lacking, form)(income, persons, line) == pytest.approx(expected)


@both_forms
def test_more_is_made_good_where_nobody_works(form: str) -> None:
    f = take(part_made_good, form)
    assert [f(n, P) for n in (0, 1, 2, 6)] == [0.6, 0.2, 0.2, 0.2]


@both_forms
@pytest.mark.parametrize(
    ("needed", "can_give", "expected"), [(100.0, 50.0, 0.5), (100.0, 100.0, 1.0), (100.0, 900.0, 1.0), (100.0, 0.0, 0.0), (0.0, 50.0, 0.0), (0.0, 0.0, 0.0)]
)  # fmt: skip
def test_the_part_that_there_is(form: str, needed: float, can_give: float, expected: float) -> None:
    assert take(part_paid, form)(needed, can_give) == expected


#: Three households of one community, of two members each: an old couple, one with a worker and little, one with much.
#: 1 + 1 + 2 of them earn 0 + 200 + 2 * 900 = 2,000, for 8 people: 250 a head, the line is 125 a head and 250 a household.
VALUES: dict[str, Any] = {
    "household.place": 0, "household.weight": (1.0, 1.0, 2.0), "household.n_adults": (2, 1, 2), "household.n_workers": (0, 1, 2),
    "household.n_children": (0, 1, 0), "household.income_mean": (0.0, 200.0, 900.0), "household.income": (5.0, 180.0, 950.0),
    "household.spending": (50.0, 150.0, 700.0), "household.kin_help": 99.0, "policy.may_help": 1.0,
}  # fmt: skip


def settled(form: str = "compiled", p: Parameters = P, n: int = 3, **said: Any) -> dict[str, np.ndarray]:
    values = VALUES | {f"household.{k}": v for k, v in said.items() if k != "may_help"}
    if "may_help" in said:
        values["policy.may_help"] = said["may_help"]
    return run_rule(RULE, columns_of(RULE, {"household": n}, values), form, stop=n, p=p)


def gifts(done: dict[str, np.ndarray]) -> np.ndarray:
    return done["household.kin_help"] * done["household.weight"]


@both_forms
def test_three_households_by_hand(form: str) -> None:
    # lacking 250 and 50: 0.6 * 250 = 150 and 0.2 * 50 = 10. Beyond the line 650 each of two: at most 65 each, 130 for 160 that are needed
    done = settled(form)
    assert done["household.kin_help"] == pytest.approx([150.0 * 130 / 160, 10.0 * 130 / 160, -65.0])
    assert done["household.income"] == pytest.approx(np.array([5.0, 180.0, 950.0]) + done["household.kin_help"])
    assert done["household.spending"] == pytest.approx(np.array([50.0, 150.0, 700.0]) + done["household.kin_help"])
    # where there is enough, all is made good, and who has more gives no more than that: 80 each
    done = settled(form, P._replace(most=0.2))
    assert done["household.kin_help"] == pytest.approx([150.0, 10.0, -80.0])


@both_forms
def test_givers_give_in_proportion_to_what_they_have_beyond_the_line(form: str) -> None:
    # 0 + 500 + 700 of six people: 200 a head, the line is 200 a household; 120 are needed, 300 and 500 lie beyond it
    done = settled(form, P._replace(most=0.3), weight=1.0, income_mean=(0.0, 500.0, 700.0))
    assert done["household.kin_help"] == pytest.approx([120.0, -120.0 * 3 / 8, -120.0 * 5 / 8])


@both_forms
def test_nobody_gives_more_than_it_would_spend(form: str) -> None:
    done = settled(form, spending=(50.0, 150.0, 30.0))
    assert done["household.kin_help"][2] == pytest.approx(-30.0) and done["household.spending"][2] == 0.0
    assert done["household.kin_help"][:2] == pytest.approx([150.0 * 60 / 160, 10.0 * 60 / 160])
    assert settled(form, spending=0.0)["household.kin_help"].tolist() == [0.0, 0.0, 0.0]
    assert settled(form, spending=(50.0, 150.0, -10.0))["household.kin_help"].tolist() == [0.0, 0.0, 0.0]


@both_forms
def test_nothing_is_given_where_all_are_alike_or_nobody_earns(form: str) -> None:
    for income in (300.0, 0.0):
        done = settled(form, income_mean=income)
        assert not done["household.kin_help"].any() and done["household.income"].tolist() == [5.0, 180.0, 950.0]
    # a household alone in its community has nobody to help it or to be helped by it
    assert settled(form, place=(0, 1, 2))["household.kin_help"].tolist() == [0.0, 0.0, 0.0]
    # of a community of no weight nothing is known
    assert settled(form, weight=0.0)["household.kin_help"].tolist() == [0.0, 0.0, 0.0]


@both_forms
def test_switched_off_nothing_changes(form: str) -> None:
    done = settled(form, may_help=0.0)
    assert done["household.kin_help"].tolist() == [0.0, 0.0, 0.0]
    assert done["household.income"].tolist() == [5.0, 180.0, 950.0] and done["household.spending"].tolist() == [50.0, 150.0, 700.0]


def many(n: int = 90) -> dict[str, Any]:
    dice = np.random.default_rng(5)
    return {
        "place": np.arange(n) // 30, "weight": dice.uniform(1.0, 9.0, n), "n_adults": dice.integers(1, 7, n), "n_workers": dice.integers(0, 3, n),
        "n_children": dice.integers(0, 6, n), "income_mean": dice.lognormal(6.0, 1.0, n), "income": dice.uniform(-50.0, 900.0, n),
        "spending": dice.uniform(0.0, 600.0, n),
    }  # fmt: skip


@both_forms
def test_what_is_given_is_received_in_each_community(form: str) -> None:
    done = settled(form, n=90, **many())
    for place in range(3):
        here = gifts(done)[30 * place : 30 * place + 30]
        assert (here > 0.0).any() and (here < 0.0).any()
        assert here.sum() == pytest.approx(0.0, abs=1e-9 * np.abs(here).sum())


@both_forms
def test_help_brings_people_nearer_and_turns_no_order_round(form: str) -> None:
    said = many()
    said["n_workers"] = np.ones(90, int)
    done = settled(form, n=90, **said)
    persons = said["n_adults"] + said["n_children"]
    before, after = said["income_mean"] / persons, (said["income_mean"] + done["household.kin_help"]) / persons
    for place in range(3):
        rows = np.arange(30 * place, 30 * place + 30)
        line = 0.5 * np.average(before[rows], weights=(said["weight"] * persons)[rows])
        poor = before[rows] < line
        assert (after[rows][poor] > before[rows][poor]).all() and (after[rows][poor] < line).all()
        assert (after[rows][~poor] <= before[rows][~poor]).all() and (after[rows][~poor] >= line).all()


@both_forms
def test_neither_the_unit_of_money_nor_how_many_each_stands_for_matters(form: str) -> None:
    """All money in thousands, and a hundredth as many real households: the same help in that unit."""
    said = many()
    small = said | {name: 0.001 * said[name] for name in ("income_mean", "income", "spending")} | {"weight": 0.01 * said["weight"]}
    usual, done = settled(form, n=90, **said), settled(form, n=90, **small)
    assert done["household.kin_help"] == pytest.approx(0.001 * usual["household.kin_help"]) and usual["household.kin_help"].any()
    done = settled(form, weight=(0.01, 0.01, 0.02), income_mean=(0.0, 0.2, 0.9), spending=0.7)
    assert done["household.kin_help"] == pytest.approx([0.15 * 130 / 160, 0.01 * 130 / 160, -0.065])


@both_forms
def test_communities_do_not_know_of_each_other(form: str) -> None:
    together = settled(form, n=90, **many())
    alone = columns_of(RULE, {"household": 90}, VALUES | {f"household.{k}": v for k, v in many().items()})
    for start in (60, 0, 30):
        run_rule(RULE, alone, form, start=start, stop=start + 30, p=P)
    for name in RULES[RULE].writes:
        assert np.array_equal(together[name], alone[name]), name


@pytest.mark.parametrize(
    ("name", "low", "high"), [("enough", 0.3, 0.7), ("made_good", 0.0, 0.4), ("made_good_without_workers", 0.3, 0.9), ("most", 0.01, 0.02)]
)
def test_more_of_each_parameter_is_more_help(name: str, low: float, high: float) -> None:
    less, more = (np.maximum(gifts(settled(p=P._replace(**{name: v}), n=90, **many())), 0.0).sum() for v in (low, high))
    assert more > less
