"""A manifest or a stored table of a run that is damaged gets one clear sentence, and its folder is not replaced."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm import BorderModel, Scenario
from abm.errors import UserError
from experiments.cli.main import main
from tests.experiments.refusals import refused

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


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


def test_a_missing_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere.json" in refused(capsys, "rerun", "nowhere.json")


def test_a_manifest_that_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("manifest.json").write_bytes(b"\xff\xfe\x00")
    assert "manifest.json" in refused(capsys, "rerun", "manifest.json")


def test_a_manifest_of_another_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """What a manifest must hold is the model's to say; here only that its refusal reaches the user as a sentence."""
    Path("manifest.json").write_text(json.dumps({"kind": "lintas results", "lintas": "99.0"}))
    refused(capsys, "rerun", "manifest.json")
