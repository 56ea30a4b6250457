"""A stretch of a column moves as a whole, also over itself."""

from __future__ import annotations

import numpy as np
import pytest

from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.shifts import shift


@compiled
def moved(column: Column, start: int, stop: int, to: int) -> None:
    shift(column, start, stop, to)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("start", "stop", "to"), [(2, 6, 0), (2, 6, 1), (2, 6, 4), (0, 3, 5), (3, 3, 0), (1, 4, 1)])
def test_a_stretch_moves_and_nothing_else_changes(dtype: str, start: int, stop: int, to: int) -> None:
    column = np.arange(10, 18).astype(dtype)
    wanted = column.copy()
    wanted[to : to + stop - start] = column[start:stop].copy()
    moved(column, start, stop, to)
    assert column.tolist() == wanted.tolist()
