"""What care is worth to the sick, and which option they take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.household.pay_care import cost_of_visit, is_insured, left_for_care
from agents.household.seek_care import Parameters, choose_care, choose_next, value_of_facility, value_of_none, weight_of
from tests.rules.tools import both_forms, draws, take

MISSING = -1.0e9
P = Parameters(weight_quality=2.0, weight_cost=1.0, hour_primary=0.5, hour_hospital=0.25, emergency_hours=2.0, foreign_penalty=1.0, kin_relief=0.5,
               papers=0.2, emergency_papers=0.5, post_strictness=0.4, kin_word=0.6, value_no_care=-1.0, need=0.5, schooling_effect=0.1,
               primary_for_hospital_need=0.5, dispensary_for_hospital_need=0.25, hospital_burden=1.5, nest_scale=0.5, severity_disrupting=1.5,
               severity_hospital=3.0, severity_emergency=4.0)  # fmt: skip
DISPENSARY, CENTRE, HOSPITAL = range(3)


# quality, severity, hours, cost share, kind, across, kin, heard, strictness -> value
@both_forms
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # 0.6*2*0.5*1 = 0.6, way 0.5*2 = 1
        ((0.5, 1, 2.0, 0.0, CENTRE, False, 0.0, 0.0, 0.0), -0.4),
        ((0.5, 1, 2.0, 0.0, DISPENSARY, False, 0.0, 0.0, 0.0), -0.4),
        # 0.6*2*1*1.5 = 1.8, burden 1.5/1.5 = 1, ln 0.5 = -0.693147, way 0.5*4 = 2
        ((1.0, 2, 4.0, 0.5, HOSPITAL, False, 0.0, 0.0, 0.0), -1.8931471805599453),
        # a centre counts half for a hospital illness, and its way as one to a hospital: 0.6*2*(0.8*0.5)*3 = 1.44, way 0.25
        ((0.8, 3, 1.0, 0.0, CENTRE, False, 0.0, 0.0, 0.0), 1.19),
        # a dispensary a quarter: 0.6*2*(0.8*0.25)*3 = 0.72
        ((0.8, 3, 1.0, 0.0, DISPENSARY, False, 0.0, 0.0, 0.0), 0.47),
        # an emergency: 0.6*2*0.5*4 = 2.4, way 0.25*2*3 = 1.5
        ((0.5, 4, 3.0, 0.0, HOSPITAL, False, 0.0, 0.0, 0.0), 0.9),
        # 0.6*2*0.9*3 = 3.24, way 2, foreign 1*(1-0.5*0.5) = 0.75, papers 0.2, post 0.4*0.5 = 0.2, word 0.6*0.25 = 0.15
        ((0.9, 3, 8.0, 0.0, HOSPITAL, True, 0.5, 0.25, 0.5), 0.24),
        # in an emergency papers and post count half: 0.6*2*0.9*4 = 4.32, way 4, foreign 0.75, papers and post 0.2, word 0.15
        ((0.9, 4, 8.0, 0.0, HOSPITAL, True, 0.5, 0.25, 0.5), -0.48),
        # kin, word and strictness count across only: 0.6*2*0.5 = 0.6
        ((0.5, 1, 0.0, 0.0, CENTRE, False, 1.0, 1.0, 1.0), 0.6),
        # a cost above 0.9 of income counts as 0.9: ln 0.1 = -2.302585
        ((0.0, 1, 0.0, 5.0, CENTRE, False, 0.0, 0.0, 0.0), -2.302585092994046),
    ],
)
def test_value_by_hand(form: str, case: tuple[Any, ...], expected: float) -> None:
    assert take(value_of_facility, form)(*case, P) == pytest.approx(expected, abs=1e-12)


@both_forms
def test_cost_and_strangeness_by_their_weights(form: str) -> None:
    p = P._replace(weight_cost=2.0, foreign_penalty=0.8)
    # quality 3.24, half of income 2 ln 0.5, way 2, foreign 0.8*0.75, papers 0.2, post 0.2, word 0.15
    expected = 3.24 + 2 * math.log(0.5) - 2 - 0.6 - 0.2 - 0.2 + 0.15
    assert take(value_of_facility, form)(0.9, 3, 8.0, 0.5, HOSPITAL, True, 0.5, 0.25, 0.5, p) == pytest.approx(expected)


BASE = {"quality": 0.5, "severity": 2, "hours": 3.0, "cost": 0.2, "kind": CENTRE, "across": True, "kin": 0.5, "heard": 0.5, "strict": 0.5}


@both_forms
@pytest.mark.parametrize(
    ("name", "more", "sign"),
    [("quality", 0.9, 1), ("hours", 6.0, -1), ("cost", 0.4, -1), ("across", False, 1), ("kin", 0.9, 1), ("heard", 0.9, 1), ("strict", 0.9, -1)],
)  # fmt: skip
@pytest.mark.parametrize("kind", [0, 1, 2])
@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_value_rises_and_falls_as_it_should(form: str, name: str, more: float, sign: int, kind: int, severity: int) -> None:
    f = take(value_of_facility, form)
    base = {**BASE, "kind": kind, "severity": severity}
    less = f(*base.values(), Parameters())
    assert (f(*{**base, name: more}.values(), Parameters()) - less) * sign > 0


@both_forms
def test_quality_counts_more_the_worse_the_illness(form: str) -> None:
    f = take(value_of_facility, form)
    # what quality adds does not depend on the way
    gains = [
        f(0.9, s, 1.0, 0.0, HOSPITAL, False, 0.0, 0.0, 0.0, P) - f(0.1, s, 1.0, 0.0, HOSPITAL, False, 0.0, 0.0, 0.0, P)
        for s in (1, 2, 3, 4)
    ]
    # 0.6 * 2 * 0.8 = 0.96, times the weight of the severity
    assert gains == pytest.approx([0.96, 1.44, 2.88, 3.84])
    assert [take(weight_of, form)(s, P) for s in (1, 2, 3, 4)] == [1.0, 1.5, 3.0, 4.0]


@both_forms
def test_severity_raises_hospitals_over_centres(form: str) -> None:
    f = take(value_of_facility, form)
    gap = [
        f(0.5, s, 3.0, 0.1, HOSPITAL, False, 0, 0, 0, Parameters()) - f(0.5, s, 3.0, 0.1, CENTRE, False, 0, 0, 0, Parameters())
        for s in (1, 2, 3, 4)
    ]
    assert gap == sorted(gap) and gap[0] < gap[2]


@both_forms
def test_no_care_by_hand(form: str) -> None:
    # -1, less 0.5 for each unit of weight above 1, less 0.1 for each year of schooling above 6
    expected = [-1.0, -1.25, -2.0, -2.5]
    assert [take(value_of_none, form)(s, 6.0, P) for s in (1, 2, 3, 4)] == pytest.approx(expected)
    assert take(value_of_none, form)(1, 9.0, P) == pytest.approx(-1.3)


@both_forms
def test_cost_by_hand(form: str) -> None:
    # 50 and the fares of two people and a half for twice four hours at 3
    assert take(cost_of_visit, form)(50.0, 3.0, 4.0, 1.5) == pytest.approx(50 + 2 * 4 * 3 * 2.5)


@both_forms
@pytest.mark.parametrize(
    ("case", "expected"),
    [((1, 0, 0, False, 0.9), True), ((2, 1, 0, False, 0.9), True), ((0, 0, 299, True, 0.0), False), ((0, 0, 300, True, 0.49), True),
     ((0, 0, 300, True, 0.5), False), ((0, 0, 300, False, 0.1), False), ((0, 1, 300, True, 0.1), False)],
)  # fmt: skip
def test_who_pays_no_fee_at_home(form: str, case: tuple[Any, ...], expected: bool) -> None:
    # public service, side, month, poor, draw; half of the poor have a card from January 2005
    assert take(is_insured, form)(*case, 0.5) is expected


@both_forms
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # 1,000 less 0.7 of 100 for each of four
        ((1000.0, 100.0, 4.0, 0.7, 0.2), 720.0),
        # food would take 700: a fifth is left all the same
        ((750.0, 250.0, 4.0, 0.7, 0.2), 150.0),
        # just where both are alike: 875 - 700 = 175 = 0.2 * 875
        ((875.0, 250.0, 4.0, 0.7, 0.2), 175.0),
        ((100.0, 250.0, 4.0, 0.7, 0.35), 35.0),
        ((1000.0, 0.0, 4.0, 0.7, 0.2), 1000.0),
        ((0.0, 100.0, 4.0, 0.7, 0.2), 0.0),
    ],
)
def test_what_food_leaves_by_hand(form: str, case: tuple[float, ...], expected: float) -> None:
    assert take(left_for_care, form)(*case) == pytest.approx(expected)


def shares(form: str, values: tuple[float, ...], scale: float, n: int = 3000) -> np.ndarray:
    """Shares of none and the five options over a fine grid of draws: exact to 1/n for each bound."""
    f = take(choose_care, form)
    return np.bincount(np.array([f((k + 0.5) / n, *values, scale) for k in range(n)]) + 1, minlength=6) / n


@both_forms
@pytest.mark.parametrize(
    "values",
    [
        (-0.3, 0.4, -0.2, -0.8, 0.1, 0.9),
        (0.2, 0.8, 0.5, -0.1, -0.6, -0.9),
        (0.9, -0.5, -0.3, 0.6, -0.2, -0.4),
        (-0.5, -0.4, 1.1, 0.1, 0.9, -0.7),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 0.7, 0.3])
def test_shares_of_the_nested_logit(form: str, scale: float, values: tuple[float, ...]) -> None:
    # options 0, 1 and 3 are the nest of primary care, 2 and 4 that of hospitals: inclusive value scale * ln(sum exp(v / scale))
    v = dict(zip((-1, 0, 1, 2, 3, 4), values, strict=True))
    expected = {-1: math.exp(v[-1])}
    for nest in ((0, 1, 3), (2, 4)):
        inside = sum(math.exp(v[k] / scale) for k in nest)
        for k in nest:
            expected[k] = inside**scale * math.exp(v[k] / scale) / inside
    total, n = sum(expected.values()), 2_000
    found = shares(form, values, scale, n)
    for k in range(-1, 5):
        assert found[k + 1] == pytest.approx(expected[k] / total, abs=2 / n)


@both_forms
@pytest.mark.parametrize("there", range(32))
def test_an_option_that_is_not_there_is_never_chosen(form: str, there: int) -> None:
    f = take(choose_care, form)
    values = tuple(0.2 if there >> k & 1 else MISSING for k in range(5))
    for u in (2.0**-53, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999999, 1 - 2.0**-53, 1.0):
        for none in (-0.5, -0.017, -0.357, -30.0):
            option = f(u, none, *values, 0.45)
            assert option == -1 or there >> option & 1, (u, option)
            if there and none == -30.0 and u > 1e-9:
                assert option >= 0
    if there == 0:
        assert f(0.5, -30.0, *values, 0.45) == -1


@both_forms
def test_bounds_between_options_belong_to_the_next(form: str) -> None:
    # none has weight 1, three primary options 3 and two hospitals 2 at a scale of 1: bounds at sixths, which 6 * u meets exactly where u is one of them
    f = take(choose_care, form)
    zero = (0.0,) * 6
    assert [f((k + 0.5) / 6, *zero, 1.0) for k in range(6)] == [-1, 0, 1, 3, 2, 4]
    # none, one centre, two hospitals: quarters are exact
    assert [f(u, 0.0, MISSING, 0.0, 0.0, MISSING, 0.0, 1.0) for u in (0.0, 0.25, 0.5, 0.75)] == [-1, 1, 2, 4]
    assert [f(u, 0.0, 0.0, MISSING, MISSING, MISSING, MISSING, 1.0) for u in (0.499, 0.5)] == [-1, 0]
    # a value of -1e9 marks what is not there, a little more does not
    assert f(0.5, -5e9, -1e9 + 1000.0, MISSING, MISSING, MISSING, MISSING, 1.0) == 0


@both_forms
@pytest.mark.parametrize("best", range(6))
def test_a_value_beyond_all_measure_is_chosen(form: str, best: int) -> None:
    values = [2000.0 if k == best else -10.0 * k for k in range(6)]
    assert [take(choose_care, form)(u, *values, 0.5) for u in (2.0**-53, 0.5, 1 - 2.0**-53)] == [best - 1] * 3


@both_forms
@pytest.mark.parametrize(("values", "letter"), [((0.1, -0.3, 0.6), 0.0), ((-1.2, -0.4, -0.5), 0.5), ((2.0, 1.0, -1.0), 1.5)])
def test_shares_of_those_sent_on(form: str, values: tuple[float, float, float], letter: float) -> None:
    f, n = take(choose_next, form), 2000
    found = np.bincount(np.array([f((k + 0.5) / n, *values, letter) for k in range(n)]) + 1, minlength=3) / n
    e = np.exp((values[0], values[1] + letter, values[2]))
    assert found == pytest.approx(e / e.sum(), abs=2 / n)


@both_forms
def test_nobody_is_sent_to_a_hospital_that_is_not_there(form: str) -> None:
    f = take(choose_next, form)
    for u in (2.0**-53, 0.4, 0.999, 1.0):
        assert f(u, 0.0, MISSING, MISSING, 0.5) == -1
        assert f(u, -40.0, 0.0, MISSING, 0.5) == 0 and f(u, -40.0, MISSING, 0.0, 0.5) == 1
    for u in draws(50):
        assert f(u, 0.0, MISSING, 0.3, 50.0) in (-1, 1)
