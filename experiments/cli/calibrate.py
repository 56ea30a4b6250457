"""``lintas calibrate``: plan a fit, make its prior runs, fit, check, retarget, report. Each command first makes what earlier stages lack.

After an interruption the same command continues; files are written completely or not at all. Exit codes are those of studies.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.cli.driving import engine_of, exit_codes, terminated_is_interrupted
from experiments.cli.options import Json, Language, Quiet, SchedulerFile, Slurm, Workers, at_home
from experiments.cli.progress import show_progress
from experiments.cli.worth import worth
from experiments.words.languages import Translate, check_language, duration, translator

if TYPE_CHECKING:
    from experiments.execution.engine import Engine
    from experiments.fits.fit import Fit

Folder = Annotated[Path, typer.Argument(metavar="F", help="The fit folder.")]

app = typer.Typer(
    name="calibrate", help="Fit the uncertain parameters to the reported facts, and check what was learned.", rich_markup_mode=None
)


def register(main: typer.Typer) -> None:
    """Add the commands to ``lintas``."""
    for function in (plan, bank, fit, check, report, retarget, point, worth, adopt, confirm):
        app.command()(function)
    main.add_typer(app)


@app.callback()
def _start() -> None:
    """Fit the uncertain parameters to the reported facts, and check what was learned."""


def plan(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="F", help="The fit folder to make.")],
    targets: Annotated[Path | None, typer.Option("--targets", metavar="FILE", help="Targets; default: the shipped ones.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", metavar="NAME|DIR", help="A shipped region or a region folder.")] = None,
    points: Annotated[str, typer.Option("--points", metavar="N", help="Prior runs, a power of two.")] = "2048",
    population: Annotated[str, typer.Option("--population", metavar="N", help="Runs of each population after the prior runs.")] = "1024",
    most: Annotated[str, typer.Option("--most", metavar="N", help="Largest number of populations after the prior runs.")] = "6",
    households: Annotated[str, typer.Option("--households", "-n", metavar="N", help="Simulated households of each run.")] = "2000",
    seed: Annotated[str, typer.Option("--seed", metavar="K", help="Seed of everything random in the fit.")] = "1",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="MECHANISM", help="Fit without a mechanism (may be repeated).")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PARAMETER", help="Fit these parameters only, others at declared values (may be repeated)."),
    ] = None,
    priors: Annotated[
        list[str] | None,
        typer.Option("--prior", metavar="PARAMETER=LOW:HIGH", help="A narrower prior than the declared one (may be repeated)."),
    ] = None,
    widen: Annotated[
        str, typer.Option("--widen", metavar="S", help="Widen each prior by this share of its width, within what its unit permits.")
    ] = "0",
    draws: Annotated[str, typer.Option("--draws", metavar="N", help="Draws for predictive runs.")] = "200",
    tests: Annotated[str, typer.Option("--tests", metavar="N", help="Simulated truths of the simulation-based calibration.")] = "256",
    end: Annotated[str, typer.Option("--end", metavar="YYYY-MM", help="Last month of each run.")] = "2015-12",
    lang: Language = "en",
) -> None:
    """Plan a fit: a folder with its targets and its prior runs."""
    _ = translator(check_language(lang))
    from abm.parameters import check_switch
    from abm.reading import check as check_entries
    from abm.simulation import MOST_HOUSEHOLDS
    from experiments.fits.asked import MOST_DRAWS, MOST_POINTS, MOST_POPULATIONS, MOST_SEED, MOST_TESTS, Asked
    from experiments.fits.fit import make
    from experiments.options import DEFAULT_REGION, check_end, whole_number
    from experiments.runs.identity import command_line

    n = whole_number("--points", points, low=64, high=MOST_POINTS)
    if n & (n - 1):
        raise UserError(
            f"--points is {n}: a Sobol sequence is balanced at powers of two only; use {2 ** (n.bit_length() - 1)} or {2 ** n.bit_length()}"
        )
    try:
        wider = float(widen)
    except ValueError:
        raise UserError(f"--widen takes a number, found '{shorten(widen)}'") from None
    if not 0 <= wider <= 1:
        raise UserError(f"--widen is {wider:g}; it must be 0 to 1")
    if not check_end(end).endswith("-12"):
        raise UserError(f"--end is {end}: yearly numbers need whole years, so end a fit in a December")
    said = {
        "region": region or DEFAULT_REGION, "points": n, "population": whole_number("--population", population, low=32, high=MOST_POINTS),
        "most_populations": whole_number("--most", most, low=0, high=MOST_POPULATIONS),
        "households": whole_number("--households", households, low=60, high=MOST_HOUSEHOLDS), "seed": whole_number("--seed", seed, low=0, high=MOST_SEED),
        "end": end, "without": _once("--without", [check_switch(w) for w in without or ()]), "names": _once("--only", only or ()),
        "ranges": [_range(p) for p in priors or ()], "widen": wider, "tests": whole_number("--tests", tests, low=20, high=MOST_TESTS),
        "draws": whole_number("--draws", draws, low=10, high=MOST_DRAWS),
    }  # fmt: skip
    _once("--prior", [name for name, _low, _high in said["ranges"]])
    asked = check_entries(Asked, said, "what was asked")
    file = None if targets is None else at_home(targets)
    manifest = make(at_home(out), asked, file, command_line())
    print(_("{runs} prior runs over {n} parameters are planned in {folder}").format(runs=n, n=len(manifest["parameters"]), folder=out))
    _say_cost(_, _open(out), ("bank", "fit", "check"), lang, None, False)
    print(_("Next: lintas calibrate report {folder} does the rest; bank, fit and check are its stages").format(folder=out))


def bank(
    folder: Folder,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Make the missing prior runs."""
    _ = translator(check_language(lang))
    opened = _open(folder)
    engines = _engines(workers, slurm, scheduler_file, lang)
    if not quiet:
        _say_cost(_, opened, ("bank",), lang, workers, slurm is not None or scheduler_file is not None)
    report_ = _bank(_, opened, engines, quiet)
    if report_:
        raise typer.Exit(report_)


def fit(
    folder: Folder, workers: Workers = None, slurm: Slurm = None, scheduler_file: SchedulerFile = None, quiet: Quiet = False, as_json: Json = False,
    lang: Language = "en",
) -> None:  # fmt: skip
    """Find the posterior: one population after another until there are enough effective draws."""
    _ = translator(check_language(lang))
    opened = _open(folder)
    engines = _engines(workers, slurm, scheduler_file, lang)
    if not quiet and not as_json:
        _say_cost(_, opened, ("bank", "fit"), lang, workers, slurm is not None or scheduler_file is not None)
    found = _fit(_, opened, engines, quiet)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    from experiments.reports.fit_screen import show_fit

    show_fit(found, opened.manifest, opened.targets, lang)


def check(
    folder: Folder, workers: Workers = None, slurm: Slurm = None, scheduler_file: SchedulerFile = None, quiet: Quiet = False, as_json: Json = False,
    lang: Language = "en",
) -> None:  # fmt: skip
    """Check the posterior: coverage, simulated truths, new runs with mechanisms switched off, what each target moves."""
    _ = translator(check_language(lang))
    opened = _open(folder)
    from experiments.fits.conclude import is_concluded

    engines = _engines(workers, slurm, scheduler_file, lang)
    if not quiet and not as_json:
        _say_cost(_, opened, ("fit", "check"), lang, workers, slurm is not None or scheduler_file is not None)
    if not is_concluded(opened):
        _fit(_, opened, engines, quiet)
    found = _check(_, opened, engines, quiet)
    if as_json:
        print(json.dumps(found, indent=2))
        return
    from experiments.fits.files import FIT, read_result
    from experiments.reports.fit_screen import show_check

    show_check(found, read_result(opened.folder / "fit.json", FIT), opened.manifest, opened.targets, lang)


def report(
    folder: Folder,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Write the report; missing prior runs, fit and checks are made first."""
    _ = translator(check_language(lang))
    from experiments.fits.asked import FitError
    from experiments.fits.conclude import is_checked, is_concluded, is_of_this_inference
    from experiments.fits.fit import is_retarget, read_manifest
    from experiments.reports.fit_report import write_report

    place = at_home(folder)
    if not is_retarget(read_manifest(place)):  # a retarget is reported without checks: it has no runs of its own
        opened = _open(folder)
        engines = _engines(workers, slurm, scheduler_file, lang)
        if not quiet:
            _say_cost(_, opened, ("fit", "check"), lang, workers, slurm is not None or scheduler_file is not None)
        if not is_concluded(opened):
            _fit(_, opened, engines, quiet)
        if not is_checked(opened):
            _check(_, opened, engines, quiet)
    elif not is_of_this_inference(place / "fit.json"):
        raise FitError(
            f"'{shorten(place)}' was made by another version of the inference; reweight the runs again with 'lintas calibrate retarget' "
            f"into a new folder"
        )
    for path in write_report(place, lang):
        print(_("Report: {file}").format(file=path))


def retarget(
    folder: Folder,
    targets: Annotated[Path, typer.Option("--targets", metavar="FILE", help="The other targets.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder of the new posterior.")],
    as_json: Json = False,
    lang: Language = "en",
) -> None:
    """Reweight the runs of a fit for other targets, without a new run."""
    _ = translator(check_language(lang))
    from abm.reading import read_text
    from calibration.targets import Targets
    from experiments.fits.retarget import retarget as under

    opened, file = _open(folder), at_home(targets)
    read = Targets.load(file)
    found = under(opened, read, read_text(file, "the target file"), at_home(out))
    if as_json:
        print(json.dumps(found, indent=2))
        return
    from experiments.reports.fit_screen import show_fit

    show_fit(found, opened.manifest, read, lang)


def point(
    folder: Folder,
    starts: Annotated[str, typer.Option("--starts", metavar="N", help="Searches from different starting points.")] = "4",
    as_json: Json = False,
    lang: Language = "en",
) -> None:
    """Show why one best point misleads: several searches give several answers that all meet the targets."""
    _ = translator(check_language(lang))
    from experiments.fits.point import point_fits, to_dict
    from experiments.options import whole_number

    opened = _open(folder)
    searches = whole_number("--starts", starts, low=2, high=100)
    found = to_dict(opened, point_fits(opened, searches))
    if as_json:
        print(json.dumps(found, indent=2))
        return
    from experiments.reports.fit_screen import show_points

    show_points(found, opened.targets, lang)


def adopt(
    folder: Folder,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="Region folder for the central draw; default: the shipped one.")
    ] = None,
    lang: Language = "en",
) -> None:
    """Make a fit the shipped one: its posterior is copied into the package, its central draw becomes the region's fitted values."""
    _ = translator(check_language(lang))
    from experiments.fits.adopt import adopt as take

    places = take(_open(folder), None if into is None else at_home(into))
    for place in places:
        print(_("written: {file}").format(file=place))


def confirm(
    posterior: Annotated[
        str | None, typer.Argument(metavar="[REGION|DIR]", help="A region for which a posterior ships, or a posterior's folder.")
    ] = None,
    lang: Language = "en",
) -> None:
    """Say whether today's model gives the numbers of the model that a posterior was made with (exit code 1 if not); if so, note this in its manifest."""
    _ = translator(check_language(lang))
    from calibration.posterior import folder_of
    from experiments.fits.confirm import RUNS
    from experiments.fits.confirm import confirm as look
    from experiments.options import DEFAULT_REGION
    from experiments.runs.identity import model_version

    name = posterior or DEFAULT_REGION
    differing = look(folder_of(name if name == Path(name).name and not os.path.isdir(name) else at_home(Path(name))))
    if not differing:
        print(_("all tables of {n} runs are equal: the posterior belongs to model {version} too").format(n=RUNS, version=model_version()))
        return
    for row in differing:
        print(_("differs: {what}").format(what=row))
    print(_("{n} of {all} runs differ: a new fit is needed (lintas calibrate plan)").format(n=len(differing), all=RUNS))
    raise typer.Exit(1)


# --- stages -------------------------------------------------------------------------------------------------------------------------


def _range(said: str) -> tuple[str, float, float]:
    name, _sign, bounds = said.partition("=")
    low, _colon, high = bounds.partition(":")
    name = name.strip()
    try:
        a, b = float(low), float(high)
    except ValueError:
        raise UserError(f"--prior takes PARAMETER=LOW:HIGH, found '{shorten(said)}'") from None
    if not (math.isfinite(a) and math.isfinite(b)):
        raise UserError(f"--prior {shorten(name)}: {a:g} to {b:g} is not a range; give two finite numbers as PARAMETER=LOW:HIGH")
    if not a < b:
        why = "has no width" if a == b else "is the wrong way round"
        raise UserError(f"--prior {shorten(name)}: the range {a:g} to {b:g} {why}; write PARAMETER=LOW:HIGH, the lower number first")
    return name, a, b


def _once(option: str, names: Sequence[str]) -> Sequence[str]:
    """UserError for a name that an option gives twice."""
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{option} names '{shorten(name)}' twice; keep one")
    return names


def _say_cost(_: Translate, opened: Fit, stages: Sequence[str], lang: str, workers: str | None, cluster: bool) -> None:
    """Print how long the stages will roughly take, before they start."""
    from experiments.fits.cost import cost_of, words
    from experiments.options import whole_number

    n = None if workers is None else whole_number("--workers", workers, low=1, high=4096)
    said = words(_, cost_of(opened, stages), lang, n, cluster=cluster)
    if said:
        print(said, flush=True)


def _open(folder: Path) -> Fit:
    from experiments.fits.fit import Fit

    return Fit.open(at_home(folder))


def _engines(workers: str | None, slurm: Path | None, scheduler_file: Path | None, lang: str) -> Callable[[Path], Callable[[], Engine]]:
    def engine(folder: Path) -> Callable[[], Engine]:
        make, before = engine_of(folder, workers, slurm, scheduler_file, lang)
        if before is not None:
            before()
        return make

    return engine


def _bank(_: Translate, opened: Fit, engines: Callable[[Path], Callable[[], Engine]], quiet: bool) -> int:
    from experiments.fits.populations import run_bank

    with show_progress(_, quiet) as tell, exit_codes(_, opened.folder), terminated_is_interrupted():
        done = run_bank(opened, engines, tell)
    if not quiet:
        print(_("prior runs: {ok} of {total} ended well, {ran} were made now in {time}").format(
            ok=done.counts.get("ok", 0), total=done.total, ran=done.ran, time=duration(done.seconds)))  # fmt: skip
    return 0 if done.counts.get("ok", 0) else 3


def _fit(_: Translate, opened: Fit, engines: Callable[[Path], Callable[[], Engine]], quiet: bool) -> dict[str, Any]:
    from calibration.conclude import prior_predictive
    from experiments.fits.conclude import conclude
    from experiments.fits.populations import run_populations

    _bank(_, opened, engines, quiet)
    prior_predictive(opened.targets, opened.runs_of(opened.folder / "bank"))

    def told(step: dict[str, Any]) -> None:
        if not quiet:
            print(_("{runs} runs: effective sample size {ess:.0f}, largest weight {weight:.1f} %").format(
                runs=step["runs"], ess=step["ess"], weight=100 * step["largest_weight"]))  # fmt: skip

    with show_progress(_, quiet) as tell, exit_codes(_, opened.folder), terminated_is_interrupted():
        run_populations(opened, engines, tell, told)
    begun = time.process_time()
    found = conclude(opened)
    if not quiet:
        print(_("inference took {time} of one core").format(time=duration(time.process_time() - begun)))
    return found


def _check(_: Translate, opened: Fit, engines: Callable[[Path], Callable[[], Engine]], quiet: bool) -> dict[str, Any]:
    from experiments.fits.check import check as look
    from experiments.fits.predictive import run_predictive

    with show_progress(_, quiet) as tell, exit_codes(_, opened.folder), terminated_is_interrupted():
        run_predictive(opened, engines, tell)
    begun = time.process_time()
    found = look(opened)
    if not quiet:
        print(_("checks took {time} of one core").format(time=duration(time.process_time() - begun)))
    return found
