"""Runs of one page: the latest request wins, no two of a page are ever alive at once, and pages take turns.

A run that is no longer wanted is asked to stop and tested between its months. A page whose connection is gone for :data:`GRACE`
seconds loses its run, so that nobody waits for a run that no one will see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from abm.errors import UserError, shorten
from abm.sharing import Shared
from experiments.app.state import REGION, Choice, Finished
from experiments.app.turns import Turns
from experiments.words.languages import Translate

if TYPE_CHECKING:
    from abm import Region

#: Seconds between two reports of a run's progress: more would only load the connection to the browser.
PAUSE = 0.1
#: Seconds without a connection after which a page's run is given up; a browser that can will have connected again by then.
GRACE = 20.0

#: The queue of this server; it holds runs that wait, never results.
TURNS = Turns()
#: What runs have in common whichever page asked for them, so that a changed lever needs no new people: made from region, seed and size only,
#: never written into; the people of about twenty seeds.
SHARED = Shared(16_000_000)


@cache
def _region() -> Region:
    """The page's region, read once: it ships with the program."""
    from abm import Region

    return Region.load(REGION)


@dataclass(frozen=True)
class RunProgress:
    """How far a run is; ``months`` is 0 while its people are made (and, after an install, its rules compiled).

    ``ahead`` is the number of other pages' runs that come first; the run has not begun while it is above 0.
    """

    month: int = 0
    months: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: finished, refused with one sentence, or given up since the page's connection was lost."""

    finished: Finished | None = None
    refused: str = ""
    is_given_up: bool = False


class Runner:
    """At most one run at a time of one page; what it reports after it was replaced is dropped.

    ``away`` says for how many seconds the page has had no connection, 0 while it has one.
    """

    def __init__(
        self,
        on_progress: Callable[[RunProgress], None],
        on_end: Callable[[RunEnd], None],
        away: Callable[[], float] = lambda: 0.0,
        turns: Turns = TURNS,
    ) -> None:
        self._on_progress, self._on_end, self._away, self._turns = on_progress, on_end, away, turns
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._over: list[threading.Event] = []

    def start(self, choice: Choice, _: Translate) -> None:
        """Run a choice, in place of a run that may be under way. A choice that cannot be run is refused at once."""
        scenario, households, seed = choice.checked(_)
        stop = threading.Event()

        def work() -> None:
            self._run(choice, scenario, households, seed, stop)

        def tell(ahead: int) -> None:
            if not stop.is_set():
                self._on_progress(RunProgress(ahead=ahead))

        with self._lock:
            self._stop.set()
            self._stop = stop
            self._over = [one for one in self._over if not one.is_set()]
            self._over.append(self._turns.enter(self, work, tell))

    def stop(self) -> None:
        """Ask the run to stop; it does so when its year is over, and reports nothing after that."""
        with self._lock:
            self._stop.set()
        self._turns.leave(self)

    def wait(self, seconds: float) -> bool:
        """Wait until no run waits or is alive; whether that is so."""
        end = time.monotonic() + seconds
        return all(one.wait(max(0.0, end - time.monotonic())) for one in list(self._over))

    def _run(self, choice: Choice, scenario: object, households: int, seed: int, stop: threading.Event) -> None:
        last, is_given_up = 0.0, False

        def is_wanted() -> bool:
            nonlocal is_given_up
            if not stop.is_set() and self._away() > GRACE:
                is_given_up = True
                stop.set()
            return not stop.is_set()

        def step(done: int, months: int) -> None:
            nonlocal last
            now = time.monotonic()
            if is_wanted() and (now - last >= PAUSE or done == months):
                last = now
                self._on_progress(RunProgress(done, months))

        outcome = None
        if is_wanted():
            try:
                from abm.simulation import Simulation, StoppedError

                try:
                    model = Simulation(scenario, region=_region(), households=households, rng=seed, shared=SHARED)  # type: ignore[arg-type]
                    model.run(progress=step, stop=stop)
                    outcome = RunEnd(finished=Finished.of(model, choice))
                except StoppedError:
                    pass
            except UserError as error:
                outcome = RunEnd(refused=str(error))
            except Exception as error:
                # A fault of the program, not of its user: shown on the page too, so that the page does not wait for ever.
                outcome = RunEnd(refused=shorten(f"{type(error).__name__}: {error}", 300))
        if is_given_up:
            self._on_end(RunEnd(is_given_up=True))
        elif outcome is not None and not stop.is_set():
            self._on_end(outcome)
