"""What did a followed household see, and how did it choose? Its rules run once more as plain Python, on copies, and every call is recorded."""

from __future__ import annotations

import inspect
import operator
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from abm.errors import UserError, shorten
from abm.state import State
from agents.core.compiled import plain
from agents.core.declare import Rule, argument_names
from agents.core.exact import just
from agents.core.frame import AgentFrame


def check_uids(households: AgentFrame, said: Any) -> list[int]:
    """The uids of the households to follow, all of which exist (UserError)."""
    try:
        uids = [operator.index(u) for u in said]
    except TypeError:
        raise UserError(
            f"follow = {shorten(repr(said))} is not a list of whole numbers: give uids of households, as in frames['household']['uid']"
        ) from None
    for uid in uids:
        try:
            households.row(uid)
        except (KeyError, OverflowError):
            raise UserError(
                f"follow: no household has uid {shorten(uid)}; uids of this run are in frames['household']['uid'], "
                f"for example {households['uid'][0]}"
            ) from None
    return uids


def trace(state: State, rule: Rule, loop: Callable[..., Any], columns: Sequence[np.ndarray], follow: Iterable[int]) -> list[dict[str, Any]]:
    """What every one-agent function of a rule saw and said for each followed household, before the rule itself runs.

    ``loop`` is the rule's, or the one with a user's own functions in it; ``columns`` are those that it is called with.
    """
    traced = []
    for uid in follow:
        row = state.frames["household"].row(uid)
        calls: list[dict[str, Any]] = []
        lead: dict[str, Any] = {"start": row, "stop": row + 1, "seed": state.seed_of_run, "month": state.month}
        lead["p"] = state.settings.of(rule.parameters) if rule.parameters else None
        lead["q"] = state.settings.of(rule.other_parameters) if rule.other_parameters else None
        copies = iter([np.array(column, copy=True) for column in columns])
        noting(plain(loop), rule, calls)(*(lead[k] if k in lead else next(copies) for k in argument_names(rule.loop)))
        traced.append({"month": state.month, "uid": uid, "rule": rule.name, "calls": calls})
    return traced


def noting(loop: Any, rule: Rule, calls: list[dict[str, Any]]) -> Callable[..., Any]:
    """A copy of a plain loop whose one-agent functions add what they are given and what they answer to ``calls``."""
    swapped: dict[str, Any] = {"rounded_up": just}
    for function in rule.decide:
        bare = plain(loop.__globals__[plain(function).__name__])  # the user's own, where one replaces it
        labels = list(inspect.signature(bare).parameters)

        def note(*values: Any, _bare: Any = bare, _labels: list[str] = labels) -> Any:
            answer = _bare(*values)
            seen = {k: (v if not hasattr(v, "_fields") else type(v).__name__) for k, v in zip(_labels, values, strict=True)}
            calls.append({"function": _bare.__name__, "inputs": seen, "answer": answer})
            return answer

        swapped[bare.__name__] = note
    return types.FunctionType(loop.__code__, {**loop.__globals__, **swapped}, loop.__name__)
