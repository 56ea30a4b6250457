"""May this name be varied, and may it have this value? Names and numbers of a study are checked against the declarations."""

from __future__ import annotations

import math
from typing import Any

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import shorten
from abm.reading import Entries, check
from agents.core.declare import PARAMETERS, SWITCHES, near
from experiments.studies.study import SWITCH, StudyError


def check_name(name: str) -> str:
    """The name, if it is a parameter or switch that may be varied; else StudyError."""
    if name.startswith(SWITCH):
        if name[len(SWITCH) :] not in SWITCHES:
            raise StudyError(
                f"there is no mechanism '{shorten(name[len(SWITCH) :])}' to vary; {near(shorten(name[len(SWITCH) :]), SWITCHES)}"
            )
    elif name not in PARAMETERS:
        raise StudyError(f"there is no parameter '{shorten(name)}' to vary; {near(shorten(name), PARAMETERS)}")
    return name


def value_of(name: str, value: Any, widen: float = 0.0) -> float:
    """A value of a varied parameter or switch; StudyError where it is outside the declared range (widened by the share ``widen``)."""
    if check_name(name).startswith(SWITCH):
        if not isinstance(value, (bool, int, float)) or value not in (0, 1):
            raise StudyError(f"'{name}' = {shorten(repr(value))} is neither on nor off: write true or false (or 1 or 0)")
        return float(value)
    number = finite_number(f"'{name}'", value)
    try:
        return PARAMETERS[name].check(number, widen)
    except ValueError as error:
        raise StudyError(str(error)) from None


def whole(what: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise StudyError(f"{what} = {shorten(repr(value))} is not a whole number")
    if not low <= value <= high:
        raise StudyError(f"{what} = {shorten(value)}; it must be {low} to {high}")
    return value


def finite_number(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise StudyError(f"{what} = {shorten(repr(value))} is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise StudyError(f"{what} is too large a number") from None
    if not math.isfinite(number):
        raise StudyError(f"{what} = {number} is not a finite number")
    return number


def checked[T: Entries](kind: type[T], said: Any, where: str = "") -> T:
    """Entries of the right types, else StudyError; ``where`` is the beginning of its message ("vary 'household.income.x'")."""
    try:
        return check(kind, said, "", error=StudyError)
    except StudyError as error:
        text = str(error).removeprefix(": ")
        raise StudyError(f"{where}: {text}" if where else text) from None
