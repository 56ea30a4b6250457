"""What does one scenario change against another? Differences of runs that share their seeds, with intervals, words and a figure.

Replicate k has the same seed in both arms, so most of what chance does is the same in both and falls out of the
difference. What is left is described by indicator, year and side: the mean difference, its 95 % interval (Student's t),
the share of pairs that agree in sign. Over the draws of a posterior the spread is parted into what the posterior leaves open and
what chance does. Works on two scenarios that are run now, and on the arms of a study folder while it runs.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.cli.studies import Json, Language, Quiet, show_progress
from experiments.studies.manifest import study_of
from experiments.words.languages import Numbers, check_language, translator

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior
    from experiments.studies.study import Study

KIND = "lintas comparison"
FORMAT = 1
LEVEL = 0.95
#: Years that a sentence covers when none are named: the last ones that both arms have.
LAST_YEARS = 3
#: Indicators that a figure shows, and that the table on the screen lists, when none are named.
MOST_DRAWN, MOST_LISTED = 4, 12
#: Half the width of a 90 % interval of a normal quantity, in standard deviations.
NINETY = 1.6448536269514722
#: What two runs must share to be a pair.
PAIR = ("region", "households", "point", "replicate")


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

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """As JSON; what is no number becomes null."""
        said = {k: getattr(self, k) for k in ("output", "side", "n", "mean_a", "mean_b", "difference", "sd", "low", "high", "same_sign")}
        standardized = self.strength[0] if self.n > 1 else math.nan
        more = {"label": label_of(self.output, translator(lang)), "unit": unit_of(self.output), "relative": self.relative}
        return {k: _plain(v) for k, v in (said | more | {"standardized": standardized}).items()}


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

    def to_dict(self) -> dict[str, Any]:
        """As JSON; what is no number becomes null."""
        said = {k: getattr(self, k) for k in ("output", "side", "draws", "difference", "var_posterior", "var_chance")}
        total = self.var_posterior + self.var_chance
        said["share_posterior"] = self.var_posterior / total if total > 0 else math.nan
        for name in ("of_both", "of_posterior", "of_chance"):
            said[f"low_{name}"], said[f"high_{name}"] = getattr(self, name)
        return {k: _plain(v) for k, v in said.items()}


@dataclass(frozen=True)
class Part:
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

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """As JSON."""
        said = {
            "a": self.a, "b": self.b, "region": self.region, "households": self.households, "pairs": self.pairs, "unpaired_runs": self.unpaired,
            "replicates": self.replicates, "points": self.points, "interval_over": "points" if self.is_over_points else "replicates",
            "level": LEVEL, "years": list(self.years) if self.years else None, "first_year_that_differs": self.first,
            "sentence": sentence(self, lang), "sentences": sentences(self, lang), "start": start_sentence(self, lang),
            "chosen": [e.to_dict(lang) for e in self.chosen], "effects": [e.to_dict(lang) for e in self.effects],
        }  # fmt: skip
        if self.posterior is None:
            return said
        return said | {"posterior": {"id": self.posterior, "level": 0.90, "splits": [s.to_dict() for s in self.splits]}}


# --- pairs and their differences --------------------------------------------------------------------------------------


def half_width(sd: float, n: int) -> float:
    """Half the width of the interval of a mean of n independent values; no number with one."""
    from scipy.stats import t

    return float(t.ppf(0.5 + LEVEL / 2, n - 1) * sd / math.sqrt(n)) if n > 1 else math.nan


def parts_of(
    rows: pd.DataFrame, baseline: str, others: Sequence[str], outputs: Sequence[str], *, years: tuple[int, int] | None = None,
    wanted: Sequence[str] = (),
) -> list[Part]:  # fmt: skip
    """Pair the rows of a collected table and describe the differences of each scenario from the baseline."""
    found: list[Part] = []
    places: Any = rows[["region", "households"]].drop_duplicates().itertuples(index=False)
    for region, households in places:
        mine = rows[(rows["region"] == region) & (rows["households"] == households)]
        for other in others:
            part = _part(mine, baseline, other, str(region), int(households), outputs, years, wanted)
            if part is not None:
                found.append(part)
    if not found:
        names = ", ".join(f"'{o}'" for o in others)
        raise CompareError(f"there is no pair to compare yet: no run of '{baseline}' and of {names} with the same seed ended well")
    return found


def _part(
    rows: pd.DataFrame, a: str, b: str, region: str, households: int, outputs: Sequence[str], years: tuple[int, int] | None,
    wanted: Sequence[str],
) -> Part | None:  # fmt: skip
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
    return Part(
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
    return tuple(e for e in ranked if e.strength > (0.0, 0.0))[:MOST_LISTED] or tuple(ranked[:1])


# --- words -----------------------------------------------------------------------------------------------------------


def label_of(output: str, _: Callable[[str], str]) -> str:
    """An indicator's declared label; a summary or a measure of the user's own has its name only."""
    from agents.core.declare import OUTPUTS

    return _(OUTPUTS[output].label) if output in OUTPUTS else output


def _inside(label: str) -> str:
    """A label as it stands inside a sentence: no capital, unless it begins with an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() and " " in label else label


def unit_of(output: str) -> str:
    """An indicator's declared unit."""
    from agents.core.declare import OUTPUTS

    return OUTPUTS[output].unit if output in OUTPUTS else ""


def named(output: str, _: Callable[[str], str]) -> str:
    """A label with its unit in brackets; a pure number has none to show."""
    unit = unit_of(output)
    return label_of(output, _) + (f" [{_(unit)}]" if unit not in ("", "1", "share") else "")


def years_text(years: tuple[int, int]) -> str:
    """``2004–2006`` or ``2006``."""
    return f"{years[0]}–{years[1]}" if years[0] != years[1] else str(years[0])


def sentences(part: Part, lang: str = "en") -> list[str]:
    """Each of the differences that were asked for in words, or the strongest where none was."""
    return [sentence(part, lang, effect) for effect in part.chosen[: max(part.asked, 1)]]


def sentence(part: Part, lang: str = "en", effect: Effect | None = None) -> str:
    """A difference in words; the strongest of the chosen where none is named."""
    from experiments.studies.outcomes import side_name

    _, n, effect = translator(lang), Numbers(lang), effect or part.chosen[0]
    said = {
        "a": part.a, "b": part.b, "label": _inside(named(effect.output, _)), "size": n.short(abs(effect.difference)),
        "mean_a": n.short(effect.mean_a), "mean_b": n.short(effect.mean_b), "years": years_text(part.years) if part.years else "",
        "side": _(side_name(part.region, effect.side)) if effect.side else "",
    }  # fmt: skip
    if not math.isfinite(effect.difference):
        return _("{label} has no value in these runs, so nothing can be compared.").format(**said)
    if effect.difference == 0:
        if part.years:
            return _("With {b} instead of {a}, {label} on the {side} side is exactly the same in {years}.").format(**said)
        return _("With {b} instead of {a}, {label} is exactly the same.").format(**said)
    if part.years and effect.difference > 0:
        head = _("With {b} instead of {a}, {label} on the {side} side is on average {size} higher in {years}: {mean_b} instead of {mean_a}")
    elif part.years:
        head = _("With {b} instead of {a}, {label} on the {side} side is on average {size} lower in {years}: {mean_b} instead of {mean_a}")
    elif effect.difference > 0:
        head = _("With {b} instead of {a}, {label} is on average {size} higher: {mean_b} instead of {mean_a}")
    else:
        head = _("With {b} instead of {a}, {label} is on average {size} lower: {mean_b} instead of {mean_a}")
    split = part.split_of(effect)
    if split is not None:
        both, posterior, chance = (
            f"{n.short(low)} … {n.short(high)}" for low, high in (split.of_both, split.of_posterior, split.of_chance)
        )
        tail = _("(90 % interval {both} over {draws} draws, of which the posterior {posterior} and of which chance {chance})")
        tail = tail.format(both=both, draws=split.draws, posterior=posterior, chance=chance)
        return f"{head.format(**said)} {tail}."
    if effect.n < 2:
        tail = _("(one pair only: there is no interval, and chance alone may do as much)")
    elif part.is_over_points:
        tail = _("(95 % interval of the difference {low} to {high} over {n} points; {share} of them agree in sign)")
    else:
        tail = _("(95 % interval of the difference {low} to {high} over {n} replicates; {share} of them agree in sign)")
    tail = tail.format(low=n.short(effect.low), high=n.short(effect.high), n=effect.n, share=n.percent(effect.same_sign))
    return f"{head.format(**said)} {tail}."


def start_sentence(part: Part, lang: str = "en") -> str:
    """From when on the arms differ."""
    _ = translator(lang)
    if not part.has_years:
        return ""
    if part.first is None:
        return _("Nothing differs in any year.")
    if part.first == part.from_year:
        return _("The two differ from the first year, {year}, on.").format(year=part.first)
    return _("Nothing differs before {year}.").format(year=part.first)


# --- two scenarios, run now -------------------------------------------------------------------------------------------


def compare_scenarios(
    a: Scenario, b: Scenario, *, replicates: int = 8, households: int = 1000, seed: int = 1, region: str | None = None,
    outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None, progress: Any = None,
) -> Part:  # fmt: skip
    """Run both with the same seeds and describe the differences."""
    from experiments.execution.batch import RunConfiguration, run_scenarios
    from experiments.studies.study import DEFAULT_REGION

    a, b = _two_of_one_end(a, b)
    all_outputs = yearly_outputs()
    check_outputs(outputs, all_outputs)
    said = RunConfiguration(replicates=replicates, seed=seed, households=households, regions=(region or DEFAULT_REGION,))
    rows = run_scenarios([a, b], said, executor=executor, progress=progress)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0], 200)}")
    return parts_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]


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
    region: str | None = None, outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None, progress: Any = None,
) -> Part:  # fmt: skip
    """Run both with the same seeds for each draw of a posterior, ``replicates`` (2 or more) times, and describe the differences.

    Points of the Part are draws. CompareError where too few runs end well to part the posterior from chance.
    """
    import pandas as pd

    from abm import Region
    from experiments.runs.posterior import jobs_of, run_jobs
    from experiments.studies.study import DEFAULT_REGION

    a, b = _two_of_one_end(a, b)
    if draws < 2 or replicates < 2:
        raise CompareError(f"{draws} draws and {replicates} replicates: it takes 2 of each to part the posterior from chance")
    all_outputs = yearly_outputs()
    check_outputs(outputs, all_outputs)
    where = region or DEFAULT_REGION
    jobs, _drawn = jobs_of(
        [a, b], posterior, Region.load(where), draws=draws, replicates=replicates, households=households, seed=seed, tables=("yearly",)
    )  # fmt: skip
    frames = []
    for done in run_jobs(jobs, executor, progress):
        frame = done.tables["yearly"] if done.tables else pd.DataFrame({"year": [1980], "side": ["id"]})
        fixed = {
            "scenario": done.job.scenario.name, "region": where, "households": households, "point": done.job.draw,
            "replicate": done.job.replicate, "status": done.status, "cause": done.cause,
        }  # fmt: skip
        frames.append(frame.assign(**fixed))
    rows = pd.concat(frames, ignore_index=True)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0], 200)}")
    part = parts_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]
    return replace(part, posterior=posterior.id, splits=splits_of(rows, part, all_outputs))


def splits_of(rows: pd.DataFrame, part: Part, outputs: Sequence[str]) -> tuple[Split, ...]:
    """Part the spread of each difference, averaged over the part's years, into that over draws (points) and that of chance."""
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
) -> list[Part]:
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
    return parts_of(rows, baseline, [n for n in names if n != baseline], known, years=years, wanted=outputs)


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


# --- files -----------------------------------------------------------------------------------------------------------


def check_out(folder: Path, asked: Mapping[str, Any] | None = None, *, overwrite: bool = False) -> Path:
    """Refuse, before anything runs, a folder that could not be written.

    A former comparison may be replaced where it was ``asked`` in the same way (by its manifest), or where ``overwrite`` says so.
    """
    from experiments.runs.run import check_folder, manifest_in

    try:
        is_filled = os.path.isdir(folder) and any(folder.iterdir())
    except OSError:
        is_filled = False
    if not is_filled:
        return check_folder(folder)
    there = manifest_in(folder)
    if there.get("kind") != KIND:
        raise CompareError(f"the folder '{shorten(folder)}' holds something other than a lintas comparison; name another folder with --out")
    if not overwrite and (asked is None or there.get("asked") != json.loads(json.dumps(asked))):
        raise CompareError(f"'{shorten(folder)}' holds another comparison; name another folder with --out, or replace it with --overwrite")
    if not folder.is_symlink():  # the place itself: whether a folder beside it could be made
        check_folder(folder.with_name(f"{folder.name}.new"))
        return folder
    return check_folder(folder)


def write(parts: Sequence[Part], folder: Path, manifest: Mapping[str, Any], lang: str = "en", *, overwrite: bool = False) -> Path:
    """Differences, figures, the whole as JSON and a manifest: all or nothing; refuses a folder of another comparison unless ``overwrite``."""
    import pandas as pd

    from experiments.reports.compare_figures import picture
    from experiments.runs.run import files_in, whole_folder, write_table

    check_out(folder, manifest.get("asked"), overwrite=overwrite)
    drawn = [picture(part, lang) for part in parts]
    with whole_folder(folder) as draft:
        write_table(pd.concat([p.table for p in parts], ignore_index=True), draft / "differences.parquet")
        (draft / "compare.json").write_text(as_json(parts, lang) + "\n", encoding="utf-8")
        for number, (part, figure) in enumerate(zip(parts, drawn, strict=True), 1):
            if figure is not None:
                stem = "compare" if len(parts) == 1 else f"compare-{number:02d}-{_slug(part.b)}"
                (draft / f"{stem}.svg").write_bytes(figure.svg)
        said = {"kind": KIND, "format": FORMAT, "language": lang, **manifest, "files": files_in(draft)}
        (draft / "manifest.json").write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def as_json(parts: Sequence[Part], lang: str = "en") -> str:
    """Everything as JSON; the same comparison gives the same text."""
    return json.dumps({"format": FORMAT, "comparisons": [p.to_dict(lang) for p in parts]}, indent=2, ensure_ascii=False)


def _origin() -> dict[str, Any]:
    from experiments.runs.identity import PACKAGES, command_line, commit, model_version

    return {
        "model_version": model_version(), "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
        "commit": commit(), "command_line": command_line(), "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _slug(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", Path(name).stem if "/" in name else name).strip("-.")[:60] or "scenario"


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


# --- the command ------------------------------------------------------------------------------------------------------


def compare_command(
    a: Annotated[str, typer.Argument(metavar="A", help="The scenario to compare with (a name or file), or a study folder.")],
    b: Annotated[str | None, typer.Argument(metavar="[B]", help="The scenario that is compared; none with a study folder.")] = None,
    replicates: Annotated[
        str | None, typer.Option("--replicates", metavar="N", help="Runs of each, with the same seeds; default 8, of each draw 2.")
    ] = None,
    households: Annotated[str | None, typer.Option("--households", "-n", metavar="N", help="Simulated households; default 1000.")] = None,
    seed: Annotated[str | None, typer.Option("--seed", metavar="K", help="Seed that the replicates' seeds come from; default 1.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", metavar="NAME|DIR", help="A shipped region or a region folder.")] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="YYYY-MM", help="Last month of both.")] = None,
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="PARAMETER=VALUE", help="Change a parameter in B.")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", metavar="MECHANISM", help="Switch a mechanism off in B.")] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="NAME", help="The scenario of a study that others are compared with.")
    ] = None,
    output: Annotated[list[str] | None, typer.Option("--output", metavar="NAME", help="An indicator to show (may be repeated).")] = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="FIRST-LAST", help="Years of the sentence; default the last three.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder of the results; default results/compare-A-B.")] = None,
    posterior: Annotated[bool, typer.Option("--posterior", help="Over draws of the posterior that ships for the region.")] = False,
    posterior_from: Annotated[
        Path | None, typer.Option("--posterior-from", metavar="DIR", help="Over draws of the posterior in this folder.")
    ] = None,
    draws: Annotated[str | None, typer.Option("--draws", metavar="N", help="Draws of the posterior; default 50.")] = None,
    allow_drift: Annotated[
        bool, typer.Option("--allow-drift", help="Use a posterior of another model version or of other data; it is recorded.")
    ] = False,
    mixed: Annotated[bool, typer.Option("--mixed", help="Take rows of several model versions of a study together.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another comparison that the folder holds.")] = False,
    as_json_only: Json = False,
    quiet: Quiet = False,
    lang: Language = "en",
) -> int:
    """Compare two scenarios run with the same seeds, or the scenarios of a study."""
    _ = translator(check_language(lang))
    span, wanted = _years(years), list(dict.fromkeys(output or []))
    from experiments.cli.studies import at_home

    if b is None:
        given = {
            "--replicates": replicates, "--households": households, "--seed": seed, "--region": region, "--end": end, "--set": changes,
            "--without": without, "--posterior": posterior, "--posterior-from": posterior_from, "--draws": draws, "--allow-drift": allow_drift,
        }  # fmt: skip
        for option, value in given.items():
            if value:
                raise CompareError(f"{option} goes with two scenarios; a study folder is compared as it was run")
        folder = _study_folder(at_home(Path(a)), a)
        asked: dict[str, Any] = {"study": str(folder.absolute()), "baseline": baseline, "outputs": wanted, "years": span, "mixed": mixed}
        place = check_out(at_home(out), asked, overwrite=overwrite) if out is not None else None
        parts = compare_study(folder, baseline, outputs=wanted, years=span, mixed=mixed)
        place = place or check_out(folder / f"compare-{_slug(parts[0].a)}", asked, overwrite=overwrite)
        from experiments.studies.plan import read_study_manifest

        study = read_study_manifest(folder)
        more: dict[str, Any] = {
            "asked": asked, "study": str(folder), "baseline": parts[0].a, "study_model_version": study["model_version"],
            "seed": study["study"]["seed"], "scenarios": {n: s["hash"] for n, s in study["scenarios"].items()},
        }  # fmt: skip
    else:
        if baseline is not None:
            raise CompareError("--baseline goes with a study folder; of two scenarios the first is the one compared with")
        over = None
        if posterior or posterior_from is not None:
            over = Over(posterior_from, draws or "50", allow_drift)
        elif draws is not None or allow_drift:
            raise CompareError("--draws and --allow-drift go with --posterior or --posterior-from")
        parts, place, more = _two(
            a, b, replicates, households, seed, region, end, changes, without, wanted, span, out, quiet, lang, over, overwrite
        )
    write(parts, place, _origin() | more, lang, overwrite=overwrite)
    if as_json_only:
        print(as_json(parts, lang))
        return 0
    for part in parts:
        _show(part, lang, is_study=b is None)
    print(_("Differences and figures: {folder}").format(folder=place))
    return 0


@dataclass(frozen=True)
class Over:
    """The draws of a posterior that a comparison is to be made over, as typed."""

    folder: Path | None
    draws: str
    allow_drift: bool


def _two(
    a: str, b: str, replicates: str | None, households: str | None, seed: str | None, region: str | None, end: str | None,
    changes: list[str] | None, without: list[str] | None, wanted: list[str], span: tuple[int, int] | None, out: Path | None,
    quiet: bool, lang: str, over: Over | None = None, overwrite: bool = False,
) -> tuple[list[Part], Path, dict[str, Any]]:  # fmt: skip
    from abm import Region
    from experiments.cli.main import load_posterior, load_scenario
    from experiments.execution.engine import EngineLost
    from experiments.options import at_home, check_end, parse_changes, seed_number, whole_number
    from experiments.runs.identity import model_version
    from experiments.runs.posterior import MOST_DRAWS
    from experiments.studies.plan import seed_of
    from experiments.studies.study import DEFAULT_REGION

    most = MOST_DRAWS
    n = whole_number("--replicates", replicates or ("8" if over is None else "2"), low=1 if over is None else 2, high=most)
    size, start = whole_number("--households", households or "1000", low=1), seed_number("--seed", seed or "1")
    if end is not None:
        check_end(end)
    first, second = load_scenario(a, {}, [], end), load_scenario(b, parse_changes(changes or []), without or [], end)
    if second.name == first.name and second.hash != first.hash:
        second = replace(second, name=f"{second.name}-changed")
    where = at_home(region) if region is not None else DEFAULT_REGION
    asked = {
        "a": first.hash, "b": second.hash, "region": where, "households": size, "seed": start, "replicates": n, "outputs": wanted, "years": span,
        "model_version": model_version(),
        "posterior": None if over is None else [None if over.folder is None else str(over.folder.absolute()), over.draws],
    }  # fmt: skip
    named = Path(at_home(str(out))) if out is not None else None
    place = named or _default_place(first, second, asked)
    check_out(place, asked, overwrite=overwrite)
    check_outputs(wanted, yearly_outputs())
    if over is not None:
        from experiments.runs.posterior import check_posterior

        draws, data = whole_number("--draws", over.draws, low=2, high=most), Region.load(where)
        found = load_posterior(data.id, over.folder)
        drift = check_posterior(found, data, over.allow_drift)
        with show_progress(translator(lang), quiet) as tell:
            part = compare_draws(
                first, second, found, draws=draws, replicates=n, households=size, seed=start, region=where, outputs=wanted, years=span,
                progress=tell,
            )  # fmt: skip
        return [part], place, {
            "asked": asked,
            "a": {"hash": first.hash, "scenario": first.to_dict()}, "b": {"hash": second.hash, "scenario": second.to_dict()},
            "region": where, "households": size, "seed": start, "draws": draws, "replicates": n, "drift": drift,
            "posterior": {"id": found.id, "model_version": found.model_version},
        }  # fmt: skip
    try:
        with show_progress(translator(lang), quiet) as tell:
            part = compare_scenarios(
                first, second, replicates=n, households=size, seed=start, region=where, outputs=wanted, years=span, progress=tell
            )
    except EngineLost as error:
        raise CompareError(f"the workers were lost ({shorten(error)}); nothing was written, start the comparison again") from None
    more = {
        "asked": asked, "a": {"hash": first.hash, "scenario": first.to_dict()}, "b": {"hash": second.hash, "scenario": second.to_dict()}, "region": where,
        "households": size, "seed": start, "seeds": [seed_of(start, k) for k in range(n)],
    }  # fmt: skip
    return [part], place, more


def _default_place(first: Scenario, second: Scenario, asked: Mapping[str, Any]) -> Path:
    """``results/compare-A-B``, with a short hash where the scenarios or what else was asked are not those that their names stand for."""
    from abm import Scenario
    from experiments.studies.study import DEFAULT_REGION

    plain = {"region": DEFAULT_REGION, "households": 1000, "seed": 1, "outputs": [], "years": None, "posterior": None, "replicates": 8}
    shipped = all(s.name in Scenario.names() and s.hash == Scenario.load(s.name).hash for s in (first, second))
    name = f"compare-{_slug(first.name)}-{_slug(second.name)}"
    if not shipped or {k: asked[k] for k in plain} != plain:
        said = json.dumps({k: v for k, v in asked.items() if k != "model_version"}, sort_keys=True)
        name += f"-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    return Path("results") / name


def _study_folder(folder: Path, said: str) -> Path:
    """A study folder; one scenario alone, or any other folder, is refused with what to do."""
    from abm import Scenario

    if not os.path.isdir(folder) and (said in Scenario.names() or folder.suffix == ".toml"):
        raise CompareError(f"one scenario alone ('{shorten(said)}') cannot be compared: name a second one, or a study folder")
    return folder


def _years(said: str | None) -> tuple[int, int] | None:
    if said is None:
        return None
    found = re.fullmatch(r"([0-9]{4})(?:[-–]([0-9]{4}))?", said.strip())
    if not found:
        raise CompareError(f"--years takes FIRST-LAST, such as 1995-1997, found '{shorten(said)}'")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise CompareError(f"--years is {said}: the last year comes before the first")
    return first, last


def _show(part: Part, lang: str, *, is_study: bool) -> None:
    """The sentence, from when on the two differ, and the chosen indicators as a table."""
    from rich.console import Console
    from rich.table import Table

    from experiments.studies.outcomes import side_name

    _, n = translator(lang), Numbers(lang)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = max(console.width, 110)
    if is_study:
        said = _("{b} compared with {a}: {region}, {households} households")
        console.print(said.format(a=part.a, b=part.b, region=part.region, households=part.households), style="bold", soft_wrap=True)
    if part.unpaired:
        console.print(_("{n} runs have no partner that ended well and were left out.").format(n=part.unpaired), soft_wrap=True)
    for said in sentences(part, lang):
        console.print(said, soft_wrap=True)
    console.print(start_sentence(part, lang), soft_wrap=True)
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(_("indicator") + (f", {years_text(part.years)}" if part.years else ""), ratio=4)
    last = (_("95 % interval"), _("same sign")) if part.posterior is None else (_("90 %, of the posterior"), _("90 %, of chance"))
    for heading in (_("side"), part.a, part.b, _("difference"), *last):
        table.add_column(heading, ratio=None)
    for e in part.chosen:
        spread = f"{n.short(e.low)} … {n.short(e.high)}" if e.n > 1 else "–"
        cells, split = (spread, n.percent(e.same_sign)), part.split_of(e)
        if split is not None:
            cells = tuple(f"{n.short(low)} … {n.short(high)}" for low, high in (split.of_posterior, split.of_chance))
        side = _(side_name(part.region, e.side)) if e.side else "–"
        table.add_row(named(e.output, _), side, n.short(e.mean_a), n.short(e.mean_b), n.short(e.difference), *cells)
    console.print(table)
