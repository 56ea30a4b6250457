"""What tests of damaged fits share."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from abm import Region
from experiments.cli import calibrate as calibrate_commands
from experiments.cli.main import main
from tests.calibration.damage import WorkBegins


def _work(*_: Any, **__: Any) -> Any:
    raise WorkBegins("the work begins")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run: what would be ends with a sentence."""
    for name in ("_bank", "_fit", "_check"):
        monkeypatch.setattr(calibrate_commands, name, _work)
    monkeypatch.setattr("experiments.fits.point.point_fits", _work)
    monkeypatch.setattr("experiments.fits.retarget.retarget", _work)
    monkeypatch.setattr("experiments.fits.cost.trial", lambda _: 0.1)
    monkeypatch.setattr("experiments.execution.drive.drive", _work)
    load = Region.load
    monkeypatch.setattr(Region, "load", cache(load))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit folder before its first run."""
    folder = tmp_path_factory.mktemp("fit") / "fit"
    only = ["--only", "world.set_month.farm_id", "--only", "world.set_month.farm_my"]
    more = ["--prior", "world.set_month.farm_id=0.8:1.2", "--without", "kinship", "--points", "64", "--households", "60"]
    assert main(["calibrate", "plan", "-o", str(folder), *only, *more]) == 0
    return folder
