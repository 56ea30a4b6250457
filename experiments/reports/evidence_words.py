"""How are verdicts, reasons and numbers of the ledger written in one language? Its pages, its table for the screen and its CSV file use these.

A number is written as the claims' file says; a difference of percentages is in percentage points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from abm.claims.claim import Claim, Condition, Number, Part, Pattern, Written
from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.evidence.ledger import ConditionResult, Interval, LedgerRow, PatternResult, Verdict
from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.reports.evidence_sentences import BETWEEN_SIDES, COUNTS, OVER_TIME, SENTENCES, SET_AGAINST, TAKEN
from experiments.reports.paper import formats, places_of
from experiments.studies.target_names import side_name
from experiments.words.languages import Numbers, Translate, mark, translator

#: The verdicts in the order in which a ledger shows its rows: what fails comes first.
ORDER: tuple[Verdict, ...] = ("does not hold", "cannot tell", "holds", "built in", "no mechanism")
VERDICTS: dict[Verdict, str] = {
    "does not hold": mark("does not hold"),
    "cannot tell": mark("cannot tell"),
    "holds": mark("holds"),
    "built in": mark("built in"),
    "no mechanism": mark("no mechanism"),
}
#: A sign beside the word, so that a verdict is never known by its colour alone.
SIGNS: dict[Verdict, str] = {"does not hold": "✗", "cannot tell": "?", "holds": "✓", "built in": "◆", "no mechanism": "–"}
#: What each verdict means.
MEANINGS: dict[Verdict, str] = {
    "does not hold": mark("The runs show surely that the model does not do what the claim says."),
    "cannot tell": mark(
        "The runs do not decide: the posterior holds draws of both kinds, the readings of the sentence disagree, or more runs are needed."
    ),
    "holds": mark("The runs show surely that the model does what the claim says."),
    "built in": mark("It shows, but it follows from what was put into the model or fitted to it, so it does not support the claim."),
    "no mechanism": mark("The model has nothing that could produce it, so the runs say nothing about the claim."),
}
#: The five conditions of a claim that works, in the order of the contract.
CONDITIONS: dict[str, str] = {
    "mechanism": mark("mechanism: agents' behaviour produces it"),
    "switch": mark("switch: the mechanism can be turned off by name"),
    "indicator": mark("indicator: a named output reports it"),
    "pattern": mark("pattern: every pattern of the claim shows"),
    "ablation": mark("ablation: without the mechanism the pattern goes away"),
}
#: The same where the condition is not met.
NOT_MET: dict[str, str] = {
    "mechanism": mark("no mechanism: no agents' behaviour in the model produces it"),
    "switch": mark("no switch: the mechanism cannot be turned off by name"),
    "indicator": mark("no indicator: no named output reports it"),
    "pattern": mark("no pattern: not every pattern of the claim shows"),
    "ablation": mark("no ablation: the runs do not show that the pattern goes away without the mechanism"),
}
SHARES = ("share", "probability", "probability/month")
#: Units that are not written beside a label.
NO_UNIT = (*SHARES, "1", "index")


class Key(NamedTuple):
    """The number that a verdict hangs on: a pattern and the position of one of its conditions."""

    result: PatternResult
    at: int

    @property
    def condition(self) -> ConditionResult:
        """What the runs gave for the condition."""
        return self.result.conditions[self.at]


@dataclass(frozen=True)
class Style:
    """A verdict as the pages show it; ``css`` is a class of the style sheet."""

    word: str
    sign: str
    css: str


def name_of(result: PatternResult, number: str) -> tuple[str, tuple[int, int] | None]:
    """The name of a number in its pattern and the span that it was taken of; "own_1980" is the number "own" of the span that begins in 1980."""
    found = re.fullmatch(r"(.+)_(\d{4})", number)
    if found is not None and result.pattern.spans and found[1] in result.pattern.numbers:
        first = int(found[2])
        return found[1], next(((a, b) for a, b in result.pattern.spans if a == first), None)
    return number, None


def condition_of(result: PatternResult, at: int) -> Condition:
    """The condition of the pattern that the result at a position is about; a span has all conditions of the pattern, one after the other."""
    conditions = result.pattern.conditions
    return conditions[at % len(conditions)]


def key_of(result: PatternResult) -> Key | None:
    """The condition that fails most often, or that shows an effect of use in the fewest units; None where there were no runs."""
    if not result.conditions:
        return None
    failing = result.finding.failing
    if failing is not None and failing < len(result.conditions):
        return Key(result, failing)
    return Key(result, min(range(len(result.conditions)), key=lambda at: (_or_zero(result.conditions[at].of_use), at)))


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0


def deciding(row: LedgerRow) -> tuple[PatternResult, ...]:
    """The pattern that decides a row; where its readings disagree, one of each kind."""
    if not row.patterns:
        return ()

    def first(*wanted: Verdict) -> PatternResult | None:
        return next((p for p in row.patterns if p.verdict in wanted), None)

    if row.depends_on_the_reading:
        return tuple(p for p in (first("does not hold"), first("holds", "built in")) if p is not None)
    found = first(row.verdict) if row.verdict != "no mechanism" else None
    return (found or row.patterns[0],)


def works(row: LedgerRow) -> bool:
    """Whether all five conditions of a claim that works are met."""
    return all(row.conditions.values())


def in_order(made: Made) -> list[LedgerRow]:
    """The rows of a ledger: those that fail first, those without a mechanism last, otherwise in the order of the claims."""
    return sorted(made.ledger.rows, key=lambda row: ORDER.index(row.verdict))


class LedgerWords:
    """A ledger and its texts in one language. ``asked`` says with what it was made."""

    def __init__(self, made: Made, language: str, asked: AskedOfRuns | None = None):
        self.made, self.language, self.asked = made, language, asked
        self._: Translate = translator(language)
        self.n = Numbers(language)
        self.written: dict[Written, Callable[[float], str]] = dict(formats(self.n))
        self._sides: dict[str, str] = {}
        self.end = int(made.bands["year"].max()) if len(made.bands) else 0

    def side(self, side: str) -> str:
        """The name of a side in the region that was run."""
        if side not in self._sides:
            self._sides[side] = self._(side_name("west-kalimantan-sarawak" if self.asked is None else self.asked.region, side))
        return self._sides[side]

    # --- numbers ---

    def value(self, number: Number | None, value: float) -> str:
        """A number as the claims' file says it is written; a dash where there is none."""
        if not math.isfinite(value):
            return "–"
        how: Written = "short" if number is None else number.written
        if how == "count":
            return str(round(value))
        shown = self.written[how](value)
        # a number that would round to 0 is shown with as many digits as it takes
        return shown if value == 0 or any(c in "123456789" for c in shown) else self._small(how, value)

    def _small(self, how: Written, value: float) -> str:
        if how.startswith("percent") or how == "change":
            return self.n.percent(value, next((d for d in range(1, 6) if round(100 * value, d) != 0), 6))
        return self.n.short(value)

    def interval(self, number: Number | None, found: Interval | None) -> str:
        """A median with its 90 % interval; a dash where there is no number."""
        if found is None or not math.isfinite(found.median):
            return "–"
        return self._("{median} ({low} to {high})").format(
            median=self.value(number, found.median), low=self.value(number, found.low), high=self.value(number, found.high)
        )

    def difference(self, number: Number | None, value: float, *, sign: bool = True) -> str:
        """A difference of two such numbers, in percentage points where they are percentages."""
        if not math.isfinite(value):
            return "–"
        shown = self._points(number, value, sign)
        return self._("{number} points").format(number=shown) if is_percentage(number) else shown

    def _points(self, number: Number | None, value: float, sign: bool = True) -> str:
        plus = "+" if sign and value > 0 else ""
        if not is_percentage(number):
            return plus + self.plain(value)
        points = 100 * value
        decimals = 0 if points == 0 or abs(points) >= 10 else next((d for d in (1, 2, 3, 4) if abs(points) >= 10 ** (1 - d)), 5)
        return plus + self.n.number(points, decimals)

    def difference_interval(self, number: Number | None, found: Interval | None) -> str:
        """The median of a difference with its 90 % interval."""
        if found is None or not math.isfinite(found.median):
            return "–"
        sentence = self._("{median} points ({low} to {high})") if is_percentage(number) else self._("{median} ({low} to {high})")
        return sentence.format(
            median=self._points(number, found.median), low=self._points(number, found.low), high=self._points(number, found.high)
        )

    def plain(self, value: float, digits: int = 3) -> str:
        """A number with about so many digits, and no more decimals than it takes."""
        if not math.isfinite(value) or abs(value) >= 1000:
            return self.n.short(value)
        near = 0.5 * 10.0 ** (1 - digits)
        return self.n.number(value, next((d for d in range(9) if math.isclose(value, round(value, d), rel_tol=near, abs_tol=1e-15)), 9))

    def share(self, value: float) -> str:
        """A share of draws; one that is nearly none or nearly all is not written as none or all."""
        if not math.isfinite(value):
            return "–"
        decimals = 0 if value in (0.0, 1.0) or 0.005 <= value < 0.995 else 1
        return self.n.percent(value, decimals)

    # --- patterns ---

    def number(self, result: PatternResult, name: str) -> Number | None:
        """The number of a pattern that a result's number was made by."""
        return result.pattern.numbers.get(name_of(result, name)[0])

    def says(self, claim: Claim, result: PatternResult) -> str:
        """What the paper says, with the pattern's own numbers filled in."""
        pattern = result.pattern
        places = Places(places_of(claim, pattern, self.end, self.written))
        if pattern.spans:
            places |= {"first": str(pattern.spans[0][0]), "last": str(pattern.spans[-1][1])}
        for name, found in result.numbers.items():
            places[name] = self.value(pattern.numbers.get(name), found.median)
        return self._(pattern.says).format_map(places)

    def reading(self, pattern: Pattern) -> str:
        """Which meaning of the claim a pattern belongs to."""
        return self._("every reading") if pattern.reading is None else self._(pattern.reading)

    def what(self, result: PatternResult, name: str) -> str:
        """A number in words: the label of its output, its side and its years."""
        base, span = name_of(result, name)
        number = result.pattern.numbers.get(base)
        if number is None:
            return name
        of, against, how = number.of, number.against, number.how
        if against is None or how is None:
            return _joined(self._named(of), self._years(of, span), self._taken(of))
        # compared year by year, something is taken of the comparison and not of its parts
        taken, beside = (self._taken(of), "") if number.each_year else ("", self._taken(of))
        by_year = self._("year by year") if number.each_year else ""
        years, base = self._years(of, span), self._years(against, span)
        has_unit = how == "difference"
        if _but_for(of, against, "side", number.each_year) and years == base:
            what = _joined(self._named(of, has_unit, has_side=False), years, beside)
            said = self._(BETWEEN_SIDES[how]).format(what=what, one=self._side(of), other=self._side(against))
        elif _but_for(of, against, "years", number.each_year) and years and base:
            said = self._(OVER_TIME[how]).format(what=_joined(self._named(of, has_unit), beside), years=years, base=base)
        else:
            one = _joined(self._named(of, has_unit), years, beside)
            other = _joined(self._named(against, has_unit), base, "" if number.each_year else self._taken(against))
            said = self._(SET_AGAINST[how]).format(one=one, other=other)
        return _joined(said, by_year, taken)

    def _named(self, part: Part, has_unit: bool = True, *, has_side: bool = True) -> str:
        """An output with its unit and its side."""
        labels = " + ".join(self._(OUTPUTS[output].label) for output in (part.output, *part.plus))
        unit = OUTPUTS[part.output].unit
        label = labels + (f" [{self._(unit)}]" if has_unit and unit not in NO_UNIT and part.take not in COUNTS else "")
        return _joined(label, self._side(part) if has_side else "")

    def _side(self, part: Part) -> str:
        return self._("both sides") if part.side == "both" else self.side(part.side)

    def _taken(self, part: Part) -> str:
        return self._(TAKEN[part.take]) if part.take in TAKEN else ""

    def _years(self, part: Part, span: tuple[int, int] | None) -> str:
        """The years of a part in words; empty where they are all years of the run."""
        first, last = span if span is not None else (part.first, part.last)
        if part.year == "end":
            return str(self.end) if self.end else self._("the last year")
        if first is not None and last is not None:
            return f"{first}–{last}" if first != last else str(first)
        if first is not None:
            return self._("from {year} on").format(year=first)
        return "" if last is None else self._("until {year}").format(year=last)

    def condition(self, result: PatternResult, at: int) -> str:
        """What must hold of a number, as a sentence that names it."""
        _, condition = self._, condition_of(result, at)
        name = result.conditions[at].number if at < len(result.conditions) else condition.number
        number = self.number(result, name)
        sentence = SENTENCES[self._kind(result.pattern, condition)][condition.relation]
        sweep = result.pattern.sweep
        _base, span = name_of(result, name)
        other = "" if condition.than is None else condition.than if span is None else f"{condition.than}_{span[0]}"
        return _(sentence).format(
            what=self.what(result, name), mark="" if condition.value is None else self._mark(condition, number),
            within="" if condition.within is None else self._as_size(number, condition.within), times=self.plain(condition.times),
            other=self.what(result, other) if other else "", parameter="" if sweep is None else _(PARAMETERS[sweep.parameter].label),
        )  # fmt: skip

    @staticmethod
    def _kind(pattern: Pattern, condition: Condition) -> str:
        if pattern.comparison == "sweep":
            return "sweep"
        kind = "pair" if pattern.comparison == "pair" else "than" if condition.than is not None else "value"
        return kind if condition.times == 1 else f"{kind} times"

    def _mark(self, condition: Condition, number: Number | None) -> str:
        assert condition.value is not None  # who calls has looked
        if condition.value == 0:
            return self.n.percent(0) if is_percentage(number) else "0"
        how = condition.written or (number.written if number is not None else "short")
        return self.written[how](condition.value)

    def _as_size(self, number: Number | None, value: float) -> str:
        return self.difference(number, value, sign=False)

    def mark_of(self, key: Key) -> str:
        """What the number of a condition is compared with in the same runs, where that is another number."""
        condition = condition_of(key.result, key.at)
        if condition.than is None:
            return ""
        span = name_of(key.result, key.condition.number)[1]
        name = condition.than if span is None else f"{condition.than}_{span[0]}"
        return self.interval(self.number(key.result, name), key.result.numbers.get(name))

    def size(self, key: Key) -> str:
        """The smallest effect of use; where there is none, the condition says itself how much is meant."""
        size = key.condition.size
        if not math.isfinite(size):
            return "–"
        return self._("stated by the claim itself") if size == 0 else self._as_size(self.number(key.result, key.condition.number), size)

    # --- verdicts ---

    def style(self, verdict: Verdict, *, in_full: bool = True) -> Style:
        """How a verdict is shown; only a claim that holds ``in_full`` (all five conditions) is green."""
        css = verdict.replace(" ", "-")
        return Style(self._(VERDICTS[verdict]), SIGNS[verdict], css if verdict != "holds" or in_full else "holds-in-part")

    def style_of(self, row: LedgerRow) -> Style:
        """How the verdict of a row is shown."""
        return self.style(row.verdict, in_full=works(row))

    def conditions(self, row: LedgerRow) -> list[tuple[bool, str]]:
        """The five conditions: whether each is met, and in words."""
        return [(row.conditions[name], self._(CONDITIONS[name] if row.conditions[name] else NOT_MET[name])) for name in CONDITIONS]


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _but_for(one: Part, other: Part, what: str, each_year: bool) -> bool:
    """Whether two parts differ in their ``side`` alone, or in their ``years`` alone."""
    keys = ["output", "plus"] + (["weighted_by", "side"] if what == "years" else []) + ([] if each_year else ["take"])
    return all(getattr(one, key) == getattr(other, key) for key in keys) and (what == "years" or one.side != other.side)


def is_percentage(number: Number | None) -> bool:
    """Whether a number is written as a percentage."""
    return number is not None and (number.written.startswith("percent") or number.written == "change")


class Places(dict[str, str]):
    """What is filled into the places of a sentence; a dash where the runs have no such number."""

    def __missing__(self, key: str) -> str:
        return "–"
