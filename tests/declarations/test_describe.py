"""What a name means is told from the declarations: one of each kind, compared word for word or with the registries."""

from __future__ import annotations

import pytest

from abm.describe import describe, month_rows, parameter_rows
from abm.errors import UserError
from abm.fitted import fitted_of
from abm.month import MONTH
from abm.region import Region
from agents.core.declare import PARAMETERS, RULES

REGION = "west-kalimantan-sarawak"


def told(name: str) -> dict[str, str]:
    """Lines by heading of the only thing of this name, and its kind."""
    found = describe(name)
    assert len(found) == 1 and len({heading for heading, _ in found[0].lines}) == len(found[0].lines)
    return {"name": found[0].name, "is": found[0].kind} | dict(found[0].lines)


def test_a_rule() -> None:
    rule = RULES["market.adjust_prices"]
    assert told("market.adjust_prices") == {
        "name": rule.name, "is": "a rule", "": rule.question, "in the month": "23. Markets: prices move",
        "reads": "place.reference_price, place.traded_in, place.local_demand, policy.prices_move", "writes": "place.price",
        "parameters": "market.adjust_prices.pull, market.adjust_prices.push", "random draws": "–", "switch": "price_adjustment",
        "not modelled": rule.not_modelled,
    }  # fmt: skip
    assert told("household.fall_ill")["random draws"] == ", ".join(RULES["household.fall_ill"].streams) != ""
    assert "switch" not in told("record.places") and "not modelled" not in told("record.places")
    assert told("official.spend_budget")["in the month"] == "in a step of its own kind, see 'lintas describe'"


def test_a_step_that_is_no_rule() -> None:
    assert told("begin") == {
        "name": "begin",
        "is": "a step of the month",
        "in the month": "1. History: the month's events",
        "note": MONTH[0].note,
    }


def test_a_parameter_and_who_uses_it() -> None:
    name = "market.adjust_prices.pull"
    one, fitted = PARAMETERS[name], fitted_of(Region.load(REGION))
    assert told(name) == {
        "name": name, "is": "a parameter", "": one.label, "default": "0.25 [1/month]",
        "fitted": f"{fitted.values[name]:g} [1/month] ({fitted.posterior})", "range": "0.1 – 0.5", "role": "uncertain, uniform",
        "source": f"{one.source.reference} (derived)", "used by": "market.adjust_prices", "change it": f"lintas run --set {name}=0.25",
    }  # fmt: skip
    fixed = told("world.travel.near_hours")
    assert fixed["role"] == "fixed" and "fitted" not in fixed and fixed["used by"] == "world.travel" and fixed["range"] == "5 – 8"
    other = next(r for r in RULES.values() if r.other_parameters is not None)
    shared = next(
        n for n in PARAMETERS if RULES.get(n.rpartition(".")[0]) and RULES[n.rpartition(".")[0]].parameters is other.other_parameters
    )
    assert other.name in told(shared)["used by"].split(", "), "a rule that shares another's parameters uses them"


def test_a_column() -> None:
    assert told("place.price") == {
        "name": "place.price", "is": "a state variable", "": "Price at the place's market", "unit": "own currency/kg (price in the currency of the place)",
        "options": "rice, sugar, cooking_oil, rubber", "kind": "carried from month to month",
        "read by": "world.set_prices, trader.choose_deal, trader.settle_deal, record.prices", "written by": "market.adjust_prices",
        "source": "state of the model, made by its rules (judgement)",
    }  # fmt: skip
    assert told("place.district")["kind"] == "never changes" and told("place.fare")["kind"] == "written anew each month"
    assert told("place.district")["written by"] == "–" and "options" not in told("place.district")


def test_an_output() -> None:
    of_ties, output = describe("visits_across")
    assert (of_ties.name, of_ties.kind) == ("household.visits_across", "a state variable"), "a column of the same last part is told first"
    said = dict(output.lines)
    assert (
        output.name == "visits_across"
        and output.kind == "an output"
        and len(said) == len(output.lines)
        and said["reads"] == "sums.visits_pa, sums.visits_ha"
        and said["claims"] == "E03"
        and said["tables"] == "yearly, monthly"
    )


def test_a_mechanism() -> None:
    said = told("price_adjustment")
    assert said["is"] == "a switch" and said["rules that stop without it"] == "market.adjust_prices"
    assert said["switch it off"] == "lintas run --without price_adjustment" and told("bribery")["rules that stop without it"] == "–"


def test_a_place() -> None:
    said = told("entikong")
    assert said["name"] == "Entikong" and said["is"] == "a place" and said["side"] == "West Kalimantan (id), IDR"
    assert (
        said["kind"] == "border: households live here"
        and said["people"] == "11,014 (assumption, about 2009)"
        and said["main group"] == "bidayuh"
    )
    assert said["health facilities"] == (
        "Puskesmas Entikong (centre, from 1990–2000, assumption); Pustu Entikong (dispensary, from 1978–1990, assumption)"
    )
    assert said["crossings"] == "Entikong-Tebedu (post); Entikong paths (path)" and said["coordinates"].startswith("0.97, 110.36 (")
    town = told("Kuching")
    assert town["kind"] == "service: market and facilities only" and town["people"] == "–" and town["crossings"] == "–"


def test_a_last_part_may_mean_several_things() -> None:
    assert {d.name for d in describe("activity")} == {"household.activity"}
    assert {d.name for d in describe("price")} == {"place.price", "record.price"}
    with pytest.raises(UserError, match=r"nothing called 'prise'; did you mean .*price"):
        describe("prise")


def test_the_month_in_order() -> None:
    rows = month_rows()
    assert [r.number for r in rows] == [str(k) for k in range(1, len(MONTH) + 1)]
    assert rows[0].rule == rows[0].question == "" and rows[0].note == MONTH[0].note
    assert rows[1].rule == "official.set_strictness" and rows[1].question == RULES["official.set_strictness"].question


def test_parameters_as_rows() -> None:
    assert [r["name"] for r in parameter_rows()] == list(PARAMETERS) and not any("fitted" in r for r in parameter_rows())
    rows, fitted = {r["name"]: r for r in parameter_rows(REGION)}, fitted_of(Region.load(REGION))
    assert {n: r["fitted"] for n, r in rows.items() if "fitted" in r} == dict(fitted.values)
    one = PARAMETERS["market.adjust_prices.pull"]
    assert rows[one.name] == {
        "name": one.name, "label": one.label, "unit": one.unit, "default": one.default, "low": one.low, "high": one.high, "role": one.role,
        "prior": one.prior, "source": one.source.reference, "basis": one.source.basis, "fitted": fitted.values[one.name], "posterior": fitted.posterior,
    }  # fmt: skip
