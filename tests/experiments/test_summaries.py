"""A summary takes of the yearly table what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.studies.study import Summary
from tests.experiments.study_files import OUTPUT


def test_a_summary_takes_what_it_says() -> None:
    yearly = pd.DataFrame({"side": ["id"] * 4 + ["my"], "year": [1981, 1980, 1982, 1983, 1981], OUTPUT: [3.0, 1.0, 8.0, np.nan, 100.0]})
    takes = {"mean": 4.0, "sum": 12.0, "min": 1.0, "max": 8.0, "first": 1.0, "last": 8.0}
    assert {t: Summary("s", OUTPUT, "id", 1980, 1983, t).of(yearly) for t in takes} == takes  # type: ignore[arg-type]
    assert np.isnan(Summary("s", OUTPUT, "id", 1990, 1995).of(yearly))
