"""The same inputs give the same bytes, however the run is made."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

import abm.world.populate
from abm import BorderModel, Scenario
from agents.core.declare import RULES
from agents.core.frame import AgentFrame
from tests.model.same import agents, differing, in_other_process, make, months, parts, state

MONTHS = 30


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return parts(make(n_months=MONTHS, households=300).run())


def test_repeated(usual):
    assert parts(make(n_months=MONTHS, households=300).run()) == usual


def test_another_seed_is_another_run(usual):
    assert parts(make(n_months=MONTHS, households=300, rng=8).run())["state"] != usual["state"]


def test_whole_history_twice():
    runs = [parts(BorderModel(households=120, rng=3).run()) for _ in range(2)]
    assert runs[0] == runs[1]


def test_step_by_step_is_the_run(usual):
    assert parts(months(make(n_months=MONTHS, households=300), MONTHS)) == usual


def test_other_process_other_hash_seed(usual):
    for seed in ("1", "4242"):
        assert in_other_process({"PYTHONHASHSEED": seed}, n_months=MONTHS, households=300) == usual


def test_plain_python_is_the_compiled_run():
    compiled = parts(make(n_months=24, households=120).run())
    assert in_other_process({"LINTAS_PLAIN": "1"}, n_months=24, households=120) == compiled


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_threads(usual, threads):
    model = make(n_months=MONTHS, households=300, threads=threads)
    assert len(model._blocks(RULES["household.earn"], 300)) > threads, "the test is worth something only if the work really is split"
    assert parts(model.run()) == usual


@pytest.mark.slow
def test_threads_whole_history():
    runs = [parts(BorderModel(households=2000, rng=11, threads=threads).run()) for threads in (1, 2)]
    assert runs[0] == runs[1]


def test_order_in_which_agents_are_given(usual, monkeypatch):
    def shuffled(entity, columns, capacity=None):
        order = np.random.default_rng(5).permutation(len(columns["uid"]))
        assert not np.array_equal(order, np.arange(len(order)))
        return AgentFrame(entity, {name: np.asarray(values)[order] for name, values in columns.items()}, capacity)

    monkeypatch.setattr(abm.world.populate, "AgentFrame", shuffled)
    assert parts(make(n_months=MONTHS, households=300).run()) == usual


def test_looking_changes_nothing(usual):
    model = make(n_months=MONTHS, households=300)
    uid = int(model.frames["household"]["uid"][17])
    looked = make(n_months=MONTHS, households=300, follow=[uid])
    collector = mesa.DataCollector(model_reporters={"month": "month"}, agent_reporters={"place": "place"})
    for _ in range(MONTHS):
        looked.step()
        collector.collect(looked)
        assert len(looked.results.monthly) == 2 * looked.month
        assert looked.household(uid).savings is not None
        looked.results.ledger()
    assert parts(looked) == usual


def test_two_models_at_once_do_not_touch_each_other(usual):
    one, other = make(n_months=MONTHS, households=300), make("no-kinship", n_months=MONTHS, households=200, rng=1)
    for _ in range(MONTHS):
        one.step()
        other.step()
    assert parts(one) == usual


# ---- one more household ---------------------------------------------------------------------------------------------


def _by_uid(model: BorderModel, uids: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of these households and of their traders, and the ties among them; rows of others, which may shift, as uids."""
    frame, trader, kin = model.frames["household"], model.frames["trader"], model.kin
    uid = frame["uid"]
    found = {name: frame[name][frame.rows(uids)].copy() for name in frame.fields if name != "trader"}
    owner = uid[trader["household"]]
    mine = np.isin(owner, uids)
    found |= {f"trader.{name}": values[mine] for name, values in trader.copy_state().items() if name != "household"}
    found |= {"trader.owner": owner[mine], "has_trader": frame["trader"][frame.rows(uids)] >= 0}
    source, at = kin.ends()
    ends = np.stack([uid[source], uid[kin.columns["other"][at]]], axis=1)
    among = np.isin(ends, uids).all(axis=1)
    order = np.lexsort(ends[among].T)
    found |= {f"kin.{name}": kin.columns[name][at][among][order] for name in ("is_kin", "strength")}
    return found | {"kin.ends": ends[among][order]}


def _before(model: BorderModel, rule: str, column: str) -> list[np.ndarray]:
    """A column of households as it was each time before this rule ran, in the order of the months."""
    seen: list[np.ndarray] = []
    real = RULES[rule].loop

    def noted(*given: object) -> object:
        seen.append(model.frames["household"][column].copy())
        return real(*given)

    model.loops[rule] = noted
    model.unbind()  # the first jobs were given by the loop itself
    return seen


@pytest.mark.parametrize("added_at", [0, 7])
def test_a_household_without_weight_changes_nobody(added_at):
    """Whoever is there without it is there with it, the same in everything; what comes of it has no weight either."""
    usual, more = make(n_months=60 + added_at, households=300), make(n_months=60 + added_at, households=300)
    months(usual, added_at), months(more, added_at)
    start = usual.frames["household"]["uid"].copy()
    view = more.add_household("Entikong")
    assert view.place == "Entikong" and view.weight == 0.0
    assert len(more.frames["household"]) == len(start) + 1
    for _ in range(60):
        usual.step()
        more.step()
        uids, frame = usual.frames["household"]["uid"], more.frames["household"]
        extra = ~np.isin(frame["uid"], uids)
        assert np.isin(uids, frame["uid"]).all() and not frame["weight"][extra].any()
        assert differing(_by_uid(usual, uids), _by_uid(more, uids)) == []
    assert not np.array_equal(np.sort(uids), np.sort(start)), "the test is worth more where households come and go"
    for name in ("place", "village", "trade_link", "crossing", "facility", "district", "policy"):
        for column, values in getattr(usual.world, name).items():
            assert values.tobytes() == getattr(more.world, name)[column].tobytes(), f"{name}.{column}"
    # ties are counted, not weighted: those of the household's children count there
    ties = [c for c in usual.results.yearly.columns if "tie_strength" in c or "kin_" in c or "acquaintance" in c]
    assert len(ties) >= 6
    a, b = (run.results.yearly.drop(columns=ties) for run in (usual, more))
    assert a.equals(b)


def test_a_household_with_weight_changes_others_only_by_meeting_them():
    usual, more = make(n_months=60, households=300), make(n_months=60, households=300)
    more.add_household("Entikong", weight=400.0)
    # what each asks for is seen before jobs are given: who gets one asks no more
    asked = {id(model): _before(model, "household.get_work", "work_sought") for model in (usual, more)}
    met_at = None
    for _ in range(60):
        usual.step()
        more.step()
        here, there = usual.frames["household"]["uid"], more.frames["household"]["uid"]
        uids = np.intersect1d(here, there)
        a, b = _by_uid(usual, uids), _by_uid(more, uids)
        if usual.month <= 12:  # nobody has come or gone
            assert np.array_equal(uids, np.sort(here)) and len(there) == len(here) + 1
        assert a["episodes"].tobytes() == b["episodes"].tobytes(), "falling ill depends on nobody else"
        if usual.month == 1:
            # demand of the first month is decided before anybody competes for a place or a job
            for column in ("episodes", "care_sought"):
                assert a[column].tobytes() == b[column].tobytes(), column
            work_a, work_b = asked[id(usual)][0], asked[id(more)][0][np.isin(there, here)]
            assert work_a.tobytes() == work_b.tobytes() and (work_a >= 0).any()
        if met_at is None and differing(a, b):
            met_at = usual.month
    assert met_at is not None, "a household that represents 400 others is met somewhere within five years"


# ---- scenarios that begin to differ -----------------------------------------------------------------------------------

PARTS_WAYS = {
    "crossing": (120, "crossing.all.open", 0.0),
    "parameter": (77, "household.seek_care.foreign_penalty", 1.9),
    "travel parameter": (77, "world.travel.pass_hours", 1.0),
    "switch": (40, "switch.kinship", 0.0),
    "programme": (67, "switch.puskesmas_programme", 0.0),
    "patrols": (30, "switch.enforcement", 0.0),
    "trade": (30, "switch.traditional_trade", 0.0),
    "illness": (29, "household.fall_ill.p_minor", 0.11),
    "staff of facilities": (41, "official.keep_facility.staff_id", 0.2),
    "drugs": (36, "official.keep_facility.drugs_id", 0.3),
    "fees of foreigners": (50, "world.set_care.foreigners_my", 5.0),
    "who is near": (18, "official.ration_care.near", 3.9),
    "days lost": (27, "household.receive_care.days_saved", 0.75),
    "care across": (84, "switch.cross_border_care", 0.0),
}


@pytest.mark.parametrize("what", PARTS_WAYS)
def test_scenarios_part_only_when_they_differ(what):
    from abm.parameters import Change

    month, name, value = PARTS_WAYS[what]
    end = "1993-12"
    plain = BorderModel(Scenario.load("history", end=end), households=200, rng=5)
    change = Scenario(name="changed", end=end, events=(Change(month, name, value),))
    changed = BorderModel(change, households=200, rng=5)
    assert differing(state(plain), state(changed)) == []
    for _ in range(month):
        plain.step()
        changed.step()
        assert differing(state(plain), state(changed)) == [], f"differs in month {plain.month - 1}, before the change of month {month}"
    plain.run(), changed.run()
    assert differing(agents(plain), agents(changed)), "the change changes nothing"
    rows = 2 * month
    a, b = plain.results.monthly, changed.results.monthly
    from tests.model.same import table_bytes

    assert table_bytes(a[:rows]) == table_bytes(b[:rows])
    assert table_bytes(a[rows:]) != table_bytes(b[rows:])


def test_closed_border_is_history_until_it_closes():
    plain, closed = (BorderModel(Scenario.load(name, end="1991-12"), households=200, rng=5) for name in ("history", "closed-border"))
    months(plain, 120), months(closed, 120)
    assert differing(state(plain), state(closed)) == []
    months(plain, 12), months(closed, 12)
    assert "household.care_visits" in differing(agents(plain), agents(closed))
