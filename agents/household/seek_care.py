"""Where do the sick go: nowhere, to a primary clinic or to a hospital, at home or across?

A nested logit. Each episode is a choice of care or none, then of the tier, then of the side. A facility's value rises with its
quality (the more so, the worse the illness), falls with hours of travel and as its cost takes a larger share of income; going
across costs papers, the strictness of the post and unfamiliarity, of which kin across take away a part; what kin tell of care adds value.

Departs from the form in the literature where a cost could exceed income: the cost share is capped at 0.9 and a hospital
stay is compared with a year's income. A primary clinic counts less for an illness that needs a hospital; a hospital has a
cost for a minor one (queues, referral) besides the distance to it.

Not modelled: companions, insurance, self-medication told apart from no care, referral letters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.draws import stream, uniform
from agents.core.exact import exp, log, rounded_up

SEEK_CARE = stream("household.seek_care")
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
        "Weight of ln(1 - cost/income)", unit="utility", default=1.0, low=0.4, high=2.0,
        source=Source("form: Gertler, Locay and Sanderson 1987 (NBER w2299); size: trial", "opened"),
    )  # fmt: skip
    hour_primary: float = parameter(
        "Disutility of an hour's travel to a primary clinic", unit="utility/hour", default=0.35, low=0.3, high=1.2,
        source=Source("Müller et al. 1998, Papua New Guinea: use halves every 3.5 km on foot; lower part of the range fits E02", "opened"),
    )  # fmt: skip
    hour_hospital: float = parameter(
        "Disutility of an hour's travel to a hospital", unit="utility/hour", default=0.2, low=0.12, high=0.48,
        source=judgement("severity makes distance matter less"),
    )  # fmt: skip
    foreign_penalty: float = parameter(
        "Penalty of going across", unit="utility", default=0.7, low=0.5, high=2.0,
        source=judgement("identified by patients counted across and foreign fees, if at all"),
    )  # fmt: skip
    kin_relief: float = parameter(
        "Part of the penalty that close kin across take away", unit="share", default=0.5, low=0.2, high=0.8,
        source=judgement("kin lodge, fetch and translate; size unknown"),
    )  # fmt: skip
    papers: float = parameter(
        "Fixed disutility of papers and asking leave", unit="utility", default=0.2, low=0.0, high=0.6,
        source=judgement("trial value"),
    )  # fmt: skip
    post_strictness: float = parameter(
        "Disutility of a post of full strictness", unit="utility", default=0.5, low=0.1, high=1.5,
        source=judgement("trial value"),
    )  # fmt: skip
    kin_word: float = parameter(
        "Weight of what kin tell about care across", unit="utility", default=0.6, low=0.0, high=1.5,
        source=Source("users pass a practice on more often than others who know of it (Banerjee et al., Indian villages); size: judgement", "opened"),
    )  # fmt: skip
    value_no_care: float = parameter(
        "Value of seeking no care", unit="utility", default=-1.0, low=-1.5, high=0.3,
        source=Source(_TRIAL, "derived"),
    )  # fmt: skip
    schooling_effect: float = parameter(
        "Value of care for a year more of schooling", unit="utility", default=0.05, low=0.0, high=0.12,
        source=Source("sign: paper lines 1524-1532 and the Andersen model; size: judgement", "derived"),
    )  # fmt: skip
    primary_for_hospital_need: float = parameter(
        "Value of a primary clinic for an illness that needs a hospital", unit="share", default=0.45, low=0.2, high=0.7,
        source=judgement("first aid and referral only"),
    )  # fmt: skip
    hospital_burden: float = parameter(
        "Burden of a hospital for an illness that does not need one", unit="utility", default=1.6, low=0.6, high=3.0,
        source=judgement("queues and referral"),
    )  # fmt: skip
    nest_scale: float = parameter(
        "Scale of the choice of side within a tier", unit="1", default=0.45, low=0.3, high=1.0,
        source=Source("dissimilarity of a nested logit lies in (0, 1]; trial value", "derived"),
    )  # fmt: skip
    severity_disrupting: float = parameter(
        "Weight of an illness that disrupts work, a minor one being 1", unit="1", default=1.5, low=1.1, high=2.0,
        source=judgement("between minor and hospital"),
    )  # fmt: skip
    severity_hospital: float = parameter(
        "Weight of an illness that needs a hospital, a minor one being 1", unit="1", default=3.0, low=2.0, high=4.0,
        source=judgement("trial value"),
    )  # fmt: skip


@inlined
def value_of_facility(
    quality: float,
    severity: int,
    hours: float,
    cost_share: float,
    is_primary: bool,
    is_across: bool,
    kin: float,
    heard: float,
    strictness: float,
    p: Parameters,
) -> float:
    """Value of one facility for one episode.

    quality [index]: of the facility
    severity [code]: of the episode: 1 minor, 2 disrupting, 3 needs a hospital
    hours [hour]: to the facility, one way
    cost_share [share]: fee and fares, part of the income they are paid from; counts as 0.9 at most
    is_primary [1]: whether it is a primary clinic, not a hospital
    is_across [1]: whether it lies on the other side
    kin [index]: support of kin across
    heard [share]: what kin tell of care across
    strictness [index]: of the post on the way there
    p: the rule's parameters
    returns [utility]: compared with that of the other facilities and of no care
    """
    if severity > 2:
        weight = p.severity_hospital
    elif severity > 1:
        weight = p.severity_disrupting
    else:
        weight = 1.0
    worth = quality
    burden = 0.0
    if is_primary:
        if severity > 2:
            worth = quality * p.primary_for_hospital_need
        per_hour = p.hour_primary
    else:
        if severity < 3:
            burden = p.hospital_burden / weight
        per_hour = p.hour_hospital
    value = 0.6 * p.weight_quality * worth * weight - burden + p.weight_cost * log(1.0 - min(cost_share, 0.9)) - per_hour * hours
    if is_across:
        value -= p.foreign_penalty * (1.0 - p.kin_relief * kin) + p.papers + p.post_strictness * strictness
        value += p.kin_word * heard
    return value


@inlined
def choose_care(
    u: float, value_none: float, primary_home: float, hospital_home: float, primary_across: float, hospital_across: float, nest_scale: float
) -> int:
    """Option of a nested logit: -1 none, 0 primary home, 1 hospital home, 2 primary across, 3 hospital across.

    A value of -1e9 or less marks an option that is not there.

    u [1]: the draw, 0 to 1
    value_none [utility]: of seeking no care
    primary_home [utility]: of the primary clinic at home
    hospital_home [utility]: of the hospital at home
    primary_across [utility]: of the primary clinic across
    hospital_across [utility]: of the hospital across
    nest_scale [1]: scale of the choice of side within a tier, above 0 to 1
    returns [code]: -1 to 3
    """
    missing = -1.0e9
    best = max(value_none, max(max(primary_home, hospital_home), max(primary_across, hospital_across)))
    e_ph = exp((primary_home - best) / nest_scale) if primary_home > missing else 0.0
    e_pa = exp((primary_across - best) / nest_scale) if primary_across > missing else 0.0
    e_hh = exp((hospital_home - best) / nest_scale) if hospital_home > missing else 0.0
    e_ha = exp((hospital_across - best) / nest_scale) if hospital_across > missing else 0.0
    primary, hospital = e_ph + e_pa, e_hh + e_ha
    w_none = exp(value_none - best)
    w_primary = exp(nest_scale * log(primary)) if primary > 0.0 else 0.0
    w_hospital = exp(nest_scale * log(hospital)) if hospital > 0.0 else 0.0
    at = u * (w_none + w_primary + w_hospital)
    if at < w_none:
        return -1
    at -= w_none
    if at < w_primary:
        return 0 if at * primary < w_primary * e_ph else 2
    if hospital <= 0.0:
        return 0 if e_ph > 0.0 else (2 if e_pa > 0.0 else -1)
    at -= w_primary
    return 1 if at * hospital < w_hospital * e_hh else 3


#: So many episodes, with those of one household more, are looked at together.
TOGETHER = 64


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, weight: Column, schooling: Column,
    income_mean: Column, support_across: Column, heard_across: Column, episodes: Column, hours_care: Column, quality_care: Column,
    fee_care: Column, friction_care: Column, facility_care: Column, fare: Column, care_sought: Column, care_demand: Column
) -> None:  # fmt: skip
    """Choose for every episode; count by option and add the place's demand. ``care_demand`` is (places, 4).

    Episodes are noted until there are enough; then each pass does one thing for all of them, which a processor does for several at a time. What
    facilities are worth is worked out community by community, as the ways to them are the same for all its people. It is one long loop because
    functions of the user's own are put into it by name.
    """
    most = 0  # episodes of a household
    for i in range(start, stop):
        most = max(most, int(episodes[i, 0]) + int(episodes[i, 1]) + int(episodes[i, 2]))
    room = rounded_up(TOGETHER + most) + rounded_up(1)  # a community's pass may go so far beyond its last one
    who, severity, chosen = np.empty(room, np.int64), np.ones(room, np.int64), np.empty(room, np.int64)
    draws, income, none, kin, heard = np.ones(room), np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    values = np.empty((4, room))
    n, first = 0, 0  # episodes noted, and the first one of this community
    for i in range(start, stop):
        where, episode = int(place[i]), 0
        for k in range(4):
            care_sought[i, k] = 0
        for s in range(1, 4):
            for _ in range(int(episodes[i, s - 1])):
                who[n], severity[n] = i, s
                draws[n] = uniform(seed, SEEK_CARE, month, uid[i], episode)
                income[n], none[n] = max(income_mean[i], 1.0), p.value_no_care - p.schooling_effect * (float(schooling[i]) - 6.0)
                kin[n], heard[n] = support_across[i], float(heard_across[i])
                episode += 1
                n += 1
        is_enough = n >= TOGETHER or i + 1 == stop
        if not is_enough and place[i + 1] == place[i]:
            continue
        m = rounded_up(n - first)  # those beyond the last one are overwritten by the next community's
        s_severity, s_income, s_kin, s_heard = (
            severity[first : first + m],
            income[first : first + m],
            kin[first : first + m],
            heard[first : first + m],
        )
        for k in range(4 if n > first else 0):
            value = values[k, first : first + m]
            if facility_care[where, k] < 0:
                value[:] = -1.0e9
                continue
            is_primary = k % 2 == 0
            months = 1.0 if is_primary else 12.0  # of income, from which it is paid
            hours, quality, friction = hours_care[where, k], quality_care[where, k], friction_care[where, k]
            cost = fee_care[where, k] + 2.0 * fare[where] * hours
            for c in range(m):
                value[c] = value_of_facility(quality, s_severity[c], hours, min(cost / (months * s_income[c]), 0.9), is_primary, k >= 2,
                                             s_kin[c], s_heard[c], friction, p)  # fmt: skip
        first = n
        if not is_enough:
            continue
        for c in range(rounded_up(n)):
            chosen[c] = choose_care(draws[c], none[c], values[0, c], values[1, c], values[2, c], values[3, c], p.nest_scale)
        for c in range(n):
            if chosen[c] >= 0:
                care_sought[who[c], chosen[c]] += 1
        n = first = 0
    for i in range(start, stop):
        where = int(place[i])
        for k in range(4):
            care_demand[where, k] += weight[i] * float(care_sought[i, k])


rule(
    Rule(
        name="household.seek_care",
        question="Where do the sick go: nowhere, to a primary clinic or to a hospital, at home or across?",
        loop=loop,
        reads=("household.uid", "household.place", "household.weight", "household.schooling", "household.income_mean",
               "household.support_across", "household.heard_across", "household.episodes",
               "place.hours_care", "place.quality_care", "place.fee_care", "place.friction_care", "place.facility_care", "place.fare"),
        writes=("household.care_sought", "place.care_demand"),
        parameters=Parameters,
        streams=("household.seek_care",),
        switch=CROSS_BORDER_CARE,
        decide=(value_of_facility, choose_care),
        not_modelled="companions, insurance, self-medication told apart from no care, referral letters",
    )
)  # fmt: skip
