"""What becomes of the deal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.trader.choose_deal import Parameters
from agents.trader.settle_deal import STOPPED, is_stopped
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, take, traced

RULE = "trader.settle_deal"
Q = Parameters(scale=0.5, trouble=0.2, trading_days=8.0, price_impact=0.1, kin_saving=0.5, waiting=0.1, paperwork=0.05, path_carriage=2.0,
               bribe_share=0.4, share_bribable=0.75, penalty=0.5)  # fmt: skip
MONEY = ("outlay", "revenue", "carriage", "duty", "bribe", "fine", "profit")


@both_forms
def test_who_is_stopped(form: str) -> None:
    f = take(is_stopped, form)
    # channel, share of honest officers 0.3, chance on the path 0.1
    assert not f(2.0**-53, 0, 1.0, 1.0) and not f(2.0**-53, 1, 1.0, 1.0)
    assert f(0.29, 2, 0.3, 0.0) and not f(0.31, 2, 0.3, 1.0)
    assert f(0.09, 3, 0.0, 0.1) and not f(0.11, 3, 1.0, 0.1)
    assert not f(0.3, 2, 0.3, 1.0) and not f(0.1, 3, 1.0, 0.1)  # a draw at the chance itself passes


def carry(form: str, channel: int, n: int = 1, **said: Any) -> dict[str, np.ndarray]:
    """``n`` traders who carry 40 kg of rice, 10 here and 15 there, with kin across of 0.5; the weight is 2 each."""
    values = {
        "trader.place": 0, "trader.weight": 2.0, "trader.household": 0, "trader.skill": 0.0, "trader.good": 0, "trader.direction": 0,
        "trader.channel": channel, "trader.quantity": 40.0, "household.support_across": 0.5,
        "place.price": [(10.0, 5.0, 5.0, 5.0), (15.0, 5.0, 5.0, 5.0)], "place.exchange": 1.0, "trade_link.partner": [(1, 1), (0, 0)],
        "trade_link.hours": 4.0, "trade_link.strictness": 0.5, "trade_link.detection": 0.0, "trade_link.share_honest": 0.0,
        "trade_link.allowance": 100.0, "trader.cards": 1, "trade_link.duty_out": 0.2, "trade_link.duty_in": 0.1, "trade_link.transport": 0.01,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"trader": n, "place": 2, "trade_link": 2, "household": 1}, values), form, stop=n, q=Q)


# outlay 400, revenue 400*1.45 = 580; carriage: 0.01*4*(1-0.25) = 0.03, on a path 0.06; waiting 0.05 at the post, declaring 0.05
@both_forms
@pytest.mark.parametrize(
    ("channel", "said", "expected"),
    [
        (0, {}, (400, 580, 400 * 0.08, 0, 0, 0)),
        (1, {}, (400, 580, 400 * 0.13, 0.2 * 300, 0, 0)),
        (2, {}, (400, 580, 400 * 0.08, 0, 0.4 * 0.45 * 400, 0)),
        (2, {"trade_link__share_honest": 1.0}, (400, 0, 400 * 0.08, 0, 0, 200)),
        (3, {}, (400, 580, 400 * 0.06, 0, 0, 0)),
        (3, {"trade_link__detection": 1.0}, (400, 0, 400 * 0.06, 0, 0, 200)),
    ],
)
def test_accounts_by_hand(form: str, channel: int, said: dict[str, Any], expected: tuple[float, ...]) -> None:
    done = carry(form, channel, **said)
    found = [done[f"trader.{k}"][0] for k in MONEY]
    assert found[:-1] == pytest.approx(list(expected))
    assert found[-1] == pytest.approx(expected[1] - expected[0] - sum(expected[2:]))
    lost = expected[5] > 0
    assert (done["trader.sold"][0], done["trader.seized"][0]) == ((0.0, 40.0) if lost else (40.0, 0.0))
    # two real traders each: 80 kg leave this market, and reach the other unless they were seized
    assert done["place.traded_in"][:, 0].tolist() == [-80.0, 0.0 if lost else 80.0]


@both_forms
def test_buying_across_runs_the_other_way(form: str) -> None:
    done = carry(form, 3, trader__direction=1, place__price=[(15.0, 5, 5, 5), (10.0, 5, 5, 5)])
    assert done["trader.outlay"][0] == pytest.approx(400.0)
    assert done["place.traded_in"][:, 0].tolist() == [80.0, -80.0]


@both_forms
def test_no_deal_nothing_happens(form: str) -> None:
    done = carry(form, 3, trader__good=-1, trader__profit=77.0)
    assert all(done[f"trader.{k}"][0] == 0.0 for k in (*MONEY, "sold", "seized"))
    assert (done["place.traded_in"] == 0).all()


def test_shares_stopped() -> None:
    n = MANY
    assert_share((carry("compiled", 3, n, trade_link__detection=0.1)["trader.seized"] > 0).sum(), n, 0.1)
    # who knows unofficial ways is found less often: 0.1 * (1 - 0.5)
    assert_share((carry("compiled", 3, n, trade_link__detection=0.1, trader__skill=0.5)["trader.seized"] > 0).sum(), n, 0.05)
    assert_share((carry("compiled", 2, n, trade_link__share_honest=0.35)["trader.seized"] > 0).sum(), n, 0.35)


@both_forms
def test_every_kilogram_is_sold_or_seized(form: str) -> None:
    n = 200
    done = carry(form, 3, n, trade_link__detection=0.4, trader__channel=np.arange(n) % 4, trade_link__share_honest=0.5)
    assert (done["trader.sold"] + done["trader.seized"] == 40.0).all()
    assert done["place.traded_in"].sum() == pytest.approx(-2.0 * done["trader.seized"].sum())
    balance = done["trader.revenue"] - sum(done[f"trader.{k}"] for k in MONEY[:-1] if k != "revenue")
    assert done["trader.profit"] == pytest.approx(balance)


#: Traders of two places: place, household, good, direction, channel, kilograms.
LOADS = [
    (1, 2, 3, 0, 1, 30.0), (0, 0, 2, 1, 2, 20.0), (1, 1, 0, 1, 3, 10.0), (0, 2, 1, 0, 0, 40.0), (1, 0, 2, 0, 2, 5.0), (0, 1, 3, 1, 1, 7.0),
    (1, 2, -1, 0, 0, 0.0), (0, 1, 0, 0, 3, 60.0),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_loads_of_several_places_by_hand(seed: int) -> None:
    n = len(LOADS)
    place, household, good, direction, channel, quantity = (np.array(x) for x in zip(*LOADS, strict=True))
    weight, skill, cards = 1.0 + np.arange(n), np.arange(n) / 10, 1 + np.arange(n) % 3
    kin = np.array([0.2, 0.5, 0.8])
    price = np.array([(10.0, 5.0, 9.0, 3.0), (4.0, 6.0, 7.0, 8.0), (5.0, 9.0, 3.0, 6.0)])
    exchange, allowance, honest = np.array([2.0, 0.5, 3.0]), np.array([30.0, 20.0, 10.0]), np.array([0.5, 0.4, 0.9])
    partner, hours = np.array([(1, 2), (2, 0), (0, 1)]), np.array([(4.0, 6.0), (2.0, 3.0), (1.0, 5.0)])
    strictness, detection = np.array([(0.5, 0.9), (0.3, 0.8), (0.1, 0.7)]), np.array([(0.9, 0.6), (0.9, 0.5), (0.9, 0.4)])
    out, into = np.arange(12).reshape(3, 4) / 20, 0.3 + np.arange(12).reshape(3, 4) / 20
    transport = 0.01 * (1 + np.arange(12).reshape(3, 4))
    values = {
        "trader.place": place, "trader.weight": weight, "trader.household": household, "trader.skill": skill, "trader.good": good,
        "trader.direction": direction, "trader.channel": channel, "trader.quantity": quantity, "household.support_across": kin, "place.price": price,
        "place.exchange": exchange, "trade_link.partner": partner, "trade_link.hours": hours, "trade_link.strictness": strictness,
        "trade_link.detection": detection, "trade_link.share_honest": honest, "trade_link.allowance": allowance, "trader.cards": cards,
        "trade_link.duty_out": out, "trade_link.duty_in": into, "trade_link.transport": transport, "place.traded_in": 0.25,
        **{f"trader.{k}": 77.0 for k in (*MONEY, "sold", "seized")},
    }  # fmt: skip
    columns = columns_of(RULE, {"trader": n, "place": 3, "trade_link": 3, "household": 3}, values)
    calls = traced(RULE, columns, "uniform", "is_stopped", stop=n, seed=seed, month=17, q=Q)
    moved = [i for i in range(n) if good[i] >= 0]
    assert calls["uniform"] == [(seed, STOPPED, 17, 1000 + i, 0) for i in moved]
    traded = np.full((3, 4), 0.25)
    for said, i in zip(calls["is_stopped"], moved, strict=True):
        here, g, c, kg = place[i], good[i], channel[i], quantity[i]
        way = int(c == 3)
        there = partner[here, way]
        assert said == (uniform(seed, STOPPED, 17, 1000 + i, 0), c, honest[here], pytest.approx(detection[here, way] * (1 - skill[i])))
        at = [price[here, g], price[there, g] * exchange[here]]
        source, target = (here, there) if direction[i] == 0 else (there, here)
        bought, sold = at if direction[i] == 0 else at[::-1]
        gain, value = (sold - bought) * 0.9 / bought, kg * bought
        rate = (out if direction[i] == 0 else into)[here, g]
        # carrying, dearer by path and cheaper with kin; waiting at a post; papers of what is declared
        per_value = transport[here, g] * hours[here, way] * (2.0 if c == 3 else 1.0) * (1 - 0.5 * kin[household[i]])
        per_value += 0.0 if c == 3 else 0.1 * strictness[here, 0]
        per_value += 0.05 if c == 1 else 0.0
        stopped = is_stopped(*said)
        expected = dict.fromkeys(MONEY, 0.0) | {"outlay": value, "carriage": value * per_value, "sold": 0.0, "seized": 0.0}
        if stopped:
            expected |= {"seized": kg, "fine": 0.5 * value}
        else:
            expected |= {"sold": kg, "revenue": value * (1 + gain)}
            expected["duty"] = rate * max(value - cards[i] * allowance[here], 0.0) if c == 1 else 0.0
            expected["bribe"] = 0.4 * min(gain, rate + 0.5) * value if c == 2 else 0.0
            traded[target, g] += weight[i] * kg
        traded[source, g] -= weight[i] * kg
        expected["profit"] = expected["revenue"] - sum(expected[k] for k in ("outlay", "carriage", "duty", "bribe", "fine"))
        for name, amount in expected.items():
            assert columns[f"trader.{name}"][i] == pytest.approx(amount), (i, name)
    assert columns["place.traded_in"] == pytest.approx(traded)
    assert all(columns[f"trader.{k}"][6] == 0.0 for k in (*MONEY, "sold", "seized"))  # no deal


@both_forms
def test_an_officer_asks_no_more_than_the_duty_and_the_fine_would_be(form: str) -> None:
    # 10 here, 60 there: a gain of 4.5, against duty 0.2 and fine 0.5: 0.4 * 0.7 of 400
    done = carry(form, 2, place__price=[(10.0, 5, 5, 5), (60.0, 5, 5, 5)])
    assert done["trader.bribe"][0] == pytest.approx(0.4 * 0.7 * 400)


@both_forms
def test_declared_within_the_allowance_is_free_of_duty(form: str) -> None:
    # 5 cards of 100 cover the 400; 3 leave 100 to pay for
    assert carry(form, 1, trader__cards=5)["trader.duty"][0] == 0.0
    assert carry(form, 1, trader__cards=3)["trader.duty"][0] == pytest.approx(20.0)
