"""What does a run give beside the numbers that sources report and nobody fitted? A section of a report, a page of its own, and two lines on screen.

The rows are a region's `levels.toml` (:mod:`abm.claims.level_file`). One run has a number for each; runs over the draws of a posterior have
their median and the middle 90 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from abm.claims.level import HIGH, LOW, LevelFound, LevelVerdict, compare_levels
from abm.claims.level_file import AllowedError, ReportedLevel, levels_of
from experiments.words.languages import LANGUAGES, Numbers, Translate, mark, translator

if TYPE_CHECKING:
    from jinja2 import Environment
    from rich.console import Console

    from abm.region import Region
    from experiments.runs.run import Drawn

#: Templates of the section, its style and its page.
SECTION, STYLE, PAGE = "levels.html.j2", "levels_style.css.j2", "levels_page.html.j2"

#: How a verdict is written.
LEVEL_VERDICTS: dict[LevelVerdict, str] = {"holds": mark("holds"), "fails": mark("fails"), "outside": mark("outside this run")}


@dataclass(frozen=True)
class LevelLine:
    """One year (or two) of a row: what was reported, what the runs gave, how that reads."""

    years: str
    reported: str
    given: str
    #: Middle 90 % of the draws and the share of draws that are near enough; empty of one run.
    spread: str
    share: str
    verdict: LevelVerdict
    says: str


@dataclass(frozen=True)
class LevelGroup:
    """A row in words, with its lines."""

    row: ReportedLevel
    title: str
    unit: str
    within: str
    lines: tuple[LevelLine, ...]
    #: What the model's number is multiplied by, in the language's form.
    times: str = ""


@dataclass(frozen=True)
class LevelTable:
    """Everything that the section and the screen show, in one language."""

    language: str
    groups: tuple[LevelGroup, ...]
    is_drawn: bool = False
    #: Numbers whose years the runs do not cover: left out of the groups.
    outside: int = 0
    #: Numbers that hold and fail, first of rows that the data do not bring about, then of those that they do.
    free: tuple[int, int] = (0, 0)
    built: tuple[int, int] = (0, 0)
    #: What fails without being built in: title and years.
    failing: tuple[str, ...] = field(default=())

    def count(self) -> str:
        """How many of the numbers hold, in a sentence."""
        _ = translator(self.language)
        held, failed = self.free
        return _("{held} of {n} reported numbers that were not fitted lie as near as the report allows; {failed} do not.").format(
            held=held, n=held + failed, failed=failed
        )

    def count_built(self) -> str:
        """The same of the numbers that the data of the model bring about; empty where there is none."""
        _ = translator(self.language)
        held, failed = self.built
        if not held + failed:
            return ""
        return _("Counted apart: {held} of {n} that the data of the model bring about by themselves.").format(held=held, n=held + failed)


def level_table(results: Drawn, region: Region, language: str = "en") -> LevelTable:
    """The rows of a region beside the tables of one run, or of several with a column ``draw``, in words."""
    rows = levels_of(region)
    if not rows:
        return LevelTable(language, ())
    found = compare_levels(rows, results.yearly, results.places)
    is_drawn = "draw" in results.yearly
    covered = [one for one in found if one.verdict != "outside"]
    _, n = translator(language), Numbers(language)
    groups = []
    for row in rows:
        lines = tuple(_line(one, n, _, is_drawn) for one in covered if one.row is row)
        if lines:
            unit = "" if row.unit in ("share", "order", "index") else _(row.unit)
            groups.append(LevelGroup(row, _(row.title), unit, _within(row, n, _), lines, _plain(row.times, n)))
    failing = [
        f"{group.title} ({', '.join(line.years for line in bad)})"
        for group in groups
        if not group.row.built_in and (bad := [line for line in group.lines if line.verdict == "fails"])
    ]
    return LevelTable(
        language, tuple(groups), is_drawn, len(found) - len(covered), _counts(covered, built=False), _counts(covered, built=True), tuple(failing)
    )  # fmt: skip


def _counts(found: Sequence[LevelFound], *, built: bool) -> tuple[int, int]:
    """How many hold and how many fail, of rows that are built in or not."""
    mine = [one.verdict for one in found if bool(one.row.built_in) == built]
    return mine.count("holds"), mine.count("fails")


def _line(found: LevelFound, n: Numbers, _: Translate, is_drawn: bool) -> LevelLine:
    row, reported = found.row, found.reported
    shown = " > ".join(reported) if isinstance(reported, tuple) else written(row, reported, n)
    given = " > ".join(found.order) if isinstance(reported, tuple) else written(row, found.median, n)
    spread = ""
    if is_drawn and not isinstance(reported, tuple):
        spread = f"{written(row, found.quantile(LOW), n)} … {written(row, found.quantile(HIGH), n)}"
    share = n.percent(found.share) if is_drawn else ""
    return LevelLine(found.years.replace("-", "–"), shown, given, spread, share, found.verdict, _(LEVEL_VERDICTS[found.verdict]))


def written(row: ReportedLevel, value: float, n: Numbers) -> str:
    """A number of a row: a share as a percentage, others with three digits or more."""
    if row.unit == "share":
        return n.percent(value, 1)
    size = abs(value)
    return n.number(value, 0 if size >= 100 else 1 if size >= 10 else 2)


def _within(row: ReportedLevel, n: Numbers, _: Translate) -> str:
    """By how much the report may be off, in words."""
    allowed: AllowedError | None = row.within
    if allowed is None:
        return _("the same order")
    if allowed.factor is not None:
        return _("{factor} times more or less").format(factor=_plain(allowed.factor, n))
    if allowed.quotients is not None:
        low, high = (_plain(one, n) for one in allowed.quotients)
        return _("{low} to {high} times the report").format(low=low, high=high)
    assert allowed.difference is not None
    if row.unit == "share":
        return _("{points} percentage points more or less").format(points=_plain(100 * allowed.difference, n))
    return _("{difference} more or less").format(difference=_plain(allowed.difference, n))


def _plain(value: float, n: Numbers) -> str:
    """A number with as many decimals as it has, four at most: 3, 1.7, 0.06."""
    return n.number(value, next((k for k in range(4) if abs(round(value, k) - value) < 1e-9), 4))


# --- HTML -------------------------------------------------------------------------------------------------------------


def environment(language: str) -> Environment:
    """Templates that may include the section and its style."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    folder = resources.files("experiments.reports").joinpath("templates")
    loader = DictLoader({name: folder.joinpath(name).read_text(encoding="utf-8") for name in (SECTION, STYLE, PAGE)})
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.globals["_"] = translator(language)
    return made


def levels_page(results: Drawn, region: Region, language: str = "en", *, title: str, lead: str) -> str:
    """A page with the section alone, for runs over the draws of a posterior; it needs no other file and no network."""
    said: dict[str, Any] = {
        "language": language,
        "language_name": LANGUAGES[language],
        "title": title,
        "lead": lead,
        "levels": level_table(results, region, language),
    }
    return environment(language).get_template(PAGE).render(**said) + "\n"


# --- screen -----------------------------------------------------------------------------------------------------------


def show_levels(table: LevelTable, shown: Console) -> None:
    """How many of the reported numbers hold; nothing for a region without such numbers or a run that covers none."""
    if table.groups:
        shown.print(" ".join(part for part in (table.count(), table.count_built()) if part), soft_wrap=True)
