"""A user's own one-agent functions in place of shipped ones, without touching the package."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

from abm.errors import UserError, shorten
from agents.core.compiled import compiled_once, plain
from agents.core.declare import RULES, argument_names, near


def own_rules(said: Any) -> dict[str, Callable[..., Any]]:
    """Own functions by the name of what they replace; refuses anything that is not a Python function."""
    if said is None:
        return {}
    if not isinstance(said, Mapping) or not all(isinstance(name, str) for name in said):
        raise UserError(f'rules = {shorten(repr(said))} is not a table of functions by rule, such as {{"household.fall_ill": my_severity}}')
    for name, own in said.items():
        if not isinstance(plain(own), types.FunctionType):
            raise UserError(f"rule '{shorten(name)}': {shorten(repr(own))} is not a function written in Python; define it with def")
    return dict(said)


class OwnLoop:
    """The loop of a rule with own functions in it: what goes wrong in them is told in one sentence (the cause is kept)."""

    def __init__(self, loop: Callable[..., Any], own: list[str]) -> None:
        self.py_func = loop
        self._own, self._compiled = own, compiled_once(loop)

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._compiled(*arguments)
        except Exception as exc:
            # numba says first that a step of its own failed, then why
            lines = [line.strip() for line in str(exc).splitlines()]
            why = next((line for line in lines if line and not line.startswith("Failed in ")), type(exc).__name__)
            raise UserError(f"your function in place of {', '.join(self._own)} cannot be run as a rule: {shorten(why)}") from exc


def swap(rules: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Loops in which a user's one-agent function stands in place of the shipped one, compiled for this run."""
    loops: dict[str, Callable[..., Any]] = {}
    named: dict[str, list[str]] = {}
    for said, own in rules.items():
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
        loop = plain(loops.get(name, rule.loop))
        compiled_own = own if hasattr(own, "py_func") else compiled_once(own)
        again = types.FunctionType(loop.__code__, {**loop.__globals__, which: compiled_own}, loop.__name__)
        named.setdefault(name, []).append(said)
        loops[name] = OwnLoop(again, named[name])
    return loops
