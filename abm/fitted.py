"""Which values were fitted to a region's facts?

A calibration writes them to the region's `fitted.toml`. The region's room reads the file and checks its form; the names and ranges of the
values are checked here, where the parameters are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from abm.parameters import ScenarioError, check_fitted, flat_table
from abm.region.folder import find, fitted_name, read_fitted
from abm.region.region import Region
from abm.region.table import RegionError


class Fitted(NamedTuple):
    """Values fitted to a region's facts, by parameter, and the posterior they come from; empty and None where there are none."""

    values: Mapping[str, float]
    posterior: str | None


def fitted_of(region: Region | str | Path) -> Fitted:
    """The fitted values of a region, or of a shipped name or folder without reading its tables.

    RegionError names the file where a value is not of a declared uncertain parameter, or outside its range.
    """
    if isinstance(region, Region):
        folder, said = region.folder, region.fitted_file
    else:
        folder = find(region)
        said = read_fitted(folder)
    if said is None:
        return Fitted({}, None)
    try:
        return Fitted(check_fitted(flat_table(said.parameters)), said.posterior)
    except ScenarioError as error:
        raise RegionError(f"{fitted_name(folder)}: {error}") from None
