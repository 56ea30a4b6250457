"""Lesson: why a point fit misleads. Several sets of parameters come as near to the facts, and say different things about what would have been."""

from __future__ import annotations

from abm import Scenario
from abm.claims.years import Years
from experiments.app.lessons import drawing
from experiments.app.lessons.lesson import Ask, Found, Going, Lesson, LessonAnswer, LessonStep, Told
from experiments.app.lessons.runs import One, all_of, mean
from experiments.app.state import REGION
from experiments.words.languages import mark

DRAWS = 8
YEAR = 2010
FACT, FACT_YEARS = "product_per_capita", (2005, 2006, 2007)
#: A mechanism that is switched off, and the number that is looked at.
OFF = {"no-puskesmas": "untreated_share", "no-kinship": "workers_across"}


def find(seed: int, going: Going) -> Found:
    """The fitted number and the effects of two mechanisms, for the point fit (first) and draws of the posterior, all with one seed."""
    from calibration.posterior import Posterior

    posterior = Posterior.load(REGION)
    draws = posterior.sample(DRAWS, seed=1)[posterior.parameters].to_dict("records")
    fits = [None, *({str(name): float(value) for name, value in one.items()} for one in draws)]
    scenarios = {name: Scenario.load(name, widen=posterior.widen) for name in ("history", *OFF)}
    runs = iter(all_of([One(scenario, seed, fit) for scenario in scenarios.values() for fit in fits], going))
    tables = {name: [next(runs) for _ in fits] for name in scenarios}
    history = tables["history"]

    def value(one: Years, indicator: str) -> float:
        return one.of(indicator, "id")[YEAR]

    return {
        "posterior": posterior.id, "parameters": len(posterior.parameters),
        "fact": [mean([one.of(FACT, "id")[year] for year in FACT_YEARS]) for one in history],
        "base": {name: [value(one, indicator) for one in history] for name, indicator in OFF.items()},
        "effect": {
            name: [value(b, indicator) - value(a, indicator) for a, b in zip(history, tables[name], strict=True)]
            for name, indicator in OFF.items()
        },
    }  # fmt: skip


def _names(t: Told) -> list[str]:
    return [t._("point fit"), *(t._("draw {k}").format(k=k + 1) for k in range(DRAWS))]


def _split(t: Told, values: list[float], scale: float = 1.0) -> dict[str, list[float]]:
    return {t._("point fit"): [scale * values[0]], t._("{n} draws of the posterior").format(n=DRAWS): [scale * v for v in values[1:]]}


def _fact(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    low, high = min(f["fact"]), max(f["fact"])
    wide = 100 * (high / low - 1)
    said = _("Product per head of 2005 to 2007 lies between {low} and {high} US dollars.").format(low=n.number(low), high=n.number(high))
    return LessonAnswer(
        f"{wide:g}",
        (
            said,
            _("The highest is {wide} above the lowest. Each of these sets was kept since it comes near to all facts together, as near as the facts are sure.").format(wide=n.percent(wide / 100)),
        ),
        drawing.dots(said, _split(t, f["fact"]), _("US dollars a year"), n.short, zero=False),
        (_("parameters"), _("product per head")), tuple((a, n.number(b)) for a, b in zip(_names(t), f["fact"], strict=True)),
    )  # fmt: skip


def larger(f: Found, name: str, part: float = 1.0) -> int:
    """In how many draws an effect has the point fit's sign and more than that part of its size."""
    point = f["effect"][name][0]
    return sum(value * point > 0 and abs(value) > part * abs(point) for value in f["effect"][name][1:])


def _clinics(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    effect = f["effect"]["no-puskesmas"]
    said = _(
        "Without the programme {point} percentage points more stay without care, says the point fit; the draws say {low} to {high}."
    ).format(point=n.number(100 * effect[0], 1), low=n.number(100 * min(effect[1:]), 1), high=n.number(100 * max(effect[1:]), 1))
    return LessonAnswer(
        f"{larger(f, 'no-puskesmas')}",
        (
            said,
            _("All of them have the same sign: that much one can say. The size is less sure than one number suggests.")
            if all(value * effect[0] > 0 for value in effect)
            else _("They do not even have the same sign: one number hides that."),
        ),
        drawing.dots(said, _split(t, effect, 100.0), _("effect, percentage points"), n.short),
        (_("parameters"), _("with the programme"), _("effect, percentage points")),
        tuple((a, n.percent(b, 1), n.number(100 * c, 1)) for a, b, c in zip(_names(t), f["base"]["no-puskesmas"], effect, strict=True)),
    )  # fmt: skip


def _kin(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    effect = f["effect"]["no-kinship"]
    said = _(
        "Without ties to the other side the number who work there changes by {point}, says the point fit; the draws say {low} to {high}."
    ).format(point=n.number(effect[0]), low=n.number(min(effect[1:])), high=n.number(max(effect[1:])))
    return LessonAnswer(
        f"{larger(f, 'no-kinship', 0.5)}",
        (said, _("The facts that were fitted leave open how much kin help to find work there, so sets of parameters with much and with little of it fit alike.")),
        drawing.dots(said, _split(t, effect), _("effect, adults"), n.short),
        (_("parameters"), _("who work there"), _("effect")),
        tuple((a, n.number(b), n.number(c)) for a, b, c in zip(_names(t), f["base"]["no-kinship"], effect, strict=True)),
    )  # fmt: skip


def _report(t: Told) -> LessonAnswer:
    _ = t._
    return LessonAnswer("c", (
        _("A range over the draws says what the facts leave open; its sign, if all draws share it, is the surest part. A mean alone hides it as well as a point does."),
        _("More draws than eight are needed for a range that one can rely on: lintas compare A B --posterior runs them."),
    ))  # fmt: skip


LESSON = Lesson(
    "fit",
    mark("Why a point fit misleads"),
    mark("The parameters of a model are fitted to facts. Is the best set of parameters enough to say what would have been?"),
    (
        LessonStep(mark("Many sets fit"), lambda t: [
            t._("The model has {n} uncertain parameters. They were fitted to facts such as product per head, poverty and visits for care. The fit keeps many sets of values: draws of a posterior. One of them is taken as the point fit.").format(n=t.found["parameters"]),
            t._("One of those facts is product per head in West Kalimantan's border districts in 2005 to 2007. Look at the point fit and {n} other draws.").format(n=DRAWS),
        ], Ask(mark("By how many percent is the highest of the nine above the lowest?"), unit=mark("percent"), high=1000.0), _fact),
        LessonStep(mark("A question about clinics"), lambda t: [
            t._("Now a question to which no fact gives the answer: what if there had been no programme for clinics (puskesmas)? The point fit says that in 2010 {effect} percentage points more of the illness would have stayed without care.").format(
                effect=t.n.number(100 * t.found["effect"]["no-puskesmas"][0], 1)
            ),
        ], Ask(mark("In how many of the 8 other draws is this effect larger?"), unit=mark("draws"), high=8.0), _clinics),
        LessonStep(mark("A question about kin"), lambda t: [
            t._("And what if ties to the other side did not help? The point fit says that in 2010 the number who work in Sarawak would change by {effect}, from {base}.").format(
                effect=t.n.number(t.found["effect"]["no-kinship"][0]), base=t.n.number(t.found["base"]["no-kinship"][0])
            ),
        ], Ask(mark("In how many of the 8 other draws is the effect at least half as large, with the same sign?"), unit=mark("draws"), high=8.0), _kin),
        LessonStep(mark("What to report"), lambda t: [
            t._("A ministry asks you what the clinics have done. You have the point fit and the draws."),
        ], Ask(mark("What do you report?"), (
            mark("The number of the point fit, since it fits best"), mark("The mean of the draws"), mark("The range of the draws, and whether all have the same sign"),
        )), _report),
        LessonStep(mark("What you found"), lambda t: [
            t._("In your own words: which new fact, if you could go and measure it, would make the answer about kin much surer? Write two or three sentences below."),
        ]),
    ),
    (
        mark("Aim: students see that a good fit is not the same as knowing, and that questions of “what if” can be less sure than the facts that were fitted."),
        mark("Before: let the class find three pairs of numbers whose product is 24, then ask for their sums: the same fact, different answers."),
        mark("Usual mistakes: to think that more parameters make the model surer; to take the spread of the draws for the error of the facts."),
        mark("To discuss: what does the posterior itself assume (the model's form, the ranges of its parameters)? It cannot say that the model is right."),
    ),
    find,
    runs=mark("The scenarios history, no-puskesmas and no-kinship, with the point fit and with 8 draws of the posterior"),
    again="from experiments.app.lessons.fit import find\nfrom experiments.app.lessons.run import going\nprint(find({seed}, going()))",
)  # fmt: skip
