"""Months as people write them, and as they are counted."""

from __future__ import annotations

import pytest

from abm.parameters import ScenarioError, month_index, month_text


@pytest.mark.parametrize(("text", "index"), [("1980-01", 0), ("1980-12", 11), ("1981-01", 12), ("1997-07", 210), ("2030-12", 611)])
def test_months_are_counted_from_january_1980(text: str, index: int) -> None:
    assert month_index(text) == index and month_text(index) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [("1980-00", "is not a month"), ("1980-13", "is not a month"), ("1980-1", "is not a month"), ("1980-001", "is not a month"), ("80-01", "is not a month"),
     ("", "is not a month"), (" 1980-01", "is not a month"), ("1979-12", "before the start"), ("2031-01", "after the last month")],
)  # fmt: skip
def test_what_is_no_month_of_a_run_is_refused(text: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        month_index(text, "end")
