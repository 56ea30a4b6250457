"""How does the server give memory back after a run or a closed page?

A closed page is a heap of objects that refer to each other in circles; Python frees such a heap only when it looks for circles. What
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

_lock = threading.Lock()
_is_planned = False


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


def _find_trim() -> Any:
    """``malloc_trim`` of glibc, or nothing."""
    if sys.platform != "linux":
        return None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim


_trim = _find_trim()
