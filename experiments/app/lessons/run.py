"""Runs of lessons: in the server's queue, told as they go, found once for all who take a lesson with the same seed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from abm.errors import UserError, shorten
from experiments.app.lessons.lesson import Found, Going, Lesson
from experiments.app.one_turn import Once, StoppedWaiting, in_thread, one_turn
from experiments.app.runner import SHARED, TURNS
from experiments.app.turns import Turns

#: Lessons, each with a seed, whose numbers are kept; they take some kilobytes each.
MOST = 100


def going(
    stop: threading.Event | None = None,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
    turn: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Going:
    """What a lesson's runs are given: what all runs of the server share, when to stop, whom to tell, and how to wait for a turn."""
    return Going(SHARED, stop or threading.Event(), tell, turn)


class FoundNumbers:
    """The numbers of lessons that were found, by lesson and seed; only read."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        #: The same lesson is found once where several ask for it at the same time.
        self.once = Once()
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

        in_thread(lambda: self._work(lesson, seed, stop), "lintas lesson")

    def stop(self) -> None:
        """End what is under way or waits."""
        self._stop.set()

    def _work(self, lesson: Lesson, seed: int, stop: threading.Event) -> None:
        from abm.simulation import StoppedError

        so_far = (0, 0)

        def tell(done: int, parts: int) -> None:
            nonlocal so_far
            if stop.is_set():
                raise StoppedError("the lesson is no longer wanted")
            so_far = done, parts
            self._on_progress(done, parts, 0)

        def wait(ahead: int) -> None:
            if not stop.is_set():
                self._on_progress(*so_far, ahead)

        error = ""
        try:
            with self._numbers.once.alone((lesson.key, seed), stop):
                if self._numbers.get(lesson.key, seed) is None:
                    found = lesson.find(seed, going(stop, tell, lambda: one_turn(self._turns, stop, stop, wait)))
                    self._numbers.put(lesson.key, seed, found)
        except (StoppedError, StoppedWaiting):
            return
        except UserError as wrong:
            error = str(wrong)
        except Exception as wrong:
            error = shorten(f"{type(wrong).__name__}: {wrong}", 300)
        if not stop.is_set():
            self._on_end(lesson.key, seed, error)
