"""Adding replicates: all that was asked is looked at first, then the study is held, then the plan is changed."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.main import main
from experiments.execution import batch
from experiments.execution.drive import drive
from experiments.studies import plan, plan_files, store
from experiments.studies.collect import collect, status
from experiments.studies.study import StudyError
from tests.experiments import small_studies as base

OUT = base.OUTPUT


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a study but those that say who drives."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".driver" not in p.parts}


#: What is typed, and what the refusal says.
REFUSED: dict[str, tuple[list[str], str]] = {
    "more runs than a plan holds": (["--replicates", "50000001"], "a plan holds at most 50,000,000"),
    "more than ever": (["--replicates", "9" * 30], "--replicates is 9999"),
    "no replicates": (["--replicates", "0"], "--replicates is 0"),
    "replicates as text": (["--replicates", "many"], "--replicates takes a whole number"),
    "most as text": (["--precision", f"{OUT}=20", "--most", "many"], "--most takes a whole number"),
    "too few at most": (["--precision", f"{OUT}=20", "--most", "1"], "--most is 1"),
    "too many at most": (["--precision", f"{OUT}=20", "--most", "50000001"], "a plan holds at most 50,000,000: give --most 50,000,000 or less"),
    "no width": (["--precision", f"{OUT}=0"], "a number above 0"),
    "a width below 0": (["--precision", f"{OUT}=-2"], "a number above 0"),
    "a width without end": (["--precision", f"{OUT}=inf"], "takes a number above 0, found 'inf'"),
    "a width that is none": (["--precision", f"{OUT}=nan"], "takes a number above 0, found 'nan'"),
    "a width as text": (["--precision", f"{OUT}=narrow"], "takes a number above 0, found 'narrow'"),
    "no target": (["--precision", "=3"], "--precision takes TARGET=H"),
    "an unknown target": (["--precision", f"{OUT}x=1"], f"did you mean {OUT}"),
    "an unknown side": (["--precision", f"{OUT}:sg=1"], "the side 'sg' is neither id nor my"),
    "both, the second wrong": (["--replicates", "20", "--precision", f"{OUT}=inf"], "takes a number above 0, found 'inf'"),
    "both, the third wrong": (["--replicates", "20", "--precision", f"{OUT}=20", "--most", "0"], "--most is 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("state", ["planned only", "half done"])
def test_a_refused_extension_has_changed_nothing_and_run_nothing(
    state: str, case: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, said = REFUSED[case]
    folder = base.made(tmp_path / "s", replicates=6)
    if state == "half done":
        with pytest.raises(KeyboardInterrupt):
            drive(folder, base.MadeUpEngine(base.stop_after(2, KeyboardInterrupt())), most_runs=1)
    before = content(folder)
    base.use(monkeypatch, lambda: pytest.fail("a run before the refusal"))
    assert main(["extend", str(folder), *words]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and len(err) < 400, err
    assert content(folder) == before


def test_a_driver_at_work_is_not_extended_under(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    before = content(folder)
    with store.only_driver(folder):
        for words in (["extend", str(folder), "--replicates", "9"], ["extend", str(folder), "--precision", f"{OUT}=1"]):
            assert main(words) == 2
            err = capsys.readouterr().err
            assert "another driver is at work" in err and err.count("\n") == 1
            assert {k: v for k, v in content(folder).items() if k != "driver.json"} == before


def test_a_change_of_the_model_that_is_allowed_is_written_by_the_driver_only(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    monkeypatch.setattr(plan, "model_version", lambda: "another model")
    monkeypatch.setattr("experiments.studies.drift.model_version", lambda: "another model")
    before = content(folder)
    with store.only_driver(folder):
        assert main(["batch", str(folder), "--allow-drift", "--quiet"]) == 2
    assert "another driver is at work" in capsys.readouterr().err and content(folder) == before


def extend(folder: Path, replicates: int, ready: Any, out: Any) -> None:
    """In a process of its own: the command, with runs that take no time."""
    from experiments.execution import work

    def run(task: Any, row: Any, *rest: Any) -> Any:
        rest[-1][0] = "made-up"
        return {"year": [1980, 1980], "side": ["id", "my"], **{n: [1.0, 2.0] for n in task.study.yearly_outputs()}}, {}

    work._run = run  # type: ignore[assignment]
    batch.local_engine = lambda folder, workers=None: base.MadeUpEngine()  # type: ignore[assignment]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    ready.wait()
    out.put((replicates, main(["extend", str(folder), "--replicates", str(replicates), "--quiet"])))


def test_of_two_that_extend_at_once_one_does(quick: None, tmp_path: Path) -> None:
    """Whoever comes later either is refused, or finds what the first made and goes on from there: plan, manifest and rows fit each time."""
    forked: Any = multiprocessing.get_context("spawn")
    folder = base.made(tmp_path / "s", replicates=2)
    assert drive(folder, base.MadeUpEngine()).exit_code == 0
    codes: list[set[int]] = []
    for k in range(3):
        ready, out = forked.Barrier(2), forked.Queue()
        both = [forked.Process(target=extend, args=(folder, n, ready, out)) for n in (20 * (k + 1), 20 * (k + 1) + 5)]
        for process in both:
            process.start()
        said = dict(out.get(timeout=300) for _ in both)
        for process in both:
            process.join()
        assert set(said.values()) <= {0, 2} and 0 in said.values()
        codes.append(set(said.values()))
        most = max(n for n, code in said.items() if code == 0)
        manifest = plan_files.read_study_manifest(folder)
        ids = plan_files.plan_ids(folder)
        assert manifest["study"]["replicates"] == manifest["runs"] == len(ids) == len(set(ids.tolist())) == most
        now = status(folder)
        assert (now.missing, now.outside, now.counts["ok"]) == (0, 0, most)
        assert sorted(base.whole(folder)["replicate"].unique()) == list(range(most))
    print(codes)


def test_a_study_held_by_one_that_extends_is_held_until_its_runs_are_done(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = base.made(tmp_path / "s", replicates=2), list[int]()

    def second(ids: list[str]) -> None:
        if len(seen) < 3:
            seen.append(main(["extend", str(folder), "--replicates", "9", "--quiet"]))

    base.use(monkeypatch, lambda: base.MadeUpEngine(second))
    assert main(["extend", str(folder), "--replicates", "5", "--precision", f"{OUT}=30", "--quiet"]) in (0, 3)
    assert (seen == [2, 2, 2] and "plan-3.parquet" not in content(folder)) or collect(folder)["replicate"].nunique() >= 5
    base.whole(folder)


def test_an_extension_that_died_between_plan_and_manifest_is_settled(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    with monkeypatch.context() as patch:
        patch.setattr(plan, "write_json", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            plan.extend(folder, 5)
    assert plan_files.read_study_manifest(folder)["study"]["replicates"] == 2 and len(plan_files.plan_ids(folder)) == 5
    assert drive(folder, base.MadeUpEngine()).exit_code == 0
    manifest = plan_files.read_study_manifest(folder)
    assert manifest["study"]["replicates"] == manifest["runs"] == 5
    assert plan.extend(folder, 6) == 1


def test_drafts_of_plans_that_dead_processes_left_are_swept_and_no_others(quick: None, tmp_path: Path) -> None:
    import socket

    folder = base.made(tmp_path / "s", replicates=2)
    gone = f".plan-2.parquet.{socket.gethostname()}-{2**22 + 3}-1.draft"
    names = {gone: False, f".plan-2.parquet.{socket.gethostname()}-{os.getpid()}-1.draft": True, ".plan-of-my-thesis": True}
    for name in names:
        (folder / name).write_bytes(b"half a plan")
    assert plan.extend(folder, 3) == 1
    assert {n: (folder / n).exists() for n in names} == names


def test_from_python_the_same_is_refused(quick: None, tmp_path: Path) -> None:
    folder = base.made(tmp_path / "s", replicates=2)
    before = content(folder)
    for wanted in ({OUT: float("inf")}, {OUT: 0.0}, {f"{OUT}x": 1.0}):
        with pytest.raises((StudyError, ValueError)):
            batch.extend_to(folder, wanted, lambda: pytest.fail("a run before the refusal"))
    with store.only_driver(folder), pytest.raises(store.StoreError, match="another driver"):
        batch.extend_to(folder, {OUT: 1.0}, lambda: pytest.fail("a run under another driver"))
    assert {k: v for k, v in content(folder).items() if k != "driver.json"} == before
    assert json.loads((folder / "manifest.json").read_text())["study"]["replicates"] == 2
