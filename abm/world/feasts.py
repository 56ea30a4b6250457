"""When does each people of a region keep its feasts? From ``abm/data/feasts.toml``, with the sources of the days."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data" / "feasts.toml"
FIRST_YEAR, LAST_YEAR = 1980, 2030
N_MONTHS = 12 * (LAST_YEAR - FIRST_YEAR + 1)
#: Codes of the column ``kin.feast``.
KINDS = {"main": 1, "christmas": 2}
#: Peoples that the code of a household's people can tell apart.
MOST_GROUPS = 128


@cache
def feasts() -> dict[str, dict[str, Any]]:
    """The feasts of the file, by name: groups, kind, and either the month of every year or the first days."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def months_of(feast: dict[str, Any]) -> list[int]:
    """Months of a feast, counted from January 1980."""
    if "month" in feast:
        return list(range(int(feast["month"]) - 1, N_MONTHS, 12))
    days = [day.split("-") for day in feast["days"]]
    return [12 * (int(year) - FIRST_YEAR) + int(month) - 1 for year, month, _ in days]


def feast_table(groups: Sequence[str]) -> np.ndarray:
    """Codes of the feasts by month and people, (months from January 1980 to December 2030, groups) of int8, 0 where there is none.

    ``groups`` are the region's names of its peoples; one that no feast names keeps none.
    """
    table = np.zeros((N_MONTHS, len(groups)), dtype=np.int8)
    for feast in feasts().values():
        for g, name in enumerate(groups):
            if name in feast["groups"]:
                table[months_of(feast), g] = KINDS[feast["kind"]]
    return table


def no_feasts() -> np.ndarray:
    """The table of peoples without feasts, for ties that are made outside a region."""
    return np.zeros((N_MONTHS, MOST_GROUPS), dtype=np.int8)
