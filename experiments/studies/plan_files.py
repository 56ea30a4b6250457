"""What is in a study folder's manifest and plan? Both are checked as they are read, since they may have been changed or be incomplete."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import ManifestError, shorten
from abm.reading import is_ordinary, parse_json, read_text
from experiments.studies.study import StudyError

if TYPE_CHECKING:
    import pyarrow as pa


KIND = "lintas study"
FORMAT = 1
_DIGITS = np.full(256, 255, dtype=np.uint8)  # the value of each byte of a run id; 255: not allowed in one
_DIGITS[list(b"0123456789abcdef")] = range(16)
FIXED = ("run_id", "point", "scenario", "region", "households", "replicate", "seed")


def with_near_table(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest as it is written: the path of a table near the study folder (up to two folders above) is relative,
    so that both may be moved together; :func:`read_study_manifest` gives the whole path again."""
    study = dict(manifest["study"])
    if study.get("table"):
        table, here = Path(study["table"]).absolute(), folder.absolute()
        is_near = here.parent.parent in table.parents and len(here.parent.parent.parts) > 1
        if is_near and os.path.normpath(table) == str(table):  # a path with ".." is not changed: a study is compared with its file
            study["table"] = Path(os.path.relpath(table, here)).as_posix()
    return {**manifest, "study": study}


def with_whole_table(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the whole path of its table (older manifests already have it)."""
    table = manifest["study"].get("table")
    if not isinstance(table, str) or not table:
        return dict(manifest)
    return {**manifest, "study": {**manifest["study"], "table": os.path.normpath(folder.absolute() / table)}}


def plan_schema(names: list[str]) -> pa.Schema:
    """Columns of a plan."""
    import pyarrow as pa

    kinds = (pa.string(), pa.int32(), pa.string(), pa.string(), pa.int32(), pa.int32(), pa.int64())
    return pa.schema([*zip(FIXED, kinds, strict=True), *((n, pa.float64()) for n in names)])


def read_study_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a study folder, checked; StudyError or ManifestError where it cannot be used."""
    from experiments.studies.manifest import check_study_manifest

    file = folder / "manifest.json"
    if not os.path.isdir(folder):
        raise StudyError(f"there is no study folder '{shorten(folder)}'; make one with 'lintas plan STUDY.toml -o {shorten(folder)}'")
    if not os.path.lexists(file):
        raise StudyError(f"'{shorten(folder)}' is no study folder: it has no manifest.json; make one with 'lintas plan'")
    try:
        text = read_text(file, "the manifest", error=ManifestError)
        said = parse_json(text, f"'{shorten(file)}'", error=ManifestError)
    except ManifestError as error:
        raise ManifestError(
            f"{error}: nothing in results/ is lost; plan the same study into a new folder and move results/ there"
        ) from None
    if not isinstance(said, dict) or said.get("kind") != KIND:
        raise StudyError(f"'{shorten(folder)}' is no study folder: its manifest is not a study's; make one with 'lintas plan'")
    if said.get("format") != FORMAT:
        raise ManifestError(f"'{shorten(file)}' has format {shorten(repr(said.get('format')))}; this lintas reads format {FORMAT} only")
    return with_whole_table(folder, check_study_manifest(said, file))


def plan_files(folder: Path) -> list[Path]:
    """The plan's file, and those that extensions added, in order."""
    first = folder / "plan.parquet"
    if not is_ordinary(first):
        raise StudyError(f"'{shorten(folder)}' has no plan.parquet; plan the study again into a new folder and move results/ there")
    more = [p for p in folder.glob("plan-*.parquet") if re.fullmatch(r"plan-[1-9][0-9]{0,8}", p.stem) and is_ordinary(p)]
    return [first, *sorted(more, key=lambda p: int(p.stem[5:]))]


def plan_batches(folder: Path, columns: list[str] | None = None, size: int = 4096) -> Iterator[pa.RecordBatch]:
    """The plan, some thousands of rows at a time; StudyError where it is damaged or does not match the manifest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    manifest = read_study_manifest(folder)
    wanted = plan_schema(manifest["names"])
    for path in plan_files(folder):
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                _check_columns(path, file.schema_arrow, wanted)
                for batch in file.iter_batches(size, columns=columns):
                    _check_rows(path, batch, manifest)
                    yield batch
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, f"is damaged ({shorten(error, 60)})") from None


def _damaged(path: Path, how: str) -> StudyError:
    return StudyError(
        f"'{shorten(path)}' {how}: nothing in results/ is lost; plan the same study into a new folder and move results/ there"
    )


def _check_columns(path: Path, found: pa.Schema, wanted: pa.Schema) -> None:
    """Check that the columns of a plan are those of its manifest, of the right types."""
    if found.names != wanted.names:
        lacking, more = ([n for n in a.names if n not in b.names] for a, b in ((wanted, found), (found, wanted)))
        said = (
            f"lacks the column '{shorten(lacking[0])}'"
            if lacking
            else f"has a column '{shorten(more[0])}'"
            if more
            else "has its columns in another order"
        )
        raise _damaged(path, f"{said}, so it does not match manifest.json")
    for name in wanted.names:
        if found.field(name).type != wanted.field(name).type:
            raise _damaged(path, f"has the column '{shorten(name)}' as {found.field(name).type}, not {wanted.field(name).type}")


def _check_rows(path: Path, batch: pa.RecordBatch, manifest: Mapping[str, Any]) -> None:
    """Check that no entry is empty, ids are valid, scenarios, regions and sizes are those of the manifest, and numbers are in range."""
    from pyarrow import compute

    pc: Any = compute  # it creates its functions on import, so type checkers do not see them
    known: dict[str, Collection[Any]] = {
        "scenario": manifest["scenarios"], "region": manifest["regions"], "households": manifest["study"]["households"]
    }  # fmt: skip
    most = {"point": 2**31, "replicate": 2**31, "seed": 2**62 + 1}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count:
            raise _damaged(path, f"has an empty entry in the column '{shorten(name)}'")
        if name == "run_id":
            wrong = pc.invert(pc.match_substring_regex(column, "^[0-9a-f]{16}$"))
            if pc.any(wrong).as_py():
                raise _damaged(
                    path,
                    f"holds {_shown(column.filter(wrong)[0])} in the column 'run_id', which is not a run id (16 digits and letters from a to f)",
                )
        elif name in known:
            for entry in pc.unique(column):
                try:
                    is_known = entry.as_py() in known[name]
                except UnicodeDecodeError:
                    is_known = False
                if not is_known:
                    raise _damaged(path, f"holds {_shown(entry)} in the column '{name}', which manifest.json does not have")
        elif name in most and len(column):
            ends = pc.min_max(column)
            for end in (ends["min"].as_py(), ends["max"].as_py()):
                if not 0 <= end < most[name]:
                    raise _damaged(path, f"holds {end} in the column '{name}'; it must be 0 to {most[name] - 1}")


def _shown(entry: pa.Scalar) -> str:
    try:
        return shorten(repr(entry.as_py()))
    except UnicodeDecodeError:
        return "a text that is not UTF-8"


def plan_ids(folder: Path) -> np.ndarray:
    """The run ids of the plan, in its order, as whole numbers (uint64); StudyError for a plan that holds one twice."""
    parts = [ids_as_numbers(b.column(0)) for b in plan_batches(folder, ["run_id"], 65_536)]
    ids = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
    in_order = np.sort(ids)
    twice = np.flatnonzero(in_order[1:] == in_order[:-1])
    if len(twice):
        raise _damaged(folder / "plan.parquet", f"holds the run {int(in_order[twice[0]]):016x} twice")
    return ids


def ids_as_numbers(column: pa.Array) -> np.ndarray:
    """A column of run ids (16 digits and letters from a to f each) as whole numbers; ValueError where one is not a run id."""
    if len(column) == 0:
        return np.zeros(0, dtype=np.uint64)
    if column.null_count:
        raise ValueError("the column of run ids has empty cells")
    _, starts, text = column.buffers()
    at = np.frombuffer(starts, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    digits = _DIGITS[np.frombuffer(text, dtype=np.uint8)[at[0] : at[-1]]] if text is not None else np.zeros(0, dtype=np.uint8)
    is_id = np.diff(at) == 16
    if is_id.all():
        is_id = (digits.reshape(-1, 16) < 16).all(axis=1)
    if not is_id.all():
        raise ValueError(f"'{shorten(column[int(np.argmin(is_id))].as_py(), 40)}' is not a run id")
    pairs = digits.reshape(-1, 16)
    return (pairs[:, 0::2] << 4 | pairs[:, 1::2]).view(">u8").ravel().astype(np.uint64)
