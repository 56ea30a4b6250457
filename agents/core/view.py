"""One row of a frame seen as a ``mesa.Agent``: made when asked for, reads and writes the frame."""

from __future__ import annotations

from typing import Any

import mesa  # pyright: ignore[reportMissingTypeStubs]

from agents.core.frame import AgentFrame

_OWN = ("model", "unique_id", "pos", "_frame", "_rng")


class AgentView(mesa.Agent[Any]):
    """An agent as Mesa knows it; its attributes are the fields of its frame.

    Not registered with the model: a million agents would need a million objects. Rules never see views.
    """

    def __init__(self, model: Any, frame: AgentFrame, uid: int) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "unique_id", int(uid))
        object.__setattr__(self, "pos", None)
        object.__setattr__(self, "_frame", frame)

    @property
    def row(self) -> int:
        """Row of the agent in its frame now; KeyError when it has left."""
        try:
            return self._frame.row(self.unique_id)
        except KeyError:
            raise KeyError(f"the {self._frame.entity} with uid {self.unique_id} has left") from None

    @property
    def has_left(self) -> bool:
        """Whether the agent is in the model no longer; its other attributes then raise KeyError."""
        return bool(self._frame.find(self.unique_id)[0] < 0)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        frame = self._frame
        if name not in frame:
            raise AttributeError(f"a {frame.entity} has no '{name}'")
        value = frame[name][self.row]
        if name == "place":
            names: list[str] = self.model.world.place_names  # pyright: ignore[reportUnknownMemberType]
            return names[int(value)]
        if name == "side":
            return ("id", "my")[int(value)]
        return value.item() if getattr(value, "ndim", 0) == 0 else value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
            return
        frame = self._frame
        if name not in frame:
            raise AttributeError(f"a {frame.entity} has no '{name}'")
        if name in ("uid", "place", "side"):
            raise AttributeError(f"'{name}' of a {frame.entity} cannot be changed from outside")
        frame[name][self.row] = value

    def __repr__(self) -> str:
        where = "has left" if self.has_left else f"place={self.place!r}"
        return f"{type(self).__name__}(uid={self.unique_id}, {where})"


class Household(AgentView):
    """A household of a border community."""


class Trader(AgentView):
    """A trader who carries goods between two markets."""


class Official(AgentView):
    """An official at a post or in a district's administration."""
