"""Who falls ill this month, and how badly? Who of the month before is ill still?

Each member may have one illness at a time: minor, disrupting work, one that needs a hospital, or an emergency. Small children and old people fall ill
more often, and all do in the wet months, where water and housing are bad, and in poor households. Adults at work may be hurt, most of all in timber.
A child in its first year stands for a birth: in one month of the year its mother and it need a midwife, or more.

An illness that disrupts work or is worse may last into the next month, more often without care and among the old, whose illnesses are chronic more
often. An emergency that lasts is one that needs a hospital.

Not modelled: epidemics, immunity, who of the household infects whom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.draws import stem, stream, uniform, uniform_of
from agents.core.exact import rounded_up
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN
from agents.household.members import MEMBERS, ill_from, slot_of
from agents.surroundings import TIMBER

FALL_ILL, LASTS, DELIVERY = stream("household.fall_ill"), stream("household.fall_ill.lasts"), stream("household.fall_ill.delivery")

#: Years of age below which a child is a small one, and from which an adult is old.
SMALL, OLD = 5, 60
_PRIOR = "behaviour.md: complaint 0.12-0.18, disrupting 2-4 %, needing a hospital 0.2-0.4 % of people a month"


@parameters("household.fall_ill")
class Parameters(NamedTuple):
    """How often people fall ill, and how long they stay so."""

    p_minor: float = parameter(
        "Minor illness of a person of 5 to 59 in a dry month", unit="episodes/person-month", default=0.08, low=0.055, high=0.12,
        source=Source("surveys ask for complaints of a month: 12-18 % of all people, small children and the old about twice as often (recalled)", "recalled"),
    )  # fmt: skip
    p_disrupting: float = parameter(
        "Illness that disrupts work, of a person of 5 to 59 in a dry month", unit="episodes/person-month", default=0.014, low=0.008, high=0.022,
        source=Source("surveys: 2-4 % of all people a month, with injuries, births and what lasts (recalled)", "recalled"),
    )  # fmt: skip
    p_hospital: float = parameter(
        "Illness that needs a hospital, of a person of 5 to 59 in a dry month", unit="episodes/person-month", default=0.0008, low=0.0005, high=0.0014,
        source=judgement("0.2-0.4 % of all people a month, with births and what lasts: 3 to 5 of 100 in a year, as many as are admitted where hospitals are near"),
    )  # fmt: skip
    p_emergency: float = parameter(
        "Emergency, of a person of 5 to 59 in a dry month", unit="episodes/person-month", default=0.0002, low=0.0001, high=0.0004,
        source=judgement("about a fifth of what needs a hospital: high fever with fits, snake bites, bleeding"),
    )  # fmt: skip
    small: float = parameter(
        "Illness of a child below 5, relative to people of 5 to 59", unit="1", default=2.0, low=1.4, high=2.8,
        source=judgement("coughs, diarrhoea and fever: surveys give about twice as many complaints"),
    )  # fmt: skip
    old: float = parameter(
        "Illness of people of 60 and over, relative to people of 5 to 59", unit="1", default=1.8, low=1.3, high=2.6,
        source=judgement("surveys give about twice as many complaints"),
    )  # fmt: skip
    old_serious: float = parameter(
        "The same for illness that needs a hospital and emergencies", unit="1", default=3.0, low=1.8, high=4.5,
        source=judgement("heart, lungs, strokes, falls"),
    )  # fmt: skip
    wet: float = parameter(
        "More illness in the wet months, October to January, than in the others", unit="share", default=0.25, low=0.1, high=0.5,
        source=judgement("malaria, coughs and diarrhoea after floods; the months of most rain are recalled"),
    )  # fmt: skip
    water: float = parameter(
        "More illness where water and housing are as bad as can be than where they are good", unit="share", default=0.4, low=0.1, high=0.8,
        source=judgement("wells and pipes take away a quarter or so of diarrhoea"),
    )  # fmt: skip
    poor: float = parameter(
        "More illness of households below the poverty line", unit="share", default=0.2, low=0.0, high=0.5,
        source=judgement("food, crowding; surveys show less than there is, as the poor complain less"),
    )  # fmt: skip
    injury: float = parameter(
        "Injuries of an adult at work", unit="episodes/person-month", default=0.002, low=0.001, high=0.004,
        source=judgement("2-3 of 100 in a year with more than three days lost"),
    )  # fmt: skip
    injury_timber: float = parameter(
        "The same in timber, relative to other work", unit="1", default=4.0, low=2.0, high=8.0,
        source=judgement("felling and river work are the most dangerous of trades"),
    )  # fmt: skip
    injury_emergency: float = parameter(
        "Part of injuries that are emergencies", unit="share", default=0.12, low=0.05, high=0.2,
        source=judgement("broken bones of leg or skull, deep cuts"),
    )  # fmt: skip
    birth_hospital: float = parameter(
        "Part of births that need a hospital", unit="share", default=0.1, low=0.05, high=0.15,
        source=Source("about 15 of 100 births have complications (World Health Organization, recalled), a third of them at once", "recalled"),
    )  # fmt: skip
    birth_emergency: float = parameter(
        "Part of births that become emergencies", unit="share", default=0.04, low=0.02, high=0.07,
        source=Source("as above", "recalled"),
    )  # fmt: skip
    lasts: float = parameter(
        "Chance that an untreated illness that disrupts work lasts into the next month", unit="probability", default=0.25, low=0.1, high=0.4,
        source=judgement("malaria, coughs and sores go on for weeks"),
    )  # fmt: skip
    lasts_hospital: float = parameter(
        "The same for one that needs a hospital", unit="probability", default=0.45, low=0.3, high=0.6,
        source=judgement("tuberculosis, stones, breaks that heal badly; the others heal or die"),
    )  # fmt: skip
    lasts_treated: float = parameter(
        "Chance to last with care, relative to that without", unit="1", default=0.35, low=0.2, high=0.6,
        source=judgement("care shortens, it does not abolish"),
    )  # fmt: skip
    lasts_old: float = parameter(
        "Chance to last among people of 60 and over, relative to younger ones", unit="1", default=1.5, low=1.0, high=2.0,
        source=judgement("chronic illness"),
    )  # fmt: skip


@inlined
def is_wet(month: int) -> bool:
    """Whether a month is one of the wet ones.

    month [1]: since January 1980, below 0 before it
    returns [1]: True from October to January
    """
    of_year = month % 12
    return of_year < 1 or of_year > 8


@inlined
def risk(wet: bool, water: float, is_poor: bool, p: Parameters) -> float:
    """How often the people of a household fall ill, relative to those who are not poor and have good water, in a dry month.

    wet [1]: whether the month is a wet one
    water [index]: condition of water, power and housing of the district, 0 to 1
    is_poor [1]: whether the household's usual income is below the poverty line
    p: the rule's parameters
    returns [1]: 1 or more
    """
    return (1.0 + p.wet if wet else 1.0) * (1.0 + p.water * (1.0 - water)) * (1.0 + p.poor if is_poor else 1.0)


@inlined
def of_age(age: int, small: float, old: float) -> float:
    """How often a person falls ill, relative to people of 5 to 59.

    age [year]: completed years
    small [1]: the answer below 5
    old [1]: the answer from 60 on
    returns [1]: more than 0
    """
    return small if age < SMALL else (old if age >= OLD else 1.0)


@inlined
def severity(u: float, p_minor: float, p_disrupting: float, p_hospital: float, p_emergency: float) -> int:
    """Severity of one person's month: 0 well, 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency.

    Low draws give the worst illness, so that a higher rate of one severity makes nobody well.

    u [1]: the draw, 0 to 1
    p_minor [episodes/person-month]: rate of minor illness
    p_disrupting [episodes/person-month]: rate of illness that disrupts work
    p_hospital [episodes/person-month]: rate of illness that needs a hospital
    p_emergency [episodes/person-month]: rate of emergencies
    returns [code]: 0 to 4
    """
    if u < p_emergency:
        return 4
    if u < p_emergency + p_hospital:
        return 3
    if u < p_emergency + p_hospital + p_disrupting:
        return 2
    if u < p_emergency + p_hospital + p_disrupting + p_minor:
        return 1
    return 0


@compiled
def chance_to_last(ill: int, is_treated: bool, is_old: bool, p: Parameters) -> float:
    """Chance that an illness of the month before goes on this month.

    ill [code]: severity in the month before: 0 to 4
    is_treated [1]: whether care was received
    is_old [1]: whether the person is 60 or more
    p: the rule's parameters
    returns [probability]: 0 for a minor illness
    """
    if ill < 2:
        return 0.0
    chance = p.lasts if ill == 2 else p.lasts_hospital
    if is_treated:
        chance *= p.lasts_treated
    return min(chance * p.lasts_old, 1.0) if is_old else chance


@compiled
def birth_of(u: float, month: int, p: Parameters) -> int:
    """Severity of a birth in this month, 0 where it is not in this month.

    u [1]: the draw of the child for its year, 0 to 1: the month, and what is left of it how hard the birth is
    month [1]: since January 1980
    p: the rule's parameters
    returns [code]: 0 none, 2 a birth as usual, 3 one that needs a hospital, 4 an emergency
    """
    at = 12.0 * u - month % 12
    if at < 0.0 or at >= 1.0:
        return 0
    if at < p.birth_emergency:
        return 4
    return 3 if at < p.birth_emergency + p.birth_hospital else 2


@compiled
def bounds(p: Parameters) -> tuple[float, float, float, float]:
    """Chance to fall ill that no member's exceeds: below 5, from 5 to 59, from 60 on, each relative to that of its household; and that of injuries.

    p: the rule's parameters
    returns [probability]: a little more than the sum of the rates, as sums are rounded
    """
    common, rare = max(p.p_minor, 0.0) + max(p.p_disrupting, 0.0), max(p.p_hospital, 0.0) + max(p.p_emergency, 0.0)
    small, others, old = p.small * (common + rare), common + rare, p.old * common + p.old_serious * rare
    return 1.001 * small, 1.001 * others, 1.001 * old, 1.001 * max(p.injury, 0.0) * max(p.injury_timber, 1.0)


@inlined
def to_look_at(ill: Column, child_age: Column, i: int, adults: int, children: int) -> int:
    """The members of whom more is to be known than this month's draw, one bit for each slot: those whose illness may last, and children in their first year.

    ill [code]: severity in the month before, by household and slot
    child_age [year]: by household and child
    i [row]: of the household
    adults [person]: that it has
    children [person]: that it has
    returns [1]: 0 for none
    """
    bits = ill_from(ill, i, 2)
    for m in range(MAX_CHILDREN):
        bits |= int(child_age[i, m] == 0) << (MAX_ADULTS + m)
    return bits & (((1 << adults) - 1) | (((1 << children) - 1) << MAX_ADULTS))


#: So many households are looked at together.
TOGETHER = 64


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, n_adults: Column, n_workers: Column,
    n_children: Column, adult_age: Column, child_age: Column, activity: Column, income_mean: Column, care_given: Column, subsistence: Column,
    other: Column, district: Column, ill: Column, episodes: Column
) -> None:  # fmt: skip
    """Draw the month's illness of every member. ``ill`` is (households, members), by slot: adults first, then children; ``episodes`` (households, 4).

    In January members move to other slots, so an illness may go over to another of the household.

    Most members are well. Some households are taken at a time: first a processor tells for several of them at once whose draw lies below a bound that no
    rates exceed; who may be ill by that, newborns and who was ill are then looked at one by one.
    """
    wet, looks_at_all = is_wet(month), rounded_up(1) == 1
    of_small, of_others, of_old, most_hurt = bounds(p)
    most = max(max(of_small, of_others), of_old)
    draws, times, keys, may_be = np.empty(TOGETHER), np.empty(TOGETHER), np.zeros(TOGETHER, np.uint64), np.zeros(TOGETHER, np.int64)
    adults, members = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    room = TOGETHER * MEMBERS
    who, slot, before, years, drawn = (
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room),
    )
    bound = np.empty(TOGETHER)
    for first in range(start, stop, TOGETHER):
        some = min(TOGETHER, stop - first)
        for j in range(some):
            keys[j] = stem(seed, FALL_ILL, month, uid[first + j])
        for j in range(some):
            i = first + j
            where, adults[j], members[j] = int(place[i]), n_adults[i], MAX_ADULTS + n_children[i]
            is_poor = income_mean[i] < subsistence[where] * (int(n_adults[i]) + int(n_children[i]))
            times[j] = risk(wet, float(other[int(district[where])]), is_poor, p)
            bound[j] = 2.0 if looks_at_all else times[j] * most + most_hurt
            may_be[j] = 0
        for m in range(MEMBERS):
            for j in range(some):
                draws[j] = uniform_of(keys[j], m)
            if m < MAX_ADULTS:
                for j in range(some):
                    may_be[j] |= int((draws[j] < bound[j]) & (m < adults[j])) << m
            else:
                for j in range(some):
                    may_be[j] |= int((draws[j] < bound[j]) & (m < members[j])) << m
        n = 0
        for j in range(some):
            i = first + j
            left = may_be[j] | to_look_at(ill, child_age, i, adults[j], members[j] - MAX_ADULTS)
            while left > 0:
                lowest = left & -left
                m = slot_of(lowest)
                who[n], slot[n], before[n], drawn[n] = j, m, ill[i, m], uniform_of(keys[j], m)
                age = int(adult_age[i, m]) if m < MAX_ADULTS else int(child_age[i, m - MAX_ADULTS])
                years[n] = age
                of_its_age = of_small if age < SMALL else (of_old if age >= OLD else of_others)
                n += looks_at_all | (drawn[n] < times[j] * of_its_age + most_hurt) | (before[n] > 1) | (age == 0)
                left -= lowest
        ill[first : first + some] = 0
        episodes[first : first + some] = 0
        for c in range(n):
            j, m, was = int(who[c]), int(slot[c]), int(before[c])
            i, age, is_child = first + j, int(years[c]), m >= MAX_ADULTS
            mild, serious = times[j] * of_age(age, p.small, p.old), times[j] * of_age(age, p.small, p.old_serious)
            p_disrupting, p_emergency = p.p_disrupting * mild, p.p_emergency * serious
            if m < n_workers[i]:
                hurt = p.injury * (p.injury_timber if activity[i, m] == TIMBER else 1.0)
                p_disrupting += hurt * (1.0 - p.injury_emergency)
                p_emergency += hurt * p.injury_emergency
            s = severity(drawn[c], p.p_minor * mild, p_disrupting, p.p_hospital * serious, p_emergency)
            if was > 1 and s < was:
                chance = chance_to_last(was, care_given[i, m] >= 0, age >= OLD, p)
                if uniform(seed, LASTS, month, uid[i], m) < chance:
                    s = max(s, min(was, 3))
            if is_child and age == 0:
                s = max(s, birth_of(uniform(seed, DELIVERY, month // 12, uid[i], m), month, p))
            ill[i, m] = s
            if 0 < s < 5:
                episodes[i, s - 1] += 1


rule(
    Rule(
        name="household.fall_ill",
        question="Who falls ill this month, and how badly? Who is ill still?",
        loop=loop,
        reads=("household.uid", "household.place", "household.n_adults", "household.n_workers", "household.n_children", "household.adult_age",
               "household.child_age", "household.activity", "household.income_mean", "household.care_given", "place.subsistence",
               "district.other", "place.district"),
        writes=("household.ill", "household.episodes"),
        parameters=Parameters,
        streams=("household.fall_ill", "household.fall_ill.lasts", "household.fall_ill.delivery"),
        decide=(severity, chance_to_last, birth_of, risk, of_age, is_wet),
        not_modelled="epidemics, immunity, who of the household infects whom",
    )
)  # fmt: skip
