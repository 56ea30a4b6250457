"""An indicator is one declaration: what it says is true, and an incomplete one is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import abm.results.declare as declaring
from abm.results.declare import Indicator, indicator, of_table
from abm.results.record import SUMS, Record
from abm.results.sums import READABLE, Sums, ratio, shared
from agents.core import declare
from agents.core.declare import OUTPUTS, DeclarationError, Source
from tests.indicators.made_up import RUN, array_of, facts_of, record_of, results_of

INDICATORS = list(OUTPUTS.values())
YEAR = np.arange(RUN) // 12


def everything() -> Record:
    """A record in which every number is another one, and all are such that no ratio is without value."""
    record = record_of({})
    draw = np.random.default_rng(5)
    for name, values in vars(record).items():
        if values.dtype == np.int16:
            values[...] = draw.integers(0, 3, values.shape)
        elif name == "near":
            values[...] = draw.random(values.shape) < 0.7
        else:
            values[...] = draw.uniform(0.2, 0.9, values.shape)
    return record


def nearly_half_across(record: Record) -> None:
    """Of the first year's care in a place of each side just more goes across than not, in the other just less: a step follows any change."""
    home, across = (
        sum(array_of(record, f"sums.visits_{k}")[:12].sum(axis=0) for k in kinds) for kinds in (("dh", "ph", "hh"), ("pa", "ha"))
    )
    for k in ("pa", "ha"):
        array_of(record, f"sums.visits_{k}")[:12] *= np.array([1.001, 1.001, 0.999, 0.999]) * home / across


def made(one: Any, record: Record) -> list[np.ndarray]:
    """All that an indicator gives: of sides and of places, or its flows."""
    facts = facts_of()
    if "flows" in one.tables:
        return [np.array(v) for v in one.values(Sums(record, facts, YEAR)).values()]
    return [np.array(one.values(Sums(record, facts, YEAR, by_place=t == "places"))) for t in one.tables if t != "monthly"]


@pytest.mark.parametrize("one", INDICATORS, ids=lambda one: one.name)
def test_an_indicator_reads_what_it_says(one: Any) -> None:
    assert isinstance(one, Indicator)
    record, facts, read = everything(), facts_of(), set()
    for by_place in {table == "places" for table in one.tables}:
        sums = Sums(record, facts, YEAR, by_place=by_place).of(one.name, one.reads)
        one.formula(sums)
        read |= sums.has_read
    assert read == set(one.reads)


@pytest.mark.parametrize("one", INDICATORS, ids=lambda one: one.name)
def test_an_indicator_follows_what_it_reads_and_nothing_else(one: Any) -> None:
    record = everything()
    if one.name == "usual_care_across":
        nearly_half_across(record)
    before = made(one, record)
    for name in READABLE:
        if name.startswith("series."):
            continue
        values = array_of(record, name)
        was = values.copy()
        if values.dtype == bool:
            values[:] = ~values
        elif values.dtype == np.int16:
            values[:] = (values + 1) % 3
        else:
            # June and December of the first year (or the second of a column by year), of each place by another factor
            for k in (5, 11) if len(values) > RUN else (1,):
                values[k] *= 1.0 + np.random.default_rng(k).random(values.shape[1:])
        same = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, made(one, record), strict=True))
        assert same == (name not in one.reads), name
        values[:] = was


def test_every_column_of_the_record_can_be_read_under_one_name() -> None:
    record, facts = everything(), facts_of()
    for name, find in READABLE.items():
        found = find(record, facts)
        if name.startswith("series."):
            assert found is {"series.rate": facts.rate, "series.national_usd": facts.national_usd}[name]
            continue
        run = 2 if name in ("poor", "gini", "near", "old") or name.startswith("people.") else RUN
        assert np.array_equal(found, array_of(record, name)[:run]) and np.shares_memory(found, array_of(record, name)), name
    tables = {name.split(".")[0] for name in READABLE} - {"series"}
    assert tables == set(vars(record))
    for table in tables:
        columns = [name for name in READABLE if name.split(".")[0] == table]
        whole = getattr(record, table)
        assert len(columns) == (1 if columns == [table] else whole.shape[-1]), table


def test_every_sum_is_used() -> None:
    """By an indicator, by the ledger, or by the tests that nothing is lost on the way (tests/model/test_conservation.py)."""
    by_indicators = {name for one in INDICATORS for name in one.reads}  # type: ignore[attr-defined]
    in_ledger = {"sums.income_wage", "sums.own_use", "sums.spending", "sums.care_cost", "sums.savings", "sums.help_given"}
    in_ledger |= {f"deals.{n}" for n in ("revenue", "carriage", "duty", "fine", "profit")}
    by_conservation = {"deals.sold", "deals.seized", "sums.income_trade"} | {
        f"wage.{n}" for n in ("farm", "timber", "public", "pass", "undocumented")
    }
    by_flows = {n for n in READABLE if "_crossing." in n}
    assert set(READABLE) == by_indicators | in_ledger | by_conservation | by_flows
    assert not by_indicators & (in_ledger | by_conservation | by_flows)


# ---- what is refused -------------------------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "name": "trips", "label": "Trips", "unit": "1", "meaning": "trips of a year", "source": Source("the model", "derived"),
    "reads": ("sums.trips",), "formula": lambda of: of.total("sums.trips"), "claims": ("E01", "E24"), "tables": ("yearly", "places"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"formula": None}, "indicator 'trips' has no formula"),
        ({"reads": ()}, "indicator 'trips' reads nothing"),
        ({"reads": ("sums.trip",)}, "indicator 'trips' reads 'sums.trip', which is not recorded; did you mean sums.trips"),
        ({"reads": ("sums.trips", "sums.n", "sums.trips")}, "indicator 'trips' says twice that it reads 'sums.trips'"),
        ({"tables": ("yearly", "weekly")}, "indicator 'trips': there is no table 'weekly'; known are flows, monthly, places, yearly"),
        ({"tables": ()}, "indicator 'trips': name its tables"),
        ({"tables": ("yearly", "flows")}, "indicator 'trips': name its tables; one of flows is of no other table"),
        ({"sides": "both"}, "indicator 'trips': unknown sides 'both', use one of each, id, together"),
        ({"sides": "together"}, "indicator 'trips': sides 'together' goes with the tables by side only"),
        ({"sides": "id", "tables": ("flows",)}, "indicator 'trips': sides 'id' goes with the tables by side only"),
        ({"claims": ("E1",)}, "indicator 'trips': 'E1' is not a claim such as E01"),
        ({"claims": ("E01", "E011")}, "'E011' is not a claim"),
        ({"meaning": " "}, "output 'trips' has no meaning"),
        ({"label": " "}, "'trips' has no label"),
        ({"unit": "trip"}, "unit 'trip' is not in the closed list"),
    ],
)
def test_refusals(change: dict[str, Any], says: str) -> None:
    Indicator(**GOOD)
    Indicator(**{**GOOD, "tables": ("yearly", "monthly"), "sides": "together"})
    Indicator(**{**GOOD, "tables": ("flows",)})
    with pytest.raises(DeclarationError, match=re.escape(says)):
        Indicator(**{**GOOD, **change})


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Nothing declared here stays."""
    mine: dict[str, Any] = {}
    monkeypatch.setattr(declare, "OUTPUTS", mine)
    monkeypatch.setattr(declaring, "OUTPUTS", mine)
    return mine


def test_one_declaration_makes_a_column(own_registry: dict[str, Any]) -> None:
    @indicator("Trips", "1", "trips of the period", reads=("sums.trips",), claims=("E02",))
    def trips(of: Sums) -> np.ndarray:
        return of.total("sums.trips")

    indicator("More trips", "1", "twice as many", reads=("sums.trips",), tables=("places",), name="more")(lambda of: 2 * trips(of))
    indicator("People", "person", "who cross", reads=("sums.trips",), tables=("flows",), name="people")(
        lambda of: {"care_primary": of.read("sums.trips")}
    )
    indicator("Other", "1", "one of two", reads=("sums.n",), sides="together", name="other")(lambda of: of.total("sums.n")[:, 1])
    said = own_registry["trips"]
    assert (said.label, said.unit, said.meaning, said.claims, said.tables) == (
        "Trips",
        "1",
        "trips of the period",
        ("E02",),
        ("yearly", "monthly"),
    )
    assert said.sides == "each" and said.source.basis == "derived" and list(of_table("yearly")) == [said, own_registry["other"]]
    results = results_of(
        {
            "sums.trips": {("1980-01", "A"): 3, ("1981-01", "D"): 5},
            "sums.n": {("1980-02", "C"): 4},
            "care_crossing.primary": {("1980-01", "A"): 2},
        }
    )
    assert list(results.yearly.columns) == ["year", "side", "trips", "other"] and list(results.yearly["trips"]) == [3, 0, 0, 5]
    assert list(results.yearly["other"]) == [4, 4, 0, 0]
    assert list(results.monthly["trips"])[:3] == [3, 0, 0]
    assert list(results.places["more"]) == [6, 0, 0, 0, 0, 0, 0, 10]
    assert [tuple(r)[1:] for r in results.flows.itertuples(index=False)] == [("Walk", "traditional", "care_primary", "", "out", "", 3)]
    with pytest.raises(DeclarationError, match="output 'trips' is declared twice"):
        indicator("Trips", "1", "again", reads=("sums.trips",))(trips)


def yearly_of(formula: Callable[[Sums], Any], sides: str = "each") -> Any:
    """What an indicator of this formula gives for an empty record."""
    one = Indicator(**{**GOOD, "tables": ("yearly",), "formula": formula, "sides": sides})
    return one.values(Sums(record_of({}), facts_of(), YEAR))


def test_a_formula_that_reads_more_than_it_says_is_refused() -> None:
    for more in (lambda of: of.total("sums.n"), lambda of: of.usd("sums.trips"), lambda of: of.rate(), lambda of: of.last("price")):
        with pytest.raises(
            DeclarationError, match=r"indicator 'trips' reads '(sums\.n|series\.rate|price)' and does not say so: add it to its reads"
        ):
            yearly_of(more)


def test_a_formula_of_another_shape_is_refused() -> None:
    for formula, sides in (
        (lambda of: of.total("sums.trips")[:, 0], "each"),
        (lambda of: of.total("sums.trips"), "together"),
        (lambda of: of.total("sums.trips"), "id"),
        (lambda of: of.read("sums.trips").sum(axis=1), "together"),
    ):
        with pytest.raises(DeclarationError, match="indicator 'trips' gives the shape"):
            yearly_of(formula, sides)
    assert yearly_of(lambda of: of.months[:, 0], "together").tolist() == [[12, 12], [6, 6]]
    one_side = yearly_of(lambda of: of.months[:, 0], "id")
    assert one_side[:, 0].tolist() == [12, 6] and np.isnan(one_side[:, 1]).all()


def test_a_shared_part_is_made_once_and_its_reads_count() -> None:
    made_for = []

    @shared
    def part(of: Sums) -> np.ndarray:
        made_for.append(of.who)
        return of.total("sums.trips") + of.total("sums.n")

    sums = Sums(record_of({}), facts_of(), YEAR)
    first, second, third = (sums.of(who, ("sums.trips", "sums.n")[:k]) for who, k in (("first", 2), ("second", 2), ("third", 1)))
    assert part(first) is part(second) and made_for == ["first"]
    assert first.has_read == second.has_read == {"sums.trips", "sums.n"} and sums.has_read == set()
    with pytest.raises(DeclarationError, match=r"indicator 'third' reads 'sums\.n' and does not say so"):
        part(third)
    with pytest.raises(DeclarationError, match=r"indicator 'third' reads 'sums\.n' and does not say so"):
        part(Sums(record_of({}), facts_of(), YEAR).of("third", ("sums.trips",)))


@pytest.mark.parametrize(("months", "years"), [(1, 1), (7, 1), (12, 1), (13, 2), (18, 2)])
def test_a_run_of_any_length_has_its_years_and_the_last_month_of_each(months: int, years: int) -> None:
    record = record_of({"strictness": {(f"{1980 + t // 12}-{t % 12 + 1}", "Walk"): t + 1 for t in range(RUN)}})
    sums = Sums(record, facts_of(months), np.arange(months) // 12)
    assert sums.read("poor").shape == sums.read("people.births").shape == (years, 4) and len(sums.months) == years
    assert sums.last("strictness")[:, 2].tolist() == [min(months, 12), months][:years]
    assert sums.by_month("near").shape == (months, 4)


def test_values_of_places_are_added_up_by_side() -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 50.0]])
    assert Sums(record_of({}), facts_of(), YEAR).over_places(values).tolist() == [[1 + 3, 2 + 4], [40, 70]]
    assert Sums(record_of({}), facts_of(), YEAR, by_place=True).over_places(values).tolist() == values.tolist()


def test_what_was_summed_for_one_is_not_summed_for_another_unit() -> None:
    sums = Sums(record_of({"sums.income": {("1980-01", "A"): 3000}}), facts_of(), YEAR)
    assert sums.total("sums.income") is sums.total("sums.income") and sums.usd("sums.income") is sums.usd("sums.income")
    assert (sums.total("sums.income")[0, 0], sums.usd("sums.income")[0, 0]) == (3000, 3)


def test_a_ratio_has_no_value_where_there_is_nothing_to_divide_by() -> None:
    made = ratio(np.array([1.0, 1.0, -3.0, 2.0]), np.array([4.0, 0.0, 2.0, -2.0]))
    assert made[[0, 2]].tolist() == [0.25, -1.5] and np.isnan(made[[1, 3]]).all()
    assert len(SUMS) == len(set(SUMS))
