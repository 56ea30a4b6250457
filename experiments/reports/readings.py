"""What does a run give beside the paper's claims? The table of claims for the screen, and where the results are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.reports.levels import level_table, show_levels
from experiments.reports.paper import VERDICTS, readings
from experiments.reports.screen import console
from experiments.words.languages import translator

if TYPE_CHECKING:
    from abm.region import Region
    from experiments.runs.run import Drawn


def show_readings(results: Drawn, folder: Path, lang: str, *, region: Region, is_fitted: bool = False) -> None:
    """The table of claims, how many reported levels hold, and where the results are."""
    from rich.table import Table
    from rich.text import Text

    _ = translator(lang)
    colours = {"near": "green", "holds": "green", "not near": "red", "does not hold": "red"}
    table = Table(show_edge=False, pad_edge=False, header_style="bold", row_styles=["", ""])
    table.add_column(_("the paper says"), ratio=3)
    table.add_column(_("claim and lines"), ratio=2)
    table.add_column(_("this run gave"), ratio=5)
    table.add_column(_("reads as"), ratio=2)
    rows = readings(results.yearly, lang)
    for reading in rows:
        verdict = Text(_(VERDICTS[reading.verdict]), style=colours.get(reading.verdict, "dim"))
        table.add_row(reading.says, f"{reading.claim} · {reading.lines}", reading.gives, verdict)
    shown = console()
    shown.print(table)
    shown.print()
    if is_fitted:
        shown.print(_("One run with one seed and values fitted to some of these numbers: that it comes near them proves nothing."))
    else:
        shown.print(_("One run with one seed and starting values that were not fitted: it can come near a number, it proves nothing."))
    show_levels(level_table(results, region, lang), shown)
    shown.print(_("Results: {folder}").format(folder=folder), soft_wrap=True, markup=False, highlight=False)
    shown.print(
        _("Open {page} in a browser; 'lintas app' starts the interactive page.").format(page=folder / "report.html"),
        soft_wrap=True,
        markup=False,
    )
