"""What becomes of the deal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.trader.choose_deal import Parameters
from agents.trader.cross import is_stopped
from tests.rules.tools import assert_share, both_forms, columns_of, run_rule, take

RULE = "trader.cross"
Q = Parameters(scale=0.5, trouble=0.2, trading_days=8.0, slip=0.1, kin_saving=0.5, waiting=0.1, paperwork=0.05, path_carriage=2.0,
               bribe_share=0.4, share_bribable=0.75, penalty=0.5)  # fmt: skip
MONEY = ("outlay", "revenue", "carriage", "duty", "bribe", "fine", "profit")


@both_forms
def test_who_is_stopped(form: str) -> None:
    f = take(is_stopped, form)
    # channel, share of honest officers 0.3, chance on the path 0.1
    assert not f(2.0**-53, 0, 1.0, 1.0) and not f(2.0**-53, 1, 1.0, 1.0)
    assert f(0.29, 2, 0.3, 0.0) and not f(0.31, 2, 0.3, 1.0)
    assert f(0.09, 3, 0.0, 0.1) and not f(0.11, 3, 1.0, 0.1)


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
    n = 20_000
    assert_share((carry("compiled", 3, n, trade_link__detection=0.1)["trader.seized"] > 0).sum(), n, 0.1)
    # who knows ways round is found less often: 0.1 * (1 - 0.5)
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
