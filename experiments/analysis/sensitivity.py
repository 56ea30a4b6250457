"""What do the outcomes of a study depend on? The command: indices or a box, as tables, figures and words.

The analyses stand in :mod:`experiments.analysis.indices` and :mod:`experiments.analysis.discovery`, what they rest on in :mod:`experiments.studies.outcomes`;
their public names are here too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from abm.reading import parse_json, read_text
from experiments.analysis.discovery import DIRECTIONS, Discovery, Found, Limit, box_sentence, condition, discover
from experiments.analysis.indices import LEVEL, MEASURES, METHODS, Analysis, Part, analyse, block_size, covers, method_of, sentence
from experiments.files import csv_of, write_file
from experiments.studies.outcomes import (
    CONSTANT,
    FEW_BLOCKS,
    FINE,
    Arm,
    Base,
    Record,
    SensitivityError,
    Target,
    heading,
    noise_shares,
    parameter_label,
    short_name,
    side_name,
)
from experiments.words.languages import Numbers, check_language, translator

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CONSTANT", "DIRECTIONS", "FEW_BLOCKS", "FINE", "LEVEL", "MEASURES", "METHODS", "Analysis", "Arm", "Base", "Discovery", "Found", "Limit", "Part",
    "Record", "SensitivityError", "Target", "analyse", "block_size", "box_sentence", "condition", "covers", "discover", "heading", "method_of",
    "noise_shares", "parameter_label", "sensitivity_command", "sentence", "side_name", "write",
]  # fmt: skip


# --- tables and figures ----------------------------------------------------------------------------------------------


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


# --- the command -----------------------------------------------------------------------------------------------------


def sensitivity_command(
    folder: str | Path, target: Sequence[str] | str | None = None, method: str | None = None, discover: str | None = None,
    threshold: float | None = None, out: str | Path | None = None, json: bool = False, lang: str = "en", *, mixed: bool = False, overwrite: bool = False,
) -> int:  # fmt: skip
    """``lintas sensitivity STUDY``: analyse (or find a box), write tables and figures, show what was found.

    ``discover`` is ``above`` or ``below`` and goes with ``threshold``; files go to ``STUDY/sensitivity`` unless ``out`` says otherwise.
    """
    check_language(lang)
    folder, targets = Path(folder), [target] if isinstance(target, str) else list(target or []) or None
    if discover is None and threshold is not None:
        raise SensitivityError("--threshold goes with --discover above or --discover below")
    if discover is not None:
        if threshold is None:
            raise SensitivityError(f"--discover {shorten(discover)} needs --threshold, the value that the target lies {shorten(discover)}")
        if method is not None:
            raise SensitivityError("--method does not go with --discover; leave one of them out")
        if targets is not None and len(targets) > 1:
            raise SensitivityError(f"--discover takes one target, found {len(targets)}")
    result = _result(folder, targets, method, discover, threshold, mixed)
    place = Path(out) if out is not None else folder / "sensitivity"
    written = write(result, place, lang, overwrite=overwrite)
    if json:
        print(as_json(result.to_dict(lang) | {"files": [str(p) for p in written]}))
    else:
        _show(result, place, lang)
    return 0


def _result(
    folder: Path, targets: list[str] | None, method: str | None, direction: str | None, threshold: float | None, mixed: bool
) -> Analysis | Discovery:
    if direction is None or threshold is None:
        return analyse(folder, targets, method, mixed=mixed)
    return discover(folder, targets[0] if targets else None, threshold, direction, mixed=mixed)


def as_json(said: Mapping[str, Any]) -> str:
    import json

    return json.dumps(said, indent=2, ensure_ascii=False)


def _show(result: Analysis | Discovery, place: Path, lang: str) -> None:
    from rich.console import Console

    _ = translator(lang)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    for part in result.parts:
        console.print(heading(part, _), style="bold")
        if part.left_out:
            console.print(
                _("{n} of {total} blocks of points were left out: runs are missing, did not end well or gave no number.").format(
                    n=part.left_out, total=part.left_out + part.blocks
                )
            )
        if isinstance(part, Part) and part.indices:
            console.print(_index_table(part, lang))
        elif isinstance(part, Found) and part.limits:
            console.print(_limit_table(part, lang))
        console.print(sentence(part, lang) if isinstance(part, Part) else box_sentence(part, lang))  # type: ignore[arg-type]
        console.print()
    if isinstance(result, Analysis):
        console.print(covers(result.parts, lang))
    console.print(_("Tables and figures: {folder}").format(folder=place), soft_wrap=True)


def _index_table(part: Part, lang: str) -> Any:
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


def _limit_table(found: Found, lang: str) -> Any:
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
