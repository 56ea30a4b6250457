"""``lintas evidence``: every claim of the paper is run, with and without its mechanism, and judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import shorten
from experiments.cli.driving import Engines, drive_quietly
from experiments.cli.options import Json, Language, Quiet, SchedulerFile, Slurm, Workers, at_home, claim_id, load_posterior
from experiments.options import DEFAULT_REGION, check_end, seed_number, whole_number
from experiments.options import at_home as written_out
from experiments.words.languages import check_language, translator

if TYPE_CHECKING:
    from abm.claims.claim import Claim
    from experiments.evidence.make import Look
    from experiments.evidence.runs import AskedOfRuns

#: Draws of the posterior at most, where nothing else is said, and seeds with the fitted values alone.
DRAWS = 144
#: Households of a run where nothing else is said.
HOUSEHOLDS = 1000


def register(app: typer.Typer) -> None:
    """Add the command to ``lintas``."""
    app.command()(evidence)


def evidence(
    rows: Annotated[list[str] | None, typer.Argument(metavar="[E02 E10 …]", help="The claims; all when left out.")] = None,
    draws: Annotated[
        str | None, typer.Option("--draws", metavar="N", help="Draws of the posterior at most (with --central: seeds); default 144.")
    ] = None,
    central: Annotated[bool, typer.Option("--central", help="The values fitted to the region alone, over seeds.")] = False,
    replicates: Annotated[
        str | None,
        typer.Option("--replicates", metavar="N", help="Runs of each draw in each world; default 1, a draw counts with their mean."),
    ] = None,
    households: Annotated[str | None, typer.Option("--households", "-n", metavar="N", help="Simulated households; default 1000.")] = None,
    seed: Annotated[str | None, typer.Option("--seed", metavar="K", help="Seed that draws and runs come from; default 1.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", metavar="NAME|DIR", help="A shipped region or a region folder.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="YYYY-MM", help="Last month of every run.")] = None,
    claims: Annotated[Path | None, typer.Option("--claims", metavar="FILE", help="A file of claims in place of the shipped ones.")] = None,
    posterior_from: Annotated[Path | None, typer.Option("--posterior-from", metavar="DIR", help="The posterior in this folder.")] = None,
    allow_drift: Annotated[
        bool, typer.Option("--allow-drift", help="Use a posterior of another model version or of other data; it is recorded.")
    ] = False,
    workers: Workers = None,
    slurm: Slurm = None,
    scheduler_file: SchedulerFile = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder of the results; default results/evidence.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another ledger that the folder holds.")] = False,
    interplay: Annotated[
        str | None,
        typer.Option("--interplay", metavar="N", help="Also run a designed experiment over all mechanisms, with N draws (8 is usual)."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 3 when a claim that has a mechanism is found not to hold.")] = False,
    in_json: Json = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> None:
    """Run the paper's claims, with and without their mechanisms, and say which hold."""
    from experiments.evidence.make import make
    from experiments.evidence.runs import FOLDER, MOST_DRAWS
    from experiments.reports.evidence_files import as_json, check_out, write
    from experiments.reports.evidence_screen import show

    _ = translator(check_language(lang))
    chosen, wanted = _claims(claims, rows or [])
    most = whole_number("--draws", draws or str(DRAWS), low=2, high=MOST_DRAWS)
    asked, drift = _asked(central, posterior_from, allow_drift, region, households, replicates, seed)
    if end is not None:
        check_end(end)
    said = _said(asked, chosen, wanted, most, end)
    place = check_out(_place(out, wanted, said), said, overwrite=overwrite, unfinished=FOLDER)
    engines, points = (
        Engines(workers, slurm, scheduler_file),
        0 if interplay is None else whole_number("--interplay", interplay, low=1, high=1000),
    )

    def carry(folder: Path) -> int:
        return drive_quietly(_, folder, engines, quiet, lang)

    def look(found: Look) -> None:
        if not quiet and not in_json:
            sentence = _("after {draws} draws ({runs} runs), patterns still open: {open}")
            typer.echo(sentence.format(draws=found.draws, runs=found.runs, open=found.open), err=True)

    made = make(place, chosen, asked, most, carry, end=end, overwrite=overwrite, tell=look)
    again = _options(asked, said, claims, posterior_from, allow_drift)
    write(made, place, said, drift, asked, lang, options=again)
    code = made.code
    if points:
        code = _interplay(place, chosen, asked, points, carry, end, overwrite, lang, quiet or in_json, said) or code
        write(made, place, said, drift, asked, lang, options=again)  # once more, with a link to its page
    if in_json:
        print(as_json(made, said))
    elif quiet:
        print(place)
    else:
        show(made, lang, asked=asked)
        print(_("Results: {folder}; open {page} in a browser").format(folder=place, page=place / "index.html"))
    failing = [row.claim.id for row in made.ledger.rows if row.is_expected_to_hold and row.verdict == "does not hold"]
    if code or (strict and failing):
        raise typer.Exit(3)


def _interplay(
    place: Path, chosen: Mapping[str, Claim], asked: AskedOfRuns, draws: int, carry: Callable[[Path], int], end: str | None, overwrite: bool, lang: str, quiet: bool, said: Mapping[str, Any],
) -> int:  # fmt: skip
    """Run the experiment over all mechanisms and write its page beside the ledger; returns the exit code of its runs."""
    from experiments.evidence.interplay import Budget, run_interplay
    from experiments.reports.interplay import budget_words, write_interplay
    from experiments.words.languages import LANGUAGES

    def tell(budget: Budget) -> None:
        if not quiet:
            typer.echo(budget_words(budget, lang), err=True)

    found = run_interplay(place, chosen, asked, draws, carry, end=end, overwrite=overwrite, tell=tell)
    write_interplay(found, chosen, place, language=lang, languages=tuple(LANGUAGES), asked=said, index=True)
    return found.code


def _options(
    asked: AskedOfRuns, said: Mapping[str, Any], claims: Path | None, posterior_from: Path | None = None, allow_drift: bool = False
) -> list[str]:
    """Options that make the same runs again, in the words of the command line; files and folders by their names alone."""
    usual: list[tuple[str, Any, Any]] = [
        ("--households", asked.households, HOUSEHOLDS), ("--replicates", asked.replicates, 1), ("--seed", asked.seed, 1), ("--draws", said["draws"], DRAWS),
        ("--end", said["end"], None), ("--claims", None if claims is None else claims.name, None),
        ("--region", None if asked.region == DEFAULT_REGION else Path(asked.region).name, None),
        ("--posterior-from", None if posterior_from is None else posterior_from.name, None),
    ]  # fmt: skip
    found = ["--central"] if asked.posterior is None else ["--allow-drift"] if allow_drift else []
    return found + [word for option, value, default in usual if value != default for word in (option, str(value))]


def _claims(file: Path | None, rows: Sequence[str]) -> tuple[Mapping[str, Claim], tuple[str, ...]]:
    """The claims that are asked for, all of them where none is named; UserError for an unknown one."""
    from abm.claims.claim import claims as shipped
    from abm.claims.claim import read_claims
    from abm.errors import UserError
    from agents.core.declare import near

    known = shipped() if file is None else read_claims(at_home(file))
    wanted = tuple(dict.fromkeys(claim_id(row) for row in rows))
    for row in wanted:
        if row not in known:
            raise UserError(f"there is no claim '{shorten(row)}'; {near(shorten(row), list(known))}")
    return {key: claim for key, claim in known.items() if not wanted or key in wanted}, wanted


def _asked(
    central: bool, posterior_from: Path | None, allow_drift: bool, region: str | None, households: str | None, replicates: str | None, seed: str | None
) -> tuple[AskedOfRuns, list[str]]:  # fmt: skip
    """What is to be run, and in what the model or the data differ from those of the posterior."""
    from abm import Region
    from abm.errors import UserError
    from abm.simulation import HOUSEHOLDS as SIZES
    from experiments.evidence.runs import AskedOfRuns
    from experiments.runs.posterior import check_posterior

    if central and (posterior_from is not None or allow_drift):
        raise UserError("--central uses the values fitted to the region: leave --posterior-from and --allow-drift out")
    name = written_out(region) if region is not None else DEFAULT_REGION
    data = Region.load(name)
    size = whole_number("--households", households or str(HOUSEHOLDS), low=SIZES[0], high=SIZES[1])
    times = whole_number("--replicates", replicates or "1", low=1, high=1000)
    start, drift, found = seed_number("--seed", seed or "1"), [], None
    if not central:
        found = load_posterior(data.id, posterior_from)
        drift = check_posterior(found, data, allow_drift)
    return AskedOfRuns(found, name, size, times, start), drift


def _said(asked: AskedOfRuns, chosen: Mapping[str, Claim], wanted: Sequence[str], draws: int, end: str | None) -> dict[str, Any]:
    """What the ledger depends on, as its manifest says it."""
    from abm import Region
    from abm.fitted import fitted_of
    from experiments.runs.identity import model_version

    text = json.dumps([claim.model_dump(mode="json") for claim in chosen.values()], sort_keys=True, default=str)
    region = Region.load(asked.region)
    return {
        "model_version": model_version(), "claims": hashlib.sha256(text.encode()).hexdigest(), "rows": list(wanted),
        "posterior": None if asked.posterior is None else asked.posterior.id,
        "fitted": dict(sorted(fitted_of(region).values.items())) if asked.posterior is None else None,
        "region": {"id": region.id, "hash": region.hash}, "households": asked.households, "replicates": asked.replicates, "seed": asked.seed,
        "draws": draws, "end": end,
    }  # fmt: skip


def _place(out: Path | None, wanted: Sequence[str], said: Mapping[str, Any]) -> Path:
    """``results/evidence``, with the claims that are asked for and a short hash of what else differs from the usual."""
    if out is not None:
        return at_home(out)
    usual = {"households": HOUSEHOLDS, "replicates": 1, "seed": 1, "end": None}
    words = ["evidence", *(["central"] if said["posterior"] is None else []), *wanted]
    name = "-".join(words) if len(words) < 9 else f"{words[0]}-{len(wanted)}-claims"
    if any(said[key] != value for key, value in usual.items()) or len(words) >= 9:
        text = json.dumps([said[key] for key in (*usual, "rows", "region")], sort_keys=True)
        name += f"-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return Path("results") / name
