"""How does the server give memory back after a run or a closed page?

A closed page is a heap of objects that refer to each other in cycles; Python frees such a heap only when its collector runs. What
Python frees stays with the process until the C library is asked to hand it back to the system. Both are done here, once for all that
ends within a second.
"""

from __future__ import annotations

import ctypes
import gc
import threading
import time

from agents.core import memory
from agents.core.memory import of_glibc

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
    set_option = of_glibc("mallopt", ctypes.c_int, ctypes.c_int)
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
    memory.give_back()


def _later() -> None:
    global _is_planned
    time.sleep(PAUSE)
    with _lock:
        _is_planned = False
    give_back()
