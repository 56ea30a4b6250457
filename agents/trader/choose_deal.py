"""Which deal does a trader take, and by which channel?

A deal is a good, a direction (sell across or buy across) and a channel: within the duty-free allowance of the border
cards at hand, declared at a post, past the post with a bribe, or by a path. On each trip it takes what it can carry, in
kilograms, so a month's trade follows loads, trips and prices, and not the pay of the place. The trader compares expected
profits with each other and with not trading, in a logit whose unit is the month's product per head of the place, so that
prices can multiply without making it indifferent; a deal that is expected to bring nothing, or a loss, is not taken. Kin across save
costs by lodging, credit and news, on legal and illegal ways alike. Prices are those at the start of the month; the trader
expects its own deal to have a small price impact.

Not modelled: expectations beyond today's prices, money that a trader lacks for a load or saves from its profit, credit with
interest, several deals a month, entry and exit of traders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch
from agents.core.draws import stream, uniform
from agents.core.exact import exp, rounded_up

CHOOSE_DEAL = stream("trader.choose_deal")
TRADITIONAL_TRADE = switch("traditional_trade", "Traders carry goods across the border")
UNDECLARED_TRADE = switch("undeclared_trade", "Goods may pass undeclared, by path or past an officer")
BRIBERY = switch("bribery", "Officers may take bribes")
#: In place of the value of a deal that is expected to bring nothing or a loss: its exponential is 0.
NEVER = -1000.0


@parameters("trader.choose_deal")
class Parameters(NamedTuple):
    """What decides which deal a trader takes."""

    scale: float = parameter(
        "Spread of tastes, in months of product", unit="months of product", default=0.35, low=0.15, high=0.8,
        source=judgement("scale in months of product, or traders grow indifferent when prices multiply (trial)"),
    )  # fmt: skip
    trouble: float = parameter(
        "Profit a deal must bring to be worth the trouble", unit="months of product", default=0.5, low=0.1, high=1.0,
        source=judgement("half a month's product per head: what the days of trips would bring at home, and the risk"),
    )  # fmt: skip
    trading_days: float = parameter(
        "Days a month for trips", unit="days", default=8.0, low=4.0, high=13.0,
        source=judgement("the two days of a weekend market such as Serikin's; from one day a week to every second working day, since traders farm or work as well"),
    )  # fmt: skip
    price_impact: float = parameter(
        "Price impact of a trader's own deal, part of the price gap", unit="share", default=0.1, low=0.0, high=0.3,
        source=judgement("small markets"),
    )  # fmt: skip
    kin_saving: float = parameter(
        "Part of the cost of carrying that close kin across save", unit="share", default=0.4, low=0.1, high=0.7,
        source=Source("ethnic networks raise trade by 15-60 % (Rauch and Trindade 2002; Felbermayr, Jung and Toubal 2009)", "opened"),
    )  # fmt: skip
    kin_credit: float = parameter(
        "Goods that close kin across keep, carry or give on credit, relative to own load", unit="share", default=0.5, low=0.0, high=1.0,
        source=Source("ethnic networks raise trade by 15-60 % (Rauch and Trindade 2002; Felbermayr, Jung and Toubal 2009)", "opened"),
    )  # fmt: skip
    waiting: float = parameter(
        "Cost of a post of full strictness, part of value", unit="share", default=0.1, low=0.02, high=0.25,
        source=Source("part of the 20-50 % by which borders reduce trade (Anderson and van Wincoop 2003)", "derived"),
    )  # fmt: skip
    paperwork: float = parameter(
        "Cost of declaring, part of value", unit="share", default=0.03, low=0.01, high=0.1,
        source=judgement("forms and fees beyond duty"),
    )  # fmt: skip
    path_carriage: float = parameter(
        "Cost of carrying by path, relative to road", unit="1", default=2.0, low=1.5, high=3.0,
        source=judgement("porters and boats"),
    )  # fmt: skip
    bribe_share: float = parameter(
        "Part of the avoided duty and penalty that an officer asks", unit="share", default=0.4, low=0.2, high=0.6,
        source=judgement("Nash-like split; bribes were 13 % of trip costs in Aceh (Olken and Barron 2009)"),
    )  # fmt: skip
    share_bribable: float = parameter(
        "Officers who take money, as traders believe", unit="share", default=0.5, low=0.2, high=0.9,
        source=judgement("no local figure"),
    )  # fmt: skip
    penalty: float = parameter(
        "Fine for undeclared goods, part of value", unit="share", default=0.5, low=0.2, high=1.5,
        source=judgement("on top of losing the goods"),
    )  # fmt: skip


@compiled
def trips_a_month(trading_days: float, hours: float) -> float:
    """Trips in the days at hand, when one takes a day and the way there and back (8 hours a day).

    trading_days [days/month]: for trips
    hours [hour]: to the market across, one way
    returns [1/month]: trips
    """
    return trading_days / (1.0 + 2.0 * hours / 8.0)


@compiled
def margin(price_from: float, price_to: float, price_impact: float) -> float:
    """Gain per unit of money laid out, before costs, after the price impact of the trader's own deal.

    price_from [own currency/kg]: where the goods are bought
    price_to [own currency/kg]: where they are sold, in the same currency
    price_impact [share]: of the price gap, lost by the trader's own deal
    returns [share]: of the outlay; negative for a loss
    """
    return (price_to - price_from) * (1.0 - price_impact) / price_from


@inlined
def expected_profit(
    channel: int,
    value: float,
    allowance: float,
    gain: float,
    carriage: float,
    duty_rate: float,
    waiting: float,
    chance_found: float,
    p: Parameters,
) -> tuple[float, float]:
    """Expected profit of a deal, and the value that the channel lets pass. Channels: 0 within the allowance, 1 declared, 2 with a bribe, 3 by path.

    channel [code]: 0 to 3
    value [own currency/month]: of the goods that the trader can carry
    allowance [own currency/month]: free of duty with the cards at hand
    gain [share]: of value, before costs
    carriage [share]: of value, paid for carrying
    duty_rate [share]: of value above the allowance
    waiting [share]: of value, lost at the post
    chance_found [probability]: that a load by path is found
    p: the rule's parameters
    returns [own currency/month]: two numbers, the profit and the value laid out
    """
    if channel == 0:
        value = min(value, allowance)
        return value * (gain - carriage - waiting), value
    if channel == 1:
        duty = duty_rate * max(value - allowance, 0.0)
        return value * (gain - carriage - waiting - p.paperwork) - duty, value
    if channel == 2:
        asked = p.bribe_share * min(max(gain, 0.0), duty_rate + p.penalty)
        passes = value * (gain - carriage - waiting - asked)
        return p.share_bribable * passes - (1.0 - p.share_bribable) * value * (1.0 + p.penalty + carriage), value
    return value * ((1.0 - chance_found) * (1.0 + gain) - 1.0 - chance_found * p.penalty - carriage), value


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, household: Column, load: Column,
    cards: Column, skill: Column, support_across: Column, product_per_head: Column, price: Column, exchange: Column, partner: Column,
    hours: Column, strictness: Column, detection: Column, is_open: Column, is_post: Column, allowance: Column, duty_out: Column,
    duty_in: Column, transport: Column, may_trade: Column, good: Column, direction: Column, channel: Column, quantity: Column
) -> None:  # fmt: skip
    """Choose one deal for every trader. ``good`` is -1 without a deal; ``quantity`` in kilograms a month.

    Deals that can be made at a place, with what is the same for all its traders, are noted once for its traders, by channel; each trader then looks
    at those of a channel together, which a processor does for several at a time. It is one long loop because the weights of all deals are summed
    in it, in one fixed order.
    """
    n_of = np.zeros(4, np.int64)  # deals of each channel
    rank, deal = np.empty((4, 8), np.int64), np.empty(32, np.int64)  # of a channel's deal among all, which are in order; what each is
    gain, price_from, price_to = np.ones((4, 8)), np.ones((4, 8)), 1.0
    carriage, duty_rate, trips = np.ones((4, 8)), np.ones((4, 8)), np.ones((4, 8))
    value_of, laid_out = np.empty((4, 8)), np.empty((4, 8))
    weights = np.empty(32)
    n, known = 0, -1
    for i in range(start, stop):
        here = int(place[i])
        good[i] = -1
        direction[i] = 0
        channel[i] = 0
        quantity[i] = 0.0
        if may_trade[0] <= 0.0:
            continue
        if here != known:
            n, known = 0, here
            n_of[:] = 0
            for g in range(4):
                for d in range(2):
                    for c in range(4):
                        way = 1 if c == 3 else 0
                        if partner[here, way] < 0 or (c < 3 and is_open[here, way] <= 0.0) or (c == 1 and is_post[here] <= 0.0):
                            continue
                        if (c >= 2 and may_trade[1] <= 0.0) or (c == 2 and may_trade[2] <= 0.0):
                            continue
                        there, k = int(partner[here, way]), n_of[c]
                        price_here, price_there = price[here, g], price[there, g] * exchange[here]
                        price_from[c, k], price_to = (price_here, price_there) if d == 0 else (price_there, price_here)
                        gain[c, k] = margin(price_from[c, k], price_to, p.price_impact)
                        if gain[c, k] <= 0.0:
                            continue
                        carriage[c, k] = transport[here, g] * hours[here, way] * (p.path_carriage if c == 3 else 1.0)
                        duty_rate[c, k] = duty_out[here, g] if d == 0 else duty_in[here, g]
                        trips[c, k] = trips_a_month(p.trading_days, hours[here, way])
                        rank[c, k], deal[n] = n, 8 * g + 4 * d + c
                        n_of[c] += 1
                        n += 1
        if n == 0:
            continue
        kin = support_across[household[i]]
        unit = product_per_head[here]
        carried, saved, free = load[i] * (1.0 + p.kin_credit * kin), 1.0 - p.kin_saving * kin, cards[i] * allowance[here]
        for c in range(4):
            way = 1 if c == 3 else 0
            waiting = p.waiting * strictness[here, way] if c < 3 else 0.0
            found = detection[here, way] * (1.0 - skill[i])
            for k in range(rounded_up(n_of[c])):
                profit, value = expected_profit(
                    c,
                    carried * trips[c, k] * price_from[c, k],
                    free,
                    gain[c, k],
                    carriage[c, k] * saved,
                    duty_rate[c, k],
                    waiting,
                    found,
                    p,
                )
                value_of[c, k] = min((profit / unit - p.trouble) / p.scale, 50.0) if profit > 0.0 else NEVER
                laid_out[c, k] = value
            for k in range(n_of[c]):
                weights[rank[c, k]] = value_of[c, k]
        for k in range(rounded_up(n)):  # all at a time
            weights[k] = exp(weights[k])
        reached = 1.0  # the outside option has exp(0)
        for k in range(n):
            reached += weights[k]
        at = uniform(seed, CHOOSE_DEAL, month, uid[i], 0) * reached
        below = 1.0
        for k in range(n):
            above = below + weights[k]
            if below <= at < above:
                c = deal[k] % 4
                good[i], direction[i], channel[i] = deal[k] // 8, deal[k] // 4 % 2, c
                for j in range(n_of[c]):
                    if rank[c, j] == k:
                        quantity[i] = laid_out[c, j] / price_from[c, j]
                break
            below = above


rule(
    Rule(
        name="trader.choose_deal",
        question="Which deal does a trader take, and by which channel?",
        loop=loop,
        reads=("trader.uid", "trader.place", "trader.household", "trader.load", "trader.cards", "trader.skill",
               "household.support_across", "place.product_per_head", "place.price", "place.exchange", "trade_link.partner", "trade_link.hours",
               "trade_link.strictness", "trade_link.detection", "trade_link.is_open", "trade_link.is_post", "trade_link.allowance",
               "trade_link.duty_out", "trade_link.duty_in", "trade_link.transport", "policy.may_trade"),
        writes=("trader.good", "trader.direction", "trader.channel", "trader.quantity"),
        parameters=Parameters,
        streams=("trader.choose_deal",),
        switch=TRADITIONAL_TRADE,
        decide=(trips_a_month, margin, expected_profit),
        not_modelled="expectations beyond today's prices, money that a trader lacks for a load or saves from its profit, credit with interest, "
        "several deals a month, entry and exit of traders",
    )
)  # fmt: skip
