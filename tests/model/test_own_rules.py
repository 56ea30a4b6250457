"""A rule of the user's own is used and named, and one that does not fit is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from abm import BorderModel
from abm.errors import UserError
from agents.core.compiled import PLAIN, plain
from agents.core.declare import RULES
from agents.household.fall_ill import severity
from agents.household.get_work import share_that_fits
from tests.model.same import agents, differing, make, months, parts
from tests.model.tools import one_sentence


def everybody_a_little_ill(u, p_minor, p_disrupting, p_hospital, p_emergency):
    return 1


def test_own_rule_is_used_and_named():
    model = make(n_months=11, households=120, rules={"household.fall_ill": everybody_a_little_ill})
    model.run()
    h = model.frames["household"]
    assert np.array_equal(h["episodes"].sum(axis=1), h["n_adults"] + h["n_children"])
    # births are drawn beside the rule: more than a little ill are children of this year alone
    worse = np.argwhere(h["ill"] > 1)
    assert (worse[:, 1] >= 6).all() and (h["child_age"][worse[:, 0], worse[:, 1] - 6] == 0).all() and len(worse) < 0.2 * h["episodes"].sum()
    assert model.manifest()["rules_swapped"] == ["household.fall_ill"]
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(model.manifest())
    assert "household.fall_ill" in one_sentence(refusal)


def test_own_copy_of_a_rule_is_the_shipped_run():
    def severity_again(u, p_minor, p_disrupting, p_hospital, p_emergency):
        if u < p_emergency:
            return 4
        if u < p_emergency + p_hospital:
            return 3
        if u < p_emergency + p_hospital + p_disrupting:
            return 2
        return 1 if u < p_emergency + p_hospital + p_disrupting + p_minor else 0

    swapped = make(n_months=24, households=120, rules={"household.fall_ill.severity": severity_again}).run()
    assert parts(swapped) == parts(make(n_months=24, households=120).run())


def only_who_has_no_work_looks(model) -> bool:
    """Nobody who worked in the month before asks for other work."""
    before = model.frames["household"]["activity"].copy()
    month = model.month
    model.month = month - 1
    model.run_rule(RULES["household.choose_work"])
    model.month = month
    return bool(((model.frames["household"]["work_sought"] == -1) | (before == 8)).all())


def test_own_function_of_another_place_in_the_rule():
    def never(u, p):
        return False

    model = make(n_months=18, households=120, rules={"household.choose_work.think_again": never}).run()
    assert only_who_has_no_work_looks(model)


def test_two_own_functions_of_one_rule():
    def always(u, p):
        return True

    def nothing_more(farm_income, n_now, labour_share):
        return 0.0 * farm_income

    swaps = {"household.choose_work.think_again": always, "household.choose_work.added_by_one_more": nothing_more}
    model = make(n_months=12, households=120, rules=swaps).run()
    assert model.manifest()["rules_swapped"] == sorted(swaps)
    h = model.frames["household"]
    has_farmer = (h["activity"] == 0).any(axis=1)
    model.month -= 1
    model.run_rule(RULES["household.choose_work"])
    model.month += 1
    assert has_farmer.any() and not (h["work_sought"][has_farmer] == 0).any()
    stays = ((h["work_sought"] == -1) & (h["activity"] >= 0))[has_farmer]
    assert not (stays & (h["activity"][has_farmer] == 0)).any(), "both are replaced, not only the last: nobody stays on the farm"


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
        ({"household.get_work.serve": share_that_fits}, "turn"),
    ],
)
def test_what_is_no_own_rule_is_refused(rules, word, tmp_path):
    with pytest.raises(UserError) as refusal:
        make(households=120, rules=rules)
    assert word in one_sentence(refusal)


def test_a_function_that_the_loop_never_calls_cannot_be_replaced(monkeypatch):
    rule = RULES["household.fall_ill"]
    monkeypatch.setitem(RULES, rule.name, dataclasses.replace(rule, decide=(*rule.decide, share_that_fits)))
    with pytest.raises(UserError) as refusal:
        make(households=120, rules={"household.fall_ill.share_that_fits": share_that_fits})
    assert "does not call 'share_that_fits'" in one_sentence(refusal)


def test_every_function_of_a_rule_is_called_by_its_loop():
    for rule in RULES.values():
        uncalled = {plain(f).__name__ for f in rule.decide} - set(plain(rule.loop).__code__.co_names)
        assert not uncalled, f"{rule.name}: {uncalled}"


def test_an_own_rule_that_cannot_run_is_told_in_one_sentence():
    def with_a_mistake(u, p_minor, p_disrupting, p_hospital, p_emergency):
        return undefined_name  # noqa: F821

    for threads in (1, 2):
        with pytest.raises(UserError) as refusal:
            make(households=120, threads=threads, rules={"household.fall_ill": with_a_mistake}).step()
        text = one_sentence(refusal)
        assert "household.fall_ill" in text and "undefined_name" in text


@pytest.mark.skipif(PLAIN, reason="compiled code only")
def test_an_answer_with_a_fraction_is_no_option():
    """It would be cut to a whole number without a word."""

    def between(u, farm, estate, timber, services, public, with_pass, with_permit, undocumented):
        return 1.9

    for threads in (1, 2):
        with pytest.raises(UserError) as refusal:
            make(households=120, threads=threads, rules={"household.choose_work.choose_work": between}).step()
        text = one_sentence(refusal)
        assert "household.choose_work.choose_work" in text and "may have a fraction" in text


def test_a_run_with_own_rules_is_continued_with_them_only(tmp_path):
    rules = {"household.fall_ill": everybody_a_little_ill}
    model = months(make(n_months=20, households=120, rules=rules), 9)
    model.save(tmp_path / "half")
    with pytest.raises(UserError) as refusal:
        BorderModel.load(tmp_path / "half")
    assert "household.fall_ill" in one_sentence(refusal)
    assert parts(BorderModel.load(tmp_path / "half", rules=rules).run()) == parts(model.run())


@pytest.mark.skipif(PLAIN, reason="compiled code only")
def test_agents_of_a_swapped_rule_differ_from_history():
    model = make(n_months=6, households=120, rules={"household.fall_ill": everybody_a_little_ill}).run()
    assert "household.episodes" in differing(agents(model), agents(make(n_months=6, households=120).run()))
