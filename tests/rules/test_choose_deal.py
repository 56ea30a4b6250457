"""Which deal, by which channel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.trader.choose_deal import CHOOSE_DEAL, Parameters, expected_profit, margin, trips_a_month
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, take, traced

RULE = "trader.choose_deal"
P = Parameters(scale=0.5, trouble=0.2, trading_days=8.0, price_impact=0.1, kin_saving=0.5, waiting=0.1, paperwork=0.05, path_carriage=2.0,
               bribe_share=0.4, share_bribable=0.95, penalty=0.5)  # fmt: skip


@both_forms
def test_trips_and_margin_by_hand(form: str) -> None:
    assert take(trips_a_month, form)(8.0, 4.0) == pytest.approx(4.0)  # a day and 8 hours there and back
    assert take(trips_a_month, form)(8.0, 0.0) == pytest.approx(8.0)
    assert take(margin, form)(10.0, 15.0, 0.1) == pytest.approx(0.45)
    assert take(margin, form)(10.0, 8.0, 0.1) == pytest.approx(-0.18)


# value 100, allowance 40, gain 0.5, carriage 0.05, duty 0.2, waiting 0.1, found 0.1
@both_forms
@pytest.mark.parametrize(
    ("channel", "profit", "value"),
    [
        (0, 40 * 0.35, 40.0),  # no more than the allowance passes
        (1, 100 * (0.5 - 0.05 - 0.1 - 0.05) - 0.2 * 60, 100.0),  # duty on what is above it
        # asked 0.4*min(0.5, 0.2+0.5) = 0.2; passes 100*(0.5-0.05-0.1-0.2) = 15 with 0.95, else loses goods, fine, carriage: 155
        (2, 0.95 * 15 - 0.05 * 155, 100.0),
        (3, 100 * (0.9 * 1.5 - 1 - 0.1 * 0.5 - 0.05), 100.0),
    ],
)
def test_expected_profit_by_hand(form: str, channel: int, profit: float, value: float) -> None:
    found = take(expected_profit, form)(channel, 100.0, 40.0, 0.5, 0.05, 0.2, 0.1, 0.1, P)
    assert found == pytest.approx((profit, value))


def deals(form: str = "compiled", n: int = MANY, p: Parameters = P, **said: Any) -> dict[str, np.ndarray]:
    """``n`` like traders at place 0, whose market across is place 1. Rice costs 10 here and 15 there, the rest alike."""
    values = {
        "trader.place": 0, "trader.household": 0, "trader.load": 10.0, "trader.cards": 1, "trader.skill": 0.0,
        "household.support_across": 0.0, "place.product_per_head": 100.0, "place.price": [(10.0, 5.0, 5.0, 5.0), (15.0, 5.0, 5.0, 5.0)],
        "place.exchange": 1.0, "trade_link.partner": [(1, 1), (0, 0)], "trade_link.hours": 4.0, "trade_link.strictness": 0.5,
        "trade_link.detection": 0.1, "trade_link.is_open": 1.0, "trade_link.is_post": 1.0, "trade_link.allowance": 100.0,
        "trade_link.duty_out": 0.2, "trade_link.duty_in": 0.1, "trade_link.transport": 0.01, "policy.may_trade": 1.0,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"trader": n, "place": 2, "trade_link": 2, "household": 1}, values), form, stop=n, p=p)


def with_channel(done: dict[str, np.ndarray], channel: int) -> int:
    """Traders with a deal by this channel."""
    return int(((done["trader.good"] >= 0) & (done["trader.channel"] == channel)).sum())


def test_shares_are_those_of_a_logit() -> None:
    done = deals()
    # 10 kg * 10 a kilogram * 4 trips = 400; gain 0.5*0.9 = 0.45; carriage 0.01*4 = 0.04 (path 0.08); waiting 0.1*0.5 = 0.05
    allowance = 100 * (0.45 - 0.04 - 0.05)
    declared = 400 * (0.45 - 0.04 - 0.05 - 0.05) - 0.2 * 300
    bribe = 0.95 * 400 * (0.45 - 0.04 - 0.05 - 0.4 * 0.45) - 0.05 * 400 * (1.5 + 0.04)
    path = 400 * (0.9 * 1.45 - 1 - 0.1 * 0.5 - 0.08)
    weights = np.exp([(profit / 100 - 0.2) / 0.5 for profit in (allowance, declared, bribe, path)])
    for c in range(4):
        assert_share(with_channel(done, c), MANY, weights[c] / (1 + weights.sum()))
    traded = done["trader.good"] >= 0
    assert set(done["trader.good"][traded]) == {0} and set(done["trader.direction"][traded]) == {0}
    # quantity: what the channel lets pass, at 10 a kilogram
    for c, kg in ((0, 10.0), (1, 40.0), (2, 40.0), (3, 40.0)):
        assert done["trader.quantity"][traded & (done["trader.channel"] == c)] == pytest.approx(kg)
    assert (done["trader.quantity"][~traded] == 0).all()


@pytest.mark.parametrize(
    ("change", "channel", "sign"),
    [
        ({"trade_link__detection": 0.3}, 3, -1),
        ({"trader__skill": 0.9}, 3, 1),
        ({"trade_link__strictness": 1.0}, (0, 1, 2), -1),
        ({"trade_link__strictness": 1.0}, 3, 1),  # by path instead
        ({"trade_link__duty_out": 0.4}, 1, -1),
        ({"trade_link__allowance": 400.0}, 0, 1),
        ({"trader__cards": 4}, 0, 1),
        ({"trade_link__hours": 8.0}, 3, -1),
        ({"trade_link__transport": 0.03, "household__support_across": 1.0, "p": P._replace(kin_credit=0.0)}, 3, -1),
        ({"p": P._replace(share_bribable=1.0)}, 2, 1),
        ({"p": P._replace(bribe_share=0.6)}, 2, -1),
        ({"p": P._replace(penalty=1.5)}, 3, -1),
    ],
)
def test_channels_move_the_right_way(change: dict[str, Any], channel: int | tuple[int, ...], sign: int) -> None:
    which = channel if isinstance(channel, tuple) else (channel,)
    before, after = (sum(with_channel(done, c) for c in which) for done in (deals(), deals(**change)))
    assert (after - before) * sign > 0


def test_kin_save_carriage() -> None:
    dear = {"trade_link__transport": 0.05}
    n = lambda **s: int((deals(**dear, **s)["trader.good"] >= 0).sum())  # noqa: E731
    assert n(household__support_across=1.0) > n()
    # close kin add half as much again: 1.5 * 10 kg on 4 trips
    lent = deals(household__support_across=1.0, p=P._replace(kin_credit=0.5))
    assert lent["trader.quantity"][lent["trader.channel"] == 3] == pytest.approx(60.0)


@both_forms
def test_a_deal_that_is_expected_to_lose_is_not_taken(form: str) -> None:
    # by path alone: 0.9 * (1 + gain) - 1 - 0.05 for fines - 0.08 for carrying is nothing at a gain of 1.13 / 0.9 - 1, of which the price gap is a ninth
    # more; without trouble a deal as good as none would be taken by a half
    p, n = P._replace(trouble=0.0, scale=100.0), 400
    even = 10.0 * (1 + ((1 + 0.05 + 0.08) / 0.9 - 1) / 0.9)
    for price, some in ((even - 0.01, False), (even + 0.01, True)):
        done = deals(form, n, p, place__price=[(10.0, 5.0, 5.0, 5.0), (price, 5.0, 5.0, 5.0)], trade_link__is_open=0.0)
        taken = int((done["trader.good"] >= 0).sum())
        assert taken == 0 or some, "a loss is never taken, however wide tastes are"
        assert not some or 0.4 * n < taken < 0.6 * n, "and what brings anything is"


@both_forms
def test_a_deal_that_brings_nothing_is_not_taken(form: str) -> None:
    done = deals(form, 400, P._replace(trouble=-5.0), trade_link__allowance=0.0)  # nothing may pass free of duty
    assert with_channel(done, 0) == 0 and (done["trader.quantity"][done["trader.good"] >= 0] > 0).all()


@both_forms
def test_one_deal_that_loses_leaves_the_others_as_they_are(form: str) -> None:
    # two of three officers refuse: with a bribe the deal would lose, and the other channels share what is left as if it were not allowed
    p = P._replace(share_bribable=1 / 3)
    lost, closed = deals(form, 400, p), deals(form, 400, p, policy__may_trade=(1.0, 1.0, 0.0))
    assert all((lost[f"trader.{k}"] == closed[f"trader.{k}"]).all() for k in ("good", "channel", "direction", "quantity"))
    assert with_channel(lost, 2) == 0 and with_channel(lost, 3) > 0


@both_forms
def test_a_trader_carries_kilograms_whatever_people_earn(form: str) -> None:
    # ten times the product per head: the profit counts for less, the load of who goes is the same
    rich = deals(form, 400, place__product_per_head=1000.0)
    by_path = rich["trader.quantity"][rich["trader.channel"] == 3]
    assert len(by_path) and by_path == pytest.approx(40.0)
    heavy = deals(form, 400, trader__load=25.0)
    assert heavy["trader.quantity"][heavy["trader.channel"] == 3] == pytest.approx(100.0)


@both_forms
@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"policy__may_trade": (0.0, 1.0, 1.0)}, set()),
        ({"policy__may_trade": (1.0, 0.0, 1.0)}, {0, 1}),
        ({"policy__may_trade": (1.0, 1.0, 0.0)}, {0, 1, 3}),
        ({"trade_link__partner": [(-1, -1), (-1, -1)]}, set()),
        ({"trade_link__partner": [(-1, 1), (-1, 0)]}, {3}),
        ({"trade_link__is_open": [(0.0, 1.0)] * 2}, {3}),
        ({"trade_link__is_post": 0.0}, {0, 2, 3}),
        ({"place__price": 5.0}, set()),  # no gap, no deal
    ],
)
def test_what_is_not_allowed_is_not_done(form: str, change: dict[str, Any], allowed: set[int]) -> None:
    done = deals(form, 400, P._replace(scale=5.0), **change)
    assert set(done["trader.channel"][done["trader.good"] >= 0].tolist()) == allowed


@both_forms
def test_goods_flow_from_cheap_to_dear(form: str) -> None:
    # sugar costs 8 here and 5 there at a rate of 1: bought across; at a rate of 2 (10 in own money) it is sold across
    price = [(5.0, 8.0, 5.0, 5.0), (5.0, 5.0, 5.0, 5.0)]
    done = deals(form, 200, place__price=price)
    assert set(done["trader.direction"][done["trader.good"] >= 0]) == {1} and set(done["trader.good"]) == {-1, 1}
    sugar = deals(form, 200, place__price=[(10.0, 8.0, 10.0, 10.0), (5.0,) * 4], place__exchange=2.0)
    assert set(sugar["trader.direction"][sugar["trader.good"] >= 0]) == {0}


def test_prices_that_multiply_make_no_difference() -> None:
    # profits count in months of product per head: prices and product a hundred times higher give the same choices
    same = deals(place__price=[(1000.0, 500, 500, 500), (1500.0, 500, 500, 500)], place__product_per_head=1e4, trade_link__allowance=1e4)
    base = deals()
    # (rounding may shift the bound between two options across one draw in 20,000)
    assert (same["trader.channel"] != base["trader.channel"]).sum() <= 1
    assert math.isclose(same["trader.quantity"].sum(), base["trader.quantity"].sum(), rel_tol=1e-3)


@both_forms
@pytest.mark.parametrize("factor", [1e2, 1e4, 1e8])
def test_a_gain_without_measure_draws_everybody(form: str, factor: float) -> None:
    done = deals(form, 200, P._replace(scale=0.15), place__price=[(10.0, 5.0, 5.0, 5.0), (10.0 * factor, 5.0, 5.0, 5.0)])
    assert (done["trader.good"] == 0).all() and np.isfinite(done["trader.quantity"]).all()


@both_forms
def test_limits_of_expected_profit(form: str) -> None:
    f = take(expected_profit, form)
    # nothing above the allowance, no duty; and the allowance lets pass no more than there is
    assert f(1, 30.0, 40.0, 0.5, 0.05, 0.2, 0.1, 0.1, P) == pytest.approx((30 * (0.5 - 0.05 - 0.1 - 0.05), 30.0))
    assert f(0, 30.0, 40.0, 0.5, 0.05, 0.2, 0.1, 0.1, P) == pytest.approx((30 * 0.35, 30.0))
    # an officer asks a part of the gain, or of the duty and the fine where these are less: 0.4 * min(2, 0.2 + 0.5) = 0.28
    assert f(2, 100.0, 0.0, 2.0, 0.05, 0.2, 0.1, 0.1, P)[0] == pytest.approx(0.95 * 100 * (2 - 0.05 - 0.1 - 0.28) - 0.05 * 155)
    # and nothing of a loss
    assert f(2, 100.0, 0.0, -0.5, 0.05, 0.2, 0.1, 0.1, P)[0] == pytest.approx(0.95 * 100 * (-0.5 - 0.05 - 0.1) - 0.05 * 155)


def world_of_three() -> dict[str, Any]:
    """Traders of places 1, 0 and 2: place 1's way leads to 2 by law and to 0 by path, that of 0 to 1, of 2 to 1 by path only."""
    return {
        "trader.place": (1, 0, 2), "trader.household": (2, 0, 1), "trader.load": (15.0, 6.0, 8.0), "trader.cards": (2, 1, 3),
        "trader.skill": (0.2, 0.5, 0.0), "household.support_across": (0.25, 0.75, 0.5), "place.product_per_head": (100.0, 80.0, 60.0),
        "place.price": [(10.0, 5.0, 7.0, 3.0), (4.0, 6.0, 7.5, 2.0), (12.0, 4.0, 9.0, 8.0)], "place.exchange": (2.0, 0.5, 1.0),
        "trade_link.partner": [(1, 1), (2, 0), (-1, 1)], "trade_link.hours": [(4.0, 6.0), (2.0, 3.0), (1.0, 5.0)],
        "trade_link.strictness": [(0.5, 0.9), (0.3, 0.8), (0.1, 0.7)], "trade_link.detection": [(0.11, 0.1), (0.12, 0.2), (0.13, 0.3)],
        "trade_link.is_open": [(1.0, 0.0), (1.0, 0.0), (1.0, 1.0)], "trade_link.is_post": (1.0, 0.0, 1.0), "trade_link.allowance": (100.0, 50.0, 70.0),
        "trade_link.duty_out": [(0.1, 0.2, 0.3, 0.4), (0.15, 0.25, 0.35, 0.45), (0.5, 0.5, 0.5, 0.5)],
        "trade_link.duty_in": [(0.01, 0.02, 0.03, 0.04), (0.05, 0.06, 0.07, 0.08), (0.6, 0.6, 0.6, 0.6)],
        "trade_link.transport": [(0.01, 0.02, 0.03, 0.04), (0.015, 0.025, 0.035, 0.045), (0.001, 0.002, 0.003, 0.004)],
        "policy.may_trade": 1.0, "trader.good": 9, "trader.direction": 9, "trader.channel": 9, "trader.quantity": 99.0,
    }  # fmt: skip


SIZES = {"trader": 3, "place": 3, "trade_link": 3, "household": 3}


@pytest.mark.parametrize("seed", range(12))
def test_what_each_deal_is_weighed_by(seed: int) -> None:
    p, values = P._replace(scale=1.0, kin_credit=0.4), world_of_three()
    columns = columns_of(RULE, SIZES, values)
    calls = traced(RULE, columns, "uniform", "expected_profit", stop=3, seed=seed, month=40, p=p)
    assert calls["uniform"] == [(seed, CHOOSE_DEAL, 40, 1000 + i, 0) for i in range(3)]
    said = iter(calls["expected_profit"])
    for i in range(3):
        v = {k.split(".")[1]: np.asarray(x, dtype=float) for k, x in values.items()}
        here, kin = int(v["place"][i]), v["support_across"][int(v["household"][i])]
        unit, weights, deals, looked_at = v["product_per_head"][here], [1.0], [(-1, 0, 0, 0.0)], []
        for g in range(4):
            for d in range(2):
                for c in range(4):
                    way = int(c == 3)
                    there = int(v["partner"][here, way])
                    if there < 0 or (c < 3 and not v["is_open"][here, 0]) or (c == 1 and not v["is_post"][here]):
                        continue
                    at = [v["price"][here, g], v["price"][there, g] * v["exchange"][here]]
                    bought, sold = at if d == 0 else at[::-1]
                    gain = (sold - bought) * 0.9 / bought
                    if gain <= 0:
                        continue
                    hours = v["hours"][here, way]
                    value = v["load"][i] * (1 + 0.4 * kin) * 8.0 / (1 + hours / 4) * bought
                    expected = (
                        c, value, v["cards"][i] * v["allowance"][here], gain, v["transport"][here, g] * hours * (2.0 if c == 3 else 1.0) * (1 - 0.5 * kin),
                        v["duty_in" if d else "duty_out"][here, g], 0.1 * v["strictness"][here, 0] if c < 3 else 0.0, v["detection"][here, way] * (1 - v["skill"][i]),
                    )  # fmt: skip
                    looked_at.append(expected)
                    profit, passes = expected_profit(*expected, p)
                    weights.append(math.exp((profit / unit - 0.2) / 1.0) if profit >= 0 else 0.0)
                    deals.append((g, d, c, passes / bought))
        for expected in sorted(looked_at, key=lambda one: one[0]):  # channel by channel
            assert next(said) == pytest.approx(expected)
        chosen = deals[int(np.searchsorted(np.cumsum(weights), uniform(*calls["uniform"][i]) * sum(weights), side="right"))]
        found = tuple(columns[f"trader.{k}"][i] for k in ("good", "direction", "channel", "quantity"))
        assert found == pytest.approx(chosen)
    assert next(said, None) is None


def test_all_goods_directions_and_channels_are_chosen_by_somebody() -> None:
    seen = set()
    for seed in range(60):
        columns = columns_of(RULE, SIZES, world_of_three())
        run_rule(RULE, columns, "plain", stop=3, seed=seed, p=P._replace(scale=3.0))
        seen |= {tuple(int(columns[f"trader.{k}"][i]) for k in ("good", "direction", "channel")) for i in range(3)}
    assert (
        {g for g, _, _ in seen} == {-1, 0, 1, 2, 3}
        and {d for g, d, _ in seen if g >= 0} == {0, 1}
        and {c for g, _, c in seen if g >= 0} == {0, 1, 2, 3}
    )


@both_forms
def test_a_gap_of_nothing_is_no_deal_and_the_weight_of_a_deal_has_a_bound(form: str) -> None:
    none = deals(form, 50, P._replace(trouble=-50.0), place__price=5.0)
    assert (none["trader.good"] == -1).all()
    # two goods of boundless gain have the same weight, exp(50): each is taken by a half
    huge = deals(form, 400, P._replace(scale=0.01), place__price=[(10.0, 10.0, 5.0, 5.0), (1e6, 1e7, 5.0, 5.0)], trade_link__is_open=0.0)
    shares = np.bincount(huge["trader.good"], minlength=2)
    assert shares.sum() == 400
    assert_share(shares[0], 400, 0.5)


def test_each_trader_takes_what_its_draw_falls_on() -> None:
    n = 1000
    done = deals(n=n)
    # the profits of test_shares_are_those_of_a_logit; the first piece, of weight 1, is no deal
    profits = [36.0, 400 * 0.31 - 60, 380 * 0.18 - 20 * 1.54, 400 * (0.9 * 1.45 - 1 - 0.05 - 0.08)]
    ends = np.cumsum([1.0, *(math.exp((profit / 100 - 0.2) / 0.5) for profit in profits)])
    drawn = np.array([uniform(7, CHOOSE_DEAL, 0, 1000 + i, 0) for i in range(n)]) * ends[-1]
    expected = np.searchsorted(ends, drawn, side="right") - 1  # -1: no deal
    found = np.where(done["trader.good"] >= 0, done["trader.channel"], -1)
    assert (found == expected).all()


@both_forms
def test_without_a_deal_nothing_is_left_of_the_last(form: str) -> None:
    old = {"trader__good": 2, "trader__direction": 1, "trader__channel": 3, "trader__quantity": 9.0}
    for change in ({"policy__may_trade": 0.0}, {"place__price": 5.0}):
        done = deals(form, 20, P, **old, **change)
        assert [set(done[f"trader.{k}"].tolist()) for k in ("good", "direction", "channel", "quantity")] == [{-1}, {0}, {0}, {0.0}]


@both_forms
def test_what_counts_beyond_fifty_units_of_taste_counts_as_fifty(form: str) -> None:
    # by path alone: profit 400 * (0.9 (1 + gain) - 1 - 0.05 - 0.08), in months of product of 100, less the trouble of 0.2, over a scale of 0.05
    price = lambda units: 10.0 * (1 + ((units * 0.05 + 0.2) / 4 + 0.23) / 0.9 / 0.9)  # noqa: E731
    n = 2000
    done = deals(
        form,
        n,
        P._replace(scale=0.05),
        place__price=[(10.0, 10.0, 5.0, 5.0), (price(60.0), price(47.0), 5.0, 5.0)],
        trade_link__is_open=0.0,
    )
    assert_share((done["trader.good"] == 1).sum(), n, 1 / (1 + math.exp(3.0)))
    assert (done["trader.good"] >= 0).all()
