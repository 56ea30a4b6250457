"""How many posts of a facility are filled this month, are there drugs, and how many people can it see?

The budget of its district sets which part of a facility's posts is to be filled and which part of the drugs that it needs is sent: from what there was in
1980, or what there is when it opens, towards all of it. Staff leave at a rate and vacancies are filled at another, one by one, so a dispensary with a single
nurse is without one for months. Drugs are allotted by the visits of usual months, come in some months and are used by those who are seen, so a facility to
which more come than are paid for runs out. Quality is half drugs and equipment, half staff. A primary facility sees as many as its staff can; a hospital has
beds, part of which others than the people of the border places fill, and sees outpatients.

What a budget allows in the long run is the facility's standard: people know it, and what they meet beside it tells them how often there was no place or
no drugs. Staff and drugs can be moved apart from buildings (the levers ``staff_id`` and ``drugs_id``).

Not modelled: doctors apart from nurses, private practice, drugs that are sold, mobile clinics.
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
    best_id: float = parameter(
        "Quality of an Indonesian facility with all staff and drugs, relative to a Malaysian one", unit="1", default=0.8, low=0.6, high=1.0,
        source=Source("one doctor for each border centre was not reached in 2017 (HEALTH27), new buildings came in 2018 (HEALTH25); the neighbour is ahead throughout (lines 1574-1590); size: judgement", "derived"),
    )  # fmt: skip
    dispensary: float = parameter(
        "Quality of a dispensary or sub-centre relative to that of a health centre as well kept", unit="share", default=0.6, low=0.4, high=0.8,
        source=judgement("a nurse or midwife with a small stock; nobody who may operate or prescribe all drugs"),
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
        "Visits a month that one of the staff can see", unit="visits/month", default=200.0, low=100.0, high=350.0,
        source=Source("who sees patients sees 20-30 a day, which is one of three of the staff (judgement); about 900 visits a month at Entikong (HEALTH8, period unclear) with some 12 staff were not all it could see; 136 a day at Lubok Antu in 2022", "derived"),
    )  # fmt: skip
    base_drugs: float = parameter(
        "Drugs that are sent whatever the use, part of the visits that its staff can see", unit="share", default=0.1, low=0.0, high=0.3,
        source=judgement("a first stock by number of people, the rest by the visits that are reported"),
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
def level_of(start: float, progress: float, lever: float) -> float:
    """Part of the posts, or of the drugs needed, that is paid for.

    start [share]: in 1980, or as the facility would then have opened
    progress [share]: part of the way from there to all of it that the district's budgets have made up; below 0 where things got worse
    lever [1]: 1 as the budget allows
    returns [share]: 0 to 1
    """
    return min(max(start + (1.0 - start) * progress, 0.05) * lever, 1.0)


@compiled
def quality_of(drugs: float, staff: float, kind: int, side: int, p: Parameters) -> float:
    """Quality of a facility.

    drugs [share]: of those who need drugs, for whom there are
    staff [share]: of posts that are filled
    kind [code]: 0 a dispensary, 1 a health centre, 2 a hospital
    side [code]: 0 Indonesian, 1 Malaysian
    p: the rule's parameters
    returns [index]: 0 to 1
    """
    best = (p.dispensary if kind == 0 else 1.0) * (p.best_id if side == 0 else 1.0)
    return (p.of_drugs * drugs + (1.0 - p.of_drugs) * staff) * best


@compiled
def set_standards(
    p: Parameters, side: Column, kind: Column, staff_start: Column, drugs_start: Column, progress: Column, standard: Column
) -> None:
    """Quality that the budget of each facility allows in the long run, (facilities,)."""
    for f in range(side.shape[0]):
        drugs = level_of(drugs_start[f], progress[f], p.drugs_id if side[f] == 0 else 1.0)
        staff = level_of(staff_start[f], progress[f], p.staff_id if side[f] == 0 else 1.0)
        standard[f] = quality_of(drugs, staff, int(kind[f]), int(side[f]), p)


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
    used [visit]: seen in a usual month
    a_month [visit]: for which drugs are sent in a mean month
    comes [1]: whether a delivery comes this month
    returns [visit]: 0 to what comes in half a year
    """
    return min(max(drugs - used, 0.0) + (3.0 * a_month if comes else 0.0), 6.0 * a_month)


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, side: Column, kind: Column, is_open: Column, posts: Column, beds: Column, staff_start: Column,
    drugs_start: Column, progress: Column, served: Column, staff: Column, drugs: Column, usual: Column, quality: Column, capacity: Column
) -> None:  # fmt: skip
    """Carry staff and drugs of every facility on by a month. ``capacity`` is (facilities, 2): people seen by a primary facility or as outpatients, and in beds."""
    for f in range(start, stop):
        k, s = int(kind[f]), int(side[f])
        wanted = posts[f] * level_of(staff_start[f], progress[f], p.staff_id if s == 0 else 1.0)
        supply = level_of(drugs_start[f], progress[f], p.drugs_id if s == 0 else 1.0)
        if staff[f] < 0.0:  # before the first month; a facility that is not open yet is kept ready
            staff[f] = float(int(wanted + uniform(seed, KEEP_FACILITY, month, f, 3)))
            drugs[f] = usual[f] = 0.0
        else:
            staff[f] = next_staff(staff[f], wanted, p.turnover, p.recruitment, uniform(seed, KEEP_FACILITY, month, f, 0),
                                  uniform(seed, KEEP_FACILITY, month, f, 1))  # fmt: skip
        usual[f] += (served[f] - usual[f]) / 12.0
        filled = min(staff[f] / posts[f], 1.0)
        if k == 2:
            in_stock = supply
            capacity[f, 0] = beds[f] * p.outpatients * filled
            capacity[f, 1] = beds[f] * p.free_beds * 30.0 / p.stay if staff[f] > 0.0 else 0.0
        else:
            capacity[f, 0] = staff[f] * p.visits_per_staff
            capacity[f, 1] = 0.0
            a_month = supply * ((1.0 - p.base_drugs) * usual[f] + p.base_drugs * posts[f] * p.visits_per_staff)
            drugs[f] = next_drugs(drugs[f], usual[f], a_month, uniform(seed, KEEP_FACILITY, month, f, 2) * 3.0 < 1.0)
            in_stock = min(drugs[f] / max(usual[f], 1.0), 1.0)
        if is_open[f] <= 0.0:
            capacity[f, 0] = capacity[f, 1] = 0.0
        quality[f] = quality_of(in_stock, filled, k, s, p)


rule(
    Rule(
        name="official.keep_facility",
        rows="facility",
        question="How many posts of a facility are filled this month, are there drugs, and how many people can it see?",
        loop=loop,
        reads=("facility.side", "facility.kind", "facility.is_open", "facility.posts", "facility.beds", "facility.staff_start", "facility.drugs_start",
               "facility.progress", "facility.served"),
        writes=("facility.staff", "facility.drugs", "facility.usual", "facility.quality", "facility.capacity"),
        parameters=Parameters,
        streams=("official.keep_facility",),
        decide=(level_of, quality_of, next_staff, next_drugs),
        not_modelled="doctors apart from nurses, private practice, drugs that are sold, mobile clinics",
    )
)  # fmt: skip
