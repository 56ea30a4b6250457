"""The blocks of the page as HTML: the map with its words and numbers, any table, the table of claims.

The map is that of the report, so the page and the report of one run show the same picture, sentence and table.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from html import escape

from experiments.app.state import Finished
from experiments.reports.figure_sheet import Picture
from experiments.reports.figures import Drawing
from experiments.reports.paper import VERDICTS, readings
from experiments.words.languages import translator

#: One figure is drawn at a time, so that one that is no longer wanted when its turn comes costs nothing.
_DRAWING = threading.Lock()


def map_picture(finished: Finished, language: str, year: int, is_wanted: Callable[[], bool] = lambda: True) -> Picture | None:
    """The map of one year of the run; nothing if it is no longer wanted when its turn comes."""
    first, last = finished.years
    with _DRAWING:
        if not is_wanted():
            return None
        return Drawing(finished.results, finished.region, language).map("care_share_across", min(max(year, first), last))


def figure_html(picture: Picture) -> str:
    """A figure without its numbers: title, picture with words for who cannot see it, sentence, dated events."""
    source = base64.b64encode(picture.svg).decode()
    notes = "".join(f"<li>{escape(note)}</li>" for note in picture.notes)
    events = f"<ul class='lintas-notes'>{notes}</ul>" if notes else ""
    return (
        f"<h2>{escape(picture.title)}</h2>"
        f"<img src='data:image/svg+xml;base64,{source}' alt='{escape(picture.alt, quote=True)}'>"
        f"<p class='lintas-sentence'>{escape(picture.sentence)}</p>{events}"
    )


def table_html(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], title: str) -> str:
    """A table with its row headings; it scrolls in its own box where the screen is narrow."""
    top = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr><th scope='row'>{escape(row[0])}</th>" + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>" for row in rows
    )
    name = escape(title, quote=True)
    return (
        f"<div class='lintas-table' tabindex='0' role='region' aria-label='{name}'>"
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def claims_html(finished: Finished, language: str) -> str:
    """What the paper says beside what this run gave; on a narrow screen each row becomes a block of its own."""
    _ = translator(language)
    head = (_("the paper says"), _("claim and lines"), _("this run gave"), _("reads as"))
    top = "".join(f"<th scope='col'>{escape(cell)}</th>" for cell in head)
    rows = []
    for reading in readings(finished.results.yearly, language):
        kind = {"near": "yes", "holds": "yes", "not near": "no", "does not hold": "no"}.get(reading.verdict, "open")
        cells = (f"{reading.claim} · {reading.lines}", reading.gives)
        rows.append(
            f"<tr><th scope='row'>{escape(reading.says)}</th>"
            + "".join(
                f"<td data-head='{escape(name, quote=True)}'>{escape(cell)}</td>" for name, cell in zip(head[1:3], cells, strict=True)
            )
            + f"<td data-head='{escape(head[3], quote=True)}'><span class='lintas-{kind}'>{escape(_(VERDICTS[reading.verdict]))}</span></td></tr>"
        )
    if finished.manifest.get("fitted", {}).get("parameters"):
        caution = _("One run with one seed and values fitted to some of these numbers: that it comes near them proves nothing.")
    else:
        caution = _("One run with one seed and starting values that were not fitted: it can come near a number, it proves nothing.")
    return (
        f"<h2>{escape(_('What the paper says, and what this run gave'))}</h2><p>{escape(caution)}</p>"
        f"<table class='lintas-claims'><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
