"""The map of claims and mechanisms: how much each mechanism changes the number that stands for a claim. SVG made from numbers.

A cell has the sign as well as the colour, so that it is read without colours.
"""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from experiments.evidence.interplay import Interplay, MechanismEffect, NumberEffects
from experiments.reports.svg import GREY, INK, KALIMANTAN, PAPER, SARAWAK, closed, height_of, legend, shape, sheet, width_of, words
from experiments.words.languages import Numbers, Translate

#: Width and height of a cell.
CELL, ROW = 42.0, 21.0
#: Shares from here on are written as this many per cent or more.
MOST = 9.995
#: A share of this size has the full colour.
FULL = 1.0
UNKNOWN, ONLY, NOT_CLEAR = "–", "●", "·"
#: The slope of the names of mechanisms, in degrees.
SLOPE = 60


def heat_map(found: Interplay, _: Translate, n: Numbers) -> bytes:
    """The map: a row for each claim that has a number, a column for each mechanism."""
    root = sheet()
    rows = keys(found)
    left, mechanisms = width_of("E00", "label") + 12, found.design.mechanisms
    longest = max(width_of(name, "name") for name in mechanisms)
    top = 8 + longest * math.sin(math.radians(SLOPE)) + height_of("name")
    right = left + CELL * len(mechanisms)
    width = max(480.0, right + longest * math.cos(math.radians(SLOPE)) + 4)
    for k, name in enumerate(mechanisms):
        x, y = left + CELL * (k + 0.5), top - 5
        words(root, name, x, y, "name").set("transform", f"rotate(-{SLOPE} {x:.2f} {y:.2f})")
    for at, one in enumerate(rows):
        y = top + ROW * at
        words(root, one.claim, left - 8, y + ROW * 0.7, "label", anchor="end")
        for k, name in enumerate(mechanisms):
            _cell(root, left + CELL * k, y, text_of(one, name, n), fill_of(one, name))
    bottom = top + ROW * len(rows)
    shape(root, "rect", x=left, y=top, width=right - left, height=bottom - top, fill="none", stroke=GREY, stroke_width=0.8)
    bottom = legend(root, _entries(_), bottom + 4, 4, width - 4)
    return closed(root, bottom + 6, width)


def keys(found: Interplay) -> list[NumberEffects]:
    """The outcomes that stand for the claims, in the order of the claims."""
    claims = dict.fromkeys(one.claim for one in found.outcomes)
    return [one for one in map(found.key, claims) if one is not None]


def text_of(one: NumberEffects, mechanism: str, n: Numbers) -> str:
    """What a cell says: the share in per cent with its sign, or a sign for what is not clear, not known, or not there without the mechanism."""
    if mechanism in one.only_with:
        return ONLY
    found = one.single[mechanism]
    if not math.isfinite(found.change.median):
        return UNKNOWN
    if not found.clear:
        return NOT_CLEAR
    share = found.share.median
    if not math.isfinite(share):
        return "+" if found.change.median > 0 else n.number(-1)[0]
    if abs(share) >= MOST:
        return (">+" if share > 0 else "<" + n.number(-1)[0]) + "999"
    return signed(n, 100 * share)


def signed(n: Numbers, value: float, decimals: int = 0) -> str:
    """A number with its sign; with one more decimal where it would be 0 without."""
    if value != 0 and round(value, decimals) == 0:
        decimals += 1
    return ("+" if value > 0 else "") + n.number(value, decimals)


def fill_of(one: NumberEffects, mechanism: str) -> str:
    """The colour of a cell: by sign and size where the effect is of use, none otherwise."""
    found = one.single[mechanism]
    return colour_of(found) if found.of_use and mechanism not in one.only_with else PAPER


def colour_of(found: MechanismEffect) -> str:
    """Blue above 0 and orange below, the darker the larger the share."""
    share = found.share.median if math.isfinite(found.share.median) else math.copysign(FULL, found.change.median)
    strength = 0.15 + 0.85 * min(1.0, abs(share) / FULL)
    colour = SARAWAK if share > 0 else KALIMANTAN
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (part - 255) * strength):02x}" for part in parts)


def _cell(root: Element, x: float, y: float, text: str, fill: str) -> None:
    shape(root, "rect", x=x, y=y, width=CELL, height=ROW, fill=fill, stroke="#dedcd4", stroke_width=0.6)
    colour = GREY if fill == PAPER and text != ONLY else PAPER if _is_dark(fill) else INK
    words(root, text, x + CELL / 2, y + ROW * 0.69, "mark", anchor="middle", colour=colour)


def _is_dark(fill: str) -> bool:
    red, green, blue = (int(fill[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140


def _entries(_: Translate) -> list[tuple]:
    """Signs and what they mean."""

    def coloured(text: str, fill: str):
        def draw(parent: Element, x: float, y: float) -> None:
            shape(parent, "rect", x=x - 13, y=y - 8, width=26, height=16, fill=fill, stroke="#dedcd4", stroke_width=0.6)
            colour = GREY if fill == PAPER and text != ONLY else PAPER if _is_dark(fill) else INK
            words(parent, text, x, y + 4, "name", anchor="middle", colour=colour)

        return draw

    return [
        (coloured("+", "#7a9fc3"), _("larger with the mechanism")),
        (coloured("−", "#d59b7e"), _("smaller with the mechanism")),
        (coloured("+1", PAPER), _("clear, but smaller than an effect of use")),
        (coloured(NOT_CLEAR, PAPER), _("not clearly different from 0")),
        (coloured(ONLY, PAPER), _("no such number without it")),
        (coloured(UNKNOWN, PAPER), _("cannot be estimated")),
    ]
