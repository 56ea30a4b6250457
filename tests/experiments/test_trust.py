"""A Python file that a study names runs only when somebody agreed, and no file of the current folder is taken for a module."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import py_compile
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from abm import Region
from experiments.cli.main import main
from experiments.execution import batch, work
from experiments.execution.drive import drive
from experiments.execution.engine import ThreadsEngine
from experiments.execution.rerun import rerun_of_study
from experiments.studies import plan, plan_files, store, trust
from experiments.studies.collect import collect
from experiments.studies.measure import names_in
from experiments.studies.study import StudyError
from experiments.studies.study_file import load_study
from experiments.studies.trust import TrustError

type Captured = pytest.CaptureFixture[str]

#: Says that it was run, and measures a number.
OWN = 'from pathlib import Path\n(Path(__file__).parent / "it-ran").touch()\n\n\ndef number(model):\n    return {"n": 1.0}\n'
STUDY = 'measure = "own.py:number"\nhouseholds = 60\nend = "1980-01"\nreplicates = 2\n'
LINTAS = Path(sys.executable).with_name("lintas")


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(1))
    monkeypatch.setattr(batch, "LocalEngine", ThreadsEngine)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A study file with a measure, and the study planned from it, as they may come from elsewhere."""
    (tmp_path / "own.py").write_text(OWN, "utf-8")
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    assert main(["plan", str(tmp_path / "study.toml"), "-o", str(tmp_path / "s")]) == 0
    return tmp_path


def ran(place: Path) -> bool:
    return (place / "it-ran").exists()


def commands(place: Path) -> list[list[str]]:
    """Every command that runs a measure."""
    run_id = plan.Row.read(next(iter(plan_files.plan_batches(place / "s"))).slice(0, 1).to_pylist()[0]).run_id
    s = str(place / "s")
    return [
        ["batch", s, "--quiet"], ["batch", str(place / "study.toml"), "-o", str(place / "new"), "--quiet"], ["estimate", s, "--quiet"],
        ["retry", s, "--status", "failed", "--quiet"], ["extend", s, "--replicates", "3", "--quiet"], ["rerun", "--study", s, "--run-id", run_id],
    ]  # fmt: skip


def test_planning_does_not_run_the_file(place: Path) -> None:
    assert not ran(place)


def test_no_command_runs_a_file_that_nobody_agreed_to(place: Path, capsys: Captured) -> None:
    capsys.readouterr()
    before = json.loads((place / "s" / "manifest.json").read_text("utf-8"))
    for command in commands(place):
        assert main(command) == 2, command
        said = capsys.readouterr().err
        assert str(place / "own.py") in said and "--trust" in said and "from pathlib import Path" in said and said.count("\n") == 1
    assert not ran(place) and not (place / "new").exists() and store.parts(place / "s") == []
    assert json.loads((place / "s" / "manifest.json").read_text("utf-8")) == before, "nothing was added to the plan"
    assert not trust.answers().exists()


def test_what_runs_nothing_asks_nothing(place: Path, capsys: Captured) -> None:
    for command in (
        ["status", str(place / "s")],
        ["batch", str(place / "s"), "--dry-run"],
        ["batch", str(place / "study.toml"), "--dry-run"],
    ):
        assert main(command) == 0, capsys.readouterr().err
    assert not ran(place)


@pytest.mark.parametrize("number", range(6))
def test_each_command_takes_the_agreement_and_it_is_remembered(number: int, place: Path, capsys: Captured) -> None:
    command = commands(place)[number]
    assert main([*command, "--trust"]) == 0, capsys.readouterr().err
    assert ran(place)
    trust._HERE.clear()  # as in another process
    for other in commands(place):
        assert main(other) == 0, (other, capsys.readouterr().err)
    assert json.loads(trust.answers().read_text("utf-8")).keys() == {f"{place / 'own.py'}:number"}
    (place / "own.py").write_text(OWN + "# changed\n", "utf-8")
    (place / "it-ran").unlink()
    trust._HERE.clear()
    for other in commands(place):
        assert main(other) == 2, other
    assert not ran(place)
    assert main(["batch", str(place / "s"), "--allow-drift"]) == 2 and "--trust" in capsys.readouterr().err.splitlines()[-1]


def test_another_function_or_another_file_is_another_question(place: Path) -> None:
    own = f"{place / 'own.py'}:number"
    trust.remember(own, for_good=True)
    trust._HERE.clear()
    assert trust.is_trusted(own) and not trust.is_trusted(f"{place / 'own.py'}:other")
    shutil.copy(place / "own.py", place / "copy.py")
    assert not trust.is_trusted(f"{place / 'copy.py'}:number")
    trust.remember(f"{place / 'copy.py'}:number", for_good=True)
    trust._HERE.clear()
    assert trust.is_trusted(own) and trust.is_trusted(f"{place / 'copy.py'}:number")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 3}', b"[" * 100_000, b"\xff"])
def test_a_damaged_file_of_answers_is_no_answer(content: bytes, place: Path) -> None:
    trust.answers().write_bytes(content)
    own = f"{place / 'own.py'}:number"
    assert not trust.is_trusted(own)
    trust.remember(own, for_good=True)
    trust._HERE.clear()
    assert trust.is_trusted(own)


def test_a_file_that_changes_while_a_study_runs_is_not_run(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """A worker that starts later reads the file anew: it must be the one that was agreed to."""
    trust.remember(f"{place / 'own.py'}:number", for_good=True)
    real = trust.check

    def change_afterwards(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        (place / "own.py").write_text(OWN.replace("it-ran", "other-ran"), "utf-8")

    monkeypatch.setattr(trust, "check", change_afterwards)
    work._task.cache_clear()
    assert main(["batch", str(place / "s"), "--quiet"]) != 0
    assert "changed while the study ran" in capsys.readouterr().err
    assert not ran(place) and not (place / "other-ran").exists() and store.parts(place / "s") == []


def test_a_changed_file_that_was_allowed_is_run(place: Path, capsys: Captured) -> None:
    for number in (2.0, 3.0):  # twice: the sentence about the change is the same, the file is not
        (place / "own.py").write_text(OWN.replace("1.0", str(number)), "utf-8")
        work._task.cache_clear()
        assert main(["batch", str(place / "s"), "--quiet", "--trust"]) == 2 and "--allow-drift" in capsys.readouterr().err
        for part in store.parts(place / "s"):
            part.unlink()
        assert main(["batch", str(place / "s"), "--quiet", "--trust", "--allow-drift"]) == 0, capsys.readouterr().err
        assert (collect(place / "s")["n"] == number).all()


def test_data_of_a_region_that_change_while_a_study_runs_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    region = tmp_path / "region"
    shutil.copytree(Region.load().folder, region)
    (tmp_path / "study.toml").write_text(f'regions = ["{region}"]\nhouseholds = 60\nend = "1980-01"\nreplicates = 2\n', "utf-8")
    assert main(["plan", str(tmp_path / "study.toml"), "-o", str(tmp_path / "s")]) == 0
    real = trust.check

    def change_afterwards(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        table = region / "monthly.csv"
        table.write_text(table.read_text("utf-8").replace("626.98", "1500", 1), "utf-8")

    with monkeypatch.context() as patched:
        patched.setattr(trust, "check", change_afterwards)
        work._task.cache_clear()
        before = (region / "monthly.csv").read_bytes()
        assert main(["batch", str(tmp_path / "s"), "--quiet"]) != 0
        assert (region / "monthly.csv").read_bytes() != before
    assert "changed while the study ran" in capsys.readouterr().err and store.parts(tmp_path / "s") == []
    assert main(["batch", str(tmp_path / "s"), "--quiet", "--allow-drift"]) == 0, capsys.readouterr().err


def test_a_compiled_file_beside_the_measure_is_not_run_and_none_is_written(place: Path) -> None:
    own = place / "own.py"
    cached = Path(importlib.util.cache_from_source(str(own)))
    agreed, other = OWN, OWN.replace("1.0", "2.0")
    assert len(agreed) == len(other)
    own.write_text(other, "utf-8")
    os.utime(own, (1e9, 1e9))
    py_compile.compile(str(own), doraise=True)
    compiled = cached.read_bytes()
    own.write_text(agreed, "utf-8")
    os.utime(own, (1e9, 1e9))  # Python itself would take the compiled file for that of this text
    assert main(["plan", str(place / "study.toml"), "-o", str(place / "t")]) == 0
    assert main(["batch", str(place / "t"), "--quiet", "--trust"]) == 0 and ran(place)
    assert (collect(place / "t")["n"] == 1.0).all()
    assert cached.read_bytes() == compiled
    cached.unlink()
    shutil.rmtree(place / "t")
    assert main(["plan", str(place / "study.toml"), "-o", str(place / "t")]) == 0
    assert main(["batch", str(place / "t"), "--quiet", "--trust"]) == 0 and not cached.exists()


def test_a_home_that_cannot_be_written_holds_nothing_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setattr(trust, "answers", lambda: place / "file" / "below" / "trusted.json")
    assert main(["batch", str(place / "s"), "--quiet", "--trust"]) == 0 and ran(place)


def test_a_measure_that_has_gone_is_one_sentence(place: Path, capsys: Captured) -> None:
    (place / "own.py").unlink()
    for command in commands(place):
        assert main([*command, "--trust"]) == 2, command
        assert "own.py" in capsys.readouterr().err
    os.mkfifo(place / "own.py")
    for command in commands(place):
        assert main(command) == 2, command


def test_from_python_a_study_that_is_handed_over_is_trusted_and_a_folder_is_not(place: Path) -> None:
    with pytest.raises(TrustError, match="trust=True"):
        drive(place / "s", ThreadsEngine(1))
    row = plan.Row.read(next(iter(plan_files.plan_batches(place / "s"))).slice(0, 1).to_pylist()[0])
    with pytest.raises(TrustError, match="trust=True"):
        rerun_of_study(place / "s", row.run_id)
    with pytest.raises(TrustError, match="trust=True"):
        batch.estimate(place / "s", workers=1, pilot=1)
    assert not ran(place)
    study = load_study(place / "study.toml")
    plan.make(study, place / "not", trust=False)
    with pytest.raises(TrustError):
        drive(place / "not", ThreadsEngine(1))
    table = batch.run_scenarios(study, executor=ThreadsEngine(1))
    assert (table["n"] == 1.0).all() and ran(place)
    assert not trust.answers().exists(), "what Python code agrees to holds in its process"
    trust._HERE.clear()
    assert drive(place / "s", ThreadsEngine(1), trust=True).counts["ok"] == 2
    trust._HERE.clear()
    plan.make(study, place / "mine")
    assert drive(place / "mine", ThreadsEngine(1)).counts["ok"] == 2


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("ya\n", 0), ("n\n", 2), ("\n", 2), ("maybe\n", 2)])
def test_on_a_terminal_it_is_asked(answer: str, code: int, place: Path) -> None:
    mine, theirs = pty.openpty()
    out = {**os.environ, "XDG_DATA_HOME": str(place / "data")}
    process = subprocess.Popen(
        [LINTAS, "batch", place / "s", "--quiet", "--lang", "ms"], stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, env=out
    )
    os.close(theirs)
    said, ended = b"", threading.Timer(300.0, process.kill)
    ended.start()
    try:
        while b"[y/N]" not in said:
            said += os.read(mine, 4096)
        os.write(mine, answer.encode())
        assert process.wait() == code
    finally:
        ended.cancel()
        process.kill()
        process.wait()
        os.close(mine)
    assert str(place / "own.py").encode() in said.replace(b"\r\n", b"")
    assert ran(place) == (code == 0)
    assert (place / "data" / "lintas" / "trusted.json").exists() == (code == 0)


# --- whether the function is there ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(m): ...", ["f"]),
        ("async def f(m): ...\nclass G: ...", ["f", "G"]),
        ("f = lambda m: {}\ng: int = 3\n(h, [i]) = 1, [2]", ["f", "g", "h", "i"]),
        ("from a import b as f, c\nimport d.e", ["f", "c", "d"]),
        ("if True:\n    def f(m): ...\nelse:\n    def g(m): ...", ["f", "g"]),
        ("try:\n    import f\nexcept ImportError:\n    f2 = None\nfinally:\n    f3 = 1", ["f", "f2", "f3"]),
        ("match 1:\n    case 1:\n        def f(m): ...", ["f"]),
        ("for f in (1,):\n    g = 1\nwith open('x') as h:\n    def k():\n        local = 1", ["f", "g", "h", "k"]),
        ("def outer():\n    def f(m): ...", ["outer"]),
        ("from a import *", None),
        ("def __getattr__(name): ...", None),
        ("", []),
    ],
)
def test_names_are_read_without_running_the_file(text: str, names: list[str] | None, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(text + "\n", "utf-8")
    found = names_in(tmp_path / "m.py")
    assert (None if found is None else sorted(found)) == (None if names is None else sorted(names))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"def numbers(m): ...\n", "has no function 'number'; did you mean numbers?"),
        (b"", "has no function 'number'"),
        (b"def f(:\n", "is no Python, line 1"),
        (b"x = 1\n\n  y = (\n", "is no Python, line 3"),
        (b"\0", "is no Python"),
        (b"x = '\xff'", "is no Python"),
        (b"x = " + b"(" * 100_000, "is no Python"),
        (b"x = " + b"-" * 100_000 + b"1", "measure"),
        (b"x = " + b"a." * 50_000 + b"a", "measure"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_a_function_that_is_not_there_is_told_when_the_study_is_planned(
    content: bytes, words: str, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "own.py").write_bytes(content)
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    for command in (["plan", str(tmp_path / "study.toml"), "-o", str(tmp_path / "s")], ["batch", str(tmp_path / "study.toml"), "--trust"]):
        assert main(command) == 2
        said = capsys.readouterr().err
        assert said.startswith("lintas: study.toml: measure") and words in said and len(said) < 500, said
    with pytest.raises(StudyError):
        load_study(tmp_path / "study.toml")


# --- the current folder ----------------------------------------------------------------------------------------------------------

#: Files that a child's Python would take for its own, were the current folder on its path: ours, the library's, and others'.
NAMES = (
    "experiments",
    "abm",
    "agents",
    "json",
    "pickle",
    "socket",
    "struct",
    "signal",
    "random",
    "pandas",
    "numpy",
    "distributed",
    "dask",
    "tempfile",
)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder with files that write down that they were run."""
    folder = tmp_path / "trap"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'a').write('{name}\\n')\nraise ImportError\n", "utf-8")
    return folder


def sprung(trap: Path) -> str:
    file = trap.parent / "sprung"
    return file.read_text("utf-8") if file.exists() else ""


def lintas(trap: Path, *words: str) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")} | {"XDG_DATA_HOME": str(trap.parent / "data")}
    return subprocess.run([LINTAS, *words], cwd=trap, env=own, capture_output=True, text=True, timeout=600, check=False)


def test_a_run_takes_nothing_from_the_current_folder(trap: Path) -> None:
    done = lintas(trap, "run", "-n", "60", "--end", "1980-06", "--quiet")
    assert done.returncode == 0, done.stderr
    assert sprung(trap) == ""


def test_workers_take_nothing_from_the_current_folder(trap: Path) -> None:
    (trap / "study.toml").write_text('households = 60\nend = "1980-01"\nreplicates = 2\n', "utf-8")
    done = lintas(trap, "batch", "study.toml", "-o", "s", "--workers", "1", "--quiet")
    assert done.returncode == 0, done.stderr
    assert sprung(trap) == ""


def test_a_row_that_died_is_repeated_with_nothing_from_the_current_folder(trap: Path) -> None:
    (trap / "own.py").write_text("import os\n\n\ndef number(model):\n    os.kill(os.getpid(), 9)\n", "utf-8")
    (trap / "study.toml").write_text(STUDY, "utf-8")
    plan.make(load_study(trap / "study.toml"), trap / "s")
    row = plan.Row.read(next(iter(plan_files.plan_batches(trap / "s"))).slice(0, 1).to_pylist()[0])
    work.killed(trap / "s", row, 0, "once")
    done = lintas(trap, "rerun", "--study", "s", "--run-id", row.run_id, "--trust")
    assert done.returncode == 0 and "ends as it did: killed (its process died of signal 9)" in done.stdout, done.stdout + done.stderr
    assert sprung(trap) == ""
