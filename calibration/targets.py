"""Which facts is the model compared with? The rows of a file of targets by role, and copies with one change."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from abm.errors import shorten
from abm.reading import read_text
from agents.core.declare import near
from calibration.likelihood import Likelihood
from calibration.target import Target, TargetError
from calibration.target_file import read_rows

#: Fields that targets did not always have: left out of the hash where a row does not use them, so that older fits keep theirs.
_LATER = ("reading_of",)


@dataclass(frozen=True)
class Targets:
    """The rows of a target file."""

    rows: tuple[Target, ...]
    path: str = ""

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Target:
        for row in self.rows:
            if row.id == name:
                return row
        raise TargetError(f"there is no target '{shorten(name)}'; {near(name, [r.id for r in self.rows])}")

    @property
    def fit(self) -> tuple[Target, ...]:
        """Rows of the likelihood."""
        return tuple(r for r in self.rows if r.role == "fit")

    @property
    def held_out(self) -> tuple[Target, ...]:
        """Rows that the fit does not use."""
        return tuple(r for r in self.rows if r.role == "held-out")

    @property
    def readings(self) -> tuple[tuple[Target, Target], ...]:
        """Fitted rows and other rows that the same report may have meant (none for a row that is not fitted now)."""
        return tuple((self[r.reading_of], r) for r in self.rows if r.reading_of and self[r.reading_of].role == "fit")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs that any row reads."""
        found = {r.of.output for r in self.rows} | {r.against.output for r in self.rows if r.against is not None}
        return tuple(sorted(found))

    @property
    def hash(self) -> str:
        """SHA-256 of the contents of all rows."""
        said = [{k: v for k, v in asdict(r).items() if v or k not in _LATER} for r in self.rows]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @classmethod
    def load(cls, path: str | Path | None = None) -> Targets:
        """The shipped targets, or those of a file; TargetError on a mistake."""
        if path is None:
            shipped = resources.files("calibration").joinpath("data/targets.toml").read_text("utf-8")
            return cls(read_rows(shipped, "targets.toml"), "targets.toml")
        path = Path(path)
        if not os.path.exists(path):  # also where it is not a possible file name
            raise TargetError(f"there is no target file '{shorten(path)}'; name a TOML file with [[target]] rows")
        return cls(read_rows(read_text(path, "the target file", error=TargetError), shorten(path.name)), str(path))

    def with_tolerance(self, group: str, tolerance: float) -> Targets:
        """The same targets with another tolerance for one group of them."""
        return replace(self, rows=tuple(replace(r, tolerance=tolerance) if r.group == group else r for r in self.rows))

    def read_as(self, name: str) -> Likelihood:
        """The likelihood if a report had meant another number: this row, in place of the one that it is another reading of.

        TargetError where the row is not a reading of another one, or that one is not fitted.
        """
        other = self[name]
        if not other.reading_of:
            raise TargetError(f"'{shorten(name)}' is not a reading of another target")
        fitted = self[other.reading_of]
        if fitted.role != "fit":
            raise TargetError(f"'{shorten(name)}' is a reading of '{shorten(fitted.id)}', which is not fitted")
        instead = replace(other, role="fit", group=fitted.group, correlation=fitted.correlation)
        return Likelihood(tuple(instead if t.id == other.reading_of else t for t in self.fit))

    def without(self, name: str) -> Targets:
        """The same targets without one of them in the fit: it becomes a held-out row."""
        self[name]
        return replace(self, rows=tuple(replace(r, role="held-out") if r.id == name else r for r in self.rows))
