"""Results of another run are never written over without ``--overwrite``; the same run may be written again."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from abm import Scenario
from experiments.cli.main import main
from experiments.files import files_in, whole_folder
from experiments.runs.folder import default_folder
from tests.experiments.test_posterior import make

SHORT = ["-n", "60", "--end", "1980-02", "-q"]
type Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # drawing figures is no part of this
    monkeypatch.setattr("experiments.reports.report.report", lambda *_, **__: "<html></html>")


def content(folder: str | Path) -> dict[str, str]:
    """Hashes of all that a folder holds."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(Path(folder).iterdir()) if p.is_file()}


def refused(capsys: Captured, *arguments: str) -> str:
    """The one sentence of a refusal."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "--out" in err and "--overwrite" in err
    return err


def test_runs_that_differ_have_folders_of_their_own(capsys: Captured) -> None:
    """What the README's first commands do, with a small world."""
    first = ["run", *SHORT]
    others = [
        [*first, "--seed", "8"], [*first, "--without", "kinship"], [*first, "--set", "household.seek_care.weight_quality=2.5"],
        [*first, "--set", "household.seek_care.weight_quality=2.6"], [*first, "--declared"], ["run", "-n", "70", "--end", "1980-02", "-q"],
        ["run", "-n", "60", "--end", "1980-03", "-q"], [*first, "--scenario", "no-puskesmas"],
    ]  # fmt: skip
    Path("history.toml").write_text('title = "Mine"\n[switches]\nbribery = false\n', "utf-8")
    others.append([*first, "--scenario", "history.toml"])
    places = []
    for line in (first, *others):
        assert main(line) == 0
        places.append(capsys.readouterr().out.strip())
    assert len(set(places)) == len(places), places
    before = content(places[0])
    for line, place in zip((first, *others), places, strict=True):
        assert main(line) == 0, "the same run finds its folder again"
        assert capsys.readouterr().out.strip() == place
    assert {k: v for k, v in content(places[0]).items() if k != "manifest.json"} == {
        k: v for k, v in before.items() if k != "manifest.json"
    }


def test_names_say_what_differs() -> None:
    assert default_folder(Scenario.load(), 7) == Path("results/history-7")
    assert default_folder(Scenario.load(without=["kinship"], end="1990-12"), 7, households=500, declared=True) == Path(
        "results/history-7-without-kinship-to-1990-12-500-households-declared"
    )
    assert len(default_folder(Scenario.load(without=list(Scenario.load().switches) or ["kinship", "bribery", "crisis"]), 7).name) <= 120


def test_another_run_is_left_alone(capsys: Captured) -> None:
    line = ["run", *SHORT, "--out", "mine"]
    assert main(line) == 0
    before = content("mine")
    for other in (["--seed", "8"], ["--without", "kinship"], ["--declared"], ["--set", "household.seek_care.weight_quality=2.5"]):
        said = refused(capsys, *line, *other)
        assert "'mine' holds another run (scenario history, seed 7, households 60" in said
        assert content("mine") == before
    assert main([*line, "--seed", "8", "--overwrite"]) == 0
    assert json.loads(Path("mine/manifest.json").read_text("utf-8"))["seed"] == 8
    assert "another run" in refused(capsys, *line)


def test_results_of_another_model_are_another_run(capsys: Captured) -> None:
    line = ["run", *SHORT, "--out", "mine"]
    assert main(line) == 0
    file = Path("mine/manifest.json")
    said = json.loads(file.read_text("utf-8"))
    for wrong in (said | {"model_version": "0.0.1+abc"}, {k: v for k, v in said.items() if k != "model_version"}, {"kind": said["kind"]}):
        file.write_text(json.dumps(wrong), "utf-8")
        refused(capsys, *line)
    file.write_text(json.dumps(said | {"created": "long ago", "platform": "another"}), "utf-8")
    assert main(line) == 0


def test_a_repeat_does_not_write_over_another_run(capsys: Captured) -> None:
    assert main(["run", *SHORT, "--out", "one"]) == 0 and main(["run", *SHORT, "--seed", "8", "--out", "two"]) == 0
    before = content("two")
    refused(capsys, "rerun", "one", "-q", "--out", "two")
    assert content("two") == before
    assert main(["rerun", "one", "-q", "--out", "three"]) == 0 and main(["rerun", "one", "-q", "--out", "three"]) == 0
    assert main(["rerun", "one", "-q", "--out", "two", "--overwrite"]) == 0
    assert json.loads(Path("two/manifest.json").read_text("utf-8"))["seed"] == 7


def test_runs_over_draws(tmp_path: Path, capsys: Captured) -> None:
    found = str(make(tmp_path))
    line = ["run", "--posterior-from", found, "--draws", "2", *SHORT]
    assert main([*line, "--out", "mine"]) == 0 and main([*line, "--out", "mine"]) == 0
    refused(capsys, *line, "--seed", "9", "--out", "mine")
    assert main([*line, "--seed", "9", "--out", "mine", "--overwrite"]) == 0
    places = set()
    for more in ([], ["--seed", "9"], ["--without", "kinship"]):
        capsys.readouterr()
        assert main([*line, *more]) == 0
        places.add(capsys.readouterr().out.strip())
    assert len(places) == 3


def test_comparisons(capsys: Captured) -> None:
    line = ["compare", "history", "no-puskesmas", "--replicates", "1", *SHORT]
    assert main([*line, "--out", "mine"]) == 0 and main([*line, "--out", "mine"]) == 0
    before = content("mine")
    assert "holds another comparison" in refused(capsys, *line, "--seed", "2", "--out", "mine")
    assert "holds another comparison" in refused(capsys, *line, "--output", "visits_across", "--out", "mine")
    assert content("mine") == before
    assert main([*line, "--seed", "2", "--out", "mine", "--overwrite"]) == 0
    assert main(line) == 0 and main([*line, "--seed", "2"]) == 0
    assert len(list(Path("results").iterdir())) == 2


def test_no_study_and_no_fit_takes_the_place_of_results(capsys: Captured) -> None:
    assert main(["run", *SHORT, "--out", "mine"]) == 0
    before = content("mine")
    Path("s.toml").write_text('design = "list"\nend = "1980-12"\nhouseholds = 60\n', "utf-8")
    for line in (["plan", "s.toml", "-o", "mine"], ["calibrate", "plan", "-o", "mine"]):
        assert main(line) == 2
    assert content("mine") == before


# --- what is not ours ----------------------------------------------------------------------------------------------------


def add_own(folder: Path) -> None:
    """What a person may keep beside results."""
    (folder / "notes.txt").write_text("mine")
    (folder / "drafts").mkdir()
    (folder / "drafts" / "figure.svg").write_text("mine too")
    (folder / "link").symlink_to("nowhere")


def has_own(folder: Path) -> bool:
    return (folder / "notes.txt").read_text() == "mine" and (folder / "drafts" / "figure.svg").exists() and (folder / "link").is_symlink()


@pytest.mark.parametrize("more", [[], ["--seed", "8", "--overwrite"]], ids=["the same run", "another run"])
def test_results_that_are_made_again_leave_other_files_where_they_are(more: list[str]) -> None:
    line = ["run", *SHORT, "--out", "mine"]
    assert main(line) == 0
    ours = set(content("mine"))
    assert set(json.loads(Path("mine/manifest.json").read_text("utf-8"))["files"]) == ours
    add_own(Path("mine"))
    for _ in range(2):
        before = json.loads(Path("mine/manifest.json").read_text("utf-8"))["created"]
        assert main([*line, *more]) == 0
        assert json.loads(Path("mine/manifest.json").read_text("utf-8"))["created"] >= before
        assert has_own(Path("mine")) and set(content("mine")) == {*ours, "notes.txt"}
    assert [p.name for p in Path().iterdir() if p.name.startswith(".mine")] == []


def test_what_is_left_of_former_results_goes_and_a_foreign_file_stays(tmp_path: Path) -> None:
    """The four cases of a file in the former folder: in its list or not, with a new file of that name or without."""
    place = tmp_path / "place"

    def write(*names: str, said: bool = True) -> None:
        with whole_folder(place) as draft:
            for name in names:
                (draft / name).write_text("ours")
            said_files = {"files": files_in(draft)} if said else {}
            (draft / "manifest.json").write_text(json.dumps(said_files))

    write("a.json", "old.json")
    (place / "own").write_text("mine")
    (place / "b.json").write_text("mine")
    (place / "b-former.json").write_text("mine as well")
    write("a.json", "b.json")
    assert {p.name: p.read_text() for p in place.iterdir() if p.name != "manifest.json"} == {
        "a.json": "ours", "own": "mine", "b.json": "ours", "b-former.json": "mine as well", "b-former-2.json": "mine",
    }  # fmt: skip
    write("a.json", said=False)  # a folder of an older version, which does not say what is in it
    (place / "c").write_text("mine")
    write("a.json")
    assert (place / "c").read_text() == "mine" and (place / "own").read_text() == "mine"


@pytest.mark.parametrize("files", [["a", "manifest.json"], None, [[1], {}], "a"])
def test_former_results_of_a_killed_command_are_cleared_without_what_is_not_ours(files: object, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    place, former = tmp_path / "place", tmp_path / f".place.former-{socket.gethostname()}-{gone.pid}"
    for folder in (place, former):
        folder.mkdir()
        (folder / "a").write_text("ours")
        (folder / "manifest.json").write_text(json.dumps({"files": files} if files is not None else {}))
    add_own(former)
    with whole_folder(place) as draft:
        (draft / "a").write_text("new")
    assert has_own(place) and (place / "a").read_text() == "new" and not former.exists()


def test_names_of_leftovers_are_taken_as_they_are_and_only_from_this_machine(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    place = tmp_path / "k[1]"
    here, elsewhere = (tmp_path / f".k[1].former-{host}-{gone.pid}" for host in (socket.gethostname(), "another-machine"))
    for former in (here, elsewhere):
        former.mkdir()
        (former / "notes.txt").write_text("mine")
    with whole_folder(place) as draft:
        (draft / "a.json").write_text("{}")
    assert not here.exists() and (place / "notes.txt").read_text() == "mine" and (elsewhere / "notes.txt").exists()


def test_a_folder_that_was_closed_to_others_stays_closed() -> None:
    line = ["run", *SHORT, "--out", "mine"]
    assert main(line) == 0
    Path("mine").chmod(0o700)
    assert main(line) == 0
    assert Path("mine").stat().st_mode & 0o777 == 0o700


def test_a_listed_name_is_no_leave_to_remove_what_lintas_does_not_write(tmp_path: Path) -> None:
    place = tmp_path / "place"
    with whole_folder(place) as draft:
        (draft / "report.html").write_text("ours")
        (draft / "manifest.json").write_text(json.dumps({"files": ["manifest.json", "report.html", "thesis.txt", "kept"]}))
    (place / "thesis.txt").write_text("mine")
    (place / "kept").mkdir()
    (place / "report.html").unlink()
    (place / "report.html").mkdir()
    (place / "report.html" / "figure").write_text("mine")
    with whole_folder(place) as draft:
        (draft / "report.html").write_text("new")
    assert (place / "thesis.txt").read_text() == "mine" and (place / "kept").is_dir() and (place / "report.html").read_text() == "new"
    assert (place / "report-former.html" / "figure").read_text() == "mine"


def test_what_cannot_be_moved_is_kept_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    place = tmp_path / "place"
    with whole_folder(place) as draft:
        (draft / "a.json").write_text("old")
    for name in ("b.txt", "c.txt"):
        (place / name).write_text("mine")
    real = os.rename

    def stuck(a: object, b: object) -> None:
        if str(a).endswith("b.txt"):
            raise OSError(16, "Device or resource busy")
        real(a, b)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", stuck)
    with whole_folder(place) as draft:
        (draft / "a.json").write_text("new")
    (former,) = tmp_path.glob(".place.former-*")
    assert (
        [p.name for p in former.iterdir()] == ["b.txt"]
        and (place / "c.txt").read_text() == "mine"
        and (place / "a.json").read_text() == "new"
    )
    err = capsys.readouterr().err
    assert "b.txt" in err and ".place.former-" in err and err.count("\n") == 1
