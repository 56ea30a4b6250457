"""Random damage to a file: to its bytes, or to its content by its form (JSON, TOML, CSV, Parquet, numpy archive)."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

#: Values to be put where another kind was expected.
ODD: list[Any] = [
    None, True, False, 0, -1, 3, 7, 10**30, -(10**30), 0.5, 1e308, -1e308, math.inf, -math.inf, math.nan, "", "x", "history", "ok", "-", "../..",
    "/etc/hostname", "1980-01", "2099-13", "=1+1", "\x1b[31m", "a\nb", "\u202e", "漢字", "x" * 3000, [], [3], ["x"], [[[]]], {}, {"x": 3}, {"…": {"x": []}},
]  # fmt: skip

odd = st.one_of(
    st.sampled_from(ODD), st.integers(), st.floats(), st.text(max_size=30), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)  # fmt: skip


def replace_file(path: Path, content: bytes) -> None:
    """Put other bytes in the place of what is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(content)


def damage_bytes(path: Path, draw: Any) -> str:
    """Cut, flip, fill or replace the bytes of a file; returns what was done."""
    content = path.read_bytes()
    kind = draw(
        st.sampled_from(["cut", "flip", "insert", "empty", "noise", "twice", "folder", "pipe", "gone", "broken link", "nested", "zeros"])
    )
    at = draw(st.integers(0, max(len(content) - 1, 0)))
    if kind == "cut":
        replace_file(path, content[:at])
    elif kind == "flip" and content:
        changed = bytearray(content)
        for _ in range(draw(st.integers(1, 8))):
            changed[draw(st.integers(0, len(content) - 1))] ^= draw(st.integers(1, 255))
        replace_file(path, bytes(changed))
    elif kind == "insert":
        replace_file(path, content[:at] + draw(st.binary(min_size=1, max_size=40)) + content[at:])
    elif kind == "noise":
        replace_file(path, draw(st.binary(max_size=300)))
    elif kind == "twice":
        replace_file(path, content + content)
    elif kind == "nested":
        replace_file(path, b"[" * 100_000)
    elif kind == "zeros":
        replace_file(path, b"\0" * 5000)
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "broken link":
            path.symlink_to(path.with_name("nowhere"))
        elif kind in ("empty", "flip"):
            path.write_bytes(b"")
    return kind


def places(said: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested data, by keys and positions."""
    found = [here]
    if isinstance(said, dict):
        for key, value in said.items():
            found += places(value, (*here, key))
    elif isinstance(said, list):
        for at, value in enumerate(said[:20]):
            found += places(value, (*here, at))
    return found


def change_data(said: Any, draw: Any) -> tuple[Any, str]:
    """Nested data with one place changed, removed or added to."""
    at = draw(st.sampled_from(places(said)))
    kind = draw(st.sampled_from(["put", "put", "put", "remove", "add", "rename"]))
    value = draw(odd)
    if not at:
        return (value, "the whole") if kind == "put" else (said | {"more": value} if isinstance(said, dict) else value, "more")
    holder = said
    for key in at[:-1]:
        holder = holder[key]
    if kind == "put":
        holder[at[-1]] = value
    elif kind == "remove":
        del holder[at[-1]]
    elif kind == "add" and isinstance(holder, dict):
        holder[draw(st.text(min_size=1, max_size=12))] = value
    elif kind == "rename" and isinstance(holder, dict):
        holder[f"{at[-1]}s"] = holder.pop(at[-1])
    else:
        holder[at[-1]] = value
    return said, f"{kind} {'/'.join(map(str, at))} {value!r}"[:120]


def toml_of(said: dict[str, Any]) -> str:
    """Plain data as TOML, each value in one line (what TOML cannot say is left out)."""

    def value(v: Any) -> str:
        if isinstance(v, bool):
            return str(v).lower()
        if isinstance(v, float):
            return {math.inf: "inf", -math.inf: "-inf"}.get(v, "nan" if v != v else repr(v))
        if isinstance(v, int):
            return str(v)
        if isinstance(v, str):
            return json.dumps(v, ensure_ascii=False).replace("\x7f", "\\u007f")
        if isinstance(v, list):
            return f"[{', '.join(value(x) for x in v if x is not None)}]"
        if isinstance(v, dict):
            return "{" + ", ".join(f"{json.dumps(str(k))} = {value(x)}" for k, x in v.items() if x is not None) + "}"
        return '""'

    return "".join(f"{json.dumps(str(k))} = {value(v)}\n" for k, v in said.items() if v is not None)


def damage(path: Path, draw: Any) -> str:
    """Damage a file in one of the ways that its form allows; returns what was done."""
    form = path.suffix
    if form not in (".json", ".geojson", ".toml", ".csv", ".parquet", ".npz") or draw(st.integers(0, 3)) == 0:
        return damage_bytes(path, draw)
    if form in (".json", ".geojson"):
        said, how = change_data(json.loads(path.read_text("utf-8")), draw)
        replace_file(path, json.dumps(said).encode("utf-8", "backslashreplace"))
    elif form == ".toml":
        said, how = change_data(tomllib.loads(path.read_text("utf-8")), draw)
        text = toml_of(said) if isinstance(said, dict) else str(said)
        replace_file(path, text.encode("utf-8", "backslashreplace"))
    elif form == ".csv":
        how = _damage_csv(path, draw)
    elif form == ".parquet":
        how = _damage_parquet(path, draw)
    else:
        how = _damage_npz(path, draw)
    return how


def _damage_csv(path: Path, draw: Any) -> str:
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    kind = draw(st.sampled_from(["cell", "cell", "cell", "row gone", "row twice", "column gone", "header", "short row"]))
    row = draw(st.integers(0, len(rows) - 1))
    column = draw(st.integers(0, max(len(rows[row]) - 1, 0)))
    value = str(draw(odd))[:2000]
    if kind == "cell":
        rows[row][column] = value
    elif kind == "row gone":
        del rows[row]
    elif kind == "row twice":
        rows.insert(row, list(rows[row]))
    elif kind == "column gone":
        rows = [[c for k, c in enumerate(r) if k != column] for r in rows]
    elif kind == "header":
        rows[0][min(column, len(rows[0]) - 1)] = value
    else:
        rows[row] = rows[row][:-1]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    replace_file(path, out.getvalue().encode("utf-8", "backslashreplace"))
    return f"{kind} at {row}, {column}: {value!r}"[:120]


def _damage_parquet(path: Path, draw: Any) -> str:
    """Another table in the place of this one, with a part's marks kept, so that only its content is odd."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from experiments.studies import store

    table = pq.read_table(path)
    frame = table.to_pandas()
    column = draw(st.sampled_from(list(frame.columns)))
    kind = draw(
        st.sampled_from(["cell", "column gone", "column of texts", "column of nothing", "half", "twice", "renamed", "empty", "type"])
    )
    if kind == "cell" and len(frame):
        values = frame[column].astype(object)
        values.iloc[draw(st.integers(0, len(frame) - 1))] = draw(
            st.sampled_from([None, "x", -1, 1e300, "killed", "odd", "zzzzzzzzzzzzzzzz", 3])
        )
        frame[column] = values
    elif kind == "column gone":
        frame = frame.drop(columns=column)
    elif kind == "column of texts":
        frame[column] = "x"
    elif kind == "column of nothing":
        frame[column] = None
    elif kind == "half":
        frame = frame.iloc[: max(len(frame) // 2, 1)]
    elif kind == "twice":
        frame = pd.concat([frame, frame])
    elif kind == "renamed":
        frame = frame.rename(columns={column: draw(st.text(min_size=1, max_size=8))})
    elif kind == "empty":
        frame = frame.iloc[:0]
    elif frame[column].dtype.kind in "iuf":
        frame[column] = frame[column].astype("float32" if draw(st.booleans()) else "int8", errors="ignore")
    try:
        changed = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError):  # a column of mixed kinds
        frame[column] = frame[column].map(str)
        changed = pa.Table.from_pandas(frame, preserve_index=False)
    path.unlink()
    if "part-" in path.name and draw(st.booleans()):
        store.write_table(changed, path)
    else:
        pq.write_table(changed, path)
    return f"{kind} in {column}"


def _damage_npz(path: Path, draw: Any) -> str:
    with np.load(path, allow_pickle=False) as packed:
        arrays = {n: packed[n] for n in packed.files}
    name = draw(st.sampled_from(sorted(arrays)))
    kind = draw(st.sampled_from(["gone", "short", "kind", "noise", "more", "scalar", "nothing"]))
    if kind == "gone":
        del arrays[name]
    elif kind == "short":
        arrays[name] = arrays[name].reshape(-1)[:-1]
    elif kind == "kind":
        arrays[name] = np.array(["x"] * max(arrays[name].size, 1))
    elif kind == "noise":
        changed = np.array(arrays[name], copy=True)
        if changed.size:
            changed.reshape(-1)[draw(st.integers(0, changed.size - 1))] = draw(st.sampled_from([-1, 0, 1, 100, 127]))
        arrays[name] = changed
    elif kind == "more":
        arrays["more"] = np.zeros(3)
    elif kind == "nothing" and arrays[name].dtype.kind == "f":
        arrays[name] = np.full_like(arrays[name], np.nan)
    else:
        arrays[name] = np.array(3.0)
    with path.open("wb") as out:
        np.savez(out, **arrays)  # type: ignore[arg-type]
    return f"{kind} {name}"
