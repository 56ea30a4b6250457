"""What lintas did not make it neither removes nor writes over, and what it writes harms nobody who opens it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from abm.errors import UserError
from abm.writing import sweep_beside
from experiments.cli.main import main
from experiments.execution import certificates, cluster, scheduler_file, work
from experiments.execution.drive import drive
from experiments.execution.engine import EngineLost
from experiments.files import csv_of, write_file
from experiments.studies import plan, store
from experiments.studies.collect import collect, write_collected
from experiments.studies.plan import extend
from tests.experiments import small_studies as base

OUT = base.OUTPUT


# --- the scheduler's file ----------------------------------------------------------------------------------------------


def files_of_others(folder: Path) -> dict[str, bytes]:
    """Files that somebody may name by mistake, beside a study."""
    dask = {"type": "Scheduler", "id": "Scheduler-1", "address": "tcp://10.0.0.1:8786", "services": {}, "workers": {}}
    found = {
        "thesis.docx": b"PK\x03\x04 four years of work",
        "notes.json": b'{"type": "note", "text": "buy rice"}',
        "list.json": b"[1, 2]",
        "deep.json": b"[" * 100_000,
        "empty.json": b"",
        "dask.json": json.dumps(dask).encode(),  # of a scheduler that somebody else started
        "large.json": b" " * 2_000_000,
        "other-study.json": json.dumps(dask | {"lintas": {"study": "/somebody/else", "driver": "1"}}).encode(),
    }
    for name, content in found.items():
        (folder / name).write_bytes(content)
    return found


def test_a_file_that_is_no_scheduler_file_of_this_study_is_refused_and_stays(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s")
    monkeypatch.setattr(cluster, "waiting_engine", lambda *a: pytest.fail("something was started"))
    there = files_of_others(tmp_path)
    there["link.json"] = b"the target of a link"
    (tmp_path / "target").write_bytes(there["link.json"])
    (tmp_path / "link.json").symlink_to(tmp_path / "target")
    for command in (["batch"], ["retry", "--status", "failed"], ["extend", "--replicates", "20"]):
        for name, content in there.items():
            assert main([command[0], str(folder), *command[1:], "--scheduler-file", str(tmp_path / name)]) == 2
            err = capsys.readouterr().err
            assert err.startswith("lintas: ") and err.count("\n") == 1 and name in err and "name another" in err, err
            assert (tmp_path / name).read_bytes() == content
    assert (tmp_path / "link.json").is_symlink()


def test_folders_pipes_and_names_that_cannot_be_are_refused(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s")
    monkeypatch.setattr(cluster, "waiting_engine", lambda *a: pytest.fail("something was started"))
    (tmp_path / "place").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, word in (
        (str(tmp_path / "place"), "is a folder"), (str(tmp_path / "pipe"), "was not written by lintas as a scheduler file"), (str(tmp_path / ("x" * 300)), "name too long"),
        (str(tmp_path / "none" / "here.json"), "there is no folder"), (str(folder / "manifest.json"), "was not written by lintas as a scheduler file"),
        (str(folder / "plan.parquet" / "x"), "Not a directory"),
    ):  # fmt: skip
        assert main(["batch", str(folder), "--scheduler-file", name]) == 2
        err = capsys.readouterr().err
        assert word in err or word.capitalize() in err, err
        assert err.count("\n") == 1 and len(err) < 400
    assert list((tmp_path / "place").iterdir()) == [] and (folder / "manifest.json").exists()


def test_a_scheduler_file_that_a_killed_driver_of_this_study_left_is_replaced_and_removed(quick: None, tmp_path: Path) -> None:
    folder, file = base.made(tmp_path / "s"), tmp_path / "here.json"
    said = {"type": "Scheduler", "id": "Scheduler-1", "address": "tls://127.0.0.1:1", "workers": {}}
    first = scheduler_file.write_scheduler_file(folder, file, said)
    second = scheduler_file.write_scheduler_file(folder, file, said | {"id": "Scheduler-2"})
    assert json.loads(file.read_text())["id"] == "Scheduler-2"
    scheduler_file.remove_scheduler_file(file, first)  # the killed one comes to its end late
    assert file.exists()
    scheduler_file.remove_scheduler_file(file, second)
    assert not file.exists()
    third = scheduler_file.write_scheduler_file(folder, file, said)
    file.write_text("my shopping list")
    scheduler_file.remove_scheduler_file(file, third)
    assert file.read_text() == "my shopping list"
    assert not list(tmp_path.glob(".*draft"))


def test_workers_find_a_scheduler_by_its_file_and_the_file_goes_with_it(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = base.made(tmp_path / "s"), tmp_path / "here.json"
    monkeypatch.setattr(cluster, "address_here", lambda interface: "127.0.0.1")
    with cluster.WaitingEngine(folder, file) as engine:
        said = json.loads(file.read_text())
        assert said["address"].startswith("tls://127.0.0.1:") and said["lintas"]["study"] == str(folder.resolve())
        with pytest.raises(UserError, match="was not written by lintas as a scheduler file"):
            cluster.WaitingEngine(folder, folder / "manifest.json")
        engine.waits._clock = lambda: 1e9  # a long time passed
        assert engine.keep() == []
        engine.waits._clock = lambda: 1e9 + 60.0
        (note,) = engine.keep() or ()
        assert "workers.sh" in str(note.places["script"]) and note.places["time"] == 60.0
        assert engine.keep() == []
        engine.waits._clock = lambda: 1e9 + 181.0
        assert len(engine.keep() or ()) == 1
    assert not file.exists() and not list(folder.glob("logs/tls-*"))


def test_only_certificates_of_dead_drivers_of_this_machine_are_forgotten(tmp_path: Path) -> None:
    logs, here = tmp_path / "logs", socket.gethostname()
    gone = subprocess.Popen(["true"])
    gone.wait()
    stays = {f"tls-{here}-{os.getppid()}": ["key.pem"], f"tls-{here}-{gone.pid}": ["key.pem", "diary.txt"], f"tls-elsewhere-{gone.pid}": ["key.pem"],
             "tls-": ["key.pem"], "tls-of-my-bank": ["ca.pem"]}  # fmt: skip
    other = subprocess.Popen(["true"])
    other.wait()
    goes = {f"tls-{here}-{other.pid}": ["ca.pem", "certificate.pem", "key.pem"]}
    for name, files in (stays | goes).items():
        (logs / name).mkdir(parents=True)
        for file in files:
            (logs / name / file).write_text("mine")
    (logs / f"tls-{here}-{2**22 + 5}").symlink_to(tmp_path)
    made = certificates.Certificates(tmp_path)
    assert {p.name for p in logs.iterdir()} == {*stays, f"tls-{here}-{2**22 + 5}", made.folder.name}
    made.close()
    assert {p.name for p in logs.iterdir()} == {*stays, f"tls-{here}-{2**22 + 5}"}


# --- a disk that turns read-only ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["the study", "its results"])
def test_a_disk_that_turns_read_only_while_a_study_runs_ends_it_with_a_sentence(
    what: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s")
    place = folder if what == "the study" else folder / "results"
    with base.mounted(place, "--bind", str(place)):
        begun = list[str]()

        def turn(ids: list[str]) -> None:
            begun.extend(ids)
            if len(begun) > 3:
                subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)

        base.use(monkeypatch, lambda: base.MadeUpEngine(turn))
        assert main(["batch", str(folder), "--quiet"]) == 1
        err = capsys.readouterr().err
        assert "Read-only file system" in err and err.count("\n") == 1 and "what was stored before is safe" in err
        stored = base.statuses(folder)
        assert stored and main(["status", str(folder)]) == 0
        assert "a driver is registered" not in capsys.readouterr().out
        assert collect(folder)["run_id"].nunique() == len(stored)
    base.use(monkeypatch, base.MadeUpEngine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    base.whole(folder)


def test_a_merge_on_a_disk_that_turns_read_only_ends_with_a_sentence(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s")
    drive(folder, base.MadeUpEngine(), most_runs=1)
    rows = base.whole(folder)

    def sweep(where: Path) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(store, "sweep", sweep)
    assert main(["compact", str(folder)]) == 2
    err = capsys.readouterr().err
    assert "Read-only file system" in err and err.count("\n") == 1
    pd.testing.assert_frame_equal(base.whole(folder), rows)


# --- the collected table -----------------------------------------------------------------------------------------------


def test_texts_that_a_spreadsheet_would_calculate_are_escaped_in_csv_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    causes = ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(A1)", "\tx", "plain", "'kept"]
    seeds = [plan.seed_of(1, k) for k in range(len(causes))]

    def run(task: work.Task, row: plan.Row, start: float, limit: float, found: list[str]) -> tuple[dict[str, object], dict[str, object]]:
        found[0] = "made-up"
        return {"=1+1": [-5.0], "+own": [2.0]}, {}

    outcome = work.run_row

    def with_cause(task: work.Task, row: plan.Row) -> work.Outcome:
        from dataclasses import replace

        return replace(outcome(task, row), cause=causes[seeds.index(row.seed)])

    monkeypatch.setattr(work, "_run", run)
    monkeypatch.setattr(work, "run_row", with_cause)
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {}\n", encoding="utf-8")
    folder = base.made(
        tmp_path / "s",
        replicates=len(causes),
        record="summaries",
        outputs=[],
        summaries={"=1+1": {"output": OUT}},
        measure="own.py:numbers",
    )
    assert drive(folder, base.MadeUpEngine()).exit_code == 0
    for name in ("t.csv", "t.parquet"):
        assert main(["collect", str(folder), "-o", str(tmp_path / name)]) == 0
    whole, read = pd.read_parquet(tmp_path / "t.parquet"), pd.read_csv(tmp_path / "t.csv", keep_default_na=False)
    assert {"=1+1", "+own"} <= set(whole.columns) and whole["cause"].tolist() == causes
    assert {"'=1+1", "'+own"} <= set(read.columns) and not {"=1+1", "+own"} & set(read.columns)
    assert read["cause"].tolist() == ["'" + c for c in causes[:5]] + causes[5:]
    assert read["'=1+1"].tolist() == [-5.0] * len(causes), "numbers are not touched"
    undone = read.rename(columns=lambda n: n.removeprefix("'"))  # as docs/studies.md says
    undone["cause"] = undone["cause"].str.replace(r"^'([=+\-@\t\r])", r"\1", regex=True)
    assert undone["cause"].tolist() == causes and list(undone.columns) == list(whole.columns)


def test_a_table_that_cannot_be_is_refused_before_anything_is_read(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    drive(folder, base.MadeUpEngine())
    (part,) = store.parts(folder)[:1]
    before = {p: p.read_bytes() for p in folder.rglob("*.parquet")}
    monkeypatch.setattr(store, "stored_rows", lambda *a, **k: pytest.fail("read before the refusal"))
    for name, word in (
        (str(tmp_path / ("x" * 300 + ".csv")), "name too long"), (str(tmp_path), "is a folder"), (str(tmp_path / "t.txt"), "write a .parquet or .csv"),
        (str(folder / "plan.parquet"), "part of the study itself"), (str(folder / "plan-7.parquet"), "part of the study itself"),
        (str(part), "part of the study itself"), (str(folder / "results" / "t.csv"), "part of the study itself"),
    ):  # fmt: skip
        assert main(["collect", str(folder), "-o", name]) == 2
        err = capsys.readouterr().err
        assert (word in err or word.capitalize() in err) and err.count("\n") == 1 and len(err) < 300, err
    assert {p: p.read_bytes() for p in folder.rglob("*.parquet")} == before


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_only_a_table_of_the_same_study_is_replaced(
    suffix: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = base.made(tmp_path / "s", replicates=2), tmp_path / f"out.{suffix}"
    other = base.made(tmp_path / "other", replicates=2, seed=99)
    for study in (folder, other):
        drive(study, base.MadeUpEngine())

    def said(study: Path, *more: str) -> str:
        code = main(["collect", str(study), "-o", str(out), *more])
        err = capsys.readouterr().err
        assert (code, err.count("\n")) == ((2, 1) if err else (0, 0)), err
        return err

    assert said(folder) == ""
    first = out.read_bytes()
    extend(folder, 3)
    drive(folder, base.MadeUpEngine())
    assert said(folder) == "" and out.read_bytes() != first, "an older table of the same study is replaced"
    whole, table = out.read_bytes(), collect(folder)
    assert "--overwrite" in said(other) and out.read_bytes() == whole, "another study's table"
    for mine in (table.assign(my_own=1.0), table.rename(columns={"seed": "my seed"}), table.drop(columns="status")):
        (mine.to_csv if suffix == "csv" else mine.to_parquet)(out, index=False)
        edited = out.read_bytes()
        assert "--overwrite" in said(folder) and out.read_bytes() == edited, "a table that somebody changed"
    out.unlink()
    for content in (b"", b"run_id\n", b"my notes", whole[:-30] if suffix == "parquet" else b"run_id,status\n1"):
        out.write_bytes(content)
        with monkeypatch.context() as patched:
            patched.setattr(store, "stored_rows", lambda *a, **k: pytest.fail("read before the refusal"))
            assert "--overwrite" in said(folder) and out.read_bytes() == content
    out.unlink()
    out.symlink_to(tmp_path / "nowhere")
    assert "--overwrite" in said(folder) and out.is_symlink()
    assert said(folder, "--overwrite") == "" and not out.is_symlink() and out.read_bytes() == whole
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    out = tmp_path / f"pipe.{suffix}"
    assert "--overwrite" in said(folder)


def test_compact_makes_nothing_in_a_folder_that_is_no_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results").mkdir()
    assert main(["compact", str(tmp_path)]) == 2 and "is no study folder" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["results"]


def test_a_pipe_among_the_parts_is_set_aside_and_not_waited_for(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    drive(folder, base.MadeUpEngine())
    pipe = folder / "results" / ("part-" + "0" * 24 + ".parquet")
    os.mkfifo(pipe)
    (folder / "results" / ("part-" + "1" * 24 + ".parquet")).mkdir()
    for command in (["status", str(folder)], ["collect", str(folder), "-o", str(tmp_path / "t.csv")], ["compact", str(folder)]):
        assert main(command) == 0, capsys.readouterr().err
        assert pipe.exists()
    assert "not an ordinary file" in capsys.readouterr().out
    report = drive(folder, base.MadeUpEngine())
    assert report.set_aside == 2 and not pipe.exists() and len(list((folder / "results" / "damaged").iterdir())) == 2


def test_a_name_as_long_as_a_name_may_be_is_written(quick: None, tmp_path: Path) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    drive(folder, base.MadeUpEngine())
    for name in ("x" * 251 + ".csv", "é" * 125 + ".csv"):
        assert write_collected(folder, tmp_path / name)[0] == 4
    assert not list(tmp_path.glob(".*.draft"))


def test_drafts_of_a_killed_collect_are_swept_by_the_next(quick: None, tmp_path: Path) -> None:
    folder, here = base.made(tmp_path / "s", replicates=2), socket.gethostname()
    drive(folder, base.MadeUpEngine())
    gone = subprocess.Popen(["true"])
    gone.wait()
    names = {
        f".out.csv.{here}-{gone.pid}-1.draft": False, f".out.csv.{here}-{os.getpid()}-1.draft": True, f".other.csv.{here}-{gone.pid}-1.draft": True,
        f".out.csv.elsewhere-{gone.pid}-1.draft": True, ".out.csv.my-own-2.draft": True, "out.csv.draft": True,
    }  # fmt: skip
    for name in names:
        (tmp_path / name).write_bytes(b"half a table")
    write_collected(folder, tmp_path / "out.csv")
    assert {n: (tmp_path / n).exists() for n in names} == names
    write_file(tmp_path / "other.csv", b"x")
    assert not (tmp_path / f".other.csv.{here}-{gone.pid}-1.draft").exists()
    assert sweep_beside(tmp_path / "no-such" / "out.csv") == 0


def test_what_a_killed_collect_leaves_is_known_as_its_own(quick: None, tmp_path: Path) -> None:
    """Killed for good in the middle of writing; the next one leaves no draft."""
    import sys

    folder = base.made(tmp_path / "s", replicates=2)
    drive(folder, base.MadeUpEngine())
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nimport experiments.studies.collect as c\nreal = c.collected\n"
        "def dies(*a, **k):\n    yield from real(*a, **k)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "c.collected = dies\nc.write_collected(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "out.csv")], check=False, cwd=Path(__file__).parents[2]
    )
    assert killed.returncode == -9 and len(list(tmp_path.glob(".out.csv.*.draft"))) == 1 and not (tmp_path / "out.csv").exists()
    write_collected(folder, tmp_path / "out.csv")
    assert not list(tmp_path.glob(".*.draft")) and (tmp_path / "out.csv").exists()


def test_control_characters_of_a_cause_do_not_reach_the_terminal(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s", replicates=1)

    def run(*a: object) -> None:
        raise EngineLost("\x1b[2J\x1b]0;owned\x07 gone")

    monkeypatch.setattr(work, "_run", run)
    assert drive(folder, base.MadeUpEngine()).exit_code == 3
    assert main(["status", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "gone" in said and "\x1b" not in said and "\x07" not in said


def test_every_csv_file_has_texts_that_no_spreadsheet_takes_for_a_formula() -> None:
    table = pd.DataFrame({"=a": ["=1+1", "b", "-c"], "n": [-1.5, 2.0, 3.0], "k": [1, -2, 3], "may": [None, "@d", 4]}, index=[7, 8, 9])
    kept = table.copy()
    assert csv_of(table) == "'=a,n,k,may\n'=1+1,-1.5,1,\nb,2.0,-2,'@d\n'-c,3.0,3,4\n"
    pd.testing.assert_frame_equal(table, kept)
    assert csv_of(table[["n", "k"]]) == "n,k\n-1.5,1\n2.0,-2\n3.0,3\n"
    assert csv_of(table.astype({"=a": "string"})).startswith("'=a,n,k,may\n'=1+1")
