"""A damaged part is told, set aside and run again, and drafts of dead writers are swept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from experiments.cli.main import main
from experiments.execution.drive import drive
from experiments.studies import store
from experiments.studies.collect import collect, status
from experiments.studies.store import StoreError
from tests.experiments.small_studies import OUTPUT, MadeUpEngine, made, use, whole


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def cut_in_the_middle(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped_in(column: str) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        content, group = bytearray(path.read_bytes()), pq.read_metadata(path).row_group(0)
        (at,) = (group.column(k) for k in range(group.num_columns) if group.column(k).path_in_schema == column)
        content[
            at.data_page_offset + at.total_compressed_size - 2 - (at.data_page_offset - (at.dictionary_page_offset or at.data_page_offset))
        ] ^= 0x10
        path.write_bytes(content)

    return flip


flipped, flipped_status = flipped_in(OUTPUT), flipped_in("run_id")


def foreign(path: Path) -> None:
    pd.DataFrame({"run_id": ["0" * 16]}).to_parquet(path)


@pytest.mark.parametrize("harm", [truncated, cut_in_the_middle, emptied, flipped, flipped_status, foreign])
def test_a_damaged_part_is_told_set_aside_and_run_again(
    harm: Callable[[Path], None], quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine(), most_runs=3)
    rows, path = whole(folder), store.parts(folder)[0]
    lost = set(pq.read_table(path).column("run_id").to_pylist())
    harm(path)
    harmed = path.read_bytes()
    if harm is not flipped:  # a status reads no column of numbers
        now = status(folder)
        assert [p.name for p, _ in now.damaged] == [path.name] and now.missing == len(lost) and now.counts["ok"] == 12 - len(lost)
        assert main(["status", str(folder)]) == 0 and f"damaged part {path.name}" in capsys.readouterr().out
    assert collect(folder)["run_id"].nunique() == 12 - len(lost)
    assert path.read_bytes() == harmed  # readers touch nothing
    engine = MadeUpEngine()
    use(monkeypatch, lambda: engine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    assert "1 damaged parts were moved" in capsys.readouterr().out
    assert {i for c in engine.chunks for i in c} == lost
    (aside,) = (folder / "results" / "damaged").iterdir()
    assert aside.read_bytes() == harmed
    pd.testing.assert_frame_equal(whole(folder), rows)


def test_any_flipped_bit_is_noticed_or_harmless(quick: None, tmp_path: Path) -> None:
    folder = made(tmp_path / "s", replicates=3)
    drive(folder, MadeUpEngine(), chunk_seconds=3600)
    store.compact(folder)
    (path,) = store.parts(folder)
    content, whole_part, found = path.read_bytes(), store.read_part(path), Counter[str]()
    for at in range(0, len(content), 5):
        harmed = bytearray(content)
        harmed[at] ^= 1 << at % 8
        path.write_bytes(harmed)
        try:
            found["harmless" if store.read_part(path).equals(whole_part) else f"at byte {at} of {len(content)}"] += 1
        except StoreError:
            found["noticed"] += 1
    assert set(found) == {"noticed", "harmless"} and found["noticed"] > found["harmless"], found


def test_drafts_of_dead_writers_are_ignored_and_swept(quick: None, tmp_path: Path) -> None:
    import socket

    folder = made(tmp_path / "s")
    drive(folder, MadeUpEngine())
    place, rows = folder / "results", whole(folder)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here, now = socket.gethostname(), time.time()
    ages = {
        f".part-a.{here}-{gone.pid}-1.draft": (0.0, False),  # ours, its process is gone
        f".part-b.{here}-{os.getpid()}-1.draft": (0.0, True),  # ours, alive
        ".part-c.node-17.cluster-4711-1.draft": (0.0, True),  # elsewhere, young
        ".part-d.node-17.cluster-4711-1.draft": (3 * 3600.0, False),  # elsewhere, old
        ".part-e.node-17.cluster-4711-1.draft": (-3 * 3600.0, True),  # elsewhere, by a clock that runs ahead
        ".probe-node-17.cluster-4711": (3 * 3600.0, False),
    }
    for name, (age, _) in ages.items():
        (place / name).write_bytes(b"half a part")
        os.utime(place / name, (now - age, now - age))
    pd.testing.assert_frame_equal(whole(folder), rows)
    assert status(folder).damaged == []
    assert drive(folder, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    store.compact(folder)
    assert {n for n in ages if (place / n).exists()} == {n for n, (_, stays) in ages.items() if stays}
    pd.testing.assert_frame_equal(whole(folder), rows)


@pytest.mark.parametrize("host", ["vm", "node-17", "node-17.cluster.example"])
def test_drafts_are_known_whatever_the_machine_is_called(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "s")
    monkeypatch.setattr("socket.gethostname", lambda: host)
    (folder / "results" / f".part-abc.{host}-{2**22 + 7}-1.draft").touch()
    (folder / "results" / f".part-abc.{host}-{os.getpid()}-1.draft").touch()
    (folder / "results" / ".part-abc.draft").touch()
    assert store.sweep(folder) == 1
