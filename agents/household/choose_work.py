"""Who wants to work where: on the own farm, for a wage at home, across with a pass, or across without?

Each month a part of the adults think again. An adult compares what the activities would bring (a logit over the
logarithm of expected net income): the farm gives what one more adult adds to its income, a job its pay times the chance
to find one, work across its pay at this month's rate less costs there, times one less the chance of being sent home.
Being away has a cost that kin and neighbours across reduce. The rule gives demand only: jobs are given in a step of their own.

A border pass allows day and petty work near the line, not plantation work, which needs a passport and a permit; that
is the fourth activity here, as most did it without (irregular share 0.3-0.8).

Not modelled: permits for legal plantation work, petty trade as an adult's activity, logging, schooling of workers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.draws import stream, uniform
from agents.core.exact import exp, log, rounded_up

THINK_AGAIN = stream("household.choose_work.think_again")
CHOOSE_WORK = stream("household.choose_work")
CROSS_BORDER_WORK = switch("cross_border_work", "People may work on the other side of the border")
UNDOCUMENTED_WORK = switch("undocumented_work", "People may work across without papers")


@parameters("household.choose_work")
class Parameters(NamedTuple):
    """What decides where people want to work."""

    think_again: float = parameter(
        "Part of adults who reconsider their work in a month", unit="probability/month", default=0.15, low=0.08, high=0.3,
        source=judgement("inertia 0.1-0.2 keeps activities from swinging in the trial"),
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
def choose_work(u: float, farm: float, wage: float, with_pass: float, undocumented: float) -> int:
    """Activity of a logit: 0 farm, 1 wage at home, 2 across with a pass, 3 across without. -1e9 marks what is not available.

    u [1]: the draw, 0 to 1
    farm [utility]: of the own farm
    wage [utility]: of a wage at home
    with_pass [utility]: of work across with a pass
    undocumented [utility]: of work across without papers
    returns [code]: 0 to 3
    """
    best = max(max(farm, wage), max(with_pass, undocumented))
    e0, e1 = exp(farm - best), exp(wage - best)
    e2, e3 = exp(with_pass - best), exp(undocumented - best)
    at = u * (e0 + e1 + e2 + e3)
    if at < e0:
        return 0
    if at < e0 + e1:
        return 1
    return 2 if at < e0 + e1 + e2 and e2 > 0.0 else (3 if e3 > 0.0 else 1)


#: So many adults, with those of one household more, are looked at together.
TOGETHER = 64


@compiled
def loop(  # noqa: C901 (see the end of its docstring)
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, weight: Column, n_workers: Column,
    land: Column, ability: Column, schooling: Column, support_across: Column, heard_work: Column, activity: Column, wage: Column,
    hours_work: Column, may_work: Column, job_chance: Column, caught_away: Column, technique: Column, farm_gate: Column,
    yields: Column, schooling_return: Column, work_sought: Column, job_holders: Column, job_seekers: Column
) -> None:  # fmt: skip
    """Mark what each adult asks for (-1: stays as it is), and count holders and seekers by place.

    ``yields`` is (places, 2): kilograms of rice and of rubber a month at one unit of farm output. An adult who
    asks for another job keeps the old one until it has found one, which the next step decides.

    Adults who think again are noted until there are enough; then each pass does one thing for all of them, which a processor does for several at a
    time. What jobs are worth is worked out community by community, as pay and ways are the same for all its people. It is one long loop because
    functions of the user's own are put into it by name.
    """
    room = rounded_up(TOGETHER + activity.shape[1]) + rounded_up(1)  # a community's pass may go so far beyond its last one
    draws, farmers, hectares, skill = np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    years, kin, heard, better, money = np.ones(room), np.ones(room), np.ones(room), np.ones(room), np.ones(room)
    values, chosen, who, slot = np.full((4, room), -1.0e9), np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    n, first = 0, 0  # adults noted, and the first one of this community
    for i in range(start, stop):
        where, n_farm = int(place[i]), 0
        for a in range(int(n_workers[i])):
            if activity[i, a] == 0:
                n_farm += 1
        for a in range(int(n_workers[i])):
            work_sought[i, a] = -1
            if think_again(uniform(seed, THINK_AGAIN, month, uid[i], a), p):
                who[n], slot[n] = i, a
                draws[n] = uniform(seed, CHOOSE_WORK, month, uid[i], a)
                farmers[n], hectares[n], skill[n], years[n] = float(n_farm), land[i], ability[i], float(schooling[i])
                kin[n], heard[n] = support_across[i], float(heard_work[i])
                better[n] = technique[where]
                money[n] = yields[where, 0] * farm_gate[where, 0] + yields[where, 1] * farm_gate[where, 1]
                n += 1
        is_enough = n >= TOGETHER or i + 1 == stop
        if not is_enough and place[i + 1] == place[i]:
            continue
        m = rounded_up(n - first)  # those beyond the last one are overwritten by the next community's
        s_skill, s_years, s_kin, s_heard = (
            skill[first : first + m],
            years[first : first + m],
            kin[first : first + m],
            heard[first : first + m],
        )
        for k in range(1, 4 if n > first else 1):
            value = values[k, first : first + m]
            if may_work[where, k] <= 0.0:
                value[:] = -1.0e9
                continue
            gross, found, hours = wage[where, k], job_chance[where, k], hours_work[where, k]
            if k == 1:
                for c in range(m):
                    pay = gross * (s_skill[c] * exp(schooling_return[where] * (s_years[c] - 6.0)))
                    value[c] = value_of_work(pay * found, pay, p.hour_daily * hours, p.scale)
            elif k == 2:
                for c in range(m):
                    value[c] = value_of_work(gross * found, gross, p.hour_daily * hours - p.kin_word * s_heard[c], p.scale)
            else:
                kept = gross * (1.0 - p.living_cost) * (1.0 - caught_away[where]) * found
                for c in range(m):
                    burden = p.away * (1.0 - p.kin_relief * s_kin[c]) + p.hour_away * hours - p.kin_word * s_heard[c]
                    value[c] = value_of_work(kept, gross, burden, p.scale)
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
            chosen[c] = choose_work(draws[c], values[0, c], values[1, c], values[2, c], values[3, c])
        for c in range(n):
            if chosen[c] != activity[who[c], slot[c]]:
                work_sought[who[c], slot[c]] = chosen[c]
        n = first = 0
    for i in range(start, stop):
        where = int(place[i])
        for a in range(int(n_workers[i])):
            now, wanted = int(activity[i, a]), int(work_sought[i, a])
            # who asks for another job keeps this one until it has it; who holds none adds 0, which is quicker than to ask
            job_holders[where, max(now, 0)] += weight[i] if now > 0 and wanted != 0 else 0.0
            if wanted > 0:
                job_seekers[where, wanted] += weight[i]


rule(
    Rule(
        name="household.choose_work",
        question="Who wants to work where: on the own farm, for a wage at home, across with a pass, or across without?",
        loop=loop,
        reads=("household.uid", "household.place", "household.weight", "household.n_workers", "household.land", "household.ability",
               "household.schooling", "household.support_across", "household.heard_work", "household.activity",
               "place.wage", "place.hours_work", "place.may_work", "place.job_chance", "place.caught_away", "place.technique",
               "place.farm_gate", "place.yields", "place.schooling_return"),
        writes=("household.work_sought", "place.job_holders", "place.job_seekers"),
        parameters=Parameters,
        streams=("household.choose_work.think_again", "household.choose_work"),
        switch=CROSS_BORDER_WORK,
        decide=(think_again, added_by_one_more, value_of_work, choose_work),
        not_modelled="permits for legal plantation work, petty trade as an adult's activity, logging, schooling of workers",
    )
)  # fmt: skip
