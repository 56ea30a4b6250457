"""What is written down when a year is over? Poverty by place and inequality by side."""

from __future__ import annotations

from abm.results.record import close_year as poverty_and_gini
from abm.state import State


def close_year(state: State, year: int) -> None:
    """Write poverty by place and Gini by side over the incomes of the year (0 is 1980), which then start from 0 again."""
    h, line = state.frames["household"], state.world.place["line"]
    persons = h["n_adults"].astype(float) + h["n_children"]
    state.record.poor[year], state.record.gini[year] = poverty_and_gini(h["place"], h["side"], h["weight"], persons, h["income_year"], line)
    h["income_year"][:] = 0.0
    line[:] = 0.0
