"""Small studies for tests, and a made-up engine that carries them out in this process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pytest

from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.execution import batch, work
from experiments.execution.engine import EngineLost
from experiments.studies import plan, plan_files, store
from experiments.studies.collect import collect
from experiments.studies.study_file import read_study

RANGED = [n for n, p in PARAMETERS.items() if p.low < p.high]
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
TINY = {"households": 60, "end": "1980-06", "outputs": [OUTPUT]}


class Died(Exception):
    """What a made-up engine says when a worker died."""


class MadeUpEngine:
    """Carries chunks out at once in this process; ``before`` and ``after`` may do whatever goes wrong around them."""

    def __init__(
        self,
        before: Callable[[list[str]], None] = lambda ids: None,
        after: Callable[[list[str]], None] = lambda ids: None,
        slots: int = 1,
        carry_out: Callable[..., Any] = work.work,
    ) -> None:
        self.before, self.after, self.slots, self.carry_out = before, after, slots, carry_out
        self.chunks: list[list[str]] = []
        self.attempts: list[list[int]] = []
        self.closed = 0

    def submit(self, folder: str, rows: Sequence[Mapping[str, Any]], attempts: Sequence[int]) -> Future[Any]:
        ids = [r["run_id"] for r in rows]
        self.chunks.append(ids)
        self.attempts.append(list(attempts))
        future: Future[Any] = Future()
        try:
            self.before(ids)
            done = self.carry_out(folder, rows, attempts)
            self.after(ids)
            future.set_result(done)
        except EngineLost:
            raise
        except Exception as error:
            future.set_exception(error)
        return future

    def is_death(self, error: BaseException) -> bool:
        return isinstance(error, Died)

    def keep(self) -> None:
        pass

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def made(folder: Path, **said: Any) -> Path:
    """A planned study of a few tiny runs."""
    said = {**TINY, "replicates": 12, **said}
    plan.make(read_study(said, folder.parent, "made up"), folder)
    return folder


def planned(folder: Path) -> list[str]:
    return [f"{int(i):016x}" for i in plan_files.plan_ids(folder)]


def statuses(folder: Path) -> dict[str, str]:
    found = store.stored_rows(folder)
    return {f"{int(i):016x}": store.STATUSES[s] for i, s in zip(found.ids, found.status, strict=True)}


def whole(folder: Path) -> pd.DataFrame:
    """The collected table of a study of which every planned run has one row and no run two."""
    table = collect(folder)
    years = table.groupby("run_id").size()
    ok = table[table["status"] == "ok"].groupby("run_id").size()
    assert set(years.index) == set(planned(folder)) and ok.nunique() <= 1
    assert (years[~years.index.isin(ok.index)] == 1).all()
    return table


def wait_until(is_so: Callable[[], bool], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def stop_after(n: int, error: BaseException) -> Callable[[list[str]], None]:
    """Something ends everything before chunk ``n``."""
    left = [n]

    def stop(ids: list[str]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error

    return stop


def use(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> None:
    """Let commands take this engine."""
    monkeypatch.setattr(batch, "local_engine", lambda folder, workers=None: make())


def lock_of(folder: Path, host: str, process: int, beat: int, started: float = 1.0) -> Path:
    path = folder / "driver.json"
    draft = folder / ".driver-elsewhere"
    draft.write_text(json.dumps({"host": host, "process": process, "started": started, "beat": beat}))
    os.replace(draft, path)
    return path


@contextlib.contextmanager
def mounted(place: Path, *how: str) -> Iterator[None]:
    """A file system at a place, for tests of full and read-only disks."""
    tried = (
        subprocess.run(["mount", *how, str(place)], capture_output=True, text=True) if shutil.which("mount") and os.getuid() == 0 else None
    )
    if tried is None or tried.returncode:
        pytest.skip(f"NOT TESTED: a file system cannot be mounted here ({tried.stderr.strip() if tried else 'no root'})")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
