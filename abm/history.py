"""What comes from outside: rates, world prices, national incomes, wages, jobs, fees, seasons.

The series of the region become arrays by month here, once for the real history and once for a declared world without
the crisis; beyond the end of the data they go on by a stated rule. ``set_month`` then turns the month's figures into
what every community meets: pay, jobs, prices, fares, fees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from abm.region import Region, month_number
from agents.core.compiled import compiled
from agents.core.declare import Field, Rule, Source, fields, judgement, parameter, parameters, rule, switch
from agents.surroundings import GOODS, REGION

CRISIS = switch("crisis", "The crisis of 1997-07 to 2001-12 in rates, prices, incomes and jobs")


@parameters("world.series")
class SeriesParameters(NamedTuple):
    """How the series are made from the region's data, before the first month."""

    wage_lag: float = parameter(
        "Part of the way that pay makes in a month towards prices and real product", unit="1/month", default=0.12, low=0.04, high=0.5,
        source=judgement("pay takes most of a year to follow, so that a sudden inflation cuts real pay"),
    )  # fmt: skip


@parameters("world.set_month")
class Parameters(NamedTuple):
    """How the outside reaches the border."""

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
        source=judgement("about 0.8 t a year; stands for food crops"),
    )  # fmt: skip
    yield_rubber: float = parameter(
        "Rubber a month at one unit of farm output", unit="kg/month", default=45.0, low=25.0, high=75.0,
        source=judgement("jungle rubber of a hectare or two; stands for cash crops"),
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


fields(
    "series",
    Field("idr_per_usd", "Rupiah for a US dollar", "IDR/USD", "float64", "fixed", REGION),
    Field("myr_per_usd", "Ringgit for a US dollar", "MYR/USD", "float64", "fixed", REGION),
    Field("cpi", "Consumer prices by side", "index 2005=100", "float64", "fixed", REGION, 2, ("id", "my")),
    Field("world_price", "World prices of the goods", "USD", "float64", "fixed", REGION, 4, GOODS),
    Field("real_income", "Real product per head by side, relative to 2005", "1", "float64", "fixed", REGION, 2, ("id", "my")),
    Field(
        "wage_index", "Pay by side relative to 2005: prices and real product, with a lag", "1", "float64", "fixed", REGION, 2, ("id", "my")
    ),
    Field("plantation", "Pay of a month of plantation work in Sarawak (26 days)", "MYR", "float64", "fixed", REGION),
    Field("dry", "Part of the harvest lost to drought, by side", "share", "float64", "fixed", REGION, 2, ("id", "my")),
    Field(
        "base",
        "Product per head of 2005 a month, by side, in own currency",
        "own currency/month",
        "float64",
        "fixed",
        REGION,
        axes=("side",),
    ),
    Field("markup", "Market price over world price at the rate, by side and good", "1", "float64", "fixed", REGION, axes=("side", "good")),
    Field("basket", "Part of spending, by side and good", "share", "float64", "fixed", REGION, axes=("side", "good")),
    Field(
        "base_price",
        "Mean price of 2005 at the side's centres, by side and good",
        "own currency/kg",
        "float64",
        "fixed",
        REGION,
        axes=("side", "good"),
    ),
    Field(
        "fee",
        "Fee of one episode by side of the facility, tier and patient (citizen, foreigner)",
        "own currency",
        "float64",
        "fixed",
        REGION,
        axes=("month", "side", "tier", "patient"),
    ),
    Field(
        "season",
        "Part of the year's harvest in each calendar month, times 12, by crop",
        "1",
        "float64",
        "fixed",
        REGION,
        axes=("calendar_month", "crop"),
    ),
)


@dataclass
class Series:
    """Arrays by month (first axis) for the months asked for."""

    idr_per_usd: np.ndarray
    myr_per_usd: np.ndarray
    cpi: np.ndarray
    world_price: np.ndarray
    real_income: np.ndarray
    wage_index: np.ndarray
    plantation: np.ndarray
    national_usd: np.ndarray
    dry: np.ndarray
    base: np.ndarray
    markup: np.ndarray
    basket: np.ndarray
    base_price: np.ndarray
    fee: np.ndarray
    season: np.ndarray
    n_data: int


def _yearly_to_monthly(values: np.ndarray) -> np.ndarray:
    """Yearly figures as months: straight lines between mid-years."""
    years = np.arange(len(values)) * 12 + 5.5
    return np.interp(np.arange(len(values) * 12), years, values)


def _carry_on(values: np.ndarray, n: int, grows: bool) -> np.ndarray:
    """Projection beyond the data: rates and world prices stay, prices and incomes grow as in the last five years."""
    have = len(values)
    if n <= have:
        return values[:n]
    ahead = np.arange(1, n - have + 1)
    last = values[-1]
    rate = (values[-1] / values[-61]) ** (1 / 60) if grows else np.ones_like(last)
    more = last * rate ** (ahead if values.ndim == 1 else ahead[:, None])
    return np.concatenate([values, more])


def make_series(region: Region, n_months: int, crisis: bool = True, p: Any = None) -> Series:
    """The region's series as arrays of ``n_months`` months; with ``crisis`` off, the world without it that the region declares.

    ``p`` are the :class:`SeriesParameters` in force (their defaults, if left out).
    """
    p = SeriesParameters() if p is None else p
    m, annual = region.monthly, region.annual
    idr, myr = m["idr_per_usd"].to_numpy(float).copy(), m["myr_per_usd"].to_numpy(float).copy()
    cpi = m[["cpi_id", "cpi_my"]].to_numpy(float).copy()
    real = np.stack([_yearly_to_monthly(region.real_income[f"real_gdp_pc_{s}"].to_numpy(float)) for s in ("id", "my")], axis=1)
    world = np.stack([m[s].to_numpy(float) for s in region.goods.set_index("good").loc[list(GOODS), "world_series"]], axis=1)
    national = _yearly_to_monthly((annual["gdp_pc_idn_usd"] * annual["pop_idn_m"] * 1e6).to_numpy(float))
    plantation = _yearly_to_monthly(region.wages["plantation_my_myr_day"].to_numpy(float)) * 26.0
    if not crisis:
        said = region.meta["without_crisis"]
        t = np.arange(month_number(said["from"]), month_number(said["to"]) + 1)
        before, end = t[0] - 1, t[-1]
        years = (t - before) / 12.0
        series = [(idr, "rate_id"), (myr, "rate_my"), (cpi[:, 0], "prices_id"), (cpi[:, 1], "prices_my"), (real[:, 0], "real_product_id")]
        series += [(real[:, 1], "real_product_my"), (national, "national_product_usd")]
        for values, key in series:
            happened = values[end]
            values[t] = values[before] * (1 + said[key]) ** years
            # afterwards the changes are those that happened, from the level reached
            values[end + 1 :] *= values[end] / happened
    n_data = len(m)
    in_2005 = np.flatnonzero((m["year"] == 2005).to_numpy())
    rate_2005 = np.array([m["idr_per_usd"].to_numpy(float)[in_2005].mean(), m["myr_per_usd"].to_numpy(float)[in_2005].mean()])
    row = annual.set_index("year").loc[2005]
    base = np.array([row["gdp_pc_idn_usd"], row["gdp_pc_mys_usd"]]) / 12.0 * rate_2005
    goods = region.goods.set_index("good").loc[list(GOODS)]
    markup = np.stack([goods["id_markup"].to_numpy(float), goods["my_markup"].to_numpy(float)])
    basket = np.stack([goods["basket_share_id"].to_numpy(float), goods["basket_share_my"].to_numpy(float)])
    base_price = world[in_2005].mean(axis=0) * markup * rate_2005[:, None]
    cpi, real = _carry_on(cpi, n_months, True), _carry_on(real, n_months, True)
    target = real * cpi / 100.0
    wage_index = np.empty_like(target)
    wage_index[0] = target[0]
    for t in range(1, len(target)):
        # pay follows prices and real product with a lag: a sudden inflation cuts real pay
        wage_index[t] = wage_index[t - 1] + p.wage_lag * (target[t] - wage_index[t - 1])
    dry = np.zeros((n_months, 2))
    for month, side, target, value in zip(*(region.events[c] for c in ("month", "side", "target", "value")), strict=True):
        if target == "farm.dry":
            dry[month_number(str(month)) :, [s for s in (0, 1) if side in ("both", ("id", "my")[s])]] = float(value)
    season = region.seasons[["rice", "rubber"]].to_numpy(float)
    return Series(
        idr_per_usd=_carry_on(idr, n_months, False), myr_per_usd=_carry_on(myr, n_months, False), cpi=cpi,
        world_price=_carry_on(world, n_months, False), real_income=real, wage_index=wage_index,
        plantation=_carry_on(plantation, n_months, True), national_usd=_carry_on(national, n_months, True), dry=dry, base=base,
        markup=markup, basket=basket, base_price=base_price, fee=_fees(region, n_months), season=season, n_data=n_data,
    )  # fmt: skip


def _fees(region: Region, n_months: int) -> np.ndarray:
    """Fees (months, side of the facility, tier, citizen or foreigner)."""
    fee = np.zeros((n_months, 2, 2, 2))
    table = region.fees.sort_values("from", kind="stable")
    for side, tier, patient, start, amount in zip(table["side"], table["tier"], table["patient"], table["from"], table["fee"], strict=True):
        at = max(month_number(start), 0)
        fee[at:, ("id", "my").index(side), ("primary", "hospital").index(tier), ("citizen", "foreigner").index(patient)] = amount
    return fee


@compiled
def reference(world_price, rate, markup, hours_to_centre, per_hour, is_crop):
    """Price at a market without trade across: carriage adds to what comes in, and takes from what goes out."""
    centre = world_price * rate * markup
    return centre * max(1.0 - per_hour * hours_to_centre, 0.3) if is_crop else centre * (1.0 + per_hour * hours_to_centre)


@compiled
def loop(start, stop, month, p, idr_per_usd, myr_per_usd, cpi, world_price, series_real_income, wage_index, plantation, dry, base, markup, basket,
         base_price, fee, season, side, hours_centre, adults, income_last, output_last, crossing_care, crossing_work, transport, price,
         crossing_strictness, crossing_is_open, crossing_is_post, crossing_is_path, trade_link_crossing, may_cross,
         wage, may_work, job_slots, fare, fee_care, friction_care, technique, harvest, yields, schooling_return, reference_price, farm_gate,
         local_demand, cost_of_living, subsistence, exchange, allowance, trade_link_is_open, trade_link_is_post, care_demand, job_holders, job_seekers,
         traded_in, policy_real_income):  # fmt: skip
    """Set what every community meets this month, and empty the month's sums."""
    idr_per_myr = idr_per_usd[month] / myr_per_usd[month]
    for s in range(2):
        policy_real_income[s] = series_real_income[month, s]
    for where in range(start, stop):
        s = int(side[where])
        rate_usd = idr_per_usd[month] if s == 0 else myr_per_usd[month]
        exchange[where] = idr_per_myr if s == 0 else 1.0 / idr_per_myr
        level = p.wage_id if s == 0 else p.wage_my
        pay = level * base[s] * wage_index[month, s]
        pay_there_home = (p.wage_my if s == 0 else p.wage_id) * base[1 - s] * wage_index[month, 1 - s]
        pay_away = plantation[month] if s == 0 else p.pay_across_id * pay_there_home
        wage[where, 0] = 0.0
        wage[where, 1] = pay
        wage[where, 2] = p.pay_of_day_work * pay_away * exchange[where]
        wage[where, 3] = pay_away * exchange[where]
        jobs = p.jobs_id if s == 0 else p.jobs_my
        jobs *= math.exp(p.jobs_elasticity * math.log(series_real_income[month, s]))
        job_slots[where, 1] = min(jobs, 0.9) * adults[where]
        job_slots[where, 2] = p.jobs_pass * adults[where]
        job_slots[where, 3] = p.jobs_undocumented * adults[where]
        may_work[where, 1] = 1.0
        c2, c3 = int(crossing_work[where, 2]), int(crossing_work[where, 3])
        may_work[where, 2] = 1.0 if c2 >= 0 and crossing_is_open[c2] > 0.0 and may_cross[0] > 0.0 else 0.0
        may_work[where, 3] = 1.0 if c3 >= 0 and may_cross[0] > 0.0 and may_cross[1] > 0.0 else 0.0
        for k in range(2, 4):
            if may_work[where, k] <= 0.0:
                job_slots[where, k] = 0.0
        fare[where] = p.fare * pay / 26.0
        for k in range(4):
            across = k >= 2
            tier = k % 2
            f = fee[month, 1 - s if across else s, tier, 1 if across else 0]
            fee_care[where, k] = f * exchange[where] if across else f
            c = int(crossing_care[where, k])
            friction_care[where, k] = crossing_strictness[c] if across and c >= 0 else 0.0
        growth = p.technique_growth_id if s == 0 else p.technique_growth_my
        technique[where] = (p.farm_id if s == 0 else p.farm_my) * math.exp(growth * (month - 306.0) / 12.0)
        schooling_return[where] = p.schooling_id if s == 0 else p.schooling_my
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
        subsistence[where] = (p.line_id if s == 0 else p.line_my) * cost_of_living[where] / 100.0
        allowance[where] = p.allowance * (idr_per_myr if s == 0 else 1.0)
        for way in range(2):
            c = int(trade_link_crossing[where, way])
            trade_link_is_open[where, way] = 0.0
            if c >= 0:
                trade_link_is_open[where, way] = 1.0 if (crossing_is_path[c] > 0.0 or crossing_is_open[c] > 0.0) else 0.0
        c = int(trade_link_crossing[where, 0])
        trade_link_is_post[where] = crossing_is_post[c] if c >= 0 else 0.0
        for k in range(4):
            care_demand[where, k] = job_holders[where, k] = job_seekers[where, k] = 0.0


rule(
    Rule(
        name="world.set_month",
        rows="place",
        question="What does the outside bring to every community this month?",
        loop=loop,
        reads=("series.idr_per_usd", "series.myr_per_usd", "series.cpi", "series.world_price", "series.real_income", "series.wage_index",
               "series.plantation", "series.dry", "series.base", "series.markup", "series.basket", "series.base_price", "series.fee",
               "series.season", "place.side", "place.hours_centre", "place.adults", "place.income_last", "place.output_last",
               "place.crossing_care", "place.crossing_work", "trade_link.transport", "place.price",
               "crossing.strictness", "crossing.is_open", "crossing.is_post", "crossing.is_path", "trade_link.crossing", "policy.may_cross"),
        writes=("place.wage", "place.may_work", "place.job_slots", "place.fare", "place.fee_care", "place.friction_care", "place.technique",
                "place.harvest", "place.yields", "place.schooling_return", "place.reference_price", "place.farm_gate", "place.local_demand",
                "place.cost_of_living", "place.subsistence", "place.exchange", "trade_link.allowance", "trade_link.is_open",
                "trade_link.is_post", "place.care_demand", "place.job_holders", "place.job_seekers", "place.traded_in",
                "policy.real_income"),
        parameters=Parameters,
        switch=CRISIS,
        decide=(reference,),
        not_modelled="rates or prices that the border moves; pay that differs between communities of a side",
    )
)  # fmt: skip
