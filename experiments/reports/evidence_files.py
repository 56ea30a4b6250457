"""Which files hold a ledger? A results folder with the ledger as JSON and CSV, its bands, its pages, and a manifest; the runs lie beside them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from abm.errors import shorten
from agents.core.declare import SWITCHES
from experiments.evidence.ledger import as_dict
from experiments.evidence.make import Made, units_of
from experiments.evidence.runs import FOLDER, AskedOfRuns, EvidenceError
from experiments.evidence.stored import KIND
from experiments.files import files_in, said_in, whole_folder
from experiments.reports.compare import origin
from experiments.reports.evidence import CSV, write_csv, write_pages
from experiments.reports.interplay import NAME as INTERPLAY
from experiments.runs.folder import check_folder
from experiments.runs.tables import write_table
from experiments.words.languages import LANGUAGES

FORMAT = 1
#: What may differ between a ledger and the one that continues it.
_BUDGET = ("draws",)


def check_out(folder: Path, asked: Mapping[str, Any], *, overwrite: bool = False, unfinished: str = FOLDER) -> Path:
    """Refuse, before anything runs, a folder that could not be written; one that holds the runs alone is free.

    A ledger may be continued where it was asked in the same way, with more or fewer draws; another one is replaced where ``overwrite`` says so.
    """
    try:
        is_filled = os.path.isdir(folder) and any(p.name != unfinished for p in folder.iterdir())
    except OSError:
        is_filled = False
    if not is_filled:
        return check_folder(folder, unfinished=unfinished)
    there = said_in(folder)
    if there.get("kind") != KIND:
        raise EvidenceError(f"the folder '{shorten(folder)}' holds something other than a ledger; name another folder with --out")
    if not overwrite and _without_budget(there.get("asked")) != _without_budget(json.loads(json.dumps(dict(asked)))):
        raise EvidenceError(f"'{shorten(folder)}' holds another ledger; name another folder with --out, or replace it with --overwrite")
    return check_folder(folder, KIND, overwrite=True)


def _without_budget(asked: Any) -> Any:
    return {k: v for k, v in asked.items() if k not in _BUDGET} if isinstance(asked, Mapping) else None


def as_json(made: Made, asked: Mapping[str, Any]) -> str:
    """The ledger and what was asked as JSON; the same runs give the same text."""
    looks = [{"draws": look.draws, "runs": look.runs, "open": look.open} for look in made.looks]
    return json.dumps(
        {"format": FORMAT, "asked": dict(asked), "looks": looks, "off": off_worlds(made), **as_dict(made.ledger)},
        indent=2,
        ensure_ascii=False,
    )


def write(
    made: Made,
    folder: Path,
    said: Mapping[str, Any],
    drift: Sequence[str],
    asked: AskedOfRuns,
    lang: str = "en",
    *,
    options: Sequence[str] = (),
) -> Path:
    """Ledger, tables, pages in every language and manifest: all or nothing; the runs stay where they are.

    ``said`` is what the ledger depends on, ``options`` follow ``lintas evidence E02`` in the line that makes a row again. The pages of the experiment over all
    mechanisms are linked where the folder has them; where it held another ledger, they are those of that one and go.
    """
    if _without_budget(said_in(folder).get("asked")) != _without_budget(json.loads(json.dumps(dict(said)))):
        for ending in (".json", ".csv", ".html", *(f"-{one}.html" for one in LANGUAGES)):
            (folder / f"{INTERPLAY}{ending}").unlink(missing_ok=True)
    beside = (CSV, "ledger.json", *([f"{INTERPLAY}.html"] if (folder / f"{INTERPLAY}.html").is_file() else []))
    with whole_folder(folder) as draft:
        (draft / "ledger.json").write_text(as_json(made, said) + "\n", encoding="utf-8")
        for name, table in (("bands", made.bands), ("units", units_of(made)), ("draws", made.draws)):
            write_table(table, draft / f"{name}.parquet")
        write_csv(made, draft, language=lang, asked=asked)
        write_pages(made, draft, language=lang, languages=tuple(LANGUAGES), asked=asked, options=options, beside=beside)
        whole = {
            "kind": KIND,
            "format": FORMAT,
            "language": lang,
            "asked": dict(said),
            "drift": list(drift),
            **origin(),
            "files": files_in(draft),
        }
        (draft / "manifest.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def off_worlds(made: Made) -> dict[str, str]:
    """The worlds that lack a mechanism, and what each lacks: what the switch that is off stands for, or the title of the scenario."""
    from experiments.evidence.worlds import HISTORY

    history = made.worlds.scenarios[HISTORY]
    found = {}
    for own in made.worlds.of.values():
        if own.without is not None:
            scenario = made.worlds.scenarios[own.without]
            off = [name for name, on in scenario.switches.items() if not on and history.switches.get(name, True)]
            found[own.without] = SWITCHES[off[0]] if len(off) == 1 and scenario.events == history.events else scenario.title or own.without
    return dict(sorted(found.items()))
