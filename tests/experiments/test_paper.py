"""The table of what the paper says beside what a run gave."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from abm.claims.claim import claims, read_claims
from abm.claims.interpret import read
from abm.claims.years import Years
from experiments.reports import figures, fit_figures, fit_first_page, fit_words, paper
from experiments.reports.paper import VERDICTS, in_words, readings
from tests.experiments import made_up


def verdicts(yearly: pd.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reading in readings(yearly):
        found.setdefault(reading.claim, []).append(reading.verdict)
    return found


def changed(yearly: pd.DataFrame, first: int, last: int, side: str = "id", **to: float) -> pd.DataFrame:
    """The table with other values of some outputs over years."""
    yearly = yearly.copy()
    at = (yearly["side"] == side) & yearly["year"].between(first, last)
    for name, value in to.items():
        yearly.loc[at, name] = value
    return yearly


def test_claims_that_are_in_the_model_have_rows_and_no_others() -> None:
    found = verdicts(made_up.results().yearly)
    assert set(found) == {c.id for c in claims().values() if c.in_the_model}
    assert list(found)[-3:] == ["E10", "E15", "E18"], "what needs a second run comes last"


def test_a_history_like_the_papers_reads_so() -> None:
    found = verdicts(made_up.results().yearly)
    assert found["E01"] == ["near", "near", "near"]
    assert found["E02"] == ["does not hold"], "0.7 at the start and falling: the mean of the 1980s is 0.495"
    assert found["E03"] == ["holds"] and found["E04"] == ["near"] and found["E06"] == ["holds"]
    assert found["E05"] == ["holds", "holds"]
    assert found["E10"] == ["pair"]


def test_another_history_does_not() -> None:
    yearly = made_up.results().yearly
    own = yearly["side"] == "id"
    yearly.loc[own, ["income_per_capita", "product_per_capita"]] = 1000.0
    yearly.loc[own, ["care_share_across", "visits_across_per_1000"]] = 0.2
    yearly["grdp_share_national"] = 0.002
    yearly["poverty_rate"] = 0.1
    found = verdicts(yearly)
    assert found["E01"] == ["not near", "near", "not near"]
    assert found["E02"] == ["does not hold"] and found["E03"] == ["does not hold"]
    assert found["E04"] == ["not near"] and found["E05"][0] == "does not hold" and found["E06"] == ["does not hold"]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.51, "holds"), (0.5, "does not hold"), (0.49, "does not hold")],
)
def test_most_went_across_where_more_than_half_of_visits_did(share: float, expected: str) -> None:
    """A run that ends with 1989 has all the years of E02, and none of E01's and E05's."""
    yearly = changed(made_up.results(1980, 1989).yearly, 1980, 1989, care_share_across=share)
    found = verdicts(yearly)
    assert found["E02"] == [expected]
    assert found["E01"] == ["outside"] * 3 and found["E05"] == ["outside"] * 2


def test_a_run_that_lacks_one_year_gives_no_verdict() -> None:
    yearly = changed(made_up.results(1980, 1988).yearly, 1980, 1988, care_share_across=0.9)
    assert verdicts(yearly)["E02"] == ["outside"]


@pytest.mark.parametrize(
    ("claim", "change", "expected"),
    [
        # what each claim depends on, moved just over its mark and just short of it
        ("E01", (2005, 2007, "id", {"product_per_capita": 769.9}), ["near", "near", "near"]),
        ("E01", (2005, 2007, "id", {"product_per_capita": 770.1}), ["not near", "near", "near"]),
        ("E03", (2004, 2006, "id", {"care_share_across": 0.39}), ["holds"]),  # 0.788 of the 1980s' 0.495
        ("E03", (2004, 2006, "id", {"care_share_across": 0.40}), ["does not hold"]),  # 0.808
        ("E03", (2004, 2006, "id", {"visits_across_per_1000": 276.0}), ["does not hold"]),  # 0.815 of 339
        ("E03", (2015, 2015, "id", {"care_share_across": 9.0}), ["does not hold"]),  # the line from 1990 on rises
        ("E03", (2015, 2015, "id", {"visits_across_per_1000": 9999.0}), ["does not hold"]),
        ("E04", (1999, 1999, "id", {"grdp_share_national": 0.00101}), ["not near"]),
        ("E04", (1999, 1999, "id", {"grdp_share_national": 0.00099}), ["near"]),
        ("E05", (2003, 2005, "id", {"income_per_capita": 1.0}), ["does not hold", "holds"]),
        ("E05", (1998, 2001, "id", {"gini": 0.32}), ["holds", "does not hold"]),
        ("E05", (1998, 2001, "id", {"under_employment_rate": 0.19}), ["holds", "does not hold"]),
        ("E05", (1998, 2001, "id", {"poverty_rate": 0.1}), ["holds", "does not hold"]),
        ("E05", (1998, 2001, "id", {"income_real": 999.0}), ["holds", "does not hold"]),
        ("E06", (1990, 1999, "my", {"poverty_rate": 0.2}), ["does not hold"]),
        ("E09", (2004, 2006, "id", {"untreated_share": 0.7}), ["does not hold"]),
        ("E11", (1998, 2000, "id", {"adults_undocumented": 3770.0}), ["does not hold"]),  # 3,600 before: 4.7 % more
        ("E11", (1998, 2000, "id", {"adults_undocumented": 3790.0}), ["holds"]),  # 5.3 % more
        ("E21", (1999, 1999, "id", {"infrastructure_roads": 0.99}), ["does not hold"]),
    ],
)  # fmt: skip
def test_each_claim_hangs_on_its_own_numbers(claim: str, change: tuple, expected: list[str]) -> None:
    first, last, side, to = change
    assert verdicts(changed(made_up.results().yearly, first, last, side, **to))[claim] == expected


def test_a_mean_needs_every_year() -> None:
    years = Years(made_up.results(1980, 2006).yearly)
    assert math.isnan(years.mean("income_per_capita", 2005, 2007))
    assert math.isnan(years.mean("no_such_output", 1980, 1981))
    assert years.mean("income_real", 1980, 1982) == 256.0


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_every_row_is_complete_in_every_language(language: str) -> None:
    for reading in readings(made_up.results().yearly, language):
        assert reading.verdict in VERDICTS
        assert reading.says and reading.gives and "{" not in reading.says + reading.gives
        assert not re.search(r"\b(nan|None)\b", reading.says + reading.gives)


def test_the_words_of_a_row_are_filled_with_its_numbers() -> None:
    rows = [(r.claim, r.says, r.gives) for r in readings(made_up.results().yearly)]
    assert ("E01", "US$4,000 a person and year on the Sarawak side", "US$4,113 (mean of 2005–2007)") in rows
    assert ("E04", "less than 0.1% of the national economy", "at most 0.060%, in 1980") in rows
    gives = {claim: text for claim, says, text in rows if "all four" not in says}
    assert gives["E05"] == "income in US$ −30% in 1998–2001 against 1994–1996, then +94% by 2003–2005"
    assert gives["E06"].startswith("1980s: 45% against 5%; 1990s: 35% against 4%; 2000s: ")
    rows = [(r.claim, r.says, r.gives) for r in readings(made_up.results().yearly, "id")]
    assert ("E01", "US$4.000 per orang per tahun di sisi Sarawak", "US$4.113 (rata-rata 2005–2007)") in rows
    assert ("E04", "kurang dari 0,1% ekonomi nasional", "paling tinggi 0,060%, pada 1980") in rows


# ---- a claim is data -------------------------------------------------------------------------------------------------------

NEW = """
[[claim]]
id = "E35"
claim = "Traders of the border earn more each year."
lines = "1-2"
who = "traders of both sides"
mechanism = "trade"
rules = ["trader.settle_deal"]
indicators = ["trade_out_usd", "gini"]
expected = "trade grows"
status = "in the model"

[[claim.pattern]]
id = "growth"
says = "trade grew more than {said} times from {before_first} to {after_last}"
gives = "{growth} times: US${before} in {before_first}, US${after} in {after_last}"
comparison = "direction"
conditions = [{ number = "growth", is = "above", value = 1.5, practical = 0, written = "number1" }]
numbers.before = { of = { output = "trade_out_usd", side = "both", first = 1980, last = 1980 } }
numbers.after = { of = { output = "trade_out_usd", side = "both", first = 1995, last = 1995 } }
[claim.pattern.numbers.growth]
of = { output = "trade_out_usd", side = "both", first = 1995, last = 1995 }
against = { output = "trade_out_usd", side = "both", first = 1980, last = 1980 }
how = "ratio"
written = "number2"

[[claim.pattern]]
id = "plain"
says = "incomes are spread evenly"
comparison = "number"
conditions = [{ number = "gini", is = "near", value = 0.3, within = 0.02 }]
numbers.gini = { of = { output = "gini", side = "id", first = 1985, last = 1989 }, written = "number2" }

[[claim.pattern]]
id = "decades"
says = "incomes are spread evenly in each decade"
comparison = "direction"
spans = [[1980, 1989], [1990, 1999]]
conditions = [{ number = "gini", is = "below", value = 0.335, practical = 0 }]
numbers.gini = { of = { output = "gini", side = "id" }, written = "number2" }

[[claim.pattern]]
id = "cause"
says = "kin are behind it"
comparison = "pair"
switch = "kinship"
conditions = [{ number = "gini", is = "above", practical = 0.02 }]
numbers.gini = { of = { output = "gini", side = "id", first = 1985, last = 1989 }, written = "number2" }
"""


def test_a_claim_added_to_the_data_alone_is_read(tmp_path: Path) -> None:
    shipped = resources.files("abm").joinpath("data/evidence.toml")
    file = tmp_path / "evidence.toml"
    file.write_text(shipped.read_text("utf-8") + NEW, "utf-8")
    yearly = made_up.results().yearly
    rows = readings(yearly, of=read_claims(file))
    assert [r for r in rows if r.claim != "E35"] == readings(yearly)
    growth, plain, by_decade, cause = (r for r in rows if r.claim == "E35")
    assert growth.says == "trade grew more than 1.5 times from 1980 to 1995" and growth.verdict == "holds"
    assert growth.gives == "1.80 times: US$1,200,000 in 1980, US$2,160,000 in 1995"
    assert (plain.verdict, plain.gives) == ("not near", "Gini of income, 1985–1989: 0.33")
    assert by_decade.gives == "Gini of income, 1980–1989: 0.33; Gini of income, 1990–1999: 0.33"
    assert cause.verdict == "pair" and not cause.values
    for language in ("id", "ms"):
        assert [r.verdict for r in readings(yearly, language, read_claims(file))] == [r.verdict for r in rows]


def test_a_claim_that_is_in_the_model_in_part_has_no_row(tmp_path: Path) -> None:
    file = tmp_path / "evidence.toml"
    file.write_text(NEW.replace('status = "in the model"', 'status = "in part"\nmissing = "much"'), "utf-8")
    assert readings(made_up.results().yearly, of=read_claims(file)) == []


def test_a_pair_of_runs_is_put_into_words(tmp_path: Path) -> None:
    file = tmp_path / "evidence.toml"
    file.write_text(NEW, "utf-8")
    claim = read_claims(file)["E35"]
    on, off = made_up.results().yearly, changed(made_up.results().yearly, 1980, 2015, gini=0.4)
    years = Years(on)
    row = in_words(claim, claim["cause"], read(claim["cause"], years, without=Years(off)), years)
    assert row.verdict == "holds" and row.values == {"gini": pytest.approx(0.33), "gini_without": pytest.approx(0.4)}
    assert row.gives == "Gini of income, 1985–1989: 0.33 with the mechanism, 0.40 without it"


def constants(module: object) -> Iterator[float | str]:
    """Every number and text written in a module's source, its docstrings left out."""
    tree = ast.parse(Path(str(module.__dict__["__file__"])).read_text("utf-8"))
    docs = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float, str) and node.value not in docs:
            yield node.value


@pytest.mark.parametrize("module", [paper, figures, fit_figures, fit_first_page, fit_words], ids=lambda m: m.__name__)
def test_no_number_or_year_of_a_claim_stands_in_the_code(module: object) -> None:
    conditions = [c for claim in claims().values() for pattern in claim.patterns for c in pattern.conditions]
    marks = {abs(v) for c in conditions for v in (c.value, c.within) if v}
    # small round numbers are sizes and shares of a page as well
    marks = {v for v in marks if v not in (0.1, 0.5, 1.0)}
    written = {f"{v:g}" for v in marks} | {f"{v:,.0f}" for v in marks if v >= 100}
    assert {700.0, 4000.0, 5.7, 0.001} <= marks
    for value in constants(module):
        if isinstance(value, str):
            assert not re.search(r"\b(19|20)\d\ds?\b", value), value
            assert not set(re.findall(r"\d[\d,.]*\d|\d", value)) & written, value
        else:
            assert value not in marks and not 1900 <= value <= 2100, value


def test_paper_py_names_no_claim_and_no_output() -> None:
    """Which claims there are, what they look at and on which side is the data's matter."""
    from agents.core.declare import OUTPUTS

    texts = {value for value in constants(paper) if isinstance(value, str)}
    assert not texts & {*OUTPUTS, "id", "my", "both"}
    assert not any(re.search(r"\bE\d\d\b", text) for text in texts)
    assert len(texts) > 20
