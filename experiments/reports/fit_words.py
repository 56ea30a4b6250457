"""How are names, numbers and intervals of a fit written in one language? All parts of the report use these."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from calibration.target import DEAF, EDGE, MEASURED, REPORTED, Target
from calibration.targets import Targets
from experiments.fits.asked import SWITCHED_OFF
from experiments.words.languages import Numbers, Translate, mark, translator

#: Labels of a parameter, in the order of the table.
KNOWN = {"informed": mark("informed"), "weak": mark("weak"), "prior only": mark("prior only")}
#: Mechanisms that predictive runs are repeated without, as short headings.
MECHANISMS = {
    "puskesmas_programme": mark("puskesmas programme"),
    "kinship": mark("kin ties"),
    "cross_border_work": mark("work across"),
    "cross_border_care": mark("care across"),
    "infrastructure_investment": mark("public works"),
    "crisis": mark("financial crisis"),
}


class Words:
    """A fit, its checks and its targets, and their texts in one language."""

    def __init__(self, manifest: Mapping[str, Any], fit: Mapping[str, Any], check: Mapping[str, Any], targets: Targets, lang: str):
        from abm import Region

        self.manifest, self.fit, self.check, self.targets, self.lang = manifest, fit, check, targets, lang
        self._: Translate = translator(lang)
        self.n = Numbers(lang)
        self.rows: dict[str, Mapping[str, Any]] = {row["id"]: row for row in fit["targets"]}
        self.parameters: list[Mapping[str, Any]] = sorted(fit["parameters"], key=lambda p: (p["ratio"], p["parameter"]))
        self.by_name = {p["parameter"]: p for p in self.parameters}
        self.predictive: Mapping[str, Any] = check.get("predictive") or {}
        self.arms = [name for name in SWITCHED_OFF if name in self.predictive]
        self.region = Region.load(manifest["asked"]["region"])
        self.sides = {side: self._(str(self.region.meta["sides"][side]["name"])) for side in ("id", "my")}

    # --- formats ---

    def label(self, name: str) -> str:
        """The label of a parameter."""
        return self._(self.by_name[name]["label"]) if name in self.by_name else name

    def title(self, name: str) -> str:
        """The title of a target."""
        return self._(self.rows[name]["title"]) if name in self.rows else name

    def value(self, row: Mapping[str, Any], value: float | None) -> str:
        """A number of a target in its unit; one that was cut at a cap is marked by ≥ or ≤."""
        n = self.n
        if value is None or not math.isfinite(value):
            return "–"
        target = self._target(row)
        low, high = self._limits(target)
        sign = "≤ " if math.isclose(value, low, rel_tol=1e-5) else "≥ " if math.isclose(value, high, rel_tol=1e-5) else ""
        unit = row["unit"]
        if unit.startswith("share"):
            return sign + n.percent(
                value, 0 if abs(value) >= 0.1 and "difference" not in unit else 1 if abs(value) >= 0.01 or "difference" in unit else 2
            )
        if unit.startswith("quotient"):
            return sign + n.number(value, 2)
        return sign + n.short(value)

    def _target(self, row: Mapping[str, Any]) -> Target:
        return self.targets[row["id"]]

    @staticmethod
    def _limits(t: Target) -> tuple[float, float]:
        """The caps of a statistic, lower and upper, in the reader's unit."""
        if t.kind in REPORTED:
            ends = (t.mark - DEAF * t.width, min(t.cap, t.mark + DEAF * t.width))
            shown = (lambda x: 1 / (1 + math.exp(-x))) if t.kind == "threshold" else math.exp
            return shown(ends[0]), shown(ends[1])
        return (EDGE, 1 - EDGE) if t.scale == "logit" and t.kind == "value" else (-math.inf, math.inf)

    def _is_capped(self, row: Mapping[str, Any]) -> bool:
        cells = [*(row["quantiles"] or ()), *(row["prior"].get("quantiles") or ())]
        return any(self.value(row, v)[:1] in "≤≥" for v in cells)

    def interval(self, row: Mapping[str, Any], quantiles: Sequence[float] | None) -> dict[str, str]:
        """Median and ends of an interval as text."""
        if not quantiles:
            return {"middle": "–", "ends": ""}
        middle = quantiles[len(quantiles) // 2]
        return {"middle": self.value(row, middle), "ends": f"{self.value(row, quantiles[0])} – {self.value(row, quantiles[-1])}"}

    def reported(self, row: Mapping[str, Any]) -> str:
        """The reported value, short."""
        _, n = self._, self.n
        kind = row["kind"]
        if kind in MEASURED:
            said = n.number(row["observed"], 2) if row["unit"].startswith("quotient") else self.value(row, row["observed"])
            return said if row["unit"] in ("share", "1") or row["unit"].startswith("quotient") else f"{said} {_(row['unit'])}"
        if kind == "threshold":
            return _("more than {mark}").format(mark=n.percent(row["threshold"]))
        if kind == "trend":
            return _("it fell (quotient above 1)")
        if kind == "monotone":
            return _("it rises year by year") if row["direction"] == "up" else _("it falls year by year")
        mark_ = n.number(1 if row["scale"] == "log" else 0)
        return (_("more than {mark}") if row["direction"] == "up" else _("less than {mark}")).format(mark=mark_)

    def share(self, value: float | None) -> str:
        """A rate as a percentage, or a dash."""
        return "–" if value is None or not math.isfinite(value) else self.n.percent(min(value, 1.0))

    def signed(self, value: float) -> str:
        """A number with its sign."""
        return ("+" if value > 0 else "") + self.n.number(value, 2)

    def signed_percent(self, value: float) -> str:
        """A change as a percentage with its sign."""
        return ("+" if value > 0 else "") + self.n.percent(value)
