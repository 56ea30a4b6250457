"""Numbers that are none, and agents to follow that are not there, are refused when a model is made."""

from __future__ import annotations

import math

import pytest

from abm.errors import UserError
from tests.model.same import make
from tests.model.tools import one_sentence


def test_numbers_that_are_none():
    for given in ({"households": math.inf}, {"households": math.nan}, {"rng": math.inf}, {"threads": -math.inf}, {"households": 10**5000}):
        with pytest.raises(UserError) as refusal:
            make(**given)
        assert next(iter(given)).replace("rng", "seed") in one_sentence(refusal)


def test_whom_to_follow_must_exist():
    for follow, word in (([1], "uid 1"), ([2**70], "uid"), (5, "whole numbers"), ("Entikong", "whole numbers"), ([1.5], "whole numbers")):
        with pytest.raises(UserError) as refusal:
            make(households=120, follow=follow)
        assert word in one_sentence(refusal)
