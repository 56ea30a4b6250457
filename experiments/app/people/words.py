"""A life in two worlds as sentences, pictures and tables: year by year, and the decisions of a year with their options, utilities and draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from agents.surroundings import ACTIVITIES, CHANNELS, DIRECTIONS, GOODS
from experiments.app.lessons import drawing
from experiments.app.people.decisions import CARE, CHANNEL_WORDS, GOOD_WORDS, NO_DEAL, SEVERITY, WAY_WORDS, WORK, Decision, differ
from experiments.app.people.life import Life
from experiments.words.languages import Numbers, Translate, mark, translator

YEARS = range(1980, 2016)
ACROSS = ("pass", "permit", "undocumented")
KIND_WORDS = {"care": mark("care"), "work": mark("work"), "trade": mark("trade")}
#: Columns of a household's years.
COLUMNS = (
    mark("income a month"), mark("adults"), mark("children"), mark("adults at work on the other side"), mark("illnesses"),
    mark("without care"), mark("visits on the other side"), mark("months with a deal"), mark("kg of goods taken away"),
)  # fmt: skip


def option(decision: Decision, code: int, _: Translate) -> str:
    """An option in words."""
    if decision.kind == "care":
        return _(CARE[code][1])
    if decision.kind == "work":
        return _(WORK[code][1])
    if code == NO_DEAL:
        return _("no trade")
    good, direction, channel = _(GOOD_WORDS[GOODS[code // 8]]), DIRECTIONS[code // 4 % 2], CHANNELS[code % 4]
    return _(WAY_WORDS[direction]).format(good=good, channel=_(CHANNEL_WORDS[channel]))


class LifeWords:
    """A life in the baseline and in the variant (None where both are one), in a language."""

    def __init__(self, baseline: Life, variant: Life | None, language: str) -> None:
        self.baseline, self.variant = baseline, variant
        self._, self.n = translator(language), Numbers(language)
        self.changed = [] if variant is None else differ(baseline.decisions, variant.decisions)

    @property
    def lives(self) -> list[Life]:
        """The lives that are shown."""
        return [self.baseline] if self.variant is None else [self.baseline, self.variant]

    def month(self, month: int) -> str:
        """A month in words."""
        return self.n.month(1980 + month // 12, month % 12 + 1)

    def sentences(self) -> list[str]:
        """What the life was, and where the two worlds part."""
        _, n, said = self._, self.n, []
        for life, world in zip(self.lives, (_("baseline"), _("variant")), strict=False):
            if life.left is not None:
                said.append(
                    _("In the {world} it left in {month}: by death, by moving away, or into another household.").format(
                        world=world, month=self.month(life.left)
                    )
                )
        if self.baseline.entity == "official":
            return [*said, *self._official()]
        decisions = len(self.baseline.decisions)
        if self.variant is None:
            return [*said, _("{n} decisions about care, work and trade were noted.").format(n=n.number(decisions))]
        if not self.changed:
            return [*said, _("All {n} decisions are the same in both worlds.").format(n=n.number(decisions))]
        first = next(one for one in self.changed[0] if one is not None)
        return [*said, _("{changed} decisions differ, of {n} in the baseline; the first is about {kind}, in {month}.").format(
            changed=n.number(len(self.changed)), n=n.number(decisions), kind=_(KIND_WORDS[first.kind]), month=self.month(first.month)
        )]  # fmt: skip

    def _official(self) -> list[str]:
        _, n = self._, self.n
        first, last = float(self.baseline.months["doctrine"][0]), float(self.baseline.months["doctrine"][-1])
        said = [
            _("Its doctrine (0 security, 1 prosperity) was {first} in 1980 and {last} at the end of the baseline.").format(
                first=n.number(first, 2), last=n.number(last, 2)
            )
        ]
        if self.variant is not None:
            other = float(self.variant.months["doctrine"][-1])
            said.append(_("In the variant it is {other} at the end.").format(other=n.number(other, 2)))
        return [*said, _("A doctrine is the side's, the official's own deviation, and the turns of policy so far; officials of a post make it as strict as their doctrine asks, a part of the way each month.")]  # fmt: skip

    # --- years ----------------------------------------------------------------------------------------------------------

    def picture(self, title: str) -> str:
        """A picture of the years of both worlds: income of a household, doctrine of an official."""
        _, n = self._, self.n
        name, label = ("doctrine", _("doctrine")) if self.baseline.entity == "official" else ("income", _("income a month"))
        series = {
            world: [_mean(life.year(name, y)) for y in YEARS]
            for life, world in zip(self.lives, (_("baseline"), _("variant")), strict=False)
        }
        series = dict(reversed(series.items()))  # as in Explore: the variant is drawn solid, the baseline dashed
        said = _("{title}: {what}, year by year; the numbers are in the table below.").format(title=title, what=label)
        return drawing.lines(said, list(YEARS), series, (_("year"), label), (lambda x: f"{x:.0f}", n.short))

    def head(self) -> tuple[str, ...]:
        """Heads of the table of years."""
        _ = self._
        columns = [_("doctrine"), _("strictness of its post")] if self.baseline.entity == "official" else [_(name) for name in COLUMNS]
        if self.variant is None:
            return (_("year"), *columns)
        forms = (_("{name}, baseline"), _("{name}, variant"))
        last = () if self.baseline.entity == "official" else (_("decisions that differ"),)
        return (_("year"), *(form.format(name=name) for name in columns for form in forms), *last)

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The table of years; a dash where it is not there any more."""
        found = []
        for year in YEARS:
            cells = [self._cells(life, year) for life in self.lives]
            row = [str(year), *(one for column in zip(*cells, strict=True) for one in column)]
            if self.variant is not None and self.baseline.entity != "official":
                row.append(self.n.number(sum(1980 + _month(pair) // 12 == year for pair in self.changed)))
            found.append(tuple(row))
        return tuple(found)

    def _cells(self, life: Life, year: int) -> list[str]:
        n = self.n
        if life.entity == "official":
            return [n.number(_mean(life.year(name, year)), 3) for name in ("doctrine", "strictness")]
        if not len(life.year("income", year)):
            return ["–"] * len(COLUMNS)
        has_trader = np.isfinite(life.year("trader_good", year)).any()
        visits = life.year("care_visits", year)
        return [
            n.short(_mean(life.year("income", year))), n.number(float(life.year("n_adults", year)[-1])), n.number(float(life.year("n_children", year)[-1])),
            n.short(_mean(np.sum([life.year(f"adults_{name}", year) for name in ACROSS], axis=0))), n.number(float(life.year("episodes", year).sum())),
            n.number(float(life.year("untreated", year).sum())), n.number(float(visits[:, 2:].sum())),
            n.number(float((life.year("trader_good", year) >= 0).sum())) if has_trader else "–",
            n.short(float(np.nansum(life.year("trader_seized", year)))) if has_trader else "–",
        ]  # fmt: skip

    def work(self, year: int) -> list[str]:
        """What its adults did in a year's last month, in each world."""
        _ = self._
        names: dict[str, str] = dict(zip(ACTIVITIES, (*(said for _name, said in WORK.values()), mark("looking for work")), strict=True))
        said = []
        for life, world in zip(self.lives, (_("baseline"), _("variant")), strict=False):
            if life.entity == "household" and len(life.year("income", year)):
                counts = [(name, int(life.year(f"adults_{name}", year)[-1])) for name in ACTIVITIES]
                listed = ", ".join(f"{count} × {_(names[name])}" for name, count in counts if count)
                said.append(_("{world}, end of {year}: {listed}.").format(world=world, year=year, listed=listed or _("nobody works")))
        return said

    # --- decisions ------------------------------------------------------------------------------------------------------

    def decisions(self, year: int, only_changed: bool) -> list[tuple[Decision | None, Decision | None]]:
        """A year's decisions in both worlds, or those that differ; without a variant, those of the baseline."""
        if self.variant is None:
            both: Sequence[tuple[Decision | None, Decision | None]] = [(one, None) for one in self.baseline.decisions]
        elif only_changed:
            both = self.changed
        else:
            after = {one.key: one for one in self.variant.decisions}
            before = {one.key: one for one in self.baseline.decisions}
            both = [(before.get(key), after.get(key)) for key in sorted({*before, *after})]
        return [pair for pair in both if 1980 + _month(pair) // 12 == year]

    def told(self, pair: tuple[Decision | None, Decision | None]) -> str:
        """One decision in a sentence: when, what about, what was chosen in each world, with which draw."""
        _, n = self._, self.n
        a, b = pair
        one = a or b
        assert one is not None
        about = _(SEVERITY[one.about]) if one.kind == "care" else _(KIND_WORDS[one.kind])
        said = _("{month}, {about}").format(month=self.month(one.month), about=about) + ": "
        if self.variant is None:
            said += option(one, one.chosen, _)
        elif a is None or b is None:
            world = _("baseline") if b is None else _("variant")
            said += _("only in the {world}: {chosen}").format(world=world, chosen=option(one, one.chosen, _))
        else:
            said += _("{first} in the baseline, {second} in the variant").format(
                first=option(a, a.chosen, _), second=option(b, b.chosen, _)
            )
        draw = next((some.draw for some in pair if some is not None and np.isfinite(some.draw)), None)
        return said + ". " + ("" if draw is None else _("Draw: {draw}.").format(draw=n.number(draw, 3)))

    def options(self, pair: tuple[Decision | None, Decision | None]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """The options of a decision with their utilities in each world: table head and rows; the one chosen is marked."""
        _, n = self._, self.n
        here = list(pair if self.variant is not None else pair[:1])
        worlds = (_("baseline"), _("variant"))[: len(here)]
        codes = sorted({code for one in here if one is not None for code in one.options})
        one = next(one for one in here if one is not None)

        def cell(of: Decision | None, code: int) -> str:
            if of is None or code not in of.options:
                return "–"
            return n.number(of.options[code], 2) + (" ✓" if of.chosen == code else "")

        rows = tuple((option(one, code, _), *(cell(of, code) for of in here)) for code in codes)
        return (_("option"), *(_("utility, {world}").format(world=world) for world in worlds)), rows


def place_picture(said: str, series: dict[str, dict[int, float]], label: str, names: tuple[str, str], show: Callable[[float], str]) -> str:
    """A line for each world of one indicator of a place."""
    years = sorted({year for some in series.values() for year in some})
    return drawing.lines(
        said, years, {world: [some.get(year, float("nan")) for year in years] for world, some in series.items()}, (names[0], label),
        (lambda x: f"{x:.0f}", show),
    )  # fmt: skip


def _month(pair: tuple[Decision | None, Decision | None]) -> int:
    return next(one for one in pair if one is not None).month


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
