"""Simple pictures of lessons as SVG, made from numbers: lines over a scale, and rows of dots.

They are narrow, so that their words can be read on a telephone. Colours are those of the page, light or dark; in a file that stands alone the colours
that are given beside them count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, RIGHT, TOP = 380, 16, 14
COLOURS = (
    "var(--lintas-line-1, #b5460f)",
    "var(--lintas-line-2, #1c5d99)",
    "var(--lintas-line-3, #3c7a3e)",
    "var(--lintas-line-4, #6b3fa0)",
)
QUIET, TEXT = "var(--lintas-quiet, #5c5c62)", "var(--lintas-text, #26262a)"
#: Words keep clear of lines that pass behind them.
WORDS = f"fill:{TEXT};paint-order:stroke;stroke:var(--lintas-paper, #fff);stroke-width:4px;stroke-linejoin:round"
DASHES = ("", "7 4", "2 3", "9 3 2 3")

Show = Callable[[float], str]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from ``low`` to ``high``, at most ``most``; both ends when they are equal."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= most)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def lines(
    said: str,
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    names: tuple[str, str],
    show: tuple[Show, Show],
    mark: tuple[float, str] | None = None,
) -> str:
    """Lines over ``x``, one for each series, with a legend; ``names`` are those of the two scales, ``mark`` an upright line with its words.

    ``said`` is what a screen reader says in place of the picture.
    """
    values = [value for some in series.values() for value in some if math.isfinite(value)]
    low, high = min([0.0, *values]), max([*values, 1e-9])
    legend = TOP + 18 * len(series)
    top, bottom = legend + 24, legend + 214
    height = bottom + 44
    x0, x1 = min(x), max(x)
    left = 14 + 8 * max(len(show[1](value)) for value in ticks(low, high))  # room for the longest number

    def at(a: float, b: float) -> tuple[float, float]:
        return left + (a - x0) / ((x1 - x0) or 1.0) * (WIDTH - left - RIGHT), bottom - (b - low) / ((high - low) or 1.0) * (bottom - top)

    body = ""
    for value in ticks(low, high):
        y = at(x0, value)[1]
        body += _line(left, y, WIDTH - RIGHT, y, QUIET, 0.3) + _text(left - 6, y + 4, show[1](value), "end")
    for value in ticks(x0, x1):
        body += _text(at(value, low)[0], bottom + 17, show[0](value), "middle")
    body += _text(left, top - 8, names[1], "start") + _text(WIDTH - RIGHT, bottom + 36, names[0], "end")
    if mark is not None and x0 <= mark[0] <= x1:
        across = at(mark[0], low)[0]
        body += _line(across, top, across, bottom, QUIET, 1.5)
        body += _text(across + (5 if across < WIDTH * 0.6 else -5), top + 12, mark[1], "start" if across < WIDTH * 0.6 else "end")
    for k, (name, some) in enumerate(series.items()):
        points = " ".join("{:.1f},{:.1f}".format(*at(a, b)) for a, b in zip(x, some, strict=True) if math.isfinite(b))
        look = f"fill:none;stroke:{COLOURS[k % 4]};stroke-width:2.5;stroke-dasharray:{DASHES[k % 4] or 'none'}"
        y = TOP + 18 * k
        body += f"<polyline points='{points}' style='{look}'/><polyline points='8,{y} 40,{y}' style='{look}'/>" + _text(
            48, y + 4, name, "start"
        )
    return _svg(said, height, body)


def dots(said: str, rows: Mapping[str, Sequence[float]], name: str, show: Show, zero: bool = True) -> str:
    """A row of dots for each list of values over one scale, with a line at their mean."""
    values = [value for some in rows.values() for value in some if math.isfinite(value)]
    if zero:
        values.append(0.0)
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = 0.06 * ((high - low) or 1.0)
    low, high = low - room, high + room
    bottom = TOP + 54 * len(rows)
    left = RIGHT

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (WIDTH - left - RIGHT)

    body = ""
    for value in ticks(low, high):
        body += _line(at(value), TOP, at(value), bottom, QUIET, 0.3) + _text(at(value), bottom + 17, show(value), "middle")
    if low < 0 < high:
        body += _line(at(0.0), TOP, at(0.0), bottom, QUIET, 1.2)
    for k, (label, some) in enumerate(rows.items()):
        y, colour = TOP + 54 * k + 34, COLOURS[k % 4]
        body += _text(left, y - 18, label, "start")
        finite = [value for value in some if math.isfinite(value)]
        for value in finite:
            body += f"<circle cx='{at(value):.1f}' cy='{y}' r='5' style='fill:{colour};fill-opacity:.55'/>"
        if finite:
            mean = at(sum(finite) / len(finite))
            body += f"<line x1='{mean:.1f}' x2='{mean:.1f}' y1='{y - 10}' y2='{y + 10}' style='stroke:{colour};stroke-width:3'/>"
    body += _text(WIDTH - RIGHT, bottom + 36, name, "end")
    return _svg(said, bottom + 44, body)


def _svg(said: str, height: float, body: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' role='img' aria-label='{escape(said, quote=True)}' "
        f"style='width:100%;max-width:500px;height:auto;font-family:sans-serif;font-size:14px'>{body}</svg>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' style='stroke:{colour};stroke-width:{width}'/>"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' style='{WORDS}'>{escape(text)}</text>"
