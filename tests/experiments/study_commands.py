"""A small study for tests of its commands, its copy, and the sentence of a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.declare import OUTPUTS, PARAMETERS

NAME = next(n for n, p in PARAMETERS.items() if p.low < p.high)
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
TEXT = f"""
name = "small"
design = "lhs"
points = 2
replicates = 2
scenarios = ["history", "no-puskesmas"]
households = 60
end = "1980-03"
[vary]
"{NAME}" = {{}}
[summaries]
early = {{ output = "{OUTPUT}", side = "my", first = 1980, last = 1980, take = "max" }}
"""
type Captured = pytest.CaptureFixture[str]


def copied(done: Path, place: Path) -> Path:
    import shutil

    return Path(shutil.copytree(done, place / "copy"))


def refusal(capsys: Captured) -> str:
    """The one sentence on standard error."""
    said = capsys.readouterr().err
    assert said.startswith("lintas: ") and said.count("\n") == 1 and "Traceback" not in said
    return said
