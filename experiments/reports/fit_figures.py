"""Which figures does a fit's report have? They are drawn in the style of the report of a run."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.claims.statistic import Statistic
from calibration.priors import Prior
from calibration.target import Target
from calibration.targets import Targets
from experiments.own_matplotlib import WIDTH, svg
from experiments.reports.figure_sheet import Picture
from experiments.reports.svg import ACCENT, GREY, INK, KALIMANTAN, SARAWAK
from experiments.words.languages import Numbers, Translate, mark, translator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

#: Parameters that the figure of priors and posteriors shows.
MOST_SHOWN = 20
#: Number of rank histograms for each method: those with the least even bins.
WORST = 2

#: The tested methods, in words.
METHODS = {"emulated": mark("emulated likelihood"), "abc": mark("regression-adjusted ABC"), "prior": mark("the prior itself")}

Band = list[list[float]]


class FitDrawing:
    """What the figures of one fit share."""

    def __init__(self, fit: Mapping[str, Any], check: Mapping[str, Any], targets: Targets, sides: Mapping[str, str], language: str):
        self.fit, self.check, self.targets, self.sides = fit, check, targets, sides
        self._: Translate = translator(language)
        self.n = Numbers(language)
        self.history: Mapping[str, Any] = fit.get("years") or {}
        arms = check.get("predictive") or {}
        self.on: Mapping[str, Any] = (arms.get("all") or {}).get("years") or {}
        self.off: Mapping[str, Any] = (arms.get("puskesmas_programme") or {}).get("years") or {}

    def all(self) -> dict[str, Picture]:
        """The figures for which there are data, by name."""
        found = (self.parameters(), self.income(), self.care(), self.visits(), self.ranks())
        return {p.key: p for p in found if p is not None}

    # --- the figures ------------------------------------------------------------------------------------------------

    def parameters(self) -> Picture | None:
        """The density of each informed or weakly informed parameter over the range of its prior."""
        _, n = self._, self.n
        rows = [p for p in sorted(self.fit["parameters"], key=lambda p: p["ratio"]) if p["known"] != "prior only"][:MOST_SHOWN]
        if not rows:
            return None
        canvas, (axes,) = self._canvas([0.56 * len(rows) + 0.1], left=0.03, below=0.75)
        axes.spines["left"].set_visible(False)
        edges = np.linspace(0.0, 1.0, len(rows[0]["density"]) + 1)
        top = max(max(p["density"]) for p in rows)
        for k, p in enumerate(rows):
            base = -float(k)
            colour = ACCENT if p["known"] == "informed" else SARAWAK
            height = base + 0.52 * np.array(p["density"]) / top
            even = base + 0.52 / len(p["density"]) / top
            axes.fill_between(np.repeat(edges, 2)[1:-1], base, np.repeat(height, 2), color=colour, alpha=0.3, lw=0, zorder=3)
            axes.plot([0, 1], [even, even], color=GREY, lw=1, ls=(0, (3, 2)), zorder=4)
            low, middle, high = self.places(p, [p["quantiles"][i] for i in (0, 2, -1)])
            axes.plot([low, high], [base, base], color=colour, lw=2.4, solid_capstyle="butt", zorder=5)
            axes.plot([middle], [base], ls="", marker="o", ms=5, color=colour, zorder=6)
            label = textwrap.shorten(_(p["label"]), 84, placeholder="…")
            axes.text(0.004, base + 0.66, label, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, color=INK, zorder=7)
        axes.set_ylim(-len(rows) + 0.82, 0.84)
        axes.set_yticks([])
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], labels=[_("lowest of its range"), "", _("highest of its range")])
        for tick, side in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
            tick.set_horizontalalignment(side)
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], color=GREY, lw=1, ls=(0, (3, 2)), label=_("before the facts")),
            Line2D([], [], color=ACCENT, lw=2.4, marker="o", ms=5, label=_("informed")),
            Line2D([], [], color=SARAWAK, lw=2.4, marker="o", ms=5, label=_("weak")),
        ]
        self._legend(canvas, handles)
        sentence = _("The facts narrow “{label}” most: its spread is {share} of what it was before.").format(
            label=_(rows[0]["label"]), share=n.percent(rows[0]["ratio"])
        )
        alt = _("The posterior density of each parameter over the range of its prior, with its median and its 90 % interval.")
        return Picture("parameters", _("What the facts say about the parameters"), svg(canvas), alt, sentence)

    @staticmethod
    def places(row: Mapping[str, Any], values: Sequence[float]) -> list[float]:
        """Values of a parameter as positions between the ends of its prior, 0 to 1."""
        prior = Prior.of([row["parameter"]], {row["parameter"]: (row["low"], row["high"])})
        return [float(prior.unit(np.array([[v]]))[0, 0]) for v in values]

    def income(self) -> Picture | None:
        """Income of both sides with bands, and the ratio."""
        _, n = self._, self.n
        if "income_per_capita" not in self.history:
            return None
        own, across = (self.band(self.history, "income_per_capita", side) for side in ("id", "my"))
        ratio = self.band(self.history, "income_ratio", "id")
        canvas, (top, bottom) = self._canvas([2.6, 1.2])
        self._line(top, own, KALIMANTAN, self.sides["id"])
        self._line(top, across, SARAWAK, self.sides["my"], style="--")
        top.set_yscale("log")
        ticks = [digit * 10**k for k in range(1, 5) for digit in (1, 2, 5)]
        top.set_yticks(ticks, [n.number(t) for t in ticks])
        top.minorticks_off()
        drawn = [x for band in (own, across) for row in band.values() for x in row if x > 0]
        top.set_ylim(min(drawn, default=100) * 0.8, max(drawn, default=10000) * 1.3)
        said = self.reported()
        for value, years in said.values():
            self._mark(top, value, n.number(value), years)
        self._heading(top, _("Income per person, US$ a year (logarithmic scale)"))
        self._line(bottom, ratio, ACCENT)
        if len(said) == 2:
            (value, years), (value_across, _years) = said.values()
            self._mark(bottom, value_across / value, n.number(value_across / value, 1), years)
        bottom.set_ylim(0, max([*(x for row in ratio.values() for x in row if math.isfinite(x)), 6]) * 1.1)
        bottom.yaxis.set_major_locator(_whole_numbers())
        bottom.yaxis.set_major_formatter(lambda v, _position: n.number(v))
        self._heading(bottom, _("Ratio, Sarawak to Kalimantan"))
        self._legend(canvas, top.get_legend_handles_labels()[0])
        last = max(own, default=0)
        sentence = _("In {year} the ratio of the two incomes is {middle} (90 % interval {low} to {high}).").format(
            year=last, **self._triple(ratio.get(last), lambda v: n.number(v, 1))
        )
        alt = _("Two lines of income per person by year with bands of 90 %, with the reported figures; below, the ratio with its band.")
        columns = (
            (self.sides["id"] + ", US$", own, n.short),
            (self.sides["my"] + ", US$", across, n.short),
            (_("ratio"), ratio, lambda v: n.number(v, 1)),
        )
        return self._picture("income", _("Income on both sides"), canvas, alt, sentence, columns)

    def care(self) -> Picture | None:
        """Share of care across and visits across, as it was and without the puskesmas programme."""
        _, n = self._, self.n
        base = self.on if self.off else self.history
        if "care_share_across" not in base:
            return None
        canvas, (top, bottom) = self._canvas([2.2, 1.7])
        share, rate = (self.band(base, name, "id") for name in ("care_share_across", "visits_across_per_1000"))
        share_off, rate_off = (self.band(self.off, name, "id") for name in ("care_share_across", "visits_across_per_1000"))
        self._line(top, share, INK, _("history"))
        self._line(top, share_off, ACCENT, _("without the puskesmas programme"), style="--")
        top.set_ylim(0, 1)
        most = self._target("care_majority")
        if most is not None and most.kind == "threshold":
            top.axhline(most.threshold, color=GREY, lw=0.8)
        top.yaxis.set_major_formatter(lambda v, _position: n.percent(v))
        self._heading(top, _("Share of visits made across, Kalimantan side"))
        self._line(bottom, rate, INK)
        self._line(bottom, rate_off, ACCENT, style="--")
        bottom.set_ylim(0, max([*(x for b in (rate, rate_off) for row in b.values() for x in row if math.isfinite(x)), 1]) * 1.05)
        bottom.yaxis.set_major_formatter(lambda v, _position: n.number(v))
        self._heading(bottom, _("Visits across per 1,000 people and year"))
        self._legend(canvas, top.get_legend_handles_labels()[0])
        first, last = min(share, default=0), self._later_year(share)
        middle = lambda band, year: band[year][1] if year in band else math.nan  # noqa: E731
        sentence = _("The median share across goes from {a} in {first} to {b} in {last}; visits across per 1,000 people go from {c} to {d}.").format(
            a=n.percent(middle(share, first)), first=first, b=n.percent(middle(share, last)), last=last,
            c=n.short(middle(rate, first)), d=n.short(middle(rate, last)),
        )  # fmt: skip
        if rate_off:
            sentence += " " + _("Without the programme it is {share} and {rate} in {last}.").format(
                share=n.percent(middle(share_off, last)), rate=n.short(middle(rate_off, last)), last=last
            )
        alt = _(
            "Share of visits made across by year with a band of 90 %, history and without the programme; below, visits across per 1,000 people."
        )
        columns = [(_("share across"), share, n.percent), (_("per 1,000 people"), rate, n.short)]
        if rate_off:
            columns += [(_("share across, programme off"), share_off, n.percent), (_("per 1,000 people, programme off"), rate_off, n.short)]
        return self._picture("care", _("Health care across the border"), canvas, alt, sentence, columns)

    def visits(self) -> Picture | None:
        """Visits by tier and side, history against the programme switched off."""
        _, n = self._, self.n
        base = self.on if self.off else self.history
        if "visits_primary_across" not in base:
            return None
        canvas, panels = self._canvas([1.7, 1.7], left=0.125)
        columns = []
        for axes, tier, heading in (
            (panels[0], "primary", _("Visits to primary care a year, people of the Kalimantan side")),
            (panels[1], "hospital", _("Visits to hospitals a year, people of the Kalimantan side")),
        ):
            highest = 1.0
            for where, colour, label, off_label in (
                ("home", KALIMANTAN, _("at home"), _("at home, programme off")),
                ("across", SARAWAK, _("across"), _("across, programme off")),
            ):
                on, off = (self.band(years, f"visits_{tier}_{where}", "id") for years in (base, self.off))
                self._line(axes, on, colour, label)
                self._line(axes, off, colour, off_label, style="--", banded=False)
                drawn = [x for row in on.values() for x in row] + [row[1] for row in off.values()]
                highest = max([highest, *(x for x in drawn if math.isfinite(x))])
                name = _("primary care") if tier == "primary" else _("hospital")
                columns += [(f"{name}, {label}", on, n.short)] + ([(f"{name}, {off_label}", off, n.short)] if off else [])
            axes.set_ylim(0, highest * 1.05)
            axes.yaxis.set_major_formatter(lambda v, _position: n.short(v))
            self._heading(axes, heading)
        self._legend(canvas, panels[0].get_legend_handles_labels()[0], columns=2)
        at = lambda years, name, year: (self.band(years, name, "id").get(year) or [math.nan] * 3)[1]  # noqa: E731
        last = self._later_year(base["years"])
        sentence = _("In {year} the median is {home} visits to primary care at home and {across} across.").format(
            year=last, home=n.short(at(base, "visits_primary_home", last)), across=n.short(at(base, "visits_primary_across", last))
        )
        if self.off:
            sentence += " " + _("With the programme switched off it is {home} and {across}.").format(
                home=n.short(at(self.off, "visits_primary_home", last)), across=n.short(at(self.off, "visits_primary_across", last))
            )
        alt = _(
            "Lines of visits a year at home and across with bands of 90 %, above for primary care and below for hospitals; dashed without the programme."
        )
        return self._picture("visits", _("Visits by tier and year"), canvas, alt, sentence, columns)

    def ranks(self) -> Picture | None:
        """Rank histograms of the parameters whose ranks fill the bins least evenly."""
        _ = self._
        labels = {p["parameter"]: p["label"] for p in self.fit["parameters"]}
        shown = [
            (m, p)
            for m in self.check.get("sbc") or ()
            if m["method"] != "prior"
            for p in sorted(m["parameters"], key=lambda p: (p["p_value"], p["parameter"]))[:WORST]
        ]
        if not shown:
            return None
        canvas, panels = self._canvas([0.62] * len(shown), left=0.07, below=0.12, between=0.42)
        for axes, (method, row) in zip(panels, shown, strict=True):
            bins = row["bins"]
            axes.bar(
                np.arange(len(bins)) + 0.5, bins, width=0.92, color=SARAWAK if method["method"] == "emulated" else KALIMANTAN, zorder=3
            )
            even = method["n"] / len(bins)
            half = 1.96 * math.sqrt(even * (1 - 1 / len(bins)))
            axes.axhspan(even - half, even + half, color="#e9e4d4", zorder=2)
            axes.set_xlim(0, len(bins))
            axes.set_xticks([])
            name = textwrap.shorten(_(labels.get(row["parameter"], row["parameter"])), 58, placeholder="…")
            axes.set_title(f"{name} · {_(METHODS[method['method']])}", loc="left", fontsize=8.5, color=INK, pad=4)
        alt = _("Small bar charts of ranks, one for each of the worst parameters; the band holds 95 % of the bars if all is well.")
        sentence = _(
            "Ranks of simulated truths among the draws, for the parameters with the least even bars. Bars that are lower in the middle would mean intervals that are too narrow."
        )
        return Picture("ranks", _("Rank histograms"), svg(canvas), alt, sentence)

    # --- what the facts are about ------------------------------------------------------------------------------------

    def reported(self) -> dict[str, tuple[float, Statistic]]:
        """The reported incomes of the two sides, with the years that each is about."""
        rows = {row["id"]: row for row in self.fit["targets"]}
        return {name: (float(rows[name]["observed"]), self.targets[name].of) for name in ("income_id", "income_my") if name in rows}

    def _target(self, name: str) -> Target | None:
        return next((t for t in self.targets if t.id == name), None)

    def _later_year(self, years: Iterable[int]) -> int:
        """The last year in which fewer visits were reported, or the last one there is."""
        fall, there = self._target("visits_fall"), [*years]
        return fall.against.last if fall is not None and fall.against is not None and fall.against.last in there else max(there, default=0)

    # --- shared parts ------------------------------------------------------------------------------------------------

    @staticmethod
    def band(years: Mapping[str, Any], output: str, side: str) -> dict[int, list[float]]:
        """5 %, median and 95 % of an output by year; empty where the output has no bands."""
        rows: Band = (years.get(output) or {}).get(side) or []
        return {int(y): [float(x) for x in row] for y, row in zip(years.get("years") or (), rows, strict=False)}

    @staticmethod
    def _triple(row: Sequence[float] | None, show: Callable[[float], str]) -> dict[str, str]:
        low, middle, high = row or (math.nan,) * 3
        return {"low": show(low), "middle": show(middle), "high": show(high)}

    def _canvas(
        self, heights: list[float], *, left: float = 0.098, below: float = 0.75, between: float = 0.62
    ) -> tuple[Canvas, list[Axes]]:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib.figure import Figure

        above = 0.4
        whole = above + sum(heights) + between * (len(heights) - 1) + below
        canvas = Figure(figsize=(WIDTH, whole))
        panels, at = [], whole - above
        for height in heights:
            axes = canvas.add_axes((left, (at - height) / whole, 0.98 - left, height / whole))
            at -= height + between
            for edge in ("top", "right"):
                axes.spines[edge].set_visible(False)
            for edge in ("left", "bottom"):
                axes.spines[edge].set_color(GREY)
            axes.tick_params(labelsize=9, colors=INK, length=3, color=GREY)
            axes.grid(axis="y", color="#e6e6e2", lw=0.8)
            axes.set_axisbelow(True)
            panels.append(axes)
        return canvas, panels

    @staticmethod
    def _line(axes: Axes, band: dict[int, list[float]], colour: str, label: str = "", *, style: str = "-", banded: bool = True) -> None:
        """The median by year at mid-year, on its band."""
        if not band:
            return
        years = sorted(band)
        at = [y + 0.5 for y in years]
        if banded:
            axes.fill_between(at, [band[y][0] for y in years], [band[y][2] for y in years], color=colour, alpha=0.16, lw=0, zorder=2)
        dashes: Any = (0, (5, 2)) if style == "--" else "-"
        axes.plot(at, [band[y][1] for y in years], color=colour, lw=1.9, ls=dashes, label=label or None, zorder=3)
        axes.set_xlim(years[0], years[-1] + 1)

    def _mark(self, axes: Axes, value: float, written: str, years: Statistic) -> None:
        """The reported value, as a bar over its years."""
        axes.plot([years.first, years.last + 0.99], [value, value], color=INK, lw=3.2, solid_capstyle="butt", zorder=5)
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=3, foreground="#ffffff")]
        axes.annotate(
            self._("paper: {value}").format(value=written), (years.first, value), xytext=(-3, 3), textcoords="offset points", ha="right", fontsize=8,
            color=INK, path_effects=halo, zorder=6,
        )  # fmt: skip

    @staticmethod
    def _heading(axes: Axes, text: str) -> None:
        axes.set_title(textwrap.fill(text, 66), loc="left", fontsize=10, color=INK, pad=8)

    @staticmethod
    def _legend(canvas: Canvas, handles: Sequence[Any], columns: int = 3) -> None:
        canvas.legend(
            handles=list(handles), loc="lower left", bbox_to_anchor=(0.0, 0.0), ncols=columns, frameon=False, fontsize=9, handlelength=2.4
        )

    def _picture(
        self, key: str, title: str, canvas: Canvas, alt: str, sentence: str,
        columns: Sequence[tuple[str, dict[int, list[float]], Callable[[float], str]]],
    ) -> Picture:  # fmt: skip
        """A figure with the numbers behind it, each as the median with its interval."""
        years = sorted({y for _label, band, _show in columns for y in band})

        def cell(row: list[float] | None, show: Callable[[float], str]) -> str:
            return "–" if row is None or not math.isfinite(row[1]) else f"{show(row[1])} [{show(row[0])}–{show(row[2])}]"

        rows = tuple((str(y), *(cell(band.get(y), show) for _label, band, show in columns)) for y in years)
        return Picture(key, title, svg(canvas), alt, sentence, (self._("year"), *(label for label, _band, _show in columns)), rows)


def _whole_numbers() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4, integer=True)
