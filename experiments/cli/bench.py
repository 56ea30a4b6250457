"""How fast the model runs on this machine: ``lintas bench``.

Everything that is compared is measured in turns (one of each, then again), and the median is given: on a machine that
does something else as well, single figures move by tens of per cent, ratios of turns far less. Processor time is given
where it says CPU; it does not count waiting.

The comparison with plain Mesa agents runs ``tests/bench/plain_mesa.py``, a twin whose agents call the very functions that the compiled loops
call. It is one of the tests, so a source checkout has it and an installed package does not; so is the bare loop in C (``tests/bench/bare_loop.c``), which is
compiled where there is a compiler.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from experiments.cli.bench_population import share_of_months

_ROOT = Path(__file__).resolve().parents[2]
#: The model's twin of plain Mesa agents.
_TWIN = "tests.bench.plain_mesa"
#: The bare loop in C, compiled where there is a compiler.
_BARE_LOOP = "tests/bench/bare_loop.c"
#: What the JSON holds, with its unit, in the order of the table.
FIGURES: dict[str, tuple[str, str]] = {
    "default_run_seconds": ("Default run: 2,000 households, 432 months, with construction", "s"),
    "default_run_cpu_seconds": ("The same, CPU", "s"),
    "construction_cpu_seconds": ("Construction alone, CPU", "s"),
    "million_construction_cpu_seconds": ("Construction of 1,000,000 households, CPU", "s"),
    "cold_compile_cpu_seconds": ("First run ever, everything compiled, CPU", "s"),
    "warm_start_cpu_seconds": ("Import and default run in a fresh process, CPU", "s"),
    "ns_per_household_month_2000": ("A household's month, 2,000 households, CPU", "ns"),
    "ns_per_household_month_100000": ("A household's month, 100,000 households, CPU", "ns"),
    "ns_per_household_month_1000000": ("A household's month, 1,000,000 households, CPU", "ns"),
    "million_over_hundred_thousand": ("The last over the one before", "1"),
    "population_share_2000": ("2 % of people change a year: renewal over twelve months, 2,000 households, CPU", "1"),
    "population_share_1000000": ("The same, 1,000,000 households", "1"),
    "bytes_of_columns": ("Memory of a household: its columns and its trader's", "bytes"),
    "bytes_of_ties": ("Its ties", "bytes"),
    "bytes_of_record": ("The record of 432 months, shared out among 1,000,000 households", "bytes"),
    "bytes_per_household": ("The three together", "bytes"),
    "rss_per_household": ("Columns and ties as the process grew", "bytes"),
    "plain_mesa_ns_per_household_month": ("A household's month as a plain Mesa agent, CPU", "ns"),
    "plain_mesa_over_compiled": ("That over the compiled model", "1"),
    "bare_c_ns_per_household_month": ("A household's month in a bare loop in C (no trade, officials, prices or record), CPU", "ns"),
    "compiled_over_c": ("The compiled model over that", "1"),
    "two_threads_speed_100000": ("Two threads over one, 100,000 households, wall clock", "1"),
    "two_threads_speed_1000000": ("The same, 1,000,000 households", "1"),
    "steps_over_run": ("Month by month over one call, CPU", "1"),
    "month_of_60_households_us": ("A month of 60 households, CPU: nearly all of it is there whatever their number", "µs"),
    "ensemble_over_single": ("A run of an ensemble over one by itself, 600 households, with construction, CPU", "1"),
}


def _model(households: int, end: str = "2015-12", **settings: Any) -> Any:
    from abm import Scenario, Simulation

    return Simulation(Scenario.load("history", end=end), households=households, **settings)


def _cpu(function: Any) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _in_fresh_process(arguments: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds of a fresh interpreter and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=_ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def _default_run(turns: int) -> dict[str, float]:
    wall, cpu, construction, steps = [], [], [], []
    for _ in range(turns):
        start, start_cpu = time.perf_counter(), time.process_time()
        model = _model(2000)
        construction.append(time.process_time() - start_cpu)
        running = time.process_time()
        model.run()
        done = time.process_time()
        cpu.append(done - start_cpu)
        wall.append(time.perf_counter() - start)
        other = _model(2000)

        def one_by_one(other: Any = other) -> None:
            while other.running:
                other.step()

        steps.append(_cpu(one_by_one) / (done - running))
    return {
        "default_run_seconds": statistics.median(wall),
        "default_run_cpu_seconds": statistics.median(cpu),
        "construction_cpu_seconds": statistics.median(construction),
        "steps_over_run": statistics.median(steps),
    }


def _starts(turns: int) -> dict[str, float]:
    """CPU of the first run ever and of a fresh process with everything compiled."""
    code = "from abm import Simulation; Simulation(households=2000).run()"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"LINTAS_CACHE": folder, "LINTAS_PLAIN": ""}
        cold, _ = _in_fresh_process(["-c", code], environment)
        warm = [_in_fresh_process(["-c", code], environment)[0] for _ in range(turns)]
    return {"cold_compile_cpu_seconds": cold, "warm_start_cpu_seconds": statistics.median(warm)}


def _small_runs(turns: int) -> dict[str, float]:
    """What does not grow with the number of households, and what runs of an ensemble save by sharing, in turns."""
    from abm import Scenario, simulate_many

    smallest, quotients = [], []
    for turn in range(turns):
        model = _model(60)
        smallest.append(_cpu(model.run) / model.n_months)
        seeds = range(100 * turn, 100 * turn + 4)
        together = _cpu(lambda seeds=seeds: list(simulate_many(Scenario.load("history"), seeds, households=600)))
        quotients.append(together / _cpu(lambda seeds=seeds: [_model(600, rng=seed).run().results.yearly for seed in seeds]))
    return {"month_of_60_households_us": statistics.median(smallest) * 1e6, "ensemble_over_single": statistics.median(quotients)}


def profile(households: int, months: int) -> list[tuple[str, float]]:
    """CPU seconds of each step of the month by its title, a mean over so many months from January 1981 on, the costliest first.

    Rules are run one by one here, so the sum is a little more than a month of a run.
    """
    from abm.month import MONTH
    from abm.recording import close_year

    model, seconds = _model(households), {step.title: 0.0 for step in MONTH}
    model.go_on(12)
    for _ in range(months):
        model.crossing_changed = False
        for step in MONTH:
            seconds[step.title] += _cpu(lambda step=step: step.function(model) if step.rule is None else model.run_rule(step.rule))  # type: ignore[misc]
        if model.month % 12 == 11:
            close_year(model, model.month // 12)
        model.month += 1
    return sorted(((title, spent / months) for title, spent in seconds.items()), key=lambda row: -row[1])


def _months(model: Any, n: int) -> list[float]:
    """CPU seconds of each of ``n`` months."""
    return [_cpu(model.step) for _ in range(n)]


def _sizes(sizes: tuple[int, ...], turns: int) -> dict[str, float]:
    """CPU of a household's month at several sizes, in turns; the first month, which finds its memory, does not count."""
    models, making = {}, {}
    for n in sizes:
        start = time.process_time()
        models[n] = _model(n)
        making[n] = time.process_time() - start
    for model in models.values():
        model.step()
    seen: dict[int, list[float]] = {n: [] for n in sizes}
    for _ in range(turns):
        for n, model in models.items():
            seen[n] += _months(model, 24 if n <= 10_000 else 2)
    found = {f"ns_per_household_month_{n}": statistics.median(values) / n * 1e9 for n, values in seen.items()}
    if 1_000_000 in sizes:
        found["million_over_hundred_thousand"] = found["ns_per_household_month_1000000"] / found["ns_per_household_month_100000"]
        found["million_construction_cpu_seconds"] = making[1_000_000]
    found |= {f"two_threads_speed_{n}": _threads(model, turns if n > 100_000 else 3 * turns) for n, model in models.items() if n >= 100_000}
    for n, model in models.items():
        model.threads = 1
        if n in (2_000, 1_000_000):
            found[f"population_share_{n}"] = share_of_months(model, turns if n > 10_000 else 12)
    return found


def _threads(model: Any, turns: int) -> float:
    """Wall-clock time of a month on one thread over that on two, in turns over the same model."""
    wall: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(2 * turns):
        for threads in (2, 1):
            model.threads = threads
            start = time.perf_counter()
            model.step()
            wall[threads].append(time.perf_counter() - start)
    return statistics.median(wall[1]) / statistics.median(wall[2])


def _memory(households: int = 100_000) -> dict[str, float]:
    """Bytes that one more household takes: counted from the arrays, and as a fresh process grew."""
    _, said = _in_fresh_process(["-m", "experiments.cli.bench", "--memory", str(households)], {"LINTAS_PLAIN": ""})
    return json.loads(said.splitlines()[-1])


def _measure_memory(households: int) -> dict[str, float]:
    _model(300, "1980-03").run()
    gc.collect()
    before = _resident()
    model = _model(households, "1980-03").run()
    gc.collect()
    grown = _resident() - before
    found = {
        "bytes_of_columns": sum(_bytes(frame) for frame in model.frames.values()) / households,
        "bytes_of_ties": _bytes(model.kin) / households,
        "bytes_of_record": _bytes(_model(300).record) / 1_000_000,
    }
    return found | {"bytes_per_household": sum(found.values()), "rss_per_household": grown / households}


def _bytes(holder: Any) -> int:
    """Bytes of all arrays that an object holds, by itself or in dictionaries."""
    values = [one for value in vars(holder).values() for one in (value.values() if isinstance(value, dict) else (value,))]
    return sum(one.nbytes for one in values if hasattr(one, "nbytes"))


def _resident() -> int:
    """Bytes of this process in memory now (Linux), or at most so far (elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return pages * os.sysconf("SC_PAGE_SIZE")


#: Said under the table where the twin is missing.
NO_TWIN = "The comparison with plain Mesa agents needs the tests of a source checkout (tests/bench), which are not installed here."


def has_twin() -> bool:
    """Whether the twin is at hand: in a source checkout."""
    return (_ROOT / f"{_TWIN.replace('.', '/')}.py").is_file()


def _against_mesa(turns: int, months: int, households: int = 2000) -> dict[str, float]:
    model = _model(households)
    model.step()
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(statistics.median(_months(model, 36)))
        arguments = ["-m", _TWIN, str(households), str(months)]
        theirs.append(float(_in_fresh_process(arguments, {"LINTAS_PLAIN": "1"})[1].splitlines()[-1]))
    return {
        "plain_mesa_ns_per_household_month": statistics.median(theirs) / households * 1e9,
        "plain_mesa_over_compiled": statistics.median(b / a for a, b in zip(ours, theirs, strict=True)),
    }


def _against_c(turns: int, households: int = 2000, months: int = 432) -> dict[str, float]:
    """The bare loop in C and the model's months in turns; nothing where there is no source or no compiler, or it cannot compile."""
    source, compiler = _ROOT / _BARE_LOOP, next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None or not source.is_file():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "bare_loop")
        done = subprocess.run([compiler, "-O3", "-march=native", "-o", program, str(source), "-lm"], capture_output=True)
        if done.returncode:
            return {}
        model = _model(households)
        model.step()
        ours, theirs = [], []
        for _ in range(turns):
            ours.append(_cpu(lambda: model.go_on(model.month + 36)) / 36)
            said = subprocess.run([program, str(households), str(months)], capture_output=True, text=True, check=True).stdout
            theirs.append(float(said.split()[0]) / months)
    return {
        "bare_c_ns_per_household_month": statistics.median(theirs) / households * 1e9,
        "compiled_over_c": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
    }


def measure(quick: bool) -> dict[str, Any]:
    """All figures; ``quick`` leaves out the million households and takes fewer turns."""
    _model(2000).run()  # everything compiled and in memory
    turns = 2 if quick else 5
    found = _default_run(turns) | _starts(1 if quick else 3) | _memory(20_000 if quick else 100_000) | _small_runs(turns)
    found |= _sizes((2_000, 100_000) if quick else (2_000, 100_000, 1_000_000), turns)
    if has_twin():
        found |= _against_mesa(1 if quick else 3, 2 if quick else 6)
    found |= _against_c(turns)
    return {name: found[name] for name in FIGURES if name in found}


def machine() -> dict[str, Any]:
    """What it was measured on."""
    from importlib import metadata

    versions = {package: metadata.version(package) for package in ("lintas", "numba", "numpy", "mesa")}
    return {"python": platform.python_version(), "platform": platform.platform(), "cores": os.cpu_count(), **versions}


def main(arguments: list[str]) -> int:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="lintas bench", description="Measure how fast the model runs on this machine.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="a short measurement, without the million households")
    # used by the measurement itself, in a fresh process
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    said = parser.parse_args(arguments)
    if said.memory:
        print(json.dumps(_measure_memory(said.memory)))
        return 0
    found, steps = measure(said.quick), profile(2000, 12 if said.quick else 60)
    if said.json:
        units = {k: FIGURES[k][1] for k in found}
        by_step = [{"step": title, "ns_per_household_month": seconds / 2000 * 1e9} for title, seconds in steps]
        print(json.dumps({"machine": machine(), "quick": said.quick, "figures": found, "units": units, "steps": by_step}, indent=2))
        return 0
    from rich.console import Console
    from rich.table import Table

    whole = sum(seconds for _, seconds in steps)
    by_step = Table(title="Where a month goes (2,000 households, rules one by one, CPU)")
    for heading in ("Step", "ns a household", "%"):
        by_step.add_column(heading, justify="left" if heading == "Step" else "right")
    for title, seconds in steps:
        by_step.add_row(title, f"{seconds / 2000 * 1e9:.1f}", f"{100 * seconds / whole:.1f}")
    table = Table(title="How fast the model runs here", caption=", ".join(f"{k} {v}" for k, v in machine().items()))
    table.add_column("What")
    table.add_column("Value", justify="right")
    table.add_column("Unit")
    for name, value in found.items():
        label, unit = FIGURES[name]
        table.add_row(label, f"{value:,.0f}" if value >= 100 else f"{value:.3g}", "" if unit == "1" else unit)
    console = Console()
    console.print(table)
    console.print(by_step)
    if not has_twin():
        console.print(NO_TWIN)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
