"""The numbers of the charts are those of the run, and their words say what changed; cases worked by hand, without a browser."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from abm import BorderModel
from abm.claims.claim import claims
from abm.claims.interpret import series_of
from abm.claims.years import Years
from abm.scenario import Scenario
from agents.core.declare import OUTPUTS, SWITCHES
from experiments.app import controls
from experiments.app.charts import CHARTS, COLOURS, SYMBOLS, Board, Line, chosen, events_of, indicators, numbers_of, option_of
from experiments.app.compare import MAIN, PagePair, PageWords, difference
from experiments.app.runner import region
from experiments.app.state import Choice, Finished, levers
from experiments.words.languages import Numbers
from tests.app.test_state import DOCTRINE, same

SPAN = (1980, 2015)
MOVED = Choice(households=300).moved(DOCTRINE, 1.0)
#: The last chart with an indicator of a value a side, of one for both, and of the Kalimantan side only.
LAST = tuple(chosen(name) for name in ("gini", "income_ratio", "grdp_share_national"))


def run(choice: Choice) -> Finished:
    scenario, households, seed = choice.checked(same)
    return Finished.of(BorderModel(scenario, households=households, rng=seed).run(), choice)


@pytest.fixture(scope="module")
def pair() -> PagePair:
    return PagePair(run(Choice(households=300)), run(MOVED))


def made(before: dict[str, list[float]], after: dict[str, list[float]], like: PagePair) -> PagePair:
    """A pair of tables of three years, each with the same values on both sides."""

    def table(values: dict[str, list[float]], choice: Choice) -> Finished:
        rows = pd.DataFrame(
            {"year": np.repeat([1980, 1981, 1982], 2), "side": ["id", "my"] * 3} | {n: np.repeat(v, 2) for n, v in values.items()}
        )
        results = like.baseline.results.__class__(rows, rows.iloc[:0], rows.iloc[:0], rows.iloc[:0])
        return Finished(choice, like.baseline.manifest, results, like.baseline.region)

    return PagePair(table(before, Choice()), table(after, MOVED))


def test_numbers_are_those_of_the_yearly_table(pair: PagePair) -> None:
    yearly = pair.baseline.results.yearly
    for spec in (*CHARTS, *LAST):
        numbers = numbers_of(spec, Years(yearly), SPAN)
        assert numbers.dtype == np.float32 and numbers.shape == (len(spec.lines), 36)
        for row, line in zip(numbers, spec.lines, strict=True):
            sides = ("id", "my") if line.side == "both" else (line.side,)
            direct = sum(yearly.loc[yearly["side"] == side, line.indicator].to_numpy() for side in sides)
            np.testing.assert_array_equal(row, np.asarray(direct, dtype=np.float32))


def test_years_that_a_run_has_not_come_to_have_no_number(pair: PagePair) -> None:
    yearly = pair.baseline.results.yearly
    numbers = numbers_of(CHARTS[0], Years(yearly[yearly["year"] < 1986]), SPAN)
    assert np.isfinite(numbers[:, :6]).all() and np.isnan(numbers[:, 6:]).all()
    assert np.isnan(numbers_of(CHARTS[0], None, SPAN)).all()


def test_trade_is_that_of_the_claim(pair: PagePair) -> None:
    trade = next(spec for spec in CHARTS if spec.key == "trade")
    years = Years(pair.baseline.results.yearly)
    for line, number in zip(trade.lines, ("out", "into"), strict=True):
        assert line.values(years) == series_of(claims()["E17"]["flows"].numbers[number].of, years)


def test_lines_of_a_chart_share_a_unit_and_differ_without_colour() -> None:
    for spec in (*CHARTS, *map(chosen, indicators())):
        assert len({OUTPUTS[line.indicator].unit for line in spec.lines}) == 1, spec.key
        assert 1 <= len(spec.lines) <= min(len(COLOURS), len(SYMBOLS))
        for line in spec.lines:
            together = getattr(OUTPUTS[line.indicator], "sides", "each") != "each"
            assert line.side == "id" or not together, "a value for both sides is not added up"
            assert line.side != "both" or OUTPUTS[line.indicator].unit == "USD", "only amounts are added up"
    assert {line.side for line in chosen("gini").lines} == {"id", "my"} and chosen("income_ratio").lines == (Line("income_ratio"),)


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_what_echarts_is_told_is_plain_data_with_a_name_for_each_line(language: str) -> None:
    for spec in (*CHARTS, *LAST):
        option = json.loads(json.dumps(option_of(spec, region(), SPAN, language)))
        assert [one["id"] for one in option["series"]] == [f"{kind}{k}" for k in range(len(spec.lines)) for kind in "bv"]
        assert option["legend"]["data"] == [one["name"] for one in option["series"][1::2]]
        assert option["xAxis"]["data"] == [str(year) for year in range(1980, 2016)]
        assert option["aria"] == {"enabled": False} and option["animation"] is False
        marks = option["series"][0]["markLine"]["data"]
        assert [mark["name"] for mark in marks] == [str(n) for n in range(1, len(marks) + 1)]
        assert all(mark["xAxis"] in option["xAxis"]["data"] for mark in marks)
    work = next(spec for spec in CHARTS if spec.key == "work")
    shade = option_of(work, region(), SPAN, language)["series"][0]["markArea"]["data"]
    assert [edge["xAxis"] for edge in shade[0]] == ["1997", "2001"]


def test_events_are_numbered_in_order_and_those_of_a_month_are_one() -> None:
    care = next(spec for spec in CHARTS if spec.key == "care")
    events = events_of(care, region(), SPAN, "en")
    assert [(number, year) for number, year, _words in events] == [(1, 1989), (2, 2004), (3, 2011), (4, 2015)]
    assert events[2][2].count("opens") == 2  # two posts in January 2011
    assert [year for _number, year, _words in events_of(care, region(), (1990, 2005), "en")] == [2004]
    assert events_of(chosen("gini"), region(), SPAN, "en") == []


def test_a_board_sends_numbers_of_both_runs_and_what_changed_only(pair: PagePair) -> None:
    board = Board(region(), SPAN, "gini")
    board.speak("en", "gini")
    spec = CHARTS[0]
    widget = board.widgets[spec.key]
    assert np.isnan(np.frombuffer(widget.numbers, np.float32)).all()
    tables = [one.results.yearly for one in (pair.baseline, pair.variant)]
    board.show(*tables)
    sent = np.frombuffer(widget.numbers, np.float32).reshape(2, 2, 36)
    for row, table in zip(sent, tables, strict=True):
        np.testing.assert_array_equal(row, numbers_of(spec, Years(table), SPAN))
    before = widget.option, board.widgets["chosen"].numbers
    board.speak("en", "income_ratio")
    assert widget.option is before[0] and board.widgets["chosen"].numbers != before[1]
    assert np.frombuffer(board.widgets["chosen"].numbers, np.float32).shape == (2 * 36,)
    board.speak("id", "income_ratio")
    assert widget.option != before[0] and widget.form == {"locale": "id", "is_share": False}
    board.close()


@pytest.mark.parametrize(
    ("line", "before", "after", "said"),
    [
        ("poverty_rate", 0.2, 0.25, "+5.0 percentage points"), ("poverty_rate", 0.25, 0.2, "−5.0 percentage points"),
        ("poverty_rate", 0.2, 0.45, "+25 percentage points"), ("poverty_rate", 0.2, 0.2, "0 percentage points"),
        ("poverty_rate", 0.2, 0.2005, "+0.05 percentage points"),
        ("income_per_capita", 200, 250, "+25%"), ("income_per_capita", 200, 190, "−5.0%"), ("income_per_capita", 200, 200, "0%"),
        ("workers_across", 0, 40, "+40.0"), ("workers_across", 0, 0, "0"), ("price_gap_rice", -0.5, -0.25, "+0.25"),
    ],
)  # fmt: skip
def test_a_difference_in_words(line: str, before: float, after: float, said: str) -> None:
    assert difference(Line(line), before, after, Numbers("en"), same) == said


def test_a_sentence_says_the_end_and_the_largest_difference(pair: PagePair) -> None:
    spec = chosen("income_per_capita")
    two = made({"income_per_capita": [100, 200, 400]}, {"income_per_capita": [100, 230, 440]}, pair)
    (first, _second) = PageWords(two, region(), "en").sentences(spec)
    # the largest in percent, as it is said
    assert (
        first == "Income per head, West Kalimantan: 440 in 1982, 400 in the baseline (+10.0%). The largest difference is in 1981: +15.0%."
    )
    none = made({"income_per_capita": [1, 2, 3]}, {"income_per_capita": [1, 2, 3]}, pair)
    assert (
        PageWords(none, region(), "en").sentences(spec)[0]
        == "Income per head, West Kalimantan: no difference from the baseline in any year."
    )
    alone = PagePair(two.baseline, two.baseline)
    assert PageWords(alone, region(), "en").sentences(spec)[0] == "Income per head, West Kalimantan: 100 in 1980, 400 in 1982."
    empty = made({"income_per_capita": [np.nan] * 3}, {"income_per_capita": [np.nan] * 3}, pair)
    assert PageWords(empty, region(), "en").sentences(spec)[0] == "Income per head, West Kalimantan: no value in any year."


def test_a_lever_back_at_its_baseline_gives_no_difference_anywhere(pair: PagePair) -> None:
    back = run(MOVED.moved(DOCTRINE, Choice().value(DOCTRINE)))
    other = PagePair(pair.baseline, back)
    assert other.is_same
    for name in indicators():
        for line in chosen(name).lines:
            assert not any(other.differences(line).values())


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_the_table_behind_a_chart_has_a_row_for_each_year(pair: PagePair, language: str) -> None:
    for both in (pair, PagePair(pair.baseline, pair.baseline)):
        words = PageWords(both, region(), language)
        for spec in (*CHARTS, *LAST):
            rows, columns = words.rows(spec), 1 + len(spec.lines) * (1 if both.is_same else 3)
            assert [row[0] for row in rows] == [str(year) for year in range(1980, 2016)]
            assert len(words.head(spec)) == columns and {len(row) for row in rows} == {columns}
            assert len(set(words.head(spec))) == columns


def test_the_numbers_of_a_chart_as_a_file_come_back_and_say_which_runs_they_are_of(pair: PagePair) -> None:
    words, spec = PageWords(pair, region(), "id"), CHARTS[0]
    text = words.csv(spec).decode()
    head = [line for line in text.splitlines() if line.startswith("# ")]
    for kind, finished, parameters in (("baseline", pair.baseline, {}), ("variant", pair.variant, {DOCTRINE: 1.0})):
        said = dict(line[2:].split(": ", 1) for line in head if line.startswith(f"# {kind} "))
        assert said[f"{kind} scenario"].startswith("history (") and said[f"{kind} households"] == "300" and said[f"{kind} seed"] == "7"
        assert json.loads(said[f"{kind} parameters"]) == parameters
        assert said[f"{kind} lintas"] == finished.manifest["lintas"] and said[f"{kind} posterior"] == str(
            finished.manifest["fitted"]["posterior"]
        )
    rows = list(csv.DictReader(io.StringIO("".join(line + "\n" for line in text.splitlines() if not line.startswith("# ")))))
    for kind, finished in (("baseline", pair.baseline), ("variant", pair.variant)):
        for side in ("id", "my"):
            found = {int(row["year"]): float(row[f"income_per_capita_{side}_{kind}"]) for row in rows}
            assert found == Years(finished.results.yearly).of("income_per_capita", side)


def test_a_saved_picture_says_which_runs_it_shows(pair: PagePair) -> None:
    words = PageWords(pair, region(), "en")
    saved = words.saved(CHARTS[1])
    text = "\n".join(saved["lines"])  # type: ignore[arg-type]
    assert "Solid: History, 300 households, seed 7, official.set_strictness.doctrine_id = 1" in text
    assert "Dashed, baseline: History, 300 households, seed 7" in text and "lintas 0.1.0" in text and "1 · Oct 1989" in text
    assert saved["file"] == "lintas-care-history-300-7"


def test_main_numbers_and_sentences(pair: PagePair) -> None:
    words, alone = PageWords(pair, region(), "en"), PageWords(PagePair(pair.baseline, pair.baseline), region(), "en")
    assert words.main_numbers().count("<tr>") == alone.main_numbers().count("<tr>") == len(MAIN) + 1
    assert alone.summary(["a", "b", "c"]) == ["a", "b", "c"]
    said = words.summary([])
    assert len(said) == 3 and "same households" in said[2]
    # the line that changed most beside its size comes first
    sizes = {line: words._weight(line) for line in MAIN}
    most = max(sizes, key=lambda line: sizes[line])
    assert said[0].startswith(most.label(same, region()))


# --- controls --------------------------------------------------------------------------------------------------------


def test_every_lever_and_every_mechanism_is_in_one_group() -> None:
    groups = controls.grouped()
    assert sorted(one.name for _title, parameters, _switches in groups for one in parameters) == sorted(one.name for one in levers())
    assert sorted(name for _title, _parameters, switches in groups for name in switches) == sorted(SWITCHES)
    # a name that no group has, as of a rule to come, is found under the last title
    assert controls.group_of("somebody.does_something.new") == controls.OTHER
    assert all(starts and title for title, _switches, starts in controls.GROUPS)


def test_a_search_finds_what_has_every_word() -> None:
    parameters, switches = controls.found("doctrine indonesian", same)
    assert [one.name for one in parameters] == [DOCTRINE] and switches == []
    assert controls.found("KINSHIP", same)[1] == ["kinship"]
    everything, mechanisms = controls.found("", same)
    assert len(everything) > 100 and len(mechanisms) == len(SWITCHES)
    assert controls.found("no such words at all", same) == ([], [])


def test_the_history_is_a_scenario_of_its_own() -> None:
    assert Scenario.load("history").hash == Choice().checked(same)[0].hash
