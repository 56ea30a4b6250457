"""Which acquaintances across the border begin, and which end? Once a year, in January.

Where somebody of a household goes across for care, work or trade, it meets households there: near places with many people more often, and people
of its own more often than others. With whom of a place it becomes acquainted is decided by draws of the pairs, the same whichever of the two goes;
a household more, there or elsewhere, changes few others' acquaintances. An acquaintance whose strength falls below a bound ends; kin remain kin.
Between two Januaries ties strengthen and fade by ``household.keep_ties``.

Every household keeps up only so many acquaintances, so that their number settles where trips stay as they are; in one January it may come to a few
more, as each is weighed against the number before.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from abm.world import retie
from abm.world.kinship import Kin
from agents.core.compiled import compiled
from agents.core.declare import Column, judgement, parameter, parameters
from agents.core.draws import pair_uniform, stream, uniform
from agents.core.exact import exps, log
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.keep_ties import fixed_point

MEET_SOMEBODY = stream("meet.somebody")
MEET_PLACE = stream("meet.place")
MEET_WHO = stream("meet.household")
MEET_PAIR = stream("meet.pair")
#: Households that one may meet in a year, and households of a place among which the pairs' draws decide: in a larger place so many in the order of
#: their uids, which say nothing of a household, from a point on that is drawn.
N_MET, N_NEAR = 2, 16


@parameters("world.meet")
class Parameters(NamedTuple):
    """How acquaintances across begin and end."""

    meets: float = parameter(
        "New acquaintances that a year with a trip across each month brings", unit="1", default=0.3, low=0.05, high=0.8,
        source=judgement("a patient, worker or trader who goes every month finds a family to call on within one to some years"),
    )  # fmt: skip
    most: float = parameter(
        "Acquaintances across that a household keeps up at most", unit="1", default=3.0, low=1.0, high=6.0,
        source=judgement("a household has 6-12 ties (Banerjee et al., recalled), about 8 of them within its side and some kin across"),
    )  # fmt: skip
    same_group: float = parameter(
        "Acquaintances across of one people relative to others", unit="1", default=2.0, low=1.0, high=6.0,
        source=judgement("work and trade mix peoples more than kinship does, language still helps"),
    )  # fmt: skip
    begins: float = parameter(
        "Strength of a new acquaintance", unit="index", default=0.25, low=0.2, high=0.4,
        source=judgement("about that of acquaintances whom one visits now and then"),
    )  # fmt: skip
    ends: float = parameter(
        "Strength below which an acquaintance across ends", unit="index", default=0.12, low=0.05, high=0.18,
        source=judgement("what visits alone keep up next door: acquaintances last as long as there are trips, and some years more"),
    )  # fmt: skip


def pull_across(population: np.ndarray, groups: Any, hours: np.ndarray, side: np.ndarray, length: float, same_group: float) -> np.ndarray:
    """Where households of each place meet others across, (places, places): cumulated shares of the places there, 0 where there are none.

    By place are ``population`` [persons], ``groups`` and ``side`` (places,), and ``hours`` [hours] (places, places); ``length`` [hours] and
    ``same_group`` [1] as the parameters say.
    """
    group = np.asarray(groups)
    pull = population[None, :] * np.where(group[:, None] == group[None, :], same_group, 1.0) * exps(-hours / length)
    pull = np.where(side[:, None] == side[None, :], 0.0, pull)
    total = pull.sum(axis=1)
    return np.cumsum(pull, axis=1) / np.where(total > 0, total, 1.0)[:, None]


def meet(kin: Kin, households: Any, seed: int, month: int, pull: np.ndarray, p: Any) -> None:
    """Let weak acquaintances across end and new ones begin; ``kin.columns["n_new"]`` says how many new ends there are.

    ``month`` is that of the draws (January 1980 is 0), ``pull`` (places, places) as :func:`pull_across` makes it, ``p`` :class:`Parameters`.
    """
    retie.part(kin, p.ends)
    c, place = kin.columns, households["place"]
    first = np.searchsorted(place, np.arange(len(pull) + 1))
    a, b = np.empty((2, N_MET * len(households)), dtype=np.int64)
    n = _meet(
        seed, month, p.meets, p.most, households["uid"], households["weight"], first, households["trips_mean"], c["first_across"], c["end"],
        c["is_kin"], pull, a, b,
    )  # fmt: skip
    c["n_new"][0] = retie.tie(kin, households, a[:n], b[:n], np.full(n, p.begins), np.zeros(n, dtype=np.int8))
    kin.version += 1


@compiled
def room_left(acquaintances: float, most: float) -> float:
    """Part of the acquaintances that a household could keep up and does not have, 0 to 1."""
    return max(1.0 - acquaintances / most, 0.0)


@compiled
def _first_above(values: Column, start: int, stop: int, at: float) -> int:
    """The first row of ``values[start:stop]``, which are in order, that is above ``at``; ``stop`` where none is."""
    while start < stop:
        middle = (start + stop) // 2
        if float(values[middle]) <= at:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def _partner(seed: int, month: int, uid: Column, weight: Column, start: int, stop: int, i: int, at: float, turn: int) -> int:
    """Whom household ``i`` becomes acquainted with among the rows from ``start`` to ``stop``, -1 for nobody.

    Each of those looked at is the one with a chance in proportion to its weight: the first to come when each waits for so long as the pair's draw says.
    """
    best, least, looked = -1, 0.0, 0
    j = _first_above(uid, start, stop, at)
    for _ in range(start, stop):
        if j == stop:
            j = start
        if weight[j] > 0.0:
            wait = -log(pair_uniform(seed, MEET_PAIR, month, uid[i], uid[j], turn)) / weight[j]
            if best < 0 or wait < least:
                best, least = j, wait
            looked += 1
            if looked == N_NEAR:
                break
        j += 1
    return best


@compiled
def _meet(
    seed: int, month: int, meets: float, most: float, uid: Column, weight: Column, first: Column, trips: Column, first_across: Column, end: Column,
    is_kin: Column, pull: Column, a: Column, b: Column
) -> int:  # fmt: skip
    """Fill ``a`` and ``b`` with the rows of who become acquainted, and give their number; ``first`` (places + 1,) bounds each place's rows."""
    n_places, n = pull.shape[0], 0
    known = np.zeros(uid.shape[0])
    for i in range(uid.shape[0]):
        for e in range(first_across[i], end[i]):
            known[i] += 1.0 - float(is_kin[e])
    for q in range(n_places):
        if not pull[q, n_places - 1] > 0.0:
            continue
        for i in range(first[q], first[q + 1]):
            chance = meets * float(trips[i]) * room_left(known[i], most) / N_MET
            if not (weight[i] > 0.0 and chance > 0.0):
                continue
            for k in range(N_MET):
                if uniform(seed, MEET_SOMEBODY, month, uid[i], k) >= chance:
                    continue
                target = min(_first_above(pull[q], 0, n_places, uniform(seed, MEET_PLACE, month, uid[i], k)), n_places - 1)
                at = uniform(seed, MEET_WHO, month, uid[i], k) * 9223372036854775808.0
                j = _partner(seed, month, uid, weight, first[target], first[target + 1], i, at, k)
                if j >= 0 and pair_uniform(seed, MEET_PAIR, month, uid[i], uid[j], N_MET + k) < room_left(known[j], most):
                    a[n], b[n] = i, j
                    n += 1
    return n


@compiled
def after_a_year(
    p: KeepTies, first: Column, first_across: Column, end: Column, other: Column, pair: Column, is_kin: Column, contact: Column, gap: float,
    trips: Column, strength: Column
) -> None:  # fmt: skip
    """Strengths of ties across after a year with the same contact in each month: ``trips`` (households,) a month, and visits without feasts.

    The distance to the fixed point shrinks by the same part in each of twelve months, which ``household.keep_ties`` makes of it too.
    """
    for i in range(first.shape[0]):
        for e in range(first_across[i], end[i]):
            often, fading = (1.0, p.decay) if is_kin[e] > 0 else (p.weak_visits, p.decay * p.weak_decay)
            both = 0.0 + float(trips[i]) + float(trips[other[e]])  # from 0.0 on: compiled, two columns of single precision add up in that
            meets = float(contact[pair[e]]) * often + p.trip_contact * min(both, 2.0)
            stays = fixed_point(meets, gap, p.gain, fading, p.inequality)
            left = max(1.0 - p.gain * meets - fading * (1.0 + p.inequality * gap), 0.0)
            cubed = left * left * left
            strength[e] = stays + (float(strength[e]) - stays) * (cubed * cubed) * (cubed * cubed)
