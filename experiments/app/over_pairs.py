"""How do two scenarios differ over many pairs of runs? The differences of ``lintas compare``, from the runs of the page; nothing of the browser.

Over seeds, pair k has the seed of replicate k of ``lintas compare --seed``, so both give the same numbers. Over draws it has the values of draw k of the
sequence of ``lintas evidence`` too.
"""

from __future__ import annotations

import io
import json
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from abm.region import Region
from experiments.analysis.compare import yearly_outputs
from experiments.analysis.differences import NINETY, Comparison, Effect, comparisons_of
from experiments.app.charts import Line
from experiments.app.compare import MAIN
from experiments.app.pairs import WantedPairs, seed_number
from experiments.app.runner import region
from experiments.app.series import DRAWS_SEED, Job, posterior, yearly_of
from experiments.app.state import REGION, Choice
from experiments.files import csv_of
from experiments.studies.plan import seed_of
from experiments.words.languages import Numbers, Translate, translator

if TYPE_CHECKING:
    import pandas as pd

#: Spans of years that can be chosen; without one the last three.
SPANS = ("1985-1987", "1995-1997", "1998-2001", "2005-2007", "2013-2015")
#: Pairs that can be chosen.
COUNTS = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Two:
    """Two choices with the same size and seed, over how many pairs."""

    a: Choice
    b: Choice
    asked: WantedPairs

    @property
    def is_same(self) -> bool:
        """Whether both are the same run, so that nothing can differ."""
        return self.a.key == self.b.key

    @property
    def names(self) -> tuple[str, str]:
        """The names of ``lintas compare``."""
        a, b = self.a.scenario, self.b.scenario
        return a, f"{b}-changed" if a == b else b

    def pair(self, k: int) -> tuple[Job, Job]:
        """The two runs of pair k."""
        seed, draw = str(seed_of(seed_number(self.a), k)), k if self.asked.is_draws else None
        return Job(replace(self.a, seed=seed), draw), Job(replace(self.b, seed=seed), draw)

    def jobs(self) -> tuple[Job, ...]:
        """All runs, pair by pair."""
        return tuple(job for k in range(self.asked.count) for job in self.pair(k))

    def comparison(self, years: tuple[int, int] | None = None) -> Comparison | None:
        """The differences over the pairs of which both runs are finished; None without such a pair."""
        import pandas as pd

        parts: list[pd.DataFrame] = []
        for k in range(self.asked.count):
            tables = [yearly_of(job) for job in self.pair(k)]
            if any(table is None for table in tables):
                continue
            at = {"point": k, "replicate": 0} if self.asked.is_draws else {"point": 0, "replicate": k}
            parts += [table.assign(scenario=name, **at) for name, table in zip(self.names, tables, strict=True) if table is not None]
        if not parts:
            return None
        rows = pd.concat(parts, ignore_index=True).assign(region=REGION, households=self.a.households, status="ok")
        return comparisons_of(rows, self.names[0], [self.names[1]], yearly_outputs(), years=years)[0]

    def command(self, years: tuple[int, int]) -> str:
        """The command that makes the same comparison; empty over draws, which ``lintas compare`` takes in another way."""
        if self.asked.is_draws:
            return ""
        said = ["lintas", "compare", self.a.scenario, self.b.scenario, "--replicates", str(self.asked.count), "-n", str(self.a.households)]
        said += ["--seed", str(seed_number(self.a)), "--years", f"{years[0]}-{years[1]}"]
        said += [part for name, value in sorted(self.b.changed.items()) for part in ("--set", f"{name}={value!r}")]
        return shlex.join(said + [part for name in sorted(self.b.off) for part in ("--without", name)])


def interval_of(effect: Effect, is_draws: bool) -> tuple[float, float]:
    """The 90 % interval: of the mean difference over seeds (Student's t), or of the difference over draws (normal; posterior and chance together); ``nan`` with one pair."""
    if effect.n < 2:
        return math.nan, math.nan
    if is_draws:
        half = NINETY * effect.sd
    else:
        from scipy.stats import t

        half = float(t.ppf(0.95, effect.n - 1)) * effect.sd / math.sqrt(effect.n)
    return effect.difference - half, effect.difference + half


def shown_effects(part: Comparison) -> list[Effect]:
    """The main numbers first, then those that differ most."""
    main = [(line.indicator, line.side) for line in MAIN]
    by_key = {(effect.output, effect.side): effect for effect in part.effects}
    keys = dict.fromkeys([*main, *((effect.output, effect.side) for effect in part.chosen)])
    return [by_key[key] for key in keys if key in by_key and math.isfinite(by_key[key].difference)]


def amount(line: Line, value: float, n: Numbers, _: Translate) -> str:
    """A difference with its sign: points of a share, else in the unit of the number."""
    if not math.isfinite(value):
        return "–"
    sign = "+" if value > 0 else ""
    if not line.is_share:
        return sign + n.short(value)
    points = 100 * value
    decimals = 0 if points == 0 or abs(points) >= 20 else 1 if abs(points) >= 0.1 else 3
    return _("{number} points").format(number=sign + n.number(points, decimals))


def table_html(part: Comparison, two: Two, language: str, titles: tuple[str, str], of_region: Region | None = None) -> str:
    """The table: both means, the mean difference, its 90 % interval, and the share of pairs with its sign."""
    _, n, place = translator(language), Numbers(language), of_region or region()
    interval = _("90 % interval of the difference") if two.asked.is_draws else _("90 % interval of the mean difference")
    head = [_("indicator"), *titles, _("difference"), interval, _("pairs with this sign")]
    top = "".join(f"<th scope='col'>{escape(one)}</th>" for one in head)
    body = ""
    for effect in shown_effects(part):
        line = Line(effect.output, effect.side)
        low, high = interval_of(effect, two.asked.is_draws)
        cells = [line.show(effect.mean_a, n), line.show(effect.mean_b, n), amount(line, effect.difference, n, _)]
        cells.append(f"{amount(line, low, n, _)} … {amount(line, high, n, _)}" if math.isfinite(low) else "–")
        cells.append(
            _("no difference")
            if effect.difference == 0
            else _("{k} of {n}").format(k=n.number(round(effect.same_sign * effect.n)), n=n.number(effect.n))
        )
        row = "".join(f"<td data-head='{escape(name, quote=True)}'>{escape(cell)}</td>" for name, cell in zip(head[1:], cells, strict=True))
        body += f"<tr><th scope='row'>{escape(line.label(_, place))}</th>{row}</tr>"
    return f"<table class='lintas-claims lintas-differences'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def csv(part: Comparison, two: Two, version: str) -> bytes:
    """Every indicator and side as CSV; the lines above, marked #, say how to get it again."""
    import pandas as pd

    assert part.years is not None  # the runs of a page have years
    text, kind = io.StringIO(), "draws" if two.asked.is_draws else "seeds"
    found = posterior()
    said = {
        "lintas": version, "region": REGION, "a": two.a.scenario, "b": two.b.scenario, "b parameters": json.dumps(dict(two.b.changed), sort_keys=True),
        "b switched_off": json.dumps(sorted(two.b.off)), "households": two.a.households, "seed": two.a.seed.strip(), "pairs": part.pairs, "over": kind,
        "seeds": json.dumps([two.pair(k)[0].choice.seed for k in range(two.asked.count)]),
        "posterior": f"{found.id}, draws 0 to {two.asked.count - 1} of the sequence of seed {DRAWS_SEED}" if two.asked.is_draws and found is not None else "",
        "years": f"{part.years[0]}-{part.years[1]}", "command": two.command(part.years),
    }  # fmt: skip
    for name, value in said.items():
        if value != "":
            text.write(f"# {name}: {value}\n")
    rows = []
    for effect in part.effects:
        low, high = interval_of(effect, two.asked.is_draws)
        rows.append({
            "output": effect.output, "side": effect.side, "pairs": effect.n, "mean_a": effect.mean_a, "mean_b": effect.mean_b,
            "difference": effect.difference, "sd": effect.sd, "low_90": low, "high_90": high, "same_sign": effect.same_sign,
        })  # fmt: skip
    text.write(csv_of(pd.DataFrame(rows)))
    return text.getvalue().encode()


def span_of(text: str) -> tuple[int, int] | None:
    """The years of a chosen span; None for the last three."""
    first, _dash, last = text.partition("-")
    return (int(first), int(last)) if text in SPANS else None


def is_over(text: str, offered: Sequence[int] = COUNTS) -> bool:
    """Whether a link's text is a number of pairs that is offered."""
    asked = WantedPairs.read(text)
    return asked is not None and asked.count in offered
