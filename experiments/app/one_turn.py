"""How does work that takes many runs let others in between? It runs in a thread of its own, and each of its runs is one turn of the server's queue.

A lesson of thirty runs that took one turn would keep every other page waiting until it has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from experiments.app.turns import Turns

#: Seconds between two looks whether work that waits is still wanted.
LOOK = 0.1


class StoppedWaiting(Exception):
    """Work that waited for its turn, or for the same work of another page, is no longer wanted."""


@contextmanager
def one_turn(turns: Turns, page: Hashable, stop: threading.Event, tell: Callable[[int], None]) -> Iterator[None]:
    """Wait for a turn, and have it until the end of the block; ``tell`` is called with the number of runs that come first.

    Raises StoppedWaiting when ``stop`` is set before the turn comes.
    """
    begun, over = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        over.wait()

    turns.enter(page, hold, tell)
    try:
        while not begun.wait(LOOK):
            if stop.is_set():
                turns.leave(page)
                raise StoppedWaiting
        yield
    finally:
        over.set()


def in_thread(work: Callable[[], None], name: str) -> None:
    """Do work in a thread that belongs to no page, so that it holds none when the page is closed."""
    thread = threading.Thread(target=work, daemon=True, name=name)
    # Solara's threads take over the page of the thread that makes them.
    thread.current_context = None  # type: ignore[attr-defined]
    thread.start()


class Once:
    """Work that only one does at a time for each key; others wait and find it done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[Hashable] = set()
        self._ended = threading.Condition(self._lock)

    @contextmanager
    def alone(self, key: Hashable, stop: threading.Event) -> Iterator[None]:
        """Nobody else does the work of this key in the block; StoppedWaiting when ``stop`` is set before it begins."""
        with self._ended:
            while key in self._under_way:
                if stop.is_set():
                    raise StoppedWaiting
                self._ended.wait(LOOK)
            self._under_way.add(key)
        try:
            yield
        finally:
            with self._ended:
                self._under_way.discard(key)
                self._ended.notify_all()
