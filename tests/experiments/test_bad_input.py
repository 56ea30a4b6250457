"""A mistake of the user gets one clear sentence and exit code 2; nothing is written, no traceback is shown."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm import BorderModel, Scenario
from abm.errors import UserError
from abm.parameters import ScenarioError
from abm.region import Region
from experiments.cli.main import main


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused, and return its sentence."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert code == 2, f"exit code {code}\n{out}\n{err}"
    assert "Traceback" not in err and "Traceback" not in out
    sentences = [line for line in err.splitlines() if line.startswith("lintas: ")]
    assert len(sentences) == 1, err
    assert out.strip() == "", "a refusal prints nothing but its sentence"
    return sentences[0]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def nothing_written() -> bool:
    return not any(Path().rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "histroy"], ["histroy", "history"]),
        (["--scenario", "missing/file.toml"], ["missing/file.toml"]),
        (["--set", "household.seek_care.wieght_quality=3"], ["wieght_quality", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality"], ["PARAMETER=VALUE", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality=many"], ["many", "number"]),
        (["--set", "household.seek_care.weight_quality=99999"], ["99999", "range"]),
        (["--set", "household.seek_care.weight_quality=nan"], ["nan", "takes a number", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality=inf"], ["inf", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=1_0"], ["1_0", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=٣"], ["٣", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=" + "9" * 5000], ["999", "takes a number"]),
        (["--seed", "100000000000000000000000000"], ["--seed is 100000000000000000000000000", "0 to 4611686018427387904"]),
        (["--seed", "9" * 5000], ["--seed is 999", "0 to 4611686018427387904"]),
        (["--seed", "1_000"], ["1_000", "whole number"]),
        (["--households", "٣٠٠"], ["٣٠٠", "whole number"]),
        (["--posterior", "--draws", "1000000000000"], ["--draws", "1 to 10000"]),
        (["--without", "kinshp"], ["kinshp", "kinship"]),
        (["--households", "-5"], ["-5"]),
        (["--households", "0"], ["0", "at least 1"]),
        (["--households", "1000000000000"], ["1000000000000"]),
        (["--households", "many"], ["many", "whole number"]),
        (["--seed", "1.5"], ["1.5", "whole number"]),
        (["--seed", "-1"], ["-1"]),
        (["--end", "2015"], ["2015", "YYYY-MM"]),
        (["--end", "2015-13"], ["2015-13", "YYYY-MM"]),
        (["--end", "1979-12"], ["1979-12", "1980-01"]),
        (["--end", "2031-01"], ["2031-01", "2030-12"]),
        (["--region", "west-kalimantan-sarawk"], ["west-kalimantan-sarawk", "west-kalimantan-sarawak"]),
        (["--region", "no/such/folder"], ["no/such/folder"]),
        (["--lang", "fr"], ["fr", "English"]),
        (["--frobnicate"], ["--frobnicate", "lintas run --help"]),
    ],
)
def test_run_refuses(capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]) -> None:
    sentence = refused(capsys, "run", "--quiet", *arguments)
    for word in words:
        assert word in sentence
    assert nothing_written()


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "scenarios" in refused(capsys, "scenario")


def test_an_unknown_command_of_a_group_names_the_nearest_of_that_group(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "calibrate", "repot", "x")
    assert "report" in said and "retry" not in said
    assert "adopt" in refused(capsys, "calibrate", "nonsense")


def test_describe_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "household.seek_care" in refused(capsys, "describe", "seek_caer")
    assert "Entikong" in refused(capsys, "describe", "Entikonk")


def test_a_folder_of_something_else_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").write_text("years of work")
    assert "thesis" in refused(capsys, "run", "--quiet", "--out", "thesis")
    assert Path("thesis/chapter.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert "file" in refused(capsys, "run", "--quiet", "--out", "file/results")
    assert "file" in refused(capsys, "run", "--quiet", "--out", "file")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"kind": "lintas results", "scen', ["complete JSON"]),
        ("not JSON at all", ["complete JSON"]),
        ("[1, 2]", ["no table of entries"]),
        ("[" * 100_000, ["manifest.json", "too deep"]),
        ('{"seed": ' + "1" * 5000 + "}", ["manifest.json", "too long"]),
        ("{}", ["manifest"]),
        ('{"kind": "lintas results", "scenario": {}}', ["manifest"]),
    ],
)
def test_a_broken_manifest(capsys: pytest.CaptureFixture[str], content: str, words: list[str]) -> None:
    Path("manifest.json").write_text(content)
    sentence = refused(capsys, "rerun", "manifest.json")
    for word in words:
        assert word in sentence


def good_manifest() -> dict[str, Any]:
    return BorderModel(Scenario.load(end="1980-01"), households=60, rng=1).manifest() | {"kind": "lintas results", "tables": {}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"households": "60"}, "households = '60' is not a whole number"),
        ({"households": 0}, "households = 0; it must be at least 1"),
        ({"seed": 10**26}, "seed = 100000000000000000000000000"),
        ({"seed": True}, "seed = True is not a whole number"),
        ({"threads": 0}, "threads = 0"),
        ({"region": "west-kalimantan-sarawak"}, "region = 'west-kalimantan-sarawak' is not a table"),
        ({"region": {"id": 3, "hash": "x"}}, "region.id = 3 is not a text"),
        ({"fitted": [3]}, "fitted = [3] is not a table"),
        ({"fitted": {"parameters": {"x": "1"}}}, "fitted.parameters.x = '1' is not a number"),
        ({"fitted": {"parameters": {"x": float("inf")}}}, "is not a finite number"),
        ({"scenario": {}}, "scenario.name is missing"),
        ({"scenario": {"name": "x" * 100_000}}, "scenario.title is missing"),
        ({"tables": {"yearly": 3}}, "tables.yearly = 3 is not a text"),
        ({"tables": 3}, "tables = 3 is not a table"),
        ({"kind": "x" * 100_000}, "kind = 'xxx"),
        ({"kind": "lintas study"}, "--study S --run-id ID"),
        ({"format": 2}, "format = 2"),
        ({"rules_swapped": 3}, "rules_swapped = 3 is not a list"),
        ({"lintas": ["x"]}, "lintas = ['x'] is not a text"),
    ],
    ids=lambda v: str(v)[:50],
)
def test_a_manifest_that_is_wrong_inside(change: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = good_manifest() | change
    Path("manifest.json").write_text(json.dumps(said).replace("Infinity", "1e400"), "utf-8")
    sentence = refused(capsys, "rerun", "manifest.json")
    assert words in sentence and "x" * 81 not in sentence and len(sentence) < 600, sentence


def test_every_entry_of_a_manifest_of_a_run_may_be_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Each place takes each value; of those that the reader takes, one in each place is run again."""
    from experiments.runs.manifest import check_results_manifest
    from tests.experiments.test_manifest_entries import VALUES, changed, paths_of

    said, refusals, tried = json.loads(json.dumps(good_manifest())), 0, set()
    for path in paths_of(said):
        for value in VALUES:
            Path("manifest.json").write_text(json.dumps(changed(said, path, value)).replace("Infinity", "1e400"), "utf-8")
            try:
                check_results_manifest(json.loads(Path("manifest.json").read_text("utf-8")), Path("manifest.json"))
            except UserError:
                refusals += 1
                if refusals % 5:
                    continue
            else:
                if path in tried or (path[0] in ("versions", "platform") and len(path) > 1):
                    continue
                tried.add(path)
            code = main(["rerun", "manifest.json", "--quiet"])
            err = capsys.readouterr().err
            assert code in (0, 1, 2) and err.count("\n") <= 1 and "x" * 81 not in err and len(err) < 1500, (
                path,
                str(value)[:40],
                code,
                err,
            )
    assert refusals > 200 and len(tried) > 10, (refusals, tried)


def stored(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame({"year": [1980, 1980], "side": ["id", "my"], "gini": [0.3, 0.4]} | changes)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.DataFrame(), "other columns"),
        (pd.DataFrame({"x" * 100_000: [1]}), "other columns (gone: xxx"),
        (stored(gini=["a", "b"]), "gini holds texts, not numbers"),
        (stored(gini=[[1.0], [2.0, 3.0]]), "gini holds values that are neither numbers nor texts"),
        (stored(year=pd.to_datetime(["1980-01-01", "1980-01-01"])), "year holds"),
        (stored(side=[{"a": 1}, {"a": 2}]), "side holds values that are neither"),
        (stored(side=[b"id", b"my"]), "side holds values that are neither"),
        (stored().head(1), "1 rows then, 2 now"),
        (stored(side=["id", "x" * 100_000]), "first at"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_a_stored_table_of_another_shape_differs_in_words(table: pd.DataFrame, words: str) -> None:
    from experiments.runs.repeat import compare_with
    from experiments.runs.run import StoredResults

    now = stored()
    table.to_parquet("yearly.parquet")
    (found, *_rest) = compare_with({}, Path(), StoredResults(now, now, now, now))
    assert found.status == "differs" and words in found.first_difference and "x" * 81 not in found.first_difference


def test_a_stored_table_that_is_a_pipe() -> None:
    from experiments.runs.repeat import compare_with
    from experiments.runs.run import StoredResults

    os.mkfifo("yearly.parquet")
    with pytest.raises(UserError, match="it is a pipe"):
        compare_with({}, Path(), StoredResults(*[stored()] * 4))


def test_a_folder_whose_manifest_is_a_pipe_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    os.mkfifo("mine/manifest.json")
    for command in ("run", "compare"):
        given = ["history", "closed-border"] if command == "compare" else []
        assert "holds something other than" in refused(capsys, command, *given, "--quiet", "--out", "mine")


def test_a_region_that_is_broken_is_not_described(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat,", "latitude,")
    for command in (["parameters"], ["parameters", "--json"], ["describe"], ["describe", "Entikong"], ["describe", "household.seek_care"]):
        sentence = refused(capsys, *command, "--region", str(folder))
        assert "places.csv" in sentence and "lat" in sentence


# --- tables, study files and slurm files ------------------------------------------------------------------------------------


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


def test_a_missing_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.json" in refused(capsys, "rerun", "nowhere.json")


def test_a_manifest_that_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("manifest.json").write_bytes(b"\xff\xfe\x00")
    assert "manifest.json" in refused(capsys, "rerun", "manifest.json")


def damaged_region(table: str, old: str, new: str) -> Path:
    """A copy of the shipped region with one change in one table."""
    copy = Path("region")
    shutil.copytree(Region.load().folder, copy, ignore=shutil.ignore_patterns("raw"))
    path = copy / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_a_region_without_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat,", "latitude,")
    sentence = refused(capsys, "run", "--quiet", "--region", str(folder))
    assert "places.csv" in sentence and "lat" in sentence


def test_a_region_with_a_place_without_a_road(capsys: pytest.CaptureFixture[str]) -> None:
    folder = damaged_region("places.csv", "lat", "lat")
    path = folder / "links.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not (",id," in line and "Nanga Badau" in line.split(",")[:2])]
    assert len(kept) < len(lines)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert "Nanga Badau" in refused(capsys, "run", "--quiet", "--region", str(folder))


def test_a_scenario_file_with_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text('title = "Mine"\n[switches]\nkinshp = false\n')
    sentence = refused(capsys, "run", "--quiet", "--scenario", "mine.toml")
    assert "mine.toml" in sentence and "kinship" in sentence
    Path("mine.toml").write_text('title = "Mine\n')
    assert "mine.toml" in refused(capsys, "run", "--quiet", "--scenario", "mine.toml")


EVENT = '[[events]]\nmonth = "1990-01"\n'


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("inherits = 5", "inherits"),
        ('inherits = ["history"]', "inherits"),
        ("inherits = true", "inherits"),
        (f'inherits = "{"a" * 300}"', "aaa"),
        ("parameters = 5", "parameters"),
        ("parameters = [1]", "parameters"),
        ('parameters = "x"', "parameters"),
        ("[parameters]\nhousehold.seek_care.weight_quality = [1]", "household.seek_care.weight_quality"),
        ("[parameters]\nhousehold.seek_care.weight_quality = 1" + "0" * 400, "household.seek_care.weight_quality"),
        ("x = " + "[" * 5000 + "]" * 5000, "nested"),
        ("switches = 5", "switches"),
        ('switches = ["kinship"]', "switches"),
        ('[switches]\nkinship = "false"', "true or false"),
        ("[switches]\nkinship = { a = 1 }", "true or false"),
        ("[switches]\nkinship = inf", "true or false"),
        ("[switches]\nkinship = 2", "true or false"),
        ("events = 5", "[[events]]"),
        ('events = "x"', "[[events]]"),
        ('events = ["x"]', "[[events]]"),
        ('[events]\nmonth = "1990-01"', "[[events]]"),
        (EVENT, "sets nothing"),
        ("[[events]]\nset = {}", "no month"),
        (EVENT + "set = 5", "set"),
        (EVENT + 'set = ["x"]', "set"),
        (EVENT + 'sett = { "switch.kinship" = 0 }', "sett"),
        (EVENT + 'set = { "switch.kinship" = 2 }', "true or false"),
        (EVENT + 'set = { "switch.kinship" = "no" }', "true or false"),
        (EVENT + 'set = { "crossing.all.open" = nan }', "true or false"),
        (EVENT + 'set = { "crossing.all.open" = 3 }', "true or false"),
        (EVENT + 'set = { "crossing.Entikong paths.open" = 0 }', "Entikong paths"),
        (EVENT + 'set = { "world.kinship.length" = 4.0 }', "from the start"),
        ('title = ["a"]', "title"),
        ('title = "a\\u001b[31m"', "control character"),
        ('[parameters]\n"household.seek_care.weight_quality" = "2"', "'2' is not a number"),
        (EVENT + 'set = { "household.seek_care.weight_quality" = "2" }', "'2' is not a number"),
        ('[[events]]\nmonth = "2016-01"\nset = { "switch.kinship" = 0 }', "after the end of the scenario, 2015-12"),
        ('end = "1989-12"\n[[events]]\nmonth = "1990-01"\nset = { "switch.kinship" = 0 }', "after the end of the scenario, 1989-12"),
        ("end = 1990", "end"),
    ],
)
def test_a_scenario_file_of_wrong_kinds(capsys: pytest.CaptureFixture[str], content: str, word: str) -> None:
    Path("mine.toml").write_text(content)
    sentence = refused(capsys, "run", "--quiet", "--households", "60", "--scenario", "mine.toml")
    assert word in sentence and len(sentence) < 450


@pytest.mark.parametrize("name", ["a" * 300, "a" * 300 + ".toml", "a" * 5000])
def test_a_scenario_name_that_no_file_can_have(capsys: pytest.CaptureFixture[str], name: str) -> None:
    sentence = refused(capsys, "run", "--quiet", "--scenario", name)
    assert "there is no scenario 'aaa" in sentence and len(sentence) < 400


def test_switches_may_be_written_as_numbers_and_events_in_nested_tables() -> None:
    Path("mine.toml").write_text(
        "[switches]\nkinship = 0\nbribery = true\n" + EVENT + "set = { crossing.all.open = false, switch.kinship = 1 }"
    )
    mine = Scenario.load("mine.toml")
    assert mine.switches == {"bribery": True, "kinship": False}
    assert [(e.month, e.name, e.value) for e in mine.events] == [(120, "crossing.all.open", 0.0), (120, "switch.kinship", 1.0)]
    assert Scenario.from_dict(json.loads(json.dumps(mine.to_dict()))) == mine


def test_scenarios_that_inherit_from_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1500):
        Path(f"s{number}.toml").write_text(f'inherits = "s{number + 1}"\n')
    Path("s1500.toml").write_text("")
    assert "more than 30 files" in refused(capsys, "run", "--quiet", "--scenario", "s0.toml")
    assert Scenario.load("s1475.toml").end == "2015-12"
    Path("s1500.toml").write_text('inherits = "s1499"\n')
    assert "inherits from itself" in refused(capsys, "run", "--quiet", "--scenario", "s1490.toml")


def test_a_scenario_that_is_no_ordinary_file(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe.toml")
    assert "a pipe" in refused(capsys, "run", "--quiet", "--scenario", "pipe.toml")
    Path("folder.toml").mkdir()
    assert "folder.toml" in refused(capsys, "run", "--quiet", "--scenario", "folder.toml")
    Path("mine.toml").write_bytes(b'title = "\xff"')
    assert "line 1 is no UTF-8 text" in refused(capsys, "run", "--quiet", "--scenario", "mine.toml")


def test_an_inherited_event_may_lie_after_a_shorter_end() -> None:
    Path("long.toml").write_text('[[events]]\nmonth = "1990-01"\nset = { "switch.kinship" = 0 }')
    Path("short.toml").write_text('inherits = "long"\nend = "1985-12"')
    assert Scenario.load("short.toml").end == "1985-12"
    assert Scenario.load("long.toml", end="1985-12").n_months == 72


def test_what_scenario_load_takes() -> None:
    assert Scenario.load(without="kinship").switches == {"kinship": False}
    wrong: list[dict[str, Any]] = [{"set": 5}, {"set": ["a"]}, {"without": 5}, {"without": [["kinship"]]}, {"without": "kin"}, {"end": ""}]
    for given in wrong:
        with pytest.raises(ScenarioError):
            Scenario.load(**given)


def test_a_scenario_of_a_manifest_is_checked_alike() -> None:
    said = Scenario.load("closed-border").to_dict()
    for key in said:
        for value in (5, True, [1], {1: 2}, [["1990-01", "switch.kinship", "no"]], [["1990-01", 5, 0]]):
            with pytest.raises(ScenarioError):
                Scenario.from_dict({**said, key: value})
        with pytest.raises(ScenarioError, match=key):
            Scenario.from_dict({k: v for k, v in said.items() if k != key})
    with pytest.raises(ScenarioError):
        Scenario.from_dict(5)  # pyright: ignore[reportArgumentType]


def test_an_interruption_writes_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import experiments.runs.run

    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments.runs.run, "run", interrupted)
    assert main(["run", "--quiet"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert nothing_written()


def test_a_manifest_of_another_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """What a manifest must hold is the model's to say; here only that its refusal reaches the user as a sentence."""
    Path("manifest.json").write_text(json.dumps({"kind": "lintas results", "lintas": "99.0"}))
    refused(capsys, "rerun", "manifest.json")
