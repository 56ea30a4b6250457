"""How does a command run a study, and how does it end? Engines, questions of trust, messages and exit codes."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from abm.errors import UserError, shorten
from experiments.cli.options import at_home, number_of_workers
from experiments.cli.progress import show_progress
from experiments.files import InterruptedAfterwards
from experiments.words.languages import Translate, duration

if TYPE_CHECKING:
    from experiments.execution.engine import Engine
    from experiments.execution.progress import Report

#: Causes that are printed, of parts that were set aside.
SHOWN = 5


def engine_of(
    folder: Path, workers: str | None, slurm: Path | None, scheduler_file: Path | None, lang: str = "en"
) -> tuple[Callable[[], Engine], Callable[[], None] | None]:
    """A function that makes the engine, and one to call once this process is the only driver."""
    from experiments.execution.batch import local_engine
    from experiments.studies.plan_files import read_study_manifest

    read_study_manifest(folder)
    n = number_of_workers(workers)
    if slurm is None and scheduler_file is None:
        return (lambda: local_engine(folder, n)), None
    if slurm is not None and scheduler_file is not None:
        raise UserError("--slurm and --scheduler-file are two ways to get workers; keep one")
    if n is not None:
        raise UserError("--workers is for this machine; on a cluster the number of workers is set in slurm.toml")
    if scheduler_file is not None:
        from experiments.execution.cluster import waiting_engine
        from experiments.execution.scheduler_file import check_scheduler_file

        file = check_scheduler_file(folder, at_home(scheduler_file))
        return (lambda: waiting_engine(folder, file, lang)), None
    assert slurm is not None
    from experiments.execution.site import SlurmSettings
    from experiments.execution.slurm import engine
    from experiments.execution.slurm_queue import cancel_jobs, job_name

    settings = SlurmSettings.load(at_home(slurm))
    name = job_name(folder)

    def cancel() -> None:
        cancel_jobs(name)

    return (lambda: engine(folder, settings, name)), cancel


def drive_quietly(_: Translate, folder: Path, engines: Engines, quiet: bool, lang: str) -> int:
    """Make the missing runs of a study for a command that reports its results itself: progress is shown, and an early end is reported."""
    from experiments.execution.drive import drive

    make, before = engine_of(folder, engines.workers, engines.slurm, engines.scheduler_file, lang)
    with show_progress(_, quiet) as tell, exit_codes(_, folder), terminated_is_interrupted():
        return drive(folder, make, progress=tell, before=before).exit_code


@dataclass(frozen=True)
class Engines:
    """Options for where runs are made, as typed."""

    workers: str | None = None
    slurm: Path | None = None
    scheduler_file: Path | None = None

    def refuse_without_draws(self) -> None:
        """UserError for options that need a study, in a command without one."""
        for option, said in (("--workers", self.workers), ("--slurm", self.slurm), ("--scheduler-file", self.scheduler_file)):
            if said is not None:
                raise UserError(f"{option} goes with --posterior or --posterior-from, whose draws are run as a study")


class StudyInterrupted(InterruptedAfterwards):
    """An interruption of a study; stored rows are kept."""

    def __init__(self, sentence: str) -> None:
        Exception.__init__(self, sentence)


@contextlib.contextmanager
def exit_codes(_: Translate, folder: Path) -> Iterator[None]:
    """Turn what ends a study early into a message and an exit code; stored rows are kept in each case."""
    from experiments.execution.engine import EngineLost
    from experiments.studies.store import StoreError

    try:
        yield
    except EngineLost as error:
        said = _("the engine was lost ({reason}); what was stored is safe, the same command goes on").format(reason=shorten(error))
        print(f"lintas: {said}", file=sys.stderr)
        raise typer.Exit(1) from None
    except StoreError as error:
        if "another driver" in str(error):
            raise  # a mistake of the user, not a lost engine
        print(f"lintas: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise StudyInterrupted(
            _("interrupted; what was stored in {folder} is safe, the same command goes on").format(folder=folder)
        ) from None


@contextlib.contextmanager
def terminated_is_interrupted() -> Iterator[None]:
    """Let SIGTERM (which batch systems send before they kill) end the study as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def ask_trust(_: Translate, folder: Path, trust: bool) -> None:
    """Before a study is run, ask whether its Python file may be run, if it has one."""
    from experiments.studies import trust as trusts
    from experiments.studies.plan_files import read_study_manifest

    trusts.ask(_, read_study_manifest(folder)["study"].get("measure"), trust)


def say_report(_: Translate, report: Report, folder: Path) -> None:
    """Print how the driver ended."""
    print(_("{ok} of {total} runs are well; {ran} were run now, in {time}").format(
        ok=report.counts.get("ok", 0), total=report.total, ran=report.ran, time=duration(report.seconds)))  # fmt: skip
    if report.busy_fraction is not None and report.ran:
        print(_("workers were busy {share:.0f} % of the time; {deaths} of them died").format(
            share=100 * report.busy_fraction, deaths=report.deaths))  # fmt: skip
    if report.set_aside:
        print(_("{n} damaged parts were moved to results/damaged; runs that no other part holds were run again").format(n=report.set_aside))
        for cause in report.causes[:SHOWN]:
            print(f"  {harmless(cause)}")
    bad = {s: n for s, n in report.counts.items() if s != "ok" and n}
    if bad:
        print(_("not well: {counts}; see them with 'lintas status {folder}', run them again with 'lintas retry {folder} --status …'").format(
            counts=", ".join(f"{n} {s}" for s, n in bad.items()), folder=folder))  # fmt: skip


def harmless(text: str) -> str:
    """A text from a file, without control characters for the terminal."""
    return "".join(c if c.isprintable() else "?" for c in shorten(text, 400))
