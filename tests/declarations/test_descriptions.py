"""Every parameter, column, output, rule and argument says its unit and its meaning."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.compiled import plain
from agents.core.declare import CALL_ARGUMENTS, FIELDS, OUTPUTS, PARAMETER_CLASSES, PARAMETERS, RULES, UNITS, Source, argument_names

DECLARED: dict[str, Any] = {
    **{f"parameter {n}": x for n, x in PARAMETERS.items()},
    **{f"field {e}.{n}": x for e, table in FIELDS.items() for n, x in table.items()},
    **{f"output {n}": x for n, x in OUTPUTS.items()},
}


@pytest.mark.parametrize("what", DECLARED)
def test_unit_label_and_source(what: str) -> None:
    said = DECLARED[what]
    assert said.unit in UNITS
    assert said.label.strip() == said.label and not said.label.endswith(".")
    assert said.label[0].isupper() or said.label[0].isdigit()
    assert isinstance(said.source, Source) and said.source.reference.strip()


def test_names_are_keys() -> None:
    assert all(p.name == n for n, p in PARAMETERS.items())
    assert all(f.name == n for table in FIELDS.values() for n, f in table.items())
    assert {n.rsplit(".", 1)[0] for n in PARAMETERS} == set(PARAMETER_CLASSES)
    assert all(cls._fields == tuple(n.rsplit(".", 1)[1] for n in PARAMETERS if n.rsplit(".", 1)[0] == rule)  # type: ignore[attr-defined]
               for rule, cls in PARAMETER_CLASSES.items())  # fmt: skip
    assert all(cls() == tuple(PARAMETERS[f"{rule}.{f}"].default for f in cls._fields) for rule, cls in PARAMETER_CLASSES.items())  # type: ignore[attr-defined]


def test_rules_and_their_functions_are_described() -> None:
    for rule in RULES.values():
        assert (plain(rule.loop).__doc__ or "").strip(), rule.name
        for function in rule.decide:
            assert (plain(function).__doc__ or "").strip(), f"{rule.name}: {plain(function).__name__}"
        if rule.parameters is not None:
            assert (rule.parameters.__doc__ or "").strip()


#: The functions of one agent that are in agents/, by their names.
OF_ONE_AGENT = {
    f"{plain(f).__module__}.{plain(f).__name__}": plain(f)
    for r in RULES.values()
    for f in r.decide
    if plain(f).__module__.startswith("agents.")
}


def test_functions_of_one_agent_are_found() -> None:
    assert len(OF_ONE_AGENT) >= 25 and {"agents.household.seek_care.choose_care", "agents.trader.settle_deal.is_stopped"} <= set(
        OF_ONE_AGENT
    )


@pytest.mark.parametrize("name", OF_ONE_AGENT)
def test_every_argument_of_one_agent_says_its_unit_and_meaning(name: str) -> None:
    function = OF_ONE_AGENT[name]
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    said = dict(
        re.fullmatch(r"(\w+)(?: \[(.+)\])?:? .*", line).groups()
        for line in lines
        if re.match(r"\w+( \[.+\])?: \S|returns \[.+\]: \S", line)
    )  # type: ignore[union-attr]
    for argument in (*argument_names(function), "returns"):
        assert argument in said, f"nothing is said of {argument}"
        assert said[argument] in UNITS or argument in ("p", "q"), f"{argument}: unit '{said[argument]}'"
    assert set(said) == {*argument_names(function), "returns"}, "something is said of what is no argument"
    assert set(function.__annotations__) == {*argument_names(function), "return"}, "an argument without a type"


@pytest.mark.parametrize("rule", [r for r, x in RULES.items() if plain(x.loop).__module__.startswith("agents.")])
def test_every_argument_of_a_loop_has_a_type(rule: str) -> None:
    loop = plain(RULES[rule].loop)
    columns = {a for a in argument_names(loop) if a not in CALL_ARGUMENTS}
    assert {a: t for a, t in loop.__annotations__.items() if a in columns} == dict.fromkeys(columns, "Column")
    assert set(loop.__annotations__) == {*argument_names(loop), "return"}
