"""Which function of the user's own measures a run? ``file.py:function``, looked up without running the file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import abm.declarations  # noqa: F401  (fills the registries)
from abm.errors import shorten
from abm.reading import is_ordinary, read_bytes
from agents.core.declare import near
from experiments.studies.study import StudyError


def measure_of(text: str | None, folder: Path) -> str | None:
    """``file.py:function``, a function of the finished model that returns further numbers of a run. The file is read, not run. StudyError where there is none."""
    if text is None:
        return None
    file, _, function = text.rpartition(":")
    if not file or not function.isidentifier():
        raise StudyError(
            f"measure = '{shorten(text)}': write FILE.py:FUNCTION, a function that takes the finished model and returns numbers"
        )
    path = folder / file
    if not is_ordinary(path):
        raise StudyError(f"measure: there is no file '{shorten(path)}'")
    names = names_in(path)
    if names is not None and function not in names:
        raise StudyError(
            f"measure: '{shorten(path)}' has no function '{shorten(function)}'; {near(shorten(function), names) if names else 'it defines none'}"
        )
    return f"{path}:{function}"


def names_in(path: Path) -> list[str] | None:
    """The names that a Python file defines at its top level, without running it; None where they cannot be determined."""
    raw = read_bytes(path, "the file of measure", error=StudyError)
    try:
        tree = ast.parse(raw)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise StudyError(f"measure: '{shorten(path)}' is no Python{line}: {shorten(error.msg)}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise StudyError(f"measure: '{shorten(path)}' is no Python: {shorten(error)}") from None
    try:
        names = list(dict.fromkeys(_bound(tree.body)))
    except RecursionError:
        return None
    return None if "*" in names or "__getattr__" in names else names


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (a.asname or a.name.split(".")[0] for a in node.names)
            continue
        is_block = isinstance(getattr(node, "body", None), list)  # only what a block assigns itself, such as a loop's variable
        heads = [getattr(node, "target", None), *(i.optional_vars for i in getattr(node, "items", []))] if is_block else [node]
        for head in filter(None, heads):
            yield from (n.id for n in ast.walk(head) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        for part in ("body", "orelse", "finalbody"):  # inside if, try, with and loops
            yield from _bound(getattr(node, part, []))
        for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _bound(part.body)
