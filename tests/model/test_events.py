"""Events open and close crossings, and change nothing that only shapes the start."""

from __future__ import annotations

import pytest

from abm import BorderModel, Scenario
from abm.errors import UserError
from abm.parameters import Change
from agents.core.declare import PARAMETERS
from tests.model.tools import one_sentence


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


#: Where a mechanism that is on stands: the column of the policy (or of kin) that rules read, and its element.
COLUMNS = {
    "enforcement": ("policy.enforced", 0), "infrastructure_investment": ("policy.invests", 0), "puskesmas_programme": ("policy.has_programme", 0),
    "price_adjustment": ("policy.prices_move", 0), "traditional_trade": ("policy.may_trade", 0), "undeclared_trade": ("policy.may_trade", 1),
    "bribery": ("policy.may_trade", 2), "cross_border_work": ("policy.may_cross", 0), "undocumented_work": ("policy.may_cross", 1),
    "kin_help": ("policy.may_help", 0), "kinship": ("kin.is_on", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_a_mechanism_is_switched_off_in_its_month_and_alone(name):
    model = BorderModel(
        Scenario(name="x", end="1980-12", events=(Change(3, f"switch.{name}", 0.0), Change(5, f"switch.{name}", 1.0))), households=60
    )
    for month in range(7):
        model.step()
        off = {n for n, (column, at) in COLUMNS.items() if not model.column(column)[at]}
        assert off == ({name} if month in (3, 4) else set()), month


def test_paths_are_not_open_to_people_with_papers():
    model = BorderModel(Scenario(name="x", end="1980-01"), households=60).run()
    is_path = model.world.crossing["is_path"] > 0
    assert is_path.any() and not model.world.crossing["is_open"][is_path].any() and model.world.crossing["is_open"][~is_path].all()


def test_a_post_opens_in_its_month():
    model = BorderModel(Scenario(name="x", end="1989-12"), households=60)
    at = model.world.crossing_names.index("Entikong-Tebedu")
    model.go_on(117)  # to the end of September 1989
    assert not model.world.crossing["is_post"][at]
    model.step()
    assert model.world.crossing["is_post"][at]


def test_a_table_of_changes_has_names():
    with pytest.raises(UserError, match="is not a table of names and values"):
        Scenario.load(set={1: 2.0})


@pytest.mark.parametrize("what", ["name", "title", "description"])
def test_a_scenario_has_words_for_itself(what):
    with pytest.raises(UserError, match=f"{what} = None is not a text"):
        Scenario(**{"name": "x", what: None})  # type: ignore[arg-type]


def test_the_hash_of_a_scenario_is_that_of_its_sorted_values():
    a = Scenario(parameters={"market.adjust_prices.pull": 0.3, "market.adjust_prices.push": 0.1})
    b = Scenario(parameters={"market.adjust_prices.push": 0.1, "market.adjust_prices.pull": 0.3}, title="another title")
    assert a.hash == b.hash != Scenario(parameters={"market.adjust_prices.pull": 0.3}).hash


def test_a_description_may_have_lines_a_title_not():
    assert Scenario(name="x", description="one\ntwo").description == "one\ntwo"
    with pytest.raises(UserError):
        Scenario(name="x", title="one\ntwo")


@pytest.mark.parametrize(("widen", "is_taken"), [(0.0, True), (1.0, True), (1.01, False), (-0.01, False)])
def test_ranges_are_widened_by_their_width_at_most(widen, is_taken):
    if is_taken:
        assert Scenario(name="x", widen=widen).widen == widen
    else:
        with pytest.raises(UserError, match="widen"):
            Scenario(name="x", widen=widen)
