"""The posterior that ships: it belongs to its region, is small, meets the thresholds that it meets, and says which it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import calibration
from abm import BorderModel, Region
from abm.fitted import fitted_of
from calibration.posterior import Posterior
from calibration.targets import Targets

REGION = "west-kalimantan-sarawak"
FOLDER = Path(calibration.__file__).parent / "posteriors" / REGION


@pytest.fixture(scope="module")
def fit() -> dict:
    return json.loads((FOLDER / "fit.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def checks() -> dict:
    return json.loads((FOLDER / "check.json").read_text("utf-8"))


def target(fit: dict, name: str) -> dict:
    return next(t for t in fit["targets"] if t["id"] == name)


def test_it_is_small_and_whole():
    names = {p.name for p in FOLDER.iterdir()}
    assert {
        "manifest.json",
        "draws.parquet",
        "fit.json",
        "check.json",
        "targets.toml",
        "report.html",
        "report-id.html",
        "report-ms.html",
    } <= names
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 7_000_000


def test_it_belongs_to_the_region_and_to_the_targets():
    posterior = Posterior.load(REGION)
    region = Region.load(REGION)
    assert posterior.region_hash == region.hash
    assert posterior.manifest["targets_hash"] == Targets.load().hash
    assert fitted_of(region).posterior == posterior.id
    assert dict(fitted_of(region).values) == pytest.approx(posterior.central())
    assert posterior.draws["weight"].sum() == pytest.approx(1.0)


def test_it_belongs_to_this_model():
    """Fails after every edit of the model's sources: where no number has changed ``lintas calibrate confirm`` says so, else a new fit is due."""
    from experiments.runs.identity import model_version

    assert model_version() in Posterior.load(REGION).model_versions


@pytest.mark.slow
def test_this_model_gives_the_numbers_of_the_fit(tmp_path):
    """On the kind of processor that the numbers were made on: the last digits of some functions depend on it."""
    from experiments.fits.confirm import confirm

    shutil.copytree(FOLDER, tmp_path / "posterior")
    assert confirm(tmp_path / "posterior") == []


def test_a_run_starts_from_the_central_draw():
    model = BorderModel(households=100, rng=1)
    for name, value in Posterior.load(REGION).central().items():
        assert model.settings.values[name] == pytest.approx(value)


def test_bars_that_it_keeps(fit, checks):
    assert fit["ess"] >= 300 and fit["largest_weight"] <= 0.05
    assert abs(target(fit, "income_ratio")["quantiles"][2] - 5.71) <= 0.3
    assert fit["disagreement"]["largest"] <= 0.3
    for row in checks["sbc"]:
        # the prior alone knows no fact, so its ranks are right by construction: what is smaller is chance among all parameters and methods
        # with ABC the ranks of one parameter are uneven, see the bars that are missed
        assert row["smallest_p"] > row["needed_p"] * (1.0 if row["method"] == "emulated" else 0.1), row["method"]
        assert 0.87 <= row["coverage_90"] <= 0.93 and 0.45 <= row["coverage_50"] <= 0.55
        outside = [p for p in row["parameters"] if not 0.85 <= p["coverage_90"] <= 0.95]
        # a finding: with ABC a few more than one in twenty, of which the report warns; with the prior alone that is chance
        assert len(outside) <= len(row["parameters"]) / (20 if row["method"] == "emulated" else 12)
    informed = {p["parameter"] for p in fit["parameters"] if p["known"] == "informed"}
    emulated = next(r for r in checks["sbc"] if r["method"] == "emulated")
    assert all(p["error"] <= 0.75 for p in emulated["parameters"] if p["parameter"] in informed)


def test_the_bars_that_it_misses(fit, checks):
    """Findings: with pay that is known, both products stay below the paper's figures, and with ABC the ranks of the weight of quality are uneven, as they are with the prior alone.

    If one of these fails because the fit has come nearer, say so in docs/calibration.md and in the changelog, and turn it into a threshold.
    """
    for name, low in (("income_id", 0.8), ("income_my", 0.8)):
        reached = target(fit, name)["quantiles"][2] / target(fit, name)["observed"]
        assert low < reached < 0.95, name
        assert any(a["what"] == "median" and a["target"] == name for a in fit["alarms"])
    uneven = {(a["method"], a["parameter"]) for a in checks["alarms"] if a["what"] == "ranks"}
    assert uneven == {(method, "household.seek_care.weight_quality") for method in ("abc", "prior")}


def test_household_income_is_no_reading_of_4000(fit):
    """Surveys of households were not fitted and are met; 4,000 as household income is met by no draw, and what it would take is more than twice the pay."""
    assert target(fit, "household_income_my_2007")["pass"] > 0.8 and target(fit, "household_income_my_1984")["pass"] > 0.8
    assert target(fit, "income_my_household")["pass"] < 0.05
    assert 4000 / target(fit, "income_my_household")["quantiles"][2] > 2.0


def test_a_majority_across_is_not_what_the_facts_give(fit):
    """A finding: with the rate of contacts of the 1980s fitted and the claim only asked, few draws have most of all care across, or most near a clinic there."""
    assert target(fit, "care_contacts")["pass"] > 0.8
    assert target(fit, "care_majority")["pass"] < 0.2 and target(fit, "care_majority_near")["pass"] < 0.4


def test_work_across_grows_as_it_did(fit):
    assert target(fit, "workers_growth")["pass"] > 0.85


def test_trade_is_of_the_size_that_was_counted(fit):
    """It was fifteen times as large while traders' capital, whose range was wide, could make up for product that is missing elsewhere."""
    counted = target(fit, "trade_out_2005")
    assert counted["pass"] > 0.9 and 0.4 < counted["quantiles"][2] / counted["observed"] < 2.5


def test_simulated_truths_are_found(checks):
    rows = [(o, k) for p in checks["simulated_truths"] for o, k in zip(p["off"], p["known"], strict=True)]
    assert all(o <= 2.0 for o, k in rows if k == "informed")
