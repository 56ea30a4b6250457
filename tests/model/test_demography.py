"""The shipped demography: places follow their censuses, nobody is lost, the books balance, and what is switched off stays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.results.record import S
from abm.scenario import Change
from abm.world import demography, moving
from abm.world.population import newcomer_uids
from agents.core.draws import uniform
from agents.household.live import PEOPLE, chances
from agents.household.live import Parameters as Live
from tests.model.same import make
from tests.model.test_population import check_people

BORN, DIED, CAME, WENT, WEIGHED = (PEOPLE[name] for name in ("births", "deaths", "moved_in", "moved_out", "reweighted"))


def people(model: Any) -> np.ndarray:
    h = model.frames["household"]
    return np.bincount(h["place"], h["weight"] * (h["n_adults"].astype(float) + h["n_children"]), model.world.n_places)


def off(year: float = 2010.0, months: str = "1983-12", **more: Any) -> Scenario:
    return Scenario(parameters={"world.demography.held_year": year}, switches={"demography": False}, end=months, **more)


@pytest.fixture(scope="module")
def grown() -> BorderModel:
    return make(n_months=60, households=400).run()


def test_people_and_ages_fit_each_other_every_year() -> None:
    model = make(n_months=72, households=300)
    start = set(model.frames["household"]["uid"].tolist())
    for _ in range(6):
        model.go_on(model.month + 12)
        check_people(model)
    now = set(model.frames["household"]["uid"].tolist())
    assert len(now - start) > 10 and len(start - now) > 10


def test_opening_and_what_happened_is_closing(grown: BorderModel) -> None:
    """By place and year: people + births - deaths + in - out + weights."""
    record = grown.record
    total = record.sums[:, :, S["persons"]]
    assert (record.people[0, :, [CAME, WENT, WEIGHED]] == 0.0).all() and np.allclose(total[0:12], total[0])
    for year in range(1, 5):
        r = record.people[year]
        after = total[12 * year - 1] + r[:, BORN] - r[:, DIED] + r[:, CAME] - r[:, WENT] + r[:, WEIGHED]
        assert np.allclose(after, total[12 * year], rtol=1e-12)
        assert (r[:, :4] >= 0).all() and ((r[:, CAME] == 0) | (r[:, WENT] == 0)).all() and r[:, BORN].sum() > 0 < r[:, DIED].sum()


def test_places_are_on_their_path_after_each_january(grown: BorderModel) -> None:
    for year in range(5):
        now = grown.record.sums[12 * year, :, S["persons"]]
        assert np.allclose(now, grown.world.people_path.people_in(1980 + year), rtol=1e-12)
    assert np.allclose(people(grown), wanted_people_in(grown, 1984), rtol=1e-12)


def wanted_people_in(model: Any, year: float) -> np.ndarray:
    return model.world.people_path.people_in(year)


def test_births_and_deaths_of_the_year_before_the_first(grown: BorderModel) -> None:
    """Reverse survival by hand: who is 0 was born, and of those who were as old as somebody now was last year some died."""
    model = make(n_months=2, households=80)
    model.go_on(1)
    h, (_, born, survive) = model.frames["household"], chances(model.world.people_path.rates_in(1979.5), model.settings.of(Live))
    births, deaths = np.zeros((2, model.world.n_places))
    for i in range(len(h)):
        s, q, w = int(h["side"][i]), int(h["place"][i]), float(h["weight"][i])
        for age in [*h["child_age"][i, : h["n_children"][i]].tolist(), *h["adult_age"][i, : h["n_adults"][i]].tolist()]:
            births[q] += w / born[s] if age == 0 else 0.0
            deaths[q] += w * (1.0 / (born[s] if age == 0 else survive[s, age - 1]) - 1.0)
    r = model.record.people[0]
    assert np.allclose(r[:, BORN], births, rtol=1e-12) and np.allclose(r[:, DIED], deaths, rtol=1e-12)
    assert births.sum() > 0 < deaths.sum()
    yearly = grown.results.yearly
    assert (yearly["births"] > 0).all() and (yearly["deaths"] > 0).all(), "every year has some"


def test_people_of_65_and_over_in_january() -> None:
    model = make(n_months=37, households=300)
    for year in range(4):
        model.go_on(12 * year + 1)
        h = model.frames["household"]
        old = np.bincount(h["place"], h["weight"] * (h["adult_age"] >= 65).sum(axis=1), model.world.n_places)
        assert np.allclose(model.record.old[year], old, rtol=1e-12) and old.sum() > 0


def test_most_of_the_moves_are_whole_households(grown: BorderModel) -> None:
    """The weights take up what is less than a household of the sample: little where it is large."""
    r = make(n_months=60, households=2000).run().record.people[1:]
    assert np.abs(r[:, :, WEIGHED].sum(axis=0)).sum() < 0.3 * (r[:, :, CAME] + r[:, :, WENT]).sum()
    r = grown.record.people[1:]
    size = make(n_months=12, households=400).frames["household"]
    largest = np.zeros(grown.world.n_places)
    np.maximum.at(largest, size["place"], size["weight"] * (size["n_adults"].astype(float) + size["n_children"]))
    inside = np.abs(r[:, :, WEIGHED]) <= 1.5 * largest
    assert inside.mean() > 0.97


def test_rates_are_those_of_the_tables() -> None:
    """HH19 and HH20 (recalled): 42 and 31 births, 14 and 4 to 7 deaths per 1,000 about 1980. They follow from births per woman, infant deaths and ages."""
    model = make(n_months=60, households=3000).run()
    r, total = model.record.people[1:], model.record.sums[::12, :, S["persons"]][1:]
    for side, births, deaths in ((0, (36, 45), (11, 18)), (1, (26, 35), (4, 9))):
        mine = model.world.place["side"] == side
        rate = 1000 * r[:, mine].sum(axis=(0, 1)) / total[:, mine].sum()
        assert births[0] < rate[BORN] < births[1] and deaths[0] < rate[DIED] < deaths[1]


def test_money_balances_to_the_last_account(grown: BorderModel) -> None:
    ledger = grown.results.ledger()
    assert {"newcomers", "leavers"} <= set(ledger["account"])
    for _, part in ledger.groupby(["month", "currency"]):
        month, amounts = int(part["month"].iloc[0]), part.set_index("account")["amount"]
        assert abs(math.fsum(amounts)) <= 1e-11 * np.abs(amounts).sum()
        if month % 12 or not month:
            assert amounts["newcomers"] == amounts["leavers"] == 0.0
    assert (grown.carried >= -1e-9).all() or (grown.frames["household"]["savings"] < 0).any()


def test_samples_of_any_size_have_the_same_people() -> None:
    small, large = (make(n_months=37, households=n).run() for n in (300, 2000))
    assert np.allclose(people(small), people(large), rtol=1e-12)
    a, b = (m.results.yearly for m in (small, large))
    assert np.allclose(a["population"], b["population"], rtol=1e-12)


def test_labour_force_and_surroundings_follow(grown: BorderModel) -> None:
    h, world = grown.frames["household"], grown.world
    now = people(grown)
    assert np.array_equal(world.place["adults"], np.bincount(h["place"], h["weight"] * h["n_adults"], world.n_places))
    assert np.array_equal(world.place["workers"], np.bincount(h["place"], h["weight"] * h["n_workers"], world.n_places))
    assert np.allclose(world.district["population"], np.bincount(world.place["district"], now, len(world.district_names)))
    node = world.facility_node
    at_border = node < world.n_places
    served = now[node[at_border]] * world.catchment_part[at_border]
    assert np.allclose(world.facility["catchment"][at_border], np.maximum(served, world.catchment_least[at_border]))
    assert (world.facility["catchment"][~at_border] == 30000.0).all()
    of_age = ((h["adult_age"] >= 15) & (h["adult_age"] < 65)).sum(axis=1)
    assert (h["n_workers"] >= np.minimum(of_age, 1)).all()
    for side in (0, 1):
        mine = h["side"] == side
        share = (h["weight"] * h["n_workers"])[mine].sum() / (h["weight"] * of_age)[mine].sum()
        assert share == pytest.approx(demography.in_labour_force(grown)[side], abs=0.04)


# ---- the switch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1980.0, 2010.0])
def test_off_the_people_of_one_year_stay(year: float) -> None:
    model = BorderModel(off(year), households=200, rng=7)
    h = model.frames["household"]
    names = ("uid", "weight", "n_adults", "n_children", "n_workers", "adult_age", "child_age", "land", "schooling", "ability")
    before = {name: h[name].copy() for name in names}
    assert np.allclose(people(model), model.world.people_path.people_in(year), rtol=1e-12)
    model.run()
    assert all(np.array_equal(values, h[name]) for name, values in before.items())
    assert (
        not model.carried.any() and not model.record.people.any() and not {"newcomers", "leavers"} & set(model.results.ledger()["account"])
    )


def test_both_have_the_same_households_at_first() -> None:
    on, held = make(households=200), BorderModel(off(), households=200, rng=7)
    names = ("uid", "n_adults", "adult_age", "child_age", "land")
    assert all(np.array_equal(on.frames["household"][n], held.frames["household"][n]) for n in names)
    assert not np.allclose(on.frames["household"]["weight"], held.frames["household"]["weight"])


def test_switched_off_later_the_weights_change_once() -> None:
    model = BorderModel(Scenario(end="1984-12", events=(Change(24, "switch.demography", 0.0),)), households=200, rng=7)
    model.go_on(24)
    households = model.frames["household"]["uid"].copy()
    model.go_on(25)
    assert np.allclose(people(model), model.world.people_path.people_in(2010), rtol=1e-12)
    assert np.array_equal(model.frames["household"]["uid"], households)
    weight = model.frames["household"]["weight"].copy()
    model.run()
    assert np.array_equal(model.frames["household"]["weight"], weight)
    ledger = model.results.ledger()
    for _, part in ledger.groupby(["month", "currency"]):
        assert abs(math.fsum(part["amount"])) <= 1e-11 * part["amount"].abs().sum()


def test_the_shipped_scenario_holds_the_people_of_2010() -> None:
    model = BorderModel("held-population", households=120, rng=7)
    model.go_on(14)
    assert np.allclose(people(model), model.world.people_path.people_in(2010), rtol=1e-12) and not model.record.people.any()


# ---- who is whose ------------------------------------------------------------------------------------------------------------


def test_one_more_household_without_weight_changes_nobody() -> None:
    usual, more = make(n_months=60, households=200), make(n_months=60, households=200)
    extra = [more.add_household("Entikong").unique_id]
    names = (
        "place",
        "weight",
        "n_adults",
        "n_children",
        "n_workers",
        "adult_age",
        "child_age",
        "land",
        "schooling",
        "ability",
        "savings",
        "activity",
    )
    a, b = usual.frames["household"], more.frames["household"]
    family: set[int] = set()
    for _ in range(60):
        usual.step()
        more.step()
        family = set(b["uid"].tolist()) - set(a["uid"].tolist())
        assert set(a["uid"].tolist()) <= set(b["uid"].tolist())
        at = b.rows(a["uid"])
        assert [n for n in names if a[n].tobytes() != b[n][at].tobytes()] == []
    assert family and all(b["weight"][b.row(uid)] == 0.0 for uid in family) and extra


def test_who_splits_off_is_known_by_the_mother() -> None:
    model = make(n_months=25, households=300)
    model.go_on(12)
    h, kin = model.frames["household"], model.kin
    mothers = {int(uid): row for row, uid in enumerate(h["uid"])}
    before = {name: h[name].copy() for name in ("weight", "place", "land", "savings", "schooling", "income_mean")}
    ties = {tuple(pair) for pair in kin.ties.tolist()}
    demography.january(model)
    uids = np.array(list(mothers))
    found = 0
    for slot in range(3):
        for uid, mother in zip(newcomer_uids(7, 12, uids, slot).tolist(), uids.tolist(), strict=True):
            if h.find([uid])[0] < 0:
                continue
            row, at = h.row(uid), mothers[mother]
            found += 1
            assert h["place"][row] == before["place"][at] and 0 < h["land"][row] < before["land"][at]
            assert h["schooling"][row] == pytest.approx(before["schooling"][at], abs=8)
            if h.find([mother])[0] >= 0:
                assert h["weight"][row] == h["weight"][h.row(mother)]
                pair = (min(uid, mother), max(uid, mother))
                strength = dict(zip(map(tuple, kin.ties.tolist()), kin.strengths().tolist(), strict=True))[pair]
                assert strength == np.float32(0.9)
                own = {other for a, other in ends(kin, h) if a == uid} - {mother}
                old = {b if a == mother else a for a, b in ties if mother in (a, b)}
                assert own <= old and own == {o for o in old if h.find([o])[0] >= 0 and uniform(7, moving.INHERIT, 12, uid, o) < 0.5}
    assert found >= 3


def ends(kin: Any, h: Any) -> list[tuple[int, int]]:
    source, at = kin.ends()
    return list(zip(h["uid"][source].tolist(), h["uid"][kin.columns["other"][at]].tolist(), strict=True))


def test_land_and_money_stay_in_the_family() -> None:
    """Where nobody moves and weights stay, weighted land and savings are the same before and after, but for land that is cleared and who dies out without kin."""
    model = make(n_months=25, households=300)
    model.go_on(12)
    h = model.frames["household"]
    h["savings"][::3] *= -1.0
    old = h["uid"].copy()
    before = [(h["weight"] * h[name]).sum() for name in ("land", "savings")]
    path = model.world.people_path
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demography, "choose_moves", lambda *_: None)
        patch.setattr(demography, "_weigh", lambda run, wanted: None)
        demography._live(model, path.people_in(1981))
    after = [(h["weight"] * h[name]).sum() for name in ("land", "savings")]
    new, p = ~np.isin(h["uid"], old), model.settings.of(demography.Parameters)
    cleared = (h["weight"] * h["land"] * np.where(h["side"] == 1, p.cleared_my, p.cleared_id))[new].sum()
    assert after[0] - cleared == pytest.approx(before[0], rel=1e-12) and cleared > 0 and model.record.people[1, :, BORN].sum() > 0
    gone = model.carried[12, :, 1].sum() - model.carried[12, :, 0].sum()
    assert after[1] + gone == pytest.approx(before[1], rel=1e-12)
    assert len(h) > 300


# ---- corners ------------------------------------------------------------------------------------------------------------
