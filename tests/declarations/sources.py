"""What the sources of the model say, read without running them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from agents.core.compiled import plain

ROOT = Path(__file__).resolve().parents[2]


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of agents and abm, by its dotted name."""
    made = {}
    for package in ("agents", "abm"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            made[name] = ast.parse(path.read_text("utf-8"))
    return made


def function_tree(function: Callable[..., Any]) -> ast.FunctionDef:
    """The definition of a plain or compiled function."""
    source = textwrap.dedent(inspect.getsource(plain(function)))
    return next(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef))


def names_read(tree: ast.AST) -> set[str]:
    """Names whose value is used, in whole or by an element."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def names_stored_into(tree: ast.AST) -> set[str]:
    """Names of arrays to which an element is assigned."""
    found: set[str] = set()
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        for target in targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and isinstance(part.ctx, ast.Store):
                    found.add(part.value.id)
    return found


@cache
def attributes_read(tree: ast.AST) -> set[str]:
    """Names of attributes that are read."""
    return {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)}


def functions_called(tree: ast.AST) -> set[str]:
    """Names of functions that are called."""
    return {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


@cache
def texts(tree: ast.AST) -> set[str]:
    """All text constants, such as the names of columns that are looked up."""
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
