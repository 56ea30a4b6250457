"""How does lintas start a Python process of its own, so that nothing in the current folder is taken for one of its modules?

Python puts the current folder before everything else when it is started with ``-m`` or ``-c``: a file ``json.py`` or ``experiments.py``
there, by chance or put there by somebody, would be run. ``-P`` and ``PYTHONSAFEPATH`` leave that folder out, in a child's children too.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: What is set for every child, and for what it starts.
SAFE = {"PYTHONSAFEPATH": "1"}


def python(module: str, function: str, *arguments: str) -> list[str]:
    """The command that calls a function of one of our modules, with strings as its arguments, in a separate process."""
    code = (
        "import sys; root, module, name, *rest = sys.argv[1:]; "
        "sys.path.append(root); "  # last: needed only where lintas is run from its sources without being installed
        "from importlib import import_module; getattr(import_module(module), name)(*rest)"
    )
    root = str(Path(__file__).resolve().parents[2])
    return [sys.executable, "-P", "-c", code, root, module, function, *arguments]


def environment() -> dict[str, str]:
    """The environment of such a process."""
    return {**os.environ, **SAFE}
