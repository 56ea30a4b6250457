"""How do workers find the scheduler? By a file on the shared disk, which belongs to one study and one driver."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from abm.writing import whole_file
from experiments.files import new_file


def check_scheduler_file(folder: Path, file: Path) -> Path:
    """The full path of the scheduler file; UserError where it cannot be written or another study or program wrote it. Nothing is changed."""
    file = Path(file).absolute()
    try:
        kind = os.lstat(file).st_mode
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise UserError(
                f"there is no folder '{shorten(file.parent)}' for the scheduler file; make it, on a disk that the nodes share"
            ) from None
        return file
    except (OSError, ValueError) as error:
        raise UserError(
            f"'{shorten(file, 60)}' cannot be a scheduler file: {getattr(error, 'strerror', None) or error}; name another"
        ) from None
    if stat.S_ISDIR(kind):
        raise UserError(f"'{shorten(file)}' is a folder; name a file for the scheduler file, such as scheduler.json in it")
    said = _scheduler_file(file)
    if said is None:
        raise UserError(
            f"'{shorten(file)}' exists and was not written by lintas as a scheduler file: it is kept; name another with --scheduler-file"
        )
    if said["lintas"].get("study") not in (None, str(Path(folder).resolve())):
        raise UserError(
            f"'{shorten(file)}' is the scheduler file of the study '{shorten(said['lintas']['study'])}': name another with --scheduler-file, "
            f"or remove it if no driver of that study is running"
        )
    return file


def _scheduler_file(file: Path) -> dict[str, Any] | None:
    """The contents of a scheduler file that lintas wrote; None for any other file. Earlier versions wrote unsigned ones to a study's logs."""
    try:
        info = os.lstat(file)
        if not stat.S_ISREG(info.st_mode) or info.st_size > 1_000_000:
            return None
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("type") != "Scheduler" or not {"id", "address", "workers"} <= set(said):
        return None
    if not isinstance(said.get("lintas"), dict):
        if file.parent.name != "logs" or not (file.parent.parent / "manifest.json").exists():
            return None
        said["lintas"] = {}
    return said


def write_scheduler_file(folder: Path, file: Path, said: Mapping[str, Any]) -> str:
    """Write the file by which workers find the scheduler, where there is none or an older one of this study; returns the token that identifies it."""
    token = uuid.uuid4().hex
    content = {**said, "lintas": {"study": str(folder.resolve()), "driver": token}}
    text = json.dumps(content, indent=2, default=str).encode()
    try:
        if check_scheduler_file(folder, file) and os.path.lexists(file):
            with whole_file(file) as out:
                out.write(text)
        elif not new_file(file, text):  # another file was put there meanwhile
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        raise UserError(f"cannot write the scheduler file '{shorten(file)}': {error.strerror or error}") from None
    return token


def remove_scheduler_file(file: Path, token: str) -> None:
    """Remove the file if this driver wrote it."""
    said = _scheduler_file(file)
    if said is not None and said["lintas"].get("driver") == token:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
