"""Are model, data and files still those that a study was planned with? What has changed, and which changes were allowed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from abm.reading import read_bytes
from experiments.files import write_json
from experiments.runs.identity import model_version
from experiments.studies.design_table import MOST_TABLE_BYTES
from experiments.studies.plan_files import with_near_table
from experiments.studies.study import StudyError


def fitted_in(manifest: Mapping[str, Any], region: str) -> dict[str, float]:
    """The fitted values that the runs of a study have in a region, by parameter; none in a study with ``fitted = false``."""
    return dict(manifest["regions"][region].get("fitted", {}))


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
    """StudyError where the table of a design is not the one that the points were planned from."""
    table = manifest["study"].get("table")
    if table and manifest.get("table_hash", hash_of(table)) != hash_of(table):
        raise StudyError(
            f"the table '{shorten(table)}' has changed or was removed since the study was planned: restore it, or plan a new study"
        )


def check_drift(folder: Path, manifest: dict[str, Any], allowed: bool) -> dict[str, Any]:
    """The manifest; refuses to go on with another model or other data than planned, or, where ``allowed``, records the change in it."""
    drift = list(drift_of(manifest))
    if not drift:
        return manifest
    if not allowed:
        raise StudyError(
            f"{'; '.join(drift)}: new rows would not belong to the existing rows; plan a new study, or allow it with --allow-drift "
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
    """Hashes of the data of a region that runs of a study may use: those of the plan, and those allowed since."""
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
        yield f"the file of measure '{shorten(measure)}' has changed or was removed since the study was planned"
