"""Which reported numbers, none of them fitted, are shown beside what a run gives? The rows of a region's `levels.toml`, read and checked.

A row (*level*) names outputs of a run for a side or for places, what a source reports of them by year, and by how much the report may be
off for the model's purpose, with the reason. No number of a run comes from this file, so it is no part of a region's hash; a region may
lack it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import UserError, shorten
from abm.parameters import FIRST_YEAR, LAST_MONTH
from abm.reading import MOST_LETTERS, Entries, Listed, Name, check, parse_toml, read_text
from abm.region import Region
from agents.core.declare import OUTPUTS, near

#: The file of a region folder that holds the rows.
LEVELS = "levels.toml"
#: ``side``: a yearly output of one side. ``places``: one of some places together. ``rank``: the order of groups of places.
LevelKind = Literal["side", "places", "rank"]
#: Columns of the table by place that are no declared output of it in every version of the model.
_OF_PLACES = ("population",)
MOST = 1e12
#: Rounding of a binary fraction: what lies at an end of the allowed counts as inside.
ROUNDING = 1e-12

_Number = Annotated[float, Field(ge=-MOST, le=MOST)]
_Text = Annotated[str, Field(max_length=MOST_LETTERS)]
_Names = Annotated[tuple[Name, ...], Listed]
_Quotient = Annotated[float, Field(gt=0, le=100)]


class LevelError(UserError):
    """A row of reported levels that cannot be used."""


def years_of(key: str) -> tuple[int, int]:
    """First and last year of ``"1997"`` or ``"1997-1998"``; ValueError for anything else or for years outside those of a run."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", key)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not FIRST_YEAR <= first <= last <= LAST_MONTH[0]:
        raise ValueError(f'\'{shorten(key)}\' is no year of a run: write a year such as "1998", or "1997-1998"')
    return first, last


def _are_years(reported: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in reported:
        years_of(key)
    if not reported:
        raise ValueError("it holds no year: give at least one")
    return reported


class AllowedError(Entries):
    """By how much a run may differ from a report, and why. One of three:

    ``factor`` (above 1): the one is at most so many times the other. ``quotients`` (lowest and highest): run ÷ report lies between them, where
    a report on others than the model's people must be higher or lower than these. ``difference`` (above 0): in the row's unit.
    """

    reason: Annotated[_Text, Field(min_length=1)]
    factor: Annotated[float, Field(gt=1, le=100)] | None = None
    quotients: Annotated[tuple[_Quotient, _Quotient], Listed] | None = None
    difference: Annotated[float, Field(gt=0, le=MOST)] | None = None

    @model_validator(mode="after")
    def _is_one_of_three(self) -> Self:
        if sum(one is not None for one in (self.factor, self.quotients, self.difference)) != 1:
            raise ValueError("give a factor, two quotients or a difference, one of them")
        if self.quotients is not None and not self.quotients[0] < self.quotients[1]:
            raise ValueError(f"quotients = {list(self.quotients)}; the first must be the lower one")
        return self

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest quotient of run and report; None where a difference is allowed."""
        return self.quotients if self.factor is None else (1.0 / self.factor, self.factor)

    def holds(self, given: float, reported: float) -> bool:
        """Whether the number of a run is as near to the report as this allows, both ends counted; never where it is not finite."""
        if self.ends is None:
            assert self.difference is not None
            return abs(given - reported) <= self.difference * (1.0 + ROUNDING)
        low, high = self.ends
        return low * (1.0 - ROUNDING) <= given / reported <= high * (1.0 + ROUNDING)


class ReportedLevel(Entries):
    """One row: what is asked of a run, and what a source reports of it.

    ``outputs`` are added up and, where ``over`` is given, divided by the sum of those; the result is multiplied by ``times``. A key of
    ``reported`` of two years means the mean of all years from one to the other or, where ``change`` is true, the last divided by the
    first. Of places, amounts are added (``combine = "sum"``) or averaged by people (``"mean"``).
    """

    id: Annotated[Name, Field(min_length=1, max_length=80)]
    title: Annotated[Name, Field(min_length=1)]
    kind: LevelKind
    outputs: Annotated[tuple[Name, ...], Listed, Field(min_length=1)]
    unit: Annotated[Name, Field(min_length=1)]
    reported: Annotated[dict[str, _Number | _Names], AfterValidator(_are_years)]
    source: Annotated[_Text, Field(min_length=1)]
    facts: Annotated[tuple[Name, ...], Listed, Field(min_length=1)]
    note: _Text = ""
    side: Literal["id", "my", ""] = ""
    places: _Names = ()
    groups: Annotated[dict[str, _Names], Field(default_factory=dict)]
    combine: Literal["sum", "mean"] = "mean"
    over: _Names = ()
    change: bool = False
    times: Annotated[float, Field(gt=0, le=MOST)] = 1.0
    times_reason: _Text = ""
    within: AllowedError | None = None
    built_in: _Text = ""

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needs = {"side": "side", "places": "places", "rank": "groups"}
        for kind, key in needs.items():
            given = bool(getattr(self, key))
            if given != (kind == self.kind):
                raise ValueError(f"a row of kind {self.kind} {'has no' if given else 'needs'} {key}")
        table = "yearly" if self.kind == "side" else "places"
        known = [name for name, output in OUTPUTS.items() if table in output.tables]
        known += [name for name in _OF_PLACES if table == "places" and name not in known]
        for name in (*self.outputs, *self.over):
            if name not in known:
                raise ValueError(f"there is no output '{shorten(name)}' of the table {table}; {near(name, known)}")
        return self

    @model_validator(mode="after")
    def _is_a_number_or_an_order(self) -> Self:
        if self.kind == "rank":
            if self.within is not None:
                raise ValueError("an order of places has no within")
            for key, order in self.reported.items():
                if not isinstance(order, tuple) or sorted(order) != sorted(self.groups):
                    raise ValueError(f"reported.{key} must list every group once, the highest first: {', '.join(self.groups)}")
            if len(self.groups) < 2:
                raise ValueError("an order needs two groups or more")
            return self
        if self.within is None:
            raise ValueError("it has no within: say by which factor or difference the report may be off, and why")
        for key, value in self.reported.items():
            if isinstance(value, tuple):
                raise ValueError(f"reported.{key} is a list; only a row of kind rank reports an order")
            if self.within.ends is not None and value <= 0:
                raise ValueError(f"reported.{key} = {value:g}; a factor goes with numbers above 0, give a difference")
        return self

    @model_validator(mode="after")
    def _a_change_is_between_years(self) -> Self:
        for key in self.reported:
            if self.change and years_of(key)[0] == years_of(key)[1]:
                raise ValueError(f'reported.{key}: a change needs two years, such as "1997-1998"')
        return self

    @model_validator(mode="after")
    def _a_conversion_has_a_reason(self) -> Self:
        if (not math.isclose(self.times, 1.0)) != bool(self.times_reason.strip()):
            raise ValueError("times and times_reason go together: say what the number is multiplied by, and why")
        return self

    @property
    def all_places(self) -> tuple[str, ...]:
        """Every place that the row reads."""
        return (*self.places, *(place for group in self.groups.values() for place in group))


class _LevelsFile(Entries):
    """The whole file."""

    level: Annotated[tuple[Any, ...], Listed, Field(min_length=1)]


def read_levels(text: str, where: str, *, facts: Iterable[str], places: Iterable[str]) -> tuple[ReportedLevel, ...]:
    """The rows of the text of a file of levels, in its order; LevelError, with one sentence, on the first mistake.

    ``where`` names the file in messages; ``facts`` and ``places`` are those of the region.
    """
    said = check(_LevelsFile, parse_toml(text, where, error=LevelError), where, error=LevelError).level
    known_facts, known_places = list(facts), list(places)
    rows: list[ReportedLevel] = []
    for number, one in enumerate(said, 1):
        name = one.get("id", f"number {number}") if isinstance(one, Mapping) else f"number {number}"
        here = f"{where}, level '{shorten(name)}'"
        row = check(ReportedLevel, one, here, error=LevelError)
        for fact in row.facts:
            if fact not in known_facts:
                raise LevelError(f"{here}: there is no fact '{shorten(fact)}' in facts.csv; {near(fact, known_facts)}")
        for place in row.all_places:
            if place not in known_places:
                raise LevelError(f"{here}: there is no border place '{shorten(place)}'; {near(place, known_places)}")
        if row.id in [r.id for r in rows]:
            raise LevelError(f"{where}: the id '{shorten(row.id)}' is given twice; keep one of the rows")
        rows.append(row)
    return tuple(rows)


def levels_of(region: Region) -> tuple[ReportedLevel, ...]:
    """The rows of a region's `levels.toml`; none where it has no such file. LevelError on a mistake."""
    path = Path(region.folder) / LEVELS
    if not path.exists():
        return ()
    where = f"{LEVELS} of region {shorten(region.folder.name)}"
    text = read_text(path, where, error=LevelError)
    return read_levels(text, where, facts=region.facts["id"].tolist(), places=region.border_places["place"].tolist())
