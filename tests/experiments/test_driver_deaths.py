"""A run that kills its worker, raises, hangs or takes too long costs no other run its row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from experiments.execution.drive import drive
from experiments.execution.engine import LocalEngine, ThreadsEngine
from experiments.studies import plan
from experiments.studies.collect import status
from tests.experiments.small_studies import OUTPUT, Died, MadeUpEngine, made, planned, statuses, whole


@pytest.mark.parametrize("at", [[0], [5], [11], [0, 1], [3, 7, 11], list(range(12))])
@pytest.mark.parametrize("slots", [1, 3])
def test_a_run_that_kills_its_worker_costs_no_other_run_its_row(at: list[int], slots: int, quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    killers = {planned(folder)[k] for k in at}

    def die(ids: list[str]) -> None:
        if killers & set(ids):
            raise Died

    engine = MadeUpEngine(die, slots=slots)
    report = drive(folder, engine)
    assert {i for i, s in statuses(folder).items() if s == "killed"} == killers
    assert Counter(statuses(folder).values()) == Counter({k: v for k, v in (("killed", len(at)), ("ok", 12 - len(at))) if v})
    assert report.exit_code == 3 and report.counts["killed"] == len(at) and report.ran == 12
    table = whole(folder)
    causes = table.loc[table["status"] == "killed", "cause"]
    assert causes.str.contains("ended its worker 4 times, 2 of them alone").all()
    for killer in killers:  # blamed after four deaths, two of them alone
        deadly = [c for c in engine.chunks if killer in c]
        assert len(deadly) == 4 and deadly[-1] == [killer]
    assert engine.closed == 1


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_runs_that_were_only_near_a_death_are_never_blamed(deaths: int, quick: None, tmp_path: Path) -> None:
    folder, seen = made(tmp_path / "s"), Counter[str]()

    def die(ids: list[str]) -> None:
        seen.update(ids)
        if min(seen[i] for i in ids) <= deaths:
            raise Died

    report = drive(folder, MadeUpEngine(die))
    assert report.exit_code == 0 and set(statuses(folder).values()) == {"ok"} and report.deaths >= deaths


def test_what_a_worker_stored_before_it_died_is_not_run_again(quick: None, tmp_path: Path) -> None:
    folder, died = made(tmp_path / "s"), list[str]()

    def die(ids: list[str]) -> None:
        if not died:
            died.extend(ids)
            raise Died  # after the part was stored, before the driver was told

    engine = MadeUpEngine(after=die)
    assert drive(folder, engine).exit_code == 0
    assert Counter(i for c in engine.chunks for i in c) == Counter(planned(folder))


def test_a_worker_that_dies_before_it_said_how_its_runs_ended_costs_none(quick: None, tmp_path: Path) -> None:
    """Dask tells that a chunk is done, and only then asks the worker, which may be gone by then."""
    folder = made(tmp_path / "s")

    class Done(Future[Any]):
        def exception(self, timeout: float | None = None) -> BaseException | None:
            return None

    class Forgetful(MadeUpEngine):
        def submit(self, folder: str, rows: Sequence[Mapping[str, Any]], attempts: Sequence[int]) -> Future[Any]:
            done, future = super().submit(folder, rows, attempts), Done()
            if len(self.chunks) == 2:
                future.set_exception(Died())
            else:
                future.set_result(done.result())
            return future

    engine = Forgetful()
    report = drive(folder, engine)
    assert report.exit_code == 0 and report.deaths == 1
    assert Counter(i for c in engine.chunks for i in c) == Counter(planned(folder)), "what it stored is not run again"
    whole(folder)


def test_a_run_that_was_retried_and_stored_before_its_worker_died_counts(quick: None, tmp_path: Path) -> None:
    """Its part has the name of the part there was, so that the driver has to look at more than names."""
    folder = made(tmp_path / "s", replicates=1)
    (only,) = planned(folder)

    def always(ids: list[str]) -> None:
        raise Died

    assert drive(folder, MadeUpEngine(always)).counts["killed"] == 1
    engine = MadeUpEngine(after=always)
    assert drive(folder, engine, again=("killed",)).exit_code == 0
    assert engine.chunks == [[only]] and statuses(folder) == {only: "ok"}


def test_a_run_that_raises_has_a_row_with_its_cause(tmp_path: Path) -> None:
    seed = plan.seed_of(1, 2)
    (tmp_path / "own.py").write_text(
        f"def numbers(model):\n    if model.manifest()['seed'] == {seed}:\n        raise ZeroDivisionError('no doctor left')\n    return {{'own': 2.5}}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=5, measure="own.py:numbers")
    report = drive(folder, ThreadsEngine(2))
    assert report.exit_code == 3 and report.counts == {"ok": 4, "failed": 1, "killed": 0, "timeout": 0}
    table = whole(folder)
    bad = table[table["status"] == "failed"]
    assert bad["replicate"].tolist() == [2] and bad["year"].isna().all() and bad["own"].isna().all() and bad[OUTPUT].isna().all()
    assert bad["cause"].item() == "ZeroDivisionError: no doctor left (own.py, line 3)"
    assert (table.loc[table["status"] == "ok", "own"] == 2.5).all()
    said = status(folder)
    assert [(s, c.split(":")[0]) for _, s, c in said.failures] == [("failed", "ZeroDivisionError")]


def test_a_measure_gets_a_model_of_mesa(tmp_path: Path) -> None:
    """Runs without a measure do not need Mesa; a user's own function may ask for what only its model has."""
    (tmp_path / "own.py").write_text(
        "import mesa\nfrom agents.core.view import Household\n"
        "def numbers(model):\n    assert isinstance(model, mesa.Model)\n    return {'counted': len(model.agents_by_type[Household])}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=1, end="1980-01", measure="own.py:numbers")
    assert drive(folder, ThreadsEngine(1)).exit_code == 0
    assert set(whole(folder)["counted"]) == {60.0}


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("3", "did not return"),
        ("{'year': 1.0}", "gave 'year'"),
        (f"{{'{OUTPUT}': 1.0}}", f"gave '{OUTPUT}'"),
        ("{'a': 'b'}", "did not return"),
    ],
)
def test_a_measure_that_gives_no_numbers_or_taken_names_fails_its_runs(gives: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(f"def numbers(model):\n    return {gives}\n", encoding="utf-8")
    folder = made(tmp_path / "s", replicates=1, end="1980-01", measure="own.py:numbers")
    assert drive(folder, ThreadsEngine(1)).exit_code == 3
    assert f"measure {said}" in whole(folder)["cause"].item()


def test_a_run_past_its_deadline_has_a_row_that_says_so(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=2, deadline=1e-6)
    assert drive(folder, ThreadsEngine(1)).counts["timeout"] == 2
    table = whole(folder)
    assert (table["status"] == "timeout").all() and table["cause"].str.contains("more than 1e-06 s, in month 1 of 6").all()


def test_runs_that_hang_or_kill_a_real_worker_cost_no_other_run(tmp_path: Path) -> None:
    hangs, kills = plan.seed_of(1, 1), plan.seed_of(1, 4)
    (tmp_path / "own.py").write_text(
        "import os, signal, time\ndef numbers(model):\n    seed = model.manifest()['seed']\n"
        f"    if seed == {hangs}:\n        time.sleep(600)\n    if seed == {kills}:\n        os.kill(os.getpid(), signal.SIGKILL)\n    return {{}}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=8, end="1980-02", deadline=12.0, measure="own.py:numbers")
    report = drive(folder, lambda: LocalEngine(2))
    assert report.counts == {"ok": 6, "failed": 0, "killed": 1, "timeout": 1} and report.deaths >= 4
    table = whole(folder).set_index("replicate")
    assert table.loc[1, "status"] == "timeout" and re.search(
        r"hung inside a month for more than (1[7-9]|2\d|3\d) s", str(table.loc[1, "cause"])
    )
    assert table.loc[4, "status"] == "killed" and "2 of them alone" in str(table.loc[4, "cause"])
