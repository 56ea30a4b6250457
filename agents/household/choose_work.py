"""Who wants to work where: on the own farm, in a job at home, across on a pass, across with a permit, or across without papers?

Each month a part of the adults of the labour force think again, and all who are without work. An adult compares what the activities would bring
(a logit over the logarithm of expected net income): the farm gives what one more adult adds to its income; a job its pay, which is that of the
sector and the place and, where schooling counts, of the adult, times the chance to find one; work across its pay at this month's rate less living
costs there, and less what papers cost or what being sent home would cost. Being away has a cost that kin and acquaintances across reduce. The
rule gives demand only: jobs are given in a step of their own.

A border pass allows day and petty work near the line, not plantation work, which needs a passport, a permit, a levy and an agent. Public jobs ask
for schooling. Who was sent home remembers it, and takes the risk to be higher than it is.

Not modelled: petty trade as an adult's activity, logging on one's own account, employers that choose by anything but schooling.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.draws import stream, uniform
from agents.core.exact import exp, log, rounded_up
from agents.surroundings import FARM, LOOKING, PASS, PUBLIC, SERVICES, UNDOCUMENTED

THINK_AGAIN = stream("household.choose_work.think_again")
CHOOSE_WORK = stream("household.choose_work")
CROSS_BORDER_WORK = switch("cross_border_work", "People may work on the other side of the border")
UNDOCUMENTED_WORK = switch("undocumented_work", "People may work across without papers")
#: Value of an activity that is not open to somebody.
CLOSED = -1.0e9


@parameters("household.choose_work")
class Parameters(NamedTuple):
    """What decides where people want to work."""

    think_again: float = parameter(
        "Part of adults who reconsider their work in a month", unit="probability/month", default=0.15, low=0.08, high=0.3,
        source=judgement("inertia 0.1-0.2 keeps activities from swinging in the trial; who is without work always does"),
    )  # fmt: skip
    scale: float = parameter(
        "Spread of tastes, in logarithms of income", unit="log", default=0.4, low=0.3, high=0.6,
        source=Source("trial on the region's data: at 0.1 nearly everybody does the same", "derived"),
    )  # fmt: skip
    away: float = parameter(
        "Burden of living away, in logarithms of income", unit="log", default=1.5, low=0.4, high=2.2,
        source=judgement("identified by the share at work across, if at all"),
    )  # fmt: skip
    hour_daily: float = parameter(
        "Burden of an hour's daily way", unit="log/hour", default=0.35, low=0.1, high=0.7,
        source=judgement("a day is eight hours"),
    )  # fmt: skip
    hour_away: float = parameter(
        "Burden of an hour's way to work far off", unit="log/hour", default=0.06, low=0.02, high=0.12,
        source=judgement("trial value"),
    )  # fmt: skip
    kin_relief: float = parameter(
        "Part of the burden of being away that close kin across take away", unit="share", default=0.4, low=0.2, high=0.6,
        source=Source("networks lower the cost of migration by 20-60 % where common", "recalled"),
    )  # fmt: skip
    kin_word: float = parameter(
        "Pull of kin who have somebody at work across", unit="log", default=0.5, low=0.0, high=1.2,
        source=Source("social proximity counts for more than income gaps in Nepal (Fafchamps and Shilpi 2008); size: judgement", "opened"),
    )  # fmt: skip
    living_cost: float = parameter(
        "Part of pay across that living there takes", unit="share", default=0.35, low=0.2, high=0.5,
        source=judgement("board and lodging on an estate"),
    )  # fmt: skip
    permit_cost: float = parameter(
        "Part of pay across that passport, permit, levy and agent take", unit="share", default=0.14, low=0.08, high=0.25,
        source=Source("levy of 695 ringgit a year on a plantation worker (WAGE17) of a basic pay of 31 a day (WAGE16) is 0.07; the papers and the agent: as much again, judgement", "derived"),
    )  # fmt: skip
    loss_when_caught: float = parameter(
        "Months of pay that being sent home costs", unit="months of pay", default=3.0, low=1.0, high=6.0,
        source=judgement("pay that is kept back, detention, the way back, and the time until the next job"),
    )  # fmt: skip
    fear: float = parameter(
        "Chance of being sent home that who has just been adds to the one there is", unit="probability/month", default=0.05, low=0.0, high=0.15,
        source=judgement("one's own experience counts for more than what is known of others; no survey"),
    )  # fmt: skip
    income_motive: float = parameter(
        "How far people judge work across by incomes there instead of pay: 0 by pay, 1 by the gap in product per head", unit="share", default=0.0,
        low=0.0, high=1.0, role="lever",
        source=judgement("the paper names the gap in incomes as the reason for illegal work, the theory of migration the gap in pay; both are shown"),
    )  # fmt: skip
    public_schooling: float = parameter(
        "Schooling that a public job asks for", unit="year", default=9.0, low=6.0, high=12.0,
        source=judgement("lower secondary school for the lowest grades; teachers and nurses more"),
    )  # fmt: skip
    missing_schooling: float = parameter(
        "Burden of a year of schooling that somebody lacks for a public job", unit="log", default=0.5, low=0.2, high=1.0,
        source=judgement("guards, drivers and cleaners are hired with less; the figure is of a household's mean, and its youngest have more"),
    )  # fmt: skip
    labour_share: float = parameter(
        "Elasticity of farm output to labour", unit="1", default=0.6, low=0.4, high=0.7,
        source=Source("Cobb-Douglas shares of smallholders", "recalled"),
    )  # fmt: skip


@inlined
def think_again(u: float, p: Parameters) -> bool:
    """Whether an adult considers this month what to do.

    u [1]: the draw, 0 to 1
    p: the rule's parameters
    returns [1]: True where it does
    """
    return u < p.think_again


@inlined
def added_by_one_more(farm_income: float, n_now: float, labour_share: float) -> float:
    """What one more adult adds to the farm's income.

    farm_income [own currency/month]: what the adults at work there now earn
    n_now [adult]: at work on the farm now, more than 0
    labour_share [1]: elasticity of output to labour
    returns [own currency/month]: the gain
    """
    return farm_income * (exp(labour_share * log((n_now + 1.0) / n_now)) - 1.0)


@inlined
def value_of_work(net_income: float, gross_income: float, burden: float, scale: float) -> float:
    """Value of an activity: the logarithm of its net income (no less than 2 % of gross), less its burden, over the spread of tastes.

    net_income [own currency/month]: expected, after the chance to find the job and costs there
    gross_income [own currency/month]: pay of the job
    burden [log]: travel and being away, less the pull of kin; negative where that is larger
    scale [log]: spread of tastes
    returns [utility]: compared with that of the other activities
    """
    return (log(max(net_income, max(0.02 * gross_income, 1.0e-9))) - burden) / scale


@inlined
def skilled_pay(pay: float, ability: float, schooling: float, schooling_return: float, schooling_of_pay: float) -> float:
    """Pay of an adult in a job in which schooling counts.

    pay [own currency/month]: of the sector, for somebody of the schooling below
    ability [1]: of the household, relative to others of equal means
    schooling [year]: of its adults
    schooling_return [log]: gain in pay for a year of schooling
    schooling_of_pay [year]: schooling of those whose pay the sector's figure is
    returns [own currency/month]: the adult's pay
    """
    return pay * (ability * exp(schooling_return * (schooling - schooling_of_pay)))


@compiled
def believed_pay(pay: float, income_over_pay: float, income_motive: float) -> float:
    """Pay across as people take it to be when they decide.

    pay [own currency/month]: of the job, at the month's rate
    income_over_pay [1]: gap in product per head over the gap in estate pay, more than 0
    income_motive [share]: 0 where people go by pay, 1 where they go by incomes
    returns [own currency/month]: the pay, or what it would be if pay differed as incomes do
    """
    return pay * exp(income_motive * log(income_over_pay))


@inlined
def net_without_papers(pay: float, living_cost: float, chance: float, loss: float) -> float:
    """What a month of work across without papers is worth, no less than 0.

    pay [own currency/month]: of the month
    living_cost [share]: of pay that living there takes
    chance [probability/month]: of being sent home, as the adult takes it to be
    loss [months of pay]: that being sent home costs
    returns [own currency/month]: expected
    """
    return pay * (1.0 - living_cost) * max(1.0 - min(chance, 1.0) * loss, 0.0)


@inlined
def choose_work(
    u: float, farm: float, estate: float, timber: float, services: float, public: float, with_pass: float, with_permit: float,
    undocumented: float
) -> int:  # fmt: skip
    """Activity of a logit: 0 farm, 1 to 4 a job at home, 5 across on a pass, 6 with a permit, 7 without papers. -1e9 marks what is not available.

    u [1]: the draw, 0 to 1
    farm [utility]: of the own farm
    estate [utility]: of work on an estate at home
    timber [utility]: of work in timber at home
    services [utility]: of a job in trade, building or services at home
    public [utility]: of a public job
    with_pass [utility]: of day work across on a border pass
    with_permit [utility]: of estate work across with passport and permit
    undocumented [utility]: of work across without papers
    returns [code]: 0 to 7
    """
    best = max(max(max(farm, estate), max(timber, services)), max(max(public, with_pass), max(with_permit, undocumented)))
    e0, e1, e2, e3 = exp(farm - best), exp(estate - best), exp(timber - best), exp(services - best)
    e4, e5, e6, e7 = exp(public - best), exp(with_pass - best), exp(with_permit - best), exp(undocumented - best)
    at = u * (e0 + e1 + e2 + e3 + e4 + e5 + e6 + e7)
    if at < e0:
        return 0
    at -= e0
    if at < e1:
        return 1
    at -= e1
    if at < e2:
        return 2
    at -= e2
    if at < e3:
        return 3
    at -= e3
    if at < e4:
        return 4
    at -= e4
    if at < e5:
        return 5
    at -= e5
    if at < e6:
        return 6
    # what rounding leaves over goes to the last activity that is open
    if e7 > 0.0:
        return 7
    if e6 > 0.0:
        return 6
    if e5 > 0.0:
        return 5
    return 4 if e4 > 0.0 else (3 if e3 > 0.0 else (2 if e2 > 0.0 else (1 if e1 > 0.0 else 0)))


#: So many adults, with those of one household more, are looked at together.
TOGETHER = 64


@compiled
def loop(  # noqa: C901 (see the end of its docstring)
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, n_workers: Column, land: Column,
    ability: Column, schooling: Column, support_across: Column, heard_work: Column, fear: Column, activity: Column, wage: Column,
    hours_work: Column, may_work: Column, job_chance: Column, caught_away: Column, income_over_pay: Column, technique: Column, farm_gate: Column,
    yields: Column, schooling_return: Column, schooling_of_pay: Column, work_sought: Column
) -> None:  # fmt: skip
    """Mark what each adult asks for (-1: stays as it is). Who asked for a job and has none yet goes on asking until thinking again.

    ``yields`` is (places, 2): kilograms of rice and of rubber a month at one unit of farm output. An adult who
    asks for another job keeps the old one until it has found one, which the next step decides.

    Adults who think again are noted until there are enough; then each pass does one thing for all of them, which a processor does for several at a
    time. What jobs are worth is worked out community by community, as pay and ways are the same for all its people. It is one long loop because
    functions of the user's own are put into it by name.
    """
    room = rounded_up(TOGETHER + activity.shape[1]) + rounded_up(1)  # a community's pass may go so far beyond its last one
    draws, farmers, hectares, skill = np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    years, kin, heard, afraid, better, money = np.ones(room), np.ones(room), np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    values, chosen, who, slot = np.full((8, room), CLOSED), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    n, first = 0, 0  # adults noted, and the first one of this community
    for i in range(start, stop):
        where, n_farm, workers = int(place[i]), 0, int(n_workers[i])
        for a in range(workers):
            if activity[i, a] == FARM:
                n_farm += 1
        for a in range(workers):
            if activity[i, a] == LOOKING or think_again(uniform(seed, THINK_AGAIN, month, uid[i], a), p):
                who[n], slot[n] = i, a
                draws[n] = uniform(seed, CHOOSE_WORK, month, uid[i], a)
                farmers[n], hectares[n], skill[n], years[n] = float(n_farm), land[i], ability[i], float(schooling[i])
                kin[n], heard[n], afraid[n] = support_across[i], float(heard_work[i]), float(fear[i])
                better[n] = technique[where]
                money[n] = yields[where, 0] * farm_gate[where, 0] + yields[where, 1] * farm_gate[where, 1]
                n += 1
        is_enough = n >= TOGETHER or i + 1 == stop
        if not is_enough and place[i + 1] == place[i]:
            continue
        m = rounded_up(n - first)  # those beyond the last one are overwritten by the next community's
        s_skill, s_years, s_kin, s_heard, s_afraid = (
            skill[first : first + m],
            years[first : first + m],
            kin[first : first + m],
            heard[first : first + m],
            afraid[first : first + m],
        )
        for k in range(1, 8 if n > first else 1):
            value = values[k, first : first + m]
            if may_work[where, k] <= 0.0:
                value[:] = CLOSED
                continue
            gross, found, hours = wage[where, k], job_chance[where, k], hours_work[where, k]
            if k >= PASS:
                gross = believed_pay(gross, income_over_pay[where], p.income_motive)
            if k < SERVICES:
                for c in range(m):
                    pay = gross * s_skill[c]
                    value[c] = value_of_work(pay * found, pay, p.hour_daily * hours, p.scale)
            elif k < PASS:
                asked = p.public_schooling if k == PUBLIC else 0.0
                for c in range(m):
                    pay = skilled_pay(gross, s_skill[c], s_years[c], schooling_return[where], schooling_of_pay[where, k - SERVICES])
                    burden = p.hour_daily * hours + p.missing_schooling * max(asked - s_years[c], 0.0)
                    value[c] = value_of_work(pay * found, pay, burden, p.scale)
            elif k == PASS:
                for c in range(m):
                    value[c] = value_of_work(gross * found, gross, p.hour_daily * hours - p.kin_word * s_heard[c], p.scale)
            else:
                for c in range(m):
                    chance = caught_away[where] + p.fear * s_afraid[c]
                    kept = gross * (1.0 - p.living_cost - p.permit_cost)
                    if k == UNDOCUMENTED:
                        kept = net_without_papers(gross, p.living_cost, chance, p.loss_when_caught)
                    burden = p.away * (1.0 - p.kin_relief * s_kin[c]) + p.hour_away * hours - p.kin_word * s_heard[c]
                    value[c] = value_of_work(kept * found, gross, burden, p.scale)
        first = n
        if not is_enough:
            continue
        m = rounded_up(n)
        for c in range(m):
            work = max(farmers[c], 0.5)
            land_part = exp((1.0 - p.labour_share) * log(hectares[c]))
            output = better[c] * skill[c] * land_part * exp(p.labour_share * log(work))
            farm_income = output * money[c]
            farm = added_by_one_more(farm_income, work, p.labour_share) if farmers[c] > 0.0 else farm_income
            values[0, c] = value_of_work(farm, farm, 0.0, p.scale)
        for c in range(m):
            chosen[c] = choose_work(draws[c], values[0, c], values[1, c], values[2, c], values[3, c], values[4, c], values[5, c], values[6, c],
                                    values[7, c])  # fmt: skip
        for c in range(n):
            work_sought[who[c], slot[c]] = chosen[c] if chosen[c] != activity[who[c], slot[c]] else -1
        n = first = 0


rule(
    Rule(
        name="household.choose_work",
        question="Who wants to work where: on the own farm, in a job at home, or across, and with which papers?",
        loop=loop,
        reads=("household.uid", "household.place", "household.n_workers", "household.land", "household.ability",
               "household.schooling", "household.support_across", "household.heard_work", "household.fear", "household.activity",
               "place.wage", "place.hours_work", "place.may_work", "place.job_chance", "place.caught_away", "place.income_over_pay", "place.technique",
               "place.farm_gate", "place.yields", "place.schooling_return", "place.schooling_of_pay"),
        writes=("household.work_sought",),
        parameters=Parameters,
        streams=("household.choose_work.think_again", "household.choose_work"),
        switch=CROSS_BORDER_WORK,
        decide=(think_again, added_by_one_more, value_of_work, skilled_pay, believed_pay, net_without_papers, choose_work),
        not_modelled="petty trade as an adult's activity, logging on one's own account, employers that choose by anything but schooling",
    )
)  # fmt: skip
