"""Whose run comes next when many pages ask at once?

Pages take turns. Each page has at most one run that waits; a newer one of the same page takes the waiting one's place. A page whose
run has begun goes to the end of the queue with its next. One page that asks again and again can therefore not keep others waiting for
longer than one run each.

By default one run is done at a time: the interpreter does one thing at a time, so that two runs together take longer than the same
two one after the other (measured on two cores with 2,000 households: 2.5 s against 2.1 s), and memory holds two models instead of one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from experiments.app import memory


@dataclass(eq=False)
class _Waiting:
    """A run that waits: what to do, whom to tell how many come first, and what is set when it is over or given up."""

    work: Callable[[], None]
    tell: Callable[[int], None]
    told: int = -1
    telling: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)


class Turns:
    """The queue of runs of one server; ``at_once`` runs are under way at the same time, at most one of each page."""

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, _Waiting] = {}
        self._running: dict[Hashable, _Waiting] = {}

    def enter(self, page: Hashable, work: Callable[[], None], tell: Callable[[int], None]) -> threading.Event:
        """Put a page's run into the queue; the event that comes back is set when the run is over or was given up.

        ``work`` is called in a thread of its own when it is the page's turn. ``tell`` is called with the number of runs that come
        first each time that number changes, in no particular thread, and with 0 when the run begins.
        """
        mine = _Waiting(work, tell)
        with self._lock:
            former = self._waiting.get(page)
            self._waiting[page] = mine  # a page that waits already keeps its place
        if former is not None:
            former.over.set()
        self._go_on()
        return mine.over

    def leave(self, page: Hashable) -> None:
        """Take a page's waiting run out of the queue; one that has begun is not touched."""
        with self._lock:
            former = self._waiting.pop(page, None)
        if former is not None:
            former.over.set()
            self._go_on()

    def _go_on(self) -> None:
        """Begin what can begin, and tell the others how many come first."""
        begin: list[tuple[Hashable, _Waiting]] = []
        tell: list[tuple[_Waiting, int]] = []
        with self._lock:
            for page in list(self._waiting):
                if len(self._running) < self._at_once and page not in self._running:
                    one = self._running[page] = self._waiting.pop(page)
                    begin.append((page, one))
                    if one.told != 0:
                        one.told = 0
                        tell.append((one, 0))
            for ahead, one in enumerate(self._waiting.values(), len(self._running)):
                if one.told != ahead:
                    one.told = ahead
                    tell.append((one, ahead))
        for one, ahead in tell:
            with one.telling:
                if one.told == ahead:  # another thread may have come to tell a later number first
                    one.tell(ahead)
        for page, one in begin:
            thread = threading.Thread(target=self._work, args=(page, one), daemon=True, name="lintas run")
            # Solara's threads take over the page of the thread that makes them, which here may be another visitor's.
            thread.current_context = None  # type: ignore[attr-defined]
            thread.start()

    def _work(self, page: Hashable, one: _Waiting) -> None:
        try:
            one.work()
        finally:
            with self._lock:
                del self._running[page]
            # A thread that has ended keeps what its target refers to until it is collected.
            one.work, one.tell = _nothing, _nothing
            one.over.set()
            memory.give_back_soon()
            self._go_on()


def _nothing(*_: object) -> None:
    """Takes the place of a run's work that is done."""
