"""Jobs that are free, and who gets, keeps or loses one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.household.get_work import Parameters, next_activity, share_that_fits
from tests.rules.tools import assert_share, both_forms, columns_of, run_rule, take


@both_forms
@pytest.mark.parametrize(
    ("slots", "people", "expected"),
    [(50.0, 100.0, 0.5), (100.0, 50.0, 1.0), (0.0, 10.0, 0.0), (-5.0, 10.0, 0.0), (10.0, 0.0, 1.0), (0.0, 0.0, 0.0), (-1.0, 0.0, 0.0)],
)
def test_share_that_fits(form: str, slots: float, people: float, expected: float) -> None:
    assert take(share_that_fits, form)(slots, people) == expected


# now, wanted, luck of keeping, finding and being sent home; 60 % keep, 30 % find, 10 % are sent home
@both_forms
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ((0, -1, 0.9, 0.9, 0.0), 0),  # the farm needs no job, and sends nobody home
        ((1, -1, 0.5, 0.9, 0.0), 1),  # kept
        ((1, -1, 0.7, 0.9, 0.0), 0),  # dismissed
        ((0, 1, 0.9, 0.2, 0.9), 1),  # found
        ((0, 1, 0.9, 0.4, 0.9), 10),  # refused, stays on the farm
        ((1, 3, 0.5, 0.4, 0.9), 11),  # refused, keeps the old job
        ((1, 3, 0.7, 0.4, 0.9), 10),  # refused and dismissed
        ((1, 3, 0.7, 0.2, 0.9), 3),  # found another
        ((2, 0, 0.5, 0.2, 0.9), 0),  # back to the farm
        ((3, -1, 0.5, 0.2, 0.05), 100),  # sent home
        ((3, 1, 0.5, 0.2, 0.05), 100),  # even one who had found another
        ((2, -1, 0.5, 0.2, 0.05), 2),  # a pass protects
    ],
)
def test_next_activity_by_hand(form: str, case: tuple[Any, ...], expected: int) -> None:
    assert take(next_activity, form)(*case, 0.6, 0.3, 0.1) == expected


@both_forms
def test_offers_by_hand(form: str) -> None:
    # wage: 80 of 100 holders can stay, nothing is left for 50 seekers
    # pass: all 20 holders stay, 30 slots are free for 60 seekers; undocumented: 10 free slots for 5 seekers
    columns = columns_of(
        "household.offer_jobs",
        {"place": 1},
        {
            "place.job_holders": (0, 100.0, 20.0, 0.0),
            "place.job_seekers": (0, 50.0, 60.0, 5.0),
            "place.job_slots": (0, 80.0, 50.0, 10.0),
            "place.job_chance": (0, 0.5, 0.5, 0.5),
        },
    )
    done = run_rule("household.offer_jobs", columns, form, stop=1, p=Parameters(learning=0.2))
    assert done["place.keep_share"][0, 1:].tolist() == pytest.approx([0.8, 1.0, 1.0])
    assert done["place.job_offer"][0, 1:].tolist() == pytest.approx([0.0, 0.5, 1.0])
    # 0.5 + 0.2 * (offer - 0.5)
    assert done["place.job_chance"][0, 1:].tolist() == pytest.approx([0.4, 0.5, 0.6])


def test_expectations_converge_to_what_seekers_find() -> None:
    columns = columns_of(
        "household.offer_jobs", {"place": 1},
        {"place.job_holders": 10.0, "place.job_seekers": 40.0, "place.job_slots": 20.0, "place.job_chance": 0.9},
    )  # fmt: skip
    for _ in range(10):
        run_rule("household.offer_jobs", columns, stop=1, p=Parameters(learning=0.2))
    # the gap of 0.9 - 0.25 shrinks by the factor 0.8 a month
    assert columns["place.job_chance"][0, 1] == pytest.approx(0.25 + 0.65 * 0.8**10)


def settle(form: str, n: int, now: int, wanted: int, keep: float, offer: float, caught: float) -> dict[str, np.ndarray]:
    """One adult in each of ``n`` households."""
    columns = columns_of(
        "household.get_work", {"household": n, "place": 1},
        {"household.n_adults": 1, "place.keep_share": keep, "place.job_offer": offer, "place.caught_away": caught,
         "household.work_sought": (wanted, -1, -1, -1, -1, -1), "household.activity": (now, -1, -1, -1, -1, -1)},
    )  # fmt: skip
    return run_rule("household.get_work", columns, form, stop=n)


@both_forms
def test_limits(form: str) -> None:
    first = lambda *a: settle(form, 40, *a)["household.activity"][:, 0]  # noqa: E731
    assert (first(1, -1, 1.0, 0.0, 1.0) == 1).all()
    assert (first(1, -1, 0.0, 0.0, 0.0) == 0).all()
    assert (first(0, 2, 1.0, 1.0, 1.0) == 2).all()
    refused = settle(form, 40, 0, 2, 1.0, 0.0, 0.0)
    assert (refused["household.n_refused"] == 1).all() and (refused["household.activity"][:, 0] == 0).all()
    home = settle(form, 40, 3, -1, 1.0, 1.0, 1.0)
    assert (home["household.n_deported"] == 1).all() and (home["household.activity"][:, 0] == 0).all()
    assert (home["household.activity"][:, 1:] == -1).all()


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_shares_found_kept_and_sent_home(share: float) -> None:
    n = 20_000
    assert_share((settle("compiled", n, 0, 1, 1.0, share, 0.0)["household.activity"][:, 0] == 1).sum(), n, share)
    assert_share((settle("compiled", n, 1, -1, share, 0.0, 0.0)["household.activity"][:, 0] == 1).sum(), n, share)
    assert_share((settle("compiled", n, 3, -1, 1.0, 0.0, share)["household.n_deported"] == 1).sum(), n, share)
