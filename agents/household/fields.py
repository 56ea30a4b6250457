"""What a household is: its columns, with meaning, type and unit."""

from __future__ import annotations

from agents.core.declare import Field, Source, fields, judgement
from agents.surroundings import ACTIVITIES, SEVERITIES, VILLAGE_CARE

#: Adults that a household can have (its members of working age beyond these are not simulated).
MAX_ADULTS = 6
#: Children below 15 that a household can have.
MAX_CHILDREN = 8

DRAWN = judgement("drawn for each household when the population is made (abm/world/populate.py)")
RULES = judgement("state of the model, made by its rules")
_SLOTS = tuple(f"adult_{k + 1}" for k in range(MAX_ADULTS))
_CHILDREN = tuple(f"child_{k + 1}" for k in range(MAX_CHILDREN))
_MEMBERS = (*_SLOTS, *_CHILDREN)

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
    Field("ill", "Illness of each member: 0 well, 1 minor, 2 disrupting work, 3 needs a hospital, 4 emergency", "code", "int8", "state", RULES,
          MAX_ADULTS + MAX_CHILDREN, _MEMBERS),
    Field("care", "Option of care that each member seeks first, -1 for none", "code", "int8", "month", RULES, MAX_ADULTS + MAX_CHILDREN, _MEMBERS, -1),
    Field("care_next", "Hospital to which each member goes on from there, an option of care, -1 for none", "code", "int8", "month", RULES,
          MAX_ADULTS + MAX_CHILDREN, _MEMBERS, -1),
    Field("care_given", "Option of care at which each member was seen last, -1 for none", "code", "int8", "state", RULES, MAX_ADULTS + MAX_CHILDREN,
          _MEMBERS, -1),
    Field("episodes", "Members ill this month", "person", "int8", "month", RULES, 4, SEVERITIES),
    Field("care_sought", "Visits for which care was sought, those sent on to a hospital again there", "visits/month", "int8", "month", RULES, 5, VILLAGE_CARE),
    Field("care_visits", "Visits made", "visits/month", "int8", "month", RULES, 5, VILLAGE_CARE),
    Field("serious_visits", "Of these, for an illness that needs a hospital or an emergency", "visits/month", "int8", "month", RULES, 5, VILLAGE_CARE),
    Field("turned_away", "Visits for which there was no place", "visits/month", "int8", "month", RULES, 5, VILLAGE_CARE),
    Field("sent_on", "Members who went on to a hospital", "person", "int8", "month", RULES, 2, ("home", "across")),
    Field("untreated", "Members ill without care", "person", "int8", "month", RULES, 4, SEVERITIES),
    Field("insured", "1 where the household pays no fees at home", "1", "int8", "month", RULES),
    Field("found_care", "What it has found at each option: seen and given drugs, relative to what the standard promises", "share", "float32", "state", RULES, 5,
          VILLAGE_CARE, 1.0),
    Field("seen_year", "Members who had care this year, one bit for each", "code", "int16", "state", RULES),
    Field("seen_across", "Members who had care across this year, one bit for each", "code", "int16", "state", RULES),
    Field("new_patients", "Members who had care for the first time this year", "person", "int8", "month", RULES, 2, ("anywhere", "across")),
    Field("deaths_expected", "Deaths to be expected of illness that needs a hospital", "person", "float32", "month", RULES),
    Field("days_lost", "Working days lost to illness and to the way to care", "days/month", "float32", "month", RULES),
    Field("care_cost", "Paid for fees and fares", "own currency", "float64", "month", RULES),
    Field("work_sought", "Job that each adult asks for, -1 where none", "code", "int8", "state", RULES, MAX_ADULTS, _SLOTS, -1),
    Field("n_deported", "Adults sent home", "adult", "int8", "month", RULES),
    Field("income", "Income of the month, with help from kin, or less what it gave", "own currency", "float64", "month", RULES),
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
    Field("kin_help", "Help from households of the community, negative for what it gave", "own currency", "float64", "month", RULES),
    Field("own_use", "Value of the farm output that it uses itself", "own currency", "float64", "month", RULES),
    Field("spending", "Paid in shops", "own currency", "float64", "month", RULES),
    Field("income_year", "Income of the year so far", "own currency", "float64", "state", RULES),
    Field("under_employed", "Adults on the farm for whom it has less than 35 hours of work a week", "adult", "int8", "month", RULES),
)  # fmt: skip

N_ACTIVITIES = len(ACTIVITIES)
N_CARE = len(VILLAGE_CARE)

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
