"""What is a study? A design over parameters, switches, scenarios, regions and sizes of world, written as a TOML file.

Nothing here names a parameter, an output or a switch: what may be varied and recorded is read from the declarations.
"""

from __future__ import annotations

import ast
import io
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args

import abm.declarations  # noqa: F401  (fills the registries)
from abm.claims.statistic import Statistic, Take, taken
from abm.errors import UserError, shorten
from abm.reading import Entries, Listed, Name, check, is_ordinary, parse_toml, read_bytes, read_text
from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES, near
from experiments.options import DEFAULT_REGION, MOST_SEED

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario

Design = Literal["factorial", "lhs", "sobol", "saltelli", "morris", "shapley", "list", "posterior"]
#: What is kept of a run: its years, declared numbers only, or its years and every table as ``lintas run`` writes them.
Record = Literal["yearly", "summaries", "tables"]
SWITCH = "switch."
SIDES = ("id", "my")
#: Designs whose analysis needs all rows of a block: SALib lays them out.
BLOCK_DESIGNS = ("saltelli", "morris", "shapley")
#: Designs that take any number of points.
SAMPLED = ("lhs", "sobol", *BLOCK_DESIGNS)
#: More rows than this are a slip of the pen rather than a study.
MOST_RUNS = 50_000_000
#: Bytes of the largest table of a design.
MOST_TABLE_BYTES = 2_000_000_000


class StudyError(UserError):
    """A study that cannot be planned."""


@dataclass(frozen=True)
class Varied:
    """One dimension of a design: a parameter between two values, or a switch (``switch.NAME``, 0 off and 1 on)."""

    name: str
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    levels: tuple[float, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether this is a mechanism that is on or off."""
        return self.name.startswith(SWITCH)

    def at(self, unit: Any) -> Any:
        """The value at a place between 0 (low) and 1 (high); for a switch off below one half."""
        import numpy as np

        unit = np.asarray(unit, dtype=float)
        if self.is_switch:
            return (unit >= 0.5).astype(float)
        if self.scale == "log":
            value = np.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + unit * (self.high - self.low)
        return np.clip(value, self.low, self.high)


@dataclass(frozen=True)
class Summary:
    """One number of a run: an output on one side over some years."""

    name: str
    output: str
    side: str
    first: int
    last: int
    take: Take = "mean"

    def of(self, yearly: pd.DataFrame) -> float:
        """The number, from a run's yearly table (``nan`` where the years were not reached or hold no number)."""
        mine = yearly[yearly["side"] == self.side].sort_values("year")
        statistic = Statistic(self.output, self.side, self.first, self.last, self.take)
        kept = statistic.reached(mine["year"].to_numpy(), mine[self.output].to_numpy(float))
        # as a row of many: numpy adds in another order, and tables that stand already have its last bit
        return float(taken(kept[None], self.take)[0]) if len(kept) else math.nan


@dataclass(frozen=True)
class Study:
    """A design, checked. Arms (scenarios × regions × sizes of world) and replicates are crossed with its points."""

    name: str
    design: Design = "list"
    points: int = 1
    replicates: int = 1
    seed: int = 1
    scenarios: tuple[str, ...] = ("history",)
    regions: tuple[str, ...] = (DEFAULT_REGION,)
    households: tuple[int, ...] = (2000,)
    end: str | None = None
    vary: tuple[Varied, ...] = ()
    set: Mapping[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    record: Record = "yearly"
    outputs: tuple[str, ...] = ()
    summaries: tuple[Summary, ...] = ()
    deadline: float | None = None
    measure: str | None = None
    table: str | None = None
    #: Rows of a ``list`` design given in the file itself (names and values).
    rows: tuple[Mapping[str, float], ...] = ()
    #: Whether what is neither varied nor set has the values fitted to the region, or its declared starting values.
    fitted: bool = True
    #: Parameters may lie outside their declared range by this share of its width.
    widen: float = 0.0
    #: Whether all points share the seeds of the replicates (so that points differ by their values only), or each point has its own.
    common_draws: bool = True
    #: Whether a point's values stand where fitted values stand (what a scenario sets holds over them), or over what the scenario sets.
    as_fitted: bool = False
    #: Whether replicate r of point k has the seed of number k × replicates + r, so that no two points share one; such a study cannot be extended.
    seeds_in_order: bool = False

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Read a study file; each mistake in it gives one sentence with file and key."""
        path = Path(path)
        if not os.path.lexists(path):
            raise StudyError(f"there is no study file '{shorten(path)}'; name a TOML file")
        said = parse_toml(read_text(path, "the study file", error=StudyError), shorten(path.name), error=StudyError)
        try:
            return read_study(said, path.absolute().parent, path.stem)
        except UserError as error:
            raise StudyError(f"{shorten(path.name)}: {error}") from None
        except RecursionError:
            raise StudyError(f"{shorten(path.name)}: its tables are nested too deep") from None

    def to_dict(self) -> dict[str, Any]:
        """The study as plain data."""
        return asdict(self) | {"set": dict(self.set), "rows": [dict(r) for r in self.rows]}

    def yearly_outputs(self) -> tuple[str, ...]:
        """The outputs that the yearly record keeps."""
        return self.outputs or tuple(n for n, o in OUTPUTS.items() if "yearly" in o.tables)

    def arms(self) -> list[tuple[str, str, int]]:
        """Scenario, region and households of each arm."""
        return [(s, r, h) for s in self.scenarios for r in self.regions for h in self.households]

    def scenario(self, name: str) -> Scenario:
        """The scenario of an arm with what the study sets in it, before the point's own values."""
        from abm import Scenario

        return Scenario.load(name, set=self.set, without=self.without, end=self.end, widen=self.widen)


# --- reading a study file -------------------------------------------------------------------------------------------


class StudyFile(Entries):
    """The entries of a study file, before they are held against each other and against what the model declares."""

    name: Name | None = None
    design: str = "list"
    points: int | None = None
    replicates: int = 1
    seed: int = 1
    scenarios: Annotated[tuple[Name, ...], Listed] = ("history",)
    regions: Annotated[tuple[Name, ...], Listed] = (DEFAULT_REGION,)
    households: Any = 2000
    end: Any = None
    vary: Any = None
    set: dict[str, Any] = {}  # noqa: RUF012
    without: Annotated[tuple[Name, ...], Listed] = ()
    record: str = "yearly"
    outputs: Annotated[tuple[Name, ...], Listed] = ()
    summaries: dict[Name, Any] = {}  # noqa: RUF012
    deadline: float | None = None
    measure: Name | None = None
    table: Name | None = None
    fitted: bool = True
    widen: float = 0.0
    common_draws: bool = True
    as_fitted: bool = False
    seeds_in_order: bool = False


class VaryEntry(Entries):
    """What [vary] says of one parameter."""

    low: float | None = None
    high: float | None = None
    scale: str | None = None
    levels: Any = None
    steps: int | None = None


class SummaryEntry(Entries):
    """What [summaries] says of one number."""

    output: Any = None
    side: str = "id"
    first: int = 1980
    last: int = 2030
    take: str = "mean"


def read_study(said: Mapping[str, Any], folder: Path, stem: str) -> Study:
    """The study of a parsed file; paths in it are taken from ``folder``."""
    entries = _checked(StudyFile, dict(said))
    name = stem if entries.name is None else entries.name
    if name.strip(" .") == "" or any(c in name for c in "/\\\0\n"):
        raise StudyError(f"name = {shorten(repr(name))} cannot name a folder; use letters, digits, spaces and dashes")
    design = entries.design
    if design not in get_args(Design):
        raise StudyError(f"design = '{shorten(design)}' is unknown; {near(shorten(design), get_args(Design))}")
    table = None if entries.table is None else str(folder / entries.table)
    widen = entries.widen
    if not 0.0 <= widen <= 1.0:
        raise StudyError(f"widen = {widen:g}: give a share of the declared range, from 0 to 1")
    vary, rows = _vary({} if entries.vary is None else entries.vary, design, entries.points, widen)
    if design in ("list", "posterior"):
        if vary:
            raise StudyError(
                f'[vary] does not go with design = "{design}", whose values come from a table; leave it out or use [[vary]] rows'
            )
        if design == "posterior" and table is None:
            raise StudyError('design = "posterior" needs table = "draws.csv" (or .parquet): a column for each parameter, weight if any')
        if table is not None and rows:
            raise StudyError("the list is given twice, as table and as [[vary]] rows; keep one")
    elif table is not None:
        raise StudyError(f'table = "{shorten(Path(table).name)}" goes with design = "list" or "posterior" only, found "{design}"')
    elif not vary:
        raise StudyError(
            f'design = "{design}" needs a table [vary] with at least one parameter; an empty entry {{}} means its declared range'
        )
    listed = None if table is None else table_of(table, design, widen)
    columns = set() if listed is None else {*listed.columns} - {"weight"}
    points = _points(entries.points, design, 0 if listed is None else len(listed))
    if design in ("sobol", "saltelli") and not power_of_two(points):
        raise StudyError(
            f"points = {points}: a Sobol sequence is balanced at powers of two only; use {_power(points, 0)} or {_power(points, 1)}"
        )
    if design == "saltelli" and points < 2:
        raise StudyError('points = 1: design = "saltelli" needs at least 2 base points')
    numbers = _table("set", entries.set, widen)
    without, scenarios = entries.without, entries.scenarios
    varied_names = {v.name for v in vary} | {n for r in rows for n in r} | columns
    for what in numbers:
        if what in varied_names:
            raise StudyError(f"'{what}' is set and varied; keep it in [set] or in {'[vary]' if what not in columns else 'the table'}")
    for what in without:
        if f"{SWITCH}{what}" in varied_names:
            place = "[vary]" if f"{SWITCH}{what}" not in columns else "the table"
            raise StudyError(f"the mechanism '{shorten(what)}' is switched off and varied; keep it in without or in {place}")
    record = entries.record
    if record not in get_args(Record):
        raise StudyError(
            f'record = \'{shorten(record)}\' is unknown; write "yearly" (all years), "summaries" (declared numbers only) or "tables" '
            f"(all years, and every table of each run)"
        )
    summaries = _summaries(entries.summaries)
    measure = _measure(entries.measure, folder)
    if record == "summaries" and not summaries and measure is None:
        raise StudyError('record = "summaries" needs [summaries] such as NAME = { output = …, side = "id", first = 1980, last = 1989 }')
    outputs = entries.outputs
    yearly = tuple(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
    for output in outputs:
        if output not in yearly:
            raise StudyError(f"outputs: there is no yearly output '{shorten(output)}'; {near(shorten(output), yearly)}")
    if outputs and record == "summaries":
        raise StudyError('outputs goes with record = "yearly"; summaries name their outputs themselves')
    taken = {*varied_names, *((outputs or yearly) if record != "summaries" else ())}
    for summary in summaries:
        if summary.name in taken:
            raise StudyError(
                f"summary '{shorten(summary.name)}' has the name of another column of the collected table; call it something else"
            )
    if entries.seeds_in_order and not entries.common_draws:
        raise StudyError("seeds_in_order and common_draws = false are two ways to give seeds to points; keep one")
    study = Study(
        name=name, design=cast(Design, design), points=points, replicates=_whole("replicates", entries.replicates, 1, 1_000_000), seed=_whole("seed", entries.seed, 0, MOST_SEED),
        scenarios=tuple(_scenario(s, folder) for s in scenarios), regions=tuple(_region(r, folder) for r in entries.regions),
        households=_sizes(entries.households), end=entries.end, vary=vary, set=numbers, without=without, record=cast(Record, record), outputs=outputs,
        summaries=summaries, deadline=_seconds(entries.deadline), measure=measure, table=table, rows=rows,
        fitted=entries.fitted, widen=widen, common_draws=entries.common_draws,
        as_fitted=entries.as_fitted, seeds_in_order=entries.seeds_in_order,
    )  # fmt: skip
    _check_arms(study)
    return study


def _checked[T: Entries](kind: type[T], said: Any, where: str = "") -> T:
    """Entries of their types; ``where`` begins the sentence of what is not ("vary 'household.income.x'")."""
    try:
        return check(kind, said, "", error=StudyError)
    except StudyError as error:
        text = str(error).removeprefix(": ")
        raise StudyError(f"{where}: {text}" if where else text) from None


def _points(said: int | None, design: str, rows: int) -> int:
    """How many points; a design that has no number of its own must be told one."""
    if said is not None and design == "list":
        raise StudyError('points does not go with design = "list", whose points are its rows; leave it out')
    if said is None and design in SAMPLED:
        raise StudyError(f'design = "{design}" needs points = N, the size of the design; for example points = 64')
    if said is None and design == "posterior":
        return rows
    return _whole("points", 1 if said is None else said, 1, 2**31 - 1)


def _check_arms(study: Study) -> None:
    """Every scenario and region can be used, whatever the point; no two arms are the same."""
    from abm import Region

    for what, names in (("scenarios", study.scenarios), ("regions", study.regions), ("households", study.households)):
        if not names:
            raise StudyError(f"{what} is an empty list: the study would have no run; name at least one")
        if len(set(names)) < len(names):
            raise StudyError(f"{what} names the same twice; keep one of them")
    ends = {study.scenario(name).end for name in study.scenarios}
    for region in study.regions:
        Region.load(region)
    last = max(int(end[:4]) for end in ends)
    for summary in study.summaries:
        if summary.first > last:
            raise StudyError(f"summary '{summary.name}' starts in {summary.first}, but the runs end in {max(ends)}")


def _vary(said: Any, design: str, points: int | None, widen: float) -> tuple[tuple[Varied, ...], tuple[Mapping[str, float], ...]]:
    if isinstance(said, list):  # [[vary]]: the rows of a list
        if design != "list":
            raise StudyError(f'[[vary]] rows go with design = "list" only, found "{design}"')
        rows = []
        for number, row in enumerate(said, 1):
            if not isinstance(row, Mapping):
                raise StudyError(f"row {number} of [[vary]] is not a table of names and values")
            rows.append({n: _value(n, v, widen) for n, v in _flat(row).items()})
        names = set().union(*rows) if rows else set()
        for number, row in enumerate(rows, 1):
            if set(row) != names:
                raise StudyError(
                    f"row {number} of [[vary]] lacks '{shorten(min(names - set(row)))}': each row gives a value to the same names"
                )
        return (), tuple(rows)
    if not isinstance(said, Mapping):
        raise StudyError('vary is not a table: write [vary] and below it "NAME" = {} or { low = …, high = … }')
    return tuple(_varied(name, entry, design, points, widen) for name, entry in _entries(said).items()), ()


def _entries(said: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Entries of [vary] written as ``"a.b.c" = {…}`` or as nested tables, by full name."""
    found: dict[str, Any] = {}
    for name, entry in said.items():
        is_entry = (
            not isinstance(entry, Mapping)
            or not entry
            or any(k in VaryEntry.model_fields for k in entry)
            or f"{prefix}{name}" in PARAMETERS
        )
        if is_entry or all(not isinstance(v, Mapping) for v in entry.values()):
            found[f"{prefix}{name}"] = entry
        else:
            found |= _entries(entry, f"{prefix}{name}.")
    return found


def _flat(said: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in said.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _varied(name: str, entry: Any, design: str, points: int | None, widen: float) -> Varied:
    if not isinstance(entry, Mapping):
        raise StudyError(f"vary '{shorten(name)}' = {shorten(repr(entry))}: write {{}} for the declared range or {{ low = …, high = … }}")
    said = _checked(VaryEntry, dict(entry), f"vary '{shorten(name)}'")
    if name.startswith(SWITCH):
        _check_name(name)
        if entry:
            raise StudyError(f"vary '{name}': a mechanism is on or off; write {{}}")
        return Varied(name, 0.0, 1.0, levels=(0.0, 1.0))
    declared = PARAMETERS[_check_name(name)]
    ends = declared.widened(widen)
    low, high = ends[0] if said.low is None else said.low, ends[1] if said.high is None else said.high
    for key, value in (("low", low), ("high", high)):
        if not ends[0] <= value <= ends[1]:
            which = "declared range" if widen == 0 else f"range widened by {widen:g}"
            raise StudyError(f"vary '{name}': {key} = {value:g} lies outside the {which} {ends[0]:g} to {ends[1]:g}")
    if not low < high:
        raise StudyError(f"vary '{name}': low = {low:g} is not below high = {high:g}; to hold it at one value, put it in [set]")
    scale = said.scale or ("log" if declared.prior == "log-uniform" else "linear")
    if scale not in ("linear", "log"):
        raise StudyError(f'vary \'{name}\': scale = {shorten(repr(scale))} is neither "linear" nor "log"')
    if scale == "log" and low <= 0:
        raise StudyError(f"vary '{name}': scale = \"log\" needs low above 0, found {low:g}")
    if ("levels" in entry or "steps" in entry) and design != "factorial":
        raise StudyError(f'vary \'{name}\': levels and steps go with design = "factorial" only, found "{design}"')
    varied = Varied(name, low, high, scale)
    if design != "factorial":
        return varied
    if "levels" in entry:
        if "steps" in entry:
            raise StudyError(f"vary '{name}': levels and steps are both given; keep one")
        if not isinstance(said.levels, list) or not said.levels:
            raise StudyError(f"vary '{name}': levels = {shorten(repr(said.levels))} is not a list of values")
        levels = tuple(_value(name, v, widen) for v in said.levels)
        if len(set(levels)) < len(levels):
            raise StudyError(f"vary '{name}': levels holds a value twice")
        if "low" in entry or "high" in entry:
            raise StudyError(f"vary '{name}': levels says which values; leave out low and high")
    else:
        steps = said.steps if said.steps is not None else points if points is not None else 3
        steps = _whole(f"vary '{name}': steps", steps, 2, 100_000)
        levels = tuple(float(v) for v in varied.at([k / (steps - 1) for k in range(steps)]))
    return Varied(name, low, high, scale, levels)


def _check_name(name: str) -> str:
    """A parameter's or switch's name as a study may vary it."""
    if name.startswith(SWITCH):
        if name[len(SWITCH) :] not in SWITCHES:
            raise StudyError(
                f"there is no mechanism '{shorten(name[len(SWITCH) :])}' to vary; {near(shorten(name[len(SWITCH) :]), SWITCHES)}"
            )
    elif name not in PARAMETERS:
        raise StudyError(f"there is no parameter '{shorten(name)}' to vary; {near(shorten(name), PARAMETERS)}")
    return name


def _value(name: str, value: Any, widen: float = 0.0) -> float:
    """A value of a varied parameter or switch, inside its declared range (widened by that share of it)."""
    if _check_name(name).startswith(SWITCH):
        if not isinstance(value, (bool, int, float)) or value not in (0, 1):
            raise StudyError(f"'{name}' = {shorten(repr(value))} is neither on nor off: write true or false (or 1 or 0)")
        return float(value)
    number = _number(f"'{name}'", value)
    try:
        return PARAMETERS[name].check(number, widen)
    except ValueError as error:
        raise StudyError(str(error)) from None


def read_table(study: Study) -> pd.DataFrame:
    """The table of a ``list`` or ``posterior`` design: one column for each varied name, one row for each point."""
    return table_of(study.table or "", study.design, study.widen)


def table_of(file: str, design: str, widen: float = 0.0) -> pd.DataFrame:
    """A file as the table of a design, each column and value checked."""
    import pandas as pd

    path = Path(file)
    table = _frame_of(path)
    names = [str(c).strip() for c in table.columns]
    table.columns = names
    if len(set(names)) < len(names):
        raise StudyError(f"the table {shorten(path.name)} has a column twice")
    keep = [n for n in names if not (design == "posterior" and n in ("weight", "draw"))]
    for name in keep:
        _check_name(name)
    if not len(table):
        raise StudyError("the table has no rows: the study would have no run")
    if not keep:
        raise StudyError(f"the table {shorten(path.name)} has no column that names a parameter or switch")
    return pd.DataFrame({name: _column(path.name, name, table[name].tolist(), widen) for name in names if name != "draw" or name in keep})


def _frame_of(path: Path) -> pd.DataFrame:
    """What stands in a CSV or Parquet file."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not os.path.lexists(path):
        raise StudyError(f"there is no table '{shorten(path)}'")
    raw = io.BytesIO(read_bytes(path, "the table", error=StudyError, most=MOST_TABLE_BYTES))
    try:
        if path.suffix != ".parquet":
            return pd.read_csv(raw)
        table = pq.read_table(raw)
        kept = [n for n in table.column_names if not n.startswith("__index_level_")]  # how pandas stores the numbers of its rows
        return table.select(kept).to_pandas(ignore_metadata=True) if len(set(kept)) == len(kept) else pd.DataFrame(columns=pd.Index(kept))
    except (ValueError, OverflowError, MemoryError, OSError, pa.ArrowException) as error:
        raise StudyError(f"cannot read the table '{shorten(path)}': {shorten(error)}; give a CSV or Parquet file") from None


def _column(file: str, name: str, values: list[Any], widen: float) -> list[float]:
    """A column of a table as numbers, each checked; the message says in which row the first wrong one stands."""
    found = []
    for row, value in enumerate(values, 1):
        try:
            found.append(_value(name, value, widen) if name in PARAMETERS or name.startswith(SWITCH) else _number(f"'{name}'", value))
        except StudyError as error:
            raise StudyError(f"{shorten(file)}, row {row}: {error}") from None
    return found


def _summaries(said: Mapping[str, Any]) -> tuple[Summary, ...]:
    yearly = tuple(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
    found = []
    for name, entry in said.items():
        where = f"summary '{shorten(name)}'"
        if not isinstance(entry, Mapping):
            raise StudyError(f'{where}: write {{ output = …, side = "id", first = 1980, last = 1989 }}')
        given = _checked(SummaryEntry, dict(entry), where)
        if not isinstance(given.output, str) or given.output not in yearly:
            raise StudyError(f"{where}: there is no yearly output {shorten(repr(given.output))}; {near(shorten(given.output), yearly)}")
        if given.side not in SIDES:
            raise StudyError(f'{where}: side = {shorten(repr(given.side))} is neither "id" nor "my"')
        if given.take not in get_args(Take):
            raise StudyError(f"{where}: take = {shorten(repr(given.take))} is unknown; {near(shorten(given.take), get_args(Take))}")
        first = _whole(f"{where}: first", given.first, 1980, 2030)
        last = _whole(f"{where}: last", given.last, 1980, 2030)
        if first > last:
            raise StudyError(f"{where}: first = {first} comes after last = {last}")
        if name in RESERVED:
            raise StudyError(f"{where} has the name of another column of the collected table; call it something else")
        found.append(Summary(name, given.output, given.side, first, last, cast(Take, given.take)))
    return tuple(found)


#: Columns of the collected table that no summary or measured number may be called.
RESERVED = ("run_id", "status", "cause", "scenario", "region", "households", "replicate", "seed", "point", "year", "side", "seconds",
            "version", "scenario_hash", "attempt")  # fmt: skip


def _measure(text: str | None, folder: Path) -> str | None:
    """``file.py:function``, a function of the finished model that gives further numbers of a run. The file is read, not run."""
    if text is None:
        return None
    file, _, function = text.rpartition(":")
    if not file or not function.isidentifier():
        raise StudyError(f"measure = '{shorten(text)}': write FILE.py:FUNCTION, a function that takes the finished model and gives numbers")
    path = folder / file
    if not is_ordinary(path):
        raise StudyError(f"measure: there is no file '{shorten(path)}'")
    names = names_in(path)
    if names is not None and function not in names:
        raise StudyError(
            f"measure: '{shorten(path)}' has no function '{shorten(function)}'; {near(shorten(function), names) if names else 'it defines none'}"
        )
    return f"{path}:{function}"


def names_in(path: Path) -> list[str] | None:
    """The names that a Python file gives to something at its outermost level, without running it; None where they cannot be told."""
    raw = read_bytes(path, "the file of measure", error=StudyError)
    try:
        tree = ast.parse(raw)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise StudyError(f"measure: '{shorten(path)}' is no Python{line}: {shorten(error.msg)}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise StudyError(f"measure: '{shorten(path)}' is no Python: {shorten(error)}") from None
    try:
        names = list(dict.fromkeys(_bound(tree.body)))
    except RecursionError:
        return None
    return None if "*" in names or "__getattr__" in names else names


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (a.asname or a.name.split(".")[0] for a in node.names)
            continue
        is_block = isinstance(getattr(node, "body", None), list)  # of a block only what it assigns itself, such as a loop's name
        heads = [getattr(node, "target", None), *(i.optional_vars for i in getattr(node, "items", []))] if is_block else [node]
        for head in filter(None, heads):
            yield from (n.id for n in ast.walk(head) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        for part in ("body", "orelse", "finalbody"):  # inside if, try, with and loops
            yield from _bound(getattr(node, part, []))
        for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _bound(part.body)


def _scenario(name: str, folder: Path) -> str:
    """A shipped scenario's name, or a file's path written in full."""
    path = folder / name
    return str(path) if name.endswith(".toml") and is_ordinary(path) else name


def _region(name: str, folder: Path) -> str:
    path = folder / name
    return str(path) if ("/" in name or "\\" in name) and os.path.isdir(path) else name


def _sizes(value: Any) -> tuple[int, ...]:
    from abm.model import MOST_HOUSEHOLDS

    return tuple(_whole("households", v, 60, MOST_HOUSEHOLDS) for v in (value if isinstance(value, list) else [value]))


def _seconds(seconds: float | None) -> float | None:
    if seconds is not None and seconds <= 0:
        raise StudyError(f"deadline = {seconds:g}: give the seconds a run may take, above 0")
    return seconds


def _table(key: str, value: Mapping[str, Any], widen: float) -> dict[str, float]:
    numbers = {}
    for name, number in _flat(value).items():
        if name.startswith(SWITCH):
            raise StudyError(f'[{key}] sets parameters; to switch a mechanism off, write without = ["{shorten(name[len(SWITCH) :])}"]')
        numbers[name] = _value(name, number, widen)
    return numbers


def _whole(what: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise StudyError(f"{what} = {shorten(repr(value))} is not a whole number")
    if not low <= value <= high:
        raise StudyError(f"{what} = {shorten(value)}; it must be {low} to {high}")
    return value


def _number(what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise StudyError(f"{what} = {shorten(repr(value))} is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise StudyError(f"{what} is too large a number") from None
    if not math.isfinite(number):
        raise StudyError(f"{what} = {number} is not a finite number")
    return number


def power_of_two(number: int) -> bool:
    """Whether a number is 1, 2, 4, 8 …"""
    return number > 0 and number & (number - 1) == 0


def _power(number: int, up: int) -> int:
    return 2 ** (number.bit_length() - 1 + up)
