"""A fit without runs, or to a target that no run can meet, is refused."""

from __future__ import annotations

import pytest

from experiments.fits import conclude
from experiments.fits.fit import Fit
from tests.calibration.small_fit import TARGETS, plan, refused


def test_an_empty_bank_is_refused(tmp_path):
    folder = tmp_path / "empty"
    assert plan(folder) == 0
    from calibration.runs import RunsError

    with pytest.raises(RunsError, match="no prior run ended well"):
        conclude.conclude(Fit.open(folder))


def test_a_target_that_nothing_moves_is_refused(tmp_path, capsys):
    folder = tmp_path / "flat"
    row = TARGETS.split("[[target]]")[2].replace('"income_my"', '"people"').replace('"income_per_capita"', '"population"')
    row = row.replace("value = 430", "value = 160000").replace('group = "incomes"\ncorrelation = 0.5\n', "")
    assert plan(folder, targets=TARGETS + "[[target]]" + row) == 0
    capsys.readouterr()
    assert "is moved by no parameter" in refused(capsys, "fit", str(folder), "--quiet", "--workers", "1")


def test_a_target_outside_the_prior_is_refused(tmp_path, capsys):
    folder = tmp_path / "far"
    assert plan(folder, targets=TARGETS.replace("value = 430", "value = 90000")) == 0
    capsys.readouterr()
    said = refused(capsys, "fit", str(folder), "--quiet", "--workers", "1")
    assert "a mechanism is missing" in said
