"""What do the facts say about the parameters? Three methods for the same posterior, and where they disagree.

*Population Monte Carlo* is the result that ships. Runs come in populations: the first from the prior, each later one from a proposal made from
all earlier runs. Every run of any population gets the weight  prior × likelihood of its own numbers / mixture of all
proposals, all three exact; so poor emulators of the proposals make it slow but not wrong, and chance inside a run is
averaged over instead of being ignored (each run has its own seed). *Emulated likelihood* replaces runs by polynomials, *regression-adjusted
ABC* replaces the likelihood by nearness to simulated reports and uses the first population alone. Both are cheap enough to be repeated for
hundreds of simulated truths (simulation-based calibration); where they disagree, a warning is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from abm.errors import UserError
from calibration.emulator import Emulator, arrays_of, fit_emulator
from calibration.likelihood import Likelihood

#: Points at which emulators are evaluated.
POOL = 160_000
#: Neighbours that regression-adjusted ABC takes.
NEIGHBOURS = 600
#: Share of a proposal that is the prior: no weight can exceed 1 / share of what the prior alone would give.
DEFENSIVE = 0.2
#: Power of the emulated likelihood in a proposal: below 1, since the emulated likelihood is too narrow.
TEMPER = 0.8
ENOUGH_ESS = 300.0
LEAST_ESS = 100.0
MOST_WEIGHT = 0.05


class InferenceError(UserError):
    """An inference that cannot continue."""


@dataclass(frozen=True)
class Weighted:
    """Draws at points of the unit cube, shape (n, d), with weights that sum to 1, shape (n,)."""

    unit: np.ndarray
    weights: np.ndarray

    @classmethod
    def from_log(cls, unit: np.ndarray, log_weights: np.ndarray) -> Weighted:
        """Weights from their logarithms, shape (n,); all 0 where no logarithm is finite."""
        top = log_weights.max() if len(log_weights) else -np.inf
        if not np.isfinite(top):
            return cls(unit, np.zeros(len(unit)))
        w = np.exp(log_weights - top)
        return cls(unit, w / w.sum())

    @property
    def ess(self) -> float:
        """Effective sample size."""
        square = float((self.weights**2).sum())
        return 1.0 / square if square > 0 else 0.0

    def mean(self) -> np.ndarray:
        """Mean of each coordinate, shape (d,)."""
        return self.weights @ self.unit

    def sd(self) -> np.ndarray:
        """Standard deviation of each coordinate, shape (d,)."""
        return np.sqrt(np.maximum(self.weights @ (self.unit - self.mean()) ** 2, 0.0))

    def quantiles(self, at: Sequence[float]) -> np.ndarray:
        """Quantiles of each coordinate, shape (len(at), d)."""
        return np.stack([weighted_quantile(self.unit[:, j], self.weights, at) for j in range(self.unit.shape[1])], axis=1)


def systematic(weights: np.ndarray, n: int, start: float = 0.5) -> np.ndarray:
    """Positions of ``n`` draws by systematic resampling of ``weights``; ``start`` in [0, 1)."""
    edges = np.cumsum(weights / weights.sum())
    edges[-1] = 1.0
    return np.searchsorted(edges, (np.arange(n) + start) / n, side="right").clip(0, len(weights) - 1)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, at: Sequence[float]) -> np.ndarray:
    """Quantiles of a weighted sample (runs without a number are left out); nan where none is left. Arrays have shape (n,)."""
    good = np.isfinite(values) & (weights > 0)
    if not good.any():
        return np.full(len(at), np.nan)
    order = np.argsort(values[good], kind="stable")
    v, w = values[good][order], weights[good][order]
    middle = np.cumsum(w) - 0.5 * w
    return np.interp(np.asarray(at) * w.sum(), middle, v)


# --- emulated likelihood --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pool:
    """Points drawn from the prior, with the emulated statistics there."""

    unit: np.ndarray  #: (n, d)
    statistics: np.ndarray  #: (n, targets)
    spread: np.ndarray  #: (targets,)

    @classmethod
    def of(cls, emulator: Emulator, d: int, seed: int, n: int = POOL) -> Pool:
        """Draw ``n`` points of dimension ``d`` from the prior and evaluate the emulator there."""
        unit = np.random.default_rng(seed).random((n, d))
        return cls(unit, emulator(unit), emulator.spread)

    def posterior(self, likelihood: Likelihood, observed: np.ndarray | None = None) -> Weighted:
        """The emulated posterior of reports ``observed``, shape (targets,); default: those of the likelihood."""
        return Weighted.from_log(self.unit, replace(likelihood, spread=self.spread)(self.statistics, observed))


# --- regression-adjusted ABC ----------------------------------------------------------------------------------------------------


def simulated_reports(likelihood: Likelihood, statistics: np.ndarray, seed: int, copies: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Simulated reports of each run, ``copies`` for each: positions of the runs, shape (n · copies,), and reports, shape (n · copies, targets)."""
    at = np.tile(np.arange(len(statistics)), copies)
    return at, likelihood.report(statistics[at], np.random.default_rng(seed))


def regression_abc(
    likelihood: Likelihood,
    unit: np.ndarray,
    reports: tuple[np.ndarray, np.ndarray],
    observed: np.ndarray | None = None,
    neighbours: int = NEIGHBOURS,
) -> Weighted:
    """Runs whose simulated reports are nearest to the real one, adjusted by local-linear regression (Beaumont et al. 2002).

    Reports of the kind "most did" are matched exactly; the others by distance in units of their spread. Points are adjusted as logits, so none
    leaves the prior's range. ``unit`` has shape (n, d), ``reports`` is from :func:`simulated_reports`; empty where too few reports match.
    """
    seen = likelihood.observed if observed is None else observed
    at, made = reports
    is_number = np.array([t.kind in ("value", "ratio") for t in likelihood.targets])
    same = np.isfinite(made).all(axis=1) & (made[:, ~is_number] == seen[~is_number]).all(axis=1)
    at, made = at[same], made[same][:, is_number]
    if len(at) < 30:
        return Weighted(unit[:0], np.zeros(0))
    scale = np.maximum(1.4826 * np.median(np.abs(made - np.median(made, axis=0)), axis=0), 1e-9)
    off = (made - seen[is_number]) / scale
    distance = np.sqrt((off**2).sum(axis=1))
    near = np.argsort(distance, kind="stable")[:neighbours]
    width = float(distance[near[-1]]) * (1.0 + 1e-9) + 1e-12
    kernel = 1.0 - (distance[near] / width) ** 2
    places = np.clip(unit[at[near]], 1e-6, 1.0 - 1e-6)
    y = np.log(places) - np.log1p(-places)
    x = np.concatenate([np.ones((len(near), 1)), off[near]], axis=1)
    gram = (x * kernel[:, None]).T @ x + 1e-6 * np.eye(x.shape[1])
    slope = np.linalg.solve(gram, (x * kernel[:, None]).T @ y)
    adjusted = y - off[near] @ slope[1:]
    return Weighted(1.0 / (1.0 + np.exp(-adjusted)), kernel / kernel.sum())


def abc_posterior(likelihood: Likelihood, unit: np.ndarray, statistics: np.ndarray, seed: int, rounds: int = 8) -> Weighted:
    """Regression-adjusted ABC, averaged over ``rounds`` sets of simulated reports, since a single set has random errors."""
    found = [regression_abc(likelihood, unit, simulated_reports(likelihood, statistics, seed + k)) for k in range(rounds)]
    found = [f for f in found if len(f.weights)]
    if not found:
        return Weighted(unit[:0], np.zeros(0))
    return Weighted(np.concatenate([f.unit for f in found]), np.concatenate([f.weights for f in found]) / len(found))


# --- population Monte Carlo ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposal:
    """prior × (emulated likelihood ^ temper, capped, mixed with the prior); its density is known exactly relative to the prior's."""

    emulator: Emulator
    log_cap: float  #: largest emulated log-likelihood that counts
    log_z: float  #: log of the prior mean of the tempered, capped likelihood
    temper: float = TEMPER
    defensive: float = DEFENSIVE

    def _log_g(self, likelihood: Likelihood, unit: np.ndarray) -> np.ndarray:
        emulated = replace(likelihood, spread=self.emulator.spread)(self.emulator(unit))
        return self.temper * np.minimum(emulated, self.log_cap)

    def log_density(self, likelihood: Likelihood, unit: np.ndarray) -> np.ndarray:
        """Log of proposal / prior at points of shape (n, d); shape (n,)."""
        return np.logaddexp(np.log(self.defensive), np.log1p(-self.defensive) + self._log_g(likelihood, unit) - self.log_z)

    @classmethod
    def of(cls, emulator: Emulator, likelihood: Likelihood, pool: Pool) -> Proposal:
        """The proposal from an emulator; its normalising constant is the mean over a pool."""
        emulated = replace(likelihood, spread=emulator.spread)(pool.statistics)
        cap = float(np.quantile(emulated, 0.9999))
        g = TEMPER * np.minimum(emulated, cap)
        top = g.max()
        return cls(emulator, cap, float(top + np.log(np.mean(np.exp(g - top)))))

    def draw(self, likelihood: Likelihood, n: int, d: int, seed: int) -> np.ndarray:
        """``n`` points by rejection from the prior, shape (n, d); InferenceError where too few are accepted."""
        rng = np.random.default_rng(seed)
        n_prior = int(rng.binomial(n, self.defensive))
        found, have = [rng.random((n_prior, d))], n_prior
        for _ in range(400):
            if have >= n:
                break
            unit = rng.random((40_000, d))
            kept = unit[np.log(rng.random(len(unit))) < self._log_g(likelihood, unit) - self.temper * self.log_cap]
            found.append(kept)
            have += len(kept)
        if have < n:
            raise InferenceError(
                f"a proposal found only {have} of {n} points: its emulators put nearly all weight on a very small part of the prior; "
                f"more prior runs (--points) make them better"
            )
        return np.concatenate(found)[:n]

    def pack(self) -> dict[str, np.ndarray]:
        """As plain arrays."""
        return self.emulator.pack() | {"proposal": np.array([self.log_cap, self.log_z, self.temper, self.defensive])}

    @classmethod
    def unpack(cls, packed: Mapping[str, np.ndarray], d: int, targets: int) -> Proposal:
        """The proposal over ``d`` parameters and so many targets that :meth:`pack` wrote; ValueError where the arrays are not those of a proposal."""
        cap, z, temper, defensive = (float(x) for x in arrays_of(packed, "proposal", "f", (4,)))
        emulator = Emulator.unpack(packed, d)
        if len(emulator.each) != targets or not 0 < defensive < 1 or not temper > 0 or (emulator.spread < 0).any():
            raise ValueError("it is not a proposal for these targets")
        return cls(emulator, cap, z, temper, defensive)


def mixture_weights(
    unit: np.ndarray, log_likelihood: np.ndarray, sizes: Sequence[int], proposals: Sequence[Proposal], designed_for: Likelihood
) -> tuple[Weighted, float]:
    """Exact weights of all runs of all populations, and the log of the evidence (the mean likelihood under the prior).

    ``unit`` has shape (n, d), ``log_likelihood`` shape (n,); ``sizes`` are those of the first population (from the prior) and of each proposal's.
    A proposal's density is that for the likelihood it was designed for, also after the targets change.
    """
    total = float(sum(sizes))
    parts = [np.full(len(unit), np.log(sizes[0] / total))]
    parts += [np.log(size / total) + p.log_density(designed_for, unit) for size, p in zip(sizes[1:], proposals, strict=True) if size]
    log_mixture = np.logaddexp.reduce(np.stack(parts), axis=0)
    log_weights = log_likelihood - log_mixture
    top = log_weights.max() if len(log_weights) else -np.inf
    if not np.isfinite(top):
        return Weighted.from_log(unit, log_weights), float("-inf")
    return Weighted.from_log(unit, log_weights), float(top + np.log(np.mean(np.exp(log_weights - top))))


def next_proposal(
    unit: np.ndarray, statistics: np.ndarray, likelihood: Likelihood, seed: int, pool_size: int = POOL
) -> tuple[Proposal, Pool]:
    """The proposal from all runs so far, and its pool; ``unit`` has shape (n, d), ``statistics`` (n, targets)."""
    emulator = fit_emulator(unit, statistics)
    pool = Pool.of(emulator, unit.shape[1], seed, pool_size)
    return Proposal.of(emulator, likelihood, pool), pool
