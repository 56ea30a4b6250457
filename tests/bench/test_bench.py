"""The benchmark runs and says what it promises; how fast this machine is, no test asserts."""

from __future__ import annotations

import json
import math
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from abm.month import MONTH
from abm.world.population import renew
from agents.core.declare import FIELDS
from experiments.cli import bench, bench_population
from tests.model.same import differing, make, state


@pytest.mark.parametrize("compiling", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_quick_measurement_as_json_and_as_table(compiling, capsys, monkeypatch):
    """By default without the fresh compilation, which takes most of the time."""
    if not compiling:
        monkeypatch.setattr(bench, "_starts", lambda turns: {"cold_compile_cpu_seconds": 1.0, "warm_start_cpu_seconds": 1.0})
    assert bench.main(["--quick", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    left_out = {
        "ns_per_household_month_1000000", "million_over_hundred_thousand", "million_construction_cpu_seconds", "two_threads_speed_1000000",
        "population_share_1000000",
    }  # fmt: skip
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        left_out |= {"bare_c_ns_per_household_month", "compiled_over_c"}
    assert set(said["figures"]) == set(bench.FIGURES) - left_out
    assert set(said["units"]) == set(said["figures"]) and said["quick"] is True
    assert {"lintas", "python", "platform", "cores", "numba"} <= set(said["machine"])
    assert {row["step"] for row in said["steps"]} == {step.title for step in MONTH}
    spent = [row["ns_per_household_month"] for row in said["steps"]]
    assert spent == sorted(spent, reverse=True) and spent[0] > 0 and min(spent) >= 0
    for name, value in said["figures"].items():
        assert math.isfinite(value) and value > 0, name
    monkeypatch.setattr(bench, "measure", lambda quick: said["figures"])
    assert bench.main(["--quick"]) == 0
    table = capsys.readouterr().out
    assert (
        "Default run" in table
        and "Where a month goes" in table
        and "Care: where the sick go" in table
        and "Mesa" in table
        and "source checkout" not in table
    )


def test_without_the_tests_the_comparison_is_left_out_and_said_so(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "_ROOT", tmp_path)
    monkeypatch.setattr(bench, "profile", lambda *given: [("Ties", 1.0)])
    for name in ("_default_run", "_starts", "_memory", "_small_runs"):
        monkeypatch.setattr(bench, name, lambda *given: {"default_run_seconds": 1.0})
    monkeypatch.setattr(bench, "_sizes", lambda *given: {})
    monkeypatch.setattr(bench, "_model", lambda *given: SimpleNamespace(run=lambda: None))
    assert bench.main(["--quick"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Default run" in said and bench.NO_TWIN in said and "plain Mesa agent, CPU" not in said


def test_without_a_compiler_there_is_no_loop_in_c(monkeypatch, tmp_path):
    monkeypatch.setattr(bench.shutil, "which", lambda name: None)
    assert bench._against_c(1) == {}
    monkeypatch.setattr(bench.shutil, "which", lambda name: "/bin/false")
    assert bench._against_c(1) == {}
    monkeypatch.setattr(bench.shutil, "which", lambda name: "/bin/true")
    monkeypatch.setattr(bench, "_ROOT", tmp_path)
    assert bench._against_c(1) == {}


@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler is here")
def test_the_loop_in_c_is_measured_in_turns():
    found = bench._against_c(2, households=100, months=24)
    assert set(found) == {"bare_c_ns_per_household_month", "compiled_over_c"} and min(found.values()) > 0


def test_the_made_up_year_is_what_it_says():
    model, counts = make(households=600), []
    for year in range(3):
        h, before = model.frames["household"], set(model.frames["household"]["uid"].tolist())
        asked = bench_population.made_up_year(model, year)
        renew(model, **asked)
        now = set(h["uid"].tolist())
        counts.append((len(before - now), len(now - before)))
        assert before - now == set(asked["leave"].tolist()) and len(asked["ties"]) > 12
        assert sum(uid in now for uid in asked["traders"]["household"].tolist()) == 1
    assert counts == [(6, 6)] * 3
    other = make(households=600)
    assert math.isfinite(bench_population.share_of_months(other, 2)) and other.month == 6


def test_memory_is_counted_from_every_array():
    found = bench._measure_memory(300)
    one_each = sum(np.dtype(f.dtype).itemsize * f.width for f in FIELDS["household"].values())
    assert one_each < found["bytes_of_columns"] < one_each + 80  # its trader, and officials shared among few households
    assert found["bytes_per_household"] == sum(found[f"bytes_of_{part}"] for part in ("columns", "ties", "record"))
    assert found["bytes_of_record"] == sum(a.nbytes for a in vars(make(n_months=432).record).values()) / 1e6
    held = bench._bytes(SimpleNamespace(a=np.zeros(3), b={"c": np.zeros(2, dtype=np.int8), "d": 5}, e="text"))
    assert held == 26


def test_memory_of_a_household_stays_within_its_bound():
    """520 bytes with ties and the record of 36 years, the latter shared out among a million; few households have fewer ties.

    It was 410 before each member had an illness of this month and the place where it is treated (some 60 bytes), and households what they found at five kinds of facilities (20),
    who of them was seen this year, and counts of visits by five kinds.
    """
    model = make(households=30_000, n_months=1)
    assert sum(bench._bytes(frame) for frame in model.frames.values()) / 30_000 < 364
    assert bench._bytes(model.kin) / 30_000 < 114
    assert bench._bytes(make(n_months=432).record) < 44e6


def test_the_profile_runs_the_months_that_a_run_does(monkeypatch):
    seen = []
    real = bench._model

    def noted(*given, **named):
        seen.append(real(*given, **named))
        return seen[-1]

    monkeypatch.setattr(bench, "_model", noted)
    found = bench.profile(60, 14)
    assert len(found) == len(MONTH) and all(seconds >= 0.0 for _, seconds in found)
    usual = make(n_months=432, households=60, rng=7)
    usual.go_on(26)
    assert seen[0].month == 26 and differing(state(seen[0]), state(usual)) == []
