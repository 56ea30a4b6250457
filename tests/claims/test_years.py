"""The yearly outputs of a run from a table and from arrays: the same answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.claims.claim import claims
from abm.claims.interpret import Reading, effects, read
from abm.claims.years import Years
from tests.experiments import made_up

COLUMNS = ("gini", "income_per_capita", "trade_out_usd")


def both(table: pd.DataFrame) -> tuple[Years, Years]:
    """The same run from its table, whose rows are in any order, and from arrays."""
    years = np.array(sorted(set(table["year"])))
    values = {
        (str(name), str(side)): rows.set_index("year")[name].reindex(years).to_numpy(dtype=float)
        for side, rows in table.groupby("side")
        for name in rows.columns
        if name not in ("year", "side")
    }
    return Years(table.sample(frac=1.0, random_state=1)), Years.of_arrays(years, values)


def same(one: Any, other: Any) -> bool:
    """Equal in every bit, and a missing number equal to a missing number."""
    if isinstance(one, dict) or hasattr(one, "items"):
        return list(one) == list(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def holey() -> pd.DataFrame:
    table = made_up.results().yearly.copy()
    rng = np.random.default_rng(3)
    for name in table.columns.difference(["year", "side"]):
        table[name] = table[name].astype(float)
        table.loc[rng.random(len(table)) < 0.05, name] = rng.choice([np.nan, np.inf, -np.inf])
    return table


@pytest.mark.parametrize("table", [made_up.results().yearly, made_up.results(1985, 1992).yearly, holey()], ids=["whole", "short", "holey"])
def test_every_claim_reads_the_same_from_arrays(table):
    one, other = both(table)
    assert (one.first, one.last) == (other.first, other.last)
    for claim in claims().values():
        for pattern in claim.patterns:
            runs = [{"without": y} if pattern.comparison == "pair" else {} for y in (one, other)]
            if pattern.sweep is not None:
                runs = [{"sweep": dict.fromkeys(pattern.sweep.levels, y)} for y in (one, other)]
            a, b = (read(pattern, y, **more) for y, more in zip((one, other), runs, strict=True))
            assert all(same(getattr(a, key), getattr(b, key)) for key in Reading.__dataclass_fields__), (claim.id, pattern.id)
            a, b = (effects(pattern, y, **more) for y, more in zip((one, other), runs, strict=True))
            assert same(a, b), (claim.id, pattern.id)


@pytest.mark.parametrize("side", ["id", "my", "both", "xx"])
@pytest.mark.parametrize("weighted_by", [(), ("trade_out_usd",)])
def test_an_output_is_the_same_by_year_and_in_order(side, weighted_by):
    one, other = both(holey())
    for name in (*COLUMNS, "no_such_output", "year", "side"):
        a, b = (y.of(name, side, weighted_by if side == "both" else ()) for y in (one, other))
        assert list(a.items()) == list(b.items()) and list(a) == sorted(a)
        assert all(type(year) is int and type(value) is float for year, value in b.items())


def test_years_need_not_be_in_order_and_whole_numbers_are_numbers():
    run = Years.of_arrays(np.array([1991, 1990]), {("gini", "id"): np.array([2, 1])})
    assert list(run.of("gini").items()) == [(1990, 1.0), (1991, 2.0)] and (run.first, run.last) == (1990, 1991)
    assert run.of("gini", "my") == {} and run.mean("gini", 1990, 1991) == 1.5


def test_no_years_are_a_run_that_never_was():
    run = Years.of_arrays(np.array([], dtype=int), {("gini", "id"): np.array([])})
    empty = Years(pd.DataFrame({"year": [], "side": [], "gini": []}))
    assert (run.first, run.last) == (empty.first, empty.last) == (0, -1) and run.of("gini") == empty.of("gini") == {}


def test_arrays_of_another_length_are_refused():
    with pytest.raises(ValueError, match="gini of id has the shape"):
        Years.of_arrays(np.array([1990, 1991]), {("gini", "id"): np.array([1.0])})
