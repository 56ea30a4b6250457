"""Each number that a fit is asked for has limits, as typed and in its manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.main import main
from experiments.fits.asked import FitError
from experiments.fits.fit import Fit
from tests.calibration.damage import damaged


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("households", 10**12, "asked.households = 1000000000000; it must be at most"),
        ("points", 100, "asked.points: 100: a Sobol sequence is balanced at powers of two only"),
        ("widen", float("nan"), "asked.widen = nan"),
        ("end", "2015-11", "end a fit in a December"),
        ("ranges", [["world.set_month.farm_id", 2.0, 1.0]], "has no width"),
        ("names", ["a", "a"], "is given twice"),
        ("tests", "256", "asked.tests = '256' is not a whole number"),
        ("housholds", 3, "unknown key 'housholds'; did you mean households?"),
    ],
)
def test_what_a_manifest_asks_has_limits(planned: Path, idle: None, key: str, value: Any, said: str) -> None:
    file = planned / "manifest.json"
    text = file.read_text("utf-8")
    try:
        file.write_text(json.dumps(damaged(json.loads(text), ("asked", key), value)), "utf-8")
        with pytest.raises(FitError) as refused:
            Fit.open(planned)
        assert said in str(refused.value) and "manifest.json" in str(refused.value)
    finally:
        file.write_text(text, "utf-8")


NUMBERS: list[tuple[str, str]] = [
    *((option, value) for option in ("--points", "--population", "--most", "--households", "--seed", "--draws", "--tests", "--widen")
      for value in ("-1", "x", "1.5e400", "99999999999999999999999", "nan", "inf", "", "1" * 5000)),
    *(("--prior", f"world.set_month.farm_id={span}") for span in
      ("inf:1", "1:inf", "nan:2", "2:1", "1:1", "1", "", ":", "1:2:3", "x:y", "-5:2", "1:1e308", "1" * 5000)),
    ("--prior", "=1:2"), ("--prior", "world.set_month.farm=1:2"), ("--end", "2015-11"), ("--end", "1979-12"), ("--end", "2031-12"), ("--end", "x"),
    ("--households", "99999999999"), ("--households", "5000001"), ("--draws", "1000001"), ("--tests", "100001"), ("--most", "101"),
    ("--population", "1048577"), ("--points", "2097152"), ("--widen", "1.01"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value"), NUMBERS, ids=lambda v: v[:40])
def test_each_number_of_a_plan_has_limits(option: str, value: str, tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "plan", "-o", str(tmp_path / "fit"), f"{option}={value}"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and len(err) < 900 and (option in err or "prior" in err or "parameter" in err), err
    assert "1" * 81 not in err
    assert not (tmp_path / "fit").exists()


def test_a_name_given_twice(tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    for option, value in (
        ("--only", "world.set_month.farm_id"), ("--without", "kinship"), ("--prior", "world.set_month.farm_id=0.8:1.2"),
    ):  # fmt: skip
        assert main(["calibrate", "plan", "-o", str(tmp_path / "fit"), option, value, option, value]) == 2
        assert "twice" in capsys.readouterr().err


@pytest.mark.parametrize("draws", ["1000000000000", "10001", "0", "-1", "x", "1e3", "nan"])
def test_draws_have_a_limit(draws: str, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--posterior", "--allow-drift", "--draws", draws, "-q"]) == 2
    err = capsys.readouterr().err
    assert "--draws" in err and err.count("\n") == 1 and ("1 to 10000" in err.replace(",", "") or "whole number" in err)
