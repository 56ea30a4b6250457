"""Which charts does the page draw, and from which numbers of a run? Made from yearly tables; no model logic, nothing of the page's state.

A chart has a few lines, each an indicator of one side. It is drawn twice, for the baseline (dashed) and for the variant (solid), by a widget
that hands float32 numbers to ECharts in the browser (``files/chart.js``; ECharts comes with the package solara-assets). The numbers of
sentences and tables are never taken from these rounded ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from abm.claims.claim import claims
from abm.claims.years import BOTH, Years
from agents.core.declare import OUTPUTS
from experiments.words.languages import Numbers, Translate, mark, translator

if TYPE_CHECKING:
    import pandas as pd

    from abm.region import Region

FILES = Path(__file__).resolve().parent / "files"
#: Units whose numbers are shown as percentages.
SHARES = ("share", "probability", "probability/month")
#: Style sheet names of the lines' colours, for light and dark, and the mark of each line: lines differ without their colour too.
COLOURS = ("--lintas-line-1", "--lintas-line-2", "--lintas-line-3", "--lintas-line-4")
SYMBOLS = ("circle", "rect", "triangle", "diamond")


@dataclass(frozen=True)
class Line:
    """An indicator of the yearly table on one side (``id``, ``my``), or of both added up (``both``; for amounts only)."""

    indicator: str
    side: str = "id"

    def label(self, _: Translate, region: Region) -> str:
        """What the line is, with its side."""
        name = _(OUTPUTS[self.indicator].label)
        is_one = self.side == BOTH or getattr(OUTPUTS[self.indicator], "sides", "each") == "together"
        return name if is_one else f"{name}, {_(str(region.meta['sides'][self.side]['name']))}"

    def values(self, years: Years) -> dict[int, float]:
        """Its values by year; a year without one is left out."""
        return years.of(self.indicator, self.side)

    def show(self, value: float, n: Numbers) -> str:
        """A value as it is written in tables and sentences."""
        return n.percent(value, 1) if self.is_share else n.number(value) if 100 <= abs(value) < 100_000 else n.short(value)

    @property
    def is_share(self) -> bool:
        """Whether its values are shown as percentages."""
        return OUTPUTS[self.indicator].unit in SHARES


@dataclass(frozen=True)
class ChartSpec:
    """A chart: its lines share a unit. ``events`` are the kinds of the region's dated events that it marks."""

    key: str
    title: str
    lines: tuple[Line, ...]
    events: tuple[str, ...] = ()
    has_crisis: bool = False
    is_log: bool = False

    @property
    def unit(self) -> str:
        """The unit of its lines."""
        return OUTPUTS[self.lines[0].indicator].unit


CHARTS: tuple[ChartSpec, ...] = (
    ChartSpec("income", mark("Income on both sides"), (Line("income_per_capita"), Line("income_per_capita", "my")), is_log=True),
    ChartSpec(
        "care", mark("Health care across the border"),
        (Line("care_share_across"), Line("care_share_across_primary"), Line("care_share_across_hospital")), ("care", "facility", "crossing"),
    ),
    ChartSpec(
        "poverty", mark("Poverty and under-employment"),
        (Line("poverty_rate"), Line("poverty_rate", "my"), Line("under_employment_rate")), has_crisis=True,
    ),
    ChartSpec(
        "work", mark("Work across the border"), (Line("adults_pass"), Line("adults_permit"), Line("adults_undocumented")), has_crisis=True,
    ),
    ChartSpec(
        "trade", mark("Trade across the border"), (Line("trade_out_usd", BOTH), Line("trade_in_usd", BOTH)), ("rule", "crossing"),
        has_crisis=True,
    ),
    ChartSpec("officials", mark("Officials: doctrine, and how strict each post is"), (Line("doctrine"), Line("doctrine", "my"), Line("strictness")), ("official",)),
)  # fmt: skip


@cache
def indicators() -> tuple[str, ...]:
    """Names of all indicators of the yearly table, in the order of their declaration."""
    return tuple(name for name, one in OUTPUTS.items() if "yearly" in one.tables)


def chosen(indicator: str) -> ChartSpec:
    """The chart of any one indicator of the yearly table; a line for each side that has it."""
    sides = {"each": ("id", "my")}.get(str(getattr(OUTPUTS[indicator], "sides", "each")), ("id",))
    return ChartSpec("chosen", OUTPUTS[indicator].label, tuple(Line(indicator, side) for side in sides))


def numbers_of(spec: ChartSpec, table: Years | None, years: tuple[int, int]) -> np.ndarray:
    """The values of a chart's lines: float32, shape (lines, years); ``nan`` for a year that the run does not have, all without a run.

    ``table`` are the run's yearly outputs; ``years`` are the first and the last year shown.
    """
    first, last = years
    found = np.full((len(spec.lines), last - first + 1), np.nan, dtype=np.float32)
    if table is not None:
        for row, line in zip(found, spec.lines, strict=True):
            for year, value in line.values(table).items():
                if first <= year <= last:
                    row[year - first] = value
    return found


def events_of(spec: ChartSpec, region: Region, years: tuple[int, int], language: str) -> list[tuple[int, int, str]]:
    """The dated events that a chart marks: number, year, and month with words; those of one month are one event."""
    _, n = translator(language), Numbers(language)
    found: dict[tuple[int, int], list[str]] = {}
    for row in region.events.to_dict("records"):
        year, month = (int(part) for part in str(row["month"]).split("-")[:2])
        label = _(str(row["label_en"]).strip())
        if label and str(row["target"]).split(".")[0] in spec.events and years[0] <= year <= years[1]:
            labels = found.setdefault((year, month), [])
            if label not in labels:
                labels.append(label)
    return [
        (number, year, f"{n.month(year, month)}: {'; '.join(labels)}")
        for number, ((year, month), labels) in enumerate(sorted(found.items()), start=1)
    ]


def option_of(spec: ChartSpec, region: Region, years: tuple[int, int], language: str) -> dict[str, Any]:
    """What ECharts is told once for a chart in a language: axes, lines without numbers, events. Colours are names of the style sheet."""
    _ = translator(language)
    first, last = years
    series: list[dict[str, Any]] = []
    names = [line.label(_, region) for line in spec.lines]
    for k, name in enumerate(names):
        colour = COLOURS[k % len(COLOURS)]
        both = {"type": "line", "color": colour, "data": [], "connectNulls": False}
        dashed = {"type": "dashed", "width": 1.5, "color": colour}
        series.append(both | {"id": f"b{k}", "name": _("{name}, baseline").format(name=name), "symbol": "none", "lineStyle": dashed})
        series.append(
            both
            | {
                "id": f"v{k}",
                "name": name,
                "symbol": SYMBOLS[k % len(SYMBOLS)],
                "symbolSize": 4,
                "lineStyle": {"width": 2, "color": colour},
            }
        )
    marks = [
        [{"xAxis": str(year), "name": str(number)}, {"xAxis": str(year)}]
        for number, year, _words in events_of(spec, region, years, language)
    ]
    line = {"symbol": "none", "silent": True, "lineStyle": {"type": "dotted", "color": "--lintas-quiet"}}
    series[0]["markLine"] = line | {
        "data": [{"xAxis": start["xAxis"], "name": start["name"]} for start, _end in marks],
        "label": {"formatter": "{b}", "color": "--lintas-quiet", "fontSize": 12},
    }
    period = claims()["E05"].period
    if spec.has_crisis and period is not None:
        begin, end = period.years
        if first <= begin <= last:
            area = [{"xAxis": str(begin)}, {"xAxis": str(min(end, last))}]
            series[0]["markArea"] = {"silent": True, "itemStyle": {"color": "--lintas-shade"}, "data": [area]}
    text = {"color": "--lintas-text", "fontSize": 12}
    axis = {
        "axisLabel": text,
        "axisLine": {"lineStyle": {"color": "--lintas-quiet"}},
        "splitLine": {"lineStyle": {"color": "--lintas-grid"}},
    }
    return {
        "animation": False,
        "aria": {"enabled": False},
        "grid": {"left": 8, "right": 14, "top": 24 + 20 * len(names), "bottom": 8, "containLabel": True},
        "legend": {"data": names, "selectedMode": False, "textStyle": text, "left": 0, "top": 0, "itemGap": 6, "orient": "vertical"},
        "tooltip": {
            "trigger": "axis", "confine": True, "backgroundColor": "--lintas-paper", "borderColor": "--lintas-quiet", "textStyle": text,
        },
        "xAxis": axis | {"type": "category", "boundaryGap": False, "data": [str(year) for year in range(first, last + 1)]},
        "yAxis": axis | {"type": "log" if spec.is_log else "value", "scale": spec.is_log},
        "series": series,
    }  # fmt: skip


class Chart(anywidget.AnyWidget):
    """One chart in the browser. ``numbers`` are float32, all lines of the baseline, then all of the variant."""

    _esm = (FILES / "chart.js").read_text(encoding="utf-8")

    option = traitlets.Dict().tag(sync=True)
    numbers = traitlets.Bytes().tag(sync=True)
    #: Locale of the numbers on the chart, and whether they are percentages.
    form = traitlets.Dict().tag(sync=True)
    #: What a screen reader says in place of the picture.
    said = traitlets.Unicode().tag(sync=True)
    #: Title and lines that a saved picture carries, its file name without ending, and the labels of the buttons.
    saved = traitlets.Dict().tag(sync=True)


class Board:
    """The charts of one page or tab, ``charts`` and one of any indicator: made once, told their words when the language changes, and numbers as runs grow and end."""

    def __init__(self, region: Region, years: tuple[int, int], indicator: str, charts: tuple[ChartSpec, ...] = CHARTS) -> None:
        self._region, self.years = region, years
        self.specs: dict[str, ChartSpec] = {spec.key: spec for spec in (*charts, chosen(indicator))}
        self.widgets: dict[str, Chart] = {key: Chart() for key in self.specs}
        self._language = ""
        self._tables: tuple[Years | None, Years | None] = (None, None)

    def speak(self, language: str, indicator: str) -> None:
        """Have every chart in a language, and the last one of an indicator."""
        other = chosen(indicator)
        changed = [spec for key, spec in (self.specs | {"chosen": other}).items() if language != self._language or self.specs[key] != spec]
        self.specs["chosen"], self._language = other, language
        for spec in changed:
            widget = self.widgets[spec.key]
            with widget.hold_sync():
                widget.form = {"locale": language, "is_share": spec.lines[0].is_share}
                widget.option = option_of(spec, self._region, self.years, language)
                self._draw(spec)

    def show(self, baseline: pd.DataFrame | None, variant: pd.DataFrame | None) -> None:
        """Draw the yearly tables of two runs, as far as they have come; None for one that has not begun."""
        before = None if baseline is None else Years(baseline)
        self._tables = before, before if variant is baseline else None if variant is None else Years(variant)
        for spec in self.specs.values():
            self._draw(spec)

    def _draw(self, spec: ChartSpec) -> None:
        self.widgets[spec.key].numbers = np.concatenate([numbers_of(spec, table, self.years) for table in self._tables]).tobytes()

    def say(self, key: str, said: str, saved: Mapping[str, Any]) -> None:
        """What a chart says to a screen reader, and what a picture saved of it carries."""
        widget = self.widgets[key]
        with widget.hold_sync():
            widget.said, widget.saved = said, dict(saved)

    def close(self) -> None:
        """Close the widgets with their page."""
        for widget in self.widgets.values():
            widget.close()
