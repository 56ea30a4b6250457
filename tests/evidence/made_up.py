"""Ledgers made by hand: claims with effects that are told, so that every verdict and reason can be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

import abm.simulation  # noqa: F401  (fills the registries)
from abm.claims.claim import Claim
from experiments.evidence.ledger import ledger_of
from experiments.evidence.make import Look, Made
from experiments.evidence.units import Gathered
from experiments.evidence.worlds import HISTORY, ClaimWorlds, PatternWorlds

OFF = "without-cross_border_care"
UNITS = 60
#: An income by side, and a share.
INCOME: dict[str, Any] = {"of": {"output": "income_per_capita", "side": "id", "first": 2005, "last": 2007}, "written": "number"}
SHARE: dict[str, Any] = {"of": {"output": "care_share_across", "side": "id", "first": 1980, "last": 1989}, "written": "percent1"}
ABOVE: dict[str, Any] = {"number": "share", "is": "above", "value": 0.5, "practical": 0.05}


def pattern(name: str = "visits", **more: Any) -> dict[str, Any]:
    """A pattern of a share above one half."""
    return {
        "id": name, "says": "most people went to Sarawak for health care in the {share_first}s", "comparison": "direction", "numbers": {"share": SHARE},
        "conditions": [ABOVE],
    } | more  # fmt: skip


def pair(name: str = "cause", **more: Any) -> dict[str, Any]:
    """A pattern that compares runs with and without care across."""
    return pattern(
        name, says="without it fewer would go", comparison="pair", switch="cross_border_care",
        conditions=[{"number": "share", "is": "below", "practical_share": 0.1}],
    ) | more  # fmt: skip


def sweep(name: str = "response", **more: Any) -> dict[str, Any]:
    """A pattern over levels of a parameter."""
    return pattern(
        name, says="more go where roads are better", comparison="sweep", sweep={"parameter": "household.seek_care.kin_relief", "levels": [0.2, 0.5, 0.8]},
        conditions=[{"number": "share", "is": "rises", "practical_share": 0.1}],
    ) | more  # fmt: skip


def number(name: str = "own", **more: Any) -> dict[str, Any]:
    """A number of the paper."""
    return {
        "id": name, "says": "US${said} a person and year", "comparison": "number", "numbers": {"value": INCOME},
        "conditions": [{"number": "value", "is": "near", "value": 700, "within": 70}],
    } | more  # fmt: skip


def spanned(name: str = "decades", **more: Any) -> dict[str, Any]:
    """A pattern that is looked at in two spans, on both sides."""
    numbers = {side: {"of": {"output": "poverty_rate", "side": side}, "written": "percent"} for side in ("id", "my")}
    return {
        "id": name, "says": "poverty is higher on the Kalimantan side", "comparison": "direction", "numbers": {"own": numbers["id"], "across": numbers["my"]},
        "conditions": [{"number": "own", "is": "above", "than": "across", "practical": 0.02}], "spans": [[1980, 1989], [1990, 1999]],
    } | more  # fmt: skip


def claim(name: str, *patterns: Mapping[str, Any], **more: Any) -> Claim:
    """A claim with a mechanism."""
    said: dict[str, Any] = {
        "id": name, "claim": "Most people of the border went to Sarawak for health care.", "lines": "1536-1542, 1550", "who": "border households of West Kalimantan",
        "mechanism": "choice among care at home and across", "rules": ["household.seek_care", "trader.settle_deal"], "switch": "cross_border_care",
        "indicators": ["care_share_across"], "expected": "share above one half", "status": "in the model" if patterns else "in part",
    } | ({} if patterns else {"missing": "an output of it"})  # fmt: skip
    return Claim.model_validate(said | {"pattern": list(patterns)} | more)


def without_mechanism(name: str, **more: Any) -> Claim:
    """A claim that the model has nothing for."""
    return claim(name, status="no mechanism", missing="budgets by distance", rules=[], switch=None, indicators=[], **more)


def effects(value: float, spread: float = 0.0, units: int = UNITS) -> np.ndarray:
    """Effects of a condition around a value, shape (units,)."""
    return value + spread * np.linspace(-1, 1, units)


def got(
    effect: np.ndarray | Sequence[np.ndarray], size: float = 0.05, *, names: Sequence[str] = ("share",), base: float = 0.5, without: float | None = 0.1,
    off: np.ndarray | None = None, levels: Mapping[float, float] | None = None, more: Mapping[str, float] | None = None, failed: int = 0,
) -> Gathered:  # fmt: skip
    """What draws gave: effects of the conditions, numbers at ``base`` and the effect, and the number ``without`` the mechanism; ``off`` are the effects there."""
    columns = [np.asarray(effect)] if isinstance(effect, np.ndarray) else [np.asarray(one) for one in effect]
    units = len(columns[0])
    found = Gathered(conditions=tuple(names), runs=2 * units, failed=failed, draws=list(range(units)))
    found.effects = list(np.stack(columns, axis=1)) if units else []
    found.sizes = [np.full(len(columns), size) for _unit in range(units)]
    found.numbers = {name: list(base + column) for name, column in zip(names, columns, strict=True)}
    found.numbers |= {name: [value] * units for name, value in (more or {}).items()}
    if without is not None:
        found.without = {name: [without] * units for name in names}
    if off is not None:
        found.effects_off, found.sizes_off = [np.array([v] * len(columns)) for v in off], [np.full(len(columns), size) for _v in off]
    for level, value in (levels or {}).items():
        found.levels[level] = {name: list(value + 0.01 * np.linspace(-1, 1, units)) for name in names}
    return found


def bands(*outputs: str, years: range = range(1980, 2011)) -> pd.DataFrame:
    """Bands of some outputs in the history and without a mechanism, on both sides."""
    rows = [
        (world, output, side, year, 0.2 + at, 0.3 + at + 0.01 * (year - 1980), 0.8 + at, UNITS)
        for at, world in enumerate((HISTORY, OFF)) for output in outputs for side in ("id", "my") for year in years
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["world", "output", "side", "year", "low", "median", "high", "n"])


def made(claims: Sequence[Claim], gathered: Mapping[tuple[str, str], Gathered], table: pd.DataFrame | None = None) -> Made:
    """A ledger of some claims from what was gathered for their patterns."""
    by_id = {one.id: one for one in claims}
    of = {(one.id, p.id): PatternWorlds(OFF if one.switch or p.switch else None) for one in claims for p in one.patterns}
    worlds = ClaimWorlds({}, of, {one.id: OFF for one in claims if one.switch})
    ledger = ledger_of(by_id, worlds, gathered, UNITS, 2 * UNITS, 3)
    shown = bands("care_share_across", "income_per_capita", "poverty_rate") if table is None else table
    draws = pd.DataFrame({"draw": range(UNITS), "household.seek_care.kin_relief": np.linspace(0.3, 0.7, UNITS)})
    return Made(ledger, worlds, shown, (Look(UNITS, 2 * UNITS, 0),), dict(gathered), draws)


def every_verdict() -> Made:
    """A ledger with every verdict, reason, comparison and ablation."""
    nan = np.full(UNITS, np.nan)
    mixed = np.where(np.arange(UNITS) % 2 == 0, 0.3, -0.3)
    few = effects(0.2, units=4)
    cases: list[tuple[Claim, list[Gathered]]] = [
        (claim("E01", number()), [got(effects(-50, 10), 0, names=("value",), base=700)]),
        (claim("E02", pattern()), [got(effects(-0.3, 0.05))]),
        (claim("E03", pattern()), [got(effects(0.01, 0.005))]),
        (claim("E04", pattern()), [got(nan)]),
        (claim("E05", pattern()), [got(mixed)]),
        (claim("E06", pattern()), [got(few)]),
        (claim("E07", pattern("a", reading="by visits"), pattern("b", reading="by people")), [got(effects(0.2, 0.1)), got(effects(-0.2, 0.1))]),
        (claim("E08", pattern()), [got(effects(0.2, 0.1), off=effects(-0.3))]),
        (claim("E09", pattern()), [got(effects(0.2, 0.1), off=effects(0.3))]),
        (claim("E10", pattern()), [got(effects(0.2, 0.1), off=mixed)]),
        (claim("E11", pair()), [got(effects(0.2, 0.1))]),
        (claim("E12", sweep()), [got(effects(0.2, 0.1), levels={0.2: 0.1, 0.5: 0.2, 0.8: 0.35})]),
        (claim("E13", number(built_in="incomes were fitted to it")), [got(effects(50, 10), 0, names=("value",), base=700)]),
        (claim("E14", spanned()), [got([effects(0.2, 0.1), effects(0.1, 0.02)], names=("own_1980", "own_1990"), more={"across_1980": 0.1, "across_1990": 0.2})]),
        (claim("E15", pattern()), [Gathered()]),
        (claim("E16"), []),
        (without_mechanism("E17"), []),
        (claim("E18", pattern()), [got(effects(0.0), 0)]),
    ]  # fmt: skip
    gathered = {(one.id, p.id): g for one, results in cases for p, g in zip(one.patterns, results, strict=True)}
    return made([one for one, _results in cases], gathered)
