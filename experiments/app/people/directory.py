"""Who lives in a run in January 1980, with a number for each household, trader and official, and what a link or a search says of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from abm import Simulation
from experiments.app.runner import SHARED, region
from experiments.app.state import Choice
from experiments.words.languages import Translate, mark

#: What can be looked at, with its words; the first is what a bare number means.
ENTITIES = {
    "household": mark("Household {n} of {place}"), "trader": mark("Trader {n} of {place}"), "official": mark("{kind} {n} at {place}"),
    "place": mark("{place}, all of it"),
}  # fmt: skip
KINDS = (mark("Post officer"), mark("Patrol leader"), mark("Planner"), mark("Health officer"))
#: Most that a search shows.
FOUND = 20


@dataclass(frozen=True)
class Who:
    """One of them: its entity, and its number, counted from 1."""

    entity: str
    number: int

    def written(self) -> str:
        """As the link holds it: ``household:134``."""
        return f"{self.entity}:{self.number}"


def read(text: str) -> Who | None:
    """What a link says; None where that is nothing that can be looked at. Whether there is such a number depends on the run."""
    entity, _colon, number = text.partition(":")
    if entity not in ENTITIES or not (number.isascii() and number.isdigit() and len(number) <= 5 and int(number) > 0):
        return None
    return Who(entity, int(number))


def is_taken(text: str) -> bool:
    """Whether a text of a link names somebody, as it is written."""
    who = read(text)
    return who is not None and who.written() == text


@dataclass(frozen=True, eq=False)
class Directory:
    """Those of January 1980, in the order of the run's rows; arrays are only read."""

    places: tuple[str, ...]
    uid: dict[str, np.ndarray]
    place: dict[str, np.ndarray]
    adults: np.ndarray
    children: np.ndarray
    #: Row of each household's trader, -1 without one; row of each trader's household.
    trader: np.ndarray
    household: np.ndarray
    kind: np.ndarray

    @classmethod
    def of(cls, run: Simulation) -> Directory:
        """Those of a run that has not begun."""
        h, t, o = (run.frames[name] for name in ("household", "trader", "official"))
        frames = {"household": h, "trader": t, "official": o}
        copy = np.array
        return cls(
            tuple(run.world.place_names), {name: copy(f["uid"]) for name, f in frames.items()}, {name: copy(f["place"]) for name, f in frames.items()},
            copy(h["n_adults"]), copy(h["n_children"]), copy(h["trader"]), copy(t["household"]), copy(o["kind"]),
        )  # fmt: skip

    def count(self, entity: str) -> int:
        """How many there are."""
        return len(self.places) if entity == "place" else len(self.uid[entity])

    def has(self, who: Who) -> bool:
        """Whether there is such a number."""
        return 1 <= who.number <= self.count(who.entity)

    def place_of(self, who: Who) -> str:
        """Where it is."""
        return self.places[who.number - 1 if who.entity == "place" else int(self.place[who.entity][who.number - 1])]

    def name(self, who: Who, _: Translate) -> str:
        """Its name in words."""
        kind = _(KINDS[int(self.kind[who.number - 1])]) if who.entity == "official" else ""
        return _(ENTITIES[who.entity]).format(n=who.number, place=self.place_of(who), kind=kind)

    def followed(self, who: Who) -> tuple[str, int]:
        """Entity and uid that a run notes for it: of a trader its household."""
        row = who.number - 1
        if who.entity == "trader":
            return "household", int(self.uid["household"][self.household[row]])
        return who.entity, int(self.uid[who.entity][row])

    def at(self, place: int) -> list[Who]:
        """All who are at a place: traders, officials, households."""
        return [
            Who(entity, int(row) + 1)
            for entity in ("trader", "official", "household") for row in np.flatnonzero(self.place[entity] == place)
        ]  # fmt: skip

    def search(self, text: str, _: Translate) -> list[Who]:
        """Whose words hold every word of a text; a bare number finds the household, trader and official of that number."""
        wanted = text.casefold().split()
        if not wanted:
            return []
        if len(wanted) == 1 and wanted[0].isascii() and wanted[0].isdigit() and len(wanted[0]) <= 5:
            number = int(wanted[0])
            return [one for entity in ("household", "trader", "official") if self.has(one := Who(entity, number))]
        everybody = [Who(entity, n + 1) for entity in ("place", "official", "trader", "household") for n in range(self.count(entity))]

        def fits(who: Who) -> bool:
            words = self.name(who, _).casefold().replace(",", " ").split()
            return all(any(part == one if one.isdigit() else part.startswith(one) for part in words) for one in wanted)

        return [who for who in everybody if fits(who)]


class Directories:
    """Directories of runs that were asked for, by what decides them; a few are kept."""

    def __init__(self, most: int = 8) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[Hashable, Directory] = OrderedDict()

    def of(self, choice: Choice) -> Directory:
        """The directory of a choice; UserError for one that cannot be run. It takes a moment where its people are not made yet."""
        key = choice.key
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            scenario, households, seed = choice.checked(str)
            found = Directory.of(Simulation(scenario, region=region(), households=households, rng=seed, shared=SHARED))
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return found


DIRECTORIES = Directories()
