"""What a trader is: its columns, with meaning, type and unit.

A trader belongs to a household and represents as many real traders as its household represents real households: about
one household in twenty-five trades on the Indonesian side, one in seventy-five on the other.
"""

from __future__ import annotations

from agents.core.declare import Field, fields, judgement

DRAWN = judgement("drawn for each trader when the population is made (abm/world/populate.py)")
RULES = judgement("state of the model, made by its rules")

fields(
    "trader",
    Field("uid", "Identity for life", "key", "int64", "fixed", DRAWN),
    Field("place", "Community of its market", "code", "int16", "fixed", DRAWN),
    Field("side", "Side of the border", "code", "int8", "fixed", DRAWN),
    Field("weight", "Real traders it represents", "trader", "float64", "state", DRAWN),
    Field("household", "Row of its household", "code", "int32", "fixed", DRAWN),
    Field("load", "Goods it can carry at a time", "kg", "float64", "fixed", DRAWN),
    Field("cards", "Border cards it can use, its own and helpers'", "person", "int8", "fixed", DRAWN),
    Field("skill", "Knowledge of unofficial ways, 0 none to 1", "index", "float64", "fixed", DRAWN),
    Field("good", "Good of this month's deal, -1 without a deal", "code", "int8", "month", RULES, initial=-1),
    Field("direction", "0 sells across, 1 buys across", "code", "int8", "month", RULES),
    Field("channel", "0 allowance, 1 declared, 2 bribe, 3 path", "code", "int8", "month", RULES),
    Field("quantity", "Goods set out with", "kg/month", "float64", "month", RULES),
    Field("sold", "Goods that arrived and were sold", "kg/month", "float64", "month", RULES),
    Field("seized", "Goods taken away", "kg/month", "float64", "month", RULES),
    Field("outlay", "Paid for the goods", "own currency", "float64", "month", RULES),
    Field("revenue", "Got for the goods", "own currency", "float64", "month", RULES),
    Field("carriage", "Paid for carrying and waiting", "own currency", "float64", "month", RULES),
    Field("duty", "Paid in duty", "own currency", "float64", "month", RULES),
    Field("bribe", "Paid to officers", "own currency", "float64", "month", RULES),
    Field("fine", "Paid in fines", "own currency", "float64", "month", RULES),
    Field("profit", "Profit of the month, brought home in the next", "own currency", "float64", "state", RULES),
)
