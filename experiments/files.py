"""How is a file, or a folder, written so that it is whole or not there, and what was left behind is known as ours?

A draft is written beside its final place, flushed and renamed. The draft's name says which process of which machine writes it, so
that a later process may remove it once that one is gone, and nothing else. Every writer uses :func:`abm.writing.whole_file` or
:func:`whole_folder`.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import re
import shutil
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from abm.errors import UserError, shorten
from abm.reading import parse_json, read_text
from abm.writing import draft_beside, flush, is_gone, whole_file

if TYPE_CHECKING:
    import pandas as pd

#: How a text begins that a spreadsheet would take for a formula.
FORMULA = r"^([=+\-@\t\r])"


def new_file(path: Path, content: bytes) -> bool:
    """Make a file that is not there yet, whole; False where there is another's. Of several who try at once one gets True."""
    draft = draft_beside(path)
    try:
        draft.write_bytes(content)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:  # a disk without links
            with path.open("xb") as out:
                out.write(content)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


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


# --- folders ---------------------------------------------------------------------------------------------------------


class InterruptedAfterwards(Exception):
    """An interruption that came when the results folder was already complete."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"interrupted; the results are complete in '{shorten(folder, 400)}'")
        self.folder = folder


def files_in(draft: Path) -> list[str]:
    """What lintas has put into a folder, with the manifest that is to say so under ``files``."""
    return sorted({"manifest.json", *(path.name for path in draft.iterdir())})


@contextlib.contextmanager
def whole_folder(folder: Path, *, keep: bool = True, hint: str = "; name another folder with --out") -> Iterator[Path]:
    """A draft folder that takes the place of ``folder`` when all went well, and is removed when not.

    What somebody else has put into the folder is in the new one too, unless ``keep`` says that all of it is ours. ``hint`` ends the sentence
    where the disk does not take it.
    """
    draft, former = folder_beside(folder, "draft"), folder_beside(folder, "former")
    is_filled = False
    made = [p for p in (folder.parent, *folder.parent.parents) if not p.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(folder)
        draft.mkdir()
        yield draft
        for path in sorted(draft.iterdir()):
            flush(path)
        flush(draft)
        is_filled = True
        if folder.exists():
            shutil.copymode(folder, draft)  # who closed the folder to others finds it closed
            folder.rename(former)
        try:
            draft.rename(folder)
        except BaseException:
            if former.exists() and not folder.exists():
                former.rename(folder)
            raise
        flush(folder.parent)
        _remove_former(former, folder, keep)
    except BaseException as error:
        if is_filled and isinstance(error, KeyboardInterrupt) and folder.exists() and not draft.exists():
            _remove_former(former, folder, keep)  # the results had taken their place: only this was left to do
            raise InterruptedAfterwards(folder) from error
        shutil.rmtree(draft, ignore_errors=True)
        for parent in made:  # folders made for a result that did not come
            try:
                parent.rmdir()
            except OSError:
                break
        if isinstance(error, OSError):
            raise UserError(f"cannot write '{shorten(folder)}': {error.strerror or error}{hint}") from error
        raise


#: Endings of the files that a folder of results, draws, a comparison or a fit may hold.
_ENDINGS = (".json", ".parquet", ".html", ".svg", ".toml", ".csv")


def _remove_former(former: Path, folder: Path, keep: bool = True) -> None:
    """Remove former results, after whatever is not lintas's own was moved into the folder that has taken their place.

    Which files are its own the former manifest says, and where it does not, those of the same names in the new folder are. A foreign file whose
    name the new folder has itself keeps it with ``-former`` added. What cannot be moved stays where it is, and is named.
    """
    try:
        names, new = os.listdir(former), {*os.listdir(folder)}
    except OSError:
        return
    if not keep:
        shutil.rmtree(former, ignore_errors=True)
        return
    said = said_in(former).get("files")
    listed = {str(name) for name in said} if isinstance(said, list) else new
    left = []
    for name in sorted(names, key=lambda name: (name in new, name)):
        path = former / name
        if name in listed and name.endswith(_ENDINGS) and path.is_file() and not path.is_symlink():
            continue
        try:
            os.rename(path, _free_name(folder, name))
        except OSError:
            left.append(name)
    if left:
        words = f"{shorten(', '.join(left))} could not be moved into '{shorten(folder)}'; it is kept in '{shorten(former)}'"
        print(f"lintas: {words}", file=sys.stderr)
    for name in names:
        if name not in left:
            with contextlib.suppress(OSError):
                os.unlink(former / name)
    with contextlib.suppress(OSError):
        former.rmdir()


def _free_name(folder: Path, name: str) -> Path:
    place, path = folder / name, Path(name)
    for number in range(1, 1000):
        if not os.path.lexists(place):
            break
        place = folder / f"{path.stem}-former{'' if number == 1 else f'-{number}'}{path.suffix}"
    return place


def said_in(folder: Path) -> Mapping[str, object]:
    """The manifest of a folder, empty where there is none that can be read."""
    try:
        said = parse_json(read_text(folder / "manifest.json", "the manifest"), "the manifest")
    except UserError:
        return {}
    return said if isinstance(said, dict) else {}


def folder_beside(folder: Path, kind: str) -> Path:
    """Where the ``draft``, or the ``former`` content, of a folder is while this process writes."""
    return folder.with_name(f".{folder.name}.{kind}-{socket.gethostname()}-{os.getpid()}")


def _clear_leftovers(folder: Path) -> None:
    """Undo what a killed process of this machine left behind: restore a former folder that was moved away, remove drafts."""
    for path in sorted(folder.parent.glob(f"{glob.escape(f'.{folder.name}.')}*-*")):
        found = re.fullmatch(r"(draft|former)-(.+)-(\d+)", path.name.removeprefix(f".{folder.name}."))
        if found is None or found[2] != socket.gethostname() or not (int(found[3]) == os.getpid() or is_gone(int(found[3]))):
            continue
        if found[1] == "former" and not folder.exists():
            path.rename(folder)
        elif found[1] == "former":
            _remove_former(path, folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


# --- tables as text --------------------------------------------------------------------------------------------------


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
