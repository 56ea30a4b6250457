"""The shipped rows of ``evidence.toml``, and a row that is added to them as data."""

from __future__ import annotations

import re
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from abm.claims.claim import Claim, ClaimError, claims, read_claims
from abm.claims.interpret import effects, read
from abm.claims.pattern import Pattern
from abm.claims.years import Years
from calibration.targets import Targets

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "abm/data/evidence.toml").read_text("utf-8")


def written(tmp_path: Path, text: str) -> dict[str, Claim]:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return read_claims(path)


def test_every_claim_of_the_paper_has_a_row():
    assert list(claims()) == [f"E{i:02d}" for i in range(1, 35)]
    for claim in claims().values():
        assert claim.claim.endswith("."), claim.id
        assert claim.status == "no mechanism" or claim.rules, f"{claim.id}: no rule holds its mechanism"
        for pattern in claim.patterns:
            assert not (pattern.shown and pattern.comparison == "sweep"), f"{claim.id}: no command runs a sweep beside a run"


def test_the_files_of_a_mechanism_are_there():
    for claim in claims().values():
        assert len(claim.files) >= bool(claim.rules), claim.id
        assert all((ROOT / file).is_file() and "Rule(" in (ROOT / file).read_text("utf-8") for file in claim.files), claim.id
    names = ("earn", "choose_work", "leave_work", "get_work")
    assert claims()["E05"].files == tuple(f"agents/household/{name}.py" for name in names)


def test_a_claim_is_shown_by_its_own_indicators():
    for claim in claims().values():
        read_by = {part.output for pattern in claim.patterns for number in pattern.numbers.values() for part in number.parts}
        assert not claim.in_the_model or read_by & set(claim.indicators), claim.id


def test_ambiguous_claims_say_how_each_pattern_reads_them():
    for claim in claims().values():
        readings = [(p.says, p.reading, p.comparison) for p in claim.patterns]
        assert len(set(readings)) == len(readings), f"{claim.id}: two patterns cannot be told apart"


def test_every_meaning_of_a_sentence_has_its_own_patterns():
    care = claims()["E03"]
    assert care.readings[:3] == ("the share of visits", "visits for each person", "the count of visits")
    assert [[p.id for p in care.of_reading(r)] for r in care.readings[:3]] == [
        ["share", "cause_share"],
        ["rate", "cause_rate"],
        ["count", "cause_count"],
    ]
    assert [p.id for p in care.patterns if p not in care.asked] == ["fewer"], "the row of a run's table says two readings at once"
    lag = claims()["E21"]
    assert [[p.id for p in lag.of_reading(r)] for r in lag.readings] == [
        ["roads", "doctrine"],
        ["clinics", "roads_too", "doctrine"],
        ["care", "doctrine"],
    ]
    assert claims()["E10"].readings == (None,) and [p.id for p in claims()["E10"].of_reading(None)] == ["ties"]
    for claim in claims().values():
        for reading in claim.readings:
            own = [p for p in claim.of_reading(reading) if p.reading == reading]
            assert own or not claim.patterns, f"{claim.id}: {reading}"


def test_whatever_the_model_can_say_is_asked():
    silent = [claim.id for claim in claims().values() if not claim.patterns]
    assert silent == ["E07", "E12", "E16", "E23", "E30", "E31"], "no output of the model speaks of these"
    assert all(claims()[i].status == "no mechanism" for i in silent)
    for claim in claims().values():
        for pattern in claim.patterns:
            asked = [pattern.numbers[name] for c in pattern.conditions for name in (c.number, c.than) if name is not None]
            outputs = {output for number in asked for part in number.parts for output in (part.output, *part.plus)}
            assert outputs <= {*claim.indicators, "population"}, f"{claim.id}: an indicator of {pattern.id} is not named"


def of_conditions(pattern: Pattern) -> list[frozenset[tuple[object, ...]]]:
    """The numbers that each condition of a pattern looks at, as targets name them; none where it looks at several runs."""
    found = []
    for condition in pattern.conditions if not pattern.needs_other_runs else ():
        names = [name for name in (condition.number, condition.than) if name is not None]
        parts = [part for name in names for part in pattern.numbers[name].parts]
        found.append(frozenset((p.output, p.side, p.first, p.last, p.take) for p in parts))
    return found


def fitted() -> set[frozenset[tuple[object, ...]]]:
    return {frozenset({astuple(s) for s in (t.of, t.against) if s is not None}) for t in Targets.load() if t.role == "fit"}


def test_what_was_fitted_is_built_in():
    """A pattern that looks at the number of a fitted target says that it is no support."""
    seen = set()
    for claim in claims().values():
        for pattern in claim.asked:
            if fitted().intersection(of_conditions(pattern)):
                seen.add((claim.id, pattern.id))
                assert pattern.built_in, f"{claim.id}, {pattern.id}"
    # the two products that the paper names; the care of the 1980s and its fall are asked of the model (E02, E03), and not fitted
    assert seen == {("E01", "own"), ("E01", "across")}


def test_what_says_that_it_was_fitted_was():
    """A pattern that says that the fit brings it about looks at nothing but numbers that the fit has seen."""
    numbers = set().union(*fitted())
    for claim in claims().values():
        for pattern in claim.asked:
            if re.search(r"\bfit(ted)?\b", pattern.built_in or ""):
                looks_at = of_conditions(pattern)
                assert looks_at and all(of <= numbers for of in looks_at), f"{claim.id}, {pattern.id}: {pattern.built_in}"


def test_sources_are_cited_once_and_speak_in_sentences():
    without = [claim.id for claim in claims().values() if not claim.sources]
    assert without == ["E08", "E32"], "nothing was found on these two"
    for claim in claims().values():
        assert len({s.what for s in claim.sources}) == len(claim.sources), claim.id
        for source in claim.sources:
            assert source.what.endswith(".") and not source.source.endswith("."), (claim.id, source)
        for pattern in claim.patterns:
            assert pattern.built_in is None or pattern.built_in.endswith("."), (claim.id, pattern.id)


# ---- a claim is data ------------------------------------------------------------------------------------------------------

NEW = """
[[claim]]
id = "E35"
claim = "People who are paid more at home save more."
lines = "1-2"
who = "people"
mechanism = "pay"
rules = ["household.earn"]
indicators = ["gini", "income_per_capita"]
expected = "incomes are less equal where pay is higher"
status = "in the model"
sources = [
  { stands = "against", what = "Nobody has ever looked.", source = "A 1990", url = "https://example.org/a" },
]

[[claim.pattern]]
id = "pay"
says = "incomes are less equal where pay is higher"
reading = "by pay"
comparison = "sweep"
sweep = { parameter = "world.set_work.pay_id", levels = [0.9, 1.4] }
shown = false
conditions = [{ number = "gini", is = "rises", practical_share = 0.1 }]
numbers.gini = { of = { output = "gini", first = 1990, last = 1991 } }

[[claim.pattern]]
id = "kin"
says = "incomes are less equal without kin"
reading = "by kin"
comparison = "pair"
switch = "kinship"
built_in = "It was put in."
conditions = [{ number = "gini", is = "above", practical = 0.02 }]
numbers.gini = { of = { output = "gini", first = 1990, last = 1991 } }

[[claim.pattern]]
id = "rich"
says = "incomes rose to more than {said}"
comparison = "direction"
spans = [[1990, 1991]]
conditions = [{ number = "income", is = "above", value = 100, practical = 0 }]
numbers.income = { of = { output = "income_per_capita" } }
"""


def test_a_new_row_needs_no_code(tmp_path):
    """All shipped rows and a new one with a sweep, a pair and a span: read from a file, asked of runs, answered."""

    def run(gini: float) -> Years:
        years = np.array([1990, 1991])
        return Years.of_arrays(years, {("gini", "id"): np.full(2, gini), ("income_per_capita", "id"): np.array([100.0, 104.0])})

    found = written(tmp_path, SHIPPED + NEW)
    assert {i: c for i, c in found.items() if i != "E35"} == claims()
    claim = found["E35"]
    assert claim.readings == ("by pay", "by kin") and [p.id for p in claim.of_reading("by kin")] == ["kin", "rich"]
    assert "Nobody has ever looked." in claim.sentences() and claim.sources[0].url == "https://example.org/a"
    (pay,) = effects(claim["pay"], run(0.3), sweep={0.9: run(0.25), 1.4: run(0.5)})
    assert pay == ("gini", pytest.approx(0.25), 0.025)
    assert effects(claim["kin"], run(0.25), without=run(0.5)) == (("gini", 0.25, 0.02),) and claim["kin"].built_in == "It was put in."
    assert effects(claim["rich"], run(0.3)) == (("income_1990", 2.0, 0.0),)
    assert read(claim["pay"], run(0.3), sweep={0.9: run(0.25), 1.4: run(0.5)}).verdict == "holds"


def test_a_mistake_in_a_new_row_is_told_with_its_claim_and_key(tmp_path):
    for change, said in (
        (("practical_share = 0.1", "practical_share = 2"), "pattern[1].conditions[1].practical_share = 2; it must be at most 1"),
        (("levels = [0.9, 1.4]", "levels = [0.9, 9.0]"), "level 9 lies outside the declared range 0.8 to 1.5"),
        (('stands = "against"', 'stands = "agianst"'), "did you mean against"),
    ):
        with pytest.raises(ClaimError) as caught:
            written(tmp_path, SHIPPED + NEW.replace(*change))
        assert str(caught.value).startswith("mine.toml, claim 'E35': ") and said in str(caught.value), str(caught.value)
