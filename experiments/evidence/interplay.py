"""On which mechanisms, and on which pairs of them, does each claim depend? A designed experiment over all mechanisms at once.

Switching off one mechanism at a time shows what it does while all others are on. Here the worlds of a fraction of all combinations
(:mod:`experiments.evidence.factorial`) are run, for each of some draws of the posterior with the same seeds in every world, and the effects of single mechanisms and of pairs are
estimated by least squares (:mod:`experiments.evidence.interplay_fit`).

What is estimated, for each condition of each pattern: where the condition compares with a mark in the same run, how far the number lies beyond the mark in the stated
direction (so that an effect above 0 supports the claim); where it says "near", and where it compares worlds with one another (pairs, sweeps), the number itself. The
first condition of a claim's first pattern stands for it in the map; all others are in the tables. Shares are relative to the number in the full model in the same draw, or to
its mark where that is larger. The practical size is the condition's own: an absolute one, or a share of the mark (of the number in the full model, in pairs and sweeps); for "near" it is what counts as near; where it says
none, a hundredth of the number or its mark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from abm.claims.claim import Claim, Condition, Pattern
from abm.claims.interpret import Effect, effects
from abm.claims.years import Years
from abm.parameters import check_switch
from agents.core.declare import SWITCHES
from experiments.evidence.factorial import Factorial
from experiments.evidence.interplay_fit import FEWEST_DRAWS, Fitter, adjusted, summary
from experiments.evidence.ledger import Interval
from experiments.evidence.make import looked_at, yearly_outputs
from experiments.evidence.runs import AskedOfRuns, BatchRuns, Carry, EvidenceError, plan_batch, read_batch
from experiments.evidence.units import numbers_of
from experiments.evidence.verdict import ERROR
from experiments.evidence.worlds import HISTORY, ClaimWorlds

#: The folder of the experiment inside the results folder.
FOLDER = "interplay"
#: Draws that are run where no number is asked for, and in each study.
DRAWS = 8
#: Where a condition states no size, an effect of use is at least this part of the number (or of its mark).
LEAST_SHARE = 0.01
#: What a number is: how far beyond the mark in the stated direction, or the number itself.
Measured = Literal["beyond", "number"]


@dataclass(frozen=True)
class Budget:
    """What will be run: every world for each replicate of each draw."""

    mechanisms: tuple[str, ...]
    worlds: int
    draws: int
    replicates: int

    @property
    def runs(self) -> int:
        """Runs in all."""
        return self.worlds * self.draws * self.replicates


@dataclass(frozen=True)
class MechanismEffect:
    """The effect of a mechanism, or of a pair, on one number.

    change [unit of the number]: over draws; share [1]: of the number in the full model, or of its mark where that is larger
    same_sign: the share of draws with the sign of the median
    p, adjusted: chances, the second accounts for all effects that were asked for
    clear: of one sign in most draws, at the error rate; of_use: clear, and as large as the smallest effect of use (:data:`LEAST_SHARE` where none is said)
    """

    mechanisms: tuple[str, ...]
    change: Interval
    share: Interval
    same_sign: float
    p: float
    adjusted: float
    clear: bool
    of_use: bool


@dataclass(frozen=True)
class NumberEffects:
    """One condition of a pattern: its number in the full model and what mechanisms do to it.

    number: its name in the pattern, with the first year of the span after it where there are spans
    size [unit of the number]: the smallest effect of use, 0 where the condition says none
    alone, pairs, rest [1]: parts of the differences between worlds (medians over draws)
    only_with: mechanisms without which there is no such number
    worlds: how many worlds have the number in some draw
    """

    claim: str
    pattern: str
    condition: int
    number: str
    measured: Measured
    full: Interval
    size: float
    alone: float
    pairs: float
    rest: float
    only_with: tuple[str, ...]
    worlds: int
    estimates: tuple[MechanismEffect, ...]

    @property
    def single(self) -> dict[str, MechanismEffect]:
        """Effects of single mechanisms by name."""
        return {e.mechanisms[0]: e for e in self.estimates if len(e.mechanisms) == 1}

    @property
    def strongest_pairs(self) -> list[MechanismEffect]:
        """Pairs whose effect is known, the largest first; those that are clear come before the others."""
        known = [e for e in self.estimates if len(e.mechanisms) == 2 and np.isfinite(e.change.median)]
        return sorted(known, key=lambda e: (not e.clear, -abs(e.change.median), e.mechanisms))


@dataclass(frozen=True)
class Interplay:
    """What the experiment found."""

    design: Factorial
    budget: Budget
    outcomes: tuple[NumberEffects, ...]
    #: Runs that did not end well.
    failed: int
    error: float
    #: Effects that were judged together.
    asked: int
    #: Exit code of the last driver that did not end well, else 0.
    code: int = 0

    @property
    def over_draws(self) -> bool:
        """Whether intervals are over draws of the posterior; with few draws they are of chance within these."""
        return self.budget.draws >= FEWEST_DRAWS

    def key(self, claim: str) -> NumberEffects | None:
        """The outcome that stands for a claim: the first condition of its first pattern; None where it has no pattern."""
        return next((one for one in self.outcomes if one.claim == claim), None)


def budget_of(draws: int, replicates: int, mechanisms: Sequence[str] | None = None) -> Budget:
    """What an experiment would run; without ``mechanisms`` it has all that are declared. UserError for a name that is none, EvidenceError without any."""
    names = tuple(sorted(SWITCHES if mechanisms is None else {check_switch(name) for name in mechanisms}))
    if not names:
        raise EvidenceError("there is no mechanism to switch off: name at least one")
    return Budget(names, len(Factorial.of(names)), draws, replicates)


def worlds_of_design(design: Factorial, end: str | None = None) -> ClaimWorlds:
    """A scenario for each world of the design, in its order: the history without the mechanisms that are off there."""
    from abm import Scenario

    found: dict[str, Scenario] = {}
    for world in range(len(design)):
        off = design.off(world)
        name = f"point-{world:03d}" if off else HISTORY
        found[name] = replace(Scenario.load(HISTORY, without=off, end=end), name=name)
    return ClaimWorlds(found, {}, {})


def run_interplay(
    folder: Path, claims: Mapping[str, Claim], asked: AskedOfRuns, draws: int, carry: Carry, *, mechanisms: Sequence[str] | None = None, error: float = ERROR,
    end: str | None = None, overwrite: bool = False, tell: Callable[[Budget], None] | None = None,
) -> Interplay:  # fmt: skip
    """Run the experiment in ``folder/interplay`` and estimate; ``carry`` makes the runs of a planned folder and returns an exit code.

    ``tell`` is given the budget before anything is planned. Runs that the folder has are not made again; more draws add studies of
    :data:`DRAWS` draws. StudyError for a folder of other runs, EvidenceError where no run ends well.
    """
    budget = budget_of(draws, asked.replicates, mechanisms)
    if tell is not None:
        tell(budget)
    design, worlds = Factorial.of(budget.mechanisms), worlds_of_design(Factorial.of(budget.mechanisms), end)
    code, batches = 0, []
    for first in range(0, draws, DRAWS):
        span = (first, min(first + DRAWS, draws))
        place = plan_batch(folder / FOLDER, span, asked, worlds, tuple(worlds.scenarios), yearly_outputs(), overwrite=overwrite)
        code = carry(place) or code
        batches.append(read_batch(place, looked_at(claims)))
    return estimate(design, budget, claims, batches, tuple(worlds.scenarios), error=error, code=code)


def estimate(
    design: Factorial, budget: Budget, claims: Mapping[str, Claim], batches: Sequence[BatchRuns], worlds: Sequence[str], *, error: float = ERROR, code: int = 0
) -> Interplay:  # fmt: skip
    """What the runs say; ``worlds`` names the scenario of each world of the design, in its order."""
    fitter = Fitter(design)
    found: list[tuple[NumberEffects, np.ndarray]] = []
    for (claim, pattern), conditions in _read(claims, batches, worlds).items():
        found += [_outcome(fitter, claim, claims[claim][pattern], at, one) for at, one in enumerate(conditions)]
    chances = adjusted(np.concatenate([p for _one, p in found])) if found else np.array([])
    outcomes, start = [], 0
    for one, p in found:
        outcomes.append(_judged(one, chances[start : start + len(p)], error))
        start += len(p)
    failed = sum(batch.failed for batch in batches)
    return Interplay(design, budget, tuple(outcomes), failed, error, int(np.isfinite(chances).sum()), code)


# --- the numbers -------------------------------------------------------------------------------------------------------


class Measure(NamedTuple):
    """One number of a run, all in its own unit.

    name: that of the condition's number, with the first year of the span after it where there are spans
    value: how far beyond the mark in the stated direction, or the number itself
    size: the smallest effect of use
    scale: the size of the number, or of its mark where that is larger
    """

    name: str
    value: float
    size: float
    scale: float


def numbers_in(pattern: Pattern, run: Years) -> tuple[Measure, ...]:
    """What is measured in one run for each condition (see the top of this file)."""
    values = numbers_of(pattern, run)
    if pattern.comparison in ("pair", "sweep"):
        return tuple(_itself(c, c.number, values[c.number]) for c in pattern.conditions)
    return tuple(
        _itself(condition, one.number, values.get(one.number, np.nan)) if measured(pattern, condition) == "number" else _beyond(condition, one, values)
        for one, condition in zip(effects(pattern, run), cycle(pattern.conditions), strict=False)
    )  # fmt: skip


def measured(pattern: Pattern, condition: Condition) -> Measured:
    """What is measured for a condition."""
    return "number" if pattern.comparison in ("pair", "sweep") or condition.relation == "near" else "beyond"


def _itself(condition: Condition, name: str, value: float) -> Measure:
    if condition.within is not None:
        return Measure(name, value, condition.within, abs(value))
    size = condition.practical_share * abs(value) if condition.practical_share is not None else condition.practical or 0.0
    return Measure(name, value, size, abs(value))


def _beyond(condition: Condition, one: Effect, values: Mapping[str, float]) -> Measure:
    found = values.get(one.number, np.nan)
    mark = found - one.effect if condition.relation in ("above", "at_least") else found + one.effect
    return Measure(one.number, one.effect, one.size, max(abs(found), abs(mark)))


@dataclass(frozen=True)
class _Read:
    """One condition's name, its value by draw and world, shape (draws, worlds), and its size and scale in the full model, shape (draws,) each."""

    name: str
    values: np.ndarray
    sizes: np.ndarray
    scales: np.ndarray


def _read(claims: Mapping[str, Claim], batches: Sequence[BatchRuns], worlds: Sequence[str]) -> dict[tuple[str, str], list[_Read]]:
    """What the runs give for each condition of each pattern; the mean over the replicates that ended well and have a number."""
    patterns = {(claim.id, pattern.id): pattern for claim in claims.values() for pattern in claim.asked}
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    means: dict[tuple[str, str], dict[tuple[int, int], np.ndarray]] = {key: {} for key in patterns}
    draws = [(batch, draw) for batch in batches for draw in range(batch.draws)]
    for k, (batch, draw) in enumerate(draws):
        for w, world in enumerate(worlds):
            runs = [run for r in range(batch.replicates) if (run := batch.run(world, draw, r)) is not None]
            for key, pattern in patterns.items() if runs else ():
                names[key], means[key][k, w] = _mean([numbers_in(pattern, run) for run in runs])
    found: dict[tuple[str, str], list[_Read]] = {}
    for key, by_run in means.items():
        table = np.full((len(draws), len(worlds), len(names.get(key, ())), 3), np.nan)
        for at, mean in by_run.items():
            table[at] = mean
        found[key] = [_Read(name, table[:, :, c, 0], table[:, 0, c, 1], table[:, 0, c, 2]) for c, name in enumerate(names.get(key, ()))]
    return found


def _mean(found: list[tuple[Measure, ...]]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names, and mean value, size and scale of the replicates, shape (conditions, 3)."""
    each = np.array([[(m.value, m.size, m.scale) for m in one] for one in found], dtype=float)
    has = np.isfinite(each)
    with np.errstate(invalid="ignore"):
        return tuple(m.name for m in found[0]), np.where(has, each, 0).sum(axis=0) / has.sum(axis=0)


# --- what they come to -------------------------------------------------------------------------------------------------


def _outcome(fitter: Fitter, claim: str, pattern: Pattern, at: int, read: _Read) -> tuple[NumberEffects, np.ndarray]:
    """The outcome before it is judged, and the chances of its terms, shape (terms,)."""
    design, fit, values = fitter.design, fitter.fit(read.values), read.values
    said = summary(fit)
    with np.errstate(divide="ignore", invalid="ignore"):
        for_one = np.where(read.scales > 0, 1 / read.scales, np.nan)
    scale = _middle(for_one)
    estimates = []
    for k, term in enumerate(design.terms):
        change = Interval(float(said.low[k]), float(said.median[k]), float(said.high[k]))
        share = Interval.of(fit.effects[:, k] * for_one) if np.isfinite(change.median) else change
        if len(values) < FEWEST_DRAWS:  # the interval is that of chance within the draws
            share = Interval(change.low * scale, change.median * scale, change.high * scale)
        estimates.append(
            MechanismEffect(design.names(term), change, share, float(said.same_sign[k]), float(said.p[k]), np.nan, False, False)
        )
    alone, pairs, rest = (_middle(fit.shares[:, k]) for k in range(3))
    one = NumberEffects(
        claim, pattern.id, at, read.name, measured(pattern, pattern.conditions[at % len(pattern.conditions)]), Interval.of(values[:, 0]), _middle(read.sizes), alone,
        pairs, rest, tuple(design.mechanisms[k] for k in fit.only_with), int(np.isfinite(values).any(axis=0).sum()), tuple(estimates),
    )  # fmt: skip
    return one, said.p


def _middle(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _judged(one: NumberEffects, chances: np.ndarray, error: float) -> NumberEffects:
    estimates = []
    for found, chance in zip(one.estimates, chances.tolist(), strict=True):
        clear = bool(np.isfinite(chance) and chance <= error)
        large = abs(found.change.median) >= one.size if one.size > 0 else not abs(found.share.median) < LEAST_SHARE
        estimates.append(replace(found, adjusted=chance, clear=clear, of_use=clear and large))
    return replace(one, estimates=tuple(estimates))
