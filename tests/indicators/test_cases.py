"""Every indicator gives what a person works out by hand from a small record."""

from __future__ import annotations

import pytest

from abm.results import Results
from agents.core.declare import OUTPUTS
from tests.indicators.cases import CASES, Case
from tests.indicators.made_up import PLACES, cell, month, results_of


def test_every_indicator_of_a_table_has_a_case_for_it() -> None:
    said = {(c.indicator, table) for c in CASES for table in ("yearly", "monthly", "places") if getattr(c, table)}
    assert said == {(n, table) for n, one in OUTPUTS.items() for table in one.tables if table != "flows"}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.indicator)
def test_by_hand(case: Case) -> None:
    results = results_of(case.record)
    nan = {"rel": 1e-12, "abs": 1e-15, "nan_ok": True}
    if "yearly" in OUTPUTS[case.indicator].tables:
        assert set(case.yearly) == {1980, 1981}
    for year, values in case.yearly.items():
        found = tuple(cell(results.yearly, case.indicator, year=year, side=side) for side in ("id", "my"))
        assert found == pytest.approx(values, **nan), f"{year}"
    for when, values in case.monthly.items():
        year, number = 1980 + month(when) // 12, month(when) % 12 + 1
        found = tuple(cell(results.monthly, case.indicator, year=year, month=number, side=side) for side in ("id", "my"))
        assert found == pytest.approx(values, **nan), when
    for year, values in case.places.items():
        found = tuple(cell(results.places, case.indicator, year=year, place=place) for place in sorted(PLACES))
        assert found == pytest.approx(values, **nan), f"{year}"


def test_nothing_is_seen_of_months_that_were_not_run() -> None:
    # the record has room for three years, with nonsense in what was not run
    results: Results = results_of({})
    assert sorted(set(results.yearly["year"])) == sorted(set(results.places["year"])) == [1980, 1981]
    assert len(results.monthly) == 2 * 18 and len(results.flows) == 0
