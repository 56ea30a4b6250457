"""What is printed about a fit? Its targets, what is known about its parameters, its checks and its warnings, in the user's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calibration.targets import Targets
from experiments.words.languages import Numbers, mark, translator

ROLES = {"fit": mark("fitted"), "held-out": mark("held out"), "check": mark("check")}
KNOWN = {"informed": mark("informed"), "weak": mark("weak"), "prior only": mark("prior only")}


def show_fit(found: Mapping[str, Any], manifest: Mapping[str, Any], targets: Targets, lang: str) -> None:
    """Print the contents of ``fit.json`` (``found``): a table of the targets, which parameters are known, warnings."""
    from rich.console import Console
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    console.print(_("{runs} runs, effective sample size {ess:.0f}").format(runs=found["runs"], ess=found["ess"]))
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (_("target"), _("role"), _("reported"), _("median"), _("90 % interval"), _("agrees"), _("agrees under the prior")):
        table.add_column(heading)
    for t in found["targets"]:
        q = t["quantiles"]
        table.add_row(
            _(t["title"]), _(ROLES[t["role"]]), "–" if t["observed"] is None else n.short(t["observed"]), n.short(q[2]) if q else "–",
            f"{n.short(q[0])} … {n.short(q[4])}" if q else "–",
            "–" if t["pass"] is None else n.percent(t["pass"]), "–" if t["prior"]["pass"] is None else n.percent(t["prior"]["pass"]),
        )  # fmt: skip
    console.print(table)
    known = {k: [p["parameter"] for p in found["parameters"] if p["known"] == k] for k in ("informed", "weak", "prior only")}
    for kind, names in known.items():
        shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        console.print(f"{_(KNOWN[kind])} ({len(names)}): {shown}", soft_wrap=True)
    _warn(found, found, {}, manifest, targets, lang)


def show_check(found: Mapping[str, Any], fit: Mapping[str, Any], manifest: Mapping[str, Any], targets: Targets, lang: str) -> None:
    """Print the contents of ``check.json`` (``found``) for the fit in ``fit.json`` (``fit``): coverage, simulated truths, warnings."""
    _, n = translator(lang), Numbers(lang)
    for row in found["sbc"]:
        print(_("{method}: 90 % intervals contain {c90} of the simulated truths, 50 % intervals {c50}; mean error {error} prior sd").format(
            method=row["method"], c90=n.percent(row["coverage_90"]), c50=n.percent(row["coverage_50"]), error=n.short(row["error"])))  # fmt: skip
    for row in found["simulated_truths"]:
        for name, off in zip(row["parameters"], row["off"], strict=True):
            print(_("simulated {parameter}: found within {off} posterior sd").format(parameter=name, off=n.short(off)))
    _warn(found, fit, found, manifest, targets, lang)


def show_points(found: Mapping[str, Any], targets: Targets, lang: str) -> None:
    """Print the answers of several searches for one best point, and how far apart they are."""
    _, n = translator(lang), Numbers(lang)
    for number, answer in enumerate(found["answers"], 1):
        print(_("search {number}:").format(number=number))
        for name, value in answer["targets"].items():
            reported = targets[name]
            said = n.short(reported.value) if reported.kind in ("value", "ratio") else "–"
            print(
                _("  {target}: model {model}, reported {reported}").format(
                    target=reported.title, model=n.short(value["model"]), reported=said
                )
            )
        for name, value in answer["parameters"].items():
            print(f"  {name} = {n.short(value)}")
    for same in found["same"]:
        print(_("Searches {numbers} ended at one point.").format(numbers=", ".join(str(k) for k in same)))
    print(_("The answers differ by up to {share} of a prior's range, in {parameter}: a point that meets the targets is not necessarily the true one.").format(
        share=n.percent(found["apart"]), parameter=found["parameter"]))  # fmt: skip


def _warn(
    alarming: Mapping[str, Any],
    fit: Mapping[str, Any],
    checked: Mapping[str, Any],
    manifest: Mapping[str, Any],
    targets: Targets,
    lang: str,
) -> None:
    """Print the alarms of a result with the sentences of the report."""
    if not alarming.get("alarms"):
        return
    from experiments.reports.fit_report import Page

    _, page = translator(lang), Page(manifest, fit, checked, targets, lang)
    for alarm in alarming["alarms"]:
        print(_("warning: {what}").format(what=page.alarm(alarm)))
