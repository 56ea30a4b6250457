"""The report of the ledger: a page with all claims and one page for each, which need no network and no other files than each other.

What fails comes first. The pages say nothing of when or where they were made: the same runs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.files import csv_of, write_file
from experiments.reports.evidence_tables import Tables, ledger_table
from experiments.reports.evidence_words import in_order
from experiments.words.languages import LANGUAGES, check_language

if TYPE_CHECKING:
    from jinja2 import Environment

#: The page of all claims, without its ending.
INDEX = "index"
#: The table of the ledger.
CSV = "ledger.csv"
_TEMPLATES = ("evidence_page.html.j2", "evidence_parts.html.j2", "evidence_index.html.j2", "evidence_row.html.j2")


def write_pages(
    made: Made, folder: Path, *, language: str = "en", languages: Sequence[str] = (), asked: AskedOfRuns | None = None, options: Sequence[str] = (),
    repository: str = "", beside: Sequence[str] = (),
) -> list[Path]:  # fmt: skip
    """Write the pages of a ledger into a folder, in ``language`` and in the other ``languages``; returns their paths.

    The pages in ``language`` are ``index.html`` and ``E02.html``, those in another one ``index-id.html`` and ``E02-id.html``. ``asked`` says with what the runs were made, ``options``
    follow ``lintas evidence E02`` in the line that makes a row again, ``repository`` is the address of the source, for links to the files of the rules (none:
    they are named only), ``beside`` are files of the same folder that the index links to (a page in the language of the index). UserError for an unknown language, or where the disk does not take a file.
    """
    all_of = tuple(dict.fromkeys((language, *languages)))
    for one in all_of:
        check_language(one)
    written = []
    for one in all_of:
        for name, page in pages(
            made, one, main=language, languages=all_of, asked=asked, options=options, repository=repository, beside=beside
        ).items():
            write_file(folder / name, page.encode(), make_folder=True)
            written.append(folder / name)
    return written


def pages(
    made: Made, language: str = "en", *, main: str | None = None, languages: Sequence[str] = (), asked: AskedOfRuns | None = None, options: Sequence[str] = (),
    repository: str = "", beside: Sequence[str] = (),
) -> dict[str, str]:  # fmt: skip
    """The pages in one language by file name; ``main`` is the language whose names have no ending, ``languages`` are those that the pages link to."""
    words = Tables(made, language, asked)
    main, languages = main or language, languages or (language,)
    environment = _environment(words)
    rows = in_order(made)
    ids = [row.claim.id for row in rows]

    def shared(name: str) -> dict[str, Any]:
        others = [(file_of(name, one, main), one, LANGUAGES[one]) for one in languages if one != language]
        return {
            "language": language, "others": others, "index": file_of(INDEX, language, main),
            "link": {one: file_of(one, language, main) for one in ids}, "repository": repository.rstrip("/"),
        }  # fmt: skip

    index = environment.get_template("evidence_index.html.j2")
    files = [file_of(name.removesuffix(".html"), language, main) if name.endswith(".html") else name for name in beside]
    found = {file_of(INDEX, language, main): index.render(**shared(INDEX), **words.index(), beside=files) + "\n"}
    template = environment.get_template("evidence_row.html.j2")
    for at, row in enumerate(rows):
        around = {"before": ids[at - 1] if at else "", "after": ids[at + 1] if at + 1 < len(ids) else ""}
        found[file_of(row.claim.id, language, main)] = template.render(**shared(row.claim.id), **around, **words.page(row, options)) + "\n"
    return found


def file_of(name: str, language: str, main: str) -> str:
    """The file of a page in a language; the ``main`` one has no ending."""
    return f"{name}.html" if language == main else f"{name}-{language}.html"


def _environment(words: Tables) -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    folder = resources.files("experiments.reports").joinpath("templates")
    loader = DictLoader({name: folder.joinpath(name).read_text(encoding="utf-8") for name in _TEMPLATES})
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["_"] = words._
    return environment


def ledger_csv(made: Made, language: str = "en", asked: AskedOfRuns | None = None) -> str:
    """The ledger as CSV, a line for each pattern (one for a claim without any), those that fail first."""
    return csv_of(ledger_table(Tables(made, language, asked)))


def write_csv(made: Made, folder: Path, *, language: str = "en", asked: AskedOfRuns | None = None) -> Path:
    """Write ``ledger.csv`` into a folder; returns its path."""
    write_file(folder / CSV, ledger_csv(made, language, asked).encode(), make_folder=True)
    return folder / CSV
