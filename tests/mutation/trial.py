"""Try mutants of one file: run in a copy of the sources, as ``python tests/mutation/trial.py``, by ``python -m tests.mutation``.

Reads one JSON object from the standard input, writes one for each mutant to the standard output. The tests are collected once; then every
mutant gets a forked child in which the code of the mutated function is put in place of the right one, and the tests run, the fastest first,
until one fails. A mutant of the module itself (a declaration) is written to the copy's file, and a child that has imported nothing of ours
yet collects and runs the tests from the start.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
import resource
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parents[2]
KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"
_MEMORY = 4 * 2**30  # bytes of a mutant that collects without end
_SECONDS = 20.0  # for a mutant that does not end, besides five times what the tests take


def run_child(work: Callable[[], bool], seconds: float) -> str:
    """What becomes of ``work`` (True: every test passed) in a forked child with so much time."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        code = 1
        try:
            code = 0 if work() else 1
        except BaseException:
            code = 1
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return SURVIVED if status == 0 else KILLED
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


class Session:
    """A plugin of pytest that tries mutants in place of running the tests once."""

    def __init__(self, said: dict[str, Any], tell: Callable[[int | str, Any], None]) -> None:
        self._said, self._tell = said, tell
        self._failed = False
        self._watch: dict[str, float] | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._failed = self._failed or report.failed
        if self._watch is not None:
            self._watch[report.nodeid] = self._watch.get(report.nodeid, 0.0) + report.duration

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        # both forms of a rule are the same Python here, and a rule of compiled code is not what is tried as Python
        form = "plain" if self._said["compiled"] else "compiled"
        items[:] = [i for i in items if getattr(getattr(i, "callspec", None), "params", {}).get("form") != form]

    def pytest_runtestloop(self, session: Any) -> bool:
        items = session.items
        if session.testsfailed or not items:
            raise pytest.UsageError("the tests cannot be collected")
        slowest = self._said["slowest"]
        times = self._said["times"] or self._right(items)
        # in the order of the files, as what a file's tests share is made once
        files = list(dict.fromkeys(i.path for i in items))
        kept = sorted((i for i in items if times[i.nodeid] <= slowest), key=lambda i: (files.index(i.path), times[i.nodeid]))
        seconds = _SECONDS + 5 * sum(times[i.nodeid] for i in kept)
        for number, mutant in self._said["mutants"]:
            right, wrong = self._codes(mutant)
            self._tell(number, run_child(lambda f=right, code=wrong: self._swapped(f, code) and self.passes(kept), seconds))
        return True

    def _right(self, items: list[Any]) -> dict[str, float]:
        """Seconds of each test without a mutant, told to who asked, as the next file with the same tests needs them too."""
        times, failing = self._baseline(items)
        if failing:
            raise pytest.UsageError(f"these tests fail without a mutant: {', '.join(failing)}")
        self._tell("times", times)
        return times

    def _baseline(self, items: list[Any]) -> tuple[dict[str, float], list[str]]:
        """Seconds of each test (made in a child, so that no fixture stays), and which tests fail by themselves."""
        with tempfile.NamedTemporaryFile(suffix=".json") as file:

            def work() -> bool:
                self._watch = {}
                failing = []
                for k, item in enumerate(items):
                    self._failed = False
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[k + 1] if k + 1 < len(items) else None)
                    if self._failed:
                        failing.append(item.nodeid)
                Path(file.name).write_text(json.dumps([self._watch, failing]))
                return True

            run_child(work, 1200.0)
            times, failing = json.loads(Path(file.name).read_text() or '[{}, ["(the tests do not end)"]]')
        return times, failing

    def passes(self, items: list[Any]) -> bool:
        """Whether all these tests pass; stops at the first that does not."""
        self._failed = False
        for k, item in enumerate(items):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[k + 1] if k + 1 < len(items) else None)
            if self._failed:
                return False
        return True

    def _codes(self, mutant: dict[str, str]) -> tuple[types.FunctionType, types.CodeType]:
        """The right function, and the mutant's code for it; refused here, as an error in the child would count as a kill."""
        file = self._said["file"]
        made = compile(mutant["text"], str(HERE / file), "exec", dont_inherit=True)
        wrong = [code for code in codes(made) if code.co_qualname == mutant["inside"]][-1]
        right = function(importlib.import_module(module_of(file)), mutant["inside"])
        if isinstance(right, types.FunctionType) and not wrong.co_freevars:
            wrong = wrong.replace(co_freevars=right.__code__.co_freevars)  # a call of super() may be what the mutant leaves out
        if (
            not isinstance(right, types.FunctionType)
            or right.__module__ != module_of(file)
            or len(right.__code__.co_freevars) != len(wrong.co_freevars)
        ):
            raise pytest.UsageError(f"the code of {mutant['inside']} cannot be put in place")
        return right, wrong

    @staticmethod
    def _swapped(right: types.FunctionType, wrong: types.CodeType) -> bool:
        """Put the mutant's code in the place of the right one, wherever the function was imported to."""
        right.__code__ = wrong
        return True


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """Every piece of code inside another."""
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield const
            yield from codes(const)


def module_of(file: str) -> str:
    """Dotted name of the module in a file."""
    return file.removesuffix(".py").replace("/", ".")


def function(module: Any, name: str) -> Any:
    """The Python function of this qualified name."""
    found = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, functools.cached_property):
        found = found.func
    found = inspect.unwrap(getattr(found, "__func__", found))  # type: ignore[arg-type]
    return getattr(found, "py_func", found)


@contextmanager
def written(path: Path, text: str) -> Iterator[None]:
    """The file with another text, and as it was afterwards."""
    usual = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(usual, encoding="utf-8")


def pytest_main(tests: list[str], *plugins: Any) -> int:
    """Run pytest quietly in this process."""
    options = ["-o", "addopts=", "-m", "not slow and not slurm and not browser", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*options, "--hypothesis-seed=0", *tests], plugins=list(plugins)))


def main() -> int:
    """Try the mutants that stand on the standard input."""
    said = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.chdir(HERE)

    def tell(what: int | str, value: Any) -> None:
        out.write(json.dumps([what, value]) + "\n")
        out.flush()

    for name in (
        "numpy",
        "pandas",
        "scipy.stats",
        "mesa",
        "networkx",
        "hypothesis",
        "pydantic",
        *([] if os.environ.get("LINTAS_PLAIN") else ["numba"]),
    ):
        importlib.import_module(name)
    if not said["fresh"]:
        return pytest_main(said["tests"], Session(said, tell))
    taken = said["times"]
    if taken is None:
        begun = time.monotonic()
        if run_child(lambda: pytest_main(said["tests"], Chosen(said)) == 0, 1200.0) != SURVIVED:
            sys.stderr.write("the tests fail without a mutant")
            return 2
        taken = time.monotonic() - begun
        tell("times", taken)
    seconds = _SECONDS + 5 * taken
    for number, mutant in said["mutants"]:
        with written(HERE / said["file"], mutant["text"]), tempfile.TemporaryDirectory() as cache:
            os.environ["LINTAS_CACHE"] = cache
            tell(number, run_child(lambda: pytest_main(said["tests"], Chosen(said)) == 0, seconds))
    return 0


class Chosen:
    """A plugin of pytest that leaves out the other form of a rule."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    pytest_collection_modifyitems = Session.pytest_collection_modifyitems


if __name__ == "__main__":
    sys.path[0] = str(HERE)
    sys.exit(main())
