"""Paired differences: known answers on made-up rows, exact zeros on real runs, the folder, the words, the refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from abm import Region, Scenario
from abm.errors import UserError
from abm.fitted import fitted_of
from abm.parameters import Change
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.analysis import differences
from experiments.analysis.compare import compare_scenarios, compare_study, yearly_outputs
from experiments.analysis.differences import Comparison, comparisons_of
from experiments.cli.compare import compare as compare_command
from experiments.options import DEFAULT_REGION
from experiments.reports import compare as report
from experiments.reports.compare import as_dict, write
from experiments.reports.compare_figures import _tick, picture
from experiments.reports.compare_words import sentence, sentences, start_sentence
from experiments.runs.identity import model_version
from experiments.studies import plan
from experiments.studies.study import Study
from experiments.words.languages import LANGUAGES, Numbers

OUTPUTS = yearly_outputs()
FIRST, SECOND = OUTPUTS[:2]


def made_up(
    change: np.ndarray, *, first: int = 1982, years: range = range(1980, 1985), points: int = 1, common: float = 5.0
) -> pd.DataFrame:
    """Rows of arms a and b: a common chance for each replicate, and in b a change from a year on, only on one side and in one indicator."""
    rng, rows = np.random.default_rng(3), []
    for point in range(points):
        for k, by in enumerate(change):
            base = {(y, s): rng.normal(100, common) for y in years for s in ("id", "my")}
            for name in ("a", "b"):
                for (year, side), value in base.items():
                    more = by if name == "b" and side == "id" and year >= first else 0.0
                    fixed = {"scenario": name, "region": DEFAULT_REGION, "households": 60, "status": "ok", "point": point, "replicate": k}
                    rows.append({**fixed, "year": year, "side": side, FIRST: value + more, SECOND: value})
    return pd.DataFrame(rows)


def part(change: np.ndarray, **more: object) -> Comparison:
    return comparisons_of(made_up(change, **more), "a", ["b"], [FIRST, SECOND])[0]  # type: ignore[arg-type]


def small(end: str = "1981-12") -> Scenario:
    return replace(Scenario.load(Scenario.names()[0]), end=end, events=(), parameters={}, switches={})


def moved() -> tuple[str, float]:
    """A switch that can be thrown at a date and makes a difference in a world of 60 households."""
    for name in SWITCHES:
        try:
            b = replace(small(), name="b", events=(Change(12, f"switch.{name}", 0.0),))
            found = compare_scenarios(small(), b, replicates=1, households=60)
        except UserError:
            continue
        if found.first is not None:
            return f"switch.{name}", 0.0
    raise AssertionError("no switch changes anything")


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_chance_that_both_arms_share_falls_out() -> None:
    found = part(np.full(6, -2.0), common=50.0)
    effect = found.chosen[0]
    assert (effect.output, effect.side, effect.n) == (FIRST, "id", 6)
    assert effect.difference == pytest.approx(-2.0) and effect.sd < 1e-9 and effect.same_sign == 1.0
    untouched = found.table[(found.table["side"] == "my") | (found.table["output"] == SECOND) | (found.table["year"] < 1982)]
    assert (untouched["difference"] == 0).all() and len(untouched) == 17
    assert found.first == 1982 and found.from_year == 1980


def test_interval_is_that_of_students_t() -> None:
    change = np.array([1.0, 2.0, 3.0, 6.0])
    effect = part(change, years=range(1982, 1985)).chosen[0]
    # mean 3, sd 2.16025, t(0.975, 3) = 3.18245
    assert effect.difference == pytest.approx(3.0)
    assert (effect.low, effect.high) == (
        pytest.approx(3 - 3.18245 * 2.16025 / 2, abs=1e-4),
        pytest.approx(3 + 3.18245 * 2.16025 / 2, abs=1e-4),
    )
    assert part(np.array([1.0, 1.0, 1.0, -1.0])).chosen[0].same_sign == 0.75


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng, hits, trials = np.random.default_rng(11), 0, 4000
    for _ in range(trials):
        values = rng.normal(1.0, 2.0, 5)
        half = differences.half_width(float(values.std(ddof=1)), 5)
        hits += abs(values.mean() - 1.0) <= half
    assert abs(hits / trials - 0.95) < 4 * np.sqrt(0.95 * 0.05 / trials)


def test_intervals_of_a_design_are_over_its_points() -> None:
    found = part(np.array([1.0, 3.0]), points=3)
    assert (found.pairs, found.n, found.is_over_points) == (6, 3, True)
    assert found.chosen[0].difference == pytest.approx(2.0) and found.chosen[0].n == 3


def test_rows_without_partner_are_counted_and_left_out() -> None:
    rows = made_up(np.array([1.0, 1.0, 9.0]))
    rows = rows[~((rows["scenario"] == "a") & (rows["replicate"] == 2))]
    failed = (rows["scenario"] == "b") & (rows["replicate"] == 1)
    rows.loc[failed, "status"] = "failed"
    found = comparisons_of(rows, "a", ["b"], [FIRST, SECOND])[0]
    assert (found.pairs, found.unpaired) == (1, 3)
    assert found.chosen[0].difference == pytest.approx(1.0)
    with pytest.raises(UserError, match="no pair"):
        comparisons_of(rows[rows["scenario"] == "a"], "a", ["b"], [FIRST])


def test_strongest_is_the_one_with_the_largest_standardized_difference() -> None:
    rows = made_up(np.array([10.0, -9.0, 12.0, 1.0]))
    b = (rows["scenario"] == "b") & (rows["side"] == "my")
    rows.loc[b, SECOND] += 0.5 + 0.01 * rows.loc[b, "replicate"]
    found = comparisons_of(rows, "a", ["b"], [FIRST, SECOND])[0]
    assert (found.chosen[0].output, found.chosen[0].side) == (SECOND, "my")
    assert comparisons_of(rows, "a", ["b"], [FIRST, SECOND], wanted=[FIRST])[0].chosen[0].output == FIRST


# --- words, figure, JSON ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sentence_has_the_numbers_in_every_language(lang: str) -> None:
    found, n = part(np.array([-1.0, -2.0, -3.0, -6.5])), Numbers(lang)
    effect, said = found.chosen[0], sentence(found, lang)
    for number in (
        n.short(3.125),
        n.short(effect.low),
        n.short(effect.high),
        n.short(effect.mean_a),
        n.short(effect.mean_b),
        n.percent(1.0),
    ):
        assert number in said
    assert "1982–1984" in said and "4" in said
    assert "1982" in start_sentence(found, lang)
    assert "{" not in said


def test_a_sentence_for_each_indicator_that_was_asked_for() -> None:
    rows = made_up(np.array([1.0, 2.0, 3.0]))
    (both,) = comparisons_of(rows, "a", ["b"], [FIRST, SECOND], wanted=[SECOND, FIRST])
    said = sentences(both)
    assert len(said) == 2 and "exactly the same" in said[0] and " higher " in said[1]
    assert as_dict(both)["sentences"] == said and as_dict(both)["sentence"] == said[0]
    figure = picture(both)
    assert figure is not None and all(s in figure.sentence for s in said)
    (found,) = comparisons_of(rows, "a", ["b"], [FIRST, SECOND])
    assert sentences(found) == [said[1]]


def test_means_are_those_of_the_runs_whose_difference_they_stand_beside() -> None:
    rows = made_up(np.array([1.0, 3.0]), first=1980, common=0.0)
    rows.loc[(rows["scenario"] == "b") & (rows["year"] == 1984), FIRST] = np.nan
    rows.loc[(rows["scenario"] == "a") & (rows["year"] == 1984), FIRST] = 1e6
    (effect,) = (e for e in comparisons_of(rows, "a", ["b"], [FIRST], years=(1983, 1984))[0].effects if e.side == "id")
    assert effect.difference == pytest.approx(2.0) and effect.mean_b - effect.mean_a == pytest.approx(effect.difference)


def test_an_arm_under_two_names_differs_in_nothing(tmp_path: Path) -> None:
    from experiments.execution.batch import run_scenarios
    from experiments.execution.engine import ThreadsEngine

    name = Scenario.names()[0]
    (tmp_path / "copy.toml").write_text(f'inherits = "{name}"\n', "utf-8")
    copy = str(tmp_path / "copy.toml")
    study = Study(name="s", scenarios=(name, copy), replicates=2, households=(60,), end="1980-02")
    table = run_scenarios(study, store=tmp_path / "s", executor=ThreadsEngine(1))
    assert table["run_id"].nunique() == 2  # the plan holds them once
    (found,) = compare_study(tmp_path / "s", copy)
    assert (found.pairs, found.first) == (2, None) and "exactly the same" in sentence(found)


def test_ticks_are_the_numbers_they_stand_at() -> None:
    n = Numbers("en")
    assert [_tick(v, n) for v in (0.0125, 0.01, 0.0075, -0.25, 3.0, 12.5, 2e6)] == [
        "0.0125",
        "0.010",
        "0.0075",
        "−0.25",
        "3",
        "12.5",
        "2.0·10⁶",
    ]


def test_sentence_says_which_way() -> None:
    assert " lower " in sentence(part(np.array([-1.0, -2.0]))) and " higher " in sentence(part(np.array([1.0, 2.0])))
    nothing = part(np.zeros(3))
    assert "exactly the same" in sentence(nothing) and start_sentence(nothing) == "Nothing differs in any year."


def test_one_pair_has_no_interval() -> None:
    found = part(np.array([2.0]))
    said = as_dict(found)["chosen"][0]
    assert said["low"] is None and said["high"] is None and said["sd"] is None and said["difference"] == pytest.approx(2.0)
    assert "no interval" in sentence(found) and "95 %" not in sentence(found)
    assert picture(found) is not None


def test_figure_and_json_are_the_same_twice() -> None:
    change = np.array([1.0, 2.0, 3.0])
    once, again = picture(part(change)), picture(part(change))
    assert once is not None and again is not None and once.svg == again.svg
    other = picture(part(2 * change))
    assert other is not None and other.svg != once.svg
    assert report.as_json([part(change)]) == report.as_json([part(change)])


def test_summaries_have_no_years_and_no_figure() -> None:
    rows: Any = (
        made_up(np.array([1.0, 2.0]))
        .groupby(["scenario", "region", "households", "status", "point", "replicate"], as_index=False)[FIRST]
        .mean()
    )
    found = comparisons_of(rows, "a", ["b"], [FIRST])[0]
    assert picture(found) is None and found.years is None and start_sentence(found) == ""
    assert " higher" in sentence(found) and " side " not in sentence(found)


def test_folder_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = part(np.array([1.0, 2.0]))
    folder = write([found], tmp_path / "out", {"seed": 1})
    assert sorted(p.name for p in folder.iterdir()) == ["compare.json", "compare.svg", "differences.parquet", "manifest.json"]
    assert pq.read_table(folder / "differences.parquet").num_rows == 2 * 2 * 5
    with pytest.raises(UserError, match="--overwrite"):
        write([found], folder, {"seed": 2})
    write([found], folder, {"seed": 2}, overwrite=True)
    assert json.loads((folder / "manifest.json").read_text())["seed"] == 2

    def interrupted(*_a: object, **_k: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "as_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write([found], tmp_path / "other", {})
    with pytest.raises(KeyboardInterrupt):
        write([found], folder, {}, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert json.loads((folder / "manifest.json").read_text())["seed"] == 2


def test_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="something other"):
        report.check_out(tmp_path)
    (tmp_path / "manifest.json").write_text('{"kind": "lintas results"}')
    with pytest.raises(UserError, match="something other"):
        report.check_out(tmp_path)


# --- real runs -------------------------------------------------------------------------------------------------------


def test_same_model_said_in_other_words_differs_in_nothing() -> None:
    fitted = fitted_of(Region.load()).values  # a fitted parameter starts from another value than its declared one
    name, declared = next((n, p) for n, p in PARAMETERS.items() if p.low < p.high and n not in fitted)
    b = replace(small(), name="b", title="another title", parameters={name: declared.default})
    found = compare_scenarios(small(), b, replicates=2, households=60)
    numbers = found.table["difference"].dropna()
    assert (found.pairs, found.first) == (2, None)
    assert len(numbers) > len(OUTPUTS) and (numbers == 0.0).all()
    assert (found.table["mean_a"].dropna() != 0).any()


def test_nothing_differs_before_the_first_dated_change() -> None:
    name, value = moved()
    b = replace(small("1982-12"), name="b", events=(Change(12, name, value),))
    found = compare_scenarios(small("1982-12"), b, replicates=2, households=60)
    before, after = (found.table[found.table["year"] == y]["difference"].dropna() for y in (1980, 1981))
    assert (before == 0.0).all() and (after != 0.0).any()
    assert found.first == 1981 and found.from_year == 1980


def test_command_on_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from experiments.execution.batch import run_scenarios

    names = tuple(Scenario.names()[:2])
    study = Study(name="s", scenarios=names, replicates=2, seed=4, households=(60,), end="1980-12")
    folder = tmp_path / "s"
    run_scenarios(study, store=folder)
    compare_command(str(folder), quiet=True, in_json=True)
    said = json.loads(capsys.readouterr().out)["comparisons"]
    assert [(c["a"], c["b"], c["pairs"], c["unpaired_runs"]) for c in said] == [(*names, 2, 0)]
    assert {e["output"] for e in said[0]["effects"]} == set(OUTPUTS)
    assert set(said[0]["chosen"][0]) == {
        "output", "side", "n", "mean_a", "mean_b", "difference", "sd", "low", "high", "same_sign", "label", "unit", "relative", "standardized",
    }  # fmt: skip
    assert (folder / f"compare-{names[0]}" / "compare.json").exists()
    turned = compare_study(folder, names[1])[0]
    straight = compare_study(folder)[0]
    np.testing.assert_array_equal(turned.table["difference"].to_numpy(), -straight.table["difference"].to_numpy())


def test_command_on_two_scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    a = Scenario.names()[0]
    switch = sorted(SWITCHES)[0]
    compare_command(a, a, replicates="1", households="60", end="1980-06", seed="9", without=[switch], quiet=True, lang="id")
    (place,) = (tmp_path / "results").glob(f"compare-{a}-{a}-changed-*")  # and a short hash of what else was asked
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["seeds"] == [plan.seed_of(9, 0)] and manifest["b"]["scenario"]["switches"][switch] is False
    assert manifest["a"]["hash"] != manifest["b"]["hash"] and manifest["model_version"] == model_version()
    assert capsys.readouterr().out


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"b": "A"}, "the same scenario"),
        ({"b": "histori"}, "there is no scenario 'histori'"),
        ({"replicates": "0"}, "--replicates is 0"),
        ({"replicates": "two"}, "whole number"),
        ({"output": ["nothing"]}, "no output 'nothing'"),
        ({"years": "2006-2004"}, "comes before"),
        ({"years": "soon"}, "FIRST-LAST"),
        ({"years": "1990-1991", "end": "1980-12", "replicates": "1", "households": "60"}, "have the years 1980 to 1980"),
        ({"baseline": "A"}, "--baseline goes with a study folder"),
        ({"b": None}, "one scenario alone"),
        ({"a": "nowhere", "b": None, "replicates": None}, "no study folder 'nowhere'"),
    ],
)
def test_refusals(said: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a, b = Scenario.names()[:2]
    given: dict[str, object] = {"a": a, "b": b, "quiet": True} | said
    if given["b"] == "A":
        given["b"] = a
    with pytest.raises(UserError, match=words):
        compare_command(**given)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_refuses_different_ends(tmp_path: Path) -> None:
    a, b = replace(small(), end="1980-12"), replace(small(), name="b", end="1981-12")
    with pytest.raises(UserError, match="the same end with --end"):
        compare_scenarios(a, b, replicates=1, households=60)


def test_study_refusals(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match="no study folder"):
        compare_study(tmp_path / "other")
    names = Scenario.names()[:3]
    for k in (1, 3):
        plan.make(Study(name="s", scenarios=tuple(names[:k]), replicates=1, households=(60,), end="1980-12"), tmp_path / str(k))
    with pytest.raises(UserError, match="one scenario only"):
        compare_study(tmp_path / "1")
    with pytest.raises(UserError, match="--baseline"):
        compare_study(tmp_path / "3")
    with pytest.raises(UserError, match=f"no scenario '{names[0]}x'.*{names[0]}"):
        compare_study(tmp_path / "3", names[0] + "x")
    with pytest.raises(UserError, match="no run yet"):
        compare_study(tmp_path / "3", names[0])
