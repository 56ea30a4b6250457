"""How long will a fit take on this machine? Estimated before it starts, from existing runs or from a short trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abm.errors import UserError
from experiments.execution.engine import cores
from experiments.fits.asked import SWITCHED_OFF, Asked
from experiments.fits.conclude import is_checked, is_concluded
from experiments.fits.fit import Fit
from experiments.studies import store
from experiments.studies.collect import status
from experiments.words.languages import Numbers, Translate, duration

#: Months and households of the trial run; a run is longer in proportion to its months, and to its households above so many.
TRIAL_MONTHS, TRIAL_HOUSEHOLDS = 24, 2000
#: Number of existing runs from which no trial is needed.
ENOUGH_RUNS = 8
#: Seconds of one core for the inference and the checks of the shipped fit (119 parameters, 256 simulated truths), and to start the workers of a study.
INFERENCE, CHECKS, PARAMETERS, TESTS, START = 20.0, 240.0, 119, 256, 5.0


@dataclass(frozen=True)
class Cost:
    """What is left to be done: runs, at least and at most, and seconds of these and of the inference."""

    runs: int
    most: int
    seconds: float  #: seconds of one core for a run
    studies: int  #: folders of runs, each of which starts its workers
    analysis: float  #: seconds of one core for inference and checks

    def wall(self, runs: int, workers: int) -> float:
        """Seconds until the end with so many runs and workers."""
        return runs * self.seconds / workers + self.analysis + (START * self.studies if runs else 0.0)

    def core_hours(self, runs: int) -> float:
        """Core-hours of so many runs."""
        return runs * self.seconds / 3600.0


def cost_of(fit: Fit, stages: Sequence[str]) -> Cost:
    """What the stages (``bank``, ``fit``, ``check``) of a fit still cost; those that are done cost nothing."""
    asked, runs, most, studies, analysis = fit.asked, 0, 0, 0, 0.0
    concluded = is_concluded(fit)
    if "bank" in stages or not concluded:
        left = status(fit.folder / "bank", failures=0).missing
        runs, most, studies = left, left, int(left > 0)
    if "fit" in stages and not concluded:
        planned = [f for f in fit.populations() if (f / "manifest.json").exists()]
        left = sum(status(f, failures=0).missing for f in planned)
        more = max(asked.most_populations - len(planned), 0)
        runs, most, studies = runs + left, most + left + more * asked.population, studies + more
        analysis += INFERENCE * len(fit.prior) / PARAMETERS
    if "check" in stages and not (concluded and is_checked(fit)):
        arms = 1 + sum(s not in asked.without for s in SWITCHED_OFF)
        new = arms * asked.draws
        runs, most, studies = runs + new, most + new, studies + arms + 1
        analysis += CHECKS * max(len(fit.prior) / PARAMETERS, 0.2) * asked.tests / TESTS
    return Cost(runs, most, _seconds(fit) if most else 0.0, studies, analysis)


def _seconds(fit: Fit) -> float:
    """Seconds for a run, from the prior runs or from a trial."""
    found = store.stored_rows(fit.folder / "bank")
    well = found.seconds[found.status == 0] if len(found.ids) else ()
    return float(sum(well) / len(well)) if len(well) >= ENOUGH_RUNS else trial(fit.asked)


def trial(asked: Asked, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that one run will roughly take, from the first months of one; 0 where the model cannot run (the runs then report why)."""
    from abm import Scenario, Simulation
    from abm.parameters import month_index, month_text

    months = month_index(asked.end) + 1
    short = min(months, TRIAL_MONTHS)
    size = min(asked.households, TRIAL_HOUSEHOLDS)

    def run(households: int, length: int) -> tuple[float, float]:
        begun = clock()
        scenario = Scenario.load("history", without=asked.without, end=month_text(length - 1))
        model = Simulation(scenario, region=asked.region, households=households, rng=1, fitted={})
        made = clock()
        model.run()
        return made - begun, clock() - made

    try:
        run(60, 1)  # loads libraries and compiled rules, which workers do once, not in each run
        start, first = run(size, short)
    except UserError:
        return 0.0
    return (start + first * months / short) * max(asked.households / size, 1.0)


def words(_: Translate, cost: Cost, lang: str, workers: int | None, *, cluster: bool = False) -> str:
    """The cost as one line; empty where nothing is left to be run."""
    n = Numbers(lang)
    if not cost.most or not cost.seconds:
        return ""
    runs = n.number(cost.runs) if cost.runs == cost.most else _("{low} to {high}").format(low=n.number(cost.runs), high=n.number(cost.most))
    if cluster:
        hours = [n.short(cost.core_hours(r)) for r in (cost.runs, cost.most)]
        span = hours[0] if hours[0] == hours[1] else _("{low} to {high}").format(low=hours[0], high=hours[1])
        return _("Roughly {hours} core-hours: {runs} runs of {seconds} s each, then about {analysis} of inference and checks here.").format(
            hours=span, runs=runs, seconds=n.short(cost.seconds), analysis=duration(cost.analysis)
        )
    count = workers or cores()
    times = [_roughly(cost.wall(r, count)) for r in (cost.runs, cost.most)]
    span = times[0] if times[0] == times[1] else _("{low} to {high}").format(low=times[0], high=times[1])
    return _(
        "This will take roughly {time} on this machine: {runs} runs of {seconds} s each on {cores} cores, then inference and checks."
    ).format(time=span, runs=runs, seconds=n.short(cost.seconds), cores=count)


def _roughly(seconds: float) -> str:
    """A time rounded as a rough guess."""
    if seconds < 90:
        return duration(max(round(seconds, -1), 10))
    minutes = seconds / 60
    return f"{round(minutes)} min" if minutes < 100 else f"{round(minutes / 60, 1):g} h"
