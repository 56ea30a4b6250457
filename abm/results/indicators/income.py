"""What do people earn, what is made where they live, and how many are poor?"""

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
    "Help from kin", "share", "what households of a community gave each other ÷ income",
    reads=("sums.help_got", "sums.income", "series.rate"), claims=("E05",),
)  # fmt: skip
def help_share_income(of: Sums) -> np.ndarray:
    return ratio(of.usd("sums.help_got"), of.usd("sums.income"))


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
    "Product per head", "USD/person/year", "value added where people live, by farms, employers, traders and public services ÷ residents",
    reads=("sums.product", "sums.persons", "series.rate"), claims=("E01", "E04"), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def product_per_capita(of: Sums) -> np.ndarray:
    return ratio(of.usd("sums.product"), person_years(of))


@indicator(
    "Product per head in own currency", "own currency/person/year", "the same, before conversion",
    reads=("sums.product", "sums.persons"), claims=("E05",), tables=("yearly", "places"),
)  # fmt: skip
def product_local(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.product"), person_years(of))


@indicator(
    "Product of Sarawak over West Kalimantan", "1", "ratio of the two sides' product per head in US$",
    reads=("sums.product", "sums.persons", "series.rate"), claims=("E01",), sides="together",
)  # fmt: skip
def product_ratio(of: Sums) -> np.ndarray:
    per_head = product_per_capita(of)
    return ratio(per_head[:, 1], per_head[:, 0])


@indicator(
    "Farming's share of product", "share", "value added by farms and estates ÷ product",
    reads=("sums.product_farming", "sums.product", "series.rate"), claims=("E05",),
)  # fmt: skip
def farm_share_product(of: Sums) -> np.ndarray:
    return ratio(of.usd("sums.product_farming"), of.usd("sums.product"))


@indicator(
    "Product of the border places", "USD", "value added made in the places, of the period",
    reads=("sums.product", "series.rate"), claims=("E04",),
)  # fmt: skip
def grdp_usd(of: Sums) -> np.ndarray:
    return of.usd("sums.product")


@indicator(
    "Share of the national economy", "share", "product of the border places ÷ national product (Indonesian side)",
    reads=("sums.product", "series.rate", "series.national_usd"), claims=("E04",), sides="id",
)  # fmt: skip
def grdp_share_national(of: Sums) -> np.ndarray:
    return grdp_usd(of)[:, 0] / of.over_months(of.read("series.national_usd") / 12.0)
