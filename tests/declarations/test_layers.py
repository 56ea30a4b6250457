"""Packages and the rooms in them depend one way, and rules know no engine: the contracts of pyproject.toml, checked by import-linter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agents", "abm", "calibration", "experiments")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
#: Those that must be there whatever else is declared.
NEEDED = {
    "Packages depend one way",
    "The core of agents knows no agent",
    "Rules know no engine",
    "The rooms of abm depend one way",
    "A region is read file by file, then checked",
    "Places come before ways, ways before access",
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter run over the packages in a folder."""
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_layers_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [c["name"] for c in CONTRACTS]
    assert len(set(names)) == len(names) and set(names) >= NEEDED
    assert f"{len(names)} kept, 0 broken" in done.stdout, done.stdout
    assert all(f"{name} KEPT" in done.stdout for name in names)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, to be broken."""
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "data", "locales", "posteriors"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("abm/region/table.py", "import abm.parameters", "The rooms of abm depend one way"),
        ("abm/world/kinship.py", "def late():\n    import abm.model", "The rooms of abm depend one way"),
        ("abm/region/contract.py", "import abm.region.checks", "A region is read file by file, then checked"),
        ("abm/world/columns.py", "import abm.world.travel", "Places come before ways, ways before access"),
        ("abm/another.py", "x = 1", "The rooms of abm depend one way"),
    ],
)
def test_a_step_back_is_seen(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    before = path.read_text("utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        done = lint(copy)
    finally:
        path.unlink() if before is None else path.write_text(before, "utf-8")
    assert done.returncode != 0
    if before is not None:
        assert f"{contract} BROKEN" in done.stdout, done.stdout
    else:  # every room has its place in the order
        assert "another" in done.stdout + done.stderr


def test_every_room_of_experiments_is_in_the_order() -> None:
    """Which rooms there are, and in which order: a contract that left one out would say nothing of it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (rooms,) = (c for c in contracts if c.get("containers") == ["experiments"])
    named = [name for layer in rooms["layers"] for name in layer.split(" | ")]
    there = {p.stem for p in (ROOT / "experiments").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()} - {"__init__"}
    assert set(named) == there and len(named) == len(there)
    order = ["options", "files", "words", "runs", "studies", "execution", "analysis", "evidence", "reports", "app", "cli"]
    assert [name for name in reversed(named) if name not in ("fits", "own_matplotlib")] == order
