"""What do people earn, how many are poor, and how much work do they find at home?"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio


def person_years(of: Sums) -> np.ndarray:
    """Years lived by residents in the period: persons added up over its months, twelfths of a year each."""
    return of.total("sums.persons") / 12.0


@indicator(
    "Income per head", "USD/person/year", "household income ÷ residents, monthly flows at each month's rate",
    reads=("sums.income", "sums.persons", "series.rate"), claims=("E01", "E05", "E06"), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def income_per_capita(of: Sums) -> np.ndarray:
    return ratio(of.usd("sums.income"), person_years(of))


@indicator(
    "Income per head in own currency", "own currency/person/year", "the same, before conversion",
    reads=("sums.income", "sums.persons"), claims=("E05",),
)  # fmt: skip
def income_local(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.income"), person_years(of))


@indicator(
    "Real income per head", "own currency/person/year", "the same at the local prices of 2005",
    reads=("sums.income", "sums.persons", "cost_of_living"), claims=("E05",),
)  # fmt: skip
def income_real(of: Sums) -> np.ndarray:
    return ratio(of.gather(of.read("sums.income") * 100.0 / of.read("cost_of_living")), person_years(of))


@indicator(
    "Income of Sarawak over West Kalimantan", "1", "ratio of the two sides' income per head in US$",
    reads=("sums.income", "sums.persons", "series.rate"), claims=("E01",), sides="together",
)  # fmt: skip
def income_ratio(of: Sums) -> np.ndarray:
    per_head = income_per_capita(of)
    return ratio(per_head[:, 1], per_head[:, 0])


@indicator(
    "Farm share of income", "share", "farm output less inputs ÷ income",
    reads=("sums.income_farm", "sums.income", "series.rate"), claims=("E05",),
)  # fmt: skip
def farm_share_income(of: Sums) -> np.ndarray:
    return ratio(of.usd("sums.income_farm"), of.usd("sums.income"))


@indicator(
    "Poverty rate", "share", "people whose year's income is below the year's line; twelve months only",
    reads=("poor", "sums.persons"), claims=("E05", "E06"), tables=("yearly", "places"),
)  # fmt: skip
def poverty_rate(of: Sums) -> np.ndarray:
    poor, people = of.read("poor"), of.over_months(of.read("sums.persons"))
    return poor if of.by_place else ratio(of.over_places(np.where(people > 0.0, poor * people, 0.0)), of.over_places(people))


@indicator(
    "Gini of income",
    "index",
    "over households' income per head of the year, by people",
    reads=("gini",),
    claims=("E05",),
    tables=("yearly",),
)
def gini(of: Sums) -> np.ndarray:
    return of.read("gini")


@indicator(
    "Open unemployment", "share", "adults who asked for a job, got none and are busy less than a third of the time ÷ adults",
    reads=("sums.unemployed", "sums.adults"), claims=("E05",),
)  # fmt: skip
def unemployment_rate(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.unemployed"), of.total("sums.adults"))


@indicator(
    "Under-employment", "share", "adults' time that neither farm nor job takes up", reads=("sums.idle", "sums.adults"), claims=("E05",)
)
def under_employment_rate(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.idle"), of.total("sums.adults"))


@indicator(
    "Product of the border places", "USD", "value added made in the places: farm, home jobs and trade, of the period",
    reads=("sums.income_farm", "sums.income_wage", "sums.income_trade", "series.rate"), claims=("E04",),
)  # fmt: skip
def grdp_usd(of: Sums) -> np.ndarray:
    return of.usd("sums.income_farm") + of.usd("sums.income_wage") + of.usd("sums.income_trade")


@indicator(
    "Share of the national economy", "share", "product of the border places ÷ national product (Indonesian side)",
    reads=("sums.income_farm", "sums.income_wage", "sums.income_trade", "series.rate", "series.national_usd"), claims=("E04",), sides="id",
)  # fmt: skip
def grdp_share_national(of: Sums) -> np.ndarray:
    return grdp_usd(of)[:, 0] / of.over_months(of.read("series.national_usd") / 12.0)
