"""What do all figures of a run's report share? Its years, marks of the paper's numbers, and the numbers and words that go beside a figure.

Figures are narrow and tall so that they are readable on a telephone, and lines differ by style and labels as well as by colour. They are SVG made
from numbers, without a drawing library, which would take longer than the run; the same data give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abm.claims.claim import Claim, Pattern, claims
from abm.claims.years import Years
from experiments.reports.panel import Panel
from experiments.reports.paper import formats
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    from abm.region import Region
    from experiments.runs.run import Drawn


@dataclass(frozen=True)
class Picture:
    """One figure with everything that goes beside it."""

    key: str
    title: str
    svg: bytes
    alt: str
    sentence: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


class Sheet:
    """What the figures of one run share: its tables, its region, its language."""

    def __init__(self, results: Drawn, region: Region, language: str):
        self.results, self.region = results, region
        self.years, self.n = Years(results.yearly), Numbers(language)
        self._: Translate = translator(language)
        self.claims: dict[str, Claim] = claims()
        _ = self._
        self.side_names = {side: _(str(region.meta["sides"][side]["name"])) for side in ("id", "my")}
        self.first, self.last = int(results.yearly["year"].min()), int(results.yearly["year"].max())
        self.span = _("{first}–{last}").format(first=self.first, last=self.last)

    def _mark(self, pattern: Pattern) -> str:
        """The paper's number as it is written."""
        assert pattern.mark is not None  # these patterns have one
        value, written = pattern.mark
        return formats(self.n)[written](value)

    def _panel(self, heading: str, height: float) -> Panel:
        """An empty panel over the years of the run."""
        return Panel(heading, self.first, self.last, height)

    def _said(self, panel: Panel, pattern: Pattern) -> None:
        """The paper's value as a bar over its years, if the run reaches them."""
        first, last = years_of(pattern)
        if pattern.mark is not None and self.last >= first:
            panel.bar(first, last, pattern.mark[0], self._("paper: {value}").format(value=self._mark(pattern)))

    def _shares(self, panel: Panel, *, tight: bool = False) -> None:
        """A scale of 0 to 100 %, or up to what is drawn."""
        drawn = [value for series, *_look in panel.lines for value in series.values() if math.isfinite(value)]
        panel.scale(min(1.0, max([*drawn, 0.04]) * 1.15) if tight else 1.0, self.n.percent, 7 if panel.height > 150 else 5)

    def _crisis(self, *panels: Panel) -> None:
        """Shade the years of the crisis, if the run reaches them."""
        period = self.claims["E05"].period
        if period is not None and self.first <= period.years[0] <= self.last:
            begin, end = period.bounds
            for panel in panels:
                panel.shade(begin, min(end, self.last + 1))

    def _mark_events(self, panel: Panel, families: Iterable[str]) -> tuple[str, ...]:
        """Numbered marks at the dated events of the region; the numbers are explained in the returned notes."""
        _ = self._
        wanted = tuple(families)
        found: dict[tuple[int, int], list[str]] = {}
        for row in self.region.events.to_dict("records"):
            year, month = (int(part) for part in str(row["month"]).split("-")[:2])
            label = str(row["label_en"]).strip()
            if label and str(row["target"]).split(".")[0] in wanted and self.first <= year <= self.last:
                labels = found.setdefault((year, month), [])
                if _(label) not in labels:
                    labels.append(_(label))
        notes: list[str] = []
        previous, lift = -9.0, 0
        for number, ((year, month), labels) in enumerate(sorted(found.items()), start=1):
            at = year + (month - 1) / 12
            lift = (lift + 1) % 3 if at - previous < 1.6 else 0
            panel.event(at, number, lift)
            previous = at
            notes.append(f"{number} · {self.n.month(year, month)}: {'; '.join(labels)}")
        return tuple(notes)

    @staticmethod
    def _at(series: dict[int, float], year: int) -> float:
        return series.get(year, math.nan)

    def _picture(
        self,
        key: str,
        title: str,
        svg: bytes,
        alt: str,
        sentence: str,
        columns: Iterable[tuple[str, dict[int, float], Callable[[float], str]]] = (),
        notes: tuple[str, ...] = (),
        head: tuple[str, ...] = (),
        rows: tuple[tuple[str, ...], ...] = (),
    ) -> Picture:
        columns = list(columns)
        if columns:
            head = (self._("year"), *(label for label, _series, _show in columns))
            years = sorted({y for _label, series, _show in columns for y in series})
            rows = tuple((str(y), *(show(series[y]) if y in series else "–" for _label, series, show in columns)) for y in years)
        return Picture(key, title, svg, alt, sentence, head, rows, notes)


def years_of(pattern: Pattern, number: str = "value", *, base: bool = False) -> tuple[int, int]:
    """The years of a number of a pattern, or those it is compared with."""
    part = pattern.numbers[number].parts[base]
    assert part.first is not None and part.last is not None  # these numbers have years of their own
    return part.first, part.last
