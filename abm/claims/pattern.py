"""What numbers of a run does a claim look at, and what must hold of them? The patterns of a claim, as the rows of a file say them."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from abm.claims.statistic import How, Take, Year, YearlyOutput
from abm.errors import shorten
from abm.reading import MOST_LETTERS, Entries, Listed, Name, known_name
from abm.scenario import Scenario
from agents.core.declare import PARAMETERS, SWITCHES, near

#: ``number`` beside a number of the paper; ``direction`` which of two is larger (in time, between the sides, against a mark); ``pair``
#: the same seed with and without a mechanism; ``sweep`` the response to a parameter.
Comparison = Literal["number", "direction", "pair", "sweep"]
#: How a number is written in a sentence: with so many decimals, as a percentage with so many, about three digits, a signed percentage, a year or count.
Written = Literal["number", "number1", "number2", "percent", "percent1", "percent3", "short", "change", "count"]
#: Besides what is taken for any statistic: the slope of the line through the years, the year of the highest value, how many years there
#: are, and in how many the value is above 0.
ClaimTake = Literal[Take, "slope", "year_of_max", "years", "years_above_0"]
#: Conditions on a number. A rise or fall is over a sweep and is compared with no value.
Relation = Literal["near", "above", "below", "at_least", "at_most", "rises", "falls"]

Text = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
_Number = Annotated[float, Field(ge=-1e12, le=1e12)]
_NumberName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
PLACES_OF_PERIOD = ("period_first", "period_last")


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
    #: the smallest difference from the mark that is of use, in the unit of the number; 0 where the condition itself states a size
    practical: Annotated[float, Field(ge=0, le=1e12)] | None = None
    #: the same as a share of the mark; in a sweep, of the number at the lowest level
    practical_share: Annotated[float, Field(ge=0, le=1)] | None = None
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
        if self.practical is not None and self.practical_share is not None:
            raise ValueError("practical and practical_share are both given: keep one")
        if self.relation == "near" and (self.practical is not None or self.practical_share is not None):
            raise ValueError('is = "near" says by within what counts: leave practical and practical_share out')
        if self.practical_share is not None and self.value == 0:
            raise ValueError("practical_share of a value of 0 is 0: give practical, in the unit of the number")
        if 0 in (self.practical, self.practical_share) and not self.states_a_size:
            raise ValueError("a practical size of 0 needs a condition that states a size itself: times, or a value other than 0")
        return self

    @property
    def states_a_size(self) -> bool:
        """Whether its mark says how much is meant: a factor, or a value other than 0."""
        return self.times != 1 or bool(self.value)


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
    says: Text
    comparison: Comparison
    numbers: Annotated[dict[_NumberName, Number], Field(min_length=1)]
    conditions: Annotated[tuple[Condition, ...], Listed, Field(min_length=1)]
    #: what the run gave; where it is left out, each number of the conditions is named by its declared label
    gives: Text | None = None
    #: which meaning of an ambiguous sentence this is; patterns of the same reading belong together, those without one to every reading
    reading: Text | None = None
    #: why the outcome follows from what was put in or fitted, where it does: that it shows is then no support for the claim
    built_in: Text | None = None
    #: says several readings in one row of a single run's table; each of them has patterns of its own, so it is not asked again
    composite: bool = False
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
        if self.spans and self.needs_other_runs:
            raise ValueError('spans go with comparison = "number" and "direction" only')
        if self.composite and not self.shown:
            raise ValueError("composite is for a row of the table of a single run, and shown = false leaves it out")
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
        if condition.times != 1 and condition.than is None and self.comparison != "pair":
            raise ValueError("condition: times multiplies than, or the number of the run with the mechanism in a pair; leave it out")
        has_size = condition.practical is not None or condition.practical_share is not None
        if not has_size and condition.relation != "near" and self.comparison != "number":
            raise ValueError(
                f"condition: '{shorten(condition.number)}' needs the smallest difference of use; give practical or practical_share"
            )

    def _check_places(self, key: str, sentence: str) -> None:
        try:
            parsed = [(name, spec, how) for _, name, spec, how in Formatter().parse(sentence) if name is not None]
            named = [f"{name}{f'!{how}' if how else ''}{f':{spec}' if spec else ''}" for name, spec, how in parsed]
        except ValueError as wrong:
            raise ValueError(f"{key}: {shorten(wrong)}; write {{{{ for a brace") from None
        for name in named:
            if name not in self.places:
                raise ValueError(f"{key}: there is no place {{{shorten(name)}}}; {near(shorten(name), self.places)}")

    @property
    def places(self) -> tuple[str, ...]:
        """Names in braces that its sentences may have."""
        found = ["said", "end", *PLACES_OF_PERIOD]
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
