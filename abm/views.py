"""How does Mesa see a run? Agents as objects that read and write the frames, made when asked for, and the scenario in Mesa's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import mesa
from mesa.agent import AgentSet
from mesa.experimental.scenarios import Scenario as MesaScenario

from abm.scenario import Scenario
from agents.core.frame import AgentFrame
from agents.core.view import AgentView, Household, Official, Trader

#: The kinds of agents, by entity.
KINDS: dict[str, type[AgentView]] = {"household": Household, "trader": Trader, "official": Official}


class RunScenario(MesaScenario):
    """The scenario of a run in the form that Mesa's page asks for: it has the scenario's attributes, and its class, called
    without arguments, gives the same scenario again (so the page's Reset keeps it)."""

    _said: Scenario

    def __init__(self, **other: Any) -> None:
        super().__init__(rng=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(type(self)._said, name)

    def __eq__(self, other: object) -> bool:
        return self._said == getattr(other, "_said", other)

    def __hash__(self) -> int:
        return hash(self._said.hash)

    def to_dict(self) -> dict[str, Any]:
        """The scenario in full, as plain data."""
        return self._said.to_dict()


def for_mesa(scenario: Scenario) -> RunScenario:
    """The scenario in the form that Mesa's page asks for."""
    return type("RunScenario", (RunScenario,), {"_said": scenario})()


def plain_scenario[S](scenario: RunScenario | S) -> Scenario | S:
    """The scenario itself where it was given as in Mesa."""
    return scenario._said if isinstance(scenario, RunScenario) else scenario


class Views:
    """The agents of a model as Mesa knows them, each made when it is first asked for."""

    def __init__(self, model: mesa.Model, frames: Mapping[str, AgentFrame]) -> None:
        self._model, self._frames = model, frames
        self._made: dict[tuple[str, int], AgentView] = {}

    def one(self, entity: str, uid: int) -> AgentView:
        """The agent of this uid, which the frame holds."""
        key = (entity, int(uid))
        if key not in self._made:
            self._made[key] = KINDS[entity](self._model, self._frames[entity], int(uid))
        return self._made[key]

    def all(self, entities: Iterable[str]) -> AgentSet:
        """All agents of these entities, in the order of their rows: costly for a large world."""
        views = [self.one(e, int(u)) for e in entities for u in self._frames[e]["uid"]]
        if len(self._made) > 2 * sum(map(len, self._frames.values())):  # most of them have left
            self._made = {
                (e, int(u)): self._made[e, int(u)] for e, f in self._frames.items() for u in f["uid"] if (e, int(u)) in self._made
            }
        return AgentSet(views, random=self._model.random)


class ByType(Mapping):
    """Agents by type, each set made when asked for."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._names = {cls: name for name, cls in KINDS.items()}

    def __getitem__(self, cls: type) -> AgentSet:
        if cls not in self._names:
            raise KeyError(f"no agents of type {getattr(cls, '__name__', cls)}; there are {', '.join(c.__name__ for c in self._names)}")
        return self._views.all([self._names[cls]])

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
