"""Packages depend one way, and rules know no engine: the contracts of pyproject.toml, checked by import-linter."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_layers_hold() -> None:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert f"{len(said)} kept, 0 broken" in done.stdout, done.stdout


def test_every_room_of_experiments_is_in_the_order() -> None:
    """Which rooms there are, and in which order: a contract that left one out would say nothing of it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (rooms,) = (c for c in contracts if c.get("containers") == ["experiments"])
    named = [name for layer in rooms["layers"] for name in layer.split(" | ")]
    there = {p.stem for p in (ROOT / "experiments").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()} - {"__init__"}
    assert set(named) == there and len(named) == len(there)
    order = ["options", "files", "words", "runs", "studies", "execution", "analysis", "reports", "app", "cli"]
    assert [name for name in reversed(named) if name != "fits"] == order
