"""What becomes of the deal: who is stopped, what is lost, what is paid, what is left?

Goods within the allowance and declared goods arrive. An officer who was to be bribed takes the money, or is honest and
takes goods and fine. On a path the load is found or not. Profit goes to the trader's household next month; every sum is
booked to one account, every kilogram is sold or seized.

Not modelled: officers who share, arrest, goods that spoil.
"""

from __future__ import annotations

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, rule
from agents.core.draws import stream, uniform
from agents.trader.choose_deal import Parameters as ChooseDeal
from agents.trader.choose_deal import margin

#: The name fixes the draws: another name gives other draws.
STOPPED = stream("trader.cross.stopped")


@compiled
def is_stopped(u: float, channel: int, share_honest: float, chance_found: float) -> bool:
    """Whether the load is lost: an honest officer (channel 2) or a patrol on the path (channel 3).

    u [1]: the draw, 0 to 1
    channel [code]: 0 allowance, 1 declared, 2 bribe, 3 path
    share_honest [share]: of officers there who take no money
    chance_found [probability]: that a load by path is found
    returns [1]: True where it is lost
    """
    if channel == 2:
        return u < share_honest
    return channel == 3 and u < chance_found


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, q: ChooseDeal, uid: Column, place: Column, weight: Column, household: Column,
    skill: Column, good: Column, direction: Column, channel: Column, quantity: Column, support_across: Column, price: Column,
    exchange: Column, partner: Column, hours: Column, strictness: Column, detection: Column, share_honest: Column, allowance: Column,
    cards: Column, duty_out: Column, duty_in: Column, transport: Column, sold: Column, seized: Column, outlay: Column,
    revenue: Column, carriage: Column, duty: Column, bribe: Column, fine: Column, profit: Column, traded_in: Column
) -> None:  # fmt: skip
    """Carry out every trader's deal. ``traded_in`` (places, goods) nets what reaches and leaves each market, in real kilograms."""
    for i in range(start, stop):
        sold[i] = seized[i] = outlay[i] = revenue[i] = carriage[i] = duty[i] = bribe[i] = fine[i] = profit[i] = 0.0
        g = int(good[i])
        if g < 0:
            continue
        here, c, d = int(place[i]), int(channel[i]), int(direction[i])
        way = 1 if c == 3 else 0
        there = int(partner[here, way])
        price_here, price_there = price[here, g], price[there, g] * exchange[here]
        price_from, price_to = (price_here, price_there) if d == 0 else (price_there, price_here)
        gain = margin(price_from, price_to, q.price_impact)
        value = quantity[i] * price_from
        rough = q.path_carriage if c == 3 else 1.0
        per_value = transport[here, g] * hours[here, way] * rough * (1.0 - q.kin_saving * support_across[household[i]])
        per_value += q.waiting * strictness[here, way] if c < 3 else 0.0
        per_value += q.paperwork if c == 1 else 0.0
        duty_rate = duty_out[here, g] if d == 0 else duty_in[here, g]
        outlay[i] = value
        carriage[i] = value * per_value
        if is_stopped(uniform(seed, STOPPED, month, uid[i], 0), c, share_honest[here], detection[here, way] * (1.0 - skill[i])):
            seized[i] = quantity[i]
            fine[i] = q.penalty * value
        else:
            sold[i] = quantity[i]
            revenue[i] = value * (1.0 + gain)
            if c == 1:
                duty[i] = duty_rate * max(value - cards[i] * allowance[here], 0.0)
            elif c == 2:
                bribe[i] = q.bribe_share * min(gain, duty_rate + q.penalty) * value
            target = there if d == 0 else here
            traded_in[target, g] += weight[i] * sold[i]
        origin = here if d == 0 else there
        traded_in[origin, g] -= weight[i] * quantity[i]
        profit[i] = revenue[i] - outlay[i] - carriage[i] - duty[i] - bribe[i] - fine[i]


rule(
    Rule(
        name="trader.settle_deal",
        question="What becomes of the deal: who is stopped, what is lost, what is paid, what is left?",
        loop=loop,
        reads=("trader.uid", "trader.place", "trader.weight", "trader.household", "trader.skill", "trader.good", "trader.direction",
               "trader.channel", "trader.quantity", "household.support_across", "place.price", "place.exchange", "trade_link.partner",
               "trade_link.hours", "trade_link.strictness", "trade_link.detection", "trade_link.share_honest", "trade_link.allowance",
               "trader.cards", "trade_link.duty_out", "trade_link.duty_in", "trade_link.transport"),
        writes=("trader.sold", "trader.seized", "trader.outlay", "trader.revenue", "trader.carriage", "trader.duty", "trader.bribe",
                "trader.fine", "trader.profit", "place.traded_in"),
        other_parameters=ChooseDeal,
        streams=("trader.cross.stopped",),
        decide=(is_stopped,),
        not_modelled="officers who share, arrest, goods that spoil",
    )
)  # fmt: skip
