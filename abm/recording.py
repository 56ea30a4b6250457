"""What of a month is kept besides the sums that the rules of the record make? Prices, posts, stocks, ties, and at the year's end poverty and Gini."""

from __future__ import annotations

import numpy as np

from abm.results.record import S, close_year, record_ties
from abm.state import State


def record_month(state: State) -> None:
    """Write the month into the record, and what next month's rules need of it into the places."""
    world, record, t = state.world, state.record, state.month
    record.cost_of_living[t] = world.place["cost_of_living"]
    record.strictness[t] = world.crossing["strictness"]
    record.stock[t, :, 0], record.stock[t, :, 1] = world.district["road"], world.district["clinic"]
    record.security[t] = world.district["split"][:, 0]
    officials = state.frames["official"]
    record.doctrine[t] = np.bincount(officials["side"], officials["doctrine"], 2) / np.maximum(
        np.bincount(officials["side"], minlength=2), 1
    )
    record.care_crossing[t], record.work_crossing[t] = world.place["crossing_care"][:, 2:], world.place["crossing_work"][:, 2:]
    record.trade_crossing[t], record.partner[t] = world.trade_link["crossing"], world.trade_link["partner"][:, 0]
    record.hours_care[t] = world.place["hours_care"]
    c = state.kin.columns
    record_ties(0, len(state.frames["household"]), c["first"], c["first_across"], c["end"], c["strength"], record.ties[t])
    world.place["income_last"][:] = record.sums[t, :, S["income"]]
    rubber_value = np.maximum(record.sums[t, :, S["income_farm"]], 0.0)
    world.place["output_last"][:] = np.maximum(0.5 * rubber_value / np.maximum(world.place["farm_gate"][:, 1], 1e-9), 1.0)
    state.line += world.place["subsistence"]
    if t % 12 == 11:
        _close_year(state, t // 12)


def _close_year(state: State, year: int) -> None:
    """Poverty by place and Gini by side over the incomes of the year, which then start from 0 again."""
    h = state.frames["household"]
    persons = h["n_adults"].astype(float) + h["n_children"]
    state.record.poor[year], state.record.gini[year] = close_year(h["place"], h["side"], h["weight"], persons, h["income_year"], state.line)
    h["income_year"][:] = 0.0
    state.line = np.zeros(state.world.n_places)
