"""How is a figure written as SVG from numbers? Shapes, and words that stay readable where the figure is shown on a narrow screen.

Lengths are in units of the figure, which is :data:`WIDTH` wide. Words have two sizes: one for a screen on which the figure is at least that many
pixels wide, and a larger one below. Places are laid out for the larger one. Nothing is asked of the fonts of the reader's machine: widths of words are
those of DejaVu Sans, wider than most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

KALIMANTAN, SARAWAK, ACCENT, GREY, INK = "#b5460f", "#1c5d99", "#3c7a3e", "#8a8a86", "#26262a"
PAPER = "#ffffff"
#: Width of a figure.
WIDTH = 480.0
#: Sizes of words by what they are: on a wide screen, and on a narrow one.
SIZES = {"heading": (11.5, 14.5), "label": (10.5, 13.5), "mark": (9.5, 12.5), "name": (8.0, 11.0)}
#: Dashes of lines.
DASHED, DOTTED = "8 3", "2 2.2"
#: Letters of about one width in DejaVu Sans, by that width in parts of the size of the words.
_LETTERS = {0.3: "iIjl|'.,:; ", 0.4: "frtJ()[]/-!", 0.9: "mMwW@%—&"}
_WIDTHS = {letter: width for width, letters in _LETTERS.items() for letter in letters}


def shape(parent: Element, tag: str, text: str = "", **attributes: float | str) -> Element:
    """Add an element to ``parent`` and return it; ``stroke_width`` is written as ``stroke-width``, ``class_`` as ``class``, numbers with two decimals."""
    said = {name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else number(value) for name, value in attributes.items()}
    found = SubElement(parent, tag, said)
    if text:
        found.text = text
    return found


def number(value: float) -> str:
    """A length as short as it can be written with two decimals."""
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def line(points: Iterable[tuple[float, float]]) -> str:
    """The ``d`` of a path through points; it is broken where a point is not finite, and leaves out points that fall on the one before."""
    found: list[str] = []
    previous = None
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            previous = None
            continue
        written = f"{number(x)} {number(y)}"
        if written != previous:
            found.append(("M" if previous is None else "L") + written)
        previous = written
    return "".join(found)


def words(parent: Element, text: str, x: float, y: float, role: str, *, anchor: str = "start", halo: str = "", colour: str = "") -> Element:
    """Words whose first letter, middle or last letter (``anchor``: start, middle, end) is at ``x``, on the line ``y``.

    ``role`` is one of :data:`SIZES`; ``halo`` is the colour of a border that keeps the words readable over lines.
    """
    more = {"stroke": halo, "stroke_width": 3.0, "paint_order": "stroke", "stroke_linejoin": "round"} if halo else {}
    if colour:
        more["style"] = f"fill:{colour}"
    return shape(parent, "text", text, class_=role, x=x, y=y, text_anchor=anchor, **more)


def width_of(text: str, role: str) -> float:
    """About how wide words are at their larger size."""
    return SIZES[role][1] * sum(_WIDTHS.get(letter, 0.7 if letter.isupper() else 0.62) for letter in text)


def height_of(role: str) -> float:
    """Height of a line of words at their larger size."""
    return SIZES[role][1] * 1.2


def wrapped(text: str, role: str, width: float) -> list[str]:
    """Words in lines that are no wider than ``width``."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, role) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


#: Draws the sign of an entry of a legend: called with the parent and the middle of its place.
Sign = Callable[[Element, float, float], object]
#: Width of a sign, and of what is left free after it and after the words.
SIGN, AFTER_SIGN, AFTER_WORDS = 26.0, 6.0, 16.0


def legend(parent: Element, entries: Sequence[tuple[Sign, str]], y: float, left: float, right: float) -> float:
    """Signs and what they mean, in centred rows from ``y`` down; returns the lower edge."""
    rows: list[list[tuple[Sign, str, float]]] = []
    free = 0.0
    for sign, label in entries:
        width = SIGN + AFTER_SIGN + width_of(label, "label")
        if not rows or width > free:
            rows.append([])
            free = right - left
        rows[-1].append((sign, label, width))
        free -= width + AFTER_WORDS
    for row in rows:
        y += height_of("label")
        x = (left + right - sum(width for _sign, _label, width in row) - AFTER_WORDS * (len(row) - 1)) / 2
        for sign, label, width in row:
            sign(parent, x + SIGN / 2, y - 0.36 * SIZES["label"][0])
            words(parent, label, x + SIGN + AFTER_SIGN, y, "label")
            x += width + AFTER_WORDS
    return y + 0.4 * height_of("label")


def sheet() -> Element:
    """An empty figure, to be closed by :func:`closed`."""
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg"})
    style = shape(root, "style")
    family = "system-ui,'Segoe UI','Noto Sans','DejaVu Sans',sans-serif"
    wide = "".join(f".{role}{{font-size:{size[0]}px}}" for role, size in SIZES.items())
    narrow = "".join(f".{role}{{font-size:{size[1]}px}}" for role, size in SIZES.items())
    style.text = f"text{{font-family:{family};fill:{INK}}}{wide}@media(max-width:{WIDTH:g}px){{{narrow}}}"
    shape(root, "rect", width="100%", height="100%", fill=PAPER)
    return root


def closed(root: Element, height: float, width: float = WIDTH) -> bytes:
    """The figure as bytes, ``width`` by ``height``; the same shapes give the same bytes."""
    height = math.ceil(height)
    root.attrib |= {"viewBox": f"0 0 {width:g} {height}", "width": f"{width:g}", "height": f"{height}"}
    return tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
