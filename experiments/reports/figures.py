"""The figures of the report: each with a sentence computed from the data, words for who cannot see it, and its numbers.

Figures are narrow and tall so that they stay readable on a telephone, and are told apart by line style and direct
labels as well as by colour. They are SVG, drawn without a display, and the same data give the same bytes.
"""

from __future__ import annotations

import io
import json
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abm.claims.claim import Claim, Pattern, claims
from abm.claims.interpret import number_of, series_of
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


#: The figures of the report, in reading order.
FIGURES = ("income", "care", "poverty", "work", "trade", "map")


def pictures(results: Drawn, region: Region, language: str = "en", which: Iterable[str] = FIGURES) -> list[Picture]:
    """These figures of the report, in the order given."""
    draw = Drawing(results, region, language)
    return [getattr(draw, name)() for name in which]


class Drawing:
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

    # --- the figures ------------------------------------------------------------------------------------------------

    def income(self) -> Picture:
        _, n = self._, self.n
        own, across, ratio = (
            self.years.of(*what) for what in (("income_per_capita", "id"), ("income_per_capita", "my"), ("income_ratio", "id"))
        )
        canvas, (top, bottom) = self._canvas(4.6, 2, heights=(2.2, 1))
        self.draw_income(top)
        self._said(bottom, self.claims["E01"]["ratio"])
        self._line(bottom, ratio, ACCENT)
        bottom.set_ylim(0, max([*ratio.values(), 6]) * 1.15)
        bottom.yaxis.set_major_formatter(lambda v, _position: n.number(v, 1))
        self._heading(bottom, _("Ratio, Sarawak to Kalimantan"))
        a, b, r = self._at(own, self.last), self._at(across, self.last), self._at(ratio, self.last)
        sentence = _(
            "In {first} a person had US${own_first} on the Kalimantan side and US${across_first} on the Sarawak side; "
            "in {last} US${own_last} and US${across_last}, a ratio of {ratio}."
        ).format(
            first=self.first,
            own_first=n.number(self._at(own, self.first)),
            across_first=n.number(self._at(across, self.first)),
            last=self.last,
            own_last=n.number(a),
            across_last=n.number(b),
            ratio=n.number(r, 1),
        )
        said_own, said_across = (self.claims["E01"][side] for side in ("own", "across"))
        first, last = _span(said_own)
        mean_own, mean_across = (number_of(said.numbers["value"], self.years) for said in (said_own, said_across))
        if math.isfinite(mean_own) and math.isfinite(mean_across):
            sentence += " " + _(
                "The mean of {first}–{last} is US${own} against US${across}; the paper says {said_own} against {said_across}."
            ).format(
                first=first,
                last=last,
                own=n.number(mean_own),
                across=n.number(mean_across),
                said_own=self._mark(said_own),
                said_across=self._mark(said_across),
            )
        return self._picture(
            "income",
            _("Income on both sides"),
            canvas,
            _(
                "Two lines of income per person by year, {span}, with marks at {said_own} and {said_across} for {first}–{last}; "
                "below, the ratio of the two."
            ).format(span=self.span, said_own=self._mark(said_own), said_across=self._mark(said_across), first=first, last=last),
            sentence,
            (
                (_("Kalimantan side, US$"), own, n.number),
                (_("Sarawak side, US$"), across, n.number),
                (_("ratio"), ratio, lambda v: n.number(v, 1)),
            ),
        )

    def care(self) -> Picture:
        _, n = self._, self.n
        everything, primary, hospital = (
            self.years.of(name) for name in ("care_share_across", "care_share_across_primary", "care_share_across_hospital")
        )
        rate = self.years.of("visits_across_per_1000")
        canvas, (top, bottom) = self._canvas(4.8, 2, heights=(2.2, 1))
        self.draw_care(top)
        notes = self._mark_events(top, ("care", "facility", "crossing"))
        self._line(bottom, rate, INK)
        bottom.set_ylim(0, max([*rate.values(), 1]) * 1.15)
        self._heading(bottom, _("Visits across per 1,000 people and year"))
        fewer = self.claims["E03"]["fewer"]
        before, after = _span(fewer, "share"), _span(fewer, "later_share")
        share, later = (number_of(fewer.numbers[name], self.years) for name in ("share", "later_share"))
        if math.isfinite(share) and math.isfinite(later):
            sentence = _(
                "In the {first}s {share} of all visits were made across, in {later_first}–{later_last} {later}; "
                "hospital care went from {hospital_share} to {hospital_later}."
            ).format(
                first=before[0],
                share=n.percent(share),
                later_first=after[0],
                later_last=after[1],
                later=n.percent(later),
                hospital_share=n.percent(self.years.mean("care_share_across_hospital", *before)),
                hospital_later=n.percent(self.years.mean("care_share_across_hospital", *after)),
            )
        else:
            sentence = _("In {first} {share_first} of all visits were made across, in {last} {share_last}.").format(
                first=self.first,
                share_first=n.percent(self._at(everything, self.first)),
                last=self.last,
                share_last=n.percent(self._at(everything, self.last)),
            )
        return self._picture(
            "care",
            _("Health care across the border"),
            canvas,
            _(
                "Three lines, {span}: the share of all visits, of primary visits and of hospital visits made across; "
                "below, visits across per 1,000 people."
            ).format(span=self.span),
            sentence,
            (
                (_("all visits"), everything, n.percent),
                (_("primary care"), primary, n.percent),
                (_("hospital"), hospital, n.percent),
                (_("per 1,000 people"), rate, n.number),
            ),
            notes,
        )

    def poverty(self) -> Picture:
        _, n = self._, self.n
        own, across, idle = (
            self.years.of("poverty_rate", "id"),
            self.years.of("poverty_rate", "my"),
            self.years.of("under_employment_rate", "id"),
        )
        canvas, (top, bottom) = self._canvas(4.2, 2, heights=(2, 1))
        self._crisis(top)
        self._crisis(bottom)
        self._line(top, own, KALIMANTAN, self.side_names["id"])
        self._line(top, across, SARAWAK, self.side_names["my"], dashed=True)
        self._shares(top, tight=True)
        self._heading(top, _("Share of people below the poverty line (crisis shaded)"))
        self._line(bottom, idle, KALIMANTAN)
        self._shares(bottom, tight=True)
        self._heading(bottom, _("Under-employment, Kalimantan side"))
        sentence = _(
            "In {first} {own_first} of the Kalimantan side and {across_first} of the Sarawak side were poor, "
            "in {last} {own_last} and {across_last}."
        ).format(
            first=self.first,
            own_first=n.percent(self._at(own, self.first)),
            across_first=n.percent(self._at(across, self.first)),
            last=self.last,
            own_last=n.percent(self._at(own, self.last)),
            across_last=n.percent(self._at(across, self.last)),
        )
        measures = self.claims["E05"]["measures"]
        before, during = (number_of(measures.numbers[name], self.years) for name in ("poor", "poor_later"))
        if math.isfinite(before) and math.isfinite(during):
            (before_first, before_last), (first, last) = _span(measures, "poor"), _span(measures, "poor_later")
            sentence += " " + _(
                "On the Kalimantan side it was {before} before the crisis ({before_first}–{before_last}) and {during} in it ({first}–{last})."
            ).format(
                before=n.percent(before),
                before_first=before_first,
                before_last=before_last,
                during=n.percent(during),
                first=first,
                last=last,
            )
        return self._picture(
            "poverty",
            _("Poverty and under-employment"),
            canvas,
            _("Two lines of the poverty rate by side, {span}; below, under-employment on the Kalimantan side.").format(span=self.span),
            sentence,
            (
                (_("poor, Kalimantan side"), own, lambda v: n.percent(v, 1)),
                (_("poor, Sarawak side"), across, lambda v: n.percent(v, 1)),
                (_("under-employed"), idle, lambda v: n.percent(v, 1)),
            ),
        )

    def work(self) -> Picture:
        _, n = self._, self.n
        passes, hidden = self.years.of("adults_pass"), self.years.of("adults_undocumented")
        canvas, (axes,) = self._canvas(3.2, 1)
        self._crisis(axes)
        self._line(axes, passes, SARAWAK, _("with a pass"))
        self._line(axes, hidden, KALIMANTAN, _("without papers"), dashed=True)
        axes.set_ylim(0, max([*passes.values(), *hidden.values(), 1]) * 1.15)
        axes.yaxis.set_major_formatter(lambda v, _position: n.number(v))
        self._heading(axes, _("Adults of the Kalimantan side working across (crisis shaded)"))
        total = {year: passes[year] + hidden[year] for year in passes if year in hidden}
        peak = max(total, key=lambda y: total[y], default=self.last)
        sentence = _("Most worked across in {peak}: {total} adults, {share} of them without papers; in {last} it was {total_last}.").format(
            peak=peak,
            total=n.short(self._at(total, peak)),
            share=n.percent(self._at(hidden, peak) / self._at(total, peak) if self._at(total, peak) else math.nan),
            last=self.last,
            total_last=n.short(self._at(total, self.last)),
        )
        return self._picture(
            "work",
            _("Work across the border"),
            canvas,
            _("Two lines, {span}: adults working across with a pass, and without papers.").format(span=self.span),
            sentence,
            ((_("with a pass"), passes, n.number), (_("without papers"), hidden, n.number)),
        )

    def trade(self) -> Picture:
        _, n = self._, self.n
        flows = self.claims["E17"]["flows"]
        out, into = (series_of(flows.numbers[name].of, self.years) for name in ("out", "into"))
        undeclared = series_of(self.claims["E15"]["enforcement"].numbers["share"].of, self.years)
        canvas, (top, bottom) = self._canvas(4.2, 2, heights=(2, 1))
        million = 1e6
        self._crisis(top)
        self._crisis(bottom)
        self._line(top, {y: v / million for y, v in out.items()}, KALIMANTAN, _("to Sarawak"))
        self._line(top, {y: v / million for y, v in into.items()}, SARAWAK, _("to Kalimantan"), dashed=True)
        top.set_ylim(0, max([*out.values(), *into.values(), 1]) / million * 1.15)
        top.yaxis.set_major_formatter(lambda v, _position: n.number(v, 0 if top.get_ylim()[1] >= 10 else 1))
        self._heading(top, _("Trade across by the traders of both sides, million US$ a year (crisis shaded)"))
        self._line(bottom, undeclared, INK)
        self._shares(bottom)
        self._heading(bottom, _("Undeclared share of its value"))
        sentence = _(
            "In {last} goods worth US${out} million went to Sarawak and US${into} million came to Kalimantan; "
            "{share} of the value was undeclared."
        ).format(
            last=self.last,
            out=n.short(self._at(out, self.last) / million),
            into=n.short(self._at(into, self.last) / million),
            share=n.percent(self._at(undeclared, self.last)),
        )
        times_out, times_in = (number_of(flows.numbers[name], self.years) for name in ("out", "into"))
        if math.isfinite(times_out) and math.isfinite(times_in):
            (first, last), (before_first, before_last) = _span(flows, "out"), _span(flows, "out", base=True)
            sentence += " " + _(
                "From {before_first}–{before_last} to {first}–{last} the flow to Sarawak became {out} times, "
                "the flow to Kalimantan {into} times what it was."
            ).format(
                before_first=before_first,
                before_last=before_last,
                first=first,
                last=last,
                out=n.number(times_out, 1),
                into=n.number(times_in, 1),
            )
        return self._picture(
            "trade",
            _("Trade across the border"),
            canvas,
            _("Two lines of the value of trade each way, {span}; below, the share of it that was undeclared.").format(span=self.span),
            sentence,
            (
                (_("to Sarawak, US$"), out, n.number),
                (_("to Kalimantan, US$"), into, n.number),
                (_("undeclared"), undeclared, n.percent),
            ),
        )

    def map(self, indicator: str = "care_share_across", year: int | None = None, height: float = 4.9) -> Picture:
        """The places of one year, sized by people and coloured by an indicator of the ``places`` table."""
        _, n = self._, self.n
        shown = self.map_year if year is None else year
        rows = self.results.places[self.results.places["year"] == shown]
        label, as_share = self._label(indicator)
        values = rows[indicator].to_numpy(dtype=float)
        canvas, (axes,) = self._canvas(height, 1)
        axes.set_position((0.0, 0.17, 1.0, 0.77))
        self.draw_map(canvas, axes, indicator, shown, keys=(0.05, 0.115, 0.34, 0.022))
        ranked = [(str(p), float(v)) for p, v, s in zip(rows["place"], values, rows["side"], strict=True) if s == "id" and math.isfinite(v)]
        ranked.sort(key=lambda pair: (-pair[1], pair[0]))
        show: Callable[[float], str] = n.percent if as_share else n.short
        if ranked:
            sentence = _("{label} in {year} on the Kalimantan side: highest in {top} ({high}), lowest in {bottom} ({low}).").format(
                label=label, year=shown, top=ranked[0][0], high=show(ranked[0][1]), bottom=ranked[-1][0], low=show(ranked[-1][1])
            )
        else:
            sentence = _("There is no value of this indicator in {year}.").format(year=shown)
        side = lambda code: self.side_names[str(code)]  # noqa: E731
        return self._picture(
            "map",
            _("The border, place by place"),
            canvas,
            _("Map of the border with rivers, places sized by population and coloured by: {label}; crossings marked by kind.").format(
                label=label
            ),
            sentence,
            head=(_("place"), _("side"), label),
            rows=tuple((str(p), side(s), show(v)) for p, s, v in zip(rows["place"], rows["side"], values, strict=True)),
        )

    @property
    def map_year(self) -> int:
        """The year of the map: the middle of those in which, the paper says, most care was sought across, or the run's last."""
        return min(self.last, (sum(_span(self.claims["E02"]["visits"], "share")) + 1) // 2)

    # --- panels that are part of more than one figure ------------------------------------------------------------------

    def draw_income(self, axes: Axes) -> None:
        """Income of both sides with the paper's two numbers."""
        _, n = self._, self.n
        own, across = self.years.of("income_per_capita", "id"), self.years.of("income_per_capita", "my")
        self._line(axes, own, KALIMANTAN, self.side_names["id"])
        self._line(axes, across, SARAWAK, self.side_names["my"], dashed=True)
        axes.set_yscale("log")
        ticks = [digits * 10**zeros for zeros in (1, 2, 3) for digits in (5, 10, 20)]
        axes.set_yticks(ticks, [n.number(t) for t in ticks])
        axes.minorticks_off()
        everything = [v for v in (*own.values(), *across.values()) if v > 0] or [1.0]
        patterns = [self.claims["E01"][side] for side in ("own", "across")]
        axes.set_ylim(min(*everything, 500) * 0.8, max(*everything, *(said.mark[0] for said in patterns if said.mark)) * 1.3)
        for said in patterns:
            self._said(axes, said)
        self._heading(axes, _("Income per person, US$ a year (logarithmic scale)"))

    def draw_care(self, axes: Axes) -> None:
        """Share of visits made across by tier."""
        _ = self._
        self._line(axes, self.years.of("care_share_across"), INK, _("all visits"))
        self._line(axes, self.years.of("care_share_across_primary"), KALIMANTAN, _("primary care"), dashed=True)
        self._line(axes, self.years.of("care_share_across_hospital"), SARAWAK, _("hospital"), dotted=True)
        self._shares(axes)
        self._heading(axes, _("Share of visits made across, Kalimantan side"))

    def draw_map(self, canvas: Canvas, axes: Axes, indicator: str, year: int, keys: tuple[float, float, float, float]) -> None:
        """Places sized by people and coloured by an indicator; the colour key and the signs are below."""
        _, n = self._, self.n
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize
        from matplotlib.lines import Line2D

        rows = self.results.places[self.results.places["year"] == year]
        self._outline(axes)
        label, as_share = self._label(indicator)
        values = rows[indicator].to_numpy(dtype=float)
        colours = colormaps["viridis_r"]
        scale = Normalize(0, 1 if as_share else float(max([v for v in values if math.isfinite(v)] or [1.0])))
        records = rows.to_dict("records")
        for row, value in sorted(zip(records, values, strict=True), key=lambda pair: -float(pair[0]["population"])):
            face: Any = colours(scale(value)) if math.isfinite(value) else "#ffffff"
            # Area in proportion to people; a floor keeps the smallest place visible.
            axes.scatter(row["lon"], row["lat"], s=max(14, row["population"] / 120), color=[face], edgecolor=INK, linewidth=0.7, zorder=4)
        self._crossings(axes, year)
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=2, foreground="#faf8f2")]
        written: list[tuple[float, float]] = []
        service = self.region.places[self.region.places["kind"] == "service"]
        for row in service.to_dict("records"):
            x, y = float(row["lon"]), float(row["lat"])
            axes.scatter(x, y, s=22, marker="s", color="#ffffff", edgecolor=GREY, linewidth=1, zorder=3)
            axes.annotate(
                str(row["place"]),
                (x, y),
                xytext=(0, -11),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color="#5a5a58",
                path_effects=halo,
            )
            written.append((x, y - 0.15))
        # Names of the larger places first; a name that would cover another is left out (the table below has them all).
        for row in sorted(records, key=lambda r: (-float(r["population"]), str(r["place"]))):
            x, y = float(row["lon"]), float(row["lat"])
            if any(abs(x - other_x) <= 0.6 and abs(y - other_y) <= 0.16 for other_x, other_y in written):
                continue
            lift = math.sqrt(max(14, float(row["population"]) / 120)) / 2 + 2
            axes.annotate(
                str(row["place"]),
                (x, y),
                xytext=(0, lift),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=INK,
                zorder=6,
                path_effects=halo,
            )
            written.append((x, y))
        self._heading(axes, _("{label}, {year}").format(label=label, year=year))
        bar = canvas.colorbar(ScalarMappable(scale, colours), cax=canvas.add_axes(keys), orientation="horizontal")
        if as_share:
            bar.set_ticks([0, 0.5, 1], labels=[n.percent(v) for v in (0, 0.5, 1)])
        bar.ax.tick_params(labelsize=8, length=2)
        kinds = {
            "post": ("D", KALIMANTAN, _("post")),
            "traditional": ("^", "#c99700", _("traditional crossing")),
            "path": ("x", GREY, _("path")),
        }
        handles = [Line2D([], [], ls="", marker=m, color=c, ms=6, label=word) for m, c, word in kinds.values()]
        handles.append(Line2D([], [], ls="", marker="s", mfc="#ffffff", mec=GREY, ms=6, label=_("service town")))
        canvas.legend(handles=handles, loc="lower right", bbox_to_anchor=(0.99, 0.01), ncols=2, frameon=False, fontsize=8)

    def _label(self, indicator: str) -> tuple[str, bool]:
        """The declared label of an output, and whether it is a share."""
        from agents.core.declare import OUTPUTS

        said = OUTPUTS.get(indicator)
        return (self._(said.label), said.unit == "share") if said else (indicator, "share" in indicator)

    def _mark(self, pattern: Pattern) -> str:
        """The paper's number as it is written."""
        assert pattern.mark is not None  # these patterns have one
        value, written = pattern.mark
        return formats(self.n)[written](value)

    def _said(self, axes: Axes, pattern: Pattern) -> None:
        """What the paper says, as a bar over its years, once the run has begun them."""
        first, last = _span(pattern)
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

    # --- what they are made of --------------------------------------------------------------------------------------

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

    def _outline(self, axes: Axes) -> None:
        shapes: dict[str, Any] = json.loads((self.region.folder / "map.geojson").read_text(encoding="utf-8"))
        places = self.region.places
        west, east = float(places["lon"].min()) - 0.35, float(places["lon"].max()) + 0.35
        south, north = float(places["lat"].min()) - 0.35, float(places["lat"].max()) + 0.3
        axes.set_facecolor("#e8eff3")
        styles: dict[str, dict[str, Any]] = {
            "river": {"color": "#8db4cc", "lw": 1.0, "zorder": 2},
            "border": {"color": INK, "lw": 1.3, "ls": (0, (4, 2)), "zorder": 3},
        }
        for feature in shapes["features"]:
            kind = feature["properties"].get("kind")
            for line in _rings(feature["geometry"]):
                x, y = [p[0] for p in line], [p[1] for p in line]
                if kind == "land":
                    axes.fill(x, y, facecolor="#faf8f2", edgecolor="#b9b6aa", lw=0.8, zorder=1)
                elif kind in styles:
                    axes.plot(x, y, **styles[kind])
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect("equal", adjustable="box")  # at the equator a degree is as long both ways
        axes.grid(False)
        axes.set_xticks([])
        axes.set_yticks([])
        for edge in axes.spines.values():
            edge.set_visible(False)

    def _crossings(self, axes: Axes, year: int) -> None:
        """Crossings by kind; a post that is not yet open is drawn as the traditional crossing it was."""
        for row in self.region.crossings.to_dict("records"):
            kind, opened = str(row["kind"]), str(row["opened"])
            is_open = opened[:4].isdigit() and int(opened[:4]) <= year
            if kind == "post" and is_open:
                style: dict[str, Any] = {"marker": "D", "color": KALIMANTAN, "s": 26}
            elif kind == "path":
                style = {"marker": "x", "color": GREY, "s": 16}
            else:
                style = {"marker": "^", "color": "#c99700", "s": 26}
            axes.scatter(row["lon"], row["lat"], zorder=5, linewidth=1, **style)

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


def readme_picture(results: Drawn, region: Region) -> bytes:
    """Income and care beside the map, as one PNG."""
    from matplotlib.figure import Figure as Canvas

    draw = Drawing(results, region, "en")
    canvas = Canvas(figsize=(12.4, 5.6))
    left = canvas.add_axes((0.05, 0.58, 0.4, 0.34))
    below = canvas.add_axes((0.05, 0.09, 0.4, 0.34))
    for axes in (left, below):
        draw.dress(axes)
    draw.draw_income(left)
    draw.draw_care(below)
    draw.draw_map(canvas, canvas.add_axes((0.5, 0.16, 0.5, 0.78)), "care_share_across", draw.map_year, keys=(0.52, 0.105, 0.17, 0.02))
    out = io.BytesIO()
    canvas.savefig(out, format="png", dpi=110, metadata={"Software": None}, facecolor="#ffffff")
    return out.getvalue()


def _span(pattern: Pattern, number: str = "value", *, base: bool = False) -> tuple[int, int]:
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


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """All lines of a GeoJSON geometry (holes are drawn as lines of their own)."""
    kind, points = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [points]
    if kind in ("MultiLineString", "Polygon"):
        return list(points)
    if kind == "MultiPolygon":
        return [ring for polygon in points for ring in polygon]
    return []
