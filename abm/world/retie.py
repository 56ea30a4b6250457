"""How do ties follow when households leave and come? Edited in place: nobody's tie is looked up again, and the columns stay where they are.

The columns of :class:`abm.world.kinship.Kin` are those that it would make anew from the same ties: row after row without a gap, in each row the
ties within the side first, then by uid of the other household.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from abm.world.kinship import Kin
from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.moves import Moves, move, room_for, with_room
from agents.core.shifts import shift

#: Columns of a household's row, and columns of each end of a tie.
_OF_ROWS, _OF_ENDS = ("first", "first_across", "end"), ("other", "pair", "strength", "is_kin")


def leave(kin: Kin, moves: Moves) -> None:
    """Drop the ties to households that leave, and let the others follow as ``moves`` of the households say; newcomers have no ties yet, see :func:`tie`."""
    c = kin.columns
    used = _drop(moves.row_now, c["first"], c["first_across"], c["end"], c["other"], c["pair"], c["strength"], c["is_kin"])
    rows = [_with_room(c[name], moves.n_before, max(moves.n_before, moves.n)) for name in _OF_ROWS]
    move(rows, moves)
    for name, base in zip(_OF_ROWS, rows, strict=True):
        base[moves.new] = 0
        c[name] = _with_room(base, moves.n, moves.n)[: moves.n]
    for name in _OF_ENDS:
        c[name] = _with_room(c[name], used, used)[:used]


def tie(kin: Kin, households: Any, a: np.ndarray, b: np.ndarray, strengths: np.ndarray, kinds: np.ndarray | None = None) -> int:
    """Add ties between rows ``a`` and ``b`` (ties,) of int64, at these strengths (ties,) at both ends; after :func:`leave` even where there are none.

    ``kinds`` (ties,) is 1 for kin and 0 for acquaintances; left out, all are kin. A pair that is tied already keeps its strength and kind, and of a
    pair given twice the first counts. Gives the number of new ends, two for each new tie.
    """
    c, k = kin.columns, len(a)
    other, strength = np.empty(2 * k, dtype=np.int32), np.empty(2 * k, dtype=np.float32)
    after, last = np.empty(2 * k, dtype=np.int32), np.full(len(households), -1, dtype=np.int32)
    uid, side, place = households["uid"], households["side"], households["place"]
    values = np.ascontiguousarray(strengths, dtype=np.float32)
    is_kin, kind = (
        np.empty(2 * k, dtype=np.int8),
        np.ones(k, dtype=np.int8) if kinds is None else np.ascontiguousarray(kinds, dtype=np.int8),
    )
    more = _link(uid, side, a, b, values, kind, c["first"], c["end"], c["other"], last, after, other, strength, is_kin)
    used = len(c["other"])
    base = {name: _with_room(c[name], used, used + more) for name in _OF_ENDS}
    _insert(
        uid, side, place, math.isqrt(c["contact"].size), last, after, other, strength, is_kin, c["first"], c["first_across"],
        c["end"], base["other"], base["pair"], base["strength"], base["is_kin"], used, used + more,
    )  # fmt: skip
    for name in _OF_ENDS:
        c[name] = base[name][: used + more]
    return more


def part(kin: Kin, ends_below: float) -> None:
    """Let acquaintances across end whose strength is below ``ends_below`` [index]; both ends of a tie have the same strength."""
    c = kin.columns
    used = _part(ends_below, c["first"], c["first_across"], c["end"], c["other"], c["pair"], c["strength"], c["is_kin"])
    for name in _OF_ENDS:
        c[name] = _with_room(c[name], used, used)[:used]


def _with_room(column: np.ndarray, used: int, needed: int) -> np.ndarray:
    """The memory in which a column of ``used`` rows lies; or, where it has not enough for ``needed`` or far too much, a copy in other memory."""
    base = column if column.base is None else column.base
    room = room_for(needed, len(base))
    return base if room == len(base) else with_room(base, used, room)


@compiled
def _shift_ends(start: int, stop: int, to: int, other: Column, pair: Column, strength: Column, is_kin: Column) -> None:
    """Move the ends of ties from ``start`` up to but not including ``stop`` to ``to`` and after."""
    if stop > start and to != start:
        shift(other, start, stop, to)
        shift(pair, start, stop, to)
        shift(strength, start, stop, to)
        shift(is_kin, start, stop, to)


@compiled
def _drop(
    row_now: Column, first: Column, first_across: Column, end: Column, other: Column, pair: Column, strength: Column, is_kin: Column
) -> int:  # fmt: skip
    """Close the gaps of ties to and from who leaves (``row_now`` is -1), and say the others' rows as they will be. Gives the number of ends left.

    Ends that stay side by side, from ``run`` on, move together.
    """
    free = run = 0
    for i in range(row_now.shape[0]):
        start, over, stop = first[i], first_across[i], end[i]
        if row_now[i] < 0:
            _shift_ends(run, start, free, other, pair, strength, is_kin)
            free += start - run
            run = stop
            first[i] = first_across[i] = end[i] = free
            continue
        first[i] = free + start - run
        for e in range(start, stop):
            if e == over:
                first_across[i] = free + e - run
            row = row_now[other[e]]
            if row >= 0:
                other[e] = row
            else:
                _shift_ends(run, e, free, other, pair, strength, is_kin)
                free += e - run
                run = e + 1
        end[i] = free + stop - run
        if over == stop:
            first_across[i] = end[i]
    _shift_ends(run, other.shape[0], free, other, pair, strength, is_kin)
    return free + other.shape[0] - run


@compiled
def _part(
    ends_below: float, first: Column, first_across: Column, end: Column, other: Column, pair: Column, strength: Column, is_kin: Column
) -> int:  # fmt: skip
    """Close the gaps of acquaintances across that end. Gives the number of ends left; those side by side, from ``run`` on, move together."""
    free = run = 0
    for i in range(first.shape[0]):
        over, stop = first_across[i], end[i]
        first[i] = free + first[i] - run
        first_across[i] = free + over - run
        for e in range(over, stop):
            if is_kin[e] <= 0 and float(strength[e]) < ends_below:
                _shift_ends(run, e, free, other, pair, strength, is_kin)
                free += e - run
                run = e + 1
        end[i] = free + stop - run
    _shift_ends(run, other.shape[0], free, other, pair, strength, is_kin)
    return free + other.shape[0] - run


@compiled
def _goes_before(uid: Column, side: Column, i: int, j: int, k: int) -> bool:
    """Whether of the ties of household ``i`` that to ``j`` stands before that to ``k``."""
    over_j, over_k = side[j] != side[i], side[k] != side[i]
    return over_j < over_k or (over_j == over_k and uid[j] < uid[k])


@compiled
def _link(
    uid: Column, side: Column, a: Column, b: Column, values: Column, kind: Column, first: Column, end: Column, known: Column, last: Column,
    after: Column, other: Column, strength: Column, is_kin: Column
) -> int:  # fmt: skip
    """List the new ties of each household from ``last`` (households,) on, the last of its order first; ``after`` (ends,) leads from one to the next.

    Gives the number of ends.
    """
    free = 0
    for k in range(a.shape[0]):
        is_new = True
        for e in range(first[a[k]], end[a[k]]):
            if known[e] == b[k]:
                is_new = False
        at = last[a[k]]
        while at >= 0:
            if other[at] == b[k]:
                is_new = False
            at = after[at]
        if not is_new:
            continue
        for turn in range(2):
            i, j = (a[k], b[k]) if turn == 0 else (b[k], a[k])
            other[free], strength[free], is_kin[free] = j, values[k], kind[k]
            before, at = -1, last[i]
            while at >= 0 and _goes_before(uid, side, i, j, int(other[at])):
                before, at = at, after[at]
            after[free] = at
            if before < 0:
                last[i] = free
            else:
                after[before] = free
            free += 1
    return free


@compiled
def _insert(
    uid: Column, side: Column, place: Column, n_places: int, last: Column, after: Column, new_other: Column, new_strength: Column,
    new_is_kin: Column, first: Column, first_across: Column, end: Column, other: Column, pair: Column, strength: Column, is_kin: Column,
    used: int, total: int
) -> None:  # fmt: skip
    """Put the listed ties among those of each household, from the last household on; there are ``used`` ends, and will be ``total``.

    Households without new ties that stand side by side, up to ``run``, move together. Who has no ties may say any row for them before.
    """
    free, run, at = total, used, used
    for i in range(first.shape[0] - 1, -1, -1):
        start, stop, k = first[i], end[i], last[i]
        within = first_across[i] - start
        if start == stop:
            start = stop = at
        at = start
        if k < 0:
            first[i], first_across[i], end[i] = start + free - run, start + within + free - run, stop + free - run
            continue
        _shift_ends(stop, run, free - (run - stop), other, pair, strength, is_kin)
        free -= run - stop
        run, e = start, stop - 1
        end[i] = free
        while k >= 0 or e >= start:
            free -= 1
            if k < 0 or (e >= start and _goes_before(uid, side, i, int(new_other[k]), int(other[e]))):
                other[free], pair[free], strength[free], is_kin[free] = other[e], pair[e], strength[e], is_kin[e]
                e -= 1
            else:
                j = new_other[k]
                other[free], strength[free], is_kin[free] = j, new_strength[k], new_is_kin[k]
                pair[free] = int(place[i]) * n_places + int(place[j])
                if side[j] == side[i]:
                    within += 1
                k = after[k]
        first[i] = free
        first_across[i] = free + within
