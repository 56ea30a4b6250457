"""How is the report of a fit made? It is a single page that needs no other files and no network.

It begins with the results for a reader of policy, then shows what the facts say about each parameter, how the fitted model agrees with each fact, what each
fact moves, what remains unknown, and how reliable the posterior is. Every sentence is made from the numbers of ``fit.json`` and
``check.json``; where a part of the checks was not made, its section says so. The same files give the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from calibration.target import MEASURED
from calibration.targets import Targets
from experiments.files import write_file
from experiments.fits.files import CHECK, FIT, check_against, read_result
from experiments.fits.fit import read_manifest
from experiments.reports.fit_checks import CheckTables
from experiments.reports.fit_figures import FitDrawing
from experiments.reports.fit_first_page import FirstPage
from experiments.reports.fit_provenance import Provenance
from experiments.reports.fit_tables import FitTables
from experiments.reports.fit_words import KNOWN, MECHANISMS
from experiments.words.languages import LANGUAGES, check_language, translator


def write_report(folder: Path, lang: str) -> list[Path]:
    """Write the report of a fit folder in one language; UserError for results that are incomplete or do not belong together."""
    check_language(lang)
    page = report(folder, lang)
    out = folder / "report" / ("report.html" if lang == "en" else f"report-{lang}.html")
    write_file(out, page.encode(), make_folder=True)
    return [out]


def report(folder: Path, lang: str = "en") -> str:
    """The page as HTML."""
    from jinja2 import Environment, StrictUndefined

    manifest = read_manifest(folder)
    fit = read_result(folder / "fit.json", FIT)
    check = read_result(folder / "check.json", CHECK, needed=False)
    for said, name in ((manifest, "manifest.json"), (check, "check.json")):
        if said and said["model_version"] != fit["model_version"]:
            raise UserError(
                f"'{shorten(folder / name)}' belongs to model {shorten(said['model_version'])}, fit.json to {shorten(fit['model_version'])}: "
                f"run 'lintas calibrate fit' and 'check' again"
            )
    targets = Targets.load(folder / "targets.toml")
    refuse(fit, targets)
    check_against(fit, targets, folder / "fit.json")
    template = resources.files("experiments.reports").joinpath("templates/calibration.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["_"] = translator(lang)
    return environment.from_string(template).render(**Page(manifest, fit, check, targets, lang).parts()) + "\n"


def refuse(fit: Mapping[str, Any], targets: Targets) -> None:
    """UserError for a result that a reader cannot judge: a parameter without label, a fact without words, source or reason."""
    for row in fit["parameters"]:
        if row.get("known") not in KNOWN:
            raise UserError(
                f"the parameter '{shorten(row.get('parameter', '?'))}' has no identifiability label (informed, weak or prior only): "
                f"a report must show what is not known"
            )
    for row in fit["targets"]:
        if row["role"] not in ("fit", "held-out"):
            continue
        name = shorten(row["id"])
        if not (str(row.get("quote") or "").strip() or row.get("facts")):
            raise UserError(
                f"the target '{name}' has neither quote nor facts: give in targets.toml the words or the fact that it is based on"
            )
        if not str(row.get("source") or "").strip():
            raise UserError(f"the target '{name}' has no source: give in targets.toml where it was read")
        if row["kind"] in MEASURED and not str(row.get("tolerance_reason") or "").strip():
            raise UserError(f"the target '{name}' has no reason for its tolerance: say in targets.toml why it is {row.get('tolerance')}")
    if targets.hash != fit["targets_hash"]:
        raise UserError("targets.toml was changed after the fit: use 'lintas calibrate retarget', or run 'lintas calibrate fit' again")


class Page(FirstPage, FitTables, CheckTables, Provenance):
    """All parts of the page, in one language."""

    def parts(self) -> dict[str, Any]:
        """The values for the template."""
        _ = self._
        drawn = FitDrawing(self.fit, self.check, self.targets, self.sides, self.lang).all()
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
            "short": self.short(), "alarms": [self.alarm(a) for a in (*(self.fit.get("alarms") or ()), *(self.check.get("alarms") or ()))], "unknown": self.unknown(),
            "known": known, "known_words": {k: _(w) for k, w in KNOWN.items()},
            "roles": [(role, [self.target(r) for r in self.fit["targets"] if r["role"] == role]) for role in ("fit", "check")],
            "has_capped": any(self._is_capped(r) for r in self.fit["targets"]),
            "tolerances": self.tolerances(), "readings": self.readings(), "lacking": self.lacking(), "moves": self.moves(), "sensitivity": self.sensitivity(),
            "directions": self.directions(), "pairs": self.pairs(),
            "held_out": self.held_out(), "held_out_words": self.held_out_words(), "arms": [_(MECHANISMS[a]) for a in self.arms],
            "claims": self.claims(), "has_predictive": "all" in self.predictive, "missing_arms": self.missing_arms(),
            "sbc": self.sbc(), "simulated_truths": self.simulated_truths(), "disagreement": self.disagreement(), "populations": self.populations(),
            "emulators": self.emulators(), "not_ruled_out": self.not_ruled_out(), "priors": self.priors(),
            "facts": self.facts(), "provenance": self.provenance(), "commands": self.commands(),
        }  # fmt: skip
