"""How does a price at a border market move?

Each month a price goes a part (``pull``) of the way to what the market of its own side gives there (world price, rate, mark-up and
carriage), and changes with what traders bring or take: goods that arrive lower it, goods that leave raise it. This
change of the logarithm is at most half of ``pull``, so that prices cannot jump over the gap that led to the trade.

Not modelled: stocks, wholesalers with market power, prices that differ between shops.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.exact import exp, log

PRICE_ADJUSTMENT = switch("price_adjustment", "Trade moves the prices of the border markets")


@parameters("market.adjust_prices")
class Parameters(NamedTuple):
    """How prices move."""

    pull: float = parameter(
        "Part of the gap to the reference price closed in a month", unit="1/month", default=0.25, low=0.1, high=0.5,
        source=Source("0.1-0.5 a month; above 0.5 the trial overshot, below 0.1 it drifted", "derived"),
    )  # fmt: skip
    push: float = parameter(
        "Fall of the log price when traders bring a month's whole use", unit="log", default=0.2, low=0.05, high=0.6,
        source=judgement("bounded to half the pull in a month"),
    )  # fmt: skip


@inlined
def next_price(price: float, reference: float, traded_in: float, local_demand: float, moves: bool, p: Parameters) -> float:
    """Price of a good at a market next month.

    price [own currency/kg]: of this month, more than 0
    reference [own currency/kg]: without trade across, more than 0
    traded_in [kg/month]: brought in by traders, less what they took away
    local_demand [kg/month]: use of the place, more than 0
    moves [1]: False where trade has no effect on prices
    p: the rule's parameters
    returns [own currency/kg]: more than 0
    """
    bound = 0.5 * p.pull
    push = 0.0
    if moves:
        push = min(max(-p.push * traded_in / local_demand, -bound), bound)
    return exp(log(price) + p.pull * (log(reference) - log(price)) + push)


@compiled
def loop(
    start: int,
    stop: int,
    p: Parameters,
    reference_price: Column,
    traded_in: Column,
    local_demand: Column,
    prices_move: Column,
    price: Column,
) -> None:
    """Move every price; all columns are (places, goods), ``prices_move`` has one element."""
    now, reference = price[start:stop].reshape(-1), reference_price[start:stop].reshape(-1)
    moved = np.empty(now.shape[0])
    brought, used, moves = traded_in[start:stop].reshape(-1), local_demand[start:stop].reshape(-1), prices_move[0] > 0.0
    for k in range(now.shape[0]):  # all at a time
        moved[k] = next_price(now[k], reference[k], brought[k], used[k], moves, p)
    price[start:stop] = moved.reshape(-1, price.shape[1])


rule(
    Rule(
        name="market.adjust_prices",
        rows="place",
        question="How does a price at a border market move?",
        loop=loop,
        reads=("place.reference_price", "place.traded_in", "place.local_demand", "policy.prices_move"),
        writes=("place.price",),
        parameters=Parameters,
        switch=PRICE_ADJUSTMENT,
        decide=(next_price,),
        not_modelled="stocks, wholesalers with market power, prices that differ between shops",
    )
)
