"""What facilities have at the start, how far they have come since, and which share their patients."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Region
from abm.world.access import set_progress
from abm.world.columns import World
from abm.world.facilities import pools, set_staff
from agents.surroundings import CENTRE, DISPENSARY, HOSPITAL


@pytest.fixture(scope="module")
def region() -> Region:
    return Region.load()


def test_facilities_make_up_their_way_as_the_district_does(region):
    world = World(region)
    n = len(world.district_names)
    start = {"clinic": np.full(n, 0.2), "hospital": np.full(n, 0.5)}
    world.district["clinic"][:] = 0.6  # half of the way from 0.2 to 1
    world.district["hospital"][:] = np.where(world.district["side"] == 0, 0.5, 0.25)  # none of it; back by half of it
    set_progress(world, start)
    clinic, side = world.facility["is_primary"] == 1, world.facility_side
    assert np.allclose(world.facility["progress"][clinic], 0.5)
    assert np.allclose(world.facility["progress"][~clinic], np.where(side == 0, 0.0, -0.5)[~clinic])
    # a district's own progress counts for its facilities; a town outside all districts goes with the mean of its side
    world.district["clinic"][:] = np.linspace(0.2, 1.0, n)
    set_progress(world, start)
    progress = (np.linspace(0.2, 1.0, n) - 0.2) / 0.8
    mean = [progress[world.district["side"] == s].mean() for s in (0, 1)]
    expected = np.array([progress[d] if d >= 0 else mean[s] for d, s in zip(world.node_district[world.facility_node], side, strict=True)])
    assert np.allclose(world.facility["progress"][clinic], expected[clinic])


def test_staff_drugs_and_beds_are_those_of_the_table(region):
    world, table = World(region), region.facilities
    posts, filled = world.facility["posts"], world.facility["staff_start"]
    staff = (table["doctors"] + table["nurses"]).to_numpy(float)
    assert np.allclose((posts * filled)[staff >= 1], staff[staff >= 1]) and (posts * filled >= 1 - 1e-12).all()
    assert (filled == np.where(world.facility["kind"] == DISPENSARY, 0.5, np.clip(table["quality_1980"], 0.05, 1.0))).all()
    assert np.allclose(world.facility["drugs_start"], table["drugs"])
    assert np.allclose(world.facility["beds"], np.where(world.facility["kind"] == HOSPITAL, table["beds"], 0.0))
    without = table.drop(columns=["doctors", "nurses", "beds", "drugs"])
    set_staff(world.facility, without)
    for kind, usual in ((DISPENSARY, 1.0), (CENTRE, 5.5), (HOSPITAL, 44.0)):
        of_kind = world.facility["kind"] == kind
        assert np.allclose((posts * filled)[of_kind], usual)
        assert (world.facility["beds"][of_kind] == (60.0 if kind == HOSPITAL else 0.0)).all()
    assert np.allclose(world.facility["drugs_start"], np.clip(table["quality_1980"], 0.05, 1.0))


def test_centres_of_a_node_share_their_patients():
    assert pools(np.array([3, 3, 4, 3, 3]), np.array([DISPENSARY, CENTRE, CENTRE, CENTRE, HOSPITAL])).tolist() == [0, 1, 2, 1, 4]
