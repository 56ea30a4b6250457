"""The collected table is the same to the byte, whoever carried the runs out and however often they were interrupted."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from experiments.execution import work
from experiments.execution.drive import drive
from experiments.execution.engine import ExecutorEngine, ThreadsEngine
from experiments.studies import plan, store
from experiments.studies.collect import write_collected
from experiments.studies.study import Study
from experiments.studies.study_file import read_study
from tests.experiments.small_studies import OUTPUT, RANGED, TINY, Died, MadeUpEngine, stop_after


@pytest.fixture(scope="module")
def mixed_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    """A study of real runs of which some fail, with numbers of the user's own that some runs lack; and its table."""
    place = tmp_path_factory.mktemp("equal")
    (place / "own.py").write_text(
        "def numbers(model):\n"
        "    seed = model.manifest()['seed']\n"
        f"    if seed == {plan.seed_of(1, 1)}:\n        raise ValueError('no')\n"
        f"    return {{'zeta': float(seed % 7)}} if seed == {plan.seed_of(1, 2)} else {{'beta': 1.0, 'alpha': float(seed % 5)}}\n",
        encoding="utf-8",
    )
    said = {
        **TINY, "outputs": [], "end": "1980-03", "design": "lhs", "points": 2, "replicates": 3, "scenarios": ["history", "no-puskesmas"], "measure": "own.py:numbers",
        "vary": {RANGED[0]: {}},
    }  # fmt: skip
    study = read_study(said, place, "equal")
    folder = place / "calm"
    plan.make(study, folder)
    assert drive(folder, ThreadsEngine(1)).counts == {"ok": 8, "failed": 4, "killed": 0, "timeout": 0}
    write_collected(folder, place / "calm.parquet")
    return study, place / "calm.parquet"


def test_the_calm_table_has_all_columns_and_lines(mixed_study: tuple[Study, Path]) -> None:
    table = pd.read_parquet(mixed_study[1])
    assert list(table.columns[-3:]) == ["alpha", "beta", "zeta"]
    assert len(table) == 8 * 2 + 4
    for name in (
        "run_id",
        "status",
        "cause",
        "scenario",
        "region",
        "households",
        "replicate",
        "seed",
        "point",
        "version",
        RANGED[0],
        "year",
        "side",
    ):
        assert name in table.columns
    assert table["point"].is_monotonic_increasing
    assert table.loc[table["status"] == "ok", [OUTPUT]].notna().all(axis=None)


def interrupted_and_resumed(folder: Path) -> None:
    for n in (1, 3, 2):
        with pytest.raises(KeyboardInterrupt):
            drive(folder, MadeUpEngine(stop_after(n, KeyboardInterrupt())), most_runs=2)
    drive(folder, MadeUpEngine(slots=2))


def after_deaths(folder: Path) -> None:
    left = iter([True, False, True, True, False, True] + [False] * 1000)

    def die(ids: list[str]) -> None:
        if next(left):
            raise Died

    drive(folder, MadeUpEngine(die, after=lambda ids: None))


def in_processes(folder: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        drive(folder, ExecutorEngine(pool))


def one_by_one(folder: Path) -> None:
    drive(folder, ThreadsEngine(2), most_runs=1)


def all_at_once(folder: Path) -> None:
    drive(folder, MadeUpEngine(carry_out=lambda f, rows, tries: work.work(f, rows, tries)), chunk_seconds=3600.0)


def and_compacted(folder: Path) -> None:
    one_by_one(folder)
    store.compact(folder, rows=10)
    store.compact(folder)


@pytest.mark.parametrize("way", [interrupted_and_resumed, after_deaths, in_processes, one_by_one, all_at_once, and_compacted])
def test_the_table_does_not_depend_on_who_made_it_or_how(
    way: Callable[[Path], None], mixed_study: tuple[Study, Path], tmp_path: Path
) -> None:
    study, calm = mixed_study
    plan.make(study, tmp_path / "s")
    way(tmp_path / "s")
    write_collected(tmp_path / "s", tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), pd.read_parquet(calm), check_exact=True)
    assert (tmp_path / "out.parquet").read_bytes() == calm.read_bytes()
