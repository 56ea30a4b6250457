"""Which ledger ships with this version, and how does one become it? The ledger of ``lintas evidence``, read back from its JSON.

``python -m experiments.evidence.shipped results/evidence`` makes the ledger of a results folder the one that ships: for the page, which shows its
verdicts without running its thousands of runs. It is made again when another posterior ships.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abm.claims.claim import Claim, claims
from abm.errors import UserError
from abm.reading import parse_json, read_text
from experiments.evidence.ledger import ConditionResult, Interval, Ledger, LedgerRow, PatternResult, ReadingResult
from experiments.evidence.runs import EvidenceError
from experiments.evidence.stored import read_ledger
from experiments.evidence.verdict import Finding
from experiments.files import write_file

FOLDER = Path(__file__).parent / "ledgers"
#: Digits of the numbers that ship: enough to read, and half the size.
DIGITS = 6


def shipped(region: str) -> dict[str, Any] | None:
    """``ledger.json`` as it ships for a region (by its id); None where none ships. EvidenceError for a damaged file."""
    path = FOLDER / f"{region}.json"
    if not path.is_file():
        return None
    found = parse_json(read_text(path, "the ledger", error=EvidenceError), "the ledger", error=EvidenceError)
    if not isinstance(found, dict) or not isinstance(found.get("rows"), list):
        raise EvidenceError(f"'{path.name}' is no ledger; install lintas again")
    return found


def ship(results: Path, folder: Path = FOLDER) -> Path:
    """Make the ledger of a results folder of ``lintas evidence`` the one that ships for its region; returns the file. EvidenceError for a folder of anything else."""
    said = read_ledger(results)
    place = folder / f"{said['asked']['region']['id']}.json"
    write_file(place, (json.dumps(_short(said), ensure_ascii=False, separators=(",", ":")) + "\n").encode(), make_folder=True)
    return place


def ledger_from(said: Mapping[str, Any], known: Mapping[str, Claim] | None = None) -> Ledger:
    """The ledger of ``as_dict``'s data. Claims and patterns are those of ``known`` (the shipped ones when left out) by their ids; what these lack is left out."""
    known = claims() if known is None else known
    rows = [_row(row, known[row["id"]]) for row in said["rows"] if row["id"] in known]
    return Ledger(tuple(rows), said["units"], said["runs"], said["failed"], said["error_rate"], said["sure"])


def _row(said: Mapping[str, Any], claim: Claim) -> LedgerRow:
    known = {pattern.id for pattern in claim.patterns}
    patterns = tuple(_pattern(one, claim) for one in said["patterns"] if one["id"] in known)
    readings = tuple(
        ReadingResult(one["reading"], one["verdict"], tuple(p for p in one["patterns"] if p in known)) for one in said["readings"]
    )
    return LedgerRow(claim, said["verdict"], readings, patterns, dict(said["conditions"]))


def _pattern(said: Mapping[str, Any], claim: Claim) -> PatternResult:
    conditions = tuple(
        ConditionResult(
            c["number"], _interval(c["effect"]), _float(c["size"]), _float(c["stated_sign"]), _float(c["of_use"]), _float(c["power"])
        )
        for c in said["conditions"]
    )
    names = [condition.number for condition in conditions]
    failing = None if said["failing"] is None else names.index(said["failing"])
    finding = Finding(
        said["said"], said["reason"], said["units"], _float(said["shows"]), _float(said["misses"]), _float(said["for_it"]), _float(said["against_it"]),
        failing,
    )  # fmt: skip
    levels = {float(level): _intervals(at) for level, at in said["levels"].items()}
    without = said["shows_without"]
    return PatternResult(
        claim.id, claim[said["id"]], finding, said["verdict"], _intervals(said["numbers"]), _intervals(said["without"]),
        _intervals(said["difference"]), levels, conditions, said["off"], without, said["ablation"], said["runs"], said["failed_draws"],
    )  # fmt: skip


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _interval(found: list[float | None]) -> Interval:
    low, median, high = found
    return Interval(_float(low), _float(median), _float(high))


def _intervals(found: Mapping[str, list[float | None]]) -> dict[str, Interval]:
    return {name: _interval(one) for name, one in found.items()}


def _short(said: Any) -> Any:
    if isinstance(said, float):
        return float(f"{said:.{DIGITS}g}")
    if isinstance(said, dict):
        return {key: _short(value) for key, value in said.items()}
    return [_short(value) for value in said] if isinstance(said, list) else said


if __name__ == "__main__":
    try:
        print(ship(Path(sys.argv[1])))
    except (IndexError, UserError) as error:
        sys.exit(f"python -m experiments.evidence.shipped FOLDER: {error}")
