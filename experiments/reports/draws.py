"""What do the runs over a posterior's draws say, and which files hold them? Readings with intervals, and a results folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import shorten
from experiments.analysis.draws import DrawnRuns
from experiments.files import files_in, whole_folder
from experiments.reports.levels import level_table, levels_page, show_levels
from experiments.reports.paper import readings
from experiments.reports.screen import console
from experiments.runs.folder import check_folder
from experiments.runs.identity import command_line, commit
from experiments.runs.posterior import FORMAT, KIND, run_said
from experiments.runs.run import StoredResults
from experiments.runs.tables import TABLES, digest, write_table
from experiments.studies.draws import FOLDER
from experiments.words.languages import Numbers, translator

if TYPE_CHECKING:
    import pandas as pd

#: The page of a posterior's results that shows reported levels beside the runs.
LEVELS_PAGE = "levels.html"
#: Draws that did not end well which the screen names.
MOST_NAMED = 5


def write_draws(runs: DrawnRuns, folder: Path, *, drift: Sequence[str] = (), language: str = "en", overwrite: bool = False) -> Path:
    """Write tables, bands, draws and a manifest: all or nothing; refuses a folder of another run unless ``overwrite``."""
    run = run_said(runs.posterior, runs.scenario, runs.region, draws=len(runs.draws), households=runs.households, seed=runs.seed)
    check_folder(folder, KIND, run=run, overwrite=overwrite, unfinished=FOLDER)
    everything = {**runs.tables, "bands": runs.bands, "draws": runs.draws}
    manifest = {
        **run, "format": FORMAT, "language": language, "drift": list(drift), "scenario": runs.scenario.to_dict(),
        "region": run["region"] | {"where": str(runs.region.folder)},
        "tables": {name: digest(table) for name, table in everything.items()}, "commit": commit(), "command_line": command_line(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    with whole_folder(folder) as draft:
        for name, table in everything.items():
            write_table(table, draft / f"{name}.parquet")
        (draft / LEVELS_PAGE).write_text(_levels_page(runs, language), encoding="utf-8")
        manifest["files"] = files_in(draft)
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def _levels_page(runs: DrawnRuns, language: str) -> str:
    """The reported levels that were not fitted, beside the runs."""
    _ = translator(language)
    lead = _("{n} runs of '{scenario}', one for each draw of posterior {id}.")
    good = int((runs.draws["status"] == "ok").sum())
    said = lead.format(n=good, scenario=_(runs.scenario.title), id=runs.posterior.id)
    return levels_page(_tables_of(runs), runs.region, language, title=_("Levels beside facts"), lead=said)


def _tables_of(runs: DrawnRuns) -> StoredResults:
    return StoredResults(**{name: runs.tables[name] for name in TABLES})


@dataclass(frozen=True)
class DrawnReading:
    """One claim over all draws: the number it is read from, and in which share of draws it reads as near or holding."""

    claim: str
    lines: str
    says: str
    median: float
    low: float  #: 5 % quantile
    high: float  #: 95 % quantile
    share: float


def drawn_readings(yearly: pd.DataFrame, language: str = "en") -> list[DrawnReading]:
    """Every claim that a run can be compared with by a number, over the draws of a yearly table that has them."""
    found: dict[tuple[str, str], list[Any]] = {}
    for _draw, mine in yearly.groupby("draw"):
        for reading in readings(mine.drop(columns="draw"), language):
            if reading.values and reading.verdict not in ("pair", "outside"):
                found.setdefault((reading.claim, reading.says), []).append(reading)
    rows = []
    for (claim, says), all_of_it in found.items():
        numbers = np.array([next(iter(r.values.values())) for r in all_of_it])
        median, low, high = (float(np.quantile(numbers, q)) for q in (0.5, 0.05, 0.95))
        share = sum(r.verdict in ("near", "holds") for r in all_of_it) / len(all_of_it)
        rows.append(DrawnReading(claim, all_of_it[0].lines, says, median, low, high, share))
    return rows


def show_draws(runs: DrawnRuns, folder: Path, language: str) -> None:
    """The readings with their intervals, and where the results are."""
    from rich.table import Table

    _, n, shown = translator(language), Numbers(language), console()
    rows = drawn_readings(runs.tables["yearly"], language)
    if rows:
        table = Table(show_edge=False, pad_edge=False, header_style="bold")
        headings = (_("the paper says"), _("claim and lines"), _("median"), _("90 % interval"), _("near or holds in"))
        for heading, ratio in zip(headings, (5, 3, 2, 3, 2), strict=True):
            table.add_column(heading, ratio=ratio)
        for row in rows:
            spread = f"{n.short(row.low)} … {n.short(row.high)}"
            table.add_row(row.says, f"{row.claim} · {row.lines}", n.short(row.median), spread, n.percent(row.share))
        shown.print(table)
    else:
        shown.print(_("These runs do not cover the years of any claim."), soft_wrap=True)
    shown.print()
    bad = runs.draws[runs.draws["status"] != "ok"]
    if len(bad):
        shown.print(_("{n} runs did not end well and were left out; draws.parquet says why.").format(n=len(bad)), soft_wrap=True)
        for draw, status, cause in bad[["draw", "status", "cause"]].head(MOST_NAMED).itertuples(index=False):
            shown.print(
                "  " + _("draw {draw}: {status} ({cause})").format(draw=draw, status=status, cause=shorten(cause, 200)), soft_wrap=True
            )
        again = _("Run them again with 'lintas retry {study} --status failed', then give the same command again.")
        shown.print(again.format(study=folder / FOLDER), soft_wrap=True)
    said = _("{n} draws of posterior {id}, each with its own seed: the intervals hold the spread of the posterior and that of chance.")
    shown.print(said.format(n=len(runs.draws) - len(bad), id=runs.posterior.id), soft_wrap=True)
    show_levels(level_table(_tables_of(runs), runs.region, language), shown)
    shown.print(_("Results: {folder}").format(folder=folder), soft_wrap=True)
