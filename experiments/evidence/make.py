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
from experiments.evidence.runs import SIDES, AskedOfRuns, BatchRuns, Carry, plan_batch, read_batch, spans
from experiments.evidence.units import Gathered, gather
from experiments.evidence.verdict import ERROR
from experiments.evidence.worlds import HISTORY, ClaimWorlds, worlds_of

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
    worlds: ClaimWorlds
    #: ``world``, ``output``, ``side``, ``year``, ``low``, ``median``, ``high``, ``n``: quantiles over draws.
    bands: pd.DataFrame
    looks: tuple[Look, ...]
    #: What was gathered for each pattern, by claim and pattern.
    gathered: Mapping[tuple[str, str], Gathered]
    #: Values of the parameters, a row for each draw of the history.
    draws: pd.DataFrame
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


def yearly_outputs() -> tuple[str, ...]:
    """Every output of the yearly table: claims and facts that are added later find theirs in the stored runs."""
    return tuple(name for name, output in OUTPUTS.items() if "yearly" in output.tables)


def looked_at(claims: Mapping[str, Claim]) -> tuple[str, ...]:
    """The yearly outputs that some claims look at, in the order of declaration."""
    wanted = {name for claim in claims.values() for name in claim.indicators}
    for claim in claims.values():
        for pattern in claim.asked:
            for part in (part for one in pattern.numbers.values() for part in one.parts):
                wanted |= {part.output, *part.plus, *part.weighted_by}
    return tuple(name for name in yearly_outputs() if name in wanted)


def make(
    folder: Path, claims: Mapping[str, Claim], asked: AskedOfRuns, draws: int, carry: Carry, *, error: float = ERROR, end: str | None = None,
    overwrite: bool = False, tell: Callable[[Look], None] | None = None,
) -> Made:  # fmt: skip
    """Run what the claims need and judge them; ``carry`` makes the runs of a planned folder and returns an exit code.

    ``draws`` is the largest number of draws, ``end`` the last month of every world. Runs that the folder has are not made again. StudyError for a
    folder of other runs, EvidenceError where no run ends well.
    """
    worlds, outputs = worlds_of(claims, end), yearly_outputs()
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
    return Made(
        ledger,
        worlds,
        bands_of(so_far.batches, looked_at(claims)),
        tuple(so_far.looks),
        so_far.gathered,
        draws_of(so_far.batches),
        so_far.code,
    )


def _add(so_far: _Sofar, claims: Mapping[str, Claim], worlds: ClaimWorlds, batch: BatchRuns, span: tuple[int, int]) -> None:
    for (claim, pattern), own in worlds.of.items():
        gather(claims[claim][pattern], own, batch, span[0], so_far.gathered[claim, pattern])
    so_far.draws += batch.draws
    so_far.runs += batch.runs
    so_far.failed += batch.failed
    so_far.batches.append(batch)


def _open(so_far: _Sofar, claims: Mapping[str, Claim], error: float) -> list[tuple[str, str]]:
    """Patterns of claims with a mechanism that are not decided yet; one of which no run ended well is not tried again."""
    findings = findings_of(so_far.gathered, claims, error)
    return [
        key for key, finding in findings.items() if finding.said == "open" and finding.units and claims[key[0]].status != "no mechanism"
    ]


def bands_of(batches: list[BatchRuns], outputs: tuple[str, ...]) -> pd.DataFrame:
    """Quantiles over draws (means over their replicates) of each output, by world, side and year (see :class:`Made`)."""
    import pandas as pd

    parts = []
    worlds = list(dict.fromkeys(name for batch in batches for name in batch.worlds))
    for world in [HISTORY, *(name for name in worlds if name != HISTORY)]:
        mine = [batch for batch in batches if world in batch.worlds]
        years, at = mine[0].years, [mine[0].outputs.index(name) for name in outputs]
        values = np.concatenate([_mean(batch.worlds[world][..., at]) for batch in mine])  # (draws, years, sides, outputs)
        n = np.isfinite(values).sum(axis=0)
        low, median, high = _quantiles(values)
        shape = median.shape
        index = pd.MultiIndex.from_product([[world], years, SIDES, outputs], names=["world", "year", "side", "output"])
        assert shape == (len(years), 2, len(outputs))
        table = pd.DataFrame(
            {"low": low.ravel(), "median": median.ravel(), "high": high.ravel(), "n": n.ravel()}, index=index
        ).reset_index()
        parts.append(table[table["n"] > 0])
    found = pd.concat(parts, ignore_index=True)
    return found[["world", "output", "side", "year", "low", "median", "high", "n"]]


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the finite replicates, shape (draws, replicates, …) to (draws, …); ``nan`` without any."""
    good = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(good, values, 0.0).sum(axis=1) / np.where(good.any(axis=1), good.sum(axis=1), np.nan)


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Quantiles over the finite draws, shape (draws, …) to (3, …); ``nan`` without any."""
    found = np.full((len(QUANTILES), *values.shape[1:]), np.nan)
    good = np.isfinite(values)
    whole, some = good.all(axis=0), good.any(axis=0)
    found[:, whole] = np.quantile(values[:, whole], QUANTILES, axis=0)
    found[:, some & ~whole] = np.nanquantile(np.where(good, values, np.nan)[:, some & ~whole], QUANTILES, axis=0)
    return found


def draws_of(batches: list[BatchRuns]) -> pd.DataFrame:
    """Column ``draw`` (position in the sequence) and a column for each parameter, a row for each draw."""
    import pandas as pd

    table = pd.concat([batch.values for batch in batches], ignore_index=True)
    table.insert(0, "draw", np.arange(len(table)))
    return table


def units_of(made: Made) -> pd.DataFrame:
    """What each draw gave for each condition: ``claim``, ``pattern``, ``draw``, ``condition``, ``effect``, ``size``, ``shows``, ``misses`` (of the whole pattern)."""
    import pandas as pd

    parts = []
    for (claim, pattern), got in made.gathered.items():
        result = next(p for row in made.ledger.rows if row.claim.id == claim for p in row.claim.asked if p.id == pattern)
        units = got.units(result)
        for k, condition in enumerate(got.conditions):
            table = {
                "claim": claim, "pattern": pattern, "draw": got.draws, "condition": condition, "effect": units.effects[:, k],
                "size": units.sizes[:, k], "shows": units.shows, "misses": units.misses,
            }  # fmt: skip
            parts.append(pd.DataFrame(table))
    columns = ["claim", "pattern", "draw", "condition", "effect", "size", "shows", "misses"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
