"""Reported levels beside a run, as readers see them: the words, the count, the page of several draws, three languages, nothing too wide."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from abm.claims.level_file import LEVELS, levels_of
from abm.region import Region
from experiments.cli.main import main
from experiments.reports.levels import level_table, levels_page, show_levels
from experiments.reports.report import report
from experiments.runs.run import StoredResults
from experiments.words.catalogues import in_levels
from experiments.words.languages import LANGUAGES
from tests.experiments import made_up

ROWS = """
[[level]]
id = "poor"
title = "Poverty <there>"
kind = "side"
side = "my"
outputs = ["poverty_rate"]
unit = "share"
reported = { "1990" = 0.05, "1991" = 0.2, "2016" = 0.1 }
within = { difference = 0.01, reason = "a survey & its error" }
source = "a survey"
facts = ["HH15"]
note = "A note."

[[level]]
id = "people"
title = "People"
kind = "places"
places = ["Entikong"]
combine = "sum"
outputs = ["population"]
times = 0.001
times_reason = "to thousands"
unit = "thousand"
reported = { "2010" = 11 }
within = { quotients = [0.9, 1.2], reason = "a count" }
built_in = "An input."
source = "a census"
facts = ["GEO6"]

[[level]]
id = "order"
title = "Order"
kind = "rank"
groups = { A = ["Entikong"], B = ["Liku"] }
combine = "sum"
outputs = ["population"]
unit = "order"
reported = { "2010" = ["A", "B"] }
source = "a census"
facts = ["GEO6"]
"""


@pytest.fixture
def region(tmp_path: Path) -> Region:
    shutil.copytree(Region.load().folder, tmp_path / "r")
    (tmp_path / "r" / LEVELS).write_text(ROWS, encoding="utf-8")
    return Region.load(tmp_path / "r")


def drawn() -> StoredResults:
    """Three draws, the first of them less poor and the last poorer."""
    one = made_up.results()
    many = {name: [getattr(one, name).assign(draw=k) for k in range(3)] for name in ("yearly", "monthly", "places", "flows")}
    many["yearly"][0]["poverty_rate"] -= 0.02
    many["yearly"][2]["poverty_rate"] = 0.2
    return StoredResults(**{name: pd.concat(parts, ignore_index=True) for name, parts in many.items()})


def test_a_run_in_words(region: Region) -> None:
    table = level_table(made_up.results(), region)
    assert [g.title for g in table.groups] == ["Poverty <there>", "People", "Order"] and not table.is_drawn
    poor, people, order = table.groups
    assert [(x.years, x.reported, x.given, x.says, x.spread, x.share) for x in poor.lines] == [
        ("1990", "5.0%", "4.8%", "holds", "", ""), ("1991", "20.0%", "4.7%", "fails", "", "")
    ]  # fmt: skip
    assert poor.within == "1 percentage points more or less" and poor.unit == ""
    assert people.within == "0.9 to 1.2 times the report" and people.unit == "thousand" and people.lines[0].given == "11.0"
    assert order.within == "the same order" and order.lines[0].given == "B > A" and order.lines[0].reported == "A > B"
    assert table.outside == 1 and table.free == (1, 2) and table.built == (1, 0)
    assert table.failing == ("Poverty <there> (1991)", "Order (2010)")
    assert table.count().startswith("1 of 3 reported numbers") and table.count_built().startswith("Counted apart: 1 of 1")


def test_draws_have_a_median_an_interval_and_a_share(region: Region) -> None:
    table = level_table(drawn(), region)
    assert table.is_drawn
    first, second = table.groups[0].lines
    assert (first.given, first.share, first.says) == ("4.8%", "33%", "holds") and first.spread == "3.0% … 18.5%"
    assert (second.given, second.share, second.says) == ("4.7%", "33%", "fails")
    assert table.groups[2].lines[0].spread == "" and table.groups[2].lines[0].share == "0%"
    page = levels_page(drawn(), region, title="A title", lead="A lead")
    assert "in 33% of draws" in page and "the median over the draws" in page and "<h1>A title</h1>" in page


def test_the_report_of_a_run_has_the_section(region: Region) -> None:
    page = report(made_up.results(), made_up.manifest(), region=region)
    assert 'id="levels"' in page and 'href="#levels"' in page and "Poverty &lt;there&gt;" in page and "Poverty <there>" not in page
    text = re.sub(r"\s+", " ", page)
    for words in (
        "a survey &amp; its error",
        "A note.",
        "An input.",
        "to thousands",
        "multiplied by 0.001",
        "HH15",
        "1 more are of years",
        "These fail:",
    ):
        assert words in text, words
    assert "in % of draws" not in page and "median over the draws" not in page
    (Path(region.folder) / LEVELS).unlink()
    assert 'id="levels"' not in report(made_up.results(), made_up.manifest(), region=region)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_language_has_the_shipped_rows(language: str) -> None:
    table = level_table(made_up.results(), Region.load(), language)
    assert table.groups and table.count() and table.free[0] + table.free[1] > 0
    assert "nan" not in " ".join(line.given + line.reported for g in table.groups for line in g.lines)


def test_the_screen_has_one_line(region: Region) -> None:
    def said(results: Any, of: Region) -> str:
        text = io.StringIO()
        show_levels(level_table(results, of), Console(file=text, width=100, highlight=False, markup=False))
        return text.getvalue()

    assert said(made_up.results(), region).count("\n") == 1 and "2 do not" in said(made_up.results(), region)
    assert said(made_up.results(1980, 1981), region) == "", "no row is of these years"


def test_titles_and_units_are_collected_for_translation() -> None:
    sentences = {sentence for sentence, _where in in_levels()}
    for level in levels_of(Region.load()):
        assert level.title in sentences and (level.unit in sentences) == (level.unit not in ("share", "order", "index"))


def test_a_mistake_is_told_before_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(Region.load().folder, tmp_path / "r")
    (tmp_path / "r" / LEVELS).write_text("[[level]]\nid = 'x'\n", encoding="utf-8")
    assert main(["run", "--region", str(tmp_path / "r"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "levels.toml of region r, level 'x': the key" in said and not (tmp_path / "out").exists()
