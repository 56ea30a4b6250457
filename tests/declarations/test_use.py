"""What is declared is used: parameters, arguments, functions that decide, streams and switches."""

from __future__ import annotations

import ast

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.compiled import plain
from agents.core.declare import CALL_ARGUMENTS, PARAMETER_CLASSES, RULES, SWITCHES, argument_names
from agents.core.draws import STREAMS
from tests.declarations import sources


def users_of(rule: str, cls: type) -> list[ast.Module]:
    """Modules that can see a class of parameters: its own, and those that import it or name its rule."""
    found = []
    for name, tree in sources.trees().items():
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == cls.__module__]
        if (
            name == cls.__module__
            or any(a.name == cls.__name__ for n in imports for a in n.names)
            or rule in sources.texts(tree)
            or (
                any(isinstance(n, ast.ImportFrom) and n.module == cls.__module__.rsplit(".", 1)[0] for n in ast.walk(tree))
                and any(isinstance(n, ast.Attribute) and n.attr == cls.__name__ for n in ast.walk(tree))
            )
        ):
            found.append(tree)
    # functions of other modules that are handed the parameters as `p`, `care` or `rule`
    if cls.__module__ in (
        "agents.household.seek_care",
        "agents.household.keep_ties",
        "abm.world.kinship",
        "abm.world.travel",
        "abm.world.populate",
    ):
        found += [
            sources.trees()[m]
            for m in (
                "abm.world.access",
                "abm.world.kinship",
                "abm.world.populate",
                "abm.world.composition",
                "abm.world.demography",
                "abm.year",
                "abm.start",
            )
        ]
    return found


@pytest.mark.parametrize("rule", PARAMETER_CLASSES)
def test_every_parameter_is_used(rule: str) -> None:
    cls = PARAMETER_CLASSES[rule]
    read = set().union(*(sources.attributes_read(tree) for tree in users_of(rule, cls)))
    unused = [f for f in cls._fields if f not in read]  # type: ignore[attr-defined]
    assert not unused, f"{rule}: declared but never read: {', '.join(unused)}"


@pytest.mark.parametrize("rule", [r for r, x in RULES.items() if x.parameters])
def test_the_parameters_of_a_rule_move_its_result_through_p(rule: str) -> None:
    # a loop that takes p reads it or hands it on to its functions
    declared = RULES[rule]
    assert "p" in sources.names_read(sources.function_tree(declared.loop))
    if declared.other_parameters is not None:
        assert "q" in sources.names_read(sources.function_tree(declared.loop))


@pytest.mark.parametrize("rule", RULES)
def test_every_argument_of_a_loop_is_used(rule: str) -> None:
    declared, tree = RULES[rule], sources.function_tree(RULES[rule].loop)
    arguments = argument_names(declared.loop)
    columns = [a for a in arguments if a not in CALL_ARGUMENTS]
    used = sources.names_read(tree) | sources.names_stored_into(tree)
    assert not [a for a in arguments if a not in used], f"{rule}: arguments that nothing uses"
    stored = sources.names_stored_into(tree)
    n = len(declared.reads)
    assert not set(columns[:n]) & stored, f"{rule} writes what it says it reads"
    # what is written is stored into by the loop, or by nobody
    missing = [a for a in columns[n:] if a not in stored]
    assert not missing, f"{rule} says it writes {missing} and does not"


@pytest.mark.parametrize("rule", RULES)
def test_every_function_that_decides_is_called(rule: str) -> None:
    declared = RULES[rule]
    names = {plain(f).__name__ for f in declared.decide}
    called = sources.functions_called(sources.function_tree(declared.loop))
    for f in declared.decide:
        called |= sources.functions_called(sources.function_tree(f))
    other_loops = {plain(r.loop).__name__ for r in RULES.values()}
    # a module may hold two rules: a function of the first step (the share that fits) counts for the second, which hands its result on
    shared = {
        plain(f).__name__
        for r in RULES.values()
        for f in r.decide
        if plain(r.loop).__module__ == plain(declared.loop).__module__ and r is not declared
    }
    assert not names - called - shared, f"{rule}: never called: {names - called - shared}"
    assert not names & other_loops


@pytest.mark.parametrize("rule", RULES)
def test_streams_are_drawn_from(rule: str) -> None:
    declared = RULES[rule]
    module = plain(declared.loop).__module__
    constants: dict[str, str] = {}
    for n in ast.walk(sources.trees()[module]):
        if isinstance(n, ast.Assign):  # one stream, or several in a line
            names, made = ([*x.elts] if isinstance(x, ast.Tuple) else [x] for x in (n.targets[0], n.value))
            if all(isinstance(call, ast.Call) and getattr(call.func, "id", "") == "stream" for call in made):
                constants |= {name.id: call.args[0].value for name, call in zip(names, made, strict=True)}  # type: ignore[attr-defined]
    read = sources.names_read(sources.function_tree(declared.loop))
    drawn = {text for name, text in constants.items() if name in read}
    assert drawn == set(declared.streams) <= set(STREAMS)
    assert ("seed" in argument_names(declared.loop)) == bool(declared.streams)


def test_streams_belong_to_one_rule() -> None:
    said = [s for r in RULES.values() for s in r.streams]
    assert len(said) == len(set(said)) and len(set(STREAMS.values())) == len(STREAMS)


def test_every_switch_is_read() -> None:
    asked = {n.slice.value for tree in sources.trees().values() for n in ast.walk(tree)
             if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and isinstance(n.slice.value, str)}  # fmt: skip
    assert not set(SWITCHES) - asked
    assert {r.switch for r in RULES.values() if r.switch} <= set(SWITCHES)
