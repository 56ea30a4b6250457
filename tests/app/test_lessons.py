"""The numbers of lessons are those of direct runs, and of sums that can be done by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.claims.years import Years
from abm.parameters import Change
from agents.core.declare import argument_names
from calibration.posterior import Posterior
from experiments.app.lessons import chance, fit, household, road, sugar
from experiments.app.lessons.lesson import HOUSEHOLDS, Told
from experiments.app.lessons.run import going

SEED = 7


def direct(scenario: Scenario, seed: int = SEED, fitted: Mapping[str, float] | None = None) -> Years:
    return Years(BorderModel(scenario, households=HOUSEHOLDS, rng=seed, fitted=fitted).run().results.yearly)


# --- sugar ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def look() -> sugar.SugarLook:
    return sugar.look_at(SEED, going())


@pytest.fixture(scope="module")
def found(look: sugar.SugarLook) -> dict:
    return dict(sugar.find(SEED, going()))


def test_the_month_looked_at_is_that_of_a_direct_run(look: sugar.SugarLook) -> None:
    run = BorderModel(Scenario.load("history"), households=HOUSEHOLDS, rng=SEED)
    run.go_on(sugar.MONTH + 1)
    for name in ("good", "direction", "channel", "quantity"):
        np.testing.assert_array_equal(look.run.frames["trader"][name], run.frames["trader"][name])
    # what was seen are the columns that the rule met: with them, and the month's own draws, it gives the deals of the run
    columns = {name: column.copy() for name, column in look.columns.items()}
    lead = {"start": 0, "stop": len(columns["trader.uid"]), "seed": SEED, "month": sugar.MONTH, "p": look.p}
    given = iter(columns[name] for name in (*sugar.RULE.reads, *sugar.RULE.writes))
    sugar.RULE.loop(*(lead[k] if k in lead else next(given) for k in argument_names(sugar.RULE.loop)))
    for name in ("good", "direction", "channel", "quantity"):
        np.testing.assert_array_equal(columns[f"trader.{name}"], run.frames["trader"][name])


def test_break_even_by_hand(look: sugar.SugarLook, found: dict) -> None:
    c, p, row = look.columns, look.p, found["row"]
    place, there = (look.run.world.place_names.index(found[name]) for name in ("place", "partner"))
    assert c["trader.place"][row] == place and c["trade_link.partner"][place, 0] == there and c["trade_link.is_post"][place] > 0
    assert look.run.frames["trader"]["side"][row] == 0
    here, away = c["place.price"][place, 1], c["place.price"][there, 1] * c["place.exchange"][place]
    gain = (here - away) * (1 - p.price_impact) / away
    assert (found["here"], found["there"], found["gain"]) == pytest.approx((here, away, gain))
    kin = c["household.support_across"][c["trader.household"][row]]
    per_hour = c["trade_link.transport"][place, 1] * (1 - p.kin_saving * kin)
    road_costs = per_hour * c["trade_link.hours"][place, 0] + p.waiting * c["trade_link.strictness"][place, 0] + p.paperwork
    assert found["fee"] == pytest.approx(gain - road_costs)
    path_costs = per_hour * c["trade_link.hours"][place, 1] * p.path_carriage
    assert found["chance"] == pytest.approx((gain - path_costs) / (1 + gain + p.penalty))
    left = (1 - 0.05) * (1 + gain) - 1 - 0.05 * p.penalty  # of each unit of money, when one load in twenty is found
    assert found["hours"] == pytest.approx(left / (per_hour * p.path_carriage))
    trips = p.trading_days / (1 + 2 * c["trade_link.hours"][place, 1] / 8)
    value = c["trader.load"][row] * (1 + p.kin_credit * kin) * trips * away
    caught = c["trade_link.detection"][place, 1] * (1 - c["trader.skill"][row])
    assert found["profit"]["path"] == pytest.approx(value * ((1 - caught) * (1 + gain) - 1 - caught * p.penalty - path_costs))
    trips = p.trading_days / (1 + 2 * c["trade_link.hours"][place, 0] / 8)
    free = min(c["trader.load"][row] * (1 + p.kin_credit * kin) * trips * away, c["trader.cards"][row] * c["trade_link.allowance"][place])
    assert found["profit"]["allowance"] == pytest.approx(free * (gain - road_costs + p.paperwork))


def test_amounts_fall_with_what_makes_a_way_dear(look: sugar.SugarLook, found: dict) -> None:
    by = found["by"]
    path, declared, allowance = sugar.PATH, sugar.DECLARED, sugar.ALLOWANCE
    assert all(one[allowance] == 0 for one in by["fee"])  # nothing is free of duty
    fees = [one[declared] for one in by["fee"]]
    assert fees == sorted(fees, reverse=True) and fees[0] > 0
    paths = [one[path] for one in by["fee"]]
    assert paths == sorted(paths) and paths[-1] > paths[0]  # it moves to the paths
    chances = [one[path] for one in by["chance"]]
    assert chances == sorted(chances, reverse=True) and chances[0] > 10 * chances[-1]
    assert sum(by["hours"][-1]) == 0 < sum(by["hours"][0])
    # with nothing changed, the amounts are the mean over the draws of a fixed number of months
    assert look.amounts(lambda columns: None) == look.amounts(lambda columns: None)


def test_break_even_at_its_ends() -> None:
    assert sugar.break_even(lambda x: 1.0 - x, 3.0) == pytest.approx(1.0)
    assert sugar.break_even(lambda x: -1.0 - x, 3.0) == 0.0
    assert sugar.break_even(lambda x: 9.0 - x, 3.0) == 3.0


# --- pairs of runs --------------------------------------------------------------------------------------------------------


def test_chance_is_that_of_direct_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chance, "SEEDS", 2)
    f = chance.find(SEED, going())
    changed = replace(Scenario.load("history"), name="x", events=(Change(180, "official.set_strictness.doctrine_id", 0.8),))
    one, two, three, four = direct(Scenario.load("history")), direct(Scenario.load("history"), 8), direct(changed), direct(changed, 8)
    base, other = ([some.of("care_share_across", "id")[2010] for some in both] for both in ((one, two), (three, four)))
    assert f["last"] == base and f["earlier"] == 0 and f["seeds"] == [7, 8]
    assert f["paired"] == [other[0] - base[0], other[1] - base[1]] and f["unpaired"] == [other[1] - base[0], other[0] - base[1]]
    assert (
        f["base"][1] == list(two.of("care_share_across", "id").values())
        and f["changed"][0][-1] == three.of("care_share_across", "id")[2015]
    )
    assert f["values"] > 3_000
    told = Told(dict(f) | {"paired": [0.01, 0.03], "unpaired": [0.0, 0.04]}, "en")
    right = chance.LESSON.steps[2].answer(told)  # type: ignore[misc]
    assert right.right == "b"  # 0.02828 over 0.01414: twice as much
    assert float(chance.LESSON.steps[3].answer(told).right) == pytest.approx(40)  # type: ignore[misc]


def test_clinic_or_road_is_that_of_direct_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(road, "SEEDS", 1)
    f = road.find(SEED, going())
    before = direct(Scenario.load("history"))
    clinics = direct(Scenario.load("history", set={"official.spend_budget.to_roads": 0.25, "official.spend_budget.to_health": 0.4}))
    roads = direct(Scenario.load("history", set={"official.spend_budget.to_roads": 0.55, "official.spend_budget.to_health": 0.1}))
    for indicator in road.SHOWN:
        a, b, c = (one.of(indicator, "id")[2010] for one in (before, clinics, roads))
        assert {name: values[indicator] for name, values in f["values"].items()} == {"as it was": [a], "clinics": [b], "roads": [c]}
        assert road.differences(f, "clinics", indicator) == [b - a] and road.differences(f, "roads", indicator) == [c - a]
    # the sum of both parts is that of the history
    assert {round(sum(values.values()), 9) for values in road.PLANS.values()} == {0.65}


def test_point_fit_is_that_of_direct_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "DRAWS", 1)
    f = fit.find(SEED, going())
    posterior = Posterior.load("west-kalimantan-sarawak")
    draw = posterior.sample(1, seed=1)[posterior.parameters].to_dict("records")[0]
    fits = (None, {str(name): float(value) for name, value in draw.items()})
    before = [direct(Scenario.load("history", widen=posterior.widen), fitted=one) for one in fits]
    assert f["fact"] == pytest.approx(
        [float(np.mean([one.of("product_per_capita", "id")[y] for y in (2005, 2006, 2007)])) for one in before], rel=1e-12
    )
    for name, indicator in (("no-puskesmas", "untreated_share"), ("no-kinship", "workers_across")):
        after = [direct(Scenario.load(name, widen=posterior.widen), fitted=one) for one in fits]
        assert f["effect"][name] == [b.of(indicator, "id")[2010] - a.of(indicator, "id")[2010] for a, b in zip(before, after, strict=True)]


def test_larger_effects_are_counted_with_their_sign() -> None:
    f = {"effect": {"x": [-10.0, -11.0, -6.0, 20.0, -5.0, 0.0]}}
    assert fit.larger(f, "x") == 1 and fit.larger(f, "x", 0.5) == 2


def test_the_household_is_that_of_a_direct_run() -> None:
    f = household.find(SEED, going())
    worlds = []
    for name in ("history", "no-kinship"):
        model = BorderModel(Scenario.load(name), households=HOUSEHOLDS, rng=SEED, follow=[f["uid"]]).run()
        calls = [(t["month"], c) for t in model.traces if t["rule"] == "household.seek_care" for c in t["calls"]]
        worlds.append([(month, c["inputs"]["u"], int(c["answer"])) for month, c in calls if c["function"] == "choose_care"])
    before, after = worlds
    assert f["ill"] == len(before) and f["by"] == {code: sum(one[2] == code for one in before) for code in range(-1, 4)}
    draws = {(month, u): chosen for month, u, chosen in after}  # a draw belongs to its month and episode
    both = [(chosen, draws[month, u]) for month, u, chosen in before if (month, u) in draws]
    assert f["same"] == len(both) and f["differ"] == sum(a != b for a, b in both) > 0
    one, other = f["decision"], f["decision_other"]
    assert (one.month, one.draw, one.chosen) in before and (other.month, other.draw, other.chosen) in after
    assert one.draw == other.draw and one.chosen != other.chosen
    start = BorderModel(Scenario.load("history"), households=HOUSEHOLDS, rng=SEED).frames["household"]
    row = start.row(f["uid"])
    assert start["side"][row] == 0 and f["adults"] >= 1
