"""Which runs go to a worker together? Chunks last some seconds and shrink towards the end, so that all workers stop at about the same time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Chunk:
    rows: list[dict[str, Any]]
    attempts: list[int]
    alone: bool = False


@dataclass
class SecondsOfRuns:
    """Seconds that a run takes, learned for each number of households."""

    known: dict[int, float] = field(default_factory=dict)

    def learn(self, households: int, seconds: float) -> None:
        before = self.known.get(households)
        self.known[households] = seconds if before is None else 0.8 * before + 0.2 * seconds

    def of(self, households: int) -> float | None:
        if households in self.known:
            return self.known[households]
        if not self.known:
            return None
        nearest = min(self.known, key=lambda h: abs(h - households))
        return self.known[nearest] * max(households / nearest, 0.1)
