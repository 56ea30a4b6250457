"""Does today's model give the numbers of the model that a posterior was made with?

A posterior belongs to the version of the model that it was made with, and the version changes with every edit of its sources, even if no number
does. Beside a posterior is ``numbers.json``: hashes of all tables of some runs over its draws, one scenario after the other, made by the model of
the fit. :func:`confirm` makes the same runs with today's model; where every table is equal, byte for byte, today's version is
added to ``same_numbers`` of the posterior's manifest. Where one differs, the rules have changed and a new fit is needed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from abm.errors import UserError, shorten
from abm.reading import Entries, Name, check, parse_json, read_text
from calibration.posterior import Posterior
from experiments.execution.engine import cores
from experiments.files import write_json
from experiments.runs.identity import model_version
from experiments.runs.tables import TABLES, digest
from experiments.studies.plan import seed_of

if TYPE_CHECKING:
    from abm import Simulation

KIND = "lintas numbers of a posterior"
FILE = "numbers.json"
#: Runs that are compared, households of each, and the seed that chooses draws and seeds.
RUNS, HOUSEHOLDS, SEED = 24, 600, 1


def runs_of(posterior: Posterior, tell: Callable[[int, int], None] | None = None) -> list[dict[str, Any]]:
    """The runs with today's model: scenario, seed, and a hash of each table. ``tell`` is called with runs done and runs in all."""
    from abm import Member, Scenario, simulate_list

    drawn, names = posterior.sample(RUNS, SEED), Scenario.names()
    members = [
        Member(
            Scenario.load(names[k % len(names)], widen=posterior.widen),
            seed_of(SEED, k),
            {n: float(drawn[n].iloc[k]) for n in posterior.parameters},
        )
        for k in range(RUNS)
    ]
    runs = simulate_list(members, min(cores(), RUNS), region=posterior.region, households=HOUSEHOLDS, take=_digests, progress=tell)
    return [{"scenario": run.scenario.name, "seed": run.seed, "tables": run.value} for run in runs]


def _digests(model: Simulation) -> dict[str, str]:
    return {table: digest(getattr(model.results, table)) for table in TABLES}


def write_numbers(folder: Path, tell: Callable[[int, int], None] | None = None) -> None:
    """Write ``numbers.json`` beside a posterior that belongs to today's model; UserError where it was made with a model of other numbers."""
    posterior = Posterior.load(folder)
    if model_version() not in posterior.model_versions:
        raise UserError(
            f"posterior '{posterior.id}' was made with model {posterior.model_version}, this is {model_version()}: only the former can give its numbers"
        )
    said = {"kind": KIND, "model_version": posterior.model_version, "households": HOUSEHOLDS, "runs": runs_of(posterior, tell)}
    write_json(folder / FILE, said)


def confirm(folder: Path, tell: Callable[[int, int], None] | None = None) -> list[str]:
    """Compare today's runs with ``numbers.json``; returns what differs, a sentence each. Where nothing differs, today's version is added to the manifest."""
    posterior = Posterior.load(folder)
    said = read_numbers(folder)
    if said["model_version"] != posterior.model_version:
        raise UserError(
            f"'{shorten(folder / FILE)}' is of model {shorten(said['model_version'], 40)}, the posterior beside it of {posterior.model_version}"
        )
    found = []
    for then, now in zip(said["runs"], runs_of(posterior, tell), strict=True):
        other = [t for t in TABLES if then["tables"].get(t) != now["tables"][t]]
        if other or (then["scenario"], then["seed"]) != (now["scenario"], now["seed"]):
            found.append(f"scenario {now['scenario']}, seed {now['seed']}: {', '.join(other) or 'another run'}")
    if not found and model_version() not in (posterior.model_version, *posterior.manifest.get("same_numbers", ())):
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        write_json(path, manifest | {"same_numbers": [*manifest.get("same_numbers", []), model_version()]})
    return found


class _Run(Entries):
    """One run and the hashes of its tables."""

    scenario: Name
    seed: int
    tables: dict[str, str]


class _Numbers(Entries):
    """``numbers.json``."""

    kind: Literal["lintas numbers of a posterior"]
    model_version: Name
    households: int
    runs: list[_Run]


def read_numbers(folder: Path) -> dict[str, Any]:
    """``numbers.json`` of a posterior, checked."""
    name = f"{FILE} of the posterior '{shorten(folder.name)}'"
    if not os.path.lexists(folder / FILE):
        raise UserError(f"there is no {name}: make a new fit, which writes it")
    read = check(_Numbers, parse_json(read_text(folder / FILE, name), name), name)
    if read.households != HOUSEHOLDS or len(read.runs) != RUNS:
        raise UserError(
            f"{name} holds {len(read.runs)} runs of {read.households} households; this lintas compares {RUNS} of {HOUSEHOLDS}: make a new fit"
        )
    return read.model_dump()
