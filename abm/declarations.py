"""Importing this module loads every rule and field, so that the registries in ``agents.core.declare`` are complete."""

# ruff: noqa: F401 (imported for what they register)

import abm.history.set_month
import abm.market
import abm.results
import abm.world.kinship
import abm.world.populate
import abm.world.travel
import agents.household.choose_work
import agents.household.earn
import agents.household.fall_ill
import agents.household.fields
import agents.household.get_work
import agents.household.keep_ties
import agents.household.receive_care
import agents.household.seek_care
import agents.official.fields
import agents.official.inspect
import agents.official.ration_care
import agents.official.set_strictness
import agents.official.spend_budget
import agents.surroundings
import agents.trader.choose_deal
import agents.trader.fields
import agents.trader.settle_deal
