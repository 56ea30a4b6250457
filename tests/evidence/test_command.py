"""``lintas evidence``: files, exit codes, going on with more draws, and being killed at any moment."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest

from abm.region.folder import find
from calibration.posterior import Posterior
from experiments.cli import evidence
from experiments.cli.main import main
from experiments.cli.options import claim_id
from experiments.evidence.runs import AskedOfRuns
from tests.evidence.small import CLAIMS, END

#: When each of five processes is killed, the next with what the former left.
MOMENTS: dict[str, Callable[[Path], bool]] = {
    "nothing planned": lambda out: not out.exists(),
    "planned": lambda out: any(out.rglob("plan.parquet")),
    "some runs stored": lambda out: len(parts(out)) >= 2,
    "more runs stored": lambda out: len(parts(out)) >= 4,
    "pages being written": lambda out: any(out.parent.glob(f".{out.name}.draft-*/*.html")),
}


def parts(out: Path) -> list[Path]:
    """Files of stored runs."""
    return [p for p in out.rglob("results/*") if p.is_file()]


@pytest.fixture(scope="module")
def claims(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("claims") / "claims.toml"
    path.write_text(CLAIMS, encoding="utf-8")
    return path


def options(claims: Path, out: Path, draws: int = 3) -> list[str]:
    small = ["--households", "60", "--end", END, "--workers", "1"]
    return ["evidence", "--claims", str(claims), "--central", "--draws", str(draws), *small, "-o", str(out), "--quiet"]


@pytest.fixture(scope="module")
def ledger(claims, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("results") / "ledger"
    assert main(options(claims, out)) == 0
    return out


def files(folder: Path) -> dict[str, bytes]:
    """What the same runs must give byte for byte: everything but the manifest, which says when and how it was made."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file() and p.name != "manifest.json"}


def test_what_the_folder_holds(ledger):
    names = set(files(ledger))
    assert {"ledger.json", "ledger.csv", "bands.parquet", "units.parquet", "draws.parquet"} <= names
    for page in ("index", "E10", "E11", "E12"):
        assert {f"{page}.html", f"{page}-id.html", f"{page}-ms.html"} <= names
    said = json.loads((ledger / "ledger.json").read_text())
    assert [row["id"] for row in said["rows"]] == ["E10", "E11", "E12"]
    assert said["units"] == 3 and said["runs"] == 12 and said["asked"]["draws"] == 3
    manifest = json.loads((ledger / "manifest.json").read_text())
    assert manifest["kind"] == "lintas evidence" and set(manifest["files"]) - {"manifest.json"} == names


def test_json_is_the_file(claims, ledger, capsys):
    assert main([*options(claims, ledger)[:-1], "--json"]) == 0
    assert capsys.readouterr().out == (ledger / "ledger.json").read_text()


def test_more_draws_add_runs_and_the_former_ones_stay(claims, ledger, tmp_path):

    out = tmp_path / "ledger"
    shutil.copytree(ledger, out)
    before = {p: p.stat().st_mtime_ns for p in parts(out)}
    assert before
    assert main(options(claims, out, draws=4)) == 0
    assert json.loads((out / "ledger.json").read_text())["units"] == 4
    assert {p: p.stat().st_mtime_ns for p in before} == before
    one, more = (pd.read_parquet(folder / "units.parquet") for folder in (ledger, out))
    shared = more[more["draw"] < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(shared, one.reset_index(drop=True))  # a draw is the same whatever batch it is in


def test_another_ledger_is_not_replaced_without_being_told(claims, ledger, capsys):
    assert main([*options(claims, ledger), "--seed", "2"]) == 2
    assert "holds another ledger" in capsys.readouterr().err


def test_a_folder_of_something_else_is_refused(claims, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(options(claims, tmp_path)) == 2
    assert "something other" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["E99"], "there is no claim 'E99'"),
        (["--draws", "1"], "--draws"),
        (["--central", "--allow-drift"], "--central uses the values fitted to the region"),
        (["--claims", "nowhere.toml"], "nowhere.toml"),
        (["--households", "3"], "--households"),
        (["--interplay", "0"], "--interplay"),
        (["--end", "1979-01"], "1979"),
        (["--lang", "fr"], "fr"),
        (["--region", "atlantis"], "atlantis"),
    ],
)
def test_bad_input_gives_one_sentence(more, sentence, tmp_path, capsys):
    assert main(["evidence", *more, "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("lintas: ") and sentence in said and "\n" not in said
    assert not (tmp_path / "out").exists()


def test_rows_are_chosen_in_any_case_of_letters(claims, tmp_path):
    out = tmp_path / "one"
    assert main([*options(claims, out), "e12"]) == 0
    assert [row["id"] for row in json.loads((out / "ledger.json").read_text())["rows"]] == ["E12"]


@pytest.mark.parametrize(("typed", "meant"), [("E2", "E02"), ("e2", "E02"), ("e12", "E12"), ("E0", "E00"), ("2", "2")])
def test_an_id_without_its_zero_is_understood(typed, meant):
    assert claim_id(typed) == meant


def test_strict_ends_with_3_when_a_claim_with_a_mechanism_fails(claims, ledger, monkeypatch):
    from experiments.evidence.ledger import LedgerRow

    assert main([*options(claims, ledger), "--strict"]) == 0  # with three seeds nothing is found out
    monkeypatch.setattr(LedgerRow, "verdict", "does not hold", raising=False)
    failing = type("Failing", (), {"__get__": lambda *_: "does not hold", "__set__": lambda *_: None})
    monkeypatch.setattr(LedgerRow, "verdict", failing(), raising=False)
    assert main([*options(claims, ledger), "--strict"]) == 3
    assert main(options(claims, ledger)) == 0


def kill_all(process: subprocess.Popen) -> None:
    """End a process and its children at once (SIGKILL)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        own = psutil.Process(process.pid)
        for one in [*own.children(recursive=True), own]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
    process.wait(30)


@pytest.mark.slow
def test_killed_at_five_moments_it_gives_the_same_report_byte_for_byte(claims, tmp_path):
    """The report of an undisturbed ledger, and that of one killed (-9) five times, at any moment, and continued."""
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    start = [sys.executable, "-m", "experiments.cli.main"]
    many = {"draws": 40}
    undisturbed = subprocess.run([*start, *options(claims, quiet, **many)], check=False, timeout=900)
    assert undisturbed.returncode == 0
    for name, is_time in MOMENTS.items():
        process = subprocess.Popen([*start, *options(claims, killed, **many)])
        while process.poll() is None and not is_time(killed):
            time.sleep(0.01)
        assert process.poll() is None, f"it had ended before: {name}"
        kill_all(process)
    assert subprocess.run([*start, *options(claims, killed, **many)], check=False, timeout=900).returncode == 0
    assert files(killed) == files(quiet)


def test_the_pages_of_the_experiment_are_linked_and_go_with_another_ledger(ledger, claims, tmp_path):
    """They are those of the ledger beside them, in each language; a ledger of other claims has none until it is asked for."""
    out = tmp_path / "ledger"
    shutil.copytree(ledger, out)
    assert "interplay" not in (out / "index.html").read_text()
    for name in ("interplay.html", "interplay-id.html", "interplay.json"):
        (out / name).write_text("of this ledger")
    assert main(options(claims, out)) == 0
    assert 'href="interplay.html"' in (out / "index.html").read_text() and 'href="interplay-id.html"' in (out / "index-id.html").read_text()
    assert (out / "interplay.html").read_text() == "of this ledger"
    assert main([*options(claims, out), "--overwrite", "e12"]) == 0
    assert not list(out.glob("interplay*.*")) and "interplay" not in (out / "index.html").read_text()


def test_a_claim_and_a_region_are_added_as_data(tmp_path):
    """Another region (a folder with its own name and fitted values) and a file with a claim of ours: no code is written for either."""
    region = tmp_path / "regions" / "other-border"
    shutil.copytree(find("west-kalimantan-sarawak"), region)
    for path in region.glob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace("west-kalimantan-sarawak", "other-border"), encoding="utf-8")
    file = tmp_path / "ours.toml"
    file.write_text(
        """
        [[claim]]
        id = "E35"
        claim = "Ours: people work across."
        lines = "1"
        who = "people"
        mechanism = "pay"
        rules = ["household.choose_work"]
        switch = "cross_border_work"
        indicators = ["workers_across"]
        expected = "some do"
        status = "in the model"
        [[claim.pattern]]
        id = "some"
        says = "people work across"
        comparison = "pair"
        switch = "cross_border_work"
        conditions = [{ number = "workers", is = "below", practical_share = 0.5 }]
        numbers.workers = { of = { output = "workers_across" } }
        """,
        encoding="utf-8",
    )
    out = tmp_path / "out"
    # of 60 households, one in three runs has nobody at work across in the first four years
    assert main([*options(file, out, draws=2), "--households", "300", "--region", str(region)]) == 0
    said = json.loads((out / "ledger.json").read_text())
    assert said["asked"]["region"]["id"] == "other-border"
    (row,) = said["rows"]
    assert row["id"] == "E35" and row["patterns"][0]["without"]["workers"] == [0, 0, 0] and row["patterns"][0]["shows"] == 1
    assert "Ours: people work across." in (out / "index.html").read_text() and (out / "E35.html").is_file()


def test_a_region_without_a_posterior_or_fitted_values_gets_a_sentence(tmp_path, capsys):
    region = tmp_path / "other-border"
    shutil.copytree(find("west-kalimantan-sarawak"), region)
    for path in region.glob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace("west-kalimantan-sarawak", "other-border"), encoding="utf-8")
    start = ["evidence", "E11", "-n", "60", "--region", str(region), "-o", str(tmp_path / "out")]
    assert main(start) == 2 and "no posterior ships for the region 'other-border'" in capsys.readouterr().err
    (region / "fitted.toml").unlink()
    assert main([*start, "--central"]) == 2 and "has no fitted values" in capsys.readouterr().err


def test_the_line_that_makes_a_row_again_names_all_that_is_not_usual():
    posterior = Posterior.load("west-kalimantan-sarawak")
    usual, said = AskedOfRuns(posterior, "west-kalimantan-sarawak", 1000, 1, 1), {"draws": 144, "end": None}
    assert evidence._options(usual, said, None) == []
    other = AskedOfRuns(posterior, "regions/other", 60, 2, 3)
    found = evidence._options(other, {"draws": 9, "end": "1985-12"}, Path("a/ours.toml"), Path("b/mine"), True)
    line = "--allow-drift --households 60 --replicates 2 --seed 3 --draws 9 --end 1985-12 --claims ours.toml --region other --posterior-from mine"
    assert " ".join(found) == line
    assert evidence._options(AskedOfRuns(None, "west-kalimantan-sarawak", 1000, 1, 1), said, None) == ["--central"]
