"""What does the paper say, and in which numbers of a run would that show? The rows of ``data/evidence.toml``, read and checked.

A claim names its *patterns*. A pattern is one way to read the claim: the numbers of a run that it looks at, and the conditions on them, all of
which must hold. Its sentences are data too: they are translated through the catalogues and filled with the pattern's own numbers, so that
a number or a year of a claim is written in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from abm.claims.pattern import PLACES_OF_PERIOD, Comparison, Condition, Number, Part, Pattern, Sweep, Text, Written
from abm.errors import UserError, shorten
from abm.reading import Entries, Listed, check, known_name, parse_toml, read_text
from abm.scenario import Scenario
from agents.core.declare import OUTPUTS, RULES, SWITCHES, near

__all__ = [
    "Citation",
    "Claim",
    "ClaimError",
    "Comparison",
    "Condition",
    "Number",
    "Part",
    "Pattern",
    "Period",
    "Stands",
    "Status",
    "Sweep",
    "Written",
    "claims",
    "read_claims",
]

#: Whether a run can be compared with the claim: in full, in part (``missing`` says what the model lacks), or not at all.
Status = Literal["in the model", "in part", "no mechanism"]
#: Whether a source speaks for the claim, against it, or both.
Stands = Literal["for", "against", "both"]


class ClaimError(UserError):
    """A file of claims that cannot be used."""


class Period(Entries):
    """Months from the first to the last, both counted ("1997-07")."""

    first: Annotated[str, Field(pattern=r"^(19[89]\d|20[0-2]\d)-(0[1-9]|1[0-2])$")]
    last: Annotated[str, Field(pattern=r"^(19[89]\d|20[0-2]\d)-(0[1-9]|1[0-2])$")]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last = {self.last} comes before first = {self.first}")
        return self

    @property
    def years(self) -> tuple[int, int]:
        """The years of its first and last month."""
        return int(self.first[:4]), int(self.last[:4])

    @property
    def bounds(self) -> tuple[float, float]:
        """Its beginning and end on a scale of years: 1997.5 is the first of July 1997."""
        (year, month), (last_year, last_month) = ((int(m[:4]), int(m[5:])) for m in (self.first, self.last))
        return year + (month - 1) / 12, last_year + last_month / 12


class Citation(Entries):
    """What one source says of a claim, in our own words."""

    stands: Stands
    #: what it says, as one plain sentence
    what: Text
    #: who says it: author, title or body, year, and page or table where known
    source: Text
    url: Annotated[str, Field(pattern=r"^https?://[^\s\"'<>]+$", max_length=2000)] | None = None


class Claim(Entries):
    """One claim of the paper."""

    id: Annotated[str, Field(pattern=r"^E\d\d$")]
    #: the claim in one plain sentence of ours
    claim: Text
    #: lines of the scanned text
    lines: Annotated[str, Field(pattern=r"^\d+(-\d+)?(, \d+(-\d+)?)*$")]
    #: whom it speaks of
    who: Text
    mechanism: Text
    #: the rules that hold the mechanism
    rules: Annotated[tuple[Annotated[str, known_name(lambda: RULES, "rule")], ...], Listed] = ()
    #: what turns the mechanism off
    switch: Annotated[str, known_name(lambda: SWITCHES, "mechanism")] | None = None
    #: the shipped scenario without it
    scenario: Annotated[str, known_name(Scenario.names, "scenario")] | None = None
    indicators: Annotated[tuple[Annotated[str, known_name(lambda: OUTPUTS, "output")], ...], Listed] = ()
    #: what should show, in words
    expected: Text
    status: Status
    #: what the model still lacks for it
    missing: Text | None = None
    #: the months that it speaks of
    period: Period | None = None
    #: literature for and against it
    sources: Annotated[tuple[Citation, ...], Listed] = ()
    patterns: Annotated[tuple[Pattern, ...], Listed, Field(alias="pattern")] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.missing is None) != (self.status == "in the model"):
            raise ValueError(f'status = "{self.status}": missing says what the model lacks, and only where something does')
        if self.status == "no mechanism" and (self.rules or self.switch or self.scenario):
            raise ValueError('status = "no mechanism" goes with no rules, no switch and no scenario')
        if self.status == "in the model" and not (self.patterns and self.indicators):
            raise ValueError('status = "in the model" needs indicators and a pattern: say what shows it')
        ids = [pattern.id for pattern in self.patterns]
        for twice in {i for i in ids if ids.count(i) > 1}:
            raise ValueError(f"the pattern '{shorten(twice)}' is listed twice; keep one")
        if self.period is None:
            for pattern in self.patterns:
                for place in PLACES_OF_PERIOD:
                    if f"{{{place}}}" in pattern.says + (pattern.gives or ""):
                        raise ValueError(f"the pattern '{pattern.id}' names {{{place}}}, but the claim has no period")
        return self

    @property
    def in_the_model(self) -> bool:
        """Whether a run can be compared with it."""
        return self.status == "in the model"

    @property
    def asked(self) -> tuple[Pattern, ...]:
        """The patterns that decide the claim: all but those which only say several readings in one row."""
        return tuple(pattern for pattern in self.patterns if not pattern.composite)

    @property
    def readings(self) -> tuple[str | None, ...]:
        """The meanings of the claim's sentence, in the order of the patterns; ``None`` alone where it has one meaning."""
        return tuple(dict.fromkeys(pattern.reading for pattern in self.asked if pattern.reading is not None)) or (None,)

    def of_reading(self, reading: str | None) -> tuple[Pattern, ...]:
        """The patterns that must all hold in one meaning: its own, and those that belong to every meaning."""
        return tuple(pattern for pattern in self.asked if pattern.reading in (None, reading))

    @property
    def files(self) -> tuple[str, ...]:
        """The files of its rules, from the project's folder on: ``agents/household/seek_care.py``."""
        return tuple(dict.fromkeys(f"{RULES[rule].loop.__module__.replace('.', '/')}.py" for rule in self.rules))

    def __getitem__(self, pattern: str) -> Pattern:
        for one in self.patterns:
            if one.id == pattern:
                return one
        raise KeyError(f"{self.id} has no pattern '{pattern}'; {near(pattern, [p.id for p in self.patterns])}")

    def sentences(self) -> Iterator[str]:
        """Every sentence of it that a reader sees."""
        yield from (text for text in (self.claim, self.who, self.mechanism, self.expected, self.missing) if text)
        for pattern in self.patterns:
            yield from (text for text in (pattern.says, pattern.gives, pattern.reading, pattern.built_in) if text)
        yield from (source.what for source in self.sources)


@cache
def claims() -> dict[str, Claim]:
    """The shipped claims by their id, in the order of the paper's table."""
    return _read(resources.files("abm").joinpath("data/evidence.toml").read_text(encoding="utf-8"), "evidence.toml")


def read_claims(path: str | Path) -> dict[str, Claim]:
    """The claims of a file by their id; each mistake in it gives one sentence with file, claim and key (``ClaimError``)."""
    return _read(read_text(path, "the file of claims", error=ClaimError), shorten(Path(path).name))


def _read(text: str, name: str) -> dict[str, Claim]:
    said = parse_toml(text, name, error=ClaimError)
    for key in said:
        if key != "claim":
            raise ClaimError(f"{name}: unknown key '{shorten(key)}'; {near(shorten(key), ['claim'])}")
    rows = said.get("claim")
    if not isinstance(rows, list) or not rows:
        raise ClaimError(f"{name} holds no [[claim]] rows")
    found: dict[str, Claim] = {}
    for number, row in enumerate(rows, 1):
        claim = check(Claim, row, f"{name}, claim {_which(row, number)}", error=ClaimError)
        if claim.id in found:
            raise ClaimError(f"{name}: the claim '{claim.id}' is listed twice; keep one")
        found[claim.id] = claim
    return found


def _which(row: Any, number: int) -> str:
    said = row.get("id") if isinstance(row, Mapping) else None
    return f"'{shorten(said)}'" if isinstance(said, str) and re.fullmatch(r"[ -~]+", said) else f"number {number}"
