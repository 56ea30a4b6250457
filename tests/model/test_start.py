"""The state of January 1980 before its first month, worked out again from region, parameters and draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from abm import Scenario, Simulation, start
from abm.errors import UserError
from abm.world import populate
from agents.core.declare import PARAMETERS
from agents.core.draws import uniform
from agents.surroundings import ESTATE, FARM, LOOKING, PASS, SECTORS, SERVICES

SETTINGS = {
    "official.spend_budget.start_id": 0.31, "official.spend_budget.start_my": 0.62, "official.set_strictness.doctrine_id": 0.3,
    "official.set_strictness.doctrine_my": 0.6, "official.set_strictness.strictness_prosperity": 0.2,
    "official.set_strictness.strictness_security": 0.9, "world.set_work.jobs_id": 0.8, "world.set_work.jobs_my": 1.2,
    "world.set_work.pay_id": 0.8, "world.set_work.pay_my": 0.9,
}  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Simulation:
    return Simulation(Scenario(end="1980-01", parameters=SETTINGS), households=600, rng=3)


def of_side(run: Simulation, side: np.ndarray, name: str) -> np.ndarray:
    return np.where(side == 0, SETTINGS[f"{name}_id"], SETTINGS[f"{name}_my"])


def test_stocks_of_districts(run: Simulation) -> None:
    district = run.world.district
    expected = of_side(run, district["side"], "official.spend_budget.start")
    for stock in ("road", "clinic", "hospital", "other"):
        assert np.array_equal(district[stock], expected), stock
    assert set(run.stock_start) == {"clinic", "hospital"}
    assert all(np.array_equal(values, expected) for values in run.stock_start.values())


def test_what_is_kept_of_each_stock_is_that_stock() -> None:
    other = Simulation(Scenario(end="1980-01"), households=60)
    other.world.district["clinic"][:], other.world.district["hospital"][:] = 0.1, 0.2
    kept = other.stock_start
    assert not np.shares_memory(kept["clinic"], other.world.district["clinic"]) and not np.shares_memory(kept["clinic"], kept["hospital"])


def test_officials_and_their_posts(run: Simulation) -> None:
    officials, crossing = run.frames["official"], run.world.crossing
    doctrine = np.clip(of_side(run, officials["side"], "official.set_strictness.doctrine") + officials["deviation"], 0, 1)
    assert officials["doctrine"] == pytest.approx(doctrine)
    empty = 0
    for c in range(len(run.world.crossing_names)):
        here = officials["crossing"] == c
        if here.any():
            assert crossing["honest"][c] == pytest.approx(officials["honesty"][here].mean())
            mean = doctrine[here].mean()
            assert crossing["strictness"][c] == pytest.approx(0.2 * mean + 0.9 * (1 - mean))
        else:
            empty += 1
            assert crossing["honest"][c] == 1.0 and crossing["strictness"][c] == 0.0
    assert 0 < empty < len(run.world.crossing_names)


def test_markets_incomes_and_savings(run: Simulation) -> None:
    place, h, s = run.world.place, run.frames["household"], run.series
    for q in range(run.world.n_places):
        side = int(place["side"][q])
        rate = (s.idr_per_usd[0], s.myr_per_usd[0])[side]
        assert place["price"][q] == pytest.approx(s.world_price[0, side] * rate * s.markup[side])
        district = place["pay_level"][q] ** run.settings.values["world.set_work.pay_by_district"]
        wage = (0.8, 0.9)[side] * s.pay[0, side, SECTORS.index("services")] * district
        here = h["place"] == q
        assert place["wage"][q, SERVICES] == pytest.approx(wage)
        assert h["income_mean"][here] == pytest.approx(0.6 * h["n_workers"][here] * wage * h["ability"][here])
        assert place["workers"][q] == pytest.approx((h["n_workers"] * h["weight"])[here].sum())
        assert place["adults"][q] == pytest.approx((h["n_adults"] * h["weight"])[here].sum())
        assert place["income_last"][q] == pytest.approx((h["income_mean"] * h["weight"])[here].sum())
        assert place["output_last"][q] == pytest.approx(20 * place["adults"][q])
    assert np.array_equal(h["savings"], h["income_mean"])
    for side in (0, 1):
        assert run.savings_at_start[side] == pytest.approx((h["savings"] * h["weight"])[h["side"] == side].sum())


def test_first_jobs_are_drawn_by_the_jobs_of_the_place(run: Simulation) -> None:
    """One draw of each adult of the labour force: below the part of workers with a job on an estate, then in timber, and so on; the others farm."""
    h, place = run.frames["household"], run.world.place
    kept = {name: h[name].copy() for name in ("activity", "income_mean", "savings")}
    last = {name: place[name].copy() for name in ("income_last", "output_last")}
    try:
        start._give_first_jobs(run)
        assert (place["job_slots"][:, ESTATE:PASS].sum(axis=1) < place["workers"]).all()
        for i in range(0, len(h), 7):
            q = int(h["place"][i])
            for a in range(h["activity"].shape[1]):
                expected, u = FARM, uniform(3, populate.FIRST_JOB, 0, int(h["uid"][i]), a)
                for k in range(PASS - 1, FARM, -1):
                    if u < sum(place["job_slots"][q, j] for j in range(1, k + 1)) / place["workers"][q]:
                        expected = k
                assert h["activity"][i, a] == (expected if a < h["n_workers"][i] else -1)
        given = np.array([((h["activity"] == k).sum(axis=1) * h["weight"]).sum() for k in range(PASS)])
        assert (given > 0).all() and not (h["activity"] >= PASS).any()
        # as many as there are jobs, within the chance of the draws
        assert given[1:].sum() == pytest.approx(place["job_slots"][:, ESTATE:PASS].sum(), rel=0.1)
    finally:
        for name, values in kept.items():
            h[name][:] = values
        for name, values in last.items():
            place[name][:] = values


def test_support_of_kin_across(run: Simulation) -> None:
    h, c = run.frames["household"], run.kin.columns
    enough = run.settings.values["household.keep_ties.enough"]
    for i in range(len(h)):
        ends = slice(c["first_across"][i], c["end"][i])
        weak = run.settings.values["household.keep_ties.weak_support"]
        total = float((c["strength"][ends] * np.where(c["is_kin"][ends] > 0, 1.0, weak)).sum())
        assert h["support_across"][i] == pytest.approx(total / (total + enough))
    assert (h["support_across"] > 0).any()
    without = Simulation(Scenario(end="1980-01", switches={"kinship": False}), households=120)
    assert not without.frames["household"]["support_across"].any()


def test_work_has_settled_when_the_first_month_begins() -> None:
    """The first months look like those that follow."""
    before = after = 0.0
    for seed in (7, 8, 9):  # together, since an adult who stands for many comes or goes by chance
        run = Simulation(Scenario(end="1980-06"), households=2000, rng=seed)
        assert run.draws_of is None and run.month == 0
        h = run.frames["household"]
        away = lambda h=h: float((((h["activity"] >= PASS) & (h["activity"] < LOOKING)).sum(axis=1) * h["weight"]).sum())  # noqa: E731
        before += away()
        run.run()
        after += away()
    assert before > 0 and after == pytest.approx(before, rel=0.15)
    assert start.SETTLING_MONTHS == 36


def test_the_first_budget_sets_patrols_and_leaves_the_stocks(run: Simulation) -> None:
    """The stocks of 1980 are given, so the budget of that year builds nothing yet."""
    district, crossing = run.world.district, run.world.crossing
    assert np.array_equal(run.world.policy["real_income"], run.series.real_income[0])
    p = run.settings.values
    for d in range(len(run.world.district_names)):
        side = int(district["side"][d])
        budget = (p["official.spend_budget.budget_id"], p["official.spend_budget.budget_my"])[side] * run.series.real_income[0, side]
        assert district["budget"][d] == pytest.approx(budget)
    patrol = district["patrol"]
    assert (patrol > 0).all()
    for c in range(len(run.world.crossing_names)):
        both = patrol[crossing["district_id"][c]], patrol[crossing["district_my"][c]]
        assert crossing["patrol"][c] == pytest.approx(sum(both) / 2)


def test_in_january_patrols_and_ways_follow_the_new_budget() -> None:
    run = Simulation(Scenario(end="1982-12"), households=60)
    run.go_on(12)
    district, crossing = run.world.district, run.world.crossing
    roads, patrols = district["road"].copy(), crossing["patrol"].copy()
    run.go_on(13)
    assert (district["road"] != roads).all() and (crossing["patrol"] != patrols).all()
    both = district["patrol"][crossing["district_id"]], district["patrol"][crossing["district_my"]]
    assert crossing["patrol"] == pytest.approx((both[0] + both[1]) / 2)
    assert np.array_equal(run.world.place["road"], district["road"][run.world.place["district"]])
    assert np.array_equal(run.world.policy["real_income"], run.series.real_income[12])
    run.go_on(14)
    assert np.array_equal(run.world.policy["real_income"], run.series.real_income[13]), "rules read that of the month"


def test_a_seed_left_out_is_seven_and_the_largest_is_known() -> None:
    end = Scenario(end="1980-01")
    assert Simulation(end, households=60, rng=None).seed_of_run == 7 == Simulation(end, households=60).seed_of_run
    assert Simulation(end, households=60, rng=2**62).seed_of_run == 2**62
    with pytest.raises(UserError, match="seed"):
        Simulation(end, households=60, rng=2**62 + 1)


def test_a_world_and_its_copy_have_columns_of_their_own(run: Simulation) -> None:
    world = run.world.copy()
    for entity in ("place", "village", "trade_link", "crossing", "facility", "district", "policy"):
        for name, values in getattr(world, entity).items():
            mine = getattr(run.world, entity)[name]
            assert np.array_equal(values, mine) and not np.shares_memory(values, mine), f"{entity}.{name}"
    assert world.place_names is run.world.place_names


def test_doctrine_stays_between_its_ends() -> None:
    """Own doctrine beyond security or prosperity counts as the end itself."""
    low, high = (PARAMETERS[f"official.set_strictness.doctrine_{side}"] for side in ("id", "my"))
    spread = {"world.populate.doctrine_spread": PARAMETERS["world.populate.doctrine_spread"].high}
    ends = {low.name: low.low, high.name: high.high}
    officials = Simulation(Scenario(end="1980-01", parameters=spread | ends), households=60, rng=3).frames["official"]
    wanted = np.where(officials["side"] == 0, low.low, high.high) + officials["deviation"]
    assert wanted.min() < 0.0 < 1.0 < wanted.max(), "or nothing is cut off"
    assert officials["doctrine"] == pytest.approx(np.minimum(np.maximum(wanted, 0.0), 1.0))


@pytest.mark.parametrize("month", [0, 7, 220])
def test_the_income_gap_is_the_logarithm_of_product_per_head_there_over_here(month: int) -> None:
    """In dollars at the month's rates, of both countries; no less than nothing."""
    run = Simulation(Scenario.load("history"), households=60)
    run.month, s = month, run.series
    product = [s.base[k] * s.real_income[month, k] * s.cpi[month, k] / 100 / (s.idr_per_usd, s.myr_per_usd)[k][month] for k in (0, 1)]
    assert run.income_gap() == pytest.approx(np.log(product[1] / product[0])) and run.income_gap() > 0.3
    run.histories[True] = dataclasses.replace(s, base=np.array([1000.0, 0.001]) * s.base)
    assert run.income_gap() == 0.0
