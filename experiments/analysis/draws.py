"""How certain is a result, given the posterior? A scenario run over draws of a posterior, and quantiles over them.

Each run has its own seed, so bands over draws hold the spread of the posterior and that of chance together;
:mod:`experiments.analysis.compare` tells them apart. The runs are those of a study (:mod:`experiments.studies.draws`).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import shorten
from calibration.posterior import Posterior, PosteriorError
from experiments.execution.batch import engine_of
from experiments.execution.drive import drive
from experiments.execution.progress import StudyProgress
from experiments.runs.posterior import MOST_DRAWS
from experiments.runs.tables import TABLES
from experiments.studies.collect import collect
from experiments.studies.draws import FOLDER, OverDraws, prepare
from experiments.studies.tables import read_run

if TYPE_CHECKING:
    import pandas as pd

    from abm import Region, Scenario

#: Quantiles of a band and what their columns are called.
QUANTILES = {"median": 0.5, "p05": 0.05, "p25": 0.25, "p75": 0.75, "p95": 0.95}


@dataclass(frozen=True)
class DrawnRuns:
    """One scenario over the draws of a posterior."""

    posterior: Posterior
    scenario: Scenario
    region: Region
    households: int
    seed: int
    #: A row for each run: ``draw`` (0 …), ``posterior_draw``, ``seed``, ``status``, ``cause``, then the parameters.
    draws: pd.DataFrame
    #: The usual tables, each with a leading column ``draw``.
    tables: Mapping[str, pd.DataFrame]
    #: ``year``, ``side``, ``indicator``, quantiles over draws, ``n`` draws that have a number.
    bands: pd.DataFrame


def run_draws(
    posterior: Posterior, scenario: Scenario, region: Region, *, draws: int = 50, households: int = 2000, seed: int = 7,
    executor: Any = None, store: Path | None = None, progress: Callable[[StudyProgress], None] | None = None,
) -> DrawnRuns:  # fmt: skip
    """Run a scenario once for each draw, each with its own seed made from ``seed``; a run that fails is recorded and left out.

    ``executor`` is an engine, an executor of ``concurrent.futures`` or a Dask client; this machine when left out. ``store`` is the folder of
    the study that does it, which goes on if it is there; without it the runs are not kept after the call. PosteriorError when no run ends well.
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise PosteriorError(f"draws is {draws}; it must be 1 to {MOST_DRAWS:,}")
    asked = OverDraws(posterior, (scenario,), str(region.folder), draws, 1, households, seed, "tables")
    with stored(store) as folder:
        carry_out(folder, asked, executor, progress)
        return read_draws(folder, asked, region)


@contextlib.contextmanager
def stored(folder: Path | None) -> Iterator[Path]:
    """A study's folder, or one that is gone afterwards where none is named."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="lintas-") as place:
        yield Path(place) / FOLDER


def carry_out(folder: Path, asked: OverDraws, executor: Any = None, progress: Callable[[StudyProgress], None] | None = None) -> None:
    """Run what the study of these draws lacks."""
    prepare(folder, asked)
    drive(folder, engine_of(executor, folder), progress=progress)


def read_draws(folder: Path, asked: OverDraws, region: Region) -> DrawnRuns:
    """The runs of a study over draws that was carried out, put together; PosteriorError when none ended well."""
    import pandas as pd

    rows = collect(folder).drop_duplicates("run_id").sort_values("point", ignore_index=True)
    well = rows[rows["status"] == "ok"]
    if not len(well):
        raise PosteriorError(f"no run ended well: {shorten(rows['cause'].iloc[0] if len(rows) else 'there is no run', 200)}")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for run_id, draw in zip(well["run_id"], well["point"].tolist(), strict=True):
        for name, table in read_run(folder, run_id).items():
            table.insert(0, "draw", draw)
            parts[name].append(table)
    tables = {name: pd.concat(parts[name], ignore_index=True) for name in TABLES}
    drawn = asked.posterior.sample(asked.draws, asked.seed).rename(columns={"draw": "posterior_draw"})
    drawn.insert(0, "draw", np.arange(len(drawn)))
    drawn.insert(2, "seed", rows["seed"].to_numpy())
    drawn.insert(3, "status", rows["status"].to_list())
    drawn.insert(4, "cause", rows["cause"].to_list())
    return DrawnRuns(
        asked.posterior, asked.scenarios[0], region, asked.households, asked.seed, drawn, tables, bands_of(tables["yearly"])
    )  # fmt: skip


def bands_of(yearly: pd.DataFrame) -> pd.DataFrame:
    """Quantiles over draws of each indicator, by year and side (see :class:`DrawnRuns`)."""
    import pandas as pd

    indicators = [c for c in yearly.columns if c not in ("draw", "year", "side")]
    long = yearly.melt(["draw", "year", "side"], indicators, "indicator", "value")
    groups = long.groupby(["year", "side", "indicator"], sort=False)["value"]
    found = pd.DataFrame({name: groups.quantile(q) for name, q in QUANTILES.items()} | {"n": groups.count()}).reset_index()
    order = {name: k for k, name in enumerate(indicators)}
    return found.sort_values(["year", "side", "indicator"], key=lambda c: c.map(order) if c.name == "indicator" else c, ignore_index=True)
