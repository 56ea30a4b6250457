"""What does a run hold? Agents in frames, places and crossings, ties, the record, and the values in force."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from abm.fitted import fitted_of
from abm.history.series import Series, SeriesParameters, make_series
from abm.parameters import ScenarioError, check_fitted
from abm.region import Region, month_number
from abm.scenario import Scenario, Settings
from abm.sharing import NOTHING_SHARED, Shared, protected
from abm.world.columns import World, weighted_sums
from abm.world.kinship import Kin
from agents.core.declare import near
from agents.core.exact import log
from agents.core.frame import AgentFrame


class State:
    """Everything that the rules of a run read and write, and what they were given.

    ``frames`` and ``kin`` are made by :mod:`abm.start`, when the people are.
    """

    frames: dict[str, AgentFrame]
    kin: Kin

    def __init__(
        self,
        scenario: Scenario,
        region: Region | str | Path,
        households: int,
        seed: int,
        fitted: Mapping[str, float] | None = None,
        shared: Shared | None = None,
    ) -> None:
        """``fitted`` and ``shared`` as :class:`abm.simulation.Simulation` takes them; the other arguments are checked already."""
        #: What this run has in common with others.
        self.shared = NOTHING_SHARED if shared is None else shared
        #: The scenario that the run was given.
        self.own_scenario = scenario
        self.seed_of_run, self.n_households, self.n_months = seed, households, scenario.n_months
        #: Months simulated so far, so the month that comes next (January 1980 is 0).
        self.month = 0
        self.region = region if isinstance(region, Region) else Region.load(region)
        of_region = fitted_of(self.region)
        #: Fitted values of this run by parameter, and the posterior they come from (None where that is not known).
        self.fitted = dict(of_region.values) if fitted is None else check_fitted(fitted, scenario.widen)
        self.fitted_from = of_region.posterior if self.fitted == of_region.values else None
        self.settings = Settings(scenario, self.fitted)
        self.world = self.shared.get(("world", self.region), lambda: World(self.region), World.copy)
        check_crossings(scenario, self.world)
        #: The real history (True), and the one without the crisis: made when they come into force, see :meth:`history`.
        self.histories: dict[bool, Series] = {}
        self._of_series = self.settings.of(SeriesParameters)
        self.history(self.settings.on["crisis"])
        self.crisis_of_month = np.ones(self.n_months, dtype=bool)
        self.record = self.shared.record(*self.record_sizes)
        #: Which crossings let people pass with papers.
        self.open_now = np.zeros(len(self.world.crossing_names), dtype=bool)
        #: Whether crossings or the scenario changed this month, so that places may reach something else.
        self.crossing_changed = False
        #: Stocks of clinics and hospitals by district as they were in January 1980.
        self.stock_start: dict[str, np.ndarray] = {}
        self.turns = dated_turns(self.region)
        #: Savings by side (own currency) before the first month.
        self.savings_at_start = [0.0, 0.0]
        #: Savings that households which came in a month brought with them (0), and that those which left took along (1): (months, sides, 2), own
        #: currency, times the households' weights; with what was gained (0) or lost (1) as weights changed.
        self.carried = np.zeros((self.n_months, 2, 2))

    @property
    def record_sizes(self) -> tuple[int, int, int, int]:
        """Months, places, crossings and districts of the record."""
        return (self.n_months, self.world.n_places, len(self.world.crossing_names), len(self.world.district_names))

    def history(self, crisis: bool) -> Series:
        """The real history, or the one without the ``crisis``."""
        if crisis not in self.histories:
            self.histories[crisis] = self._make_series(crisis, self._of_series)
        return self.histories[crisis]

    def _make_series(self, crisis: bool, p: SeriesParameters) -> Series:
        key = ("series", self.region, self.n_months, crisis, repr(p))  # the text tells 0.0 from -0.0, the value does not
        return self.shared.get(key, lambda: protected(make_series(self.region, self.n_months, crisis, p)))

    @property
    def series(self) -> Series:
        """The series in force: the real history, or the declared one without the crisis."""
        return self.history(self.settings.on["crisis"])

    @property
    def months_run(self) -> int:
        """Months simulated so far."""
        return self.month

    def series_of_run(self) -> dict[str, np.ndarray]:
        """Rates and national product of the months run so far, as the run met them."""
        n = self.month
        on = self.crisis_of_month[:n]
        names = ("idr_per_usd", "myr_per_usd", "national_usd")
        if on.all() or not on.any():  # one history has been in force all the time
            only = self.history(bool(on.all()))
            return {k: getattr(only, k)[:n].copy() for k in names}
        return {k: np.where(on, getattr(self.history(True), k)[:n], getattr(self.history(False), k)[:n]) for k in names}

    def column(self, name: str) -> np.ndarray:
        """The live array of a declared column, e.g. ``household.savings`` or ``place.price``."""
        entity, field = name.split(".")
        if entity in self.frames:
            return self.frames[entity][field]
        if entity == "series":
            return getattr(self.series, field)
        if entity == "kin":
            return self.kin.columns[field]
        if entity == "record":
            return getattr(self.record, field)[self.month]
        return getattr(self.world, entity)[field]

    def whole_column(self, name: str) -> np.ndarray:
        """The same, but of the record all months."""
        entity, field = name.split(".")
        return getattr(self.record, field) if entity == "record" else self.column(name)

    def rows_of(self, entity: str) -> int:
        """How many rows the columns of an entity have."""
        if entity in self.frames:
            return len(self.frames[entity])
        if entity == "kin":  # the ties of each household
            return len(self.kin.columns["first"])
        return len(next(iter(getattr(self.world, entity).values())))

    def sum_by_place(self, values: np.ndarray) -> np.ndarray:
        """Values of the households (households,) times their weight, summed by place (places,)."""
        h = self.frames["household"]
        return weighted_sums(h["place"], h["weight"], values, self.world.n_places)

    def income_gap(self) -> float:
        """Logarithm of national product per head there over here, at the month's rates, no less than 0."""
        s, t = self.series, self.month
        usd = s.base * s.real_income[t] * s.cpi[t] / 100.0 / np.array([s.idr_per_usd[t], s.myr_per_usd[t]])
        return max(log(float(usd[1] / usd[0])), 0.0)


def dated_turns(region: Region) -> dict[int, list[tuple[int, float]]]:
    """Turns of doctrine that the region dates, by month: the side and the turn [index]."""
    found: dict[int, list[tuple[int, float]]] = {}
    for month, side, target, value in zip(*(region.events[c] for c in ("month", "side", "target", "value")), strict=True):
        if target == "official.doctrine":
            found.setdefault(month_number(str(month)), []).extend((s, float(value)) for s in {"id": (0,), "my": (1,), "both": (0, 1)}[side])
    return found


def check_crossings(scenario: Scenario, world: World) -> None:
    """Refuse a scenario whose events open or close a crossing that the region does not have, or that cannot be opened or closed."""
    known = world.crossing_names
    paths = [name for name, is_path in zip(known, world.crossing["is_path"], strict=True) if is_path]
    for name in (change.name[9:-5] for change in scenario.events if change.name.startswith("crossing.")):
        if name not in ("all", *known):
            raise ScenarioError(f"scenario '{scenario.name}': there is no crossing '{name}'; {near(name, known)}")
        if name in paths:
            raise ScenarioError(
                f"scenario '{scenario.name}': '{name}' is an unofficial path, which cannot be opened or closed: "
                f"name a post or a traditional crossing, or leave the event out"
            )
