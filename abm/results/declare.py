"""What must be declared for an indicator? One declaration: its words, its unit, where it is shown, the sums it reads and its formula.

>>> @indicator("Travel to care", "hour", "mean hours one way of the visits made", reads=("sums.care_hours", "sums.visits_ph"))  # doctest: +SKIP
... def travel_hours_care(of: Sums) -> np.ndarray:
...     return ratio(of.total("sums.care_hours"), of.total("sums.visits_ph"))

Nothing else is needed: the tables, study files, descriptions, reports and catalogues of words are made from the declarations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from abm.results.sums import Sums, check_readable
from agents.core.declare import OUTPUTS, DeclarationError, Output, Source, near, outputs

#: Tables by year and side, by month and side, by year and place, and by year and crossing.
TABLES = ("yearly", "monthly", "places", "flows")
#: ``each``: a value for each side. ``id``: for the Indonesian side only. ``together``: one value for both, shown at each.
Sides = Literal["each", "id", "together"]

_MODEL = Source("made by the model's rules", "derived")


@dataclass(frozen=True, slots=True)
class Indicator(Output):
    """An output with the sums it reads and the function that makes it.

    ``formula`` takes :class:`~abm.results.sums.Sums` and gives an array of (periods, groups), or of (periods,) where ``sides`` is not
    ``each``. An indicator of the table ``flows`` gives a table by purpose instead (see :mod:`abm.results.indicators.flows`).
    """

    reads: tuple[str, ...] = ()
    sides: Sides = "each"
    formula: Callable[[Sums], Any] | None = None

    def __post_init__(self) -> None:
        who = f"indicator '{self.name}'"
        Output.__post_init__(self)
        if self.formula is None:
            raise DeclarationError(f"{who} has no formula")
        if not self.reads:
            raise DeclarationError(f"{who} reads nothing: name the sums that its formula takes")
        check_readable(self.reads, who)
        for table in self.tables:
            if table not in TABLES:
                raise DeclarationError(f"{who}: there is no table '{table}'; {near(table, TABLES)}")
        if not self.tables or ("flows" in self.tables and len(self.tables) > 1):
            raise DeclarationError(f"{who}: name its tables; one of flows is of no other table")
        if self.sides not in get_args(Sides):
            raise DeclarationError(f"{who}: unknown sides '{self.sides}', use one of {', '.join(get_args(Sides))}")
        if self.sides != "each" and not set(self.tables) <= {"yearly", "monthly"}:
            raise DeclarationError(f"{who}: sides '{self.sides}' goes with the tables by side only")
        for claim in self.claims:
            if not re.fullmatch(r"E\d\d", claim):
                raise DeclarationError(f"{who}: '{claim}' is not a claim such as E01")

    def values(self, sums: Sums) -> Any:
        """What the formula makes of these sums; of two sides (periods, 2) whatever ``sides`` is.

        Raises DeclarationError where the formula reads what is not declared or gives another shape.
        """
        assert self.formula is not None
        made = self.formula(sums.of(self.name, self.reads))
        if "flows" in self.tables:
            return made
        periods = len(sums.months)
        expected = (periods, len(sums.groups)) if self.sides == "each" else (periods,)
        if np.shape(made) != expected:
            raise DeclarationError(f"indicator '{self.name}' gives the shape {np.shape(made)}; the table needs {expected}")
        if self.sides == "together":
            return np.stack([made, made], axis=1)
        if self.sides == "id":
            return np.stack([made, np.full(periods, np.nan)], axis=1)
        return made


def indicator[F: Callable[[Sums], Any]](
    label: str,
    unit: str,
    meaning: str,
    *,
    reads: tuple[str, ...],
    claims: tuple[str, ...] = (),
    tables: tuple[str, ...] = ("yearly", "monthly"),
    sides: Sides = "each",
    name: str = "",
) -> Callable[[F], F]:
    """Declare the function below as an indicator, named after it unless ``name`` is given; its place in a table is the order of declaration."""

    def declare(formula: F) -> F:
        outputs(Indicator(name or formula.__name__, label, unit, meaning, _MODEL, tables, claims, reads, sides, formula))
        return formula

    return declare


def of_table(table: str) -> Iterator[Indicator]:
    """Indicators of a table, in the order of its columns."""
    for one in OUTPUTS.values():
        if table in one.tables and isinstance(one, Indicator):
            yield one
