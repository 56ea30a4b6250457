"""What is printed of a ledger? A line for each claim, those that fail first, on a screen of 80 columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.evidence.ledger import LedgerRow, Verdict
from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.reports.evidence_reasons import Reasons
from experiments.reports.evidence_words import ORDER, deciding, in_order, key_of
from experiments.reports.screen import console

if TYPE_CHECKING:
    from rich.console import Console

#: Colours of the verdicts on the screen; the sign and the word say the same.
COLOURS: dict[Verdict, str] = {"does not hold": "red", "cannot tell": "yellow", "holds": "green", "built in": "blue", "no mechanism": "dim"}
#: Letters of a claim's key number, at most.
MOST_OF_NUMBER = 24


def show(made: Made, lang: str, *, asked: AskedOfRuns | None = None, shown: Console | None = None) -> None:
    """Print the ledger: for each claim its verdict, the number that decides it (median and 90 % interval) and the chance of the stated sign."""
    from rich.table import Table
    from rich.text import Text

    words, shown = Reasons(made, lang, asked), shown or console()
    _ = words._
    table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=shown.width <= 120)
    table.add_column(_("id"), no_wrap=True)
    table.add_column(_("claim"), no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(_("verdict"), no_wrap=True)
    table.add_column(_("model gives"), no_wrap=True, overflow="ellipsis", justify="right", max_width=MOST_OF_NUMBER)
    table.add_column(_("sign"), no_wrap=True, justify="right")
    for row in in_order(made):
        style = words.style_of(row)
        colour = COLOURS[row.verdict] if style.css != "holds-in-part" else "blue"
        number, sign = _key(words, row)
        table.add_row(row.claim.id, Text(_(row.claim.claim)), Text(f"{style.sign} {style.word}", style=colour), Text(number), Text(sign))
    shown.print(table)
    counts = made.ledger.counts
    said = " · ".join(f"{words.style(verdict).word}: {counts[verdict]}" for verdict in ORDER)
    shown.print(Text(said))


def _key(words: Reasons, row: LedgerRow) -> tuple[str, str]:
    """The number that decides a row, and the chance of the stated sign."""
    for result in deciding(row):
        key = key_of(result)
        if key is not None:
            name = key.condition.number
            number, found = words.number(result, name), result.numbers.get(name)
            if found is None or not math.isfinite(found.median):
                return "–", words.share(key.condition.stated_sign)
            low, median, high = (words.value(number, value) for value in (found.low, found.median, found.high))
            return f"{median} ({low} … {high})", words.share(key.condition.stated_sign)
    return "–", "–"
