"""What is one claim of the paper: its sentence, its mechanism, how it is asked, and who speaks for and against it? The lines of ``lintas describe E02``.

What runs gave is not said here: that is the matter of the ledger (``lintas evidence``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from abm.claims.claim import Citation, Claim, Stands, Status
from abm.claims.interpret import Reading
from abm.claims.pattern import ClaimTake, Comparison, Condition, Number, Part, Pattern, Relation
from abm.claims.statistic import How
from abm.claims.years import Years
from abm.parameters import FIRST_YEAR, LAST_MONTH
from agents.core.declare import OUTPUTS
from experiments.reports.paper import formats, in_words
from experiments.words.languages import Numbers, Translate, mark, translator

STATUSES: dict[Status, str] = {
    "in the model": mark("in the model"),
    "in part": mark("in the model in part"),
    "no mechanism": mark("no mechanism in the model; what is asked of runs all the same supports nothing"),
}
STANDS: dict[Stands, str] = {"for": mark("speaks for it"), "against": mark("speaks against it"), "both": mark("speaks for and against it")}
COMPARISONS: dict[Comparison, str] = {
    "number": mark("beside a number of the paper"),
    "direction": mark("a direction, in each run: a number beside a mark or beside another number"),
    "pair": mark("the same seed with and without"),
    "sweep": mark("the response to a parameter"),
}
#: A pair whose second run follows a scenario.
IN_SCENARIO = mark("the same seed in the history and in the scenario")
#: A condition on a number against a mark, of a single run.
AGAINST: dict[Relation, str] = {
    "near": mark("{what} is near {mark}, by {within} at most"),
    "above": mark("{what} is above {mark}"),
    "at_least": mark("{what} is at least {mark}"),
    "below": mark("{what} is below {mark}"),
    "at_most": mark("{what} is at most {mark}"),
}
#: The same number in the run without the mechanism, against the run with it.
IN_A_PAIR: dict[Relation, str] = {
    "above": mark("{what} is higher without it"),
    "at_least": mark("{what} is no lower without it"),
    "below": mark("{what} is lower without it"),
    "at_most": mark("{what} is no higher without it"),
}
IN_A_PAIR_WITH_A_FACTOR: dict[Relation, str] = {
    "above": mark("without it {what} is above {times} times what it is with it"),
    "at_least": mark("without it {what} is at least {times} times what it is with it"),
    "below": mark("without it {what} is below {times} times what it is with it"),
    "at_most": mark("without it {what} is at most {times} times what it is with it"),
}
#: The same number in the history under a scenario, against the history itself.
IN_A_SCENARIO: dict[Relation, str] = {
    "above": mark("{what} is higher in that scenario than in the history"),
    "at_least": mark("{what} is no lower in that scenario than in the history"),
    "below": mark("{what} is lower in that scenario than in the history"),
    "at_most": mark("{what} is no higher in that scenario than in the history"),
}
IN_A_SCENARIO_WITH_A_FACTOR: dict[Relation, str] = {
    "above": mark("in that scenario {what} is above {times} times what it is in the history"),
    "at_least": mark("in that scenario {what} is at least {times} times what it is in the history"),
    "below": mark("in that scenario {what} is below {times} times what it is in the history"),
    "at_most": mark("in that scenario {what} is at most {times} times what it is in the history"),
}
#: What the smallest difference of use is a share of.
OF_WHAT: dict[Comparison, str] = {
    "number": mark("counts as of use from {size} of the mark"),
    "direction": mark("counts as of use from {size} of the mark"),
    "pair": mark("counts as of use from {size} of its value with the mechanism"),
    "sweep": mark("counts as of use from {size} of the value at the lowest level"),
}
#: What is taken of the years, where it is not their mean.
TAKES: dict[ClaimTake, str] = {
    "sum": mark("sum of {what}"), "min": mark("lowest {what}"), "max": mark("highest {what}"), "first": mark("first {what}"),
    "last": mark("last {what}"), "slope": mark("yearly change of {what}"), "year_of_max": mark("year of the highest {what}"),
    "years": mark("years with {what}"), "years_above_0": mark("years with {what} above 0"),
}  # fmt: skip
HOW: dict[How, str] = {
    "ratio": mark("{one} ÷ {other}"), "difference": mark("{one} − {other}"), "change": mark("{one} as a change from {other}"),
}  # fmt: skip
OVER_A_SWEEP: dict[Relation, str] = {"rises": mark("{what} rises"), "falls": mark("{what} falls")}


def claim_lines(claim: Claim, language: str = "en") -> Iterator[str]:
    """Every line that is said of a claim, in a language; deeper lines begin with spaces."""
    _, n = translator(language), Numbers(language)
    yield f"{claim.id} — {_(claim.claim)}"
    for heading, text in _head(claim, _):
        yield f"  {heading}: {text}"
    for reading in claim.readings:
        if reading is not None:
            yield f"  {_('read as')}: {_(reading)}"
        for pattern in claim.of_reading(reading):
            yield from (f"    {line}" for line in _pattern_lines(claim, pattern, language, n, _))
    for source in claim.sources:
        yield f"  {_citation(source, _)}"


def _head(claim: Claim, _: Translate) -> Iterator[tuple[str, str]]:
    yield _("lines of the paper"), claim.lines
    yield _("speaks of"), _(claim.who)
    yield _("status"), _(STATUSES[claim.status])
    if claim.missing:
        yield _("what is missing"), _(claim.missing)
    yield _("mechanism"), _(claim.mechanism)
    if claim.rules:
        yield _("rules"), ", ".join(claim.rules)
        yield _("files"), ", ".join(claim.files)
    if claim.switch:
        yield _("switch it off"), f"lintas run --without {claim.switch}"
    if claim.scenario:
        yield _("scenario without it"), f"lintas run {claim.scenario}"
    if claim.indicators:
        yield _("indicators"), ", ".join(claim.indicators)
    yield _("what should show"), _(claim.expected)
    if not claim.patterns:
        yield _("asked of runs"), _("nothing: no output of the model speaks of it")


def _pattern_lines(claim: Claim, pattern: Pattern, language: str, n: Numbers, _: Translate) -> Iterator[str]:
    yield f"{pattern.id}: {_says(claim, pattern, language)} ({_(IN_SCENARIO if pattern.scenario else COMPARISONS[pattern.comparison])}{_of_what(pattern)})"
    for condition in pattern.conditions:
        size = _size(pattern, condition, n, _)
        yield f"  {_condition(pattern, condition, n, _)}{f'; {size}' if size else ''}"
    if pattern.spans:
        yield f"  {_('in each span of years')}: {', '.join(f'{first}–{last}' for first, last in pattern.spans)}"
    if pattern.built_in:
        yield f"  {_('built in')}: {_(pattern.built_in)}"


def _says(claim: Claim, pattern: Pattern, language: str) -> str:
    """What the paper says, in the words of the report; a number of a run that it would name is a dash."""
    nothing = Reading("outside", numbers=dict.fromkeys(pattern.numbers, math.nan))
    return in_words(claim, pattern, nothing, Years.of_arrays(np.array([FIRST_YEAR, LAST_MONTH[0]]), {}), language).says


def _of_what(pattern: Pattern) -> str:
    if pattern.sweep is not None:
        return f": {pattern.sweep.parameter} = {', '.join(f'{level:g}' for level in pattern.sweep.levels)}"
    name = pattern.switch or pattern.scenario
    return f": {name}" if name else ""


def _condition(pattern: Pattern, condition: Condition, n: Numbers, _: Translate) -> str:
    number = pattern.numbers[condition.number]
    places: dict[str, Any] = {"what": _what(number, _), "times": _plain(condition.times, n)}
    written = formats(n)
    show = written[condition.written or number.written]
    if condition.within is not None:
        places["within"] = written[number.written](condition.within)
    if pattern.comparison == "sweep":
        sentences = OVER_A_SWEEP
    elif pattern.comparison == "pair":
        plain, with_factor = (IN_A_SCENARIO, IN_A_SCENARIO_WITH_A_FACTOR) if pattern.scenario else (IN_A_PAIR, IN_A_PAIR_WITH_A_FACTOR)
        sentences = plain if condition.times == 1 else with_factor
    else:
        sentences = AGAINST
        places["mark"] = show(condition.value) if condition.value is not None else _other(pattern, condition, places["times"], _)
    return _(sentences[condition.relation]).format(**places)


def _other(pattern: Pattern, condition: Condition, times: str, _: Translate) -> str:
    """The number that is the mark, and the factor before it."""
    assert condition.than is not None  # checked when the file was read
    what = _what(pattern.numbers[condition.than], _)
    return what if condition.times == 1 else _("{times} times {what}").format(times=times, what=what)


def _size(pattern: Pattern, condition: Condition, n: Numbers, _: Translate) -> str:
    """The smallest difference that would be of use, where the condition says one."""
    if condition.practical_share:
        share = f"{_plain(100 * condition.practical_share, n)}%"
        return _(OF_WHAT[pattern.comparison]).format(size=share)
    if condition.practical:
        is_share = pattern.numbers[condition.number].written.startswith("percent")
        size = f"{_plain(100 * condition.practical, n)}%" if is_share else _plain(condition.practical, n)
        return _("counts as of use from {size}").format(size=size)
    return ""


def _plain(value: float, n: Numbers) -> str:
    """A size or factor with no more decimals than it has."""
    return n.number(value, len(f"{value:.6f}".rstrip("0").rpartition(".")[2]))


def _what(number: Number, _: Translate) -> str:
    """A number as its outputs' declared labels, each with its side and years."""
    if number.against is None or number.how is None:
        return _part(number.of, _)
    both = _(HOW[number.how]).format(one=_part(number.of, _), other=_part(number.against, _))
    return f"{both}, {_('year by year')}" if number.each_year else both


def _part(part: Part, _: Translate) -> str:
    labels = " + ".join(_(OUTPUTS[output].label) for output in (part.output, *part.plus))
    side = _("both sides") if part.side == "both" else part.side
    if part.year == "end":
        years = _("last year")
    elif part.first is None and part.last is None:
        years = ""
    else:
        years = f"{part.first or ''}–{part.last or ''}"
    what = f"{labels} [{side}{', ' if years else ''}{years}]"
    return what if part.take == "mean" else _(TAKES[part.take]).format(what=what)


def _citation(source: Citation, _: Translate) -> str:
    said = f"{_(STANDS[source.stands])}: {_(source.what)} [{source.source}]"
    return f"{said} {source.url}" if source.url else said
