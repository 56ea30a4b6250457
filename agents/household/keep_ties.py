"""Which ties across the border strengthen, which fade, and what do kin tell each other?

A tie gains by contact and fades by itself and by inequality. Contact is the chance to meet at the distance between the
two communities, more when somebody of either household went across last month. Ties start at the fixed point of their
first contact, otherwise ties that are still settling would look like a historical trend.

Every household sees last month's state of its kin, so the order of households does not matter.

Not modelled: new ties by marriage, ties that end.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.surroundings import FARM, LOOKING, PASS

KINSHIP = switch("kinship", "Kin ties across the border help care, work and trade")


@parameters("household.keep_ties")
class Parameters(NamedTuple):
    """How ties strengthen and fade."""

    gain: float = parameter(
        "Gain of a tie with each contact", unit="1/month", default=0.02, low=0.005, high=0.05,
        source=judgement("with decay, sets a middling strength at one visit or so a quarter"),
    )  # fmt: skip
    decay: float = parameter(
        "Fading of a tie without contact", unit="1/month", default=0.005, low=0.0023, high=0.0058,
        source=judgement("halves in 10-25 years without visits"),
    )  # fmt: skip
    inequality: float = parameter(
        "Further fading when one side is many times richer", unit="1", default=0.3, low=0.0, high=1.0,
        source=Source("weakening with unequal growth: Bala, Kelabit and Lun Berian; size: judgement", "opened"),
    )  # fmt: skip
    trip_contact: float = parameter(
        "Contacts that a trip across brings", unit="1", default=0.5, low=0.1, high=1.0,
        source=judgement("not every trip passes by kin"),
    )  # fmt: skip
    enough: float = parameter(
        "Ties of full strength that give half of all support", unit="1", default=0.5, low=0.25, high=3.0,
        source=judgement("one close family is enough to lodge with"),
    )  # fmt: skip


@parameters("household.remember")
class Memory(NamedTuple):
    """How opinions form."""

    memory: float = parameter(
        "Weight of the latest visits in the opinion of a side's care", unit="share", default=0.3, low=0.1, high=0.6,
        source=judgement("a few visits make an opinion"),
    )  # fmt: skip


@compiled
def next_strength(strength: float, contact: float, log_income_gap: float, gain: float, decay: float, inequality: float) -> float:
    """Strength of a tie next month.

    strength [index]: of this month
    contact [1]: meetings in the month, expected
    log_income_gap [log]: income per head there over here, no less than 0
    gain [1/month]: with each contact
    decay [1/month]: fading without contact
    inequality [1]: further fading for each unit of the gap
    returns [index]: 0 to 1
    """
    fading = decay * (1.0 + inequality * log_income_gap)
    return min(max(strength + gain * contact * (1.0 - strength) - fading * strength, 0.0), 1.0)


@compiled
def fixed_point(contact: float, log_income_gap: float, gain: float, decay: float, inequality: float) -> float:
    """Strength at which gain and fading of a tie are equal.

    contact [1]: meetings in the month, expected
    log_income_gap [log]: income per head there over here, no less than 0
    gain [1/month]: with each contact
    decay [1/month]: fading without contact
    inequality [1]: further fading for each unit of the gap
    returns [index]: 0 to 1
    """
    up = gain * contact
    return up / (up + decay * (1.0 + inequality * log_income_gap))


@compiled
def support_from(total_strength: float, enough: float) -> float:
    """Support that ties across give.

    total_strength [1]: sum of the strengths of the ties across
    enough [1]: strength that gives half of all support
    returns [index]: 0 none to 1
    """
    return total_strength / (total_strength + enough)


@compiled
def remembered(opinion: float, quality: float, memory: float) -> float:
    """Opinion after a month with a visit.

    opinion [share]: before: recent visits that were to that side and good
    quality [index]: of this month's visits to that side, 0 when nobody went there
    memory [share]: weight of the month
    returns [share]: 0 to 1
    """
    return opinion + memory * (quality - opinion)


@compiled
def remember_loop(
    start: int, stop: int, p: Memory, place: Column, n_workers: Column, activity: Column, care_visits: Column, quality_care: Column,
    opinion_home: Column, opinion_across: Column, works_home: Column, works_across: Column, trips_across: Column
) -> None:  # fmt: skip
    """Note what the household knows of care and work on each side, and how often it went across."""
    for i in range(start, stop):
        where = int(place[i])
        at_home = int(care_visits[i, 0]) + int(care_visits[i, 1])
        across = int(care_visits[i, 2]) + int(care_visits[i, 3])
        if at_home + across > 0:
            good_home = (care_visits[i, 0] * quality_care[where, 0] + care_visits[i, 1] * quality_care[where, 1]) / (at_home + across)
            good_across = (care_visits[i, 2] * quality_care[where, 2] + care_visits[i, 3] * quality_care[where, 3]) / (at_home + across)
            opinion_home[i] = remembered(float(opinion_home[i]), good_home, p.memory)
            opinion_across[i] = remembered(float(opinion_across[i]), good_across, p.memory)
        n_home = n_across = 0
        for a in range(int(n_workers[i])):
            k = int(activity[i, a])
            if FARM < k < PASS:
                n_home += 1
            elif PASS <= k < LOOKING:
                n_across += 1
        works_home[i] = 1 if n_home > 0 else 0
        works_across[i] = 1 if n_across > 0 else 0
        trips_across[i] = across + n_across


rule(
    Rule(
        name="household.remember",
        question="What does a household know of care and work on each side, and how often was it across?",
        loop=remember_loop,
        reads=("household.place", "household.n_workers", "household.activity", "household.care_visits", "place.quality_care"),
        writes=("household.opinion_home", "household.opinion_across", "household.works_home", "household.works_across",
                "household.trips_across"),
        parameters=Memory,
        decide=(remembered,),
    )
)  # fmt: skip


@compiled
def loop(
    start: int, stop: int, p: Parameters, first: Column, first_across: Column, end: Column, other: Column, pair: Column, contact: Column,
    is_on: Column, income_gap: Column, opinion_home: Column, opinion_across: Column, works_home: Column, works_across: Column,
    trips_across: Column, strength: Column, support_across: Column, heard_across: Column, heard_work: Column
) -> None:  # fmt: skip
    """Update every tie of every household and what it is told through them.

    Household ``i`` has the ties ``first[i]:end[i]``; those from ``first_across[i]`` on lead across. ``contact`` (pairs of places,)
    is the chance to meet by distance, ``pair`` (ties,) says which of its rows is that of a tie; ``is_on`` and ``income_gap`` have one element.
    """
    for i in range(start, stop):
        total = told = heard = working = 0.0
        for e in range(first[i], first_across[i]):
            j = other[e]
            s = next_strength(float(strength[e]), float(contact[pair[e]]), 0.0, p.gain, p.decay, p.inequality)
            strength[e] = s
            told += s
            heard += s * float(opinion_across[j])
            working += s * float(works_across[j])
        if is_on[0] > 0.0:
            for e in range(first_across[i], end[i]):
                j = other[e]
                trips = min(float(trips_across[i]) + float(trips_across[j]), 2.0)
                meets = float(contact[pair[e]]) + p.trip_contact * trips
                s = next_strength(float(strength[e]), meets, income_gap[0], p.gain, p.decay, p.inequality)
                strength[e] = s
                total += s
                told += s
                heard += s * float(opinion_home[j])
                working += s * float(works_home[j])
        support_across[i] = support_from(total, p.enough)
        heard_across[i] = heard / told if told > 0.0 else 0.0
        heard_work[i] = working / told if told > 0.0 else 0.0


rule(
    Rule(
        name="household.keep_ties",
        question="Which ties across the border strengthen, which fade, and what do kin tell each other?",
        loop=loop,
        reads=("kin.first", "kin.first_across", "kin.end", "kin.other", "kin.pair", "kin.contact", "kin.is_on", "kin.income_gap",
               "household.opinion_home", "household.opinion_across", "household.works_home", "household.works_across",
               "household.trips_across"),
        writes=("kin.strength", "household.support_across", "household.heard_across", "household.heard_work"),
        parameters=Parameters,
        switch=KINSHIP,
        decide=(next_strength, support_from),
        not_modelled="new ties by marriage, ties that end",
    )
)  # fmt: skip
