"""What does every village know of care this month, and what does it cost there?

Fees are those of the side of a facility, for its citizens at home and for foreigners across; they come from the region's table by year and tier.
Known of a facility is its standard, less for what the village has met there; how good it is this month is another thing.
"""

from __future__ import annotations

from typing import NamedTuple

from abm.history.series import CRISIS
from abm.history.set_work import at_crossing
from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule

#: Month from which staff in Malaysia are told to hand foreigners without documents over to police or immigration (HEALTH34): January 2015.
HANDED_OVER_FROM = 420


@parameters("world.set_care")
class Parameters(NamedTuple):
    """Who pays what for care, and how hard it is to reach across."""

    foreigners_id: float = parameter(
        "Fee that foreigners pay on the Indonesian side relative to that of the table", unit="1", default=1.0, low=1.0, high=5.0, role="lever",
        source=judgement("no list of a health centre of the period names foreigners"),
    )  # fmt: skip
    foreigners_my: float = parameter(
        "Fee that foreigners pay on the Malaysian side relative to that of the table", unit="1", default=1.0, low=0.2, high=10.0, role="lever",
        source=Source("HEALTH1, HEALTH2, HEALTH33; before June 2004 RM1-5 (HEALTH32)", "fact"),
    )  # fmt: skip
    handed_over: float = parameter(
        "What the guideline of 2015 on foreigners without documents adds to the strictness that patients meet", unit="index", default=0.2, low=0.0, high=0.6,
        source=Source("the guideline is a fact (HEALTH34), its force a judgement: most who cross here have a pass", "derived"),
    )  # fmt: skip


@compiled
def fee_of(side: int, is_hospital: bool, is_across: bool, fee: Column, p: Parameters) -> float:
    """Fee of a visit, in the currency of the facility's side.

    side [code]: of the facility: 0 Indonesian, 1 Malaysian
    is_hospital [1]: whether it is a hospital
    is_across [1]: whether the patient comes from the other side
    fee [own currency]: of the month, by side, tier and patient, (2, 2, 2)
    p: the rule's parameters
    returns [own currency]
    """
    tier = 1 if is_hospital else 0
    if not is_across:
        return fee[side, tier, 0]
    return fee[side, tier, 1] * (p.foreigners_id if side == 0 else p.foreigners_my)


@compiled
def set_care(
    start: int, stop: int, month: int, p: Parameters, fee: Column, side: Column, exchange: Column, village_place: Column, facility_care: Column,
    crossing_care: Column, word_care: Column, strictness: Column, quality: Column, standard: Column, quality_care: Column, standard_care: Column,
    known_care: Column, fee_care: Column, friction_care: Column, care_demand: Column
) -> None:  # fmt: skip
    """Set what care is like and costs for the people of every village, and empty the sum of who asks for it."""
    for v in range(start, stop):
        where = int(village_place[v])
        s = int(side[where])
        for k in range(5):
            f, is_across = int(facility_care[v, k]), k > 2
            quality_care[v, k] = quality[f] if f >= 0 else 0.0
            standard_care[v, k] = standard[f] if f >= 0 else 0.0
            known_care[v, k] = standard_care[v, k] * word_care[v, k]
            there = 1 - s if is_across else s
            fee_care[v, k] = fee_of(there, k == 2 or k == 4, is_across, fee[month], p) * (exchange[where] if is_across else 1.0)
            friction_care[v, k] = 0.0
            if is_across:
                told = p.handed_over if s == 0 and month >= HANDED_OVER_FROM else 0.0
                friction_care[v, k] = at_crossing(strictness, int(crossing_care[v, k])) + told
        for j in range(care_demand.shape[1]):
            care_demand[v, j] = 0.0


rule(
    Rule(
        name="world.set_care",
        rows="village",
        question="What does every village know of care this month, and what does it cost there?",
        loop=set_care,
        reads=("series.fee", "place.side", "place.exchange", "village.place", "village.facility_care", "village.crossing_care", "village.word_care",
               "crossing.strictness", "facility.quality", "facility.standard"),
        writes=("village.quality_care", "village.standard_care", "village.known_care", "village.fee_care", "village.friction_care",
                "village.care_demand"),
        parameters=Parameters,
        switch=CRISIS,
        decide=(fee_of,),
        not_modelled="fees that differ between facilities of a side and tier, private hospitals",
    )
)  # fmt: skip
