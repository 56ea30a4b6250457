"""Runs of many seeds, made once for all tests of a session. ``uv run --group dev python -m tests.statistics.ensemble`` writes README.md's numbers."""

from __future__ import annotations

from math import comb
from pathlib import Path
from typing import Any

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


def interval(values: Any) -> str:
    """Median and 90 % interval."""
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [0.05, 0.5, 0.95])
    return f"{middle:.4g} ({low:.4g} to {high:.4g})"


def report(seeds: tuple[int, ...] = MANY) -> str:
    """Every number that the tests speak of, as rows of a table."""
    rows: list[tuple[str, str]] = []

    def row(what: str, values: Any, note: str = "") -> None:
        rows.append((what, interval(values) + note))

    for side, name in (("id", "West Kalimantan"), ("my", "Sarawak")):
        row(f"E01 income per head 2005–2007, {name} [US$]", many("history", seeds, "income_per_capita", side, 2005, 2007))
    row("E01 ratio 2005–2007", many("history", seeds, "income_ratio", "id", 2005, 2007))
    for name in ("care_share_across", "care_share_across_near", "care_share_across_primary", "care_share_across_hospital"):
        for first, last in ((1980, 1989), (1990, 1999), (2004, 2006)):
            values = many("history", seeds, name, "id", first, last)
            row(
                f"E02/E03 {name} {first}–{last}",
                values,
                f"; above one half in {(values > 0.5).sum()} of {len(seeds)}" if first == 1980 else "",
            )
    for first, last in ((1980, 1989), (1990, 1999), (2004, 2006)):
        row(f"E03 visits across per 1,000 people {first}–{last}", many("history", seeds, "visits_across_per_1000", "id", first, last))
        row(f"E03 visits across (count) {first}–{last}", many("history", seeds, "visits_across", "id", first, last))
    for name in ("care_share_across", "visits_across_per_1000"):
        row(f"E03 trend a year 1990–2006 of {name}", [trend("history", s, name, "id", 1990, 2006) for s in seeds])
        usual, without = fall("history", seeds, name), fall("no-puskesmas", seeds, name)
        row(f"fall of {name}, 1980s to 2004–2006", usual)
        row(
            "the same under no-puskesmas, share of the fall left",
            without / usual,
            f"; smaller in {(without < usual).sum()} of {len(seeds)}",
        )
    row("E04 share of the national economy, highest year", [yearly("history", s)["grdp_share_national"].max() for s in seeds])
    for name in ("care_share_across", "visits_across", "workers_across", "trade_out_usd", "trade_in_usd", "crossings", "traders_active"):
        usual, without = (many(k, seeds, name, "id", 1980, 2015) for k in ("history", "no-kinship"))
        row(f"no-kinship ÷ history, {name}, 1980–2015, id", without / usual, f"; lower in {(without < usual).sum()} of {len(seeds)}")
    usual, without = (total_trade(k, seeds) for k in ("history", "no-kinship"))
    row("no-kinship ÷ history, all trade, both sides", without / usual, f"; lower in {(without < usual).sum()} of {len(seeds)}")
    for name in ("crossings", "care_share_across", "workers_across", "trade_out_usd", "trade_in_usd"):
        usual, without = (many(k, seeds, name, "id", 1990, 1999) for k in ("history", "closed-border"))
        row(f"closed-border ÷ history, {name}, 1990–1999, id", without / usual, f"; lower in {(without < usual).sum()} of {len(seeds)}")
    return "\n".join(["| what | median (90 % interval over seeds) |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])


def write() -> None:
    """Put the numbers into README.md, after its own words."""
    path = Path(__file__).parent / "README.md"
    words = path.read_text("utf-8").partition("| what |")[0]
    path.write_text(f"{words}{report()}\n", "utf-8")


if __name__ == "__main__":
    write()
