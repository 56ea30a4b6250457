"""The tables have the rows they promise; flows and the ledger give what a person works out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from abm.results import Results
from tests.indicators.made_up import facts_of, record_of, results_of


def test_rows_of_the_yearly_and_monthly_table() -> None:
    results = results_of({})
    assert list(results.yearly["year"]) == [1980, 1980, 1981, 1981] and list(results.yearly["side"]) == ["id", "my"] * 2
    monthly = results.monthly
    assert list(monthly["year"]) == [1980] * 24 + [1981] * 12 and list(monthly["side"]) == ["id", "my"] * 18
    assert list(monthly["month"]) == [m for m in (*range(1, 13), *range(1, 7)) for _ in "im"]
    assert results.n_months == 18


def test_rows_of_the_table_of_places() -> None:
    places = results_of({"sums.persons": {("1980-01", "A"): 24, ("1980-12", "A"): 12, ("1981-06", "D"): 30}}).places
    assert list(places["year"]) == [1980] * 4 + [1981] * 4
    assert list(places["place"]) == list("ACBD") * 2 and list(places["side"]) == ["id", "my", "id", "my"] * 2
    assert list(places["lat"]) == [1.0, 1.5, 2.0, 2.5] * 2 and list(places["lon"]) == [109.0, 110.0, 111.0, 112.0] * 2
    assert list(places["population"]) == [3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0], "of the months run"


def test_summary_is_the_yearly_table_as_rows() -> None:
    results = results_of({"sums.farm": {("1980-01", "A"): 24, ("1981-01", "C"): 3}})
    summary = results.summary
    assert list(summary.columns) == ["year", "side", "indicator", "value"]
    farm = summary[summary["indicator"] == "adults_farm"]
    assert list(farm["value"]) == [2, 0, 0, 0.5] and list(farm["year"]) == [1980, 1980, 1981, 1981]
    assert set(summary["indicator"]) == set(results.yearly.columns) - {"year", "side"}


def test_a_run_that_has_not_begun_has_empty_tables() -> None:
    results = Results(record_of({}), facts_of(0))
    for table in (results.yearly, results.monthly, results.places, results.flows, results.summary, results.ledger()):
        assert len(table) == 0 and len(table.columns) >= 4


# Care: A and B both take Gate in January, A takes Walk in February and Gate again in 1981; C comes the other way; D reaches no crossing.
FLOWS = {
    "care_crossing.primary": {("1980-01", "A"): 0, ("1980-02", "A"): 2, ("1981-01", "A"): 0, ("1980-01", "B"): 0, ("1980-01", "C"): 0},
    "care_crossing.hospital": {("1980-01", "A"): 1, ("1980-01", "D"): 2},
    "work_crossing.pass": {("1980-03", "B"): 2, ("1980-12", "B"): 2},
    "work_crossing.permit": {("1980-03", "B"): 0, ("1980-04", "B"): 0},
    "work_crossing.undocumented": {("1980-03", "B"): 1},
    "sums.visits_pa": {("1980-01", "A"): 3, ("1980-02", "A"): 5, ("1981-01", "A"): 2, ("1980-01", "B"): 13, ("1980-01", "C"): 11,
                       ("1980-01", "D"): 17},
    "sums.visits_ha": {("1980-01", "A"): 7, ("1980-01", "D"): 4},
    "sums.pass": {("1980-03", "B"): 19, ("1980-12", "B"): 1},
    "sums.permit": {("1980-03", "B"): 6, ("1980-04", "B"): 8},
    "sums.undocumented": {("1980-03", "B"): 23},
    "trade_crossing.legal": {("1980-01", "A"): 0, ("1980-07", "A"): 2, ("1980-01", "C"): 0, ("1980-02", "C"): 0, ("1981-02", "C"): 2},
    "trade_crossing.path": {("1980-01", "A"): 1, ("1980-07", "A"): 0},
    "deals.loads": {
        ("1980-01", "A", "rice", "sell_across", "allowance"): 2, ("1980-01", "A", "rice", "sell_across", "path"): 3,
        ("1980-07", "A", "sugar", "buy_across", "bribe"): 4, ("1980-01", "C", "rubber", "sell_across", "declared"): 1,
        ("1980-02", "C", "rubber", "sell_across", "declared"): 5, ("1980-01", "C", "rubber", "buy_across", "declared"): 6,
        ("1981-02", "C", "cooking_oil", "sell_across", "allowance"): 8, ("1980-01", "B", "rice", "sell_across", "bribe"): 9,
    },
    "deals.outlay": {
        ("1980-01", "A", "rice", "sell_across", "allowance"): 4000, ("1980-01", "A", "rice", "sell_across", "path"): 1000,
        ("1980-07", "A", "sugar", "buy_across", "bribe"): 6000, ("1980-01", "C", "rubber", "sell_across", "declared"): 6,
        ("1980-02", "C", "rubber", "sell_across", "declared"): 10, ("1980-01", "C", "rubber", "buy_across", "declared"): 2,
        ("1981-02", "C", "cooking_oil", "sell_across", "allowance"): 20,
        # no load goes with this one, so nobody crossed with it
        ("1980-08", "A", "sugar", "buy_across", "bribe"): 800,
    },
    "deals.set_out": {
        ("1980-01", "A", "rice", "sell_across", "allowance"): 50, ("1980-01", "A", "rice", "sell_across", "path"): 9,
        ("1980-07", "A", "sugar", "buy_across", "bribe"): 8, ("1980-01", "C", "rubber", "sell_across", "declared"): 20,
        ("1980-02", "C", "rubber", "sell_across", "declared"): 30, ("1980-01", "C", "rubber", "buy_across", "declared"): 70,
        ("1981-02", "C", "cooking_oil", "sell_across", "allowance"): 60,
    },
}  # fmt: skip


def test_flows_by_hand() -> None:
    table = results_of(FLOWS).flows
    assert list(table.columns) == [
        "year", "crossing", "kind", "purpose", "good", "direction", "channel", "persons", "value_usd", "quantity_kg",
    ]  # fmt: skip
    expected = [
        # by year, then crossing in the region's order, then the other keys
        (1980, "Gate", "post", "care_primary", "", "in", "", 11, 0, 0),
        (1980, "Gate", "post", "care_primary", "", "out", "", 3 + 13, 0, 0),
        (1980, "Gate", "post", "trade", "rice", "out", "allowance", 2, 4000 / 1000, 50),
        (1980, "Gate", "post", "trade", "rubber", "in", "declared", 1 + 5, 6 / 2 + 10 / 2, 20 + 30),
        (1980, "Gate", "post", "trade", "rubber", "out", "declared", 6, 2 / 2, 70),
        (1980, "Gate", "post", "work_permit", "", "out", "", 6 + 8, 0, 0),
        (1980, "Ford", "path", "care_hospital", "", "out", "", 7, 0, 0),
        (1980, "Ford", "path", "trade", "rice", "out", "path", 3, 1000 / 1000, 9),
        (1980, "Ford", "path", "work_undocumented", "", "out", "", 23, 0, 0),
        (1980, "Walk", "traditional", "care_hospital", "", "in", "", 4, 0, 0),
        (1980, "Walk", "traditional", "care_primary", "", "out", "", 5, 0, 0),
        (1980, "Walk", "traditional", "trade", "sugar", "in", "bribe", 4, 6000 / 2000, 8),
        (1980, "Walk", "traditional", "work_pass", "", "out", "", 19 + 1, 0, 0),
        (1981, "Gate", "post", "care_primary", "", "out", "", 2, 0, 0),
        (1981, "Walk", "traditional", "trade", "cooking_oil", "in", "allowance", 8, 20 / 4, 60),
    ]
    assert [tuple(row) for row in table.itertuples(index=False)] == expected


def test_ledger_by_hand() -> None:
    """Three months of two places a side; every account has a number of its own."""
    deal = ("rice", "sell_across", "allowance")
    sums = {
        "income_farm": 100,
        "own_use": 30,
        "income_wage": 11,
        "income_across": 7,
        "spending": 41,
        "care_cost": 5,
        "savings": 2000,
        "help_got": 8,
        "help_given": 8,
    }
    deals = {"outlay": 13, "revenue": 60, "carriage": 2, "duty": 3, "bribe": 4, "fine": 6, "profit": 32}
    entries = {f"sums.{n}": {("1980-01", "A"): v, ("1980-01", "B"): 2 * v, ("1980-01", "C"): 10 * v} for n, v in sums.items()}
    entries |= {f"deals.{n}": {("1980-01", "A", *deal): v, ("1980-01", "C", *deal): 10 * v} for n, v in deals.items()}
    # in February savings of the Indonesian side fall by 500 and B books a profit of 12 for another good; in March they rise by 200
    entries["sums.savings"] |= {("1980-02", "A"): 1500, ("1980-02", "B"): 4000, ("1980-03", "A"): 1700, ("1980-03", "B"): 4000}
    entries["deals.profit"] |= {("1980-02", "B", "rubber", "buy_across", "path"): 12}
    table = Results(record_of(entries), facts_of(3)).ledger()
    assert list(table.columns) == ["month", "currency", "account", "amount"] and list(table.index) == list(range(3 * 2 * 15))
    found = {(r.month, r.currency, r.account): r.amount for r in table.itertuples()}
    first = {
        "crop_buyers": 3 * 70, "employers_home": 33, "employers_across": 21, "kin_who_gave": 24, "kin_who_got": -24, "shops": -123, "clinics_and_carriers": -15, "goods_bought": -13,
        "goods_sold": 60, "carriers": -2, "customs": -3, "officers": -4, "treasury_fines": -6,
        # they began with 1000 rupiah
        "savings": -(6000 - 1000), "pending": -32,
    }  # fmt: skip
    assert {a: found[0, "IDR", a] for a in first} == pytest.approx(first)
    ringgit = {
        "crop_buyers": 700, "employers_home": 110, "employers_across": 70, "kin_who_gave": 80, "kin_who_got": -80, "shops": -410, "clinics_and_carriers": -50, "goods_bought": -130,
        "goods_sold": 600, "carriers": -20, "customs": -30, "officers": -40, "treasury_fines": -60, "savings": -(20000 - 10), "pending": -320,
    }  # fmt: skip
    assert {a: found[0, "MYR", a] for a in ringgit} == pytest.approx(ringgit)
    second = {(1, "IDR", "savings"): 500, (1, "IDR", "pending"): -(12 - 32), (1, "MYR", "savings"): 20000, (1, "MYR", "pending"): 320}
    second |= {(2, "IDR", "savings"): -200, (2, "IDR", "pending"): 12, (2, "MYR", "savings"): 0, (2, "MYR", "pending"): 0}
    assert {k: found[k] for k in second} == pytest.approx(second)
    assert all(found[1, "IDR", a] == 0 for a in first if a not in ("savings", "pending"))


def test_the_ledger_says_what_newcomers_brought_and_leavers_took() -> None:
    """Only of a run in which somebody came or left; in February households bring 300 rupiah, in March some leave with 70 ringgit."""
    record, facts = record_of({"sums.savings": {("1980-01", "A"): 1000, ("1980-02", "A"): 1300, ("1980-03", "A"): 1300}}), facts_of(3)
    facts.carried[1, 0, 0], facts.carried[2, 1, 1] = 300.0, 70.0
    table = Results(record, facts).ledger()
    found = {(r.month, r.currency, r.account): r.amount for r in table.itertuples() if r.account in ("newcomers", "leavers")}
    assert len(table) == 3 * 2 * 17 and len(found) == 12
    assert {k: v for k, v in found.items() if v} == {(1, "IDR", "newcomers"): 300.0, (2, "MYR", "leavers"): -70.0}
    assert table[(table["month"] == 1) & (table["currency"] == "IDR")]["amount"].sum() == 0.0


def test_a_table_is_made_once() -> None:
    results = results_of({})
    assert results.yearly is results.yearly and results.flows is results.flows
    assert isinstance(results.places, pd.DataFrame)


def test_facts_are_those_of_the_model() -> None:
    from abm import BorderModel, Scenario

    model = BorderModel(Scenario(end="1980-04"), households=60, rng=3).run()
    facts = model.results._facts
    world, region = model.world, model.region
    assert facts.n_months == 4 and facts.rate.shape == (4, 2)
    assert np.array_equal(facts.rate[:, 0], model.series.idr_per_usd[:4]) and np.array_equal(facts.rate[:, 1], model.series.myr_per_usd[:4])
    assert np.array_equal(facts.national_usd, model.series.national_usd[:4])
    at = region.border_places.set_index("place").loc[list(facts.place_names)]
    assert list(np.array(["id", "my"])[facts.side]) == list(at["side"])
    for name in ("lat", "lon"):
        assert np.array_equal(getattr(facts, name), at[name].to_numpy(float)), name
    kinds = dict(zip(region.crossings["crossing"], region.crossings["kind"], strict=True))
    assert facts.crossing_names == tuple(world.crossing_names) and facts.crossing_kinds == tuple(kinds[n] for n in world.crossing_names)
    assert list(np.array(["id", "my"])[facts.district_side]) == list(region.districts["side"])
    assert facts.district_people.sum() == pytest.approx(at["population"].sum())
    assert facts.savings_at_start == tuple(model.savings_at_start) and facts.savings_at_start[0] != facts.savings_at_start[1]
