"""A made-up run with the shape of a real one: tables small enough to reason about, without running the model."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from abm.region import Region
from experiments.runs.run import StoredResults

YEARS = range(1980, 2016)


def yearly_value(name: str, year: int, side: str) -> float:
    """A history that the paper would recognise: growth, a crisis, care that comes home."""
    t = year - 1980
    own = side == "id"
    crisis = own and 1998 <= year <= 2001
    values: dict[str, float] = {
        "product_per_capita": (300 * 1.034**t if own else 1100 * 1.052**t) * (0.6 if crisis else 1.0),
        "product_ratio": 4.0 + 0.06 * t,
        "income_per_capita": (300 * 1.034**t if own else 1100 * 1.052**t) * (0.6 if crisis else 1.0),
        "income_local": 1e6 * 1.1**t,
        "income_real": (250 + 6 * t) * (0.9 if crisis else 1.0),
        "income_ratio": 4.0 + 0.06 * t,
        "farm_share_income": 0.5,
        "poverty_rate": (0.5 - 0.011 * t if own else 0.06 - 0.0012 * t) + (0.06 if crisis else 0.0),
        "gini": 0.33 + (0.01 if crisis else 0.0),
        "unemployment_rate": 0.04,
        "under_employment_rate": 0.2 + (0.03 if crisis else 0.0),
        "grdp_usd": 1e7 * 1.05**t,
        "grdp_share_national": 0.0006,
        "untreated_share": 0.6 - 0.01 * t,
        "care_share_across": (0.7 * math.exp(-t / 12)) if own else 0.0,
        "care_share_across_primary": (0.65 * math.exp(-t / 10)) if own else 0.0,
        "care_share_across_hospital": (0.8 - 0.01 * t) if own else 0.0,
        "care_share_across_near": (0.8 * math.exp(-t / 14)) if own else 0.0,
        "visits_across": 60000 * math.exp(-t / 40) if own else 0.0,
        "visits_across_per_1000": 420 * math.exp(-t / 20) if own else 0.0,
        "adults_pass": 900 + 20 * t if own else 0.0,
        "adults_undocumented": (3000 + 40 * t) * (1.4 if crisis else 1.0) if own else 0.0,
        "trade_out_usd": 6e5 * 1.04**t * (1.6 if crisis else 1.0),
        "trade_in_usd": 9e5 * 1.03**t * (0.5 if crisis else 1.0),
        "undeclared_share": 0.35,
        "strictness": 0.8 - 0.01 * t if own else 0.3,
        "budget_security_share": 0.5 - 0.01 * t if own else 0.1,
        "infrastructure_roads": 0.1 + 0.005 * t if own else 0.5 + 0.008 * t,
        "tie_strength_across": 0.3,
    }
    return values[name]


INDICATORS = (
    "product_per_capita",
    "product_ratio",
    "income_per_capita",
    "income_local",
    "income_real",
    "income_ratio",
    "farm_share_income",
    "poverty_rate",
    "gini",
    "unemployment_rate",
    "under_employment_rate",
    "grdp_usd",
    "grdp_share_national",
    "untreated_share",
    "care_share_across",
    "care_share_across_primary",
    "care_share_across_hospital",
    "care_share_across_near",
    "visits_across",
    "visits_across_per_1000",
    "adults_pass",
    "adults_undocumented",
    "trade_out_usd",
    "trade_in_usd",
    "undeclared_share",
    "strictness",
    "budget_security_share",
    "infrastructure_roads",
    "tie_strength_across",
)


def results(first: int = 1980, last: int = 2015) -> StoredResults:
    """Tables of a made-up run."""
    years = range(first, last + 1)
    yearly = pd.DataFrame(
        [{"year": y, "side": s} | {name: yearly_value(name, y, s) for name in INDICATORS} for y in years for s in ("id", "my")]
    )
    monthly = pd.DataFrame(
        [{"year": y, "month": m, "side": s, "income_per_capita": 100.0 + m} for y in years for m in range(1, 13) for s in ("id", "my")]
    )
    region = Region.load()
    rows: list[dict[str, Any]] = []
    for y in years:
        for i, p in enumerate(region.border_places.to_dict("records")):
            share = min(1.0, yearly_value("care_share_across", y, "id") * (0.3 + i / 12)) if p["side"] == "id" else 0.0
            rows.append(
                {"year": y, "place": p["place"], "side": p["side"], "lat": p["lat"], "lon": p["lon"], "population": p["population"]}
                | {"n_households": 20, "income_per_capita": 500.0, "care_share_across": share, "untreated_share": 0.4}
            )
    flows = pd.DataFrame(
        [
            {"year": y, "crossing": "Entikong-Tebedu", "kind": "post", "purpose": "trade", "good": "sugar", "direction": "in"}
            | {"persons": 1.5}
            for y in years
        ]
    )
    return StoredResults(yearly, monthly, pd.DataFrame(rows), flows)


def manifest() -> dict[str, Any]:
    """A manifest with the parts that the report shows."""
    return {
        "lintas": "0.1.0",
        "scenario": {"name": "history", "title": "History", "description": "The border as it was.", "parameters": {}, "without": []},
        "region": "west-kalimantan-sarawak",
        "households": 2000,
        "seed": 7,
        "threads": 1,
    }
