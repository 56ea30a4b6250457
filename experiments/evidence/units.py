"""What did the runs of a batch give for one pattern? Its numbers, effects and sizes by draw, each the mean over the draw's replicates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import nan

import numpy as np

from abm.claims.claim import Pattern
from abm.claims.interpret import effects, read
from abm.claims.years import Years
from experiments.evidence.runs import BatchRuns
from experiments.evidence.verdict import Units
from experiments.evidence.worlds import HISTORY, PatternWorlds


@dataclass
class Gathered:
    """What draws gave for one pattern, a list entry for each draw.

    Numbers are those of the pattern by name (a span's with its first year after it). ``off`` holds numbers and effects in the world without the claim's mechanism, for
    patterns that are not themselves a comparison with it.
    """

    draws: list[int] = field(default_factory=list)
    effects: list[np.ndarray] = field(default_factory=list)
    sizes: list[np.ndarray] = field(default_factory=list)
    conditions: tuple[str, ...] = ()
    numbers: dict[str, list[float]] = field(default_factory=dict)
    without: dict[str, list[float]] = field(default_factory=dict)
    effects_off: list[np.ndarray] = field(default_factory=list)
    sizes_off: list[np.ndarray] = field(default_factory=list)
    levels: dict[float, dict[str, list[float]]] = field(default_factory=dict)
    #: Runs that it was read from.
    runs: int = 0
    #: Draws that are left out, since a run that they need did not end well.
    failed: int = 0

    def units(self, pattern: Pattern) -> Units:
        """For a verdict on the pattern."""
        return self._units(self.effects, self.sizes, pattern)

    def units_off(self, pattern: Pattern) -> Units | None:
        """The same in the world without the mechanism; None where that was not run."""
        return self._units(self.effects_off, self.sizes_off, pattern) if self.effects_off else None

    def _units(self, found: list[np.ndarray], sizes: list[np.ndarray], pattern: Pattern) -> Units:
        n = len(self.conditions) or 1
        empty = np.zeros((0, n))
        return Units(np.array(found) if found else empty, np.array(sizes) if sizes else empty, pattern.comparison == "number")


def gather(pattern: Pattern, worlds: PatternWorlds, batch: BatchRuns, first: int, into: Gathered) -> None:
    """Add the draws of a batch, whose first is draw ``first`` of the sequence, where the batch has the pattern's worlds."""
    if any(name not in batch.worlds for name in worlds.names):
        return
    for draw in range(batch.draws):
        found = [_Replicate.read(pattern, worlds, runs) for runs in _replicates(worlds, batch, draw)]
        into.runs += batch.replicates * len(worlds.names)
        if not found:
            into.failed += 1
            continue
        into.draws.append(first + draw)
        into.conditions = found[0].conditions
        into.effects.append(_mean([r.effects for r in found]))
        into.sizes.append(_mean([r.sizes for r in found]))
        for store, key in ((into.numbers, "numbers"), (into.without, "without")):
            for name in getattr(found[0], key):
                store.setdefault(name, []).append(float(_mean([np.array(getattr(r, key)[name]) for r in found])))
        for level in found[0].levels:
            for name in found[0].levels[level]:
                values = [np.array(r.levels[level][name]) for r in found]
                into.levels.setdefault(level, {}).setdefault(name, []).append(float(_mean(values)))
        if found[0].effects_off is not None:
            into.effects_off.append(_mean([r.effects_off for r in found if r.effects_off is not None]))
            into.sizes_off.append(_mean([r.sizes_off for r in found if r.sizes_off is not None]))


def _mean(values: list[np.ndarray]) -> np.ndarray:
    return np.mean(np.stack(values), axis=0)


def _replicates(worlds: PatternWorlds, batch: BatchRuns, draw: int) -> Iterator[Mapping[str, Years]]:
    """The runs of a draw in the pattern's worlds, for each replicate that ended well in all of them."""
    for replicate in range(batch.replicates):
        runs = {name: batch.run(name, draw, replicate) for name in worlds.names}
        whole = {name: run for name, run in runs.items() if run is not None}
        if len(whole) == len(runs):
            yield whole


@dataclass(frozen=True)
class _Replicate:
    """One replicate of a draw, read for a pattern."""

    conditions: tuple[str, ...]
    effects: np.ndarray
    sizes: np.ndarray
    numbers: Mapping[str, float]
    without: Mapping[str, float]
    levels: Mapping[float, Mapping[str, float]]
    effects_off: np.ndarray | None = None
    sizes_off: np.ndarray | None = None

    @classmethod
    def read(cls, pattern: Pattern, worlds: PatternWorlds, runs: Mapping[str, Years]) -> _Replicate:
        history = runs[HISTORY]
        off = None if worlds.without is None else runs[worlds.without]
        sweep = {level: runs[name] for level, name in worlds.sweep.items()} or None
        own = effects(pattern, history, without=off if pattern.comparison == "pair" else None, sweep=sweep)
        levels = {level: numbers_of(pattern, run) for level, run in (sweep or {}).items()}
        found = cls(
            tuple(e.number for e in own), np.array([e.effect for e in own], float), np.array([e.size for e in own], float), numbers_of(pattern, history),
            {} if off is None else numbers_of(pattern, off), levels,
        )  # fmt: skip
        if off is None or pattern.comparison in ("pair", "sweep"):
            return found
        other = effects(pattern, off)
        return cls(
            found.conditions, found.effects, found.sizes, found.numbers, found.without, found.levels, np.array([e.effect for e in other], float),
            np.array([e.size for e in other], float),
        )  # fmt: skip


def numbers_of(pattern: Pattern, run: Years) -> dict[str, float]:
    """All numbers of a pattern in one run, ``nan`` where it has none; those of a span that it has begun have its first year after their names ("own_1980")."""
    reading = read(pattern, run)
    if not pattern.spans:
        return dict(reading.numbers)
    found = {f"{name}_{first}": nan for first, _last in pattern.spans if run.first <= first <= run.last for name in pattern.numbers}
    return found | {f"{name}_{first}": value for (first, _last), numbers in reading.spans for name, value in numbers.items()}
