"""How are workers started on a Slurm cluster, and replaced when a job or a node is lost?

There are two ways; in both the scheduler runs inside the driver. ``jobqueue`` submits a job for each worker through ``dask-jobqueue``; ``array``
writes a scheduler file on the shared disk and submits one job array whose tasks find it.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from abm.errors import UserError, shorten
from experiments.execution import waits
from experiments.execution.cluster import ClusterEngine, scheduler_alone
from experiments.execution.engine import EngineLost, Worker
from experiments.execution.job_script import header, script, worker_command, worker_lines
from experiments.execution.site import SlurmSettings
from experiments.execution.slurm_queue import ask, cancel_jobs, states, submit
from experiments.execution.waits import Note
from experiments.files import write_file

#: Seconds between requests to Slurm, which many users share.
ASK_SECONDS = 10.0
#: Seconds without an answer from Slurm and without a worker, after which the engine is lost.
SILENT_SECONDS = 900.0


class _Asked:
    """A request to Slurm, in a thread of its own."""

    def __init__(self, question: Callable[[], int | None]) -> None:
        self._question, self._answer, self._error = question, cast("int | None", None), cast("BaseException | None", None)
        self.done = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="slurm").start()

    def _run(self) -> None:
        try:
            self._answer = self._question()
        except Exception as error:  # raised where the answer is read
            self._error = error
        finally:
            self.done.set()

    def result(self) -> int | None:
        """The answer; raises the request's error if it failed."""
        if self._error is not None:
            raise self._error
        return self._answer


class SlurmEngine(ClusterEngine):
    """Workers in jobs that this driver submits, and submits again when they are lost."""

    def __init__(self, folder: Path, settings: SlurmSettings, name: str) -> None:
        self.settings, self.name, self.wanted = settings, name, settings.slots
        self._asked = self._answered = time.monotonic()
        self._asking: _Asked | None = None
        self._queue: list[str] | None = None  # states of the jobs in Slurm's last answer
        self._known: set[str] = set()  # workers that were seen
        self._fruitless = 0  # jobs submitted again since a worker last joined
        super().__init__(folder, settings.interface)

    def keep(self) -> Sequence[Note] | None:
        """Submit again what Slurm no longer has (cancelled, out of time, lost with its node); returns notes on what is waited for.

        Slurm is asked in a thread: an answer may take a minute, and runs go on meanwhile.
        """
        notes = list(super().keep() or ())
        now, there = time.monotonic(), set(self._there)
        if there - self._known:
            self._known, self._fruitless = there, 0
        self._ask(now)
        if not there:
            self._check_hope(now)
        if self.waits.is_under_way("answer") and self.waits.is_due("answer"):
            notes.append(Note(waits.NO_ANSWER, {"time": self.waits.seconds("answer")}))
        if not there:
            notes += self._of_the_queue()
        return notes

    def _ask(self, now: float) -> None:
        """Send a request to Slurm where workers are missing, or read its answer where it has arrived."""
        if self._asking is None:
            if self.threads >= self.wanted:
                self.waits.over("answer")
            elif now - self._asked >= ASK_SECONDS:
                self._asked, self._asking = now, _Asked(self._replace)
                self.waits.seconds("answer")  # (the wait begins)
        elif self._asking.done.is_set():
            replaced, self._asking = self._asking.result(), None
            if replaced is not None:
                self.waits.over("answer")
                self._answered = now
                self._fruitless += replaced

    def _check_hope(self, now: float) -> None:
        """Raise EngineLost where there is no worker and none can be expected."""
        if now - self._answered > SILENT_SECONDS:
            raise EngineLost(f"Slurm has not answered for {SILENT_SECONDS / 60:.0f} minutes and no worker is left")
        if self._fruitless > max(3, 2 * self.settings.workers):
            raise EngineLost(f"{self._fruitless} jobs ended and no worker came up{self._last_words()}")

    def _of_the_queue(self) -> list[Note]:
        """Notes on our jobs while there is no worker."""
        self.waits.seconds("worker")  # (the wait begins)
        if self._queue is None or not self.waits.is_due("worker"):
            return []
        waiting = sum(state != "R" for state in self._queue)
        places = {"n": str(waiting), "running": str(len(self._queue) - waiting), "time": self.waits.seconds("worker")}
        return [Note(waits.QUEUED if self._queue else waits.NO_JOB, places)]

    def _jobs(self) -> list[str] | None:
        """The ids of our jobs; their states are kept."""
        found = states(self.name)
        self._queue = None if found is None else [state for _, state in found]
        return None if found is None else [job for job, _ in found]

    def _job_of(self, worker: Worker) -> str | None:
        """The job in which a worker runs."""
        found = re.match(r"job-([1-9]\d*)-", worker.name)
        return found[1] if found else None

    def _give_up(self, scheduler: Any, worker: Worker) -> None:
        """Cancel its job as well: this frees the resources of a stopped or unreachable job, and another is submitted."""
        super()._give_up(scheduler, worker)
        job = self._job_of(worker)
        if job is not None:
            _Asked(lambda: ask("scancel", job)[0])

    def _replace(self) -> int | None:
        """Submit missing jobs; returns how many, None when Slurm does not answer."""
        raise NotImplementedError

    def _last_words(self) -> str:
        """The last line that a job wrote, with its file."""
        logs = sorted((self.folder / "logs").glob("worker-*.log"), key=lambda p: p.stat().st_mtime)
        if not logs:
            return f"; see '{shorten(self.folder / 'logs')}'"
        lines = [line for line in logs[-1].read_text("utf-8", "replace").splitlines() if line.strip()]
        return f"; the last said '{shorten(lines[-1] if lines else '', 160)}' ({shorten(logs[-1])})"

    def _end_cluster(self) -> None:
        if self._asking is not None:  # it may be submitting a job at this moment
            self._asking.done.wait(180.0)
        cancel_jobs(self.name)  # all at once; Dask would cancel one by one
        super()._end_cluster()


class SlurmJobqueueEngine(SlurmEngine):
    """A job for each worker, submitted by ``dask-jobqueue``."""

    def _open(self) -> Any:
        from dask_jobqueue.slurm import SLURMCluster, SLURMJob

        settings, certificates = self.settings, self.certificates
        lines = worker_lines(settings, certificates, self.host)
        heading = header(settings, self.name, self.folder / "logs" / "worker-%j.log")
        engine = self

        class WorkerJob(SLURMJob):
            """A job with our own script: paths may hold spaces, and both ways start workers alike."""

            def __init__(self, scheduler: Any = None, name: Any = None, **rest: Any) -> None:
                super().__init__(scheduler, name, **rest)
                self._lintas_script = script(heading, lines, worker_command(settings, certificates, [str(scheduler)], str(name)))

            def job_script(self) -> str:
                return self._lintas_script

            async def _submit_job(self, script_filename: str) -> str:
                try:
                    return await super()._submit_job(script_filename)
                except Exception as error:
                    engine.trouble = str(error)
                    raise

        self.trouble = ""
        return SLURMCluster(
            job_cls=cast(Any, WorkerJob), cores=settings.processes * settings.threads, processes=settings.processes, memory=settings.memory,
            queue=settings.partition, account=settings.account, walltime=settings.walltime, job_name=self.name, protocol="tls://",
            security=certificates.security, shared_temp_directory=str(certificates.folder), scheduler_options=self.scheduler_options(),
            python=settings.python, silence_logs=cast(Any, 50), name="w",
        )  # fmt: skip

    def _begin(self) -> None:
        path = self.folder / "logs" / "worker.sh"
        write_file(path, self.cluster.job_script().encode())
        submit(path, "--test-only")
        self.cluster.scale(jobs=self.settings.workers)

    def _replace(self) -> int | None:
        before = dict(self.cluster.workers)  # jobs submitted before the request to Slurm
        there = self._jobs()
        if there is None:
            return None
        gone = [name for name, job in before.items() if job.job_id is None or job.job_id not in there]
        missing = set(self.cluster.worker_spec) - set(self.cluster.workers)
        if gone or missing:
            # Dask opens a job for each name in its list that has none, but does not notice by itself that a job is gone
            self.cluster.loop.add_callback(self._forget, gone)
        return len(gone)

    def _job_of(self, worker: Worker) -> str | None:
        said = worker.name
        for name, job in list(self.cluster.workers.items()):
            if said == str(name) or said.startswith(f"{name}-"):  # Dask numbers the processes of a job
                return None if job.job_id is None else str(job.job_id)
        return None

    def _forget(self, names: list[str]) -> None:
        for name in names:
            self.cluster.workers.pop(name, None)
        self.cluster.scale(jobs=self.settings.workers)

    def _last_words(self) -> str:
        return f"; sbatch said: {shorten(self.trouble, 200)}" if self.trouble else super()._last_words()


class SlurmArrayEngine(SlurmEngine):
    """One job array; its tasks find the scheduler by a file on the shared disk."""

    def _open(self) -> Any:
        self.file = (self.folder / "logs" / "scheduler.json").absolute()
        return scheduler_alone(self, self.file)

    def _begin(self) -> None:
        heading = header(self.settings, self.name, self.folder / "logs" / "worker-%A-%a.log")
        command = worker_command(self.settings, self.certificates, ["--scheduler-file", str(self.file)])
        self.script = self.folder / "logs" / "workers.sh"
        lines = worker_lines(self.settings, self.certificates, self.host)
        write_file(self.script, script([f"--array=1-{self.settings.workers}", *heading], lines, command).encode())
        submit(self.script)

    def _replace(self) -> int | None:
        there = self._jobs()
        if there is None:
            return None
        lacking = self.settings.workers - len(there)
        if lacking > 0:
            with contextlib.suppress(UserError):  # tried again until the engine counts as lost
                submit(self.script, f"--array=1-{lacking}")
        return max(0, lacking)


def engine(folder: Path, settings: SlurmSettings, name: str) -> SlurmJobqueueEngine | SlurmArrayEngine:
    """The engine for a ``slurm.toml``."""
    return (SlurmArrayEngine if settings.route == "array" else SlurmJobqueueEngine)(folder, settings, name)
