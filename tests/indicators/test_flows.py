"""The table of flows is that of plain loops over places, purposes and goods, to the last digit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abm import Scenario, Simulation
from abm.results.declare import of_table
from abm.results.indicators.flows import CROSSINGS, TRADE
from abm.results.sums import Sums
from agents.surroundings import CHANNELS, GOODS


def looped(run: Simulation) -> pd.DataFrame:
    """The same table, one place, purpose, good, direction and channel after the other."""
    facts = run.results._facts
    sums = Sums(run.record, facts, np.arange(facts.n_months) // 12)
    made = {one.name: one.values(sums) for one in of_table("flows")}
    found: dict[tuple, np.ndarray] = {}

    def add(crossing: np.ndarray, key: tuple[str, str, str, str], amounts: list[np.ndarray]) -> None:
        of_place: dict[tuple, np.ndarray] = {}
        for t in range(facts.n_months):
            if amounts[0][t] > 0 and crossing[t] >= 0:
                full = (t // 12, int(crossing[t]), *key)
                of_place[full] = of_place.get(full, np.zeros(len(amounts))) + [a[t] for a in amounts]
        for full, values in of_place.items():
            found[full] = found.get(full, np.zeros(len(amounts))) + values

    none = np.zeros(facts.n_months)
    for q, side in enumerate(facts.side):
        for purpose, way in CROSSINGS.items():
            amounts = [by_purpose[purpose][:, q] if purpose in by_purpose else none for by_purpose in made.values()]
            add(sums.read(way)[:, q], (purpose, "", "out" if side == 0 else "in", ""), amounts)
        for g, good in enumerate(GOODS):
            for d in (0, 1):
                for c, channel in enumerate(CHANNELS):
                    way = sums.read("trade_crossing.path" if channel == "path" else "trade_crossing.legal")
                    direction = "out" if (side == 0) == (d == 0) else "in"
                    add(way[:, q], (TRADE, good, direction, channel), [by_purpose[TRADE][:, q, g, d, c] for by_purpose in made.values()])
    rows = [
        (k[0] + 1980, facts.crossing_names[k[1]], facts.crossing_kinds[k[1]], *k[2:], *values)
        for k, values in sorted(found.items(), key=lambda one: one[0])
    ]
    return pd.DataFrame(rows, columns=["year", "crossing", "kind", "purpose", "good", "direction", "channel", *made])


def test_it_is_that_of_plain_loops() -> None:
    run = Simulation(
        Scenario.load(end="1982-04", set={"world.set_work.legal_1980": 0.3, "world.set_work.from_border": 0.15}), households=600, rng=3
    ).run()
    table = run.results.flows
    assert len(table) > 150 and set(table["purpose"]) == {*CROSSINGS, TRADE} and set(table["direction"]) == {"out", "in"}
    pd.testing.assert_frame_equal(table, looped(run), check_exact=True)
