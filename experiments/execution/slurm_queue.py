"""Which of our jobs does Slurm have? Slurm's own commands submit them, list their states and cancel them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

from abm.errors import UserError, shorten


def job_name(folder: Path) -> str:
    """The name of a study's jobs, by which a driver finds those left by an earlier driver that died."""
    whole = Path(folder).resolve()
    slug = re.sub(r"[^a-z0-9]+", "-", whole.name.lower()).strip("-")[:24] or "study"
    return f"lintas-{slug}-{hashlib.sha256(os.fsencode(whole)).hexdigest()[:8]}"


def cancel_jobs(name: str) -> int:
    """Cancel all jobs of that name; returns how many there were."""
    there = jobs(name)
    if there == []:
        return 0
    ask("scancel", f"--user={_user()}", f"--name={name}")
    return len(there or ())


def jobs(name: str) -> list[str] | None:
    """Ids of the jobs of that name (each task of an array separately) that wait or run; None when Slurm does not answer."""
    found = states(name)
    return None if found is None else [job for job, _ in found]


def states(name: str) -> list[tuple[str, str]] | None:
    """Id and state of each job of that name that wait or run, as Slurm writes states: PD waits, R runs; None when Slurm does not answer."""
    code, out = ask("squeue", "--noheader", "--array", f"--user={_user()}", f"--name={name}", "--format=%A %t")
    if code:
        return None
    lines = [line.split() for line in out.splitlines() if line.strip()]
    # CG: the job is over and being cleaned up
    return [(words[0], words[1]) for words in lines if len(words) == 2 and words[1] != "CG"]


def ask(*words: str) -> tuple[int, str]:
    """Exit code and text of a Slurm command: its output where it succeeded, else its error message."""
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


def submit(script: Path, *words: str) -> str:
    """Submit a script; returns the job's id. UserError where Slurm refuses it."""
    code, out = ask("sbatch", "--parsable", *words, str(script))
    if code:
        raise UserError(f"sbatch refused the job: {shorten(_complaint(out), 200)}; see slurm.toml and '{shorten(script)}'")
    return out.strip().partition(";")[0]


def _complaint(text: str) -> str:
    return " ".join(re.sub(r"^(sbatch|allocation failure): (error: )?", "", line) for line in text.splitlines() if line.strip())
