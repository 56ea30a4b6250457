"""Threads: which rules run at the same time, how rows are divided, and what becomes of an error; that bytes are the same is in test_same_run.py."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from abm.month import MONTH
from abm.running import BLOCKS, side_by_side
from agents.core.declare import RULES, Rule
from tests.model.same import ROOT, make, parts

MONTHLY = tuple(step.rule for step in MONTH if step.rule is not None)


def collide(a: Rule, b: Rule) -> bool:
    return bool(set(a.writes) & {*b.reads, *b.writes} or set(b.writes) & set(a.reads))


def test_rules_of_a_group_share_no_column_that_is_written():
    groups = side_by_side(MONTHLY)
    assert sorted(r.name for g in groups for r in g) == sorted(r.name for r in MONTHLY)
    assert max(len(g) for g in groups) > 1
    for group in groups:
        assert not [(a.name, b.name) for a in group for b in group if a is not b and collide(a, b)]


def test_rules_that_share_a_column_keep_their_order():
    at = {rule.name: k for k, group in enumerate(side_by_side(MONTHLY)) for rule in group}
    for k, later in enumerate(MONTHLY):
        for earlier in MONTHLY[:k]:
            assert not collide(earlier, later) or at[earlier.name] < at[later.name], (earlier.name, later.name)


def test_no_rules_make_no_group():
    assert side_by_side(()) == []


@pytest.fixture(scope="module")
def model():
    return make(households=600, threads=2)


@pytest.mark.parametrize("name", ["household.earn", "trader.choose_deal"])
def test_blocks_hold_every_row_once_and_whole_communities(model, name):
    frame = model.frames[RULES[name].rows]
    blocks = model._blocks(RULES[name], len(frame))
    assert 2 < len(blocks) <= 2 * BLOCKS
    assert sorted(row for a, b in blocks for row in range(a, b)) == list(range(len(frame)))
    assert {a for a, _ in blocks} <= set(frame.bounds(model.world.n_places).tolist())
    sizes = [b - a for a, b in blocks]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("name", ["trader.settle_deal", "record.deals", "world.set_work", "world.set_fees", "official.ration_care"])
def test_what_writes_rows_of_others_is_not_divided(model, name):
    assert model._blocks(RULES[name], 50) == [(0, 50)]


def test_blocks_are_made_anew_when_households_come(model):
    model = make(households=300, threads=2)
    model.step()
    model.add_household("Entikong")
    assert sum(b - a for a, b in model._blocks(RULES["household.earn"], 301)) == 301


@pytest.mark.parametrize("in_helper", [True, False])
def test_an_error_on_any_thread_ends_the_step(in_helper):
    model, failed = make(households=300, threads=3), threading.Event()

    def broken(*given: object) -> None:
        if (threading.current_thread() is threading.main_thread()) == in_helper:
            failed.wait(20)
        else:
            failed.set()
            raise ZeroDivisionError("by this test")

    model.loops["household.earn"] = broken
    with pytest.raises(ZeroDivisionError, match="by this test"):
        model.step()


def test_more_threads_from_one_month_to_the_next():
    usual, other = make(n_months=6, households=300), make(n_months=6, households=300)
    for threads in (1, 2, 5, 2, 1, 3):
        other.threads = threads
        other.step()
    assert parts(other) == parts(usual.run())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_that_making_the_people_took_is_given_back():
    """Without giving back the process keeps more than half as much again."""
    code = (
        "from agents.core import memory\nfrom experiments.cli.bench import _bytes, _resident\nfrom tests.model.same import make\n"
        "assert memory._trim is not None or print('none') or exit()\nmake(households=300); before = _resident(); model = make(households=60_000)\n"
        "print((_resident() - before) / sum(map(_bytes, (*model.frames.values(), model.kin))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    said = done.stdout.split()[-1]
    if said == "none":
        pytest.skip("the C library does not give memory back")
    assert float(said) < 1.3


@pytest.mark.parametrize("threads", [1, 2])
def test_a_saved_run_whose_households_changed_goes_on(threads, tmp_path):
    """A new run has other rows than the one that was saved."""
    whole = make(n_months=30, households=99, threads=threads)
    whole.go_on(17)
    added = whole.add_household("Entikong", weight=3.0).unique_id
    whole.go_on(23)
    whole.save(tmp_path / "half")
    again = type(whole).load(tmp_path / "half")
    assert len(again.frames["household"]) == len(whole.frames["household"]) and added in again.frames["household"]["uid"]
    assert len({len(whole.frames["household"]), 99, len(make(n_months=30, households=99).frames["household"])}) > 1, "rows have changed"
    assert parts(again.run()) == parts(whole.run())
