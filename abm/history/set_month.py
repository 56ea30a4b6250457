"""Which harvest, prices and fares does every community have this month?

The month's figures of :mod:`abm.history.series` become those of each place; the sums that the month's rules fill are emptied.
"""

from __future__ import annotations

from typing import NamedTuple

from abm.history.series import CRISIS
from abm.history.set_work import at_crossing, of_side
from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.exact import exp
from agents.surroundings import ESTATE


@parameters("world.set_month")
class Parameters(NamedTuple):
    """Yields, prices and fares at the border."""

    technique_growth_id: float = parameter(
        "Growth of farm output from the same land and labour, Indonesian side", unit="1/year", default=0.02, low=0.01, high=0.03,
        source=judgement("with constant technique border income would fall while the country's rises"),
    )  # fmt: skip
    technique_growth_my: float = parameter(
        "Growth of farm output from the same land and labour, Malaysian side", unit="1/year", default=0.015, low=0.005, high=0.03,
        source=judgement("planting grants and clones, from a higher level"),
    )  # fmt: skip
    farm_id: float = parameter(
        "Farm output scale, Indonesian side", unit="1", default=1.0, low=0.7, high=1.4,
        source=judgement("yields below are those of this side"),
    )  # fmt: skip
    farm_my: float = parameter(
        "Farm output scale, Malaysian side", unit="1", default=1.3, low=0.8, high=2.2,
        source=Source("hill rice and rubber give as much (HH29); pepper of 0.2 ha a grower (ECON16) at 2 t a hectare (half of ECON27) and RM5-10 a kg adds RM2,000-4,000 a year to about one household of three", "derived"),
    )  # fmt: skip
    yield_rice: float = parameter(
        "Rice a month at one unit of farm output", unit="kg/month", default=70.0, low=45.0, high=100.0,
        source=Source("1-1.6 ha of hill rice a household at 0.9-1.2 t unmilled (HH29), two thirds of it milled: about 75 kg a month, at 1.65 units 45; other crops, animals, fish and game half as much to as much again in value (judgement)", "derived"),
    )  # fmt: skip
    yield_rubber: float = parameter(
        "Rubber a month at one unit of farm output", unit="kg/month", default=42.0, low=25.0, high=65.0,
        source=Source("1-2.5 ha of jungle rubber a household at 350-650 dry kg (HH30): about 73 kg a month in the middle, at 1.65 units 44; represents cash crops", "derived"),
    )  # fmt: skip
    rice_farm_gate: float = parameter(
        "Farm-gate price of rice relative to the market's", unit="share", default=0.75, low=0.6, high=0.9,
        source=judgement("milling and trade"),
    )  # fmt: skip
    fare: float = parameter(
        "Fare of an hour's travel, part of a day's pay on an estate or farm", unit="share", default=0.35, low=0.15, high=0.6,
        source=Source("Entikong-Pontianak 7 h for 100,000 rupiah in 2014 (A12), a day of farm labour paying about 42,000 (WAGE9)", "derived"),
    )  # fmt: skip
    allowance: float = parameter(
        "Goods that one border card may carry free of duty in a month", unit="MYR", default=600.0, low=300.0, high=6000.0, role="lever",
        source=Source("RULE2: border trade agreement of 1970, never revised to 2015", "fact"),
    )  # fmt: skip
    line_id: float = parameter(
        "Poverty line of 2005, Indonesian side", unit="IDR/person/month", default=150000.0, low=125000.0, high=180000.0,
        source=Source("lines of the province carried back by consumer prices: 189,407 rupiah of March 2010 (POV1) gives about 130,000, 340,413 of September 2015 (ECON7) about 175,000", "derived"),
    )  # fmt: skip
    line_my: float = parameter(
        "Poverty line of 2005, Malaysian side", unit="MYR/person/month", default=135.0, low=100.0, high=200.0,
        source=judgement("Sarawak line of the survey years"),
    )  # fmt: skip


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
                world_price[month, s, g], rate_usd, markup[s, g], hours_centre[where], transport[where, g], g == 3
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
    start: int, stop: int, month: int, p: Parameters, idr_per_usd: Column, myr_per_usd: Column, side: Column, wage: Column, crossing_is_open: Column,
    crossing_is_post: Column, is_path: Column, crossing: Column, fare: Column, allowance: Column, trade_link_is_open: Column, trade_link_is_post: Column
) -> None:  # fmt: skip
    """Set what travel costs and which ways of trade are open in every community."""
    idr_per_myr = idr_per_usd[month] / myr_per_usd[month]
    for where in range(start, stop):
        s = int(side[where])
        fare[where] = p.fare * wage[where, ESTATE] / 26.0
        allowance[where] = p.allowance * of_side(s, idr_per_myr, 1.0)
        for way in range(2):
            c = int(crossing[where, way])
            is_passed = at_crossing(is_path, c) > 0.0 or at_crossing(crossing_is_open, c) > 0.0
            trade_link_is_open[where, way] = 1.0 if is_passed else 0.0
        trade_link_is_post[where] = at_crossing(crossing_is_post, int(crossing[where, 0]))


@compiled
def set_ways(start: int, stop: int, month: int, way_season: Column, hours_by_season: Column, hours_care: Column) -> None:
    """Set how long the way to care is from every village in this season."""
    first = 5 * int(way_season[month % 12])
    for v in range(start, stop):
        for k in range(5):
            hours_care[v, k] = hours_by_season[v, first + k]


rule(
    Rule(
        name="world.set_ways",
        rows="village",
        question="How long is the way to care from every village this month?",
        loop=set_ways,
        reads=("series.way_season", "village.hours_by_season"),
        writes=("village.hours_care",),
        not_modelled="seasons on the ways between places, years that are wetter than others",
    )
)

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
        question="Which fares does every community pay this month, and which ways of trade are open to it?",
        loop=set_fees,
        reads=("series.idr_per_usd", "series.myr_per_usd", "place.side", "place.wage", "crossing.is_open", "crossing.is_post", "crossing.is_path",
               "trade_link.crossing"),
        writes=("place.fare", "trade_link.allowance", "trade_link.is_open", "trade_link.is_post"),
        parameters=Parameters,
        switch=CRISIS,
        not_modelled="fares that differ between the ways of a side",
    )
)  # fmt: skip
