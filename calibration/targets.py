"""What facts is the model held against, how sure is each, and how well does a run agree with them?

A target is a row of ``data/targets.toml``: a statistic of a run, what was reported, how far off the report may be (its
*tolerance*, with the reason for its size) and what the row is for: ``fit`` rows are the likelihood, ``held-out`` rows are
looked at afterwards only, ``check`` rows are plausibility checks. The tolerance is the error of the *report*; what chance in a run
adds comes from the runs themselves.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field
from scipy.special import log_ndtr

from abm.claims.statistic import Statistic, StatisticEntries, set_against
from abm.errors import UserError, shorten
from abm.reading import MOST_LETTERS, Entries, Listed, Name, check, parse_toml, read_text
from agents.core.declare import near

if TYPE_CHECKING:
    from calibration.runs import Runs

Kind = Literal["value", "ratio", "threshold", "trend", "sign", "monotone"]
Role = Literal["fit", "held-out", "check"]
Scale = Literal["log", "logit", "linear"]

#: Shares are kept this far from 0 and 1 before their logit is taken: about one household of a side's sample in a default run.
EDGE = 1e-3
#: A report of "most did" or "it fell" cannot tell statistics apart that lie more than so many widths from its mark.
DEAF = 6.0
#: Kinds that report a number with an error, and kinds that report only on which side of a mark the truth lies.
MEASURED: tuple[Kind, ...] = ("value", "ratio")
REPORTED: tuple[Kind, ...] = ("threshold", "trend")
_NEEDED = ("id", "title", "kind", "role", "of", "source", "reason")
#: The largest number of a row, and the least error of a report: beyond these the arithmetic of the weights no longer holds.
MOST, LEAST_ERROR, MOST_CORRELATION = 1e12, 1e-6, 0.999

#: Fields that targets did not always have: left out of the hash where a row does not use them, so that older fits keep theirs.
_LATER = ("reading_of",)


class TargetError(UserError):
    """A target that cannot be used."""


@dataclass(frozen=True)
class Target:
    """One fact that a run can agree with or not; see the module's words for what the fields mean."""

    id: str
    title: str
    kind: Kind
    role: Role
    of: Statistic
    source: str
    reason: str
    value: float = math.nan
    unit: str = ""
    scale: Scale = "log"
    tolerance: float = math.nan
    tolerance_reason: str = ""
    group: str = ""
    correlation: float = 0.0
    built_in: bool = False
    against: Statistic | None = None
    threshold: float = math.nan
    width: float = math.nan
    flat_above: float = math.nan
    direction: Literal["up", "down", ""] = ""
    quote: str = ""
    lines: str = ""
    facts: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    #: the fitted row whose report may have meant this number instead
    reading_of: str = ""

    # ---- what a run gives ----

    def natural(self, runs: Runs) -> np.ndarray:
        """The statistic in the reader's unit: the number itself, the quotient, or the change; shape (n,)."""
        one = _of(self.of, runs)
        if self.kind == "monotone":
            return np.exp(self.statistic(runs) * (self.of.last - self.of.first)) if self.scale == "log" else self.statistic(runs)
        if self.against is None:
            return one
        return set_against(one, _of(self.against, runs), "difference" if self.kind == "sign" and self.scale == "linear" else "ratio")

    def statistic(self, runs: Runs) -> np.ndarray:
        """The statistic on the scale of its error, shape (n,)."""
        if self.kind == "monotone":
            return self.of.slope(runs.years, to_scale(_values(self.of, runs), self.scale))
        if self.kind in REPORTED:
            found = logit(self.natural(runs)) if self.kind == "threshold" else _log(self.natural(runs))
            return np.clip(found, self.mark - DEAF * self.width, min(self.cap, self.mark + DEAF * self.width))
        if self.kind == "ratio" or (self.kind == "sign" and self.scale == "log"):
            return _log(self.natural(runs))
        if self.kind == "sign":
            return self.natural(runs)
        return to_scale(self.natural(runs), self.scale)

    def shown(self, statistic: np.ndarray) -> np.ndarray:
        """A statistic back in the reader's unit."""
        if self.kind == "threshold":
            return 1.0 / (1.0 + np.exp(-statistic))
        if self.kind in ("trend", "ratio") or (self.kind in ("sign", "monotone") and self.scale == "log"):
            return np.exp(statistic)
        if self.kind in ("sign", "monotone"):
            return statistic
        return {"log": np.exp, "logit": lambda x: 1.0 / (1.0 + np.exp(-x)), "linear": lambda x: x}[self.scale](statistic)

    # ---- what was reported ----

    @property
    def observed(self) -> float:
        """What the report says: a number on the error's scale, or 1 for "yes, so it was"."""
        if self.kind in MEASURED:
            return math.log(self.value) if self.kind == "ratio" else float(to_scale(np.array(self.value), self.scale))
        return 1.0

    @property
    def mark(self) -> float:
        """The mark of a reported threshold or trend, on the error's scale."""
        return float(logit(np.array(self.threshold))) if self.kind == "threshold" else self.threshold

    @property
    def cap(self) -> float:
        """Beyond this a report of "most" is no likelier, on the error's scale."""
        return math.inf if math.isnan(self.flat_above) else float(logit(np.array(self.flat_above)))

    def log_likelihood(self, statistic: np.ndarray, observed: float | np.ndarray, spread: float = 0.0) -> np.ndarray:
        """Log-probability of the report given the statistic; ``spread`` is the sd of what is not known of the statistic itself."""
        if self.kind in MEASURED:
            sd = math.hypot(self.tolerance, spread)
            return -0.5 * ((statistic - observed) / sd) ** 2 - math.log(sd) - 0.5 * math.log(2 * math.pi)
        if self.kind in REPORTED:
            said = np.asarray(observed) > 0.5
            score = (np.minimum(statistic, self.cap) - self.mark) / math.hypot(self.width, spread)
            if spread > 0.0 and math.isfinite(self.cap):
                grid, yes, no = _near_the_cap(self.mark, self.width, self.cap, spread)
                near = np.where(said, np.interp(statistic, grid, yes), np.interp(statistic, grid, no))
                return np.where(statistic > grid[0], near, log_ndtr(np.where(said, score, -score)))
            return log_ndtr(np.where(said, score, -score))
        raise TargetError(f"target '{self.id}' is a {self.kind}: it has a direction but no size, so it cannot be in the likelihood")

    def passes(self, statistic: np.ndarray) -> np.ndarray:
        """Whether each run agrees: a number within 1.645 tolerances (a 90 % interval), a mark passed, a direction kept."""
        if self.kind in MEASURED:
            return np.abs(statistic - self.observed) <= 1.645 * self.tolerance
        if self.kind in REPORTED:
            return statistic > (self.mark if self.kind == "threshold" else 0.0)
        return statistic > 0 if self.direction == "up" else statistic < 0


@functools.lru_cache(maxsize=256)
def _near_the_cap(mark: float, width: float, cap: float, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probability of "yes" and of "no" around the cap when the statistic is known up to ``spread`` only: the mean over what it may be.

    What lies beyond the cap counts as the cap, so the mean is no probit of the middle there. Returns statistic, yes, no; below the
    first statistic the cap does not matter, above the last one nothing else does.
    """
    grid = cap + spread * np.linspace(-8.0, 8.0, 801)
    nodes = np.linspace(-8.0, 8.0, 801)
    weights = -0.5 * nodes**2
    weights -= np.logaddexp.reduce(weights)
    score = (np.minimum(grid[:, None] + spread * nodes, cap) - mark) / width
    return grid, np.logaddexp.reduce(log_ndtr(score) + weights, axis=1), np.logaddexp.reduce(log_ndtr(-score) + weights, axis=1)


def to_scale(x: np.ndarray, scale: Scale) -> np.ndarray:
    """A number on the scale of its error."""
    return {"log": _log, "logit": logit, "linear": lambda v: np.asarray(v, dtype=float)}[scale](x)


def logit(share: np.ndarray) -> np.ndarray:
    """Log-odds of a share, which is kept away from 0 and 1."""
    p = np.clip(share, EDGE, 1.0 - EDGE)
    return np.log(p) - np.log1p(-p)


def _log(x: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.clip(x, 1e-12, 1e12))


def _values(statistic: Statistic, runs: Runs) -> np.ndarray:
    """The yearly values that a statistic is taken of, shape (n, years)."""
    return runs.outputs[statistic.output][:, :, ("id", "my").index(statistic.side)]


def _of(statistic: Statistic, runs: Runs) -> np.ndarray:
    """The number of each run, shape (n,); ``nan`` where the years were not reached."""
    return statistic.of(runs.years, _values(statistic, runs))


# --- all of them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Targets:
    """The rows of a target file."""

    rows: tuple[Target, ...]
    path: str = ""

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Target:
        for row in self.rows:
            if row.id == name:
                return row
        raise TargetError(f"there is no target '{shorten(name)}'; {near(name, [r.id for r in self.rows])}")

    @property
    def fit(self) -> tuple[Target, ...]:
        """Rows of the likelihood."""
        return tuple(r for r in self.rows if r.role == "fit")

    @property
    def held_out(self) -> tuple[Target, ...]:
        """Rows that the fit does not see."""
        return tuple(r for r in self.rows if r.role == "held-out")

    @property
    def readings(self) -> tuple[tuple[Target, Target], ...]:
        """Fitted rows and other rows that the same report may have meant (none for a row that is not fitted now)."""
        return tuple((self[r.reading_of], r) for r in self.rows if r.reading_of and self[r.reading_of].role == "fit")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs that any row reads."""
        found = {r.of.output for r in self.rows} | {r.against.output for r in self.rows if r.against is not None}
        return tuple(sorted(found))

    @property
    def hash(self) -> str:
        """SHA-256 of all that the rows say."""
        said = [{k: v for k, v in asdict(r).items() if v or k not in _LATER} for r in self.rows]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @classmethod
    def load(cls, path: str | Path | None = None) -> Targets:
        """The shipped targets, or those of a file; each mistake gives one sentence."""
        if path is None:
            return _read(resources.files("calibration").joinpath("data/targets.toml").read_text("utf-8"), "targets.toml")
        path = Path(path)
        if not os.path.exists(path):  # also where no file can have that name
            raise TargetError(f"there is no target file '{shorten(path)}'; name a TOML file with [[target]] rows")
        return _read(read_text(path, "the target file", error=TargetError), str(path))

    def with_tolerance(self, group: str, tolerance: float) -> Targets:
        """The same targets with another tolerance for one group of them."""
        return replace(self, rows=tuple(replace(r, tolerance=tolerance) if r.group == group else r for r in self.rows))

    def read_as(self, name: str) -> Likelihood:
        """The likelihood if a report had meant another number: this row, in the place of the one that it is a reading of."""
        other = self[name]
        if not other.reading_of:
            raise TargetError(f"'{shorten(name)}' is no reading of another target")
        fitted = self[other.reading_of]
        if fitted.role != "fit":
            raise TargetError(f"'{shorten(name)}' is a reading of '{shorten(fitted.id)}', which is not fitted")
        stands = replace(other, role="fit", group=fitted.group, correlation=fitted.correlation)
        return Likelihood(tuple(stands if t.id == other.reading_of else t for t in self.fit))

    def without(self, name: str) -> Targets:
        """The same targets without one of them in the fit: it becomes a held-out row."""
        self[name]
        return replace(self, rows=tuple(replace(r, role="held-out") if r.id == name else r for r in self.rows))


_Number = Annotated[float, Field(ge=-MOST, le=MOST)]
_Text = Annotated[str, Field(max_length=MOST_LETTERS)]
_Names = Annotated[tuple[Name, ...], Listed]


class _TargetEntries(Entries):
    """A row as a file writes it. What must stand there, and what goes together, is looked at afterwards, where the sentence can say why."""

    id: Annotated[Name, Field(max_length=80)]
    title: Name
    kind: Kind
    role: Role
    of: StatisticEntries
    source: _Text
    reason: _Text
    value: _Number = math.nan
    unit: Name = ""
    scale: Scale = "log"
    tolerance: _Number = math.nan
    tolerance_reason: _Text = ""
    group: Name = ""
    correlation: _Number = 0.0
    built_in: bool = False
    against: StatisticEntries | None = None
    threshold: _Number = math.nan
    width: _Number = math.nan
    flat_above: _Number = math.nan
    direction: Literal["up", "down", ""] = ""
    first: int | None = None
    last: int | None = None
    quote: _Text = ""
    lines: Name = ""
    facts: _Names = ()
    claims: _Names = ()
    reading_of: Name = ""


def _read(text: str, where: str) -> Targets:
    name = shorten(Path(where).name)
    rows = parse_toml(text, name, error=TargetError).get("target")
    if not isinstance(rows, list) or not rows:
        raise TargetError(f"{name} holds no [[target]] rows: there is nothing to fit")
    found = tuple(_row(r, number, name) for number, r in enumerate(rows, 1))
    ids = [r.id for r in found]
    for twice in {i for i in ids if ids.count(i) > 1}:
        raise TargetError(f"{name}: the target '{twice}' stands there twice; keep one")
    targets = Targets(found, where)
    _check_against_each_other(targets, name)
    return targets


def _row(said: Any, number: int, file: str) -> Target:
    name = said.get("id", f"number {number}") if isinstance(said, Mapping) else f"number {number}"
    here = f"{file}, target '{shorten(name)}'"
    if isinstance(said, Mapping):
        for key in _NEEDED:
            if key not in said or (isinstance(said[key], str) and not said[key].strip()):
                raise TargetError(
                    f"{here} has no {key}: a fact without it cannot be weighed" if key == "source" else f"{here} has no {key}"
                )
    entries = check(_TargetEntries, said, here, error=TargetError)
    of = _statistic(entries.of, "of", here)
    for key in ("first", "last"):  # a trend's years may be said once more beside it
        if getattr(entries, key) not in (None, getattr(of, key)):
            raise TargetError(f"{here}: {key} = {getattr(entries, key)} is not that of its output ({getattr(of, key)}); leave it out")
    against = None if entries.against is None else _statistic(entries.against, "against", here)
    rest = {f.name: getattr(entries, f.name) for f in fields(Target) if f.name not in ("of", "against")}
    row = Target(of=of, against=against, **rest)
    _check_row(row, here)
    return row


def _check_row(row: Target, here: str) -> None:
    if row.kind in MEASURED:
        if math.isnan(row.value):
            raise TargetError(f"{here} has no value")
        if not row.tolerance > 0:
            raise TargetError(f"{here} has no tolerance above 0: say how far off the report may be")
        if row.tolerance < LEAST_ERROR:
            raise TargetError(f"{here}: tolerance = {row.tolerance:g}; no report is that exact: give at least {LEAST_ERROR:g}")
        if not row.tolerance_reason.strip():
            raise TargetError(f"{here} has no tolerance_reason: say why the tolerance {row.tolerance:g} and no other")
        if (row.scale == "log" or row.kind == "ratio") and row.value <= 0:
            raise TargetError(f"{here}: value = {row.value:g} has no logarithm; use another scale")
        if row.scale == "logit" and row.kind == "value" and not 0 < row.value < 1:
            raise TargetError(f"{here}: value = {row.value:g} is no share between 0 and 1, so it has no logit")
    if row.kind in REPORTED:
        if math.isnan(row.threshold) or not row.width > 0:
            raise TargetError(f"{here}: a {row.kind} needs threshold and width (above 0)")
        if row.width < LEAST_ERROR:
            raise TargetError(f"{here}: width = {row.width:g}; no report is that exact: give at least {LEAST_ERROR:g}")
        if row.kind == "threshold" and not 0 < row.threshold < 1:
            raise TargetError(f"{here}: threshold = {row.threshold:g} is no share between 0 and 1")
        if row.kind == "threshold" and not math.isnan(row.flat_above) and not row.threshold < row.flat_above < 1:
            raise TargetError(f"{here}: flat_above = {row.flat_above:g} must lie between the threshold {row.threshold:g} and 1")
    if row.kind in ("ratio", "trend", "sign") and row.against is None:
        raise TargetError(f"{here}: a {row.kind} needs against = {{ output = …, side = …, first = …, last = … }}")
    if row.kind == "sign" and row.scale == "logit":
        raise TargetError(f'{here}: a sign compares logarithms or differences; write scale = "log" or "linear"')
    if row.kind in ("sign", "monotone"):
        if row.direction not in ("up", "down"):
            raise TargetError(f'{here}: a {row.kind} needs direction = "up" or "down"')
        if row.role == "fit":
            raise TargetError(f"{here}: a {row.kind} reports a direction and no size, so it cannot be fitted; make it held-out")
    if not -MOST_CORRELATION <= row.correlation <= MOST_CORRELATION:
        raise TargetError(f"{here}: correlation = {row.correlation:g}; it must be {-MOST_CORRELATION:g} to {MOST_CORRELATION:g}")
    if row.role == "fit" and not (row.quote.strip() or row.facts):
        raise TargetError(f"{here} has neither quote nor facts: say which words or which fact it rests on")


def _statistic(said: StatisticEntries, key: str, here: str) -> Statistic:
    if said.last < said.first:
        raise TargetError(f"{here}: {key} ends in {said.last}, before it starts in {said.first}")
    return said.statistic()


def _check_against_each_other(targets: Targets, file: str) -> None:
    """Two fitted rows that read the same number must not say different things beyond their errors."""
    ids = [t.id for t in targets]
    for t in targets:
        if not t.reading_of:
            continue
        here = f"{shorten(file)}, target '{shorten(t.id)}'"
        if t.reading_of not in ids or t.reading_of == t.id:
            others = [i for i in ids if i != t.id]
            hint = near(t.reading_of, others) if others else "there is none in the file"
            raise TargetError(f"{here}: reading_of = '{shorten(t.reading_of)}' is no other target; {hint}")
        if t.role == "fit":
            raise TargetError(
                f"{here} is fitted itself, so it cannot be another reading of '{shorten(t.reading_of)}'; leave reading_of out"
            )
        if t.kind not in (*MEASURED, *REPORTED):
            raise TargetError(f"{here} is a {t.kind}: it has a direction but no size, so it cannot stand in for '{shorten(t.reading_of)}'")
    fitted = [t for t in targets.fit if t.kind in MEASURED]
    for i, a in enumerate(fitted):
        for b in fitted[i + 1 :]:
            if (a.of, a.against, a.scale) == (b.of, b.against, b.scale):
                apart = abs(a.observed - b.observed) / math.hypot(a.tolerance, b.tolerance)
                if apart > 3.0:
                    raise TargetError(
                        f"{shorten(file)}: the targets '{a.id}' ({a.value:g}) and '{b.id}' ({b.value:g}) contradict each other: both report the same "
                        f"number and lie {apart:.1f} tolerances apart; widen a tolerance with its reason, or leave one out"
                    )
    for t in targets.fit:
        if t.group:
            said = {r.correlation for r in targets.fit if r.group == t.group}
            if len(said) > 1:
                raise TargetError(f"{shorten(file)}: the group '{t.group}' has several correlations {sorted(said)}; give one")
            members = sum(r.group == t.group and r.kind in MEASURED for r in targets.fit)
            if t.correlation and members < 2:
                raise TargetError(
                    f"{shorten(file)}: the group '{t.group}' has a correlation but one fitted member only; is a name misspelt?"
                )
            if members > 1 and t.correlation <= -MOST_CORRELATION / (members - 1):
                raise TargetError(
                    f"{shorten(file)}: {members} reports cannot all have the correlation {t.correlation:g} with each other; give more than {-MOST_CORRELATION / (members - 1):g}"
                )


# --- the likelihood of all reports together --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Likelihood:
    """Log-probability of all fitted reports given a run's statistics; reports of a group share part of their error."""

    targets: tuple[Target, ...]
    #: sd of what is unknown of each statistic itself (an emulator's error); none for a run's own numbers
    spread: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def observed(self) -> np.ndarray:
        """What was reported, shape (targets,)."""
        return np.array([t.observed for t in self.targets])

    def _groups(self) -> list[list[int]]:
        found: dict[str, list[int]] = {}
        for i, t in enumerate(self.targets):
            shared = t.group if t.group and t.kind in MEASURED and t.correlation else f" {i}"
            found.setdefault(shared, []).append(i)
        return list(found.values())

    def _sd(self, i: int) -> float:
        return float(self.spread[i]) if len(self.spread) else 0.0

    def covariance(self, members: Sequence[int]) -> np.ndarray:
        """Covariance of the reports of a group, the shared error correlated and the unknown of the statistics not."""
        tolerance = np.array([self.targets[i].tolerance for i in members])
        shared = np.full((len(members), len(members)), self.targets[members[0]].correlation)
        np.fill_diagonal(shared, 1.0)
        return shared * np.outer(tolerance, tolerance) + np.diag([self._sd(i) ** 2 for i in members])

    def each(self, statistics: np.ndarray, observed: np.ndarray | None = None) -> np.ndarray:
        """Log-likelihood of each target by itself, shape (n, targets)."""
        seen = self.observed if observed is None else observed
        columns = [t.log_likelihood(statistics[:, i], seen[i], self._sd(i)) for i, t in enumerate(self.targets)]
        return np.stack([np.where(np.isfinite(c), c, -np.inf) for c in columns], axis=1)

    def __call__(self, statistics: np.ndarray, observed: np.ndarray | None = None) -> np.ndarray:
        """Log-likelihood of all reports, shape (n,), of statistics of shape (n, targets); a run without a number has none."""
        seen = self.observed if observed is None else observed
        total = np.zeros(len(statistics))
        for members in self._groups():
            if len(members) == 1:
                i = members[0]
                total += self.targets[i].log_likelihood(statistics[:, i], seen[i], self._sd(i))
                continue
            covariance = self.covariance(members)
            off = statistics[:, members] - seen[members]
            half = np.linalg.solve(np.linalg.cholesky(covariance), off.T)
            constant = float(np.linalg.slogdet(covariance)[1]) + len(members) * math.log(2 * math.pi)
            total += -0.5 * (half**2).sum(axis=0) - 0.5 * constant
        return np.where(np.isfinite(total), total, -np.inf)

    def report(self, statistics: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What might have been reported of runs with these statistics, shape (n, targets)."""
        made = np.zeros_like(statistics)
        for members in self._groups():
            if len(members) > 1 or self.targets[members[0]].kind in MEASURED:
                root = np.linalg.cholesky(replace(self, spread=np.zeros(0)).covariance(members))
                made[:, members] = statistics[:, members] + rng.standard_normal((len(statistics), len(members))) @ root.T
                continue
            t = self.targets[members[0]]
            score = (np.minimum(statistics[:, members[0]], t.cap) - t.mark) / t.width
            made[:, members[0]] = rng.standard_normal(len(statistics)) < score
        return made


def statistics(targets: Iterable[Target], runs: Runs) -> np.ndarray:
    """Statistics of each run, shape (n, targets)."""
    rows = list(targets)
    return np.stack([t.statistic(runs) for t in rows], axis=1) if rows else np.zeros((len(runs), 0))
