"""What must a part of a study hold? Its columns and their types, known statuses, run ids, whole runs, and values that match the plan.

An undamaged file may still not be a part that lintas wrote for this study: made by hand, by another program, or for another study.
Everything here is checked column by column, never row by row, since a study may have thousands of parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import shorten
from experiments.runs.identity import model_version
from experiments.studies.lock import StoreError
from experiments.studies.manifest import study_of
from experiments.studies.plan_files import ids_as_numbers, plan_batches, plan_schema, read_study_manifest
from experiments.studies.study import Study

if TYPE_CHECKING:
    import pyarrow as pa

STATUSES = ("ok", "failed", "killed", "timeout")
#: Columns that are needed for the status of a study.
LIGHT = ("run_id", "status", "attempt", "seconds", "version", "scenario")
#: Upper limit of attempts: a run is repeated by hand only.
MOST_ATTEMPTS = 30_000


def indicators(study: Study) -> list[str]:
    """Columns of numbers that every part has (those of the user's own function come after)."""
    own = [s.name for s in study.summaries]
    return own if study.record == "summaries" else [*study.yearly_outputs(), *own]


def part_schema(names: list[str]) -> pa.Schema:
    """Columns that each part of a study has before its numbers: those of the plan, how a run ended, year and side."""
    import pyarrow as pa

    kinds = {
        "status": pa.string(), "cause": pa.string(), "version": pa.string(), "scenario_hash": pa.string(), "attempt": pa.int16(),
        "seconds": pa.float32(), "year": pa.int32(), "side": pa.string(),
    }  # fmt: skip
    return pa.schema([*plan_schema(names), *kinds.items()])


@dataclass(frozen=True)
class RunsOfPart:
    """One part as far as it was read: for each run its id, status, attempt and seconds."""

    ids: np.ndarray
    status: np.ndarray  #: index into STATUSES
    attempt: np.ndarray
    seconds: np.ndarray
    versions: frozenset[str]


class Odd(Exception):
    """A part that does not belong to this study, with the reason."""


@dataclass(frozen=True)
class Shape:
    """Columns and values that the parts of one study have."""

    schema: pa.Schema
    numbers: tuple[str, ...]
    lines: Mapping[str, int]  #: of a run that ended well, by scenario
    regions: tuple[str, ...]
    is_yearly: bool
    may_have_more: bool  #: numbers of the study's own function
    version: str
    _seen: dict[str, pa.Schema] = field(default_factory=dict, compare=False, repr=False)  #: columns that passed the last check

    @classmethod
    def of(cls, folder: Path) -> Shape:
        """The shape that follows from a study's manifest."""
        manifest = read_study_manifest(folder)
        study = study_of(manifest["study"])
        is_yearly = study.record != "summaries"
        lines = {n: 2 * (int(s["scenario"]["end"][:4]) - 1979) if is_yearly else 1 for n, s in manifest["scenarios"].items()}
        return cls(
            part_schema(manifest["names"]), tuple(indicators(study)), lines, tuple(study.regions), is_yearly, study.measure is not None, model_version()
        )  # fmt: skip

    def check_columns(self, schema: pa.Schema) -> None:
        """Raise Odd where a column is missing, repeated or of another type."""
        if self._seen.get("columns") == schema:  # same columns as in the previous part
            return
        for column in self.schema:
            _check_type(schema, column.name, column.type)
        self._seen["columns"] = schema

    def check_numbers(self, schema: pa.Schema, versions: frozenset[str]) -> set[str]:
        """Raise Odd where a column of numbers is missing or unexpected (another version of the model may have had others).

        Returns the columns of numbers that not every part has.
        """
        import pyarrow as pa

        known = {*self.schema.names, *self.numbers}
        is_ours = versions == {self.version}
        if self._seen.get(f"numbers {is_ours}") == schema:
            return set(schema.names) - known
        for name in self.numbers:
            if is_ours or name in schema.names:
                _check_type(schema, name, pa.float64())
        for name in schema.names:
            if name not in known:
                if is_ours and not self.may_have_more:
                    raise Odd(f"it has a column '{shorten(name, 40)}', which the study does not record")
                _check_type(schema, name, pa.float64())
        self._seen[f"numbers {is_ours}"] = schema
        return set(schema.names) - known

    def read(self, table: pa.Table) -> RunsOfPart:
        """How each run of a part ended; raises Odd where its rows are not whole runs of this study.

        ``table`` has at least the columns of LIGHT; further columns are checked as well.
        """
        there = set(table.column_names)
        for name in self.schema.names:
            if name in there and name not in ("year", "side") and table.column(name).null_count:
                raise Odd(f"the column {name} has empty cells")
        try:
            ids = ids_as_numbers(table.column("run_id").combine_chunks())
        except ValueError as error:
            raise Odd(str(error)) from None
        said, at = _coded(table.column("status"))
        unknown = [s for s in said if s not in STATUSES]
        if unknown:
            raise Odd(f"the status '{shorten(unknown[0], 40)}' is not one of {', '.join(STATUSES)}")
        codes = np.array([STATUSES.index(s) for s in said], dtype=np.int8)[at]
        attempt, seconds = table.column("attempt").to_numpy(), table.column("seconds").to_numpy()
        if ((attempt < 0) | (attempt > MOST_ATTEMPTS)).any():
            raise Odd(f"the attempt {attempt[(attempt < 0) | (attempt > MOST_ATTEMPTS)][0]} is not possible")
        if not (np.isfinite(seconds) & (seconds >= 0)).all():
            raise Odd(f"{seconds[~(np.isfinite(seconds) & (seconds >= 0))][0]} is not a number of seconds")
        versions = frozenset(table.column("version").unique().to_pylist())
        unique, first, back, count = np.unique(ids, return_index=True, return_inverse=True, return_counts=True)
        if (codes != codes[first][back]).any() or (attempt != attempt[first][back]).any():
            raise Odd("a run in it ended in two ways")
        self._check_lines(table, unique, first, codes[first], count)
        if "year" in there:
            self._check_cells(table, codes == 0, back)
        return RunsOfPart(
            unique, codes[first].astype(np.int8), attempt[first].astype(np.int16), seconds[first].astype(np.float32), versions
        )

    def _check_lines(self, table: pa.Table, ids: np.ndarray, first: np.ndarray, status: np.ndarray, count: np.ndarray) -> None:
        names, at = _coded(table.column("scenario"))
        unknown = [n for n in names if n not in self.lines]
        if unknown:
            raise Odd(f"the study has no scenario '{shorten(unknown[0], 40)}'")
        wanted = np.array([self.lines[n] for n in names], dtype=int)[at[first]]
        wanted = np.where(status == 0, wanted, 1)
        if (count != wanted).any():
            k = int(np.flatnonzero(count != wanted)[0])
            raise Odd(f"the run {int(ids[k]):016x} has {count[k]} lines, not {wanted[k]}")

    def _check_cells(self, table: pa.Table, is_well: np.ndarray, run: np.ndarray) -> None:
        """Checks that need all columns: years and numbers for runs that ended well only, each year and side once.

        ``run`` gives the run of each line, ``is_well`` whether that run ended well; both have shape (lines,).
        """
        unknown = [n for n in _coded(table.column("region"))[0] if n not in self.regions]
        if unknown:
            raise Odd(f"the study has no region '{shorten(unknown[0], 40)}'")
        there = set(table.column_names)
        for name in ("year", "side", *self.numbers):
            if name in there:
                _check_filled(table, name, is_well if self.is_yearly or name not in ("year", "side") else np.zeros_like(is_well))
        if self.is_yearly and is_well.any():
            lines = table.select(["year", "side", "scenario"])
            self._check_years(*((lines, run) if is_well.all() else (lines.filter(is_well), run[is_well])))

    def _check_years(self, lines: pa.Table, run: np.ndarray) -> None:
        """Check the years and sides of runs that ended well: those of the study, each once in a run."""
        sides, side = _coded(lines.column("side"))
        if not set(sides) <= {"id", "my"}:
            raise Odd(f"the side '{shorten(next(s for s in sides if s not in ('id', 'my')), 40)}' is neither id nor my")
        years = lines.column("year").to_numpy()
        names, at = _coded(lines.column("scenario"))
        ends = np.array([1979 + self.lines[n] // 2 for n in names], dtype=int)[at]
        is_none = (years < 1980) | (years > ends)
        if is_none.any():
            raise Odd(f"the year {years[is_none][0]} is not one of the study's")
        keys = np.sort((run * 10_000 + (years - 1980)) * 2 + side)
        if (keys[1:] == keys[:-1]).any():
            raise Odd("a run in it has a year and side twice")


def _check_filled(table: pa.Table, name: str, should: np.ndarray) -> None:
    """Raise Odd where a column has no value in a line that needs one, or a value in a line that needs none."""
    column, n = table.column(name), int(should.sum())
    if column.null_count == len(should) - n and n in (0, len(should)):
        return  # (all or none, so counting is enough)
    has = column.combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    if (has != should).any():
        value, wanted = ("a value", "none") if has[has != should][0] else ("no value", "one")
        raise Odd(f"the column {name} has {value} where it should have {wanted}")


def _coded(column: Any) -> tuple[list[str], np.ndarray]:
    """The distinct texts of a column, and the position of each line's text among them."""
    coded = (column.combine_chunks() if hasattr(column, "combine_chunks") else column).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False)


def _check_type(schema: pa.Schema, name: str, kind: pa.DataType) -> None:
    at = schema.get_all_field_indices(name)
    if len(at) != 1:
        raise Odd(f"it has {'no column' if not at else 'two columns'} '{shorten(name, 40)}'")
    if schema.field(at[0]).type != kind:
        raise Odd(f"the column {shorten(name, 40)} holds {shorten(schema.field(at[0]).type, 40)}, not {kind}")


class Planned:
    """The planned values of all runs, about thirty bytes each, to check that rows match their run ids."""

    def __init__(self, folder: Path) -> None:
        columns: dict[str, list[np.ndarray]] = {n: [] for n in ("run_id", *_COMPARED)}
        self._codes: dict[str, int] = {}
        for batch in plan_batches(folder, list(columns), 65_536):
            for name, column in zip(columns, batch.columns, strict=True):
                columns[name].append(ids_as_numbers(column) if name == "run_id" else self._as_numbers(column))
        joined = {n: np.concatenate(c) if c else np.zeros(0, dtype=np.int64) for n, c in columns.items()}
        order = np.argsort(joined["run_id"], kind="stable")
        self.ids = joined["run_id"][order]
        self.columns = {n: joined[n][order] for n in _COMPARED}

    def _as_numbers(self, column: Any) -> np.ndarray:
        import pyarrow as pa

        if not pa.types.is_string(column.type):
            return column.to_numpy(zero_copy_only=False)
        texts, at = _coded(column)
        return np.array([self._codes.setdefault(t, len(self._codes)) for t in texts], dtype=np.int16)[at]

    def check(self, table: pa.Table) -> None:
        """Raise Odd where a run of the plan has another seed, scenario, size … than planned (runs outside the plan are not checked)."""
        if not len(self.ids):
            return
        ids = ids_as_numbers(table.column("run_id").combine_chunks())
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        mine = self.ids[at] == ids
        for name, planned in self.columns.items():
            there = self._as_numbers(table.column(name).combine_chunks())
            other = mine & (there != planned[at])
            if other.any():
                k = int(np.flatnonzero(other)[0])
                raise Odd(f"the run {int(ids[k]):016x} has {name} {shorten(table.column(name)[k].as_py(), 40)}, which is not the plan's")


_COMPARED = ("point", "scenario", "region", "households", "replicate", "seed")


def odd(path: Path, error: Odd) -> StoreError:
    """The error for a part that is refused."""
    return StoreError(f"'{path.name}' is not a part that lintas wrote for this study: {error}")
