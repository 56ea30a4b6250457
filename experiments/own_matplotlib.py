"""How is matplotlib loaded so that figures are the same everywhere, whatever its user set for other programs?

A file ``matplotlibrc`` in the current folder, the user's own, or a variable of the environment could change a figure, start another
program (``text.usetex``), or end a run that had done its work.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

#: Width of a figure, inches.
WIDTH = 5.8
HERE = Path(__file__).resolve().parent


@contextlib.contextmanager
def in_our_folder() -> Iterator[None]:
    """Work in the folder of the program for a moment, so that no file of the current folder is found; that one may have been removed."""
    try:
        before = os.getcwd()
    except FileNotFoundError:
        before = None
    os.chdir(HERE)
    try:
        yield
    finally:
        if before is not None:
            with contextlib.suppress(OSError):
                os.chdir(before)


def cache_folder(name: str) -> Path:
    """A folder of ours for what a library wants to keep, made where it is not there (and where it can be)."""
    import platformdirs

    place = Path(os.environ.get("LINTAS_CACHE") or platformdirs.user_cache_dir("lintas", appauthor=False)) / name
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    return place


@cache
def matplotlib() -> Any:
    """The library with its own defaults, drawing into memory."""
    os.environ.pop("MATPLOTLIBRC", None)
    os.environ["MPLBACKEND"] = "Agg"
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder("matplotlib")))
    with in_our_folder():
        import matplotlib as library
    library.rcdefaults()  # also over the user's own file
    library.use("Agg")
    return library


def svg(canvas: Any) -> bytes:
    """A figure of matplotlib as SVG with no trace of when or where it was drawn."""
    with matplotlib().rc_context({"svg.hashsalt": "lintas", "svg.fonttype": "path"}):
        out = io.BytesIO()
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, facecolor="#ffffff")
    return out.getvalue()
