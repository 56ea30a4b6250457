"""What a fit costs is said before it starts, in three languages, and counts what is left."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from abm.errors import UserError
from experiments.cli import calibrate as calibrate_commands
from experiments.cli.main import main
from experiments.fits import cost as calibrate_cost
from experiments.fits.asked import SWITCHED_OFF, Asked
from experiments.fits.cost import Cost, cost_of, trial, words
from experiments.fits.fit import Fit
from experiments.fits.point import Answer, at_one_point
from experiments.words.languages import translator

PLAN = ["--points", "64", "--population", "32", "--most", "2", "--households", "60", "--draws", "10", "--only", "world.set_month.farm_id"]
type Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Path:
    monkeypatch.setattr(calibrate_cost, "trial", lambda _: 0.5)
    assert main(["calibrate", "plan", "-o", str(tmp_path / "fit"), *PLAN]) == 0
    said = capsys.readouterr().out
    assert re.search(r"This will take roughly [^:]+ on this machine: \d+ to \d+ runs of 0\.50 s each on \d+ cores", said)
    return tmp_path / "fit"


def test_what_is_left_is_counted(folder: Path) -> None:
    fit = Fit.open(folder)
    new = (1 + len(SWITCHED_OFF)) * 10
    assert (cost_of(fit, ("bank",)).runs, cost_of(fit, ("bank",)).most) == (64, 64)
    assert (cost_of(fit, ("fit",)).runs, cost_of(fit, ("fit",)).most) == (64, 64 + 2 * 32)
    whole = cost_of(fit, ("fit", "check"))
    assert (whole.runs, whole.most) == (64 + new, 64 + 64 + new)
    without = replace(fit, asked=fit.asked.model_copy(update={"without": ("kinship",)}))
    assert cost_of(without, ("check",)).runs == whole.runs - 10


@pytest.mark.parametrize("stage", ["bank", "fit", "check", "report"])
@pytest.mark.parametrize(("lang", "word"), [("en", "roughly"), ("id", "kira-kira"), ("ms", "lebih kurang")])
def test_it_is_said_before_the_work(
    folder: Path, stage: str, lang: str, word: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def begins(*_: object, **__: object) -> None:
        raise UserError("the work begins")

    for name in ("_bank", "_fit", "_check"):
        monkeypatch.setattr(calibrate_commands, name, begins)
    assert main(["calibrate", stage, str(folder), "--lang", lang]) == 2
    out, err = capsys.readouterr()
    assert word in out and out.count("\n") == 1 and "the work begins" in err
    assert main(["calibrate", stage, str(folder), "--quiet"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["calibrate", stage, str(folder), "--workers", "x"]) == 2
    assert "--workers takes a whole number" in capsys.readouterr().err


def test_the_words() -> None:
    cost = Cost(1000, 4600, 0.5, 8, 260.0)
    said = words(translator("en"), cost, "en", 2)
    assert "roughly 9 min to 24 min" in said and "1,000 to 4,600 runs" in said
    assert "0.14 to 0.64 core-hours" in words(translator("en"), cost, "en", None, cluster=True)
    assert words(translator("en"), Cost(0, 0, 0.0, 0, 0.0), "en", 2) == ""


def test_a_trial_is_scaled_to_months_and_households() -> None:
    ticks = iter(np.arange(100.0))
    clock = lambda: float(next(ticks))  # noqa: E731 – each step of the trial takes a second
    assert trial(Asked(households=60, end="1989-12"), clock) == pytest.approx(1.0 + 1.0 * 120 / 24)
    assert trial(Asked(households=60, end="1980-12"), clock) == pytest.approx(2.0)
    assert trial(Asked(region="/no/such/region"), clock) == 0.0


def test_searches_that_end_at_one_point() -> None:
    def answer(*unit: float) -> Answer:
        return Answer(np.array(unit), np.zeros(1), np.zeros(1))

    answers = [answer(0.2, 0.9, 0.1), answer(0.8, 0.9, 0.5), answer(0.2, 0.2, 0.9), answer(0.2, 0.905, 0.7)]
    assert at_one_point(answers, np.array([0, 1])) == [[1, 4]]
    assert at_one_point(answers, np.array([0, 1, 2])) == []
