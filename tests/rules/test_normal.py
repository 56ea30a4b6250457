"""Normal deviates from draws: Python's own but for last digits (the logarithm here is another one), for any probability."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from agents.core.compiled import PLAIN
from agents.core.normal import normal_quantile, normal_quantiles
from tests.rules.tools import both_forms, take

#: Where the formula changes, and the ends of (0, 1).
EDGES = [0.5, 0.075, np.nextafter(0.075, 0), 0.925, np.nextafter(0.925, 1), math.exp(-25), 1e-300, 5e-324, 1e-6, 1 - 1e-6, 1 - 2**-53]
N = 20_000 if PLAIN else 1_000_000


def test_the_values_are_those_of_the_standard_library() -> None:
    rng = np.random.default_rng(20)
    tails = 2.0 ** -rng.uniform(1, 1070, N // 5)
    p = np.concatenate([EDGES, rng.random(N), tails, 1.0 - 2.0 ** -rng.uniform(1, 53, N // 5)])
    p = p[(p > 0) & (p < 1)]
    found, expected = normal_quantiles(p), np.array([NormalDist().inv_cdf(float(x)) for x in p])
    assert (np.abs(found - expected) <= 4e-15 * np.abs(expected)).all()
    middle = np.abs(p - 0.5) <= 0.425  # where no logarithm is taken
    assert found[middle].tobytes() == expected[middle].tobytes()


@both_forms
def test_values_and_symmetry(form: str) -> None:
    f = take(normal_quantile, form)
    assert f(0.5) == 0.0 and f(0.975) == pytest.approx(1.959963984540054) and f(0.001) == pytest.approx(-3.090232306167813)
    assert [f(x) for x in EDGES] == pytest.approx([NormalDist().inv_cdf(float(x)) for x in EDGES], rel=1e-15)
    for x in (2.0**-2, 2.0**-6, 2.0**-20, 2.0**-45):  # 1 - x is exact
        assert f(x) == -f(1.0 - x)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_only_between_0_and_1(bad: float) -> None:
    with pytest.raises(ValueError, match="do not lie between 0 and 1"):
        normal_quantiles(np.array([0.5, bad]))
