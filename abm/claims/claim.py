"""What does the paper say, and in which numbers of a run would that show? The rows of ``data/evidence.toml``, read and checked.

A claim names its *patterns*. A pattern is one way to read the claim: the numbers of a run that it looks at, and the conditions on them, all of
which must hold. Its sentences are data too: they are translated through the catalogues and filled with the pattern's own numbers, so that
a number or a year of a claim is written in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from abm.claims.statistic import How, Take, Year, YearlyOutput
from abm.errors import UserError, shorten
from abm.reading import MOST_LETTERS, Entries, Listed, Name, check, known_name, parse_toml, read_text
from abm.scenario import Scenario
from agents.core.declare import OUTPUTS, PARAMETERS, RULES, SWITCHES, near

#: ``number`` beside a number of the paper; ``direction`` which of two is larger (in time, between the sides, against a mark); ``pair``
#: the same seed with and without a mechanism; ``sweep`` the response to a parameter.
Comparison = Literal["number", "direction", "pair", "sweep"]
#: Whether a run can be compared with the claim: in full, in part (``missing`` says what the model lacks), or not at all.
Status = Literal["in the model", "in part", "no mechanism"]
#: How a number is written in a sentence: with so many decimals, as a percentage with so many, about three digits, a signed percentage, a year or count.
Written = Literal["number", "number1", "number2", "percent", "percent1", "percent3", "short", "change", "count"]
#: Besides what is taken for any statistic: the slope of the line through the years, the year of the highest value, how many years there
#: are, and in how many the value is above 0.
ClaimTake = Literal[Take, "slope", "year_of_max", "years", "years_above_0"]
#: Conditions on a number. A rise or fall is over a sweep and is compared with no value.
Relation = Literal["near", "above", "below", "at_least", "at_most", "rises", "falls"]

_Text = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
_Number = Annotated[float, Field(ge=-1e12, le=1e12)]
_NumberName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
_PLACES_OF_PERIOD = ("period_first", "period_last")


class ClaimError(UserError):
    """A file of claims that cannot be used."""


class Part(Entries):
    """An output of one side (or both) over some years; the years left out are the run's first and last."""

    output: YearlyOutput
    side: Literal["id", "my", "both"] = "id"
    #: on both sides: outputs whose sum is the weight of each side, where the output is not an amount
    weighted_by: Annotated[tuple[YearlyOutput, ...], Listed] = ()
    #: further outputs that are added to it
    plus: Annotated[tuple[YearlyOutput, ...], Listed] = ()
    first: Year | None = None
    last: Year | None = None
    #: "end": the run's last year alone
    year: Literal["end"] | None = None
    take: ClaimTake = "mean"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"last = {self.last} comes before first = {self.first}")
        if self.year is not None and (self.first is not None or self.last is not None):
            raise ValueError('year = "end" is the run\'s last year: leave first and last out')
        if self.weighted_by and self.side != "both":
            raise ValueError(f'weighted_by goes with side = "both" only, found "{self.side}"')
        return self

    @property
    def is_open(self) -> bool:
        """Whether its years reach as far as the run does."""
        return self.year is None and (self.first is None or self.last is None)


class Number(Entries):
    """One number of a run, alone or set against another one, and how it is written."""

    of: Part
    against: Part | None = None
    how: How | None = None
    #: compared year by year before anything is taken of the years (``of`` says which and what)
    each_year: bool = False
    #: fewer years than this give no number
    at_least: Annotated[int, Field(ge=1, le=100)] = 1
    written: Written = "short"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.against is None) != (self.how is None):
            raise ValueError('against and how = "ratio", "difference" or "change" go together: give both or neither')
        if self.each_year and self.against is None:
            raise ValueError("each_year compares two outputs year by year: give against too")
        return self

    @property
    def parts(self) -> tuple[Part, ...]:
        """``of``, and ``against`` where there is one."""
        return (self.of,) if self.against is None else (self.of, self.against)


class Condition(Entries):
    """What must hold of one number.

    The mark is ``value``, or ``than``: another number (``times`` a factor). In a pair the mark is the same number in the run that has the
    mechanism, and the number asked for is that of the run without it.
    """

    number: Name
    relation: Annotated[Relation, Field(alias="is")]
    value: _Number | None = None
    #: near: the largest difference that counts
    within: Annotated[float, Field(gt=0, le=1e12)] | None = None
    than: Name | None = None
    times: Annotated[float, Field(gt=0, le=1e12)] = 1.0
    #: how ``value`` is written in a sentence, where not as the number is
    written: Written | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.relation == "near" and (self.value is None or self.within is None):
            raise ValueError('is = "near" needs value and within, the largest difference that counts')
        if self.relation != "near" and self.within is not None:
            raise ValueError('within goes with is = "near" only')
        if self.value is not None and self.than is not None:
            raise ValueError("value and than are both given: keep one")
        return self


class Sweep(Entries):
    """The values of a parameter at which the model is run."""

    parameter: Annotated[str, known_name(lambda: PARAMETERS, "parameter")]
    levels: Annotated[tuple[_Number, ...], Listed, Field(min_length=2, max_length=1000)]

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        declared = PARAMETERS[self.parameter]
        if list(self.levels) != sorted(set(self.levels)):
            raise ValueError(f"levels = {list(self.levels)}: write each once, in rising order")
        for level in self.levels:
            if not declared.low <= level <= declared.high:
                raise ValueError(f"level {level:g} lies outside the declared range {declared.low:g} to {declared.high:g}")
        return self


class Pattern(Entries):
    """One way to read a claim: numbers of a run and what must hold of them."""

    id: Annotated[Name, Field(min_length=1, max_length=80)]
    #: what the paper says, in the words of a table's row
    says: _Text
    comparison: Comparison
    numbers: Annotated[dict[_NumberName, Number], Field(min_length=1)]
    conditions: Annotated[tuple[Condition, ...], Listed, Field(min_length=1)]
    #: what the run gave; where it is left out, each number of the conditions is named by its declared label
    gives: _Text | None = None
    #: which meaning of an ambiguous sentence this is
    reading: _Text | None = None
    #: first and last years, each looked at by itself as far as the run goes; the numbers then have no years of their own
    spans: Annotated[tuple[Annotated[tuple[Year, Year], Listed], ...], Listed] = ()
    #: a pair: the mechanism that the second run lacks, or the scenario it follows
    switch: Annotated[str, known_name(lambda: SWITCHES, "mechanism")] | None = None
    scenario: Annotated[str, known_name(Scenario.names, "scenario")] | None = None
    sweep: Sweep | None = None
    #: whether the table of a single run has a row for it
    shown: bool = True

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.comparison == "pair") != (self.switch is not None or self.scenario is not None):
            raise ValueError('comparison = "pair" and the mechanism to switch off (switch) or a scenario go together')
        if self.switch is not None and self.scenario is not None:
            raise ValueError("switch and scenario are both given: a pair differs by one of them")
        if (self.comparison == "sweep") != (self.sweep is not None):
            raise ValueError('comparison = "sweep" and sweep = { parameter = …, levels = […] } go together')
        if self.spans and any(part.first or part.last or part.year for n in self.numbers.values() for part in n.parts):
            raise ValueError("spans say the years: leave first, last and year of the numbers out")
        for first, last in self.spans:
            if last < first:
                raise ValueError(f"spans: {last} comes before {first}")
        for name in self.numbers:
            if self.places.count(name) > 1:
                raise ValueError(f"numbers: the name '{name}' has another meaning in sentences; call it something else")
        for condition in self.conditions:
            self._check_condition(condition)
        for key in ("says", "gives"):
            self._check_places(key, getattr(self, key) or "")
        return self

    def _check_condition(self, condition: Condition) -> None:
        for key in ("number", "than"):
            name = getattr(condition, key)
            if name is not None and name not in self.numbers:
                raise ValueError(
                    f"condition: {key} = '{shorten(name)}' is not a number of the pattern; {near(shorten(name), self.numbers)}"
                )
        has_mark = condition.value is not None or condition.than is not None
        is_trend = condition.relation in ("rises", "falls")
        if is_trend != (self.comparison == "sweep"):
            raise ValueError('condition: is = "rises" and is = "falls" go with comparison = "sweep", and no other condition does')
        if has_mark and self.comparison in ("pair", "sweep"):
            raise ValueError(f"condition: a {self.comparison} compares a number with itself in the other runs; leave value and than out")
        if not has_mark and self.comparison not in ("pair", "sweep"):
            raise ValueError(f"condition: '{shorten(condition.number)}' is compared with nothing; give value, or than with another number")

    def _check_places(self, key: str, sentence: str) -> None:
        try:
            named = [f"{name}{f':{spec}' if spec else ''}" for _, name, spec, _ in Formatter().parse(sentence) if name is not None]
        except ValueError as wrong:
            raise ValueError(f"{key}: {shorten(wrong)}; write {{{{ for a brace") from None
        for name in named:
            if name not in self.places:
                raise ValueError(f"{key}: there is no place {{{shorten(name)}}}; {near(shorten(name), self.places)}")

    @property
    def places(self) -> tuple[str, ...]:
        """Names in braces that its sentences may have."""
        found = ["said", "end", *_PLACES_OF_PERIOD]
        found += [key for key in ("switch", "scenario") if getattr(self, key) is not None]
        found += ["first", "last"] if self.spans else []
        for name, number in self.numbers.items():
            found.append(name)
            for prefix, part in zip((name, f"{name}_base"), number.parts, strict=False):
                found += [f"{prefix}_{key}" for key in ("first", "last") if getattr(part, key) is not None]
        return tuple(found)

    @property
    def mark(self) -> tuple[float, Written] | None:
        """The number of the paper that the first such condition names, and how it is written."""
        for condition in self.conditions:
            if condition.value is not None:
                return condition.value, condition.written or self.numbers[condition.number].written
        return None

    @property
    def needs_other_runs(self) -> bool:
        """Whether a single run cannot say whether it holds."""
        return self.comparison in ("pair", "sweep")


class Period(Entries):
    """Months from the first to the last, both counted ("1997-07")."""

    first: Annotated[str, Field(pattern=r"^(19[89]\d|20[0-2]\d)-(0[1-9]|1[0-2])$")]
    last: Annotated[str, Field(pattern=r"^(19[89]\d|20[0-2]\d)-(0[1-9]|1[0-2])$")]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last = {self.last} comes before first = {self.first}")
        return self

    @property
    def years(self) -> tuple[int, int]:
        """The years of its first and last month."""
        return int(self.first[:4]), int(self.last[:4])

    @property
    def bounds(self) -> tuple[float, float]:
        """Its beginning and end on a scale of years: 1997.5 is the first of July 1997."""
        (year, month), (last_year, last_month) = ((int(m[:4]), int(m[5:])) for m in (self.first, self.last))
        return year + (month - 1) / 12, last_year + last_month / 12


class Claim(Entries):
    """One claim of the paper."""

    id: Annotated[str, Field(pattern=r"^E\d\d$")]
    #: the claim in one plain sentence of ours
    claim: _Text
    #: lines of the scanned text
    lines: Annotated[str, Field(pattern=r"^\d+(-\d+)?(, \d+(-\d+)?)*$")]
    #: whom it speaks of
    who: _Text
    mechanism: _Text
    #: the rules that hold the mechanism
    rules: Annotated[tuple[Annotated[str, known_name(lambda: RULES, "rule")], ...], Listed] = ()
    #: what turns the mechanism off
    switch: Annotated[str, known_name(lambda: SWITCHES, "mechanism")] | None = None
    #: the shipped scenario without it
    scenario: Annotated[str, known_name(Scenario.names, "scenario")] | None = None
    indicators: Annotated[tuple[Annotated[str, known_name(lambda: OUTPUTS, "output")], ...], Listed] = ()
    #: what should show, in words
    expected: _Text
    status: Status
    #: what the model still lacks for it
    missing: _Text | None = None
    #: the months that it speaks of
    period: Period | None = None
    patterns: Annotated[tuple[Pattern, ...], Listed, Field(alias="pattern")] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.missing is None) != (self.status == "in the model"):
            raise ValueError(f'status = "{self.status}": missing says what the model lacks, and only where something does')
        if self.status == "no mechanism" and (self.patterns or self.rules or self.switch):
            raise ValueError('status = "no mechanism" goes with no pattern, no rules and no switch')
        if self.status == "in the model" and not (self.patterns and self.indicators):
            raise ValueError('status = "in the model" needs indicators and a pattern: say what shows it')
        ids = [pattern.id for pattern in self.patterns]
        for twice in {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"the pattern '{shorten(twice)}' is listed twice; keep one")
        if self.period is None:
            for pattern in self.patterns:
                for place in _PLACES_OF_PERIOD:
                    if f"{{{place}}}" in pattern.says + (pattern.gives or ""):
                        raise ValueError(f"the pattern '{pattern.id}' names {{{place}}}, but the claim has no period")
        return self

    @property
    def in_the_model(self) -> bool:
        """Whether a run can be compared with it."""
        return self.status == "in the model"

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its rules, from the project's folder on: ``agents/household/seek_care.py``."""
        return tuple(dict.fromkeys(f"{RULES[rule].loop.__module__.replace('.', '/')}.py" for rule in self.rules))

    def __getitem__(self, pattern: str) -> Pattern:
        for one in self.patterns:
            if one.id == pattern:
                return one
        raise KeyError(f"{self.id} has no pattern '{pattern}'; {near(pattern, [p.id for p in self.patterns])}")

    def sentences(self) -> Iterator[str]:
        """Every sentence of it that a reader sees."""
        yield from (text for text in (self.claim, self.who, self.mechanism, self.expected, self.missing) if text)
        for pattern in self.patterns:
            yield from (text for text in (pattern.says, pattern.gives, pattern.reading) if text)


@cache
def claims() -> dict[str, Claim]:
    """The shipped claims by their id, in the order of the paper's table."""
    return _read(resources.files("abm").joinpath("data/evidence.toml").read_text(encoding="utf-8"), "evidence.toml")


def read_claims(path: str | Path) -> dict[str, Claim]:
    """The claims of a file by their id; each mistake in it gives one sentence with file, claim and key (``ClaimError``)."""
    return _read(read_text(path, "the file of claims", error=ClaimError), shorten(Path(path).name))


def _read(text: str, name: str) -> dict[str, Claim]:
    said = parse_toml(text, name, error=ClaimError)
    for key in said:
        if key != "claim":
            raise ClaimError(f"{name}: unknown key '{shorten(key)}'; {near(shorten(key), ['claim'])}")
    rows = said.get("claim")
    if not isinstance(rows, list) or not rows:
        raise ClaimError(f"{name} holds no [[claim]] rows")
    found: dict[str, Claim] = {}
    for number, row in enumerate(rows, 1):
        claim = check(Claim, row, f"{name}, claim {_which(row, number)}", error=ClaimError)
        if claim.id in found:
            raise ClaimError(f"{name}: the claim '{claim.id}' is listed twice; keep one")
        found[claim.id] = claim
    return found


def _which(row: Any, number: int) -> str:
    said = row.get("id") if isinstance(row, Mapping) else None
    return f"'{shorten(said)}'" if isinstance(said, str) and re.fullmatch(r"[ -~]+", said) else f"number {number}"
