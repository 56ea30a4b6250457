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
from abm.fitted import fitted_of
from abm.scenario import Scenario
from agents.core.declare import PARAMETERS
from experiments.app import figures
from experiments.app.kept import Kept
from experiments.app.runner import GROWTH, RunEnd, Runner, RunProgress
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
def test_the_map_and_the_claims_carry_words_and_numbers(finished: Finished, language: str) -> None:
    picture = figures.map_picture(finished, language, 2005)
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
    runner = Runner(heard.on_progress, heard.on_end, kept=Kept())
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
    runner = Runner(heard.on_progress, heard.on_end, kept=Kept())
    runner.start(Choice(households=5000), same)
    assert heard.first_month.wait(120)
    runner.stop()
    assert runner.wait(20)
    assert heard.ends == []
    assert heard.progress[-1].month < heard.progress[-1].months


def test_a_refused_choice_leaves_the_run_under_way_alone() -> None:
    heard = Heard()
    runner = Runner(heard.on_progress, heard.on_end, kept=Kept())
    runner.start(SMALL, same)
    with pytest.raises(UserError):
        runner.start(Choice(seed="x"), same)
    assert heard.ended.wait(120)
    assert heard.ends[0].finished is not None


def test_a_baseline_runs_first_and_both_are_kept() -> None:
    heard, kept = Heard(), Kept()
    runner = Runner(heard.on_progress, heard.on_end, kept=kept)
    variant = SMALL.moved(DOCTRINE, 0.5)
    runner.start(variant, same, variant.baseline("history"))
    assert heard.ended.wait(120) and runner.wait(10)
    (end,) = heard.ends
    assert end.finished is not None and end.baseline is not None
    assert end.baseline.choice == SMALL and end.finished.choice == variant
    for finished, changed in ((end.baseline, {}), (end.finished, {DOCTRINE: 0.5})):
        direct = BorderModel(Scenario.load("history", set=changed), households=300, rng=7).run()
        pd.testing.assert_frame_equal(finished.results.yearly, direct.results.yearly, check_exact=True)
    # the runs grow in whole years, the baseline's before the variant's, and what is shown is what the finished run has
    grown = [one for one in heard.progress if one.grown is not None]
    assert [one.is_baseline for one in grown] == sorted((one.is_baseline for one in grown), reverse=True)
    assert [one.month for one in grown if not one.is_baseline] == list(range(GROWTH, 432, GROWTH))
    for one in grown:
        assert one.grown is not None
        run = end.baseline if one.is_baseline else end.finished
        years = run.results.yearly["year"] < 1980 + one.month // 12
        pd.testing.assert_frame_equal(one.grown, run.results.yearly[years], check_exact=True)
    # asked again, both are there at once, in the calling thread
    heard.ends.clear()
    runner.start(variant, same, variant.baseline("history"))
    assert [one.finished for one in heard.ends] == [end.finished] and heard.ends[0].baseline is end.baseline
    assert kept.find(SMALL.key) is end.baseline and kept.find(Choice().key) is None


def test_what_is_kept_is_limited_and_the_longest_unused_goes_first(finished: Finished) -> None:
    runs = [Finished(Choice(seed=str(n)), finished.manifest, finished.results, finished.region) for n in range(3)]
    kept = Kept(2)
    kept.put(runs[0])
    kept.put(runs[1])
    assert kept.find(runs[0].choice.key) is runs[0]
    kept.put(runs[2])
    assert [kept.find(one.choice.key) is not None for one in runs] == [True, False, True]


def test_a_key_is_the_same_for_the_same_run_only() -> None:
    assert Choice(seed=" 07 ").key == Choice().key and Choice(seed="seven").key != Choice().key
    others = [
        Choice("closed-border"),
        Choice(households=300),
        Choice(seed="8"),
        Choice().moved(DOCTRINE, 0.5),
        Choice().switched("kinship", False),
    ]
    assert len({one.key for one in (Choice(), *others)}) == 6
    assert Choice().moved(DOCTRINE, 0.5).switched("crisis", False).key == Choice().switched("crisis", False).moved(DOCTRINE, 0.5).key


def test_an_assumption_starts_from_the_value_fitted_to_the_region() -> None:
    fitted = fitted_of("west-kalimantan-sarawak").values
    assert fitted
    for name, value in fitted.items():
        assert Choice().value(name) == value
        assert Choice().moved(name, PARAMETERS[name].low).moved(name, value) == Choice()


def test_another_scenario_keeps_what_was_changed_but_for_what_it_sets_itself() -> None:
    choice = Choice().moved(DOCTRINE, 0.5).switched("kinship", False).switched("crisis", False)
    other = choice.of_scenario("no-kinship")
    assert other == Choice("no-kinship", changed={DOCTRINE: 0.5}, off=frozenset({"crisis"}))
    assert choice.baseline("closed-border") == Choice("closed-border")
