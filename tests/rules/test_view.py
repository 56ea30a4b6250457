"""Agents as Mesa sees them: a row of the frame that can be read and written."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.world.population import renew
from agents.core.view import Household, Official, Trader


@pytest.fixture(scope="module")
def model() -> BorderModel:
    """A small run at its start."""
    return BorderModel(Scenario.load("history", end="1980-06"), households=60, rng=7)


def test_a_view_reads_and_writes_its_row(model: BorderModel) -> None:
    frame = model.frames["household"]
    uid = int(frame["uid"][5])
    one = model.household(uid)
    assert isinstance(one, Household) and isinstance(one, mesa.Agent) and one.unique_id == uid and one.model is model
    assert one.row == 5
    assert one.place == model.world.place_names[int(frame["place"][5])]
    assert one.side in ("id", "my") and one.side == ("id", "my")[int(frame["side"][5])]
    assert isinstance(one.savings, float) and one.savings == frame["savings"][5]
    one.savings = 123.5
    assert frame["savings"][5] == 123.5
    assert isinstance(one.n_adults, int) and one.pos is None
    one.pos = (1, 2)  # Mesa's own attribute
    assert one.pos == (1, 2)
    frame["savings"][5] = 7.0
    assert one.savings == 7.0
    assert one.activity.shape == (6,)
    one.activity[0] = 1
    assert frame["activity"][5, 0] == 1
    assert f"uid={uid}" in repr(one) and one.place in repr(one)


def test_refusals(model: BorderModel) -> None:
    one = model.household(int(model.frames["household"]["uid"][0]))
    with pytest.raises(AttributeError, match="a household has no 'wealth'"):
        _ = one.wealth
    with pytest.raises(AttributeError, match="a household has no 'wealth'"):
        one.wealth = 3
    for name in ("uid", "place", "side"):
        with pytest.raises(AttributeError, match=f"'{name}' of a household cannot be changed from outside"):
            setattr(one, name, 1)
    with pytest.raises(KeyError, match="no household has uid -5"):
        model.household(-5)


def test_a_view_follows_its_agent_when_rows_move(model: BorderModel) -> None:
    frame = model.frames["household"]
    uid = int(frame["uid"][-1])
    one = model.household(uid)
    row, land = one.row, one.land
    new = model.add_household(model.world.place_names[0], land=3.25)
    assert new.land == 3.25 and new.place == model.world.place_names[0]
    assert one.row == row + 1 and one.land == land and frame["uid"][one.row] == uid


def test_a_view_says_that_its_agent_has_left() -> None:
    model = BorderModel(Scenario.load("history", end="1980-06"), households=60, rng=7)
    frame = model.frames["household"]
    gone, stays = (model.household(int(frame["uid"][row])) for row in (3, 4))
    assert not gone.has_left and not stays.has_left
    renew(model, [gone.unique_id])
    assert gone.has_left and not stays.has_left and stays.row == 3 and "place=" in repr(stays)
    assert repr(gone) == f"Household(uid={gone.unique_id}, has left)"
    for look in (lambda: gone.savings, lambda: gone.row, lambda: setattr(gone, "savings", 1.0)):
        with pytest.raises(KeyError, match=f"the household with uid {gone.unique_id} has left"):
            look()
    with pytest.raises(KeyError, match="no household has uid"):
        model.household(gone.unique_id)
    assert gone not in model.agents and stays in model.agents


def test_views_of_who_has_left_are_not_kept() -> None:
    model = BorderModel(Scenario.load("history", end="1980-06"), households=60, rng=7)
    frame = model.frames["household"]
    first = model.household(int(frame["uid"][-1]))
    for k in range(1, 100):
        uids = np.arange(3) + 10 * k
        renew(model, frame["uid"][:3], {"uid": uids, "place": np.zeros(3, dtype=int), "weight": np.ones(3), "n_adults": np.ones(3)})
        assert {view.unique_id for view in model.agents} >= set(uids.tolist())
    assert len(model._views._made) <= 2 * sum(map(len, model.frames.values())) and model.household(first.unique_id) is first


def test_kinds_of_agents(model: BorderModel) -> None:
    assert set(model.agent_types) == {Household, Trader, Official}
    for cls, entity in ((Household, "household"), (Trader, "trader"), (Official, "official")):
        views = model.agents_by_type[cls]
        assert len(views) == len(model.frames[entity])
        assert np.array_equal(sorted(v.unique_id for v in views), np.sort(model.frames[entity]["uid"]))
        assert all(type(v) is cls for v in views)
    assert len(model.agents) == sum(map(len, model.frames.values()))
