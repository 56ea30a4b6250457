"""A case of an indicator: numbers of a record, and what they make."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.indicators.made_up import Entries

NONE = math.nan


@dataclass(frozen=True)
class Case:
    """Numbers of a record and what they make: by year the two sides (id, my), by month the same, by year the places A, B, C, D."""

    indicator: str
    record: Entries
    yearly: dict[int, tuple[float, float]] = field(default_factory=dict)
    monthly: dict[str, tuple[float, float]] = field(default_factory=dict)
    places: dict[int, tuple[float, float, float, float]] = field(default_factory=dict)


# People by month. Person-years are person-months over twelve: id 66/12 and 8/12, my 12/12 and 6/12.
PERSONS = {("1980-01", "A"): 30, ("1980-07", "A"): 20, ("1980-01", "B"): 16, ("1981-02", "B"): 8,
           ("1980-03", "C"): 9, ("1980-12", "D"): 3, ("1981-01", "D"): 6}  # fmt: skip
