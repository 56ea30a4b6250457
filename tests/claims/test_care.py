"""The claims on care, E02, E03 and E09: every reading is asked, by the output that says it, and each answers to that output alone."""

from __future__ import annotations

import itertools

import pytest

from abm.claims.claim import Pattern, claims
from abm.claims.interpret import effects
from agents.core.declare import OUTPUTS
from tests.claims.test_interpret import over, run

#: The four questions of E02 and the output that answers each: who, counted how, with which illness.
SHARES = {
    ("all border places", "visits", "any"): ("visits", "care_share_across"),
    ("all border places", "visits", "serious"): ("serious", "care_share_across_serious"),
    ("all border places", "people", "any"): ("people", "people_share_across"),
    ("all border places", "people", "serious"): ("people_serious", "people_share_across_serious"),
    ("villages at the line", "visits", "any"): ("line", "care_share_across_line"),
    ("villages at the line", "visits", "serious"): ("line_serious", "care_share_across_line_serious"),
    ("villages at the line", "people", "any"): ("line_people", "people_share_across_line"),
    ("villages at the line", "people", "serious"): ("line_people_serious", "people_share_across_line_serious"),
}
SEVERITIES = ("minor", "disrupting", "hospital", "emergency")
#: Scenarios that keep buildings, money for staff and drugs, and roads apart.
APART = {
    "stopped": "frozen-puskesmas",
    "no_buildings": "money-without-centres",
    "no_money": "centres-without-money",
    "roads": "roads-instead",
}


def outputs_of(pattern: Pattern) -> set[str]:
    return {part.output for number in pattern.numbers.values() for part in number.parts}


@pytest.mark.parametrize(
    ("who", "counted", "illness"),
    [*itertools.product(("all border places", "villages at the line"), ("visits", "people"), ("any", "serious"))],
)
def test_e02_is_asked_in_every_reading(who: str, counted: str, illness: str) -> None:
    name, output = SHARES[who, counted, illness]
    pattern = claims()["E02"][name]
    assert pattern.reading is not None and who in pattern.reading and ("serious" in pattern.reading) == (illness == "serious")
    assert pattern.reading.startswith("people") == (counted == "people")
    assert claims()["E02"].of_reading(pattern.reading) == (pattern,), "no reading hangs on another"
    assert outputs_of(pattern) - {"care_share_across_near"} == {output}
    (condition,) = pattern.conditions
    assert (condition.relation, condition.value) == ("above", 0.5), "most is more than half, in each of them"
    part = pattern.numbers["share"].of
    assert (part.side, part.first, part.last) == ("id", 1980, 1989)


@pytest.mark.parametrize("name", [n for n, _ in SHARES.values()] + ["usual"])
def test_e02_answers_to_its_own_output(name: str) -> None:
    pattern = claims()["E02"][name]
    (output,) = outputs_of(pattern) - {"care_share_across_near"}
    for share, effect in ((0.75, 0.25), (0.25, -0.25)):
        (found,) = effects(pattern, run(**{output: over(1980, *[share] * 10)}))
        assert found.effect == pytest.approx(effect) and found.size == 0


def test_e02_speaks_of_where_people_usually_go() -> None:
    usual = claims()["E02"]["usual"]
    assert outputs_of(usual) == {"usual_care_across"} and usual.reading == "the usual place of care, by where people live"


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("people", "people_across_per_1000"), ("people_share", "people_share_across"), ("primary", "visits_primary_across"),
        ("hospital", "visits_hospital_across"), ("line_share", "care_share_across_line"),
    ],
)  # fmt: skip
def test_e03_by_people_and_by_tier_falls_and_the_programme_is_its_cause(name: str, output: str) -> None:
    """A fall by a fifth, and a quarter more without the programme at the same time."""
    fall, cause = claims()["E03"][name], claims()["E03"][f"cause_{name}"]
    assert claims()["E03"].of_reading(fall.reading) == (fall, cause) and cause.scenario == "no-puskesmas"
    per_head = {"population"} if name in ("primary", "hospital") else set()
    assert outputs_of(fall) == outputs_of(cause) == {output} | per_head
    columns = {output: over(1980, *[100.0] * 24, *[60.0] * 12)} | {n: over(1980, *[10.0] * 36) for n in per_head}
    assert all(e.effect > 0 for e in effects(fall, run(**columns)))
    less = {output: over(1980, *[100.0] * 24, *[90.0] * 12)} | {n: over(1980, *[10.0] * 36) for n in per_head}
    assert effects(fall, run(**less))[0].effect < 0, "a tenth fewer are not far fewer"
    for without, shows in ((80.0, True), (70.0, False)):
        other = {output: over(1980, *[without] * 36)} | {n: over(1980, *[10.0] * 36) for n in per_head}
        (found,) = effects(cause, run(**columns), without=run(**other))
        assert (found.effect > 0) == shows, "a quarter more than 60 is 75"


@pytest.mark.parametrize("claim", ["E03", "E09"])
@pytest.mark.parametrize("name", APART)
def test_buildings_money_and_roads_are_asked_apart(claim: str, name: str) -> None:
    pattern = claims()[claim][name]
    assert pattern.comparison == "pair" and pattern.scenario == APART[name]
    assert claims()[claim].of_reading(pattern.reading) == (pattern,)
    output = "visits_across_per_1000" if claim == "E03" else "untreated_share"
    assert outputs_of(pattern) == {output}
    with_it = run(**{output: over(2004, 0.4, 0.4, 0.4)})
    for without, shows in ((0.52, True), (0.44, False)):
        (found,) = effects(pattern, with_it, without=run(**{output: over(2004, without, without, without)}))
        assert (found.effect > 0.5 * found.size) == shows or claim == "E09", "a quarter more"
        assert (found.effect >= found.size) == shows


@pytest.mark.parametrize("severity", SEVERITIES)
def test_e09_is_asked_of_each_severity(severity: str) -> None:
    before_after, cause = claims()["E09"][severity], claims()["E09"][f"cause_{severity}"]
    assert outputs_of(before_after) == outputs_of(cause) == {f"untreated_{severity}"}
    assert claims()["E09"].of_reading(before_after.reading) == (before_after, cause)
    (found,) = effects(before_after, run(**{f"untreated_{severity}": over(1980, *[0.9] * 24, *[0.8] * 12)}))
    assert found.effect == pytest.approx(0.1) and found.size == 0.05


def test_e09_counts_deaths_for_each_person() -> None:
    deaths = claims()["E09"]["deaths"]
    people = over(1980, *[100.0] * 24, *[200.0] * 12)
    for later, shows in ((17.0, True), (19.0, False)):  # 0.085 and 0.095 a head against nine tenths of 0.1
        (found,) = effects(deaths, run(deaths_expected=over(1980, *[10.0] * 24, *[later] * 12), population=people))
        assert (found.effect > 0) == shows


def test_the_outputs_of_care_name_the_claims_that_ask_them() -> None:
    for claim in ("E02", "E03", "E09"):
        asked = set().union(*(outputs_of(p) for p in claims()[claim].patterns)) - {"population"}
        assert asked <= set(claims()[claim].indicators) | {"care_share_across_near"}, claim
        missing = {name for name in asked if claim not in OUTPUTS[name].claims}
        assert not missing, f"{claim}: {missing}"
