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

from abm.region import Region
from experiments.cli.main import main
from tests.evidence.small import CLAIMS, END

#: A row that no version of the shipped file has.
ROW = """
[[claim]]
id = "E35"
claim = "Sickness is seen to."
lines = "5"
who = "people"
mechanism = "care"
rules = ["household.seek_care"]
switch = "crisis"
indicators = ["visits_primary_home"]
expected = "visits"
status = "in the model"

[[claim.pattern]]
id = "home"
says = "people are seen to at home"
comparison = "direction"
conditions = [{ number = "visits", is = "above", value = 10, practical_share = 0.1 }]
numbers.visits = { of = { output = "visits_primary_home", side = "my", first = 1981, last = 1982 } }
"""
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
    before = {p: p.stat().st_mtime_ns for p in (out / "runs").rglob("part*")}
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


def test_strict_ends_with_3_when_a_claim_with_a_mechanism_fails(claims, ledger, monkeypatch):
    from experiments.evidence.ledger import LedgerRow

    assert main([*options(claims, ledger), "--strict"]) == 0  # with three seeds nothing is found out
    monkeypatch.setattr(LedgerRow, "verdict", "does not hold", raising=False)
    failing = type("Failing", (), {"__get__": lambda *_: "does not hold", "__set__": lambda *_: None})
    monkeypatch.setattr(LedgerRow, "verdict", failing(), raising=False)
    assert main([*options(claims, ledger), "--strict"]) == 3
    assert main(options(claims, ledger)) == 0


def test_another_region_and_another_row_are_data(claims, tmp_path, capsys):
    """A region folder of another name and a file with a row of its own: nothing else is needed."""
    region = tmp_path / "another-border"
    shutil.copytree(Region.load("west-kalimantan-sarawak").folder, region, ignore=shutil.ignore_patterns("raw"))
    said = (region / "region.toml").read_text(encoding="utf-8")
    (region / "region.toml").write_text(said.replace('id = "west-kalimantan-sarawak"', 'id = "another-border"', 1), encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(CLAIMS + ROW, encoding="utf-8")
    out = tmp_path / "out"
    assert main([*options(mine, out), "--region", str(region), "E35"]) == 0
    found = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
    assert found["asked"]["region"]["id"] == "another-border"
    assert [row["id"] for row in found["rows"]] == ["E35"]
    assert set(found["rows"][0]["patterns"][0]["numbers"]) == {"visits"} and found["off"].keys() == {"without-crisis"}
    assert "Sickness is seen to." in (out / "E35.html").read_text(encoding="utf-8")
    assert main(["evidence", "--region", str(region), "-o", str(tmp_path / "no")]) == 2
    assert "another-border" in capsys.readouterr().err


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
