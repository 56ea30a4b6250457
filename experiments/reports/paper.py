"""What the paper says beside what one run gave.

The claims are data (``abm/data/evidence.toml``) and :mod:`abm.claims` reads them from a run; here the sentences of the readings are made. A single
run can be *near* a number or show a *direction*; it cannot say how often it would, and it cannot say what causes what. Claims about causes
need the same seed run twice, once with the mechanism switched off, and a fair verdict needs many seeds. So each row says how it may be
read, and nothing here is a test of the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abm.claims.claim import Claim, Number, Pattern, Written, claims
from abm.claims.interpret import Reading, Verdict, read
from abm.claims.years import Years
from agents.core.declare import OUTPUTS
from experiments.words.languages import Numbers, Translate, mark, translator

if TYPE_CHECKING:
    import pandas as pd

#: How a verdict is written. ``pair``, ``sweep`` and ``outside`` are no verdicts: they say why the runs give none.
VERDICTS: dict[Verdict, str] = {
    "near": mark("near"),
    "not near": mark("not near"),
    "holds": mark("direction holds"),
    "does not hold": mark("direction does not hold"),
    "pair": mark("needs a pair of runs"),
    "sweep": mark("needs runs over a range"),
    "outside": mark("outside this run"),
}


@dataclass(frozen=True)
class ClaimInWords:
    """One row of the table: the claim, what the paper says, what the run gave, and how that reads."""

    claim: str
    lines: str
    says: str
    gives: str
    verdict: Verdict
    values: Mapping[str, float] = field(default_factory=dict)


def readings(yearly: pd.DataFrame, language: str = "en", of: Mapping[str, Claim] | None = None) -> list[ClaimInWords]:
    """Every claim that one run can be compared with, in the order of the claims; those that need more runs come last.

    ``yearly`` is the run's yearly table; ``of`` are other claims than the shipped ones.
    """
    years = Years(yearly)
    found = [
        (claim, pattern)
        for claim in (claims() if of is None else of).values()
        for pattern in claim.patterns
        if claim.in_the_model and pattern.shown
    ]
    found.sort(key=lambda row: row[1].needs_other_runs)
    return [in_words(claim, pattern, read(pattern, years), years, language) for claim, pattern in found]


def in_words(claim: Claim, pattern: Pattern, reading: Reading, years: Years, language: str = "en") -> ClaimInWords:
    """A reading as a row in a language; ``years`` are those of the run (that with the mechanism, of a pair)."""
    _, n = translator(language), Numbers(language)
    written = formats(n)
    places = places_of(claim, pattern, years.last, written)
    says = _(pattern.says).format(**places | _numbers(pattern, reading.numbers, written))
    if reading.verdict == "outside":
        gives = _("the run does not cover these years")
    elif pattern.gives is None:
        gives = _by_label(pattern, reading, written, _)
    elif pattern.spans:
        gives = "; ".join(
            _(pattern.gives).format(**places | _numbers(pattern, numbers, written), first=first, last=last)
            for (first, last), numbers in reading.spans
        )
    else:
        gives = _(pattern.gives).format(**places | _numbers(pattern, reading.numbers, written))
    return ClaimInWords(claim.id, claim.lines, says, gives, reading.verdict, reading.values)


def formats(n: Numbers) -> dict[Written, Callable[[float], str]]:
    """How each kind of number is written in a language."""
    return {
        "number": n.number,
        "number1": lambda value: n.number(value, 1),
        "number2": lambda value: n.number(value, 2),
        "percent": n.percent,
        "percent1": lambda value: n.percent(value, 1),
        "percent3": lambda value: n.percent(value, 3),
        "short": n.short,
        "change": lambda value: ("+" if value > 0 else "") + n.percent(value),
        "count": lambda value: str(int(value)) if value == value else n.number(value),
    }


def _numbers(pattern: Pattern, numbers: Mapping[str, float], written: Mapping[Written, Callable[[float], str]]) -> dict[str, str]:
    return {name: written[pattern.numbers[name].written](value) for name, value in numbers.items() if name in pattern.numbers}


def places_of(claim: Claim, pattern: Pattern, end: int, written: Mapping[Written, Callable[[float], str]]) -> dict[str, str]:
    """What is filled into the places of a sentence, besides the numbers of the run, whose last year is ``end``."""
    places = {"end": str(end), "switch": pattern.switch or "", "scenario": pattern.scenario or "", "said": ""}
    if pattern.mark is not None:
        value, how = pattern.mark
        places["said"] = written[how](value)
    if claim.period is not None:
        first, last = claim.period.years
        places |= {"period_first": str(first), "period_last": str(last)}
    for name, number in pattern.numbers.items():
        for prefix, part in zip((name, f"{name}_base"), number.parts, strict=False):
            places |= {f"{prefix}_first": str(part.first), f"{prefix}_last": str(part.last)}
    return places


def _by_label(pattern: Pattern, reading: Reading, written: Mapping[Written, Callable[[float], str]], _: Translate) -> str:
    """What the run gave where the pattern has no sentence of its own: each number that the verdict depends on, with the output's label."""
    parts: list[str] = []
    asked = {name for condition in pattern.conditions for name in (condition.number, condition.than)}
    for (first, last), numbers in reading.spans or ((("", ""), reading.numbers),):
        for name, value in numbers.items():
            if name not in asked:
                continue
            number = pattern.numbers[name]
            what = _what(number, _) if first == "" else f"{_what(number, _)}, {first}–{last}"
            show = written[number.written]
            if name in reading.without:
                sentence = _("{what}: {with_it} with the mechanism, {without} without it")
                parts.append(sentence.format(what=what, with_it=show(value), without=show(reading.without[name])))
            else:
                parts.append(_("{what}: {value}").format(what=what, value=show(value)))
    return "; ".join(parts)


def _what(number: Number, _: Translate) -> str:
    """The declared label of a number's output, with its years and what it is compared with."""
    words: list[str] = []
    for part in number.parts:
        years = "" if part.first is None or part.last is None else f", {part.first}–{part.last}"
        words.append(f"{_(OUTPUTS[part.output].label)}{years}")
    return words[0] if len(words) == 1 else _("{one} against {other}").format(one=words[0], other=words[1])
