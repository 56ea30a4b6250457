"""Lesson: clinic or road? The same money, more of it for health or more of it for roads."""

from __future__ import annotations

from experiments.app.lessons import drawing
from experiments.app.lessons.lesson import Ask, Found, Going, Lesson, LessonAnswer, LessonStep, Told
from experiments.app.lessons.runs import One, all_of, history, mean
from experiments.words.languages import mark

SEEDS = 5
YEAR = 2010
#: Parts of the rest of the district's budget for roads and for health; their sum is that of the history.
ROADS, HEALTH = "official.spend_budget.to_roads", "official.spend_budget.to_health"
PLANS = {"as it was": {ROADS: 0.4, HEALTH: 0.25}, "clinics": {ROADS: 0.25, HEALTH: 0.4}, "roads": {ROADS: 0.55, HEALTH: 0.1}}
NAMES = {"as it was": mark("as it was"), "clinics": mark("more for health"), "roads": mark("more for roads")}
SHOWN = ("untreated_share", "travel_hours_care", "care_share_across", "income_per_capita")


def find(seed: int, going: Going) -> Found:
    """Four indicators of the Indonesian side in 2010 under three budgets, for five seeds from ``seed`` on."""
    seeds = [seed + k for k in range(SEEDS)]
    scenarios = {name: history(name, parameters=values) for name, values in PLANS.items()}
    runs = iter(all_of([One(scenario, one) for scenario in scenarios.values() for one in seeds], going))
    tables = {name: [next(runs) for _ in seeds] for name in scenarios}
    years = sorted(tables["roads"][0].of(SHOWN[0], "id"))
    return {
        "seeds": seeds, "years": years,
        "values": {name: {i: [one.of(i, "id")[YEAR] for one in some] for i in SHOWN} for name, some in tables.items()},
        "untreated": {name: [mean([one.of(SHOWN[0], "id")[y] for one in some]) for y in years] for name, some in tables.items()},
    }  # fmt: skip


def differences(f: Found, plan: str, indicator: str) -> list[float]:
    """What a plan changed in 2010, seed by seed."""
    return [b - a for a, b in zip(f["values"]["as it was"][indicator], f["values"][plan][indicator], strict=True)]


def _dots(t: Told, said: str, indicator: str, name: str, scale: float) -> str:
    rows = {t._(NAMES[plan]): [scale * v for v in differences(t.found, plan, indicator)] for plan in ("clinics", "roads")}
    return drawing.dots(said, rows, name, t.n.short)


def _table(t: Told, indicator: str, is_share: bool) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    _, n, values = t._, t.n, t.found["values"]
    show = (lambda v: n.percent(v, 1)) if is_share else n.short
    rows = tuple(
        (str(s), *(show(values[plan][indicator][k]) for plan in PLANS)) for k, s in enumerate(t.found["seeds"])
    )  # fmt: skip
    return (_("seed"), *(_(NAMES[plan]) for plan in PLANS)), rows


def _untreated(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    clinics, roads = (mean(differences(f, plan, "untreated_share")) for plan in ("clinics", "roads"))
    said = _("Illness without care, {year}: {clinics} percentage points with more for health, {roads} with more for roads.").format(
        year=YEAR, clinics=n.number(100 * clinics, 1), roads=n.number(100 * roads, 1)
    )
    head, rows = _table(t, "untreated_share", True)
    return LessonAnswer(
        "a" if clinics < roads else "b",
        (said, _("A point is one seed; the line is their mean. A clinic that has no places turns people away, however good the road to it is.")),
        _dots(t, said, "untreated_share", _("change, percentage points"), 100.0), head, rows,
    )  # fmt: skip


def _hours(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    roads, before = mean(differences(f, "roads", "travel_hours_care")), mean(f["values"]["as it was"]["travel_hours_care"])
    said = _("With more for roads the way to care takes {minutes} minutes less in {year}, of {before} minutes.").format(
        minutes=n.number(-60 * roads, 1), year=YEAR, before=n.number(60 * before)
    )
    head, rows = _table(t, "travel_hours_care", False)
    return LessonAnswer(
        f"{-60 * roads:g}",
        (said, _("In the model most who seek care go to the nearest clinic. Where it is near, a better road saves few minutes.")),
        _dots(t, said, "travel_hours_care", _("change, hours"), 1.0), head, rows,
    )  # fmt: skip


def _across(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    clinics = mean(differences(f, "clinics", "care_share_across"))
    right = "a" if clinics < -0.002 else "c" if clinics > 0.002 else "b"
    said = _("With more for health the share of visits on the other side changes by {clinics} percentage points, with more for roads by {roads}.").format(
        clinics=n.number(100 * clinics, 1), roads=n.number(100 * mean(differences(f, "roads", "care_share_across")), 1)
    )  # fmt: skip
    why = (
        _(
            "That may surprise. A possible reason: the money taken from roads also made the way to the own hospital longer, so that a part of the sick went to the other side."
        )
        if right == "c"
        else _("Care at home and care on the other side take each other's place, the nearer they are in quality and hours.")
    )
    head, rows = _table(t, "care_share_across", True)
    return LessonAnswer(right, (said, why), _dots(t, said, "care_share_across", _("change, percentage points"), 100.0), head, rows)


def _income(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    roads = differences(f, "roads", "income_per_capita")
    base, plus = mean(f["values"]["as it was"]["income_per_capita"]), sum(v > 0 for v in roads)
    said = _("With more for roads income per head changes by {change} of {base} (mean of {n} seeds); it rises in {plus} of {n}.").format(
        change=n.short(mean(roads)), base=n.number(base), plus=plus, n=len(roads)
    )
    sure = plus in (0, len(roads))
    head, rows = _table(t, "income_per_capita", False)
    return LessonAnswer(
        ("a" if mean(roads) > 0 else "c") if sure else "b",
        (said, _("All seeds have the same sign.") if sure else _("The seeds have different signs: with so few runs, nobody can tell.")),
        _dots(t, said, "income_per_capita", _("change in income per head"), 1.0), head, rows,
    )  # fmt: skip


LESSON = Lesson(
    "road",
    mark("Clinic or road?"),
    mark("A district has the same money in each year: more of it for health, or more of it for roads. Who gets care, where, and after how long a way?"),
    (
        LessonStep(mark("Two plans"), lambda t: [
            t._("After patrols are paid, districts spend 40% of the rest on roads and 25% on health. One plan gives health 40% and roads 25%; the other gives roads 55% and health 10%. The sum is the same, from 1980 on."),
            t._("Each plan is run with {n} seeds, each beside the history with the same seed.").format(n=SEEDS),
        ], Ask(mark("Under which plan do fewer of the sick stay without care in 2010?"), (mark("More for health"), mark("More for roads"))), _untreated),
        LessonStep(mark("The way"), lambda t: [
            t._("Now the way to care, in minutes one way, on average of all visits."),
        ], Ask(mark("By how many minutes does the way become shorter with more for roads?"), unit=mark("minutes"), low=-120.0, high=120.0), _hours),
        LessonStep(mark("The other side"), lambda t: [
            t._("Some of the sick go to Sarawak. Think of what they find at home under the first plan: better clinics and hospitals, and worse roads to them."),
        ], Ask(mark("With more for health, the share of visits on the other side …"), (mark("falls"), mark("stays the same"), mark("rises"))), _across),
        LessonStep(mark("Income"), lambda t: [
            t._("A road is also a way to markets and jobs."),
        ], Ask(mark("With more for roads, income per head …"), (mark("rises, and surely so"), mark("cannot be told with so few runs"), mark("falls, and surely so"))), _income),
        LessonStep(mark("What you found"), lambda t: [
            t._("You are the planner of one district. Which plan do you choose, for which people, and which number would change your mind? Write two or three sentences below."),
            t._("The numbers hold for this model and its assumptions, among them how fast works decay and how much a clinic's quality counts. The levers of Explore let you try others."),
        ]),
    ),
    (
        mark("Aim: students see that the same money has effects in several places, that an average hides who is near and who is far, and that some effects cannot be told from chance."),
        mark("Before: let the class list who gains from a road and who from a clinic."),
        mark("Usual mistakes: to judge a plan by one number; to take a difference within the spread of the seeds for an effect; to forget that patrols are paid first."),
        mark("To discuss: what does the model leave out (accidents, teachers and nurses who do not stay, roads that bring loggers)?"),
    ),
    find,
    runs=mark("The history with official.spend_budget.to_roads and to_health = 0.40 and 0.25, 0.25 and 0.40, 0.55 and 0.10, with 5 seeds each"),
    again="from experiments.app.lessons.road import find\nfrom experiments.app.lessons.run import going\nprint(find({seed}, going()))",
)  # fmt: skip
