"""``lintas compare``: two scenarios run with the same seeds, over the draws of a posterior or not, or the scenarios of a study."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import shorten
from experiments.cli.driving import Engines, drive_quietly
from experiments.cli.options import Json, Language, Quiet, SchedulerFile, Slurm, Workers, at_home, load_posterior, load_scenario
from experiments.cli.progress import show_progress
from experiments.options import DEFAULT_REGION, check_end, parse_changes, seed_number, whole_number
from experiments.options import at_home as written_out
from experiments.words.languages import check_language, translator

if TYPE_CHECKING:
    from abm import Scenario
    from experiments.analysis.differences import Comparison


def register(app: typer.Typer) -> None:
    """Add the command to ``lintas``."""
    app.command()(compare)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The scenario to compare with (a name or file), or a study folder.")],
    b: Annotated[str | None, typer.Argument(metavar="[B]", help="The scenario that is compared; none with a study folder.")] = None,
    replicates: Annotated[
        str | None, typer.Option("--replicates", metavar="N", help="Runs of each, with the same seeds; default 8, of each draw 2.")
    ] = None,
    households: Annotated[str | None, typer.Option("--households", "-n", metavar="N", help="Simulated households; default 1000.")] = None,
    seed: Annotated[str | None, typer.Option("--seed", metavar="K", help="Seed that the replicates' seeds come from; default 1.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", metavar="NAME|DIR", help="A shipped region or a region folder.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="YYYY-MM", help="Last month of both.")] = None,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="PARAMETER=VALUE", help="Change a parameter in B.")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", metavar="MECHANISM", help="Switch a mechanism off in B.")] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="NAME", help="The scenario of a study that others are compared with.")
    ] = None,
    output: Annotated[list[str] | None, typer.Option("--output", metavar="NAME", help="An indicator to show (may be repeated).")] = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="FIRST-LAST", help="Years of the sentence; default the last three.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results; default results/compare-A-B.")] = None,
    posterior: Annotated[bool, typer.Option("--posterior", help="Over draws of the posterior that ships for the region.")] = False,
    posterior_from: Annotated[
        Path | None, typer.Option("--posterior-from", metavar="DIR", help="Over draws of the posterior in this folder.")
    ] = None,
    draws: Annotated[str | None, typer.Option("--draws", metavar="N", help="Draws of the posterior; default 50.")] = None,
    allow_drift: Annotated[
        bool, typer.Option("--allow-drift", help="Use a posterior of another model version or of other data; it is recorded.")
    ] = False,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Take rows of several model versions of a study together.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another comparison that the folder holds.")] = False,
    in_json: Json = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Compare two scenarios run with the same seeds, or the scenarios of a study."""
    from experiments.analysis.differences import CompareError
    from experiments.reports.compare import as_json, origin, show, write

    _ = translator(check_language(lang))
    span, wanted, code = _years(years), list(dict.fromkeys(output or [])), 0
    engines = Engines(workers, slurm, scheduler_file)
    if not posterior and posterior_from is None:
        engines.refuse_without_draws()
    if b is None:
        given = {
            "--replicates": replicates, "--households": households, "--seed": seed, "--region": region, "--end": end, "--set": changes,
            "--without": without, "--posterior": posterior, "--posterior-from": posterior_from, "--draws": draws, "--allow-drift": allow_drift,
        }  # fmt: skip
        for option, value in given.items():
            if value:
                raise CompareError(f"{option} goes with two scenarios; a study folder is compared as it was run")
        parts, place, more = _of_study(_study_folder(at_home(Path(a)), a), baseline, wanted, span, mixed, out, overwrite)
    else:
        if baseline is not None:
            raise CompareError("--baseline goes with a study folder; of two scenarios the first is the one compared with")
        over = None
        if posterior or posterior_from is not None:
            over = Over(posterior_from, draws or "50", allow_drift, engines)
        elif draws is not None or allow_drift:
            raise CompareError("--draws and --allow-drift go with --posterior or --posterior-from")
        pair = _two(a, b, replicates, households, seed, region, end, changes, without, over)
        parts, place, more, code = _of_two(pair, wanted, span, out, quiet, lang, overwrite)
    write(parts, place, origin() | more, lang, overwrite=overwrite)
    if in_json:
        print(as_json(parts, lang))
    else:
        for part in parts:
            show(part, lang, is_study=b is None)
        print(_("Differences and figures: {folder}").format(folder=place))
    if code:  # some runs did not end well; the comparison is that of the others
        raise typer.Exit(code)


def _of_study(
    folder: Path, baseline: str | None, wanted: list[str], span: tuple[int, int] | None, mixed: bool, out: Path | None, overwrite: bool
) -> tuple[list[Comparison], Path, dict[str, Any]]:
    """The comparisons of a study's scenarios, where they go, and what the manifest says of them."""
    from experiments.analysis.compare import compare_study
    from experiments.reports.compare import check_out, slug
    from experiments.studies.plan_files import read_study_manifest

    asked: dict[str, Any] = {"study": str(folder.absolute()), "baseline": baseline, "outputs": wanted, "years": span, "mixed": mixed}
    place = check_out(at_home(out), asked, overwrite=overwrite) if out is not None else None
    parts = compare_study(folder, baseline, outputs=wanted, years=span, mixed=mixed)
    place = place or check_out(folder / f"compare-{slug(parts[0].a)}", asked, overwrite=overwrite)
    study = read_study_manifest(folder)
    return parts, place, {
        "asked": asked, "study": str(folder), "baseline": parts[0].a, "study_model_version": study["model_version"],
        "seed": study["study"]["seed"], "scenarios": {n: s["hash"] for n, s in study["scenarios"].items()},
    }  # fmt: skip


@dataclass(frozen=True)
class Over:
    """The draws of a posterior that a comparison is to be made over, as typed."""

    folder: Path | None
    draws: str
    allow_drift: bool
    engines: Engines


@dataclass(frozen=True)
class Pair:
    """Two scenarios and how they are to be run, read from what was typed."""

    first: Scenario
    second: Scenario
    region: str
    households: int
    seed: int
    replicates: int
    over: Over | None


def _two(
    a: str, b: str, replicates: str | None, households: str | None, seed: str | None, region: str | None, end: str | None,
    changes: list[str] | None, without: list[str] | None, over: Over | None,
) -> Pair:  # fmt: skip
    from experiments.runs.posterior import MOST_DRAWS

    n = whole_number("--replicates", replicates or ("8" if over is None else "2"), low=1 if over is None else 2, high=MOST_DRAWS)
    size, start = whole_number("--households", households or "1000", low=1), seed_number("--seed", seed or "1")
    if end is not None:
        check_end(end)
    first, second = load_scenario(a, {}, [], end), load_scenario(b, parse_changes(changes or []), without or [], end)
    if second.name == first.name and second.hash != first.hash:
        second = replace(second, name=f"{second.name}-changed")
    return Pair(first, second, written_out(region) if region is not None else DEFAULT_REGION, size, start, n, over)


def _of_two(
    pair: Pair, wanted: list[str], span: tuple[int, int] | None, out: Path | None, quiet: bool, lang: str, overwrite: bool
) -> tuple[list[Comparison], Path, dict[str, Any], int]:
    """The comparison of two scenarios that are run now, where it goes, what the manifest says of it, and the exit code (3: some runs failed)."""
    from experiments.analysis.compare import check_outputs, compare_scenarios, yearly_outputs
    from experiments.analysis.differences import CompareError
    from experiments.execution.engine import EngineLost
    from experiments.reports.compare import check_out
    from experiments.runs.identity import model_version
    from experiments.studies.draws import FOLDER
    from experiments.studies.plan import seed_of

    over = pair.over
    asked = {
        "a": pair.first.hash, "b": pair.second.hash, "region": pair.region, "households": pair.households, "seed": pair.seed,
        "replicates": pair.replicates, "outputs": wanted, "years": span, "model_version": model_version(),
        "posterior": None if over is None else [None if over.folder is None else str(over.folder.absolute()), over.draws],
    }  # fmt: skip
    place = at_home(out) if out is not None else _default_place(pair.first, pair.second, asked)
    check_out(place, asked, overwrite=overwrite, unfinished="" if over is None else FOLDER)
    check_outputs(wanted, yearly_outputs())
    said = {
        "asked": asked, "a": {"hash": pair.first.hash, "scenario": pair.first.to_dict()},
        "b": {"hash": pair.second.hash, "scenario": pair.second.to_dict()}, "region": pair.region, "households": pair.households,
        "seed": pair.seed,
    }  # fmt: skip
    if over is not None:
        part, drift, code = _over_draws(pair, over, place, wanted, span, quiet, lang, overwrite)
        return [part], place, said | drift, code
    try:
        with show_progress(translator(lang), quiet) as tell:
            part = compare_scenarios(
                pair.first, pair.second, replicates=pair.replicates, households=pair.households, seed=pair.seed, region=pair.region, outputs=wanted,
                years=span, progress=tell,
            )  # fmt: skip
    except EngineLost as error:
        raise CompareError(f"the workers were lost ({shorten(error)}); nothing was written, start the comparison again") from None
    return [part], place, said | {"seeds": [seed_of(pair.seed, k) for k in range(pair.replicates)]}, 0


def _over_draws(
    pair: Pair, over: Over, place: Path, wanted: list[str], span: tuple[int, int] | None, quiet: bool, lang: str, overwrite: bool
) -> tuple[Comparison, dict[str, Any], int]:
    """The comparison over the draws of a posterior, run as a study in the results folder, what the manifest says of the draws, and the exit code."""
    from abm import Region
    from experiments.analysis.compare import compare_drawn, pair_over_draws
    from experiments.runs.posterior import MOST_DRAWS, check_posterior
    from experiments.studies.draws import FOLDER, prepare

    draws, data = whole_number("--draws", over.draws, low=2, high=MOST_DRAWS), Region.load(pair.region)
    found = load_posterior(data.id, over.folder)
    drift = check_posterior(found, data, over.allow_drift)
    asked = pair_over_draws(
        pair.first, pair.second, found, draws=draws, replicates=pair.replicates, households=pair.households, seed=pair.seed, region=pair.region
    )  # fmt: skip
    prepare(place / FOLDER, asked, overwrite=overwrite)
    code = drive_quietly(translator(lang), place / FOLDER, over.engines, quiet, lang)
    part = compare_drawn(place / FOLDER, asked, outputs=wanted, years=span)
    posterior = {"id": found.id, "model_version": found.model_version}
    return part, {"draws": draws, "replicates": pair.replicates, "drift": drift, "posterior": posterior}, code


def _default_place(first: Scenario, second: Scenario, asked: Mapping[str, Any]) -> Path:
    """``results/compare-A-B``, with a short hash where the scenarios or what else was asked are not those of their names."""
    from abm import Scenario
    from experiments.reports.compare import slug

    plain = {"region": DEFAULT_REGION, "households": 1000, "seed": 1, "outputs": [], "years": None, "posterior": None, "replicates": 8}
    shipped = all(s.name in Scenario.names() and s.hash == Scenario.load(s.name).hash for s in (first, second))
    name = f"compare-{slug(first.name)}-{slug(second.name)}"
    if not shipped or {k: asked[k] for k in plain} != plain:
        said = json.dumps({k: v for k, v in asked.items() if k != "model_version"}, sort_keys=True)
        name += f"-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    return Path("results") / name


def _study_folder(folder: Path, said: str) -> Path:
    """A study folder; one scenario alone, or any other folder, is refused with what to do."""
    from abm import Scenario
    from experiments.analysis.differences import CompareError

    if not os.path.isdir(folder) and (said in Scenario.names() or folder.suffix == ".toml"):
        raise CompareError(f"one scenario alone ('{shorten(said)}') cannot be compared: name a second one, or a study folder")
    return folder


def _years(said: str | None) -> tuple[int, int] | None:
    from experiments.analysis.differences import CompareError

    if said is None:
        return None
    found = re.fullmatch(r"([0-9]{4})(?:[-–]([0-9]{4}))?", said.strip())
    if not found:
        raise CompareError(f"--years takes FIRST-LAST, such as 1995-1997, found '{shorten(said)}'")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise CompareError(f"--years is {said}: the last year comes before the first")
    return first, last
