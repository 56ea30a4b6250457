"""Runs of one page: the latest request wins, no two of a page are ever alive at once, and pages take turns.

A run that is no longer wanted is asked to stop and tested between its months. A page whose connection is gone for :data:`GRACE`
seconds loses its run, so that nobody waits for a run that no one will see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from abm.errors import UserError, shorten
from abm.sharing import Shared
from experiments.app.kept import KEPT, Kept
from experiments.app.state import REGION, Choice, Finished
from experiments.app.turns import Turns
from experiments.words.languages import Translate

if TYPE_CHECKING:
    import pandas as pd

    from abm import Region, Scenario

#: Seconds between two reports of a run's progress: more would only load the connection to the browser.
PAUSE = 0.2
#: Seconds without a connection after which a page's run is given up; a browser that can will have connected again by then.
GRACE = 20.0

#: Months after which a run that is under way shows its yearly table so far.
GROWTH = 72

#: The queue of this server; it holds runs that wait, never results.
TURNS = Turns()
#: What runs have in common whichever page asked for them, so that a changed lever needs no new people: made from region, seed and size only,
#: never written into; the people of about twenty seeds.
SHARED = Shared(16_000_000)


@cache
def region() -> Region:
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
    #: Whether it is the baseline that runs.
    is_baseline: bool = False
    #: The yearly table of whole years so far, every :data:`GROWTH` months; only read.
    grown: pd.DataFrame | None = field(default=None, compare=False)
    #: The :attr:`~experiments.app.state.Choice.key` of the choice that was asked for (also while its baseline runs).
    asked: Hashable = field(default=None, compare=False)


@dataclass(frozen=True)
class RunEnd:
    """How a run ended: finished, refused with one sentence, or given up since the page's connection was lost.

    ``baseline`` is the finished run that it is compared with, where one was asked for.
    """

    finished: Finished | None = None
    baseline: Finished | None = None
    refused: str = ""
    is_given_up: bool = False


class WantedRun(NamedTuple):
    """One run to be done: the choice, and what it was checked to be."""

    choice: Choice
    scenario: Scenario
    households: int
    seed: int


class Runner:
    """At most one run at a time of one page; what it reports after it was replaced is dropped.

    ``away`` says for how many seconds the page has had no connection, 0 while it has one. Finished runs are looked for in ``kept`` first,
    and put there.
    """

    def __init__(
        self,
        on_progress: Callable[[RunProgress], None],
        on_end: Callable[[RunEnd], None],
        away: Callable[[], float] = lambda: 0.0,
        turns: Turns = TURNS,
        kept: Kept = KEPT,
    ) -> None:
        self._on_progress, self._on_end, self._away, self._turns, self._kept = on_progress, on_end, away, turns, kept
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._over: list[threading.Event] = []

    def start(self, choice: Choice, _: Translate, baseline: Choice | None = None) -> None:
        """Run a choice, after its baseline if there is one, in place of a run that may be under way.

        A choice that cannot be run is refused at once (UserError), and the run under way goes on. Runs that are kept end at once, in
        the calling thread.
        """
        asked = [WantedRun(one, *one.checked(_)) for one in (baseline, choice) if one is not None]
        stop = threading.Event()
        found = [run for one in asked if (run := self._kept.find(one.choice.key)) is not None]
        if len(found) == len(asked):
            self.stop()
            self._on_end(_end_of(found))
            return

        def work() -> None:
            self._run(asked, stop)

        def tell(ahead: int) -> None:
            if not stop.is_set():
                self._on_progress(RunProgress(ahead=ahead, asked=choice.key))

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

    def _run(self, asked: list[WantedRun], stop: threading.Event) -> None:
        refused, is_given_up = "", False
        runs: list[Finished] = []

        def is_wanted() -> bool:
            nonlocal is_given_up
            if not stop.is_set() and self._away() > GRACE:
                is_given_up = True
                stop.set()
            return not stop.is_set()

        try:
            for one in asked:
                if is_wanted():
                    found = self._kept.find(one.choice.key)
                    runs.append(found or self._one(one, asked[-1], stop, is_wanted))
                    self._kept.put(runs[-1])
        except UserError as error:
            refused = str(error)
        except Exception as error:
            from abm.simulation import StoppedError

            # A fault of the program, not of its user, is shown on the page too, so that the page does not wait for ever.
            refused = "" if isinstance(error, StoppedError) else shorten(f"{type(error).__name__}: {error}", 300)
        if is_given_up:
            self._on_end(RunEnd(is_given_up=True))
        elif not stop.is_set():
            self._on_end(RunEnd(refused=refused) if refused else _end_of(runs))

    def _one(self, asked: WantedRun, last: WantedRun, stop: threading.Event, is_wanted: Callable[[], bool]) -> Finished:
        """Do one run, where ``last`` is the one that was asked for; StoppedError if it is not wanted any more."""
        from abm.simulation import Simulation

        model = Simulation(asked.scenario, region=region(), households=asked.households, rng=asked.seed, shared=SHARED)
        told = 0.0

        def step(done: int, months: int) -> None:
            nonlocal told
            now = time.monotonic()
            is_growth = done == model.month and done % GROWTH == 0 and done < months
            if is_wanted() and (is_growth or now - told >= PAUSE or done == months):
                told = now
                grown = model.results.yearly if is_growth else None
                self._on_progress(RunProgress(done, months, 0, asked is not last, grown, last.choice.key))

        model.run(progress=step, stop=stop)
        return Finished.of(model, asked.choice)


def _end_of(runs: list[Finished]) -> RunEnd:
    """The end of a run, or of a baseline and the run after it."""
    return RunEnd(finished=runs[-1], baseline=runs[0] if len(runs) > 1 else None)


def run_first() -> None:
    """Run the history that every new page opens with, so that the first visitor finds it; in a thread, behind nobody."""
    Runner(lambda _: None, lambda _: None).start(Choice(), str)
