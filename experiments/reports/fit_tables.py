"""Which tables of a fit's report show parameters, targets, readings and held-out patterns?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from calibration.target import MEASURED
from experiments.fits.asked import SWITCHED_OFF
from experiments.fits.files import FIT, read_result
from experiments.reports.fit_words import MECHANISMS, Words
from experiments.words.languages import mark

BASES = {
    "opened": mark("read in a source"),
    "recalled": mark("recalled, unverified"),
    "derived": mark("derived from figures"),
    "judgement": mark("judgement of the authors"),
    "fact": mark("a fact of the region"),
}
#: A pattern that the prior passes more often than this validates nothing.
EMPTY = 0.9
#: Facts of the paper's numbered claims that are shown with mechanisms switched off.
CLAIMS = ("E01", "E02", "E03")


class FitTables(Words):
    """Rows of every table, as text."""

    def parameter(self, p: Mapping[str, Any]) -> dict[str, Any]:
        """One row of the table of parameters."""
        _, n = self._, self.n
        q = p["quantiles"]
        place = lambda r: f"{n.number(r['mean'], 2)} ({n.percent(r['ratio'])})"  # noqa: E731
        return {
            "name": p["parameter"], "label": _(p["label"]), "unit": _(p["unit"]), "known": p["known"], "ratio": n.percent(p["ratio"]),
            "prior": f"{n.short(p['low'])} – {n.short(p['high'])}", "interval": f"{n.short(q[0])} – {n.short(q[-1])}", "middle": n.short(q[2]),
            "default": n.short(p["default"]), "basis": _(BASES[p["prior_basis"]]) if p["prior_basis"] in BASES else p["prior_basis"],
            "spark": spark(p["density"]), "piles_up": {"low": _("at its lower bound"), "high": _("at its upper bound")}.get(p["piles_up"], ""),
            "mean": f"{n.number(p['unit_mean'], 2)} ({n.percent(p['ratio'])})",
            "emulated": place(p["emulated"]) if p.get("emulated") else "–", "abc": place(p["abc"]) if p.get("abc") else "–",
        }  # fmt: skip

    def target(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """One row of a table of targets."""
        n, prior = self.n, row["prior"]
        measured = row["kind"] in MEASURED
        off = row.get("off")
        return {
            "id": row["id"], "title": self.title(row["id"]), "reported": self.reported(row), "built_in": row["built_in"], "claims": ", ".join(row["claims"]),
            "tolerance": n.number(row["tolerance"], 2) if measured and row["tolerance"] else (n.number(row["width"], 2) if row["width"] else "–"),
            "prior": self.interval(row, prior.get("quantiles")), "posterior": self.interval(row, row["quantiles"]),
            "prior_pass": self.share(prior.get("pass")), "pass": self.share(row["pass"]),
            "off": self.signed_percent(off) if measured and off is not None else "", "reason": row["reason"], "tolerance_reason": row["tolerance_reason"],
            "quote": row["quote"], "lines": row["lines"].replace("-", "–"), "source": row["source"], "facts": ", ".join(row["facts"]),
        }  # fmt: skip

    def tolerances(self) -> list[dict[str, str]]:
        """Incomes and ratio at the published tolerances."""
        n = self.n
        show = lambda q, f: f"{f(q[2])} ({f(q[0])} – {f(q[-1])})"  # noqa: E731
        return [
            {
                "tolerance": n.number(r["tolerance"], 2), "own": show(r["income_id"], n.short), "across": show(r["income_my"], n.short),
                "ratio": show(r["ratio"], lambda v: n.number(v, 2)), "ess": n.number(r["ess"]),
            }
            for r in self.fit.get("tolerances") or ()
        ]  # fmt: skip

    def readings(self) -> list[dict[str, Any]] | None:
        """What holds if a report had meant another number; None where this was not computed."""
        n = self.n
        if self.fit.get("readings") is None:
            return None
        return [
            {
                "title": self.title(r["target"]), "other": self.title(r["reading"]), "ess": n.number(r["ess"]),
                "fitted": [self.share(self.rows[name]["pass"]) for name in (r["target"], r["reading"])],
                "read": [self.share(r["pass"][name]) for name in (r["target"], r["reading"])],
                "moves": [f"{self.label(m['parameter'])}: {self.signed(m['shift'])}" for m in r["moves"]],
            }
            for r in self.fit["readings"]
            if r["target"] in self.rows and r["reading"] in self.rows
        ]  # fmt: skip

    def lacking(self) -> str:
        """For a fit without a mechanism: whether the facts favour it or the whole model that ships; else empty."""
        _, n = self._, self.n
        without = self.fit.get("without") or ()
        if not without:
            return ""
        names = ", ".join(_(MECHANISMS[w]) if w in MECHANISMS else w for w in without)
        words = _("This fit was made without: {mechanisms}.").format(mechanisms=names)
        whole = self._shipped()
        if not whole:
            return (
                words
                + " "
                + _(
                    "There is no shipped fit of the whole model to the same facts to compare it with, so it is not known which model the facts favour."
                )
            )
        log_factor = float(whole["log_evidence"]) - float(self.fit["log_evidence"])
        words += " " + _("The logarithm of its evidence is {own}, that of the whole model {whole}.").format(
            own=n.number(self.fit["log_evidence"], 2), whole=n.number(whole["log_evidence"], 2)
        )
        factor = (
            n.number(math.exp(abs(log_factor)), 1)
            if abs(log_factor) < math.log(1000.0)
            else _("more than {number}").format(number=n.number(1000))
        )
        if abs(log_factor) < math.log(3.0):
            return (
                words
                + " "
                + _(
                    "The facts favour neither (a factor of {factor}): they do not show whether the mechanism matters, and agreement with"
                    " them does not mean that it has no effect."
                ).format(factor=factor)
            )
        return (
            words
            + " "
            + (
                _("The facts favour the whole model by a factor of {factor}.")
                if log_factor > 0
                else _("The facts favour the model without it by a factor of {factor}.")
            ).format(factor=factor)
            + " "
            + _("A factor below 3 is very weak evidence; above 20 it is strong.")
        )

    def _shipped(self) -> dict[str, Any]:
        """The fit that ships for this region, if it is of the same model, facts and priors."""
        path = Path(str(resources.files("calibration"))) / "posteriors" / self.region.id / "fit.json"
        found = read_result(path, FIT, needed=False)
        same = all(found.get(k) == self.fit.get(k) for k in ("model_version", "targets_hash", "households"))
        asked = self.manifest["asked"]
        return found if same and not (asked.get("widen") or asked.get("names") or asked.get("ranges")) else {}

    def moves(self) -> list[dict[str, Any]]:
        """What leaving out each fitted target moves."""
        _, n = self._, self.n
        found = []
        for r in self.fit.get("leave_one_out") or ():
            row = self.rows[r["target"]]
            found.append({
                "title": self.title(r["target"]), "reported": self.reported(row), "with": self.interval(row, row["quantiles"]), "ess": n.number(r["ess"]),
                "without": self.interval(row, r["predicted"]), "agrees": _("yes") if r["observed_inside"] else _("no"), "is_bad": not r["observed_inside"],
                "moves": [
                    _("{parameter}: {shift} sd of the prior, spread × {width}").format(
                        parameter=self.label(m["parameter"]), shift=self.signed(m["shift"]), width=n.number(m["width"], 2)
                    )
                    for m in r["moves"]
                    if abs(m["shift"]) >= 0.2 or abs(m["width"] - 1) >= 0.2
                ],
            })  # fmt: skip
        return found

    def sensitivity(self) -> list[dict[str, Any]]:
        """Total-order indices of each fitted target, the largest."""
        n = self.n
        return [
            {
                "title": self.title(r["target"]), "r2": n.percent(r["r2"]),
                "indices": [
                    (self.label(i["parameter"]), n.number(i["total"], 2), n.number(i["half_width"], 2), round(100 * min(max(i["total"], 0.0), 1.0)))
                    for i in r["indices"]
                    if i["total"] >= 0.02
                ][:8],
            }
            for r in self.check.get("sensitivity") or ()
        ]  # fmt: skip

    def directions(self) -> list[str]:
        """Sentences on the best known combinations of parameters."""
        _, n = self._, self.n
        found = []
        for d in self.fit.get("directions") or ():
            names, loadings = d["parameters"], d["loadings"]
            if not names:
                continue
            first = self.label(names[0])
            share = n.percent(d["ratio"])
            if len(names) == 1:
                found.append(_("“{parameter}” by itself: {share} of its spread is left.").format(parameter=first, share=share))
                continue
            same = [f"“{self.label(p)}”" for p, x in zip(names[1:], loadings[1:], strict=True) if x * loadings[0] > 0]
            other = [f"“{self.label(p)}”" for p, x in zip(names[1:], loadings[1:], strict=True) if x * loadings[0] <= 0]
            words = _("A combination with “{parameter}” as its largest part: {share} of its spread is left.").format(
                parameter=first, share=share
            )
            if same:
                words += " " + _("A higher value of it can be offset by a lower value of {others}.").format(others=", ".join(same))
            if other:
                words += " " + _("A higher value of it can be offset by a higher value of {others}.").format(others=", ".join(other))
            found.append(words)
        return found

    def pairs(self) -> list[str]:
        """Pairs of parameters that the facts cannot tell apart."""
        _, n = self._, self.n
        return [
            (
                _("“{a}” and “{b}” can offset each other: where one is higher the other is lower (correlation {r}).")
                if p["correlation"] < 0
                else _("“{a}” and “{b}” go up and down together (correlation {r}).")
            ).format(a=self.label(p["a"]), b=self.label(p["b"]), r=n.number(p["correlation"], 2))
            for p in self.fit.get("pairs") or ()
        ]

    # --- held out and switched off --------------------------------------------------------------------------------------------

    def held_out(self) -> list[dict[str, Any]]:
        """Held-out patterns: the prior's rate, the posterior's, that of new runs, and of runs with mechanisms off."""
        return [
            self.target(row)
            | {
                "verdict": self.verdict(row),
                "new": self.passed("all", row["id"]),
                "off_arms": [self.passed(a, row["id"]) for a in self.arms],
            }
            for row in self.fit["targets"]
            if row["role"] == "held-out"
        ]

    def verdict(self, row: Mapping[str, Any]) -> str:
        """The conclusion from one held-out pattern."""
        _ = self._
        before, after = row["prior"].get("pass"), row["pass"]
        if before is None or after is None:
            return "–"
        if after < 0.1:
            return _("does not hold: a finding about the model")
        if before > EMPTY:
            return _("validates nothing: prior runs agree as well")
        if after - before > 0.1:
            return _("holds more often than before the facts")
        return _("no better than before the facts") if after - before >= -0.1 else _("holds less often than before the facts")

    def held_out_words(self) -> list[str]:
        """Sentences on the held-out patterns together."""
        _ = self._
        rows = [r for r in self.fit["targets"] if r["role"] == "held-out" and r["pass"] is not None and r["prior"].get("pass") is not None]
        if not rows:
            return [_("No pattern was held out.")]
        empty = [r for r in rows if r["prior"]["pass"] > EMPTY]
        gained = [r for r in rows if r not in empty and r["pass"] - r["prior"]["pass"] > 0.1]
        failed = [r for r in rows if r["pass"] < 0.1]
        words = [
            _(
                "A pattern that more than 90 % of the prior runs pass validates nothing, since almost any values would pass it: this is "
                "true of {empty} of {total} held-out patterns."
            ).format(empty=len(empty), total=len(rows)),
            _("Of the others {gained} hold more often after the fit than before.").format(gained=len(gained)),
        ]
        if failed:
            words.append(
                _(
                    "In more than nine of ten draws the fitted model contradicts: {names}. These are findings about the model, not errors of the page."
                ).format(names="; ".join(f"“{self.title(r['id'])}”" for r in failed))
            )
        return words

    def claims(self) -> list[dict[str, Any]]:
        """The paper's numbered facts in new runs, as they are and with mechanisms off."""
        if "all" not in self.predictive:
            return []
        return [
            {
                "title": self.title(row["id"]), "claims": ", ".join(row["claims"]), "reported": self.reported(row), "new": self.arm("all", row),
                "off": [self.arm(a, row) for a in self.arms],
            }
            for row in self.fit["targets"]
            if set(row["claims"]) & set(CLAIMS) and row["id"] in self.predictive["all"]["targets"]
        ]  # fmt: skip

    def arm(self, arm: str, row: Mapping[str, Any]) -> str:
        """Median and rate of agreement of one target in one set of new runs."""
        found = self.predictive[arm]["targets"].get(row["id"])
        if not found or not found["quantiles"]:
            return "–"
        return f"{self.value(row, found['quantiles'][2])} ({self.share(found['pass'])})"

    def passed(self, arm: str, name: str) -> str:
        """Rate of agreement of one target in one set of new runs."""
        return self.share((self.predictive.get(arm) or {}).get("targets", {}).get(name, {}).get("pass"))

    def missing_arms(self) -> list[str]:
        """Mechanisms without runs, in words."""
        left = set(self.manifest["asked"].get("without") or ())
        return [self._(MECHANISMS[a]) for a in SWITCHED_OFF if a not in self.predictive and a not in left]


def spark(density: Sequence[float]) -> str:
    """Points of a small filled curve of a density over 20 bins, in a box of 80 by 20."""
    top = max([*density, 1e-12])
    step = 80 / len(density)
    height: Callable[[float], float] = lambda d: 19 - 17 * d / top  # noqa: E731
    points = [(0.0, 19.0)]
    for k, d in enumerate(density):
        points += [(k * step, height(d)), ((k + 1) * step, height(d))]
    points.append((80.0, 19.0))
    return " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
