"""Which doctrine do officials hold, and how strict is a post?

Each official holds its side's doctrine (security 0 to prosperity 1), shifted by its own deviation and, on dated policy
events, by the turn of its state's policy. The strictness of a crossing follows the mean doctrine of the officers who serve there on
both sides, a step each month: officers of the security doctrine hold loads up, officers of the prosperity doctrine let them
pass. Closing a post is not strictness; it is an event.

Not modelled: trust between the officers of the two sides, hours of duty, pay.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch

DOCTRINE_CHANGE = switch("doctrine_change", "Dated policy events turn the officials' doctrine")
ENFORCEMENT = switch("enforcement", "Patrols and officers look for undeclared goods and undocumented people")


@parameters("official.set_strictness")
class Parameters(NamedTuple):
    """What makes a post strict."""

    doctrine_id: float = parameter(
        "Indonesian officials' doctrine in 1980", unit="index", default=0.2, low=0.0, high=1.0, role="lever",
        source=Source("paper lines 246-254, 1428-1452: security belt", "derived"),
    )  # fmt: skip
    doctrine_my: float = parameter(
        "Malaysian officials' doctrine in 1980", unit="index", default=0.7, low=0.0, high=1.0, role="lever",
        source=Source("paper lines 1452-1462: prosperity belt", "derived"),
    )  # fmt: skip
    strictness_prosperity: float = parameter(
        "Strictness of a post whose officers all hold the prosperity doctrine", unit="index", default=0.15, low=0.0, high=0.4,
        source=judgement("some control remains"),
    )  # fmt: skip
    strictness_security: float = parameter(
        "Strictness of a post whose officers all hold the security doctrine", unit="index", default=0.95, low=0.6, high=1.0,
        source=judgement("only guard posts were left (lines 1428-1452)"),
    )  # fmt: skip
    step: float = parameter(
        "Part of the way to the new strictness made in a month", unit="share", default=0.1, low=0.03, high=0.5,
        source=judgement("orders take most of a year to reach a post"),
    )  # fmt: skip


@compiled
def doctrine_of(side_doctrine: float, deviation: float, turn: float) -> float:
    """An official's doctrine: its side's, its own deviation, and the turn of policy so far.

    side_doctrine [index]: of its side in 1980
    deviation [index]: its own, relative to its side's
    turn [index]: of its side's policy so far
    returns [index]: 0 security to 1 prosperity
    """
    return min(max(side_doctrine + deviation + turn, 0.0), 1.0)


@compiled
def next_strictness(now: float, doctrine: float, p: Parameters) -> float:
    """Strictness of a crossing next month, given who serves there.

    now [index]: strictness of this month
    doctrine [index]: mean of those who serve there
    p: the rule's parameters
    returns [index]: 0 to 1
    """
    target = p.strictness_security + (p.strictness_prosperity - p.strictness_security) * doctrine
    return now + p.step * (target - now)


@compiled
def loop(
    start: int, stop: int, p: Parameters, side: Column, crossing: Column, deviation: Column, turn: Column, official_doctrine: Column,
    crossing_doctrine: Column, strictness: Column
) -> None:  # fmt: skip
    """Update every official, then every crossing. ``turn`` (2,) is the turn of policy of each side so far."""
    n_crossings = strictness.shape[0]
    for c in range(n_crossings):
        crossing_doctrine[c] = 0.0
    for i in range(start, stop):
        base = p.doctrine_id if side[i] == 0 else p.doctrine_my
        official_doctrine[i] = doctrine_of(base, deviation[i], turn[int(side[i])])
    for c in range(n_crossings):
        count = 0
        for i in range(start, stop):
            if crossing[i] == c:
                crossing_doctrine[c] += official_doctrine[i]
                count += 1
        if count > 0:
            crossing_doctrine[c] /= count
            strictness[c] = next_strictness(strictness[c], crossing_doctrine[c], p)


rule(
    Rule(
        name="official.set_strictness",
        question="Which doctrine do officials hold, and how strict is a post?",
        loop=loop,
        reads=("official.side", "official.crossing", "official.deviation", "policy.turn"),
        writes=("official.doctrine", "crossing.doctrine", "crossing.strictness"),
        parameters=Parameters,
        switch=DOCTRINE_CHANGE,
        decide=(doctrine_of, next_strictness),
        not_modelled="trust between the officers of the two sides, hours of duty, pay",
    )
)
