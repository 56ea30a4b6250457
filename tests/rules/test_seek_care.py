"""Where the sick go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.seek_care import SEEK_CARE, Parameters, choose_care, value_of_facility
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, draws, run_rule, take, traced

RULE = "household.seek_care"
MISSING = -1.0e9
P = Parameters(weight_quality=2.0, weight_cost=1.0, hour_primary=0.5, hour_hospital=0.25, foreign_penalty=1.0, kin_relief=0.5, papers=0.2,
               post_strictness=0.4, kin_word=0.6, value_no_care=-1.0, schooling_effect=0.1, primary_for_hospital_need=0.5, hospital_burden=1.5,
               nest_scale=0.5, severity_disrupting=1.5, severity_hospital=3.0)  # fmt: skip


# quality, severity, hours, cost share, primary, across, kin, heard, strictness -> value
@both_forms
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # 0.6*2*0.5*1 = 0.6, way 0.5*2 = 1
        ((0.5, 1, 2.0, 0.0, True, False, 0.0, 0.0, 0.0), -0.4),
        # 0.6*2*1*1.5 = 1.8, burden 1.5/1.5 = 1, ln 0.5 = -0.693147, way 0.25*4 = 1
        ((1.0, 2, 4.0, 0.5, False, False, 0.0, 0.0, 0.0), -0.8931471805599453),
        # a clinic counts half for a hospital illness: 0.6*2*(0.8*0.5)*3 = 1.44, way 0.5
        ((0.8, 3, 1.0, 0.0, True, False, 0.0, 0.0, 0.0), 0.94),
        # 0.6*2*0.9*3 = 3.24, way 2, foreign 1*(1-0.5*0.5) = 0.75, papers 0.2, post 0.4*0.5 = 0.2, word 0.6*0.25 = 0.15
        ((0.9, 3, 8.0, 0.0, False, True, 0.5, 0.25, 0.5), 0.24),
        # kin, word and strictness count across only: 0.6*2*0.5 = 0.6
        ((0.5, 1, 0.0, 0.0, True, False, 1.0, 1.0, 1.0), 0.6),
        # a cost above 0.9 of income counts as 0.9: ln 0.1 = -2.302585
        ((0.0, 1, 0.0, 5.0, True, False, 0.0, 0.0, 0.0), -2.302585092994046),
    ],
)
def test_value_by_hand(form: str, case: tuple[Any, ...], expected: float) -> None:
    assert take(value_of_facility, form)(*case, P) == pytest.approx(expected, abs=1e-12)


BASE = {"quality": 0.5, "severity": 2, "hours": 3.0, "cost": 0.2, "primary": True, "across": True, "kin": 0.5, "heard": 0.5, "strict": 0.5}


@both_forms
@pytest.mark.parametrize(
    ("name", "more", "sign"),
    [
        ("quality", 0.9, 1),
        ("hours", 6.0, -1),
        ("cost", 0.4, -1),
        ("across", False, 1),
        ("kin", 0.9, 1),
        ("heard", 0.9, 1),
        ("strict", 0.9, -1),
    ],
)
@pytest.mark.parametrize("primary", [True, False])
@pytest.mark.parametrize("severity", [1, 2, 3])
def test_value_rises_and_falls_as_it_should(form: str, name: str, more: float, sign: int, primary: bool, severity: int) -> None:
    f = take(value_of_facility, form)
    base = {**BASE, "primary": primary, "severity": severity}
    less = f(*base.values(), Parameters())
    assert (f(*{**base, name: more}.values(), Parameters()) - less) * sign > 0


def test_quality_counts_more_the_worse_the_illness() -> None:
    gains = [
        value_of_facility(0.9, s, 1.0, 0.0, False, False, 0.0, 0.0, 0.0, P)
        - value_of_facility(0.1, s, 1.0, 0.0, False, False, 0.0, 0.0, 0.0, P)
        for s in (1, 2, 3)
    ]
    # 0.6 * 2 * 0.8 = 0.96, times the weight of the severity
    assert gains == pytest.approx([0.96, 1.44, 2.88])


def shares(form: str, values: tuple[float, ...], scale: float, n: int = MANY) -> np.ndarray:
    """Shares of none and the four options over a fine grid of draws: exact to 1/n for each bound."""
    f = take(choose_care, form)
    found = [f((k + 0.5) / n, *values, scale) for k in range(n)]
    return np.bincount(np.array(found) + 1, minlength=5) / n


def counts(values: tuple[float, ...], scale: float, n: int = MANY) -> np.ndarray:
    """How often none and the four options come out of ``n`` draws."""
    return np.bincount(np.array([choose_care(u, *values, scale) for u in draws(n)]) + 1, minlength=5)


VALUES = (-0.3, 0.4, -0.8, 0.1, 0.9)


def test_scale_one_is_a_plain_multinomial_logit() -> None:
    expected = np.exp(VALUES) / np.exp(VALUES).sum()
    found = counts(VALUES, 1.0)
    for k in range(5):
        assert_share(found[k], MANY, expected[k])


@both_forms
@pytest.mark.parametrize("values", [VALUES, (0.2, 0.8, -0.1, -0.6, -0.9), (0.9, -0.5, 0.6, -0.2, -0.4), (-0.5, -0.4, 0.1, 0.9, -0.7)])
@pytest.mark.parametrize("scale", [1.0, 0.7, 0.3])
def test_shares_of_the_nested_logit(form: str, scale: float, values: tuple[float, ...]) -> None:
    # options 0 and 2 are the nest of primary clinics, 1 and 3 that of hospitals: inclusive value scale * ln(sum exp(v / scale))
    v = dict(zip((-1, 0, 1, 2, 3), values, strict=True))
    expected = {-1: math.exp(v[-1])}
    for home, across in ((0, 2), (1, 3)):
        inside = math.exp(v[home] / scale) + math.exp(v[across] / scale)
        for k in (home, across):
            expected[k] = inside**scale * math.exp(v[k] / scale) / inside
    total = sum(expected.values())
    n = 2_000
    found = shares(form, values, scale, n)
    for k in range(-1, 4):
        assert found[k + 1] == pytest.approx(expected[k] / total, abs=2 / n)


@pytest.mark.parametrize("scale", [0.3, 0.6, 1.0])
def test_equal_values_give_the_closed_form(scale: float) -> None:
    # each nest of two equal options has weight 2**scale; none has weight 1
    weight = 2.0**scale
    expected = np.array([1.0, *[weight / 2] * 4]) / (1 + 2 * weight)
    found = counts((0.7,) * 5, scale)
    for k in range(5):
        assert_share(found[k], MANY, expected[k])


@both_forms
@pytest.mark.parametrize("there", range(16))
def test_an_option_that_is_not_there_is_never_chosen(form: str, there: int) -> None:
    f = take(choose_care, form)
    values = tuple(0.2 if there >> k & 1 else MISSING for k in range(4))
    for u in (2.0**-53, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999999, 1 - 2.0**-53):
        option = f(u, -0.5, *values, 0.45)
        assert option == -1 or there >> option & 1, (u, option)
    if there == 0:
        assert f(0.5, -30.0, *values, 0.45) == -1


def seek(form: str = "compiled", n: int = 3000, p: Parameters | None = None, **said: Any) -> np.ndarray:
    """Care sought (options) by ``n`` like households, with one disrupting episode each unless said otherwise."""
    values = {
        "household.weight": 2.0, "household.schooling": 6.0, "household.income_mean": 1000.0, "household.episodes": (0, 1, 0),
        "place.hours_care": (2.0, 4.0, 3.0, 5.0), "place.quality_care": (0.4, 0.5, 0.7, 0.8), "place.fee_care": (5.0, 50.0, 20.0, 200.0),
        "place.friction_care": (0.0, 0.0, 0.5, 0.5), "place.facility_care": (0, 1, 2, 3), "place.fare": 3.0,
    }  # fmt: skip
    values |= {k.replace("__", "."): v for k, v in said.items()}
    columns = columns_of(RULE, {"household": n, "place": 1}, values)
    done = run_rule(RULE, columns, form, stop=n, p=p)
    sought = done["household.care_sought"].astype(int)
    # the place's demand is the weighted sum of what its households seek
    assert done["place.care_demand"][0] == pytest.approx(2.0 * sought.sum(axis=0))
    assert (sought.sum(axis=1) <= done["household.episodes"].sum(axis=1)).all()
    return sought.sum(axis=0)


DIRECTIONS = [
    # what is changed, option watched (None: all care), sign of the change
    ({"place__quality_care": (0.9, 0.5, 0.7, 0.8)}, 0, 1),
    ({"place__quality_care": (0.9, 0.9, 0.9, 0.9)}, None, 1),
    ({"place__hours_care": (2.0, 4.0, 6.0, 5.0)}, 2, -1),
    ({"place__hours_care": (8.0, 9.0, 9.0, 9.0)}, None, -1),
    ({"place__friction_care": (0.0, 0.0, 1.0, 1.0)}, "across", -1),
    ({"place__fee_care": (5.0, 50.0, 900.0, 9000.0)}, "across", -1),
    ({"household__support_across": 1.0}, "across", 1),
    ({"household__heard_across": 1.0}, "across", 1),
    ({"household__schooling": 12.0}, None, 1),
    ({"household__income_mean": 60.0}, None, -1),
    ({"place__facility_care": (0, 1, -1, -1)}, "across", -1),
]


@pytest.mark.parametrize(("change", "watch", "sign"), DIRECTIONS)
def test_care_moves_the_right_way(change: dict[str, Any], watch: int | str | None, sign: int) -> None:
    which = {None: slice(0, 4), "across": slice(2, 4)}.get(watch, watch)  # type: ignore[arg-type]
    before, after = (np.sum(seek(**c)[which]) for c in ({}, change))
    assert (after - before) * sign > 0


def test_the_plain_loop_gives_the_same() -> None:
    assert (seek("plain", 150) == seek("compiled", 150)).all()


def test_the_loop_gives_the_shares_of_its_functions() -> None:
    found = seek(n=MANY)
    cost = np.array([5 + 2 * 3 * 2, 50 + 2 * 3 * 4, 20 + 2 * 3 * 3, 200 + 2 * 3 * 5]) / (1000.0 * np.array([1, 12, 1, 12]))
    p = Parameters()
    v = [
        value_of_facility((0.4, 0.5, 0.7, 0.8)[k], 2, (2.0, 4.0, 3.0, 5.0)[k], cost[k], k % 2 == 0, k >= 2, 0.0, 0.0, 0.5 * (k >= 2), p)
        for k in range(4)
    ]
    expected = shares("compiled", (p.value_no_care, *v), p.nest_scale)
    for k in range(4):
        assert_share(found[k], MANY, expected[k + 1])


def test_weight_of_each_episode() -> None:
    """Two households of different places, with all that the loop hands to the functions of one episode, worked by hand."""
    p = P._replace(schooling_effect=0.1, value_no_care=-1.0)
    values = {
        "household.place": (1, 0, 1), "household.weight": (3.0, 5.0, 7.0), "household.schooling": (9.0, 4.0, 6.0),
        "household.income_mean": (200.0, 0.25, 100.0), "household.support_across": (0.6, 0.1, 0.9), "household.heard_across": (0.25, 0.5, 0.75),
        "household.episodes": [(2, 0, 1), (0, 1, 0), (0, 0, 0)], "household.care_sought": 4,
        "place.hours_care": [(1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)], "place.quality_care": [(0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)],
        "place.fee_care": [(1.0, 2.0, 3.0, 4.0), (10.0, 20.0, 30.0, 40.0)], "place.friction_care": [(0.01, 0.02, 0.03, 0.04), (0.05, 0.06, 0.07, 0.08)],
        "place.facility_care": [(0, 1, 2, 3), (4, -1, 5, 0)], "place.fare": (0.5, 2.0), "place.care_demand": 0.5,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "place": 2}, values)
    calls = traced(RULE, columns, "uniform", "value_of_facility", "choose_care", stop=3, seed=5, month=6, p=p)
    # cost: fee and the fare there and back; clinics are paid from a month's income, hospitals from a year's, no less than 1
    first = [
        (0.5, 5.0, (10.0 + 2 * 2.0 * 5.0) / 200.0, True, False, 0.05),
        (0.7, 7.0, (30.0 + 2 * 2.0 * 7.0) / 200.0, True, True, 0.07),
        (0.8, 8.0, (40.0 + 2 * 2.0 * 8.0) / 2400.0, False, True, 0.08),
    ]
    second = [
        (0.1, 1.0, 0.9, True, False, 0.01),  # (1 + 1) / 1, which counts as 0.9
        (0.2, 2.0, (2.0 + 2.0) / 12.0, False, False, 0.02),
        (0.3, 3.0, 0.9, True, True, 0.03),
        (0.4, 4.0, (4.0 + 4.0) / 12.0, False, True, 0.04),
    ]
    heard = [float(np.float32(x)) for x in (0.25, 0.5)]
    # of each facility the episodes of one household after the other: two minor ones and one for a hospital
    expected = [(q, s, h, pytest.approx(c), primary, across, 0.6, heard[0], f) for q, h, c, primary, across, f in first for s in (1, 1, 3)]
    expected += [(q, 2, h, pytest.approx(c), primary, across, 0.1, heard[1], f) for q, h, c, primary, across, f in second]
    assert calls["value_of_facility"] == expected
    keys = [(5, SEEK_CARE, 6, 1000, 0), (5, SEEK_CARE, 6, 1000, 1), (5, SEEK_CARE, 6, 1000, 2), (5, SEEK_CARE, 6, 1001, 0)]
    assert calls["uniform"] == keys
    v = [value_of_facility(*said, p) for said in calls["value_of_facility"]]
    # a year more of schooling than six raises the value of care, so lowers that of none, by 0.1
    chosen = [(pytest.approx(-1.3), v[k], MISSING, v[3 + k], v[6 + k]) for k in range(3)] + [(pytest.approx(-0.8), *v[9:])]
    assert calls["choose_care"] == [(uniform(*key), *said, 0.5) for key, said in zip(keys, chosen, strict=True)]
    options = [choose_care(*said) for said in calls["choose_care"]]
    sought = [[options[a:b].count(k) for k in range(4)] for a, b in ((0, 3), (3, 4), (4, 4))]
    assert columns["household.care_sought"].tolist() == sought
    demand = np.array([np.multiply(5.0, sought[1]), np.add(np.multiply(3.0, sought[0]), np.multiply(7.0, sought[2]))]) + 0.5
    assert columns["place.care_demand"].tolist() == demand.tolist()
    assert sum(options[:3]) > -3 or options[3] >= 0, "somebody seeks care, or the counts above say nothing"


@both_forms
def test_bounds_between_options_belong_to_the_next(form: str) -> None:
    # none has weight 1, each nest of two equal options 2 at a scale of 1: bounds at 1/5 of the draw
    f = take(choose_care, form)
    assert [f(u, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0) for u in (0.0, 0.2, 0.4, 0.6, 0.8)] == [-1, 0, 2, 1, 3]
    assert [f(u, 0.0, 0.0, MISSING, MISSING, MISSING, 1.0) for u in (0.499, 0.5)] == [-1, 0]
    # a value of -1e9 marks what is not there, a little more does not
    assert f(0.5, -5e9, -1e9 + 1000.0, MISSING, MISSING, MISSING, 1.0) == 0


@both_forms
def test_the_largest_draw_takes_the_last_option_that_is_there(form: str) -> None:
    f = take(choose_care, form)
    assert f(1.0, -1.0, 0.3, MISSING, MISSING, MISSING, 0.5) == 0
    assert f(1.0, -1.0, MISSING, MISSING, 0.3, MISSING, 0.5) == 2
    assert f(1.0, -1.0, MISSING, MISSING, MISSING, MISSING, 0.5) == -1


@both_forms
@pytest.mark.parametrize("best", range(5))
def test_a_value_beyond_all_measure_is_chosen(form: str, best: int) -> None:
    values = [2000.0 if k == best else -10.0 * k for k in range(5)]
    assert [take(choose_care, form)(u, *values, 0.5) for u in (2.0**-53, 0.5, 1 - 2.0**-53)] == [best - 1] * 3


@both_forms
def test_cost_and_strangeness_by_their_weights(form: str) -> None:
    p = P._replace(weight_cost=2.0, foreign_penalty=0.8)
    # quality 3.24, half of income 2 ln 0.5, way 2, foreign 0.8*0.75, papers 0.2, post 0.2, word 0.15
    expected = 3.24 + 2 * math.log(0.5) - 2 - 0.6 - 0.2 - 0.2 + 0.15
    assert take(value_of_facility, form)(0.9, 3, 8.0, 0.5, False, True, 0.5, 0.25, 0.5, p) == pytest.approx(expected)


@both_forms
def test_every_episode_is_counted(form: str) -> None:
    values = {
        "household.episodes": (2, 1, 1),
        "household.weight": 2.5,
        "household.income_mean": 100.0,
        "place.facility_care": (0, -1, -1, -1),
    }
    columns = columns_of(RULE, {"household": 1, "place": 1}, values)
    done = run_rule(RULE, columns, form, stop=1, p=P._replace(value_no_care=-500.0))
    assert done["household.care_sought"].tolist() == [[4, 0, 0, 0]] and done["place.care_demand"].tolist() == [[10.0, 0.0, 0.0, 0.0]]


@both_forms
def test_a_tier_that_is_not_there_takes_no_share(form: str) -> None:
    # none has weight 1, two clinics of value 0 at a scale of 1 have weight 1 each; likewise two hospitals
    assert shares(form, (0.0, 0.0, MISSING, 0.0, MISSING), 1.0, 900) == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3, 0], abs=2 / 900)
    assert shares(form, (0.0, MISSING, 0.0, MISSING, 0.0), 1.0, 900) == pytest.approx([1 / 3, 0, 1 / 3, 0, 1 / 3], abs=2 / 900)


@both_forms
def test_the_rounding_of_the_largest_draw_leads_back_to_the_last_option_that_is_there(form: str) -> None:
    f = take(choose_care, form)
    # with these values of no care, what is left of a draw of 1 is not less than the weight of the only tier that is there
    for none in (-0.017, -0.17, -0.357, -0.527, -0.646):
        assert f(1.0, none, -0.7, MISSING, MISSING, MISSING, 0.5) == 0
        assert f(1.0, none, MISSING, MISSING, -0.7, MISSING, 0.5) == 2
