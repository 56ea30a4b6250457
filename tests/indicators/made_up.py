"""A record small enough to work by hand: four places on two sides, three crossings, four districts, eighteen months.

Places are in the order A, C, B, D; A and B are Indonesian, C and D Malaysian. The record has room for three years, and holds nonsense in
what was not run, which no table may show. Where nothing is said, sums are 0, prices 1, and nobody reaches a crossing or a market.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from abm.results.facts import Facts
from abm.results.record import DEALS, SUMS, Record
from abm.results.tables import Results
from agents.surroundings import CHANNELS, DIRECTIONS, GOODS

PLACES = ("A", "C", "B", "D")
SIDE_OF = {"A": "id", "B": "id", "C": "my", "D": "my"}
CROSSINGS = {"Gate": "post", "Ford": "path", "Walk": "traditional"}
#: Districts with their side and the people of their places.
DISTRICTS = {"North": (0, 100.0), "East": (1, 40.0), "South": (0, 300.0), "West": (1, 10.0)}
#: Months run, and months that the record has room for.
RUN, ROOM = 18, 36
#: Rupiah and ringgit for a dollar: 1000 until June 1980, then 2000; 2 until December 1980, then 4.
IDR, MYR = [1000.0] * 6 + [2000.0] * 12, [2.0] * 12 + [4.0] * 6
#: National product at yearly rates: 1200 dollars in 1980, 3600 in 1981.
NATIONAL = [1200.0] * 12 + [3600.0] * 6
NONSENSE = 77

#: Where a column is in an array of the record, given here once more so that a swap of columns shows.
COLUMNS: dict[str, tuple[str, int]] = {
    "ties.within": ("ties", 0), "ties.n_within": ("ties", 1), "ties.across": ("ties", 2), "ties.n_across": ("ties", 3),
    "people.births": ("people", 0), "people.deaths": ("people", 1), "people.moved_in": ("people", 2), "people.moved_out": ("people", 3),
    "people.reweighted": ("people", 4),
    "ties.kin_within": ("ties", 4), "ties.n_kin_within": ("ties", 5), "ties.kin_across": ("ties", 6), "ties.n_kin_across": ("ties", 7),
    "ties.known_within": ("ties", 8), "ties.n_known_within": ("ties", 9), "ties.known_across": ("ties", 10), "ties.n_known_across": ("ties", 11),
    "ties.new_across": ("ties", 12), "ties.visits": ("ties", 13), "ties.feast_visits": ("ties", 14),
    "stock.road": ("stock", 0), "stock.clinic": ("stock", 1),
    "hours_care.primary_home": ("hours_care", 0), "hours_care.hospital_home": ("hours_care", 1),
    "hours_care.primary_across": ("hours_care", 2), "hours_care.hospital_across": ("hours_care", 3),
    "care_crossing.primary": ("care_crossing", 0), "care_crossing.hospital": ("care_crossing", 1),
    "work_crossing.pass": ("work_crossing", 0), "work_crossing.permit": ("work_crossing", 1), "work_crossing.undocumented": ("work_crossing", 2),
    "wage.farm": ("wage", 0), "wage.estate": ("wage", 1), "wage.timber": ("wage", 2), "wage.services": ("wage", 3), "wage.public": ("wage", 4), "wage.pass": ("wage", 5),
    "wage.permit": ("wage", 6), "wage.undocumented": ("wage", 7),
    "trade_crossing.legal": ("trade_crossing", 0), "trade_crossing.path": ("trade_crossing", 1),
    **{f"sums.{name}": ("sums", k) for k, name in enumerate(SUMS)},
    **{f"deals.{name}": ("deals", k) for k, name in enumerate(DEALS)},
}  # fmt: skip
#: Names of what is counted on an axis, by any of its names.
_NUMBER = {
    **{n: k for k, n in enumerate(PLACES)}, **{n: k for k, n in enumerate(CROSSINGS)}, **{n: k for k, n in enumerate(DISTRICTS)},
    **{n: k for k, n in enumerate(GOODS)}, **{n: k for k, n in enumerate(DIRECTIONS)}, **{n: k for k, n in enumerate(CHANNELS)}, "id": 0, "my": 1,
}  # fmt: skip

#: What is set: of a column, the value at a month such as "1980-01" (or a year, where a column is by year), and the names on its other axes.
Entries = Mapping[str, Mapping[tuple[Any, ...], float]]


def month(said: str) -> int:
    """The number of a month: 1980-01 is 0."""
    year, number = said.split("-")
    return (int(year) - 1980) * 12 + int(number) - 1


def array_of(record: Record, name: str) -> np.ndarray:
    """The live array of a column."""
    if name not in COLUMNS:
        return getattr(record, name)
    table, k = COLUMNS[name]
    return getattr(record, table)[..., k]


def record_of(entries: Entries) -> Record:
    """A record that holds these numbers."""
    record = Record(ROOM, len(PLACES), len(CROSSINGS), len(DISTRICTS))
    for name, values in vars(record).items():
        run = 2 if len(values) == ROOM // 12 else RUN
        values[:run] = {"price": 1, "cost_of_living": 100, "poor": np.nan, "gini": np.nan}.get(name, -1 if values.dtype == np.int16 else 0)
        values[run:] = 1 if values.dtype == np.int16 else NONSENSE
    for name, cells in entries.items():
        for (when, *rest), value in cells.items():
            at = when - 1980 if isinstance(when, int) else month(when)
            array_of(record, name)[at, *(_NUMBER[n] for n in rest)] = value
    return record


def facts_of(n_months: int = RUN) -> Facts:
    """What is known of the made-up run."""
    return Facts(
        n_months=n_months,
        rate=np.stack([IDR, MYR], axis=1)[:n_months],
        national_usd=np.array(NATIONAL)[:n_months],
        side=np.array([0, 1, 0, 1]),
        place_names=PLACES,
        lat=np.array([1.0, 1.5, 2.0, 2.5]),
        lon=np.array([109.0, 110.0, 111.0, 112.0]),
        crossing_names=tuple(CROSSINGS),
        crossing_kinds=tuple(CROSSINGS.values()),
        district_side=np.array([s for s, _ in DISTRICTS.values()]),
        district_people=np.array([p for _, p in DISTRICTS.values()]),
        savings_at_start=(1000.0, 10.0),
        carried=np.zeros((n_months, 2, 2)),
    )


def results_of(entries: Entries) -> Results:
    """The tables of a run that recorded these numbers."""
    return Results(record_of(entries), facts_of())


def cell(table: pd.DataFrame, indicator: str, **key: Any) -> float:
    """One number of a table, by year and side, month or place."""
    rows = table
    for name, value in key.items():
        rows = rows[rows[name] == value]
    (value,) = rows[indicator]
    return float(value)
