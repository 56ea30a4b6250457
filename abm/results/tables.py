"""What does a user see of a run? Tables of the indicators by year, month, community and crossing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.results import ledger
from abm.results.declare import of_table
from abm.results.facts import Facts
from abm.results.indicators.flows import CROSSINGS, TRADE
from abm.results.record import Record
from abm.results.sums import Sums
from agents.surroundings import CHANNELS, GOODS, SIDES

if TYPE_CHECKING:
    import pandas as pd

FIRST_YEAR = 1980


class Results:
    """Tables made from the record of the months run so far: ``yearly``, ``monthly``, ``places``, ``flows``, ``summary``; and a ledger."""

    def __init__(self, record: Record, facts: Facts) -> None:
        self._record, self._facts = record, facts
        #: Year of each month, from 0.
        self._year = np.arange(facts.n_months) // 12

    @property
    def n_months(self) -> int:
        """Months that the tables cover."""
        return self._facts.n_months

    def _columns(self, table: str, sums: Sums) -> dict[str, np.ndarray]:
        """Every indicator of a table, period after period and in each by group."""
        return {one.name: one.values(sums).reshape(-1) for one in of_table(table)}

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """A row per year and side. A year that was not run to its end holds the months that were."""
        import pandas as pd

        sums = Sums(self._record, self._facts, self._year)
        years = len(sums.months)
        keys = {"year": np.repeat(np.arange(years) + FIRST_YEAR, 2), "side": np.tile(SIDES, years)}
        return pd.DataFrame(keys | self._columns("yearly", sums))

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """A row per month and side; incomes are at yearly rates (twelve times the month)."""
        import pandas as pd

        months = np.arange(self.n_months)
        keys = {
            "year": np.repeat(self._year + FIRST_YEAR, 2),
            "month": np.repeat(months % 12 + 1, 2),
            "side": np.tile(SIDES, self.n_months),
        }
        return pd.DataFrame(keys | self._columns("monthly", Sums(self._record, self._facts, months)))

    @cached_property
    def places(self) -> pd.DataFrame:
        """A row per year and community."""
        import pandas as pd

        facts = self._facts
        sums = Sums(self._record, facts, self._year, by_place=True)
        years, places = len(sums.months), len(facts.side)
        keys: dict[str, Any] = {
            "year": np.repeat(np.arange(years) + FIRST_YEAR, places),
            "place": np.tile(np.array(facts.place_names, dtype=object), years),
            "side": np.tile(np.array(SIDES, dtype=object)[facts.side], years),
            "lat": np.tile(facts.lat, years),
            "lon": np.tile(facts.lon, years),
            "population": np.tile(facts.population, years),
        }
        return pd.DataFrame(keys | self._columns("places", sums))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """A row per year, crossing, purpose, good, direction (out is id → my) and channel that anybody used."""
        import pandas as pd

        facts = self._facts
        sums = Sums(self._record, facts, self._year)
        made = {one.name: one.values(sums) for one in of_table("flows")}
        found: dict[tuple[int, int, str, str, str, str], np.ndarray] = {}

        def add(crossing: np.ndarray, key: tuple[str, str, str, str], amounts: list[np.ndarray]) -> None:
            """Sum amounts of one place (each by month, persons first) over years and the crossing used in each month."""
            used = np.flatnonzero((amounts[0] > 0) & (crossing >= 0))
            if len(used) == 0:
                return
            cell = self._year[used] * len(facts.crossing_names) + crossing[used]
            by_cell = np.stack([np.bincount(cell, amount[used]) for amount in amounts], axis=1)
            for k in np.unique(cell).tolist():
                full = (k // len(facts.crossing_names), k % len(facts.crossing_names), *key)
                found[full] = found.get(full, np.zeros(len(amounts))) + by_cell[k]

        none = np.zeros(self.n_months)
        for q, side in enumerate(facts.side):
            for purpose, way in CROSSINGS.items():
                amounts = [by_purpose[purpose][:, q] if purpose in by_purpose else none for by_purpose in made.values()]
                add(sums.read(way)[:, q], (purpose, "", _direction(side == 0), ""), amounts)
            for g, good in enumerate(GOODS):
                for d in (0, 1):
                    for c, channel in enumerate(CHANNELS):
                        amounts = [by_purpose[TRADE][:, q, g, d, c] if TRADE in by_purpose else none for by_purpose in made.values()]
                        way = "trade_crossing.path" if channel == "path" else "trade_crossing.legal"
                        add(sums.read(way)[:, q], (TRADE, good, _direction((side == 0) == (d == 0)), channel), amounts)
        rows = [
            (k[0] + FIRST_YEAR, facts.crossing_names[k[1]], facts.crossing_kinds[k[1]], *k[2:], *amounts)
            for k, amounts in sorted(found.items(), key=lambda one: one[0])
        ]
        return pd.DataFrame(rows, columns=["year", "crossing", "kind", "purpose", "good", "direction", "channel", *made])

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The yearly table as one row per year, indicator and side."""
        return self.yearly.melt(id_vars=["year", "side"], var_name="indicator", value_name="value")

    def ledger(self) -> pd.DataFrame:
        """Money by month, currency and account (see :func:`abm.results.ledger.ledger`)."""
        return ledger.ledger(self._record, self._facts)


def _direction(outward: bool) -> str:
    return "out" if outward else "in"
