"""How is a file written so that it is whole or not there, and what was left behind is known as ours?

A draft is written beside its final place, flushed and renamed. The draft's name says which process of which machine writes it, so
that a later process may remove it once that one is gone, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: Characters of a file's own name that are used in the name of its draft: a name may be 255 bytes long, and so may its draft.
_SHOWN = 40


def draft_beside(path: Path) -> Path:
    """Where this process writes what is to be at ``path``: in the same folder, hidden, a new name each time."""
    return path.with_name(f"{_beginning(path)}{socket.gethostname()}-{os.getpid()}-{time.monotonic_ns()}.draft")


def _beginning(path: Path) -> str:
    name = path.name if len(os.fsencode(path.name)) <= _SHOWN else path.name.encode("ascii", "replace").decode().replace("?", "_")[:_SHOWN]
    return f".{name}."


def is_orphan(path: Path) -> bool:
    """Whether a draft is one of ours and the process of this machine that wrote it is gone."""
    found = re.fullmatch(r"\.(.+)-(\d+)-\d+\.draft", path.name)  # .NAME.HOST-PROCESS-WHEN.draft
    if found is None or not f".{found[1]}".endswith(f".{socket.gethostname()}"):
        return False
    return is_gone(int(found[2]))


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
def whole_file(path: Path, *, sweep: bool = True, durable: bool = True) -> Iterator[BinaryIO]:
    """A draft to write into, which takes the place of ``path`` when all went well and is removed when not; raises OSError.

    Drafts of this file that dead processes left are removed first, unless ``sweep`` says not to look: the folder may hold thousands of files.
    What is ``durable`` is flushed to the disk before it takes its place.
    """
    if sweep:
        sweep_beside(path)
    draft = draft_beside(path)
    try:
        with draft.open("xb") as out:
            yield out
            out.flush()
            if durable:
                os.fsync(out.fileno())
        os.replace(draft, path)
        if durable:
            flush(path.parent)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Ask the system to put a file, or the names in a folder, on the disk (where it can: some systems cannot open a folder)."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def is_gone(process: int) -> bool:
    """Whether there is no process of this number on this machine."""
    import psutil

    return not psutil.pid_exists(process)
