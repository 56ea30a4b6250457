"""One hash over everything a run holds and reports, to say that two runs are the same to the last bit.

Run as a module it makes a run in a fresh process and prints the hash:
``python -m tests.model.same '{"households": 120, "months": 18}'``.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from abm import BorderModel, Scenario

ROOT = Path(__file__).resolve().parents[2]
ENTITIES = ("place", "village", "trade_link", "crossing", "facility", "district", "policy")
TABLES = ("yearly", "monthly", "places", "flows", "summary")


def table_bytes(table: pd.DataFrame) -> bytes:
    """A table as bytes: names of columns, then numbers as 64-bit and texts as UTF-8, row by row in order."""
    parts = [json.dumps([str(c) for c in table.columns]).encode()]
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
            parts.append(column.to_numpy(np.int64).tobytes())
        elif pd.api.types.is_float_dtype(column):
            values = column.to_numpy(np.float64).copy()
            values[np.isnan(values)] = np.nan  # one bit pattern for "no value"
            parts.append(values.tobytes())
        else:
            parts.append(json.dumps([None if v is None else str(v) for v in column]).encode())
    return b"|".join(parts)


def agents(model: BorderModel) -> dict[str, np.ndarray]:
    """Every column of every agent, by ``entity.column``, copied."""
    return {f"{name}.{column}": values for name, frame in model.frames.items() for column, values in frame.copy_state().items()}


def surroundings(model: BorderModel) -> dict[str, np.ndarray]:
    """Every column of the surroundings, and the ties, copied."""
    found = {f"{e}.{name}": np.array(values, copy=True) for e in ENTITIES for name, values in getattr(model.world, e).items()}
    found |= {f"kin.{name}": np.array(values, copy=True) for name, values in model.kin.columns.items()}
    return found | {"kin.ties": model.kin.ties.copy(), "kin.strengths": model.kin.strengths()}


def state(model: BorderModel) -> dict[str, np.ndarray]:
    """Agents and surroundings."""
    return agents(model) | surroundings(model)


def differing(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> list[str]:
    """Names of the columns that are not the same bytes in both."""
    assert a.keys() == b.keys()
    return [n for n in a if a[n].dtype != b[n].dtype or a[n].shape != b[n].shape or a[n].tobytes() != b[n].tobytes()]


def parts(model: BorderModel) -> dict[str, str]:
    """A hash for the state and for each table, so that a difference can be told apart."""
    digest = hashlib.sha256()
    for name, values in sorted(state(model).items()):
        digest.update(name.encode() + str(values.dtype).encode() + str(values.shape).encode() + values.tobytes())
    record = hashlib.sha256()
    for name, values in sorted(model.record.__dict__.items()):
        record.update(name.encode() + values.tobytes())
    made = {"state": digest.hexdigest(), "record": record.hexdigest()}
    made |= {name: hashlib.sha256(table_bytes(getattr(model.results, name))).hexdigest() for name in TABLES}
    return made | {"ledger": hashlib.sha256(table_bytes(model.results.ledger())).hexdigest()}


def months(model: BorderModel, n: int) -> BorderModel:
    """Simulate ``n`` months."""
    for _ in range(n):
        model.step()
    return model


def make(scenario: str = "history", n_months: int = 24, **settings: Any) -> BorderModel:
    """A model of ``n_months`` months under a shipped scenario."""
    end = f"{1980 + (n_months - 1) // 12}-{(n_months - 1) % 12 + 1:02d}"
    return BorderModel(Scenario.load(scenario, end=end), **{"households": 120, "rng": 7, **settings})


def in_other_process(environment: dict[str, str] | None = None, **settings: Any) -> dict[str, str]:
    """:func:`parts` of a run made by a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.model.same", json.dumps(settings)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(parts(make(**json.loads(sys.argv[1])).run())))
