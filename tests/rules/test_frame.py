"""All agents of one kind: rows, identities, additions and removals."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.declare import FIELDS, DeclarationError
from agents.core.frame import AgentFrame


def frame(uid: Any = (30, 10, 20, 5), place: Any = (1, 0, 1, 0), **more: Any) -> AgentFrame:
    """Four households of two communities."""
    return AgentFrame("household", {"uid": uid, "place": place, **more})


def test_rows_are_sorted_by_place_and_uid() -> None:
    f = frame(land=(3.0, 1.0, 2.0, 0.5))
    assert f["place"].tolist() == [0, 0, 1, 1]
    assert f["uid"].tolist() == [5, 10, 20, 30]
    assert f["land"].tolist() == [0.5, 1.0, 2.0, 3.0]  # every column moves with its row
    assert f.bounds(3).tolist() == [0, 2, 4, 4]
    assert len(f) == 4 and "land" in f and "luck" not in f


def test_uid_and_row_are_inverse() -> None:
    f = frame()
    assert [f.row(u) for u in (5, 10, 20, 30)] == [0, 1, 2, 3]
    assert f["uid"][f.rows([30, 5, 20])].tolist() == [30, 5, 20]


def test_columns_start_at_the_declared_values() -> None:
    f = frame()
    for name, field in FIELDS["household"].items():
        assert f[name].dtype == np.dtype(field.dtype)
        assert f[name].shape == ((4,) if field.width == 1 else (4, field.width))
        if name not in ("uid", "place"):
            assert (f[name] == field.initial).all(), name


def test_columns_are_live() -> None:
    f = frame()
    f["savings"][:] = 4.0
    assert (f["savings"] == 4.0).all() and np.shares_memory(f["savings"], f["savings"])
    copied = f.copy_state()
    f["savings"][:] = 9.0
    assert (copied["savings"] == 4.0).all() and set(copied) == set(FIELDS["household"])


def test_add_keeps_order_and_says_where() -> None:
    f = frame(land=(3.0, 1.0, 2.0, 0.5))
    version = f.version
    rows = f.add({"uid": [7, 1], "place": [0, 1], "land": [9.0, 8.0]})
    assert f["uid"].tolist() == [5, 7, 10, 1, 20, 30] and rows.tolist() == [1, 3]
    assert f["land"].tolist() == [0.5, 9.0, 1.0, 8.0, 2.0, 3.0]
    assert f["trader"][rows].tolist() == [-1, -1]  # initial values
    assert f.version > version and len(f) == 6


def test_remove_and_add_again_leaves_nothing_behind() -> None:
    f = frame(savings=(3.0, 1.0, 2.0, 0.5))
    f.remove([10, 30])
    assert f["uid"].tolist() == [5, 20] and f["savings"].tolist() == [0.5, 2.0]
    f.add({"uid": [99], "place": [0]})
    assert f["savings"].tolist() == [0.5, 0.0, 2.0]
    with pytest.raises(KeyError, match="no household has uid 10"):
        f.row(10)


def test_grow_keeps_everything() -> None:
    f = frame(land=(3.0, 1.0, 2.0, 0.5))
    before = f.copy_state()
    f.grow(1000)
    assert f.capacity == 1000 and len(f) == 4
    assert all((f[k] == v).all() for k, v in before.items())
    f.grow(10)
    assert f.capacity == 1000  # never shrinks
    assert f.bytes_per_agent() == sum(np.dtype(x.dtype).itemsize * x.width for x in FIELDS["household"].values())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4), st.booleans()), max_size=60))
def test_any_history_of_additions_and_removals(history: list[tuple[int, int, bool]]) -> None:
    f = AgentFrame("trader", {"uid": [1000], "place": [2], "load": [0.0]})
    here = {1000: (2, 0.0)}
    for step, (uid, place, comes) in enumerate(history):
        if comes and uid not in here:
            f.add({"uid": [uid], "place": [place], "load": [float(step)]})
            here[uid] = (place, float(step))
        elif not comes and uid in here:
            f.remove([uid])
            del here[uid]
    expected = sorted((p, u, c) for u, (p, c) in here.items())
    assert list(zip(f["place"].tolist(), f["uid"].tolist(), f["load"].tolist(), strict=True)) == expected
    assert [f.row(u) for _, u, _ in expected] == list(range(len(expected)))


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        ({"place": [0]}, ValueError, "column 'uid' is missing"),
        ({"uid": [1]}, ValueError, "column 'place' is missing"),
        ({"uid": [1, 1], "place": [0, 0]}, ValueError, "a uid occurs twice"),
        ({"uid": [1, 2], "place": [0]}, ValueError, "household.place: 1 values for 2 agents"),
        ({"uid": [1], "place": [0], "savngs": [0]}, KeyError, "did you mean savings"),
    ],
)
def test_refusals(columns: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        AgentFrame("household", columns)
    if columns.get("uid"):
        f = frame()
        with pytest.raises(error, match=says):
            f.add({k: [v + 100 for v in values] if k == "uid" else values for k, values in columns.items()})
        assert f["uid"].tolist() == [5, 10, 20, 30]  # a refusal leaves the frame as it was


def test_unknown_entities_columns_and_uids() -> None:
    with pytest.raises(DeclarationError, match="did you mean household"):
        AgentFrame("houshold", {"uid": [1], "place": [0]})
    f = frame()
    with pytest.raises(KeyError, match="did you mean ability"):
        f["abilty"]
    with pytest.raises(KeyError, match="no household has uid 4"):
        f.rows([5, 4])
    with pytest.raises(ValueError, match="a uid occurs twice"):
        f.add({"uid": [10], "place": [1]})


def test_an_empty_frame() -> None:
    f = AgentFrame("trader", {"uid": [], "place": []})
    assert len(f) == 0 and f.bounds(2).tolist() == [0, 0, 0]
    with pytest.raises(KeyError, match="no trader has uid 3"):
        f.row(3)
    f.add({"uid": [3], "place": [1]})
    assert f.row(3) == 0
    f.remove([3])
    assert len(f) == 0


def test_room_is_made_as_it_is_needed() -> None:
    assert frame().capacity == 4 and len(frame()) == 4
    given = {"uid": [1, 2, 3, 4], "place": [0, 0, 0, 0]}
    assert AgentFrame("household", given, 10).capacity == 10 and AgentFrame("household", given, 2).capacity == 4
    assert AgentFrame("trader", {"uid": [], "place": []}).capacity == 1
    full = AgentFrame("trader", {"uid": list(range(10)), "place": [0] * 10})
    full.add({"uid": [50], "place": [0]})
    assert full.capacity == 15
    f = frame()
    f.add({"uid": [50], "place": [1]})
    assert f.capacity == 6  # half as much again
    f.add({"uid": [51], "place": [1]})
    assert f.capacity == 6 and len(f) == 6  # just full
    f.add({"uid": list(range(60, 70)), "place": [1] * 10})
    assert f.capacity == 16  # as many as there are, where half as much again is not enough
    assert f["uid"][-10:].tolist() == list(range(60, 70))


def test_the_version_tells_every_change_of_rows_and_of_memory() -> None:
    f = frame()
    seen = [f.version]
    f.add({"uid": [50], "place": [1]})
    seen.append(f.version)
    f.remove([50])
    seen.append(f.version)
    f.grow(100)
    seen.append(f.version)
    assert all(b > a for a, b in itertools.pairwise(seen))
    f.grow(100)  # nothing to do
    assert f.version == seen[-1]
    assert frame().version == frame().version


def test_uids_beyond_the_last_are_not_found() -> None:
    f = frame()
    for uid in (31, 2**62, 4, -1):
        with pytest.raises(KeyError, match=f"no household has uid {uid}"):
            f.row(uid)
    assert f.rows([30]).tolist() == [3] and f.rows(5).tolist() == [0]
    with pytest.raises(KeyError, match="no trader has uid 7"):
        AgentFrame("trader", {"uid": [], "place": []}).rows([7, 8])


def test_rows_of_two_axes_are_refused_by_their_number() -> None:
    with pytest.raises(ValueError, match=r"household\.activity: 3 values for 4 agents"):
        frame(activity=np.zeros((3, 6)))
    with pytest.raises(ValueError, match=r"household\.land: one values for 4 agents"):
        frame(land=2.0)
    assert frame(activity=np.arange(24).reshape(4, 6))["activity"][0].tolist() == [18, 19, 20, 21, 22, 23]  # that of uid 5


def test_a_place_in_the_order_of_uids_is_found_after_every_move() -> None:
    """Rows are worked out when asked for; what was worked out before a move must not answer after it."""
    f = frame()
    assert f.row(20) == 2
    f.add({"uid": [7, 15], "place": [1, 0]})
    assert f.rows([5, 10, 15, 7, 20, 30]).tolist() == [0, 1, 2, 3, 4, 5]
    f.remove([5])
    assert f.rows([30, 7, 10]).tolist() == [4, 2, 0]
    f.grow(64)
    assert f.row(30) == 4


def test_nothing_is_kept_for_looking_up_before_somebody_is_looked_up() -> None:
    f = frame()
    held = {id(a) for a in f._data.values()}
    assert [k for k, v in vars(f).items() if isinstance(v, np.ndarray) and id(v) not in held] == []
    f.row(10)
    assert f._by_uid is not None and len(f._by_uid) == 4


def test_a_copy_is_the_same_and_apart() -> None:
    f = frame(land=(3.0, 1.0, 2.0, 0.5))
    made = f.copy()
    assert (made.entity, made.n, made.capacity, made.version, made.fields) == (f.entity, f.n, f.capacity, f.version, f.fields)
    assert all(made[name].tobytes() == f[name].tobytes() for name in f.fields)
    made["savings"][:] = 7.0
    assert f["savings"].tolist() == [0.0] * 4 and made.row(20) == 2
