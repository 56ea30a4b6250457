"""The report of a fit: a single page that needs nothing beside it and no network.

It opens with what a reader of policy needs, then shows what the facts say of each parameter, how the fitted model stands to each fact, what each
fact moves, what stays unknown, and how far the posterior can be believed. Every sentence is made from the numbers of ``fit.json`` and
``check.json``; where a part of the checks was not made, its section says so. The same files give the same bytes.
"""

from __future__ import annotations

import base64
import csv
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from calibration.targets import DEAF, EDGE, MEASURED, REPORTED, Target, Targets
from experiments.calibrate import SWITCHED_OFF, read_manifest
from experiments.calibrate_figures import METHODS, Drawing
from experiments.languages import LANGUAGES, Numbers, Translate, check_language, mark, translator

#: What can be said of a parameter, in the order of the table.
KNOWN = {"informed": mark("informed"), "weak": mark("weak"), "prior only": mark("prior only")}
USES = {
    "input": mark("input: the model reads it, or its data were set from it"),
    "fit": mark("fit: compared with each run in the fit"),
    "held-out": mark("held out: compared afterwards only"),
    "check": mark("plausibility check only"),
    "unused": mark("unused"),
}
BASES = {
    "opened": mark("read in a source"),
    "recalled": mark("recalled, unverified"),
    "derived": mark("derived from figures"),
    "judgement": mark("judgement of the authors"),
    "fact": mark("a fact of the region"),
}
#: Mechanisms that predictive runs are repeated without, as short headings.
MECHANISMS = {
    "puskesmas_programme": mark("puskesmas programme"),
    "kinship": mark("kin ties"),
    "cross_border_work": mark("work across"),
    "cross_border_care": mark("care across"),
    "infrastructure_investment": mark("public works"),
    "crisis": mark("crisis of 1997"),
}
#: Beginnings of parameter names about which the fitted facts say nothing directly, by subject.
SILENT = {
    mark("kin ties across the border"): ("household.keep_ties.", "world.kinship."),
    mark("border posts and bribes"): ("official.inspect.", "official.set_posture."),
    mark("trade across"): ("trader.", "market."),
    mark("public budgets"): ("official.spend_budget.",),
}
CALENDAR = "world.travel.puskesmas_delay"
#: A pattern that the prior passes more often than this validates nothing.
EMPTY = 0.9
#: Facts of the paper's numbered claims that are shown with mechanisms switched off.
CLAIMS = ("E01", "E02", "E03")


def write_report(folder: Path, lang: str) -> list[Path]:
    """Write the report of a fit folder in one language; refuses results that cannot be judged."""
    check_language(lang)
    page = report(folder, lang)
    out = folder / "report" / ("report.html" if lang == "en" else f"report-{lang}.html")
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(exist_ok=True)
        draft.write_text(page, encoding="utf-8")
        os.replace(draft, out)
    except OSError as error:
        raise UserError(f"cannot write '{shorten(out)}': {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return [out]


def report(folder: Path, lang: str = "en") -> str:
    """The page as HTML."""
    from jinja2 import Environment, StrictUndefined

    manifest = read_manifest(folder)
    fit = _read(folder / "fit.json", "lintas fit result", needed=True)
    check = _read(folder / "check.json", "lintas fit checks", needed=False)
    for said, name in ((manifest, "manifest.json"), (check, "check.json")):
        if said and said["model_version"] != fit["model_version"]:
            raise UserError(
                f"'{shorten(folder / name)}' belongs to model {shorten(said['model_version'])}, fit.json to {shorten(fit['model_version'])}: "
                f"run 'lintas calibrate fit' and 'check' again"
            )
    targets = Targets.load(folder / "targets.toml")
    refuse(fit, targets)
    template = resources.files("experiments").joinpath("templates/calibration.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["_"] = translator(lang)
    return environment.from_string(template).render(**Page(manifest, fit, check, targets, lang).parts()) + "\n"


def _read(path: Path, kind: str, *, needed: bool) -> dict[str, Any]:
    if not needed and not path.exists():
        return {}
    try:
        said = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no '{shorten(path)}': run 'lintas calibrate fit {shorten(path.parent)}' first") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read '{shorten(path)}': {shorten(error)}") from None
    if not isinstance(said, dict) or said.get("kind") != kind:
        raise UserError(f"'{shorten(path)}' is no {kind}")
    return said


def refuse(fit: Mapping[str, Any], targets: Targets) -> None:
    """Refuse a result that a reader could not judge: a parameter without label, a fact without words, source or reason."""
    for row in fit["parameters"]:
        if row.get("known") not in KNOWN:
            raise UserError(
                f"the parameter '{shorten(row.get('parameter', '?'))}' has no identifiability label (informed, weak or prior only): "
                f"no report is written that hides what is not known"
            )
    for row in fit["targets"]:
        if row["role"] not in ("fit", "held-out"):
            continue
        name = shorten(row["id"])
        if not (str(row.get("quote") or "").strip() or row.get("facts")):
            raise UserError(f"the target '{name}' has neither quote nor facts: say in targets.toml which words or which fact it rests on")
        if not str(row.get("source") or "").strip():
            raise UserError(f"the target '{name}' has no source: say in targets.toml where it was read")
        if row["kind"] in MEASURED and not str(row.get("tolerance_reason") or "").strip():
            raise UserError(
                f"the target '{name}' has no reason for its tolerance: say in targets.toml why {row.get('tolerance')} and no other"
            )
    if targets.hash != fit["targets_hash"]:
        raise UserError("targets.toml was changed after the fit: use 'lintas calibrate retarget', or run 'lintas calibrate fit' again")


class Page:
    """Everything that the page says, in one language."""

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

    def parts(self) -> dict[str, Any]:
        """What the template fills in."""
        _ = self._
        drawn = Drawing(self.fit, self.check, self._said(), self.sides, self.lang).all()
        figures = {
            key: {
                "key": key, "title": p.title, "alt": p.alt, "sentence": p.sentence, "head": p.head, "rows": p.rows, "notes": p.notes,
                "source": "data:image/svg+xml;base64," + base64.b64encode(p.svg).decode("ascii"),
            }
            for key, p in drawn.items()
        }  # fmt: skip
        known = {kind: [self.parameter(p) for p in self.parameters if p["known"] == kind] for kind in KNOWN}
        return {
            "language": self.lang, "language_name": LANGUAGES[self.lang], "region": _(str(self.region.title)), "figures": figures,
            "short": self.short(), "alarms": [self.alarm(a) for a in self.fit.get("alarms") or ()], "unknown": self.unknown(),
            "known": known, "known_words": {k: _(w) for k, w in KNOWN.items()},
            "roles": [(role, [self.target(r) for r in self.fit["targets"] if r["role"] == role]) for role in ("fit", "check")],
            "has_capped": any(self._is_capped(r) for r in self.fit["targets"]),
            "tolerances": self.tolerances(), "moves": self.moves(), "sensitivity": self.sensitivity(),
            "directions": self.directions(), "pairs": self.pairs(),
            "held_out": self.held_out(), "held_out_words": self.held_out_words(), "arms": [_(MECHANISMS[a]) for a in self.arms],
            "claims": self.claims(), "has_predictive": "all" in self.predictive, "missing_arms": self.missing_arms(),
            "sbc": self.sbc(), "planted": self.planted(), "disagreement": self.disagreement(), "populations": self.populations(),
            "emulators": self.emulators(), "not_ruled_out": self.not_ruled_out(), "priors": self.priors(),
            "facts": self.facts(), "provenance": self.provenance(), "commands": self.commands(),
        }  # fmt: skip

    # --- the first page -------------------------------------------------------------------------------------------------

    def short(self) -> list[str]:
        """The first page, one paragraph a subject."""
        return [
            p for p in (self._short_runs(), self._short_incomes(), self._short_care(), self._short_programme(), self._short_known()) if p
        ]

    def _short_runs(self) -> str:
        n = self.n
        return self._(
            "{runs} runs of the model, each with {households} simulated households, were weighed by {facts} reported facts "
            "to learn what these say of {parameters} uncertain numbers of the model."
        ).format(
            runs=n.number(self.fit["runs"]), households=n.number(self.fit["households"]), facts=len(self.targets.fit),
            parameters=len(self.parameters),
        )  # fmt: skip

    def _short_incomes(self) -> str:
        _, n = self._, self.n
        own, across = self.rows.get("income_id"), self.rows.get("income_my")
        if own is None or across is None:
            return ""
        words = _(
            "The fitted model gives a mean income of US${own} per person and year on the Kalimantan side (90 % interval {own_low} to {own_high}) "
            "and of US${across} on the Sarawak side ({across_low} to {across_high}); the paper says {said_own} and {said_across}."
        ).format(
            own=n.short(own["quantiles"][2]), own_low=n.short(own["quantiles"][0]), own_high=n.short(own["quantiles"][-1]),
            across=n.short(across["quantiles"][2]), across_low=n.short(across["quantiles"][0]), across_high=n.short(across["quantiles"][-1]),
            said_own=n.number(own["observed"]), said_across=n.number(across["observed"]),
        )  # fmt: skip
        ratio = self._ratio()
        if ratio:
            words += " " + _("Its ratio of the two is {middle} ({low} to {high}), the paper's {said}.").format(
                middle=n.number(ratio[2], 1), low=n.number(ratio[0], 1), high=n.number(ratio[-1], 1),
                said=n.number(across["observed"] / own["observed"], 1),
            )  # fmt: skip
        if own["built_in"] and across["built_in"]:
            words += " " + _("Scale factors in the model can reach these incomes by themselves, so that it reaches them proves nothing.")
        return words

    def _ratio(self) -> list[float] | None:
        """Quantiles of the quotient of the two incomes at the declared tolerance."""
        declared = self.rows["income_id"]["tolerance"] if "income_id" in self.rows else None
        for row in self.fit.get("tolerances") or ():
            if declared is not None and math.isclose(row["tolerance"], declared):
                return row["ratio"]
        return self.rows["income_ratio"]["quantiles"] if "income_ratio" in self.rows else None

    def _short_care(self) -> str:
        _ = self._
        most, fall = self.rows.get("care_majority"), self.rows.get("visits_fall")
        words = []
        if most is not None:
            words.append(
                _(
                    "That most care was sought in Sarawak in the 1980s has a chance of {after} in the fitted model; before any fact was used it "
                    "was {before}. The share sought across then is {middle} (90 % interval {low} to {high})."
                ).format(
                    after=self.share(most["pass"]), before=self.share(most["prior"]["pass"]), middle=self.value(most, most["quantiles"][2]),
                    low=self.value(most, most["quantiles"][0]), high=self.value(most, most["quantiles"][-1]),
                )
            )  # fmt: skip
        if fall is not None:
            words.append(
                _(
                    "That fewer visits were made across in 2004–2006 than in the 1980s has a chance of {after}, against {before} before."
                ).format(after=self.share(fall["pass"]), before=self.share(fall["prior"]["pass"]))
            )
        return " ".join(words)

    def _short_programme(self) -> str:
        _, n = self._, self.n
        if not {"care_majority", "visits_fall"} & set(self.rows):
            return ""
        if not {"all", "puskesmas_programme"} <= set(self.predictive):
            return _("What becomes of this without the puskesmas programme is not known yet: those runs were not made.")
        on, off = (self.predictive[a]["targets"] for a in ("all", "puskesmas_programme"))
        words = [
            _("To see what the puskesmas did, {runs} draws were run again with new chance, with their programme and without it.").format(
                runs=n.number(self.predictive["puskesmas_programme"]["runs"])
            )
        ]
        if "care_majority" in on and "care_majority" in off:
            words.append(
                _("A majority across in the 1980s: {on} of the runs with it, {off} without.").format(
                    on=self.share(on["care_majority"]["pass"]), off=self.share(off["care_majority"]["pass"])
                )
            )
        if "visits_fall" in on and "visits_fall" in off:
            with_it, without = on["visits_fall"]["pass"], off["visits_fall"]["pass"]
            words.append(_("Fewer visits later: {on} with it, {off} without.").format(on=self.share(with_it), off=self.share(without)))
            if with_it is not None and without is not None:
                words.append(
                    _("In this model, then, the fall of visits comes mostly from the programme, as the paper says.")
                    if with_it - without >= 0.5
                    else _("In this model, then, the programme makes part of the fall.")
                    if with_it - without >= 0.1
                    else _("In this model, then, the fall does not hang on the programme: the paper's reason for it is not confirmed.")
                )
        if "care_share_fall" in off and (off["care_share_fall"]["pass"] or 0.0) > 0.5:
            words.append(
                _(
                    "The share of care sought across falls in {off} of the runs without it as well, since care at home improves in other ways too."
                ).format(off=self.share(off["care_share_fall"]["pass"]))
            )
        return " ".join(words)

    def _short_known(self) -> str:
        count = {kind: sum(p["known"] == kind for p in self.parameters) for kind in KNOWN}
        return self._(
            "Of the {total} uncertain numbers the facts inform {informed} (spread less than half of what it was), say a little of {weak}, and "
            "nothing of {silent}. For these the ranges chosen by the authors stand as they were: a result that leans on them is an "
            "assumption carried through, and its interval is the honest answer."
        ).format(total=len(self.parameters), informed=count["informed"], weak=count["weak"], silent=count["prior only"])

    def alarm(self, alarm: Mapping[str, Any]) -> str:
        """One sentence for one alarm."""
        _, n = self._, self.n
        what, value = alarm.get("what"), alarm.get("value")
        name = self.label(str(alarm.get("parameter", "")))
        target = self.title(str(alarm.get("target", "")))
        if what == "ess":
            return _("The draws count for {value} independent ones only; intervals are rough.").format(value=n.short(float(value or 0)))
        if what == "weight":
            return _("One single run carries {value} of the whole weight; intervals are rough.").format(value=n.percent(float(value or 0)))
        if what == "disagreement":
            return _("Two ways to the same posterior place “{parameter}” {value} of its spread apart; do not rest a result on it.").format(
                parameter=name, value=n.number(float(value or 0), 2)
            )
        if what == "emulator":
            return _("The emulator of “{target}” explains only {value} of its spread: the checks that use it are weak.").format(
                target=target, value=n.percent(max(0.0, float(value or 0)))
            )
        if what == "missed":
            return _("The fit misses “{target}”: only {value} of what the fitted model would report lies as far off as the fact.").format(
                target=target, value=n.percent(float(value or 0), 1)
            )
        if what == "median":
            return _("The middle of “{target}” lies {value} off what was reported.").format(
                target=target, value=self.signed_percent(float(value or 0))
            )
        if what == "leans":
            words = (
                _("“{parameter}” leans on the lower end of its range.")
                if value == "low"
                else _("“{parameter}” leans on the upper end of its range.")
            )
            return (
                words.format(parameter=name) + " " + _("The facts might want it beyond: the range, or a missing mechanism, decides here.")
            )
        if what == "conflict":
            return self._conflict(str(alarm.get("target", "")), target)
        return _("The fit raised the alarm “{what}”, for which this page has no words: {values}.").format(
            what=shorten(what), values=shorten(", ".join(str(v) for k, v in alarm.items() if k != "what"))
        )

    def _conflict(self, name: str, title: str) -> str:
        words = self._(
            "The other facts do not lead to “{target}”: the fitted model says it only because this fact itself was fitted."
        ).format(target=title)
        row = next((r for r in self.fit.get("leave_one_out") or () if r["target"] == name), None)
        if row is None or name not in self.rows:
            return words
        low, middle, high = (self.value(self.rows[name], v) for v in row["predicted"])
        return words + " " + self._("Without it the model gives {middle} ({low} to {high}).").format(middle=middle, low=low, high=high)

    def unknown(self) -> list[str]:
        """What cannot be known from these facts."""
        _, n = self._, self.n
        said = []
        row = self.by_name.get(CALENDAR)
        if row is not None:
            words = _(
                "When each puskesmas opened: no list was found. How many years after the guessed calendar they opened is an uncertain number, "
                "{low} to {high} before the facts; afterwards {middle} (90 % interval {q_low} to {q_high})."
            ).format(
                low=n.number(row["low"]), high=n.number(row["high"]), middle=n.number(row["quantiles"][2], 1),
                q_low=n.number(row["quantiles"][0], 1), q_high=n.number(row["quantiles"][-1], 1),
            )  # fmt: skip
            moved = self._mover(CALENDAR)
            if moved:
                words += " " + _(
                    "It was read off mainly from “{target}”, so that fact says more of the calendar than of behaviour."
                ).format(target=moved)
            said.append(words)
        counted = []
        for subject, prefixes in SILENT.items():
            mine = [p for p in self.parameters if p["parameter"].startswith(prefixes)]
            if mine:
                silent = sum(p["known"] == "prior only" for p in mine)
                counted.append(
                    _("{subject} ({silent} of {total} numbers as before)").format(subject=_(subject), silent=silent, total=len(mine))
                )
        if counted:
            said.append(_("Nothing fitted bears directly on: {subjects}.").format(subjects="; ".join(counted)))
        built_in = [self.title(t.id) for t in self.targets.fit if t.built_in]
        other = [self.title(t.id) for t in self.targets.fit if not t.built_in]
        if built_in:
            said.append(
                _(
                    "{count} of the {total} fitted facts can be hit by one scale or one guessed number alone, so hitting them shows nothing: {names}."
                ).format(count=len(built_in), total=len(built_in) + len(other), names="; ".join(built_in))
            )
        return said

    def _mover(self, parameter: str) -> str:
        """The target whose leaving out moves a parameter by most, if by more than half a prior sd."""
        shifts = [
            (abs(m["shift"]), r["target"]) for r in self.fit.get("leave_one_out") or () for m in r["moves"] if m["parameter"] == parameter
        ]
        return self.title(max(shifts)[1]) if shifts and max(shifts)[0] > 0.5 else ""

    def _said(self) -> dict[str, float]:
        """Figures that the paper gives, for the figures."""
        said = {name: float(self.rows[name]["observed"]) for name in ("income_id", "income_my") if name in self.rows}
        return said | ({"ratio": said["income_my"] / said["income_id"]} if len(said) == 2 else {})

    # --- tables ------------------------------------------------------------------------------------------------------------

    def parameter(self, p: Mapping[str, Any]) -> dict[str, Any]:
        """One row of the table of parameters."""
        _, n = self._, self.n
        q = p["quantiles"]
        place = lambda r: f"{n.number(r['mean'], 2)} ({n.percent(r['ratio'])})"  # noqa: E731
        return {
            "name": p["parameter"], "label": _(p["label"]), "unit": p["unit"], "known": p["known"], "ratio": n.percent(p["ratio"]),
            "prior": f"{n.short(p['low'])} – {n.short(p['high'])}", "interval": f"{n.short(q[0])} – {n.short(q[-1])}", "middle": n.short(q[2]),
            "default": n.short(p["default"]), "basis": _(BASES[p["prior_basis"]]) if p["prior_basis"] in BASES else p["prior_basis"],
            "spark": spark(p["density"]), "leans": {"low": _("leans low"), "high": _("leans high")}.get(p["leans"], ""),
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
        """The best known combinations in words."""
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
            words = _("A combination led by “{parameter}”: {share} of its spread is left.").format(parameter=first, share=share)
            if same:
                words += " " + _("A higher value of it can be made up by a lower {others}.").format(others=", ".join(same))
            if other:
                words += " " + _("A higher value of it can be made up by a higher {others}.").format(others=", ".join(other))
            found.append(words)
        return found

    def pairs(self) -> list[str]:
        """Pairs of parameters that the facts cannot tell apart."""
        _, n = self._, self.n
        return [
            (
                _("“{a}” and “{b}” can make up for each other: where one is higher the other is lower (correlation {r}).")
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
        """What a held-out pattern says of the model."""
        _ = self._
        before, after = row["prior"].get("pass"), row["pass"]
        if before is None or after is None:
            return "–"
        if after < 0.1:
            return _("does not hold: a finding about the model")
        if before > EMPTY:
            return _("validates nothing: the prior passes too")
        if after - before > 0.1:
            return _("holds more often than before the facts")
        return _("no better than before the facts") if after - before >= -0.1 else _("holds less often than before the facts")

    def held_out_words(self) -> list[str]:
        """What the held-out patterns say together."""
        _ = self._
        rows = [r for r in self.fit["targets"] if r["role"] == "held-out" and r["pass"] is not None and r["prior"].get("pass") is not None]
        if not rows:
            return [_("No pattern was held out.")]
        empty = [r for r in rows if r["prior"]["pass"] > EMPTY]
        gained = [r for r in rows if r not in empty and r["pass"] - r["prior"]["pass"] > 0.1]
        failed = [r for r in rows if r["pass"] < 0.1]
        words = [
            _(
                "A pattern that more than 90 % of the prior's runs pass validates nothing, since any values would have passed it: "
                "that is so of {empty} of {total} held-out patterns."
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
        """Middle and rate of agreement of one target in one set of new runs."""
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

    # --- checks -------------------------------------------------------------------------------------------------------------

    def sbc(self) -> list[dict[str, Any]]:
        """Simulation-based calibration of the ways to a posterior."""
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
                "is_bad": m["smallest_p"] < m["needed_p"] or not 0.87 <= m["coverage_90"] <= 0.93,
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

    def planted(self) -> list[dict[str, Any]]:
        """Planted truths and what was found of them."""
        n = self.n
        return [
            {
                "number": k,
                "rows": [
                    (self.label(p), n.number(t, 2), n.number(mean, 2), n.number(sd, 2), n.number(off, 1), off > 2)
                    for p, t, mean, sd, off in zip(r["parameters"], r["truth"], r["mean"], r["sd"], r["off"], strict=True)
                ],
            }
            for k, r in enumerate(self.check.get("planted") or (), 1)
        ]

    def disagreement(self) -> list[tuple[str, str, str]]:
        """Distance of the other ways to the posterior, largest first."""
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
        """How well each emulator does."""
        n = self.n
        return [
            (self.title(e["target"]), n.percent(e["r2"]), n.number(e["spread"], 2), len(e["active"]))
            for e in self.fit.get("emulators") or ()
        ]

    def not_ruled_out(self) -> str:
        """The part of the prior that the facts leave standing."""
        share = self.fit.get("not_ruled_out")
        if share is None:
            return ""
        return self._(
            "In {share} of the space of all priors every fitted fact lies within three spreads (tolerance and emulator together): that much is not ruled out."
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

    # --- facts and provenance --------------------------------------------------------------------------------------------------

    def facts(self) -> dict[str, Any]:
        """The facts of the region by use."""
        text = resources.files("calibration").joinpath("data/facts.csv").read_text("utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        counts = [(self._(word), sum(r["use"] == use for r in rows)) for use, word in USES.items()]
        order = list(USES)
        rows.sort(key=lambda r: order.index(r["use"]) if r["use"] in order else len(order))
        return {"total": len(rows), "counts": counts, "rows": rows}

    def provenance(self) -> list[tuple[str, str]]:
        """What the numbers belong to."""
        _, n, asked = self._, self.n, self.manifest["asked"]
        return [
            (_("model version"), str(self.fit["model_version"])),
            (_("region"), str(asked["region"])),
            (_("hash of the region's data"), str(self.manifest["region_hash"])),
            (_("hash of the targets"), str(self.fit["targets_hash"])),
            (_("seed"), str(asked["seed"])),
            (_("runs"), n.number(self.fit["runs"])),
            (_("simulated households of each run"), n.number(asked["households"])),
            (_("last month"), str(asked["end"])),
            (_("switched off in the fit"), ", ".join(asked.get("without") or ()) or "–"),
            (_("effective sample size"), n.number(self.fit["ess"])),
        ]

    def commands(self) -> list[str]:
        """How to repeat the fit."""
        from experiments.study import DEFAULT_REGION

        a = self.manifest["asked"]
        said = f"lintas calibrate plan -o fit --points {a['points']} --population {a['population']} --most {a['most_populations']}"
        said += f" --households {a['households']} --draws {a['draws']} --tests {a['tests']} --end {a['end']} --seed {a['seed']}"
        if a["region"] != DEFAULT_REGION:
            said += f" --region {a['region']}"
        said += "".join(f" --without {w}" for w in a.get("without") or ()) + "".join(f" --only {p}" for p in a.get("names") or ())
        said += "".join(f" --prior {p}={low:g}:{high:g}" for p, low, high in a.get("ranges") or ())
        said += f" --widen {a['widen']:g}" if a.get("widen") else ""
        said += " --targets targets.toml" if self.fit["targets_hash"] != Targets.load().hash else ""
        return [said, "lintas calibrate report fit"]

    # --- how things are written --------------------------------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """A parameter as a person reads it."""
        return self._(self.by_name[name]["label"]) if name in self.by_name else name

    def title(self, name: str) -> str:
        """A target as a person reads it."""
        return self._(self.rows[name]["title"]) if name in self.rows else name

    def value(self, row: Mapping[str, Any], value: float | None) -> str:
        """A number of a target in its unit; what is cut off says so."""
        n = self.n
        if value is None or not math.isfinite(value):
            return "–"
        target = self._target(row)
        low, high = self._limits(target)
        sign = "≤ " if math.isclose(value, low, rel_tol=1e-9) else "≥ " if math.isclose(value, high, rel_tol=1e-9) else ""
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
        """Beyond which numbers a statistic is cut, in the reader's unit."""
        if t.kind in REPORTED:
            ends = (t.mark - DEAF * t.width, min(t.cap, t.mark + DEAF * t.width))
            shown = (lambda x: 1 / (1 + math.exp(-x))) if t.kind == "threshold" else math.exp
            return shown(ends[0]), shown(ends[1])
        return (EDGE, 1 - EDGE) if t.scale == "logit" and t.kind == "value" else (-math.inf, math.inf)

    def _is_capped(self, row: Mapping[str, Any]) -> bool:
        cells = [*row["quantiles"], *(row["prior"].get("quantiles") or ())]
        return any(self.value(row, v)[:1] in "≤≥" for v in cells)

    def interval(self, row: Mapping[str, Any], quantiles: Sequence[float] | None) -> dict[str, str]:
        """Middle and ends of an interval as text."""
        if not quantiles:
            return {"middle": "–", "ends": ""}
        middle = quantiles[len(quantiles) // 2]
        return {"middle": self.value(row, middle), "ends": f"{self.value(row, quantiles[0])} – {self.value(row, quantiles[-1])}"}

    def reported(self, row: Mapping[str, Any]) -> str:
        """What a source says, short."""
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


def spark(density: Sequence[float]) -> str:
    """Points of a small filled line of a density over 20 bins, in a box of 80 by 20."""
    top = max([*density, 1e-12])
    step = 80 / len(density)
    height: Callable[[float], float] = lambda d: 19 - 17 * d / top  # noqa: E731
    points = [(0.0, 19.0)]
    for k, d in enumerate(density):
        points += [(k * step, height(d)), ((k + 1) * step, height(d))]
    points.append((80.0, 19.0))
    return " ".join(f"{x:.0f},{y:.1f}" for x, y in points)
