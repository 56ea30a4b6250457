"""The run whose numbers are kept, and how they are rounded."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from abm import BorderModel, Scenario
from tests.model.same import table_bytes

PATH = Path(__file__).parent / "baseline.json"
HOUSEHOLDS, SEED, DIGITS = 300, 7, 9
#: Indicators that are kept for every year and side.
KEPT = (
    "income_per_capita", "income_real", "income_ratio", "farm_share_income", "poverty_rate", "gini", "unemployment_rate",
    "under_employment_rate", "grdp_share_national", "illness_rate", "untreated_share", "visits_primary_home", "visits_hospital_home",
    "visits_primary_across", "visits_hospital_across", "care_share_across", "workers_across", "remittances_usd", "trade_out_usd",
    "trade_in_usd", "undeclared_share", "price_gap_rice", "price_gap_rubber", "crossings", "strictness", "bribes_usd",
    "infrastructure_roads", "infrastructure_clinics", "doctrine", "tie_strength_across", "contacts_across",
)  # fmt: skip


def rounded(value: float) -> float | None:
    """Nine significant digits: more than anybody reads, fewer than a change of machine would move."""
    return None if math.isnan(value) else float(f"{value:.{DIGITS}g}")


def now() -> dict[str, Any]:
    """The numbers as the model gives them today."""
    yearly = BorderModel(Scenario.load("history"), households=HOUSEHOLDS, rng=SEED).run().results.yearly
    indicators = {n: {side: [rounded(v) for v in part[n]] for side, part in yearly.groupby("side")} for n in KEPT}
    return {
        "run": {"scenario": "history", "households": HOUSEHOLDS, "seed": SEED},
        "years": [int(y) for y in sorted(set(yearly["year"]))],
        "sha256_of_yearly": hashlib.sha256(table_bytes(yearly)).hexdigest(),
        "indicators": indicators,
    }


def kept() -> dict[str, Any]:
    """The numbers as they were when the baseline was written."""
    return json.loads(PATH.read_text("utf-8"))


def moved(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """One line for each indicator that is no longer the same: where it differs first, and how far at most."""
    lines = []
    for name in sorted(set(before["indicators"]) | set(after["indicators"])):
        if name not in after["indicators"] or name not in before["indicators"]:
            lines.append(f"{name}: {'gone' if name in before['indicators'] else 'new'}")
            continue
        for side in ("id", "my"):
            a, b = before["indicators"][name][side], after["indicators"][name][side]
            differ = [k for k in range(max(len(a), len(b))) if k >= min(len(a), len(b)) or a[k] != b[k]]
            if differ:
                k = differ[0]
                was, is_now = (x[k] if k < len(x) else None for x in (a, b))
                pairs = [(x, y) for x, y in zip(a, b, strict=False) if x is not None and y is not None and x]
                most = max((abs(y / x - 1.0) for x, y in pairs), default=0.0)
                lines.append(f"{name} ({side}): {len(differ)} years, first {after['years'][0] + k}: {was} → {is_now}; at most {most:.2%}")
    return lines
