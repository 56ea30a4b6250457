"""The surroundings of agents: the columns of places, districts, crossings and facilities that rules read or write.

Only communities in which households live are places here; service towns count only by the hours it takes to reach
them. Money in a place's columns is in the currency of its side.
"""

from __future__ import annotations

from agents.core.declare import Field, Source, fields, judgement

SIDES = ("id", "my")
CARE_OPTIONS = ("primary_home", "hospital_home", "primary_across", "hospital_across")
#: Where the people of a village can go: at home a dispensary or sub-centre, a health centre, a hospital; across a primary facility of either kind, a hospital.
VILLAGE_CARE = ("dispensary_home", "centre_home", "hospital_home", "primary_across", "hospital_across")
#: How bad an illness is: minor, disrupting work, one that needs a hospital, an emergency.
SEVERITIES = ("minor", "disrupting", "hospital", "emergency")
VILLAGE_CARE_BY_SEVERITY = tuple(f"{option}_{severity}" for option in VILLAGE_CARE for severity in SEVERITIES)
#: Kinds of facilities: a dispensary or sub-centre (a nurse or midwife), a health centre (a doctor at best), a hospital.
FACILITY_KINDS = ("dispensary", "centre", "hospital")
DISPENSARY, CENTRE, HOSPITAL = range(3)
#: What an adult of the labour force does: own farm; a job at home by sector; day work across on a border pass, estate work across with a passport and
#: a permit, work across without papers; or looking for work, with none.
ACTIVITIES = ("farm", "estate", "timber", "services", "public", "pass", "permit", "undocumented", "looking")
FARM, ESTATE, TIMBER, SERVICES, PUBLIC, PASS, PERMIT, UNDOCUMENTED, LOOKING = range(9)
#: Activities that are work: columns of places about pay, ways and jobs.
WORK = ACTIVITIES[:LOOKING]
N_WORK = len(WORK)
#: Sectors of jobs at home.
SECTORS = ("estate", "timber", "services", "public")
GOODS = ("rice", "sugar", "cooking_oil", "rubber")
CROPS = ("rice", "rubber")
CHANNELS = ("allowance", "declared", "bribe", "path")
DIRECTIONS = ("sell_across", "buy_across")
PURPOSES = ("security", "roads", "health", "other")

REGION = Source("the region's folder", "fact")
STATE = judgement("state of the model, made by its rules")

fields(
    "place",
    Field("side", "Side of the border", "code", "int64", "fixed", REGION),
    Field("district", "District whose budget the place depends on", "code", "int64", "fixed", REGION),
    Field("adults", "Adults of the place", "adult", "float64", "state", STATE),
    Field("workers", "Adults of the place who work or look for work", "adult", "float64", "state", STATE),
    Field(
        "pay_level",
        "Pay of private jobs relative to the side's, by the product of the district",
        "1",
        "float64",
        "fixed",
        REGION,
        initial=1.0,
    ),
    Field("hours_centre", "Travel to the service town that supplies the place", "hour", "float64", "state", STATE),
    Field("income_last", "Income of the place in the month before", "own currency/month", "float64", "state", STATE),
    Field("output_last", "Cash crop harvested in the month before", "kg/month", "float64", "state", STATE),
    Field("hours_care", "Travel to the nearest open facility", "hour", "float64", "state", STATE, 4, CARE_OPTIONS),
    Field("quality_care", "Quality of that facility", "index", "float64", "state", STATE, 4, CARE_OPTIONS),
    Field("facility_care", "Number of that facility, -1 where there is none", "code", "int64", "state", STATE, 4, CARE_OPTIONS),
    Field("crossing_care", "Number of the crossing on the way there, -1 at home", "code", "int64", "state", STATE, 4, CARE_OPTIONS),
    Field("product_per_head", "National product per head of the side, as pay follows it", "own currency/month", "float64", "month", STATE),
    Field("income_over_pay", "Gap in product per head across over the gap in estate pay", "1", "float64", "month", STATE, initial=1.0),
    Field("fare", "Fare for an hour of travel", "own currency", "float64", "month", STATE),
    Field(
        "wage",
        "Pay of one adult for a month of each activity, before travel",
        "own currency/month",
        "float64",
        "month",
        STATE,
        N_WORK,
        WORK,
    ),
    Field("hours_work", "Travel to where the activity is done", "hour", "float64", "state", STATE, N_WORK, WORK),
    Field("crossing_work", "Number of the crossing on the way there, -1 at home", "code", "int64", "state", STATE, N_WORK, WORK),
    Field(
        "place_work", "Place across where day work on a pass is, -1 where none is within reach", "code", "int64", "state", STATE, initial=-1
    ),
    Field("may_work", "1 where the activity is open to the place's people", "1", "float64", "month", STATE, N_WORK, WORK),
    Field("job_holders", "Adults who hold such a job at the end of the month", "adult", "float64", "month", STATE, N_WORK, WORK),
    Field("job_seekers", "Adults who ask for such a job", "adult", "float64", "month", STATE, N_WORK, WORK),
    Field("job_slots", "Jobs there are", "adult", "float64", "month", STATE, N_WORK, WORK),
    Field(
        "job_chance",
        "Share of seekers who find such a job, as people expect",
        "share",
        "float64",
        "state",
        STATE,
        N_WORK,
        WORK,
        0.5,
    ),
    Field("jobs_found", "Adults who found such a job in a month, as people remember", "adult", "float64", "state", STATE, N_WORK, WORK),
    Field("jobs_asked", "Adults who asked for such a job in a month, as people remember", "adult", "float64", "state", STATE, N_WORK, WORK),
    Field("job_offer", "Share of seekers for whom there is a job this month", "share", "float64", "month", STATE, N_WORK, WORK),
    Field("caught_away", "Chance that an undocumented worker is sent home this month", "probability/month", "float64", "month", STATE),
    Field("technique", "Farm output from the same land and labour, relative to 2005", "1", "float64", "month", STATE, initial=1.0),
    Field("harvest", "Share of a year's output that is harvested this month, times 12", "1", "float64", "month", STATE, 2, CROPS),
    Field("yields", "Output a month at one unit of farm output", "kg/month", "float64", "state", STATE, 2, CROPS),
    Field(
        "schooling_of_pay",
        "Schooling of those whose pay the figures are, in services and public jobs",
        "year",
        "float64",
        "state",
        STATE,
        2,
        SECTORS[2:],
    ),
    Field("schooling_return", "Gain in pay for a year of schooling", "log", "float64", "state", STATE),
    Field("farm_gate", "Farm-gate price", "own currency/kg", "float64", "month", STATE, 2, CROPS),
    Field("price", "Price at the place's market", "own currency/kg", "float64", "state", STATE, 4, GOODS),
    Field(
        "reference_price",
        "Price that the market of its own side would give without trade across",
        "own currency/kg",
        "float64",
        "month",
        STATE,
        4,
        GOODS,
    ),
    Field("local_demand", "What the place's people eat and use of each good", "kg/month", "float64", "month", STATE, 4, GOODS),
    Field(
        "traded_in",
        "Goods brought to the place's market from across, less those taken away",
        "kg/month",
        "float64",
        "month",
        STATE,
        4,
        GOODS,
    ),
    Field("cost_of_living", "Price of the basket relative to 2005", "index 2005=100", "float64", "month", STATE, initial=100.0),
    Field("exchange", "Own currency for one unit of the other side's", "1", "float64", "month", STATE, initial=1.0),
    Field("road", "Condition of the district's roads", "index", "float64", "state", STATE),
    Field("path_loads", "Loads by path and past officers in the month before", "1", "float64", "state", STATE),
    Field("subsistence", "Poverty line", "own currency/person/month", "float64", "month", STATE),
    Field("line", "Poverty line, summed over the months of the year so far", "own currency/person/year", "float64", "state", STATE),
)

fields(
    "village",
    Field("place", "Community that it belongs to", "code", "int64", "fixed", REGION),
    Field("is_line", "1 for a village at the line", "1", "float64", "fixed", REGION),
    Field("share", "Part of the people of its community", "share", "float64", "fixed", REGION),
    Field("facility_care", "Number of the facility that its people reach, -1 where there is none", "code", "int64", "state", STATE, 5, VILLAGE_CARE, -1),
    Field("hours_by_season", "Travel to that facility in the usual months, the wet ones and those of low rivers", "hour", "float64", "state", STATE, 15,
          tuple(f"{option}_{season}" for season in ("usual", "wet", "low") for option in VILLAGE_CARE)),
    Field("hours_care", "Travel to that facility this month", "hour", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("ridden_care", "1 where a fare is paid on the way there, 0 where people walk", "1", "float64", "state", STATE, 5, VILLAGE_CARE, 1.0),
    Field("crossing_care", "Number of the crossing on the way there, -1 at home", "code", "int64", "state", STATE, 5, VILLAGE_CARE, -1),
    Field("quality_care", "Quality of that facility this month", "index", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("standard_care", "Quality that its budget allows", "index", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("word_care", "Of those of the village who went there, who were seen and given drugs, relative to that, as people remember", "share", "float64",
          "state", STATE, 5, VILLAGE_CARE, 1.0),
    Field("known_care", "Quality that people of the village expect there", "index", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("fee_care", "Fee there for one illness", "own currency", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("friction_care", "Strictness of the post on the way there", "index", "float64", "month", STATE, 5, VILLAGE_CARE),
    Field("care_demand", "People of the village who asked for care there, by severity", "visits/month", "float64", "month", STATE, 20,
          VILLAGE_CARE_BY_SEVERITY),
    Field("served_share", "Share of them for whom there was a place", "share", "float64", "month", STATE, 20, VILLAGE_CARE_BY_SEVERITY, 1.0),
)  # fmt: skip

fields(
    "trade_link",
    Field(
        "partner",
        "Place across whose market a trader of this place reaches, by the legal way and by path",
        "code",
        "int64",
        "state",
        STATE,
        2,
        ("legal", "path"),
    ),
    Field("hours", "Travel to that market", "hour", "float64", "state", STATE, 2, ("legal", "path")),
    Field("crossing", "Crossing on the way", "code", "int64", "state", STATE, 2, ("legal", "path")),
    Field("strictness", "Strictness there", "index", "float64", "month", STATE, 2, ("legal", "path")),
    Field("detection", "Chance that a load is found", "probability", "float64", "month", STATE, 2, ("legal", "path")),
    Field("is_open", "1 where the way is open this month", "1", "float64", "month", STATE, 2, ("legal", "path")),
    Field("is_post", "1 where the post on the legal way has full services", "1", "float64", "month", STATE),
    Field("share_honest", "Officers there who take no money", "share", "float64", "month", STATE),
    Field("allowance", "Goods that one border card may carry free of duty in a month", "own currency/month", "float64", "month", STATE),
    Field("duty_out", "Duty across on goods sold across", "share", "float64", "fixed", REGION, 4, GOODS),
    Field("duty_in", "Duty at home on goods bought across", "share", "float64", "fixed", REGION, 4, GOODS),
    Field("transport", "Cost of carrying, part of value per hour", "share", "float64", "fixed", REGION, 4, GOODS),
)

fields(
    "crossing",
    Field("is_open", "1 where people may pass with papers", "1", "float64", "month", REGION),
    Field("is_post", "1 where the post has full services", "1", "float64", "month", REGION),
    Field("is_path", "1 for an unofficial way", "1", "float64", "fixed", REGION),
    Field("strictness", "How hard it is to pass with goods, patients or workers", "index", "float64", "state", STATE),
    Field(
        "patrol",
        "Patrol days per month and kilometre of guarded line, relative to one a month on ten kilometres",
        "1",
        "float64",
        "state",
        STATE,
    ),
    Field("honest", "Chance that an officer there takes no money", "probability", "float64", "fixed", STATE),
    Field("doctrine", "Doctrine of the officials who serve there, 0 security to 1 prosperity", "index", "float64", "month", STATE),
    Field("district_id", "District that guards it on the Indonesian side", "code", "int64", "fixed", REGION),
    Field("district_my", "District that guards it on the Malaysian side", "code", "int64", "fixed", REGION),
)

fields(
    "district",
    Field("side", "Side of the border", "code", "int64", "fixed", REGION),
    Field("population", "People of its border places", "person", "float64", "state", REGION),
    Field("line_km", "Length of the border line it guards", "km", "float64", "fixed", REGION),
    Field(
        "budget",
        "Money for the border places this year, in units of one index point kept up for one person",
        "1",
        "float64",
        "month",
        STATE,
    ),
    Field("split", "Shares of the budget", "share", "float64", "state", STATE, 4, PURPOSES),
    Field("road", "Condition of roads", "index", "float64", "state", STATE, initial=0.2),
    Field("clinic", "Condition, staff and drugs of primary clinics", "index", "float64", "state", STATE, initial=0.2),
    Field("hospital", "Quality of hospitals", "index", "float64", "state", STATE, initial=0.2),
    Field("other", "Condition of power, water, schools, housing", "index", "float64", "state", STATE, initial=0.2),
    Field("patrol", "Patrol days per month and kilometre, relative to one a month on ten kilometres", "1", "float64", "state", STATE),
)

fields(
    "facility",
    Field("is_primary", "1 for a primary clinic, 0 for a hospital", "1", "int64", "fixed", REGION),
    Field("kind", "0 a dispensary or sub-centre, 1 a health centre, 2 a hospital", "code", "int64", "fixed", REGION),
    Field("catchment", "People it is built for", "person", "float64", "state", REGION),
    Field("side", "Side of the border", "code", "int64", "fixed", REGION),
    Field("is_open", "1 where it is open", "1", "float64", "state", STATE, initial=1.0),
    Field("pool", "First of the facilities with which it shares its patients: the health centres of a place", "code", "int64", "fixed", REGION),
    Field("beds", "Beds of a hospital", "1", "float64", "fixed", REGION, initial=60.0),
    Field("posts", "Posts for health staff, filled or not", "person", "float64", "fixed", REGION, initial=5.0),
    Field("staff_start", "Part of them that was filled in 1980, or would have been", "share", "float64", "fixed", REGION, initial=0.2),
    Field("drugs_start", "Part of the drugs needed that came in 1980, or would have come", "share", "float64", "fixed", REGION, initial=0.5),
    Field("progress", "Part of the way from there to all of them that the district's budgets have made up", "share", "float64", "state", STATE),
    Field("staff", "Posts that are filled, -1 before it opens", "person", "float64", "state", STATE, initial=-1.0),
    Field("drugs", "Drugs in stock, by the visits that they last for", "visit", "float64", "state", STATE),
    Field("usual", "People who are seen in a usual month", "visits/month", "float64", "state", STATE),
    Field("standard", "Quality that its budget allows", "index", "float64", "state", STATE),
    Field("quality", "Quality this month", "index", "float64", "state", STATE),
    Field("demand", "People who asked for care, by rank in its queue", "visits/month", "float64", "month", STATE, 8,
          tuple(f"{s}_{w}" for s in reversed(SEVERITIES) for w in ("near", "far"))),
    Field("usual_demand", "The same in a usual month: a mean of about a year", "visits/month", "float64", "state", STATE, 8,
          tuple(f"{s}_{w}" for s in reversed(SEVERITIES) for w in ("near", "far"))),
    Field("served", "People who were seen", "visits/month", "float64", "state", STATE),
    Field("capacity", "People it can see in a month: outpatients (of a primary facility all), and in beds", "visits/month", "float64", "state", STATE, 2,
          ("outpatients", "in_beds")),
)  # fmt: skip

fields(
    "policy",
    Field("turn", "Turn of each side's policy so far, from dated events", "index", "float64", "state", REGION, 2, SIDES),
    Field("real_income", "Real product per head of each side relative to 2005", "1", "float64", "month", REGION, 2, SIDES),
    Field("enforced", "1 where patrols and officers look (switch enforcement)", "1", "float64", "month", STATE),
    Field("invests", "1 where districts spend (switch infrastructure_investment)", "1", "float64", "month", STATE),
    Field("has_programme", "1 where the programme runs (switch puskesmas_programme)", "1", "float64", "month", STATE),
    Field("prices_move", "1 where trade moves prices (switch price_adjustment)", "1", "float64", "month", STATE),
    Field("may_help", "1 where households help each other (switch kin_help)", "1", "float64", "month", STATE),
    Field("may_cross", "Switches: work across at all, without papers", "1", "float64", "month", STATE, 2, ("work", "undocumented")),
    Field(
        "may_trade", "Switches: trade at all, undeclared, with bribes", "1", "float64", "month", STATE, 3, ("trade", "undeclared", "bribes")
    ),
)

fields(
    "record",
    Field(
        "sums",
        "Weighted sums of the month by community (abm/results/record.py SUMS)",
        "1",
        "float64",
        "month",
        STATE,
        axes=("place", "sum"),
    ),
    Field(
        "deals",
        "Weighted sums of deals by community, good, direction and channel (abm/results/record.py DEALS)",
        "1",
        "float64",
        "month",
        STATE,
        axes=("place", "good", "direction", "channel", "deal"),
    ),
    Field("price", "Prices as people met them", "own currency/kg", "float64", "month", STATE, axes=("place", "good")),
    Field("cost_of_living", "Price of the basket relative to 2005", "index 2005=100", "float64", "month", STATE, axes=("place",)),
    Field("care_crossing", "Crossing on the way to a primary clinic and to a hospital across, -1 for none", "code", "int16", "month", STATE,
          axes=("place", "tier")),
    Field("work_crossing", "Crossing on the way to work across on a pass, with a permit and without papers, -1 for none", "code", "int16", "month", STATE,
          axes=("place", "papers")),
    Field("trade_crossing", "Crossing on the way to trade across, legally and by path, -1 for none", "code", "int16", "month", STATE,
          axes=("place", "way")),
    Field("partner", "Place across whose market a trader reaches the legal way, -1 for none", "code", "int16", "month", STATE, axes=("place",)),
    Field("hours_care", "Travel to the nearest open facility, 0 where there is none", "hour", "float64", "month", STATE,
          axes=("place", "care_option")),
    Field("wage", "Pay of a month of full work by activity", "own currency/month", "float64", "month", STATE, axes=("place", "work")),
    Field("strictness", "Strictness of each crossing", "index", "float64", "month", STATE, axes=("crossing",)),
    Field("stock", "Stocks of each district (abm/results/record.py STOCKS)", "index", "float64", "month", STATE, axes=("district", "stock")),
    Field("security", "Share of each district's budget for security", "share", "float64", "month", STATE, axes=("district",)),
    Field("doctrine", "Mean doctrine of each side's officials", "index", "float64", "month", STATE, axes=("side",)),
    Field("ties", "Strengths added up and ties counted (abm/results/record.py TIES)", "1", "float64", "month", STATE, axes=("tie_sum",)),
)  # fmt: skip
