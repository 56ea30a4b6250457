"""Rows that move when agents leave and others come: where they go, and that every column follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.declare import FIELDS
from agents.core.frame import AgentFrame
from agents.core.moves import _slot, find_rows, move, plan, room_for, with_room


def planned(gone: Any, new: Any, rows: Any = ((0, 5), (0, 10), (1, 20), (1, 30))) -> Any:
    """The plan for rows and newcomers given as (place, uid)."""
    place, uid = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    new_place, new_uid = np.array(new, dtype=np.int64).reshape(-1, 2).T
    return plan(np.array(gone, dtype=np.int64), place.astype(np.int16), np.ascontiguousarray(uid), new_place, new_uid)


@pytest.mark.parametrize(
    ("gone", "new", "row_now", "rows_of_new", "runs"),
    [
        ([], [], [0, 1, 2, 3], [], [(0, 4, 0)]),
        ([1], [], [0, -1, 1, 2], [], [(0, 1, 0), (2, 4, 1)]),
        ([], [(0, 7)], [0, 2, 3, 4], [1], [(0, 1, 0), (1, 4, 2)]),
        ([0], [(1, 99)], [-1, 0, 1, 2], [3], [(1, 4, 0)]),
        ([3, 0], [(0, 1), (1, 25)], [-1, 1, 2, -1], [0, 3], [(1, 3, 1)]),
        ([2], [(1, 20)], [0, 1, -1, 3], [2], [(0, 2, 0), (3, 4, 3)]),  # another of the same place and a uid that has just left
        ([0, 1, 2, 3], [], [-1] * 4, [], []),
        ([0, 1, 2, 3], [(2, 1), (0, 9)], [-1] * 4, [1, 0], []),
        ([], [(1, 1), (0, 30), (1, 21), (1, 40)], [0, 1, 4, 6], [3, 2, 5, 7], [(0, 2, 0), (2, 3, 4), (3, 4, 6)]),
    ],
)  # fmt: skip
def test_where_rows_go(gone: list[int], new: list[Any], row_now: list[int], rows_of_new: list[int], runs: list[Any]) -> None:
    moves = planned(gone, new)
    assert moves.row_now.tolist() == row_now and moves.row_now.dtype == np.int32 and moves.new.tolist() == rows_of_new
    assert (moves.n_before, moves.n) == (4, 4 - len(gone) + len(new))
    assert list(zip(moves.start.tolist(), moves.stop.tolist(), moves.to.tolist(), strict=True)) == runs


def test_nobody_is_there_at_first() -> None:
    moves = planned([], [(1, 3), (0, 4)], rows=())
    assert moves.new.tolist() == [1, 0] and moves.n == 2 and len(moves.start) == 0


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float32", "int64", "float64"])
@pytest.mark.parametrize("width", [1, 3])
def test_a_column_of_any_kind_follows_in_its_memory(dtype: str, width: int) -> None:
    column = np.arange(8 * width, dtype=dtype).reshape((8,) if width == 1 else (8, width))
    was, at = column.copy(), column.ctypes.data
    moves = planned([1], [(0, 1), (0, 2), (1, 25)])
    move([column], moves)
    for before, row in enumerate(moves.row_now.tolist()):
        if row >= 0:
            assert np.array_equal(column[row], was[before])
    assert column.ctypes.data == at


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_is_that_of_sorting_anew(data: Any) -> None:
    """Against :meth:`AgentFrame.remove` and :meth:`AgentFrame.add`, over several years in a row, with room and without."""
    count = data.draw(st.integers(0, 12))
    uids = data.draw(st.lists(st.integers(-5, 2**62), min_size=count, max_size=count, unique=True))
    given = {"uid": uids, "place": data.draw(st.lists(st.integers(0, 4), min_size=count, max_size=count)), "land": np.arange(count) + 0.5}
    fast, slow = (AgentFrame("household", given, data.draw(st.integers(1, 20))) for _ in range(2))
    for year in range(3):
        here = slow["uid"].tolist()
        leave = data.draw(st.lists(st.sampled_from(here), unique=True)) if here else []
        come = data.draw(st.lists(st.integers(-50, 50), unique=True, max_size=8))
        come = [uid for uid in come if uid not in here]
        places = data.draw(st.lists(st.integers(0, 4), min_size=len(come), max_size=len(come)))
        new = {"uid": np.array(come, dtype=np.int64), "place": np.array(places, dtype=np.int64), "ability": np.full(len(come), year + 2.0),
               "activity": np.arange(6 * len(come)).reshape(-1, 6).astype(np.int8)}  # fmt: skip
        version = fast.version
        moves = fast.renew(fast.rows(leave) if leave else np.zeros(0, dtype=np.int64), new)
        slow.remove(leave) if leave else None
        rows = slow.add(new) if come else np.zeros(0)
        assert moves.new.tolist() == rows.tolist() and len(fast) == len(slow) and fast.version > version
        for name in FIELDS["household"]:
            assert fast[name].tobytes() == slow[name].tobytes() and fast[name].dtype == slow[name].dtype, name
        assert [fast.row(uid) for uid in fast["uid"].tolist()] == list(range(len(fast)))
        assert len(fast) <= fast.capacity <= max(len(fast) + len(fast) // 2, 1)
        assert all(len(a) == fast.capacity for a in fast._data.values())


def test_who_is_looked_up_is_found_after_a_renewal() -> None:
    f = AgentFrame("household", {"uid": [30, 10, 20, 5], "place": [1, 0, 1, 0]})
    assert f.row(20) == 2
    f.renew(np.array([0]), {"uid": np.array([7, 1]), "place": np.array([0, 1])})
    assert [f.row(uid) for uid in (7, 10, 1, 20, 30)] == [0, 1, 2, 3, 4]
    with pytest.raises(KeyError, match="no household has uid 5"):
        f.row(5)
    assert f.find([30, 5, 7, 30]).tolist() == [4, -1, 0, 4] and f.find(10).tolist() == [1]


# ---- which rows uids have ---------------------------------------------------------------------------------------------


def test_uids_are_found_in_one_pass() -> None:
    row, same = find_rows(np.array([7, -3, 2**62, 0]), np.array([0, 5, 2**62, 0, -3, 5, 7]))
    assert row.tolist() == [3, -1, 2, 3, 1, -1, 0] and same.tolist() == [0, 1, 2, 0, 4, 1, 6]
    for rows, wanted in ((np.zeros(0, dtype=np.int64), np.array([4])), (np.array([4]), np.zeros(0, dtype=np.int64))):
        row, same = find_rows(rows, wanted)
        assert row.tolist() == [-1] * len(wanted) and same.tolist() == list(range(len(wanted)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30), st.data())
def test_any_uids_are_found(uids: list[int], data: Any) -> None:
    wanted = data.draw(st.lists(st.sampled_from(uids) if uids else st.integers(0, 3), max_size=30)) + data.draw(
        st.lists(st.integers(-9, 9))
    )
    row, same = find_rows(np.array(uids, dtype=np.int64), np.array(wanted, dtype=np.int64))
    assert row.tolist() == [uids.index(uid) if uid in uids else -1 for uid in wanted]
    assert same.tolist() == [wanted.index(uid) for uid in wanted]


@pytest.mark.parametrize("shift", [0, 3, 7, 10, 12, 15, 20, 32, 41, 50, 54])
def test_uids_that_share_their_last_digits_are_found_as_fast(shift: int) -> None:
    uids = np.arange(300, dtype=np.int64) << shift
    row, _ = find_rows(uids, uids[::-1].copy())
    assert row.tolist() == list(range(299, -1, -1))
    slots = [_slot(uid, 1023) for uid in uids.tolist()]
    assert min(slots) >= 0 and max(slots) <= 1023 and len(set(slots)) >= 100, "few share one"


# ---- room -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "room", "expected"),
    [
        (100, 100, 100), (100, 150, 150), (100, 151, 112), (100, 99, 112), (101, 100, 113), (8, 5, 9), (7, 5, 7),
        (0, 1, 1), (0, 0, 0), (0, 7, 1), (1, 1, 1), (1, 2, 1), (2, 3, 3),
    ],
)  # fmt: skip
def test_room_is_made_when_there_is_none_and_given_up_when_it_is_half_too_much(n: int, room: int, expected: int) -> None:
    assert room_for(n, room) == expected


def test_a_column_with_room_begins_as_the_other_did() -> None:
    one, two = with_room(np.array([1.5, 2.5, 3.5]), 2, 5), with_room(np.arange(6, dtype=np.int8).reshape(3, 2), 3, 3)
    assert one[:2].tolist() == [1.5, 2.5] and one.shape == (5,) and two.tolist() == [[0, 1], [2, 3], [4, 5]] and two.dtype == np.int8


def test_columns_stay_where_they_are_while_there_is_room() -> None:
    f = AgentFrame("trader", {"uid": list(range(20)), "place": [0] * 20})
    new = {"uid": np.array([90, 91]), "place": np.array([0, 0])}
    f.renew(np.array([3, 4]), new)
    held = dict(f._data)
    f.renew(f.rows([90, 91]), {"uid": np.array([92]), "place": np.array([0])})
    assert f.capacity == 20 and all(f._data[name] is a for name, a in held.items())
    f.renew(np.zeros(0, dtype=np.int64), {"uid": np.arange(100, 110), "place": np.zeros(10, dtype=int)})
    assert f.capacity == 29 + 29 // 8 and not any(f._data[name] is a for name, a in held.items())
    f.renew(np.arange(12), {"uid": np.zeros(0, dtype=int), "place": np.zeros(0, dtype=int)})
    assert len(f) == 17 and f.capacity == 17 + 17 // 8
