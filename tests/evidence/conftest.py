"""The ledger with every verdict, and its pages in English."""

from __future__ import annotations

import pytest

from experiments.evidence.make import Made
from experiments.reports.evidence import pages
from tests.evidence.made_up import every_verdict


@pytest.fixture(scope="package")
def ledger() -> Made:
    return every_verdict()


@pytest.fixture(scope="package")
def found(ledger: Made) -> dict[str, str]:
    return pages(ledger)
