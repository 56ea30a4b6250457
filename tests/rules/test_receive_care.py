"""Who is served, and at what cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.receive_care import RECEIVE_CARE, Parameters, days_lost_to, is_served
from tests.rules.tools import MANY, assert_share, both_forms, columns_of, run_rule, take, traced

RULE = "household.receive_care"
P = Parameters(days_minor=1.0, days_disrupting=6.0, days_hospital=20.0, days_saved=0.5)


# days * (1 - 0.5 quality) + 2 hours / 8
@both_forms
@pytest.mark.parametrize(
    ("severity", "quality", "hours", "expected"),
    [(1, 0.0, 0.0, 1.0), (1, 1.0, 0.0, 0.5), (2, 0.5, 4.0, 5.5), (3, 0.8, 8.0, 14.0), (3, 0.0, 0.0, 20.0)],
)
def test_days_by_hand(form: str, severity: int, quality: float, hours: float, expected: float) -> None:
    assert take(days_lost_to, form)(severity, quality, hours, P) == pytest.approx(expected)


@both_forms
def test_served_up_to_the_share(form: str) -> None:
    f = take(is_served, form)
    assert f(0.29, 0.3) and not f(0.3, 0.3) and not f(2.0**-53, 0.0) and f(1 - 2.0**-53, 1.0)


def receive(form: str, n: int, **said: Any) -> dict[str, np.ndarray]:
    """Care of ``n`` like households: primary clinic 2 h off, hospital 4 h, across 3 h and 8 h."""
    values = {
        "place.hours_care": (2.0, 4.0, 3.0, 8.0), "place.quality_care": (0.4, 0.8, 0.6, 1.0), "place.fee_care": (5.0, 50.0, 20.0, 200.0),
        "place.fare": 3.0, "place.served_share": 1.0,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1}, values), form, stop=n, p=P)


@both_forms
def test_the_worst_goes_to_hospital_and_pays(form: str) -> None:
    # one minor and one hospital episode, a clinic and a hospital sought at home: the hospital serves the worst
    # days 20*(1-0.5*0.8) + 2*4/8 = 13, and 1*(1-0.5*0.4) + 2*2/8 = 1.3; cost 50+2*3*4 = 74 and 5+2*3*2 = 17
    done = receive(form, 1, household__episodes=(1, 0, 1), household__care_sought=(1, 1, 0, 0))
    assert done["household.care_visits"].tolist() == [[1, 1, 0, 0]]
    assert done["household.untreated"].tolist() == [0]
    assert done["household.days_lost"][0] == pytest.approx(14.3)
    assert done["household.care_cost"][0] == pytest.approx(91.0)


@both_forms
def test_turned_away_loses_the_way_and_pays_nothing(form: str) -> None:
    # a disrupting episode at a full clinic: 6 + 2*2/8 = 6.5 days; a minor one stays at home: 1 day
    done = receive(form, 1, household__episodes=(1, 1, 0), household__care_sought=(1, 0, 0, 0), place__served_share=0.0)
    assert done["household.care_visits"].sum() == 0
    assert done["household.untreated"].tolist() == [2]
    assert done["household.days_lost"][0] == pytest.approx(7.5)
    assert done["household.care_cost"].tolist() == [0.0]


@both_forms
def test_nobody_ill_nothing_lost(form: str) -> None:
    done = receive(form, 3)
    assert all((done[c] == 0).all() for c in ("household.care_visits", "household.untreated", "household.days_lost", "household.care_cost"))


@both_forms
def test_treated_and_untreated_add_up(form: str) -> None:
    done = receive(form, 200, household__episodes=(2, 2, 1), household__care_sought=(1, 1, 1, 1), place__served_share=(0.3, 0.5, 0.9, 0.1))
    visits = done["household.care_visits"].astype(int)
    assert (visits <= 1).all()
    assert (visits.sum(axis=1) + done["household.untreated"] == 5).all()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_the_served_are_the_share_for_whom_there_is_a_place(share: float) -> None:
    n = MANY // 2
    done = receive("compiled", n, household__episodes=(2, 0, 0), household__care_sought=(2, 0, 0, 0), place__served_share=share)
    assert_share(done["household.care_visits"].sum(), MANY, share)


#: Episodes (minor, disrupting, hospital), care sought (clinic and hospital at home, clinic and hospital across), and in which order the
#: episodes come to them: the hospital at home, the hospital across, the clinic at home, the clinic across, nobody.
QUEUES = [
    ((1, 1, 1), (1, 1, 0, 1), [(1, 3), (3, 2), (0, 1)]),
    ((2, 0, 1), (1, 0, 1, 0), [(0, 3), (2, 1), (None, 1)]),
    ((0, 2, 2), (1, 1, 1, 0), [(1, 3), (0, 3), (2, 2), (None, 2)]),
    ((1, 2, 0), (0, 2, 0, 0), [(1, 2), (1, 2), (None, 1)]),
    ((3, 0, 0), (0, 0, 1, 1), [(3, 1), (2, 1), (None, 1)]),
    ((1, 2, 2), (0, 1, 0, 0), [(1, 3), (None, 3), (None, 2), (None, 2), (None, 1)]),
    ((2, 1, 1), (0, 0, 0, 0), [(None, 3), (None, 2), (None, 1), (None, 1)]),
    ((0, 1, 1), (0, 0, 0, 1), [(3, 3), (None, 2)]),
    ((2, 0, 0), (2, 0, 0, 0), [(0, 1), (0, 1)]),
    ((1, 2, 1), (1, 2, 0, 1), [(1, 3), (1, 2), (3, 2), (0, 1)]),
    ((2, 1, 3), (0, 1, 0, 0), [(1, 3), (None, 3), (None, 3), (None, 2), (None, 1), (None, 1)]),
]


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_worst_first_each_with_its_own_draw(share: float) -> None:
    n = len(QUEUES)
    place = np.arange(n) % 3
    hours = np.array([(2.0, 4.0, 3.0, 8.0), (1.0, 6.0, 5.0, 7.0), (0.5, 2.5, 4.5, 9.0)])
    quality, fee = hours / 10, 10 * hours
    fare = np.array([3.0, 5.0, 7.0])
    values = {
        "household.place": place, "household.episodes": [q[0] for q in QUEUES], "household.care_sought": [q[1] for q in QUEUES],
        "household.care_visits": 7, "household.days_lost": 50.0, "household.care_cost": 60.0, "place.hours_care": hours,
        "place.quality_care": quality, "place.fee_care": fee, "place.fare": fare,
        "place.served_share": np.array([0.9, 0.5, 0.7, 1.0]) * share * np.array([[1.0], [0.8], [0.6]]),
    }  # fmt: skip
    columns = columns_of(RULE, {"household": n, "place": 3}, values)
    calls = traced(RULE, columns, "uniform", "is_served", "days_lost_to", stop=n, seed=3, month=14, p=P)
    keys, served, lost = [], [], []
    for i, (_, _, order) in enumerate(QUEUES):
        w, visits, cost, first = place[i], [0, 0, 0, 0], 0.0, len(lost)
        for slot, (option, severity) in enumerate(order):
            if option is None:
                lost.append((severity, 0.0, 0.0))
                continue
            keys.append((3, RECEIVE_CARE, 14, 1000 + i, slot))
            served.append((uniform(*keys[-1]), values["place.served_share"][w, option]))
            if served[-1][0] < served[-1][1]:
                visits[option] += 1
                cost += fee[w, option] + fare[w] * hours[w, option] * 2  # there and back
                lost.append((severity, quality[w, option], hours[w, option]))
            else:
                lost.append((severity, 0.0, hours[w, option]))
        assert columns["household.care_visits"][i].tolist() == visits
        assert columns["household.untreated"][i] == len(order) - sum(visits)
        assert columns["household.care_cost"][i] == pytest.approx(cost)
        assert columns["household.days_lost"][i] == pytest.approx(sum(days_lost_to(*said, P) for said in lost[first:]))
    assert calls["uniform"] == keys and calls["is_served"] == served and calls["days_lost_to"] == lost


def test_better_care_saves_days_and_a_longer_way_costs_them() -> None:
    def days(**s):
        return receive("compiled", 1, household__episodes=(0, 1, 0), household__care_sought=(1, 0, 0, 0), **s)["household.days_lost"][0]

    base = days()
    assert days(place__quality_care=(0.9, 0, 0, 0)) < base < days(place__hours_care=(6.0, 0, 0, 0))
