"""One driver at a time: on one machine, on several, whatever is killed, stopped or set back in between."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.execution.drive import drive
from experiments.studies import lock, store
from experiments.studies.collect import status
from experiments.studies.store import StoreError
from tests.experiments import lock_trial
from tests.experiments import small_studies as base

ONE = ["here"] * 6
TWO = ["here", "here", "here", "there", "there", "there"]


@pytest.mark.parametrize(("hosts", "repeats", "patience"), [(ONE, 25, 2.0), (TWO, 3, 2.0)], ids=["one machine", "two machines"])
def test_of_many_against_a_dead_lock_one_drives(hosts: list[str], repeats: int, patience: float, tmp_path: Path) -> None:
    trial = lock_trial.in_a_process("repeat", tmp_path / "s", hosts, repeats, patience=patience)
    assert trial.doubles == 0 and trial.drove == repeats == trial.killed and trial.refused == 5 * repeats, trial


@pytest.mark.slow
@pytest.mark.parametrize(("hosts", "patience"), [(ONE, 2.0), (TWO, 2.0)], ids=["one machine", "two machines"])
def test_two_hundred_times_under_load_never_two_drive(hosts: list[str], patience: float, tmp_path: Path) -> None:
    trial = lock_trial.in_a_process("repeat", tmp_path / "s", hosts, 200, patience=patience, busy=2)
    print(trial)
    assert trial.doubles == 0 and trial.drove == 200 == trial.killed and trial.refused == 1000, trial


@pytest.mark.parametrize(("hosts", "wanted"), [(ONE, 200), (["a", "b", "c", "d"], 40)], ids=["one machine", "four machines"])
def test_whoever_is_killed_at_whatever_moment_never_two_drive(hosts: list[str], wanted: int, tmp_path: Path) -> None:
    trial = lock_trial.in_a_process("storm", tmp_path / "s", hosts, wanted, patience=1.0)
    assert trial.doubles == 0 and trial.drove >= wanted and trial.killed > 5, trial


def test_a_step_of_the_clock_starts_no_second_driver(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a process began is told by the clock of the machine: who goes by that takes a living driver for a dead one."""
    import psutil

    folder = base.made(tmp_path / "s")
    with store.only_driver(folder):
        began = psutil.Process.create_time
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: began(self) + 3600.0)
        monkeypatch.setattr(time, "time", lambda: 1.0)
        with pytest.raises(StoreError, match=f"another driver is at work .*process {os.getpid()} on {socket.gethostname()}"):
            drive(folder, base.MadeUpEngine())


def test_a_status_shows_no_driver_that_is_gone_and_disturbs_none_that_starts(quick: None, tmp_path: Path) -> None:
    folder, stop = base.made(tmp_path / "s"), threading.Event()
    base.lock_of(folder, socket.gethostname(), os.getpid(), 3)  # left by a process that was killed; its number is another's now
    assert status(folder).driver is None
    base.lock_of(folder, "node-17.cluster", 4711, 3)
    assert status(folder).driver == "node-17.cluster:4711"  # whether that is gone, only watching it would tell
    (folder / "driver.json").unlink()

    def look() -> None:
        while not stop.is_set():
            lock.driver_of(folder)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            with store.only_driver(folder):
                assert status(folder).driver == f"{socket.gethostname()}:{os.getpid()}"
    finally:
        stop.set()
        looking.join()
    assert status(folder).driver is None and not (folder / "driver.json").exists()


def test_a_driver_that_was_silent_and_taken_over_goes_no_further(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a stop of its machine: another one saw that its counter did not change, and has the study now."""
    monkeypatch.setattr("experiments.execution.drive.KEEP_SECONDS", 0.0)
    folder, taken = base.made(tmp_path / "s"), list[object]()
    monkeypatch.setattr(lock, "_count", lambda hold, stop, beat: stop.wait())  # it counts no more

    def take_over(ids: list[str]) -> None:
        if not taken:
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
                other = store.only_driver(folder, patience=0.3)
                other.__enter__()
                taken.append(other)

    engine = base.MadeUpEngine(take_over)
    with pytest.raises(StoreError, match=r"another driver took .* over \(process \d+ on elsewhere\)"):
        drive(folder, engine)
    assert 0 < len(engine.chunks) < 12
    assert json.loads((folder / "driver.json").read_text())["host"] == "elsewhere", "the lock of the other stays"
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(socket, "gethostname", lambda: "elsewhere")
        taken[0].__exit__(None, None, None)  # type: ignore[attr-defined]
    assert drive(folder, base.MadeUpEngine()).exit_code == 0


def test_a_merge_that_was_taken_over_removes_nothing(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = base.made(tmp_path / "s")
    drive(folder, base.MadeUpEngine(), most_runs=1)
    before = store.parts(folder)

    def sweep(where: Path) -> int:
        (where / ".driver" / "99.json").write_text("{}")
        return 0

    monkeypatch.setattr(store, "sweep", sweep)
    with pytest.raises(StoreError, match="another driver took"):
        store.compact(folder)
    assert store.parts(folder) == before


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_held_by_the_counter(number: int, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def flock(handle: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    folder, told = base.made(tmp_path / "s"), list[str]()
    with store.only_driver(folder, beat=0.1):
        assert status(folder).driver is not None
        with (
            pytest.raises(StoreError, match=f"another driver is at work .*process {os.getpid()}"),
            store.only_driver(folder, patience=5.0, watching=told.append),
        ):
            pytest.fail("two drive")
    assert told == [f"process {os.getpid()} on {socket.gethostname()}"]
    assert drive(folder, base.MadeUpEngine()).exit_code == 0


def test_who_has_to_be_watched_is_named_at_once(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, told = base.made(tmp_path / "s"), list[str]()
    base.lock_of(folder, "node-17.cluster", 4711, 3)
    monkeypatch.setattr("experiments.execution.drive.PATIENCE", 1.0)
    real = store.only_driver
    monkeypatch.setattr(store, "only_driver", lambda folder, **more: real(folder, patience=1.0, **more))

    def tell(progress: object) -> None:
        told.extend(note.places["where"] for note in progress.notes)  # type: ignore[attr-defined]
        progress.notes.clear()  # type: ignore[attr-defined]

    assert drive(folder, base.MadeUpEngine(), progress=tell).exit_code == 0
    assert told == ["process 4711 on node-17.cluster"]


def test_a_child_that_was_forked_does_not_keep_the_lock(tmp_path: Path) -> None:
    """As the processes of an executor, which may outlive a driver that was killed."""
    read, write = os.pipe()
    holder = os.fork()
    if not holder:
        with store.only_driver(tmp_path):
            if not os.fork():
                os.close(read)
                time.sleep(600)  # ends when the test says so
            os.write(write, b"x")
            time.sleep(600)
        os._exit(1)
    import psutil

    try:
        os.read(read, 1)
        children = psutil.Process(holder).children()
        assert len(children) == 1
    finally:
        os.kill(holder, 9)
        os.waitpid(holder, 0)
        os.close(read)
        os.close(write)
    try:
        with store.only_driver(tmp_path):
            assert children[0].is_running()
    finally:
        children[0].kill()


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Whoever left in order leaves no lock of its machine behind, and one numbered file at most."""
    yield
    for place in tmp_path.glob("**/.driver"):
        assert not list(place.glob("*.draft")) or list(place.glob("*.lock")), "a draft that nobody killed left"


# --- odd files where the driver's own would be ---------------------------------------------------------------------------


def _odd(place: Path, kind: str, victim: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
        (place / "mine").write_text("my thesis")
    else:
        place.symlink_to({"link": victim, "loop": place, "endless": Path("/dev/zero")}[kind])


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "loop", "endless"])
@pytest.mark.parametrize("name", ["driver.json", ".driver/1.json", ".driver/HOST.lock", "logs/driver.jsonl"])
def test_an_odd_file_where_the_drivers_would_be_is_not_waited_for_and_not_written_through(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from experiments.cli.main import main

    monkeypatch.setattr(lock.only_driver.__wrapped__, "__defaults__", (0.2, 3.0, lambda where: None))  # type: ignore[attr-defined]
    study = tmp_path / "study.toml"
    study.write_text('households = 60\nend = "1980-01"\nreplicates = 1\n')
    folder, victim = tmp_path / "s", tmp_path / "thesis.txt"
    assert main(["plan", str(study), "-o", str(folder)]) == 0
    victim.write_text("my thesis")
    place = folder / name.replace("HOST", socket.gethostname())
    if name == "logs/driver.jsonl":
        place.unlink(missing_ok=True)
    _odd(place, kind, victim)
    for command in (["status", str(folder)], ["compact", str(folder)], ["extend", str(folder), "--replicates", "1", "--quiet"]):
        capsys.readouterr()
        code = main(command)  # (a hang would end the test run)
        err = capsys.readouterr().err
        assert code in (0, 1, 2, 3) and (code in (0, 3) or "lintas: " in err) and "Traceback" not in err, err
    assert victim.read_text() == "my thesis"
    if kind == "folder" and place.exists():
        assert (place / "mine").read_text() == "my thesis"
