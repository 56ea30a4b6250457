"""The tables of results hold the outputs that are declared, and no others."""

from __future__ import annotations

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel
from agents.core.declare import OUTPUTS

KEYS = {
    "yearly": {"year", "side"},
    "monthly": {"year", "month", "side"},
    "places": {"year", "place", "side", "lat", "lon", "population"},
    "flows": {"year", "crossing", "kind", "purpose", "good", "direction", "channel"},
}


@pytest.mark.parametrize("table", KEYS)
def test_tables_hold_what_is_declared(model: BorderModel, table: str) -> None:
    found = list(getattr(model.results, table).columns)
    assert len(found) == len(set(found))
    declared = {n for n, o in OUTPUTS.items() if table in o.tables}
    assert set(found) - KEYS[table] == declared - KEYS[table]
    assert declared | KEYS[table] == set(found)


def test_outputs_name_known_tables() -> None:
    assert all(o.tables and set(o.tables) <= set(KEYS) for o in OUTPUTS.values())
    assert all(c[0] == "E" and c[1:].isdigit() for o in OUTPUTS.values() for c in o.claims)


def test_summary_is_the_yearly_table(model: BorderModel) -> None:
    summary = model.results.summary
    assert set(summary["indicator"]) == {n for n, o in OUTPUTS.items() if "yearly" in o.tables}
    assert len(summary) == len(model.results.yearly) * summary["indicator"].nunique()
