"""All agents of one kind, one array per field.

A row is a position today and may change; ``uid`` stays for life. Rows are kept sorted by (place, uid): sums by place
then run over neighbouring memory in an order that does not depend on earlier additions and removals. Which row a uid has is worked
out when it is asked for, and kept until rows move: a run that looks nobody up needs no memory for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from agents.core.declare import FIELDS, DeclarationError, near
from agents.core.moves import Moves, find_rows, move, plan, room_for, with_room


class AgentFrame:
    """Columns of one entity, ``n`` rows of ``capacity`` places.

    ``frame["savings"]`` is the live column (shape ``(n,)`` or ``(n, width)``); assign with ``frame["savings"][:] = …``.
    """

    def __init__(self, entity: str, columns: Mapping[str, Any], capacity: int | None = None) -> None:
        """Columns not given start at the field's initial value; ``uid`` and ``place`` must be given."""
        self.entity = entity
        self.fields = FIELDS.get(entity, {})
        if not self.fields:
            raise DeclarationError(f"no fields are declared for '{entity}'; {near(entity, FIELDS)}")
        for needed in ("uid", "place"):
            if needed not in columns:
                raise ValueError(f"{entity} frame: column '{needed}' is missing, given are {', '.join(columns) or 'none'}")
        self.n = len(columns["uid"])
        self.capacity = max(self.n, capacity or 0, 1)
        self.version = 0
        self._data = {name: self._empty(name, self.capacity) for name in self.fields}
        self._write(slice(0, self.n), columns)
        self._sort(columns)  # all others have the same value in every row

    def _empty(self, name: str, size: int) -> np.ndarray:
        field = self.fields[name]
        shape = (size,) if field.width == 1 else (size, field.width)
        return np.full(shape, field.initial, dtype=field.dtype)

    def _write(self, rows: slice, columns: Mapping[str, Any]) -> None:
        count = rows.stop - rows.start
        for name, values in columns.items():
            if name not in self.fields:
                raise KeyError(f"{self.entity} has no field '{name}'; {near(name, self.fields)}")
            array = np.asarray(values)
            if array.shape[:1] != (count,):
                raise ValueError(f"{self.entity}.{name}: {array.shape[0] if array.ndim else 'one'} values for {count} agents")
            self._data[name][rows] = array
        uids = np.sort(self._data["uid"][: rows.stop])
        if (uids[1:] == uids[:-1]).any():
            raise ValueError(f"{self.entity} frame: a uid occurs twice")

    def _sort(self, names: Iterable[str] | None = None) -> None:
        """Put the rows in order; ``names`` are the columns that have to follow (all when left out)."""
        order = np.lexsort((self["uid"], self["place"]))
        if not np.array_equal(order, np.arange(self.n)):
            for name in self._data if names is None else names:
                self._data[name][: self.n] = self._data[name][: self.n][order]
        self._by_uid: np.ndarray | None = None
        self.version += 1

    def __len__(self) -> int:
        return self.n

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self._data[name][: self.n]
        except KeyError:
            raise KeyError(f"{self.entity} has no field '{name}'; {near(name, self.fields)}") from None

    def rows(self, uids: Any) -> np.ndarray:
        """Rows of these uids today; refuses a uid that is not (or no longer) in the frame."""
        wanted = np.atleast_1d(np.asarray(uids, dtype=np.int64))
        if self._by_uid is None:
            self._by_uid = np.argsort(self["uid"])
        at = np.minimum(np.searchsorted(self["uid"], wanted, sorter=self._by_uid), max(self.n - 1, 0))
        rows = self._by_uid[at] if self.n else at
        found = self["uid"][rows] == wanted if self.n else np.zeros(len(wanted), dtype=bool)
        if not found.all():
            lost = wanted[~found]
            raise KeyError(f"no {self.entity} has uid {lost[0]}")
        return rows

    def row(self, uid: int) -> int:
        """Row of one uid today."""
        return int(self.rows(uid)[0])

    def find(self, uids: Any) -> np.ndarray:
        """Rows of these uids today, -1 for a uid that is not (or no longer) in the frame; found in one pass, of which nothing is kept."""
        return find_rows(self["uid"], np.atleast_1d(np.asarray(uids, dtype=np.int64)))[0]

    def add(self, columns: Mapping[str, Any]) -> np.ndarray:
        """Add agents; returns their rows now. Other agents may have moved: look them up by uid."""
        for needed in ("uid", "place"):
            if needed not in columns:
                raise ValueError(f"{self.entity} frame: column '{needed}' is missing, given are {', '.join(columns) or 'none'}")
        count = len(columns["uid"])
        if self.n + count > self.capacity:
            self.grow(max(self.n + count, self.capacity + self.capacity // 2))
        new = slice(self.n, self.n + count)
        for name in self.fields:
            self._data[name][new] = self.fields[name].initial
        self._write(new, columns)
        self.n += count
        self._sort()
        return self.rows(columns["uid"])

    def remove(self, uids: Any) -> None:
        """Remove the agents with these uids."""
        keep = np.ones(self.n, dtype=bool)
        keep[self.rows(uids)] = False
        kept = int(keep.sum())
        for array in self._data.values():
            array[:kept] = array[: self.n][keep]
        self.n = kept
        self._sort()

    def renew(self, gone: np.ndarray, columns: Mapping[str, Any]) -> Moves:
        """Remove the agents of rows ``gone``, add others, and give where each row has gone; no row is sorted and no column copied as a whole.

        ``columns`` (newcomers, …) must hold ``uid`` and ``place``; those left out start at the field's initial value. The caller has checked that no
        row is in ``gone`` twice, no uid comes that stays or comes twice, and every column is one of the frame. Columns remain in the memory that they
        have where that is enough and no more than half too much (:func:`agents.core.moves.room_for`).
        """
        moves = plan(gone, self["place"], self["uid"], np.asarray(columns["place"]), np.asarray(columns["uid"]))
        room = room_for(moves.n, self.capacity)
        if room > self.capacity:
            for name, column in self._data.items():
                self._data[name] = with_room(column, self.n, room)
        move(list(self._data.values()), moves)
        if len(moves.new):
            for name, field in self.fields.items():
                self._data[name][moves.new] = columns.get(name, field.initial)
        if room < self.capacity:
            for name, column in self._data.items():
                self._data[name] = with_room(column, moves.n, room)
        self.n, self.capacity, self._by_uid = moves.n, room, None
        self.version += 1
        return moves

    def grow(self, capacity: int) -> None:
        """Reserve memory for ``capacity`` rows."""
        if capacity <= self.capacity:
            return
        for name, old in self._data.items():
            bigger = self._empty(name, capacity)
            bigger[: self.n] = old[: self.n]
            self._data[name] = bigger
        self.capacity = capacity
        self.version += 1

    def bounds(self, n_places: int) -> np.ndarray:
        """First row of each place, and the end: ``bounds[p]:bounds[p + 1]`` are the agents of place ``p``."""
        return np.searchsorted(self["place"], np.arange(n_places + 1)).astype(np.int64)

    def copy(self) -> AgentFrame:
        """A frame with the same agents; what is written into one is not seen in the other."""
        made = AgentFrame.__new__(AgentFrame)
        made.__dict__.update(self.__dict__)
        made._data = {name: array.copy() for name, array in self._data.items()}
        return made

    def copy_state(self) -> dict[str, np.ndarray]:
        """Every column, copied (for saving and for comparing)."""
        return {name: self[name].copy() for name in self.fields}

    def bytes_per_agent(self) -> int:
        """Bytes that one row takes."""
        return sum(array[:1].nbytes for array in self._data.values())
