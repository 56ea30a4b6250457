"""A run goes on from a January that was kept in memory, and has the numbers of a whole run."""

from __future__ import annotations

import pytest

from abm import BorderModel, Scenario
from abm.errors import UserError
from abm.parameters import Change, month_index
from tests.model.same import differing, make, months, parts, state

END = "1992-06"


def scenario(name: str = "history", end: str = END, **kwargs) -> Scenario:
    return Scenario.load(name, end=end, **kwargs)


def changed(month: str, name: str, value: float) -> Scenario:
    """The history with one dated change."""
    return Scenario(name="changed", end=END, events=(Change(month_index(month), name, value),))


@pytest.fixture(scope="module")
def kept() -> BorderModel:
    """A run to its end that kept every January."""
    return BorderModel(scenario(), households=120, rng=9).keep_at().run()


@pytest.fixture(scope="module")
def usual(kept) -> dict[str, str]:
    """The same run without keeping anything."""
    expected = parts(BorderModel(scenario(), households=120, rng=9).run())
    assert parts(kept) == expected, "keeping changes nothing"
    return expected


def test_every_january_is_kept_when_none_is_named(kept):
    assert kept.kept == tuple(f"{year}-01" for year in range(1980, 1993))


@pytest.mark.parametrize("month", ["1980-01", "1983-01", "1990-01", "1992-01"])
def test_a_branch_without_a_change_is_the_run(kept, usual, month):
    branch = kept.branch(month)
    assert branch.month == branch.steps == month_index(month) and branch.time == branch.month
    assert parts(branch.run()) == usual


@pytest.mark.parametrize("month", ["1983-01", "1990-01"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("crossing.all.open", 0), ("household.seek_care.foreign_penalty", 1.9), ("world.travel.pass_hours", 1.0), ("world.kinship.contact", 0.8),
     ("official.set_strictness.doctrine_id", 0.9), ("world.set_work.pay_id", 1.3), ("official.keep_facility.staff_id", 0.3), ("world.set_care.foreigners_my", 5.0), *((f"switch.{name}", 0) for name in (
         "kinship", "puskesmas_programme", "cross_border_care", "cross_border_work", "traditional_trade", "bribery", "enforcement",
         "infrastructure_investment", "price_adjustment", "crisis"))],
)  # fmt: skip
def test_a_dated_change_reruns_only_what_follows_it(kept, month, name, value):
    whole = BorderModel(changed(month, name, float(value)), households=120, rng=9).run()
    branch = kept.branch(month, changed(month, name, float(value))).run()
    assert differing(state(whole), state(branch)) == []
    assert parts(branch) == parts(whole)


def test_a_change_after_the_january(kept):
    later = changed("1990-08", "crossing.all.open", 0.0)
    whole = parts(BorderModel(later, households=120, rng=9).run())
    assert whole["record"] != parts(kept)["record"]
    for month in ("1985-01", "1990-01"):
        assert parts(kept.branch(month, later).run()) == whole


def test_a_shipped_scenario(kept):
    branch = kept.branch("1990-01", scenario("closed-border")).run()
    assert parts(branch) == parts(BorderModel(scenario("closed-border"), households=120, rng=9).run())
    assert branch.manifest()["scenario"]["name"] == "closed-border"


def test_a_branch_may_end_later(kept):
    longer = scenario(end="1994-12")
    assert parts(kept.branch("1992-01", longer).run()) == parts(BorderModel(longer, households=120, rng=9).run())


def test_branches_and_the_run_do_not_touch_each_other(usual):
    """Three that go on from one January, a month of each in turn."""
    run = months(BorderModel(scenario(), households=120, rng=9).keep_at(["1985-01"]), 62)
    assert run.kept == ("1985-01",)
    closed, without = changed("1985-01", "crossing.all.open", 0.0), changed("1985-01", "switch.kinship", 0.0)
    one, other = run.branch("1985-01", closed), run.branch("1985-01", without)
    for _ in range(month_index(END) + 1):
        for model in (one, run, other):
            model.step()
    assert parts(run) == usual
    assert parts(one) == parts(BorderModel(closed, households=120, rng=9).run())
    assert parts(other) == parts(BorderModel(without, households=120, rng=9).run())
    assert parts(run.branch("1985-01").run()) == usual, "the January itself is as it was"


def test_what_is_written_into_a_branch_is_not_seen_elsewhere(kept, usual):
    branch = kept.branch("1990-01")
    for frame in branch.frames.values():
        frame["place"][:] = 0
    for entity in ("place", "village", "trade_link", "crossing", "facility", "district", "policy"):
        for values in getattr(branch.world, entity).values():
            values.fill(0)
    for values in (*branch.kin.columns.values(), *vars(branch.record).values(), branch.open_now, branch.world.hours_between):
        values.fill(0)
    assert parts(kept) == usual and parts(kept.branch("1990-01").run()) == usual


def test_a_branch_of_a_branch(kept):
    first = changed("1983-01", "switch.kinship", 0.0)
    both = Scenario(name="both", end=END, events=(*first.events, Change(month_index("1990-01"), "crossing.all.open", 0.0)))
    again = kept.branch("1983-01", first).keep_at(["1990-01"]).run().branch("1990-01", both)
    assert parts(again.run()) == parts(BorderModel(both, households=120, rng=9).run())


def test_fitted_values_threads_and_own_rules_are_those_of_the_run():
    def severity(u, p_minor, p_disrupting, p_hospital, p_emergency):
        return 1 if u < 0.3 else 0

    settings = {"fitted": {"household.seek_care.foreign_penalty": 1.5}, "threads": 2, "rules": {"household.fall_ill": severity}}
    run = make(n_months=40, households=300, **settings).keep_at(["1982-01"]).run()
    branch = run.branch("1982-01")
    assert branch.threads == 2 and branch.loops == run.loops and branch.manifest() == run.manifest()
    assert parts(branch.run()) == parts(run)


def test_an_added_household_is_there_too():
    run = months(make(n_months=40, households=120).keep_at(), 17)
    added = run.add_household("Entikong", weight=50.0).unique_id
    run.run()
    assert added not in run.branch("1981-01").frames["household"]["uid"] and added in run.branch("1982-01").frames["household"]["uid"]
    branch = run.branch("1982-01").run()
    assert differing(state(run), state(branch)) == [] and parts(branch) == parts(run)


def test_januaries_named_later_take_the_place_of_those_before(kept):
    run = months(make(n_months=40, households=120).keep_at(["1980-01", "1981-01"]), 14)
    assert run.kept == ("1980-01", "1981-01") and run.bytes_kept > 0
    run.keep_at(["1981-01", "1982-01"]).run()
    assert run.kept == ("1981-01", "1982-01")
    assert run.keep_at(()).kept == () and run.bytes_kept == 0


def test_a_january_takes_less_than_a_megabyte():
    run = make(n_months=1, households=2000).keep_at().run()
    assert 100_000 < run.bytes_kept < 900_000, "docs/python.md says how much"


@pytest.mark.parametrize(
    ("month", "words"),
    [("1985-06", "not a January"), ("1993-01", "ends in"), ("1979-01", "before the start"), ("85", "YYYY-MM")],
)  # fmt: skip
def test_months_that_cannot_be_kept(kept, month, words):
    for refused in (lambda: kept.branch(month), lambda: make(n_months=40).keep_at([month])):
        with pytest.raises(UserError, match=words):
            refused()


def test_a_january_that_passed_or_was_not_kept_is_refused():
    run = months(make(n_months=40, households=120).keep_at(["1981-01"]), 14)
    with pytest.raises(UserError, match="1982-01 was not kept: kept are 1981-01"):
        run.branch("1982-01")
    with pytest.raises(UserError, match="1980-01 cannot be kept"):
        run.keep_at(["1980-01"])
    assert run.kept == ("1981-01",), "a refused call changes nothing"
    with pytest.raises(UserError, match="kept are none"):
        make(households=120).branch("1980-01")


def test_what_saving_refuses_is_refused(kept):
    with pytest.raises(UserError, match=r"world\.kinship\.length = 4.*start a new run"):
        kept.branch("1990-01", scenario(set={"world.kinship.length": 4.0}))
    with pytest.raises(UserError, match=r"1989-12.*ends in 1985-12"):
        kept.branch("1990-01", scenario(end="1985-12"))
    with pytest.raises(UserError, match="no scenario"):
        kept.branch("1990-01", "no-such-scenario")


def test_the_january_before_which_the_run_stands_is_kept_at_once():
    model = make(n_months=14, households=60).keep_at(["1980-01"])
    assert model.kept == ("1980-01",) and parts(model.branch("1980-01").run()) == parts(make(n_months=14, households=60).run())


@pytest.mark.parametrize("months", ["1981-01", 5])
def test_januaries_are_given_as_a_list(months):
    with pytest.raises(UserError, match=r'is not a list of Januaries: write \["1990-01"\]'):
        make(n_months=14, households=60).keep_at(months)
