"""Nothing stored is lost, whatever is killed on this machine: the driver, or a worker under a run."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import psutil
import pytest

from experiments.studies import plan
from experiments.studies.study_file import read_study
from tests.experiments.kill_trial import carry_out, check, undisturbed


def kill_driver(process: subprocess.Popen[str]) -> bool:
    process.kill()
    process.wait()
    return True


def kill_worker(process: subprocess.Popen[str]) -> bool:
    """The worker that has worked longest, so that it is in the middle of a chunk rather than starting."""
    with contextlib.suppress(psutil.Error):
        workers = [c for c in psutil.Process(process.pid).children(recursive=True) if "spawn_main" in " ".join(c.cmdline())]
        if workers:
            max(workers, key=lambda w: sum(w.cpu_times()[:2])).kill()
            return True
    return False


@pytest.mark.parametrize(("wanted", "points"), [(6, 32), pytest.param(30, 128, marks=pytest.mark.slow)])
def test_kills_lose_nothing(wanted: int, points: int, tmp_path: Path) -> None:
    said = {
        "design": "sobol", "points": points, "replicates": 3, "households": 60, "end": "1989-12", "outputs": [],
        "vary": {"household.seek_care.weight_quality": {}, "switch.kinship": {}},
    }  # fmt: skip
    study = read_study(said, tmp_path, "kills")
    calm = undisturbed(study, tmp_path / "calm")
    plan.make(study, tmp_path / "study")
    kills = {"worker": kill_worker, "driver": kill_driver}
    trial = carry_out(tmp_path / "study", ["--workers", "2", "--chunk-seconds", "0.3"], kills, wanted=wanted, seed=5, minutes=30)
    check(trial, tmp_path / "study", calm)
    assert sum(trial.kills.values()) >= wanted and min(trial.kills.values()) >= wanted // 3, trial.kills
