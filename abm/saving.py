"""How is a run written down, and taken up again? As a manifest (what was run), or as a file with its whole state.

A saved run is a file of numpy arrays (the form of ``numpy.savez``) with one text among them, ``said``, as JSON: nothing in it is a program, and
reading it runs no code. Before a run goes on from it, every array is held against the one that a new run of the same scenario has there:
kind of number, shape, and for numbers of rows the range that they may have.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from abm.errors import ManifestError, UserError, shorten
from abm.reading import Name, OpenEntries, check, parse_json, read_bytes
from agents.core.declare import PARAMETERS, SWITCHES

if TYPE_CHECKING:
    from abm.model import BorderModel

KIND = "lintas saved run"
FORMAT = 2
#: Bytes of the largest saved run: one of 5 million households.
MOST_BYTES = 20_000_000_000
WORLD = ("place", "trade_link", "crossing", "facility", "district", "policy")


# --- what manifests and saved runs say -------------------------------------------------------------------------------


class RegionSaid(OpenEntries):
    """Which region a run was of."""

    id: Name
    hash: str
    where: str | None = None


class FittedSaid(OpenEntries):
    """The fitted values of a run, and the posterior they came from."""

    posterior: str | None = None
    parameters: dict[str, float] = {}  # noqa: RUF012


class RunManifest(OpenEntries):
    """The manifest of a run, as far as running it again needs it."""

    format: int = 1
    lintas: str
    scenario: dict[str, Any]
    region: RegionSaid
    fitted: FittedSaid = FittedSaid()
    households: int
    seed: int
    threads: int = 1
    rules_swapped: list[str] = []  # noqa: RUF012

    @classmethod
    def read(cls, said: Any) -> RunManifest:
        """The manifest, checked; ManifestError with one sentence on what is wrong."""
        if isinstance(said, Mapping) and isinstance(said.get("format", 1), int) and said.get("format", 1) != 1:
            raise ManifestError(f"the manifest has format {shorten(repr(said['format']))}; this lintas reads format 1 only")
        hint = ": it was changed by hand or cut off, or lintas did not write it"
        return check(cls, said, "the manifest", error=ManifestError, hint=hint)


class Said(OpenEntries):
    """The text in a saved run."""

    kind: str
    format: int
    lintas: str
    region_hash: str
    region: str
    scenario: dict[str, Any]
    fitted: FittedSaid
    households: int
    seed: int
    threads: int
    rules: list[str]
    month: Annotated[int, Field(ge=0, le=12 * 51)]
    values: dict[str, float]
    on: dict[str, bool]
    closed: dict[str, bool]
    purse: Annotated[list[float], Field(min_length=2, max_length=2)]


# --- writing ---------------------------------------------------------------------------------------------------------


def arrays_of(model: BorderModel) -> dict[str, np.ndarray]:
    """Every array of a run's state, by a path such as ``frames/household/uid`` (the arrays themselves, not copies)."""
    found = {f"frames/{name}/{column}": frame[column] for name, frame in model.frames.items() for column in frame.fields}
    for entity in WORLD:
        found |= {f"world/{entity}/{name}": values for name, values in getattr(model.world, entity).items()}
    found |= {"kin/ties": model.kin.ties, "kin/strengths": model.kin.strengths()}
    found |= {f"kin/columns/{name}": values for name, values in model.kin.columns.items()}
    found |= {f"record/{name}": values for name, values in model.record.__dict__.items()}
    return found | {
        "crisis": model._crisis_of_month,
        "line": model._line,
        "open": model._open_state,
        "hours_between": model.world.hours_between,
    }


def save(model: BorderModel, path: str | Path) -> None:
    """Write the whole state to a file (a draft beside it, flushed, then renamed); UserError where it cannot be written."""
    path = Path(path)
    said = {
        "kind": KIND, "format": FORMAT, "lintas": metadata.version("lintas"), "region_hash": model.region.hash, "region": model._region_name(),
        "scenario": model._said.to_dict(), "fitted": model._fitted_said(), "households": model.n_households, "seed": model.seed_of_run,
        "threads": model.threads, "rules": model.swapped, "month": model.month, "values": dict(model.settings.values),
        "on": dict(model.settings.on), "closed": dict(model.settings.closed), "purse": [float(v) for v in model.purse_at_start],
    }  # fmt: skip
    arrays = arrays_of(model)
    arrays["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_dir():
            raise UserError(f"the run cannot be saved to {shorten(path)}: that is a folder; give the name of a file in it")
        with open(draft, "wb") as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    except OSError as exc:
        raise UserError(
            f"the run cannot be saved to {shorten(path)}: {exc.strerror or exc}; give a file name in a folder that exists and can be written"
        ) from exc
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: str | Path) -> tuple[Said, dict[str, np.ndarray]]:
    """What a saved run says of itself, and its arrays; UserError where the file is no saved run or damaged."""
    shown = shorten(path)
    try:
        is_there = Path(path).exists()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        raise UserError(f"there is no saved run at {shown}")
    data = read_bytes(path, "the saved run", most=MOST_BYTES)
    if data[:1] == b"\x80":  # as older versions wrote it; such a file can run any code when it is read
        raise UserError(f"{shown} was saved by an older lintas, in a form that can hold a program, so it is not read: run it again")
    arrays: dict[str, np.ndarray] = {}
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as packed:
            if not isinstance(packed, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array only")
            sizes = [i.file_size for i in packed.zip.infolist()] if packed.zip is not None else []
            if sum(sizes) > 2 * len(data) + 1_000_000:  # written without compression: a larger sum is no saved run
                raise ValueError("its contents are larger than the file")
            arrays = {name: packed[name] for name in packed.files}
        text = arrays.pop("said").tobytes().decode("utf-8")
    except (OSError, ValueError, KeyError, EOFError, MemoryError, SyntaxError, NotImplementedError, RuntimeError, zipfile.BadZipFile, AttributeError) as exc:  # fmt: skip
        raise UserError(f"{shown} is not a saved run of lintas, or it was cut off: {shorten(exc)}") from exc
    where = f"{shown} is not a saved run that lintas wrote"
    plain = parse_json(text, where)
    if not isinstance(plain, dict) or plain.get("kind") != KIND:
        raise UserError(f"{where}: it does not say so")
    if isinstance(plain.get("lintas"), str) and plain["lintas"] != metadata.version("lintas"):
        raise UserError(
            f"{shown} was saved by lintas {shorten(plain['lintas'], 20)}, this is {metadata.version('lintas')}: continue it with that version"
        )
    if plain.get("format") != FORMAT:
        raise UserError(f"{shown} has format {shorten(plain.get('format'), 20)}; this lintas reads saved runs of format {FORMAT} only")
    said = check(Said, plain, where)
    for what, found, known in (("values", said.values, PARAMETERS), ("on", said.on, SWITCHES)):
        if set(found) != set(known):
            raise UserError(f"{where}: the names in its {what} are not those of this lintas")
    return said, arrays


def check_arrays(model: BorderModel, arrays: Mapping[str, np.ndarray], month: int, where: str) -> None:
    """Refuse arrays that a run could not go on from: others than a new run has, of another kind or shape, or rows that do not exist."""
    own = arrays_of(model)
    lacking, more = sorted(set(own) - set(arrays)), sorted(set(arrays) - set(own))
    if lacking or more:
        raise UserError(f"{where}: it lacks {lacking[0]}" if lacking else f"{where}: it holds {shorten(more[0])}, which no run has")
    rows = {name: len(arrays[f"frames/{name}/uid"]) for name in model.frames if arrays[f"frames/{name}/uid"].ndim == 1}
    for name, values in arrays.items():
        mine = own[name]
        if values.dtype != mine.dtype or values.ndim != mine.ndim:
            raise UserError(f"{where}: {name} is of another kind or shape than a run has it")
        if name.startswith("frames/"):
            fits = values.shape == (rows.get(name.split("/")[1]), *mine.shape[1:])
        elif name.startswith("record/") or name == "crisis":
            needed = month if len(mine) == model.n_months else math.ceil(month / 12)
            fits = values.shape[1:] == mine.shape[1:] and len(values) >= min(needed, len(mine))
        elif name.startswith("kin/"):
            fits = values.shape[1:] == mine.shape[1:]
        else:
            fits = values.shape == mine.shape
        if not fits:
            raise UserError(f"{where}: {name} has the shape {values.shape}, which does not fit")
    for name, low, high in _ranges(model, arrays, rows):
        values = arrays[name]
        if values.size and not (low <= values.min() and values.max() <= high):
            raise UserError(f"{where}: {name} holds numbers outside {low} to {high}")
    length = len(arrays["kin/columns/contact"])
    if length != 2 * len(arrays["kin/ties"]) or len(arrays["kin/columns/strength"]) != length:
        raise UserError(f"{where}: the ties have columns of another length")
    for name in rows:
        uids = arrays[f"frames/{name}/uid"]
        if len(np.unique(uids)) < len(uids) or not rows[name]:
            raise UserError(f"{where}: frames/{name}/uid is empty or holds a number twice")
    ties = arrays["kin/ties"]
    if len(arrays["kin/strengths"]) != len(ties) or not np.isin(ties, arrays["frames/household/uid"]).all():
        raise UserError(f"{where}: kin/ties does not fit the households")


def _ranges(model: BorderModel, arrays: Mapping[str, np.ndarray], rows: Mapping[str, int]) -> Iterator[tuple[str, int, int]]:
    """Arrays that say rows of other tables, or numbers of options, and the range in which those lie."""
    world = model.world
    n = {
        "place": world.n_places,
        "crossing": len(world.crossing_names),
        "district": len(world.district_names),
        "facility": len(world.facility["quality"]),
    }
    for entity in ("household", "trader", "official"):
        yield f"frames/{entity}/place", 0, n["place"] - 1
        yield f"frames/{entity}/side", 0, 1
    yield "frames/household/group", 0, len(model.region.groups) - 1
    yield "frames/household/trader", -1, rows["trader"] - 1
    yield "frames/trader/household", -1, rows["household"] - 1
    yield "frames/trader/good", -1, 3
    yield "frames/trader/direction", -1, 1
    yield "frames/trader/channel", -1, 3
    yield "frames/official/crossing", -1, n["crossing"] - 1
    yield "frames/official/district", -1, n["district"] - 1
    own = arrays_of(model)
    for name in arrays:
        tail = name.rsplit("/", 1)[-1]
        if name.startswith(("world/", "record/")) and arrays[name].dtype.kind == "i":
            what = tail.split("_")[0]
            if what in ("crossing", "facility", "district", "partner") or tail.endswith("_crossing"):
                key = "crossing" if tail.endswith("_crossing") else "place" if what == "partner" else what
                yield name, -1, n[key] - 1
            else:
                yield name, int(own[name].min()) if own[name].size else 0, int(own[name].max()) if own[name].size else 0
        elif name.startswith("frames/") and own[name].dtype == np.int8:
            yield name, -1, 127


def restore(model: BorderModel, said: Said, arrays: Mapping[str, np.ndarray], *, own_scenario: bool) -> None:
    """Put a saved state into a new model of the same region, seed and size (see :func:`check_arrays`)."""
    from abm.world.kinship import Kin
    from abm.world.kinship import Parameters as Kinship
    from agents.core.frame import AgentFrame
    from agents.household.keep_ties import Parameters as KeepTies

    def below(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}

    model.month = said.month
    for entity in model.frames:
        model.frames[entity] = AgentFrame(entity, below(f"frames/{entity}/"))
    for entity in WORLD:
        for name, values in below(f"world/{entity}/").items():
            getattr(model.world, entity)[name][:] = values
    model.kin = Kin(
        model.frames["household"], arrays["kin/ties"], np.zeros((model.world.n_places,) * 2), model.world.place["side"], arrays["kin/strengths"],
        0.0, model.settings.of(Kinship), model.settings.of(KeepTies),
    )  # fmt: skip
    for name in ("contact", "strength", "is_on", "income_gap"):  # what else a tie has follows from who is tied to whom
        model.kin.columns[name][:] = arrays[f"kin/columns/{name}"]
    for name, values in below("record/").items():
        mine = getattr(model.record, name)
        n = min(len(values), len(mine))
        mine[:n] = values[:n]
    if own_scenario:
        model.settings.values, model.settings.on, model.settings.closed = dict(said.values), dict(said.on), dict(said.closed)
        model.settings._tuples.clear()
    else:
        for month in range(said.month):
            model.settings.apply(month)
    n = min(len(arrays["crisis"]), model.n_months)
    model._crisis_of_month[:n] = arrays["crisis"][:n]
    model._line[:] = arrays["line"]
    model.purse_at_start = list(said.purse)
    model._open_state = arrays["open"].copy()
    model.world.hours_between = arrays["hours_between"].copy()
