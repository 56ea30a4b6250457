"""Who lives in a household of January 1980? Head, partner, children by the births of the years before, grown children who stayed, an old parent.

In a house that keeps a child (:func:`agents.household.live.least_who_stay`) the youngest stay at any age. Every member is a draw of the household, so that a larger sample holds the smaller one. The births before 1980 follow the same pattern by age as later ones.
Not modelled: lodgers, second families, households of more than six adults or eight children.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.world.kinship import draw
from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.draws import stream
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN
from agents.household.live import ADULT_AGE, KEEPS, LEAVES_BEFORE, LEAVES_FROM, births_by_age, least_who_stay, life_table, settle_workers

COMPOSITION = stream("populate.composition")
#: Age of the head: shares of households up to each age (judgement: rural households in censuses of the time).
HEAD_AGES, HEAD_SHARES = (18, 25, 35, 45, 55, 65, 80), (0.0, 0.08, 0.38, 0.65, 0.83, 0.94, 1.0)
#: Heads up to this age may have an old parent with them, who is so many years older.
PARENT_UP_TO, PARENT_OLDER = 55, (20, 35)
#: Draws of a household: age of head and partner, whether there is a partner and a parent, age of the parent; then one for each age of a child.
_HEAD, _PARTNER, _PARTNER_AGE, _PARENT, _PARENT_AGE, _CHILD = 0, 3, 4, 5, 6, 8


def members(seed: int, uid: np.ndarray, side: int, p: Any, share_working: float, one_stays: float) -> dict[str, np.ndarray]:
    """Columns ``n_adults``, ``n_children``, ``n_workers``, ``adult_age``, ``child_age`` and ``activity`` of households of one side.

    ``uid`` (households,), ``p`` are the parameters of world.populate, ``share_working`` of the people of 15 to 64 are in the labour force,
    ``one_stays`` of the houses keep a child (of household.live).
    """
    u = draw(seed, COMPOSITION, uid, _CHILD + LEAVES_BEFORE)
    head = np.floor(np.interp(u[:, _HEAD], HEAD_SHARES, HEAD_AGES)).astype(np.int64)
    has_partner = u[:, _PARTNER] < np.where(head < 65, p.with_partner, 0.6 * p.with_partner)
    partner = np.where(has_partner, np.maximum(head - 8 + np.floor(10 * u[:, _PARTNER_AGE]).astype(np.int64), ADULT_AGE + 1), -1)
    low, high = PARENT_OLDER
    has_parent = (u[:, _PARENT] < p.with_parent) & (head < PARENT_UP_TO)
    parent = np.where(has_parent, head + low + np.floor((high - low) * u[:, _PARENT_AGE]).astype(np.int64), -1)

    of_woman = np.where(has_partner, partner, head)
    births = 2.0 * births_by_age((p.births_before_id, p.births_before_my)[side])
    alive = np.cumprod(life_table((p.infant_deaths_before_id, p.infant_deaths_before_my)[side], 0.0).survive)
    adults, children = np.full((len(uid), MAX_ADULTS), -1), np.full((len(uid), MAX_CHILDREN), -1)
    n_adults, n_children = np.zeros(len(uid), dtype=np.int64), np.zeros(len(uid), dtype=np.int64)

    def put(who: np.ndarray, age: np.ndarray | int, table: np.ndarray, count: np.ndarray) -> None:
        """Add a member of this age to households ``who`` that have room."""
        rows = np.flatnonzero(who & (count < table.shape[1]))
        table[rows, count[rows]] = age if isinstance(age, int) else age[rows]
        count[rows] += 1

    put(np.ones(len(uid), dtype=bool), head, adults, n_adults)
    put(has_partner, partner, adults, n_adults)
    put(has_parent, parent, adults, n_adults)
    least = np.empty(len(uid), dtype=np.int64)
    _least_who_stay(one_stays, draw(seed, KEEPS, uid)[:, 0], least)
    at_home, stays = np.zeros(len(uid), dtype=np.int64), 1.0
    for age in range(LEAVES_BEFORE):
        stays *= p.grown_stay if age >= LEAVES_FROM else 1.0
        chance = births[np.clip(of_woman - age, 0, len(births) - 1)] * alive[age] * np.where(at_home < least, 1.0, stays)
        is_there = u[:, _CHILD + age] < chance
        at_home += is_there
        put(is_there, age, *((children, n_children) if age < ADULT_AGE else (adults, n_adults)))
    found = {
        "n_adults": n_adults.astype(np.int8), "n_children": n_children.astype(np.int8), "n_workers": np.zeros(len(uid), dtype=np.int8),
        "adult_age": adults.astype(np.int8), "child_age": children.astype(np.int8), "activity": np.full((len(uid), MAX_ADULTS), -1, dtype=np.int8),
    }  # fmt: skip
    settle_workers(
        seed, np.full(2, share_working), np.ascontiguousarray(uid, dtype=np.int64), np.full(len(uid), side, dtype=np.int8), found["n_adults"],
        found["adult_age"], found["activity"], found["n_workers"],
    )  # fmt: skip
    return found


@compiled
def _least_who_stay(one_stays: float, u: Column, least: Column) -> None:
    """How many children of each house stay for good, see :func:`agents.household.live.least_who_stay`."""
    for i in range(u.shape[0]):
        least[i] = least_who_stay(one_stays, u[i])
