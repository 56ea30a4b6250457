"""What do runs say of a pattern, and how sure is that? Verdicts that stay valid however often one looks and however many patterns are asked.

A *unit* is one draw of the posterior (or one seed), run in every world that a pattern compares. It *shows* the pattern where every condition has an effect of
more than half its smallest effect of use, and *misses* it where some condition has an effect below that size. With a size of 0 it shows the
pattern or misses it.

Let p be the share of units that show a pattern, over all draws of the posterior, and q the share that misses it. The pattern *holds* when "p is at most
0.9" is refuted, and *does not hold* when "q is at most 0.9" is. Both are refuted by bets: a player who starts with 1 and bets on each unit
at odds that are fair if the hypothesis is true ends with a wealth of w with a chance of at most 1/w, whenever he stops (Ville's inequality; Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", 2024). The wealth is therefore evidence at every look. Many patterns are judged
together by the rule of Wang and Ramdas ("False discovery rate control with e-values", 2022): of all verdicts *holds* and *does not hold*, the
expected share of wrong ones is at most ``ERROR``, however the patterns depend on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

#: The share of the posterior that must show (or miss) a pattern.
SURE = 0.9
#: The expected share of wrong ones among the verdicts "holds" and "does not hold", at most.
ERROR = 0.05
#: Stakes of the player, as shares of the largest stake that cannot ruin him; his wealth is spread evenly over them.
STAKES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.96, 0.99)

#: What is said of one pattern. ``undecided``: the posterior itself holds draws of both kinds, and more runs would not change that. ``no number``: a number
#: that it needs can be computed in no unit (the runs end before its years, say), so that nothing is known of it.
Said = Literal["holds", "does not hold", "undecided", "no number", "open"]
#: Why a pattern does not hold: nine tenths of the units go against the stated direction by more than half the size, or stay below the size in both, or
#: neither; or the number is not near the paper's.
Reason = Literal["", "opposite", "no effect of use", "draws differ", "not near"]


@dataclass(frozen=True)
class Units:
    """What the units gave for the conditions of one pattern.

    ``effects`` and ``sizes`` have shape (units, conditions): the effect is above 0 in the stated direction, the size (0 or more) is the smallest effect of
    use in the same unit. A unit with a number that cannot be computed counts as missing where other units have it. ``is_number``: the conditions compare with
    numbers of the paper.
    """

    effects: np.ndarray
    sizes: np.ndarray
    is_number: bool = False

    def __post_init__(self) -> None:
        if self.effects.ndim != 2 or self.effects.shape != self.sizes.shape:
            raise ValueError(
                f"effects and sizes must have one shape (units, conditions), found {self.effects.shape} and {self.sizes.shape}"
            )

    def __len__(self) -> int:
        return len(self.effects)

    @property
    def _finite(self) -> np.ndarray:
        return np.isfinite(self.effects) & np.isfinite(self.sizes)

    @property
    def known(self) -> np.ndarray:
        """Which units have every number, shape (units,)."""
        return self._finite.all(axis=1)

    @property
    def never(self) -> np.ndarray:
        """Which conditions have a number in no unit, shape (conditions,)."""
        return ~self._finite.any(axis=0)

    @property
    def fails(self) -> np.ndarray:
        """Which conditions miss in which unit, shape (units, conditions); where the size is 0, an effect of 0 misses. One without any number misses in none."""
        with np.errstate(invalid="ignore"):
            below = np.where(self.sizes > 0, self.effects < self.sizes, self.effects <= 0)
        return np.asarray((below | ~self._finite) & ~self.never)

    @property
    def shows(self) -> np.ndarray:
        """Which units show the pattern, shape (units,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.known & (self.effects > self.sizes / 2).all(axis=1))

    @property
    def misses(self) -> np.ndarray:
        """Which units miss it, shape (units,)."""
        return np.asarray(self.fails.any(axis=1))


def wealth(hits: np.ndarray, share: float, above: bool = True) -> float:
    """The player's wealth after his bets against "the chance of a hit is at most ``share``" (``above``), or "at least ``share``" (not ``above``).

    ``hits`` has shape (units,), in the order in which they came. Under the hypothesis the wealth is a martingale (or falls) from 1, so it
    reaches w with a chance of at most 1/w.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; it must lie between 0 and 1")
    won = np.asarray(hits, dtype=bool)
    if not above:
        won, share = ~won, 1 - share
    n, k = len(won), int(won.sum())
    stakes = np.array(STAKES) / share  # a larger one would owe more than it has after a miss
    logs = k * np.log1p(stakes * (1 - share)) + (n - k) * np.log1p(-stakes * share)
    return float(np.exp(np.logaddexp.reduce(logs) - np.log(len(STAKES))))


def chosen(values: Sequence[float], error: float = ERROR) -> list[bool]:
    """Which of many hypotheses are refuted together, from the wealth of the bets against each; the expected share of wrong ones among them is at most ``error``.

    The k largest are, for the largest k whose smallest member is at least (number of hypotheses) ÷ (error × k).
    """
    if not 0 < error < 1:
        raise ValueError(f"error is {error}; it must lie between 0 and 1")
    order = sorted(range(len(values)), key=lambda at: -values[at])
    most = 0
    for k, at in enumerate(order, 1):
        if values[at] >= len(values) / (error * k):
            most = k
    refuted = set(order[:most])
    return [at in refuted for at in range(len(values))]


@dataclass(frozen=True)
class Finding:
    """What the units say of one pattern: shares of the units that show and miss it, the wealth of the bets on each side, and the verdict.

    The shares are ``nan`` where there is no unit or no number.
    """

    said: Said
    reason: Reason
    units: int
    shows: float
    misses: float
    for_it: float
    against_it: float
    #: Position of the condition that fails most often, or that has no number; None where the pattern does not fail.
    failing: int | None = None


def judge(patterns: Mapping[str, Units], error: float = ERROR, sure: float = SURE) -> dict[str, Finding]:
    """The findings of all patterns together. ``sure`` is the share of units that must show (or miss) a pattern."""
    names = list(patterns)
    bets = {name: (wealth(patterns[name].shows, sure), wealth(patterns[name].misses, sure)) for name in names}
    refuted = chosen([value for name in names for value in bets[name]], error)
    found: dict[str, Finding] = {}
    for at, name in enumerate(names):
        units = patterns[name]
        holds, fails = refuted[2 * at], refuted[2 * at + 1]
        said: Said = "open"
        if fails:  # first: an effect that is surely more than half the size of use and surely less than it is of no use
            said = "does not hold"
        elif holds:
            said = "holds"
        elif len(units) and units.never.any():
            said = "no number"
        elif _both_kinds(units, error, sure):
            said = "undecided"
        reason, failing = _why(units) if said == "does not hold" else ("", int(units.never.argmax()) if said == "no number" else None)
        n = len(units)
        shows, misses = (float(one.mean()) if n and said != "no number" else float("nan") for one in (units.shows, units.misses))
        found[name] = Finding(said, reason, n, shows, misses, *bets[name], failing)
    return found


def _both_kinds(units: Units, error: float, sure: float) -> bool:
    """Whether the posterior surely holds too few draws that show the pattern, and too few that miss it, for either verdict."""
    return min(wealth(units.shows, sure, above=False), wealth(units.misses, sure, above=False)) >= 2 / error


def _why(units: Units) -> tuple[Reason, int]:
    """Why a pattern fails, and the condition that fails most often."""
    worst = int(units.fails.mean(axis=0).argmax())
    if units.is_number:
        return "not near", worst
    effects, sizes = units.effects[:, worst], units.sizes[:, worst]
    with np.errstate(invalid="ignore"):
        against = np.where(sizes > 0, effects < -sizes / 2, effects < 0)
        small = np.where(sizes > 0, abs(effects) < sizes, effects == 0) | ~np.isfinite(effects)
    if against.mean() >= SURE:
        return "opposite", worst
    return ("no effect of use" if small.mean() >= SURE else "draws differ"), worst


def found_with_chance(effect: float, spread: float, size: float, units: int, patterns: int = 1) -> float:
    """The chance that a pattern with one condition holds after so many units, whose effects are normal around ``effect`` with standard deviation ``spread``.

    It is one of ``patterns`` of which no other is clear, so that its bar is the highest: the chance is the least that it can be. ``nan`` where the
    spread is none.
    """
    from scipy.stats import binom, norm

    if not spread >= 0:
        return float("nan")
    bar, hits = 2 * patterns / ERROR, np.zeros(units, dtype=bool)
    for fewest in range(units + 1):
        hits[:fewest] = True
        if wealth(hits, SURE) >= bar:
            shows = float(norm.cdf((effect - size / 2) / spread)) if spread > 0 else float(effect > size / 2)
            return float(binom.sf(fewest - 1, units, shows))
    return 0.0
