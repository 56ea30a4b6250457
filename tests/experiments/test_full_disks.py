"""On a full or read-only disk a study ends with a sentence and loses nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from abm.errors import UserError
from experiments.cli.main import main
from experiments.execution.drive import drive
from experiments.execution.engine import EngineLost
from experiments.studies import plan
from experiments.studies.collect import collect, status
from experiments.studies.study_file import read_study
from tests.experiments.small_studies import RANGED, TINY, MadeUpEngine, made, mounted, statuses, stop_after, use, whole


def test_results_that_cannot_be_written_can_still_be_read(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, EngineLost("gone"))))
    main(["batch", str(folder), "--quiet"])
    done, place = len(statuses(folder)), folder / "results"
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    capsys.readouterr()
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        assert main(["batch", str(folder), "--quiet"]) == 1
        said = capsys.readouterr().err
        assert "cannot write into" in said and "Read-only" in said and "status and collect still work" in said and said.count("\n") == 1
        assert engine.chunks == []
        assert main(["status", str(folder)]) == 0 and f"{done} ok, {12 - done} missing" in capsys.readouterr().out
        assert main(["collect", str(folder), "-o", str(tmp_path / "out.parquet")]) == 0
        assert main(["compact", str(folder)]) == 2 and "cannot write into" in capsys.readouterr().err
    assert main(["batch", str(folder), "--quiet"]) == 0
    whole(folder)


def test_a_whole_study_that_cannot_be_written_can_still_be_read(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, MadeUpEngine)
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        for command, code in (["batch", "--quiet"], 1), (["extend", "--replicates", "20", "--quiet"], 2), (["compact"], 2), (["status"], 0):
            capsys.readouterr()
            assert main([command[0], str(folder), *command[1:]]) == code, command
            said = capsys.readouterr().err
            assert said.count("\n") == (code > 0) and ("Read-only" in said or not code)


def test_a_full_disk_ends_a_study_with_a_sentence_and_loses_nothing(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=100)
    place = folder / "results"
    real = drive
    monkeypatch.setattr("experiments.execution.drive.drive", lambda *a, **k: real(*a, **k, most_runs=1))
    use(monkeypatch, MadeUpEngine)
    with mounted(place, "-t", "tmpfs", "-o", "size=200k", "tmpfs"):
        (place / "film.mkv").write_bytes(bytes(60_000))
        assert main(["batch", str(folder), "--quiet"]) == 1
        said = capsys.readouterr().err
        assert "No space left on device" in said and said.count("\n") == 1 and "Traceback" not in said
        stored = statuses(folder)
        assert 0 < len(stored) < 100 and set(stored.values()) == {"ok"} and not status(folder).damaged
        assert main(["batch", str(folder), "--quiet"]) == 1  # still full
        assert stored.items() <= statuses(folder).items()
        assert main(["collect", str(folder), "-o", str(tmp_path / "out.parquet")]) == 0
        kept = collect(folder)
        subprocess.run(["mount", "-o", "remount,size=8m", str(place)], check=True)
        (place / "film.mkv").unlink()
        assert main(["batch", str(folder), "--quiet"]) == 0
        table = whole(folder)
        pd.testing.assert_frame_equal(
            table[table["run_id"].isin(stored)].reset_index(drop=True), kept[kept["run_id"].isin(stored)].reset_index(drop=True)
        )
        assert not list(place.glob(".part-*"))


def test_a_plan_is_whole_or_not_there_when_the_disk_is_full(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    study = read_study({**TINY, "design": "lhs", "points": 20_000, "vary": {RANGED[0]: {}}}, tmp_path, "full")
    with mounted(place, "-t", "tmpfs", "-o", "size=200k", "tmpfs"):
        with pytest.raises(UserError, match="No space left"):
            plan.make(study, place / "s")
        assert list(place.iterdir()) == []
