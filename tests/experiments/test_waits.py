"""Long waits are reported, and none lasts for ever: stopped workers, silent workers, a Slurm that does not answer."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from experiments.cli.main import main
from experiments.cli.progress import show_progress
from experiments.cli.studies import words_of
from experiments.execution import cluster, slurm, waits, work
from experiments.execution import engine as engines
from experiments.execution.drive import drive
from experiments.execution.engine import DaskEngine, LocalEngine
from experiments.execution.progress import StudyProgress
from experiments.execution.site import SlurmSettings
from experiments.execution.waits import Note, Waits
from experiments.studies import plan
from experiments.words import languages
from tests.experiments import small_studies as base

SENTENCES = [v for k, v in vars(waits).items() if k.isupper() and isinstance(v, str)]


def test_when_a_wait_is_said_and_said_again() -> None:
    now = [100.0]
    mine = Waits(lambda: now[0])
    said = []
    for second in range(0, 400, 5):
        now[0] = 100.0 + second
        if mine.is_due("disk", after=15.0, again=120.0):
            said.append(second)
    assert said == [15, 135, 255, 375] and mine.seconds("disk") == 395.0
    mine.over("disk")
    assert not mine.is_under_way("disk") and not mine.is_due("disk") and mine.seconds("disk") == 0.0
    mine.seconds(("worker", "a"))
    mine.seconds(("worker", "b"))
    mine.only("worker", {"b"})
    assert not mine.is_under_way(("worker", "a")) and mine.is_under_way(("worker", "b")) and mine.is_under_way("disk")


def test_a_long_start_is_said_while_it_lasts() -> None:
    heard, enough = list[Note](), threading.Event()

    def say(note: Note) -> None:
        heard.append(note)
        if len(heard) == 2:
            enough.set()

    with waits.spoken(say, waits.STARTING, after=0.02, again=0.02):
        assert enough.wait(60)
    count = len(heard)
    time.sleep(0.2)
    assert len(heard) == count and heard[0].sentence == waits.STARTING and float(heard[1].places["time"]) > 0
    with waits.spoken(say, waits.STARTING, after=300.0):
        pass
    assert len(heard) == count


@pytest.mark.parametrize("lang", list(languages.LANGUAGES))
@pytest.mark.parametrize("quiet", [False, True])
def test_notes_are_shown_in_three_languages_once_and_not_where_quiet_is_asked_for(
    lang: str, quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    _ = languages.translator(lang)
    places: dict[str, str | float] = dict.fromkeys(("process", "worker", "script", "where", "n", "running"), "7") | {
        "time": 65.0,
        "limit": 20.0,
    }
    notes = [Note(s, places) for s in SENTENCES]
    assert len(SENTENCES) == 12
    with show_progress(_, quiet) as tell:
        progress = StudyProgress(0, Counter(), notes=list(notes))
        if tell is not None:
            tell(progress)
            tell(progress)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ([] if quiet else [f"lintas: {words_of(_, n)}" for n in notes])
    for line, note in zip(lines, notes, strict=False):
        assert "{" not in line and (lang == "en" or line != f"lintas: {words_of(str, note)}")
        assert "1 min 05 s" in line or "{time}" not in note.sentence


def workers_of(process: int) -> list[psutil.Process]:
    return [c for c in psutil.Process(process).children(recursive=True) if "spawn_main" in " ".join(c.cmdline())]


def test_a_stopped_worker_is_named_and_given_up_and_the_study_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle of a run; its run is carried out by another, and closing the cluster waits for nobody."""
    monkeypatch.setattr("experiments.execution.drive.KEEP_SECONDS", 0.2)
    monkeypatch.setattr(engines, "STOPPED_SECONDS", 2.0)
    stops = plan.seed_of(1, 3)
    (tmp_path / "own.py").write_text(
        "import os, signal\nfrom pathlib import Path\n\ndef numbers(model):\n"
        f"    once = Path({str(tmp_path / 'once')!r})\n"
        f"    if model.manifest()['seed'] == {stops} and not once.exists():\n"
        "        once.touch()\n        os.kill(os.getpid(), signal.SIGSTOP)\n    return {}\n",
        encoding="utf-8",
    )
    folder, heard = base.made(tmp_path / "s", replicates=6, end="1980-01", measure="own.py:numbers"), list[Note]()

    def tell(progress: StudyProgress) -> None:
        heard.extend(progress.notes)
        progress.notes.clear()

    report = drive(folder, lambda: LocalEngine(2), progress=tell)
    assert report.counts["ok"] == 6 and report.deaths >= 1
    mine = [n for n in heard if "process" in n.places]  # (on a busy machine other things are waited for as well)
    assert [n.sentence for n in mine] == [waits.STOPPED, waits.STOPPED_ENDED]
    (process,) = {int(n.places["process"]) for n in mine}
    base.wait_until(lambda: not psutil.pid_exists(process))  # it is not left behind
    base.whole(folder)


def test_a_worker_that_is_continued_in_time_is_not_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "STOPPED_SECONDS", 3600.0)
    with LocalEngine(1) as engine:
        (process,) = engine._processes().values()
        process.suspend()
        base.wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        (note,) = engine.keep() or ()
        assert note.sentence == waits.STOPPED and str(process.pid) in words_of(str, note)
        assert engine.keep() == []
        process.resume()
        base.wait_until(lambda: process.status() != psutil.STATUS_STOPPED)
        assert engine.keep() == [] and not engine.waits.is_under_way(("stopped", process.pid))


def test_closing_waits_for_no_stopped_worker(tmp_path: Path) -> None:
    engine = LocalEngine(2)
    processes = list(engine._processes().values())
    assert len(processes) == 2
    processes[0].send_signal(signal.SIGSTOP)
    base.wait_until(lambda: processes[0].status() == psutil.STATUS_STOPPED)
    engine.close()
    base.wait_until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes), 60)


def test_a_worker_that_says_nothing_is_named_and_given_up_and_its_run_goes_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a cluster, where nobody sees from here whether a process is stopped."""
    with LocalEngine(1) as engine:
        (process,) = engine._processes().values()
        scheduler: Any = engine.cluster.scheduler
        assert DaskEngine._silent(engine, scheduler) == []
        process.suspend()
        first: Any = engine.client.submit(os.getpid, pure=False, retries=0)
        base.wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
        now = [time.monotonic()]
        engine.waits._clock = lambda: now[0]
        time.sleep(2.0)
        DaskEngine._silent(engine, scheduler)  # what was on its way has come; from now on nothing does
        now[0] += engines.QUIET_SECONDS + 5
        (note,) = DaskEngine._silent(engine, scheduler)
        assert note.sentence == waits.SILENT and float(note.places["limit"]) > 0
        now[0] += engines.SILENT_SECONDS
        (note,) = DaskEngine._silent(engine, scheduler)
        assert note.sentence == waits.SILENT_ENDED
        with_error = None
        try:
            assert first.result(timeout=120) != process.pid
        except Exception as error:  # or Dask tells that the worker died, and the driver hands the run out again
            with_error = error
        assert with_error is None or engine.is_death(with_error)
        base.wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_no_run_that_ends_for_long_is_said(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.execution.drive.QUIET_SECONDS", 0.0)
    monkeypatch.setattr("experiments.execution.drive.LOOK_SECONDS", 0.05)
    folder, heard, go = base.made(tmp_path / "s", replicates=2), list[Note](), threading.Event()

    class Slow(base.MadeUpEngine):
        def submit(self, folder: str, rows: Any, attempts: Any) -> Any:
            future: Any = Future()

            def later() -> None:
                go.wait(300)
                future.set_result(work.work(folder, rows, attempts))

            threading.Thread(target=later, daemon=True).start()
            return future

    def tell(progress: StudyProgress) -> None:
        heard.extend(progress.notes)
        progress.notes.clear()
        if heard:
            go.set()

    assert drive(folder, Slow(), progress=tell, chunk_seconds=0.05).exit_code == 0
    assert heard[0].sentence == waits.NO_RUN and int(heard[0].places["n"]) >= 1


# --- Slurm that is slow, full, or says nothing ---------------------------------------------------------------------------


class Alone(slurm.SlurmEngine):
    """An engine on this machine's loopback whose Slurm is made up."""

    def __init__(self, folder: Path) -> None:
        self.now, self.answers, self.asked = [1000.0], list[Any](), [0]
        super().__init__(folder, SlurmSettings(workers=2), "made-up")
        self.waits._clock = lambda: self.now[0]

    def _open(self) -> Any:
        return cluster.scheduler_alone(self, self.folder / "here.json")

    def _replace(self) -> int | None:
        self.asked[0] += 1
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer()
        self._queue = answer
        return None if answer is None else 0


@pytest.fixture
def alone(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(cluster, "address_here", lambda interface: "127.0.0.1")
    monkeypatch.setattr(slurm, "cancel_jobs", lambda name: 0)
    monkeypatch.setattr(slurm, "ASK_SECONDS", 0.0)
    with Alone(base.made(tmp_path / "s")) as engine:
        yield engine


def answered(engine: Alone) -> list[Note]:
    """What is said once the question under way has its answer."""
    heard = list(engine.keep() or ())
    if engine._asking is not None:
        assert engine._asking.done.wait(60)
    return heard + list(engine.keep() or ())


def test_jobs_that_wait_in_the_queue_are_told_within_half_a_minute(alone: Alone) -> None:
    alone.answers = [["PD", "PD"], ["PD", "R"], []]
    assert answered(alone) == []
    alone.now[0] += 20.0
    (note,) = answered(alone)
    assert note.sentence == waits.QUEUED and (note.places["n"], note.places["running"], note.places["time"]) in (
        ("2", "0", 20.0),
        ("1", "1", 20.0),
    )
    alone.now[0] += 60.0
    assert answered(alone) == []
    alone.answers = [[]] * 3
    alone.now[0] += 61.0
    (note,) = answered(alone)
    assert note.sentence in (waits.QUEUED, waits.NO_JOB) and note.places["time"] == 141.0


def test_a_slurm_that_does_not_answer_is_told_while_runs_go_on(alone: Alone) -> None:
    """It is asked in a thread: whoever keeps the engine never waits for it."""
    go = threading.Event()
    alone.answers = [lambda: go.wait(300) and None, ["PD"]]
    assert alone.keep() == []
    alone.now[0] += 25.0
    (note,) = alone.keep() or ()
    assert note.sentence == waits.NO_ANSWER and note.places["time"] == 25.0 and alone.asked == [1]
    go.set()
    assert alone._asking is not None and alone._asking.done.wait(60)
    alone.keep()
    answered(alone)
    assert not alone.waits.is_under_way("answer") and alone.asked[0] >= 2


def test_a_worker_that_is_given_up_gives_its_place_back(alone: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled, done = list[tuple[str, ...]](), threading.Event()

    def ask(*words: str) -> tuple[int, str]:
        cancelled.append(words)
        done.set()
        return 0, ""

    monkeypatch.setattr(slurm, "ask", ask)
    alone._give_up(alone.cluster.scheduler, engines.Worker("tls://127.0.0.1:1", "job-4711-node-17-99", 0.0))
    assert done.wait(60) and cancelled == [("scancel", "4711")]
    nobody = engines.Worker("tls://127.0.0.1:1", "job-0-node-17-99", 0.0)  # somebody started it without Slurm
    assert alone._job_of(nobody) is None


def test_workers_are_listened_to_where_they_come_and_go(alone: Alone) -> None:
    """In the scheduler's thread: a list that changes meanwhile is none that one may walk through from here."""
    scheduler: Any = alone.cluster.scheduler
    walked = list[threading.Thread]()

    class Restless(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            walked.append(threading.current_thread())
            return super().items()

        def __iter__(self) -> Any:
            walked.append(threading.current_thread())
            return super().__iter__()

    real, scheduler.workers = scheduler.workers, Restless()
    try:
        alone.answers = [["PD"]] * 5
        answered(alone)
    finally:
        scheduler.workers = real
    assert walked and threading.main_thread() not in walked


def test_a_command_says_what_it_waits_for(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("experiments.execution.drive.KEEP_SECONDS", 0.0)

    class Waiting(base.MadeUpEngine):
        def keep(self) -> Any:
            return [Note(waits.STOPPED, {"process": "4711", "time": 5.0, "limit": 55.0})]

    folder = base.made(tmp_path / "s")
    base.use(monkeypatch, Waiting)
    assert main(["batch", str(folder)]) == 0
    assert "lintas: worker process 4711 is stopped; continue it with 'kill -CONT 4711', or it is ended in 55 s" in capsys.readouterr().err
