"""How often are people seen, who of them goes across, with which illness, who stays without care, and at what cost?

People who had care are counted once in a year, in the month of their first visit, so a figure of people is that of whole years.
"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.indicators.care import ACROSS, HOME, across, at_home
from abm.results.record import CARE
from abm.results.sums import Sums, ratio

_YEAR = ("yearly", "places")
_SERIOUS = tuple(f"sums.serious_{k}" for k in CARE)
_TURNED = tuple(f"sums.turned_{k}" for k in CARE)


def _sum(of: Sums, names: tuple[str, ...]) -> np.ndarray:
    return np.sum([of.total(name) for name in names], axis=0)


@indicator(
    "Visits to care for each 1,000 people", "visits/1000 persons/year", "visits ÷ people, a year",
    reads=(*HOME, *ACROSS, "sums.persons"), claims=("E09",), tables=_YEAR,
)  # fmt: skip
def contacts_per_1000(of: Sums) -> np.ndarray:
    return 1000.0 * ratio(at_home(of) + across(of), of.total("sums.persons") / 12.0)


@indicator(
    "Visits to dispensaries at home", "visit", "real visits of the year, part of those to primary clinics", reads=("sums.visits_dh",), tables=_YEAR
)  # fmt: skip
def visits_dispensary_home(of: Sums) -> np.ndarray:
    return of.total("sums.visits_dh")


@indicator(
    "People who had care", "share", "people who had care in the year ÷ people", reads=("sums.patients", "sums.persons"), claims=("E09",), tables=_YEAR
)  # fmt: skip
def people_treated(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.patients"), of.total("sums.persons") / of.months)


@indicator(
    "People who had care across for each 1,000 people", "visits/1000 persons/year", "people who had care across in the year ÷ people",
    reads=("sums.patients_across", "sums.persons"), claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def people_across_per_1000(of: Sums) -> np.ndarray:
    return 1000.0 * ratio(of.total("sums.patients_across"), of.total("sums.persons") / of.months)


@indicator(
    "Share of people in care who went across", "share", "people who had care across in the year ÷ people who had care",
    reads=("sums.patients_across", "sums.patients"), claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def people_share_across(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.patients_across"), of.total("sums.patients"))


@indicator(
    "Share of serious care across", "share", "visits across ÷ visits, of illness that needs a hospital and emergencies",
    reads=_SERIOUS, claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def care_share_across_serious(of: Sums) -> np.ndarray:
    return ratio(_sum(of, _SERIOUS[3:]), _sum(of, _SERIOUS))


@indicator(
    "Share of care across, villages at the line", "share", "visits across ÷ visits, of villages at the line",
    reads=("sums.line_visits_across", "sums.line_visits"), claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def care_share_across_line(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.line_visits_across"), of.total("sums.line_visits"))


@indicator(
    "Share of serious care across, villages at the line", "share", "the same of illness that needs a hospital and emergencies",
    reads=("sums.line_serious_across", "sums.line_serious"), claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def care_share_across_line_serious(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.line_serious_across"), of.total("sums.line_serious"))


@indicator(
    "Share of people in care who went across, villages at the line", "share", "people who had care across in the year ÷ people who had care",
    reads=("sums.line_patients_across", "sums.line_patients"), claims=("E02", "E03"), tables=_YEAR,
)  # fmt: skip
def people_share_across_line(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.line_patients_across"), of.total("sums.line_patients"))


@indicator(
    "Share of the seriously ill in care who went across", "share", "people with an illness that needs a hospital or an emergency, last seen across ÷ all in care, each month",
    reads=("sums.cases_across", "sums.cases"), claims=("E02",), tables=_YEAR,
)  # fmt: skip
def people_share_across_serious(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.cases_across"), of.total("sums.cases"))


@indicator(
    "Share of the seriously ill in care who went across, villages at the line", "share", "the same of villages at the line",
    reads=("sums.line_cases_across", "sums.line_cases"), claims=("E02",), tables=_YEAR,
)  # fmt: skip
def people_share_across_line_serious(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.line_cases_across"), of.total("sums.line_cases"))


@indicator(
    "People of places whose usual care is across", "share", "people of border places of whose visits in the period most went across ÷ people",
    reads=(*HOME, *ACROSS, "sums.persons"), claims=("E02",), tables=("yearly",),
)  # fmt: skip
def usual_care_across(of: Sums) -> np.ndarray:
    there = of.over_months(np.sum([of.read(name) for name in ACROSS], axis=0))
    home = of.over_months(np.sum([of.read(name) for name in HOME], axis=0))
    persons = of.over_months(of.read("sums.persons"))
    usual = np.where(there > home, persons, 0.0)
    return ratio(
        np.stack([usual[:, g].sum(axis=1) for g in of.groups], axis=1), np.stack([persons[:, g].sum(axis=1) for g in of.groups], axis=1)
    )


@indicator(
    "Visits to care for each 1,000 people of villages at the line", "visits/1000 persons/year", "visits ÷ people, a year",
    reads=("sums.line_visits", "sums.line_persons"), claims=("E09",), tables=_YEAR,
)  # fmt: skip
def contacts_per_1000_line(of: Sums) -> np.ndarray:
    return 1000.0 * ratio(of.total("sums.line_visits"), of.total("sums.line_persons") / 12.0)


@indicator(
    "Untreated illness, villages at the line", "share", "illness without care ÷ illness, a month each",
    reads=("sums.line_untreated", "sums.line_episodes"), claims=("E09",), tables=_YEAR,
)  # fmt: skip
def untreated_share_line(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.line_untreated"), of.total("sums.line_episodes"))


@indicator(
    "Serious illness seen at a hospital", "share", "hospital visits of illness that needs a hospital and emergencies ÷ such illness, a month each",
    reads=("sums.serious_hh", "sums.serious_ha", "sums.episodes_hospital", "sums.episodes_emergency"), claims=("E09",), tables=_YEAR,
)  # fmt: skip
def hospital_reached(of: Sums) -> np.ndarray:
    return ratio(
        of.total("sums.serious_hh") + of.total("sums.serious_ha"), of.total("sums.episodes_hospital") + of.total("sums.episodes_emergency")
    )


def _untreated(severity: str, label: str) -> None:
    @indicator(
        label, "share", "illness without care ÷ illness, a month each", reads=(f"sums.untreated_{severity}", f"sums.episodes_{severity}"),
        claims=("E09",), tables=_YEAR, name=f"untreated_{severity}",
    )  # fmt: skip
    def share(of: Sums) -> np.ndarray:
        return ratio(of.total(f"sums.untreated_{severity}"), of.total(f"sums.episodes_{severity}"))


_untreated("minor", "Untreated minor illness")
_untreated("disrupting", "Untreated illness that disrupts work")
_untreated("hospital", "Untreated illness that needs a hospital")
_untreated("emergency", "Untreated emergencies")


@indicator(
    "Turned away", "share", "visits for which there was no place ÷ visits sought, with those sent on to a hospital",
    reads=(*HOME, *ACROSS, *_TURNED), claims=("E09",), tables=_YEAR,
)  # fmt: skip
def turned_away_share(of: Sums) -> np.ndarray:
    turned = _sum(of, _TURNED)
    return ratio(turned, turned + at_home(of) + across(of))


@indicator(
    "Turned away by hospitals", "share", "the same of hospitals on both sides", reads=("sums.turned_hh", "sums.turned_ha", "sums.visits_hh", "sums.visits_ha"),
    tables=_YEAR,
)  # fmt: skip
def turned_away_hospital(of: Sums) -> np.ndarray:
    turned = of.total("sums.turned_hh") + of.total("sums.turned_ha")
    return ratio(turned, turned + of.total("sums.visits_hh") + of.total("sums.visits_ha"))


@indicator(
    "Sent on to a hospital", "person", "from primary care, on either side", reads=("sums.sent_on_home", "sums.sent_on_across"), tables=_YEAR
)  # fmt: skip
def sent_on(of: Sums) -> np.ndarray:
    return of.total("sums.sent_on_home") + of.total("sums.sent_on_across")


@indicator(
    "Of these, to a hospital across", "share", "sent on to a hospital across ÷ sent on", reads=("sums.sent_on_home", "sums.sent_on_across"),
    claims=("E02",), tables=_YEAR,
)  # fmt: skip
def sent_on_across(of: Sums) -> np.ndarray:
    there = of.total("sums.sent_on_across")
    return ratio(there, there + of.total("sums.sent_on_home"))


@indicator(
    "Cost of care", "share", "fees and fares paid ÷ usual income of a month, mean of households; more than a month's counts as one", reads=("sums.cost_share", "sums.households"), tables=_YEAR
)  # fmt: skip
def care_cost_share(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.cost_share"), of.total("sums.households"))


@indicator(
    "Deaths to be expected of serious illness", "person", "what the severity of illness and the care received lead to; they take nobody, deaths come by age",
    reads=("sums.deaths_expected",), tables=_YEAR,
)  # fmt: skip
def deaths_expected(of: Sums) -> np.ndarray:
    return of.total("sums.deaths_expected")
