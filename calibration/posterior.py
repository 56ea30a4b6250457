"""What is known of the parameters after a calibration? A posterior: weighted draws of the fitted parameters, as a folder of data.

The folder holds ``manifest.json`` and ``draws.parquet``: a column ``draw`` (whole numbers), a column ``weight`` (they sum to 1),
and one column for each fitted parameter in the parameter's own unit. Posteriors that ship are in ``calibration/posteriors``,
one folder for each region.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from abm.errors import UserError, shorten
from abm.parameters import PARAMETERS, ScenarioError, check_fitted, check_widen
from abm.reading import Listed, Name, OpenEntries, check, is_ordinary, parse_json, read_bytes, read_text
from agents.core.declare import near

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "posteriors"
KIND = "lintas posterior"
#: How far the sum of the weights may be from 1, since a file rounds them.
SUM_TOLERANCE = 1e-6
#: Draws that a sample may have.
MOST_DRAWS = 1_000_000
_Word = Annotated[Name, Field(min_length=1, max_length=200)]


class PosteriorError(UserError):
    """A posterior that cannot be used."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted draws of fitted parameters, with what they were made from."""

    id: str
    region: str  #: id of the region
    region_hash: str
    model_version: str
    households: int  #: simulated households of its runs
    draws: pd.DataFrame  #: (draws, 2 + parameters): ``draw``, ``weight``, then a column for each parameter
    manifest: Mapping[str, Any]
    widen: float = 0.0  #: by which share of their width the priors' ranges were widened

    @property
    def parameters(self) -> list[str]:
        """Names of the fitted parameters, in the order of the columns."""
        return [str(c) for c in self.draws.columns[2:]]

    @property
    def model_versions(self) -> tuple[str, ...]:
        """Versions of the model that give its numbers: the one it was made with, and those for which ``confirm`` found the same numbers."""
        return (self.model_version, *self.manifest.get("same_numbers", ()))

    @classmethod
    def names(cls) -> list[str]:
        """Regions for which a posterior ships."""
        return sorted(p.parent.name for p in FOLDER.glob("*/manifest.json"))

    @classmethod
    def load(cls, name_or_path: str | Path) -> Posterior:
        """The posterior that ships for a region (by its name), or one in a folder; PosteriorError where it cannot be used."""
        folder = folder_of(name_or_path)
        said = read_posterior_manifest(folder / "manifest.json")
        widen = said.get("widen", 0.0)
        try:
            widen = check_widen(widen)
        except ScenarioError as error:
            raise PosteriorError(f"the posterior's manifest '{shorten(folder / 'manifest.json')}': {error}") from None
        draws = _read_draws(folder / "draws.parquet", list(said["parameters"]), widen)
        return cls(
            said["id"], said["region"], said["region_hash"], said["model_version"], said["households"], draws, said, widen
        )  # fmt: skip

    def values(self, row: int) -> dict[str, float]:
        """The parameters of one row of ``draws`` (counted from 0), for a model's argument ``fitted``."""
        return {n: float(self.draws[n].iloc[row]) for n in self.parameters}

    def sample(self, n: int, seed: int) -> pd.DataFrame:
        """``n`` draws (n × (1 + parameters): ``draw``, then the parameters) by systematic resampling of the weights.

        A draw of weight w comes floor(n w) or ceil(n w) times; the same ``n`` and ``seed`` give the same draws.
        """
        if not 1 <= n <= MOST_DRAWS:
            raise PosteriorError(f"{shorten(n)} draws cannot be taken from a posterior: give a whole number from 1 to {MOST_DRAWS:,}")
        from calibration.infer import systematic

        rows = systematic(self.draws["weight"].to_numpy(float), n, np.random.default_rng(seed).random())
        return self.draws.iloc[rows].drop(columns="weight").reset_index(drop=True)

    def central(self) -> dict[str, float]:
        """One draw that represents all: the one that the fit chose, else the weighted medoid in units of declared ranges.

        A point made of medians parameter by parameter may be far from every draw, since parameters are correlated. The fit's choice is a draw in the
        middle of its draws run anew, in outcomes and in effects of mechanisms. It holds only the parameters that the facts move; the others keep their declared
        values, the middle of what is known of them.
        """
        if self.manifest.get("central") is not None:
            try:
                return check_fitted(self.manifest["central"], self.widen)
            except ScenarioError as error:
                raise PosteriorError(f"the central draw of posterior '{shorten(self.id)}' cannot be used: {error}") from None
        from scipy.spatial.distance import cdist

        ranges = np.array([PARAMETERS[n].high - PARAMETERS[n].low for n in self.parameters])
        points = self.draws[self.parameters].to_numpy(float) / ranges
        weight = self.draws["weight"].to_numpy(float)
        # a thousand rows at a time: all distances at once would take a gigabyte for ten thousand draws
        far = np.concatenate([cdist(points[a : a + 1000], points) @ weight for a in range(0, len(points), 1000)])
        far[weight == 0] = np.inf
        return self.values(int(np.argmin(far)))


def folder_of(said: str | Path) -> Path:
    """The folder of a posterior: one that ships, by its region, or any other; PosteriorError where there is none."""
    path = Path(said)
    if isinstance(said, str) and len(path.parts) == 1 and is_ordinary(FOLDER / said / "manifest.json"):
        return FOLDER / said
    try:
        if path.is_dir():
            return path
    except (OSError, ValueError):
        pass
    if isinstance(said, str) and len(path.parts) == 1:
        known = Posterior.names()
        ships = f"posteriors ship for {', '.join(known)}" if known else "none ships with this version"
        raise PosteriorError(f"no posterior ships for the region '{shorten(said)}' ({ships}): name the folder of one")
    raise PosteriorError(f"there is no posterior folder '{shorten(said)}': name a folder with manifest.json and draws.parquet")


class _Manifest(OpenEntries):
    """What a posterior's manifest must hold, and the types of other entries that lintas reads."""

    id: _Word
    model_version: _Word
    same_numbers: list[str] = []  # noqa: RUF012
    region: _Word
    region_hash: _Word
    households: Annotated[int, Field(ge=1)]
    parameters: Annotated[tuple[_Word, ...], Listed, Field(min_length=1)]
    widen: Any = 0.0  # checked as a scenario's is
    without: Annotated[tuple[_Word, ...], Listed] | None = ()
    central: dict[str, Any] | None = None  # checked as fitted values are
    ess: Annotated[float, Field(ge=0)] = 0.0


def read_posterior_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a posterior, checked; PosteriorError where it cannot be used."""
    if not os.path.lexists(path):
        raise PosteriorError(f"'{shorten(path.parent)}' is not a posterior: it has no manifest.json")
    name = f"the posterior's manifest '{shorten(path)}'"
    hint = "; copy the posterior again"
    said = parse_json(read_text(path, "the posterior's manifest", error=PosteriorError), name, error=PosteriorError)
    if not isinstance(said, dict) or said.get("kind") != KIND:
        raise PosteriorError(f"'{shorten(path.parent)}' is not a posterior: its manifest is of another kind")
    if isinstance(said.get("parameters"), dict):  # names with details of each
        said["parameters"] = list(said["parameters"])
    check(_Manifest, said, name, error=PosteriorError, hint=hint)
    return said


def _read_draws(path: Path, names: list[str], widen: float) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    if not os.path.lexists(path):
        raise PosteriorError(f"'{shorten(path.parent)}' is not a posterior: it has no draws.parquet")
    raw = read_bytes(path, "the posterior's draws", error=PosteriorError)
    try:
        table = pd.read_parquet(io.BytesIO(raw))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError) as error:
        raise PosteriorError(
            f"the posterior's draws '{shorten(path)}' are damaged or not a Parquet file ({type(error).__name__}): copy the posterior again"
        ) from None
    what = f"the posterior's draws '{shorten(path)}'"
    columns = [str(c) for c in table.columns]
    for column in columns:
        if column not in ("draw", "weight") and column not in PARAMETERS:
            raise PosteriorError(f"{what}: there is no parameter '{shorten(column)}'; {near(column, PARAMETERS)}")
    if columns[:2] != ["draw", "weight"] or sorted(columns[2:]) != sorted(names):
        raise PosteriorError(
            f"{what} need the columns draw, weight and the parameters of the manifest, found {shorten(', '.join(columns))}"
        )
    if not len(table):
        raise PosteriorError(f"{what} hold no draw")
    if len(set(columns)) < len(columns):
        raise PosteriorError(f"{what} have a column twice")
    if any(table[c].dtype.kind not in "iuf" for c in columns) or table["draw"].dtype.kind == "f":
        raise PosteriorError(f"{what} hold columns without numbers, or draw is not a column of whole numbers")
    weight = table["weight"].to_numpy(float)
    if not np.isfinite(weight).all() or (weight < 0).any() or not math.isclose(weight.sum(), 1.0, abs_tol=SUM_TOLERANCE):
        raise PosteriorError(f"{what}: the weights sum to {weight.sum():g} or hold a negative one; they must be 0 or more and sum to 1")
    for name in columns[2:]:
        for value in (table[name].min(skipna=False), table[name].max(skipna=False)):
            try:
                check_fitted({name: float(value)}, widen)
            except ScenarioError as error:
                raise PosteriorError(f"{what}: {error}") from None
    return table
