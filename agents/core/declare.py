"""What must be declared for a parameter, a field, an output and a rule.

A declaration is made once, beside the rule it belongs to. Sliders, priors, validation, sweeps, the documentation's
tables and the tests are all made from it, so an incomplete declaration is refused when it is made.
It is one long file because the kinds of declaration are checked by the same units, sources and names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

Basis = Literal["opened", "recalled", "derived", "judgement", "fact"]
Role = Literal["fixed", "uncertain", "lever"]
PriorShape = Literal["none", "uniform", "log-uniform", "triangular"]

#: The closed list of units. A quantity whose unit is not here is refused: add the unit here, with its meaning, first.
UNITS: dict[str, str] = {
    "1": "pure number",
    "share": "part of a whole, 0 to 1",
    "probability": "0 to 1",
    "probability/month": "chance in one month",
    "log": "difference of natural logarithms",
    "log/hour": "change of a natural logarithm per hour of travel",
    "utility": "utility of a logit choice",
    "utility/hour": "utility per hour of travel",
    "index": "0 (nothing) to 1 (as good as it gets)",
    "index/month": "change of an index in one month",
    "index 2005=100": "price or quantity relative to 2005",
    "code": "number of a category",
    "key": "identity of an agent, kept for life",
    "person": "people",
    "persons/month": "people in one month",
    "household": "households",
    "adult": "persons of working age",
    "adults/month": "persons of working age in one month",
    "trader": "traders",
    "official": "officials",
    "year": "years",
    "month": "months",
    "days": "days",
    "days/month": "days in one month",
    "hour": "hours of travel one way",
    "km": "kilometres",
    "km/hour": "speed",
    "ha": "hectares",
    "kg": "kilograms",
    "kg/month": "kilograms in one month",
    "kg/ha/year": "yield",
    "1/year": "rate per year",
    "1/month": "rate per month",
    "visit": "visits to a health facility",
    "visits/month": "visits to health facilities in one month",
    "visits/1000 persons/year": "visits per thousand residents a year",
    "episodes/person-month": "episodes of illness per person and month",
    "IDR": "rupiah, current prices",
    "MYR": "ringgit, current prices",
    "USD": "US dollar, current prices",
    "USD/month": "US dollar a month, current prices",
    "USD/person/year": "US dollar per person and year, current prices",
    "IDR/person/month": "rupiah per person and month, current prices",
    "MYR/person/month": "ringgit per person and month, current prices",
    "IDR/MYR": "rupiah per ringgit",
    "IDR/USD": "rupiah per US dollar",
    "MYR/USD": "ringgit per US dollar",
    "own currency": "rupiah on the Indonesian side, ringgit on the Malaysian side, current prices",
    "own currency/kg": "price in the currency of the place",
    "own currency/month": "per month, in the currency of the place",
    "own currency/person/month": "per person and month, in the currency of the place",
    "own currency/person/year": "per person and year, in the currency of the place",
    "thousand cubic metres/year": "logs cut in a year",
    "months of product": "multiple of the side's product per head in a month",
    "months of pay": "multiple of a month's pay in the job",
}


#: Units whose numbers lie between 0 and 1, whatever range is declared.
UNIT_INTERVAL = ("share", "probability", "probability/month", "index")
#: A parameter declared above 0 is never widened below this part of its lowest value: 0 may mean something else altogether.
LEAST_OF_LOW = 0.2


class DeclarationError(ValueError):
    """A declaration that is incomplete or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number comes from.

    ``basis`` says how far it can be trusted: ``opened`` (read in the source), ``fact`` (a row of the region's
    ``facts.csv``), ``derived`` from such numbers, ``recalled`` (unverified), ``judgement`` (of the modellers).
    """

    reference: str
    basis: Basis

    def __post_init__(self) -> None:
        if not self.reference.strip():
            raise DeclarationError("a source needs a reference: say where the number comes from, or why it was chosen")
        if self.basis not in get_args(Basis):
            raise DeclarationError(f"unknown basis '{self.basis}': use one of {', '.join(get_args(Basis))}")


def judgement(reason: str) -> Source:
    """A modelling judgement, with its reason."""
    return Source(reason, "judgement")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that a rule uses. Made by :func:`parameter`, named by the class that declares it."""

    name: str
    label: str
    unit: str
    default: float
    low: float
    high: float
    role: Role
    prior: PriorShape
    source: Source

    def __post_init__(self) -> None:
        _check_words(self.name, self.label, self.unit)
        if self.role not in get_args(Role):
            raise DeclarationError(f"parameter '{self.name}': unknown role '{self.role}', use one of {', '.join(get_args(Role))}")
        if self.prior not in get_args(PriorShape):
            raise DeclarationError(f"parameter '{self.name}': unknown prior '{self.prior}', use one of {', '.join(get_args(PriorShape))}")
        if not all(map(math.isfinite, (self.default, self.low, self.high))):
            raise DeclarationError(f"parameter '{self.name}': default, low and high must be finite numbers")
        if not self.low <= self.default <= self.high:
            raise DeclarationError(f"parameter '{self.name}': default {self.default:g} lies outside [{self.low:g}, {self.high:g}]")
        if (self.role == "uncertain") != (self.prior != "none"):
            raise DeclarationError(
                f"parameter '{self.name}': a parameter of the role uncertain needs a prior, and no other role may have one"
            )
        if self.role != "fixed" and not self.low < self.high:
            raise DeclarationError(f"parameter '{self.name}': role '{self.role}' needs a range, low and high are both {self.low:g}")
        if self.prior == "log-uniform" and self.low <= 0:
            raise DeclarationError(f"parameter '{self.name}': a log-uniform prior needs low > 0, found {self.low:g}")
        if not isinstance(self.source, Source):  # pyright: ignore[reportUnnecessaryIsInstance] (who calls may not be checked)
            raise DeclarationError(f"parameter '{self.name}' has no source")

    def widened(self, share: float) -> tuple[float, float]:
        """Low and high (in the parameter's unit) with the range widened on both sides by a share (0 to 1) of its width.

        Never narrower than declared, and never where the unit has no meaning: 0 to 1 for shares, probabilities and indices, not
        below 0 where the declared low is not, and not below ``LEAST_OF_LOW`` of a declared low above 0.
        """
        if share == 0:
            return self.low, self.high
        by = share * (self.high - self.low)
        low, high = self.low - by, self.high + by
        if self.low >= 0 or self.unit in UNIT_INTERVAL:
            low = min(self.low, max(low, LEAST_OF_LOW * max(self.low, 0.0)))
        if self.unit in UNIT_INTERVAL:
            high = max(self.high, min(high, 1.0))
        return low, high

    def check(self, value: float, widen: float = 0.0) -> float:
        """The value as a float, or a ValueError that names the range (widened by ``widen``, see :meth:`widened`)."""
        number = float(value)
        low, high = self.widened(widen)
        if not (math.isfinite(number) and low <= number <= high):
            raise ValueError(f"{self.name} = {value} lies outside its range {low:g} to {high:g} [{self.unit}]")
        return number


class _Unnamed(NamedTuple):
    """A parameter whose class is not known yet."""

    label: str
    unit: str
    default: float
    low: float
    high: float
    role: Role
    prior: PriorShape
    source: Source


def parameter(
    label: str,
    *,
    unit: str,
    default: float,
    low: float | None = None,
    high: float | None = None,
    role: Role = "uncertain",
    prior: PriorShape | None = None,
    source: Source,
) -> Any:
    """Declare a parameter as the default of a field of a ``NamedTuple``.

    The class is passed whole to the compiled rule (``p.weight_quality``), so the name is written once.
    ``low`` and ``high`` may be left out for a fixed number only.
    """
    if role != "fixed" and (low is None or high is None):
        raise DeclarationError(f"parameter '{label}': low and high are needed for role '{role}'")
    shape: PriorShape = prior if prior is not None else ("uniform" if role == "uncertain" else "none")
    bottom, top = (default if low is None else low), (default if high is None else high)
    return _Unnamed(label, unit, float(default), float(bottom), float(top), role, shape, source)


#: The array of a declared column: a row for each agent or place of its entity, in a row as many values as the field is wide.
type Column = np.ndarray[Any, np.dtype[Any]]

FieldKind = Literal["state", "month", "fixed"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an agent frame: what it means, its type and unit.

    ``kind``: ``fixed`` never changes, ``state`` is carried from month to month, ``month`` is written anew each month.
    ``width`` > 1 makes a row of values for each agent, named by ``options``. ``axes`` names all axes of an array that has more than
    one row for each agent (or month): side, good, channel and so on.
    """

    name: str
    label: str
    unit: str
    dtype: str
    kind: FieldKind
    source: Source
    width: int = 1
    options: tuple[str, ...] = ()
    initial: float = 0.0
    axes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_words(self.name, self.label, self.unit)
        try:
            np.dtype(self.dtype)
        except TypeError as exc:
            raise DeclarationError(f"field '{self.name}': unknown type '{self.dtype}'") from exc
        if self.kind not in get_args(FieldKind):
            raise DeclarationError(f"field '{self.name}': unknown kind '{self.kind}', use one of {', '.join(get_args(FieldKind))}")
        if self.width < 1 or (self.options and len(self.options) != self.width):
            raise DeclarationError(f"field '{self.name}': {self.width} columns but {len(self.options)} option names")


@dataclass(frozen=True, slots=True)
class Output:
    """One indicator of the results: a column of ``yearly``, ``monthly``, ``places`` or ``flows``."""

    name: str
    label: str
    unit: str
    meaning: str
    source: Source
    tables: tuple[str, ...] = ("yearly", "monthly")
    claims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_words(self.name, self.label, self.unit)
        if not self.meaning.strip():
            raise DeclarationError(f"output '{self.name}' has no meaning")


@dataclass(frozen=True, slots=True)
class Rule:
    """One decision: its question, what it reads and writes, its parameters, its loop over all agents.

    The names of ``loop``'s arguments *are* the declaration: ``start`` and ``stop`` bound the rows, ``seed`` and
    ``month`` are the run's, ``p`` are the rule's parameters, ``q`` those of another rule that it shares, the rest are columns
    (``reads``, then ``writes``; a prefix such as ``trader_`` tells two columns of one name apart). ``rows`` is the entity that the loop runs over: the first
    part of the rule's name, if left out.
    """

    name: str
    question: str
    loop: Callable[..., Any]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    parameters: type | None = None
    other_parameters: type | None = None
    streams: tuple[str, ...] = ()
    switch: str | None = None
    decide: tuple[Callable[..., Any], ...] = ()
    not_modelled: str = ""
    rows: str = ""

    def __post_init__(self) -> None:
        if not self.rows:
            object.__setattr__(self, "rows", self.name.split(".")[0])
        if not self.question.endswith("?"):
            raise DeclarationError(f"rule '{self.name}': the question must be a question")
        both = set(self.reads) & set(self.writes)
        if both:
            raise DeclarationError(f"rule '{self.name}' both reads and writes {', '.join(sorted(both))}: list it under writes only")
        arguments = argument_names(self.loop)
        given = [a for a in arguments if a not in CALL_ARGUMENTS]
        expected = [(column.split(".")[-1], column.replace(".", "_")) for column in (*self.reads, *self.writes)]
        if len(given) != len(expected) or any(g not in names for g, names in zip(given, expected, strict=True)):
            raise DeclarationError(f"rule '{self.name}': the loop takes {given}, the declaration says {[e[0] for e in expected]}")
        if ("p" in arguments) != (self.parameters is not None):
            raise DeclarationError(f"rule '{self.name}': a loop with argument p needs declared parameters, and the reverse")
        if ("q" in arguments) != (self.other_parameters is not None):
            raise DeclarationError(f"rule '{self.name}': a loop with argument q needs other_parameters, and the reverse")


#: Arguments of a loop that are not columns.
CALL_ARGUMENTS = ("start", "stop", "seed", "month", "p", "q")

PARAMETERS: dict[str, Parameter] = {}
PARAMETER_CLASSES: dict[str, type] = {}
FIELDS: dict[str, dict[str, Field]] = {}
OUTPUTS: dict[str, Output] = {}
RULES: dict[str, Rule] = {}
SWITCHES: dict[str, str] = {}


def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments of a plain or compiled function, in order."""
    plain = getattr(function, "py_func", function)
    code = plain.__code__
    return code.co_varnames[: code.co_argcount]


def parameters[C: type](rule: str) -> Callable[[C], C]:
    """Class decorator: register the parameters of ``rule`` (a ``NamedTuple`` whose defaults are :func:`parameter`)."""

    def register(cls: C) -> C:
        made: Any = cls
        names: tuple[str, ...] = made._fields
        defaults: dict[str, Any] = made._field_defaults
        missing = [n for n in names if not isinstance(defaults.get(n), _Unnamed)]
        if missing:
            raise DeclarationError(f"{rule}: {', '.join(missing)} not declared with parameter(…)")
        if rule in PARAMETER_CLASSES:
            raise DeclarationError(f"parameters of '{rule}' are declared twice")
        for name, said in defaults.items():
            full = f"{rule}.{name}"
            PARAMETERS[full] = Parameter(full, **said._asdict())
        PARAMETER_CLASSES[rule] = cls
        made.__new__.__defaults__ = tuple(said.default for said in defaults.values())
        made._field_defaults = {n: said.default for n, said in defaults.items()}
        return cls

    return register


def switch(name: str, meaning: str) -> str:
    """Declare a mechanism that can be turned off by name."""
    if SWITCHES.setdefault(name, meaning) != meaning:
        raise DeclarationError(f"switch '{name}' is declared twice with different meanings")
    return name


def fields(entity: str, *declared: Field) -> tuple[Field, ...]:
    """Register the columns of an entity (household, trader, official, place, market, …)."""
    table = FIELDS.setdefault(entity, {})
    for one in declared:
        if one.name in table:
            raise DeclarationError(f"field '{entity}.{one.name}' is declared twice")
        table[one.name] = one
    return declared


def rule(declared: Rule) -> Rule:
    """Register a rule; the columns it names must exist (checked when all are loaded, by the tests and the model)."""
    if declared.name in RULES:
        raise DeclarationError(f"rule '{declared.name}' is declared twice")
    RULES[declared.name] = declared
    return declared


def outputs(*declared: Output) -> tuple[Output, ...]:
    """Register indicators."""
    for one in declared:
        if one.name in OUTPUTS:
            raise DeclarationError(f"output '{one.name}' is declared twice")
        OUTPUTS[one.name] = one
    return declared


def near(name: str, known: Iterable[str], n: int = 3) -> str:
    """A sentence that names the nearest known names, or says how to list them."""
    import difflib

    names = list(known)
    tails = {k.split(".")[-1]: k for k in names}
    found = difflib.get_close_matches(name, names, n=n, cutoff=0.6)
    found += [tails[t] for t in difflib.get_close_matches(name.split(".")[-1], list(tails), n=n, cutoff=0.6) if tails[t] not in found]
    return (
        f"did you mean {' or '.join(found[:n])}?" if found else f"known are {', '.join(sorted(names)[:12])}{'…' if len(names) > 12 else ''}"
    )


_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")


def _check_words(name: str, label: str, unit: str) -> None:
    if not _NAME.match(name):
        raise DeclarationError(f"'{name}' is not a name: use lower-case words joined by _ (and . after the rule)")
    if not label.strip():
        raise DeclarationError(f"'{name}' has no label")
    if unit not in UNITS:
        raise DeclarationError(f"'{name}': unit '{unit}' is not in the closed list of units; {near(unit, UNITS)}")


@dataclass(frozen=True, slots=True)
class Event:
    """A dated change: from ``month`` (counted from January 1980 = 0) on, ``name`` has ``value``."""

    month: int
    name: str
    value: float
    label: str = ""
    source: Source = field(default_factory=lambda: judgement("given by the scenario"))
