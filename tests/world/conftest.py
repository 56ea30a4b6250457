"""What tests of the region share."""

from __future__ import annotations

import pytest

from abm.region import Region


@pytest.fixture(scope="module")
def region() -> Region:
    return Region.load()
