"""A study file, table or Slurm file with a mistake gets one short sentence, whatever stands in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from experiments.cli.main import main
from tests.experiments.refusals import refused

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


@pytest.mark.parametrize("name", ["study.toml", "table.csv", "slurm.toml", "own.py", "manifest.json"])
def test_what_is_no_file_is_not_waited_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("study.toml").write_text('design = "list"\nhouseholds = 60\nend = "1980-01"\n', "utf-8")
    assert main(["plan", "study.toml", "-o", "s"]) == 0
    capsys.readouterr()
    if name == "table.csv":
        Path("study.toml").write_text('table = "table.csv"\n', "utf-8")
    if name == "own.py":
        Path("study.toml").write_text('measure = "own.py:f"\n', "utf-8")
    Path(name).unlink(missing_ok=True)
    os.mkfifo(name)
    command = {"slurm.toml": ["batch", "s", "--slurm", "slurm.toml"], "manifest.json": ["rerun", "manifest.json"]}
    sentence = refused(capsys, *command.get(name, ["plan", "study.toml", "-o", "t"]))
    assert "pipe" in sentence or "no file" in sentence, sentence


CELL = "x" * 200_000
PARAMETER = "household.seek_care.weight_quality"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{PARAMETER}\n{CELL}\n", "table.csv, row 1"),
        (f"{CELL}\n1\n", "there is no parameter 'xxx"),
        (f"{PARAMETER},{PARAMETER}\n1,{CELL}\n", "no parameter"),
        (f'{PARAMETER}\n"{CELL}\n', "cannot read the table"),
        (f"{PARAMETER}\n1,2,3\n{CELL},2,3,4\n", "cannot read the table"),
        (f"{PARAMETER}\n{'9' * 200_000}\n", "table.csv, row 1"),
        (f"{PARAMETER}\n1e400\n", "finite number"),
        (f"{PARAMETER}\n1_0\n", "is not a number"),
        (f"{PARAMETER}\n٣\n", "is not a number"),
        ("\0", "no parameter"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_a_cell_of_any_length(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("table.csv").write_text(text, "utf-8")
    Path("study.toml").write_text('table = "table.csv"\nhouseholds = 60\nend = "1980-01"\n', "utf-8")
    sentence = refused(capsys, "plan", "study.toml", "-o", "s")
    assert words in sentence and "x" * 81 not in sentence and "9" * 81 not in sentence and len(sentence) < 600, sentence


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({PARAMETER: ["2.0"]}), pd.DataFrame({PARAMETER: [[2.0]]}), pd.DataFrame({"switch.kinship": [[1]]}),
        pd.DataFrame({"switch.kinship": ["1"]}), pd.DataFrame({PARAMETER: pd.to_datetime(["1980-01-01"])}), pd.DataFrame({PARAMETER: [None]}),
        pd.DataFrame({PARAMETER: [b"2"]}), pd.DataFrame({PARAMETER: [{"a": 1}]}), pd.DataFrame({PARAMETER: [True]}),
    ],
    ids=lambda t: str(t.to_dict("records"))[:60],
)  # fmt: skip
def test_a_table_of_other_kinds_of_values(table: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    table.to_parquet("table.parquet")
    Path("study.toml").write_text('table = "table.parquet"\nhouseholds = 60\nend = "1980-01"\n', "utf-8")
    assert "table.parquet, row 1" in refused(capsys, "plan", "study.toml", "-o", "s")


def test_a_damaged_parquet_table_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({PARAMETER: [2.0, 2.5]}).to_parquet("good.parquet")
    good = Path("good.parquet").read_bytes()
    Path("study.toml").write_text('table = "table.parquet"\nhouseholds = 60\nend = "1980-01"\n', "utf-8")
    for at in range(0, len(good), max(1, len(good) // 20)):
        for content in (good[:at], good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :]):
            Path("table.parquet").write_bytes(content)
            shutil.rmtree("s", ignore_errors=True)
            code = main(["plan", "study.toml", "-o", "s"])  # a byte that nobody reads may change
            err = capsys.readouterr().err
            assert code in (0, 2) and err.count("\n") == (code == 2), (at, err)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "a\\u0007b"', "control character"),
        ('name = "a\\u2028b"', "control character"),
        ('scenarios = ["a\\nb"]', "scenarios[1] holds a line break"),
        ('[summaries]\n"a\\nb" = { output = "income_per_capita" }', "holds a line break"),
        (f'[[vary]]\n"{PARAMETER}" = "2.0"', "'2.0' is not a number"),
        (f'[set]\n"{PARAMETER}" = "2.0"', "'2.0' is not a number"),
        (f'[set]\n"{PARAMETER}" = true', "True is not a number"),
        (f'design = "lhs"\npoints = 2\n[vary]\n"{PARAMETER}" = {{ low = "0.1" }}', "low = '0.1' is not a number"),
        (f"[set]\n'{PARAMETER}' = {'9' * 5000}", "not readable TOML"),
        (f"[set]\n'{PARAMETER}' = 1{'0' * 400}", "too large a number"),
        ("seed = 100000000000000000000000000", "seed = 100000000000000000000000000; it must be 0 to 4611686018427387904"),
        ("x = " + "[" * 100_000, "nested too deep"),
        ("[vary" + ".a" * 3000 + "]\nb = 1", "study.toml"),
        (f"{'x' * 100_000} = 1", "unknown key 'xxx"),
        (f"name = '{'x' * 100_000}'", "letters"),
        (f"design = '{'x' * 9_000}'", "is unknown"),
        (f"scenarios = ['{'x' * 9_000}']", "there is no scenario 'xxx"),
        (f"regions = ['{'x' * 9_000}']", "xxx"),
        (f"outputs = ['{'x' * 9_000}']", "no yearly output 'xxx"),
        (f"without = ['{'x' * 9_000}']", "xxx"),
        (f"measure = '{'x' * 9_000}'", "FILE.py:FUNCTION"),
        (f"measure = '{'x' * 9_000}:f'", "there is no file"),
        (f"table = '{'x' * 9_000}'", "there is no table"),
        (f"end = '{'x' * 9_000}'", "YYYY-MM"),
        (f"record = '{'x' * 9_000}'", "is unknown"),
        (f"[summaries]\n{'x' * 9_000} = 3", "summary 'xxx"),
    ],
    ids=lambda v: str(v)[:40],
)
def test_a_study_file_with_a_mistake(text: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("study.toml").write_text(text, "utf-8")
    sentence = refused(capsys, "plan", "study.toml", "-o", "s")
    assert words in sentence and "x" * 81 not in sentence and len(sentence) < 900, sentence
    assert not Path("s").exists()
