"""What should be measured next? The runs of an evidence folder are re-weighted by readings that obtainable facts might give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from abm.errors import UserError, shorten
from agents.core.declare import near
from calibration.infer import weighted_quantile
from calibration.obtainable import Obtainable, ObtainableFacts
from calibration.priors import Prior
from calibration.worth import ENOUGH_ESS, LEAST_DRAWS, UNDECIDED, FactsInWorld, Worth, open_questions, worth
from experiments.files import csv_of, write_file, write_json

if TYPE_CHECKING:
    import pandas as pd

KIND = "lintas worth of facts"
#: The world that holds every mechanism.
BASE = "history"
#: By which open questions facts are ordered.
By = Literal["all", "claims", "mechanisms", "parameters"]
#: Parameters of a fact that are written out, those that it narrows most.
MOST_NAMED = 10


@dataclass(frozen=True)
class WorldRuns:
    """Runs of the same draws in several worlds. A line is a run; lines with equal parameters are replicates of one draw.

    A run that a world lacks, or that did not end well, is nan.
    """

    parameters: pd.DataFrame  #: (n, d) in the parameters' units
    years: np.ndarray  #: (years,) ascending
    outputs: Mapping[str, Mapping[str, np.ndarray]]  #: world -> output -> (n, years, 2 sides)
    claims: pd.DataFrame  #: (n, claims): whether the run's draw shows the claim, 0 to 1; nan where it has no answer
    labels: Mapping[str, str] = field(default_factory=dict)  #: what a world lacks, for readers (its name where left out)

    def __post_init__(self) -> None:
        if BASE not in self.outputs:
            raise UserError(f"the runs have no world '{BASE}', so nothing can be compared with it")
        n = len(self.parameters)
        if len(self.claims) != n:
            raise UserError(f"the runs have {n:,} lines of parameters and {len(self.claims):,} of claims: they do not belong together")
        for world, outputs in self.outputs.items():
            for name, values in outputs.items():
                if values.shape != (n, len(self.years), 2):
                    raise UserError(f"world '{shorten(world)}' has other runs than the parameters (output {shorten(name)}): make it again")

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """Worlds other than the base."""
        return tuple(sorted(w for w in self.outputs if w != BASE))


@dataclass(frozen=True)
class _Draws:
    """Which lines are of which draw."""

    first: np.ndarray  #: a line of each draw
    of: np.ndarray  #: (n,) the draw of each line
    lines: np.ndarray  #: (draws,) how many lines each has

    @classmethod
    def of_lines(cls, values: np.ndarray) -> _Draws:
        _rows, first, of, lines = np.unique(values, axis=0, return_index=True, return_inverse=True, return_counts=True)
        return cls(first, of.reshape(-1), lines)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean of each draw's lines that have a number, shape (n, …) to (draws, …); nan where none has."""
        known = np.isfinite(values)
        total, counts = (np.zeros((len(self.lines), *values.shape[1:])) for _ in range(2))
        np.add.at(total, self.of, np.where(known, values, 0.0))
        np.add.at(counts, self.of, known)
        return np.divide(total, counts, out=np.full(total.shape, np.nan), where=counts > 0)

    def chance(self, values: np.ndarray) -> np.ndarray:
        """The sd of chance in one run that the draws' means lack, shape (n, facts) to (facts,); 0 where no draw has two lines.

        Each draw has seeds of its own, so that the mean of R lines holds 1/R of the variance between lines already, and a single line all of it.
        """
        mean, known = self.mean(values), np.isfinite(values)
        off = np.where(known, values - mean[self.of], 0.0)
        freedom = known.sum(axis=0) - np.isfinite(mean).sum(axis=0)
        between = np.divide((off**2).sum(axis=0), freedom, out=np.zeros(values.shape[1]), where=freedom > 0)
        return np.sqrt(between * (1.0 - len(self.lines) / self.lines.sum()))


def judge(worlds: WorldRuns, facts: ObtainableFacts, by: By = "all") -> dict[str, Any]:
    """What each fact promises, the most worthwhile first: the contents of ``worth.json``. UserError where no fact can be read from the runs."""
    names = [str(c) for c in worlds.parameters.columns]
    values = worlds.parameters.to_numpy(float)
    draws = _Draws.of_lines(values)
    if len(draws.lines) < LEAST_DRAWS:
        raise UserError(f"the runs are of {len(draws.lines)} draws; fewer than {LEAST_DRAWS} say nothing of what a fact is worth")
    facts, unread = _readable(worlds, facts)
    natural = {w: np.stack([f.natural(worlds.years, o) for f in facts], axis=1) for w, o in worlds.outputs.items()}
    scaled = {w: np.stack([f.on_scale(v[:, i]) for i, f in enumerate(facts)], axis=1) for w, v in natural.items()}
    made = {w: FactsInWorld(draws.mean(v), draws.chance(v)) for w, v in scaled.items()}
    unit = Prior.of(names).unit(values[draws.first])
    claims = draws.mean(worlds.claims.to_numpy(float))
    error = np.array([f.error for f in facts])
    off = {m: made[m] for m in worlds.mechanisms}
    found = worth(unit, made[BASE], off, claims, error, draws.lines.astype(float))
    questions = open_questions(found, worlds.mechanisms)
    movable = np.any([r.moved for r in found], axis=0)
    weights = draws.lines / draws.lines.sum()
    p = {str(c): _mean(claims[:, i], weights) for i, c in enumerate(worlds.claims.columns)}
    rows = [
        _row(fact, result, {k: float(v[i]) for k, v in questions.items()}, names, list(p), worlds.mechanisms)
        | {
            "predicted": _predicted(natural[BASE][:, i]), "chance_sd": float(made[BASE].noise[i]),
            "parameters_mean": _number(float(result.parameters[movable].mean())) if movable.any() else 0.0,
        }
        for i, (fact, result) in enumerate(zip(facts, found, strict=True))
    ]  # fmt: skip
    rows.sort(key=lambda r: (r["thin"], -r["closes"][by], r["id"]))
    trusted = [r for r in rows if not r["thin"]]
    undecided = [c for c, v in p.items() if v is not None and UNDECIDED[0] < v < UNDECIDED[1]]
    return {
        "kind": KIND, "by": by, "draws": len(draws.lines), "runs_of_a_draw": float(draws.lines.mean()), "enough_ess": ENOUGH_ESS,
        "mechanisms": {m: worlds.labels.get(m, m) for m in worlds.mechanisms}, "claims": p,
        "claims_left": [c for c in undecided if not any(r["claims"][c]["above_chance"] for r in trusted)],
        "mechanisms_left": [m for m in worlds.mechanisms if not any(_is_told(r, m) for r in trusted)],
        "movable": [n for n, is_movable in zip(names, movable, strict=True) if is_movable],
        "undecided": undecided, "facts": rows, "unread": unread,
    }  # fmt: skip


def _is_told(row: Mapping[str, Any], mechanism: str) -> bool:
    found = row["mechanisms"][mechanism]
    return found["above_chance"] and not found["thin"]


def _readable(worlds: WorldRuns, facts: ObtainableFacts) -> tuple[ObtainableFacts, list[dict[str, Any]]]:
    """The facts whose outputs all worlds hold, and the others with the outputs that they lack; UserError where no fact can be read."""
    held = set.intersection(*(set(outputs) for outputs in worlds.outputs.values()))
    unread = [
        {"id": f.id, "what": f.what, "outputs": [o for o in f.outputs if o not in held]} for f in facts if not held.issuperset(f.outputs)
    ]
    kept = ObtainableFacts(tuple(f for f in facts if held.issuperset(f.outputs)))
    if not len(kept):
        first = unread[0]
        hint = near(first["outputs"][0], held) if held else "they hold none that all worlds have"
        raise UserError(
            f"fact '{shorten(first['id'])}' reads {first['outputs'][0]}, which the runs do not hold, and no other fact can be read; {hint}"
        )
    return kept, unread


def _mean(values: np.ndarray, weights: np.ndarray) -> float | None:
    known = np.isfinite(values)
    return float(weights[known] @ values[known] / weights[known].sum()) if known.any() else None


def _predicted(natural: np.ndarray) -> list[float] | None:
    """The 5 %, 50 % and 95 % points of all runs, in the reader's unit."""
    quantiles = weighted_quantile(natural, np.ones(len(natural)), [0.05, 0.5, 0.95])
    return [float(q) for q in quantiles] if np.isfinite(quantiles).all() else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _row(
    fact: Obtainable, found: Worth, closes: dict[str, float], parameters: list[str], claims: list[str], mechanisms: tuple[str, ...]
) -> dict[str, Any]:
    shares = np.nan_to_num(found.parameters, nan=-np.inf)
    largest = [i for i in np.argsort(-shares, kind="stable")[:MOST_NAMED] if found.moved[i]]
    return {
        "id": fact.id, "what": fact.what, "obtained": fact.obtained, "cost": fact.cost, "unit": fact.unit, "scale": fact.scale, "error": fact.error,
        "error_reason": fact.error_reason, "draws": found.draws, "ess": found.ess, "thin": found.is_thin, "bits": _number(found.bits),
        "closes": {"all": sum(closes.values()), **closes},
        "parameters": {parameters[i]: float(found.parameters[i]) for i in largest},
        "parameters_moved": int(found.moved.sum()), "parameters_by_chance": _number(found.parameters_by_chance),
        "claims": {
            c: {"doubt_removed": _number(found.claims[i]), "settles": _number(found.settles[i]), "above_chance": bool(found.told[i])}
            for i, c in enumerate(claims)
        },
        "claims_by_chance": _number(found.claims_by_chance),
        "mechanisms": {
            m: {"right": _number(found.right[m]), "above_chance": found.tells(m), "thin": found.is_thin_for(m), "ess": found.ess_off[m]}
            for m in mechanisms
        },
    }  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "rank", "id", "what", "obtained", "cost", "unit", "predicted_5", "predicted_50", "predicted_95", "error", "scale", "closes", "closes_claims",
    "closes_mechanisms", "closes_parameters", "bits", "effective_sample_size", "thin",
)  # fmt: skip


def table(found: Mapping[str, Any]) -> pd.DataFrame:
    """A line for each fact: the contents of ``worth.csv``. A claim's column is the share of its doubt that goes, a mechanism's the chance of choosing rightly."""
    import pandas as pd

    rows = []
    for rank, fact in enumerate(found["facts"], 1):
        low, middle, high = fact["predicted"] or (None, None, None)
        closes = fact["closes"]
        said = (
            rank, fact["id"], fact["what"], fact["obtained"], fact["cost"], fact["unit"], low, middle, high, fact["error"], fact["scale"],
            closes["all"], closes["claims"], closes["mechanisms"], closes["parameters"], fact["bits"], fact["ess"], fact["thin"],
        )  # fmt: skip
        rows.append(
            dict(zip(_COLUMNS, said, strict=True))
            | {f"claim {c}": fact["claims"][c]["doubt_removed"] for c in found["undecided"]}
            | {f"mechanism {m}": fact["mechanisms"][m]["right"] for m in found["mechanisms"]}
        )
    return pd.DataFrame(rows)


def write_worth(found: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ``worth.json`` and ``worth.csv`` into a folder, which is made where it is not there; returns the two files."""
    places = [out / "worth.json", out / "worth.csv"]
    write_file(places[1], csv_of(table(found)).encode(), make_folder=True)
    write_json(places[0], found)
    return places
