"""``lintas run`` and ``lintas rerun``: one history or one for each draw of a posterior, and a run repeated from its manifest."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError
from experiments.cli.driving import Engines, ask_trust, drive_quietly
from experiments.cli.options import (
    Language,
    Out,
    Overwrite,
    Quiet,
    SchedulerFile,
    Slurm,
    Trust,
    Workers,
    load_posterior,
    load_scenario,
    readable,
)
from experiments.cli.progress import show_months
from experiments.files import InterruptedAfterwards
from experiments.options import DEFAULT_REGION, at_home, check_end, parse_changes, seed_number, whole_number
from experiments.words.languages import Translate, check_language, translator

if TYPE_CHECKING:
    from abm import Scenario
    from experiments.runs.repeat import Repeat


def register(app: typer.Typer) -> None:
    """Add the commands to ``lintas``."""
    app.command()(run)
    app.command()(rerun)


def run(
    scenario: Annotated[
        str, typer.Option("--scenario", "-s", metavar="NAME|FILE", help="A shipped scenario or a scenario file.")
    ] = "history",
    region: Annotated[
        str, typer.Option("--region", "-r", metavar="NAME|DIR", help="A shipped region or a region folder.")
    ] = DEFAULT_REGION,
    households: Annotated[str, typer.Option("--households", "-n", metavar="N", help="Simulated households, both sides together.")] = "2000",
    seed: Annotated[str, typer.Option("--seed", metavar="K", help="Seed of the run: the same seed gives the same history.")] = "7",
    end: Annotated[str | None, typer.Option("--end", metavar="YYYY-MM", help="Last month, up to 2030-12.")] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="MECHANISM", help="Switch a mechanism off (may be repeated).")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="PARAMETER=VALUE", help="Change a parameter (may be repeated).")
    ] = None,
    declared: Annotated[
        bool, typer.Option("--declared", help="Use the declared starting values instead of those fitted to the region.")
    ] = False,
    posterior: Annotated[bool, typer.Option("--posterior", help="Run draws of the posterior that ships for the region.")] = False,
    posterior_from: Annotated[
        Path | None, typer.Option("--posterior-from", metavar="DIR", help="Run draws of the posterior in this folder.")
    ] = None,
    draws: Annotated[str | None, typer.Option("--draws", metavar="N", help="Draws of the posterior; default 50.")] = None,
    allow_drift: Annotated[
        bool, typer.Option("--allow-drift", help="Use a posterior of another model version or of other data; it is recorded.")
    ] = False,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    out: Out = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Run one history, or one for each draw of a posterior, and write its tables and report."""
    _ = translator(check_language(lang))
    if end is not None:
        check_end(end)
    numbers = parse_changes(changes or [])
    n_households, run_seed = whole_number("--households", households, low=1), seed_number("--seed", seed)
    from abm.claims.level_file import levels_of
    from abm.region import Region
    from experiments.reports.readings import show_readings
    from experiments.reports.report import page
    from experiments.runs.folder import check_folder, default_folder
    from experiments.runs.run import run as run_model
    from experiments.runs.run import run_said, write_results

    chosen = load_scenario(scenario, numbers, without or [], end)
    engines = Engines(workers, slurm, scheduler_file)
    if posterior or posterior_from is not None:
        if declared:
            raise UserError("--declared and a posterior are two sources of the same values; keep one")
        from experiments.runs.posterior import MOST_DRAWS

        n_draws = whole_number("--draws", draws or "50", low=1, high=MOST_DRAWS)
        _run_posterior(
            chosen, at_home(region), posterior_from, n_draws, n_households, run_seed, allow_drift, engines, out, overwrite, quiet, lang
        )
        return
    engines.refuse_without_draws()
    if draws is not None or allow_drift:
        raise UserError("--draws and --allow-drift go with --posterior or --posterior-from")
    where = "" if region == DEFAULT_REGION else at_home(region)
    named = Path(at_home(str(out))) if out is not None else None
    folder = named or default_folder(chosen, run_seed, households=n_households, region=where, declared=declared)
    check_folder(
        folder,
        run=lambda: run_said(chosen, at_home(region), households=n_households, seed=run_seed, declared=declared),
        overwrite=overwrite,
    )
    levels_of(Region.load(at_home(region)))  # a mistake in them is told before the run
    with show_months(_, quiet) as progress:
        model = run_model(
            chosen, region=at_home(region), households=n_households, seed=run_seed, fitted={} if declared else None, progress=progress
        )  # fmt: skip
    written = write_results(
        model.results, model.manifest(), folder, region=model.region, command_line=["lintas", *_typed()], language=lang, page=page,
        overwrite=overwrite,
    )  # fmt: skip
    with _naming_results(written):
        if quiet:
            print(written)
        else:
            show_readings(model.results, written, lang, region=model.region, is_fitted=bool(model.fitted))


def _run_posterior(
    scenario: Scenario, where: str, source: Path | None, draws: int, households: int, seed: int, allow_drift: bool, engines: Engines,
    out: Path | None, overwrite: bool, quiet: bool, lang: str,
) -> None:  # fmt: skip
    """One run for each draw of a posterior."""
    from abm import Region
    from abm.claims.level_file import levels_of
    from experiments.analysis.draws import read_draws
    from experiments.reports.draws import show_draws, write_draws
    from experiments.runs.folder import check_folder, default_folder
    from experiments.runs.posterior import KIND, check_posterior, run_said
    from experiments.studies.draws import FOLDER, OverDraws, prepare

    region = Region.load(where)
    levels_of(region)  # a mistake in them is told before the runs
    found = load_posterior(region.id, source)
    drift = check_posterior(found, region, allow_drift)
    more = ([f"{draws}-draws"] if draws != 50 else []) + ([found.id] if source is not None else [])
    named = Path(at_home(str(out))) if out is not None else None
    place = named or default_folder(
        scenario, seed, households=households, region="" if where == DEFAULT_REGION else where, kind="posterior", more=more
    )
    said = run_said(found, scenario, region, draws=draws, households=households, seed=seed)
    check_folder(place, KIND, run=said, overwrite=overwrite, unfinished=FOLDER)
    asked = OverDraws(found, (scenario,), where, draws, 1, households, seed, "tables")
    prepare(place / FOLDER, asked, overwrite=overwrite)
    code = drive_quietly(translator(lang), place / FOLDER, engines, quiet, lang)
    runs = read_draws(place / FOLDER, asked, region)
    written = write_draws(runs, place, drift=drift, language=lang, overwrite=overwrite)
    with _naming_results(written):
        if quiet:
            print(written)
        else:
            show_draws(runs, written, lang)
    if code:  # some draws did not end well; the results are those of the others
        raise typer.Exit(code)


def rerun(
    manifest: Annotated[
        Path | None, typer.Argument(metavar="[MANIFEST]", help="The manifest.json of a results folder, or the folder.")
    ] = None,
    study: Annotated[Path | None, typer.Option("--study", metavar="S", help="Repeat one run of this study folder instead.")] = None,
    run_id: Annotated[str | None, typer.Option("--run-id", metavar="ID", help="Which run of the study.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write the repeated run to this folder.")] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="DIR", help="The folder of the region, if it does not ship.")
    ] = None,
    overwrite: Overwrite = False,
    trust: Trust = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Repeat the run of a manifest and say whether its numbers are equal (exit code 1 if not)."""
    from abm.manifest import processor
    from experiments.reports.report import page
    from experiments.runs.folder import check_folder
    from experiments.runs.identity import model_version
    from experiments.runs.manifest import check_results_manifest
    from experiments.runs.repeat import compare_with
    from experiments.runs.repeat import rerun as repeat
    from experiments.runs.run import write_results

    _ = translator(check_language(lang))
    if study is not None or run_id is not None:
        if study is None or run_id is None or manifest is not None or out is not None or region is not None:
            raise UserError(
                "one run of a study is repeated with --study S --run-id ID, and nothing else beside --trust, --quiet and --lang"
            )
        raise typer.Exit(_rerun_row(_, Path(at_home(str(study))), run_id, quiet, trust))
    if trust:
        raise UserError("--trust goes with --study: the run of a results folder runs no Python file")
    manifest, content = _manifest_of(manifest)
    folder = manifest if os.path.isdir(manifest) else manifest.parent
    check_results_manifest(content, manifest)
    if region is not None and isinstance(content.get("region"), dict):
        content["region"] = content["region"] | {"where": at_home(region)}  # its hash must still match
    if out is not None:
        out = check_folder(Path(at_home(str(out))), run=content | {"model_version": model_version()}, overwrite=overwrite)
    with show_months(_, quiet) as progress:
        model = repeat(content, progress=progress)
    found = compare_with(content, folder, model.results)
    if out is not None:
        write_results(
            model.results,
            model.manifest(),
            out,
            region=model.region,
            command_line=["lintas", *_typed()],
            language=lang,
            page=page,
            overwrite=overwrite,
        )
    with _naming_results(out):
        if not quiet:
            _show_tables(_, found)
        if any(row.status == "differs" for row in found):
            then = content.get("processor")
            if isinstance(then, dict) and then != processor():
                print(
                    _(
                        "The numbers of the manifest were made on another kind of processor, which should make no difference: please report it, with both manifests."
                    )
                )
            raise typer.Exit(1)
        if out is not None:
            print(out)


def _show_tables(_: Translate, found: Sequence[Repeat]) -> None:
    """Print for each table whether it is equal, and where it differs first."""
    from experiments.reports.screen import console

    words, shown = {"equal": _("equal"), "differs": _("differs"), "unknown": _("nothing to compare with")}, console()
    for row in found:
        shown.print(f"{row.table:<8} {words[row.status]}" + (f": {row.first_difference}" if row.first_difference else ""), soft_wrap=True)


def _manifest_of(named: Path | None) -> tuple[Path, dict[str, Any]]:
    """The manifest of one run and its path; UserError, with advice, for anything else."""
    from experiments.runs.repeat import read_manifest

    if named is None:
        raise UserError("name the manifest.json of a results folder, or --study S --run-id ID")
    manifest = Path(at_home(str(named)))
    with readable("manifest", manifest):
        content = read_manifest(manifest)
    if content.get("kind") == "lintas posterior results":
        raise UserError(
            "these are runs over the draws of a posterior: repeat one of them with --study DIR/study --run-id ID, or all with the command_line in "
            "their manifest"
        )
    if content.get("kind") == "lintas study":
        raise UserError("this is a study: repeat one of its runs with --study S --run-id ID")
    return manifest, content


def _rerun_row(_: Translate, folder: Path, run_id: str, quiet: bool, trust: bool = False) -> int:
    """Repeat one row of a study and compare it with the stored one, bit for bit; the exit code is 1 when they differ."""
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


@contextlib.contextmanager
def _naming_results(folder: Path | None) -> Iterator[None]:
    """An interruption inside comes after the results were written, so its message names their folder."""
    try:
        yield
    except KeyboardInterrupt:
        if folder is None:
            raise
        raise InterruptedAfterwards(folder) from None


def _typed() -> list[str]:
    return sys.argv[1:] if Path(sys.argv[0]).stem in ("lintas", "cli", "__main__") else ["run"]
