"""Which pay, and how many jobs of which kind, does every community have this month?

Pay at home is that of the sector (tables of wages of the region, carried between and beyond their years by the index of pay), in private sectors
moved by the product of the district. Jobs at home follow the region's tables of employment: a share of the labour force in timber, in trade and
services (for a wage or on one's own account) and in public jobs, and the estates' planted area times workers per hectare, less those who came from abroad. They shrink when real product
falls below what it was before.

Work across is what the other side's employers cannot fill: the jobs of Indonesians on estates and in timber in Sarawak, of which people of the
border kecamatan hold a part, near places a larger one; some with passport and permit, the others without papers. Day and town work on a border
pass depends on how many people live at the place within reach. Estates in Kalimantan employ nobody from Sarawak, so there is no other way round:
people of Sarawak find day work across only, and little of it.

Not modelled: single employers, estates by place, strikes.
"""

from __future__ import annotations

from typing import NamedTuple

from abm.history.series import CRISIS
from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.exact import exp, log
from agents.surroundings import ESTATE, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED

#: Month of the run, from January 1980 as 0, from which the shares of foreign and of legal workers stay as they are: mid-2010.
_LATER = 366.0


@parameters("world.set_work")
class Parameters(NamedTuple):
    """Pay and jobs at the border."""

    pay_id: float = parameter(
        "Mean pay in trade and services of the border kecamatan relative to the provincial minimum wage", unit="1", default=1.1, low=0.8, high=1.5,
        source=judgement("half earn less than about the minimum, and the mean of such a spread of pay is a fifth above its middle; the line is poorer than the province"),
    )  # fmt: skip
    pay_my: float = parameter(
        "Mean pay in trade and services of the border districts relative to the median of Sarawak", unit="1", default=1.15, low=0.85, high=1.55,
        source=Source("mean over median of citizens of Sarawak 2010: 1,706 of 1,100 (WAGE1), with the city and public pay in it; rural over all of Malaysia: 1,087 of 1,500", "derived"),
    )  # fmt: skip
    pay_by_district: float = parameter(
        "Elasticity of private pay to the district's product per person", unit="1", default=0.3, low=0.0, high=0.7,
        source=judgement("workers move between districts, so pay differs less than product"),
    )  # fmt: skip
    jobs_id: float = parameter(
        "Jobs at home of the border kecamatan relative to the table of employment", unit="1", default=1.0, low=0.7, high=1.3,
        source=judgement("the table holds the province's figures already carried to the border by an assumption"),
    )  # fmt: skip
    jobs_my: float = parameter(
        "Jobs at home of the border districts relative to the table of employment", unit="1", default=1.1, low=0.8, high=1.5,
        source=judgement("the table takes three quarters of the state's wage earners for each worker; Bau and Serian lie within an hour of Kuching, where many work"),
    )  # fmt: skip
    jobs_cycle: float = parameter(
        "Elasticity of jobs in timber, trade and services to real product below its earlier height", unit="1", default=1.0, low=0.3, high=2.0,
        source=judgement("jobs fell about as much as product in 1998; estates and public jobs did not"),
    )  # fmt: skip
    workers_per_ha: float = parameter(
        "Workers for a hectare of planted oil palm", unit="1", default=0.1, low=0.07, high=0.14,
        source=Source("about 10 ha a worker (ECON32)", "opened"),
    )  # fmt: skip
    estates_near_id: float = parameter(
        "Part of the province's estate jobs that people of the border kecamatan hold", unit="share", default=0.04, low=0.01, high=0.08,
        source=Source("their part of the people of the province is 0.038 (GEO6, census 2010); where estates lie is not known by kecamatan", "derived"),
    )  # fmt: skip
    estates_near_my: float = parameter(
        "Part of the state's estate jobs of citizens that people of the border districts hold", unit="share", default=0.09, low=0.04, high=0.14,
        source=Source("their part of the people of the state is 0.090 (census 2010); most estates lie farther north", "derived"),
    )  # fmt: skip
    foreign_1980: float = parameter(
        "Part of estate jobs in Sarawak held by foreigners, 1980", unit="share", default=0.2, low=0.05, high=0.45,
        source=judgement("few estates, local and Iban labour; non-citizens of the state were 17,172 in 1991 (ECON17)"),
    )  # fmt: skip
    foreign_2010: float = parameter(
        "Part of estate jobs in Sarawak held by foreigners, from 2010", unit="share", default=0.85, low=0.75, high=0.92,
        source=Source("80-90 % of plantation workers are Indonesians (ECON31)", "opened"),
    )  # fmt: skip
    workers_per_log: float = parameter(
        "Workers in logging and mills of Sarawak for a thousand cubic metres of logs a year", unit="1", default=6.0, low=3.5, high=9.0,
        source=judgement("about 100,000 in forests and mills at the height of 1991 with 19.4 million cubic metres (TIMB3, recalled)"),
    )  # fmt: skip
    timber_foreign_1980: float = parameter(
        "Part of timber jobs in Sarawak held by Indonesians, 1980", unit="share", default=0.05, low=0.01, high=0.15,
        source=judgement("local crews; mills hired Indonesians later, at a pay unchanged for ten to twenty years (WAGE14)"),
    )  # fmt: skip
    timber_foreign_2010: float = parameter(
        "Part of timber jobs in Sarawak held by Indonesians, from 2010", unit="share", default=0.5, low=0.3, high=0.8,
        source=judgement("mills depend on them; 25 % of the Indonesians in Sarawak are in timber (ECON14), which is kept as a check"),
    )  # fmt: skip
    from_border: float = parameter(
        "Part of the Indonesians at work in Sarawak who come from the border kecamatan", unit="share", default=0.07, low=0.02, high=0.15,
        source=judgement("half from West Kalimantan, the others from Java, Sulawesi and the east (recalled); of its people 0.038 live there, who go about four times as often"),
    )  # fmt: skip
    nearness: float = parameter(
        "Hours of travel over which a community's part in work across falls by 63 %", unit="hour", default=8.0, low=4.0, high=16.0,
        source=judgement("who lives near hears of jobs and goes home for feasts"),
    )  # fmt: skip
    legal_1980: float = parameter(
        "Part of the jobs across with passport and permit, 1980", unit="share", default=0.1, low=0.0, high=0.3,
        source=judgement("the labour agreement of 1984 and computer permits came later"),
    )  # fmt: skip
    legal_2010: float = parameter(
        "Part of the jobs across with passport and permit, from 2010", unit="share", default=0.5, low=0.3, high=0.65,
        source=Source("131,381 permits in 2010 (EMP2), about 100,000 more without papers (EMP3); circular workers of the border: 0.3-0.8 without, judgement", "derived"),
    )  # fmt: skip
    day_jobs_my: float = parameter(
        "Day and petty jobs for Indonesians on a pass for each worker of the Malaysian place within reach", unit="share", default=0.02, low=0.005, high=0.06,
        source=judgement("hundreds of day workers at Aruk (weak note of 2025)"),
    )  # fmt: skip
    day_jobs_id: float = parameter(
        "Day and petty jobs for Malaysians on a pass for each worker of the Indonesian place within reach", unit="share", default=0.002, low=0.0, high=0.01,
        source=judgement("traders and relatives who help; no report of Malaysians in wage work in Kalimantan was found"),
    )  # fmt: skip
    pay_of_day_work: float = parameter(
        "Pay of a month of day work on a pass relative to estate pay there", unit="1", default=0.7, low=0.4, high=1.0,
        source=judgement("fewer days, petty tasks, no lodging to pay"),
    )  # fmt: skip
    pay_undocumented: float = parameter(
        "Pay without papers relative to estate pay there", unit="1", default=0.85, low=0.65, high=1.0,
        source=Source("RM14 was paid where the consulate's minimum was 16 (ECON12, WAGE15)", "derived"),
    )  # fmt: skip
    schooling_id: float = parameter(
        "Gain in pay for a year of schooling, Indonesian side", unit="log", default=0.05, low=0.04, high=0.1,
        source=Source("4.7 % (Purnastuti, Salim and Joarder, IFLS4)", "opened"),
    )  # fmt: skip
    schooling_my: float = parameter(
        "Gain in pay for a year of schooling, Malaysian side", unit="log", default=0.08, low=0.07, high=0.12,
        source=Source("14-16 % marginal by level; about 7-12 % a year", "derived"),
    )  # fmt: skip
    schooled_id: float = parameter(
        "Schooling of those who earn the Indonesian pay in trade and services", unit="year", default=5.5, low=4.0, high=7.0,
        source=Source("mean of the employed of the province in 2008: 6.8 by level (ECON36); pay_id holds what the border has less of, so its own adults are meant", "derived"),
    )  # fmt: skip
    schooled_my: float = parameter(
        "Schooling of those who earn the Malaysian pay in trade and services", unit="year", default=7.0, low=6.0, high=9.0,
        source=judgement("the median wage earner of Sarawak has some nine years; pay_my holds what the border has less of, so its own adults are meant"),
    )  # fmt: skip
    schooled_public: float = parameter(
        "Schooling of those who earn the pay of public jobs", unit="year", default=10.0, low=9.0, high=12.0,
        source=judgement("upper secondary school on either side"),
    )  # fmt: skip


@compiled
def of_side(side: int, on_id: float, on_my: float) -> float:
    """The Indonesian or the Malaysian of two values of one unit.

    side [code]: 0 Indonesian, 1 Malaysian
    on_id [any]: the value of the Indonesian side
    on_my [same]: the value of the Malaysian side
    returns [same]: one of the two
    """
    return on_id if side == 0 else on_my


@compiled
def at_crossing(column: Column, crossing: int) -> float:
    """The value of a column (crossings,) at a crossing.

    column [any]: one value for each crossing
    crossing [row]: of the crossing, -1 for none
    returns [same]: 0 where there is none
    """
    return column[crossing] if crossing >= 0 else 0.0


@compiled
def to_later(in_1980: float, later: float, month: int) -> float:
    """A share that moves in a straight line from January 1980 to mid-2010 and then stays.

    in_1980 [share]: in January 1980
    later [share]: from mid-2010 on
    month [month]: of the run, January 1980 is 0; before it as in 1980
    returns [share]: between the two
    """
    return in_1980 + (later - in_1980) * min(max(month / _LATER, 0.0), 1.0)


@compiled
def jobs_at_home(share: float, relative: float, cycle: float, elasticity: float) -> float:
    """Jobs of a sector for each worker.

    share [share]: in the region's table
    relative [1]: of the border places to that
    cycle [1]: real product relative to its earlier height, more than 0 and at most 1
    elasticity [1]: of the jobs to that
    returns [share]: at most 0.9
    """
    return min(share * relative * exp(elasticity * log(cycle)), 0.9)


@compiled
def jobs_of_indonesians(area: float, logs: float, in_estates: float, in_timber: float, p: Parameters) -> float:
    """Jobs that Indonesians hold in Sarawak, on estates and in timber.

    area [ha]: planted there
    logs [thousand cubic metres/year]: cut there
    in_estates [share]: of estate jobs that they hold
    in_timber [share]: of timber jobs that they hold
    p: the rule's parameters
    returns [1]: jobs
    """
    return area * p.workers_per_ha * in_estates + logs * p.workers_per_log * in_timber


@compiled
def set_work(
    start: int, stop: int, month: int, p: Parameters, idr_per_usd: Column, myr_per_usd: Column, series_real_income: Column, wage_index: Column,
    base: Column, pay: Column, jobs: Column, estates: Column, logs: Column, cycle: Column, side: Column, workers: Column, pay_level: Column,
    hours_work: Column, crossing_work: Column, place_work: Column, is_open: Column, may_cross: Column, exchange: Column,
    product_per_head: Column, income_over_pay: Column, wage: Column, may_work: Column, job_slots: Column, schooling_return: Column, schooling_of_pay: Column,
    policy_real_income: Column
) -> None:  # fmt: skip
    """Set what work brings in every community and how many jobs there are."""
    idr_per_myr = idr_per_usd[month] / myr_per_usd[month]
    workers_id = workers_my = 0.0
    for s in range(2):
        policy_real_income[s] = series_real_income[month, s]
    near = 0.0  # workers of the Indonesian communities, those near the line for more
    for where in range(start, stop):
        if side[where] == 0:
            workers_id += workers[where]
        else:
            workers_my += workers[where]
        if side[where] == 0 and crossing_work[where, UNDOCUMENTED] >= 0:
            near += workers[where] * exp(-hours_work[where, UNDOCUMENTED] / p.nearness)
    foreign, legal = to_later(p.foreign_1980, p.foreign_2010, month), to_later(p.legal_1980, p.legal_2010, month)
    in_timber = to_later(p.timber_foreign_1980, p.timber_foreign_2010, month)
    across = jobs_of_indonesians(estates[month, 1], logs[month], foreign, in_timber, p) * p.from_border
    for where in range(start, stop):
        s = int(side[where])
        exchange[where] = of_side(s, idr_per_myr, 1.0 / idr_per_myr)
        product_per_head[where] = base[s] * wage_index[month, s]
        district = exp(p.pay_by_district * log(pay_level[where]))
        pay_there = pay[month, 1 - s, 0] * exchange[where]
        wage[where, 0] = 0.0
        wage[where, ESTATE] = pay[month, s, 0] * district
        wage[where, TIMBER] = pay[month, s, 1] * district
        wage[where, SERVICES] = pay[month, s, 2] * district * of_side(s, p.pay_id, p.pay_my)
        wage[where, PUBLIC] = pay[month, s, 3]
        wage[where, PASS] = p.pay_of_day_work * pay_there
        wage[where, PERMIT] = pay_there
        wage[where, UNDOCUMENTED] = p.pay_undocumented * pay_there
        gap = base[1 - s] * wage_index[month, 1 - s] * exchange[where] / product_per_head[where]
        income_over_pay[where] = gap / (pay_there / wage[where, ESTATE])
        relative = of_side(s, p.jobs_id, p.jobs_my)
        of_estates = estates[month, s] * p.workers_per_ha * of_side(s, p.estates_near_id, (1.0 - foreign) * p.estates_near_my)
        job_slots[where, 0] = 0.0
        job_slots[where, ESTATE] = min(of_estates / max(of_side(s, workers_id, workers_my), 1.0e-9), 0.9) * workers[where]
        job_slots[where, TIMBER] = jobs_at_home(jobs[month, s, 0], relative, cycle[month, s], p.jobs_cycle) * workers[where]
        job_slots[where, SERVICES] = jobs_at_home(jobs[month, s, 1], relative, cycle[month, s], p.jobs_cycle) * workers[where]
        job_slots[where, PUBLIC] = jobs_at_home(jobs[month, s, 2], relative, 1.0, 0.0) * workers[where]
        there = int(place_work[where])
        share_of_day = of_side(s, p.day_jobs_my, p.day_jobs_id)
        rivals = 0.0  # workers of the communities that reach the same place on a pass
        if there >= 0:
            for other in range(start, stop):
                if place_work[other] == there:
                    rivals += workers[other]
        job_slots[where, PASS] = share_of_day * workers[there] * workers[where] / max(rivals, 1.0e-9) if there >= 0 else 0.0
        mine = workers[where] * exp(-hours_work[where, UNDOCUMENTED] / p.nearness) / max(near, 1.0e-9) if s == 0 else 0.0
        job_slots[where, PERMIT] = across * legal * mine
        job_slots[where, UNDOCUMENTED] = across * (1.0 - legal) * mine
        for k in range(N_WORK):
            may_work[where, k] = 1.0
        is_free = may_cross[0] > 0.0
        may_work[where, PASS] = 1.0 if is_free and at_crossing(is_open, int(crossing_work[where, PASS])) > 0.0 else 0.0
        may_work[where, PERMIT] = 1.0 if is_free and s == 0 and at_crossing(is_open, int(crossing_work[where, PERMIT])) > 0.0 else 0.0
        may_work[where, UNDOCUMENTED] = (
            1.0 if is_free and s == 0 and may_cross[1] > 0.0 and crossing_work[where, UNDOCUMENTED] >= 0 else 0.0
        )
        for k in range(PASS, N_WORK):
            if may_work[where, k] <= 0.0:
                job_slots[where, k] = 0.0
        schooling_return[where] = of_side(s, p.schooling_id, p.schooling_my)
        schooling_of_pay[where, 0] = of_side(s, p.schooled_id, p.schooled_my)
        schooling_of_pay[where, 1] = p.schooled_public


rule(
    Rule(
        name="world.set_work",
        rows="place",
        question="Which pay and how many jobs does every community have this month?",
        loop=set_work,
        reads=("series.idr_per_usd", "series.myr_per_usd", "series.real_income", "series.wage_index", "series.base", "series.pay",
               "series.jobs", "series.estates", "series.logs", "series.cycle", "place.side", "place.workers", "place.pay_level", "place.hours_work",
               "place.crossing_work", "place.place_work", "crossing.is_open", "policy.may_cross"),
        writes=("place.exchange", "place.product_per_head", "place.income_over_pay", "place.wage", "place.may_work", "place.job_slots", "place.schooling_return",
                "place.schooling_of_pay", "policy.real_income"),
        parameters=Parameters,
        switch=CRISIS,
        decide=(jobs_at_home, jobs_of_indonesians, to_later),
        not_modelled="single employers, estates by place, strikes",
    )
)  # fmt: skip
