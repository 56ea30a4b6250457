"""Study files for tests: names of parameters to vary, and a study as read from what a file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from abm import Scenario
from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES
from experiments.studies import plan_files
from experiments.studies.study import Study
from experiments.studies.study_file import read_study

RANGED = [n for n, p in PARAMETERS.items() if p.low < p.high]
A, B, C = RANGED[0], RANGED[1], RANGED[2]
POSITIVE = next(n for n in RANGED if PARAMETERS[n].low > 0)
FROM_ZERO = next(n for n in RANGED if PARAMETERS[n].low == 0)
SWITCH = next(iter(SWITCHES))
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
SHIPPED = Scenario.names()


def inside(name: str, share: float = 0.5) -> float:
    """A value of a parameter inside its range."""
    p = PARAMETERS[name]
    return p.low + share * (p.high - p.low)


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def study(folder: Path, **said: Any) -> Study:
    return read_study({"households": 60, "end": "1980-06", **said}, folder, "made up")


def read_plan(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(p) for p in plan_files.plan_files(folder)], ignore_index=True)
