"""Who stays with the parents: houses that keep one child or two, or none, by a draw for good."""

from __future__ import annotations

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.compiled import plain
from agents.core.draws import uniform
from agents.household import live
from agents.household.live import Parameters, least_who_stay
from tests.rules.test_live import People, at_ages

GO = Parameters()._replace(leave_18=1.0, leave_21=1.0, leave_25=1.0, leave_alone=1.0)
#: Houses 1000, 1001, ... of a test, by their draws.
DRAWS = [uniform(3, live.KEEPS, 0, 1000 + i, 0) for i in range(200)]
#: All keep a child: in these a pair stays, in the others one.
ALL = GO._replace(one_stays=1.0)


@pytest.mark.parametrize(
    ("one_stays", "u", "least"),
    [(0.8, 0.0, 2), (0.8, 0.399, 2), (0.8, 0.4, 1), (0.8, 0.799, 1), (0.8, 0.8, 0), (0.0, 0.0, 0), (1.0, 0.999, 1), (1.0, 0.499, 2)],
)
def test_how_many_stay(one_stays: float, u: float, least: int) -> None:
    assert least_who_stay(one_stays, u) == plain(least_who_stay)(one_stays, u) == least


@pytest.mark.parametrize(
    ("adults", "children", "of_one", "of_two"),
    [
        # an only child, and two: nobody would stay
        ([50, 48, 20], [], [], []),
        ([50, 48, 22, 20], [], [], []),
        # of three, one stays or all; of four, two
        ([50, 48, 24, 22, 20], [], [25, 23], []),
        ([50, 48, 26, 24, 22, 20], [], [27, 25], [27, 25]),
        # brothers and sisters below 18 stay too: adults, and children whom nobody but the parents can have had
        ([50, 48, 22, 20, 15], [], [23, 21], []),
        ([50, 48, 22, 20, 16, 15], [], [23, 21], [23, 21]),
        ([50, 45, 22, 20], [12], [23, 21], []),
        ([50, 45, 22, 20], [12, 10], [23, 21], [23, 21]),
        # a child of those who leave is no brother
        ([50, 48, 22, 20], [0, 1], [], []),
        # the widowed mother has the oldest with her: he is the second oldest of the house
        ([60, 30, 28], [], [29], []),
        # a grandmother does not count, nor do the parents, who are fifteen years older or more
        ([75, 45, 43, 22, 20], [], [], []),
        ([38, 37, 22, 20], [], [], []),
        ([36, 34, 20, 19], [], [21, 20], []),  # fourteen years older may be a sister
    ],
)
def test_who_leaves_a_house_that_keeps_a_child(adults: list[int], children: list[int], of_one: list[int], of_two: list[int]) -> None:
    people = People([adults] * 200, [children] * 200)
    _, _, new = people.live(birth=1e-9 * at_ages(1.0, range(15, 45)), p=ALL)
    gone = {one[0]: one[2] for one in new}
    assert [gone.get(i, []) for i in range(200)] == [of_two if u < 0.5 else of_one for u in DRAWS]


def test_a_share_of_the_houses_keeps_a_child() -> None:
    people = People([[50, 48, 22, 20]] * 200)
    _, _, new = people.live(p=GO._replace(one_stays=0.6))
    assert {one[0] for one in new} == {i for i in range(200) if DRAWS[i] >= 0.6} and 50 < len(new) < 110
    again = People([[50, 48, 22, 20]] * 200).live(p=GO._replace(one_stays=0.6), month=24)[2]
    assert [one[0] for one in again] == [one[0] for one in new], "for good"


def test_whoever_there_is_no_room_for_goes_all_the_same() -> None:
    people = People([[45, 44, 17, 16, 15, 15]] * 20, [[14]] * 20)
    assert [one[2] for one in people.live(p=ALL._replace(leave_18=0.0))[2]] == [[18, 17]] * 20


@pytest.mark.parametrize(("grown", "leave"), [(2, 0.0), (3, 1.0), (4, 2.0)])
def test_all_but_two_leave_in_the_mean(grown: int, leave: float) -> None:
    """One child and the partner who comes in stay, which is two of a house's own children where all houses are alike."""
    people = People([[50, 48, *(20 + 2 * k for k in reversed(range(grown)))]] * 20000)
    gone = sum(len(one[2]) for one in people.live(p=ALL)[2])
    assert gone / 20000 == pytest.approx(leave, abs=0.03)


def test_old_people_are_seldom_alone_where_a_child_stays() -> None:
    """Twenty years on: of a couple with four children two stay in all houses that keep a child; where none does the parents are by themselves."""
    for one_stays, adults in ((1.0, 4), (0.0, 2)):
        people = People([[45, 44, 20, 18, 16]] * 300, [[14]] * 300)
        for year in range(1, 21):
            people.live(p=GO._replace(leave_18=0.2, leave_21=0.3, leave_25=0.4, leave_alone=0.0, one_stays=one_stays), month=12 * year)
        assert people.n_adults.mean() == pytest.approx(adults, abs=0.1)
