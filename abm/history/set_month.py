"""Which pay, jobs, prices, fares and fees does every community have this month?

The month's figures of :mod:`abm.history.series` become those of each place; the sums that the month's rules fill are emptied.
"""

from __future__ import annotations

from typing import NamedTuple

from abm.history.series import CRISIS
from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.exact import exp, log


@parameters("world.set_month")
class Parameters(NamedTuple):
    """Pay, jobs, yields and fares at the border."""

    wage_id: float = parameter(
        "Pay of a home job on the Indonesian side in 2005, relative to national product per head", unit="1", default=0.85, low=0.4, high=1.3,
        source=Source("minimum wage 420,000 rupiah a month in 2004 (ECON11) was 0.5 of product per head; jobs here hold officials and traders too", "derived"),
    )  # fmt: skip
    wage_my: float = parameter(
        "Pay of a home job on the Malaysian side in 2005, relative to national product per head", unit="1", default=1.3, low=0.8, high=1.6,
        source=Source("trial: needed for US$4,000 a head, which is 2.3 times the rural survey of 2007", "derived"),
    )  # fmt: skip
    jobs_id: float = parameter(
        "Home jobs for each adult on the Indonesian side in 2005", unit="share", default=0.46, low=0.15, high=0.55,
        source=Source("gives a farm share of income near the 46 % of district product (ECON3)", "derived"),
    )  # fmt: skip
    jobs_my: float = parameter(
        "Home jobs for each adult on the Malaysian side in 2005", unit="share", default=0.7, low=0.4, high=0.8,
        source=judgement("estates, timber, services, government"),
    )  # fmt: skip
    jobs_elasticity: float = parameter(
        "Elasticity of home jobs to real product per head", unit="1", default=0.5, low=0.2, high=1.2,
        source=judgement("jobs fell by about a quarter in the crisis at most"),
    )  # fmt: skip
    jobs_pass: float = parameter(
        "Day and petty jobs across within the pass area, for each adult", unit="share", default=0.03, low=0.005, high=0.1,
        source=judgement("hundreds of day workers at Aruk (weak note of 2025)"),
    )  # fmt: skip
    jobs_undocumented: float = parameter(
        "Jobs across without papers, for each adult", unit="share", default=0.15, low=0.03, high=0.25,
        source=Source("200,000 Indonesians at work in Sarawak in 2010, of all origins (A14); border share: judgement", "derived"),
    )  # fmt: skip
    pay_of_day_work: float = parameter(
        "Pay of day work within the pass area relative to plantation pay", unit="1", default=0.6, low=0.3, high=0.9,
        source=judgement("fewer days and petty tasks"),
    )  # fmt: skip
    pay_across_id: float = parameter(
        "Pay of day and farm work on the Indonesian side relative to a home job there", unit="1", default=0.6, low=0.4, high=0.9,
        source=judgement("what a Malaysian would find there"),
    )  # fmt: skip
    technique_growth_id: float = parameter(
        "Growth of farm output from the same land and labour, Indonesian side", unit="1/year", default=0.02, low=0.01, high=0.03,
        source=judgement("with constant technique border income would fall while the country's rises"),
    )  # fmt: skip
    technique_growth_my: float = parameter(
        "Growth of farm output from the same land and labour, Malaysian side", unit="1/year", default=0.015, low=0.005, high=0.03,
        source=judgement("planting grants and clones, from a higher level"),
    )  # fmt: skip
    farm_id: float = parameter(
        "Farm output scale, Indonesian side", unit="1", default=1.25, low=0.6, high=2.6,
        source=Source("sets the income of 700 with the farm share near half; trial", "derived"),
    )  # fmt: skip
    farm_my: float = parameter(
        "Farm output scale, Malaysian side", unit="1", default=2.8, low=1.0, high=4.0,
        source=Source("sets the income of 4,000 with pay and jobs; trial", "derived"),
    )  # fmt: skip
    yield_rice: float = parameter(
        "Rice a month at one unit of farm output", unit="kg/month", default=70.0, low=40.0, high=110.0,
        source=judgement("about 0.8 t a year; represents food crops"),
    )  # fmt: skip
    yield_rubber: float = parameter(
        "Rubber a month at one unit of farm output", unit="kg/month", default=45.0, low=25.0, high=75.0,
        source=judgement("jungle rubber of a hectare or two; represents cash crops"),
    )  # fmt: skip
    rice_farm_gate: float = parameter(
        "Farm-gate price of rice relative to the market's", unit="share", default=0.75, low=0.6, high=0.9,
        source=judgement("milling and trade"),
    )  # fmt: skip
    schooling_id: float = parameter(
        "Gain in pay for a year of schooling, Indonesian side", unit="log", default=0.05, low=0.04, high=0.1,
        source=Source("4.7 % (Purnastuti, Salim and Joarder, IFLS4)", "opened"),
    )  # fmt: skip
    schooling_my: float = parameter(
        "Gain in pay for a year of schooling, Malaysian side", unit="log", default=0.08, low=0.07, high=0.12,
        source=Source("14-16 % marginal by level; about 7-12 % a year", "derived"),
    )  # fmt: skip
    fare: float = parameter(
        "Fare of an hour's travel, part of a day's pay", unit="share", default=0.15, low=0.05, high=0.4,
        source=Source("Entikong-Pontianak 7 h for 100,000 rupiah in 2014 (A12), a day's pay being about 60,000", "derived"),
    )  # fmt: skip
    allowance: float = parameter(
        "Goods that one border card may carry free of duty in a month", unit="MYR", default=600.0, low=300.0, high=6000.0, role="lever",
        source=Source("RULE2: border trade agreement of 1970, never revised to 2015", "fact"),
    )  # fmt: skip
    line_id: float = parameter(
        "Poverty line of 2005, Indonesian side", unit="IDR/person/month", default=171000.0, low=120000.0, high=260000.0,
        source=Source("340,413 rupiah of September 2015 (ECON7) carried back by consumer prices", "derived"),
    )  # fmt: skip
    line_my: float = parameter(
        "Poverty line of 2005, Malaysian side", unit="MYR/person/month", default=135.0, low=100.0, high=200.0,
        source=judgement("Sarawak line of the survey years"),
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
def jobs_per_adult(jobs_2005: float, real_income: float, elasticity: float) -> float:
    """Home jobs for each adult.

    jobs_2005 [share]: in 2005
    real_income [1]: real product per head relative to 2005, more than 0
    elasticity [1]: of the jobs to real income
    returns [share]: at most 0.9
    """
    return min(jobs_2005 * exp(elasticity * log(real_income)), 0.9)


@compiled
def reference(world_price: float, rate: float, markup: float, hours_to_centre: float, per_hour: float, is_crop: bool) -> float:
    """Price at a market without trade across: carriage adds to what comes in, and takes from what goes out.

    world_price [USD/kg]: of the month
    rate [own currency/USD]: exchange rate of the month
    markup [1]: price in the side's centres over the world price
    hours_to_centre [hour]: to the side's centre
    per_hour [share/hour]: cost of carrying, as a part of value
    is_crop [1]: True for what is grown here and carried to the centre
    returns [own currency/kg]: a crop keeps at least 0.3 of its price in the centre
    """
    centre = world_price * rate * markup
    return centre * max(1.0 - per_hour * hours_to_centre, 0.3) if is_crop else centre * (1.0 + per_hour * hours_to_centre)


@compiled
def set_work(
    start: int, stop: int, month: int, p: Parameters, idr_per_usd: Column, myr_per_usd: Column, series_real_income: Column, wage_index: Column,
    plantation: Column, base: Column, side: Column, adults: Column, crossing_work: Column, is_open: Column, may_cross: Column,
    exchange: Column, wage: Column, may_work: Column, job_slots: Column, schooling_return: Column, job_holders: Column, job_seekers: Column,
    policy_real_income: Column
) -> None:  # fmt: skip
    """Set what work brings in every community and how many jobs there are, and empty the sums of who has and who seeks them."""
    idr_per_myr = idr_per_usd[month] / myr_per_usd[month]
    for s in range(2):
        policy_real_income[s] = series_real_income[month, s]
    for where in range(start, stop):
        s = int(side[where])
        exchange[where] = of_side(s, idr_per_myr, 1.0 / idr_per_myr)
        pay_there_home = of_side(s, p.wage_my, p.wage_id) * base[1 - s] * wage_index[month, 1 - s]
        pay_away = of_side(s, plantation[month], p.pay_across_id * pay_there_home)
        wage[where, 0] = 0.0
        wage[where, 1] = of_side(s, p.wage_id, p.wage_my) * base[s] * wage_index[month, s]
        wage[where, 2] = p.pay_of_day_work * pay_away * exchange[where]
        wage[where, 3] = pay_away * exchange[where]
        share = jobs_per_adult(of_side(s, p.jobs_id, p.jobs_my), series_real_income[month, s], p.jobs_elasticity)
        job_slots[where, 1] = share * adults[where]
        job_slots[where, 2] = p.jobs_pass * adults[where]
        job_slots[where, 3] = p.jobs_undocumented * adults[where]
        may_work[where, 1] = 1.0
        c2, c3 = int(crossing_work[where, 2]), int(crossing_work[where, 3])
        may_work[where, 2] = 1.0 if at_crossing(is_open, c2) > 0.0 and may_cross[0] > 0.0 else 0.0
        may_work[where, 3] = 1.0 if c3 >= 0 and may_cross[0] > 0.0 and may_cross[1] > 0.0 else 0.0
        for k in range(2, 4):
            if may_work[where, k] <= 0.0:
                job_slots[where, k] = 0.0
        schooling_return[where] = of_side(s, p.schooling_id, p.schooling_my)
        for k in range(4):
            job_holders[where, k] = job_seekers[where, k] = 0.0


@compiled
def set_prices(
    start: int, stop: int, month: int, p: Parameters, idr_per_usd: Column, myr_per_usd: Column, cpi: Column, world_price: Column, dry: Column,
    markup: Column, basket: Column, base_price: Column, season: Column, side: Column, hours_centre: Column, income_last: Column,
    output_last: Column, transport: Column, price: Column, technique: Column, harvest: Column, yields: Column, reference_price: Column,
    farm_gate: Column, local_demand: Column, cost_of_living: Column, subsistence: Column, traded_in: Column
) -> None:  # fmt: skip
    """Set what the farm gives and what goods cost in every community, and empty the sum of what is traded."""
    for where in range(start, stop):
        s = int(side[where])
        rate_usd = of_side(s, idr_per_usd[month], myr_per_usd[month])
        growth = of_side(s, p.technique_growth_id, p.technique_growth_my)
        technique[where] = of_side(s, p.farm_id, p.farm_my) * exp(growth * (month - 306.0) / 12.0)
        for crop in range(2):
            harvest[where, crop] = season[month % 12, crop] * (1.0 - dry[month, s])
        yields[where, 0] = p.yield_rice
        yields[where, 1] = p.yield_rubber
        living = 0.0
        shares = 0.0
        for g in range(4):
            reference_price[where, g] = reference(
                world_price[month, g], rate_usd, markup[s, g], hours_centre[where], transport[where, g], g == 3
            )
            living += basket[s, g] * price[where, g] / base_price[s, g]
            shares += basket[s, g]
            used = basket[s, g] * income_last[where] / price[where, g]
            local_demand[where, g] = max(used if g < 3 else output_last[where], 1.0)
            traded_in[where, g] = 0.0
        cost_of_living[where] = 100.0 * living + (1.0 - shares) * cpi[month, s]
        farm_gate[where, 0] = p.rice_farm_gate * price[where, 0]
        farm_gate[where, 1] = price[where, 3]
        subsistence[where] = of_side(s, p.line_id, p.line_my) * cost_of_living[where] / 100.0


@compiled
def set_fees(
    start: int, stop: int, month: int, p: Parameters, idr_per_usd: Column, myr_per_usd: Column, fee: Column, side: Column, crossing_care: Column,
    wage: Column, exchange: Column, strictness: Column, crossing_is_open: Column, crossing_is_post: Column, is_path: Column, crossing: Column,
    fare: Column, fee_care: Column, friction_care: Column, allowance: Column, trade_link_is_open: Column, trade_link_is_post: Column, care_demand: Column
) -> None:  # fmt: skip
    """Set what travel and care cost and which ways of trade are open in every community, and empty the sum of who asks for care."""
    idr_per_myr = idr_per_usd[month] / myr_per_usd[month]
    for where in range(start, stop):
        s = int(side[where])
        fare[where] = p.fare * wage[where, 1] / 26.0
        for k in range(2):  # tiers: the side's own fee for citizens at home, the other side's for foreigners across
            fee_care[where, k] = fee[month, s, k, 0]
            friction_care[where, k] = 0.0
            fee_care[where, k + 2] = fee[month, 1 - s, k, 1] * exchange[where]
            friction_care[where, k + 2] = at_crossing(strictness, int(crossing_care[where, k + 2]))
        allowance[where] = p.allowance * of_side(s, idr_per_myr, 1.0)
        for way in range(2):
            c = int(crossing[where, way])
            is_passed = at_crossing(is_path, c) > 0.0 or at_crossing(crossing_is_open, c) > 0.0
            trade_link_is_open[where, way] = 1.0 if is_passed else 0.0
        trade_link_is_post[where] = at_crossing(crossing_is_post, int(crossing[where, 0]))
        for k in range(4):
            care_demand[where, k] = 0.0


rule(
    Rule(
        name="world.set_work",
        rows="place",
        question="Which pay and how many jobs does every community have this month?",
        loop=set_work,
        reads=("series.idr_per_usd", "series.myr_per_usd", "series.real_income", "series.wage_index", "series.plantation", "series.base",
               "place.side", "place.adults", "place.crossing_work", "crossing.is_open", "policy.may_cross"),
        writes=("place.exchange", "place.wage", "place.may_work", "place.job_slots", "place.schooling_return", "place.job_holders",
                "place.job_seekers", "policy.real_income"),
        parameters=Parameters,
        switch=CRISIS,
        decide=(jobs_per_adult,),
        not_modelled="pay that differs between communities of a side",
    )
)  # fmt: skip

rule(
    Rule(
        name="world.set_prices",
        rows="place",
        question="Which harvest, prices and cost of living does every community have this month?",
        loop=set_prices,
        reads=("series.idr_per_usd", "series.myr_per_usd", "series.cpi", "series.world_price", "series.dry", "series.markup", "series.basket",
               "series.base_price", "series.season", "place.side", "place.hours_centre", "place.income_last", "place.output_last",
               "trade_link.transport", "place.price"),
        writes=("place.technique", "place.harvest", "place.yields", "place.reference_price", "place.farm_gate", "place.local_demand",
                "place.cost_of_living", "place.subsistence", "place.traded_in"),
        parameters=Parameters,
        switch=CRISIS,
        decide=(reference,),
        not_modelled="rates or prices that the border moves",
    )
)  # fmt: skip

rule(
    Rule(
        name="world.set_fees",
        rows="place",
        question="Which fares and fees does every community pay this month, and which ways of trade are open to it?",
        loop=set_fees,
        reads=("series.idr_per_usd", "series.myr_per_usd", "series.fee", "place.side", "place.crossing_care", "place.wage", "place.exchange",
               "crossing.strictness", "crossing.is_open", "crossing.is_post", "crossing.is_path", "trade_link.crossing"),
        writes=("place.fare", "place.fee_care", "place.friction_care", "trade_link.allowance", "trade_link.is_open", "trade_link.is_post",
                "place.care_demand"),
        parameters=Parameters,
        switch=CRISIS,
        not_modelled="fees that differ between communities of a side",
    )
)  # fmt: skip
