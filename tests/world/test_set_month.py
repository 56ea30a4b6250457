"""What a month sets besides pay and jobs (test_set_work.py), prices (tests/rules/test_market.py) and care (tests/rules/test_facilities.py): ways of work and trade, what is eaten and used."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.history.set_month import Parameters
from agents.surroundings import PASS, PERMIT, UNDOCUMENTED
from tests.rules.tools import month_columns, run_month_rules

MONTH = 20
P = Parameters()


@pytest.fixture(scope="module")
def done() -> dict[str, np.ndarray]:
    """The rules run once, on columns of a small run in which some crossings are posts and some are shut."""
    model = BorderModel(Scenario.load("history", end="1982-12"), households=60, rng=7)
    for _ in range(15):
        model.step()
    columns = month_columns(model)
    columns["crossing.is_post"][:] = np.arange(len(columns["crossing.is_post"])) % 2
    columns["crossing.is_open"][::3] = 0.0
    return run_month_rules(columns, "compiled", stop=model.world.n_places, p=P, month=MONTH)


def test_work_across_goes_by_the_crossing_of_each_kind_of_work(done) -> None:
    crossing, is_open, side = done["place.crossing_work"], done["crossing.is_open"] > 0, done["place.side"]
    may, slots = done["place.may_work"], done["place.job_slots"]
    by_pass, by_permit = ((crossing[:, k] >= 0) & is_open[crossing[:, k]] for k in (PASS, PERMIT))
    without = crossing[:, UNDOCUMENTED] >= 0
    assert by_pass.any() and ((crossing[:, PASS] >= 0) & ~by_pass).any()
    assert (may[:, :PASS] == 1).all() and (may[:, PASS] == by_pass).all()
    assert (may[:, PERMIT] == (by_permit & (side == 0))).all() and (may[:, UNDOCUMENTED] == (without & (side == 0))).all()
    assert (slots[:, 0] == 0).all() and (slots[:, 1:PASS] > 0).all() and ((slots[:, PASS:] > 0) == (may[:, PASS:] > 0)).all()


def test_ways_of_trade(done) -> None:
    by = done["trade_link.crossing"]
    passes = (done["crossing.is_open"] > 0) | (done["crossing.is_path"] > 0)
    assert (done["trade_link.is_open"] == ((by >= 0) & passes[by])).all() and (done["trade_link.is_open"][:, 0] == 0).any()
    post = np.where(by[:, 0] >= 0, done["crossing.is_post"][by[:, 0]], 0.0)
    assert (done["trade_link.is_post"] == post).all() and 0 < post.sum() < len(post)


def test_what_is_eaten_used_and_grown(done) -> None:
    side, price = done["place.side"], done["place.price"]
    used = done["series.basket"][side] * done["place.income_last"][:, None] / price
    expected = np.maximum(np.concatenate([used[:, :3], done["place.output_last"][:, None]], axis=1), 1.0)
    assert done["place.local_demand"] == pytest.approx(expected)
    assert done["place.farm_gate"] == pytest.approx(np.stack([P.rice_farm_gate * price[:, 0], price[:, 3]], axis=1))
    assert (done["place.yields"] == [P.yield_rice, P.yield_rubber]).all()
    line = np.where(side == 0, P.line_id, P.line_my)
    assert done["place.subsistence"] == pytest.approx(line * done["place.cost_of_living"] / 100)
    assert math.isclose(done["place.wage"][:, 0].sum(), 0.0)
