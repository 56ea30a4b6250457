"""A population that changes: the run is the same however it is made, nobody is lost, and the books balance."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from abm import BorderModel, Scenario, Simulation, quiet_months, simulate_many
from abm.errors import UserError
from abm.results.record import S
from abm.simulation import StoppedError
from abm.world.population import newcomer_uids, renew
from tests.model import demography
from tests.model.demography import grown, january
from tests.model.same import ROOT, differing, make, months, parts, state
from tests.model.slow_population import renew_slowly
from tests.model.tools import one_sentence


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return parts(grown().run())


def check_members(h) -> None:
    """Ages and activities of as many as there are, those in the labour force first."""
    slots = np.arange(8)
    assert np.array_equal(h["activity"] >= 0, slots[:6] < h["n_workers"][:, None])
    assert np.array_equal(h["adult_age"] >= 15, slots[:6] < h["n_adults"][:, None]) and h["adult_age"].max() <= 100
    assert np.array_equal(h["child_age"] >= 0, slots < h["n_children"][:, None]) and h["child_age"].max() < 15
    assert h["adult_age"].min() == h["child_age"].min() == -1 and h["n_adults"].min() >= 1


def check_people(model: BorderModel) -> None:
    """Rows in order, nobody twice, ties at both ends and to nobody else, traders and households one to one."""
    h, t, kin = model.frames["household"], model.frames["trader"], model.kin
    for frame in (h, t):
        assert np.lexsort((frame["uid"], frame["place"])).tolist() == list(range(len(frame)))
        assert len(np.unique(frame["uid"])) == len(frame) <= frame.capacity <= max(1.5 * len(frame), 1)
    assert (h["side"] == model.world.place["side"][h["place"]]).all()
    assert (h["trader"][t["household"]] == np.arange(len(t))).all() and (h["trader"] >= 0).sum() == len(t)
    for name in ("place", "side", "weight"):
        assert (t[name] == h[name][t["household"]]).all()
    source, at = kin.ends()
    ends = list(zip(source.tolist(), kin.columns["other"][at].tolist(), kin.columns["strength"][at].tolist(), strict=True))
    assert len(at) == len(kin.columns["other"]) and set(ends) == {(b, a, s) for a, b, s in ends} and all(a != b for a, b, _ in ends)
    check_members(h)


def test_people_stay_in_order_and_ties_lead_to_the_living():
    model = grown()
    start, before = set(model.frames["household"]["uid"].tolist()), len(model.frames["household"])
    came = left = 0
    for _ in range(4):
        model.go_on(model.month + 12)
        check_people(model)
        now = set(model.frames["household"]["uid"].tolist())
        came, left = len(now - start), len(start - now)
    assert came > 5 and left > 5 and before == 240 == model.n_households, "the test is worth something only if many come and go"
    assert model.kin.strengths().max() < 1.0


@pytest.mark.parametrize("seed", [7, 8])
def test_it_is_the_change_made_household_by_household(seed, monkeypatch):
    """Whole runs: every column, ties and strengths, record and tables, and the account of savings."""
    fast = grown(rng=seed).run()
    monkeypatch.setattr(demography, "renew", renew_slowly)
    slow = grown(rng=seed).run()
    assert differing(state(fast), state(slow)) == [] and parts(fast) == parts(slow)
    assert fast.carried.tobytes() == slow.carried.tobytes() and fast.carried.any()


def test_plain_python_is_the_compiled_run():
    def in_other_process(**environment: str) -> dict[str, str]:
        said = json.dumps({"years": 2, "households": 120})
        done = subprocess.run(
            [sys.executable, "-m", "tests.model.demography", said],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    assert (
        in_other_process(LINTAS_PLAIN="1", PYTHONHASHSEED="5")
        == parts(grown(2, households=120).run())
        != parts(make(n_months=24, households=120).run())
    )


@pytest.mark.parametrize("threads", [2, 3])
def test_threads(usual, threads):
    assert parts(grown(threads=threads).run()) == usual


def test_step_by_step_is_one_call(usual):
    assert parts(months(grown(), 48)) == usual


def test_months_of_a_changed_population_are_run_in_one_call(monkeypatch):
    calls = []
    real = quiet_months.run_months
    monkeypatch.setattr(quiet_months, "run_months", lambda run, last, step: calls.append((run.month, last)) or real(run, last, step))
    model = grown(3)
    model.turns, model.world.opened[:] = {}, 1000
    model.run()
    assert calls == [(0, 12), (12, 24), (24, 36)], "a demography makes no other month busy than January"


@pytest.mark.parametrize("month", [12, 13, 24, 30])
def test_saved_and_continued(usual, month, tmp_path):
    half = grown()
    half.go_on(month)
    half.save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half", rules={"population": january})
    assert differing(state(half), state(again)) == [] and again.carried.tobytes() == half.carried.tobytes()
    assert parts(again.run()) == usual
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "half")
    assert "population" in one_sentence(refusal)


def test_branched(usual):
    model = grown().keep_at()
    assert parts(model.run()) == usual
    for month in ("1980-01", "1981-01", "1982-01", "1983-01"):
        branch = model.branch(month).run()
        assert parts(branch) == usual and branch.carried.tobytes() == model.carried.tobytes()
    other = model.branch("1982-01", "closed-border")
    assert other.demography is january and parts(other.run()) != usual


def test_without_mesa_it_is_the_same_run(usual):
    settings = {"households": 240, "rng": 7, "rules": {"population": january}}
    assert parts(Simulation(grown().own_scenario, **settings).run()) == usual


def test_runs_that_share_their_start_do_not_touch_each_other(usual):
    start, named = grown().own_scenario, {"households": 240, "rules": {"population": january}}
    found = [end.value for end in simulate_many(start, [7, 7, 7], threads=2, take=parts, **named)]
    assert found == [usual] * 3


def test_the_manifest_names_it():
    model = grown()
    assert model.manifest()["rules_swapped"] == ["population"] and model.manifest()["households"] == 240
    assert model.run().manifest()["households"] == 240, "those of the start, from which the run is made again"


def test_a_demography_is_called_in_every_january_but_the_first():
    seen = []
    model = make(n_months=40, households=60, rules={"population": lambda run: seen.append(run.month)}).run()
    assert seen == [12, 24, 36]
    held = {"parameters": {"world.demography.held_year": 1980.0}, "switches": {"demography": False}, "end": "1983-04"}
    other = BorderModel(Scenario(**held), households=60, rng=7).run()
    assert parts(model) == parts(other), "one that changes nothing is the people of 1980"
    with pytest.raises(UserError) as refusal:
        make(households=60, rules={"population": lambda: None})
    assert "one argument" in one_sentence(refusal)


def test_one_more_newcomer_changes_nobodys_draws():
    """A newcomer without weight is met by nobody: all others have the same columns for ever."""

    def and_one_more(run):
        january(run)
        h = run.frames["household"]
        uid = newcomer_uids(run.seed_of_run, run.month, h["uid"][:1], slot=9)
        renew(run, newcomers={"uid": uid, "place": [3], "weight": [0.0], "n_adults": [2], "land": [1.0], "ability": [1.0]})
        extra.append(int(uid[0]))

    extra: list[int] = []
    usual, more = grown(), grown(rules={"population": and_one_more})
    for _ in range(48):
        usual.step()
        more.step()
        a, b = usual.frames["household"], more.frames["household"]
        uids = a["uid"]
        assert set(b["uid"].tolist()) == set(uids.tolist()) | set(extra)
        assert [n for n in a.fields if n != "trader" and a[n].tobytes() != b[n][b.rows(uids)].tobytes()] == []
    assert len(extra) == 3


def test_people_and_money_are_conserved():
    model = grown(4, households=300)
    h = model.frames["household"]
    people = np.zeros(model.world.n_places)
    for month in range(48):
        model.step()
        persons = h["weight"] * (h["n_adults"].astype(float) + h["n_children"])
        people = np.bincount(h["place"], persons, model.world.n_places)
        sums = model.record.sums[month]
        assert np.allclose(sums[:, 0], people, rtol=1e-12) and np.allclose(sums[:, 1].sum(), h["weight"].sum(), rtol=1e-12)
        assert np.array_equal(sums[:, S["n"]], np.bincount(h["place"], minlength=model.world.n_places))
        adults = np.bincount(h["place"], h["weight"] * h["n_adults"], model.world.n_places)
        assert np.array_equal(model.world.place["adults"], adults), "jobs and markets go by those who are there"
    assert not np.allclose(people, model.world.population)
    ledger = model.results.ledger()
    assert {"newcomers", "leavers"} <= set(ledger["account"])
    for (month, _), part in ledger.groupby(["month", "currency"]):
        amounts = part.set_index("account")["amount"]
        assert abs(math.fsum(amounts)) <= 1e-12 * np.abs(amounts).sum()
        if month % 12 or not month:
            assert amounts["newcomers"] == amounts["leavers"] == 0.0
    out = ledger[ledger["account"] == "leavers"]["amount"]
    assert (out != 0).sum() > 3 and (ledger[ledger["account"] == "newcomers"]["amount"] == 0).all(), (
        "what splits off is no money from outside"
    )


def test_nothing_is_made_anew_while_there_is_room():
    model = grown(10, households=600)
    h, kin = model.frames["household"], model.kin
    for frame in (h, model.frames["trader"]):
        frame.grow(len(frame) * 5 // 4)
    model.go_on(25)  # ties have room now, and every rule its machine code

    def held() -> dict[str, tuple[int, int]]:
        """Where each column lies, and for how many rows there is room."""
        found = {f"{e}.{n}": (a.ctypes.data, len(a)) for e, f in model.frames.items() for n, a in f._data.items()}
        return found | {f"kin.{n}": (a.ctypes.data, len(a if a.base is None else a.base)) for n, a in kin.columns.items()}

    entries, of_months = dict(model._entries), model.ready_months
    sizes, moved = set(), []
    for year in range(3, 10):
        before = held()
        model.go_on(12 * year + 1)
        sizes.add(len(h))
        assert model.kin is kin and model.frames["household"] is h
        moved += [(name, room, len(model.column(name))) for name, (at, room) in before.items() if held()[name][0] != at]
        assert all(model._entries[name] is call for name, call in entries.items())
        assert of_months is not None and model.ready_months is not None and model.ready_months.call is of_months.call
    assert len(sizes) > 2 and entries
    assert not [name for name, _, _ in moved if name.startswith(("household.", "kin.first", "kin.end", "kin.contact"))]
    assert len(moved) < 90 and all(used > room for _, room, used in moved), "only what was full"


def test_who_is_there_now_counts_as_large_not_who_was_at_first(monkeypatch):
    """The more households there are, the fewer months are run at once."""
    monkeypatch.setattr("abm.simulation.AT_ONCE", 720)
    for more, month in ((False, 12), (True, 11)):
        model, stop = make(households=60), threading.Event()
        if more:
            renew(model, newcomers={"uid": [4], "place": [0], "weight": [1.0], "n_adults": [1], "land": [1.0], "ability": [1.0]})
        with pytest.raises(StoppedError):
            model.run(progress=lambda done, of, stop=stop: stop.set(), stop=stop)
        assert model.month == month and model.n_households == 60


def test_a_household_added_after_others_have_left_has_a_uid_of_its_own():
    model = make(households=60)
    first = model.add_household("Entikong", savings=5.0, weight=2.0)
    renew(model, leave=model.frames["household"]["uid"][:1].tolist())
    second = model.add_household("Entikong")
    assert first.unique_id != second.unique_id and {first.place, second.place} == {"Entikong"} and len(model.frames["household"]) == 61
    assert model.carried[0, 0, 0] == 10.0


def test_memory_stays_bounded_over_35_years():
    model = grown(36, households=120)
    room = []
    for _ in range(36):
        model.go_on(model.month + 12)
        check_people(model)
        for column in model.kin.columns.values():
            base = column if column.base is None else column.base
            assert len(base) <= max(1.5 * len(column), 1)
        room.append(model.frames["household"].capacity)
    assert max(room) < 300


# ---- looking at those who come and go -------------------------------------------------------------------------------------


def test_views_follow_and_say_who_has_left():
    model = grown(4)
    uids = model.frames["household"]["uid"].copy()
    views = [model.household(uid) for uid in uids]
    land = [view.land for view in views]
    model.run()
    h = model.frames["household"]
    left = [view for view in views if view.has_left]
    assert {view.unique_id for view in left} == set(uids.tolist()) - set(h["uid"].tolist()) and left
    for view, acres in zip(views, land, strict=True):
        if view.has_left:
            with pytest.raises(KeyError, match=f"the household with uid {view.unique_id} has left"):
                _ = view.savings
            with pytest.raises(KeyError, match="has left"):
                view.savings = 1.0
            assert repr(view) == f"Household(uid={view.unique_id}, has left)"
        else:
            assert view.land == acres and h["uid"][view.row] == view.unique_id and "has left" not in repr(view)
    assert {a.unique_id for a in model.agents if type(a).__name__ == "Household"} == set(h["uid"].tolist())


def test_traces_follow_and_say_who_has_left(usual):
    ended = grown().run()
    start, now = grown().frames["household"]["uid"].tolist(), set(ended.frames["household"]["uid"].tolist())
    stays = [uid for uid in start if uid in now][-1]
    leaves = next(uid for uid in start if uid not in now)
    model = grown(follow=[leaves, stays]).run()
    assert parts(model) == usual and model.follow == [stays]
    last = [one for one in model.traces if one["uid"] == leaves][-1]
    assert last["rule"] == "population" and last["has_left"] and last["calls"] == [] and last["month"] % 12 == 0
    assert {one["month"] for one in model.traces if one["uid"] == stays} == set(range(48))
    assert {one["month"] for one in model.traces if one["uid"] == leaves} == set(range(last["month"] + 1))
    ability = next(
        c["inputs"]["ability"]
        for t in model.traces
        if t["uid"] == stays and t["month"] == 47
        for c in t["calls"]
        if "ability" in c["inputs"]
    )
    assert ability == model.household(stays).ability
