"""One definition of a number of a run, whoever asks: a target, a claim, a study's summary."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from abm.claims.claim import Number
from abm.claims.interpret import number_of
from abm.claims.statistic import Statistic, Take, set_against, slope
from abm.claims.years import Years
from abm.reading import check
from calibration.runs import Runs
from calibration.target import Target
from experiments.studies.study import Summary

YEARS = np.arange(1990, 1996)
VALUES = np.array([[3.0, 1.0, 8.0, 2.0, 5.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]])


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("mean", [11 / 3, 1.0, 4.0]),
        ("sum", [11.0, 3.0, 12.0]),
        ("min", [1.0, 1.0, 2.0]),
        ("max", [8.0, 1.0, 6.0]),
        ("first", [1.0, 1.0, 2.0]),
        ("last", [2.0, 1.0, 6.0]),
    ],
)
def test_many_runs_at_once_and_one_by_one(take, expected):
    statistic = Statistic("gini", "id", 1991, 1993, take)
    assert statistic.of(YEARS, VALUES) == pytest.approx(expected)
    assert [float(statistic.of(YEARS, row)) for row in VALUES] == pytest.approx(expected)
    assert [statistic.of_reached(YEARS, row) for row in VALUES] == pytest.approx(expected)


def test_years_that_were_not_reached_give_no_number():
    for first, last in ((1989, 1991), (1994, 1996), (2000, 2001)):
        statistic = Statistic("gini", "id", first, last)
        assert np.isnan(statistic.of(YEARS, VALUES)).all() and statistic.of(YEARS, VALUES).shape == (3,)
        assert np.isnan(statistic.slope(YEARS, VALUES)).all()
    assert Statistic("gini", "id", 1989, 1991).of_reached(YEARS, VALUES[0]) == 2.0
    assert math.isnan(Statistic("gini", "id", 2000, 2001).of_reached(YEARS, VALUES[0]))
    assert Statistic("gini", "id", 1995, 2001).of_reached(YEARS, VALUES[0]) == 4.0, "one year is enough"


def test_a_year_without_a_number():
    holey = np.where(YEARS == 1992, np.nan, VALUES[0])
    assert math.isnan(Statistic("gini", "id", 1991, 1993).of(YEARS, holey))
    assert Statistic("gini", "id", 1991, 1993).of_reached(YEARS, holey) == 1.5
    assert Statistic("gini", "id", 1992, 1993, "first").of_reached(YEARS, holey) == 2.0


def test_the_slope_of_a_line():
    assert Statistic("gini", "id", 1990, 1995).slope(YEARS, VALUES)[1:] == pytest.approx([0.0, 2.0])
    assert Statistic("gini", "id", 1990, 1992).slope(YEARS, VALUES) == pytest.approx([2.5, 0.0, 2.0])
    assert np.isnan(Statistic("gini", "id", 1990, 1991).slope(YEARS, VALUES)).all(), "two years are no line"
    assert slope(np.array([0.0, 10.0]), np.array([1.0, 6.0])) == 0.5


def test_numbers_set_against_each_other():
    one, other = np.array([6.0, 1.0]), np.array([2.0, 0.0])
    assert set_against(one, other, "difference").tolist() == [4.0, 1.0]
    assert set_against(one, other, "ratio").tolist() == [3.0, math.inf]
    assert set_against(one, other, "change").tolist() == [2.0, math.inf]


def test_the_sum_of_a_run_keeps_what_rounding_drops():
    years, values = np.arange(1980, 1983), np.array([1e16, 1.0, -1e16])
    assert float(Statistic("gini", "id", 1980, 1982, "sum").of(years, values)) == 1.0
    assert float(Statistic("gini", "id", 1980, 1982).of(years, values)) == 1 / 3


# ---- whoever asks ------------------------------------------------------------------------------------------------------------


def table(run: np.ndarray) -> pd.DataFrame:
    """A run's yearly table with the output gini: side id has the values, side my ten times as much."""
    return pd.DataFrame(
        [{"year": y, "side": s, "gini": v * k} for y, v in zip(YEARS, run, strict=True) for s, k in (("id", 1), ("my", 10))]
    )


@pytest.mark.parametrize("take", get_args(Take))
@pytest.mark.parametrize("side", ["id", "my"])
@pytest.mark.parametrize("span", [(1990, 1995), (1991, 1993), (1992, 1992)])
def test_a_target_a_claim_and_a_summary_give_the_same(take: Any, side: str, span: tuple[int, int]):
    first, last = span
    runs = Runs(None, np.zeros((3, 1)), YEARS, {"gini": np.stack([VALUES, 10 * VALUES], axis=2)})  # type: ignore[arg-type]
    target = Target("x", "x", "value", "check", Statistic("gini", side, first, last, take), "x", "x", scale="linear")
    said = {"of": {"output": "gini", "side": side, "first": first, "last": last, "take": take}}
    number, summary = check(Number, said, "x"), Summary("x", "gini", side, first, last, take)
    asked = target.statistic(runs)
    assert [number_of(number, Years(table(run))) for run in VALUES] == pytest.approx(asked)
    assert [summary.of(table(run)) for run in VALUES] == pytest.approx(asked)
    assert np.isfinite(asked).all() and len(set(asked.tolist())) > 1


def test_a_trend_of_targets_is_the_slope_of_claims():
    runs = Runs(None, np.zeros((3, 1)), YEARS, {"gini": np.stack([VALUES, VALUES], axis=2)})  # type: ignore[arg-type]
    target = Target("x", "x", "monotone", "check", Statistic("gini", "id", 1990, 1995), "x", "x", scale="linear", direction="up")
    said = {"of": {"output": "gini", "side": "id", "first": 1990, "last": 1995, "take": "slope"}}
    assert [number_of(check(Number, said, "x"), Years(table(run))) for run in VALUES] == pytest.approx(target.statistic(runs))
