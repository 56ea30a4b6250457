"""What is different in a run from the shipped defaults? A scenario, as data; and the values in force in each month.

A scenario is a small TOML file. It may inherit from another, set parameters and switches from the start, and set
parameters, switches and crossings from a dated month on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from abm.errors import shorten
from abm.parameters import (
    Change,
    ScenarioError,
    check_change,
    check_on,
    check_parameter,
    check_switch,
    check_table,
    check_widen,
    flat_table,
    month_index,
    month_text,
)
from abm.reading import Entries, Listed, Name, check, is_ordinary, one_line, parse_toml, read_text
from agents.core.declare import PARAMETER_CLASSES, PARAMETERS, SWITCHES, near

FOLDER = Path(__file__).resolve().parent / "data" / "scenarios"
#: Files that a scenario may inherit through.
MOST_ANCESTORS = 30
#: Letters of a description.
MOST_LETTERS = 10_000
#: Bytes of a scenario file.
MOST_BYTES = 5_000_000


def _is_list_of_tables(said: Any) -> Any:
    if not isinstance(said, list) or not all(isinstance(e, Mapping) for e in said):
        raise ValueError(f"{shorten(repr(said))} is not a list of dated changes: {EVENT_EXAMPLE}")
    for event in said:
        for key in event:
            if key not in EventEntry.model_fields:
                raise ValueError(f"an event has the unknown key '{shorten(key)}'; {near(shorten(key), EventEntry.model_fields)}")
        if "month" not in event:
            raise ValueError(f"an event has no month: {EVENT_EXAMPLE}")
        if "set" not in event:
            raise ValueError(f"the event of {shorten(event['month'])} sets nothing: {EVENT_EXAMPLE}")
    return said


EVENT_EXAMPLE = 'write [[events]], then month = "1990-01" and set = { "NAME" = VALUE }'


class EventEntry(Entries):
    """An entry of ``[[events]]``: from a month on, what is set."""

    month: str
    set: dict[str, Any]


class ScenarioFile(Entries):
    """What a scenario file may hold. Names and values of parameters, switches and crossings are checked by :class:`Scenario`."""

    title: Name | None = None
    description: Annotated[str, Field(max_length=MOST_LETTERS)] = ""
    inherits: Annotated[Name, Field(min_length=1)] | None = None
    end: str | None = None
    parameters: dict[str, Any] = {}  # noqa: RUF012
    switches: dict[str, Any] = {}  # noqa: RUF012
    events: Annotated[tuple[EventEntry, ...], Listed, BeforeValidator(_is_list_of_tables)] = ()


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
    #: Parameters may lie outside their declared range by this share of its width (see ``Parameter.widened``).
    widen: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "widen", check_widen(self.widen))
        for what in ("name", "title", "description", "inherits"):
            value = getattr(self, what)
            if not isinstance(value, str) and not (what == "inherits" and value is None):
                raise ScenarioError(f"{what} = {shorten(repr(value))} is not a text: write it in quotation marks")
            if value is not None and what != "description":
                try:
                    one_line(value)
                except ValueError as wrong:
                    raise ScenarioError(f"the {what} of a scenario {wrong}") from None
        month_index(self.end, "end")
        parameters, switches = check_table("parameters", self.parameters), check_table("switches", self.switches)
        object.__setattr__(self, "parameters", {n: check_parameter(n, v, self.widen) for n, v in sorted(parameters.items())})
        object.__setattr__(self, "switches", {check_switch(n): check_on(n, v) for n, v in sorted(switches.items())})
        if not isinstance(self.events, (list, tuple)) or not all(isinstance(e, Change) for e in self.events):
            raise ScenarioError(f"events = {shorten(repr(self.events))} is not a list of dated changes")
        object.__setattr__(self, "events", tuple(check_change(e, self.widen) for e in self.events))

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
        widen: float = 0.0,
    ) -> Scenario:
        """A shipped scenario by name, or a file; then with parameters set, mechanisms switched off, another end.

        With ``widen`` (0 to 1) parameters may be set outside their declared range by that share of its width.
        """
        base = cls._read(str(name_or_path), ())
        names: Any = (without,) if isinstance(without, str) else () if without is None else without
        names = list(names) if isinstance(names, Iterable) else [names]
        if not all(isinstance(n, str) for n in names):
            raise ScenarioError(f"without = {shorten(repr(without))} is not a list of mechanisms; known are {', '.join(sorted(SWITCHES))}")
        return replace(
            base,
            parameters={**base.parameters, **({} if set is None else check_table("set", set))},
            switches={**base.switches, **dict.fromkeys(names, False)},
            end=base.end if end is None else end,
            widen=widen,
        )

    @classmethod
    def _read(cls, name_or_path: str, seen: tuple[str, ...]) -> Scenario:
        path = Path(name_or_path)
        if name_or_path in cls.names() or (
            path.suffix != ".toml" and not is_ordinary(path)
        ):  # a shipped name is never a file in the working folder
            path = FOLDER / f"{name_or_path}.toml"
        if not _is_there(path):
            said_name = shorten(name_or_path)
            raise ScenarioError(
                f"there is no scenario '{said_name}': it is neither a shipped name nor a file; {near(said_name, cls.names())}"
            )
        key, where = str(path.resolve()), f"scenario file {shorten(path)}"
        if key in seen:
            raise ScenarioError(
                f"scenario '{shorten(path.stem)}' inherits from itself by way of {shorten(' → '.join(Path(s).stem for s in seen))}"
            )
        if len(seen) >= MOST_ANCESTORS:
            raise ScenarioError(
                f"scenario '{shorten(Path(seen[0]).stem)}' inherits through more than {MOST_ANCESTORS} files; put what they set into fewer files"
            )
        data = parse_toml(read_text(path, "the scenario file", error=ScenarioError, most=MOST_BYTES), where, error=ScenarioError)
        said = check(ScenarioFile, data, where, error=ScenarioError)
        base = cls()
        if said.inherits is not None:
            beside = path.parent / f"{said.inherits}.toml"
            base = cls._read(str(beside) if is_ordinary(beside) else said.inherits, (*seen, key))
        try:
            own = _events(said.events)
            end = base.end if said.end is None else said.end
            late = [e for e in own if e.month > month_index(end, "end")]
            if late:
                raise ScenarioError(
                    f"the event of {month_text(late[0].month)} lies after the end of the scenario, {end}, so it would never act: give a later end, "
                    f"or leave it out"
                )
            return cls(
                name=path.stem,
                title=path.stem if said.title is None else said.title,
                description=said.description,
                inherits=said.inherits,
                end=end,
                parameters={**base.parameters, **flat_table(said.parameters)},
                switches={**base.switches, **said.switches},
                events=base.events + own,
            )
        except ScenarioError as exc:
            raise ScenarioError(f"{shorten(path.name)}: {exc}") from exc
        except RecursionError as exc:
            raise ScenarioError(f"{shorten(path.name)}: its tables are nested too deep") from exc

    @property
    def n_months(self) -> int:
        """Months from January 1980 to the end, both counted."""
        return month_index(self.end, "end") + 1

    def to_dict(self) -> dict[str, Any]:
        """The scenario in full, as plain data (``widen`` only where it is not 0)."""
        said: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inherits": self.inherits,
            "end": self.end,
            "parameters": dict(self.parameters),
            "switches": dict(self.switches),
            "events": [[month_text(e.month), e.name, e.value] for e in self.events],
        }
        return said | ({"widen": self.widen} if self.widen else {})

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Scenario:
        """The scenario that :meth:`to_dict` wrote."""
        keys = ("name", "title", "description", "inherits", "end", "parameters", "switches", "events")
        if not isinstance(said, Mapping):
            raise ScenarioError(f"this is not a scenario that lintas wrote: found {shorten(repr(said))} in place of a table")
        missing = [k for k in keys if k not in said]
        if missing:
            raise ScenarioError(f"this is not a scenario that lintas wrote: {', '.join(missing)} is missing")
        events = said["events"]
        if not isinstance(events, (list, tuple)) or not all(isinstance(e, (list, tuple)) and len(e) == 3 for e in events):
            raise ScenarioError(
                f"this is not a scenario that lintas wrote: events = {shorten(repr(events))} is no list of month, name, value"
            )
        changes = tuple(Change(month_index(month, "event month"), name, value) for month, name, value in events)
        return cls(**{k: said[k] for k in keys[:-1]}, events=changes, widen=said.get("widen", 0.0))

    @property
    def hash(self) -> str:
        """SHA-256 of what changes results (not of titles, nor of how far values were allowed to lie)."""
        effective = {k: v for k, v in self.to_dict().items() if k not in ("name", "title", "description", "inherits", "widen")}
        return hashlib.sha256(json.dumps(effective, sort_keys=True).encode()).hexdigest()


class Settings:
    """The values in force in a month: parameters as the tuples that rules take, and switches.

    A parameter has its declared starting value, or the one ``fitted`` to the region, or the scenario's; the last of these given holds.
    """

    def __init__(self, scenario: Scenario, fitted: Mapping[str, float] | None = None) -> None:
        self.values = {n: p.default for n, p in PARAMETERS.items()} | dict(fitted or {}) | dict(scenario.parameters)
        self.on = dict.fromkeys(SWITCHES, True) | dict(scenario.switches)
        self.closed: dict[str, bool] = {}
        self._events: dict[int, list[Change]] = {}
        for change in scenario.events:
            self._events.setdefault(change.month, []).append(change)
        self._tuples: dict[type, Any] = {}

    @property
    def changes(self) -> Iterable[int]:
        """The months in which something changes."""
        return self._events.keys()

    def apply(self, month: int) -> bool:
        """Take over the changes of this month; True when there were any."""
        changes = self._events.get(month, ())
        for change in changes:
            if change.name.startswith("switch."):
                self.on[change.name[7:]] = change.value > 0
            elif change.name.startswith("crossing."):
                if change.name == "crossing.all.open":  # a change of all crossings replaces earlier changes of single ones
                    self.closed.clear()
                self.closed[change.name[9:-5]] = change.value <= 0
            else:
                self.values[change.name] = change.value
        if changes:
            self._tuples.clear()
        return bool(changes)

    def put(self, values: Mapping[str, float], on: Mapping[str, bool], closed: Mapping[str, bool]) -> None:
        """Put all values, switches and closed crossings of another time in force."""
        self.values, self.on, self.closed = dict(values), dict(on), dict(closed)
        self._tuples.clear()

    def of(self, cls: type) -> Any:
        """The parameters of one rule, as an instance of its declared class."""
        if cls not in self._tuples:
            rule = next(n for n, c in PARAMETER_CLASSES.items() if c is cls)
            self._tuples[cls] = cls(*(float(self.values[f"{rule}.{f}"]) for f in cls._fields))  # type: ignore[attr-defined]
        return self._tuples[cls]


def _is_there(path: Path) -> bool:
    """Whether there is something other than a folder at a path; a name that no file can have (too long, with a null) is nothing."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def _events(said: Iterable[EventEntry]) -> tuple[Change, ...]:
    """The dated changes of a scenario file."""
    changes: list[Change] = []
    for event in said:
        month = month_index(event.month, "event month")
        changes += [Change(month, name, value) for name, value in flat_table(event.set).items()]
    return tuple(changes)
