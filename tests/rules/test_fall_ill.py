"""Who falls ill, and how badly."""

from __future__ import annotations

import numpy as np
import pytest

from agents.household.fall_ill import Parameters, severity
from tests.rules.tools import assert_share, both_forms, columns_of, draws, run_rule, take

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
    found = ill("compiled", p).sum(axis=0)
    for k, rate in enumerate((0.12, 0.04, 0.01)):
        assert_share(found[k], 20_000, rate)


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
