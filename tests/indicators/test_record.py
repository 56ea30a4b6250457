"""What the record rules add up, column by column, from a few households, traders and ties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm.results.record import DEALS, SUMS, TIES, D, Record, S, close_year, gini, record_care, record_deals, record_households, record_ties
from agents.core.compiled import plain
from agents.surroundings import ACTIVITIES

# Four households; the first and the last are outside the rows that are recorded. Weights 3 and 0.5 in place 1, so 3·x + 0.5·y.
HOUSEHOLDS: dict[str, Any] = {
    "place": (0, 1, 1, 2), "weight": (100.0, 3.0, 0.5, 100.0), "n_adults": (1, 3, 5, 1), "n_workers": (1, 2, 5, 1), "n_children": (9, 5, 1, 9),
    "income": (1.0, 1000.0, 2000.0, 1.0), "income_farm": (1.0, 10.0, 40.0, 1.0), "income_wage": (1.0, 12.0, 42.0, 1.0), "product": (1.0, -13.0, 43.0, 1.0),
    "product_farming": (1.0, -15.0, 45.0, 1.0),
    "income_across": (1.0, 14.0, 44.0, 1.0), "income_trade": (1.0, -16.0, 46.0, 1.0), "own_use": (1.0, 18.0, 48.0, 1.0),
    "spending": (1.0, 20.0, 50.0, 1.0), "care_cost": (1.0, 22.0, 52.0, 1.0), "savings": (1.0, -24.0, 54.0, 1.0),
    # the third adult of the first is no worker: what its column holds does not count
    "activity": ((0, -1, -1, -1, -1, -1), (0, 1, 2, -1, -1, -1), (5, 7, 7, 6, 8, 3), (0, -1, -1, -1, -1, -1)),
    "n_deported": (9, 1, 3, 9), "under_employed": (9, 1, 4, 9), "support_across": (0.9, 0.2, 0.8, 0.9), "trips_across": (9.0, 7.0, 2.0, 9.0),
    "kin_help": (9.0, 11.0, -26.0, -9.0),
}  # fmt: skip
# Care of the same households; the second lives in a village at the line, the third in one that is not.
CARED: dict[str, Any] = {
    **{name: HOUSEHOLDS[name] for name in ("place", "weight", "n_adults", "n_children", "care_cost")}, "village": (0, 1, 2, 0),
    "income_mean": (1.0, 44.0, 40.0, 1.0), "episodes": ((9,) * 4, (1, 2, 4, 1), (3, 0, 0, 0), (9,) * 4), "untreated": ((9,) * 4, (0, 1, 1, 1), (2, 0, 0, 0), (9,) * 4),
    "care_visits": ((9,) * 5, (5, 1, 2, 3, 4), (7, 8, 0, 2, 6), (9,) * 5), "serious_visits": ((9,) * 5, (2, 1, 0, 3, 1), (0, 2, 4, 1, 0), (9,) * 5),
    "turned_away": ((9,) * 5, (1, 0, 2, 0, 3), (0, 4, 0, 1, 0), (9,) * 5), "sent_on": ((9, 9), (2, 1), (0, 3), (9, 9)),
    "new_patients": ((9, 9), (4, 2), (3, 1), (9, 9)),
    # serious illness of the second household: seen at a centre, at both facilities across, at home, and by nobody; a milder one was seen across. The third has none.
    "ill": ((4,) * 6, (3, 4, 3, 3, 3, 2), (2, 1, 1, 0, 0, 0), (4,) * 6), "care_given": ((4,) * 6, (1, 3, 4, 2, -1, 4), (4, 3, -1, -1, -1, -1), (4,) * 6),
    "deaths_expected": (9.0, 0.25, 0.5, 9.0),
    "hours_care": ((9.0,) * 5, (2.0, 0.5, 1.5, 4.0, 10.0), (1.0, 3.0, 9.0, 5.0, 2.0)), "is_line": (1.0, 1.0, 0.0),
}  # fmt: skip
EXPECTED = {
    "persons": 3 * 8 + 0.5 * 6, "households": 3.5, "adults": 3 * 3 + 0.5 * 5, "workers": 3 * 2 + 0.5 * 5, "income": 3 * 1000 + 0.5 * 2000, "income_farm": 30 + 20,
    "income_wage": 36 + 21, "product": -39 + 21.5, "product_farming": -45 + 22.5, "income_across": 42 + 22, "income_trade": -48 + 23, "own_use": 54 + 24, "spending": 60 + 25, "care_cost": 66 + 26,
    "savings": -72 + 27, "episodes": 3 * 8 + 0.5 * 3, "untreated": 3 * 3 + 0.5 * 2,
    "visits_dh": 15 + 3.5, "visits_ph": 3 * 1 + 0.5 * 8, "visits_hh": 3 * 2, "visits_pa": 3 * 3 + 0.5 * 2, "visits_ha": 3 * 4 + 0.5 * 6,
    # hours of each village
    "care_hours": 3 * (5 * 2 + 1 * 0.5 + 2 * 1.5 + 3 * 4 + 4 * 10) + 0.5 * (7 * 1 + 8 * 3 + 2 * 5 + 6 * 2),
    "episodes_minor": 3 + 1.5, "episodes_disrupting": 6, "episodes_hospital": 12, "episodes_emergency": 3,
    "untreated_minor": 1, "untreated_disrupting": 3, "untreated_hospital": 3, "untreated_emergency": 3,
    "serious_dh": 6, "serious_ph": 3 + 1, "serious_hh": 2, "serious_pa": 9 + 0.5, "serious_ha": 3,
    "turned_dh": 3, "turned_ph": 2, "turned_hh": 6, "turned_pa": 0.5, "turned_ha": 9, "sent_on_home": 6, "sent_on_across": 3 + 1.5,
    "patients": 12 + 1.5, "patients_across": 6 + 0.5, "deaths_expected": 0.75 + 0.25,
    # half of a month's income; more than a month's, which counts as one
    "cost_share": 3 * 0.5 + 0.5,
    "line_persons": 24, "line_episodes": 24, "line_untreated": 9, "line_visits": 45, "line_visits_across": 21, "line_serious": 21, "line_serious_across": 12,
    "line_patients": 12, "line_patients_across": 6, "cases": 12, "cases_across": 6, "line_cases": 12, "line_cases_across": 6,
    "farm": 3, "estate": 3, "timber": 0, "services": 0, "public": 0, "pass": 0.5, "permit": 0.5, "undocumented": 2 * 0.5, "looking": 0.5,
    "under_employed": 3 * 1 + 0.5 * 4, "sent_home": 3 * 1 + 0.5 * 3, "support": 3 * 0.2 + 0.5 * 0.8, "trips": 21 + 1, "n": 2, "help_got": 33, "help_given": 13,
}  # fmt: skip


def recorded(**change: Any) -> tuple[np.ndarray, np.ndarray]:
    """Sums of three places and the year's income of the four households, which had 7 before."""
    columns = {name: np.array(change.get(name, values)) for name, values in HOUSEHOLDS.items()}
    income_year, sums = np.full(4, 7.0), np.zeros((3, len(SUMS)))
    plain(record_households)(start=1, stop=3, **columns, income_year=income_year, sums=sums)
    cared = {name: np.array(change.get(name, values)) for name, values in CARED.items()}
    plain(record_care)(start=1, stop=3, **cared, sums=sums)
    return sums, income_year


def test_an_emergency_alone_is_a_case() -> None:
    sums, _ = recorded(episodes=((9,) * 4, (0, 0, 0, 1), (0, 0, 1, 0), (9,) * 4), ill=((0,) * 6, (0, 4, 0, 0, 0, 0), (0, 0, 3, 0, 0, 0), (0,) * 6),
                       care_given=((4,) * 6, (-1, 4, -1, -1, -1, -1), (-1, -1, 2, -1, -1, -1), (4,) * 6))  # fmt: skip
    assert [sums[1, S[n]] for n in ("cases", "cases_across", "line_cases", "line_cases_across")] == [3.5, 3, 3, 3]


def test_who_is_not_ill_is_still_one_of_the_line() -> None:
    sums, _ = recorded(episodes=np.zeros((4, 4)))
    assert sums[1, S["line_persons"]] == 24 and sums[1, S["visits_ph"]] == 0 and sums[1, S["episodes"]] == 0


@pytest.mark.parametrize("column", SUMS)
def test_a_sum_over_households(column: str) -> None:
    sums, _ = recorded()
    assert sums[1, S[column]] == pytest.approx(EXPECTED[column])


def test_households_are_added_to_their_own_place_and_year() -> None:
    sums, income_year = recorded()
    assert (sums[[0, 2]] == 0).all()
    assert list(income_year) == [7, 1007, 2007, 7]
    sums, _ = recorded(place=(0, 2, 1, 2))
    assert sums[2, S["persons"]] == 24 and sums[1, S["persons"]] == 3


def test_a_sum_goes_on_from_what_it_holds() -> None:
    columns = {name: np.array(values) for name, values in HOUSEHOLDS.items()}
    sums = np.full((3, len(SUMS)), 5.0)
    for start, stop in ((1, 2), (2, 3)):
        plain(record_households)(start=start, stop=stop, **columns, income_year=np.zeros(4), sums=sums)
        plain(record_care)(start=start, stop=stop, **{name: np.array(values) for name, values in CARED.items()}, sums=sums)
    assert {n: sums[1, S[n]] - 5.0 for n in SUMS} == pytest.approx(EXPECTED)


def test_every_activity_has_a_column_of_its_own() -> None:
    for k, name in enumerate(ACTIVITIES):
        sums, _ = recorded(activity=np.full((4, 6), k), n_workers=(1, 2, 4, 1))
        assert {n: sums[1, S[n]] for n in ACTIVITIES} == {n: 3 * 2 + 0.5 * 4 if n == name else 0.0 for n in ACTIVITIES}


# Six traders; the first and the last are outside, the third has no deal this month. The second and fourth make the same kind of deal.
TRADERS: dict[str, Any] = {
    "place": (0, 1, 1, 1, 0, 0), "weight": (100.0, 3.0, 100.0, 0.5, 2.0, 100.0), "good": (0, 2, -1, 2, 3, 0), "direction": (0, 1, 0, 1, 0, 0),
    "channel": (3, 0, 3, 0, 2, 3), "quantity": (1.0, 10.0, 1.0, 40.0, 5.0, 1.0), "sold": (1.0, 12.0, 1.0, 42.0, 5.0, 1.0),
    "seized": (1.0, 0.0, 1.0, 44.0, 5.0, 1.0), "outlay": (1.0, 14.0, 1.0, 46.0, 5.0, 1.0), "revenue": (1.0, 16.0, 1.0, 48.0, 5.0, 1.0),
    "carriage": (1.0, 18.0, 1.0, 50.0, 5.0, 1.0), "duty": (1.0, 20.0, 1.0, 52.0, 5.0, 1.0), "bribe": (1.0, 22.0, 1.0, 54.0, 5.0, 1.0),
    "fine": (1.0, 24.0, 1.0, 56.0, 5.0, 1.0), "profit": (1.0, -26.0, 1.0, 58.0, 5.0, 1.0),
}  # fmt: skip
DEALT = {
    "loads": 3.5, "set_out": 30 + 20, "sold": 36 + 21, "seized": 0 + 22, "outlay": 42 + 23, "revenue": 48 + 24, "carriage": 54 + 25, "duty": 60 + 26,
    "bribe": 66 + 27, "fine": 72 + 28, "profit": -78 + 29,
    # the fourth lost goods, the second none
    "found": 0.5,
}  # fmt: skip


def dealt(**change: Any) -> tuple[np.ndarray, np.ndarray]:
    """Sums of two places, and their loads by path or past officers."""
    columns = {name: np.array(change.get(name, values)) for name, values in TRADERS.items()}
    deals, path_loads = np.zeros((2, 4, 2, 4, len(DEALS))), np.array([50.0, 60.0])
    plain(record_deals)(start=1, stop=5, **columns, deals=deals, path_loads=path_loads)
    return deals, path_loads


@pytest.mark.parametrize("column", DEALS)
def test_a_sum_over_deals(column: str) -> None:
    deals, _ = dealt()
    assert deals[1, 2, 1, 0, D[column]] == pytest.approx(DEALT[column])
    assert deals[0, 3, 0, 2, D[column]] == pytest.approx(2 if column in ("loads", "found") else 10)


def test_deals_are_counted_where_they_belong_and_only_there() -> None:
    deals, path_loads = dealt()
    assert sorted(zip(*np.nonzero(deals[..., D["loads"]]), strict=True)) == [(0, 3, 0, 2), (1, 2, 1, 0)]
    # what officers might find is counted anew each month: loads with a bribe or by path
    assert list(path_loads) == [2, 0]
    assert list(dealt(channel=(3, 3, 3, 1, 2, 3))[1]) == [2, 3]
    # any part of a load that is lost counts as found
    found = dealt(seized=(0, 0, 0, 0.25, 0.5, 0))[0][..., D["found"]]
    assert (found[1, 2, 1, 0], found[0, 3, 0, 2]) == (0.5, 2)
    assert dealt(good=(0, 0, -1, 2, 3, 0))[0][1, 0, 1, 0, D["loads"]] == 3


def test_ties_are_added_up_within_and_across() -> None:
    # household 0 has ties 0-1 within and 2 across, household 1 tie 3 within and 4-6 across, household 2 none, household 3 is outside
    first, across, end = np.array([0, 3, 7, 7]), np.array([2, 4, 7, 8]), np.array([3, 7, 7, 8])
    strength = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 100.0], dtype=np.float32)
    kin, group, visits = (
        np.array([1, 0, 1, 0, 1, 0, 1, 1], dtype=np.int8),
        np.array([1, 0, 1, 0], dtype=np.int8),
        np.array([2.0, 3.0, 5.0, 99.0]),
    )
    feast = np.zeros((14, 2), dtype=np.int8)
    feast[5, 1], feast[12, 0] = 1, 2

    def add(start: int, stop: int, month: int, out: np.ndarray) -> None:
        plain(record_ties)(start, stop, month, first, across, end, strength, kin, np.array([7.0]), feast, group, visits, out)

    out = np.zeros(len(TIES))
    add(0, 3, 5, out)  # in June, the feast of people 1: households 0 and 2
    assert dict(zip(TIES, out, strict=True)) == pytest.approx(
        {"within": 1.1, "n_within": 3, "across": 11.6, "n_across": 4, "kin_within": 0.1, "n_kin_within": 1, "kin_across": 0.4 + 1.6 + 6.4,
         "n_kin_across": 3, "known_within": 1.0, "n_known_within": 2, "known_across": 3.2, "n_known_across": 1, "new_across": 0, "visits": 10, "feast_visits": 7}, rel=1e-6,
    )  # fmt: skip
    add(1, 2, 12, out)  # household 1 once more, in a January of a feast of its people
    assert list(out) == pytest.approx([1.9, 4, 22.8, 7, 0.1, 1, 16.4, 5, 1.8, 3, 6.4, 2, 7, 13, 10], rel=1e-6)


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ((2, 2, 2), (1, 5, 2), 0.0),
        # one of two holds three quarters
        ((1, 3), (1, 1), 0.25),
        ((3, 1), (1, 1), 0.25),
        # three of four hold nothing
        ((4, 0), (1, 3), 0.75),
        # people 0, 1/2, 3/4, 1; income 0, 2/9, 4/9, 1; twice the area under the curve is 1/9 + 1/6 + 13/36 = 23/36
        ((5, 1, 2), (1, 2, 1), 13 / 36),
        # debts count as nothing, and a household of weight 0 does not count
        ((-4, 4), (3, 1), 0.75),
        ((1, 3, 999), (1, 1, 0), 0.25),
        ((1, 3), (10, 10), 0.25),
        ((0, 0), (1, 2), 0.0),
        ((-1, -2), (1, 2), 0.0),
    ],
)
def test_gini(values: tuple[float, ...], weights: tuple[float, ...], expected: float) -> None:
    assert gini(np.array(values, dtype=float), np.array(weights, dtype=float)) == pytest.approx(expected, abs=1e-12)


def test_gini_counts_people_of_a_small_weight() -> None:
    assert gini(np.array([0.0, 4.0]), np.array([0.75, 0.25])) == pytest.approx(0.75)


def test_the_close_of_a_year() -> None:
    # place 0 (id): 2 · 3 = 6 people at 100 a head, 1 · 4 = 4 at 50; place 2 (id): 5 · 2 = 10 at 10; place 1 (my): 1 · 1 at 30, 3 · 1 at 10
    poor, inequality = close_year(
        place=np.array([0, 0, 2, 1, 1], dtype=np.int16), side=np.array([0, 0, 0, 1, 1]), weight=np.array([2.0, 1.0, 5.0, 1.0, 3.0]),
        persons=np.array([3.0, 4.0, 2.0, 1.0, 1.0]), income=np.array([300.0, 200.0, 20.0, 30.0, 10.0]), line=np.array([100.0, 20.0, 5.0]),
    )  # fmt: skip
    # at the line is not poor; the line is that of the own place
    assert list(poor) == pytest.approx([4 / 10, 3 / 4, 0])
    # id: people 10 at 10, 4 at 50, 6 at 100 hold 100, 200 and 600 of 900; my: 3 at 10 and 1 at 30 hold half each
    of_id = 1 - (1 / 9 * 10 + 4 / 9 * 4 + 12 / 9 * 6) / 20
    assert list(inequality) == pytest.approx([of_id, 1 - (0.5 * 3 + 1.5 * 1) / 4])


def test_room_of_a_record() -> None:
    record = Record(n_months=25, n_places=3, n_crossings=5, n_districts=2)
    shapes = {name: values.shape for name, values in vars(record).items()}
    assert shapes == {
        "sums": (25, 3, 76), "people": (3, 3, 5), "deals": (25, 3, 4, 2, 4, 12), "price": (25, 3, 4), "cost_of_living": (25, 3), "ties": (25, 15), "strictness": (25, 5),
        "stock": (25, 2, 2), "security": (25, 2), "doctrine": (25, 2), "care_crossing": (25, 3, 2), "work_crossing": (25, 3, 3), "wage": (25, 3, 8),
        "trade_crossing": (25, 3, 2), "partner": (25, 3), "hours_care": (25, 3, 4), "poor": (3, 3), "gini": (3, 2), "near": (3, 3), "old": (3, 3),
    }  # fmt: skip
    assert Record(24, 1, 1, 1).poor.shape == (2, 1) and Record(13, 1, 1, 1).near.shape == (2, 1) == Record(13, 1, 1, 1).people.shape[:2]
    # a year that is not closed has no poverty and no Gini; crossings can be as many as a region may have
    assert np.isnan(record.poor).all() and np.isnan(record.gini).all()
    assert all((values == 0).all() for name, values in vars(record).items() if name not in ("poor", "gini"))
