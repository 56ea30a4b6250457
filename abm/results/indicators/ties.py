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


@indicator(
    "Strength of kin ties across", "index", "mean of ties, both sides together",
    reads=("ties.kin_across", "ties.n_kin_across"), claims=("E10",), sides="together",
)  # fmt: skip
def kin_strength_across(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.kin_across")), of.over_months(of.read("ties.n_kin_across")))


@indicator(
    "Strength of kin ties within a side", "index", "mean of ties, both sides together",
    reads=("ties.kin_within", "ties.n_kin_within"), sides="together",
)  # fmt: skip
def kin_strength_within(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.kin_within")), of.over_months(of.read("ties.n_kin_within")))


@indicator(
    "Strength of acquaintances within a side", "index", "mean of ties, both sides together",
    reads=("ties.known_within", "ties.n_known_within"), sides="together",
)  # fmt: skip
def acquaintance_strength_within(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.known_within")), of.over_months(of.read("ties.n_known_within")))


@indicator(
    "Strength of acquaintances across", "index", "mean of ties, both sides together",
    reads=("ties.known_across", "ties.n_known_across"), claims=("E10",), sides="together",
)  # fmt: skip
def acquaintance_strength_across(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.known_across")), of.over_months(of.read("ties.n_known_across")))


@indicator(
    "Acquaintances across of a household", "1", "mean of the households of the sample, both sides together",
    reads=("ties.n_known_across", "sums.n"), claims=("E10",), sides="together",
)  # fmt: skip
def acquaintances_across(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.n_known_across")), of.over_months(of.read("sums.n").sum(axis=1)))


@indicator(
    "New acquaintances across in the year, for each household", "1", "mean of the households of the sample, both sides together; none in 1980",
    reads=("ties.new_across", "sums.n"), claims=("E10",), tables=("yearly",), sides="together",
)  # fmt: skip
def new_acquaintances_across(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.new_across")), of.over_months(of.read("sums.n").sum(axis=1)) / of.months[:, 0])


@indicator(
    "Visits across made in a month of the own people's feast", "share", "part of the visits to and from ties across",
    reads=("ties.visits", "ties.feast_visits"), tables=("yearly",), sides="together",
)  # fmt: skip
def visits_at_feasts(of: Sums) -> np.ndarray:
    return ratio(of.over_months(of.read("ties.feast_visits")), of.over_months(of.read("ties.visits")))


@indicator("Trips across for each household", "persons/month", "mean of households", reads=("sums.trips", "sums.households"))
def contacts_across(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.trips"), of.total("sums.households"))
