"""The benchmark runs and says what it promises; how fast this machine is, no test asserts."""

from __future__ import annotations

import json
import math

import pytest

from experiments.cli import bench


@pytest.mark.parametrize("compiling", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_quick_measurement_as_json_and_as_table(compiling, capsys, monkeypatch):
    """By default without the fresh compilation, which takes most of the time."""
    if not compiling:
        monkeypatch.setattr(bench, "_starts", lambda turns: {"cold_compile_cpu_seconds": 1.0, "warm_start_cpu_seconds": 1.0})
    assert bench.main(["--quick", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    left_out = {"ns_per_household_month_1000000", "million_over_hundred_thousand"}
    assert set(said["figures"]) == set(bench.FIGURES) - left_out
    assert set(said["units"]) == set(said["figures"]) and said["quick"] is True
    assert {"lintas", "python", "platform", "cores", "numba"} <= set(said["machine"])
    for name, value in said["figures"].items():
        assert math.isfinite(value) and value > 0, name
    monkeypatch.setattr(bench, "measure", lambda quick: said["figures"])
    assert bench.main(["--quick"]) == 0
    table = capsys.readouterr().out
    assert "Default run" in table and "Mesa" in table
