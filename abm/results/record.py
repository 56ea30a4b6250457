"""What does a run write down at the end of each month and year?

The record is one pass over the agents at the end of each month, in the order of their rows, so its sums do not depend on
how the month was run. Every table and indicator is made from it (see ``indicators`` and ``tables``).
"""

from __future__ import annotations

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, rule
from agents.household.live import PEOPLE
from agents.surroundings import ACTIVITIES, CHANNELS, GOODS, N_WORK, SEVERITIES

#: Care by kind of facility and side: ``dh`` dispensaries and sub-centres at home, ``ph`` health centres at home, ``hh`` hospitals at home, ``pa`` primary
#: facilities across and ``ha`` hospitals across; the order of agents.surroundings.VILLAGE_CARE.
CARE = ("dh", "ph", "hh", "pa", "ha")
#: What is added up once more for households of villages at the line.
LINE = ("persons", "episodes", "untreated", "visits", "visits_across", "serious", "serious_across", "patients", "patients_across", "cases", "cases_across")
#: Columns of the household record, each a weighted sum over a community's households in a month. Care as in :data:`CARE`: visits, those for an illness that
#: needs a hospital or an emergency (``serious``), those turned away (``turned``). Workers (adults of the labour force) by what they do. ``patients`` had care for the first time in
#: the year; ``cases`` are people with an illness that needs a hospital or an emergency who had care in the month, ``cases_across`` those who were last seen across; ``cost_share`` is the cost of care over the month's usual income, of households that had any.
SUMS = (
    "persons", "households", "adults", "workers", "income", "income_farm", "income_wage", "product", "product_farming", "income_across", "income_trade",
    "own_use", "spending", "care_cost", "savings", "episodes", "untreated", *(f"visits_{k}" for k in CARE), "care_hours",
    *ACTIVITIES, "under_employed", "sent_home", "support", "trips", "n", "help_got", "help_given",
    *(f"episodes_{s}" for s in SEVERITIES), *(f"untreated_{s}" for s in SEVERITIES), *(f"serious_{k}" for k in CARE), *(f"turned_{k}" for k in CARE),
    "sent_on_home", "sent_on_across", "patients", "patients_across", "deaths_expected", "cost_share",
    *(f"line_{name}" for name in LINE), "cases", "cases_across",
)  # fmt: skip
S = {name: k for k, name in enumerate(SUMS)}
N_SUMS = len(SUMS)
#: Columns of the trade record by community, good, direction and channel.
DEALS = ("loads", "set_out", "sold", "seized", "outlay", "revenue", "carriage", "duty", "bribe", "fine", "profit", "found")
D = {name: k for k, name in enumerate(DEALS)}
#: Columns of the record of ties: strengths added up and ties counted, within a side and across, then those of kin and those of acquaintances; new acquaintances across in
#: January; visits across, and those of households in the month of a feast. A tie counts at both ends.
TIES = (
    "within", "n_within", "across", "n_across", "kin_within", "n_kin_within", "kin_across", "n_kin_across",
    "known_within", "n_known_within", "known_across", "n_known_across", "new_across", "visits", "feast_visits",
)  # fmt: skip
#: Stocks of a district that are recorded.
STOCKS = ("road", "clinic")


_VISITS, _CARE_HOURS, _ACTIVITY, _AFTER = S["visits_dh"], S["care_hours"], S[ACTIVITIES[0]], S["under_employed"]
_SEVERITY, _SERIOUS, _SENT, _LINE, _CASES = S["episodes_minor"], S["serious_dh"], S["sent_on_home"], S["line_persons"], S["cases"]


@compiled
def record_households(
    start: int, stop: int, place: Column, weight: Column, n_adults: Column, n_workers: Column, n_children: Column, income: Column,
    income_farm: Column, income_wage: Column, product: Column, product_farming: Column, income_across: Column, income_trade: Column, own_use: Column,
    spending: Column, care_cost: Column, savings: Column, activity: Column, under_employed: Column, n_deported: Column, support_across: Column,
    trips_across: Column, kin_help: Column, income_year: Column, sums: Column
) -> None:  # fmt: skip
    """Add each household to its community's sums (places, columns in the order of SUMS) and to its own year's income; care apart."""
    for i in range(start, stop):
        q = int(place[i])
        w = weight[i]
        adults = float(n_adults[i])
        income_year[i] += income[i]
        sums[q, 0] += w * (adults + float(n_children[i]))
        sums[q, 1] += w
        sums[q, 2] += w * adults
        sums[q, 3] += w * float(n_workers[i])
        sums[q, 4] += w * income[i]
        sums[q, 5] += w * income_farm[i]
        sums[q, 6] += w * income_wage[i]
        sums[q, 7] += w * product[i]
        sums[q, 8] += w * product_farming[i]
        sums[q, 9] += w * income_across[i]
        sums[q, 10] += w * income_trade[i]
        sums[q, 11] += w * own_use[i]
        sums[q, 12] += w * spending[i]
        sums[q, 13] += w * care_cost[i]
        sums[q, 14] += w * savings[i]
        for a in range(int(n_workers[i])):
            sums[q, _ACTIVITY + int(activity[i, a])] += w
        sums[q, _AFTER] += w * float(under_employed[i])
        sums[q, _AFTER + 1] += w * float(n_deported[i])
        sums[q, _AFTER + 2] += w * support_across[i]
        sums[q, _AFTER + 3] += w * float(trips_across[i])
        sums[q, _AFTER + 4] += 1.0
        sums[q, _AFTER + 5] += w * max(kin_help[i], 0.0)
        sums[q, _AFTER + 6] += w * max(-kin_help[i], 0.0)


rule(
    Rule(
        name="record.households",
        rows="household",
        question="What did the month bring to each community?",
        loop=record_households,
        reads=("household.place", "household.weight", "household.n_adults", "household.n_workers", "household.n_children",
               "household.income", "household.income_farm", "household.income_wage", "household.product", "household.product_farming", "household.income_across",
               "household.income_trade", "household.own_use", "household.spending", "household.care_cost", "household.savings", "household.activity",
               "household.under_employed", "household.n_deported", "household.support_across", "household.trips_across", "household.kin_help"),
        writes=("household.income_year", "record.sums"),
    )
)  # fmt: skip


@compiled
def record_care(
    start: int, stop: int, place: Column, village: Column, weight: Column, n_adults: Column, n_children: Column, income_mean: Column,
    episodes: Column, untreated: Column, care_visits: Column, serious_visits: Column, turned_away: Column, sent_on: Column, new_patients: Column,
    deaths_expected: Column, care_cost: Column, ill: Column, care_given: Column, hours_care: Column, is_line: Column, sums: Column
) -> None:  # fmt: skip
    """Add the care of each household to its community's sums (places, columns in the order of SUMS)."""
    for i in range(start, stop):
        q, at, w = int(place[i]), int(village[i]), weight[i]
        line = is_line[at] > 0.0
        if line:
            sums[q, _LINE] += w * (float(n_adults[i]) + float(n_children[i]))
        n_ill = int(episodes[i, 0]) + int(episodes[i, 1]) + int(episodes[i, 2]) + int(episodes[i, 3])
        if n_ill == 0:
            continue
        n_untreated = 0
        for s in range(4):
            n_untreated += int(untreated[i, s])
            sums[q, _SEVERITY + s] += w * float(episodes[i, s])
            sums[q, _SEVERITY + 4 + s] += w * float(untreated[i, s])
        sums[q, 15] += w * float(n_ill)
        sums[q, 16] += w * float(n_untreated)
        all_visits = across = serious = serious_across = 0
        for k in range(5):
            visits = int(care_visits[i, k])
            sums[q, _VISITS + k] += w * float(visits)
            sums[q, _CARE_HOURS] += w * float(visits) * hours_care[at, k]
            sums[q, _SERIOUS + k] += w * float(serious_visits[i, k])
            sums[q, _SERIOUS + 5 + k] += w * float(turned_away[i, k])
            all_visits += visits
            serious += int(serious_visits[i, k])
            if k > 2:
                across += visits
                serious_across += int(serious_visits[i, k])
        cases = cases_across = 0
        if episodes[i, 2] + episodes[i, 3] > 0:
            for m in range(ill.shape[1]):
                if ill[i, m] > 2 and care_given[i, m] >= 0:
                    cases += 1
                    cases_across += 1 if care_given[i, m] > 2 else 0
        sums[q, _CASES] += w * float(cases)
        sums[q, _CASES + 1] += w * float(cases_across)
        sums[q, _SENT] += w * float(sent_on[i, 0])
        sums[q, _SENT + 1] += w * float(sent_on[i, 1])
        sums[q, _SENT + 2] += w * float(new_patients[i, 0])
        sums[q, _SENT + 3] += w * float(new_patients[i, 1])
        sums[q, _SENT + 4] += w * float(deaths_expected[i])
        sums[q, _SENT + 5] += w * min(care_cost[i] / max(income_mean[i], 1.0), 1.0)
        if line:
            sums[q, _LINE + 1] += w * float(n_ill)
            sums[q, _LINE + 2] += w * float(n_untreated)
            sums[q, _LINE + 3] += w * float(all_visits)
            sums[q, _LINE + 4] += w * float(across)
            sums[q, _LINE + 5] += w * float(serious)
            sums[q, _LINE + 6] += w * float(serious_across)
            sums[q, _LINE + 7] += w * float(new_patients[i, 0])
            sums[q, _LINE + 8] += w * float(new_patients[i, 1])
            sums[q, _LINE + 9] += w * float(cases)
            sums[q, _LINE + 10] += w * float(cases_across)


rule(
    Rule(
        name="record.care",
        rows="household",
        question="Who of each community was ill, and who was cared for where?",
        loop=record_care,
        reads=("household.place", "household.village", "household.weight", "household.n_adults", "household.n_children", "household.income_mean",
               "household.episodes", "household.untreated", "household.care_visits", "household.serious_visits", "household.turned_away", "household.sent_on",
               "household.new_patients", "household.deaths_expected", "household.care_cost", "household.ill", "household.care_given",
               "village.hours_care", "village.is_line"),
        writes=("record.sums",),
    )
)  # fmt: skip


@compiled
def record_deals(
    start: int,
    stop: int,
    place: Column,
    weight: Column,
    good: Column,
    direction: Column,
    channel: Column,
    quantity: Column,
    sold: Column,
    seized: Column,
    outlay: Column,
    revenue: Column,
    carriage: Column,
    duty: Column,
    bribe: Column,
    fine: Column,
    profit: Column,
    deals: Column,
    path_loads: Column,
) -> None:
    """Add each deal to (places, goods, directions, channels, columns of DEALS), and count the loads that officers might find."""
    for q in range(path_loads.shape[0]):
        path_loads[q] = 0.0
    for i in range(start, stop):
        g = int(good[i])
        if g < 0:
            continue
        q, w, d, c = int(place[i]), weight[i], int(direction[i]), int(channel[i])
        deals[q, g, d, c, 0] += w
        deals[q, g, d, c, 1] += w * quantity[i]
        deals[q, g, d, c, 2] += w * sold[i]
        deals[q, g, d, c, 3] += w * seized[i]
        deals[q, g, d, c, 4] += w * outlay[i]
        deals[q, g, d, c, 5] += w * revenue[i]
        deals[q, g, d, c, 6] += w * carriage[i]
        deals[q, g, d, c, 7] += w * duty[i]
        deals[q, g, d, c, 8] += w * bribe[i]
        deals[q, g, d, c, 9] += w * fine[i]
        deals[q, g, d, c, 10] += w * profit[i]
        if seized[i] > 0.0:
            deals[q, g, d, c, 11] += w
        if c >= 2:
            path_loads[q] += w


rule(
    Rule(
        name="record.deals",
        rows="trader",
        question="What was carried across, by whom and how?",
        loop=record_deals,
        reads=("trader.place", "trader.weight", "trader.good", "trader.direction", "trader.channel", "trader.quantity", "trader.sold",
               "trader.seized", "trader.outlay", "trader.revenue", "trader.carriage", "trader.duty", "trader.bribe", "trader.fine",
               "trader.profit"),
        writes=("record.deals", "place.path_loads"),
    )
)  # fmt: skip


@compiled
def record_ties(
    start: int, stop: int, month: int, first: Column, first_across: Column, end: Column, strength: Column, is_kin: Column, n_new: Column,
    feast: Column, group: Column, visits_across: Column, ties: Column
) -> None:  # fmt: skip
    """Add strengths and numbers of ties to ``ties`` (15,), in the order of TIES; each tie counts at both ends."""
    for i in range(start, stop):
        for e in range(first[i], end[i]):
            k = 0 if e < first_across[i] else 2
            ties[k] += float(strength[e])
            ties[k + 1] += 1.0
            k += 4 if is_kin[e] > 0 else 8
            ties[k] += float(strength[e])
            ties[k + 1] += 1.0
        ties[13] += float(visits_across[i])
        if feast[month, group[i]] > 0:
            ties[14] += float(visits_across[i])
    if month % 12 == 0:
        ties[12] += n_new[0]


def gini(values: np.ndarray, weights: np.ndarray) -> float:
    """Gini coefficient of weighted values (negative ones count as zero): 1 - 2 · area under the Lorenz curve; no value for nobody."""
    held = weights > 0
    if not held.any():
        return float("nan")
    values, weights = values[held], weights[held]
    order = np.argsort(values, kind="stable")
    v, w = np.maximum(values[order], 0.0), weights[order]
    people = np.concatenate([[0.0], np.cumsum(w)]) / w.sum()
    total = float((v * w).sum())
    if total <= 0:
        return 0.0
    income = np.concatenate([[0.0], np.cumsum(v * w)]) / total
    return float(1.0 - np.sum((income[1:] + income[:-1]) * np.diff(people)))


def close_year(
    place: np.ndarray, side: np.ndarray, weight: np.ndarray, persons: np.ndarray, income: np.ndarray, line: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poverty and inequality of a year that was run to its end.

    ``place``, ``side``, ``weight``, ``persons`` and ``income`` (the year's, own currency) are by household; ``line`` is the year's
    poverty line of each place (own currency per person). Gives the share of each place's people below its line, and the Gini
    coefficient of each side's income per head, by people.
    """
    at = place.astype(int)
    per_head = income / persons
    people = weight * persons
    everybody = np.bincount(at, people, len(line))
    poor = np.full(len(line), np.nan)  # no value where nobody lives
    np.divide(np.bincount(at, people * (per_head < line[at]), len(line)), everybody, out=poor, where=everybody > 0.0)
    return poor, np.array([gini(per_head[side == s], people[side == s]) for s in (0, 1)])


class Record:
    """What is written down of a run: arrays whose first axis is the month, or the year for ``poor``, ``gini``, ``near``, ``people`` and ``old``.

    Money is in the currency of the place, hours are one way, and a crossing or partner of -1 is none.
    """

    def __init__(self, n_months: int, n_places: int, n_crossings: int, n_districts: int) -> None:
        years = (n_months + 11) // 12
        #: Weighted sums over each community's households, in the order of SUMS.
        self.sums = np.zeros((n_months, n_places, N_SUMS))
        #: Weighted sums over each community's deals by good, direction (0 sells across, 1 buys across) and channel, in the order of DEALS.
        self.deals = np.zeros((n_months, n_places, len(GOODS), 2, len(CHANNELS), len(DEALS)))
        #: Prices as people met them, before the month's trade moved them.
        self.price = np.zeros((n_months, n_places, len(GOODS)))
        #: Price of the basket, 2005 = 100.
        self.cost_of_living = np.zeros((n_months, n_places))
        #: In the order of TIES.
        self.ties = np.zeros((n_months, len(TIES)))
        #: Pay of a month of full work by activity, own currency.
        self.wage = np.zeros((n_months, n_places, N_WORK))
        self.strictness = np.zeros((n_months, n_crossings))
        #: In the order of STOCKS.
        self.stock = np.zeros((n_months, n_districts, len(STOCKS)))
        #: Share of each district's budget that goes to security.
        self.security = np.zeros((n_months, n_districts))
        #: Mean doctrine of each side's officials.
        self.doctrine = np.zeros((n_months, 2))
        #: Crossing on the way to a primary clinic and to a hospital across; to work across on a pass, with a permit and without papers; to trade
        #: legally and by path.
        self.care_crossing = np.zeros((n_months, n_places, 2), dtype=np.int16)
        self.work_crossing = np.zeros((n_months, n_places, 3), dtype=np.int16)
        self.trade_crossing = np.zeros((n_months, n_places, 2), dtype=np.int16)
        #: Place across whose market a trader reaches the legal way.
        self.partner = np.zeros((n_months, n_places), dtype=np.int16)
        #: Hours to care: primary clinic and hospital at home, then across; 0 where none can be reached.
        self.hours_care = np.zeros((n_months, n_places, 4))
        #: Share of each place's people below the year's line, Gini of each side, and places near a primary clinic across.
        self.poor = np.full((years, n_places), np.nan)
        self.gini = np.full((years, 2), np.nan)
        self.near = np.zeros((years, n_places), dtype=bool)

        #: People of the year before this year's January, in the order of PEOPLE; in the first year births and deaths alone.
        self.people = np.zeros((years, n_places, len(PEOPLE)))
        #: People of 65 and over in the year's January.
        self.old = np.zeros((years, n_places))

    def empty(self) -> None:
        """Make every array as it was at first, in the same memory."""
        for name, values in self.__dict__.items():
            values.fill(np.nan if name in ("poor", "gini") else 0)
