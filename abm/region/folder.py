"""Where is a region, and what do its files hold besides the tables?

A region folder holds `region.toml`, the tables of :data:`abm.region.contract.TABLES`, and perhaps `fitted.toml` and `map.geojson`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from abm.errors import shorten
from abm.reading import check, parse_toml, read_bytes
from abm.region.contract import FITTED, MAY_LACK
from abm.region.files import FittedFile, Meta
from abm.region.table import RegionError, decode
from agents.core.declare import near

REGIONS = Path(__file__).resolve().parents[1] / "data" / "regions"
#: Outline of land, borders and rivers; a region may lack it.
OUTLINE = "map.geojson"
#: Bytes of the largest file of a region folder.
MOST_BYTES = 50_000_000


def regions() -> list[str]:
    """Names of the regions that ship."""
    return sorted(p.name for p in REGIONS.iterdir() if (p / "region.toml").is_file())


def find(name_or_path: str | Path) -> Path:
    """The folder of a region: a shipped name, or the path of a folder; RegionError where there is none."""
    if not isinstance(name_or_path, str | Path):
        raise RegionError(
            f"A region is named by a text or a path, found {shorten(name_or_path)!r}; give one of {', '.join(regions())} or a folder."
        )
    path = Path(name_or_path)
    try:
        if isinstance(name_or_path, str) and len(path.parts) == 1 and (REGIONS / name_or_path / "region.toml").is_file():
            return REGIONS / name_or_path
        if path.is_dir():
            return path
    except (OSError, ValueError) as error:  # a name too long, a folder that may not be entered, a null character
        raise RegionError(
            f"Region {shorten(name_or_path)!r} cannot be looked up: {getattr(error, 'strerror', None) or error}; "
            f"give the path of a folder with region.toml, or a name ({', '.join(regions())})."
        ) from None
    if len(path.parts) > 1 or path.is_absolute():
        raise RegionError(
            f"Region folder {shorten(path)} was not found; give the path of a folder with region.toml, or a name ({', '.join(regions())})."
        )
    raise RegionError(f"Region {shorten(name_or_path)!r} is unknown; {near(str(name_or_path), regions())}")


def read_file(path: Path) -> bytes:
    """The bytes of a file of a region folder; RegionError where it cannot be read."""
    return read_bytes(path, f"{path.name} of region folder {shorten(path.parent.name)}", error=RegionError, most=MOST_BYTES)


def read_files(folder: Path, tables: Iterable[str]) -> dict[str, bytes]:
    """The bytes of every file that a region is made from, by name: `region.toml`, these tables, and `fitted.toml` and `map.geojson` where there are such.

    RegionError where a file is missing or cannot be read.
    """
    path = folder / "region.toml"
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that may not be entered
        raise RegionError(f"Region folder {shorten(folder)} cannot be read: {error.strerror}; check its permissions.") from None
    if not is_there:
        raise RegionError(f"Region folder {folder}: the file region.toml is missing; add it or copy it from a shipped region.")
    found = {path.name: read_file(path)}
    for name in tables:
        if name in MAY_LACK and not (folder / name).exists():
            continue
        if not (folder / name).is_file():
            there = ", ".join(sorted(p.name for p in folder.glob("*.csv"))) or "no table at all"
            raise RegionError(f"Region {folder.name}: the file {name} is missing ({there} found); add it or copy it from a shipped region.")
        found[name] = read_file(folder / name)
    if (folder / FITTED).is_file():
        found[FITTED] = read_file(folder / FITTED)
    if (folder / OUTLINE).exists():
        found[OUTLINE] = read_file(folder / OUTLINE)
    return found


def meta_of(data: bytes) -> dict[str, Any]:
    """What `region.toml` says, its form checked (RegionError)."""
    meta = parse_toml(decode("region.toml", data), "region.toml", error=RegionError)
    check(Meta, meta, "region.toml", error=RegionError)
    return meta


def fitted_file_of(folder: Path, data: bytes) -> FittedFile:
    """What the bytes of a region's `fitted.toml` say, their form checked (RegionError).

    The names and ranges of its values are checked by :func:`abm.fitted.fitted_of`, where the parameters are known.
    """
    where = fitted_name(folder)
    return check(FittedFile, parse_toml(decode(where, data), where, error=RegionError), where, error=RegionError)


def read_fitted(folder: Path) -> FittedFile | None:
    """What the region's `fitted.toml` says, its form checked; None where there is no such file. RegionError where it cannot be read."""
    path = folder / FITTED
    return fitted_file_of(folder, read_file(path)) if path.is_file() else None


def fitted_name(folder: Path) -> str:
    """How a refusal names the file of fitted values."""
    return f"{FITTED} of region {shorten(folder.name)}"
