"""Every month people, goods and money are conserved: nothing is made or lost on the way from agents to tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.results.record import D, S
from abm.world.columns import World
from agents.official.ration_care import Parameters as Ration
from agents.surroundings import ACTIVITIES, LOOKING, N_WORK, PASS
from tests.model.same import make, months
from tests.model.tools import MANY_TRADERS

#: Relative size of a sum's rounding: 2**-52 for each of some hundreds of terms, with room.
ROUNDING = 1e-12


def close(a: np.ndarray, b: np.ndarray, size: np.ndarray | float | None = None) -> bool:
    """Equal up to the rounding of sums of this size."""
    bound = np.maximum(np.abs(a), np.abs(b)) if size is None else size
    return bool(np.all(np.abs(np.asarray(a) - b) <= ROUNDING * np.maximum(bound, 1.0)))


def share_by_rank(world: World, facilities: np.ndarray) -> np.ndarray:
    """Part of each rank of these facilities that is seen, (8,), as the villages know it; 0 for a rank in which nobody reaches them."""
    share, near = np.zeros(8), Ration().near
    for v, k in np.argwhere(np.isin(world.village["facility_care"], facilities)):
        first = 0 if world.village["hours_care"][v, k] <= near else 1
        share[first::2] = world.village["served_share"][v, 4 * k : 4 * k + 4][::-1]
    return share


def check_patients(model: BorderModel, sums: np.ndarray) -> None:
    """Who is ill is treated or not; who seeks care is served or turned away, by place and option; what facilities are asked is what villages ask."""
    h, world = model.frames["household"], model.world
    here = h["place"].astype(int)
    visits, sought, turned = (h[name].astype(int) for name in ("care_visits", "care_sought", "turned_away"))
    assert np.array_equal(visits + turned, sought) and (h["serious_visits"] <= visits).all()
    episodes = h["episodes"].astype(int)
    assert np.array_equal(np.stack([(h["ill"] == s).sum(axis=1) for s in (1, 2, 3, 4)], axis=1), episodes)
    assert np.array_equal((h["care_given"] >= 0).sum(axis=1), episodes.sum(axis=1) - h["untreated"].sum(axis=1))
    first, onward = (h["care"] >= 0).sum(axis=1), (h["care_next"] >= 0).sum(axis=1)
    assert np.array_equal(first + onward, sought.sum(axis=1)) and (first <= episodes.sum(axis=1)).all()
    assert np.array_equal(h["sent_on"].sum(axis=1), onward) and (onward <= episodes[:, 2:].sum(axis=1)).all()
    assert (episodes.sum(axis=1) <= h["n_adults"].astype(int) + h["n_children"]).all()
    for k, name in enumerate(("dh", "ph", "hh", "pa", "ha")):
        assert close(sums[:, S[f"visits_{name}"]], np.bincount(here, h["weight"] * visits[:, k], world.n_places))
        assert close(sums[:, S[f"turned_{name}"]], np.bincount(here, h["weight"] * turned[:, k], world.n_places))
        asked = np.bincount(h["village"], h["weight"] * sought[:, k], len(world.village_names))
        assert close(world.village["care_demand"].reshape(-1, 5, 4)[:, k].sum(axis=1), asked)
        assert (asked[world.village["facility_care"][:, k] < 0] == 0).all()
    assert close(world.facility["demand"].sum(), world.village["care_demand"].sum())
    assert world.facility["served"].sum() <= world.facility["demand"].sum() * (1 + ROUNDING)
    pool = world.facility["pool"]
    for f in np.unique(pool):  # of a usual month no more are seen than there are places
        share, kind = share_by_rank(world, np.flatnonzero(pool == f)), world.facility["kind"][f]
        seen, beds = share * world.facility["usual_demand"][f], np.arange(8) < 4
        room = world.facility["capacity"][pool == f].sum(axis=0)
        assert seen[beds if kind == 2 else slice(None)].sum() <= room[1 if kind == 2 else 0] * (1 + ROUNDING)
        assert kind != 2 or seen[~beds].sum() <= room[0] * (1 + ROUNDING)
    assert (sums[:, S["patients"]] <= sums[:, S["persons"]] * (1 + ROUNDING)).all()
    assert ((h["seen_across"] & ~h["seen_year"]) == 0).all() and (
        ((h["care_given"] >= 0) @ (1 << np.arange(14))) & ~h["seen_year"] == 0
    ).all()


@pytest.fixture(params=["history", "closed-border", "no-kinship"])
def run(request) -> BorderModel:
    """Before its first month; each test watches its own run."""
    return BorderModel(Scenario.load(request.param, set=MANY_TRADERS, end="2003-12"), households=240, rng=13)


@pytest.fixture(params=["history", "closed-border", "no-kinship"])
def held(request) -> BorderModel:
    """The same with the people of one year, so that a household's money can be followed from month to month."""
    return BorderModel(Scenario.load(request.param, set=MANY_TRADERS, end="2003-12", without=["demography"]), households=240, rng=13)


def test_people(run):
    model = run
    h = model.frames["household"]
    for t in range(model.n_months):
        model.step()
        sums = model.record.sums[t]
        if t % 12 == 0:
            people = sums[:, S["persons"]].copy()
            assert close(people, model.world.people_path.people_in(1980 + t // 12))
        persons = h["weight"] * (h["n_adults"].astype(float) + h["n_children"])
        assert close(np.bincount(h["place"], persons, model.world.n_places), people) and close(sums[:, S["persons"]], people)
        activity = h["activity"]
        assert np.array_equal((activity >= 0).sum(axis=1), h["n_workers"]) and (h["n_workers"] <= h["n_adults"]).all()
        assert activity.max() <= LOOKING
        assert close(sums[:, S["workers"]], sum(sums[:, S[name]] for name in ACTIVITIES))
        assert close(sums[:, S["adults"]], np.bincount(h["place"], h["weight"] * h["n_adults"], model.world.n_places))
        assert (sums[:, S["under_employed"]] <= sums[:, S["farm"]] * (1 + ROUNDING)).all()
        assert close(sums[:, S["sent_home"]], np.bincount(h["place"], h["weight"] * h["n_deported"], model.world.n_places))
        check_patients(model, sums)
        place = model.world.place
        largest = np.zeros(model.world.n_places)
        np.maximum.at(largest, h["place"].astype(int), h["weight"])
        for k in range(1, N_WORK):
            # a job is held by those for whom there is one: in a market by no more than one household's weight too many, and never where there is none
            held = np.bincount(h["place"], h["weight"] * (activity == k).sum(axis=1), model.world.n_places)
            assert close(held, place["job_holders"][:, k])
            market = place["place_work"] if k == PASS else place["side"]
            for one in np.unique(market):
                here = market == one
                assert held[here].sum() - place["job_slots"][here, k].sum() <= largest[here].max() * (1 + ROUNDING)
            assert (held[place["job_slots"][:, k] <= 0] == 0).all()
            assert (held[place["may_work"][:, k] <= 0] == 0).all()


def test_goods(run):
    model = run
    trader, world = model.frames["trader"], model.world
    for t in range(model.n_months):
        model.step()
        deals = model.record.deals[t]
        assert close(deals[..., D["set_out"]], deals[..., D["sold"]] + deals[..., D["seized"]])
        assert np.array_equal(trader["quantity"], trader["sold"] + trader["seized"])
        assert (trader["sold"] * trader["seized"] == 0).all()
        # each market gains what is sold there and loses what is set out with from there
        net, size = np.zeros((world.n_places, 4)), np.zeros((world.n_places, 4))
        for i in np.flatnonzero(trader["good"] >= 0):
            here, g = int(trader["place"][i]), int(trader["good"][i])
            there = int(world.trade_link["partner"][here, 1 if trader["channel"][i] == 3 else 0])
            assert world.place["side"][here] != world.place["side"][there]
            source, target = (here, there) if trader["direction"][i] == 0 else (there, here)
            for where, amount in ((target, trader["sold"][i]), (source, -trader["quantity"][i])):
                net[where, g] += trader["weight"][i] * amount
                size[where, g] += trader["weight"][i] * abs(amount)
        assert close(world.place["traded_in"], net, size)
        for g in range(4):
            total = math.fsum(world.place["traded_in"][:, g])
            assert abs(total + deals[:, g, ..., D["seized"]].sum()) <= ROUNDING * max(size[:, g].sum(), 1.0)


def test_money_of_each_household_and_trader(held):
    model = held
    h, trader, world = model.frames["household"], model.frames["trader"], model.world
    before, profit = h["savings"].copy(), trader["profit"].copy()
    for _ in range(model.n_months):
        model.step()
        turnover = np.abs(before) + h["income"].clip(0) + h["spending"] + h["care_cost"] + np.abs(h["income_trade"]) + h["own_use"]
        assert close(h["savings"] - before, h["income"] - h["own_use"] - h["care_cost"] - h["spending"], turnover)
        assert close(h["income"], h["income_farm"] + h["income_wage"] + h["income_across"] + h["income_trade"] + h["kin_help"], turnover)
        gifts, size = model.sum_by_place(h["kin_help"]), model.sum_by_place(np.abs(h["kin_help"]))
        assert close(gifts, np.zeros_like(gifts), size) and size.any(), "what is given is received in each community"
        booked = np.where(h["trader"] >= 0, profit[np.maximum(h["trader"], 0)], 0.0)
        assert np.array_equal(h["income_trade"], booked), "profit comes home in the month after"
        at = h["place"].astype(int)
        # fees of those who were seen, at home only where nobody insures them; fares of all who went, with those who went along
        v = h["village"].astype(int)
        along = model.settings.values["household.seek_care.companions"] * np.array([0.5, 0.5, 1.0, 0.5, 1.0])
        fees = world.village["fee_care"][v] * np.where((h["insured"] > 0)[:, None] & (np.arange(5) < 3), 0.0, 1.0)
        fares = 2.0 * world.place["fare"][at][:, None] * world.village["hours_care"][v] * (1.0 + along)
        assert close(h["care_cost"], (h["care_visits"] * fees + h["care_sought"] * fares).sum(axis=1))
        assert (h["own_use"] >= 0).all() and (h["spending"] >= 0).all()
        costs = sum(trader[k] for k in ("outlay", "carriage", "duty", "bribe", "fine"))
        assert close(trader["profit"], trader["revenue"] - costs, trader["revenue"] + costs)
        idle = trader["good"] < 0
        assert (trader["outlay"][idle] == 0).all() and (trader["profit"][idle] == 0).all()
        assert (h["trader"][trader["household"]] == np.arange(len(trader))).all()
        before, profit = h["savings"].copy(), trader["profit"].copy()


def test_ledger_adds_up_to_nothing(run):
    """Each month and currency balances to 0.01 unit, or to the rounding of what is booked and of the savings it changes."""
    model = run.run()
    ledger = model.results.ledger()
    assert set(ledger["currency"]) == {"IDR", "MYR"}
    n = 0
    for (month, currency), part in ledger.groupby(["month", "currency"]):
        amounts = part["amount"].to_numpy()
        held = abs(model.record.sums[month][model.world.place["side"] == ("IDR", "MYR").index(currency), S["savings"]].sum())
        bound = max(0.01, ROUNDING * (math.fsum(abs(amounts)) + held))
        assert abs(math.fsum(amounts)) <= bound, f"month {month}, {currency}: {math.fsum(amounts):g} is missing, bound {bound:g}"
        n += 1
    assert n == 2 * model.n_months


@pytest.mark.parametrize("month", [0, 40, 217])
def test_ledger_is_what_the_frames_say(month):
    model = make(n_months=month + 1, households=300, rng=4)
    months(model, month)
    h, trader = model.frames["household"], model.frames["trader"]
    savings_before = h["savings"].copy()
    last = trader["profit"].copy()
    model.step()
    ledger = model.results.ledger()
    for s, currency in enumerate(("IDR", "MYR")):
        mine, carries = h["side"] == s, trader["side"] == s
        of = lambda name, m=mine: math.fsum((h["weight"] * h[name])[m])  # noqa: E731
        deal = lambda name, m=carries: math.fsum((trader["weight"] * trader[name])[m])  # noqa: E731
        expected = {
            "crop_buyers": of("income_farm") - of("own_use"), "employers_home": of("income_wage"), "employers_across": of("income_across"),
            "kin_who_gave": math.fsum((h["weight"] * h["kin_help"].clip(0))[mine]), "kin_who_got": math.fsum((h["weight"] * h["kin_help"].clip(None, 0))[mine]),
            "shops": -of("spending"), "clinics_and_carriers": -of("care_cost"), "goods_bought": -deal("outlay"), "goods_sold": deal("revenue"),
            "carriers": -deal("carriage"), "customs": -deal("duty"), "officers": -deal("bribe"), "treasury_fines": -deal("fine"),
            "savings": -math.fsum((h["weight"] * (h["savings"] - savings_before))[mine]),
            "pending": -(deal("profit") - math.fsum((trader["weight"] * last)[carries])),
        }  # fmt: skip
        if month >= 12:  # who comes and goes does so in January
            expected |= {"newcomers": 0.0, "leavers": 0.0}
        part = ledger[(ledger["month"] == month) & (ledger["currency"] == currency)].set_index("account")["amount"]
        assert set(part.index) == set(expected)
        size = sum(abs(v) for v in expected.values()) + abs(math.fsum((h["weight"] * h["savings"])[mine]))
        for account, amount in expected.items():
            assert abs(part[account] - amount) <= max(ROUNDING * size, 1e-6), account


def test_a_cent_that_goes_missing_is_noticed():
    model = make(n_months=12, households=120)
    model.run()
    q = int(np.flatnonzero(model.world.place["side"] == 1)[0])
    model.record.sums[5, q, S["spending"]] += 0.02
    part = model.results.ledger()
    part = part[(part["month"] == 5) & (part["currency"] == "MYR")]["amount"]
    assert abs(math.fsum(part)) > 0.01


def test_prices_move_by_no_more_than_their_bounds(run):
    model = run
    pull = model.settings.values["market.adjust_prices.pull"]
    price = model.world.place["price"].copy()
    for _ in range(model.n_months):
        model.step()
        move = np.log(model.world.place["price"] / price)
        assert np.isfinite(move).all()
        gap = np.log(model.world.place["reference_price"] / price)
        assert (np.abs(move - pull * gap) <= 0.5 * pull + 1e-12).all()
        price = model.world.place["price"].copy()
