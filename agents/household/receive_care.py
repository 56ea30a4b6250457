"""Who gets one of the places a facility has, and what does the visit cost in money and days?

A facility serves so many people a month. When more come, each has the same chance; those turned away go untreated this
month. A visit is paid for (fee and fare, both ways, in the household's own currency at this month's rate) and shortens
the illness; the way there costs days too.

Not modelled: the worst cases first, waiting lists, death.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform

RECEIVE_CARE = stream("household.receive_care")


@parameters("household.receive_care")
class Parameters(NamedTuple):
    """What illness and care cost in days."""

    days_minor: float = parameter(
        "Working days lost to an untreated minor episode", unit="days", default=1.0, low=0.5, high=2.0,
        source=judgement("a day in bed"),
    )  # fmt: skip
    days_disrupting: float = parameter(
        "Working days lost to an untreated episode that disrupts work", unit="days", default=6.0, low=3.0, high=9.0,
        source=judgement("surveys count an episode as disrupting from about four days"),
    )  # fmt: skip
    days_hospital: float = parameter(
        "Working days lost to an untreated episode that needs a hospital", unit="days", default=20.0, low=12.0, high=25.0,
        source=judgement("most of a working month"),
    )  # fmt: skip
    days_saved: float = parameter(
        "Part of these days that care of full quality saves", unit="share", default=0.6, low=0.3, high=0.8,
        source=judgement("care shortens, it does not abolish"),
    )  # fmt: skip


@compiled
def days_lost_to(severity: int, quality: float, hours: float, p: Parameters) -> float:
    """Working days lost to one episode.

    severity [code]: of the episode: 1 minor, 2 disrupting, 3 needs a hospital
    quality [index]: of the care received, 0 for none
    hours [hour]: to the facility, one way; 0 for who stays at home
    p: the rule's parameters
    returns [days]: to the illness and to the way there and back, 8 hours a day
    """
    if severity == 3:
        days = p.days_hospital
    elif severity == 2:
        days = p.days_disrupting
    else:
        days = p.days_minor
    return days * (1.0 - p.days_saved * quality) + 2.0 * hours / 8.0


@compiled
def is_served(u: float, served_share: float) -> bool:
    """Whether one of those who came finds a place.

    u [1]: the draw, 0 to 1
    served_share [share]: of those who came for whom there is a place
    returns [1]: True where the draw lies below the share
    """
    return u < served_share


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, episodes: Column, care_sought: Column,
    hours_care: Column, quality_care: Column, fee_care: Column, fare: Column, served_share: Column, care_visits: Column,
    untreated: Column, days_lost: Column, care_cost: Column
) -> None:  # fmt: skip
    """Serve or turn away each episode for which care was sought. ``care_visits`` is (households, 4)."""
    for i in range(start, stop):
        where = int(place[i])
        n_ill = int(episodes[i, 0]) + int(episodes[i, 1]) + int(episodes[i, 2])
        days = cost = 0.0
        served = 0
        slot = 0
        worst = 3 if episodes[i, 2] > 0 else (2 if episodes[i, 1] > 0 else 1)
        left = int(episodes[i, worst - 1])
        # hospitals take the worst of the household's episodes first, then clinics; the rest stay home
        for j in range(4):
            k = (1, 3, 0, 2)[j]
            care_visits[i, k] = 0
            for _ in range(int(care_sought[i, k])):
                while left == 0 and worst > 1:
                    worst -= 1
                    left = int(episodes[i, worst - 1])
                left -= 1
                if is_served(uniform(seed, RECEIVE_CARE, month, uid[i], slot), served_share[where, k]):
                    care_visits[i, k] += 1
                    served += 1
                    cost += fee_care[where, k] + 2.0 * fare[where] * hours_care[where, k]
                    days += days_lost_to(worst, quality_care[where, k], hours_care[where, k], p)
                else:
                    days += days_lost_to(worst, 0.0, hours_care[where, k], p)
                slot += 1
        for _ in range(n_ill - slot):
            while left == 0 and worst > 1:
                worst -= 1
                left = int(episodes[i, worst - 1])
            left -= 1
            days += days_lost_to(worst, 0.0, 0.0, p)
        untreated[i] = n_ill - served
        days_lost[i] = days
        care_cost[i] = cost


rule(
    Rule(
        name="household.receive_care",
        question="Who gets one of the places a facility has, and what does the visit cost in money and days?",
        loop=loop,
        reads=("household.uid", "household.place", "household.episodes", "household.care_sought", "place.hours_care",
               "place.quality_care", "place.fee_care", "place.fare", "place.served_share"),
        writes=("household.care_visits", "household.untreated", "household.days_lost", "household.care_cost"),
        parameters=Parameters,
        streams=("household.receive_care",),
        decide=(is_served, days_lost_to),
        not_modelled="the worst cases first, waiting lists, death",
    )
)  # fmt: skip
