"""The figures of a sensitivity analysis and of a box found by scenario discovery, in the style of the report's."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from experiments.analysis.discovery import Box, Limit, box_sentence, condition
from experiments.analysis.indices import MEASURES, Indices, sentence
from experiments.own_matplotlib import WIDTH, svg
from experiments.reports.figure_sheet import Picture
from experiments.reports.svg import ACCENT, GREY, INK, KALIMANTAN, SARAWAK
from experiments.studies.outcomes import Base, heading, parameter_label
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: Parameters that a figure shows, most influential first (tables have them all).
MOST_SHOWN = 15
#: Letters that a row has room for.
MOST_LETTERS = 80


def picture(part: Base, lang: str = "en") -> Picture | None:
    """The figure of one arm and outcome; none where there is nothing to show."""
    if isinstance(part, Indices) and part.indices:
        return indices(part, lang)
    if isinstance(part, Box) and part.path:
        return box(part, lang)
    return None


def indices(part: Indices, lang: str = "en") -> Picture:
    """A line for each parameter, with its measures as dots on their intervals."""
    _, n = translator(lang), Numbers(lang)
    shown = part.ranked()[:MOST_SHOWN]
    measures = [m for m in MEASURES[part.method] if m != "mu"]  # the mean effect, signed, is in the table
    show = n.short if part.method == "morris" else lambda v: n.number(v, 2)
    title = heading(part, _)
    canvas, (axes,) = _canvas(title, [0.5 * len(shown) + 0.1])
    styles: tuple[dict[str, Any], ...] = (
        {"color": KALIMANTAN, "marker": "o", "mfc": KALIMANTAN},
        {"color": SARAWAK, "marker": "s", "mfc": "#ffffff"},
    )
    for step, (measure, style) in enumerate(zip(measures, styles, strict=False)):
        estimate, low, high = part.indices[measure]
        for row, k in enumerate(shown):
            y = -row - 0.08 - 0.22 * step
            axes.plot([low[k], high[k]], [y, y], color=style["color"], lw=1.6, solid_capstyle="butt", zorder=3)
            axes.plot(
                [estimate[k]], [y], ls="", ms=5, mew=1.2, zorder=4, label=_(MEASURES[part.method][measure]) if row == 0 else None, **style
            )
    _rows(axes, [parameter_label(part.names[k], _) for k in shown])
    if part.floor > 0:
        axes.axvspan(0, part.floor, color="#f0ece0", zorder=0, label=_("as much as chance gives"))
    axes.axvline(0, color=GREY, lw=0.8, zorder=1)
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0), max(right, 1e-12))
    axes.xaxis.set_major_locator(_ticks())
    axes.xaxis.set_major_formatter(lambda v, _position: show(v))
    canvas.legend(loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=3, frameon=False, fontsize=8, handlelength=1.2, columnspacing=1.2)
    notes = ()
    if len(part.names) > len(shown):
        notes = (_("The {n} most influential of {total} parameters are shown.").format(n=len(shown), total=len(part.names)),)
    head = (_("parameter"), *(_(w) for w in MEASURES[part.method].values()))
    rows = tuple(
        (parameter_label(part.names[k], _), *(f"{show(e[k])} [{show(a[k])}–{show(b[k])}]" for e, a, b in part.indices.values()))
        for k in part.ranked()
    )
    alt = _("A line for each parameter, most influential first, with a dot and an interval for: {measures}.").format(
        measures=", ".join(_(MEASURES[part.method][m]) for m in measures)
    )
    return Picture("sensitivity", title, svg(canvas), alt, sentence(part, lang), head, rows, notes)


def box(found: Box, lang: str = "en") -> Picture:
    """The limits of the box within the ranges of the study; below, coverage and density along the peeling."""
    _, n = translator(lang), Numbers(lang)
    title = heading(found, _)
    canvas, panels = _canvas(title, [0.5 * max(len(found.limits), 1) + 0.1, 2.0])
    top, bottom = panels
    for row, limit in enumerate(found.limits):
        low, high = limit.range
        if limit.states:
            a, b = (0.5, 1.0) if limit.states == ("on",) else (0.0, 0.5)
        else:
            a, b = (limit.place(v) for v in (low if limit.low is None else limit.low, high if limit.high is None else limit.high))
        y = -row - 0.15
        top.plot([0, 1], [y, y], color="#e6e6e2", lw=7, solid_capstyle="butt", zorder=2)
        top.plot([a, b], [y, y], color=KALIMANTAN, lw=7, solid_capstyle="butt", zorder=3)
    _rows(top, [_condition(x, _, n) for x in found.limits])
    top.set_xlim(0, 1)
    if found.limits:
        top.set_xticks([0, 1], labels=[_("lowest in the study"), _("highest in the study")])
        for tick, side in zip(top.get_xticklabels(), ("left", "right"), strict=True):
            tick.set_horizontalalignment(side)
    else:
        top.set_xticks([])
        top.text(0.5, 0.5, _("no box"), transform=top.transAxes, ha="center", color=INK, fontsize=9)
    coverage, density = [p[0] for p in found.path], [p[1] for p in found.path]
    bottom.plot(coverage, density, color=SARAWAK, lw=1.2, marker="o", ms=3, label=_("boxes along the peeling"))
    if found.limits:
        bottom.plot([found.coverage], [found.density], ls="", marker="D", ms=8, color=ACCENT, label=_("the box taken"))
    for axis, limits in ((bottom.xaxis, bottom.set_xlim), (bottom.yaxis, bottom.set_ylim)):
        limits(0, 1.04)
        axis.set_major_formatter(lambda v, _position: n.percent(v))
    bottom.grid(axis="y", color="#e6e6e2", lw=0.8)
    bottom.set_xlabel(_("coverage: share of the points with the outcome that lie in the box"), fontsize=9, color=INK)
    bottom.set_title(_("density: share of the points in the box with the outcome"), loc="left", fontsize=9, color=INK, pad=6)
    canvas.legend(loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=2, frameon=False, fontsize=9)
    head = (_("parameter"), _("from"), _("to"))
    rows = tuple(
        (parameter_label(x.name, _), n.short(x.low) if x.low is not None else "–", n.short(x.high) if x.high is not None else "–")
        for x in found.limits
    )
    alt = _("Bars of the ranges that bound the box; below, coverage against density of the boxes along the peeling.")
    return Picture("discovery", title, svg(canvas), alt, box_sentence(found, lang), head, rows)


def _condition(limit: Limit, _: Translate, n: Numbers) -> str:
    """A side of a box in a row's room: where that is too short, the name is cut, not what is said of it."""

    def said(most: int | None) -> str:
        text = condition(limit, _, n, most)
        return _("{condition} (logarithmic scale)").format(condition=text) if limit.is_log else text

    over = len(said(None)) - MOST_LETTERS
    return said(None) if over <= 0 else said(max(len(parameter_label(limit.name, _)) - over, 12))


def _canvas(title: str, heights: list[float]) -> tuple[Canvas, list[Axes]]:
    """Panels of given heights in inches below a title, with room for a legend."""
    from experiments.own_matplotlib import matplotlib

    matplotlib()
    from matplotlib.figure import Figure

    lines = [line for part in title.rsplit(" · ", 1) for line in textwrap.wrap(part, 70, break_on_hyphens=False)]
    above, between, below = 0.24 + 0.17 * len(lines), 0.75, 0.85 if len(heights) > 1 else 0.62
    whole = above + sum(heights) + between * (len(heights) - 1) + below
    canvas = Figure(figsize=(WIDTH, whole))
    canvas.text(0.03, 1 - 0.08 / whole, "\n".join(lines), va="top", fontsize=10, color=INK)
    panels, at = [], whole - above
    for number, height in enumerate(heights):
        left = 0.03 if number == 0 else 0.1
        axes = canvas.add_axes((left, (at - height) / whole, 0.97 - left, height / whole))
        at -= height + between
        for edge in ("top", "right", "left") if number == 0 else ("top", "right"):
            axes.spines[edge].set_visible(False)
        for edge in ("left", "bottom"):
            axes.spines[edge].set_color(GREY)
        axes.tick_params(labelsize=9, colors=INK, length=3, color=GREY)
        axes.set_axisbelow(True)
        panels.append(axes)
    return canvas, panels


def _rows(axes: Axes, labels: list[str]) -> None:
    """Rows at 0, -1, -2 …, each named above its marks, so that long names stay readable on a narrow page."""
    axes.set_ylim(-max(len(labels), 1) + 0.45, 0.6)
    axes.set_yticks([])
    axes.grid(axis="x", color="#e6e6e2", lw=0.8)
    for row, label in enumerate(labels):
        axes.text(
            0.004, -row + 0.28, textwrap.shorten(label, MOST_LETTERS, placeholder="…"), transform=axes.get_yaxis_transform(), va="center",
            fontsize=8.5, color=INK, zorder=6,
        )  # fmt: skip


def _ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6)
