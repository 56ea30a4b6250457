"""A driver's memory hardly grows with the number of runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.studies import plan
from experiments.studies.study_file import read_study
from tests.experiments.small_studies import RANGED, TINY

MEASURED = """
import json, resource, sys
from concurrent.futures import Future
from pathlib import Path
from experiments.execution.drive import drive

class Nothing:
    slots = 2
    def submit(self, folder, rows, attempts):
        f = Future(); f.set_result([(r["run_id"], "ok", 1e-3) for r in rows]); return f
    def is_death(self, error): return False
    def keep(self): pass
    def close(self): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass

report = drive(Path(sys.argv[1]), Nothing())
print(json.dumps({"ran": report.ran, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


@pytest.mark.slow
def test_the_drivers_memory_is_about_flat_from_ten_thousand_runs_to_a_million(tmp_path: Path) -> None:
    found = {}
    for points in (2**13, 2**20):
        study = read_study({**TINY, "design": "sobol", "points": points, "vary": {RANGED[0]: {}, RANGED[1]: {}}}, tmp_path, "large")
        folder = tmp_path / str(points)
        assert plan.make(study, folder) == points
        out = subprocess.run([sys.executable, "-c", MEASURED, str(folder)], capture_output=True, text=True, check=True).stdout
        found[points] = json.loads(out)
        assert found[points]["ran"] == points
    small, large = (found[p]["mb"] for p in found)
    print(found)
    assert large - small < 150.0, found
