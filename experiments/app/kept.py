"""Which finished runs does the server keep? The latest that anybody asked for, shared by all pages and only read.

The same choice gives the same numbers for everybody, so a run that one visitor has waited for is shown to the next one at once, and so
is the baseline, which the server runs when it starts.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from experiments.app.state import Finished

#: Runs that are kept; one takes about 0.3 MB.
MOST = 60


class Kept:
    """At most ``most`` finished runs by their choice; the one that was not asked for longest is given up first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._runs: OrderedDict[Hashable, Finished] = OrderedDict()

    def find(self, key: Hashable) -> Finished | None:
        """The run of a choice (its :attr:`~experiments.app.state.Choice.key`); None where it is not kept."""
        with self._lock:
            found = self._runs.get(key)
            if found is not None:
                self._runs.move_to_end(key)
            return found

    def put(self, finished: Finished) -> None:
        """Keep a run."""
        with self._lock:
            self._runs[finished.choice.key] = finished
            self._runs.move_to_end(finished.choice.key)
            while len(self._runs) > self._most:
                self._runs.popitem(last=False)


#: The finished runs of this server.
KEPT = Kept()
