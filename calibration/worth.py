"""How much would a fact narrow what is known, before it is measured? Stored runs are re-weighted by readings that might come (pre-posterior analysis).

Each draw of the posterior in turn is taken as the truth. Its value of the fact is read with error, all *other* draws are weighted by how near their
own values are to the reading, and what is known then is compared with what the other draws say unweighted. The mean over truths and errors is what
the measurement promises. Errors are normal; the integral over them is a sum over fixed points (Gauss–Hermite), so that nothing is random and facts do
not depend on their order. Every promise stands beside what chance alone gives: the same figure for draws that are shuffled against the fact.

A fact that hardly any draw agrees with leaves few draws to judge from; :attr:`Worth.is_thin` says so, and its figures are not to be trusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.infer import systematic, weighted_quantile

#: Points of the integral over the error of a reading.
NODES = 11
#: Draws that are taken as the truth: all, or so many spread evenly over the values of the fact.
MOST_TRUTHS = 400
#: Fewer draws with a number than this say nothing of a fact.
LEAST_DRAWS = 20
#: Nine readings in ten must leave at least this effective sample size, or the figures are not to be trusted.
ENOUGH_ESS = 20.0
#: The same for telling on from off: every choice is made without the draw it is about, so that few draws make it worse and never better.
ENOUGH_TO_TELL = 5.0
#: A reading that leaves a smaller effective sample size than this counts as one that tells nothing: one draw alone has no spread.
LEAST_ESS = 2.0
#: A claim is undecided while its probability lies between these.
UNDECIDED = (0.1, 0.9)
#: Shufflings of the draws against the fact; the largest figure of all of them is what chance alone gives.
SHUFFLES = 99
#: Shares below this are rounding.
ROUNDING = 1e-9
#: A choice between on and off is better than chance alone when it is right so many standard errors more often than half the time.
MANY_ERRORS = 2.6

_POINTS, _SHARES = (np.asarray(x, dtype=float) for x in np.polynomial.hermite_e.hermegauss(NODES))
_SHARES = _SHARES / _SHARES.sum()


@dataclass(frozen=True, eq=False)
class FactsInWorld:
    """What each draw gives for each fact in one world, on the scale of the fact's error."""

    values: np.ndarray  #: (n, facts); nan where a draw has no number
    noise: np.ndarray  #: (facts,) sd of chance in one run that ``values`` do not hold already


@dataclass(frozen=True, eq=False)
class Worth:
    """What one fact promises. Shares are of 1: 0 tells nothing, 1 tells all."""

    draws: int  #: draws of the base world that have a number
    bits: float  #: information about the draw as a whole; nan as all figures are with fewer than LEAST_DRAWS draws
    parameters: np.ndarray  #: (d,) share of the posterior variance that goes
    parameters_by_chance: float  #: the largest such share when draws are shuffled
    claims: np.ndarray  #: (claims,) share of p(1 − p) that goes
    claims_by_chance: float  #: the largest such share of an undecided claim when draws are shuffled
    settles: np.ndarray  #: (claims,) chance that p leaves UNDECIDED; nan for a claim that is not undecided now
    ess: float  #: effective sample size that nine readings in ten reach
    right: Mapping[str, float] = field(default_factory=dict)  #: mechanism -> chance of choosing rightly between on and off at even odds
    ess_off: Mapping[str, float] = field(default_factory=dict)  #: the same effective sample size where the mechanism is off
    draws_off: Mapping[str, int] = field(default_factory=dict)  #: draws that have a number there

    @property
    def is_thin(self) -> bool:
        """Whether too few draws agree with the readings for the figures on parameters and claims to be trusted."""
        return not self.ess >= ENOUGH_ESS

    def is_thin_for(self, mechanism: str) -> bool:
        """Whether too few draws agree with the readings to tell, with the mechanism on or with it off."""
        return not min(self.ess, self.ess_off.get(mechanism, 0.0)) >= ENOUGH_TO_TELL

    def tells(self, mechanism: str) -> bool:
        """Whether the choice between on and off is right more often than chance alone makes it with so many draws in both worlds."""
        on, off = self.draws, self.draws_off.get(mechanism, 0)
        if not (on and off):
            return False
        standard_error = 0.25 * math.sqrt(1.0 / on + 1.0 / off)
        return self.right[mechanism] - 0.5 > MANY_ERRORS * standard_error

    @property
    def moved(self) -> np.ndarray:
        """Parameters that it narrows by more than chance alone, shape (d,)."""
        return self.parameters > self.parameters_by_chance

    @property
    def told(self) -> np.ndarray:
        """Claims whose doubt it lessens by more than chance alone, shape (claims,)."""
        return self.claims > self.claims_by_chance


def worth(
    unit: np.ndarray,
    on: FactsInWorld,
    off: Mapping[str, FactsInWorld],
    claims: np.ndarray,
    error: np.ndarray,
    weights: np.ndarray | None = None,
) -> list[Worth]:
    """What each fact promises, in the order of the facts.

    ``unit`` has shape (n, d), draws in units of their priors; ``claims`` (n, claims): whether, or in which share of its runs, a draw shows each claim
    (nan: no answer, which counts as the claim's probability); ``error`` (facts,): sd of the measurement, above 0, may be infinite; ``weights`` (n,):
    of the draws, equal when left out. ``off`` has the same draws in worlds without a mechanism. ValueError where shapes or errors do not fit.
    """
    n, facts = on.values.shape
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    worlds = {"": on, **off}
    shapes = {unit.shape[:1], claims.shape[:1], weights.shape} | {w.values.shape[:1] for w in worlds.values()}
    if (
        shapes != {(n,)}
        or any(w.values.shape != (n, facts) or w.noise.shape != (facts,) for w in worlds.values())
        or error.shape != (facts,)
    ):
        raise ValueError("draws or facts of the arrays do not agree")
    if not (error > 0).all() or any(not (w.noise >= 0).all() for w in worlds.values()):
        raise ValueError("an error must be above 0, and the sd of chance 0 or more")
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise ValueError("weights must be above 0")
    columns = {name: [(w.values[:, f], math.hypot(error[f], w.noise[f])) for f in range(facts)] for name, w in worlds.items()}
    return [_of_one(unit, claims, weights, columns[""][f], {m: columns[m][f] for m in off}) for f in range(facts)]


_Column = tuple[np.ndarray, float]


def _of_one(unit: np.ndarray, claims: np.ndarray, weights: np.ndarray, on: _Column, off: Mapping[str, _Column]) -> Worth:
    values, sd = on
    good = np.isfinite(values)
    draws_off = {m: int(np.isfinite(other[0]).sum()) for m, other in off.items()}
    if good.sum() < LEAST_DRAWS:
        none, nans = np.full(unit.shape[1], np.nan), np.full(claims.shape[1], np.nan)
        unknown = dict.fromkeys(off, math.nan)
        return Worth(int(good.sum()), math.nan, none, math.nan, nans, math.nan, nans, 0.0, unknown, dict.fromkeys(off, 0.0))
    w = weights[good] / weights[good].sum()
    truths = _Truths.of(values[good], w)
    answers, asked = _without_gaps(claims[good], w)
    found = _reweight(values[good], w, sd, truths, answers)
    parameters = unit[good]
    shares, by_chance = _lessened(found, parameters, w, np.ones(parameters.shape[1], dtype=bool))
    p = w @ answers
    is_open = (p > UNDECIDED[0]) & (p < UNDECIDED[1]) & asked
    doubts, doubts_by_chance = _lessened(found, answers, w, is_open, doubt=p * (1.0 - p))
    right, ess_off = {}, {}
    for name, other in off.items():
        right[name], ess_off[name] = _tell(on, other, weights)
    return Worth(
        int(good.sum()), found.bits, shares, by_chance, np.where(asked, doubts, np.nan), doubts_by_chance,
        np.where(is_open, found.settles, np.nan), found.ess, right, ess_off, draws_off,
    )  # fmt: skip


def _without_gaps(claims: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers of shape (n, claims) with each gap at its claim's probability, and which claims have any answer, shape (claims,)."""
    known = np.isfinite(claims)
    total = w @ known
    p = np.divide(w @ np.where(known, claims, 0.0), total, out=np.full(len(total), 0.5), where=total > 0)
    return np.where(known, claims, p), total > 0


@dataclass(frozen=True)
class _Truths:
    """Draws that are taken as the truth, each with its share."""

    at: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, w: np.ndarray) -> _Truths:
        if len(values) <= MOST_TRUTHS:
            return cls(np.arange(len(values)), w)
        order = np.argsort(values, kind="stable")
        return cls(order[systematic(w[order], MOST_TRUTHS)], np.full(MOST_TRUTHS, 1.0 / MOST_TRUTHS))

    def blocks(self, rows: int = 50) -> list[tuple[np.ndarray, np.ndarray]]:
        """Positions and shares, a few truths at a time: all at once would take too much memory."""
        return [(self.at[a : a + rows], self.share[a : a + rows]) for a in range(0, len(self.at), rows)]


@dataclass(frozen=True)
class _Reweighted:
    lessens: np.ndarray  #: (n, n) the form whose value for a quantity of the draws is the variance that goes
    before: np.ndarray  #: (n, n) the form whose value is the variance there is
    bits: float
    settles: np.ndarray
    ess: float


def _reweight(values: np.ndarray, w: np.ndarray, sd: float, truths: _Truths, answers: np.ndarray) -> _Reweighted:
    n = len(values)
    log_w = np.log(w)
    diagonal, after, before, before_diagonal = np.zeros(n), np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    bits, settles = 0.0, np.zeros(answers.shape[1])
    sizes, size_shares = [], []
    for at, share in truths.blocks():
        # (reading − value) / sd, written so that an infinite sd gives equal scores
        score = (values[at][:, None, None] - values) / sd + _POINTS[:, None]
        log_found = log_w - 0.5 * score**2
        log_found[np.arange(len(at)), :, at] = -np.inf
        posterior, total = _summed(log_found)
        posterior = (posterior / posterior.sum(axis=2, keepdims=True)).reshape(-1, n)
        heavy = (share[:, None] * _SHARES).ravel()
        prior = np.tile(w, (len(at), 1))
        prior[np.arange(len(at)), at] = 0.0
        rest = prior.sum(axis=1)
        prior /= rest[:, None]
        _add(before_diagonal, before, prior, share)
        sizes.append(1.0 / (posterior**2).sum(axis=1))
        alone = sizes[-1] < LEAST_ESS
        posterior[alone] = np.repeat(prior, NODES, axis=0)[alone]
        _add(diagonal, after, posterior, heavy)
        gained = (-0.5 * _POINTS**2 - total + np.log(rest)[:, None]).ravel()
        bits += float(heavy @ np.where(alone, 0.0, gained)) / math.log(2.0)
        then = posterior @ answers
        settles += heavy @ ((then <= UNDECIDED[0]) | (then >= UNDECIDED[1]))
        size_shares.append(heavy)
    forms = [np.diag(d) - m for d, m in ((before_diagonal, before), (diagonal, after))]
    ess = float(weighted_quantile(np.concatenate(sizes), np.concatenate(size_shares), [0.1])[0])
    return _Reweighted(forms[0] - forms[1], forms[0], bits, settles, ess)


def _summed(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers given by their logarithms, in units of the largest of the last axis, and the log of their sum along it."""
    top = logs.max(axis=-1, keepdims=True)
    parts = np.exp(logs - top)
    return parts, np.log(parts.sum(axis=-1)) + top[..., 0]


def _add(diagonal: np.ndarray, product: np.ndarray, rows: np.ndarray, share: np.ndarray) -> None:
    """Add the form Σ share · (diag(w) − w wᵀ) / (1 − Σw²) of weights ``rows``, shape (m, n): the unbiased variance of a weighted sample."""
    factor = share / (1.0 - (rows**2).sum(axis=1))
    diagonal += factor @ rows
    product += (rows * factor[:, None]).T @ rows


def _form(matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->j", columns, matrix @ columns)


def _lessened(
    found: _Reweighted, columns: np.ndarray, w: np.ndarray, counts: np.ndarray, doubt: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Which share of the variance of each column goes, shape (columns,), and the largest share of any column that ``counts`` in shuffled draws.

    Where ``doubt`` is given the share is of that, not of the column's variance: a claim's p (1 − p) falls by as much as its answers' variance does.
    """
    centred = columns - w @ columns  # shifts change nothing but rounding
    there = _form(found.before, centred) if doubt is None else doubt

    def share_of(x: np.ndarray, of: np.ndarray) -> np.ndarray:
        return np.divide(_form(found.lessens, x), of, out=np.zeros(x.shape[1]), where=of > 1e-12)

    shares, by_chance = share_of(centred, there), 0.0
    if counts.any():
        rng = np.random.default_rng(1)
        kept, of = centred[:, counts], there[counts]
        by_chance = max(float(share_of(kept[rng.permutation(len(kept))], of).max()) for _ in range(SHUFFLES))
    return shares, max(by_chance, ROUNDING)


# --- on or off ------------------------------------------------------------------------------------------------------------


def _tell(on: _Column, off: _Column, weights: np.ndarray) -> tuple[float, float]:
    """The chance of choosing rightly between two worlds at even odds, and the effective sample size in the second one.

    A reading comes from a draw in one of the worlds; that draw is left out of both, and the world is chosen in which the reading is likelier. A
    reading that is equally likely in both is half a right choice. nan where either world has too few draws with a number.
    """
    if any(np.isfinite(values).sum() < LEAST_DRAWS for values, _sd in (on, off)):
        return math.nan, 0.0
    if not (math.isfinite(on[1]) and math.isfinite(off[1])):
        return 0.5, float(np.isfinite(off[0]).sum())
    chances, sizes = [], []
    for own, other in ((on, off), (off, on)):
        values, sd = own
        good = np.flatnonzero(np.isfinite(values))
        w = weights[good] / weights[good].sum()
        truths = _Truths.of(values[good], w)
        chance, found, shares = 0.0, [], []
        for at, share in truths.blocks():
            readings = values[good][at][:, None] + sd * _POINTS
            log_own, size = _log_density(readings, own, weights, good[at])
            log_other, _size = _log_density(readings, other, weights, good[at])
            heavy = share[:, None] * _SHARES
            apart = log_own - log_other
            is_same = np.abs(apart) < 1e-9
            chance += float((heavy * np.where(is_same, 0.5, apart > 0)).sum())
            found.append(size.ravel())
            shares.append(heavy.ravel())
        chances.append(chance)
        sizes.append(float(weighted_quantile(np.concatenate(found), np.concatenate(shares), [0.1])[0]))
    return 0.5 * (chances[0] + chances[1]), sizes[1]


def _log_density(readings: np.ndarray, column: _Column, weights: np.ndarray, leave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-density of readings, shape (truths, nodes), without the draws ``leave`` (positions among all), and the effective sample size of each."""
    values, sd = column
    good = np.isfinite(values)
    position = np.where(good, np.cumsum(good) - 1, -1)[leave]
    w = weights[good]
    total = w.sum() - np.where(position >= 0, weights[leave], 0.0)
    found = np.log(w) - 0.5 * ((readings[:, :, None] - values[good]) / sd) ** 2
    left = np.flatnonzero(position >= 0)
    found[left, :, position[left]] = -np.inf
    parts, summed = _summed(found)
    sizes = parts.sum(axis=2) ** 2 / np.einsum("tkn,tkn->tk", parts, parts)
    return summed - np.log(total)[:, None] - math.log(sd), sizes


def open_questions(found: Sequence[Worth], mechanisms: Sequence[str]) -> dict[str, np.ndarray]:
    """How many open questions each fact would close, in expectation, shape (facts,) by kind: undecided claims, mechanisms, parameters.

    Each question counts as one: a claim by the share of its doubt that goes, a mechanism by 2 × (chance of choosing rightly) − 1, a parameter by the
    share of its variance that goes. What is not above chance counts as 0.
    """

    def total(shares: np.ndarray, counts: np.ndarray) -> float:
        return float(np.where(counts & np.isfinite(shares), shares, 0.0).sum())

    return {
        "claims": np.array([total(r.claims, r.told & np.isfinite(r.settles)) for r in found]),
        "mechanisms": np.array([sum(2.0 * r.right[m] - 1.0 for m in mechanisms if r.tells(m) and not r.is_thin_for(m)) for r in found], dtype=float),
        "parameters": np.array([total(r.parameters, r.moved) for r in found]),
    }  # fmt: skip
