"""The ledger that ships: read back it is the same ledger, of the shipped posterior's region and of claims that exist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from abm.claims.claim import claims
from abm.errors import UserError
from experiments.evidence.ledger import as_dict
from experiments.evidence.shipped import DIGITS, ledger_from, ship, shipped

REGION = "west-kalimantan-sarawak"


def whole() -> dict:
    found = shipped(REGION)
    assert found is not None
    return found


def test_the_shipped_ledger_read_back_is_the_same() -> None:
    said = whole()
    again = as_dict(ledger_from(said))
    assert {key: said[key] for key in again} == again


def test_it_has_every_claim_and_counts_them() -> None:
    said = whole()
    assert [row["id"] for row in said["rows"]] == list(claims())
    assert sum(said["counts"].values()) == len(said["rows"])
    assert ledger_from(said).counts == said["counts"]


def test_what_this_version_does_not_know_is_left_out() -> None:
    said = whole()
    known = {name: claim for name, claim in claims().items() if name != "E02"}
    rows = ledger_from(said, known).rows
    assert "E02" not in {row.claim.id for row in rows} and len(rows) == len(known)
    claim = claims()["E01"]
    fewer = claim.model_copy(update={"patterns": claim.patterns[1:]})
    row = ledger_from(said, {"E01": fewer}).rows[0]
    gone = claim.patterns[0].id
    assert gone not in {one.pattern.id for one in row.patterns} and all(gone not in one.patterns for one in row.readings)


def test_a_region_without_a_ledger_has_none() -> None:
    assert shipped("north-kalimantan-sabah") is None


def test_only_a_results_folder_of_a_ledger_can_ship(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no result of lintas evidence"):
        ship(tmp_path, tmp_path)


def test_a_ledger_ships_with_fewer_digits(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    said = whole() | {"error_rate": 0.0123456789}
    (results / "ledger.json").write_text(json.dumps(said), encoding="utf-8")
    (results / "manifest.json").write_text(json.dumps({"kind": "lintas evidence"}), encoding="utf-8")
    place = ship(results, tmp_path / "ships")
    found = json.loads(place.read_text(encoding="utf-8"))
    assert place.name == f"{REGION}.json" and found["error_rate"] == float(f"{0.0123456789:.{DIGITS}g}") == 0.0123457
    assert {**found, "error_rate": said["error_rate"]} == said
