"""An edited rule is never run as it was before the edit, and nothing is compiled twice."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Runs one rule of few functions in a fresh process: the worker of the test below.
WORK = """
import json, sys, time
from pathlib import Path
import numpy as np
import agents.household.fall_ill as rule
from agents.core import compiled
warm = any(Path(compiled.COMPILED_FOLDER).rglob("*.nbc"))
n = 40
few = lambda width, value=0: np.full((n, width) if width > 1 else n, value, dtype=np.int8)
episodes, uid, place = few(4), np.arange(n), np.zeros(n, dtype=np.int64)
rest = (place, few(1, 2), few(1), few(1, 2), few(6, 30), few(8, 7), few(6), np.ones(n), few(14, -1), np.zeros(1), np.ones(1), np.zeros(1, dtype=np.int64),
        few(14), episodes)
rule.loop(0, n, 7, 0, rule.Parameters(), uid, *rest)
print(json.dumps({"file": rule.__file__, "folder": str(compiled.COMPILED_FOLDER), "warm": warm, "minor": int(episodes[:, 0].sum()),
                  "hits": sum(rule.loop.stats.cache_hits.values()), "misses": sum(rule.loop.stats.cache_misses.values())}))
"""


def start(home: Path, cache: Path, code: str = WORK) -> subprocess.Popen[str]:
    """A process that runs the rule with the packages in ``home`` and compiled code in ``cache``."""
    env = {k: v for k, v in os.environ.items() if k not in ("LINTAS_PLAIN", "NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")}
    env |= {"LINTAS_CACHE": str(cache), "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([sys.executable, "-c", code], cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(home: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    """The rule's result, once that process has ended."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    said = json.loads(out.splitlines()[-1])
    assert Path(said["file"]).is_relative_to(home)
    return said


def run(home: Path, cache: Path) -> dict[str, Any]:
    """The rule's result with the packages in ``home`` and compiled code in ``cache``."""
    return finish(home, start(home, cache))


def files(cache: Path) -> dict[str, int]:
    """Compiled files with the time each was written."""
    return {str(p.relative_to(cache)): p.stat().st_mtime_ns for p in cache.rglob("*.nb?")}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the four packages."""
    folder = tmp_path_factory.mktemp("copy")
    for package in ("agents", "abm", "calibration", "experiments"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "data", "locales"))
    return folder


def test_edits_are_seen_and_nothing_is_compiled_twice(home: Path, tmp_path: Path) -> None:
    first = run(home, tmp_path)
    assert not first["warm"] and first["misses"] == 1
    held = files(tmp_path)
    assert held and all(name.startswith("compiled/") for name in held)

    again = run(home, tmp_path)
    assert again["warm"] and again["hits"] == 1 and again["misses"] == 0
    assert {k: again[k] for k in ("folder", "minor")} == {k: first[k] for k in ("folder", "minor")}
    assert files(tmp_path) == held  # not a file more, none written anew

    # an edit of a function that the loop calls, in another file: the loop's own file stays as it was
    draws = home / "agents" / "core" / "draws.py"
    text = draws.read_text("utf-8")
    edited = text.replace("return (np.float64(h >> _S12) + 0.5) * 2.220446049250313e-16", "return (np.float64(h >> _S12) + 0.5) * 1.0e-19")
    assert edited != text
    draws.write_text(edited, "utf-8")
    try:
        changed = run(home, tmp_path)
    finally:
        draws.write_text(text, "utf-8")
    assert changed["folder"] != first["folder"] and changed["misses"] == 1
    # draws near nothing: everybody has an emergency, nobody a minor illness
    assert first["minor"] > 0 and changed["minor"] == 0

    back = run(home, tmp_path)
    assert back["folder"] == first["folder"] and back["hits"] == 1 and back["minor"] == first["minor"]


#: The same rule with another type of uid first, as a process that came to it another way would have it.
OTHER = WORK.replace(
    "rule.loop(0, n, 7, 0, rule.Parameters(), uid, *rest)",
    "rule.loop(0, n, 7, 0, rule.Parameters(), uid.astype(np.int32), *rest)\nrule.loop(0, n, 7, 0, rule.Parameters(), uid, *rest)",
)


def code_files(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.nbc"))


def is_whole(path: Path) -> bool:
    data = path.read_bytes()
    return hashlib.sha256(data[32:]).digest() == data[:32]


def test_processes_that_start_at_once_on_an_empty_cache(home: Path, tmp_path: Path) -> None:
    """All come to the same numbers, every file is whole, and none is named in the place of another's."""
    assert OTHER != WORK
    started = [start(home, tmp_path, code) for code in (WORK, OTHER, WORK, OTHER, WORK)]
    said = [finish(home, one) for one in started]
    assert len({one["minor"] for one in said}) == 1 and said[0]["minor"] > 0
    found = code_files(tmp_path)
    assert found and all(is_whole(path) for path in found)
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".nbc"], "nothing half written is left"
    held = files(tmp_path)
    for code in (WORK, OTHER):
        again = finish(home, start(home, tmp_path, code))
        assert again["misses"] == 0 and again["hits"] >= 1 and again["minor"] == said[0]["minor"]
    assert files(tmp_path) == held


@pytest.mark.parametrize("damage", ["cut off", "empty", "other bytes", "of another function"])
def test_code_that_is_not_whole_is_made_again(damage: str, home: Path, tmp_path: Path) -> None:
    first = run(home, tmp_path)
    (path,) = [p for p in code_files(tmp_path) if p.name.startswith("fall_ill.loop")]
    whole = path.read_bytes()
    other = next(p for p in code_files(tmp_path) if p != path).read_bytes()
    path.write_bytes({"cut off": whole[:-100], "empty": b"", "other bytes": whole[:-1] + b"x", "of another function": other}[damage])
    again = run(home, tmp_path)
    assert again["misses"] == 1 and again["minor"] == first["minor"]
    assert is_whole(path) and path.read_bytes() != other
    assert run(home, tmp_path)["misses"] == 0


def test_code_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path) -> None:
    from agents.core.code_cache import NOT_KEPT, CodeFiles

    (tmp_path / "file").write_text("no folder")
    files = CodeFiles(str(tmp_path / "file" / "in"), "rule-1", "stamp")
    files.save("types", "code")
    assert files.load("types") is None and isinstance(NOT_KEPT.pop(), OSError)
    files = CodeFiles(str(tmp_path / "folder"), "rule-1", "stamp")
    files.save("types", "code")
    files.save("other types", "other code")
    assert files.load("types") == "code" and files.load("other types") == "other code" and not NOT_KEPT
    assert CodeFiles(str(tmp_path / "folder"), "rule-1", "another stamp").load("types") is None
    files.flush()
    assert files.load("types") is None


def test_every_source_counts(home: Path) -> None:
    code = "from agents.core.compiled import source_key; print(source_key())"

    def key() -> str:
        env = {**os.environ, "PYTHONPATH": str(home), "LINTAS_PLAIN": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, "-c", code], cwd=home, env=env, capture_output=True, text=True, check=True).stdout.strip()

    first = key()
    assert len(first) == 16 and key() == first
    for name in ("agents/household/seek_care.py", "abm/market.py"):
        path = home / name
        text = path.read_text("utf-8")
        path.write_text(text + "# a word more\n", "utf-8")
        assert key() != first, name
        path.write_text(text, "utf-8")
    # what holds no compiled code does not make anything be compiled again
    (home / "experiments" / "new.py").write_text("x = 1\n", "utf-8")
    assert key() == first


def test_a_folder_that_cannot_be_written_is_no_hindrance(home: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", "utf-8")
    said = run(home, blocked)
    assert said["minor"] > 0 and "lintas-compiled-" in said["folder"]
    shutil.rmtree(said["folder"], ignore_errors=True)
