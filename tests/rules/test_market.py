"""Prices of the border markets, and the prices and fares of every community (pay and jobs: tests/world/test_set_work.py)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.history.series import make_series
from abm.history.set_month import Parameters as SetMonth
from abm.history.set_month import reference
from abm.market import Parameters, next_price
from agents.surroundings import ESTATE, PASS, PERMIT, UNDOCUMENTED
from tests.rules.tools import both_forms, columns_of, month_columns, run_month_rules, run_rule, take

P = Parameters(pull=0.5, push=0.2)


@both_forms
@pytest.mark.parametrize(
    ("price", "reference_price", "traded", "moves", "expected"),
    [
        (100.0, 400.0, 0.0, True, 200.0),  # half the way in logarithms
        (100.0, 100.0, 0.0, True, 100.0),
        (100.0, 100.0, 50.0, True, 100.0 * math.exp(-0.1)),  # half a month's use arrives: 0.2 * 0.5
        (100.0, 100.0, -50.0, True, 100.0 * math.exp(0.1)),
        (100.0, 100.0, 1e9, True, 100.0 * math.exp(-0.25)),  # limited to half the pull
        (100.0, 100.0, -1e9, True, 100.0 * math.exp(0.25)),
        (100.0, 100.0, 1e9, False, 100.0),  # the switch
    ],
)
def test_next_price_by_hand(form: str, price: float, reference_price: float, traded: float, moves: bool, expected: float) -> None:
    assert take(next_price, form)(price, reference_price, traded, 100.0, moves, P) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize("pull", [0.1, 0.25, 0.5])
def test_the_gap_closes_at_the_rate_of_the_pull(form: str, pull: float) -> None:
    f, p, price = take(next_price, form), Parameters(pull=pull), 30.0
    for month in range(1, 25):
        price = f(price, 100.0, 0.0, 10.0, True, p)
        assert math.log(price / 100.0) == pytest.approx(math.log(0.3) * (1 - pull) ** month)


@both_forms
def test_steady_trade_leaves_a_gap_of_push_over_pull(form: str) -> None:
    f, p, price = take(next_price, form), Parameters(pull=0.25, push=0.2), 100.0
    for _ in range(200):
        price = f(price, 100.0, 20.0, 100.0, True, p)
    assert math.log(price / 100.0) == pytest.approx(-0.2 * 0.2 / 0.25)


@both_forms
def test_every_market_and_good(form: str) -> None:
    price = np.arange(1.0, 9.0).reshape(2, 4)
    values = {
        "place.reference_price": 4.0,
        "place.traded_in": 1.0,
        "place.local_demand": 10.0,
        "policy.prices_move": 1.0,
        "place.price": price,
    }
    p = P._replace(pull=0.25)
    done = run_rule("market.adjust_prices", columns_of("market.adjust_prices", {"place": 2}, values), form, stop=2, p=p)
    # three quarters of the way are left, and a tenth of a month's use has arrived
    assert done["place.price"] == pytest.approx(price**0.75 * 4.0**0.25 * math.exp(-0.02))
    still = columns_of("market.adjust_prices", {"place": 2}, values | {"policy.prices_move": 0.0})
    assert run_rule("market.adjust_prices", still, form, stop=2, p=p)["place.price"] == pytest.approx(price**0.75 * 4.0**0.25)


# world price 2, rate 10, mark-up 1.5: 30 at the centre; 5 hours at 2 % an hour
@both_forms
def test_reference_by_hand(form: str) -> None:
    f = take(reference, form)
    assert f(2.0, 10.0, 1.5, 5.0, 0.02, False) == pytest.approx(33.0)  # carriage adds to what comes in
    assert f(2.0, 10.0, 1.5, 5.0, 0.02, True) == pytest.approx(27.0)  # and takes from what goes out
    assert f(2.0, 10.0, 1.5, 500.0, 0.02, True) == pytest.approx(9.0)  # but leaves three tenths


# ---- the month's figures, on the region's data ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> BorderModel:
    """A small run that has left its first year."""
    made = BorderModel(Scenario.load("history", end="1982-12"), households=60, rng=7)
    for _ in range(15):
        made.step()
    return made


def set_month(model: BorderModel, form: str, month: int, p: Any = None, **said: Any) -> dict[str, np.ndarray]:
    """The rules of pay, prices and fees run for a month on copies of the model's columns."""
    columns = month_columns(model)
    for name, value in said.items():
        columns[name.replace("__", ".", 1)][...] = value
    return run_month_rules(columns, form, stop=model.world.n_places, p=p or SetMonth(), month=month)


@both_forms
def test_a_month_of_both_sides(model: BorderModel, form: str) -> None:
    month, p = 20, SetMonth()
    d = set_month(model, form, month, p)
    s, side = model.series, d["place.side"]
    per_myr = s.idr_per_usd[month] / s.myr_per_usd[month]
    for where in (int(np.flatnonzero(side == 0)[0]), int(np.flatnonzero(side == 1)[0])):
        k = int(side[where])
        exchange = per_myr if k == 0 else 1 / per_myr
        assert d["place.exchange"][where] == pytest.approx(exchange)
        # a day's pay on an estate or farm
        assert d["place.fare"][where] == pytest.approx(p.fare * d["place.wage"][where, ESTATE] / 26)
        years = (month - 306) / 12
        assert d["place.technique"][where] == pytest.approx(
            (p.farm_id, p.farm_my)[k] * math.exp((p.technique_growth_id, p.technique_growth_my)[k] * years)
        )
        rate = (s.idr_per_usd, s.myr_per_usd)[k][month]
        for g in range(4):
            ref = take(reference, form)(
                s.world_price[month, k, g],
                rate,
                s.markup[k, g],
                d["place.hours_centre"][where],
                d["trade_link.transport"][where, g],
                g == 3,
            )
            assert d["place.reference_price"][where, g] == pytest.approx(ref)
        basket = s.basket[k] * d["place.price"][where] / s.base_price[k]
        assert d["place.cost_of_living"][where] == pytest.approx(100 * basket.sum() + (1 - s.basket[k].sum()) * s.cpi[month, k])
        assert d["place.harvest"][where].tolist() == pytest.approx((s.season[month % 12] * (1 - s.dry[month, k])).tolist())
        assert d["trade_link.allowance"][where] == pytest.approx(p.allowance * (per_myr if k == 0 else 1))
    assert (d["place.traded_in"] == 0).all()
    assert d["policy.real_income"].tolist() == s.real_income[month].tolist()


def test_a_crossing_that_is_shut_leaves_the_paths(model: BorderModel) -> None:
    shut = set_month(model, "compiled", 20, crossing__is_open=0.0)
    is_path, by = shut["crossing.is_path"] > 0, shut["trade_link.crossing"]
    assert (shut["trade_link.is_open"] == ((by >= 0) & is_path[by])).all()
    assert (shut["place.may_work"][:, [PASS, PERMIT]] == 0).all() and (shut["place.may_work"][:, UNDOCUMENTED] > 0).any()


def test_the_crisis_is_in_the_history_and_in_no_other_world(model: BorderModel) -> None:
    real, without = make_series(model.region, 432), make_series(model.region, 432, crisis=False)
    before, peak, after = 17 * 12 + 5, 18 * 12 + 5, 22 * 12
    assert (real.idr_per_usd[: before + 1] == without.idr_per_usd[: before + 1]).all()
    # afterwards the changes are those that happened, from the level reached
    for name in ("idr_per_usd", "cpi", "real_income"):
        a, b = getattr(real, name), getattr(without, name)
        assert b[after:] / b[after - 1] == pytest.approx(a[after:] / a[after - 1])
    assert real.idr_per_usd[peak] > 2 * without.idr_per_usd[peak]
    assert real.real_income[peak + 6, 0] < without.real_income[peak + 6, 0]


def test_beyond_the_data_rates_stay_and_prices_grow(model: BorderModel) -> None:
    s = make_series(model.region, 432 + 24)
    assert (s.idr_per_usd[432:] == s.idr_per_usd[431]).all() and s.world_price[455, 1] == pytest.approx(s.world_price[431, 1])
    growth = (s.cpi[431] / s.cpi[371]) ** (1 / 60)
    assert s.cpi[455] == pytest.approx(s.cpi[431] * growth**24)
