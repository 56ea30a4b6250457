"""The report: complete, readable without a network, the same bytes for the same run, in three languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from abm.region import Region
from experiments.reports.figures import pictures
from experiments.reports.report import DECIDING, assumption_groups, markdown, report
from experiments.words.languages import LANGUAGES
from tests.experiments import made_up


class Page(HTMLParser):
    """Collects what a test asks about."""

    def __init__(self, text: str):
        super().__init__()
        self.loads: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "link", "iframe", "img", "source", "object"):
            self.loads.append(str(given.get("src") or given.get("href") or tag))
        if tag == "img":
            self.images.append(given)
        if tag not in ("meta", "img", "br", "hr", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"


@pytest.fixture(scope="module")
def english() -> str:
    return report(made_up.results(), made_up.manifest())


def test_nothing_is_fetched(english: str) -> None:
    page = Page(english)
    assert page.open == []
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.loads)
    assert "@import" not in english and "url(" not in english


def test_every_figure_is_told_in_words(english: str) -> None:
    page = Page(english)
    assert len(page.images) == 6
    assert all(len(str(image["alt"])) > 40 for image in page.images)
    for picture in pictures(made_up.results(), Region.load()):
        assert len(picture.sentence) > 30 and picture.sentence.endswith(".")
        assert "nan" not in picture.sentence.lower() and "{" not in picture.sentence
        assert picture.rows and all(len(row) == len(picture.head) for row in picture.rows)
        assert picture.svg.startswith(b"<?xml") and b"<dc:date>" not in picture.svg


def test_the_same_run_gives_the_same_page(english: str) -> None:
    assert report(made_up.results(), made_up.manifest() | {"created": "2020-01-01", "command_line": ["x"]}) == english


def test_it_holds_what_it_must(english: str) -> None:
    for words in ("US$700", "US$4,000", "E01", "1498–1506", "puskesmas", "Natural Earth", "manifest.json", "GeoNames"):
        assert words in english
    groups = assumption_groups(Region.load())
    assert "puskesmas" in groups[0].text, "the calendar comes first: it decides most"
    assert sum(len(group.rows) for group in groups) == len(Region.load().assumptions)
    assert next(iter(DECIDING)) == "opened"


def test_a_short_run_says_what_it_does_not_cover() -> None:
    page = report(made_up.results(1980, 1984), made_up.manifest())
    assert "the run does not cover these years" in page
    assert not re.search(r"\bnan\b", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page), flags=re.IGNORECASE)


def test_a_projection_is_marked() -> None:
    assert "projection" not in report(made_up.results(), made_up.manifest())
    assert "projection" in report(made_up.results(1980, 2017), made_up.manifest())


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_it_speaks_three_languages(language: str) -> None:
    page = report(made_up.results(), made_up.manifest(), language=language)
    assert f'<html lang="{language}">' in page
    words = {"en": "What the paper says", "id": "puskesmas", "ms": "klinik kesihatan"}
    assert words[language] in page
    if language != "en":
        assert "What the paper says" not in page
        assert "1.498" not in page, "line numbers are no amounts"


def test_markup_in_names_is_harmless() -> None:
    scenario = {"name": "x", "title": "<script>alert(1)</script>", "description": '"><img src=x onerror=y>'}
    page = report(made_up.results(1980, 1981), made_up.manifest() | {"scenario": scenario})
    assert "<script" not in page and "<img src=x" not in page
    assert "<script" not in markdown("# a <script>\n\n- [x](javascript:alert) `<b>`\n\n| a |\n|---|\n| <i> |")


def test_every_column_of_the_map_can_be_shown() -> None:
    from experiments.reports.figures import Drawing

    picture = Drawing(made_up.results(), Region.load(), "en").map("untreated_share", 2015)
    assert "2015" in picture.sentence
