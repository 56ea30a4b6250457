"""Fitted values and widened ranges in studies and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm import Scenario
from agents.core.declare import PARAMETERS
from experiments.cli.main import main
from experiments.execution import batch
from experiments.execution.batch import RunConfiguration, run_scenarios
from experiments.execution.drive import drive
from experiments.execution.engine import ThreadsEngine
from experiments.runs.run import read_results
from experiments.studies import design, drift, plan, plan_files
from experiments.studies.collect import collect
from experiments.studies.manifest import study_of
from experiments.studies.study import Study, StudyError
from experiments.studies.study_file import read_study
from tests.world.fitted_region import NAME, VALUES, region_folder, write_fitted

ILL = "household.fall_ill.p_minor"
type Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(workers or 2))


@pytest.fixture
def region(tmp_path: Path) -> Path:
    return region_folder(tmp_path)


def study(folder: Path, region: Path | str, **said: Any) -> Study:
    return read_study({"households": 60, "end": "1980-04", "regions": [str(region)], **said}, folder, "made up")


def ids(study: Study) -> list[str]:
    return [r.run_id for r in plan.rows(study, plan.make_manifest(study, []))]


def rows_of(study: Study, folder: Path) -> pd.DataFrame:
    plan.make(study, folder)
    drive(folder, lambda: ThreadsEngine(1))
    return collect(folder)


def test_fitted_values_are_used_and_are_part_of_a_runs_identity(tmp_path: Path, region: Path) -> None:
    with_them, without = study(tmp_path, region), study(tmp_path, region, fitted=False)
    assert with_them.fitted and not without.fitted
    assert study_of(json.loads(json.dumps(without.to_dict()))) == without
    shipped = study(tmp_path, NAME, fitted=False)  # the shipped region has fitted values of its own
    name = str(region)
    assert plan.make_manifest(with_them, [])["regions"][name]["fitted"] == VALUES
    assert plan.make_manifest(with_them, [])["regions"][name]["posterior"] == "made-up-1"
    assert "fitted" not in plan.make_manifest(without, [])["regions"][name]
    assert ids(with_them) != ids(without) and ids(without) == ids(shipped)
    a, b, c = (rows_of(s, tmp_path / f"s{k}") for k, s in enumerate((with_them, without, shipped)))
    numbers = ["income_per_capita", "visits_across"]
    assert (b[numbers].to_numpy() == c[numbers].to_numpy()).all()
    assert (a[numbers].to_numpy() != b[numbers].to_numpy()).any()


def test_a_varied_or_set_value_holds_over_a_fitted_one(tmp_path: Path, region: Path) -> None:
    value = PARAMETERS[ILL].low
    settled = study(tmp_path, region, set=VALUES | {ILL: value}, fitted=False)
    listed = study(tmp_path, region, vary=[{ILL: value}], set={n: v for n, v in VALUES.items() if n != ILL})
    a, b = rows_of(settled, tmp_path / "a"), rows_of(listed, tmp_path / "b")
    assert (a["visits_across"].to_numpy() == b["visits_across"].to_numpy()).all()


def test_changed_values_are_drift_and_runs_keep_those_of_the_plan(tmp_path: Path, region: Path, capsys: Captured) -> None:
    folder = tmp_path / "s"
    rows = rows_of(study(tmp_path, region), folder)
    run_id = rows["run_id"].iloc[0]
    assert main(["rerun", "--study", str(folder), "--run-id", run_id]) == 0
    write_fitted(region, {ILL: PARAMETERS[ILL].low}, "made-up-2")
    assert "have changed" in next(drift.drift_of(plan_files.read_study_manifest(folder)))
    with pytest.raises(StudyError, match="values fitted to region"):
        drift.check_drift(folder, plan_files.read_study_manifest(folder), False)
    assert main(["rerun", "--study", str(folder), "--run-id", run_id]) == 2
    capsys.readouterr()
    (folder / "results").rename(folder / "gone")
    (folder / "results").mkdir()
    drive(folder, lambda: ThreadsEngine(1), allow_drift=True)
    again = collect(folder)
    assert (again["visits_across"].to_numpy() == rows["visits_across"].to_numpy()).all()
    declared = tmp_path / "declared"
    plan.make(study(tmp_path, region, fitted=False), declared)
    write_fitted(region)
    assert list(drift.drift_of(plan_files.read_study_manifest(declared))) == []


def test_a_plan_from_before_there_were_any_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    plan.make(study(tmp_path, NAME), folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    del manifest["study"]["fitted"], manifest["study"]["widen"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert list(drift.drift_of(plan_files.read_study_manifest(folder))) == []
    drive(folder, lambda: ThreadsEngine(1))
    assert set(collect(folder)["status"]) == {"ok"}


def test_run_scenarios(tmp_path: Path, region: Path) -> None:
    scenario = Scenario.load(end="1980-04")
    said = {"households": 60, "regions": (str(region),)}
    a = run_scenarios([scenario], RunConfiguration(**said), executor=ThreadsEngine(1), store=tmp_path / "a")
    b = run_scenarios([scenario], RunConfiguration(**said, fitted=False), executor=ThreadsEngine(1))
    assert (a["illness_rate"].to_numpy() != b["illness_rate"].to_numpy()).all(), "the fitted chance to fall ill acts"
    assert run_scenarios([scenario], RunConfiguration(**said), executor=ThreadsEngine(1), store=tmp_path / "a").equals(a)
    with pytest.raises(StudyError, match="another study"):
        run_scenarios([scenario], RunConfiguration(**said, fitted=False), executor=ThreadsEngine(1), store=tmp_path / "a")


def test_widened_studies(tmp_path: Path) -> None:
    p = PARAMETERS[ILL]
    wide = study(tmp_path, NAME, design="lhs", points=8, vary={ILL: {}}, widen=0.5)
    assert (wide.vary[0].low, wide.vary[0].high) == p.widened(0.5)
    values = [v for block in design.blocks(wide) for v in block[:, 0]]
    assert min(values) < p.low and max(values) > p.high
    assert wide.scenario("history").widen == 0.5
    assert read_study({"design": "lhs", "points": 8, "vary": {ILL: {"high": 0.2}}, "widen": 0.5}, tmp_path, "x").vary[0].high == 0.2
    assert study(tmp_path, NAME, set={ILL: 0.2}, widen=0.5).scenario("history").parameters[ILL] == 0.2
    listed = study(tmp_path, NAME, vary=[{ILL: 0.2}], widen=0.5)
    assert set(rows_of(listed, tmp_path / "s")["status"]) == {"ok"}
    pd.DataFrame({ILL: [0.2]}).to_csv(tmp_path / "t.csv", index=False)
    assert len(list(design.blocks(study(tmp_path, NAME, table="t.csv", widen=0.5)))) == 1
    with pytest.raises(StudyError):
        list(design.blocks(study(tmp_path, NAME, table="t.csv")))


REFUSED = {
    "fitted no truth": ({"fitted": 1}, "fitted = 1 is not true or false"),
    "widen above 1": ({"widen": 1.5}, "widen = 1.5; it must be at most 1"),
    "widen no number": ({"widen": "a"}, "widen = 'a' is not a number"),
    "set outside": ({"set": {ILL: 0.2}, "widen": 0.1}, "outside its range"),
    "vary outside": ({"design": "lhs", "points": 8, "vary": {ILL: {"high": 0.2}}, "widen": 0.1}, "outside the range widened by 0.1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    said, sentence = REFUSED[case]
    with pytest.raises(StudyError) as refusal:
        study(tmp_path, NAME, **said)
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)


def test_the_commands(tmp_path: Path, region: Path, capsys: Captured) -> None:
    common = ["run", "-n", "60", "--end", "1981-01", "-r", str(region)]
    assert main([*common, "--out", str(tmp_path / "fitted")]) == 0
    assert "values fitted to some of these numbers" in capsys.readouterr().out
    assert main([*common, "--declared", "--out", str(tmp_path / "declared")]) == 0
    assert "starting values that were not fitted" in capsys.readouterr().out
    a, b = (read_results(tmp_path / name).yearly for name in ("fitted", "declared"))
    assert not a.equals(b)
    said = json.loads((tmp_path / "fitted" / "manifest.json").read_text("utf-8"))
    assert said["fitted"] == {"posterior": "made-up-1", "parameters": VALUES}
    write_fitted(region, {ILL: PARAMETERS[ILL].low}, "made-up-2")
    assert main(["rerun", str(tmp_path / "fitted"), "-q"]) == 0
    assert main(["rerun", str(tmp_path / "declared"), "-q"]) == 0
    write_fitted(region)
    capsys.readouterr()
    assert main(["parameters", "-r", str(region)]) == 0
    assert f"fitted: {VALUES[ILL]:g} (made-up-1)" in capsys.readouterr().out
    assert main(["parameters", "--json", "-r", str(region)]) == 0
    assert {r["name"]: r["fitted"] for r in json.loads(capsys.readouterr().out) if "fitted" in r} == VALUES
    assert main(["describe", ILL, "-r", str(region)]) == 0
    assert "made-up-1" in capsys.readouterr().out
