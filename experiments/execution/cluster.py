"""How does a scheduler in this process serve workers that come from other machines?

All connections use TLS with certificates made for this driver only, on one address only. The workers are started by Slurm
(:mod:`experiments.execution.slurm`), or by a person with the script that :class:`WaitingEngine` writes.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from abm.errors import UserError, shorten
from experiments.execution import waits
from experiments.execution.certificates import Certificates, address_here
from experiments.execution.engine import DASK_SETTINGS, DaskEngine, EngineLost, quiet_dask
from experiments.execution.job_script import header, script, worker_command, worker_lines
from experiments.execution.scheduler_file import check_scheduler_file, remove_scheduler_file, write_scheduler_file
from experiments.execution.site import SlurmSettings
from experiments.execution.slurm_queue import job_name
from experiments.execution.waits import Note
from experiments.files import write_file


class ClusterEngine(DaskEngine):
    """A scheduler in this process for workers on other machines."""

    wanted = 0  #: slots when all workers are connected; 0 where somebody else starts them

    def __init__(self, folder: Path, interface: str | None) -> None:
        import dask.config
        import distributed  # noqa: F401  (its own settings must be there before ours, or putting ours back takes them away)

        self.folder = Path(folder)
        self.host = address_here(interface)
        quiet_dask()
        self._left = contextlib.ExitStack()
        # the job decides how long a worker's process may take to restart, not Dask
        self._left.enter_context(dask.config.set({**DASK_SETTINGS, "distributed.deploy.lost-worker-timeout": "180s"}))
        try:
            self.certificates = Certificates(self.folder)
            self._left.callback(self.certificates.close)
            self.cluster = self._open()
            self._left.callback(self._end_cluster)
            from distributed import Client

            super().__init__(Client(self.cluster, security=self.certificates.security))
            self._left.callback(self._end_client)
            self._begin()
        except BaseException as error:
            self.close()
            if isinstance(error, (UserError, EngineLost)) or not isinstance(error, Exception):
                raise
            raise EngineLost(f"the scheduler could not be started: {shorten(error)}") from error

    def _open(self) -> Any:
        """The cluster: a scheduler, no worker yet."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Ask for the workers."""

    def scheduler_options(self) -> dict[str, Any]:
        """How the scheduler listens: on one address, encrypted; its page, which Dask always has, is empty and on loopback."""
        return {
            "host": self.host, "port": 0, "protocol": "tls://", "security": self.certificates.security, "dashboard": False,
            "dashboard_address": "127.0.0.1:0",
        }  # fmt: skip

    def keep(self) -> Sequence[Note] | None:
        """Report workers that send no message, and give them up after a while."""
        super().keep()
        notes = self._silent(self.cluster.scheduler)
        if self._there:
            self.waits.over("worker")
        return notes

    @property
    def threads(self) -> int:
        """Threads of the workers connected now."""
        return self.cluster.scheduler.total_nthreads

    @property
    def slots(self) -> int:
        """Runs that can go on at once now; before the first worker connects, what was asked for."""
        return self.threads or max(1, self.wanted)

    def forget(self, how: Callable[[], None]) -> None:
        """Register what is done when the engine closes."""
        self._left.callback(how)

    def _end_client(self) -> None:
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)

    def _end_cluster(self) -> None:
        with contextlib.suppress(Exception):
            self.cluster.close(timeout=10)

    def close(self) -> None:
        """End the workers and the scheduler, remove the certificates."""
        self._left.close()


def scheduler_alone(engine: ClusterEngine, file: Path) -> Any:
    """A scheduler whose address workers read from a file."""
    from distributed import Scheduler, SpecCluster

    check_scheduler_file(engine.folder, file)
    cluster = SpecCluster(
        workers={}, scheduler={"cls": Scheduler, "options": engine.scheduler_options()}, security=engine.certificates.security,
        silence_logs=cast(Any, 50),
    )  # fmt: skip
    try:
        token = write_scheduler_file(engine.folder, file, cast(Any, cluster.scheduler).identity())
    except BaseException:
        cluster.close(timeout=10)
        raise
    engine.forget(lambda: remove_scheduler_file(file, token))
    return cluster


class WaitingEngine(ClusterEngine):
    """A scheduler for workers that somebody else starts, on any batch system, with the script that it writes to ``logs/``."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.file = Path(file).absolute()
        super().__init__(folder, None)

    def _open(self) -> Any:
        return scheduler_alone(self, self.file)

    def _begin(self) -> None:
        settings = SlurmSettings(workers=1)
        heading = header(settings, job_name(self.folder), self.folder / "logs" / "worker-%A-%a.log")
        command = worker_command(settings, self.certificates, ["--scheduler-file", str(self.file)])
        self.script = (self.folder / "logs" / "workers.sh").absolute()
        write_file(self.script, script(heading, worker_lines(settings, self.certificates, self.host), command).encode())

    def keep(self) -> Sequence[Note] | None:
        """Report the wait as long as no worker has been started."""
        notes = list(super().keep() or ())
        if not self._there and self.waits.is_due("worker"):
            notes.append(Note(waits.NO_WORKER, {"time": self.waits.seconds("worker"), "script": str(self.script)}))
        return notes


def waiting_engine(folder: Path, file: Path, lang: str = "en") -> WaitingEngine:
    """A scheduler and its file; prints which script starts workers for it."""
    from experiments.words.languages import translator

    _ = translator(lang)
    made = WaitingEngine(folder, file)
    said = _("waiting for workers: start them with 'sbatch --array=1-N {script}', or run that script on any node with bash")
    print(said.format(script=made.script), file=sys.stderr, flush=True)
    return made
