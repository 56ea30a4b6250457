"""What is one fact that the model is compared with, how certain is it, and how well does a run agree with it?

A target is a row of ``data/targets.toml``: a statistic of a run, what was reported, how far off the report may be (its
*tolerance*, with the reason for its size) and the role of the row: ``fit`` rows make the likelihood, ``held-out`` rows are
compared afterwards only, ``check`` rows are plausibility checks. The tolerance is the error of the *report*; random variation between
runs comes from the runs themselves.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import log_ndtr

from abm.claims.statistic import Statistic, set_against
from abm.errors import UserError

if TYPE_CHECKING:
    from calibration.runs import Runs

Kind = Literal["value", "ratio", "threshold", "trend", "sign", "monotone"]
Role = Literal["fit", "held-out", "check"]
Scale = Literal["log", "logit", "linear"]
#: Shares are kept this far from 0 and 1 before their logit is taken: about one household of a side's sample in a default run.
EDGE = 1e-3
#: A report of "most did" or "it fell" is equally likely for all statistics more than so many widths from its mark.
DEAF = 6.0
#: Kinds that report a number with an error, and kinds that report only on which side of a mark the number is.
MEASURED: tuple[Kind, ...] = ("value", "ratio")
REPORTED: tuple[Kind, ...] = ("threshold", "trend")


class TargetError(UserError):
    """A target that cannot be used."""


@dataclass(frozen=True)
class Target:
    """One fact that a run can agree with or not."""

    id: str
    title: str
    kind: Kind
    role: Role
    of: Statistic
    source: str
    reason: str
    value: float = math.nan
    unit: str = ""
    scale: Scale = "log"
    tolerance: float = math.nan
    tolerance_reason: str = ""
    group: str = ""
    correlation: float = 0.0
    built_in: bool = False
    against: Statistic | None = None
    threshold: float = math.nan
    width: float = math.nan
    flat_above: float = math.nan
    direction: Literal["up", "down", ""] = ""
    quote: str = ""
    lines: str = ""
    facts: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    #: id of the fitted row whose report may have meant this number instead
    reading_of: str = ""

    # ---- what a run gives ----

    def natural(self, runs: Runs) -> np.ndarray:
        """The statistic in the reader's unit: the number itself, the quotient, or the change; shape (n,)."""
        one = _of(self.of, runs)
        if self.kind == "monotone":
            return np.exp(self.statistic(runs) * (self.of.last - self.of.first)) if self.scale == "log" else self.statistic(runs)
        if self.against is None:
            return one
        return set_against(one, _of(self.against, runs), "difference" if self.kind == "sign" and self.scale == "linear" else "ratio")

    def statistic(self, runs: Runs) -> np.ndarray:
        """The statistic on the scale of its error, shape (n,)."""
        if self.kind == "monotone":
            return self.of.slope(runs.years, to_scale(_values(self.of, runs), self.scale))
        if self.kind in REPORTED:
            found = logit(self.natural(runs)) if self.kind == "threshold" else _log(self.natural(runs))
            return np.clip(found, self.mark - DEAF * self.width, min(self.cap, self.mark + DEAF * self.width))
        if self.kind == "ratio" or (self.kind == "sign" and self.scale == "log"):
            return _log(self.natural(runs))
        if self.kind == "sign":
            return self.natural(runs)
        return to_scale(self.natural(runs), self.scale)

    def shown(self, statistic: np.ndarray) -> np.ndarray:
        """A statistic converted back to the reader's unit, of the same shape."""
        if self.kind == "threshold":
            return 1.0 / (1.0 + np.exp(-statistic))
        if self.kind in ("trend", "ratio") or (self.kind in ("sign", "monotone") and self.scale == "log"):
            return np.exp(statistic)
        if self.kind in ("sign", "monotone"):
            return statistic
        return {"log": np.exp, "logit": lambda x: 1.0 / (1.0 + np.exp(-x)), "linear": lambda x: x}[self.scale](statistic)

    # ---- what was reported ----

    @property
    def observed(self) -> float:
        """The report: a number on the error's scale, or 1 for "yes"."""
        if self.kind in MEASURED:
            return math.log(self.value) if self.kind == "ratio" else float(to_scale(np.array(self.value), self.scale))
        return 1.0

    @property
    def mark(self) -> float:
        """The mark of a reported threshold or trend, on the error's scale."""
        return float(logit(np.array(self.threshold))) if self.kind == "threshold" else self.threshold

    @property
    def cap(self) -> float:
        """On the error's scale; beyond it a report of "most" does not become more likely."""
        return math.inf if math.isnan(self.flat_above) else float(logit(np.array(self.flat_above)))

    def log_likelihood(self, statistic: np.ndarray, observed: float | np.ndarray, spread: float = 0.0) -> np.ndarray:
        """Log-probability of the report given the statistic; ``spread`` is the sd of the error of the statistic itself. Shape (n,); TargetError for a kind without a size."""
        if self.kind in MEASURED:
            sd = math.hypot(self.tolerance, spread)
            return -0.5 * ((statistic - observed) / sd) ** 2 - math.log(sd) - 0.5 * math.log(2 * math.pi)
        if self.kind in REPORTED:
            said = np.asarray(observed) > 0.5
            score = (np.minimum(statistic, self.cap) - self.mark) / math.hypot(self.width, spread)
            if spread > 0.0 and math.isfinite(self.cap):
                grid, yes, no = _near_the_cap(self.mark, self.width, self.cap, spread)
                near = np.where(said, np.interp(statistic, grid, yes), np.interp(statistic, grid, no))
                return np.where(statistic > grid[0], near, log_ndtr(np.where(said, score, -score)))
            return log_ndtr(np.where(said, score, -score))
        raise TargetError(f"target '{self.id}' is a {self.kind}: it has a direction but no size, so it cannot be in the likelihood")

    def passes(self, statistic: np.ndarray) -> np.ndarray:
        """Whether each run agrees: a number within 1.645 tolerances (a 90 % interval), a mark that is passed, or the reported direction; shape (n,)."""
        if self.kind in MEASURED:
            return np.abs(statistic - self.observed) <= 1.645 * self.tolerance
        if self.kind in REPORTED:
            return statistic > (self.mark if self.kind == "threshold" else 0.0)
        return statistic > 0 if self.direction == "up" else statistic < 0


@functools.lru_cache(maxsize=256)
def _near_the_cap(mark: float, width: float, cap: float, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probability of "yes" and of "no" around the cap when the statistic has an error of sd ``spread``: the mean over that error.

    Values beyond the cap count as the cap, so the mean is not a simple probit there. Returns a grid of statistics, yes and no, each of shape
    (grid,); below the grid the cap has no effect, above it the result is constant.
    """
    grid = cap + spread * np.linspace(-8.0, 8.0, 801)
    nodes = np.linspace(-8.0, 8.0, 801)
    weights = -0.5 * nodes**2
    weights -= np.logaddexp.reduce(weights)
    score = (np.minimum(grid[:, None] + spread * nodes, cap) - mark) / width
    return grid, np.logaddexp.reduce(log_ndtr(score) + weights, axis=1), np.logaddexp.reduce(log_ndtr(-score) + weights, axis=1)


def to_scale(x: np.ndarray, scale: Scale) -> np.ndarray:
    """A number on the scale of its error."""
    return {"log": _log, "logit": logit, "linear": lambda v: np.asarray(v, dtype=float)}[scale](x)


def logit(share: np.ndarray) -> np.ndarray:
    """Log-odds of a share, which is first moved away from 0 and 1."""
    p = np.clip(share, EDGE, 1.0 - EDGE)
    return np.log(p) - np.log1p(-p)


def _log(x: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.clip(x, 1e-12, 1e12))


def _values(statistic: Statistic, runs: Runs) -> np.ndarray:
    """The yearly values that a statistic is computed from, shape (n, years)."""
    return runs.outputs[statistic.output][:, :, ("id", "my").index(statistic.side)]


def _of(statistic: Statistic, runs: Runs) -> np.ndarray:
    """The number of each run, shape (n,); ``nan`` where the years were not reached."""
    return statistic.of(runs.years, _values(statistic, runs))
