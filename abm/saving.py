"""How is a run saved with its whole state, and taken up again?

A saved run is a file of numpy arrays (the form of ``numpy.savez``) with one text among them, ``said``, as JSON: nothing in it is a program, and
reading it runs no code. Before a run goes on from it, every array is compared with the one that a new run of the same scenario has there:
kind of number, shape, and for numbers of rows the range that they may have.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from abm import changes
from abm.errors import UserError, shorten
from abm.manifest import FittedSaid, fitted_said, region_name
from abm.own_rules import names_of, own_rules
from abm.parameters import START_ONLY, check_fitted, month_text
from abm.reading import OpenEntries, check, parse_json, read_bytes
from abm.running import Run
from abm.scenario import Scenario
from abm.world.columns import ENTITIES
from abm.world.feasts import feast_table
from abm.world.kinship import Kin
from abm.world.travel import set_hours
from abm.writing import whole_file
from agents.core import memory
from agents.core.declare import PARAMETERS, SWITCHES
from agents.core.frame import AgentFrame

KIND = "lintas saved run"
FORMAT = 5
#: Bytes of the largest saved run: one of 5 million households.
MOST_BYTES = 20_000_000_000
AGENTS = ("household", "trader", "official")
#: What of the columns of kin does not follow from the ties, their strengths and kinds, and the region.
KIN_COLUMNS = ("contact", "is_on", "income_gap", "n_new")


# --- what a saved run says -------------------------------------------------------------------------------------------


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
    savings_at_start: Annotated[list[float], Field(min_length=2, max_length=2)]


class Then(NamedTuple):
    """What of a run's state is no array: months run, values, switches and closed crossings in force, savings by side before January 1980."""

    month: int
    values: Mapping[str, float]
    on: Mapping[str, bool]
    closed: Mapping[str, bool]
    savings_at_start: Sequence[float]


# --- writing ---------------------------------------------------------------------------------------------------------


def then_of(run: Run) -> Then:
    """What of a run's state is no array, copied."""
    now, savings = run.settings, [float(v) for v in run.savings_at_start]
    return Then(run.month, dict(now.values), dict(now.on), dict(now.closed), savings)


def arrays_of(run: Run, with_record: bool = True) -> dict[str, np.ndarray]:
    """Every array of a run's state, by a path such as ``frames/household/uid`` (the arrays themselves, not copies)."""
    found = {f"frames/{name}/{column}": frame[column] for name, frame in run.frames.items() for column in frame.fields}
    for entity in ENTITIES:
        found |= {f"world/{entity}/{name}": values for name, values in getattr(run.world, entity).items()}
    found |= {"kin/ties": run.kin.ties, "kin/strengths": run.kin.strengths(), "kin/kinds": run.kin.kinds()}
    found |= {f"kin/columns/{name}": run.kin.columns[name] for name in KIN_COLUMNS}
    if with_record:
        found |= {f"record/{name}": values for name, values in run.record.__dict__.items()}
    return found | {
        "crisis": run.crisis_of_month,
        "carried": run.carried,
        "open": run.open_now,
        "hours_between": run.world.hours_between,
    }


def save(run: Run, path: str | Path) -> None:
    """Write the whole state to a file (a draft beside it, flushed, then renamed); UserError where it cannot be written."""
    path = Path(path)
    said = {
        "kind": KIND, "format": FORMAT, "lintas": metadata.version("lintas"), "region_hash": run.region.hash, "region": region_name(run.region),
        "scenario": run.own_scenario.to_dict(), "fitted": fitted_said(run), "households": run.n_households, "seed": run.seed_of_run,
        "threads": run.threads, "rules": run.swapped, **then_of(run)._asdict(),
    }  # fmt: skip
    arrays = arrays_of(run)
    arrays["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    try:
        if path.is_dir():
            raise UserError(f"the run cannot be saved to {shorten(path)}: that is a folder; give the name of a file in it")
        with whole_file(path) as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]
    except OSError as exc:
        raise UserError(
            f"the run cannot be saved to {shorten(path)}: {exc.strerror or exc}; give a file name in a folder that exists and can be written"
        ) from exc


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


def check_arrays(run: Run, arrays: Mapping[str, np.ndarray], month: int, where: str) -> None:
    """Refuse arrays that a run could not go on from: others than a new run has, of another kind or shape, or rows that do not exist."""
    own = arrays_of(run)
    lacking, more = sorted(set(own) - set(arrays)), sorted(set(arrays) - set(own))
    if lacking or more:
        raise UserError(f"{where}: it lacks {lacking[0]}" if lacking else f"{where}: it holds {shorten(more[0])}, which no run has")
    rows = {name: len(arrays[f"frames/{name}/uid"]) for name in run.frames if arrays[f"frames/{name}/uid"].ndim == 1}
    for name, values in arrays.items():
        if values.dtype != own[name].dtype or values.ndim != own[name].ndim:
            raise UserError(f"{where}: {name} is of another kind or shape than a run has it")
        if not _fits(name, values, own[name], run.n_months, month, rows):
            raise UserError(f"{where}: {name} has the shape {values.shape}, which does not fit")
    for name, low, high in _ranges(run, own, arrays, rows):
        values = arrays[name]
        if values.size and not (low <= values.min() and values.max() <= high):
            raise UserError(f"{where}: {name} holds numbers outside {low} to {high}")
    _check_ties(arrays, where)
    for name in rows:
        uids = arrays[f"frames/{name}/uid"]
        if len(np.unique(uids)) < len(uids) or (not rows[name] and name == "official"):  # all households and traders may have left
            raise UserError(f"{where}: frames/{name}/uid is empty or holds a number twice")


def _fits(name: str, values: np.ndarray, own: np.ndarray, n_months: int, month: int, rows: Mapping[str, int]) -> bool:
    """Whether an array has the shape that it has in a new run, ``own``: as many rows as agents, as many months as were run, or more."""
    if name.startswith("frames/"):
        return values.shape == (rows.get(name.split("/")[1]), *own.shape[1:])
    if name.startswith("record/") or name in ("crisis", "carried"):
        needed = month if len(own) == n_months else math.ceil(month / 12)
        return values.shape[1:] == own.shape[1:] and len(values) >= min(needed, len(own))
    if name in ("kin/ties", "kin/strengths", "kin/kinds"):
        return values.shape[1:] == own.shape[1:]
    return values.shape == own.shape


def _check_ties(arrays: Mapping[str, np.ndarray], where: str) -> None:
    """Refuse ties that are not as many as their strengths, that tie households which are not there, or one to itself."""
    ties = arrays["kin/ties"]
    if not len(arrays["kin/strengths"]) == len(arrays["kin/kinds"]) == len(ties):
        raise UserError(f"{where}: the ties have columns of another length")
    if not np.isin(ties, arrays["frames/household/uid"]).all() or (ties[:, 0] == ties[:, 1]).any():
        raise UserError(f"{where}: kin/ties does not fit the households")


def _ranges(
    run: Run, own: Mapping[str, np.ndarray], arrays: Mapping[str, np.ndarray], rows: Mapping[str, int]
) -> Iterator[tuple[str, int, int]]:
    """Arrays that say rows of other tables, or numbers of options, and the range in which those lie."""
    world = run.world
    n = {
        "place": world.n_places,
        "crossing": len(world.crossing_names),
        "district": len(world.district_names),
        "facility": len(world.facility["quality"]),
        "village": len(world.village_names),
    }
    for entity in ("household", "trader", "official"):
        yield f"frames/{entity}/place", 0, n["place"] - 1
        yield f"frames/{entity}/side", 0, 1
    yield "frames/household/village", 0, n["village"] - 1
    yield "frames/household/group", 0, len(run.region.groups) - 1
    yield "frames/household/trader", -1, rows["trader"] - 1
    yield "frames/trader/household", -1, rows["household"] - 1
    yield "kin/kinds", 0, 1
    yield "frames/trader/good", -1, 3
    yield "frames/trader/direction", -1, 1
    yield "frames/trader/channel", -1, 3
    yield "frames/official/crossing", -1, n["crossing"] - 1
    yield "frames/official/district", -1, n["district"] - 1
    for name in arrays:
        tail = name.rsplit("/", 1)[-1]
        if name.startswith(("world/", "record/")) and arrays[name].dtype.kind == "i":
            what = tail.split("_")[0]
            if what in ("crossing", "facility", "district", "partner") or tail.endswith("_crossing") or tail == "place_work":
                key = "crossing" if tail.endswith("_crossing") else "place" if what in ("partner", "place") else what
                yield name, -1, n[key] - 1
            else:
                yield name, int(own[name].min()) if own[name].size else 0, int(own[name].max()) if own[name].size else 0
        elif name.startswith("frames/") and own[name].dtype == np.int8:
            yield name, -1, 127


def restore(run: Run, then: Then, arrays: Mapping[str, np.ndarray], *, keeps_scenario: bool) -> None:
    """Put a saved state into a new run of the same region, seed and size (see :func:`check_arrays`).

    ``arrays`` are those of :func:`arrays_of`; of the record they may hold the months before ``then`` only. They are copied. With
    ``keeps_scenario`` the values of ``then`` remain in force, else those that the run's own scenario has in that month.
    """

    def below(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}

    run.month = then.month
    run.frames = {entity: AgentFrame(entity, below(f"frames/{entity}/")) for entity in AGENTS}
    for entity in ENTITIES:
        for name, values in below(f"world/{entity}/").items():
            getattr(run.world, entity)[name][:] = values
    kin = below("kin/columns/")
    run.kin = Kin.of_ties(
        run.frames["household"], arrays["kin/ties"], arrays["kin/strengths"], kin["contact"], float(kin["income_gap"][0]),
        arrays["kin/kinds"], feast_table(run.region.groups),
    )  # fmt: skip
    for name in ("is_on", "n_new"):
        run.kin.columns[name][:] = kin[name]
    for name, values in below("record/").items():
        mine = getattr(run.record, name)
        n = min(len(values), len(mine))
        mine[:n] = values[:n]
    if keeps_scenario:
        run.settings.put(then.values, then.on, then.closed)
    else:
        for month in range(then.month):
            run.settings.apply(month)
    n = min(len(arrays["crisis"]), run.n_months)
    run.crisis_of_month[:n] = arrays["crisis"][:n]
    n = min(len(arrays["carried"]), run.n_months)
    run.carried[:n] = arrays["carried"][:n]
    run.savings_at_start = list(then.savings_at_start)
    run.open_now = arrays["open"].copy()
    run.world.hours_between = arrays["hours_between"].copy()
    changes.set_mechanisms(run)
    set_hours(run.world, 1980 + max(run.month - 1, 0) // 12, run.world.district["road"])
    run.unbind()


# --- going on --------------------------------------------------------------------------------------------------------


def check_end(scenario: Scenario, month: int, shown: str) -> None:
    """UserError for a scenario that ends before the state of ``month``, which ``shown`` names."""
    if scenario.n_months < month:
        raise UserError(
            f"{shown} was saved after {month_text(month - 1)}, but scenario '{scenario.name}' ends in {scenario.end}: give one that ends later"
        )


def check_start(run: Run, values: Mapping[str, float], shown: str) -> None:
    """UserError where a run's scenario sets other ``values`` that only shape the start than the state that ``shown`` names began with."""
    for name in (n for n in PARAMETERS if n.startswith(START_ONLY)):
        if run.settings.values[name] != values[name]:
            raise UserError(
                f"scenario '{run.own_scenario.name}' sets {name} = {run.settings.values[name]:g}, which only shapes the world of January 1980, and "
                f"the run in {shown} started with {values[name]:g}: start a new run for it"
            )


def take_up[R: Run](
    make: Callable[..., R], path: str | Path, scenario: Scenario | str | None, rules: Mapping[str, Callable[..., Any]] | None
) -> R:
    """A run as it was saved to a file, to go on under its own scenario (None) or another one; UserError where it cannot.

    ``make`` makes a run from what :class:`abm.simulation.Simulation` takes.
    """
    said, arrays = read(path)
    shown, given = shorten(path), names_of(own_rules(rules))
    if said.rules != given:
        names = [", ".join(r) or "none" for r in (said.rules, given)]
        raise UserError(
            f"{shown} was saved by a run with these rules of its own: {shorten(names[0])}; given are: {shorten(names[1])}; give the same as rules="
        )
    own = Scenario.from_dict(said.scenario)
    chosen = own if scenario is None else scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    check_end(chosen, said.month, shown)
    fitted = check_fitted(said.fitted.parameters, own.widen)
    run = make(chosen, region=said.region, households=said.households, rng=said.seed, threads=said.threads, rules=rules, fitted=fitted)
    run.fitted_from = said.fitted.posterior
    if run.region.hash != said.region_hash:
        raise UserError(f"the data of region '{run.region.id}' have changed since {shown} was saved")
    check_start(run, said.values, shown)
    check_arrays(run, arrays, said.month, f"{shown} is not a saved run that lintas wrote")
    then = Then(said.month, said.values, said.on, said.closed, said.savings_at_start)
    restore(run, then, arrays, keeps_scenario=scenario is None)
    arrays.clear()
    memory.give_back()
    return run
