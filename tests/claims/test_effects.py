"""How far a condition is met, and from where on that is of use: worked out by hand for each relation and comparison."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm.claims.claim import claims
from abm.claims.interpret import Effect, effects, read
from abm.claims.years import Years
from tests.claims.test_interpret import POOR, of, over, pattern, run

LEVELS = (0.8, 1.0, 1.6)


def one(found: float, **condition: Any) -> Effect:
    """The only effect of a condition on the number ``x`` of one year."""
    numbers = {"x": {"of": of(first=1990, last=1990)}, "y": {"of": of(first=1991, last=1991)}}
    (effect,) = effects(pattern(numbers, {"number": "x"} | condition), run(income_per_capita={1990: found, 1991: 8.0}))
    return effect


# ---- a number of one run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "effect"), [(100.0, 10.0), (104.0, 6.0), (96.0, 6.0), (110.0, 0.0), (90.0, 0.0), (113.0, -3.0), (87.0, -3.0)]
)
def test_near_is_what_is_left_of_the_tolerance(found, effect):
    assert one(found, **{"is": "near", "value": 100.0, "within": 10.0}) == ("x", effect, 0.0)


@pytest.mark.parametrize(("relation", "sign"), [("above", 1), ("at_least", 1), ("below", -1), ("at_most", -1)])
def test_against_a_mark_it_is_the_distance_in_the_stated_direction(relation, sign):
    for found, distance in ((7.0, 3.0), (4.0, 0.0), (1.5, -2.5)):
        assert one(found, **{"is": relation, "value": 4.0, "practical": 0.25}) == ("x", sign * distance, 0.25)


@pytest.mark.parametrize(("relation", "sign"), [("above", 1), ("at_least", 1), ("below", -1), ("at_most", -1)])
def test_against_another_number_the_factor_counts(relation, sign):
    """Half of 8 is the mark."""
    effect = one(7.0, **{"is": relation, "than": "y", "times": 0.5, "practical": 0})
    assert effect == ("x", sign * 3.0, 0.0) and math.copysign(1, effect.size) == 1


def test_a_share_is_of_the_mark_whatever_its_sign():
    assert one(7.0, **{"is": "above", "value": 4.0, "practical_share": 0.25}) == ("x", 3.0, 1.0)
    assert one(7.0, **{"is": "above", "value": -4.0, "practical_share": 0.25}) == ("x", 11.0, 1.0)
    assert one(7.0, **{"is": "below", "than": "y", "practical_share": 0.25}) == ("x", 1.0, 2.0)
    assert one(7.0, **{"is": "below", "than": "y", "times": 0.5, "practical_share": 0.25}) == ("x", -3.0, 1.0)


def test_a_number_beside_the_papers_may_have_no_size():
    below = pattern({"x": {"of": of(take="max")}}, {"number": "x", "is": "below", "value": 5.0, "practical": None}, comparison="number")
    assert effects(below, run(income_per_capita=over(1990, 1, 4, 2))) == (("x", 1.0, 0.0),)


def test_conditions_stand_in_their_order_and_may_share_a_number():
    numbers = {"b": {"of": of(first=1990, last=1990)}, "a": {"of": of(first=1991, last=1991)}}
    both = pattern(
        numbers, {"number": "a", "is": "above", "than": "b"}, {"number": "b", "is": "above", "value": 0.0, "practical": 2.0},
        {"number": "a", "is": "below", "value": 9.0},
    )  # fmt: skip
    assert effects(both, run(income_per_capita=over(1990, 3.0, 4.0))) == (("a", 1.0, 1.0), ("b", 3.0, 2.0), ("a", 5.0, 1.0))


def test_what_cannot_be_computed_is_no_number():
    effect = one(math.nan, **{"is": "above", "value": 4.0})
    assert math.isnan(effect.effect) and effect.size == 1.0
    assert math.isnan(one(math.nan, **{"is": "near", "value": 4.0, "within": 1.0}).effect)
    numbers = {"x": {"of": of(first=1990, last=1990)}, "y": {"of": of(first=1999, last=1999)}}
    (mark,) = effects(
        pattern(numbers, {"number": "x", "is": "above", "than": "y", "practical_share": 0.1}), run(income_per_capita={1990: 1.0})
    )
    assert math.isnan(mark.effect) and math.isnan(mark.size)


# ---- spans -------------------------------------------------------------------------------------------------------------------


def decades(**columns: dict[int, float]) -> tuple[Effect, ...]:
    numbers = {"own": {"of": of(POOR)}, "across": {"of": of(POOR, "my")}}
    each = pattern(
        numbers,
        {"number": "own", "is": "above", "value": 0.0, "practical": 0.05},
        {"number": "own", "is": "at_least", "than": "across", "times": 2.0, "practical_share": 0.5},
        spans=[[1980, 1982], [1990, 1992], [2000, 2002]],
    )
    return effects(each, run(**columns))


def test_each_span_has_effects_of_its_own():
    found = decades(poverty_rate={1980: 0.5, 1981: 0.25, 1990: 0.25}, my_poverty_rate={1980: 0.125, 1981: 0.125, 1990: 0.25})
    assert found == (("own_1980", 0.375, 0.05), ("own_1980", 0.125, 0.125), ("own_1990", 0.25, 0.05), ("own_1990", -0.25, 0.25))


def test_spans_that_have_not_begun_are_left_out_unless_none_has():
    assert [e.number for e in decades(poverty_rate={1995: 0.4, 2000: 0.4}, my_poverty_rate={1995: 0.1, 2000: 0.1})] == ["own_2000"] * 2
    none = decades(poverty_rate={1985: 0.4}, my_poverty_rate={1985: 0.1})
    assert [e.number for e in none] == ["own_1980"] * 2 + ["own_1990"] * 2 + ["own_2000"] * 2
    assert all(math.isnan(e.effect) for e in none)


def test_a_span_that_the_run_has_begun_without_its_numbers_has_no_effect():
    found = decades(poverty_rate={1980: 0.4, 1990: math.nan}, my_poverty_rate={1980: 0.1, 1990: 0.1})
    assert [e.number for e in found] == ["own_1980"] * 2 + ["own_1990"] * 2
    assert [math.isnan(e.effect) for e in found] == [False, False, True, True]


# ---- pairs -------------------------------------------------------------------------------------------------------------------


def pair(with_it: float, without: float | None, **condition: Any) -> Effect:
    two = pattern({"x": {"of": of(first=1990, last=1990)}}, {"number": "x"} | condition, comparison="pair", switch="kinship")
    other = None if without is None else run(income_per_capita={1990: without})
    (effect,) = effects(two, run(income_per_capita={1990: with_it}), without=other)
    return effect


def test_a_pair_is_the_run_without_less_the_run_with():
    assert pair(10.0, 7.0, **{"is": "below"}) == ("x", 3.0, 1.0)
    assert pair(10.0, 7.0, **{"is": "above"}) == ("x", -3.0, 1.0)
    assert pair(10.0, 12.0, **{"is": "above", "practical_share": 0.25}) == ("x", 2.0, 2.5)
    assert pair(-10.0, 12.0, **{"is": "above", "practical_share": 0.25}) == ("x", 22.0, 2.5)


def test_the_factor_of_a_pair_is_of_the_run_with():
    assert pair(10.0, 4.0, **{"is": "below", "times": 0.5, "practical": 0}) == ("x", 1.0, 0.0)
    assert pair(10.0, 4.0, **{"is": "below", "times": 0.5, "practical_share": 0.1}) == ("x", 1.0, 0.5)


def test_a_pair_without_its_second_run_says_nothing():
    lonely = pair(10.0, None, **{"is": "below", "practical_share": 0.25})
    assert math.isnan(lonely.effect) and lonely.size == 2.5
    assert math.isnan(pair(10.0, math.nan, **{"is": "below"}).effect)
    half = pair(math.nan, 10.0, **{"is": "below", "practical_share": 0.25})
    assert math.isnan(half.effect) and math.isnan(half.size)


# ---- sweeps ------------------------------------------------------------------------------------------------------------------


def swept(values: tuple[float, ...], relation: str, **more: Any) -> Effect:
    said = {"parameter": "world.set_month.farm_my", "levels": list(LEVELS)}
    each = pattern({"x": {"of": of(first=1990, last=1990)}}, {"number": "x", "is": relation} | more, comparison="sweep", sweep=said)
    runs = {level: run(income_per_capita={1990: x}) for level, x in zip(LEVELS, values, strict=False)}
    (effect,) = effects(each, run(income_per_capita={1990: 0.0}), sweep=runs)
    return effect


def test_a_sweep_is_the_rise_of_its_line_from_the_lowest_level_to_the_highest():
    """A line of slope 5 rises by 4 over the 0.8 between the levels."""
    assert swept((2.0, 3.0, 6.0), "rises") == ("x", pytest.approx(4.0), 1.0)
    assert swept((2.0, 3.0, 6.0), "falls") == ("x", pytest.approx(-4.0), 1.0)


def test_the_line_counts_and_not_its_ends():
    """Values 3, 0, 1: slope (−8/15) ÷ (78/225) = −120/78 as in test_interpret, times 0.8."""
    assert swept((3.0, 0.0, 1.0), "falls") == ("x", pytest.approx(0.8 * 120 / 78), 1.0)


def test_the_share_of_a_sweep_is_of_the_lowest_level():
    assert swept((2.0, 3.0, 6.0), "rises", practical_share=0.25) == ("x", pytest.approx(4.0), 0.5)
    assert swept((-2.0, -1.0, 2.0), "rises", practical_share=0.25) == ("x", pytest.approx(4.0), 0.5)


def test_a_sweep_needs_every_level():
    assert math.isnan(swept((2.0, 3.0), "rises").effect)
    assert math.isnan(swept((2.0, math.nan, 6.0), "rises").effect)
    missing = swept((), "rises", practical_share=0.25)
    assert math.isnan(missing.effect) and math.isnan(missing.size)
    said = {"parameter": "world.set_month.farm_my", "levels": list(LEVELS)}
    each = pattern({"x": {"of": of()}}, {"number": "x", "is": "rises"}, comparison="sweep", sweep=said)
    assert math.isnan(effects(each, run(income_per_capita={1990: 0.0}))[0].effect)


# ---- effects and verdicts agree ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["above", "below", "at_least", "at_most"])
@pytest.mark.parametrize("found", [3.0, 3.999, 4.001, 5.0])
def test_an_effect_above_nothing_is_a_direction_that_holds(relation, found):
    told = pattern({"x": {"of": of(first=1990, last=1990)}}, {"number": "x", "is": relation, "value": 4.0})
    years = run(income_per_capita={1990: found})
    assert (effects(told, years)[0].effect > 0) == (read(told, years).verdict == "holds")


def test_every_shipped_pattern_has_an_effect_for_each_condition_and_span():
    nothing = Years.of_arrays(np.array([]), {})
    for claim in claims().values():
        for each in claim.patterns:
            found = effects(each, nothing, without=nothing, sweep={})
            assert len(found) == len(each.conditions) * max(len(each.spans), 1), claim.id
            assert all(math.isnan(effect.effect) for effect in found), claim.id
