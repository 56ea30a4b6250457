"""Villages of a region: who lives in them, what they reach in the shipped one, and regions that have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abm import BorderModel, Region, Scenario
from abm.world.access import Ways, facilities_in, nets_of, settle_access
from abm.world.columns import World, summed_in_places
from abm.world.travel import FAR, Parameters, hours_across, set_hours
from abm.world.villages import Net, fill_chosen, fill_hours, straight_km
from agents.household.seek_care import Parameters as SeekCare
from agents.surroundings import VILLAGE_CARE
from tests.model.same import make, months
from tests.world.damaged_region import copy, edit

P, CARE = Parameters(), SeekCare()
LOW, WET = 2, 1


# ---- villages in a place ---------------------------------------------------------------------------------------------------


def test_villages_of_households_by_their_people():
    assert summed_in_places(np.array([0, 0, 2]), np.array([0.25, 0.75, 0.3])).tolist() == [0.25, 1.0, 1.0]
    world = World(Region.load())
    place = world.place_names.index("Suruh Tembawang")
    rows = np.flatnonzero(world.village["place"] == place)
    share, u = world.village["share"][rows], (np.arange(4000) + 0.5) / 4000
    found = world.villages_of(np.full(4000, place), u)
    assert np.bincount(found, minlength=len(world.village_names))[rows] / 4000 == pytest.approx(share, abs=0.001)
    edge = world.villages_of(np.full(3, place), np.array([0.0, share[0], np.nextafter(1.0, 0.0)]))
    assert edge.tolist() == [rows[0], rows[1], rows[-1]]


def test_households_live_in_villages_of_their_place():
    model = months(make(households=2000, n_months=26), 25)
    h, village = model.frames["household"], model.world.village
    assert (village["place"][h["village"]] == h["place"]).all()
    people = np.bincount(h["village"], h["weight"] * (h["n_adults"].astype(float) + h["n_children"]), len(village["place"]))
    of_place = np.bincount(village["place"], people)
    assert of_place == pytest.approx(np.bincount(h["place"], h["weight"] * (h["n_adults"].astype(float) + h["n_children"])))
    large = np.bincount(h["place"])[village["place"]] >= 100
    assert large.sum() > 40 and np.abs(people / of_place[village["place"]] - village["share"])[large].max() < 0.05


def test_the_village_says_nothing_of_land_and_ability():
    h = make(households=4000).frames["household"]
    compared = 0
    for place in np.flatnonzero(np.bincount(h["place"]) > 150):
        rows = h["place"] == place
        if len(np.unique(h["village"][rows])) > 2:
            compared += 1
            for column in ("land", "ability", "schooling"):
                assert abs(np.corrcoef(h["village"][rows], np.log(h[column][rows] + 1.0))[0, 1]) < 0.2
    assert compared > 4


def test_who_splits_off_stays_in_the_village():
    model = make(households=600, n_months=14)
    before = set(model.frames["household"]["uid"].tolist())
    months(model, 13)
    h = model.frames["household"]
    new = np.array([uid not in before for uid in h["uid"].tolist()])
    assert new.sum() > 5 and (model.world.village["place"][h["village"]] == h["place"])[new].all()


def test_a_larger_sample_holds_the_smaller_one():
    small, large = (make(households=n).frames["household"] for n in (300, 900))
    of_large = dict(zip(large["uid"].tolist(), large["village"].tolist(), strict=True))
    assert [of_large[uid] for uid in small["uid"].tolist()] == small["village"].tolist()


# ---- the shipped region ----------------------------------------------------------------------------------------------------


def nets(year: int = 2005, closed: bool = False, p: Parameters = P) -> tuple[World, list[Net], np.ndarray, np.ndarray]:
    """The shipped region on roads in full condition: its ways by season, and hours and crossings to all facilities in the usual one."""
    world = World(Region.load())
    world.district["road"][:] = 1.0
    set_hours(world, year, world.district["road"])
    may = (world.crossing["is_path"] > 0) | (not closed)
    made, _ = nets_of(world, year, p, Ways(*hours_across(world, np.flatnonzero(may))))
    hours = np.empty((len(world.village_names), len(world.facility_node)))
    used = np.empty(hours.shape, dtype=np.int64)
    fill_hours(made[0], hours, used)
    return world, made, hours, used


def test_villages_of_the_shipped_region():
    world, _, hours, used = nets()
    at, f = world.village_names.index, list(world.region.facilities["facility"]).index
    # 3.05 km straight from Aruk to the clinic of Biawak, over the line past the post: 3.05 · 1.4 / 3 = 1.42 h, longer than by the seat of Sajingan by track
    straight = float(straight_km(1.59186, 109.67902, 1.61896, 109.68134))
    assert straight == pytest.approx(3.02, abs=0.03)
    assert hours[at("Sebunga"), f("Klinik Kesihatan Biawak")] == pytest.approx(straight * 1.4 / 3.0)
    assert world.crossing_names[used[at("Sebunga"), f("Klinik Kesihatan Biawak")]] == "Aruk paths"
    # Janting: 1.5 km of track (12 km/h) from Badau, whose centre is at the seat; the hospital of Putussibau follows the graph
    assert hours[at("Janting"), f("Puskesmas Badau")] == pytest.approx(1.5 / 12.0)
    q, to = world.node["Nanga Badau"], world.node["Putussibau"]
    assert hours[at("Janting"), f("Hospital Putussibau")] == pytest.approx(1.5 / 12.0 + world.home_hours[q, to])
    # Tawang: 5 h to Tamong on foot, and Tamong's track in 2005 is a footpath still
    assert hours[at("Tawang"), f("Puskesmas Siding")] == pytest.approx(
        min(15 / 3 + 15.3 / 3, float(straight_km(1.07188, 110.00102, 1.23043, 110.00467)) * 1.4 / 3)
    )
    # a facility in the own village is there
    assert hours[at("Siding"), f("Puskesmas Siding")] == 0.0 and used[at("Siding"), f("Puskesmas Siding")] == -1
    # a facility of another village of the place: by the seat
    assert hours[at("Malek"), f("Pustu Merbau")] == pytest.approx(
        hours[at("Malek"), f("Puskesmas Paloh")] + hours[at("Merbau"), f("Puskesmas Paloh")]
    )


def test_a_closed_post_bars_those_who_go_by_it_alone():
    _, _, hours, _ = nets()
    world, _, without, used = nets(closed=True)
    over = world.facility_side[None, :] != world.place["side"][world.village["place"]][:, None]
    assert (without[over] >= hours[over] - 1e-12).all() and (without[over] > hours[over] + 0.1).any()
    assert (without[~over] == hours[~over]).all()
    assert (world.crossing["is_path"][used[over & (without < FAR)]] > 0).all(), "who gets over the line goes by unofficial paths"


def test_seasons_slow_ways_down():
    world, made, _, _ = nets()
    chosen = np.tile(np.arange(len(world.facility_node)), (len(world.village_names), 1))
    usual, wet, low = (np.empty(chosen.shape) for _ in range(3))
    for of, hours in zip(made, (usual, wet, low), strict=True):
        fill_chosen(of, chosen, 0.0, 0, hours)
    reached = usual < FAR
    assert (wet[reached] >= usual[reached] - 1e-9).all() and (low[reached] >= usual[reached] - 1e-9).all()
    at, f = world.village_names.index, list(world.region.facilities["facility"]).index
    janting, badau = at("Janting"), f("Puskesmas Badau")
    assert wet[janting, badau] == pytest.approx(usual[janting, badau] / 0.6) and low[janting, badau] == usual[janting, badau]
    boat, seluas = at("Semunying Jaya"), f("Puskesmas Seluas")  # 20 km by boat
    assert (usual[boat, seluas], wet[boat, seluas], low[boat, seluas]) == (2.0, 2.0, pytest.approx(2.0 / 0.7))


def test_the_hours_of_a_month_are_those_of_its_season():
    model = make(households=60, n_months=14)
    n = len(VILLAGE_CARE)
    of_month = []
    for _ in range(12):
        model.step()
        village = model.world.village
        of_month.append(village["hours_care"].copy())
        season = int(model.series.way_season[(model.month - 1) % 12])
        assert (village["hours_care"] == village["hours_by_season"][:, season * n : (season + 1) * n]).all()
    assert [int(s) for s in model.series.way_season] == [WET, WET, 0, 0, 0, 0, LOW, LOW, LOW, 0, WET, WET]
    assert (of_month[0] > of_month[3]).any() and (of_month[7] > of_month[3]).any()


def test_what_villages_reach_by_the_rule_of_care():
    world = World(Region.load())
    set_hours(world, 1995, np.full(len(world.district_names), 0.5))
    world.facility["standard"][:] = 0.5
    is_built = facilities_in(world, 1995, 4, True)
    settle_access(world, 1995, P, CARE, is_built, world.crossing["is_path"] <= 0, True)
    village, f = world.village, world.facility
    chosen = village["facility_care"]
    for k, kinds in enumerate(((0,), (1,), (2,), (0, 1), (2,))):
        found = chosen[:, k] >= 0
        assert found.any() and is_built[chosen[found, k]].all() and np.isin(f["kind"][chosen[found, k]], kinds).all()
        across = world.facility_side[chosen[found, k]] != world.place["side"][village["place"][found]]
        assert across.all() if k >= 3 else not across.any()
        assert ((village["crossing_care"][:, k] >= 0) == (found & (k >= 3))).all()
        assert (village["hours_care"][found, k] >= P.village_access).all() and (village["hours_care"][~found, k] == 0.0).all()
    # all of one quality: the nearest
    made, _ = nets_of(world, 1995, P, Ways(*hours_across(world, np.arange(len(world.crossing_names)))))
    hours, used = np.empty((len(village["place"]), len(f["kind"]))), np.empty((len(village["place"]), len(f["kind"])), dtype=np.int64)
    fill_hours(made[0], hours, used)
    at_home = world.facility_side[None, :] == world.place["side"][village["place"]][:, None]
    centres = np.where(at_home & is_built & (f["kind"] == 1), hours, FAR)
    assert village["hours_care"][:, 1] == pytest.approx(centres.min(axis=1) + P.village_access)
    settle_access(world, 1995, P, CARE, is_built, world.crossing["is_path"] <= 0, False)
    assert (village["facility_care"][:, 3:] == -1).all() and (village["facility_care"][:, :3] == chosen[:, :3]).all()


# ---- regions without tables, and corners -----------------------------------------------------------------------------------


def test_a_region_without_villages_has_one_in_each_place(tmp_path: Path):
    folder = copy(tmp_path)
    for name in ("villages.csv", "village_ways.csv", "way_seasons.csv"):
        (folder / name).unlink()

    def bare(rows):
        for row in rows:
            row.update(village="", replaced_by="")

    edit(folder, "facilities.csv", bare)
    region = Region.load(folder)
    world = World(region)
    assert world.village_names == world.place_names and (world.village["share"] == 1.0).all() and not world.village["is_line"].any()
    set_hours(world, 2005, np.full(len(world.district_names), 1.0))
    settle_access(world, 2005, P, CARE, facilities_in(world, 2005, 3, True), world.crossing["is_path"] <= 0, True)
    same = world.place["facility_care"][:, [1, 2, 3]] == world.village["facility_care"][:, [2, 3, 4]]
    assert same.mean() > 0.9, "hospitals and facilities across are those that the place reaches"
    found = same & (world.place["facility_care"][:, [1, 2, 3]] >= 0)
    gap = world.place["hours_care"][:, [1, 2, 3]] - world.village["hours_care"][:, [2, 3, 4]]
    assert gap[found] == pytest.approx(P.local_access - P.village_access)
    usual = world.village["hours_by_season"][:, :5]
    assert (world.village["hours_by_season"] == np.tile(usual, 3)).all()
    run = BorderModel(Scenario.load("history", end="1980-03"), region=region, households=60, rng=3).run()
    assert (run.frames["household"]["village"] == run.frames["household"]["place"]).all()


def test_columns_that_facilities_may_lack(tmp_path: Path):
    folder = copy(tmp_path)
    optional = (
        "kind",
        "village",
        "lat",
        "lon",
        "km",
        "class_1980",
        "later_classes",
        "doctors",
        "nurses",
        "beds",
        "drugs",
        "staff_basis",
        "replaced_by",
    )
    edit(folder, "facilities.csv", lambda rows: [[row.pop(c) for c in optional] for row in rows])
    world = World(Region.load(folder))
    f = world.region.facilities
    assert (world.facility["kind"] == np.where(f["tier"] == "hospital", 2, 1)).all()
    # as many posts as the usual staff of a centre (5.5) or a hospital (44) fill; the part filled and the drugs are the quality of 1980
    quality = np.clip(f["quality_1980"].to_numpy(float), 0.05, 1.0)
    usual = np.where(f["tier"] == "hospital", 44.0, 5.5)
    assert world.facility["posts"] == pytest.approx(usual / quality) and (world.facility["beds"] == np.where(usual > 10, 60.0, 0.0)).all()
    assert (world.facility["drugs_start"] == quality).all() and (world.facility["staff_start"] == quality).all()
    assert (world.facility_after == -1).all()


def test_a_village_with_all_the_people(tmp_path: Path):
    folder = copy(tmp_path)

    def all_in_one(rows):
        for row in rows:
            if row["place"] == "Suruh Tembawang":
                row["share"] = "1" if row["village"] == "Badat Baru" else "0"

    edit(folder, "villages.csv", all_in_one)
    run = BorderModel(Scenario.load("history", end="1982-01"), region=folder, households=120, rng=3).run()
    h, world = run.frames["household"], run.world
    there = h["place"] == world.place_names.index("Suruh Tembawang")
    assert there.any() and {world.village_names[v] for v in h["village"][there]} == {"Badat Baru"}


def test_a_region_without_unofficial_paths(tmp_path: Path):
    folder = copy(tmp_path)
    edit(folder, "crossings.csv", lambda rows: [row.update(kind="traditional") for row in rows if row["kind"] == "path"])
    world = World(Region.load(folder))
    assert (world.village_ways.path_crossing == -1).all()


def test_catchments():
    world = World(Region.load())
    f, people = world.region.facilities.set_index("facility"), np.full(world.n_places, 20_000.0)
    world.set_catchment(people)
    said = dict(zip(f.index, world.facility["catchment"], strict=True))
    assert said["Puskesmas Sekayam"] == 20_000.0 and said["Hospital Kuching"] == 30_000.0
    clinics = [k for k in f.index if f.loc[k, "place"] == "Lubok Antu" and f.loc[k, "kind"] == "centre"]
    assert len(clinics) > 5 and {said[k] for k in clinics} == {4000.0}
    share = world.village["share"][world.village_names.index("Sebubus")]
    assert said["Pustu Sebubus"] == pytest.approx(20_000.0 * share) and said["Polindes Suruh Tembawang"] > 4000.0
