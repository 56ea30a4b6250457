"""A month of jobs for a few made-up households: who leaves, then who gets or loses one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agents.core.declare import RULES
from agents.household.get_work import Parameters
from agents.surroundings import WORK
from tests.rules.tools import columns_of, run_rule

LEAVE, GET = "household.leave_work", "household.get_work"
NONE = -1


def columns_of_jobs(sizes: Mapping[str, int], values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Arrays of every column of both rules, as :func:`tests.rules.tools.columns_of` makes them."""
    made: dict[str, np.ndarray] = {}
    for rule in (LEAVE, GET):
        names = {*RULES[rule].reads, *RULES[rule].writes}
        made |= {k: v for k, v in columns_of(rule, sizes, {k: v for k, v in values.items() if k in names}).items() if k not in made}
    assert set(values) <= set(made), f"no column {', '.join(set(values) - set(made))}"
    return made


def of_rule(rule: str, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Those of the columns that a rule reads or writes."""
    return {name: columns[name] for name in (*RULES[rule].reads, *RULES[rule].writes)}


def month_of_jobs(
    columns: dict[str, np.ndarray], form: str = "compiled", *, p: Parameters | None = None, **given: Any
) -> dict[str, np.ndarray]:
    """Run both rules over all households and communities, with the same parameters; the columns are changed."""
    n, n_places = len(columns["household.uid"]), len(columns["place.job_slots"])
    run_rule(LEAVE, of_rule(LEAVE, columns), form, stop=n, q=p, **given)
    run_rule(GET, of_rule(GET, columns), form, stop=n_places, p=p, **given)
    return columns


def people(n: int, now: Any, asks: Any = NONE, **said: Any) -> dict[str, np.ndarray]:
    """``n`` households with one adult of the labour force in one community."""
    six = lambda x: np.column_stack([np.broadcast_to(x, n), np.full((n, 5), NONE)])  # noqa: E731
    values = {"household.n_workers": 1, "household.weight": 2.0, "household.activity": six(now), "household.work_sought": six(asks),
              "place.job_slots": 1.0e6} | {k.replace("__", ".", 1): v for k, v in said.items()}  # fmt: skip
    return columns_of_jobs({"household": n, "place": 1}, values)


def slots_of(**jobs: float) -> np.ndarray:
    """Jobs by activity, none where nothing is said."""
    return np.array([jobs.get(name, 0.0) for name in WORK])
