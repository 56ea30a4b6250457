"""Who gets one of the places a facility has, what does the visit cost in money and days, and what does the household learn of the facility?

Each facility's places go to the worst cases first, then to those from nearby (official.ration_care); of those of one severity and nearness each has the
same chance. Who is sent on to a hospital, or goes on there after finding no place, is counted there again: as sought, and as served or turned away. A
visit is paid for (fees, unless insurance pays them at home, and fares both ways, in the household's own currency at this month's rate) and shortens the
illness; the way there costs days too, also of those who go along. Days that a child or another who does not work lies ill are in part lost to who nurses.

Deaths that care would have prevented are counted as what is to be expected, and take nobody: the tables of deaths by age hold them already.

Not modelled: waiting lists, stays of different length, what a household borrows or sells to pay.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform
from agents.household.members import ill_from, slot_of
from agents.household.pay_care import cost_of_visit
from agents.household.seek_care import Parameters as SeekCare

RECEIVE_CARE = stream("household.receive_care")


@parameters("household.receive_care")
class Parameters(NamedTuple):
    """What illness and care cost in days, and what is learnt."""

    days_minor: float = parameter(
        "Working days lost to an untreated minor illness", unit="days", default=1.0, low=0.5, high=2.0,
        source=judgement("a day in bed"),
    )  # fmt: skip
    days_disrupting: float = parameter(
        "Working days lost in a month to an untreated illness that disrupts work", unit="days", default=6.0, low=3.0, high=9.0,
        source=judgement("surveys count an illness as disrupting from about four days"),
    )  # fmt: skip
    days_hospital: float = parameter(
        "Working days lost in a month to an untreated illness that needs a hospital, or an emergency", unit="days", default=20.0, low=12.0, high=25.0,
        source=judgement("most of a working month"),
    )  # fmt: skip
    days_saved: float = parameter(
        "Part of these days that care of full quality saves", unit="share", default=0.6, low=0.3, high=0.8,
        source=judgement("care shortens, it does not abolish"),
    )  # fmt: skip
    nursing: float = parameter(
        "Working days that others lose for each day that somebody who does not work lies ill", unit="1", default=0.3, low=0.1, high=0.6,
        source=judgement("a mother stays at home with a small child; old people are looked after beside other work"),
    )  # fmt: skip
    stay: float = parameter(
        "Days that who goes along spends at a hospital", unit="days", default=4.0, low=2.0, high=7.0,
        source=judgement("a stay of four to five days, during which kin cook and watch"),
    )  # fmt: skip
    dies_hospital: float = parameter(
        "Chance to die in a month of an untreated illness that needs a hospital", unit="probability", default=0.03, low=0.01, high=0.06,
        source=judgement("severe pneumonia, complicated malaria among much that heals"),
    )  # fmt: skip
    dies_emergency: float = parameter(
        "Chance to die of an untreated emergency", unit="probability", default=0.2, low=0.1, high=0.35,
        source=judgement("obstructed labour, bleeding, fits"),
    )  # fmt: skip
    saved: float = parameter(
        "Part of these deaths that care of full quality prevents", unit="share", default=0.8, low=0.6, high=0.95,
        source=judgement("hospital deaths are a fifth of those without care"),
    )  # fmt: skip
    memory: float = parameter(
        "Weight of the latest visit in what a household has found at a facility", unit="share", default=0.4, low=0.2, high=0.7,
        source=Source("a few visits make an opinion; as household.remember, which has 0.1-0.6", "derived"),
    )  # fmt: skip


@compiled
def days_lost_to(severity: int, quality: float, p: Parameters) -> float:
    """Days that somebody lies ill in a month.

    severity [code]: of the illness: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    quality [index]: of the care received, 0 for none
    p: the rule's parameters
    returns [days]: 0 or more
    """
    days = p.days_minor if severity < 2 else (p.days_disrupting if severity < 3 else p.days_hospital)
    return days * (1.0 - p.days_saved * quality)


@compiled
def chance_to_die(severity: int, quality: float, p: Parameters) -> float:
    """Chance to die of an illness in a month.

    severity [code]: of the illness: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    quality [index]: of the care received, 0 for none
    p: the rule's parameters
    returns [probability]: 0 for what needs no hospital
    """
    if severity < 3:
        return 0.0
    return (p.dies_hospital if severity < 4 else p.dies_emergency) * (1.0 - p.saved * quality)


@compiled
def is_served(u: float, served_share: float) -> bool:
    """Whether one of those who came finds a place.

    u [1]: the draw, 0 to 1
    served_share [share]: of those who came for whom there is a place
    returns [1]: True where the draw lies below the share
    """
    return u < served_share


@compiled
def effect_of(quality: float, severity: int, kind: int, q: SeekCare) -> float:
    """Quality of care for an illness: a primary facility can do only a part for one that needs a hospital.

    quality [index]: of the facility this month
    severity [code]: of the illness: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    kind [code]: 0 a dispensary, 1 a health centre, 2 a hospital
    q: parameters of household.seek_care
    returns [index]: no more than the facility's
    """
    if severity < 3 or kind > 1:
        return quality
    return quality * (q.primary_for_hospital_need if kind > 0 else q.dispensary_for_hospital_need)


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, q: SeekCare, uid: Column, place: Column, village: Column, n_workers: Column, ill: Column,
    care: Column, care_next: Column, insured: Column, hours_care: Column, quality_care: Column, standard_care: Column, fee_care: Column, fare: Column,
    ridden_care: Column, served_share: Column, care_given: Column, care_visits: Column, serious_visits: Column, turned_away: Column, sent_on: Column, untreated: Column,
    days_lost: Column, care_cost: Column, deaths_expected: Column, found_care: Column, seen_year: Column, seen_across: Column, new_patients: Column
) -> None:  # fmt: skip
    """Serve or turn away each illness for which care was sought. ``care_visits``, ``serious_visits`` and ``turned_away`` are (households, 5), ``untreated`` (households, 4).

    ``seen_year`` and ``seen_across`` have a bit for each member who had care this year, anywhere and across; ``new_patients`` (households, 2) are those of this month.
    """
    if month % 12 == 0:
        seen_year[start:stop] = 0
        seen_across[start:stop] = 0
    care_given[start:stop] = -1
    for counts in (care_visits, serious_visits, turned_away):
        counts[start:stop] = 0
    for counts in (untreated, new_patients, sent_on):
        counts[start:stop] = 0
    days_lost[start:stop] = 0.0
    care_cost[start:stop] = 0.0
    deaths_expected[start:stop] = 0.0
    for i in range(start, stop):
        left = ill_from(ill, i, 1)
        if left == 0:
            continue
        where, at = int(place[i]), int(village[i])
        days = cost = deaths = 0.0
        seen, across = int(seen_year[i]), int(seen_across[i])
        while left > 0:
            lowest = left & -left
            left -= lowest
            m = slot_of(lowest)
            s = int(ill[i, m])
            works, best, given = m < n_workers[i], 0.0, -1
            for step in range(2):
                k = int(care[i, m]) if step == 0 else int(care_next[i, m])
                if k < 0:
                    continue
                is_hospital = k == 2 or k == 4
                if step == 1:
                    sent_on[i, 0 if k == 2 else 1] += 1
                along = q.companions if is_hospital else 0.5 * q.companions
                days += 2.0 * hours_care[at, k] / 8.0 * ((1.0 if works else 0.0) + along)
                share = served_share[at, 4 * k + s - 1]
                met = 0.0
                if is_served(uniform(seed, RECEIVE_CARE, month, uid[i], 2 * m + step), share):
                    care_visits[i, k] += 1
                    if s > 2:
                        serious_visits[i, k] += 1
                    fee = 0.0 if k < 3 and insured[i] > 0 else fee_care[at, k]
                    cost += cost_of_visit(fee, fare[where] * ridden_care[at, k], hours_care[at, k], along)
                    if is_hospital and s > 2:
                        days += p.stay * along
                    given = k
                    best = max(best, effect_of(quality_care[at, k], s, k if k < 3 else k - 2, q))
                    met = min(quality_care[at, k] / max(standard_care[at, k], 1.0e-9), 1.0)
                    if k > 2:
                        new_patients[i, 1] += (across >> m) & 1 == 0
                        across |= 1 << m
                else:
                    turned_away[i, k] += 1
                    cost += cost_of_visit(0.0, fare[where] * ridden_care[at, k], hours_care[at, k], along)
                found_care[i, k] += p.memory * (met - found_care[i, k])
            if given >= 0:
                care_given[i, m] = given
                new_patients[i, 0] += (seen >> m) & 1 == 0
                seen |= 1 << m
            else:
                untreated[i, s - 1] += 1
            days += days_lost_to(s, best, p) * (1.0 if works else p.nursing)
            deaths += chance_to_die(s, best, p)
        seen_year[i] = seen
        seen_across[i] = across
        days_lost[i] = days
        care_cost[i] = cost
        deaths_expected[i] = deaths


rule(
    Rule(
        name="household.receive_care",
        question="Who gets one of the places a facility has, what does the visit cost in money and days, and what is learnt of the facility?",
        loop=loop,
        reads=("household.uid", "household.place", "household.village", "household.n_workers", "household.ill", "household.care", "household.care_next",
               "household.insured", "village.hours_care", "village.quality_care", "village.standard_care", "village.fee_care", "place.fare", "village.ridden_care",
               "village.served_share"),
        writes=("household.care_given", "household.care_visits", "household.serious_visits", "household.turned_away", "household.sent_on",
                "household.untreated", "household.days_lost", "household.care_cost", "household.deaths_expected", "household.found_care",
                "household.seen_year", "household.seen_across", "household.new_patients"),
        parameters=Parameters,
        other_parameters=SeekCare,
        streams=("household.receive_care",),
        decide=(is_served, days_lost_to, chance_to_die, effect_of, cost_of_visit),
        not_modelled="waiting lists, stays of different length, what a household borrows or sells to pay",
    )
)  # fmt: skip
