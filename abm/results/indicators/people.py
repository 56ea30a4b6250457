"""How many people are there, and who was born, died, came or went?

What changes in a January is of the year before it, and stands in the year of that January (in 1980 the births and deaths that leave its people): the people of a year's December are those of the December before
with the five numbers added or taken away.
"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio

_TABLES = ("yearly", "places")


@indicator("People of the border places", "person", "sample scaled up", reads=("sums.persons",))
def population(of: Sums) -> np.ndarray:
    return of.total("sums.persons") / of.months


@indicator(
    "Births",
    "person",
    "of the year before this January; before the first one those that leave its people",
    reads=("people.births",),
    tables=_TABLES,
)
def births(of: Sums) -> np.ndarray:
    return of.over_places(of.read("people.births"))


@indicator(
    "Deaths",
    "person",
    "of the year before this January; before the first one those that leave its people",
    reads=("people.deaths",),
    tables=_TABLES,
)
def deaths(of: Sums) -> np.ndarray:
    return of.over_places(of.read("people.deaths"))


@indicator("People who moved in", "person", "from outside the border places, in January", reads=("people.moved_in",), tables=_TABLES)
def moved_in(of: Sums) -> np.ndarray:
    return of.over_places(of.read("people.moved_in"))


@indicator("People who moved out", "person", "of the border places, in January", reads=("people.moved_out",), tables=_TABLES)
def moved_out(of: Sums) -> np.ndarray:
    return of.over_places(of.read("people.moved_out"))


@indicator(
    "People taken up by weights",
    "person",
    "what moves of whole households of the sample leave to the people of the censuses; below 0 for fewer",
    reads=("people.reweighted",),
    tables=_TABLES,
)
def reweighted(of: Sums) -> np.ndarray:
    return of.over_places(of.read("people.reweighted"))


@indicator(
    "Share of children below 15", "share", "of all people", reads=("sums.persons", "sums.adults"), tables=("yearly", "monthly", "places")
)
def share_children(of: Sums) -> np.ndarray:
    return 1.0 - ratio(of.total("sums.adults"), of.total("sums.persons"))


@indicator("Share of people of 65 and over", "share", "of all people, in January", reads=("sums.persons", "old"), tables=_TABLES)
def share_65(of: Sums) -> np.ndarray:
    return ratio(of.over_places(of.read("old")), of.total("sums.persons") / of.months)


@indicator("People of a household", "person", "mean", reads=("sums.persons", "sums.households"), tables=("yearly", "monthly", "places"))
def household_size(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.persons"), of.total("sums.households"))
