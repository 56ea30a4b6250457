"""Limits of a household's members: the last adult, the ninth child, the seventh adult, and who leaves with whom."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.compiled import plain
from agents.core.draws import uniform
from agents.household import live
from agents.household.live import (
    AGES,
    Parameters,
    births_by_age,
    chance_to_leave,
    chances,
    life_table,
    live_year,
    most_splits,
)

P = Parameters()
NEVER, ALWAYS = np.zeros((2, AGES)), np.ones((2, AGES))
STAY = P._replace(leave_18=0.0, leave_21=0.0, leave_25=0.0)


class People:
    """Households given by the ages of their adults and children, all of one side."""

    def __init__(
        self, adults: list[list[int]], children: list[list[int]] | None = None, activity: list[list[int]] | None = None, side: int = 0
    ):
        n = len(adults)
        children = [[] for _ in adults] if children is None else children
        self.uid, self.side = np.arange(n, dtype=np.int64) + 1000, np.full(n, side, dtype=np.int8)
        self.n_adults, self.n_children = np.array([len(a) for a in adults], np.int8), np.array([len(c) for c in children], np.int8)
        self.adult_age, self.child_age = filled(adults, 6), filled(children, 8)
        self.activity = filled([[0] * len(a) for a in adults] if activity is None else activity, 6)

    def live(self, birth: Any = NEVER, born: float = 1.0, survive: Any = ALWAYS, p: Any = STAY, month: int = 12, seed: int = 3) -> Any:
        """A year; gives births, deaths and who split off as (mother, turn, ages of adults, ages of children, activities)."""
        births, deaths = np.zeros((2, len(self.uid)), dtype=np.int64)
        most = most_splits(self.n_adults, self.child_age)
        mother, turn = np.empty((2, most), dtype=np.int64)
        n_adults, n_children = np.empty((2, most), dtype=np.int8)
        ages, doing, kids = np.empty((most, 6), np.int8), np.empty((most, 6), np.int8), np.empty((most, 8), np.int8)
        n = live_year(
            seed, month, p, birth, np.full(2, born), survive, self.uid, self.side, self.n_adults, self.n_children, self.adult_age,
            self.child_age, self.activity, births, deaths, mother, turn, n_adults, n_children, ages, kids, doing,
        )  # fmt: skip
        assert n <= most
        new = []
        for k in range(n):
            a, c = int(n_adults[k]), int(n_children[k])
            assert (ages[k, a:] == -1).all() and (kids[k, c:] == -1).all() and (doing[k, a:] == -1).all()
            new.append((int(mother[k]), int(turn[k]), ages[k, :a].tolist(), kids[k, :c].tolist(), doing[k, :a].tolist()))
        for i in range(len(self.uid)):
            assert (self.adult_age[i, self.n_adults[i] :] == -1).all() and (self.child_age[i, self.n_children[i] :] == -1).all()
            assert (self.activity[i, self.n_adults[i] :] == -1).all()
        return births, deaths, new

    def adults(self, i: int = 0) -> list[int]:
        return self.adult_age[i, : self.n_adults[i]].tolist()

    def children(self, i: int = 0) -> list[int]:
        return self.child_age[i, : self.n_children[i]].tolist()

    def people(self) -> int:
        return int(self.n_adults.sum()) + int(self.n_children.sum())


def filled(rows: list[list[int]], width: int) -> np.ndarray:
    return np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int8).reshape(-1, width)


def at_ages(chance: float, ages: Any) -> np.ndarray:
    """A chance at these ages of both sides, 0 at others."""
    table = np.zeros((2, AGES))
    table[:, list(ages)] = chance
    return table


# ---- tables -------------------------------------------------------------------------------------------------------------


def test_nobody_lives_beyond_a_hundred() -> None:
    people = People([[100], [99]])
    _, deaths, _ = people.live(survive=np.stack([life_table(30.0, 0.0).survive] * 2))
    assert people.n_adults[0] == 0 and deaths[0] == 1


def test_a_household_without_members_is_empty() -> None:
    people = People([[70, 71]], [[]])
    _, deaths, new = people.live(survive=NEVER)
    assert people.n_adults[0] == people.n_children[0] == 0 and deaths[0] == 2 and new == []


def test_the_last_adult_lives_for_the_children() -> None:
    people = People([[70, 30, 45], [100], [50]], [[3], [4], [14, 2]], [[0, 3, 1], [2], [0]])
    survive = ALWAYS.copy()
    survive[:, 15:] = 0.0
    _, deaths, _ = people.live(survive=survive)
    assert people.adults(0) == [31] and people.activity[0, 0] == 3 and deaths.tolist() == [2, 0, 1], "the youngest of them"
    assert people.adults(1) == [100], "the highest age there is"
    assert people.adults(2) == [15] and people.children(2) == [3], "a brother of fifteen looks after them"


def test_no_ninth_child() -> None:
    people = People([[30, 29]], [[1, 2, 3, 4, 5, 6, 7]])
    births, _, _ = people.live(birth=at_ages(1.0, (29, 30)))
    assert births[0] == 1 and people.n_children[0] == 8
    births, _, _ = people.live(birth=at_ages(1.0, (30, 31)), month=24)
    assert births[0] == 0 and people.n_children[0] == 8


# ---- leaving ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "chance"), [(0, 0.0), (17, 0.0), (18, 0.1), (20, 0.1), (21, 0.2), (24, 0.2), (25, 0.3), (34, 0.3), (35, 0.0), (100, 0.0)]
)  # fmt: skip
def test_chance_to_leave(age: int, chance: float) -> None:
    p = P._replace(leave_18=0.1, leave_21=0.2, leave_25=0.3)
    assert chance_to_leave(age, p) == plain(chance_to_leave)(age, p) == chance


#: Houses that keep no child: see test_live_staying.py for those that do.
GO = P._replace(leave_18=1.0, leave_21=1.0, leave_25=1.0, one_stays=0.0)


@pytest.mark.parametrize(
    ("adults", "gone", "stay"),
    [
        ([50, 48, 20, 18, 17], [21, 19, 18], [51, 49]),  # each child of 18 or more now, the oldest first
        ([50, 48, 20, 16], [21], [51, 49, 17]),
        ([50, 48, 17], [18], [51, 49]),
        ([50, 48, 16], [], [51, 49, 17]),
        ([50, 48, 34], [], [51, 49, 35]),  # too old to leave of his own will
        ([50, 20], [], [51, 21]),  # one stays with a parent
        ([50, 22, 20], [21], [51, 23]),
        ([75, 45, 43, 20], [21], [76, 46, 44]),  # the couple stays with the old mother
        ([32, 31, 18], [], [33, 32, 19]),  # fourteen years younger is no child
        ([33, 31, 18], [19], [34, 32]),
        ([20, 48, 50], [21], [49, 51]),  # in any order of the adults
        ([20, 48, 23, 50], [24, 21], [49, 51]),
    ],
)
def test_who_leaves(adults: list[int], gone: list[int], stay: list[int]) -> None:
    people = People([adults])
    _, _, new = people.live(p=GO)
    assert [one[2] for one in new] == [[age, age] for age in gone] and people.adults() == stay
    assert [one[:2] for one in new] == [(0, turn) for turn in range(len(gone))]


def test_a_draw_of_each_child_decides() -> None:
    people = People([[50, 48, 23, 19]] * 3000)
    _, _, new = people.live(p=P._replace(leave_18=0.3, leave_21=0.2, one_stays=0.0), month=36, seed=9)
    older = [i for i in range(3000) if uniform(9, live.LEAVE, 36, 1000 + i, 2) < 0.2]
    younger = [i for i in range(3000) if uniform(9, live.LEAVE, 36, 1000 + i, 3) < 0.3]
    assert [one[0] for one in new if one[2] == [24, 24]] == older and [one[0] for one in new if one[2] == [20, 20]] == younger
    both = len(set(older) & set(younger))
    assert both == pytest.approx(180, abs=60) and len(new) == len(older) + len(younger), "one by one: the other's leaving says nothing"


def test_what_adults_do_goes_with_them() -> None:
    people = People([[20, 50, 48, 22]], activity=[[3, 1, -1, 2]])
    _, _, new = people.live(p=GO)
    assert [one[2:] for one in new] == [([23, 23], [], [2, 2]), ([21, 21], [], [3, 3])]
    assert people.adults() == [51, 49] and people.activity[0, :2].tolist() == [1, -1]


def test_children_go_with_the_one_whose_they_may_be() -> None:
    # a child of 0 is born by who is 21; 16 years ago the 48 year old was 32 (and the child of 21 five): only parents can have the older one
    birth = at_ages(0.1, range(15, 45))
    people = People([[50, 48, 20]], [[0, 13]])
    _, _, new = people.live(birth=at_ages(0.0, ()), p=GO)
    assert new[0][3] == [] and people.children() == [1, 14], "nobody had children, so all stay"
    together = 0
    for seed in range(200):
        people = People([[50, 47, 20]], [[1, 12]])
        _, _, new = people.live(birth=birth * 1e-9, p=GO, seed=seed)
        assert people.people() + (len(new[0][2]) + len(new[0][3])) / live.PARTNERS == 5 and 13 not in new[0][3]
        together += new[0][3] == [2, 2]
    assert together == 200, "two years ago 51 and 48 were too old, 21 was 19; the partner has one like it"
    parts = sum(People([[40, 39, 20]], [[0]]).live(birth=birth * 1e-9, p=GO, seed=seed)[2][0][3] == [1, 1] for seed in range(900))
    assert parts / 900 == pytest.approx(1 / 3, abs=0.05), "one of three adults who had children at the same rate"


def test_no_more_children_go_than_two_partners_have_room_for() -> None:
    people = People([[60, 58, 30]], [[0, 1, 2, 3, 4]])
    _, _, new = people.live(birth=1e-9 * at_ages(1.0, range(15, 45)), p=GO)
    assert new[0][3] == [1, 1, 2, 2, 3, 3, 4, 4] and people.children() == [5], "the last one of five stays"


def test_seven_adults_do_not_fit() -> None:
    people = People([[45, 44, 17, 16, 15, 15]], [[14]])
    _, _, new = people.live()
    assert new == [(0, 0, [18, 18], [], [0, 0])] and people.adults() == [46, 45, 17, 16, 16, 15]
    old = People([[90, 70, 69, 68, 67, 66]], [[14]])
    assert old.live()[2][0][2] == [70, 70] and old.adults() == [91, 71, 69, 68, 67, 15], (
        "where there is no child of age the next oldest leaves"
    )


def test_many_come_of_age_at_once() -> None:
    people = People([[45, 44, 30, 29, 28, 27]], [[14] * 8])
    before = people.people()
    _, _, new = people.live()
    assert people.n_adults[0] == 6 and people.people() + sum(len(one[2]) + len(one[3]) for one in new) / live.PARTNERS == before
    assert [one[1] for one in new] == list(range(len(new))) and len(new) == 8 and {45 + 1, 44 + 1} <= set(people.adults())


def test_bound_of_those_who_split_off() -> None:
    people = People([[40], [40, 39], [40, 39, 38], [40, 39]], [[], [14], [14, 14, 13], []])
    assert most_splits(people.n_adults, people.child_age) == 0 + 1 + 3 + 0


# ---- many ---------------------------------------------------------------------------------------------------------------------


def test_a_cohort_survives_as_the_table_says() -> None:
    survive = np.stack([life_table(81.0, 0.0).survive] * 2)
    people = People([[30]] * 20000)
    for year in range(1, 21):
        people.live(survive=survive, month=12 * year)
        keep = people.n_adults > 0
        for name in ("uid", "side", "n_adults", "n_children", "adult_age", "child_age", "activity"):
            setattr(people, name, np.ascontiguousarray(getattr(people, name)[keep]))
    expected = float(np.prod(survive[0, 30:50]))
    assert len(people.uid) / 20000 == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 20000))
    assert set(people.adult_age[:, 0].tolist()) == {50}


def test_births_are_those_of_the_rates() -> None:
    people = People([[17, 22, 33, 48]] * 5000)
    birth = np.stack([births_by_age(5.5), births_by_age(2.0)])
    births, deaths, _ = people.live(birth=birth, born=0.9)
    expected = birth[0, [17, 22, 33, 48]].sum()
    assert births.sum() / 5000 == pytest.approx(expected, abs=4 * math.sqrt(expected / 5000))
    assert deaths.sum() / births.sum() == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / births.sum()))
    other = People([[17, 22, 33, 48]] * 5000, side=1)
    assert other.live(birth=birth)[0].sum() < 0.5 * births.sum()


def test_without_births_nobody_is_a_child_after_fifteen_years() -> None:
    people = People([[40, 38]] * 50, [[0, 5, 10, 14]] * 50)
    for year in range(1, 16):
        people.live(month=12 * year)
        assert (people.n_children > 0).all() or year == 15
    assert people.n_children.sum() == 0 and people.people() == 50 * 6


def test_nobody_is_lost() -> None:
    rng = np.random.default_rng(3)
    adults = [rng.integers(15, 101, rng.integers(1, 7)).tolist() for _ in range(800)]
    children = [rng.integers(0, 15, rng.integers(0, 9)).tolist() for _ in range(800)]
    birth, born, survive = chances([(5.5, 119.0)] * 2, P)
    people = People(adults, children)
    before = people.people()
    births, deaths, new = people.live(birth=birth, born=float(born[0]), survive=survive, p=P._replace(leave_21=0.5))
    gone = sum(len(one[2]) + len(one[3]) for one in new) / live.PARTNERS
    assert people.people() + gone == before + births.sum() - deaths.sum() and gone > 100 and births.sum() > 50 and deaths.sum() > 50
    assert people.n_adults.max() <= 6 and people.n_children.max() <= 8


def test_one_more_household_changes_nobody_else() -> None:
    birth, born, survive = chances([(5.5, 119.0)] * 2, P)
    some, more = People([[40, 38, 20, 19]] * 200, [[3, 7]] * 200), People([[40, 38, 20, 19]] * 201, [[3, 7]] * 201)
    found = [one.live(birth=birth, born=float(born[0]), survive=survive, p=GO) for one in (some, more)]
    assert np.array_equal(found[0][0], found[1][0][:200]) and found[0][2] == [one for one in found[1][2] if one[0] < 200]
    assert np.array_equal(some.adult_age, more.adult_age[:200]) and np.array_equal(some.child_age, more.child_age[:200])


def test_plain_python_is_the_compiled_year() -> None:
    birth, born, survive = chances([(5.5, 119.0)] * 2, P)
    found = []
    for year in (live_year, plain(live_year)):
        people = People([[40, 38, 20, 19, 15], [70, 30]] * 15, [[3, 7, 14], [1]] * 15)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(globals(), "live_year", year)
            found.append(
                (people.live(birth=birth, born=float(born[0]), survive=survive)[2], people.adult_age.tobytes(), people.child_age.tobytes())
            )
    assert found[0] == found[1]
