"""A study goes on with another model or measure only where that is allowed, and then its manifest says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.cli.main import main
from experiments.execution import work
from experiments.execution.drive import drive
from experiments.execution.engine import EngineLost
from experiments.studies import plan, plan_files
from experiments.studies.collect import collect
from experiments.studies.store import StoreError
from experiments.studies.study import StudyError
from tests.experiments.small_studies import MadeUpEngine, made, statuses, stop_after, use


def test_another_model_goes_on_only_when_allowed_and_is_recorded(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, EngineLost("gone"))))
    assert main(["batch", str(folder), "--quiet"]) == 1
    planned_with = plan.model_version()
    for module in ("studies.drift", "studies.plan", "execution.work"):
        monkeypatch.setattr(f"experiments.{module}.model_version", lambda: "another model")
    use(monkeypatch, MadeUpEngine)
    for command in (["batch", str(folder)], ["retry", str(folder), "--status", "failed"], ["extend", str(folder), "--replicates", "13"]):
        capsys.readouterr()
        assert main([*command, "--quiet"]) == 2
        said = capsys.readouterr().err
        assert planned_with in said and "another model" in said and "--allow-drift" in said
    assert main(["batch", str(folder), "--allow-drift", "--quiet"]) == 0
    (drift,) = plan_files.read_study_manifest(folder)["drift"]
    assert drift["model_version"] == "another model" and planned_with in drift["what"][0]
    assert main(["batch", str(folder), "--allow-drift", "--quiet"]) == 0
    assert len(plan_files.read_study_manifest(folder)["drift"]) == 1
    with pytest.raises(StoreError, match="2 model versions"):
        collect(folder)
    out = tmp_path / "out.csv"
    capsys.readouterr()
    assert main(["collect", str(folder), "-o", str(out)]) == 2 and "--mixed" in capsys.readouterr().err and not out.exists()
    assert main(["collect", str(folder), "-o", str(out), "--mixed"]) == 0
    assert set(pd.read_csv(out)["version"]) == {planned_with, "another model"}
    assert main(["status", str(folder)]) == 0 and "2 model versions" in capsys.readouterr().out


def test_a_worker_with_another_model_is_refused(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    monkeypatch.setattr(work, "model_version", lambda: "an old copy")  # the driver has the right one
    with pytest.raises(work.DriftError, match="an old copy"):
        drive(folder, MadeUpEngine())
    assert statuses(folder) == {}


def test_a_changed_measure_is_drift(quick: None, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {}\n", encoding="utf-8")
    folder = made(tmp_path / "s", measure="own.py:numbers")
    for change in ("def numbers(model):\n    return {'a': 1}\n", None):
        (tmp_path / "own.py").write_text(change, encoding="utf-8") if change else (tmp_path / "own.py").unlink()
        with pytest.raises(StudyError, match="the file of measure"):
            drive(folder, MadeUpEngine())
