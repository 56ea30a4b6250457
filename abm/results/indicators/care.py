"""Who falls ill, who finds care, and on which side of the border?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio

HOME = ("sums.visits_dh", "sums.visits_ph", "sums.visits_hh")
PRIMARY = ("sums.visits_dh", "sums.visits_ph", "sums.visits_pa")
ACROSS = ("sums.visits_pa", "sums.visits_ha")


def at_home(of: Sums) -> np.ndarray:
    """Visits to any facility at home."""
    return of.total("sums.visits_dh") + of.total("sums.visits_ph") + of.total("sums.visits_hh")


def across(of: Sums) -> np.ndarray:
    """Visits to either tier across."""
    return of.total("sums.visits_pa") + of.total("sums.visits_ha")


@indicator("Illness", "episodes/person-month", "episodes ÷ persons and month", reads=("sums.episodes", "sums.persons"))
def illness_rate(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.episodes"), of.total("sums.persons"))


@indicator(
    "Untreated illness", "share", "episodes without care ÷ episodes",
    reads=("sums.untreated", "sums.episodes"), claims=("E09",), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def untreated_share(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.untreated"), of.total("sums.episodes"))


@indicator(
    "Visits to primary clinics at home", "visit", "real visits of the period, dispensaries among them", reads=("sums.visits_dh", "sums.visits_ph")
)  # fmt: skip
def visits_primary_home(of: Sums) -> np.ndarray:
    return of.total("sums.visits_dh") + of.total("sums.visits_ph")


@indicator("Visits to hospitals at home", "visit", "real visits of the period", reads=("sums.visits_hh",))
def visits_hospital_home(of: Sums) -> np.ndarray:
    return of.total("sums.visits_hh")


@indicator("Visits to primary clinics across", "visit", "real visits of the period", reads=("sums.visits_pa",), claims=("E03",))
def visits_primary_across(of: Sums) -> np.ndarray:
    return of.total("sums.visits_pa")


@indicator("Visits to hospitals across", "visit", "real visits of the period", reads=("sums.visits_ha",), claims=("E03",))
def visits_hospital_across(of: Sums) -> np.ndarray:
    return of.total("sums.visits_ha")


@indicator("Visits across", "visit", "both tiers, patients only", reads=ACROSS, claims=("E03",))
def visits_across(of: Sums) -> np.ndarray:
    return across(of)


@indicator(
    "Visits across for each 1,000 people", "visits/1000 persons/year", "visits across ÷ people, a year",
    reads=(*ACROSS, "sums.persons"), claims=("E03",),
)  # fmt: skip
def visits_across_per_1000(of: Sums) -> np.ndarray:
    return 1000.0 * ratio(across(of), of.total("sums.persons") / 12.0)


@indicator(
    "Share of care across", "share", "visits across ÷ visits",
    reads=(*HOME, *ACROSS), claims=("E02", "E03", "E10"), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def care_share_across(of: Sums) -> np.ndarray:
    return ratio(across(of), across(of) + at_home(of))


@indicator(
    "Share of primary care across", "share", "the same among visits to primary clinics",
    reads=PRIMARY, claims=("E02", "E03"),
)  # fmt: skip
def care_share_across_primary(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.visits_pa"), of.total("sums.visits_pa") + of.total("sums.visits_dh") + of.total("sums.visits_ph"))


@indicator(
    "Share of hospital care across", "share", "the same among visits to hospitals",
    reads=("sums.visits_ha", "sums.visits_hh"), claims=("E02", "E03"),
)  # fmt: skip
def care_share_across_hospital(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.visits_ha"), of.total("sums.visits_ha") + of.total("sums.visits_hh"))


@indicator(
    "Share of care across, places near a clinic there", "share", "the same in places near a clinic across in that year",
    reads=(*HOME, *ACROSS, "near"), claims=("E02", "E03"),
)  # fmt: skip
def care_share_across_near(of: Sums) -> np.ndarray:
    there = of.read("sums.visits_pa") + of.read("sums.visits_ha")
    everywhere = there + of.read("sums.visits_dh") + of.read("sums.visits_ph") + of.read("sums.visits_hh")
    near = of.by_month("near")
    return ratio(of.gather(np.where(near, there, 0.0)), of.gather(np.where(near, everywhere, 0.0)))


@indicator("Travel to care", "hour", "mean hours one way of the visits made", reads=("sums.care_hours", *HOME, *ACROSS))
def travel_hours_care(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.care_hours"), across(of) + at_home(of))
