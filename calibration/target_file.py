"""What may a file of targets hold? Its rows as types, which entries a row needs together, and which rows contradict each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from abm.claims.statistic import StatisticEntries
from abm.errors import shorten
from abm.reading import MOST_LETTERS, Entries, Listed, Name, check, parse_toml
from agents.core.declare import near
from calibration.target import MEASURED, REPORTED, Kind, Role, Scale, Target, TargetError

_NEEDED = ("id", "title", "kind", "role", "of", "source", "reason")
#: The largest number of a row, and the least error of a report: beyond these the arithmetic of the likelihood no longer holds.
MOST, LEAST_ERROR, MOST_CORRELATION = 1e12, 1e-6, 0.999
#: Two reports of one number contradict each other when they differ by more tolerances than this.
MOST_APART = 3.0
_Number = Annotated[float, Field(ge=-MOST, le=MOST)]
_Text = Annotated[str, Field(max_length=MOST_LETTERS)]
_Names = Annotated[tuple[Name, ...], Listed]


class TargetEntries(Entries):
    """A row as a file writes it."""

    id: Annotated[Name, Field(max_length=80)]
    title: Name
    kind: Kind
    role: Role
    of: StatisticEntries
    source: _Text
    reason: _Text
    value: _Number = math.nan
    unit: Name = ""
    scale: Scale = "log"
    tolerance: _Number = math.nan
    tolerance_reason: _Text = ""
    group: Name = ""
    correlation: Annotated[float, Field(ge=-MOST_CORRELATION, le=MOST_CORRELATION)] = 0.0
    built_in: bool = False
    against: StatisticEntries | None = None
    threshold: _Number = math.nan
    width: _Number = math.nan
    flat_above: _Number = math.nan
    direction: Literal["up", "down", ""] = ""
    first: int | None = None
    last: int | None = None
    quote: _Text = ""
    lines: Name = ""
    facts: _Names = ()
    claims: _Names = ()
    reading_of: Name = ""

    def target(self) -> Target:
        """The row itself."""
        rest = {f.name: getattr(self, f.name) for f in fields(Target) if f.name not in ("of", "against")}
        return Target(of=self.of.statistic(), against=None if self.against is None else self.against.statistic(), **rest)

    @model_validator(mode="before")
    @classmethod
    def _has_what_every_row_needs(cls, said: Any) -> Any:
        if isinstance(said, Mapping):
            for key in _NEEDED:
                if key not in said or (isinstance(said[key], str) and not said[key].strip()):
                    why = ": a fact without a source cannot be fitted" if key == "source" else ""
                    raise ValueError(f"it has no {key}{why}")
        return said

    @model_validator(mode="after")
    def _years_are_in_order(self) -> Self:
        for key, of in (("of", self.of), ("against", self.against)):
            if of is not None and of.last < of.first:
                raise ValueError(f"{key} ends in {of.last}, before it starts in {of.first}")
        for key in ("first", "last"):  # a trend's years may be said once more beside it
            if getattr(self, key) not in (None, getattr(self.of, key)):
                raise ValueError(f"{key} = {getattr(self, key)} is not that of its output ({getattr(self.of, key)}); leave it out")
        return self

    @model_validator(mode="after")
    def _a_measured_number_has_its_error(self) -> Self:
        if self.kind not in MEASURED:
            return self
        if math.isnan(self.value):
            raise ValueError("it has no value")
        if not self.tolerance > 0:
            raise ValueError("it has no tolerance above 0: say how far off the report may be")
        if self.tolerance < LEAST_ERROR:
            raise ValueError(f"tolerance = {self.tolerance:g}; no report is so exact: give at least {LEAST_ERROR:g}")
        if not self.tolerance_reason.strip():
            raise ValueError(f"it has no tolerance_reason: say why the tolerance is {self.tolerance:g}")
        if (self.scale == "log" or self.kind == "ratio") and self.value <= 0:
            raise ValueError(f"value = {self.value:g} has no logarithm; use another scale")
        if self.scale == "logit" and self.kind == "value" and not 0 < self.value < 1:
            raise ValueError(f"value = {self.value:g} is not a share between 0 and 1, so it has no logit")
        return self

    @model_validator(mode="after")
    def _a_reported_side_has_its_threshold(self) -> Self:
        if self.kind not in REPORTED:
            return self
        if math.isnan(self.threshold) or not self.width > 0:
            raise ValueError(f"a {self.kind} needs threshold and width (above 0)")
        if self.width < LEAST_ERROR:
            raise ValueError(f"width = {self.width:g}; no report is so exact: give at least {LEAST_ERROR:g}")
        if self.kind == "threshold" and not 0 < self.threshold < 1:
            raise ValueError(f"threshold = {self.threshold:g} is not a share between 0 and 1")
        if self.kind == "threshold" and not math.isnan(self.flat_above) and not self.threshold < self.flat_above < 1:
            raise ValueError(f"flat_above = {self.flat_above:g} must lie between the threshold {self.threshold:g} and 1")
        return self

    @model_validator(mode="after")
    def _a_direction_has_what_it_compares(self) -> Self:
        if self.kind in ("ratio", "trend", "sign") and self.against is None:
            raise ValueError(f"a {self.kind} needs against = {{ output = …, side = …, first = …, last = … }}")
        if self.kind == "sign" and self.scale == "logit":
            raise ValueError('a sign compares logarithms or differences; write scale = "log" or "linear"')
        if self.kind in ("sign", "monotone"):
            if not self.direction:
                raise ValueError(f'a {self.kind} needs direction = "up" or "down"')
            if self.role == "fit":
                raise ValueError(f"a {self.kind} reports a direction and no size, so it cannot be fitted; make it held-out")
        return self

    @model_validator(mode="after")
    def _a_fitted_row_says_what_it_rests_on(self) -> Self:
        if self.role == "fit" and not (self.quote.strip() or self.facts):
            raise ValueError("it has neither quote nor facts: say which words or which fact it is taken from")
        return self


def read_rows(text: str, name: str) -> tuple[Target, ...]:
    """The rows of the text of a file of targets; ``name`` is the name of the file in messages. TargetError on a mistake."""
    rows = parse_toml(text, name, error=TargetError).get("target")
    if not isinstance(rows, list) or not rows:
        raise TargetError(f"{name} holds no [[target]] rows: there is nothing to fit")
    found = tuple(_row(r, number, name) for number, r in enumerate(rows, 1))
    ids = [r.id for r in found]
    for twice in {i for i in ids if ids.count(i) > 1}:
        raise TargetError(f"{name}: the id '{twice}' is given twice; keep one of the targets")
    _check_readings(found, name)
    fitted = tuple(r for r in found if r.role == "fit")
    _check_contradictions(fitted, name)
    _check_groups(fitted, name)
    return found


def _row(said: Any, number: int, file: str) -> Target:
    name = said.get("id", f"number {number}") if isinstance(said, Mapping) else f"number {number}"
    return check(TargetEntries, said, f"{file}, target '{shorten(name)}'", error=TargetError).target()


def _check_readings(rows: tuple[Target, ...], file: str) -> None:
    """TargetError where another reading of a report does not name the row of that report, or cannot replace it."""
    for t in (r for r in rows if r.reading_of):
        here = f"{file}, target '{shorten(t.id)}'"
        others = [r.id for r in rows if r.id != t.id]
        if t.reading_of not in others:
            hint = near(t.reading_of, others) if others else "there is none in the file"
            raise TargetError(f"{here}: reading_of = '{shorten(t.reading_of)}' is not another target; {hint}")
        if t.role == "fit":
            raise TargetError(
                f"{here} is fitted itself, so it cannot be another reading of '{shorten(t.reading_of)}'; leave reading_of out"
            )
        if t.kind not in (*MEASURED, *REPORTED):
            raise TargetError(f"{here} is a {t.kind}: it has a direction but no size, so it cannot replace '{shorten(t.reading_of)}'")


def _check_contradictions(fitted: tuple[Target, ...], file: str) -> None:
    """TargetError where two fitted rows report the same number with values further apart than their errors allow."""
    measured = [t for t in fitted if t.kind in MEASURED]
    for i, a in enumerate(measured):
        for b in measured[i + 1 :]:
            if (a.of, a.against, a.scale) != (b.of, b.against, b.scale):
                continue
            apart = abs(a.observed - b.observed) / math.hypot(a.tolerance, b.tolerance)
            if apart > MOST_APART:
                raise TargetError(
                    f"{file}: the targets '{a.id}' ({a.value:g}) and '{b.id}' ({b.value:g}) contradict each other: both report the same "
                    f"number and are {apart:.1f} tolerances apart; widen a tolerance with its reason, or leave one out"
                )


def _check_groups(fitted: tuple[Target, ...], file: str) -> None:
    """TargetError where the reports of a group have several correlations, or one that is not possible for so many reports."""
    for t in (r for r in fitted if r.group):
        said = {r.correlation for r in fitted if r.group == t.group}
        if len(said) > 1:
            raise TargetError(f"{file}: the group '{t.group}' has several correlations {sorted(said)}; give one")
        members = sum(r.group == t.group and r.kind in MEASURED for r in fitted)
        if t.correlation and members < 2:
            raise TargetError(f"{file}: the group '{t.group}' has a correlation but only one fitted member; is a name misspelt?")
        if members > 1 and t.correlation <= -MOST_CORRELATION / (members - 1):
            raise TargetError(
                f"{file}: {members} reports cannot all have the correlation {t.correlation:g} with each other; give more than {-MOST_CORRELATION / (members - 1):g}"
            )
