"""A declaration that is incomplete, or contradicts itself, is refused when it is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core import declare
from agents.core.declare import DeclarationError, Field, Output, Parameter, Rule, Source, judgement, parameter, parameters

SAID = judgement("for the test")


@pytest.fixture(autouse=True)
def own_registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registries of their own, so that nothing declared here stays."""
    for name in ("PARAMETERS", "PARAMETER_CLASSES", "FIELDS", "OUTPUTS", "RULES", "SWITCHES"):
        monkeypatch.setattr(declare, name, {})
    yield


def test_sources() -> None:
    assert judgement("why") == Source("why", "judgement")
    with pytest.raises(DeclarationError, match="a source needs a reference"):
        Source("  ", "opened")
    with pytest.raises(DeclarationError, match="unknown basis 'guess'"):
        Source("somewhere", "guess")  # type: ignore[arg-type]


GOOD: dict[str, Any] = {"name": "some.rate", "label": "Rate", "unit": "share", "default": 0.2, "low": 0.1, "high": 0.4, "role": "uncertain",
                        "prior": "uniform", "source": SAID}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Some.Rate"}, "'Some.Rate' is not a name"),
        ({"name": "some rate"}, "'some rate' is not a name"),
        ({"label": " "}, "'some.rate' has no label"),
        ({"unit": "shares"}, "unit 'shares' is not in the closed list of units; did you mean share"),
        ({"unit": "furlong"}, "unit 'furlong' is not in the closed list"),
        ({"default": 0.5}, "default 0.5 lies outside [0.1, 0.4]"),
        ({"default": float("nan")}, "must be finite numbers"),
        ({"high": float("inf")}, "must be finite numbers"),
        ({"role": "guess"}, "unknown role 'guess'"),
        ({"prior": "gauss"}, "unknown prior 'gauss'"),
        ({"prior": "none"}, "a parameter of the role uncertain needs a prior"),
        ({"role": "lever"}, "a parameter of the role uncertain needs a prior, and no other role may have one"),
        ({"role": "fixed", "prior": "uniform"}, "no other role may have one"),
        ({"low": 0.2, "high": 0.2}, "needs a range, low and high are both 0.2"),
        ({"prior": "log-uniform", "low": 0.0}, "a log-uniform prior needs low > 0, found 0"),
        ({"source": None}, "parameter 'some.rate' has no source"),
        ({"source": "a book"}, "parameter 'some.rate' has no source"),
    ],
)
def test_parameters(change: dict[str, Any], says: str) -> None:
    Parameter(**GOOD)
    with pytest.raises(DeclarationError, match=re.escape(says)):
        Parameter(**{**GOOD, **change})


def test_a_source_cannot_be_left_out() -> None:
    with pytest.raises(TypeError, match="source"):
        parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4)  # type: ignore[call-arg]


def test_a_range_can_be_left_out_for_a_fixed_number_only() -> None:
    assert parameter("Days", unit="days", default=26.0, role="fixed", source=SAID).low == 26.0
    with pytest.raises(DeclarationError, match="low and high are needed for role 'uncertain'"):
        parameter("Rate", unit="share", default=0.2, source=SAID)


def test_what_is_left_out_follows_from_the_role() -> None:
    rate = parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4, source=SAID)
    assert (rate.low, rate.high, rate.role, rate.prior) == (0.1, 0.4, "uncertain", "uniform")
    assert parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4, role="lever", source=SAID).prior == "none"
    assert parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4, prior="triangular", source=SAID).prior == "triangular"
    days = parameter("Days", unit="days", default=26.0, low=22.0, high=28.0, role="fixed", source=SAID)
    assert (days.low, days.high, days.prior) == (22.0, 28.0, "none")
    for given in ({"low": 0.1}, {"high": 0.4}):
        with pytest.raises(DeclarationError, match="low and high are needed"):
            parameter("Rate", unit="share", default=0.2, source=SAID, **given)  # type: ignore[arg-type]


def test_what_only_some_roles_need() -> None:
    fixed = {**GOOD, "role": "fixed", "prior": "none", "low": 0.2, "high": 0.2}
    assert Parameter(**fixed).low == 0.2  # no range is needed
    assert Parameter(**{**GOOD, "low": 0.0}).low == 0.0  # 0 is refused for a log-uniform prior alone
    assert Parameter(**{**GOOD, "prior": "log-uniform"}).prior == "log-uniform"


def test_values_outside_the_range_are_refused() -> None:
    said = Parameter(**GOOD)
    assert said.check(0.4) == 0.4 and said.check(0.1) == 0.1
    assert said.check(0.5, widen=0.5) == 0.5
    # no number is none, also where the range has no end
    with pytest.raises(ValueError, match="lies outside"):
        Parameter(**{**GOOD, "unit": "log"}).check(float("inf"), widen=float("inf"))
    for value in (0.41, 0.09, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=re.escape("lies outside its range 0.1 to 0.4 [share]")):
            said.check(value)


def test_ranges_are_widened_as_far_as_units_have_a_meaning() -> None:
    assert Parameter(**GOOD).widened(0.0) == (0.1, 0.4)
    assert Parameter(**GOOD).widened(5.0) == pytest.approx((0.02, 1.0))
    assert Parameter(**{**GOOD, "unit": "log", "low": -0.5, "high": 0.5}).widened(0.5) == pytest.approx((-1.0, 1.0))
    # a share declared below 0 stays as it is there
    assert Parameter(**{**GOOD, "low": -0.1}).widened(0.5) == pytest.approx((-0.1, 0.65))


def test_classes_of_parameters() -> None:
    class Bare(NamedTuple):
        rate: float = 0.2

    with pytest.raises(DeclarationError, match=re.escape("some.rule: rate not declared with parameter(…)")):
        parameters("some.rule")(Bare)

    class Good(NamedTuple):
        rate: float = parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4, source=SAID)

    assert parameters("some.rule")(Good)().rate == 0.2 and Good._field_defaults == {"rate": 0.2}
    assert declare.PARAMETERS["some.rule.rate"].label == "Rate"
    with pytest.raises(DeclarationError, match=r"parameters of 'some\.rule' are declared twice"):

        @parameters("some.rule")
        class Again(NamedTuple):
            rate: float = parameter("Rate", unit="share", default=0.2, low=0.1, high=0.4, source=SAID)


FIELD: dict[str, Any] = {"name": "land", "label": "Land", "unit": "ha", "dtype": "float64", "kind": "fixed", "source": SAID}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Land"}, "is not a name"),
        ({"label": ""}, "has no label"),
        ({"unit": "acre"}, "unit 'acre' is not in the closed list"),
        ({"dtype": "float46"}, "field 'land': unknown type 'float46'"),
        ({"kind": "changing"}, "field 'land': unknown kind 'changing'"),
        ({"width": 0}, "0 columns"),
        ({"width": 3, "options": ("a", "b")}, "3 columns but 2 option names"),
    ],
)
def test_fields(change: dict[str, Any], says: str) -> None:
    Field(**FIELD)
    with pytest.raises(DeclarationError, match=re.escape(says)):
        Field(**{**FIELD, **change})


def test_options_name_every_value() -> None:
    assert Field(**{**FIELD, "width": 2, "options": ("a", "b")}).options == ("a", "b")
    assert Field(**{**FIELD, "width": 2}).options == () and Field(**FIELD).initial == 0.0


def test_outputs() -> None:
    Output("trips", "Trips", "1", "trips of a year", SAID)
    with pytest.raises(DeclarationError, match="output 'trips' has no meaning"):
        Output("trips", "Trips", "1", " ", SAID)
    with pytest.raises(DeclarationError, match="unit 'trip' is not in the closed list"):
        Output("trips", "Trips", "trip", "trips of a year", SAID)


class P(NamedTuple):
    """Parameters of the made-up rule."""

    rate: float = 0.2


def loop(start, stop, p, place, land, income):
    """A made-up rule."""
    for i in range(start, stop):
        income[i] = p.rate * land[i] + place[i]


RULE: dict[str, Any] = {"name": "household.try", "question": "What now?", "loop": loop, "reads": ("household.place", "household.land"),
                        "writes": ("household.income",), "parameters": P}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"question": "This."}, "the question must be a question"),
        ({"reads": ("household.place", "household.land", "household.income")}, "both reads and writes household.income"),
        ({"reads": ("household.place",)}, "the loop takes ['place', 'land', 'income'], the declaration says ['place', 'income']"),
        ({"reads": ("household.land", "household.place")}, "the declaration says ['land', 'place', 'income']"),
        ({"writes": ("household.savings",)}, "the declaration says ['place', 'land', 'savings']"),
        ({"writes": ("household.income", "household.savings")}, "the loop takes"),
        ({"parameters": None}, "a loop with argument p needs declared parameters"),
        ({"other_parameters": P}, "a loop with argument q needs other_parameters"),
    ],
)
def test_rules(change: dict[str, Any], says: str) -> None:
    Rule(**RULE)
    with pytest.raises(DeclarationError, match=re.escape(says)):
        Rule(**{**RULE, **change})


def test_a_rule_runs_over_the_rows_of_its_name_unless_it_says_otherwise() -> None:
    assert Rule(**RULE).rows == "household" and Rule(**{**RULE, "rows": "place"}).rows == "place"


def test_a_prefix_tells_two_columns_of_one_name_apart() -> None:
    def two(start, stop, household_weight, trader_weight, income):
        income[start:stop] = household_weight[0] + trader_weight[0]

    Rule("household.two", "Which?", two, ("household.weight", "trader.weight"), ("household.income",))
    with pytest.raises(DeclarationError, match="the loop takes"):
        Rule("household.two", "Which?", two, ("trader.weight", "household.weight"), ("household.income",))


def test_nothing_is_declared_twice() -> None:
    one, out = Field(**FIELD), Output("trips", "Trips", "1", "trips of a year", SAID)
    assert declare.fields("thing", one) == (one,)
    assert declare.outputs(out) == (out,)
    said = Rule(**RULE)
    assert declare.rule(said) is said
    declare.switch("light", "The light is on")
    assert declare.switch("light", "The light is on") == "light"
    for again, says in (
        (lambda: declare.fields("thing", one), "field 'thing.land' is declared twice"),
        (lambda: declare.outputs(out), "output 'trips' is declared twice"),
        (lambda: declare.rule(Rule(**RULE)), "rule 'household.try' is declared twice"),
        (lambda: declare.switch("light", "The light is off"), "switch 'light' is declared twice with different meanings"),
    ):
        with pytest.raises(DeclarationError, match=re.escape(says)):
            again()
    declare.fields("other", one)  # another entity may have a column of that name


def test_near_names() -> None:
    assert declare.near("houshold", ["household", "trader"]) == "did you mean household?"
    assert "care.quality" in declare.near("qualty", ["care.quality", "care.hours"])
    assert declare.near("zzz", ["b", "a"]) == "known are a, b"
    # the part after the last dot counts by itself, and each name is given once
    assert declare.near("other.thing.qualty", ["care.deep.quality", "care.hours"]) == "did you mean care.deep.quality?"
    assert declare.near("qualty", ["care.quality"]) == "did you mean care.quality?"
    assert declare.near("care.qualty", ["care.quality"]) == "did you mean care.quality?"
    many = [f"x{k}" for k in range(20)]
    assert declare.near("abc", many).endswith("…") and declare.near("abc", many[:12]).count(",") == 11
    # the whole name or the part after the last dot, six letters of ten of either
    assert declare.near("abcde.xxxx", ["abcde.yyyy"]) == "did you mean abcde.yyyy?"
    assert declare.near("abcdefghij.xxxxxxxxx", ["abcdefghij.yyyyyyyyy"]).startswith("known are")
    assert declare.near("p.abcdefxxxx", [f"{'q' * 40}.abcdefyyyy"]).startswith("did you mean")
    assert declare.near("p.abcdefghijkxxxxxxxxx", [f"{'q' * 40}.abcdefghijkyyyyyyyyy"]).startswith("known are")
    # six letters of ten in common are near, five are not
    assert declare.near("abcdefxxxx", ["abcdefyyyy"]).startswith("did you mean") and declare.near("abcdexxxxx", ["abcdeyyyyy"]).startswith(
        "known are"
    )


def test_a_rule_cannot_write_what_it_only_reads() -> None:
    from agents.core.compiled import PLAIN, compiled_once

    def wrong(start, stop, land, income):
        for i in range(start, stop):
            income[i] = land[i]
            land[i] = 0.0

    land, income = np.ones(3), np.zeros(3)
    view = land.view()
    view.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        wrong(0, 3, view, income)
    if not PLAIN:
        from numba.core.errors import TypingError

        with pytest.raises(TypingError, match=r"[Cc]annot|readonly"):
            compiled_once(wrong)(0, 3, view, income)
    assert (land == 1.0).all()
