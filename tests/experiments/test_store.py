"""Stored rows can be read while a study runs, and merging their parts loses and doubles none."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from experiments.cli.main import main
from experiments.execution import work
from experiments.execution.drive import drive
from experiments.studies import plan, plan_files, store
from experiments.studies.collect import collect, status
from tests.experiments.small_studies import OUTPUT, MadeUpEngine, made, statuses, whole


def test_everybody_can_read_while_the_study_runs(quick: None, tmp_path: Path) -> None:
    folder, seen = made(tmp_path / "s", replicates=30), list[int]()
    (folder / "results" / ".part-0.host-1-1.draft").write_bytes(b"half a part")
    pattern = str(folder / "results" / "part-*.parquet")

    def look(ids: list[str]) -> None:
        done = len(statuses(folder))
        assert done > (seen[-1] if seen else 0)
        asked = f"SELECT count(DISTINCT run_id), count(DISTINCT run_id) FILTER (status = 'ok') FROM read_parquet('{pattern}')"
        ((n, ok),) = duckdb.connect().execute(asked).fetchall()
        assert n == ok == done
        assert pd.concat(pd.read_parquet(p) for p in store.parts(folder))["run_id"].nunique() == done
        now = status(folder)
        assert now.counts["ok"] == done and now.missing == 30 - done and now.driver and not now.damaged
        assert collect(folder)["run_id"].nunique() == done
        seen.append(done)

    assert status(folder).missing == 30 and collect(folder).empty
    assert drive(folder, MadeUpEngine(after=look, slots=2)).exit_code == 0
    assert len(seen) > 2 and seen[-1] == 30


def test_merging_parts_loses_and_doubles_nothing(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=1)
    before, rows = len(store.parts(folder)), whole(folder)
    assert before == 12
    assert store.compact(folder, rows=10) == (12, 3)  # 24 lines
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert main(["compact", str(folder)]) == 0 and "3 parts are now 1" in capsys.readouterr().out
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert store.compact(folder) == (1, 1)
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0


@pytest.mark.parametrize("survives", [0, 1, 5])
def test_a_merge_that_dies_between_writing_and_removing_loses_nothing(
    survives: int, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=1)
    rows, real, count = whole(folder), Path.unlink, [0]

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("part-"):
            count[0] += 1
            if count[0] > survives:
                raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            store.compact(folder)
    assert len(store.parts(folder)) == 13 - survives
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert status(folder).counts["ok"] == 12
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    assert store.compact(folder)[1] == 1
    pd.testing.assert_frame_equal(whole(folder), rows)


def test_a_good_row_stands_before_any_other_then_the_latest(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=1)
    task, row = work.task_of(folder), next(plan.Row.read(r) for b in plan_files.plan_batches(folder) for r in b.to_pylist())

    def part(how: str, attempt: int, name: str) -> None:
        outcome = work.Outcome(
            row,
            how,
            f"attempt {attempt}",
            0.0,
            "x",
            {"year": [1980, 1980], "side": ["id", "my"], OUTPUT: [1.0, 2.0]} if how == "ok" else {},
        )
        path = store.write_part(folder, work.as_table(task, [outcome], [attempt]))
        path.rename(path.with_name(f"part-{name}.parquet"))

    part("failed", 0, "c")
    part("timeout", 1, "a")
    assert collect(folder)["cause"].tolist() == ["attempt 1"]
    part("ok", 0, "b")
    part("failed", 7, "d")
    assert collect(folder)["status"].tolist() == ["ok", "ok"] and status(folder).counts == {"ok": 1, "failed": 0, "killed": 0, "timeout": 0}
    store.compact(folder)
    assert collect(folder)["status"].tolist() == ["ok", "ok"]
