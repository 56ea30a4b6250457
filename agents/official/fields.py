"""What an official is: post officers, patrol leaders, district planners and health officers, on both sides."""

from __future__ import annotations

from agents.core.declare import Field, fields, judgement

KINDS = ("post_officer", "patrol_leader", "planner", "health_officer")
DRAWN = judgement("drawn for each official when the population is made (abm/world/populate.py)")
RULES = judgement("state of the model, made by its rules")

fields(
    "official",
    Field("uid", "Identity for life", "key", "int64", "fixed", DRAWN),
    Field("place", "Community it serves at", "code", "int16", "fixed", DRAWN),
    Field("side", "Side of the border", "code", "int8", "fixed", DRAWN),
    Field("kind", "0 post officer, 1 patrol leader, 2 planner, 3 health officer", "code", "int8", "fixed", DRAWN),
    Field("crossing", "Crossing it serves at, -1 for none", "code", "int16", "fixed", DRAWN),
    Field("district", "District it serves in", "code", "int16", "fixed", DRAWN),
    Field("deviation", "Its own doctrine relative to its side's", "index", "float64", "fixed", DRAWN),
    Field("honesty", "Chance that it takes no money", "probability", "float64", "fixed", DRAWN),
    Field("doctrine", "Doctrine, 0 security to 1 prosperity", "index", "float64", "state", RULES),
)
