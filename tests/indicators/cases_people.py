"""What each indicator of ties, people and communities must be, worked by hand as those of :mod:`tests.indicators.cases`."""

from __future__ import annotations

from tests.indicators.case import NONE, PERSONS, Case


def _hours(name: str, column: str) -> Case:
    # of December; 1981 was run to June; 0 hours is no facility
    return Case(
        name, {column: {("1980-11", "A"): 9, ("1980-12", "A"): 2, ("1980-12", "C"): 3.5, ("1981-01", "A"): 8, ("1981-05", "B"): 7, ("1981-06", "B"): 4}},
        places={1980: (2, NONE, 3.5, NONE), 1981: (NONE, 4, NONE, NONE)},
    )  # fmt: skip


def _moves(name: str) -> Case:
    # a year's number is that of its January, whatever part of the year was run
    return Case(
        name, {f"people.{name}": {(1980, "A"): 3, (1980, "B"): 4, (1980, "C"): 0.5, (1981, "B"): 2.5, (1981, "C"): 7, (1981, "D"): 8}},
        yearly={1980: (7, 0.5), 1981: (2.5, 15)}, places={1980: (3, 4, 0.5, 0), 1981: (0, 2.5, 7, 8)},
    )  # fmt: skip


PEOPLE: tuple[Case, ...] = (
    # ---- ties and communities --------------------------------------------------------------------------------------------
    *(
        Case(
            name,
            {"ties.within": {("1980-01",): 6, ("1980-02",): 3, ("1981-01",): 2}, "ties.n_within": {("1980-01",): 10, ("1980-02",): 20, ("1981-01",): 5},
             "ties.across": {("1980-01",): 1, ("1980-02",): 2}, "ties.n_across": {("1980-01",): 4, ("1980-02",): 8}},
            yearly=yearly, monthly=monthly,
        )
        for name, yearly, monthly in (
            ("tie_strength_within", {1980: (9 / 30, 9 / 30), 1981: (2 / 5, 2 / 5)}, {"1980-01": (6 / 10, 6 / 10)}),
            ("tie_strength_across", {1980: (3 / 12, 3 / 12), 1981: (NONE, NONE)}, {"1980-02": (2 / 8, 2 / 8)}),
        )
    ),
    # of kin within 7 over 15, of acquaintances 2 over 8; of kin across 1.5 over 4, of acquaintances 1.5 over 8 in all (2 and 6 of 8 and 8 households)
    *(
        Case(
            name,
            {"ties.kin_within": {("1980-01",): 4, ("1980-02",): 3}, "ties.n_kin_within": {("1980-01",): 5, ("1980-02",): 10},
             "ties.known_within": {("1980-01",): 2}, "ties.n_known_within": {("1980-01",): 4, ("1980-02",): 4},
             "ties.kin_across": {("1980-01",): 0.5, ("1980-02",): 1}, "ties.n_kin_across": {("1980-01",): 2, ("1980-02",): 2},
             "ties.known_across": {("1980-01",): 0.5, ("1980-02",): 1}, "ties.n_known_across": {("1980-01",): 2, ("1980-02",): 6},
             "sums.n": {("1980-01", "A"): 5, ("1980-01", "C"): 3, ("1980-02", "B"): 8}},
            yearly={1980: (year, year), 1981: (NONE, NONE)}, monthly={"1980-01": (first, first), "1980-02": (second, second)},
        )
        for name, year, first, second in (
            ("kin_strength_within", 7 / 15, 4 / 5, 3 / 10),
            ("kin_strength_across", 1.5 / 4, 0.5 / 2, 1 / 2),
            ("acquaintance_strength_within", 2 / 8, 2 / 4, 0),
            ("acquaintance_strength_across", 1.5 / 8, 0.5 / 2, 1 / 6),
            ("acquaintances_across", 8 / 16, 2 / 8, 6 / 8),
        )
    ),
    # 12 months of 48 and 60 households each: 54 in a usual month; 1981 has run for six months of 60
    Case(
        "new_acquaintances_across",
        {"ties.new_across": {("1981-01",): 30, ("1980-01",): 27},
         "sums.n": {**{(f"1980-{m:02d}", "A"): 48 for m in range(1, 7)}, **{(f"1980-{m:02d}", "C"): 60 for m in range(7, 13)},
                    **{(f"1981-{m:02d}", "A"): 60 for m in range(1, 7)}}},
        yearly={1980: (0.5, 0.5), 1981: (0.5, 0.5)},
    ),
    Case(
        "visits_at_feasts",
        {"ties.visits": {("1980-05",): 10, ("1980-06",): 30, ("1981-01",): 7}, "ties.feast_visits": {("1980-06",): 24}},
        yearly={1980: (24 / 40, 24 / 40), 1981: (0, 0)},
    ),
    Case(
        "contacts_across",
        {"sums.trips": {("1980-01", "A"): 5, ("1980-02", "B"): 1, ("1981-01", "C"): 6},
         "sums.households": {("1980-01", "A"): 10, ("1980-02", "B"): 20, ("1981-01", "C"): 8, ("1981-01", "A"): 4}},
        yearly={1980: (6 / 30, NONE), 1981: (0, 6 / 8)}, monthly={"1980-01": (5 / 10, NONE)},
    ),
    *(_moves(name) for name in ("births", "deaths", "moved_in", "moved_out", "reweighted")),
    Case(
        # 12 of 36 people are children in January, 9 of 12 in February; in 1981 none of 4; no value where nobody lives
        "share_children", {"sums.persons": {("1980-01", "A"): 30, ("1980-01", "B"): 6, ("1980-02", "A"): 12, ("1981-01", "D"): 4},
                           "sums.adults": {("1980-01", "A"): 20, ("1980-01", "B"): 4, ("1980-02", "A"): 3, ("1981-01", "D"): 4}},
        yearly={1980: (21 / 48, NONE), 1981: (NONE, 0)}, monthly={"1980-01": (12 / 36, NONE), "1980-02": (9 / 12, NONE)},
        places={1980: (19 / 42, 2 / 6, NONE, NONE), 1981: (NONE, NONE, NONE, 0)},
    ),
    Case(
        # of January, of the year's mean people: A 42 in 12 months of 1980, B 6, D 4 in 6 months of 1981
        "share_65", {"sums.persons": {("1980-01", "A"): 30, ("1980-01", "B"): 6, ("1980-02", "A"): 12, ("1981-01", "D"): 4},
                     "old": {(1980, "A"): 1.4, (1980, "B"): 0.1, (1981, "D"): 0.1}},
        yearly={1980: (1.5 / (48 / 12), NONE), 1981: (NONE, 0.1 / (4 / 6))}, places={1980: (1.4 / (42 / 12), 0.1 / (6 / 12), NONE, NONE), 1981: (NONE, NONE, NONE, 0.1 / (4 / 6))},
    ),
    Case(
        "household_size", {"sums.persons": {("1980-01", "A"): 30, ("1980-01", "B"): 6, ("1980-02", "A"): 12, ("1981-01", "D"): 4},
                           "sums.households": {("1980-01", "A"): 8, ("1980-01", "B"): 1, ("1980-02", "A"): 3, ("1981-01", "D"): 2}},
        yearly={1980: (48 / 12, NONE), 1981: (NONE, 2)}, monthly={"1980-01": (36 / 9, NONE), "1980-02": (4, NONE)},
        places={1980: (42 / 11, 6, NONE, NONE), 1981: (NONE, NONE, NONE, 2)},
    ),
    Case("population", {"sums.persons": PERSONS}, yearly={1980: (66 / 12, 12 / 12), 1981: (8 / 6, 6 / 6)}, monthly={"1980-01": (46, 0)}),
    Case(
        "n_households", {"sums.n": {("1980-01", "A"): 24, ("1980-02", "A"): 12, ("1980-12", "C"): 6, ("1981-06", "B"): 30}},
        places={1980: (3, 0, 0.5, 0), 1981: (0, 5, 0, 0)},
    ),
    _hours("hours_primary_home", "hours_care.primary_home"), _hours("hours_hospital_home", "hours_care.hospital_home"),
    _hours("hours_primary_across", "hours_care.primary_across"), _hours("hours_hospital_across", "hours_care.hospital_across"),
    Case(
        "support_across",
        {"sums.support": {("1980-01", "A"): 2, ("1980-02", "A"): 4, ("1980-01", "B"): 1, ("1981-01", "D"): 3},
         "sums.households": {("1980-01", "A"): 10, ("1980-02", "A"): 20, ("1980-01", "B"): 4, ("1981-01", "D"): 12}},
        places={1980: (6 / 30, 1 / 4, NONE, NONE), 1981: (NONE, NONE, NONE, 3 / 12)},
    ),
)  # fmt: skip
