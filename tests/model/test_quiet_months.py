"""Months run in one call are the months that the rules make one by one, also where events stand among them."""

from __future__ import annotations

import pytest

from abm import BorderModel, Scenario
from abm.advance import advance
from abm.changes import next_busy
from abm.month import MONTH, Step
from abm.parameters import month_index
from abm.quiet_months import source_of
from abm.scenario import Change
from tests.model.same import parts

END = "1983-07"
EVENTS = (
    Change(5, "switch.undeclared_trade", 0.0),
    Change(5, "market.adjust_prices.pull", 0.4),
    Change(17, "crossing.all.open", 0.0),
    Change(23, "crossing.all.open", 1.0),
    Change(24, "switch.crisis", 0.0),
    Change(30, "switch.kinship", 0.0),
)


def model(**settings: object) -> BorderModel:
    return BorderModel(Scenario(end=END, events=EVENTS), **{"households": 120, "rng": 5, **settings})  # type: ignore[arg-type]


def test_one_call_for_many_months_is_the_rules_one_by_one() -> None:
    by_calls, by_rules, by_months = model().run(), model(threads=2).run(), model()
    for _ in range(by_months.n_months):
        by_months.step()
    assert parts(by_calls) == parts(by_rules) == parts(by_months)


def test_it_may_stop_and_go_on_in_any_month() -> None:
    whole, pieces = model().run(), model()
    for until in (1, 4, 6, 17, 18, 25, 36, 41, 43):
        advance(pieces, until)
        assert pieces.month == until
    assert parts(whole) == parts(pieces)


def test_which_months_are_busy() -> None:
    run = model()
    opened = [t for t in run.world.opened.tolist() if t < run.n_months]
    found, month = [], 0
    while month < run.n_months:
        run.month = month
        month = next_busy(run)
        found.append(month)
    assert found == sorted({*range(12, 60, 12), 5, 17, 23, 24, 30, *opened, *(t for t in run.turns if t < 48)} - {0})
    run.month = month_index("1989-09", "a month")  # the post of Entikong opens a month later
    assert next_busy(run) == run.month + 1


def test_the_crisis_of_each_month_is_kept() -> None:
    run = model().run()
    assert run.crisis_of_month.tolist() == [True] * 24 + [False] * 19


def test_the_function_follows_the_list() -> None:
    rules = {s.name: s for s in MONTH if s.rule is not None}
    names = ("market.adjust_prices", "household.fall_ill", "record.households")
    steps = [Step(k, n, "", rules[n].rule, None, "") for k, n in enumerate(names, 2)]
    event = Step(3, "event", "", None, lambda run: None, "")
    source, counted, classes, columns = source_of([steps[0], event, steps[1]._replace(number=4), steps[2]._replace(number=5)])
    at = [source.index(f"{n.replace('.', '_')}(") for n in names]
    assert at == sorted(at), "in the order of the list"
    assert counted == ("place", "household") and [c.__module__ for c in classes] == ["abm.market", "agents.household.fall_ill"]
    assert columns[0] == rules[names[0]].rule.reads[0] and len(set(columns)) == len(columns)  # type: ignore[union-attr]
    assert "if month > first or from_step <= 2:\n            market_adjust_prices(" in source and source.count("if ") == 1
    assert "record__sums[month]" in source and ", record__sums):" in source
    compile(source, "months", "exec")


def test_what_somebody_plans_with_mesa_comes_in_its_month() -> None:
    seen: list[tuple[float, int]] = []
    run = model()

    def see() -> None:
        seen.append((run.time, run.month))

    run.schedule_event(see, at=7.5)
    run.run()
    assert seen == [(7.5, 7)] and run.time == run.n_months == run.steps == run.month and not run.running
    assert parts(run) == parts(model().run())


@pytest.mark.parametrize("households", [120, 130])
def test_progress_is_told_for_every_month(households: int) -> None:
    told: list[tuple[int, int]] = []
    model(households=households).run(progress=lambda done, of: told.append((done, of)))
    assert told == [(k, 43) for k in range(1, 44)]
