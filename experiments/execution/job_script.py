"""What is in the script of a job? Options for sbatch, the site's own lines, and the command that starts the workers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from experiments.execution.certificates import Certificates
from experiments.execution.children import SAFE
from experiments.execution.engine import DASK_SETTINGS
from experiments.execution.site import SlurmSettings

#: A worker that finds no scheduler for this long ends, and so does its job.
ORPHAN_SECONDS = 60
#: Environment of every worker process: it is marked as a worker, and its libraries start no threads of their own.
WORKER_ENVIRONMENT = {"LINTAS_WORKER": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **SAFE}


def worker_lines(settings: SlurmSettings, certificates: Certificates, host: str) -> list[str]:
    """Shell lines before the worker: the site's own, then the environment variables of each worker."""
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
    """The command that starts a job's worker processes, each with a nanny process that restarts it when it dies."""
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
    if name is None:  # so that the job of a worker is known; names are unique, also when a job is restarted
        line += ' --name "job-${SLURM_JOB_ID:-0}-$(hostname)-$$"'
    return "exec " + (line if settings.interface is not None else f'{line} --host "$HERE"')


def header(settings: SlurmSettings, name: str, log: Path) -> list[str]:
    """Options of sbatch for a job."""
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
