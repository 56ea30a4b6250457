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
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 5_000_000


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
    assert fit["disagreement"]["largest"] <= 0.3
    assert abs(target(fit, "income_id")["quantiles"][2] / 700 - 1) <= 0.05
    assert abs(target(fit, "income_my")["quantiles"][2] / 4000 - 1) <= 0.05
    assert abs(target(fit, "income_ratio")["quantiles"][2] - 5.71) <= 0.3
    assert target(fit, "visits_fall")["pass"] >= 0.95
    for row in checks["sbc"]:
        assert row["smallest_p"] > row["needed_p"], row["method"]
        assert 0.87 <= row["coverage_90"] <= 0.93 and 0.45 <= row["coverage_50"] <= 0.55
        outside = [p for p in row["parameters"] if not 0.85 <= p["coverage_90"] <= 0.95]
        assert len(outside) <= len(row["parameters"]) / 20
    informed = {p["parameter"] for p in fit["parameters"] if p["known"] == "informed"}
    emulated = next(r for r in checks["sbc"] if r["method"] == "emulated")
    assert all(p["error"] <= 0.75 for p in emulated["parameters"] if p["parameter"] in informed)


def test_the_bar_that_it_misses(fit):
    """A finding: with the declared ranges most people went across in the 1980s in seven of ten draws, not in nine.

    If this fails because the share has risen, say so in docs/calibration.md and in the changelog, and turn it into a threshold.
    """
    share = target(fit, "care_majority")["pass"]
    assert 0.5 < share < 0.9
    assert share > 3 * target(fit, "care_majority")["prior"]["pass"]
    assert any(a["what"] == "conflict" and a["target"] == "care_majority" for a in fit["alarms"]), "the other facts alone would not give it"
    delay = next(p for p in fit["parameters"] if p["parameter"] == "world.travel.puskesmas_delay")
    assert delay["quantiles"][0] > 4.0 and delay["quantiles"][-1] > 9.0, "the report moves the calendar towards the end of its range"


def test_the_claim_holds_of_those_near_a_clinic_across(fit):
    """Whom "most people" means is not said. Of those within seven hours of a clinic across it holds, however the report is read."""
    assert target(fit, "care_majority_near")["pass"] >= 0.95
    reading = next(r for r in fit["readings"] if r["reading"] == "care_majority_near")
    assert reading["pass"]["care_majority_near"] >= 0.9
    assert reading["pass"]["care_majority"] < 0.5 and reading["ess"] > 50


def test_a_majority_comes_with_little_care_at_all(fit):
    """A finding: the level of care that other rural districts had speaks against the worlds in which most of all went across."""
    contacts = target(fit, "care_contacts")
    assert contacts["pass"] < 0.5 * contacts["prior"]["pass"]


def test_no_check_raises_an_alarm(checks):
    assert checks["alarms"] == []


def test_the_fall_needs_the_programme(checks):
    with_it, without = (checks["predictive"][n]["targets"] for n in ("all", "puskesmas_programme"))
    assert with_it["visits_fall"]["pass"] > 0.9
    assert without["visits_fall"]["pass"] < 0.1


def test_simulated_truths_are_found(checks):
    rows = [(o, k) for p in checks["simulated_truths"] for o, k in zip(p["off"], p["known"], strict=True)]
    assert any(k == "informed" for _, k in rows)
    assert all(o <= 2.0 for o, k in rows if k == "informed")
