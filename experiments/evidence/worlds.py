"""Which worlds must be run to judge the claims? The history, and what each pattern sets beside it: without a mechanism, another scenario, a level of a parameter.

ClaimWorlds of the same content are one, so that runs serve every row that needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from abm.claims.claim import Claim, Pattern

if TYPE_CHECKING:
    from abm import Scenario

#: The world that all others are compared with.
HISTORY = "history"


@dataclass(frozen=True)
class PatternWorlds:
    """Names of the worlds that one pattern is read from."""

    #: The world without the mechanism; None where the claim names none.
    without: str | None = None
    #: Worlds by level of the swept parameter.
    sweep: Mapping[float, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, with the history."""
        return (HISTORY, *([self.without] if self.without else []), *self.sweep.values())


@dataclass(frozen=True)
class ClaimWorlds:
    """All worlds by name, and those of each pattern by claim and pattern (``("E03", "count")``)."""

    scenarios: Mapping[str, Scenario]
    of: Mapping[tuple[str, str], PatternWorlds]
    #: The world without a claim's mechanism, by claim; claims that name none are left out.
    off: Mapping[str, str]

    def needed(self, patterns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """The worlds of some patterns, the history first, in the order in which all worlds have them."""
        wanted = {HISTORY} | {name for key in patterns for name in self.of[key].names}
        return tuple(name for name in self.scenarios if name in wanted)


def worlds_of(claims: Mapping[str, Claim], end: str | None = None) -> ClaimWorlds:
    """The worlds that some claims need; ``end`` is the last month of all ("2015-12")."""
    found = _Found(end)
    found.add(HISTORY)
    of: dict[tuple[str, str], PatternWorlds] = {}
    off: dict[str, str] = {}
    for claim in claims.values():
        if claim.scenario is not None or claim.switch is not None:
            off[claim.id] = found.scenario(claim.scenario) if claim.scenario is not None else found.without(claim.switch or "")
        for pattern in claim.asked:
            of[claim.id, pattern.id] = _of_pattern(pattern, off.get(claim.id), found)
    return ClaimWorlds(found.scenarios, of, off)


def _of_pattern(pattern: Pattern, off: str | None, found: _Found) -> PatternWorlds:
    if pattern.comparison == "pair":
        return PatternWorlds(found.scenario(pattern.scenario) if pattern.scenario is not None else found.without(pattern.switch or ""))
    if pattern.sweep is not None:
        return PatternWorlds(off, {level: found.at(pattern.sweep.parameter, level) for level in pattern.sweep.levels})
    return PatternWorlds(off)


class _Found:
    """Worlds as they are met; one that equals another has its name."""

    def __init__(self, end: str | None) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self._names: dict[str, str] = {}
        self._more = {} if end is None else {"end": end}

    def add(self, name: str, base: str = HISTORY, **changes: object) -> str:
        from abm import Scenario

        scenario = Scenario.load(base, **changes, **self._more)  # type: ignore[arg-type]
        if scenario.hash in self._names:
            return self._names[scenario.hash]
        self.scenarios[name] = replace(scenario, name=name)
        self._names[scenario.hash] = name
        return name

    def scenario(self, name: str) -> str:
        """A shipped scenario."""
        return self.add(name, name)

    def without(self, switch: str) -> str:
        """The history without a mechanism."""
        return self.add(f"without-{switch}", without=[switch])

    def at(self, parameter: str, level: float) -> str:
        """The history with a parameter at a level."""
        return self.add(re.sub(r"[^\w.-]+", "-", f"{parameter}={level:g}"), set={parameter: level})
