"""The border as a Mesa model: a :class:`abm.simulation.Simulation` with agents, clock and scenario as Mesa knows them.

>>> from abm import BorderModel, Scenario
>>> model = BorderModel(Scenario.load("no-puskesmas"), households=300, rng=7)  # doctest: +SKIP
>>> model.run()  # doctest: +SKIP
>>> model.results.yearly  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import mesa
import numpy as np
from mesa.agent import AgentSet

from abm import start
from abm.errors import UserError
from abm.region import Region
from abm.running import Run
from abm.scenario import Scenario
from abm.sharing import Shared
from abm.simulation import MOST_HOUSEHOLDS, Simulation, StoppedError, check_seed
from abm.views import KINDS, ByType, RunScenario, Views, for_mesa, plain_scenario
from abm.world import demography, populate, population
from agents.core.declare import near
from agents.core.view import Household
from agents.household.live import Parameters as Live

__all__ = ["MOST_HOUSEHOLDS", "BorderModel", "StoppedError"]


class BorderModel(Simulation, mesa.Model):
    """Households, traders and officials on both sides of the border, month by month, as a Mesa model.

    The parameters are those of :class:`abm.simulation.Simulation`, and so are the results, byte for byte.
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
        shared: Shared | None = None,
        _begin: Callable[[Run], None] = start.begin,
    ) -> None:
        """See :class:`abm.simulation.Simulation`; the scenario may also be that of another model (``model.scenario``)."""
        mesa.Model.__init__(self, rng=check_seed(rng))
        self._is_winding = False
        Simulation.__init__(
            self,
            plain_scenario(scenario),
            region=region,
            households=households,
            rng=rng,
            threads=threads,
            rules=rules,
            follow=follow,
            fitted=fitted,
            shared=shared,
            _begin=_begin,
        )
        self._views = Views(self, self.frames)

    def step(self) -> None:
        """Simulate one month."""
        if not self._is_winding:
            super().step()

    def go_on(self, until: int) -> None:
        """Simulate the months up to ``until``, at most to the scenario's end.

        They are steps of Mesa one by one where a class made from this one does more in a step, or somebody has planned other events with Mesa.
        """
        until = min(until, self.n_months)
        if type(self).step is not BorderModel.step or len(self._event_list) > 1:
            while self.month < until:
                self.step()
            return
        before = self.month
        super().go_on(until)
        self._wind(self.month - before)

    def _wind(self, months: int) -> None:
        """Move Mesa's clock past months that were run already: it is moved by Mesa itself, with months that do nothing."""
        if months == 0:
            return
        self._is_winding = True
        self.run_for(months)
        self._is_winding = False

    @classmethod
    def load(
        cls, path: str | Path, scenario: Scenario | RunScenario | str | None = None, rules: Mapping[str, Callable[..., Any]] | None = None
    ) -> Self:
        """Continue a saved run, as :meth:`abm.simulation.Simulation.load` does; Mesa's clock goes on from the month that was saved."""
        return super().load(path, plain_scenario(scenario), rules)

    def branch(self, month: str, scenario: Scenario | RunScenario | str | None = None) -> Self:
        """A model that goes on from a January that was kept, as :meth:`abm.simulation.Simulation.branch` gives it; Mesa's clock too."""
        return super().branch(month, plain_scenario(scenario))

    def _take_up(self, is_branched: bool) -> None:
        super()._take_up(is_branched)
        self._wind(self.month)
        self._views = Views(self, self.frames)

    # ---- agents and scenario, as Mesa sees them -----------------------------------------------------------------------

    @property
    def scenario(self) -> Any:
        """The scenario of this run, in Mesa's form."""
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

    def add_household(self, place: str, **columns: Any) -> Household:
        """Add one household to a community (for experiments and tests); it has no ties and weight 0 unless given."""
        if place not in self.world.place_names:
            raise UserError(f"there is no place '{place}' with households; {near(place, self.world.place_names)}")
        q = self.world.place_names.index(place)
        frame, number = self.frames["household"], 1_000_000 + len(self.frames["household"])
        p, working = self.settings.of(populate.Parameters), demography.in_labour_force(self)
        one_stays = self.settings.of(Live).one_stays
        while True:  # others may have left since the last one was added, so the number may be taken
            made = populate.household_columns(self.seed_of_run, self.world, q, np.array([number]), p, working, one_stays)
            if frame.find(made["uid"])[0] < 0:
                break
            number += 1
        made["weight"] = np.zeros(1)
        del made["side"], made["group"], made["n_workers"]  # they follow from the place and from what the adults do
        population.renew(self, newcomers=made | {k: np.asarray([v]) for k, v in columns.items()})
        return self.household(int(made["uid"][0]))
