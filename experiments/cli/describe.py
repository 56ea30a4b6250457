"""``lintas scenarios``, ``parameters`` and ``describe``: what there is in the model, and what a name means."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer

from experiments.cli.options import Language, readable
from experiments.options import DEFAULT_REGION, at_home
from experiments.reports.screen import console
from experiments.words.languages import check_language, mark, translator

#: Words by which declarations say what a parameter is for, the shape of its prior, and what its source rests on.
DECLARED = (
    mark("fixed"), mark("uncertain"), mark("lever"), mark("uniform"), mark("log-uniform"), mark("triangular"),
    mark("opened"), mark("recalled"), mark("derived"), mark("judgement"), mark("fact"),
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the commands to ``lintas``."""
    for function in (scenarios, parameters, describe):
        app.command()(function)


def scenarios(lang: Language = "en") -> None:
    """List the scenarios that ship with the model."""
    from rich.table import Table

    from abm import Scenario

    _ = translator(check_language(lang))
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (_("name"), _("inherits"), _("what it is")):
        table.add_column(heading)
    for name in Scenario.names():
        scenario = Scenario.load(name)
        inherits = scenario.inherits
        table.add_row(name, str(inherits or "–"), f"{_(scenario.title)}. {_(scenario.description)}")
    console().print(table)


def _check_region(region: str) -> None:
    """Refuse a region whose folder is not in order, before anything is said of it."""
    from abm import Region

    with readable("region", region):
        Region.load(at_home(region))


def parameters(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    region: Annotated[
        str, typer.Option("--region", "-r", metavar="NAME|DIR", help="The region whose fitted values are shown beside the default.")
    ] = DEFAULT_REGION,
    lang: Language = "en",
) -> None:
    """List every parameter with its unit, range, role, prior and source."""
    from abm.describe import parameter_rows

    _ = translator(check_language(lang))
    _check_region(region)
    rows = parameter_rows(at_home(region))
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    shown = console()
    for row in rows:
        spread = f"{row['low']:g} – {row['high']:g}" if row["low"] != row["high"] else "–"
        role = _(row["role"]) if row["prior"] == "none" else f"{_(row['role'])}, {_(row['prior'])}"
        shown.print(f"{row['name']} = {row['default']:g} [{_(row['unit'])}]", style="bold", soft_wrap=True)
        shown.print(f"    {_(row['label'])}", soft_wrap=True)
        if "fitted" in row:
            shown.print(f"    {_('fitted')}: {row['fitted']:g} ({row['posterior']})", soft_wrap=True)
        shown.print(f"    {_('range')}: {spread}; {_('role')}: {role}; {_('source')}: {row['source']} ({_(row['basis'])})", soft_wrap=True)


def describe(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A claim (E02), rule, parameter, field, output, switch or place.")
    ] = None,
    region: Annotated[str, typer.Option("--region", "-r", metavar="NAME|DIR", help="The region whose places are meant.")] = DEFAULT_REGION,
    lang: Language = "en",
) -> None:
    """Explain a name, or the month in order when no name is given."""
    from abm.describe import describe as explain
    from abm.describe import month_rows

    _ = translator(check_language(lang))
    _check_region(region)
    shown = console()
    if name is None:
        for row in month_rows():
            shown.print(f"{row.number:>3}  {_(row.title)}" + (f"  [{row.rule}]" if row.rule else ""), soft_wrap=True)
            if row.question:
                shown.print(f"     {row.question}", soft_wrap=True)
            if row.note:
                shown.print(f"     {row.note}", soft_wrap=True)
        return
    if re.fullmatch(r"\s*[Ee]\d+\s*", name):
        _print_claim(name.strip().upper(), lang)
        return
    for number, described in enumerate(explain(name, region=at_home(region))):
        if number:
            shown.print()
        shown.print(f"{described.name} — {_(described.kind)}", style="bold", soft_wrap=True)
        for heading, text in described.lines:
            shown.print(f"  {_(heading)}: {_(text)}" if heading else f"  {_(text)}", soft_wrap=True)


def _print_claim(which: str, lang: str) -> None:
    """Print what a claim of the paper says and how it is asked; one that is not there raises ``UserError``."""
    from abm.claims.claim import claims
    from abm.errors import UserError, shorten
    from agents.core.declare import near
    from experiments.cli.options import claim_id
    from experiments.reports.described_claim import claim_lines

    which = claim_id(which)
    if which not in claims():
        raise UserError(f"there is no claim '{shorten(which)}'; {near(shorten(which), claims())}")
    shown = console()
    for number, line in enumerate(claim_lines(claims()[which], lang)):
        shown.print(line, style="bold" if number == 0 else None, soft_wrap=True, markup=False)
