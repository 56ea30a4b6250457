"""What does a user see of a run? Tables of the indicators by year, month, community and crossing."""

from __future__ import annotations

from collections.abc import Mapping
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
#: What may be carried or done, by side: purpose, good, direction, channel; in the order in which indicators give it (see :mod:`abm.results.indicators.flows`).
_FLOWS: tuple[list[tuple[str, str, str, str]], ...] = tuple(
    [(purpose, "", there, "") for purpose in CROSSINGS]
    + [(TRADE, good, direction, channel) for good in GOODS for direction in (there, back) for channel in CHANNELS]
    for there, back in (("out", "in"), ("in", "out"))
)


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
            "population": (sums.total("sums.persons") / sums.months).reshape(-1),
        }
        return pd.DataFrame(keys | self._columns("places", sums))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """A row per year, crossing, purpose, good, direction (out is id → my) and channel that anybody used."""
        import pandas as pd

        facts, months = self._facts, self.n_months
        sums = Sums(self._record, facts, self._year)
        made = {one.name: one.values(sums) for one in of_table("flows")}
        names = ["year", "crossing", "kind", "purpose", "good", "direction", "channel", *made]

        def in_columns(by_purpose: Mapping[str, np.ndarray]) -> np.ndarray:
            """Amounts by month, place and what they are of, in the order of ``_FLOWS`` (months, places, flows); 0 where a purpose has none."""
            none = np.zeros((months, len(facts.side), 1))
            other = [by_purpose[purpose][:, :, None] if purpose in by_purpose else none for purpose in CROSSINGS]
            trade = by_purpose.get(TRADE, np.broadcast_to(none[..., None, None], (*none.shape[:2], len(GOODS), 2, len(CHANNELS))))
            return np.concatenate([*other, trade.reshape(*none.shape[:2], len(GOODS) * 2 * len(CHANNELS))], axis=2)

        ways = [CROSSINGS.get(purpose, "trade_crossing.path" if channel == "path" else "trade_crossing.legal")
                for purpose, _good, _direction, channel in _FLOWS[0]]  # fmt: skip
        crossing = np.stack([sums.read(way) for way in ways], axis=2)
        amounts = [in_columns(by_purpose) for by_purpose in made.values()]
        used = np.nonzero((amounts[0] > 0) & (crossing >= 0))  # persons come first
        if len(used[0]) == 0:
            return pd.DataFrame([], columns=names)
        month, place, flow = used
        # Sums over the months of a year, place by place, and then over places: in this order, so that no rounding depends on how they are made.
        keys = sorted({*_FLOWS[0], *_FLOWS[1]})
        key = np.array([[keys.index(one) for one in flows] for flows in _FLOWS])[facts.side[place], flow]
        cell = (self._year[month] * len(facts.crossing_names) + crossing[used]) * len(keys) + key
        by_place, row = np.unique(cell * len(facts.side) + place, return_inverse=True)
        cells, row_of_place = np.unique(by_place // len(facts.side), return_inverse=True)
        sums_of = [np.bincount(row_of_place, np.bincount(row, amount[used])) for amount in amounts]
        year, at = np.divmod(cells // len(keys), len(facts.crossing_names))
        said = [keys[k] for k in (cells % len(keys)).tolist()]
        columns = [year + FIRST_YEAR, [facts.crossing_names[k] for k in at.tolist()], [facts.crossing_kinds[k] for k in at.tolist()]]
        return pd.DataFrame(dict(zip(names, [*columns, *zip(*said, strict=True), *sums_of], strict=True)))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The yearly table as one row per year, indicator and side."""
        return self.yearly.melt(id_vars=["year", "side"], var_name="indicator", value_name="value")

    def ledger(self) -> pd.DataFrame:
        """Money by month, currency and account (see :func:`abm.results.ledger.ledger`)."""
        return ledger.ledger(self._record, self._facts)
