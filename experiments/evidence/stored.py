"""What does a results folder of the ledger hold? Its runs, read again for questions that come after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import shorten
from abm.reading import parse_json, read_text
from experiments.evidence.make import yearly_outputs
from experiments.evidence.runs import FOLDER, BatchRuns, EvidenceError, place_of, read_batch
from experiments.evidence.worlds import HISTORY
from experiments.files import said_in
from experiments.fits.worth import WorldRuns
from experiments.runs.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

KIND = "lintas evidence"


def read_ledger(folder: Path) -> dict[str, Any]:
    """``ledger.json`` of a results folder; EvidenceError where the folder is none."""
    if said_in(folder).get("kind") != KIND:
        raise EvidenceError(f"'{shorten(folder)}' is no result of lintas evidence; name a folder that 'lintas evidence' made")
    found = parse_json(read_text(folder / "ledger.json", "the ledger", error=EvidenceError), "the ledger", error=EvidenceError)
    if not _is_whole(found):
        raise EvidenceError(f"'{shorten(folder / 'ledger.json')}' is no whole ledger; give the same command of lintas evidence again")
    return found


def _is_whole(found: Any) -> bool:
    """Whether a ledger has looks, rows and worlds of the form in which they are written."""
    if not (isinstance(found, dict) and isinstance(found.get("off"), dict)):
        return False
    looks, rows = found.get("looks"), found.get("rows")
    if not (isinstance(looks, list) and looks and isinstance(rows, list)):
        return False
    if not all(isinstance(look, dict) and type(look.get("draws")) is int for look in looks):
        return False
    return all(
        isinstance(row, dict)
        and {"id", "status"} <= row.keys()
        and isinstance(row.get("readings"), list)
        and all(isinstance(one, dict) and "reading" in one and isinstance(one.get("patterns"), list) for one in row["readings"])
        for row in rows
    )


def batches_of(folder: Path, looks: list[Mapping[str, Any]]) -> list[BatchRuns]:
    """The batches of a ledger, in order; EvidenceError where one is gone."""
    found, first = [], 0
    for look in looks:
        place = place_of(folder, (first, int(look["draws"])))
        if not place.is_dir():
            raise EvidenceError(
                f"the ledger in '{shorten(folder)}' has lost its runs ('{FOLDER}/{place.name}'); give the same command again"
            )
        found.append(read_batch(place, yearly_outputs()))
        first = int(look["draws"])
    return found


def read_worlds(folder: Path) -> WorldRuns:
    """The history and the worlds that lack a mechanism, each draw's runs, and whether each draw shows each claim (in each of its meanings)."""
    said = read_ledger(folder)
    asked = said.get("asked")
    if isinstance(asked, dict) and asked.get("posterior", "") is None:
        raise EvidenceError(
            f"the ledger in '{shorten(folder)}' was made with the fitted values alone, which no fact could narrow; make one without --central"
        )
    batches = batches_of(folder, said["looks"])
    names = [HISTORY, *(name for name in said["off"] if any(name in batch.worlds for batch in batches))]
    lines = [batch.draws * batch.replicates for batch in batches]
    outputs = {
        name: {o: np.concatenate([_of(batch, name, k) for batch in batches]) for k, o in enumerate(yearly_outputs())} for name in names
    }
    draw = np.concatenate([np.repeat(np.arange(b.draws) + s, b.replicates) for b, s in zip(batches, _starts(batches), strict=True)])
    draws = read_table(folder / "draws.parquet").drop(columns="draw")
    claims = shown_by(read_table(folder / "units.parquet"), said["rows"], len(draws))
    assert len(draw) == sum(lines)
    return WorldRuns(
        draws.iloc[draw].reset_index(drop=True), batches[0].years, outputs, claims.iloc[draw].reset_index(drop=True), dict(said["off"])
    )  # fmt: skip


def _starts(batches: list[BatchRuns]) -> list[int]:
    return [sum(b.draws for b in batches[:k]) for k in range(len(batches))]


def _of(batch: BatchRuns, world: str, output: int) -> np.ndarray:
    """One output of every run of a world, shape (draws × replicates, years, 2 sides); ``nan`` where the batch lacks the world."""
    n = batch.draws * batch.replicates
    if world not in batch.worlds:
        return np.full((n, len(batch.years), 2), np.nan)
    return batch.worlds[world][..., output].reshape(n, len(batch.years), 2)


def shown_by(units: pd.DataFrame, rows: list[Mapping[str, Any]], draws: int) -> pd.DataFrame:
    """Which draws show each claim, a column for each claim and meaning ("E02: visits to hospitals"): 1, 0, or ``nan`` where the draw was not run for it."""
    import pandas as pd

    shows = units.groupby(["claim", "pattern", "draw"])["shows"].first()
    found = {}
    for row in rows:
        if row["status"] == "no mechanism":
            continue
        for reading in row["readings"]:
            # a pattern of which no run ended well has no lines: no draw then says whether it shows the claim
            parts = [_shown(shows, row["id"], pattern).reindex(range(draws)) for pattern in reading["patterns"]]
            table = pd.concat(parts, axis=1)
            name = row["id"] if reading["reading"] is None or len(row["readings"]) == 1 else f"{row['id']}: {reading['reading']}"
            found[name] = table.min(axis=1).where(table.notna().all(axis=1))
    return pd.DataFrame(found, index=range(draws))


def _shown(shows: pd.Series, claim: str, pattern: str) -> pd.Series:
    """Whether each draw shows a pattern, by draw; empty where it has none."""
    import pandas as pd

    try:
        return shows[claim, pattern].astype(float)
    except KeyError:
        return pd.Series(dtype=float)
