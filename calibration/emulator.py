"""What would the model give at a point of the prior that was not run? A polynomial in the few parameters that matter estimates it.

For each statistic, the parameters that move it are chosen by a lasso over first and second order terms of all of them; a cubic
(or quadratic, where there are many) polynomial in those is then fitted by ridge regression. All other causes of change in the
statistic (the other parameters and chance) are its residual, whose size is measured on runs that the fit did not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

#: Largest number of parameters in one statistic's polynomial, and in a full cubic.
MOST_ACTIVE = 16
CUBIC_UP_TO = 12
#: A parameter counts as moving a statistic if its own first and second order terms explain at least this share of the statistic's variance.
LEAST_SHARE = 0.004
_FOLDS = 5


@dataclass(frozen=True)
class Polynomial:
    """One statistic as a polynomial in some coordinates of the unit cube."""

    active: np.ndarray  #: positions of the parameters
    powers: np.ndarray  #: (terms, active)
    coefficients: np.ndarray  #: (terms,)
    intercept: float
    spread: float  #: sd of the residual, on runs not used
    r2: float  #: share of the variance explained, on runs not used
    noise: np.ndarray  #: standardised residuals on runs not used

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """The statistic at points of shape (n, d); shape (n,)."""
        out = np.empty(len(unit))
        for start in range(0, len(unit), 20_000):
            part = 2.0 * unit[start : start + 20_000, self.active] - 1.0
            out[start : start + 20_000] = _terms(part, self.powers) @ self.coefficients + self.intercept
        return out


@dataclass(frozen=True)
class Emulator:
    """One polynomial for each statistic."""

    each: tuple[Polynomial, ...]

    def __call__(self, unit: np.ndarray) -> np.ndarray:
        """Statistics at points of shape (n, d); shape (n, statistics)."""
        return np.stack([p(unit) for p in self.each], axis=1)

    @property
    def spread(self) -> np.ndarray:
        """Residual sd of each statistic, shape (statistics,)."""
        return np.array([p.spread for p in self.each])

    @property
    def active(self) -> np.ndarray:
        """Positions of the parameters that move any statistic."""
        return np.unique(np.concatenate([p.active for p in self.each])) if self.each else np.zeros(0, dtype=int)

    def pack(self) -> dict[str, np.ndarray]:
        """As plain arrays."""
        packed: dict[str, np.ndarray] = {}
        for i, p in enumerate(self.each):
            for key in ("active", "powers", "coefficients", "noise"):
                packed[f"{i}.{key}"] = getattr(p, key)
            packed[f"{i}.numbers"] = np.array([p.intercept, p.spread, p.r2])
        return packed

    @classmethod
    def unpack(cls, packed: Mapping[str, np.ndarray], d: int) -> Emulator:
        """The emulator of ``d`` parameters that :meth:`pack` wrote; ValueError where the arrays are not those of an emulator."""
        each = []
        while f"{len(each)}.numbers" in packed:
            i = len(each)
            active, powers = arrays_of(packed, f"{i}.active", "i", (-1,)), arrays_of(packed, f"{i}.powers", "i", (-1, -1))
            coefficients, noise = arrays_of(packed, f"{i}.coefficients", "f", (len(powers),)), arrays_of(packed, f"{i}.noise", "f", (-1,))
            numbers = arrays_of(packed, f"{i}.numbers", "f", (3,))
            if powers.shape[1] != len(active) or ((active < 0) | (active >= d)).any() or ((powers < 0) | (powers > 3)).any():
                raise ValueError(f"the polynomial {i} has parameters or powers that do not exist")
            each.append(Polynomial(active, powers, coefficients, float(numbers[0]), float(numbers[1]), float(numbers[2]), noise))
        return cls(tuple(each))


def arrays_of(packed: Mapping[str, np.ndarray], key: str, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of a packed file, of whole ("i") or finite real ("f") numbers and a shape (-1: any length); ValueError if it is another."""
    if key not in packed:
        raise ValueError(f"the array {key} is missing")
    found = packed[key]
    fits = found.ndim == len(shape) and all(want in (-1, has) for want, has in zip(shape, found.shape, strict=True))
    if found.dtype.kind != kind or not fits or not np.isfinite(found).all():
        raise ValueError(f"the array {key} has a wrong type or shape")
    return found


def _terms(x: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Products of powers of the columns of ``x``, shape (n, terms)."""
    raised = np.stack([np.ones_like(x), x, x * x, x * x * x])
    out = np.ones((len(x), len(powers)))
    for j in range(powers.shape[1]):
        used = np.flatnonzero(powers[:, j])
        out[:, used] *= raised[powers[used, j], :, j].T
    return out


def _powers(n: int, degree: int) -> np.ndarray:
    """Powers of all terms up to a degree, and pure cubes, without the constant."""
    rows = []
    for d in range(1, degree + 1):
        for chosen in combinations_with_replacement(range(n), d):
            rows.append(np.bincount(chosen, minlength=n))
    if degree < 3:
        rows += [3 * row for row in np.eye(n, dtype=int)]
    return np.array(rows, dtype=int).reshape(-1, n)


def active_parameters(unit: np.ndarray, statistic: np.ndarray) -> np.ndarray:
    """Positions of the parameters that move ``statistic``, shape (n,), the strongest first; ``unit`` has shape (n, d)."""
    from sklearn.linear_model import LassoCV

    x = 2.0 * unit - 1.0
    d = x.shape[1]
    features = np.concatenate([x, (3.0 * x * x - 1.0) / 2.0], axis=1)
    features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-12)
    sd = statistic.std()
    if not sd > 0:
        return np.zeros(0, dtype=int)
    y = (statistic - statistic.mean()) / sd
    model = LassoCV(cv=_FOLDS, alphas=30, eps=1e-2, max_iter=20_000, tol=1e-3).fit(features, y)
    share = model.coef_[:d] ** 2 + model.coef_[d:] ** 2
    order = np.argsort(-share, kind="stable")
    return order[:MOST_ACTIVE][share[order[:MOST_ACTIVE]] >= LEAST_SHARE]


def fit_polynomial(unit: np.ndarray, statistic: np.ndarray, weights: np.ndarray | None = None) -> Polynomial:
    """Fit one statistic, shape (n,), over points ``unit``, shape (n, d); runs without a number are left out. Residuals are those of five-fold cross-validation."""
    from sklearn.linear_model import RidgeCV

    good = np.isfinite(statistic)
    unit, y = unit[good], statistic[good]
    weights = None if weights is None else weights[good]
    active = active_parameters(unit, y)
    if len(active) == 0:
        mean = float(y.mean()) if len(y) else 0.0
        sd = float(y.std()) if len(y) else 1.0
        return Polynomial(active, np.zeros((0, 0), dtype=int), np.zeros(0), mean, sd, 0.0, (y - mean) / max(sd, 1e-12))
    n_cubic = len(_powers(len(active), 3))
    powers = _powers(len(active), 3 if len(active) <= CUBIC_UP_TO and n_cubic < len(y) / 3 else 2)
    terms = _terms(2.0 * unit[:, active] - 1.0, powers)
    alphas = np.geomspace(1e-2, 1e4, 13)
    sw = None if weights is None else weights / weights.mean()
    chosen = RidgeCV(alphas=alphas).fit(terms, y, sample_weight=sw)
    predicted = np.empty(len(y))
    fold = np.arange(len(y)) % _FOLDS
    from sklearn.linear_model import Ridge

    for k in range(_FOLDS):
        inside = fold != k
        part = Ridge(alpha=float(np.asarray(chosen.alpha_))).fit(terms[inside], y[inside], sample_weight=None if sw is None else sw[inside])
        predicted[~inside] = part.predict(terms[~inside])
    residual = y - predicted
    w = np.ones(len(y)) if sw is None else sw
    spread = float(np.sqrt(np.average(residual**2, weights=w)))
    variance = float(np.average((y - np.average(y, weights=w)) ** 2, weights=w))
    r2 = 1.0 - spread**2 / variance if variance > 0 else 0.0
    return Polynomial(
        active,
        powers,
        np.asarray(chosen.coef_, dtype=float),
        float(np.asarray(chosen.intercept_)),
        spread,
        r2,
        residual / max(spread, 1e-12),
    )


def fit_emulator(unit: np.ndarray, statistics: np.ndarray, weights: np.ndarray | None = None) -> Emulator:
    """Fit every column of ``statistics``, shape (n, statistics), over points ``unit``, shape (n, d)."""
    return Emulator(tuple(fit_polynomial(unit, statistics[:, i], weights) for i in range(statistics.shape[1])))
