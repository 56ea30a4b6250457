"""What a month sets besides pay, prices and home jobs (see tests/rules/test_market.py): posts on the way, jobs across, what is eaten and used."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.history.set_month import Parameters, at_crossing, jobs_per_adult, of_side
from agents.core.compiled import plain
from tests.rules.tools import month_columns, run_month_rules

MONTH = 20
P = Parameters()


@pytest.fixture(scope="module")
def done() -> dict[str, np.ndarray]:
    """The rules run once, on columns of a small run in which every crossing has another strictness."""
    model = BorderModel(Scenario.load("history", end="1982-12"), households=60, rng=7)
    for _ in range(15):
        model.step()
    columns = month_columns(model)
    columns["crossing.strictness"][:] = np.linspace(0.1, 0.9, len(columns["crossing.strictness"]))
    columns["crossing.is_post"][:] = np.arange(len(columns["crossing.is_post"])) % 2
    columns["crossing.is_open"][::3] = 0.0
    return run_month_rules(columns, "compiled", stop=model.world.n_places, p=P, month=MONTH)


@pytest.mark.parametrize("form", [lambda f: f, plain])
def test_small_functions_by_hand(form) -> None:
    assert [form(of_side)(s, 1.0, 2.0) for s in (0, 1)] == [1.0, 2.0]
    assert [form(at_crossing)(np.array([0.3, 0.7]), c) for c in (-1, 0, 1)] == [0.0, 0.3, 0.7]
    assert form(jobs_per_adult)(0.4, 0.25, 0.5) == pytest.approx(0.2)  # a quarter of the product: half the jobs
    assert form(jobs_per_adult)(0.4, 1.0, 1.2) == pytest.approx(0.4)
    assert form(jobs_per_adult)(0.6, 4.0, 0.5) == 0.9


def test_the_post_on_the_way_to_care(done) -> None:
    crossing, strict = done["place.crossing_care"], done["crossing.strictness"]
    assert (crossing[:, 2:] >= 0).any() and (done["place.friction_care"][:, :2] == 0).all()
    expected = np.where(crossing >= 0, strict[crossing], 0.0)
    assert (done["place.friction_care"] == expected).all() and len(np.unique(expected)) > 2


def test_work_across_goes_by_the_crossing_of_each_kind_of_work(done) -> None:
    crossing, is_open, adults = done["place.crossing_work"], done["crossing.is_open"] > 0, done["place.adults"]
    by_pass = (crossing[:, 2] >= 0) & is_open[crossing[:, 2]]
    without = crossing[:, 3] >= 0
    assert by_pass.any() and ((crossing[:, 2] >= 0) & ~by_pass).any()
    assert (done["place.may_work"][:, 1:] == np.stack([np.ones(len(adults)), by_pass, without], axis=1)).all()
    assert done["place.job_slots"][:, 2] == pytest.approx(np.where(by_pass, P.jobs_pass * adults, 0.0))
    assert done["place.job_slots"][:, 3] == pytest.approx(np.where(without, P.jobs_undocumented * adults, 0.0))


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
    assert (done["place.schooling_return"] == np.where(side == 0, P.schooling_id, P.schooling_my)).all()
    line = np.where(side == 0, P.line_id, P.line_my)
    assert done["place.subsistence"] == pytest.approx(line * done["place.cost_of_living"] / 100)
    assert math.isclose(done["place.wage"][:, 0].sum(), 0.0)
