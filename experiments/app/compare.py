"""What changed between a baseline and its variant, in words, tables and files? From their yearly tables; no model logic, nothing of the browser."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from abm.claims.years import Years
from experiments.app.charts import ChartSpec, Line, events_of
from experiments.app.state import Finished
from experiments.files import csv_of
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    from abm.region import Region

#: The numbers shown first: label and side of each are those of its indicator.
MAIN = (
    Line("income_per_capita"), Line("income_per_capita", "my"), Line("poverty_rate"), Line("care_share_across"), Line("untreated_share"),
    Line("workers_across"),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PagePair:
    """Two finished runs with the same households; the variant may be the baseline itself."""

    baseline: Finished
    variant: Finished

    @property
    def is_same(self) -> bool:
        """Whether both are the same run."""
        return self.baseline.choice.key == self.variant.choice.key

    @property
    def years(self) -> tuple[int, int]:
        """First and last year shown: those that either run has."""
        first, last = zip(self.baseline.years, self.variant.years, strict=True)
        return min(first), max(last)

    @cached_property
    def tables(self) -> tuple[Years, Years]:
        """The yearly numbers of both."""
        return Years(self.baseline.results.yearly), Years(self.variant.results.yearly)

    def values(self, line: Line) -> tuple[dict[int, float], dict[int, float]]:
        """A line's values by year, of the baseline and of the variant."""
        before, after = self.tables
        return line.values(before), line.values(after)

    def differences(self, line: Line) -> dict[int, float]:
        """Variant minus baseline, over the years that both have."""
        before, after = self.values(line)
        return {year: after[year] - before[year] for year in before if year in after}


def difference(line: Line, before: float, after: float, n: Numbers, _: Translate) -> str:
    """A difference in words: percentage points of a share, percent of anything else, the plain difference where there is nothing to divide by."""
    change = after - before
    sign = "+" if change > 0 else ""
    if line.is_share:
        return _("{points} percentage points").format(points=sign + n.number(100 * change, _decimals(100 * change)))
    if before <= 0 or line.show(before, n) == "0":
        return sign + n.short(change)
    return sign + n.percent(change / before, _decimals(100 * change / before))


def _decimals(value: float) -> int:
    """Decimals that show a number: more where it is small."""
    size = abs(value)
    return 0 if size == 0 or size >= 20 else 1 if size >= 0.1 else 2 if size >= 0.01 else 4


class PageWords:
    """What a pair of runs says in a language."""

    def __init__(self, pair: PagePair, region: Region, language: str) -> None:
        self.pair, self.region, self.language = pair, region, language
        self._, self.n = translator(language), Numbers(language)

    # --- one chart ----------------------------------------------------------------------------------------------------

    def sentences(self, spec: ChartSpec) -> list[str]:
        """What a chart shows, line by line: the values at the end and the largest difference, or what the baseline did."""
        return [self._line(line) for line in spec.lines]

    def _line(self, line: Line) -> str:
        _, n = self._, self.n
        before, after = self.pair.values(line)
        label = line.label(_, self.region)
        if self.pair.is_same or not before or not after:
            years = [year for year in before if year in after] or sorted(before)
            if not years:
                return _("{label}: no value in any year.").format(label=label)
            first, last = years[0], years[-1]
            return _("{label}: {value_first} in {first}, {value_last} in {last}.").format(
                label=label, first=first, value_first=line.show(before[first], n), last=last, value_last=line.show(before[last], n)
            )
        changes = self.pair.differences(line)
        if not any(changes.values()):
            return _("{label}: no difference from the baseline in any year.").format(label=label)
        sizes = {
            year: abs(change) if line.is_share or before[year] <= 0 else abs(change) / before[year] for year, change in changes.items()
        }
        last, most = max(changes), max(sizes, key=lambda year: sizes[year])
        said = _("{label}: {variant} in {year}, {baseline} in the baseline ({difference}).").format(
            label=label, year=last, variant=line.show(after[last], n), baseline=line.show(before[last], n),
            difference=difference(line, before[last], after[last], n, _),
        )  # fmt: skip
        if most != last:
            said += " " + _("The largest difference is in {year}: {difference}.").format(
                year=most, difference=difference(line, before[most], after[most], n, _)
            )
        return said

    def said(self, spec: ChartSpec) -> str:
        """What a screen reader says in place of the picture."""
        return f"{self._(spec.title)}. {' '.join(self.sentences(spec))}"

    def notes(self, spec: ChartSpec) -> list[str]:
        """The dated events that are marked by number."""
        return [f"{number} · {words}" for number, _year, words in events_of(spec, self.region, self.pair.years, self.language)]

    def head(self, spec: ChartSpec) -> tuple[str, ...]:
        """Column heads of the table behind a chart."""
        _ = self._
        labels = [line.label(_, self.region) for line in spec.lines]
        if self.pair.is_same:
            return (_("year"), *labels)
        three = [(_("{name}, baseline"), _("{name}, variant"), _("{name}, difference")) for _label in labels]
        return (_("year"), *(form.format(name=label) for label, forms in zip(labels, three, strict=True) for form in forms))

    def rows(self, spec: ChartSpec) -> tuple[tuple[str, ...], ...]:
        """The table behind a chart: a row for each year, as numbers are written in the language."""
        rows = []
        for year in range(self.pair.years[0], self.pair.years[1] + 1):
            cells = [str(year)]
            for line in spec.lines:
                before, after = (values.get(year, math.nan) for values in self.pair.values(line))
                cells.append(self._cell(line, before))
                if not self.pair.is_same:
                    change = difference(line, before, after, self.n, self._) if math.isfinite(after - before) else "–"
                    cells += [self._cell(line, after), change]
            rows.append(tuple(cells))
        return tuple(rows)

    def _cell(self, line: Line, value: float) -> str:
        return line.show(value, self.n) if math.isfinite(value) else "–"

    def csv(self, spec: ChartSpec) -> bytes:
        """The numbers of a chart, in full; the lines above them, marked #, say how to get both runs again."""
        import pandas as pd

        text = io.StringIO()
        for name, run in (("baseline", self.pair.baseline), ("variant", self.pair.variant)):
            for key, value in run.provenance().items():
                text.write(f"# {name} {key}: {value}\n")
        columns: dict[str, list[float]] = {}
        years = range(self.pair.years[0], self.pair.years[1] + 1)
        for line in spec.lines:
            name = line.indicator if line.side == "both" else f"{line.indicator}_{line.side}"
            for kind, values in zip(("baseline", "variant"), self.pair.values(line), strict=True):
                columns[f"{name}_{kind}"] = [values.get(year, math.nan) for year in years]
        text.write(csv_of(pd.DataFrame({"year": list(years)} | columns)))
        return text.getvalue().encode()

    def file(self, spec: ChartSpec) -> str:
        """The name of a chart's files, without ending."""
        choice = self.pair.variant.choice
        name = spec.lines[0].indicator if spec.key == "chosen" else spec.key
        return f"lintas-{name}-{choice.scenario}-{self.pair.variant.manifest['households']}-{self.pair.variant.manifest['seed']}"

    def saved(self, spec: ChartSpec) -> dict[str, object]:
        """What a saved picture of a chart carries, and the labels of its buttons."""
        _ = self._
        title = _(spec.title)
        return {
            "title": title,
            "lines": [*self.provenance(), *(note for note in self.notes(spec))],
            "file": self.file(spec),
            "labels": [_("{title}: save as {kind}").format(title=title, kind=kind) for kind in ("PNG", "SVG")],
        }

    def provenance(self) -> list[str]:
        """Two lines that say which runs are shown: scenario, size, seed, what was changed, version."""
        _ = self._
        lines = [_("Solid: {run}").format(run=self.run(self.pair.variant))]
        if not self.pair.is_same:
            lines.append(_("Dashed, baseline: {run}").format(run=self.run(self.pair.baseline)))
        return [*lines, f"lintas {self.pair.variant.manifest['lintas']} · {self.pair.variant.manifest['scenario_hash'][:12]}"]

    def run(self, finished: Finished) -> str:
        """A run in one line."""
        said = finished.manifest
        changes = [f"{name} = {value:g}" for name, value in sorted(finished.choice.changed.items())]
        changes += [self._("without {mechanism}").format(mechanism=name) for name in sorted(finished.choice.off)]
        return self._("{scenario}, {households} households, seed {seed}{changes}").format(
            scenario=self._(said["scenario"]["title"]), households=self.n.number(said["households"]), seed=said["seed"],
            changes="".join(f", {one}" for one in changes),
        )  # fmt: skip

    # --- the whole pair -----------------------------------------------------------------------------------------------

    def summary(self, sentences: Iterable[str]) -> list[str]:
        """Three sentences: what happened in the baseline, or what the variant changed most and how sure that is."""
        if self.pair.is_same:
            return list(sentences)
        _ = self._
        changes = [(self._weight(line), line) for line in MAIN]
        moved = [line for weight, line in sorted(changes, key=lambda one: -one[0]) if weight > 0][:2]
        said = [self._line(line) for line in moved] or [_("None of the main numbers differs from the baseline in any year.")]
        return [
            *said,
            _(
                "Both runs have the same households and the same random numbers, so what differs comes from the change; one pair cannot say how much it would vary from seed to seed."
            ),
        ]

    def _weight(self, line: Line) -> float:
        """How large a line's difference is beside its size, to say the largest first."""
        before, _after = self.pair.values(line)
        size = max((abs(value) for value in before.values()), default=0.0)
        return max((abs(value) for value in self.pair.differences(line).values()), default=0.0) / size if size > 0 else 0.0

    def main_numbers(self) -> str:
        """The main numbers of the last year as a table: label, variant, baseline, difference."""
        _, last = self._, self.pair.years[1]
        heads = [str(last), _("variant"), _("baseline"), _("difference")]
        if self.pair.is_same:
            heads = [heads[0], _("baseline")]
        top = "".join(f"<th scope='col'>{escape(head)}</th>" for head in heads)
        body = ""
        for line in MAIN:
            before, after = (values.get(last, math.nan) for values in self.pair.values(line))
            cells = [self._cell(line, before)]
            if not self.pair.is_same:
                change = difference(line, before, after, self.n, _) if math.isfinite(after - before) else "–"
                cells = [self._cell(line, after), *cells, change]
            row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            body += f"<tr><th scope='row'>{escape(line.label(_, self.region))}</th>{row}</tr>"
        return f"<table class='lintas-main'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
