"""How a file of claims is read, and how a mistake in it is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.claims.claim import Claim, ClaimError, read_claims

GOOD = """
[[claim]]
id = "E01"
claim = "People are poor."
lines = "12-14, 20"
who = "people"
mechanism = "farming"
rules = ["household.earn"]
indicators = ["income_per_capita"]
expected = "income is low"
status = "in the model"
period = { first = "1997-07", last = "2001-12" }

[[claim.pattern]]
id = "low"
says = "less than {said} in {period_first}"
gives = "{income} in {income_first}"
comparison = "direction"
conditions = [{ number = "income", is = "below", value = 700, practical = 50 }]
numbers.income = { of = { output = "income_per_capita", side = "id", first = 1990, last = 1999 } }
"""
OF = '{ output = "income_per_capita", side = "id", first = 1990, last = 1999 }'
PAIR = ('comparison = "direction"', 'comparison = "pair"\nswitch = "kinship"')


def read(tmp_path: Path, text: str) -> dict[str, Claim]:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return read_claims(path)


def test_a_good_file_is_read(tmp_path):
    claim = read(tmp_path, GOOD)["E01"]
    assert claim.in_the_model and claim["low"].mark == (700, "short") and not claim["low"].needs_other_runs
    assert claim.period is not None and claim.period.years == (1997, 2001) and claim.period.bounds == (1997.5, 2002.0)
    with pytest.raises(KeyError, match="did you mean low"):
        claim["loww"]


def test_zero_is_a_mark_and_one_year_a_span(tmp_path):
    nothing = read(tmp_path, GOOD.replace("value = 700", "value = 0"))["E01"]["low"]
    assert nothing.mark == (0, "short")
    text = GOOD.replace("first = 1990, last = 1999 }", "}").replace('side = "id", }', 'side = "id" }').replace("{income_first}", "{first}")
    span = read(tmp_path, text.replace('comparison = "direction"', 'comparison = "direction"\nspans = [[1980, 1980]]'))["E01"]["low"]
    assert span.spans == ((1980, 1980),)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        # keys and their types
        (("claim = ", "clam = "), "unknown key 'clam'; did you mean claim?"),
        (('lines = "12-14, 20"\n', ""), "the key lines is missing"),
        (('lines = "12-14, 20"', 'lines = "12 to 14"'), "lines = '12 to 14'"),
        (('id = "E01"', 'id = "E1"'), "id = 'E1'"),
        (('claim = "People are poor."', "claim = 3"), "claim = 3 is not a text"),
        (('claim = "People are poor."', 'claim = ""'), "claim = '' is too short"),
        (('"in the model"', '"in teh model"'), "did you mean in the model?"),
        (('rules = ["household.earn"]', 'rules = "household.earn"'), "is not a list"),
        (("value = 700", 'value = "700"'), "value = '700' is not a number"),
        (("first = 1990, last", "first = 1979, last"), "first = 1979; it must be at least 1980"),
        (("first = 1990, last", "first = 1990.5, last"), "first = 1990.5 is not a whole number"),
        (("[[claim]]", "[claim]"), "holds no [[claim]] rows"),
        (("[[claim]]", 'version = 2\n[[claim]]'), "unknown key 'version'"),
        (("[[claim]]", "[[claim"), "is not readable TOML"),
        # names
        (('["household.earn"]', '["household.ern"]'), "there is no rule 'household.ern'; did you mean household.earn"),
        (('indicators = ["income_per_capita"]', 'indicators = ["gni"]'), "there is no output 'gni'; did you mean gini"),
        (('{ output = "income_per_capita"', '{ output = "n_households"'), "there is no yearly output 'n_households'"),
        (('{ output = "income_per_capita"', '{ output = "incme_per_capita"'), "did you mean income_per_capita"),
        (('side = "id"', 'side = "idn"'), "side = 'idn' is unknown; did you mean id?"),
        (("last = 1999 }", 'last = 1999, take = "men" }'), "take = 'men' is unknown; did you mean mean"),
        (('is = "below"', 'is = "beneath"'), "is = 'beneath' is unknown"),
        (('comparison = "direction"', 'comparison = "directon"'), "did you mean direction?"),
        (('number = "income"', 'number = "incom"'), "number = 'incom' is not a number of the pattern; did you mean income?"),
        (("value = 700", 'than = "incom"'), "than = 'incom' is not a number of the pattern; did you mean income?"),
        (('comparison = "direction"', 'comparison = "pair"\nswitch = "kinshp"'), "there is no mechanism 'kinshp'; did you mean kinship or kin_help?"),
        (('comparison = "direction"', 'comparison = "pair"\nscenario = "no-kinshp"'), "there is no scenario 'no-kinshp'; did you mean no-kinship"),
        (("numbers.income", 'numbers."In come"'), "In come"),
        # what goes together
        (("first = 1990, last = 1999", "first = 1999, last = 1990"), "last = 1990 comes before first = 1999"),
        (("first = 1990, last = 1999", 'first = 1990, year = "end"'), "leave first and last out"),
        (("first = 1990, last = 1999", 'last = 1999, year = "end"'), "leave first and last out"),
        (("first = 1990, last", 'weighted_by = ["trade_out_usd"], first = 1990, last'), 'weighted_by goes with side = "both" only'),
        ((f"of = {OF}", f"of = {OF}, against = {OF}"), "against and how"),
        ((f"of = {OF}", f'of = {OF}, how = "ratio"'), "against and how"),
        ((f"of = {OF}", f"of = {OF}, each_year = true"), "each_year compares two outputs year by year"),
        ((f"of = {OF}", f"of = {OF}, at_least = 0"), "at_least = 0; it must be at least 1"),
        (('is = "below"', 'is = "near"'), 'is = "near" needs value and within'),
        (('is = "below", value = 700', 'is = "near", within = 70'), 'is = "near" needs value and within'),
        (("value = 700", "value = 700, within = 70"), 'within goes with is = "near" only'),
        ((", practical = 50", ""), "'income' needs the smallest difference of use; give practical or practical_share"),
        (("practical = 50", "practical = -1"), "practical = -1; it must be at least 0"),
        (("practical = 50", "practical_share = 1.01"), "practical_share = 1.01; it must be at most 1"),
        (("practical = 50", "practical_share = -0.1"), "practical_share = -0.1; it must be at least 0"),
        (("practical = 50", "practical = 50, practical_share = 0.1"), "practical and practical_share are both given"),
        (("practical = 50", "practicl = 50"), "unknown key 'practicl'; did you mean practical"),
        (("value = 700, practical = 50", "value = 0, practical = 0"), "a practical size of 0 needs a condition that states a size"),
        (("value = 700, practical = 50", 'than = "income", practical = 0'), "a practical size of 0 needs a condition that states a size"),
        (("value = 700, practical = 50", 'than = "income", practical_share = 0'), "a practical size of 0 needs a condition that states a size"),
        (("value = 700, practical = 50", "value = 0, practical_share = 0.1"), "practical_share of a value of 0 is 0"),
        (('is = "below", value = 700', 'is = "near", within = 3, value = 700'), "says by within what counts"),
        (("practical = 50", "practical = 50, times = 2"), "times multiplies than"),
        (('"low"', '"low"\nbuilt_in = ""'), "built_in = '' is too short"),
        (('"low"', '"low"\nbuilt_in = true'), "built_in = True is not a text"),
        (('"low"', '"low"\ncomposite = true\nshown = false'), "composite is for a row of the table of a single run"),
        ((PAIR[0], PAIR[1] + "\nspans = [[1980, 1989]]"), "spans go with comparison"),
        (("value = 700", 'value = 700, than = "income"'), "value and than are both given"),
        ((", value = 700", ""), "'income' is compared with nothing"),
        (('is = "below", value = 700', 'is = "rises"'), 'go with comparison = "sweep"'),
        (("conditions = [{", "conditions = [] # [{"), "conditions = [] is too short: give at least 1"),
        (('comparison = "direction"', 'comparison = "pair"'), 'comparison = "pair" and the mechanism'),
        (('comparison = "direction"', 'comparison = "direction"\nswitch = "kinship"'), 'comparison = "pair" and the mechanism'),
        (('comparison = "direction"', 'comparison = "sweep"'), 'comparison = "sweep" and sweep'),
        ((PAIR[0], PAIR[1] + '\nscenario = "no-kinship"'), "switch and scenario are both given"),
        (PAIR, "a pair compares a number with itself"),
        (('comparison = "direction"', 'comparison = "direction"\nspans = [[1980, 1989]]'), "spans say the years"),
        (('comparison = "direction"', 'comparison = "direction"\nspans = [[1989, 1980]]'), "spans"),
        (('id = "E01"', 'id = "É"'), "claim number 1: id"),
        (('"low"', '"low"\nreading = ""'), "reading = '' is too short"),
        (('status = "in the model"', 'status = "in part"'), "missing says what the model lacks"),
        (('status = "in the model"', 'status = "in the model"\nmissing = "much"'), "missing says what the model lacks"),
        (('status = "in the model"', 'status = "no mechanism"\nmissing = "all"'), "goes with no rules"),
        (('indicators = ["income_per_capita"]', "indicators = []"), "needs indicators and a pattern"),
        (('period = { first = "1997-07", last = "2001-12" }\n', ""), "names {period_first}, but the claim has no period"),
        (('first = "1997-07", last = "2001-12"', 'first = "2001-12", last = "1997-07"'), "last = 1997-07 comes before"),
        (('first = "1997-07"', 'first = "1997-13"'), "1997-13"),
        # places in sentences
        (("{income} in", "{incom} in"), "there is no place {incom}; did you mean income"),
        (("{income_first}", "{income_base_first}"), "there is no place {income_base_first}"),
        (("{income} in", "{income:.2f} in"), "there is no place {income:.2f}"),
        (("{income} in", "{income!r} in"), "there is no place {income!r}"),
        (("{income} in", "{income in"), "gives: "),
        (("{said}", "{switch}"), "there is no place {switch}"),
        (("numbers.income", "numbers.said"), "pattern"),
        # sources
        (("period =", 'sources = [{ stands = "form", what = "It is so.", source = "A 1990" }]\nperiod ='), "did you mean for?"),
        (("period =", 'sources = [{ stands = "for", what = "It is so." }]\nperiod ='), "the key sources[1].source is missing"),
        (("period =", 'sources = [{ stands = "for", source = "A 1990" }]\nperiod ='), "the key sources[1].what is missing"),
        (("period =", 'sources = [{ stands = "for", what = "", source = "A 1990" }]\nperiod ='), "what = '' is too short"),
        (("period =", 'sources = [{ stands = "for", what = "So.", source = "A", url = "javascript:x" }]\nperiod ='), "url = 'javascript:x'"),
        (("period =", 'sources = [{ stands = "for", what = "So.", source = "A", page = 3 }]\nperiod ='), "unknown key 'page'"),
        (("period =", 'sources = "A 1990"\nperiod ='), "is not a list"),
    ],
)  # fmt: skip
def test_a_mistake_gives_one_sentence(tmp_path, change, said):
    assert change[0] in GOOD
    with pytest.raises(ClaimError) as caught:
        read(tmp_path, GOOD.replace(*change))
    assert said in str(caught.value), str(caught.value)
    assert str(caught.value).startswith("mine.toml") and "\n" not in str(caught.value)


@pytest.mark.parametrize("years", ["first = 1990", "last = 1999", 'year = "end"'])
def test_spans_leave_no_years_to_the_numbers(tmp_path, years):
    text = GOOD.replace('comparison = "direction"', 'comparison = "direction"\nspans = [[1980, 1989]]')
    with pytest.raises(ClaimError, match="spans say the years"):
        read(tmp_path, text.replace("first = 1990, last = 1999", years))


NO_MECHANISM = GOOD.replace('status = "in the model"', 'status = "no mechanism"\nmissing = "all"')


@pytest.mark.parametrize("left", ['rules = ["household.earn"]', 'switch = "kinship"', 'scenario = "no-kinship"'])
def test_what_has_no_mechanism_names_no_rule_and_no_switch(tmp_path, left):
    with pytest.raises(ClaimError, match="goes with no rules, no switch and no scenario"):
        read(tmp_path, NO_MECHANISM.replace('rules = ["household.earn"]', left))


def test_what_has_no_mechanism_may_have_patterns_that_are_shown_all_the_same(tmp_path):
    claim = read(tmp_path, NO_MECHANISM.replace('rules = ["household.earn"]\n', ""))["E01"]
    assert [p.id for p in claim.asked] == ["low"] and not claim.in_the_model


def test_every_sentence_of_a_claim_is_for_the_reader(tmp_path):
    text = GOOD.replace('status = "in the model"', 'status = "in part"\nmissing = "much"').replace(
        '"low"', '"low"\nreading = "all people"\nbuilt_in = "It was put in."'
    )
    text = text.replace("period =", 'sources = [{ stands = "both", what = "Some are not.", source = "A 1990" }]\nperiod =')
    assert list(read(tmp_path, text)["E01"].sentences()) == [
        "People are poor.", "people", "farming", "income is low", "much",
        "less than {said} in {period_first}", "{income} in {income_first}", "all people", "It was put in.", "Some are not.",
    ]  # fmt: skip


def test_the_sentence_names_the_claim_and_the_key(tmp_path):
    with pytest.raises(ClaimError) as caught:
        read(tmp_path, GOOD.replace("value = 700", "value = true"))
    assert str(caught.value) == "mine.toml, claim 'E01': pattern[1].conditions[1].value = True is not a number"


def test_a_claim_or_a_pattern_that_is_listed_twice_is_refused(tmp_path):
    with pytest.raises(ClaimError, match="the claim 'E01' is listed twice"):
        read(tmp_path, GOOD + GOOD)
    with pytest.raises(ClaimError, match="the pattern 'low' is listed twice"):
        read(tmp_path, GOOD + GOOD[GOOD.index("[[claim.pattern]]") :])
    with pytest.raises(ClaimError, match="the name 'said' has another meaning"):
        read(tmp_path, GOOD.replace("income =", "said =").replace('"income"', '"said"').replace("{income} in {income_first}", "x"))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ClaimError, match="there is no file"):
        read_claims(tmp_path / "none.toml")


SWEEP = """comparison = "sweep"
sweep = { parameter = "world.set_work.pay_my", levels = [0.9, 1.5] }"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("world.set_work.pay_my", "world.set_work.pay_mi"), "did you mean world.set_work.pay_my"),
        (("[0.9, 1.5]", "[1.5, 0.9]"), "in rising order"),
        (("[0.9, 1.5]", "[0.9, 0.9]"), "write each once"),
        (("[0.9, 1.5]", "[0.9]"), "is too short: give at least 2"),
        (("[0.9, 1.5]", "[0.9, 1.7]"), "level 1.7 lies outside the declared range 0.85 to 1.55"),
        (("[0.9, 1.5]", "[0.8, 1.5]"), "level 0.8 lies outside the declared range 0.85 to 1.55"),
        (('is = "rises"', 'is = "above"'), 'go with comparison = "sweep"'),
        (('is = "rises"', 'is = "rises", value = 3'), "a sweep compares a number with itself"),
        (('is = "rises"', 'is = "rises", times = 3'), "times multiplies than"),
        (("practical = 50", "practical = 0"), "a practical size of 0 needs"),
        ((", practical = 50", ""), "needs the smallest difference of use"),
    ],
)
def test_a_sweep_is_checked(tmp_path, change, said):
    text = GOOD.replace('comparison = "direction"', SWEEP).replace('is = "below", value = 700', 'is = "rises"')
    text = text.replace("less than {said}", "it rises")
    assert read(tmp_path, text)["E01"]["low"].needs_other_runs
    assert change[0] in text
    with pytest.raises(ClaimError) as caught:
        read(tmp_path, text.replace(*change))
    assert said in str(caught.value) and "\n" not in str(caught.value)
