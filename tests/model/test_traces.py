"""Traces of a household tell what the rules saw and said."""

from __future__ import annotations

import math

from agents.core.compiled import plain
from agents.household.fall_ill import severity
from tests.model.same import make


def test_traces_tell_what_the_rules_saw_and_said():
    uid = int(make(households=120).frames["household"]["uid"][3])
    model = make(n_months=12, households=120, follow=[uid])
    h = model.frames["household"]
    row = h.row(uid)
    for _ in range(12):
        model.step()
        said = [t for t in model.traces if t["month"] == model.month - 1]
        assert {t["uid"] for t in said} == {uid}
        rules = [t["rule"] for t in said]
        assert "household.fall_ill" in rules and "household.earn" in rules
        ill = [c for c in next(t for t in said if t["rule"] == "household.fall_ill")["calls"] if c["function"] == "severity"]
        answers = [c["answer"] for c in ill]
        assert len(answers) == h["n_adults"][row] + h["n_children"][row]
        # a birth, or an illness that lasts, may be worse than the answer; nobody is better
        members = [*range(int(h["n_adults"][row])), *(6 + k for k in range(int(h["n_children"][row])))]
        assert all(now >= answer for now, answer in zip(h["ill"][row][members].tolist(), answers, strict=True))
        earned = next(t for t in said if t["rule"] == "household.earn")["calls"]
        spent = next(c["answer"] for c in earned if c["function"] == "spend")
        assert math.isclose(spent + h["kin_help"][row], h["spending"][row], rel_tol=1e-12)
        for call in ill:
            inputs = [call["inputs"][k] for k in ("u", "p_minor", "p_disrupting", "p_hospital", "p_emergency")]
            assert plain(severity)(*inputs) == call["answer"]
