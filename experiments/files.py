"""How is a file written so that it is whole or not there, and what was left behind is known as ours?

A draft stands beside its place, is flushed and renamed. The draft's name says which process of which machine writes it, so
that a later process may remove it once that one is gone, and nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from abm.errors import UserError, shorten

if TYPE_CHECKING:
    import pandas as pd

#: Characters of a file's own name that stand in the name of its draft: a name may be 255 bytes long, and so may its draft.
_SHOWN = 40
#: How a text begins that a spreadsheet would take for a formula.
FORMULA = r"^([=+\-@\t\r])"


def draft_beside(path: Path) -> Path:
    """Where this process writes what is to stand at ``path``: in the same folder, hidden, a new name each time."""
    return path.with_name(f"{_beginning(path)}{socket.gethostname()}-{os.getpid()}-{time.monotonic_ns()}.draft")


def _beginning(path: Path) -> str:
    name = path.name if len(os.fsencode(path.name)) <= _SHOWN else path.name.encode("ascii", "replace").decode().replace("?", "_")[:_SHOWN]
    return f".{name}."


def is_orphan(path: Path) -> bool:
    """Whether a draft is one of ours and the process of this machine that wrote it is gone."""
    import psutil

    found = re.fullmatch(r"\.(.+)-(\d+)-\d+\.draft", path.name)  # .NAME.HOST-PROCESS-WHEN.draft
    if found is None or not f".{found[1]}".endswith(f".{socket.gethostname()}"):
        return False
    return not psutil.pid_exists(int(found[2]))


def sweep_beside(path: Path) -> int:
    """Remove the drafts of this one file that dead processes of this machine left; returns how many."""
    count, beginning = 0, _beginning(path)
    try:
        names = [e.name for e in os.scandir(path.parent) if e.name.startswith(beginning) and e.name.endswith(".draft")]
    except OSError:
        return 0
    for name in names:
        left = path.with_name(name)
        with contextlib.suppress(OSError):
            if is_orphan(left):
                left.unlink()
                count += 1
    return count


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A draft to write into, which takes the place of ``path`` when all went well and vanishes when not; raises OSError."""
    sweep_beside(path)
    draft = draft_beside(path)
    try:
        with draft.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
        flush_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def write_file(path: Path, content: bytes, *, make_folder: bool = False, hint: str = "") -> None:
    """Write a file whole or not at all; ``hint`` ends the sentence where that fails."""
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as out:
            out.write(content)
    except OSError as error:
        raise UserError(f"cannot write '{shorten(path)}': {error.strerror or error}{hint}") from None


def add_line(path: Path, line: str) -> None:
    """Add a line to an ordinary file, made where it is not there; raises OSError for a link, a pipe or anything else."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o644)
    with os.fdopen(handle, "ab") as out:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "no ordinary file")
        out.write(line.encode() + b"\n")


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON file whole or not at all."""
    write_file(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def flush_folder(folder: Path) -> None:
    """Ask the system to remember the names in a folder (where it can)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def as_text(value: str) -> str:
    """A text for a CSV file: with an apostrophe before it where a spreadsheet would take it for a formula."""
    return re.sub(FORMULA, r"'\1", value)


def csv_of(table: pd.DataFrame) -> str:
    """A table as CSV, without its index; texts that a spreadsheet would take for a formula, also of the header, have an apostrophe before them."""
    texts = {
        c: table[c].map(lambda v: as_text(v) if isinstance(v, str) else v) for c in table.columns if table[c].dtype.kind not in "biufmM"
    }
    shown = table.assign(**texts) if texts else table
    return shown.rename(columns=lambda c: as_text(str(c))).to_csv(index=False, lineterminator="\n")
