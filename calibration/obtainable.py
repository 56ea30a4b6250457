"""Which facts could still be obtained? The rows of ``data/obtainable.toml``: what would be measured, how, how exactly, at what cost.

A row says with which error the measurement would give a number of a run, and why the error is of that size. It has no value: nobody has measured
it yet. Files are written as those of the targets are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from abm.claims.statistic import How, Statistic, StatisticEntries, set_against
from abm.errors import UserError, shorten
from abm.reading import MOST_LETTERS, Entries, Name, check, parse_toml, read_text
from agents.core.declare import OUTPUTS
from calibration.target import Scale, to_scale
from calibration.target_file import LEAST_ERROR

#: What a measurement takes: days in an archive or an office, weeks of one person, a season of several people.
Cost = Literal["low", "medium", "high"]
#: On which scale each way to write an error is an sd.
SCALES: Mapping[str, Scale] = {"relative_error": "log", "absolute_error": "linear", "odds_error": "logit"}
#: Facts that a file may hold: far above any list that a person writes.
MOST_FACTS = 1000
_Text = Annotated[str, Field(min_length=1, max_length=MOST_LETTERS)]
_Error = Annotated[float, Field(ge=LEAST_ERROR, le=1e6)]


class ObtainableError(UserError):
    """A file of obtainable facts that cannot be used."""


@dataclass(frozen=True)
class Obtainable:
    """One fact that could be measured."""

    id: str
    what: str
    obtained: str
    of: Statistic
    scale: Scale
    error: float  #: sd on the scale
    error_reason: str
    cost: Cost
    against: Statistic | None = None
    how: How = "ratio"
    least: float = 0.0

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs that it reads."""
        return tuple(dict.fromkeys(s.output for s in (self.of, self.against) if s is not None))

    @property
    def unit(self) -> str:
        """The unit of its number: that of its output, or none for a quotient."""
        return "1" if self.against is not None and self.how != "difference" else OUTPUTS[self.of.output].unit

    def natural(self, years: np.ndarray, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """The number of each run in the reader's unit, shape (n,), from outputs of shape (n, years, 2 sides); nan where there is none."""
        one, other = (None if s is None else _of(s, years, outputs) for s in (self.of, self.against))
        assert one is not None
        found = one if other is None else set_against(one, other, self.how)
        return np.where(np.isfinite(found), found, np.nan)

    def on_scale(self, natural: np.ndarray) -> np.ndarray:
        """Numbers on the scale of the error; less than ``least`` counts as ``least``, since such a measurement would not see the difference."""
        seen = np.where(natural < self.least, self.least, natural) if self.least > 0 else natural
        return to_scale(seen, self.scale)


def _of(statistic: Statistic, years: np.ndarray, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    return statistic.of(years, outputs[statistic.output][:, :, ("id", "my").index(statistic.side)])


class ObtainableEntries(Entries):
    """A row as a file writes it."""

    id: Annotated[Name, Field(min_length=1, max_length=80)]
    #: one plain sentence: what is measured
    what: _Text
    #: one plain sentence: where the figure could come from
    obtained: _Text
    of: StatisticEntries
    against: StatisticEntries | None = None
    how: How | None = None
    #: sd of the logarithm (0.2: about 20 %), of the number itself, or of the log-odds of a share; one of them
    relative_error: _Error | None = None
    absolute_error: _Error | None = None
    odds_error: _Error | None = None
    error_reason: _Text
    cost: Cost
    #: with a relative error: the least number that would be noticed, in the number's unit
    least: Annotated[float, Field(gt=0, le=1e12)] | None = None

    @model_validator(mode="after")
    def _has_one_error(self) -> Self:
        said = [key for key in SCALES if getattr(self, key) is not None]
        if not said:
            raise ValueError(
                "it has no error: give relative_error (0.2 is about 20 %), absolute_error (in the number's unit) or odds_error (for a share)"
            )
        if len(said) > 1:
            raise ValueError(f"{said[0]} and {said[1]} are both given: keep one")
        if self.least is not None and self.relative_error is None:
            raise ValueError("least goes with relative_error only: other errors do not shrink with the number")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for key, of in (("of", self.of), ("against", self.against)):
            if of is not None and of.last < of.first:
                raise ValueError(f"{key} ends in {of.last}, before it starts in {of.first}")
        if (self.against is None) != (self.how is None):
            raise ValueError('against and how = "ratio", "difference" or "change" go together: give both or neither')
        if self.relative_error is not None and self.how in ("difference", "change"):
            raise ValueError(f"a {self.how} may be below 0, so its error cannot be relative; give absolute_error")
        return self

    def obtainable(self) -> Obtainable:
        """The row itself."""
        key = next(k for k in SCALES if getattr(self, k) is not None)
        against = None if self.against is None else self.against.statistic()
        return Obtainable(
            self.id, self.what, self.obtained, self.of.statistic(), SCALES[key], getattr(self, key), self.error_reason, self.cost,
            against, self.how or "ratio", self.least or 0.0,
        )  # fmt: skip


@dataclass(frozen=True)
class ObtainableFacts:
    """The rows of a file of obtainable facts."""

    rows: tuple[Obtainable, ...]

    def __iter__(self) -> Iterator[Obtainable]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs that any row reads."""
        return tuple(sorted({o for r in self.rows for o in r.outputs}))

    @classmethod
    def load(cls, path: str | Path | None = None) -> ObtainableFacts:
        """The shipped list, or that of a file; ObtainableError on a mistake."""
        if path is None:
            return read_facts(resources.files("calibration").joinpath("data/obtainable.toml").read_text("utf-8"), "obtainable.toml")
        path = Path(path)
        if not os.path.exists(path):  # also where it is not a possible file name
            raise ObtainableError(f"there is no file of facts '{shorten(path)}'; name a TOML file with [[fact]] rows")
        return read_facts(read_text(path, "the file of facts", error=ObtainableError), shorten(path.name))


def read_facts(text: str, name: str) -> ObtainableFacts:
    """The rows of a file's text; ``name`` is the name of the file in messages. ObtainableError on a mistake."""
    said = parse_toml(text, name, error=ObtainableError)
    rows = said.get("fact")
    if not isinstance(rows, list) or not rows:
        raise ObtainableError(f"{name} holds no [[fact]] rows: there is nothing to judge")
    if others := [key for key in said if key != "fact"]:
        raise ObtainableError(f"{name}: unknown key '{shorten(others[0])}'; a file of facts holds [[fact]] rows only")
    if len(rows) > MOST_FACTS:
        raise ObtainableError(f"{name} holds {len(rows):,} facts; at most {MOST_FACTS:,} are judged at once")
    found = tuple(_row(r, number, name) for number, r in enumerate(rows, 1))
    ids = [r.id for r in found]
    for one in ids:
        if ids.count(one) > 1:
            raise ObtainableError(f"{name}: the id '{shorten(one)}' is given twice; keep one of the facts")
    return ObtainableFacts(found)


def _row(said: Any, number: int, file: str) -> Obtainable:
    name = said.get("id", f"number {number}") if isinstance(said, Mapping) else f"number {number}"
    return check(ObtainableEntries, said, f"{file}, fact '{shorten(name)}'", error=ObtainableError).obtainable()
