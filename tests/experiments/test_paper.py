"""The table of what the paper says beside what a run gave."""

from __future__ import annotations

import math
import re

import pandas as pd
import pytest

from experiments.reports.paper import VERDICTS, Years, evidence, readings
from tests.experiments import made_up


def verdicts(yearly: pd.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reading in readings(yearly):
        found.setdefault(reading.claim, []).append(reading.verdict)
    return found


def test_the_registry_holds_every_claim() -> None:
    claims = evidence()
    assert list(claims) == [f"E{i:02d}" for i in range(1, 35)]
    for claim in claims.values():
        assert claim.claim.endswith(".") and claim.pattern and claim.mechanism
        assert re.fullmatch(r"\d+-\d+(, \d+(-\d+)?)*|\d+(, \d+(-\d+)?)*", claim.lines)
        assert claim.status in ("in the model", "later")


def test_claims_name_outputs_that_exist() -> None:
    import abm.declarations  # noqa: F401
    from agents.core.declare import OUTPUTS

    for claim in evidence().values():
        assert set(claim.indicators) <= set(OUTPUTS), claim.id
        assert claim.indicators or not claim.in_the_model, f"{claim.id} is in the model but nothing shows it"


def test_a_history_like_the_papers_reads_so() -> None:
    found = verdicts(made_up.results().yearly)
    assert found["E01"] == ["near", "near", "near"]
    assert found["E03"] == ["holds"] and found["E04"] == ["near"] and found["E06"] == ["holds"]
    assert found["E05"] == ["holds", "holds"]
    assert found["E10"] == ["pair"]
    assert set(found) == {c.id for c in evidence().values() if c.in_the_model}


def test_another_history_does_not() -> None:
    yearly = made_up.results().yearly
    own = yearly["side"] == "id"
    yearly.loc[own, "income_per_capita"] = 1000.0
    yearly.loc[own, ["care_share_across", "visits_across_per_1000"]] = 0.2
    yearly["grdp_share_national"] = 0.002
    yearly["poverty_rate"] = 0.1
    found = verdicts(yearly)
    assert found["E01"] == ["not near", "near", "not near"]
    assert found["E02"] == ["does not hold"] and found["E03"] == ["does not hold"]
    assert found["E04"] == ["not near"] and found["E05"][0] == "does not hold" and found["E06"] == ["does not hold"]


def test_years_outside_the_run_give_no_verdict() -> None:
    found = verdicts(made_up.results(1980, 1995).yearly)
    assert set(found["E01"]) == {"outside"} and found["E05"] == ["outside", "outside"]
    assert found["E02"] in (["holds"], ["does not hold"])


def test_a_mean_needs_every_year() -> None:
    years = Years(made_up.results(1980, 2006).yearly)
    assert math.isnan(years.mean("income_per_capita", 2005, 2007))
    assert math.isnan(years.mean("no_such_output", 1980, 1981))
    assert years.slope("care_share_across", 1990) < 0


@pytest.mark.parametrize("language", ["en", "id", "ms"])
def test_every_row_is_complete_in_every_language(language: str) -> None:
    for reading in readings(made_up.results().yearly, language):
        assert reading.verdict in VERDICTS
        assert reading.says and reading.gives and "{" not in reading.gives and not re.search(r"\bnan\b", reading.gives)
