"""Runs that note one life, in the server's queue; what was noted is kept for a while and only read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

from abm.errors import UserError, shorten
from experiments.app.one_turn import Once, StoppedWaiting, in_thread, one_turn
from experiments.app.people.life import Life, watch
from experiments.app.runner import SHARED, TURNS, region
from experiments.app.state import Choice
from experiments.app.turns import Turns

#: Lives that are kept; one takes about 0.5 MB.
MOST = 40


class Lives:
    """Lives by choice, entity and uid; the oldest are given up first."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._lock = most, threading.Lock()
        #: The same life is noted once where several ask for it at the same time.
        self.once = Once()
        self._kept: OrderedDict[Hashable, Life] = OrderedDict()

    def get(self, choice: Choice, entity: str, uid: int) -> Life | None:
        """A life; None where it is not kept."""
        with self._lock:
            return self._kept.get((choice.key, entity, uid))

    def put(self, choice: Choice, life: Life) -> None:
        """Keep a life."""
        with self._lock:
            self._kept[(choice.key, life.entity, life.uid)] = life
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


LIVES = Lives()


class LifeRunner:
    """Notes one life in one or two worlds for one page; the latest request wins.

    ``on_progress`` is called with months done, all months, and how many other runs come first; ``on_end`` with an error's sentence, or with nothing.
    """

    def __init__(
        self, on_progress: Callable[[int, int, int], None], on_end: Callable[[str], None], turns: Turns = TURNS, lives: Lives = LIVES
    ) -> None:
        self._on_progress, self._on_end, self._turns, self._lives = on_progress, on_end, turns, lives
        self._stop = threading.Event()

    def start(self, choices: Sequence[Choice], entity: str, uid: int) -> None:
        """Note the life of one agent in each of some choices."""
        self.stop()
        stop = self._stop = threading.Event()
        if all(self._lives.get(choice, entity, uid) is not None for choice in choices):
            self._on_end("")
            return

        in_thread(lambda: self._work(choices, entity, uid, stop), "lintas life")

    def stop(self) -> None:
        """End what is under way or waits."""
        self._stop.set()

    def _work(self, choices: Sequence[Choice], entity: str, uid: int, stop: threading.Event) -> None:
        from abm.simulation import StoppedError

        def wait(ahead: int) -> None:
            if not stop.is_set():
                self._on_progress(0, 0, ahead)

        error = ""
        try:
            for k, choice in enumerate(choices):
                with self._lives.once.alone((choice.key, uid), stop):
                    if self._lives.get(choice, entity, uid) is None:
                        with one_turn(self._turns, stop, stop, wait):
                            life = self._one(choice, entity, uid, stop, k, len(choices))
                        self._lives.put(choice, life)
        except (StoppedError, StoppedWaiting):
            return
        except UserError as wrong:
            error = str(wrong)
        except Exception as wrong:
            error = shorten(f"{type(wrong).__name__}: {wrong}", 300)
        if not stop.is_set():
            self._on_end(error)

    def _one(self, choice: Choice, entity: str, uid: int, stop: threading.Event, k: int, of: int) -> Life:
        scenario, households, seed = choice.checked(str)

        def step(done: int, months: int) -> None:
            if done % 12 == 0 and not stop.is_set():
                self._on_progress(k * months + done, of * months, 0)

        return watch(scenario, entity, uid, stop, step, region=region(), households=households, rng=seed, shared=SHARED)
