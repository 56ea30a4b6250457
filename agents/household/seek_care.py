"""Where do the sick go: nowhere, to a dispensary, a health centre or a hospital, at home or across? And on to which hospital where they are sent on?

A nested logit. Each illness is a choice of care or none, then of the tier (primary or hospital), then of the facility. A facility's value rises with
its quality (the more so, the worse the illness), falls with hours of travel and as its cost takes a larger share of what income leaves beside food; going
across costs papers, the strictness of the post and unfamiliarity, of which kin across take away a part; what kin tell of care adds value. The worse
the illness, the less staying at home is worth.

Quality is what the village knows: what a facility's budget allows, less for what its own people and the household itself have met there: no place,
no drugs. Who needs a hospital and goes to a dispensary or a health centre first also settles where to go from there: to the hospital of the side where
the illness is seen, which a letter makes easier, to that of the other side, or home.

Departs from the form in the literature where a cost could exceed income: the cost share is capped at 0.9 and a hospital
stay is compared with what a year leaves. A primary facility counts less for an illness that needs a hospital; a hospital has a
cost for a milder one (queues) besides the distance to it, of which an hour counts more. An emergency makes hours count more and papers less.

Not modelled: self-medication and healers told apart from no care, private doctors, patients who go to the other facilities of a tier.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.draws import stream, uniform
from agents.core.exact import exp, log, rounded_up
from agents.household.fields import MAX_ADULTS
from agents.household.members import MEMBERS, ill_from, slot_of
from agents.household.pay_care import cost_of_visit, is_insured, left_for_care
from agents.surroundings import PUBLIC

SEEK_CARE, SENT_ON, CARD = stream("household.seek_care"), stream("household.seek_care.sent_on"), stream("household.seek_care.card")
CROSS_BORDER_CARE = switch("cross_border_care", "People may seek care on the other side of the border")

_TRIAL = "trial on the region's data; no local estimate was found"


@parameters("household.seek_care")
class Parameters(NamedTuple):
    """What decides where the sick go."""

    weight_quality: float = parameter(
        "Weight of a facility's quality", unit="utility", default=3.2, low=1.5, high=5.0,
        source=Source(f"{_TRIAL}; a discrete-choice experiment in Ethiopia gives drugs and equipment 3.9, a doctor 2.1", "derived"),
    )  # fmt: skip
    weight_cost: float = parameter(
        "Weight of ln(1 - cost/income left beside food)", unit="utility", default=1.0, low=0.4, high=2.0,
        source=Source("form: Gertler, Locay and Sanderson 1987 (NBER w2299); size: trial", "opened"),
    )  # fmt: skip
    hour_primary: float = parameter(
        "Disutility of an hour's travel with an illness that needs no hospital", unit="utility/hour", default=0.7, low=0.42, high=1.2,
        source=Source("Müller et al. 1998, Papua New Guinea: use halves every 3.5 km on foot, 0.78 an hour at 4 km/h; 0.42 to 1.2 by the range of such studies", "opened"),
    )  # fmt: skip
    hour_hospital: float = parameter(
        "Disutility of an hour's travel with an illness that needs a hospital", unit="utility/hour", default=0.25, low=0.12, high=0.48,
        source=judgement("severity makes distance matter less"),
    )  # fmt: skip
    emergency_hours: float = parameter(
        "Hours of an emergency relative to those of other illness that needs a hospital", unit="1", default=1.5, low=1.0, high=3.0,
        source=judgement("who bleeds is carried to what is near"),
    )  # fmt: skip
    foreign_penalty: float = parameter(
        "Penalty of going across", unit="utility", default=1.0, low=0.5, high=2.0,
        source=judgement("middle of the range; identified by patients counted across and foreign fees, if at all"),
    )  # fmt: skip
    kin_relief: float = parameter(
        "Part of the penalty that close kin across take away", unit="share", default=0.5, low=0.2, high=0.8,
        source=judgement("kin lodge, fetch and translate; size unknown"),
    )  # fmt: skip
    papers: float = parameter(
        "Fixed disutility of papers and asking leave", unit="utility", default=0.2, low=0.0, high=0.6,
        source=judgement("trial value"),
    )  # fmt: skip
    emergency_papers: float = parameter(
        "Papers and the post's strictness in an emergency, relative to other illness", unit="share", default=0.4, low=0.0, high=1.0,
        source=Source("emergency patients were let in without papers at Tawau in 2010 and 2018 (HEALTH34); size: judgement", "derived"),
    )  # fmt: skip
    post_strictness: float = parameter(
        "Disutility of a post of full strictness", unit="utility", default=0.5, low=0.1, high=1.5,
        source=judgement("trial value"),
    )  # fmt: skip
    kin_word: float = parameter(
        "Weight of what kin tell about care across", unit="utility", default=0.6, low=0.0, high=1.5,
        source=Source("users pass a practice on more often than others who know of it (Banerjee et al., Indian villages); size: judgement", "opened"),
    )  # fmt: skip
    own_word: float = parameter(
        "Part of what is known of a facility that the household has met itself, the rest being what its village has", unit="share", default=0.4, low=0.1, high=0.8,
        source=judgement("a household falls ill a few times a year, a village every week"),
    )  # fmt: skip
    value_no_care: float = parameter(
        "Value of no public care (with treating oneself and private nurses) for a minor illness", unit="utility", default=0.6, low=-0.5, high=1.5,
        source=Source("of those with a complaint 40-65 % seek modern care in surveys, half to three quarters of them public care (recalled): 43 % half an hour from a centre of middling quality", "derived"),
    )  # fmt: skip
    need: float = parameter(
        "Loss by seeking no care for each unit of severity above a minor illness", unit="utility", default=0.6, low=0.2, high=1.5,
        source=judgement("pain and fear; staying at home with an illness that needs a hospital is worth as much as four or five hours on the way"),
    )  # fmt: skip
    schooling_effect: float = parameter(
        "Value of care for a year more of schooling", unit="utility", default=0.05, low=0.0, high=0.12,
        source=Source("sign: paper lines 1524-1532 and the Andersen model; size: judgement", "derived"),
    )  # fmt: skip
    primary_for_hospital_need: float = parameter(
        "Value of a health centre for an illness that needs a hospital", unit="share", default=0.45, low=0.2, high=0.7,
        source=judgement("first aid and referral only"),
    )  # fmt: skip
    dispensary_for_hospital_need: float = parameter(
        "Value of a dispensary for an illness that needs a hospital", unit="share", default=0.3, low=0.1, high=0.5,
        source=judgement("a nurse or midwife who sends on"),
    )  # fmt: skip
    hospital_burden: float = parameter(
        "Burden of a hospital for an illness that does not need one", unit="utility", default=1.6, low=0.6, high=3.0,
        source=judgement("queues and referral"),
    )  # fmt: skip
    nest_scale: float = parameter(
        "Scale of the choice of facility within a tier", unit="1", default=0.45, low=0.3, high=1.0,
        source=Source("dissimilarity of a nested logit lies in (0, 1]; trial value", "derived"),
    )  # fmt: skip
    severity_disrupting: float = parameter(
        "Weight of an illness that disrupts work, a minor one being 1", unit="1", default=1.5, low=1.1, high=2.0,
        source=judgement("between minor and hospital"),
    )  # fmt: skip
    severity_hospital: float = parameter(
        "Weight of an illness that needs a hospital, a minor one being 1", unit="1", default=2.0, low=1.5, high=3.5,
        source=judgement("of those who need a hospital nine of ten reach a good one an hour away, about half one at eight hours on the other side"),
    )  # fmt: skip
    severity_emergency: float = parameter(
        "Weight of an emergency, a minor illness being 1", unit="1", default=2.8, low=2.0, high=4.5,
        source=judgement("life is at risk within days"),
    )  # fmt: skip
    letter: float = parameter(
        "Value of a letter to the hospital of the side where one is seen", unit="utility", default=0.5, low=0.0, high=1.0,
        source=Source("patients sent from Entikong to Sanggau choose Kuching (HEALTH40): a letter counts, and not for much; size: judgement", "derived"),
    )  # fmt: skip
    companions: float = parameter(
        "People who go along to a hospital; half as many to primary care", unit="person", default=1.0, low=0.5, high=2.0,
        source=judgement("somebody cooks and watches in the ward; a mother goes with a child"),
    )  # fmt: skip
    food: float = parameter(
        "Part of the poverty line that goes for food before anything can be paid for care", unit="share", default=0.7, low=0.5, high=0.85,
        source=Source("food is about three quarters of the rural poverty lines of Indonesia (recalled); some of it is grown, not bought", "recalled"),
    )  # fmt: skip
    least_left: float = parameter(
        "Part of the income of the poorest that is left beside food", unit="share", default=0.2, low=0.1, high=0.35,
        source=Source("the poorest rural households spend 65-80 % on food (recalled)", "recalled"),
    )  # fmt: skip
    card_share: float = parameter(
        "Share of households below the poverty line that have the card of the poor from 2005 on", unit="share", default=0.5, low=0.2, high=0.8,
        source=Source("Askeskin 2005, Jamkesmas 2008: cards were for about a third of the people and missed many of the poor (recalled)", "recalled"),
    )  # fmt: skip


@inlined
def weight_of(severity: int, p: Parameters) -> float:
    """Weight of an illness.

    severity [code]: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    p: the rule's parameters
    returns [1]: 1 for a minor one
    """
    return (
        1.0
        if severity < 2
        else (p.severity_disrupting if severity < 3 else (p.severity_hospital if severity < 4 else p.severity_emergency))
    )


@inlined
def value_of_none(severity: int, schooling: float, p: Parameters) -> float:
    """Value of seeking no care.

    severity [code]: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    schooling [year]: of the household
    p: the rule's parameters
    returns [utility]: compared with that of the facilities
    """
    return p.value_no_care - p.need * (weight_of(severity, p) - 1.0) - p.schooling_effect * (schooling - 6.0)


@inlined
def value_of_facility(
    quality: float, severity: int, hours: float, cost_share: float, kind: int, is_across: bool, kin: float, heard: float, strictness: float,
    p: Parameters
) -> float:  # fmt: skip
    """Value of one facility for one illness.

    quality [index]: of the facility, as far as it is known
    severity [code]: of the illness: 1 minor, 2 disrupting, 3 needs a hospital, 4 emergency
    hours [hour]: to the facility, one way
    cost_share [share]: fee and fares, part of the income they are paid from; counts as 0.9 at most
    kind [code]: 0 a dispensary, 1 a health centre, 2 a hospital
    is_across [1]: whether it lies on the other side
    kin [index]: support of kin across
    heard [share]: what kin tell of care across
    strictness [index]: of the post on the way there
    p: the rule's parameters
    returns [utility]: compared with that of the other facilities and of no care
    """
    weight = weight_of(severity, p)
    is_serious = severity > 2
    worth, burden, per_hour = quality, 0.0, p.hour_primary
    if is_serious:
        per_hour = p.hour_hospital * (p.emergency_hours if severity > 3 else 1.0)
        if kind < 2:
            worth = quality * (p.primary_for_hospital_need if kind > 0 else p.dispensary_for_hospital_need)
    elif kind > 1:
        burden = p.hospital_burden / weight
    value = 0.6 * p.weight_quality * worth * weight - burden + p.weight_cost * log(1.0 - min(cost_share, 0.9)) - per_hour * hours
    if is_across:
        gate = p.papers + p.post_strictness * strictness
        value -= p.foreign_penalty * (1.0 - p.kin_relief * kin) + gate * (p.emergency_papers if severity > 3 else 1.0)
        value += p.kin_word * heard
    return value


@inlined
def choose_care(
    u: float, value_none: float, dispensary_home: float, centre_home: float, hospital_home: float, primary_across: float, hospital_across: float,
    nest_scale: float
) -> int:  # fmt: skip
    """Option of a nested logit: -1 none, at home 0 dispensary, 1 health centre, 2 hospital, across 3 primary facility, 4 hospital.

    A value of -1e9 or less marks an option that is not there.

    u [1]: the draw, 0 to 1
    value_none [utility]: of seeking no care
    dispensary_home [utility]: of the dispensary or sub-centre at home
    centre_home [utility]: of the health centre at home
    hospital_home [utility]: of the hospital at home
    primary_across [utility]: of the primary facility across
    hospital_across [utility]: of the hospital across
    nest_scale [1]: scale of the choice of facility within a tier, above 0 to 1
    returns [code]: -1 to 4
    """
    missing = -1.0e9
    best = max(max(value_none, dispensary_home), max(max(centre_home, hospital_home), max(primary_across, hospital_across)))
    e_d = exp((dispensary_home - best) / nest_scale) if dispensary_home > missing else 0.0
    e_c = exp((centre_home - best) / nest_scale) if centre_home > missing else 0.0
    e_pa = exp((primary_across - best) / nest_scale) if primary_across > missing else 0.0
    e_hh = exp((hospital_home - best) / nest_scale) if hospital_home > missing else 0.0
    e_ha = exp((hospital_across - best) / nest_scale) if hospital_across > missing else 0.0
    primary, hospital = e_d + e_c + e_pa, e_hh + e_ha
    w_none = exp(value_none - best)
    w_primary = exp(nest_scale * log(primary)) if primary > 0.0 else 0.0
    w_hospital = exp(nest_scale * log(hospital)) if hospital > 0.0 else 0.0
    at = u * (w_none + w_primary + w_hospital)
    if at < w_none:
        return -1
    at -= w_none
    if hospital <= 0.0 or at < w_primary:
        within = min(at, w_primary) * primary
        if within < w_primary * e_d:
            return 0
        if within < w_primary * (e_d + e_c):
            return 1
        # what rounding leaves over goes to the last option that is there
        return 3 if e_pa > 0.0 else (1 if e_c > 0.0 else (0 if e_d > 0.0 else -1))
    at -= w_primary
    if at * hospital < w_hospital * e_hh:
        return 2
    return 4 if e_ha > 0.0 else 2


@compiled
def choose_next(u: float, value_none: float, same_side: float, other_side: float, letter: float) -> int:
    """Where who is sent on goes: -1 home, 0 to the hospital of the side where the illness was seen, 1 to that of the other side.

    A value of -1e9 or less marks a hospital that is not there.

    u [1]: the draw, 0 to 1
    value_none [utility]: of seeking no care
    same_side [utility]: of the hospital of the side where the illness was seen, without a letter
    other_side [utility]: of the hospital of the other side
    letter [utility]: what a letter to the former adds
    returns [code]: -1 to 1
    """
    missing = -1.0e9
    with_letter = same_side + letter if same_side > missing else missing
    best = max(value_none, max(with_letter, other_side))
    e_none = exp(value_none - best)
    e_same = exp(with_letter - best) if same_side > missing else 0.0
    e_other = exp(other_side - best) if other_side > missing else 0.0
    at = u * (e_none + e_same + e_other)
    if at < e_none:
        return -1
    if at < e_none + e_same:
        return 0
    return 1 if e_other > 0.0 else (0 if e_same > 0.0 else -1)


#: So many illnesses, with those of one household more, are looked at together.
TOGETHER = 64


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, village: Column, side: Column, weight: Column,
    n_adults: Column, n_workers: Column, n_children: Column, activity: Column, schooling: Column, income_mean: Column, support_across: Column,
    heard_across: Column, found_care: Column, ill: Column, subsistence: Column, fare: Column, facility_care: Column, hours_care: Column,
    ridden_care: Column, known_care: Column, fee_care: Column, friction_care: Column, care: Column, care_next: Column, insured: Column, care_sought: Column,
    care_demand: Column
) -> None:  # fmt: skip
    """Choose for every illness; count by option and add the village's demand. ``care`` and ``care_next`` are (households, members).

    ``care_sought`` is (households, 5), those sent on counted again at their hospital; ``care_demand`` is (villages, 20): five options by four severities.

    Illnesses are noted until there are enough; then each pass does one thing for all of them, which a processor does for several at a time. It is one long
    loop because functions of the user's own are put into it by name.
    """
    room = rounded_up(TOGETHER + MEMBERS) + rounded_up(1)
    who, slot, severity, chosen = np.zeros(room, np.int64), np.empty(room, np.int64), np.ones(room, np.int64), np.empty(room, np.int64)
    draws, none, kin, heard, income = np.ones(room), np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    known, hours, cost, friction = np.zeros((5, room)), np.zeros((5, room)), np.zeros((5, room)), np.zeros((5, room))
    is_there, values = np.zeros((5, room), np.bool_), np.empty((5, room))
    care[start:stop] = -1
    care_next[start:stop] = -1
    care_sought[start:stop] = 0
    insured[start:stop] = 0
    n = 0  # illnesses noted
    for i in range(start, stop):
        left = ill_from(ill, i, 1)
        if left > 0:
            where, at = int(place[i]), int(village[i])
            is_poor = income_mean[i] < subsistence[where] * (int(n_adults[i]) + int(n_children[i]))
            n_public = 0
            for a in range(MAX_ADULTS):
                n_public += (activity[i, a] == PUBLIC) & (a < n_workers[i])
            insured[i] = is_insured(n_public, int(side[i]), month, is_poor, uniform(seed, CARD, 0, uid[i], 0), p.card_share)
            people = float(int(n_adults[i]) + int(n_children[i]))
            can_pay = max(left_for_care(float(income_mean[i]), float(subsistence[where]), people, p.food, p.least_left), 1.0)
            while left > 0:
                lowest = left & -left
                left -= lowest
                m = slot_of(lowest)
                who[n], slot[n], severity[n], draws[n] = i, m, ill[i, m], uniform(seed, SEEK_CARE, month, uid[i], m)
                income[n], none[n] = can_pay, value_of_none(int(ill[i, m]), float(schooling[i]), p)
                kin[n], heard[n] = support_across[i], float(heard_across[i])
                for k in range(5):
                    is_hospital, is_free = k == 2 or k == 4, k < 3 and insured[i] > 0
                    along, fee = p.companions if is_hospital else 0.5 * p.companions, 0.0 if is_free else fee_care[at, k]
                    paid = cost_of_visit(fee, fare[where] * ridden_care[at, k], hours_care[at, k], along)
                    is_there[k, n], hours[k, n], friction[k, n] = facility_care[at, k] >= 0, hours_care[at, k], friction_care[at, k]
                    known[k, n] = known_care[at, k] * (1.0 - p.own_word + p.own_word * float(found_care[i, k]))
                    cost[k, n] = paid / (12.0 if is_hospital else 1.0)
                n += 1
        if n == 0 or (n < TOGETHER and i + 1 < stop):
            continue
        m = rounded_up(n)
        for k in range(5):
            kind, is_across = min(k, 2) if k < 3 else k - 2, k > 2
            for c in range(m):
                value = value_of_facility(known[k, c], severity[c], hours[k, c], min(cost[k, c] / income[c], 0.9), kind, is_across, kin[c], heard[c],
                                          friction[k, c], p)  # fmt: skip
                values[k, c] = value if is_there[k, c] else -1.0e9
        for c in range(m):
            chosen[c] = choose_care(draws[c], none[c], values[0, c], values[1, c], values[2, c], values[3, c], values[4, c], p.nest_scale)
        for c in range(n):
            h, k = who[c], chosen[c]
            if k < 0:
                continue
            at, s = int(village[h]), severity[c]
            care[h, slot[c]] = k
            care_sought[h, k] += 1
            care_demand[at, 4 * k + s - 1] += weight[h]
            if s > 2 and k != 2 and k != 4:
                near, far = (4, 2) if k == 3 else (2, 4)
                to = choose_next(uniform(seed, SENT_ON, month, uid[h], slot[c]), none[c], values[near, c], values[far, c], p.letter)
                if to >= 0:
                    k = near if to == 0 else far
                    care_next[h, slot[c]] = k
                    care_sought[h, k] += 1
                    care_demand[at, 4 * k + s - 1] += weight[h]
        n = 0


rule(
    Rule(
        name="household.seek_care",
        question="Where do the sick go: nowhere, to primary care or to a hospital, at home or across? And where are they sent on to?",
        loop=loop,
        reads=("household.uid", "household.place", "household.village", "household.side", "household.weight", "household.n_adults",
               "household.n_workers", "household.n_children", "household.activity", "household.schooling", "household.income_mean",
               "household.support_across", "household.heard_across", "household.found_care", "household.ill", "place.subsistence", "place.fare",
               "village.facility_care", "village.hours_care", "village.ridden_care", "village.known_care", "village.fee_care", "village.friction_care"),
        writes=("household.care", "household.care_next", "household.insured", "household.care_sought", "village.care_demand"),
        parameters=Parameters,
        streams=("household.seek_care", "household.seek_care.sent_on", "household.seek_care.card"),
        switch=CROSS_BORDER_CARE,
        decide=(value_of_facility, choose_care, choose_next, value_of_none, is_insured, cost_of_visit, left_for_care),
        not_modelled="self-medication and healers told apart from no care, private doctors, patients who go to the other facilities of a tier",
    )
)  # fmt: skip
