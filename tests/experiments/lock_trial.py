"""Let many processes try to drive one study at once, kill those that do, and see that two never drive together.

The check is a lock that each driver takes inside: the operating system frees it when a process is killed, so that nobody who
is gone counts. Machines are made up: a process that says it is another host shares only the folder with the rest.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from experiments.studies import store
from experiments.studies.store import StoreError

#: Seconds after which a trial counts as hanging.
HANGS = 300.0
_forked: Any = multiprocessing.get_context("fork")


@dataclass
class Trial:
    """What was seen."""

    drove: int = 0
    refused: int = 0
    doubles: int = 0
    killed: int = 0


def slow_steps(seed: int) -> None:
    """Make this process wait a moment before each step on the disk, as a busy machine or a network disk does: races get time to happen."""
    rng = random.Random(seed)

    def slow(real: Any) -> Any:
        def step(*words: Any, **more: Any) -> Any:
            time.sleep(rng.random() * 0.01)
            return real(*words, **more)

        return step

    for name in ("rename", "link", "replace", "unlink", "open"):
        setattr(os, name, slow(getattr(os, name)))


def contend(folder: Path, host: str, patience: float, beat: float, barrier: Any, out: Connection) -> None:
    """Try to drive once: says ``in`` or ``DOUBLE`` and then stays until it is killed, or ``refused: …`` and ends."""
    socket.gethostname = lambda: host  # type: ignore[assignment]
    slow_steps(os.getpid())
    barrier.wait()
    try:
        with store.only_driver(folder, patience=patience, beat=beat):
            referee = os.open(folder / "referee", os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(referee, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                out.send("DOUBLE")
            else:
                out.send("in")
            time.sleep(HANGS)
    except StoreError as error:
        out.send(f"refused: {error}")


def repeat(folder: Path, hosts: Sequence[str], repeats: int, *, patience: float, beat: float) -> Trial:
    """Each time all contenders start at one moment against the lock of the driver that was killed the time before."""
    folder.mkdir(exist_ok=True)
    trial = Trial()
    for _ in range(repeats):
        barrier = _forked.Barrier(len(hosts))
        there: dict[Connection, Any] = {}
        heard: dict[Connection, str] = {}
        for host in hosts:
            here, far = _forked.Pipe(duplex=False)
            process = _forked.Process(target=contend, args=(folder, host, patience, beat, barrier, far))
            process.start()
            far.close()
            there[here] = process
        listening, until = set(there), time.monotonic() + HANGS
        while listening:
            ready = wait(list(listening), timeout=1.0)
            assert time.monotonic() < until, "no process reports any more"
            for pipe in ready:
                listening.discard(pipe)  # type: ignore[arg-type]
                with contextlib.suppress(EOFError):
                    said = pipe.recv()  # type: ignore[union-attr]
                    heard[pipe] = said  # type: ignore[index]
                    trial.drove += said == "in"
                    trial.doubles += said == "DOUBLE"
                    trial.refused += said.startswith("refused")
        trial.killed += sum(said == "in" for said in heard.values())  # those are asleep inside
        for process in there.values():
            process.kill()
            process.join()
    return trial


def come_and_go(folder: Path, host: str, patience: float, beat: float, seed: int, counts: Any) -> None:
    """Drive again and again for moments; counts how often, and how often another did at the same time."""
    socket.gethostname = lambda: host  # type: ignore[assignment]
    slow_steps(seed)
    rng = random.Random(seed)
    referee = os.open(folder / "referee", os.O_RDWR | os.O_CREAT)
    while True:
        try:
            with store.only_driver(folder, patience=patience, beat=beat):
                try:
                    fcntl.flock(referee, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    counts[0] += 1
                except BlockingIOError:
                    counts[1] += 1
                time.sleep(rng.random() * 0.02)
                fcntl.flock(referee, fcntl.LOCK_UN)
        except StoreError:
            counts[2] += 1
        time.sleep(rng.random() * 0.01)


def storm(folder: Path, hosts: Sequence[str], wanted: int, *, patience: float, beat: float, seed: int = 1) -> Trial:
    """Contenders come and go while one of them after the other is killed at any moment and replaced, until so many have driven."""
    folder.mkdir(exist_ok=True)
    trial, rng, until = Trial(), random.Random(seed), time.monotonic() + HANGS
    alive: list[tuple[str, Any, Any]] = []
    finished: list[Any] = []

    def begin(host: str) -> None:
        counts = _forked.RawArray("q", 3)
        process = _forked.Process(target=come_and_go, args=(folder, host, patience, beat, rng.randrange(10**6), counts))
        process.start()
        alive.append((host, process, counts))

    def total(k: int) -> int:
        return sum(c[k] for c in [*finished, *(c for _, _, c in alive)])

    for host in hosts:
        begin(host)
    try:
        while total(0) < wanted:
            assert time.monotonic() < until, f"only {total(0)} of {wanted} drove"
            time.sleep(rng.random() * 0.2)
            host, process, counts = alive.pop(rng.randrange(len(alive)))
            process.kill()
            process.join()
            trial.killed += 1
            finished.append(counts)
            begin(host)
    finally:
        for _, process, _ in alive:
            process.kill()
            process.join()
    trial.drove, trial.doubles, trial.refused = total(0), total(1), total(2)
    return trial


@contextlib.contextmanager
def load(processes: int) -> Any:
    """A busy machine."""
    busy = [_forked.Process(target=_spin, daemon=True) for _ in range(processes)]
    for process in busy:
        process.start()
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.join()


def _spin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(100_000))


def in_a_process(kind: str, folder: Path, hosts: Sequence[str], wanted: int, *, patience: float, busy: int = 0) -> Trial:
    """A trial in a process of its own: this one has threads, and would fork in the middle of what they do."""
    words = [
        sys.executable,
        "-m",
        "tests.experiments.lock_trial",
        kind,
        str(folder),
        ",".join(hosts),
        str(wanted),
        str(patience),
        str(busy),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    return Trial(**json.loads(done.stdout))


if __name__ == "__main__":
    _kind, _folder, _hosts, _wanted, _patience, _busy = sys.argv[1:]
    with load(int(_busy)):
        _trial = {"repeat": repeat, "storm": storm}[_kind](
            Path(_folder), _hosts.split(","), int(_wanted), patience=float(_patience), beat=0.1
        )
    print(json.dumps(asdict(_trial)))
