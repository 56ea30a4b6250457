"""What mechanisms that are off do to the columns that rules read, and what a world holds before any rule has run, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import Region
from abm.changes import set_policy
from abm.world.access import set_progress
from abm.world.columns import World
from agents.core.declare import SWITCHES
from agents.surroundings import GOODS

ALL_ON = {
    "enforced": [1.0], "invests": [1.0], "has_programme": [1.0], "prices_move": [1.0], "may_help": [1.0], "may_trade": [1.0, 1.0, 1.0], "may_cross": [1.0, 1.0],
}  # fmt: skip
#: What is 0 when one mechanism is off: the column and which of its values.
OFF = {
    "enforcement": ("enforced", 0), "infrastructure_investment": ("invests", 0), "puskesmas_programme": ("has_programme", 0),
    "price_adjustment": ("prices_move", 0), "kin_help": ("may_help", 0), "traditional_trade": ("may_trade", 0), "undeclared_trade": ("may_trade", 1), "bribery": ("may_trade", 2),
    "cross_border_work": ("may_cross", 0), "undocumented_work": ("may_cross", 1),
}  # fmt: skip


@pytest.fixture
def world(region: Region) -> World:
    return World(region)


@pytest.mark.parametrize("off", [*OFF, None])
def test_each_mechanism_has_its_own_place(world: World, off: str | None) -> None:
    assert set(OFF) <= set(SWITCHES)
    set_policy(world.policy, {name: name != off for name in SWITCHES})
    expected = {name: list(values) for name, values in ALL_ON.items()}
    if off is not None:
        name, at = OFF[off]
        expected[name][at] = 0.0
    assert {name: world.policy[name].tolist() for name in expected} == expected


def test_a_world_begins_with_everything_allowed_and_no_turn(world: World) -> None:
    assert {name: world.policy[name].tolist() for name in ALL_ON} == ALL_ON
    assert world.policy["turn"].tolist() == [0.0, 0.0] and world.policy["real_income"].tolist() == [1.0, 1.0]


def test_duty_is_that_of_the_side_on_which_goods_arrive(world: World, region: Region) -> None:
    goods = region.goods.set_index("good").loc[list(GOODS)]
    here = {0: goods["duty_id"].to_numpy(float), 1: goods["duty_my"].to_numpy(float)}
    assert not np.array_equal(here[0], here[1])
    for place, side in enumerate(world.place["side"]):
        assert world.trade_link["duty_in"][place].tolist() == here[side].tolist()
        assert world.trade_link["duty_out"][place].tolist() == here[1 - side].tolist()
        assert world.trade_link["transport"][place].tolist() == goods["transport_share_per_hour"].tolist()


def test_progress_where_nothing_was_left_to_make_up(world: World) -> None:
    """A stock that was full in 1980 leaves facilities where they started; one that went half the way takes them half the way."""
    full = {name: np.ones(len(world.district_names)) for name in ("clinic", "hospital")}
    for stock in full:
        world.district[stock][:] = 1.0
    set_progress(world, full)
    assert (world.facility["progress"] == 0.0).all()
    for stock in full:
        world.district[stock][:] = 0.6
    set_progress(world, {name: np.full(len(world.district_names), 0.2) for name in full})
    assert world.facility["progress"] == pytest.approx(0.5)
