"""The benchmark runs and says what it promises; how fast this machine is, no test asserts."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

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
    assert "Default run" in table and "Mesa" in table and "source checkout" not in table


def test_without_the_tests_the_comparison_is_left_out_and_said_so(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "_ROOT", tmp_path)
    for name in ("_default_run", "_starts", "_memory"):
        monkeypatch.setattr(bench, name, lambda *given: {"default_run_seconds": 1.0})
    monkeypatch.setattr(bench, "_sizes", lambda *given: {})
    monkeypatch.setattr(bench, "_model", lambda *given: SimpleNamespace(run=lambda: None))
    assert bench.main(["--quick"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Default run" in said and bench.NO_TWIN in said and "plain Mesa agent, CPU" not in said
