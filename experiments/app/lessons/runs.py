"""The runs of lessons, one after the other, each with the lesson's size; the page's people are shared between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from abm import Scenario, Simulation
from abm.claims.years import Years
from abm.parameters import Change
from experiments.app.lessons.lesson import HOUSEHOLDS, Going


@dataclass(frozen=True)
class One:
    """A run: scenario, seed, and values in place of the region's fitted ones (None for those)."""

    scenario: Scenario
    seed: int
    fitted: Mapping[str, float] | None = None


def history(
    name: str = "history", events: Sequence[Change] = (), parameters: Mapping[str, float] | None = None, widen: float = 0.0
) -> Scenario:
    """The history, with dated changes and parameters set."""
    base = Scenario.load("history", set=parameters, widen=widen)
    return replace(base, name=name, title=name, events=(*base.events, *events))


def all_of(runs: Sequence[One], going: Going, after: int = 0) -> list[Years]:
    """The yearly numbers of runs, in their order; told run by run, with ``after`` parts to come. StoppedError on ``going.stop``."""
    found = []
    for k, one in enumerate(runs):
        going.tell(k, len(runs) + after)
        with going.turn():
            run = Simulation(one.scenario, households=HOUSEHOLDS, rng=one.seed, fitted=one.fitted, shared=going.shared)
            found.append(Years(run.run(stop=going.stop).results.yearly))
    return found


def mean(values: Sequence[float]) -> float:
    """Their mean."""
    return sum(values) / len(values)


def spread(values: Sequence[float]) -> float:
    """Standard deviation of a sample of two values or more."""
    middle = mean(values)
    return (sum((value - middle) ** 2 for value in values) / (len(values) - 1)) ** 0.5
