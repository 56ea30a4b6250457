"""What does one scenario change against another? Differences of runs that share their seeds, with intervals.

Replicate k has the same seed in both arms, so most of what chance does is the same in both and falls out of the
difference. What is left is described by indicator, year and side: the mean difference, its 95 % interval (Student's t),
the share of pairs that agree in sign. Over the draws of a posterior the spread is split into what the posterior leaves open and
what chance does. Works on two scenarios that are run now, and on the arms of a study folder while it runs. Sentences, figures and files
are made in :mod:`experiments.reports.compare`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from experiments.options import DEFAULT_REGION
from experiments.studies.draws import OverDraws
from experiments.studies.manifest import study_of

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior
    from experiments.studies.study import Study

LEVEL = 0.95
#: Years that a sentence covers when none are named: the last ones that both arms have.
LAST_YEARS = 3
#: Indicators that are chosen when none are named.
MOST_CHOSEN = 12
#: Half the width of a 90 % interval of a normal quantity, in standard deviations.
NINETY = 1.6448536269514722


class CompareError(UserError):
    """A comparison that cannot be made, in one sentence."""


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
        """Difference as a part of the first arm's mean; no number where that is 0."""
        return self.difference / abs(self.mean_a) if self.mean_a else math.nan

    @property
    def strength(self) -> tuple[float, float]:
        """Standardized difference, then the relative one (which alone decides where nothing varies, or with one pair)."""
        if not self.difference or not math.isfinite(self.difference):
            return (0.0, 0.0)
        relative = abs(self.relative) if math.isfinite(self.relative) else 1.0
        if self.n < 2:
            return (0.0, relative)
        return (abs(self.difference) / self.sd if self.sd > 0 else math.inf, relative)


@dataclass(frozen=True)
class Split:
    """Where the spread of a difference over the draws of a posterior comes from, for one indicator on one side.

    ``var_posterior`` is the variance over draws of the draws' means less what chance adds to it (var_chance / replicates), not below
    0; ``var_chance`` the variance between replicates of a draw. Both in the indicator's unit, squared.
    """

    output: str
    side: str
    draws: int
    difference: float
    var_posterior: float
    var_chance: float

    def interval(self, variance: float) -> tuple[float, float]:
        """The 90 % interval of the difference that a variance makes (normal)."""
        half = NINETY * math.sqrt(variance) if variance >= 0 else math.nan
        return self.difference - half, self.difference + half

    @property
    def of_posterior(self) -> tuple[float, float]:
        """What the mean effect may be, as far as the posterior leaves it open."""
        return self.interval(self.var_posterior)

    @property
    def of_chance(self) -> tuple[float, float]:
        """What one pair of histories may show, were the parameters known."""
        return self.interval(self.var_chance)

    @property
    def of_both(self) -> tuple[float, float]:
        """What one pair of histories may show."""
        return self.interval(self.var_posterior + self.var_chance)


@dataclass(frozen=True)
class Comparison:
    """One scenario against one baseline in one region and world size."""

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
    asked: int = 0  #: how many of the chosen were named, rather than found to differ most
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
        """What the intervals are over."""
        return self.points if self.is_over_points else self.replicates


# --- pairs and their differences --------------------------------------------------------------------------------------


def half_width(sd: float, n: int) -> float:
    """Half the width of the interval of a mean of n independent values; no number with one."""
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
    import numpy as np

    keys = ["point", "replicate"]
    arms = [rows[rows["scenario"] == name] for name in (a, b)]
    runs = [set(map(tuple, f[keys].drop_duplicates().to_numpy().tolist())) for f in arms]
    good = [set(map(tuple, f.loc[f["status"] == "ok", keys].drop_duplicates().to_numpy().tolist())) for f in arms]
    both = good[0] & good[1]
    if not both:
        return None
    unpaired = sum(len(r) for r in runs) - 2 * len(both)
    has_years = "year" in rows.columns
    spots = ["year", "side"] if has_years else []
    tables = []
    for frame in arms:
        well = frame[frame["status"] == "ok"]
        well = well[[k in both for k in map(tuple, well[keys].to_numpy().tolist())]]
        if has_years:
            well = well.assign(year=well["year"].astype(int))
        tables.append(well.set_index([*keys, *spots])[list(outputs)].astype(float).sort_index())
    shared = tables[0].index.intersection(tables[1].index)
    before, after = (t.loc[shared] for t in tables)
    change = after - before
    differs = (change != 0).to_numpy() & change.notna().to_numpy() | (before.isna() != after.isna()).to_numpy()
    is_other = np.asarray(differs.any(axis=1))
    before, after = (f.where(change.notna()) for f in (before, after))  # means of the same runs and years as their difference
    first = from_year = None
    if has_years:
        all_years = np.asarray(shared.get_level_values("year"), dtype=int)
        from_year = int(all_years.min())
        first = int(all_years[is_other].min()) if is_other.any() else None
        years = _window(years, from_year, int(all_years.max()))
    else:
        years = None
    points, replicates = len({k[0] for k in both}), len({k[1] for k in both})
    unit = "point" if points > 1 else "replicate"
    units = [f.groupby(level=[unit, *spots]).mean() for f in (before, after, change)]
    side_of: list[str] = ["side"] if has_years else []
    inside = [
        f.loc[(f.index.get_level_values("year") >= years[0]) & (f.index.get_level_values("year") <= years[1])] if years else f
        for f in units
    ]
    averaged = [f.groupby(level=[unit, *side_of]).mean() for f in inside]
    effects = tuple(Effect(**said) for said in _described(averaged, outputs, side_of))
    table = _as_table(a, b, region, households, _described(units, outputs, spots))
    return Comparison(
        a, b, region, households, len(both), unpaired, replicates, points, table, effects, _chosen(effects, wanted), years, first, from_year,
        len(wanted),
    )  # fmt: skip


def _window(years: tuple[int, int] | None, first: int, last: int) -> tuple[int, int]:
    if years is None:
        return max(first, last - LAST_YEARS + 1), last
    if years[0] < first or years[1] > last:
        raise CompareError(f"--years is {years[0]}-{years[1]}, but the runs have the years {first} to {last}")
    return years


def _described(units: Sequence[pd.DataFrame], outputs: Sequence[str], spots: Sequence[str]) -> list[dict[str, Any]]:
    """Means, spread, interval and agreement in sign for each indicator at each spot (year and side)."""
    import numpy as np

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
    """Indicators that were asked for, or those that differ most; of each the side where it differs most."""
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


# --- two scenarios, run now -------------------------------------------------------------------------------------------


def compare_scenarios(
    a: Scenario, b: Scenario, *, replicates: int = 8, households: int = 1000, seed: int = 1, region: str | None = None,
    outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None, progress: Any = None,
) -> Comparison:  # fmt: skip
    """Run both with the same seeds and describe the differences."""
    from experiments.execution.batch import RunConfiguration, run_scenarios

    a, b = _two_of_one_end(a, b)
    all_outputs = yearly_outputs()
    check_outputs(outputs, all_outputs)
    said = RunConfiguration(replicates=replicates, seed=seed, households=households, regions=(region or DEFAULT_REGION,))
    rows = run_scenarios([a, b], said, executor=executor, progress=progress)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0], 200)}")
    return comparisons_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]


def _two_of_one_end(a: Scenario, b: Scenario) -> tuple[Scenario, Scenario]:
    """The two with names that differ; refuses two that cannot be compared."""
    if a.end != b.end:
        raise CompareError(f"'{a.name}' ends in {a.end} and '{b.name}' in {b.end}: give both one end with --end")
    if a.hash == b.hash:
        raise CompareError(
            f"'{a.name}' and '{b.name}' are the same scenario, so nothing can differ; change the second with --set or --without"
        )
    return a, replace(b, name=f"{b.name}-changed") if a.name == b.name else b


def compare_draws(
    a: Scenario, b: Scenario, posterior: Posterior, *, draws: int = 50, replicates: int = 2, households: int = 1000, seed: int = 1,
    region: str | None = None, outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None,
    store: Path | None = None, progress: Any = None,
) -> Comparison:  # fmt: skip
    """Run both with the same seeds for each draw of a posterior, ``replicates`` (2 or more) times, and describe the differences.

    Points of the comparison are draws; ``executor`` and ``store`` as of :func:`experiments.analysis.draws.run_draws`. CompareError where too
    few runs end well to tell the posterior from chance.
    """
    from experiments.analysis.draws import carry_out, stored

    asked = pair_over_draws(
        a, b, posterior, draws=draws, replicates=replicates, households=households, seed=seed, region=region or DEFAULT_REGION
    )
    check_outputs(outputs, yearly_outputs())
    with stored(store) as folder:
        carry_out(folder, asked, executor, progress)
        return compare_drawn(folder, asked, outputs=outputs, years=years)


def pair_over_draws(
    a: Scenario, b: Scenario, posterior: Posterior, *, draws: int, replicates: int, households: int, seed: int, region: str
) -> OverDraws:
    """The runs that a comparison over draws takes; refuses two scenarios, or numbers, with which nothing could be compared."""
    pair = _two_of_one_end(a, b)
    if draws < 2 or replicates < 2:
        raise CompareError(f"{draws} draws and {replicates} replicates: it takes 2 of each to part the posterior from chance")
    return OverDraws(posterior, pair, region, draws, replicates, households, seed)


def compare_drawn(folder: Path, asked: OverDraws, *, outputs: Sequence[str] = (), years: tuple[int, int] | None = None) -> Comparison:
    """Compare the two scenarios of a study over draws that was carried out."""
    from experiments.studies.collect import collect

    a, b = asked.scenarios
    all_outputs = yearly_outputs()
    rows = collect(folder).assign(region=asked.region)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0] if len(rows) else 'there is no run', 200)}")
    part = comparisons_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]
    return replace(part, posterior=asked.posterior.id, splits=splits_of(rows, part, all_outputs))


def splits_of(rows: pd.DataFrame, part: Comparison, outputs: Sequence[str]) -> tuple[Split, ...]:
    """Comparison the spread of each difference, averaged over the part's years, into that over draws (points) and that of chance."""
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


def yearly_outputs() -> list[str]:
    """Every declared indicator of the yearly table."""
    import abm.results  # noqa: F401  (registers the indicators)
    from agents.core.declare import OUTPUTS

    return [n for n, o in OUTPUTS.items() if "yearly" in o.tables]


def check_outputs(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names that there is no indicator of."""
    from agents.core.declare import near

    for name in wanted:
        if name not in known:
            raise CompareError(f"there is no output '{shorten(name)}' to compare; {near(shorten(name), known)}")


# --- the arms of a study ----------------------------------------------------------------------------------------------


def compare_study(
    folder: str | Path,
    baseline: str | None = None,
    *,
    outputs: Sequence[str] = (),
    years: tuple[int, int] | None = None,
    mixed: bool = False,
) -> list[Comparison]:
    """Pair the runs that a study has so far by region, world size, point and replicate; the rest is counted and left out."""
    from agents.core.declare import near
    from experiments.execution.work import indicators
    from experiments.studies.collect import collect
    from experiments.studies.plan import read_study_manifest

    folder = Path(folder)
    manifest = read_study_manifest(folder)
    study = study_of(manifest["study"])
    names = list(study.scenarios)
    if len(names) < 2:
        raise CompareError(f"the study in '{shorten(folder)}' has one scenario only, '{names[0]}': there is nothing to compare it with")
    if baseline is None:
        if len(names) > 2:
            raise CompareError(
                f"the study has {len(names)} scenarios: say with --baseline which the others are compared with ({', '.join(names)})"
            )
        baseline = names[0]
    elif baseline not in names:
        raise CompareError(f"the study has no scenario '{shorten(baseline)}'; {near(shorten(baseline), names)}")
    yearly_outputs()
    # in a yearly record a summary stands on every year's line, so it would tell nothing of years
    known = list(indicators(study) if study.record == "summaries" else study.yearly_outputs())
    check_outputs(outputs, known)
    if years is not None and study.record == "summaries":
        raise CompareError("--years does not go with this study: it keeps summaries, no years")
    rows = collect(folder, mixed=mixed)
    if rows.empty:
        raise CompareError(f"the study in '{shorten(folder)}' has no run yet; start it with 'lintas batch {shorten(folder)}'")
    rows = _with_equal_arms(rows, study, manifest)
    return comparisons_of(rows, baseline, [n for n in names if n != baseline], known, years=years, wanted=outputs)


def _with_equal_arms(rows: pd.DataFrame, study: Study, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """The rows with those of arms that are another's under a second name, which a plan holds once."""
    import pandas as pd

    from experiments.studies.outcomes import same_arms

    arms = study.arms()
    first = [arms[k] for k in same_arms(manifest, arms)]
    more = []
    for (scenario, region, households), (s, r, _h) in zip(arms, first, strict=True):
        if (scenario, region) != (s, r):
            mine = rows[(rows["scenario"] == s) & (rows["region"] == r) & (rows["households"] == households)]
            more.append(mine.assign(scenario=scenario, region=region))
    return pd.concat([rows, *more], ignore_index=True) if more else rows
