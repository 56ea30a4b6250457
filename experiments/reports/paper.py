"""What the paper says beside what one run gave.

A single run can be *near* a number or show a *direction*; it cannot say how often it would, and it cannot say what
causes what. Claims about causes need the same seed run twice, once with the mechanism switched off, and a fair verdict
needs many seeds. So each row says how it may be read, and nothing here is a test of the paper.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from experiments.words.languages import Numbers, Translate, mark, translator

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["near", "not near", "holds", "does not hold", "pair", "outside"]

#: How a verdict is written. ``pair`` and ``outside`` are no verdicts: they say why one run gives none.
VERDICTS: dict[Verdict, str] = {
    "near": mark("near"),
    "not near": mark("not near"),
    "holds": mark("direction holds"),
    "does not hold": mark("direction does not hold"),
    "pair": mark("needs a pair of runs"),
    "outside": mark("outside this run"),
}


@dataclass(frozen=True)
class Claim:
    """One claim of the paper as the shipped registry has it."""

    id: str
    claim: str
    lines: str
    mechanism: str
    indicators: tuple[str, ...]
    pattern: str
    status: str

    @property
    def in_the_model(self) -> bool:
        return self.status == "in the model"


@cache
def evidence() -> dict[str, Claim]:
    """The claims by their id, in the order of the paper's table."""
    text = resources.files("abm").joinpath("data/evidence.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["claim"]
    return {row["id"]: Claim(**{**row, "indicators": tuple(row["indicators"])}) for row in rows}


@dataclass(frozen=True)
class Reading:
    """One row of the table: the claim, what this run gave, and how that reads."""

    claim: str
    lines: str
    says: str
    gives: str
    verdict: Verdict
    values: Mapping[str, float] = field(default_factory=dict)


class Years:
    """Yearly indicators asked for by name, side and span. A span the run does not cover in full is not a number."""

    def __init__(self, yearly: pd.DataFrame):
        self._by_side = {side: rows.set_index("year").sort_index() for side, rows in yearly.groupby("side")}

    def of(self, name: str, side: str = "id") -> dict[int, float]:
        rows = self._by_side.get(side)
        if rows is None or name not in rows.columns:
            return {}
        return {int(year): float(value) for year, value in rows[name].items() if math.isfinite(value)}  # type: ignore[arg-type]

    def mean(self, name: str, first: int, last: int, side: str = "id") -> float:
        series = self.of(name, side)
        span = range(first, last + 1)
        if any(year not in series for year in span):
            return math.nan
        return sum(series[year] for year in span) / len(span)

    def both(self, name: str) -> dict[int, float]:
        """The sum of both sides, for amounts."""
        own, across = self.of(name, "id"), self.of(name, "my")
        return {year: own[year] + across[year] for year in own if year in across}

    def undeclared(self) -> dict[int, float]:
        """The undeclared share of the trade of both sides' traders, by value."""
        total: dict[int, float] = {}
        hidden: dict[int, float] = {}
        for side in ("id", "my"):
            out, into, share = (self.of(name, side) for name in ("trade_out_usd", "trade_in_usd", "undeclared_share"))
            for year in out:
                value = out[year] + into.get(year, 0.0)
                total[year] = total.get(year, 0.0) + value
                hidden[year] = hidden.get(year, 0.0) + value * share.get(year, 0.0)
        return {year: hidden[year] / total[year] for year in total if total[year] > 0}

    def slope(self, name: str, first: int, side: str = "id") -> float:
        """Change a year of the least-squares line from ``first`` to the end of the run (five years at least)."""
        points = [(year, value) for year, value in self.of(name, side).items() if year >= first]
        if len(points) < 5:
            return math.nan
        mean_year = sum(y for y, _ in points) / len(points)
        mean_value = sum(v for _, v in points) / len(points)
        return sum((y - mean_year) * (v - mean_value) for y, v in points) / sum((y - mean_year) ** 2 for y, _ in points)


def readings(yearly: pd.DataFrame, language: str = "en") -> list[Reading]:
    """Every claim that one run can be held beside, in the order of the claims."""
    years, _, n = Years(yearly), translator(language), Numbers(language)
    rows: list[Reading] = []
    for read in (
        _incomes,
        _care_in_the_1980s,
        _care_since,
        _national_share,
        _crisis,
        _poverty,
        _facilities,
        _undocumented,
        _infrastructure,
        _pairs,
    ):
        for claim_id, says, gives, verdict, values in read(years, _, n):
            claim = evidence()[claim_id]
            if values and not all(math.isfinite(v) for v in values.values()):
                verdict, gives = "outside", _("the run does not cover these years")
            rows.append(Reading(claim_id, claim.lines, says, gives, verdict, values))
    return rows


#: One row before it is completed: claim, what the paper says, what the run gave, verdict, the numbers behind it.
Row = tuple[str, str, str, Verdict, dict[str, float]]
Reader = Callable[[Years, Translate, Numbers], list[Row]]


def _direction(holds: bool) -> Verdict:
    return "holds" if holds else "does not hold"


def _incomes(years: Years, _: Translate, n: Numbers) -> list[Row]:
    own = years.mean("income_per_capita", 2005, 2007, "id")
    across = years.mean("income_per_capita", 2005, 2007, "my")
    ratio = across / own if own else math.nan
    value = _("US${value} (mean of 2005–2007)")

    def near(given: float, said: float, tolerance: float) -> Verdict:
        return "near" if abs(given - said) <= tolerance else "not near"

    return [
        ("E01", _("US$700 a person and year on the Kalimantan side"), value.format(value=n.number(own)), near(own, 700, 70), {"id": own}),
        (
            "E01",
            _("US$4,000 a person and year on the Sarawak side"),
            value.format(value=n.number(across)),
            near(across, 4000, 400),
            {"my": across},
        ),
        (
            "E01",
            _("a ratio of 5.7"),
            _("{value} (mean of 2005–2007)").format(value=n.number(ratio, 1)),
            near(ratio, 5.7, 0.5),
            {"ratio": ratio},
        ),
    ]


def _care_in_the_1980s(years: Years, _: Translate, n: Numbers) -> list[Row]:
    everyone = years.mean("care_share_across", 1980, 1989)
    close = years.mean("care_share_across_near", 1980, 1989)
    gives = _("{all} of visits went across in 1980–1989; {near} from places within seven hours of a clinic across")
    return [
        (
            "E02",
            _("most people went to Sarawak for health care in the 1980s"),
            gives.format(all=n.percent(everyone, 1), near=n.percent(close, 1)),
            _direction(everyone > 0.5),
            {"share": everyone},
        )
    ]


def _care_since(years: Years, _: Translate, n: Numbers) -> list[Row]:
    share, later_share = years.mean("care_share_across", 1980, 1989), years.mean("care_share_across", 2004, 2006)
    rate, later_rate = years.mean("visits_across_per_1000", 1980, 1989), years.mean("visits_across_per_1000", 2004, 2006)
    count, later_count = years.mean("visits_across", 1980, 1989), years.mean("visits_across", 2004, 2006)
    falls = years.slope("care_share_across", 1990) < 0 and years.slope("visits_across_per_1000", 1990) < 0
    fallen = later_share < 0.8 * share and later_rate < 0.8 * rate
    gives = _(
        "share across {share} in the 1980s, {later_share} in 2004–2006; visits per 1,000 people {rate}, then {later_rate}; "
        "all visits across {count} a year, then {later_count}"
    ).format(
        share=n.percent(share),
        later_share=n.percent(later_share),
        rate=n.number(rate),
        later_rate=n.number(later_rate),
        count=n.short(count),
        later_count=n.short(later_count),
    )
    values = {"share": share, "later_share": later_share, "rate": rate, "later_rate": later_rate}
    return [("E03", _("far fewer go since every kecamatan has a puskesmas"), gives, _direction(falls and fallen), values)]


def _national_share(years: Years, _: Translate, n: Numbers) -> list[Row]:
    series = years.of("grdp_share_national")
    largest = max(series.values(), default=math.nan)
    gives = _("at most {share}, in {year}").format(share=n.percent(largest, 3), year=max(series, key=lambda y: series[y], default="–"))
    return [("E04", _("less than 0.1% of the national economy"), gives, "near" if largest < 0.001 else "not near", {"share": largest})]


def _crisis(years: Years, _: Translate, n: Numbers) -> list[Row]:
    def change(name: str) -> float:
        before = years.mean(name, 1994, 1996)
        return years.mean(name, 1998, 2001) / before - 1 if before else math.nan

    income, real = change("income_per_capita"), change("income_real")
    after = years.mean("income_per_capita", 2003, 2005)
    recovered = after / years.mean("income_per_capita", 1998, 2001) - 1
    poor, poor_later = years.mean("poverty_rate", 1994, 1996), years.mean("poverty_rate", 1998, 2001)
    gini, gini_later = years.mean("gini", 1994, 1996), years.mean("gini", 1998, 2001)
    idle, idle_later = years.mean("under_employment_rate", 1994, 1996), years.mean("under_employment_rate", 1998, 2001)
    farm = years.mean("farm_share_income", 1994, 1996)
    says = _("the crisis of 1997–2001 worsened income, poverty, distribution and employment")
    signed = lambda value: ("+" if value > 0 else "") + n.percent(value)  # noqa: E731
    dollars = _("income in US$ {income} in 1998–2001 against 1994–1996, then {recovered} by 2003–2005").format(
        income=signed(income), recovered=signed(recovered)
    )
    beside = _(
        "real income {real}; poverty {poor} to {poor_later}; Gini {gini} to {gini_later}; under-employment {idle} to {idle_later}; "
        "farm share of income {farm} before the crisis"
    ).format(
        real=signed(real),
        poor=n.percent(poor),
        poor_later=n.percent(poor_later),
        gini=n.number(gini, 2),
        gini_later=n.number(gini_later, 2),
        idle=n.percent(idle),
        idle_later=n.percent(idle_later),
        farm=n.percent(farm),
    )
    worse = real < 0 and poor_later > poor and gini_later > gini and idle_later > idle
    return [
        ("E05", says, dollars, _direction(income < 0 and recovered > 0), {"income": income, "recovered": recovered}),
        ("E05", _("the same, in real terms: all four measures"), beside, _direction(worse), {"real": real, "poor": poor_later}),
    ]


def _poverty(years: Years, _: Translate, n: Numbers) -> list[Row]:
    own, across = years.of("poverty_rate", "id"), years.of("poverty_rate", "my")
    decades = [d for d in (1980, 1990, 2000, 2010) if d in own]
    pairs: list[tuple[int, float, float]] = []
    for decade in decades:
        span = [y for y in range(decade, decade + 10) if y in own and y in across]
        if span:
            pairs.append((decade, sum(own[y] for y in span) / len(span), sum(across[y] for y in span) / len(span)))
    gives = "; ".join(_("{decade}s: {own} against {across}").format(decade=d, own=n.percent(a), across=n.percent(b)) for d, a, b in pairs)
    # "Far higher" is read as at least twice as high.
    holds = all(a > 0 and a >= 2 * b for _d, a, b in pairs)
    values = {f"own_{d}": a for d, a, _b in pairs} or {"own": math.nan}
    return [("E06", _("poverty is the border's main problem, and the neighbour lives better"), gives, _direction(holds), values)]


def _facilities(years: Years, _: Translate, n: Numbers) -> list[Row]:
    before, after = years.mean("untreated_share", 1980, 1989), years.mean("untreated_share", 2004, 2006)
    gives = _("{before} of illness went untreated in the 1980s, {after} in 2004–2006").format(
        before=n.percent(before), after=n.percent(after)
    )
    says = _("the lack of health facilities contributes to poor health")
    return [("E09", says, gives, _direction(after < before), {"before": before, "after": after})]


def _undocumented(years: Years, _: Translate, n: Numbers) -> list[Row]:
    before, peak = years.mean("adults_undocumented", 1994, 1996), years.mean("adults_undocumented", 1998, 2000)
    gives = _("{before} adults worked across without papers in 1994–1996, {peak} in 1998–2000, when the wage gap was widest").format(
        before=n.short(before), peak=n.short(peak)
    )
    says = _("illegal work across is common, and grows with the wage gap")
    # Less than a twentieth more is within what another seed would change.
    return [("E11", says, gives, _direction(peak > 1.05 * before > 0), {"before": before, "peak": peak})]


def _infrastructure(years: Years, _: Translate, n: Numbers) -> list[Row]:
    own, across = years.of("infrastructure_roads", "id"), years.of("infrastructure_roads", "my")
    shared = [y for y in own if y in across]
    behind = sum(across[y] > own[y] for y in shared)
    gap = sum(across[y] - own[y] for y in shared) / len(shared) if shared else math.nan
    gives = _("Sarawak's road index is ahead in {behind} of {all} years, by {gap} on average").format(
        behind=behind, all=len(shared), gap=n.number(gap, 2)
    )
    says = _("infrastructure lags far behind the neighbour's")
    return [("E21", says, gives, _direction(behind == len(shared) and gap > 0), {"gap": gap})]


def _pairs(years: Years, _: Translate, n: Numbers) -> list[Row]:
    """Claims about causes: the run says where it stands, a second run with the mechanism off says what it does."""
    end = max(years.of("income_per_capita"), default=0)
    last = lambda name: years.of(name).get(end, math.nan)  # noqa: E731
    ties = _("mean strength of ties across {ties} in {year}; compare a run with --without kinship").format(
        ties=n.number(last("tie_strength_across"), 2), year=end
    )
    goods = _("{share} of the value of trade was undeclared in {year}; compare a run with --without enforcement").format(
        share=n.percent(years.undeclared().get(end, math.nan)), year=end
    )
    belt = _(
        "{share} of the border budget went to security in {year}; compare a run with another doctrine (--without doctrine_change)"
    ).format(share=n.percent(last("budget_security_share")), year=end)
    return [
        ("E10", _("closeness across the border carries care, trade and work"), ties, "pair", {}),
        ("E15", _("smuggling is common"), goods, "pair", {}),
        ("E18", _("the security belt held back economic life"), belt, "pair", {}),
    ]
