"""Kill whatever carries out a study, again and again, and see that nothing stored is lost.

Used by the tests on this machine and on Slurm, which differ in what they can kill.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from experiments.execution.drive import drive
from experiments.execution.engine import ThreadsEngine
from experiments.studies import plan, plan_files, store
from experiments.studies.collect import collect, write_collected
from experiments.studies.study import Study

#: A measure of no numbers whose runs do what a test wants, so that a study lasts as long as the test needs it however fast the machine is.
#: While a file ``wait`` lies next to it, runs wait as soon as a study in a folder beside has a part; while a file ``slow`` does, runs take longer.
PACED = """import time
from pathlib import Path

HERE = Path(__file__).parent


def numbers(model):
    while (HERE / "wait").exists() and any(HERE.glob("*/results/part-*")):
        time.sleep(0.05)
    if (HERE / "slow").exists():
        time.sleep({seconds})
    return {{}}
"""


def paced(folder: Path, seconds: float) -> dict[str, str | float]:
    """What a study says to have such runs; the deadline is far away, since waiting counts."""
    (folder / "paced.py").write_text(PACED.format(seconds=seconds), "utf-8")
    return {"measure": "paced.py:numbers", "deadline": 3600.0}


@dataclass
class Trial:
    """What went on."""

    kills: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    codes: list[int] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def look(self, folder: Path) -> int:
        """Take in the rows stored now; note those that were there before and are not (or not well) any more."""
        found = store.stored_rows(folder)
        now = {f"{int(i):016x}": store.STATUSES[s] for i, s in zip(found.ids, found.status, strict=True)}
        self.lost += [i for i, s in self.acknowledged.items() if now.get(i) != s]
        self.acknowledged.update(now)
        return len(now)


def begin(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """``lintas batch`` in a process of its own."""
    command = [sys.executable, "-m", "experiments.cli.main", "batch", str(folder), "--quiet", "--trust", *arguments]
    own = {**os.environ, "XDG_DATA_HOME": str(folder.parent / "answers")}  # what is agreed to here is not for other days
    return subprocess.Popen(command, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def carry_out(
    folder: Path,
    arguments: Sequence[str],
    kills: dict[str, Callable[[subprocess.Popen[str]], bool]],
    *,
    wanted: int,
    seed: int,
    minutes: float,
    slow: Path | None = None,
) -> Trial:
    """Run a study to its end while killing something new each time that rows have come in; each kind of kill comes in turn.

    A kill function gets the driver and says whether it found something to kill. When enough was killed the study goes on undisturbed.
    Until then the file ``slow`` is there, if one is named: a study that is over has nothing left to kill.
    """
    trial, rng, until = Trial(), random.Random(seed), time.monotonic() + 60 * minutes
    order = list(kills)
    process = None
    if slow is not None:
        slow.touch()
    try:
        while True:
            assert time.monotonic() < until, f"not done in {minutes} minutes: {trial.kills}, {len(trial.acknowledged)} rows"
            if process is None or process.poll() is not None:
                if process is not None:
                    trial.codes.append(process.returncode)
                    said = process.stderr.read() if process.stderr else ""
                    assert "Traceback" not in said, said
                    if process.returncode in (0, 3):
                        break
                    assert process.returncode in (-signal.SIGKILL, -signal.SIGTERM, 1, 130), said
                process = begin(folder, arguments)
                trial.starts += 1
            rows = trial.look(folder)
            if sum(trial.kills.values()) >= wanted:
                if slow is not None:
                    slow.unlink(missing_ok=True)
                time.sleep(0.3)
                continue
            # wait until something new was stored, then a moment more, so that kills fall into every phase of a chunk
            deadline = time.monotonic() + 60
            while trial.look(folder) == rows and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(rng.random() * 0.6)
            if process.poll() is None:
                kind = order[sum(trial.kills.values()) % len(order)]
                if kills[kind](process):
                    trial.kills[kind] += 1
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
    trial.look(folder)
    return trial


def undisturbed(study: Study, folder: Path) -> Path:
    """The same study carried out by threads of this process, collected."""
    plan.make(study, folder)
    report = drive(folder, lambda: ThreadsEngine(2))
    assert report.exit_code == 0, report
    write_collected(folder, folder / "collected.parquet")
    return folder / "collected.parquet"


def check(trial: Trial, folder: Path, calm: Path) -> None:
    """Nothing acknowledged was lost, nothing is there twice, all runs are there, and the values are those of the undisturbed study."""
    assert trial.lost == []
    write_collected(folder, folder / "collected.parquet")
    table = collect(folder)
    ids = plan_files.plan_ids(folder)
    assert table["run_id"].nunique() == len(ids) == len(np.unique(ids))
    lines = table.groupby("run_id").size()
    assert lines.nunique() == 1, "a run is there twice or in part"
    assert (table["status"] == "ok").all(), table[["run_id", "status", "cause"]].drop_duplicates()
    assert (folder / "collected.parquet").read_bytes() == calm.read_bytes()
