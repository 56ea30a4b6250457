"""``lintas compile``: the rules compiled ahead, for an image of a container or the shared disk of a cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from experiments.cli.options import Language
from experiments.words.languages import check_language, duration, translator


def register(app: typer.Typer) -> None:
    """Add the command to ``lintas``."""
    app.command(name="compile")(compile_rules)


def compile_rules(
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder of the machine code.")] = False,
    lang: Language = "en",
) -> None:
    """Compile all rules ahead, so that no run has to (for containers and clusters)."""
    _ = translator(check_language(lang))
    from experiments.runs.compile_ahead import compile_ahead

    done = compile_ahead()
    if quiet:
        print(done.folder)
    elif done.added:
        print(
            _("All rules are compiled; it took {time}. The machine code is in {folder}").format(
                time=duration(done.seconds), folder=done.folder
            )
        )
    else:
        print(_("All rules were compiled already. The machine code is in {folder}").format(folder=done.folder))
