"""What changes from outside at the start of a month? The scenario's changes, the region's dated events, and which crossings are open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from abm.state import State


def take_over(state: State, again: bool) -> None:
    """Apply the scenario's changes of this month, the region's dated events, and openings of crossings.

    With ``again`` what places reach is worked out even if nothing has changed.
    """
    changed = state.settings.apply(state.month)
    if changed or state.month == 0:
        set_mechanisms(state)
    state.crisis_of_month[state.month] = state.settings.on["crisis"]
    if state.settings.on["doctrine_change"]:
        for side, turn in state.turns.get(state.month, ()):
            state.world.policy["turn"][side] += turn
    state.crossing_changed = set_open(state) or changed or again


def next_busy(state: State) -> int:
    """The first month after this one in which something other than the rules acts: a January, a dated change, a post that opens."""
    month, turns, opened = state.month, state.turns, state.world.opened
    dated = [t for t in (*state.settings.changes, *turns, *opened.tolist()) if t > month]
    return min([month + 12 - month % 12, *dated])


def set_mechanisms(state: State) -> None:
    """Put the mechanisms that are on into the columns that rules read."""
    set_policy(state.world.policy, state.settings.on)
    state.kin.columns["is_on"][0] = state.settings.on["kinship"]


def set_policy(policy: Mapping[str, np.ndarray], on: Mapping[str, bool]) -> None:
    """The same for all mechanisms but kinship, whose ties the first people do not have yet."""
    policy["enforced"][0] = on["enforcement"]
    policy["invests"][0] = on["infrastructure_investment"]
    policy["has_programme"][0] = on["puskesmas_programme"]
    policy["prices_move"][0] = on["price_adjustment"]
    policy["may_help"][0] = on["kin_help"]
    policy["may_trade"][:] = (on["traditional_trade"], on["undeclared_trade"], on["bribery"])
    policy["may_cross"][:] = (on["cross_border_work"], on["undocumented_work"])


def set_open(state: State) -> bool:
    """Which crossings let people pass with papers this month; True when that changed."""
    world, closed = state.world, state.settings.closed
    open_now = world.crossing["is_path"] <= 0
    if closed:
        open_now &= ~np.array([closed.get(name, closed.get("all", False)) for name in world.crossing_names])
    world.crossing["is_open"][:] = open_now
    world.crossing["is_post"][:] = world.is_post_kind & (world.opened <= state.month)
    changed = not np.array_equal(open_now, state.open_now)
    state.open_now = open_now
    return changed
