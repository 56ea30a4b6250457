"""Study folders whose rows a function made instead of the model, and a function whose indices are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import abm.model  # noqa: F401  (registers every declaration)
from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.analysis.indices import Analysis
from experiments.studies import design, plan, store
from experiments.studies.outcomes import FINE
from experiments.studies.study import Study, Summary, Varied

NAMES = [n for n, p in PARAMETERS.items() if p.role == "uncertain" and p.prior == "uniform"]
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
#: Of unit points (n, d), seed index and the point's number an outcome (n,).
Function = Callable[[np.ndarray, int], np.ndarray]
# Ishigami's function with a = 7, b = 0.1: its variance and indices are known in closed form.
A, B = 7.0, 0.1
V1, V2, V13 = 0.5 * (1 + B * math.pi**4 / 5) ** 2, A * A / 8, 8 * B * B * math.pi**8 / 225
FIRST = np.array([V1, V2, 0.0]) / (V1 + V2 + V13)
TOTAL = np.array([V1 + V13, V2, V13]) / (V1 + V2 + V13)
SHAPLEY = np.array([V1 + V13 / 2, V2, V13 / 2]) / (V1 + V2 + V13)


def ishigami(u: np.ndarray, _replicate: int = 0) -> np.ndarray:
    x = (2 * u - 1) * math.pi
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def chance(scale: float, per_point: bool = True) -> Function:
    """Noise that differs by replicate, and from point to point or not."""

    def noise(u: np.ndarray, replicate: int) -> np.ndarray:
        rng = np.random.default_rng(100 + replicate)
        return scale * (rng.standard_normal(len(u)) if per_point else np.full(len(u), rng.standard_normal()))

    return noise


def make(
    folder: Path, kind: str, points: int, function: Function = ishigami, *, d: int = 3, replicates: int = 1, lose: Callable[..., bool] | None = None,
    fail: Callable[..., bool] | None = None, record: str = "summaries", vary: tuple[Varied, ...] | None = None, **more: object,
) -> Path:  # fmt: skip
    """A study folder as planned, with rows that a function made instead of the model."""
    varied = vary or tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:d])
    summaries = (Summary("made_up", OUTPUT, "id", 1980, 1980),) if record == "summaries" else ()
    said = {
        "replicates": replicates,
        "households": (60,),
        "end": "1982-12",
        "vary": varied,
        "record": record,
        "summaries": summaries,
        "outputs": (),
    }
    if record == "yearly":
        said["outputs"] = (OUTPUT,)
    study = Study(name="made-up", design=kind, points=points, **(said | more))  # type: ignore[arg-type]
    plan.make(study, folder)
    unit = design.unit_points_of(study)
    frame = pq.read_table(folder / "plan.parquet").to_pandas()
    if lose is not None:
        frame = frame[[not lose(r) for r in frame.to_dict("records")]].reset_index(drop=True)
    values = np.stack([function(unit, k) for k in range(replicates)], axis=1)
    y = values[frame["point"], frame["replicate"]] + np.array([study.scenarios.index(s) * 100.0 for s in frame["scenario"]])
    n = len(frame)
    is_bad = np.array([bool(fail and fail(r)) for r in frame.to_dict("records")])
    columns = {f.name: pa.array(frame[f.name].tolist(), f.type) for f in pq.read_schema(folder / "plan.parquet")}
    columns |= {
        "status": pa.array(np.where(is_bad, "failed", "ok")), "cause": pa.array([""] * n), "version": pa.array([plan.model_version()] * n),
        "scenario_hash": pa.array([""] * n), "attempt": pa.array([0] * n, pa.int16()), "seconds": pa.array([0.1] * n, pa.float32()),
    }  # fmt: skip
    if record == "summaries":
        columns |= {
            "year": pa.array([None] * n, pa.int32()),
            "side": pa.array([None] * n, pa.string()),
            "made_up": pa.array(y, mask=is_bad),
        }
        store.write_part(folder, pa.table(columns))
        return folder
    table, tables = pa.table(columns), []
    for year in (1980, 1981, 1982):  # the mean of 1981 and 1982 on the side id is y
        for side in ("id", "my"):
            there = y + {1980: 50.0, 1981: -1.0, 1982: 1.0}[year] + (1000.0 if side == "my" else 0.0)
            more_columns = {"year": pa.array([year] * n, pa.int32()), "side": pa.array([side] * n), OUTPUT: pa.array(there)}
            tables.append(table.select(columns).append_column("year", more_columns["year"]).append_column("side", more_columns["side"])
                          .append_column(OUTPUT, more_columns[OUTPUT]))  # fmt: skip
    store.write_part(folder, pa.concat_tables(tables))
    return folder


def only(analysis: Analysis, measure: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (part,) = analysis.parts
    assert part.status == FINE
    return part.indices[measure]


def _two_scenarios() -> tuple[str, str]:
    from abm import Scenario

    names = list(Scenario.names())
    return names[0], names[1]
