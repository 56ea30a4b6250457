"""Which names, values and months may a user give? Parameters within their ranges, mechanisms, dated changes.

What is declared beside the rules decides; every refusal is a :class:`ScenarioError` of one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import UserError, shorten
from agents.core.declare import PARAMETERS, SWITCHES, near

FIRST_YEAR = 1980
LAST_MONTH = (2030, 12)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
#: What is used only to make the world of January 1980 (names, or beginnings of names): a later change would do nothing.
START_ONLY = ("world.populate.", "world.series.", "world.kinship.length", "world.kinship.same_group", "world.kinship.across",
              "official.spend_budget.start_id", "official.spend_budget.start_my")  # fmt: skip


class ScenarioError(UserError):
    """A scenario that cannot be used."""


@dataclass(frozen=True)
class Change:
    """From ``month`` on, ``name`` (a parameter, ``switch.NAME`` or ``crossing.NAME.open``) has ``value``."""

    month: int
    name: str
    value: float


def month_index(text: str, what: str = "month") -> int:
    """Months since January 1980 of a ``YYYY-MM`` text; refuses anything else with one sentence."""
    match = _MONTH.fullmatch(str(text))
    if not match or not 1 <= int(match[2]) <= 12:
        raise ScenarioError(f"{what} '{shorten(text)}' is not a month: write it as YYYY-MM, for example 2005-12")
    year, month = int(match[1]), int(match[2])
    if year < FIRST_YEAR:
        raise ScenarioError(f"{what} {text} lies before the start of the history, 1980-01")
    if (year, month) > LAST_MONTH:
        raise ScenarioError(f"{what} {text} lies after the last month that can be simulated, 2030-12")
    return (year - FIRST_YEAR) * 12 + month - 1


def month_text(index: int) -> str:
    """``YYYY-MM`` of a month counted from January 1980 = 0."""
    return f"{FIRST_YEAR + index // 12}-{index % 12 + 1:02d}"


def flat_table(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Parameters written as ``"a.b.c" = 1`` or as nested tables, as one flat table."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= flat_table(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, (str, bytes)):  # a text such as "3" may be a mistake
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ScenarioError(f"{shorten(name)} = {shorten(repr(value))} is not a number") from None


def check_table(what: str, value: Any) -> Mapping[str, Any]:
    """A table of names and values."""
    if not isinstance(value, Mapping) or not all(isinstance(n, str) for n in value):
        raise ScenarioError(f"{what} = {shorten(repr(value))} is not a table of names and values")
    return value


def check_on(name: str, value: Any) -> bool:
    """True or false, also written as 1 or 0; a text such as "false" is neither."""
    if not isinstance(value, (Real, np.bool_)) or value not in (0, 1):
        raise ScenarioError(f"{shorten(name)} = {shorten(repr(value))} is neither on nor off: write true or false (or 1 or 0)")
    return bool(value)


def check_widen(value: Any) -> float:
    """A share from 0 to 1 by which ranges are widened."""
    if isinstance(value, bool) or not 0.0 <= (share := _number("widen", value)) <= 1.0:
        raise ScenarioError(f"widen = {shorten(repr(value))}: give a share of the declared range, from 0 to 1")
    return share


def check_fitted(said: Any, widen: float = 0.0) -> dict[str, float]:
    """Fitted values by parameter name, in the order of names; only what is declared uncertain can be fitted."""
    found: dict[str, float] = {}
    for name, value in sorted(check_table("fitted", said).items()):
        if isinstance(value, (bool, str)):
            raise ScenarioError(f"{shorten(name)} = {shorten(repr(value))} is not a number")
        found[name] = check_parameter(name, value, widen)
        role = PARAMETERS[name].role
        if role != "uncertain":
            raise ScenarioError(f"{name} is declared as {role}: only parameters of the role uncertain are fitted, so leave it out")
    return found


def check_parameter(name: str, value: Any, widen: float = 0.0) -> float:
    """The value of a declared parameter, inside its range (widened by that share of it)."""
    if name not in PARAMETERS:
        raise ScenarioError(f"there is no parameter '{shorten(name)}'; {near(shorten(name), PARAMETERS)}")
    try:
        return PARAMETERS[name].check(_number(name, value), widen)
    except ScenarioError:
        raise
    except ValueError as exc:
        raise ScenarioError(str(exc)) from None


def check_switch(name: str) -> str:
    """The name of a declared switch."""
    if name not in SWITCHES:
        raise ScenarioError(f"there is no mechanism '{shorten(name)}' to switch off; {near(shorten(name), SWITCHES)}")
    return name


def check_change(change: Change, widen: float = 0.0) -> Change:
    """The dated change with its value as a number; refuses one of what does not exist or cannot change later.

    Whether there is such a crossing is checked by the model, which knows the region.
    """
    name = change.name
    if not isinstance(name, str):
        raise ScenarioError(f"an event changes {shorten(repr(name))}, which is no name")
    if isinstance(change.month, bool) or not isinstance(change.month, (int, np.integer)) or change.month < 0:
        raise ScenarioError(f"event '{shorten(name)}': month {shorten(repr(change.month))} is no count of months since January 1980")
    if name.startswith("switch."):
        check_switch(name[7:])
        value = float(check_on(name, change.value))
    elif name.startswith("crossing."):
        if not name.endswith(".open"):
            raise ScenarioError(f"event '{shorten(name)}': a crossing is opened or closed with crossing.NAME.open = 1 or 0")
        value = float(check_on(name, change.value))
    else:
        value = check_parameter(name, change.value, widen)
        if name.startswith(START_ONLY):
            raise ScenarioError(
                f"event '{shorten(name)}': it only shapes the world of January 1980, so a later change would do nothing; set it from the start, "
                f"under [parameters]"
            )
    return Change(int(change.month), name, value)
