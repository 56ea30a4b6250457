"""What do adults do, and what do those who work across bring home?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums


@indicator("Adults on the own farm", "adult", "mean of the period's months", reads=("sums.farm",))
def adults_farm(of: Sums) -> np.ndarray:
    return of.total("sums.farm") / of.months


@indicator("Adults in a job at home", "adult", "mean of the period's months", reads=("sums.wage",))
def adults_wage(of: Sums) -> np.ndarray:
    return of.total("sums.wage") / of.months


@indicator("Adults in day work across", "adult", "mean of the period's months", reads=("sums.pass",), claims=("E10",))
def adults_pass(of: Sums) -> np.ndarray:
    return of.total("sums.pass") / of.months


@indicator("Adults at work across without papers", "adult", "mean of the period's months", reads=("sums.undocumented",), claims=("E11",))
def adults_undocumented(of: Sums) -> np.ndarray:
    return of.total("sums.undocumented") / of.months


@indicator(
    "Workers across", "adult", "with and without a pass",
    reads=("sums.pass", "sums.undocumented"), claims=("E10", "E11"), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def workers_across(of: Sums) -> np.ndarray:
    return (of.total("sums.pass") + of.total("sums.undocumented")) / of.months


@indicator("Earnings across brought home", "USD", "net of living costs there, of the period", reads=("sums.income_across", "series.rate"))
def remittances_usd(of: Sums) -> np.ndarray:
    return of.usd("sums.income_across")
