"""Results change only on purpose: the numbers of one small run are kept, and a change must be named in the CHANGELOG."""

from __future__ import annotations

import copy

import pytest

from tests.regression.baseline_run import KEPT, kept, moved, now


@pytest.fixture(scope="module")
def today():
    return now()


def test_nothing_moved(today):
    lines = moved(kept(), today)
    if lines:
        pytest.fail(
            "the results of the baseline run have changed:\n  "
            + "\n  ".join(lines)
            + "\nIf that was meant: add a line to CHANGELOG.md that says why, then run `uv run --group dev python -m tests.regression.update_baseline`.",
            pytrace=False,
        )


def test_the_baseline_is_whole():
    before = kept()
    assert set(before["indicators"]) == set(KEPT)
    assert before["years"] == list(range(1980, 2016))
    for sides in before["indicators"].values():
        assert {len(values) for values in sides.values()} == {36}


def test_a_change_is_named(today):
    changed = copy.deepcopy(today)
    changed["indicators"]["crossings"]["id"][4] *= 1.01
    (line,) = moved(today, changed)
    assert line.startswith("crossings (id): 1 years, first 1984") and "1.00%" in line
