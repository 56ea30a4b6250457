"""How is one history run, and what does its results folder hold?

A results folder holds ``manifest.json`` (everything needed to repeat the run), the tables ``yearly``, ``monthly``,
``places`` and ``flows`` as Parquet files, and ``report.html``. It appears whole or not at all: everything is written
into a folder beside it, flushed to the disk, and renamed. The same run gives the same bytes in every table and in the
report; only the manifest says when and by which command it was made.
"""

from __future__ import annotations

import html
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from abm.errors import UserError, shorten
from experiments.files import files_in, whole_folder
from experiments.runs.folder import KIND, check_folder
from experiments.runs.identity import model_version
from experiments.runs.tables import TABLES, digest, read_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from abm import Region, Scenario, Simulation

#: Called with months done and months in all.
Progress = Callable[[int, int], None]


class Drawn(Protocol):
    """The tables that figures and report are made from."""

    @property
    def yearly(self) -> Any: ...
    @property
    def places(self) -> Any: ...


class RunTables(Drawn, Protocol):
    """The tables of a run, as ``model.results`` and :func:`read_results` give them."""

    @property
    def monthly(self) -> Any: ...
    @property
    def flows(self) -> Any: ...


#: Makes the report of a run: called with its results, manifest, region and language it begins, and gives a function that gives the finished page.
Page = Callable[["RunTables", Mapping[str, Any], "Region | None", str], Callable[[], str]]


@dataclass(frozen=True)
class StoredResults:
    """The tables of a results folder."""

    yearly: pd.DataFrame
    monthly: pd.DataFrame
    places: pd.DataFrame
    flows: pd.DataFrame


def run(
    scenario: Scenario,
    *,
    region: str = "west-kalimantan-sarawak",
    households: int = 2000,
    seed: int = 7,
    threads: int = 1,
    fitted: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Run one history to the scenario's end and return the model with its results.

    ``fitted`` replaces the region's fitted values where it is given, ``{}`` for the declared starting values.
    """
    from abm import Simulation

    model = Simulation(scenario, region=region, households=households, rng=seed, threads=threads, fitted=fitted)
    model.run(progress=progress)
    return model


def run_said(scenario: Scenario, where: str, *, households: int, seed: int, declared: bool) -> dict[str, Any]:
    """What the manifest of a run in the region ``where`` will say of which run it is (see :func:`experiments.runs.folder.run_of`)."""
    from abm import Region
    from abm.fitted import fitted_of

    region = Region.load(where)
    return {
        "kind": KIND, "lintas": metadata.version("lintas"), "model_version": model_version(), "scenario_hash": scenario.hash,
        "region": {"id": region.id, "hash": region.hash}, "fitted": {"parameters": {} if declared else dict(fitted_of(region).values)}, "households": households,
        "seed": seed,
    }  # fmt: skip


def write_results(
    results: RunTables,
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    region: Region | None = None,
    command_line: list[str] | None = None,
    language: str = "en",
    page: Page,
    overwrite: bool = False,
) -> Path:
    """Write a results folder whole or not at all; ``page`` makes the report (:mod:`experiments.reports.report`).

    Refuses a folder that holds anything but results of the same run, unless ``overwrite`` says that other results may be replaced.
    """
    said = {"model_version": model_version()} | dict(manifest) | {"kind": KIND, "language": language}
    check_folder(folder, run=said, overwrite=overwrite)
    finished = page(results, said, region, language)
    complete = said | {
        "tables": {name: digest(getattr(results, name)) for name in TABLES},
        "command_line": list(command_line or []),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with whole_folder(folder) as draft:
        for name in TABLES:
            write_table(getattr(results, name), draft / f"{name}.parquet")
        (draft / "report.html").write_text(_page(finished, language), encoding="utf-8")
        complete |= {"files": files_in(draft)}
        text = json.dumps(complete, indent=2, ensure_ascii=False, default=_plain) + "\n"
        (draft / "manifest.json").write_text(text, encoding="utf-8")
    return folder


def _page(finished: Callable[[], str], language: str) -> str:
    """The report. Where it cannot be made the tables are kept all the same, and the page says why there is no other."""
    from experiments.words.languages import translator

    try:
        return finished()
    except UserError:
        raise
    except Exception as error:
        _, cause = translator(language), shorten(f"{type(error).__name__}: {error}", 300)
        said = _("The report could not be made ({cause}). The tables of the run are complete.").format(cause=cause)
        print(f"lintas: {said}", file=sys.stderr)
        return f"<!doctype html><html lang='{language}'><meta charset='utf-8'><title>lintas</title><p>{html.escape(said)}</p></html>\n"


def read_results(folder: Path) -> StoredResults:
    """The tables of a results folder."""
    tables: dict[str, pd.DataFrame] = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if not os.path.lexists(path):
            raise UserError(f"'{shorten(folder)}' is no complete results folder: it has no {name}.parquet")
        tables[name] = read_table(path)
    return StoredResults(**tables)


def _plain(value: Any) -> Any:
    """numpy numbers, paths and sets as JSON knows them."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"cannot store {type(value).__name__} in a manifest")
