"""Which mistakes in a rule would no specification test notice?

    uv run --group dev python -m tests.mutation                                          all of agents/ and abm/
    uv run --group dev python -m tests.mutation agents/household/seek_care.py --jobs 2   one file
    uv run --group dev python -m tests.mutation --sample 200 --seed 3                    some mutants of all files, drawn at random
    uv run --group dev python -m tests.mutation --log tried.jsonl                        goes on where an earlier run was ended

Each mutant (see ``mutants.py``) meets the tests that ``map.toml`` names for its file; snapshots and tests that two runs are the same are left
out, as they notice every change and specify none. A test that takes longer than ``--slowest`` seconds by itself is left out as well. Compiled
rules run as plain Python. All is done in copies of the sources in a temporary folder; the working tree is only read. A survivor that is no
mistake stands in ``equivalent.toml`` with its reason; an entry there that no longer matches a survivor is refused.

Written here because the known tools do not do it for this project: mutmut 3 leaves every decorated function alone, so all compiled rules, and
wraps the others in functions of ``*args``, whose argument names a rule's declaration reads; cosmic-ray starts pytest anew for each mutant
(five seconds of processor time here, for some thousands of them) and knows neither swapped arguments nor dropped terms.

Exit code: 0 when at least ``--least`` of the mutants are killed and ``equivalent.toml`` fits, 1 when not, 2 when the tests fail by themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any, NamedTuple

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
#: What a copy holds.
COPIED = ("agents", "abm", "calibration", "experiments", "tests", "pyproject.toml")
_CHUNK = 300
_EQUIVALENT = "equivalent"
_UNTRIED = "not tried"


class Plan(NamedTuple):
    """How the mutants of a file are tried."""

    #: Tests for mutants in functions, and for those of what the module declares.
    tests: list[str]
    declarations: list[str]
    #: Compiled functions stay compiled, and each mutant has its own compiled code.
    compiled: bool = False


class Chunk(NamedTuple):
    """Mutants of one file that are tried together."""

    file: str
    source: bytes
    tests: list[str]
    plain: bool
    fresh: bool
    mutants: list[tuple[int, Mutant]]


def plan_of(file: str) -> Plan | None:
    """Tests for a file by ``map.toml``: the first entry with which its path begins; None where the entry says to skip it."""
    said = tomllib.loads((HERE / "map.toml").read_text(encoding="utf-8"))
    for entry in said["file"]:
        if file.startswith(entry["path"]):
            if "skip" in entry:
                return None
            for test in entry["tests"]:
                if not (ROOT / test.split("::")[0]).exists():
                    raise SystemExit(f"tests/mutation/map.toml names {test}, which does not exist")
            return Plan(entry["tests"], [*entry["tests"], *said["declarations"]], entry.get("compiled", False))
    raise SystemExit(f"{file}: tests/mutation/map.toml names no tests for it")


def listed() -> dict[tuple[str, str, str], str]:
    """Reasons of mutants that are no mistakes, by file, line of text and change."""
    said = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8")).get("mutant", [])
    return {(e["file"], e["line"], change): e["reason"] for e in said for change in e["changes"]}


def chunks_of(
    mutants: list[tuple[int, Mutant]], plans: dict[str, Plan], sources: dict[str, bytes], *, from_the_start: bool = False
) -> list[Chunk]:
    """The mutants by file and by how they are run; ``from_the_start``: all in processes that have imported nothing of ours yet."""
    made: dict[tuple[str, bool, bool], list[tuple[int, Mutant]]] = {}
    for number, mutant in mutants:
        plan = plans[mutant.file]
        plain = not plan.compiled and (mutant.is_compiled or not mutant.file.startswith("abm/"))
        made.setdefault((mutant.file, plain, from_the_start or plan.compiled or not mutant.in_function), []).append((number, mutant))
    return [Chunk(file, sources[file], plans[file].declarations if fresh and not plans[file].compiled else plans[file].tests, plain, fresh, some[k : k + _CHUNK])
            for (file, plain, fresh), some in made.items() for k in range(0, len(some), _CHUNK)]  # fmt: skip


class Log:
    """What became of each mutant, in a file of JSON lines that is written as it comes; without a path nothing is kept.

    A mutant that was killed is not tried again as long as its file is the same; survivors are, as a test may have been added since.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[tuple[str, ...], str] = {}
        self._lock = Lock()
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    *key, state = json.loads(line)
                except ValueError:
                    continue  # the run was ended while it wrote
                self._known[tuple(key)] = state

    @staticmethod
    def _key(mutant: Mutant, source: bytes) -> tuple[str, ...]:
        return mutant.file, hashlib.sha256(source).hexdigest()[:16], f"{mutant.line}:{mutant.start}", mutant.change

    def dead(self, mutant: Mutant, source: bytes) -> str | None:
        """How the mutant was killed in an earlier run, None when it was not."""
        state = self._known.get(self._key(mutant, source))
        return state if state in ("killed", "timed out") else None

    def add(self, mutant: Mutant, source: bytes, state: str) -> None:
        """Keep what became of a mutant."""
        if self._path is not None:
            with self._lock, self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([*self._key(mutant, source), state]) + "\n")


#: Seconds of tests without a mutant, by the tests and by how they are run.
Times = dict[tuple[Any, ...], Any]


def try_chunk(chunk: Chunk, copy: Path, slowest: float, log: Log, times: Times) -> dict[int, str]:
    """What becomes of each mutant, by its number."""
    key = (*chunk.tests, chunk.plain, chunk.fresh)
    said: dict[str, Any] = {
        "file": chunk.file, "tests": chunk.tests, "compiled": not chunk.plain, "fresh": chunk.fresh, "slowest": slowest,
        "times": times.get(key),
        "mutants": [(n, {"inside": m.inside, "text": m.applied(chunk.source).decode()}) for n, m in chunk.mutants],
    }  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if k not in ("LINTAS_PLAIN", "NUMBA_DISABLE_JIT", "LINTAS_CACHE")}
    environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / ".hypothesis"),
        "LINTAS_CACHE": str(copy / "cache"),
    }
    # a process that forks has one thread
    environment |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    if chunk.plain:
        environment["LINTAS_PLAIN"] = "1"
    mutants, found = dict(chunk.mutants), {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        trial = subprocess.Popen([sys.executable, str(copy / "tests/mutation/trial.py")], cwd=copy, env=environment, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)  # fmt: skip
        with trial, trial.stdin as asked, trial.stdout as told:  # type: ignore[union-attr]
            asked.write(json.dumps(said))  # type: ignore[union-attr]
            asked.close()  # type: ignore[union-attr]
            for line in told:  # type: ignore[union-attr]
                number, state = json.loads(line)
                if number == "times":
                    times[key] = state
                    continue
                found[number] = state
                log.add(mutants[number], chunk.source, state)
        if len(found) != len(mutants):
            errors.seek(0)
            print(f"{chunk.file}: the tests cannot be run (exit code {trial.returncode}): {errors.read()[-2000:]}", file=sys.stderr)
    return {n: found.get(n, _UNTRIED) for n, _ in chunk.mutants}


def try_all(chunks: list[Chunk], jobs: int, slowest: float, log: Log) -> dict[int, str]:
    """What becomes of each mutant by its number, in as many copies of the sources at a time as there are jobs."""
    found: dict[int, str] = {}
    times: Times = {}
    with tempfile.TemporaryDirectory(prefix="lintas-mutation-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for k in range(jobs):
            copy = Path(folder, str(k))
            copy.mkdir()
            for name in COPIED:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, copy / name)
            copies.put(copy)

        def work(chunk: Chunk) -> dict[int, str]:
            copy = copies.get()
            begun = time.monotonic()
            try:
                return try_chunk(chunk, copy, slowest, log, times)
            finally:
                (copy / chunk.file).write_bytes(chunk.source)  # a trial that was ended from outside leaves its mutant there
                copies.put(copy)
                print(f"{chunk.file}: {len(chunk.mutants)} mutants in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

        with ThreadPoolExecutor(jobs) as pool:
            for part in pool.map(work, chunks):
                found |= part
    return found


def report(mutants: list[Mutant], states: list[str]) -> list[str]:
    """The table by file, then every survivor."""
    lines = ["| file | mutants | killed | of these timed out | equivalent | survivors | killed, % |", "|---|---:|---:|---:|---:|---:|---:|"]
    for file in [*dict.fromkeys(m.file for m in mutants), ""]:
        these = [s for m, s in zip(mutants, states, strict=True) if file in (m.file, "")]
        n = {s: these.count(s) for s in ("killed", "timed out", "survived", _EQUIVALENT)}
        dead, real = n["killed"] + n["timed out"], len(these) - n[_EQUIVALENT]
        part = 100 * dead / real if real else 100.0
        lines.append(f"| {file or 'all'} | {len(these)} | {dead} | {n['timed out']} | {n[_EQUIVALENT]} | {n['survived']} | {part:.1f} |")
    survivors = [m for m, s in zip(mutants, states, strict=True) if s == "survived"]
    return [*lines, "", *(f"{m.file}:{m.line} {m.inside or 'module'}: {m.key[-1]}" for m in survivors)]


def main(arguments: list[str]) -> int:
    """Make, try and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Which mistakes would no specification test notice?")
    parser.add_argument("files", nargs="*", help="files or folders (all of agents/ and abm/ when left out)")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried at a time")
    parser.add_argument("--sample", type=int, help="so many mutants drawn at random from all of them")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample")
    parser.add_argument("--least", type=float, default=0.9, help="share of mutants that must be killed")
    parser.add_argument("--slowest", type=float, default=4.0, help="seconds that a test may take by itself; slower ones are left out")
    parser.add_argument(
        "--log", type=Path, help="keep here what becomes of each mutant; those that an earlier run killed are not tried again"
    )
    parser.add_argument("--table", type=Path, help="write the table here as well")
    said = parser.parse_args(arguments)
    files = sorted({p.relative_to(ROOT).as_posix() for given in said.files or ["agents", "abm"] for p in [(ROOT / given).resolve()]
                    for p in ([p] if p.is_file() else p.rglob("*.py"))})  # fmt: skip
    plans = {file: plan for file in files if (plan := plan_of(file)) is not None}
    sources = {file: (ROOT / file).read_bytes() for file in plans}
    mutants = [m for file in plans for m in mutants_of(file, sources[file])]
    if said.sample is not None and said.sample < len(mutants):
        kept = sorted(random.Random(said.seed).sample(range(len(mutants)), said.sample))
        mutants = [mutants[k] for k in kept]
    log = Log(said.log)
    dead = {k: state for k, m in enumerate(mutants) if (state := log.dead(m, sources[m.file])) is not None}
    rest = [(k, m) for k, m in enumerate(mutants) if k not in dead]
    jobs, known = max(said.jobs, 1), listed()
    found = dead | try_all(chunks_of(rest, plans, sources), jobs, said.slowest, log)
    # a function that is called while its module is imported has done its work before a mutant can be put in its place
    again = [(k, m) for k, m in rest if found[k] == "survived" and m.in_function and not plans[m.file].compiled and m.key not in known]
    found |= try_all(chunks_of(again, plans, sources, from_the_start=True), jobs, said.slowest, log)
    states = [found[k] for k in range(len(mutants))]
    seen, wrong = set(), []
    for k, mutant in enumerate(mutants):
        if mutant.key in known:
            seen.add(mutant.key)
            if states[k] == "survived":
                states[k] = _EQUIVALENT
            else:
                wrong.append(f"{mutant.file}:{mutant.line}: listed as no mistake, but {states[k]}: {mutant.change}")
    if said.sample is None:
        wrong += [f"{file}: listed as no mistake, but there is no such mutant: {change}" for file, line, change in known
                  if file in plans and (file, line, change) not in seen]  # fmt: skip
    lines = report(mutants, states)
    print("\n".join([*lines, *wrong]))
    if said.table:
        said.table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if _UNTRIED in states:
        return 2
    killed, real = sum(s in ("killed", "timed out") for s in states), len(states) - states.count(_EQUIVALENT)
    return 0 if killed >= said.least * real and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
