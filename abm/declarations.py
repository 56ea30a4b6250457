"""Importing this module loads every rule and field, so that the registries in ``agents.core.declare`` are complete.

The registries are then put in one order, whatever was imported first: a design over all uncertain parameters takes them in this order, so that
the same plan gives the same runs.
"""

# ruff: noqa: F401 (imported for what they register)

from typing import Any

import abm.history.set_care
import abm.history.set_month
import abm.history.set_work
import abm.market
import abm.results
import abm.results.record_month
import abm.world.demography
import abm.world.kinship
import abm.world.meet
import abm.world.populate
import abm.world.travel
import agents.household.choose_work
import agents.household.earn
import agents.household.fall_ill
import agents.household.fields
import agents.household.get_work
import agents.household.help_kin
import agents.household.keep_ties
import agents.household.leave_work
import agents.household.live
import agents.household.receive_care
import agents.household.seek_care
import agents.official.fields
import agents.official.inspect
import agents.official.keep_facility
import agents.official.ration_care
import agents.official.set_strictness
import agents.official.spend_budget
import agents.surroundings
import agents.trader.choose_deal
import agents.trader.fields
import agents.trader.settle_deal
from agents.core.declare import PARAMETERS, RULES, SWITCHES

#: Order of rules and of groups of parameters. Parameters of a group are in the order of their declaration.
ORDER = (
    "world.series", "world.set_month", "world.set_work", "world.set_prices", "world.set_fees", "world.set_ways", "world.set_care", "household.keep_ties", "household.remember", "world.kinship", "world.meet", "market.adjust_prices", "world.travel",
    "world.populate", "world.demography", "household.choose_work", "household.earn", "household.fall_ill", "household.leave_work", "household.get_work", "household.help_kin", "household.live",
    "household.receive_care", "household.seek_care", "official.set_strictness", "official.inspect", "official.keep_facility",
    "official.ration_care", "official.spend_budget", "trader.choose_deal", "trader.settle_deal", "record.households", "record.care", "record.deals",
    "record.prices", "record.places", "record.officials", "record.ties", "world.close_month",
)  # fmt: skip


def arrange(registry: dict[str, Any], names: list[str]) -> None:
    """Put the entries of a registry in the order of ``names``, which are its keys (ValueError where they are not)."""
    if sorted(names) != sorted(registry):
        raise ValueError(f"abm/declarations.py does not order {sorted(set(registry) ^ set(names))}")
    entries = [(name, registry[name]) for name in names]
    registry.clear()
    registry.update(entries)


def arrange_all() -> None:
    """Put parameters, rules and mechanisms in their order."""
    arrange(PARAMETERS, [n for group in ORDER for n in PARAMETERS if n.rpartition(".")[0] == group])
    arrange(RULES, [n for n in ORDER if n in RULES])
    arrange(SWITCHES, sorted(SWITCHES))


arrange_all()
