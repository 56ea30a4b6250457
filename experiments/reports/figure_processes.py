"""Processes that draw the figures of the report, and get ready for it while the months run.

Importing the drawing library and drawing take as long as the run itself; on a machine with a second core they need not
be waited for. The page is the same, byte for byte, as one drawn here: where no other process can be had, it is.
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
    """Draw the figures of one report in two processes of their own; use them in a ``with``, which ends them in every case."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self.start_another()

    def start_another(self) -> None:
        """Start one more, which gets ready at once. The second is best started when the run no longer loads libraries itself."""
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
        """Hand over the tables, so that the drawing starts; the function that is returned gives the finished page."""
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
        """What was drawn, in reading order; drawn here where a process failed."""
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
    """Get ready, wait for the tables, draw, hand the figures back."""
    gc.disable()  # short-lived: what it makes need not be collected
    import pandas  # noqa: F401

    import abm.results  # noqa: F401
    from experiments.reports.figures import pictures

    try:
        tables, region, language, which = pickle.load(sys.stdin.buffer)
    except EOFError:  # the run ended without a report
        return
    pickle.dump(pictures(tables, region, language, which), sys.stdout.buffer, protocol=5)
    sys.stdout.buffer.flush()
    os._exit(0)  # taking down the libraries would keep the run waiting
