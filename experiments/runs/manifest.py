"""What must the manifest of a results folder hold? Its entries, as types.

A manifest is checked against them whole when it is read, so that what was changed by hand or cut off is one sentence before anything is
done with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from abm.errors import ManifestError, shorten
from abm.parameters import month_index
from abm.reading import Listed, Name, OpenEntries, check
from experiments.options import MOST_SEED

#: How a sentence about a manifest ends.
BY_HAND = "; it was changed by hand, or lintas did not write it"


def _month(text: str) -> str:
    month_index(text, "the month")
    return text


Month = Annotated[str, AfterValidator(_month)]
Households = Annotated[int, Field(ge=1, le=2**31 - 1)]
Seed = Annotated[int, Field(ge=0, le=MOST_SEED)]
Hash = Annotated[str, Field(max_length=200)]


class ScenarioEntries(OpenEntries):
    """A scenario in full, as ``Scenario.to_dict`` writes it."""

    name: str
    title: str
    description: str
    inherits: str | None
    end: Month
    parameters: dict[str, float]
    switches: dict[str, bool]
    events: list[Annotated[tuple[Month, str, float], Listed]]
    widen: float = Field(default=0.0, ge=0, le=1)


class RegionEntries(OpenEntries):
    """Which region a run had, and where it was."""

    id: Name
    hash: Hash
    where: Name | None = None


class FittedEntries(OpenEntries):
    """The fitted values of a run, and the posterior that they come from."""

    parameters: dict[str, float] = {}  # noqa: RUF012
    posterior: str | None = None


class ResultsManifest(OpenEntries):
    """The manifest of a results folder."""

    kind: Literal["lintas results"] = "lintas results"
    format: Literal[1] = 1
    lintas: Name
    scenario: ScenarioEntries
    region: RegionEntries
    fitted: FittedEntries = FittedEntries()
    households: Households
    seed: Seed
    threads: int = Field(default=1, ge=1, le=1024)
    rules_swapped: list[str] = []  # noqa: RUF012
    tables: dict[str, str] = {}  # noqa: RUF012


def check_results_manifest(said: Mapping[str, Any], file: Path) -> None:
    """Refuse a manifest of a run in which an entry is missing or of another kind."""
    check(ResultsManifest, said, f"the manifest '{shorten(file)}'", error=ManifestError, hint=BY_HAND)
