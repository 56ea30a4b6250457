"""A scenario: what is different from the shipped defaults, as data.

A scenario is a small TOML file. It may inherit from another, set parameters and switches from the start, and set
parameters, switches and crossings from a dated month on.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import UserError
from agents.core.declare import PARAMETER_CLASSES, PARAMETERS, SWITCHES, near

FOLDER = Path(__file__).resolve().parent / "data" / "scenarios"
FIRST_YEAR = 1980
LAST_MONTH = (2030, 12)
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_KEYS = ("title", "description", "inherits", "end", "parameters", "switches", "events")


class ScenarioError(UserError):
    """A scenario that cannot be used."""


def month_index(text: str, what: str = "month") -> int:
    """Months since January 1980 of a ``YYYY-MM`` text; refuses anything else with one sentence."""
    match = _MONTH.match(str(text))
    if not match or not 1 <= int(match[2]) <= 12:
        raise ScenarioError(f"{what} '{text}' is not a month: write it as YYYY-MM, for example 2005-12")
    year, month = int(match[1]), int(match[2])
    if year < FIRST_YEAR:
        raise ScenarioError(f"{what} {text} lies before the start of the history, 1980-01")
    if (year, month) > LAST_MONTH:
        raise ScenarioError(f"{what} {text} lies after the last month that can be simulated, 2030-12")
    return (year - FIRST_YEAR) * 12 + month - 1


def month_text(index: int) -> str:
    """``YYYY-MM`` of a month counted from January 1980 = 0."""
    return f"{FIRST_YEAR + index // 12}-{index % 12 + 1:02d}"


@dataclass(frozen=True)
class Change:
    """From ``month`` on, ``name`` (a parameter, ``switch.NAME`` or ``crossing.NAME.open``) has ``value``."""

    month: int
    name: str
    value: float


@dataclass(frozen=True)
class Scenario:
    """Everything that a run may do differently; validated, frozen."""

    name: str = "history"
    title: str = "History"
    description: str = ""
    inherits: str | None = None
    end: str = "2015-12"
    parameters: Mapping[str, float] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)
    events: tuple[Change, ...] = ()

    def __post_init__(self) -> None:
        month_index(self.end, "end")
        object.__setattr__(self, "parameters", {n: check_parameter(n, v) for n, v in sorted(self.parameters.items())})
        object.__setattr__(self, "switches", {check_switch(n): bool(v) for n, v in sorted(self.switches.items())})
        for change in self.events:
            check_change(change)

    @staticmethod
    def names() -> list[str]:
        """Names of the scenarios that ship."""
        return sorted(p.stem for p in FOLDER.glob("*.toml"))

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "history",
        set: Mapping[str, Any] | None = None,
        without: Iterable[str] = (),
        end: str | None = None,
    ) -> Scenario:
        """A shipped scenario by name, or a file; then with parameters set, mechanisms switched off, another end."""
        base = cls._read(str(name_or_path), ())
        changed = replace(
            base,
            parameters={**base.parameters, **(dict(set) if set else {})},
            switches={**base.switches, **dict.fromkeys(without, False)},
            end=end or base.end,
        )
        return changed

    @classmethod
    def _read(cls, name_or_path: str, seen: tuple[str, ...]) -> Scenario:
        path = Path(name_or_path)
        if path.suffix != ".toml" and not path.is_file():
            path = FOLDER / f"{name_or_path}.toml"
        if not path.is_file():
            raise ScenarioError(
                f"there is no scenario '{name_or_path}': it is neither a shipped name nor a file; {near(name_or_path, cls.names())}"
            )
        key = str(path.resolve())
        if key in seen:
            raise ScenarioError(f"scenario '{path.stem}' inherits from itself by way of {' → '.join(Path(s).stem for s in seen)}")
        try:
            said = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ScenarioError(f"scenario file {path} is not readable TOML: {exc}") from exc
        for key_said in said:
            if key_said not in _KEYS:
                raise ScenarioError(f"scenario file {path}: unknown key '{key_said}'; {near(key_said, _KEYS)}")
        base = cls()
        if said.get("inherits"):
            parent = said["inherits"]
            beside = path.parent / f"{parent}.toml"
            base = cls._read(str(beside) if beside.is_file() else parent, (*seen, key))
        events = tuple(
            Change(month_index(e.get("month", ""), f"{path.name}: event month"), name, _number(name, value))
            for e in said.get("events", [])
            for name, value in e.get("set", {}).items()
        )
        try:
            return cls(
                name=path.stem,
                title=said.get("title", path.stem),
                description=said.get("description", ""),
                inherits=said.get("inherits"),
                end=said.get("end", base.end),
                parameters={**base.parameters, **_flat(said.get("parameters", {}))},
                switches={**base.switches, **said.get("switches", {})},
                events=base.events + events,
            )
        except ScenarioError as exc:
            raise ScenarioError(f"{path.name}: {exc}") from exc

    @property
    def n_months(self) -> int:
        """Months from January 1980 to the end, both counted."""
        return month_index(self.end, "end") + 1

    def to_dict(self) -> dict[str, Any]:
        """The scenario in full, as plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inherits": self.inherits,
            "end": self.end,
            "parameters": dict(self.parameters),
            "switches": dict(self.switches),
            "events": [[month_text(e.month), e.name, e.value] for e in self.events],
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Scenario:
        """The scenario that :meth:`to_dict` wrote."""
        try:
            events = tuple(Change(month_index(m), n, float(v)) for m, n, v in said["events"])
            return cls(**{k: said[k] for k in ("name", "title", "description", "inherits", "end", "parameters", "switches")}, events=events)
        except (KeyError, TypeError, ValueError) as exc:
            if isinstance(exc, ScenarioError):
                raise
            raise ScenarioError(f"this is not a scenario that lintas wrote: {exc!s} is missing or wrong") from exc

    @property
    def hash(self) -> str:
        """SHA-256 of what changes results (not of titles)."""
        effective = {k: v for k, v in self.to_dict().items() if k not in ("name", "title", "description", "inherits")}
        return hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest()


class Settings:
    """The values in force in a month: parameters as the tuples that rules take, and switches."""

    def __init__(self, scenario: Scenario) -> None:
        self.values = {n: p.default for n, p in PARAMETERS.items()} | dict(scenario.parameters)
        self.on = dict.fromkeys(SWITCHES, True) | dict(scenario.switches)
        self.closed: dict[str, bool] = {}
        self._events: dict[int, list[Change]] = {}
        for change in scenario.events:
            self._events.setdefault(change.month, []).append(change)
        self._tuples: dict[type, Any] = {}

    def apply(self, month: int) -> bool:
        """Take over the changes of this month; True when there were any."""
        changes = self._events.get(month, ())
        for change in changes:
            if change.name.startswith("switch."):
                self.on[change.name[7:]] = change.value > 0
            elif change.name.startswith("crossing."):
                self.closed[change.name[9:-5]] = change.value <= 0
            else:
                self.values[change.name] = change.value
        if changes:
            self._tuples.clear()
        return bool(changes)

    def of(self, cls: type) -> Any:
        """The parameters of one rule, as an instance of its declared class."""
        if cls not in self._tuples:
            rule = next(n for n, c in PARAMETER_CLASSES.items() if c is cls)
            self._tuples[cls] = cls(*(float(self.values[f"{rule}.{f}"]) for f in cls._fields))  # type: ignore[attr-defined]
        return self._tuples[cls]


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Parameters written as ``"a.b.c" = 1`` or as nested tables, as one flat table."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ScenarioError(f"{name} = {value!r} is not a number") from None


def check_parameter(name: str, value: Any) -> float:
    """The value of a declared parameter, inside its range."""
    if name not in PARAMETERS:
        raise ScenarioError(f"there is no parameter '{name}'; {near(name, PARAMETERS)}")
    try:
        return PARAMETERS[name].check(_number(name, value))
    except ScenarioError:
        raise
    except ValueError as exc:
        raise ScenarioError(str(exc)) from None


def check_switch(name: str) -> str:
    """The name of a declared switch."""
    if name not in SWITCHES:
        raise ScenarioError(f"there is no mechanism '{name}' to switch off; {near(name, SWITCHES)}")
    return name


def check_change(change: Change) -> None:
    """Refuse a dated change of something that does not exist (crossings are checked by the model, which knows the region)."""
    if change.name.startswith("switch."):
        check_switch(change.name[7:])
    elif change.name.startswith("crossing."):
        if not change.name.endswith(".open"):
            raise ScenarioError(f"event '{change.name}': a crossing is opened or closed with crossing.NAME.open = 1 or 0")
    else:
        check_parameter(change.name, change.value)
