"""The commands of a study: plan, estimate, batch, status, retry, extend, collect, compact, and one row again.

Exit codes: 0 all runs are well, 3 some rows are not, 1 the engine or the disk was lost, 2 a mistake in the input, 130 interrupted;
whatever ended a command, the same command goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.options import MOST_WHOLE, is_there, parse_precision, whole_number
from experiments.options import at_home as written_out
from experiments.runs.run import InterruptedAfterwards
from experiments.words.languages import Translate, check_language, duration, translator

if TYPE_CHECKING:
    from experiments.execution.drive import Progress, Report
    from experiments.execution.engine import Engine
    from experiments.execution.waits import Note

#: Causes that are printed, of parts that were set aside.
SHOWN = 5
Folder = Annotated[Path, typer.Argument(metavar="S", help="The study folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results only, no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Language = Annotated[str, typer.Option("--lang", metavar="en|id|ms", help="Language of the messages.")]
Workers = Annotated[str | None, typer.Option("--workers", metavar="N", help="Worker processes on this machine; default one for each core.")]
Slurm = Annotated[Path | None, typer.Option("--slurm", metavar="FILE", help="Run on a cluster, as a slurm.toml says.")]
SchedulerFile = Annotated[
    Path | None, typer.Option("--scheduler-file", metavar="FILE", help="Start a scheduler, write this file, wait for workers somebody starts.")
]  # fmt: skip
Drift = Annotated[bool, typer.Option("--allow-drift", help="Go on although the model or the data changed; it is recorded.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Run the Python file that the study names as its measure; remembered until it changes.")
]  # fmt: skip
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``lintas``."""
    for function in (plan, estimate, batch, status, retry, extend, collect, compact, sensitivity):
        app.command()(function)
    from experiments.analysis.compare import compare_command

    app.command("compare")(compare_command)
    from experiments.cli import calibrate as calibrate_commands

    calibrate_commands.register(app)


def plan(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="S", help="The study folder to make.")],
    dry_run: DryRun = False,
    lang: Language = "en",
) -> None:
    """Turn a study file into a plan: a folder with a row for each run."""
    _ = translator(check_language(lang))
    from experiments.runs.identity import command_line
    from experiments.studies import design
    from experiments.studies.plan import check_size, make, n_runs
    from experiments.studies.study import Study

    read = Study.load(at_home(study))
    if dry_run:
        check_size(read)
        print(_words_of_plan(_, n_runs(read), design.n_points(read), len(read.arms()), read.replicates))
        return
    count = make(read, at_home(out), command_line(), trust=False)
    print(_words_of_plan(_, count, design.n_points(read), len(read.arms()), read.replicates))
    if count < n_runs(read):
        print(_("{n} runs were planned more than once and are run once.").format(n=n_runs(read) - count))
    print(_("Next: lintas estimate {folder}, then lintas batch {folder}").format(folder=out))


def _words_of_plan(_: Translate, runs: int, points: int, arms: int, replicates: int) -> str:
    said = _("{runs} runs: {points} points × {arms} arms × {replicates} replicates")
    return said.format(runs=runs, points=points, arms=arms, replicates=replicates)


def estimate(
    folder: Folder,
    workers: Workers = None,
    pilot: Annotated[str, typer.Option("--pilot", metavar="N", help="Runs of the pilot; they count as done.")] = "24",
    trust: Trust = False,
    as_json: Json = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Run a short pilot and say what the rest of the study will cost."""
    _ = translator(check_language(lang))
    from experiments.execution import batch as batches

    n, size = _workers(workers), _whole("--pilot", pilot, 1, 1_000_000)
    ask_trust(_, at_home(folder), trust)
    with show_progress(_, quiet) as tell, exit_codes(_, folder):
        guess = batches.estimate(at_home(folder), workers=n, pilot=size, progress=tell)
    if as_json:
        print(json.dumps(guess.to_dict(), indent=2))
        return
    hours = [h * guess.left / 3600 for h in (guess.low, guess.high)]
    print(_("{left} of {total} runs are left; the pilot ran {pilot}").format(left=guess.left, total=guess.total, pilot=guess.pilot))
    print(_("{seconds:.2f} s a run, {hours:.2f} core-hours (95 % interval {low:.2f} to {high:.2f})").format(
        seconds=guess.seconds, hours=guess.cpu_hours, low=hours[0], high=hours[1]))  # fmt: skip
    print(_("{chunk} runs in a chunk; workers are expected to be {share:.0f} % busy; {size} on disk").format(
        chunk=guess.chunk, share=100 * guess.efficiency, size=_bytes(guess.bytes_a_run * guess.total)))  # fmt: skip
    for count in sorted(guess.walls):
        print(_("with {n} workers: {time}").format(n=count, time=duration(guess.wall(count))))


def batch(
    folder: Annotated[Path, typer.Argument(metavar="S", help="The study folder, or a study file to be planned into --out first.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where a study file is planned; default results/<name>.")
    ] = None,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    allow_drift: Drift = False,
    trust: Trust = False,
    chunk_seconds: Annotated[str, typer.Option("--chunk-seconds", metavar="T", help="How long a chunk of runs should last.")] = "7",
    dry_run: DryRun = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Run what a study lacks: safe to interrupt, the same command goes on."""
    _ = translator(check_language(lang))
    from experiments.runs.identity import command_line
    from experiments.studies import design
    from experiments.studies import trust as trusts
    from experiments.studies.plan import check_size, make, n_runs
    from experiments.studies.study import Study

    folder, seconds = at_home(folder), _seconds(chunk_seconds)
    if folder.suffix == ".toml" and not os.path.isdir(folder):
        study = Study.load(folder)
        folder = at_home(out) if out is not None else Path("results") / study.name
        if not dry_run:
            trusts.ask(_, study.measure, trust)
        if is_there(folder / "manifest.json"):
            _check_same(folder, study)
        elif dry_run:
            check_size(study)
            print(_words_of_plan(_, n_runs(study), design.n_points(study), len(study.arms()), study.replicates))
            return
        else:
            make(study, folder, command_line(), trust=False)
    elif out is not None:
        raise UserError("-o goes with a study file; a study folder is run where it stands")
    _drive(_, folder, workers, slurm, scheduler_file, allow_drift, (), seconds, dry_run, quiet, lang, trust)


def _check_same(folder: Path, study: Any) -> None:
    """Refuse to go on with a study folder that was planned from another file, other scenarios or another table."""
    from experiments.studies.plan import check_table, read_study_manifest

    manifest = read_study_manifest(folder)
    there, here = manifest["study"], json.loads(json.dumps(study.to_dict()))
    is_other = {**there, "replicates": 0} != {**here, "replicates": 0}  # an extension adds replicates
    if is_other or any(study.scenario(n).hash != s["hash"] for n, s in manifest["scenarios"].items()):
        raise UserError(f"'{shorten(folder)}' holds another study than the file says; name a new folder with -o")
    check_table(manifest)
    if here["replicates"] > there["replicates"]:
        raise UserError(
            f"the file says replicates = {here['replicates']}, the study in '{shorten(folder)}' has {there['replicates']}: "
            f"add them with 'lintas extend {shorten(folder)} --replicates {here['replicates']}'"
        )


def retry(
    folder: Folder,
    statuses: Annotated[list[str], typer.Option("--status", metavar="STATUS", help="failed, killed or timeout (may be repeated).")],
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    allow_drift: Drift = False,
    trust: Trust = False,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Run rows again that did not end well (and whatever is missing)."""
    _ = translator(check_language(lang))
    from agents.core.declare import near
    from experiments.studies.store import STATUSES

    for said in statuses:
        if said not in STATUSES[1:]:
            raise UserError(
                f"--status {shorten(said)}: rows can be run again that are {', '.join(STATUSES[1:])}; {near(shorten(said), STATUSES[1:])}"
            )
    _drive(_, at_home(folder), workers, slurm, scheduler_file, allow_drift, tuple(statuses), 7.0, dry_run, quiet, lang, trust)


def _drive(
    _: Translate, folder: Path, workers: str | None, slurm: Path | None, scheduler_file: Path | None, allow_drift: bool, again: tuple[str, ...],
    seconds: float, dry_run: bool, quiet: bool, lang: str, trust: bool,
) -> None:  # fmt: skip
    from experiments.execution.drive import drive
    from experiments.studies.collect import status as status_of

    make, before = engine_of(folder, workers, slurm, scheduler_file, lang)
    if dry_run:
        now = status_of(folder, failures=0)
        todo = now.missing + sum(now.counts[s] for s in again)
        print(_("{todo} of {total} runs would be run").format(todo=todo, total=now.total))
        return
    ask_trust(_, folder, trust)
    with show_progress(_, quiet) as tell, exit_codes(_, folder), terminated_is_interrupted():
        report = drive(folder, make, again=again, allow_drift=allow_drift, progress=tell, chunk_seconds=seconds, before=before)
    say_report(_, report, folder)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _seconds(text: str) -> float:
    from experiments.options import finite_number

    return finite_number("--chunk-seconds", text, low=0.05, high=3600.0)


def ask_trust(_: Translate, folder: Path, trust: bool) -> None:
    """Before a study is run: whether its Python file may be run, where it names one."""
    from experiments.studies import trust as trusts
    from experiments.studies.plan import read_study_manifest

    trusts.ask(_, read_study_manifest(folder)["study"].get("measure"), trust)


def say_report(_: Translate, report: Report, folder: Path) -> None:
    """How a drive ended, in words."""
    print(_("{ok} of {total} runs are well; {ran} were run now, in {time}").format(
        ok=report.counts.get("ok", 0), total=report.total, ran=report.ran, time=duration(report.seconds)))  # fmt: skip
    if report.busy_fraction is not None and report.ran:
        print(_("workers were busy {share:.0f} % of the time; {deaths} of them died").format(
            share=100 * report.busy_fraction, deaths=report.deaths))  # fmt: skip
    if report.set_aside:
        print(_("{n} damaged parts were moved to results/damaged; runs that no other part holds were run again").format(n=report.set_aside))
        for cause in report.causes[:SHOWN]:
            print(f"  {_plain(cause)}")
    bad = {s: n for s, n in report.counts.items() if s != "ok" and n}
    if bad:
        print(_("not well: {counts}; see them with 'lintas status {folder}', run them again with 'lintas retry {folder} --status …'").format(
            counts=", ".join(f"{n} {s}" for s, n in bad.items()), folder=folder))  # fmt: skip


def status(
    folder: Folder,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every few seconds until every run has its row.")] = False,
    as_json: Json = False,
    lang: Language = "en",
) -> None:
    """Say how far a study is, and which runs failed why; works at any moment."""
    _ = translator(check_language(lang))
    from experiments.studies.collect import status as status_of

    folder = at_home(folder)
    while True:
        now = status_of(folder)
        if as_json:
            print(json.dumps(now.to_dict(), indent=2))
        else:
            counts = ", ".join(f"{n} {s}" for s, n in now.counts.items() if n or s == "ok")
            print(_("{total} runs: {counts}, {missing} missing").format(total=now.total, counts=counts, missing=now.missing))
            if now.driver:
                print(_("a driver is registered: {driver}").format(driver=now.driver))
            if now.rate is not None and now.missing:
                line = _("{rate:.2f} runs a second lately").format(rate=now.rate)
                print(line + (", " + _("{time} to go").format(time=duration(now.eta)) if now.eta is not None else ""))
            for path, reason in now.damaged:
                print(_("damaged part {part}: its runs count as missing and 'lintas batch' runs them again").format(part=_plain(path.name)))
                print(f"    {_plain(reason)}")
            if len(now.versions) > 1:
                print(
                    _("rows of {n} model versions: {versions}").format(
                        n=len(now.versions), versions=_plain(", ".join(sorted(now.versions)))
                    )
                )
            if now.outside:
                print(_("{n} runs in the parts are not in the plan").format(n=now.outside))
            for run_id, how, cause in now.failures:
                print(f"  {run_id}  {how}  {_plain(cause)}")
        if not watch or now.missing == 0:
            return
        time.sleep(5.0)


def extend(
    folder: Folder,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            "--precision", metavar="TARGET=H", help="Add replicates until half the 95 % interval of TARGET is at most H (may be repeated)."
        ),
    ] = None,
    replicates: Annotated[str | None, typer.Option("--replicates", metavar="N", help="Extend to so many replicates.")] = None,
    most: Annotated[str | None, typer.Option("--most", metavar="N", help="Stop at so many replicates; default 1000.")] = None,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    trust: Trust = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Add replicates: to a number, or until intervals are narrow enough."""
    _ = translator(check_language(lang))
    from experiments.execution import batch as batches
    from experiments.execution.drive import drive, holding
    from experiments.studies import plan as plans
    from experiments.studies import store

    folder = at_home(folder)
    if not precision and replicates is None:
        raise UserError("say how far to extend: --replicates N, or --precision TARGET=H such as --precision NAME=0.05")
    # everything that was typed is looked at before anything is written or run
    number = None if replicates is None else _whole("--replicates", replicates, 1)
    at_most = None if most is None else _whole("--most", most, 2)
    wanted = parse_precision(precision or [])
    batches.check_extension(folder, number, wanted, at_most)
    store.check_writable(folder)
    make, before = engine_of(folder, workers, slurm, scheduler_file, lang)
    ask_trust(_, folder, trust)
    with show_progress(_, quiet) as tell, exit_codes(_, folder), terminated_is_interrupted(), holding(folder, tell) as hold:
        # what it says now, since this is the one driver
        plans.check_drift(folder, batches.check_extension(folder, number, wanted, at_most), False)
        if number is not None:
            added = plans.extend(folder, number)
            if not quiet:
                print(_("{n} runs were added to the plan").format(n=added))
        report = drive(folder, make, progress=tell, before=before, hold=hold)
        found = []
        if wanted:
            found, last = batches.extend_to(folder, wanted, make, most=at_most or batches.MOST_REPLICATES, progress=tell, hold=hold)
            report = last or report
    for p in found:
        reached = p.half_width <= p.wanted
        said = _("{target}: ± {width:.4g} (wanted ± {wanted:g})") if reached else _("{target}: ± {width:.4g}, wanted ± {wanted:g}: not reached, it would take {n} replicates")  # fmt: skip
        print(said.format(target=p.target, width=p.half_width, wanted=p.wanted, n=p.replicates_needed))
    say_report(_, report, folder)
    if report.exit_code or any(p.half_width > p.wanted for p in found):
        raise typer.Exit(report.exit_code or 3)


def collect(
    folder: Folder,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="A .parquet or .csv file.")],
    mixed: Annotated[bool, typer.Option("--mixed", help="Also when rows come from several model versions.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is no table of this study.")] = False,
    lang: Language = "en",
) -> None:
    """Write a study's rows as one table, in the plan's order; works while the study runs."""
    _ = translator(check_language(lang))
    from experiments.studies.collect import write_collected

    lines, counts = write_collected(at_home(folder), at_home(out), mixed=mixed, overwrite=overwrite)
    print(_("{lines} lines of {runs} runs ({counts}) in {file}").format(
        lines=lines, runs=sum(counts.values()), counts=", ".join(f"{n} {s}" for s, n in sorted(counts.items())), file=out))  # fmt: skip


def compact(folder: Folder, lang: Language = "en") -> None:
    """Merge a study's many small parts into few large ones."""
    _ = translator(check_language(lang))
    from experiments.execution import waits
    from experiments.execution.drive import PATIENCE
    from experiments.studies.store import compact as merge

    def watching(where: str) -> None:
        print(f"lintas: {words_of(_, waits.Note(waits.WATCHED, {'where': where, 'limit': PATIENCE}))}", file=sys.stderr, flush=True)

    before, after = merge(at_home(folder), watching=watching)
    print(_("{before} parts are now {after}").format(before=before, after=after))


def sensitivity(
    folder: Folder,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="A summary, or OUTPUT:SIDE:FIRST-LAST; default all summaries (may be repeated)."),
    ] = None,
    method: Annotated[str | None, typer.Option("--method", metavar="NAME", help="Default: what goes with the study's design.")] = None,
    discover: Annotated[
        str | None,
        typer.Option("--discover", metavar="above|below", help="Find the ranges in which the target lies beyond --threshold (PRIM)."),
    ] = None,
    threshold: Annotated[str | None, typer.Option("--threshold", metavar="X", help="Goes with --discover.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where tables and figures go; default S/sensitivity.")
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Also when rows come from several model versions.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are not of this study.")] = False,
    as_json: Json = False,
    lang: Language = "en",
) -> None:
    """Say what the outcomes of a study depend on, with intervals and figures."""
    from experiments.analysis.sensitivity import sensitivity_command
    from experiments.options import finite_number

    limit = None if threshold is None else finite_number("--threshold", threshold)
    place = None if out is None else at_home(out)
    raise typer.Exit(
        sensitivity_command(at_home(folder), target, method, discover, limit, place, as_json, lang, mixed=mixed, overwrite=overwrite)
    )


def rerun_row(_: Translate, folder: Path, run_id: str, quiet: bool, trust: bool = False) -> int:
    """Run one row of a study again and compare it with the row there is, bit for bit; the exit code is 1 when they differ."""
    from experiments.execution.rerun import rerun_of_study

    ask_trust(_, folder, trust)
    found = rerun_of_study(folder, run_id)
    if not quiet:
        if found.stored is None:
            print(_("run {run_id} has no row yet; it gives {status}").format(run_id=run_id, status=found.status))
        elif found.differs:
            print(_("run {run_id} differs: {where}").format(run_id=run_id, where=found.differs))
        elif found.status in ("killed", "timeout"):
            print(_("run {run_id} ends as it did: {status} ({cause})").format(run_id=run_id, status=found.status, cause=found.cause))
        else:
            print(_("run {run_id} gives the same row, bit for bit").format(run_id=run_id))
    return 1 if found.differs else 0


# --- engines, progress, ends ---------------------------------------------------------------------------------------------


def engine_of(
    folder: Path, workers: str | None, slurm: Path | None, scheduler_file: Path | None, lang: str = "en"
) -> tuple[Callable[[], Engine], Callable[[], None] | None]:
    """A function that makes the engine, and what is to be done once this is the only driver."""
    from experiments.execution.batch import local_engine
    from experiments.studies.plan import read_study_manifest

    read_study_manifest(folder)
    n = _workers(workers)
    if slurm is None and scheduler_file is None:
        return (lambda: local_engine(folder, n)), None
    if slurm is not None and scheduler_file is not None:
        raise UserError("--slurm and --scheduler-file are two ways to get workers; keep one")
    if n is not None:
        raise UserError("--workers is for this machine; on a cluster the number of workers stands in slurm.toml")
    from experiments.execution import slurm as cluster

    if scheduler_file is not None:
        file = cluster.check_scheduler_file(folder, at_home(scheduler_file))
        return (lambda: cluster.waiting_engine(folder, file, lang)), None
    assert slurm is not None
    settings = cluster.SlurmSettings.load(at_home(slurm))
    name = cluster.job_name(folder)

    def cancel() -> None:
        cluster.cancel_jobs(name)

    return (lambda: cluster.engine(folder, settings, name)), cancel


class StudyInterrupted(InterruptedAfterwards):
    """An interruption of a study, whose rows are safe."""

    def __init__(self, sentence: str) -> None:
        Exception.__init__(self, sentence)


@contextlib.contextmanager
def exit_codes(_: Translate, folder: Path) -> Iterator[None]:
    """What ends a study early, as a sentence and an exit code; what was stored is safe each time."""
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
            raise  # a mistake of the user, not a loss
        print(f"lintas: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise StudyInterrupted(
            _("interrupted; what was stored in {folder} is safe, the same command goes on").format(folder=folder)
        ) from None


@contextlib.contextmanager
def terminated_is_interrupted() -> Iterator[None]:
    """Let a request to end (a batch system's, before it kills) end the study as Ctrl-C does."""

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


@contextlib.contextmanager
def show_progress(_: Translate, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """A bar with rate and time left; where there is no terminal, a line now and then (a cluster's log)."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)

    def show_notes(p: Any) -> None:
        while getattr(p, "notes", None):
            print(f"lintas: {words_of(_, p.notes.pop(0))}", file=sys.stderr, flush=True)

    def words(p: Any) -> str:
        bad = sum(n for s, n in p.counts.items() if s != "ok")
        parts = [_("{rate:.1f} runs/s").format(rate=p.rate), _("{time} to go").format(time=duration(p.eta) if p.eta is not None else "–")]
        if bad:
            parts.append(_("{n} not well").format(n=bad))
        return f"{p.done}/{p.total}  " + ", ".join(parts)

    if not console.is_terminal:
        last = [0.0]

        def line(p: Any) -> None:
            show_notes(p)
            now = time.monotonic()
            if p.total and (now - last[0] >= 30.0 or p.done == p.total):
                last[0] = now
                print(words(p), file=sys.stderr, flush=True)

        yield line
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=console, transient=True
    ) as bar:
        task = bar.add_task(_("starting workers"), total=None)

        def step(p: Any) -> None:
            show_notes(p)  # (rich prints above the bar what goes to the same stream)
            if p.done or p.slots:
                bar.update(task, total=p.total, completed=p.done, description=words(p))

        yield step


def words_of(_: Translate, note: Note) -> str:
    """A note in the reader's language."""
    places = {k: duration(float(v)) if k in ("time", "limit") else v for k, v in note.places.items()}
    return _(note.sentence).format(**places)


def _plain(text: str) -> str:
    """A text out of a file, without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in shorten(text, 400))


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _workers(text: str | None) -> int | None:
    return None if text is None else _whole("--workers", text, 1, 4096)


def _whole(option: str, text: str, low: int, high: int = MOST_WHOLE) -> int:
    return whole_number(option, text, low=low, high=high)


def at_home(path: Path) -> Path:
    """A path with a leading ``~`` written out."""
    return Path(written_out(str(path)))
