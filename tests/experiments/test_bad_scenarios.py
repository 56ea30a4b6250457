"""A scenario with a mistake gets one clear sentence, from a file, a manifest or Python."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from abm import Scenario
from abm.parameters import ScenarioError
from tests.experiments.refusals import refused

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


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
