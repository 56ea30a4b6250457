"""What tests of a model share: a scenario by its name and end, and the sentence of a refusal."""

from __future__ import annotations

import pytest

from abm import Scenario

#: What a scenario sets where a small sample must have several traders: the most that is declared.
MANY_TRADERS = {"world.populate.share_trading_id": 0.1, "world.populate.share_trading_my": 0.05}


def one_sentence(refusal: pytest.ExceptionInfo) -> str:
    text = str(refusal.value)
    assert "\n" not in text and 20 < len(text) < 400
    return text


def scenario(name: str, end: str = "1992-06", **kwargs) -> Scenario:
    return Scenario.load(name, end=end, **kwargs)
