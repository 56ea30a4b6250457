"""Runs in the background of one session: the latest request wins, and no two are ever alive at once.

A run that is no longer wanted is asked to stop and tested between its months; the next one waits until it has gone.
The runner belongs to one session and is thrown away with it; nothing about a run is kept in a module.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from abm.errors import UserError
from experiments.app.state import REGION, Choice, Finished
from experiments.languages import Translate

#: Seconds between two reports of a run's progress: more would only fill the line to the browser.
PAUSE = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a run is; ``months`` is 0 while its people are made (and, after an install, its rules compiled)."""

    month: int = 0
    months: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: finished, refused with one sentence, or neither (it was stopped)."""

    finished: Finished | None = None
    refused: str = ""


class Runner:
    """At most one run at a time; what it reports after it was replaced is dropped."""

    def __init__(self, on_progress: Callable[[Progress], None], on_end: Callable[[Outcome], None]) -> None:
        self._on_progress, self._on_end = on_progress, on_end
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, choice: Choice, _: Translate) -> None:
        """Run a choice, in place of a run that may be under way. A choice that cannot be run is refused at once."""
        scenario, households, seed = choice.checked(_)
        stop = threading.Event()

        def work(former: threading.Thread | None) -> None:
            if former is not None:
                former.join()
            self._run(choice, scenario, households, seed, stop)

        with self._lock:
            self._stop.set()
            self._stop = stop
            self._thread = threading.Thread(target=work, args=(self._thread,), daemon=True, name="lintas run")
            self._thread.start()

    def stop(self) -> None:
        """Ask the run to stop; it does so before its next month, and is not heard of again."""
        with self._lock:
            self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait until no run is alive; whether that is so."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _run(self, choice: Choice, scenario: object, households: int, seed: int, stop: threading.Event) -> None:
        if stop.is_set():
            return
        last = 0.0

        def step(done: int, months: int) -> None:
            nonlocal last
            now = time.monotonic()
            if not stop.is_set() and (now - last >= PAUSE or done == months):
                last = now
                self._on_progress(Progress(done, months))

        try:
            from abm.model import BorderModel, StoppedError

            try:
                model = BorderModel(scenario, region=REGION, households=households, rng=seed)  # type: ignore[arg-type]
                model.run(progress=step, stop=stop)
            except StoppedError:
                return
            outcome = Outcome(finished=Finished.of(model, choice))
        except UserError as error:
            outcome = Outcome(refused=str(error))
        except Exception as error:
            # A fault of the program, not of its user: said on the page too, so that it does not wait for ever.
            outcome = Outcome(refused=f"{type(error).__name__}: {error}")
        if not stop.is_set():
            self._on_end(outcome)
