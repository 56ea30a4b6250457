"""Who is served, at what cost, and what is learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.core.draws import uniform
from agents.household.receive_care import RECEIVE_CARE, Parameters, chance_to_die, days_lost_to, effect_of, is_served
from agents.household.seek_care import Parameters as SeekCare
from tests.rules.tools import MANY, assert_share, both_forms, check_alone, columns_of, run_rule, take, traced

RULE = "household.receive_care"
P = Parameters(days_minor=1.0, days_disrupting=6.0, days_hospital=20.0, days_saved=0.5, nursing=0.25, stay=4.0, dies_hospital=0.05, dies_emergency=0.2,
               saved=0.8, memory=0.5)  # fmt: skip
Q = SeekCare(primary_for_hospital_need=0.5, dispensary_for_hospital_need=0.25, companions=1.0)
HOURS, QUALITY, FEE = (1.0, 2.0, 4.0, 3.0, 8.0), (0.2, 0.4, 0.8, 0.6, 1.0), (2.0, 5.0, 50.0, 20.0, 200.0)


@both_forms
def test_days_by_hand(form: str) -> None:
    f = take(days_lost_to, form)
    assert [f(s, 0.0, P) for s in (1, 2, 3, 4)] == [1.0, 6.0, 20.0, 20.0]
    # half of them by care of full quality
    assert [f(s, 0.8, P) for s in (1, 2, 3, 4)] == pytest.approx([0.6, 3.6, 12.0, 12.0])


@both_forms
def test_deaths_by_hand(form: str) -> None:
    f = take(chance_to_die, form)
    assert [f(s, 0.0, P) for s in (1, 2, 3, 4)] == [0.0, 0.0, 0.05, 0.2]
    assert [f(s, 0.5, P) for s in (1, 2, 3, 4)] == pytest.approx([0.0, 0.0, 0.03, 0.12])


@both_forms
def test_what_care_does(form: str) -> None:
    f = take(effect_of, form)
    assert [f(0.8, s, k, Q) for s in (2, 3) for k in (0, 1, 2)] == pytest.approx([0.8, 0.8, 0.8, 0.2, 0.4, 0.8])


@both_forms
def test_served_up_to_the_share(form: str) -> None:
    f = take(is_served, form)
    assert f(0.29, 0.3) and not f(0.3, 0.3) and not f(2.0**-53, 0.0) and f(1 - 2.0**-53, 1.0)


def slots(**of: int) -> list[int]:
    """A value for each of the slots of members a0 to a5 and c0 to c7; -1 in the others."""
    made = [-1] * 14
    for name, value in of.items():
        made[int(name[1:]) + (6 if name[0] == "c" else 0)] = value
    return made


def ill(**of: int) -> list[int]:
    return [max(v, 0) for v in slots(**of)]


def receive(form: str, n: int, month: int = 5, q: SeekCare = Q, **said: Any) -> dict[str, np.ndarray]:
    """Care of ``n`` like households with one worker."""
    values = {
        "village.hours_care": HOURS, "village.quality_care": QUALITY, "village.standard_care": QUALITY, "village.fee_care": FEE, "place.fare": 3.0,
        "village.served_share": 1.0, "household.n_workers": 1,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(RULE, columns_of(RULE, {"household": n, "place": 1, "village": 1}, values), form, stop=n, p=P, q=q, month=month)


@both_forms
def test_a_worker_at_the_centre(form: str) -> None:
    # 6 * (1 - 0.5 * 0.4) = 4.8 days, and the way of 0.5 days for him and half a companion: 0.75; 5 and the fares of one and a half: 2*3*2*1.5 = 18
    done = receive(form, 1, household__ill=ill(a0=2), household__care=slots(a0=1))
    assert done["household.care_visits"].tolist() == [[0, 1, 0, 0, 0]] and done["household.serious_visits"].sum() == 0
    assert done["household.days_lost"][0] == pytest.approx(5.55) and done["household.care_cost"][0] == pytest.approx(23.0)
    assert done["household.untreated"].sum() == 0 and done["household.care_given"].tolist() == [slots(a0=1)]
    assert (
        done["household.new_patients"].tolist() == [[1, 0]]
        and done["household.seen_year"][0] == 1
        and done["household.seen_across"][0] == 0
    )


@both_forms
def test_a_child_sent_on_to_the_hospital(form: str) -> None:
    # dispensary and hospital at home: ways of 0.25 * 0.5 and 1 * 1 days, a stay of 4, and 20 * (1 - 0.5 * 0.8) * 0.25 = 3 of nursing
    done = receive(form, 1, household__ill=ill(c1=3), household__care=slots(c1=0), household__care_next=slots(c1=2))
    assert done["household.care_visits"].tolist() == [[1, 0, 1, 0, 0]] == done["household.serious_visits"].tolist()
    assert done["household.days_lost"][0] == pytest.approx(0.125 + 1 + 4 + 3)
    # 2 + 2*3*1*1.5 and 50 + 2*3*4*2
    assert done["household.care_cost"][0] == pytest.approx(11.0 + 98.0)
    assert done["household.sent_on"].tolist() == [[1, 0]] and done["household.care_given"].tolist() == [slots(c1=2)]
    assert done["household.deaths_expected"][0] == pytest.approx(0.05 * (1 - 0.8 * 0.8))
    assert done["household.seen_year"][0] == 1 << 7


@both_forms
def test_turned_away_loses_the_way_and_what_it_cost(form: str) -> None:
    # a share of 0 at the centre for illness that disrupts work: 6 days and the way; fares 18, no fee; a minor illness stays at home: a quarter day
    share = np.ones(20)
    share[5] = 0.0
    done = receive(form, 1, household__ill=ill(a0=2, c0=1), household__care=slots(a0=1), village__served_share=share)
    assert done["household.care_visits"].sum() == 0 and done["household.turned_away"].tolist() == [[0, 1, 0, 0, 0]]
    assert done["household.untreated"].tolist() == [[1, 1, 0, 0]] and done["household.care_given"].tolist() == [[-1] * 14]
    assert done["household.days_lost"][0] == pytest.approx(6 + 0.75 + 0.25) and done["household.care_cost"][0] == pytest.approx(18.0)
    assert done["household.new_patients"].sum() == 0 and done["household.found_care"].tolist() == [[1.0, 0.5, 1.0, 1.0, 1.0]]


@both_forms
def test_no_place_at_the_centre_and_one_at_the_hospital_across(form: str) -> None:
    share = np.ones(20)
    share[4 * 3 + 3] = 0.0
    done = receive(
        form, 1, household__ill=ill(a2=4), household__care=slots(a2=3), household__care_next=slots(a2=4), village__served_share=share
    )
    assert done["household.turned_away"].tolist() == [[0, 0, 0, 1, 0]] and done["household.care_visits"].tolist() == [[0, 0, 0, 0, 1]]
    assert done["household.sent_on"].tolist() == [[0, 1]] and done["household.untreated"].sum() == 0
    assert done["household.new_patients"].tolist() == [[1, 1]] and done["household.seen_across"][0] == 4


@both_forms
def test_insurance_pays_fees_at_home_only(form: str) -> None:
    for k in range(5):
        free, paid = (
            receive(form, 1, household__ill=ill(a0=2), household__care=slots(a0=k), household__insured=i)["household.care_cost"][0]
            for i in (1, 0)
        )
        assert paid - free == pytest.approx(FEE[k] if k < 3 else 0.0)


@both_forms
def test_who_needs_no_hospital_does_not_stay(form: str) -> None:
    for s, days in ((2, 6 * 0.6 + 2.0), (3, 20 * 0.6 + 2.0 + 4.0)):
        done = receive(form, 1, household__ill=ill(a0=s), household__care=slots(a0=2))
        assert done["household.days_lost"][0] == pytest.approx(days)
        assert done["household.serious_visits"].sum() == (s > 2)


@both_forms
def test_people_are_counted_once_in_a_year(form: str) -> None:
    said = {"household__ill": ill(a0=1, c7=1), "household__care": slots(a0=1, c7=3)}
    again = receive(form, 1, household__seen_year=1 | 1 << 13, household__seen_across=0, **said)
    assert again["household.new_patients"].tolist() == [[0, 1]] and again["household.seen_across"][0] == 1 << 13
    assert receive(form, 1, household__seen_year=1 | 1 << 13, household__seen_across=1 << 13, **said)["household.new_patients"].sum() == 0
    for month in (-12, 0, 24):  # in January all begin anew
        again = receive(form, 1, month=month, household__seen_year=0x3FFF, household__seen_across=0x3FFF, **said)
        assert again["household.new_patients"].tolist() == [[2, 1]] and again["household.seen_year"][0] == 1 | 1 << 13


@both_forms
def test_drugs_that_are_missing_are_remembered(form: str) -> None:
    # quality 0.1 where the standard is 0.4: a quarter of what was promised, of which half goes into memory; more than promised counts as all
    said = {"household__ill": ill(a0=1, a1=1), "household__care": slots(a0=1, a1=3), "village__quality_care": (0.2, 0.1, 0.8, 0.9, 1.0)}
    done = receive(form, 1, **said, household__found_care=(0.6,) * 5)
    assert done["household.found_care"][0].tolist() == pytest.approx([0.6, 0.6 + 0.5 * (0.25 - 0.6), 0.6, 0.8, 0.6], rel=1e-6)


@both_forms
def test_nobody_ill_nothing_lost(form: str) -> None:
    done = receive(form, 3, household__care_visits=5, household__untreated=5, household__days_lost=5.0, household__care_cost=5.0, household__turned_away=5,
                   household__serious_visits=5, household__sent_on=5, household__new_patients=5, household__deaths_expected=5.0, household__care_given=3)  # fmt: skip
    empty = (
        "care_visits",
        "serious_visits",
        "turned_away",
        "sent_on",
        "untreated",
        "days_lost",
        "care_cost",
        "new_patients",
        "deaths_expected",
    )
    assert all((done[f"household.{c}"] == 0).all() for c in empty) and (done["household.care_given"] == -1).all()


def test_patients_are_conserved() -> None:
    n = 400
    rng = np.random.default_rng(1)
    illness = rng.integers(0, 5, (n, 14))
    care = np.where(illness > 0, rng.integers(-1, 5, (n, 14)), -1)
    onward = np.where((illness > 2) & np.isin(care, (0, 1, 3)), rng.choice([-1, 2, 4], (n, 14)), -1)
    done = receive(
        "compiled", n, household__ill=illness, household__care=care, household__care_next=onward, village__served_share=rng.random(20)
    )
    for k in range(5):
        came = (care == k).sum(axis=1) + (onward == k).sum(axis=1)
        assert (came == done["household.care_visits"][:, k].astype(int) + done["household.turned_away"][:, k]).all()
    for s in range(4):
        treated = ((illness == s + 1) & (done["household.care_given"] >= 0)).sum(axis=1)
        assert (treated + done["household.untreated"][:, s] == (illness == s + 1).sum(axis=1)).all()
    plain = receive(
        "plain",
        n,
        household__ill=illness,
        household__care=care,
        household__care_next=onward,
        village__served_share=np.random.default_rng(1).random(20),
    )
    again = receive(
        "compiled",
        n,
        household__ill=illness,
        household__care=care,
        household__care_next=onward,
        village__served_share=np.random.default_rng(1).random(20),
    )
    assert all(plain[c].tobytes() == again[c].tobytes() for c in plain)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_the_served_are_the_share_for_whom_there_is_a_place(share: float) -> None:
    n = MANY // 2
    done = receive("compiled", n, household__ill=ill(a0=1, a1=1), household__care=slots(a0=1, a1=1), village__served_share=share)
    assert_share(done["household.care_visits"].sum(), MANY, share)


def test_each_visit_has_its_own_draw_and_share() -> None:
    values = {
        "household.village": (1, 0, 1), "household.ill": [(0,) * 14, ill(a0=2, c0=3), (0,) * 14], "household.care": [slots(), slots(a0=1, c0=3), slots()],
        "household.care_next": [slots(), slots(c0=4), slots()], "village.hours_care": 1.0, "village.served_share": np.arange(40).reshape(2, 20) / 40.0,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "place": 1, "village": 2}, values)
    calls = traced(RULE, columns, "uniform", "is_served", stop=2, start=1, seed=3, month=14, p=P, q=Q)
    # member 0: slot 0 of draws; child 0 is member 6: 12 for the first visit and 13 where it is sent on to
    keys = [(3, RECEIVE_CARE, 14, 1001, slot) for slot in (0, 12, 13)]
    assert calls["uniform"] == keys
    assert calls["is_served"] == [(uniform(*key), share / 40.0) for key, share in zip(keys, (4 + 1, 12 + 2, 16 + 2), strict=True)]
    assert (columns["household.care_given"][[0, 2]] == -1).all()


@both_forms
def test_a_worker_at_the_hospital_across(form: str) -> None:
    # 20 * (1 - 0.5 * 1) days, the way of 2 for him and one more, 4 at the hospital for who goes along; 200 and fares 2*3*8*2
    done = receive(form, 1, household__ill=ill(a0=3), household__care=slots(a0=4))
    assert done["household.days_lost"][0] == pytest.approx(10.0 + 4.0 + 4.0) and done["household.care_cost"][0] == pytest.approx(296.0)
    assert done["household.seen_across"][0] == 1 and done["household.new_patients"].tolist() == [[1, 1]]


@both_forms
def test_as_many_go_along_as_the_parameter_says(form: str) -> None:
    # two to a hospital, one to primary care: 4.8 and 0.5 * 2 days; 5 and 2*3*2*2
    done = receive(form, 1, q=Q._replace(companions=2.0), household__ill=ill(a0=2), household__care=slots(a0=1))
    assert done["household.days_lost"][0] == pytest.approx(5.8) and done["household.care_cost"][0] == pytest.approx(29.0)
    # 6 * 0.6, 1 * 3; 50 and 2*3*4*3
    done = receive(form, 1, q=Q._replace(companions=2.0), household__ill=ill(a0=2), household__care=slots(a0=2))
    assert done["household.days_lost"][0] == pytest.approx(6.6) and done["household.care_cost"][0] == pytest.approx(122.0)


@both_forms
def test_a_primary_facility_across_is_as_a_centre(form: str) -> None:
    # half of a quality of 0.6 for an illness that needs a hospital: 20 * (1 - 0.5 * 0.3), and 0.75 * 1.5 on the way
    done = receive(form, 1, household__ill=ill(a0=3), household__care=slots(a0=3))
    assert done["household.days_lost"][0] == pytest.approx(17.0 + 1.125)
    assert done["household.deaths_expected"][0] == pytest.approx(0.05 * (1 - 0.8 * 0.3))


@both_forms
def test_two_of_a_household_are_counted_both(form: str) -> None:
    done = receive(form, 1, household__ill=ill(a0=3, a1=4, c0=1), household__care=slots(a0=2, a1=2, c0=2))
    assert done["household.serious_visits"].tolist() == [[0, 0, 2, 0, 0]] and done["household.care_visits"].tolist() == [[0, 0, 3, 0, 0]]
    # all at home: nobody of them was across, in January neither
    assert done["household.seen_across"][0] == 0 and done["household.new_patients"].tolist() == [[3, 0]]
    assert (
        receive(form, 1, month=0, household__ill=ill(a0=3), household__care=slots(a0=2), household__seen_across=3)["household.seen_across"][
            0
        ]
        == 0
    )


@both_forms
def test_a_dispensary_treats_and_others_seen_before_do_not_count(form: str) -> None:
    done = receive(form, 1, household__ill=ill(a0=1), household__care=slots(a0=0), household__seen_year=2, household__seen_across=2)
    assert done["household.care_given"].tolist() == [slots(a0=0)] and done["household.untreated"].sum() == 0
    assert (
        done["household.new_patients"].tolist() == [[1, 0]]
        and done["household.seen_year"][0] == 3
        and done["household.seen_across"][0] == 2
    )
    done = receive(form, 1, household__ill=ill(a0=1), household__care=slots(a0=3), household__seen_year=2, household__seen_across=2)
    assert done["household.new_patients"].tolist() == [[1, 1]] and done["household.seen_across"][0] == 3
    for month in (0, 5):
        done = receive(form, 1, month=month, household__ill=ill(a0=1), household__care=slots(a0=3))
        assert done["household.new_patients"].tolist() == [[1, 1]]


@both_forms
def test_a_facility_without_any_standard_is_found_to_be_nothing(form: str) -> None:
    none = {"village__quality_care": (0.0,) * 5, "village__standard_care": (0.0,) * 5}
    done = receive(form, 1, household__ill=ill(a0=1), household__care=slots(a0=1), **none)
    assert done["household.found_care"].tolist() == [[1.0, 0.5, 1.0, 1.0, 1.0]]


@both_forms
def test_every_household_has_its_own(form: str) -> None:
    rng, n = np.random.default_rng(4), 12
    illness = rng.integers(0, 5, (n, 14))
    care = np.where(illness > 0, rng.integers(-1, 5, (n, 14)), -1)
    onward = np.where((illness > 2) & np.isin(care, (0, 1, 3)), rng.choice([-1, 2, 4], (n, 14)), -1)
    values = {
        "household.place": rng.integers(0, 3, n), "household.village": rng.integers(0, 5, n), "household.n_workers": rng.integers(0, 7, n),
        "household.ill": illness, "household.care": care, "household.care_next": onward, "household.insured": rng.integers(0, 2, n),
        "household.found_care": rng.random((n, 5)), "household.seen_year": rng.integers(0, 1 << 14, n), "household.seen_across": rng.integers(0, 1 << 14, n),
        "village.hours_care": rng.random((5, 5)) * 9, "village.quality_care": rng.random((5, 5)), "village.standard_care": rng.random((5, 5)),
        "village.fee_care": rng.random((5, 5)) * 90, "village.served_share": rng.random((5, 20)), "place.fare": rng.random(3),
    }  # fmt: skip
    check_alone(RULE, columns_of(RULE, {"household": n, "place": 3, "village": 5}, values), form, p=P, q=Q, month=17)
    check_alone(RULE, columns_of(RULE, {"household": n, "place": 3, "village": 5}, values), form, p=P, q=Q, month=24)
