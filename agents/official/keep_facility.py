"""How many posts of a facility are filled this month, are there drugs, and how many people can it see?

The budget of its district sets how many of a facility's posts are to be filled and how many drugs are sent. Staff leave at a rate and vacancies are
filled at another, one by one, so a dispensary with a single nurse is without one for months. Drugs come in some months and are used by those who are
seen, so a facility that many come to runs out. Quality is half drugs and equipment, half staff. A primary facility sees as many as its staff can; a
hospital has beds, part of which others than the people of the border places fill, and sees outpatients.

What a budget allows in the long run is the facility's standard: people know it, and what they meet beside it tells them how often there was no place or
no drugs. Staff and drugs can be moved apart from buildings (the levers ``staff_id`` and ``drugs_id``).

Not modelled: doctors apart from nurses, private practice, drugs that are sold, mobile clinics, posts of the army.
"""

from __future__ import annotations

from typing import NamedTuple


from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform

KEEP_FACILITY = stream("official.keep_facility")


@parameters("official.keep_facility")
class Parameters(NamedTuple):
    """Staff, drugs and places of facilities."""

    staff_id: float = parameter(
        "Posts filled relative to what the budget allows, Indonesian side", unit="1", default=1.0, low=0.0, high=2.0, role="lever",
        source=judgement("1: as the budget allows; 0 leaves buildings without staff"),
    )  # fmt: skip
    drugs_id: float = parameter(
        "Drugs sent relative to what the budget allows, Indonesian side", unit="1", default=1.0, low=0.0, high=2.0, role="lever",
        source=judgement("1: as the budget allows; 0 leaves buildings without drugs"),
    )  # fmt: skip
    of_drugs: float = parameter(
        "Part of quality that drugs and equipment make, staff making the rest", unit="share", default=0.5, low=0.35, high=0.65,
        source=Source("a discrete-choice experiment in Ethiopia weighs drugs and equipment 3.9, a doctor 2.1 and a nurse 1.7", "opened"),
    )  # fmt: skip
    dispensary: float = parameter(
        "Quality of a dispensary or sub-centre relative to that of a health centre as well kept", unit="share", default=0.6, low=0.4, high=0.8,
        source=judgement("a nurse or midwife with a small stock; nobody who may operate or prescribe all drugs"),
    )  # fmt: skip
    posts: float = parameter(
        "Posts of a health centre for 1,000 people of its place, all filled", unit="person", default=3.0, low=2.0, high=5.0,
        source=Source("10 staff at Sungai Duri in 1978 (HEALTH18); 810 at 17 centres of Bengkayang in 2018 (HEALTH9), for about 250,000 people", "derived"),
    )  # fmt: skip
    turnover: float = parameter(
        "Staff that leave in a month", unit="share", default=0.025, low=0.01, high=0.05,
        source=judgement("nurses stay for about four years, doctors for two or three"),
    )  # fmt: skip
    recruitment: float = parameter(
        "Vacancies that are filled in a month", unit="share", default=0.08, low=0.03, high=0.2,
        source=Source("a year or so; one doctor a centre was not reached at Puring Kencana and Sajingan in 2017 (HEALTH27); size: judgement", "derived"),
    )  # fmt: skip
    visits_per_staff: float = parameter(
        "Visits a month that one of the staff can see", unit="visits/month", default=110.0, low=60.0, high=200.0,
        source=Source("about 900 visits a month at Entikong (HEALTH8, period unclear) with some 12 staff, not full", "derived"),
    )  # fmt: skip
    drugs_per_head: float = parameter(
        "Visits a year for each 1,000 of its people for which drugs come to a primary facility of full budget", unit="visits/1000 persons/year", default=1200.0, low=800.0, high=2500.0,
        source=Source("0.8 contacts a head in rural Indonesia in the 1980s (HEALTH15), 1.3 outpatients a head at Serian in 2013 (HEALTH29)", "derived"),
    )  # fmt: skip
    free_beds: float = parameter(
        "Part of a hospital's beds that are free for people of the border places", unit="share", default=0.45, low=0.3, high=0.6,
        source=Source("beds are 45-60 % full (HEALTH29, HEALTH30)", "fact"),
    )  # fmt: skip
    stay: float = parameter(
        "Days that a patient stays in a hospital", unit="days", default=5.0, low=3.5, high=7.0,
        source=Source("5,400-6,900 admissions a year in 84 beds that are 45-60 % full (HEALTH29): 2.5 days; longer for those from far: judgement", "derived"),
    )  # fmt: skip
    outpatients: float = parameter(
        "Outpatients a month for each bed that a fully staffed hospital can see", unit="visits/month", default=60.0, low=20.0, high=130.0,
        source=Source("130,000 a year at 84 beds in Serian in 2013 (HEALTH29) is 129 a month and bed; fewer in Indonesian hospitals: judgement", "derived"),
    )  # fmt: skip


@compiled
def standard_of(funding: float, kind: int, side: int, p: Parameters) -> float:
    """Quality that the budget of a facility allows in the long run.

    funding [index]: of the facility, 0 to 1
    kind [code]: 0 a dispensary, 1 a health centre, 2 a hospital
    side [code]: 0 Indonesian, 1 Malaysian
    p: the rule's parameters
    returns [index]: 0 to 1
    """
    drugs, staff = (min(funding * p.drugs_id, 1.0), min(funding * p.staff_id, 1.0)) if side == 0 else (funding, funding)
    return (p.of_drugs * drugs + (1.0 - p.of_drugs) * staff) * (p.dispensary if kind == 0 else 1.0)


@compiled
def set_standards(p: Parameters, side: Column, kind: Column, funding: Column, standard: Column) -> None:
    """:func:`standard_of` for every facility, (facilities,)."""
    for f in range(side.shape[0]):
        standard[f] = standard_of(funding[f], int(kind[f]), int(side[f]), p)


@compiled
def posts_of(kind: int, catchment: float, beds: float, p: Parameters) -> float:
    """Posts of a facility, filled or not.

    kind [code]: 0 a dispensary, 1 a health centre, 2 a hospital
    catchment [person]: people it is there for
    beds [1]: of a hospital
    p: the rule's parameters
    returns [person]: 2 of a dispensary, 4 at least of a health centre, 1 for each bed of a hospital
    """
    if kind == 0:
        return 2.0
    return max(p.posts * catchment / 1000.0, 4.0) if kind == 1 else max(beds, 1.0)


@compiled
def next_staff(staff: float, wanted: float, turnover: float, recruitment: float, u_leave: float, u_come: float) -> float:
    """Staff of the next month, a whole number: some leave, some vacancies are filled.

    Vacancies are counted so that staff stay about as wanted while some leave every month.

    staff [person]: now
    wanted [person]: as the budget allows
    turnover [share]: of the staff who leave in a month
    recruitment [share]: of vacancies that are filled in a month
    u_leave [1]: draw, 0 to 1: whether what is left of a whole person leaves
    u_come [1]: the same for those who come
    returns [person]: 0 or more
    """
    leave = min(float(int(turnover * staff + u_leave)), staff)
    vacancies = max(wanted * (1.0 + turnover / recruitment) - staff, 0.0)
    return staff - leave + float(int(recruitment * vacancies + u_come))


@compiled
def next_drugs(drugs: float, used: float, a_month: float, comes: bool) -> float:
    """Drugs in stock, in visits: what was used goes, and in one month of three a quarter's delivery comes.

    drugs [visit]: in stock before
    used [visit]: seen in the month before
    a_month [visit]: for which drugs are sent in a mean month
    comes [1]: whether a delivery comes this month
    returns [visit]: 0 to what comes in half a year
    """
    return min(max(drugs - used, 0.0) + (3.0 * a_month if comes else 0.0), 6.0 * a_month)


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, side: Column, kind: Column, catchment: Column, beds: Column, funding: Column,
    served: Column, staff: Column, drugs: Column, standard: Column, quality: Column, capacity: Column
) -> None:  # fmt: skip
    """Carry staff and drugs of every facility on by a month. ``capacity`` is (facilities, 2): people seen in all by a primary facility or as outpatients, and in beds."""
    for f in range(start, stop):
        k, s = int(kind[f]), int(side[f])
        standard[f] = standard_of(funding[f], k, s, p)
        posts = posts_of(k, catchment[f], beds[f], p)
        wanted = posts * min(funding[f] * (p.staff_id if s == 0 else 1.0), 1.0)
        supply = min(funding[f] * (p.drugs_id if s == 0 else 1.0), 1.0)
        if staff[f] < 0.0:  # before the first month; a facility that is not open yet is kept ready
            staff[f] = float(int(wanted + uniform(seed, KEEP_FACILITY, month, f, 3)))
            drugs[f] = 1.5 * supply * p.drugs_per_head * catchment[f] / 12000.0
        else:
            staff[f] = next_staff(staff[f], wanted, p.turnover, p.recruitment, uniform(seed, KEEP_FACILITY, month, f, 0),
                                  uniform(seed, KEEP_FACILITY, month, f, 1))  # fmt: skip
            comes = uniform(seed, KEEP_FACILITY, month, f, 2) * 3.0 < 1.0
            drugs[f] = next_drugs(drugs[f], served[f], supply * p.drugs_per_head * catchment[f] / 12000.0, comes)
        filled = min(staff[f] / posts, 1.0)
        if k == 2:
            in_stock = supply
            capacity[f, 0] = beds[f] * p.outpatients * filled
            capacity[f, 1] = beds[f] * p.free_beds * 30.0 / p.stay if staff[f] > 0.0 else 0.0
        else:
            in_stock = min(drugs[f] / max(served[f], 1.0), 1.0)
            capacity[f, 0] = staff[f] * p.visits_per_staff
            capacity[f, 1] = 0.0
        quality[f] = (p.of_drugs * in_stock + (1.0 - p.of_drugs) * filled) * (p.dispensary if k == 0 else 1.0)


rule(
    Rule(
        name="official.keep_facility",
        rows="facility",
        question="How many posts of a facility are filled this month, are there drugs, and how many people can it see?",
        loop=loop,
        reads=("facility.side", "facility.kind", "facility.catchment", "facility.beds", "facility.funding", "facility.served"),
        writes=("facility.staff", "facility.drugs", "facility.standard", "facility.quality", "facility.capacity"),
        parameters=Parameters,
        streams=("official.keep_facility",),
        decide=(standard_of, posts_of, next_staff, next_drugs),
        not_modelled="doctors apart from nurses, private practice, drugs that are sold, mobile clinics, posts of the army",
    )
)
