"""Who stays with the parents: houses that keep one child or two, or none, by a draw for good."""

from __future__ import annotations

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.compiled import plain
from agents.core.draws import uniform
from agents.household import live
from agents.household.live import Parameters, least_who_stay
from tests.rules.test_live import People, at_ages

GO = Parameters()._replace(leave_18=1.0, leave_21=1.0, leave_25=1.0)
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
        # an only child stays; of two one leaves where one stays
        ([50, 48, 20], [], [], []),
        ([50, 48, 22, 20], [], [23], []),
        # of three, two or one leave; of four, three or two
        ([50, 48, 24, 22, 20], [], [25, 23], [25]),
        ([50, 48, 26, 24, 22, 20], [], [27, 25, 23], [27, 25]),
        # brothers and sisters below 18 stay too: adults, and children whom nobody but the parents can have had
        ([50, 48, 22, 15], [], [23], []),
        ([50, 48, 22, 20, 15], [], [23, 21], [23]),
        ([50, 45, 22], [12], [23], []),
        ([50, 45, 22, 20], [12, 10], [23, 21], [23, 21]),
        # a child of the one who leaves is no brother
        ([50, 48, 22], [0, 1], [], []),
        # the widowed mother has the oldest with her: he is the second oldest of the house
        ([60, 30, 28], [], [29], []),
        ([60, 30, 28, 26], [], [29, 27], [29]),
        # a grandmother does not count, nor do the parents, who are fifteen years older or more
        ([75, 45, 43, 22], [], [], []),
        ([38, 37, 22], [], [], []),
        ([36, 34, 20], [], [21], []),  # fourteen years older may be a sister
    ],
)
def test_who_leaves_a_house_that_keeps_a_child(adults: list[int], children: list[int], of_one: list[int], of_two: list[int]) -> None:
    people = People([adults] * 200, [children] * 200)
    _, _, new = people.live(birth=1e-9 * at_ages(1.0, range(15, 45)), p=ALL)
    gone = [[one[2][0] for one in new if one[0] == i] for i in range(200)]
    assert gone == [of_two if u < 0.5 else of_one for u in DRAWS]


def test_who_would_leave_too_few_lets_another_one_go() -> None:
    """The two of 30 leave no brother of theirs but the other and the one of 15, who may be theirs; the one of 15 is a brother of both to a third."""
    people = People([[70, 68, 30, 29]] * 200, [[11]] * 200)
    _, _, new = people.live(birth=1e-9 * at_ages(1.0, (18, 19)), p=ALL)
    # eleven years ago 19 and 18: a child of each by a half, so nobody's more than the other's: it counts for neither
    assert [[one[2][0] for one in new if one[0] == i] for i in range(200)] == [[] if u < 0.5 else [31] for u in DRAWS]


def test_a_share_of_the_houses_keeps_a_child() -> None:
    people = People([[50, 48, 22]] * 200)
    _, _, new = people.live(p=GO._replace(one_stays=0.6))
    assert [one[0] for one in new] == [i for i in range(200) if DRAWS[i] >= 0.6] and 50 < len(new) < 110
    again = People([[50, 48, 22]] * 200).live(p=GO._replace(one_stays=0.6), month=24)[2]
    assert [one[0] for one in again] == [one[0] for one in new], "for good"


def test_whoever_there_is_no_room_for_goes_all_the_same() -> None:
    people = People([[45, 44, 17, 16, 15, 15]] * 20, [[14]] * 20)
    assert [one[2] for one in people.live(p=ALL._replace(leave_18=0.0))[2]] == [[18, 18]] * 20


@pytest.mark.parametrize("children", range(1, 7))
@pytest.mark.parametrize("one_stays", [0.0, 0.6, 1.0])
def test_as_many_leave_as_the_rule_says(children: int, one_stays: float) -> None:
    """In the mean all children but those who stay: 1.5 of two or more in houses that keep a child, the only one of one. Four fit beside the parents at once."""
    n = 4000
    draws = [uniform(3, live.KEEPS, 0, 1000 + i, 0) for i in range(n)]
    people = People([[50, 48] + [19 + k for k in range(min(children, 4))]] * n, [[13] * max(children - 4, 0)] * n)
    _, _, new = people.live(
        p=GO._replace(one_stays=one_stays)
    )  # of the youngest, whom nobody but the parents can have had, none leaves yet
    stay = [least_who_stay(one_stays, u) for u in draws]
    at_home = max(children - 4, 0)
    assert len(new) == sum(min(4, children) - max(min(least, children) - at_home, 0) for least in stay)
    if children <= 4:
        expected = children * (1 - one_stays) + one_stays * max(children - 1.5, 0.0)
        assert len(new) / n == pytest.approx(expected, abs=0.04)


@pytest.mark.parametrize("children", [5, 6])
def test_in_the_end_as_many_of_large_houses_leave(children: int) -> None:
    people = People([[45, 44]] * 2000, [[7 + k for k in range(children)]] * 2000)
    gone = 0
    for year in range(1, 19):
        gone += len(people.live(p=ALL, month=12 * year)[2])
    assert gone / 2000 == pytest.approx(children - 1.5, abs=0.05)


def test_old_people_are_seldom_alone_where_a_child_stays() -> None:
    """Twenty years on: of a couple with four children one or two stay in all houses that keep a child; where none does the parents are by themselves."""
    for one_stays, adults in ((1.0, 3.5), (0.0, 2)):
        people = People([[45, 44, 20, 18, 16]] * 300, [[14]] * 300)
        for year in range(1, 21):
            people.live(p=GO._replace(leave_18=0.2, leave_21=0.3, leave_25=0.4, one_stays=one_stays), month=12 * year)
        assert people.n_adults.mean() == pytest.approx(adults, abs=0.1)
