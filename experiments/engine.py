"""Who carries out chunks of runs? Threads of this process, Dask workers on this machine, or any executor one hands in.

Every engine takes a chunk and gives a future, as ``concurrent.futures`` has them; the driver knows nothing else of it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, Self

from experiments.children import SAFE
from experiments.work import work

if TYPE_CHECKING:
    from distributed import Client

Rows = Sequence[Mapping[str, Any]]

#: How Dask is set for every engine. A worker's death is told at once and blamed on the running chunk alone, since no worker
#: holds a second one; nothing is stored in logs of its own; no dashboard.
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
}


class EngineLost(RuntimeError):
    """The engine cannot go on: its scheduler is gone, or no worker can be had."""


class Future(Protocol):
    """What the driver asks of a future."""

    def add_done_callback(self, function: Any, /) -> Any: ...
    def exception(self, timeout: Any = None) -> BaseException | None: ...
    def result(self, timeout: Any = None) -> Any: ...


class Engine(Protocol):
    """What the driver asks of an engine."""

    @property
    def slots(self) -> int:
        """Runs that can go on at once now."""
        ...

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Carry out a chunk somewhere."""
        ...

    def is_death(self, error: BaseException) -> bool:
        """Whether an error says that the worker died under the chunk (and not that the engine is lost)."""
        ...

    def keep(self) -> None:
        """Called every few seconds: replace what died; raise EngineLost when that is hopeless."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""

    def keep(self) -> None:
        """Nothing to replace."""


class ExecutorEngine(_Closing):
    """Any executor shaped as in ``concurrent.futures``; it is not shut down, since it belongs to whoever made it."""

    def __init__(self, executor: Executor, slots: int | None = None) -> None:
        self._executor = executor
        self.slots = slots or getattr(executor, "_max_workers", None) or os.cpu_count() or 1

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Hand the chunk to the executor."""
        try:
            return self._executor.submit(work, folder, list(rows), list(attempts))
        except RuntimeError as error:  # a pool that broke takes no more
            raise EngineLost(f"the executor takes no more work: {error}") from error

    def is_death(self, error: BaseException) -> bool:
        """An executor that lost a process is lost as a whole."""
        del error
        return False


class ThreadsEngine(ExecutorEngine):
    """Threads of this process: nothing to start, for studies of seconds. The compiled loops release the interpreter's lock."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lintas")
        super().__init__(self._pool, threads)

    def close(self) -> None:
        """Wait for the runs that are going on, drop the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class DaskEngine(_Closing):
    """Any Dask cluster, through its client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._number = 0

    @property
    def slots(self) -> int:
        """Threads of the workers there are."""
        return max(1, sum(self.client.nthreads().values()))  # pyright: ignore[reportAttributeAccessIssue]

    def submit(self, folder: str, rows: Rows, attempts: Sequence[int]) -> Future:
        """Send the chunk to the scheduler. Its key is new each time: Dask must not take a result from memory."""
        self._number += 1
        try:
            return self.client.submit(
                work, folder, list(rows), list(attempts), pure=False, retries=0, key=f"chunk-{os.getpid()}-{self._number}"
            )  # type: ignore[return-value]
        except Exception as error:
            raise EngineLost(f"the scheduler takes no more work: {error}") from error

    def is_death(self, error: BaseException) -> bool:
        """Dask says by name that the worker under a task died."""
        return type(error).__name__ == "KilledWorker"

    def keep(self) -> None:
        """The scheduler must be there."""
        if self.client.status != "running":
            raise EngineLost(f"the connection to the scheduler is {self.client.status}")


class LocalEngine(DaskEngine):
    """Dask workers as processes of this machine, on loopback only and encrypted, since a scheduler obeys whoever reaches it."""

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

    def _restore(self) -> None:
        self._environment.close()
        with contextlib.suppress(Exception):
            self._settings.__exit__(None, None, None)

    def close(self) -> None:
        """End the workers and the scheduler."""
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)
        with contextlib.suppress(Exception):
            self.cluster.close(timeout=10)
        self._restore()


def quiet_dask() -> None:
    """Dask's own talk about workers that come and go is not for the reader of our progress."""
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
    """Environment variables for processes started from here, put back afterwards."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._before = {k: os.environ.get(k) for k in values}
        os.environ.update(values)

    def close(self) -> None:
        """As it was."""
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
