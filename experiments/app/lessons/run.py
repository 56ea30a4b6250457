"""Runs of lessons: in the server's queue, told as they go, found once for all who take a lesson with the same seed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from abm.errors import UserError, shorten
from experiments.app.lessons.lesson import Found, Going, Lesson
from experiments.app.runner import SHARED, TURNS
from experiments.app.turns import Turns

#: Lessons, each with a seed, whose numbers are kept; they take some kilobytes each.
MOST = 100


def going(stop: threading.Event | None = None, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Going:
    """What a lesson's runs are given: what all runs of the server share, when to stop, whom to tell."""
    return Going(SHARED, stop or threading.Event(), tell)


class FoundNumbers:
    """The numbers of lessons that were found, by lesson and seed; only read."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        self._found: OrderedDict[tuple[str, int], Found] = OrderedDict()

    def get(self, lesson: str, seed: int) -> Found | None:
        """The numbers of a lesson with a seed; None where they are not kept."""
        with self._lock:
            return self._found.get((lesson, seed))

    def put(self, lesson: str, seed: int, found: Found) -> None:
        """Keep the numbers of a lesson; the oldest are given up first."""
        with self._lock:
            self._found[(lesson, seed)] = found
            while len(self._found) > self._most:
                self._found.popitem(last=False)


NUMBERS = FoundNumbers()


class LessonRunner:
    """Finds the numbers of one lesson at a time for one page; the latest request wins, late answers are dropped.

    ``on_progress`` is called with parts done, all parts, and how many other runs come first; ``on_end`` with lesson, seed and an error's
    sentence (empty without one).
    """

    def __init__(
        self,
        on_progress: Callable[[int, int, int], None],
        on_end: Callable[[str, int, str], None],
        turns: Turns = TURNS,
        numbers: FoundNumbers = NUMBERS,
    ) -> None:
        self._on_progress, self._on_end, self._turns, self._numbers = on_progress, on_end, turns, numbers
        self._stop = threading.Event()

    def start(self, lesson: Lesson, seed: int) -> None:
        """Find a lesson's numbers, at once where they are kept."""
        self.stop()
        stop = self._stop = threading.Event()
        if self._numbers.get(lesson.key, seed) is not None:
            self._on_end(lesson.key, seed, "")
            return

        def work() -> None:
            self._work(lesson, seed, stop)

        def tell(ahead: int) -> None:
            if not stop.is_set():
                self._on_progress(0, 0, ahead)

        self._turns.enter(self, work, tell)

    def stop(self) -> None:
        """End what is under way or waits."""
        self._stop.set()
        self._turns.leave(self)

    def _work(self, lesson: Lesson, seed: int, stop: threading.Event) -> None:
        from abm.simulation import StoppedError

        def tell(done: int, parts: int) -> None:
            if stop.is_set():
                raise StoppedError("the lesson is no longer wanted")
            self._on_progress(done, parts, 0)

        error = ""
        try:
            if self._numbers.get(lesson.key, seed) is None:
                self._numbers.put(lesson.key, seed, lesson.find(seed, going(stop, tell)))
        except StoppedError:
            return
        except UserError as wrong:
            error = str(wrong)
        except Exception as wrong:
            error = shorten(f"{type(wrong).__name__}: {wrong}", 300)
        if not stop.is_set():
            self._on_end(lesson.key, seed, error)
