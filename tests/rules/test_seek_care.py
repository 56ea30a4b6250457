"""Where the sick go: the loop over households."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.seek_care import (
    CARD,
    SEEK_CARE,
    SENT_ON,
    Parameters,
    choose_care,
    choose_next,
    value_of_facility,
    value_of_none,
)
from tests.rules.test_seek_care_values import MISSING, P, shares
from tests.rules.tools import MANY, assert_share, both_forms, check_alone, columns_of, run_rule, traced

RULE = "household.seek_care"
HOURS, KNOWN, FEE = (1.0, 2.0, 4.0, 3.0, 5.0), (0.3, 0.4, 0.5, 0.7, 0.8), (5.0, 5.0, 50.0, 20.0, 200.0)


def place(**said: Any) -> dict[str, Any]:
    values = {
        "household.weight": 2.0, "household.schooling": 6.0, "household.income_mean": 1000.0, "household.ill": (0, 2, *[0] * 12),
        "household.n_adults": 2, "household.n_workers": 2, "village.hours_care": HOURS, "village.known_care": KNOWN, "village.fee_care": FEE,
        "village.friction_care": (0.0, 0.0, 0.0, 0.5, 0.5), "village.facility_care": (0, 1, 2, 3, 4), "place.fare": 3.0,
    }  # fmt: skip
    return values | {k.replace("__", "."): v for k, v in said.items()}


def seek(form: str = "compiled", n: int = 3000, p: Parameters | None = None, **said: Any) -> dict[str, np.ndarray]:
    """Care sought by ``n`` like households, with one illness that disrupts work each unless said otherwise."""
    columns = columns_of(RULE, {"household": n, "place": 1, "village": 1}, place(**said))
    done = run_rule(RULE, columns, form, stop=n, p=p)
    sought = done["household.care_sought"].astype(int)
    # the village's demand is the weighted sum of what its households seek
    assert done["village.care_demand"][0].reshape(5, 4).sum(axis=1) == pytest.approx(2.0 * sought.sum(axis=0))
    both = np.concatenate([done["household.care"], done["household.care_next"]], axis=1)
    assert all((sought[:, k] == (both == k).sum(axis=1)).all() for k in range(5))
    return done


def sought(**said: Any) -> np.ndarray:
    return seek(**said)["household.care_sought"].astype(int).sum(axis=0)


SERIOUS = {"household__ill": (0, 3, *[0] * 12)}
DIRECTIONS = [
    # what is changed, options watched, sign of the change
    ({"village__known_care": (0.3, 0.9, 0.5, 0.7, 0.8)}, [1], 1),
    ({"village__known_care": (0.3, 0.9, 0.5, 0.7, 0.8)}, [3], -1),
    ({"village__known_care": (0.9,) * 5}, range(5), 1),
    ({"village__hours_care": (1.0, 2.0, 4.0, 6.0, 5.0)}, [3], -1),
    ({"village__hours_care": (8.0, 8.0, 9.0, 9.0, 9.0)}, range(5), -1),
    ({"village__friction_care": (0.0, 0.0, 0.0, 1.0, 1.0)}, [3, 4], -1),
    ({"village__fee_care": (5.0, 5.0, 50.0, 900.0, 9000.0)}, [3, 4], -1),
    ({"household__support_across": 1.0}, [3, 4], 1),
    ({"household__heard_across": 1.0}, [3, 4], 1),
    ({"household__found_care": (1.0, 0.2, 1.0, 1.0, 1.0)}, [1], -1),
    ({"household__found_care": (0.0, 0.0, 1.0, 1.0, 1.0)}, [3], 1),
    ({"household__schooling": 12.0}, range(5), 1),
    ({"household__income_mean": 60.0}, range(5), -1),
    ({"village__facility_care": (0, 1, 2, -1, -1)}, [3, 4], -1),
    ({"household__ill": (0, 3, *[0] * 12)}, [2, 4], 1),
]


@pytest.mark.parametrize(("change", "watch", "sign"), DIRECTIONS)
def test_care_moves_the_right_way(change: dict[str, Any], watch: Any, sign: int) -> None:
    before, after = (sought(**c)[list(watch)].sum() for c in ({}, change))
    assert (after - before) * sign > 0


def test_a_better_hospital_at_home_cuts_those_across() -> None:
    better = {"village__known_care": (0.3, 0.4, 0.9, 0.7, 0.8)}
    assert sought(**SERIOUS, **better)[4] < 0.8 * sought(**SERIOUS)[4]


def test_a_centre_that_opens_cuts_primary_care_across_steeply_and_hospitals_across_little() -> None:
    none, p = {"village__facility_care": (-1, -1, 2, 3, 4)}, Parameters()
    opened = {"village__facility_care": (-1, 1, 2, 3, 4), "village__hours_care": (1.0, 0.5, 4.0, 3.0, 5.0)}
    mild, mild_after = sought(**none, p=p), sought(**opened, p=p)
    serious, serious_after = sought(**none, **SERIOUS, p=p), sought(**opened, **SERIOUS, p=p)
    assert mild_after[3] < 0.6 * mild[3]
    assert serious_after[4] > 0.75 * serious[4]


def test_a_dearer_fee_across_cuts_both_tiers_there() -> None:
    for ill in ({}, SERIOUS):
        before, after = sought(**ill), sought(**ill, village__fee_care=(5.0, 5.0, 50.0, 300.0, 4000.0))
        assert after[3:].sum() < before[3:].sum()


def test_the_plain_loop_gives_the_same() -> None:
    said = {"household__ill": (1, 3, 0, 0, 0, 0, 4, 2, *[0] * 6), "household__activity": (0, 4, -1, -1, -1, -1)}
    one, other = seek("plain", 150, **said), seek("compiled", 150, **said)
    assert all(
        one[c].tobytes() == other[c].tobytes()
        for c in ("household.care", "household.care_next", "household.care_sought", "village.care_demand")
    )


@pytest.mark.parametrize(("line", "left"), [(0.0, 1000.0), (200.0, 580.0), (700.0, 200.0)])
def test_the_loop_gives_the_shares_of_its_functions(line: float, left: float) -> None:
    # three people: 1,000 less 0.7 of three lines, a fifth at least
    found = sought(n=MANY, place__subsistence=line, household__n_children=1)
    p = Parameters(food=0.7, least_left=0.2)
    along = np.array([0.5, 0.5, 1.0, 0.5, 1.0]) * p.companions
    cost = (np.array(FEE) + 2 * 3 * np.array(HOURS) * (1 + along)) / (left * np.array([1, 1, 12, 1, 12]))
    v = [value_of_facility(KNOWN[k], 2, HOURS[k], cost[k], (0, 1, 2, 1, 2)[k], k > 2, 0.0, 0.0, 0.5 * (k > 2), p) for k in range(5)]
    expected = shares("compiled", (value_of_none(2, 6.0, p), *v), p.nest_scale, 20_000)
    for k in range(5):
        assert_share(found[k], MANY, expected[k + 1])


def test_insurance_takes_away_fees_at_home_only() -> None:
    # fees that nobody could pay: only families of civil servants go to what charges them at home
    dear = {"village__fee_care": (1e6, 1e6, 1e6, 1e6, 1e6), "village__facility_care": (-1, 1, -1, 3, -1), "p": P._replace(weight_cost=40.0)}
    assert sought(**dear).sum() == 0
    covered = seek(**dear, household__activity=(0, 4, -1, -1, -1, -1))
    assert (
        covered["household.insured"].all()
        and covered["household.care_sought"].sum(axis=0)[1] > 0
        and covered["household.care_sought"].sum(axis=0)[3] == 0
    )
    # what the second worker does counts only where there is one
    assert not seek(**dear, household__activity=(0, 4, -1, -1, -1, -1), household__n_workers=1)["household.insured"].any()


def test_cards_of_the_poor() -> None:
    columns = columns_of(RULE, {"household": MANY, "place": 1, "village": 1}, place(place__subsistence=501.0))
    done = run_rule(RULE, columns, stop=MANY, month=300, p=P._replace(card_share=0.3))
    assert_share(done["household.insured"].sum(), MANY, 0.3)
    columns = columns_of(RULE, {"household": 50, "place": 1, "village": 1}, place(place__subsistence=501.0, household__ill=0))
    assert not run_rule(RULE, columns, stop=50, month=300, p=P._replace(card_share=1.0))["household.insured"].any(), "nobody is ill"
    # at the line nobody is poor: 1,000 a month for two
    columns = columns_of(RULE, {"household": 50, "place": 1, "village": 1}, place(place__subsistence=500.0))
    assert not run_rule(RULE, columns, stop=50, month=300, p=P._replace(card_share=1.0))["household.insured"].any()


def test_who_is_sent_on_and_where() -> None:
    never = {"household__ill": (2, 1, *[0] * 12)}
    assert (seek(**never)["household.care_next"] == -1).all()
    # to dispensary or centre at home first: on to the hospital at home, unless it is not there
    only = {"p": P._replace(value_no_care=-500.0, letter=60.0, hospital_burden=900.0), "household__ill": (3, *[0] * 13)}
    done = seek(**only, village__facility_care=(0, -1, 2, -1, 4), village__known_care=(40.0, 0.4, 0.5, 0.7, 0.8))
    assert (done["household.care"][:, 0] == 0).all() and (done["household.care_next"][:, 0] == 2).all()
    assert done["household.care_sought"].sum(axis=0).tolist() == [3000, 0, 3000, 0, 0]
    # four severities of five options: illness that needs a hospital is the third of each
    assert done["village.care_demand"][0].nonzero()[0].tolist() == [2, 10]
    done = seek(**only, village__facility_care=(-1, -1, 2, 3, 4), village__known_care=(0.3, 0.4, 0.5, 40.0, 0.8))
    assert (done["household.care"][:, 0] == 3).all() and (done["household.care_next"][:, 0] == 4).all()
    done = seek(**only, village__facility_care=(-1, 1, -1, -1, 4), village__known_care=(0.3, 40.0, 0.5, 0.7, 0.8))
    assert (done["household.care_next"][:, 0] == 4).all(), "the other side's, where there is none on this"
    done = seek(**only, village__facility_care=(-1, 1, -1, -1, -1))
    assert (done["household.care_next"] == -1).all()


def test_every_number_that_the_loop_hands_over() -> None:
    """Two households of different villages, with all that the loop hands to the functions of one illness, worked by hand."""
    p = P._replace(own_word=0.25, companions=1.0)
    values = {
        "household.place": (1, 0, 1), "household.village": (2, 0, 1), "household.weight": (3.0, 5.0, 7.0), "household.schooling": (9.0, 4.0, 6.0),
        "household.income_mean": (200.0, 0.25, 100.0), "household.support_across": (0.6, 0.1, 0.9), "household.heard_across": (0.25, 0.5, 0.75),
        "household.found_care": [(1.0, 0.5, 1.0, 1.0, 1.0), (1.0,) * 5, (1.0,) * 5], "household.care": 4, "household.care_next": 4,
        "household.ill": [(1, 0, 0, 0, 0, 0, 3, *[0] * 7), (2, *[0] * 13), (0,) * 14], "household.care_sought": 9, "household.insured": 1,
        "household.n_workers": (0, 1, 0), "household.activity": (4, -1, -1, -1, -1, -1),
        "village.hours_care": [(1.0, 2.0, 3.0, 4.0, 5.0), (9.0,) * 5, (2.0, 3.0, 4.0, 5.0, 6.0)],
        "village.known_care": [(0.1, 0.2, 0.3, 0.4, 0.5), (0.9,) * 5, (0.4, 0.5, 0.6, 0.7, 0.8)],
        "village.fee_care": [(1.0, 2.0, 3.0, 4.0, 5.0), (9.0,) * 5, (10.0, 20.0, 30.0, 40.0, 50.0)],
        "village.friction_care": [(0.0, 0.0, 0.0, 0.03, 0.04), (0.9,) * 5, (0.0, 0.0, 0.0, 0.07, 0.08)],
        "village.facility_care": [(0, 1, 2, 3, 0), (0,) * 5, (4, 5, -1, 1, 0)], "place.fare": (0.5, 2.0), "village.care_demand": 0.5,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "place": 2, "village": 3}, values)
    calls = traced(
        RULE,
        columns,
        "uniform",
        "value_of_facility",
        "value_of_none",
        "choose_care",
        "choose_next",
        "is_insured",
        stop=3,
        seed=5,
        month=6,
        p=p,
    )
    assert [c[:4] for c in calls["is_insured"]] == [(0, 0, 6, False), (1, 0, 6, False)]
    # half a companion to primary care, one to a hospital; a month's or a year's income, no less than 1 a month
    found = (1.0, 0.875, 1.0, 1.0, 1.0)
    expected = []
    for k in range(5):
        kind, over, months = (0, 1, 2, 1, 2)[k], k > 2, (1, 1, 12, 1, 12)[k]
        fare = 2 * (1.0 + (1.0 if months == 12 else 0.5))
        for s in (1, 3):
            cost = ((10.0, 20.0, 30.0, 40.0, 50.0)[k] + 2.0 * fare * (k + 2)) / months / 200.0
            friction = (0.0, 0.0, 0.0, 0.07, 0.08)[k]
            expected.append(
                (pytest.approx(0.1 * (k + 4) * found[k]), s, k + 2.0, pytest.approx(min(cost, 0.9)), kind, over, 0.6, 0.25, friction)
            )
        fee = (0.0, 0.0, 0.0, 4.0, 5.0)[k]  # a civil servant's family
        cost = (fee + 0.5 * fare * (k + 1)) / months
        expected.append(
            (pytest.approx(0.1 * (k + 1)), 2, k + 1.0, pytest.approx(min(cost, 0.9)), kind, over, 0.1, 0.5, (0.0, 0.0, 0.0, 0.03, 0.04)[k])
        )
    assert calls["value_of_facility"] == expected
    keys = [
        (5, CARD, 0, 1000, 0),
        (5, SEEK_CARE, 6, 1000, 0),
        (5, SEEK_CARE, 6, 1000, 6),
        (5, CARD, 0, 1001, 0),
        (5, SEEK_CARE, 6, 1001, 0),
    ]
    assert calls["uniform"][:5] == keys
    v = np.array([value_of_facility(*said, p) for said in calls["value_of_facility"]]).reshape(5, 3)
    v[2, :2] = MISSING
    none = [value_of_none(s, years, p) for s, years in ((1, 9.0), (3, 9.0), (2, 4.0))]
    draw = [uniform(*keys[k]) for k in (1, 2, 4)]
    assert calls["choose_care"] == [(draw[c], none[c], *v[:, c], 0.5) for c in range(3)]
    chosen = [choose_care(*said) for said in calls["choose_care"]]
    care, demand = np.full((3, 14), -1), np.full((3, 20), 0.5)
    onward = np.full((3, 14), -1)
    for c, (row, slot, s, at, w) in enumerate(((0, 0, 1, 2, 3.0), (0, 6, 3, 2, 3.0), (1, 0, 2, 0, 5.0))):
        care[row, slot] = chosen[c]
        if chosen[c] >= 0:
            demand[at, 4 * chosen[c] + s - 1] += w
    if chosen[1] in (0, 1, 3):
        key = (5, SENT_ON, 6, 1000, 6)
        assert calls["uniform"][5:] == [key]
        same, other = (4, 2) if chosen[1] == 3 else (2, 4)
        to = choose_next(uniform(*key), none[1], v[same, 1], v[other, 1], 0.5)
        if to >= 0:
            onward[0, 6] = (same, other)[to]
            demand[2, 4 * onward[0, 6] + 2] += 3.0
    assert columns["household.care"].tolist() == care.tolist() and columns["household.care_next"].tolist() == onward.tolist()
    assert columns["village.care_demand"].tolist() == demand.tolist()
    assert columns["household.insured"].tolist() == [0, 1, 0]
    assert columns["household.care_sought"].tolist() == [
        [int((care[i] == k).sum() + (onward[i] == k).sum()) for k in range(5)] for i in range(3)
    ]
    assert max(chosen) >= 0, "somebody seeks care, or the counts above say nothing"


@pytest.mark.parametrize("n", [1, 7, 63, 64, 65, 200])
def test_no_illness_is_lost_between_passes(n: int) -> None:
    everybody = {"p": P._replace(value_no_care=-500.0), "household__ill": (1,) * 14, "village__facility_care": (-1, 1, -1, -1, -1)}
    for form in ("plain", "compiled"):
        assert (seek(form, n, **everybody)["household.care"] == 1).all()


@both_forms
def test_every_household_has_its_own(form: str) -> None:
    rng, n = np.random.default_rng(6), 12
    values = {
        "household.place": rng.integers(0, 3, n), "household.village": rng.integers(0, 5, n), "household.side": rng.integers(0, 2, n),
        "household.weight": rng.random(n), "household.n_adults": rng.integers(1, 7, n), "household.n_children": rng.integers(0, 9, n),
        "household.n_workers": rng.integers(0, 7, n), "household.activity": rng.integers(0, 9, (n, 6)), "household.schooling": rng.random(n) * 12,
        "household.income_mean": rng.random(n) * 900, "household.support_across": rng.random(n), "household.heard_across": rng.random(n),
        "household.found_care": rng.random((n, 5)), "household.ill": rng.integers(0, 5, (n, 14)), "place.subsistence": rng.random(3) * 200,
        "place.fare": rng.random(3), "village.facility_care": rng.integers(-1, 5, (5, 5)), "village.hours_care": rng.random((5, 5)) * 4,
        "village.known_care": rng.random((5, 5)), "village.fee_care": rng.random((5, 5)) * 90, "village.friction_care": rng.random((5, 5)),
    }  # fmt: skip
    check_alone(RULE, columns_of(RULE, {"household": n, "place": 3, "village": 5}, values), form, p=P._replace(card_share=0.5), month=303)
