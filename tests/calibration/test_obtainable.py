"""The list of obtainable facts: what it may hold, and one sentence for each mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.obtainable import ObtainableError, ObtainableFacts, read_facts

ROW = """
[[fact]]
id = "workers"
what = "How many?"
obtained = "Ask."
of = { output = "workers_across", side = "id", first = 1995, last = 1996 }
relative_error = 0.3
error_reason = "Few were asked."
cost = "low"
"""
PAIR = ROW + 'against = { output = "population", side = "my", first = 1995, last = 1995 }\nhow = "ratio"\n'
YEARS = np.arange(1994, 1998)


def outputs(**values: float) -> dict[str, np.ndarray]:
    """Two runs whose value is ``values`` on the Kalimantan side and ten times that across, twice as much in the second run, more each year."""
    year = np.arange(4.0)[None, :, None]
    return {name: v * np.array([1.0, 2.0])[:, None, None] * (1 + year) * np.array([1.0, 10.0]) for name, v in values.items()}


def test_the_shipped_list() -> None:
    facts = ObtainableFacts.load()
    assert len(facts) >= 15
    assert len({f.id for f in facts}) == len(facts)
    assert {f.cost for f in facts} == {"low", "medium", "high"}
    for fact in facts:
        assert fact.what.endswith("?") and fact.obtained.endswith("."), fact.id
        assert fact.error_reason.endswith("."), fact.id
        assert 0.05 <= fact.error <= 1.0, fact.id


def test_the_number_of_a_run() -> None:
    fact = read_facts(ROW, "x").rows[0]
    assert fact.natural(YEARS, outputs(workers_across=100.0)).tolist() == [250.0, 500.0]
    assert fact.on_scale(np.array([1.0, math.e])).tolist() == pytest.approx([0.0, 1.0])
    assert (fact.unit, fact.scale, fact.error, fact.outputs) == ("adult", "log", 0.3, ("workers_across",))
    assert np.isnan(fact.natural(np.arange(1990, 1994), outputs(workers_across=100.0))).all()


@pytest.mark.parametrize(("how", "expected"), [("ratio", [0.125, 0.125]), ("difference", [-1750.0, -3500.0]), ("change", [-0.875, -0.875])])
def test_a_number_against_another(how: str, expected: list[float]) -> None:
    row = PAIR.replace('"ratio"', f'"{how}"').replace("relative_error", "absolute_error" if how != "ratio" else "relative_error")
    fact = read_facts(row, "x").rows[0]
    assert fact.natural(YEARS, outputs(workers_across=100.0, population=100.0)).tolist() == pytest.approx(expected)
    assert fact.unit == ("adult" if how == "difference" else "1")
    assert fact.outputs == ("workers_across", "population")


def test_a_quotient_by_nothing_is_no_number() -> None:
    assert np.isnan(read_facts(PAIR, "x").rows[0].natural(YEARS, outputs(workers_across=1.0, population=0.0))).all()


def test_scales_of_errors() -> None:
    share = np.array([0.5, 0.75])
    linear = read_facts(ROW.replace("relative_error", "absolute_error"), "x").rows[0]
    odds = read_facts(ROW.replace("relative_error", "odds_error"), "x").rows[0]
    assert linear.on_scale(share).tolist() == [0.5, 0.75]
    assert odds.on_scale(share).tolist() == pytest.approx([0.0, math.log(3.0)])


def test_what_is_too_little_to_be_noticed() -> None:
    fact = read_facts(ROW + "least = 5", "x").rows[0]
    seen = fact.on_scale(np.array([0.0, 4.9, 5.0, 6.0, np.nan]))
    assert seen[:4].tolist() == pytest.approx([math.log(5)] * 3 + [math.log(6)])
    assert np.isnan(seen[4])
    assert read_facts(ROW, "x").rows[0].on_scale(np.array([0.0]))[0] < -20


MISTAKES = {
    "no error": (ROW.replace("relative_error = 0.3\n", ""), "no error"),
    "two errors": (ROW + "odds_error = 0.2", "both given"),
    "least without relative": (ROW.replace("relative_error", "absolute_error") + "least = 2", "relative_error only"),
    "an error of 0": (ROW.replace("0.3", "0"), "relative_error"),
    "an error below 0": (ROW.replace("0.3", "-0.3"), "relative_error"),
    "no number": (ROW.replace("0.3", '"0.3"'), "relative_error"),
    "an infinite error": (ROW.replace("0.3", "inf"), "relative_error"),
    "no reason": (ROW.replace('error_reason = "Few were asked."\n', ""), "error_reason"),
    "an empty reason": (ROW.replace('"Few were asked."', '""'), "error_reason"),
    "no id": (ROW.replace('id = "workers"\n', ""), "number 1"),
    "no sentence": (ROW.replace('what = "How many?"\n', ""), "what"),
    "no cost": (ROW.replace('cost = "low"\n', ""), "cost"),
    "another cost": (ROW.replace('"low"', '"cheap"'), "cost"),
    "an unknown key": (ROW + "valeu = 3", "valeu"),
    "a value": (ROW + "value = 3", "value"),
    "an unknown output": (ROW.replace("workers_across", "worker_across"), "workers_across"),
    "an unknown side": (ROW.replace('side = "id"', 'side = "both"'), "side"),
    "years backwards": (ROW.replace("last = 1996", "last = 1994"), "ends in 1994"),
    "years against backwards": (PAIR.replace("last = 1995", "last = 1990"), "against ends in 1990"),
    "against without how": (PAIR.replace('how = "ratio"\n', ""), "go together"),
    "how without against": (ROW + 'how = "ratio"', "go together"),
    "a relative error of a difference": (PAIR.replace('"ratio"', '"difference"'), "absolute_error"),
    "an id twice": (ROW + ROW, "twice"),
    "nothing": ("", "no [[fact]] rows"),
    "a table": ("[fact]", "no [[fact]] rows"),
    "a number": ("fact = 3", "no [[fact]] rows"),
    "numbers": ("fact = [3]", "number 1"),
    "another list": (ROW + "[[target]]\nid = 'x'", "unknown key 'target'"),
    "no TOML": ("[[fact", "TOML"),
    "too many": (ROW * 1001, "1,001"),
}


@pytest.mark.parametrize(("text", "says"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ObtainableError) as refused:
        ObtainableFacts.load(file)
    said = str(refused.value)
    assert says in said and "mine.toml" in said
    assert "\n" not in said and len(said) < 500


@pytest.mark.parametrize("name", ["none.toml", "a\0b", "."])
def test_files_that_cannot_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ObtainableError) as refused:
        ObtainableFacts.load(name)
    assert "\n" not in str(refused.value)


def _values() -> Iterator[Any]:
    yield from ("3", "true", "[]", "{}", '"x"', "1e400", "1979-05-27", '"\\u0000"', "-1", "nan")


@pytest.mark.parametrize("key", ["id", "what", "obtained", "of", "relative_error", "error_reason", "cost", "against", "how", "least"])
def test_any_value_of_any_key_is_read_or_refused(key: str) -> None:
    lines = [line for line in PAIR.splitlines() if not line.startswith(f"{key} =")]
    for value in _values():
        text = "\n".join([*lines, f"{key} = {value}"])
        try:
            read_facts(text, "x")
        except ObtainableError as refused:
            assert "\n" not in str(refused)
