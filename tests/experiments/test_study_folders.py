"""A study folder whose manifest, plan or results are damaged or gone is told, and a folder may lie anywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from abm.errors import ManifestError
from experiments.cli.main import main
from experiments.execution.drive import drive
from experiments.studies.collect import collect, status
from experiments.studies.study import StudyError
from tests.experiments.small_studies import RANGED, MadeUpEngine, made, use, whole


def test_a_damaged_manifest_is_told_and_no_row_is_lost(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine())
    rows, text = whole(folder), (folder / "manifest.json").read_text("utf-8")
    said = json.loads(text)
    for broken in (
        text[: len(text) // 2], "", "[]", "null", json.dumps(said | {"format": 99}), json.dumps({k: v for k, v in said.items() if k != "study"}),
        json.dumps(said | {"kind": "lintas results"}), json.dumps(said | {"study": {"name": "s"}}),
    ):  # fmt: skip
        (folder / "manifest.json").write_text(broken, "utf-8")
        for command in (
            ["status"],
            ["batch", "--quiet"],
            ["collect", "-o", str(tmp_path / "o.csv")],
            ["extend", "--replicates", "20"],
            ["rerun"],
        ):
            capsys.readouterr()
            given = (
                ["rerun", "--study", str(folder), "--run-id", "0" * 16] if command == ["rerun"] else [command[0], str(folder), *command[1:]]
            )
            if '"study": {"name": "s"}' in broken and command[0] in ("status", "batch"):
                continue  # nothing is left to do: what the study says is not needed
            assert main(given) == 2, (broken[:40], command)
            err = capsys.readouterr().err
            assert err.startswith("lintas: ") and err.count("\n") == 1 and "Traceback" not in err
    with pytest.raises(ManifestError, match=r"nothing in results/ is lost; plan the same study into a new folder"):
        (folder / "manifest.json").write_text("{", "utf-8")
        status(folder)
    again = made(tmp_path / "again")  # as the sentence says
    shutil.rmtree(again / "results")
    (folder / "results").rename(again / "results")
    assert drive(again, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    pd.testing.assert_frame_equal(whole(again), rows)


def test_a_damaged_or_lost_plan_is_told(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    content = (folder / "plan.parquet").read_bytes()
    (folder / "plan.parquet").write_bytes(content[: len(content) // 2])
    for ask in (status, collect, lambda f: drive(f, MadeUpEngine())):
        with pytest.raises(StudyError, match=r"plan\.parquet' is damaged .*nothing in results/ is lost"):
            list(ask(folder))  # type: ignore[call-overload]
    (folder / "plan.parquet").unlink()
    with pytest.raises(StudyError, match=r"has no plan\.parquet"):
        status(folder)


def test_a_folder_that_is_gone_is_told(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, MadeUpEngine)
    shutil.rmtree(folder / "results")
    assert main(["batch", str(folder), "--quiet"]) == 1
    assert "has no folder results/ (any more)" in capsys.readouterr().err
    assert main(["status", str(folder)]) == 2 and "has no folder results/" in capsys.readouterr().err
    (folder / "results").mkdir()
    use(monkeypatch, lambda: MadeUpEngine(lambda ids: shutil.rmtree(folder / "results", ignore_errors=True)))
    assert main(["batch", str(folder), "--quiet"]) == 1  # vanishes while the study runs
    said = capsys.readouterr().err
    assert "cannot write results" in said and said.count("\n") == 1
    (folder / "results").mkdir()
    use(monkeypatch, MadeUpEngine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    shutil.rmtree(folder)
    assert main(["batch", str(folder), "--quiet"]) == 2 and "there is no study folder" in capsys.readouterr().err


def test_a_study_without_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.csv").write_text(f"{RANGED[0]}\n", encoding="utf-8")
    (tmp_path / "s.toml").write_text("table = 'none.csv'\nhouseholds = 60\n", encoding="utf-8")
    assert main(["plan", str(tmp_path / "s.toml"), "-o", str(tmp_path / "s")]) == 2
    assert "the table has no rows: the study would have no run" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    assert main(["batch", str(tmp_path / "s.toml"), "-o", str(tmp_path / "s")]) == 2


def test_a_study_may_lie_anywhere(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "Kajian Šarāwak 研究 🌿"
    place.mkdir()
    folder = made(place / "hasil '%s' [1]")
    use(monkeypatch, MadeUpEngine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert main(["collect", str(folder), "-o", str(place / "tabel 表.csv")]) == 0
    assert pd.read_csv(place / "tabel 表.csv")["run_id"].nunique() == 12
    assert main(["compact", str(folder)]) == 0 and main(["status", str(folder), "--json"]) == 0
    whole(folder)
