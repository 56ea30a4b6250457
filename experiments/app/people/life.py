"""How did one household or one official live, month by month? A run that notes them while it goes; its numbers are those of any run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm import Scenario, Simulation
from agents.core.declare import RULES
from agents.surroundings import ACTIVITIES
from experiments.app.people.decisions import Decision, of_deal, of_traces

#: Columns noted at the end of each month, as they are.
HOUSEHOLD = ("income", "income_across", "income_trade", "savings", "n_adults", "n_children", "untreated", "n_deported", "support_across",
             "trips_across", "days_lost")  # fmt: skip
TRADER = ("good", "direction", "channel", "quantity", "sold", "seized", "profit", "bribe", "duty")
DEAL = "trader.choose_deal"


@dataclass(frozen=True, eq=False)
class Life:
    """What was noted of one agent: values by name, one for each month that it was there; its decisions; the month in which it left."""

    entity: str
    uid: int
    place: str
    side: str
    months: Mapping[str, np.ndarray]
    decisions: tuple[Decision, ...] = ()
    left: int | None = None

    def year(self, name: str, year: int) -> np.ndarray:
        """The values of a year's months, as many as there are."""
        return self.months[name][12 * (year - 1980) : 12 * (year - 1979)]


@dataclass
class _Noted:
    values: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        self.values.setdefault(name, []).append(value)


class Watched(Simulation):
    """A run in which one household (with its trader), or one official, is noted each month.

    ``entity`` is ``household`` or ``official``, ``uid`` that of one there is in January 1980 (UserError otherwise).
    """

    def __init__(self, scenario: Scenario, entity: str, uid: int, **given: Any) -> None:
        self._entity, self._uid, self._noted = entity, uid, _Noted()
        self._deals: list[Decision] = []
        self._left: int | None = None
        self._is_begun = False
        super().__init__(scenario, follow=[uid] if entity == "household" else (), **given)
        frame = self.frames[entity]
        row = frame.row(uid)
        self._place = self.world.place_names[int(frame["place"][row])]
        self._side = ("id", "my")[int(frame["side"][row])]
        self._is_begun = True

    def take_over_events(self) -> None:
        """Note the month that has ended, then go on as any run."""
        if self._is_begun and self.month > 0:
            self._note()
        super().take_over_events()

    def run_rules(self, rules: Any) -> None:
        """Run rules; before the one of deals, see how the household's trader decides."""
        if self._entity != "household":
            super().run_rules(rules)
            return
        for rule in rules:
            row = self._trader() if rule.name == DEAL else -1
            if row >= 0:
                self._deals.append(of_deal(self, RULES[DEAL], row))
            self.run_rule(rule)

    def life(self) -> Life:
        """What was noted, when the run has ended."""
        if len(next(iter(self._noted.values.values()), [])) < self.month and self._left is None:
            self._note()  # the last month
        months = {name: np.array(values) for name, values in self._noted.values.items()}
        decisions = sorted([*of_traces(self.traces), *self._deals], key=lambda one: (one.month, one.kind, one.slot))
        return Life(self._entity, self._uid, self._place, self._side, months, tuple(decisions), self._left)

    def _row(self) -> int:
        return int(self.frames[self._entity].find(self._uid)[0])

    def _trader(self) -> int:
        """Row of the household's trader now, -1 without one."""
        row = self._row()
        return -1 if row < 0 else int(self.frames["household"]["trader"][row])

    def _note(self) -> None:
        if self._left is not None:
            return
        row, note = self._row(), self._noted.add
        if row < 0:
            self._left = self.month - 1
            return
        frame = self.frames[self._entity]
        if self._entity == "official":
            crossing = int(frame["crossing"][row])
            note("doctrine", float(frame["doctrine"][row]))
            strict = self.world.crossing["strictness"][crossing] if crossing >= 0 else np.nan
            note("strictness", float(strict))
            return
        for name in HOUSEHOLD:
            note(name, float(frame[name][row]))
        activity = frame["activity"][row]
        for code, name in enumerate(ACTIVITIES):
            note(f"adults_{name}", int((activity == code).sum()))
        for name in ("care_visits", "care_sought", "episodes"):
            note(name, frame[name][row].astype(int).tolist())
        trader = self._trader()
        for name in TRADER:
            note(f"trader_{name}", float(self.frames["trader"][name][trader]) if trader >= 0 else np.nan)


def watch(
    scenario: Scenario, entity: str, uid: int, stop: threading.Event | None = None, progress: Callable[[int, int], None] | None = None, **given: Any
) -> Life:  # fmt: skip
    """Run a scenario with one agent noted; ``given`` is what :class:`abm.simulation.Simulation` takes. StoppedError on ``stop``."""
    return Watched(scenario, entity, uid, **given).run(progress, stop).life()  # type: ignore[union-attr]
