"""How many people can a facility serve this month, and what part of those who came?

A facility's places follow its quality: without staff and drugs a building serves few. Demand is counted from all
communities that use it; each of those who came has the same chance of a place.

Not modelled: staff that move, drugs that run out within a month, patients from beyond the border places.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.household.get_work import share_that_fits


@parameters("official.ration_care")
class Parameters(NamedTuple):
    """How many people a facility can serve."""

    primary: float = parameter(
        "Visits a month that primary care of full quality can serve, for each 1,000 people of its place", unit="visits/month", default=130.0,
        low=60.0, high=250.0,
        source=Source("about 900 visits a month at Entikong with 11,000 people, of middling quality (HEALTH8, period unclear); not full", "derived"),
    )  # fmt: skip
    hospital: float = parameter(
        "Cases a month from the border places that a hospital of full quality can take", unit="visits/month", default=1500.0, low=400.0, high=4000.0,
        source=judgement("the border is a small part of its patients"),
    )  # fmt: skip


@compiled
def places_of(quality: float, full: float) -> float:
    """Places a month of a facility.

    quality [index]: of the facility
    full [visits/month]: that it would serve at full quality
    returns [visits/month]: that it can serve
    """
    return full * (0.2 + 0.8 * quality)


@compiled
def loop(
    start: int, stop: int, p: Parameters, is_primary: Column, catchment: Column, quality: Column, facility_care: Column,
    care_demand: Column, demand: Column, capacity: Column, served_share: Column
) -> None:  # fmt: skip
    """Sum demand by facility, set its places, and give every community the share served there (0 where it reaches no facility)."""
    for f in range(start, stop):
        demand[f] = 0.0
        capacity[f] = places_of(quality[f], p.primary * catchment[f] / 1000.0 if is_primary[f] > 0 else p.hospital)
    for where in range(facility_care.shape[0]):
        for k in range(4):
            if facility_care[where, k] >= 0:
                demand[int(facility_care[where, k])] += care_demand[where, k]
    for where in range(facility_care.shape[0]):
        for k in range(4):
            f = int(facility_care[where, k])
            served_share[where, k] = share_that_fits(capacity[f], demand[f]) if f >= 0 else 0.0


rule(
    Rule(
        name="official.ration_care",
        rows="facility",
        question="How many people can a facility serve this month, and what part of those who came?",
        loop=loop,
        reads=("facility.is_primary", "facility.catchment", "facility.quality", "place.facility_care", "place.care_demand"),
        writes=("facility.demand", "facility.capacity", "place.served_share"),
        parameters=Parameters,
        decide=(places_of, share_that_fits),
        not_modelled="staff that move, drugs that run out within a month, patients from beyond the border places",
    )
)
