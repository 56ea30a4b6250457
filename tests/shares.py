"""Long lists of cases: a share of them in the normal tests, all of them in the slow ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest


def share(one_in: int) -> Callable[..., object]:
    """Parametrize a test with ``one_in``: the given number in the normal set, 1 (every case) in the slow one."""
    each = [pytest.param(one_in, id=f"one in {one_in}"), pytest.param(1, id="all", marks=pytest.mark.slow)]
    return pytest.mark.parametrize("one_in", each)


def some[T](cases: Iterable[T], one_in: int) -> list[T]:
    """One in so many of the cases in their order, the same ones each time, spread so that no regular pattern is left out."""
    rng, cases = random.Random(20260101), list(cases)
    return [case for case in cases if rng.randrange(one_in) == 0]
