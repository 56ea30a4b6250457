"""How are the figures of a run's report drawn while the run goes on? In separate processes, which load their libraries meanwhile.

Importing the drawing library and drawing take as long as the run itself; with a second core the user does not wait
for them. The page is the same, byte for byte, as one drawn in this process, which happens where no other process can be started.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.execution.children import environment, python

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

    from abm.region import Region
    from experiments.reports.figure_sheet import Picture
    from experiments.runs.run import Drawn


class Tables(NamedTuple):
    """The tables that a report is made from."""

    yearly: pd.DataFrame
    places: pd.DataFrame


class FigureProcesses:
    """Draw the figures of one report in two separate processes; use it in a ``with`` statement, which ends them in every case."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start_another()

    def start_another(self) -> None:
        """Start one more, which loads its libraries at once. Start the second when the run itself no longer loads libraries."""
        if (os.cpu_count() or 1) > 1:
            with suppress(OSError):
                self._processes.append(
                    subprocess.Popen(
                        python("experiments.reports.figure_processes", "main"),
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        env=environment(),
                        start_new_session=True,  # Ctrl-C is for the run, which then ends this one
                    )
                )

    def __enter__(self) -> FigureProcesses:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def begin(self, results: Drawn, manifest: Mapping[str, Any], region: Region | None, language: str) -> Callable[[], str]:
        """Send the tables to the processes, which start to draw; the returned function gives the finished page."""
        from abm.region import Region
        from experiments.reports.figures import FIGURES
        from experiments.reports.report import region_name

        region = region or Region.load(region_name(manifest))
        self._work = (results, manifest, region, language)
        n = len(self._processes)
        for k, process in enumerate(self._processes):
            assert process.stdin is not None
            try:
                pickle.dump((Tables(results.yearly, results.places), region, language, FIGURES[k::n]), process.stdin, protocol=5)
                process.stdin.close()
            except (OSError, pickle.PicklingError):
                process.kill()
        return self._page

    def _page(self) -> str:
        """The finished page."""
        from experiments.reports.report import report

        results, manifest, region, language = self._work
        return report(results, manifest, region=region, language=language, drawn=self._figures)

    def _figures(self) -> list[Picture]:
        """The figures in reading order; drawn in this process where another one failed."""
        from experiments.reports.figures import FIGURES, pictures

        done: list[Picture] = []
        for process in self._processes:
            assert process.stdout is not None
            brought = process.stdout.read()
            if process.wait() == 0 and brought:
                done += pickle.loads(brought)
        found = {picture.key: picture for picture in done}
        results, _, region, language = self._work
        if set(found) != set(FIGURES):
            return pictures(results, region, language)
        return [found[name] for name in FIGURES]


def main() -> None:
    """Load libraries, wait for the tables, draw, send the figures back."""
    gc.disable()  # the process is short-lived, so garbage collection is not needed
    import pandas  # noqa: F401

    import abm.results  # noqa: F401
    from experiments.reports.figures import pictures

    try:
        tables, region, language, which = pickle.load(sys.stdin.buffer)
    except EOFError:  # the run ended without a report
        return
    pickle.dump(pictures(tables, region, language, which), sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()
    os._exit(0)  # skip the cleanup of libraries, for which the run would wait
