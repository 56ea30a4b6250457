"""Which versions, data and settings do the numbers of a fit belong to, which facts were used, and how is the fit repeated?"""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path
from shlex import quote
from typing import Any

from calibration.targets import Targets
from experiments.reports.fit_words import Words
from experiments.words.languages import mark

USES = {
    "input": mark("input: the model reads it, or its data were set from it"),
    "fit": mark("fit: compared with each run in the fit"),
    "held-out": mark("held out: compared afterwards only"),
    "check": mark("plausibility check only"),
    "unused": mark("unused"),
}


class Provenance(Words):
    """Facts, versions and commands, as text."""

    def facts(self) -> dict[str, Any]:
        """The facts of the region by use."""
        text = resources.files("calibration").joinpath("data/facts.csv").read_text("utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        counts = [(self._(word), sum(r["use"] == use for r in rows)) for use, word in USES.items()]
        order = list(USES)
        rows.sort(key=lambda r: order.index(r["use"]) if r["use"] in order else len(order))
        return {"total": len(rows), "counts": counts, "rows": rows}

    def provenance(self) -> list[tuple[str, str]]:
        """Versions, data and settings of the fit."""
        _, n, asked = self._, self.n, self.manifest["asked"]
        return [
            (_("model version"), str(self.fit["model_version"])),
            *(
                [(_("runs of the fit to the targets with hash"), str(self.fit["retargeted_from"]))]
                if self.fit.get("retargeted_from")
                else []
            ),
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
        """How to repeat the fit; a retarget names the fit's folder and its own as they were typed."""
        from experiments.options import DEFAULT_REGION

        a = self.manifest["asked"]
        retargeted = self.fit.get("retargeted_from")
        fit = str(self.manifest.get("retargeted_from") or "fit") if retargeted else "fit"
        own = Path(str(self.manifest.get("folder") or "retarget"))
        said = f"lintas calibrate plan -o {quote(fit)} --points {a['points']} --population {a['population']} --most {a['most_populations']}"
        said += f" --households {a['households']} --draws {a['draws']} --tests {a['tests']} --end {a['end']} --seed {a['seed']}"
        if a["region"] != DEFAULT_REGION:
            said += f" --region {quote(a['region'])}"
        said += "".join(f" --without {w}" for w in a.get("without") or ()) + "".join(f" --only {p}" for p in a.get("names") or ())
        said += "".join(f" --prior {p}={low:g}:{high:g}" for p, low, high in a.get("ranges") or ())
        said += f" --widen {a['widen']:g}" if a.get("widen") else ""
        if (retargeted or self.fit["targets_hash"]) != Targets.load().hash:
            said += f" --targets {quote(str(own / 'targets-of-the-fit.toml')) if retargeted else 'targets.toml'}"
        if retargeted:
            reweight = f"lintas calibrate retarget {quote(fit)} --targets {quote(str(own / 'targets.toml'))} -o {quote(str(own))}"
            return [said, f"lintas calibrate fit {quote(fit)}", reweight, f"lintas calibrate report {quote(str(own))}"]
        return [said, "lintas calibrate report fit"]
