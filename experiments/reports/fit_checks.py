"""Which tables of a fit's report show the checks of its method? Coverage, simulated truths, other methods, emulators, priors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from experiments.reports.fit_figures import METHODS
from experiments.reports.fit_words import Words


class CheckTables(Words):
    """Rows of the tables of checks, as text."""

    def sbc(self) -> list[dict[str, Any]]:
        """Simulation-based calibration of each method."""
        _, n = self._, self.n
        informed = {p["parameter"] for p in self.parameters if p["known"] == "informed"}

        def of_informed(rows: list[Mapping[str, Any]]) -> float:
            found = [r["error"] for r in rows if r["parameter"] in informed]
            return sum(found) / len(found) if found else math.nan

        return [
            {
                "method": _(METHODS[m["method"]]), "n": n.number(m["n"]), "c90": n.percent(m["coverage_90"], 1),
                "c50": n.percent(m["coverage_50"], 1), "error": n.number(m["error"], 2),
                "informed": n.number(of_informed(m["parameters"]), 2), "p": n.short(m["smallest_p"]), "needed": n.short(m["needed_p"]),
"is_bad": any(a.get("method") == m["method"] for a in self.check.get("alarms") or ()),
                "parameters": [
                    {
                        "label": self.label(p["parameter"]), "c90": n.percent(p["coverage_90"]), "c50": n.percent(p["coverage_50"]),
                        "error": n.number(p["error"], 2), "p": n.short(p["p_value"]),
                    }
                    for p in m["parameters"]
                ],
            }
            for m in self.check.get("sbc") or ()
        ]  # fmt: skip

    def simulated_truths(self) -> list[dict[str, Any]]:
        """Simulated truths and what was found of them."""
        n = self.n
        return [
            {
                "number": k,
                "rows": [
                    (self.label(p), n.number(t, 2), n.number(mean, 2), n.number(sd, 2), n.number(off, 1), off > 2)
                    for p, t, mean, sd, off in zip(r["parameters"], r["truth"], r["mean"], r["sd"], r["off"], strict=True)
                ],
            }
            for k, r in enumerate(self.check.get("simulated_truths") or (), 1)
        ]

    def disagreement(self) -> list[tuple[str, str, str]]:
        """Distance between the posteriors of the methods, largest first."""
        n, said = self.n, self.fit.get("disagreement") or {}
        pmc = {r["parameter"]: r["sd"] for r in said.get("emulated_population") or ()}
        rows = sorted(said.get("emulated_abc") or (), key=lambda r: (-r["sd"], r["parameter"]))
        return [(self.label(r["parameter"]), n.number(r["sd"], 2), n.number(pmc.get(r["parameter"], math.nan), 2)) for r in rows]

    def populations(self) -> list[tuple[str, str, str, str]]:
        """Effective sample size as populations were added."""
        n = self.n
        return [
            (n.number(p["runs"]), n.number(p["ess"]), n.percent(p["largest_weight"], 1), n.number(p["log_evidence"], 2))
            for p in self.fit.get("populations") or ()
        ]

    def emulators(self) -> list[tuple[str, str, str, int]]:
        """How well each emulator predicts."""
        n = self.n
        return [
            (self.title(e["target"]), n.percent(e["r2"]), n.number(e["spread"], 2), len(e["active"]))
            for e in self.fit.get("emulators") or ()
        ]

    def not_ruled_out(self) -> str:
        """The share of the prior that the facts do not rule out."""
        share = self.fit.get("not_ruled_out")
        if share is None:
            return ""
        return self._(
            "In {share} of the prior's space every fitted fact is within three sd (tolerance and emulator together): the facts do not "
            "rule out this part."
        ).format(share=self.n.percent(share, 1))

    def priors(self) -> list[tuple[str, dict[str, str], dict[str, str]]]:
        """Predictions if the priors had been narrower."""
        rows = {r["share"]: {t["target"]: t["quantiles"] for t in r["targets"]} for r in self.check.get("priors") or ()}
        if 1.0 not in rows or len(rows) < 2:
            return []
        narrow = rows[min(rows)]
        return [
            (self.title(name), self.interval(self.rows[name], q), self.interval(self.rows[name], narrow[name]))
            for name, q in rows[1.0].items()
            if name in narrow and name in self.rows
        ]
