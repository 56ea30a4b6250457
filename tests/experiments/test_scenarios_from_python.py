"""Scenarios run from Python as by the commands, and mistakes are refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.execution.batch import RunConfiguration, run_scenarios
from experiments.execution.engine import ThreadsEngine
from experiments.studies.study import StudyError
from tests.experiments.study_commands import OUTPUT

pytestmark = pytest.mark.usefixtures("threads")


def test_scenarios_run_from_python(tmp_path: Path) -> None:
    configuration = RunConfiguration(replicates=2, households=60, end="1980-02", outputs=(OUTPUT,))
    table = run_scenarios(["history", "no-puskesmas"], configuration, executor=ThreadsEngine(1), store=tmp_path / "s")
    assert table["run_id"].nunique() == 4 and (table["status"] == "ok").all()
    again = run_scenarios(["history", "no-puskesmas"], configuration, executor=object.__new__(ThreadsEngine), store=tmp_path / "s")
    pd.testing.assert_frame_equal(again, table)
    with pytest.raises(StudyError, match="holds another study"):
        run_scenarios(["history"], configuration, store=tmp_path / "s")
    with pytest.raises(StudyError, match="replicates = 0"):
        run_scenarios(["history"], RunConfiguration(replicates=0))
    with pytest.raises(StudyError, match="no scenario"):
        run_scenarios([], configuration)
    with pytest.raises(StudyError, match="same name"):
        run_scenarios(["history", "history"], configuration)
