"""Columns that are looked up once and kept, months of settling, and histories that are made when they are needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm import Scenario, Simulation
from abm.quiet_months import months_of_list
from abm.scenario import Change
from agents.core.declare import RULES
from tests.model.same import differing, state

SETTLING = ("household.choose_work", "household.leave_work", "household.get_work")


def small(end: str = "1984-12", *events: Change, **settings: Any) -> Any:
    return Simulation(Scenario(end=end, events=events), **{"households": 60, "rng": 5, **settings})


@pytest.mark.parametrize("threads", [1, 2])
def test_rules_in_a_month_draw_as_in_that_month(threads: int) -> None:
    one, other = small(threads=threads), small()
    rules = [RULES[name] for name in SETTLING]
    live = one.in_month(rules)
    for month in (-3, -2, 40):
        live(month)
        other.draws_of = month
        for rule in rules:
            other.run_rule(rule)
    other.draws_of = None
    assert one.draws_of is None and differing(state(one), state(other)) == []
    third = small()
    for month in (-3, -2, 41):
        third.in_month(rules)(month)
    assert "household/work_sought" in differing(state(one), state(third)) or differing(state(one), state(third)), (
        "another month, other draws"
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_a_rule_without_draws_may_stand_among_them(threads: int) -> None:
    one, other = small(threads=threads), small()
    rule = RULES["household.remember"]
    one.in_month([rule])(-1)
    other.run_rule(rule)
    assert differing(state(one), state(other)) == []


def test_what_draws_were_of_comes_back_after_a_month_on_threads() -> None:
    run = small(threads=2)
    run.draws_of = -7
    run.in_month([RULES["household.remember"]])(-1)
    assert run.draws_of == -7


def test_columns_of_the_months_are_those_of_the_run_after_each_january_and_event() -> None:
    run = small("1984-12", Change(20, "switch.crisis", 0.0), Change(30, "switch.crisis", 1.0))
    seen = set()
    for until in (6, 14, 21, 26, 31, 50):
        run.go_on(until)
        names, ready = months_of_list().columns, run.ready_months
        assert ready is not None and len(names) == len(ready.columns)
        for name, column in zip(names, ready.columns, strict=True):
            now = run.whole_column(name)
            assert column.ctypes.data == now.ctypes.data and column.shape == now.shape and column.strides == now.strides, name
        seen.add(ready.stamp)
    assert len(seen) >= 5


def test_a_history_is_made_when_it_comes_into_force() -> None:
    run = small("1983-12", Change(20, "switch.crisis", 0.0))
    real = run.history(True)
    assert list(run.histories) == [True] and run.series is real and run.history(True) is real
    run.go_on(19)
    alone = run.series_of_run()
    assert list(run.histories) == [True] and np.array_equal(alone["idr_per_usd"], real.idr_per_usd[:19])
    alone["idr_per_usd"][:] = 0.0
    assert (real.idr_per_usd > 0.0).all(), "a copy"
    run.run()
    assert set(run.histories) == {True, False} and run.series is run.history(False)


def test_rates_of_a_run_are_those_it_met() -> None:
    scenario = Scenario(end="1999-12", events=(Change(12 * 19, "switch.crisis", 0.0),))
    run = Simulation(scenario, households=60, rng=5)
    met = run.series_of_run()
    assert all(len(v) == 0 for v in met.values())
    run.run()
    met, with_crisis, without = run.series_of_run(), run.history(True), run.history(False)
    for name in ("idr_per_usd", "myr_per_usd", "national_usd"):
        expected = np.concatenate([getattr(with_crisis, name)[:228], getattr(without, name)[228:240]])
        assert np.array_equal(met[name], expected), name
    assert not np.array_equal(with_crisis.idr_per_usd[228:], without.idr_per_usd[228:])
    never = Simulation(Scenario(end="1999-12", switches={"crisis": False}), households=60, rng=5).run()
    assert list(never.histories) == [False] and np.array_equal(never.series_of_run()["idr_per_usd"], without.idr_per_usd)
