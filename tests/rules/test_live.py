"""Who is born, dies, comes of age and leaves: one household at a time by hand, and cohorts against closed forms."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.draws import uniform
from agents.household import live
from agents.household.live import (
    AGES,
    Parameters,
    births_by_age,
    chances,
    life_table,
    live_year,
    most_splits,
    order_workers,
    settle_workers,
    wanted_workers,
)
from agents.surroundings import LOOKING

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


def test_a_life_table_by_hand() -> None:
    # Brass: the logit of the dead is that of the standard, moved so that infant deaths are those given. 0.15 is the standard's own to 4 digits.
    q1 = 1.0 / (1.0 + math.exp(2 * 0.8670))
    table = life_table(1000 * q1, 0.0)
    alive = [1.0, 1.0 - q1, 1.0 / (1.0 + math.exp(-2 * 0.7152)), 1.0 / (1.0 + math.exp(-2 * 0.6552))]
    assert table.born == pytest.approx(0.3 + 0.7 * alive[1], rel=1e-12)
    assert table.survive[0] == pytest.approx(0.5 * (alive[1] + alive[2]) / table.born, rel=1e-12)
    assert table.survive[1] == pytest.approx((alive[2] + alive[3]) / (alive[1] + alive[2]), rel=1e-12)
    assert table.survive[AGES - 1] == 0.0 and ((table.survive[:-1] > 0) & (table.survive[:-1] < 1)).all()
    assert table.expectation == pytest.approx(43.6, abs=0.5), "the general standard's own"


def test_a_steeper_table_by_hand() -> None:
    # the same infant deaths, and of those who die at 65 the logit is further from that of infants
    table, usual = life_table(8.0, 0.0, 1.3), life_table(8.0, 0.0)
    shift = 0.5 * math.log(0.008 / 0.992) + 1.3 * 0.8670
    lived = 0.5 * sum(1.0 / (1.0 + math.exp(2 * (shift + 1.3 * y))) for y in (0.3746, 0.3746 + (0.5818 - 0.3746) / 5))  # between 65 and 66
    assert table.born == pytest.approx(usual.born, rel=1e-12) and table.born * table.survive[:65].prod() == pytest.approx(lived, rel=1e-12)
    assert table.expectation < usual.expectation - 5


def test_expectation_of_life_of_sarawak() -> None:
    """HH35: 74.6 years of men and 78.4 of women in 2020."""
    assert life_table(7.0, 0.0, P.death_slope_my).expectation == pytest.approx(0.5 * (74.6 + 78.4), abs=1.0)


def test_halfway_between_two_ages_the_logit_is_the_mean() -> None:
    q1 = 1.0 / (1.0 + math.exp(2 * 0.8670))
    survive, born = life_table(1000 * q1, 0.0).survive, life_table(1000 * q1, 0.0).born
    lived = born * np.cumprod(survive)  # years lived at age 1, 2, …

    def alive(logit: float) -> float:
        return 1.0 / (1.0 + math.exp(2 * logit))

    step = (-0.5498 + 0.6015) / 5
    expected = 0.5 * (alive(-0.6015 + 2 * step) + alive(-0.6015 + 3 * step))  # at age 7
    assert lived[6] == pytest.approx(expected, rel=1e-12)


def test_fewer_infant_deaths_mean_longer_lives() -> None:
    tables = [life_table(d, 0.0) for d in (144.0, 119.0, 81.0, 57.0, 30.0, 7.0)]
    for more, fewer in itertools.pairwise(tables):
        assert fewer.expectation > more.expectation and fewer.born > more.born and (fewer.survive[:-1] > more.survive[:-1]).all()
    assert life_table(57.0, 0.1).expectation < life_table(57.0, 0.0).expectation < life_table(57.0, -0.1).expectation
    # HH16: districts of West Kalimantan had 60.7 to 68.6 years in 2008, with 31 to 43 infant deaths in 2006
    assert 60.7 < life_table(37.0, 0.0).expectation < 68.6


def test_births_by_age_add_up_to_half_a_womans() -> None:
    chance = births_by_age(5.5)
    assert (
        chance.sum() == pytest.approx(2.75, rel=1e-12)
        and (chance[:15] == 0).all()
        and (chance[50:] == 0).all()
        and (chance[15:50] > 0).all()
    )
    assert chance[20] == chance[24] > chance[25] > chance[15] and chance[20] / chance[49] == pytest.approx(248 / 13)
    assert births_by_age(0.0).sum() == 0.0


def test_tables_of_both_sides() -> None:
    birth, born, survive = chances([(5.5, 119.0), (4.0, 30.0)], P._replace(death_level=0.1))
    assert birth.shape == survive.shape == (2, AGES) and birth[0].sum() == pytest.approx(2.75) and birth[1].sum() == pytest.approx(2.0)
    for k, (deaths, slope) in enumerate(((119.0, 1.0), (30.0, 1.15))):
        table = life_table(deaths, 0.1, slope)
        assert born[k] == table.born and np.array_equal(survive[k], table.survive)


# ---- the labour force -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "share", "u", "wanted"),
    [
        (0, 0.7, 0.99, 0),
        (1, 0.1, 0.0, 1),
        (1, 0.7, 0.9, 1),
        (2, 0.65, 0.69, 1),
        (2, 0.65, 0.71, 2),
        (3, 0.65, 0.04, 1),
        (3, 0.65, 0.06, 2),
        (6, 1.0, 0.99, 6),
    ],
)
def test_workers_of_a_household(n: int, share: float, u: float, wanted: int) -> None:
    assert wanted_workers(n, share, u) == wanted


@pytest.mark.parametrize(
    ("age", "doing", "share", "u", "ages", "activity"),
    [
        # two of three: the oldest enter first, looking for work, and stand first then
        ([16, 40, 38], [-1, -1, -1], 2 / 3, 0.5, [40, 38, 16], [LOOKING, LOOKING, -1]),
        # who works goes on, and keeps what he does
        ([40, 38, 16], [-1, 3, -1], 2 / 3, 0.5, [40, 38, 16], [LOOKING, 3, -1]),
        # at 65 nobody is in the labour force; the next oldest enters
        ([65, 38, 16, 15], [2, -1, -1, -1], 0.5, 0.5, [38, 16, 65, 15], [LOOKING, LOOKING, -1, -1]),
        ([64, 70], [-1, 1], 0.65, 0.0, [64, 70], [LOOKING, -1]),
        ([90, 66], [0, 0], 0.65, 0.9, [90, 66], [-1, -1]),
        # too many: the youngest leaves the labour force
        ([20, 45, 44], [1, 2, 3], 0.5, 0.0, [45, 20, 44], [2, -1, -1]),
        # of equals the first
        ([30, 30, 30], [-1, -1, -1], 0.5, 0.0, [30, 30, 30], [LOOKING, -1, -1]),
    ],
)  # fmt: skip
def test_who_is_in_the_labour_force(age: list[int], doing: list[int], share: float, u: float, ages: list[int], activity: list[int]) -> None:
    found, does = filled([age], 6)[0], filled([doing], 6)[0]
    workers = order_workers(len(age), share, u, found, does)
    assert found.tolist() == ages + [-1] * (6 - len(age)) and does.tolist() == activity + [-1] * (6 - len(age))
    assert workers == sum(k >= 0 for k in activity)


def test_participation_is_the_share_where_households_are_large() -> None:
    people = People([[50, 48, 30, 28, 26, 24]] * 4000)
    n_workers = np.zeros(4000, dtype=np.int8)
    for share in (0.6, 0.7, 1.0):
        settle_workers(3, np.array([share, 0.0]), people.uid, people.side, people.n_adults, people.adult_age, people.activity, n_workers)
        assert n_workers.mean() / 6 == pytest.approx(share, abs=4 * 0.5 / 6 / math.sqrt(4000))
        assert np.array_equal(people.activity >= 0, np.arange(6) < n_workers[:, None])
    u = [uniform(3, live.WORKS, 0, int(uid), 0) for uid in people.uid]
    settle_workers(3, np.array([0.65, 0.0]), people.uid, people.side, people.n_adults, people.adult_age, people.activity, n_workers)
    assert n_workers.tolist() == [int(3.9 + x) for x in u]


# ---- one year of a household ---------------------------------------------------------------------------------------------------


def test_everybody_is_a_year_older() -> None:
    people = People([[40, 38, 64]], [[3, 0, 13]], [[2, -1, 1]])
    births, deaths, new = people.live()
    assert people.adults() == [41, 39, 65] and people.children() == [4, 1, 14] and people.activity[0, :3].tolist() == [2, -1, 1]
    assert births[0] == deaths[0] == 0 and new == []


def test_a_child_of_fifteen_is_an_adult_outside_the_labour_force() -> None:
    people = People([[40]], [[14, 13]], [[2]])
    people.live()
    assert people.adults() == [41, 15] and people.children() == [14] and people.activity[0, :2].tolist() == [2, -1]


def test_births_by_each_adult_of_age() -> None:
    people = People([[30, 29, 50]], [[4]])
    births, deaths, _ = people.live(birth=at_ages(1.0, (29, 30)))
    assert births[0] == 2 and deaths[0] == 0 and people.children() == [5, 0, 0] and people.adults() == [31, 30, 51]


def test_a_newborn_may_die_within_the_year() -> None:
    people = People([[30, 29]])
    births, deaths, _ = people.live(birth=at_ages(1.0, (29, 30)), born=0.0)
    assert births[0] == 2 and deaths[0] == 2 and people.children() == [] and people.n_adults[0] == 2


def test_the_dead_leave_their_place_to_the_next() -> None:
    people = People([[70, 40, 60]], [[2, 5, 9]], [[0, 3, 1]])
    survive = ALWAYS.copy()
    survive[:, [70, 5]] = 0.0
    _, deaths, _ = people.live(survive=survive)
    assert (
        people.adults() == [41, 61]
        and people.children() == [3, 10]
        and deaths[0] == 2
        and people.activity[0].tolist() == [3, 1, -1, -1, -1, -1]
    )
