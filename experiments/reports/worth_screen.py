"""What is printed about facts that could be measured? The most worthwhile first: what to measure, how, and what it would settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.words.languages import Numbers, Translate, mark, translator

COSTS = {"low": mark("days in an archive or office"), "medium": mark("weeks of one person"), "high": mark("a season of several people")}
#: Questions of a kind that a line names.
MOST_NAMED = 3


def show_worth(found: Mapping[str, Any], lang: str) -> None:
    """Print the contents of ``worth.json`` (``found``)."""
    from rich.console import Console
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 130)
    console.print(
        _("{draws} draws; {open} of {all} claims are undecided (a probability of 10 to 90 %)").format(
            draws=found["draws"], open=len(found["undecided"]), all=len(found["claims"])
        ),
        soft_wrap=True,
    )
    trusted = [f for f in found["facts"] if not f["thin"]]
    if trusted:
        shown = Table(show_edge=False, pad_edge=False, header_style="bold", show_lines=True)
        for heading in (_("what to measure"), _("how"), _("what it would settle"), _("questions closed")):
            shown.add_column(heading, justify="right" if heading == _("questions closed") else "left")
        for fact in trusted:
            what = f"{_(fact['what'])}\n{_expects(_, n, fact)}"
            how = f"{_(fact['obtained'])}\n{_('Cost: {cost}').format(cost=_(COSTS[fact['cost']]))}"
            shown.add_row(what, how, "\n".join(settled(_, n, fact, found)), n.number(fact["closes"][found["by"]], 2))
        console.print(shown)
    for fact in found["facts"]:
        if fact["thin"]:
            console.print(
                _("{what} Cannot be judged: of {draws} draws too few agree with the readings that might come (effective sample size {ess}). More draws are needed.").format(
                    what=_(fact["what"]), draws=fact["draws"], ess=n.number(fact["ess"])
                ),
                soft_wrap=True,
            )  # fmt: skip
    for fact in found["unread"]:
        console.print(
            _("{what} Not judged: the runs do not hold {outputs}.").format(what=_(fact["what"]), outputs=", ".join(fact["outputs"])),
            soft_wrap=True,
        )
    if found["claims_left"]:
        console.print(_("No fact that could be judged bears on: {claims}").format(claims=", ".join(found["claims_left"])), soft_wrap=True)
    if found["mechanisms_left"]:
        named = ", ".join(_(found["mechanisms"][m]) for m in found["mechanisms_left"])
        console.print(_("No fact that could be judged tells on from off: {mechanisms}").format(mechanisms=named), soft_wrap=True)
    for line in limits(_, found):
        console.print(line, soft_wrap=True)


def limits(_: Translate, found: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the table."""
    said = [
        _("Questions closed: each undecided claim, each mechanism and each parameter counts as one, in part where it is closed in part; what chance alone gives is left out."),
        _("Errors are taken as normal, and only worlds of the present posterior are asked; that the model itself may be wrong is not covered."),
    ]  # fmt: skip
    if found["mechanisms"]:
        said.append(
            _(
                "Worlds without a mechanism were not fitted again: fitted anew they would come nearer to the facts, so that telling on from off is harder than shown."
            )
        )
    return said


def _expects(_: Translate, n: Numbers, fact: Mapping[str, Any]) -> str:
    if fact["predicted"] is None:
        return _("The model has no number for it.")
    low, _middle, high = (n.short(q) for q in fact["predicted"])
    unit = "" if fact["unit"] == "1" else f" ({_(fact['unit'])})"
    return _("The model expects {low} to {high}{unit}.").format(low=low, high=high, unit=unit)


def settled(_: Translate, n: Numbers, fact: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What a fact would settle, a line for each kind of question; one line that says so where it is nothing."""
    lines = []
    claims = {c: fact["claims"][c] for c in found["undecided"] if fact["claims"][c]["above_chance"]}
    if claims:
        largest = sorted(claims, key=lambda c: -claims[c]["doubt_removed"])
        named = _join(
            _,
            [
                _("{claim} (now {now}) {share}, settled with a chance of {settles}").format(
                    claim=c,
                    now=n.percent(found["claims"][c]),
                    share=n.percent(claims[c]["doubt_removed"]),
                    settles=n.percent(claims[c]["settles"]),
                )
                for c in largest
            ],
        )
        lines.append(_("Claims, doubt removed: {named}").format(named=named))
    apart = {m: v for m, v in fact["mechanisms"].items() if v["above_chance"] and not v["thin"]}
    if apart:
        largest = sorted(apart, key=lambda m: -apart[m]["right"])
        named = _join(_, [f"{_(found['mechanisms'][m])} {n.percent(apart[m]['right'])}" for m in largest])
        lines.append(_("On or off, chance of telling rightly (guessing: 50 %): {named}").format(named=named))
    if fact["parameters"]:
        names = sorted(fact["parameters"], key=lambda p: -fact["parameters"][p])
        rest = fact["parameters_moved"] - len(names)
        named = _join(_, [f"{p} {n.percent(fact['parameters'][p])}" for p in names], rest)
        lines.append(_("Parameters, variance removed: {named}").format(named=named))
    return lines or [_("Nothing beyond what chance alone gives.")]


def _join(_: Translate, named: list[str], unnamed: int = 0) -> str:
    rest = max(len(named) - MOST_NAMED, 0) + max(unnamed, 0)
    shown = "; ".join(named[:MOST_NAMED])
    return _("{shown}; and {rest} more").format(shown=shown, rest=rest) if rest else shown
