"""Who falls ill, how badly, and who is ill still."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.fall_ill import (
    DELIVERY,
    FALL_ILL,
    LASTS,
    Parameters,
    birth_of,
    chance_to_last,
    is_wet,
    of_age,
    risk,
    severity,
)
from tests.rules.tools import MANY, assert_share, both_forms, check_alone, columns_of, draws, run_rule, take, traced

RULE = "household.fall_ill"
#: Nobody falls ill, and nothing lasts.
NONE = Parameters(p_minor=0.0, p_disrupting=0.0, p_hospital=0.0, p_emergency=0.0, small=1.0, old=1.0, old_serious=1.0, wet=0.0, water=0.0, poor=0.0,
                  injury=0.0, injury_timber=1.0, injury_emergency=0.0, birth_hospital=0.0, birth_emergency=0.0, lasts=0.0, lasts_hospital=0.0)  # fmt: skip


def ages(adults: int, children: int, adult: int = 30, child: int = 8) -> dict[str, Any]:
    return {
        "household.n_adults": adults, "household.n_children": children, "household.adult_age": [adult] * adults + [-1] * (6 - adults),
        "household.child_age": [child] * children + [-1] * (8 - children),
    }  # fmt: skip


def ill(form: str, p: Parameters, n: int = 5000, month: int = 5, **said: Any) -> dict[str, np.ndarray]:
    """The rule run for ``n`` like households of two adults and two children of school age."""
    values = ages(2, 2) | {"household.income_mean": 1000.0} | {k.replace("__", "."): v for k, v in said.items()}
    columns = columns_of(RULE, {"household": n}, values)
    return run_rule(RULE, columns, form, stop=n, p=p, month=month)


# rates 0.12 minor, 0.025 disrupting, 0.003 hospital, 0.001 emergency: the bounds lie at 0.001, 0.004, 0.029 and 0.149
@both_forms
@pytest.mark.parametrize(
    ("u", "expected"),
    [(1e-16, 4), (0.0009, 4), (0.0011, 3), (0.0039, 3), (0.0041, 2), (0.0289, 2), (0.0291, 1), (0.1489, 1), (0.1491, 0), (1 - 1e-16, 0)],
)
def test_severity_by_hand(form: str, u: float, expected: int) -> None:
    assert take(severity, form)(u, 0.12, 0.025, 0.003, 0.001) == expected


@both_forms
def test_a_draw_at_a_bound_belongs_to_the_milder_side(form: str) -> None:
    f = take(severity, form)
    # rates that add up exactly: bounds at 0.125, 0.25, 0.5 and 0.75
    assert [f(u, 0.25, 0.25, 0.125, 0.125) for u in (0.125, 0.25, 0.5, 0.75)] == [3, 2, 1, 0]


@both_forms
def test_a_higher_rate_makes_no_one_less_ill(form: str) -> None:
    f, base = take(severity, form), (0.12, 0.025, 0.003, 0.001)
    for u in draws(1000):
        before = f(u, *base)
        assert all(f(u, *(r * (3.0 if j == k else 1.0) for j, r in enumerate(base))) >= before for k in range(4))


@both_forms
def test_wet_months_are_october_to_january(form: str) -> None:
    assert [m for m in range(12) if take(is_wet, form)(m)] == [0, 9, 10, 11]
    assert [take(is_wet, form)(m) for m in (-1, -4, 12, 20, 21)] == [True, False, True, False, True]


@both_forms
def test_risk_by_hand(form: str) -> None:
    p = NONE._replace(wet=0.5, water=0.4, poor=0.25)
    f = take(risk, form)
    assert f(False, 1.0, False, p) == 1.0
    # 1.5 for a wet month, 1 + 0.4 * 0.75 = 1.3 for water at a quarter, 1.25 for the poor
    assert f(True, 0.25, True, p) == pytest.approx(1.5 * 1.3 * 1.25)


@both_forms
def test_ages_of_more_illness(form: str) -> None:
    f = take(of_age, form)
    assert [f(a, 2.0, 3.0) for a in (0, 4, 5, 30, 59, 60, 100)] == [2.0, 2.0, 1.0, 1.0, 1.0, 3.0, 3.0]


# 0.4 for one that disrupts work and 0.6 beyond, a third of it with care, half as much again of the old
@both_forms
@pytest.mark.parametrize(
    ("before", "treated", "old", "expected"),
    [(0, False, True, 0.0), (1, False, True, 0.0), (2, False, False, 0.4), (2, True, False, 0.1), (3, False, False, 0.6), (4, True, False, 0.15),
     (3, False, True, 0.9), (4, False, True, 0.9), (2, True, True, 0.15)],
)  # fmt: skip
def test_chance_to_last_by_hand(form: str, before: int, treated: bool, old: bool, expected: float) -> None:
    p = NONE._replace(lasts=0.4, lasts_hospital=0.6, lasts_treated=0.25, lasts_old=1.5)
    assert take(chance_to_last, form)(before, treated, old, p) == pytest.approx(expected)
    assert take(chance_to_last, form)(3, False, True, p._replace(lasts_old=2.0)) == 1.0


# twelve months of a twelfth each; what is left of a draw within its month: below 0.25 an emergency, below 0.75 for a hospital
@both_forms
@pytest.mark.parametrize(
    ("u", "month", "expected"),
    [(0.01, 0, 4), (0.02, 0, 4), (0.03, 0, 3), (0.0624, 0, 3), (0.0626, 0, 2), (0.0834, 0, 0), (0.0834, 1, 4), (0.51, 6, 4), (0.51, 18, 4),
     (0.51, 5, 0), (0.99, 11, 2), (0.99, -1, 2)],
)  # fmt: skip
def test_births_by_hand(form: str, u: float, month: int, expected: int) -> None:
    assert take(birth_of, form)(u, month, NONE._replace(birth_hospital=0.5, birth_emergency=0.25)) == expected


@both_forms
def test_every_first_year_has_one_birth(form: str) -> None:
    p = NONE._replace(birth_hospital=0.1, birth_emergency=0.04)
    for u in draws(300):
        assert sum(take(birth_of, form)(u, m, p) > 0 for m in range(24, 36)) == 1


def test_illness_comes_at_the_declared_rates() -> None:
    p = NONE._replace(p_minor=0.12, p_disrupting=0.04, p_hospital=0.01, p_emergency=0.02)
    found = ill("compiled", p, MANY // 4)["household.episodes"].sum(axis=0)
    for k, rate in enumerate((0.12, 0.04, 0.01, 0.02)):
        assert_share(found[k], MANY, rate)


@both_forms
def test_limits(form: str) -> None:
    assert ill(form, NONE, 50)["household.episodes"].sum() == 0
    for k, name in enumerate(("p_minor", "p_disrupting", "p_hospital", "p_emergency")):
        done = ill(form, NONE._replace(**{name: 1.0}), 50, **{k.replace(".", "__"): v for k, v in ages(3, 4).items()})
        assert (done["household.episodes"][:, k] == 7).all() and done["household.episodes"].sum() == 350
        # three adults, then four children from slot 6 on; nobody in the other slots
        assert (done["household.ill"][:, [0, 1, 2, 6, 7, 8, 9]] == k + 1).all() and (
            done["household.ill"][:, [3, 4, 5, 10, 11, 12, 13]] == 0
        ).all()


@pytest.mark.parametrize(
    ("change", "factor", "kinds"),
    [
        ({"household__child_age": [3, 3, *[-1] * 6], "household__adult_age": [3, 3, *[-1] * 4]}, 2.0, (0, 1, 2, 3)),
        ({"household__child_age": [70, 70, *[-1] * 6], "household__adult_age": [70, 70, *[-1] * 4]}, 1.5, (0, 1)),
        ({"household__child_age": [70, 70, *[-1] * 6], "household__adult_age": [70, 70, *[-1] * 4]}, 3.0, (2, 3)),
        ({"month": 0}, 1.25, (0, 1, 2, 3)),
        ({"district__other": 0.0}, 1.4, (0, 1, 2, 3)),
        # 1,000 a month for four people: poor below a line of more than 250
        ({"place__subsistence": 250.1}, 1.2, (0, 1, 2, 3)),
        ({"place__subsistence": 250.0}, 1.0, (0, 1, 2, 3)),
    ],
)
def test_who_falls_ill_more_often(change: dict[str, Any], factor: float, kinds: tuple[int, ...]) -> None:
    p = NONE._replace(small=2.0, old=1.5, old_serious=3.0, wet=0.25, water=0.4, poor=0.2)
    for k in kinds:
        rate = {f"{('p_minor', 'p_disrupting', 'p_hospital', 'p_emergency')[k]}": 0.1}
        said = {"district__other": 1.0} | change
        found = ill("compiled", p._replace(**rate), MANY // 4, **said)["household.episodes"][:, k].sum()
        assert_share(found, MANY, 0.1 * factor)


@both_forms
def test_who_works_may_be_hurt_most_of_all_in_timber(form: str) -> None:
    p = NONE._replace(injury=0.25, injury_timber=4.0, injury_emergency=1.0)
    # the first of two adults works, in timber: a chance of one; children and the other adult are not at work
    done = ill(form, p, 40, household__n_workers=1, household__activity=[2, -1, -1, -1, -1, -1])
    assert (done["household.ill"][:, 0] == 4).all() and done["household.ill"].sum() == 160
    done = ill(form, p._replace(injury_emergency=0.0, injury=0.25), 40, household__n_workers=1, household__activity=[2, 2, -1, -1, -1, -1])
    assert (done["household.ill"][:, 0] == 2).all() and done["household.ill"].sum() == 80


def test_injuries_outside_timber_come_at_their_rate() -> None:
    p = NONE._replace(injury=0.1, injury_timber=9.0, injury_emergency=0.25)
    n = MANY // 2
    done = ill("compiled", p, n, household__n_workers=2, household__activity=[0, 1, -1, -1, -1, -1])["household.episodes"].sum(axis=0)
    assert_share(done[1], 2 * n, 0.075)
    assert_share(done[3], 2 * n, 0.025)


def test_what_lasts_and_what_does_not() -> None:
    """Illness of the month before: minor ones never last, emergencies become illness that needs a hospital; a new illness that is worse takes their place."""
    p = NONE._replace(lasts=1.0, lasts_hospital=1.0, lasts_treated=0.0, lasts_old=1.0)
    before = [1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0]
    # the second child was seen at a hospital: it does not last
    given = [-1] * 7 + [2] + [-1] * 6
    done = ill("compiled", p, 3, household__ill=before, household__care_given=given)
    assert done["household.ill"].tolist() == [[0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]] * 3
    done = ill("compiled", p, 3, household__ill=before)
    assert done["household.ill"].tolist() == [[0, 2, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0]] * 3
    done = ill("compiled", p._replace(p_emergency=1.0), 3, household__ill=before)
    assert (done["household.ill"][:, [0, 1, 6, 7]] == 4).all()
    # nobody is left of who was in the third slot of adults
    assert ill("compiled", p, 3, household__ill=[0, 0, 3, *[0] * 11])["household.ill"].sum() == 0


def test_each_member_has_its_own_draws() -> None:
    values = ages(2, 1, child=0) | {"household.ill": [2, 0, 0, 0, 0, 0, 4, *[0] * 7], "household.episodes": 9}
    columns = columns_of(RULE, {"household": 3}, values)
    p = Parameters(p_minor=0.3, p_disrupting=0.2, p_hospital=0.1, p_emergency=0.05)
    before = columns["household.ill"].copy()
    calls = traced(RULE, columns, "uniform", "severity", "chance_to_last", "birth_of", stop=3, start=1, seed=5, month=20, p=p)
    expected = []
    for uid in (1001, 1002):
        for m in (0, 1, 6):
            expected.append((5, FALL_ILL, 20, uid, m))
            s = severity(uniform(*expected[-1]), *calls["severity"][sum(k[1] == FALL_ILL for k in expected) - 1][1:])
            if before[1, m] > 1 and s < before[1, m]:
                expected.append((5, LASTS, 20, uid, m))
            if m == 6:
                expected.append((5, DELIVERY, 1, uid, m))  # the draw of the child's first year, 1981
    assert calls["uniform"] == expected
    assert len(calls["birth_of"]) == 2 and calls["birth_of"][0][1] == 20
    assert columns["household.episodes"][0].tolist() == [9, 9, 9, 9], "a household outside the block is left as it was"
    for row in (1, 2):
        at = columns["household.ill"][row]
        assert columns["household.episodes"][row].tolist() == [(at == s).sum() for s in (1, 2, 3, 4)]


def test_the_plain_loop_gives_the_same() -> None:
    said = {"household__child_age": [0, 9, *[-1] * 6], "household__ill": [2, 3, *[0] * 12], "household__n_workers": 2}
    for month in (-5, 0, 301):
        one, other = (ill(form, Parameters(), 300, month=month, **said) for form in ("plain", "compiled"))
        assert all(np.array_equal(one[c], other[c]) for c in ("household.ill", "household.episodes"))


def test_one_more_child_changes_nobody_elses_month() -> None:
    few = ill("compiled", Parameters(), 2000, **{k.replace(".", "__"): v for k, v in ages(2, 1).items()})["household.ill"]
    many = ill("compiled", Parameters(), 2000, **{k.replace(".", "__"): v for k, v in ages(2, 2).items()})["household.ill"]
    assert (np.delete(few, 7, axis=1) == np.delete(many, 7, axis=1)).all() and many[:, 7].any() and not few[:, 7].any()


def test_what_injuries_add_to_the_rates() -> None:
    """Three quarters of them disrupt work and a quarter are emergencies; eight times as many in timber; none for who is not at work, nor for children."""
    p = NONE._replace(injury=0.1, injury_timber=8.0, injury_emergency=0.25)
    values = ages(3, 1) | {"household.n_workers": 2, "household.activity": [3, 2, -1, -1, -1, -1]}
    calls = traced(RULE, columns_of(RULE, {"household": 1}, values), "severity", stop=1, p=p, month=5)["severity"]
    expected = [(0.0, 0.075, 0.0, 0.025), (0.0, 0.6, 0.0, 0.2), (0.0,) * 4, (0.0,) * 4]
    assert [c[1:] for c in calls] == [pytest.approx(rates) for rates in expected]


@both_forms
def test_a_dispensary_is_care_too(form: str) -> None:
    p = NONE._replace(lasts=1.0, lasts_treated=0.0, lasts_old=1.0)
    before = {"household__ill": [2, 2, *[0] * 12], "household__care_given": [0, *[-1] * 13]}
    assert ill(form, p, 2, **before)["household.ill"][:, :2].tolist() == [[0, 2]] * 2


@both_forms
def test_every_household_has_its_own(form: str) -> None:
    rng, n = np.random.default_rng(5), 12
    values = {
        "household.place": rng.integers(0, 3, n), "household.n_adults": rng.integers(1, 7, n), "household.n_children": rng.integers(0, 9, n),
        "household.adult_age": rng.integers(15, 90, (n, 6)), "household.child_age": rng.integers(0, 15, (n, 8)), "household.n_workers": rng.integers(0, 2, n),
        "household.activity": rng.integers(0, 9, (n, 6)), "household.income_mean": rng.random(n) * 900, "household.ill": rng.integers(0, 5, (n, 14)),
        "household.care_given": rng.integers(-1, 5, (n, 14)), "place.subsistence": rng.random(3) * 200, "place.district": (1, 0, 1),
        "district.other": (0.0, 0.9),
    }  # fmt: skip
    p = Parameters(p_minor=0.2, p_disrupting=0.1, p_hospital=0.05, p_emergency=0.05, poor=0.5, water=0.8)
    check_alone(RULE, columns_of(RULE, {"household": n, "place": 3, "district": 2}, values), form, p=p, month=9)
