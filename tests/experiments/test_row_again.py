"""lintas rerun makes one row of a study again and says whether it is the same."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.cli.main import main
from experiments.studies import store
from tests.experiments.study_commands import OUTPUT, Captured, copied, refusal

pytestmark = pytest.mark.usefixtures("threads")


def test_each_kind_of_row_comes_out_again_bit_for_bit(done: Path, capsys: Captured) -> None:
    ids = [f"{int(i):016x}" for i in store.stored_rows(done).ids[:3]]
    for run_id in ids:
        assert main(["rerun", "--study", str(done), "--run-id", run_id.upper()]) == 0
        assert "gives the same row, bit for bit" in capsys.readouterr().out
    assert main(["rerun", "--study", str(done), "--run-id", ids[0], "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("change", ["value", "last bit", "sign of zero", "lines", "status"])
def test_a_row_that_differs_is_told_with_its_place(change: str, done: Path, tmp_path: Path, capsys: Captured) -> None:
    copy = copied(done, tmp_path)
    path = store.parts(copy)[0]
    table = pq.read_table(path)
    run_id = table.column("run_id")[0].as_py()
    at = table.column_names.index(OUTPUT)
    numbers = table.column(OUTPUT).to_pylist()
    match change:
        case "value":
            numbers[0] += 1.0
        case "last bit":
            numbers[0] = math.nextafter(numbers[0], math.inf)
        case "sign of zero":
            zero = next(n for n in table.column_names if table.column(n).type == pa.float64() and table.column(n)[0].as_py() == 0.0)
            at = table.column_names.index(zero)
            numbers = [-0.0, *table.column(zero).to_pylist()[1:]]
        case "lines":
            table, numbers = table.slice(1), numbers[1:]
        case "status":
            where = table.column_names.index("status")
            table = table.set_column(where, "status", pa.array(["failed"] * table.num_rows))
    name = table.column_names[at]
    table = table.set_column(at, name, pa.array(numbers, pa.float64()))
    assert store.write_part(copy, table) == path
    if change in ("lines", "status"):  # half a run, or a failed one with numbers, is no part that lintas wrote: its runs count as missing
        assert main(["rerun", "--study", str(copy), "--run-id", run_id]) == 0
        assert f"run {run_id} has no row yet; it gives ok" in capsys.readouterr().out
        return
    assert main(["rerun", "--study", str(copy), "--run-id", run_id]) == 1
    said = capsys.readouterr().out
    assert f"run {run_id} differs: " in said
    assert f"{name} in 1980, id: stored" in said


def test_a_row_that_is_not_there_yet_is_run_all_the_same(file: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "s"
    assert main(["plan", str(file), "-o", str(folder)]) == 0
    run_id = pq.read_table(folder / "plan.parquet").column("run_id")[3].as_py()
    capsys.readouterr()
    assert main(["rerun", "--study", str(folder), "--run-id", run_id]) == 0
    assert f"run {run_id} has no row yet; it gives ok" in capsys.readouterr().out
    assert store.parts(folder) == []


@pytest.mark.parametrize(
    ("measure", "stored", "code", "words"),
    [
        ("os.kill(os.getpid(), 9)", "killed", 0, "ends as it did: killed (its process died of signal 9)"),
        ("os._exit(5)", "timeout", 1, "stored timeout, now killed (its process left with code 5)"),
        ("time.sleep(60)", "timeout", 0, "ends as it did: timeout (hung for more than"),
        ("None", "killed", 1, "stored killed, now ok"),
    ],
)
def test_a_run_that_took_its_worker_down_does_not_take_the_command_down(
    measure: str, stored: str, code: int, words: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    from experiments.execution import rerun, work
    from experiments.studies import plan
    from experiments.studies.study_file import load_study

    monkeypatch.setattr(rerun, "START_SECONDS", 120.0 if "sleep" not in measure else 1.0)
    (tmp_path / "m.py").write_text(f"import os, time\ndef f(model):\n    {measure}\n    return {{}}\n")
    (tmp_path / "m.toml").write_text('measure = "m.py:f"\nhouseholds = 60\nend = "1980-01"\ndeadline = 600\n')
    study = load_study(tmp_path / "m.toml")
    if "sleep" in measure:
        monkeypatch.setattr(rerun, "deadline_of", lambda *_: 1.0)
    plan.make(study, tmp_path / "s")
    row = plan.Row.read(pq.read_table(tmp_path / "s" / "plan.parquet").to_pylist()[0])
    task = work.task_of(tmp_path / "s")
    store.write_part(tmp_path / "s", work.as_table(task, [work.Outcome(row, stored, "once", 0.0, "", {})], [0]))
    assert main(["rerun", "--study", str(tmp_path / "s"), "--run-id", row.run_id]) == code
    assert words in capsys.readouterr().out


def test_a_row_of_another_model_is_refused(done: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("drift", "plan"):
        monkeypatch.setattr(f"experiments.studies.{module}.model_version", lambda: "another model")
    run_id = f"{int(store.stored_rows(done).ids[0]):016x}"
    assert main(["rerun", "--study", str(done), "--run-id", run_id]) == 2
    assert "another model" in refusal(capsys)
