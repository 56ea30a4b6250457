"""The shipped demography in extreme places: one that dies out, shrinks or grows fast, one without births; moves, inheritance and ties of the new."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Scenario, Simulation
from abm.world import demography, moving
from abm.world.demography import wanted_people
from abm.world.moving import choose_moves, hand_on, inherit
from abm.world.population import renew
from agents.core.draws import uniform
from agents.core.frame import AgentFrame
from agents.household.live import PEOPLE
from tests.model.same import differing, make, parts, state
from tests.model.test_population import check_members, check_people

BORN, DIED, CAME, WENT, WEIGHED = (PEOPLE[name] for name in ("births", "deaths", "moved_in", "moved_out", "reweighted"))


def people(model: Any) -> np.ndarray:
    h = model.frames["household"]
    return np.bincount(h["place"], h["weight"] * (h["n_adults"].astype(float) + h["n_children"]), model.world.n_places)


def off(year: float = 2010.0, months: str = "1983-12", **more: Any) -> Scenario:
    return Scenario(parameters={"world.demography.held_year": year}, switches={"demography": False}, end=months, **more)


@pytest.fixture(scope="module")
def grown() -> BorderModel:
    return make(n_months=60, households=400).run()


def ends(kin: Any, h: Any) -> list[tuple[int, int]]:
    source, at = kin.ends()
    return list(zip(h["uid"][source].tolist(), h["uid"][kin.columns["other"][at]].tolist(), strict=True))


def with_rates(model: Any, births: float, infant_deaths: float) -> None:
    rows = np.array([[1970.0, births, infant_deaths]])
    model.world.people_path = model.world.people_path._replace(rates=(rows, rows))


def test_years_without_births() -> None:
    model = make(n_months=16 * 12, households=60)
    with_rates(model, 0.0, 60.0)
    model.run()
    assert (model.record.people[1:, :, BORN] == 0.0).all() and model.frames["household"]["n_children"].sum() == 0
    assert np.allclose(people(model), model.world.people_path.people_in(1995), rtol=1e-12)
    check_members(model.frames["household"])


def test_one_household_is_left() -> None:
    model = make(n_months=60, households=60)
    h = model.frames["household"]
    renew(model, h["uid"][1:].copy())
    place = int(h["place"][0])
    h["adult_age"][0], h["n_adults"][0], h["n_children"][0], h["child_age"][0] = [40, 38, -1, -1, -1, -1], 2, 0, -1
    model.run()
    assert set(h["place"].tolist()) == {place} and people(model)[place] == pytest.approx(model.world.people_path.people_in(1984)[place])
    assert all(np.isfinite(values).all() for values in state(model).values() if values.dtype.kind == "f")


def test_a_place_that_dies_out_is_settled_again() -> None:
    model = make(n_months=25, households=300)
    model.go_on(12)
    h, path = model.frames["household"], model.world.people_path.people_in(1981)
    here = h["place"] == 3
    old = set(h["uid"][here].tolist())
    h["adult_age"][here], h["n_adults"][here], h["n_children"][here], h["child_age"][here] = [100, -1, -1, -1, -1, -1], 1, 0, -1
    before = people(model)
    model.go_on(13)
    now = h["uid"][h["place"] == 3].tolist()
    r = model.record.people[1, 3]
    assert len(now) == 1 and not old & set(now) and people(model)[3] == pytest.approx(path[3], rel=1e-12)
    assert r[DIED] == pytest.approx(before[3]) and r[CAME] == pytest.approx(path[3]) and r[WEIGHED] == pytest.approx(0.0, abs=1e-6)
    check_people(model)
    model.run()
    assert np.allclose(people(model), model.world.people_path.people_in(1982), rtol=1e-12)


def test_one_side_is_empty() -> None:
    model = make(n_months=30, households=80)
    h = model.frames["household"]
    renew(model, h["uid"][h["side"] == 0].copy())
    model.run()
    assert (h["side"] == 1).all() and people(model)[model.world.place["side"] == 0].sum() == 0.0 and len(h) > 30
    assert all(np.isfinite(values).all() for values in state(model).values() if values.dtype.kind == "f")


def test_a_place_that_shrinks_keeps_a_household() -> None:
    model = make(n_months=50, households=700)
    path = model.world.people_path
    fewer = path.people.copy()
    fewer[0, 1] = 1.0
    years = path.years.copy()
    years[0, 1] = 1984.0
    model.world.people_path = path._replace(people=fewer, years=years)
    model.run()
    h = model.frames["household"]
    assert people(model)[0] == pytest.approx(1.0, rel=1e-12) and (h["place"] == 0).sum() >= 1
    assert model.record.people[1:5, 0, WENT].sum() > 0 > model.record.people[1:5, 0, WEIGHED].sum(), "there are not enough young households"


def test_a_place_that_grows_fast_is_moved_into() -> None:
    model = make(n_months=50, households=700)
    path = model.world.people_path
    more = path.people.copy()
    more[0, 1:] *= 4.0
    model.world.people_path = path._replace(people=more)
    model.run()
    r = model.record.people[1:5, 0]
    assert (
        r[:, CAME].sum() > 0 and (r[:, WENT] == 0).all() and np.allclose(people(model), model.world.people_path.people_in(1984), rtol=1e-12)
    )
    check_people(model)
    assert model.carried[12:, 0, 0].max() > 0


# ---- the loops, by hand ----------------------------------------------------------------------------------------------------


def moved(
    wanted: float, uid: list[int], weight: list[float], persons: list[int], ages: list[int], below: float = 40.0, seed: int = 3
) -> list[bool]:
    moves = np.zeros(len(uid), dtype=np.bool_)
    n = np.array(persons, np.int8)
    choose_moves(
        seed, 12, below, np.array([wanted]), np.array([0, len(uid)]), np.array(uid), np.array(weight), n, np.zeros_like(n),
        np.array([[age] + [-1] * 5 for age in ages], np.int8).repeat(1, axis=0), moves,
    )  # fmt: skip
    return moves.tolist()


def test_households_move_in_the_order_of_their_draws() -> None:
    uid, weight, persons = list(range(50)), [10.0] * 50, [1] * 50
    moves = moved(-200.0, uid, weight, persons, [30] * 50)
    order = sorted(range(50), key=lambda i: uniform(3, moving.MOVE_OF, 12, uid[i], 0))
    assert sum(moves) == 20 and {i for i in range(50) if moves[i]} == set(order[:20])
    assert moved(0.0, uid, weight, persons, [30] * 50) == [False] * 50
    old = moved(-200.0, uid, weight, persons, [40] * 25 + [39] * 25)
    assert not any(old[:25]) and sum(old) == 20
    assert sum(moved(-1e6, uid, weight, persons, [30] * 50)) == 49, "one household stays"
    assert sum(moved(1e6, uid, weight, persons, [30] * 50)) == 50, "each is a model once"
    assert sum(moved(-1e6, uid, weight, persons, [30] * 49 + [80])) == 49
    assert sum(moved(-1e6, uid, weight, [1] * 30 + [0] * 20, [30] * 50)) == 29, "who has died out is not there"


def test_who_has_no_weight_counts_for_nothing() -> None:
    """Households without weight in between change nobody's move, and none of them is the one that stays."""
    uid, ages = list(range(40)), [30] * 40
    for wanted in (-200.0, -1e6, 150.0):
        few = moved(wanted, uid[::2], [10.0] * 20, [1] * 20, ages[::2])
        assert moved(wanted, uid, [10.0, 0.0] * 20, [1] * 40, ages)[::2] == few
    assert sum(moved(-1e6, uid, [0.0] * 40, [1] * 40, ages)) == 0


def test_a_place_whose_last_household_has_no_weight_is_settled_again() -> None:
    model = make(n_months=25, households=300)
    extra = model.add_household(model.world.place_names[3]).unique_id
    model.go_on(12)
    h, path = model.frames["household"], model.world.people_path.people_in(1981)
    here = (h["place"] == 3) & (h["weight"] > 0.0)
    h["adult_age"][here], h["n_adults"][here], h["n_children"][here], h["child_age"][here] = [100, -1, -1, -1, -1, -1], 1, 0, -1
    model.go_on(13)
    now = h["uid"][(h["place"] == 3) & (h["weight"] > 0.0)]
    assert len(now) == 1 and people(model)[3] == pytest.approx(path[3], rel=1e-12) and extra in h["uid"][h["place"] == 3]


def test_people_who_move_are_those_wanted_in_the_mean() -> None:
    uid, persons = list(range(40)), [1, 2, 3, 5] * 10
    for wanted in (-3.0, -44.0):
        counts = [np.dot(moved(wanted, uid, [2.0] * 40, persons, [30] * 40, seed=seed), [2 * n for n in persons]) for seed in range(800)]
        assert np.mean(counts) == pytest.approx(-wanted, abs=4 * np.std(counts) / math.sqrt(800)) and max(counts) < -wanted + 10


def test_land_and_savings_of_the_dead_go_to_the_nearest_kin_of_the_place() -> None:
    # 0 has died out (kin 1 weak, 2 strong), 3 moves out (kin 0 who is gone, 4 of another place, 5), 6 has died out without kin
    ends, goes = np.array([1, 0, 0, 0, 0, 0, 1], bool), np.array([0, 0, 0, 1, 0, 0, 0], bool)
    weight, place = np.array([2.0, 1.0, 4.0, 3.0, 1.0, 6.0, 1.0]), np.array([0, 0, 0, 0, 1, 0, 0])
    savings, land = np.array([10.0, 1, 1, 7, 1, 1, 9]), np.array([4.0, 1, 1, 8, 1, 1, 3])
    first, end, other = np.array([0, 3, 4, 5, 8, 9, 10]), np.array([3, 4, 5, 8, 9, 10, 10]), np.array([1, 2, 3, 0, 0, 0, 4, 5, 3, 3])
    strength = np.array([0.2, 0.6, 0.9, 0.2, 0.6, 0.9, 0.8, 0.1, 0.8, 0.1])
    hand_on(ends, goes, weight, place, savings, land, first, end, other, strength)
    assert savings.tolist() == [0.0, 1.0, 1 + 10 * 2 / 4, 7.0, 1.0, 1.0, 9.0], "who moves takes the savings along"
    assert land.tolist() == [0.0, 1.0, 1 + 4 * 2 / 4, 0.0, 1.0, 1 + 8 * 3 / 6, 3.0]


def test_ties_of_a_new_household() -> None:
    first, end, other = np.array([0, 3, 4, 5]), np.array([3, 4, 5, 6]), np.array([1, 2, 3, 0, 0, 0])
    strength, uid = np.array([0.3, 0.5, 0.7, 0.3, 0.5, 0.7]), np.array([100, 200, 300, 400])
    pairs, strengths = np.zeros((9, 2), np.int64), np.zeros(9)

    def found(share: float, leave: list[int], mother: int = 0) -> list[Any]:
        n = inherit(
            3, 24, 0.8, share, np.array([7]), np.array([mother]), np.array(leave, bool), uid, first, end, other, strength, pairs, strengths
        )
        return [(*map(int, pair), float(s)) for pair, s in zip(pairs[:n], strengths[:n], strict=True)]

    assert found(1.0, [0, 0, 0, 0]) == [(-1, 0, 0.8), (-1, 1, 0.3), (-1, 2, 0.5), (-1, 3, 0.7)], (
        "-1 is the first newcomer, the others are rows"
    )
    assert found(0.0, [0, 0, 0, 0]) == [(-1, 0, 0.8)] and found(1.0, [0, 0, 1, 0])[1:] == [(-1, 1, 0.3), (-1, 3, 0.7)]
    assert found(1.0, [1, 0, 0, 0])[0] == (-1, 1, 0.3), "no tie to a mother's household that leaves"
    u = {row: uniform(3, moving.INHERIT, 24, 7, int(uid[row])) for row in (1, 2, 3)}
    assert [row for _, row, _ in found(0.5, [0, 0, 0, 0])[1:]] == [row for row in (1, 2, 3) if u[row] < 0.5]


def test_who_does_something_else_forgets_what_it_asked_for() -> None:
    before, now = np.array([[0, 1], [2, -1], [3, 4]], np.int8), np.array([[0, 1], [2, 0], [4, 3]], np.int8)
    sought = np.array([[5, 6], [5, -1], [5, 6]], np.int8)
    moving.forget_work(before, now, sought)
    assert sought.tolist() == [[5, 6], [-1, -1], [-1, -1]]


def test_who_is_old_is_counted_from_that_age_on() -> None:
    ages, old = np.array([[70, 64, -1], [65, 65, 66], [-1, -1, -1]], np.int8), np.full(3, -1.0)
    moving.count_old(ages, 65, old)
    assert old.tolist() == [1.0, 3.0, 0.0]


def test_gains_and_losses_of_weights_by_side() -> None:
    weight, gained = np.array([2.0, 1.0, 4.0, 1.0]), np.array([[1.0, 0.0], [0.0, 0.0]])
    moving.reweigh(np.array([1.5, 0.5]), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.array([10.0, -4.0, 3.0, -2.0]), weight, gained)
    assert weight.tolist() == [3.0, 1.5, 2.0, 0.5] and gained.tolist() == [[1.0 + 10.0, 2.0], [1.0, 6.0]]


def test_weights_take_up_the_rest_and_it_is_booked() -> None:
    model = make(n_months=25, households=60)
    model.go_on(12)
    h, t = model.frames["household"], model.frames["trader"]
    h["savings"][:] = np.where(np.arange(len(h)) % 2, 5.0, -3.0)
    t["profit"][:] = 2.0
    before = h["weight"].copy(), t["weight"].copy(), people(model)
    wanted = before[2] * np.linspace(0.5, 1.5, model.world.n_places)
    demography._weigh(model, wanted)
    factor = np.linspace(0.5, 1.5, model.world.n_places)
    assert np.allclose(people(model), wanted, rtol=1e-12) and np.allclose(h["weight"], before[0] * factor[h["place"]], rtol=1e-12)
    assert np.array_equal(t["weight"], h["weight"][t["household"]])
    for side in (0, 1):
        gained = math.fsum((h["weight"] - before[0])[h["side"] == side] * h["savings"][h["side"] == side])
        gained += math.fsum((t["weight"] - before[1])[t["side"] == side] * 2.0)
        assert model.carried[12, side, 0] - model.carried[12, side, 1] == pytest.approx(gained, rel=1e-9)
    assert np.allclose(model.record.people[1, :, WEIGHED], wanted - before[2], rtol=1e-9, atol=1e-9)
    again = h["weight"].copy()
    demography._weigh(model, people(model))
    assert np.array_equal(h["weight"], again), "nothing for people who are there already"


# ---- the same run however it is made -----------------------------------------------------------------------------------------


def test_step_by_step_saved_branched_and_on_threads(tmp_path: Any) -> None:
    usual = make(n_months=40, households=240).keep_at()
    expected = parts(usual.run())
    assert parts(make(n_months=40, households=240, threads=3).run()) == expected
    half = make(n_months=40, households=240)
    half.go_on(30)
    half.save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half")
    assert differing(state(half), state(again)) == [] and parts(again.run()) == expected
    for month in ("1981-01", "1983-01"):
        assert parts(usual.branch(month).run()) == expected
    without_mesa: Any = Simulation(usual.own_scenario, households=240, rng=7)
    assert parts(without_mesa.run()) == expected


def test_an_own_demography_takes_its_place() -> None:
    seen: list[int] = []
    model = make(n_months=30, households=60, rules={"population": lambda run: seen.append(run.month)})
    before = model.frames["household"]["uid"].copy()
    model.run()
    assert seen == [12, 24] and np.array_equal(before, model.frames["household"]["uid"]) and not model.record.people.any()


def test_who_leaves_is_followed_no_longer() -> None:
    start = make(n_months=72, households=120)
    uids = start.frames["household"]["uid"].tolist()
    now = set(start.run().frames["household"]["uid"].tolist())
    left = next(uid for uid in uids if uid not in now)
    model = make(n_months=72, households=120, follow=[left]).run()
    assert model.follow == [] and model.traces[-1]["has_left"] and isinstance(model.frames["household"], AgentFrame)


def test_the_people_of_a_year_are_asked_for(grown: BorderModel) -> None:
    model = make(households=60)
    assert np.array_equal(wanted_people(model), model.world.people_path.people_in(1980))
    held = BorderModel(off(1995.5), households=60, rng=7)
    assert np.array_equal(wanted_people(held), held.world.people_path.people_in(1995.5))
