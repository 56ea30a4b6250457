"""What is being waited for, since when, and when was that last reported? Every long wait is reported.

Sentences are kept as English text and the values of its placeholders; they are translated where they are shown.
Times come from a clock that only runs forward, so that setting the system clock neither ends nor starts a wait.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from experiments.words.languages import mark

#: Seconds that a wait lasts before it is reported, and before it is reported again.
AFTER, AGAIN = 15.0, 120.0


@dataclass(frozen=True)
class Note:
    """One sentence about a wait. The placeholders ``time`` and ``limit`` hold seconds."""

    sentence: str
    places: Mapping[str, str | float] = field(default_factory=dict)


class Waits:
    """Since when each thing is waited for, and when that was last reported."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[Hashable, float] = {}
        self._said: dict[Hashable, float] = {}

    def seconds(self, key: Hashable) -> float:
        """Seconds that this has been waited for; the first call begins the wait."""
        return self._clock() - self._since.setdefault(key, self._clock())

    def is_under_way(self, key: Hashable) -> bool:
        """Whether this is waited for."""
        return key in self._since

    def is_due(self, key: Hashable, after: float = AFTER, again: float = AGAIN) -> bool:
        """Whether it is time to report (again) that this is waited for; if so, it counts as reported."""
        now = self._clock()
        due = self.seconds(key) >= after and (key not in self._said or now - self._said[key] >= again)
        if due:
            self._said[key] = now
        return due

    def over(self, key: Hashable) -> None:
        """End the wait for this."""
        self._since.pop(key, None)
        self._said.pop(key, None)

    def only(self, kind: str, there: set[Hashable]) -> None:
        """Keep only the waits of a kind (keys that are pairs of it and an item) whose item is in ``there``."""
        for key in [k for k in self._since if isinstance(k, tuple) and k[0] == kind and k[1] not in there]:
            self.over(key)


@contextlib.contextmanager
def spoken(say: Callable[[Note], None], sentence: str, after: float = AFTER, again: float = AGAIN) -> Iterator[None]:
    """Report a sentence (``time`` is how long so far) while the code inside takes long; from a thread, since the caller is busy."""
    begun, stop = time.monotonic(), threading.Event()

    def speak() -> None:
        wait = after
        while not stop.wait(wait):
            say(Note(sentence, {"time": time.monotonic() - begun}))
            wait = again

    thread = threading.Thread(target=speak, daemon=True, name="spoken-wait")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5.0)


# --- the sentences -----------------------------------------------------------------------------------------------------

WATCHED = mark("another driver is registered ({where}): its counter is watched for up to {limit}")
STARTING = mark("the workers are still being started, for {time} so far")
ENDING = mark("the workers are still being ended, for {time} so far")
NO_RUN = mark("no run has ended for {time}; {n} chunks of runs are with the workers")
STOPPED = mark(
    "worker process {process} is stopped; continue it with 'kill -CONT {process}', or it is ended in {limit} and its runs go to another"
)
STOPPED_ENDED = mark("worker process {process} was stopped for {time}: it was ended, its runs go to another")
SILENT = mark("worker {worker} has said nothing for {time}; in {limit} it is given up and its runs go to others")
SILENT_ENDED = mark("worker {worker} said nothing for {time}: it was given up, its runs go to others")
NO_WORKER = mark("no worker has come for {time}; start workers with {script}")
NO_ANSWER = mark("Slurm has not answered for {time}; it is asked again and again")
QUEUED = mark("{n} jobs wait in the queue of Slurm and {running} run, no worker has come for {time}")
NO_JOB = mark("no job is in the queue of Slurm and no worker has come for {time}")
