"""What may a study file hold? Its entries as types, checked against each other and against the model's declarations."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast, get_args

from pydantic import Field, model_validator

import abm.declarations  # noqa: F401  (fills the registries)
from abm.claims.statistic import StatisticEntries, Year
from abm.errors import UserError, shorten
from abm.parameters import FIRST_YEAR, LAST_MONTH
from abm.reading import Entries, Listed, Name, is_ordinary, parse_toml, read_text
from agents.core.declare import OUTPUTS, near
from experiments.options import DEFAULT_REGION, MOST_SEED
from experiments.studies.design_table import table_of
from experiments.studies.measure import measure_of
from experiments.studies.study import SAMPLED, SWITCH, Design, Record, Study, StudyError, Summary, Varied, power_near, power_of_two
from experiments.studies.values import checked, value_of, whole
from experiments.studies.vary import by_full_name, what_varies


class StudyFile(Entries):
    """The entries of a study file, before they are checked against each other and against the model's declarations."""

    name: Name | None = None
    design: Design = "list"
    points: int | None = None
    replicates: int = 1
    seed: int = 1
    scenarios: Annotated[tuple[Name, ...], Listed] = ("history",)
    regions: Annotated[tuple[Name, ...], Listed] = (DEFAULT_REGION,)
    households: Any = 2000
    end: Any = None
    vary: Any = None
    set: dict[str, Any] = {}  # noqa: RUF012
    without: Annotated[tuple[Name, ...], Listed] = ()
    record: str = "yearly"
    outputs: Annotated[tuple[Name, ...], Listed] = ()
    summaries: dict[Name, Any] = {}  # noqa: RUF012
    deadline: float | None = None
    measure: Name | None = None
    table: Name | None = None
    fitted: bool = True
    widen: Annotated[float, Field(ge=0, le=1)] = 0.0
    common_draws: bool = True
    as_fitted: bool = False
    seeds_in_order: bool = False

    @model_validator(mode="after")
    def _seeds_are_given_once(self) -> Self:
        if self.seeds_in_order and not self.common_draws:
            raise ValueError("seeds_in_order and common_draws = false are two ways to give seeds to points; keep one")
        return self


class SummaryEntry(StatisticEntries):
    """One number of [summaries]; by default on the side Kalimantan over all years."""

    side: Literal["id", "my"] = "id"
    first: Year = FIRST_YEAR
    last: Year = LAST_MONTH[0]

    @model_validator(mode="after")
    def _years_are_in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"first = {self.first} comes after last = {self.last}")
        return self


def load_study(path: str | Path) -> Study:
    """Read a study file; StudyError with file and key on a mistake."""
    path = Path(path)
    if not os.path.lexists(path):
        raise StudyError(f"there is no study file '{shorten(path)}'; name a TOML file")
    said = parse_toml(read_text(path, "the study file", error=StudyError), shorten(path.name), error=StudyError)
    try:
        return read_study(said, path.absolute().parent, path.stem)
    except UserError as error:
        raise StudyError(f"{shorten(path.name)}: {error}") from None
    except RecursionError:
        raise StudyError(f"{shorten(path.name)}: its tables are nested too deep") from None


def read_study(said: Mapping[str, Any], folder: Path, stem: str) -> Study:
    """The study of a parsed file; relative paths in it start from ``folder``; ``stem`` is its name where it has none. StudyError on a mistake."""
    entries = checked(StudyFile, dict(said))
    vary, rows = what_varies({} if entries.vary is None else entries.vary, entries.design, entries.points, entries.widen)
    table = None if entries.table is None else str(folder / entries.table)
    _check_source(entries.design, vary, rows, table)
    listed = None if table is None else table_of(table, entries.design, entries.widen)
    columns = set() if listed is None else {*listed.columns} - {"weight"}
    points = _points(entries.points, entries.design, 0 if listed is None else len(listed))
    numbers = _table("set", entries.set, entries.widen)
    varied = {v.name for v in vary} | {n for r in rows for n in r} | columns
    _check_once(numbers, entries.without, varied, columns)
    summaries, measure = _summaries(entries.summaries), measure_of(entries.measure, folder)
    _check_record(entries, summaries, measure, varied)
    study = Study(
        name=_name(entries.name, stem), design=entries.design, points=points, replicates=whole("replicates", entries.replicates, 1, 1_000_000),
        seed=whole("seed", entries.seed, 0, MOST_SEED), scenarios=tuple(_scenario(s, folder) for s in entries.scenarios),
        regions=tuple(_region(r, folder) for r in entries.regions), households=_sizes(entries.households), end=entries.end, vary=vary, set=numbers,
        without=entries.without, record=cast(Record, entries.record), outputs=entries.outputs, summaries=summaries,
        deadline=_seconds(entries.deadline), measure=measure, table=table, rows=rows, fitted=entries.fitted, widen=entries.widen,
        common_draws=entries.common_draws, as_fitted=entries.as_fitted, seeds_in_order=entries.seeds_in_order,
    )  # fmt: skip
    _check_arms(study)
    return study


def _name(said: str | None, stem: str) -> str:
    name = stem if said is None else said
    if name.strip(" .") == "" or any(c in name for c in "/\\\0\n"):
        raise StudyError(f"name = {shorten(repr(name))} cannot name a folder; use letters, digits, spaces and dashes")
    return name


def _check_source(design: Design, vary: Sequence[Varied], rows: Sequence[Mapping[str, float]], table: str | None) -> None:
    """StudyError where the source of the points ([vary], rows, table) does not suit the design."""
    if design in ("list", "posterior"):
        if vary:
            raise StudyError(
                f'[vary] does not go with design = "{design}", whose values come from a table; leave it out or use [[vary]] rows'
            )
        if design == "posterior" and table is None:
            raise StudyError('design = "posterior" needs table = "draws.csv" (or .parquet): a column for each parameter, weight if any')
        if table is not None and rows:
            raise StudyError("the list is given twice, as table and as [[vary]] rows; keep one")
    elif table is not None:
        raise StudyError(f'table = "{shorten(Path(table).name)}" goes with design = "list" or "posterior" only, found "{design}"')
    elif not vary:
        raise StudyError(
            f'design = "{design}" needs a table [vary] with at least one parameter; an empty entry {{}} means its declared range'
        )


def _check_once(numbers: Mapping[str, float], without: Sequence[str], varied: Collection[str], columns: Collection[str]) -> None:
    """StudyError where a name is both set (or switched off) and varied; ``columns`` are the varied names that a table gives."""
    for what in numbers:
        if what in varied:
            raise StudyError(f"'{what}' is set and varied; keep it in [set] or in {'[vary]' if what not in columns else 'the table'}")
    for what in without:
        if f"{SWITCH}{what}" in varied:
            place = "[vary]" if f"{SWITCH}{what}" not in columns else "the table"
            raise StudyError(f"the mechanism '{shorten(what)}' is switched off and varied; keep it in without or in {place}")


def _check_record(entries: StudyFile, summaries: Sequence[Summary], measure: str | None, varied: Collection[str]) -> None:
    """StudyError where outputs are unknown, nothing would be kept of a run, or two columns have the same name."""
    record, outputs = entries.record, entries.outputs
    if record not in get_args(Record):
        raise StudyError(
            f'record = \'{shorten(record)}\' is unknown; write "yearly" (all years), "summaries" (declared numbers only) or "tables" '
            f"(all years, and every table of each run)"
        )
    if record == "summaries" and not summaries and measure is None:
        raise StudyError('record = "summaries" needs [summaries] such as NAME = { output = …, side = "id", first = 1980, last = 1989 }')
    yearly = tuple(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
    for output in outputs:
        if output not in yearly:
            raise StudyError(f"outputs: there is no yearly output '{shorten(output)}'; {near(shorten(output), yearly)}")
    if outputs and record == "summaries":
        raise StudyError('outputs goes with record = "yearly"; summaries name their outputs themselves')
    columns = {*varied, *((outputs or yearly) if record != "summaries" else ())}
    for summary in summaries:
        if summary.name in columns:
            raise StudyError(
                f"summary '{shorten(summary.name)}' has the name of another column of the collected table; call it something else"
            )


def _points(said: int | None, design: str, rows: int) -> int:
    """The number of points; StudyError where the design needs one that is not given, or has its own."""
    if said is not None and design == "list":
        raise StudyError('points does not go with design = "list", whose points are its rows; leave it out')
    if said is None and design in SAMPLED:
        raise StudyError(f'design = "{design}" needs points = N, the size of the design; for example points = 64')
    if said is None and design == "posterior":
        return rows
    points = whole("points", 1 if said is None else said, 1, 2**31 - 1)
    if design in ("sobol", "saltelli") and not power_of_two(points):
        raise StudyError(
            f"points = {points}: a Sobol sequence is balanced at powers of two only; use {power_near(points, 0)} or {power_near(points, 1)}"
        )
    if design == "saltelli" and points < 2:
        raise StudyError('points = 1: design = "saltelli" needs at least 2 base points')
    return points


def _check_arms(study: Study) -> None:
    """StudyError where a scenario or region cannot be used at some point, or two arms are the same."""
    from abm import Region

    for what, names in (("scenarios", study.scenarios), ("regions", study.regions), ("households", study.households)):
        if not names:
            raise StudyError(f"{what} is an empty list: the study would have no run; name at least one")
        if len(set(names)) < len(names):
            raise StudyError(f"{what} names the same twice; keep one of them")
    ends = {study.scenario(name).end for name in study.scenarios}
    for region in study.regions:
        Region.load(region)
    last = max(int(end[:4]) for end in ends)
    for summary in study.summaries:
        if summary.first > last:
            raise StudyError(f"summary '{summary.name}' starts in {summary.first}, but the runs end in {max(ends)}")


def _summaries(said: Mapping[str, Any]) -> tuple[Summary, ...]:
    found = []
    for name, entry in said.items():
        where = f"summary '{shorten(name)}'"
        if not isinstance(entry, Mapping):
            raise StudyError(f'{where}: write {{ output = …, side = "id", first = 1980, last = 1989 }}')
        given = checked(SummaryEntry, dict(entry), where)
        if name in RESERVED:
            raise StudyError(f"{where} has the name of another column of the collected table; call it something else")
        found.append(Summary(name, given.output, given.side, given.first, given.last, given.take))
    return tuple(found)


#: Columns of the collected table that no summary or measured number may be called.
RESERVED = ("run_id", "status", "cause", "scenario", "region", "households", "replicate", "seed", "point", "year", "side", "seconds",
            "version", "scenario_hash", "attempt")  # fmt: skip


def _scenario(name: str, folder: Path) -> str:
    """A shipped scenario's name, or a file's path written in full."""
    path = folder / name
    return str(path) if name.endswith(".toml") and is_ordinary(path) else name


def _region(name: str, folder: Path) -> str:
    path = folder / name
    return str(path) if ("/" in name or "\\" in name) and os.path.isdir(path) else name


def _sizes(value: Any) -> tuple[int, ...]:
    from abm.simulation import MOST_HOUSEHOLDS

    return tuple(whole("households", v, 60, MOST_HOUSEHOLDS) for v in (value if isinstance(value, list) else [value]))


def _seconds(seconds: float | None) -> float | None:
    if seconds is not None and seconds <= 0:
        raise StudyError(f"deadline = {seconds:g}: give the seconds a run may take, above 0")
    return seconds


def _table(key: str, value: Mapping[str, Any], widen: float) -> dict[str, float]:
    numbers = {}
    for name, number in by_full_name(value).items():
        if name.startswith(SWITCH):
            raise StudyError(f'[{key}] sets parameters; to switch a mechanism off, write without = ["{shorten(name[len(SWITCH) :])}"]')
        numbers[name] = value_of(name, number, widen)
    return numbers
