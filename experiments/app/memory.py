"""How does the server give memory back after a run or a closed page?

A closed page is a heap of objects that refer to each other in cycles; Python frees such a heap only when its collector runs. What
Python frees stays with the process until the C library is asked to hand it back to the system. Both are done here, once for all that
ends within a second.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from typing import Any

#: Seconds from the first thing that ends to the clearing up.
PAUSE = 1.0
#: The number by which glibc knows the limit on such places.
M_ARENA_MAX = -8

_lock = threading.Lock()
_is_planned = False


def keep_together() -> None:
    """Have the C library take memory from two places only, where it is glibc; to be called before threads start.

    By itself it takes a place of its own for each of many threads, and each keeps what was freed in it.
    """
    set_option = _of_glibc("mallopt", ctypes.c_int, ctypes.c_int)
    if set_option is not None:
        set_option(M_ARENA_MAX, 2)


def give_back_soon() -> None:
    """Clear up in a second, in a thread of its own; calls in between are answered by the same clearing up."""
    global _is_planned
    with _lock:
        if _is_planned:
            return
        _is_planned = True
    thread = threading.Thread(target=_later, daemon=True, name="lintas memory")
    # Solara's threads hold on to the page of the thread that makes them: this one must not, the page may be closing.
    thread.current_context = None  # type: ignore[attr-defined]
    thread.start()


def give_back() -> None:
    """Free what nothing refers to any more, and hand free memory to the system where the C library knows how (Linux with glibc)."""
    gc.collect()
    if _trim is not None:
        _trim(0)


def _later() -> None:
    global _is_planned
    time.sleep(PAUSE)
    with _lock:
        _is_planned = False
    give_back()


def _of_glibc(name: str, *kinds: Any) -> Any:
    """A function of glibc that gives a whole number, or nothing where there is none."""
    found = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if found is not None:
        found.argtypes, found.restype = kinds, ctypes.c_int
    return found


_trim = _of_glibc("malloc_trim", ctypes.c_size_t)
