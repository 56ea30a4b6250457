"""Whatever surrounds a command (settings of other programs, streams that are closed or full, odd files): one sentence, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli.main import FAULT

LINTAS = Path(sys.executable).with_name("lintas")
RUN = ["run", "-n", "60", "--end", "1980-02", "--quiet"]
COMPARE = ["compare", "history", "no-kinship", "--replicates", "2", "-n", "60", "--end", "1980-12", "--quiet"]


def lintas(place: Path, *words: str, shell: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder; ``shell`` is what follows it on the command line."""
    own = {**os.environ, "XDG_DATA_HOME": str(place / "data"), **variables}
    line = " ".join([str(LINTAS), *words, shell])
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=place, env=own, capture_output=True, text=True, timeout=300, check=False
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert "Traceback" not in done.stderr, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("lintas: ")]
    return line


def test_settings_of_matplotlib_that_lie_about_change_no_figure(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\naxes.facecolor: red\n")
    for folder, variables in (("a", {"MPLBACKEND": "foo", "MATPLOTLIBRC": str(tmp_path)}), ("b", {})):
        done = lintas(tmp_path, *COMPARE, "--out", folder, **variables)
        assert done.returncode == 0 and done.stderr == "", done.stderr
    (tmp_path / "matplotlibrc").unlink()
    assert lintas(tmp_path, *COMPARE, "--out", "c").returncode == 0
    drawn = {(tmp_path / folder / "compare.svg").read_bytes() for folder in "abc"}
    assert len(drawn) == 1 and next(iter(drawn)).startswith(b"<?xml")


def test_a_run_needs_neither_mesa_nor_a_drawing_library(tmp_path: Path) -> None:
    """Each of them takes longer to import than a short run does; this process imports them for other tests, so it is another one that runs."""
    code = (
        "import sys; from experiments.cli.main import main; "
        "code = main(sys.argv[1:]); print([m for m in ('mesa', 'matplotlib', 'networkx', 'solara', 'dask') if m in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *RUN, "--out", "a"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] 0", done.stdout
    assert (tmp_path / "a" / "report.html").read_text("utf-8").count('<img src="data:image/svg+xml') == 6


def test_tables_are_kept_where_the_report_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from experiments.reports import report
    from experiments.runs import run
    from tests.experiments import made_up

    def fails(*given: object, **named: object) -> str:
        raise RuntimeError("no <font>")

    monkeypatch.setattr(report, "report", fails)
    folder = run.write_results(made_up.results(), made_up.manifest(), tmp_path / "a", language="id", page=report.page)
    assert len(run.read_results(folder).yearly) and "tidak dapat dibuat (RuntimeError: no <font>)" in capsys.readouterr().err
    assert "no &lt;font&gt;" in (folder / "report.html").read_text("utf-8")


@pytest.mark.parametrize("words", [["parameters"], ["scenarios", "--lang", "id"], ["describe"]])
def test_letters_that_the_terminal_does_not_know_end_nothing(words: list[str], tmp_path: Path) -> None:
    done = lintas(tmp_path, *words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stderr == "" and "?" in done.stdout
    assert lintas(tmp_path, *words, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C").returncode == 0


def test_a_reader_that_has_gone_changes_no_exit_code(tmp_path: Path) -> None:
    assert lintas(tmp_path, *RUN, "--out", "a").returncode == 0
    for words in (["parameters"], ["rerun", "a"]):
        done = lintas(tmp_path, *words, shell="| true")
        assert done.returncode == 0 and done.stderr.strip() == "", done.stderr
    table = tmp_path / "a" / "yearly.parquet"
    table.write_bytes((tmp_path / "a" / "flows.parquet").read_bytes())
    assert lintas(tmp_path, "rerun", "a", shell="| true").returncode == 1, "it differs, whether or not anybody reads it"


def test_output_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    for words in (["parameters"], ["--help"], ["--version"]):
        done = lintas(tmp_path, *words, shell=">/dev/full")
        assert done.returncode == 2 and "No space left" in sentence(done)


def test_closed_streams_end_nothing(tmp_path: Path) -> None:
    assert lintas(tmp_path, "parameters", shell=">&-").returncode == 0
    done = lintas(tmp_path, "parameters", "--region", "no-such-region", shell="2>&-")
    assert done.returncode == 2 and done.stdout == ""


def test_what_nobody_foresaw_is_one_sentence_and_no_refusal(tmp_path: Path) -> None:
    done = lintas(tmp_path, *RUN, "--out", "a", NUMBA_NUM_THREADS="0")
    assert done.returncode == FAULT and "LINTAS_TRACEBACK" in sentence(done)
    assert "Traceback" in lintas(tmp_path, *RUN, "--out", "a", NUMBA_NUM_THREADS="0", LINTAS_TRACEBACK="1").stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_mount_point_is_refused_before_the_run(tmp_path: Path) -> None:
    place = tmp_path / "mounted"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(place)], check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        done = lintas(tmp_path, *RUN, "--out", "mounted")
        assert done.returncode == 2 and "a disk is mounted there" in sentence(done) and list(place.iterdir()) == []
        assert lintas(tmp_path, *RUN, "--out", "mounted/a").returncode == 0
    finally:
        subprocess.run(["umount", str(place)], check=False)


def test_the_home_folder_gets_nothing_but_our_own_folders(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "share"), "LINTAS_CACHE": ""}
    assert lintas(tmp_path, *RUN, "--out", "a", **variables).returncode == 0
    code = "from experiments.app.serve import prepare, application; prepare(); application(1); import experiments.app.page"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env={**os.environ, **variables}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {str(p.relative_to(home)) for p in home.glob("*/*")} <= {"cache/lintas", "share/lintas"}
    assert {p.name for p in home.iterdir()} <= {"cache", "share"}
