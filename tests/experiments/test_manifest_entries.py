"""Whatever the manifest or the plan of a study holds, each command that reads it ends with a sentence or does its work."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from abm.errors import UserError
from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.cli.main import main
from experiments.execution import batch
from experiments.execution.engine import ThreadsEngine
from experiments.studies import plan_files, store
from tests.shares import share, some

NAME = next(n for n, p in PARAMETERS.items() if p.low < p.high)
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
TEXT = f"""
name = "small"
design = "morris"
points = 1
replicates = 2
scenarios = ["closed-border", "history"]
households = 60
end = "1980-01"
[vary]
"{NAME}" = {{}}
[summaries]
early = {{ output = "{OUTPUT}", side = "my", first = 1980, last = 1980, take = "max" }}
"""
LONG = "x" * 100_000
type Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads do the work: workers of their own take seconds to start."""
    monkeypatch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(1))
    monkeypatch.setattr(batch, "LocalEngine", ThreadsEngine)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study that was carried out; tests that change it copy it."""
    place = tmp_path_factory.mktemp("done")
    (place / "small.toml").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(1))
        assert main(["batch", str(place / "small.toml"), "-o", str(place / "s"), "--quiet"]) == 0
    return place / "s"


@pytest.fixture
def study(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "s"))


def commands(folder: Path) -> list[list[str]]:
    """Every command that reads a study folder."""
    s, run_id = str(folder), f"{int(store.stored_rows(folder).ids[0]):016x}"
    return [
        ["status", s], ["status", s, "--json"], ["batch", s, "--quiet"], ["retry", s, "--status", "failed", "--quiet"],
        ["collect", s, "-o", f"{s}.out.csv"], ["extend", s, "--replicates", "2", "--quiet"], ["extend", s, "--precision", "early=1e9", "--quiet"],
        ["compare", s, "--out", f"{s}.compared", "--quiet"], ["sensitivity", s, "--target", "early", "-o", f"{s}.analysed"],
        ["estimate", s, "--quiet"], ["rerun", "--study", s, "--run-id", run_id, "--quiet"], ["compact", s],
    ]  # fmt: skip


def carry_out(command: list[str], capsys: Captured, what: object) -> int:
    """A command's exit code, after looking that it said at most one sentence of bounded length on standard error."""
    code = main(command)
    said = capsys.readouterr().err
    assert code in (0, 1, 2, 3), (what, command, code, said)
    assert "Traceback" not in said and said.count("\n") <= 1 and len(said) < 1500, (what, command, said)
    assert "x" * 81 not in said, (what, command, said)
    assert code != 2 or said.startswith("lintas: "), (what, command, said)
    return code


FOUND_BY_TRIAL: list[dict[str, Any]] = [
    {"scenarios": {}},
    {"regions": {"west-kalimantan-sarawak": 3}},
    {"drift": [3]},
    {"names": [1, 2]},
    {"study": {"households": ["200"]}},
    {"study": {"seed": "x"}},
]


@pytest.mark.parametrize("change", FOUND_BY_TRIAL, ids=str)
def test_what_a_trial_found(change: dict[str, Any], study: Path, capsys: Captured) -> None:
    wanted = commands(study)
    said = json.loads((study / "manifest.json").read_text("utf-8"))
    for key, value in change.items():
        said[key] = said[key] | value if key == "study" else value
    (study / "manifest.json").write_text(json.dumps(said), "utf-8")
    for command in wanted:
        if command[0] == "compact":
            continue  # it reads the parts alone
        assert carry_out(command, capsys, change) == 2


def paths_of(said: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a manifest."""
    if path:
        yield path
    if isinstance(said, dict):
        for key, value in said.items():
            yield from paths_of(value, (*path, key))
    elif isinstance(said, list):
        for k, value in enumerate(said):
            yield from paths_of(value, (*path, k))


GONE = object()
VALUES: tuple[Any, ...] = (None, 3, -1, float("inf"), "x", [], {}, [3], {"history": 3}, True, LONG, GONE)


def changed(said: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The manifest with another value in one place."""
    new = copy.deepcopy(said)
    at = new
    for step in path[:-1]:
        at = at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return new


@share(4)
def test_every_entry_of_a_manifest_may_be_wrong(one_in: int, study: Path, capsys: Captured) -> None:
    """Each place takes each value; then commands run, those that read the study in turn."""
    file, good = study / "manifest.json", (study / "manifest.json").read_bytes()
    said = json.loads(good)
    wanted, refused, taken = commands(study), 0, 0
    backup = Path(shutil.copytree(study, f"{study}.good"))
    places = [p for p in paths_of(said) if p[0] not in ("versions", "command_line", "commit") or len(p) == 1]
    for path in some(places, one_in):
        here = 0
        for value in VALUES:
            what = (path, "gone" if value is GONE else str(value)[:40])
            file.write_text(json.dumps(changed(said, path, value)).replace("Infinity", "1e400"), "utf-8")
            try:
                plan_files.read_study_manifest(study)
            except UserError:
                refused += 1
                command = wanted[refused // 8 % len(wanted)]  # all commands read it the same way: now and then one, each in turn
                if refused % 8 == 0 and command[0] != "compact":
                    assert carry_out(command, capsys, what) == 2, what
                continue
            taken += 1
            here += 1
            if here > 2:  # other values of the same place that are taken go the same way
                continue
            for k in range(3 if path[0] == "study" else 1):  # each in turn: all of them with all values would take many minutes
                carry_out(wanted[(5 * taken + k) % len(wanted)], capsys, what)
            shutil.rmtree(study)
            shutil.copytree(backup, study)
    assert refused > 500 / one_in and taken > 50 / one_in, (refused, taken)
    for command in wanted:
        assert carry_out(command, capsys, "as it was") == (2 if command[0] == "sensitivity" else 0)  # one trajectory is too few


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not complete JSON"),
        (b"{", "not complete JSON"),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"[" * 200_000, "too deep or too long"),
        (b'{"kind": "lintas study", "format": 1, "runs": ' + b"1" * 5000 + b"}", "too deep or too long"),
        (b"[]", "is no study folder"),
        (b'{"kind": "lintas results"}', "is no study folder"),
        (b'{"kind": "lintas study", "format": 2}', "has format 2"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_a_manifest_that_is_none(content: bytes, words: str, study: Path, capsys: Captured) -> None:
    wanted = commands(study)
    (study / "manifest.json").write_bytes(content)
    for command in wanted:
        if command[0] != "compact":
            assert main(command) == 2
            said = capsys.readouterr().err
            assert words in said and said.count("\n") == 1, said


def test_what_is_no_file_is_not_waited_for(study: Path, capsys: Captured) -> None:
    """A pipe that nobody writes into would block a command for ever."""
    wanted = commands(study)
    for name in ("manifest.json", "plan.parquet"):
        (study / name).rename(study / "kept")
        os.mkfifo(study / name)
        for command in wanted:
            if command[0] != "compact":
                assert carry_out(command, capsys, name) == 2
        (study / name).unlink()
        (study / "kept").rename(study / name)


def test_names_too_long_for_a_file(capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text('households = 60\nend = "1980-01"\n', "utf-8")
    for command in ("status", "batch", "estimate", "sensitivity"):
        assert carry_out([command, "x" * 300], capsys, command) == 2
    assert carry_out(["plan", "small.toml", "-o", "x" * 300], capsys, "plan") == 2
    assert carry_out(["batch", "small.toml", "-o", "x" * 300], capsys, "batch") == 2


# --- the plan's file ---------------------------------------------------------------------------------------------------


def table_of(study: Path) -> pa.Table:
    return pq.read_table(study / "plan.parquet")


def put(study: Path, table: pa.Table) -> None:
    pq.write_table(table, study / "plan.parquet")


def with_column(table: pa.Table, name: str, values: list[Any], kind: Any = None) -> pa.Table:
    at = table.column_names.index(name)
    return table.set_column(at, name, pa.array(values, kind or table.schema.field(name).type))


def entry(name: str, value: Any) -> Any:
    return lambda t: with_column(t, name, [value, *t.column(name).to_pylist()[1:]])


PLANS: dict[str, tuple[Any, str]] = {
    "a column is gone": (lambda t: t.drop_columns("seed"), "lacks the column 'seed'"),
    "a varied column is gone": (lambda t: t.drop_columns(NAME), "lacks the column"),
    "a column more": (lambda t: t.append_column("more", pa.array([1.0] * t.num_rows)), "has a column 'more'"),
    "another order": (lambda t: t.select(list(reversed(t.column_names))), "another order"),
    "text for a number": (lambda t: with_column(t, "point", ["0"] * t.num_rows, pa.string()), "'point' as string, not int32"),
    "a number for a text": (lambda t: with_column(t, "scenario", [1] * t.num_rows, pa.int64()), "'scenario' as int64, not string"),
    "no id": (entry("run_id", "x" * 16), "which is not a run id"),
    "a short id": (entry("run_id", "abc"), "which is not a run id"),
    "an id in capitals": (entry("run_id", "A" * 16), "which is not a run id"),
    "an empty id": (entry("run_id", None), "empty entry in the column 'run_id'"),
    "an empty value": (entry(NAME, None), "empty entry in the column"),
    "an unknown scenario": (entry("scenario", "x" * 500), "which manifest.json does not have"),
    "an unknown region": (entry("region", "atlantis"), "'atlantis' in the column 'region'"),
    "another size": (entry("households", 61), "61 in the column 'households'"),
    "a negative point": (entry("point", -1), "-1 in the column 'point'"),
    "a negative seed": (entry("seed", -1), "-1 in the column 'seed'"),
    "a negative replicate": (entry("replicate", -2), "-2 in the column 'replicate'"),
    "an id twice": (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "twice"),
}


@pytest.mark.parametrize("case", PLANS)
def test_a_plan_that_does_not_go_with_its_manifest(case: str, study: Path, capsys: Captured) -> None:
    change, words = PLANS[case]
    wanted = commands(study)
    put(study, change(table_of(study)))
    seen = []
    for command in wanted:
        code = main(command)
        said = capsys.readouterr().err
        assert code in (0, 1, 2, 3) and "Traceback" not in said and said.count("\n") <= 1 and "x" * 81 not in said, (command, said)
        seen.append(words in said)
    assert any(seen), seen
    shutil.rmtree(study / "results")
    (study / "results").mkdir()
    assert main(wanted[2]) == 2 and words in capsys.readouterr().err
    assert store.parts(study) == [], "no run is begun"


def test_a_plan_that_is_no_table(study: Path, capsys: Captured) -> None:
    wanted, good = commands(study), (study / "plan.parquet").read_bytes()
    for content in (b"", b"PAR1", good[: len(good) // 2], good[:-1], good[:50] + b"\xff" * 40 + good[90:], good[4:] + b"PAR1"):
        (study / "plan.parquet").write_bytes(content)
        for command in wanted:
            code = carry_out(command, capsys, content[:20])
            assert code == 2 or command[0] == "compact", command


def test_a_file_beside_the_plan_that_is_none_of_its_own(study: Path, capsys: Captured) -> None:
    for name in ("plan-².parquet", "plan-x.parquet", "plan-.parquet", f"plan-{'9' * 200}.parquet"):
        (study / name).write_bytes(b"mine")
    os.mkfifo(study / "plan-2.parquet")
    for command in commands(study):
        carry_out(command, capsys, command)
    assert main(["status", str(study)]) == 0
