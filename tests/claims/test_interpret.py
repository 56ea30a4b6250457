"""The interpreter of the patterns, on tables small enough to work out by hand."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pandas as pd
import pytest

from abm.claims.interpret import Reading, number_of, read, series_of
from abm.claims.pattern import Pattern
from abm.claims.years import Years
from abm.reading import check

INCOME, POOR, OUT, INTO = "income_per_capita", "poverty_rate", "trade_out_usd", "trade_in_usd"


def run(**columns: dict[int, float]) -> Years:
    """A run whose columns are given by year: ``income_per_capita`` of the side id, ``my_income_per_capita`` of the side my."""
    years = sorted({year for column in columns.values() for year in column})
    rows = [
        {"year": year, "side": side}
        | {
            name.removeprefix("my_"): column.get(year, math.nan)
            for name, column in columns.items()
            if name.startswith("my_") == (side == "my")
        }
        for side in ("my", "id")
        for year in reversed(years)
    ]
    return Years(pd.DataFrame(rows))


def over(first: int, *values: float) -> dict[int, float]:
    return {first + i: value for i, value in enumerate(values)}


def pattern(numbers: dict[str, Any], *conditions: dict[str, Any], comparison: str = "direction", **more: Any) -> Pattern:
    """A pattern whose conditions have a smallest effect of use of 1 where they name none."""
    sized = [c if "practical_share" in c or c["is"] == "near" else {"practical": 1.0} | c for c in conditions]
    said = {"id": "x", "says": "it is so", "comparison": comparison, "numbers": numbers, "conditions": sized} | more
    return check(Pattern, said, "the test")


def of(output: str = INCOME, side: str = "id", **more: Any) -> dict[str, Any]:
    return {"output": output, "side": side} | more


def verdict(found: float, relation: str, mark: float, **more: Any) -> str:
    """What one year's number reads as beside a mark."""
    one = pattern({"x": {"of": of(first=1990, last=1990)}}, {"number": "x", "is": relation, "value": mark} | more)
    return read(one, run(income_per_capita={1990: found})).verdict


# ---- a number beside the paper's number ----------------------------------------------------------------------------------


def near(value: float, within: float) -> Pattern:
    numbers = {"x": {"of": of(first=1990, last=1992)}}
    return pattern(numbers, {"number": "x", "is": "near", "value": value, "within": within}, comparison="number")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((90.0, 100.0, 110.0), "near"),  # a mean of 100
        ((100.0, 110.0, 120.0), "near"),  # 110: at the bound exactly
        ((80.0, 90.0, 100.0), "near"),  # 90: at the other bound
        ((100.0, 110.0, 120.3), "not near"),  # 110.1
        ((80.0, 90.0, 99.7), "not near"),  # 89.9
        ((90.0, 100.0), "outside"),  # 1992 is not in the run
        ((90.0, math.nan, 110.0), "outside"),
        ((90.0, math.inf, 110.0), "outside"),
    ],
)
def test_a_number_is_near_within_its_tolerance(values, expected):
    found = read(near(100.0, 10.0), run(income_per_capita=over(1990, *values)))
    assert found.verdict == expected
    if expected != "outside":
        assert found.values == {"x": pytest.approx(sum(values) / 3)}
    else:
        assert math.isnan(found.values["x"])


def test_a_column_or_a_side_that_is_not_there_gives_no_verdict():
    assert read(near(100.0, 10.0), run(gini=over(1990, 1, 1, 1))).verdict == "outside"
    assert read(near(100.0, 10.0), run(my_income_per_capita=over(1990, 100, 100, 100))).verdict == "outside"
    assert read(near(100.0, 10.0), Years(pd.DataFrame({"year": [], "side": [], INCOME: []}))).verdict == "outside"


def test_a_bound_below_which_a_number_lies_reads_as_near():
    below = pattern({"x": {"of": of(take="max")}}, {"number": "x", "is": "below", "value": 5.0}, comparison="number")
    assert read(below, run(income_per_capita=over(1990, 1, 4, 2))).verdict == "near"
    assert read(below, run(income_per_capita=over(1990, 1, 5, 2))).verdict == "not near"


def test_a_number_with_two_conditions_is_near_where_both_hold():
    numbers = {"x": {"of": of(first=1990, last=1990)}}
    between = pattern(
        numbers, {"number": "x", "is": "above", "value": 1.0}, {"number": "x", "is": "below", "value": 3.0}, comparison="number"
    )
    assert [read(between, run(income_per_capita={1990: x})).verdict for x in (0.5, 2.0, 4.0)] == ["not near", "near", "not near"]


# ---- directions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "at", "over_it", "under_it"),
    [
        ("above", "does not hold", "holds", "does not hold"),
        ("below", "does not hold", "does not hold", "holds"),
        ("at_least", "holds", "holds", "does not hold"),
        ("at_most", "holds", "does not hold", "holds"),
    ],
)
def test_a_number_against_a_mark(relation, at, over_it, under_it):
    assert [verdict(x, relation, 0.5) for x in (0.5, 0.5000001, 0.4999999)] == [at, over_it, under_it]


def test_a_number_against_another_one_times_a_factor():
    numbers = {"before": {"of": of(first=1980, last=1981)}, "after": {"of": of(first=1990, last=1991)}}
    fell = pattern(numbers, {"number": "after", "is": "below", "than": "before", "times": 0.75})
    cases = {(10, 10, 7, 7): "holds", (10, 10, 7.5, 7.5): "does not hold", (10, 10, 8, 8): "does not hold"}
    for (a, b, c, d), expected in cases.items():
        found = read(fell, run(income_per_capita={1980: a, 1981: b, 1990: c, 1991: d}))
        assert found.verdict == expected and found.values == {"before": 10.0, "after": c}
    assert read(fell, run(income_per_capita={1980: 10, 1990: 7, 1991: 7})).verdict == "outside"


def test_all_conditions_must_hold():
    numbers = {"x": {"of": of(first=1990, last=1990)}}
    both = pattern(numbers, {"number": "x", "is": "above", "value": 1.0}, {"number": "x", "is": "below", "value": 3.0})
    assert [read(both, run(income_per_capita={1990: x})).verdict for x in (0.5, 2.0, 4.0)] == ["does not hold", "holds", "does not hold"]


def test_numbers_that_no_condition_names_are_given_but_decide_nothing():
    numbers = {"beside": {"of": of("gini", first=1990, last=1990)}, "x": {"of": of(first=1990, last=1990)}}
    found = read(pattern(numbers, {"number": "x", "is": "above", "value": 1.0}), run(income_per_capita={1990: 2.0}))
    assert found.verdict == "holds" and found.values == {"x": 2.0}
    assert math.isnan(found.numbers["beside"])


def test_values_stand_in_the_order_of_the_numbers():
    numbers = {name: {"of": of(first=year, last=year)} for name, year in (("b", 1990), ("a", 1991), ("c", 1992))}
    both = pattern(numbers, {"number": "c", "is": "above", "than": "a"}, {"number": "b", "is": "above", "value": 0.0})
    assert list(read(both, run(income_per_capita=over(1990, 1, 2, 3))).values) == ["b", "a", "c"]


# ---- what is taken of the years --------------------------------------------------------------------------------------------

PATH = over(1990, 3.0, 1.0, 8.0, -2.0, 5.0)  # 1990 to 1994


def number(said: dict[str, Any], years: Years) -> float:
    return number_of(pattern({"x": said}, {"number": "x", "is": "above", "value": 0.0}).numbers["x"], years)


@pytest.mark.parametrize(
    ("take", "closed", "to_the_end"),
    [
        ("mean", 7 / 3, 3.0),  # 1991–1993: 1, 8, −2; from 1991 on: 1, 8, −2, 5
        ("sum", 7.0, 12.0),
        ("min", -2.0, -2.0),
        ("max", 8.0, 8.0),
        ("first", 1.0, 1.0),
        ("last", -2.0, 5.0),
        ("slope", -1.5, 0.2),  # (−1·1 + 1·−2) ÷ 2; (−1.5·1 − 0.5·8 + 0.5·−2 + 1.5·5) ÷ 5
        ("year_of_max", 1992.0, 1992.0),
        ("years", 3.0, 4.0),
        ("years_above_0", 2.0, 3.0),
    ],
)
def test_what_is_taken_of_years(take, closed, to_the_end):
    years = run(income_per_capita=PATH)
    assert number({"of": of(first=1991, last=1993, take=take)}, years) == pytest.approx(closed)
    assert number({"of": of(first=1991, take=take)}, years) == pytest.approx(to_the_end)


def test_years_left_out_reach_as_far_as_the_run():
    years = run(income_per_capita=PATH)
    assert number({"of": of()}, years) == 3.0
    assert number({"of": of(last=1991)}, years) == 2.0
    assert number({"of": of(year="end")}, years) == 5.0
    assert number({"of": of(first=1995)}, years) != number({"of": of(first=1995)}, years)  # nan: the run ends before


def test_a_year_without_a_number_is_left_out_of_open_years_only():
    holey = run(income_per_capita=PATH | {1993: math.nan})
    assert number({"of": of(first=1991)}, holey) == pytest.approx(14 / 3)
    assert math.isnan(number({"of": of(first=1991, last=1994)}, holey))
    assert number({"of": of(first=1991, take="slope")}, holey) == pytest.approx(13 / 14)  # (−4·1 − 1·8 + 5·5) ÷ 3 over 14 ÷ 3
    assert math.isnan(number({"of": of(first=1991, last=1994, take="slope")}, holey))
    late = run(income_per_capita=PATH | {1994: math.nan})
    assert math.isnan(number({"of": of(year="end")}, late)), "the end is the run's last year, not the last year with a number"


def test_fewer_years_than_asked_for_give_no_number():
    years = run(income_per_capita=PATH)
    assert number({"of": of(first=1990, take="slope"), "at_least": 5}, years) == pytest.approx(0.1)
    assert math.isnan(number({"of": of(first=1991, take="slope"), "at_least": 5}, years))
    assert number({"of": of(first=1993, take="slope")}, years) == 7.0, "from −2 to 5"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(number({"of": of(first=1994, take="slope")}, years)), "no line goes through one year"
    assert math.isnan(number({"of": of(first=1990, last=1991, take="slope")}, years)), "nor through two that are closed"


def test_the_first_of_equal_highest_years_is_named():
    assert number({"of": of(take="year_of_max")}, run(income_per_capita=over(1990, 1, 7, 7))) == 1991


# ---- two numbers compared with each other --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "expected"), [("ratio", 4.0), ("difference", 6.0), ("change", 3.0)])
def test_a_number_set_against_another(how, expected):
    said = {"of": of(side="my", first=1990, last=1991), "against": of(first=1980, last=1980), "how": how}
    years = run(income_per_capita={1980: 2.0}, my_income_per_capita={1990: 6.0, 1991: 10.0})
    assert number(said, years) == expected


def test_what_is_divided_by_nothing_is_no_number():
    years = run(income_per_capita={1980: 0.0, 1990: 1.0})
    for how in ("ratio", "change"):
        said = {"of": of(first=1990, last=1990), "against": of(first=1980, last=1980), "how": how}
        assert math.isnan(number(said, years))


def test_each_year_is_another_thing_than_the_means():
    """The mean of 4 ÷ 1 and 6 ÷ 3 is 3, the quotient of the means 5 ÷ 2 is 2.5; a year that one side lacks counts in neither."""
    years = run(income_per_capita=over(1990, 1.0, 3.0), my_income_per_capita=over(1990, 4.0, 6.0, 9.0))
    said = {"of": of(side="my"), "against": of(), "how": "ratio"}
    assert number(said | {"each_year": True}, years) == 3.0
    shared = {"of": of(side="my", first=1990, last=1991), "against": of(first=1990, last=1991), "how": "ratio"}
    assert number(shared, years) == 2.5
    for take, expected in (("min", 2.0), ("years", 2.0), ("years_above_0", 2.0)):
        assert number({"of": of(side="my", take=take), "against": of(), "how": "ratio", "each_year": True}, years) == expected
    at_nothing = run(income_per_capita=over(1990, 2.0, 0.0), my_income_per_capita=over(1990, 4.0, 6.0))
    assert number(said | {"each_year": True}, at_nothing) == 2.0, "a year in which it is divided by 0 has no quotient"
    apart = {"of": of(side="my", take="years_above_0"), "against": of(), "how": "difference", "each_year": True}
    assert number(apart, run(income_per_capita=over(1990, 1, 3, 5), my_income_per_capita=over(1990, 1, 2, 9))) == 1.0


# ---- both sides ------------------------------------------------------------------------------------------------------------


def test_both_sides_are_added_or_averaged():
    years = run(
        trade_out_usd=over(1990, 30.0, 0.0),
        trade_in_usd=over(1990, 10.0, 0.0),
        undeclared_share=over(1990, 0.5, math.nan),
        my_trade_out_usd=over(1990, 4.0, 0.0),
        my_trade_in_usd=over(1990, 6.0, 0.0),
        my_undeclared_share=over(1990, 1.0, math.nan),
    )
    assert number({"of": of(OUT, "both", take="sum")}, years) == 34.0
    one_side = run(trade_out_usd=over(1990, 1.0, 2.0), my_trade_out_usd={1991: 5.0})
    assert number({"of": of(OUT, "both", take="sum")}, one_side) == 7.0, "1990 has one side only"
    assert number({"of": of(OUT, "both", plus=[INTO], first=1990, last=1990)}, years) == 50.0
    share = of("undeclared_share", "both", weighted_by=[OUT, INTO])
    assert number({"of": share}, years) == pytest.approx((40 * 0.5 + 10 * 1.0) / 50)
    assert math.isnan(number({"of": share | {"year": "end"}}, years)), "no trade in 1991, so no share of it"
    part = pattern({"x": {"of": share}}, {"number": "x", "is": "above", "value": 0.0}).numbers["x"].of
    assert series_of(part, years) == {1990: pytest.approx(0.6)}


def test_years_stand_in_their_order_whichever_side_begins():
    years = run(trade_out_usd={1991: 1.0}, undeclared_share={1991: 0.2}, my_trade_out_usd={1990: 1.0}, my_undeclared_share={1990: 0.9})
    share = of("undeclared_share", "both", weighted_by=[OUT])
    assert number({"of": share | {"take": "first"}}, years) == 0.9
    assert number({"of": share | {"take": "last"}}, years) == 0.2


def test_outputs_are_added_over_years_that_have_both():
    years = run(trade_out_usd=over(1990, 1.0, 2.0), trade_in_usd={1991: 10.0})
    assert number({"of": of(OUT, plus=[INTO], take="sum")}, years) == 12.0


# ---- spans -------------------------------------------------------------------------------------------------------------------


def decades(**columns: dict[int, float]) -> Reading:
    numbers = {"own": {"of": of(POOR)}, "across": {"of": of(POOR, "my")}}
    each = pattern(
        numbers,
        {"number": "own", "is": "above", "value": 0.0},
        {"number": "own", "is": "at_least", "than": "across", "times": 2.0},
        spans=[[1980, 1982], [1990, 1992], [2000, 2002]],
    )
    return read(each, run(**columns))


def test_each_span_is_read_by_itself():
    found = decades(
        poverty_rate=over(1980, 0.3, 0.4, 0.5) | over(1990, 0.2, 0.2, 0.2),
        my_poverty_rate=over(1980, 0.1, 0.1, 0.1) | over(1990, 0.1, 0.1, 0.1),
    )
    assert found.verdict == "holds", "0.2 is twice 0.1: at the bound exactly"
    assert dict(found.values) == {
        "own_1980": pytest.approx(0.4),
        "across_1980": pytest.approx(0.1),
        "own_1990": pytest.approx(0.2),
        "across_1990": pytest.approx(0.1),
    }
    assert [span for span, _ in found.spans] == [(1980, 1982), (1990, 1992)]


def test_one_span_that_fails_decides():
    found = decades(poverty_rate={1980: 0.4, 1990: 0.19}, my_poverty_rate={1980: 0.1, 1990: 0.1})
    assert found.verdict == "does not hold"
    assert decades(poverty_rate={1980: 0.0}, my_poverty_rate={1980: 0.0}).verdict == "does not hold"


def test_a_span_is_read_as_far_as_the_run_goes():
    found = decades(poverty_rate=over(1980, 0.4, 0.6), my_poverty_rate=over(1980, 0.1, 0.1, 0.9))
    assert dict(found.values) == {"own_1980": 0.5, "across_1980": pytest.approx(0.1)}, "1982 has no number on one side"


def test_a_span_that_has_not_begun_is_left_out():
    found = decades(poverty_rate={1980: 0.4, 1991: 0.1}, my_poverty_rate={1980: 0.1, 1991: 0.1})
    assert found.verdict == "holds" and len(found.spans) == 1
    assert decades(poverty_rate={1985: 0.4}, my_poverty_rate={1985: 0.1}).verdict == "outside"
    assert decades(gini={1980: 0.4}).verdict == "outside"


# ---- pairs and sweeps ----------------------------------------------------------------------------------------------------------


def pair(**more: Any) -> Pattern:
    condition = {"number": "x", "is": "below"} | more
    return pattern({"x": {"of": of(first=1990, last=1991)}}, condition, comparison="pair", switch="kinship")


@pytest.mark.parametrize(
    ("with_it", "without", "more", "expected"),
    [
        ((10.0, 12.0), (10.0, 11.0), {}, "holds"),
        ((10.0, 12.0), (11.0, 11.0), {}, "does not hold"),  # the same mean
        ((10.0, 12.0), (12.0, 12.0), {}, "does not hold"),
        ((10.0, 12.0), (5.0, 5.0), {"times": 0.5}, "holds"),
        ((10.0, 12.0), (5.5, 5.5), {"times": 0.5}, "does not hold"),  # half of it exactly
        ((10.0, 12.0), (11.5, 11.5), {"is": "above"}, "holds"),
        ((10.0, 12.0), (10.5, 10.5), {"is": "above"}, "does not hold"),
        ((10.0, 12.0), (10.0,), {}, "outside"),
        ((10.0,), (10.0, 10.0), {}, "outside"),
        ((10.0, 12.0), (math.nan, 10.0), {}, "outside"),
    ],
)
def test_the_run_without_is_held_against_the_run_with(with_it, without, more, expected):
    on, off = run(income_per_capita=over(1990, *with_it)), run(income_per_capita=over(1990, *without))
    found = read(pair(**more), on, without=off)
    assert found.verdict == expected
    if expected != "outside":
        assert found.values == {"x": pytest.approx(sum(with_it) / 2), "x_without": pytest.approx(sum(without) / 2)}
        assert found.numbers == {"x": found.values["x"]} and found.without == {"x": found.values["x_without"]}


def test_one_run_of_a_pair_says_where_it_stands_and_no_more():
    found = read(pair(), run(income_per_capita=over(1990, 1, 3)))
    assert found.verdict == "pair" and found.numbers == {"x": 2.0} and not found.values


def sweep(relation: str) -> Pattern:
    said = {"parameter": "world.set_month.farm_my", "levels": [0.8, 1.0, 1.6]}
    return pattern({"x": {"of": of(first=1990, last=1990)}}, {"number": "x", "is": relation}, comparison="sweep", sweep=said)


@pytest.mark.parametrize(
    ("values", "rises", "falls"),
    [
        ((1.0, 2.0, 5.0), "holds", "does not hold"),
        ((5.0, 4.0, 1.0), "does not hold", "holds"),
        ((3.0, 3.0, 3.0), "does not hold", "does not hold"),
        ((3.0, 3.01, 3.02), "holds", "does not hold"),
        ((3.0, 2.99, 2.98), "does not hold", "holds"),
        ((1.0, math.nan, 5.0), "outside", "outside"),
    ],
)
def test_a_response_rises_or_falls_over_a_sweep(values, rises, falls):
    runs = {level: run(income_per_capita={1990: x}) for level, x in zip((0.8, 1.0, 1.6), values, strict=True)}
    assert [read(sweep(r), runs[1.0], sweep=runs).verdict for r in ("rises", "falls")] == [rises, falls]


def test_the_slope_is_over_the_levels_and_not_over_their_places():
    """Around the mean level 3.4 ÷ 3 the places are −1/3, −2/15 and 7/15; the values 3, 0 and 1 give −8/15 over 78/225."""
    runs = {0.8: run(income_per_capita={1990: 3.0}), 1.0: run(income_per_capita={1990: 0.0}), 1.6: run(income_per_capita={1990: 1.0})}
    found = read(sweep("falls"), runs[1.0], sweep=runs)
    assert found.verdict == "holds" and found.values["x"] == pytest.approx((-8 / 15) / (78 / 225))


def test_a_sweep_needs_every_level():
    runs = {0.8: run(income_per_capita={1990: 1.0}), 1.0: run(income_per_capita={1990: 2.0})}
    assert read(sweep("rises"), runs[1.0], sweep=runs).verdict == "outside"
    assert read(sweep("rises"), runs[1.0]).verdict == "sweep"
