"""What are the priors of the uncertain parameters? They are read from the declarations; there is no second list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import UserError, shorten
from agents.core.declare import PARAMETERS, near


class PriorError(UserError):
    """A prior that cannot be used."""


@dataclass(frozen=True)
class Prior:
    """Independent priors of some parameters; coordinates of the unit cube are their quantiles."""

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    shape: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str] | None = None, ranges: dict[str, tuple[float, float]] | None = None) -> Prior:
        """The declared priors of these parameters (all uncertain ones when left out); ``ranges`` replaces some bounds. PriorError where one cannot be fitted."""
        wanted = [n for n, p in PARAMETERS.items() if p.role == "uncertain"] if names is None else list(names)
        ranges = ranges or {}
        low, high = [], []
        for name in wanted:
            if name not in PARAMETERS:
                raise PriorError(f"there is no parameter '{shorten(name)}'; {near(name, PARAMETERS)}")
            if PARAMETERS[name].role != "uncertain":
                raise PriorError(f"'{name}' is {PARAMETERS[name].role}, so it has no prior; only uncertain parameters are fitted")
            a, b = ranges.get(name, (PARAMETERS[name].low, PARAMETERS[name].high))
            if not a < b:
                raise PriorError(
                    f"the prior of '{name}' has no width ({a:g} to {b:g}), so the parameter cannot be fitted; give it a range, or set it"
                )
            low.append(a)
            high.append(b)
        if not wanted:
            raise PriorError("no parameter is uncertain: there is nothing to fit")
        return cls(tuple(wanted), np.array(low), np.array(high), tuple(PARAMETERS[n].prior for n in wanted))

    def __len__(self) -> int:
        return len(self.names)

    def values(self, unit: np.ndarray) -> np.ndarray:
        """Values in the parameters' units at points of the unit cube; both of shape (n, d)."""
        unit = np.atleast_2d(unit)
        out = self.low + unit * (self.high - self.low)
        for j, shape in enumerate(self.shape):
            if shape == "log-uniform":
                out[:, j] = np.exp(np.log(self.low[j]) + unit[:, j] * (np.log(self.high[j]) - np.log(self.low[j])))
            elif shape == "triangular":
                middle, width = self._middle(j), self.high[j] - self.low[j]
                share = (middle - self.low[j]) / width
                u = unit[:, j]
                rising = self.low[j] + width * np.sqrt(u * share)
                falling = self.high[j] - width * np.sqrt((1 - u) * (1 - share))
                out[:, j] = np.where(u < share, rising, falling)
        return np.clip(out, self.low, self.high)

    def unit(self, values: np.ndarray) -> np.ndarray:
        """Points of the unit cube for values in the parameters' units; both of shape (n, d)."""
        values = np.atleast_2d(values)
        out = (values - self.low) / (self.high - self.low)
        for j, shape in enumerate(self.shape):
            v = values[:, j]
            if shape == "log-uniform":
                out[:, j] = np.log(v / self.low[j]) / np.log(self.high[j] / self.low[j])
            elif shape == "triangular":
                a, b, c = self.low[j], self.high[j], self._middle(j)
                out[:, j] = np.where(
                    v < c, (v - a) ** 2 / ((b - a) * max(c - a, 1e-300)), 1 - (b - v) ** 2 / ((b - a) * max(b - c, 1e-300))
                )
        return np.clip(out, 0.0, 1.0)

    def _middle(self, j: int) -> float:
        return float(np.clip(PARAMETERS[self.names[j]].default, self.low[j], self.high[j]))


#: Standard deviation of a coordinate of the unit cube under the prior.
UNIT_SD = float(np.sqrt(1.0 / 12.0))
