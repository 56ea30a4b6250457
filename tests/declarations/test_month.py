"""The month's order gives every rule what it reads, and every column one writer."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel, Scenario
from abm.month import MONTH, Step
from agents.core.declare import FIELDS, RULES
from tests.declarations import sources

STEPS: list[tuple[Step, Any]] = [(s, s.rule) for s in MONTH if s.rule is not None]


def test_steps_are_numbered_and_named() -> None:
    assert [s.number for s in MONTH] == list(range(1, len(MONTH) + 1))
    assert len({s.name for s in MONTH}) == len(MONTH)
    assert all((s.rule is None) != (s.function is None) for s in MONTH)
    named = {s.name for s in MONTH if s.rule} | {n for s in MONTH for n in RULES if n in s.note}
    assert named == set(RULES), "every rule runs in the month, or a step's note names it"


def test_one_writer_for_each_column() -> None:
    writers: dict[str, list[Step]] = {}
    for step, rule in STEPS:
        for name in rule.writes:
            writers.setdefault(name, []).append(step)
    for name, steps in writers.items():
        if len(steps) == 1:
            continue
        if name == "household.work_sought":
            # who is sent home finds no other job in that month
            assert [s.name for s in steps] == ["household.choose_work", "household.leave_work", "household.get_work"]
            continue
        if name in ("household.activity", "place.job_holders"):
            # jobs that end, then those that are given
            assert [s.name for s in steps] == ["household.leave_work", "household.get_work"]
            continue
        if name in ("household.income", "household.spending"):
            # what a household earns and would spend, then help that it gave or got
            assert [s.name for s in steps] == ["household.earn", "household.help_kin"]
            continue
        if name == "record.sums":
            # care is added up apart from the rest, in sums of its own
            assert [s.name for s in steps] == ["record.households", "record.care"]
            continue
        # sums are emptied at the start of the month, and filled once
        assert (
            len(steps) == 2
            and steps[0].name in ("world.set_work", "world.set_prices", "world.set_care")
            and "empties the sum" in steps[0].note
        ), f"{name}: {[s.name for s in steps]}"
        tree = sources.function_tree(steps[1].rule.loop)  # type: ignore[union-attr]
        added = {n.target.value.id for n in ast.walk(tree)
                 if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Subscript) and isinstance(n.target.value, ast.Name)}  # fmt: skip
        assert name.split(".")[1] in added, f"{steps[1].name} does not add to {name}"


def test_every_column_of_the_month_is_written_before_it_is_read() -> None:
    done: set[str] = set()
    for step in MONTH:
        if step.rule is None:
            if step.name == "begin":
                # switches and openings of crossings, taken over in the first step
                done |= {f"policy.{n}" for n, f in FIELDS["policy"].items() if f.kind == "month"} | {"crossing.is_open", "crossing.is_post"}
                done |= {"kin.is_on"}
            if step.name == "january":
                done |= set(RULES["official.spend_budget"].writes) | {"kin.income_gap"}
            continue
        for name in step.rule.reads:
            entity, field = name.split(".")
            if FIELDS[entity][field].kind == "month":
                assert name in done, f"step {step.number} {step.name} reads {name}, which is written later"
        done |= set(step.rule.writes)


def test_profit_comes_home_next_month() -> None:
    run = BorderModel(Scenario.load("history", end="1980-06"), households=240, rng=7)
    household, trader = run.frames["household"], run.frames["trader"]
    owner = household["trader"] >= 0
    differs = 0
    for _ in range(6):
        last = trader["profit"].copy()
        run.step()
        assert np.array_equal(household["income_trade"][owner], last[household["trader"][owner]])
        assert (household["income_trade"][~owner] == 0.0).all()
        differs += not np.array_equal(trader["profit"], last)
    assert differs >= 4, "the profit of a month is not that of the next, or this says nothing"


def test_a_step_is_a_rule_or_a_function_and_has_a_title() -> None:
    for number, step in enumerate(MONTH, 1):
        assert step.number == number and isinstance(step.title, str) and isinstance(step.note, str) and step.title
        if step.rule is None:
            assert callable(step.function)
        else:
            assert step.function is None and step.rule is RULES[step.name]
