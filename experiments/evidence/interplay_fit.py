"""How much does a number change with each mechanism, alone and in pairs, and is that more than chance? Least squares on a design's worlds.

With signs x of +1 (on) and -1 (off), a number is written as y = mean + sum of b_i x_i + sum of b_ij x_i x_j + rest. The *effect* of mechanism i is 2 b_i: the number with it less the number without
it, as a mean over the worlds of the design, in which each other mechanism is on in half. The effect of a pair is 2 b_ij: with the second one on, the effect of the first is larger by that
amount than its mean, with the second one off it is smaller by as much (and the other way round). The rest holds what three or more do together, and chance.

Where a number is missing in some worlds (a share of nothing), the others are used. A mechanism that is on in all of them has no effect to estimate, and a pair of which they lack one of the four
settings, or that cannot be told from a single mechanism, is taken to add nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from experiments.evidence.factorial import Factorial

#: From so many draws on, intervals are over the draws; with fewer they are those of chance within the draws.
FEWEST_DRAWS = 5
#: Parts of the largest number below which a difference is rounding.
ROUNDING = 1e-11
#: The ends of the middle 90 %.
ENDS = (0.05, 0.95)
#: The share of draws in which an effect that is called clear has its sign.
MOST_OF = 0.9


@dataclass(frozen=True)
class FactorialFit:
    """What the terms of a design come to for one number; all shapes begin with (draws,).

    effects, errors [unit of the number]: shape (draws, terms), nan where the worlds that have the number do not tell the term from others
    degrees: worlds less terms, shape (draws,)
    shares: parts of the differences between worlds that go to single mechanisms, to pairs, and to the rest, shape (draws, 3)
    only_with: positions of mechanisms without which there is no such number
    """

    effects: np.ndarray
    errors: np.ndarray
    degrees: np.ndarray
    shares: np.ndarray
    only_with: tuple[int, ...] = ()


@dataclass
class Fitter:
    """Fits numbers on one design; what depends on its worlds alone is computed once."""

    design: Factorial
    _known: dict[bytes, tuple[np.ndarray, ...]] = field(default_factory=dict)

    def fit(self, numbers: np.ndarray) -> FactorialFit:
        """The terms for the numbers of every draw and world, shape (draws, worlds); a world without a number (nan) is left out."""
        if numbers.ndim != 2 or numbers.shape[1] != len(self.design):
            raise ValueError(f"numbers must have the shape (draws, {len(self.design)}), found {numbers.shape}")
        parts = [self._one(row) for row in numbers.astype(float)]
        has = np.isfinite(numbers)
        known = has.any(axis=0)
        only = [k for k in range(len(self.design.mechanisms)) if known.any() and (self.design.signs[known, k] > 0).all()]
        effects, errors, degrees, shares = (np.array([part[k] for part in parts]) for k in range(4))
        return FactorialFit(effects, errors, degrees, shares, tuple(only))

    def _one(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, np.ndarray]:
        terms = self.design.terms
        effects, errors = np.full(len(terms), np.nan), np.full(len(terms), np.nan)
        has = np.isfinite(y)
        if has.sum() < 2:
            return effects, errors, 0, np.full(3, np.nan)
        matrix, inverse, at, clear, alone = self._matrix(has)
        y = y[has]
        tiny = ROUNDING * max(float(np.abs(y).max()), 1e-300)
        rest = y - matrix @ (inverse @ y)
        degrees = len(y) - round(float(np.trace(matrix @ inverse)))
        rest_square = float((rest[np.abs(rest) > tiny] ** 2).sum())
        spread = np.sqrt(rest_square / degrees) if degrees > 0 else np.nan
        found, error = 2 * (inverse @ y)[1:], 2 * spread * np.sqrt((inverse[1:] ** 2).sum(axis=1))
        found[np.abs(found) <= tiny] = 0.0
        effects[at], errors[at] = np.where(clear, found, np.nan), np.where(clear, error, np.nan)
        return effects, errors, degrees, _shares(y, alone, rest_square, tiny)

    def _matrix(self, has: np.ndarray) -> tuple[np.ndarray, ...]:
        """For the worlds that have a number: columns of the mean and of the terms that vary, their inverse, positions of these terms, which are told apart, and
        an orthonormal basis of the mean and the single mechanisms."""
        key = has.tobytes()
        if key not in self._known:
            signs = self.design.signs[has].astype(float)
            at = np.array([k for k, term in enumerate(self.design.terms) if _has_all_settings(signs[:, list(term)])], dtype=int)
            while True:
                matrix = np.column_stack([np.ones(len(signs)), *(signs[:, list(self.design.terms[k])].prod(axis=1) for k in at)])
                inverse = np.linalg.pinv(matrix, rcond=1e-9)
                mixed = np.abs(inverse @ matrix - np.eye(matrix.shape[1])) > 1e-8  # which terms cannot be told from which
                alone = np.concatenate([[True], at < len(self.design.mechanisms)])
                hides = mixed[alone].any(axis=0) & ~alone  # pairs that hide a single mechanism
                if not hides.any():
                    break
                at = at[~hides[1:]]
            told = ~mixed.any(axis=1)
            left, sizes, _right = np.linalg.svd(matrix[:, alone], full_matrices=False)
            self._known[key] = (matrix, inverse, at, told[1:], left[:, sizes > 1e-9 * sizes[0]])
        return self._known[key]


def _has_all_settings(signs: np.ndarray) -> bool:
    """Whether the worlds have each combination of on and off of a term's mechanisms, signs of shape (worlds, 1 or 2)."""
    return len(np.unique(signs, axis=0)) == 2 ** signs.shape[1]


def _shares(y: np.ndarray, alone: np.ndarray, rest_square: float, tiny: float) -> np.ndarray:
    """Parts of the sum of squares: of single mechanisms, what pairs add to them, and what is left."""
    whole = float(((y - y.mean()) ** 2).sum())
    if whole <= len(y) * tiny**2:
        return np.full(3, np.nan)
    left = y - alone @ (alone.T @ y)
    without_pairs = float((left[np.abs(left) > tiny] ** 2).sum())
    return np.array([1 - without_pairs / whole, max(0.0, without_pairs - rest_square) / whole, rest_square / whole])


@dataclass(frozen=True)
class EffectSummary:
    """The terms over draws; each has shape (terms,), nan where a term is not known.

    low, median, high: ends of the middle 90 % and the middle, in the unit of the number
    same_sign: the share of draws with the sign of the median (0 where that is 0)
    p: the chance of effects as far from 0 if fewer than :data:`MOST_OF` of the draws had an effect of this sign
    """

    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    same_sign: np.ndarray
    p: np.ndarray


def summary(fit: FactorialFit) -> EffectSummary:
    """The terms of a fit over its draws. With few draws the interval is that of chance within these draws, not of the posterior."""
    rows = [_term(fit.effects[:, k], fit.errors[:, k], fit.degrees) for k in range(fit.effects.shape[1])]
    return EffectSummary(*np.array(rows, dtype=float).reshape(-1, 5).T)


def _term(effects: np.ndarray, errors: np.ndarray, degrees: np.ndarray) -> tuple[float, float, float, float, float]:
    from scipy import stats

    has = np.isfinite(effects)
    n = int(has.sum())
    if n == 0 or 2 * n < len(effects):  # known in too few draws
        return np.nan, np.nan, np.nan, np.nan, np.nan
    effects, errors, degrees = effects[has], errors[has], degrees[has]
    median = float(np.median(effects))
    same = float((np.sign(effects) == np.sign(median)).mean()) if median else 0.0
    if n >= FEWEST_DRAWS:
        low, high = (float(np.quantile(effects, end)) for end in ENDS)
    else:
        error, freedom = float(np.sqrt((errors**2).sum())) / n, int(degrees.sum())
        half = float(stats.t.ppf(ENDS[1], freedom)) * error if freedom > 0 else np.nan
        low, high = median - half, median + half
    return low, median, high, same, _chance_in_most(effects, errors, degrees) if (degrees > 0).all() else _chance_over_draws(effects)


def _chance_in_most(effects: np.ndarray, errors: np.ndarray, degrees: np.ndarray) -> float:
    """The chance for "fewer than :data:`MOST_OF` of the draws have an effect of this sign", from the chance in each draw.

    By Benjamini and Heller ("Screening for partial conjunction hypotheses", Biometrics 64, 2008): with u of n draws wanted, (n - u + 1) times
    the u-th smallest chance; twice the smaller one of the two signs.
    """
    from scipy import stats

    n = len(effects)
    wanted = int(np.ceil(MOST_OF * n - 1e-9))
    found = []
    for sign in (1, -1):
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = np.where(errors > 0, sign * effects / errors, np.where(effects == 0, 0.0, sign * np.sign(effects) * np.inf))
        found.append((n - wanted + 1) * float(np.sort(stats.t.sf(beyond, degrees))[wanted - 1]))
    return min(1.0, 2 * min(found))


def _chance_over_draws(effects: np.ndarray) -> float:
    """The chance of a mean as far from 0 by Student's t over draws, where the terms leave no degrees of freedom within a draw; nan for few draws."""
    from scipy import stats

    n, mean, error = len(effects), float(effects.mean()), float(effects.std(ddof=1)) / np.sqrt(len(effects)) if len(effects) > 1 else 0.0
    if mean == 0:
        return 1.0
    if n < FEWEST_DRAWS:
        return float("nan")
    return 0.0 if error == 0 else 2 * float(stats.t.sf(abs(mean) / error, n - 1))


def adjusted(p: np.ndarray) -> np.ndarray:
    """Chances that account for how many were asked, same shape; those at most E have an expected share of wrong ones of at most E.

    By Benjamini and Yekutieli ("The control of the false discovery rate in multiple testing under dependency", Annals of Statistics 29, 2001), which
    holds however the tests depend on each other. nan stays and is not counted.
    """
    from scipy.stats import false_discovery_control

    found = np.full(p.shape, np.nan)
    has = np.isfinite(p)
    if has.any():
        found[has] = false_discovery_control(p[has], method="by")
    return found
