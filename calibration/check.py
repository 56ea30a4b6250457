"""Can the posterior be trusted? Simulation-based calibration, simulated truths, what each target moves, what remains unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import chi2

from calibration.emulator import fit_emulator
from calibration.infer import Pool, Weighted, regression_abc, simulated_reports, weighted_quantile
from calibration.likelihood import Likelihood
from calibration.priors import UNIT_SD
from calibration.target import Target

Label = Literal["informed", "weak", "prior only"]
INFORMED, WEAK = 0.5, 0.9
BINS = 20
#: Draws among which a truth is ranked (100 ranks fill the bins evenly).
RANKS = 99


def label(ratio: float) -> Label:
    """The label of a parameter by ``ratio``, posterior sd / prior sd."""
    return "informed" if ratio < INFORMED else "weak" if ratio <= WEAK else "prior only"


def labels(posterior: Weighted) -> list[Label]:
    """The label of each coordinate."""
    return [label(float(r)) for r in posterior.sd() / UNIT_SD]


# --- simulation-based calibration ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Calibration:
    """How often intervals contain the truth, over many simulated truths, for some coordinates."""

    method: str
    positions: np.ndarray
    n: int
    ranks: np.ndarray  #: (n, coordinates), 0 … RANKS
    inside_90: np.ndarray  #: (coordinates,)
    inside_50: np.ndarray
    error: np.ndarray  #: mean |posterior mean − truth| in prior sd
    p_value: np.ndarray  #: of evenly filled bins
    bins: np.ndarray  #: (coordinates, BINS)

    def to_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """As JSON."""
        rows = [
            {
                "parameter": names[p], "coverage_90": float(self.inside_90[k]), "coverage_50": float(self.inside_50[k]), "error": float(self.error[k]),
                "p_value": float(self.p_value[k]), "bins": self.bins[k].astype(int).tolist(),
            }
            for k, p in enumerate(self.positions)
        ]  # fmt: skip
        said = {"coverage_90": float(self.inside_90.mean()), "coverage_50": float(self.inside_50.mean()), "error": float(self.error.mean())}
        return {
            "method": self.method,
            "n": self.n,
            **said,
            "smallest_p": float(self.p_value.min()),
            "needed_p": 0.05 / len(rows),
            "parameters": rows,
        }


def sbc(
    unit: np.ndarray, statistics: np.ndarray, likelihood: Likelihood, *, method: Literal["emulated", "abc", "prior"], tests: int, seed: int,
    positions: np.ndarray | None = None, pool_size: int = 160_000,
) -> Calibration:  # fmt: skip
    """Simulation-based calibration (Talts et al. 2018) from prior runs: ``tests`` of them, drawn at random, are the truths, the posterior is computed from the others.
    (A block of the Sobol sequence is spread more evenly than random points, so the test of the ranks would be too lenient.)

    ``unit`` has shape (n, d), ``statistics`` (n, targets); ``positions`` are the coordinates tested (default: those that move a statistic).
    The method ``prior`` uses the prior runs as the posterior: its coverage is perfect although it has no information, so it is shown for comparison.
    """
    good = np.isfinite(statistics).all(axis=1)
    unit, statistics = unit[good], statistics[good]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(unit))
    bank, truth = np.sort(order[tests:]), order[:tests]
    reports = likelihood.report(statistics[truth], rng)
    emulator = fit_emulator(unit[bank], statistics[bank])
    positions = emulator.active if positions is None else positions
    pool = Pool.of(emulator, unit.shape[1], seed + 1, pool_size) if method == "emulated" else None
    made = simulated_reports(likelihood, statistics[bank], seed + 2) if method == "abc" else None
    ranks = np.zeros((tests, len(positions)))
    inside_90, inside_50, error = np.zeros((tests, len(positions))), np.zeros((tests, len(positions))), np.zeros((tests, len(positions)))
    for k in range(tests):
        if method == "emulated":
            assert pool is not None
            found = pool.posterior(likelihood, reports[k])
        elif method == "abc":
            assert made is not None
            found = regression_abc(likelihood, unit[bank], made, reports[k])
        else:
            n = len(unit[bank])
            found = Weighted(unit[bank], np.full(n, 1.0 / n))
        theta = unit[truth][k, positions]
        if len(found.weights) == 0 or not found.weights.sum() > 0:
            ranks[k], error[k] = rng.integers(0, RANKS + 1, len(positions)), np.abs(theta - 0.5) / UNIT_SD
            continue
        draws = found.unit[np.searchsorted(np.cumsum(found.weights), rng.random(RANKS) * (1 - 1e-12)).clip(0, len(found.weights) - 1)][
            :, positions
        ]
        ranks[k] = (draws < theta).sum(axis=0)
        mine = Weighted(found.unit[:, positions], found.weights) if len(positions) < found.unit.shape[1] else found
        edges = mine.quantiles([0.05, 0.25, 0.75, 0.95])
        inside_90[k] = (theta >= edges[0]) & (theta <= edges[3])
        inside_50[k] = (theta >= edges[1]) & (theta <= edges[2])
        error[k] = np.abs(mine.mean() - theta) / UNIT_SD
    bins = np.stack([np.bincount((ranks[:, j] * BINS // (RANKS + 1)).astype(int), minlength=BINS) for j in range(len(positions))])
    expected = tests / BINS
    p_value = chi2.sf(((bins - expected) ** 2 / expected).sum(axis=1), BINS - 1)
    return Calibration(method, positions, tests, ranks, inside_90.mean(0), inside_50.mean(0), error.mean(0), p_value, bins)


@dataclass(frozen=True)
class SimulatedTruth:
    """A simulated truth, and the posterior mean and sd of the parameters that are informed or weakly informed."""

    truth: np.ndarray
    positions: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    @property
    def off(self) -> np.ndarray:
        """Distance of the truth from the mean in posterior sd."""
        return np.abs(self.mean - self.truth[self.positions]) / np.maximum(self.sd, 1e-12)


def simulated_truths(
    unit: np.ndarray, statistics: np.ndarray, likelihood: Likelihood, at: Sequence[int], seed: int
) -> list[SimulatedTruth]:
    """Take some runs as simulated truths: simulate reports of them with the declared errors, leave them out of the prior runs, and compute the posterior.

    ``unit`` has shape (n, d), ``statistics`` (n, targets), ``at`` holds positions of runs. Since reports have errors, about one in twenty truths
    is more than two posterior sd away.
    """
    found = []
    rng = np.random.default_rng(seed + 7)
    for k in at:
        keep = np.isfinite(statistics).all(axis=1)
        keep[k] = False
        emulator = fit_emulator(unit[keep], statistics[keep])
        pool = Pool.of(emulator, unit.shape[1], seed)
        posterior = pool.posterior(likelihood, likelihood.report(statistics[[k]], rng)[0])
        informed = np.flatnonzero(posterior.sd() / UNIT_SD <= WEAK)
        found.append(SimulatedTruth(unit[k], informed, posterior.mean()[informed], posterior.sd()[informed]))
    return found


# --- what is known, and what not ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Direction:
    """A combination of parameters: how much of its prior spread is left, and its parameters with their loadings."""

    ratio: float
    positions: tuple[int, ...]
    loadings: tuple[float, ...]


def directions(posterior: Weighted, positions: np.ndarray, most: int = 4, least_loading: float = 0.3) -> list[Direction]:
    """The best known combinations of the active parameters (principal directions of the posterior in prior sd)."""
    x = (posterior.unit[:, positions] - 0.5) / UNIT_SD
    mean = posterior.weights @ x
    covariance = ((x - mean) * posterior.weights[:, None]).T @ (x - mean)
    values, vectors = np.linalg.eigh(covariance)
    found = []
    for k in range(min(most, len(values))):
        v = vectors[:, k] * np.sign(vectors[np.argmax(np.abs(vectors[:, k])), k])
        used = np.flatnonzero(np.abs(v) >= least_loading)
        used = used[np.argsort(-np.abs(v[used]), kind="stable")]
        found.append(Direction(float(np.sqrt(max(values[k], 0.0))), tuple(positions[used].tolist()), tuple(v[used].tolist())))
    return found


def sloppy_pairs(posterior: Weighted, positions: np.ndarray, least: float = 0.25) -> list[tuple[int, int, float]]:
    """Pairs of parameters that are better known together than each alone: positions and correlation, the strongest first."""
    x = posterior.unit[:, positions]
    centred = x - posterior.weights @ x
    covariance = (centred * posterior.weights[:, None]).T @ centred
    sd = np.sqrt(np.maximum(np.diag(covariance), 1e-15))
    correlation = covariance / np.outer(sd, sd)
    pairs = [
        (int(positions[i]), int(positions[j]), float(correlation[i, j]))
        for i in range(len(positions))
        for j in range(i + 1, len(positions))
        if abs(correlation[i, j]) >= least
    ]
    return sorted(pairs, key=lambda p: -abs(p[2]))


def disagreement(a: Weighted, b: Weighted, positions: np.ndarray) -> np.ndarray:
    """Distance of two posteriors' means in sd of the wider one, for the coordinates ``positions``; shape (positions,)."""
    sd = np.maximum(np.maximum(a.sd(), b.sd())[positions], 1e-12)
    return np.abs(a.mean() - b.mean())[positions] / sd


def leave_one_out(posterior: Weighted, statistics: np.ndarray, likelihood: Likelihood, positions: np.ndarray) -> list[dict[str, Any]]:
    """What each target moves: the posterior without it, by removing its likelihood from the weights.

    ``statistics`` has shape (n, targets); ``positions`` are the parameters whose shifts are reported.
    """
    total, found = likelihood(statistics), []
    base_mean, base_sd = posterior.mean(), posterior.sd()
    for i, target in enumerate(likelihood.targets):
        others = Likelihood(tuple(t for k, t in enumerate(likelihood.targets) if k != i))
        rest = others(np.delete(statistics, i, axis=1)) if others.targets else np.zeros(len(statistics))
        with np.errstate(divide="ignore", invalid="ignore"):
            log_weights = np.where(posterior.weights > 0, np.log(posterior.weights) - total + rest, -np.inf)
        without = Weighted.from_log(posterior.unit, np.where(np.isfinite(log_weights), log_weights, -np.inf))
        shift = (without.mean() - base_mean)[positions] / UNIT_SD
        width = (without.sd() / np.maximum(base_sd, 1e-12))[positions]
        own = statistics[:, i]
        quantiles = weighted_quantile(own, without.weights, [0.05, 0.5, 0.95])
        moved = np.argsort(-np.maximum(np.abs(shift), np.abs(width - 1.0)), kind="stable")[:5]
        found.append({
            "target": target.id, "ess": without.ess, "predicted": target.shown(quantiles).tolist(), "observed_inside": bool(_agrees(target, quantiles)),
            "moves": [{"position": int(positions[m]), "shift": float(shift[m]), "width": float(width[m])} for m in moved],
        })  # fmt: skip
    return found


def _agrees(target: Target, quantiles: np.ndarray) -> bool:
    """Whether the report lies inside a predictive interval widened by its tolerance, or on the reported side for most draws; ``quantiles`` are 5 %, 50 % and 95 %."""
    if target.kind in ("value", "ratio"):
        slack = 1.645 * target.tolerance
        return quantiles[0] - slack <= target.observed <= quantiles[2] + slack
    return quantiles[1] > (target.mark if target.kind == "threshold" else 0.0)


def surprise(target: Target, statistic: np.ndarray, weights: np.ndarray) -> float:
    """Two-sided tail share of the report in its own predictive distribution (tolerance included): a small value means that the fit misses it. Arrays have shape (n,)."""
    good = np.isfinite(statistic) & (weights > 0)
    if not good.any():
        return 0.0
    w = weights[good] / weights[good].sum()
    if target.kind in ("value", "ratio"):
        from scipy.stats import norm

        below = float(w @ norm.cdf((target.observed - statistic[good]) / target.tolerance))
        return 2.0 * min(below, 1.0 - below)
    return float(w @ np.exp(target.log_likelihood(statistic[good], 1.0)))
