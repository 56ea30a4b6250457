"""What do officials do: how strict are posts, what do they find and take, and where do budgets go?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums


def by_people(of: Sums, name: str) -> np.ndarray:
    """Mean over months and over each side's districts of a column by district, by people."""
    values, side, people = of.read(name), of.facts.district_side, of.facts.district_people
    by_side = [(values[:, side == s] * people[side == s]).sum(axis=1) / people[side == s].sum() for s in (0, 1)]
    return of.over_months(np.stack(by_side, axis=1)) / of.months


@indicator("Strictness of posts", "index", "mean over crossings with officers", reads=("strictness",), claims=("E18",), sides="together")
def strictness(of: Sums) -> np.ndarray:
    has_officers = np.array([kind != "path" for kind in of.facts.crossing_kinds])
    return of.over_months(of.read("strictness")[:, has_officers].mean(axis=1)) / of.months[:, 0]


@indicator("Loads found", "1", "of the period", reads=("deals.found",), claims=("E15",))
def detections(of: Sums) -> np.ndarray:
    return of.gather(of.read("deals.found").sum(axis=(2, 3, 4)))


@indicator("Bribes", "USD", "of the period", reads=("deals.bribe", "series.rate"), claims=("E15",))
def bribes_usd(of: Sums) -> np.ndarray:
    return of.gather(of.read("deals.bribe").sum(axis=(2, 3, 4)) / of.rate())


@indicator("Budget for security", "share", "mean of districts, by people", reads=("security",), claims=("E18", "E21"))
def budget_security_share(of: Sums) -> np.ndarray:
    return by_people(of, "security")


@indicator("Condition of roads", "index", "mean of districts, by people", reads=("stock.road",), claims=("E21",))
def infrastructure_roads(of: Sums) -> np.ndarray:
    return by_people(of, "stock.road")


@indicator("Condition of clinics", "index", "mean of districts, by people", reads=("stock.clinic",), claims=("E21",))
def infrastructure_clinics(of: Sums) -> np.ndarray:
    return by_people(of, "stock.clinic")


@indicator(
    "Doctrine of officials", "index", "0 security to 1 prosperity, mean of the side's officials", reads=("doctrine",), claims=("E18", "E24")
)
def doctrine(of: Sums) -> np.ndarray:
    return of.over_months(of.read("doctrine")) / of.months
