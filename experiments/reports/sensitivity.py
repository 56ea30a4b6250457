"""What does a sensitivity analysis, or a box found by scenario discovery, look like? Tables, figures, JSON, and what the screen shows."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from abm.reading import parse_json, read_text
from experiments.analysis.discovery import Box, Discovery, box_sentence
from experiments.analysis.indices import MEASURES, Analysis, Indices, covers, sentence
from experiments.files import csv_of, write_file
from experiments.reports.screen import console
from experiments.studies.outcomes import heading, parameter_label, short_name
from experiments.studies.target_names import SensitivityError
from experiments.words.languages import Numbers, translator

if TYPE_CHECKING:
    import pandas as pd


def write(result: Analysis | Discovery, folder: Path, lang: str = "en", *, overwrite: bool = False) -> list[Path]:
    """Tables, figures and the whole as JSON, each file whole or not at all; the same results give the same bytes.

    Former files of an analysis of the same study are replaced; others only where ``overwrite`` says so (SensitivityError).
    """
    from experiments.reports.sensitivity_figures import picture

    stem = "sensitivity" if isinstance(result, Analysis) else "discovery"
    table, targets = result.table(), result.targets()
    files: dict[str, bytes] = {
        f"{stem}.csv": csv_of(table).encode(),
        f"{stem}.parquet": _parquet(table),
        f"{stem}-targets.csv": csv_of(targets).encode(),
        f"{stem}.json": (as_json(result.to_dict(lang)) + "\n").encode(),
    }
    for number, part in enumerate(result.parts, 1):
        drawn = picture(part, lang)
        if drawn is not None:
            slug = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{short_name(part.arm.scenario)}-{part.target.key}").strip("-.")[:80]
            files[f"{stem}-{number:02d}-{slug}.svg"] = drawn.svg
    there = [folder / name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there and not overwrite and not _is_of(folder / f"{stem}.json", result.to_dict()):
        raise SensitivityError(
            f"'{shorten(there[0])}' is there already and is not of study '{shorten(result.study)}'; name another folder with --out, "
            f"or replace it with --overwrite"
        )
    for name, content in files.items():
        write_file(folder / name, content, make_folder=True, hint="; name another folder with --out")
    return [folder / name for name in files]


def _is_of(path: Path, said: Mapping[str, Any]) -> bool:
    """Whether a file holds an analysis of the same kind and the same study."""
    try:
        there = parse_json(read_text(path, "the former analysis"), "the former analysis")
    except (UserError, OSError):
        return False
    return isinstance(there, dict) and all(there.get(k) == said[k] for k in ("kind", "study"))


def _parquet(table: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None), out, compression="zstd")
    return out.getvalue()


def as_json(said: Mapping[str, Any]) -> str:
    """Indented JSON."""
    return json.dumps(said, indent=2, ensure_ascii=False)


def show(result: Analysis | Discovery, place: Path, lang: str) -> None:
    _, shown = translator(lang), console()
    for part in result.parts:
        shown.print(heading(part, _), style="bold")
        if part.left_out:
            shown.print(
                _("{n} of {total} blocks of points were left out: runs are missing, did not end well or gave no number.").format(
                    n=part.left_out, total=part.left_out + part.blocks
                )
            )
        if isinstance(part, Indices) and part.indices:
            shown.print(_index_table(part, lang))
        elif isinstance(part, Box) and part.limits:
            shown.print(_limit_table(part, lang))
        shown.print(sentence(part, lang) if isinstance(part, Indices) else box_sentence(part, lang))  # type: ignore[arg-type]
        shown.print()
    if isinstance(result, Analysis):
        shown.print(covers(result.parts, lang))
    shown.print(_("Tables and figures: {folder}").format(folder=place), soft_wrap=True)


def _index_table(part: Indices, lang: str) -> Any:
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for head in (_("parameter"), _("name"), *(_(w) for w in MEASURES[part.method].values())):
        table.add_column(head)
    show = n.short if part.method == "morris" else lambda v: n.number(v, 2)
    for k in part.ranked():
        cells = [f"{show(e[k])} [{show(low[k])}–{show(high[k])}]" for e, low, high in part.indices.values()]
        table.add_row(parameter_label(part.names[k], _), part.names[k], *cells)
    return table


def _limit_table(found: Box, lang: str) -> Any:
    from rich.table import Table

    _, n = translator(lang), Numbers(lang)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for head in (_("parameter"), _("name"), _("from"), _("to"), _("quasi-p"), _("range of the study")):
        table.add_column(head)
    for x in found.limits:
        p = ", ".join("< " + n.number(0.001, 3) if v < 0.001 else n.number(v, 3) for v in (x.p_low, x.p_high) if v is not None)
        label = parameter_label(x.name, _)
        if x.states:
            table.add_row(label, x.name, *(_("on") if x.states == ("on",) else _("off"),) * 2, p, "–")
        else:
            show = [n.short(v) if v is not None else "–" for v in (x.low, x.high)]
            table.add_row(label, x.name, *show, p, f"{n.short(x.range[0])}–{n.short(x.range[1])}")
    return table
