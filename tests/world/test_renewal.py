"""Who comes and goes, by hand: households, their ties and traders, members, money, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm import BorderModel, Scenario
from abm.results.record import S
from abm.world import retie
from abm.world.kinship import Kin
from abm.world.population import newcomer_uids, renew, trader_uids
from agents.core.draws import origin_uid
from agents.core.frame import AgentFrame
from agents.core.moves import Moves
from tests.model.demography import nobody
from tests.model.same import differing, make, state
from tests.model.slow_population import renew_slowly
from tests.model.tools import MANY_TRADERS


def still(n_months: int = 14) -> BorderModel:
    """A run in which nobody comes or goes but by what a test asks for."""
    end = f"{1980 + (n_months - 1) // 12}-{(n_months - 1) % 12 + 1:02d}"
    return BorderModel(Scenario.load("history", set=MANY_TRADERS, end=end), households=60, rng=7, rules={"population": nobody})


@pytest.fixture
def model() -> BorderModel:
    return still()


def household(uid: Any, place: int = 0, **more: Any) -> dict[str, Any]:
    """Columns of newcomers of one place."""
    uid = np.atleast_1d(uid)
    return {"uid": uid, "place": np.full(len(uid), place), "weight": np.full(len(uid), 3.0), "n_adults": np.full(len(uid), 2), **more}


def uids(model: BorderModel, *rows: int) -> list[int]:
    return [int(model.frames["household"]["uid"][row]) for row in rows]


# ---- ties ---------------------------------------------------------------------------------------------------------------


def four() -> tuple[AgentFrame, Kin]:
    """Households 10, 30 of one side and 20, 40 of the other, in rows 0, 1, 2, 3; 10 is tied to all, 30 to 20."""
    frame = AgentFrame("household", {"uid": [30, 10, 20, 40], "place": (0, 0, 1, 1), "side": [0, 0, 1, 1]})
    ties = np.array([[10, 30], [10, 20], [10, 40], [20, 30]])
    return frame, Kin.of_ties(frame, ties, np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4), 0.5)


def renewed(frame: AgentFrame, gone: list[int], uid: list[int], place: list[int]) -> Moves:
    new = {"uid": np.array(uid, dtype=np.int64), "place": np.array(place, dtype=np.int64), "side": np.array(place, dtype=np.int8)}
    return frame.renew(np.array(gone, dtype=np.int64), new)


def test_ties_of_who_leaves_end_at_both_ends() -> None:
    frame, kin = four()
    retie.leave(kin, renewed(frame, [0], [], []))
    c = kin.columns
    assert [c[k].tolist() for k in ("first", "first_across", "end")] == [[0, 1, 2], [0, 1, 2], [1, 2, 2]]
    assert c["other"].tolist() == [1, 0] and c["pair"].tolist() == [1, 2] and kin.ties.tolist() == [[20, 30]]
    assert kin.strengths().tolist() == [np.float32(0.4)] and c["income_gap"].tolist() == [0.5]


def test_a_tie_stands_where_it_would_have_been_put() -> None:
    frame, kin = four()
    moves = renewed(frame, [], [15, 5, 25], [0, 1, 1])  # rows now: 10 15 30 | 5 20 25 40
    retie.leave(kin, moves)
    count = kin.columns["end"] - kin.columns["first"]
    assert count.tolist() == [3, 0, 2, 0, 2, 0, 1], "newcomers have no ties yet"
    assert kin.ties.tolist() == [[10, 20], [10, 30], [10, 40], [20, 30]]
    a, b = np.array([0, 3, 1, 0, 5]), np.array([1, 0, 6, 5, 0])  # 10-15, 5-10, 15-40, 10-25, and that again
    retie.tie(kin, frame, a, b, np.array([0.6, 0.7, 0.8, 0.9, 0.1]))
    c = kin.columns
    assert frame["uid"][c["other"][c["first"][0] : c["end"][0]]].tolist() == [15, 30, 5, 20, 25, 40] and c["first_across"][0] == 2
    assert c["strength"][:6].tolist() == [np.float32(s) for s in (0.6, 0.1, 0.7, 0.2, 0.9, 0.3)], "of a pair given twice the first counts"
    assert c["end"].tolist() == [6, 8, 10, 11, 13, 14, 16] and c["first_across"].tolist() == [2, 7, 9, 10, 11, 13, 14]
    assert c["pair"][6:8].tolist() == [0, 1] and c["other"][6:8].tolist() == [0, 6]
    retie.tie(kin, frame, np.array([2, 2]), np.array([0, 6]), np.array([0.95, 0.5]))
    assert dict(zip(map(tuple, kin.ties.tolist()), kin.strengths().tolist(), strict=True))[10, 30] == np.float32(0.1), "tied already"
    assert len(kin.ties) == 9 and all(len(c[k]) == 18 for k in ("other", "pair", "strength", "is_kin"))


def test_acquaintances_are_tied_and_end_below_the_bound() -> None:
    frame, kin = four()  # 10-30 0.1, 10-20 0.2, 10-40 0.3, 20-30 0.4
    kin.columns["is_kin"][:] = 1
    made = retie.tie(kin, frame, np.array([1, 2, 0]), np.array([3, 3, 2]), np.array([0.15, 0.05, 0.9]), np.array([0, 0, 0]))
    assert made == 4, "10-20 is tied already"
    kinds = dict(zip(map(tuple, kin.ties.tolist()), kin.kinds().tolist(), strict=True))
    assert kinds == {(10, 20): 1, (10, 30): 1, (10, 40): 1, (20, 30): 1, (20, 40): 0, (30, 40): 0}
    retie.part(kin, float(np.float32(0.15)))
    assert len(kin.ties) == 6, "at the bound it stays"
    retie.part(kin, 0.5)
    # 30-40 ends, 20-40 is within a side, the others are kin
    assert kin.ties.tolist() == [[10, 20], [10, 30], [10, 40], [20, 30], [20, 40]]
    c = kin.columns
    assert [c[k].tolist() for k in ("first", "first_across", "end")] == [[0, 3, 5, 8], [1, 4, 6, 9], [3, 5, 8, 10]]
    assert c["is_kin"].tolist() == [1, 1, 1, 1, 1, 0, 1, 1, 0, 1] and all(len(c[k]) == 10 for k in ("other", "pair", "strength"))


def test_ties_have_room_and_not_too_much() -> None:
    frame, kin = four()
    assert all(c.base is None for name, c in kin.columns.items())
    retie.leave(kin, renewed(frame, [1], [], []))  # household 30: 4 ends of 8 are left
    base = kin.columns["other"]
    assert len(base) == 4 and len(base.base) == 4, "half of eight is too much room for it"
    retie.tie(kin, frame, np.array([1]), np.array([2]), np.array([0.5]))
    assert len(kin.columns["other"]) == len(kin.columns["other"].base) == 6
    at = kin.columns["other"].base.ctypes.data
    retie.leave(kin, renewed(frame, [], [], []))
    retie.tie(kin, frame, np.array([1]), np.array([2]), np.array([0.5]))
    assert kin.columns["other"].base.ctypes.data == at and len(kin.columns["other"]) == 6
    retie.leave(kin, renewed(frame, [0, 1, 2], [], []))
    assert frame.capacity == 1 and len(kin.columns["first"].base) == 1
    assert all(len(kin.columns[k]) == 0 for k in ("first", "end", "first_across", "other", "pair", "strength")) and kin.ties.shape == (0, 2)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_change_of_ties_is_that_of_tying_anew(data: Any) -> None:
    n_places, sides = 3, np.array([0, 0, 1])
    here = data.draw(st.lists(st.integers(0, 99), unique=True, min_size=1, max_size=8))
    place = data.draw(st.lists(st.integers(0, 2), min_size=len(here), max_size=len(here)))
    frame = AgentFrame("household", {"uid": here, "place": place, "side": sides[place]})

    def pairs_of(known: list[int]) -> list[tuple[int, int]]:
        if len(known) < 2:
            return []
        return data.draw(st.lists(st.tuples(st.sampled_from(known), st.sampled_from(known)).filter(lambda p: p[0] != p[1]), max_size=12))

    def strengths_of(pairs: list[Any]) -> list[float]:
        return data.draw(st.lists(st.floats(0.0, 1.0, width=32), min_size=len(pairs), max_size=len(pairs)))

    known: dict[tuple[int, int], float] = {}
    contact, first = np.zeros(n_places**2), pairs_of(here)
    for (a, b), s in zip(first, strengths_of(first), strict=True):
        known.setdefault((min(a, b), max(a, b)), s)

    def anew() -> Kin:
        return Kin.of_ties(frame, np.array(list(known), dtype=np.int64).reshape(-1, 2), np.array(list(known.values())), contact, 0.0)

    kin = anew()
    for _ in range(3):
        leave = data.draw(st.lists(st.sampled_from(here), unique=True))
        come = [uid for uid in data.draw(st.lists(st.integers(0, 99), unique=True, max_size=5)) if uid not in here]
        places = data.draw(st.lists(st.integers(0, 2), min_size=len(come), max_size=len(come)))
        new = {"uid": np.array(come, dtype=np.int64), "place": np.array(places, dtype=np.int64), "side": sides[np.array(places, dtype=int)]}
        retie.leave(kin, frame.renew(frame.find(leave) if leave else np.zeros(0, dtype=np.int64), new))
        here = [uid for uid in here if uid not in leave] + come
        if not here:
            return
        pairs = pairs_of(here)
        values = strengths_of(pairs)
        rows = frame.rows(np.array(pairs).ravel()).reshape(-1, 2) if pairs else np.zeros((0, 2), dtype=np.int64)
        retie.tie(kin, frame, rows[:, 0].copy(), rows[:, 1].copy(), np.array(values, dtype=np.float32))
        known = {p: s for p, s in known.items() if not set(p) & set(leave)}
        for (a, b), s in zip(pairs, values, strict=True):
            known.setdefault((min(a, b), max(a, b)), s)
        other = anew().columns
        assert {k: v.tolist() for k, v in kin.columns.items()} == {k: v.tolist() for k, v in other.items()}
        assert all(v.dtype == other[k].dtype for k, v in kin.columns.items())


# ---- households, traders, members and money -----------------------------------------------------------------------------


def test_a_newcomer_without_ties(model: BorderModel) -> None:
    h = model.frames["household"]
    before = {uid: (h["land"][row], h["savings"][row]) for row, uid in enumerate(h["uid"].tolist())}
    slow = still()
    for one, change in ((model, renew), (slow, renew_slowly)):
        change(one, newcomers=household(4, place=7, land=[1.5], n_children=[3]))
    assert differing(state(model), state(slow)) == []
    row = h.row(4)
    assert (h["place"][row], h["side"][row], h["group"][row]) == (7, model.world.place["side"][7], model.world.groups[7])
    assert (h["weight"][row], h["land"][row], h["n_children"][row], h["trader"][row], h["savings"][row]) == (3.0, 1.5, 3, -1, 0.0)
    assert h["activity"][row].tolist() == [0, 0, -1, -1, -1, -1]
    c = model.kin.columns
    assert c["first"][row] == c["end"][row] == c["first_across"][row]
    assert {uid: (h["land"][row], h["savings"][row]) for row, uid in enumerate(h["uid"].tolist()) if uid != 4} == before
    assert model.world.place["adults"][7] == (h["weight"] * h["n_adults"])[h["place"] == 7].sum()
    model.run()
    assert np.isfinite(h["income"]).all() and h["support_across"][h.row(4)] == 0.0


def test_a_household_leaves_with_its_trader_and_another_comes_with_one(model: BorderModel) -> None:
    h, t = model.frames["household"], model.frames["trader"]
    owner = int(h["uid"][t["household"][1]])
    others = {int(uid): int(h["uid"][row]) for uid, row in zip(t["uid"], t["household"], strict=True) if h["uid"][row] != owner}
    new = {"uid": [11, 12], "household": [4, int(h["uid"][h["trader"] < 0][0])], "load": [0.7, 0.8], "cards": [2, 3]}
    renew(model, leave=[owner], newcomers=household(4, place=5), traders=new)
    now = {int(uid): int(h["uid"][row]) for uid, row in zip(t["uid"], t["household"], strict=True)}
    assert now == others | {11: 4, 12: new["household"][1]}
    row = t.row(11)
    assert (t["place"][row], t["weight"][row], t["load"][row], t["cards"][row], t["good"][row]) == (5, 3.0, 0.7, 2, -1)
    assert h["trader"][h.row(4)] == row and (h["trader"] >= 0).sum() == len(t)


def test_members_are_born_and_die(model: BorderModel) -> None:
    h = model.frames["household"]
    h["n_adults"][:4], h["n_children"][:4] = (1, 4, 6, 3), (0, 2, 8, 1)
    h["activity"][:4] = [[2, 1, 0, -1, -1, -1], [3, -1, -1, -1, -1, -1], [1, 1, 1, 1, 1, 1], [-1, 2, -1, -1, -1, -1]]
    h["adult_age"][:4] = [[50, 40, 20, -1, -1, -1], [35, 70, -1, -1, -1, -1], [15, 16, 17, 18, 19, 100], [66, 30, -1, -1, -1, -1]]
    h["child_age"][:4] = [[3, 2, -1, -1, -1, -1, -1, -1], [14] + [-1] * 7, list(range(8)), [-1] * 8]
    renew(model)
    assert h["activity"][:4].tolist() == [[2, -1, -1, -1, -1, -1], [3, 0, 0, -1, -1, -1], [1, 1, 1, 1, 1, 1], [2, 0, -1, -1, -1, -1]]
    assert h["adult_age"][:4].tolist() == [
        [50, -1, -1, -1, -1, -1],
        [35, 30, 30, 70, -1, -1],
        [15, 16, 17, 18, 19, 100],
        [30, 30, 66, -1, -1, -1],
    ]
    assert h["child_age"][:4].tolist() == [[-1] * 8, [14, 7] + [-1] * 6, list(range(8)), [7] + [-1] * 7]
    assert h["n_workers"][:4].tolist() == [1, 3, 6, 2], "who keeps house stays out of the labour force, who is new works"
    assert model.world.place["adults"].tolist() == np.bincount(h["place"], h["weight"] * h["n_adults"], model.world.n_places).tolist()


def test_who_is_followed_and_leaves_is_followed_no_longer(model: BorderModel) -> None:
    model.month, model.follow = 3, uids(model, 5, 6, 7)
    left = uids(model, 6, 9)
    renew(model, leave=left)
    assert model.follow == uids(model, 5, 6), "rows have moved up"
    assert model.traces == [{"month": 3, "uid": left[0], "rule": "population", "calls": [], "has_left": True}]


def test_what_comes_and_goes_is_booked_by_side(model: BorderModel) -> None:
    h, t = model.frames["household"], model.frames["trader"]
    model.month = 5
    home, across = (int(np.flatnonzero((h["side"] == s) & (h["trader"] >= 0))[0]) for s in (0, 1))
    h["savings"][home], h["weight"][home], h["savings"][across], h["weight"][across] = 10.0, 2.0, -4.0, 8.0
    t["profit"][h["trader"][home]], t["profit"][h["trader"][across]] = 3.0, 0.5
    t["weight"][h["trader"][home]], t["weight"][h["trader"][across]] = 2.0, 8.0
    last = model.world.n_places - 1
    new = household([4, 5], place=0, savings=[100.0, 0.5]) | {"place": [0, last]}
    renew(model, uids(model, home, across), new, traders={"uid": [11], "household": [5], "profit": [7.0]})
    expected = np.zeros((14, 2, 2))
    expected[5] = [[300.0, 20.0 + 6.0], [1.5 + 21.0, -32.0 + 4.0]]
    assert model.world.place["side"][last] == 1 and model.carried.tolist() == expected.tolist()
    renew(model, newcomers=household(6, savings=[1.0]))
    assert model.carried[5, 0].tolist() == [303.0, 26.0]


def test_after_the_last_month_nothing_is_booked(model: BorderModel) -> None:
    model.run()
    renew(model, uids(model, 0), household(4, savings=[5.0]))
    assert not model.carried.any() and model.frames["household"].row(4) >= 0


def test_nothing_asked_for_changes_nothing(model: BorderModel) -> None:
    before = state(model)
    renew(model)
    assert differing(before, state(model)) == []


def test_everybody_leaves_one_place() -> None:
    """The rest goes on, also through the year's end; then the place fills again."""
    usual, model = still(40).run(), still(40)
    model.go_on(12)
    h, record = model.frames["household"], model.record
    place = int(h["place"][0])
    renew(model, h["uid"][h["place"] == place])
    assert not (h["place"] == place).any() and model.world.place["adults"][place] == 0.0
    model.go_on(24)
    assert all(np.isfinite(values).all() for name, values in state(model).items() if values.dtype.kind == "f")
    assert (record.sums[12:24, place] == 0.0).all()
    assert np.isnan(record.poor[1, place]) and np.isfinite(np.delete(record.poor[1], place)).all()
    tables = [one.results.yearly.iloc[:4].select_dtypes("number") for one in (model, usual)]
    assert np.isfinite(tables[0]["poverty_rate"]).all() and tables[0].isna().equals(tables[1].isna())
    assert tables[0]["population"][2] < tables[1]["population"][2] and tables[0][:2].equals(tables[1][:2])
    renew(model, newcomers=household([4, 5], place=place, land=[1.0, 2.0], ability=[1.0, 1.0]))
    model.run()
    assert (record.sums[24:, place, S["n"]] == 2.0).all() and np.isfinite(h["savings"]).all()


def test_everybody_leaves_one_side() -> None:
    model = still(26)
    h = model.frames["household"]
    model.go_on(12)
    renew(model, h["uid"][h["side"] == 1])
    assert len(model.frames["trader"]) and (h["side"] == 0).all() and (model.kin.columns["first_across"] == model.kin.columns["end"]).all()
    model.run()
    assert np.isnan(model.record.gini[1, 1]) and model.record.gini[1, 0] > 0.0
    assert all(np.isfinite(values).all() for name, values in state(model).items() if values.dtype.kind == "f")


def test_a_run_without_traders_is_saved_and_continued(model: BorderModel, tmp_path: Any) -> None:
    h = model.frames["household"]
    renew(model, h["uid"][h["trader"] >= 0])
    model.go_on(3)
    model.save(tmp_path / "run")
    again = BorderModel.load(tmp_path / "run", rules={"population": nobody})
    assert len(again.frames["trader"]) == 0 and differing(state(model.run()), state(again.run())) == []


def test_it_is_the_change_made_household_by_household() -> None:
    """In a random order of what is given, far more than the room that there is, with repeated and known ties."""
    fast, slow = (still() for _ in range(2))
    rng = np.random.default_rng(4)
    for month in (1, 2, 13):
        for one in (fast, slow):
            one.go_on(month)
        here, count = fast.frames["household"]["uid"].copy(), 80
        leave = rng.permutation(here)[: len(here) // 2]
        new = rng.permutation(10_000)[:count] + 100_000 * month
        stay = np.concatenate([np.setdiff1d(here, leave), new])
        ties = np.stack([rng.choice(stay, 400), rng.choice(stay, 400)], axis=1)
        ties = ties[ties[:, 0] != ties[:, 1]]
        columns = household(new, land=rng.random(count), ability=rng.random(count) + 0.5, savings=rng.random(count))
        columns |= {"place": rng.integers(0, fast.world.n_places, count), "n_adults": rng.integers(1, 7, count)}
        traders = {"uid": trader_uids(7, new[:30]), "household": new[:30], "load": rng.random(30), "profit": rng.random(30)}
        strengths = rng.random(len(ties))
        renew(fast, leave, columns, ties, strengths, traders)
        renew_slowly(slow, leave, columns, ties, strengths, traders)
        assert differing(state(fast), state(slow)) == [] and fast.carried.tobytes() == slow.carried.tobytes()
    fast.run(), slow.run()
    assert differing(state(fast), state(slow)) == []


def test_uids_come_from_their_origin() -> None:
    mothers = np.array([5, 77, 5])
    found = newcomer_uids(3, 24, mothers)
    assert found.tolist() == [origin_uid(3, 4, 24, 0, m) for m in mothers] and found[0] == found[2] != found[1]
    others = [newcomer_uids(*said)[0] for said in ((3, 24, [5], 1), (3, 36, [5]), (4, 24, [5]), (3, 24, [6]))]
    assert len({*others, found[0]}) == 5
    model = make(households=300)
    h, t = model.frames["household"], model.frames["trader"]
    assert trader_uids(7, h["uid"][t["household"]]).tolist() == t["uid"].tolist(), "as those of the start"


def test_an_empty_world_is_saved_and_fills_again(model: BorderModel, tmp_path) -> None:
    """Everybody leaves; the run goes on, is saved and loaded, and newcomers come with a trader among them."""
    renew(model, model.frames["household"]["uid"])
    model.go_on(30)
    assert len(model.frames["household"]) == len(model.frames["trader"]) == len(model.kin.ties) == 0
    model.save(tmp_path / "empty")
    again = BorderModel.load(tmp_path / "empty", rules={"population": nobody})
    for run in (model, again):
        renew(
            run, newcomers=household([4, 5], place=3, land=[1.0, 2.0], ability=[1.0, 1.0]), ties=[[4, 5]], strengths=[0.5],
            traders={"uid": [11], "household": [5]},
        )  # fmt: skip
        run.go_on(40)
        assert run.frames["household"]["trader"].tolist().count(-1) == 1 and run.kin.ties.tolist() == [[4, 5]]
    assert differing(state(model), state(again)) == []


def test_newcomers_do_what_is_said_of_them(model: BorderModel) -> None:
    """Adults for whom an activity is given have it, others work on the farm, and there is nobody beyond the last."""
    renew(model, newcomers=household([4, 5], n_adults=[2, 3], activity=[[1, -1, -1, -1, -1, -1], [3, 2, 0, 1, -1, -1]]))
    h = model.frames["household"]
    assert [h["activity"][h.row(uid)].tolist() for uid in (4, 5)] == [[1, 0, -1, -1, -1, -1], [3, 2, 0, -1, -1, -1]]
