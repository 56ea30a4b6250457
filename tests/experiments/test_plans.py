"""A study is planned into runs whose identities follow from everything that their numbers depend on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from experiments.studies import design, plan, plan_files
from experiments.studies.manifest import study_of
from experiments.studies.study import Study, StudyError
from experiments.studies.study_file import load_study
from tests.experiments.study_files import SHIPPED, SWITCH, A, B, C, inside, read_plan, study, write

EXAMPLE = """
name = "care"
design = "sobol"                      # factorial | lhs | sobol | list
points = 64
replicates = 4
scenarios = ["{0}", "{1}"]
households = 400
end = "1995-12"
[vary]                                # an empty table means the declared range
"{2}" = {{}}
"{3}" = {{ low = {4!r}, high = {5!r} }}
"""


def test_the_example_of_the_design_plans_its_runs(tmp_path: Path) -> None:
    write(tmp_path, EXAMPLE.format("history", "no-puskesmas", A, B, inside(B, 0.25), inside(B, 0.75)), "care.toml")
    read = load_study(tmp_path / "care.toml")
    assert plan.make(read, tmp_path / "s") == plan.n_runs(read) == 64 * 2 * 4
    rows = read_plan(tmp_path / "s")
    assert len(rows) == rows["run_id"].nunique() == 512
    assert rows["run_id"].str.fullmatch("[0-9a-f]{16}").all()
    assert list(rows.columns) == ["run_id", "point", "scenario", "region", "households", "replicate", "seed", A, B]
    assert rows.groupby(["point", "scenario", "replicate"]).size().eq(1).all()
    assert rows[A].between(PARAMETERS[A].low, PARAMETERS[A].high).all() and rows[B].between(inside(B, 0.25), inside(B, 0.75)).all()
    seeds = rows.groupby("replicate")["seed"].unique()
    assert all(len(s) == 1 for s in seeds) and len({int(s[0]) for s in seeds}) == 4, "a replicate has one seed in all arms and points"
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text("utf-8"))
    assert manifest["runs"] == 512 and set(manifest["scenarios"]) == {"history", "no-puskesmas"}
    assert manifest["model_version"] == plan.model_version() and len({s["hash"] for s in manifest["scenarios"].values()}) == 2
    assert study_of(manifest["study"]) == read


def test_arms_are_crossed_and_replicates_share_draws_across_them(tmp_path: Path) -> None:
    one = study(tmp_path, scenarios=SHIPPED[:2], households=[60, 80], replicates=3, design="lhs", points=2, vary={A: {}})
    rows = [*plan.rows(one, plan.make_manifest(one, []))]
    assert len(rows) == plan.n_runs(one) == 2 * 4 * 3
    by_replicate = {k: {r.seed for r in rows if r.replicate == k} for k in range(3)}
    assert all(len(s) == 1 for s in by_replicate.values()) and len(set.union(*by_replicate.values())) == 3
    assert {r.values[A] for r in rows if r.point == 0} == {design.points_of(one)[A][0]}


def test_equal_runs_are_planned_once(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A)}\n{inside(A)}\n{inside(A, 0.1)}\n", encoding="utf-8")
    assert plan.make(study(tmp_path, table="d.csv", replicates=2), tmp_path / "s") == 4


def ids(one: Study, **changed: Any) -> list[str]:
    manifest = plan.make_manifest(one, [])
    for key, value in changed.items():
        manifest = manifest | {key: value}
    return [r.run_id for r in plan.rows(one, manifest)]


def test_an_identity_changes_with_everything_that_numbers_depend_on(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {'n': 1.0}\n", encoding="utf-8")
    row = {A: inside(A), B: inside(B)}
    base = study(tmp_path, vary=[row])
    (was,) = ids(base)
    assert ids(base) == [was] and ids(study(tmp_path, vary=[row], replicates=2))[0] == was
    others = {
        "scenario": ids(study(tmp_path, vary=[row], scenarios=["no-puskesmas"])),
        "end": ids(study(tmp_path, vary=[row], end="1980-07")),
        "set": ids(study(tmp_path, vary=[row], set={C: inside(C, 0.123)})),
        "without": ids(study(tmp_path, vary=[row], without=[SWITCH])),
        "value": ids(study(tmp_path, vary=[row | {A: np.nextafter(inside(A), 1e9).item()}])),
        "swapped names": ids(base, names=list(reversed(design.names_of(base)))),
        "seed": ids(study(tmp_path, vary=[row], seed=2)),
        "replicate": ids(study(tmp_path, vary=[row], replicates=2))[1:],
        "households": ids(study(tmp_path, vary=[row], households=61)),
        "model": ids(base, model_version="another"),
        "region data": ids(base, regions={base.regions[0]: {"hash": "another"}}),
        "measure": ids(study(tmp_path, vary=[row], measure="own.py:numbers")),
    }
    found = [was, *(i for (i,) in others.values())]
    assert len(set(found)) == len(found), others
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {'n': 2.0}\n", encoding="utf-8")
    assert ids(study(tmp_path, vary=[row], measure="own.py:numbers")) != others["measure"]


def test_identities_are_the_same_in_every_process(tmp_path: Path) -> None:
    text = f"design = 'sobol'\npoints = 4\nhouseholds = [60, 61]\nreplicates = 2\n[vary]\n'{A}' = {{}}\n'switch.{SWITCH}' = {{}}\n"
    path = write(tmp_path, text)
    code = (
        "import sys; from experiments.studies import plan; from experiments.studies.study_file import load_study; s = load_study(sys.argv[1]); "
        "print(*[r.run_id for r in plan.rows(s, plan.make_manifest(s, []))])"
    )
    here = [r.run_id for r in plan.rows(load_study(path), plan.make_manifest(load_study(path), []))]
    out = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "12345", "PATH": ""}
    ).stdout
    assert out.split() == here and len(here) == 16


def test_extending_keeps_every_identity(tmp_path: Path) -> None:
    said: dict[str, Any] = {"design": "lhs", "points": 3, "vary": {A: {}}}
    plan.make(study(tmp_path, **said, replicates=2), tmp_path / "s")
    before = read_plan(tmp_path / "s")["run_id"].tolist()
    assert plan.extend(tmp_path / "s", 2) == 0
    assert plan.extend(tmp_path / "s", 3) == 3 and plan.extend(tmp_path / "s", 5) == 6
    after = read_plan(tmp_path / "s")
    plan.make(study(tmp_path, **said, replicates=5), tmp_path / "at once")
    assert after["run_id"].tolist()[:6] == before
    assert set(after["run_id"]) == set(read_plan(tmp_path / "at once")["run_id"]) and len(after) == 15
    assert plan_files.read_study_manifest(tmp_path / "s")["runs"] == 15


def test_more_replicates_come_from_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A)}\n", "utf-8")
    plan.make(study(tmp_path, table="d.csv", households=60, end="1980-02"), tmp_path / "s")
    manifest = plan_files.read_study_manifest(tmp_path / "s")
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A, 0.9)}\n", "utf-8")
    for change in (lambda: None, (tmp_path / "d.csv").unlink):
        change()
        with pytest.raises(StudyError, match="has changed or was removed since the study was planned"):
            plan.extend(tmp_path / "s", 2)
    assert plan_files.read_study_manifest(tmp_path / "s") == manifest and len(plan_files.plan_files(tmp_path / "s")) == 1


def test_names_and_paths_may_be_in_any_script(tmp_path: Path) -> None:
    place = tmp_path / "Kajian Šarāwak 研究 🌿"
    place.mkdir()
    own = "title = 'Sempadan ditutup'\ndescription = '边境'\nend = '1980-12'\n"
    scenario = write(place, own, "senario ö.toml")
    pd.DataFrame({A: [inside(A)]}).to_csv(place / "titik ñ.csv", index=False)
    path = write(place, "name = 'Kajian Šarāwak 研究'\ntable = 'titik ñ.csv'\nhouseholds = 60\nscenarios = ['senario ö.toml']\n")
    try:
        read = load_study(path)
    except UserError as error:  # what a scenario file must hold is checked elsewhere
        pytest.fail(f"{scenario.read_text('utf-8')!r}: {error}")
    assert plan.make(read, place / "hasil 結果") == 1
    manifest = plan_files.read_study_manifest(place / "hasil 結果")
    assert manifest["name"] == "Kajian Šarāwak 研究" and "研究" in (place / "hasil 結果" / "manifest.json").read_text("utf-8")
    assert read_plan(place / "hasil 結果")["scenario"].tolist() == [str(scenario)]


def test_a_study_goes_into_a_new_folder_only(tmp_path: Path) -> None:
    one = study(tmp_path)
    plan.make(one, tmp_path / "s")
    with pytest.raises(UserError, match="is a study already"):
        plan.make(one, tmp_path / "s")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").write_text("years of work")
    with pytest.raises(UserError):
        plan.make(one, tmp_path / "full")
    assert (tmp_path / "full" / "thesis.docx").read_text() == "years of work"
