"""The figure of a comparison: both arms with the spread of their runs, and below each the paired difference with its interval."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from experiments.analysis.differences import Comparison, Effect
from experiments.own_matplotlib import WIDTH, svg
from experiments.reports.compare_words import label_of, named, sentences, start_sentence
from experiments.reports.figure_sheet import Picture
from experiments.reports.svg import ACCENT, GREY, INK, KALIMANTAN, SARAWAK
from experiments.studies.target_names import side_name
from experiments.words.languages import Numbers, translator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Indicators that a figure shows.
MOST_DRAWN = 4
#: Inches of an indicator's two panels, the room above them for its name, and of the parts above and below all.
ARMS, DIFFERENCE, NAME, BETWEEN, ABOVE, BELOW = 1.45, 0.95, 0.55, 0.35, 0.3, 0.72


def picture(part: Comparison, lang: str = "en") -> Picture | None:
    """Small multiples of the chosen indicators; none where there are no years."""
    if not part.has_years:
        return None
    from experiments.own_matplotlib import matplotlib

    matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    _, n = translator(lang), Numbers(lang)
    shown = part.chosen[:MOST_DRAWN]
    columns = min(2, len(shown))
    lines = math.ceil(len(shown) / columns)
    block = NAME + ARMS + 0.14 + DIFFERENCE + BETWEEN
    height = ABOVE + lines * block + BELOW
    canvas = Figure(figsize=(WIDTH, height))
    title = _("{b} compared with {a}").format(a=part.a, b=part.b)
    canvas.text(0.03, 1 - 0.1 / height, "\n".join(textwrap.wrap(title, 70)), va="top", fontsize=11, color=INK)
    wide = (1.0 - 0.04) / columns
    for k, effect in enumerate(shown):
        row, column = divmod(k, columns)
        left, width = 0.03 + column * wide + 0.1, wide - 0.125
        top = height - ABOVE - row * block - NAME
        arms = canvas.add_axes((left, (top - ARMS) / height, width, ARMS / height))
        below = canvas.add_axes((left, (top - ARMS - 0.14 - DIFFERENCE) / height, width, DIFFERENCE / height))
        _draw(part, effect, arms, below, n)
        name = f"{named(effect.output, _)}, {_(side_name(part.region, effect.side))}"
        text = "\n".join(textwrap.wrap(name, 44 if columns == 2 else 86, max_lines=3, placeholder=" …"))
        canvas.text(left - 0.1, (top + 0.08) / height, text, va="bottom", fontsize=8, color=INK)
    handles: list[Any] = [
        Line2D([], [], color=KALIMANTAN, lw=1.6, label=part.a),
        Line2D([], [], color=SARAWAK, lw=1.6, ls=(0, (4, 1.5)), label=part.b),
        Line2D([], [], color=ACCENT, lw=1.6, label=_("difference")),
    ]
    canvas.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.02, 0.3 / height), ncols=3, frameon=False, fontsize=8, handlelength=2.4
    )
    if part.n > 1:
        note = _("Bands above: spread of the runs (one standard deviation); below: 95 % interval of the mean difference.")
        canvas.text(0.03, 0.12 / height, "\n".join(textwrap.wrap(note, 84)), va="bottom", fontsize=7.5, color=INK)
    head = (_("indicator"), part.a, part.b, _("difference"), _("95 % interval"))
    rows = tuple(
        (label_of(e.output, _), n.short(e.mean_a), n.short(e.mean_b), n.short(e.difference), f"{n.short(e.low)} … {n.short(e.high)}")
        for e in part.chosen
    )
    alt = _("For each indicator two lines by year, one for each scenario, and below the difference of the two with its interval.")
    return Picture("compare", title, svg(canvas), alt, " ".join([*sentences(part, lang), start_sentence(part, lang)]).strip(), head, rows)


def _draw(part: Comparison, effect: Effect, arms: Axes, below: Axes, n: Numbers) -> None:
    mine = part.table[(part.table["output"] == effect.output) & (part.table["side"] == effect.side)].sort_values("year")
    year = mine["year"].to_numpy()
    for mean, sd, color, style in (("mean_a", "sd_a", KALIMANTAN, "-"), ("mean_b", "sd_b", SARAWAK, (0, (4, 1.5)))):
        value, spread = mine[mean].to_numpy(), mine[sd].to_numpy()
        arms.fill_between(year, value - spread, value + spread, color=color, alpha=0.16, lw=0)
        arms.plot(year, value, color=color, lw=1.6, ls=style)
    below.fill_between(year, mine["low"].to_numpy(), mine["high"].to_numpy(), color=ACCENT, alpha=0.22, lw=0)
    below.plot(year, mine["difference"].to_numpy(), color=ACCENT, lw=1.6)
    below.axhline(0, color=GREY, lw=0.8, zorder=1)
    first, last = int(year.min()), int(year.max())
    for axes in (arms, below):
        if part.years and part.years != (first, last):
            axes.axvspan(part.years[0] - 0.5, part.years[1] + 0.5, color="#f0ece0", zorder=0)
        for edge in ("top", "right"):
            axes.spines[edge].set_visible(False)
        for edge in ("left", "bottom"):
            axes.spines[edge].set_color(GREY)
        axes.tick_params(labelsize=8, colors=INK, length=3, color=GREY)
        axes.grid(axis="y", color="#e6e6e2", lw=0.8)
        axes.set_axisbelow(True)
        axes.set_xlim(first - 0.5, last + 0.5)
        axes.xaxis.set_major_locator(_whole(5))
        axes.yaxis.set_major_locator(_few(4))
        axes.yaxis.set_major_formatter(lambda v, _position: _tick(v, n))
    arms.tick_params(labelbottom=False)


def _tick(value: float, n: Numbers) -> str:
    """Short enough for a narrow panel, in the language's own writing."""
    size = abs(value)
    if size < 1e-12:
        return "0"
    if size >= 1e6:
        return f"{n.number(value / 1e6, 1)}·10⁶"
    if size >= 10 or abs(value - round(value)) < 1e-9:
        return n.number(value, 0 if abs(value - round(value)) < 1e-9 else 1)
    fewest = 2 if size >= 0.1 else 3 if size >= 0.001 else 5
    return n.number(value, next((d for d in range(fewest, 7) if abs(value - round(value, d)) < 1e-6 * size), 7))


def _whole(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True)


def _few(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most)
