"""The world, the month, the model.

>>> from abm import BorderModel, Scenario
>>> model = BorderModel(Scenario.load("history"), households=300, rng=7)  # doctest: +SKIP
>>> model.run()  # doctest: +SKIP

``Simulation`` is the same run without Mesa.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.many import Member, simulate_list, simulate_many
    from abm.model import BorderModel
    from abm.region import Region
    from abm.scenario import Scenario
    from abm.simulation import Simulation

__all__ = ["BorderModel", "Member", "Region", "Scenario", "Simulation", "simulate_list", "simulate_many"]
_HOME = {"BorderModel": "abm.model", "Simulation": "abm.simulation", "Scenario": "abm.scenario", "Region": "abm.region"}
_HOME |= dict.fromkeys(("Member", "simulate_list", "simulate_many"), "abm.many")


def __getattr__(name: str) -> Any:
    # heavy modules load when first asked for, so that the command line answers at once
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'abm' has no attribute '{name}'")
