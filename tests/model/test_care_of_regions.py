"""Care in regions at the corners: no facility yet, none on one side, no hospital; and what a run without care across has of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from abm import BorderModel, Scenario
from tests.model.test_conservation import check_patients
from tests.world.damaged_region import copy, edit

Rows = list[dict[str, str]]


def late(keep: Callable[[dict[str, str]], bool]) -> Callable[[Rows], object]:
    """Facilities but those that are kept open in 2015."""
    return lambda rows: [row.update(opened="2015", opened_low="2015", opened_high="2015", replaced_by="") for row in rows if not keep(row)]


def run_of(tmp_path: Path, keep: Callable[[dict[str, str]], bool], **settings) -> BorderModel:
    """Three years in a region with these facilities alone, with patients conserved in every month."""
    folder = copy(tmp_path)
    edit(folder, "facilities.csv", late(keep))
    model = BorderModel(Scenario.load("history", end="1982-12", **settings), region=folder, households=120, rng=4)
    for month in range(model.n_months):
        model.step()
        check_patients(model, model.record.sums[month])
    yearly = model.results.yearly
    assert not np.isinf(yearly.drop(columns="side").to_numpy(float)).any()
    return model


def test_a_region_without_facilities(tmp_path):
    yearly = run_of(tmp_path, lambda row: False).results.yearly
    assert (yearly["contacts_per_1000"] == 0).all() and (yearly["people_treated"] == 0).all() and (yearly["untreated_share"] == 1).all()
    assert yearly["care_share_across"].isna().all() and (yearly["care_cost_share"] == 0).all() and (yearly["deaths_expected"] > 0).any()


@pytest.mark.parametrize("side", ["id", "my"])
def test_facilities_on_one_side_alone(tmp_path, side):
    yearly = run_of(tmp_path, lambda row: row["side"] == side).results.yearly
    here, there = (yearly[(yearly["side"] == side) == is_here] for is_here in (True, False))
    assert (here["contacts_per_1000"] > 0).all() and (here["care_share_across"] == 0).all()
    assert (there["contacts_per_1000"] > 0).any() and (there["care_share_across"].dropna() == 1).all()
    none = run_of(tmp_path / "closed", lambda row: row["side"] == side, without=["cross_border_care"]).results.yearly
    assert (none.loc[none["side"] != side, "contacts_per_1000"] == 0).all()


def test_a_region_without_hospitals(tmp_path):
    model = run_of(tmp_path, lambda row: row["tier"] != "hospital")
    yearly = model.results.yearly
    assert (yearly["hospital_reached"].dropna() == 0).all() and (yearly["sent_on"] == 0).all() and (yearly["contacts_per_1000"] > 0).all()
    assert (model.frames["household"]["care_next"] == -1).all()
