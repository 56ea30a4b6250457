"""What must ``fit.json`` and ``check.json`` hold, so that a report can be made from them?

Both files are written by a fit and read again by the report, the checks and ``adopt``; a file that is incomplete or was changed by hand is refused
here with a message that names file and key. Entries that no reader needs may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from abm.errors import UserError, shorten
from abm.reading import MOST_LETTERS, Entries, Listed, Name, OpenEntries, check, is_ordinary, parse_json, read_text
from agents.core.declare import PARAMETERS, near
from calibration.target import Kind, Role, Scale
from calibration.targets import Targets

Known = Literal["informed", "weak", "prior only"]
_Name = Annotated[Name, Field(max_length=200)]
_Text = Annotated[str, Field(max_length=MOST_LETTERS)]
_Names = Annotated[tuple[_Name, ...], Listed]
_Count = Annotated[int, Field(ge=0, le=10**12)]
_Positive = Annotated[float, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1.000001)]  # sums of weights, which may be a little above 1
_AnyNumber = Annotated[float, Field(allow_inf_nan=True)]  # None where no run had a number
_Quantiles = Annotated[tuple[float, ...], Listed, Field(min_length=5, max_length=5)]
_Triple = Annotated[tuple[_AnyNumber, _AnyNumber, _AnyNumber], Listed]
_Numbers = Annotated[tuple[float, ...], Listed]
type _Rows[T] = Annotated[tuple[T, ...], Listed]


def _parameter(name: str) -> str:
    if name not in PARAMETERS:
        raise ValueError(f"there is no parameter '{shorten(name)}'; {near(name, PARAMETERS)}")
    return name


_Parameter = Annotated[_Name, AfterValidator(_parameter)]


class _Place(OpenEntries):
    mean: float
    ratio: _Positive


class _ParameterRow(OpenEntries):
    parameter: _Parameter
    label: _Text
    unit: _Text
    low: float
    high: float
    default: float
    known: Known | None = None  # where it is missing, the report refuses it with a reason
    ratio: _Positive
    quantiles: _Quantiles
    density: Annotated[tuple[_Positive, ...], Listed, Field(min_length=20, max_length=20)]
    piles_up: Literal["", "low", "high"]
    prior_basis: _Name
    unit_mean: float
    emulated: _Place | None = None
    abc: _Place | None = None


class _Prior(OpenEntries):
    quantiles: _Quantiles | None
    share: _Share | None = Field(alias="pass")


class _TargetRow(OpenEntries):
    id: _Name
    title: _Text
    kind: Kind
    role: Role
    observed: float | None
    unit: _Text
    scale: Scale
    tolerance: _Positive | None
    tolerance_reason: _Text | None
    width: _Positive | None
    threshold: float | None
    direction: Literal["up", "down", ""]
    reason: _Text
    quote: _Text | None
    lines: _Text
    source: _Text | None
    facts: _Names
    claims: _Names
    built_in: bool
    prior: _Prior
    quantiles: _Quantiles | None
    share: _Share | None = Field(alias="pass")
    off: float | None = None


class _Population(OpenEntries):
    runs: _Count
    ess: _Positive
    largest_weight: _Share
    log_evidence: _AnyNumber


class _Emulator(OpenEntries):
    target: _Name
    r2: float
    spread: _Positive
    active: _Names


class _Tolerance(OpenEntries):
    tolerance: _Positive
    ess: _Positive
    income_id: _Quantiles
    income_my: _Quantiles
    ratio: _Quantiles


class _Move(OpenEntries):
    parameter: _Name
    shift: float


class _WideMove(_Move):
    width: _Positive


class _ReadingRow(OpenEntries):
    target: _Name
    reading: _Name
    ess: _Positive
    shares: dict[str, _Share | None] = Field(alias="pass")
    moves: _Rows[_Move]


class _LeftOut(OpenEntries):
    target: _Name
    ess: _Positive
    predicted: Annotated[tuple[float, float, float], Listed]
    observed_inside: bool
    moves: _Rows[_WideMove]


def _as_many(row: _Direction) -> _Direction:
    if len(row.parameters) != len(row.loadings):
        raise ValueError(f"there are {len(row.parameters)} parameters and {len(row.loadings)} loadings")
    return row


class _Direction(OpenEntries):
    ratio: _Positive
    parameters: _Names
    loadings: _Numbers


class _Pair(OpenEntries):
    a: _Name
    b: _Name
    correlation: float


class _Apart(OpenEntries):
    parameter: _Name
    sd: float


class _Disagreement(OpenEntries):
    emulated_abc: _Rows[_Apart] = ()
    emulated_population: _Rows[_Apart] = ()


class _Alarm(OpenEntries):
    what: _Name
    value: float | Literal["low", "high"] | None = None
    parameter: _Name = ""
    target: _Name = ""
    method: _Name | None = None
    number: _Count | None = None
    promised: float | None = None


_Bands = Annotated[tuple[_Triple, ...], Listed]


def _whole_bands(said: Any) -> Any:
    """Bands by year and side: ``years``, then for each output and side a row (5 %, middle, 95 %) for each year."""
    if not isinstance(said, Mapping) or not said:
        return said
    years = check(Annotated[tuple[Annotated[int, Field(ge=1900, le=2100)], ...], Listed, Field(min_length=1)], said.get("years"), "years")
    for output, sides in said.items():
        if output == "years":
            continue
        for side, rows in check(dict[Literal["id", "my"], _Bands], sides, shorten(output)).items():
            if len(rows) != len(years):
                raise ValueError(f"{shorten(output)}, {side}: there are {len(rows)} rows for {len(years)} years")
    return said


_Years = Annotated[dict[str, Any], AfterValidator(_whole_bands)]


class FitFile(OpenEntries):
    """``fit.json``."""

    model_version: _Name
    targets_hash: _Name
    inference: _Name = ""
    households: _Count
    without: _Names = ()
    runs: _Count
    ess: _Positive
    log_evidence: float
    populations: _Rows[_Population] = ()
    not_ruled_out: _Share | None = None
    emulators: _Rows[_Emulator] = ()
    parameters: Annotated[_Rows[_ParameterRow], Field(min_length=1)]
    targets: Annotated[_Rows[_TargetRow], Field(min_length=1)]
    tolerances: _Rows[_Tolerance] = ()
    readings: _Rows[_ReadingRow] | None = None
    leave_one_out: _Rows[_LeftOut] = ()
    directions: _Rows[Annotated[_Direction, AfterValidator(_as_many)]] = ()
    pairs: _Rows[_Pair] = ()
    disagreement: _Disagreement = _Disagreement()
    years: _Years = Field(default_factory=dict)
    alarms: _Rows[_Alarm] = ()
    retargeted_from: _Name | None = None


class _RankRow(OpenEntries):
    parameter: _Name
    coverage_90: _Share
    coverage_50: _Share
    error: _Positive
    p_value: _AnyNumber
    bins: Annotated[tuple[_Count, ...], Listed, Field(min_length=1)]


class _Ranks(OpenEntries):
    method: Literal["emulated", "abc", "prior"]
    n: Annotated[int, Field(ge=1, le=10**12)]
    coverage_90: _Share
    coverage_50: _Share
    error: _Positive
    smallest_p: _AnyNumber
    needed_p: float
    parameters: _Rows[_RankRow]


def _simulated_truth(row: _SimulatedTruth) -> _SimulatedTruth:
    if len({len(row.parameters), len(row.truth), len(row.mean), len(row.sd), len(row.off)}) > 1:
        raise ValueError("its lists are not of one length")
    return row


class _SimulatedTruth(OpenEntries):
    parameters: _Names
    truth: _Numbers
    mean: _Numbers
    sd: _Numbers
    off: _Numbers


class _NewRuns(OpenEntries):
    runs: _Count
    targets: dict[str, _Prior]
    years: _Years = Field(default_factory=dict)


class _Predicted(OpenEntries):
    target: _Name
    quantiles: _Quantiles


class _OtherPrior(OpenEntries):
    share: _Share
    targets: _Rows[_Predicted]


class _Index(OpenEntries):
    parameter: _Name
    total: _AnyNumber
    half_width: _AnyNumber


class _Indices(OpenEntries):
    target: _Name
    r2: float
    indices: _Rows[_Index]


class CheckFile(OpenEntries):
    """``check.json``."""

    model_version: _Name
    inference: _Name = ""
    sbc: _Rows[_Ranks] = ()
    simulated_truths: _Rows[Annotated[_SimulatedTruth, AfterValidator(_simulated_truth)]] = ()
    predictive: dict[str, _NewRuns] = Field(default_factory=dict)
    priors: _Rows[_OtherPrior] = ()
    sensitivity: _Rows[_Indices] = ()
    alarms: _Rows[_Alarm] = ()
    central: dict[str, float] | None = None


FIT, CHECK = "lintas fit result", "lintas fit checks"
_FORMS: dict[str, type[Entries]] = {FIT: FitFile, CHECK: CheckFile}


def read_result(path: Path, kind: str, *, needed: bool = True) -> dict[str, Any]:
    """``fit.json`` (kind ``FIT``) or ``check.json`` (``CHECK``), checked; an empty dictionary where a file that is not ``needed`` is missing. UserError where a file cannot be used."""
    import os

    if not os.path.lexists(path):
        if not needed:
            return {}
        raise UserError(f"there is no '{shorten(path)}': run 'lintas calibrate fit {shorten(path.parent)}' first")
    name = f"'{shorten(path)}'"
    said = parse_json(read_text(path, "the result"), name)
    if not isinstance(said, dict) or said.get("kind") != kind:
        raise UserError(f"{name} is no {kind}")
    stage = "fit" if kind == FIT else "check"
    check(_FORMS[kind], said, name, hint=f"; remove the file and run 'lintas calibrate {stage} {shorten(path.parent)}' again")
    return said


def inference_of(path: Path) -> str | None:
    """The version of the inference that made a result; None where no result can be read (it is then made again)."""
    if not is_ordinary(path):
        return None
    try:
        said = parse_json(read_text(path, "the result"), "the result")
    except UserError:
        return None
    found = said.get("inference") if isinstance(said, dict) else None
    return found if isinstance(found, str) else None


def check_against(fit: Mapping[str, Any], targets: Targets, path: Path) -> None:
    """UserError for a result whose rows are not those of the targets beside it, or that names a target which has no row."""
    name = f"'{shorten(path)}'"
    ids = [row["id"] for row in fit["targets"]]
    if sorted(ids) != sorted(t.id for t in targets):
        raise UserError(f"{name}: its targets are not those of targets.toml: run 'lintas calibrate fit {shorten(path.parent)}' again")
    for row in fit["targets"]:
        t = targets[row["id"]]
        if (row["kind"], row["role"]) != (t.kind, t.role) or (row["observed"] is None) is (t.kind in ("value", "ratio")):
            raise UserError(
                f"{name}: the target '{shorten(row['id'])}' is not that of targets.toml: run 'lintas calibrate fit {shorten(path.parent)}' again"
            )
    for key in ("leave_one_out", "emulators"):
        for row in fit.get(key) or ():
            if row["target"] not in ids:
                raise UserError(f"{name}: {key}: there is no target '{shorten(row['target'])}'; {near(row['target'], ids)}")
    for row in fit.get("readings") or ():
        if not {row["target"], row["reading"]} <= set(row["pass"]):
            raise UserError(f"{name}: readings: pass lacks one of '{shorten(row['target'])}' and '{shorten(row['reading'])}'")
