"""How do the runs of two scenarios differ? Pairs of runs that share their seeds, described by indicator, year and side.

Replicate k has the same seed in both arms, so most random effects are the same in both and cancel in the
difference. The rest is described by the mean difference, its 95 % interval (Student's t), and the share of pairs that agree in sign. Over the
draws of a posterior the spread is divided into uncertainty of the posterior and chance.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


LEVEL = 0.95
#: Number of years that a sentence covers when none are given: the last ones that both arms have.
LAST_YEARS = 3
#: Number of indicators that are chosen when none are given.
MOST_CHOSEN = 12
#: Half the width of a 90 % interval of a normal quantity, in standard deviations.
NINETY = 1.6448536269514722
#: Columns that are equal for a pair of runs.
_KEYS = ["point", "replicate"]


class CompareError(UserError):
    """A comparison that cannot be made."""


@dataclass(frozen=True)
class Effect:
    """The difference in one indicator on one side, averaged over the years of the sentence."""

    output: str
    side: str
    n: int
    mean_a: float
    mean_b: float
    difference: float
    sd: float
    low: float
    high: float
    same_sign: float

    @property
    def relative(self) -> float:
        """Difference as a share of the first arm's mean; nan where that is 0."""
        return self.difference / abs(self.mean_a) if self.mean_a else math.nan

    @property
    def strength(self) -> tuple[float, float]:
        """Standardized difference, then the relative one (used where nothing varies, or with one pair)."""
        if not self.difference or not math.isfinite(self.difference):
            return (0.0, 0.0)
        relative = abs(self.relative) if math.isfinite(self.relative) else 1.0
        if self.n < 2:
            return (0.0, relative)
        return (abs(self.difference) / self.sd if self.sd > 0 else math.inf, relative)


@dataclass(frozen=True)
class Split:
    """Where the spread of a difference over the draws of a posterior comes from, for one indicator on one side.

    ``var_posterior`` is the variance over draws of the draws' means minus the part due to chance (var_chance / replicates), at least
    0; ``var_chance`` the variance between replicates of a draw. Both in the indicator's unit, squared.
    """

    output: str
    side: str
    draws: int
    difference: float
    var_posterior: float
    var_chance: float

    def interval(self, variance: float) -> tuple[float, float]:
        """The 90 % interval of the difference for a variance (normal)."""
        half = NINETY * math.sqrt(variance) if variance >= 0 else math.nan
        return self.difference - half, self.difference + half

    @property
    def of_posterior(self) -> tuple[float, float]:
        """The 90 % interval of the mean effect, given the uncertainty of the posterior."""
        return self.interval(self.var_posterior)

    @property
    def of_chance(self) -> tuple[float, float]:
        """The 90 % interval of the effect in one pair of histories if the parameters were known."""
        return self.interval(self.var_chance)

    @property
    def of_both(self) -> tuple[float, float]:
        """The 90 % interval of the effect in one pair of histories."""
        return self.interval(self.var_posterior + self.var_chance)


@dataclass(frozen=True)
class Comparison:
    """One scenario compared with one baseline in one region and number of households."""

    a: str
    b: str
    region: str
    households: int
    pairs: int
    unpaired: int
    replicates: int
    points: int
    table: pd.DataFrame  #: a row for each indicator, year and side
    effects: tuple[Effect, ...]  #: every indicator and side over ``years``
    chosen: tuple[Effect, ...]  #: those that figure, sentence and table on the screen show
    years: tuple[int, int] | None
    first: int | None  #: first year in which any indicator differs in any pair
    from_year: int | None
    asked: int = 0  #: how many of the chosen were given by name (the others differ most)
    #: Over the draws of a posterior: its id, and for each of ``effects`` where the spread comes from.
    posterior: str | None = None
    splits: tuple[Split, ...] = ()

    def split_of(self, effect: Effect) -> Split | None:
        """Where the spread of one of the effects comes from; None without a posterior."""
        return next((s for s in self.splits if (s.output, s.side) == (effect.output, effect.side)), None)

    @property
    def has_years(self) -> bool:
        """Whether there is a yearly series (a study may keep summaries only)."""
        return self.from_year is not None

    @property
    def is_over_points(self) -> bool:
        """Whether intervals are over the points of a design; else over replicates."""
        return self.points > 1

    @property
    def n(self) -> int:
        """Number of points or replicates that the intervals are over."""
        return self.points if self.is_over_points else self.replicates


def half_width(sd: float, n: int) -> float:
    """Half the width of the 95 % interval of a mean of n independent values; nan with one."""
    from scipy.stats import t

    return float(t.ppf(0.5 + LEVEL / 2, n - 1) * sd / math.sqrt(n)) if n > 1 else math.nan


def comparisons_of(
    rows: pd.DataFrame, baseline: str, others: Sequence[str], outputs: Sequence[str], *, years: tuple[int, int] | None = None,
    wanted: Sequence[str] = (),
) -> list[Comparison]:  # fmt: skip
    """Pair the rows of a collected table and describe the differences of each scenario from the baseline."""
    found: list[Comparison] = []
    places: Any = rows[["region", "households"]].drop_duplicates().itertuples(index=False)
    for region, households in places:
        mine = rows[(rows["region"] == region) & (rows["households"] == households)]
        for other in others:
            part = _comparison(mine, baseline, other, str(region), int(households), outputs, years, wanted)
            if part is not None:
                found.append(part)
    if not found:
        names = ", ".join(f"'{o}'" for o in others)
        raise CompareError(f"there is no pair to compare yet: no run of '{baseline}' and of {names} with the same seed ended well")
    return found


def _comparison(
    rows: pd.DataFrame, a: str, b: str, region: str, households: int, outputs: Sequence[str], years: tuple[int, int] | None,
    wanted: Sequence[str],
) -> Comparison | None:  # fmt: skip
    """Two scenarios in one region and number of households; None where no pair of runs ended well."""
    arms = [rows[rows["scenario"] == name] for name in (a, b)]
    both, n_runs = _pairs(arms)
    if not both:
        return None
    has_years = "year" in rows.columns
    spots, side_of = (["year", "side"], ["side"]) if has_years else ([], [])
    before, after = (_values_of(f, both, spots, outputs) for f in arms)
    before, after, change, is_other = _changes(before, after)
    first = from_year = None
    if has_years:
        all_years = np.asarray(change.index.get_level_values("year"), dtype=int)
        from_year = int(all_years.min())
        first = int(all_years[is_other].min()) if is_other.any() else None
        years = _window(years, from_year, int(all_years.max()))
    else:
        years = None
    points, replicates = len({k[0] for k in both}), len({k[1] for k in both})
    unit = "point" if points > 1 else "replicate"
    units = [f.groupby(level=[unit, *spots]).mean() for f in (before, after, change)]
    inside = [_within(f, years) for f in units]
    averaged = [f.groupby(level=[unit, *side_of]).mean() for f in inside]
    effects = tuple(Effect(**said) for said in _described(averaged, outputs, side_of))
    table = _as_table(a, b, region, households, _described(units, outputs, spots))
    return Comparison(
        a, b, region, households, len(both), n_runs - 2 * len(both), replicates, points, table, effects, _chosen(effects, wanted), years, first,
        from_year, len(wanted),
    )  # fmt: skip


def _pairs(arms: Sequence[pd.DataFrame]) -> tuple[set[tuple[int, int]], int]:
    """Point and replicate of the runs that ended well in both arms, and how many runs there are in all."""
    runs, good = ([set(map(tuple, f[_KEYS].drop_duplicates().to_numpy().tolist())) for f in fs] for fs in (arms, [_well(f) for f in arms]))
    return good[0] & good[1], sum(len(r) for r in runs)


def _well(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["status"] == "ok"]


def _values_of(frame: pd.DataFrame, both: Collection[tuple[int, int]], spots: Sequence[str], outputs: Sequence[str]) -> pd.DataFrame:
    """The outputs of one arm's runs of pairs, a row for each point, replicate and spot (year and side)."""
    well = _well(frame)
    well = well[[k in both for k in map(tuple, well[_KEYS].to_numpy().tolist())]]
    if "year" in spots:
        well = well.assign(year=well["year"].astype(int))
    return well.set_index([*_KEYS, *spots])[list(outputs)].astype(float).sort_index()


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Both arms where both have a number, their difference, and whether any output differs in each row, shape (rows,)."""
    shared = before.index.intersection(after.index)
    before, after = before.loc[shared], after.loc[shared]
    change = after - before
    differs = (change != 0).to_numpy() & change.notna().to_numpy() | (before.isna() != after.isna()).to_numpy()
    before, after = (f.where(change.notna()) for f in (before, after))  # means over the same runs and years as their difference
    return before, after, change, np.asarray(differs.any(axis=1))


def _within(frame: pd.DataFrame, years: tuple[int, int] | None) -> pd.DataFrame:
    if years is None:
        return frame
    at = frame.index.get_level_values("year")
    return frame.loc[(at >= years[0]) & (at <= years[1])]


def _window(years: tuple[int, int] | None, first: int, last: int) -> tuple[int, int]:
    if years is None:
        return max(first, last - LAST_YEARS + 1), last
    if years[0] < first or years[1] > last:
        raise CompareError(f"--years is {years[0]}-{years[1]}, but the runs have the years {first} to {last}")
    return years


def _described(units: Sequence[pd.DataFrame], outputs: Sequence[str], spots: Sequence[str]) -> list[dict[str, Any]]:
    """Means, spread, interval and agreement in sign for each indicator at each spot (year and side)."""
    before, after, change = units
    groups = change.groupby(level=list(spots)).indices if spots else {(): np.arange(len(change))}
    found: list[dict[str, Any]] = []
    for name in outputs:
        a, b, d = (f[name].to_numpy(float) for f in (before, after, change))
        for spot, at in sorted(groups.items()):
            where: dict[str, Any] = dict(zip(spots, spot if isinstance(spot, tuple) else (spot,), strict=True))
            rows = np.asarray(at)[np.isfinite(d[at])]
            n = len(rows)
            mean = float(d[rows].mean()) if n else math.nan
            sd = [float(x[rows].std(ddof=1)) if n > 1 else math.nan for x in (a, b, d)]
            half = half_width(sd[2], n)
            said = {
                "output": name, "side": where.get("side", ""), "n": n, "mean_a": float(a[rows].mean()) if n else math.nan,
                "mean_b": float(b[rows].mean()) if n else math.nan, "difference": mean, "sd": sd[2], "low": mean - half, "high": mean + half,
                "same_sign": float((np.sign(d[rows]) == np.sign(mean)).mean()) if n else math.nan,
            }  # fmt: skip
            if "year" in where:
                said |= {"year": int(where["year"]), "sd_a": sd[0], "sd_b": sd[1]}
            found.append(said)
    return found


def _as_table(a: str, b: str, region: str, households: int, described: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(described)
    table["relative"] = (table["difference"] / table["mean_a"].abs()).where(table["mean_a"] != 0)
    table.insert(0, "baseline", a)
    table.insert(1, "scenario", b)
    table.insert(2, "region", region)
    table.insert(3, "households", households)
    table.insert(5, "unit", [unit_of(n) for n in table["output"]])
    return table


def _chosen(effects: Sequence[Effect], wanted: Sequence[str]) -> tuple[Effect, ...]:
    """The wanted indicators, or those that differ most; for each the side where it differs most."""
    best: dict[str, Effect] = {}
    for effect in effects:
        if effect.output not in best or effect.strength > best[effect.output].strength:
            best[effect.output] = effect
    if wanted:
        return tuple(best[name] for name in wanted)
    ranked = sorted(best.values(), key=lambda e: e.strength, reverse=True)
    return tuple(e for e in ranked if e.strength > (0.0, 0.0))[:MOST_CHOSEN] or tuple(ranked[:1])


def unit_of(output: str) -> str:
    """An indicator's declared unit."""
    from agents.core.declare import OUTPUTS

    return OUTPUTS[output].unit if output in OUTPUTS else ""


def splits_of(rows: pd.DataFrame, part: Comparison, outputs: Sequence[str]) -> tuple[Split, ...]:
    """Divide the spread of each difference, averaged over the part's years, into a part over draws (points) and a part from chance."""
    assert part.years is not None
    well = rows[(rows["status"] == "ok") & (rows["year"] >= part.years[0]) & (rows["year"] <= part.years[1])]
    keys = ["point", "replicate", "year", "side"]
    before, after = (well[well["scenario"] == name].set_index(keys)[list(outputs)].astype(float) for name in (part.a, part.b))
    shared = before.index.intersection(after.index)
    change = (after.loc[shared] - before.loc[shared]).groupby(level=["point", "replicate", "side"]).mean()
    by_draw = change.groupby(level=["point", "side"])
    means, variances, counts = by_draw.mean(), by_draw.var(ddof=1), by_draw.count()
    found = []
    for output in outputs:
        for side in sorted(set(change.index.get_level_values("side"))):
            m, v, n = (f.xs(side, level="side")[output] for f in (means, variances, counts))
            enough = n >= 2
            m, v, n = m[enough], v[enough], n[enough]
            chance = float(v.mean()) if len(m) else math.nan
            posterior = max(float(m.var(ddof=1)) - float((v / n).mean()), 0.0) if len(m) > 1 else math.nan
            found.append(Split(output, side, len(m), float(m.mean()) if len(m) else math.nan, posterior, chance))
    return tuple(found)
