"""The commands of a study, end to end as a user types them: exit codes, sentences, JSON, other languages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.cli.main import main
from experiments.execution import batch
from experiments.execution.engine import ThreadsEngine
from experiments.studies import store
from tests.experiments.study_commands import NAME, OUTPUT, TEXT, Captured, copied, refusal

pytestmark = pytest.mark.usefixtures("threads")


def test_from_a_file_to_a_table(file: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "s"
    assert main(["plan", str(file), "-o", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "8 runs: 2 points × 2 arms × 2 replicates" in said and f"lintas batch {folder}" in said
    assert {p.name for p in folder.iterdir()} == {"manifest.json", "plan.parquet", "results", "logs"}
    assert main(["status", str(folder)]) == 0
    assert "8 runs: 0 ok, 8 missing" in capsys.readouterr().out
    assert main(["collect", str(folder), "-o", str(tmp_path / "out.parquet")]) == 2
    assert "has no row yet" in refusal(capsys)
    assert main(["batch", str(folder), "--workers", "1"]) == 0
    output = capsys.readouterr()
    assert "8 of 8 runs are well; 8 were run now" in output.out and "8/8" in output.err
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert "0 were run now" in capsys.readouterr().out
    assert main(["status", str(folder)]) == 0 and "8 ok, 0 missing" in capsys.readouterr().out
    assert main(["compact", str(folder)]) == 0 and "parts are now 1" in capsys.readouterr().out
    for name in ("out.parquet", "out.csv"):
        assert main(["collect", str(folder), "-o", str(tmp_path / "deep" / name)]) == 0
        assert "16 lines of 8 runs (8 ok)" in capsys.readouterr().out
    table, text = pd.read_parquet(tmp_path / "deep" / "out.parquet"), pd.read_csv(tmp_path / "deep" / "out.csv")
    assert len(table) == len(text) == 16 and list(table.columns) == list(text.columns)
    assert {"run_id", "status", "scenario", "replicate", NAME, "year", "side", OUTPUT, "early"} <= set(table.columns)
    mine = table[table["side"] == "my"]
    assert (mine["early"] == mine[OUTPUT]).all()
    pd.testing.assert_series_equal(table[OUTPUT], text[OUTPUT])


def test_a_study_file_can_be_run_at_once(done: Path, capsys: Captured, tmp_path: Path) -> None:
    file = done.parent / "small.toml"
    assert main(["batch", str(file), "-o", str(done), "--quiet"]) == 0 and "0 were run now" in capsys.readouterr().out
    other = tmp_path / "small.toml"
    other.write_text(TEXT.replace("points = 2", "points = 3"), encoding="utf-8")
    assert main(["batch", str(other), "-o", str(done), "--quiet"]) == 2
    assert "holds another study" in refusal(capsys)
    assert main(["batch", str(done), "-o", str(tmp_path / "x")]) == 2
    assert "-o goes with a study file" in refusal(capsys)


def test_a_dry_run_does_nothing(file: Path, done: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "s"
    assert main(["plan", str(file), "-o", str(folder), "--dry-run"]) == 0
    assert "8 runs" in capsys.readouterr().out and not folder.exists()
    copy = copied(done, tmp_path)
    store.parts(copy)[0].unlink()
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    missing = 8 - len(store.stored_rows(copy).ids)
    assert missing > 0
    for command in (["batch"], ["retry", "--status", "failed"]):
        assert main([command[0], str(copy), *command[1:], "--dry-run"]) == 0
        assert f"{missing} of 8 runs would be run" in capsys.readouterr().out
    assert {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == before


def test_a_dry_run_of_a_study_file_plans_nothing(file: Path, tmp_path: Path, capsys: Captured) -> None:
    assert main(["batch", str(file), "-o", str(tmp_path / "s"), "--dry-run"]) == 0
    assert "8 runs: 2 points" in capsys.readouterr().out and not (tmp_path / "s").exists()
    file.write_text(TEXT.replace("points = 2", "points = 2000000000"), encoding="utf-8")
    for command in ("plan", "batch"):
        assert main([command, str(file), "-o", str(tmp_path / "s"), "--dry-run"]) == 2
        assert "a plan holds at most" in refusal(capsys)


def test_a_file_that_asks_for_more_than_the_study_is_refused(done: Path, tmp_path: Path, capsys: Captured) -> None:
    copy, file = copied(done, tmp_path), tmp_path / "small.toml"
    file.write_text(TEXT.replace("replicates = 2", "replicates = 3"), encoding="utf-8")
    assert main(["batch", str(file), "-o", str(copy), "--quiet"]) == 2
    assert "--replicates 3" in refusal(capsys)
    file.write_text(TEXT.replace("replicates = 2", "replicates = 1"), encoding="utf-8")  # as before an extension
    assert main(["batch", str(file), "-o", str(copy), "--quiet", "--dry-run"]) == 0
    (tmp_path / "mine.toml").write_text('inherits = "history"\n', encoding="utf-8")
    file.write_text('scenarios = ["mine.toml"]\nhouseholds = 60\nend = "1980-02"\n', encoding="utf-8")
    assert main(["plan", str(file), "-o", str(tmp_path / "s")]) == 0
    capsys.readouterr()
    assert main(["batch", str(file), "-o", str(tmp_path / "s"), "--dry-run"]) == 0
    (tmp_path / "mine.toml").write_text('inherits = "no-puskesmas"\n', encoding="utf-8")
    assert main(["batch", str(file), "-o", str(tmp_path / "s"), "--dry-run"]) == 2
    assert "holds another study" in refusal(capsys)


def test_a_table_below_a_file_is_refused(done: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(["collect", str(done), "-o", str(tmp_path / "file" / "out.csv")]) == 2
    assert "cannot write" in refusal(capsys)


def test_a_measure_that_leaves_or_cannot_be_loaded(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "m.py").write_text("import sys\ndef leave(model):\n    sys.exit(3)\n")
    for function, code, words in (("leave", 3, "SystemExit: 3"), ("nothing", 2, "has no function 'nothing'")):
        (tmp_path / "m.toml").write_text(f'measure = "m.py:{function}"\nhouseholds = 60\nend = "1980-02"\n')
        folder = tmp_path / function
        assert main(["batch", str(tmp_path / "m.toml"), "-o", str(folder), "--quiet", "--trust"]) == code
        if code == 2:
            assert words in refusal(capsys)
        else:
            assert main(["status", str(folder)]) == 0 and words in capsys.readouterr().out


def test_a_pause_is_no_part_of_the_rate(done: Path, tmp_path: Path) -> None:
    """A pilot of yesterday does not slow down the rate of today."""
    import os

    from experiments.studies import collect

    copy = copied(done, tmp_path)
    table = pq.read_table(store.parts(copy)[0])
    for path in store.parts(copy):
        path.unlink()
    for number in range(12):
        ids = pa.array([f"{number:016x}"] * table.num_rows)
        at = 1e9 + number * 2 + (80_000 if number >= 6 else 0)
        os.utime(store.write_part(copy, table.set_column(table.column_names.index("run_id"), "run_id", ids)), (at, at))
    assert collect.status(copy).rate == pytest.approx(0.5)


@pytest.mark.parametrize("lang", ["en", "id", "ms"])
def test_every_command_speaks_three_languages(lang: str, file: Path, done: Path, tmp_path: Path, capsys: Captured) -> None:
    done = copied(done, tmp_path)
    run_id = f"{int(store.stored_rows(done).ids[0]):016x}"
    for command in (
        ["plan", str(file), "-o", str(tmp_path / "s")], ["plan", str(file), "-o", str(tmp_path / "t"), "--dry-run"], ["batch", str(done)],
        ["retry", str(done), "--status", "failed", "--quiet"], ["status", str(done)], ["extend", str(done), "--replicates", "2"],
        ["collect", str(done), "-o", str(tmp_path / "o.csv")], ["compact", str(done)], ["rerun", "--study", str(done), "--run-id", run_id],
    ):  # fmt: skip
        assert main([*command, "--lang", lang]) == 0, command
        assert capsys.readouterr().out.strip()
    assert main(["status", str(done), "--lang", "xx"]) == 2
    assert "xx" in refusal(capsys)


def test_status_is_json_on_request(done: Path, tmp_path: Path, capsys: Captured) -> None:
    copy = copied(done, tmp_path)
    store.parts(copy)[0].write_bytes(b"")
    assert main(["status", str(copy), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["total"] == 8 and said["ok"] + said["missing"] == 8 and len(said["damaged_parts"]) == 1
    assert said["failures"] == [] and len(said["versions"]) == 1
    assert main(["status", str(done), "--watch"]) == 0  # ends by itself: every run has its row


def test_estimate_counts_its_pilot_as_done(file: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LocalEngine", ThreadsEngine)
    folder = tmp_path / "s"
    assert main(["plan", str(file), "-o", str(folder)]) == 0
    capsys.readouterr()
    assert main(["estimate", str(folder), "--workers", "1", "--pilot", "3", "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["pilot"] == 4 and said["left"] == 4 and said["total"] == 8  # four a worker at least
    assert 0 < said["low"] <= said["seconds"] <= said["high"] and said["cpu_hours"] == pytest.approx(4 * said["seconds"] / 3600)
    assert said["wall_seconds"]["1"] >= said["wall_seconds"]["8"] > 0
    assert main(["estimate", str(folder), "--workers", "1", "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "0 of 8 runs are left" in said and "s a run" in said


def test_exit_codes_tell_whether_all_is_well(file: Path, tmp_path: Path, capsys: Captured) -> None:
    file.write_text(TEXT.replace('end = "1980-03"', 'end = "1980-03"\ndeadline = 1e-9'), encoding="utf-8")
    folder = tmp_path / "s"
    assert main(["batch", str(file), "-o", str(folder), "--quiet"]) == 3
    said = capsys.readouterr().out
    assert "0 of 8 runs are well" in said and "not well: 8 timeout" in said and "lintas retry" in said
    assert main(["status", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "0 ok, 8 timeout, 0 missing" in said and said.count("more than 1e-09 s") == 8
    assert main(["batch", str(folder), "--quiet"]) == 3 and "0 were run now" in capsys.readouterr().out
    assert main(["retry", str(folder), "--status", "failed", "--quiet"]) == 3 and "0 were run now" in capsys.readouterr().out
    assert main(["retry", str(folder), "--status", "timeout", "--quiet"]) == 3 and "8 were run now" in capsys.readouterr().out
    assert main(["estimate", str(folder), "--quiet", "--workers", "1"]) == 2
    assert "no run of the pilot ended well (timeout)" in refusal(capsys)
    assert main(["collect", str(folder), "-o", str(tmp_path / "o.csv")]) == 0
    assert "8 lines of 8 runs (8 timeout)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "none.toml", "-o", "x"], ["there is no study file", "none.toml"]),
        (["plan", "{file}", "-o", "{done}"], ["is a study already", "lintas batch"]),
        (["plan", "{file}"], ["--out", "lintas plan --help"]),
        (["batch", "nowhere"], ["there is no study folder 'nowhere'", "lintas plan"]),
        (["batch", "{empty}"], ["is no study folder", "no manifest.json"]),
        (["batch", "{done}", "--workers", "0"], ["--workers"]),
        (["batch", "{done}", "--workers", "many"], ["--workers", "many"]),
        (["batch", "{done}", "--chunk-seconds", "soon"], ["--chunk-seconds", "soon"]),
        (["batch", "{done}", "--chunk-seconds", "nan"], ["--chunk-seconds", "0.05 to 3600"]),
        (["batch", "{done}", "--slurm", "a.toml", "--scheduler-file", "b.json"], ["two ways to get workers"]),
        (["retry", "{done}"], ["--status"]),
        (["retry", "{done}", "--status", "kiled"], ["kiled", "did you mean killed"]),
        (["retry", "{done}", "--status", "ok"], ["failed, killed, timeout"]),
        (["extend", "{done}"], ["--replicates N", "--precision"]),
        (["extend", "{done}", "--replicates", "0"], ["--replicates"]),
        (["extend", "{done}", "--precision", "early"], ["TARGET=H", "early"]),
        (["extend", "{done}", "--precision", "erly=1"], ["erly", "did you mean early"]),
        (["extend", "{done}", "--precision", "early=0"], ["above 0"]),
        (["extend", "{done}", "--precision", f"{OUTPUT}:id:1999=1"], ["starts in 1999", "end in 1980-03"]),
        (["extend", "{done}", "--precision", f"{OUTPUT}:id:1981-1980=1"], ["1981 comes after 1980"]),
        (["collect", "{done}", "-o", "{empty}"], ["is a folder", "out.parquet"]),
        (["collect", "{done}", "-o", "out.xlsx"], ["out.xlsx", ".parquet or .csv"]),
        (["collect", "nowhere", "-o", "out.csv"], ["there is no study folder"]),
        (["rerun", "--study", "{done}"], ["--study S --run-id ID"]),
        (["rerun", "--study", "{done}", "--run-id", "abc"], ["'abc' is not a run id", "16"]),
        (["rerun", "--study", "{done}", "--run-id", "0123456789abcdef"], ["has no run 0123456789abcdef"]),
        (["rerun", "--study", "nowhere", "--run-id", "0123456789abcdef"], ["there is no study folder"]),
    ],
)
def test_mistakes_give_one_sentence(
    arguments: list[str], words: list[str], file: Path, done: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    given = [a.format(file=file, done=done, empty=tmp_path / "empty") for a in arguments]
    assert main(given) == 2
    said = refusal(capsys)
    for word in words:
        assert word in said, said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "small.toml"]


def test_help_of_the_study_commands_loads_no_heavy_packages() -> None:
    heavy = ("dask", "distributed", "SALib", "pandas", "scipy", "pyarrow", "matplotlib", "ema_workbench")
    code = (
        "import sys; from experiments.cli.main import main; codes = [main([c, '--help']) for c in "
        "('plan', 'estimate', 'batch', 'status', 'retry', 'extend', 'collect', 'compact')]; "
        f"print(codes, [m for m in {heavy!r} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == f"{[0] * 8} []"
