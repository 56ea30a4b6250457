"""A stretch of a column moves as a whole, also over itself; one that lies beyond the column is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba.core.errors import TypingError

from agents.core import shifts
from agents.core.compiled import PLAIN, compiled
from agents.core.declare import Column
from agents.core.moves import Moves, move
from agents.core.shifts import shift


@compiled
def moved(column: Column, start: int, stop: int, to: int) -> None:
    shift(column, start, stop, to)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize(("start", "stop", "to"), [(2, 6, 0), (2, 6, 1), (2, 6, 4), (0, 3, 5), (3, 3, 0), (1, 4, 1), (0, 8, 0), (8, 8, 8)])
def test_a_stretch_moves_and_nothing_else_changes(dtype: str, start: int, stop: int, to: int) -> None:
    column = np.arange(10, 18).astype(dtype)
    wanted = column.copy()
    wanted[to : to + stop - start] = column[start:stop].copy()
    moved(column, start, stop, to)
    assert column.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("start", "stop", "to"),
    [(-1, 2, 0), (3, 2, 0), (0, 2, -1), (1, 5, 0), (0, 2, 3), (0, 4, 1), (4, 5, 0), (0, 0, 5), (0, 2**62, 0), (0, 2, 2**63 - 1)],
)
def test_a_stretch_beyond_the_column_is_refused_and_nothing_moves(start: int, stop: int, to: int) -> None:
    memory = np.arange(12.0)
    column = memory[4:8]
    with pytest.raises(IndexError, match="a stretch does not lie within its column"):
        moved(column, start, stop, to)
    assert memory.tolist() == list(range(12))


@pytest.mark.skipif(PLAIN, reason="plain Python copies whatever has rows")
@pytest.mark.parametrize("wrong", [np.zeros((8, 2)), np.zeros(8)[::2], (1.0, 2.0, 3.0)])
def test_what_is_no_column_cannot_be_compiled(wrong: Any) -> None:
    """Only the core of the loop looks at it: a table, a column with gaps, no array at all."""

    @compiled
    def bare(column: Column) -> None:
        shifts._copy(column, 0, 2, 1)

    with pytest.raises(TypingError, match="only values of a column of one dimension can be moved"):
        bare(wrong)


def plan_of(n_before: int, n: int, *runs: tuple[int, int, int]) -> Moves:
    start, stop, to = np.array(runs, dtype=np.int64).reshape(-1, 3).T
    return Moves(n_before, n, np.zeros(n_before, dtype=np.int32), np.zeros(0, dtype=np.int64), start, stop, to)


@pytest.mark.parametrize(
    ("n_before", "n", "runs"),
    [
        (4, 4, [(-1, 2, 0)]), (4, 4, [(0, 2, -1)]), (4, 4, [(2, 1, 0)]), (4, 4, [(2, 5, 0)]), (4, 4, [(0, 2, 3)]), (4, 4, [(0, 2, 2**63 - 1)]),
        (4, 3, [(0, 4, 0)]), (3, 4, [(0, 1, 0), (1, 4, 1)]),
    ],
)  # fmt: skip
def test_runs_of_rows_beyond_the_table_are_refused_and_nothing_moves(n_before: int, n: int, runs: list[tuple[int, int, int]]) -> None:
    memory = np.arange(12.0)
    with pytest.raises(IndexError, match="a run of rows does not lie within the table"):
        move([memory[4:8]], plan_of(n_before, n, *runs))
    assert memory.tolist() == list(range(12))


def test_columns_without_room_or_with_gaps_are_refused_and_none_moves() -> None:
    whole, memory, fixed = np.arange(4.0), np.arange(12.0), np.arange(4.0)
    fixed.flags.writeable = False
    plan = plan_of(3, 4, (0, 1, 0), (1, 3, 2))
    for wrong in (memory[4:7], memory[::3], np.asfortranarray(np.arange(8.0).reshape(4, 2)), fixed):
        with pytest.raises(IndexError, match="is to hold 4, one after the other"):
            move([whole, wrong], plan)
    assert whole.tolist() == list(range(4)) and memory.tolist() == list(range(12)) and fixed.tolist() == list(range(4))
    move([whole], plan)
    assert whole.tolist() == [0, 1, 1, 2]


def test_nobody_moves_where_all_rows_are_new() -> None:
    column = np.arange(4.0)
    move([column], plan_of(0, 4))
    assert column.tolist() == list(range(4))
