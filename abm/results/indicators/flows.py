"""Who and what crosses where? Amounts by month and community for each purpose, which the table of flows adds up by crossing.

An amount of care or work is (months, places); one of trade is (months, places, goods, directions, channels). A purpose that an indicator
leaves out has none of it. The first indicator, persons, says which crossings were used.
"""

from __future__ import annotations

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums

#: Purposes other than trade and the crossing they take; trade takes ``trade_crossing.legal``, and by path ``trade_crossing.path``.
CROSSINGS = {
    "care_primary": "care_crossing.primary",
    "care_hospital": "care_crossing.hospital",
    "work_pass": "work_crossing.pass",
    "work_permit": "work_crossing.permit",
    "work_undocumented": "work_crossing.undocumented",
}
TRADE = "trade"


@indicator(
    "People who cross for the purpose", "person", "of the year, one way",
    reads=("sums.visits_pa", "sums.visits_ha", "sums.pass", "sums.permit", "sums.undocumented", "deals.loads"), tables=("flows",),
)  # fmt: skip
def persons(of: Sums) -> dict[str, np.ndarray]:
    return {
        "care_primary": of.read("sums.visits_pa"),
        "care_hospital": of.read("sums.visits_ha"),
        "work_pass": of.read("sums.pass"),
        "work_permit": of.read("sums.permit"),
        "work_undocumented": of.read("sums.undocumented"),
        TRADE: of.read("deals.loads"),
    }


@indicator("Value carried", "USD", "of the year, at the place of purchase", reads=("deals.outlay", "series.rate"), tables=("flows",))
def value_usd(of: Sums) -> dict[str, np.ndarray]:
    return {TRADE: of.read("deals.outlay") / of.rate()[:, :, None, None, None]}


@indicator("Quantity carried", "kg", "of the year", reads=("deals.set_out",), tables=("flows",))
def quantity_kg(of: Sums) -> dict[str, np.ndarray]:
    return {TRADE: of.read("deals.set_out")}
