"""The commands, run as a user runs them, on a small world."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from abm.manifest import processor
from experiments.cli.main import main

SMALL = ["--households", "300", "--end", "1981-06"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small"
    assert main(["run", *SMALL, "--quiet", "--out", str(folder)]) == 0
    return folder


def test_help_answers_without_the_heavy_packages() -> None:
    heavy = ("numba", "mesa", "pandas", "solara", "matplotlib", "pyarrow", "networkx", "jinja2", "abm.model")
    code = f"import sys, experiments.cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lintas 0.")
    assert main([]) == 0
    assert "scenarios" in capsys.readouterr().out


def test_run_writes_and_prints(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (results / "report.html").stat().st_size > 50_000
    capsys.readouterr()
    assert main(["run", *SMALL, "--out", str(results)]) == 0
    out = capsys.readouterr().out
    assert "the paper says" in out and "outside this run" in out and str(results / "report.html") in out


def test_run_in_another_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *SMALL, "--lang", "id", "--out", str(tmp_path / "r")]) == 0
    assert "menurut artikel" in capsys.readouterr().out
    assert '<html lang="id">' in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


def test_the_default_folder_names_scenario_and_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", *SMALL, "--quiet", "--scenario", "no-kinship", "--seed", "3"]) == 0
    assert capsys.readouterr().out.strip() == str(Path("results/no-kinship-3-to-1981-06-300-households"))
    assert (tmp_path / "results" / "no-kinship-3-to-1981-06-300-households" / "manifest.json").is_file()


def test_the_manifest_repeats_the_run(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rerun", str(results / "manifest.json"), "--out", str(tmp_path / "again")]) == 0
    assert capsys.readouterr().out.count("equal") == 4
    for name in ("yearly", "monthly", "places", "flows"):
        assert (results / f"{name}.parquet").read_bytes() == (tmp_path / "again" / f"{name}.parquet").read_bytes()
    assert (results / "report.html").read_bytes() == (tmp_path / "again" / "report.html").read_bytes()


def test_a_repeat_that_differs_says_so(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    manifest["tables"]["yearly"] = "0" * 64
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["rerun", str(tmp_path / "manifest.json")]) == 1
    said = capsys.readouterr().out
    assert "differs" in said and "processor" not in said
    manifest["processor"] = {"name": "i486", "features": []}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["rerun", str(tmp_path / "manifest.json")]) == 1
    assert "made on another kind of processor" in capsys.readouterr().out
    manifest["processor"] = processor()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["rerun", str(tmp_path / "manifest.json")]) == 1 and "processor" not in capsys.readouterr().out


def test_a_change_changes_something(results: Path, tmp_path: Path) -> None:
    from experiments.runs.run import read_results
    from experiments.runs.tables import digest

    out = tmp_path / "r"
    assert main(["run", *SMALL, "--quiet", "--set", "household.seek_care.weight_quality=1.6", "--out", str(out)]) == 0
    assert digest(read_results(out).yearly) != digest(read_results(results).yearly)


def test_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from abm import Scenario

    assert main(["scenarios"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in Scenario.names())


def test_parameters_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parameters", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "label", "unit", "default", "low", "high", "role", "prior", "source", "basis"} <= set(rows[0])
    assert any(row["name"] == "household.seek_care.weight_quality" for row in rows)
    assert main(["parameters"]) == 0
    assert "household.seek_care" in capsys.readouterr().out


def test_the_month_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    from abm.month import MONTH

    assert main(["describe"]) == 0
    out = capsys.readouterr().out
    at = [out.index(step.title) for step in MONTH]
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("household.seek_care", ["a rule", "reads", "writes", "?"]),
        ("seek_care", ["household.seek_care"]),
        ("weight_quality", ["a parameter", "--set household.seek_care.weight_quality"]),
        ("care_share_across", ["an output", "unit", "sums.visits_pa"]),
        ("kinship", ["a switch", "--without kinship"]),
        ("entikong", ["a place", "Entikong-Tebedu"]),
    ],
)
def test_names_are_described(name: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", name]) == 0
    out = capsys.readouterr().out
    for word in words:
        assert word in out


def test_everything_declared_can_be_described() -> None:
    from abm.describe import WORDS, _names, describe

    for name in [*_names(), "Entikong", "Kuching"]:
        for described in describe(name):
            assert described.kind in WORDS
            assert all(text and (not heading or heading in WORDS) for heading, text in described.lines), name
