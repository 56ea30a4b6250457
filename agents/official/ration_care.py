"""What part of those who come to a facility does it see, and what does word of that do?

Emergencies go first, then illness that needs a hospital, then what disrupts work, then the rest; within each, those from nearby come before those from
afar; among equals each has the same chance. Hospitals have beds for what needs them and see the others as outpatients. Who is sent on to a hospital is
counted in its demand. Which part of each rank is seen follows from who comes in a usual month, the mean of about a year: a household of the sample stands for
many, so that a month of few households would fill a dispensary by itself, and how many households a run has would decide who is turned away. What the people of a village have found at a facility (no place, or no drugs) goes round there and fades.

The health centres of one place share their patients, as its people live around all of them.

Not modelled: patients from beyond the border places, who fill a fixed part of the beds; queues by the day; favours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.household.get_work import share_that_fits

#: Ranks of a facility's queue: four severities, the worst first, and in each those from nearby, then those from afar.
RANKS = 8


#: Months over which the demand of a usual month is a mean.
USUAL = 12.0


@parameters("official.ration_care")
class Parameters(NamedTuple):
    """Who comes first, and how word spreads."""

    near: float = parameter(
        "Hours within which people count as from nearby", unit="hour", default=2.0, low=0.5, high=4.0,
        source=judgement("they are there when the doors open"),
    )  # fmt: skip
    word: float = parameter(
        "Weight of a month's visits in what a village says of a facility", unit="share", default=0.15, low=0.05, high=0.4,
        source=judgement("about half a year of talk"),
    )  # fmt: skip
    fades: float = parameter(
        "Part of a bad word that is forgotten in a month without visits", unit="share", default=0.03, low=0.01, high=0.1,
        source=judgement("somebody tries again after two or three years"),
    )  # fmt: skip


@compiled
def rank_of(severity: int, is_near: bool) -> int:
    """Place in the queue of a facility, 0 to 7.

    severity [code]: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    is_near [1]: whether the patient comes from nearby
    returns [code]: 0 goes first
    """
    return 2 * (4 - severity) + (0 if is_near else 1)


@compiled
def next_word(word: float, met: float, came: float, p: Parameters) -> float:
    """What a village says of a facility after a month.

    word [share]: before: of those who went, who were seen and given drugs, relative to what the facility's standard promises
    met [share]: the same of this month's
    came [visits/month]: who went there this month
    p: the rule's parameters
    returns [share]: 0 to 1
    """
    if came > 0.0:
        return word + p.word * (met - word)
    return word + p.fades * (1.0 - word)


@compiled
def loop(
    start: int, stop: int, p: Parameters, kind: Column, pool: Column, capacity: Column, quality: Column, standard: Column, facility_care: Column, hours_care: Column,
    care_demand: Column, demand: Column, usual_demand: Column, served: Column, served_share: Column, word_care: Column
) -> None:  # fmt: skip
    """Sum demand by facility and rank, fill its places, and give every village the share served there (0 where it reaches no facility).

    What ``pool`` (facilities,) says is the first of the facilities that share their patients, whose rows hold the demand of all of them.
    ``demand`` and ``usual_demand`` are (facilities, 8); ``care_demand`` and ``served_share`` are (villages, 20): five options by four severities.
    """
    share = np.zeros(RANKS * (stop - start))
    for f in range(start, stop):
        served[f] = 0.0
        for r in range(RANKS):
            demand[f, r] = 0.0
    for v in range(facility_care.shape[0]):
        for k in range(5):
            f = int(pool[facility_care[v, k]]) if facility_care[v, k] >= 0 else -1
            for s in range(4 if f >= 0 else 0):
                demand[f, rank_of(s + 1, hours_care[v, k] <= p.near)] += care_demand[v, 4 * k + s]
    for f in range(start, stop):
        if pool[f] != f:
            continue
        places, beds, seen = 0.0, 0.0, 0.0
        for g in range(f, stop):
            if pool[g] == f:
                places += capacity[g, 0]
                beds += capacity[g, 1]
        all_places = places
        for r in range(RANKS):
            in_bed = kind[f] == 2 and r < 4
            usual_demand[f, r] += (demand[f, r] - usual_demand[f, r]) / USUAL
            fits = share_that_fits(beds if in_bed else places, usual_demand[f, r])
            share[RANKS * (f - start) + r] = fits
            taken = fits * usual_demand[f, r]
            seen += fits * demand[f, r]
            if in_bed:
                beds = max(beds - taken, 0.0)
            else:
                places = max(places - taken, 0.0)
        for g in range(f, stop):
            if pool[g] == f:
                served[g] = seen * capacity[g, 0] / all_places if kind[f] < 2 and all_places > 0.0 else seen
    for v in range(facility_care.shape[0]):
        for k in range(5):
            f, came, met = int(facility_care[v, k]), 0.0, 0.0
            for s in range(4):
                at = 4 * k + s
                fits = 0.0
                if f >= 0:
                    fits = share[RANKS * (int(pool[f]) - start) + rank_of(s + 1, hours_care[v, k] <= p.near)]
                served_share[v, at] = fits
                came += care_demand[v, at]
                met += fits * care_demand[v, at]
            if f >= 0:
                met = met / came * min(quality[f] / max(standard[f], 1.0e-9), 1.0) if came > 0.0 else 0.0
                word_care[v, k] = next_word(word_care[v, k], met, came, p)


rule(
    Rule(
        name="official.ration_care",
        rows="facility",
        question="What part of those who come to a facility does it see, and what does word of that do?",
        loop=loop,
        reads=("facility.kind", "facility.pool", "facility.capacity", "facility.quality", "facility.standard", "village.facility_care", "village.hours_care",
               "village.care_demand"),
        writes=("facility.demand", "facility.usual_demand", "facility.served", "village.served_share", "village.word_care"),
        parameters=Parameters,
        decide=(rank_of, next_word, share_that_fits),
        not_modelled="patients from beyond the border places, who fill a fixed part of the beds; queues by the day; favours",
    )
)  # fmt: skip
