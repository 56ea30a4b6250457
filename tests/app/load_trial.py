"""What does a class do to the page's server? Many pages that drag a slider and run, then many that open and close.

Run as a command it prints memory, waiting times, and whether a page ever saw another page's run::

    uv run --group dev python -m tests.app.load_trial                                  # 20 pages for 120 s, then 200 open and close
    uv run --group dev python -m tests.app.load_trial --pages 4 --seconds 10 --cycles 8

The pages are clients of the same protocol that a browser speaks (:mod:`tests.app.client`), each with a seed of its own. The suite
runs the short form (:mod:`tests.app.test_load`) and asserts no time.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from websockets.exceptions import InvalidStatus

from tests.app.client import Client, Server, ask, handshake, serving

#: Moves of a slider in one drag.
MOVES = 5
HOUSEHOLDS = "Simulated households, both sides together"


@dataclass
class Found:
    """What a trial found; times in seconds, memory in MB."""

    #: From a move of the slider to the page that shows its value.
    moves: list[float] = field(default_factory=list)
    #: From the last move of a drag to the words of its run.
    runs: list[float] = field(default_factory=list)
    #: Runs of each page.
    shares: list[int] = field(default_factory=list)
    foreign_seeds: int = 0
    errors: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    peak: float = 0.0
    #: Processors that the server got while the pages dragged; 1 is one whole processor.
    processors: float = 0.0
    refused_beyond: bool = False
    refused_origin: bool = False
    left_open: int = -1
    opened: int = 0

    def lines(self) -> list[str]:
        def times(name: str, seconds: list[float]) -> str:
            if len(seconds) < 2:
                return f"{name}: {len(seconds)} measured"
            cuts = statistics.quantiles(seconds, n=20)
            return f"{name}: {len(seconds)}, median {statistics.median(seconds):.2f} s, 95 % within {cuts[-1]:.2f} s, longest {max(seconds):.2f} s"

        return [
            times("slider moves", self.moves), times("runs", self.runs), f"runs of each page: {min(self.shares)} to {max(self.shares)}; the server had {self.processors:.2f} processors",
            f"pages that showed another page's run: {self.foreign_seeds}; errors: {len(self.errors)} {self.errors[:3]}",
            "memory: " + ", ".join(f"{name} {value:.0f} MB" for name, value in self.memory.items()) + f"; highest {self.peak:.0f} MB",
            f"a page beyond the limit refused: {self.refused_beyond}; a foreign origin refused: {self.refused_origin}",
            f"pages opened and closed one after another: {self.opened}; still open at the end: {self.left_open}",
        ]  # fmt: skip


def drag(server: Server, seed: int, seconds: float, ready: threading.Barrier, found: Found) -> None:
    """One page: drag the slider, wait for its run, and again; see that every run shown is its own."""
    mine = f"seed {seed}"
    with Client(server.port) as page:
        page.open()
        page.seed(str(seed))
        slider = page.slider(HOUSEHOLDS)
        ready.wait(300)
        end, value, runs = time.monotonic() + seconds, 300, 0
        while time.monotonic() < end or runs == 0:
            for _ in range(MOVES):  # each asks for a run; the run of the one before is given up
                value = 300 + (value - 300 + 100) % 700
                start = time.monotonic()
                page.set(slider, value)
                page.until(lambda value=value: f"{HOUSEHOLDS}: <b>{value}</b>" in page.text(), 300)
                found.moves.append(time.monotonic() - start)
                # the page opens with the history of seed 7
                found.foreign_seeds += len(set(re.findall(r"seed (\d+)", page.shown())) - {str(seed), "7"})
            # what is shown at the end of a drag is this page's own run
            page.until(lambda value=value: f" {value:,} households" in page.shown() and mine in page.shown(), 300)
            found.runs.append(time.monotonic() - start)
            runs += 1
        found.shares.append(runs)


def trial(folder: Path, pages: int = 20, seconds: float = 120, cycles: int = 200) -> Found:
    """Start a server with as many places as pages, do all of it, and stop it."""
    found = Found()
    with serving(folder, "--max-sessions", str(pages)) as server:
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.5):
                found.peak = max(found.peak, server.memory())

        threading.Thread(target=watch, daemon=True).start()
        found.memory["at start"] = server.memory()
        with Client(server.port) as page:
            page.open()
            page.set(page.slider(HOUSEHOLDS), 300)
            page.until(lambda: " 300 households" in page.shown() and "<img" in page.text(), 300)
        time.sleep(4)
        found.memory["after one page"] = server.memory()
        ready = threading.Barrier(pages + 1)

        def one(seed: int) -> None:
            try:
                drag(server, seed, seconds, ready, found)
            except Exception as error:  # kept for the report: a thread must not take its error with it
                found.errors.append(f"{type(error).__name__}: {error}"[:200])
                ready.abort()

        threads = [threading.Thread(target=one, args=(1000 + number,), daemon=True) for number in range(pages)]
        for thread in threads:
            thread.start()
        try:
            ready.wait(300)
            found.refused_beyond = ask(server.port, "/").status == 503
            cookie = "solara-session-id=00000000-0000-4000-8000-000000000000"
            found.refused_origin = handshake(server.port, {"Origin": "http://evil.example", "Cookie": cookie}) == 403
            before = server.processor_seconds()
            time.sleep(seconds * 0.9)
            found.processors = (server.processor_seconds() - before) / (seconds * 0.9)
            found.memory[f"with {pages} pages"] = server.memory()
        except threading.BrokenBarrierError:
            found.errors.append("not every page could be opened")
        for thread in threads:
            thread.join(600)
        wait_until_closed(server)
        time.sleep(4)
        found.memory["after they closed"] = server.memory()
        for _number in range(cycles):
            try:
                with Client(server.port) as page:
                    page.open()
                found.opened += 1
            except (InvalidStatus, AssertionError) as error:
                found.errors.append(f"{type(error).__name__}: {error}"[:200])
        found.left_open = wait_until_closed(server)
        time.sleep(4)
        found.memory[f"after {cycles} open and close"] = server.memory()
        done.set()
    return found


def wait_until_closed(server: Server) -> int:
    """Wait for pages to be closed that are being closed; how many stay open."""
    import gc

    gc.collect()
    left = -1
    for _ in range(60):
        left = json.loads(ask(server.port, "/lintas/state").text)["open"]
        if left == 0:
            break
        time.sleep(0.5)
    return left


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--cycles", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(trial(Path(folder), given.pages, given.seconds, given.cycles).lines()))


if __name__ == "__main__":
    main()
