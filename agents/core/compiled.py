"""Compile the rules, and compile them again after any edit of a rule.

numba stores compiled code by the file that defines a function, and does not notice a change of a function that it *calls* in another
file. So the cache folder is named after the content of every source file of the packages that hold
compiled code, plus the versions on which machine code depends: any edit of any rule gives a new folder.

Set ``LINTAS_PLAIN=1`` to run every rule as plain Python (slow; for tests, debugging, teaching). numba's own ``NUMBA_DISABLE_JIT=1`` means the
same: without it rules would run as Python on numpy's numbers, which overflow where plain ones do not.
Set ``LINTAS_CACHE`` to put the folder elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import platformdirs

#: True when rules run as plain Python.
PLAIN: bool = any(os.environ.get(name, "") not in ("", "0") for name in ("LINTAS_PLAIN", "NUMBA_DISABLE_JIT"))

_PACKAGES = Path(__file__).resolve().parents[2]
_KEEP_DAYS = 30


def source_key() -> str:
    """Hash of all sources that hold compiled code, and of the versions on which machine code depends (16 hex digits)."""
    digest = hashlib.sha256()
    for package in ("agents", "abm"):
        for path in sorted((_PACKAGES / package).rglob("*.py")):
            digest.update(path.relative_to(_PACKAGES).as_posix().encode())
            digest.update(path.read_bytes())
    versions = (sys.version, platform.machine(), *(metadata.version(p) for p in ("numba", "llvmlite", "numpy")))
    digest.update("|".join(versions).encode())
    return digest.hexdigest()[:16]


def code_root() -> Path:
    """Folder in which the compiled code of each version of the sources has one of its own."""
    return Path(os.environ.get("LINTAS_CACHE") or platformdirs.user_cache_dir("lintas")) / "compiled"


def cache_folder() -> Path:
    """Folder of compiled code for the sources as they are now.

    Where it cannot be written it is used as it is if it holds code (that of an image, or of whoever looks after a cluster), otherwise a private
    temporary one is made.
    """
    root = code_root()
    folder = root / source_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        os.utime(folder)
    except OSError:
        if any(folder.glob("*/*.nbc")):
            return folder
        return Path(tempfile.mkdtemp(prefix="lintas-compiled-"))
    stale = time.time() - _KEEP_DAYS * 86400
    for other in root.iterdir():
        if other != folder and other.is_dir() and other.stat().st_mtime < stale:
            shutil.rmtree(other, ignore_errors=True)
    return folder


#: Folder of compiled code; None when rules run as plain Python.
COMPILED_FOLDER: Path | None = None if PLAIN else cache_folder()
_numba: Any = None
_CodeCache: Any = None
if not PLAIN:
    import numba as _numba
    from numba.core import config

    config.CACHE_DIR = str(COMPILED_FOLDER)  # pyright: ignore[reportAttributeAccessIssue]
    from agents.core.code_cache import CodeCache as _CodeCache

#: Every compiled function, by ``module.name``: for warnings about first use and for the tests.
COMPILED: dict[str, Any] = {}


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile ``function`` on first use (numba, releasing the GIL), keeping Python's order of floating-point sums."""
    return _compiled(function, False)


def inlined[F: Callable[..., Any]](function: F) -> F:
    """:func:`compiled`, and a copy in each compiled loop that calls it, so that the loop can take several agents at a time: for short functions."""
    return _compiled(function, True)


def _compiled(function: Any, in_callers: bool) -> Any:
    if PLAIN:
        return function
    done = _numba.njit(nogil=True, error_model="numpy", fastmath=False, forceinline=in_callers, no_cfunc_wrapper=True)(function)
    done._cache = _CodeCache(function)
    COMPILED[f"{function.__module__}.{function.__name__}"] = done
    return done


def folder_of_code() -> Path | None:
    """Where this process keeps compiled code and looks for it; None where rules run as plain Python."""
    return COMPILED_FOLDER


def compiled_once[F: Callable[..., Any]](function: F) -> F:
    """Compile without keeping the result on disk: for a rule handed in by a user at run time."""
    if PLAIN:
        return function
    return _numba.njit(nogil=True, error_model="numpy", fastmath=False)(function)  # type: ignore[return-value]


def entry(function: Callable[..., Any], arguments: Iterable[Any]) -> Callable[..., Any]:
    """The machine code of a compiled function for arguments of these types; of any other callable, the callable itself.

    numba looks at the type of every argument at every call, which takes longer than many rules themselves. A caller whose
    argument types stay the same asks once, here. The types are not checked afterwards: ask again when the arguments change.
    Arrays are taken as ones that may be written, whether they may or not, so that a loop is compiled once; they must be
    contiguous in C's order (ValueError).
    """
    if not hasattr(function, "typeof_pyval"):
        return function
    return function.compile(types_of(function, arguments))  # type: ignore[attr-defined]


def types_of(function: Callable[..., Any], arguments: Iterable[Any]) -> tuple[Any, ...]:
    """The types for which :func:`entry` compiles ``function``."""
    return tuple(_type_of(function, a) for a in arguments)


def _type_of(function: Any, argument: Any) -> Any:
    found = function.typeof_pyval(argument)
    if not isinstance(found, _numba.types.Array):
        return found
    if found.layout != "C":
        raise ValueError(f"an array of {plain(function).__name__} is not contiguous in C's order")
    return found.copy(readonly=False)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The Python function behind a compiled one."""
    return getattr(function, "py_func", function)
