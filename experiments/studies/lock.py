"""Who may drive a study? One process on one machine at a time.

On one machine a lock of the operating system decides: it belongs to the process, so it is free as soon as the process has ended, and neither
process numbers nor clocks are needed. Between machines that share a disk (and on a disk without such locks) the counter in
``driver.json`` is watched: one that does not change for ``patience`` seconds belongs to a driver that has ended. A process takes over by creating the
next numbered file in ``.driver/``, which only one can do. Numbers only grow, and a driver that finds a higher number than its own stops.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from abm.reading import read_bytes
from abm.writing import whole_file
from experiments.files import new_file

#: Seconds during which a lock of this machine is tried again: a process that only checks it also holds it for a moment.
LOOKED_AT = 0.5
#: Error numbers of a disk without such locks (Lustre without the option flock, some network disks).
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}
#: Returned instead of a descriptor where there are no such locks.
_UNSURE = -1
#: Do not follow links to other files, and do not wait for a pipe.
_ORDINARY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
#: Bytes of the largest file that a driver writes here.
MOST_BYTES = 100_000
_held: set[int] = set()  # descriptors of locks, which a forked child must close


class StoreError(UserError):
    """Results cannot be written or read."""


class Hold:
    """A hold on a study: this process is its one driver as long as :meth:`check` raises no error."""

    def __init__(self, folder: Path, number: int, me: dict[str, Any]) -> None:
        self.folder, self.number, self.me = folder, number, me

    def check(self) -> None:
        """StoreError where another machine took the study over, which happens when the counter stops (a suspended process or machine)."""
        with contextlib.suppress(OSError):
            if _highest(self.folder) > self.number:
                raise StoreError(
                    f"another driver took '{shorten(self.folder)}' over ({_where(_read(self.folder))}) while this one was stopped: "
                    f"what was stored is safe; 'lintas status' says how far it is"
                )


@contextlib.contextmanager
def only_driver(
    folder: Path, patience: float = 12.0, beat: float = 3.0, watching: Callable[[str], None] = lambda where: None
) -> Iterator[Hold]:
    """Hold a study as its one driver; refuses when another is running.

    ``watching`` is called (with process and machine) when another machine's driver has to be watched first, for up to
    ``patience`` seconds; ``beat`` is the time in seconds between counts of this one. Raises StoreError.
    """
    try:
        (folder / ".driver").mkdir(exist_ok=True)
        if (folder / ".driver").is_symlink():
            raise OSError(errno.EINVAL, "'.driver' is a link to somewhere else")
        lock = _lock_here(folder)
    except OSError as error:
        raise _cannot(folder, error) from None
    if lock is None:
        raise _refusal(folder, _holder_here(folder))
    try:
        hold = _take(folder, lock != _UNSURE, patience, watching)
        stop = threading.Event()
        thread = threading.Thread(target=_count, args=(hold, stop, beat), daemon=True, name="driver-beat")
        thread.start()
        try:
            yield hold
        finally:
            stop.set()
            thread.join(beat + 5.0)
            _leave(hold)
    finally:
        _unlock(folder, lock)


def driver_of(folder: Path) -> str | None:
    """The driver that holds a study, as HOST:PROCESS; None where there is none, or it was one of this machine and has ended."""
    said = _read(folder)
    if not isinstance(said.get("host"), str) or not isinstance(said.get("process"), int):
        return None
    if said["host"] == socket.gethostname() and not _is_locked_here(folder):
        return None
    return f"{said['host']}:{said['process']}"


# --- this machine ----------------------------------------------------------------------------------------------------


def _lock_file(folder: Path) -> Path:
    return folder / ".driver" / f"{socket.gethostname()}.lock"


def _lock_here(folder: Path) -> int | None:
    """A descriptor that holds this machine's lock, None where another process has it, _UNSURE where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return _UNSURE
    path, until = _lock_file(folder), time.monotonic() + LOOKED_AT
    how = os.O_RDONLY  # a file open for writing would prevent remounting the disk read-only
    while True:
        handle = os.open(path, how | os.O_CREAT | os.O_CLOEXEC | _ORDINARY, 0o644)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, f"'.driver/{path.name}' is not an ordinary file")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_there = os.stat(path).st_ino == os.fstat(handle).st_ino
        except BlockingIOError:
            os.close(handle)
            if time.monotonic() > until:
                return None
            time.sleep(0.02)
            continue
        except FileNotFoundError:  # its holder ended and removed it between our two steps
            is_there = False
        except OSError as error:
            os.close(handle)
            if error.errno == errno.EBADF and how == os.O_RDONLY:  # network disks lock only files open for writing
                how = os.O_RDWR
                continue
            if error.errno in _NO_LOCKS:
                return _UNSURE
            raise
        if not is_there:
            os.close(handle)
            continue
        try:
            _say_process(path, handle)
        except BaseException:
            os.close(handle)
            raise
        _held.add(handle)
        return handle


def _say_process(path: Path, handle: int) -> None:
    """Write this process's number into the lock file, which is the one that ``handle`` holds."""
    out = os.open(path, os.O_WRONLY | os.O_CLOEXEC | _ORDINARY)
    try:
        if os.fstat(out).st_ino == os.fstat(handle).st_ino:
            os.truncate(out, 0)
            os.write(out, str(os.getpid()).encode())
    finally:
        os.close(out)


def _unlock(folder: Path, handle: int) -> None:
    if handle == _UNSURE:
        return
    with contextlib.suppress(OSError):
        _lock_file(folder).unlink()  # while it is held: a process that opened it before notices that the file was replaced
    _held.discard(handle)
    with contextlib.suppress(OSError):
        os.close(handle)


def _is_locked_here(folder: Path) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        handle = os.open(_lock_file(folder), os.O_RDONLY | os.O_CLOEXEC | _ORDINARY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _holder_here(folder: Path) -> dict[str, Any]:
    try:
        number = int(_bytes(_lock_file(folder)) or b"")
    except ValueError:
        return {"host": socket.gethostname()}
    return {"host": socket.gethostname(), "process": number}


def _in_child() -> None:
    """A forked child has copies of the descriptors, which would hold the locks after this process has ended."""
    for handle in _held:
        with contextlib.suppress(OSError):
            os.close(handle)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


# --- between machines ------------------------------------------------------------------------------------------------


@cache
def _boot() -> str:
    """Identifies this start of this machine among machines of the same name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _read(folder: Path) -> dict[str, Any]:
    return _parsed(_bytes(folder / "driver.json"))


def _bytes(path: Path) -> bytes | None:
    """The contents of one of our files; None where it is missing, empty where something other than a file has its name."""
    if not os.path.lexists(path):
        return None
    try:
        return read_bytes(path, "a file of the driver", most=MOST_BYTES)
    except UserError:
        return b"" if os.path.lexists(path) else None


def _parsed(content: bytes | None) -> dict[str, Any]:
    try:
        said = json.loads(content or b"")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _number_file(folder: Path, number: int) -> Path:
    return folder / ".driver" / f"{number}.json"


def _numbers(folder: Path) -> list[int]:
    names = [e.name for e in os.scandir(folder / ".driver")]
    return [int(n[:-5]) for n in names if n.endswith(".json") and n[:-5].isdecimal()]


def _highest(folder: Path) -> int:
    return max(_numbers(folder), default=0)


def _where(said: dict[str, Any]) -> str:
    return f"process {shorten(said.get('process', '?'), 20)} on {shorten(said.get('host', '?'), 60)}"


def _refusal(folder: Path, said: dict[str, Any]) -> StoreError:
    return StoreError(
        f"another driver is at work on '{shorten(folder)}' ({_where(said)}): wait for it or stop it; 'lintas status' works meanwhile"
    )


def _cannot(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot write into '{shorten(folder)}', to hold it as its one driver: {error.strerror or error}")


def _is_of_here(said: dict[str, Any]) -> bool:
    """Whether it was written by a process of this machine since it started (one that has ended, if we have this machine's lock)."""
    return said.get("host") == socket.gethostname() and said.get("boot", _boot()) == _boot()


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write the counter, without flushing it to disk: it need not survive a crash of the machine."""
    with whole_file(path, sweep=False, durable=False) as out:
        out.write(json.dumps(content).encode())


def _take(folder: Path, is_sure: bool, patience: float, watching: Callable[[str], None]) -> Hold:
    """A hold with the next number, after the holder of the last one has ended."""
    me = {"host": socket.gethostname(), "process": os.getpid(), "boot": _boot(), "token": uuid.uuid4().hex, "beat": 0}
    while True:
        try:
            number, said = _wait_until_free(folder, is_sure, patience, watching)
            if not new_file(_number_file(folder, number + 1), json.dumps(me).encode()):  # only one process can create it
                continue
            hold = Hold(folder, number + 1, me)
            if _highest(folder) != hold.number or _bytes(folder / "driver.json") != said:
                _free(hold)  # what we read was out of date, or a driver that seemed dead counts again: start over
                continue
            _write(folder / "driver.json", me)
            if _highest(folder) != hold.number:
                continue
            for older in _numbers(folder):
                if older < hold.number:
                    _number_file(folder, older).unlink(missing_ok=True)
            return hold
        except OSError as error:
            raise _cannot(folder, error) from None


def _wait_until_free(folder: Path, is_sure: bool, patience: float, watching: Callable[[str], None]) -> tuple[int, bytes | None]:
    """The highest number and what ``driver.json`` holds, when there is no driver; StoreError as soon as one is found.

    When it ``is_sure`` that no other process of this machine drives, a driver of this machine that is named there has ended.
    """

    def look() -> tuple[int, bytes | None, bytes | None]:
        number = _highest(folder)
        return number, _bytes(_number_file(folder, number)), _bytes(folder / "driver.json")

    begun, until, is_told = look(), time.monotonic() + patience, False
    while True:
        number, taken, said = now = look()
        holders = [p for p in (_parsed(c) for c in (taken, said or None) if c is not None) if not p.get("free")]
        if all(is_sure and _is_of_here(h) for h in holders):
            return number, said
        if now != begun:
            if now[0] == begun[0] and said is not None and said != begun[2]:
                raise _refusal(folder, _parsed(said))
            begun, until = now, time.monotonic() + patience  # a driver ended, or another one started
        if time.monotonic() > until:
            return number, said
        if not is_told:
            watching(_where(next((h for h in holders if h), {})))
            is_told = True
        time.sleep(min(0.5, patience / 10))


def _count(hold: Hold, stop: threading.Event, beat: float) -> None:
    """Count in ``driver.json`` as long as this process holds the study."""
    while not stop.wait(beat):
        hold.me["beat"] += 1
        with contextlib.suppress(OSError):
            if _highest(hold.folder) == hold.number:
                _write(hold.folder / "driver.json", hold.me)


def _free(hold: Hold) -> None:
    """Record that the number has no driver: the file is kept, since numbers only grow."""
    _write(_number_file(hold.folder, hold.number), {"free": True})


def _leave(hold: Hold) -> None:
    with contextlib.suppress(OSError):  # the disk cannot be written any more: the free lock of this machine shows that we have ended
        if _highest(hold.folder) == hold.number:
            if _read(hold.folder).get("token") == hold.me["token"]:
                (hold.folder / "driver.json").unlink(missing_ok=True)
            _free(hold)
