"""A copy of the shipped region with a file of fitted values, as a calibration writes it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from abm.parameters import PARAMETERS
from abm.region import FITTED, REGIONS

NAME = "west-kalimantan-sarawak"
#: Uncertain parameters to be fitted here, at other values than the declared ones.
VALUES = {
    n: PARAMETERS[n].low + 0.7 * (PARAMETERS[n].high - PARAMETERS[n].low)
    for n in ("household.fall_ill.p_minor", "household.seek_care.weight_quality", "world.series.wage_lag")
}


def write_fitted(region: Path, values: Mapping[str, float] = VALUES, posterior: str = "made-up-1") -> None:
    """Write fitted values into a region folder."""
    lines = [
        f'posterior = "{posterior}"',
        'model_version = "0.1.0+made-up"',
        "[parameters]",
        *(f'"{n}" = {v!r}' for n, v in values.items()),
    ]
    (region / FITTED).write_text("\n".join(lines) + "\n", encoding="utf-8")


def region_folder(place: Path, values: Mapping[str, float] | None = VALUES) -> Path:
    """A region folder below ``place``, with fitted values unless ``values`` is None."""
    folder = place / NAME
    shutil.copytree(REGIONS / NAME, folder, ignore=shutil.ignore_patterns("raw", FITTED))
    if values is not None:
        write_fitted(folder, values)
    return folder
