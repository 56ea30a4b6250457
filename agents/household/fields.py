"""What a household is: its columns, with meaning, type and unit."""

from __future__ import annotations

from agents.core.declare import Field, Source, fields, judgement
from agents.surroundings import ACTIVITIES, CARE_OPTIONS

#: Adults that a household can have (its members of working age beyond these are not simulated).
MAX_ADULTS = 6
#: Children below 15 that a household can have.
MAX_CHILDREN = 8
SEVERITIES = ("minor", "disrupting", "hospital")

DRAWN = judgement("drawn for each household when the population is made (abm/world/populate.py)")
RULES = judgement("state of the model, made by its rules")
_SLOTS = tuple(f"adult_{k + 1}" for k in range(MAX_ADULTS))
_CHILDREN = tuple(f"child_{k + 1}" for k in range(MAX_CHILDREN))

fields(
    "household",
    Field("uid", "Identity for life", "key", "int64", "fixed", DRAWN),
    Field("place", "Community", "code", "int16", "fixed", DRAWN),
    Field("village", "Village of the community", "code", "int16", "fixed", DRAWN),
    Field("side", "Side of the border", "code", "int8", "fixed", DRAWN),
    Field("group", "People (culture group)", "code", "int8", "fixed", Source("places.csv of the region, main group of the place", "fact")),
    Field("weight", "Real households it represents", "household", "float64", "state", DRAWN),
    Field("n_adults", "Adults: people of 15 and over", "person", "int8", "state", DRAWN),
    Field("n_children", "Children below 15", "person", "int8", "state", DRAWN),
    Field("n_workers", "Adults in the labour force: the first of its adults", "person", "int8", "state", DRAWN),
    Field(
        "adult_age",
        "Age of each adult in completed years, those in the labour force first, -1 where there is none",
        "year",
        "int8",
        "state",
        DRAWN,
        MAX_ADULTS,
        _SLOTS,
        -1,
    ),
    Field(
        "child_age",
        "Age of each child in completed years, -1 where there is none",
        "year",
        "int8",
        "state",
        DRAWN,
        MAX_CHILDREN,
        _CHILDREN,
        -1,
    ),
    Field("schooling", "Mean schooling of its adults", "year", "float32", "fixed", DRAWN),
    Field("land", "Land it works", "ha", "float64", "state", DRAWN),
    Field("ability", "Earnings and output relative to others of equal means", "1", "float64", "fixed", DRAWN),
    Field("savings", "Savings, negative when in debt", "own currency", "float64", "state", RULES),
    Field("activity", "What each adult in the labour force does, -1 beyond them", "code", "int8", "state", RULES, MAX_ADULTS, _SLOTS, -1),
    Field("income_mean", "Income of a usual month, averaged over about a year", "own currency/month", "float64", "state", RULES),
    Field("support_across", "Kin ties across, 0 none to 1 many and close", "index", "float64", "state", RULES),
    Field("opinion_home", "Share of recent visits that were at home and good", "share", "float32", "state", RULES),
    Field("opinion_across", "Share of recent visits that were across and good", "share", "float32", "state", RULES),
    Field("works_home", "1 when somebody has a job at home", "1", "int8", "state", RULES),
    Field("works_across", "1 when somebody works across", "1", "int8", "state", RULES),
    Field("fear", "Memory of being sent home, 0 none to 1 fresh", "index", "float32", "state", RULES),
    Field("heard_across", "What its ties tell of care across, weighted by strength", "share", "float32", "state", RULES),
    Field("heard_work", "Share of its ties, weighted by strength, that know of work across", "share", "float32", "state", RULES),
    Field("knows_work", "Work across: 1 when somebody does it, else what it has heard", "share", "float32", "state", RULES),
    Field("trips_mean", "Trips across in a usual month, averaged over about a year", "persons/month", "float32", "state", RULES),
    Field(
        "visits_across", "Visits to and from its ties across that are to be expected this month", "persons/month", "float32", "month", RULES
    ),
    Field("trips_across", "Trips across last month, all purposes", "persons/month", "float32", "state", RULES),
    Field("episodes", "Illness episodes of the month", "person", "int8", "month", RULES, 3, SEVERITIES),
    Field("care_sought", "Episodes for which care was sought", "visits/month", "int8", "month", RULES, 4, CARE_OPTIONS),
    Field("care_visits", "Visits made", "visits/month", "int8", "month", RULES, 4, CARE_OPTIONS),
    Field("untreated", "Episodes without care", "person", "int8", "month", RULES),
    Field("days_lost", "Working days lost to illness and to the way to care", "days/month", "float32", "month", RULES),
    Field("care_cost", "Paid for fees and fares", "own currency", "float64", "month", RULES),
    Field("work_sought", "Job that each adult asks for, -1 where none", "code", "int8", "state", RULES, MAX_ADULTS, _SLOTS, -1),
    Field("n_deported", "Adults sent home", "adult", "int8", "month", RULES),
    Field("income", "Income of the month", "own currency", "float64", "month", RULES),
    Field("income_farm", "Farm output sold and used, at farm-gate prices, less inputs", "own currency", "float64", "month", RULES),
    Field("income_wage", "Wages earned at home", "own currency", "float64", "month", RULES),
    Field(
        "product",
        "Value added where it lives: by its farm, its trader, its employers and public services",
        "own currency",
        "float64",
        "month",
        RULES,
    ),
    Field("product_farming", "Part of it that farms and estates make", "own currency", "float64", "month", RULES),
    Field("income_across", "Earnings across less costs there", "own currency", "float64", "month", RULES),
    Field("income_trade", "Profit of its trader in the month before, brought home now", "own currency", "float64", "month", RULES),
    Field("trader", "Row of its trader, -1 when it has none", "code", "int32", "fixed", RULES, initial=-1),
    Field("own_use", "Value of the farm output that it uses itself", "own currency", "float64", "month", RULES),
    Field("spending", "Paid in shops", "own currency", "float64", "month", RULES),
    Field("income_year", "Income of the year so far", "own currency", "float64", "state", RULES),
    Field("under_employed", "Adults on the farm for whom it has less than 35 hours of work a week", "adult", "int8", "month", RULES),
)

N_ACTIVITIES = len(ACTIVITIES)
N_CARE = len(CARE_OPTIONS)

fields(
    "kin",
    Field("first", "First tie of a household", "code", "int32", "state", RULES),
    Field("first_across", "First tie of a household that leads across", "code", "int32", "state", RULES),
    Field("end", "End of the ties of a household", "code", "int32", "state", RULES),
    Field("other", "Row of the household at the other end", "code", "int32", "state", RULES),
    Field("pair", "Places of the two households: row in the table of contact", "code", "uint16", "state", RULES),
    Field(
        "contact",
        "Chance to meet in a month, by distance between two places",
        "probability/month",
        "float32",
        "state",
        RULES,
        axes=("pair",),
    ),
    Field("is_kin", "1 kin, 0 acquaintances", "1", "int8", "state", RULES),
    Field(
        "feast",
        "Feasts of each people by month from January 1980: 0 none, 1 its main one, 2 Christmas",
        "code",
        "int8",
        "fixed",
        Source("abm/data/feasts.toml", "opened"),
        axes=("month_to_2030", "group"),
    ),
    Field("n_new", "New acquaintances across of this year, counted at both ends", "1", "float64", "state", RULES),
    Field("strength", "Strength of the tie", "index", "float32", "state", RULES),
    Field("is_on", "1 where ties across count (switch kinship)", "1", "float64", "month", RULES),
    Field("income_gap", "Logarithm of income per head there over here, no less than 0", "log", "float64", "month", RULES),
)
