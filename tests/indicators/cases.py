"""What each indicator must be, worked by hand. Every expected number is worked out by a person with pen and paper."""

from __future__ import annotations

import math
from typing import Any

from agents.surroundings import GOODS
from tests.indicators.case import NONE, PERSONS, Case
from tests.indicators.cases_care import CARE
from tests.indicators.cases_people import PEOPLE

log = math.log

# In dollars: A 6000/1000 = 6 and 8000/2000 = 4, B 1 and 4000/2000 = 2; C 10/2 = 5, D 3/2 = 1.5 and 60/4 = 15.
INCOME = {("1980-01", "A"): 6000, ("1980-07", "A"): 8000, ("1980-01", "B"): 1000, ("1981-02", "B"): 4000,
          ("1980-03", "C"): 10, ("1980-12", "D"): 3, ("1981-01", "D"): 60}  # fmt: skip
LIVING = {"sums.income": INCOME, "sums.persons": PERSONS}

# Visits of 1980: id 15 and 3 at home, 7 and 2 across; my 50 at home, 1 across. Of 1981: id 4 across; my 20 at home, 6 across.
VISITS = {
    "sums.visits_dh": {("1980-01", "A"): 4, ("1980-01", "C"): 20},
    "sums.visits_ph": {("1980-01", "A"): 6, ("1980-02", "B"): 5, ("1980-01", "C"): 30},
    "sums.visits_hh": {("1980-01", "A"): 3, ("1981-06", "D"): 20},
    "sums.visits_pa": {("1980-01", "A"): 7, ("1981-01", "B"): 4, ("1980-05", "C"): 1},
    "sums.visits_ha": {("1980-03", "B"): 2, ("1981-06", "D"): 6},
}
ILL = {
    "sums.episodes": {("1980-01", "A"): 36, ("1980-02", "B"): 24, ("1981-01", "B"): 10, ("1980-05", "C"): 8, ("1981-06", "D"): 40},
    "sums.untreated": {("1980-01", "A"): 9, ("1980-02", "B"): 12, ("1981-01", "B"): 1, ("1980-05", "C"): 8, ("1981-06", "D"): 10},
}

# In dollars: A sells rice for 5 and buys sugar for 3, B sells rubber for 2, C sells rice for 4, D buys oil for 10.
OUTLAY = {
    ("1980-01", "A", "rice", "sell_across", "allowance"): 5000, ("1980-01", "A", "sugar", "buy_across", "bribe"): 3000,
    ("1980-07", "B", "rubber", "sell_across", "path"): 4000, ("1980-02", "C", "rice", "sell_across", "declared"): 8,
    ("1981-01", "D", "cooking_oil", "buy_across", "path"): 40,
}  # fmt: skip
LOADS = {
    ("1980-01", "A", "rice", "sell_across", "allowance"): 6, ("1980-02", "A", "sugar", "buy_across", "declared"): 12,
    ("1980-02", "B", "rubber", "sell_across", "path"): 6, ("1981-03", "D", "cooking_oil", "buy_across", "bribe"): 9,
}  # fmt: skip

# In 1980-01 a ringgit is 500 rupiah, in 1980-07 1000, in 1981-02 500 again. A's market across is C's and C's is A's; B's is D's in 1981.
# Prices in rupiah at A and ringgit at C, and those of C in rupiah: gaps of ln 8, 2, 5 and 1/5.
PARTNER = {("1980-01", "A"): 1, ("1980-07", "A"): 1, ("1980-01", "C"): 0, ("1981-02", "B"): 3}
PRICE_A, PRICE_C = (4000, 1500, 10000, 500), (1, 1.5, 4, 5)
GAP = (log(8), log(2), log(5), -log(5))


def _gap(k: int, good: str) -> Case:
    price: dict[tuple[Any, ...], float] = {}
    for n, other in enumerate(GOODS):
        price |= {("1980-01", "A", other): PRICE_A[n], ("1980-01", "C", other): PRICE_C[n]}
        # July: n + 2 times the price across, 1000 rupiah a ringgit; 1981: B pays 100 rupiah, D (n + 5) ringgit of 500 rupiah
        price |= {("1980-07", "A", other): (n + 2) * 3000, ("1980-07", "C", other): 3}
        price |= {("1981-02", "B", other): 100, ("1981-02", "D", other): n + 5}
    return Case(
        f"price_gap_{good}", {"price": price, "partner": PARTNER},
        yearly={1980: ((GAP[k] + log(k + 2)) / 2, -GAP[k]), 1981: (-log(5 * (k + 5)), NONE)},
        monthly={"1980-01": (GAP[k], -GAP[k]), "1980-07": (log(k + 2), NONE), "1980-02": (NONE, NONE)},
    )  # fmt: skip


def _adults(name: str, column: str) -> Case:
    # 36 adult-months in the twelve months of 1980, 12 in the six of 1981
    return Case(
        name, {column: {("1980-01", "A"): 12, ("1980-01", "B"): 6, ("1980-02", "A"): 18, ("1981-06", "B"): 12, ("1980-03", "C"): 48, ("1981-01", "D"): 3}},
        yearly={1980: (3, 4), 1981: (2, 0.5)}, monthly={"1980-01": (18, 0), "1981-01": (0, 3)},
    )  # fmt: skip


# Pay of each month and community, and the workers who count for it.
WORKERS = {("1980-01", "A"): 10, ("1980-01", "B"): 30, ("1980-05", "A"): 20, ("1981-02", "C"): 5, ("1981-02", "D"): 15}
PAY = {("1980-01", "A"): 100, ("1980-01", "B"): 200, ("1980-05", "A"): 400, ("1980-06", "A"): 999, ("1981-02", "C"): 8, ("1981-02", "D"): 4}


def _by_people(name: str, column: str) -> Case:
    # id: North 100 and South 300 people; my: East 40 and West 10
    return Case(
        name, {column: {("1980-01", "North"): 0.4, ("1980-01", "South"): 0.8, ("1980-02", "North"): 0.2, ("1981-01", "South"): 0.4,
                        ("1980-01", "East"): 0.5, ("1980-01", "West"): 1.0, ("1981-06", "West"): 0.6}},
        yearly={1980: (((40 + 240) / 400 + 20 / 400) / 12, (20 + 10) / 50 / 12), 1981: (120 / 400 / 6, 6 / 50 / 6)},
        monthly={"1980-01": (0.7, 0.6), "1980-02": (0.05, 0), "1981-01": (0.3, 0)},
    )  # fmt: skip


def _visits(name: str, yearly: dict[int, tuple[float, float]], monthly: dict[str, tuple[float, float]]) -> Case:
    return Case(name, VISITS, yearly=yearly, monthly=monthly)


CASES: tuple[Case, ...] = (
    # ---- income ----------------------------------------------------------------------------------------------------------
    Case(
        "income_per_capita", LIVING,
        yearly={1980: (11 / (66 / 12), 6.5 / (12 / 12)), 1981: (2 / (8 / 12), 15 / (6 / 12))},
        monthly={"1980-01": (7 / (46 / 12), NONE), "1980-07": (4 / (20 / 12), NONE), "1980-03": (NONE, 5 / (9 / 12))},
        places={1980: (10 / (50 / 12), 1 / (16 / 12), 5 / (9 / 12), 1.5 / (3 / 12)), 1981: (NONE, 2 / (8 / 12), NONE, 15 / (6 / 12))},
    ),
    Case(
        "income_local", LIVING,
        yearly={1980: (15000 / (66 / 12), 13), 1981: (4000 / (8 / 12), 60 / (6 / 12))}, monthly={"1980-01": (7000 / (46 / 12), NONE)},
    ),
    Case(
        # half, twice, 0.8 and a quarter of the prices of 2005: 12000, 4000 and 1250 rupiah, 40 ringgit
        "income_real",
        LIVING | {"cost_of_living": {("1980-01", "A"): 50, ("1980-07", "A"): 200, ("1980-01", "B"): 80, ("1980-03", "C"): 25}},
        yearly={1980: (17250 / (66 / 12), 43), 1981: (4000 / (8 / 12), 60 / (6 / 12))},
        monthly={"1980-01": (13250 / (46 / 12), NONE), "1980-03": (NONE, 40 / (9 / 12))},
    ),
    Case(
        "income_ratio", LIVING | {"sums.income": INCOME | {("1981-02", "D"): 1}, "sums.persons": PERSONS | {("1981-02", "D"): 1}},
        yearly={1980: (6.5 / 2, 6.5 / 2), 1981: (15.25 / (7 / 12) / 3, 15.25 / (7 / 12) / 3)},
        monthly={"1981-02": (0.25 * 12 / 3, 0.25 * 12 / 3), "1980-01": (NONE, NONE)},
    ),
    Case(
        # dollars of farming: 3 + 1 of 11; 2 of 6.5; none of 2; 11.25 of 15
        "farm_share_income",
        {"sums.income": INCOME, "sums.income_farm": {("1980-01", "A"): 3000, ("1980-07", "A"): 2000, ("1980-03", "C"): 4, ("1981-01", "D"): 45}},
        yearly={1980: (4 / 11, 2 / 6.5), 1981: (0, 0.75)}, monthly={"1980-01": (3 / 7, NONE)},
    ),
    Case(
        # dollars of help: 1 + 0.5 of 11; none of 6.5; none of 2; 0.75 of 15. What was given is the same money and is not counted again
        "help_share_income",
        {"sums.income": INCOME, "sums.help_got": {("1980-01", "A"): 1000, ("1980-07", "A"): 1000, ("1981-01", "D"): 3},
         "sums.help_given": {("1980-01", "B"): 900}},
        yearly={1980: (1.5 / 11, 0), 1981: (0, 0.05)}, monthly={"1980-01": (1 / 7, NONE), "1980-07": (0.5 / 4, NONE), "1980-03": (NONE, 0)},
    ),
    Case(
        # dollars of farms and estates: 3 + 1 of 11; 2 of 6.5; none of 2; 11.25 of 15. What households earn of it is no part of it
        "farm_share_product",
        {"sums.product": INCOME, "sums.product_farming": {("1980-01", "A"): 3000, ("1980-07", "A"): 2000, ("1980-03", "C"): 4, ("1981-01", "D"): 45},
         "sums.income_farm": {("1980-01", "A"): 700}, "sums.income": {("1980-01", "A"): 500}},
        yearly={1980: (4 / 11, 2 / 6.5), 1981: (0, 0.75)}, monthly={"1980-01": (3 / 7, NONE), "1980-07": (1 / 4, NONE), "1980-03": (NONE, 4 / 10)},
    ),
    Case(
        # by person-months: A 50, B 16; C 9, D 3
        "poverty_rate", {"poor": {(1980, "A"): 0.5, (1980, "B"): 0.1, (1980, "C"): 0.25, (1980, "D"): 0.75}, "sums.persons": PERSONS},
        yearly={1980: ((25 + 1.6) / 66, (2.25 + 2.25) / 12), 1981: (NONE, NONE)},
        places={1980: (0.5, 0.1, 0.25, 0.75), 1981: (NONE, NONE, NONE, NONE)},
    ),
    Case("gini", {"gini": {(1980, "id"): 0.4, (1980, "my"): 0.3}}, yearly={1980: (0.4, 0.3), 1981: (NONE, NONE)}),
    Case(
        "product_per_capita", {"sums.product": INCOME, "sums.persons": PERSONS, "sums.income": {("1980-01", "A"): 500}},
        yearly={1980: (11 / (66 / 12), 6.5 / (12 / 12)), 1981: (2 / (8 / 12), 15 / (6 / 12))},
        monthly={"1980-01": (7 / (46 / 12), NONE), "1980-07": (4 / (20 / 12), NONE), "1980-03": (NONE, 5 / (9 / 12))},
        places={1980: (10 / (50 / 12), 1 / (16 / 12), 5 / (9 / 12), 1.5 / (3 / 12)), 1981: (NONE, 2 / (8 / 12), NONE, 15 / (6 / 12))},
    ),
    Case(
        "product_local", {"sums.product": INCOME, "sums.persons": PERSONS},
        yearly={1980: (15000 / (66 / 12), 13), 1981: (4000 / (8 / 12), 60 / (6 / 12))},
        places={1980: (14000 / (50 / 12), 1000 / (16 / 12), 10 / (9 / 12), 3 / (3 / 12)), 1981: (NONE, 4000 / (8 / 12), NONE, 60 / (6 / 12))},
    ),
    Case(
        "product_ratio", {"sums.product": INCOME | {("1981-02", "D"): 1}, "sums.persons": PERSONS | {("1981-02", "D"): 1}},
        yearly={1980: (6.5 / 2, 6.5 / 2), 1981: (15.25 / (7 / 12) / 3, 15.25 / (7 / 12) / 3)},
        monthly={"1981-02": (0.25 * 12 / 3, 0.25 * 12 / 3), "1980-01": (NONE, NONE)},
    ),
    *(
        Case(
            # dollars: 3, 2 and -1; what is earned across is made elsewhere. National product is 100 dollars a month, then 300
            name,
            {"sums.product": {("1980-01", "A"): 3000, ("1980-07", "B"): 4000, ("1980-12", "A"): -2000, ("1981-01", "A"): 36000, ("1980-02", "C"): 6,
                              ("1981-01", "C"): 8, ("1981-01", "D"): 4, ("1981-02", "C"): 40},
             "sums.income_across": {("1980-01", "A"): 5000}, "sums.income": {("1980-01", "A"): 8000}},
            yearly=yearly, monthly=monthly,
        )
        for name, yearly, monthly in (
            ("grdp_usd", {1980: (3 + 2 - 1, 3), 1981: (18, 2 + 1 + 10)}, {"1980-01": (3, 0), "1981-01": (18, 3)}),
            ("grdp_share_national", {1980: (4 / 1200, NONE), 1981: (18 / (6 * 300), NONE)}, {"1980-01": (3 / 100, NONE), "1981-01": (18 / 300, NONE)}),
        )
    ),
    # ---- care ------------------------------------------------------------------------------------------------------------
    Case(
        "illness_rate", ILL | {"sums.persons": {("1980-01", "A"): 600, ("1980-02", "B"): 120, ("1981-01", "B"): 50, ("1980-05", "C"): 16, ("1981-06", "D"): 100}},
        yearly={1980: (60 / 720, 8 / 16), 1981: (10 / 50, 40 / 100)}, monthly={"1980-01": (36 / 600, NONE)},
    ),
    Case(
        "untreated_share", ILL,
        yearly={1980: (21 / 60, 1), 1981: (1 / 10, 10 / 40)}, monthly={"1980-01": (9 / 36, NONE)},
        places={1980: (9 / 36, 12 / 24, 1, NONE), 1981: (NONE, 1 / 10, NONE, 10 / 40)},
    ),
    _visits("visits_primary_home", {1980: (15, 50), 1981: (0, 0)}, {"1980-01": (10, 50)}),
    _visits("visits_hospital_home", {1980: (3, 0), 1981: (0, 20)}, {"1981-06": (0, 20)}),
    _visits("visits_primary_across", {1980: (7, 1), 1981: (4, 0)}, {"1980-05": (0, 1)}),
    _visits("visits_hospital_across", {1980: (2, 0), 1981: (0, 6)}, {"1980-03": (2, 0)}),
    _visits("visits_across", {1980: (7 + 2, 1), 1981: (4, 6)}, {"1980-01": (7, 0), "1980-03": (2, 0)}),
    Case(
        # person-years: 720/12 = 60 and 240/12 = 20; 1200/12 = 100 and 720/12 = 60
        "visits_across_per_1000",
        VISITS | {"sums.persons": {("1980-01", "A"): 600, ("1980-02", "B"): 120, ("1981-01", "B"): 240, ("1980-05", "C"): 1200, ("1981-06", "D"): 720}},
        yearly={1980: (1000 * 9 / 60, 1000 * 1 / 100), 1981: (1000 * 4 / 20, 1000 * 6 / 60)}, monthly={"1980-01": (1000 * 7 / 50, NONE)},
    ),
    Case(
        "care_share_across", VISITS,
        yearly={1980: (9 / 27, 1 / 51), 1981: (1, 6 / 26)}, monthly={"1980-01": (7 / 20, 0), "1980-03": (1, NONE)},
        places={1980: (7 / 20, 2 / 7, 1 / 51, NONE), 1981: (NONE, 1, NONE, 6 / 26)},
    ),
    _visits("care_share_across_primary", {1980: (7 / 22, 1 / 51), 1981: (1, NONE)}, {"1980-01": (7 / 17, 0)}),
    _visits("care_share_across_hospital", {1980: (2 / 5, NONE), 1981: (NONE, 6 / 26)}, {"1980-01": (0, NONE), "1981-06": (NONE, 6 / 26)}),
    Case(
        # near are A in 1980, B in 1981, and C in 1980; the visits of others, and of A in January 1981, do not count
        "care_share_across_near",
        {"near": {(1980, "A"): 1, (1981, "B"): 1, (1980, "C"): 1},
         "sums.visits_dh": {("1980-12", "A"): 2, ("1981-01", "B"): 4, ("1981-02", "A"): 9},
         "sums.visits_ph": {("1980-12", "A"): 5, ("1980-12", "D"): 5},
         "sums.visits_hh": {("1980-11", "A"): 2, ("1980-04", "C"): 6, ("1981-01", "A"): 30},
         "sums.visits_pa": {("1980-12", "A"): 3, ("1980-12", "B"): 100, ("1981-01", "A"): 50, ("1981-01", "B"): 1},
         "sums.visits_ha": {("1980-11", "A"): 4, ("1980-04", "C"): 2, ("1981-02", "C"): 8}},
        yearly={1980: (7 / 16, 2 / 8), 1981: (1 / 5, NONE)}, monthly={"1980-12": (3 / 10, NONE), "1981-01": (1 / 5, NONE), "1980-11": (4 / 6, NONE)},
    ),
    Case(
        # hours of 27, 4, 51 and 26 visits
        "travel_hours_care",
        VISITS | {"sums.care_hours": {("1980-01", "A"): 40, ("1980-03", "B"): 14, ("1981-01", "B"): 20, ("1980-01", "C"): 153, ("1981-06", "D"): 13}},
        yearly={1980: (54 / 27, 153 / 51), 1981: (20 / 4, 13 / 26)}, monthly={"1980-01": (40 / 20, 153 / 50), "1980-03": (14 / 2, NONE)},
    ),
    # ---- work ------------------------------------------------------------------------------------------------------------
    _adults("labour_force", "sums.workers"), _adults("adults_farm", "sums.farm"), _adults("adults_estate", "sums.estate"),
    _adults("adults_timber", "sums.timber"), _adults("adults_services", "sums.services"), _adults("adults_public", "sums.public"),
    _adults("adults_pass", "sums.pass"), _adults("adults_permit", "sums.permit"), _adults("adults_undocumented", "sums.undocumented"),
    Case(
        # 12 + 24, 48 in the twelve months of 1980; 6 and 18 in the six of 1981
        "adults_wage",
        {"sums.estate": {("1980-01", "A"): 12}, "sums.timber": {("1980-01", "B"): 24}, "sums.services": {("1980-03", "C"): 48},
         "sums.public": {("1981-01", "A"): 6, ("1981-01", "D"): 18}, "sums.farm": {("1980-01", "A"): 500}, "sums.pass": {("1980-01", "A"): 500}},
        yearly={1980: (36 / 12, 48 / 12), 1981: (6 / 6, 18 / 6)}, monthly={"1980-01": (36, 0), "1981-01": (6, 18)},
    ),
    Case(
        "workers_across",
        {"sums.pass": {("1980-01", "A"): 24, ("1981-01", "B"): 6}, "sums.undocumented": {("1980-02", "B"): 12, ("1981-06", "D"): 18},
         "sums.permit": {("1980-02", "A"): 36, ("1980-02", "C"): 60, ("1981-01", "B"): 24}},
        yearly={1980: (72 / 12, 60 / 12), 1981: (30 / 6, 18 / 6)}, monthly={"1980-01": (24, 0), "1980-02": (48, 60)},
        places={1980: (5, 1, 5, 0), 1981: (0, 5, 0, 3)},
    ),
    Case(
        "undocumented_share",
        {"sums.pass": {("1980-01", "A"): 24, ("1981-01", "B"): 6}, "sums.permit": {("1980-02", "A"): 6},
         "sums.undocumented": {("1980-02", "B"): 12, ("1981-06", "D"): 18}},
        yearly={1980: (12 / 42, NONE), 1981: (0, 1)}, monthly={"1980-02": (12 / 18, NONE), "1980-01": (0, NONE)},
    ),
    Case(
        "sent_home", {"sums.sent_home": {("1980-01", "A"): 3, ("1980-05", "B"): 2, ("1981-02", "B"): 4}},
        yearly={1980: (5, 0), 1981: (4, 0)}, monthly={"1980-05": (2, 0)},
    ),
    *(
        Case(
            name,
            {column: {("1980-01", "A"): 4, ("1980-05", "B"): 2, ("1981-03", "C"): 3},
             "sums.workers": {("1980-01", "A"): 20, ("1980-05", "B"): 10, ("1980-06", "A"): 10, ("1981-02", "B"): 5, ("1981-03", "C"): 12},
             "sums.adults": {("1980-01", "A"): 90}},
            yearly={1980: (6 / 40, NONE), 1981: (0, 3 / 12)}, monthly={"1980-01": (4 / 20, NONE), "1980-06": (0, NONE)},
        )
        for name, column in (("unemployment_rate", "sums.looking"), ("under_employment_rate", "sums.under_employed"))
    ),
    *(
        Case(
            # by workers: 10 at 100, 30 at 200, 20 at 400 (nobody in June); 5 at 8 and 15 at 4
            name, {column: PAY, "sums.workers": WORKERS},
            yearly={1980: ((1000 + 6000 + 8000) / 60, NONE), 1981: (NONE, (40 + 60) / 20)}, monthly={"1980-01": (7000 / 40, NONE), "1980-06": (NONE, NONE)},
        )
        for name, column in (("pay_estate", "wage.estate"), ("pay_services", "wage.services"))
    ),
    Case(
        # pay across by workers: 10 at 300, 30 at 100, 20 at 500; 5 at 4 and 15 at 6
        "wage_gap",
        {"wage.estate": PAY, "sums.workers": WORKERS, "wage.undocumented": {("1980-01", "A"): 9},
         "wage.permit": {("1980-01", "A"): 300, ("1980-01", "B"): 100, ("1980-05", "A"): 500, ("1981-02", "C"): 4, ("1981-02", "D"): 6}},
        yearly={1980: (16000 / 15000, NONE), 1981: (NONE, 110 / 100)}, monthly={"1980-01": (6000 / 7000, NONE)},
    ),
    Case(
        "remittances_usd",
        {"sums.income_across": {("1980-06", "A"): 3000, ("1980-07", "A"): 4000, ("1981-01", "B"): 14000, ("1980-12", "C"): 6, ("1981-01", "D"): 20}},
        yearly={1980: (3 + 2, 3), 1981: (7, 5)}, monthly={"1980-06": (3, 0), "1980-07": (2, 0), "1980-12": (0, 3)},
    ),
    # ---- trade -----------------------------------------------------------------------------------------------------------
    Case(
        # what Indonesians sell across and Malaysians buy across
        "trade_out_usd", {"deals.outlay": OUTLAY}, yearly={1980: (5 + 2, 0), 1981: (0, 10)}, monthly={"1980-01": (5, 0), "1980-07": (2, 0)},
    ),
    Case(
        "trade_in_usd", {"deals.outlay": OUTLAY}, yearly={1980: (3, 4), 1981: (0, 0)}, monthly={"1980-01": (3, 0), "1980-02": (0, 4)},
    ),
    Case(
        "undeclared_share", {"deals.outlay": OUTLAY}, yearly={1980: (5 / 10, 0), 1981: (NONE, 1)}, monthly={"1980-01": (3 / 8, NONE), "1980-07": (1, NONE)},
    ),
    *(_gap(k, good) for k, good in enumerate(GOODS)),
    Case("traders_active", {"deals.loads": LOADS}, yearly={1980: (24 / 12, 0), 1981: (0, 9 / 6)}, monthly={"1980-02": (18, 0), "1981-03": (0, 9)}),
    Case(
        # 9 visits, 3, 2 and 5 workers, 24 loads; 4; 1; 6 and 9
        "crossings",
        VISITS | {"sums.pass": {("1980-01", "A"): 3}, "sums.permit": {("1980-01", "A"): 2}, "sums.undocumented": {("1980-01", "B"): 5}, "deals.loads": LOADS},
        yearly={1980: (9 + 3 + 2 + 5 + 24, 1), 1981: (4, 6 + 9)}, monthly={"1980-01": (7 + 3 + 2 + 5 + 6, 0)},
    ),
    # ---- officials -------------------------------------------------------------------------------------------------------
    Case(
        # mean of Gate and Walk; nobody serves at the path Ford
        "strictness",
        {"strictness": {("1980-01", "Gate"): 0.6, ("1980-01", "Walk"): 0.2, ("1980-01", "Ford"): 0.9, ("1980-02", "Gate"): 0.4,
                        ("1981-01", "Gate"): 1.0, ("1981-01", "Walk"): 0.2}},
        yearly={1980: ((0.4 + 0.2) / 12,) * 2, 1981: (0.6 / 6,) * 2}, monthly={"1980-01": (0.4, 0.4), "1980-02": (0.2, 0.2)},
    ),
    Case(
        "detections",
        {"deals.found": {("1980-01", "A", "rice", "sell_across", "path"): 2, ("1980-05", "B", "sugar", "buy_across", "bribe"): 3,
                         ("1981-02", "D", "rubber", "sell_across", "declared"): 7}},
        yearly={1980: (5, 0), 1981: (0, 7)}, monthly={"1980-05": (3, 0)},
    ),
    Case(
        "bribes_usd",
        {"deals.bribe": {("1980-06", "A", "rice", "sell_across", "bribe"): 2000, ("1980-06", "A", "sugar", "buy_across", "bribe"): 1000,
                         ("1980-07", "B", "rubber", "sell_across", "bribe"): 8000, ("1980-12", "C", "rice", "buy_across", "bribe"): 6,
                         ("1981-01", "C", "rice", "buy_across", "bribe"): 6}},
        yearly={1980: (2 + 1 + 4, 3), 1981: (0, 1.5)}, monthly={"1980-06": (3, 0), "1980-07": (4, 0)},
    ),
    _by_people("budget_security_share", "security"), _by_people("infrastructure_roads", "stock.road"),
    _by_people("infrastructure_clinics", "stock.clinic"),
    Case(
        "doctrine", {"doctrine": {("1980-01", "id"): 0.6, ("1980-12", "id"): 0.3, ("1980-05", "my"): 0.48, ("1981-01", "my"): 0.3}},
        yearly={1980: (0.9 / 12, 0.48 / 12), 1981: (0, 0.3 / 6)}, monthly={"1980-12": (0.3, 0)},
    ),
    *CARE,
    *PEOPLE,
)  # fmt: skip
