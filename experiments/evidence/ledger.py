"""What do the runs say of every claim? The rows of the ledger, made of patterns, readings and the five conditions of the contract.

A row *works* when agents' behaviour makes it (mechanism), the mechanism can be switched off by name, an output reports it, its patterns show, and
they go away without the mechanism.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from abm.claims.claim import Claim, Pattern
from experiments.evidence.units import Gathered
from experiments.evidence.verdict import ERROR, SURE, Finding, found_with_chance, judge
from experiments.evidence.worlds import ClaimWorlds

#: What is found of a pattern without units.
NOTHING = Finding("open", "", 0, float("nan"), float("nan"), 1.0, 1.0)
Verdict = Literal["holds", "does not hold", "cannot tell", "no mechanism", "built in"]
#: Without the mechanism the pattern ``goes away`` (shows in at most a tenth of the units), ``stays`` (in nine tenths or more), shows in ``part`` of them; ``compared``: the
#: pattern is itself a comparison of worlds; ``none``: the claim names no mechanism to switch off, or the pattern does not show with it.
Ablation = Literal["goes away", "stays", "part", "compared", "none"]
#: Quantiles of an interval: the median between the ends of the middle 90 %.
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Interval:
    """The median of a number over draws, and the 5 % and 95 % quantiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float] | np.ndarray) -> Interval:
        """Of the finite values; not a number where there is none."""
        kept = np.asarray(values, dtype=float)
        kept = kept[np.isfinite(kept)]
        return cls(*(float(np.quantile(kept, q)) for q in QUANTILES)) if len(kept) else cls(np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class ConditionResult:
    """One condition of a pattern over the units: its effect in the stated direction, the smallest effect of use, and the shares of units above 0 and of use.
    ``nan`` where no unit has a number.

    ``power`` is the chance that so many units would have found an effect of just that size, with the spread that they have; ``nan`` where the size is 0.
    """

    number: str
    effect: Interval
    size: float
    stated_sign: float
    of_use: float
    power: float


@dataclass(frozen=True)
class PatternResult:
    """What the runs say of one pattern."""

    claim: str
    pattern: Pattern
    finding: Finding
    verdict: Verdict
    numbers: Mapping[str, Interval]
    without: Mapping[str, Interval]
    #: With the mechanism less without it, in the same draw with the same seeds.
    difference: Mapping[str, Interval]
    levels: Mapping[float, Mapping[str, Interval]]
    conditions: tuple[ConditionResult, ...]
    #: The world without the mechanism.
    off: str | None
    #: The share of units that show the pattern without the mechanism; None where it is not asked.
    shows_without: float | None
    ablation: Ablation
    runs: int
    failed: int


@dataclass(frozen=True)
class ReadingResult:
    """One meaning of a claim: it holds where all its patterns do."""

    reading: str | None
    verdict: Verdict
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class LedgerRow:
    """A claim in the ledger. ``conditions`` are the five of the contract, in its order."""

    claim: Claim
    verdict: Verdict
    readings: tuple[ReadingResult, ...]
    patterns: tuple[PatternResult, ...]
    conditions: Mapping[str, bool]

    @property
    def depends_on_the_reading(self) -> bool:
        """Whether one meaning of the claim holds and another one does not."""
        found = {_good(reading.verdict) for reading in self.readings}
        return True in found and False in found

    @property
    def is_expected_to_hold(self) -> bool:
        """Whether the model has a mechanism for the claim and a pattern to show it."""
        return self.claim.status != "no mechanism" and bool(self.patterns)


@dataclass(frozen=True)
class Ledger:
    """All rows, and how they were made."""

    rows: tuple[LedgerRow, ...]
    #: Draws (or seeds) that were run in the history, and runs in all.
    units: int
    runs: int
    #: Runs that did not end well.
    failed: int
    error: float = ERROR
    sure: float = SURE

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many rows have each verdict."""
        found: dict[Verdict, int] = {"holds": 0, "built in": 0, "cannot tell": 0, "does not hold": 0, "no mechanism": 0}
        for row in self.rows:
            found[row.verdict] += 1
        return found


def findings_of(
    gathered: Mapping[tuple[str, str], Gathered], claims: Mapping[str, Claim], error: float = ERROR
) -> dict[tuple[str, str], Finding]:
    """The findings of all patterns. Those of claims with a mechanism are judged together; those of the others, which get no verdict, apart.

    A pattern of which no draw ended well is not among those that are judged; nothing is found of it.
    """
    found = {key: NOTHING for key, got in gathered.items() if not got.draws}
    for has_mechanism in (True, False):
        keys = [key for key, got in gathered.items() if got.draws and (claims[key[0]].status != "no mechanism") == has_mechanism]
        judged = judge({" ".join(key): gathered[key].units(claims[key[0]][key[1]]) for key in keys}, error)
        found |= {key: judged[" ".join(key)] for key in keys}
    return found


def ledger_of(
    claims: Mapping[str, Claim], worlds: ClaimWorlds, gathered: Mapping[tuple[str, str], Gathered], units: int, runs: int, failed: int, error: float = ERROR
) -> Ledger:  # fmt: skip
    """The ledger of some claims from what was gathered for their patterns; ``units``, ``runs`` and ``failed`` are those of all batches."""
    findings = findings_of(gathered, claims, error)
    rows = []
    for claim in claims.values():
        judged = sum(
            bool(f.units) and (claims[key[0]].status == "no mechanism") == (claim.status == "no mechanism") for key, f in findings.items()
        )
        patterns = tuple(
            _pattern(claim, pattern, findings[claim.id, pattern.id], gathered[claim.id, pattern.id], worlds, judged)
            for pattern in claim.asked
        )
        rows.append(row_of(claim, patterns))
    return Ledger(tuple(rows), units, runs, failed, error)


def _pattern(claim: Claim, pattern: Pattern, finding: Finding, got: Gathered, worlds: ClaimWorlds, patterns: int) -> PatternResult:
    units, off = got.units(pattern), got.units_off(pattern)
    shows_without = float(off.shows.mean()) if off is not None and len(off) else None
    conditions = tuple(_condition(name, units.effects[:, k], units.sizes[:, k], patterns) for k, name in enumerate(got.conditions))
    difference = {
        name: Interval.of(np.array(values) - np.array(got.without[name])) for name, values in got.numbers.items() if name in got.without
    }  # fmt: skip
    return PatternResult(
        claim.id, pattern, finding, _verdict(pattern, finding), {n: Interval.of(v) for n, v in got.numbers.items()},
        {n: Interval.of(v) for n, v in got.without.items()}, difference,
        {level: {n: Interval.of(v) for n, v in at.items()} for level, at in got.levels.items()}, conditions, worlds.of[claim.id, pattern.id].without,
        shows_without, ablation_of(pattern, finding, shows_without), got.runs, got.failed,
    )  # fmt: skip


def _condition(name: str, effects: np.ndarray, sizes: np.ndarray, patterns: int) -> ConditionResult:
    size, power = float(np.nanmedian(sizes)) if np.isfinite(sizes).any() else np.nan, np.nan
    good = effects[np.isfinite(effects)]
    if size > 0 and len(good) > 1:
        power = found_with_chance(size, float(good.std(ddof=1)), size, len(effects), patterns)
    if not len(good):
        return ConditionResult(name, Interval.of(effects), size, np.nan, np.nan, np.nan)
    return ConditionResult(name, Interval.of(effects), size, float((effects > 0).mean()), float((effects >= sizes).mean()), power)


def _verdict(pattern: Pattern, finding: Finding) -> Verdict:
    if finding.said == "holds":
        return "built in" if pattern.built_in is not None else "holds"
    return "does not hold" if finding.said == "does not hold" else "cannot tell"


def ablation_of(pattern: Pattern, finding: Finding, shows_without: float | None) -> Ablation:
    """What becomes of a pattern without the mechanism."""
    if pattern.comparison in ("pair", "sweep"):
        return "compared"
    if shows_without is None or finding.said != "holds":
        return "none"
    if shows_without <= 1 - SURE:
        return "goes away"
    return "stays" if shows_without >= SURE else "part"


def row_of(claim: Claim, patterns: Sequence[PatternResult]) -> LedgerRow:
    """The row of a claim from its patterns."""
    readings = _readings(claim, patterns)
    verdict = verdict_of([reading.verdict for reading in readings]) if readings else "cannot tell"
    if claim.status == "no mechanism":
        verdict = "no mechanism"
    return LedgerRow(claim, verdict, readings, tuple(patterns), _conditions(claim, patterns))


def _readings(claim: Claim, patterns: Sequence[PatternResult]) -> tuple[ReadingResult, ...]:
    """Each meaning with its patterns; a pattern without one belongs to all. None where the claim has no pattern."""
    if not patterns:
        return ()
    by_id = {p.pattern.id: p for p in patterns}
    found = []
    for reading in claim.readings:
        mine = [by_id[p.id] for p in claim.of_reading(reading)]
        found.append(ReadingResult(reading, together([p.verdict for p in mine]), tuple(p.pattern.id for p in mine)))
    return tuple(found)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on things of which all must hold; of nothing at all, nothing can be told."""
    if not verdicts:
        return "cannot tell"
    if "does not hold" in verdicts:
        return "does not hold"
    if "cannot tell" in verdicts:
        return "cannot tell"
    return "built in" if all(verdict == "built in" for verdict in verdicts) else "holds"


def verdict_of(readings: Sequence[Verdict]) -> Verdict:
    """The verdict on a claim from those on its meanings: where they disagree, the sentence itself leaves it open."""
    kinds = {_good(verdict) for verdict in readings}
    if kinds == {True}:
        return "built in" if all(verdict == "built in" for verdict in readings) else "holds"
    return "does not hold" if kinds == {False} else "cannot tell"


def _good(verdict: Verdict) -> bool | None:
    return {"holds": True, "built in": True, "does not hold": False}.get(verdict)


def _conditions(claim: Claim, patterns: Sequence[PatternResult]) -> dict[str, bool]:
    holds = [p for p in patterns if p.verdict in ("holds", "built in")]
    return {
        "mechanism": bool(claim.rules) and claim.status != "no mechanism",
        "switch": claim.switch is not None or claim.scenario is not None or any(p.pattern.needs_other_runs for p in patterns),
        "indicator": bool(claim.indicators),
        "pattern": bool(patterns) and len(holds) == len(patterns),
        "ablation": any(p.ablation == "goes away" or p.pattern.comparison == "pair" for p in holds)
        and not any(p.ablation in ("stays", "part") for p in holds),
    }


def as_dict(ledger: Ledger) -> dict[str, Any]:
    """The ledger as JSON; what is no number becomes null."""
    return {
        "units": ledger.units, "runs": ledger.runs, "failed": ledger.failed, "error_rate": ledger.error, "sure": ledger.sure, "counts": ledger.counts,
        "rows": [_row_as_dict(row) for row in ledger.rows],
    }  # fmt: skip


def _row_as_dict(row: LedgerRow) -> dict[str, Any]:
    return {
        "id": row.claim.id, "claim": row.claim.claim, "lines": row.claim.lines, "status": row.claim.status, "verdict": row.verdict,
        "depends_on_the_reading": row.depends_on_the_reading, "conditions": dict(row.conditions),
        "readings": [{"reading": r.reading, "verdict": r.verdict, "patterns": list(r.patterns)} for r in row.readings],
        "patterns": [_pattern_as_dict(p) for p in row.patterns],
    }  # fmt: skip


def _pattern_as_dict(result: PatternResult) -> dict[str, Any]:
    finding, pattern = result.finding, result.pattern
    return {
        "id": pattern.id, "comparison": pattern.comparison, "reading": pattern.reading, "built_in": pattern.built_in, "verdict": result.verdict,
        "said": finding.said, "reason": finding.reason, "failing": None if finding.failing is None else result.conditions[finding.failing].number,
        "units": finding.units, "shows": number(finding.shows), "misses": number(finding.misses), "for_it": number(finding.for_it),
        "against_it": number(finding.against_it), "off": result.off,
        "shows_without": None if result.shows_without is None else number(result.shows_without), "ablation": result.ablation, "runs": result.runs,
        "failed_draws": result.failed, "numbers": _intervals(result.numbers), "without": _intervals(result.without),
        "difference": _intervals(result.difference), "levels": {f"{level:g}": _intervals(at) for level, at in result.levels.items()},
        "conditions": [
            {"number": c.number, "effect": interval(c.effect), "size": number(c.size), "stated_sign": number(c.stated_sign), "of_use": number(c.of_use), "power": number(c.power)}
            for c in result.conditions
        ],
    }  # fmt: skip


def _intervals(found: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: interval(one) for name, one in found.items()}


def interval(found: Interval) -> list[float | None]:
    """Low, median and high as JSON."""
    return [number(found.low), number(found.median), number(found.high)]


def number(value: float) -> float | None:
    """A number as JSON: null where it is none, nine digits otherwise (the same on every machine)."""
    return None if not np.isfinite(value) else float(f"{value:.9g}")
