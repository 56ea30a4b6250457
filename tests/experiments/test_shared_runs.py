"""The runs of a chunk, and of pages, share what they have in common; their numbers are those of single runs."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from abm import BorderModel, Scenario, Simulation
from abm.fitted import fitted_of
from abm.world import populate
from experiments.app.runner import RunEnd, Runner
from experiments.app.state import Choice
from experiments.app.turns import Turns
from experiments.execution import batch, work
from experiments.execution.engine import LocalEngine, ThreadsEngine
from experiments.studies import plan_files
from experiments.studies.plan import Row
from tests.experiments.small_studies import OUTPUT, made


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seed each time that people are made."""
    seeds: list[int] = []
    real = populate.make_households

    def counted(seed: int, *rest: Any) -> Any:
        seeds.append(seed)
        return real(seed, *rest)

    monkeypatch.setattr(populate, "make_households", counted)
    return seeds


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [row for b in plan_files.plan_batches(folder) for row in b.to_pylist()]


def test_runs_of_a_chunk_are_single_runs_with_people_made_once(tmp_path: Path, people: list[int]) -> None:
    vary = {"household.seek_care.foreign_penalty": {}, "world.kinship.across": {}}
    folder = made(tmp_path / "s", replicates=2, scenarios=["history", "no-puskesmas"], design="lhs", points=2, vary=vary)
    rows = rows_of(folder)
    work.task_of(str(folder))  # warms up with people of its own
    people.clear()
    work.work(str(folder), rows)
    assert sorted(people) == sorted({r["seed"] for r in rows}) and len(rows) == 8
    (part,) = (folder / "results").glob("part-*.parquet")
    stored = pq.read_table(part).to_pandas()
    for said in rows:
        row = Row.read(said)
        scenario = row.apply(Scenario.load(row.scenario, end="1980-06"))
        fitted = fitted_of("west-kalimantan-sarawak").values
        table = BorderModel(scenario, households=60, rng=row.seed, fitted=fitted).run().results.yearly
        mine = stored[stored["run_id"] == row.run_id]
        assert list(mine["status"]) == ["ok", "ok"]
        assert np.array_equal(mine[OUTPUT].to_numpy(), table[OUTPUT].to_numpy(), equal_nan=True)


def test_a_run_that_fails_leaves_the_next_one_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s", replicates=3)
    rows, task = rows_of(folder), work.task_of(str(folder))
    expected = [work.run_row(task, Row.read(row)).columns for row in rows]
    go_on = Simulation.go_on

    def fails(run: Simulation, until: int) -> None:
        is_bad = run.seed_of_run == rows[1]["seed"]
        go_on(run, 3 if is_bad else until)
        if is_bad:
            raise ZeroDivisionError

    monkeypatch.setattr(Simulation, "go_on", fails)
    task = work.replace(task, shared=work.Shared(spare=1))
    found = [work.run_row(task, Row.read(row)) for row in rows]
    assert [one.status for one in found] == ["ok", "failed", "ok"]
    for k in (0, 2):
        assert {n: list(v) for n, v in found[k].columns.items()} == {n: list(v) for n, v in expected[k].items()}


@pytest.mark.parametrize(
    ("cores", "million", "expected"),
    [(2, 79, ThreadsEngine), (2, 81, LocalEngine), (1, 79, ThreadsEngine), (4, 19, ThreadsEngine), (4, 21, LocalEngine)],
)  # fmt: skip
def test_what_a_small_study_is(cores: int, million: int, expected: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of: list[tuple[type, int]] = []
    for engine in (ThreadsEngine, LocalEngine):
        monkeypatch.setattr(batch, engine.__name__, lambda n, engine=engine: made_of.append((engine, n)))
    monkeypatch.setattr(batch, "cores", lambda: cores)
    monkeypatch.setattr(batch, "work_left", lambda folder: million * 1e6)
    batch.local_engine(made(tmp_path / "s"))
    batch.local_engine(tmp_path / "s", workers=cores)
    assert made_of == [(expected, cores), (LocalEngine, cores)], "workers that were asked for are processes"


def test_pages_share_the_people_of_a_seed(people: list[int]) -> None:
    ends: list[RunEnd] = []

    def result(choice: Choice) -> Any:
        ended = threading.Event()
        runner = Runner(lambda progress: None, lambda end: (ends.append(end), ended.set()), turns=Turns())
        runner.start(choice, str)
        assert ended.wait(120)
        assert ends[-1].finished is not None, ends[-1].refused
        return ends[-1].finished.results.yearly

    seed = 8_675_309
    plain = Choice(households=300, seed=str(seed))
    moved = plain.moved("world.set_month.allowance", 1200.0)
    tables = [result(plain), result(moved), result(plain)]
    assert people == [seed]
    assert tables[0].equals(tables[2]) and not tables[0].equals(tables[1])
    for choice, table in zip((plain, moved), tables, strict=False):
        scenario, households, _ = choice.checked(str)
        assert table.equals(BorderModel(scenario, households=households, rng=seed).run().results.yearly)
