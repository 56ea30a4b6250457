"""Who moves, what is handed on, and which ties are inherited? The loops of the demography (:mod:`abm.world.demography`), compiled."""

from __future__ import annotations

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.draws import stream, uniform

NEW_HOUSE, INHERIT = stream("demography.new_house"), stream("demography.inherit")
MOVES, MOVE_OF = stream("demography.moves"), stream("demography.move_of")


@compiled
def draws(seed: int, month: int, uid: Column, out: Column) -> None:
    """Two draws of each new household: schooling and ability."""
    for i in range(uid.shape[0]):
        for k in range(2):
            out[i, k] = uniform(seed, NEW_HOUSE, month, uid[i], k)


@compiled
def choose_moves(
    seed: int, month: int, below: float, wanted: Column, bounds: Column, uid: Column, weight: Column, n_adults: Column, n_children: Column,
    adult_age: Column, moves: Column,
) -> None:  # fmt: skip
    """Choose the households that move out of a place (or are the model of one that moves in), in the order of their draws, for the people ``wanted`` (places,).

    They are those whose oldest is younger than ``below``. The people who move are those wanted in the mean: whether the last household does is the
    place's draw. One household of each place stays. Those without weight stand for nobody: they move as others do and count for nothing.
    """
    for q in range(wanted.shape[0]):
        start, stop = bounds[q], bounds[q + 1]
        rows, draws = np.empty(stop - start, np.int64), np.empty(stop - start)
        n = lasting = 0
        for i in range(start, stop):
            if n_adults[i] > 0:
                lasting += 1 if weight[i] > 0.0 else 0
                oldest = 0
                for a in range(n_adults[i]):
                    oldest = max(oldest, int(adult_age[i, a]))
                if oldest < below:
                    rows[n], draws[n] = i, uniform(seed, MOVE_OF, month, uid[i], 0)
                    n += 1
        order = np.argsort(draws[:n], kind="mergesort")
        left, last = abs(wanted[q]), uniform(seed, MOVES, month, q, 0)
        for k in range(n):
            i = rows[order[k]]
            size = weight[i] * (int(n_adults[i]) + int(n_children[i]))
            if last * size >= left or (wanted[q] < 0.0 and lasting <= 1):
                break
            moves[i] = True
            left -= size
            lasting -= 1 if weight[i] > 0.0 else 0


@compiled
def count_old(adult_age: Column, least: int, old: Column) -> None:
    """How many adults of each household are ``least`` years old or more, ``old`` (households,)."""
    for i in range(adult_age.shape[0]):
        n = 0
        for a in range(adult_age.shape[1]):
            n += 1 if adult_age[i, a] >= least else 0
        old[i] = n


@compiled
def forget_work(before: Column, activity: Column, work_sought: Column) -> None:
    """Forget what adults ask for where ``activity`` (households, adults) is not as ``before``: it does not go to another adult."""
    for i in range(activity.shape[0]):
        is_same = True
        for a in range(activity.shape[1]):
            is_same = is_same and activity[i, a] == before[i, a]
        if not is_same:
            for a in range(activity.shape[1]):
                work_sought[i, a] = -1


@compiled
def choose_settlers(
    seed: int, month: int, dies_out: Column, place_side: Column, uid: Column, side: Column, may: Column, settlers: Column
) -> None:
    """For each place that dies out the household of its side whose draw is lowest, -1 where there is none."""
    for q in range(dies_out.shape[0]):
        least = 2.0
        for i in range(uid.shape[0]):
            if dies_out[q] and may[i] and side[i] == place_side[q]:
                u = uniform(seed, MOVE_OF, month, uid[i], 1 + q)
                if u < least:
                    least, settlers[q] = u, i


@compiled
def reweigh(factor: Column, place: Column, side: Column, money: Column, weight: Column, gained: Column) -> None:
    """Multiply each ``weight`` by the ``factor`` (places,) of its place; what its ``money`` gains (0) or loses (1) by it is added up in ``gained`` (sides, 2)."""
    for i in range(weight.shape[0]):
        f = factor[place[i]]
        more = weight[i] * (f - 1.0) * money[i]
        gained[side[i], 0] += max(more, 0.0)
        gained[side[i], 1] += max(-more, 0.0)
        weight[i] *= f


@compiled
def hand_on(
    ends: Column, goes: Column, weight: Column, place: Column, savings: Column, land: Column, first: Column, end: Column, other: Column,
    strength: Column,
) -> None:  # fmt: skip
    """Give the land of who leaves, and the savings of who died out, to the household of the place to which its tie is strongest; who has none takes it along."""
    for i in range(ends.shape[0]):
        if not (ends[i] or goes[i]):
            continue
        heir = -1
        for e in range(first[i], end[i]):
            j = other[e]
            if place[j] == place[i] and not ends[j] and not goes[j] and weight[j] > 0.0 and (heir < 0 or strength[e] > strength[heir]):
                heir = e
        if heir >= 0:
            j = other[heir]
            land[j] += land[i] * weight[i] / weight[j]
            land[i] = 0.0
            if ends[i]:
                savings[j] += savings[i] * weight[i] / weight[j]
                savings[i] = 0.0


@compiled
def inherit(
    seed: int, month: int, tie_to_parents: float, share: float, uids: Column, mother: Column, leave: Column, uid: Column, first: Column, end: Column,
    other: Column, strength: Column, pairs: Column, strengths: Column,
) -> int:  # fmt: skip
    """List the ties of new households, ``pairs`` (ties, 2): ~k for the k-th of them, and the row of the other; gives their number."""
    n = 0
    for k in range(uids.shape[0]):
        i = mother[k]
        if not leave[i]:
            pairs[n, 0], pairs[n, 1], strengths[n] = ~k, i, tie_to_parents
            n += 1
        for e in range(first[i], end[i]):
            j = other[e]
            if not leave[j] and uniform(seed, INHERIT, month, uids[k], uid[j]) < share:
                pairs[n, 0], pairs[n, 1], strengths[n] = ~k, j, strength[e]
                n += 1
    return n
