"""Run one rule on a few made-up agents, compiled as the model runs it or as plain Python."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

import abm.declarations  # noqa: F401  (fills the registries)
from abm.results.record import DEALS, SUMS
from agents.core.compiled import PLAIN, plain
from agents.core.declare import CALL_ARGUMENTS, FIELDS, RULES, argument_names
from agents.core.draws import uniform
from agents.core.exact import just

#: Both forms of a function: what a reader of the source can follow, and what runs.
FORMS = ("plain", "compiled")
both_forms = pytest.mark.parametrize("form", FORMS)
#: A binomial test of a right rule fails by chance at this rate; keys are fixed, so a test that passes always passes.
CHANCE = 1.0e-4
#: How many like agents a share is counted over: fewer where all runs as plain Python, which takes a hundred times as long.
MANY = 2_000 if PLAIN else 20_000


def take(function: Callable[..., Any], form: str) -> Callable[..., Any]:
    """The compiled function as it is, or the Python function behind it."""
    return plain(function) if form == "plain" else function


def columns_of(rule: str, sizes: Mapping[str, int], values: Mapping[str, Any] | None = None) -> dict[str, np.ndarray]:
    """Arrays for every column that the rule names, at the fields' initial values or at those given.

    ``sizes`` says how many rows an entity has; of the kin columns ``kin`` counts ties and ``household`` households.
    """
    made: dict[str, np.ndarray] = {}
    given = dict(values or {})
    for name in (*RULES[rule].reads, *RULES[rule].writes):
        entity, field = name.split(".")
        declared = FIELDS[entity][field]
        rows = sizes.get(entity, 1)
        if entity == "policy":
            shape: tuple[int, ...] = (declared.width,)
        elif entity == "kin" and field in ("first", "first_across", "end"):
            shape = (sizes["household"],)
        elif name == "kin.contact":
            shape = (sizes.get("place", 1) ** 2,)
        elif name == "kin.feast":
            shape = (12, sizes.get("group", 1))
        elif entity == "kin" and field in ("is_on", "income_gap", "n_new"):
            shape = (1,)
        elif name == "record.sums":
            shape = (sizes["place"], len(SUMS))
        elif name == "record.deals":
            shape = (sizes["place"], 4, 2, 4, len(DEALS))
        else:
            shape = (rows,) if declared.width == 1 else (rows, declared.width)
        made[name] = np.full(shape, declared.initial, dtype=declared.dtype)
        if name in given:
            made[name][...] = np.asarray(given.pop(name))
        elif name.endswith(".uid"):
            made[name][:] = np.arange(rows) + 1000
    assert not given, f"{rule} names no column {', '.join(given)}"
    return made


def run_rule(
    rule: str,
    columns: dict[str, np.ndarray],
    form: str = "compiled",
    *,
    stop: int,
    p: Any = None,
    q: Any = None,
    start: int = 0,
    seed: int = 7,
    month: int = 0,
    loop: Callable[..., Any] | None = None,
) -> dict[str, np.ndarray]:
    """Run the rule's loop over the rows from ``start`` to ``stop`` as the model does: what it only reads is handed in read-only."""
    declared = RULES[rule]
    if p is None and declared.parameters is not None:
        p = declared.parameters()
    if q is None and declared.other_parameters is not None:
        q = declared.other_parameters()
    lead = {"start": start, "stop": stop, "seed": seed, "month": month, "p": p, "q": q}
    arguments: list[Any] = []
    for name in declared.reads:
        view = columns[name].view()
        view.flags.writeable = False
        arguments.append(view)
    arguments += [columns[name] for name in declared.writes]
    names = [a for a in argument_names(declared.loop) if a in CALL_ARGUMENTS]
    take(loop or declared.loop, form)(*(lead[a] for a in names), *arguments)
    return columns


def check_alone(rule: str, columns: dict[str, np.ndarray], form: str, **given: Any) -> None:
    """What each household of ``columns`` gets of the rule is what it gets in a world of its place, village and district alone."""
    before = {name: values.copy() for name, values in columns.items()}
    done = run_rule(rule, columns, form, stop=len(columns["household.uid"]), **given)
    for i in range(len(done["household.uid"])):
        row = {"household": i, "place": int(before["household.place"][i])}
        row |= {"village": int(before["household.village"][i])} if "household.village" in before else {}
        row |= {"district": int(before["place.district"][row["place"]])} if "place.district" in before else {}
        alone = {name: values[[row[name.split(".")[0]]]].copy() for name, values in before.items()}
        for name in ("household.place", "household.village", "place.district"):
            if name in alone:
                alone[name][:] = 0
        run_rule(rule, alone, form, stop=1, **given)
        for name in RULES[rule].writes:
            if name.startswith("household."):
                assert alone[name][0].tobytes() == done[name][i].tobytes(), f"household {i}: {name}"


#: The rules that say what a month brings to every community, in their order.
MONTH_RULES = ("world.set_work", "world.set_prices", "world.set_fees")  # of places


def month_columns(model: Any) -> dict[str, np.ndarray]:
    """Copies of the model's columns that the rules of pay, prices and fees read and write."""
    names = dict.fromkeys(name for rule in MONTH_RULES for name in (*RULES[rule].reads, *RULES[rule].writes))
    return {name: np.array(model.column(name), copy=True) for name in names}


def run_month_rules(columns: dict[str, np.ndarray], form: str, p: Any = None, **given: Any) -> dict[str, np.ndarray]:
    """Run the rules of pay, prices and fees one after the other, the latter two with ``p``; the columns are changed as by :func:`run_rule`."""
    for rule in MONTH_RULES:
        of_rule = p if p is not None and isinstance(p, RULES[rule].parameters or ()) else None
        run_rule(rule, {name: columns[name] for name in (*RULES[rule].reads, *RULES[rule].writes)}, form, p=of_rule, **given)
    return columns


def traced(rule: str, columns: dict[str, np.ndarray], *names: str, stop: int, **given: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Run the rule as plain Python and say what each of these functions, called in its loop by name, was given: exact inputs, no random draws.

    Of the parameters only the rest is recorded. The columns are changed as by :func:`run_rule`.
    """
    loop = plain(RULES[rule].loop)
    calls: dict[str, list[tuple[Any, ...]]] = {name: [] for name in names}

    def noting(name: str) -> Callable[..., Any]:
        function = loop.__globals__[name]

        def note(*values: Any) -> Any:
            calls[name].append(tuple(v for v in values if not hasattr(v, "_fields")))
            return function(*values)

        return note

    watched = types.FunctionType(
        loop.__code__, {**loop.__globals__, "rounded_up": just, **{name: noting(name) for name in names}}, loop.__name__
    )
    run_rule(rule, columns, "plain", stop=stop, loop=watched, **given)
    return calls


def draws(n: int, stream: int = 99) -> np.ndarray:
    """``n`` draws of one stream, the same in every test run."""
    return np.array([uniform(7, stream, 0, k, 0) for k in range(n)])


def assert_share(hits: int, n: int, share: float) -> None:
    """A count that a right rule gives with probability above :data:`CHANCE`."""
    p = binomtest(int(hits), int(n), float(min(max(share, 0.0), 1.0))).pvalue
    assert p > CHANCE, f"{hits} of {n} where {share:.4f} of them were expected (p = {p:.2g})"
