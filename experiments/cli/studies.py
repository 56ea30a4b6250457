"""The commands of a study: plan, estimate, batch, status, retry, extend, collect, compact, and one row again.

Exit codes: 0 all runs are well, 3 some rows are not, 1 the engine or the disk was lost, 2 a mistake in the input, 130 interrupted;
after any interruption the same command continues where it stopped.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abm.errors import UserError, shorten
from experiments.cli.driving import ask_trust, engine_of, exit_codes, harmless, say_report, terminated_is_interrupted
from experiments.cli.options import (
    Drift,
    DryRun,
    Folder,
    Json,
    Language,
    Quiet,
    SchedulerFile,
    Slurm,
    Trust,
    Workers,
    at_home,
    number_of_workers,
)
from experiments.cli.progress import show_progress, words_of
from experiments.options import finite_number, is_there, parse_precision, whole_number
from experiments.words.languages import Translate, check_language, duration, translator

if TYPE_CHECKING:
    from experiments.studies.study import Study


def register(app: typer.Typer) -> None:
    """Add the commands to ``lintas``."""
    for function in (plan, estimate, batch, status, retry, extend, collect, compact):
        app.command()(function)


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
    from experiments.studies.study_file import load_study

    read = load_study(at_home(study))
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

    n, size = number_of_workers(workers), whole_number("--pilot", pilot, low=1, high=1_000_000)
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
        chunk=guess.chunk, share=100 * guess.efficiency, size=_size(guess.bytes_a_run * guess.total)))  # fmt: skip
    for count in sorted(guess.walls):
        print(_("with {n} workers: {time}").format(n=count, time=duration(guess.wall(count))))


def _size(size: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


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
    from experiments.studies.study_file import load_study

    folder, seconds = at_home(folder), _seconds(chunk_seconds)
    if folder.suffix == ".toml" and not os.path.isdir(folder):
        study = load_study(folder)
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
        raise UserError("-o goes with a study file; a study folder is run where it is")
    _drive(_, folder, workers, slurm, scheduler_file, allow_drift, (), seconds, dry_run, quiet, lang, trust)


def _check_same(folder: Path, study: Study) -> None:
    """Refuse to go on with a study folder that was planned from another file, other scenarios or another table."""
    from experiments.studies.drift import check_table
    from experiments.studies.plan_files import read_study_manifest

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
    return finite_number("--chunk-seconds", text, low=0.05, high=3600.0)


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
                print(
                    _("damaged part {part}: its runs count as missing and 'lintas batch' runs them again").format(part=harmless(path.name))
                )
                print(f"    {harmless(reason)}")
            if len(now.versions) > 1:
                print(
                    _("rows of {n} model versions: {versions}").format(
                        n=len(now.versions), versions=harmless(", ".join(sorted(now.versions)))
                    )
                )
            if now.outside:
                print(_("{n} runs in the parts are not in the plan").format(n=now.outside))
            for run_id, how, cause in now.failures:
                print(f"  {run_id}  {how}  {harmless(cause)}")
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
    from experiments.studies import drift, store
    from experiments.studies import plan as plans

    folder = at_home(folder)
    if not precision and replicates is None:
        raise UserError("say how far to extend: --replicates N, or --precision TARGET=H such as --precision NAME=0.05")
    # everything that was typed is looked at before anything is written or run
    number = None if replicates is None else whole_number("--replicates", replicates, low=1)
    at_most = None if most is None else whole_number("--most", most, low=2)
    wanted = parse_precision(precision or [])
    batches.check_extension(folder, number, wanted, at_most)
    store.check_writable(folder)
    make, before = engine_of(folder, workers, slurm, scheduler_file, lang)
    ask_trust(_, folder, trust)
    with show_progress(_, quiet) as tell, exit_codes(_, folder), terminated_is_interrupted(), holding(folder, tell) as hold:
        # what it says now, since this is the one driver
        drift.check_drift(folder, batches.check_extension(folder, number, wanted, at_most), False)
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
