"""What must the manifest of a study folder hold? Its entries, as types.

A manifest is checked as a whole when it is read, so that one that is incomplete or was changed by hand is refused before it is
used. Names of parameters and outputs are not looked up here: a study of an older model can still be collected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from abm.claims.statistic import StatisticEntries
from abm.errors import ManifestError, shorten
from abm.reading import Entries, Listed, Name, OpenEntries, check
from experiments.runs.manifest import BY_HAND, Hash, Households, Month, ScenarioEntries, Seed
from experiments.studies.study import (
    MOST_RUNS,
    SWITCH,
    Design,
    Record,
    Study,
    StudyError,
    Summary,
    Varied,
    power_of_two,
)

if TYPE_CHECKING:
    from pathlib import Path

#: Most points of a study without a plan.
MOST_POINTS = 2**31 - 1


def _without_twice(names: Sequence[Any]) -> Any:
    if len(set(names)) < len(names):
        raise PydanticCustomError("twice", "holds an entry twice")
    return names


Names = Annotated[tuple[Name, ...], Listed, AfterValidator(_without_twice)]


# --- the study in a manifest -------------------------------------------------------------------------------------------


class VariedEntries(Entries):
    """One dimension of a design."""

    name: Name
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    levels: Annotated[tuple[float, ...], Listed] = ()

    @model_validator(mode="after")
    def _range(self) -> Self:
        if not self.low < self.high or (self.scale == "log" and self.low <= 0):
            raise ValueError(f"'{shorten(self.name)}' varies from {self.low:g} to {self.high:g} ({self.scale}), which is not a range")
        return self


class SummaryEntries(StatisticEntries):
    """One number of a run, with its name; its output may be one of an older model."""

    name: Name
    output: Name


class StudyEntries(Entries):
    """A study as ``Study.to_dict`` writes it."""

    name: Name
    design: Design = "list"
    points: int = Field(default=1, ge=1, le=MOST_POINTS)
    replicates: int = Field(default=1, ge=1, le=MOST_RUNS)
    seed: Seed = 1
    scenarios: Annotated[Names, Field(min_length=1)]
    regions: Annotated[Names, Field(min_length=1)]
    households: Annotated[tuple[Households, ...], Listed, AfterValidator(_without_twice), Field(min_length=1)]
    end: Month | None = None
    vary: Annotated[tuple[VariedEntries, ...], Listed]
    set: dict[Name, float] = {}  # noqa: RUF012
    without: Names
    record: Record = "yearly"
    outputs: Names
    summaries: Annotated[tuple[SummaryEntries, ...], Listed]
    deadline: float | None = Field(default=None, gt=0)
    measure: Name | None = None
    table: Name | None = None
    rows: Annotated[tuple[dict[Name, float], ...], Listed] = ()
    fitted: bool = True
    widen: float = Field(default=0.0, ge=0, le=1)
    common_draws: bool = True
    as_fitted: bool = False
    seeds_in_order: bool = False

    @model_validator(mode="after")
    def _points_go_with_the_design(self) -> Self:
        """Check that the source of the points (vary, table, rows) suits the design."""
        if self.design in ("list", "posterior"):
            if self.vary:
                raise ValueError(f'vary does not go with design = "{self.design}"')
            if self.design == "posterior" and self.table is None:
                raise ValueError('design = "posterior" needs a table')
            if self.table is not None and self.rows:
                raise ValueError("the list is given twice, as table and as rows")
        elif not self.vary or self.rows or self.table is not None:
            raise ValueError(f'design = "{self.design}" is made from vary alone')
        if self.design in ("sobol", "saltelli") and not power_of_two(self.points):
            raise ValueError(f"points = {self.points} is not a power of two")
        if self.design == "saltelli" and self.points < 2:
            raise ValueError("points = 1, but a Saltelli design has at least 2")
        return self

    @model_validator(mode="after")
    def _names_are_given_once(self) -> Self:
        if len({v.name for v in self.vary}) < len(self.vary):
            raise ValueError("vary holds a name twice")
        if any(set(row) != set(self.rows[0]) for row in self.rows):
            raise ValueError("not all rows give a value to the same names")
        if len({s.name for s in self.summaries}) < len(self.summaries):
            raise ValueError("summaries holds a name twice")
        return self

    @model_validator(mode="after")
    def _plan_holds_the_runs(self) -> Self:
        """Check that there are points, and no more runs than a plan can hold."""
        runs = self._n_points() * len(self.scenarios) * len(self.regions) * len(self.households) * self.replicates
        if not runs:
            raise ValueError("a parameter has no levels")
        if runs > MOST_RUNS:
            raise ValueError(f"the study has {runs:,} runs; a plan holds at most {MOST_RUNS:,}")
        return self

    @model_validator(mode="after")
    def _something_is_kept(self) -> Self:
        if self.record == "summaries" and not self.summaries and self.measure is None:
            raise ValueError('record = "summaries" needs summaries or a measure')
        if self.seeds_in_order and not self.common_draws:
            raise ValueError("seeds_in_order does not go with common_draws = false")
        return self

    def _n_points(self) -> int:
        """Points of the design; 0 where a parameter of a factorial has no levels."""
        match self.design:
            case "list":
                return max(1, len(self.rows))
            case "factorial":
                return math.prod(len(v.levels) for v in self.vary)
            case "saltelli":
                return self.points * (len(self.vary) + 2)
            case "morris" | "shapley":
                return self.points * (len(self.vary) + 1)
            case _:
                return self.points

    def study(self) -> Study:
        """The study itself."""
        said = {name: getattr(self, name) for name in type(self).model_fields}
        said["vary"] = tuple(Varied(v.name, v.low, v.high, v.scale, v.levels) for v in self.vary)
        said["summaries"] = tuple(Summary(s.name, s.output, s.side, s.first, s.last, s.take) for s in self.summaries)
        said["rows"] = tuple(dict(r) for r in self.rows)
        return Study(**said)


def study_of(said: Any) -> Study:
    """The study in a manifest."""
    return check(StudyEntries, said, "the manifest's study", error=StudyError, hint=BY_HAND).study()


# --- the manifest of a study folder -------------------------------------------------------------------------------------


class HashedScenario(OpenEntries):
    """A scenario and its hash."""

    hash: Hash
    scenario: ScenarioEntries


class HashedRegion(OpenEntries):
    """A region's hash, and the values fitted to it."""

    hash: Hash
    fitted: dict[Name, float] = {}  # noqa: RUF012
    posterior: str | None = None


class Drift(OpenEntries):
    """A change that was allowed after the study was planned."""

    at: str
    model_version: Name
    what: list[str]
    regions: dict[str, Hash] = {}  # noqa: RUF012
    measure_hash: Hash | None = None


class StudyManifest(OpenEntries):
    """The manifest of a study folder."""

    kind: Literal["lintas study"]
    format: Literal[1]
    name: Name
    model_version: Name
    study: StudyEntries
    names: Names
    scenarios: dict[str, HashedScenario]
    regions: dict[str, HashedRegion]
    drift: list[Drift]
    runs: int | None = Field(default=None, ge=0)
    measure_hash: Hash | None = None
    table_hash: Hash | None = None
    command_line: list[str] = []  # noqa: RUF012
    created: str | None = None
    platform: str | None = None
    versions: dict[str, str] = {}  # noqa: RUF012
    commit: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        """Check that all arms of the study are described, and that the names are those of what varies."""
        for what, planned, described in (
            ("scenario", self.study.scenarios, self.scenarios),
            ("region", self.study.regions, self.regions),
        ):
            for name in planned:
                if name not in described:
                    raise ValueError(f"the study has the {what} '{shorten(name)}', but {what}s does not describe it")
            for name in described:
                if name not in planned:
                    raise ValueError(f"{what}s describes '{shorten(name)}', which the study does not have")
        varied = [v.name for v in self.study.vary] if self.study.vary else sorted(self.study.rows[0]) if self.study.rows else None
        if varied is None and self.study.table is None:
            varied = []
        if varied is not None and list(self.names) != varied:
            raise ValueError(f"names is {shorten(list(self.names))}, but the study varies {shorten(varied)}")
        for name in self.names:
            if name.startswith(SWITCH) and len(name) == len(SWITCH):
                raise ValueError(f"names holds '{name}', which is not a mechanism")
        return self


def check_study_manifest(said: dict[str, Any], file: Path) -> dict[str, Any]:
    """The manifest of a study, with defaults for all keys; ManifestError where entries are missing, of a wrong type or contradict each other."""
    read = check(StudyManifest, said, f"'{shorten(file)}'", error=ManifestError, hint=BY_HAND)
    return said | {"study": _as_lists(read.study.study().to_dict())}


def _as_lists(said: Any) -> Any:
    """Plain data with lists for tuples, as JSON has them."""
    if isinstance(said, dict):
        return {k: _as_lists(v) for k, v in said.items()}
    return [_as_lists(v) for v in said] if isinstance(said, (list, tuple)) else said
