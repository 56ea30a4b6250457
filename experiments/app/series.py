"""Many runs for one tab, one after the other: pairs of worlds with further seeds or draws. The latest request wins, and pages take turns between single runs.

A run is a :class:`Job`. Those of the fitted values with the page's seed are shared with every other part of the page; of the others only the yearly
table is kept, which is what comparisons read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from abm.errors import UserError, shorten
from experiments.app.kept import KEPT, Kept
from experiments.app.runner import GRACE, SHARED, TURNS, region
from experiments.app.state import REGION, Choice, Finished
from experiments.app.turns import Turns
from experiments.words.languages import Translate, mark

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior

GIVEN_UP = mark("The connection to this page was lost for a while and its runs were given up; those that are done are kept.")
#: Yearly tables that are kept for all; one takes about 0.1 MB.
MOST_TABLES = 300
#: The seed of the sequence of draws: that of ``lintas evidence``.
DRAWS_SEED = 1


@cache
def posterior() -> Posterior | None:
    """The posterior that ships for the page's region; None where none ships or it cannot be used."""
    from calibration.posterior import Posterior

    return Posterior.load(REGION) if REGION in Posterior.names() else None


@cache
def draw_values(draw: int) -> Mapping[str, float]:
    """The fitted values of a draw (counted from 0) of the sequence that ``lintas evidence`` takes from the posterior."""
    from abm.fitted import fitted_of
    from experiments.evidence.runs import AskedOfRuns

    found = posterior()
    if found is None:
        raise UserError("no posterior ships for this region")
    values = AskedOfRuns(found, REGION, 1, 1, DRAWS_SEED).draws(draw, draw + 1).iloc[0]
    return dict(fitted_of(REGION).values) | {str(name): float(value) for name, value in values.items()}


@dataclass(frozen=True)
class Job:
    """A run: what is chosen, and the draw of the posterior whose values it has in place of the fitted ones."""

    choice: Choice
    draw: int | None = None

    @property
    def key(self) -> Hashable:
        """The same for two jobs exactly if they are the same run."""
        return self.choice.key, self.draw


class YearlyTables:
    """The yearly tables of the latest runs by job; shared by all pages, only read."""

    def __init__(self, most: int = MOST_TABLES) -> None:
        self._most, self._lock = most, threading.Lock()
        self._tables: OrderedDict[Hashable, pd.DataFrame] = OrderedDict()

    def find(self, job: Job) -> pd.DataFrame | None:
        """The table of a job; None where it is not kept."""
        with self._lock:
            found = self._tables.get(job.key)
            if found is not None:
                self._tables.move_to_end(job.key)
            return found

    def put(self, job: Job, table: pd.DataFrame) -> None:
        """Keep a table; the one that was not asked for longest goes."""
        with self._lock:
            self._tables[job.key] = table
            self._tables.move_to_end(job.key)
            while len(self._tables) > self._most:
                self._tables.popitem(last=False)


#: The yearly tables of this server.
YEARLY = YearlyTables()


def finished_of(job: Job, kept: Kept = KEPT) -> Finished | None:
    """The whole run of a job with the fitted values, where it is kept."""
    return kept.find(job.choice.key) if job.draw is None else None


def yearly_of(job: Job) -> pd.DataFrame | None:
    """The yearly table of a job, where it is kept."""
    whole = finished_of(job)
    return whole.results.yearly if whole is not None else YEARLY.find(job)


class _AskedRun(NamedTuple):
    """A run to be done: the job, and what its choice was checked to be."""

    job: Job
    scenario: Scenario
    households: int
    seed: int


class RunSeries:
    """The runs of one tab of one page, in order. ``on_done`` is told after each how many are done of how many, ``on_end`` once why there will be no more ("" where all are done).

    ``whole`` of :meth:`start` are jobs whose tables of places are wanted too. ``away`` says for how many seconds the page has had no connection.
    """

    def __init__(
        self, on_done: Callable[[int, int], None], on_end: Callable[[str], None], away: Callable[[], float] = lambda: 0.0, turns: Turns = TURNS,
    ) -> None:  # fmt: skip
        self._on_done, self._on_end, self._away, self._turns = on_done, on_end, away, turns
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self, jobs: Sequence[Job], whole: Sequence[Job] = (), _: Translate = str) -> None:
        """Do the jobs in place of those that may be under way; what is kept already is not run again. UserError for one that cannot be run."""
        asked = [_AskedRun(job, *job.choice.checked(_)) for job in jobs]
        stop = threading.Event()
        with self._lock:
            self._stop.set()
            self._stop = stop
        self._turns.leave(self)
        self._next(asked, {job.key for job in whole}, 0, stop)

    def stop(self) -> None:
        """End the run that is under way or waits; nothing is told after that."""
        with self._lock:
            self._stop.set()
        self._turns.leave(self)

    def _next(self, asked: list[_AskedRun], keep: set[Hashable], done: int, stop: threading.Event) -> None:
        """Go on after ``done`` runs: past those that are there, with the next one in its turn."""
        while done < len(asked) and _is_there(asked[done].job, keep):
            done += 1
        if stop.is_set():
            return
        self._on_done(done, len(asked))
        if done == len(asked):
            self._on_end("")
            return

        def work() -> None:
            if self._carry_out(asked[done], keep, stop):
                self._next(asked, keep, done + 1, stop)

        with self._lock:
            if not stop.is_set():
                self._turns.enter(self, work, lambda _ahead: None)

    def _carry_out(self, one: _AskedRun, keep: set[Hashable], stop: threading.Event) -> bool:
        """Do a run and keep it; whether the next one is wanted."""
        from abm.simulation import Simulation, StoppedError

        is_given_up = False

        def step(_done: int, _months: int) -> None:
            nonlocal is_given_up
            if not stop.is_set() and self._away() > GRACE:
                is_given_up = True
                stop.set()

        try:
            scenario, more = one.scenario, {}
            if one.job.draw is not None:
                more["fitted"] = draw_values(one.job.draw)
                found = posterior()
                scenario = replace(scenario, widen=max(scenario.widen, found.widen if found is not None else 0.0))
            model = Simulation(scenario, region=region(), households=one.households, rng=one.seed, shared=SHARED, **more)
            model.run(progress=step, stop=stop)
        except StoppedError:
            if is_given_up:
                self._on_end(GIVEN_UP)
            return False
        except Exception as error:
            # A fault of the program, not of its user, is shown on the page too, so that the page does not wait for ever.
            if not stop.is_set():
                self._on_end(str(error) if isinstance(error, UserError) else shorten(f"{type(error).__name__}: {error}", 300))
            return False
        if one.job.key in keep:
            KEPT.put(Finished.of(model, one.job.choice))
        else:
            YEARLY.put(one.job, model.results.yearly)
        return not stop.is_set()


def _is_there(job: Job, keep: set[Hashable]) -> bool:
    return finished_of(job) is not None or (job.key not in keep and YEARLY.find(job) is not None)
