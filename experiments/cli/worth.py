"""``lintas calibrate worth``: which facts are worth measuring next, by re-weighting the runs of an evidence folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from abm.errors import UserError, shorten
from experiments.cli.options import Json, Language, at_home
from experiments.words.languages import check_language, translator

if TYPE_CHECKING:
    from experiments.fits.worth import By


def worth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder of lintas evidence.")],
    facts: Annotated[Path | None, typer.Option("--facts", metavar="FILE", help="ObtainableFacts that could be obtained; default: the shipped list.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="all|claims|mechanisms|parameters", help="Which open questions decide the order.")] = "all",
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder for worth.json and worth.csv; default: the results folder.")] = None,
    as_json: Json = False,
    lang: Language = "en",
) -> None:  # fmt: skip
    """Say what should be measured next: how much each fact that could be obtained would settle."""
    _ = translator(check_language(lang))
    from agents.core.declare import near
    from calibration.obtainable import ObtainableFacts
    from experiments.evidence.stored import read_worlds
    from experiments.fits.populations import single_threaded
    from experiments.fits.worth import By as ways
    from experiments.fits.worth import judge, write_worth

    if by not in get_args(ways):
        raise UserError(f"--by is '{shorten(by)}'; {near(shorten(by), get_args(ways))}")
    place = at_home(folder)
    target = place if out is None else at_home(out)
    read = ObtainableFacts.load(None if facts is None else at_home(facts))
    worlds = read_worlds(place)
    with single_threaded():
        found = judge(worlds, read, cast("By", by))
    written = write_worth(found, target)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    from experiments.reports.worth_screen import show_worth

    show_worth(found, lang)
    for path in written:
        print(_("written: {file}").format(file=path))
