"""The driver and its parts: whatever dies, fills up, disappears or is damaged, no stored row is lost and none is there twice."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, Self

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from abm.errors import ManifestError, UserError
from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.cli.main import main
from experiments.execution import batch, work
from experiments.execution.drive import drive
from experiments.execution.engine import EngineLost, ExecutorEngine, LocalEngine, ThreadsEngine
from experiments.studies import plan, plan_files, store
from experiments.studies.collect import collect, status, write_collected
from experiments.studies.store import StoreError
from experiments.studies.study import Study, StudyError
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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that take no time, with numbers that depend on the run alone."""

    def run(
        task: work.Task, row: plan.Row, start: float, limit: float, found: list[str]
    ) -> tuple[Mapping[str, Sequence[Any]], dict[str, Any]]:
        found[0] = "made-up"
        numbers = {n: [row.seed % 1000 / 7 + k, row.point - k] for k, n in enumerate(task.study.yearly_outputs())}
        return {"year": [1980, 1980], "side": ["id", "my"], **numbers}, {}

    monkeypatch.setattr(work, "_run", run)


# --- deaths, errors, deadlines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [[0], [5], [11], [0, 1], [3, 7, 11], list(range(12))])
@pytest.mark.parametrize("slots", [1, 3])
def test_a_run_that_kills_its_worker_costs_no_other_run_its_row(at: list[int], slots: int, quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    killers = {planned(folder)[k] for k in at}

    def die(ids: list[str]) -> None:
        if killers & set(ids):
            raise Died

    engine = MadeUpEngine(die, slots=slots)
    report = drive(folder, engine)
    assert {i for i, s in statuses(folder).items() if s == "killed"} == killers
    assert Counter(statuses(folder).values()) == Counter({k: v for k, v in (("killed", len(at)), ("ok", 12 - len(at))) if v})
    assert report.exit_code == 3 and report.counts["killed"] == len(at) and report.ran == 12
    table = whole(folder)
    causes = table.loc[table["status"] == "killed", "cause"]
    assert causes.str.contains("ended its worker 4 times, 2 of them alone").all()
    for killer in killers:  # blamed after four deaths, two of them alone
        deadly = [c for c in engine.chunks if killer in c]
        assert len(deadly) == 4 and deadly[-1] == [killer]
    assert engine.closed == 1


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_runs_that_were_only_near_a_death_are_never_blamed(deaths: int, quick: None, tmp_path: Path) -> None:
    folder, seen = made(tmp_path / "s"), Counter[str]()

    def die(ids: list[str]) -> None:
        seen.update(ids)
        if min(seen[i] for i in ids) <= deaths:
            raise Died

    report = drive(folder, MadeUpEngine(die))
    assert report.exit_code == 0 and set(statuses(folder).values()) == {"ok"} and report.deaths >= deaths


def test_what_a_worker_stored_before_it_died_is_not_run_again(quick: None, tmp_path: Path) -> None:
    folder, died = made(tmp_path / "s"), list[str]()

    def die(ids: list[str]) -> None:
        if not died:
            died.extend(ids)
            raise Died  # after the part was stored, before the driver was told

    engine = MadeUpEngine(after=die)
    assert drive(folder, engine).exit_code == 0
    assert Counter(i for c in engine.chunks for i in c) == Counter(planned(folder))


def test_a_worker_that_dies_before_it_said_how_its_runs_ended_costs_none(quick: None, tmp_path: Path) -> None:
    """Dask tells that a chunk is done, and only then asks the worker, which may be gone by then."""
    folder = made(tmp_path / "s")

    class Done(Future[Any]):
        def exception(self, timeout: float | None = None) -> BaseException | None:
            return None

    class Forgetful(MadeUpEngine):
        def submit(self, folder: str, rows: Sequence[Mapping[str, Any]], attempts: Sequence[int]) -> Future[Any]:
            done, future = super().submit(folder, rows, attempts), Done()
            if len(self.chunks) == 2:
                future.set_exception(Died())
            else:
                future.set_result(done.result())
            return future

    engine = Forgetful()
    report = drive(folder, engine)
    assert report.exit_code == 0 and report.deaths == 1
    assert Counter(i for c in engine.chunks for i in c) == Counter(planned(folder)), "what it stored is not run again"
    whole(folder)


def test_a_run_that_was_retried_and_stored_before_its_worker_died_counts(quick: None, tmp_path: Path) -> None:
    """Its part has the name of the part there was, so that the driver has to look at more than names."""
    folder = made(tmp_path / "s", replicates=1)
    (only,) = planned(folder)

    def always(ids: list[str]) -> None:
        raise Died

    assert drive(folder, MadeUpEngine(always)).counts["killed"] == 1
    engine = MadeUpEngine(after=always)
    assert drive(folder, engine, again=("killed",)).exit_code == 0
    assert engine.chunks == [[only]] and statuses(folder) == {only: "ok"}


def test_a_run_that_raises_has_a_row_with_its_cause(tmp_path: Path) -> None:
    seed = plan.seed_of(1, 2)
    (tmp_path / "own.py").write_text(
        f"def numbers(model):\n    if model.manifest()['seed'] == {seed}:\n        raise ZeroDivisionError('no doctor left')\n    return {{'own': 2.5}}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=5, measure="own.py:numbers")
    report = drive(folder, ThreadsEngine(2))
    assert report.exit_code == 3 and report.counts == {"ok": 4, "failed": 1, "killed": 0, "timeout": 0}
    table = whole(folder)
    bad = table[table["status"] == "failed"]
    assert bad["replicate"].tolist() == [2] and bad["year"].isna().all() and bad["own"].isna().all() and bad[OUTPUT].isna().all()
    assert bad["cause"].item() == "ZeroDivisionError: no doctor left (own.py, line 3)"
    assert (table.loc[table["status"] == "ok", "own"] == 2.5).all()
    said = status(folder)
    assert [(s, c.split(":")[0]) for _, s, c in said.failures] == [("failed", "ZeroDivisionError")]


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ("3", "did not return"),
        ("{'year': 1.0}", "gave 'year'"),
        (f"{{'{OUTPUT}': 1.0}}", f"gave '{OUTPUT}'"),
        ("{'a': 'b'}", "did not return"),
    ],
)
def test_a_measure_that_gives_no_numbers_or_taken_names_fails_its_runs(gives: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(f"def numbers(model):\n    return {gives}\n", encoding="utf-8")
    folder = made(tmp_path / "s", replicates=1, end="1980-01", measure="own.py:numbers")
    assert drive(folder, ThreadsEngine(1)).exit_code == 3
    assert f"measure {said}" in whole(folder)["cause"].item()


def test_a_measure_gets_a_model_of_mesa(tmp_path: Path) -> None:
    """Runs without a measure do not need Mesa; a user's own function may ask for what only its model has."""
    (tmp_path / "own.py").write_text(
        "import mesa\nfrom agents.core.view import Household\n"
        "def numbers(model):\n    assert isinstance(model, mesa.Model)\n    return {'counted': len(model.agents_by_type[Household])}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=1, end="1980-01", measure="own.py:numbers")
    assert drive(folder, ThreadsEngine(1)).exit_code == 0
    assert set(whole(folder)["counted"]) == {60.0}


def test_a_run_past_its_deadline_has_a_row_that_says_so(tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=2, deadline=1e-6)
    assert drive(folder, ThreadsEngine(1)).counts["timeout"] == 2
    table = whole(folder)
    assert (table["status"] == "timeout").all() and table["cause"].str.contains("more than 1e-06 s, in month 1 of 6").all()


def test_runs_that_hang_or_kill_a_real_worker_cost_no_other_run(tmp_path: Path) -> None:
    hangs, kills = plan.seed_of(1, 1), plan.seed_of(1, 4)
    (tmp_path / "own.py").write_text(
        "import os, signal, time\ndef numbers(model):\n    seed = model.manifest()['seed']\n"
        f"    if seed == {hangs}:\n        time.sleep(600)\n    if seed == {kills}:\n        os.kill(os.getpid(), signal.SIGKILL)\n    return {{}}\n",
        encoding="utf-8",
    )
    folder = made(tmp_path / "s", replicates=8, end="1980-02", deadline=6.0, measure="own.py:numbers")
    report = drive(folder, lambda: LocalEngine(2))
    assert report.counts == {"ok": 6, "failed": 0, "killed": 1, "timeout": 1} and report.deaths >= 4
    table = whole(folder).set_index("replicate")
    assert table.loc[1, "status"] == "timeout" and "hung inside a month for more than 11 s" in str(table.loc[1, "cause"])
    assert table.loc[4, "status"] == "killed" and "2 of them alone" in str(table.loc[4, "cause"])


# --- ends and resumptions --------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (EngineLost("the scheduler is gone"), 1, "the engine was lost (the scheduler is gone)"),
        (ValueError("nobody knows"), 1, "the engine was lost (ValueError: nobody knows)"),
        (MemoryError("no more"), 1, "a worker could not go on: MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_after_any_end_the_same_command_goes_on(
    error: BaseException,
    code: int,
    word: str,
    quick: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, error)))
    assert main(["batch", str(folder), "--quiet"]) == code
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1 and "Traceback" not in said
    stored = statuses(folder)
    assert 0 < len(stored) < 12 and not (folder / "driver.json").exists()
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert {i for c in engine.chunks for i in c} == set(planned(folder)) - set(stored)
    whole(folder)
    use(monkeypatch, lambda: pytest.fail("nothing is left to do"))
    assert main(["batch", str(folder), "--quiet"]) == 0


def test_an_engine_that_is_hopeless_says_so_while_it_is_kept(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.execution.drive.KEEP_SECONDS", 0.0)

    class Hopeless(MadeUpEngine):
        def keep(self) -> None:
            raise EngineLost("no worker can be had")

    folder = made(tmp_path / "s")
    with pytest.raises(EngineLost, match="no worker"):
        drive(folder, Hopeless())
    assert drive(folder, MadeUpEngine()).exit_code == 0


def test_rows_that_failed_are_run_again_on_request_only(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    bad = set(planned(folder)[2:5])
    normal = work._run  # the quick one

    def run(task: work.Task, row: plan.Row, *rest: Any) -> Any:
        if row.run_id in bad:
            raise OSError("network disk away")
        return normal(task, row, *rest)

    monkeypatch.setattr(work, "_run", run)
    assert drive(folder, MadeUpEngine()).exit_code == 3
    monkeypatch.setattr(work, "_run", normal)
    engine = MadeUpEngine()
    assert drive(folder, engine).exit_code == 3 and engine.chunks == []
    assert drive(folder, engine, again=("killed", "timeout")).exit_code == 3 and engine.chunks == []
    use(monkeypatch, lambda: engine)
    assert main(["retry", str(folder), "--status", "failed", "--quiet"]) == 0
    assert {i for c in engine.chunks for i in c} == bad and {a for t in engine.attempts for a in t} == {1}
    assert set(statuses(folder).values()) == {"ok"}
    whole(folder)
    assert main(["retry", str(folder), "--status", "faild"]) == 2


def test_a_study_is_extended_to_more_replicates(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=2, scenarios=["history", "no-puskesmas"])
    assert drive(folder, MadeUpEngine()).exit_code == 0
    before, engine = collect(folder), MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["extend", str(folder), "--replicates", "5", "--quiet"]) == 0
    assert sum(map(len, engine.chunks)) == 6
    table = whole(folder)
    assert table["run_id"].nunique() == 10 and table["replicate"].max() == 4
    pd.testing.assert_frame_equal(table[table["replicate"] < 2].reset_index(drop=True), before)
    assert main(["extend", str(folder), "--replicates", "5", "--quiet"]) == 0 and sum(map(len, engine.chunks)) == 6
    capsys.readouterr()
    assert main(["extend", str(folder)]) == 2 and "--replicates N" in capsys.readouterr().err


def test_a_study_is_extended_until_its_interval_is_narrow(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=4)
    use(monkeypatch, MadeUpEngine)
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=20", "--quiet"]) == 0
    values = collect(folder).query("side == 'id'")[OUTPUT]
    from scipy.stats import t

    assert len(values) > 4
    assert t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) <= 20
    capsys.readouterr()
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=0.001", "--most", str(len(values) + 1), "--quiet"]) == 3
    assert "not reached" in capsys.readouterr().out and collect(folder)["replicate"].nunique() == len(values) + 1
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}"]) == 2
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}x=1"]) == 2
    assert main(["extend", str(folder), "--precision", f"{OUTPUT}=-1"]) == 2


def test_another_model_goes_on_only_when_allowed_and_is_recorded(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, EngineLost("gone"))))
    assert main(["batch", str(folder), "--quiet"]) == 1
    planned_with = plan.model_version()
    for module in ("studies.drift", "studies.plan", "execution.work"):
        monkeypatch.setattr(f"experiments.{module}.model_version", lambda: "another model")
    use(monkeypatch, MadeUpEngine)
    for command in (["batch", str(folder)], ["retry", str(folder), "--status", "failed"], ["extend", str(folder), "--replicates", "13"]):
        capsys.readouterr()
        assert main([*command, "--quiet"]) == 2
        said = capsys.readouterr().err
        assert planned_with in said and "another model" in said and "--allow-drift" in said
    assert main(["batch", str(folder), "--allow-drift", "--quiet"]) == 0
    (drift,) = plan_files.read_study_manifest(folder)["drift"]
    assert drift["model_version"] == "another model" and planned_with in drift["what"][0]
    assert main(["batch", str(folder), "--allow-drift", "--quiet"]) == 0
    assert len(plan_files.read_study_manifest(folder)["drift"]) == 1
    with pytest.raises(StoreError, match="2 model versions"):
        collect(folder)
    out = tmp_path / "out.csv"
    capsys.readouterr()
    assert main(["collect", str(folder), "-o", str(out)]) == 2 and "--mixed" in capsys.readouterr().err and not out.exists()
    assert main(["collect", str(folder), "-o", str(out), "--mixed"]) == 0
    assert set(pd.read_csv(out)["version"]) == {planned_with, "another model"}
    assert main(["status", str(folder)]) == 0 and "2 model versions" in capsys.readouterr().out


def test_a_worker_with_another_model_is_refused(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    monkeypatch.setattr(work, "model_version", lambda: "an old copy")  # the driver has the right one
    with pytest.raises(work.DriftError, match="an old copy"):
        drive(folder, MadeUpEngine())
    assert statuses(folder) == {}


def test_a_changed_measure_is_drift(quick: None, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {}\n", encoding="utf-8")
    folder = made(tmp_path / "s", measure="own.py:numbers")
    for change in ("def numbers(model):\n    return {'a': 1}\n", None):
        (tmp_path / "own.py").write_text(change, encoding="utf-8") if change else (tmp_path / "own.py").unlink()
        with pytest.raises(StudyError, match="the file of measure"):
            drive(folder, MadeUpEngine())


# --- two drivers -----------------------------------------------------------------------------------------------------


def test_two_drivers_of_one_machine_cannot_share_a_study(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, told = made(tmp_path / "s"), list[int]()

    def second(ids: list[str]) -> None:
        if not told:
            told.append(main(["batch", str(folder), "--quiet"]))

    assert drive(folder, MadeUpEngine(second)).exit_code == 0
    assert told == [2]
    with store.only_driver(folder):
        with pytest.raises(StoreError, match=f"another driver is at work .*process {os.getpid()}.*'lintas status' works"):
            drive(folder, MadeUpEngine())
        with pytest.raises(StoreError, match="another driver"):
            store.compact(folder)
        assert status(folder).driver is not None
    assert status(folder).driver is None


def lock_of(folder: Path, host: str, process: int, beat: int, started: float = 1.0) -> Path:
    path = folder / "driver.json"
    draft = folder / ".driver-elsewhere"
    draft.write_text(json.dumps({"host": host, "process": process, "started": started, "beat": beat}))
    os.replace(draft, path)
    return path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch another host's counter for a moment only."""
    real = store.only_driver
    monkeypatch.setattr(store, "only_driver", lambda folder, **more: real(folder, patience=3.0, beat=0.2, **more))


@pytest.mark.parametrize("years", [-30, 0, 30])
def test_a_driver_of_another_machine_is_known_by_its_counter_not_by_clocks(
    years: int, quick: None, impatient: None, tmp_path: Path
) -> None:
    folder, stop = made(tmp_path / "s"), threading.Event()
    when = time.time() + years * 3.15e7

    def beat() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            os.utime(lock_of(folder, "node-17.cluster", 4711, count, when), (when, when))
            stop.wait(0.1)

    lock_of(folder, "node-17.cluster", 4711, 0, when)
    other = threading.Thread(target=beat)
    other.start()
    try:
        with pytest.raises(StoreError, match=r"another driver is at work .*process 4711 on node-17\.cluster"):
            drive(folder, MadeUpEngine())
    finally:
        stop.set()
        other.join()
    os.utime(folder / "driver.json", (when, when))  # it died: its counter does not change, whatever the time of the file
    assert drive(folder, MadeUpEngine()).exit_code == 0
    assert not (folder / "driver.json").exists()


def test_a_lock_of_a_process_that_is_gone_is_taken_over_at_once(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    folder = made(tmp_path / "s")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock_of(folder, socket.gethostname(), gone.pid, 3)
    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", lambda _: pytest.fail("a process that is gone needs no watching"))
        with store.only_driver(folder):
            pass
    lock_of(folder, socket.gethostname(), gone.pid, 3)
    assert drive(folder, MadeUpEngine()).exit_code == 0
    lock_of(folder, socket.gethostname(), os.getpid(), 3, started=1.0)  # the number was given to another process since
    assert drive(folder, MadeUpEngine()).exit_code == 0
    (folder / "driver.json").write_text("")  # torn
    assert drive(folder, MadeUpEngine()).exit_code == 0


def test_of_many_that_want_to_drive_one_does(tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    lock_of(folder, os.uname().nodename, 2**22 + 1, 0)  # left by a process that is gone
    inside, most, refused = [0], [0], [0]
    lock = threading.Lock()

    def want() -> None:
        try:
            with store.only_driver(folder, patience=0.5, beat=0.1):
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                wait_until(lambda: refused[0] + most[0] >= 6)
                with lock:
                    inside[0] -= 1
        except StoreError:
            with lock:
                refused[0] += 1

    threads = [threading.Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1 and refused[0] == 5


# --- the same table, whoever made it -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed_study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    """A study of real runs of which some fail, with numbers of the user's own that some runs lack; and its table."""
    place = tmp_path_factory.mktemp("equal")
    (place / "own.py").write_text(
        "def numbers(model):\n"
        "    seed = model.manifest()['seed']\n"
        f"    if seed == {plan.seed_of(1, 1)}:\n        raise ValueError('no')\n"
        f"    return {{'zeta': float(seed % 7)}} if seed == {plan.seed_of(1, 2)} else {{'beta': 1.0, 'alpha': float(seed % 5)}}\n",
        encoding="utf-8",
    )
    said = {
        **TINY, "outputs": [], "end": "1980-03", "design": "lhs", "points": 2, "replicates": 3, "scenarios": ["history", "no-puskesmas"], "measure": "own.py:numbers",
        "vary": {RANGED[0]: {}},
    }  # fmt: skip
    study = read_study(said, place, "equal")
    folder = place / "calm"
    plan.make(study, folder)
    assert drive(folder, ThreadsEngine(1)).counts == {"ok": 8, "failed": 4, "killed": 0, "timeout": 0}
    write_collected(folder, place / "calm.parquet")
    return study, place / "calm.parquet"


def test_the_calm_table_has_all_columns_and_lines(mixed_study: tuple[Study, Path]) -> None:
    table = pd.read_parquet(mixed_study[1])
    assert list(table.columns[-3:]) == ["alpha", "beta", "zeta"]
    assert len(table) == 8 * 2 + 4
    for name in (
        "run_id",
        "status",
        "cause",
        "scenario",
        "region",
        "households",
        "replicate",
        "seed",
        "point",
        "version",
        RANGED[0],
        "year",
        "side",
    ):
        assert name in table.columns
    assert table["point"].is_monotonic_increasing
    assert table.loc[table["status"] == "ok", [OUTPUT]].notna().all(axis=None)


def interrupted_and_resumed(folder: Path) -> None:
    for n in (1, 3, 2):
        with pytest.raises(KeyboardInterrupt):
            drive(folder, MadeUpEngine(stop_after(n, KeyboardInterrupt())), most_runs=2)
    drive(folder, MadeUpEngine(slots=2))


def after_deaths(folder: Path) -> None:
    left = iter([True, False, True, True, False, True] + [False] * 1000)

    def die(ids: list[str]) -> None:
        if next(left):
            raise Died

    drive(folder, MadeUpEngine(die, after=lambda ids: None))


def in_processes(folder: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        drive(folder, ExecutorEngine(pool))


def one_by_one(folder: Path) -> None:
    drive(folder, ThreadsEngine(2), most_runs=1)


def all_at_once(folder: Path) -> None:
    drive(folder, MadeUpEngine(carry_out=lambda f, rows, tries: work.work(f, rows, tries)), chunk_seconds=3600.0)


def and_compacted(folder: Path) -> None:
    one_by_one(folder)
    store.compact(folder, rows=10)
    store.compact(folder)


@pytest.mark.parametrize("way", [interrupted_and_resumed, after_deaths, in_processes, one_by_one, all_at_once, and_compacted])
def test_the_table_does_not_depend_on_who_made_it_or_how(
    way: Callable[[Path], None], mixed_study: tuple[Study, Path], tmp_path: Path
) -> None:
    study, calm = mixed_study
    plan.make(study, tmp_path / "s")
    way(tmp_path / "s")
    write_collected(tmp_path / "s", tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), pd.read_parquet(calm), check_exact=True)
    assert (tmp_path / "out.parquet").read_bytes() == calm.read_bytes()


# --- parts -----------------------------------------------------------------------------------------------------------


def test_everybody_can_read_while_the_study_runs(quick: None, tmp_path: Path) -> None:
    folder, seen = made(tmp_path / "s", replicates=30), list[int]()
    (folder / "results" / ".part-0.host-1-1.draft").write_bytes(b"half a part")
    pattern = str(folder / "results" / "part-*.parquet")

    def look(ids: list[str]) -> None:
        done = len(statuses(folder))
        assert done > (seen[-1] if seen else 0)
        asked = f"SELECT count(DISTINCT run_id), count(DISTINCT run_id) FILTER (status = 'ok') FROM read_parquet('{pattern}')"
        ((n, ok),) = duckdb.connect().execute(asked).fetchall()
        assert n == ok == done
        assert pd.concat(pd.read_parquet(p) for p in store.parts(folder))["run_id"].nunique() == done
        now = status(folder)
        assert now.counts["ok"] == done and now.missing == 30 - done and now.driver and not now.damaged
        assert collect(folder)["run_id"].nunique() == done
        seen.append(done)

    assert status(folder).missing == 30 and collect(folder).empty
    assert drive(folder, MadeUpEngine(after=look, slots=2)).exit_code == 0
    assert len(seen) > 2 and seen[-1] == 30


def test_merging_parts_loses_and_doubles_nothing(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=1)
    before, rows = len(store.parts(folder)), whole(folder)
    assert before == 12
    assert store.compact(folder, rows=10) == (12, 3)  # 24 lines
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert main(["compact", str(folder)]) == 0 and "3 parts are now 1" in capsys.readouterr().out
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert store.compact(folder) == (1, 1)
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0


@pytest.mark.parametrize("survives", [0, 1, 5])
def test_a_merge_that_dies_between_writing_and_removing_loses_nothing(
    survives: int, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=1)
    rows, real, count = whole(folder), Path.unlink, [0]

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("part-"):
            count[0] += 1
            if count[0] > survives:
                raise KeyboardInterrupt
        real(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            store.compact(folder)
    assert len(store.parts(folder)) == 13 - survives
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert status(folder).counts["ok"] == 12
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    assert store.compact(folder)[1] == 1
    pd.testing.assert_frame_equal(whole(folder), rows)


def test_a_good_row_stands_before_any_other_then_the_latest(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=1)
    task, row = work.task_of(folder), next(plan.Row.read(r) for b in plan_files.plan_batches(folder) for r in b.to_pylist())

    def part(how: str, attempt: int, name: str) -> None:
        outcome = work.Outcome(
            row,
            how,
            f"attempt {attempt}",
            0.0,
            "x",
            {"year": [1980, 1980], "side": ["id", "my"], OUTPUT: [1.0, 2.0]} if how == "ok" else {},
        )
        path = store.write_part(folder, work.as_table(task, [outcome], [attempt]))
        path.rename(path.with_name(f"part-{name}.parquet"))

    part("failed", 0, "c")
    part("timeout", 1, "a")
    assert collect(folder)["cause"].tolist() == ["attempt 1"]
    part("ok", 0, "b")
    part("failed", 7, "d")
    assert collect(folder)["status"].tolist() == ["ok", "ok"] and status(folder).counts == {"ok": 1, "failed": 0, "killed": 0, "timeout": 0}
    store.compact(folder)
    assert collect(folder)["status"].tolist() == ["ok", "ok"]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def cut_in_the_middle(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped_in(column: str) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        content, group = bytearray(path.read_bytes()), pq.read_metadata(path).row_group(0)
        (at,) = (group.column(k) for k in range(group.num_columns) if group.column(k).path_in_schema == column)
        content[
            at.data_page_offset + at.total_compressed_size - 2 - (at.data_page_offset - (at.dictionary_page_offset or at.data_page_offset))
        ] ^= 0x10
        path.write_bytes(content)

    return flip


flipped, flipped_status = flipped_in(OUTPUT), flipped_in("run_id")


def foreign(path: Path) -> None:
    pd.DataFrame({"run_id": ["0" * 16]}).to_parquet(path)


@pytest.mark.parametrize("harm", [truncated, cut_in_the_middle, emptied, flipped, flipped_status, foreign])
def test_a_damaged_part_is_told_set_aside_and_run_again(
    harm: Callable[[Path], None], quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=3)
    rows, path = whole(folder), store.parts(folder)[0]
    lost = set(pq.read_table(path).column("run_id").to_pylist())
    harm(path)
    harmed = path.read_bytes()
    if harm is not flipped:  # a status reads no column of numbers
        now = status(folder)
        assert [p.name for p, _ in now.damaged] == [path.name] and now.missing == len(lost) and now.counts["ok"] == 12 - len(lost)
        assert main(["status", str(folder)]) == 0 and f"damaged part {path.name}" in capsys.readouterr().out
    assert collect(folder)["run_id"].nunique() == 12 - len(lost)
    assert path.read_bytes() == harmed  # readers touch nothing
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert "1 damaged parts were moved" in capsys.readouterr().out
    assert {i for c in engine.chunks for i in c} == lost
    (aside,) = (folder / "results" / "damaged").iterdir()
    assert aside.read_bytes() == harmed
    pd.testing.assert_frame_equal(whole(folder), rows)


def test_any_flipped_bit_is_noticed_or_harmless(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=3)
    drive(folder, MadeUpEngine(), chunk_seconds=3600)
    store.compact(folder)
    (path,) = store.parts(folder)
    content, whole_part, found = path.read_bytes(), store.read_part(path), Counter[str]()
    for at in range(0, len(content), 5):
        harmed = bytearray(content)
        harmed[at] ^= 1 << at % 8
        path.write_bytes(harmed)
        try:
            found["harmless" if store.read_part(path).equals(whole_part) else f"at byte {at} of {len(content)}"] += 1
        except StoreError:
            found["noticed"] += 1
    assert set(found) == {"noticed", "harmless"} and found["noticed"] > found["harmless"], found


def test_drafts_of_dead_writers_are_ignored_and_swept(quick: None, tmp_path: Path) -> None:
    import socket

    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine())
    place, rows = folder / "results", whole(folder)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here, now = socket.gethostname(), time.time()
    ages = {
        f".part-a.{here}-{gone.pid}-1.draft": (0.0, False),  # ours, its process is gone
        f".part-b.{here}-{os.getpid()}-1.draft": (0.0, True),  # ours, alive
        ".part-c.node-17.cluster-4711-1.draft": (0.0, True),  # elsewhere, young
        ".part-d.node-17.cluster-4711-1.draft": (3 * 3600.0, False),  # elsewhere, old
        ".part-e.node-17.cluster-4711-1.draft": (-3 * 3600.0, True),  # elsewhere, by a clock that runs ahead
        ".probe-node-17.cluster-4711": (3 * 3600.0, False),
    }
    for name, (age, _) in ages.items():
        (place / name).write_bytes(b"half a part")
        os.utime(place / name, (now - age, now - age))
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert status(folder).damaged == []
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    store.compact(folder)
    assert {n for n in ages if (place / n).exists()} == {n for n, (_, stays) in ages.items() if stays}
    pd.testing.assert_frame_equal(whole(folder), rows)


@pytest.mark.parametrize("host", ["vm", "node-17", "node-17.cluster.example"])
def test_drafts_are_known_whatever_the_machine_is_called(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    monkeypatch.setattr("socket.gethostname", lambda: host)
    (folder / "results" / f".part-abc.{host}-{2**22 + 7}-1.draft").touch()
    (folder / "results" / f".part-abc.{host}-{os.getpid()}-1.draft").touch()
    (folder / "results" / ".part-abc.draft").touch()
    assert store.sweep(folder) == 1


# --- what happens to folders ---------------------------------------------------------------------------------------------


def test_a_damaged_manifest_is_told_and_no_row_is_lost(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine())
    rows, text = whole(folder), (folder / "manifest.json").read_text("utf-8")
    said = json.loads(text)
    for broken in (
        text[: len(text) // 2], "", "[]", "null", json.dumps(said | {"format": 99}), json.dumps({k: v for k, v in said.items() if k != "study"}),
        json.dumps(said | {"kind": "lintas results"}), json.dumps(said | {"study": {"name": "s"}}),
    ):  # fmt: skip
        (folder / "manifest.json").write_text(broken, "utf-8")
        for command in (
            ["status"],
            ["batch", "--quiet"],
            ["collect", "-o", str(tmp_path / "o.csv")],
            ["extend", "--replicates", "20"],
            ["rerun"],
        ):
            capsys.readouterr()
            given = (
                ["rerun", "--study", str(folder), "--run-id", "0" * 16] if command == ["rerun"] else [command[0], str(folder), *command[1:]]
            )
            if '"study": {"name": "s"}' in broken and command[0] in ("status", "batch"):
                continue  # nothing is left to do: what the study says is not needed
            assert main(given) == 2, (broken[:40], command)
            err = capsys.readouterr().err
            assert err.startswith("lintas: ") and err.count("\n") == 1 and "Traceback" not in err
    with pytest.raises(ManifestError, match=r"nothing in results/ is lost; plan the same study into a new folder"):
        (folder / "manifest.json").write_text("{", "utf-8")
        status(folder)
    again = made(tmp_path / "again")  # as the sentence says
    shutil.rmtree(again / "results")
    (folder / "results").rename(again / "results")
    assert drive(again, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    pd.testing.assert_frame_equal(whole(again), rows)


def test_a_damaged_or_lost_plan_is_told(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s")
    content = (folder / "plan.parquet").read_bytes()
    (folder / "plan.parquet").write_bytes(content[: len(content) // 2])
    for ask in (status, collect, lambda f: drive(f, MadeUpEngine())):
        with pytest.raises(StudyError, match=r"plan\.parquet' is damaged .*nothing in results/ is lost"):
            list(ask(folder))  # type: ignore[call-overload]
    (folder / "plan.parquet").unlink()
    with pytest.raises(StudyError, match=r"has no plan\.parquet"):
        status(folder)


def test_a_folder_that_is_gone_is_told(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, MadeUpEngine)
    shutil.rmtree(folder / "results")
    assert main(["batch", str(folder), "--quiet"]) == 1
    assert "has no folder results/ (any more)" in capsys.readouterr().err
    assert main(["status", str(folder)]) == 2 and "has no folder results/" in capsys.readouterr().err
    (folder / "results").mkdir()
    use(monkeypatch, lambda: MadeUpEngine(lambda ids: shutil.rmtree(folder / "results", ignore_errors=True)))
    assert main(["batch", str(folder), "--quiet"]) == 1  # vanishes while the study runs
    said = capsys.readouterr().err
    assert "cannot write results" in said and said.count("\n") == 1
    (folder / "results").mkdir()
    use(monkeypatch, MadeUpEngine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    shutil.rmtree(folder)
    assert main(["batch", str(folder), "--quiet"]) == 2 and "there is no study folder" in capsys.readouterr().err


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


def test_results_that_cannot_be_written_can_still_be_read(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, lambda: MadeUpEngine(stop_after(2, EngineLost("gone"))))
    main(["batch", str(folder), "--quiet"])
    done, place = len(statuses(folder)), folder / "results"
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    capsys.readouterr()
    with mounted(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        assert main(["batch", str(folder), "--quiet"]) == 1
        said = capsys.readouterr().err
        assert "cannot write into" in said and "Read-only" in said and "status and collect still work" in said and said.count("\n") == 1
        assert engine.chunks == []
        assert main(["status", str(folder)]) == 0 and f"{done} ok, {12 - done} missing" in capsys.readouterr().out
        assert main(["collect", str(folder), "-o", str(tmp_path / "out.parquet")]) == 0
        assert main(["compact", str(folder)]) == 2 and "cannot write into" in capsys.readouterr().err
    assert main(["batch", str(folder), "--quiet"]) == 0
    whole(folder)


def test_a_whole_study_that_cannot_be_written_can_still_be_read(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    use(monkeypatch, MadeUpEngine)
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        for command, code in (["batch", "--quiet"], 1), (["extend", "--replicates", "20", "--quiet"], 2), (["compact"], 2), (["status"], 0):
            capsys.readouterr()
            assert main([command[0], str(folder), *command[1:]]) == code, command
            said = capsys.readouterr().err
            assert said.count("\n") == (code > 0) and ("Read-only" in said or not code)


def test_a_full_disk_ends_a_study_with_a_sentence_and_loses_nothing(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s", replicates=100)
    place = folder / "results"
    real = drive
    monkeypatch.setattr("experiments.execution.drive.drive", lambda *a, **k: real(*a, **k, most_runs=1))
    use(monkeypatch, MadeUpEngine)
    with mounted(place, "-t", "tmpfs", "-o", "size=200k", "tmpfs"):
        (place / "film.mkv").write_bytes(bytes(60_000))
        assert main(["batch", str(folder), "--quiet"]) == 1
        said = capsys.readouterr().err
        assert "No space left on device" in said and said.count("\n") == 1 and "Traceback" not in said
        stored = statuses(folder)
        assert 0 < len(stored) < 100 and set(stored.values()) == {"ok"} and not status(folder).damaged
        assert main(["batch", str(folder), "--quiet"]) == 1  # still full
        assert stored.items() <= statuses(folder).items()
        assert main(["collect", str(folder), "-o", str(tmp_path / "out.parquet")]) == 0
        kept = collect(folder)
        subprocess.run(["mount", "-o", "remount,size=8m", str(place)], check=True)
        (place / "film.mkv").unlink()
        assert main(["batch", str(folder), "--quiet"]) == 0
        table = whole(folder)
        pd.testing.assert_frame_equal(
            table[table["run_id"].isin(stored)].reset_index(drop=True), kept[kept["run_id"].isin(stored)].reset_index(drop=True)
        )
        assert not list(place.glob(".part-*"))


def test_a_plan_is_whole_or_not_there_when_the_disk_is_full(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    study = read_study({**TINY, "design": "lhs", "points": 20_000, "vary": {RANGED[0]: {}}}, tmp_path, "full")
    with mounted(place, "-t", "tmpfs", "-o", "size=200k", "tmpfs"):
        with pytest.raises(UserError, match="No space left"):
            plan.make(study, place / "s")
        assert list(place.iterdir()) == []


def test_a_study_without_runs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.csv").write_text(f"{RANGED[0]}\n", encoding="utf-8")
    (tmp_path / "s.toml").write_text("table = 'none.csv'\nhouseholds = 60\n", encoding="utf-8")
    assert main(["plan", str(tmp_path / "s.toml"), "-o", str(tmp_path / "s")]) == 2
    assert "the table has no rows: the study would have no run" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
    assert main(["batch", str(tmp_path / "s.toml"), "-o", str(tmp_path / "s")]) == 2


def test_a_study_may_lie_anywhere(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "Kajian Šarāwak 研究 🌿"
    place.mkdir()
    folder = made(place / "hasil '%s' [1]")
    use(monkeypatch, MadeUpEngine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert main(["collect", str(folder), "-o", str(place / "tabel 表.csv")]) == 0
    assert pd.read_csv(place / "tabel 表.csv")["run_id"].nunique() == 12
    assert main(["compact", str(folder)]) == 0 and main(["status", str(folder), "--json"]) == 0
    whole(folder)


# --- large plans -----------------------------------------------------------------------------------------------------

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
