"""The command ``lintas``.

Each command imports what it needs when it is called, so that ``lintas --help`` answers at once. A mistake of the user
gives one sentence on standard error and exit code 2; nothing is left half written.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.cli import studies as study_commands
from experiments.cli.app import open_app
from experiments.options import at_home, bounded, check_end, parse_changes, seed_number, whole_number
from experiments.runs.run import InterruptedAfterwards
from experiments.words.languages import Translate, check_language, mark, translator

if TYPE_CHECKING:
    from rich.console import Console

    from abm import Scenario
    from calibration.posterior import Posterior
    from experiments.runs.run import Progress

PACKAGE_MODULES = ("agents", "abm", "calibration", "experiments")
DEFAULT_REGION = "west-kalimantan-sarawak"
#: Exit code of a fault of the program itself (that of an internal error in sysexits.h).
FAULT = 70

app = typer.Typer(
    name="lintas",
    help="An agent-based model of the communities on the border of Kalimantan and Sarawak, 1980–2015.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def script() -> None:
    """What the command ``lintas`` runs: :func:`main`, then out at once, since taking down the libraries costs a third of a second."""
    gc.set_threshold(100_000, 50, 50)  # a command is short-lived: look for garbage less often while libraries load
    _prepare_streams()
    try:
        code = main()
    except BaseException as error:  # a fault of the program, not of its user
        if os.environ.get("LINTAS_TRACEBACK") or isinstance(error, SystemExit):
            raise
        print(f"lintas: {_unexpected(error)}", file=sys.stderr)
        code = FAULT
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    failure = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "failure", None)
    if failure is not None and not isinstance(failure, BrokenPipeError):
        print(f"lintas: cannot write the output: {failure.strerror or failure}", file=sys.stderr)
        code = code or 2
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def _unexpected(error: BaseException) -> str:
    """One sentence for what no command foresaw."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this; take fewer households or workers"
    if isinstance(error, OSError) and error.errno is not None:
        where = f" '{shorten(error.filename)}'" if error.filename else ""
        return f"the system refused{where}: {error.strerror or error.errno}"
    return f"unexpected {type(error).__name__}: {shorten(error, 300)}; with LINTAS_TRACEBACK=1 the same command shows where, for a report of the fault"


class _Stream(io.FileIO):
    """Standard output or standard error that ends no command: what cannot be written is dropped, and :func:`script` says so at the end.

    A reader that has gone (``lintas parameters | head``) is no failure.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        if self.failure is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.failure = error
        return len(data)


def _prepare_streams() -> None:
    """Output that never ends a command: letters that the terminal does not know become question marks, and a closed stream takes nothing."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (it stays open until the end)
            continue
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if stream.fileno() == number:
                out = io.BufferedWriter(_Stream(number, "w", closefd=False))
                setattr(sys, name, io.TextIOWrapper(out, stream.encoding, "replace", line_buffering=stream.line_buffering or number == 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 (a repeated run differs), 2 (a mistake in the input) or 130 (interrupted)."""
    command = typer.main.get_command(app)
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]

    def refuse(sentence: str) -> int:
        print(f"lintas: {bounded(sentence, given)}", file=sys.stderr)
        return 2

    try:
        _check_text(given)
        outcome = command.main(args=given, prog_name="lintas", standalone_mode=False)
    except UserError as error:
        return refuse(str(error))
    except InterruptedAfterwards as error:
        print(f"lintas: {error}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:
        if type(error).__name__ == "Abort":  # the way the parser hands on an interruption
            return _interrupted()
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # the parser's own refusals
            return refuse(_parser_sentence(error, given, list(getattr(command, "commands", {}))))
        if isinstance(error, ValueError) and type(error).__module__.split(".")[0] in PACKAGE_MODULES:
            return refuse(str(error))
        raise
    if outcome == 130:  # the parser has caught the interruption itself
        return _interrupted()
    return outcome if isinstance(outcome, int) else 0


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no text: no manifest and no message could hold them."""
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise UserError(
                f"the argument '{shorten(argument)}' is no readable text (not UTF-8); rename the file or folder, or write it another way"
            ) from None


def _interrupted() -> int:
    print("lintas: interrupted, nothing was written", file=sys.stderr)
    return 130


def _parser_sentence(error: Any, given: list[str], commands: list[str]) -> str:
    """What the parser of the command line refused, with near matches and where to look."""
    from agents.core.declare import near

    text = str(error.format_message()).rstrip(".")
    unknown = re.match(r"No such command '([^']+)'", text)
    if unknown:
        return f"there is no command '{shorten(unknown[1])}'; {near(shorten(unknown[1]), commands)}"
    where = f"lintas {given[0]} --help" if given and given[0] in commands else "lintas --help"
    return f"{text[0].lower()}{text[1:]}; see '{where}'"


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        with contextlib.suppress(PackageNotFoundError):
            print(f"lintas {version('lintas')}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")] = False,
) -> None:
    """Options that stand before the command."""


Language = Annotated[str, typer.Option("--lang", metavar="en|id|ms", help="Language of the messages and the report.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Results folder; default results/<scenario>-<seed> and what else differs.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the results of another run that the folder holds.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the results folder.")]


# --- lintas run -----------------------------------------------------------------------------------------------------


#: Words by which declarations say what a parameter is for, the shape of its prior, and what its source rests on.
DECLARED = (
    mark("fixed"), mark("uncertain"), mark("lever"), mark("uniform"), mark("log-uniform"), mark("triangular"),
    mark("opened"), mark("recalled"), mark("derived"), mark("judgement"), mark("fact"),
)  # fmt: skip


@app.command()
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
    from experiments.reports.figure_processes import FigureProcesses
    from experiments.runs.run import check_folder, default_folder, write_results
    from experiments.runs.run import run as run_model

    chosen = load_scenario(scenario, numbers, without or [], end)
    if posterior or posterior_from is not None:
        if declared:
            raise UserError("--declared and a posterior are two answers to where values come from; keep one")
        from experiments.runs.posterior import MOST_DRAWS

        n_draws = whole_number("--draws", draws or "50", low=1, high=MOST_DRAWS)
        _run_posterior(chosen, at_home(region), posterior_from, n_draws, n_households, run_seed, allow_drift, out, overwrite, quiet, lang)
        return
    if draws is not None or allow_drift:
        raise UserError("--draws and --allow-drift go with --posterior or --posterior-from")
    where = "" if region == DEFAULT_REGION else at_home(region)
    named = Path(at_home(str(out))) if out is not None else None
    folder = named or default_folder(chosen, run_seed, households=n_households, region=where, declared=declared)
    check_folder(folder, run=lambda: _run_said(chosen, at_home(region), n_households, run_seed, declared), overwrite=overwrite)
    with FigureProcesses() as drawing:
        with show_progress(_, quiet) as progress:

            def told(done: int, total: int) -> None:
                if done == 1:  # libraries are loaded and rules compiled: a second core is free
                    drawing.start_another()
                if progress is not None:
                    progress(done, total)

            model = run_model(
                chosen, region=at_home(region), households=n_households, seed=run_seed, fitted={} if declared else None, progress=told
            )  # fmt: skip
        written = write_results(
            model.results, model.manifest(), folder, region=model.region, command_line=["lintas", *_given()], language=lang,
            page=drawing.begin, overwrite=overwrite,
        )  # fmt: skip
    with standing(written):
        if quiet:
            print(written)
        else:
            show_readings(model.results.yearly, written, lang, is_fitted=bool(model.fitted))


def _run_said(scenario: Scenario, where: str, households: int, seed: int, declared: bool) -> dict[str, Any]:
    """What the manifest of a run will say of which run it is."""
    from importlib import metadata

    from abm import Region
    from abm.fitted import fitted_of
    from experiments.runs.identity import model_version
    from experiments.runs.run import KIND

    region = Region.load(where)
    return {
        "kind": KIND, "lintas": metadata.version("lintas"), "model_version": model_version(), "scenario_hash": scenario.hash,
        "region": {"id": region.id, "hash": region.hash}, "fitted": {"parameters": {} if declared else dict(fitted_of(region).values)}, "households": households,
        "seed": seed,
    }  # fmt: skip


def _run_posterior(
    scenario: Scenario, where: str, source: Path | None, draws: int, households: int, seed: int, allow_drift: bool, out: Path | None,
    overwrite: bool, quiet: bool, lang: str,
) -> None:  # fmt: skip
    """One run for each draw of a posterior."""
    from abm import Region
    from experiments.runs.posterior import KIND, check_posterior, run_draws, run_said, show_draws, write_draws
    from experiments.runs.run import check_folder, default_folder

    region = Region.load(where)
    found = load_posterior(region.id, source)
    drift = check_posterior(found, region, allow_drift)
    more = ([f"{draws}-draws"] if draws != 50 else []) + ([found.id] if source is not None else [])
    named = Path(at_home(str(out))) if out is not None else None
    place = named or default_folder(
        scenario, seed, households=households, region="" if where == DEFAULT_REGION else where, kind="posterior", more=more
    )
    said = run_said(found, scenario, region, draws=draws, households=households, seed=seed)
    check_folder(place, KIND, run=said, overwrite=overwrite)
    with study_commands.show_progress(translator(lang), quiet) as progress:
        runs = run_draws(found, scenario, region, draws=draws, households=households, seed=seed, progress=progress)
    written = write_draws(runs, place, drift=drift, language=lang, overwrite=overwrite)
    with standing(written):
        if quiet:
            print(written)
        else:
            show_draws(runs, written, lang)


def load_posterior(region: str, folder: Path | None) -> Posterior:
    """The posterior in a folder, or the one that ships for a region."""
    from calibration.posterior import Posterior

    return Posterior.load(region) if folder is None else Posterior.load(Path(at_home(str(folder))))


@contextlib.contextmanager
def standing(folder: Path | None) -> Iterator[None]:
    """An interruption in here comes after the results were written, and says where they stand."""
    try:
        yield
    except KeyboardInterrupt:
        if folder is None:
            raise
        raise InterruptedAfterwards(folder) from None


@contextlib.contextmanager
def readable(what: str, name: object) -> Iterator[None]:
    """What the system refuses about a file that the user named (a name too long, no permission), as one sentence."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot read the {what} '{shorten(name)}': {error.strerror or error}; check its name and permissions") from None


def _given() -> list[str]:
    return sys.argv[1:] if Path(sys.argv[0]).stem in ("lintas", "cli", "__main__") else ["run"]


def load_scenario(name: str, changes: dict[str, float], without: Sequence[str], end: str | None) -> Scenario:
    """The scenario with what the command line changes in it."""
    import abm.model  # noqa: F401 – the world's parameters can be set too
    from abm import Scenario

    extra: dict[str, Any] = {} if end is None else {"end": end}
    name = at_home(name)
    with readable("scenario", name):
        return Scenario.load(name, set=changes, without=list(without), **extra)


@contextlib.contextmanager
def show_progress(_: Translate, quiet: bool) -> Iterator[Progress | None]:
    """A bar with the month reached and the time left; before the first month it says what takes so long."""
    if quiet:
        yield None
        return
    import threading

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(_("setting out"), total=None)

        def explain() -> None:
            bar.update(task, description=_("preparing the rules, once after an install or an edit"))

        # Only the first run after an install compiles; a later one is past this before the sentence appears.
        timer = threading.Timer(2.0, explain)
        timer.daemon = True
        timer.start()

        def step(done: int, total: int) -> None:
            timer.cancel()
            year, month = divmod(max(done - 1, 0), 12)
            bar.update(task, total=total, completed=done, description=month_name(1980 + year, month + 1, _))

        try:
            yield step
        finally:
            timer.cancel()


def month_name(year: int, month: int, _: Translate) -> str:
    """``Jan 1987``; a short table of our own, since a locale database takes longer to load than a year to run."""
    names = _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return f"{names[month - 1]} {year}"


def show_readings(yearly: Any, folder: Path, lang: str, *, is_fitted: bool = False) -> None:
    """The table of claims, and where the results stand."""
    from rich.table import Table
    from rich.text import Text

    from experiments.reports.paper import VERDICTS, readings

    _ = translator(lang)
    colours = {"near": "green", "holds": "green", "not near": "red", "does not hold": "red"}
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=["", ""])
    table.add_column(_("the paper says"), ratio=3)
    table.add_column(_("claim and lines"), ratio=2)
    table.add_column(_("this run gave"), ratio=5)
    table.add_column(_("reads as"), ratio=2)
    rows = readings(yearly, lang)
    for reading in rows:
        verdict = Text(_(VERDICTS[reading.verdict]), style=colours.get(reading.verdict, "dim"))
        table.add_row(reading.says, f"{reading.claim} · {reading.lines}", reading.gives, verdict)
    console = _console()
    console.print(table)
    console.print()
    if is_fitted:
        console.print(_("One run with one seed and values fitted to some of these numbers: that it comes near them proves nothing."))
    else:
        console.print(_("One run with one seed and starting values that were not fitted: it can come near a number, it proves nothing."))
    console.print(_("Results: {folder}").format(folder=folder), soft_wrap=True, markup=False, highlight=False)
    console.print(
        _("Open {page} in a browser; 'lintas app' starts the interactive page.").format(page=folder / "report.html"),
        soft_wrap=True,
        markup=False,
    )


def _console() -> Console:
    """Standard output; as wide as the terminal, and wide enough for a table where there is none."""
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    return console


# --- what there is --------------------------------------------------------------------------------------------------


@app.command()
def scenarios(lang: Language = "en") -> None:
    """List the scenarios that ship with the model."""
    from rich.table import Table

    from abm import Scenario

    _ = translator(check_language(lang))
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (_("name"), _("inherits"), _("what it is")):
        table.add_column(heading)
    for name in Scenario.names():
        scenario = Scenario.load(name)
        inherits = scenario.inherits
        table.add_row(name, str(inherits or "–"), f"{_(scenario.title)}. {_(scenario.description)}")
    _console().print(table)


def check_region(region: str) -> None:
    """Refuse a region whose folder is not in order, before anything is said of it."""
    from abm import Region

    with readable("region", region):
        Region.load(at_home(region))


@app.command()
def parameters(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    region: Annotated[
        str, typer.Option("--region", "-r", metavar="NAME|DIR", help="The region whose fitted values stand beside the default.")
    ] = DEFAULT_REGION,
    lang: Language = "en",
) -> None:
    """List every parameter with its unit, range, role, prior and source."""
    from abm.describe import parameter_rows

    _ = translator(check_language(lang))
    check_region(region)
    rows = parameter_rows(at_home(region))
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    console = _console()
    for row in rows:
        spread = f"{row['low']:g} – {row['high']:g}" if row["low"] != row["high"] else "–"
        role = _(row["role"]) if row["prior"] == "none" else f"{_(row['role'])}, {_(row['prior'])}"
        console.print(f"{row['name']} = {row['default']:g} [{_(row['unit'])}]", style="bold", soft_wrap=True)
        console.print(f"    {_(row['label'])}", soft_wrap=True)
        if "fitted" in row:
            console.print(f"    {_('fitted')}: {row['fitted']:g} ({row['posterior']})", soft_wrap=True)
        console.print(
            f"    {_('range')}: {spread}; {_('role')}: {role}; {_('source')}: {row['source']} ({_(row['basis'])})", soft_wrap=True
        )


@app.command()
def describe(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A rule, parameter, field, output, switch or place.")] = None,
    region: Annotated[str, typer.Option("--region", "-r", metavar="NAME|DIR", help="The region whose places are meant.")] = DEFAULT_REGION,
    lang: Language = "en",
) -> None:
    """Explain a name, or the month in order when no name is given."""
    from abm.describe import describe as explain
    from abm.describe import month_rows

    _ = translator(check_language(lang))
    check_region(region)
    console = _console()
    if name is None:
        for row in month_rows():
            console.print(f"{row.number:>3}  {_(row.title)}" + (f"  [{row.rule}]" if row.rule else ""), soft_wrap=True)
            if row.question:
                console.print(f"     {row.question}", soft_wrap=True)
            if row.note:
                console.print(f"     {row.note}", soft_wrap=True)
        return
    for number, described in enumerate(explain(name, region=at_home(region))):
        if number:
            console.print()
        console.print(f"{described.name} — {_(described.kind)}", style="bold", soft_wrap=True)
        for heading, text in described.lines:
            console.print(f"  {_(heading)}: {_(text)}" if heading else f"  {_(text)}", soft_wrap=True)


# --- repeating, looking, measuring ----------------------------------------------------------------------------------


@app.command()
def rerun(
    manifest: Annotated[
        Path | None, typer.Argument(metavar="[MANIFEST]", help="The manifest.json of a results folder, or the folder.")
    ] = None,
    study: Annotated[Path | None, typer.Option("--study", metavar="S", help="Repeat one run of this study folder instead.")] = None,
    run_id: Annotated[str | None, typer.Option("--run-id", metavar="ID", help="Which run of the study.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write the repeated run to this folder.")] = None,
    region: Annotated[
        str | None, typer.Option("--region", "-r", metavar="DIR", help="Where the region stands, if it does not ship.")
    ] = None,
    overwrite: Overwrite = False,
    trust: study_commands.Trust = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Repeat the run of a manifest and say whether its numbers are equal (exit code 1 if not)."""
    from experiments.reports.report import page
    from experiments.runs.identity import model_version
    from experiments.runs.run import check_folder, check_manifest, compare_with, read_manifest, write_results
    from experiments.runs.run import rerun as repeat

    _ = translator(check_language(lang))
    if study is not None or run_id is not None:
        if study is None or run_id is None or manifest is not None or out is not None or region is not None:
            raise UserError(
                "one run of a study is repeated with --study S --run-id ID, and nothing else beside --trust, --quiet and --lang"
            )
        from experiments.cli.studies import rerun_row

        raise typer.Exit(rerun_row(_, Path(at_home(str(study))), run_id, quiet, trust))
    if trust:
        raise UserError("--trust goes with --study: the run of a results folder runs no Python file")
    if manifest is None:
        raise UserError("name the manifest.json of a results folder, or --study S --run-id ID")
    manifest = Path(at_home(str(manifest)))
    with readable("manifest", manifest):
        content = read_manifest(manifest)
        folder = manifest if os.path.isdir(manifest) else manifest.parent
    if content.get("kind") == "lintas posterior results":
        raise UserError("these are runs over the draws of a posterior: repeat them with the command_line in their manifest")
    if content.get("kind") == "lintas study":
        raise UserError("this is a study: repeat one of its runs with --study S --run-id ID")
    check_manifest(content, manifest)
    if region is not None and isinstance(content.get("region"), dict):
        content["region"] = content["region"] | {"where": at_home(region)}  # the hash still has to fit
    if out is not None:
        out = check_folder(Path(at_home(str(out))), run=content | {"model_version": model_version()}, overwrite=overwrite)
    with show_progress(_, quiet) as progress:
        model = repeat(content, progress=progress)
    found = compare_with(content, folder, model.results)
    if out is not None:
        write_results(
            model.results,
            model.manifest(),
            out,
            region=model.region,
            command_line=["lintas", *_given()],
            language=lang,
            page=page,
            overwrite=overwrite,
        )
    with standing(out):
        words = {"equal": _("equal"), "differs": _("differs"), "unknown": _("nothing to compare with")}
        if not quiet:
            console = _console()
            for row in found:
                console.print(
                    f"{row.table:<8} {words[row.status]}" + (f": {row.first_difference}" if row.first_difference else ""), soft_wrap=True
                )
        differing = [row.table for row in found if row.status == "differs"]
        if differing:
            raise typer.Exit(1)
        if out is not None:
            print(out)


app.command(name="app")(open_app)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A short measurement.")] = False,
) -> None:
    """Measure how fast the model runs on this machine."""
    from importlib.util import find_spec

    if find_spec("experiments.cli.bench") is None:
        raise UserError("this installation has no benchmark; install lintas again with its module experiments.cli.bench")
    from importlib import import_module

    arguments = [option for option, given in (("--json", as_json), ("--quick", quick)) if given]
    code = import_module("experiments.cli.bench").main(arguments)
    raise typer.Exit(code if isinstance(code, int) else 0)


study_commands.register(app)


if __name__ == "__main__":
    sys.exit(main())
