"""Promises that are easily broken unseen: a change that changes nothing, the world without the crisis, what is counted when."""

from __future__ import annotations

import numpy as np
import pytest

from abm import BorderModel, Region, Scenario
from abm.history.series import make_series
from abm.parameters import Change
from abm.results.record import D
from tests.model.tools import MANY_TRADERS

REGION = Region.load()


def test_a_dated_change_to_the_value_in_force_changes_nothing() -> None:
    usual = BorderModel(Scenario(end="1982-12"), region=REGION, households=120, rng=3).run()
    said = Scenario(end="1982-12", events=(Change(18, "household.fall_ill.p_minor", usual.settings.values["household.fall_ill.p_minor"]),))
    again = BorderModel(said, region=REGION, households=120, rng=3).run()
    assert usual.results.monthly.equals(again.results.monthly)


def test_without_the_crisis_later_changes_are_those_that_happened() -> None:
    real, without = (make_series(REGION, 432, crisis) for crisis in (True, False))
    first, last = 210, 263  # July 1997 and December 2001
    for name in ("idr_per_usd", "myr_per_usd", "cpi", "real_income", "national_usd"):
        a, b = getattr(real, name), getattr(without, name)
        assert np.array_equal(a[:first], b[:first]), name
        assert b[last + 1 :] / b[last] == pytest.approx(a[last + 1 :] / a[last]), name
    assert (without.real_income[264:, 0] > real.real_income[264:, 0]).all()
    assert np.array_equal(real.world_price[:first], without.world_price[:first]) and np.array_equal(real.dry, without.dry)


def test_loads_found_are_those_of_the_traders_who_lost_them() -> None:
    model = BorderModel(Scenario.load(set=MANY_TRADERS, end="1981-12"), region=REGION, households=600, rng=3)
    found = 0.0
    for _ in range(24):
        model.step()
        trader = model.frames["trader"]
        found += float(trader["weight"][trader["seized"] > 0].sum())
    assert found > 0
    assert model.record.deals[:24, ..., D["found"]].sum() == pytest.approx(found)


def test_prices_are_recorded_as_people_met_them() -> None:
    model = BorderModel(Scenario(end="1980-06"), region=REGION, households=120, rng=3)
    for month in range(6):
        met = model.world.place["price"].copy()
        model.step()
        assert np.array_equal(model.record.price[month], met)
    assert not np.array_equal(model.world.place["price"], met)


def test_traders_do_not_depend_on_the_size_of_the_sample() -> None:
    share = []
    for n in (600, 4000):
        model = BorderModel(Scenario(end="1980-01"), region=REGION, households=n, rng=3)
        share.append(model.frames["trader"]["weight"].sum() / model.frames["household"]["weight"].sum())
        # a larger sample holds the smaller one: who trades stays the same
        owners = set(model.frames["household"]["uid"][model.frames["trader"]["household"]].tolist())
        if n == 600:
            small, everybody = owners, set(model.frames["household"]["uid"].tolist())
        else:
            assert small == owners & everybody
    assert share == pytest.approx([0.024, 0.024], abs=0.01)


def test_a_followed_household_leaves_one_trace_for_each_rule_and_month() -> None:
    probe = BorderModel(Scenario(end="1980-03"), region=REGION, households=300, rng=3)
    uid = int(probe.frames["household"]["uid"][200])
    model = BorderModel(Scenario(end="1980-03"), region=REGION, households=300, rng=3, follow=[uid]).run()
    seen = [(t["month"], t["rule"]) for t in model.traces]
    assert len(seen) == len(set(seen)) and {m for m, _ in seen} == {0, 1, 2}
    assert {"household.seek_care", "household.choose_work", "household.earn"} <= {r for _, r in seen}
