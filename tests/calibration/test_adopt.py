"""Taking a fit into the package: what is written, and what is left alone."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import calibration
from abm import Region
from abm.fitted import fitted_of
from calibration.targets import Targets
from experiments.fits.adopt import adopt
from experiments.fits.asked import Asked, FitError, prior_of
from experiments.fits.fit import Fit

NAME = "west-kalimantan-sarawak"
SHIPPED = Path(calibration.__file__).parent / "posteriors" / NAME


@pytest.fixture
def fit(tmp_path: Path) -> Fit:
    """The shipped fit, laid out as the folder that it came from."""
    folder = tmp_path / "fit"
    for part in ("posterior", "report"):
        (folder / part).mkdir(parents=True)
    for file in SHIPPED.iterdir():
        place = "posterior" if file.name in ("draws.parquet", "manifest.json") else "report" if file.suffix == ".html" else "."
        shutil.copyfile(file, folder / place / file.name)
    return Fit(folder, {}, Asked(), Targets.load(), prior_of(Asked()))


def test_the_central_draw_becomes_the_fitted_values(fit: Fit, tmp_path: Path) -> None:
    region = tmp_path / "region"
    region.mkdir()
    adopt(fit, region, tmp_path / "posteriors")
    assert tomllib.loads((region / "fitted.toml").read_text("utf-8"))["parameters"] == pytest.approx(
        dict(fitted_of(Region.load(NAME)).values)
    )
    assert {p.name for p in (tmp_path / "posteriors" / NAME).iterdir()} == {p.name for p in SHIPPED.iterdir()}


def test_what_is_no_posterior_is_left_alone(fit: Fit, tmp_path: Path) -> None:
    region, other = tmp_path / "region", tmp_path / "posteriors" / NAME
    region.mkdir()
    other.mkdir(parents=True)
    (other / "region.toml").write_text("precious", "utf-8")
    with pytest.raises(FitError, match="not replaced"):
        adopt(fit, region, tmp_path / "posteriors")
    assert (other / "region.toml").read_text("utf-8") == "precious" and not (region / "fitted.toml").exists()


def test_another_question_or_an_unfinished_fit_is_not_taken(fit: Fit, tmp_path: Path) -> None:
    for asked in (
        Asked(without=("kinship",)), Asked(widen=0.1), Asked(ranges=(("world.set_month.farm_id", 0.8, 1.2),)), Asked(end="2010-12"),
    ):  # fmt: skip
        with pytest.raises(FitError):
            adopt(replace(fit, asked=asked), tmp_path, tmp_path / "p")
    file = fit.folder / "posterior" / "manifest.json"
    said = json.loads(file.read_text("utf-8"))
    for change in ({"ess": 150.0}, {"central": None}):
        wrong = {k: v for k, v in (said | change).items() if v is not None}
        file.write_text(json.dumps(wrong), "utf-8")
        with pytest.raises(FitError):
            adopt(fit, tmp_path, tmp_path / "p")
    assert not (tmp_path / "p").exists() and not (tmp_path / "fitted.toml").exists()
