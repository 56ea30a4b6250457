"""Where compiled code is kept, and when a rule stays plain Python. That an edited rule is never run from a stale cache, test_cache.py shows in whole processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents.core import compiled as module
from agents.core.addresses import _call_plain
from agents.core.compiled import cache_folder, entry, plain, source_key

PACKAGES = module._PACKAGES


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small packages in place of ours, and a cache of their own."""
    for package in ("agents", "abm", "experiments"):
        (tmp_path / "code" / package / "deep").mkdir(parents=True)
        (tmp_path / "code" / package / "deep" / "rule.py").write_text("x = 1\n")
    monkeypatch.setattr(module, "_PACKAGES", tmp_path / "code")
    monkeypatch.setenv("LINTAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "code"


def test_the_key_is_of_names_texts_and_versions(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [source_key()]
    assert re.fullmatch("[0-9a-f]{16}", keys[0]) and source_key() == keys[0]
    (packages / "experiments" / "deep" / "rule.py").write_text("x = 2\n")
    assert source_key() == keys[0]  # holds no compiled code
    (packages / "agents" / "deep" / "rule.py").write_text("x = 2\n")
    keys.append(source_key())
    (packages / "abm" / "deep" / "rule.py").write_text("x = 2\n")
    keys.append(source_key())
    (packages / "abm" / "deep" / "rule.py").rename(packages / "abm" / "deep" / "other.py")
    keys.append(source_key())
    monkeypatch.setattr(module.platform, "machine", lambda: "another")
    keys.append(source_key())
    for package in ("numba", "llvmlite", "numpy"):
        usual = module.metadata.version
        monkeypatch.setattr(module.metadata, "version", lambda p, package=package, usual=usual: "0.0.1" if p == package else usual(p))
        keys.append(source_key())
    assert len(set(keys)) == len(keys) == 8


def test_a_folder_of_its_own_and_old_ones_go(packages: Path, tmp_path: Path) -> None:
    root = tmp_path / "cache" / "compiled"
    old, young = root / "old", root / "young"
    for folder, seconds in ((old, 20), (young, -20)):  # thirty days old, a little more or less
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - 30 * 86400 - seconds,) * 2)
    (root / "file").write_text("no folder")
    os.utime(root / "file", (0, 0))
    made = cache_folder()
    assert made == root / source_key() and made.is_dir() and not list(made.iterdir())  # nothing is left of the probe
    assert not old.exists() and young.exists() and (root / "file").exists()
    # one in use is as young as its last use
    os.utime(made, (0, 0))
    assert cache_folder() == made and made.exists() and time.time() - made.stat().st_mtime < 60


def test_without_a_folder_that_can_be_written_a_private_one(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    made = cache_folder()
    assert made.is_dir() and made.name.startswith("lintas-compiled-") and cache_folder() != made
    for folder in made.parent.glob("lintas-compiled-*"):
        if not list(folder.iterdir()) and time.time() - folder.stat().st_mtime < 60:
            folder.rmdir()


def test_a_folder_that_can_only_be_read_is_used_where_it_holds_code(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an image of a container, or on a disk that somebody else looks after."""
    made = cache_folder()

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.Path, "touch", refuse)
    empty = cache_folder()
    assert empty != made and empty.name.startswith("lintas-compiled-")
    empty.rmdir()
    (made / "core_1").mkdir()
    (made / "core_1" / "draws.uniform-1.py313.abc.nbc").write_bytes(b"")
    assert cache_folder() == made


def test_where_nothing_is_said_the_folder_is_the_users(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LINTAS_CACHE")
    monkeypatch.setattr(module.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    assert cache_folder() == tmp_path / "lintas" / "compiled" / source_key()


@pytest.mark.parametrize(("said", "expected"), [
    ({}, False), ({"LINTAS_PLAIN": "0"}, False), ({"LINTAS_PLAIN": ""}, False), ({"LINTAS_PLAIN": "1"}, True), ({"NUMBA_DISABLE_JIT": "1"}, True),
])  # fmt: skip
def test_rules_are_plain_where_either_switch_is_set(said: dict[str, str], expected: bool, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("LINTAS_PLAIN", "NUMBA_DISABLE_JIT")} | {"LINTAS_CACHE": str(tmp_path)}
    code = "from agents.core.compiled import PLAIN; print(PLAIN)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGES, env=environment | said, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(expected)


def test_the_packages_are_those_of_this_file() -> None:
    assert Path(module.__file__) == PACKAGES / "agents" / "core" / "compiled.py"


def a_rule(x: float) -> float:
    """A function of one agent."""
    return 2.0 * x


@pytest.mark.parametrize("how", ["compiled", "inlined", "compiled_once"])
def test_how_a_rule_is_compiled(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def njit(**options: Any) -> Any:
        asked.append(options)
        return lambda function: SimpleNamespace(py_func=function)

    monkeypatch.setattr(module, "_numba", SimpleNamespace(njit=njit))
    monkeypatch.setattr(module, "_CodeCache", lambda function: ("cache of", function))
    monkeypatch.setattr(module, "COMPILED", {})
    monkeypatch.setattr(module, "PLAIN", True)
    assert getattr(module, how)(a_rule) is a_rule and not asked
    monkeypatch.setattr(module, "PLAIN", False)
    made = getattr(module, how)(a_rule)
    # Python's own order of sums, no lock held, and on disk where the function is ours
    options = {"nogil": True, "error_model": "numpy", "fastmath": False}
    assert asked == [options if how == "compiled_once" else options | {"forceinline": how == "inlined", "no_cfunc_wrapper": True}]
    assert getattr(made, "_cache", None) == (("cache of", a_rule) if how != "compiled_once" else None)
    assert made.py_func is a_rule and plain(made) is a_rule and plain(a_rule) is a_rule
    assert {f"{__name__}.a_rule": made} == module.COMPILED if how != "compiled_once" else not module.COMPILED


def test_the_entry_of_a_compiled_function_is_its_code_for_these_types() -> None:
    seen = []
    made = SimpleNamespace(typeof_pyval=lambda value: type(value).__name__, compile=lambda types: seen.append(types) or "machine code")
    assert entry(made, [1, 2.0, np.ones(1)]) == "machine code" and seen == [("int", "float", "ndarray")]  # type: ignore[arg-type]
    assert entry(a_rule, [1.0]) is a_rule


def test_code_is_called_at_its_address_for_the_types_for_which_it_was_compiled() -> None:
    code = """
import numpy as np
from numba.core.errors import TypingError
from agents.core.addresses import address_of, call_at
from agents.core.compiled import compiled_once

@compiled_once
def doubled(n, values):
    for k in range(n):
        values[k] *= 2.0

@compiled_once
def caller(at, values):
    call_at(at, doubled, 2, values)

values, one, two = np.ones(3), 1, 2
place = address_of(doubled, (two, values))
try:
    caller(place, np.ones(3, dtype=np.float32))
except TypingError as error:
    assert "doubled is not compiled for" in str(error)
else:
    raise AssertionError

@compiled_once
def of_numbers(at, n, values):
    call_at(at, doubled, n, values)

of_numbers(place, two, values)
assert values.tolist() == [2.0, 2.0, 1.0], values
print("done")
"""
    environment = {k: v for k, v in os.environ.items() if k != "LINTAS_PLAIN"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], env=environment, capture_output=True, text=True
    )
    assert done.stdout == "done\n", done.stderr


def test_in_plain_python_a_function_is_called_itself() -> None:
    seen: list[int] = []
    _call_plain(0, lambda a, b: seen.extend((a, b)), 3, 4)
    assert seen == [3, 4]
