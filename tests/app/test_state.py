"""Choices, what they become, the runner and the blocks of the page, without a browser."""

from __future__ import annotations

import io
import json
import threading
import time

import pandas as pd
import pytest

import abm.model  # noqa: F401 – registers the world's levers too
from abm import BorderModel
from abm.errors import UserError
from abm.scenario import Scenario
from agents.core.declare import PARAMETERS
from experiments.app import figures
from experiments.app.runner import RunEnd, Runner, RunProgress
from experiments.app.state import FIRST_LEVERS, Choice, Finished, levers, step_of

SMALL = Choice(households=300)
DOCTRINE = "official.set_strictness.doctrine_id"


@pytest.fixture(scope="module")
def model() -> BorderModel:
    return BorderModel(Scenario.load("history"), households=300, rng=7).run()


@pytest.fixture(scope="module")
def finished(model: BorderModel) -> Finished:
    return Finished.of(model, SMALL)


def read_yearly(text: str) -> pd.DataFrame:
    """The downloaded table, its numbers read to the last bit by every version of pandas."""
    table = pd.read_csv(io.StringIO(text), comment="#", dtype=str)
    return pd.DataFrame({name: table[name] if name == "side" else table[name].astype(float) for name in table})


def same(sentence: str) -> str:
    return sentence


def test_every_declared_lever_is_on_the_page_once() -> None:
    names = [one.name for one in levers()]
    assert tuple(names[: len(FIRST_LEVERS)]) == FIRST_LEVERS
    assert sorted(names) == sorted(name for name, one in PARAMETERS.items() if one.role == "lever")


def test_a_slider_meets_its_ends_and_its_default() -> None:
    for lever in levers():
        step = step_of(lever)
        for value in (lever.default, lever.high):
            parts = (value - lever.low) / step
            assert parts == pytest.approx(round(parts), abs=1e-6), lever.name
        assert 20 <= round((lever.high - lever.low) / step) <= 1000


def test_a_lever_moved_back_is_no_change() -> None:
    moved = Choice().moved(DOCTRINE, 0.5)
    assert moved.changed == {DOCTRINE: 0.5} and moved.value(DOCTRINE) == 0.5
    assert moved.moved(DOCTRINE, PARAMETERS[DOCTRINE].default) == Choice()


def test_a_mechanism_that_the_scenario_switches_off_is_no_change_of_it() -> None:
    choice = Choice(scenario="no-kinship").switched("kinship", False)
    assert choice.off == frozenset() and choice.off_in_scenario() == {"kinship"}
    scenario, _households, _seed = Choice().switched("kinship", False).checked(same)
    assert scenario.hash == Scenario.load("no-kinship").hash


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(seed="seven"), "“seven”"),
        (Choice(seed=""), "“”"),
        (Choice(seed="-1"), "-1"),
        (Choice(seed="1.5"), "“1.5”"),
        (Choice(households=100), "100 households"),
        (Choice(households=90_000), "90000 households"),
        (Choice(off=frozenset({"gravity"})), "gravity"),
        (Choice(scenario="histroy"), "history"),
        (Choice(changed={DOCTRINE: 3.0}), "outside its range"),
    ],
)
def test_a_choice_that_cannot_be_run_is_refused_in_one_sentence(choice: Choice, found: str) -> None:
    with pytest.raises(UserError) as refused:
        choice.checked(same)
    assert found in str(refused.value) and "\n" not in str(refused.value)


def test_the_yearly_table_comes_back_to_the_last_bit(model: BorderModel, finished: Finished) -> None:
    text = finished.yearly_csv().decode()
    pd.testing.assert_frame_equal(read_yearly(text), model.results.yearly, check_exact=True, check_dtype=False)
    head = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
    assert head["lintas"] == model.manifest()["lintas"]
    assert head["scenario"] == f"history ({Scenario.load('history').hash})"
    assert (head["households"], head["seed"], json.loads(head["parameters"])) == ("300", "7", {})


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_figures_carry_words_and_numbers(finished: Finished, language: str) -> None:
    for picture in (*figures.pictures(finished, language, figures.ALWAYS), figures.map_picture(finished, language, 2005)):
        assert picture is not None
        html = figures.figure_html(picture) + figures.table_html(picture.head, picture.rows, picture.title)
        assert f"alt='{figures.escape(picture.alt, quote=True)}'" in html and picture.alt
        assert figures.escape(picture.sentence) in html and picture.sentence
        assert html.count("<tr>") == len(picture.rows) + 1
    assert figures.claims_html(finished, language).count("<tr>") > 10


def test_the_map_keeps_to_the_years_of_the_run(finished: Finished) -> None:
    drawn = figures.map_picture(finished, "en", 2050)
    assert drawn is not None and "2015" in drawn.sentence


class Heard:
    """What a runner reported."""

    def __init__(self) -> None:
        self.progress: list[RunProgress] = []
        self.ends: list[RunEnd] = []
        self.first_month, self.ended = threading.Event(), threading.Event()

    def on_progress(self, progress: RunProgress) -> None:
        self.progress.append(progress)
        if progress.months:
            self.first_month.set()

    def on_end(self, outcome: RunEnd) -> None:
        self.ends.append(outcome)
        self.ended.set()


def test_the_latest_run_wins_and_no_two_are_alive() -> None:
    heard = Heard()
    runner = Runner(heard.on_progress, heard.on_end)
    alive = lambda: [t for t in threading.enumerate() if t.name == "lintas run"]  # noqa: E731
    runner.start(Choice(households=2000, seed="1"), same)
    assert heard.first_month.wait(120)
    for seed in ("2", "3", "4"):
        runner.start(Choice(households=300, seed=seed), same)
    assert heard.ended.wait(120) and runner.wait(10)
    time.sleep(0.1)
    assert not alive()
    (end,) = heard.ends
    assert end.finished is not None and end.finished.choice.seed == "4"
    direct = BorderModel(Scenario.load("history"), households=300, rng=4).run()
    pd.testing.assert_frame_equal(end.finished.results.yearly, direct.results.yearly, check_exact=True)


def test_a_stopped_run_ends_and_is_silent() -> None:
    heard = Heard()
    runner = Runner(heard.on_progress, heard.on_end)
    runner.start(Choice(households=5000), same)
    assert heard.first_month.wait(120)
    runner.stop()
    assert runner.wait(20)
    assert heard.ends == []
    assert heard.progress[-1].month < heard.progress[-1].months


def test_a_refused_choice_leaves_the_run_under_way_alone() -> None:
    heard = Heard()
    runner = Runner(heard.on_progress, heard.on_end)
    runner.start(SMALL, same)
    with pytest.raises(UserError):
        runner.start(Choice(seed="x"), same)
    assert heard.ended.wait(120)
    assert heard.ends[0].finished is not None
