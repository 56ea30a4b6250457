"""Does the page of a claim say why, with which numbers, by which mechanism and with which figures?"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.evidence.make import Made
from experiments.reports.evidence import pages
from experiments.reports.evidence_figures import DASHES, Figures
from experiments.reports.evidence_words import Key, LedgerWords, key_of
from tests.evidence.made_up import (
    ABOVE,
    INCOME,
    UNITS,
    bands,
    claim,
    effects,
    got,
    made,
    number,
    pair,
    pattern,
    spanned,
    sweep,
    without_mechanism,
)
from tests.evidence.page import Page, one


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("E01", "The model is not near what the paper says: it gives 650 (641 to 659)"),
        ("E02", "It goes the opposite way"),
        ("E03", "it is smaller than the practical size of 5.0 points; 100% of 60 draws miss it"),
        ("E18", "There is no effect of use: 100% of 60 draws miss it"),
        ("E04", "cannot be computed from the runs"),
        ("E05", "The posterior itself is undecided: 50% of 60 draws show more than half of the practical size and 50% less"),
        ("E06", "More runs are needed: 100% of 4 draws"),
        ("E08", "Without the mechanism it goes away: it then shows in 0% of the draws"),
        ("E09", "Without the mechanism it still shows in 100% of the draws"),
        ("E10", "Without the mechanism it shows in 50% of the draws"),
        ("E11", "It compares the same draws and seeds with the mechanism and without it"),
        ("E12", "It compares runs at several values of a parameter"),
        ("E13", "Why it does not support the claim: incomes were fitted to it"),
        ("E15", "No run was made for this claim"),
        ("E16", "It is not stated yet which numbers"),
        ("E17", "The model has no mechanism that could produce this"),
        ("E17", "What the model lacks: budgets by distance."),
    ],
)
def test_each_reason_and_ablation_is_a_sentence(found: dict[str, str], row: str, sentence: str) -> None:
    assert sentence in Page(found[f"{row}.html"]).words


def test_conditions_are_said_with_their_numbers() -> None:
    several = pattern(
        numbers={"share": {"of": {"output": "care_share_across", "first": 1980, "last": 1989}, "written": "percent"},
                 "later": {"of": {"output": "care_share_across", "first": 2004, "last": 2006}, "written": "percent"},
                 "change": {"of": INCOME["of"], "against": {**INCOME["of"], "side": "my"}, "how": "change", "written": "change"}},
        conditions=[
            {"number": "later", "is": "below", "than": "share", "times": 0.8, "practical": 0}, {"number": "later", "is": "at_least", "value": 0.25, "practical": 0},
            {"number": "change", "is": "at_most", "value": 0, "practical": 0.01},
        ],
    )  # fmt: skip
    result = made(
        [claim("E02", several, pair("half", conditions=[{"number": "share", "is": "below", "times": 0.5, "practical": 0}]))],
        {("E02", "visits"): got([effects(0.1)] * 3, names=("later", "later", "change"), more={"share": 0.4}), ("E02", "half"): got(effects(0.1))},
    )  # fmt: skip
    words, row = LedgerWords(result, "en"), result.ledger.rows[0]
    said = [words.condition(row.patterns[0], at) for at in range(3)]
    label = "Share of care across, West Kalimantan"
    assert said[0] == f"{label}, 2004–2006: less than 0.8 times {label}, 1980–1989"
    assert said[1] == f"{label}, 2004–2006: at least 25%"
    assert said[2] == "Income per head, 2005–2007: change to West Kalimantan from Sarawak: at most 0%"
    assert words.condition(row.patterns[1], 0) == f"{label}, 1980–1989: without the mechanism less than 0.5 times what it is with it"
    assert words.mark_of(Key(row.patterns[0], 0)) == "40% (40% to 40%)" and words.size(Key(row.patterns[0], 0)) == "5.0 points"


@pytest.mark.parametrize("relation", ["above", "below", "at_least", "at_most"])
def test_every_kind_of_condition_has_a_sentence(relation: str) -> None:
    share = {"number": "share", "is": relation, "practical": 0.05}
    cases = [
        pattern("value", conditions=[share | {"value": 0.5}]),
        pattern("than", numbers={"share": pattern()["numbers"]["share"], "b": pattern()["numbers"]["share"]}, conditions=[share | {"than": "b"}]),
        pattern("times", numbers={"share": pattern()["numbers"]["share"], "b": pattern()["numbers"]["share"]}, conditions=[share | {"than": "b", "times": 2.0}]),
        pair("pair", conditions=[share]), pair("pair_times", conditions=[share | {"times": 0.5}]),
        sweep("sweep", conditions=[{"number": "share", "is": "falls", "practical": 0.05}]), number("near"),
    ]  # fmt: skip
    result = made(
        [claim("E02", *cases)], {("E02", c["id"]): got(effects(0.1), names=tuple(k["number"] for k in c["conditions"])) for c in cases}
    )
    said = [LedgerWords(result, "en").condition(p, 0) for p in result.ledger.rows[0].patterns]
    assert len(set(said)) == 7 and all(": " in one and "{" not in one for one in said)


def test_spans_are_named_by_their_years(ledger: Made) -> None:
    words = LedgerWords(ledger, "en")
    row = next(r for r in ledger.ledger.rows if r.claim.id == "E14")
    said = [words.condition(row.patterns[0], at) for at in range(2)]
    assert said == [
        f"Poverty rate, West Kalimantan, {years}: more than Poverty rate, Sarawak, {years}" for years in ("1980–1989", "1990–1999")
    ]
    assert words.mark_of(Key(row.patterns[0], 1)) == "20% (20% to 20%)"


def test_the_key_number_is_the_condition_that_fails_most_often() -> None:
    two = pattern(conditions=[ABOVE, {"number": "b", "is": "above", "value": 0.1, "practical": 0.05}], numbers={"share": pattern()["numbers"]["share"], "b": pattern()["numbers"]["share"]})  # fmt: skip
    result = made([claim("E02", two)], {("E02", "visits"): got([effects(0.2), effects(-0.2)], names=("share", "b"))})
    key = key_of(result.ledger.rows[0].patterns[0])
    assert key is not None and key.at == 1 and key.condition.number == "b"
    assert one(result).words.count("fails most often") == 1
    holds = made([claim("E02", two)], {("E02", "visits"): got([effects(0.2), effects(0.05, 0.03)], names=("share", "b"), size=0.05)})
    key = key_of(holds.ledger.rows[0].patterns[0])
    assert key is not None and key.at == 1  # of use in fewer draws


def test_the_mechanism_names_rules_files_and_parameters(ledger: Made, found: dict[str, str]) -> None:
    text = found["E02.html"]
    for said in (
        "agents/household/seek_care.py",
        "agents/trader/settle_deal.py",
        "household.seek_care.kin_relief",
        "trader.choose_deal.penalty",
        "0.2 – 0.8",
    ):
        assert said in text
    assert "0.5 (0.32 – 0.68)" in text and 'href="agents' not in text  # the values of the draws
    assert "in these draws" not in pages(replace(ledger, draws=ledger.draws[["draw"]]))["E02.html"]
    linked = pages(ledger, repository="https://example.org/lintas/blob/main/")["E02.html"]
    assert 'href="https://example.org/lintas/blob/main/agents/household/seek_care.py"' in linked
    again = pages(ledger, options=("--households", "500", "--name", "a b"))["E02.html"]
    assert "lintas evidence E02 --households 500 --name 'a b'" in Page(again).words


def test_sources_stand_under_their_headings() -> None:
    sources = [{"stands": s, "what": f"it says {s}", "source": f"Somebody {k}"} for k, s in enumerate(("against", "for", "both", "for"))]
    words = one(made([claim("E02", pattern(), sources=sources)], {("E02", "visits"): got(effects(0.2))})).words
    places = [words.index(said) for said in ("Sources for the claim", "Sources against the claim", "Sources that say both")]
    assert places == sorted(places) and words.count("it says for") == 2 and "Somebody 2" in words


def test_a_claim_without_numbers_or_years_still_has_its_page() -> None:
    empty = pd.DataFrame(columns=["world", "output", "side", "year", "low", "median", "high", "n"])
    result = made([claim("E02", pattern())], {("E02", "visits"): got(np.full(UNITS, np.nan), without=None)}, empty)
    page = one(result)
    assert page.wrong == [] and "<figure" not in pages(result)["E02.html"]
    nothing = made([], {}, empty)
    assert Page(pages(nothing)["index.html"]).wrong == [] and set(pages(nothing)) == {"index.html"}
    assert Page(pages(made([claim("E02")], {}))["index.html"]).wrong == []


def test_very_long_sentences_do_not_widen_the_page() -> None:
    long = "Word" * 400
    text = pages(made([claim("E02", pattern(says=long), claim=long)], {("E02", "visits"): got(effects(0.2))}))
    for page in text.values():
        assert "overflow-wrap: anywhere" in page and long in page and 'content="width=device-width' in page


def test_it_is_said_whether_an_effect_of_use_would_have_been_found() -> None:
    clear = one(made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.01, 0.005))})).words
    assert "5.0 points would be found with a chance of 100%" in clear
    few = one(made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.01, 0.5, units=4))})).words
    assert "would be found with a chance of 0%" in few
    assert "would be found" not in one(made([claim("E02", number())], {("E02", "own"): got(effects(10), 0, names=("value",))})).words


def test_failed_draws_are_said() -> None:
    words = one(made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.2), failed=2)})).words
    assert "2 draws are left out, since a run of them did not end well" in words


def figures_of(result: Made, name: str) -> list[str]:
    drawing = Figures(result, "en")
    row = next(r for r in result.ledger.rows if r.claim.id == name)
    return [p.svg.decode() for p in (*drawing.years(row), *drawing.sweeps(row))]


def test_lines_differ_without_colour_and_have_their_bands() -> None:
    assert len(set(DASHES.values())) == 4
    both = made([claim("E14", spanned())], {("E14", "decades"): got([effects(0.2)] * 2, names=("own_1980", "own_1990"))})
    svg = figures_of(both, "E14")[0]
    assert svg.count('fill-opacity="0.13"') == 4
    lines = re.findall(r'<path [^>]*stroke-width="2.2"[^>]*stroke-linejoin[^>]*>', svg)
    assert len({(re.search(r'stroke-dasharray="([^"]+)"', one) or [""])[0] for one in lines}) == len(lines) == 4
    for words in ("West Kalimantan, with the mechanism", "Sarawak, without the mechanism"):
        assert words in svg
    single = made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.2))})
    assert figures_of(single, "E02")[0].count('fill-opacity="0.13"') == 2 and "Sarawak, w" not in figures_of(single, "E02")[0]


def test_a_band_with_a_hole_is_broken_there() -> None:
    table = bands("care_share_across")
    table.loc[table["year"] == 1990, ["low", "median", "high"]] = np.nan
    result = made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.2))}, table)
    svg = figures_of(result, "E02")[0]
    assert svg.count('fill-opacity="0.13"') == 4 and "nan" not in svg
    assert "<td>1990</td><td>–</td>" in pages(result)["E02.html"]


def test_a_sweep_shows_its_levels_with_their_intervals(ledger: Made) -> None:
    svg = figures_of(ledger, "E12")[1]
    assert svg.count("<circle") == 3 and svg.count('stroke-width="2.4"') == 3
    for level in ("0.2", "0.5", "0.8"):
        assert f">{level}<" in svg
    broken = got(effects(0.2), levels={0.2: 0.1, 0.5: float("nan"), 0.8: 0.3})
    svg = figures_of(made([claim("E12", sweep())], {("E12", "response"): broken}), "E12")[1]
    assert svg.count("<circle") == 2 and "nan" not in svg


def test_large_and_negative_numbers_have_round_scales() -> None:
    table = bands("care_share_across")
    for scale, said in ((3e7, "millions"), (-2.0, "−1")):
        big = table.copy()
        big[["low", "median", "high"]] = np.sort(big[["low", "median", "high"]].to_numpy() * scale, axis=1)
        svg = figures_of(made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.2))}, big), "E02")[0]
        assert said in svg and "e+" not in svg
    zero = table.assign(low=0.0, median=0.0, high=0.0)
    assert "nan" not in figures_of(made([claim("E02", pattern())], {("E02", "visits"): got(effects(0.2))}, zero), "E02")[0]


def test_the_overview_has_a_mark_for_each_reading(ledger: Made) -> None:
    picture = Figures(ledger, "en").overview()
    assert picture is not None and len(picture.rows) == 15 and sum(row[0] == "E07" for row in picture.rows) == 2
    assert all(row[0] not in ("E04", "E15", "E16", "E17") for row in picture.rows)  # no number, no runs, no pattern, no mechanism
    assert Figures(made([without_mechanism("E17")], {}), "en").overview() is None
