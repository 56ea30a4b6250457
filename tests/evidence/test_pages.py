"""Are the pages of the ledger whole, safe, in order, without the network, and the same each time?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from abm.errors import UserError
from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.reports.evidence import INDEX, file_of, pages, write_pages
from experiments.reports.evidence_reasons import SHORT, Reasons
from experiments.reports.evidence_screen import show
from experiments.reports.evidence_words import ORDER, in_order
from experiments.words.languages import LANGUAGES
from tests.evidence.made_up import (
    claim,
    effects,
    every_verdict,
    got,
    made,
    pattern,
    without_mechanism,
)
from tests.evidence.page import Page, cells_of


def test_every_tag_is_closed_and_every_id_is_one(found: dict[str, str]) -> None:
    for name, text in found.items():
        page = Page(text)
        assert page.wrong == [] and page.open == [], name
        assert len(page.ids) == len(set(page.ids)), name


def test_nothing_is_loaded_from_outside(found: dict[str, str]) -> None:
    for name, text in found.items():
        page = Page(text)
        assert all(value.startswith("data:image/svg+xml;base64,") for value in page.loads), name
        assert not re.search(r"@import|url\(|<script|<iframe|<link", text), name
        assert "http://" not in re.sub(r"base64,[^\"]*", "", text) and "https://" not in text, name


def test_links_lead_to_pages_that_are_written(ledger: Made, tmp_path: Path) -> None:
    written = write_pages(ledger, tmp_path, language="en", languages=("en", "id", "ms"))
    assert len(written) == len(set(written)) == 3 * (1 + len(ledger.ledger.rows)) and all(path.is_file() for path in written)
    linked: set[str] = set()
    for path in written:
        for link in Page(path.read_text(encoding="utf-8")).links:
            assert (tmp_path / link).is_file(), (path.name, link)
            linked.add(link)
    assert linked == {path.name for path in written}
    assert "ledger.csv" in Page(pages(ledger, beside=("ledger.csv",))["index.html"]).links


def test_languages_name_their_files_and_themselves(ledger: Made, tmp_path: Path) -> None:
    written = write_pages(ledger, tmp_path, language="id", languages=("id", "en"))
    assert {path.name for path in written} >= {"index.html", "index-en.html", "E02.html", "E02-en.html"}
    assert '<html lang="id">' in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in (tmp_path / "E02-en.html").read_text(encoding="utf-8")
    assert 'href="E02-en.html"' in (tmp_path / "E02.html").read_text(encoding="utf-8")
    assert file_of(INDEX, "ms", "ms") == "index.html"
    alone = pages(ledger, "ms")
    assert "index.html" in alone and not any(f'hreflang="{code}"' in alone["index.html"] for code in LANGUAGES)
    with pytest.raises(UserError, match="no language 'xx'"):
        write_pages(ledger, tmp_path / "no", language="en", languages=("xx",))
    assert not (tmp_path / "no").exists()


def test_texts_of_a_users_file_stay_texts() -> None:
    evil = "<script>alert(1)</script> \" ' & {{ 123*321 }} %s"
    first = claim(
        "E02", pattern(says=evil.replace("{", "{{").replace("}", "}}"), reading=evil, built_in=evil), pattern("other", reading="<b>"), claim=evil, who=evil, mechanism=evil,
        expected=evil, status="in part", missing=evil, sources=[{"stands": "for", "what": evil, "source": evil, "url": "https://example.org/a?b=1&c"}],
    )  # fmt: skip
    result = made([first], {("E02", "visits"): got(effects(0.2)), ("E02", "other"): got(effects(-0.2))})
    for name, text in pages(result).items():
        assert "<script" not in text and "<b>" not in text and "39483" not in Page(text).words, name
        assert evil in Page(text).words, name
    assert "https://example.org/a?b=1&c" in Page(pages(result)["E02.html"]).links


def test_the_same_runs_give_the_same_bytes_and_say_nothing_of_the_machine(ledger: Made, found: dict[str, str], tmp_path: Path) -> None:
    assert pages(every_verdict()) == found
    for path in write_pages(ledger, tmp_path, language="en"):
        text = re.sub(r"base64,[^\"]*", "", path.read_text(encoding="utf-8"))
        assert str(tmp_path) not in text and "/work" not in text and not re.search(r"\b202[4-9]-\d\d", text)


def test_what_fails_comes_first_and_what_has_no_mechanism_last(ledger: Made, found: dict[str, str]) -> None:
    shown = re.findall(r'<tr id="(E\d\d)">', found["index.html"])
    verdicts = {row.claim.id: row.verdict for row in ledger.ledger.rows}
    assert sorted(shown) == sorted(verdicts)
    order = [ORDER.index(verdicts[name]) for name in shown]
    assert order == sorted(order) and {*order} == {0, 1, 2, 3, 4}
    assert ORDER[0] == "does not hold" and ORDER[-1] == "no mechanism"


def test_the_first_sentences_count_and_say_what_was_run(ledger: Made) -> None:
    first, second, third = Reasons(ledger, "en").head()
    assert first == (
        "Of 18 claims of the paper, the model does not show 4, cannot tell of 6, shows 6, shows 1 only because it was built in, and has no mechanism for 1."
    )
    assert "60 draws" in second and "120 runs" in second and "3 did not end well" in second
    assert "90%" in third and "5%" in third
    alone = AskedOfRuns(None, "west-kalimantan-sarawak", 4000, 1, 7)
    assert "fitted values alone with 60 different seeds (first seed 7)" in Reasons(ledger, "en", alone).head()[1]


@pytest.mark.parametrize(
    ("row", "word", "why"),
    [
        ("E01", "does not hold", "not near"), ("E02", "does not hold", "opposite"), ("E03", "does not hold", "no effect of use"),
        ("E04", "cannot tell", "its number cannot be computed"), ("E18", "does not hold", "no effect of use"),
        ("E05", "cannot tell", "the posterior itself is undecided"), ("E06", "cannot tell", "more runs needed"),
        ("E07", "cannot tell", "depends on the reading"), ("E15", "cannot tell", "no runs"), ("E16", "cannot tell", "no pattern to show it"),
        ("E08", "holds", ""), ("E09", "holds", "not all five conditions are met"), ("E13", "built in", ""), ("E17", "no mechanism", ""),
    ],
)  # fmt: skip
def test_each_verdict_has_its_word_its_sign_and_its_reason(ledger: Made, found: dict[str, str], row: str, word: str, why: str) -> None:
    mine = next(r for r in ledger.ledger.rows if r.claim.id == row)
    assert mine.verdict == word and Reasons(ledger, "en").short(mine) == why
    signs = {"does not hold": "✗", "cannot tell": "?", "holds": "✓", "built in": "◆", "no mechanism": "–"}
    for text in (cells_of(found["index.html"], row), found[f"{row}.html"]):
        assert re.search(rf'class="chip [a-z-]+"><span aria-hidden="true">{re.escape(signs[word])}</span> {word}</span>', text)
        assert why in Page(text).words
    assert set(SHORT.values()) >= {why} - {""}


def test_only_a_claim_that_works_in_full_is_green(ledger: Made, found: dict[str, str]) -> None:
    green = {row.claim.id for row in ledger.ledger.rows if 'class="chip holds"' in cells_of(found["index.html"], row.claim.id)}
    assert green == {"E08", "E11"}  # those whose pattern goes away without the mechanism
    for name, text in found.items():
        if name[:3] not in green and name != "index.html":
            assert 'class="chip holds"' not in text and 'class="holds"' not in text, name


def test_five_marks_say_in_words_what_they_mean(found: dict[str, str]) -> None:
    for row, met in (("E08", 5), ("E09", 4), ("E02", 3), ("E17", 0)):
        text = cells_of(found["index.html"], row)
        assert text.count('class="yes"') == met and text.count('class="no"') == 5 - met
        words = re.findall(r'<span class="sr">([^<]+)</span>', text)
        assert len(words) == 5 and sum(word.startswith("no ") for word in words) == 5 - met


def test_numbers_of_the_index(found: dict[str, str]) -> None:
    words = Page(cells_of(found["index.html"], "E08")).words
    assert (
        "70.0% (61.0% to 79.0%)" in words and "10.0% (10.0% to 10.0%)" in words and "+60 points (+51 to +69)" in words and "100%" in words
    )
    assert "in the 1980s" in words and "1980–1989" in words
    income = Page(cells_of(found["index.html"], "E01")).words
    assert "US$700 a person and year" in income and "650 (641 to 659)" in income and "[USD/person/year]" in income
    spans = Page(cells_of(found["index.html"], "E14")).words
    assert "set against 10% (10% to 10%)" in spans or "set against 20% (20% to 20%)" in spans


def test_both_kinds_of_readings_are_in_the_index_and_beside_each_other(found: dict[str, str]) -> None:
    words = Page(cells_of(found["index.html"], "E07")).words
    assert "by visits" in words and "by people" in words
    page = found["E07.html"]
    assert 'class="beside"' in page and 'class="beside"' not in found["E02.html"]
    assert "it holds if the sentence means “by visits”, and does not hold if it means “by people”" in Page(page).words


def test_a_ledger_of_all_claims_fits_the_screen() -> None:
    long = "A sentence that goes on and on about households of the border, " * 6
    rows = [claim(f"E{k:02d}", pattern(), claim=long) if k % 3 else without_mechanism(f"E{k:02d}", claim=long) for k in range(1, 35)]
    result = made(rows, {(c.id, "visits"): got(effects(-0.3 if int(c.id[1:]) % 2 else 0.2, 0.1)) for c in rows if c.patterns})
    for language in LANGUAGES:
        out = io.StringIO()
        show(result, language, shown=Console(file=out, width=80, highlight=False, markup=False))
        lines = out.getvalue().rstrip("\n").split("\n")
        assert len(lines) in (36, 37) and all(len(line) <= 80 for line in lines)
        assert [line[:3] for line in lines[1:35]] == [row.claim.id for row in in_order(result)]
        assert lines[1][3] == " " and "✗" in lines[1] and "–" in lines[34]


def test_the_screen_takes_texts_as_they_are() -> None:
    result = made([claim("E02", pattern(), claim="[red]a[/red] [bold")], {("E02", "visits"): got(effects(-0.3))})
    out = io.StringIO()
    show(result, "en", shown=Console(file=out, width=80, highlight=False, markup=False))
    assert "[red]a[/red] [bold" in out.getvalue() and "20.0% (20.0% … 20.0%)" in out.getvalue() and "0%" in out.getvalue()
