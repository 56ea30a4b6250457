"""Where do rows go when agents leave and others come? Found once, then done to one column after another, in the memory that they have.

Rows that stay keep their order. So those that move towards the start can be moved from the first to the last, and those that move towards the
end from the last to the first, and none is written over before it has moved: no column is copied as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.core.compiled import PLAIN, compiled
from agents.core.shifts import shift, shift_at


class Moves(NamedTuple):
    """Where the rows of a table go."""

    #: Rows before and after.
    n_before: int
    n: int
    #: Row after, by row before, (n_before,) of int32; -1 for who leaves.
    row_now: np.ndarray
    #: Rows of the newcomers, (newcomers,) of int64, in the order in which they were given.
    new: np.ndarray
    #: Rows that move together: from row ``start`` up to but not including ``stop``, to row ``to`` and after; (runs,) of int64 each.
    start: np.ndarray
    stop: np.ndarray
    to: np.ndarray


def plan(gone: np.ndarray, place: np.ndarray, uid: np.ndarray, new_place: np.ndarray, new_uid: np.ndarray) -> Moves:
    """Where rows go that stay in the order of (place, uid).

    ``gone`` are the rows of who leaves, each once; ``place`` and ``uid`` (rows,) are columns in that order, ``new_place`` and ``new_uid``
    (newcomers,) those of the newcomers in any order, none of whose uids stays.
    """
    n, order = len(uid), np.lexsort((new_uid, new_place))
    before = np.empty(len(order), dtype=np.int64)
    _stand_before(place, uid, new_place[order].astype(np.int64), new_uid[order].astype(np.int64), before)
    row_now, most = np.empty(n, dtype=np.int32), len(gone) + len(order) + 1
    start, stop, to = np.empty((3, most), dtype=np.int64)
    rows = np.empty(len(order), dtype=np.int64)
    runs = _find_runs(np.sort(gone), before, row_now, rows, start, stop, to)
    new = np.empty_like(rows)
    new[order] = rows
    return Moves(n, n - len(gone) + len(order), row_now, new, start[:runs], stop[:runs], to[:runs])


def move(columns: Sequence[np.ndarray], moves: Moves) -> None:
    """Move the rows of columns, which have room for those after; rows of newcomers hold anything then.

    Each column (room,) or (room, width) owns its memory, in C's order. All are moved in one call: there are many, and each moves little.
    IndexError, and nothing is moved, where a run of rows or a column does not fit the others.
    """
    runs, room = len(moves.start), max(moves.n_before, moves.n)
    length = moves.stop - moves.start
    if runs and not (
        min(moves.start.min(), moves.to.min(), length.min()) >= 0
        and moves.stop.max() <= moves.n_before
        and (moves.n - length - moves.to).min() >= 0
    ):
        raise IndexError("a run of rows does not lie within the table")
    for column in columns:
        if len(column) < room or not column.flags.c_contiguous or not column.flags.writeable:
            raise IndexError(f"a column of {len(column)} rows in memory is to hold {room}, one after the other")
    if PLAIN:
        for column in columns:
            _move_plain(column, moves.start, moves.stop, moves.to)
        return
    at = np.array([column.ctypes.data for column in columns], dtype=np.int64)
    row_bytes = np.array([column.strides[0] for column in columns], dtype=np.int64)
    _move(at, row_bytes, moves.start, moves.stop, moves.to)


def find_rows(uid: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where uids are, in one pass over ``uid`` (rows,): nothing as long as that is sorted or kept.

    ``wanted`` (wanted,) of int64 may hold a uid several times. Gives the row of each, -1 where there is none, and the first place in ``wanted`` that
    holds the same uid; both (wanted,) of int64.
    """
    row, same = np.empty((2, len(wanted)), dtype=np.int64)
    slots = np.full(1 << int(2 * len(wanted)).bit_length(), -1, dtype=np.int32)
    _find(uid, wanted, slots, row, same)
    return row, same


def room_for(n: int, room: int) -> int:
    """Rows to have memory for when ``n`` are used and there is memory for ``room``.

    As it is while it is enough and no more than half too much, so that columns stay where they are; else an eighth more than is used.
    """
    return room if n <= room <= n + n // 2 else max(n + n // 8, 1)


def with_room(column: np.ndarray, used: int, room: int) -> np.ndarray:
    """A column of ``room`` rows that begins with the first ``used`` rows of ``column`` (rows, …); the rest of its memory is not touched."""
    made = np.empty((room, *column.shape[1:]), dtype=column.dtype)
    made[:used] = column[:used]
    return made


@compiled
def _stand_before(place: Any, uid: Any, new_place: Any, new_uid: Any, before: Any) -> None:
    """The row before which each newcomer stands, ``before``."""
    for k in range(new_uid.shape[0]):
        low, high = 0, uid.shape[0]
        while low < high:
            middle = (low + high) // 2
            if place[middle] < new_place[k] or (place[middle] == new_place[k] and uid[middle] < new_uid[k]):
                low = middle + 1
            else:
                high = middle
        before[k] = low


@compiled
def _find_runs(gone: Any, before: Any, row_now: Any, new: Any, start: Any, stop: Any, to: Any) -> int:
    """Fill all but the first two; ``gone`` and ``before`` are sorted. Gives the number of runs of rows that move together."""
    n, n_gone, n_new = row_now.shape[0], gone.shape[0], before.shape[0]
    i = free = g = k = runs = 0
    while i < n or k < n_new:
        if k < n_new and before[k] == i:
            new[k] = free
            free += 1
            k += 1
        elif g < n_gone and gone[g] == i:
            row_now[i] = -1
            g += 1
            i += 1
        else:
            end = n
            if g < n_gone:
                end = min(end, gone[g])
            if k < n_new:
                end = min(end, before[k])
            start[runs], stop[runs], to[runs] = i, end, free
            runs += 1
            for row in range(i, end):
                row_now[row] = free
                free += 1
            i = end
    return runs


@compiled
def _move(at: Any, row_bytes: Any, start: Any, stop: Any, to: Any) -> None:
    """Move runs of rows of each column, which begins ``at`` an address: towards the start from the first on, towards the end from the last on."""
    for c in range(at.shape[0]):
        size = row_bytes[c]
        for k in range(start.shape[0]):
            if to[k] < start[k]:
                shift_at(at[c], start[k] * size, stop[k] * size, to[k] * size)
        for k in range(start.shape[0] - 1, -1, -1):
            if to[k] > start[k]:
                shift_at(at[c], start[k] * size, stop[k] * size, to[k] * size)


def _move_plain(column: Any, start: Any, stop: Any, to: Any) -> None:
    """The same for one column, without machine code."""
    runs = range(len(start))
    for k in (*(k for k in runs if to[k] < start[k]), *(k for k in reversed(runs) if to[k] > start[k])):
        shift(column, start[k], stop[k], to[k])


@compiled
def _slot(uid: int, last: int) -> int:
    """Where a uid belongs in a table whose last slot is ``last``, one less than a power of two: digits of all of the uid count."""
    folded = uid ^ (uid >> 32)
    folded ^= folded >> 15
    return (folded ^ (folded >> 7)) & last


@compiled
def _find(uid: Any, wanted: Any, slots: Any, row: Any, same: Any) -> None:
    """Fill ``row`` and ``same``; ``slots`` holds -1 everywhere and is more than twice as long as ``wanted``."""
    last = slots.shape[0] - 1
    for k in range(wanted.shape[0]):
        row[k], same[k] = -1, k
        at = _slot(wanted[k], last)
        while slots[at] >= 0 and wanted[slots[at]] != wanted[k]:
            at = (at + 1) & last
        if slots[at] >= 0:
            same[k] = slots[at]
        else:
            slots[at] = k
    for i in range(uid.shape[0]):
        at = _slot(uid[i], last)
        while slots[at] >= 0:
            if wanted[slots[at]] == uid[i]:
                row[slots[at]] = i
                break
            at = (at + 1) & last
    for k in range(wanted.shape[0]):
        row[k] = row[same[k]]
