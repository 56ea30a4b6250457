"""How does a district spend its yearly budget, and in what condition is what it built?

Each January the planners of a district split the money for its border places: the closer their doctrine is to security, the more
goes to patrols; the rest goes to roads, health and everything else in fixed parts. The puskesmas programme (one in every
kecamatan) adds earmarked national money for primary care on the Indonesian side, rural health programmes on the Malaysian side. Hospitals of the Indonesian
side stand at the seats of districts and are paid for by the state besides, more as the country's real income grows. Spending raises a stock, by less the better it is already;
it decays by itself, twice as fast when less is spent than a part of what upkeep needs. District money grows with the
country's real income.

Not modelled: distance from the centre of power, several years' plans, money that never arrives, debts.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch

INVESTMENT = switch("infrastructure_investment", "Districts spend on roads, health and other works")
PROGRAMME = switch("puskesmas_programme", "New puskesmas open and the programme pays for their staff and drugs")


@parameters("official.spend_budget")
class Parameters(NamedTuple):
    """What districts have and how they split it."""

    budget_id: float = parameter(
        "Budget of an Indonesian district for its border places in 2005, in index points a year", unit="1", default=0.3, low=0.15, high=0.6,
        source=judgement("gives roads in poor condition throughout, as found in 2009-2018 (GEO18, GEO19)"),
    )  # fmt: skip
    budget_my: float = parameter(
        "Budget of a Malaysian district for its border places in 2005, in index points a year", unit="1", default=1.8, low=0.4, high=3.0,
        source=judgement("facilities grew from 85 to about 560 (HEALTH11); ahead throughout (lines 1574-1590)"),
    )  # fmt: skip
    security_most: float = parameter(
        "Part for security under a pure security doctrine", unit="share", default=0.7, low=0.4, high=0.9,
        source=judgement("the belt left only guard posts (lines 284-296)"),
    )  # fmt: skip
    security_least: float = parameter(
        "Part for security under a pure prosperity doctrine", unit="share", default=0.1, low=0.05, high=0.25,
        source=judgement("patrols go on"),
    )  # fmt: skip
    to_roads: float = parameter(
        "Part of the rest for roads", unit="share", default=0.4, low=0.2, high=0.6, role="lever",
        source=judgement("public works are the largest item"),
    )  # fmt: skip
    to_health: float = parameter(
        "Part of the rest for health", unit="share", default=0.25, low=0.1, high=0.4, role="lever",
        source=judgement("primary care and hospitals"),
    )  # fmt: skip
    to_primary: float = parameter(
        "Part of health money for primary care, the rest for hospitals", unit="share", default=0.5, low=0.3, high=0.8, role="lever",
        source=judgement("about half each"),
    )  # fmt: skip
    programme: float = parameter(
        "Programme money for primary care, in index points a year at the end of the period", unit="1", default=0.16, low=0.0, high=0.4,
        role="lever",
        source=Source("policy goal of one puskesmas in each kecamatan (HEALTH14); size: judgement", "derived"),
    )  # fmt: skip
    programme_years: float = parameter(
        "Years from 1980 over which the programme grows to its full size", unit="year", default=20.0, low=5.0, high=30.0,
        source=judgement("rolled out in the 1980s and 1990s"),
    )  # fmt: skip
    hospitals_id: float = parameter(
        "The state's money for Indonesian district hospitals in 2005, in index points a year", unit="1", default=0.06, low=0.02, high=0.12,
        role="lever",
        source=Source("beds and doctors for 1,000 Indonesians about doubled from the end of the 1980s (0.6 beds, 0.13 doctors: HEALTH23) to the 2010s (1.0-1.2 and 0.3, recalled), so the part of posts that is filled goes from a quarter to half", "derived"),
    )  # fmt: skip
    programme_to_roads: float = parameter(
        "Part of the programme's money that goes to roads instead of primary care", unit="share", default=0.0, low=0.0, high=1.0, role="lever",
        source=judgement("0: it is for health; 1 asks what the same money would have done as roads"),
    )  # fmt: skip
    programme_my: float = parameter(
        "Malaysia's money for rural health, in index points a year for each of primary care and hospitals", unit="1", default=0.1, low=0.04, high=0.2,
        role="lever",
        source=Source("government facilities of Sarawak grew from 85 to about 560 in 1963-2010 (HEALTH11), so they did not decay; size: judgement, with the districts' own money it keeps up and slowly betters what there is", "derived"),
    )  # fmt: skip
    decay: float = parameter(
        "Decay of roads, clinics and works without upkeep", unit="1/year", default=0.07, low=0.05, high=0.1,
        source=judgement("5-10 % a year"),
    )  # fmt: skip
    upkeep_threshold: float = parameter(
        "Part of the upkeep below which decay doubles", unit="share", default=0.3, low=0.1, high=0.7,
        source=judgement("neglected works decay faster; without it continuity would not matter (E33)"),
    )  # fmt: skip
    patrol_per_money: float = parameter(
        "Patrol units that a year's budget buys, for each thousand people and ten kilometres", unit="1", default=1.6, low=0.5, high=4.0,
        source=judgement("with the security doctrine, about one patrol a month on ten kilometres"),
    )  # fmt: skip
    start_id: float = parameter(
        "Condition of Indonesian roads and works in 1980", unit="index", default=0.22, low=0.1, high=0.4,
        source=judgement("roads very poor (lines 1602-1610)"),
    )  # fmt: skip
    start_my: float = parameter(
        "Condition of Malaysian roads and works in 1980", unit="index", default=0.6, low=0.4, high=0.8,
        source=judgement("ahead throughout (lines 1574-1590)"),
    )  # fmt: skip


@compiled
def security_share(doctrine: float, p: Parameters) -> float:
    """Part of the budget for patrols.

    doctrine [index]: mean of the district's planners, 0 security to 1 prosperity
    p: the rule's parameters
    returns [share]: of the budget
    """
    return p.security_most + (p.security_least - p.security_most) * doctrine


@compiled
def next_stock(stock: float, spending: float, decay: float, threshold: float) -> float:
    """Condition a year later: spending raises it, decay lowers it.

    stock [index]: condition now
    spending [1]: in index points of the year
    decay [1/year]: without neglect
    threshold [share]: of the upkeep below which decay doubles
    returns [index]: 0 to 1
    """
    upkeep = decay * stock
    rate = decay if spending >= threshold * upkeep else 2.0 * decay
    return min(max(stock + spending * (1.0 - stock) - rate * stock, 0.0), 1.0)


@compiled
def loop(
    start: int, stop: int, month: int, p: Parameters, side: Column, population: Column, line_km: Column, real_income: Column,
    official_district: Column, official_kind: Column, official_doctrine: Column, invests: Column, has_programme: Column,
    budget: Column, split: Column, district_road: Column, district_clinic: Column, hospital: Column, other: Column, patrol: Column
) -> None:  # fmt: skip
    """One January: split the budget and carry the stocks of every district forward.

    ``real_income`` (2,) is real product per head relative to 2005, by side; ``invests`` and ``has_programme`` have one element.
    """
    for d in range(start, stop):
        doctrine = 0.0
        count = 0
        for i in range(official_district.shape[0]):
            if official_district[i] == d and official_kind[i] == 2:
                doctrine += official_doctrine[i]
                count += 1
        if count > 0:
            doctrine /= count
        base = p.budget_id if side[d] == 0 else p.budget_my
        budget[d] = base * real_income[int(side[d])]
        security = security_share(doctrine, p)
        split[d, 0] = security
        split[d, 1] = (1.0 - security) * p.to_roads
        split[d, 2] = (1.0 - security) * p.to_health
        split[d, 3] = (1.0 - security) * (1.0 - p.to_roads - p.to_health)
        money = budget[d] if invests[0] > 0.0 else 0.0
        health = money * split[d, 2]
        extra = p.programme_my if side[d] == 1 and invests[0] > 0.0 else 0.0
        for_hospitals, for_roads = extra, 0.0
        if side[d] == 0 and invests[0] > 0.0:
            for_hospitals = p.hospitals_id * real_income[0]
        if has_programme[0] > 0.0 and side[d] == 0:
            programme = p.programme * min(month / 12.0 / p.programme_years, 1.0)
            for_roads = programme * p.programme_to_roads
            extra = programme - for_roads
        district_road[d] = next_stock(district_road[d], money * split[d, 1] + for_roads, p.decay, p.upkeep_threshold)
        other[d] = next_stock(other[d], money * split[d, 3], p.decay, p.upkeep_threshold)
        district_clinic[d] = next_stock(district_clinic[d], p.to_primary * health + extra, p.decay, p.upkeep_threshold)
        hospital[d] = next_stock(hospital[d], (1.0 - p.to_primary) * health + for_hospitals, p.decay, p.upkeep_threshold)
        patrol[d] = p.patrol_per_money * budget[d] * security * population[d] / 1000.0 / (line_km[d] / 10.0)


rule(
    Rule(
        name="official.spend_budget",
        rows="district",
        question="How does a district spend its yearly budget, and in what condition is what it built?",
        loop=loop,
        reads=("district.side", "district.population", "district.line_km", "policy.real_income", "official.district", "official.kind",
               "official.doctrine", "policy.invests", "policy.has_programme"),
        writes=("district.budget", "district.split", "district.road", "district.clinic", "district.hospital", "district.other",
                "district.patrol"),
        parameters=Parameters,
        switch=INVESTMENT,
        decide=(security_share, next_stock),
        not_modelled="distance from the centre of power, several years' plans, money that never arrives, debts",
    )
)  # fmt: skip
