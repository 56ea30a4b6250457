"""Does a claim's pattern show in a run, in a pair of runs, or over a sweep? The interpreter of the patterns.

It turns yearly tables into numbers, and numbers into a verdict; the sentences are made elsewhere. A single run can be *near* a number or
show a *direction*. It cannot say how often it would, nor what causes what: that takes many seeds, and the same seed with the mechanism
switched off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from abm.claims.pattern import Condition, Number, Part, Pattern
from abm.claims.statistic import How, Statistic, set_against, slope
from abm.claims.years import Years, arrays

#: ``outside``: not all years of the conditions are in the runs; ``pair`` and ``sweep``: it takes more runs than were given.
Verdict = Literal["near", "not near", "holds", "does not hold", "pair", "sweep", "outside"]

Series = dict[int, float]


@dataclass(frozen=True)
class Reading:
    """What a run (a pair, a sweep) gave for one pattern.

    ``values`` are the numbers of the conditions, in the order in which the pattern has them; ``numbers`` all numbers of the run that has the mechanism, and
    ``without`` those of the run that lacks it. With ``spans``, each span has numbers of its own and ``numbers`` is empty.
    """

    verdict: Verdict
    values: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    without: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[tuple[tuple[int, int], Mapping[str, float]], ...] = ()


class ConditionEffect(NamedTuple):
    """How far one condition of a pattern is met.

    number: its name in the pattern, with the first year of the span after it where there are spans ("own_1980")
    effect [unit of the number]: > 0 in the stated direction
    size [unit of the number]: the smallest effect of use
    """

    number: str
    effect: float
    size: float


#: Its short name here; the comparison of two scenarios has an effect of another kind.
Effect = ConditionEffect

#: The direction in which a condition is met.
_SIGN = {"above": 1.0, "at_least": 1.0, "rises": 1.0, "below": -1.0, "at_most": -1.0, "falls": -1.0}


def effects(
    pattern: Pattern, run: Years, *, without: Years | None = None, sweep: Mapping[float, Years] | None = None
) -> tuple[Effect, ...]:
    """How far each condition is met, in the order of the conditions (and of the spans), and from where on it would be of use.

    near: what is left of ``within``, size 0. Against a mark: how far beyond it in the stated direction. In a pair: how far the run without is
    beyond the run with (times the factor). In a sweep: the rise (or fall) of the straight line from the lowest to the highest level.

    ``nan`` where a year, an output or a run is missing. Spans that the run has not begun are left out (where it has begun none, all are ``nan``), so that
    runs of the same years have the same effects.
    """
    if pattern.spans:
        known, none = dict(_spans(pattern, run)), dict.fromkeys(pattern.numbers, math.nan)
        begun = [span for span in pattern.spans if run.first <= span[0] <= run.last] or pattern.spans
        found = [(span, known.get(span, none)) for span in begun]
        return tuple(_effect(c, numbers, f"_{span[0]}") for span, numbers in found for c in pattern.conditions)
    if pattern.comparison == "sweep":
        return tuple(_effect_of_sweep(c, *_over_levels(pattern, c.number, sweep or {})) for c in pattern.conditions)
    numbers = {name: number_of(pattern.numbers[name], run) for name in _asked(pattern)}
    if pattern.comparison == "pair":
        other = {n: math.nan if without is None else number_of(pattern.numbers[n], without) for n in numbers}
        return tuple(_beyond(c, other[c.number], c.times * numbers[c.number], c.number) for c in pattern.conditions)
    return tuple(_effect(c, numbers) for c in pattern.conditions)


def _effect(condition: Condition, numbers: Mapping[str, float], span: str = "") -> Effect:
    return _beyond(condition, numbers[condition.number], _mark(condition, numbers), f"{condition.number}{span}")


def _beyond(condition: Condition, found: float, mark: float, name: str) -> Effect:
    if condition.within is not None:
        return Effect(name, condition.within - abs(found - mark), 0.0)
    return Effect(name, _SIGN[condition.relation] * (found - mark), _size(condition, mark))


def _effect_of_sweep(condition: Condition, levels: np.ndarray, values: np.ndarray) -> Effect:
    rise = float(slope(levels, values)) * float(levels[-1] - levels[0])
    return Effect(condition.number, _SIGN[condition.relation] * rise, _size(condition, float(values[0])))


def _size(condition: Condition, mark: float) -> float:
    """The smallest effect of use, where the condition says one."""
    if condition.practical_share is not None:
        return condition.practical_share * abs(mark)
    return condition.practical or 0.0


def read(pattern: Pattern, run: Years, *, without: Years | None = None, sweep: Mapping[float, Years] | None = None) -> Reading:
    """The reading of a pattern from a run; from a ``pair`` with the run ``without`` its mechanism; from a ``sweep``, runs by level."""
    if pattern.spans:
        return _read_spans(pattern, run)
    numbers = {name: number_of(number, run) for name, number in pattern.numbers.items()}
    if pattern.comparison == "pair":
        return Reading("pair", numbers=numbers) if without is None else _read_pair(pattern, numbers, without)
    if pattern.comparison == "sweep":
        return Reading("sweep", numbers=numbers) if sweep is None else _read_sweep(pattern, numbers, sweep)
    values = {name: numbers[name] for name in _asked(pattern)}
    return Reading(_verdict(pattern, values, [_holds(condition, numbers) for condition in pattern.conditions]), values, numbers)


def number_of(number: Number, run: Years) -> float:
    """One number of a run; ``nan`` where the run lacks a year or an output of it."""
    series = [series_of(part, run) for part in number.parts]
    return _number(number, series, run.first, run.last)


def series_of(part: Part, run: Years) -> Series:
    """The yearly values that a number is taken of, over the years that have all of them."""
    first, *others = (run.of(output, part.side, part.weighted_by) for output in (part.output, *part.plus))
    return {year: value + sum(other[year] for other in others) for year, value in first.items() if all(year in other for other in others)}


def _number(number: Number, series: list[Series], first: int, last: int) -> float:
    """The number from the series of its parts in a run (or a span) from ``first`` to ``last``."""
    if number.against is None:
        found = _taken(number.of, series[0], first, last, number.at_least)
    else:
        assert number.how is not None  # checked when the file was read
        if number.each_year:
            one, other = series
            shared = sorted(set(one) & set(other))
            against = {y: _set_against(one[y], other[y], number.how) for y in shared}
            found = _taken(number.of, {y: v for y, v in against.items() if math.isfinite(v)}, first, last, number.at_least)
        else:
            parts = zip(number.parts, series, strict=True)
            one, other = (_taken(part, values, first, last, number.at_least) for part, values in parts)
            found = _set_against(one, other, number.how)
    return found if math.isfinite(found) else math.nan


def _set_against(one: float, other: float, how: How) -> float:
    return float(set_against(np.array(one), np.array(other), how))


def _taken(part: Part, series: Series, first: int, last: int, at_least: int) -> float:
    if part.year == "end":
        first = last
    else:
        first, last = (given if own is None else own for own, given in ((part.first, first), (part.last, last)))
    within = {year: value for year, value in series.items() if first <= year <= last}
    if len(within) < at_least:
        return math.nan
    if part.take == "years":
        return float(len(within))
    if part.take == "years_above_0":
        return float(sum(value > 0 for value in within.values()))
    if part.take == "year_of_max":
        return float(max(within, key=lambda year: within[year]))
    years, values = arrays(within)
    if part.take == "slope":
        if part.is_open:
            return float(slope(years, values)) if len(years) > 1 else math.nan
        return float(Statistic(part.output, part.side, first, last).slope(years, values))
    statistic = Statistic(part.output, part.side, first, last, part.take)
    return statistic.of_reached(years, values) if part.is_open else float(statistic.of(years, values))


def _read_spans(pattern: Pattern, run: Years) -> Reading:
    found = _spans(pattern, run)
    values = {f"{name}_{first}": numbers[name] for (first, _last), numbers in found for name in _asked(pattern)}
    holds = [_holds(condition, numbers) for _span, numbers in found for condition in pattern.conditions]
    return Reading(_verdict(pattern, values, holds), values, spans=tuple(found))


def _spans(pattern: Pattern, run: Years) -> list[tuple[tuple[int, int], dict[str, float]]]:
    """The numbers of each span that the run has begun, over those of its years in which every number can be computed."""
    series = {name: [series_of(part, run) for part in number.parts] for name, number in pattern.numbers.items()}
    everything = [one for parts in series.values() for one in parts]
    shared = set.intersection(*(set(one) for one in everything))
    found: list[tuple[tuple[int, int], dict[str, float]]] = []
    for first, last in pattern.spans:
        years = {year for year in shared if first <= year <= last}
        if first not in years:
            continue
        within = {name: [{y: v for y, v in one.items() if y in years} for one in parts] for name, parts in series.items()}
        numbers = {name: _number(number, within[name], first, last) for name, number in pattern.numbers.items()}
        found.append(((first, last), numbers))
    return found


def _read_pair(pattern: Pattern, numbers: Mapping[str, float], other: Years) -> Reading:
    without = {name: number_of(number, other) for name, number in pattern.numbers.items()}
    values: dict[str, float] = {}
    for name in _asked(pattern):
        values[name], values[f"{name}_without"] = numbers[name], without[name]
    holds = [
        _compares(condition, without[condition.number], condition.times * numbers[condition.number]) for condition in pattern.conditions
    ]
    return Reading(_verdict(pattern, values, holds), values, numbers, without)


def _read_sweep(pattern: Pattern, numbers: Mapping[str, float], runs: Mapping[float, Years]) -> Reading:
    """The slope of each number asked for over the levels of the parameter."""
    slopes = {name: float(slope(*_over_levels(pattern, name, runs))) for name in _asked(pattern)}
    holds = [
        slopes[condition.number] > 0 if condition.relation == "rises" else slopes[condition.number] < 0 for condition in pattern.conditions
    ]
    return Reading(_verdict(pattern, slopes, holds), slopes, numbers)


def _over_levels(pattern: Pattern, name: str, runs: Mapping[float, Years]) -> tuple[np.ndarray, np.ndarray]:
    """The levels of a sweep and a number at each of them, shape (levels,) each; ``nan`` where there is no run."""
    assert pattern.sweep is not None  # checked when the file was read
    levels = pattern.sweep.levels
    at = [number_of(pattern.numbers[name], runs[level]) if level in runs else math.nan for level in levels]
    return np.array(levels), np.array(at)


def _asked(pattern: Pattern) -> list[str]:
    """Names of the numbers that the verdict depends on, in the order in which the pattern has them."""
    asked = {name for condition in pattern.conditions for name in (condition.number, condition.than)}
    return [name for name in pattern.numbers if name in asked]


def _holds(condition: Condition, numbers: Mapping[str, float]) -> bool:
    return _compares(condition, numbers[condition.number], _mark(condition, numbers))


def _mark(condition: Condition, numbers: Mapping[str, float]) -> float:
    """What a number is compared with in a single run."""
    if condition.value is not None:
        return condition.value
    assert condition.than is not None  # checked when the file was read
    return condition.times * numbers[condition.than]


def _compares(condition: Condition, found: float, mark: float) -> bool:
    if condition.relation == "near":
        assert condition.within is not None  # checked when the file was read
        return abs(found - mark) <= condition.within
    if condition.relation in ("above", "below"):
        return found > mark if condition.relation == "above" else found < mark
    return found >= mark if condition.relation == "at_least" else found <= mark


def _verdict(pattern: Pattern, values: Mapping[str, float], holds: list[bool]) -> Verdict:
    if not values or not all(math.isfinite(value) for value in values.values()):
        return "outside"
    if pattern.comparison == "number":
        return "near" if all(holds) else "not near"
    return "holds" if all(holds) else "does not hold"
