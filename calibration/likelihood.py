"""How likely are all fitted reports together, given the results of a run? Reports of one group share part of their error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from calibration.target import MEASURED, Target

if TYPE_CHECKING:
    from calibration.runs import Runs


@dataclass(frozen=True)
class Likelihood:
    """Log-probability of all fitted reports given a run's statistics; reports of a group share part of their error."""

    targets: tuple[Target, ...]
    #: sd of the error of each statistic itself (an emulator's), shape (targets,); empty for a run's own numbers
    spread: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def observed(self) -> np.ndarray:
        """What was reported, shape (targets,)."""
        return np.array([t.observed for t in self.targets])

    def _groups(self) -> list[list[int]]:
        found: dict[str, list[int]] = {}
        for i, t in enumerate(self.targets):
            shared = t.group if t.group and t.kind in MEASURED and t.correlation else f" {i}"
            found.setdefault(shared, []).append(i)
        return list(found.values())

    def _sd(self, i: int) -> float:
        return float(self.spread[i]) if len(self.spread) else 0.0

    def covariance(self, members: Sequence[int]) -> np.ndarray:
        """Covariance of the reports of a group, with correlated errors of the reports and independent errors of the statistics."""
        tolerance = np.array([self.targets[i].tolerance for i in members])
        shared = np.full((len(members), len(members)), self.targets[members[0]].correlation)
        np.fill_diagonal(shared, 1.0)
        return shared * np.outer(tolerance, tolerance) + np.diag([self._sd(i) ** 2 for i in members])

    def each(self, statistics: np.ndarray, observed: np.ndarray | None = None) -> np.ndarray:
        """Log-likelihood of each target by itself, shape (n, targets)."""
        seen = self.observed if observed is None else observed
        columns = [t.log_likelihood(statistics[:, i], seen[i], self._sd(i)) for i, t in enumerate(self.targets)]
        return np.stack([np.where(np.isfinite(c), c, -np.inf) for c in columns], axis=1)

    def __call__(self, statistics: np.ndarray, observed: np.ndarray | None = None) -> np.ndarray:
        """Log-likelihood of all reports, shape (n,), of statistics of shape (n, targets); -inf for a run without a number."""
        seen = self.observed if observed is None else observed
        total = np.zeros(len(statistics))
        for members in self._groups():
            if len(members) == 1:
                i = members[0]
                total += self.targets[i].log_likelihood(statistics[:, i], seen[i], self._sd(i))
                continue
            covariance = self.covariance(members)
            off = statistics[:, members] - seen[members]
            half = np.linalg.solve(np.linalg.cholesky(covariance), off.T)
            constant = float(np.linalg.slogdet(covariance)[1]) + len(members) * math.log(2 * math.pi)
            total += -0.5 * (half**2).sum(axis=0) - 0.5 * constant
        return np.where(np.isfinite(total), total, -np.inf)

    def report(self, statistics: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Simulated reports of runs with these statistics; both of shape (n, targets)."""
        made = np.zeros_like(statistics)
        for members in self._groups():
            if len(members) > 1 or self.targets[members[0]].kind in MEASURED:
                root = np.linalg.cholesky(replace(self, spread=np.zeros(0)).covariance(members))
                made[:, members] = statistics[:, members] + rng.standard_normal((len(statistics), len(members))) @ root.T
                continue
            t = self.targets[members[0]]
            score = (np.minimum(statistics[:, members[0]], t.cap) - t.mark) / t.width
            made[:, members[0]] = rng.standard_normal(len(statistics)) < score
        return made


def statistics(targets: Iterable[Target], runs: Runs) -> np.ndarray:
    """Statistics of each run, shape (n, targets)."""
    rows = list(targets)
    return np.stack([t.statistic(runs) for t in rows], axis=1) if rows else np.zeros((len(runs), 0))
