"""How is the ledger made? Batch by batch: every pattern is judged after each, and the next batch has the worlds of those that are still open.

It ends when no pattern is open or the draws that were allowed are used up. A history serves every row, and a world every pattern that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.claims.claim import Claim
from agents.core.declare import OUTPUTS
from experiments.evidence.ledger import QUANTILES, Ledger, findings_of, ledger_of
from experiments.evidence.runs import SIDES, Asked, BatchRuns, Carry, plan_batch, read_batch, spans
from experiments.evidence.units import Gathered, gather
from experiments.evidence.verdict import ERROR
from experiments.evidence.worlds import HISTORY, Worlds, worlds_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Look:
    """What is known after a batch: draws so far, runs so far, and how many patterns are open."""

    draws: int
    runs: int
    open: int


@dataclass(frozen=True)
class Made:
    """A ledger with what its pages show."""

    ledger: Ledger
    worlds: Worlds
    #: ``world``, ``output``, ``side``, ``year``, ``low``, ``median``, ``high``, ``n``: quantiles over draws.
    bands: pd.DataFrame
    looks: tuple[Look, ...]
    #: Exit code of the last driver that did not end well, else 0.
    code: int = 0


@dataclass
class _Sofar:
    """What the batches gave so far."""

    gathered: dict[tuple[str, str], Gathered]
    draws: int = 0
    runs: int = 0
    failed: int = 0
    code: int = 0
    looks: list[Look] = field(default_factory=list)
    batches: list[BatchRuns] = field(default_factory=list)


def outputs_of(claims: Mapping[str, Claim]) -> tuple[str, ...]:
    """The yearly outputs that some claims look at, in the order of declaration."""
    wanted = {name for claim in claims.values() for name in claim.indicators}
    for claim in claims.values():
        for pattern in claim.patterns:
            for part in (part for one in pattern.numbers.values() for part in one.parts):
                wanted |= {part.output, *part.plus, *part.weighted_by}
    return tuple(name for name, output in OUTPUTS.items() if name in wanted and "yearly" in output.tables)


def make(
    folder: Path, claims: Mapping[str, Claim], asked: Asked, draws: int, carry: Carry, *, error: float = ERROR, end: str | None = None,
    overwrite: bool = False, tell: Callable[[Look], None] | None = None,
) -> Made:  # fmt: skip
    """Run what the claims need and judge them; ``carry`` makes the runs of a planned folder and returns an exit code.

    ``draws`` is the largest number of draws, ``end`` the last month of every world. Runs that the folder has are not made again. StudyError for a
    folder of other runs, EvidenceError where no run ends well.
    """
    worlds, outputs = worlds_of(claims, end), outputs_of(claims)
    so_far = _Sofar({key: Gathered() for key in worlds.of})
    names = tuple(worlds.scenarios)
    for span in spans(draws):
        place = plan_batch(folder, span, asked, worlds, names, outputs, overwrite=overwrite)
        so_far.code = carry(place) or so_far.code
        _add(so_far, claims, worlds, read_batch(place, outputs), span)
        needed = _open(so_far, claims, error)
        look = Look(so_far.draws, so_far.runs, len(needed))
        so_far.looks.append(look)
        if tell is not None:
            tell(look)
        if not needed:
            break
        names = worlds.needed(needed)
    ledger = ledger_of(claims, worlds, so_far.gathered, so_far.draws, so_far.runs, so_far.failed, error)
    return Made(ledger, worlds, bands_of(so_far.batches, outputs), tuple(so_far.looks), so_far.code)


def _add(so_far: _Sofar, claims: Mapping[str, Claim], worlds: Worlds, batch: BatchRuns, span: tuple[int, int]) -> None:
    for (claim, pattern), own in worlds.of.items():
        gather(claims[claim][pattern], own, batch, span[0], so_far.gathered[claim, pattern])
    so_far.draws += batch.draws
    so_far.runs += batch.runs
    so_far.failed += batch.failed
    so_far.batches.append(batch)


def _open(so_far: _Sofar, claims: Mapping[str, Claim], error: float) -> list[tuple[str, str]]:
    """Patterns of claims with a mechanism that are not decided yet."""
    findings = findings_of(so_far.gathered, claims, error)
    return [key for key, finding in findings.items() if finding.said == "open" and claims[key[0]].status != "no mechanism"]


def bands_of(batches: list[BatchRuns], outputs: tuple[str, ...]) -> pd.DataFrame:
    """Quantiles over draws (means over their replicates) of each output, by world, side and year (see :class:`Made`)."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    worlds = list(dict.fromkeys(name for batch in batches for name in batch.worlds))
    for world in [HISTORY, *(name for name in worlds if name != HISTORY)]:
        for output in outputs:
            for side in SIDES:
                table = _by_draw([batch for batch in batches if world in batch.worlds], world, output, side)
                for year, values in sorted(table.items()):
                    rows.append((world, output, side, year, *(float(np.quantile(values, q)) for q in QUANTILES), len(values)))
    return pd.DataFrame(rows, columns=["world", "output", "side", "year", "low", "median", "high", "n"])


def _by_draw(batches: list[BatchRuns], world: str, output: str, side: str) -> dict[int, list[float]]:
    """Values of every draw by year."""
    found: dict[int, list[float]] = {}
    for batch in batches:
        by_draw: dict[int, dict[int, list[float]]] = {}
        for (draw, _replicate), run in batch.worlds[world].items():
            for year, value in ({} if run is None else run.of(output, side)).items():
                by_draw.setdefault(draw, {}).setdefault(year, []).append(value)
        for of_years in by_draw.values():
            for year, values in of_years.items():
                found.setdefault(year, []).append(sum(values) / len(values))
    return found
