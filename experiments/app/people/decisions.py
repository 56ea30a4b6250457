"""Which decisions did a followed household take, among which options, with which draw? Read from the calls of the rules, never worked out again."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm.state import State
from agents.core.compiled import plain
from agents.core.declare import Rule, argument_names
from agents.core.exact import just
from agents.surroundings import CHANNELS, DIRECTIONS, GOODS
from experiments.words.languages import mark

#: Options by their code in the rule's answer, in the order of its arguments.
CARE: Mapping[int, tuple[str, str]] = {
    -1: ("value_none", mark("no care")), 0: ("primary_home", mark("clinic at home")), 1: ("hospital_home", mark("hospital at home")),
    2: ("primary_across", mark("clinic on the other side")), 3: ("hospital_across", mark("hospital on the other side")),
}  # fmt: skip
WORK: Mapping[int, tuple[str, str]] = {
    0: ("farm", mark("own farm")), 1: ("estate", mark("estate at home")), 2: ("timber", mark("timber at home")),
    3: ("services", mark("trade, building or services at home")), 4: ("public", mark("public job")),
    5: ("with_pass", mark("day work on the other side, on a pass")), 6: ("with_permit", mark("work on the other side, with a permit")),
    7: ("undocumented", mark("work on the other side, without papers")),
}  # fmt: skip
LOOKING = mark("looking for work")
GOOD_WORDS: Mapping[str, str] = dict(zip(GOODS, (mark("rice"), mark("sugar"), mark("cooking oil"), mark("rubber")), strict=True))
WAY_WORDS: Mapping[str, str] = dict(
    zip(DIRECTIONS, (mark("sell {good} on the other side, {channel}"), mark("buy {good} on the other side, {channel}")), strict=True)
)
CHANNEL_WORDS: Mapping[str, str] = dict(
    zip(CHANNELS, (mark("within the allowance"), mark("declared"), mark("with a bribe"), mark("by a path")), strict=True)
)  # fmt: skip
SEVERITY: Mapping[int, str] = {
    1: mark("a minor illness"),
    2: mark("an illness that disrupts work"),
    3: mark("an illness that needs a hospital"),
}
#: A value at or below it marks an option that is not there.
MISSING = -1.0e8
NO_DEAL = -1


@dataclass(frozen=True)
class Decision:
    """One choice among options: month from January 1980, kind (``care``, ``work``, ``trade``), what it was about, utilities by code, draw, answer."""

    month: int
    kind: str
    #: Which of the month's decisions of this kind.
    slot: int
    #: Severity of the illness; 0 for other kinds.
    about: int
    draw: float
    options: Mapping[int, float]
    chosen: int

    @property
    def key(self) -> tuple[int, str, float]:
        """The same for the same decision in two worlds: its draw is that of one adult or one illness; a trader has one deal a month.

        The place among the month's decisions would not do: another adult may think again in one world only.
        """
        return self.month, self.kind, 0.0 if self.kind == "trade" else self.draw


def of_traces(traces: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """The decisions about care and work in traces of one household, in order (:attr:`abm.simulation.Simulation.traces`)."""
    found: list[Decision] = []
    ill: list[int] = []
    for entry in traces:
        calls, rule, month = entry["calls"], entry["rule"], entry["month"]
        if rule == "household.fall_ill":
            # the rule of care looks at minor illnesses first, then at those that disrupt work
            ill = sorted(int(call["answer"]) for call in calls if call["function"] == "severity" and call["answer"] > 0)
        elif rule == "household.seek_care":
            chosen = [call for call in calls if call["function"] == "choose_care"]
            for slot, (call, severity) in enumerate(zip(chosen, ill, strict=True)):
                found.append(_decision(month, "care", slot, severity, CARE, call))
        elif rule == "household.choose_work":
            chosen = [call for call in calls if call["function"] == "choose_work"]
            found += [_decision(month, "work", slot, 0, WORK, call) for slot, call in enumerate(chosen)]
    return found


def _decision(month: int, kind: str, slot: int, about: int, words: Mapping[int, tuple[str, str]], call: Mapping[str, Any]) -> Decision:
    seen = call["inputs"]
    options = {code: float(seen[name]) for code, (name, _said) in words.items() if float(seen[name]) > MISSING}
    return Decision(month, kind, slot, about, float(seen["u"]), options, int(call["answer"]))


def of_deal(state: State, rule: Rule, row: int) -> Decision:
    """The decision of one trader about its deal, before the rule itself runs.

    The rule's loop runs once more as plain Python, on copies and for this trader alone. Its options, their weights and the draw are what the loop
    holds when it makes its draw.
    """
    lead: dict[str, Any] = {"start": row, "stop": row + 1, "seed": state.seed_of_run, "month": state.month}
    assert rule.parameters is not None
    lead["p"] = state.settings.of(rule.parameters)
    names = (*rule.reads, *rule.writes)
    columns = {name: np.array(state.column(name), copy=True) for name in names}
    copies = iter(columns[name] for name in names)
    seen: dict[str, Any] = {}
    loop = _with_draws(plain(rule.loop), seen)
    loop(*(lead[k] if k in lead else next(copies) for k in argument_names(rule.loop)))
    good, direction, channel = (int(columns[f"trader.{name}"][row]) for name in ("good", "direction", "channel"))
    chosen = NO_DEAL if good < 0 else 8 * good + 4 * direction + channel
    weights: Sequence[float] = seen.get("weights", ())
    options = {NO_DEAL: 0.0} | {int(deal): _log(weight) for deal, weight in zip(seen.get("deals", ()), weights, strict=True)}
    return Decision(state.month, "trade", 0, 0, float(seen.get("draw", np.nan)), {k: v for k, v in options.items() if v > MISSING}, chosen)


def _with_draws(loop: Any, seen: dict[str, Any]) -> Callable[..., Any]:
    """A copy of the loop of deals that notes what stands in it when it draws."""
    draw = loop.__globals__["uniform"]

    def note(*given: Any) -> float:
        answer = float(draw(*given))
        held = sys._getframe(1).f_locals
        n = int(held["n"])
        seen.update(draw=answer, deals=held["deal"][:n].tolist(), weights=held["weights"][:n].tolist())
        return answer

    return types.FunctionType(loop.__code__, {**loop.__globals__, "rounded_up": just, "uniform": note}, loop.__name__)


def _log(weight: float) -> float:
    """The utility whose exponential is a weight; that of a deal that is not taken lies below :data:`MISSING`."""
    return float(np.log(weight)) if weight > 0.0 else 2 * MISSING


def differ(before: Iterable[Decision], after: Iterable[Decision]) -> list[tuple[Decision | None, Decision | None]]:
    """Decisions that differ between two worlds, by month: another answer, or one that only one of them had to take."""
    first, second = ({one.key: one for one in some} for some in (before, after))
    both = [(first.get(key), second.get(key)) for key in sorted({*first, *second})]
    return [(a, b) for a, b in both if a is None or b is None or a.chosen != b.chosen]
