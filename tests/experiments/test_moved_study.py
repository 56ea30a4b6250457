"""A study whose table lies with it can be moved together with it, and extended there; older manifests hold the whole path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments.studies import plan, plan_files
from experiments.studies.study import Study, StudyError

NAME = "household.seek_care.weight_quality"


def planned(folder: Path, table: Path) -> Path:
    """A fit's population in small: a list design with its table."""
    table.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({NAME: [2.0, 3.0]}).to_parquet(table)
    study = Study(name="s", design="list", table=str(table.absolute()), households=(60,), end="1980-12")
    plan.make(study, folder)
    return folder


def table_in(folder: Path) -> str:
    return json.loads((folder / "manifest.json").read_text("utf-8"))["study"]["table"]


@pytest.mark.parametrize("place", ["population-1.parquet", "posterior/draws.parquet"])
def test_a_moved_study_finds_its_table(tmp_path: Path, place: str) -> None:
    fit = tmp_path / "fit"
    folder = planned(fit / "predictive" / "all" if "/" in place else fit / "population-1", fit / place)
    assert table_in(folder) == ("../../posterior/draws.parquet" if "/" in place else "../population-1.parquet")
    assert str(tmp_path) not in (folder / "manifest.json").read_text("utf-8")
    moved = tmp_path / "elsewhere" / "far" / "fit"
    moved.parent.mkdir(parents=True)
    shutil.move(fit, moved)
    folder = moved / folder.relative_to(fit)
    assert plan_files.read_study_manifest(folder)["study"]["table"] == str(moved / place)
    assert plan.extend(folder, 3) == 4
    assert plan_files.read_study_manifest(folder)["runs"] == 6 and table_in(folder).startswith("../")
    (moved / place).write_bytes(b"another")
    with pytest.raises(StudyError, match="has changed or was removed"):
        plan.extend(folder, 4)


def test_an_older_manifest_and_a_table_far_away_hold_the_whole_path(tmp_path: Path) -> None:
    far = tmp_path / "data" / "draws.parquet"
    folder = planned(tmp_path / "studies" / "here" / "s", far)
    assert table_in(folder) == str(far)
    assert plan.extend(folder, 2) == 2 and table_in(folder) == str(far)
    near = planned(tmp_path / "fit" / "population-1", tmp_path / "fit" / "population-1.parquet")
    file = near / "manifest.json"
    said = json.loads(file.read_text("utf-8"))
    said["study"]["table"] = str(tmp_path / "fit" / "population-1.parquet")
    file.write_text(json.dumps(said), "utf-8")
    assert plan.extend(near, 2) == 2
