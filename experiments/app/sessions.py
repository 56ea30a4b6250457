"""How many pages are open, and for how long has each been without a connection?

A page has a kernel in Solara's words: its widgets, its results, its thread. It is made with the first connection and closed as soon
as the browser says that the page was closed; a page that only loses its connection (a telephone that sleeps) is kept for a while, see
:data:`KEPT`. When the server is full, a newcomer takes the place of the page that has been away longest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: How long a page without a connection is kept, in Solara's notation.
KEPT = "10m"
#: Seconds that a page must have been away before a newcomer may take its place: a connection that breaks off comes back sooner.
LEAST_AWAY = 5.0
#: Pages at once, unless ``--max-sessions`` says otherwise.
MOST = 20


@dataclass
class _Page:
    connections: int = 0
    #: When the last connection ended.
    left: float = 0.0


class Sessions:
    """The open pages of one server, at most ``most`` of them.

    ``is_open`` says whether the kernel of a page exists, ``close`` closes one. Times are those of ``clock``, in seconds.
    """

    def __init__(
        self, most: int, is_open: Callable[[str], bool], close: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.most = most
        self._is_open, self._close, self._clock = is_open, close, clock
        self._lock = threading.Lock()
        self._pages: dict[str, _Page] = {}

    def count(self) -> int:
        """How many pages are open, with or without a connection."""
        with self._lock:
            return self._count()

    def is_full(self) -> bool:
        """Whether there is no place for a newcomer, also not that of a page that has been away."""
        with self._lock:
            return self._count() >= self.most and self._longest_away() is None

    def come(self, page: str) -> bool:
        """A page connects: whether there is a place for it. Each true answer is followed by one :meth:`go`."""
        give_up = None
        with self._lock:
            self._count()
            if page not in self._pages and len(self._pages) >= self.most:
                give_up = self._longest_away()
                if give_up is None:
                    return False
                del self._pages[give_up]
            self._pages.setdefault(page, _Page()).connections += 1
        if give_up is not None:
            self._close(give_up)
        return True

    def go(self, page: str) -> None:
        """A connection of a page has ended."""
        with self._lock:
            one = self._pages.get(page)
            if one is not None:
                one.connections -= 1
                one.left = self._clock()

    def away(self, page: str) -> float:
        """For how many seconds a page has had no connection; 0 while it has one, and for a page that is not known."""
        with self._lock:
            one = self._pages.get(page)
            return self._clock() - one.left if one is not None and one.connections < 1 else 0.0

    def _count(self) -> int:
        """The open pages, after those whose kernel has been closed were removed."""
        for name in [name for name, one in self._pages.items() if one.connections < 1 and not self._is_open(name)]:
            del self._pages[name]
        return len(self._pages)

    def _longest_away(self) -> str | None:
        """The page that has been away longest, if it has been away long enough to be given up."""
        now = self._clock()
        away = [(one.left, name) for name, one in self._pages.items() if one.connections < 1 and now - one.left >= LEAST_AWAY]
        return min(away)[1] if away else None


#: The pages of this process's server; set when it starts.
current: Sessions | None = None


def away(page: str) -> float:
    """For how many seconds a page of this process's server has had no connection."""
    return current.away(page) if current is not None else 0.0
