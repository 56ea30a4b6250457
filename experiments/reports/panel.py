"""One panel of a figure: yearly lines over a scale, with a heading, shaded years, marks of the paper's numbers and of events, and a legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from experiments.reports.svg import (
    GREY,
    INK,
    PAPER,
    SIGN,
    WIDTH,
    Sign,
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

#: What is left free at the right, and between the scale and its numbers.
RIGHT, GAP = 8.0, 6.0
GRID, SHADE = "#e6e6e2", "#f0ece0"


@dataclass
class Panel:
    """A panel whose years go from ``first`` to the end of ``last``; ``height`` is that of its scale, in units of the figure."""

    heading: str
    first: int
    last: int
    height: float
    low: float = 0.0
    high: float = 1.0
    is_log: bool = False
    #: Values at which the scale is marked, and what is written there.
    ticks: list[tuple[float, str]] = field(default_factory=list)
    lines: list[tuple[dict[int, float], str, str, str]] = field(default_factory=list)
    bands: list[tuple[dict[int, float], dict[int, float], str, str]] = field(default_factory=list)
    shaded: list[tuple[float, float]] = field(default_factory=list)
    bars: list[tuple[float, float, float, str]] = field(default_factory=list)
    events: list[tuple[float, int, int]] = field(default_factory=list)

    # ---- what is in it -------------------------------------------------------------------------------------------------

    def line(self, series: dict[int, float], colour: str, label: str = "", dashes: str = "") -> None:
        """A yearly line, drawn at mid-year; the legend names it where it has a label. ``dashes`` as SVG writes them."""
        if series:
            self.lines.append((series, colour, label, dashes))

    def band(self, low: dict[int, float], high: dict[int, float], colour: str, dashes: str = "") -> None:
        """An interval by year, drawn at mid-year: filled lightly, its edges as thin lines (``dashes`` as SVG writes them)."""
        self.bands.append((low, high, colour, dashes))

    def shade(self, begin: float, end: float) -> None:
        """Shade the time from ``begin`` to ``end`` (years with a fraction)."""
        self.shaded.append((begin, end))

    def bar(self, first: int, last: int, value: float, label: str) -> None:
        """A bar at a value over years, both counted, with words before it."""
        self.bars.append((first, last + 0.99, value, label))

    def event(self, at: float, number: int, lift: int) -> None:
        """A numbered mark at a time (years with a fraction); ``lift`` rows below the upper edge."""
        self.events.append((at, number, lift))

    def scale(self, high: float, show: Callable[[float], str], most: int = 7) -> None:
        """A scale from 0 to ``high`` with at most ``most`` steps, each written by ``show``."""
        self.low, self.high, self.is_log = 0.0, high, False
        self.ticks = [(value, show(value)) for value in steps(high, most)]

    def span_scale(self, low: float, high: float, show: Callable[[float], str], most: int = 6) -> None:
        """A scale from ``low`` to ``high``, where some values are below 0 or far above it."""
        size = steps(high - low, most)[1]
        first, last = math.floor(low / size + 1e-9), math.ceil(high / size - 1e-9)
        self.low, self.high, self.is_log = first * size, last * size, False
        self.ticks = [(k * size, show(k * size)) for k in range(first, last + 1)]

    def log_scale(self, low: float, high: float, ticks: Iterable[float], show: Callable[[float], str]) -> None:
        """A logarithmic scale from ``low`` to ``high`` (above 0), marked where ``ticks`` lie on it."""
        self.low, self.high, self.is_log = low, high, True
        self.ticks = [(value, show(value)) for value in ticks if low <= value <= high]

    @property
    def left(self) -> float:
        """Width of the numbers of the scale."""
        return max([width_of(label, "label") for _value, label in self.ticks] or [0.0]) + GAP + 2

    # ---- drawing -------------------------------------------------------------------------------------------------------

    def draw(self, parent: Element, y: float, left: float, width: float = WIDTH, *, has_years: bool = True) -> float:
        """Draw it from ``y`` down, its scale at ``left``; returns the lower edge. ``has_years`` writes the years below."""
        right = width - RIGHT
        for text in wrapped(self.heading, "heading", right - left):
            y += height_of("heading")
            words(parent, text, left, y - 3, "heading")
        top, bottom = y + 4, y + 4 + self.height

        def across(year: float) -> float:
            return left + (right - left) * (min(max(year, self.first), self.last + 1) - self.first) / (self.last + 1 - self.first)

        def up(value: float) -> float:
            if self.is_log:
                part = math.log(max(value, 1e-9) / self.low) / math.log(self.high / self.low)
            else:
                part = (value - self.low) / (self.high - self.low)
            return bottom - self.height * min(max(part, 0.0), 1.0) if math.isfinite(value) else math.nan

        for begin, end in self.shaded:
            shape(parent, "rect", x=across(begin), y=top, width=across(end) - across(begin), height=self.height, fill=SHADE)
        for value, label in self.ticks:
            shape(parent, "path", d=line([(left, up(value)), (right, up(value))]), stroke=GRID)
            words(parent, label, left - GAP, up(value), "label", anchor="end").set("dy", ".36em")
        shape(parent, "path", d=line([(left, top), (left, bottom), (right, bottom)]), stroke=GREY, fill="none")
        for year in years_shown(self.first, self.last):
            shape(parent, "path", d=line([(across(year), bottom), (across(year), bottom + 3)]), stroke=GREY)
            if has_years:
                words(parent, str(year), across(year), bottom + 2 + height_of("label"), "label", anchor="middle")
        for at, _number, _lift in self.events:
            shape(parent, "path", d=line([(across(at), top), (across(at), bottom)]), stroke=GREY, stroke_width=0.8, stroke_dasharray="2 2")
        for low, high, colour, dashes in self.bands:
            for stretch in _stretches(low, high):
                above = [(across(year + 0.5), up(high[year])) for year in stretch]
                below = [(across(year + 0.5), up(low[year])) for year in stretch]
                shape(parent, "path", d=line([*above, *reversed(below)]), fill=colour, fill_opacity=0.13, stroke="none")
                for edge in (above, below):
                    more = {"stroke_dasharray": dashes} if dashes else {}
                    shape(parent, "path", d=line(edge), stroke=colour, stroke_width=0.7, stroke_opacity=0.6, fill="none", **more)
        for series, colour, _label, dashes in self.lines:
            more = {"stroke_dasharray": dashes} if dashes else {}
            points = [(across(year + 0.5), up(series[year])) for year in sorted(series)]
            shape(parent, "path", d=line(points), stroke=colour, stroke_width=2.2, stroke_linejoin="round", fill="none", **more)
        for begin, end, value, label in self.bars:
            shape(parent, "path", d=line([(across(begin), up(value)), (across(end), up(value))]), stroke=INK, stroke_width=3.6)
            words(parent, label, across(begin) - 3, up(value) - 4, "mark", anchor="end", halo=PAPER)
        for at, number, lift in self.events:
            radius = 8.5 if number < 10 else 11.0
            at_y = top + 9 + 18 * lift
            shape(parent, "circle", cx=across(at), cy=at_y, r=radius, fill=PAPER, stroke=GREY, stroke_width=0.8)
            words(parent, str(number), across(at), at_y, "mark", anchor="middle").set("dy", ".36em")
        y = bottom + (height_of("label") + 6 if has_years else 4)
        named = [(_sign(colour, dashes), label) for _series, colour, label, dashes in self.lines if label]
        return legend(parent, named, y, 4, right) if named else y


def _sign(colour: str, dashes: str) -> Sign:
    """The piece of a line that a legend shows."""
    more = {"stroke_dasharray": dashes} if dashes else {}

    def draw(parent: Element, x: float, y: float) -> None:
        shape(parent, "path", d=line([(x - SIGN / 2, y), (x + SIGN / 2, y)]), stroke=colour, stroke_width=2.2, **more)

    return draw


def _stretches(low: dict[int, float], high: dict[int, float]) -> list[list[int]]:
    """Years one after the other in which both ends are numbers."""
    found: list[list[int]] = []
    for year in sorted(set(low) & set(high)):
        if not (math.isfinite(low[year]) and math.isfinite(high[year])):
            continue
        if found and found[-1][-1] == year - 1:
            found[-1].append(year)
        else:
            found.append([year])
    return found


def stacked(panels: Sequence[Panel]) -> bytes:
    """Panels over the same years, one below the other, as an SVG figure; the years are written under the last."""
    root = sheet()
    left, y = max(panel.left for panel in panels), 2.0
    for panel in panels:
        y = panel.draw(root, y, left, has_years=panel is panels[-1]) + 8
    return closed(root, y - 4)


def steps(high: float, most: int) -> list[float]:
    """Round values from 0 up to ``high`` (above 0), at most ``most`` steps apart."""
    size = 10.0 ** math.floor(math.log10(high / most))
    step = next(size * k for k in (1, 2, 5, 10) if high / (size * k) <= most)
    return [step * k for k in range(int(high / step + 1e-9) + 1)]


def years_shown(first: int, last: int, most: int = 8) -> list[int]:
    """Round years from ``first`` to the end of ``last``, at most ``most``."""
    step = next(k for k in (1, 2, 5, 10, 20, 50, 100) if (last + 1 - first) / k <= most)
    return [year for year in range(first, last + 2) if year % step == 0]
