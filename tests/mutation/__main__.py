"""Which mistakes in a rule would no specification test notice?

    uv run python -m tests.mutation                                          all of agents/ and abm/
    uv run python -m tests.mutation agents/household/seek_care.py --jobs 2   one file
    uv run python -m tests.mutation --sample 200 --seed 3                    some mutants of all files, drawn at random

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


def chunks_of(mutants: list[Mutant], plans: dict[str, Plan], sources: dict[str, bytes]) -> list[Chunk]:
    """The mutants by file and by how they are run."""
    made: dict[tuple[str, bool, bool], list[tuple[int, Mutant]]] = {}
    for number, mutant in enumerate(mutants):
        plan = plans[mutant.file]
        plain = not plan.compiled and (mutant.is_compiled or not mutant.file.startswith("abm/"))
        made.setdefault((mutant.file, plain, plan.compiled or not mutant.in_function), []).append((number, mutant))
    return [Chunk(file, sources[file], plans[file].declarations if fresh and not plans[file].compiled else plans[file].tests, plain, fresh, some[k : k + _CHUNK])
            for (file, plain, fresh), some in made.items() for k in range(0, len(some), _CHUNK)]  # fmt: skip


def try_chunk(chunk: Chunk, copy: Path, slowest: float) -> dict[int, str]:
    """What becomes of each mutant, by its number."""
    said: dict[str, Any] = {
        "file": chunk.file, "tests": chunk.tests, "compiled": not chunk.plain, "fresh": chunk.fresh, "slowest": slowest,
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
    done = subprocess.run([sys.executable, str(copy / "tests/mutation/trial.py")], input=json.dumps(said), cwd=copy, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    if len(found) != len(chunk.mutants):
        print(f"{chunk.file}: the tests cannot be run (exit code {done.returncode}): {done.stderr[-2000:]}", file=sys.stderr)
    return {n: found.get(n, _UNTRIED) for n, _ in chunk.mutants}


def try_all(chunks: list[Chunk], jobs: int, slowest: float) -> list[str]:
    """What becomes of each mutant, in as many copies of the sources at a time as there are jobs."""
    found: dict[int, str] = {}
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
                return try_chunk(chunk, copy, slowest)
            finally:
                (copy / chunk.file).write_bytes(chunk.source)  # a trial that was ended from outside leaves its mutant there
                copies.put(copy)
                print(f"{chunk.file}: {len(chunk.mutants)} mutants in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)

        with ThreadPoolExecutor(jobs) as pool:
            for part in pool.map(work, chunks):
                found |= part
    return [found[k] for k in sorted(found)]


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
    states = try_all(chunks_of(mutants, plans, sources), max(said.jobs, 1), said.slowest)
    known, seen, wrong = listed(), set(), []
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
    dead, real = sum(s in ("killed", "timed out") for s in states), len(states) - states.count(_EQUIVALENT)
    return 0 if dead >= said.least * real and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
