"""A class name means one thing: no two classes of the packages have the same name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Names that several classes have by convention: each rule file declares its parameters in a class of this name.
BY_CONVENTION = {"Parameters"}


def classes() -> dict[str, list[str]]:
    """The files in which each class name is defined, nested classes and private names included."""
    found: dict[str, list[str]] = defaultdict(list)
    for package in ("agents", "abm", "calibration", "experiments"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(path.relative_to(ROOT).as_posix())
    return found


def test_no_class_name_has_two_meanings() -> None:
    found = classes()
    assert len(found) > 100 and len(found["Parameters"]) > 5, "the packages were read"
    twice = {name: files for name, files in found.items() if len(files) > 1 and name not in BY_CONVENTION}
    assert twice == {}
