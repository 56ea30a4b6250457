"""How long is the way from a village to a facility? The compiled functions by hand: on foot, by a seat, straight to it, over the line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm.world.travel import FAR
from abm.world.villages import (
    Net,
    add_up,
    all_walked,
    fill_chosen,
    fill_hours,
    fill_ways,
    from_nodes,
    from_seats,
    mark_reached,
    mark_walked,
    on_foot,
    shortest_way,
    straight_km,
)  # fmt: skip
from agents.core.compiled import plain

# ---- distances -----------------------------------------------------------------------------------------------------------


def test_the_straight_line_is_that_on_the_sphere():
    for a, b in (
        ((1.12, 110.16), (1.1626, 110.25954)),
        ((0.9, 110.0), (2.0, 109.6)),
        ((0.0, 0.0), (0.0, 1.0)),
        ((40.0, 10.0), (40.1, 10.1)),
    ):
        p1, p2 = math.radians(a[0]), math.radians(b[0])
        h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
        assert float(straight_km(*a, *b)) == pytest.approx(2 * 6371.0 * math.asin(math.sqrt(h)), rel=1e-4)
    assert straight_km(1.0, 110.0, np.array([1.0, 1.0]), np.array([110.0, 110.5])).tolist() == [0.0, pytest.approx(55.589, abs=0.01)]


# ---- ways, by hand -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [fill_ways, plain(fill_ways)])
def test_hours_of_ways(form):
    """A footpath, a road of a district in half its condition, one in no district (mean of its side), a way that is not there, one in mud."""
    hours = np.empty(5)
    form(np.array([6.0, 30.0, 30.0, 9.0, 12.0]), np.array([0, 1, -1, 0, 0]), np.array([0, 0, 1, 0, 0]), np.array([3.0, 40.0, 40.0, 0.0, 12.0]),
         np.array([False, True, True, False, False]), np.array([1.0, 1.0, 1.0, 1.0, 0.5]), np.array([0.9, 0.5]), np.array([0.1, 0.0]), hours)  # fmt: skip
    assert hours.tolist() == [2.0, pytest.approx(1.0), pytest.approx(1.5), FAR, 2.0]


@pytest.mark.parametrize("form", [add_up, plain(add_up)])
def test_two_ways_after_each_other(form):
    hours = np.full(3, 77.0)
    form(np.array([[0, -1], [0, 2], [-1, -1]]), np.array([2.0, 5.0, 0.5]), hours)
    assert hours.tolist() == [2.0, 2.5, 0.0]


@pytest.mark.parametrize("form", [from_seats, plain(from_seats)])
def test_from_the_seat_to_a_facility(form):
    """At the seat; 4 h along its own way; in village 1 whose ways to its place 3 take 2 h and 1.5 h; in village 0, whose ways lead elsewhere."""
    hours = np.full(4, 77.0)
    form(np.array([0, 3]), np.array([-1, 1, -1, -1]), np.array([-1, -1, 1, 0]), np.array([9.0, 4.0]), np.array([0, 1, 4]), np.array([5, 3, 3, 2]),
         np.array([1.0, 2.0, 1.5, 0.1]), hours)  # fmt: skip
    assert hours.tolist() == [0.0, 4.0, 1.5, FAR]


@pytest.mark.parametrize("form", [on_foot, plain(on_foot)])
def test_on_foot(form):
    assert form(6.0, False, False, 0.5, 0.4, 3.0) == 3.0
    assert form(6.0, False, False, 0.5, 0.5, 3.0) == 3.0, "a usual walk of just a day's length"
    assert form(6.1, False, False, 0.5, 0.5, 3.0) == FAR and form(-1.0, False, False, 0.5, 0.5, 3.0) == FAR
    assert form(6.0, False, True, 0.5, 0.5, 9.0) == FAR and form(99.0, True, True, 0.5, 0.5, 3.0) == 0.0


@pytest.mark.parametrize("form", [from_nodes, plain(from_nodes)])
def test_from_nodes(form):
    """Two places, one on each side, and a town of side 0 from which nobody goes across."""
    hours, used = np.empty((3, 2)), np.empty((3, 2), dtype=np.int64)
    home, over = np.array([[0.0, FAR, 3.0], [FAR, 0.0, FAR], [3.0, FAR, 0.0]]), np.array([[FAR, 5.0, FAR], [5.5, FAR, 8.0]])
    form(
        np.array([2, 1]),
        np.array([0, 1]),
        np.array([0, 1, 0]),
        np.array([0.25, 1.0]),
        home,
        over,
        np.array([[-1, 4, -1], [4, -1, 4]]),
        hours,
        used,
    )
    assert hours.tolist() == [[3.25, 6.0], [8.25, 1.0], [0.25, FAR]] and used.tolist() == [[-1, 4], [4, -1], [-1, -1]]


def net(**more) -> Net:
    """Two villages of side 0 and facilities: 0 at home, 1 in village 1, 2 across; two ways of village 0, one of village 1, one straight to facility 2."""
    given: dict[str, Any] = {
        "side": np.array([0, 0]), "path_crossing": np.array([7, 7]), "facility_side": np.array([0, 0, 1]), "facility_village": np.array([-1, 1, -1]),
        "gate_first": np.array([0, 2, 3]), "gate_node": np.array([0, 1, 0]), "gate_hours": np.array([1.0, 3.0, 2.0]), "direct_first": np.array([0, 0, 1]),
        "direct_facility": np.array([2]), "direct_hours": np.array([2.5]), "gate_walked": np.zeros(3, bool), "direct_walked": np.zeros(1, bool), "straight": np.array([[9.0, 3.0, 6.0], [-1.0, -1.0, -1.0]]),
        "walk": np.array([0.6, 0.5, 0.7]), "usual_walk": np.array([0.5, 0.5, 0.5]), "day": 4.0,
        "from_node": np.array([[0.5, 4.0, 5.0], [0.0, 0.25, 2.0]]), "node_used": np.array([[-1, -1, 3], [-1, -1, 5]]),
    }  # fmt: skip
    return Net(**(given | more))


def filled(form, of: Net) -> tuple[list[list[float]], list[list[int]]]:
    hours, used = np.full((2, 3), 77.0), np.full((2, 3), 77)
    form(of, hours, used)
    if form is fill_hours:  # one by one they are the same
        assert [[shortest_way(v, f, of) for f in range(3)] for v in range(2)] == hours.tolist()
        assert [[plain(shortest_way)(v, f, of) for f in range(3)] for v in range(2)] == hours.tolist()
    return hours.tolist(), used.tolist()


@pytest.mark.parametrize("form", [fill_hours, plain(fill_hours)])
def test_the_shortest_of_all_ways(form):
    # village 0: to 0 by node 0 1 + 0.5 (on foot 9 km · 0.5 is more than a day); to 1 on foot 3 · 0.6; to 2 on foot across 6 · 0.7 = 4.2, by a path
    # village 1: to 0 by node 0 2.5; its own facility; to 2 by its way 2.5
    hours, used = filled(form, net())
    assert hours == [[1.5, pytest.approx(1.8), pytest.approx(4.2)], [2.5, 0.0, 2.5]]
    assert used == [[-1, -1, 7], [-1, -1, 7]]
    # a walk in the season may be longer than a day, if the usual one is not
    assert filled(form, net(walk=np.array([0.6, 0.5, 0.8])))[0][0][2] == pytest.approx(4.8)
    # and nobody walks over the day: the second way, 3 + 2, by a crossing of its own
    hours, used = filled(form, net(day=2.0))
    assert hours[0] == [1.5, pytest.approx(1.8), 5.0] and used[0][2] == 5


@pytest.mark.parametrize("form", [fill_hours, plain(fill_hours)])
def test_where_no_unofficial_path_is(form):
    """Then the way over the line leads by the places' crossings alone, and a way that leads straight over it is barred."""
    hours, used = filled(form, net(path_crossing=np.array([-1, -1])))
    assert hours == [[1.5, pytest.approx(1.8), 5.0], [2.5, 0.0, 7.0]] and used == [[-1, -1, 5], [-1, -1, 3]]
    # a way to a facility of the own side is not
    own = net(path_crossing=np.array([-1, -1]), direct_facility=np.array([0]), direct_hours=np.array([0.75]))
    assert filled(form, own)[0][1] == [0.75, 0.0, 7.0] and filled(form, own)[1][1] == [-1, -1, 3]


@pytest.mark.parametrize("form", [fill_hours, plain(fill_hours)])
def test_of_equal_ways_the_first(form):
    walk = net(straight=np.array([[9.0, 3.0, 6.0], [-1.0, -1.0, 5.0]]), walk=np.array([0.6, 0.5, 0.5]), direct_hours=np.array([2.5]))
    assert filled(form, walk)[0][1][2] == 2.5 and filled(form, walk)[1][1][2] == 7
    gates = net(gate_hours=np.array([1.0, 4.0, 2.0]), day=0.0)  # 1 + 5 by node 0 and crossing 3, 4 + 2 by node 1 and crossing 5
    assert filled(form, gates)[0][0][2] == 6.0 and filled(form, gates)[1][0][2] == 3


@pytest.mark.parametrize("form", [fill_chosen, plain(fill_chosen)])
def test_hours_to_the_chosen_ones(form):
    hours = np.full((2, 6), 77.0)
    form(net(), np.array([[2, -1], [1, 0]]), 0.25, 2, hours)
    assert hours.tolist() == [[77, 77, pytest.approx(4.45), 0.0, 77, 77], [77, 77, 0.25, 2.75, 77, 77]]


@pytest.mark.parametrize("form", [mark_walked, plain(mark_walked)])
def test_a_fare_is_paid_where_people_do_not_walk(form):
    """Facility 0 stands at node 0, 1 in village 1, 2 across at node 1."""
    node = np.array([0, 0, 1])

    def ridden(chosen: list[int], **more) -> list[float]:
        of, got = net(**more), np.full(2, 77.0)
        hours = np.empty((2, 3))
        fill_hours(of, hours, np.empty((2, 3), dtype=np.int64))
        form(of, node, np.array(chosen), hours, got)
        return got.tolist()

    assert ridden([0, 0]) == [1.0, 1.0], "ways that vehicles or boats use"
    assert ridden([1, 1]) == [0.0, 0.0], "straight on foot; in the village"
    assert ridden([2, 2]) == [0.0, 1.0], "on foot over the line, and by a way"
    assert ridden([2, 2], day=2.0) == [1.0, 1.0], "over the day nobody walks"
    assert ridden([2, 2], path_crossing=np.array([-1, -1])) == [1.0, 1.0]
    assert ridden([-1, -1]) == [1.0, 1.0], "none is reached"
    # footpaths: of village 0 to node 0, where facility 0 stands; village 1 rides there
    walks = {"gate_walked": np.array([True, False, False])}
    assert ridden([0, 0], **walks) == [0.0, 1.0]
    # one to node 1 is walked, but from there the way goes on to facility 0 at node 0
    assert ridden([0, 0], gate_walked=np.array([False, True, False]), gate_hours=np.array([9.0, 0.25, 2.0]), day=0.0) == [1.0, 1.0]
    # a walked way to the facility itself, and one that is no shorter than by node
    assert ridden([2, 2], direct_walked=np.array([True])) == [0.0, 0.0]
    assert ridden([2, 2], direct_walked=np.array([True]), direct_hours=np.array([8.0])) == [0.0, 1.0]
    assert ridden([0, 1], direct_walked=np.array([True])) == [1.0, 0.0], "a way to another facility"
    assert ridden([2, 2], direct_walked=np.array([True]), path_crossing=np.array([-1, -1])) == [1.0, 1.0], "barred"


def test_ways_one_after_the_other_are_walked_if_both_are():
    ways = np.array([[0, -1], [1, -1], [0, 2], [0, 1], [-1, -1]])
    assert all_walked(ways, np.array([True, False, True])).tolist() == [True, False, True, False, True]


@pytest.mark.parametrize("form", [mark_reached, plain(mark_reached)])
def test_which_facilities_are_reached(form):
    """Facilities: dispensary, centre, hospital at home; centre across; one that is not open; one without a way."""
    hours, side = np.array([[1.0, 1.0, 1.0, 1.0, 1.0, FAR]]), np.array([0])
    built, kind, of_side = np.array([True] * 4 + [False, True]), np.array([0, 1, 2, 1, 0, 0]), np.array([0, 0, 0, 1, 0, 0])
    found = np.empty((1, 6), dtype=bool)

    def which(is_across: bool, low: int, high: int, may: bool = True) -> list[int]:
        form(hours, built, kind, of_side, side, may, is_across, low, high, found)
        return np.flatnonzero(found[0]).tolist()

    assert [which(False, k, k) for k in range(3)] == [[0], [1], [2]] and which(False, 0, 1) == [0, 1]
    assert (
        which(True, 0, 1) == [3] and which(True, 2, 2) == [] and which(True, 0, 1, may=False) == [] and which(False, 0, 0, may=False) == [0]
    )
