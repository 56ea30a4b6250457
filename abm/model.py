"""The border as a Mesa model: state in frames, the month's list of rules, results.

>>> from abm import BorderModel, Scenario
>>> model = BorderModel(Scenario.load("no-puskesmas"), households=300, rng=7)  # doctest: +SKIP
>>> model.run()  # doctest: +SKIP
>>> model.results.yearly  # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from abm import changes, manifest, recording, saving, start, tracing, year
from abm.errors import UserError, shorten
from abm.month import MONTH
from abm.region import Region
from abm.results import Facts, Results
from abm.running import Run
from abm.scenario import Scenario
from abm.views import KINDS, ByType, RunScenario, Views, for_mesa, plain_scenario
from abm.world import populate
from abm.world.kinship import Kin
from agents.core.declare import near
from agents.core.view import Household

MOST_HOUSEHOLDS = 5_000_000


class StoppedError(RuntimeError):
    """The run was asked to stop before its end."""


class BorderModel(Run, mesa.Model):
    """Households, traders and officials on both sides of the border, month by month.

    Parameters
    ----------
    scenario : Scenario, name or path of one; the history when left out.
    region : Region, or its name or folder.
    households : number of simulated households, both sides together.
    rng : seed (a non-negative integer); everything random is a function of it.
    threads : run household loops on so many threads; the results are the same bytes.
    rules : own one-agent functions in place of shipped ones, by rule name, e.g. ``{"household.fall_ill": my_severity}``
        (the first function of the rule) or ``{"household.seek_care.choose_care": …}``.
    follow : uids of households whose decisions are traced (see :attr:`traces`).
    fitted : values in place of the declared starting values of uncertain parameters, by name; the region's when left out,
        ``{}`` for the declared ones. What the scenario sets overrides them.
    """

    def __init__(
        self,
        scenario: Scenario | RunScenario | str | Path | None = None,
        *,
        region: Region | str | Path = "west-kalimantan-sarawak",
        households: int = 2000,
        rng: int | None = 7,
        threads: int = 1,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        follow: Iterable[int] = (),
        fitted: Mapping[str, float] | None = None,
    ) -> None:
        seed = _whole("seed", rng if rng is not None else 7, 0, 2**62)
        households = _whole("households", households, 60, MOST_HOUSEHOLDS)
        threads = _whole("threads", threads, 1, 256)
        given = plain_scenario(scenario)
        mesa.Model.__init__(self, rng=seed)
        Run.__init__(
            self,
            given if isinstance(given, Scenario) else Scenario.load(given or "history"),
            region,
            households,
            seed,
            fitted,
            threads,
            rules,
        )
        self._is_winding = False
        self._is_branched = False
        start.begin(self)
        self._views = Views(self, self.frames)
        self.follow = tracing.check_uids(self.frames["household"], follow)  # nobody is followed before January 1980

    # ---- the month ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Simulate one month."""
        if self._is_winding:
            return
        if self.month >= self.n_months:
            self.running = False
            return
        self.crossing_changed = False
        for is_rule, steps in groupby(MONTH, lambda step: step.rule is not None):
            if is_rule:
                self.run_rules([step.rule for step in steps if step.rule is not None])
            else:
                for step in steps:
                    assert step.function is not None
                    step.function(self)
        recording.record_month(self)
        self.month += 1
        if self.month >= self.n_months:
            self.running = False

    def run(self, progress: Callable[[int, int], None] | None = None, stop: threading.Event | None = None) -> BorderModel:
        """Run to the scenario's end; ``progress(months_done, months)`` after each month; raises StoppedError on ``stop``."""
        while self.month < self.n_months:
            if stop is not None and stop.is_set():
                raise StoppedError("the run was stopped before its end")
            self.step()
            if progress is not None:
                progress(self.month, self.n_months)
        return self

    def take_over_events(self) -> None:
        """Apply the scenario's changes of this month, the region's dated events, and openings of crossings."""
        changes.take_over(self, again=self._is_branched)
        self._is_branched = False

    def renew_year(self) -> None:
        """In January: budgets and stocks, then access. Otherwise access again when a crossing or the scenario changed."""
        year.renew(self)

    # ---- results, and the run written down -----------------------------------------------------------------------------

    @property
    def results(self) -> Results:
        """Tables of the months run so far."""
        known = self.__dict__.get("_results")
        if known is None or known.n_months != self.month:
            known = self.__dict__["_results"] = Results(self.record, Facts.of(self))
        return known

    def manifest(self) -> dict[str, Any]:
        """All that is needed to run this again, and what it was run with."""
        return manifest.write_manifest(self)

    @classmethod
    def from_manifest(cls, said: Mapping[str, Any], allow_other: bool = False) -> BorderModel:
        """The model that a manifest describes, before its first month; refuses another version or other data."""
        return manifest.run_again(cls, said, allow_other)

    def save(self, path: str | Path) -> None:
        """Write the whole state to a file (temp file, then renamed), to be continued with :meth:`load`."""
        saving.save(self, path)

    @classmethod
    def load(
        cls, path: str | Path, scenario: Scenario | str | None = None, rules: Mapping[str, Callable[..., Any]] | None = None
    ) -> BorderModel:
        """Continue a saved run, under its own scenario or another one from here on (a branch).

        A run with rules of its own is continued with the same ``rules``: functions are not saved.
        """
        model = saving.take_up(cls, path, plain_scenario(scenario), rules)
        # another scenario may reach other facilities and crossings: work access out again before its first month
        model._is_branched = scenario is not None
        # Mesa's clock is moved by Mesa itself, with months that do nothing
        if model.month > 0:
            model._is_winding = True
            model.run_for(model.month)
            model._is_winding = False
        model._views = Views(model, model.frames)
        return model

    # ---- agents and scenario, as Mesa sees them -----------------------------------------------------------------------

    @property
    def scenario(self) -> Any:
        """The scenario of this run."""
        return for_mesa(self.own_scenario)

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        # Mesa hands in a scenario object of its own; ours is frozen and known already
        del scenario

    @property
    def agents(self) -> AgentSet:  # type: ignore[override]
        """All agents as views, made now: costly for a large world."""
        return self._views.all(KINDS)

    @property
    def agents_by_type(self) -> Mapping[type, AgentSet]:  # type: ignore[override]
        """Agents of each type; a type's views are made when it is asked for."""
        return ByType(self._views)

    @property
    def agent_types(self) -> list[type]:
        """The kinds of agents."""
        return list(KINDS.values())

    def household(self, uid: int) -> Household:
        """The household with this uid."""
        self.frames["household"].row(uid)
        return self._views.one("household", uid)  # type: ignore[return-value]

    def kinship_graph(self) -> Any:
        """The ties of this month as a networkx graph (nodes are uids with place and side; edges carry strength and ``across``)."""
        return self.kin.graph(self.frames["household"], self.world.place_names)

    def add_household(self, place: str, **columns: Any) -> Household:
        """Add one household to a community (for experiments and tests); it has no ties and weight 0 unless given."""
        if place not in self.world.place_names:
            raise UserError(f"there is no place '{place}' with households; {near(place, self.world.place_names)}")
        q = self.world.place_names.index(place)
        frame = self.frames["household"]
        number = 1_000_000 + len(frame)
        made = populate.household_columns(self.seed_of_run, self.world, q, np.array([number]), self.settings.of(populate.Parameters))
        made["weight"] = np.zeros(1)
        made |= {k: np.asarray([v]) for k, v in columns.items()}
        ties, strengths, kin = self.kin.ties, self.kin.strengths(), self.kin.columns
        owners = frame["uid"][self.frames["trader"]["household"]]
        frame.add(made)
        self.frames["trader"]["household"][:] = frame.rows(owners)
        self.kin = Kin.of_ties(frame, ties, strengths, kin["contact"], float(kin["income_gap"][0]))
        changes.set_mechanisms(self)
        self._views = Views(self, self.frames)
        return self.household(int(made["uid"][0]))


def _whole(what: str, value: Any, low: int, high: int) -> int:
    """A whole number of a user, within its bounds (UserError)."""
    try:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{what} = {shorten(repr(value))} is not a whole number") from None
    if not low <= number <= high:
        shown = number if abs(number) < 10**20 else "a number of more than twenty digits"
        raise UserError(f"{what} = {shown} cannot be simulated: give a whole number from {low} to {high}")
    return number
