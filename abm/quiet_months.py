"""How are months run in one call? The loops of the month's list, one after the other, as one compiled function made from that list.

The source of the function is written beside the compiled code (a folder named after all sources), so it can be read, and is compiled once.
The loops are called at their addresses (:mod:`agents.core.addresses`), so that each is compiled once, for whoever calls it.

It runs the months from ``first`` up to but not including ``last``. In the first month the steps before ``from_step`` are left out: the run
has done them itself, as steps that are functions of the run (events, January) stand among them. The later months must be quiet: months in
which those functions would change nothing.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.month import MONTH, Step
from abm.writing import whole_file
from agents.core.addresses import address_of
from agents.core.compiled import COMPILED_FOLDER, entry, plain
from agents.core.declare import CALL_ARGUMENTS, Rule, argument_names

if TYPE_CHECKING:
    from abm.running import Run

_NAME = "lintas_quiet_months"


class Months(NamedTuple):
    """The function that runs several months, and what it is called with after ``at``, ``first``, ``last``, ``from_step``, ``start`` (0), ``seed``."""

    function: Callable[..., Any]
    #: Entities whose numbers of rows it takes.
    counted: tuple[str, ...]
    #: Classes of parameters.
    parameters: tuple[type, ...]
    columns: tuple[str, ...]


def loops_of(month: Sequence[Step]) -> list[tuple[int, Rule]]:
    """Number and rule of each step that is a rule, in order."""
    return [(step.number, step.rule) for step in month if step.rule is not None]


def source_of(month: Sequence[Step]) -> tuple[str, tuple[str, ...], tuple[type, ...], tuple[str, ...]]:
    """Python source of the function for a month's list; then the entities counted, classes of parameters and columns that it takes, in order."""
    steps = loops_of(month)
    counted = tuple(dict.fromkeys(rule.rows for _, rule in steps))
    classes = tuple(dict.fromkeys(c for _, rule in steps for c in (rule.parameters, rule.other_parameters) if c is not None))
    columns = tuple(dict.fromkeys(name for _, rule in steps for name in (*rule.reads, *rule.writes)))
    last_function = max((step.number for step in month if step.function is not None), default=0)
    imports, body = [], []
    for k, (number, rule) in enumerate(steps):
        bare, alias = plain(rule.loop), rule.name.replace(".", "_")
        imports.append(f"from {bare.__module__} import {bare.__name__} as {alias}")
        given = {"start": "start", "stop": f"n_{rule.rows}", "seed": "seed", "month": "month"}
        if rule.parameters is not None:
            given["p"] = f"p{classes.index(rule.parameters)}"
        if rule.other_parameters is not None:
            given["q"] = f"p{classes.index(rule.other_parameters)}"
        named = iter((*rule.reads, *rule.writes))
        arguments = [given[a] if a in CALL_ARGUMENTS else _column(next(named)) for a in argument_names(rule.loop)]
        call = f"call_at(at[{k}], {alias}, {', '.join(arguments)})"
        body += [f"if month > first or from_step <= {number}:", f"    {call}"] if number < last_function else [call]
    # a 0 written out would be of a type of its own, for which every loop is compiled once more
    taken = ["at", "first", "last", "from_step", "start", "seed", *(f"n_{e}" for e in counted), *(f"p{k}" for k in range(len(classes)))]
    taken += [_argument(c) for c in columns]
    lines = [
        f'"""Made by {__name__} from the month\'s list: do not edit."""', "",
        "from agents.core.addresses import call_at", "from agents.core.compiled import compiled", *imports, "", "",
        "@compiled",
        f"def months({', '.join(taken)}):",
        "    for month in range(first, last):",
        *(f"        {line}" for line in body),
    ]  # fmt: skip
    return "\n".join(lines) + "\n", counted, classes, columns


def _argument(column: str) -> str:
    return column.replace(".", "__")


def _column(name: str) -> str:
    """A column as a rule takes it: of the record, the row of the month."""
    return f"{_argument(name)}[month]" if name.startswith("record.") else _argument(name)


@cache
def months_of_list() -> Months:
    """The function for the model's own list, compiled at its first call."""
    source, counted, classes, columns = source_of(MONTH)
    return Months(_loaded(source).months, counted, classes, columns)


def _loaded(source: str) -> ModuleType:
    """The module of this source: from a file beside the compiled code, as compiled code is stored by the file that it comes from.

    Where the file cannot be written the function is compiled for this process alone.
    """
    if COMPILED_FOLDER is None:
        return _in_memory(source)
    path = COMPILED_FOLDER / f"{_NAME}.py"
    try:
        if not path.exists() or path.read_text(encoding="utf-8") != source:
            with whole_file(path) as file:
                file.write(source.encode())
    except OSError:
        return _in_memory(source.replace("import compiled\n", "import compiled_once as compiled\n", 1))
    spec = importlib.util.spec_from_file_location(_NAME, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module  # compiled code is taken up by the name of its module
    spec.loader.exec_module(module)
    return module


def _in_memory(source: str) -> ModuleType:
    module = ModuleType(_NAME)
    exec(compile(source, f"<{_NAME}>", "exec"), module.__dict__)
    return module


class Ready(NamedTuple):
    """The function of the months made ready for a run, as long as its columns stay the same."""

    stamp: tuple[Any, ...]
    call: Callable[..., Any]
    #: Addresses of the loops, in the order of the month's list.
    at: np.ndarray
    counts: tuple[int, ...]
    columns: tuple[np.ndarray, ...]


def run_months(run: Run, last: int, from_step: int) -> None:
    """Run the months from that of the run up to but not including ``last``; the first one from step ``from_step`` on."""
    ready = run.ready_months
    if ready is None or ready.stamp != run.stamp:
        ready = run.ready_months = _made_ready(run)
    of = run.settings.of
    ready.call(
        ready.at, run.month, last, from_step, 0, run.seed_of_run, *ready.counts, *map(of, months_of_list().parameters), *ready.columns
    )  # fmt: skip


#: Machine code and addresses of the loops by the types of the arrays.
_ENTRIES: dict[tuple[Any, ...], tuple[Callable[..., Any], np.ndarray]] = {}


def _made_ready(run: Run) -> Ready:
    """Columns as they are now; machine code is looked up anew only for columns of other types."""
    made = months_of_list()
    counts, known = tuple(run.rows_of(e) for e in made.counted), run.ready_months
    if known is not None and (now := _columns_now(run, known.columns)) is not None:
        return Ready(run.stamp, known.call, known.at, counts, now)
    columns = tuple(run.whole_column(name) for name in made.columns)
    types = tuple((a.dtype, a.ndim, a.flags.c_contiguous) for a in columns)
    if types not in _ENTRIES:
        at = np.array([_address(run, rule) for _, rule in loops_of(MONTH)], dtype=np.int64)
        parameters = [run.settings.of(c) for c in made.parameters]
        _ENTRIES[types] = entry(made.function, (at, 0, 0, 0, 0, run.seed_of_run, *counts, *parameters, *columns)), at
    return Ready(run.stamp, *_ENTRIES[types], counts, columns)


def _columns_now(run: Run, known: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...] | None:
    """The columns as they are now; None where one is of another type than that ``known``.

    Only such are found anew as follow agents, ties and the history in force (:attr:`Run.stamp`).
    """
    columns, tables = list(known), {**run.frames, "kin": run.kin.columns, "series": vars(run.series)}
    for k, entity, field in _renewed():
        column, before = tables[entity][field], known[k]
        if column.dtype != before.dtype or column.ndim != before.ndim or column.flags.c_contiguous != before.flags.c_contiguous:
            return None
        columns[k] = column
    return tuple(columns)


@cache
def _renewed() -> tuple[tuple[int, str, str], ...]:
    """Columns of the list that can be made anew while a run goes on: where each stands, its entity and its field."""
    named = ((k, *name.split(".")) for k, name in enumerate(months_of_list().columns))
    return tuple((k, entity, field) for k, entity, field in named if entity in ("household", "trader", "official", "kin", "series"))


def _address(run: Run, rule: Rule) -> int:
    """Where the machine code of a rule's loop begins, compiled for the columns of this run."""
    named = iter((*rule.reads, *rule.writes))
    given = {
        "p": rule.parameters and run.settings.of(rule.parameters),
        "q": rule.other_parameters and run.settings.of(rule.other_parameters),
    }
    names = argument_names(rule.loop)
    return address_of(rule.loop, [given.get(a, 0) if a in CALL_ARGUMENTS else run.column(next(named)) for a in names])
