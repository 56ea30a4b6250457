"""Two drivers never share a study, and the lock of one that is gone is taken over."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from experiments.cli.main import main
from experiments.execution.drive import drive
from experiments.studies import store
from experiments.studies.collect import status
from experiments.studies.store import StoreError
from tests.experiments.small_studies import MadeUpEngine, lock_of, made, wait_until


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
