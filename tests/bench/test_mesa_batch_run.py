"""What becomes of the other runs when one raises or ends its worker: ours have their rows, ``mesa.batch_run`` gives nothing."""

from __future__ import annotations

import pytest

from tests.bench.mesa_batch_run import Trial, alone

pytestmark = pytest.mark.slow
VALUES, SEEDS = 3, 4


@pytest.mark.parametrize("tool", ["mesa", "ours"])
def test_both_end_when_nothing_goes_wrong(tool: str) -> None:
    found = alone(Trial(tool, 2, VALUES, SEEDS), 300)
    assert (found["end"], found["rows"]) == ("ends", {"ok": 12})


def test_ours_has_a_row_for_the_run_that_raises() -> None:
    found = alone(Trial("ours", 2, VALUES, SEEDS, "raise"), 300)
    assert (found["end"], found["rows"]) == ("ends", {"ok": 11, "failed": 1})


def test_ours_has_a_row_for_the_run_that_kills_its_worker() -> None:
    found = alone(Trial("ours", 2, VALUES, SEEDS, "kill"), 300)
    assert (found["end"], found["rows"]) == ("ends", {"ok": 11, "killed": 1})


def test_mesa_loses_all_when_one_run_raises() -> None:
    found = alone(Trial("mesa", 2, VALUES, SEEDS, "raise"), 300)
    assert "this run raises" in found["end"] and found["rows"] == {}
