"""Runs of an ensemble have the numbers that they have by themselves, share what is the same, and leave nothing behind."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import Counter
from typing import Any

import numpy as np
import pytest

import abm.start
import abm.state
from abm import BorderModel, Member, Region, Scenario, simulate_list, simulate_many
from abm.errors import UserError
from abm.many import MemberEnd, run_member, yearly
from abm.model import StoppedError
from abm.parameters import Change
from abm.sharing import Shared, SpentError, bytes_of
from abm.world import populate
from tests.model.same import ENTITIES, make, parts, table_bytes

END = "1981-06"
SHORT = {"households": 60}
#: Draws that change what people are like, whom they are tied to, the series, and nothing of the start's people.
DRAWS: list[dict[str, float] | None] = [
    None,
    {},
    {"world.populate.land_spread": 1.0},
    {"world.kinship.across": 0.3, "world.series.wage_lag": 0.3},
    {"household.seek_care.foreign_penalty": 1.5},
]


def scenario(name: str = "history", end: str = END, **kwargs: Any) -> Scenario:
    return Scenario.load(name, end=end, **kwargs)


def alone(one: MemberEnd[Any], **settings: Any) -> dict[str, str]:
    """The hashes of the same run by itself."""
    return parts(BorderModel(one.scenario, rng=one.seed, fitted=one.draw, **{**SHORT, **settings}).run())


@pytest.mark.parametrize("threads", [1, 3])
def test_every_run_is_the_run_by_itself_in_order(threads):
    scenarios = [scenario(), scenario("no-puskesmas"), scenario(set={"world.populate.land_spread": 0.6}), scenario(end="1980-07")]
    found = list(simulate_many(scenarios, [3, 4], DRAWS, threads, take=parts, **SHORT))
    assert [(one.draw, one.seed, one.scenario) for one in found] == [(d, s, c) for d in DRAWS for s in (3, 4) for c in scenarios]
    assert [one.number for one in found] == list(range(40))
    for one in found:
        assert one.value == alone(one), one


def test_a_list_of_runs():
    members = [Member(scenario(), 3), Member(scenario("no-kinship"), 5, {"world.populate.honest": 0.4}), Member(scenario(), 3, {})]
    found = list(simulate_list(iter(members), 2, take=parts, **SHORT))
    assert [(one.scenario, one.seed, one.draw) for one in found] == members
    assert all(one.value == alone(one) for one in found)


def test_one_scenario_by_name_one_seed_and_the_yearly_table_are_usual(monkeypatch):
    monkeypatch.setattr(Scenario, "load", lambda name, _load=Scenario.load: _load(name, end=END))
    (one,) = simulate_many("history", households=60)
    assert one.scenario.name == "history" and one.seed == 7 and one.draw is None
    assert table_bytes(one.value) == table_bytes(BorderModel("history", households=60).run().results.yearly)


def test_own_rules_and_a_region_of_ones_own():
    def severity(u, p_minor, p_disrupting, p_hospital, p_emergency):
        return 1 if u < 0.3 else 0

    region, rules = Region.load(), {"household.fall_ill": severity}
    for one in simulate_many(scenario(), [1, 2], region=region, rules=rules, take=parts, **SHORT):
        assert one.value == alone(one, rules=rules)


# ---- what is shared --------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often people, ties, series and the region's arrays are made."""
    count: Counter[str] = Counter()
    for module, name in ((populate, "make_households"), (abm.start, "choose_kin"), (abm.state, "make_series"), (abm.state, "World")):

        def counted(*given: Any, _name: str = name, _real: Any = getattr(module, name), **named: Any) -> Any:
            count[_name] += 1
            return _real(*given, **named)

        if name == "World":
            counted.copy = abm.state.World.copy  # type: ignore[attr-defined]
        monkeypatch.setattr(module, name, counted)
    return count


def test_what_is_the_same_is_made_once(made):
    scenarios = [scenario(), scenario("no-puskesmas"), scenario(set={"household.seek_care.foreign_penalty": 1.5})]
    list(simulate_many(scenarios, [1, 2], **SHORT))
    assert made == {"World": 1, "make_series": 1, "make_households": 2, "choose_kin": 2}, "six runs with two seeds"


@pytest.mark.parametrize(
    ("name", "value", "again"),
    [("world.populate.land_spread", 1.0, {"make_households", "choose_kin"}), ("world.kinship.across", 0.3, {"choose_kin"}),
     ("world.series.wage_lag", 0.3, {"make_series"}), ("official.spend_budget.start_id", 0.4, {"choose_kin"}), ("world.kinship.contact", 0.3, set())],
)  # fmt: skip
def test_what_shapes_the_start_is_made_again_where_it_differs(made, name, value, again):
    found = list(simulate_many([scenario(), scenario(set={name: value})], 1, take=parts, **SHORT))
    once = {"World": 1, "make_series": 1, "make_households": 1, "choose_kin": 1}
    assert made == {k: n * (1 + (k in again)) for k, n in once.items()}
    assert found[0].value != found[1].value


def test_another_size_or_region_has_other_people(made):
    shared, one = Shared(), Member(scenario(), 1)
    for region, households in ((Region.load(), 60), (Region.load(), 60), (Region.load(), 80)):
        assert run_member(one, shared, parts, region=region, households=households) == parts(
            BorderModel(scenario(), households=households, rng=1).run()
        )
    assert made["make_households"] == 3 + 3


def test_a_zero_with_another_sign_is_another_value(made):
    list(simulate_many([scenario(set={"world.populate.doctrine_spread": v}) for v in (0.0, -0.0)], 1, **SHORT))
    assert made["make_households"] == 2


def test_a_run_does_not_write_into_what_others_share():
    shared = Shared()
    first = BorderModel(scenario(), rng=1, shared=shared, **SHORT)
    for frame in first.frames.values():
        frame["place"][:] = 0
    for entity in ENTITIES:
        for values in getattr(first.world, entity).values():
            values.fill(7)
    for values in (first.series.cpi, first.series.fee):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1
    assert parts(BorderModel(scenario(), rng=1, shared=shared, **SHORT).run()) == parts(BorderModel(scenario(), rng=1, **SHORT).run())


def test_what_is_kept_is_limited():
    run = BorderModel(scenario(), rng=1, shared=(one := Shared()), **SHORT)
    del run
    shared = Shared(2 * one.bytes_kept)
    for seed in range(1, 9):
        assert run_member(Member(scenario(), seed), shared, parts, **SHORT) == parts(BorderModel(scenario(), rng=seed, **SHORT).run())
        assert 0 < shared.bytes_kept <= 2 * one.bytes_kept
    shared = Shared(1000)
    run_member(Member(scenario(), 1), shared, yearly, **SHORT)
    assert shared.bytes_kept == 0, "what is too large is not kept"


def test_what_was_not_used_for_longest_is_given_up():
    shared, made = Shared(3000), []

    def value(key: str) -> np.ndarray:
        return shared.get(key, lambda: made.append(key) or np.zeros(125))

    for key in "abca dab":
        value(key)
    assert made == ["a", "b", "c", " ", "d", "b"] and shared.bytes_kept == 3000


def test_bytes_of_what_is_held():
    arrays = [np.zeros(10), np.zeros((2, 3), dtype=np.int8)]
    assert bytes_of(arrays) == bytes_of({"a": tuple(arrays)}) == 86
    assert bytes_of("text") == bytes_of(5) == bytes_of(np.ndarray) == 0
    frame = make(households=60).frames["household"]
    assert bytes_of(frame) >= 60 * frame.bytes_per_agent()


# ---- memory of finished runs ----------------------------------------------------------------------------------------------


def address(model: BorderModel) -> int:
    return model.record.deals.__array_interface__["data"][0]


def test_the_memory_of_a_record_is_used_again():
    assert len({one.value for one in simulate_many(scenario(), range(6), take=address, **SHORT)}) == 1
    for spare in (0, 1, 2):
        shared = Shared(spare=spare)
        for seed in range(4):
            run_member(Member(scenario(), seed), shared, yearly, **SHORT)
            assert len(shared._free) == min(spare, 1), "one run at a time needs one"
        run_member(Member(scenario(end="1980-03"), 1), shared, yearly, **SHORT)
        assert [sizes[0] for sizes, _ in shared._free] == [3] * min(spare, 1), "a record of another length takes its place"


def test_an_array_that_is_still_referred_to_is_left_alone():
    taken = list(simulate_many(scenario(), [1, 2, 3], take=lambda model: (model.record.sums[3], model.record.sums[3].copy()), **SHORT))
    for one in taken:
        assert np.array_equal(*one.value)


def test_tables_stay_as_they_are_when_later_runs_use_the_memory():
    def tables(model: BorderModel) -> Any:
        results = model.results
        return [results.yearly, results.monthly, results.places, results.flows, results.ledger()], parts(model)

    for one in list(simulate_many(scenario(), [1, 2, 3], take=tables, **SHORT)):
        again = BorderModel(scenario(), rng=one.seed, **SHORT).run().results
        for mine, theirs in zip(one.value[0], (again.yearly, again.monthly, again.places, again.flows, again.ledger()), strict=True):
            assert table_bytes(mine) == table_bytes(theirs)


def test_a_model_cannot_be_read_after_its_run():
    seen: list[BorderModel] = []
    list(simulate_many(scenario(), 1, take=lambda model: seen.append(model), **SHORT))
    for read in (lambda: seen[0].results.yearly, lambda: seen[0].record.sums):
        with pytest.raises(SpentError, match="take="):
            read()
    with pytest.raises(UserError, match="the model itself"):
        list(simulate_many(scenario(), 1, take=lambda model: model, **SHORT))


def test_agents_are_freed_with_their_run():
    """A model refers to itself; its agents, which grow with the number of households, must not wait for Python's collector."""
    refs: list[weakref.ref[Any]] = []
    gc.disable()
    try:
        for _ in simulate_many(
            scenario(), [1, 2], take=lambda m: refs.extend([weakref.ref(m.frames["household"]), weakref.ref(m.kin)]), **SHORT
        ):
            assert all(ref() is None for ref in refs)
    finally:
        gc.enable()
    assert len(refs) == 4


@pytest.mark.parametrize("threads", [1, 2])
def test_only_so_many_runs_and_values_are_alive(threads):
    lock, alive, most, taken = threading.Lock(), 0, 0, 0

    def take(model: BorderModel) -> int:
        nonlocal alive, most, taken
        with lock:
            alive += 1
            most = max(most, alive)
        time.sleep(0.02)
        with lock:
            alive -= 1
            taken += 1
        return taken

    runs = simulate_many(scenario(end="1980-01"), range(30), threads=threads, take=take, **SHORT)
    assert taken == 0, "no run before its value is asked for"
    for given in range(1, 6):
        next(runs)
        time.sleep(0.3)
        assert taken <= given + 2 * threads
    assert 1 <= most <= threads
    runs.close()
    assert taken < 30


# ---- ends before the end --------------------------------------------------------------------------------------------------


def threads_of_ensembles() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("lintas ensemble")]


@pytest.mark.parametrize("threads", [1, 3])
def test_runs_are_stopped_between_months(threads):
    stop = threading.Event()
    runs = simulate_many(scenario(end="2015-12"), range(1, 9), threads=threads, stop=stop, **SHORT)
    first = next(runs)
    stop.set()
    begun = time.monotonic()
    with pytest.raises(StoppedError):
        list(runs)
    assert time.monotonic() - begun < 5.0 and threads_of_ensembles() == []
    assert len(first.value) == 72, "what was given out stays"


def test_a_run_under_way_is_stopped():
    stop, told = threading.Event(), []

    def tell(done: int, months: int) -> None:
        told.append(done)
        if done == 20:
            stop.set()

    with pytest.raises(StoppedError):
        run_member(Member(scenario(end="2015-12"), 1), Shared(), yearly, progress=tell, stop=stop, **SHORT)
    assert told == list(range(1, 25)), "it ends with the year that was asked for in one call"


def test_closing_the_iterator_ends_the_runs():
    runs = simulate_many(scenario(end="2015-12"), range(1, 99), threads=2, **SHORT)
    next(runs)
    begun = time.monotonic()
    runs.close()
    assert time.monotonic() - begun < 5.0 and threads_of_ensembles() == []


def test_progress_counts_what_was_given_out():
    told: list[tuple[int, int]] = []
    list(simulate_many(scenario(end="1980-02"), [1, 2, 3], progress=lambda done, n: told.append((done, n)), **SHORT))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_says_which_run_it_was_in(threads):
    def take(model: BorderModel) -> int:
        if model.seed_of_run == 5:
            raise ZeroDivisionError("in the measure")
        return model.seed_of_run

    runs = simulate_many(scenario(end="1980-02"), [4, 5, 6], threads=threads, take=take, **SHORT)
    assert next(runs).value == 4
    with pytest.raises(ZeroDivisionError) as error:
        next(runs)
    assert error.value.__notes__ == ["in run 1 of the ensemble: scenario 'history', seed 5"]
    assert list(runs) == [] and threads_of_ensembles() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [({"scenarios": ["history", "histry"]}, "histry"), ({"seeds": [1, -1]}, "seed = -1"), ({"seeds": ["one"]}, "seed"),
     ({"draws": [{"world.populate.land_sprad": 1.0}]}, "land_sprad"), ({"draws": [{"world.set_month.allowance": 700.0}]}, "lever"),
     ({"draws": [{"world.populate.land_spread": 9.0}]}, "land_spread"), ({"draws": [5]}, "a draw is 5"), ({"threads": 0}, "threads = 0"),
     ({"region": "west"}, "west")],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_before_any_run(given, words):
    said = {"scenarios": "history", "seeds": 1, "draws": None, **given}
    with pytest.raises(UserError, match=words):
        simulate_many(take=lambda model: pytest.fail("a run was made"), **said)  # the call itself, no value asked for
    if "draws" in given:
        with pytest.raises(UserError, match=words):
            simulate_list([Member(scenario(), 1, d) for d in given["draws"]])


def test_a_draw_may_lie_where_the_scenario_widens():
    wide = scenario(widen=0.5)
    (one,) = simulate_many(wide, 1, [{"world.populate.land_spread": 1.2}], take=parts, **SHORT)
    assert one.value == alone(one)


def test_a_scenario_overrides_a_draw_and_dated_changes_act():
    dated = Scenario(
        name="dated", end=END, parameters={"household.seek_care.foreign_penalty": 1.2}, events=(Change(8, "switch.kinship", 0.0),)
    )
    given = [{"household.seek_care.foreign_penalty": v} for v in (1.0, 1.5)]
    one, other = simulate_many(dated, 1, given, take=parts, **SHORT)
    assert one.value == other.value == alone(one)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"households": 3}, "households = 3 cannot be simulated"), ({"rules": {"x": 1}}, "x"), ({"seeds": "12"}, "seeds = '12' is no whole number"),
     ({"seeds": 3.5}, "seed = 3.5 is not a whole number"), ({"draws": {"a": 1}}, "give a list of tables")],
)  # fmt: skip
def test_wrong_arguments_are_refused_before_any_run(wrong, words):
    with pytest.raises(UserError, match=words):
        simulate_many(scenario(), **wrong)


def test_a_seed_may_be_a_number_of_numpy():
    assert [one.seed for one in simulate_many(scenario(end="1980-02"), np.int64(3), **SHORT)] == [3]
