"""A results folder appears whole or not at all, and equal runs give equal bytes."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from pathlib import Path

import pandas as pd
import pytest

from abm.errors import UserError
from experiments import files
from experiments.cli.main import main
from experiments.files import InterruptedAfterwards
from experiments.reports.report import page
from experiments.runs import run as runs
from experiments.runs.folder import check_folder
from experiments.runs.repeat import compare_with, read_manifest
from experiments.runs.run import read_results, write_results
from experiments.runs.tables import TABLES, digest, first_difference
from tests.experiments import made_up


def write(folder: Path) -> Path:
    return write_results(made_up.results(), made_up.manifest(), folder, page=page)


def bytes_of(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir()) if p.name != "manifest.json"}


def test_a_folder_holds_everything_and_reads_back(tmp_path: Path) -> None:
    folder = write(tmp_path / "new" / "results")
    assert {p.name for p in folder.iterdir()} == {"manifest.json", "report.html", *(f"{t}.parquet" for t in TABLES)}
    assert [p.name for p in folder.parent.iterdir()] == ["results"], "no draft is left beside it"
    stored = read_results(folder)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(stored, name), getattr(made_up.results(), name), check_dtype=False)
        assert digest(getattr(stored, name)) == digest(getattr(made_up.results(), name))


def test_equal_runs_give_equal_bytes(tmp_path: Path) -> None:
    assert bytes_of(write(tmp_path / "a")) == bytes_of(write(tmp_path / "b"))


def test_only_the_manifest_says_when(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    manifest = read_manifest(folder)
    assert manifest["created"][:2] == "20"
    assert manifest["created"] not in (folder / "report.html").read_text(encoding="utf-8")


def test_a_former_results_folder_is_replaced(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    (folder / "report.html").write_text("of the first run")
    (folder / "note.txt").write_text("mine")
    write(folder)
    assert "of the first run" not in (folder / "report.html").read_text("utf-8") and (folder / "note.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_failure_while_writing_leaves_the_former_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "a")
    before = bytes_of(folder)
    calls = []

    def failing(frame: pd.DataFrame, path: Path) -> None:
        calls.append(path)
        path.write_bytes(b"half")
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "write_table", failing)
    with pytest.raises(UserError, match="No space left"):
        write(folder)
    assert bytes_of(folder) == before
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    with pytest.raises(UserError):
        calls.clear()
        write(tmp_path / "x" / "y")
    assert [p.name for p in tmp_path.iterdir()] == ["a"], "folders made for a result that did not come are gone"


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    dead = 2**22 + 12345  # above the largest process number of a usual Linux
    os.rename(folder, tmp_path / f".a.former-{HOST}-{dead}")
    (tmp_path / f".a.draft-{HOST}-{dead}").mkdir()
    with files.whole_folder(folder) as draft:
        assert folder.exists(), "the former folder came back"
        (draft / "manifest.json").write_text("{}")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    (folder / "places.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(UserError, match=r"places\.parquet"):
        read_results(folder)
    (folder / "places.parquet").unlink()
    with pytest.raises(UserError, match=r"no places\.parquet"):
        read_results(folder)


def test_a_repeat_is_compared_with_the_tables_or_their_hashes(tmp_path: Path) -> None:
    folder = write(tmp_path / "a")
    manifest = read_manifest(folder)
    assert {r.status for r in compare_with(manifest, folder, made_up.results())} == {"equal"}
    assert {r.status for r in compare_with(manifest, tmp_path, made_up.results())} == {"equal"}, "by the hashes alone"
    other = made_up.results()
    other.yearly.loc[4, "gini"] += 1e-12
    found = {r.table: r for r in compare_with(manifest, folder, other)}
    assert found["yearly"].status == "differs" and "gini" in found["yearly"].first_difference
    assert found["monthly"].status == "equal"
    assert {r.status for r in compare_with({}, tmp_path, other)} == {"unknown"}


def test_the_first_difference_is_told() -> None:
    a = pd.DataFrame({"year": [1980, 1981], "x": [1.0, float("nan")], "y": [1, 2]})
    assert "first at year 1981: y was 2, is 3" in first_difference(a, a.assign(y=[1, 3]))
    assert "2 rows then, 1 now" in first_difference(a, a.head(1))
    assert "gone: y" in first_difference(a, a.drop(columns="y"))


def test_the_digest_sees_names_values_and_order() -> None:
    a = pd.DataFrame({"x": [1.0, 2.0], "s": ["a", "b"]})
    assert digest(a) == digest(a.astype({"s": object}))
    assert digest(a) != digest(a.iloc[::-1])
    assert digest(a) != digest(a.rename(columns={"x": "z"}))
    assert digest(a) != digest(a.assign(s=["ab", ""]))


def test_the_manifest_is_plain_json(tmp_path: Path) -> None:
    import numpy as np

    folder = write_results(made_up.results(), made_up.manifest() | {"households": np.int64(2000)}, tmp_path / "a", page=page)
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["households"] == 2000


# ---- names that cannot be used, and interruptions ----------------------------------------------------------------------------


LONG = "a" * 300
HOST = socket.gethostname()
SMALL = ["--households", "300", "--end", "1980-06"]


@pytest.mark.parametrize("name", [LONG, f"x/{LONG}", f"{LONG}/x", "a" * 250, "a/" * 4000 + "a", "\udcff", "a\0b", ".", "..", "/"])
def test_a_name_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--out") as caught:
        check_folder(Path(name))
    str(caught.value).encode("utf-8")
    assert len(str(caught.value)) < 300
    assert not any(tmp_path.iterdir())


def test_a_name_that_just_fits_is_written(tmp_path: Path) -> None:
    assert read_manifest(write(tmp_path / ("a" * 220)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--out", LONG], ["cannot write", "aaa", "--out"]),
        (["run", "--out", f"x/{LONG}"], ["cannot write", "…aaa", "--out"]),
        (["run", "--scenario", LONG], ["scenario", "aaa"]),
        (["run", "--scenario", f"x/{LONG}.toml"], ["scenario", "x/aaa"]),
        (["run", "--region", LONG], ["Region", "aaa"]),
        (["run", "--region", f"x/{LONG}"], ["Region folder", "…aaa"]),
        (["describe", "Entikong", "--region", LONG], ["Region", "aaa"]),
        (["rerun", LONG], ["manifest", "aaa"]),
        (["rerun", f"x/{LONG}"], ["manifest", "…aaa"]),
        (["run", "--out", "r\udcff"], ["r\\udcff", "no readable text"]),
        (["run", "--scenario", "r\udcff"], ["r\\udcff", "no readable text"]),
        (["run", "--out", "~nobody-of-that-name/x"], ["no home folder", "~nobody-of-that-name/x"]),
        (["run", "--out", "~/file"], ["is not a folder", "home/file"]),
        (["run", "--scenario", "~/mine.toml"], ["there is no scenario '/"]),
        (["run", "--region", "~/region"], ["home/region"]),
        (["describe", "Entikong", "--region", "~/region"], ["home/region"]),
        (["rerun", "~/manifest.json"], ["/home/manifest"]),
    ],
)
def test_a_name_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, arguments: list[str], words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    sentences = err.splitlines()
    assert [line for line in sentences if line.startswith("lintas: ")] == sentences[-1:], err
    assert "Traceback" not in err
    for word in words:
        assert word in sentences[-1]
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


def test_home_is_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    from abm.region import Region

    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(Region.load().folder, home / "region", ignore=shutil.ignore_patterns("raw"))
    (home / "mine.toml").write_text('title = "Mine"\n')
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path / "work")
    assert main(["run", *SMALL, "--quiet", "--scenario", "~/mine.toml", "--region", "~/region", "--out", "~/x"]) == 0
    assert capsys.readouterr().out.strip() == str(home / "x")
    (home / "region").rename(home / "moved")
    assert main(["rerun", "~/x", "--quiet", "--out", "~/y", "--region", "~/moved"]) == 0, "the region is looked for where it is said to be"
    assert read_manifest(home / "y")["tables"] == read_manifest(home / "x")["tables"]
    assert not any((tmp_path / "work").iterdir())


def test_an_interruption_after_the_results_says_where_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.reports.readings.show_readings", interrupted)
    assert main(["run", *SMALL, "--out", str(tmp_path / "r")]) == 130
    err = capsys.readouterr().err
    assert f"interrupted; the results are complete in '{tmp_path / 'r'}'" in err and "nothing was written" not in err
    assert read_results(tmp_path / "r").yearly is not None
    monkeypatch.setattr("experiments.reports.screen.console", interrupted)
    assert main(["rerun", str(tmp_path / "r"), "--out", str(tmp_path / "s")]) == 130
    assert f"the results are complete in '{tmp_path / 's'}'" in capsys.readouterr().err
    assert main(["rerun", str(tmp_path / "r")]) == 130
    assert "nothing was written" in capsys.readouterr().err


def test_an_interruption_while_the_former_results_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "a")
    (folder / "report.html").write_text("of the first run")
    (folder / "note.txt").write_text("mine")
    flush = files.flush

    def interrupted(path: Path) -> None:
        flush(path)
        if path == tmp_path:  # the last thing before the former results are removed
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "flush", interrupted)
    with pytest.raises(InterruptedAfterwards, match="are complete"):
        write(folder)
    assert "of the first run" not in (folder / "report.html").read_text("utf-8") and (folder / "note.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_an_interruption_before_leaves_the_former_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "a")
    (folder / "note.txt").write_text("of the first run")

    def interrupted(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "flush", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(folder)
    assert (folder / "note.txt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
