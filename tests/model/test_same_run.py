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
    """Household columns of these uids in their order; the row numbers of others, which may shift, as uids."""
    frame, trader = model.frames["household"], model.frames["trader"]
    found = {name: frame[name][frame.rows(uids)].copy() for name in frame.fields}
    found |= {f"trader.{name}": values for name, values in trader.copy_state().items() if name != "household"}
    return found | {"trader.owner": frame["uid"][trader["household"]].copy()}


@pytest.mark.parametrize("added_at", [0, 7])
def test_a_household_without_weight_changes_nobody(added_at):
    usual, more = make(n_months=60 + added_at, households=300), make(n_months=60 + added_at, households=300)
    months(usual, added_at), months(more, added_at)
    uids = usual.frames["household"]["uid"].copy()
    view = more.add_household("Entikong")
    assert view.place == "Entikong" and view.weight == 0.0
    assert len(more.frames["household"]) == len(uids) + 1
    for _ in range(60):
        usual.step()
        more.step()
        assert differing(_by_uid(usual, uids), _by_uid(more, uids)) == []
        assert more.kin.strengths().tobytes() == usual.kin.strengths().tobytes()
    for name in ("place", "trade_link", "crossing", "facility", "district", "policy"):
        for column, values in getattr(usual.world, name).items():
            assert values.tobytes() == getattr(more.world, name)[column].tobytes(), f"{name}.{column}"
    a, b = usual.results.yearly, more.results.yearly
    assert a.equals(b)


def test_a_household_with_weight_changes_others_only_by_meeting_them():
    usual, more = make(n_months=60, households=300), make(n_months=60, households=300)
    uids = usual.frames["household"]["uid"].copy()
    more.add_household("Entikong", weight=400.0)
    met_at = None
    for _ in range(60):
        usual.step()
        more.step()
        a, b = _by_uid(usual, uids), _by_uid(more, uids)
        assert a["episodes"].tobytes() == b["episodes"].tobytes(), "falling ill depends on nobody else"
        if usual.month == 1:
            # demand of the first month is decided before anybody competes for a place or a job
            for column in ("episodes", "care_sought", "work_sought"):
                assert a[column].tobytes() == b[column].tobytes(), column
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
