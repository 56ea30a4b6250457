"""Staff, drugs and places of facilities, who is seen first, and what villages know and pay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm.history.set_care import Parameters as SetCare
from abm.history.set_care import fee_of
from agents.core.draws import uniform
from agents.official.keep_facility import KEEP_FACILITY, Parameters, level_of, next_drugs, next_staff, quality_of, set_standards
from agents.official.ration_care import Parameters as Ration
from agents.official.ration_care import next_word, rank_of
from tests.rules.tools import both_forms, columns_of, draws, run_rule, take, traced

KEEP, RATION, SET = "official.keep_facility", "official.ration_care", "world.set_care"
P = Parameters(staff_id=1.0, drugs_id=1.0, of_drugs=0.6, best_id=1.0, dispensary=0.5, turnover=0.1, recruitment=0.2, visits_per_staff=100.0, base_drugs=0.1,
               free_beds=0.5, stay=5.0, outpatients=60.0)  # fmt: skip


@both_forms
def test_levels_by_hand(form: str) -> None:
    f = take(level_of, form)
    # from 0.2 half of the way to 1; back below the start; never below 0.05, never above 1
    assert [f(0.2, 0.5, 1.0), f(0.2, -0.1, 1.0), f(0.2, -1.0, 1.0), f(0.2, 0.5, 2.0), f(0.2, 0.5, 0.0)] == pytest.approx(
        [0.6, 0.12, 0.05, 1.0, 0.0]
    )


@both_forms
def test_quality_by_hand(form: str) -> None:
    f = take(quality_of, form)
    p = P._replace(best_id=0.8)
    assert [f(0.5, 1.0, k, 1, p) for k in range(3)] == pytest.approx([0.35, 0.7, 0.7])
    assert [f(0.5, 1.0, k, 0, p) for k in range(3)] == pytest.approx([0.28, 0.56, 0.56])
    assert f(1.0, 1.0, 2, 1, p) == 1.0 and f(0.0, 0.0, 1, 0, p) == 0.0


@both_forms
def test_standards_follow_levels(form: str) -> None:
    out = np.zeros(3)
    take(set_standards, form)(P._replace(staff_id=0.5), np.array([0, 1, 0]), np.array([1, 2, 0]), np.array([0.2, 0.5, 0.5]), np.array([0.4, 0.9, 0.3]),
                              np.array([0.5, 0.0, 0.0]), out)  # fmt: skip
    # home centre: drugs 0.4 + 0.6 * 0.5 = 0.7, staff half of 0.6; across 0.9 and 0.5; dispensary: half of 0.6 * 0.3 + 0.4 * 0.25
    assert out == pytest.approx([0.6 * 0.7 + 0.4 * 0.3, 0.6 * 0.9 + 0.4 * 0.5, 0.5 * (0.18 + 0.1)])


@both_forms
def test_levers_move_the_standards_of_the_indonesian_side(form: str) -> None:
    def standards(p: Parameters) -> list[float]:
        out = np.zeros(2)
        take(set_standards, form)(p, np.array([0, 1]), np.array([1, 1]), np.full(2, 0.4), np.full(2, 0.2), np.full(2, 0.25), out)
        return out.tolist()

    # drugs 0.2 + 0.8 * 0.25 = 0.4, staff 0.4 + 0.6 * 0.25 = 0.55; quality 0.6 of the one and 0.4 of the other
    assert standards(P) == pytest.approx([0.46, 0.46])
    assert standards(P._replace(drugs_id=0.5)) == pytest.approx([0.34, 0.46])
    assert standards(P._replace(staff_id=0.5)) == pytest.approx([0.35, 0.46])


@both_forms
def test_staff_by_hand(form: str) -> None:
    f = take(next_staff, form)
    # ten of ten wanted: one in ten leaves (1 + what the draw makes of 0), vacancies 10 * 1.5 - 10 = 5, of which a fifth is filled
    assert f(10.0, 10.0, 0.1, 0.2, 0.0, 0.0) == 10.0
    assert f(10.0, 10.0, 0.1, 0.2, 0.999, 0.0) == 10.0 and f(10.0, 10.0, 0.1, 0.2, 1.0, 0.0) == 9.0
    # a single nurse leaves by a draw of 0.9 and more, and comes back by one of 0.7 and more: 0.2 * 1.5
    assert [f(1.0, 1.0, 0.1, 0.2, u, 0.0) for u in (0.89, 0.9)] == [1.0, 0.0]
    assert [f(0.0, 1.0, 0.1, 0.2, 0.0, u) for u in (0.69, 0.71)] == [0.0, 1.0]
    assert f(0.0, 0.0, 0.5, 0.2, 0.999, 0.999) == 0.0


@pytest.mark.parametrize("wanted", [0.6, 1.0, 5.5, 40.0])
def test_staff_stay_about_as_wanted(wanted: float) -> None:
    staff, mean, u = 0.0, 0.0, draws(20_000)
    for k in range(10_000):
        staff = next_staff(staff, wanted, 0.025, 0.08, u[2 * k], u[2 * k + 1])
        assert staff >= 0 and staff == int(staff)
        mean += staff / 10_000
    # a few more in the smallest, as nobody is sent away where there is one too many
    assert mean == pytest.approx(wanted, rel=0.05 if wanted > 5 else 0.2)


@both_forms
def test_drugs_by_hand(form: str) -> None:
    f = take(next_drugs, form)
    assert [f(100.0, 30.0, 20.0, False), f(100.0, 130.0, 20.0, False), f(100.0, 30.0, 20.0, True), f(10.0, 30.0, 20.0, True)] == [
        70.0,
        0.0,
        120.0,
        60.0,
    ]


def keep(form: str, n: int = 1, month: int = 3, p: Parameters = P, **said: Any) -> dict[str, np.ndarray]:
    values = {
        "facility.kind": 1,
        "facility.posts": 10.0,
        "facility.staff_start": 0.5,
        "facility.drugs_start": 0.5,
        "facility.staff": 5.0,
    } | {k.replace("__", "."): v for k, v in said.items()}
    return run_rule(KEEP, columns_of(KEEP, {"facility": n}, values), form, stop=n, p=p, month=month)


@both_forms
def test_a_centre_by_hand(form: str) -> None:
    # usual visits 240 - 20 = 220 + (280 - 220)/12 = 225; staff stays for some draws: with turnover and recruitment of nothing
    p = P._replace(turnover=0.0, recruitment=1e-9)
    done = keep(form, p=p, facility__served=280.0, facility__usual=220.0, facility__drugs=370.0)
    comes = uniform(7, KEEP_FACILITY, 3, 0, 2) * 3.0 < 1.0
    a_month = 0.5 * (0.9 * 225.0 + 0.1 * 1000.0)
    drugs = min(145.0 + (3 * a_month if comes else 0.0), 6 * a_month)
    assert done["facility.drugs"][0] == pytest.approx(drugs) and done["facility.usual"][0] == pytest.approx(225.0)
    assert done["facility.quality"][0] == pytest.approx(0.6 * min(drugs / 225.0, 1.0) + 0.4 * 0.5)
    assert done["facility.capacity"].tolist() == [[500.0, 0.0]]


#: A month in which a delivery comes to the first facility, and one in which none does.
COMES, NONE_COMES = (next(m for m in range(99) if (uniform(7, KEEP_FACILITY, m, 0, 2) * 3.0 < 1.0) == comes) for comes in (True, False))
STILL = P._replace(turnover=0.0, recruitment=1e-9)


@both_forms
def test_a_delivery_by_hand(form: str) -> None:
    said = {"facility__served": 240.0, "facility__usual": 240.0}
    # half of what is needed: 0.9 of 240 usual visits and 0.1 of 10 posts of 100 visits, 158 a month: three months of it in an empty store
    done = keep(form, month=COMES, p=STILL, **said)
    assert done["facility.drugs"][0] == pytest.approx(474.0) and done["facility.quality"][0] == pytest.approx(0.6 + 0.4 * 0.5)
    # of 900 less 240 and 474 more, no more than half a year is kept
    assert keep(form, month=COMES, p=STILL, facility__drugs=900.0, **said)["facility.drugs"][0] == pytest.approx(948.0)
    assert keep(form, month=NONE_COMES, p=STILL, facility__drugs=300.0, **said)["facility.drugs"][0] == pytest.approx(60.0)
    assert keep(form, month=NONE_COMES, p=STILL, facility__drugs=300.0, **said)["facility.quality"][0] == pytest.approx(0.6 * 0.25 + 0.2)
    # the lever is that of the Indonesian side
    dear = STILL._replace(drugs_id=0.5)
    assert keep(form, month=COMES, p=dear, **said)["facility.drugs"][0] == pytest.approx(237.0)
    assert keep(form, month=COMES, p=dear, facility__side=1, **said)["facility.drugs"][0] == pytest.approx(474.0)


@both_forms
def test_full_posts_and_a_store_for_a_few_visits(form: str) -> None:
    # twelve of ten posts are all of them; a store for 0.9 of a visit where half a visit is usual: 0.9 - 0.5 is 0.4 of one
    done = keep(form, month=NONE_COMES, p=STILL, facility__staff=12.0, facility__drugs=0.9, facility__served=0.5, facility__usual=0.5)
    assert done["facility.quality"][0] == pytest.approx(0.6 * 0.4 + 0.4)
    # a hospital with one of the staff has its beds
    done = keep(form, p=STILL, facility__kind=2, facility__beds=80.0, facility__staff=1.0)
    assert done["facility.capacity"].tolist() == [pytest.approx([480.0, 240.0])]


@both_forms
def test_a_hospital_by_hand(form: str) -> None:
    p = P._replace(turnover=0.0, recruitment=1e-9)
    done = keep(form, p=p, facility__kind=2, facility__beds=80.0, facility__progress=0.5, facility__staff=6.0)
    # outpatients: 80 beds * 60 * 6/10; beds: 80 * 0.5 * 30 / 5; drugs 0.5 + 0.5 * 0.5
    assert done["facility.capacity"].tolist() == [pytest.approx([2880.0, 240.0])]
    assert done["facility.quality"][0] == pytest.approx(0.6 * 0.75 + 0.4 * 0.6)
    assert keep(form, p=p, facility__kind=2, facility__beds=80.0, facility__staff=0.0)["facility.capacity"].tolist() == [[0.0, 0.0]]


@both_forms
def test_a_building_without_staff_or_drugs(form: str) -> None:
    p = P._replace(staff_id=0.0, turnover=1.0)
    assert keep(form, p=p)["facility.capacity"].tolist() == [[0.0, 0.0]]
    assert keep(form, p=p, facility__side=1)["facility.staff"][0] > 0, "the lever is that of the Indonesian side"
    done = keep(form, p=P._replace(drugs_id=0.0), facility__served=100.0, facility__usual=100.0, facility__drugs=100.0)
    assert done["facility.drugs"][0] == 0.0 and done["facility.quality"][0] <= 0.4


def test_draws_of_facilities() -> None:
    columns = columns_of(KEEP, {"facility": 3}, {"facility.kind": 1, "facility.staff": (-1.0, 2.0, -1.0), "facility.posts": (5.0, 5.0, 3.0),
                                                 "facility.staff_start": 0.5, "facility.drugs": 9.0, "facility.usual": 9.0})  # fmt: skip
    calls = traced(KEEP, columns, "uniform", "next_staff", "next_drugs", stop=3, seed=4, month=-2, p=P)
    key = lambda f, k: (4, KEEP_FACILITY, -2, f, k)  # noqa: E731
    assert calls["uniform"] == [key(0, 3), key(0, 2), key(1, 0), key(1, 1), key(1, 2), key(2, 3), key(2, 2)]
    assert calls["next_staff"] == [(2.0, 2.5, 0.1, 0.2, uniform(*key(1, 0)), uniform(*key(1, 1)))]
    assert columns["facility.staff"][0] == int(2.5 + uniform(*key(0, 3))) and columns["facility.staff"][2] == int(1.5 + uniform(*key(2, 3)))
    assert [c[0] for c in calls["next_drugs"]] == [0.0, 9.0, 0.0]


def test_keeping_is_the_same_in_both_forms() -> None:
    said = {"facility__kind": np.arange(60) % 3, "facility__side": np.arange(60) % 2, "facility__staff": np.arange(60) % 7 - 1.0, "facility__beds": 50.0,
            "facility__served": np.linspace(0, 900, 60), "facility__drugs": 300.0, "facility__usual": 200.0, "facility__progress": np.linspace(-0.5, 1, 60)}  # fmt: skip
    one, other = keep("plain", 60, **said), keep("compiled", 60, **said)
    assert all(one[c].tobytes() == other[c].tobytes() for c in one)


@both_forms
def test_ranks(form: str) -> None:
    f = take(rank_of, form)
    assert [f(s, near) for s in (4, 3, 2, 1) for near in (True, False)] == list(range(8))


@both_forms
def test_word_by_hand(form: str) -> None:
    p = Ration(near=2.0, word=0.2, fades=0.1)
    f = take(next_word, form)
    assert (
        f(0.5, 1.0, 3.0, p) == pytest.approx(0.6)
        and f(0.5, 0.0, 0.0, p) == pytest.approx(0.55)
        and f(1.0, 0.25, 1.0, p) == pytest.approx(0.85)
    )


def demand(**of: float) -> np.ndarray:
    """Demand by option (o0 to o4) and severity (s1 to s4), named such as o1s3."""
    made = np.zeros(20)
    for name, value in of.items():
        made[4 * int(name[1]) + int(name[3]) - 1] = value
    return made


def ration(form: str, usual: bool = True, **said: Any) -> dict[str, np.ndarray]:
    """Two facilities: a centre that sees 10, a hospital with 4 beds that sees 6 outpatients; village 0 is near both, village 1 is far."""
    values = {
        "facility.kind": (1, 2), "facility.capacity": [(10.0, 0.0), (6.0, 4.0)], "facility.quality": (0.2, 0.9), "facility.standard": (0.4, 0.5),
        "facility.pool": (0, 1), "village.facility_care": [(-1, 0, 1, -1, -1), (-1, -1, -1, 0, 1)], "village.hours_care": [(0.0, 2.0, 2.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.1, 2.1)],
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    columns = columns_of(RATION, {"facility": 2, "village": 2}, values)
    if usual:  # a usual month is as this one
        run_rule(RATION, columns, form, stop=2, p=Ration(word=0.0, fades=0.0))
        columns["facility.usual_demand"][:] = columns["facility.demand"]
    return run_rule(RATION, columns, form, stop=2, p=Ration(near=2.0, word=0.2, fades=0.1))


@both_forms
def test_severity_first_then_those_nearby(form: str) -> None:
    # centre: 2 emergencies from far, 6 and 4 that disrupt work, 5 and 5 minor ones; 10 places: 2, then 6 near, then 2 of 4 far, nobody else
    asked = np.stack([demand(o1s2=6.0, o1s1=5.0), demand(o3s4=2.0, o3s2=4.0, o3s1=5.0)])
    done = ration(form, village__care_demand=asked)
    share = done["village.served_share"].reshape(2, 5, 4)
    assert share[0, 1].tolist() == [0.0, 1.0, 1.0, 1.0] and share[1, 3].tolist() == [0.0, 0.5, 1.0, 1.0]
    assert done["facility.demand"].tolist() == [[0, 2, 0, 0, 6, 4, 5, 5], [0] * 8]
    assert done["facility.served"].tolist() == [10.0, 0.0]
    # nothing is served where there is no facility
    assert (share[0, [0, 3, 4]] == 0).all() and (share[1, [0, 1, 2]] == 0).all()


@both_forms
def test_a_full_month_among_usual_ones_turns_few_away(form: str) -> None:
    # usual demand of 6, in a month of 42: a twelfth of the way to it, 9 of 10 places; half of the demand comes at that in a usual month of 20
    asked = np.stack([demand(o1s1=42.0), demand()])
    done = ration(form, usual=False, village__care_demand=asked, facility__usual_demand=[(0.0,) * 6 + (6.0, 0.0), (0.0,) * 8])
    assert done["facility.usual_demand"][0].tolist() == [0, 0, 0, 0, 0, 0, 9.0, 0] and done["facility.served"][0] == 42.0
    done = ration(form, usual=False, village__care_demand=asked, facility__usual_demand=[(0.0,) * 6 + (18.0, 0.0), (0.0,) * 8])
    assert done["village.served_share"][0, 4] == 0.5 and done["facility.served"][0] == 21.0


@both_forms
def test_beds_and_outpatients_are_apart(form: str) -> None:
    asked = np.stack([demand(o2s3=3.0, o2s1=4.0), demand(o4s4=2.0, o4s3=2.0, o4s2=3.0)])
    done = ration(form, village__care_demand=asked)
    share = done["village.served_share"].reshape(2, 5, 4)
    # beds: 2 emergencies, then 2 of 3 from nearby, none from far; outpatients: 3 that disrupt work, then 3 of 4
    assert share[0, 2].tolist() == pytest.approx([0.75, 1.0, 2 / 3, 1.0]) and share[1, 4].tolist() == pytest.approx([0.0, 1.0, 0.0, 1.0])
    assert done["facility.served"].tolist() == [0.0, 10.0]


@both_forms
def test_centres_of_a_place_share_their_patients(form: str) -> None:
    # three centres that share 4, 0 (it is closed) and 12 places, and one of another place with 5; all go to the second one, 20 minor cases
    values = {"facility.kind": (1, 1, 1, 1), "facility.pool": (0, 0, 0, 3), "facility.capacity": [(4.0, 0.0), (0.0, 0.0), (12.0, 0.0), (5.0, 0.0)],
              "facility.quality": 0.5, "facility.standard": 0.5, "village.facility_care": [(-1, 1, -1, -1, -1), (-1, 2, -1, 3, -1)],
              "village.care_demand": np.stack([demand(o1s1=20.0), demand(o1s1=12.0, o3s1=4.0)]), "facility.usual_demand": 0.0}  # fmt: skip
    columns = columns_of(RATION, {"facility": 4, "village": 2}, values)
    columns["facility.usual_demand"][0, 6], columns["facility.usual_demand"][3, 6] = 32.0, 4.0
    done = run_rule(RATION, columns, form, stop=4, p=Ration(near=2.0))
    share = done["village.served_share"].reshape(2, 5, 4)
    assert share[0, 1, 0] == share[1, 1, 0] == 0.5 and share[1, 3, 0] == 1.0
    assert done["facility.demand"][:, 6].tolist() == [32.0, 0.0, 0.0, 4.0] and done["facility.served"].tolist() == [4.0, 0.0, 12.0, 4.0]


@both_forms
def test_a_facility_that_is_not_open_sees_nobody(form: str) -> None:
    for kind in (0, 1, 2):
        done = keep(form, facility__kind=kind, facility__is_open=0.0, facility__beds=50.0)
        assert done["facility.capacity"].tolist() == [[0.0, 0.0]] and done["facility.staff"][0] > 0


@both_forms
def test_without_places_nobody_is_seen_and_beds_do_without_outpatients(form: str) -> None:
    asked = np.stack([demand(o1s1=5.0, o2s3=3.0, o2s1=2.0), demand()])
    done = ration(form, village__care_demand=asked, facility__capacity=[(0.0, 0.0), (0.0, 4.0)])
    assert done["facility.served"].tolist() == [0.0, 3.0]
    assert done["village.served_share"][0, [4, 8, 10]].tolist() == [0.0, 0.0, 1.0]


@both_forms
def test_what_goes_round(form: str) -> None:
    asked = np.stack([demand(o1s1=20.0, o2s1=3.0), demand(o3s1=4.0)])
    done = ration(form, village__care_demand=asked, village__word_care=0.8)
    # centre: half of those near find a place, and half the quality that its standard promises: 0.25; nobody of those from afar;
    # the hospital serves all, better than promised; nobody went to the hospital across, and word of it fades
    expected = [[0.8, 0.8 + 0.2 * (0.25 - 0.8), 0.84, 0.8, 0.8], [0.8, 0.8, 0.8, 0.8 + 0.2 * (0.0 - 0.8), 0.82]]
    assert done["village.word_care"] == pytest.approx(np.array(expected))


def test_rationing_conserves_and_is_the_same_in_both_forms() -> None:
    rng = np.random.default_rng(3)
    said = {"village__care_demand": rng.random((2, 20)) * 9, "village__facility_care": [(0, 0, 1, 0, 1), (0, 1, 1, -1, 0)]}
    one, other = ration("plain", **said), ration("compiled", **said)
    assert all(one[c].tobytes() == other[c].tobytes() for c in one)
    seen = (one["village.served_share"] * one["village.care_demand"]).sum()
    assert seen == pytest.approx(one["facility.served"].sum())
    assert one["facility.served"][0] <= 10.0 + 1e-9 and one["facility.served"][1] <= 10.0 + 1e-9
    there = np.repeat(one["village.facility_care"] >= 0, 4, axis=1)
    assert one["facility.demand"].sum() == pytest.approx(one["village.care_demand"][there].sum())


FEES = np.arange(8.0).reshape(2, 2, 2) + 1.0


@both_forms
def test_fees_by_hand(form: str) -> None:
    f, p = take(fee_of, form), SetCare(foreigners_id=2.0, foreigners_my=10.0)
    # side, tier, patient: 1 to 4 Indonesian, 5 to 8 Malaysian
    assert [f(s, h, a, FEES, p) for s in (0, 1) for h in (False, True) for a in (False, True)] == [1.0, 4.0, 3.0, 8.0, 5.0, 60.0, 7.0, 80.0]


@both_forms
@pytest.mark.parametrize(("month", "told"), [(419, 0.0), (420, 0.2)])
def test_what_villages_know_and_pay(form: str, month: int, told: float) -> None:
    values = {
        "series.fee": FEES, "place.side": (0, 1), "place.exchange": (3.0, 0.5), "village.place": (0, 1), "village.care_demand": 9.0,
        "village.facility_care": [(0, -1, 1, 2, 3), (-1, 2, 3, 0, 1)], "village.crossing_care": [(-1, -1, -1, 0, 1), (-1, -1, -1, 1, 0)],
        "village.word_care": [(0.5,) * 5, (1.0,) * 5], "crossing.strictness": (0.3, 0.6), "facility.quality": (0.1, 0.2, 0.3, 0.4),
        "facility.standard": (0.2, 0.4, 0.6, 0.8),
    }  # fmt: skip
    columns = columns_of(
        SET, {"place": 2, "village": 2, "crossing": 2, "facility": 4}, {k: v for k, v in values.items() if k != "series.fee"}
    )
    columns["series.fee"] = np.stack([FEES] * (month + 1))
    done = run_rule(SET, columns, form, stop=2, month=month, p=SetCare(foreigners_id=1.0, foreigners_my=1.0, handed_over=0.2))
    assert done["village.quality_care"].tolist() == [[0.1, 0.0, 0.2, 0.3, 0.4], [0.0, 0.3, 0.4, 0.1, 0.2]]
    assert done["village.standard_care"].tolist() == [[0.2, 0.0, 0.4, 0.6, 0.8], [0.0, 0.6, 0.8, 0.2, 0.4]]
    assert done["village.known_care"] == pytest.approx(done["village.standard_care"] * np.array([[0.5], [1.0]]))
    # citizens at home, foreigners across at the month's rate
    assert done["village.fee_care"].tolist() == [[1.0, 1.0, 3.0, 18.0, 24.0], [5.0, 5.0, 7.0, 1.0, 2.0]]
    assert done["village.friction_care"] == pytest.approx(np.array([[0, 0, 0, 0.3 + told, 0.6 + told], [0, 0, 0, 0.6, 0.3]]))
    assert (done["village.care_demand"] == 0).all()
