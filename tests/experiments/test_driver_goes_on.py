"""After any end of a driver the same command goes on, and a study that is done can be retried and extended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.cli.main import main
from experiments.execution import work
from experiments.execution.drive import drive
from experiments.execution.engine import EngineLost
from experiments.studies import plan
from experiments.studies.collect import collect
from tests.experiments.small_studies import OUTPUT, MadeUpEngine, made, planned, statuses, stop_after, use, whole


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (EngineLost("the scheduler is gone"), 1, "the engine was lost (the scheduler is gone)"),
        (ValueError("nobody knows"), 1, "the engine was lost (ValueError: nobody knows)"),
        (MemoryError("no more"), 1, "a worker could not go on: MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_after_any_end_the_same_command_goes_on(
    error: BaseException,
    code: int,
    word: str,
    quick: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, error)))
    assert main(["batch", str(folder), "--quiet"]) == code
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1 and "Traceback" not in said
    stored = statuses(folder)
    assert 0 < len(stored) < 12 and not (folder / "driver.json").exists()
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert {i for c in engine.chunks for i in c} == set(planned(folder)) - set(stored)
    whole(folder)
    use(monkeypatch, lambda: pytest.fail("nothing is left to do"))
    assert main(["batch", str(folder), "--quiet"]) == 0


def test_an_engine_that_is_hopeless_says_so_while_it_is_kept(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.execution.drive.KEEP_SECONDS", 0.0)

    class Hopeless(MadeUpEngine):
        def keep(self) -> None:
            raise EngineLost("no worker can be had")

    folder = made(tmp_path / "s")
    with pytest.raises(EngineLost, match="no worker"):
        drive(folder, Hopeless())
    assert drive(folder, MadeUpEngine()).exit_code == 0


def test_rows_that_failed_are_run_again_on_request_only(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    bad = set(planned(folder)[2:5])
    normal = work._run  # the quick one

    def run(task: work.Task, row: plan.Row, *rest: Any) -> Any:
        if row.run_id in bad:
            raise OSError("network disk away")
        return normal(task, row, *rest)

    monkeypatch.setattr(work, "_run", run)
    assert drive(folder, MadeUpEngine()).exit_code == 3
    monkeypatch.setattr(work, "_run", normal)
    engine = MadeUpEngine()
    assert drive(folder, engine).exit_code == 3 and engine.chunks == []
    assert drive(folder, engine, again=("killed", "timeout")).exit_code == 3 and engine.chunks == []
    use(monkeypatch, lambda: engine)
    assert main(["retry", str(folder), "--status", "failed", "--quiet"]) == 0
    assert {i for c in engine.chunks for i in c} == bad and {a for t in engine.attempts for a in t} == {1}
    assert set(statuses(folder).values()) == {"ok"}
    whole(folder)
    assert main(["retry", str(folder), "--status", "faild"]) == 2


def test_a_study_is_extended_to_more_replicates(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=2, scenarios=["history", "no-puskesmas"])
    assert drive(folder, MadeUpEngine()).exit_code == 0
    before, engine = collect(folder), MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["extend", str(folder), "--replicates", "5", "--quiet"]) == 0
    assert sum(map(len, engine.chunks)) == 6
    table = whole(folder)
    assert table["run_id"].nunique() == 10 and table["replicate"].max() == 4
    pd.testing.assert_frame_equal(table[table["replicate"] < 2].reset_index(drop=True), before)
    assert main(["extend", str(folder), "--replicates", "5", "--quiet"]) == 0 and sum(map(len, engine.chunks)) == 6
    capsys.readouterr()
    assert main(["extend", str(folder)]) == 2 and "--replicates N" in capsys.readouterr().err


def test_a_study_is_extended_until_its_interval_is_narrow(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=4)
    use(monkeypatch, MadeUpEngine)
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=20", "--quiet"]) == 0
    values = collect(folder).query("side == 'id'")[OUTPUT]
    from scipy.stats import t

    assert len(values) > 4
    assert t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) <= 20
    capsys.readouterr()
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=0.001", "--most", str(len(values) + 1), "--quiet"]) == 3
    assert "not reached" in capsys.readouterr().out and collect(folder)["replicate"].nunique() == len(values) + 1
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}"]) == 2
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}x=1"]) == 2
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=-1"]) == 2
