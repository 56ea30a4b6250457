"""Which worlds show a claim, and what did pairs of runs give for it? The history beside the worlds that ``lintas evidence`` sets beside it; nothing of the browser.

A *unit* is a seed with the fitted values, or a draw of the posterior with a seed; it is run in every world of the claim, with the same households and random
numbers. What a unit gives for a pattern is what the ledger would make of it (``abm.claims.interpret``); no model logic is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from abm.claims.claim import Claim, Pattern
from abm.claims.interpret import effects
from abm.claims.years import Years
from experiments.app.series import Job, yearly_of
from experiments.app.state import Choice
from experiments.evidence.ledger import Interval
from experiments.evidence.units import numbers_of
from experiments.evidence.verdict import Units

if TYPE_CHECKING:
    import pandas as pd

HISTORY = "history"
#: Units that are added at a time, and the most of a page.
MORE, MOST = 8, 64
#: What a link holds of the units: how many, and whether they are seeds or draws.
_ASKED = re.compile(r"([1-9]\d?)([sd])")


@dataclass(frozen=True)
class WantedPairs:
    """How many units are asked for, and whether these are seeds (with the fitted values) or draws of the posterior."""

    count: int
    is_draws: bool = False

    @classmethod
    def read(cls, text: str) -> WantedPairs | None:
        """Of a link's text: "1s" is one seed, "16d" are sixteen draws. None for anything else."""
        found = _ASKED.fullmatch(text) if text.isascii() and len(text) <= 3 else None
        return None if found is None or int(found[1]) > MOST else cls(int(found[1]), found[2] == "d")

    def write(self) -> str:
        """The same as text."""
        return f"{self.count}{'d' if self.is_draws else 's'}"

    @property
    def more(self) -> WantedPairs:
        """As many as the next press of the button asks for: one becomes eight, then eight more each time."""
        return replace(self, count=min(self.count + MORE if self.count >= MORE else MORE, MOST))


def seed_number(choice: Choice) -> int:
    """The seed of a choice as a number; 0 for a text that is none yet, which is refused before anything runs."""
    seed = choice.seed.strip()
    return int(seed) if seed.isascii() and seed.isdigit() and len(seed) <= 20 else 0


def world(base: Choice, scenario: str | None = None, switch: str | None = None, at: tuple[str, float] | None = None) -> Choice:
    """A world beside the history: another scenario, the history without a mechanism, or with a parameter at a level.

    A level is set also where it is the fitted value: a draw would have another one.
    """
    found = Choice(scenario or HISTORY, base.households, base.seed)
    if switch is not None:
        found = found.switched(switch, False)
    return found if at is None else replace(found, changed=dict([at]))


@dataclass(frozen=True)
class Worlds:
    """The worlds of one pattern."""

    pattern: Pattern
    without: Choice | None
    levels: Mapping[float, Choice]


class ClaimPairs:
    """A claim's worlds at a size and seed."""

    def __init__(self, claim: Claim, base: Choice) -> None:
        self.claim = claim
        #: Worlds by the hash of their scenario: those of the same content are one, as in the ledger.
        self._known: dict[str, Choice] = {}
        self.history = Choice(HISTORY, base.households, base.seed)
        off = claim.scenario is not None or claim.switch is not None
        #: The world without the claim's mechanism, as the ledger takes it; None where the claim names none.
        self.off = self._one(world(base, claim.scenario, None if claim.scenario else claim.switch)) if off else None
        self.patterns = tuple(self._worlds(pattern, base) for pattern in claim.asked)

    def _one(self, choice: Choice) -> Choice:
        """The choice, or one that was met before and is the same world."""
        return self._known.setdefault(replace(choice, seed="0").checked(str)[0].hash, choice)

    def _worlds(self, pattern: Pattern, base: Choice) -> Worlds:
        if pattern.comparison == "pair":
            return Worlds(pattern, self._one(world(base, pattern.scenario, None if pattern.scenario else pattern.switch)), {})
        sweep = pattern.sweep
        if sweep is not None:
            return Worlds(pattern, self.off, {level: self._one(world(base, at=(sweep.parameter, level))) for level in sweep.levels})
        return Worlds(pattern, self.off, {})

    @cached_property
    def beside(self) -> Choice | None:
        """The world that is drawn beside the history: without the mechanism, else that of the first pattern with another world; None where there is none."""
        if self.off is not None:
            return self.off
        for one in self.patterns:
            if one.without is not None:
                return one.without
            if one.levels:
                return one.levels[max(one.levels)]
        return None

    @cached_property
    def worlds(self) -> tuple[Choice, ...]:
        """Every world that the claim needs, the history first and the one beside it next."""
        found = [self.history, self.beside]
        for one in self.patterns:
            found += [one.without, *one.levels.values()]
        return tuple({choice.key: choice for choice in found if choice is not None}.values())

    def unit(self, k: int, is_draws: bool, choice: Choice) -> Job:
        """The run of one world in unit ``k``: with the seed of the page plus k, and the draw k where these are draws."""
        seed = str(seed_number(choice) + k) if k else choice.seed
        return Job(replace(choice, seed=seed), k if is_draws else None)

    @property
    def first(self) -> tuple[Job, ...]:
        """The runs that are drawn: the history and the world beside it, with the fitted values and the seed of the page."""
        return tuple(Job(choice) for choice in (self.history, self.beside) if choice is not None)

    def jobs(self, asked: WantedPairs) -> tuple[Job, ...]:
        """All runs: those that are drawn, then unit by unit."""
        units = [self.unit(k, asked.is_draws, choice) for k in range(asked.count) for choice in self.worlds]
        return tuple({job.key: job for job in (*self.first, *units)}.values())

    def given(self, asked: WantedPairs) -> list[PatternGiven]:
        """What the finished units gave for each pattern, in order; a pattern of which no unit is finished is left out."""
        read: dict[int, Years] = {}

        def years(job: Job) -> Years | None:
            table = yearly_of(job)
            return None if table is None else read.setdefault(id(table), Years(table))

        found = [PatternGiven.of(self, one, asked, years) for one in self.patterns]
        return [one for one in found if one.effects]


@dataclass(frozen=True, eq=False)
class PatternGiven:
    """What the units gave for one pattern; a list entry for each finished unit. ``sizes`` and ``effects`` are those of its conditions, in their order."""

    pattern: Pattern
    conditions: tuple[str, ...]
    effects: list[list[float]]
    sizes: list[list[float]]
    numbers: list[Mapping[str, float]]
    without: list[Mapping[str, float]]

    @classmethod
    def of(cls, pairs: ClaimPairs, worlds: Worlds, asked: WantedPairs, years) -> PatternGiven:
        """Read every finished unit."""
        pattern = worlds.pattern
        found = cls(pattern, (), [], [], [], [])
        names: tuple[str, ...] = ()
        for k in range(asked.count):

            def of(choice: Choice | None, k: int = k) -> Years | None:
                return None if choice is None else years(pairs.unit(k, asked.is_draws, choice))

            history, other = of(pairs.history), of(worlds.without)
            levels = {level: of(choice) for level, choice in worlds.levels.items()}
            if history is None or (worlds.without is not None and other is None) or None in levels.values():
                continue
            sweep = {level: run for level, run in levels.items() if run is not None} or None
            own = effects(pattern, history, without=other if pattern.comparison == "pair" else None, sweep=sweep)
            names = tuple(one.number for one in own)
            found.effects.append([one.effect for one in own])
            found.sizes.append([one.size for one in own])
            found.numbers.append(numbers_of(pattern, history))
            found.without.append({} if other is None else numbers_of(pattern, other))
        return replace(found, conditions=names)

    @property
    def units(self) -> Units:
        """For shares of units that show and miss it."""
        return Units(np.array(self.effects), np.array(self.sizes), self.pattern.comparison == "number")

    def interval(self, number: str, of: str = "numbers") -> Interval:
        """A number over the units: its median and middle 90 %. ``of``: "numbers", "without", or "difference" (with less without, unit by unit)."""
        nan = float("nan")
        one, other = ([unit.get(number, nan) for unit in given] for given in (self.numbers, self.without))
        return Interval.of({"numbers": one, "without": other}.get(of, list(np.array(one) - np.array(other))))

    def effect(self, at: int) -> Interval:
        """The effect of a condition over the units."""
        return Interval.of([unit[at] for unit in self.effects])

    def sign_share(self, at: int) -> float:
        """The share of units whose effect has the stated sign; ``nan`` where none has a number."""
        values = np.array([unit[at] for unit in self.effects])
        good = values[np.isfinite(values)]
        return float((good > 0).mean()) if len(good) else float("nan")


def indicators_of(claim: Claim, known: tuple[str, ...]) -> tuple[str, ...]:
    """The indicators that may be drawn for a claim: what its patterns look at, then its other indicators."""
    parts = [part.output for pattern in claim.asked for number in pattern.numbers.values() for part in number.parts]
    return tuple(name for name in dict.fromkeys((*parts, *claim.indicators)) if name in known)


def read_first(pairs: ClaimPairs) -> list[pd.DataFrame | None]:
    """The yearly tables of the runs that are drawn."""
    return [yearly_of(job) for job in pairs.first]
