"""How strong are ties, and how often do households cross?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio


@indicator(
    "Strength of ties within a side", "index", "mean of ties, both sides together", reads=("ties.within", "ties.n_within"), sides="together"
)
def tie_strength_within(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.within")), of.over_months(of.read("ties.n_within")))


@indicator(
    "Strength of ties across", "index", "mean of ties, both sides together",
    reads=("ties.across", "ties.n_across"), claims=("E10",), sides="together",
)  # fmt: skip
def tie_strength_across(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.across")), of.over_months(of.read("ties.n_across")))


@indicator("Trips across for each household", "persons/month", "mean of households", reads=("sums.trips", "sums.households"))
def contacts_across(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.trips"), of.total("sums.households"))
