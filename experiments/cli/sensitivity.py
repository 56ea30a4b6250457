"""``lintas sensitivity``: what the outcomes of a study depend on, or the box in which a target lies beyond a threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from abm.errors import shorten
from experiments.cli.options import Folder, Json, Language, at_home
from experiments.options import finite_number
from experiments.words.languages import check_language


def register(app: typer.Typer) -> None:
    """Add the command to ``lintas``."""
    app.command()(sensitivity)


def sensitivity(
    folder: Folder,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="A summary, or OUTPUT:SIDE:FIRST-LAST; default all summaries (may be repeated)."),
    ] = None,
    method: Annotated[str | None, typer.Option("--method", metavar="NAME", help="Default: what goes with the study's design.")] = None,
    discover: Annotated[
        str | None,
        typer.Option("--discover", metavar="above|below", help="Find the ranges in which the target lies beyond --threshold (PRIM)."),
    ] = None,
    threshold: Annotated[str | None, typer.Option("--threshold", metavar="X", help="Goes with --discover.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where tables and figures go; default S/sensitivity.")
    ] = None,
    mixed: Annotated[bool, typer.Option("--mixed", help="Also when rows come from several model versions.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are not of this study.")] = False,
    as_json: Json = False,
    lang: Language = "en",
) -> None:
    """Say what the outcomes of a study depend on, with intervals and figures."""
    from experiments.analysis.discovery import discover as find_box
    from experiments.analysis.indices import analyse
    from experiments.reports.sensitivity import as_json as in_json
    from experiments.reports.sensitivity import show, write
    from experiments.studies.target_names import SensitivityError

    check_language(lang)
    study, targets = at_home(folder), list(target or []) or None
    limit = None if threshold is None else finite_number("--threshold", threshold)
    place = study / "sensitivity" if out is None else at_home(out)
    if discover is None:
        if limit is not None:
            raise SensitivityError("--threshold goes with --discover above or --discover below")
        result = analyse(study, targets, method, mixed=mixed)
    else:
        if limit is None:
            raise SensitivityError(f"--discover {shorten(discover)} needs --threshold, the value that the target lies {shorten(discover)}")
        if method is not None:
            raise SensitivityError("--method does not go with --discover; leave one of them out")
        if targets is not None and len(targets) > 1:
            raise SensitivityError(f"--discover takes one target, found {len(targets)}")
        result = find_box(study, targets[0] if targets else None, limit, discover, mixed=mixed)
    written = write(result, place, lang, overwrite=overwrite)
    if as_json:
        print(in_json(result.to_dict(lang) | {"files": [str(p) for p in written]}))
    else:
        show(result, place, lang)
