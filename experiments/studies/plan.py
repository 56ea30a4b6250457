"""Which runs does a study have, and in which folder do they lie? Identities, seeds, the plan's file, the manifest, drift.

A study folder holds ``manifest.json`` (what was planned, with which versions), ``plan.parquet`` (a row for each run),
``results/`` (parts, see :mod:`experiments.studies.store`) and ``logs/``. A run's identity is a hash of everything that its
numbers depend on, so the same run has the same name in every study, and running it again can only give the same row.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from abm.errors import ManifestError, UserError, shorten
from abm.reading import is_ordinary, parse_json, read_bytes, read_text
from experiments.files import whole_file, whole_folder, write_json
from experiments.runs.folder import check_folder
from experiments.runs.identity import PACKAGES, commit, model_version
from experiments.runs.tables import write_table
from experiments.studies.design import blocks, n_points, names_of
from experiments.studies.design_table import MOST_TABLE_BYTES
from experiments.studies.manifest import study_of
from experiments.studies.study import MOST_RUNS, SWITCH, Study, StudyError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from abm import Scenario

KIND = "lintas study"
FORMAT = 1
_DIGITS = np.full(256, 255, dtype=np.uint8)  # what each byte of a run id stands for; 255: it is none of it
_DIGITS[list(b"0123456789abcdef")] = range(16)
_FIXED = ("run_id", "point", "scenario", "region", "households", "replicate", "seed")


def seed_of(seed: int, replicate: int, point: int | None = None) -> int:
    """Seed of a replicate: the same in every arm, so that arms differ only by what they change, and at every point unless one is given."""
    said = f"replicate {seed} {replicate}" if point is None else f"replicate {seed} {replicate} point {point}"
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest(), "little") >> 2


@dataclass(frozen=True)
class Row:
    """One planned run."""

    run_id: str
    point: int
    scenario: str
    region: str
    households: int
    replicate: int
    seed: int
    values: Mapping[str, float]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Row:
        """The row that stands in a plan."""
        return cls(*(said[n] for n in _FIXED), values={n: v for n, v in said.items() if n not in _FIXED})

    def numbers(self) -> dict[str, float]:
        """The point's values of parameters."""
        return {n: v for n, v in self.values.items() if not n.startswith(SWITCH)}

    def apply(self, scenario: Scenario, *, as_fitted: bool = False) -> Scenario:
        """The scenario of this run: its arm's, with the point's switches, and its values unless they stand ``as_fitted`` values do."""
        numbers = {} if as_fitted else self.numbers()
        switches = {n[len(SWITCH) :]: v > 0 for n, v in self.values.items() if n.startswith(SWITCH)}
        return replace(scenario, parameters={**scenario.parameters, **numbers}, switches={**scenario.switches, **switches})


def rows(study: Study, manifest: Mapping[str, Any], replicates: range | None = None) -> Iterator[Row]:
    """Every run of the study: point by point, arms, then replicates (the same one may come twice)."""
    names = names_of(study)
    arms = [(s, r, h, _arm_key(manifest, s, r, h)) for s, r, h in study.arms()]
    seeds = [(k, seed_of(study.seed, k)) for k in (replicates or range(study.replicates))]
    point = 0
    for block in blocks(study):
        for values in block.tolist():
            if study.seeds_in_order:
                seeds = [(k, seed_of(study.seed, point * study.replicates + k)) for k, _ in seeds]
            elif not study.common_draws:
                seeds = [(k, seed_of(study.seed, k, point)) for k, _ in seeds]
            text = json.dumps(values).encode()
            said = dict(zip(names, values, strict=True))
            for scenario, region, households, key in arms:
                for replicate, seed in seeds:
                    digest = hashlib.blake2b(key + text + seed.to_bytes(8, "little"), digest_size=8)
                    yield Row(digest.hexdigest(), point, scenario, region, households, replicate, seed, said)
            point += 1


def _arm_key(manifest: Mapping[str, Any], scenario: str, region: str, households: int) -> bytes:
    """What all runs of an arm have in common, hashed: model, data, fitted values, scenario, size, names of what varies, what is measured."""
    said: tuple[Any, ...] = (
        manifest["model_version"], manifest["scenarios"][scenario]["hash"], manifest["regions"][region]["hash"], households, manifest["names"],
        manifest.get("measure_hash"),
    )  # fmt: skip
    fitted = fitted_in(manifest, region)
    if fitted:  # a region without any has the runs that it had before there were any
        said = (*said, sorted(fitted.items()))
    if manifest["study"].get("as_fitted"):
        said = (*said, "as fitted")
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).digest()


def fitted_in(manifest: Mapping[str, Any], region: str) -> dict[str, float]:
    """The fitted values that the runs of a study have in a region, by parameter; none in a study with ``fitted = false``."""
    return dict(manifest["regions"][region].get("fitted", {}))


def _region_said(name: str, with_fitted: bool) -> dict[str, Any]:
    from abm import Region
    from abm.fitted import fitted_of

    region = Region.load(name)
    fitted = fitted_of(region)
    if not (with_fitted and fitted.values):
        return {"hash": region.hash}
    return {"hash": region.hash, "fitted": dict(fitted.values), "posterior": fitted.posterior}


# --- making a study folder -------------------------------------------------------------------------------------------


def n_runs(study: Study) -> int:
    """Runs before equal ones are counted once."""
    return n_points(study) * len(study.arms()) * study.replicates


def check_size(study: Study) -> None:
    """Refuse what no plan can hold."""
    if n_runs(study) > MOST_RUNS:
        raise StudyError(f"the study has {n_runs(study):,} runs; a plan holds at most {MOST_RUNS:,}: use fewer points, arms or replicates")


def make_manifest(study: Study, command_line: list[str], scenarios: Mapping[str, Scenario] | None = None) -> dict[str, Any]:
    """What is planned and with what: all that a run's numbers depend on, and who planned it when."""
    if scenarios is None:
        scenarios = {name: study.scenario(name) for name in study.scenarios}
    manifest: dict[str, Any] = {
        "kind": KIND, "format": FORMAT, "name": study.name, "model_version": model_version(), "study": study.to_dict(), "names": names_of(study),
        "scenarios": {n: {"hash": s.hash, "scenario": s.to_dict()} for n, s in scenarios.items()},
        "regions": {n: _region_said(n, study.fitted) for n in study.regions},
        "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
        "commit": commit(), "platform": platform.platform(), "command_line": command_line,
        "created": datetime.now(UTC).isoformat(timespec="seconds"), "drift": [],
    }  # fmt: skip
    if study.measure:
        manifest["measure_hash"] = hash_of(study.measure.rpartition(":")[0])
    if study.table:
        manifest["table_hash"] = hash_of(study.table)
    return manifest


def hash_of_bytes(content: bytes) -> str:
    """Short hash of bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def hash_of(file: str | Path) -> str | None:
    """Short hash of a file's bytes, None where it cannot be read."""
    try:
        return hash_of_bytes(read_bytes(file, "the file", most=MOST_TABLE_BYTES))
    except UserError:
        return None


def check_table(manifest: Mapping[str, Any]) -> None:
    """Refuse to make the points of a table again that is not the one they were planned from."""
    table = manifest["study"].get("table")
    if table and manifest.get("table_hash", hash_of(table)) != hash_of(table):
        raise StudyError(
            f"the table '{shorten(table)}' has changed or gone since the study was planned: put it back as it was, or plan a new study"
        )


def make(
    study: Study,
    folder: Path,
    command_line: list[str] | None = None,
    scenarios: Mapping[str, Scenario] | None = None,
    *,
    trust: bool = True,
    table: pd.DataFrame | None = None,
) -> int:
    """Write a study folder whole (a draft first, renamed); returns the number of runs. Refuses a folder that holds anything.

    ``scenarios`` gives those of the arms by name where they are no files, ``table`` the design's table where it is no file: it is kept in the
    study folder, and whatever ``study.table`` says, that is what the study has then. A study that Python code hands over is trusted: its
    measure may be run in this process without a question, unless ``trust`` is false.
    """
    from experiments.studies import trust as trusts

    check_size(study)
    if os.path.exists(folder / "manifest.json") or os.path.exists(folder / "plan.parquet"):
        raise StudyError(
            f"'{shorten(folder)}' is a study already; continue it with 'lintas batch {shorten(folder)}', or name a new folder with -o"
        )
    own_table = table_in(folder)
    if table is not None:
        study = replace(study, table=str(own_table))
    study_of(study.to_dict())  # one made in Python may hold anything
    check_folder(folder)
    if trust and study.measure is not None and is_ordinary(study.measure.rpartition(":")[0]):
        trusts.remember(study.measure, for_good=False)
    with whole_folder(folder) as draft:
        (draft / "results").mkdir()
        (draft / "logs").mkdir()
        if table is not None:
            write_table(table, draft / own_table.name)
            study = replace(study, table=str(draft / own_table.name))
        manifest = make_manifest(study, command_line or [], scenarios)
        if table is not None:
            manifest["study"]["table"] = str(own_table)
        with whole_file(draft / "plan.parquet") as out:
            count = write_plan(study, manifest, out)
        manifest["runs"] = count
        write_json(draft / "manifest.json", with_near_table(folder, manifest))
    return count


def table_in(folder: Path) -> Path:
    """Where a study folder keeps the table of its design, if it keeps it itself."""
    return folder.absolute() / "table.parquet"


def with_near_table(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest as it is written: a table that lies with the study folder (in the folder around it, or the one around that) is named from
    there, so that both may be moved together; :func:`read_study_manifest` gives the whole path again."""
    study = dict(manifest["study"])
    if study.get("table"):
        table, here = Path(study["table"]).absolute(), folder.absolute()
        is_near = here.parent.parent in table.parents and len(here.parent.parent.parts) > 1
        if is_near and os.path.normpath(table) == str(table):  # a path with ".." stays as it was said: a study is compared with its file
            study["table"] = Path(os.path.relpath(table, here)).as_posix()
    return {**manifest, "study": study}


def with_whole_table(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the whole path of its table (older ones hold it so)."""
    table = manifest["study"].get("table")
    if not isinstance(table, str) or not table:
        return dict(manifest)
    return {**manifest, "study": {**manifest["study"], "table": os.path.normpath(folder.absolute() / table)}}


def write_plan(
    study: Study, manifest: Mapping[str, Any], out: BinaryIO, replicates: range | None = None, known: np.ndarray | None = None
) -> int:
    """Write the rows, equal runs once, row group by row group; returns how many there are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = plan_schema(manifest["names"])
    seen: set[int] = set() if known is None else set(known.tolist())
    count, batch = 0, []

    def flush(writer: Any) -> None:
        columns = {n: [getattr(r, n) for r in batch] for n in _FIXED} | {n: [r.values[n] for r in batch] for n in manifest["names"]}
        writer.write_table(pa.table(columns, schema=schema))
        batch.clear()

    with pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True) as writer:
        for row in rows(study, manifest, replicates):
            number = int(row.run_id, 16)
            if number in seen:
                continue
            seen.add(number)
            batch.append(row)
            count += 1
            if len(batch) == 20_000:
                flush(writer)
        if batch:
            flush(writer)
    return count


def plan_schema(names: list[str]) -> pa.Schema:
    """Columns of a plan."""
    import pyarrow as pa

    kinds = (pa.string(), pa.int32(), pa.string(), pa.string(), pa.int32(), pa.int32(), pa.int64())
    return pa.schema([*zip(_FIXED, kinds, strict=True), *((n, pa.float64()) for n in names)])


def check_extension(manifest: Mapping[str, Any], replicates: int) -> Study:
    """The study with so many replicates; refuses, before anything is written, what no plan can hold."""
    study = study_of(manifest["study"])
    if replicates > study.replicates:
        if study.seeds_in_order:
            raise StudyError(
                "the study has seeds_in_order, which number its runs through all points: more replicates would take the seeds of other points; "
                "plan a new study"
            )
        check_table(manifest)
        check_size(replace(study, replicates=replicates))
    return study


def extend(folder: Path, replicates: int) -> int:
    """Add replicates to the plan, up to so many in all; returns how many runs came to it.

    Whoever calls it holds the study (:func:`experiments.studies.store.only_driver`): of two that extend at once one would lose.
    """
    manifest = read_study_manifest(folder)
    study = check_extension(manifest, replicates)
    if replicates <= study.replicates:
        return 0
    files = plan_files(folder)
    number = 1 + max([1, *(int(p.stem[5:]) for p in files[1:])])
    path, known = folder / f"plan-{number}.parquet", plan_ids(folder)
    try:
        with whole_file(path) as out:
            count = write_plan(study, manifest, out, range(study.replicates, replicates), known)
    except OSError as error:
        raise StudyError(f"cannot extend the plan in '{shorten(folder)}': {error.strerror or error}") from None
    manifest["study"] = replace(study, replicates=replicates).to_dict()
    manifest["runs"] = len(known) + count
    write_json(folder / "manifest.json", with_near_table(folder, manifest))
    return count


def settle(folder: Path) -> None:
    """Write into the manifest the replicates of an extension whose process died after it wrote the plan, before it wrote the manifest."""
    files = plan_files(folder)
    if len(files) == 1:
        return
    manifest = read_study_manifest(folder)
    study = study_of(manifest["study"])
    most, runs = -1, 0
    for batch in plan_batches(folder, ["replicate"], 65_536):
        runs += batch.num_rows
        most = max([most, *batch.column(0).unique().to_pylist()])
    if most >= study.replicates:
        manifest["study"] = replace(study, replicates=most + 1).to_dict()
        manifest["runs"] = runs
        write_json(folder / "manifest.json", manifest)


# --- reading a study folder ------------------------------------------------------------------------------------------


def read_study_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a study folder."""
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
    """The plan, some thousands of rows at a time; refuses one that is damaged or does not go with the manifest."""
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
    """The columns of a plan are those of its manifest, of the kinds that a plan has."""
    if found.names != wanted.names:
        lacking, more = ([n for n in a.names if n not in b.names] for a, b in ((wanted, found), (found, wanted)))
        said = (
            f"lacks the column '{shorten(lacking[0])}'"
            if lacking
            else f"has a column '{shorten(more[0])}'"
            if more
            else "has its columns in another order"
        )
        raise _damaged(path, f"{said}, so it does not go with manifest.json")
    for name in wanted.names:
        if found.field(name).type != wanted.field(name).type:
            raise _damaged(path, f"has the column '{shorten(name)}' as {found.field(name).type}, not {wanted.field(name).type}")


def _check_rows(path: Path, batch: pa.RecordBatch, manifest: Mapping[str, Any]) -> None:
    """No entry is empty; ids are ids; scenarios, regions and sizes are those of the manifest; numbers lie where they can."""
    from pyarrow import compute

    pc: Any = compute  # it makes its functions when it is imported, so they are declared nowhere
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
                    f"holds {_shown(column.filter(wrong)[0])} in the column 'run_id', which is no run id (16 digits and letters from a to f)",
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
        return "a text that is no UTF-8"


def plan_ids(folder: Path) -> np.ndarray:
    """The run ids of the plan, in its order, as whole numbers (uint64); refuses a plan that holds one twice."""
    parts = [ids_as_numbers(b.column(0)) for b in plan_batches(folder, ["run_id"], 65_536)]
    ids = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
    in_order = np.sort(ids)
    twice = np.flatnonzero(in_order[1:] == in_order[:-1])
    if len(twice):
        raise _damaged(folder / "plan.parquet", f"holds the run {int(in_order[twice[0]]):016x} twice")
    return ids


def ids_as_numbers(column: pa.Array) -> np.ndarray:
    """A column of run ids (16 digits and letters from a to f each) as whole numbers; raises ValueError where one is none."""
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
        raise ValueError(f"'{shorten(column[int(np.argmin(is_id))].as_py(), 40)}' is no run id")
    pairs = digits.reshape(-1, 16)
    return (pairs[:, 0::2] << 4 | pairs[:, 1::2]).view(">u8").ravel().astype(np.uint64)


def check_drift(folder: Path, manifest: dict[str, Any], allowed: bool) -> dict[str, Any]:
    """Refuse to go on with another model or other data than planned; where that is allowed, write it into the manifest."""
    drift = list(drift_of(manifest))
    if not drift:
        return manifest
    if not allowed:
        raise StudyError(
            f"{'; '.join(drift)}: rows made now would not belong to the rows there are; plan a new study, or allow it with --allow-drift "
            f"(it is recorded)"
        )
    now = {"model_version": model_version(), "what": drift, "regions": _regions_now(manifest)}
    if manifest["study"].get("measure"):
        now["measure_hash"] = hash_of(manifest["study"]["measure"].rpartition(":")[0])
    last = manifest["drift"][-1] if manifest["drift"] else {}
    if any(last.get(key) != value for key, value in now.items()):
        entry = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **now}
        manifest = manifest | {"drift": [*manifest["drift"], entry]}
        write_json(folder / "manifest.json", with_near_table(folder, manifest))
    return manifest


def _regions_now(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each region's data as they are now, of those that can be read."""
    from abm import Region

    found = {}
    for name in manifest["regions"]:
        with contextlib.suppress(UserError):
            found[name] = Region.load(name).hash
    return found


def allowed_region(manifest: Mapping[str, Any], name: str) -> set[str]:
    """Hashes of the data of a region that runs of a study may use: those of the plan, and those that somebody allowed since."""
    return {manifest["regions"][name]["hash"], *(d["regions"][name] for d in manifest["drift"] if name in d.get("regions", {}))}


def allowed_measure(manifest: Mapping[str, Any]) -> set[str | None]:
    """Hashes of the measure's file (:func:`hash_of`) that runs of a study may use."""
    return {manifest.get("measure_hash"), *(d["measure_hash"] for d in manifest["drift"] if d.get("measure_hash"))}


def drift_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What has changed since the study was planned, a sentence for each."""
    from abm import Region
    from abm.fitted import fitted_of

    if manifest["model_version"] != model_version():
        yield f"the study was planned with model {shorten(manifest['model_version'])}, this is {model_version()}"
    for name, said in manifest["regions"].items():
        try:
            region = Region.load(name)
            if region.hash != said["hash"]:
                yield f"the data of region '{shorten(name)}' have changed since the study was planned"
            if manifest["study"].get("fitted", True) and dict(fitted_of(region).values) != fitted_in(manifest, name):
                yield f"the values fitted to region '{shorten(name)}' have changed since the study was planned (runs keep those of the plan)"
        except UserError as error:
            yield f"the region '{shorten(name)}' cannot be read any more ({error})"
    measure, said = manifest["study"].get("measure"), manifest.get("measure_hash")
    if measure and hash_of(measure.rpartition(":")[0]) != said:
        yield f"the file of measure '{shorten(measure)}' has changed or gone since the study was planned"
