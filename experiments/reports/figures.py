"""Which figures does the report have? Each with a sentence computed from the data, a description for readers who cannot see it, and its numbers."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from abm.claims.interpret import number_of, series_of
from experiments.reports.figure_sheet import ACCENT, INK, KALIMANTAN, SARAWAK, Picture, years_of
from experiments.reports.map_figure import MapDrawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from abm.region import Region
    from experiments.runs.run import Drawn


#: The figures of the report, in reading order.
FIGURES = ("income", "care", "poverty", "work", "trade", "map")


def pictures(results: Drawn, region: Region, language: str = "en", which: Iterable[str] = FIGURES) -> list[Picture]:
    """These figures of the report, in the order given."""
    draw = Drawing(results, region, language)
    return [getattr(draw, name)() for name in which]


class Drawing(MapDrawing):
    """The figures of one run."""

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
        first, last = years_of(said_own)
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
        before, after = years_of(fewer, "share"), years_of(fewer, "later_share")
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
            (before_first, before_last), (first, last) = years_of(measures, "poor"), years_of(measures, "poor_later")
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
            (first, last), (before_first, before_last) = years_of(flows, "out"), years_of(flows, "out", base=True)
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

    # --- panels that are used in more than one figure ------------------------------------------------------------------

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
