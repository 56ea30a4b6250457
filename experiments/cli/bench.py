"""How fast the model runs on this machine: ``lintas bench``.

Everything that is compared is measured in turns (one of each, then again), and the median is given: on a machine that
does something else as well, single figures move by tens of per cent, ratios of turns far less. Processor time is given
where it says CPU; it does not count waiting.

The comparison with plain Mesa agents calls the very functions that the compiled loops call (which illness, which
clinic, which job, how much is spent) from registered ``mesa.Agent`` objects, with the same draws, in one Python process.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
#: What the JSON holds, with its unit, in the order of the table.
FIGURES: dict[str, tuple[str, str]] = {
    "default_run_seconds": ("Default run: 2,000 households, 432 months, with construction", "s"),
    "default_run_cpu_seconds": ("The same, CPU", "s"),
    "construction_cpu_seconds": ("Construction alone, CPU", "s"),
    "cold_compile_cpu_seconds": ("First run ever, everything compiled, CPU", "s"),
    "warm_start_cpu_seconds": ("Import and default run in a fresh process, CPU", "s"),
    "ns_per_household_month_2000": ("A household's month, 2,000 households, CPU", "ns"),
    "ns_per_household_month_100000": ("A household's month, 100,000 households, CPU", "ns"),
    "ns_per_household_month_1000000": ("A household's month, 1,000,000 households, CPU", "ns"),
    "million_over_hundred_thousand": ("The last over the one before", "1"),
    "bytes_per_household": ("Memory of a household: columns, ties, record", "bytes"),
    "rss_per_household": ("The same as the process grew", "bytes"),
    "plain_mesa_ns_per_household_month": ("A household's month as a plain Mesa agent, CPU", "ns"),
    "plain_mesa_over_compiled": ("That over the compiled model", "1"),
    "two_threads_speed": ("Two threads over one, wall clock", "1"),
    "steps_over_run": ("Month by month over one call, CPU", "1"),
}


def _model(households: int, end: str = "2015-12", **settings: Any) -> Any:
    from abm import BorderModel, Scenario

    return BorderModel(Scenario.load("history", end=end), households=households, **settings)


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
    code = "from abm import BorderModel; BorderModel(households=2000).run()"
    with tempfile.TemporaryDirectory() as folder:
        environment = {"LINTAS_CACHE": folder, "LINTAS_PLAIN": ""}
        cold, _ = _in_fresh_process(["-c", code], environment)
        warm = [_in_fresh_process(["-c", code], environment)[0] for _ in range(turns)]
    return {"cold_compile_cpu_seconds": cold, "warm_start_cpu_seconds": statistics.median(warm)}


def _months(model: Any, n: int) -> list[float]:
    """CPU seconds of each of ``n`` months."""
    return [_cpu(model.step) for _ in range(n)]


def _sizes(sizes: tuple[int, ...], turns: int) -> dict[str, float]:
    """CPU of a household's month at several sizes, in turns; the first month, which finds its memory, does not count."""
    models = {n: _model(n) for n in sizes}
    for model in models.values():
        model.step()
    seen: dict[int, list[float]] = {n: [] for n in sizes}
    for _ in range(turns):
        for n, model in models.items():
            seen[n] += _months(model, 24 if n <= 10_000 else 2)
    found = {f"ns_per_household_month_{n}": statistics.median(values) / n * 1e9 for n, values in seen.items()}
    if 1_000_000 in sizes:
        found["million_over_hundred_thousand"] = found["ns_per_household_month_1000000"] / found["ns_per_household_month_100000"]
    return found | {"two_threads_speed": _threads(models[max(sizes)], turns)}


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
    before = _resident()
    model = _model(households, "1980-03").run()
    gc.collect()
    grown = _resident() - before
    frames = sum(len(frame) * frame.bytes_per_agent() for frame in model.frames.values())
    held = [*model.kin.columns.values(), *(v for v in vars(model.kin).values() if hasattr(v, "nbytes"))]
    ties = sum(array.nbytes for array in held)
    record = sum(array.nbytes for array in model.record.__dict__.values())
    return {"bytes_per_household": (frames + ties + record) / households, "rss_per_household": grown / households}


def _resident() -> int:
    """Bytes of this process in memory now (Linux), or at most so far (elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return pages * os.sysconf("SC_PAGE_SIZE")


def _against_mesa(turns: int, months: int, households: int = 2000) -> dict[str, float]:
    model = _model(households)
    model.step()
    ours, theirs = [], []
    for _ in range(turns):
        ours.append(statistics.median(_months(model, 36)))
        arguments = ["-m", "experiments.cli.bench", "--plain-mesa", str(households), "--months", str(months)]
        theirs.append(float(_in_fresh_process(arguments, {"LINTAS_PLAIN": "1"})[1].splitlines()[-1]))
    return {
        "plain_mesa_ns_per_household_month": statistics.median(theirs) / households * 1e9,
        "plain_mesa_over_compiled": statistics.median(b / a for a, b in zip(ours, theirs, strict=True)),
    }


def _measure_plain_mesa(households: int, months: int) -> float:
    """CPU seconds of a month of plain Mesa agents (the households' decisions only: no trade, prices, officials or record)."""
    import mesa

    from agents.core.draws import uniform
    from agents.household import choose_work as work
    from agents.household import earn, fall_ill, get_work, keep_ties, receive_care, seek_care

    border = _model(households)
    from abm.month import MONTH

    for step in MONTH[:5]:  # what every community meets in January 1980
        step.function(border) if step.function else border.run_rule(step.rule)
    place = {name: column.tolist() for name, column in border.world.place.items()}
    p = {m: border.settings.of(m.Parameters) for m in (fall_ill, seek_care, receive_care, work, earn, keep_ties)}
    memory = border.settings.of(keep_ties.Memory)
    seed, gap = border.seed_of_run, float(border.kin.columns["income_gap"][0])
    frame = border.frames["household"]
    demand = [[0.0] * 4 for _ in range(border.world.n_places)]

    class PlainHousehold(mesa.Agent):
        """A household as Mesa's own agents are written: attributes and methods."""

        uid: int
        place: int
        weight: float
        n_adults: int
        n_children: int
        schooling: float
        land: float
        ability: float
        savings: float
        activity: list[int]
        income_mean: float
        support_across: float
        heard_across: float
        heard_work: float
        opinion_home: float
        opinion_across: float
        works_home: int
        works_across: int
        trips_across: float

        def __init__(self, model: mesa.Model, row: int) -> None:
            super().__init__(model)
            for name in frame.fields:
                value = frame[name][row]
                setattr(self, name, value.tolist())
            self.kin: list[list[Any]] = []  # [other, contact, strength, across]

        def ill(self) -> None:
            q = p[fall_ill]
            self.episodes = [0, 0, 0]
            for member in range(self.n_adults + self.n_children):
                u = uniform(seed, fall_ill.FALL_ILL, self.model.month, self.uid, member)
                s = fall_ill.severity(u, q.p_minor, q.p_disrupting, q.p_hospital)
                if s:
                    self.episodes[s - 1] += 1

        def seek(self) -> None:
            q, w = p[seek_care], self.place
            self.care_sought = [0, 0, 0, 0]
            income = max(self.income_mean, 1.0)
            episode = 0
            for s in (1, 2, 3):
                n = self.episodes[s - 1]
                if not n:
                    continue
                values = [-1.0e9] * 4
                for k in range(4):
                    if place["facility_care"][w][k] >= 0:
                        hours = place["hours_care"][w][k]
                        cost = place["fee_care"][w][k] + 2.0 * place["fare"][w] * hours
                        share = min(cost / (income if k % 2 == 0 else 12.0 * income), 0.9)
                        values[k] = seek_care.value_of_facility(
                            place["quality_care"][w][k], s, hours, share, k % 2 == 0, k >= 2, self.support_across, self.heard_across,
                            place["friction_care"][w][k], q)  # fmt: skip
                none = q.value_no_care - q.schooling_effect * (self.schooling - 6.0)
                for _ in range(n):
                    u = uniform(seed, seek_care.SEEK_CARE, self.model.month, self.uid, episode)
                    option = seek_care.choose_care(u, none, values[0], values[1], values[2], values[3], q.nest_scale)
                    episode += 1
                    if option >= 0:
                        self.care_sought[option] += 1
            for k in range(4):
                demand[w][k] += self.weight * self.care_sought[k]

        def receive(self) -> None:
            q, w = p[receive_care], self.place
            days = cost = 0.0
            self.care_visits = [0, 0, 0, 0]
            ill = [s for s in (3, 2, 1) for _ in range(self.episodes[s - 1])]
            slot = 0
            for k in (1, 3, 0, 2):
                for _ in range(self.care_sought[k]):
                    u = uniform(seed, receive_care.RECEIVE_CARE, self.model.month, self.uid, slot)
                    hours = place["hours_care"][w][k]
                    if receive_care.is_served(u, place["served_share"][w][k]):
                        self.care_visits[k] += 1
                        cost += place["fee_care"][w][k] + 2.0 * place["fare"][w] * hours
                        days += receive_care.days_lost_to(ill[slot], place["quality_care"][w][k], hours, q)
                    else:
                        days += receive_care.days_lost_to(ill[slot], 0.0, hours, q)
                    slot += 1
            for s in ill[slot:]:
                days += receive_care.days_lost_to(s, 0.0, 0.0, q)
            self.days_lost, self.care_cost = days, cost

        def wish(self) -> None:
            q, w, month = p[work], self.place, self.model.month
            self.work_sought = [-1] * self.n_adults
            thinking = [a for a in range(self.n_adults) if work.think_again(uniform(seed, work.THINK_AGAIN, month, self.uid, a), q)]
            if not thinking:
                return
            n_farm = self.activity.count(0)
            hands = max(float(n_farm), 0.5)
            farm_income = earn.farm_output(place["technique"][w], self.ability, self.land, hands, q.labour_share)
            farm_income *= place["yields"][w][0] * place["farm_gate"][w][0] + place["yields"][w][1] * place["farm_gate"][w][1]
            farm = work.added_by_one_more(farm_income, hands, q.labour_share) if n_farm else farm_income
            pay = self.ability * math.exp(place["schooling_return"][w] * (self.schooling - 6.0))
            values = [work.value_of_work(farm, farm, 0.0, q.scale), -1.0e9, -1.0e9, -1.0e9]
            pull = q.kin_word * self.heard_work
            away = q.away * (1.0 - q.kin_relief * self.support_across)
            for k, burden in ((1, q.hour_daily * place["hours_work"][w][1]), (2, q.hour_daily * place["hours_work"][w][2] - pull),
                              (3, away + q.hour_away * place["hours_work"][w][3] - pull)):  # fmt: skip
                if place["may_work"][w][k] > 0.0:
                    gross = place["wage"][w][k] * (pay if k == 1 else 1.0)
                    net = gross * place["job_chance"][w][k] * (1.0 - (q.living_cost if k == 3 else 0.0))
                    values[k] = work.value_of_work(net, gross, burden, q.scale)
            for a in thinking:
                wanted = work.choose_work(uniform(seed, work.CHOOSE_WORK, month, self.uid, a), *values)
                if wanted != self.activity[a]:
                    self.work_sought[a] = wanted

        def get(self) -> None:
            w, month = self.place, self.model.month
            for a in range(self.n_adults):
                now, wanted = self.activity[a], self.work_sought[a]
                if now <= 0 and wanted < 0:
                    continue
                u1, u2, u3 = (uniform(seed, s, month, self.uid, a) for s in (get_work.DISMISSED, get_work.FOUND, get_work.SENT_HOME))
                offer, caught = place["job_chance"][w][max(wanted, 0)], place["caught_away"][w]
                outcome = get_work.next_activity(now, wanted, u1, u2, u3, 0.98, offer, caught)
                self.activity[a] = outcome % 10

        def book(self) -> None:
            q, w = p[earn], self.place
            counts = [self.activity.count(k) for k in range(4)]
            at_work = 1.0 - min(self.days_lost / (q.days_worked * self.n_adults), 1.0)
            pay = self.ability * math.exp(place["schooling_return"][w] * (self.schooling - 6.0))
            units = earn.farm_output(place["technique"][w], self.ability, self.land, counts[0] * at_work, p[work].labour_share)
            rice, rubber = (units * place["yields"][w][c] * place["harvest"][w][c] for c in (0, 1))
            value = rice * place["farm_gate"][w][0] + rubber * place["farm_gate"][w][1]
            eaten = min(rice, q.own_rice * (self.n_adults + self.n_children)) * place["farm_gate"][w][0]
            total = value * (1.0 - q.inputs) + at_work * (
                counts[1] * place["wage"][w][1] * pay
                + counts[2] * place["wage"][w][2]
                + counts[3] * place["wage"][w][3] * (1.0 - p[work].living_cost)
            )
            cash = total - eaten - self.care_cost
            self.spending = earn.spend(max(self.income_mean - eaten, 0.0), cash, self.savings, q.spend_from_savings)
            self.income = total
            self.savings += cash - self.spending
            self.income_mean += q.memory * (max(total, 0.0) - self.income_mean)

        def remember(self) -> None:
            w, visits = self.place, self.care_visits
            if sum(visits):
                quality = place["quality_care"][w]
                home, across = (sum(visits[k] * quality[k] for k in pair) / sum(visits) for pair in ((0, 1), (2, 3)))
                self.opinion_home = keep_ties.remembered(self.opinion_home, home, memory.memory)
                self.opinion_across = keep_ties.remembered(self.opinion_across, across, memory.memory)
            self.works_home = int(1 in self.activity)
            self.works_across = int(2 in self.activity or 3 in self.activity)
            self.trips_across = visits[2] + visits[3] + self.activity.count(2) + self.activity.count(3)

        def tell(self) -> None:
            q = p[keep_ties]
            total = told = heard = working = 0.0
            for tie in self.kin:
                other, contact, strength, across = tie
                if across:
                    contact += q.trip_contact * min(self.trips_across + other.trips_across, 2.0)
                tie[2] = s = keep_ties.next_strength(strength, contact, gap if across else 0.0, q.gain, q.decay, q.inequality)
                told += s
                total += s if across else 0.0
                heard += s * (other.opinion_home if across else other.opinion_across)
                working += s * (other.works_home if across else other.works_across)
            self.support_across = keep_ties.support_from(total, q.enough)
            self.heard_across = heard / told if told else 0.0
            self.heard_work = working / told if told else 0.0

    class PlainModel(mesa.Model):
        """The households' month, phase by phase."""

        def __init__(self) -> None:
            super().__init__(rng=seed)
            self.month = 0
            made = [PlainHousehold(self, row) for row in range(len(frame))]
            c = border.kin.columns
            for row, one in enumerate(made):
                one.activity = one.activity[: one.n_adults]
                for e in range(c["first"][row], c["end"][row]):
                    one.kin.append([made[c["other"][e]], float(c["contact"][e]), float(c["strength"][e]), e >= c["first_across"][row]])

        def step(self) -> None:
            for phase in ("ill", "seek", "receive", "wish", "get", "book", "remember", "tell"):
                self.agents.do(phase)
            self.month += 1

    model = PlainModel()
    model.step()
    return statistics.median(_months(model, months))


def measure(quick: bool) -> dict[str, Any]:
    """All figures; ``quick`` leaves out the million households and takes fewer turns."""
    _model(2000).run()  # everything compiled and in memory
    turns = 2 if quick else 5
    found = _default_run(turns) | _starts(1 if quick else 3) | _memory(20_000 if quick else 100_000)
    found |= _sizes((2_000, 100_000) if quick else (2_000, 100_000, 1_000_000), turns)
    found |= _against_mesa(1 if quick else 3, 2 if quick else 6)
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
    # the next three are used by the measurement itself, in fresh processes
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--plain-mesa", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--months", type=int, default=3, help=argparse.SUPPRESS)
    said = parser.parse_args(arguments)
    if said.memory:
        print(json.dumps(_measure_memory(said.memory)))
        return 0
    if said.plain_mesa:
        print(_measure_plain_mesa(said.plain_mesa, said.months))
        return 0
    found = measure(said.quick)
    if said.json:
        print(
            json.dumps({"machine": machine(), "quick": said.quick, "figures": found, "units": {k: FIGURES[k][1] for k in found}}, indent=2)
        )
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(title="How fast the model runs here", caption=", ".join(f"{k} {v}" for k, v in machine().items()))
    table.add_column("What")
    table.add_column("Value", justify="right")
    table.add_column("Unit")
    for name, value in found.items():
        label, unit = FIGURES[name]
        table.add_row(label, f"{value:,.0f}" if value >= 100 else f"{value:.3g}", "" if unit == "1" else unit)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
