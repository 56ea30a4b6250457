"""A user's own one-agent functions in place of shipped ones, without touching the package."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from abm.errors import UserError, shorten
from agents.core.compiled import compiled_once, plain
from agents.core.declare import RULES, argument_names, near
from agents.core.exact import just

#: The name under which a user hands in a demography: a function of the run, called in every January but the first.
POPULATION = "population"


class Own(NamedTuple):
    """A user's function in place of a shipped one: the name that the user gave, and the compiled function."""

    said: str
    function: Callable[..., Any]


class OwnLoop:
    """A loop with own functions in it: an error in them becomes one sentence (with the cause)."""

    def __init__(self, loop: Callable[..., Any], own: list[str], whole: list[Callable[..., Any]]) -> None:
        """``own`` are the names that the user gave, ``whole`` those of the functions that are to answer with whole numbers."""
        self.py_func = loop
        self._own, self._compiled, self._whole = own, compiled_once(loop), whole

    def __call__(self, *arguments: Any) -> Any:
        try:
            answer = self._compiled(*arguments)
            while self._whole:  # their types are known after the first call
                if any(str(said.return_type).startswith("float") for said in getattr(self._whole.pop(), "nopython_signatures", ())):
                    raise TypeError("it answers with a number that may have a fraction, where a whole one or True or False is needed")
            return answer
        except Exception as exc:
            # numba names the step that failed first, then the cause
            lines = [line.strip() for line in str(exc).splitlines()]
            why = next((line for line in lines if line and not line.startswith("Failed in ")), type(exc).__name__)
            raise UserError(f"your function in place of {', '.join(self._own)} cannot be run as a rule: {shorten(why)}") from exc


def own_rules(rules: Any) -> dict[str, dict[str, Own]]:
    """Own functions by rule and by the function that they replace; UserError for what cannot replace it.

    ``rules`` holds functions by the name of a rule (its first function is meant) or of a rule and a function of it. Under :data:`POPULATION`
    it may hold a demography, which replaces nothing and is not compiled.
    """
    if rules is None:
        return {}
    if not isinstance(rules, Mapping) or not all(isinstance(name, str) for name in rules):
        raise UserError(
            f'rules = {shorten(repr(rules))} is not a table of functions by rule, such as {{"household.fall_ill": my_severity}}'
        )
    for said, function in rules.items():
        if not isinstance(plain(function), types.FunctionType):
            raise UserError(f"rule '{shorten(said)}': {shorten(repr(function))} is not a function written in Python; define it with def")
    found: dict[str, dict[str, Own]] = {}
    for said, function in rules.items():
        if said == POPULATION:
            if len(argument_names(function)) != 1:
                raise UserError("'population': your function is called with the run alone, in January: give it one argument")
            found[POPULATION] = {POPULATION: Own(said, function)}
            continue
        name, which = _replaced(said, function)
        found.setdefault(name, {})[which] = Own(said, function if hasattr(function, "py_func") else compiled_once(function))
    return found


def _replaced(said: str, own: Callable[..., Any]) -> tuple[str, str]:
    """The rule and its one-agent function that an own function is to replace."""
    name, which = said, None
    if name not in RULES and "." in name:
        name, which = said.rsplit(".", 1)
    if name not in RULES:
        raise UserError(f"there is no rule '{said}'; {near(said, RULES)}")
    rule = RULES[name]
    decide = {plain(f).__name__: f for f in rule.decide}
    which = which or next(iter(decide), None)
    if which not in decide:
        raise UserError(f"rule '{name}' has no function '{which}' to replace; it has {', '.join(decide) or 'none'}")
    if which not in plain(rule.loop).__code__.co_names:
        raise UserError(f"rule '{name}' does not call '{which}' itself, so it cannot be replaced there")
    expected, given = argument_names(decide[which]), argument_names(plain(own))
    if expected != given:
        raise UserError(
            f"'{said}': your function takes ({', '.join(given)}), the shipped one takes ({', '.join(expected)}): give it the same arguments"
        )
    return name, which


def names_of(own: Mapping[str, Mapping[str, Own]]) -> list[str]:
    """How the user named what is replaced, in order."""
    return sorted(one.said for functions in own.values() for one in functions.values())


def swap(function: Callable[..., Any], own: Mapping[str, Own]) -> Callable[..., Any]:
    """The compiled function itself, or a copy of it that calls the user's functions where it names those that they replace."""
    bare = plain(function)
    meant = {which: one for which, one in own.items() if which in bare.__code__.co_names}
    if not meant:
        return function
    names = bare.__globals__ | {which: one.function for which, one in meant.items()} | {"rounded_up": just}
    whole = [
        one.function for which, one in meant.items() if plain(bare.__globals__[which]).__annotations__.get("return") in ("int", "bool")
    ]
    return OwnLoop(types.FunctionType(bare.__code__, names, bare.__name__), [one.said for one in meant.values()], whole)
