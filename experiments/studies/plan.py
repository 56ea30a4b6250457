"""Which runs does a study have? Identities and seeds, and the folder in which they are planned.

A study folder holds ``manifest.json`` (what was planned, with which versions), ``plan.parquet`` (a row for each run),
``results/`` (parts, see :mod:`experiments.studies.store`) and ``logs/``. A run's identity is a hash of everything that its
numbers depend on, so the same run has the same name in every study, and running it again can only give the same row.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from abm.errors import shorten
from abm.reading import is_ordinary
from abm.writing import whole_file
from experiments.files import whole_folder, write_json
from experiments.runs.folder import check_folder
from experiments.runs.identity import PACKAGES, commit, model_version
from experiments.runs.tables import write_table
from experiments.studies.design import blocks, n_points, names_of
from experiments.studies.drift import check_table, fitted_in, hash_of
from experiments.studies.manifest import study_of
from experiments.studies.plan_files import (
    FIXED,
    FORMAT,
    KIND,
    plan_batches,
    plan_files,
    plan_ids,
    plan_schema,
    read_study_manifest,
    with_near_table,
)
from experiments.studies.study import MOST_RUNS, SWITCH, Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario


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
        """The row, read from a plan."""
        return cls(*(said[n] for n in FIXED), values={n: v for n, v in said.items() if n not in FIXED})

    def numbers(self) -> dict[str, float]:
        """The point's values of parameters."""
        return {n: v for n, v in self.values.items() if not n.startswith(SWITCH)}

    def apply(self, scenario: Scenario, *, as_fitted: bool = False) -> Scenario:
        """The scenario of this run: its arm's, with the point's switches, and its values, unless these are used ``as_fitted`` values."""
        numbers = {} if as_fitted else self.numbers()
        switches = {n[len(SWITCH) :]: v > 0 for n, v in self.values.items() if n.startswith(SWITCH)}
        return replace(scenario, parameters={**scenario.parameters, **numbers}, switches={**scenario.switches, **switches})


def rows(study: Study, manifest: Mapping[str, Any], replicates: range | None = None) -> Iterator[Row]:
    """Every run of the study: by point, arm, then replicate (the same run may appear twice)."""
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
    if fitted:  # a region without fitted values keeps the run ids from before fitted values existed
        said = (*said, sorted(fitted.items()))
    if manifest["study"].get("as_fitted"):
        said = (*said, "as fitted")
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=16).digest()


def _region_said(name: str, with_fitted: bool) -> dict[str, Any]:
    from abm import Region
    from abm.fitted import fitted_of

    region = Region.load(name)
    fitted = fitted_of(region)
    if not (with_fitted and fitted.values):
        return {"hash": region.hash}
    return {"hash": region.hash, "fitted": dict(fitted.values), "posterior": fitted.posterior}


def n_runs(study: Study) -> int:
    """Runs before equal ones are counted once."""
    return n_points(study) * len(study.arms()) * study.replicates


def check_size(study: Study) -> None:
    """StudyError for more runs than a plan can hold."""
    if n_runs(study) > MOST_RUNS:
        raise StudyError(f"the study has {n_runs(study):,} runs; a plan holds at most {MOST_RUNS:,}: use fewer points, arms or replicates")


def make_manifest(study: Study, command_line: list[str], scenarios: Mapping[str, Scenario] | None = None) -> dict[str, Any]:
    """The manifest of a study: all that a run's numbers depend on, and how and when it was planned."""
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


def make(
    study: Study,
    folder: Path,
    command_line: list[str] | None = None,
    scenarios: Mapping[str, Scenario] | None = None,
    *,
    trust: bool = True,
    table: pd.DataFrame | None = None,
) -> int:
    """Write a complete study folder (as a draft, then renamed); returns the number of runs. StudyError for a folder that is not empty.

    ``scenarios`` gives those of the arms by name where they are not files, ``table`` the design's table where it is not a file: it is stored in
    the study folder and replaces ``study.table``. A study that Python code passes is trusted: its
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
    """The path of the design's table inside a study folder, if it is stored there."""
    return folder.absolute() / "table.parquet"


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
        columns = {n: [getattr(r, n) for r in batch] for n in FIXED} | {n: [r.values[n] for r in batch] for n in manifest["names"]}
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


def check_extension(manifest: Mapping[str, Any], replicates: int) -> Study:
    """The study with so many replicates; StudyError, before anything is written, for more runs than a plan can hold."""
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
    """Add replicates to the plan, up to so many in all; returns how many runs were added.

    The caller holds the study (:func:`experiments.studies.store.only_driver`): of two extensions at once one would be lost.
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
