"""Months run in one call are the months that the rules make one by one, also where events stand among them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from abm import BorderModel, Scenario, Simulation, quiet_months
from abm.advance import advance
from abm.changes import next_busy
from abm.month import MONTH, Step
from abm.parameters import month_index
from abm.quiet_months import source_of
from abm.scenario import Change
from abm.simulation import StoppedError
from tests.model.same import ROOT, months, parts

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


def test_a_dated_turn_of_doctrine_comes_in_its_month() -> None:
    def turned(**settings: int) -> BorderModel:
        run = model(**settings)
        run.turns = {7: [(0, 0.3)], 20: [(1, -0.2), (0, 0.1)]}
        return run

    by_calls = turned()
    assert next_busy(by_calls) == 5
    by_calls.month = 5
    assert next_busy(by_calls) == 7
    by_calls.month = 0
    by_calls.run()
    assert by_calls.world.policy["turn"].tolist() == [0.4, -0.2]
    assert parts(by_calls) == parts(turned(threads=2).run()) != parts(model().run())


def test_the_crisis_of_each_month_is_kept() -> None:
    run = model().run()
    assert run.crisis_of_month.tolist() == [True] * 24 + [False] * 19


def test_the_function_follows_the_list() -> None:
    rules = {s.name: s for s in MONTH if s.rule is not None}
    names = ("market.adjust_prices", "household.fall_ill", "record.households")
    steps = [Step(k, n, "", rules[n].rule, None, "") for k, n in enumerate(names, 2)]
    event = Step(3, "event", "", None, lambda run: None, "")
    source, counted, classes, columns = source_of([steps[0], event, steps[1]._replace(number=4), steps[2]._replace(number=5)])
    at = [source.index(f"{n.replace('.', '_')}, ") for n in names]
    assert at == sorted(at), "in the order of the list"
    assert counted == ("place", "household") and [c.__module__ for c in classes] == ["abm.market", "agents.household.fall_ill"]
    assert columns[0] == rules[names[0]].rule.reads[0] and len(set(columns)) == len(columns)  # type: ignore[union-attr]
    assert "if month > first or from_step <= 2:\n            call_at(at[0], market_adjust_prices, " in source and source.count("if ") == 1
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


@pytest.mark.parametrize("households", [120, 130, 800])
def test_progress_is_told_for_every_month(households: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for more households than are run a year at a time."""
    monkeypatch.setattr("abm.simulation.AT_ONCE", 1500)
    told: list[tuple[int, int]] = []
    run = model(households=households)
    run.run(progress=lambda done, of: told.append((done, of)))
    assert told == [(k, 43) for k in range(1, 44)]
    assert parts(run) == parts(months(model(households=households), 43))


@pytest.mark.parametrize(("households", "seen"), [(120, 12), (130, 11), (800, 1), (2000, 1)])
def test_a_large_run_stops_sooner(households: int, seen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("abm.simulation.AT_ONCE", 1500)
    stop, run = threading.Event(), model(households=households)
    with pytest.raises(StoppedError):
        run.run(progress=lambda done, of: stop.set(), stop=stop)
    assert run.month == seen


def test_no_month_is_run_beyond_the_end() -> None:
    for run in (model(), Simulation(Scenario(end=END, events=EVENTS), households=120, rng=5)):
        run.go_on(1000)
        assert run.month == 43 and not run.running
        run.go_on(2000)
        advance(run, 3000)
        run.step()
        assert run.month == 43 and parts(run) == parts(model().run())  # type: ignore[arg-type]


def test_a_class_that_does_more_in_a_month_is_asked_in_every_month() -> None:
    class Noted(BorderModel):
        def __init__(self, *given: object, **named: object) -> None:
            self.seen: list[int] = []
            super().__init__(*given, **named)  # type: ignore[arg-type]

        def step(self) -> None:
            super().step()
            self.seen.append(self.month)

    class Asked(Simulation):
        asked = 0

        def take_over_events(self) -> None:
            self.asked += 1
            super().take_over_events()

    noted = Noted(Scenario(end=END, events=EVENTS), households=120, rng=5).run()
    asked = Asked(Scenario(end=END, events=EVENTS), households=120, rng=5).run()
    assert noted.seen == list(range(1, 44)) and asked.asked == 43
    assert parts(noted) == parts(model().run()) == parts(asked)  # type: ignore[arg-type]


def test_where_no_file_can_be_written_the_months_are_compiled_for_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(quiet_months, "COMPILED_FOLDER", tmp_path / "missing" / "folder")
    module = quiet_months._loaded(source_of(MONTH)[0])
    assert module.__name__ == "lintas_quiet_months" and not hasattr(module, "__file__") and callable(module.months)


def test_every_loop_is_compiled_for_one_form_of_arguments() -> None:
    """Months in one call and rule by rule use the same machine code."""
    code = """
from abm import BorderModel, Scenario, Simulation, quiet_months
from abm.month import MONTH
for threads in (1, 2):
    BorderModel(Scenario(end="1981-02"), households=120, threads=threads).run()
print(sorted(s.rule.name for s in MONTH if s.rule is not None and len(s.rule.loop.signatures) != 1))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
