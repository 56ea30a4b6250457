"""Runs over the draws of a posterior are a study beside their results: killed, failed or shared out, the tables are the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm import BorderModel, Scenario, Simulation
from calibration.posterior import Posterior
from experiments.cli.main import main
from experiments.runs.tables import TABLES
from experiments.studies import plan, store
from experiments.studies.draws import OverDraws, prepare
from experiments.studies.plan import seed_of
from experiments.studies.plan_files import plan_ids, read_study_manifest
from experiments.studies.study import Study, StudyError
from experiments.studies.study_file import read_study
from experiments.studies.tables import file_of, have_tables, read_run
from tests.experiments.test_posterior import DRAWS, ILL, NAME, make

type Captured = pytest.CaptureFixture[str]
RUN = ["-n", "60", "--end", "1980-04", "-q"]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The Parquet files of a results folder."""
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.parquet"))}


def asked(place: Path, **more: Any) -> OverDraws:
    said: dict[str, Any] = {"draws": 2, "replicates": 1, "households": 60, "seed": 7, "record": "tables"} | more
    return OverDraws(Posterior.load(make(place)), (Scenario.load(end="1980-02"),), NAME, **said)


def ran(study: Path) -> list[int]:
    """How many runs each driver of a study made."""
    return [json.loads(line)["ran"] for line in (study / "logs" / "driver.jsonl").read_text("utf-8").splitlines()]


# --- killed, failed, shared out ----------------------------------------------------------------------------------------


def test_a_killed_command_goes_on_and_gives_the_same_tables(tmp_path: Path) -> None:
    line = ["run", "--posterior-from", str(make(tmp_path)), "--draws", "6", "-n", "600", "--end", "1992-12", "-q", "--out"]
    assert main([*line, str(tmp_path / "whole")]) == 0
    out, study = tmp_path / "killed", tmp_path / "killed" / "study"
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments.cli.main", *line, str(out), "--workers", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        while not list((study / "results").glob("part-*.parquet")) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL and not (out / "manifest.json").exists()
    kept = {p: p.stat().st_mtime_ns for p in (study / "results").glob("part-*.parquet")}
    done = len(store.stored_rows(study).ids)
    assert 1 <= done < 6
    assert main([*line, str(out)]) == 0
    assert ran(study)[-1] == 6 - done
    assert all(p.stat().st_mtime_ns == when for p, when in kept.items()), "what was stored is not run again"
    assert bytes_of(out) == bytes_of(tmp_path / "whole") and set(bytes_of(out)) == {f"{n}.parquet" for n in (*TABLES, "bands", "draws")}


def test_one_worker_or_two_give_the_same_bytes(tmp_path: Path) -> None:
    line = ["run", "--posterior-from", str(make(tmp_path)), "--draws", "4", *RUN]
    found = []
    for more in ([], ["--workers", "1"], ["--workers", "2"]):
        out = tmp_path / f"out{len(found)}"
        assert main([*line, "--out", str(out), *more]) == 0
        found.append(bytes_of(out))
    assert found[0] == found[1] == found[2] and len(found[0]) == 6


def test_a_failing_draw_is_named_and_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    out, whole = tmp_path / "out", Simulation.run

    def run(self: Simulation, *args: Any, **more: Any) -> Simulation:
        if self.settings.values[ILL] == 0.17:
            raise ArithmeticError("made up")
        return whole(self, *args, **more)

    line = ["run", "--posterior-from", str(make(tmp_path)), "--draws", "8", "-n", "60", "--end", "1980-04", "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "run", run)
        assert main(line) == 3  # as batch does when some runs are not well
    bad = pd.read_parquet(out / "draws.parquet").query("status != 'ok'")
    said = " ".join(capsys.readouterr().out.split())
    assert list(bad[ILL]) == [0.17, 0.17] and set(bad["status"]) == {"failed"}
    assert all(f"draw {k}: failed (ArithmeticError: made up" in said for k in bad["draw"]) and "lintas retry" in said
    assert set(pd.read_parquet(out / "yearly.parquet")["draw"]) == set(range(8)) - set(bad["draw"])
    # a failed row is kept: the same command runs nothing again, a retry runs it, and then all are there
    assert main([*line, "-q"]) == 3 and len(pd.read_parquet(out / "yearly.parquet")["draw"].unique()) == 6
    assert main(["retry", str(out / "study"), "--status", "failed", "-q"]) == 0
    assert main([*line, "-q"]) == 0
    assert (
        set(pd.read_parquet(out / "draws.parquet")["status"]) == {"ok"} and pd.read_parquet(out / "yearly.parquet")["draw"].nunique() == 8
    )


def test_a_comparison_over_draws_goes_on_too(tmp_path: Path) -> None:
    line = ["compare", "history", "no-puskesmas", "--posterior-from", str(make(tmp_path)), "--draws", "2", *RUN, "--out"]
    out, study = tmp_path / "out", tmp_path / "out" / "study"
    assert main([*line, str(out), "--years", "1990"]) == 2, "the runs end before these years"
    assert [p.name for p in out.iterdir()] == ["study"] and ran(study) == [8]
    assert main([*line, str(out)]) == 0
    assert main([*line, str(tmp_path / "again"), "--workers", "2"]) == 0
    assert ran(study) == [8], "nothing was run again"
    assert (out / "compare.json").read_bytes() == (tmp_path / "again" / "compare.json").read_bytes()
    assert bytes_of(out) == bytes_of(tmp_path / "again")


def test_a_failing_draw_of_a_comparison_is_an_exit_code_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Simulation.run

    def run(self: Simulation, *args: Any, **more: Any) -> Simulation:
        if self.settings.values[ILL] == 0.17:
            raise ArithmeticError("made up")
        return whole(self, *args, **more)

    line = ["compare", "history", "no-puskesmas", "--posterior-from", str(make(tmp_path)), "--draws", "8", "-n", "60", "--end", "1980-04",
            "--out", str(tmp_path / "out"), "-q"]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(Simulation, "run", run)
        assert main(line) == 3 == main([*line, "--json"])
    assert (tmp_path / "out" / "compare.json").exists(), "the comparison of the other draws"
    assert main(["retry", str(tmp_path / "out" / "study"), "--status", "failed", "-q"]) == 0
    assert main([*line, "--overwrite"]) == 0


# --- which study it is -------------------------------------------------------------------------------------------------


def test_seeds_values_and_arms_of_the_plan(tmp_path: Path) -> None:
    b = Scenario.load(end="1980-02", set={ILL: 0.15})
    two = OverDraws(Posterior.load(make(tmp_path)), (Scenario.load(end="1980-02"), b), NAME, 3, 2, 60, 11)
    two = OverDraws(two.posterior, (two.scenarios[0], type(b)(**{**b.__dict__, "name": "b"})), NAME, 3, 2, 60, 11)
    prepare(tmp_path / "s", two)
    rows = pd.read_parquet(tmp_path / "s" / "plan.parquet")
    assert len(rows) == 12
    for row in rows.itertuples():
        assert row.seed == seed_of(11, int(row.point) * 2 + int(row.replicate))  # type: ignore[arg-type]
    drawn = two.posterior.sample(3, 11)
    for k, mine in rows.groupby("point"):
        assert set(mine[ILL]) == {drawn[ILL].iloc[int(k)]}  # type: ignore[arg-type]


def test_a_run_or_comparison_of_other_things_is_refused_or_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    prepare(folder, asked(tmp_path))
    first = plan_ids(folder).tolist()
    prepare(folder, asked(tmp_path))
    assert plan_ids(folder).tolist() == first
    for other in ({"draws": 3}, {"households": 61}, {"seed": 8}, {"record": "yearly"}, {"replicates": 2}):
        with pytest.raises(StudyError, match="--overwrite"):
            prepare(folder, asked(tmp_path, **other))
    changed = asked(tmp_path)
    make(tmp_path, DRAWS.assign(**{ILL: [0.1, 0.12, 0.16]}))
    changed = OverDraws(Posterior.load(tmp_path / "posterior"), changed.scenarios, NAME, 2, 1, 60, 7, "tables")
    with pytest.raises(StudyError, match="--overwrite"):
        prepare(folder, changed)
    prepare(folder, changed, overwrite=True)
    assert read_study_manifest(folder)["study"]["points"] == 2 and [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(StudyError):
        prepare(tmp_path / "mine", changed, overwrite=True)
    assert (tmp_path / "mine" / "notes.txt").exists()


def test_a_damaged_study_is_called_so(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    prepare(folder, asked(tmp_path))
    (folder / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(StudyError, match=r"cannot be read.*remove it, or name another folder"):
        prepare(folder, asked(tmp_path))
    with pytest.raises(StudyError, match="another command"):  # whose it is cannot be said, so nothing is removed
        prepare(folder, asked(tmp_path), overwrite=True)
    assert (folder / "manifest.json").read_text("utf-8") == "{"


def test_another_model_is_another_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path / "s", asked(tmp_path))
    monkeypatch.setattr("experiments.studies.draws.model_version", lambda: "0.1.0+another")
    with pytest.raises(StudyError, match="--overwrite"):
        prepare(tmp_path / "s", asked(tmp_path))


# --- what a study may say ------------------------------------------------------------------------------------------------


def test_a_set_value_holds_over_values_that_stand_as_fitted_ones() -> None:
    row = plan.Row("0" * 16, 0, "history", NAME, 60, 0, 1, {ILL: 0.12, "switch.kinship": 0.0})
    scenario = Scenario.load(set={ILL: 0.15})
    assert row.apply(scenario, as_fitted=True).parameters[ILL] == 0.15 and row.apply(scenario).parameters[ILL] == 0.12
    assert row.numbers() == {ILL: 0.12}
    assert row.apply(scenario, as_fitted=True).switches["kinship"] is False


def test_values_as_fitted_are_other_runs(tmp_path: Path) -> None:
    study = Study(name="s", rows=({ILL: 0.12},), households=(60,), end="1980-02")
    for name, chosen in (("a", study), ("b", Study(**{**study.__dict__, "as_fitted": True}))):
        plan.make(chosen, tmp_path / name)
    assert plan_ids(tmp_path / "a")[0] != plan_ids(tmp_path / "b")[0]


def test_a_study_whose_seeds_are_numbered_is_not_extended(tmp_path: Path, capsys: Captured) -> None:
    prepare(tmp_path / "s", asked(tmp_path))
    assert main(["extend", str(tmp_path / "s"), "--replicates", "2"]) == 2
    assert "seeds_in_order" in capsys.readouterr().err
    with pytest.raises(StudyError, match="two ways"):
        read_study({"seeds_in_order": True, "common_draws": False}, tmp_path, "s")


def test_a_run_whose_tables_are_gone_is_run_again(tmp_path: Path, capsys: Captured) -> None:
    study = tmp_path / "s"
    prepare(study, asked(tmp_path))
    assert main(["batch", str(study), "-q"]) == 0
    ids = plan_ids(study)
    one = f"{int(ids[0]):016x}"
    assert have_tables(study, ids).all() and ran(study) == [2]
    before = file_of(study, one, "flows").read_bytes()
    assert main(["batch", str(study), "-q"]) == 0 and ran(study) == [2]
    file_of(study, one, "flows").unlink()
    assert have_tables(study, ids).tolist() == [False, True]
    assert main(["batch", str(study), "-q"]) == 0 and ran(study) == [2, 1]
    assert file_of(study, one, "flows").read_bytes() == before
    assert main(["rerun", "--study", str(study), "--run-id", one]) == 0
    file_of(study, one, "monthly").write_bytes(file_of(study, f"{int(ids[1]):016x}", "monthly").read_bytes())
    assert main(["rerun", "--study", str(study), "--run-id", one]) == 1
    assert "table monthly" in capsys.readouterr().out


def test_tables_are_those_of_a_run(tmp_path: Path) -> None:
    study = tmp_path / "s"
    plan.make(Study(name="s", households=(60,), end="1980-03", record="tables"), study)
    assert main(["batch", str(study), "-q"]) == 0
    (run_id,) = (f"{int(i):016x}" for i in plan_ids(study))
    model = BorderModel(Scenario.load(end="1980-03"), households=60, rng=seed_of(1, 0)).run()
    for name, table in read_run(study, run_id).items():
        pd.testing.assert_frame_equal(table, getattr(model.results, name), check_dtype=False)


def test_options_of_workers_go_with_draws_only(capsys: Captured) -> None:
    for line in (["run", "--workers", "2"], ["run", "--slurm", "x.toml"], ["compare", "history", "no-puskesmas", "--scheduler-file", "x"]):
        assert main([*line, "-q"]) == 2
        assert "goes with --posterior" in capsys.readouterr().err
