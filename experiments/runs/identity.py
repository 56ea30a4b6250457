"""Which model ran, from which sources, called how? What every manifest says of itself."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

#: Packages whose versions a manifest names.
PACKAGES = ("lintas", "mesa", "numpy", "pandas", "numba", "pyarrow", "dask", "distributed")
#: Sources that say how files are read and refused, how a run is written down, saved, followed or shown, how the model is described, and what is
#: read from its results, and how memory is given back: no number of a run comes from them.
NOT_NUMBERS = (
    "abm/errors.py", "abm/reading.py", "abm/writing.py", "abm/region/files.py", "abm/region/checks.py", "abm/manifest.py", "abm/saving.py", "abm/tracing.py",
    "abm/views.py", "abm/describe.py", "agents/core/memory.py", *(f"abm/claims/{name}.py" for name in ("__init__", "claim", "interpret", "level", "level_file", "pattern", "statistic", "years")),
)  # fmt: skip


@cache
def model_version() -> str:
    """Version of the package and a hash of the model's sources: two models that could give other numbers differ in it."""
    root, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for package in ("agents", "abm"):
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name not in NOT_NUMBERS:
                digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{metadata.version('lintas')}+{digest.hexdigest()[:12]}"


def commit() -> dict[str, Any] | None:
    """The commit of the sources and whether they were edited since; None where they are in no repository."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        ask = lambda *a: subprocess.run(["git", "-C", str(root), *a], capture_output=True, text=True, timeout=20, check=True).stdout.strip()  # noqa: E731
        return {"id": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def command_line() -> list[str]:
    """What was typed."""
    return ["lintas", *sys.argv[1:]]
