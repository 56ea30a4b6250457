"""A branch of a saved run is the run in which the change happens then."""

from __future__ import annotations

import pytest

from abm import BorderModel, Scenario
from abm.errors import UserError
from abm.parameters import Change
from tests.model.same import differing, make, months, parts, state
from tests.model.tools import one_sentence, scenario


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
