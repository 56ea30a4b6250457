"""May the Python file of a study be run? The user is asked once on this machine, and the answer is kept outside the study folder.

A study may name a file with a function of the finished model, its ``measure``. A study folder or a study file that came from elsewhere
would run all code in that file, with the rights of the user who starts it. So a command that would run it asks first and shows the file;
without a terminal, ``--trust`` agrees. The answer holds for this file with these contents, not for another one of the same name.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from pathlib import Path

import platformdirs

from abm.errors import UserError, shorten
from abm.reading import check as check_type
from abm.reading import parse_json, read_bytes, read_text
from experiments.words.languages import Translate

#: Measures that this process may run without an answer: those of studies that Python code passed.
_HERE: set[tuple[str, str]] = set()


class TrustError(UserError):
    """A study that would run a Python file nobody has agreed to."""


def answers() -> Path:
    """The file in which the answers are kept, in the user's own data folder."""
    return Path(platformdirs.user_data_dir("lintas", appauthor=False)) / "trusted.json"


def _key(measure: str) -> tuple[str, str]:
    """The measure with its path in full, and the hash of its file's contents; TrustError for a file that cannot be read."""
    file, _, function = measure.rpartition(":")
    path = Path(file).absolute()
    return f"{path}:{function}", hashlib.sha256(read_bytes(path, "the file of measure", error=TrustError)).hexdigest()


def _remembered() -> dict[str, str]:
    try:
        return check_type(dict[str, str], parse_json(read_text(answers(), "the answers"), "the answers"), "the answers")
    except UserError:  # missing or damaged: ask again
        return {}


def is_trusted(measure: str) -> bool:
    """Whether the user of this machine has agreed to run this file as it is now."""
    name, content = _key(measure)
    return (name, content) in _HERE or _remembered().get(name) == content


def remember(measure: str, *, for_good: bool) -> None:
    """Agree to run a measure's file as it is now: in this process, and with ``for_good`` also in later ones."""
    from experiments.files import write_json

    name, content = _key(measure)
    _HERE.add((name, content))
    if for_good:
        file = answers()
        with contextlib.suppress(UserError, OSError):  # the user's folder cannot be written: the question is asked again next time
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_json(file, _remembered() | {name: content})


def check(measure: str | None, trust: bool = False) -> None:
    """TrustError for a measure that nobody has agreed to run; ``trust`` agrees to it in this process."""
    if measure is None:
        return
    if trust:
        remember(measure, for_good=False)
    elif not is_trusted(measure):
        file, function, first = _shown(measure)
        raise TrustError(
            f"this study runs the function {function} of the Python file '{file}', which begins with: {first}; read it, then agree with --trust "
            f"(from Python with trust=True)"
        )


def ask(_: Translate, measure: str | None, trust: bool) -> None:
    """Before a command runs a measure: agree with ``trust``, or by an answer on the terminal; TrustError where there is neither."""
    if measure is None:
        return
    if trust:
        remember(measure, for_good=True)
    if is_trusted(measure):
        return
    if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
        check(measure)
        return
    file, function, first = _shown(measure)
    said = _("This study runs the function {function} of the Python file '{file}', which begins with: {first}. Run it? [y/N]")
    print(said.format(function=function, file=file, first=first), end=" ", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "ya"):
        raise TrustError("the study was not run, since its Python file was not agreed to; plan it without measure, or agree with --trust")
    remember(measure, for_good=True)


def _shown(measure: str) -> tuple[str, str, str]:
    """The file in full, the function, and the file's first line that is not empty, to recognise it by."""
    file, _, function = measure.rpartition(":")
    path = Path(file).absolute()
    text = read_bytes(path, "the file of measure", error=TrustError).decode("utf-8", "replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    return shorten(path, 160), shorten(function), shorten(first)
