"""Which ties strengthen, which fade, and what do those at their ends tell each other?

Ties are of two kinds: kin, and acquaintances, who visit less often, fade faster and lodge fewer guests. A tie gains by contact and fades by
itself and by inequality. Contact is visits, as often as the distance between the two communities allows and more often in the month of a
feast of either household's people (the other months have fewer, so that the year's visits stay); across the border also trips for care,
work and trade of either household. Which acquaintances are made and which end is settled in January (:mod:`abm.world.meet`).

Of work across those who do it tell fully, others who know of it a part. Every household sees last month's state of its ties, so the order of
households does not matter.

Not modelled: new kin ties by marriage, kin ties that end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

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
    weak_visits: float = parameter(
        "Visits of acquaintances relative to those of kin", unit="1", default=0.3, low=0.1, high=0.6,
        source=judgement("acquaintances of work and trade are met on purpose less often than kin; no survey"),
    )  # fmt: skip
    weak_decay: float = parameter(
        "Fading of acquaintances relative to that of kin", unit="1", default=3.0, low=1.5, high=6.0,
        source=judgement("kin halve in 10-25 years without visits, acquaintances in a few years"),
    )  # fmt: skip
    weak_support: float = parameter(
        "Support of an acquaintance relative to that of kin as close", unit="1", default=0.25, low=0.1, high=0.6,
        source=judgement("an acquaintance tells of work and care, and lodges fewer guests than kin"),
    )  # fmt: skip
    feast: float = parameter(
        "Further visits in the month of a people's main feast, relative to those of other months", unit="1", default=2.0, low=0.5, high=6.0,
        source=Source("visits of kin at Gawai (Borneo Post, 2 June 2023) and Hari Raya; how many: judgement", "opened"),
    )  # fmt: skip
    christmas: float = parameter(
        "Further visits at Christmas relative to those at Gawai", unit="1", default=0.5, low=0.2, high=1.0,
        source=Source("a longhouse keeps Christmas on a smaller scale than Gawai (Sarawak Tribune); size: judgement", "opened"),
    )  # fmt: skip
    told_by_others: float = parameter(
        "What those who know of work across and do not do it tell, relative to those who do", unit="1", default=1.0 / 7.0, low=0.1, high=0.35,
        source=Source("users pass word on about 7 times as often as informed non-users (Banerjee et al.); for credit, in India", "opened"),
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
def feast_size(code: int, christmas: float) -> float:
    """Size of a month's feast relative to the main one of a people.

    code [code]: 0 no feast, 1 the main one, 2 Christmas
    christmas [1]: size of Christmas
    returns [1]: 0 or more
    """
    return 1.0 if code == 1 else (christmas if code == 2 else 0.0)


@compiled
def feast_factor(size: float, sizes_of_year: float, feast: float) -> float:
    """Visits of a month relative to those of a mean month of its year.

    size [1]: of the month's feast, 0 without one
    sizes_of_year [1]: the same, summed over the twelve months
    feast [1]: further visits in the month of a feast of size 1
    returns [1]: more than 0; the twelve months of a year add up to 12
    """
    return (1.0 + feast * size) / (1.0 + feast * sizes_of_year / 12.0)


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
    start: int, stop: int, p: Memory, village: Column, n_workers: Column, activity: Column, care_visits: Column, heard_work: Column,
    household_trader: Column, trader_good: Column, quality_care: Column, opinion_home: Column, opinion_across: Column, works_home: Column, works_across: Column,
    knows_work: Column, trips_across: Column, trips_mean: Column
) -> None:  # fmt: skip
    """Note what the household knows of care and work on each side, and how often it went across: for care, to work, and with goods."""
    for i in range(start, stop):
        at_home = int(care_visits[i, 0]) + int(care_visits[i, 1]) + int(care_visits[i, 2])
        across = int(care_visits[i, 3]) + int(care_visits[i, 4])
        if at_home + across > 0:
            at, good_home, good_across = int(village[i]), 0.0, 0.0
            for k in range(5):
                good = int(care_visits[i, k]) * quality_care[at, k] / (at_home + across)
                if k < 3:
                    good_home += good
                else:
                    good_across += good
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
        knows_work[i] = 1.0 if n_across > 0 else float(heard_work[i])
        with_goods = 1 if household_trader[i] >= 0 and trader_good[household_trader[i]] >= 0 else 0
        trips = float(across + n_across + with_goods)
        trips_across[i] = trips
        trips_mean[i] = float(trips_mean[i]) + (trips - float(trips_mean[i])) / 12.0


rule(
    Rule(
        name="household.remember",
        question="What does a household know of care and work on each side, and how often was it across?",
        loop=remember_loop,
        reads=("household.village", "household.n_workers", "household.activity", "household.care_visits", "household.heard_work",
               "household.trader", "trader.good", "village.quality_care"),
        writes=("household.opinion_home", "household.opinion_across", "household.works_home", "household.works_across",
                "household.knows_work", "household.trips_across", "household.trips_mean"),
        parameters=Memory,
        decide=(remembered,),
    )
)  # fmt: skip


@compiled
def loop(
    start: int, stop: int, month: int, p: Parameters, first: Column, first_across: Column, end: Column, other: Column, pair: Column,
    is_kin: Column, contact: Column, feast: Column, is_on: Column, income_gap: Column, group: Column, opinion_home: Column,
    opinion_across: Column, works_home: Column, works_across: Column, knows_work: Column, trips_across: Column, strength: Column,
    support_across: Column, heard_across: Column, heard_work: Column, visits_across: Column
) -> None:  # fmt: skip
    """Update every tie of every household and what it is told through them.

    Household ``i`` has the ties ``first[i]:end[i]``; those from ``first_across[i]`` on lead across. ``contact`` (pairs of places,)
    is the chance that kin meet by distance, ``pair`` (ties,) says which of its rows is that of a tie; ``feast`` is (months from January 1980,
    groups), where the months before have the feasts of 1980; ``is_on`` and ``income_gap`` have one element.
    """
    january = max(month - month % 12, 0)
    lift = np.ones(feast.shape[1])
    for g in range(feast.shape[1]):
        of_year = 0.0
        for m in range(12):
            of_year += feast_size(int(feast[january + m, g]), p.christmas)
        lift[g] = feast_factor(feast_size(int(feast[january + month % 12, g]), p.christmas), of_year, p.feast)
    for i in range(start, stop):
        total = told = heard = working = visits = 0.0
        mine = lift[int(group[i])]
        for e in range(first[i], first_across[i]):
            j = other[e]
            often, fading = (1.0, p.decay) if is_kin[e] > 0 else (p.weak_visits, p.decay * p.weak_decay)
            meets = float(contact[pair[e]]) * often * 0.5 * (mine + lift[int(group[j])])
            s = next_strength(float(strength[e]), meets, 0.0, p.gain, fading, p.inequality)
            strength[e] = s
            told += s
            heard += s * float(opinion_across[j])
            working += s * (1.0 if works_across[j] > 0 else p.told_by_others * float(knows_work[j]))
        if is_on[0] > 0.0:
            for e in range(first_across[i], end[i]):
                j = other[e]
                often, fading = (1.0, p.decay) if is_kin[e] > 0 else (p.weak_visits, p.decay * p.weak_decay)
                meets = float(contact[pair[e]]) * often * 0.5 * (mine + lift[int(group[j])])
                visits += meets
                meets += p.trip_contact * min(float(trips_across[i]) + float(trips_across[j]), 2.0)
                s = next_strength(float(strength[e]), meets, income_gap[0], p.gain, fading, p.inequality)
                strength[e] = s
                total += s if is_kin[e] > 0 else p.weak_support * s
                told += s
                heard += s * float(opinion_home[j])
                working += s * (1.0 if works_home[j] > 0 else p.told_by_others)
        support_across[i] = support_from(total, p.enough)
        heard_across[i] = heard / told if told > 0.0 else 0.0
        heard_work[i] = working / told if told > 0.0 else 0.0
        visits_across[i] = visits


rule(
    Rule(
        name="household.keep_ties",
        question="Which ties strengthen, which fade, and what do those at their ends tell each other?",
        loop=loop,
        reads=("kin.first", "kin.first_across", "kin.end", "kin.other", "kin.pair", "kin.is_kin", "kin.contact", "kin.feast", "kin.is_on",
               "kin.income_gap", "household.group", "household.opinion_home", "household.opinion_across", "household.works_home",
               "household.works_across", "household.knows_work", "household.trips_across"),
        writes=("kin.strength", "household.support_across", "household.heard_across", "household.heard_work", "household.visits_across"),
        parameters=Parameters,
        switch=KINSHIP,
        decide=(next_strength, support_from, feast_factor),
        not_modelled="new kin ties by marriage, kin ties that end",
    )
)  # fmt: skip
