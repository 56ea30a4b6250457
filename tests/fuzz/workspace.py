"""A folder with one file of every kind that lintas reads, each small and good; and what must hold of it after any command."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.cli.main import main

MEASURE = "def numbers(model):\n    return {'people': float(model.frames['household']['weight'].sum())}\n"
STUDY = """name = "small"
design = "factorial"
replicates = 1
households = 60
end = "1980-12"
outputs = ["income_ratio"]
scenarios = ["history", "closed-border"]

[summaries]
ratio = { output = "income_ratio", side = "id", first = 1980, last = 1980 }

[vary]
"household.seek_care.weight_quality" = { steps = 2 }
"switch.kinship" = {}
"""
LISTED = """name = "listed"
design = "list"
table = "points.csv"
households = 60
end = "1980-06"
"""
SCENARIO = """title = "Mine"
description = "For a test."
inherits = "history"
end = "1981-12"

[parameters]
"household.seek_care.weight_quality" = 2.0

[switches]
kinship = false

[[events]]
month = "1981-01"
set = { "crossing.all.open" = 0 }
"""
SLURM = """route = "array"
workers = 2
partition = "main"
walltime = "00:30:00"
cores = 1
memory = "2GB"
setup = ["export LC_ALL=C.UTF-8"]
"""


@dataclass(frozen=True)
class Said:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str


def run(*arguments: str) -> Said:
    """A command in this process; whatever it raises is a failure of the test, but for an interruption."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return Said(code, out.getvalue(), err.getvalue())


def make(place: Path) -> Path:
    """The folder, made by the commands themselves."""
    import numpy as np
    import pandas as pd

    from abm import BorderModel, Region, Scenario
    from calibration.posterior import FOLDER as POSTERIORS

    place.mkdir()
    before = Path.cwd()
    os.chdir(place)
    try:
        for name, text in (
            ("study.toml", STUDY),
            ("listed.toml", LISTED),
            ("scenario.toml", SCENARIO),
            ("slurm.toml", SLURM),
            ("measure.py", MEASURE),
        ):
            Path(name).write_text(text, "utf-8")
        pd.DataFrame({"household.seek_care.weight_quality": [1.5, 2.5]}).to_csv("points.csv", index=False)
        region = Region.load().folder
        shutil.copytree(region, "region", ignore=shutil.ignore_patterns("raw", "*.md"))
        shutil.copyfile(Path(__file__).parents[2] / "calibration" / "data" / "targets.toml", "targets.toml")
        shipped = POSTERIORS / region.name
        Path("posterior").mkdir()
        shutil.copyfile(shipped / "manifest.json", "posterior/manifest.json")
        draws = pd.read_parquet(shipped / "draws.parquet").head(8)
        draws["weight"] = np.full(len(draws), 1 / len(draws))
        draws.to_parquet("posterior/draws.parquet")
        good = [
            ["run", "--quiet", "--households", "60", "--end", "1980-12", "--out", "results"],
            ["plan", "study.toml", "-o", "study"],
            ["batch", "study", "--quiet"],
            ["calibrate", "plan", "-o", "fit", "--points", "64", "--population", "32", "--households", "60", "--only", "household.seek_care.weight_quality"],
        ]  # fmt: skip
        for words in good:
            said = run(*words)
            assert said.code == 0, (words, said)
        BorderModel(Scenario(end="1981-12"), households=60, rng=1).run_for(3)
        model = BorderModel(Scenario(end="1981-12"), households=60, rng=1)
        for _ in range(3):
            model.step()
        model.save("saved.npz")
        Path("thesis.docx").write_bytes(b"PK years of work")
        Path("folder").mkdir()
    finally:
        os.chdir(before)
    return place


def snapshot(place: Path) -> dict[str, str]:
    """What every file of a folder holds (a pipe or a link counts by its kind)."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            found[name] = "special"
        elif path.is_file():
            found[name] = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    return found


#: What a command may leave beside what it was asked for.
_LEAVES = re.compile(r"(^|/)(logs/driver\.jsonl|driver\.json|driver\.lock|\.lintas.*lock)$|/logs/")
#: A draft that was not taken away.
_DRAFT = re.compile(r"(draft|former)|\.\d+$|^\.plan-|/\.plan-")


def wrong_with(said: Said, before: dict[str, str], after: dict[str, str], allowed: Sequence[str] = ()) -> str:
    """What is wrong with the end of a command, in words; empty when all is as promised.

    ``allowed`` are beginnings of names that the command was asked to write.
    """
    if said.code not in (0, 1, 2, 3):
        return f"exit code {said.code}"
    if "Traceback" in said.err + said.out:
        return "a traceback was shown"
    if said.code == 2:
        lines = [line for line in said.err.splitlines() if line.startswith("lintas: ")]
        if len(lines) != 1:
            return f"{len(lines)} sentences instead of one"
        if len(lines[0]) > 1500:
            return "the sentence is very long"
        if re.search(r"x{90}|[\x00-\x08\x1b]", said.err):
            return "input is repeated at length or with control characters"
    changed = {n for n in before if after.get(n) != before[n]}
    new = set(after) - set(before)
    may = [n for n in changed | new if not any(n.startswith(a) for a in allowed) and not _LEAVES.search(n)]
    if said.code == 2 and may:
        return f"refused, yet it changed {sorted(may)[:3]}"
    lost = [n for n in changed if n in may and not n.startswith(("study/", "fit/"))]
    if lost:
        return f"it changed {lost[:3]}"
    drafts = [n for n in new if _DRAFT.search(n)]
    if drafts:
        return f"it left {drafts[:3]}"
    return ""


def acknowledged(study: Path) -> set[str]:
    """Ids of runs that are stored as well, in parts that can be read, also those set aside."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: set[str] = set()
    for path in study.glob("results/**/*.parquet"):
        try:
            table = pq.read_table(path, columns=["run_id", "status"]).to_pydict()
        except (OSError, ValueError, pa.ArrowException):
            continue
        found |= {str(i) for i, s in zip(table["run_id"], table["status"], strict=True) if s == "ok"}
    return found
