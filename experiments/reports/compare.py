"""Which files hold a comparison, and what does the screen show of it? A results folder with figures, JSON, and a table.

The numbers are :mod:`experiments.analysis.compare`'s, the sentences :mod:`experiments.reports.compare_words`'s.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from abm.errors import shorten
from experiments.analysis.differences import LEVEL, CompareError, Comparison, Effect, Split, unit_of
from experiments.files import files_in, said_in, whole_folder
from experiments.reports.compare_figures import picture
from experiments.reports.compare_words import label_of, named, sentence, sentences, start_sentence, years_text
from experiments.reports.screen import console
from experiments.runs.folder import check_folder
from experiments.runs.identity import PACKAGES, command_line, commit, model_version
from experiments.runs.tables import write_table
from experiments.studies.draws import FOLDER
from experiments.studies.outcomes import plain
from experiments.studies.target_names import side_name
from experiments.words.languages import Numbers, translator

KIND = "lintas comparison"
FORMAT = 1


# --- as data ---------------------------------------------------------------------------------------------------------


def effect_as_dict(effect: Effect, lang: str = "en") -> dict[str, Any]:
    """One difference as JSON; what is no number becomes null."""
    names = ("output", "side", "n", "mean_a", "mean_b", "difference", "sd", "low", "high", "same_sign")
    said = {k: getattr(effect, k) for k in names}
    standardized = effect.strength[0] if effect.n > 1 else math.nan
    more = {"label": label_of(effect.output, translator(lang)), "unit": unit_of(effect.output), "relative": effect.relative}
    return {k: plain(v) for k, v in (said | more | {"standardized": standardized}).items()}


def split_as_dict(split: Split) -> dict[str, Any]:
    """Where the spread of one difference comes from, as JSON; what is no number becomes null."""
    said = {k: getattr(split, k) for k in ("output", "side", "draws", "difference", "var_posterior", "var_chance")}
    total = split.var_posterior + split.var_chance
    said["share_posterior"] = split.var_posterior / total if total > 0 else math.nan
    for name in ("of_both", "of_posterior", "of_chance"):
        said[f"low_{name}"], said[f"high_{name}"] = getattr(split, name)
    return {k: plain(v) for k, v in said.items()}


def as_dict(part: Comparison, lang: str = "en") -> dict[str, Any]:
    """One comparison as JSON."""
    said = {
        "a": part.a, "b": part.b, "region": part.region, "households": part.households, "pairs": part.pairs, "unpaired_runs": part.unpaired,
        "replicates": part.replicates, "points": part.points, "interval_over": "points" if part.is_over_points else "replicates",
        "level": LEVEL, "years": list(part.years) if part.years else None, "first_year_that_differs": part.first,
        "sentence": sentence(part, lang), "sentences": sentences(part, lang), "start": start_sentence(part, lang),
        "chosen": [effect_as_dict(e, lang) for e in part.chosen], "effects": [effect_as_dict(e, lang) for e in part.effects],
    }  # fmt: skip
    if part.posterior is None:
        return said
    return said | {"posterior": {"id": part.posterior, "level": 0.90, "splits": [split_as_dict(s) for s in part.splits]}}


def as_json(parts: Sequence[Comparison], lang: str = "en") -> str:
    """Everything as JSON; the same comparison gives the same text."""
    return json.dumps({"format": FORMAT, "comparisons": [as_dict(p, lang) for p in parts]}, indent=2, ensure_ascii=False)


# --- the results folder ----------------------------------------------------------------------------------------------


def check_out(folder: Path, asked: Mapping[str, Any] | None = None, *, overwrite: bool = False, unfinished: str = "") -> Path:
    """Refuse, before anything runs, a folder that could not be written; one that holds the folder ``unfinished`` alone is free.

    A former comparison may be replaced where it was ``asked`` in the same way (by its manifest), or where ``overwrite`` says so.
    """
    try:
        is_filled = os.path.isdir(folder) and any(p.name != unfinished for p in folder.iterdir())
    except OSError:
        is_filled = False
    if not is_filled:
        return check_folder(folder, unfinished=unfinished)
    there = said_in(folder)
    if there.get("kind") != KIND:
        raise CompareError(f"the folder '{shorten(folder)}' holds something other than a lintas comparison; name another folder with --out")
    if not overwrite and (asked is None or there.get("asked") != json.loads(json.dumps(asked))):
        raise CompareError(f"'{shorten(folder)}' holds another comparison; name another folder with --out, or replace it with --overwrite")
    if not folder.is_symlink():  # the place itself: whether a folder beside it could be made
        check_folder(folder.with_name(f"{folder.name}.new"))
        return folder
    return check_folder(folder)


def write(parts: Sequence[Comparison], folder: Path, manifest: Mapping[str, Any], lang: str = "en", *, overwrite: bool = False) -> Path:
    """Differences, figures, the whole as JSON and a manifest: all or nothing; refuses a folder of another comparison unless ``overwrite``."""
    import pandas as pd

    check_out(folder, manifest.get("asked"), overwrite=overwrite, unfinished=FOLDER if manifest.get("posterior") else "")
    drawn = [picture(part, lang) for part in parts]
    with whole_folder(folder) as draft:
        write_table(pd.concat([p.table for p in parts], ignore_index=True), draft / "differences.parquet")
        (draft / "compare.json").write_text(as_json(parts, lang) + "\n", encoding="utf-8")
        for number, (part, figure) in enumerate(zip(parts, drawn, strict=True), 1):
            if figure is not None:
                stem = "compare" if len(parts) == 1 else f"compare-{number:02d}-{slug(part.b)}"
                (draft / f"{stem}.svg").write_bytes(figure.svg)
        said = {"kind": KIND, "format": FORMAT, "language": lang, **manifest, "files": files_in(draft)}
        (draft / "manifest.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def origin() -> dict[str, Any]:
    """Model, packages, commit and command that a comparison was made with."""
    return {
        "model_version": model_version(), "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
        "commit": commit(), "command_line": command_line(), "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def slug(name: str) -> str:
    """A scenario's name, or its file's, as part of a file name."""
    return re.sub(r"[^\w.]+", "-", Path(name).stem if "/" in name else name).strip("-.")[:60] or "scenario"


# --- on the screen ---------------------------------------------------------------------------------------------------


def show(part: Comparison, lang: str, *, is_study: bool) -> None:
    """The sentence, from when on the two differ, and the chosen indicators as a table."""
    from rich.table import Table

    _, n, shown = translator(lang), Numbers(lang), console()
    if is_study:
        said = _("{b} compared with {a}: {region}, {households} households")
        shown.print(said.format(a=part.a, b=part.b, region=part.region, households=part.households), style="bold", soft_wrap=True)
    if part.unpaired:
        shown.print(_("{n} runs have no partner that ended well and were left out.").format(n=part.unpaired), soft_wrap=True)
    for said in sentences(part, lang):
        shown.print(said, soft_wrap=True)
    shown.print(start_sentence(part, lang), soft_wrap=True)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(_("indicator") + (f", {years_text(part.years)}" if part.years else ""), ratio=4)
    last = (_("95 % interval"), _("same sign")) if part.posterior is None else (_("90 %, of the posterior"), _("90 %, of chance"))
    for heading in (_("side"), part.a, part.b, _("difference"), *last):
        table.add_column(heading, ratio=None)
    for e in part.chosen:
        spread = f"{n.short(e.low)} … {n.short(e.high)}" if e.n > 1 else "–"
        cells, split = (spread, n.percent(e.same_sign)), part.split_of(e)
        if split is not None:
            cells = tuple(f"{n.short(low)} … {n.short(high)}" for low, high in (split.of_posterior, split.of_chance))
        side = _(side_name(part.region, e.side)) if e.side else "–"
        table.add_row(named(e.output, _), side, n.short(e.mean_a), n.short(e.mean_b), n.short(e.difference), *cells)
    shown.print(table)
