"""Ties: how they strengthen and fade, what kin hear, what households remember."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm.world.kinship import fixed_point_array
from agents.household.keep_ties import Memory, Parameters, feast_factor, feast_size, fixed_point, next_strength, remembered, support_from
from agents.surroundings import ESTATE, FARM, LOOKING, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import both_forms, columns_of, run_rule, take, traced

RULE = "household.keep_ties"
P = Parameters(
    gain=0.02, decay=0.005, inequality=0.5, trip_contact=0.5, enough=0.5, weak_visits=0.4, weak_decay=2.0, weak_support=0.25, feast=3.0,
    christmas=0.5, told_by_others=0.2,
)  # fmt: skip


# strength + 0.02 * contact * (1 - strength) - 0.005 * (1 + 0.5 * gap) * strength
@both_forms
@pytest.mark.parametrize(
    ("strength", "contact", "gap", "expected"),
    [
        (0.5, 0.5, 0.0, 0.5025),
        (0.5, 0.0, 0.0, 0.4975),
        (0.5, 0.5, 2.0, 0.5),
        (0.0, 1.0, 1.0, 0.02),
        (1.0, 1.0, 0.0, 0.995),
        (0.0, 0.0, 3.0, 0.0),
    ],
)
def test_next_strength_by_hand(form: str, strength: float, contact: float, gap: float, expected: float) -> None:
    assert take(next_strength, form)(strength, contact, gap, 0.02, 0.005, 0.5) == pytest.approx(expected)


@both_forms
def test_bounds(form: str) -> None:
    f = take(next_strength, form)
    assert f(0.9, 100.0, 0.0, 0.05, 0.005, 0.0) == 1.0
    assert f(0.1, 0.0, 1000.0, 0.02, 0.0058, 1.0) == 0.0


@both_forms
@pytest.mark.parametrize("contact", [0.01, 0.2, 1.0])
@pytest.mark.parametrize("gap", [0.0, 1.5])
def test_the_fixed_point_is_one_and_is_reached(form: str, contact: float, gap: float) -> None:
    step, point = take(next_strength, form), take(fixed_point, form)(contact, gap, 0.02, 0.005, 0.5)
    up, down = 0.02 * contact, 0.005 * (1 + 0.5 * gap)
    assert point == pytest.approx(up / (up + down))
    assert step(point, contact, gap, 0.02, 0.005, 0.5) == pytest.approx(point, abs=1e-15)
    for start in (0.0, 1.0):
        s = start
        for _ in range(3000):
            s = step(s, contact, gap, 0.02, 0.005, 0.5)
        # each month leaves the part 1 - up - down of the gap
        assert s == pytest.approx(point + (start - point) * (1 - up - down) ** 3000, abs=1e-12)


def test_the_array_form_of_the_fixed_point() -> None:
    contact, gap = np.array([0.1, 0.5]), np.array([0.0, 1.0])
    assert fixed_point_array(contact, gap, P).tolist() == pytest.approx(
        [fixed_point(c, g, 0.02, 0.005, 0.5) for c, g in zip(contact, gap, strict=True)]
    )


def test_the_fixed_point_of_acquaintances_has_fewer_visits_and_faster_fading() -> None:
    # 0.02 * 0.4 * 0.5 = 0.004 up, 0.005 * 2 * (1 + 0.5) = 0.015 down
    assert fixed_point_array(np.array([0.5]), np.array([1.0]), P, 0).tolist() == pytest.approx([0.004 / 0.019])


@both_forms
@pytest.mark.parametrize(("decay", "years"), [(0.0023, 25), (0.005, 11.5), (0.0058, 9.9)])
def test_without_contact_a_tie_halves_in_the_years_that_its_range_says(form: str, decay: float, years: float) -> None:
    s, months = 0.8, 0
    while s > 0.4:
        s, months = take(next_strength, form)(s, 0.0, 0.0, 0.02, decay, 0.3), months + 1
    assert months / 12 == pytest.approx(years, abs=0.2)


@both_forms
def test_sizes_and_factors_of_feasts(form: str) -> None:
    assert [take(feast_size, form)(code, 0.5) for code in (0, 1, 2)] == [0.0, 1.0, 0.5]
    # Gawai and Christmas: 4 and 2.5 visits instead of 1, in a year of 10 + 6.5 = 16.5, so 12 * 4 / 16.5 and so on
    f = take(feast_factor, form)
    assert [f(size, 1.5, 3.0) for size in (1.0, 0.5, 0.0)] == pytest.approx([48 / 16.5, 30 / 16.5, 12 / 16.5])
    for sizes in ([0.0] * 12, [1.0] + [0.0] * 11, [1.0] + [0.0] * 10 + [1.0], [0.3] * 12):
        assert sum(f(size, sum(sizes), 6.0) for size in sizes) == pytest.approx(12.0), "feasts move visits within the year"


@both_forms
def test_support_and_memory(form: str) -> None:
    assert [take(support_from, form)(x, 0.5) for x in (0.0, 0.5, 1.5)] == pytest.approx([0.0, 0.5, 0.75])
    assert take(remembered, form)(0.4, 0.9, 0.3) == pytest.approx(0.55)


def three(
    form: str = "compiled", p: Parameters = P, is_on: float = 1.0, gap: float = 1.0, month: int = 0, shape: Any = None, **said: Any
) -> dict[str, np.ndarray]:  # fmt: skip
    """Households 0 and 1 on one side, 2 on the other; ties 0-1 (within), 0-2 and 1-2 (across), all of strength 0.5."""
    values = {
        "kin.first": (0, 2, 4), "kin.first_across": (1, 3, 4), "kin.end": (2, 4, 6), "kin.other": (1, 2, 0, 2, 0, 1), "kin.contact": 0.5, "kin.is_kin": 1,
        "kin.is_on": is_on, "kin.income_gap": gap, "kin.strength": 0.5,
        "household.opinion_home": (0.2, 0.4, 0.8), "household.opinion_across": (0.6, 0.3, 0.1), "household.works_home": (0, 0, 1),
        "household.works_across": (0, 1, 0), "household.trips_across": (0.0, 1.0, 3.0),
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    columns = columns_of(RULE, {"household": 3, "kin": 6}, values)
    for name, column in (shape or {}).items():
        columns[name] = np.array(column, dtype=columns[name].dtype)
    return run_rule(RULE, columns, form, stop=3, p=p, month=month)


@both_forms
def test_ties_by_hand(form: str) -> None:
    done = three(form, kin__is_kin=1, household__knows_work=(0.0, 1.0, 0.0))
    # within: 0.5 + 0.02*0.5*0.5 - 0.005*0.5 = 0.5025. Across, trips of both together, 2 at most: contact 0.5 + 0.5*2 = 1.5
    # 0.5 + 0.02*1.5*0.5 - 0.005*1.5*0.5 = 0.51125
    within, over = 0.5025, 0.51125
    half = 0.5 + 0.02 * 1.0 * 0.5 - 0.005 * 1.5 * 0.5  # with one trip of both together
    assert half < over
    assert done["kin.strength"].tolist() == pytest.approx([within, over, within, over, over, over], rel=1e-6)
    assert done["household.support_across"].tolist() == pytest.approx([over / (over + 0.5)] * 2 + [2 * over / (2 * over + 0.5)], rel=1e-6)
    # household 0 hears of care across from 1 (its opinion of across: 0.3) and from 2, for whom that is home (0.8)
    heard = [(within * 0.3 + over * 0.8) / (within + over), (within * 0.6 + over * 0.8) / (within + over), (0.2 + 0.4) / 2]
    assert done["household.heard_across"].tolist() == pytest.approx(heard, rel=1e-6)
    # of work across: 1 works there; 2 has a job at home, which is there; 2 hears of work on the other side from 0 and 1, who live there
    work = [1.0, over / (within + over), 0.2]
    assert done["household.heard_work"].tolist() == pytest.approx(work, rel=1e-6)
    assert done["household.visits_across"].tolist() == pytest.approx([0.5, 0.5, 1.0])


@both_forms
def test_acquaintances_by_hand(form: str) -> None:
    """Of the ties of :func:`three` that across of 0 and 2 and that within are acquaintances."""
    done = three(form, kin__is_kin=(0, 0, 0, 1, 0, 1))
    # within: 0.5 + 0.02*0.4*0.5*0.5 - 0.01*0.5 = 0.497; across: contact 0.2 + 0.5*2: 0.5 + 0.02*1.2*0.5 - 0.01*1.5*0.5 = 0.5045
    within, weak, kin = 0.497, 0.5045, 0.51125
    assert done["kin.strength"].tolist() == pytest.approx([within, weak, within, kin, weak, kin], rel=1e-6)
    counted = [0.25 * weak, kin, 0.25 * weak + kin]
    assert done["household.support_across"].tolist() == pytest.approx([c / (c + 0.5) for c in counted], rel=1e-6)
    heard = [
        (within * 0.3 + weak * 0.8) / (within + weak),
        (within * 0.6 + kin * 0.8) / (within + kin),
        (weak * 0.2 + kin * 0.4) / (weak + kin),
    ]
    assert done["household.heard_across"].tolist() == pytest.approx(heard, rel=1e-6), "they tell as much as kin of the same strength"
    assert done["household.visits_across"].tolist() == pytest.approx([0.2, 0.5, 0.7])


@both_forms
def test_who_knows_of_work_tells_a_part(form: str) -> None:
    done = three(form, household__works_across=0, household__works_home=0, household__knows_work=(0.5, 1.0, 0.9))
    within, over = 0.5025, 0.51125
    # within a side what they know counts, across that they live there
    work = [(within * 0.2 * 1.0 + over * 0.2) / (within + over), (within * 0.2 * 0.5 + over * 0.2) / (within + over), 0.2]
    assert done["household.heard_work"].tolist() == pytest.approx(work, rel=1e-6)


@both_forms
def test_visits_in_months_of_feasts(form: str) -> None:
    """People 0 keeps Gawai and Christmas, people 1 nothing; household 2 is of people 1."""
    feast = np.zeros((24, 2), dtype=np.int8)
    feast[[5, 17], 0], feast[[11, 23], 0] = 1, 2
    columns = {"kin.feast": feast, "household.group": (0, 0, 1)}
    of_year = [three(form, month=month, shape=columns)["household.visits_across"] for month in range(12, 24)]
    june, december, march = 48 / 16.5, 30 / 16.5, 12 / 16.5
    for at, factor in ((5, june), (11, december), (2, march)):
        # household 0's tie across and both of 2's: half by the feasts of each end
        tie = 0.5 * 0.5 * (factor + 1.0)
        assert of_year[at].tolist() == pytest.approx([tie, tie, 2 * tie])
    assert np.sum(of_year, axis=0).tolist() == pytest.approx([6.0, 6.0, 12.0]), "as many in the year as without feasts"
    within = three(form, month=17, shape=columns)["kin.strength"][0]
    assert within == pytest.approx(0.5 + 0.02 * 0.5 * june * 0.5 - 0.005 * 0.5)
    before = [three(form, month=m, shape=columns)["household.visits_across"][0] for m in (-7, -12)]
    assert before == pytest.approx([0.25 * (june + 1), 0.25 * (march + 1)]), "months before 1980 have the feasts of that year"


@both_forms
def test_without_kinship_ties_across_count_for_nothing(form: str) -> None:
    done = three(form, is_on=0.0)
    assert (done["household.support_across"] == 0.0).all() and (done["household.visits_across"] == 0.0).all()
    assert done["kin.strength"].tolist() == pytest.approx([0.5025, 0.5, 0.5025, 0.5, 0.5, 0.5], rel=1e-6)
    assert done["household.heard_across"].tolist() == pytest.approx([0.3, 0.6, 0.0], rel=1e-6)
    assert done["household.heard_work"].tolist() == pytest.approx([1.0, 0.0, 0.0], rel=1e-6)


def test_directions() -> None:
    over = lambda **s: three(**s)["kin.strength"][1]  # noqa: E731
    base = over()
    assert over(household__trips_across=(0.0, 0.0, 0.0)) < over(household__trips_across=(0.0, 0.0, 1.0)) < base  # trips keep ties alive
    assert over(gap=3.0) < base  # inequality weakens them
    assert over(kin__contact=0.9) > base > over(kin__contact=0.1)
    assert three(gap=3.0)["kin.strength"][0] == three()["kin.strength"][0]  # not those within a side
    assert over(kin__is_kin=0) < base  # acquaintances fade faster
    assert three(kin__is_kin=0)["household.support_across"][0] < three()["household.support_across"][0]


def test_a_household_without_ties_hears_nothing() -> None:
    values = {"kin.first": 0, "kin.first_across": 0, "kin.end": 0, "kin.is_on": 1.0, "household.support_across": 0.5, "household.heard_work": 0.5,
              "household.visits_across": 7.0}  # fmt: skip
    done = run_rule(RULE, columns_of(RULE, {"household": 1, "kin": 0}, values), stop=1, p=P)
    for name in ("support_across", "heard_across", "heard_work", "visits_across"):
        assert done[f"household.{name}"].tolist() == [0.0], name


@both_forms
def test_remember_by_hand(form: str) -> None:
    # two visits home (clinic 0.4, hospital 0.8), one across (0.9): good at home 1.2/3 = 0.4, across 0.9/3 = 0.3; memory 0.5
    values = {"household.n_workers": (3, 3), "household.activity": [(SERVICES, UNDOCUMENTED, PASS, -1, -1, -1), (FARM, FARM, LOOKING, -1, -1, -1)],
              "household.care_visits": [(0, 1, 1, 1, 0), (0, 0, 0, 0, 0)], "village.quality_care": (0.1, 0.4, 0.8, 0.9, 1.0),
              "household.opinion_home": 0.2, "household.opinion_across": 0.1}  # fmt: skip
    values |= {"household.heard_work": 0.25, "household.trader": (1, -1), "trader.good": (-1, 2), "household.trips_mean": (1.6, 1.2)}
    columns = columns_of("household.remember", {"household": 2, "village": 1, "trader": 2}, values)
    done = run_rule("household.remember", columns, form, stop=2, p=Memory(memory=0.5))
    assert done["household.opinion_home"].tolist() == pytest.approx([0.3, 0.2])  # who went nowhere keeps its opinion
    assert done["household.opinion_across"].tolist() == pytest.approx([0.2, 0.1])
    assert done["household.works_home"].tolist() == [1, 0]
    assert done["household.works_across"].tolist() == [1, 0]
    assert done["household.knows_work"].tolist() == [1.0, 0.25]  # who works there knows, others know what they have heard
    assert done["household.trips_across"].tolist() == [4.0, 0.0]  # one for care, two to work, one with goods
    assert done["household.trips_mean"].tolist() == pytest.approx([1.8, 1.1])


@both_forms
def test_a_trip_with_goods_is_that_of_the_household_s_own_trader(form: str) -> None:
    values = {"household.n_workers": 1, "household.activity": FARM, "household.trader": (2, -1, 0, 1), "trader.good": (0, -1, 3)}
    columns = columns_of("household.remember", {"household": 4, "village": 1, "trader": 3}, values)
    done = run_rule("household.remember", columns, form, stop=4, p=Memory())
    assert done["household.trips_across"].tolist() == [1.0, 0.0, 1.0, 0.0]


def test_each_side_tells_of_the_other() -> None:
    """Five households, ties of unlike strengths: kin on this side tell what they know of the other, kin there of their own."""
    values = {
        "kin.first": (0, 3, 5, 5, 6), "kin.first_across": (1, 5, 5, 5, 7), "kin.end": (3, 5, 5, 6, 8), "kin.other": (1, 3, 4, 0, 4, 0, 1, 2),
        "kin.contact": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), "kin.pair": (8, 1, 2, 0, 4, 5, 6, 7), "kin.is_on": 1.0, "kin.income_gap": 1.5,
        "kin.strength": (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), "household.opinion_home": (0.1, 0.2, 0.3, 0.4, 0.5),
        "household.opinion_across": (0.9, 0.8, 0.7, 0.6, 0.55), "household.works_home": (1, 0, 1, 1, 0), "household.works_across": (1, 1, 0, 1, 1),
        "kin.is_kin": (1, 0, 1, 0, 1, 1, 0, 1), "household.knows_work": (1.0, 1.0, 0.3, 1.0, 1.0),
        "household.trips_across": (0.25, 0.5, 1.0, 0.75, 4.0), "household.support_across": 9.0, "household.heard_across": 9.0, "household.heard_work": 9.0,
    }  # fmt: skip
    columns = columns_of(RULE, {"household": 5, "kin": 8, "place": 3}, values)
    calls = traced(RULE, columns, "next_strength", "support_from", stop=5, p=P)
    first, across, end, other = (values[f"kin.{k}"] for k in ("first", "first_across", "end", "other"))
    strength, expected, totals = list(values["kin.strength"]), [], []
    for i in range(5):
        total = told = heard = work = 0.0
        for e in range(first[i], end[i]):
            j, over = other[e], e >= across[i]
            trips = min(values["household.trips_across"][i] + values["household.trips_across"][j], 2.0) if over else 0.0
            often, decay = (1.0, 0.005) if values["kin.is_kin"][e] else (0.4, 0.01)
            meets = often * values["kin.contact"][values["kin.pair"][e]] + 0.5 * trips
            expected.append((strength[e], meets, 1.5 if over else 0.0, 0.02, decay, 0.5))
            strength[e] = next_strength(*expected[-1])
            told += strength[e]
            total += strength[e] * over * (1.0 if values["kin.is_kin"][e] else 0.25)
            heard += strength[e] * values["household.opinion_home" if over else "household.opinion_across"][j]
            works = values["household.works_home" if over else "household.works_across"][j]
            work += strength[e] * (1.0 if works else 0.2 * (1.0 if over else values["household.knows_work"][j]))
        totals.append((total, 0.5))
        assert columns["household.support_across"][i] == pytest.approx(total / (total + 0.5))
        assert columns["household.heard_across"][i] == pytest.approx(heard / told if told else 0.0)
        assert columns["household.heard_work"][i] == pytest.approx(work / told if told else 0.0)
    assert calls["next_strength"] == [pytest.approx(said) for said in expected]
    assert calls["support_from"] == [pytest.approx(said) for said in totals]
    assert columns["kin.strength"].tolist() == pytest.approx(strength)
    assert columns["household.heard_across"][2] == 0.0  # no ties, nothing heard


@both_forms
def test_what_several_households_remember(form: str) -> None:
    visits = [(0, 1, 2, 0, 3), (0, 0, 0, 2, 1), (2, 1, 0, 0, 0), (0, 0, 0, 0, 0), (0, 0, 0, 1, 0)]
    # what stands beyond those of the labour force is no activity
    activity = [
        (ESTATE, TIMBER, UNDOCUMENTED, PASS, FARM, FARM), (FARM, PERMIT, ESTATE, ESTATE, ESTATE, ESTATE), (FARM, LOOKING, UNDOCUMENTED, PASS, PERMIT, PASS),
        (LOOKING, PUBLIC, PASS, PASS, PASS, PASS), (UNDOCUMENTED, UNDOCUMENTED, PERMIT, SERVICES, FARM, FARM),
    ]  # fmt: skip
    n_workers, village = (4, 2, 2, 2, 3), (1, 0, 1, 0, 1)
    quality = [(0.05, 0.1, 0.2, 0.3, 0.4), (0.45, 0.5, 0.6, 0.7, 0.8)]
    heard, mean, trader, good = (0.1, 0.2, 0.3, 0.4, 0.5), (0.0, 1.2, 2.4, 3.6, 4.8), (-1, 1, 0, -1, 2), (3, -1, 0)
    values = {"household.village": village, "household.n_workers": n_workers, "household.activity": activity, "household.care_visits": visits,
              "village.quality_care": quality, "household.opinion_home": 0.25, "household.opinion_across": 0.75, "household.works_home": 5,
              "household.works_across": 6, "household.knows_work": 7.0, "household.trips_across": 7.0, "household.trips_mean": mean,
              "household.heard_work": heard, "household.trader": trader, "trader.good": good}  # fmt: skip
    done = run_rule(
        "household.remember",
        columns_of("household.remember", {"household": 5, "village": 2, "trader": 3}, values),
        form,
        stop=5,
        p=Memory(memory=0.4),
    )
    at_home, across = {ESTATE, TIMBER, SERVICES, PUBLIC}, {PASS, PERMIT, UNDOCUMENTED}
    for i in range(5):
        here, made = activity[i][: n_workers[i]], visits[i]
        seen = [k * q for k, q in zip(made, quality[village[i]], strict=True)]
        for name, pair, before in (("opinion_home", (0, 1, 2), 0.25), ("opinion_across", (3, 4), 0.75)):
            good_part = sum(seen[k] for k in pair) / sum(made) if sum(made) else before
            assert done[f"household.{name}"][i] == pytest.approx(before + 0.4 * (good_part - before)), (i, name)
        away = sum(k in across for k in here)
        assert done["household.works_home"][i] == int(any(k in at_home for k in here))
        assert done["household.works_across"][i] == int(away > 0)
        assert done["household.knows_work"][i] == pytest.approx(1.0 if away else heard[i])
        trips = made[3] + made[4] + away + int(trader[i] >= 0 and good[trader[i]] >= 0)
        assert done["household.trips_across"][i] == trips
        assert done["household.trips_mean"][i] == pytest.approx(mean[i] + (trips - mean[i]) / 12.0)
    assert done["household.works_home"].tolist() == [1, 0, 0, 1, 0] and done["household.works_across"].tolist() == [1, 1, 0, 0, 1]
    assert done["household.trips_across"].tolist() == [5.0, 4.0, 1.0, 0.0, 5.0], "one for each who works across, each visit, and a deal"
