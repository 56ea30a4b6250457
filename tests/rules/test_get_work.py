"""Jobs that are free, and who gets, keeps or loses one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.get_work import DISMISSED, FOUND, SENT_HOME, Parameters, next_activity, share_that_fits
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, take, traced


@both_forms
@pytest.mark.parametrize(
    ("slots", "people", "expected"),
    [
        (50.0, 100.0, 0.5),
        (100.0, 50.0, 1.0),
        (0.0, 10.0, 0.0),
        (-5.0, 10.0, 0.0),
        (10.0, 0.0, 1.0),
        (0.0, 0.0, 0.0),
        (-1.0, 0.0, 0.0),
        (0.25, 0.5, 0.5),
        (0.5, 0.0, 1.0),
    ],
)
def test_share_that_fits(form: str, slots: float, people: float, expected: float) -> None:
    assert take(share_that_fits, form)(slots, people) == expected


# now, wanted, draws of keeping, finding and being sent home; 60 % keep, 30 % find, 10 % are sent home
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
    n = MANY
    assert_share((settle("compiled", n, 0, 1, 1.0, share, 0.0)["household.activity"][:, 0] == 1).sum(), n, share)
    assert_share((settle("compiled", n, 1, -1, share, 0.0, 0.0)["household.activity"][:, 0] == 1).sum(), n, share)
    assert_share((settle("compiled", n, 3, -1, 1.0, 0.0, share)["household.n_deported"] == 1).sum(), n, share)


@both_forms
def test_bounds_of_draws(form: str) -> None:
    f = take(next_activity, form)
    assert f(3, -1, 0.0, 0.0, 0.1, 1.0, 0.0, 0.1) == 3  # at the chance itself nobody is sent home
    assert f(1, -1, 0.6, 0.0, 0.0, 0.6, 0.0, 0.0) == 0  # nor kept
    assert f(0, 1, 0.0, 0.3, 0.0, 1.0, 0.3, 0.0) == 10  # nor found
    assert f(2, 0, 0.9, 0.9, 0.9, 0.0, 0.0, 1.0) == 0  # back to the farm, without a refusal
    assert f(-1, -1, 0.9, 0.9, 0.0, 0.0, 0.0, 1.0) == -1


def test_offers_of_several_places() -> None:
    columns = columns_of(
        "household.offer_jobs", {"place": 3},
        {"place.job_holders": [(9, 9, 9, 9), (0, 100, 20, 4), (0, 10, 0, 8)], "place.job_seekers": [(9, 9, 9, 9), (0, 50, 60, 5), (0, 4, 0, 8)],
         "place.job_slots": [(9, 9, 9, 9), (0, 80, 50, 10), (0, 12, 0, 12)], "place.job_chance": 0.5, "place.job_offer": 0.125,
         "place.keep_share": 0.375},
    )  # fmt: skip
    run_rule("household.offer_jobs", columns, "plain", start=1, stop=3, p=Parameters(learning=0.2))
    assert columns["place.keep_share"].tolist() == [[0.375] * 4, [0.375, 0.8, 1.0, 1.0], [0.375, 1.0, 0.0, 1.0]]
    assert columns["place.job_offer"].tolist() == [[0.125] * 4, [0.125, 0.0, 0.5, 1.0], [0.125, 0.5, 0.0, 0.5]]
    # farm work needs no job: no expectation of it is formed
    assert columns["place.job_chance"].tolist() == [[0.5] * 4, pytest.approx([0.5, 0.4, 0.5, 0.6]), pytest.approx([0.5, 0.5, 0.4, 0.5])]


def test_what_each_adult_meets() -> None:
    now = [(0, 1, 3, 2, -1, -1), (0, 3, 1, -1, -1, -1), (1, 3, 0, 2, 1, 0)]
    asks = [(1, 3, -1, 0, 2, 2), (-1, 2, -1, 1, 1, 1), (2, 1, 3, 3, 0, -1)]
    n_adults, place = (4, 3, 6), (1, 0, 1)
    keep, offer = [(0.11, 0.5, 0.6, 0.7), (0.12, 0.4, 0.3, 0.8)], [(0.13, 0.25, 0.35, 0.45), (0.14, 0.55, 0.5, 0.65)]
    values = {"household.place": place, "household.n_adults": n_adults, "place.keep_share": keep, "place.job_offer": offer,
              "place.caught_away": (0.9, 0.3), "household.work_sought": asks, "household.activity": now, "household.n_refused": 5,
              "household.n_deported": 6}  # fmt: skip
    columns = columns_of("household.get_work", {"household": 3, "place": 2}, values)
    calls = traced("household.get_work", columns, "uniform", "next_activity", stop=3, seed=8, month=21)
    keys, met, left, refused, deported = [], [], [list(row) for row in now], [0, 0, 0], [0, 0, 0]
    for i in range(3):
        for a in range(n_adults[i]):
            here, wanted = now[i][a], asks[i][a]
            if here == 0 and wanted == -1:
                continue  # on the farm and content: no draw is needed
            # a draw is made only where something depends on it
            needed = ((DISMISSED, here > 0), (FOUND, wanted > 0), (SENT_HOME, here == 3))
            keys += [(8, s, 21, 1000 + i, a) for s, is_needed in needed if is_needed]
            drawn = [uniform(8, s, 21, 1000 + i, a) if is_needed else 1.0 for s, is_needed in needed]
            kept, found = keep[place[i]][here] if here > 0 else 1.0, offer[place[i]][wanted] if wanted > 0 else 0.0
            met.append((here, wanted, *drawn, kept, found, (0.9, 0.3)[place[i]]))
            outcome = next_activity(*met[-1])
            left[i][a] = outcome % 10
            deported[i] += outcome >= 100
            # who holds a job and found no better one is not out of work
            refused[i] += outcome % 100 == 10
    assert calls["uniform"] == keys and calls["next_activity"] == met
    assert columns["household.activity"].tolist() == left
    assert columns["household.n_refused"].tolist() == refused and columns["household.n_deported"].tolist() == deported
    assert sum(refused) and sum(deported) and any(o % 100 > 10 for o in (next_activity(*m) for m in met)), "or the counts say nothing"


@both_forms
def test_all_of_a_household_are_counted(form: str) -> None:
    columns = columns_of(
        "household.get_work", {"household": 1, "place": 1},
        {"household.n_adults": 5, "place.caught_away": 1.0, "place.job_offer": 0.0, "household.work_sought": (-1, -1, -1, 1, 2, -1),
         "household.activity": (3, 3, 3, 0, 0, -1)},
    )  # fmt: skip
    done = run_rule("household.get_work", columns, form, stop=1)
    assert (done["household.n_deported"][0], done["household.n_refused"][0]) == (3, 2)
    assert done["household.activity"].tolist() == [[0, 0, 0, 0, 0, -1]]


@both_forms
def test_who_keeps_a_job_is_not_refused_one(form: str) -> None:
    # nobody finds the better job, everybody keeps the one held
    kept = settle(form, 40, 1, 3, 1.0, 0.0, 0.0)
    assert (kept["household.activity"][:, 0] == 1).all() and (kept["household.n_refused"] == 0).all()
    # refused and dismissed in the same month: out of work
    lost = settle(form, 40, 1, 3, 0.0, 0.0, 0.0)
    assert (lost["household.activity"][:, 0] == 0).all() and (lost["household.n_refused"] == 1).all()
