"""Are numbers and conditions of the ledger written so that they cannot be taken for others, in every language and as a table?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from abm.claims.claim import claims
from experiments.evidence.ledger import Interval
from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.reports.evidence import ledger_csv, pages, write_csv
from experiments.reports.evidence_screen import show
from experiments.reports.evidence_words import LedgerWords
from experiments.words.catalogues import collect
from experiments.words.languages import LANGUAGES
from tests.evidence.made_up import (
    claim,
    effects,
    got,
    made,
    pattern,
)
from tests.evidence.page import Page


def test_small_numbers_are_not_written_as_none(ledger: Made) -> None:
    words = LedgerWords(ledger, "en")
    share = claim("E02", pattern()).patterns[0].numbers["share"]
    assert words.value(share, 0.0004) == "0.04%" and words.value(share, 0.0) == "0.0%" and words.value(share, float("nan")) == "–"
    assert words.difference(share, 0.0123) == "+1.2 points" and words.difference(share, -0.25) == "−25 points"
    assert words.difference(share, 0.05, sign=False) == "5.0 points" and words.difference(None, float("nan")) == "–"
    assert words.share(1.0) == "100%" and words.share(0.999) == "99.9%" and words.share(0.001) == "0.1%" and words.share(0.0) == "0%"
    assert words.interval(share, Interval(0.1, 0.2, 0.3)) == "20.0% (10.0% to 30.0%)" and words.interval(share, None) == "–"
    assert LedgerWords(ledger, "id").interval(share, Interval(0.1, 0.2, 0.3)).startswith("20,0%")


def test_short_numbers_have_no_idle_decimals(ledger: Made) -> None:
    words = LedgerWords(ledger, "en")
    assert [words.plain(v) for v in (0.05, 0.1, 1.0, -0.0235, 2.345, 0.0, 0.11687, 12.34, 15234.0)] == [
        "0.05", "0.1", "1", "−0.0235", "2.35" if round(2.345, 2) == 2.35 else "2.34", "0", "0.117", "12.3", "15,200",
    ]  # fmt: skip
    assert words.plain(float("nan")) == "–" and words.plain(1e-7) == "0.0000001"


def test_what_is_taken_of_the_years_is_said(ledger: Made) -> None:
    part = {"output": "visits_across", "side": "id", "first": 1990}
    said = {
        "slope": {"of": part | {"take": "slope"}}, "most": {"of": part | {"take": "max", "last": 1999, "plus": ["visits_hospital_home"]}},
        "year": {"of": {"output": "visits_across", "take": "year_of_max"}}, "final": {"of": {"output": "visits_across", "side": "both", "year": "end"}},
        "gap": {"of": part, "against": part | {"side": "my"}, "how": "difference", "each_year": True}, "until": {"of": {"output": "visits_across", "last": 1989}},
        "lowest": {
            "of": {"output": "visits_across", "side": "my", "take": "min"}, "against": {"output": "visits_across"}, "how": "ratio", "each_year": True,
        },
        "mixed": {"of": part | {"last": 1999}, "against": {"output": "visits_primary_home", "first": 1990, "last": 1990}, "how": "ratio"},
        "change": {"of": part | {"last": 1999}, "against": part | {"first": 1980, "last": 1980}, "how": "change"},
    }  # fmt: skip
    given = pattern(
        says="many go", numbers=said, conditions=[{"number": name, "is": "above", "value": 1.0, "practical": 0.1} for name in said]
    )
    result = made([claim("E02", given)], {("E02", "visits"): got([effects(0.2)] * len(said), names=tuple(said))})
    words, row = LedgerWords(result, "en"), result.ledger.rows[0]
    what = {name: words.what(row.patterns[0], name) for name in said}
    assert what["slope"] == "Visits across [visit], West Kalimantan, from 1990 on, trend in a year"
    assert what["most"].startswith("Visits across + ") and what["most"].endswith("[visit], West Kalimantan, 1990–1999, highest year")
    assert what["year"] == "Visits across, West Kalimantan, year of the highest value"
    assert (
        what["final"] == "Visits across [visit], both sides, 2010" and what["until"] == "Visits across [visit], West Kalimantan, until 1989"
    )
    assert what["change"] == "Visits across, West Kalimantan: change from 1980 to 1990–1999"
    assert what["gap"] == "Visits across [visit], from 1990 on: West Kalimantan less Sarawak, year by year"
    assert what["lowest"] == "Visits across: Sarawak divided by West Kalimantan, year by year, lowest year"
    assert (
        what["mixed"] == "(Visits across, West Kalimantan, 1990–1999) divided by (Visits to primary clinics at home, West Kalimantan, 1990)"
    )


def test_every_sentence_can_be_translated(monkeypatch: pytest.MonkeyPatch, ledger: Made) -> None:
    asked: set[str] = set()

    def recording(_language: str):
        return lambda sentence: asked.add(sentence) or sentence

    monkeypatch.setattr("experiments.reports.evidence_words.translator", recording)
    pages(ledger, asked=AskedOfRuns(None, "west-kalimantan-sarawak", 4000, 1, 1))
    show(ledger, "en", shown=Console(file=io.StringIO(), width=80))
    ledger_csv(ledger)
    own = {sentence for row in ledger.ledger.rows for sentence in row.claim.sentences()}
    assert "{what}: more than {mark}" in asked and "All claims" in asked
    known = set(collect())
    assert asked - known - own - {""} == set()


def test_the_table_has_a_line_for_each_pattern_and_no_formula(ledger: Made, tmp_path: Path) -> None:
    path = write_csv(ledger, tmp_path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == sum(max(1, len(row.patterns)) for row in ledger.ledger.rows)
    assert rows[0]["claim_verdict"] == "does not hold" and rows[-1]["claim_verdict"] == "no mechanism"
    by_claim: Mapping[str, dict[str, str]] = {row["claim"]: row for row in rows}
    assert by_claim["E08"]["median"] == "0.7" and by_claim["E08"]["units"] == "60" and by_claim["E08"]["shows_without"] == "0.0"
    assert (by_claim["E04"]["stated_sign"], by_claim["E04"]["of_use"]) == ("", "")  # of a number that no draw has, no share can be told
    assert by_claim["E04"]["median"] == "" and by_claim["E04"]["reason"] == "no number" and by_claim["E17"]["pattern"] == ""
    evil = claim("E02", pattern(says="=1+1", reading="@a"), claim="-2+3")
    text = ledger_csv(made([evil], {("E02", "visits"): got(effects(0.2))}))
    line = next(csv.DictReader(io.StringIO(text)))
    assert line["claim_says"] == "'-2+3" and line["pattern_says"] == "'=1+1" and line["reading"] == "'@a"


def test_the_shipped_claims_have_their_pages() -> None:
    shipped = claims()
    asked = {(c.id, p.id): p for c in shipped.values() for p in getattr(c, "asked", c.patterns)}
    gathered = {}
    for key, one_of in asked.items():
        names = [f"{k.number}{f'_{s[0]}' if s else ''}" for s in (one_of.spans or (None,)) for k in one_of.conditions]
        others = dict.fromkeys([n for n in one_of.numbers if n not in names], 0.3)
        levels = dict.fromkeys(one_of.sweep.levels, 0.2) if one_of.sweep else None
        distinct = dict.fromkeys(names)
        gathered[key] = got([effects(0.2, 0.1)] * len(distinct), names=tuple(distinct), more=others, levels=levels)
    result = made(list(shipped.values()), gathered)
    for language in LANGUAGES:
        for name, text in pages(result, language).items():
            page = Page(text)
            assert page.wrong == [] and page.open == [], name
            assert not re.search(r"\{[a-z_]+\}", page.words), name
