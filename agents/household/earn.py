"""What does a month bring in, and what of it is spent?

Farm output follows land and labour (Cobb-Douglas), season and technique; a part feeds the household, the rest is sold,
both counted at the farm-gate price of the place. Wages are paid for the days worked, in trade, services and public jobs by schooling. Pay across
is converted once, at this month's rate, less living costs there and less what the papers cost. The trader's profit of last month comes home. Spending follows the income
of a usual month and savings, so that a harvest or a crisis does not change consumption at once.

Income per head counts farm output (sold and used) less bought inputs, wages, net earnings across and trade; not health
fees, spending or stocks. Savings change by money alone: what a household eats of its own farm is not booked there.
Product per head is another notion, that of regional accounts: value added where people live, by farms and traders, by employers (wages over
labour's share of value added in the sector), and by public services, which are valued at what they cost. Earnings across are no part of it.

Not modelled: credit with interest, several crops by choice, stocks. Help among households is a rule of its own (:mod:`agents.household.help_kin`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.exact import exp, log, rounded_up
from agents.household.choose_work import Parameters as ChooseWork
from agents.household.choose_work import skilled_pay
from agents.surroundings import FARM, PASS, PERMIT, PUBLIC, SERVICES, UNDOCUMENTED

#: Of a full week of 48 hours, the part below which work is too little by the usual definition (35 hours).
FULL_ENOUGH = 35.0 / 48.0


@parameters("household.earn")
class Parameters(NamedTuple):
    """What work brings in and how it is spent."""

    inputs: float = parameter(
        "Bought inputs, part of farm output", unit="share", default=0.08, low=0.02, high=0.2,
        source=judgement("little fertiliser on upland rice and jungle rubber"),
    )  # fmt: skip
    own_rice: float = parameter(
        "Rice that a person eats", unit="kg/month", default=10.0, low=8.0, high=12.0,
        source=judgement("about 120 kg a year"),
    )  # fmt: skip
    memory: float = parameter(
        "Weight of this month in the income of a usual month", unit="share", default=0.08, low=0.05, high=0.2,
        source=judgement("about a year of memory"),
    )  # fmt: skip
    spend_from_savings: float = parameter(
        "Part of savings above a month's income that is spent", unit="share", default=0.05, low=0.01, high=0.2,
        source=judgement("buffer-stock saving"),
    )  # fmt: skip
    adults_per_ha: float = parameter(
        "Adults whom a hectare keeps busy full-time", unit="1", default=0.6, low=0.4, high=1.0,
        source=Source("150-250 days of work a hectare of hill rice (HH29), of 312 a year; about half of a rotation's land is cropped or tapped: judgement", "derived"),
    )  # fmt: skip
    share_estate: float = parameter(
        "Labour's share of value added on estates", unit="share", default=0.45, low=0.3, high=0.6,
        source=judgement("land and palms take the larger part; no input-output table of the region was opened"),
    )  # fmt: skip
    share_timber: float = parameter(
        "Labour's share of value added in timber", unit="share", default=0.4, low=0.25, high=0.6,
        source=judgement("rent of the forest and machines take the larger part"),
    )  # fmt: skip
    share_public: float = parameter(
        "Pay's share of value added in public services", unit="share", default=0.85, low=0.7, high=0.95,
        source=judgement("the rest is the wear of schools, clinics and offices, which national accounts count"),
    )  # fmt: skip
    share_services_id: float = parameter(
        "Labour's share of value added in trade, building and services, Indonesian side", unit="share", default=0.5, low=0.35, high=0.65,
        source=judgement("small firms, whose owners count as labour here"),
    )  # fmt: skip
    share_services_my: float = parameter(
        "Labour's share of value added in trade, building and services, Malaysian side", unit="share", default=0.4, low=0.28, high=0.55,
        source=judgement("pay of employees was 28 to 35 % of Malaysia's product in 2005-2015 (recalled); owners of small firms count as labour here"),
    )  # fmt: skip
    days_worked: float = parameter(
        "Working days of a month", unit="days", default=26.0, low=22.0, high=26.0, role="fixed",
        source=Source("day wages are quoted for 26 days a month (JPNN 2010)", "opened"),
    )  # fmt: skip


@inlined
def farm_output(technique: float, ability: float, land: float, labour: float, labour_share: float) -> float:
    """Units of farm output a month: Cobb-Douglas in hectares and full-time adults (0 when nobody works).

    technique [1]: output from the same land and labour, relative to 2005
    ability [1]: of the household, relative to others of equal means
    land [ha]: that it works, more than 0
    labour [adult]: at work full-time
    labour_share [1]: elasticity of output to labour
    returns [1]: units, each of which brings the place's yields
    """
    if labour <= 0.0:
        return 0.0
    return technique * ability * exp((1.0 - labour_share) * log(land) + labour_share * log(labour))


@compiled
def under_employed_of(n_farm: int, land: float, adults_per_ha: float) -> int:
    """Adults on the farm for whom it has less than 35 hours of work a week: all or none, as they share the work.

    n_farm [adult]: on the farm
    land [ha]: that it works
    adults_per_ha [1]: whom a hectare keeps busy full-time
    returns [adult]: ``n_farm`` or 0
    """
    return n_farm if land * adults_per_ha < FULL_ENOUGH * n_farm else 0


@compiled
def product_of(
    side: int, farm: float, trade: float, estate: float, timber: float, services: float, public: float, p: Parameters
) -> float:  # fmt: skip
    """Value added of a month where the household lives.

    side [code]: 0 Indonesian, 1 Malaysian
    farm [own currency/month]: farm output less bought inputs
    trade [own currency/month]: profit of its trader
    estate [own currency/month]: wages of the sector, and so on
    timber [own currency/month]: see above
    services [own currency/month]: see above
    public [own currency/month]: see above
    p: the rule's parameters
    returns [own currency/month]: value added
    """
    share_services = p.share_services_id if side == 0 else p.share_services_my
    return farm + trade + estate / p.share_estate + timber / p.share_timber + services / share_services + public / p.share_public


@inlined
def spend(income_mean: float, income_cash: float, savings: float, share_from_savings: float) -> float:
    """Money spent in the month: the usual month's income, more when savings are large, never below a third of it or more than there is.

    A household in debt still spends a third of a usual month's income, on credit from kin and shopkeepers.

    income_mean [own currency/month]: money income of a usual month
    income_cash [own currency/month]: money that came in this month, less the cost of care
    savings [own currency]: before the month, negative when in debt
    share_from_savings [share]: of savings above a month's income that is spent
    returns [own currency/month]: spending
    """
    usual = income_mean + share_from_savings * max(savings - income_mean, 0.0)
    return max(min(usual, savings + income_cash), income_mean / 3.0)


#: So many households are looked at together.
TOGETHER = 64


@compiled
def loop(
    start: int, stop: int, p: Parameters, q: ChooseWork, place: Column, side: Column, n_adults: Column, n_workers: Column, n_children: Column,
    schooling: Column, land: Column, ability: Column, activity: Column, days_lost: Column, care_cost: Column, wage: Column,
    technique: Column, harvest: Column, yields: Column, farm_gate: Column, schooling_return: Column, schooling_of_pay: Column,
    profit: Column, trader: Column, income: Column, income_farm: Column, income_wage: Column, product: Column, product_farming: Column, income_across: Column,
    income_trade: Column, own_use: Column, spending: Column, under_employed: Column, savings: Column, income_mean: Column
) -> None:  # fmt: skip
    """Book the month of every household. All money is in its own currency.

    Households are taken some at a time: who does what, then farm output and pay of all of them, which a processor works out for several at a time,
    then the books.
    """
    counts = np.empty((TOGETHER, 9), np.int64)  # adults of each activity
    at_work, labour, units = np.empty(TOGETHER), np.ones(TOGETHER), np.empty(TOGETHER)
    skill, hectares, years = np.ones(TOGETHER), np.ones(TOGETHER), np.ones(TOGETHER)
    better, worth = np.ones(TOGETHER), np.ones(TOGETHER)  # technique of the place, and there what a year of schooling adds to pay
    asked_s, asked_p = np.ones(TOGETHER), np.ones(TOGETHER)  # schooling for which pay is quoted, in services and public jobs
    in_services, in_public = np.empty(TOGETHER), np.empty(TOGETHER)  # pay relative to that
    for first in range(start, stop, TOGETHER):
        n = min(TOGETHER, stop - first)
        for j in range(n):
            i = first + j
            adults = int(n_adults[i])
            for k in range(9):
                counts[j, k] = 0
            for a in range(int(n_workers[i])):
                counts[j, int(activity[i, a])] += 1
            at_work[j] = 1.0 - min(float(days_lost[i]) / (p.days_worked * max(adults, 1)), 1.0)
            labour[j] = counts[j, FARM] * at_work[j]
            skill[j], hectares[j], years[j] = ability[i], land[i], float(schooling[i])
            better[j], worth[j] = technique[place[i]], schooling_return[place[i]]
            asked_s[j], asked_p[j] = schooling_of_pay[place[i], 0], schooling_of_pay[place[i], 1]
        for j in range(rounded_up(n)):
            units[j] = farm_output(better[j], skill[j], hectares[j], labour[j], q.labour_share)
            in_services[j] = skilled_pay(1.0, skill[j], years[j], worth[j], asked_s[j])
            in_public[j] = skilled_pay(1.0, skill[j], years[j], worth[j], asked_p[j])
        for j in range(n):
            i, where = first + j, int(place[first + j])
            rice = units[j] * yields[where, 0] * harvest[where, 0]
            rubber = units[j] * yields[where, 1] * harvest[where, 1]
            value = rice * farm_gate[where, 0] + rubber * farm_gate[where, 1]
            cost = p.inputs * value
            eaten = min(rice, p.own_rice * (int(n_adults[i]) + int(n_children[i]))) * farm_gate[where, 0]
            estate = counts[j, 1] * wage[where, 1] * skill[j] * at_work[j]
            timber = counts[j, 2] * wage[where, 2] * skill[j] * at_work[j]
            services = counts[j, SERVICES] * wage[where, SERVICES] * in_services[j] * at_work[j]
            public = counts[j, PUBLIC] * wage[where, PUBLIC] * in_public[j] * at_work[j]
            from_wage = estate + timber + services + public
            from_across = (
                counts[j, PASS] * wage[where, PASS]
                + counts[j, PERMIT] * wage[where, PERMIT] * (1.0 - q.living_cost - q.permit_cost)
                + counts[j, UNDOCUMENTED] * wage[where, UNDOCUMENTED] * (1.0 - q.living_cost)
            ) * at_work[j]
            booked = float(profit[trader[i]]) if trader[i] >= 0 else 0.0
            total = value - cost + from_wage + from_across + booked
            cash = value - cost - eaten + from_wage + from_across + booked - care_cost[i]
            spent = spend(max(income_mean[i] - eaten, 0.0), cash, savings[i], p.spend_from_savings)
            income[i] = total
            income_farm[i] = value - cost
            income_wage[i] = from_wage
            product[i] = product_of(int(side[i]), value - cost, booked, estate, timber, services, public, p)
            product_farming[i] = value - cost + estate / p.share_estate
            income_across[i] = from_across
            income_trade[i] = booked
            own_use[i] = eaten
            spending[i] = spent
            savings[i] += cash - spent
            income_mean[i] += p.memory * (max(total, 0.0) - income_mean[i])
            under_employed[i] = under_employed_of(counts[j, FARM], land[i], p.adults_per_ha)


rule(
    Rule(
        name="household.earn",
        question="What does a month bring in, and what of it is spent?",
        loop=loop,
        reads=("household.place", "household.side", "household.n_adults", "household.n_workers", "household.n_children", "household.schooling",
               "household.land", "household.ability", "household.activity", "household.days_lost", "household.care_cost", "place.wage",
               "place.technique", "place.harvest", "place.yields", "place.farm_gate", "place.schooling_return", "place.schooling_of_pay",
               "trader.profit", "household.trader"),
        writes=("household.income", "household.income_farm", "household.income_wage", "household.product", "household.product_farming", "household.income_across",
                "household.income_trade", "household.own_use", "household.spending", "household.under_employed", "household.savings",
                "household.income_mean"),
        parameters=Parameters,
        other_parameters=ChooseWork,
        decide=(farm_output, under_employed_of, product_of, spend),
        not_modelled="credit with interest, several crops by choice, stocks",
    )
)  # fmt: skip
