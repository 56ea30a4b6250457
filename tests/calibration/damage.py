"""Damage to files of a fit, and what a reader or a command may say of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import calibration
from abm.errors import UserError
from experiments.cli.main import main

REGION = "west-kalimantan-sarawak"
SHIPPED = Path(calibration.__file__).parent / "posteriors" / REGION
GONE = object()
#: What each value is replaced by in turn.
WRONG: list[Any] = [None, 3, -1, float("inf"), float("nan"), "x", [], {}, [3], [[]], True, "y" * 100_000, 10**400, GONE]


def paths(said: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of every value; of a list the first entry is used for all."""
    if before:
        yield before
    if isinstance(said, dict):
        for key, value in said.items():
            yield from paths(value, (*before, key))
    elif isinstance(said, list) and said:
        yield from paths(said[0], (*before, 0))


def damaged(said: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The same with one value replaced or taken out."""
    found = copy.deepcopy(said)
    at = found
    for key in path[:-1]:
        at = at[key]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


def sentence(capsys: pytest.CaptureFixture[str], *arguments: str) -> int:
    """Run a command; whatever it says is no traceback, and a refusal is one short sentence."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert code in (0, 1, 2, 3), (code, arguments)
    assert "Traceback" not in out + err
    if code == 2:
        lines = [line for line in err.splitlines() if line.startswith("lintas: ")]
        assert len(lines) == 1 and len(lines[0]) < 900, err[:2000]
        assert "y" * 81 not in err
    return code


def refusal(read: Callable[[], Any]) -> str:
    """What a reader says of a file: a refusal in one short sentence, or nothing where it takes it."""
    try:
        read()
    except UserError as error:
        said = str(error)
        assert "\n" not in said and len(said) < 900 and "y" * 81 not in said, said[:2000]
        return said
    return ""


class WorkBegins(UserError):
    """Called in place of the work: nothing was refused."""
