"""The figures of the ledger: all claims on one scale, the years of a claim's outputs with and without its mechanism, and the response to a parameter.

Lines differ by their dashes and verdicts by their signs, not by colour alone; bands are the middle 90 % of the draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.evidence.ledger import Interval, LedgerRow, PatternResult, Verdict
from experiments.evidence.runs import SIDES
from experiments.evidence.worlds import HISTORY
from experiments.reports.evidence_reasons import Reasons
from experiments.reports.evidence_words import NO_UNIT, SHARES, VERDICTS, condition_of, in_order, is_percentage, name_of, works
from experiments.reports.figure_sheet import Picture
from experiments.reports.panel import GRID, Panel, stacked, steps
from experiments.reports.svg import (
    DASHED,
    DOTTED,
    GREY,
    INK,
    KALIMANTAN,
    PAPER,
    SARAWAK,
    WIDTH,
    closed,
    height_of,
    legend,
    line,
    shape,
    sheet,
    width_of,
    words,
    wrapped,
)

if TYPE_CHECKING:
    import pandas as pd

#: Colours of the verdicts; only a claim that holds in full is green.
COLOURS: dict[Verdict, str] = {
    "does not hold": "#9c3a0b", "cannot tell": "#7a5a00", "holds": "#2c6b34", "built in": "#1c5d99", "no mechanism": "#5a5a58",
}  # fmt: skip
#: Dashes of the lines by side and by whether the mechanism is there; they differ without colour.
DASHES = {("id", True): "", ("id", False): DASHED, ("my", True): DOTTED, ("my", False): "10 3 2 3"}
LINE_COLOURS = {("id", True): KALIMANTAN, ("id", False): "#5a5a58", ("my", True): SARAWAK, ("my", False): "#7c6a9c"}
#: Most panels of one figure; the other outputs are in the table below it.
MOST_PANELS = 6
#: Most steps of a scale.
MOST_STEPS = 5
MILLION = 1e6


class Figures(Reasons):
    """The figures of a ledger in one language."""

    # --- all claims ---

    def overview(self) -> Picture | None:
        """The share of draws that show each claim; None where no claim was judged."""
        _ = self._
        rows = [(row, list(_shares(row))) for row in in_order(self.made) if row.verdict != "no mechanism"]
        rows = [(row, shares) for row, shares in rows if shares]
        if not rows:
            return None
        root = sheet()
        left, right, y = width_of("E00", "label") + 12, WIDTH - 14, 4.0

        def across(share: float) -> float:
            return left + (right - left) * share

        top = y + height_of("label") + 4
        bottom = top + len(rows) * 17
        sure = self.made.ledger.sure
        shape(root, "rect", x=across(sure), y=top, width=across(1) - across(sure), height=bottom - top, fill="#f0ece0")
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            shape(root, "path", d=line([(across(share), top), (across(share), bottom)]), stroke=GRID)
            anchor = "end" if share == 1 else "middle"
            words(root, self.n.percent(share), across(share) + (10 if share == 1 else 0), top - 5, "label", anchor=anchor)
        for at, (row, shares) in enumerate(rows):
            middle = top + 17 * at + 8.5
            words(root, row.claim.id, 2, middle, "label").set("dy", ".36em")
            shape(root, "path", d=line([(left, middle), (right, middle)]), stroke=GRID)
            for verdict, least, most in shares:
                is_full = verdict != "holds" or works(row)
                colour = COLOURS[verdict] if is_full else COLOURS["built in"]
                shape(
                    root,
                    "path",
                    d=line([(across(least), middle), (across(most), middle)]),
                    stroke=colour,
                    stroke_width=3.0,
                    stroke_opacity=0.45,
                )
                _sign(root, verdict, across(most), middle, colour)
        y = bottom
        found = {(verdict, verdict != "holds" or works(row)) for row, shares in rows for verdict, _least, _most in shares}
        signs = [
            (_signer(v, COLOURS[v if is_full else "built in"]), _(VERDICTS[v]) if is_full else _("holds, not all five conditions met"))
            for v in COLOURS for is_full in (True, False) if (v, is_full) in found
        ]  # fmt: skip
        y = legend(root, signs, y + 4, 4, right)
        head = (_("claim"), _("verdict"), _("draws that show it"), _("draws that show the whole size"))
        table = tuple(
            (row.claim.id, _(VERDICTS[verdict]), self.share(most), self.share(least))
            for row, shares in rows
            for verdict, least, most in shares
        )
        return Picture(
            "overview", _("How much of the posterior shows each claim"), closed(root, y),
            _("One mark for each claim on a scale from 0 to 100%: the share of draws that show it; the shape of the mark is the verdict."),
            _(
                "A mark is the share of draws that show the claim by at least half its practical size; the line beside it reaches to the share that shows the "
                "whole size. Beyond {sure} (shaded) a claim holds where the draws are enough to be sure. A claim with several readings has a mark for each."
            ).format(sure=self.n.percent(sure)),
            head, table,
        )  # fmt: skip

    # --- the years of a claim ---

    def years(self, row: LedgerRow) -> list[Picture]:
        """The outputs that the patterns of a row look at, by year, with the mechanism and without it."""
        panels, head, table, used, labels = [], [self._("year")], {}, set(), []
        for number, (output, sides, off) in enumerate(self._outputs(row)):
            drawn = self._bands(output, sides, off)
            if not drawn:
                continue
            if number < MOST_PANELS:
                panels.append(self._panel(output, drawn, has_legend=not {key for key, _table in drawn} <= used))
                used |= {key for key, _table in drawn}
                labels.append(self._(OUTPUTS[output].label))
            for (side, is_on), bands in drawn:
                head.append(f"{self._(OUTPUTS[output].label)}: {self._line(side, is_on)}")
                for year, low, median, high in bands[["year", "low", "median", "high"]].itertuples(index=False):
                    table.setdefault(int(year), {})[len(head) - 1] = self._triple(output, Interval(low, median, high))
        if not panels:
            return []
        first, last = min(panel.first for panel in panels), max(panel.last for panel in panels)
        for panel in panels:
            panel.first, panel.last = first, last
        rows = tuple((str(year), *(table[year].get(k, "–") for k in range(1, len(head)))) for year in sorted(table))
        return [
            Picture(
                f"{row.claim.id}-years", self._("With the mechanism and without it"), stacked(panels),
                self._("Lines by year with their bands, one panel for each of: {outputs}.").format(outputs="; ".join(labels)),
                self._caption(used), tuple(head), rows,
            )
        ]  # fmt: skip

    def _caption(self, used: set[tuple[str, bool]]) -> str:
        _ = self._
        words = _("Lines are medians over the draws, bands hold the middle 90% of them.")
        if not any(not is_on for _side, is_on in used):
            words += " " + _("There is no world without the mechanism to compare with.")
        return words

    def _outputs(self, row: LedgerRow) -> Iterator[tuple[str, tuple[str, ...], str | None]]:
        """Outputs that the patterns look at, with the sides that they use and the world without the mechanism."""
        found: dict[str, tuple[set[str], str | None]] = {}
        for result in row.patterns:
            for number in result.pattern.numbers.values():
                for part in number.parts:
                    for output in (part.output, *part.plus):
                        sides, off = found.get(output, (set(), None))
                        found[output] = (sides | ({*SIDES} if part.side == "both" else {part.side}), off or result.off)
        for output, (sides, off) in found.items():
            yield output, tuple(side for side in SIDES if side in sides), off

    def _bands(self, output: str, sides: tuple[str, ...], off: str | None) -> list[tuple[tuple[str, bool], pd.DataFrame]]:
        tables = [((side, is_on), self._band(world, output, side)) for side in sides for world, is_on in ((HISTORY, True), (off, False))]
        return [(key, table.sort_values("year")) for key, table in tables if table is not None]

    def _band(self, world: str | None, output: str, side: str) -> pd.DataFrame | None:
        """The years of one output on one side in one world; None where there are none."""
        if not hasattr(self, "_by_world"):
            self._by_world = dict(iter(self.made.bands.groupby(["world", "output", "side"], sort=False)))
        return self._by_world.get((world, output, side))

    def _panel(self, output: str, drawn: list[tuple[tuple[str, bool], pd.DataFrame]], *, has_legend: bool) -> Panel:
        highest = max((float(v) for _key, t in drawn for v in t["high"] if math.isfinite(v)), default=1.0)
        lowest = min((float(v) for _key, t in drawn for v in t["low"] if math.isfinite(v)), default=0.0)
        scale = MILLION if max(abs(highest), abs(lowest)) >= 2 * MILLION else 1.0
        years = [int(year) for _key, t in drawn for year in t["year"]]
        panel = Panel(self._heading(output, scale), min(years), max(years), 120)
        for (side, is_on), table in drawn:
            colour, dashes = LINE_COLOURS[side, is_on], DASHES[side, is_on]
            low, median, high = (
                {int(y): float(v) / scale for y, v in zip(table["year"], table[c], strict=True)} for c in ("low", "median", "high")
            )
            panel.band(low, high, colour, dashes)
            panel.line(median, colour, self._line(side, is_on) if has_legend else "", dashes)
        low, high = min(lowest, 0.0) / scale, max(highest, 0.0) / scale
        panel.span_scale(low, high if high > low else low + 1.0, self._ticks(OUTPUTS[output].unit in SHARES, high - low), MOST_STEPS)
        return panel

    def _heading(self, output: str, scale: float) -> str:
        declared = OUTPUTS[output]
        label, unit = self._(declared.label), self._(declared.unit)
        if declared.unit in NO_UNIT:
            return label if scale == 1 else self._("{label} [millions]").format(label=label)
        if scale == 1:
            return self._("{label} [{unit}]").format(label=label, unit=unit)
        return self._("{label} [millions of {unit}]").format(label=label, unit=unit)

    def _ticks(self, is_share: bool, reach: float) -> Callable[[float], str]:
        """How the numbers of a scale are written: with as few decimals as tell them apart."""
        step = steps(reach if reach > 0 else 1.0, MOST_STEPS)[1] * (100 if is_share else 1)
        decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
        return (lambda v: self.n.percent(v, decimals)) if is_share else (lambda v: self.n.number(v, decimals))

    def _line(self, side: str, is_on: bool) -> str:
        _ = self._
        return (_("{side}, with the mechanism") if is_on else _("{side}, without the mechanism")).format(side=self.side(side))

    def _triple(self, output: str, found: Interval) -> str:
        if not math.isfinite(found.median):
            return "–"
        is_share = OUTPUTS[output].unit in SHARES
        low, median, high = (self.n.percent(v, 1) if is_share else self.n.short(v) for v in (found.low, found.median, found.high))
        return self._("{median} ({low} to {high})").format(median=median, low=low, high=high)

    # --- the response to a parameter ---

    def sweeps(self, row: LedgerRow) -> list[Picture]:
        """For each pattern of a row that compares levels of a parameter: its numbers over the levels."""
        return [self._sweep(row, result) for result in row.patterns if result.pattern.sweep is not None and result.levels]

    def _sweep(self, row: LedgerRow, result: PatternResult) -> Picture:
        sweep = result.pattern.sweep
        assert sweep is not None  # who calls has looked
        names = list(dict.fromkeys(condition_of(result, at).number for at in range(len(result.pattern.conditions))))
        label = self._(PARAMETERS[sweep.parameter].label)
        root, y = sheet(), 2.0
        for name in names:
            y = self._levels(root, y, result, name, label) + 10
        head = (label, *(self.what(result, name) for name in names))
        levels = sorted(result.levels)
        table = tuple(
            (self.plain(at), *(self.interval(self.number(result, name), result.levels[at].get(name)) for name in names)) for at in levels
        )
        return Picture(
            f"{row.claim.id}-{result.pattern.id}", self._("The response to “{parameter}”").format(parameter=label), closed(root, y - 6),
            self._("A mark for each level of the parameter with a line from the lower to the upper end of its interval."),
            self._("Points are medians over the draws, lines hold the middle 90% of them; each draw was run at every level with the same seeds."),
            head, table,
        )  # fmt: skip

    def _levels(self, root: Element, y: float, result: PatternResult, name: str, label: str) -> float:
        """One number over the levels, from ``y`` down; returns the lower edge."""
        found: Mapping[float, Interval] = {
            at: numbers[name] for at, numbers in sorted(result.levels.items()) if name in numbers and math.isfinite(numbers[name].median)
        }
        number = result.pattern.numbers.get(name_of(result, name)[0])
        ends = [v for one in found.values() for v in (one.low, one.high)] or [0.0, 1.0]
        low, high = min(*ends, 0.0), max(*ends, 0.0)
        scale = Panel("", 0, 1, 120)
        scale.span_scale(low, high if high > low else low + 1.0, self._ticks(is_percentage(number), high - low), MOST_STEPS)
        for text in wrapped(self.what(result, name), "heading", WIDTH - 16):
            y += height_of("heading")
            words(root, text, 4, y - 3, "heading")
        left, right, top, bottom = scale.left, WIDTH - 30, y + 6, y + 126

        def up(value: float) -> float:
            return bottom - 120 * (value - scale.low) / (scale.high - scale.low)

        for value, text in scale.ticks:
            shape(root, "path", d=line([(left, up(value)), (right + 22, up(value))]), stroke=GRID)
            words(root, text, left - 6, up(value), "label", anchor="end").set("dy", ".36em")
        shape(root, "path", d=line([(left, top), (left, bottom), (right + 22, bottom)]), stroke=GREY, fill="none")
        levels = sorted(result.levels)
        reach = (levels[-1] - levels[0]) or 1.0
        place = {at: left + 24 + (right - left - 24) * (at - levels[0]) / reach for at in levels}
        shape(
            root,
            "path",
            d=line([(place[at], up(one.median)) for at, one in found.items()]),
            stroke=INK,
            stroke_width=1,
            stroke_dasharray=DOTTED,
            fill="none",
        )
        for at in levels:
            words(root, self.plain(at), place[at], bottom + 2 + height_of("label"), "label", anchor="middle")
            if at in found:
                shape(
                    root,
                    "path",
                    d=line([(place[at], up(found[at].low)), (place[at], up(found[at].high))]),
                    stroke=KALIMANTAN,
                    stroke_width=2.4,
                )
                shape(root, "circle", cx=place[at], cy=up(found[at].median), r=4.5, fill=PAPER, stroke=KALIMANTAN, stroke_width=2.2)
        y = bottom + height_of("label") + 4
        for text in wrapped(label, "label", right - left):
            y += height_of("label")
            words(root, text, (left + right) / 2, y, "label", anchor="middle")
        return y + 4


def _shares(row: LedgerRow) -> Iterator[tuple[Verdict, float, float]]:
    """For each reading of a row: its verdict and the shares of draws that show all of it, and that show it; of several patterns, the smallest."""
    by_id = {result.pattern.id: result for result in row.patterns}
    for reading in row.readings:
        mine = [by_id[one].finding for one in reading.patterns]
        shares = [(1 - f.misses, f.shows) for f in mine if math.isfinite(f.shows) and math.isfinite(f.misses)]
        if shares and len(shares) == len(mine):
            yield reading.verdict, min(least for least, _most in shares), min(most for _least, most in shares)


def _signer(verdict: Verdict, colour: str) -> Callable[[Element, float, float], None]:
    return lambda parent, x, y: _sign(parent, verdict, x, y, colour)


def _sign(parent: Element, verdict: Verdict, x: float, y: float, colour: str) -> None:
    """The shape of a verdict: a cross, a ring, a disc or a diamond."""
    if verdict == "does not hold":
        for d in (line([(x - 4, y - 4), (x + 4, y + 4)]), line([(x - 4, y + 4), (x + 4, y - 4)])):
            shape(parent, "path", d=d, stroke=colour, stroke_width=2.4)
    elif verdict == "built in":
        shape(parent, "path", d=line([(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)]) + "Z", fill=colour)
    else:
        is_full = verdict == "holds"
        shape(parent, "circle", cx=x, cy=y, r=4.4, fill=colour if is_full else PAPER, stroke=colour, stroke_width=2.0)
