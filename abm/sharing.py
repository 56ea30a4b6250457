"""What do several runs have in common? Region as arrays, series, people and ties are made once; the memory of a finished record is used again.

Everything is found again by what it is made from (region, seed, households, the values of the parameters that shape it), so a run that is
given a :class:`Shared` has the same numbers, byte for byte, as one that is not.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

import numpy as np

from abm.results import Record

#: Bytes that a :class:`Shared` keeps by default: the people and ties of some sixty seeds with 2,000 households.
MOST_BYTES = 64_000_000


class SpentError(RuntimeError):
    """The record of a run of an ensemble was read after its memory had been given to another run."""


class SpentRecord(Record):
    """What the record of a run becomes when its memory is given to another run: it holds nothing, and says so when it is read."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise SpentError(
            f"the record of this run ('{name}' was asked for) was given to the next run: take what is needed of a run before it ends, by take="
        )


class EndedRun(Protocol):
    """What is taken from a run that has ended."""

    record: Record
    frames: dict[str, Any]

    def unbind(self) -> None:
        """Forget the columns that rules are called with."""


class Shared:
    """What runs have in common, made when first needed; may be used by several threads at once.

    ``most_bytes`` limits what is kept: what was not used for longest is given up, and what is larger by itself is not kept (it is then
    made for each run). ``spare`` is the number of records of finished runs whose memory is kept for later runs (about 40 MB each for a
    history of 432 months; 0 keeps none, see :meth:`end`).
    """

    def __init__(self, most_bytes: int = MOST_BYTES, spare: int = 0) -> None:
        self._most, self._spare = most_bytes, spare
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._free: list[tuple[tuple[int, ...], dict[str, np.ndarray]]] = []

    @property
    def bytes_kept(self) -> int:
        """Bytes of what is kept, without spare records."""
        return self._bytes

    def get[T](self, key: Hashable, make: Callable[[], T], copy: Callable[[T], T] = lambda made: made) -> T:
        """What ``make()`` gives, made once for a key as long as it is kept.

        ``key`` must hold everything that the result is made from (an object that is compared by identity, as a region, is kept with it).
        ``copy`` copies what a run will write into; without it the object itself is given, whose arrays nobody may write into.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        if found is not None:
            return copy(found[0])
        made = make()
        size = bytes_of(made)
        if size > self._most:
            return made
        with self._lock:
            self._bytes += size - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = (made, size)
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1][1]
        return copy(made)

    def record(self, *sizes: int) -> Record:
        """An empty record of these sizes (the arguments of :class:`abm.results.Record`), in the memory of a finished run where there is some."""
        with self._lock:
            at = next((k for k, (known, _) in enumerate(self._free) if known == sizes), None)
            arrays = None if at is None else self._free.pop(at)[1]
        if arrays is None:
            return Record(*sizes)
        record = Record.__new__(Record)
        record.__dict__.update(arrays)
        record.empty()
        return record

    def end(self, run: EndedRun, *sizes: int) -> None:
        """Give up what a finished run holds: its agents now (a model refers to itself, so Python would free it late), and its record to a later run.

        ``sizes`` are those that its record was made with. An array of the record that is still referred to, for example by a table made
        without a copy, is left to whoever refers to it, and the record's memory is not used again.
        """
        run.unbind()
        run.frames.clear()
        vars(run).pop("kin", None)
        record = run.record
        arrays = dict(record.__dict__)
        record.__dict__.clear()
        record.__class__ = SpentRecord
        if _are_referred_to_here_only(arrays):
            with self._lock:
                self._free = [one for one in self._free if one[0] == sizes][: max(self._spare - 1, 0)]
                if self._spare > 0:
                    self._free.append((sizes, arrays))


#: Keeps nothing: a run by itself makes everything for itself.
NOTHING_SHARED = Shared(-1)


def _are_referred_to_here_only(arrays: dict[str, np.ndarray]) -> bool:
    """Whether nothing but this dictionary refers to its arrays; a view of an array refers to it too."""
    arrays[""] = np.zeros(0)  # nothing else refers to this one, so it tells how many references looking at it makes
    counts = {name: sys.getrefcount(values) for name, values in arrays.items()}
    del arrays[""]
    return max(counts.values()) <= counts[""]


def bytes_of(value: Any) -> int:
    """Bytes of the arrays in a value: an array, or tables, lists and objects of this project that hold arrays."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(bytes_of(one) for one in value.values())
    if isinstance(value, (list, tuple)):
        return sum(bytes_of(one) for one in value)
    if type(value).__module__.startswith(("abm.", "agents.")) and not isinstance(value, type):
        return sum(bytes_of(one) for one in getattr(value, "__dict__", {}).values())
    return 0


def protected[T](made: T) -> T:
    """The same object, whose arrays can no longer be written into: ``made`` is an array, or an object that holds arrays."""
    for values in [made] if isinstance(made, np.ndarray) else vars(made).values():
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    return made
