"""Does a run give the numbers of its manifest again? A results folder's manifest is read, the run repeated, its tables compared."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import ManifestError, shorten
from abm.reading import parse_json, read_text
from experiments.runs.tables import TABLES, digest, first_difference, other_kind, read_table

if TYPE_CHECKING:
    from abm import Simulation
    from experiments.runs.run import Progress, RunTables


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a results folder (the folder itself may be named too)."""
    file = path / "manifest.json" if os.path.isdir(path) else path
    if not os.path.lexists(file):
        raise ManifestError(f"there is no manifest '{shorten(file)}'; name the manifest.json of a results folder")
    text = read_text(file, "the manifest", error=ManifestError)
    try:
        manifest = parse_json(text, f"the manifest '{shorten(file)}'", error=ManifestError)
    except ManifestError as error:
        raise ManifestError(f"{error}; it may be cut off, take it from the results again") from None
    if not isinstance(manifest, dict):
        raise ManifestError(f"the manifest '{shorten(file)}' holds no table of entries; name the manifest.json of a results folder")
    return manifest


@dataclass(frozen=True)
class Repeat:
    """Whether a repeated run gave the numbers of the manifest, table by table."""

    table: str
    status: str  #: "equal", "differs" or "unknown" (nothing to compare with)
    first_difference: str = ""


def rerun(manifest: Mapping[str, Any], *, progress: Progress | None = None) -> Simulation:
    """Run again what a manifest describes."""
    from abm import Simulation

    model = Simulation.from_manifest(dict(manifest))
    model.run(progress=progress)
    return model


def compare_with(manifest: Mapping[str, Any], folder: Path, results: RunTables) -> list[Repeat]:
    """Compare a repeated run with the tables beside the manifest, or with the hashes that the manifest keeps."""
    hashes = manifest.get("tables", {})
    found: list[Repeat] = []
    for name in TABLES:
        now = getattr(results, name)
        path = folder / f"{name}.parquet"
        if os.path.lexists(path):
            then = read_table(path)
            other = other_kind(then, now)
            equal = not other and digest(then) == digest(now)
            found.append(Repeat(name, "equal" if equal else "differs", "" if equal else other or first_difference(then, now)))
        elif name in hashes:
            found.append(Repeat(name, "equal" if hashes[name] == digest(now) else "differs"))
        else:
            found.append(Repeat(name, "unknown"))
    return found
