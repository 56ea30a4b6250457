"""Who lives in a community, how far is care from it, and how much kin has it across?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio

_PLACES = ("places",)


@indicator("Households in the sample", "household", "simulated, not scaled up", reads=("sums.n",), tables=_PLACES)
def n_households(of: Sums) -> np.ndarray:
    return of.total("sums.n") / of.months


def _hours(of: Sums, option: str) -> np.ndarray:
    """Hours one way at the end of the period; no value where no facility can be reached."""
    hours = of.last(f"hours_care.{option}")
    return np.where(hours > 0, hours, np.nan)


@indicator("Hours to a primary clinic at home", "hour", "of the year's December", reads=("hours_care.primary_home",), tables=_PLACES)
def hours_primary_home(of: Sums) -> np.ndarray:
    return _hours(of, "primary_home")


@indicator("Hours to a hospital at home", "hour", "of the year's December", reads=("hours_care.hospital_home",), tables=_PLACES)
def hours_hospital_home(of: Sums) -> np.ndarray:
    return _hours(of, "hospital_home")


@indicator("Hours to a primary clinic across", "hour", "of the year's December", reads=("hours_care.primary_across",), tables=_PLACES)
def hours_primary_across(of: Sums) -> np.ndarray:
    return _hours(of, "primary_across")


@indicator("Hours to a hospital across", "hour", "of the year's December", reads=("hours_care.hospital_across",), tables=_PLACES)
def hours_hospital_across(of: Sums) -> np.ndarray:
    return _hours(of, "hospital_across")


@indicator("Support by kin across", "index", "mean of households", reads=("sums.support", "sums.households"), tables=_PLACES)
def support_across(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.support"), of.total("sums.households"))
