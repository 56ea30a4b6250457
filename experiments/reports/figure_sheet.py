"""What do all figures of the report share? Colours, canvas, lines, marks, and the numbers and words that go beside a figure.

Figures are narrow and tall so that they are readable on a telephone, and lines differ by style and direct
labels as well as by colour. They are SVG, drawn without a display, and the same data give the same bytes.
"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abm.claims.claim import Claim, Pattern, claims
from abm.claims.years import Years
from experiments.reports.paper import formats
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from abm.region import Region
    from experiments.runs.run import Drawn


KALIMANTAN, SARAWAK, ACCENT, GREY, INK = "#b5460f", "#1c5d99", "#3c7a3e", "#8a8a86", "#26262a"
WIDTH = 5.8


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

    def _said(self, axes: Axes, pattern: Pattern) -> None:
        """The paper's value as a bar over its years, if the run reaches them."""
        first, last = years_of(pattern)
        if pattern.mark is None or self.last < first:
            return
        value = pattern.mark[0]
        axes.plot([first, last + 0.99], [value, value], color=INK, lw=3.2, solid_capstyle="butt", zorder=5)
        from matplotlib.patheffects import withStroke

        words = self._("paper: {value}").format(value=self._mark(pattern))
        halo = [withStroke(linewidth=3, foreground="#ffffff")]
        axes.annotate(
            words,
            (first, value),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=INK,
            path_effects=halo,
            zorder=6,
        )

    def _canvas(self, height: float, panels: int, heights: Sequence[float] | None = None) -> tuple[Canvas, Sequence[Axes]]:
        from experiments.own_matplotlib import matplotlib

        matplotlib()
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=(WIDTH, height))
        # margins in inches: two lines of heading, the years, a legend; a layout engine would draw every figure twice to find them
        above, below, gap = 0.44, 0.27 if panels > 1 else 0.52, 0.6
        mean = (height - above - below - gap * (panels - 1)) / panels
        place = {"left": 0.098, "right": 0.99, "top": 1 - above / height, "bottom": below / height, "hspace": gap / mean}
        grid: Any = canvas.subplots(panels, 1, sharex=panels > 1, squeeze=False, height_ratios=heights, gridspec_kw=place)
        axes = [row[0] for row in grid]
        for one in axes:
            self.dress(one)
        return canvas, axes

    def dress(self, axes: Axes) -> None:
        """The frame and scale that all figures over time share."""
        axes.set_xlim(self.first, self.last + 1)
        for edge in ("top", "right"):
            axes.spines[edge].set_visible(False)
        for edge in ("left", "bottom"):
            axes.spines[edge].set_color(GREY)
        axes.tick_params(labelsize=9, colors=INK, length=3, color=GREY)
        axes.grid(axis="y", color="#e6e6e2", lw=0.8)
        axes.set_axisbelow(True)

    def _line(
        self, axes: Axes, series: dict[int, float], colour: str, label: str = "", *, dashed: bool = False, dotted: bool = False
    ) -> None:
        """A yearly line drawn at mid-year, named at its end."""
        if not series:
            return
        style: Any = (0, (5, 2)) if dashed else (0, (1.2, 1.4)) if dotted else "-"
        years = sorted(series)
        axes.plot([y + 0.5 for y in years], [series[y] for y in years], color=colour, lw=1.9, ls=style, label=label or None)
        if label:
            is_lowest = axes.get_subplotspec() is None or axes.get_subplotspec().is_last_row()  # type: ignore[union-attr]
            below = -0.1 if is_lowest else -0.02  # below the years, where they are written
            axes.legend(
                loc="upper center", bbox_to_anchor=(0.5, below), ncols=3, frameon=False, fontsize=9, handlelength=2.6, borderaxespad=0.1
            )

    def _heading(self, axes: Axes, text: str) -> None:
        axes.set_title(textwrap.fill(text, 64), loc="left", fontsize=10, color=INK, pad=8)

    def _shares(self, axes: Axes, *, tight: bool = False) -> None:
        """A vertical scale of 0 to 100 %, or up to what is drawn."""
        top = 1.0
        if tight:
            drawn = [float(v) for line in axes.get_lines() for v in line.get_ydata() if math.isfinite(float(v))]  # type: ignore[union-attr]
            top = min(1.0, max([*drawn, 0.04]) * 1.15)
        axes.set_ylim(0, top)
        axes.yaxis.set_major_formatter(lambda v, _position: self.n.percent(v))

    def _crisis(self, axes: Axes) -> None:
        period = self.claims["E05"].period
        if period is not None and self.first <= period.years[0] <= self.last:
            begin, end = period.bounds
            axes.axvspan(begin, min(end, self.last + 1), color="#f0ece0", zorder=0)

    def _mark_events(self, axes: Axes, families: Iterable[str]) -> tuple[str, ...]:
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
            axes.axvline(at, color=GREY, lw=0.8, ls=(0, (2, 2)), zorder=1)
            lift = (lift + 1) % 3 if at - previous < 1.3 else 0
            axes.annotate(
                str(number), (at, 0.985 - 0.075 * lift), xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=8, color=INK,
                bbox={"boxstyle": "circle,pad=0.15", "fc": "#ffffff", "ec": GREY, "lw": 0.7}, zorder=6,
            )  # fmt: skip
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
        canvas: Canvas,
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
        return Picture(key, title, svg(canvas), alt, sentence, head, rows, notes)


def years_of(pattern: Pattern, number: str = "value", *, base: bool = False) -> tuple[int, int]:
    """The years of a number of a pattern, or those it is compared with."""
    part = pattern.numbers[number].parts[base]
    assert part.first is not None and part.last is not None  # these numbers have years of their own
    return part.first, part.last


def svg(canvas: Canvas) -> bytes:
    """A figure as SVG with no trace of when or where it was drawn."""
    from experiments.own_matplotlib import matplotlib

    with matplotlib().rc_context({"svg.hashsalt": "lintas", "svg.fonttype": "path"}):
        out = io.BytesIO()
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, facecolor="#ffffff")
    return out.getvalue()
