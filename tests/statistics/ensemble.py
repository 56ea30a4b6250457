"""Runs of many seeds, made once for all tests of a session."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd

from abm import simulate_many
from abm.claims.statistic import Statistic
from abm.claims.years import Years, arrays

HOUSEHOLDS = 600
FEW, MANY = tuple(range(1, 6)), tuple(range(1, 21))


_TABLES: dict[tuple[str, int], pd.DataFrame] = {}


def make(scenario: str, seeds: tuple[int, ...]) -> None:
    """Make the yearly tables of these seeds that are not there yet."""
    lacking = [seed for seed in seeds if (scenario, seed) not in _TABLES]
    if lacking:
        _TABLES.update({(scenario, run.seed): run.value for run in simulate_many(scenario, lacking, households=HOUSEHOLDS)})


def yearly(scenario: str, seed: int) -> pd.DataFrame:
    """The yearly table of one run."""
    make(scenario, (seed,))
    return _TABLES[scenario, seed]


def mean(scenario: str, seed: int, indicator: str, side: str, first: int, last: int) -> float:
    """Mean of an indicator over years, both counted."""
    return Years(yearly(scenario, seed)).mean(indicator, first, last, side)


def many(scenario: str, seeds: tuple[int, ...], indicator: str, side: str, first: int, last: int) -> np.ndarray:
    """The same for every seed."""
    make(scenario, seeds)
    return np.array([mean(scenario, seed, indicator, side, first, last) for seed in seeds])


def total_trade(scenario: str, seeds: tuple[int, ...]) -> np.ndarray:
    """Value of all goods carried across in the whole run, both ways and by traders of both sides, in US$."""
    make(scenario, seeds)
    return np.array([float(yearly(scenario, seed)[["trade_out_usd", "trade_in_usd"]].to_numpy().sum()) for seed in seeds])


def fall(scenario: str, seeds: tuple[int, ...], indicator: str) -> np.ndarray:
    """By how much an indicator of the Indonesian side fell from the 1980s to 2004-2006."""
    return many(scenario, seeds, indicator, "id", 1980, 1989) - many(scenario, seeds, indicator, "id", 2004, 2006)


def sign_test(wins: int, n: int) -> float:
    """Chance of so many wins or more in ``n`` pairs if either were as likely to win (one-sided)."""
    return sum(comb(n, k) for k in range(wins, n + 1)) / 2**n


def trend(scenario: str, seed: int, indicator: str, side: str, first: int, last: int) -> float:
    """Slope a year of an indicator."""
    series = Years(yearly(scenario, seed)).of(indicator, side)
    return float(Statistic(indicator, side, first, last).slope(*arrays(series)))
