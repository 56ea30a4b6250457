"""Lesson: the same world, one change. Why two histories are compared with the same households and the same random numbers."""

from __future__ import annotations

from abm.parameters import Change
from agents.core.declare import OUTPUTS
from experiments.app.lessons import drawing
from experiments.app.lessons.lesson import Ask, Found, Going, Lesson, LessonAnswer, LessonStep, Told
from experiments.app.lessons.runs import One, all_of, history, mean, spread
from experiments.words.languages import mark

SEEDS = 8
#: From January 1995 on Indonesian officials hold this doctrine instead of 0.2 in 1980.
CHANGE = Change(12 * 15, "official.set_strictness.doctrine_id", 0.8)
CHANGED, YEAR = 1995, 2010
INDICATOR = "care_share_across"


def find(seed: int, going: Going) -> Found:
    """The share of care across in both worlds, for eight seeds from ``seed`` on."""
    before, after = history(), history("changed", (CHANGE,))
    seeds = [seed + k for k in range(SEEDS)]
    runs = all_of([One(scenario, one) for scenario in (before, after) for one in seeds], going)
    base, changed = runs[:SEEDS], runs[SEEDS:]
    names = [name for name in OUTPUTS if "yearly" in OUTPUTS[name].tables]
    earlier = [
        abs(a.of(name, side)[year] - b.of(name, side)[year])
        for a, b in zip(base, changed, strict=True) for name in names for side in ("id", "my")
        for year in a.of(name, side) if year < CHANGED and year in b.of(name, side)
    ]  # fmt: skip
    first, second = ([one.of(INDICATOR, "id") for one in some] for some in (base, changed))
    years = sorted(first[0])
    paired = [b[YEAR] - a[YEAR] for a, b in zip(first, second, strict=True)]
    unpaired = [second[(k + 1) % SEEDS][YEAR] - first[k][YEAR] for k in range(SEEDS)]
    return {
        "seeds": seeds, "years": years, "base": [[one[y] for y in years] for one in first], "changed": [[one[y] for y in years] for one in second],
        "earlier": max(earlier), "values": len(earlier), "last": [one[YEAR] for one in first], "paired": paired, "unpaired": unpaired,
    }  # fmt: skip


def _times(f: Found) -> float:
    return spread(f["unpaired"]) / max(spread(f["paired"]), 1e-12)


def _points(t: Told, value: float) -> str:
    return t._("{points} percentage points").format(points=t.n.number(100 * value, 2))


def _before(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    said = _("Before January 1995 the largest difference in any of {values} yearly numbers is {largest}.").format(
        values=n.number(f["values"]), largest=n.short(f["earlier"])
    )
    picture = drawing.lines(
        said, f["years"], {_("as it was"): [100 * v for v in f["base"][0]], _("with the change of 1995"): [100 * v for v in f["changed"][0]]},
        (_("year"), _("care on the other side, %")), (lambda x: f"{x:.0f}", n.short), (float(CHANGED), _("the change")),
    )  # fmt: skip
    return LessonAnswer(
        "a" if f["earlier"] == 0 else "b",
        (
            said,
            _("Every random number of the model belongs to a decision, a month and a person. So nothing differs until the change acts, and what differs later comes from the change alone."),
        ),
        picture, (_("year"), _("as it was"), _("with the change")),
        tuple((str(y), n.percent(a, 2), n.percent(b, 2)) for y, a, b in zip(f["years"], f["base"][0], f["changed"][0], strict=True)),
    )  # fmt: skip


def _seeds(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    low, high = min(f["last"]), max(f["last"])
    said = _("Without any change, the share in {year} lies between {low} and {high} in {seeds} histories.").format(
        year=YEAR, low=n.percent(low, 2), high=n.percent(high, 2), seeds=len(f["last"])
    )
    wide = 100 * (high - low)
    return LessonAnswer(
        f"{wide:g}",
        (said, _("That is a spread of {spread}, from chance alone: other people fall ill, meet, and find work.").format(spread=_points(t, high - low))),
        drawing.dots(said, {_("{n} histories, another seed each").format(n=len(f["last"])): [100 * v for v in f["last"]]},
                     _("care on the other side in {year}, %").format(year=YEAR), n.short, zero=False),
        (_("seed"), _("share in {year}").format(year=YEAR)), tuple((str(s), n.percent(v, 2)) for s, v in zip(f["seeds"], f["last"], strict=True)),
    )  # fmt: skip


def _paired(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    times = _times(f)
    right = "a" if times < 1.25 else "b" if times < 4 else "c"
    said = _("With the same seed in both worlds the difference varies by {paired} from pair to pair; with other seeds by {unpaired}, {times} times as much.").format(
        paired=_points(t, spread(f["paired"])), unpaired=_points(t, spread(f["unpaired"])), times=n.number(times, 1)
    )  # fmt: skip
    rows = {
        _("same seed in both worlds"): [100 * v for v in f["paired"]],
        _("another seed in each world"): [100 * v for v in f["unpaired"]],
    }
    table = tuple(
        (str(s), n.number(100 * a, 2), n.number(100 * b, 2)) for s, a, b in zip(f["seeds"], f["paired"], f["unpaired"], strict=True)
    )
    return LessonAnswer(
        right, (said, _("“Varies by” is the standard deviation over {n} pairs.").format(n=len(f["paired"]))),
        drawing.dots(said, rows, _("difference in {year}, percentage points").format(year=YEAR), n.short),
        (_("seed"), _("same seed"), _("other seed")), table,
    )  # fmt: skip


def _how_many(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    times = max(1.0, _times(f) ** 2)
    plus = sum(value > 0 for value in f["paired"])
    return LessonAnswer(
        f"{10 * times:g}",
        (
            _("About {n} unpaired pairs say as much as 10 paired ones: to halve what chance adds takes four times as many runs.").format(n=n.number(10 * times)),
            _("In {plus} of {all} paired histories the share rose with the change; on average it changed by {mean}. One pair alone would not have told how sure that is.").format(
                plus=plus, all=len(f["paired"]), mean=_points(t, mean(f["paired"]))
            ),
        ),
    )  # fmt: skip


LESSON = Lesson(
    "chance",
    mark("The same world, one change"),
    mark("Two histories with the same households, of which one has a change: what comes from the change, and what from chance?"),
    (
        LessonStep(mark("Before the change"), lambda t: [
            t._("In January 1995 something changes: Indonesian officials begin to put prosperity before security (their doctrine goes to 0.8, where 0 is security alone and 1 prosperity alone). Nothing else is changed."),
            t._("The computer runs the history from 1980 twice, with the same households and the same random numbers: once as it was and once with the change."),
        ], Ask(mark("How much do the two histories differ before 1995?"), (
            mark("Not at all, in no number"), mark("A little, since chance is never twice the same"), mark("Much, since small things grow"),
        )), _before),
        LessonStep(mark("Chance alone"), lambda t: [
            t._("Now {n} histories without any change, each with another seed: other people fall ill, other ties are made. Look at the share of visits for care that are made on the other side in 2010.").format(n=SEEDS),
        ], Ask(mark("How far apart are the lowest and the highest share?"), unit=mark("percentage points")), _seeds),
        LessonStep(mark("With the same seed, or with another"), lambda t: [
            t._("We want to know what the change did to that share. One can take the difference between two worlds with the same seed, or between two worlds with different seeds. Both are right on average."),
        ], Ask(mark("How much more does the difference vary from pair to pair when the seeds are different?"), (
            mark("As much as with the same seed"), mark("About twice or three times as much"), mark("At least four times as much"),
        )), _paired),
        LessonStep(mark("How many runs?"), lambda t: [
            t._("Suppose that 10 pairs with the same seed are enough to know the effect well. (What chance adds to a mean falls with the square root of the number of pairs.)"),
        ], Ask(mark("How many pairs with different seeds would you need?"), unit=mark("pairs"), high=10_000.0), _how_many),
        LessonStep(mark("What you found"), lambda t: [
            t._("Explore shows one pair with the same seed. It says what the change did to these households; how far that varies needs more seeds."),
            t._("In your own words: a newspaper compares a village that got a road with another village that got none. Which of the two comparisons of this lesson is that, and what follows? Write two or three sentences below."),
        ]),
    ),
    (
        mark("Aim: students tell an effect from chance, and see why a comparison of the same households is sharper than one of different ones."),
        mark("Before: let pairs of students throw the same die series or different ones, add 1 to one player's throws, and compare how soon the 1 is seen."),
        mark("Usual mistakes: to think that the same seed makes the result true for all seeds; to read the spread between seeds as the uncertainty of the effect."),
        mark("To discuss: which real studies come near to the same seed (twins, before and after in the same village)? What can they not hold equal?"),
    ),
    find,
    runs=mark("The history, and the history with official.set_strictness.doctrine_id = 0.8 from January 1995, with 8 seeds each"),
    again="from experiments.app.lessons.chance import find\nfrom experiments.app.lessons.run import going\nprint(find({seed}, going()))",
)  # fmt: skip
