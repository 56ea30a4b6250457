"""What a place reaches: the facility of highest value by the rule of care itself, the nearest jobs, markets and towns across and at home."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Region, Scenario
from abm.errors import UserError
from abm.own_rules import Own, names_of, own_rules, swap
from abm.world import access
from abm.world.access import choose_facilities, facilities_in, nets_of, opening_years, reach, reach_work, settle_access
from abm.world.columns import World
from abm.world.travel import FAR, Parameters, hours_across, set_hours
from agents.core.compiled import plain
from agents.household.seek_care import Parameters as SeekCare
from agents.household.seek_care import value_of_facility
from agents.surroundings import PERMIT, UNDOCUMENTED
from tests.model.same import differing, make, months, parts, surroundings

P = Parameters()
CARE = SeekCare(weight_quality=3.2, hour_primary=0.35, hour_hospital=0.2, primary_for_hospital_need=0.45, severity_hospital=3.0)


@pytest.fixture(scope="module")
def region() -> Region:
    return Region.load()


def world_of(region: Region, year: int = 2005) -> World:
    """The places on roads in full condition, with facilities of mixed quality."""
    world = World(region)
    set_hours(world, year, np.ones(len(world.district_names)))
    world.facility["standard"][:] = np.linspace(0.2, 1.0, len(world.facility_node))[
        np.arange(len(world.facility_node)) * 7 % len(world.facility_node)
    ]
    return world


# ---- the choice of a facility, by hand -------------------------------------------------------------------------------

HOURS = np.array([[1.0, 4.0, 5.0], [1.0, 4.0, 5.0], [1.0, 4.0, 5.0], [2.0, 2.0, 9.0]])
REACHED = np.array([[True, True, True], [True, False, True], [False, False, False], [True, True, True]])
QUALITY = np.array([0.3, 0.9, 1.0])


def chosen(choose=choose_facilities, is_primary=True, is_across=False, quality=QUALITY) -> list[int]:
    best = np.full(4, 99)
    choose(HOURS, REACHED, quality, is_primary, is_across, CARE, best)
    return best.tolist()


@pytest.mark.parametrize("choose", [choose_facilities, plain(choose_facilities)])
@pytest.mark.parametrize("is_across", [False, True])
def test_the_facility_of_highest_value(choose, is_across):
    # a minor illness at a clinic: 0.6 · 3.2 · quality − 0.35 · hours = 0.226, 0.328, 0.17; without the second 0.226, 0.17; place 3: −0.124, 1.028, …
    assert chosen(choose, True, is_across) == [1, 0, -1, 1]
    # what needs a hospital has weight 3: 1.92 · 3 · quality − 0.2 · hours = 1.528, 4.384, 4.76; without the second 1.528, 4.76; place 3: 1.328, 4.784, 3.96
    assert chosen(choose, False, is_across) == [2, 2, -1, 1]


def test_of_equal_facilities_the_first():
    assert chosen(quality=np.array([0.5, 0.5, 0.5])) == [0, 0, -1, 0]


def test_what_the_rule_is_asked():
    asked: list[dict[str, Any]] = []

    def note(quality, severity, hours, cost_share, kind, is_across, kin, heard, strictness, p):
        asked.append(dict(locals()) | {"asked": None})
        return quality

    choose = plain(swap(choose_facilities, {"value_of_facility": Own("own", note)}))
    assert chosen(choose, True, True) == [2, 2, -1, 2]
    assert chosen(choose, False, False) == [2, 2, -1, 2]
    assert len(asked) == 2 * REACHED.sum()
    assert [a["quality"] for a in asked[:3]] == [0.3, 0.9, 1.0] and [a["hours"] for a in asked[:3]] == [1.0, 4.0, 5.0]
    assert {(a["severity"], a["kind"], a["is_across"]) for a in asked} == {(1, 1, True), (3, 2, False)}
    # what differs between households, or is the same for all facilities, is left out
    assert {(a["cost_share"], a["kin"], a["heard"], a["strictness"]) for a in asked} == {(0.0, 0.0, 0.0, 0.0)}
    assert all(a["p"] is CARE for a in asked)


# ---- the choice of a facility, in a run ---------------------------------------------------------------------------------


def seats(world: World, year: int, p: Parameters) -> np.ndarray:
    """Hours from the seat of its place to each facility (villages are tested in test_villages.py)."""
    return nets_of(world, year, p, access.Ways(*hours_across(world, np.arange(0))))[1]


def expected_care(world: World, year: int, is_built: np.ndarray, open_now: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Facility (-1: none) and its value for each place, by a formula of its own: of quality and hours."""
    n, is_primary, is_over = world.n_places, k % 2 == 0, k >= 2
    table = hours_across(world, np.flatnonzero(open_now | (world.crossing["is_path"] > 0)))[0] if is_over else world.home_hours[:n]
    hours = table[:, world.facility_node] + seats(world, year, P)
    same = world.facility_side[None, :] == world.place["side"][:, None]
    reached = is_built & ((world.facility["is_primary"] == 1) == is_primary) & (~same if is_over else same) & (hours < FAR)
    weight, per_hour = (1.0, CARE.hour_primary) if is_primary else (CARE.severity_hospital, CARE.hour_hospital)
    value = np.where(reached, 0.6 * CARE.weight_quality * world.facility["standard"] * weight - per_hour * hours, -np.inf)
    return np.where(np.isfinite(value.max(axis=1)), value.argmax(axis=1), -1), hours


@pytest.mark.parametrize("year", [1980, 1995, 2015])
def test_every_place_reaches_the_best_of_each_tier(region, year):
    world = world_of(region, year)
    is_built = facilities_in(world, year, 3, True)
    open_now = world.crossing["is_path"] <= 0
    settle_access(world, year, P, CARE, is_built, open_now, True)
    other = np.zeros(len(open_now), bool)
    for k in range(4):
        best, hours = expected_care(world, year, is_built, open_now, k)
        rows, found = np.arange(world.n_places), best >= 0
        assert world.place["facility_care"][:, k].tolist() == best.tolist()
        assert np.allclose(world.place["hours_care"][found, k], (hours[rows, best] + P.local_access)[found], rtol=1e-15)
        assert (world.place["quality_care"][found, k] == world.facility["standard"][best[found]]).all()
        assert (world.place["hours_care"][~found, k] == 0).all() and (world.place["quality_care"][~found, k] == 0).all()
        assert (world.place["crossing_care"][~found, k] == -1).all() and ((world.place["crossing_care"][found, k] >= 0) == (k >= 2)).all()
        for place in np.flatnonzero(found) if k >= 2 else ():
            c = int(world.place["crossing_care"][place, k])
            other[:] = False
            other[c] = True
            over = hours_across(world, np.flatnonzero(other))[0][place, world.facility_node[best[place]]]
            assert over + seats(world, year, P)[best[place]] == hours[place, best[place]]
    assert (world.place["facility_care"] >= 0).any(axis=0).all(), "the test is worth something only if every option is there for some place"


def test_no_care_across_where_it_is_switched_off(region):
    world = world_of(region)
    is_built, open_now = facilities_in(world, 2005, 3, True), world.crossing["is_path"] <= 0
    settle_access(world, 2005, P, CARE, is_built, open_now, True)
    at_home = world.place["facility_care"][:, :2].copy()
    settle_access(world, 2005, P, CARE, is_built, open_now, False)
    assert (world.place["facility_care"][:, 2:] == -1).all() and (world.place["crossing_care"] == -1).all()
    assert (world.place["facility_care"][:, :2] == at_home).all() and (at_home >= 0).any()


@pytest.mark.parametrize("form", [reach, plain(reach)])
def test_what_a_place_reaches(form):
    """One place of side 0; facilities at nodes 1 to 4: a primary clinic, a hospital, a clinic across, and a clinic without a way there."""
    ways, node, side, tier = np.array([[0.0, 2.0, 2.0, 4.0, FAR]]), np.array([1, 2, 3, 4]), np.array([0, 0, 1, 0]), np.array([1, 0, 1, 1])
    from_seat = np.array([0.0, 1.0, 0.0, 0.0])
    hours, found = np.empty((1, 4)), np.empty((1, 4), dtype=bool)
    built = np.ones(4, dtype=bool)

    def reached(is_primary: bool, is_over: bool, may_go: bool = True) -> list[int]:
        form(ways, node, from_seat, side, tier, built, np.array([0]), is_primary, is_over, may_go, 0.5, hours, found)
        return np.flatnonzero(found[0]).tolist()

    assert reached(True, False) == [0] and reached(False, False) == [1] and reached(True, True) == [2] and reached(False, True) == []
    assert hours[0, :3].tolist() == [2.5, 3.5, 4.5]
    assert reached(True, True, may_go=False) == []
    built[0] = False
    assert reached(True, False) == []


def test_the_choice_is_made_by_the_hours_that_households_are_told(region):
    world, told = world_of(region), []

    def last(hours, is_reached, quality, is_primary, is_across, p, best):
        told.append(hours.copy())
        best[:] = np.where(is_reached.any(axis=1), hours.shape[1] - 1 - is_reached[:, ::-1].argmax(axis=1), -1)

    settle_access(world, 2005, P, CARE, facilities_in(world, 2005, 3, True), world.crossing["is_path"] <= 0, True, last)
    assert len(told) == 4 + 5
    for k, hours in enumerate(told):
        columns, k = (world.place, k) if k < 4 else (world.village, k - 4)
        best = columns["facility_care"][:, k]
        found = best >= 0
        assert (columns is world.village or found.any()) and (
            columns["hours_care"][found, k] == hours[np.flatnonzero(found), best[found]]
        ).all()


# ---- a rule of the user's own ---------------------------------------------------------------------------------------------


def nearest(quality, severity, hours, cost_share, kind, is_across, kin, heard, strictness, p):
    return -hours


def shipped_again(quality, severity, hours, cost_share, kind, is_across, kin, heard, strictness, p):
    return value_of_facility(quality, severity, hours, cost_share, kind, is_across, kin, heard, strictness, p)


@pytest.mark.parametrize("name", ["household.seek_care", "household.seek_care.value_of_facility"])
def test_an_own_value_changes_the_facility_and_the_choice(name):
    shipped, own = make(n_months=14, households=200), make(n_months=14, households=200, rules={name: nearest})
    assert "place.facility_care" in differing(surroundings(shipped), surroundings(own)), (
        "another facility is reached from the first month on"
    )
    months(shipped, 13), months(own, 13)
    world, place = own.world, own.world.place
    p = own.settings.of(Parameters)
    is_built, from_seat = facilities_in(world, 1981, own.seed_of_run, True), seats(world, 1981, p)
    for k in range(2):
        hours = world.home_hours[: world.n_places, world.facility_node] + from_seat
        same = world.facility_side[None, :] == place["side"][:, None]
        reached = np.where(is_built & (world.facility["is_primary"] == 1 - k) & same & (hours < FAR), hours, FAR)
        found = place["facility_care"][:, k] >= 0
        assert found.any() and (place["hours_care"][found, k] == (reached.min(axis=1) + p.local_access)[found]).all()
    assert (own.frames["household"]["care_sought"] != shipped.frames["household"]["care_sought"]).any()
    assert own.manifest()["rules_swapped"] == [name]


def test_the_shipped_value_as_an_own_rule_gives_the_same_run():
    own = make(n_months=24, households=120, rules={"household.seek_care": shipped_again})
    assert parts(own.run()) == parts(make(n_months=24, households=120).run())


def test_another_function_of_the_rule_leaves_the_facilities():
    def never(u, value_none, dispensary_home, centre_home, hospital_home, primary_across, hospital_across, nest_scale):
        return -1

    own = make(n_months=3, households=120, rules={"household.seek_care.choose_care": never})
    assert own.choose_facilities is choose_facilities
    assert (own.world.place["facility_care"] == make(n_months=3, households=120).world.place["facility_care"]).all()
    assert own.run().frames["household"]["care_sought"].sum() == 0


def test_an_own_value_that_cannot_run_is_told_in_one_sentence():
    def with_a_mistake(quality, severity, hours, cost_share, kind, is_across, kin, heard, strictness, p):
        return undefined_name  # noqa: F821

    with pytest.raises(UserError, match=r"in place of household\.seek_care cannot be run as a rule") as refusal:
        make(households=120, rules={"household.seek_care": with_a_mistake})
    assert "\n" not in str(refusal.value) and "undefined_name" in str(refusal.value)


def test_own_rules_are_found_by_rule_and_function():
    own = own_rules(
        {
            "household.seek_care.value_of_facility": nearest,
            "household.fall_ill": lambda u, p_minor, p_disrupting, p_hospital, p_emergency: 0,
        }
    )
    assert {rule: list(functions) for rule, functions in own.items()} == {
        "household.seek_care": ["value_of_facility"],
        "household.fall_ill": ["severity"],
    }
    assert names_of(own) == ["household.fall_ill", "household.seek_care.value_of_facility"]
    assert swap(access.choose_facilities, own["household.fall_ill"]) is access.choose_facilities


# ---- work, markets, towns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [(), ("Entikong-Tebedu",), "all"])
def test_work_markets_and_towns_are_the_nearest(region, closed):
    world = world_of(region)
    is_path = world.crossing["is_path"] > 0
    open_now = ~is_path & np.array([closed != "all" and c not in closed for c in world.crossing_names])
    p = Parameters(local_access=0.4, pass_hours=2.5)
    settle_access(world, 2005, p, CARE, facilities_in(world, 2005, 3, True), open_now, True)
    tables = {name: hours_across(world, np.flatnonzero(rows)) for name, rows in
              {"any": open_now | is_path, "legal": open_now, "path": is_path}.items()}  # fmt: skip
    place, link, n = world.place, world.trade_link, world.n_places
    n_pass = 0
    for i in range(n):
        across = [j for j in range(len(world.node_names)) if world.node_side[j] != world.node_side[i]]
        border = [j for j in across if j < n]
        day, away = min(tables["legal"][0][i, j] for j in border), min(tables["any"][0][i, j] for j in across)
        legal = min(tables["legal"][0][i, j] for j in across)
        assert legal <= day and away <= legal
        assert place["hours_work"][i].tolist() == [0.0, *[0.4] * 4, *(h + 0.4 if h < FAR else FAR for h in (day, legal, away))]
        j = min(border, key=lambda j: tables["legal"][0][i, j])
        has_pass = day + 0.4 <= 2.5
        n_pass += has_pass
        assert place["crossing_work"][i, :6].tolist() == [-1] * 5 + [tables["legal"][1][i, j] if has_pass else -1]
        assert place["place_work"][i] == (j if has_pass else -1)
        j = min(across, key=lambda j: tables["legal"][0][i, j])
        assert place["crossing_work"][i, PERMIT] == (tables["legal"][1][i, j] if legal < FAR else -1)
        j = min(across, key=lambda j: tables["any"][0][i, j])
        assert place["crossing_work"][i, UNDOCUMENTED] == (tables["any"][1][i, j] if away < FAR else -1)
        for way, name in enumerate(("legal", "path")):
            hours, used = tables[name]
            to = min(border, key=lambda j: hours[i, j])
            expected = (to, hours[i, to] + 0.4, used[i, to]) if hours[i, to] < FAR else (-1, 0.0, -1)
            assert tuple(link[c][i, way] for c in ("partner", "hours", "crossing")) == expected
        towns = [world.home_hours[i, j] for j in range(n, len(world.node_names)) if world.node_side[j] == world.node_side[i]]
        assert place["hours_centre"][i] == min(towns)
        for j in range(n):
            table = world.home_hours if world.node_side[i] == world.node_side[j] else tables["any"][0]
            assert world.hours_between[i, j] == table[i, j]
    assert 0 < n_pass < n or closed == "all"
    assert (place["road"] == world.district["road"][place["district"]]).all()


@pytest.mark.parametrize("form", [reach_work, plain(reach_work)])
def test_where_one_place_works_across(form):
    """A place of side 0; across are a border place (node 1) and a town (node 2), the town nearer by the open crossing, the place by the path."""
    legal, legal_used = np.array([[0.0, 2.0, 1.5, 3.0], [9.0] * 4]), np.array([[-1, 4, 5, 6], [7] * 4])
    anyhow, used = np.array([[0.0, 1.0, 1.25, 3.0], [9.0] * 4]), np.array([[-1, 8, 9, 6], [7] * 4])
    side, node_side = np.array([0, 1]), np.array([0, 1, 1, 0])

    def where(pass_hours: float, legal: np.ndarray = legal) -> tuple[list[float], list[int], int]:
        hours, crossing, place = np.full((2, 8), 77.0), np.full((2, 8), 77), np.full(2, 77)
        form(anyhow, used, legal, legal_used, side, node_side, 0.5, pass_hours, hours, crossing, place)
        return hours[0].tolist(), crossing[0].tolist(), int(place[0])

    home = [0.0, 0.5, 0.5, 0.5, 0.5]
    # day work in the border place, with a permit in the town, without papers where the path leads
    assert where(2.5) == ([*home, 2.5, 2.0, 1.5], [-1] * 5 + [4, 5, 8], 1)
    assert where(2.4) == ([*home, 2.5, 2.0, 1.5], [-1] * 5 + [-1, 5, 8], -1)
    # no crossing lets people pass with papers
    assert where(9e9, np.full((2, 4), FAR)) == ([*home, FAR, FAR, 1.5], [-1] * 7 + [8], -1)


# ---- which facilities are open, and how good they are ----------------------------------------------------------------------------


def test_each_facility_opens_in_a_year_of_its_own_within_its_bounds(region):
    world, f = World(region), region.facilities
    drawn = np.array([opening_years(world, seed) for seed in range(400)])
    low, high = f["opened_low"].to_numpy(float), f["opened_high"].to_numpy(float)
    assert ((low <= drawn) & (drawn <= high)).all() and (drawn == opening_years(world, 0)).all(axis=0)[low == high].all()
    wide = high - low >= 10
    assert np.abs((drawn.mean(axis=0) - 0.5 * (low + high)) / (high - low))[wide].max() < 0.07  # 0.29 / 20 a standard deviation of the mean
    quantile = ((drawn - low) / np.maximum(high - low, 1.0))[:, wide]
    together = np.corrcoef(quantile, rowvar=False)[~np.eye(wide.sum(), dtype=bool)]
    assert np.abs(together).max() < 0.25 and abs(together.mean()) < 0.01, "the draws of two facilities have nothing in common"


def test_a_year_of_opening_belongs_to_seed_and_name(region):
    """Facilities that are added, or put in another order, leave the years of the others."""
    other = region.facilities.iloc[::-2].reset_index(drop=True)
    other["replaced_by"] = ""
    ways = region.village_ways
    turned = replace(region, facilities=other, village_ways=ways[ways["to_kind"] != "facility"].reset_index(drop=True))
    years = dict(zip(region.facilities["facility"], opening_years(World(region), 5), strict=True))
    again = dict(zip(turned.facilities["facility"], opening_years(World(turned), 5), strict=True))
    assert len(again) > 50 and again == {name: years[name] for name in again}
    assert (opening_years(World(region), 6) != list(years.values())).mean() > 0.9


def test_which_facilities_are_open(region):
    world, f = World(region), region.facilities
    is_puskesmas = ((f["tier"] == "primary") & (f["side"] == "id") & f["place"].isin(world.place_names)).to_numpy()
    opened = opening_years(world, 7)
    after = [list(f["facility"]).index(name) if name else -1 for name in f["replaced_by"]]
    assert sum(k >= 0 for k in after) == 14 and is_puskesmas.sum() > 40
    for now in (1980, 1986, 1995, 2015):
        expected = [o <= now and not (k >= 0 and opened[k] <= now) for o, k in zip(opened, after, strict=True)]
        assert facilities_in(world, now, 7, True).tolist() == expected
        kept = ~(is_puskesmas & (opened >= 1980))
        replaced = [
            o <= now and keep and not (k >= 0 and opened[k] <= now and kept[k]) for o, keep, k in zip(opened, kept, after, strict=True)
        ]
        assert facilities_in(world, now, 7, False).tolist() == replaced


@pytest.mark.parametrize(("opened", "is_of_the_programme"), [(1979.9, False), (1980.0, True)])
def test_clinics_from_1980_on_are_of_the_programme(region, opened, is_of_the_programme):
    world = World(region)
    k = list(region.facilities["facility"]).index("Puskesmas Sekayam")
    world.facility_earliest, world.facility_latest = world.facility_earliest.copy(), world.facility_latest.copy()
    world.facility_earliest[k] = world.facility_latest[k] = opened
    assert facilities_in(world, 1990, 7, True)[k]
    assert facilities_in(world, 1990, 7, False)[k] != is_of_the_programme
    before = list(region.facilities["facility"]).index("Dispensary Sekayam")
    world.facility_earliest[before] = world.facility_latest[before] = 1970.0
    assert facilities_in(world, 1990, 7, False)[before] == is_of_the_programme, "a dispensary stays where nothing takes its place"


def test_a_place_is_near_within_the_hours_set():
    model = BorderModel(Scenario.load(end="1980-12"), households=60)
    model.step()
    place, near = model.world.place, model.record.near[0]
    hours = model.settings.of(Parameters).near_hours
    assert near.tolist() == [f >= 0 and h <= hours for f, h in zip(place["facility_care"][:, 2], place["hours_care"][:, 2], strict=True)]
    assert near.any() and not near.all()
