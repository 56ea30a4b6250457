"""What varies in a study, and between which values? The entries of [vary], or the rows of [[vary]]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import shorten
from abm.reading import Entries
from agents.core.declare import PARAMETERS
from experiments.studies.study import SWITCH, StudyError, Varied
from experiments.studies.values import check_name, checked, value_of, whole


class VaryEntry(Entries):
    """The entry of one parameter in [vary]."""

    low: float | None = None
    high: float | None = None
    scale: str | None = None
    levels: Any = None
    steps: int | None = None


def what_varies(said: Any, design: str, points: int | None, widen: float) -> tuple[tuple[Varied, ...], tuple[Mapping[str, float], ...]]:
    """The dimensions of [vary], or the rows of [[vary]]; StudyError on a mistake.

    ``points`` is the number in the study file, if given, and ``widen`` the share by which declared ranges are widened.
    """
    if isinstance(said, list):  # [[vary]]: the rows of a list
        if design != "list":
            raise StudyError(f'[[vary]] rows go with design = "list" only, found "{design}"')
        rows = []
        for number, row in enumerate(said, 1):
            if not isinstance(row, Mapping):
                raise StudyError(f"row {number} of [[vary]] is not a table of names and values")
            rows.append({n: value_of(n, v, widen) for n, v in by_full_name(row).items()})
        names = set().union(*rows) if rows else set()
        for number, row in enumerate(rows, 1):
            if set(row) != names:
                raise StudyError(
                    f"row {number} of [[vary]] lacks '{shorten(min(names - set(row)))}': each row gives a value to the same names"
                )
        return (), tuple(rows)
    if not isinstance(said, Mapping):
        raise StudyError('vary is not a table: write [vary] and below it "NAME" = {} or { low = …, high = … }')
    return tuple(_varied(name, entry, design, points, widen) for name, entry in _entries(said).items()), ()


def _entries(said: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Entries of [vary] written as ``"a.b.c" = {…}`` or as nested tables, by full name."""
    found: dict[str, Any] = {}
    for name, entry in said.items():
        is_entry = (
            not isinstance(entry, Mapping)
            or not entry
            or any(k in VaryEntry.model_fields for k in entry)
            or f"{prefix}{name}" in PARAMETERS
        )
        if is_entry or all(not isinstance(v, Mapping) for v in entry.values()):
            found[f"{prefix}{name}"] = entry
        else:
            found |= _entries(entry, f"{prefix}{name}.")
    return found


def by_full_name(said: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values written as ``"a.b.c" = …`` or as nested tables, by full name."""
    found: dict[str, Any] = {}
    for name, value in said.items():
        found |= by_full_name(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def _varied(name: str, entry: Any, design: str, points: int | None, widen: float) -> Varied:
    """One entry of [vary]: a switch, or a parameter between two values, with levels where the design is of levels."""
    where = f"vary '{shorten(name)}'"
    if not isinstance(entry, Mapping):
        raise StudyError(f"{where} = {shorten(repr(entry))}: write {{}} for the declared range or {{ low = …, high = … }}")
    said = checked(VaryEntry, dict(entry), where)
    check_name(name)
    if name.startswith(SWITCH):
        if entry:
            raise StudyError(f"vary '{name}': a mechanism is on or off; write {{}}")
        return Varied(name, 0.0, 1.0, levels=(0.0, 1.0))
    low, high = _ends(name, said, widen)
    varied = Varied(name, low, high, _scale(name, said, low))
    given = said.model_fields_set
    if design != "factorial":
        if given & {"levels", "steps"}:
            raise StudyError(f'vary \'{name}\': levels and steps go with design = "factorial" only, found "{design}"')
        return varied
    levels = _levels_given(name, said, widen) if "levels" in given else _steps(varied, said.steps, points)
    return replace(varied, levels=levels)


def _ends(name: str, said: VaryEntry, widen: float) -> tuple[float, float]:
    """The lowest and highest value of a parameter, within its declared range or that range widened."""
    ends = PARAMETERS[name].widened(widen)
    low, high = ends[0] if said.low is None else said.low, ends[1] if said.high is None else said.high
    for key, value in (("low", low), ("high", high)):
        if not ends[0] <= value <= ends[1]:
            which = "declared range" if widen == 0 else f"range widened by {widen:g}"
            raise StudyError(f"vary '{name}': {key} = {value:g} lies outside the {which} {ends[0]:g} to {ends[1]:g}")
    if not low < high:
        raise StudyError(f"vary '{name}': low = {low:g} is not below high = {high:g}; to hold it at one value, put it in [set]")
    return low, high


def _scale(name: str, said: VaryEntry, low: float) -> Literal["linear", "log"]:
    """The scale that is given, or that of the declared prior."""
    scale = said.scale or ("log" if PARAMETERS[name].prior == "log-uniform" else "linear")
    if scale not in ("linear", "log"):
        raise StudyError(f'vary \'{name}\': scale = {shorten(repr(scale))} is neither "linear" nor "log"')
    if scale == "log" and low <= 0:
        raise StudyError(f"vary '{name}': scale = \"log\" needs low above 0, found {low:g}")
    return scale


def _levels_given(name: str, said: VaryEntry, widen: float) -> tuple[float, ...]:
    """The levels that an entry lists."""
    if "steps" in said.model_fields_set:
        raise StudyError(f"vary '{name}': levels and steps are both given; keep one")
    if not isinstance(said.levels, list) or not said.levels:
        raise StudyError(f"vary '{name}': levels = {shorten(repr(said.levels))} is not a list of values")
    levels = tuple(value_of(name, v, widen) for v in said.levels)
    if len(set(levels)) < len(levels):
        raise StudyError(f"vary '{name}': levels holds a value twice")
    if said.model_fields_set & {"low", "high"}:
        raise StudyError(f"vary '{name}': levels says which values; leave out low and high")
    return levels


def _steps(varied: Varied, said: int | None, points: int | None) -> tuple[float, ...]:
    """Levels at equal steps on the scale: as many as the entry gives, or the study's points, or 3."""
    steps = whole(f"vary '{varied.name}': steps", said if said is not None else points if points is not None else 3, 2, 100_000)
    return tuple(float(v) for v in varied.at([k / (steps - 1) for k in range(steps)]))
