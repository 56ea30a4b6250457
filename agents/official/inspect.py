"""How likely is it that a load on a path, or a worker without papers, is found?

Patrols search a line far too long for them. The chance grows with patrols for each kilometre and with the roads they
can use, and falls with the distance of the community from the nearest crossing with officers and with the traffic that
passes: the more loads, the smaller the part that so few officers can stop. On a legal way undeclared goods pass an officer;
whether it takes money is its honesty.

Not modelled: information, joint patrols, patrols that choose where to go.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.core.exact import exp
from agents.official.set_strictness import ENFORCEMENT
from agents.surroundings import UNDOCUMENTED


@parameters("official.inspect")
class Parameters(NamedTuple):
    """What finds a load."""

    per_patrol: float = parameter(
        "Chance that a unit of patrols finds a load on a path, at full road condition near a post", unit="1", default=0.12, low=0.03, high=0.3,
        source=judgement("detection of 1-10 % a trip on a path, no local figure"),
    )  # fmt: skip
    hours_half: float = parameter(
        "Hours from the crossing at which patrols are half as likely to come", unit="hour", default=3.0, low=1.0, high=8.0,
        source=judgement("paper lines 1562-1572: capacity too small for so wide an area"),
    )  # fmt: skip
    loads_half: float = parameter(
        "Loads a month at a community at which each is half as likely to be found", unit="1", default=400.0, low=50.0, high=2000.0,
        source=judgement("a handful of officers at a community"),
    )  # fmt: skip
    sent_home: float = parameter(
        "Chance to be sent home in a month, for a unit of patrols where one works", unit="probability/month", default=0.01, low=0.002, high=0.04,
        source=judgement("deported through Entikong: 1,077 to 11 July 2015 (HH11), of a stock of some tens of thousands"),
    )  # fmt: skip


@compiled
def chance_found(patrol: float, road: float, hours: float, loads: float, p: Parameters) -> float:
    """Chance that one load is found.

    patrol [1]: patrol days per month and kilometre, relative to one a month on ten kilometres
    road [index]: condition of the roads
    hours [hour]: from the crossing with officers
    loads [1]: that pass the community in a month
    p: the rule's parameters
    returns [probability]: for one load
    """
    reach = (0.5 + 0.5 * road) / (1.0 + hours / p.hours_half)
    crowd = 1.0 / (1.0 + loads / p.loads_half)
    return 1.0 - exp(-p.per_patrol * patrol * reach * crowd)


@compiled
def loop(
    start: int, stop: int, p: Parameters, side: Column, road: Column, crossing_work: Column, hours: Column, crossing: Column,
    crossing_patrol: Column, crossing_strictness: Column, district_id: Column, district_my: Column, district_patrol: Column,
    path_loads: Column, enforced: Column, honest: Column, detection: Column, strictness: Column, share_honest: Column,
    caught_away: Column
) -> None:  # fmt: skip
    """Work out the chances for every community. ``enforced`` has one element; ``honest`` (crossings,) is the officers' mean."""
    for where in range(start, stop):
        for way in range(2):
            c = int(crossing[where, way])
            detection[where, way] = 0.0
            if c < 0:
                continue
            strictness[where, way] = crossing_strictness[c]
            if enforced[0] > 0.0:
                from_post = hours[where, way] if way == 1 else 0.0
                detection[where, way] = chance_found(crossing_patrol[c], road[where], from_post, path_loads[where], p)
        c = int(crossing[where, 0])
        share_honest[where] = honest[c] if c >= 0 and enforced[0] > 0.0 else 0.0
        # whoever works across without papers is exposed to the patrols of the district on the other side to which the way leads
        w = int(crossing_work[where, UNDOCUMENTED])
        caught_away[where] = 0.0
        if enforced[0] > 0.0 and w >= 0:
            there = int(district_my[w]) if side[where] == 0 else int(district_id[w])
            caught_away[where] = 1.0 - exp(-p.sent_home * district_patrol[there])


rule(
    Rule(
        name="official.inspect",
        rows="place",
        question="How likely is it that a load on a path, or a worker without papers, is found?",
        loop=loop,
        reads=("place.side", "place.road", "place.crossing_work", "trade_link.hours", "trade_link.crossing", "crossing.patrol",
               "crossing.strictness", "crossing.district_id", "crossing.district_my", "district.patrol", "place.path_loads",
               "policy.enforced", "crossing.honest"),
        writes=("trade_link.detection", "trade_link.strictness", "trade_link.share_honest", "place.caught_away"),
        parameters=Parameters,
        switch=ENFORCEMENT,
        decide=(chance_found,),
        not_modelled="information, joint patrols, patrols that choose where to go",
    )
)  # fmt: skip
