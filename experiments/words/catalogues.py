"""Are the catalogues of the other languages complete? Collects every sentence for readers.

::

    uv run python -m experiments.words.catalogues extract   # collect every sentence into locales/lintas.pot and add new ones to the catalogues
    uv run python -m experiments.words.catalogues check     # say which translations are missing, obsolete or have other places
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from experiments.files import write_file
from experiments.words.languages import FOLDER, LANGUAGES, catalogue_of

#: Names a sentence may be wrapped in to be collected. ``mark`` collects without translating (for tables made at import).
WRAPPERS = ("_", "mark")


def places_of(sentence: str) -> set[str]:
    """Names in braces that a sentence fills in (``{month}``), each written ``{name}``."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def in_source(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Every marked sentence of the Python files and templates below ``folder``: sentence, file, line."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node.func) in WRAPPERS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, path.relative_to(folder.parent).as_posix(), node.lineno
    from jinja2.ext import babel_extract

    for path in sorted(folder.rglob("*.j2")):
        with path.open("rb") as file:
            for line, _, message, _ in babel_extract(file, ("_",), [], {"encoding": "utf-8"}):
                if isinstance(message, str):  # not a variable, which is collected where it is declared
                    yield message, path.relative_to(folder.parent).as_posix(), line


def _called(function: ast.expr) -> str:
    """The name by which a function is called: ``_`` of ``_(…)`` and of ``self._(…)``."""
    return function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""


def in_declarations() -> Iterator[tuple[str, str]]:
    """Every sentence for readers that is declared beside the model: sentence, where it is declared."""
    import abm.simulation  # noqa: F401 – importing it registers every declaration, the world's too
    from abm import Scenario
    from abm.claims.claim import claims
    from abm.describe import WORDS
    from abm.month import MONTH
    from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES

    for output in OUTPUTS.values():
        yield output.label, f"output {output.name}"
        yield output.meaning, f"output {output.name}"
    for one in PARAMETERS.values():
        yield one.label, f"parameter {one.name}"
    for unit in sorted({one.unit for one in (*PARAMETERS.values(), *OUTPUTS.values())} - {"1"}):
        yield unit, "unit"
    for name, meaning in SWITCHES.items():
        yield meaning, f"switch {name}"
    for step in MONTH:
        yield step.title, f"month {step.number}"
    for name in Scenario.names():
        scenario = Scenario.load(name)
        yield scenario.title, f"scenario {name}"
        yield scenario.description, f"scenario {name}"
    for word in WORDS:
        yield word, "describe"
    for claim in claims().values():
        for sentence in claim.sentences():
            yield sentence, f"claim {claim.id}"
    yield from in_targets()
    yield from in_levels()
    yield from in_obtainable()
    yield from in_regions()


def in_targets() -> Iterator[tuple[str, str]]:
    """Titles and units of what the model is compared with (quotes, sources and reasons stay as they are, as data)."""
    from calibration.targets import Targets

    for target in Targets.load():
        yield target.title, f"target {target.id}"
        if target.unit != "1":
            yield target.unit, f"target {target.id}"


def in_levels() -> Iterator[tuple[str, str]]:
    """Titles and units of the reported levels of the shipped regions (sources, reasons and notes stay as they are, as data)."""
    from abm.claims.level_file import levels_of
    from abm.region import Region, regions

    for name in regions():
        for level in levels_of(Region.load(name)):
            yield level.title, f"level {level.id}"
            if level.unit not in ("share", "order", "index"):
                yield level.unit, f"level {level.id}"


def in_obtainable() -> Iterator[tuple[str, str]]:
    """What could be measured and how (reasons of errors stay as they are, as data)."""
    from calibration.obtainable import ObtainableFacts

    for fact in ObtainableFacts.load():
        yield fact.what, f"obtainable {fact.id}"
        yield fact.obtained, f"obtainable {fact.id}"


def in_regions() -> Iterator[tuple[str, str]]:
    """Sentences of the shipped regions: their titles, sides and dated events (assumptions stay in English, as data)."""
    from abm.region import Region, regions

    for name in regions():
        region = Region.load(name)
        yield str(region.title), f"region {name}"
        for label in region.events["label_en"]:
            yield str(label), f"region {name}, events"
        for side in region.meta["sides"].values():
            yield str(side["name"]), f"region {name}"


def collect() -> dict[str, list[str]]:
    """All sentences in a fixed order, each with the places it comes from."""
    found: dict[str, list[str]] = {}
    for sentence, path, _ in in_source(Path(__file__).parents[1]):
        found.setdefault(sentence, []).append(path)
    for sentence, where in sorted(in_declarations()):  # whatever was imported first
        if sentence.strip():
            found.setdefault(sentence, []).append(where)
    return {sentence: sorted(set(where)) for sentence, where in found.items()}


def extract() -> None:
    """Write ``lintas.pot`` and bring both catalogues up to date; what is no longer used leaves them."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po, write_po

    sentences = collect()
    header = "# The sentences of lintas.\n# Made by `uv run python -m experiments.words.catalogues extract`; translations are kept.\n#"

    def write(path: Path, locale: str | None, known: dict[str, str]) -> None:
        catalogue = Catalog(locale=locale, project="lintas", header_comment=header, charset="utf-8", fuzzy=False)
        for sentence, where in sentences.items():
            catalogue.add(sentence, known.get(sentence, ""), auto_comments=["; ".join(where[:3])])
        made = io.BytesIO()
        write_po(made, catalogue, width=0, no_location=True, omit_header=False)
        # The moment of writing would make every extraction a change, and Babel's rule of plurals (no sentence has one) every new Babel.
        left_out = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Plural-Forms')
        kept = [line for line in made.getvalue().decode().splitlines() if not line.startswith(left_out)]
        write_file(path, ("\n".join(kept) + "\n").encode())

    FOLDER.mkdir(exist_ok=True)
    write(FOLDER / "lintas.pot", None, {})
    for language in LANGUAGES:
        if language == "en":
            continue
        path = FOLDER / f"{language}.po"
        known: dict[str, str] = {}
        if path.exists():
            with path.open("rb") as file:
                known = {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string}
        write(path, language, known)
    catalogue_of.cache_clear()


def problems() -> list[str]:
    """What is wrong with the catalogues: a missing, empty or obsolete entry, or other places to fill in."""
    sentences = collect()
    found: list[str] = []
    for language in LANGUAGES:
        if language == "en":
            continue
        catalogue = catalogue_of(language)
        for sentence, where in sentences.items():
            if not catalogue.get(sentence, "").strip():
                found.append(f"{language}: no translation of “{sentence}” ({where[0]})")
            elif places_of(catalogue[sentence]) != places_of(sentence):
                found.append(f"{language}: the translation of “{sentence}” fills in other places ({where[0]})")
        found += [f"{language}: “{sentence}” is no longer used" for sentence in catalogue if sentence not in sentences]
    return found


def main(arguments: list[str] | None = None) -> int:
    """``extract`` or ``check``."""
    command: Any = (sys.argv[1:] if arguments is None else arguments)[:1]
    if command == ["extract"]:
        extract()
        return 0
    if command == ["check"]:
        for line in (found := problems()):
            print(line)
        print(f"{len(found)} problems" if found else "every sentence is translated")
        return 1 if found else 0
    print("usage: python -m experiments.words.catalogues extract|check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
