"""How do workers come up on a Slurm cluster, and come back when a job or a node is lost?

Two routes, with the scheduler inside the driver both times. ``jobqueue`` submits a job for each worker through ``dask-jobqueue``; ``array``
writes a scheduler file on the shared disk and submits one job array whose tasks find it. Whoever reaches a Dask scheduler makes it run code,
so everything speaks TLS with certificates made for this driver alone, and listens on one address only.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import math
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from abm.errors import UserError, shorten
from abm.reading import Entries, Listed, Name, check, parse_toml, read_text
from agents.core.declare import near
from experiments.execution import waits
from experiments.execution.children import SAFE
from experiments.execution.engine import DASK_SETTINGS, DaskEngine, EngineLost, Worker, quiet_dask
from experiments.execution.waits import Note
from experiments.files import new_file, whole_file

Route = Literal["jobqueue", "array"]
#: Seconds between questions to Slurm, which many users share.
ASK_SECONDS = 10.0
#: Seconds without an answer from Slurm and without a worker, after which the engine is lost.
SILENT_SECONDS = 900.0
#: A worker that finds no scheduler for so long ends, and its job with it.
ORPHAN_SECONDS = 60
#: What every worker process is told: it is one, and its libraries start no threads of their own.
WORKER_ENVIRONMENT = {"LINTAS_WORKER": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **SAFE}


# --- slurm.toml ------------------------------------------------------------------------------------------------------

_TEXTS = ("partition", "account", "interface", "python", "local_directory")
#: Bytes of memory of the largest job: more than any node has.
MOST_MEMORY = 2**50
_NUMBERS = {"workers": 10_000, "cores": 1024, "processes": 1024, "threads": 1024}


@dataclass(frozen=True)
class SlurmSettings:
    """A ``slurm.toml``: what a job asks of the cluster, and what runs inside it."""

    workers: int  #: jobs (tasks of the array)
    route: Route = "jobqueue"
    partition: str | None = None
    account: str | None = None
    walltime: str = "01:00:00"
    cores: int = 1  #: of a job
    memory: str = "2GB"  #: of a job
    processes: int = 1  #: worker processes in a job
    threads: int = 1  #: runs at once in a process
    setup: tuple[str, ...] = ()  #: shell lines before the worker
    interface: str | None = None
    python: str = sys.executable
    directives: tuple[str, ...] = ()  #: what else sbatch is told
    local_directory: str | None = None

    @property
    def slots(self) -> int:
        """Runs at once when all jobs are up."""
        return self.workers * self.processes * self.threads

    @property
    def megabytes(self) -> int:
        """Memory of a job as Slurm counts it."""
        from dask.utils import parse_bytes

        return math.ceil(parse_bytes(self.memory) / 2**20)

    @classmethod
    def load(cls, path: str | Path) -> SlurmSettings:
        """Read a ``slurm.toml``; each mistake gives one sentence with file and key."""
        path = Path(path)
        if not os.path.lexists(path):
            raise UserError(f"there is no file '{shorten(path)}'; docs/slurm.toml is one to start from")
        said = parse_toml(read_text(path, "the slurm file"), shorten(path.name))
        try:
            settings = _settings(said)
        except UserError as error:
            raise UserError(f"{shorten(path.name)}: {error}") from None
        for program in ("sbatch", "squeue", "scancel"):
            if shutil.which(program) is None:
                raise UserError(
                    f"there is no program '{program}' on this machine: start the study where jobs are submitted, or use --workers N here"
                )
        return settings


class SlurmFile(Entries):
    """The entries of a ``slurm.toml``, each of its kind."""

    workers: int
    route: Route = "jobqueue"
    partition: Name | None = None
    account: Name | None = None
    walltime: Name = "01:00:00"
    cores: int = 1
    memory: Name = "2GB"
    processes: int | None = None
    threads: int = 1
    setup: Annotated[tuple[Name, ...], Listed] = ()
    interface: Name | None = None
    python: Name = sys.executable
    directives: Annotated[tuple[Name, ...], Listed] = ()
    local_directory: Name | None = None


def _settings(said: Mapping[str, Any]) -> SlurmSettings:
    if "workers" not in said and not set(said) - set(SlurmFile.model_fields):
        raise UserError("workers is missing: how many jobs? Write for example workers = 4")
    file = _entries(said)
    values = {name: value for name in SlurmFile.model_fields if (value := getattr(file, name)) is not None}
    for key, most in _NUMBERS.items():
        value = values.get(key, 1)
        if not 1 <= value <= most:
            raise UserError(f"{key} = {shorten(value)} is not a whole number from 1 to {most}")
    for key in _TEXTS:
        if not values.get(key, "-").strip():
            raise UserError(
                f"{key} = {shorten(repr(values[key]))} is not a text of one line; put it in quotation marks, or leave the key out"
            )
    if not re.fullmatch(r"([0-9]{1,4}-)?[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]", file.walltime):
        raise UserError(f"walltime = '{shorten(file.walltime)}' is not HH:MM:SS (or D-HH:MM:SS), such as \"02:00:00\"")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?\s*[KMGT]i?B", file.memory):
        raise UserError(f'memory = \'{shorten(file.memory)}\' is not a number with a unit, such as "2GB" or "900MB"')
    if not _bytes_of(file.memory) <= MOST_MEMORY:
        raise UserError(f"memory = '{shorten(file.memory)}' is more than any node has; write what a job needs, such as \"2GB\"")
    values["directives"] = tuple(re.sub(r"^#SBATCH\s+", "", d) for d in file.directives)
    cores, threads = file.cores, file.threads
    values["processes"] = file.processes if file.processes is not None else max(1, cores // threads)
    if values["processes"] * threads > cores:
        raise UserError(
            f"{values['processes']} processes × {threads} threads need more than cores = {cores}; each run at once should have its own core"
        )
    settings = SlurmSettings(**values)
    if settings.megabytes < 300 * settings.processes:
        raise UserError(
            f'memory = "{settings.memory}" is for the whole job: {settings.processes} processes need at least {300 * settings.processes}MB'
        )
    if settings.interface is not None:
        address_here(settings.interface)
    return settings


def _entries(said: Mapping[str, Any]) -> SlurmFile:
    try:
        return check(SlurmFile, dict(said), "")
    except UserError as error:
        raise UserError(str(error).removeprefix(": ")) from None


def _bytes_of(memory: str) -> float:
    """Bytes that a size such as ``2GB`` stands for; infinity where the number is too long."""
    from dask.utils import parse_bytes

    try:
        return parse_bytes(memory)
    except (ValueError, OverflowError):
        return math.inf


# --- Slurm's own commands ----------------------------------------------------------------------------------------------


def job_name(folder: Path) -> str:
    """The name of a study's jobs: by it a driver finds those that a dead one left."""
    whole = Path(folder).resolve()
    slug = re.sub(r"[^a-z0-9]+", "-", whole.name.lower()).strip("-")[:24] or "study"
    return f"lintas-{slug}-{hashlib.sha256(os.fsencode(whole)).hexdigest()[:8]}"


def cancel_jobs(name: str) -> int:
    """Cancel all jobs of that name; returns how many there were."""
    there = jobs(name)
    if there == []:
        return 0
    _slurm("scancel", f"--user={_user()}", f"--name={name}")
    return len(there or ())


def jobs(name: str) -> list[str] | None:
    """Ids of the jobs of that name (each task of an array for itself) that wait or run; None when Slurm does not answer."""
    found = _states(name)
    return None if found is None else [job for job, _ in found]


def _states(name: str) -> list[tuple[str, str]] | None:
    """Id and state of each job of that name that wait or run, as Slurm writes states: PD waits, R runs; None when Slurm does not answer."""
    code, out = _slurm("squeue", "--noheader", "--array", f"--user={_user()}", f"--name={name}", "--format=%A %t")
    if code:
        return None
    lines = [line.split() for line in out.splitlines() if line.strip()]
    # CG: the job is over and being cleaned up
    return [(words[0], words[1]) for words in lines if len(words) == 2 and words[1] != "CG"]


def _slurm(*words: str) -> tuple[int, str]:
    """Code and text of a command of Slurm's: what it says when it is well, else its complaint."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return 1, str(error)
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr or done.stdout


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _sbatch(script: Path, *words: str) -> str:
    """Submit a script; returns the job's id. A refusal by Slurm is the user's to mend."""
    code, out = _slurm("sbatch", "--parsable", *words, str(script))
    if code:
        raise UserError(f"sbatch refused the job: {shorten(_complaint(out), 200)}; see slurm.toml and '{shorten(script)}'")
    return out.strip().partition(";")[0]


def _complaint(text: str) -> str:
    return " ".join(re.sub(r"^(sbatch|allocation failure): (error: )?", "", line) for line in text.splitlines() if line.strip())


# --- addresses and certificates ------------------------------------------------------------------------------------------


def address_here(interface: str | None) -> str:
    """The one address of this machine that the scheduler listens on: an interface's, or what the host name stands for."""
    import psutil

    if interface is not None:
        there = psutil.net_if_addrs()
        if interface not in there:
            raise UserError(f"interface = '{shorten(interface)}' is not one of this machine's; {near(interface, there)}")
        for address in there[interface]:
            if address.family == socket.AF_INET:
                return address.address
        raise UserError(f"interface = '{interface}' has no IPv4 address; name another, such as the one that the nodes share")
    host = socket.gethostname()
    try:
        address = socket.gethostbyname(host)
    except OSError:
        raise UserError(f"the host name '{host}' stands for no address; name the network that the nodes share, interface = \"…\"") from None
    if _is_loopback(address) and not _nodes_are_here():
        raise UserError(
            f"the host name '{host}' stands for {address}, where no node can reach it; name the network that the nodes share, interface = \"…\""
        )
    return address


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _nodes_are_here() -> bool:
    """Whether every node of the cluster (as far as Slurm says) is this machine."""
    code, out = _slurm("sinfo", "--noheader", "--Node", "--format=%o")
    if code:
        return True  # workers that somebody starts, without Slurm
    for host in set(out.split()):
        try:
            if not _is_loopback(socket.gethostbyname(host)):
                return False
        except OSError:
            return False
    return True


class Certificates:
    """A key and its certificate, made for one driver, in files that only the user can read; gone when it closes."""

    def __init__(self, folder: Path) -> None:
        from distributed.security import Security

        logs = folder / "logs"
        try:
            logs.mkdir(exist_ok=True)
            for left in logs.glob(f"tls-{glob.escape(socket.gethostname())}-*"):  # by a driver that was killed
                _forget_certificates(left)
            self.folder = logs / f"tls-{socket.gethostname()}-{os.getpid()}"
            self.folder.mkdir(mode=0o700)
            made = Security.temporary()
            texts = (made.tls_ca_file, made.tls_worker_cert, made.tls_worker_key)
            self.ca, self.certificate, self.key = (self._write(n, t) for n, t in zip(_CERTIFICATES, texts, strict=True))
        except OSError as error:
            raise UserError(f"cannot write certificates into '{shorten(logs)}': {error.strerror or error}") from None
        pair = {
            f"tls_{role}_{what}": str(path)
            for role in ("client", "scheduler", "worker")
            for what, path in (("cert", self.certificate), ("key", self.key))
        }
        self.security = Security(require_encryption=True, tls_ca_file=str(self.ca), **pair)

    def _write(self, name: str, text: Any) -> Path:
        path = (self.folder / name).absolute()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(str(text))
        return path

    def close(self) -> None:
        """Forget them."""
        shutil.rmtree(self.folder, ignore_errors=True)


_CERTIFICATES = ("ca.pem", "certificate.pem", "key.pem")


def _forget_certificates(folder: Path) -> None:
    """Remove the certificates that a process of this machine left; what is laid out otherwise, or belongs to a living process, stays."""
    import psutil

    number = folder.name.rpartition("-")[2]
    is_gone = number.isdecimal() and (int(number) == os.getpid() or not psutil.pid_exists(int(number)))
    with contextlib.suppress(OSError):
        if is_gone and not folder.is_symlink() and {p.name for p in folder.iterdir()} <= set(_CERTIFICATES):
            shutil.rmtree(folder)


# --- the scheduler's file ----------------------------------------------------------------------------------------------------


def check_scheduler_file(folder: Path, file: Path) -> Path:
    """Refuse a file that workers cannot be told by, or that this study did not write; returns it whole. Nothing is changed."""
    file = Path(file).absolute()
    try:
        kind = os.lstat(file).st_mode
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise UserError(
                f"there is no folder '{shorten(file.parent)}' for the scheduler file; make it, on a disk that the nodes share"
            ) from None
        return file
    except (OSError, ValueError) as error:
        raise UserError(
            f"'{shorten(file, 60)}' cannot be a scheduler file: {getattr(error, 'strerror', None) or error}; name another"
        ) from None
    if stat.S_ISDIR(kind):
        raise UserError(f"'{shorten(file)}' is a folder; name a file for the scheduler file, such as scheduler.json in it")
    said = _scheduler_file(file)
    if said is None:
        raise UserError(
            f"'{shorten(file)}' is there and is no scheduler file that lintas wrote: it is left as it is; name another with --scheduler-file"
        )
    if said["lintas"].get("study") not in (None, str(Path(folder).resolve())):
        raise UserError(
            f"'{shorten(file)}' is the scheduler file of the study '{shorten(said['lintas']['study'])}': name another with --scheduler-file, "
            f"or remove it if no driver of that study is at work"
        )
    return file


def _scheduler_file(file: Path) -> dict[str, Any] | None:
    """What a scheduler file says that lintas wrote; None for any other file. One in a study's own logs may be by a lintas that did not sign."""
    try:
        info = os.lstat(file)
        if not stat.S_ISREG(info.st_mode) or info.st_size > 1_000_000:
            return None
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("type") != "Scheduler" or not {"id", "address", "workers"} <= set(said):
        return None
    if not isinstance(said.get("lintas"), dict):
        if file.parent.name != "logs" or not (file.parent.parent / "manifest.json").exists():
            return None
        said["lintas"] = {}
    return said


def _write_scheduler_file(folder: Path, file: Path, said: Mapping[str, Any]) -> str:
    """Write the file by which workers find the scheduler, in place of nothing or of one of this study; returns what tells it from others."""
    token = uuid.uuid4().hex
    content = {**said, "lintas": {"study": str(folder.resolve()), "driver": token}}
    text = json.dumps(content, indent=2, default=str).encode()
    try:
        if check_scheduler_file(folder, file) and os.path.lexists(file):
            with whole_file(file) as out:
                out.write(text)
        elif not new_file(file, text):  # somebody put another file there meanwhile
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        raise UserError(f"cannot write the scheduler file '{shorten(file)}': {error.strerror or error}") from None
    return token


def _remove_scheduler_file(file: Path, token: str) -> None:
    """Remove the file if it is still the one that this driver wrote."""
    said = _scheduler_file(file)
    if said is not None and said["lintas"].get("driver") == token:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


# --- the script of a worker ------------------------------------------------------------------------------------------------


def worker_lines(settings: SlurmSettings, certificates: Certificates, host: str) -> list[str]:
    """Shell lines before the worker: the site's own, then what each worker is told through its environment."""
    lines = list(settings.setup)
    lines += [f"export {n}={v}" for n, v in WORKER_ENVIRONMENT.items()]
    for name, value in DASK_SETTINGS.items():
        lines.append(f"export DASK_{name.upper().replace('-', '_').replace('.', '__')}={shlex.quote(str(value))}")
    if settings.interface is None:
        # the address by which this node reaches the scheduler, so that the worker listens there and nowhere else
        ask = f"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('{host}', 9)); print(s.getsockname()[0])"
        lines.append(f"HERE=$({shlex.quote(settings.python)} -c {shlex.quote(ask)}) || exit 1")
    return lines


def worker_command(settings: SlurmSettings, certificates: Certificates, scheduler: Sequence[str], name: str | None = None) -> str:
    """The command that starts a job's worker processes, each under a nanny that starts it again when it dies."""
    from dask.utils import parse_bytes

    words = [
        settings.python, "-m", "distributed.cli.dask_worker", *scheduler, "--nthreads", settings.threads, "--nworkers", settings.processes,
        "--memory-limit", int(parse_bytes(settings.memory) / settings.processes), "--nanny", "--no-dashboard", "--dashboard-address", "127.0.0.1:0",
        "--death-timeout", ORPHAN_SECONDS,
        "--protocol", "tls", "--tls-ca-file", certificates.ca, "--tls-cert", certificates.certificate, "--tls-key", certificates.key,
    ]  # fmt: skip
    if name is not None:
        words += ["--name", name]
    if settings.local_directory is not None:
        words += ["--local-directory", settings.local_directory]
    if settings.interface is not None:
        words += ["--interface", settings.interface]
    line = " ".join(shlex.quote(str(w)) for w in words)
    if name is None:  # so that the job of a worker is known; a name must be no other's, also when a job is started again
        line += ' --name "job-${SLURM_JOB_ID:-0}-$(hostname)-$$"'
    return "exec " + (line if settings.interface is not None else f'{line} --host "$HERE"')


def header(settings: SlurmSettings, name: str, log: Path) -> list[str]:
    """What sbatch is told about a job."""
    where = str(log.absolute().parent).replace("%", "%%")
    lines = [
        f"--job-name={name}", "--ntasks=1", f"--cpus-per-task={settings.cores}", f"--mem={settings.megabytes}M", f"--time={settings.walltime}",
        f'--output="{where}/{log.name}"', "--open-mode=append", "--requeue",
    ]  # fmt: skip
    if settings.partition is not None:
        lines.append(f"--partition={settings.partition}")
    if settings.account is not None:
        lines.append(f"--account={settings.account}")
    return [*lines, *settings.directives]


def script(heading: Sequence[str], lines: Sequence[str], command: str) -> str:
    """A script for sbatch."""
    return "\n".join(["#!/usr/bin/env bash", *(f"#SBATCH {h}" for h in heading), "", *lines, command, ""])


# --- engines ---------------------------------------------------------------------------------------------------------------


class _ClusterEngine(DaskEngine):
    """A scheduler in this process that workers elsewhere come to."""

    wanted = 0  #: slots when all workers are there; 0 where somebody else starts them

    def __init__(self, folder: Path, interface: str | None) -> None:
        import dask.config
        import distributed  # noqa: F401  (its own settings must be there before ours, or putting ours back takes them away)

        self.folder = Path(folder)
        self.host = address_here(interface)
        quiet_dask()
        self._left = contextlib.ExitStack()
        # the job decides how long a worker's process may take to come again, not Dask
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
        """Name workers that say nothing, and give them up when they stay so."""
        super().keep()
        notes = self._silent(self.cluster.scheduler)
        if self._there:
            self.waits.over("worker")
        return notes

    @property
    def threads(self) -> int:
        """Threads of the workers there are now."""
        return self.cluster.scheduler.total_nthreads

    @property
    def slots(self) -> int:
        """Runs that can go on at once now; what was asked for as long as no worker is there."""
        return self.threads or max(1, self.wanted)

    def forget(self, how: Callable[[], None]) -> None:
        """What is to be done when the engine closes."""
        self._left.callback(how)

    def _end_client(self) -> None:
        with contextlib.suppress(Exception):
            self.client.close(timeout=5)

    def _end_cluster(self) -> None:
        with contextlib.suppress(Exception):
            self.cluster.close(timeout=10)

    def close(self) -> None:
        """End the workers and the scheduler, forget the certificates."""
        self._left.close()


class _Asked:
    """A question to Slurm, in a thread of its own."""

    def __init__(self, ask: Callable[[], int | None]) -> None:
        self._ask, self._answer, self._error = ask, cast("int | None", None), cast("BaseException | None", None)
        self.done = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="slurm").start()

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except Exception as error:  # raised where the answer is taken
            self._error = error
        finally:
            self.done.set()

    def result(self) -> int | None:
        """The answer, or what went wrong."""
        if self._error is not None:
            raise self._error
        return self._answer


class _SlurmEngine(_ClusterEngine):
    """Workers in jobs of this driver's own, which are submitted again when they are lost."""

    def __init__(self, folder: Path, settings: SlurmSettings, name: str) -> None:
        self.settings, self.name, self.wanted = settings, name, settings.slots
        self._asked = self._answered = time.monotonic()
        self._asking: _Asked | None = None
        self._queue: list[str] | None = None  # states of the jobs, as Slurm last said
        self._known: set[str] = set()  # workers that were seen
        self._fruitless = 0  # jobs submitted again since a worker last joined
        super().__init__(folder, settings.interface)

    def keep(self) -> Sequence[Note] | None:
        """Submit again what Slurm no longer has (cancelled, out of time, lost with its node); say what is waited for.

        Slurm is asked in a thread: it may take a minute to answer, and runs go on meanwhile.
        """
        notes = list(super().keep() or ())
        there = set(self._there)
        if there - self._known:
            self._known, self._fruitless = there, 0
        now = time.monotonic()
        if self._asking is None and self.threads < self.wanted and now - self._asked >= ASK_SECONDS:
            self._asked, self._asking = now, _Asked(self._replace)
            self.waits.seconds("answer")  # (the wait begins)
        elif self._asking is not None and self._asking.done.is_set():
            replaced, self._asking = self._asking.result(), None
            if replaced is not None:
                self.waits.over("answer")
                self._answered = now
                self._fruitless += replaced
        elif self._asking is None and self.threads >= self.wanted:
            self.waits.over("answer")
        if not there and now - self._answered > SILENT_SECONDS:
            raise EngineLost(f"Slurm has not answered for {SILENT_SECONDS / 60:.0f} minutes and no worker is left")
        if self._fruitless > max(3, 2 * self.settings.workers) and not there:
            raise EngineLost(f"{self._fruitless} jobs ended and no worker came up{self._last_words()}")
        if self.waits.is_under_way("answer") and self.waits.is_due("answer"):
            notes.append(Note(waits.NO_ANSWER, {"time": self.waits.seconds("answer")}))
        if not there and self._queue is not None and self.waits.is_due("worker"):
            time_, waiting = self.waits.seconds("worker"), sum(s != "R" for s in self._queue)
            places = {"n": str(waiting), "running": str(len(self._queue) - waiting), "time": time_}
            notes.append(Note(waits.QUEUED if self._queue else waits.NO_JOB, places))
        elif not there:
            self.waits.seconds("worker")
        return notes

    def _jobs(self) -> list[str] | None:
        """The ids of our jobs, whose states are kept."""
        found = _states(self.name)
        self._queue = None if found is None else [state for _, state in found]
        return None if found is None else [job for job, _ in found]

    def _job_of(self, worker: Worker) -> str | None:
        """The job in which a worker runs."""
        found = re.match(r"job-([1-9]\d*)-", worker.name)
        return found[1] if found else None

    def _give_up(self, scheduler: Any, worker: Worker) -> None:
        """Cancel its job as well: what is stopped or cut off gives its place back, and another is submitted."""
        super()._give_up(scheduler, worker)
        job = self._job_of(worker)
        if job is not None:
            _Asked(lambda: _slurm("scancel", job)[0])

    def _replace(self) -> int | None:
        """Submit what lacks; returns how many jobs, None when Slurm does not answer."""
        raise NotImplementedError

    def _last_words(self) -> str:
        """The last line that a job wrote, with its file."""
        logs = sorted((self.folder / "logs").glob("worker-*.log"), key=lambda p: p.stat().st_mtime)
        if not logs:
            return f"; look into '{shorten(self.folder / 'logs')}'"
        lines = [line for line in logs[-1].read_text("utf-8", "replace").splitlines() if line.strip()]
        return f"; the last said '{shorten(lines[-1] if lines else '', 160)}' ({shorten(logs[-1])})"

    def _end_cluster(self) -> None:
        if self._asking is not None:  # it may be submitting a job at this moment
            self._asking.done.wait(180.0)
        cancel_jobs(self.name)  # all at once, rather than one by one as Dask would
        super()._end_cluster()


class SlurmJobqueueEngine(_SlurmEngine):
    """A job for each worker, submitted by ``dask-jobqueue``."""

    def _open(self) -> Any:
        from dask_jobqueue.slurm import SLURMCluster, SLURMJob

        settings, certificates = self.settings, self.certificates
        lines = worker_lines(settings, certificates, self.host)
        heading = header(settings, self.name, self.folder / "logs" / "worker-%j.log")
        engine = self

        class WorkerJob(SLURMJob):
            """A job whose script is ours: paths may hold spaces, and both routes start workers alike."""

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
        path.write_text(self.cluster.job_script(), "utf-8")
        _sbatch(path, "--test-only")
        self.cluster.scale(jobs=self.settings.workers)

    def _replace(self) -> int | None:
        before = dict(self.cluster.workers)  # what was submitted before Slurm is asked
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


def _scheduler_alone(engine: _ClusterEngine, file: Path) -> Any:
    """A scheduler that workers find by a file."""
    from distributed import Scheduler, SpecCluster

    check_scheduler_file(engine.folder, file)
    cluster = SpecCluster(
        workers={}, scheduler={"cls": Scheduler, "options": engine.scheduler_options()}, security=engine.certificates.security,
        silence_logs=cast(Any, 50),
    )  # fmt: skip
    try:
        token = _write_scheduler_file(engine.folder, file, cast(Any, cluster.scheduler).identity())
    except BaseException:
        cluster.close(timeout=10)
        raise
    engine.forget(lambda: _remove_scheduler_file(file, token))
    return cluster


class SlurmArrayEngine(_SlurmEngine):
    """One job array; its tasks find the scheduler by a file on the shared disk."""

    def _open(self) -> Any:
        self.file = (self.folder / "logs" / "scheduler.json").absolute()
        return _scheduler_alone(self, self.file)

    def _begin(self) -> None:
        heading = header(self.settings, self.name, self.folder / "logs" / "worker-%A-%a.log")
        command = worker_command(self.settings, self.certificates, ["--scheduler-file", str(self.file)])
        self.script = self.folder / "logs" / "workers.sh"
        lines = worker_lines(self.settings, self.certificates, self.host)
        self.script.write_text(script([f"--array=1-{self.settings.workers}", *heading], lines, command), "utf-8")
        _sbatch(self.script)

    def _replace(self) -> int | None:
        there = self._jobs()
        if there is None:
            return None
        lacking = self.settings.workers - len(there)
        if lacking > 0:
            with contextlib.suppress(UserError):  # tried again until it counts as hopeless
                _sbatch(self.script, f"--array=1-{lacking}")
        return max(0, lacking)


class WaitingEngine(_ClusterEngine):
    """A scheduler for workers that somebody else starts, on any batch system, with the script that it leaves in ``logs/``."""

    def __init__(self, folder: Path, file: Path) -> None:
        self.file = Path(file).absolute()
        super().__init__(folder, None)

    def _open(self) -> Any:
        return _scheduler_alone(self, self.file)

    def _begin(self) -> None:
        settings = SlurmSettings(workers=1)
        heading = header(settings, job_name(self.folder), self.folder / "logs" / "worker-%A-%a.log")
        command = worker_command(settings, self.certificates, ["--scheduler-file", str(self.file)])
        self.script = (self.folder / "logs" / "workers.sh").absolute()
        self.script.write_text(script(heading, worker_lines(settings, self.certificates, self.host), command), "utf-8")

    def keep(self) -> Sequence[Note] | None:
        """Say so as long as nobody has started a worker."""
        notes = list(super().keep() or ())
        if not self._there and self.waits.is_due("worker"):
            notes.append(Note(waits.NO_WORKER, {"time": self.waits.seconds("worker"), "script": str(self.script)}))
        return notes


def engine(folder: Path, settings: SlurmSettings, name: str) -> SlurmJobqueueEngine | SlurmArrayEngine:
    """The engine that a ``slurm.toml`` asks for."""
    return (SlurmArrayEngine if settings.route == "array" else SlurmJobqueueEngine)(folder, settings, name)


def waiting_engine(folder: Path, file: Path, lang: str = "en") -> WaitingEngine:
    """A scheduler and its file; says which script starts workers for it."""
    from experiments.words.languages import translator

    _ = translator(lang)
    made = WaitingEngine(folder, file)
    said = _("waiting for workers: start them with 'sbatch --array=1-N {script}', or run that script on any node with bash")
    print(said.format(script=made.script), file=sys.stderr, flush=True)
    return made
