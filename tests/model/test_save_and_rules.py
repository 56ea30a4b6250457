"""Saved runs, branches, manifests, own rules and traces."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.errors import ManifestError, UserError
from abm.parameters import Change
from agents.core.compiled import PLAIN, plain
from agents.core.declare import PARAMETERS, RULES
from agents.household.fall_ill import severity
from agents.household.get_work import share_that_fits
from tests.model.same import agents, differing, make, months, parts, state

N = 150


def one_sentence(refusal: pytest.ExceptionInfo) -> str:
    text = str(refusal.value)
    assert "\n" not in text and 20 < len(text) < 400
    return text


def scenario(name: str, end: str = "1992-06", **kwargs) -> Scenario:
    return Scenario.load(name, end=end, **kwargs)


@pytest.fixture(scope="module", params=["history", "closed-border"])
def usual(request):
    return request.param, parts(BorderModel(scenario(request.param), households=200, rng=9).run())


@pytest.mark.parametrize("saved_at", [0, 5, 12, 125, 149])
def test_saved_and_continued(usual, saved_at, tmp_path):
    name, expected = usual
    path = tmp_path / "half"
    model = months(BorderModel(scenario(name), households=200, rng=9), saved_at)
    held = state(model)
    model.save(path)
    again = BorderModel.load(path)
    assert differing(held, state(again)) == [] and again.month == saved_at and again.steps == saved_at
    assert parts(again.run()) == expected
    assert parts(model.run()) == expected, "saving changes nothing"
    assert [p.name for p in tmp_path.iterdir()] == ["half"], "no temporary file is left"


def test_a_loaded_run_goes_on_by_mesas_clock(tmp_path):
    months(make(n_months=40, households=120), 17).save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half")
    assert again.time == 17.0
    again.run_for(5)
    assert again.month == again.steps == 22
    again.run_until(30)
    assert again.month == again.steps == 30
    again.run_until(99)
    assert parts(again) == parts(make(n_months=40, households=120).run())


def test_saved_twice_over(usual, tmp_path):
    name, expected = usual
    model = BorderModel(scenario(name), households=200, rng=9)
    for at in (7, 60, 122):
        months(model, at - model.month).save(tmp_path / "run")
        model = BorderModel.load(tmp_path / "run")
    assert parts(model.run()) == expected


def test_branch_is_the_run_that_changes_then(tmp_path):
    half = months(BorderModel(scenario("history"), households=200, rng=9), 60)
    half.save(tmp_path / "half")
    branch = BorderModel.load(tmp_path / "half", scenario=scenario("closed-border")).run()
    direct = BorderModel(scenario("closed-border"), households=200, rng=9).run()
    assert parts(branch) == parts(direct)
    assert branch.manifest()["scenario"]["name"] == "closed-border"


@pytest.mark.parametrize("at", [36, 77])
@pytest.mark.parametrize(
    ("name", "value"),
    [("household.seek_care.foreign_penalty", 1.9), ("household.seek_care.weight_quality", 1.6), ("world.travel.pass_hours", 1.0),
     ("world.kinship.contact", 0.8), ("switch.kinship", 0), ("switch.puskesmas_programme", 0), ("switch.cross_border_care", 0),
     ("official.set_strictness.doctrine_id", 0.9)],
)  # fmt: skip
def test_branch_is_the_run_with_an_event(at, name, value, tmp_path):
    event = Scenario(name="event", end="1988-12", events=(Change(at, name, float(value)),))
    direct = BorderModel(event, households=120, rng=9).run()
    changed = {"without": [name[7:]]} if name.startswith("switch.") else {"set": {name: value}}
    months(BorderModel(scenario("history", "1988-12"), households=120, rng=9), at).save(tmp_path / "half")
    branch = BorderModel.load(tmp_path / "half", scenario=scenario("history", "1988-12", **changed)).run()
    assert differing(state(direct), state(branch)) == []
    a, b = parts(direct), parts(branch)
    assert a == b


def test_a_branch_may_end_later(tmp_path):
    months(BorderModel(scenario("history", "1983-12"), households=120, rng=9), 48).save(tmp_path / "half")
    longer = BorderModel.load(tmp_path / "half", scenario=scenario("history", "1986-12"))
    assert parts(longer.run()) == parts(BorderModel(scenario("history", "1986-12"), households=120, rng=9).run())


def test_an_added_household_is_saved_too(tmp_path):
    model = months(make(n_months=40, households=120), 17)
    model.add_household("Entikong", weight=50.0)
    months(model, 3).save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half")
    for one in (model, again):
        one.add_household("Nanga Badau")
    assert parts(again.run()) == parts(model.run())


def test_what_cannot_be_continued_is_refused(tmp_path):
    model = months(make(households=120), 3)
    path = tmp_path / "half"
    model.save(path)
    whole = path.read_bytes()
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "nowhere")
    assert "nowhere" in one_sentence(refusal)
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError) as refusal:
            BorderModel.load(path)
        assert "cut off" in one_sentence(refusal)
    path.write_text("this is a text")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    one_sentence(refusal)
    said, arrays = unpacked(path, whole)
    packed(path, {**said, "lintas": "0.0.1"}, arrays)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "0.0.1" in one_sentence(refusal)
    packed(path, {**said, "region_hash": "0" * 64}, arrays)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "data" in one_sentence(refusal)


def unpacked(path, content):
    """What a saved run says, and its arrays."""
    path.write_bytes(content)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("said").tobytes()), arrays


def packed(path, said, arrays):
    with open(path, "wb") as out:
        np.savez(out, said=np.frombuffer(json.dumps(said).encode(), dtype=np.uint8), **arrays)


def test_a_saved_run_that_was_tampered_with_is_refused(tmp_path):
    path = tmp_path / "half"
    months(make(households=120), 3).save(path)
    said, arrays = unpacked(path, path.read_bytes())
    broken = [(5, arrays), ({}, arrays), ([said], arrays), ({**said, "lintas": 5}, arrays), (said, {})]
    needed = [key for key in said if key != "rules"]
    broken += [({k: v for k, v in said.items() if k != key}, arrays) for key in needed]
    broken += [({**said, key: None}, arrays) for key in said]
    broken += [
        ({**said, "seed": "7"}, arrays),
        ({**said, "households": -5}, arrays),
        ({**said, "month": "3"}, arrays),
        ({**said, "month": 900}, arrays),
    ]
    broken += [({**said, "values": {}}, arrays), ({**said, "on": {**said["on"], "kinshp": True}}, arrays)]
    broken += [
        (said, {n: v for n, v in arrays.items() if n != name}) for name in ("frames/household/uid", "kin/ties", "open", "record/sums")
    ]
    broken += [(said, {**arrays, "frames/household/more": np.zeros(3)}), (said, {**arrays, "frames/household/uid": np.zeros(3)})]
    for name in ("frames/household/place", "frames/trader/household", "frames/trader/good", "world/place/facility_care", "world/place/crossing_work",
                 "kin/ties", "record/care_crossing", "frames/household/uid"):  # fmt: skip
        for wrong in (30_000 if arrays[name].itemsize > 1 else 100, -7):
            changed = arrays[name].copy()
            changed.flat[0] = wrong
            if name != "frames/household/uid":
                broken.append((said, {**arrays, name: changed}))
        if not name.startswith("record/"):  # whose months to come are not needed
            broken.append((said, {**arrays, name: arrays[name][:-1]}))
        broken.append((said, {**arrays, name: arrays[name].astype("float64")}))
    for number, one in enumerate(broken):
        packed(path, *one)
        try:
            BorderModel.load(path)
        except UserError as refusal:
            assert "\n" not in str(refusal) and len(str(refusal)) < 400
        else:
            raise AssertionError(f"damage {number} was taken: {str(one[0])[:200]}")


def test_saved_ties_are_checked(tmp_path):
    """A tie of a household to itself, more strengths than ties, and chances to meet of other places than the region's."""
    path = tmp_path / "half"
    months(make(households=120), 3).save(path)
    said, arrays = unpacked(path, path.read_bytes())
    assert {n for n in arrays if n.startswith("kin/")} == {
        "kin/ties", "kin/strengths", "kin/columns/contact", "kin/columns/is_on", "kin/columns/income_gap",
    }  # fmt: skip
    to_itself = arrays["kin/ties"].copy()
    to_itself[4, 1] = to_itself[4, 0]
    for change, words in (
        ({"kin/ties": to_itself}, "kin/ties does not fit"),
        ({"kin/strengths": np.append(arrays["kin/strengths"], np.float32(0.5))}, "columns of another length"),
        ({"kin/columns/contact": arrays["kin/columns/contact"][:-1]}, "kin/columns/contact has the shape"),
    ):
        packed(path, said, arrays | change)
        with pytest.raises(UserError) as refusal:
            BorderModel.load(path)
        assert words in one_sentence(refusal)


def test_a_saved_run_holds_no_program(tmp_path):
    """A file that runs code when it is unpickled is refused, and runs none."""
    path, mark = tmp_path / "half", tmp_path / "mark"

    class Program:
        def __reduce__(self):
            return (mark.touch, ())

    path.write_bytes(pickle.dumps(Program()))
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    assert "can hold a program" in one_sentence(refusal)
    with open(path, "wb") as out:
        np.savez(out, said=np.array([Program()], dtype=object))
    mark.unlink(missing_ok=True)
    with pytest.raises(UserError) as refusal:
        BorderModel.load(path)
    one_sentence(refusal)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Program()))
    assert mark.exists(), "the trap works"


def test_every_state_of_a_run_can_be_taken_up_again(tmp_path):
    """What the reader allows holds every state that a run has."""
    model = make(n_months=30, households=120)
    for _ in range(30):
        model.step()
        model.save(tmp_path / "run")
        BorderModel.load(tmp_path / "run")


def test_a_branch_cannot_change_what_only_shapes_the_start(tmp_path):
    months(BorderModel(scenario("history", "1988-12"), households=120, rng=9), 20).save(tmp_path / "half")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "half", scenario=scenario("history", "1988-12", set={"world.kinship.length": 4.0}))
    assert "world.kinship.length = 4" in one_sentence(refusal) and "start a new run" in str(refusal.value)
    assert BorderModel.load(tmp_path / "half", scenario=scenario("history", "1988-12", set={"world.kinship.contact": 0.4})).month == 20


def test_a_scenario_that_ended_before_the_saved_month_is_refused(tmp_path):
    months(make(n_months=30, households=120), 20).save(tmp_path / "half")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "half", scenario=scenario("history", "1980-12"))
    assert "1981-08" in one_sentence(refusal) and "1980-12" in str(refusal.value)
    assert BorderModel.load(tmp_path / "half", scenario=scenario("history", "1981-09")).run().month == 21


def test_a_run_cannot_be_saved_where_no_file_can_stand(tmp_path):
    model = make(households=120)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path, tmp_path / "missing" / "run", tmp_path / "file" / "run", tmp_path / "folder", tmp_path / ("a" * 300)):
        with pytest.raises(UserError) as refusal:
            model.save(path)
        assert "saved" in one_sentence(refusal)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"] and (tmp_path / "file").read_text() == "kept"


def test_a_failed_save_leaves_no_file(tmp_path, monkeypatch):
    def full(*_given, **_named):
        raise OSError(28, "No space left on device")

    model = make(households=120)
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError) as refusal:
        model.save(tmp_path / "half")
    assert "No space left" in one_sentence(refusal)
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_none():
    for given in ({"households": math.inf}, {"households": math.nan}, {"rng": math.inf}, {"threads": -math.inf}, {"households": 10**5000}):
        with pytest.raises(UserError) as refusal:
            make(**given)
        assert next(iter(given)).replace("rng", "seed") in one_sentence(refusal)


# ---- events -----------------------------------------------------------------------------------------------------------


def test_closing_or_opening_all_ends_what_was_said_of_one():
    name = "Entikong-Tebedu"
    said = [
        (2, f"crossing.{name}.open", 0.0),
        (4, "crossing.all.open", 1.0),
        (6, "crossing.all.open", 0.0),
        (8, f"crossing.{name}.open", 1.0),
    ]
    model = BorderModel(Scenario(name="x", end="1980-12", events=tuple(Change(*s) for s in said)), households=120)
    at, seen, others = model.world.crossing_names.index(name), [], []
    official = [k for k, path in enumerate(model.world.crossing["is_path"]) if not path and k != at]
    for _ in range(10):
        model.step()
        seen.append(bool(model.world.crossing["is_open"][at]))
        others.append({bool(model.world.crossing["is_open"][k]) for k in official})
    assert seen == [True] * 2 + [False] * 2 + [True] * 2 + [False] * 2 + [True] * 2
    assert others == [{True}] * 6 + [{False}] * 4


def test_an_unofficial_path_is_neither_opened_nor_closed():
    with pytest.raises(UserError) as refusal:
        BorderModel(Scenario(name="x", end="1980-12", events=(Change(2, "crossing.Entikong paths.open", 0.0),)), households=120)
    assert "Entikong paths" in one_sentence(refusal)


@pytest.mark.parametrize(
    "name",
    ["world.populate.honest", "official.spend_budget.start_id", "official.spend_budget.start_my", "world.kinship.length",
     "world.kinship.same_group", "world.kinship.across"],
)  # fmt: skip
def test_what_only_shapes_the_start_cannot_change_later(name):
    value = PARAMETERS[name].default
    with pytest.raises(UserError) as refusal:
        Scenario(name="x", events=(Change(12, name, value),))
    assert name in one_sentence(refusal) and "from the start" in str(refusal.value)
    assert Scenario.load(set={name: value}).parameters[name] == value
    assert Scenario(name="x", events=(Change(12, "world.kinship.contact", 0.6),)).events[0].value == 0.6


# ---- manifests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["history", "closed-border", "no-puskesmas"])
def test_manifest_reproduces(name):
    import json

    model = BorderModel(scenario(name, "1991-12", set={"household.seek_care.foreign_penalty": 1.1}), households=120, rng=21).run()
    said = json.loads(json.dumps(model.manifest()))
    again = BorderModel.from_manifest(said)
    assert again.month == 0
    assert parts(again.run()) == parts(model)
    assert again.manifest() == model.manifest()


def test_manifests_that_are_refused():
    said = make(households=120).manifest()
    for key in ("lintas", "scenario", "region", "households", "seed"):
        with pytest.raises(UserError) as refusal:
            BorderModel.from_manifest({k: v for k, v in said.items() if k != key})
        assert key in one_sentence(refusal)
    other = copy.deepcopy(said) | {"lintas": "9.9.9"}
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(other)
    assert "9.9.9" in one_sentence(refusal)
    assert BorderModel.from_manifest(other, allow_other=True).month == 0
    changed = copy.deepcopy(said)
    changed["region"]["hash"] = "0" * 64
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(changed)
    assert "data" in one_sentence(refusal)
    assert BorderModel.from_manifest(changed, allow_other=True).month == 0
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest({**said, "scenario": {"name": "x"}})
    one_sentence(refusal)
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest({**said, "region": "west"})
    one_sentence(refusal)


def test_manifests_of_wrong_kinds_are_refused():
    said = make(households=120).manifest()
    broken = [5, [said], {**said, "format": 2}, {**said, "format": "1"}, {**said, "rules_swapped": 5}, {**said, "rules_swapped": [5]}]
    for key in ("lintas", "scenario", "region", "households", "seed", "threads"):
        broken += [{**said, key: value} for value in (None, True, [], 1.5, {"a": 1})]
    broken += [
        {**said, "seed": "7"},
        {**said, "households": "120"},
        {**said, "households": -5},
        {**said, "seed": -1},
        {**said, "scenario": "history"},
    ]
    for key in said["scenario"]:
        broken += [{**said, "scenario": {**said["scenario"], key: value}} for value in (5, True, [1])]
    broken += [{**said, "region": {**said["region"], key: value}} for key in ("where", "hash") for value in (5, [1])]
    broken += [{**said, "scenario": {**said["scenario"], "switches": {"kinship": "false"}}}]
    for one in broken:
        with pytest.raises(ManifestError) as refusal:
            BorderModel.from_manifest(one)
        one_sentence(refusal)


# ---- own rules --------------------------------------------------------------------------------------------------------


def everybody_a_little_ill(u, p_minor, p_disrupting, p_hospital):
    return 1


def test_own_rule_is_used_and_named():
    model = make(n_months=14, households=120, rules={"household.fall_ill": everybody_a_little_ill})
    model.run()
    h = model.frames["household"]
    assert np.array_equal(h["episodes"][:, 0], h["n_adults"] + h["n_children"])
    assert (h["episodes"][:, 1:] == 0).all()
    assert model.manifest()["rules_swapped"] == ["household.fall_ill"]
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(model.manifest())
    assert "household.fall_ill" in one_sentence(refusal)


def test_own_copy_of_a_rule_is_the_shipped_run():
    def severity_again(u, p_minor, p_disrupting, p_hospital):
        if u < p_hospital:
            return 3
        if u < p_hospital + p_disrupting:
            return 2
        return 1 if u < p_hospital + p_disrupting + p_minor else 0

    swapped = make(n_months=24, households=120, rules={"household.fall_ill.severity": severity_again}).run()
    assert parts(swapped) == parts(make(n_months=24, households=120).run())


def test_own_function_of_another_place_in_the_rule():
    def never(u, p):
        return False

    model = make(n_months=18, households=120, rules={"household.choose_work.think_again": never}).run()
    assert (model.frames["household"]["work_sought"] == -1).all()


def test_two_own_functions_of_one_rule():
    def never(u, p):
        return False

    def nothing_more(farm_income, n_now, labour_share):
        return 0.0 * farm_income

    swaps = {"household.choose_work.think_again": never, "household.choose_work.added_by_one_more": nothing_more}
    model = make(n_months=12, households=120, rules=swaps).run()
    assert model.manifest()["rules_swapped"] == sorted(swaps)
    assert (model.frames["household"]["work_sought"] == -1).all(), "both are replaced, not only the last"


def test_own_rules_that_do_not_fit_are_refused():
    def takes_two(u, p_minor):
        return 0

    with pytest.raises(UserError) as refusal:
        make(households=120, rules={"household.fall_ill": takes_two})
    assert "p_hospital" in one_sentence(refusal)
    with pytest.raises(UserError) as refusal:
        make(households=120, rules={"household.fal_ill": severity})
    assert "household.fall_ill" in one_sentence(refusal)
    with pytest.raises(UserError) as refusal:
        make(households=120, rules={"household.fall_ill.severty": severity})
    assert "severity" in one_sentence(refusal)


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        (5, "rules = 5"),
        ([severity], "rules ="),
        ({5: severity}, "rules ="),
        ({"household.fall_ill": 5}, "household.fall_ill"),
        ({"household.fall_ill": print}, "household.fall_ill"),
        ({"household.get_work.share_that_fits": share_that_fits}, "next_activity"),
    ],
)
def test_what_is_no_own_rule_is_refused(rules, word, tmp_path):
    with pytest.raises(UserError) as refusal:
        make(households=120, rules=rules)
    assert word in one_sentence(refusal)


def test_a_function_that_the_loop_never_calls_cannot_be_replaced(monkeypatch):
    rule = RULES["household.get_work"]
    monkeypatch.setitem(RULES, rule.name, dataclasses.replace(rule, decide=(*rule.decide, share_that_fits)))
    with pytest.raises(UserError) as refusal:
        make(households=120, rules={"household.get_work.share_that_fits": share_that_fits})
    assert "does not call 'share_that_fits'" in one_sentence(refusal)


def test_every_function_of_a_rule_is_called_by_its_loop():
    for rule in RULES.values():
        uncalled = {plain(f).__name__ for f in rule.decide} - set(plain(rule.loop).__code__.co_names)
        assert not uncalled, f"{rule.name}: {uncalled}"


def test_an_own_rule_that_cannot_run_is_told_in_one_sentence():
    def with_a_mistake(u, p_minor, p_disrupting, p_hospital):
        return undefined_name  # noqa: F821

    for threads in (1, 2):
        with pytest.raises(UserError) as refusal:
            make(households=120, threads=threads, rules={"household.fall_ill": with_a_mistake}).step()
        text = one_sentence(refusal)
        assert "household.fall_ill" in text and "undefined_name" in text


def test_a_run_with_own_rules_is_continued_with_them_only(tmp_path):
    rules = {"household.fall_ill": everybody_a_little_ill}
    model = months(make(n_months=20, households=120, rules=rules), 9)
    model.save(tmp_path / "half")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "half")
    assert "household.fall_ill" in one_sentence(refusal)
    assert parts(BorderModel.load(tmp_path / "half", rules=rules).run()) == parts(model.run())


# ---- following a household ----------------------------------------------------------------------------------------------


def test_traces_tell_what_the_rules_saw_and_said():
    uid = int(make(households=120).frames["household"]["uid"][3])
    model = make(n_months=12, households=120, follow=[uid])
    h = model.frames["household"]
    row = h.row(uid)
    for _ in range(12):
        model.step()
        said = [t for t in model.traces if t["month"] == model.month - 1]
        assert {t["uid"] for t in said} == {uid}
        rules = [t["rule"] for t in said]
        assert "household.fall_ill" in rules and "household.earn" in rules
        ill = next(t for t in said if t["rule"] == "household.fall_ill")["calls"]
        answers = [c["answer"] for c in ill]
        assert len(answers) == h["n_adults"][row] + h["n_children"][row]
        assert [answers.count(k) for k in (1, 2, 3)] == h["episodes"][row].tolist()
        earned = next(t for t in said if t["rule"] == "household.earn")["calls"]
        spent = next(c["answer"] for c in earned if c["function"] == "spend")
        assert math.isclose(spent, h["spending"][row], rel_tol=1e-12)
        for call in ill:
            inputs = [call["inputs"][k] for k in ("u", "p_minor", "p_disrupting", "p_hospital")]
            assert plain(severity)(*inputs) == call["answer"]


def test_whom_to_follow_must_exist():
    for follow, word in (([1], "uid 1"), ([2**70], "uid"), (5, "whole numbers"), ("Entikong", "whole numbers"), ([1.5], "whole numbers")):
        with pytest.raises(UserError) as refusal:
            make(households=120, follow=follow)
        assert word in one_sentence(refusal)


@pytest.mark.skipif(PLAIN, reason="compiled code only")
def test_agents_of_a_swapped_rule_differ_from_history():
    model = make(n_months=6, households=120, rules={"household.fall_ill": everybody_a_little_ill}).run()
    assert "household.episodes" in differing(agents(model), agents(make(n_months=6, households=120).run()))
