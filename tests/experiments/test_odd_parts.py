"""Parts that are whole as files and yet none that lintas wrote for the study: reported with their cause, set aside, run again, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.cli.main import main
from experiments.execution import work
from experiments.execution.drive import drive
from experiments.studies import plan_files, store
from experiments.studies.collect import collect, status
from experiments.studies.parts import Shape
from tests.experiments import small_studies as base

Change = Callable[[pa.Table], pa.Table]


def column(name: str, change: Callable[[list], list], kind: pa.DataType | None = None) -> Change:  # type: ignore[type-arg]
    """A part with other values in a column."""

    def changed(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(name)
        return table.set_column(at, name, pa.array(change(table.column(name).to_pylist()), kind or table.schema.field(name).type))

    return changed


def of_first(value: object) -> Callable[[list], list]:  # type: ignore[type-arg]
    return lambda values: [value, *values[1:]]


def of_all(value: object) -> Callable[[list], list]:  # type: ignore[type-arg]
    return lambda values: [value] * len(values)


OUT = base.OUTPUT
#: What is wrong with a part (of two runs, two lines each), and a word of the cause that is reported.
ODD: dict[str, tuple[Change, str]] = {
    "an unknown status": (column("status", of_all("wonderful")), "the status 'wonderful' is not one of ok, failed, killed, timeout"),
    "no status": (column("status", of_first(None)), "the column status has empty cells"),
    "a run id that is none": (column("run_id", of_all("z" * 16)), "'zzzzzzzzzzzzzzzz' is not a run id"),
    "a run id that is too short": (column("run_id", of_first("abc")), "'abc' is not a run id"),
    "a run id with spaces": (column("run_id", of_first("0123 4567 89ab c")), "is not a run id"),
    "a run id that is no text": (column("run_id", lambda v: list(range(len(v))), pa.int64()), "run_id holds int64, not string"),
    "an empty run id": (column("run_id", of_first(None)), "the column run_id has empty cells"),
    "text as attempt": (column("attempt", of_all("first"), pa.string()), "attempt holds string, not int16"),
    "a wide attempt": (column("attempt", of_all(1), pa.int64()), "attempt holds int64, not int16"),
    "an attempt below 0": (column("attempt", of_all(-3)), "the attempt -3 is not possible"),
    "no attempt": (column("attempt", of_first(None)), "the column attempt has empty cells"),
    "text as seconds": (column("seconds", of_all("long"), pa.string()), "seconds holds string, not float"),
    "seconds without end": (column("seconds", of_all(float("inf"))), "inf is not a number of seconds"),
    "no version": (column("version", of_all(None)), "the column version has empty cells"),
    "an output that lacks": (lambda t: t.drop_columns([OUT]), f"it has no column '{OUT}'"),
    "an output as text": (column(OUT, of_all("much"), pa.string()), f"{OUT} holds string, not double"),
    "an output that is empty": (column(OUT, of_first(None)), f"the column {OUT} has no value where it should have one"),
    "a column too many": (lambda t: t.append_column("extra", pa.array([1.0] * len(t))), "it has a column 'extra'"),
    "a column twice": (lambda t: t.append_column("year", t.column("year")), "it has two columns 'year'"),
    "no column of years": (lambda t: t.drop_columns(["year"]), "it has no column 'year'"),
    "half of a run's lines": (lambda t: t.slice(0, t.num_rows - 1), "has 1 lines, not 2"),
    "a run's lines twice": (lambda t: pa.concat_tables([t, t]), "has 4 lines, not 2"),
    "a run that ended in two ways": (column("status", of_first("failed")), "a run in it ended in two ways"),
    "numbers of a run that failed": (column("status", of_all("failed")), "lines, not 1"),
    "an unknown scenario": (column("scenario", of_all("dreams")), "the study has no scenario 'dreams'"),
    "an unknown region": (column("region", of_all("moon")), "the study has no region 'moon'"),
    "a year that is none": (column("year", of_all(2040)), "the year 2040 is not one of the study's"),
    "a side that is none": (column("side", of_all("sg")), "the side 'sg' is neither id nor my"),
    "a year and side twice": (column("side", of_all("id")), "a year and side twice"),
    "another seed than planned": (column("seed", of_all(7)), "has seed 7, which is not the plan's"),
    "another size than planned": (column("households", of_all(99)), "has households 99, which is not the plan's"),
    "another replicate than planned": (column("replicate", of_all(999)), "has replicate 999, which is not the plan's"),
}
#: What only a look at all columns shows: a status looks at those that say how far a study is.
WHOLE = {
    "an output that is empty", "an unknown region", "a year that is none", "a side that is none", "a year and side twice",
    "another seed than planned", "another size than planned", "another replicate than planned",
}  # fmt: skip


#: Cases in which the commands that read a study are tried as well.
TRIED = {"an unknown status", "a run id that is none", "text as attempt", "half of a run's lines", "another seed than planned"}


def forge(path: Path, change: Change) -> None:
    """As somebody would who writes a part with the library that lintas writes them with."""
    store.write_table(change(pq.read_table(path)), path)


@pytest.mark.parametrize("case", ODD)
def test_an_odd_part_is_told_set_aside_and_run_again(
    case: str, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change, word = ODD[case]
    folder = base.made(tmp_path / "s", replicates=6)
    drive(folder, base.MadeUpEngine(), most_runs=2)
    rows = base.whole(folder)
    path = next(p for p in store.parts(folder) if pq.read_metadata(p).num_rows == 4)
    lost = set(pq.read_table(path).column("run_id").to_pylist())
    forge(path, change)
    forged = path.read_bytes()
    capsys.readouterr()
    assert main(["status", str(folder)]) == 0
    said = capsys.readouterr().out
    if case not in WHOLE:
        assert f"damaged part {path.name}" in said and word in said, said
        assert main(["status", str(folder), "--json"]) == 0
        (damage,) = json.loads(capsys.readouterr().out)["damage"]
        assert damage["part"] == path.name and word in damage["cause"]
        assert status(folder).missing == len(lost)
    assert collect(folder)["run_id"].nunique() == 6 - len(lost), "its rows are in no table"
    for command in (
        ["rerun", "--study", str(folder), "--run-id", min(lost)], ["retry", str(folder), "--status", "failed", "--dry-run"],
        ["sensitivity", str(folder), "--target", f"{OUT}:id:1980-1980"], ["compare", str(folder), "--out", str(tmp_path / "compared")],
    ):  # fmt: skip
        if case not in TRIED:
            break
        code = main(command)
        err = capsys.readouterr().err
        assert code in (0, 1, 2) and "Traceback" not in err and err.count("\n") <= 1, (command, err)
    assert path.read_bytes() == forged, "who reads touches nothing"
    engine = base.MadeUpEngine()
    base.use(monkeypatch, lambda: engine)
    assert main(["batch", str(folder), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert "1 damaged parts were moved" in said and word in said
    assert {i for c in engine.chunks for i in c} == lost
    assert next((folder / "results" / "damaged").iterdir()).read_bytes() == forged
    pd.testing.assert_frame_equal(base.whole(folder), rows)
    logged = [json.loads(line) for line in (folder / "logs" / "driver.jsonl").read_text().splitlines()]
    assert any(word in cause for line in logged for cause in line.get("causes", []))


@pytest.mark.parametrize("case", ["an unknown status", "half of a run's lines", "another seed than planned"])
def test_a_merge_takes_in_no_odd_part(case: str, quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = base.made(tmp_path / "s", replicates=6)
    drive(folder, base.MadeUpEngine(), most_runs=2)
    path = next(p for p in store.parts(folder) if pq.read_metadata(p).num_rows == 4)
    forge(path, ODD[case][0])
    forged = path.read_bytes()
    assert main(["compact", str(folder)]) == 0
    assert path.read_bytes() == forged and len(store.parts(folder)) == 2
    assert collect(folder)["run_id"].nunique() == 4


def test_a_worker_that_stored_an_odd_part_and_died_counts_as_having_stored_nothing(quick: None, tmp_path: Path) -> None:
    folder, died = base.made(tmp_path / "s", replicates=4), list[str]()

    def die(ids: list[str]) -> None:
        if not died:
            died.extend(ids)
            (path,) = store.parts(folder)
            forge(path, ODD["an unknown status"][0])
            raise base.Died

    assert drive(folder, base.MadeUpEngine(after=die)).exit_code == 0
    base.whole(folder)


def test_runs_that_the_plan_does_not_have_are_counted_and_left_where_they_are(quick: None, tmp_path: Path) -> None:
    """As after moving results/ into a study of fewer replicates: they may be of use in another plan, and harm nothing here."""
    folder, fewer = base.made(tmp_path / "s", replicates=6), base.made(tmp_path / "fewer", replicates=2)
    drive(folder, base.MadeUpEngine(), chunk_seconds=3600)
    (fewer / "results").rmdir()
    (folder / "results").rename(fewer / "results")
    now = status(fewer)
    assert (now.outside, now.missing, now.damaged) == (4, 0, [])
    assert drive(fewer, lambda: pytest.fail("nothing is left to do")).exit_code == 0
    assert collect(fewer)["run_id"].nunique() == 2


def test_parts_of_an_older_model_may_have_other_outputs(quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished study stays readable when a later lintas declares more outputs, or fewer."""
    folder = base.made(tmp_path / "s", replicates=2)
    drive(folder, base.MadeUpEngine(), chunk_seconds=3600)
    for path in store.parts(folder):
        forge(path, lambda t: t.drop_columns([OUT]).append_column("of_old", pa.array([1.0] * len(t))))
    assert len(status(folder).damaged) == len(store.parts(folder))
    monkeypatch.setattr("experiments.studies.parts.model_version", lambda: "a later one")
    assert status(folder).damaged == [] and status(folder).counts["ok"] == 2
    assert len(collect(folder)) == 4
    for path in store.parts(folder):
        forge(path, column("of_old", of_all("text"), pa.string()))
    assert len(status(folder).damaged) == len(store.parts(folder))


def test_the_shape_of_every_part_that_is_written_is_right(quick: None, tmp_path: Path) -> None:
    for k, said in enumerate(
        (
            {"record": "summaries", "outputs": [], "summaries": {"one": {"output": OUT}}},
            {"summaries": {"=1+1": {"output": OUT}}},
            {"end": "1983-02"},
        )
    ):
        folder = base.made(tmp_path / f"s{k}", replicates=2, **said)
        if "end" in said:  # the made-up runs have one year
            assert Shape.of(folder).lines == {"history": 8}
            continue
        if said.get("record"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("experiments.execution.work._run", lambda task, row, *rest: ({"one": [1.0]}, {}))
                drive(folder, base.MadeUpEngine())
        else:
            with pytest.MonkeyPatch.context() as patch:
                real = work._run
                patch.setattr("experiments.execution.work._run", lambda *a: ({**real(*a)[0], "=1+1": [2.0, 2.0]}, {}))  # noqa: B023
                drive(folder, base.MadeUpEngine())
        assert store.stored_rows(folder, whole=True).damaged == []


def test_run_ids_as_numbers() -> None:
    ids = ["0000000000000000", "ffffffffffffffff", "0123456789abcdef", "00000000000000ff"]
    numbers = plan_files.ids_as_numbers(pa.array(ids))
    assert numbers.tolist() == [int(i, 16) for i in ids] and numbers.dtype == np.uint64
    assert plan_files.ids_as_numbers(pa.array(["x", *ids]).slice(2, 2)).tolist() == [2**64 - 1, int(ids[2], 16)]
    assert plan_files.ids_as_numbers(pa.array([], pa.string())).tolist() == []
    for wrong in (
        ["0" * 15],
        ["0" * 17],
        ["0" * 15 + "A"],
        ["0" * 15 + "g"],
        ["", "0" * 32],
        ["0" * 15, "0" * 17],
        ["é" * 8],
        [""],
        [None, "0" * 16],
    ):
        with pytest.raises(ValueError, match=r"is not a run id|empty cells"):
            plan_files.ids_as_numbers(pa.array(wrong, pa.string()))
