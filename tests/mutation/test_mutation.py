"""The mutation run itself: what it makes of a file, and that it tells a test that notices a mistake from one that does not."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import ROOT, Log, Plan, chunks_of, listed, plan_of, report
from tests.mutation.mutants import mutants_of

RULE = b'''"""A small rule."""


def larger(a, b, p):
    """The larger of two, doubled where it is above a bound."""
    best = max(a, b)
    if best > p.bound:
        best = 2.0 * best
    return best - p.cost * a
'''
TEST = """from agents.small import larger


class P:
    bound, cost = 10.0, 0.5


def test_larger():
    assert larger(1.0, 3.0, P) == 2.5
    assert larger(4.0, 3.0, P) == 2.0
"""
#: What the test above cannot see: it never comes near the bound.
UNSEEN = {"best > p.bound -> (best >= p.bound)", "best = 2.0 * best -> pass", "2.0 -> (1.8)", "2.0 -> (2.2)", "2.0 * best -> (2.0 / best)", "2.0 * best -> (2.0)",
          "2.0 * best -> (best)"}  # fmt: skip


def test_each_kind_of_mistake_is_made() -> None:
    changes = {m.change for m in mutants_of("x.py", RULE)}
    assert changes == {
        "max(a, b) -> (min(a, b))", "max(a, b) -> (a)", "max(a, b) -> (b)", "best = max(a, b) -> pass", "best > p.bound -> (best <= p.bound)",
        "p.bound -> p.cost", "p.cost -> p.bound", "return best - p.cost * a -> pass", "best - p.cost * a -> (best + p.cost * a)",
        "best - p.cost * a -> (best)", "p.cost * a -> (p.cost / a)", "p.cost * a -> (p.cost)", "p.cost * a -> (a)", *UNSEEN,
    }  # fmt: skip
    text = b"def f(x, u):\n    for i in range(3):\n        if u[i] == 1 and not x[i, 0]:\n            x[i, 1] += g(u, i)\n            continue\n"
    made = {m.change for m in mutants_of("x.py", text)}
    assert {"u[i] == 1 -> (u[i] != 1)", "u[i] == 1 and not x[i, 0] -> (u[i] == 1)", "u[i] == 1 and not x[i, 0] -> (u[i] == 1 or not x[i, 0])",
            "not x[i, 0] -> (x[i, 0])", "x[i, 1] += g(u, i) -> x[i, 1] -= g(u, i)", "x[i, 1] += g(u, i) -> x[i, 1] = g(u, i)", "g(u, i) -> (g(i, u))",
            "continue -> pass", "1 -> 2", "1 -> (0)", "3 -> 4"} <= made  # fmt: skip


def test_declarations_are_data_but_for_types_kinds_and_columns() -> None:
    text = b"""Field("a", "A", "1", "float64", "state", judgement("b"), initial=2.0)
RULE = Rule(reads=("place.side", "district.side", "place.price"), question="Why?")
"""
    changes = [m.change for m in mutants_of("x.py", text)]
    assert [c for c in changes if "Field" in c and "float32" in c] and [c for c in changes if "'month'" in c] and "2.0 -> (2.2)" in changes
    assert [c for c in changes if c.endswith("-> ('district.side', 'place.side', 'place.price')")]
    assert not [c for c in changes if "Why" in c.split("->")[-1] or c.endswith("'place.price', 'district.side')")]


def test_every_mutant_is_another_program_and_says_where_it_is() -> None:
    source = (ROOT / "agents/household/receive_care.py").read_bytes()
    mutants = mutants_of("agents/household/receive_care.py", source)
    made = {m.applied(source) for m in mutants}
    assert len(made) == len(mutants) > 150 and source not in made
    for m in mutants[::20]:
        ast.parse(m.applied(source))
        assert source.decode().splitlines()[m.line - 1].strip() == m.text
        assert m.text[m.column :].startswith(m.old.splitlines()[0])


def test_a_mistake_is_told_from_one_that_no_test_notices(tmp_path: Path) -> None:
    for name in ("agents", "tests/mutation"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "agents/__init__.py").touch()
    (tmp_path / "agents/small.py").write_bytes(RULE)
    (tmp_path / "tests/test_small.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "tests/mutation/trial.py").write_bytes((ROOT / "tests/mutation/trial.py").read_bytes())
    mutants = list(enumerate(mutants_of("agents/small.py", RULE)))
    for fresh in (False, True):
        tried = mutants if not fresh else mutants[::5]
        said = {"file": "agents/small.py", "tests": ["tests/test_small.py"], "compiled": False, "fresh": fresh, "slowest": 5.0,
                "times": None,
                "mutants": [(n, {"inside": m.inside, "text": m.applied(RULE).decode()}) for n, m in tried]}  # fmt: skip
        done = subprocess.run([sys.executable, "tests/mutation/trial.py"], input=json.dumps(said), cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "LINTAS_PLAIN": "1", "PYTHONDONTWRITEBYTECODE": "1"}, check=False)  # fmt: skip
        states = dict(json.loads(line) for line in done.stdout.splitlines())
        assert states.pop("times"), "what the tests take is told, for the next file"
        assert len(states) == len(tried), done.stderr
        survived = {m.change for n, m in tried if states[n] == "survived"}
        assert survived == UNSEEN & {m.change for _, m in tried}
        assert set(states.values()) == {"killed", "survived"}
    assert (tmp_path / "agents/small.py").read_bytes() == RULE


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # the tests' own process has threads
def test_a_mutant_that_does_not_end_is_stopped() -> None:
    from tests.mutation.trial import KILLED, SURVIVED, TIMED_OUT, run_child

    def forever() -> bool:
        while True:
            pass

    def without_end() -> bool:
        held = []
        while True:
            held.append(bytearray(2**28))

    assert run_child(forever, 0.2) == TIMED_OUT
    assert run_child(without_end, 30.0) == KILLED
    assert run_child(lambda: True, 20.0) == SURVIVED and run_child(lambda: False, 20.0) == KILLED


def test_every_file_of_agents_and_abm_has_its_tests() -> None:
    for folder in ("agents", "abm"):
        for path in (ROOT / folder).rglob("*.py"):
            plan = plan_of(path.relative_to(ROOT).as_posix())
            if plan is None:
                continue
            # columns alone meet the tests of declarations alone
            assert plan.tests or path.name in ("fields.py", "surroundings.py", "__init__.py"), path
            assert not [t for t in plan.declarations if "regression" in t or "same_run" in t]
    with pytest.raises(SystemExit, match="names no tests"):
        plan_of("calibration/infer.py")


def test_a_test_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "map.toml").write_text('declarations = []\n[[file]]\npath = "abm/"\ntests = ["tests/none.py::test_it"]\n', "utf-8")
    monkeypatch.setattr("tests.mutation.__main__.HERE", tmp_path)
    with pytest.raises(SystemExit, match=r"tests/none.py::test_it, which does not exist"):
        plan_of("abm/model.py")


def test_the_code_of_every_kind_of_function_is_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
from functools import cached_property
from numba import njit
class A:
    def __init__(self):
        super().__init__()
        self.n = 1
    @property
    def one(self):
        return self.n + 1
    @cached_property
    def two(self):
        return self.n + 2
    @classmethod
    def three(cls):
        return 1 + 3
    @staticmethod
    def four():
        return 1 + 4
@njit
def five():
    return 1 + 5
number = 6
"""
    (tmp_path / "kinds_of.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import kinds_of  # type: ignore[import-not-found]

    from tests.mutation.trial import Session

    session = Session({"file": "kinds_of.py", "compiled": True}, lambda _number, _state: None)
    mutants = [
        m for m in mutants_of("kinds_of.py", text.encode()) if m.in_function and (" - " in m.new or (m.new == "pass" and "super" in m.old))
    ]
    for m in mutants:
        session._swapped(*session._codes({"inside": m.inside, "text": m.applied(text.encode()).decode()}))
    a = kinds_of.A()
    assert len(mutants) == 6 and (a.one, a.two, a.three(), a.four(), kinds_of.five.py_func()) == (0, -1, -2, -3, -4)
    with pytest.raises(pytest.UsageError, match="number cannot be put in place"):
        session._codes({"inside": "number", "text": text + "def number(): pass"})


def test_a_run_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    first, second, third = mutants_of("x.py", RULE)[:3]
    log = Log(tmp_path / "log.jsonl")
    for mutant, state in ((first, "killed"), (second, "survived"), (third, "timed out")):
        log.add(mutant, RULE, state)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('["x.py", "a')
    again = Log(tmp_path / "log.jsonl")
    assert [again.dead(m, RULE) for m in (first, second, third)] == ["killed", None, "timed out"]
    assert again.dead(first, RULE + b"\n") is None and Log(None).dead(first, RULE) is None


def test_what_is_listed_as_no_mistake_has_a_reason() -> None:
    assert all(len(reason.split()) >= 4 for reason in listed().values())


def test_the_table_counts_what_became_of_each() -> None:
    mutants = mutants_of("x.py", RULE)[:4]
    lines = report(mutants, ["killed", "timed out", "survived", "equivalent"])
    assert lines[2].split("|")[1:-1] == [" x.py ", " 4 ", " 2 ", " 1 ", " 1 ", " 1 ", " 66.7 "]
    assert lines[-1] == f"x.py:{mutants[2].line} {mutants[2].inside}: {mutants[2].change} @{mutants[2].column}"


def test_mutants_of_a_file_are_tried_by_how_they_must_run() -> None:
    source = (ROOT / "agents/household/receive_care.py").read_bytes()
    file = "agents/household/receive_care.py"
    chunks = chunks_of(list(enumerate(mutants_of(file, source))), {file: Plan(["a"], ["a", "b"])}, {file: source})
    assert all(c.plain and c.tests == (["a", "b"] if c.fresh else ["a"]) for c in chunks)
    assert sorted(n for c in chunks for n, _ in c.mutants) == list(range(sum(len(c.mutants) for c in chunks)))


def test_survivors_are_tried_from_the_start_too() -> None:
    """A function that is called while its module is imported is seen only by a process that imports the mutant."""
    file = "agents/household/receive_care.py"
    source = (ROOT / file).read_bytes()
    mutants = [(n, m) for n, m in enumerate(mutants_of(file, source)) if m.in_function]
    chunks = chunks_of(mutants, {file: Plan(["a"], ["a", "b"])}, {file: source}, from_the_start=True)
    assert all(c.fresh for c in chunks) and sum(len(c.mutants) for c in chunks) == len(mutants)


IMPORTED = b"""def made(x):
    return 2 * x


VALUE = made(3)
"""


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_done_while_a_module_is_imported(tmp_path: Path, fresh: bool) -> None:
    for name in ("agents", "tests/mutation"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "agents/__init__.py").touch()
    (tmp_path / "agents/small.py").write_bytes(IMPORTED)
    (tmp_path / "tests/test_small.py").write_text(
        "from agents.small import VALUE\n\n\ndef test_it():\n    assert VALUE == 6\n", encoding="utf-8"
    )
    (tmp_path / "tests/mutation/trial.py").write_bytes((ROOT / "tests/mutation/trial.py").read_bytes())
    tried = [(n, m) for n, m in enumerate(mutants_of("agents/small.py", IMPORTED)) if m.in_function]
    said = {"file": "agents/small.py", "tests": ["tests/test_small.py"], "compiled": False, "fresh": fresh, "slowest": 5.0, "times": None,
            "mutants": [(n, {"inside": m.inside, "text": m.applied(IMPORTED).decode()}) for n, m in tried]}  # fmt: skip
    done = subprocess.run([sys.executable, "tests/mutation/trial.py"], input=json.dumps(said), cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "LINTAS_PLAIN": "1", "PYTHONDONTWRITEBYTECODE": "1"}, check=False)  # fmt: skip
    states = dict(json.loads(line) for line in done.stdout.splitlines())
    assert states.pop("times") and len(states) == len(tried) > 2, done.stderr
    assert set(states.values()) == {"killed" if fresh else "survived"}
