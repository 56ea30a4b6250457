"""Two scenarios over many pairs: the same numbers as ``lintas compare``, intervals and signs worked by hand; no browser."""

from __future__ import annotations

import io
import math
import re
import shlex
from html import unescape

import pandas as pd
import pytest

import abm.model  # noqa: F401 – registers the world's levers too
from abm.scenario import Scenario
from experiments.analysis.compare import compare_scenarios
from experiments.analysis.differences import Effect
from experiments.app.charts import Line
from experiments.app.over_pairs import COUNTS, SPANS, Two, amount, csv, interval_of, is_over, shown_effects, span_of, table_html
from experiments.app.pairs import WantedPairs
from experiments.app.state import Choice
from experiments.app.tabs import HOLDS
from experiments.words.languages import Numbers
from tests.app.test_pairs import carried_out

DOCTRINE = "official.set_strictness.doctrine_id"


def effect(values: list[float]) -> Effect:
    table = pd.Series(values)
    return Effect("gini", "id", len(values), 1.0, 2.0, float(table.mean()), float(table.std()), math.nan, math.nan, 0.75)


def test_intervals_worked_by_hand() -> None:
    # four differences 1, 2, 3, 4: mean 2.5, sd 1.29099; t(0.95; 3) = 2.35336
    low, high = interval_of(effect([1.0, 2.0, 3.0, 4.0]), is_draws=False)
    assert (low, high) == pytest.approx((2.5 - 2.353363 * 1.290994 / 2, 2.5 + 2.353363 * 1.290994 / 2), rel=1e-6)
    low, high = interval_of(effect([1.0, 2.0, 3.0, 4.0]), is_draws=True)
    assert (low, high) == pytest.approx((2.5 - 1.644854 * 1.290994, 2.5 + 1.644854 * 1.290994), rel=1e-6)
    assert all(map(math.isnan, interval_of(effect([1.0]), is_draws=True)))


@pytest.mark.parametrize(
    ("output", "value", "said"),
    [("poverty_rate", 0.0123, "+1.2 points"), ("poverty_rate", -0.3, "−30 points"), ("poverty_rate", 0.0, "0 points"), ("gini", -0.5, "−0.5"),
     ("workers_across", 12.0, "+12"), ("gini", math.nan, "–")],
)  # fmt: skip
def test_differences_have_a_sign_and_their_unit(output: str, value: float, said: str) -> None:
    found = amount(Line(output), value, Numbers("en"), str)
    assert found.replace("-", "−").replace(".50", ".5").replace("12.0", "12") == said


def test_the_differences_and_the_table_are_those_of_lintas_compare() -> None:
    a = Choice(households=300)
    b = Choice("no-kinship", households=300).moved(DOCTRINE, 0.9).switched("crisis", False)
    two = Two(a, b, WantedPairs(2))
    _told, ends = carried_out(two.jobs())
    assert ends == [""]
    part = two.comparison((1995, 1997))
    assert part is not None
    other = Scenario.load("no-kinship", set={DOCTRINE: 0.9}, without=["crisis"])
    direct = compare_scenarios(Scenario.load("history"), other, replicates=2, households=300, seed=7, years=(1995, 1997))
    assert [e for e in part.effects if e.n] == [e for e in direct.effects if e.n] and part.pairs == 2
    assert [(e.output, e.side) for e in part.chosen] == [(e.output, e.side) for e in direct.chosen]
    pd.testing.assert_frame_equal(part.table, direct.table)
    words = shlex.split(two.command((1995, 1997)))
    assert (
        words[:4] == ["lintas", "compare", "history", "no-kinship"] and f"{DOCTRINE}=0.9" in words and words[-2:] == ["--without", "crisis"]
    )
    # the table shows the main numbers first, each once
    shown = shown_effects(part)
    assert len({(e.output, e.side) for e in shown}) == len(shown) and (shown[0].output, shown[0].side) == ("income_per_capita", "id")
    cells = [unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", table_html(part, two, "en", ("A", "B")))]
    assert len(cells) == 5 * len(shown) and cells[4] == f"{round(shown[0].same_sign * 2)} of 2"
    # the file holds every difference in full
    text = csv(part, two, "0").decode()
    table = pd.read_csv(io.StringIO(text), comment="#")
    for row, one in zip(table.to_dict("records"), part.effects, strict=True):
        assert row["output"] == one.output and row["side"] == one.side and row["pairs"] == one.n
        for name, value in (("difference", one.difference), ("low_90", interval_of(one, False)[0]), ("mean_a", one.mean_a)):
            assert row[name] == value or (math.isnan(row[name]) and math.isnan(value))
    assert f"# command: {two.command((1995, 1997))}" in text and "# over: seeds" in text and '# seeds: ["' in text


def test_pairs_share_their_seed_and_draw_and_unfinished_ones_are_left_out() -> None:
    two = Two(Choice(households=300, seed="5"), Choice("closed-border", households=300, seed="5"), WantedPairs(4, True))
    pairs = [two.pair(k) for k in range(4)]
    assert all(one.choice.seed == other.choice.seed and one.draw == other.draw == k for k, (one, other) in enumerate(pairs))
    assert len({one.choice.seed for one, _other in pairs}) == 4
    assert two.comparison() is None and two.command((1995, 1997)) == "" and not two.is_same


def test_the_same_scenario_twice_is_told_apart_by_name() -> None:
    history = Choice(households=300)
    assert Two(history, history, WantedPairs(2)).is_same
    changed = Two(history, history.moved(DOCTRINE, 0.9), WantedPairs(2))
    assert changed.names == ("history", "history-changed") and not changed.is_same


def test_only_numbers_of_pairs_and_spans_that_are_offered_are_taken() -> None:
    assert all(is_over(f"{n}{kind}") for n in COUNTS for kind in "sd") and not is_over("3s") and not is_over("64s") and not is_over("")
    assert span_of("") is None and span_of("1985-1987") == (1985, 1987) and all(HOLDS["years"](one) for one in SPANS)
    assert not HOLDS["years"]("1980-2015") and not HOLDS["pairs"]("1s") and HOLDS["pairs"]("8d")
