"""What of a month is kept besides the sums over agents? Prices, posts, stocks and what places reach; and what the next month goes by."""

from __future__ import annotations

from abm.results.record import S, record_ties
from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, rule
from agents.surroundings import N_WORK, PASS

_INCOME, _INCOME_FARM = S["income"], S["income_farm"]


@compiled
def record_prices(start: int, stop: int, place_price: Column, record_price: Column) -> None:
    """Keep the prices (places, goods) that everybody meets this month: trade moves them at its end, for the next."""
    for q in range(start, stop):
        for g in range(place_price.shape[1]):
            record_price[q, g] = place_price[q, g]


rule(
    Rule(
        name="record.prices",
        rows="place",
        question="Which prices does everybody meet this month?",
        loop=record_prices,
        reads=("place.price",),
        writes=("record.price",),
    )
)


@compiled
def record_places(
    start: int,
    stop: int,
    place_cost_of_living: Column,
    crossing_care: Column,
    crossing_work: Column,
    trade_link_crossing: Column,
    trade_link_partner: Column,
    place_hours_care: Column,
    place_wage: Column,
    cost_of_living: Column,
    care_crossing: Column,
    work_crossing: Column,
    trade_crossing: Column,
    partner: Column,
    hours_care: Column,
    wage: Column,
) -> None:
    """Keep what each place reaches, and what living costs and work pays there."""
    for q in range(start, stop):
        cost_of_living[q] = place_cost_of_living[q]
        partner[q] = trade_link_partner[q, 0]
        for k in range(2):
            care_crossing[q, k] = crossing_care[q, 2 + k]
            trade_crossing[q, k] = trade_link_crossing[q, k]
        for k in range(3):
            work_crossing[q, k] = crossing_work[q, PASS + k]
        for k in range(4):
            hours_care[q, k] = place_hours_care[q, k]
        for k in range(N_WORK):
            wage[q, k] = place_wage[q, k]


rule(
    Rule(
        name="record.places",
        rows="place",
        question="What does each place reach, and what does living cost and work pay there?",
        loop=record_places,
        reads=("place.cost_of_living", "place.crossing_care", "place.crossing_work", "trade_link.crossing", "trade_link.partner",
               "place.hours_care", "place.wage"),
        writes=("record.cost_of_living", "record.care_crossing", "record.work_crossing", "record.trade_crossing", "record.partner",
                "record.hours_care", "record.wage"),
    )
)  # fmt: skip


@compiled
def record_officials(
    start: int,
    stop: int,
    side: Column,
    official_doctrine: Column,
    crossing_strictness: Column,
    road: Column,
    clinic: Column,
    split: Column,
    record_strictness: Column,
    stock: Column,
    security: Column,
    record_doctrine: Column,
) -> None:
    """Keep the strictness of each crossing, the stocks and the part for security of each district, and each side's mean doctrine."""
    for c in range(crossing_strictness.shape[0]):
        record_strictness[c] = crossing_strictness[c]
    for d in range(road.shape[0]):
        stock[d, 0] = road[d]
        stock[d, 1] = clinic[d]
        security[d] = split[d, 0]
    for s in range(2):
        total, count = 0.0, 0
        for i in range(start, stop):
            if side[i] == s:
                total += official_doctrine[i]
                count += 1
        record_doctrine[s] = total / max(count, 1)


rule(
    Rule(
        name="record.officials",
        rows="official",
        question="What do officials hold, and what have they built?",
        loop=record_officials,
        reads=("official.side", "official.doctrine", "crossing.strictness", "district.road", "district.clinic", "district.split"),
        writes=("record.strictness", "record.stock", "record.security", "record.doctrine"),
    )
)

rule(
    Rule(
        name="record.ties",
        rows="kin",
        question="How many ties are there, and how strong are they?",
        loop=record_ties,
        reads=(
            "kin.first",
            "kin.first_across",
            "kin.end",
            "kin.strength",
            "kin.is_kin",
            "kin.n_new",
            "kin.feast",
            "household.group",
            "household.visits_across",
        ),
        writes=("record.ties",),
    )
)


@compiled
def close_month(
    start: int, stop: int, sums: Column, farm_gate: Column, subsistence: Column, income_last: Column, output_last: Column, line: Column
) -> None:
    """Set what the next month goes by: each place's income and cash crop, and its poverty line summed over the year so far."""
    for q in range(start, stop):
        income_last[q] = sums[q, _INCOME]
        rubber_value = max(sums[q, _INCOME_FARM], 0.0)
        output_last[q] = max(0.5 * rubber_value / max(farm_gate[q, 1], 1.0e-9), 1.0)
        line[q] += subsistence[q]


rule(
    Rule(
        name="world.close_month",
        rows="place",
        question="What of this month does the next one go by?",
        loop=close_month,
        reads=("record.sums", "place.farm_gate", "place.subsistence"),
        writes=("place.income_last", "place.output_last", "place.line"),
    )
)
