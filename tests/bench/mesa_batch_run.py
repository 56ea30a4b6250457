"""``mesa.batch_run`` beside our studies, on the same runs: the time, and what happens when one run raises or a worker is killed.

    uv run --group dev python -m tests.bench.mesa_batch_run

Each trial is a process (and a process group) of its own, so that one that hangs can be ended. Times are given as ratios
within one call, the tools taking turns: seconds of one machine say little about another.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from abm import BorderModel, Region, Scenario
from agents.core.declare import PARAMETERS

END = "1990-12"
HOUSEHOLDS = 100
#: What is varied, from one end of its declared range to the other.
PARAMETER = next(iter(PARAMETERS))
ROOT = Path(__file__).resolve().parents[2]

MEASURE = '''
import os, signal

def measure(model):
    """Does what one run of the trial is to do, in that run alone."""
    if model.seed_of_run == {seed} and model.own_scenario.parameters.get({name!r}) == {value!r}:
        if {fault!r} == "raise":
            raise RuntimeError("this run raises")
        if {fault!r} == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    return {{}}
'''


@dataclass(frozen=True)
class Trial:
    """What one tool is asked to do."""

    tool: str  #: "mesa" or "ours"
    processes: int
    values: int
    seeds: int
    fault: str = "none"  #: "none", "raise" or "kill"

    @property
    def levels(self) -> list[float]:
        """Values of the parameter."""
        declared = PARAMETERS[PARAMETER]
        return [declared.low + (declared.high - declared.low) * k / (self.values - 1) for k in range(self.values)]

    @property
    def numbers(self) -> list[int]:
        """Seeds, those that a study of ours would draw."""
        from experiments.studies.plan import seed_of

        return [seed_of(1, k) for k in range(self.seeds)]

    @property
    def culprit(self) -> tuple[float, int]:
        """Value and seed of the run that misbehaves, in the middle of the plan."""
        return self.levels[self.values // 2], self.numbers[self.seeds // 2]


@cache
def loaded() -> tuple[Scenario, Region]:
    """Scenario and region, read once in a process: our workers do so too, and reading is not what is timed."""
    return Scenario.load("history", end=END), Region.load("west-kalimantan-sarawak")


class Wrapped(BorderModel):
    """The model as ``batch_run`` can drive it: numbers as arguments, and a data collector that is filled once, at the end."""

    def __init__(self, value: float, fault: str, culprit: tuple[float, int], rng: int | None = None) -> None:
        from mesa import DataCollector

        scenario, region = loaded()
        changed = replace(scenario, parameters={**scenario.parameters, PARAMETER: value})
        super().__init__(changed, region=region, households=HOUSEHOLDS, rng=rng)
        self.fault = fault if (value, rng) == tuple(culprit) else "none"
        self.datacollector = DataCollector(model_reporters={"yearly": lambda model: model.results.yearly})

    def step(self) -> None:
        """A month; after the last one what the run gave is collected."""
        super().step()
        if self.month >= self.n_months:
            if self.fault == "raise":
                raise RuntimeError("this run raises")
            if self.fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            self.datacollector.collect(self)
            self.running = False


def with_mesa(trial: Trial) -> dict[str, int]:
    """Runs by how they ended, as ``batch_run`` gives them back."""
    import mesa

    rows = mesa.batch_run(
        Wrapped, {"value": trial.levels, "fault": trial.fault, "culprit": [trial.culprit]}, number_processes=trial.processes, rng=trial.numbers,
        max_steps=10_000, display_progress=False,
    )  # fmt: skip
    return {"ok": len({row["RunId"] for row in rows})}


def with_ours(trial: Trial) -> dict[str, int]:
    """Runs by how they ended, as the collected table of a study has them."""
    from experiments.execution.batch import run_scenarios
    from experiments.execution.engine import LocalEngine
    from experiments.studies.study_file import load_study

    value, seed = trial.culprit
    with tempfile.TemporaryDirectory(prefix="lintas-bench-") as place:
        measure = "" if trial.fault == "none" else 'measure = "fault.py:measure"\n'
        (Path(place) / "fault.py").write_text(MEASURE.format(seed=seed, name=PARAMETER, value=value, fault=trial.fault), "utf-8")
        file = Path(place) / "study.toml"
        levels = ", ".join(repr(v) for v in trial.levels)
        file.write_text(
            f'design = "factorial"\nreplicates = {trial.seeds}\nseed = 1\nhouseholds = {HOUSEHOLDS}\nend = "{END}"\n{measure}'
            f'[vary]\n"{PARAMETER}" = {{ levels = [{levels}] }}\n', "utf-8",
        )  # fmt: skip
        engine = LocalEngine(trial.processes)
        table = run_scenarios(load_study(file), executor=engine, store=Path(place) / "S")
    return {str(k): int(n) for k, n in table.drop_duplicates("run_id")["status"].value_counts().items()}


def alone(trial: Trial, limit: float) -> dict[str, Any]:
    """Carry a trial out in a process group of its own; a trial that does not end within the limit is ended and counts as hanging."""
    said = json.dumps(trial.__dict__)
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.mesa_batch_run", "--trial", said], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"end": "hangs", "rows": {}, "seconds": limit}
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if process.returncode or not lines:
        last = (errors.strip().splitlines() or ["no word"])[-1]
        return {"end": f"raises {last}", "rows": {}, "seconds": time.monotonic() - begun}
    return {"end": "ends", **json.loads(lines[-1])}


def main() -> None:
    """Print the comparison as a small table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=10, help="values of the parameter")
    parser.add_argument("--seeds", type=int, default=20, help="seeds of each value")
    parser.add_argument("--repeats", type=int, default=2, help="times that each tool is timed")
    parser.add_argument("--trial", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.trial:
        trial = Trial(**json.loads(asked.trial))
        begun = time.monotonic()
        rows = (with_mesa if trial.tool == "mesa" else with_ours)(trial)
        print(json.dumps({"rows": rows, "seconds": time.monotonic() - begun}))
        return
    tools = [("mesa", 1), ("mesa", 2), ("ours", 2)]
    times: dict[tuple[str, int], list[float]] = {t: [] for t in tools}
    for _ in range(asked.repeats):
        for tool, n in tools:
            found = alone(Trial(tool, n, asked.values, asked.seeds), 3600)
            assert found["end"] == "ends" and found["rows"] == {"ok": asked.values * asked.seeds}, found
            times[tool, n].append(found["seconds"])
            print(f"  {tool}, {n} processes: {found['seconds']:.1f} s", file=sys.stderr, flush=True)
    base = times["mesa", 2]
    limit = 3 * max(base) + 20
    print(f"{asked.values * asked.seeds} runs of {HOUSEHOLDS} households to {END}; time against mesa.batch_run with 2 processes")
    for tool, n in tools:
        ratios = ", ".join(f"{a / b:.2f}" for a, b in zip(times[tool, n], base, strict=True))
        print(f"{tool:5} {n} processes   time {ratios}")
    for fault in ("raise", "kill"):
        for tool in ("mesa", "ours"):
            found = alone(Trial(tool, 2, asked.values, asked.seeds, fault), limit)
            rows = ", ".join(f"{n} {s}" for s, n in found["rows"].items()) or "no results"
            ratio = f"time {found['seconds'] / base[-1]:.2f}" if found["end"] == "ends" else f"limit {limit / base[-1]:.1f}"
            print(f"{tool:5} one run does {fault:5}   {found['end']}: {rows} ({ratio})", flush=True)


if __name__ == "__main__":
    main()
