"""A second process that draws the report, and gets ready for it while the months run.

Importing the drawing library and drawing take as long as the run itself; on a machine with a second core they need not
be waited for. The page is the same, byte for byte, as one drawn here: where no second process can be had, it is.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

    from abm.region import Region
    from experiments.run import Drawn


class Tables(NamedTuple):
    """The tables that a report is made from."""

    yearly: pd.DataFrame
    places: pd.DataFrame


class Draughtsman:
    """Draws one report in a process of its own; use it in a ``with``, which ends the process in every case."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if (os.cpu_count() or 1) > 1:
            with suppress(OSError):
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "experiments.draughtsman"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for the run, which then ends this one
                )

    def __enter__(self) -> Draughtsman:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process = self._process
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def begin(self, results: Drawn, manifest: Mapping[str, Any], region: Region, language: str) -> None:
        """Hand over the tables; the drawing starts."""
        self._work = (results, manifest, region, language)
        if self._process is None or self._process.stdin is None:
            return
        try:
            pickle.dump((Tables(results.yearly, results.places), dict(manifest), region, language), self._process.stdin, protocol=5)
            self._process.stdin.close()
        except (OSError, pickle.PicklingError):
            self._process.kill()

    def page(self) -> str:
        """The finished page."""
        results, manifest, region, language = self._work
        if self._process is not None and self._process.stdout is not None:
            drawn = self._process.stdout.read()
            if self._process.wait() == 0 and drawn:
                return drawn.decode("utf-8")
        from experiments.report import report

        return report(results, manifest, region=region, language=language)


def main() -> None:
    """Get ready, wait for the tables, draw, hand the page back."""
    gc.disable()  # short-lived: what it makes need not be collected
    import jinja2  # noqa: F401
    import pandas  # noqa: F401

    import abm.declarations  # noqa: F401
    import experiments.figures  # noqa: F401
    from experiments.report import report

    try:
        tables, manifest, region, language = pickle.load(sys.stdin.buffer)
    except EOFError:  # the run ended without a report
        return
    page = report(tables, manifest, region=region, language=language)
    sys.stdout.buffer.write(page.encode("utf-8"))
    sys.stdout.buffer.flush()
    os._exit(0)  # taking down the libraries would keep the run waiting


if __name__ == "__main__":
    # by its own name, so that what is pickled here and there is one class
    from experiments.draughtsman import main as draw

    draw()
