"""What tests of declarations share."""

from __future__ import annotations

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel, Scenario


@pytest.fixture(scope="module")
def model() -> BorderModel:
    """Two years of a small run."""
    return BorderModel(Scenario.load("history", end="1981-12"), households=60, rng=7).run()
