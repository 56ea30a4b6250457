"""``lintas describe E02`` and the lines that are made for it."""

from __future__ import annotations

import re

import pytest

from abm.claims.claim import claims
from agents.core.declare import RULES
from experiments.cli.main import main
from experiments.reports.described_claim import claim_lines
from experiments.words.catalogues import in_source, places_of
from experiments.words.languages import FOLDER


def lines(claim: str, language: str = "en") -> list[str]:
    return list(claim_lines(claims()[claim], language))


def test_a_claim_is_told_whole():
    said = lines("E02")
    assert said[0] == "E02 — In the 1980s most people of the border went to Sarawak for health care."
    for line in (
        "  lines of the paper: 1536-1542",
        "  speaks of: border households of West Kalimantan",
        "  status: in the model",
        "  rules: household.fall_ill, household.seek_care, official.ration_care, household.receive_care",
        "  switch it off: lintas run --without cross_border_care",
        "  read as: visits to hospitals, from all border places",
        "    hospital: most people went to Sarawak for health care in the 1980s (a direction, in each run: a number beside a mark or beside another number)",
        "      Share of hospital care across [id, 1980–1989] is above 50.0%",
    ):
        assert line in said, line
    assert any(line.startswith("  files: agents/household/fall_ill.py, agents/household/seek_care.py") for line in said)
    assert any(line.startswith("      built in: The parameters were fitted") for line in lines("E01"))
    assert any(line.startswith("  speaks against it: Five rural districts") and line.endswith("hpm.4740030305") for line in said)


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        ("E01", "US$700 a person and year on the Kalimantan side (beside a number of the paper)"),
        ("E01", "Product per head [id, 2005–2007] is near 700, by 70 at most"),
        ("E01", "Product per head [my, 2005–2007] ÷ Product per head [id, 2005–2007] is near 5.7, by 0.5 at most"),
        ("E01", "Income per head [id, 2005–2007] is near 700, by 70 at most"),
        ("E01", "Income per head [my, 2005–2007] is at least 5.2 times Income per head [id, 2005–2007]"),
        ("E03", "yearly change of Visits across [id, 1990–] ÷ Visits across [id, 1980–1989] is below 0; counts as of use from 0.008"),
        (
            "E03",
            "in that scenario Visits across [id, 1980–1989] − Visits across [id, 2004–2006] is below 0.5 times what it is in the history",
        ),
        ("E04", "highest Share of the national economy [id] is below 0.1%"),
        ("E05", "Income per head [id, 1998–2001] as a change from Income per head [id, 1994–1996] is below 0%; counts as of use from 0.05"),
        ("E06", "Poverty rate [id] is above 0%; counts as of use from 5%"),
        ("E06", "Poverty rate [id] is at least 2 times Poverty rate [my]"),
        ("E06", "in each span of years: 1980–1989, 1990–1999"),
        ("E08", "(the response to a parameter: world.populate.schooling_id = 2.5, 4, 6)"),
        ("E10", "Workers across [id] is lower without it; counts as of use from 10% of its value with the mechanism"),
        (
            "E10",
            "sum of Goods carried from Indonesia to Malaysia + Goods carried from Malaysia to Indonesia [both sides] is lower without it",
        ),
        ("E11", "Adults at work across without papers [id] falls; counts as of use from 10% of the value at the lowest level"),
        ("E13", "(the same seed in the history and in the scenario: closed-border)"),
        ("E17", "is higher without it; counts as of use from 10% of its value with the mechanism"),
        ("E19", "  status: in the model in part"),
        ("E19", "  what is missing: a scenario in which both sides start with the same doctrine"),
        ("E21", "lowest Condition of roads [my] − Condition of roads [id], year by year is above 0.00; counts as of use from 0.02"),
        ("E30", "  asked of runs: nothing: no output of the model speaks of it"),
        ("E30", "  status: no mechanism in the model"),
        ("E34", "is above 1.1 times Trips across [id, 1980–1989] ÷ People of the border places [id, 1980–1989]"),
    ],
)
def test_a_condition_is_told_in_words(claim, line):
    assert line in "\n".join(lines(claim))


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_every_claim_can_be_told_in_every_language(language):
    for claim in claims().values():
        said = "\n".join(claim_lines(claim, language))
        assert not re.search(r"\b(nan|None)\b|[{}]", said), claim.id
        assert all(pattern.id in said for pattern in claim.asked) and all(source.source in said for source in claim.sources), claim.id


def test_the_sentences_are_collected_for_translation():
    found = {sentence for sentence, path, _ in in_source(FOLDER.parents[1]) if path.endswith("described_claim.py")}
    assert {"{what} is above {mark}", "speaks against it", "counts as of use from {size}", "yearly change of {what}"} <= found
    assert all(places_of(sentence) <= {"what", "mark", "within", "times", "size", "one", "other"} for sentence in found)


# ---- the command -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["E02", "e02", " E02 "])
def test_the_command_tells_a_claim(name, capsys):
    assert main(["describe", name]) == 0
    assert capsys.readouterr().out.splitlines() == lines("E02")


def test_a_claim_that_is_not_there_is_told(capsys):
    assert main(["describe", "E99"]) != 0
    said = capsys.readouterr()
    assert "there is no claim 'E99'" in said.out + said.err


def test_parameters_that_several_rules_share_lead_to_the_rules(capsys):
    assert main(["describe", "world.set_month"]) == 0
    said = capsys.readouterr().out
    assert "a group of parameters" in said and "rules: world.set_prices, world.set_fees\n" in said
    assert "world.set_month" not in RULES and "world.set_month.fare" in said and "world.set_month.farm_my" in said
    assert main(["describe", "set_month"]) == 0 and capsys.readouterr().out == said
    assert main(["describe", "world.kinship"]) == 0 and "rules: –" in capsys.readouterr().out
