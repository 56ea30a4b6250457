"""The load trial in short: no page sees another's run, the limit holds, every page is given back. No time is asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.load_trial import Found, trial


def check(found: Found, pages: int, cycles: int) -> None:
    assert found.errors == []
    assert found.foreign_seeds == 0
    assert len(found.shares) == pages and min(found.shares) >= 1
    assert found.refused_beyond and found.refused_origin
    assert found.opened == cycles and found.left_open == 0


def test_a_few_pages_that_drag_and_close(tmp_path: Path) -> None:
    check(trial(tmp_path, pages=4, seconds=10, cycles=8), 4, 8)


@pytest.mark.slow
def test_a_class_that_drags_and_closes(tmp_path: Path) -> None:
    found = trial(tmp_path)
    print("\n".join(found.lines()))
    check(found, 20, 200)
    # 200 pages that came and went leave nothing that grows with their number
    assert found.memory["after 200 open and close"] < 1.1 * found.memory["after they closed"] + 20
