"""Who carries out chunks of runs? Threads of this process, Dask workers on this machine, or an executor that the caller passes.

Every engine takes a chunk and returns a future, like those of ``concurrent.futures``; the driver uses nothing else of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from experiments.execution import waits
from experiments.execution.children import SAFE
from experiments.execution.waits import Note, Waits
from experiments.execution.work import work

if TYPE_CHECKING:
    import psutil
    from distributed import Client

Rows = Sequence[Mapping[str, Any]]

#: Seconds that a worker process of this machine may be stopped (SIGSTOP) before it is ended and its runs go to another.
STOPPED_SECONDS = 60.0
#: Seconds without a message from a worker, after which that is reported, and after which it is given up and its runs go to others.
QUIET_SECONDS, SILENT_SECONDS = 15.0, 120.0

#: Settings of Dask for every engine. A worker's death is reported at once and counted for the running chunk only, since no worker
#: holds a second one; Dask writes no logs; no dashboard.
DASK_SETTINGS: dict[str, object] = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.dashboard.status.task-stream-length": 0,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.http.routes": [],
    "distributed.scheduler.http.routes": [],
    "distributed.admin.tick.limit": "60s",
    "distributed.comm.timeouts.connect": "60s",
    # what Dask looks at by itself, as often as it does by default, took a twelfth of a core
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "500ms",
}


class EngineLost(RuntimeError):
    """The engine cannot go on: its scheduler has ended, or no worker can be started."""


class Future(Protocol):
    """What the driver needs of a future."""

    def add_done_callback(self, function: Any, /) -> Any: ...
    def exception(self, timeout: Any = None) -> BaseException | None: ...
    def result(self, timeout: Any = None) -> Any: ...


class Engine(Protocol):
    """What the driver needs of an engine."""

    @property
    def slots(self) -> int:
        """Runs that can go on at once now."""
        ...

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Carry out a chunk somewhere."""
        ...

    def is_death(self, error: BaseException) -> bool:
        """Whether an error means that the worker died during the chunk (and not that the engine is lost)."""
        ...

    def keep(self) -> Sequence[Note] | None:
        """Called every few seconds: replace workers that died, return notes on what is waited for; EngineLost where none can come."""
        ...

    def close(self) -> None:
        """End everything that it started."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything that it started."""

    def keep(self) -> Sequence[Note] | None:
        """Nothing to replace."""


class ExecutorEngine(_Closing):
    """Any executor shaped as in ``concurrent.futures``; it is not shut down, since the caller made it."""

    def __init__(self, executor: Executor, slots: int | None = None) -> None:
        self._executor = executor
        self.slots = slots or getattr(executor, "_max_workers", None) or os.cpu_count() or 1

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Hand the chunk to the executor."""
        try:
            return self._executor.submit(work, folder, list(rows), list(attempts))
        except RuntimeError as error:  # a broken pool accepts no work
            raise EngineLost(f"the executor accepts no more work: {error}") from error

    def is_death(self, error: BaseException) -> bool:
        """An executor that lost a process cannot be used any more."""
        del error
        return False


class ThreadsEngine(ExecutorEngine):
    """Threads of this process: nothing to start, for studies of seconds. The compiled loops release the interpreter's lock."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lintas")
        super().__init__(self._pool, threads)

    def close(self) -> None:
        """Wait for the runs that have begun, cancel the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class Worker:
    """A worker as its scheduler knows it."""

    address: str
    name: str
    heard: float  #: when it last sent a message, by the scheduler's clock


class DaskEngine(_Closing):
    """Any Dask cluster, through its client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.waits = Waits()
        self._number = 0
        self._heard: dict[str, float] = {}
        self._there: dict[str, Worker] = {}

    @property
    def slots(self) -> int:
        """Threads of the connected workers."""
        return max(1, sum(self.client.nthreads().values()))  # pyright: ignore[reportAttributeAccessIssue]

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Send the chunk to the scheduler. Its key is new each time: Dask must not take a result from memory."""
        self._number += 1
        try:
            return self.client.submit(
                work, folder, list(rows), list(attempts), pure=False, retries=0, key=f"chunk-{os.getpid()}-{self._number}"
            )  # type: ignore[return-value]
        except Exception as error:
            raise EngineLost(f"the scheduler accepts no more work: {error}") from error

    def is_death(self, error: BaseException) -> bool:
        """Dask has an error of its own for a task whose worker died."""
        return type(error).__name__ == "KilledWorker"

    def keep(self) -> Sequence[Note] | None:
        """EngineLost where the connection to the scheduler has ended."""
        if self.client.status != "running":
            raise EngineLost(f"the connection to the scheduler is {self.client.status}")
        return None

    def _listen(self, scheduler: Any) -> dict[str, Worker]:
        """The workers of a scheduler in this process, by address; read in its own thread, since workers join and leave there."""

        async def look() -> dict[str, Worker]:
            return {a: Worker(a, str(w.name), w.last_seen) for a, w in scheduler.workers.items()}

        asked = asyncio.run_coroutine_threadsafe(look(), scheduler.loop.asyncio_loop)
        try:
            self._there = asked.result(timeout=5.0)
        except TimeoutError:  # it is busy: use its last answer
            asked.cancel()
        return self._there

    def _silent(self, scheduler: Any, but: Collection[str] = ()) -> list[Note]:
        """Report workers of a scheduler in this process that send no message, and give them up after a while.

        The time of a worker's last message is only compared with its earlier value; this engine's waits measure how long ago that was.
        """
        notes, there = [], self._listen(scheduler)
        self.waits.only("silent", set(there))
        for address, worker in there.items():
            key = ("silent", address)
            if self._heard.get(address) != worker.heard or address in but:
                self._heard[address] = worker.heard
                self.waits.over(key)
            seconds = self.waits.seconds(key)
            if seconds > SILENT_SECONDS:
                self.waits.over(key)
                self._heard.pop(address, None)
                self._give_up(scheduler, worker)
                notes.append(Note(waits.SILENT_ENDED, {"worker": worker.name, "time": seconds}))
            elif self.waits.is_due(key, QUIET_SECONDS):
                notes.append(Note(waits.SILENT, {"worker": worker.name, "time": seconds, "limit": max(SILENT_SECONDS - seconds, 0.0)}))
        self._heard = {a: t for a, t in self._heard.items() if a in there}
        return notes

    def _give_up(self, scheduler: Any, worker: Worker) -> None:
        """Give up a worker whose runs are then handed out again; the watcher beside it (if it responds) starts a new one."""

        async def go() -> None:
            with contextlib.suppress(Exception):  # the nanny does not respond either: the worker is removed all the same
                await scheduler.restart_workers(
                    [worker.address], timeout=10, wait_for_workers=False, on_error="return", stimulus_id="lintas-silent"
                )
            await scheduler.remove_worker(worker.address, stimulus_id="lintas-silent")

        scheduler.loop.add_callback(go)


class LocalEngine(DaskEngine):
    """Dask workers as processes of this machine, on loopback only and encrypted, since anyone who can connect to a scheduler can run code."""

    def __init__(self, workers: int, threads: int = 1) -> None:
        import dask.config
        from distributed import Client, LocalCluster
        from distributed.security import Security

        quiet_dask()
        self._settings = dask.config.set(DASK_SETTINGS)
        self._environment = _in_environment({"LINTAS_WORKER": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **SAFE})
        try:
            self.cluster = LocalCluster(
                n_workers=workers, threads_per_worker=threads, processes=True, host="127.0.0.1",
                dashboard_address=None,  # pyright: ignore[reportArgumentType] – None is its documented way to have no dashboard
                worker_dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, security=Security.temporary(), silence_logs=50, memory_limit="auto",
            )  # fmt: skip
        except Exception as error:
            self._restore()
            raise EngineLost(f"no workers could be started: {error}") from error
        super().__init__(Client(self.cluster))

    def keep(self) -> Sequence[Note] | None:
        """Report worker processes that are stopped, and end them after a while: their watchers start new ones."""
        super().keep()
        notes: list[Note] = []
        stopped = {a: p for a, p in self._processes().items() if _is_stopped(p)}
        self.waits.only("stopped", {p.pid for p in stopped.values()})
        for process in stopped.values():
            key, seconds = ("stopped", process.pid), self.waits.seconds(("stopped", process.pid))
            places = {"process": str(process.pid), "time": seconds, "limit": max(STOPPED_SECONDS - seconds, 0.0)}
            if seconds > STOPPED_SECONDS:
                self.waits.over(key)
                _kill(process)
                notes.append(Note(waits.STOPPED_ENDED, places))
            elif self.waits.is_due(key, 0.0):
                notes.append(Note(waits.STOPPED, places))
        return [*notes, *self._silent(self.cluster.scheduler, but=stopped)]

    def _processes(self) -> dict[str, psutil.Process]:
        """The worker processes by address."""
        import psutil

        found = {}
        for nanny in list(self.cluster.workers.values()):
            with contextlib.suppress(psutil.Error):
                if nanny.pid is not None:
                    found[str(nanny.worker_address)] = psutil.Process(nanny.pid)
        return found

    def _restore(self) -> None:
        self._environment.close()
        with contextlib.suppress(Exception):
            self._settings.__exit__(None, None, None)

    def close(self) -> None:
        """End the workers and the scheduler; a stopped worker is killed, since it cannot respond."""
        processes = list(self._processes().values())
        for process in processes:
            if _is_stopped(process):
                _kill(process)
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)
        with contextlib.suppress(Exception):
            self.cluster.close(timeout=10)
        for process in processes:  # one stopped meanwhile
            _kill(process)
        self._restore()


def _is_stopped(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False


def _kill(process: psutil.Process) -> None:
    """End a process that we started, unless it has ended (psutil notices if another process has its number by now)."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process.kill()


def quiet_dask() -> None:
    """Turn off Dask's own messages about workers, which would break up the progress that we show."""
    import logging

    for name in (
        "distributed",
        "distributed.nanny",
        "distributed.scheduler",
        "distributed.worker",
        "distributed.core",
        "tornado",
        "asyncio",
    ):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _in_environment:
    """Set environment variables for processes started from here; :meth:`close` restores the old ones."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._before = {k: os.environ.get(k) for k in values}
        os.environ.update(values)

    def close(self) -> None:
        """Restore the old values."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system has it
        return os.cpu_count() or 1
