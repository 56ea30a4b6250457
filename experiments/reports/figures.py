"""Which figures does the report have? Each with a sentence computed from the data, a description for readers who cannot see it, and its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from abm.claims.interpret import number_of, series_of
from experiments.reports.figure_sheet import Picture, years_of
from experiments.reports.map_figure import MapDrawing
from experiments.reports.panel import Panel, stacked
from experiments.reports.svg import ACCENT, DASHED, DOTTED, INK, KALIMANTAN, SARAWAK, WIDTH, closed, shape, sheet

if TYPE_CHECKING:
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
            self.years.of(*what) for what in (("product_per_capita", "id"), ("product_per_capita", "my"), ("product_ratio", "id"))
        )
        bottom = self._panel(_("Ratio, Sarawak to Kalimantan"), 100)
        self._said(bottom, self.claims["E01"]["ratio"])
        bottom.line(ratio, ACCENT)
        bottom.scale(max([*ratio.values(), 6]) * 1.15, lambda v: n.number(v, 1), 5)
        figure = stacked([self.income_panel(), bottom])
        a, b, r = self._at(own, self.last), self._at(across, self.last), self._at(ratio, self.last)
        sentence = _(
            "In {first} product per person was US${own_first} on the Kalimantan side and US${across_first} on the Sarawak side; "
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
            _("Product and income on both sides"),
            figure,
            _(
                "Lines of product per person of both sides by year, {span}, with marks at {said_own} and {said_across} for {first}–{last}; "
                "dotted, the income of households per person; below, the ratio of the two products."
            ).format(span=self.span, said_own=self._mark(said_own), said_across=self._mark(said_across), first=first, last=last),
            sentence,
            (
                (_("Product, Kalimantan side, US$"), own, n.number),
                (_("Product, Sarawak side, US$"), across, n.number),
                (_("ratio"), ratio, lambda v: n.number(v, 1)),
                (_("Household income, Kalimantan side, US$"), self.years.of("income_per_capita", "id"), n.number),
                (_("Household income, Sarawak side, US$"), self.years.of("income_per_capita", "my"), n.number),
            ),
        )

    def care(self) -> Picture:
        _, n = self._, self.n
        everything, primary, hospital = (
            self.years.of(name) for name in ("care_share_across", "care_share_across_primary", "care_share_across_hospital")
        )
        rate = self.years.of("visits_across_per_1000")
        top, bottom = self.care_panel(), self._panel(_("Visits across per 1,000 people and year"), 100)
        notes = self._mark_events(top, ("care", "facility", "crossing"))
        bottom.line(rate, INK)
        bottom.scale(max([*rate.values(), 1]) * 1.15, lambda v: n.number(v, 0 if bottom.high >= 5 else 1), 5)
        figure = stacked([top, bottom])
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
            figure,
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
        top = self._panel(_("Share of people below the poverty line (crisis shaded)"), 190)
        bottom = self._panel(_("Under-employment, Kalimantan side"), 95)
        self._crisis(top, bottom)
        top.line(own, KALIMANTAN, self.side_names["id"])
        top.line(across, SARAWAK, self.side_names["my"], DASHED)
        bottom.line(idle, KALIMANTAN)
        for panel in (top, bottom):
            self._shares(panel, tight=True)
        figure = stacked([top, bottom])
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
            figure,
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
        panel = self._panel(_("Adults of the Kalimantan side working across (crisis shaded)"), 220)
        self._crisis(panel)
        panel.line(passes, SARAWAK, _("with a pass"))
        panel.line(hidden, KALIMANTAN, _("without papers"), DASHED)
        panel.scale(max([*passes.values(), *hidden.values(), 5]) * 1.15, n.number, 8)
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
            stacked([panel]),
            _("Two lines, {span}: adults working across with a pass, and without papers.").format(span=self.span),
            sentence,
            ((_("with a pass"), passes, n.number), (_("without papers"), hidden, n.number)),
        )

    def trade(self) -> Picture:
        _, n = self._, self.n
        flows = self.claims["E17"]["flows"]
        out, into = (series_of(flows.numbers[name].of, self.years) for name in ("out", "into"))
        undeclared = series_of(self.claims["E15"]["enforcement"].numbers["share"].of, self.years)
        million = 1e6
        top = self._panel(_("Trade across by the traders of both sides, million US$ a year (crisis shaded)"), 190)
        bottom = self._panel(_("Undeclared share of its value"), 95)
        self._crisis(top, bottom)
        top.line({y: v / million for y, v in out.items()}, KALIMANTAN, _("to Sarawak"))
        top.line({y: v / million for y, v in into.items()}, SARAWAK, _("to Kalimantan"), DASHED)
        top.scale(max([*out.values(), *into.values(), million / 2]) / million * 1.15, lambda v: n.number(v, 0 if top.high >= 10 else 1))
        bottom.line(undeclared, INK)
        self._shares(bottom)
        figure = stacked([top, bottom])
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
            figure,
            _("Two lines of the value of trade each way, {span}; below, the share of it that was undeclared.").format(span=self.span),
            sentence,
            (
                (_("to Sarawak, US$"), out, n.number),
                (_("to Kalimantan, US$"), into, n.number),
                (_("undeclared"), undeclared, n.percent),
            ),
        )

    # --- panels that are used in more than one figure ------------------------------------------------------------------

    def income_panel(self) -> Panel:
        """Product per person of both sides with the paper's two numbers, and what households had of it."""
        _, n = self._, self.n
        panel = self._panel(_("Product per person, US$ a year (logarithmic scale; dotted: income of households)"), 220)
        own, across = self.years.of("product_per_capita", "id"), self.years.of("product_per_capita", "my")
        income = [self.years.of("income_per_capita", side) for side in ("id", "my")]
        panel.line(own, KALIMANTAN, self.side_names["id"])
        panel.line(across, SARAWAK, self.side_names["my"], DASHED)
        panel.line(income[0], KALIMANTAN, "", DOTTED)
        panel.line(income[1], SARAWAK, "", DOTTED)
        everything = [v for line in (own, across, *income) for v in line.values() if v > 0] or [1.0]
        patterns = [self.claims["E01"][side] for side in ("own", "across")]
        low, high = min(*everything, 500) * 0.8, max(*everything, *(said.mark[0] for said in patterns if said.mark)) * 1.3
        panel.log_scale(low, high, [digits * 10.0**zeros for zeros in range(5) for digits in (1, 2, 5)], n.number)
        for said in patterns:
            self._said(panel, said)
        return panel

    def care_panel(self) -> Panel:
        """Share of visits made across by tier."""
        _ = self._
        panel = self._panel(_("Share of visits made across, Kalimantan side"), 220)
        panel.line(self.years.of("care_share_across"), INK, _("all visits"))
        panel.line(self.years.of("care_share_across_primary"), KALIMANTAN, _("primary care"), DASHED)
        panel.line(self.years.of("care_share_across_hospital"), SARAWAK, _("hospital"), DOTTED)
        self._shares(panel)
        return panel


def readme_picture(results: Drawn, region: Region) -> bytes:
    """Income and care beside the map, as one SVG."""
    draw = Drawing(results, region, "en")
    root = sheet()
    left = shape(root, "g")
    panels = [draw.income_panel(), draw.care_panel()]
    y = 2.0
    for panel in panels:
        y = panel.draw(left, y, max(one.left for one in panels)) + 8
    right = shape(root, "g", transform=f"translate({WIDTH + 20:g} 0)")
    below = draw.draw_map(right, 2.0, "care_share_across", draw.map_year)
    return closed(root, max(y, below), 2 * WIDTH + 20)
