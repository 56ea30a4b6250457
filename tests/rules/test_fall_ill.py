"""Who falls ill, and how badly."""

from __future__ import annotations

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.fall_ill import FALL_ILL, Parameters, severity
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, draws, run_rule, take, traced

RULE = "household.fall_ill"


def ill(form: str, p: Parameters, n: int = 5000, adults: int = 2, children: int = 2) -> np.ndarray:
    """Episodes of ``n`` like households."""
    columns = columns_of(RULE, {"household": n}, {"household.n_adults": adults, "household.n_children": children})
    return run_rule(RULE, columns, form, stop=n, p=p)["household.episodes"].astype(int)


# rates 0.12 minor, 0.025 disrupting, 0.003 hospital: the bounds lie at 0.003, 0.028 and 0.148
@both_forms
@pytest.mark.parametrize(
    ("u", "expected"),
    [(1e-16, 3), (0.0029, 3), (0.003, 2), (0.0279, 2), (0.0281, 1), (0.1479, 1), (0.1481, 0), (1 - 1e-16, 0)],
)
def test_severity_by_hand(form: str, u: float, expected: int) -> None:
    assert take(severity, form)(u, 0.12, 0.025, 0.003) == expected


@both_forms
def test_a_higher_rate_makes_no_one_less_ill(form: str) -> None:
    f = take(severity, form)
    for u in draws(2000):
        before = f(u, 0.12, 0.025, 0.003)
        assert all(f(u, *rates) >= before for rates in ((0.18, 0.025, 0.003), (0.12, 0.04, 0.003), (0.12, 0.025, 0.1)))


def test_episodes_come_at_the_declared_rates() -> None:
    p = Parameters(p_minor=0.12, p_disrupting=0.04, p_hospital=0.01)
    found = ill("compiled", p, MANY // 4).sum(axis=0)
    for k, rate in enumerate((0.12, 0.04, 0.01)):
        assert_share(found[k], MANY, rate)


@both_forms
def test_a_draw_at_a_bound_belongs_to_the_milder_side(form: str) -> None:
    f = take(severity, form)
    # rates that add up exactly: bounds at 0.125, 0.375 and 0.875
    assert [f(u, 0.5, 0.25, 0.125) for u in (0.125, 0.375, 0.875)] == [2, 1, 0]


def test_each_member_has_its_own_draw() -> None:
    columns = columns_of(
        RULE, {"household": 3}, {"household.n_adults": (1, 2, 3), "household.n_children": (0, 2, 1), "household.episodes": 9}
    )
    p = Parameters(p_minor=0.3, p_disrupting=0.2, p_hospital=0.1)
    calls = traced(RULE, columns, "uniform", "severity", stop=3, start=1, seed=5, month=8, p=p)
    assert calls["uniform"] == [(5, FALL_ILL, 8, uid, member) for uid in (1001, 1002) for member in range(4)]
    said = [severity(uniform(*key), 0.3, 0.2, 0.1) for key in calls["uniform"]]
    assert calls["severity"] == [(uniform(*key), 0.3, 0.2, 0.1) for key in calls["uniform"]]
    expected = [[members.count(s) for s in (1, 2, 3)] for members in (said[:4], said[4:])]
    assert columns["household.episodes"].tolist() == [[9, 9, 9], *expected]


@both_forms
def test_limits(form: str) -> None:
    assert ill(form, Parameters(0.0, 0.0, 0.0), 50).sum() == 0
    # a rate of one in each kind: everybody has exactly one episode of that kind
    for k in range(3):
        rates = [0.0, 0.0, 0.0]
        rates[k] = 1.0
        found = ill(form, Parameters(*rates), 50, 3, 4)
        assert (found[:, k] == 7).all() and found.sum() == 350


def test_one_more_child_changes_nobody_elses_month() -> None:
    few, many = ill("compiled", Parameters(), 2000, 2, 1), ill("compiled", Parameters(), 2000, 2, 2)
    more = (many - few).sum(axis=1)
    assert (many >= few).all() and set(np.unique(more)) == {0, 1}
