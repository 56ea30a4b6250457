"""Quantiles of the normal distribution: from draws of (0, 1) to normal deviates.

Algorithm AS241 (Wichura 1988, *Applied Statistics* 37(3): 477-484, doi 10.2307/2347330), with the operations in the order in which
Python's ``statistics.NormalDist().inv_cdf`` makes them, but with the logarithm of :mod:`agents.core.exact` (a test compares both). That method is
called for one number at a time, which took a tenth of the time in which a large population is made.
"""

from __future__ import annotations

import math

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column
from agents.core.exact import log


@compiled
def normal_quantile(p: float) -> float:
    """The number below which a standard normal deviate lies with probability ``p`` (0 < p < 1)."""
    q = p - 0.5
    if math.fabs(q) <= 0.425:
        r = 0.180625 - q * q
        num = (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r
                  + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.3871328727963666080) * q  # fmt: skip
        den = ((((((5226.4952788528545610 * r + 28729.085735721942674) * r + 39307.895800092710610) * r + 21213.794301586595867) * r
                 + 5394.1960214247511077) * r + 687.18700749205790830) * r + 42.313330701600911252) * r + 1.0  # fmt: skip
        return num / den
    r = p if q <= 0.0 else 1.0 - p
    r = math.sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        num = ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
                 + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.76949722146069140550) * r + 4.63033784615654529590) * r \
            + 1.42343711074968357734  # fmt: skip
        den = ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
                 + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940) * r
               + 2.05319162663775882187) * r + 1.0  # fmt: skip
    else:
        r -= 5.0
        num = ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
                 + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580) * r + 5.46378491116411436990) * r \
            + 6.65790464350110377720  # fmt: skip
        den = ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
                 + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
               + 5.99832206555887937690e-1) * r + 1.0  # fmt: skip
    x = num / den
    return -x if q < 0.0 else x


@compiled
def _many(p: Column, out: Column) -> None:
    for i in range(p.shape[0]):
        out[i] = normal_quantile(p[i])


def normal_quantiles(p: np.ndarray) -> np.ndarray:
    """:func:`normal_quantile` of each number of an array (n,); ValueError where one does not lie between 0 and 1."""
    given = np.ascontiguousarray(p, dtype=np.float64)
    if not ((given > 0.0) & (given < 1.0)).all():
        raise ValueError("quantiles are asked for at numbers that do not lie between 0 and 1")
    out = np.empty(len(given))
    _many(given, out)
    return out
