"""What the model reports: a record of sums by month and community, and the indicators made from it.

The record is one pass over the agents at the end of each month, in the order of their rows, so its sums do not depend on
how the month was run. Indicators are ratios of such sums; years are sums of months, and money in US dollars is the sum
of monthly flows at each month's rate.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import OUTPUTS, Output, Rule, Source, outputs, rule
from agents.surroundings import CHANNELS, GOODS, SIDES

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the household record, each a weighted sum over a community's households in a month.
SUMS = (
    "persons", "households", "adults", "income", "income_farm", "income_wage", "income_across", "income_trade", "own_use", "spending",
    "care_cost", "savings", "episodes", "untreated", "visits_ph", "visits_hh", "visits_pa", "visits_ha", "care_hours", "farm", "wage", "pass",
    "undocumented", "unemployed", "idle", "deported", "support", "trips", "refused", "days_lost", "n", "sought_ph", "sought_hh", "sought_pa",
    "sought_ha",
)  # fmt: skip
S = {name: k for k, name in enumerate(SUMS)}
N_SUMS = len(SUMS)
#: Columns of the trade record by community, good, direction and channel.
DEALS = ("loads", "set_out", "sold", "seized", "outlay", "revenue", "carriage", "duty", "bribe", "fine", "profit", "found")
D = {name: k for k, name in enumerate(DEALS)}


@compiled
def record_households(start, stop, place, weight, n_adults, n_children, income, income_farm, income_wage, income_across, income_trade, own_use,
                      spending, care_cost, savings, episodes, untreated, care_visits, care_sought, hours_care, activity, n_refused, idle,
                      n_deported, support_across, trips_across, days_lost, income_year, sums):  # fmt: skip
    """Add each household to its community's sums (places, columns) and to its own year's income."""
    for i in range(start, stop):
        q = int(place[i])
        w = weight[i]
        adults = float(n_adults[i])
        persons = adults + float(n_children[i])
        income_year[i] += income[i]
        sums[q, 0] += w * persons
        sums[q, 1] += w
        sums[q, 2] += w * adults
        sums[q, 3] += w * income[i]
        sums[q, 4] += w * income_farm[i]
        sums[q, 5] += w * income_wage[i]
        sums[q, 6] += w * income_across[i]
        sums[q, 7] += w * income_trade[i]
        sums[q, 8] += w * own_use[i]
        sums[q, 9] += w * spending[i]
        sums[q, 10] += w * care_cost[i]
        sums[q, 11] += w * savings[i]
        sums[q, 12] += w * (float(episodes[i, 0]) + float(episodes[i, 1]) + float(episodes[i, 2]))
        sums[q, 13] += w * float(untreated[i])
        for k in range(4):
            visits = w * float(care_visits[i, k])
            sums[q, 14 + k] += visits
            sums[q, 18] += visits * hours_care[q, k]
            sums[q, 31 + k] += w * float(care_sought[i, k])
        for a in range(int(n_adults[i])):
            sums[q, 19 + int(activity[i, a])] += w
        is_idle = float(idle[i])
        # open unemployment: asked for a job, got none, and the farm keeps its household's adults busy less than a third of the time
        sums[q, 23] += w * float(n_refused[i]) if is_idle > 2.0 / 3.0 else 0.0
        sums[q, 24] += w * adults * is_idle
        sums[q, 25] += w * float(n_deported[i])
        sums[q, 26] += w * support_across[i]
        sums[q, 27] += w * float(trips_across[i])
        sums[q, 28] += w * float(n_refused[i])
        sums[q, 29] += w * float(days_lost[i])
        sums[q, 30] += 1.0


rule(
    Rule(
        name="record.households",
        rows="household",
        question="What did the month bring to each community?",
        loop=record_households,
        reads=("household.place", "household.weight", "household.n_adults", "household.n_children", "household.income", "household.income_farm",
               "household.income_wage", "household.income_across", "household.income_trade", "household.own_use", "household.spending",
               "household.care_cost", "household.savings", "household.episodes", "household.untreated", "household.care_visits",
               "household.care_sought", "place.hours_care", "household.activity", "household.n_refused", "household.idle",
               "household.n_deported", "household.support_across", "household.trips_across", "household.days_lost"),
        writes=("household.income_year", "record.sums"),
    )
)  # fmt: skip


@compiled
def record_deals(start, stop, place, weight, good, direction, channel, quantity, sold, seized, outlay, revenue, carriage, duty, bribe, fine, profit,
                 deals, path_loads):  # fmt: skip
    """Add each deal to (places, goods, directions, channels, columns), and count the loads that officers might find."""
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
def record_ties(start, stop, first, first_across, end, strength, out):
    """Sum strengths: out is (4,): within, number within, across, number across (each tie counted at both ends)."""
    within, n_within, across, n_across = out[0], out[1], out[2], out[3]
    for i in range(start, stop):
        for e in range(first[i], first_across[i]):
            within += float(strength[e])
        n_within += float(first_across[i] - first[i])
        for e in range(first_across[i], end[i]):
            across += float(strength[e])
        n_across += float(end[i] - first_across[i])
    out[0], out[1], out[2], out[3] = within, n_within, across, n_across


class Record:
    """Sums by month (first axis)."""

    def __init__(self, n_months: int, n_places: int, n_crossings: int, n_districts: int) -> None:
        self.sums = np.zeros((n_months, n_places, N_SUMS))
        self.deals = np.zeros((n_months, n_places, len(GOODS), 2, len(CHANNELS), len(DEALS)))
        self.price = np.zeros((n_months, n_places, len(GOODS)))
        self.cost_of_living = np.zeros((n_months, n_places))
        self.ties = np.zeros((n_months, 4))
        self.strictness = np.zeros((n_months, n_crossings))
        self.stock = np.zeros((n_months, n_districts, 2))
        self.split = np.zeros((n_months, n_districts, 4))
        self.doctrine = np.zeros((n_months, 2))
        self.care_crossing = np.zeros((n_months, n_places, 2), dtype=np.int16)
        self.work_crossing = np.zeros((n_months, n_places, 2), dtype=np.int16)
        self.trade_crossing = np.zeros((n_months, n_places, 2), dtype=np.int16)
        self.partner = np.zeros((n_months, n_places), dtype=np.int16)
        self.hours_care = np.zeros((n_months, n_places, 4))
        years = (n_months + 11) // 12
        self.poor = np.full((years, n_places), np.nan)
        self.gini = np.full((years, 2), np.nan)
        self.near = np.zeros((years, n_places), dtype=bool)


def gini(values: np.ndarray, weights: np.ndarray) -> float:
    """Gini coefficient of weighted values (negative ones count as zero): 1 - 2 · area under the Lorenz curve."""
    held = weights > 0
    values, weights = values[held], weights[held]
    order = np.argsort(values, kind="stable")
    v, w = np.maximum(values[order], 0.0), weights[order]
    people = np.concatenate([[0.0], np.cumsum(w)]) / w.sum()
    total = float((v * w).sum())
    if total <= 0:
        return 0.0
    income = np.concatenate([[0.0], np.cumsum(v * w)]) / total
    return float(1.0 - np.sum((income[1:] + income[:-1]) * np.diff(people)))


_MODEL = Source("made by the model's rules", "derived")


def _out(name: str, label: str, unit: str, meaning: str, *claims: str, tables: tuple[str, ...] = ("yearly", "monthly")) -> Output:
    return Output(name, label, unit, meaning, _MODEL, tables, claims)


_P = ("places",)
outputs(
    _out("income_per_capita", "Income per head", "USD/person/year", "household income ÷ residents, monthly flows at each month's rate", "E01", "E05", "E06",
         tables=("yearly", "monthly", "places")),
    _out("income_local", "Income per head in own currency", "own currency/person/year", "the same, before conversion", "E05"),
    _out("income_real", "Real income per head", "own currency/person/year", "the same at the local prices of 2005", "E05"),
    _out("income_ratio", "Income of Sarawak over West Kalimantan", "1", "ratio of the two sides' income per head in US$", "E01"),
    _out("farm_share_income", "Farm share of income", "share", "farm output less inputs ÷ income", "E05"),
    _out("poverty_rate", "Poverty rate", "share", "people whose year's income is below the year's line; twelve months only", "E05", "E06", tables=("yearly", "places")),
    _out("gini", "Gini of income", "index", "over households' income per head of the year, by people", "E05", tables=("yearly",)),
    _out("unemployment_rate", "Open unemployment", "share", "adults who asked for a job, got none and are busy less than a third of the time ÷ adults", "E05"),
    _out("under_employment_rate", "Under-employment", "share", "adults' time that neither farm nor job takes up", "E05"),
    _out("grdp_usd", "Product of the border places", "USD", "value added made in the places: farm, home jobs and trade, of the period", "E04"),
    _out("grdp_share_national", "Share of the national economy", "share", "product of the border places ÷ national product (Indonesian side)", "E04"),
    _out("illness_rate", "Illness", "episodes/person-month", "episodes ÷ persons and month"),
    _out("untreated_share", "Untreated illness", "share", "episodes without care ÷ episodes", "E09", tables=("yearly", "monthly", "places")),
    _out("visits_primary_home", "Visits to primary clinics at home", "visit", "real visits of the period"),
    _out("visits_hospital_home", "Visits to hospitals at home", "visit", "real visits of the period"),
    _out("visits_primary_across", "Visits to primary clinics across", "visit", "real visits of the period", "E03"),
    _out("visits_hospital_across", "Visits to hospitals across", "visit", "real visits of the period", "E03"),
    _out("visits_across", "Visits across", "visit", "both tiers, patients only", "E03"),
    _out("visits_across_per_1000", "Visits across for each 1,000 people", "visits/1000 persons/year", "visits across ÷ people, a year", "E03"),
    _out("care_share_across", "Share of care across", "share", "visits across ÷ visits", "E02", "E03", "E10", tables=("yearly", "monthly", "places")),
    _out("care_share_across_primary", "Share of primary care across", "share", "the same among visits to primary clinics", "E02", "E03"),
    _out("care_share_across_hospital", "Share of hospital care across", "share", "the same among visits to hospitals", "E02", "E03"),
    _out("care_share_across_near", "Share of care across, places near a clinic there", "share", "the same in places within 7 hours of a clinic across in that year", "E02", "E03"),
    _out("travel_hours_care", "Travel to care", "hour", "mean hours one way of the visits made"),
    _out("adults_farm", "Adults on the own farm", "adult", "mean of the period's months"),
    _out("adults_wage", "Adults in a job at home", "adult", "mean of the period's months"),
    _out("adults_pass", "Adults in day work across", "adult", "mean of the period's months", "E10"),
    _out("adults_undocumented", "Adults at work across without papers", "adult", "mean of the period's months", "E11"),
    _out("workers_across", "Workers across", "adult", "with and without a pass", "E10", "E11", tables=("yearly", "monthly", "places")),
    _out("remittances_usd", "Earnings across brought home", "USD", "net of living costs there, of the period"),
    _out("trade_out_usd", "Goods carried from Indonesia to Malaysia", "USD", "value at the place of purchase, of the period; traders of that side", "E13", "E17"),
    _out("trade_in_usd", "Goods carried from Malaysia to Indonesia", "USD", "value at the place of purchase, of the period; traders of that side", "E13", "E17"),
    _out("undeclared_share", "Undeclared share of trade", "share", "value past officers with a bribe or by path ÷ value", "E15", "E18"),
    *(_out(f"price_gap_{g}", f"Price gap of {g.replace('_', ' ')}", "log", "log price here less log price at the market across, mean of communities", "E13") for g in GOODS),
    _out("traders_active", "Traders with a deal", "trader", "mean of the period's months", "E13"),
    _out("crossings", "Trips across", "person", "by patients, workers (one a month) and traders, one way, of the period"),
    _out("strictness", "Strictness of posts", "index", "mean over crossings with officers", "E18"),
    _out("detections", "Loads found", "1", "of the period", "E15"),
    _out("bribes_usd", "Bribes", "USD", "of the period", "E15"),
    _out("budget_security_share", "Budget for security", "share", "mean of districts", "E18", "E21"),
    _out("infrastructure_roads", "Condition of roads", "index", "mean of districts, by people", "E21"),
    _out("infrastructure_clinics", "Condition of clinics", "index", "mean of districts, by people", "E21"),
    _out("doctrine", "Doctrine of officials", "index", "0 security to 1 prosperity, mean of the side's officials", "E18", "E24"),
    _out("tie_strength_within", "Strength of ties within a side", "index", "mean of ties, both sides together"),
    _out("tie_strength_across", "Strength of ties across", "index", "mean of ties, both sides together", "E10"),
    _out("contacts_across", "Trips across for each household", "persons/month", "mean of households"),
    _out("population", "People of the border places", "person", "sample scaled up; constant in this version"),
    _out("n_households", "Households in the sample", "household", "simulated, not scaled up", tables=_P),
    _out("hours_primary_home", "Hours to a primary clinic at home", "hour", "of the year's December", tables=_P),
    _out("hours_hospital_home", "Hours to a hospital at home", "hour", "of the year's December", tables=_P),
    _out("hours_primary_across", "Hours to a primary clinic across", "hour", "of the year's December", tables=_P),
    _out("hours_hospital_across", "Hours to a hospital across", "hour", "of the year's December", tables=_P),
    _out("support_across", "Support by kin across", "index", "mean of households", tables=_P),
    _out("persons", "People who cross for the purpose", "person", "of the year, one way", tables=("flows",)),
    _out("value_usd", "Value carried", "USD", "of the year, at the place of purchase", tables=("flows",)),
    _out("quantity_kg", "Quantity carried", "kg", "of the year", tables=("flows",)),
)  # fmt: skip


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=np.asarray(b) > 0)


class Results:
    """Tables made from the record of the months run so far: ``yearly``, ``monthly``, ``places``, ``flows``, ``summary``."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._n = model.months_run
        self._series = model.series_of_run()
        self._side = model.world.place["side"]

    def _rates(self) -> np.ndarray:
        return np.stack([self._series["idr_per_usd"], self._series["myr_per_usd"]], axis=1)

    def _table(self, bins: np.ndarray, n_bins: int, by_place: bool = False) -> dict[str, np.ndarray]:
        """Indicators over bins of months; arrays are (bins, sides) or (bins, places)."""
        model, n = self._model, self._n
        record, side = model.record, self._side
        places = len(side)
        group = np.arange(places) if by_place else side
        n_groups = places if by_place else 2
        months_in = np.bincount(bins, minlength=n_bins).astype(float)[:, None]

        def gather(monthly: np.ndarray) -> np.ndarray:
            """(months, places) summed over bins and groups."""
            by_group = np.zeros((n, n_groups))
            for g in range(n_groups):
                by_group[:, g] = monthly[:, group == g].sum(axis=1)
            out = np.zeros((n_bins, n_groups))
            np.add.at(out, bins, by_group)
            return out

        sums = record.sums[:n]
        rate = self._rates()[:, side]
        total = {name: gather(sums[:, :, k]) for name, k in S.items()}
        usd = {
            name: gather(sums[:, :, S[name]] / rate) for name in ("income", "income_farm", "income_wage", "income_across", "income_trade")
        }
        person_years = total["persons"] / 12.0
        across = total["visits_pa"] + total["visits_ha"]
        home = total["visits_ph"] + total["visits_hh"]
        deals = record.deals[:n]
        value = deals[..., D["outlay"]] / rate[:, :, None, None, None]
        undeclared = value[..., 2:].sum(axis=(2, 3, 4))
        all_value = value.sum(axis=(2, 3, 4))
        by_direction = value.sum(axis=(2, 4))  # months, places, direction (0 sells across, 1 buys across)
        is_id = side == 0
        out_value = np.where(is_id, by_direction[:, :, 0], by_direction[:, :, 1])
        in_value = np.where(is_id, by_direction[:, :, 1], by_direction[:, :, 0])
        loads = deals[..., D["loads"]].sum(axis=(2, 3, 4))
        table: dict[str, np.ndarray] = {
            "income_per_capita": _ratio(usd["income"], person_years),
            "income_local": _ratio(total["income"], person_years),
            "income_real": _ratio(gather(sums[:, :, S["income"]] * 100.0 / record.cost_of_living[:n]), person_years),
            "farm_share_income": _ratio(usd["income_farm"], usd["income"]),
            "unemployment_rate": _ratio(total["unemployed"], total["adults"]),
            "under_employment_rate": _ratio(total["idle"], total["adults"]),
            "grdp_usd": usd["income_farm"] + usd["income_wage"] + usd["income_trade"],
            "illness_rate": _ratio(total["episodes"], total["persons"]),
            "untreated_share": _ratio(total["untreated"], total["episodes"]),
            "visits_primary_home": total["visits_ph"], "visits_hospital_home": total["visits_hh"],
            "visits_primary_across": total["visits_pa"], "visits_hospital_across": total["visits_ha"], "visits_across": across,
            "visits_across_per_1000": 1000.0 * _ratio(across, person_years),
            "care_share_across": _ratio(across, across + home),
            "care_share_across_primary": _ratio(total["visits_pa"], total["visits_pa"] + total["visits_ph"]),
            "care_share_across_hospital": _ratio(total["visits_ha"], total["visits_ha"] + total["visits_hh"]),
            "travel_hours_care": _ratio(total["care_hours"], across + home),
            "adults_farm": total["farm"] / months_in, "adults_wage": total["wage"] / months_in, "adults_pass": total["pass"] / months_in,
            "adults_undocumented": total["undocumented"] / months_in, "workers_across": (total["pass"] + total["undocumented"]) / months_in,
            "remittances_usd": usd["income_across"], "trade_out_usd": gather(out_value), "trade_in_usd": gather(in_value),
            "undeclared_share": _ratio(gather(undeclared), gather(all_value)),
            "traders_active": gather(loads) / months_in,
            "crossings": across + total["pass"] + total["undocumented"] + gather(loads),
            "detections": gather(deals[..., D["found"]].sum(axis=(2, 3, 4))),
            "bribes_usd": gather(deals[..., D["bribe"]].sum(axis=(2, 3, 4)) / rate),
            "contacts_across": _ratio(total["trips"], total["households"]),
            "population": total["persons"] / months_in, "support_across": _ratio(total["support"], total["households"]),
            "n_households": total["n"] / months_in,
        }  # fmt: skip
        if by_place:
            return table
        table["income_ratio"] = np.repeat(_ratio(table["income_per_capita"][:, 1:2], table["income_per_capita"][:, 0:1]), 2, axis=1)
        national = np.bincount(bins, self._series["national_usd"] / 12.0, n_bins)
        table["grdp_share_national"] = np.stack([table["grdp_usd"][:, 0] / national, np.full(n_bins, np.nan)], axis=1)
        visits_across = sums[:, :, S["visits_pa"]] + sums[:, :, S["visits_ha"]]
        visits = visits_across + sums[:, :, S["visits_ph"]] + sums[:, :, S["visits_hh"]]
        near_by_month = record.near[np.arange(n) // 12]
        table["care_share_across_near"] = _ratio(
            gather(np.where(near_by_month, visits_across, 0.0)), gather(np.where(near_by_month, visits, 0.0))
        )
        price = np.log(record.price[:n])
        exchange = np.where(is_id, 1.0, -1.0) * np.log(self._series["idr_per_usd"] / self._series["myr_per_usd"])[:, None]
        partner = record.partner[:n].astype(np.int64)
        rows = np.arange(n)[:, None]
        for g, name in enumerate(GOODS):
            there = price[rows, np.maximum(partner, 0), g] + exchange
            gap = np.where(partner >= 0, price[:, :, g] - there, 0.0)
            table[f"price_gap_{name}"] = _ratio(gather(gap), gather((partner >= 0).astype(float)))
        officers = ~(model.world.crossing["is_path"] > 0)
        mean = np.stack([np.bincount(bins, record.strictness[:n][:, officers].mean(axis=1), n_bins) / months_in[:, 0]] * 2, axis=1)
        table["strictness"] = mean
        d_side, d_people = model.world.district["side"], model.world.district["population"]
        for name, source in (
            ("infrastructure_roads", record.stock[:n, :, 0]),
            ("infrastructure_clinics", record.stock[:n, :, 1]),
            ("budget_security_share", record.split[:n, :, 0]),
        ):
            by_side = np.stack(
                [(source[:, d_side == s] * d_people[d_side == s]).sum(axis=1) / d_people[d_side == s].sum() for s in (0, 1)], axis=1
            )
            out = np.zeros((n_bins, 2))
            np.add.at(out, bins, by_side)
            table[name] = out / months_in
        out = np.zeros((n_bins, 2))
        np.add.at(out, bins, record.doctrine[:n])
        table["doctrine"] = out / months_in
        ties = np.zeros((n_bins, 4))
        np.add.at(ties, bins, record.ties[:n])
        table["tie_strength_within"] = np.stack([_ratio(ties[:, 0], ties[:, 1])] * 2, axis=1)
        table["tie_strength_across"] = np.stack([_ratio(ties[:, 2], ties[:, 3])] * 2, axis=1)
        return table

    @cached_property
    def yearly(self) -> pd.DataFrame:
        """A row per year and side. A year that was not run to its end holds the months that were."""
        import pandas as pd

        bins = np.arange(self._n) // 12
        n_bins = int(bins[-1]) + 1 if self._n else 0
        table = self._table(bins, n_bins)
        people = self._model.record.sums[: self._n, :, S["persons"]]
        weight = np.zeros((n_bins, people.shape[1]))
        np.add.at(weight, bins, people)
        poor = self._model.record.poor[:n_bins]
        table["poverty_rate"] = np.stack(
            [_ratio((poor * weight)[:, self._side == s].sum(axis=1), weight[:, self._side == s].sum(axis=1)) for s in (0, 1)], axis=1
        )
        table["gini"] = self._model.record.gini[:n_bins]
        names = [n for n, o in OUTPUTS.items() if "yearly" in o.tables]
        rows = {"year": np.repeat(np.arange(n_bins) + 1980, 2), "side": np.tile(SIDES, n_bins)}
        return pd.DataFrame({**rows, **{n: table[n].reshape(-1) for n in names}})

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """A row per month and side; incomes are at yearly rates (twelve times the month)."""
        import pandas as pd

        bins = np.arange(self._n)
        table = self._table(bins, self._n)
        names = [n for n, o in OUTPUTS.items() if "monthly" in o.tables]
        rows = {"year": np.repeat(bins // 12 + 1980, 2), "month": np.repeat(bins % 12 + 1, 2), "side": np.tile(SIDES, self._n)}
        return pd.DataFrame({**rows, **{n: table[n].reshape(-1) for n in names}})

    @cached_property
    def places(self) -> pd.DataFrame:
        """A row per year and community."""
        import pandas as pd

        bins = np.arange(self._n) // 12
        n_bins = int(bins[-1]) + 1 if self._n else 0
        table = self._table(bins, n_bins, by_place=True)
        world, record = self._model.world, self._model.record
        q = world.n_places
        last = np.minimum(np.arange(n_bins) * 12 + 11, self._n - 1)
        for k, name in enumerate(("hours_primary_home", "hours_hospital_home", "hours_primary_across", "hours_hospital_across")):
            hours = record.hours_care[last, :, k]
            table[name] = np.where(hours > 0, hours, np.nan)
        table["poverty_rate"] = record.poor[:n_bins]
        names = [n for n, o in OUTPUTS.items() if "places" in o.tables]
        border = world.border
        rows: dict[str, Any] = {
            "year": np.repeat(np.arange(n_bins) + 1980, q), "place": np.tile(np.array(world.place_names, dtype=object), n_bins),
            "side": np.tile(np.array(SIDES, dtype=object)[self._side], n_bins), "lat": np.tile(border["lat"].to_numpy(float), n_bins),
            "lon": np.tile(border["lon"].to_numpy(float), n_bins), "population": np.tile(world.population, n_bins),
        }  # fmt: skip
        return pd.DataFrame({**rows, **{n: table[n].reshape(-1) for n in names}})

    @cached_property
    def flows(self) -> pd.DataFrame:
        """A row per year, crossing, purpose, good, direction (out is id → my) and channel that anybody used."""
        import pandas as pd

        world, record, n = self._model.world, self._model.record, self._n
        rate = self._rates()[:, self._side]
        kinds = dict(zip(world.region.crossings["crossing"], world.region.crossings["kind"], strict=True))
        found: dict[tuple[int, int, str, str, str, str], np.ndarray] = {}
        year = np.arange(n) // 12
        n_crossings = len(world.crossing_names)

        def add(crossing: np.ndarray, purpose: str, good: str, outward: bool, channel: str, amounts: np.ndarray) -> None:
            """Sum ``amounts`` (months, 3) over years and the crossing used in each month."""
            used = np.flatnonzero((amounts[:, 0] > 0) & (crossing >= 0))
            if len(used) == 0:
                return
            cell = year[used] * n_crossings + crossing[used]
            sums = [np.bincount(cell, amounts[used, j]) for j in range(3)]
            for k in np.unique(cell).tolist():
                key = (k // n_crossings + 1980, k % n_crossings, purpose, good, "out" if outward else "in", channel)
                found[key] = found.get(key, np.zeros(3)) + [x[k] for x in sums]

        for q in range(world.n_places):
            outward = self._side[q] == 0
            people = lambda name: np.stack([record.sums[:n, q, S[name]], np.zeros(n), np.zeros(n)], axis=1)  # noqa: B023, E731
            add(record.care_crossing[:n, q, 0], "care_primary", "", outward, "", people("visits_pa"))
            add(record.care_crossing[:n, q, 1], "care_hospital", "", outward, "", people("visits_ha"))
            add(record.work_crossing[:n, q, 0], "work_pass", "", outward, "", people("pass"))
            add(record.work_crossing[:n, q, 1], "work_undocumented", "", outward, "", people("undocumented"))
            for g, good in enumerate(GOODS):
                for d in (0, 1):
                    for c, channel in enumerate(CHANNELS):
                        deal = record.deals[:n, q, g, d, c]
                        if not deal[:, D["loads"]].any():
                            continue
                        amounts = np.stack([deal[:, D["loads"]], deal[:, D["outlay"]] / rate[:, q], deal[:, D["set_out"]]], axis=1)
                        add(
                            record.trade_crossing[:n, q, 1 if c == 3 else 0],
                            "trade",
                            good,
                            outward == (d == 0),
                            channel,
                            amounts,
                        )
        rows = [(k[0], world.crossing_names[k[1]], kinds[world.crossing_names[k[1]]], *k[2:], *v) for k, v in sorted(found.items())]
        columns = ["year", "crossing", "kind", "purpose", "good", "direction", "channel", "persons", "value_usd", "quantity_kg"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The yearly table as one row per year, indicator and side."""
        return self.yearly.melt(id_vars=["year", "side"], var_name="indicator", value_name="value")

    def ledger(self) -> pd.DataFrame:
        """Money by month, currency and account: what households' purses gained equals what all other accounts gave.

        Accounts other than ``purses`` and ``pending`` (profit not yet brought home) are the rest of the world; an amount
        is what the account gave (positive) or got. The amounts of a month and currency add up to nothing.
        """
        import pandas as pd

        model, n, side = self._model, self._n, self._side
        record = model.record
        parts = []
        for s, currency in enumerate(("IDR", "MYR")):
            mine = side == s
            at = lambda name: record.sums[:n][:, mine, S[name]].sum(axis=1)  # noqa: B023, E731
            deal = lambda name: record.deals[:n][:, mine][..., D[name]].sum(axis=(1, 2, 3, 4))  # noqa: B023, E731
            purse = at("savings")
            before = np.concatenate([[model.purse_at_start[s]], purse[:-1]])
            profit = deal("profit")
            pending = np.diff(np.concatenate([[0.0], profit]))
            accounts = {
                "crop_buyers": at("income_farm") - at("own_use"), "employers_home": at("income_wage"), "employers_across": at("income_across"),
                "shops": -at("spending"), "clinics_and_carriers": -at("care_cost"), "goods_bought": -deal("outlay"), "goods_sold": deal("revenue"),
                "carriers": -deal("carriage"), "customs": -deal("duty"), "officers": -deal("bribe"), "treasury_fines": -deal("fine"),
                "purses": -(purse - before), "pending": -pending,
            }  # fmt: skip
            for account, amount in accounts.items():
                parts.append(pd.DataFrame({"month": np.arange(n), "currency": currency, "account": account, "amount": amount}))
        return pd.concat(parts, ignore_index=True)
