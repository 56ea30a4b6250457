"""What does a site's ``slurm.toml`` request from the cluster, and what runs inside a job?

The file is read once, before anything is submitted; each mistake in it gives one message with file and key.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from abm.errors import UserError, shorten
from abm.reading import Entries, Listed, Name, check, parse_toml, read_text
from experiments.execution.certificates import address_here

Route = Literal["jobqueue", "array"]
#: Upper limit of a job's memory in bytes: more than any node has.
MOST_MEMORY = 2**50
#: MB that one worker process needs.
LEAST_MEGABYTES = 300

_Count = Annotated[int, Field(ge=1, le=1024)]


def _without_marks(directives: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(re.sub(r"^#SBATCH\s+", "", d) for d in directives)


class SlurmSettings(Entries):
    """A ``slurm.toml``: the resources of a job, and what runs inside it."""

    workers: Annotated[int, Field(ge=1, le=10_000)]  #: jobs (tasks of the array)
    route: Route = "jobqueue"
    partition: Name | None = None
    account: Name | None = None
    walltime: Name = "01:00:00"
    cores: _Count = 1  #: of a job
    memory: Name = "2GB"  #: of a job
    processes: _Count = 1  #: worker processes in a job; where the file does not give them, as many as the cores allow
    threads: _Count = 1  #: runs at once in a process
    setup: Annotated[tuple[Name, ...], Listed] = ()  #: shell lines before the worker
    interface: Name | None = None
    python: Name = sys.executable
    directives: Annotated[tuple[Name, ...], Listed, AfterValidator(_without_marks)] = ()  #: further options of sbatch
    local_directory: Name | None = None

    @property
    def slots(self) -> int:
        """Runs at once when all jobs run."""
        return self.workers * self.processes * self.threads

    @property
    def megabytes(self) -> int:
        """Memory of a job as Slurm counts it, in MB of 2^20 bytes."""
        return math.ceil(_bytes_of(self.memory) / 2**20)

    @classmethod
    def load(cls, path: str | Path) -> SlurmSettings:
        """Read a ``slurm.toml``. UserError where the file is missing or wrong, or Slurm is not on this machine."""
        path = Path(path)
        if not os.path.lexists(path):
            raise UserError(f"there is no file '{shorten(path)}'; start from docs/slurm.toml")
        name = shorten(path.name)
        said = parse_toml(read_text(path, "the slurm file"), name)
        if "workers" not in said and not set(said) - set(cls.model_fields):
            raise UserError(f"{name}: workers is missing: how many jobs? Write for example workers = 4")
        settings = check(cls, said, name)
        if settings.interface is not None:
            try:
                address_here(settings.interface)
            except UserError as error:
                raise UserError(f"{name}: {error}") from None
        for program in ("sbatch", "squeue", "scancel"):
            if shutil.which(program) is None:
                raise UserError(
                    f"there is no program '{program}' on this machine: start the study where jobs are submitted, or use --workers N here"
                )
        return settings

    @model_validator(mode="before")
    @classmethod
    def _fill_the_cores(cls, said: Any) -> Any:
        """Where the number of processes is not given, as many as the cores of a job allow."""
        if not isinstance(said, Mapping) or "processes" in said:
            return said
        cores, threads = said.get("cores", 1), said.get("threads", 1)
        are_counts = isinstance(cores, int) and isinstance(threads, int) and cores > 0 and threads > 0
        return {**said, "processes": max(1, cores // threads)} if are_counts else said

    @model_validator(mode="after")
    def _texts_say_something(self) -> Self:
        for key in ("partition", "account", "interface", "python", "local_directory"):
            value = getattr(self, key)
            if value is not None and not value.strip():
                raise ValueError(
                    f"{key} = {shorten(repr(value))} is not a text of one line; put it in quotation marks, or leave the key out"
                )
        if not re.fullmatch(r"([0-9]{1,4}-)?[0-9]{1,3}:[0-5][0-9]:[0-5][0-9]", self.walltime):
            raise ValueError(f"walltime = '{shorten(self.walltime)}' is not HH:MM:SS (or D-HH:MM:SS), such as \"02:00:00\"")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?\s*[KMGT]i?B", self.memory):
            raise ValueError(f'memory = \'{shorten(self.memory)}\' is not a number with a unit, such as "2GB" or "900MB"')
        if not _bytes_of(self.memory) <= MOST_MEMORY:
            raise ValueError(f"memory = '{shorten(self.memory)}' is more than any node has; write what a job needs, such as \"2GB\"")
        return self

    @model_validator(mode="after")
    def _job_has_room(self) -> Self:
        """A core for each run at once, and memory for each process."""
        if self.processes * self.threads > self.cores:
            raise ValueError(
                f"{self.processes} processes × {self.threads} threads need more than cores = {self.cores}; each run at once should have its own core"
            )
        least = LEAST_MEGABYTES * self.processes
        if self.megabytes < least:
            raise ValueError(f'memory = "{self.memory}" is for the whole job: {self.processes} processes need at least {least}MB')
        return self


def _bytes_of(memory: str) -> float:
    """A size such as ``2GB`` in bytes; infinity where the number is too long."""
    from dask.utils import parse_bytes

    try:
        return parse_bytes(memory)
    except (ValueError, OverflowError):
        return math.inf
